//! Wells drawn from the law of [`super::law`]: for calibration, for what is expected of a plate, and for the worth of
//! further measurements.

use super::Options;
use super::data::{Experiment, Well};
use super::law::{Clock, Founders};
use super::target::{Kind, Wells};
use remission_engine::draw::{exponential, gamma, normal, poisson};
use remission_engine::stream::Stream;

/// Wells that are treated alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// How many.
    pub wells: usize,
    /// Cells plated, above 0.
    pub cells: f64,
    /// Dose, 0 or more.
    pub dose: f64,
    /// Days on which they are looked at, above 0 and in increasing order; at least one.
    pub looks: Vec<f64>,
}

/// Lines of which each is drawn.
const MANY: u64 = 20_000;

/// When a well is scored, days; infinite where it never is.
pub fn time(founders: &Founders, clock: &Clock, stream: &mut Stream) -> f64 {
    let mut size = 0.0;
    let present = poisson(stream, founders.present);
    if founders.grown {
        // Sums of E / U grow as n ln n: of very many, a part stands for all.
        let some = present.min(MANY);
        let sum: f64 = (0..some).map(|_| exponential(stream) / stream.uniform()).sum();
        let times = present as f64 / some.max(1) as f64;
        size += times * (sum + some as f64 * libm::log(times.max(1.0)));
    } else if present > 0 {
        size += gamma(stream, present as f64, 1.0);
    }
    let later = poisson(stream, founders.later);
    if later > MANY {
        // Nearly a gamma variable with the mean and variance of the sum.
        let r = founders.decay_per_day / clock.growth_per_day;
        let (mean, variance) = (founders.later * r / (r + 1.0), 2.0 * founders.later * r / (r + 2.0));
        size += gamma(stream, mean * mean / variance, variance / mean);
    } else {
        for _ in 0..later {
            let founded = exponential(stream) / founders.decay_per_day;
            size += exponential(stream) * libm::exp(-clock.growth_per_day * founded);
        }
    }
    let pace = libm::exp(clock.scatter * normal(stream));
    if size > 0.0 {
        f64::max(libm::log(clock.threshold / size) / clock.growth_per_day, 0.0) * pace
    } else {
        f64::INFINITY
    }
}

/// The interval between looks in which `time` falls: the last look before, and the first at or after it if any.
pub fn seen(time: f64, looks: &[f64]) -> (f64, Option<f64>) {
    let k = looks.partition_point(|look| *look < time);
    (if k == 0 { 0.0 } else { looks[k - 1] }, looks.get(k).copied())
}

/// A plate under explanation `kind` with the parameters `at` (in the order of [`super::target::parameters`]); lines are
/// expected as in wells with the cells of the first arm, dose counts as a share of the highest.
///
/// ```
/// use remission_engine::stream::{Purpose, Stream};
/// use remission_infer::regrowth::{Options, simulate::{Arm, plate}, target::Kind};
/// let arm = Arm { wells: 96, cells: 5000.0, dose: 1.0, looks: (1..=20).map(|k| 3.5 * f64::from(k)).collect() };
/// let mut stream = Stream::new(1, 0, 0, Purpose::Inference);
/// let plate = plate(Kind::PreExisting, &[0.35, 0.04, 1.0], &[arm], &Options::default(), &mut stream);
/// let regrown = plate.regrown();
/// assert!((40..=80).contains(&regrown), "{regrown}"); // 96 (1 - 1/e) = 61 expected
/// ```
pub fn plate(kind: Kind, at: &[f64], arms: &[Arm], options: &Options, stream: &mut Stream) -> Experiment {
    let target = Wells::new(kind, &[], options);
    let highest = arms.iter().map(|a| a.dose).fold(0.0, f64::max);
    let reference = arms.first().map_or(1.0, |a| a.cells);
    let mut wells = Vec::new();
    for arm in arms {
        let dose = if highest > 0.0 { arm.dose / highest } else { 1.0 };
        let law = target.law(at, arm.cells / reference, dose);
        for _ in 0..arm.wells {
            let time = law.as_ref().map_or(f64::INFINITY, |(founders, clock)| time(founders, clock, stream));
            let (after_days, by_days) = seen(time, &arm.looks);
            let name = format!("well {}", wells.len() + 1);
            wells.push(Well { name, after_days, by_days, cells: Some(arm.cells), dose: Some(arm.dose) });
        }
    }
    Experiment { name: String::new(), wells }
}
