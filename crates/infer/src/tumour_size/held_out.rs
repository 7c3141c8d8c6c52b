//! How good forecasts are: the last two numbers of every patient are forecast from what was seen before them.
//!
//! Patients are dealt into groups; the population for a group is learned from the other groups alone, so that no number
//! that is forecast has been seen by anything that forecasts it. (With no groups: one population, learned from series
//! that lack their last two numbers.) Errors are judged in mm on the same patients and looks for every method; an interval covers a look when its
//! number lies within it (both ends included).

use super::competitors::{Fitted, Law, Target, fit};
use super::model::{Below, Curve, Deviation, Lesion, Model, telling};
use super::read::{Data, Look};
use crate::jobs::{Control, Interrupted, map};
use crate::population::{Population, Settings, draws, learn};
use crate::special::quantile;
use remission_engine::stream::{Purpose, Stream};
use std::collections::{BTreeMap, BTreeSet};

/// Coverages that are asked of intervals.
pub const LEVELS: [f64; 4] = [0.5, 0.8, 0.9, 0.95];

/// A number that was held out, and what every method said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Place of the series in the data.
    pub series: usize,
    /// 1 for the last but one, 2 for the last.
    pub step: usize,
    /// Days since the last look that was seen.
    pub ahead: f64,
    /// What was read, mm.
    pub diameter: f64,
    /// The model's median, mm.
    pub median: f64,
    /// Lower and upper ends of the intervals of [`LEVELS`], mm.
    pub intervals: [(f64, f64); 4],
    /// Part of the chance of what was read that lies within each of [`LEVELS`]: 1 or 0, but for a number that is drawn
    /// again and again.
    pub within: [f64; 4],
    /// Share of draws below what was read, and share equal to it.
    pub place: (f64, f64),
    /// The last number carried forward, mm.
    pub carried: f64,
    /// Forecasts of [`Law::ALL`] fitted to volumes, mm.
    pub by_volume: [f64; 4],
    /// The same fitted to diameters.
    pub by_diameter: [f64; 4],
}

/// Splits a series at its last two numbers: looks before them, and the two. None with fewer than `least` numbers.
pub fn split(looks: &[Look], least: usize) -> Option<(Vec<Look>, [Look; 2])> {
    let numbers: Vec<usize> = (0..looks.len()).filter(|k| looks[*k].seen.number().is_some()).collect();
    if numbers.len() < least.max(3) {
        return None;
    }
    let [a, b] = [numbers[numbers.len() - 2], numbers[numbers.len() - 1]];
    Some((looks[..a].to_vec(), [looks[a], looks[b]]))
}

/// The models whose draws make a forecast, in equal parts: growth that goes on as a curve, and none. Where one of them
/// would be wrong about a patient, the pool is less so; weights are not learned.
pub const POOL: [Model; 2] = [
    Model { curve: Curve::Plateau, deviation: Deviation::Level },
    Model { curve: Curve::Still, deviation: Deviation::Level },
];

/// What was learned: how small lesions are written, and a population for each model.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// How records below the limit are written.
    pub below: Below,
    /// Each model with its population.
    pub models: Vec<(Model, Population)>,
}

/// Learns the populations of `models` from series of looks.
pub fn learned(
    models: &[Model],
    looks: &[Vec<Look>],
    limit: f64,
    settings: &Settings,
    control: &Control,
) -> Result<Learned, Interrupted> {
    let below = Below::learn(limit, looks.iter().map(Vec::as_slice));
    let mut found = Vec::new();
    for (k, model) in models.iter().enumerate() {
        let some = looks.iter().filter(|l| !l.is_empty());
        let lesions: Vec<Lesion> = some.map(|l| Lesion { model: *model, looks: l.clone(), below: &below }).collect();
        let (start, narrow) = start(*model);
        let share = |k: usize| k as f64 / models.len() as f64;
        let population = control.part(share(k), share(k + 1), |c| learn(&lesions, &start, &narrow, settings, c))?;
        found.push((*model, population));
    }
    Ok(Learned { below, models: found })
}

/// Readings (mm, 0 for a lesion that is gone) on each of `days` after the last look, `count` from each model.
pub fn readings(learned: &Learned, looks: &[Look], days: &[f64], count: usize, stream: &mut Stream) -> Vec<Vec<f64>> {
    let mut out = vec![Vec::with_capacity(count * learned.models.len()); days.len()];
    for (model, population) in &learned.models {
        let lesion = Lesion { model: *model, looks: looks.to_vec(), below: &learned.below };
        for (theta, _) in draws(&lesion, population, count.div_ceil(4), 3, 1, stream) {
            for _ in 0..4 {
                for (list, value) in out.iter_mut().zip(lesion.ahead(&theta, days, stream)) {
                    list.push(value);
                }
            }
        }
    }
    out
}

/// How a forecast is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan<'a> {
    /// Models whose draws are pooled.
    pub models: &'a [Model],
    /// Limit of measurement, mm.
    pub limit: f64,
    /// Fewest numbers a series must have, 3 or more; default 5.
    pub least: usize,
    /// Groups of patients; a group's population is learned from all looks of the other groups. 0: one population for all,
    /// learned without the last two numbers of anybody.
    pub groups: usize,
    /// Whether the classical laws are fitted as well.
    pub laws: bool,
    /// Work of the learning, and the seed.
    pub settings: Settings,
}

impl Default for Plan<'static> {
    fn default() -> Self {
        Plan { models: &POOL, limit: 5.0, least: 5, groups: 3, laws: true, settings: Settings::default() }
    }
}

/// How the places of what was read among the draws are spread: a forecast whose p-quantile lies above a share F(p) of
/// what is read has it replaced by the quantile at F^-1(p) (Gneiting, Balabdaoui and Raftery 2007, J R Stat Soc B 69:243,
/// for the places; Kuleshov 2018, ICML, for the map). A number that is drawn again and again has its place spread evenly
/// over its chance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Places(Vec<f64>);

impl Places {
    fn of<'a>(rows: impl Iterator<Item = &'a Held>) -> Places {
        let parts = |h: &Held| {
            let (below, equal) = h.place;
            (0..10).map(move |k| below + equal * (f64::from(k) + 0.5) / 10.0)
        };
        let mut places: Vec<f64> = rows.flat_map(parts).collect();
        places.sort_by(f64::total_cmp);
        Places(places)
    }

    /// From levels wanted and levels to read, both rising from 0 to 1; straight lines between them.
    pub fn from_levels(levels: &[(f64, f64)]) -> Places {
        let at = |p: f64| {
            let pair = levels.windows(2).find(|w| p <= w[1].0);
            pair.map_or(p, |w| w[0].1 + (p - w[0].0) / (w[1].0 - w[0].0) * (w[1].1 - w[0].1))
        };
        Places((0..=1000).map(|k| at(f64::from(k) / 1000.0)).collect())
    }

    /// The level at which to read the draws for quantile `p`; `p` itself with fewer than 50 rows to learn from.
    pub fn level(&self, p: f64) -> f64 {
        if self.0.len() < 500 { p } else { quantile(&self.0, p).unwrap_or(p) }
    }
}

/// Forecasts the last two numbers of every series that has enough of them, and the spread of their places.
///
/// With three groups or more, the places that correct the forecasts of a group are those of the next group's patients
/// under a population learned from neither.
pub fn held_out(data: &Data, plan: &Plan, control: &Control) -> Result<(Vec<Held>, Places), Interrupted> {
    let all: Vec<Vec<Look>> = data.series.iter().map(telling).collect();
    // Lesions of one patient stay in one group.
    let patients: BTreeSet<(&str, &str)> = data.series.iter().map(|s| (s.study.as_str(), s.patient.as_str())).collect();
    let numbers: BTreeMap<(&str, &str), usize> = patients.into_iter().enumerate().map(|(k, p)| (p, k)).collect();
    let groups = plan.groups.max(1);
    let group: Vec<usize> =
        data.series.iter().map(|s| numbers[&(s.study.as_str(), s.patient.as_str())] % groups).collect();
    let next = |g: usize| (g + 1) % groups;
    let (mut held, mut all_places) = (Vec::new(), Places::default());
    for g in 0..groups {
        let share = |part: f64| (g as f64 + part) / groups as f64;
        let without = |out: &[usize]| -> Vec<Vec<Look>> {
            (0..all.len()).filter(|k| !out.contains(&group[*k])).map(|k| all[k].clone()).collect()
        };
        let looks: Vec<Vec<Look>> = match plan.groups {
            0 | 1 => all.iter().map(|l| split(l, 3).map_or(Vec::new(), |(seen, _)| seen)).collect(),
            _ => without(&[g]),
        };
        let learn = |looks: &[Vec<Look>], c: &Control| learned(plan.models, looks, plan.limit, &plan.settings, c);
        let known = control.part(share(0.0), share(0.4), |c| learn(&looks, c))?;
        let members = |g: usize| -> Vec<usize> {
            (0..all.len()).filter(|k| group[*k] == g && split(&all[*k], plan.least).is_some()).collect()
        };
        let forecast = |members: Vec<usize>, known: &Learned, laws: bool, c: &Control| {
            let found = map(members.len(), c, |index, _| {
                let k = members[index];
                let of = |(looks, last): (Vec<Look>, [Look; 2])| one(k, &looks, &last, known, plan, laws);
                Ok(split(&all[k], plan.least).map_or(Vec::new(), of))
            })?;
            Ok(found.into_iter().flatten().collect::<Vec<_>>())
        };
        let places = match plan.groups {
            0..=2 => Places::default(),
            _ => {
                let looks = without(&[g, next(g)]);
                let neither = control.part(share(0.4), share(0.6), |c| learn(&looks, c))?;
                let rows = control.part(share(0.6), share(0.8), |c| forecast(members(next(g)), &neither, false, c))?;
                Places::of(rows.iter().map(|(h, _)| h))
            }
        };
        let rows = control.part(share(0.8), share(1.0), |c| forecast(members(g), &known, plan.laws, c))?;
        all_places.0.extend(&places.0);
        held.extend(rows.into_iter().map(|(mut h, values)| {
            let q = |p: f64| quantile(&values, places.level(p)).unwrap_or(f64::NAN);
            h.median = q(0.5);
            h.intervals = LEVELS.map(|l| (q(0.5 - 0.5 * l), q(0.5 + 0.5 * l)));
            h.within = LEVELS.map(|l| {
                let (low, high) = (places.level(0.5 - 0.5 * l), places.level(0.5 + 0.5 * l));
                let (below, equal) = (h.place.0, h.place.1.max(1e-9));
                ((below + equal).min(high) - below.max(low)).max(0.0) / equal
            });
            h
        }));
    }
    all_places.0.sort_by(f64::total_cmp);
    held.sort_by_key(|h| (h.series, h.step));
    Ok((held, all_places))
}

/// What the looks before say of the last two, with the draws in order.
fn one(
    k: usize,
    looks: &[Look],
    last: &[Look; 2],
    learned: &Learned,
    plan: &Plan,
    laws: bool,
) -> Vec<(Held, Vec<f64>)> {
    let numbers: Vec<(f64, f64)> = looks.iter().filter_map(|l| Some((l.days, l.seen.number()?))).collect();
    let (days, sizes): (Vec<f64>, Vec<f64>) = numbers.iter().copied().unzip();
    let carried = sizes.last().copied().unwrap_or(0.0);
    let fits = |target| Law::ALL.map(|law| if laws { fit(law, &days, &sizes, target) } else { None });
    let (volume, diameter) = (fits(Target::Volume), fits(Target::Diameter));
    let now = looks.last().map_or(0.0, |l| l.days);
    let mut stream = Stream::new(plan.settings.seed, k as u64, 0, Purpose::Inference);
    let drawn = readings(learned, looks, &last.map(|l| l.days), 600, &mut stream);
    let mut held = Vec::new();
    for (step, (look, mut values)) in last.iter().zip(drawn).enumerate() {
        values.sort_by(f64::total_cmp);
        let at = |f: &Option<Fitted>| f.as_ref().map_or(carried, |f| f.diameter(look.days));
        let read = look.seen.number().unwrap_or(f64::NAN);
        let share = |test: &dyn Fn(f64) -> bool| {
            values.iter().filter(|v| test(**v)).count() as f64 / values.len().max(1) as f64
        };
        let row = Held {
            series: k,
            step: step + 1,
            ahead: look.days - now,
            diameter: read,
            median: f64::NAN,
            intervals: [(f64::NAN, f64::NAN); 4],
            within: [f64::NAN; 4],
            place: (share(&|v| v < read), share(&|v| v == read)),
            carried,
            by_volume: std::array::from_fn(|i| at(&volume[i])),
            by_diameter: std::array::from_fn(|i| at(&diameter[i])),
        };
        held.push((row, values));
    }
    held
}

/// Mean absolute error of a forecast over rows, mm; not a number without rows.
pub fn error(rows: &[&Held], forecast: impl Fn(&Held) -> f64) -> f64 {
    rows.iter().map(|h| (forecast(h) - h.diameter).abs()).sum::<f64>() / rows.len() as f64
}

/// Share of rows within the interval of [`LEVELS`]`[level]`, ends included; and the same with a number that the forecast
/// says again and again (a repeat, a zero) counted by the part of its chance that lies within (Czado 2009, Biometrics
/// 65:1254), which is what such an interval promises.
pub fn coverage(rows: &[&Held], level: usize) -> (f64, f64) {
    let n = rows.len() as f64;
    let within = |h: &&&Held| h.intervals[level].0 <= h.diameter && h.diameter <= h.intervals[level].1;
    (rows.iter().filter(within).count() as f64 / n, rows.iter().map(|h| h.within[level]).sum::<f64>() / n)
}

/// Where the search for a population starts, and the least standard deviations.
pub fn start(model: Model) -> (Population, Vec<f64>) {
    let all = model.parameters();
    let pick = |f: fn(&super::model::Scale) -> f64| all.iter().map(f).collect::<Vec<f64>>();
    (Population::independent(&pick(|s| s.2), &pick(|s| s.3)), pick(|s| s.4))
}
