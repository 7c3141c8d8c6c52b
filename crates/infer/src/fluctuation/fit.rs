//! Maximum likelihood for cultures: the number of mutations a culture, the rate, and the relative fitness of mutants.

use super::conditions::{Conditions, FITNESS, checked};
use super::law::{Counts, Law, Ready};
use super::read::{Culture, Experiment};
use crate::failure::{Failure, option};
use crate::profile::{Peak, falls_by, highest, polished};
use crate::special::CHI_SQUARE_95;
use crate::words::typed;

/// Distance between the points from which derivatives in ln m and ln w are taken.
const WIDTH: f64 = 2e-3;

/// Cultures of one size and plating.
#[derive(Debug, Clone, PartialEq)]
pub struct Alike {
    /// Final size over the mean of the experiment.
    pub size: f64,
    /// Share plated.
    pub plating: f64,
    /// Cells plated over their mean in the experiment.
    pub plated: f64,
    /// What they showed.
    pub counts: Counts,
}

/// An experiment made ready for its likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Assay {
    /// Its name.
    pub name: String,
    /// Cultures by size and plating.
    pub alike: Vec<Alike>,
    /// Cultures in all.
    pub cultures: usize,
    /// Mean final cells, where known.
    pub cells: Option<f64>,
    /// Largest count.
    pub largest: u64,
    /// Conditions in force.
    pub conditions: Conditions,
    /// What was assumed, a sentence each.
    pub notes: Vec<String>,
}

impl Assay {
    /// Puts an experiment and its conditions together. Errs without cultures, or with conditions out of range.
    pub fn new(experiment: &Experiment, conditions: &Conditions) -> Result<Assay, Failure> {
        checked(conditions)?;
        let cultures = &experiment.cultures;
        if cultures.is_empty() {
            return Err(Failure::Said(format!("experiment `{}` has no culture", experiment.name)));
        }
        if let Some(cells) = conditions.final_cells {
            let needed = |c: &Culture| c.mutants as f64 / conditions.plating.or(c.plating).unwrap_or(1.0);
            let least = libm::ceil(cultures.iter().map(needed).fold(0.0, f64::max));
            let allowed = format!("{} or more, as a culture needs for the mutants counted on its plate", typed(least));
            option("final_cells", cells, cells >= least, &allowed)?;
        }
        let mut notes = Vec::new();
        let known: Vec<f64> = cultures.iter().filter_map(|c| c.final_cells).collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        let cells = conditions.final_cells.or(mean);
        if !known.is_empty() && known.len() < cultures.len() && conditions.final_cells.is_none() {
            notes.push(format!(
                "final_cells is not known for {} of {} cultures; their mean is taken",
                cultures.len() - known.len(),
                cultures.len()
            ));
        }
        let mut conditions = conditions.clone();
        conditions.initial_share = conditions.began_with(cells)?;
        let one_size = conditions.final_cells.is_some() || conditions.final_cells_cv.is_some();
        if conditions.final_cells_cv.is_some()
            && conditions.final_cells.is_none()
            && known.iter().any(|n| *n != known[0])
        {
            notes.push("final_cells differ in the table; --final-cells-cv takes their mean and its own spread".into());
        }
        let mut unknown = 0;
        let mut alike: Vec<Alike> = Vec::new();
        for culture in cultures {
            let size = match (one_size, culture.final_cells, mean) {
                (false, Some(cells), Some(mean)) => cells / mean,
                _ => 1.0,
            };
            let plating = conditions.plating.or(culture.plating).unwrap_or_else(|| {
                unknown += 1;
                1.0
            });
            let place = alike.iter().position(|a| a.size == size && a.plating == plating).unwrap_or_else(|| {
                alike.push(Alike { size, plating, plated: size * plating, counts: Counts::default() });
                alike.len() - 1
            });
            let counts = &mut alike[place].counts;
            let censored = conditions.censor_at.filter(|limit| culture.mutants >= *limit);
            let (list, value) = match censored {
                Some(limit) => (&mut counts.at_least, limit),
                None => (&mut counts.exact, culture.mutants),
            };
            match list.iter_mut().find(|c| c.0 == value) {
                Some(entry) => entry.1 += 1.0,
                None => list.push((value, 1.0)),
            }
        }
        let times = |a: &Alike| a.counts.exact.iter().chain(&a.counts.at_least).map(|c| c.1).sum::<f64>();
        let mean_plated = alike.iter().map(|a| times(a) * a.plated).sum::<f64>() / cultures.len() as f64;
        alike.iter_mut().for_each(|a| a.plated /= mean_plated);
        if unknown > 0 && unknown < cultures.len() {
            notes.push(format!("plating_efficiency is not known for {unknown} cultures; 1 is taken"));
        }
        let largest = cultures.iter().map(|c| c.mutants).max().unwrap_or(0);
        let name = experiment.name.clone();
        Ok(Assay { name, alike, cultures: cultures.len(), cells, largest, conditions, notes })
    }

    /// The law of a group of cultures.
    pub fn law(&self, plating: f64, fitness: f64) -> Law {
        let initial_share = self.conditions.initial_share;
        let cv = self.conditions.final_cells_cv.unwrap_or(0.0);
        Law { fitness, plating, mutant_death: self.conditions.mutant_death, cv, initial_share }
    }

    /// Every group's law, ready for its counts.
    pub fn ready(&self, fitness: f64) -> Vec<Ready> {
        let of = |a: &Alike| {
            let most = a.counts.exact.iter().map(|c| c.0).max().unwrap_or(0);
            self.law(a.plating, fitness).ready(most)
        };
        self.alike.iter().map(of).collect()
    }

    /// ln p(counts | m mutations a culture of the mean size, a Poisson number of mean `after` where the mean number of cells is plated).
    pub fn log_likelihood(&self, ready: &[Ready], m: f64, after: f64) -> f64 {
        let of = |(a, r): (&Alike, &Ready)| r.log_likelihood(m * a.size, after * a.plated, &a.counts);
        self.alike.iter().zip(ready).map(of).sum()
    }

    /// The largest count, and the assay without that culture; none where another has a third as many, where it was cut off, or of fewer
    /// than four cultures.
    pub fn without_the_largest(&self) -> Option<(u64, Assay)> {
        let counts = || self.alike.iter().flat_map(|a| a.counts.exact.iter().chain(&a.counts.at_least));
        let others = counts().map(|c| if c.0 == self.largest { (c.0, c.1 - 1.0) } else { *c });
        let second = others.filter(|c| c.1 > 0.0).map(|c| c.0).max().unwrap_or(0);
        if self.cultures < 4 || 3 * second >= self.largest {
            return None;
        }
        let mut rest = Assay { cultures: self.cultures - 1, largest: second, ..self.clone() };
        let groups = &mut rest.alike;
        let (group, place) = groups
            .iter()
            .enumerate()
            .find_map(|(g, a)| a.counts.exact.iter().position(|c| c.0 == self.largest).map(|place| (g, place)))?;
        groups[group].counts.exact.remove(place);
        groups.retain(|a| !a.counts.exact.is_empty() || !a.counts.at_least.is_empty());
        Some((self.largest, rest))
    }

    /// Whether no culture shows a mutant.
    pub fn none(&self) -> bool {
        self.largest == 0
    }

    /// A number of mutations to start from: the median count over its logarithm, as jackpots do not move it.
    fn start(&self) -> f64 {
        let mut counts: Vec<(u64, f64)> =
            self.alike.iter().flat_map(|a| a.counts.exact.iter().chain(&a.counts.at_least)).copied().collect();
        counts.sort_by_key(|c| c.0);
        let half = self.cultures as f64 / 2.0;
        let mut sum = 0.0;
        let median = counts.iter().find(|c| {
            sum += c.1;
            sum >= half
        });
        let plating = self.alike.iter().map(|a| a.plating).sum::<f64>() / self.alike.len() as f64;
        let median = (median.map_or(0, |c| c.0) as f64 / plating).max(0.5);
        median / libm::log(median + 2.0)
    }

    /// Bounds of m that are looked at.
    fn bounds(&self) -> (f64, f64) {
        let plating = self.alike.iter().map(|a| a.plating).fold(1.0, f64::min);
        (1e-9, 1e3 * (self.largest as f64 + 10.0) / plating)
    }
}

/// A point with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Maximum-likelihood value.
    pub value: f64,
    /// Where twice the profile log-likelihood has fallen by 3.84; 0 or infinite where it does not.
    pub ci95: (f64, f64),
}

/// What maximum likelihood says of an experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Mutations in a culture of the mean size.
    pub m: Point,
    /// Relative fitness, where it was estimated.
    pub fitness: Option<Point>,
    /// Log-likelihood at the maximum.
    pub log_likelihood: f64,
    /// Likelihoods computed.
    pub evaluations: usize,
}

/// The likelihood of an assay as a function of ln m and ln w, which remembers the laws of the last w.
pub struct Surface<'a> {
    assay: &'a Assay,
    ready: Option<(f64, Vec<Ready>)>,
    /// Where the last maximum over m was: a start for the next.
    last: f64,
    /// Likelihoods computed.
    pub evaluations: usize,
}

impl<'a> Surface<'a> {
    /// Of an assay.
    pub fn new(assay: &'a Assay) -> Surface<'a> {
        Surface { assay, ready: None, last: libm::log(assay.start()), evaluations: 0 }
    }

    /// Log-likelihood at ln m and fitness w.
    pub fn at(&mut self, log_m: f64, w: f64) -> f64 {
        self.evaluations += 1;
        if self.ready.as_ref().is_none_or(|r| r.0 != w) {
            self.ready = Some((w, self.assay.ready(w)));
        }
        let ready = self.ready.as_ref().map_or(&[][..], |r| &r.1);
        self.assay.log_likelihood(ready, libm::exp(log_m), 0.0)
    }

    /// Highest over m at fitness w.
    pub fn over_m(&mut self, w: f64) -> Peak {
        let (low, high) = self.assay.bounds();
        let start = self.last;
        let rough = highest(|x| self.at(x, w), start, 0.3, libm::log(low), libm::log(high));
        let peak = polished(|x| self.at(x, w), rough, WIDTH);
        self.last = peak.at;
        peak
    }

    /// Highest over w at ln m, with the fitness where it is so.
    pub fn over_w(&mut self, log_m: f64, start: f64) -> Peak {
        let (low, high) = FITNESS;
        highest(|x| self.at(log_m, libm::exp(x)), start, 0.2, libm::log(low), libm::log(high))
    }

    /// Highest at ln m over whatever is free.
    pub fn best(&mut self, log_m: f64, start: f64) -> f64 {
        match self.assay.conditions.fitness.taken() {
            Some(w) => self.at(log_m, w),
            None => self.over_w(log_m, start).value,
        }
    }
}

/// Fits m, and the fitness where it is free, with profile-likelihood intervals.
///
/// Without mutants m is 0 and its interval ends where all cultures would be empty with chance 0.05. Errs where the
/// fitness is free and all counts are 0.
pub fn fit(assay: &Assay) -> Result<Fit, Failure> {
    let mut surface = Surface::new(assay);
    if assay.none() {
        let Some(w) = assay.conditions.fitness.taken() else {
            return Err(Failure::Said(format!(
                "no culture{} has a mutant, which says nothing of their fitness; give --fitness as a number",
                if assay.name.is_empty() { String::new() } else { format!(" of `{}`", assay.name) }
            )));
        };
        // Every culture empty: ln p falls with m; with equal sizes it is -n m (1 - unseen).
        let zero = Peak { at: libm::log(1e-9), value: 0.0, inside: false };
        let by = -libm::log(0.05);
        let end = falls_by(|x| surface.at(x, w), &zero, by, 1.0, libm::log(1e12)).map_or(f64::INFINITY, libm::exp);
        let m = Point { value: 0.0, ci95: (0.0, end) };
        return Ok(Fit { m, fitness: None, log_likelihood: 0.0, evaluations: surface.evaluations });
    }
    let (low, high) = assay.bounds();
    let (low, high) = (libm::log(low), libm::log(high));
    let half = 0.5 * CHI_SQUARE_95;
    let ends = |down: Option<f64>, up: Option<f64>| (down.map_or(0.0, libm::exp), up.map_or(f64::INFINITY, libm::exp));
    if let Some(w) = assay.conditions.fitness.taken() {
        let peak = surface.over_m(w);
        let down = falls_by(|x| surface.at(x, w), &peak, half, -0.1, low);
        let up = falls_by(|x| surface.at(x, w), &peak, half, 0.1, high);
        let m = Point { value: libm::exp(peak.at), ci95: ends(down, up) };
        return Ok(Fit { m, fitness: None, log_likelihood: peak.value, evaluations: surface.evaluations });
    }
    let (least, most) = (libm::log(FITNESS.0), libm::log(FITNESS.1));
    let rough = highest(|x| surface.over_m(libm::exp(x)).value, 0.0, 0.2, least, most);
    let by_w = polished(|x| surface.over_m(libm::exp(x)).value, rough, WIDTH);
    let at_best = surface.over_m(libm::exp(by_w.at));
    let down = falls_by(|x| surface.over_m(libm::exp(x)).value, &by_w, half, -0.1, least);
    let up = falls_by(|x| surface.over_m(libm::exp(x)).value, &by_w, half, 0.1, most);
    let fitness = Point { value: libm::exp(by_w.at), ci95: ends(down, up) };
    let by_m = Peak { at: at_best.at, value: by_w.value, inside: true };
    let down = falls_by(|x| surface.over_w(x, by_w.at).value, &by_m, half, -0.05, low);
    let up = falls_by(|x| surface.over_w(x, by_w.at).value, &by_m, half, 0.05, high);
    let m = Point { value: libm::exp(at_best.at), ci95: ends(down, up) };
    Ok(Fit { m, fitness: Some(fitness), log_likelihood: by_w.value, evaluations: surface.evaluations })
}
