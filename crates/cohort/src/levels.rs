//! Felt concentrations of one drug of a regimen over a span of days: the typical patient, and the spread over patients.
//!
//! The curve is the engine's own [`Exposure`], read between doses, so what is shown is what cells feel. Averages follow
//! the usual rule of non-compartmental analysis, linear while rising and logarithmic while falling, which is exact for an
//! exponential fall (Gabrielsson & Weiner, *Pharmacokinetic and Pharmacodynamic Data Analysis*, ch. 2). A cycle counts as
//! steady when what the trough at its beginning still has to go is at most 1 % of it in every patient. That is the sum of the
//! changes to come, the one over the cycle itself being the first, each as much smaller as that one is than the one before.
//!
//! Left out: delayed effects; what follows after progression.

use crate::variation;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::failure::Failure;
use remission_engine::stream::{Purpose, Stream};
use remission_model::resolved::{DoseRule, Model, Regimen};

/// Points between two doses: at least, at most.
const POINTS: (usize, usize) = (8, 64);
/// Points in a span, about.
const MOST: usize = 640;
/// Share of the trough that may be missing at steady state.
const STEADY: f64 = 0.01;
/// Days within which two moments are one.
const ALIKE: f64 = 1e-9;
/// Longest common cycle, in cycles of one rule.
const COMMON: u32 = 60;

/// Days from and to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// First day.
    pub from: f64,
    /// Last day.
    pub to: f64,
}

/// A dosing cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cycle {
    /// When.
    pub span: Span,
    /// Which of the drug's cycles, from 1.
    pub number: u64,
    /// False: treatment or the study ends before the concentration is steady, and this is its last whole cycle.
    pub steady: bool,
}

/// A dose.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dose {
    /// Day, counted from the beginning of treatment.
    pub day: f64,
    /// mg; of a held drug the felt concentration, base units.
    pub amount: f64,
    /// Days over which it is given; 0 at once, infinity until the next change.
    pub duration: f64,
}

/// One number over patients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Of the patient with every parameter at its centre.
    pub typical: f64,
    /// 5th percentile of the patients.
    pub low: f64,
    /// Median.
    pub middle: f64,
    /// 95th percentile.
    pub high: f64,
}

/// Felt concentrations of a drug over a span, base units (µmol/L or mg/L; divide by the drug's `felt_scale`).
#[derive(Debug, Clone, PartialEq)]
pub struct Levels {
    /// Days since treatment began, ascending; a day on which a dose is given stands twice, before and after.
    pub times: Vec<f64>,
    /// Concentrations at those times.
    pub curve: Vec<Spread>,
    /// Lowest concentration within the span (Cmin).
    pub lowest: Spread,
    /// Average over the span (Cavg).
    pub average: Spread,
    /// Highest within the span (Cmax).
    pub highest: Spread,
    /// True when patients differ.
    pub varies: bool,
}

/// Parameters of the typical patient.
pub fn typical(model: &Model) -> Vec<f64> {
    model.parameters.iter().map(|p| p.value).collect()
}

/// Parameters of the first `number` patients of the studies with this seed: the same ones that a run has.
pub fn people(model: &Model, seed: u64, number: u32) -> Vec<Vec<f64>> {
    let of = |n: u32| variation::parameters(model, &mut Stream::new(seed, u64::from(n), 0, Purpose::Parameters));
    (0..number).map(of).collect()
}

/// The part of `regimen` that gives `drug`, and the rows of a record that empty the body of every drug.
pub fn of_drug(regimen: &Regimen, drug: usize) -> Regimen {
    let empties = |r: &DoseRule| r.row.is_some_and(|row| row.body.empties());
    let rules = regimen.rules.iter().filter(|r| r.drug == drug || empties(r)).cloned().collect();
    Regimen { rules, ..Regimen::default() }
}

/// Doses of `drug` from `span.from` on and before `span.to`, in time; at most `most`.
pub fn doses(regimen: &Regimen, drug: usize, span: Span, most: usize) -> Vec<Dose> {
    let mut given = Vec::new();
    for rule in regimen.rules.iter().filter(|r| r.drug == drug) {
        let mut cycle = if rule.cycle.is_finite() {
            libm::floor((span.from - rule.from) / rule.cycle).max(0.0) * rule.cycle
        } else {
            0.0
        };
        let already = given.len();
        'cycles: while given.len() - already < most {
            for offset in &rule.offsets {
                let day = rule.from + cycle + offset;
                if day >= span.to || day >= rule.until {
                    break 'cycles;
                }
                if day >= span.from - 1e-9 {
                    given.push(Dose { day, amount: rule.amount, duration: rule.duration });
                }
            }
            if !rule.cycle.is_finite() {
                break;
            }
            cycle += rule.cycle;
        }
    }
    given.sort_by(|a, b| a.day.total_cmp(&b.day));
    given.truncate(most);
    given
}

/// The rules of `drug` that run longest and repeat: when all of them run, their common cycle, and when they end.
fn repeating(regimen: &Regimen, drug: usize, horizon: f64) -> Option<(f64, f64, f64)> {
    let of_drug = regimen.rules.iter().filter(|r| r.drug == drug && r.amount != 0.0 && !r.offsets.is_empty());
    let cyclic: Vec<_> = of_drug.filter(|r| r.cycle.is_finite() && r.from < horizon).collect();
    let end = cyclic.iter().map(|r| r.until.min(horizon)).fold(f64::NEG_INFINITY, f64::max);
    let last: Vec<_> = cyclic.into_iter().filter(|r| r.until.min(horizon) >= end).collect();
    let from = last.iter().map(|r| r.from).fold(f64::NEG_INFINITY, f64::max);
    let cycles: Vec<f64> = last.iter().map(|r| r.cycle).collect();
    common_cycle(&cycles).map(|c| (from, c, end))
}

/// The shortest time that holds each of these cycles a whole number of times, up to [`COMMON`] of the longest; none of none.
pub(crate) fn common_cycle(cycles: &[f64]) -> Option<f64> {
    let longest = cycles.iter().copied().reduce(f64::max)?;
    let whole = |x: f64| (x - libm::round(x)).abs() < 1e-9;
    (1..=COMMON).map(|k| f64::from(k) * longest).find(|c| cycles.iter().all(|cycle| whole(c / cycle)))
}

/// The span of the first cycle, or `None` where the drug is given once or not at all.
///
/// ```
/// use remission_cohort::levels::{Span, first_cycle};
/// use remission_model::resolved::{DoseRule, Regimen};
/// let daily = DoseRule {
///     drug: 0, amount: 150.0, duration: 0.0, offsets: vec![0.0], cycle: 1.0, from: 0.0, until: f64::INFINITY, row: None,
/// };
/// let regimen = Regimen { sentences: Vec::new(), rules: vec![daily] };
/// assert_eq!(first_cycle(&regimen, 0, 365.0), Some(Span { from: 0.0, to: 1.0 }));
/// assert_eq!(first_cycle(&regimen, 1, 365.0), None);
/// ```
pub fn first_cycle(regimen: &Regimen, drug: usize, horizon: f64) -> Option<Span> {
    let (_, length, _) = repeating(regimen, drug, horizon)?;
    let given = regimen.rules.iter().filter(|r| r.drug == drug && r.amount != 0.0);
    let from = given.filter_map(|r| r.offsets.first().map(|o| r.from + o)).fold(f64::INFINITY, f64::min);
    Some(Span { from, to: from + length })
}

/// The first whole cycle in which the concentration of `drug` is steady in the typical patient and in all of `people`;
/// the last whole one, where none is; `None` where no whole cycle repeats.
///
/// Patients whose constants cannot be used (a [`Failure`]) are passed over, as they are in a run.
///
/// # Errors
/// The typical patient's constants cannot be used.
pub fn steady_cycle(
    compiled: &Compiled,
    regimen: &Regimen,
    drug: usize,
    horizon: f64,
    people: &[Vec<f64>],
) -> Result<Option<Cycle>, Failure> {
    let Some((from, length, end)) = repeating(regimen, drug, horizon) else { return Ok(None) };
    // `until` ends before the dose that would open another cycle.
    let whole = libm::floor((end - from) / length + 1e-9) as u64;
    if whole == 0 {
        return Ok(None);
    }
    let regimen = of_drug(regimen, drug);
    let mut needed = settles(compiled, &regimen, drug, &typical(&compiled.model), (from, length, whole))?;
    for parameters in people {
        if let Ok(n) = settles(compiled, &regimen, drug, parameters, (from, length, whole)) {
            needed = needed.max(n);
        }
    }
    let number = needed.min(whole);
    let start = from + (number - 1) as f64 * length;
    Ok(Some(Cycle { span: Span { from: start, to: start + length }, number, steady: needed <= whole }))
}

/// Number of the first steady cycle; one more than there are, where none is.
fn settles(
    compiled: &Compiled,
    regimen: &Regimen,
    drug: usize,
    parameters: &[f64],
    (from, length, whole): (f64, f64, u64),
) -> Result<u64, Failure> {
    let mut exposure = Exposure::new(compiled, parameters, 0.0)?;
    // Just before a cycle's first dose; whatever the doses, all of the cycle then repeats. To follow a regimen gives what is
    // due on day 0, before which nothing was there.
    let mut before = if from < ALIKE { exposure.concentration(drug) } else { f64::NAN };
    exposure.follow(regimen);
    if from >= ALIKE {
        before = before_doses(&mut exposure, drug, from);
    }
    let mut change = f64::NAN;
    for number in 1..=whole {
        // The trough at the end of the last cycle is there as well, although no dose follows it.
        let now = before_doses(&mut exposure, drug, from + number as f64 * length);
        let last = now - before;
        let ratio = (last / change).abs();
        let to_go = if ratio < 1.0 { last.abs() / (1.0 - ratio) } else { f64::INFINITY };
        if number > 1 && (last == 0.0 || to_go <= STEADY * before) {
            return Ok(number);
        }
        (change, before) = (last, now);
    }
    Ok(whole + 1)
}

/// Concentration at `day` before the doses of that day.
fn before_doses(exposure: &mut Exposure, drug: usize, day: f64) -> f64 {
    while exposure.next_event() < day - ALIKE {
        exposure.advance(exposure.next_event());
    }
    let day = day.max(exposure.time());
    let here = exposure.snapshot();
    exposure.drift(day - here.0);
    let found = exposure.concentration(drug);
    exposure.restore(&here);
    found
}

/// Concentrations of `drug` over `span` in the typical patient and in `people`.
///
/// Patients whose constants cannot be used are passed over; without any, the spread is the typical patient's.
///
/// # Errors
/// The typical patient's constants cannot be used.
pub fn levels(
    compiled: &Compiled,
    regimen: &Regimen,
    drug: usize,
    span: Span,
    people: &[Vec<f64>],
) -> Result<Levels, Failure> {
    let regimen = of_drug(regimen, drug);
    let typical = typical(&compiled.model);
    let intervals = intervals(compiled, &regimen, span, &typical)?;
    let times: Vec<f64> = intervals.iter().flatten().copied().collect();
    let own = one(compiled, &regimen, drug, &intervals, &typical)?;
    let all: Vec<Vec<f64>> = people.iter().filter_map(|p| one(compiled, &regimen, drug, &intervals, p).ok()).collect();
    let spread = |of: &dyn Fn(&[f64]) -> f64| {
        let typical = of(&own);
        let mut sorted: Vec<f64> = all.iter().map(|c| of(c)).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |p: f64| match sorted.len() {
            0 => typical,
            n => sorted[(libm::ceil(p * n as f64) as usize).clamp(1, n) - 1],
        };
        Spread { typical, low: rank(0.05), middle: rank(0.5), high: rank(0.95) }
    };
    let curve: Vec<Spread> = (0..times.len()).map(|k| spread(&|c| c[k])).collect();
    Ok(Levels {
        lowest: spread(&|c| c.iter().copied().fold(f64::INFINITY, f64::min)),
        average: spread(&|c| average(&times, c)),
        highest: spread(&|c| c.iter().copied().fold(0.0, f64::max)),
        varies: curve.iter().any(|s| s.high - s.low > 1e-9 * s.high),
        times,
        curve,
    })
}

/// Times at which the curve is read: intervals between the changes of input in the typical patient, ends included.
fn intervals(compiled: &Compiled, regimen: &Regimen, span: Span, typical: &[f64]) -> Result<Vec<Vec<f64>>, Failure> {
    let mut ahead = Exposure::new(compiled, typical, 0.0)?;
    ahead.follow(regimen);
    ahead.advance(span.from);
    let begins = ahead.next_event();
    let mut ends = vec![if begins - span.from < ALIKE { begins } else { span.from }];
    ahead.advance(ends[0]);
    while ahead.next_event() < span.to - ALIKE && ends.len() < MOST {
        ends.push(ahead.next_event());
        ahead.advance(ahead.next_event());
    }
    ends.push(span.to);
    let points = (MOST / (ends.len() - 1)).clamp(POINTS.0, POINTS.1);
    let between = |from: f64, to: f64| {
        (0..=points).map(move |k| {
            // Close together after a dose, where the curve bends.
            let share = k as f64 / points as f64;
            let share = share * share * if to - from > 2.0 { share } else { 1.0 };
            if k == points { to } else { from + (to - from) * share }
        })
    };
    Ok(ends.windows(2).map(|pair| between(pair[0], pair[1]).collect()).collect())
}

/// One patient's concentrations at those times; the last of each interval before what changes there.
fn one(
    compiled: &Compiled,
    regimen: &Regimen,
    drug: usize,
    intervals: &[Vec<f64>],
    parameters: &[f64],
) -> Result<Vec<f64>, Failure> {
    let mut exposure = Exposure::new(compiled, parameters, 0.0)?;
    exposure.follow(regimen);
    let mut found = Vec::new();
    for interval in intervals {
        let (from, to) = (interval[0], interval[interval.len() - 1]);
        exposure.advance(from);
        let here = exposure.snapshot();
        // Doses may arrive later in this patient than in the typical one, whose intervals these are.
        let quiet = exposure.next_event() > to - ALIKE;
        for &time in interval {
            if quiet {
                exposure.restore(&here);
                if time > from {
                    exposure.drift(time - from);
                }
                found.push(exposure.concentration(drug));
            } else if time < to {
                exposure.advance(time);
                found.push(exposure.concentration(drug));
            } else {
                found.push(before_doses(&mut exposure, drug, to));
            }
        }
        if quiet {
            exposure.restore(&here);
        }
    }
    Ok(found)
}

/// Average of a curve, linear while it rises and logarithmic while it falls.
fn average(times: &[f64], curve: &[f64]) -> f64 {
    let mut area = 0.0;
    for k in 1..times.len() {
        let (days, a, z) = (times[k] - times[k - 1], curve[k - 1], curve[k]);
        area += if z < a && z > 0.0 { days * (a - z) / libm::log(a / z) } else { 0.5 * days * (a + z) };
    }
    let days = times.last().zip(times.first()).map_or(0.0, |(z, a)| z - a);
    if days > 0.0 { area / days } else { curve.first().copied().unwrap_or(0.0) }
}
