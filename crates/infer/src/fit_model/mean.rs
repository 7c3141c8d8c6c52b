//! One patient's tumour along its mean, where noise is that of measurement alone.

use super::patient::{Seen, Setting, lethal};
use remission_cohort::measure::Instruments;
use remission_cohort::patient::mechanisms;
use remission_engine::failure::Failure;
use remission_engine::mean::MeanTumour;
use remission_engine::state::Origin;
use remission_model::resolved::Kind;

/// Relative error of a step of the mean: far below that of any reading.
const MEAN_TOLERANCE: f64 = 1e-5;

/// The mean of the patient's tumour at the visits and beyond.
///
/// # Errors
/// A [`Failure`] where the mean cannot be followed.
pub fn mean_path(setting: &Setting, parameters: &[f64]) -> Result<Vec<Seen>, Failure> {
    let compiled = setting.compiled;
    let cells = &compiled.model.cells;
    let names = mechanisms(&compiled.model);
    let mut mean = MeanTumour::start_within(compiled, parameters, MEAN_TOLERANCE)?;
    mean.follow(setting.regimen);
    let mut seen = Vec::new();
    for time in setting.visits.iter().map(|v| v.time).chain(setting.ahead.iter().copied()) {
        mean.advance(time)?;
        let means = mean.means();
        let mut resistant = vec![0.0; 4 * (names.len() + 1)];
        let mut largest: Option<(usize, Origin, f64)> = None;
        for (k, row) in means.by_origin.iter().enumerate() {
            for (i, n) in row.iter().enumerate().filter(|(i, _)| cells[*i].kind == Kind::Resistant) {
                let m = cells[i].mechanism.as_ref().and_then(|m| names.iter().position(|n| n == m));
                let m = m.unwrap_or(names.len());
                resistant[4 * m + k] += n;
                if *n > largest.map_or(0.0, |l| l.2) {
                    largest = Some((m, Origin::ALL[k], *n));
                }
            }
        }
        let by_type = means.by_type();
        let persisters = (0..cells.len()).filter(|&i| cells[i].kind == Kind::Persister).map(|i| by_type[i]).sum();
        seen.push(Seen { time, by_type, levels: means.levels, resistant, persisters, largest });
    }
    Ok(seen)
}

/// ln of the density of all readings along a path that is certain, the mean's; minus infinity where it passes the size that kills.
///
/// # Errors
/// A [`Failure`] where a value of this patient is impossible.
pub fn log_density_along(setting: &Setting, parameters: &[f64], path: &[Seen]) -> Result<f64, Failure> {
    let compiled = setting.compiled;
    let mut instruments = Instruments::new(compiled, parameters)?;
    instruments.follow(setting.regimen);
    let lethal = lethal(compiled, parameters);
    let mut sum = 0.0;
    if let (true, Some(first)) = (setting.visits.first().is_some_and(|v| v.time > 0.0), path.first()) {
        instruments.deaths(compiled, 0.0, &first.by_type, &first.levels)?;
    }
    for (visit, seen) in setting.visits.iter().zip(path) {
        let deaths = instruments.deaths(compiled, visit.time, &seen.by_type, &seen.levels)?;
        let total = seen.total();
        if total >= lethal {
            return Ok(f64::NEG_INFINITY);
        }
        for (channel, reported) in &visit.readings {
            sum += instruments.log_density(*channel, *reported, total, &deaths);
        }
    }
    Ok(sum)
}
