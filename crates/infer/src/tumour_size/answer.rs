//! Answers: for a population, how good its forecasts are and what comes next for each patient; for one patient, his
//! forecast, the chance and date of progression, and what his sizes say of the origin of resistance.

use super::held_out::{LEVELS, POOL, Places, Plan, held_out, learned, readings};
use super::judged::judged;
use super::model::telling;
use super::options::Options;
use super::origin;
use super::read::{Data, Look, Seen, Series};
use super::reference;
use crate::answer::{Answer, Estimate, Said, Sampled, Table, Value};
use crate::failure::{Failure, option};
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::{Control, map};
use crate::population::Settings;
use crate::special::quantile;
use remission_engine::stream::{Purpose, Stream};

/// Patients with two numbers or more from which a population is learned; with fewer the reference is used.
pub const ENOUGH: usize = 100;

/// One answer: for the patient asked for (or the only ones, up to three series), or for the population.
///
/// ```
/// use remission_infer::{jobs::Control, tumour_size::{Options, TEMPLATE, answer, read}};
/// let data = read(TEMPLATE).unwrap();
/// let options = Options { patient: Some("002".into()), ..Options::default() };
/// let answers = answer(&data, &options, &Control::quiet()).unwrap();
/// assert!(answers[0].estimates.iter().any(|e| e.name == "progression_probability"));
/// ```
pub fn answer(data: &Data, options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    let ranges = [("limit", options.limit), ("every", options.every), ("horizon", options.horizon)];
    for (name, found) in ranges {
        let least = if name == "limit" { 0.01 } else { 1.0 };
        option(name, found, (least..=1e4).contains(&found), &format!("{least} to 10,000"))?;
    }
    let chosen: Vec<&Series> = match &options.patient {
        None => data.series.iter().collect(),
        Some(name) => data.series.iter().filter(|s| s.name() == *name || s.patient == *name).collect(),
    };
    if chosen.is_empty() {
        let wanted = options.patient.as_deref().unwrap_or_default();
        return Err(Failure::unknown("patient", wanted, data.series.iter().map(Series::name)));
    }
    let all: Vec<Vec<Look>> = data.series.iter().map(telling).collect();
    if all.iter().all(Vec::is_empty) {
        let words = "no row has a size or says too small; a forecast needs one look at least";
        return Err(Failure::Said(words.into()));
    }
    let several = all.iter().filter(|l| l.len() >= 2).count();
    let single = options.patient.is_some() || data.series.len() <= 3;
    let settings = Settings { seed: options.seed, ..Settings::default() };
    let (known, how) = match several >= ENOUGH {
        true => {
            let until = if single { 0.6 } else { 0.2 };
            let found = control.part(0.0, until, |c| learned(&POOL, &all, options.limit, &settings, c))?;
            (found, format!("The population was learned from these {several} series."))
        }
        false => {
            let words = format!(
                "Too few series to learn a population ({several} with two looks or more, {ENOUGH} needed): that of 1,472 \
                 patients of five trials of atezolizumab or docetaxel stands in for it."
            );
            (reference::population(options.limit), words)
        }
    };
    if !single {
        return Ok(vec![population(data, options, &known, how, control)?]);
    }
    let share = |k: usize| 0.6 + 0.4 * k as f64 / chosen.len() as f64;
    let one = |(k, series): (usize, &&Series)| {
        let mut answer = control.part(share(k), share(k + 1), |c| patient(series, options, &known, &how, c))?;
        answer.notes.extend(data.notes.iter().cloned());
        Ok(answer)
    };
    chosen.iter().enumerate().map(one).collect()
}

/// When a path of numbers first is 20 % and 5 mm or more above the smallest before it (RECIST 1.1, target lesions; Eisenhauer
/// 2009, Eur J Cancer 45:228), of one lesion; the smallest so far is `nadir`.
fn progresses(path: impl Iterator<Item = f64>, mut nadir: f64) -> Option<usize> {
    for (k, d) in path.enumerate() {
        if d >= 1.2 * nadir && d >= nadir + 5.0 {
            return Some(k);
        }
        nadir = nadir.min(d);
    }
    None
}

/// The looks in which progression can be seen: from the baseline on, which is the last look of day 0 or before, or the first
/// look of all where none was before treatment.
fn since_baseline(looks: &[Look]) -> &[Look] {
    let before = looks.iter().take_while(|l| l.days <= 0.0).last();
    let from = before.map_or(0, |last| looks.iter().take_while(|l| l.days < last.days).count());
    &looks[from..]
}

/// The day on which looks show progression, if they do, and the smallest size so far; a size is compared with those of
/// earlier days.
fn judged_so_far(looks: &[Look], limit: f64) -> (Option<f64>, f64) {
    let (looks, mut nadir, mut already) = (since_baseline(looks), f64::INFINITY, None);
    for day in looks.chunk_by(|a, b| a.days == b.days) {
        let seen = sizes(day, limit);
        if already.is_none() && seen.iter().any(|d| progresses([*d].into_iter(), nadir).is_some()) {
            already = Some(day[0].days);
        }
        nadir = seen.into_iter().fold(nadir, f64::min);
    }
    (already, nadir)
}

/// The sizes of looks for RECIST: too small to measure counts as the limit (5 mm by default).
fn sizes(looks: &[Look], limit: f64) -> Vec<f64> {
    looks.iter().map(|l| if l.seen == Seen::TooSmall { limit } else { l.seen.number().unwrap_or(limit) }).collect()
}

struct Ahead {
    days: Vec<f64>,
    /// Readings of each day, in order of the draws.
    paths: Vec<Vec<f64>>,
    /// Chance of progression by each day.
    progressed: Vec<f64>,
    /// The day on which it was seen already.
    already: Option<f64>,
}

fn ahead(looks: &[Look], options: &Options, known: &super::held_out::Learned, count: usize, number: u64) -> Ahead {
    let now = looks.last().map_or(0.0, |l| l.days);
    let visits = libm::floor(options.horizon / options.every).clamp(1.0, 100.0) as usize;
    let days: Vec<f64> = (1..=visits).map(|k| now + options.every * k as f64).collect();
    let mut stream = Stream::new(options.seed, number, 0, Purpose::Inference);
    let paths = readings(known, looks, &days, count, &mut stream);
    let (already, nadir) = judged_so_far(looks, options.limit);
    let n = paths[0].len();
    let mut progressed = vec![0.0; days.len()];
    for draw in 0..n {
        if let Some(k) = progresses(paths.iter().map(|day| day[draw]), nadir) {
            progressed[k..].iter_mut().for_each(|p| *p += 1.0 / n as f64);
        }
    }
    Ahead { days, paths, progressed, already }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

pub(super) fn columns(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| n.to_string()).collect()
}

const INTERVALS: [&str; 8] =
    ["low50_mm", "high50_mm", "low80_mm", "high80_mm", "low90_mm", "high90_mm", "low95_mm", "high95_mm"];

fn intervals(values: &[f64], places: &Places) -> Vec<Value> {
    let q = |p: f64| Value::Real(quantile(values, places.level(p)).unwrap_or(f64::NAN));
    let mut out = vec![q(0.5)];
    LEVELS.iter().for_each(|l| out.extend([q(0.5 - 0.5 * l), q(0.5 + 0.5 * l)]));
    out
}

fn patient(
    series: &Series,
    options: &Options,
    known: &super::held_out::Learned,
    how: &str,
    control: &Control,
) -> Result<Answer, Failure> {
    let looks = telling(series);
    let found = ahead(&looks, options, known, 4000, 0);
    let places = reference::places();
    let mut rows = Vec::new();
    for ((day, values), p) in found.days.iter().zip(&found.paths).zip(&found.progressed) {
        let mut row = vec![Value::Real(*day)];
        row.extend(intervals(&sorted(values), &places));
        row.push(Value::Real(*p));
        rows.push(row);
    }
    let last = found.progressed.len() - 1;
    let chance = found.progressed[last];
    let by = |share: f64| found.progressed.iter().position(|p| *p >= share).map(|k| found.days[k]);
    let first = sorted(&found.paths[0]);
    let q = |p: f64| quantile(&first, places.level(p)).unwrap_or(f64::NAN);
    let when = match by(0.5) {
        Some(day) => format!("in half of the courses by day {day:.0}"),
        None => "in fewer than half of the courses".to_string(),
    };
    let mut words = vec![format!(
        "Day {:.0}: {:.0} mm are expected (90 % interval {:.0} to {:.0}); progression (20 % and 5 mm above the smallest) by day \
         {:.0} has probability {chance:.2}, {when}.",
        found.days[0],
        q(0.5),
        q(0.05),
        q(0.95),
        found.days[last]
    )];
    if let Some(day) = found.already {
        words.push(format!(
            "The looks so far show progression on day {day:.0} already; what is said here is progression from the smallest \
             number anew."
        ));
    }
    let mut answer = Answer { assay: "tumour_size".into(), experiment: Some(series.name()), ..Answer::default() };
    let value = |name: &str, value: f64, ci95, unit: &str| Estimate {
        name: name.into(),
        value,
        ci95,
        unit: unit.into(),
        how: "draws from the forecast".into(),
    };
    answer.estimates.push(value("progression_probability", chance, None, ""));
    answer.estimates.push(value("next_visit_diameter", q(0.5), Some((q(0.025), q(0.975))), "mm"));
    let late = |share: f64| by(share).unwrap_or(f64::INFINITY);
    answer.estimates.push(value("progression_day", late(0.5), Some((late(0.025), late(0.975))), "day"));
    if looks.len() >= 3 {
        let (verdict, posterior, ridge) = origin::verdict(&looks, &known.below, options.seed, control)?;
        words.push(verdict.reason.clone());
        for name in ["resistant_fraction", "growth", "decay", "persister_share"] {
            let values = sorted(&posterior.draws.values(name));
            let q = |p: f64| quantile(&values, p).unwrap_or(f64::NAN);
            let unit = if name == "growth" || name == "decay" { "1/day" } else { "" };
            let how = "posterior if resistance was there at the start".to_string();
            let ci95 = Some((q(0.025), q(0.975)));
            answer.estimates.push(Estimate { name: name.into(), value: q(0.5), ci95, unit: unit.into(), how });
        }
        answer.unconverged = posterior.diagnosis.complaints();
        answer.verdict = Some(verdict);
        answer.figures.push(ridge);
        let observed = sizes(&looks, options.limit);
        let (draws, prior) = (posterior.draws, posterior.prior);
        let observed_name = "diameter_mm".to_string();
        answer.sampled = Some(Sampled { posterior: draws, prior, observed_name, observed, ..Sampled::default() });
    } else {
        words.push("Fewer than three looks: nothing is said of the origin of resistance.".into());
    }
    answer.words = words;
    let names = [&["time_days", "median_mm"][..], &INTERVALS, &["progressed_by"]].concat();
    answer.tables.push(Table {
        name: "forecast".into(),
        caption: "A visit to come: what will be read, and the chance that progression was seen by then.".into(),
        columns: columns(&names),
        rows,
    });
    answer.figures.insert(0, course(&looks, &found, &places, options));
    answer.notes.push(how.into());
    Ok(answer)
}

fn course(looks: &[Look], found: &Ahead, places: &Places, options: &Options) -> Figure {
    let numbers = looks.iter().filter_map(|l| Some((l.days, l.seen.number()?))).collect();
    let small = looks.iter().filter(|l| l.seen == Seen::TooSmall).map(|l| (l.days, options.limit)).collect();
    let lists: Vec<(f64, Vec<f64>)> = found.days.iter().zip(&found.paths).map(|(d, v)| (*d, sorted(v))).collect();
    let q = |values: &[f64], p: f64| quantile(values, places.level(p)).unwrap_or(f64::NAN);
    let band = |low: f64, high: f64| lists.iter().map(|(d, v)| (*d, q(v, low), q(v, high))).collect();
    Figure {
        id: "course".into(),
        title: "Sizes read and to come".into(),
        caption: "Points: what was read. Bands: where readings to come lie in 50 and 90 % of cases.".into(),
        x: Axis::new("time, days"),
        y: Axis::new("diameter, mm"),
        layers: vec![
            Layer::Band { name: "90 % of readings to come".into(), at: band(0.05, 0.95) },
            Layer::Band { name: "50 % of readings to come".into(), at: band(0.25, 0.75) },
            Layer::Line { name: "median".into(), at: lists.iter().map(|(d, v)| (*d, q(v, 0.5))).collect() },
            Layer::Points { name: "read".into(), at: numbers },
            Layer::Points { name: "too small to measure".into(), at: small },
            Layer::Moment { name: "last look".into(), x: looks.last().map_or(0.0, |l| l.days) },
        ],
    }
}

fn population(
    data: &Data,
    options: &Options,
    known: &super::held_out::Learned,
    how: String,
    control: &Control,
) -> Result<Answer, Failure> {
    let counts = data.counts();
    let mut answer = Answer { assay: "tumour_size".into(), notes: data.notes.clone(), ..Answer::default() };
    answer.notes.push(how);
    let (mut places, mut words) = (reference::places(), Vec::new());
    if options.held_out {
        let settings = Settings { seed: options.seed, ..Settings::default() };
        let plan = Plan { limit: options.limit, settings, ..Plan::default() };
        let (held, found) = control.part(0.2, 0.9, |c| held_out(data, &plan, c))?;
        if held.len() >= 50 {
            places = found;
            words.push(judged(data, &held, &mut answer));
        }
    }
    words.push(format!(
        "{} rows of {} patients: {} patients have three measurements or more and {} six or more, rows without a number \
         included; {} and {} have so many numbers.",
        counts.rows, counts.patients, counts.three_rows, counts.six_rows, counts.three_numbers, counts.six_numbers
    ));
    words.push(format!(
        "{} numbers ({} zeros), {} too small to measure (left-censored at {} mm), {} not evaluable or empty.",
        counts.numbers, counts.zeros, counts.too_small, options.limit, counts.nothing
    ));
    answer.words = words;
    for (model, population) in &known.models[..1] {
        let names = model.parameters();
        for (k, (name, unit, ..)) in names.iter().enumerate() {
            let (mean, sd) = (population.mean[k], population.sd(k));
            answer.estimates.push(Estimate {
                name: format!("population.{name}"),
                value: mean,
                ci95: Some((mean - 1.959964 * sd, mean + 1.959964 * sd)),
                unit: (*unit).into(),
                how: "mean over patients; the interval holds 95 % of patients".into(),
            });
        }
    }
    let list: Vec<&Series> = data.series.iter().collect();
    let next = control.part(0.9, 1.0, |c| {
        map(list.len(), c, |k, _| {
            let looks = telling(list[k]);
            if looks.is_empty() {
                return Ok(None);
            }
            let found = ahead(&looks, options, known, 100, k as u64);
            Ok(Some((found.days[0], intervals(&sorted(&found.paths[0]), &places), found.progressed, found.already)))
        })
    })?;
    let mut rows = Vec::new();
    for (series, next) in list.iter().zip(next) {
        let Some((day, values, progressed, already)) = next else { continue };
        let mut row = vec![Value::Text(series.name()), Value::Text(series.arm.clone()), Value::Real(day)];
        row.extend(values);
        row.push(Value::Real(progressed[progressed.len() - 1]));
        row.push(already.map_or(Value::Nothing, Value::Real));
        rows.push(row);
    }
    let names =
        [&["patient", "arm", "time_days", "median_mm"][..], &INTERVALS, &["progresses_in_horizon", "progressed_day"]];
    answer.tables.push(Table {
        name: "next_visits".into(),
        caption: "A series: its next visit, and the chance of progression within the horizon.".into(),
        columns: columns(&names.concat()),
        rows,
    });
    let said = |name: &str, x: usize| (name.to_string(), Said::Number(x as f64));
    answer.diagnostics = vec![
        said("rows", counts.rows),
        said("patients", counts.patients),
        said("patients_three_measurements", counts.three_rows),
        said("patients_six_measurements", counts.six_rows),
        said("patients_three_numbers", counts.three_numbers),
        said("patients_six_numbers", counts.six_numbers),
    ];
    Ok(answer)
}
