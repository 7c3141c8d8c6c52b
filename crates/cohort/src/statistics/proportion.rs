//! A share with its interval: response rates, mechanisms at progression.
//!
//! [`wilson`] inverts the score test (Wilson 1927, JASA 22:209; R: `prop.test(correct = FALSE)`), the one to print:
//! its coverage is close to the level at every share and it never leaves 0 to 1. [`clopper_pearson`] (1934,
//! Biometrika 26:404; R: `binom.test`) is never below the level, and wider. Left out: differences between shares.

use super::special::beta_quantile;
use super::{Interval, StatisticsError, two_sided};

/// A share of trials and its confidence interval, all 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// Successes over trials.
    pub share: f64,
    /// The interval at the level asked for.
    pub interval: Interval,
}

/// Wilson's score interval of `successes` in `trials` at two-sided `level`, without continuity correction.
///
/// Errs when there are no trials, more successes than trials, or a level outside (0, 1).
///
/// ```
/// use remission_cohort::statistics::proportion::wilson;
/// let t790m = wilson(98, 155, 0.95)?; // 63 % of 155 rebiopsies
/// assert!((t790m.interval.lower - 0.554).abs() < 1e-3 && (t790m.interval.upper - 0.704).abs() < 1e-3);
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn wilson(successes: u64, trials: u64, level: f64) -> Result<Share, StatisticsError> {
    let share = checked(successes, trials)?;
    let z = two_sided(level)?;
    let n = trials as f64;
    let width = z * z / n;
    let centre = (share + width / 2.0) / (1.0 + width);
    let half = z / (1.0 + width) * libm::sqrt(share * (1.0 - share) / n + width / (4.0 * n));
    let lower = if successes == 0 { 0.0 } else { (centre - half).max(0.0) };
    let upper = if successes == trials { 1.0 } else { (centre + half).min(1.0) };
    Ok(Share { share, interval: Interval { lower, upper } })
}

/// Clopper and Pearson's exact interval of `successes` in `trials` at two-sided `level`.
///
/// Errs when there are no trials, more successes than trials, or a level outside (0, 1).
///
/// ```
/// use remission_cohort::statistics::proportion::clopper_pearson;
/// let none = clopper_pearson(0, 10, 0.95)?;
/// assert_eq!(none.interval.lower, 0.0);
/// assert!((none.interval.upper - 0.3084971).abs() < 1e-7);
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn clopper_pearson(successes: u64, trials: u64, level: f64) -> Result<Share, StatisticsError> {
    let share = checked(successes, trials)?;
    two_sided(level)?;
    let (k, n, tail) = (successes as f64, trials as f64, (1.0 - level) / 2.0);
    let lower = if successes == 0 { 0.0 } else { beta_quantile(tail, k, n - k + 1.0) };
    // By symmetry, so that both limits are found from their small tail.
    let upper = if successes == trials { 1.0 } else { 1.0 - beta_quantile(tail, n - k, k + 1.0) };
    Ok(Share { share, interval: Interval { lower, upper } })
}

fn checked(successes: u64, trials: u64) -> Result<f64, StatisticsError> {
    if trials == 0 {
        return Err(StatisticsError::Empty { what: "the list of trials" });
    }
    if successes > trials {
        return Err(StatisticsError::Successes { successes, trials });
    }
    Ok(successes as f64 / trials as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R 4.2.2: prop.test(k, n, correct = FALSE)$conf.int and binom.test(k, n)$conf.int.
    #[test]
    fn agrees_with_r() {
        for (k, n, score, exact) in [
            (0, 10, [0.0, 0.2775327998628891], [0.0, 0.3084971078187608]),
            (5, 10, [0.236593090512564, 0.763406909487436], [0.1870860284473986, 0.8129139715526015]),
            (10, 10, [0.7224672001371109, 1.0], [0.6915028921812392, 1.0]),
            (96, 155, [0.540904640154071, 0.6920320268515306], [0.5379967473717462, 0.6960564167420908]),
            (4, 75, [0.02093342774665433, 0.12925987153798554], [0.0147207646591782, 0.1309608072784747]),
            (1, 1000, [1.765463706260782e-04, 5.642558597957934e-03], [2.531748749129407e-05, 5.558924279826627e-03]),
        ] {
            for (got, want) in [(wilson(k, n, 0.95), score), (clopper_pearson(k, n, 0.95), exact)] {
                let Interval { lower, upper } = got.unwrap().interval;
                assert!((lower - want[0]).abs() <= 1e-10 * want[0], "{k}/{n}: {lower}");
                assert!((upper - want[1]).abs() <= 1e-10 * want[1], "{k}/{n}: {upper}");
            }
        }
    }

    #[test]
    fn refuses_what_is_not_a_share() {
        for interval in [wilson, clopper_pearson] {
            assert!(matches!(interval(0, 0, 0.95), Err(StatisticsError::Empty { .. })));
            assert_eq!(interval(3, 2, 0.95), Err(StatisticsError::Successes { successes: 3, trials: 2 }));
            assert!(matches!(interval(1, 2, f64::NAN), Err(StatisticsError::Range { .. })));
        }
    }

    #[test]
    fn both_hold_the_share_at_any_size() {
        for interval in [wilson, clopper_pearson] {
            for (k, n) in [(0, 1), (1, 1), (7, 90), (500_000, 1_000_000)] {
                let Share { share, interval: Interval { lower, upper } } = interval(k, n, 0.9).unwrap();
                assert!(0.0 <= lower && lower <= share && share <= upper && upper <= 1.0);
            }
        }
    }
}
