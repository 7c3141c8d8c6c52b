//! What a further tube would tell about the origin of a clone: expected information, by simulation from the posterior.
//!
//! A reading y is drawn from the posterior predictive of a draw whose explanation is e. What it would say of each
//! explanation is p(y | e') = the mean of p(y | parameters) over posterior draws of e'. The information is the entropy of
//! the origins now less their mean entropy afterwards (Lindley 1956). Common draws are used for all measurements.

use super::data::{Said, Series};
use super::fit::Fitted;
use super::{Options, PLASMA_ML};
use crate::expected;
use crate::verdict::Next;
use remission_engine::stream::{Purpose, Stream};

/// Readings simulated for each measurement.
const READINGS: usize = 300;
/// Posterior draws that weigh a reading, of each explanation.
const WEIGHED: usize = 200;

pub(super) fn measurements(series: &Series, fitted: &Fitted, last: f64, options: &Options) -> Vec<Next> {
    let like = series.readings.last().map_or(Said::Copies { per_ml: 0.0, ml: PLASMA_ML }, |r| r.1);
    let deeper = |said: Said, times: u64| match said {
        Said::Reads { depth, .. } | Said::ShareBelow { depth, .. } => {
            Said::Reads { mutant: 0, depth: depth.saturating_mul(times) }
        }
        Said::Copies { ml, .. } | Said::CopiesBelow { ml, .. } => Said::Copies { per_ml: 0.0, ml: ml * times as f64 },
    };
    let (more, stored) = match like.is_share() {
        true => (
            "five times as many molecules read",
            "a stored sample from before treatment, five times as many molecules read",
        ),
        false => ("five times as much plasma", "a stored sample from before treatment, five times as much plasma"),
    };
    let designs = [
        ("another tube in 2 weeks".to_string(), last + 14.0, deeper(like, 1)),
        ("another tube in 4 weeks".to_string(), last + 28.0, deeper(like, 1)),
        ("another tube in 8 weeks".to_string(), last + 56.0, deeper(like, 1)),
        (format!("another tube in 4 weeks, {more}"), last + 28.0, deeper(like, 5)),
        (stored.to_string(), 0.0, deeper(like, 5)),
    ];
    let mut stream = Stream::new(options.seed, 0, 11, Purpose::Inference);
    let weighed: Vec<Vec<Vec<f64>>> = fitted
        .all
        .iter()
        .map(|one| {
            let all: Vec<&[f64]> = one.posterior.draws.all().collect();
            (0..WEIGHED).filter_map(|k| all.get(k * all.len() / WEIGHED).map(|d| d.to_vec())).collect()
        })
        .collect();
    let now = fitted.verdict.entropy();
    let gain = |day: f64, like: Said, stream: &mut Stream| -> (f64, f64) {
        let gains: Vec<f64> = (0..READINGS)
            .filter_map(|k| fitted.draws.get(k * fitted.draws.len() / READINGS))
            .map(|(e, at)| {
                let reading = fitted.all[*e].rise.simulate(at, day, like, stream);
                let says = |e: usize| -> f64 {
                    let sum: f64 = weighed[e]
                        .iter()
                        .map(|at| libm::exp(fitted.all[e].rise.log_probability(at, day, reading)))
                        .sum();
                    sum / weighed[e].len().max(1) as f64
                };
                let says: Vec<f64> = (0..weighed.len()).map(|e| libm::log(says(e))).collect();
                now - fitted.verdict.after(&says).entropy()
            })
            .collect();
        expected::mean(&gains, now)
    };
    designs
        .into_iter()
        .map(|(name, day, like)| {
            let (expected_bits, error) = gain(day, like, &mut stream);
            Next { name, expected_bits, error, cost: None }
        })
        .collect()
}
