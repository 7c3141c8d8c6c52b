//! Sound cases: each draws a truth from the prior, simulates data and samples the posterior as the command does, with fewer
//! particles.

use crate::{Fit, assays, patients};
use remission_engine::draw::normal;
use remission_engine::stream::Stream;
use remission_infer::fluctuation::conditions::{Conditions, Fitness};
use remission_infer::fluctuation::fit::Assay;
use remission_infer::fluctuation::posterior::{Mutations, simulate};
use remission_infer::fluctuation::read::{Culture, Experiment};
use remission_infer::jobs::Control;
use remission_infer::prior::Target;
use remission_infer::smc::{Settings, sample};

/// One data set of a number, with chance from the stream.
pub type Once = fn(u64, &mut Stream) -> Fit;

/// Every sound case.
pub fn all() -> Vec<(&'static str, Once)> {
    let mut all: Vec<(&'static str, Once)> = vec![
        ("fluctuation", |k, s| fluctuation(k, s, Fitness::Known(1.0), 0.6)),
        ("fluctuation-fitness", |k, s| fluctuation(k, s, Fitness::Free, 1.0)),
    ];
    all.extend(assays::all());
    all.extend(patients::all());
    all
}

/// A truth from the prior of a target.
pub fn truth(target: &dyn Target, stream: &mut Stream) -> Vec<f64> {
    let z: Vec<f64> = target.parameters().iter().map(|_| normal(stream)).collect();
    target.at(&z)
}

/// The posterior by few particles.
pub fn posterior(target: &(dyn Target + Sync), truth: Vec<f64>, k: u64) -> Fit {
    // Commands take 200 to 500: fewer than 20 a parameter know the cloud too roughly.
    let particles = usize::max(100, 20 * target.parameters().len());
    posterior_by(target, truth, &Settings { particles, forgotten: 0.3, moves: 40, ..Settings::default() }, k)
}

/// The posterior by two runs with these settings.
pub fn posterior_by(target: &(dyn Target + Sync), truth: Vec<f64>, settings: &Settings, k: u64) -> Fit {
    let settings = Settings { runs: 2, again: 0, seed: 1000 + k, ..*settings };
    let draws = sample(target, &settings, &Control::quiet()).expect("nobody interrupts").draws;
    Fit { truth, draws }
}

fn experiment(counts: &[u64]) -> Experiment {
    let of = |n: &u64| Culture { mutants: *n, final_cells: None, plating: None };
    Experiment { name: String::new(), cultures: counts.iter().map(of).collect() }
}

/// Ten cultures. Counts of 200 or more are cut off there where the fitness is known; where it is free, which makes cut-off counts
/// slow to weigh, truth and counts are drawn anew until none is so large.
fn fluctuation(k: u64, stream: &mut Stream, fitness: Fitness, plating: f64) -> Fit {
    const MOST: u64 = 200;
    let free = fitness == Fitness::Free;
    let conditions =
        Conditions { fitness, plating: Some(plating), censor_at: (!free).then_some(MOST), ..Conditions::default() };
    let empty = Assay::new(&experiment(&[0]), &conditions).expect("conditions are in range");
    loop {
        let truth = truth(&Mutations::new(&empty), stream);
        let w = truth.get(1).copied().unwrap_or(1.0);
        let law = empty.law(plating, w).ready(1);
        let counts: Vec<u64> = (0..10).map(|_| simulate(&law, truth[0], 0.0, stream)).collect();
        if free && counts.iter().any(|n| *n > MOST) {
            continue;
        }
        let assay = Assay::new(&experiment(&counts), &conditions).expect("counts are in range");
        return posterior(&Mutations::new(&assay), truth, k);
    }
}
