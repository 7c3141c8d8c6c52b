//! Nanoseconds of processor time an event of exact simulation takes: the peer workloads, and one to a million clones.
//!
//! `cargo run --release -p remission-engine --example exact_speed [PART OF A NAME]`. The fastest of some rounds counts. Time is
//! the thread's own where the system tells it (Linux), else the clock's.

use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::failure::{Budget, Failure};
use remission_engine::state::{Cause, Origin, State};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::resolved::Model;
use std::time::Instant;

const ROUNDS: u64 = 5;

/// Seconds used by this thread.
fn seconds(origin: Instant) -> f64 {
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = own.and_then(|s| s.split(' ').next().and_then(|x| x.parse::<f64>().ok()));
    nanoseconds.map_or_else(|| origin.elapsed().as_secs_f64(), |n| n * 1e-9)
}

fn wanted(name: &str) -> bool {
    std::env::args().nth(1).is_none_or(|part| name.contains(&part))
}

/// Runs `replicates` from one start for `days`, or `most` events each.
fn row(name: &str, compiled: &Compiled, start: &State, days: f64, most: u64, replicates: u64) {
    let origin = Instant::now();
    let (mut best, mut best_each, mut clones) = (f64::INFINITY, 0.0, 0);
    for _ in 0..ROUNDS {
        let (mut events, mut used) = (0, 0.0);
        for k in 0..replicates {
            let mut stream = Stream::new(1, 0, k, Purpose::Check);
            let mut tumour = Tumour::new(compiled, &[], start.clone(), Method::Exact).unwrap();
            tumour.limit(Budget { events: most, ..Budget::default() });
            let began = seconds(origin);
            match tumour.advance(days, f64::INFINITY, &mut stream) {
                Ok(_) | Err(Failure::Budget { .. }) => {}
                Err(failure) => panic!("{failure}"),
            }
            used += seconds(origin) - began;
            events += tumour.spent().events;
            clones = tumour.state.clones();
        }
        if used / (events as f64) < best {
            (best, best_each) = (used / events as f64, used / replicates as f64);
        }
    }
    println!("{name:<38} {:>8.1} {:>12.3} {clones:>10}", best * 1e9, best_each * 1e3);
}

fn workload(name: &str) -> (Model, f64) {
    let folder = format!("{}/../../bench/workloads/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let model = remission_model::model_from_toml("model.toml", &read("model.toml")).unwrap();
    let study = remission_model::study_from_toml("study.toml", &read("study.toml"), name, &model).unwrap();
    (model, study.horizon)
}

fn main() {
    println!("{:<38} {:>8} {:>12} {:>10}", "", "ns/event", "ms/replicate", "clones");
    for (name, replicates) in [("W1", 50), ("W2", 2), ("W3s", 5)] {
        if wanted(name) {
            let (model, days) = workload(name);
            let compiled = Compiled::new(&model);
            let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
            let start = before::start(&compiled, &[], Method::Exact, &mut stream).unwrap();
            row(name, &compiled, &start, days, u64::MAX, replicates);
        }
    }
    let (model, _) = workload("W1");
    let compiled = Compiled::new(&model);
    for clones in [1u64, 100, 10_000, 1_000_000] {
        let name = format!("4 million cells in {clones} clones");
        if wanted(&name) {
            let mut start = State::empty(&compiled);
            for _ in 0..clones {
                start.found(&compiled, 0, 4_000_000 / clones, 0.0, Cause::Start, None, Origin::PreExisting, None);
            }
            row(&name, &compiled, &start, f64::INFINITY, 2_000_000, 1);
        }
    }
}
