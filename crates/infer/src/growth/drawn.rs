//! Draws of net rates and of the dose curve, and what they predict, as they go into the answer.

use super::figures::{Seen, interval};
use super::posterior::DoseLines;
use crate::answer::{Answer, Said, Sampled};
use crate::failure::Failure;
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::Control;
use crate::nuts::{Settings, sample};
use crate::special::{log_normal_density, quantile};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};

/// Points of the curve across the doses.
const GRID: usize = 60;

/// What stands without the draws.
const STANDS: &str = "Estimates, tests and what is said of survivors do not rest on that; draws and the pictures of them are no result \
     before this is mended.";

/// Samples the posterior; its draws, predictions and pictures go into the answer.
pub(super) fn add(
    lines: &DoseLines,
    shape: Option<&str>,
    last: &Seen,
    unit: &str,
    seed: u64,
    answer: &mut Answer,
    control: &Control,
) -> Result<(), Failure> {
    let Some(found) = sample(lines, &Settings { seed, ..Settings::default() }, control)? else {
        answer.notes.push("no draws of the net rates: no place of their prior is possible with these readings".into());
        return Ok(());
    };
    let complaints: Vec<String> = found.complaints().into_iter().map(|c| format!("draws of net rates: {c}")).collect();
    if answer.unconverged.is_empty() && !complaints.is_empty() {
        answer.stands = STANDS.into();
    }
    answer.unconverged.extend(complaints);
    let readings: Vec<(f64, f64, f64)> = lines.readings().collect();
    let mut sampled = Sampled {
        posterior: found.draws.clone(),
        prior: found.prior.clone(),
        observed_name: "signal".into(),
        observed: readings.iter().map(|r| r.2).collect(),
        ..Sampled::default()
    };
    let mut stream = Stream::new(seed, 3000, 0, Purpose::Inference);
    for chain in &found.draws.chains {
        let (mut likelihoods, mut predictive) = (Vec::new(), Vec::new());
        for at in chain {
            let means = lines.means(at);
            // Density of the signal itself, not of its logarithm.
            let of =
                |(mean, r): (&f64, &(f64, f64, f64))| log_normal_density(libm::log(r.2), *mean, at[0]) - libm::log(r.2);
            likelihoods.push(means.iter().zip(&readings).map(of).collect());
            predictive.push(means.iter().map(|mean| libm::exp(mean + at[0] * normal(&mut stream))).collect());
        }
        sampled.log_likelihood.push(likelihoods);
        sampled.predictive.push(predictive);
    }
    answer.figures.push(courses(&readings, &sampled.predictive, last, unit));
    if let Some(shape) = shape {
        answer.figures.push(curve(lines, &found.draws, shape, last, unit));
    }
    let worst = |values: &[f64], from: f64, pick: fn(f64, f64) -> f64| values.iter().copied().fold(from, pick);
    answer.diagnostics.extend([
        ("sampler".to_string(), Said::Text("Hamiltonian Monte Carlo without U-turns".into())),
        ("draws".to_string(), Said::Number(found.draws.len() as f64)),
        ("largest_r_hat".to_string(), Said::Number(worst(&found.diagnosis.r_hat, 0.0, f64::max))),
        ("smallest_effective_size".to_string(), Said::Number(worst(&found.diagnosis.bulk, f64::INFINITY, f64::min))),
        ("divergent_paths".to_string(), Said::Number(found.divergent as f64)),
    ]);
    answer.sampled = Some(sampled);
    Ok(())
}

/// Readings of the window with what readings drawn anew would be.
fn courses(readings: &[(f64, f64, f64)], predictive: &[Vec<Vec<f64>>], last: &Seen, unit: &str) -> Figure {
    let mut layers = Vec::new();
    for rate in &last.rates {
        let mine: Vec<usize> = (0..readings.len()).filter(|k| readings[*k].0 == rate.concentration).collect();
        let mut times: Vec<f64> = mine.iter().map(|k| readings[*k].1).collect();
        times.dedup();
        let ends = |time: &f64| {
            let at = mine.iter().find(|k| readings[**k].1 == *time)?;
            let mut drawn: Vec<f64> = predictive.iter().flatten().map(|set| set[*at]).collect();
            drawn.sort_by(f64::total_cmp);
            Some((*time, quantile(&drawn, 0.05)?, quantile(&drawn, 0.95)?))
        };
        let name = format!("{} {unit}", rate.concentration);
        let at = mine.iter().map(|k| (readings[*k].1, readings[*k].2)).collect();
        layers.push(Layer::Band {
            name: format!("90 % of readings at {name}"),
            at: times.iter().filter_map(ends).collect(),
        });
        layers.push(Layer::Points { name, at });
    }
    Figure {
        id: "predicted-course".into(),
        title: format!("Readings of {}-{} h and what is expected of them", last.window.from, last.window.until),
        caption: "Bands hold 9 of 10 readings if rates are constant in this window and, where there is one, the dose curve is right."
            .into(),
        x: Axis::new("time, h"),
        y: Axis::log("signal"),
        layers,
    }
}

/// The curve with its band, and the rates by dose.
fn curve(lines: &DoseLines, draws: &remission_model::draws::Draws, shape: &str, last: &Seen, unit: &str) -> Figure {
    let most = last.rates.iter().map(|r| r.concentration).fold(0.0, f64::max);
    let band = (0..=GRID).filter_map(|k| {
        let concentration = most * k as f64 / GRID as f64;
        let mut rates: Vec<f64> = draws.all().filter_map(|at| lines.curve(at, concentration)).collect();
        rates.sort_by(f64::total_cmp);
        Some((concentration, quantile(&rates, 0.05)?, quantile(&rates, 0.95)?))
    });
    let seen = last.rates.iter().map(|r| {
        let (low, high) = interval(r).unwrap_or((r.per_hour, r.per_hour));
        (r.concentration, low, r.per_hour, high)
    });
    Figure {
        id: "dose-curve".into(),
        title: "Net rate against dose, given all readings of the window".into(),
        caption: "Where the band is wide no dose was read; where it crosses 0 net growth stops. Slopes of each dose alone stand beside it."
            .into(),
        x: Axis::new(if unit.is_empty() { "dose".into() } else { format!("dose, {unit}") }),
        y: Axis::new("net rate, per hour"),
        layers: vec![
            Layer::Band { name: format!("{shape} curve, 90 %"), at: band.collect() },
            Layer::Level { name: "no net growth".into(), y: 0.0 },
            Layer::Intervals { name: "slope of a dose alone, 95 %".into(), at: seen.collect() },
        ],
    }
}
