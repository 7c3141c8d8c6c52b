//! Are two samples from one law? The two-sample Kolmogorov-Smirnov distance, for tests of engines against each other.
//!
//! D = largest gap between the two empirical distribution functions; p from Kolmogorov's limit at
//! sqrt(n m / (n + m)) D (Smirnov 1939; Feller 1948, Ann. Math. Stat. 19:177), as R's `ks.test(exact = FALSE)`.
//! With ties (counts of cells) the gap is taken after each tied value, and the p-value is too large rather than too
//! small: a test that rejects is right to reject (Noether 1963). The limit also errs that way in small samples.

use super::StatisticsError;
use super::special::kolmogorov_tail;

/// Distance between two samples. Made by [`kolmogorov_smirnov`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KolmogorovSmirnov {
    /// Largest gap between the two empirical distribution functions, 0 to 1.
    pub distance: f64,
    /// Asymptotic probability of a gap at least as large under one law; conservative with ties.
    pub p_value: f64,
}

/// Compares two samples. Infinite values are allowed (a time that was never reached); they tie with each other.
///
/// Errs when a sample is empty or holds a NaN.
///
/// ```
/// use remission_cohort::statistics::compare::kolmogorov_smirnov;
/// let found = kolmogorov_smirnov(&[1.0, 2.0, 3.0], &[1.0, 2.0, 9.0])?;
/// assert!((found.distance - 1.0 / 3.0).abs() < 1e-15 && found.p_value > 0.9);
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn kolmogorov_smirnov(first: &[f64], second: &[f64]) -> Result<KolmogorovSmirnov, StatisticsError> {
    let (first, second) = (sorted(0, first)?, sorted(1, second)?);
    let (n, m) = (first.len() as f64, second.len() as f64);
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    // Once one sample is used up the gap only closes.
    while i < first.len() && j < second.len() {
        let value = first[i].min(second[j]);
        while i < first.len() && first[i] <= value {
            i += 1;
        }
        while j < second.len() && second[j] <= value {
            j += 1;
        }
        distance = distance.max((i as f64 / n - j as f64 / m).abs());
    }
    let p_value = kolmogorov_tail(libm::sqrt(n * m / (n + m)) * distance);
    Ok(KolmogorovSmirnov { distance, p_value })
}

fn sorted(column: usize, sample: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if sample.is_empty() {
        return Err(StatisticsError::Empty {
            what: if column == 0 { "the first sample" } else { "the second sample" },
        });
    }
    if let Some(index) = sample.iter().position(|value| value.is_nan()) {
        return Err(StatisticsError::Value { column, index, value: sample[index] });
    }
    let mut sample = sample.to_vec();
    sample.sort_by(f64::total_cmp);
    Ok(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R 4.2.2: ks.test(a, b, exact = FALSE).
    #[test]
    fn agrees_with_r() {
        let a: Vec<f64> = (0..40).map(|i| f64::from(i) * 0.7).collect();
        let b: Vec<f64> = (0..30).map(|i| f64::from(i * i) / 20.0).collect();
        let found = kolmogorov_smirnov(&a, &b).unwrap();
        assert!((found.distance - 0.2).abs() < 1e-14);
        assert!((found.p_value - 0.4992062738046126).abs() < 1e-6, "{}", found.p_value);
        let a = [1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 4.0, 7.0];
        let b = [2.0, 3.0, 5.0, 6.0, 6.0, 7.0, 8.0, 8.0, 9.0];
        let found = kolmogorov_smirnov(&a, &b).unwrap();
        assert!((found.distance - 0.6527777777777778).abs() < 1e-14);
        assert!((found.p_value - 0.0541309173309692).abs() < 1e-6, "{}", found.p_value);
    }

    #[test]
    fn ends_of_the_scale() {
        let same = kolmogorov_smirnov(&[1.0, 1.0, 2.0], &[1.0, 1.0, 2.0]).unwrap();
        assert_eq!((same.distance, same.p_value), (0.0, 1.0));
        let apart = kolmogorov_smirnov(&[0.0; 500], &[1.0; 500]).unwrap();
        assert!(apart.distance == 1.0 && apart.p_value < 1e-100);
        let never = kolmogorov_smirnov(&[1.0, f64::INFINITY], &[1.0, f64::INFINITY]).unwrap();
        assert_eq!(never.distance, 0.0);
        assert_eq!(kolmogorov_smirnov(&[-0.0], &[0.0]).unwrap().distance, 0.0);
    }

    #[test]
    fn refuses_what_has_no_order() {
        assert!(matches!(kolmogorov_smirnov(&[], &[1.0]), Err(StatisticsError::Empty { .. })));
        assert!(matches!(kolmogorov_smirnov(&[1.0], &[]), Err(StatisticsError::Empty { .. })));
        let bad = kolmogorov_smirnov(&[1.0], &[2.0, f64::NAN]);
        assert!(matches!(bad, Err(StatisticsError::Value { column: 1, index: 1, .. })));
    }
}
