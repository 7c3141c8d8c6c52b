//! The peer workloads against their exact theory: mean, standard deviation, P(no resistant cell).
//!
//! Threshold |z| <= 5.1 on at most 30 comparisons: false alarm below 1e-5 a run for the means and probabilities; the
//! variance's z is from the sample's own fourth moment. Seeds are the workload's number and are not chosen.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::resolved::Model;

/// The model and horizon of bench/workloads, as a user would run them.
fn workload_file(name: &str) -> (Model, f64) {
    let folder = format!("{}/../../bench/workloads/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let model = remission_model::model_from_toml("model.toml", &read("model.toml")).unwrap();
    let study = remission_model::study_from_toml("study.toml", &read("study.toml"), name, &model).unwrap();
    (model, study.horizon)
}

/// Looked at `every` so many days.
fn check(name: &str, replicates: u64, every: f64) {
    let (model, horizon) = workload_file(name);
    let compiled = Compiled::new(&model);
    let exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
    let state =
        before::start(&compiled, &[], Method::Leap, &mut Stream::new(1, 0, 0, Purpose::BeforeTreatment)).unwrap();
    let start: Vec<f64> = state.by_type(&compiled).iter().map(|&n| n as f64).collect();
    let theory = law::moments(&compiled, &[], &exposure, &start, horizon).unwrap();
    let types = compiled.types();
    let mut finals = vec![Vec::new(); types];
    let mut tumour = Tumour::new(&compiled, &[], state.clone(), Method::Leap).unwrap();
    let clock = std::time::Instant::now();
    for k in 0..replicates {
        let mut stream = Stream::new(2026, 0, k, Purpose::Treatment);
        tumour.restart(&state);
        let mut look = every;
        while look < horizon {
            tumour.advance(look, f64::INFINITY, &mut stream).unwrap();
            look += every;
        }
        tumour.advance(horizon, f64::INFINITY, &mut stream).unwrap();
        for (t, n) in tumour.state.by_type(&compiled).into_iter().enumerate() {
            finals[t].push(n as f64);
        }
    }
    let each = clock.elapsed().as_secs_f64() * 1e3 / replicates as f64;
    for t in 0..types {
        let (zm, zv) = z_scores(&finals[t], theory.mean[t], theory.covariance[t * types + t]);
        println!(
            "{name} {:>2}  mean {:.6e} z {zm:+.2}   sd {:.4e} z {zv:+.2}   {each:.4} ms a replicate",
            model.cells[t].name,
            theory.mean[t],
            theory.covariance[t * types + t].sqrt()
        );
        assert!(zm.abs() < 5.1 && zv.abs() < 5.1, "{name} {}: z {zm} {zv}", model.cells[t].name);
    }
    if types > 1 {
        let marked: Vec<bool> = model.cells.iter().map(|c| c.name == "R").collect();
        let e = law::at_least_one(&compiled, &[], &exposure, &marked, horizon).unwrap();
        let p = law::none(&start, &e);
        let seen = finals[types - 1].iter().filter(|&&n| n == 0.0).count() as f64 / replicates as f64;
        let z = (seen - p) / (p * (1.0 - p) / replicates as f64).sqrt().max(1e-12);
        println!("{name} P(R = 0) {p:.7}, seen {seen:.4}, z {z:+.2}");
        if p > 1e-6 {
            assert!(z.abs() < 5.1, "{name}: P(R=0) {seen} for {p}");
        }
    }
}

/// 10,000, or as many as the environment says.
fn replicates() -> u64 {
    std::env::var("REPLICATES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000)
}

#[test]
fn w1_birth_death() {
    check("W1", replicates(), f64::INFINITY);
}

#[test]
fn w2_mutation() {
    check("W2", replicates(), f64::INFINITY);
}

#[test]
fn w3s_small() {
    check("W3s", replicates(), f64::INFINITY);
}

#[test]
fn w3_looked_at_weekly() {
    check("W3", replicates(), 7.0);
}

#[test]
fn w3t_largest() {
    check("W3t", replicates(), 7.0);
}
