//! Small functions beside those of libm and [`remission_cohort::statistics::special`]: the normal law, sums of logarithms,
//! quantiles of draws.

/// Chance that a standard normal variable is below `z`.
///
/// ```
/// use remission_infer::special::normal_below;
/// assert!((normal_below(1.959963984540054) - 0.975).abs() < 1e-15);
/// assert!((normal_below(-38.0) / 2.885428360068784e-316 - 1.0).abs() < 1e-4);
/// ```
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// ln of the density of a normal variable with `mean` and standard deviation `sd` (above 0) at `x`.
///
/// ```
/// assert!((remission_infer::special::log_normal_density(1.0, 1.0, 2.0) + 1.612085713764618).abs() < 1e-14);
/// ```
pub fn log_normal_density(x: f64, mean: f64, sd: f64) -> f64 {
    const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;
    let z = (x - mean) / sd;
    -0.5 * z * z - libm::log(sd) - HALF_LN_TWO_PI
}

/// ln of the chance of `n`, a whole number, for a negative binomial variable with `mean` and `size` above 0: a Poisson number whose mean is
/// gamma with coefficient of variation 1 / sqrt(size).
///
/// ```
/// use remission_infer::special::log_negative_binomial;
/// // Size 1 is geometric: 1/4, 3/16, ... for mean 3.
/// assert!((log_negative_binomial(1.0, 3.0, 1.0) - (3.0f64 / 16.0).ln()).abs() < 1e-14);
/// ```
pub fn log_negative_binomial(n: f64, mean: f64, size: f64) -> f64 {
    let none = -size * libm::log1p(mean / size);
    if n == 0.0 {
        return none;
    }
    let combinations = libm::lgamma(n + size) - libm::lgamma(size) - libm::lgamma(n + 1.0);
    combinations + none - n * libm::log1p(size / mean)
}

/// The value below which a standard normal variable lies with chance `p`; infinite at 0 and 1, where
/// [`remission_cohort::statistics::special::normal_quantile`] has no value.
///
/// ```
/// use remission_infer::special::{normal_below, normal_quantile};
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// assert!((normal_below(normal_quantile(1e-12)) / 1e-12 - 1.0).abs() < 1e-11);
/// assert_eq!((normal_quantile(0.0), normal_quantile(0.5)), (f64::NEG_INFINITY, 0.0));
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    match p {
        0.0 => f64::NEG_INFINITY,
        1.0 => f64::INFINITY,
        p => remission_cohort::statistics::special::normal_quantile(p),
    }
}

/// Above which a chi-square variable with one degree of freedom lies with chance 0.05: 1.959963984540054 squared.
pub const CHI_SQUARE_95: f64 = 3.841_458_820_694_124;

/// ln of the sum of exponentials; minus infinity for none.
///
/// ```
/// use remission_infer::special::log_sum;
/// assert!((log_sum(&[1000.0, 1000.0]) - 1000.0 - 2f64.ln()).abs() < 1e-12);
/// assert_eq!(log_sum(&[]), f64::NEG_INFINITY);
/// ```
pub fn log_sum(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return most;
    }
    most + libm::log(terms.iter().map(|t| libm::exp(t - most)).sum())
}

/// Median and 95 % interval of draws; none without draws.
///
/// ```
/// let draws: Vec<f64> = (0..=1000).rev().map(f64::from).collect();
/// assert_eq!(remission_infer::special::middle(draws), Some((500.0, 25.0, 975.0)));
/// ```
pub fn middle(mut values: Vec<f64>) -> Option<(f64, f64, f64)> {
    values.sort_by(f64::total_cmp);
    Some((quantile(&values, 0.5)?, quantile(&values, 0.025)?, quantile(&values, 0.975)?))
}

/// The value below which a share `q` of `values` lies, with a straight line between neighbours (R's type 7); values
/// must be sorted and finite. None without values.
///
/// ```
/// assert_eq!(remission_infer::special::quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
/// ```
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    Some(values[below] + (place - below as f64) * (values[above] - values[below]))
}
