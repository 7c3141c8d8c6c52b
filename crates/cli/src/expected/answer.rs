//! What a study answers, in its own figures: the `[[answer]]`s of `expected.toml`, taken of a run and said first.
//!
//! An answer is a quantity as of a published number, without one. It is computed for every arm, or for the arm that is named, with the 95 % interval of
//! chance among the simulated patients.

use super::figure::Found;
use super::gather::{Patients, unit_of};
use super::names::faults_of;
use super::quantity::{Over, Quantity};
use super::spread::{Estimate, NORMAL};
use super::{Asking, Expected};
use crate::load::Loaded;
use crate::report::data::{Answer, ArmAnswer};
use remission_cohort::outcome::PatientOutcome;
use remission_cohort::patient::Method;
use remission_cohort::statistics::proportion::wilson;
use remission_cohort::summary::Gather;
use remission_model::resolved::{Model, Study};

/// Answers that a run is asked for, and what they need of its patients.
pub struct Answers {
    /// By answer and arm.
    asked: Vec<(usize, Asking)>,
    names: Vec<Asking>,
    patients: Patients,
}

impl Answers {
    /// None.
    pub fn none() -> Answers {
        Answers { asked: Vec::new(), names: Vec::new(), patients: Patients::default() }
    }

    /// Those of an entry, or of its variant `set`. What names something that the study does not have is told of and left out.
    pub fn of(expected: &Expected, set: Option<&str>, loaded: &Loaded, study: &Study) -> Answers {
        let mut out = Answers::none();
        for answer in expected.answers.iter().filter(|a| a.set.as_deref() == set) {
            if let Some(fault) = faults_of(answer, loaded).first() {
                warnln!(
                    "note: the answer \"{}\" is left out: {} in line {} of expected.toml; allowed: {}",
                    answer.name,
                    fault.found,
                    fault.line,
                    fault.allowed
                );
                continue;
            }
            let k = out.names.len();
            let every = study.arms.iter().map(|a| a.name.clone());
            let of = answer.arm.clone().map_or_else(|| every.collect(), |arm| vec![arm]);
            out.asked.extend(of.into_iter().map(|arm| (k, Asking { arm: Some(arm), ..answer.clone() })));
            out.names.push(answer.clone());
        }
        for (k, (_, asking)) in out.asked.iter().enumerate() {
            out.patients.keep(k, asking, &loaded.model, study);
        }
        out
    }

    /// Adds a patient.
    pub fn add(&mut self, patient: &PatientOutcome) {
        if !self.asked.is_empty() {
            self.patients.add(patient);
        }
    }

    /// The answers of a run.
    pub fn found(&self, model: &Model, study: &Study, method: Method, gathered: &Gather) -> Vec<Answer> {
        let found = Found { model, study, method, gathered, patients: &self.patients, sigmas: NORMAL };
        let one = |(k, answer): (usize, &Asking)| {
            let own = || self.asked.iter().enumerate().filter(|(_, a)| a.0 == k);
            let arm = |(at, (_, p)): (usize, &(usize, Asking))| {
                let figure = found.figure(at, p);
                let finite = |x: f64| x.is_finite().then_some(x);
                let counted = is_counted(answer);
                let ends = |e: &Estimate| match counted {
                    true => wilson_of(e.value, e.patients),
                    false => [(e.open[0], e.value - NORMAL * e.down), (e.open[1], e.value + NORMAL * e.up)]
                        .map(|(open, end)| (!open && end.is_finite()).then_some(end)),
                };
                let [low, high] = figure.as_ref().map_or([None; 2], ends);
                let arm = p.arm.clone().unwrap_or_default();
                ArmAnswer {
                    arm,
                    value: figure.as_ref().ok().and_then(|e| finite(e.value)),
                    low,
                    high,
                    why: figure.err().unwrap_or_default(),
                }
            };
            let share = is_share(&answer.quantity) && answer.unit.is_none() && answer.against.is_none();
            Answer {
                name: answer.name.clone(),
                unit: answer.unit.clone().unwrap_or_else(|| match answer.against {
                    Some(_) if answer.relation == super::Relation::Ratio => String::new(),
                    _ => unit_of(&answer.quantity, model),
                }),
                share,
                in_table: study.assesses_progression() && is_in_table(answer),
                against: answer.against.clone().unwrap_or_default(),
                arms: own().map(arm).collect(),
            }
        };
        self.names.iter().enumerate().map(one).collect()
    }
}

/// A share of patients who are counted, each once.
fn is_counted(p: &Asking) -> bool {
    let waits = matches!(p.quantity, Quantity::ProgressionFreeAt(_) | Quantity::AliveAt(_));
    is_share(&p.quantity) && !waits && p.against.is_none() && p.unit.is_none()
}

/// Wilson's 95 % interval of a share of so many patients, as the report gives of its shares.
fn wilson_of(share: f64, patients: usize) -> [Option<f64>; 2] {
    let found = wilson(libm::round(share * patients as f64) as u64, patients as u64, 0.95);
    found.map_or([None; 2], |s| [Some(s.interval.lower), Some(s.interval.upper)])
}

/// True for what stands in the table of arms that a run prints.
fn is_in_table(p: &Asking) -> bool {
    let plain = p.unit.is_none() && (p.against.is_none() || p.quantity == Quantity::HazardRatio);
    plain
        && matches!(
            p.quantity,
            Quantity::MedianPfs
                | Quantity::Response
                | Quantity::HazardRatio
                | Quantity::Origin(_)
                | Quantity::Mechanism(_)
        )
}

/// A share of patients, which is said in per cent.
fn is_share(quantity: &Quantity) -> bool {
    match quantity {
        Quantity::Reading(r) => matches!(r.over, Over::Share(..)),
        Quantity::Response
        | Quantity::Mechanism(_)
        | Quantity::Origin(_)
        | Quantity::ProgressionFreeAt(_)
        | Quantity::AliveAt(_)
        | Quantity::EventShare(..)
        | Quantity::RelapseOrigin(..)
        | Quantity::RelapseMechanism(..) => true,
        _ => false,
    }
}
