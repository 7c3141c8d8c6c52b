//! A published number's counterpart in a run: value and Monte Carlo error in the unit of the published number, or why the run
//! gives none.

use super::gather::{Patients, factor, unit_of, unit_of_patient};
use super::quantity::{Law, Over, Quantity};
use super::spread::{self, Estimate, NORMAL, SIGMAS};
use super::{Asking, Relation};
use crate::figures::{MONTH, blood};
use remission_cohort::law::StudyLaw;
use remission_cohort::outcome::OriginFound;
use remission_cohort::patient::Method;
use remission_cohort::statistics::cox::{CoxOptions, hazard_ratio};
use remission_cohort::summary::{ArmData, Gather, observations};
use remission_model::resolved::{Model, Study};

/// mL of plasma in 15 mL of blood.
const TUBE: f64 = 15.0 * 0.55;

/// What a set gave.
pub struct Found<'a> {
    /// Model.
    pub model: &'a Model,
    /// Study, as it was run.
    pub study: &'a Study,
    /// How.
    pub method: Method,
    /// The cohort's summary.
    pub gathered: &'a Gather,
    /// What is kept beside it.
    pub patients: &'a Patients,
    /// Standard errors at whose interval errors are read: they are a quarter of one at four.
    pub sigmas: f64,
}

/// Index of a published number's arm, and of the one it is compared with.
pub fn arms(p: &Asking, study: &Study) -> (usize, Option<usize>) {
    let at = |name: &Option<String>| name.as_ref().and_then(|n| study.arms.iter().position(|a| &a.name == n));
    (at(&p.arm).unwrap_or(0), at(&p.against))
}

impl Found<'_> {
    /// The counterpart of published number `k`.
    pub fn figure(&self, k: usize, p: &Asking) -> Result<Estimate, String> {
        let own = unit_of(&p.quantity, self.model);
        let (arm, against) = arms(p, self.study);
        let plain = against.is_some() && p.relation == Relation::Ratio;
        let own = if plain { "" } else { &own };
        let scale = p.unit.as_ref().map_or(Some(1.0), |unit| factor(own, unit)).ok_or("the unit does not fit")?;
        let found = match &p.quantity {
            Quantity::HazardRatio => self.hazard_ratio(arm, against.unwrap_or(0))?,
            Quantity::Reading(_) => self.reading(k, p.relation)?,
            other => {
                let one = self.one(other, arm)?;
                match against {
                    Some(b) => one.against(self.one(other, b)?, p.relation)?,
                    None => one,
                }
            }
        };
        if found.value.is_finite() { Ok(found.times(scale)) } else { Err("the figure is not finite".into()) }
    }

    fn reading(&self, k: usize, relation: Relation) -> Result<Estimate, String> {
        let kept = self.patients.readings.iter().find(|r| r.0 == k).map(|r| &r.1).ok_or("no patient has an outcome")?;
        let fixed = self.method == Method::Mean;
        match &kept.arms[..] {
            [(_, a), (_, b)] => match kept.over {
                Over::Share(..) => {
                    let of = |x: &[f64]| spread::over(x, &kept.over, kept.scale, fixed, self.sigmas);
                    of(a)?.against(of(b)?, relation)
                }
                _ => spread::paired(a, b, &kept.over, relation, fixed),
            },
            [(_, a), ..] => spread::over(a, &kept.over, kept.scale, fixed, self.sigmas),
            [] => Err("no patient has an outcome".into()),
        }
    }

    fn hazard_ratio(&self, arm: usize, against: usize) -> Result<Estimate, String> {
        let of = |k: usize| observations(&self.gathered.arms()[k].progression);
        if !self.study.assesses_progression() {
            return Err(UNASSESSED.into());
        }
        let fit = hazard_ratio(&of(against), &of(arm), &CoxOptions::default()).map_err(|e| e.to_string())?;
        let effect = fit.estimate().and_then(|e| e.effects.first()).ok_or("one arm has no events at all")?;
        let far = libm::exp(self.sigmas * effect.standard_error);
        let ratio = effect.hazard_ratio;
        Ok(Estimate::between(ratio, ratio / far, ratio * far, self.sigmas, self.gathered.finished as usize))
    }

    /// A quantity of one arm, in its own unit.
    fn one(&self, quantity: &Quantity, arm: usize) -> Result<Estimate, String> {
        let patients = &self.gathered.arms()[arm];
        let assessed = || if self.study.assesses_progression() { Ok(()) } else { Err(UNASSESSED.to_string()) };
        let followed =
            || if self.model.death.is_some() { Ok(()) } else { Err("nobody dies in this model".to_string()) };
        match quantity {
            Quantity::MedianPfs => {
                assessed()?;
                Ok(spread::median_time(&patients.progression, self.sigmas)?.times(1.0 / MONTH))
            }
            Quantity::MedianOs => {
                followed()?;
                Ok(spread::median_time(&patients.survival, self.sigmas)?.times(1.0 / MONTH))
            }
            Quantity::ProgressionFreeAt(day) => {
                assessed()?;
                spread::free_at(&patients.progression, *day, self.sigmas)
            }
            Quantity::AliveAt(day) => {
                followed()?;
                spread::free_at(&patients.survival, *day, self.sigmas)
            }
            Quantity::Response => {
                assessed()?;
                let best: Vec<_> = patients.best.iter().filter_map(|b| *b).collect();
                spread::share(best.iter().filter(|b| b.is_objective()).count() as u64, best.len() as u64, self.sigmas)
            }
            Quantity::Mechanism(name) => {
                let at = self.gathered.mechanisms.iter().position(|m| m == name).ok_or("no such mechanism")?;
                spread::share(patients.found[at], patients.rebiopsies, self.sigmas).map_err(nobody)
            }
            Quantity::Origin(name) => {
                let at = OriginFound::ALL.iter().position(|o| o.name() == name).ok_or("no such origin")?;
                spread::share(patients.origins[at], patients.rebiopsies, self.sigmas).map_err(nobody)
            }
            Quantity::RelapseOrigin(name, between) => {
                let (from, to) = between.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
                let all = self.patients.relapses.get(arm).map_or(&[][..], Vec::as_slice);
                let inside: Vec<_> = all.iter().filter(|r| r.0 >= from && r.0 <= to).collect();
                let mine = inside.iter().filter(|r| r.1.name() == name).count();
                spread::share(mine as u64, inside.len() as u64, self.sigmas)
                    .map_err(|_| "nobody progressed between these days".into())
            }
            Quantity::CellsAtEnd(name) => self.last(patients, name),
            Quantity::Blood(name) => molecular(patients, name),
            Quantity::RelapseMechanism(name, between) => {
                let (from, to) = between.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
                let all = self.patients.relapses.get(arm).map_or(&[][..], Vec::as_slice);
                let inside = || all.iter().filter(|r| r.0 >= from && r.0 <= to);
                let at = self.gathered.mechanisms.iter().position(|m| m == name);
                let found = |r: &&(f64, OriginFound, Vec<bool>)| match at {
                    Some(k) => r.2.get(k) == Some(&true),
                    None => r.2.contains(&true),
                };
                spread::share(inside().filter(found).count() as u64, inside().count() as u64, self.sigmas)
                    .map_err(|_| "nobody progressed between these days".into())
            }
            Quantity::EventShare(name, by) => {
                let days = self.first_days(name, arm)?;
                let by = by.unwrap_or(self.study.horizon);
                spread::share(days.iter().filter(|d| **d <= by).count() as u64, days.len() as u64, self.sigmas)
            }
            Quantity::EventMedianDays(name, since) => {
                let days: Vec<f64> = self.first_days(name, arm)?.into_iter().filter(|d| d.is_finite()).collect();
                let days: Vec<f64> = days.into_iter().map(|d| d - since).collect();
                spread::over(&days, &Over::Median, 1.0, false, self.sigmas)
                    .map_err(|_| format!("nobody had the event {name}"))
            }
            Quantity::Correlation(pair) => {
                let at = |name: &String| self.model.parameters.iter().position(|p| &p.name == name);
                let of = |name| -> Vec<f64> {
                    let value =
                        |t: &Vec<(usize, f64)>| t.iter().find(|c| Some(c.0) == at(name)).map_or(f64::NAN, |c| c.1);
                    self.patients.traits.iter().map(value).collect()
                };
                spread::correlation(&of(&pair[0]), &of(&pair[1]), self.sigmas)
            }
            Quantity::Reading(_) | Quantity::HazardRatio | Quantity::Law(_) | Quantity::Elsewhere => {
                Err("not a quantity of one arm".into())
            }
        }
    }

    /// Day of the first event of this name of every patient; infinity without.
    fn first_days(&self, name: &str, arm: usize) -> Result<Vec<f64>, String> {
        let of = |e: &remission_model::resolved::Event| self.model.levels[e.level].name == name;
        let event = self.model.events.iter().position(of).ok_or_else(|| format!("the model has no event {name}"))?;
        let none = || vec![f64::INFINITY; self.patients.traits.len()];
        Ok(self.patients.events.get(arm).and_then(|e| e.get(event)).cloned().unwrap_or_else(none))
    }

    fn last(&self, patients: &ArmData, name: &str) -> Result<Estimate, String> {
        let at = self.model.cells.iter().position(|c| c.name == name);
        let cells = |row: &Vec<f64>| at.map_or_else(|| self.model.total(row), |k| row[k]);
        let all: Vec<f64> = patients.last.iter().map(cells).collect();
        spread::over(&all, &Over::Median, 1.0, self.method == Method::Mean, self.sigmas)
    }
}

const UNASSESSED: &str = "the study assesses no progression (recist_on, progression_when)";

fn nobody(_: String) -> String {
    "nobody progressed".into()
}

/// A figure of the first ctDNA measurement, from its 95 % interval.
fn molecular(patients: &ArmData, name: &str) -> Result<Estimate, String> {
    let b = blood::blood(patients).ok_or("nothing looks at blood")?;
    let found = match name {
        "ctdna_ge_per_15_ml_and_cm3" => b.ge_per_ml_and_1e9_cells.map(|(x, a, z)| (TUBE * x, TUBE * a, TUBE * z)),
        "ctdna_share_of_10_cm3" => b.share_per_1e10_cells,
        "ctdna_detected" => b.detected,
        "ctdna_fall_of_responders" => b.fall_of_responders,
        "ctdna_ge_fall_at_first_visit" => b.first_fall_of_responders,
        "ctdna_cleared_hazard_ratio" => b.cleared_hazard_ratio,
        _ => b.lead_days,
    };
    let (x, low, high) = found.ok_or("no patient gives it")?;
    Ok(Estimate::between(x, low, high, NORMAL, patients.molecular.len()))
}

/// A probability by the exact law averaged over patients, of a study whose horizon is the day asked for.
pub fn of_law(law: &Law, found: &StudyLaw, arm: usize) -> Result<Estimate, String> {
    let arm = found.arms.get(arm).ok_or("no such arm")?;
    if let Some((number, why)) = arm.failed.first() {
        return Err(format!("{} patients have no law, the first (patient {number}): {why}", arm.failed.len()));
    }
    let value = if law.resistant { arm.days.last().ok_or("no days")?.no_resistant } else { arm.cure };
    // Patients' own probabilities scatter less than yes and no do, so this error is not too small.
    let holding = libm::round(value * f64::from(arm.patients)) as u64;
    let error = spread::share(holding, arm.patients.into(), SIGMAS)?;
    Ok(Estimate { value, ..error })
}

/// What a patient's own number is multiplied by, and a threshold is in, where it has a unit of its own.
pub fn threshold_scale(p: &Asking, model: &Model) -> f64 {
    match &p.quantity {
        Quantity::Reading(r) => match &r.over {
            Over::Share(_, t) if !t.unit.is_empty() => factor(&t.unit, &unit_of_patient(r, model)).unwrap_or(f64::NAN),
            _ => 1.0,
        },
        _ => 1.0,
    }
}
