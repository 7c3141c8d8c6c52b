//! Workloads with exact theory, run and judged on the user's own machine.
//!
//! Each is a linear branching process of `bench/workloads`, so that means, standard deviations and P(no resistant cell)
//! follow from moment and generating-function equations ([`remission_engine::law`]) and no simulation is needed to judge
//! one. Times are CPU time of the one thread that works, see [`clock`]; what the sample says is in [`sample`].

pub mod clock;
pub mod sample;

use crate::commands::run::progress;
use crate::failure::Exit;
use clock::Clock;
use remission_cohort::patient;
use remission_engine::before::{self, size_at_start};
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::failure::Failure;
use remission_engine::law;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::resolved::{Kind, Model, Study};
use sample::Sample;
use std::sync::atomic::{AtomicBool, Ordering};

/// A workload as shipped.
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    model: &'static str,
    study: &'static str,
    /// Looked at every week, as its study says, and not at the horizon alone.
    pub weekly: bool,
    /// Replicates unless told otherwise, event by event; none where the tumour is too large for that.
    exact: Option<u32>,
}

macro_rules! workload {
    ($name:literal, $weekly:literal, $exact:expr) => {
        Workload {
            name: $name,
            model: include_str!(concat!("../../../../bench/workloads/", $name, "/model.toml")),
            study: include_str!(concat!("../../../../bench/workloads/", $name, "/study.toml")),
            weekly: $weekly,
            exact: $exact,
        }
    };
}

/// All workloads, smallest first.
pub static WORKLOADS: [Workload; 5] = [
    workload!("W1", false, Some(1_000)),
    workload!("W2", false, Some(30)),
    workload!("W3s", false, Some(200)),
    workload!("W3", true, None),
    workload!("W3t", true, None),
];

/// Replicates of a workload that is leaped.
const LEAPS: u32 = 100_000;
/// Replicates between two looks at the bar.
const NOW_AND_THEN: u32 = 256;

impl Workload {
    /// Replicates unless told otherwise; none where this method cannot run it.
    pub fn usual(&self, method: Method) -> Option<u32> {
        match method {
            Method::Leap => Some(LEAPS),
            Method::Exact => self.exact,
        }
    }
}

/// Figures of each cell type, in the model's order; P(no resistant cell) where a type is resistant.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// Means, cells.
    pub mean: Vec<f64>,
    /// Standard deviations, cells.
    pub sd: Vec<f64>,
    /// P(no resistant cell) at the horizon.
    pub none: Option<f64>,
}

/// A workload measured.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Title of the model.
    pub title: String,
    /// Names of the types.
    pub types: Vec<String>,
    /// Replicates.
    pub replicates: u32,
    /// Looks of a replicate.
    pub looks: usize,
    /// CPU milliseconds before the first replicate.
    pub setup_ms: f64,
    /// CPU milliseconds a replicate, set-up spread over all.
    pub ms: f64,
    /// 64-bit random words a replicate.
    pub words: f64,
    /// Of the sample.
    pub seen: Figures,
    /// Of the law.
    pub theory: Figures,
    /// Standard errors between the two; `NaN` where the law leaves no room for chance.
    pub z: Figures,
}

/// Days on which a replicate is looked at: every `week` days if asked, and the horizon.
fn looks(study: &Study, weekly: bool) -> Vec<f64> {
    let mut days: Vec<f64> = Vec::new();
    if weekly {
        days.extend((1..).map(|k| 7.0 * f64::from(k)).take_while(|&day| day < study.horizon));
    }
    days.push(study.horizon);
    days
}

/// Runs `replicates` of `workload` on this thread and compares them with its law; the number of a replicate is its place in the
/// key of its stream. `Ok(None)`: `stop` was raised.
pub fn measure(
    workload: &Workload,
    method: Method,
    replicates: u32,
    seed: u64,
    stop: &AtomicBool,
) -> Result<Option<Measured>, Exit> {
    let broken = |what: &dyn std::fmt::Debug| Exit::refused(format!("error: workload {}: {what:?}", workload.name));
    let clock = Clock::start();
    let model = remission_model::model_from_toml("model.toml", workload.model).map_err(|p| broken(&p))?;
    let study = remission_model::study_from_toml("study.toml", workload.study, workload.name, &model)
        .map_err(|p| broken(&p))?;
    let compiled = Compiled::new(&model);
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let failed = |f: Failure| Exit::refused(format!("error: workload {}: {f}", workload.name));
    let mut stream = Stream::new(seed, 0, 0, Purpose::BeforeTreatment);
    let mut start = before::start(&compiled, &parameters, method, &mut stream).map_err(failed)?;
    start.before_treatment = false;
    let days = looks(&study, workload.weekly);
    let mut tumour = Tumour::new(&compiled, &parameters, start.clone(), method).map_err(failed)?;
    let setup = clock.milliseconds();

    let theory = theory(&compiled, &parameters, &start.by_type(&compiled), study.horizon).map_err(failed)?;
    let resistant = resistant(&model);
    let mut sample = Sample::new(&theory);
    // Streams of its own, so that no workload's z-scores are another's.
    let own = workload.name.bytes().fold(0, |sum, byte| 256 * sum + u64::from(byte));
    let mut words = 0;
    let clock = Clock::start();
    let bar = progress(replicates.into(), &format!("replicates of {}", workload.name), None);
    for replicate in 0..replicates {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if replicate % NOW_AND_THEN == 0 {
            bar.set_position(u64::from(replicate));
        }
        let mut stream = Stream::new(seed, own, u64::from(replicate), Purpose::Treatment);
        tumour.restart(&start);
        for &day in &days {
            tumour.advance(day, f64::INFINITY, &mut stream).map_err(failed)?;
        }
        words += stream.position();
        sample.add(&tumour.state.by_type(&compiled), &resistant);
    }
    let whole = setup + clock.milliseconds();
    bar.finish_and_clear();
    let n = f64::from(replicates);
    Ok(Some(Measured {
        title: model.title.clone(),
        types: model.cells.iter().map(|c| c.name.clone()).collect(),
        replicates,
        looks: days.len(),
        setup_ms: setup,
        ms: whole / n,
        words: words as f64 / n,
        seen: sample.figures(),
        z: sample.z(),
        theory,
    }))
}

fn resistant(model: &Model) -> Vec<bool> {
    model.cells.iter().map(|c| c.kind == Kind::Resistant).collect()
}

/// The law of the counts after `days` from `start` cells of each type, without drug.
fn theory(compiled: &Compiled, parameters: &[f64], start: &[u64], days: f64) -> Result<Figures, Failure> {
    let exposure = Exposure::new(compiled, parameters, 0.0)?;
    let start: Vec<f64> = start.iter().map(|&n| n as f64).collect();
    let moments = law::moments(compiled, parameters, &exposure, &start, days)?;
    let types = compiled.types();
    let marked = resistant(&compiled.model);
    let none = if marked.contains(&true) {
        let lines = law::at_least_one(compiled, parameters, &exposure, &marked, days)?;
        Some(law::none(&start, &lines))
    } else {
        None
    };
    let sd = (0..types).map(|t| moments.covariance[t * types + t].max(0.0).sqrt()).collect();
    Ok(Figures { mean: moments.mean, sd, none })
}

/// Time of a study's patients.
#[derive(Debug, Clone)]
pub struct Patients {
    /// Patients.
    pub replicates: u32,
    /// Arms each of them is followed in.
    pub arms: usize,
    /// Days.
    pub horizon: f64,
    /// CPU milliseconds before the first.
    pub setup_ms: f64,
    /// CPU milliseconds a patient in all arms, set-up spread over all.
    pub ms: f64,
}

/// Runs the first `patients` of the catalogue's study `id` on this thread; no tables are written. `Ok(None)`: `stop` was
/// raised.
pub fn patients(id: &str, patients: u32, seed: u64, stop: &AtomicBool) -> Result<Option<Patients>, Exit> {
    let clock = Clock::start();
    let loaded = crate::load::load(id)?;
    let job = crate::commands::run::job(&loaded, Some(patients), Some(seed), patient::Method::Leap, Some(1))?;
    let setup = clock.milliseconds();
    let clock = Clock::start();
    let bar = progress(patients.into(), &format!("patients of {id}"), None);
    for number in 0..patients {
        if stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        bar.set_position(u64::from(number));
        if let Err((_, why)) = patient::run(&job.compiled, &job.study, number, patient::Method::Leap).arms {
            return Err(Exit::refused(format!("error: {id}, patient {number}: {why}")));
        }
    }
    let whole = setup + clock.milliseconds();
    bar.finish_and_clear();
    Ok(Some(Patients {
        replicates: patients,
        arms: job.study.arms.len(),
        horizon: job.study.horizon,
        setup_ms: setup,
        ms: whole / f64::from(patients),
    }))
}

/// Cells that a workload starts with.
pub fn cells(workload: &Workload) -> f64 {
    let model = remission_model::model_from_toml("model.toml", workload.model);
    model.ok().and_then(|m| size_at_start(&Compiled::new(&m), &[]).ok()).unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekly_looks_end_at_the_horizon_and_meet_no_day_twice() {
        let study = |horizon: &str| {
            let model = remission_model::model_from_toml("model.toml", WORKLOADS[3].model).unwrap();
            let text = WORKLOADS[3].study.replace("365 days", horizon);
            remission_model::study_from_toml("study.toml", &text, "W3", &model).unwrap()
        };
        let year = looks(&study("365 days"), true);
        assert_eq!((year.len(), year[0], year[51], year[52]), (53, 7.0, 364.0, 365.0));
        assert_eq!(looks(&study("14 days"), true), [7.0, 14.0]);
        assert_eq!(looks(&study("365 days"), false), [365.0]);
    }

    /// P(no resistant cell) of W3 as other programs' authors have it, to seven digits.
    #[test]
    fn theory_of_w3_is_the_published_figure() {
        let model = remission_model::model_from_toml("model.toml", WORKLOADS[3].model).unwrap();
        let found = theory(&Compiled::new(&model), &[], &[1_000_000_000, 0, 0], 365.0).unwrap();
        assert!((found.none.unwrap() - 0.606_008_7).abs() < 1e-7, "{found:?}");
    }
}
