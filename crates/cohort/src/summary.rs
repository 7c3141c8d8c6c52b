//! What a study says: endpoints by arm, origins and mechanisms at progression, comparisons, burden over time.
//!
//! Patients are added one by one and only what the summary needs is kept, so memory grows by some hundred
//! bytes a patient.

pub mod molecular;

use crate::outcome::{Ended, OriginFound, PatientOutcome, Waited};
use crate::patient::mechanisms;
use crate::recist::Response;
use crate::sample::{KEPT, Sample};
use crate::statistics::cox::{CoxOptions, hazard_ratio};
use crate::statistics::kaplan_meier::{KaplanMeier, KaplanMeierOptions, kaplan_meier};
use crate::statistics::log_rank::log_rank;
use crate::statistics::proportion::{Share, wilson};
use crate::statistics::{Interval, Observation};
use molecular::{Columns, Molecular};
use remission_model::resolved::{Model, Study};

/// Points in time at which the burden's band is kept.
const BAND_POINTS: usize = 121;

/// Gathers a study's results.
#[derive(Debug, Clone)]
pub struct Gather {
    arms: Vec<ArmData>,
    blood: Option<Columns>,
    /// Mechanisms, in order.
    pub mechanisms: Vec<String>,
    /// Days at which the burden is kept.
    pub band_days: Vec<f64>,
    /// Patients tried.
    pub asked: u32,
    /// Patients with an outcome in every arm.
    pub finished: u32,
    /// Patients without: number, arm, reason.
    pub failed: Vec<(u32, Option<usize>, String)>,
    /// Courses and readings of some patients.
    pub sample: Sample,
}

/// One arm's patients.
#[derive(Debug, Clone, Default)]
pub struct ArmData {
    /// As printed.
    pub name: String,
    /// Progression or death, by patient.
    pub progression: Vec<Waited>,
    /// Progression alone.
    pub time_to_progression: Vec<Waited>,
    /// Death.
    pub survival: Vec<Waited>,
    /// Best response where it is assessed.
    pub best: Vec<Option<Response>>,
    /// Rebiopsies by origin, in the order of [`OriginFound::ALL`].
    pub origins: [u64; 5],
    /// Rebiopsies that found each mechanism.
    pub found: Vec<u64>,
    /// Rebiopsies.
    pub rebiopsies: u64,
    /// Best change of the sum of diameters from baseline, a share, by patient; `NaN` where none was measured.
    pub best_change: Vec<f32>,
    /// Burden (cells) at the band's days of the first [`KEPT`] patients, `NaN` once the run has ended; rows by patient.
    pub burden: Vec<f32>,
    /// Patients whose run goes on at the band's days, of all.
    pub followed: Vec<u32>,
    /// Cells of each type at the last look, of the first [`KEPT`] patients.
    pub last: Vec<Vec<f64>>,
    /// Patients without a cell of the tumour at their last look.
    pub gone: u64,
    /// Patients with each event of the model.
    pub events: Vec<u64>,
    /// The days on which each event of the model first happened, of the patients to whom it did.
    pub happened: Vec<Vec<f64>>,
    /// Patients by why their run ended, in the order of [`Ended::ALL`].
    pub ended: [u64; Ended::ALL.len()],
    /// What blood says, by patient; empty where nothing looks at it.
    pub molecular: Vec<Molecular>,
}

impl Gather {
    /// Nothing yet.
    pub fn new(model: &Model, study: &Study) -> Self {
        let mechanisms = mechanisms(model);
        let arms = study
            .arms
            .iter()
            .map(|a| ArmData {
                name: a.name.clone(),
                found: vec![0; mechanisms.len()],
                followed: vec![0; BAND_POINTS],
                events: vec![0; model.events.len()],
                happened: vec![Vec::new(); model.events.len()],
                ..ArmData::default()
            })
            .collect();
        let step = study.horizon / (BAND_POINTS - 1) as f64;
        let band_days = (0..BAND_POINTS).map(|k| k as f64 * step).collect();
        Gather {
            arms,
            blood: Columns::of(model),
            mechanisms,
            band_days,
            asked: study.patients,
            finished: 0,
            failed: Vec::new(),
            sample: Sample::new(model, study),
        }
    }

    /// Adds a patient.
    pub fn add(&mut self, outcome: &PatientOutcome) {
        let arms = match &outcome.arms {
            Ok(arms) => arms,
            Err((arm, reason)) => {
                self.failed.push((outcome.patient, *arm, reason.clone()));
                return;
            }
        };
        self.finished += 1;
        self.sample.add(outcome.patient, arms);
        for (data, arm) in self.arms.iter_mut().zip(arms) {
            data.progression.push(arm.progression);
            data.time_to_progression.push(arm.time_to_progression);
            data.survival.push(arm.survival);
            data.best.push(arm.best);
            data.ended[arm.ended as usize] += 1;
            data.gone += u64::from(arm.seen.last().is_some_and(|seen| seen.total == 0.0));
            for (k, (count, days)) in data.events.iter_mut().zip(&mut data.happened).enumerate() {
                let first = arm.events.iter().find(|e| e.event == k).map(|e| e.time);
                *count += u64::from(first.is_some());
                days.extend(first);
            }
            data.best_change.push(arm.best_change.map_or(f32::NAN, |c| c as f32));
            if let Some(rebiopsy) = &arm.rebiopsy {
                data.rebiopsies += 1;
                for (k, origin) in OriginFound::ALL.iter().enumerate() {
                    data.origins[k] += u64::from(rebiopsy.origin == *origin);
                }
                for (count, found) in data.found.iter_mut().zip(&rebiopsy.found) {
                    *count += u64::from(*found);
                }
            }
            let (mut at, kept) = (0, data.last.len() < KEPT);
            for (&day, followed) in self.band_days.iter().zip(&mut data.followed) {
                while at + 1 < arm.seen.len() && arm.seen[at + 1].time <= day {
                    at += 1;
                }
                let cells = between(arm, at, day);
                *followed += u32::from(cells.is_finite());
                if kept {
                    data.burden.push(cells as f32);
                }
            }
            data.molecular.extend(self.blood.and_then(|columns| columns.read(arm)));
            if let (Some(last), true) = (arm.seen.last(), kept) {
                data.last.push(last.by_type.clone());
            }
        }
    }

    /// Arms, in the study's order.
    pub fn arms(&self) -> &[ArmData] {
        &self.arms
    }

    /// What the study says.
    pub fn summarise(&self) -> Summary {
        let arms: Vec<ArmSummary> = self.arms.iter().map(|a| a.summarise(self.mechanisms.len())).collect();
        let comparisons = (1..self.arms.len()).map(|k| compare(&self.arms[0], &self.arms[k])).collect();
        Summary { arms, comparisons }
    }
}

/// Burden on a day between looks, exponential in between; `NaN` after the last look.
fn between(arm: &crate::outcome::ArmOutcome, at: usize, day: f64) -> f64 {
    let total = |k: usize| arm.seen[k].total;
    match arm.seen.get(at + 1) {
        Some(next) => {
            let now = &arm.seen[at];
            let share = (day - now.time) / (next.time - now.time);
            let (a, z) = (total(at), total(at + 1));
            if a > 0.0 && z > 0.0 { a * libm::pow(z / a, share) } else { a + (z - a) * share }
        }
        None if arm.seen[at].time >= day => total(at),
        None => f64::NAN,
    }
}

/// What a study says.
#[derive(Debug, Clone)]
pub struct Summary {
    /// By arm, in the study's order.
    pub arms: Vec<ArmSummary>,
    /// Every later arm against the first.
    pub comparisons: Vec<Comparison>,
}

/// What an arm says.
#[derive(Debug, Clone)]
pub struct ArmSummary {
    /// As printed.
    pub name: String,
    /// Progression-free survival; `None` without patients.
    pub progression: Option<KaplanMeier>,
    /// Time to progression.
    pub time_to_progression: Option<KaplanMeier>,
    /// Overall survival.
    pub survival: Option<KaplanMeier>,
    /// Complete or partial response among patients assessed.
    pub response: Option<Share>,
    /// Share of each origin among patients who progressed, in the order of [`OriginFound::ALL`]; `None` when nobody did.
    pub origins: Option<[f64; 5]>,
    /// Share of rebiopsies that found each mechanism.
    pub mechanisms: Option<Vec<f64>>,
    /// Patients who progressed.
    pub progressed: u64,
}

impl ArmData {
    fn summarise(&self, mechanisms: usize) -> ArmSummary {
        let curve = |waited: &[Waited]| kaplan_meier(&observations(waited), &KaplanMeierOptions::default()).ok();
        let assessed: Vec<Response> = self.best.iter().filter_map(|b| *b).collect();
        let responded = assessed.iter().filter(|r| r.is_objective()).count() as u64;
        let share = |n: u64| n as f64 / self.rebiopsies as f64;
        let any = self.rebiopsies > 0;
        ArmSummary {
            name: self.name.clone(),
            progression: curve(&self.progression),
            time_to_progression: curve(&self.time_to_progression),
            survival: curve(&self.survival),
            response: wilson(responded, assessed.len() as u64, 0.95).ok(),
            origins: any.then(|| self.origins.map(share)),
            mechanisms: any.then(|| (0..mechanisms).map(|k| share(self.found[k])).collect()),
            progressed: self.rebiopsies,
        }
    }
}

/// One arm against the first, in progression-free survival.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The arm.
    pub arm: String,
    /// The first.
    pub against: String,
    /// Cox hazard ratio with its 95 % interval; `None` where it cannot be estimated.
    pub hazard_ratio: Option<(f64, Interval)>,
    /// Log-rank p-value.
    pub p_value: Option<f64>,
}

fn compare(reference: &ArmData, other: &ArmData) -> Comparison {
    let (a, b) = (observations(&reference.progression), observations(&other.progression));
    let effect = hazard_ratio(&a, &b, &CoxOptions::default()).ok();
    let effect = effect.and_then(|fit| fit.estimate().map(|e| (e.effects[0].hazard_ratio, e.effects[0].interval)));
    Comparison {
        arm: other.name.clone(),
        against: reference.name.clone(),
        hazard_ratio: effect,
        p_value: log_rank(&[&a, &b]).ok().map(|l| l.test.p_value),
    }
}

/// For the statistics, which know nothing of intervals.
pub fn observations(waited: &[Waited]) -> Vec<Observation> {
    waited.iter().map(|w| Observation { time: w.time, event: w.event }).collect()
}
