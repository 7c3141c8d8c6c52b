//! How good forecasts are: every man's last cycle is forecast from the cycles before it, under a population learned from
//! other men; and men are ranked by the probability that treatment fails in that cycle.
//!
//! Men are dealt into three groups in turn; the population for a group is learned from all cycles of the men of other
//! groups, so that nothing of a man's own last cycle, and no outcome of anybody, enters. When treatment is on and off in the
//! forecast cycle is taken as given for the forecast, as it is for the competitor, the cycle before carried forward. It
//! is not used for the ranking, which asks what 32 weeks of treatment from the last visit of the cycle before would do:
//! treatment fails when PSA stands above 4 ng/mL after 24 and after 32 weeks, or rises by half or more over those eight
//! weeks from above 1 ng/mL.

use super::model::{Course, PARAMETERS};
use super::read::{Data, Man, Visit};
use crate::jobs::{Control, Interrupted, map};
use crate::population::{Population, Settings, draws, learn};
use crate::special::quantile;
use crate::tumour_size::held_out::LEVELS;
use remission_engine::stream::{Purpose, Stream};
use std::collections::BTreeMap;

/// A PSA reading that was held out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Held {
    /// Place of the man in the data.
    pub man: usize,
    /// Days since the last visit that was seen.
    pub ahead: f64,
    /// ln PSA read.
    pub read: f64,
    /// Median of ln PSA as forecast: the model's and the cycle before with its drift, blended.
    pub median: f64,
    /// The model's median alone.
    pub alone: f64,
    /// Intervals of 50, 80, 90 and 95 % of ln PSA.
    pub intervals: [(f64, f64); 4],
    /// Whether it was read on treatment, and days into that phase.
    pub phase: (bool, f64),
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

/// Phase (on treatment or off) of every visit of a cycle, days into it, and ln PSA.
fn phases(visits: &[Visit], limit: f64) -> Vec<(bool, f64, Option<f64>)> {
    let (mut begin, mut on, mut out) = (visits.first().map_or(0.0, |v| v.days), true, Vec::new());
    for v in visits {
        // The visit at which treatment stops closes the phase on treatment.
        out.push((on, v.days - begin, log_psa(v, limit)));
        if v.on != on {
            (on, begin) = (v.on, v.days);
        }
    }
    out
}

/// ln PSA of `cycle` carried forward to visits of the next one: at the same number of days into the same phase, on a
/// straight line between readings, the last one beyond them.
pub fn carried(man: &Man, cycle: usize, visits: &[Visit], limit: f64) -> Vec<f64> {
    let all: Vec<Visit> = man.visits.iter().filter(|v| v.cycle == cycle).copied().collect();
    let known = phases(&all, limit);
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
    phases(visits, limit).into_iter().map(|(on, day, _)| at(on, day)).collect()
}

/// By how much ln PSA differs from one cycle to the next at the same time of the same phase: medians over men by phase
/// and spans of eight weeks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drift(BTreeMap<(bool, u32), f64>);

impl Drift {
    fn span(phase: (bool, f64)) -> (bool, u32) {
        (phase.0, (phase.1 / 56.0).clamp(0.0, 8.0) as u32)
    }

    /// From phases and changes; a span with fewer than eight of them has none.
    pub fn of(changes: &[((bool, f64), f64)]) -> Drift {
        let mut lists: BTreeMap<(bool, u32), Vec<f64>> = BTreeMap::new();
        for (phase, change) in changes {
            lists.entry(Drift::span(*phase)).or_default().push(*change);
        }
        let known = lists.into_iter().filter(|(_, list)| list.len() >= 8);
        let middle = known.filter_map(|(span, mut list)| {
            list.sort_by(f64::total_cmp);
            Some((span, quantile(&list, 0.5)?))
        });
        Drift(middle.collect())
    }

    /// The change to expect.
    pub fn at(&self, phase: (bool, f64)) -> f64 {
        self.0.get(&Drift::span(phase)).copied().unwrap_or(0.0)
    }
}

/// Phases and changes of the last cycle of a man from the one before.
fn changes(man: &Man, limit: f64) -> Vec<((bool, f64), f64)> {
    let cycle = man.cycles();
    if cycle < 2 {
        return Vec::new();
    }
    let last: Vec<Visit> = man.visits.iter().filter(|v| v.cycle == cycle).copied().collect();
    let before = carried(man, cycle - 1, &last, limit);
    let rows = phases(&last, limit).into_iter().zip(before);
    rows.filter_map(|((on, day, read), before)| Some(((on, day), read? - before))).collect()
}

/// How a forecast is put together from draws of the model and the cycle before with its drift, learned on other men.
#[derive(Debug, Clone, PartialEq)]
pub struct Blend {
    /// Weight of the model's median, 0 to 1; the rest is the cycle before with its drift.
    pub model: f64,
    /// By what the distances of interval ends from the median are multiplied, for each of [`LEVELS`].
    pub widen: [f64; 4],
    /// Change from cycle to cycle.
    pub drift: Drift,
}

impl Blend {
    /// The middle of a forecast.
    fn middle(&self, h: &Held) -> f64 {
        self.model * h.alone + (1.0 - self.model) * (h.carried + self.drift.at(h.phase))
    }

    /// The weight of least absolute error in steps of 0.1, and the factors with which intervals hold what they say.
    fn of(rows: &[(Held, Vec<f64>)], drift: Drift) -> Blend {
        let mut blend = Blend { model: 0.3, widen: [1.0; 4], drift };
        if rows.len() < 30 {
            return blend;
        }
        let at = |k: u32| Blend { model: f64::from(k) / 10.0, ..blend.clone() };
        let loss = |b: &Blend| rows.iter().map(|(h, _)| (b.middle(h) - h.read).abs()).sum::<f64>();
        if let Some(best) = (0..=10).map(at).min_by(|a, b| loss(a).total_cmp(&loss(b))) {
            blend = best;
        }
        blend.widen = LEVELS.map(|level| {
            let away = |(h, values): &(Held, Vec<f64>)| {
                let away = h.read - blend.middle(h);
                let p = if away > 0.0 { 0.5 + 0.5 * level } else { 0.5 - 0.5 * level };
                away.abs() / (quantile(values, p).unwrap_or(f64::NAN) - h.alone).abs().max(1e-3)
            };
            let mut ratios: Vec<f64> = rows.iter().map(away).collect();
            ratios.sort_by(f64::total_cmp);
            quantile(&ratios, level).unwrap_or(1.0)
        });
        blend
    }
}

/// How a forecast of men is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Limit of the assay, ng/mL; default 0.1.
    pub limit: f64,
    /// Work of the learning, and the seed.
    pub settings: Settings,
}

impl Default for Plan {
    fn default() -> Self {
        Plan { limit: 0.1, settings: Settings { search: 90, average: 40, sweeps: 1, seed: 2026 } }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// Every reading that was held out, man by man.
    pub held: Vec<Held>,
    /// Every man's ranking, from the cycles before his last.
    pub ranked: Vec<Ranked>,
    /// The blend of each group of men.
    pub blends: Vec<Blend>,
}

const GROUPS: usize = 3;

/// Forecasts and ranking of all men who have two cycles or more; with the blend of each group of men.
///
/// The blend for a group is learned on the next group's men, under a population learned from neither.
pub fn held_out(data: &Data, plan: &Plan, control: &Control) -> Result<Judged, Interrupted> {
    let (start, narrow) = start();
    let learn_without = |out: &[usize], c: &Control| {
        let others = (0..data.men.len()).filter(|k| !out.contains(&(k % GROUPS)));
        let course = |k: usize| Course { visits: data.men[k].visits.clone(), limit: plan.limit };
        learn(&others.map(course).collect::<Vec<_>>(), &start, &narrow, &plan.settings, c)
    };
    let forecast = |group: usize, population: &Population, c: &Control| {
        let chosen: Vec<usize> =
            (0..data.men.len()).filter(|k| k % GROUPS == group && data.men[*k].cycles() >= 2).collect();
        map(chosen.len(), c, |index, _| {
            let k = chosen[index];
            let mut stream = Stream::new(plan.settings.seed, k as u64, 0, Purpose::Inference);
            Ok(one(k, &data.men[k], plan.limit, population, &mut stream))
        })
    };
    let (mut held, mut ranked, mut blends) = (Vec::new(), Vec::new(), Vec::new());
    for group in 0..GROUPS {
        let share = |part: f64| (group as f64 + part) / GROUPS as f64;
        let next = (group + 1) % GROUPS;
        let known = control.part(share(0.0), share(0.4), |c| learn_without(&[group], c))?;
        let neither = control.part(share(0.4), share(0.6), |c| learn_without(&[group, next], c))?;
        let others = control.part(share(0.6), share(0.8), |c| forecast(next, &neither, c))?;
        let others: Vec<(Held, Vec<f64>)> = others.into_iter().flat_map(|(rows, _)| rows).collect();
        let apart = data.men.iter().enumerate().filter(|(k, _)| k % GROUPS != group);
        let drift = Drift::of(&apart.flat_map(|(_, m)| changes(m, plan.limit)).collect::<Vec<_>>());
        let blend = Blend::of(&others, drift);
        for (rows, rank) in control.part(share(0.8), share(1.0), |c| forecast(group, &known, c))? {
            ranked.push(rank);
            for (mut h, values) in rows {
                let middle = blend.middle(&h);
                let (mut low, mut high) = (middle, middle);
                h.intervals = std::array::from_fn(|k| {
                    let end = |p: f64| blend.widen[k] * (quantile(&values, p).unwrap_or(f64::NAN) - h.alone);
                    low = low.min(middle + end(0.5 - 0.5 * LEVELS[k]));
                    high = high.max(middle + end(0.5 + 0.5 * LEVELS[k]));
                    (low, high)
                });
                h.median = middle;
                held.push(h);
            }
        }
        blends.push(blend);
    }
    held.sort_by(|a, b| a.man.cmp(&b.man).then(a.ahead.total_cmp(&b.ahead)));
    ranked.sort_by_key(|r| r.man);
    Ok(Judged { held, ranked, blends })
}

/// What the cycles before the last say of it, with the draws of each reading in order.
fn one(
    k: usize,
    man: &Man,
    limit: f64,
    population: &Population,
    stream: &mut Stream,
) -> (Vec<(Held, Vec<f64>)>, Ranked) {
    let cycle = man.cycles();
    let course = Course { visits: man.before(cycle), limit };
    let ahead: Vec<Visit> = man.visits.iter().filter(|v| v.cycle == cycle).copied().collect();
    let now = course.visits.last().map_or(0.0, |v| v.days);
    let sets = draws(&course, population, 150, 3, 5, stream);
    let mut values = vec![Vec::new(); ahead.len()];
    for (theta, _) in &sets {
        for (list, (read, _)) in values.iter_mut().zip(course.ahead(theta, &ahead, stream)) {
            list.push(read.max(libm::log(limit)));
        }
    }
    let carried = carried(man, cycle - 1, &ahead, limit);
    let mut held = Vec::new();
    let phases = phases(&ahead, limit);
    for (((visit, mut values), carried), phase) in ahead.iter().zip(values).zip(carried).zip(phases) {
        let phase = (phase.0, phase.1);
        let Some(read) = log_psa(visit, limit) else { continue };
        values.sort_by(f64::total_cmp);
        let median = quantile(&values, 0.5).unwrap_or(f64::NAN);
        let intervals = [(f64::NAN, f64::NAN); 4];
        held.push((
            Held { man: k, ahead: visit.days - now, read, median, alone: median, intervals, phase, carried },
            values,
        ));
    }
    (held, ranked(k, cycle, &course, &sets, stream))
}

/// What 32 weeks of treatment from the last visit of `course` would do, over draws of a man's parameters.
pub fn ranked(man: usize, cycle: usize, course: &Course, sets: &[(Vec<f64>, f64)], stream: &mut Stream) -> Ranked {
    let treated = course.treated();
    let now = treated.visits.last().map_or(0.0, |v| v.days);
    let visits = [168.0, 224.0].map(|d| Visit { days: now + d, psa: None, on: true, cycle });
    let (mut fails, mut resistant, mut later) = (0.0, 0.0, Vec::new());
    let n = sets.len().max(1) as f64;
    for (theta, _) in sets {
        let path = treated.ahead(theta, &visits, stream);
        let (a, b) = (libm::exp(path[0].1), libm::exp(path[1].1));
        let failed = (a > 4.0 && b > 4.0) || (a > 1.0 && b > 1.5 * a);
        fails += f64::from(u8::from(failed)) / n;
        let cells = treated.cells(theta).after(theta, 224.0, true);
        resistant += cells.resistant / (cells.dependent + cells.tolerant + cells.resistant).max(1e-9) / n;
        later.push(path[1].1);
    }
    later.sort_by(f64::total_cmp);
    Ranked { man, cycle, fails, resistant, log_psa: quantile(&later, 0.5).unwrap_or(f64::NAN) }
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
