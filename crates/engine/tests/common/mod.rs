//! Small models for tests, and z-scores.
#![allow(dead_code)]

use remission_engine::compiled::Compiled;
use remission_model::expr::{Expr, Slot};
use remission_model::resolved::*;
use remission_model::units::Dimension;

pub fn number(x: f64) -> Expr {
    Expr::Number(x)
}

pub fn cell(name: &str, birth: f64, death: f64) -> CellType {
    CellType {
        name: name.into(),
        kind: if name.starts_with('R') { Kind::Resistant } else { Kind::Sensitive },
        mechanism: None,
        birth: number(birth),
        death: number(death),
        immigration: None,
        switches: vec![],
        mutations: vec![],
    }
}

pub fn mutates(to: usize, u: f64) -> Mutation {
    Mutation { to, per_division: true, rate: number(u) }
}

pub fn model(cells: Vec<CellType>, start: &[(usize, f64)]) -> Model {
    Model {
        title: "test".into(),
        question: String::new(),
        citations: vec![],
        parameters: vec![],
        tables: vec![],
        cells,
        levels: vec![],
        drugs: vec![],
        start: Start::Given(start.iter().map(|&(i, x)| (i, number(x))).collect()),
        measurements: vec![],
        death: None,
    }
}

pub fn held_drug() -> Drug {
    Drug {
        name: "drug".into(),
        route: Route::Held,
        clearance: number(1.0),
        volume: number(1.0),
        peripheral: None,
        felt_per_mg_per_l: 1.0,
        felt_unit: "uM".into(),
        felt_scale: 1.0,
        delay: None,
    }
}

pub fn oral_drug(ka: f64, clearance: f64, volume: f64) -> Drug {
    Drug { route: Route::Oral { ka: number(ka) }, clearance: number(clearance), volume: number(volume), ..held_drug() }
}

pub fn every(drug: usize, amount: f64, cycle: f64) -> Regimen {
    let rule = DoseRule { drug, amount, duration: 0.0, offsets: vec![0.0], cycle, from: 0.0, until: f64::INFINITY };
    Regimen { sentences: vec![], rules: vec![rule] }
}

pub fn slot(s: Slot) -> Expr {
    Expr::Slot(s)
}

/// The peer workloads.
pub fn workload(name: &str) -> (Model, f64) {
    let w3 = |s0: f64, u: f64| {
        let mut s = cell("S", 0.14, 0.19);
        s.mutations = vec![mutates(2, u)];
        s.switches = vec![Switch { to: 1, rate: number(1e-4) }];
        let mut p = cell("P", 0.0, 0.0);
        p.kind = Kind::Persister;
        p.switches = vec![Switch { to: 0, rate: number(1e-2) }];
        p.mutations = vec![Mutation { to: 2, per_division: false, rate: number(u) }];
        (model(vec![s, p, cell("R", 0.12, 0.10)], &[(0, s0)]), 365.0)
    };
    match name {
        "W1" => (model(vec![cell("S", 1.0, 0.9)], &[(0, 1000.0)]), 30.0),
        "W2" => {
            let mut s = cell("S", 0.14, 0.12);
            s.mutations = vec![mutates(1, 1e-4)];
            (model(vec![s, cell("R", 0.13, 0.12)], &[(0, 1e4)]), 200.0)
        }
        "W3" => w3(1e9, 1e-9),
        "W3s" => w3(1e5, 1e-5),
        "W3t" => w3(1e12, 1e-12),
        _ => panic!("no workload {name}"),
    }
}

/// Mean, variance and fourth central moment of a sample.
pub fn sample_moments(x: &[f64]) -> (f64, f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let var = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let fourth = x.iter().map(|v| (v - mean).powi(4)).sum::<f64>() / n;
    (mean, var, fourth)
}

/// z-scores of a sample's mean and variance against theory; the variance's from the sample's fourth moment.
pub fn z_scores(x: &[f64], mean: f64, variance: f64) -> (f64, f64) {
    let n = x.len() as f64;
    let (m, v, fourth) = sample_moments(x);
    let z_mean = (m - mean) / (variance / n).sqrt();
    let z_var = (v - variance) / ((fourth - v * v).max(1e-300) / n).sqrt();
    (z_mean, z_var)
}

pub fn compiled(model: &Model) -> Compiled {
    Compiled::new(model)
}

/// A tabulated law.
pub fn table(name: &str, x: &[f64], y: &[f64]) -> Table {
    Table { name: name.into(), x: x.to_vec(), y: y.to_vec(), of: Dimension::PLAIN, gives: Dimension::PLAIN }
}
