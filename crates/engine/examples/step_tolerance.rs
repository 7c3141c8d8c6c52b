//! What steps cost and what they err by: a sweep of the limits on their length over three models, from an eighth of the
//! default to sixteen times it.
//!
//! `cargo run --release -p remission-engine --example step_tolerance [REPLICATES [MODEL]] > sweep.csv`; a 50th of the replicates where cells
//! act on each other, and fewer where steps are shorter than by default.
//!
//! Errors are the largest of: mean off in standard deviations, standard deviation off as a share, P(no cell) off, over all
//! types; the references are the exact equations (`law`) where cells do not act on each other, and event by event
//! simulation of four times as many replicates where they do. `noise` is the standard error of that figure.

use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_engine::{before, law};
use remission_model::resolved::Regimen;
use std::time::Instant;

const PERSISTERS: &str = r#"
[model]
title = "Few cells that switch between two states"
[cells.S]
birth = "0.5 /day"
death = "0.6 /day"
switches = [{ to = "P", rate = "0.1 /day" }]
mutates = [{ to = "R", per_division = "0.002" }]
[cells.P]
kind = "persister"
birth = "0.05 /day"
death = "0.05 /day"
switches = [{ to = "S", rate = "0.15 /day" }]
mutates = [{ to = "R", per_time = "0.001 /day" }]
[cells.R]
kind = "resistant"
birth = "0.4 /day"
death = "0.35 /day"
[before_treatment]
start = { S = "30 cells" }
"#;

const CROWDED: &str = r#"
[model]
title = "Two types that share room for 2,000 cells"
[parameters]
room = { value = "2000 cells", assumed = "an example", prior = "uniform(1000 cells, 3000 cells)" }
fast = { value = "0.6 /day", assumed = "an example", prior = "uniform(0.5 /day, 0.7 /day)" }
slow = { value = "0.5 /day", assumed = "an example", prior = "uniform(0.4 /day, 0.6 /day)" }
[cells.S]
birth = "fast * (1 - total / room)"
death = "0.1 /day"
mutates = [{ to = "R", per_division = "0.001" }]
[cells.R]
kind = "resistant"
birth = "slow * (1 - total / room)"
death = "0.1 /day"
[before_treatment]
start = { S = "40 cells", R = "10 cells" }
"#;

/// Of what replicates end in, by type: mean, standard deviation, share without a cell; and the standard error of each as it
/// enters the error below.
type Ends = Vec<[(f64, f64); 3]>;

/// From sums of the powers 1 to 4 of counts less `about`, and the number of zeros.
fn ends(sums: &[[f64; 5]], about: &[f64], n: f64) -> Ends {
    let of = |(s, about): (&[f64; 5], &f64)| {
        let [a, b, c, d] = [s[0] / n, s[1] / n, s[2] / n, s[3] / n];
        let variance = b - a * a;
        let fourth = d - 4.0 * a * c + 6.0 * a * a * b - 3.0 * a.powi(4);
        let of_sd = ((fourth / (variance * variance) - 1.0).max(0.0) / (4.0 * n)).sqrt();
        let p = s[4] / n;
        [(about + a, n.sqrt().recip()), (variance.sqrt(), of_sd), (p, (p * (1.0 - p) / n).sqrt())]
    };
    sums.iter().zip(about).map(of).collect()
}

/// Parameters as the model gives them.
fn values(compiled: &Compiled) -> Vec<f64> {
    compiled.model.parameters.iter().map(|p| p.value).collect()
}

/// Replicates to day `days`, and milliseconds of one thread each.
fn simulate(
    compiled: &Compiled,
    days: f64,
    method: Method,
    tolerance: f64,
    replicates: std::ops::Range<u64>,
    about: &[f64],
) -> (Ends, f64) {
    let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    let parameters = values(compiled);
    let start = before::start(compiled, &parameters, method, &mut stream).expect("a start");
    let mut tumour = Tumour::new(compiled, &parameters, start.clone(), method).expect("a tumour");
    tumour.follow(&Regimen::default());
    tumour.tolerate(tolerance);
    let mut sums = vec![[0.0; 5]; compiled.types()];
    let n = (replicates.end - replicates.start) as f64;
    let began = busy();
    for k in replicates {
        tumour.restart(&start);
        tumour.advance(days, f64::INFINITY, &mut Stream::new(7, 0, k, Purpose::Check)).expect("a run");
        for ((sum, count), about) in sums.iter_mut().zip(tumour.state.by_type(compiled)).zip(about) {
            let x = count as f64 - about;
            let powers = [x, x * x, x * x * x, x * x * x * x, f64::from(u8::from(count == 0))];
            sum.iter_mut().zip(powers).for_each(|(s, p)| *s += p);
        }
    }
    let ms = (busy() - began) * 1e3 / n;
    (ends(&sums, about, n), ms)
}

/// Seconds that this thread has been on a processor, where Linux tells; else seconds.
fn busy() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok());
    told.map_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

/// The exact equations.
fn theory(compiled: &Compiled, days: f64) -> Ends {
    let exposure = Exposure::new(compiled, &[], 0.0).expect("no drug");
    let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    let state = before::start(compiled, &[], Method::Leap, &mut stream).expect("a start");
    let start: Vec<f64> = state.by_type(compiled).iter().map(|&n| n as f64).collect();
    let moments = law::moments(compiled, &[], &exposure, &start, days).expect("moments");
    let n = compiled.types();
    let of = |i: usize| {
        let marked: Vec<bool> = (0..n).map(|j| j == i).collect();
        let some = law::at_least_one(compiled, &[], &exposure, &marked, days).expect("probabilities");
        let sd = moments.covariance[i * n + i].sqrt();
        [(moments.mean[i], 0.0), (sd, 0.0), (law::none(&start, &some), 0.0)]
    };
    (0..n).map(of).collect()
}

/// The largest error and the standard error that it has by chance.
fn error(seen: &Ends, truth: &Ends) -> (f64, f64) {
    let mut largest = (0.0f64, 0.0f64);
    for (s, t) in seen.iter().zip(truth) {
        let off = [(s[0].0 - t[0].0) / t[1].0, s[1].0 / t[1].0 - 1.0, s[2].0 - t[2].0];
        for k in 0..3 {
            if off[k].abs() > largest.0 {
                largest = (off[k].abs(), (s[k].1 * s[k].1 + t[k].1 * t[k].1).sqrt());
            }
        }
    }
    largest
}

fn main() {
    let replicates = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(200_000u64);
    let w3s = format!("{}/../../bench/workloads/W3s/model.toml", env!("CARGO_MANIFEST_DIR"));
    let w3s = std::fs::read_to_string(w3s).expect("bench/workloads/W3s");
    let only = std::env::args().nth(2);
    println!("model,tolerance,ms_per_replicate,error,noise");
    let models = [("W3s", w3s.as_str(), 365.0), ("persisters", PERSISTERS, 60.0), ("crowded", CROWDED, 30.0)];
    for (name, text, days) in models.into_iter().filter(|m| only.as_ref().is_none_or(|only| only == m.0)) {
        let model = remission_model::model_from_toml("model.toml", text).expect("a model");
        let compiled = Compiled::new(&model);
        // Where cells act on each other steps are short, and a replicate takes a hundred times as long.
        let replicates = if compiled.interacting { replicates / 50 } else { replicates };
        let truth = if compiled.interacting {
            let about = vec![0.0; compiled.types()];
            simulate(&compiled, days, Method::Exact, 1.0, 1 << 40..(1 << 40) + 4 * replicates, &about).0
        } else {
            theory(&compiled, days)
        };
        let about: Vec<f64> = truth.iter().map(|t| t[0].0).collect();
        for k in -3..=4 {
            let tolerance = f64::powi(2.0, k);
            let few = if compiled.interacting { replicates as f64 * tolerance.min(1.0) } else { replicates as f64 };
            let (seen, ms) = simulate(&compiled, days, Method::Leap, tolerance, 0..few as u64, &about);
            let (error, noise) = error(&seen, &truth);
            println!("{name},{tolerance},{ms:.5},{error:.2e},{noise:.1e}");
        }
    }
}
