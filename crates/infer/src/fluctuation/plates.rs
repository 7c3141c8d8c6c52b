//! Colonies that arose on plates: Poisson in the cells plated, or more uneven where plates were not alike.
//!
//! # Law
//! A plate makes a Poisson number of colonies. Where cells, drug and medium differ between plates more than was noted, its mean is gamma
//! with coefficient of variation c about what it should be, and counts are negative binomial with size k = 1 / c^2:
//!     p_n = Gamma(n + k) / (n! Gamma(k)) (k / (k + mean))^k (mean / (k + mean))^n,   P(n or more) = I_(mean / (k + mean))(n, k).
//! How uneven is not known: not at all as likely as not, else a coefficient of variation of 0.25, 0.5 or 1. Where the spread of the
//! final cells is given it is that.

use super::fit::Assay;
use crate::special::log_negative_binomial;
use remission_cohort::statistics::special::{beta_lower, gamma_upper};
use remission_engine::draw::log_poisson;

/// Coefficients of variation of the mean between plates, with their prior probability.
pub const SPREADS: [(f64, f64); 4] = [(0.0, 0.5), (0.25, 1.0 / 6.0), (0.5, 1.0 / 6.0), (1.0, 1.0 / 6.0)];

/// What may be of an assay, with prior probabilities.
pub(super) fn spreads(assay: &Assay) -> Vec<(f64, f64)> {
    assay.conditions.final_cells_cv.map_or_else(|| SPREADS.to_vec(), |cv| vec![(cv, 1.0)])
}

/// ln of the chance of `n` colonies, `mean` expected, with coefficient of variation `spread` between plates.
///
/// ```
/// use remission_infer::fluctuation::plates::log_probability;
/// let all: f64 = (0..2000).map(|n| log_probability(n, 20.0, 0.5).exp()).sum();
/// assert!((all - 1.0).abs() < 1e-9);
/// ```
pub fn log_probability(n: u64, mean: f64, spread: f64) -> f64 {
    if spread == 0.0 {
        return log_poisson(n, mean);
    }
    log_negative_binomial(n as f64, mean, 1.0 / (spread * spread))
}

/// ln of the chance of `n` or more.
pub fn log_from(n: u64, mean: f64, spread: f64) -> f64 {
    if n == 0 {
        return 0.0;
    }
    let k = 1.0 / (spread * spread);
    libm::log(match spread == 0.0 {
        true => 1.0 - gamma_upper(n as f64, mean),
        false => beta_lower(mean / (k + mean), n as f64, k),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum of the terms, and the integral over the gamma law of the mean by its own rule.
    #[test]
    fn chances_add_up_and_are_those_of_a_gamma_mean() {
        for (mean, spread) in [(3.0, 0.25), (40.0, 0.5), (7.0, 1.0)] {
            let below: f64 = (0..30).map(|n| libm::exp(log_probability(n, mean, spread))).sum();
            assert!((1.0 - below - libm::exp(log_from(30, mean, spread))).abs() < 1e-10, "{mean} {spread}");
            let k = 1.0 / (spread * spread);
            let step = 0.002;
            let density = |g: f64| libm::exp((k - 1.0) * libm::log(g) - k * g + k * libm::log(k) - libm::lgamma(k));
            let mixed = |n: u64| -> f64 {
                let at = (0..10_000).map(|i| step * (f64::from(i) + 0.5));
                at.map(|g| density(g) * libm::exp(log_poisson(n, mean * g)) * step).sum()
            };
            for n in [0, 2, 11, 60] {
                let (own, by_sum) = (libm::exp(log_probability(n, mean, spread)), mixed(n));
                assert!((own / by_sum - 1.0).abs() < 1e-4, "{mean} {spread} {n}: {own} and {by_sum}");
            }
        }
    }
}
