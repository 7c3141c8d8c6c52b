//! Does a number go together with a time to an event? Somers' D from Harrell's concordance, which allows for censoring.
//!
//! Two patients are comparable when the one with the shorter time had the event (at equal times: when one had it and the
//! other was censored). D is the share of comparable pairs in which the longer time goes with the larger number, minus the share
//! in which it goes with the smaller: 1 when larger numbers always mean later events, 0 when they tell nothing, -1 when
//! they always mean earlier ones. Harrell, Lee & Mark 1996, Stat. Med. 15:361, C = (D + 1) / 2; Newson 2002, Stata J. 2:45.
//! Pairs are counted in n log n with a binary indexed tree (Fenwick 1994).

use super::{Observation, StatisticsError};

/// Somers' D of `values` with the times of `seen`, patient by patient; `None` where no pair can be compared.
///
/// # Errors
/// Lengths differ, or a time or value is not finite.
///
/// ```
/// use remission_cohort::statistics::{Observation, concordance::somers_d};
/// let seen = [(10.0, true), (20.0, true), (30.0, false)].map(|(time, event)| Observation { time, event });
/// assert_eq!(somers_d(&seen, &[1.0, 2.0, 3.0]).unwrap(), Some(1.0));
/// assert_eq!(somers_d(&seen, &[3.0, 2.0, 1.0]).unwrap(), Some(-1.0));
/// ```
pub fn somers_d(seen: &[Observation], values: &[f64]) -> Result<Option<f64>, StatisticsError> {
    if seen.len() != values.len() {
        return Err(StatisticsError::Length { column: 0, found: values.len(), expected: seen.len() });
    }
    for (index, (o, v)) in seen.iter().zip(values).enumerate() {
        if !(o.time >= 0.0 && o.time.is_finite()) {
            return Err(StatisticsError::Time { group: 0, index, value: o.time });
        }
        if !v.is_finite() {
            return Err(StatisticsError::Value { column: 0, index, value: *v });
        }
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let rank = |v: f64| sorted.partition_point(|s| *s < v);
    // From the longest time down; at one time the censored are met first, for events then are shorter than they.
    let mut order: Vec<usize> = (0..seen.len()).collect();
    order.sort_by(|&a, &b| seen[b].time.total_cmp(&seen[a].time).then(seen[a].event.cmp(&seen[b].event)));
    let mut tree = vec![0_u64; sorted.len() + 1];
    let (mut met, mut concordant, mut discordant, mut comparable) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut at = 0;
    while at < order.len() {
        let same = order[at..]
            .iter()
            .take_while(|&&k| seen[k].time == seen[order[at]].time && seen[k].event == seen[order[at]].event)
            .count();
        let group = &order[at..at + same];
        for &k in group.iter().filter(|&&k| seen[k].event) {
            let r = rank(values[k]);
            let (below, through) = (sum(&tree, r), sum(&tree, r + 1));
            comparable += met;
            concordant += met - through;
            discordant += below;
        }
        for &k in group {
            add(&mut tree, rank(values[k]) + 1);
            met += 1;
        }
        at += same;
    }
    Ok((comparable > 0).then(|| (concordant as f64 - discordant as f64) / comparable as f64))
}

/// How many were met among the lowest `r` ranks.
fn sum(tree: &[u64], mut r: usize) -> u64 {
    let mut total = 0;
    while r > 0 {
        total += tree[r];
        r &= r - 1;
    }
    total
}

fn add(tree: &mut [u64], mut r: usize) {
    while r < tree.len() {
        tree[r] += 1;
        r += r & r.wrapping_neg();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By the definition, pair by pair.
    fn plain(seen: &[Observation], values: &[f64]) -> Option<f64> {
        let (mut score, mut comparable) = (0.0, 0.0);
        for (a, va) in seen.iter().zip(values) {
            for (b, vb) in seen.iter().zip(values) {
                let shorter = a.time < b.time || (a.time == b.time && !b.event);
                if a.event && shorter {
                    comparable += 1.0;
                    score += if vb > va {
                        1.0
                    } else if vb < va {
                        -1.0
                    } else {
                        0.0
                    };
                }
            }
        }
        (comparable > 0.0).then(|| score / comparable)
    }

    #[test]
    fn the_tree_counts_what_the_definition_counts() {
        let mut state = 7_u64;
        let mut next = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        for size in [1, 2, 3, 10, 60, 200] {
            for ties in [3, 1_000_000] {
                let seen: Vec<Observation> =
                    (0..size).map(|_| Observation { time: next(ties) as f64, event: next(3) > 0 }).collect();
                let values: Vec<f64> = (0..size).map(|_| next(ties) as f64 - 1.0).collect();
                assert_eq!(somers_d(&seen, &values).unwrap(), plain(&seen, &values), "{size} {ties}");
            }
        }
    }

    #[test]
    fn nothing_to_compare_is_said_and_bad_numbers_are_refused() {
        let censored = [Observation { time: 1.0, event: false }; 3];
        assert_eq!(somers_d(&censored, &[1.0, 2.0, 3.0]).unwrap(), None);
        assert_eq!(somers_d(&[], &[]).unwrap(), None);
        assert!(somers_d(&censored, &[1.0]).is_err());
        assert!(somers_d(&censored, &[1.0, f64::NAN, 2.0]).is_err());
        assert!(somers_d(&[Observation { time: -1.0, event: true }], &[1.0]).is_err());
    }
}
