//! Explanations of the times at which wells regrew, each with its parameters, priors and likelihood.
//!
//! The likelihood of a well is the chance of its interval under [`super::law`]: P(T <= by) - P(T <= after), or
//! 1 - P(T <= last look) where it never regrew. Chances below 1e-9 count as 1e-9: the law's last digits, and a bound on
//! what one mislabelled well can say. Lines are expected in proportion to the cells plated.

use super::Options;
use super::data::{Experiment, Well};
use super::law::{Clock, Founders, scored_by};
use crate::prior::{Parameter, Target};
use crate::verdict::Origin;

/// An explanation of resistance in wells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Resistant cells were plated, or grew in the well before the drug.
    PreExisting,
    /// Mutations of cells that divide while the drug kills them.
    Cycling,
    /// Mutations that the drug makes while it kills.
    DrugInduced,
    /// Mutations of the few cells that tolerate the drug.
    Persister,
    /// Tolerant cells that resume growth without a mutation.
    NonGenetic,
    /// Resistant cells from before and mutations of tolerant cells, each with a tenth of the lines or more.
    Mixture,
}

impl Kind {
    /// All, in the order in which they are shown and in which options weigh them.
    pub const ALL: [Kind; 6] =
        [Kind::PreExisting, Kind::Cycling, Kind::DrugInduced, Kind::Persister, Kind::NonGenetic, Kind::Mixture];

    /// As in tables and JSON: the name of its origin.
    pub fn name(self) -> &'static str {
        self.origin().name()
    }

    /// Where resistance came from if it is true.
    pub fn origin(self) -> Origin {
        match self {
            Kind::PreExisting => Origin::PreExisting,
            Kind::Cycling => Origin::Cycling,
            Kind::DrugInduced => Origin::DrugInduced,
            Kind::Persister => Origin::Persister,
            Kind::NonGenetic => Origin::NonGenetic,
            Kind::Mixture => Origin::Mixture,
        }
    }

    /// In plain words.
    pub fn words(self) -> &'static str {
        match self {
            Kind::PreExisting => "resistant cells were there when the drug was given",
            Kind::Cycling => "resistance mutations arose in cells that still divided while the drug killed them",
            Kind::DrugInduced => "the drug made resistance mutations while it killed",
            Kind::Persister => "resistance mutations arose in the few cells that tolerate the drug",
            Kind::NonGenetic => "cells that tolerate the drug resumed growth without a mutation, in every well alike",
            Kind::Mixture => "both: resistant cells from before, and mutations of cells that tolerate the drug",
        }
    }

    /// The founders in a reference well that a set of its parameters means.
    pub fn founders(self, at: &[f64], grown: bool) -> Founders {
        let later = |lines: f64, decay: f64| Founders { present: 0.0, grown, later: lines, decay_per_day: decay };
        match self {
            Kind::PreExisting => Founders { present: at[2], grown, later: 0.0, decay_per_day: 1.0 },
            Kind::Mixture => {
                Founders { present: at[2] * at[4], grown, later: at[2] * (1.0 - at[4]), decay_per_day: at[3] }
            }
            _ => later(at[2], at[3]),
        }
    }
}

/// Wells that are alike but for their interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Cells plated as a multiple of the reference well's, above 0.
    pub cells: f64,
    /// Dose as a share of the highest, 0 to 1.
    pub dose: f64,
    /// Days at which the law is wanted, in increasing order.
    pub days: Vec<f64>,
    /// Indices in `days` of each well's ends (none: from 0, or never) with how many wells have them.
    pub intervals: Vec<(Option<usize>, Option<usize>, f64)>,
}

/// Wells in groups, with the well each came from.
pub struct Grouped {
    /// The groups.
    pub groups: Vec<Group>,
    /// Of each well: its group and its interval in it.
    pub places: Vec<(usize, usize)>,
    /// Cells of the reference well; none where no cells are known.
    pub reference_cells: Option<f64>,
    /// Whether wells had more than one dose.
    pub doses_differ: bool,
}

/// Puts wells that are alike together.
pub fn group(experiment: &Experiment) -> Grouped {
    let reference_cells = experiment.usual(|w| w.cells);
    let usual_dose = experiment.usual(|w| w.dose);
    let cells = |w: &Well| reference_cells.map_or(1.0, |r| w.cells.unwrap_or(r) / r);
    let dose_of = |w: &Well| w.dose.or(usual_dose).unwrap_or(1.0);
    let highest = experiment.wells.iter().map(dose_of).fold(0.0, f64::max);
    let dose = |w: &Well| if highest > 0.0 { dose_of(w) / highest } else { 1.0 };
    let mut groups: Vec<Group> = Vec::new();
    for w in &experiment.wells {
        let (cells, dose) = (cells(w), dose(w));
        let k = groups.iter().position(|g| g.cells == cells && g.dose == dose).unwrap_or_else(|| {
            groups.push(Group { cells, dose, days: Vec::new(), intervals: Vec::new() });
            groups.len() - 1
        });
        groups[k].days.extend([Some(w.after_days), w.by_days].into_iter().flatten().filter(|d| *d > 0.0));
    }
    for g in &mut groups {
        g.days.sort_by(f64::total_cmp);
        g.days.dedup();
    }
    let mut places = Vec::new();
    for w in &experiment.wells {
        let (cells, dose) = (cells(w), dose(w));
        let k = groups.iter().position(|g| g.cells == cells && g.dose == dose).unwrap_or(0);
        let g = &mut groups[k];
        let index = |day: f64| g.days.binary_search_by(|d| d.total_cmp(&day)).ok();
        let ends = (index(w.after_days), w.by_days.and_then(index));
        let place = g.intervals.iter().position(|i| (i.0, i.1) == ends).unwrap_or_else(|| {
            g.intervals.push((ends.0, ends.1, 0.0));
            g.intervals.len() - 1
        });
        g.intervals[place].2 += 1.0;
        places.push((k, place));
    }
    let first = groups.first().map_or(1.0, |g| g.dose);
    let doses_differ = groups.iter().any(|g| g.dose != first);
    Grouped { groups, places, reference_cells, doses_differ }
}

/// Smallest chance of an interval.
const LEAST: f64 = 1e-9;

/// One explanation as a target of a sampler.
pub struct Wells<'a> {
    kind: Kind,
    parameters: Vec<Parameter>,
    groups: &'a [Group],
    options: &'a Options,
}

impl<'a> Wells<'a> {
    /// The explanation `kind` of these wells.
    pub fn new(kind: Kind, groups: &'a [Group], options: &'a Options) -> Wells<'a> {
        Wells { kind, parameters: parameters(kind, options), groups, options }
    }

    /// ln of the chance of each interval of a group.
    pub fn log_chances(&self, at: &[f64], group: &Group) -> Vec<f64> {
        let Some(p) = self.scored(at, group.cells, group.dose, &group.days) else {
            return vec![f64::NEG_INFINITY; group.intervals.len()];
        };
        let of = |(after, by, _): &(Option<usize>, Option<usize>, f64)| {
            let until = by.map_or(1.0, |k| p[k]);
            libm::log((until - after.map_or(0.0, |k| p[k])).max(LEAST))
        };
        group.intervals.iter().map(of).collect()
    }

    /// Chance of being scored by each of `days` in a well of so many cells (of the reference) and such a dose (of the
    /// highest); none where the parameters mean no growth.
    pub fn scored(&self, at: &[f64], cells: f64, dose: f64, days: &[f64]) -> Option<Vec<f64>> {
        let (founders, clock) = self.law(at, cells, dose)?;
        Some(scored_by(&founders, &clock, days))
    }

    /// Founders and clock of a well.
    pub fn law(&self, at: &[f64], cells: f64, dose: f64) -> Option<(Founders, Clock)> {
        let usable = |x: f64| x > 0.0 && x.is_finite();
        let decay = at.get(3).copied().unwrap_or(1.0);
        if !(usable(at[0]) && usable(decay)) || at[1] < 0.0 || at[2] < 0.0 {
            return None;
        }
        let factor = if self.kind == Kind::DrugInduced { cells * dose } else { cells };
        let founders = self.kind.founders(at, self.options.grown).times(factor);
        let threshold = self.options.threshold_cells * self.options.survival;
        Some((founders, Clock { growth_per_day: at[0], threshold, scatter: at[1] }))
    }
}

/// Parameters of an explanation with their priors.
pub fn parameters(kind: Kind, options: &Options) -> Vec<Parameter> {
    let lines = match kind {
        Kind::PreExisting => options.lines_before,
        Kind::NonGenetic => options.lines_resuming,
        _ => options.lines_during,
    };
    let mut all = vec![
        Parameter::new("growth_per_day", "1/day", options.growth_per_day),
        Parameter::new("scatter", "", options.scatter),
        Parameter::new("lines_per_well", "", lines),
    ];
    match kind {
        Kind::PreExisting => {}
        Kind::Cycling | Kind::DrugInduced => {
            all.push(Parameter::new("sensitive_decay_per_day", "1/day", options.sensitive_decay_per_day));
        }
        _ => all.push(Parameter::new("persister_decay_per_day", "1/day", options.persister_decay_per_day)),
    }
    if kind == Kind::Mixture {
        all.push(Parameter::new("share_before", "", options.share_before));
    }
    all
}

impl Target for Wells<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        let of = |g: &Group| -> f64 { self.log_chances(at, g).iter().zip(&g.intervals).map(|(l, i)| l * i.2).sum() };
        self.groups.iter().map(of).sum()
    }
}
