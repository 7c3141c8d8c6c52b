//! Tumour DNA of an arm in figures: means with normal intervals, medians with those of order statistics.

use crate::report::data::Blood;
use remission_cohort::statistics::Observation;
use remission_cohort::statistics::cox::{CoxOptions, hazard_ratio};
use remission_cohort::statistics::proportion::wilson;
use remission_cohort::summary::ArmData;

/// Half the width of a 95 % interval in standard errors.
const NORMAL: f64 = 1.959_963_984_540_054;

/// `None` where nothing looks at blood.
pub fn blood(arm: &ArmData) -> Option<Blood> {
    let all = &arm.molecular;
    if all.is_empty() {
        return None;
    }
    let seen = all.iter().filter(|m| m.share > 0.0).count() as u64;
    let detected = wilson(seen, all.len() as u64, 0.95).ok();
    // Outcomes stand in the same order.
    let responders = || {
        let both = all.iter().zip(&arm.best);
        both.filter(|(_, best)| best.is_some_and(|b| b.is_objective())).map(|(m, _)| m)
    };
    Some(Blood {
        ge_per_ml_and_1e9_cells: mean(all.iter().map(|m| m.ge / (m.cells / 1e9)).collect()),
        share_per_1e10_cells: median(all.iter().map(|m| m.share / (m.cells / 1e10)).collect()),
        detected: detected.map(|d| (d.share, d.interval.lower, d.interval.upper)),
        fall_of_responders: median(responders().filter_map(|m| m.lowest).map(|x| 1.0 - x).collect()),
        first_fall_of_responders: median(responders().filter_map(|m| m.first).map(|x| 1.0 - x).collect()),
        cleared_hazard_ratio: cleared(arm),
        lead_days: mean(all.iter().filter_map(|m| m.lead).collect()),
    })
}

/// From the first visit on (a landmark), among those who are still without progression.
fn cleared(arm: &ArmData) -> Option<(f64, f64, f64)> {
    let mut groups = [Vec::new(), Vec::new()];
    for (m, waited) in arm.molecular.iter().zip(&arm.progression) {
        if let Some((day, gone)) = m.cleared
            && waited.time > day
        {
            groups[usize::from(gone)].push(Observation { time: waited.time - day, event: waited.event });
        }
    }
    let fit = hazard_ratio(&groups[0], &groups[1], &CoxOptions::default()).ok()?;
    let effect = fit.estimate()?.effects.first()?;
    Some((effect.hazard_ratio, effect.interval.lower, effect.interval.upper))
}

fn mean(x: Vec<f64>) -> Option<(f64, f64, f64)> {
    let n = x.len() as f64;
    if x.is_empty() || x.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    let error = NORMAL * libm::sqrt(variance / n);
    Some((mean, mean - error, mean + error))
}

/// The middle, with the order statistics n/2 -+ 1.96 sqrt(n) / 2.
fn median(mut x: Vec<f64>) -> Option<(f64, f64, f64)> {
    x.retain(|v| v.is_finite());
    x.sort_by(f64::total_cmp);
    let n = x.len();
    if n == 0 {
        return None;
    }
    let half = 0.5 * NORMAL * libm::sqrt(n as f64);
    let at = |rank: f64| x[(rank.max(0.0) as usize).min(n - 1)];
    let middle = 0.5 * (x[(n - 1) / 2] + x[n / 2]);
    Some((middle, at(libm::floor(0.5 * n as f64 - half)), at(libm::ceil(0.5 * n as f64 + half))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_medians_are_those_of_the_textbook() {
        let x: Vec<f64> = (1..=100).map(f64::from).collect();
        let (middle, low, high) = median(x.clone()).unwrap();
        // Ranks 41 and 61 of 100 (from 1): 50 -+ 9.8.
        assert_eq!((middle, low, high), (50.5, 41.0, 61.0));
        let (middle, low, high) = mean(x).unwrap();
        let error = 1.959_963_984_540_054 * (841.666_666_666_666_7f64 / 100.0).sqrt();
        assert!(
            (middle - 50.5).abs() < 1e-12 && (high - 50.5 - error).abs() < 1e-9 && (low + error - 50.5).abs() < 1e-9
        );
        assert_eq!(median(vec![3.0]), Some((3.0, 3.0, 3.0)));
        assert_eq!((mean(vec![]), median(vec![])), (None, None));
    }
}
