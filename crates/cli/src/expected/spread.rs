//! Monte Carlo errors: how far what a run of so many patients gives may be from what infinitely many would.
//!
//! A number differs from a published range when it is more than four standard errors outside. What counts is the side on which the
//! truth would have to lie, so every estimate has an error downwards and one upwards: the distance to the end of its interval at so many standard
//! deviations, over that number. Published numbers are judged at four ([`SIGMAS`], two-sided level 1 - 6.3e-5), what is told with a 95 %
//! interval is read at that level ([`NORMAL`]):
//! - mean: standard deviation / sqrt(n);
//! - share: Clopper and Pearson's exact interval (Biometrika 1934, 26:404), so that 0 of n has an error upwards (10.4 / n at four);
//! - median and quantiles: order statistics at ranks n q -+ k sqrt(n q (1 - q)) of k deviations, which needs no law of the values; never less than a
//!   normal law's error where so few patients have no such ranks;
//! - times to an event: Brookmeyer and Crowley's interval; shares free of it: as a share of the patients that Greenwood's
//!   variance is worth;
//! - ratio or difference of arms: the bootstrap over patients, who are the same ones in both arms; of shares and of times to an event the
//!   errors of both are added as if they were independent, which is never too small where arms go together.
//!
//! Left out: errors of estimates that hardly any patient gives (they are refused), and the bias of ratios.

use super::Relation;
use super::quantity::Over;
use remission_cohort::outcome::Waited;
use remission_cohort::statistics::kaplan_meier::{KaplanMeier, KaplanMeierOptions, Scale, kaplan_meier};
use remission_cohort::statistics::proportion::clopper_pearson;
use remission_cohort::statistics::special::normal_two_sided;
use remission_cohort::summary::observations;
use remission_engine::stream::{Purpose, Stream};

/// Standard errors outside its range at which a number differs.
pub const SIGMAS: f64 = 4.0;
/// Half the width of a 95 % interval in standard errors.
pub const NORMAL: f64 = 1.959_963_984_540_054;
/// Resamples of a bootstrap.
const RESAMPLES: usize = 1000;
/// Seed of the bootstrap's stream, (this, 0, 0, `Purpose::Inference`): fixed, so that a verdict does not depend on chance.
const BOOTSTRAP: u64 = 0x626f_6f74;
/// Largest share of resamples that may give no number.
const UNDEFINED: f64 = 0.01;

/// A number with its Monte Carlo standard errors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Error downwards: the truth may be so much lower.
    pub down: f64,
    /// Error upwards.
    pub up: f64,
    /// Patients that gave it.
    pub patients: usize,
    /// The interval has no lower, no upper end within follow-up; the errors are then those of its ends.
    pub open: [bool; 2],
}

impl Estimate {
    /// Without error.
    pub fn exact(value: f64) -> Estimate {
        Estimate { value, down: 0.0, up: 0.0, patients: 1, open: [false; 2] }
    }

    /// From the ends of an interval of so many standard deviations.
    pub fn between(value: f64, low: f64, high: f64, sigmas: f64, patients: usize) -> Estimate {
        let (down, up) = ((value - low).max(0.0) / sigmas, (high - value).max(0.0) / sigmas);
        Estimate { value, down, up, patients, open: [false; 2] }
    }

    /// In another unit.
    pub fn times(self, factor: f64) -> Estimate {
        Estimate { value: factor * self.value, down: factor * self.down, up: factor * self.up, ..self }
    }

    /// Against another estimate, as if the two were independent.
    pub fn against(self, other: Estimate, relation: Relation) -> Result<Estimate, String> {
        let (a, b) = (self, other);
        let both = |x: f64, y: f64| libm::sqrt(x * x + y * y);
        let patients = a.patients.min(b.patients);
        let open = [a.open[0] || b.open[1], a.open[1] || b.open[0]];
        match relation {
            Relation::Difference => Ok(Estimate {
                value: a.value - b.value,
                down: both(a.down, b.up),
                up: both(a.up, b.down),
                patients,
                open,
            }),
            Relation::Ratio if b.value == 0.0 => Err("the other arm has 0, so there is no ratio".into()),
            Relation::Ratio => {
                let value = a.value / b.value;
                let (down, up) =
                    (both(a.down / b.value, value * b.up / b.value), both(a.up / b.value, value * b.down / b.value));
                Ok(Estimate { value, down, up, patients, open })
            }
        }
    }
}

const ALONE: &str = "one patient says nothing of the Monte Carlo error: run more patients (--patients)";

/// What of the patients' numbers, with its error; numbers that are not there (`NaN`) are left out. `fixed`: the numbers hold no
/// chance beyond the differences between patients, as of the mean equations, so patients that are all alike have no error.
pub fn over(numbers: &[f64], what: &Over, scale: f64, fixed: bool, sigmas: f64) -> Result<Estimate, String> {
    let mut x: Vec<f64> = numbers.iter().copied().filter(|v| !v.is_nan()).collect();
    if x.is_empty() {
        return Err("no patient was looked at then".into());
    }
    x.sort_by(f64::total_cmp);
    let alike = x[0] == x[x.len() - 1];
    let value = statistic(&x, what, scale);
    if fixed && alike {
        return Ok(Estimate { value, down: 0.0, up: 0.0, patients: x.len(), open: [false; 2] });
    }
    if let Over::Share(..) = what {
        let holding = libm::round(value * x.len() as f64) as u64;
        return share(holding, x.len() as u64, sigmas);
    }
    let n = x.len() as f64;
    if x.len() == 1 {
        return Err(ALONE.into());
    }
    let normal = deviation(&x) / libm::sqrt(n);
    Ok(match what {
        Over::Mean => Estimate { value, down: normal, up: normal, patients: x.len(), open: [false; 2] },
        Over::Median => ranks(&x, 0.5, value, normal, sigmas),
        Over::Quantile(q) => ranks(&x, *q, value, normal, sigmas),
        Over::Share(..) => Estimate::exact(value),
    })
}

/// Two-sided level of so many standard deviations of a normal law.
fn level(sigmas: f64) -> f64 {
    1.0 - normal_two_sided(sigmas)
}

/// A quantile with the order statistics around it.
fn ranks(x: &[f64], q: f64, value: f64, normal: f64, sigmas: f64) -> Estimate {
    let n = x.len() as f64;
    let half = sigmas * libm::sqrt(n * q * (1.0 - q));
    let (low, high) = (libm::floor(n * q - half), libm::ceil(n * q + half) + 1.0);
    let at = |rank: f64| x[(rank.clamp(1.0, n) as usize) - 1];
    let mut out = Estimate::between(value, at(low), at(high), sigmas, x.len());
    // Beyond the smallest or largest value nothing is known but the scatter: the error of a normal law's quantile.
    let density = libm::exp(-0.5 * libm::pow(remission_cohort::statistics::special::normal_quantile(q), 2.0));
    let floor = normal * libm::sqrt(q * (1.0 - q) * 2.0 * std::f64::consts::PI) / density;
    if low < 1.0 {
        out.down = out.down.max(floor);
    }
    if high > n {
        out.up = out.up.max(floor);
    }
    out
}

/// Standard deviation.
fn deviation(x: &[f64]) -> f64 {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    libm::sqrt(x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0).max(1.0))
}

/// What of sorted numbers.
fn statistic(x: &[f64], what: &Over, scale: f64) -> f64 {
    let n = x.len();
    let quantile = |q: f64| {
        // Linear between order statistics (R's type 7): the middle of two for the median of an even number.
        let at = q * (n - 1) as f64;
        let below = libm::floor(at) as usize;
        let above = (below + 1).min(n - 1);
        let part = at - below as f64;
        if part == 0.0 || x[below] == x[above] { x[below] } else { x[below] + part * (x[above] - x[below]) }
    };
    match what {
        Over::Mean => x.iter().sum::<f64>() / n as f64,
        Over::Median => quantile(0.5),
        Over::Quantile(q) => quantile(*q),
        Over::Share(compared, threshold) => {
            x.iter().filter(|v| compared.holds(**v, scale * threshold.number)).count() as f64 / n as f64
        }
    }
}

/// A share of patients.
pub fn share(holding: u64, of: u64, sigmas: f64) -> Result<Estimate, String> {
    let found = clopper_pearson(holding, of, level(sigmas)).map_err(|_| "no patient to take a share of".to_string())?;
    Ok(Estimate::between(found.share, found.interval.lower, found.interval.upper, sigmas, of as usize))
}

/// Pearson's correlation over patients, with the error of Fisher's transformation: artanh r is normal with standard deviation
/// 1 / sqrt(n - 3).
pub fn correlation(x: &[f64], y: &[f64], sigmas: f64) -> Result<Estimate, String> {
    let pairs: Vec<(f64, f64)> =
        x.iter().copied().zip(y.iter().copied()).filter(|(a, b)| a.is_finite() && b.is_finite()).collect();
    let n = pairs.len() as f64;
    if pairs.len() < 4 {
        return Err("fewer than four patients have both covariates".into());
    }
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (mx, my) = (mean(&|p| p.0), mean(&|p| p.1));
    let xy = mean(&|p| (p.0 - mx) * (p.1 - my));
    let (xx, yy) = (mean(&|p| (p.0 - mx) * (p.0 - mx)), mean(&|p| (p.1 - my) * (p.1 - my)));
    if xx <= 0.0 || yy <= 0.0 {
        return Err("one of the two covariates is the same in all patients".into());
    }
    let r = (xy / libm::sqrt(xx * yy)).clamp(-1.0, 1.0);
    let far = sigmas / libm::sqrt(n - 3.0);
    let (low, high) = (libm::tanh(libm::atanh(r) - far), libm::tanh(libm::atanh(r) + far));
    Ok(Estimate::between(r, low, high, sigmas, pairs.len()))
}

/// The same of a share that is not of whole patients, such as a Kaplan-Meier estimate: of the patients that its standard error is
/// worth.
fn share_worth(value: f64, error: Option<f64>, of: usize, sigmas: f64) -> Result<Estimate, String> {
    let worth = match error {
        Some(e) if e > 0.0 => (value * (1.0 - value) / (e * e)).min(of as f64),
        _ => of as f64,
    };
    let n = libm::round(worth).max(1.0) as u64;
    let found = share(libm::round(value * n as f64) as u64, n, sigmas)?;
    Ok(Estimate { value, patients: of, ..found })
}

fn curve(waited: &[Waited], sigmas: f64) -> Result<KaplanMeier, String> {
    let options = KaplanMeierOptions { scale: Scale::LogLog, level: level(sigmas) };
    kaplan_meier(&observations(waited), &options).map_err(|_| "no patient was followed".to_string())
}

/// Median time to an event, days.
pub fn median_time(waited: &[Waited], sigmas: f64) -> Result<Estimate, String> {
    let found = curve(waited, sigmas)?.median();
    let Some(value) = found.estimate else {
        let events = waited.iter().filter(|w| w.event).count();
        return Err(format!("the median is not reached: {events} events in {} patients", waited.len()));
    };
    if waited.len() == 1 {
        return Err(ALONE.into());
    }
    // Where a limit is not reached, the truth may lie anywhere up to the end of follow-up.
    let end = waited.iter().map(|w| w.time).fold(0.0, f64::max);
    let (low, high) = (found.lower.unwrap_or(0.0), found.upper.unwrap_or(end));
    let open = [found.lower.is_none(), found.upper.is_none()];
    Ok(Estimate { open, ..Estimate::between(value, low, high, sigmas, waited.len()) })
}

/// Share free of an event on a day.
pub fn free_at(waited: &[Waited], day: f64, sigmas: f64) -> Result<Estimate, String> {
    let at = curve(waited, sigmas)?.survival_at(day).map_err(|e| e.to_string())?;
    share_worth(at.survival, at.standard_error, waited.len(), sigmas)
}

/// Two arms' numbers of the same patients, one against the other, by the bootstrap over patients.
pub fn paired(a: &[f64], b: &[f64], what: &Over, relation: Relation, fixed: bool) -> Result<Estimate, String> {
    let of = |x: &mut Vec<f64>| {
        x.retain(|v| !v.is_nan());
        x.sort_by(f64::total_cmp);
        (!x.is_empty()).then(|| statistic(x, what, 1.0))
    };
    let related = |x: f64, y: f64| match relation {
        Relation::Ratio => x / y,
        Relation::Difference => x - y,
    };
    let (first, second) = (of(&mut a.to_vec()), of(&mut b.to_vec()));
    let (Some(first), Some(second)) = (first, second) else { return Err("no patient was looked at then".into()) };
    let value = related(first, second);
    if !value.is_finite() {
        return Err("the other arm has 0, so there is no ratio".into());
    }
    let same = |x: &[f64]| x.iter().all(|v| *v == x[0]);
    if fixed && same(a) && same(b) {
        return Ok(Estimate::exact(value));
    }
    let n = a.len();
    if n == 1 {
        return Err(ALONE.into());
    }
    let mut stream = Stream::new(BOOTSTRAP, 0, 0, Purpose::Inference);
    let mut drawn = Vec::with_capacity(RESAMPLES);
    let (mut x, mut y) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for _ in 0..RESAMPLES {
        x.clear();
        y.clear();
        for _ in 0..n {
            let k = (stream.uniform() * n as f64) as usize;
            x.push(a[k]);
            y.push(b[k]);
        }
        let found = of(&mut x).zip(of(&mut y)).map(|(x, y)| related(x, y)).filter(|v| v.is_finite());
        drawn.extend(found);
    }
    if ((RESAMPLES - drawn.len()) as f64) > UNDEFINED * RESAMPLES as f64 {
        return Err("too few patients give both arms' numbers".into());
    }
    let error = deviation(&drawn);
    Ok(Estimate { value, down: error, up: error, patients: n, open: [false; 2] })
}

#[cfg(test)]
#[path = "spread_tests.rs"]
mod tests;
