//! How good forecasts are: every man's last cycle is forecast from the cycles before it, under a population learned from
//! other men; and men are ranked by the probability that treatment fails in that cycle.
//!
//! Men are dealt into groups in turn; the population for a group is learned from all cycles of the men of other groups,
//! so that nothing of a man's own last cycle, and no outcome of anybody, enters. When treatment is on and off in the
//! forecast cycle is taken as given for the forecast, as it is for the competitor, the cycle before carried forward. It
//! is not used for the ranking, which asks what 32 weeks of treatment from the last visit of the cycle before would do:
//! treatment fails when PSA stands above 4 ng/mL after 24 and after 32 weeks, or rises by half or more over those eight
//! weeks from above 1 ng/mL.

use super::model::{Course, PARAMETERS};
use super::read::{Data, Man, Visit};
use crate::jobs::{Control, Interrupted, map};
use crate::population::{Population, Settings, draws, learn};
use crate::special::quantile;
use remission_engine::stream::{Purpose, Stream};

/// A PSA reading that was held out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// Place of the man in the data.
    pub man: usize,
    /// Days since the last visit that was seen.
    pub ahead: f64,
    /// ln PSA read.
    pub read: f64,
    /// The model's median of ln PSA.
    pub median: f64,
    /// Intervals of 50, 80, 90 and 95 % of ln PSA.
    pub intervals: [(f64, f64); 4],
    /// ln PSA of the cycle before at the same time into the same phase.
    pub carried: f64,
}

/// A man's ranking.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ranked {
    /// Place of the man in the data.
    pub man: usize,
    /// Cycle before which the score was computed.
    pub cycle: usize,
    /// Probability that treatment fails in it.
    pub fails: f64,
    /// Posterior mean of the share of PSA made by resistant cells after 32 weeks, on average over draws.
    pub resistant: f64,
    /// Median over draws of ln PSA after 32 weeks.
    pub log_psa: f64,
}

/// Where the search for the population starts, and the least standard deviations.
pub fn start() -> (Population, Vec<f64>) {
    let pick = |f: fn(&(&str, &str, f64, f64, f64)) -> f64| PARAMETERS.iter().map(f).collect::<Vec<f64>>();
    (Population::independent(&pick(|p| p.2), &pick(|p| p.3)), pick(|p| p.4))
}

/// Readings as the likelihood takes them: above the limit, or the limit.
fn log_psa(visit: &Visit, limit: f64) -> Option<f64> {
    visit.psa.map(|p| libm::log(p.max(limit)))
}

/// ln PSA of `cycle` carried forward to visits of the next one: at the same number of days into the same phase, on a
/// straight line between readings, the last one beyond them.
pub fn carried(man: &Man, cycle: usize, visits: &[Visit], limit: f64) -> Vec<f64> {
    // A phase begins where treatment changes; its readings are at days from there.
    let phases = |visits: &[Visit]| -> Vec<(bool, f64, Option<f64>)> {
        let (mut begin, mut on, mut out) = (visits.first().map_or(0.0, |v| v.days), true, Vec::new());
        for v in visits {
            // The visit at which treatment stops closes the phase on treatment.
            out.push((on, v.days - begin, log_psa(v, limit)));
            if v.on != on {
                (on, begin) = (v.on, v.days);
            }
        }
        out
    };
    let all: Vec<Visit> = man.visits.iter().filter(|v| v.cycle == cycle).copied().collect();
    let known = phases(&all);
    let at = |on: bool, day: f64| -> f64 {
        let mine: Vec<(f64, f64)> =
            known.iter().filter(|p| p.0 == on).filter_map(|p| p.2.map(|value| (p.1, value))).collect();
        let any = || known.iter().filter_map(|p| p.2).next_back().unwrap_or(0.0);
        let (Some(first), Some(last)) = (mine.first(), mine.last()) else { return any() };
        if day <= first.0 {
            return first.1;
        }
        for pair in mine.windows(2) {
            if day <= pair[1].0 && pair[1].0 > pair[0].0 {
                return pair[0].1 + (day - pair[0].0) / (pair[1].0 - pair[0].0) * (pair[1].1 - pair[0].1);
            }
        }
        last.1
    };
    phases(visits).into_iter().map(|(on, day, _)| at(on, day)).collect()
}

/// Forecasts and ranking of all men who have two cycles or more, under populations learned from `folds` groups' others.
pub fn held_out(
    data: &Data,
    limit: f64,
    folds: usize,
    settings: &Settings,
    control: &Control,
) -> Result<(Vec<Held>, Vec<Ranked>), Interrupted> {
    let (start, narrow) = start();
    let folds = folds.max(2);
    let mut populations = Vec::new();
    for fold in 0..folds {
        let others = (0..data.men.len()).filter(|k| k % folds != fold);
        let courses: Vec<Course> = others.map(|k| Course { visits: data.men[k].visits.clone(), limit }).collect();
        let share = 0.8 / folds as f64;
        let from = share * fold as f64;
        populations.push(control.part(from, from + share, |c| learn(&courses, &start, &narrow, settings, c))?);
        if std::env::var("SHOW").is_ok() { let p: &Population = &populations[fold]; for (k, q) in PARAMETERS.iter().enumerate() { eprint!("{} {:.3} ({:.3}); ", q.0, p.mean[k], p.sd(k)); } eprintln!(); }
    }
    let chosen: Vec<usize> = (0..data.men.len()).filter(|k| data.men[*k].cycles() >= 2).collect();
    let found = control.part(0.8, 1.0, |c| {
        map(chosen.len(), c, |index, _| {
            let k = chosen[index];
            let mut stream = Stream::new(settings.seed, k as u64, 0, Purpose::Inference);
            Ok(one(k, &data.men[k], limit, &populations[k % folds], &mut stream))
        })
    })?;
    let (mut held, mut ranked) = (Vec::new(), Vec::new());
    for (h, r) in found {
        held.extend(h);
        ranked.push(r);
    }
    Ok((held, ranked))
}

/// What the cycles before the last say of it.
fn one(k: usize, man: &Man, limit: f64, population: &Population, stream: &mut Stream) -> (Vec<Held>, Ranked) {
    let cycle = man.cycles();
    let course = Course { visits: man.before(cycle), limit };
    let ahead: Vec<Visit> = man.visits.iter().filter(|v| v.cycle == cycle).copied().collect();
    let now = course.visits.last().map_or(0.0, |v| v.days);
    let treated: Vec<Visit> =
        [0.0, 168.0, 224.0].map(|d| Visit { days: now + d, psa: None, on: true, cycle }).to_vec();
    let mut values = vec![Vec::new(); ahead.len()];
    let (mut fails, mut resistant, mut later) = (0.0, 0.0, Vec::new());
    let sets = draws(&course, population, 400, 5, stream);
    let n = sets.len() as f64;
    for (theta, _) in &sets {
        for (list, (read, _)) in values.iter_mut().zip(course.ahead(theta, &ahead, stream)) {
            list.push(read.max(libm::log(limit)));
        }
        let path = course.ahead(theta, &treated, stream);
        let (a, b) = (libm::exp(path[1].1), libm::exp(path[2].1));
        let failed = (a > 4.0 && b > 4.0) || (a > 1.0 && b > 1.5 * a);
        fails += f64::from(u8::from(failed)) / n;
        let mut cells = course.cells(theta);
        cells = cells.after(theta, 224.0, true);
        resistant += cells.resistant / (cells.dependent + cells.tolerant + cells.resistant).max(1e-9) / n;
        later.push(path[2].1);
    }
    later.sort_by(f64::total_cmp);
    let carried = carried(man, cycle - 1, &ahead, limit);
    let mut held = Vec::new();
    for ((visit, mut values), carried) in ahead.iter().zip(values).zip(carried) {
        let Some(read) = log_psa(visit, limit) else { continue };
        values.sort_by(f64::total_cmp);
        let q = |p: f64| quantile(&values, p).unwrap_or(f64::NAN);
        let intervals = crate::tumour_size::held_out::LEVELS.map(|l| (q(0.5 - 0.5 * l), q(0.5 + 0.5 * l)));
        held.push(Held { man: k, ahead: visit.days - now, read, median: q(0.5), intervals, carried });
    }
    let log_psa = quantile(&later, 0.5).unwrap_or(f64::NAN);
    (held, Ranked { man: k, cycle, fails, resistant, log_psa })
}

/// Area under the ROC curve of scores of cases and controls, with its standard error (DeLong 1988, Biometrics 44:837).
/// None without a case or a control.
///
/// ```
/// let (area, error) = remission_infer::psa::held_out::area(&[3.0, 2.0], &[1.0, 2.0]).unwrap();
/// assert_eq!(area, 0.875);
/// assert!(error > 0.0);
/// ```
pub fn area(cases: &[f64], controls: &[f64]) -> Option<(f64, f64)> {
    if cases.is_empty() || controls.is_empty() {
        return None;
    }
    let wins = |a: f64, b: f64| if a > b { 1.0 } else { f64::from(u8::from(a == b)) * 0.5 };
    let (m, n) = (cases.len() as f64, controls.len() as f64);
    let by_case: Vec<f64> = cases.iter().map(|a| controls.iter().map(|b| wins(*a, *b)).sum::<f64>() / n).collect();
    let by_control: Vec<f64> = controls.iter().map(|b| cases.iter().map(|a| wins(*a, *b)).sum::<f64>() / m).collect();
    let area = by_case.iter().sum::<f64>() / m;
    let spread = |v: &[f64]| {
        let count = v.len() as f64;
        if v.len() < 2 { 0.25 } else { v.iter().map(|x| (x - area) * (x - area)).sum::<f64>() / (count - 1.0) }
    };
    Some((area, libm::sqrt(spread(&by_case) / m + spread(&by_control) / n)))
}

/// Outcomes as the trials list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Neither relapse nor metastasis.
    None,
    /// Metastasis without relapse of PSA.
    Metastasis,
    /// Relapse.
    Relapse,
}

/// Reads lists of patients under headings (`Without relapse:`, `With metastasis`, `With relapse:`) of trials (a line
/// `Trial_et_al:`): trial, patient without leading zeros, outcome.
pub fn outcomes(text: &str) -> Vec<(String, String, Outcome)> {
    let (mut trial, mut outcome, mut out) = (String::new(), None, Vec::new());
    for line in text.lines().map(str::trim) {
        let lower = line.to_lowercase();
        if let Some(name) = line.strip_suffix(':').filter(|n| n.ends_with("et_al")) {
            (trial, outcome) = (name.to_string(), None);
        } else if lower.starts_with("without relapse") {
            outcome = Some(Outcome::None);
        } else if lower.starts_with("with metastasis") {
            outcome = Some(Outcome::Metastasis);
        } else if lower.starts_with("with relapse") {
            outcome = Some(Outcome::Relapse);
        } else if let Some(outcome) = outcome {
            let numbers = line.split([',', ' ']).map(str::trim).filter(|n| !n.is_empty());
            for number in numbers.filter(|n| n.chars().all(|c| c.is_ascii_digit())) {
                out.push((trial.clone(), number.trim_start_matches('0').to_string(), outcome));
            }
        }
    }
    out
}
