//! What pictures of single patients and of readings need, kept while a study runs, within bounds that do not grow with it.
//!
//! Courses are those of the first [`COURSES`] patients by number that have an outcome: patients are alike in law, so the first
//! are a random sample, and they are the same ones in every arm. Readings are those of the first [`KEPT`] patients at no more
//! than [`VISITS`] visits, evenly spaced by number. Levels and immune cells at the same visits: [`over_time`].

pub mod over_time;

use crate::lesions::{NewLesions, new_lesions};
use crate::measure::channels;
use crate::outcome::{ArmOutcome, DoseChange, Ended};
use crate::recist::{RecistOptions, Response, Series, Visit, assess};
use over_time::OverTime;
use remission_model::resolved::{Model, Study};

/// Patients whose course is kept.
pub const COURSES: usize = 40;
/// Patients whose readings, burdens and last looks are kept for percentiles.
pub const KEPT: usize = 20_000;
/// Visits at which readings are kept.
pub const VISITS: usize = 121;

/// One patient in one arm, as spider and swimmer plots show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Number, from 0.
    pub patient: u32,
    /// Day and sum of diameters (mm) at every look; empty where progression is not assessed.
    pub sums: Vec<(f64, f64)>,
    /// Best overall response, where assessed.
    pub best: Option<Response>,
    /// Day of the first visit with a complete or partial response, before any progression.
    pub responded: Option<f64>,
    /// Day of progression.
    pub progressed: Option<f64>,
    /// Why the run ended.
    pub ended: Ended,
    /// Day on which it ended.
    pub end: f64,
    /// What rules of dose modification did.
    pub dose_changes: Vec<DoseChange>,
}

/// Readings of one channel in one arm at one visit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AtVisit {
    /// Days on which the patients were seen.
    pub days: Vec<f32>,
    /// What was read; 0 is not detected.
    pub readings: Vec<f32>,
}

/// What is kept of an arm.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArmSample {
    /// Courses, by number.
    pub courses: Vec<Course>,
    /// By channel that is not the RECIST sum, then by kept visit.
    pub readings: Vec<Vec<AtVisit>>,
    patients: usize,
}

/// What is kept of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// By arm.
    pub arms: Vec<ArmSample>,
    /// Channels (of [`channels`]) whose readings are kept: all but that of the RECIST sum.
    pub series: Vec<usize>,
    /// Every how many visits readings are kept.
    pub every: usize,
    /// Levels and immune cells.
    pub over_time: OverTime,
    recist: Option<usize>,
    new_lesions: Option<NewLesions>,
}

impl Sample {
    /// Nothing yet.
    pub fn new(model: &Model, study: &Study) -> Self {
        let all = channels(model);
        let recist = study.recist_on.and_then(|m| all.iter().position(|c| c.measurement == m));
        let series: Vec<usize> = (0..all.len()).filter(|c| Some(*c) != recist).collect();
        let shortest = study.visits.spacing.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
        let visits = 2.0 + study.horizon / shortest.max(1e-6);
        let every = (libm::ceil(visits / VISITS as f64) as usize).max(1);
        let new_lesions = study.recist_on.zip(recist).and_then(|(m, first)| new_lesions(model, m, first));
        let arm = ArmSample { readings: vec![Vec::new(); series.len()], ..ArmSample::default() };
        let over_time = OverTime::new(model, study.arms.len());
        Sample { arms: vec![arm; study.arms.len()], series, every, over_time, recist, new_lesions }
    }

    /// Adds a patient with an outcome in every arm.
    pub fn add(&mut self, patient: u32, outcomes: &[ArmOutcome]) {
        self.over_time.add(outcomes, self.every);
        for (kept, arm) in self.arms.iter_mut().zip(outcomes) {
            if kept.courses.len() < COURSES {
                kept.courses.push(course(patient, arm, self.recist, self.new_lesions.as_ref()));
            }
            if kept.patients < KEPT {
                kept.patients += 1;
                for (series, channel) in kept.readings.iter_mut().zip(&self.series) {
                    for (k, seen) in arm.seen.iter().step_by(self.every).enumerate() {
                        if series.len() <= k {
                            series.resize(k + 1, AtVisit::default());
                        }
                        series[k].days.push(seen.time as f32);
                        series[k].readings.push(seen.readings[*channel] as f32);
                    }
                }
            }
        }
    }
}

fn course(patient: u32, arm: &ArmOutcome, recist: Option<usize>, new: Option<&NewLesions>) -> Course {
    let sums: Vec<(f64, f64)> =
        recist.map(|c| arm.seen.iter().map(|s| (s.time, s.readings[c])).collect()).unwrap_or_default();
    let new = |k: usize| new.is_some_and(|n| n.seen(&arm.seen[0].readings, &arm.seen[k].readings));
    let visit = |(k, &(time, sum)): (usize, &(f64, f64))| Visit { time, sum: Some(sum), new_lesion: new(k) };
    let visits: Vec<Visit> = sums.iter().enumerate().skip(1).map(visit).collect();
    let assessed = sums.first().and_then(|&(baseline_time, baseline_sum)| {
        assess(&Series { baseline_time, baseline_sum, visits: &visits }, &RecistOptions::default()).ok()
    });
    let responded = assessed.as_ref().and_then(|a| {
        let until = a.progression.map_or(usize::MAX, |p| p.visit);
        let first = a.responses.iter().take(until).position(|r| r.is_objective())?;
        visits.get(first).map(|v| v.time)
    });
    Course {
        patient,
        best: arm.best,
        responded,
        progressed: arm.time_to_progression.event.then_some(arm.time_to_progression.time),
        ended: arm.ended,
        end: arm.survival.time,
        dose_changes: arm.dose_changes.clone(),
        sums,
    }
}
