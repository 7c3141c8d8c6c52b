//! The log-rank test: do two or more groups meet the event at the same rate?
//!
//! At each event time, d events among n at risk are expected in group j in proportion to its n_j; the differences
//! observed - expected, summed over times, have the hypergeometric covariance
//! d (n - d) / (n - 1) (n_j / n) (delta_jk - n_k / n) (Mantel 1966, Cancer Chemother. Rep. 50:163; Peto and Peto
//! 1972, JRSS A 135:185), and their quadratic form is chi-square with groups - 1 degrees of freedom. Agrees with
//! R's `survdiff` (rho = 0).
//!
//! Only the order of the times matters. Left out: weights (Wilcoxon, Fleming-Harrington), strata, trend.

use super::cholesky::Cholesky;
use super::{Observation, StatisticsError, Test, check_times};

/// What the log-rank test found. Made by [`log_rank`].
#[derive(Debug, Clone, PartialEq)]
pub struct LogRank {
    /// The test; its degrees of freedom are the groups that were ever at risk at an event, less one.
    pub test: Test,
    /// Events seen, by group.
    pub observed: Vec<u64>,
    /// Events expected if all groups had the same hazard, by group; they sum to the observed ones.
    pub expected: Vec<f64>,
}

/// Compares two groups or more.
///
/// Errs when fewer than two groups are given, a group is empty, a time is negative or not finite, no event was seen,
/// or no event happened while two groups were under observation together.
///
/// ```
/// use remission_cohort::statistics::{Observation, log_rank::log_rank};
/// let group = |times: [f64; 3]| times.map(|time| Observation { time, event: true });
/// let found = log_rank(&[&group([1.0, 3.0, 5.0]), &group([2.0, 4.0, 6.0])])?;
/// assert_eq!(found.observed, [3, 3]);
/// assert!(found.test.p_value > 0.05);
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn log_rank(groups: &[&[Observation]]) -> Result<LogRank, StatisticsError> {
    let count = groups.len();
    if count < 2 {
        return Err(StatisticsError::TooFewGroups { found: count });
    }
    let mut everyone = Vec::with_capacity(groups.iter().map(|group| group.len()).sum());
    for (index, group) in groups.iter().enumerate() {
        check_times(index, group)?;
        everyone.extend(group.iter().map(|&observation| (observation, index)));
    }
    everyone.sort_by(|a, b| a.0.time.total_cmp(&b.0.time));

    let mut at_risk: Vec<f64> = groups.iter().map(|group| group.len() as f64).collect();
    let mut observed = vec![0_u64; count];
    let mut expected = vec![0.0; count];
    let mut covariance = vec![0.0; count * count];
    for tied in everyone.chunk_by(|a, b| a.0.time == b.0.time) {
        let events = tied.iter().filter(|(o, _)| o.event).count() as f64;
        if events > 0.0 {
            let n: f64 = at_risk.iter().sum();
            let spread = if n > 1.0 { events * (n - events) / (n - 1.0) } else { 0.0 };
            for j in 0..count {
                let share = at_risk[j] / n;
                expected[j] += events * share;
                for k in 0..count {
                    let same = if j == k { 1.0 } else { 0.0 };
                    covariance[j * count + k] += spread * share * (same - at_risk[k] / n);
                }
            }
        }
        for &(observation, group) in tied {
            observed[group] += u64::from(observation.event);
            at_risk[group] -= 1.0;
        }
    }
    if observed.iter().all(|&events| events == 0) {
        return Err(StatisticsError::NoEvents);
    }

    // The differences sum to zero, so one group says nothing new; a group never at risk at an event says nothing.
    let kept: Vec<usize> = (0..count).filter(|&j| expected[j] > 0.0).skip(1).collect();
    if kept.is_empty() {
        return Err(StatisticsError::NoOverlap);
    }
    let size = kept.len();
    let difference: Vec<f64> = kept.iter().map(|&j| observed[j] as f64 - expected[j]).collect();
    let mut matrix = vec![0.0; size * size];
    for (row, &j) in kept.iter().enumerate() {
        for (column, &k) in kept.iter().enumerate() {
            matrix[row * size + column] = covariance[j * count + k];
        }
    }
    let Ok(factor) = Cholesky::new(&matrix, size, 1e-12, 0.0) else {
        return Err(StatisticsError::NoOverlap);
    };
    let solution = factor.solve(&difference);
    let chi_square: f64 = solution.iter().zip(&difference).map(|(a, b)| a * b).sum();
    Ok(LogRank { test: Test::new(chi_square.max(0.0), size), observed, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patients(list: &[(f64, bool)]) -> Vec<Observation> {
        list.iter().map(|&(time, event)| Observation { time, event }).collect()
    }

    /// A: events at 1, 3; B: event at 2, censored at 4.
    /// Expected in A: 2/4 + 1/3 + 1/2 = 4/3; variance 1/4 + 2/9 + 1/4 = 13/18; chi-square (2/3)^2 / (13/18) = 8/13.
    #[test]
    fn four_patients_by_hand() {
        let a = patients(&[(1.0, true), (3.0, true)]);
        let b = patients(&[(2.0, true), (4.0, false)]);
        let found = log_rank(&[&a, &b]).unwrap();
        assert!((found.expected[0] - 4.0 / 3.0).abs() < 1e-15);
        assert!((found.expected[1] - 5.0 / 3.0).abs() < 1e-15);
        assert!((found.test.chi_square - 8.0 / 13.0).abs() < 1e-14);
        assert_eq!(found.test.degrees_of_freedom, 1);
    }

    /// Freireich 1963: 6-MP against placebo, chi-square 16.79 (Kalbfleisch and Prentice; R: 16.8).
    #[test]
    fn freireich() {
        let mut treated: Vec<(f64, bool)> = [6., 6., 6., 7., 10., 13., 16., 22., 23.].map(|t| (t, true)).to_vec();
        treated.extend([6., 9., 10., 11., 17., 19., 20., 25., 32., 32., 34., 35.].map(|t| (t, false)));
        let placebo = [1., 1., 2., 2., 3., 4., 4., 5., 5., 8., 8., 8., 8., 11., 11., 12., 12., 15., 17., 22., 23.]
            .map(|t| (t, true));
        let found = log_rank(&[&patients(&treated), &patients(&placebo)]).unwrap();
        assert!((found.test.chi_square - 16.79).abs() < 0.005, "{}", found.test.chi_square);
        assert!((found.expected[0] - 19.25).abs() < 0.005);
    }

    #[test]
    fn only_the_order_of_times_matters() {
        let a: Vec<_> = (0..40).map(|i| (f64::from((i * 7) % 13), i % 3 != 0)).collect();
        let b: Vec<_> = (0..35).map(|i| (f64::from((i * 5) % 17), i % 4 != 0)).collect();
        let c: Vec<_> = (0..30).map(|i| (f64::from((i * 3) % 11), i % 5 != 0)).collect();
        let stretch = |list: &[(f64, bool)]| {
            patients(&list.iter().map(|&(t, e)| (libm::exp(t / 3.0) + t * t, e)).collect::<Vec<_>>())
        };
        let plain = log_rank(&[&patients(&a), &patients(&b), &patients(&c)]).unwrap();
        let stretched = log_rank(&[&stretch(&a), &stretch(&b), &stretch(&c)]).unwrap();
        assert_eq!(plain, stretched);
        assert_eq!(plain.test.degrees_of_freedom, 2);
        // The order in which groups are named does not matter either, up to rounding.
        let turned = log_rank(&[&patients(&c), &patients(&a), &patients(&b)]).unwrap();
        assert!((turned.test.chi_square / plain.test.chi_square - 1.0).abs() < 1e-10);
        let expected: f64 = plain.expected.iter().sum();
        assert!((expected - plain.observed.iter().sum::<u64>() as f64).abs() < 1e-10);
    }

    #[test]
    fn same_groups_do_not_differ() {
        let a = patients(&[(1.0, true), (2.0, false), (2.0, true), (5.0, true)]);
        let found = log_rank(&[&a, &a]).unwrap();
        assert!(found.test.chi_square < 1e-30 && (found.test.p_value - 1.0).abs() < 1e-12);
    }

    #[test]
    fn refuses_what_cannot_be_compared() {
        let a = patients(&[(1.0, true), (2.0, true)]);
        let late = patients(&[(9.0, false), (10.0, false)]);
        assert_eq!(log_rank(&[]), Err(StatisticsError::TooFewGroups { found: 0 }));
        assert_eq!(log_rank(&[&a]), Err(StatisticsError::TooFewGroups { found: 1 }));
        assert_eq!(log_rank(&[&a, &[]]), Err(StatisticsError::EmptyGroup { group: 1 }));
        assert_eq!(log_rank(&[&late, &late]), Err(StatisticsError::NoEvents));
        // Everybody in the second group left before the first event.
        let early = patients(&[(0.0, false), (0.5, false)]);
        assert_eq!(log_rank(&[&a, &early]), Err(StatisticsError::NoOverlap));
        // All events at one time in everybody: no variance, nothing to compare.
        let at_once = patients(&[(1.0, true), (1.0, true)]);
        assert_eq!(log_rank(&[&at_once, &at_once]), Err(StatisticsError::NoOverlap));
        let bad = patients(&[(f64::NAN, true)]);
        assert!(matches!(log_rank(&[&a, &bad]), Err(StatisticsError::Time { group: 1, index: 0, .. })));
    }
}
