//! Figures of a small cohort: what is asked of the study at every point.
//!
//! A figure comes with what it would be without each of ten groups of patients (patient k is in group k mod 10), from which the delete-group
//! jackknife gives its variance from patients, var = (9 / 10) sum (f_g - mean of f_g)^2 (Shao & Tu, The Jackknife and Bootstrap, 1995, 1.4), and
//! that of the difference of two figures over the same patients.

use super::mean;
use crate::outcome::{ArmOutcome, OriginFound, Waited};
use crate::patient::mechanisms;
use crate::statistics::Observation;
use crate::statistics::kaplan_meier::{KaplanMeierOptions, kaplan_meier};
use remission_model::resolved::{Model, Study};

/// Groups of the jackknife.
pub const GROUPS: usize = 10;
/// Days in a month.
const MONTH: f64 = 30.4375;

/// Something that is asked of the patients of an arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Quantity {
    /// Mean time without progression or death up to the horizon, months: the area under the Kaplan-Meier curve, which there always is.
    RestrictedPfs,
    /// The same until death, months.
    RestrictedSurvival,
    /// Median progression-free survival, months; none where it is not reached.
    MedianPfs,
    /// Share of patients with a complete or partial response.
    Response,
    /// Share of each origin among patients who progressed (place in [`OriginFound::ALL`]); none where nobody did.
    Origin(usize),
    /// Share of rebiopsies that found a mechanism (place in [`mechanisms`]); none where nobody progressed.
    Mechanism(usize),
    /// Share of patients without a tumour cell at the last look.
    NoTumour,
    /// Mean of ln(cells of the tumour) at the last look, no cell counting as one.
    LnTotal,
    /// Median number of cells of a type at the last look.
    CellsAtEnd(usize),
    /// Median of a level at the last look, in its unit.
    LevelAtEnd(usize),
}

impl Quantity {
    /// As named in tables and on the command line.
    pub fn name(self, model: &Model) -> String {
        match self {
            Quantity::RestrictedPfs => "restricted_pfs_months".into(),
            Quantity::RestrictedSurvival => "restricted_os_months".into(),
            Quantity::MedianPfs => "median_pfs_months".into(),
            Quantity::Response => "response".into(),
            Quantity::Origin(k) => format!("origin.{}", OriginFound::ALL[k].name()),
            Quantity::Mechanism(k) => format!("mechanism.{}", mechanisms(model)[k]),
            Quantity::NoTumour => "no_tumour".into(),
            Quantity::LnTotal => "ln_total".into(),
            Quantity::CellsAtEnd(i) => format!("cells_at_end.{}", model.cells[i].name),
            Quantity::LevelAtEnd(l) => format!("level.{}", model.levels[l].name),
        }
    }

    /// What it is, in words.
    pub fn words(self, model: &Model) -> String {
        match self {
            Quantity::RestrictedPfs => "mean months without progression or death up to the horizon".into(),
            Quantity::RestrictedSurvival => "mean months alive up to the horizon".into(),
            Quantity::MedianPfs => "median months without progression or death".into(),
            Quantity::Response => "share of patients with a response".into(),
            Quantity::Origin(k) => {
                format!("share of {} resistance at progression", OriginFound::ALL[k].name().replace('_', "-"))
            }
            Quantity::Mechanism(k) => format!("share of {} at progression", mechanisms(model)[k]),
            Quantity::NoTumour => "share of patients without tumour cells at the end".into(),
            Quantity::LnTotal => "mean ln of all cells at the end".into(),
            Quantity::CellsAtEnd(i) => format!("median {} cells at the end", model.cells[i].name),
            Quantity::LevelAtEnd(l) => format!("median {} at the end, {}", model.levels[l].name, model.levels[l].unit)
                .trim_end_matches(", ")
                .into(),
        }
    }

    /// All that can be asked of a study, in the order in which they are shown.
    pub fn all(model: &Model, study: &Study) -> Vec<Quantity> {
        let mut all = Vec::new();
        if study.assesses_progression() {
            all.extend([Quantity::RestrictedPfs, Quantity::MedianPfs]);
            all.extend(study.recist_on.map(|_| Quantity::Response));
            all.extend((0..OriginFound::ALL.len()).map(Quantity::Origin));
            all.extend((0..mechanisms(model).len()).map(Quantity::Mechanism));
        }
        if model.death.is_some() {
            all.push(Quantity::RestrictedSurvival);
        }
        all.extend([Quantity::NoTumour, Quantity::LnTotal]);
        all.extend((0..model.cells.len()).map(Quantity::CellsAtEnd));
        all.extend((0..model.levels.len()).map(Quantity::LevelAtEnd));
        all
    }

    /// Those that are asked where nothing is named.
    pub fn usual(model: &Model, study: &Study) -> Vec<Quantity> {
        let assessed = study.assesses_progression();
        let usual = |q: &Quantity| match q {
            Quantity::RestrictedPfs | Quantity::Response | Quantity::Origin(_) => true,
            Quantity::NoTumour | Quantity::LnTotal => true,
            Quantity::LevelAtEnd(_) => !assessed,
            _ => false,
        };
        Quantity::all(model, study).into_iter().filter(usual).collect()
    }
}

/// What is kept of a patient in an arm.
#[derive(Debug, Clone)]
pub struct Seen {
    progression: Waited,
    survival: Waited,
    responded: Option<bool>,
    rebiopsy: Option<(usize, Vec<bool>)>,
    cells: Vec<f64>,
    levels: Vec<f64>,
}

impl Seen {
    /// From an outcome.
    pub fn of(arm: &ArmOutcome) -> Seen {
        let last = arm.seen.last();
        let rebiopsy = arm.rebiopsy.as_ref().map(|r| {
            let origin = OriginFound::ALL.iter().position(|o| *o == r.origin).unwrap_or(OriginFound::ALL.len() - 1);
            (origin, r.found.clone())
        });
        Seen {
            progression: arm.progression,
            survival: arm.survival,
            responded: arm.best.map(|b| b.is_objective()),
            rebiopsy,
            cells: last.map_or(Vec::new(), |s| s.by_type.clone()),
            levels: last.map_or(Vec::new(), |s| s.levels.clone()),
        }
    }
}

/// A figure, and what it would be without each group of patients.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Over all patients; NaN where there is none.
    pub value: f64,
    /// Over all but one group.
    pub without: [f64; GROUPS],
}

impl Figure {
    /// None: the evaluation failed.
    pub const NONE: Figure = Figure { value: f64::NAN, without: [f64::NAN; GROUPS] };

    /// Of some patients of an arm.
    pub fn of(quantity: Quantity, patients: &[Seen], model: &Model, horizon: f64) -> Figure {
        let all: Vec<&Seen> = patients.iter().collect();
        let mut without = [f64::NAN; GROUPS];
        for (group, figure) in without.iter_mut().enumerate() {
            let rest: Vec<&Seen> = all.iter().enumerate().filter(|(k, _)| k % GROUPS != group).map(|p| *p.1).collect();
            *figure = one(quantity, &rest, model, horizon);
        }
        Figure { value: one(quantity, &all, model, horizon), without }
    }

    /// Its variance from patients; NaN where a group cannot be missed.
    pub fn noise(&self) -> f64 {
        jackknife(&self.without)
    }

    /// The variance from patients of its difference from another figure over the same patients.
    pub fn noise_of_difference(&self, other: &Figure) -> f64 {
        let mut apart = self.without;
        apart.iter_mut().zip(&other.without).for_each(|(a, b)| *a -= b);
        jackknife(&apart)
    }
}

fn jackknife(without: &[f64; GROUPS]) -> f64 {
    let m = mean(without);
    let g = GROUPS as f64;
    (g - 1.0) / g * without.iter().map(|f| (f - m) * (f - m)).sum::<f64>()
}

/// A quantity over these patients; NaN where there is none.
fn one(quantity: Quantity, patients: &[&Seen], model: &Model, horizon: f64) -> f64 {
    let share = |yes: usize, of: usize| if of == 0 { f64::NAN } else { yes as f64 / of as f64 };
    let curve = |of: fn(&Seen) -> Waited| {
        let seen = patients.iter().map(|p| of(p)).map(|w| Observation { time: w.time, event: w.event });
        kaplan_meier(&seen.collect::<Vec<_>>(), &KaplanMeierOptions::default()).ok()
    };
    let area = |of: fn(&Seen) -> Waited| {
        curve(of).and_then(|c| c.restricted_mean(horizon).ok()).map_or(f64::NAN, |m| m.mean / MONTH)
    };
    let total = |p: &Seen| model.total(&p.cells);
    let rebiopsies = || patients.iter().filter_map(|p| p.rebiopsy.as_ref());
    match quantity {
        Quantity::RestrictedPfs => area(|p| p.progression),
        Quantity::RestrictedSurvival => area(|p| p.survival),
        Quantity::MedianPfs => {
            curve(|p| p.progression).and_then(|c| c.median().estimate).map_or(f64::NAN, |days| days / MONTH)
        }
        Quantity::Response => {
            let assessed: Vec<bool> = patients.iter().filter_map(|p| p.responded).collect();
            share(assessed.iter().filter(|r| **r).count(), assessed.len())
        }
        Quantity::Origin(k) => share(rebiopsies().filter(|r| r.0 == k).count(), rebiopsies().count()),
        Quantity::Mechanism(k) => share(rebiopsies().filter(|r| r.1[k]).count(), rebiopsies().count()),
        Quantity::NoTumour => share(patients.iter().filter(|p| total(p) < 1.0).count(), patients.len()),
        Quantity::LnTotal => mean(&patients.iter().map(|p| libm::log(total(p).max(1.0))).collect::<Vec<_>>()),
        Quantity::CellsAtEnd(i) => median(patients.iter().filter_map(|p| p.cells.get(i).copied())),
        Quantity::LevelAtEnd(l) => {
            median(patients.iter().filter_map(|p| p.levels.get(l).copied())) / model.levels[l].unit_scale
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    match all.len() {
        0 => f64::NAN,
        n => 0.5 * (all[(n - 1) / 2] + all[n / 2]),
    }
}
