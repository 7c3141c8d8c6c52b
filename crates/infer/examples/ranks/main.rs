//! Simulation-based calibration of every assay and sampler, and of twelve samplers broken on purpose.
//!
//!     cargo run --release -p remission-infer --example ranks -- [--fits N] [--state DIR] [CASE ...]
//!
//! For each case parameters are drawn from the prior, data simulated, the posterior sampled, and the ranks of the truth
//! compared with uniform ones inside a simultaneous band. All cases together raise a false alarm with chance 1 %
//! (Bonferroni over parameters); every `broken-...` case must fall outside its band. What was computed is kept in DIR, a line a fit,
//! and not computed again. Exit code 0: every sound case inside, every broken one outside.

mod assays;
mod broken;
mod cases;
mod patients;

use remission_engine::stream::{Purpose, Stream};
use remission_infer::calibration::{rank, uniform};
use remission_infer::jobs::{Control, map};
use remission_model::draws::Draws;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// One data set whose truth is known, and what was inferred.
pub struct Fit {
    /// Parameters from which the data were drawn, in the order of the draws' names.
    pub truth: Vec<f64>,
    /// The posterior.
    pub draws: Draws,
}

/// Draws of a posterior that a rank is taken among.
const KEPT: usize = 99;

fn main() {
    let (mut fits, mut state, mut chosen) = (500usize, PathBuf::from("target/verify-infer"), Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--fits" => fits = args.next().and_then(|n| n.parse().ok()).expect("--fits takes a number"),
            "--state" => state = args.next().map(PathBuf::from).expect("--state takes a folder"),
            _ => chosen.push(arg),
        }
    }
    std::fs::create_dir_all(&state).expect("the folder of the state can be made");
    let mut all = cases::all();
    all.extend(broken::all());
    let picked: Vec<_> =
        all.into_iter().filter(|(name, _)| chosen.is_empty() || chosen.iter().any(|c| c == name)).collect();
    let mut found: Vec<(String, String, f64)> = Vec::new();
    for (name, once) in &picked {
        let began = std::time::Instant::now();
        for (parameter, ranks) in ranks(name, *once, fits, &state.join(format!("{name}.csv"))) {
            let judged = uniform(&ranks, KEPT, 20, 20_000);
            println!("{name}: {parameter}: {} fits, p {:.5}", ranks.len(), judged.p);
            found.push((name.to_string(), parameter, judged.p));
        }
        println!("{name}: {:.0} s in this run", began.elapsed().as_secs_f64());
    }
    let sound = found.iter().filter(|f| !f.0.starts_with("broken-")).count().max(1);
    let bad: Vec<_> = found.iter().filter(|f| !f.0.starts_with("broken-") && f.2 < 0.01 / sound as f64).collect();
    let mut broken: BTreeMap<&str, f64> = BTreeMap::new();
    for f in found.iter().filter(|f| f.0.starts_with("broken-")) {
        let least = broken.entry(&f.0).or_insert(1.0);
        *least = least.min(f.2);
    }
    let missed: Vec<_> = broken.iter().filter(|(_, p)| **p >= 0.01).collect();
    println!("{sound} parameters of sound cases, {} outside the band: {bad:?}", bad.len());
    println!("{} broken samplers, {} not flagged: {missed:?}", broken.len(), missed.len());
    std::process::exit(i32::from(!bad.is_empty() || !missed.is_empty()));
}

/// Ranks by parameter, those of the state file first.
fn ranks(name: &str, once: cases::Once, fits: usize, file: &PathBuf) -> BTreeMap<String, Vec<usize>> {
    let mut lines: BTreeMap<(usize, String), usize> = BTreeMap::new();
    for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
        let mut parts = line.split(',');
        if let (Some(Ok(k)), Some(parameter), Some(Ok(rank))) =
            (parts.next().map(str::parse), parts.next(), parts.next().map(str::parse))
        {
            lines.insert((k, parameter.to_string()), rank);
        }
    }
    let left: Vec<usize> = (0..fits).filter(|k| !lines.keys().any(|(done, _)| done == k)).collect();
    let mut out = std::fs::OpenOptions::new().append(true).create(true).open(file).expect("the state can be written");
    let control = Control { threads: 2, ..Control::quiet() };
    for chunk in left.chunks(20) {
        let done = map(chunk.len(), &control, |i, _| {
            let k = chunk[i];
            let mut stream = Stream::new(7, k as u64, 1, Purpose::Check);
            let fit = once(k as u64, &mut stream);
            let of = |(p, name): (usize, &String)| {
                let values = fit.draws.values(name);
                (
                    k,
                    name.clone(),
                    rank(fit.truth[p], &values, KEPT, &mut Stream::new(8, k as u64, p as u64, Purpose::Check)),
                )
            };
            Ok(fit.draws.names.iter().enumerate().map(of).collect::<Vec<_>>())
        })
        .unwrap_or_default();
        let mut text = String::new();
        for (k, parameter, rank) in done.into_iter().flatten() {
            text += &format!("{k},{parameter},{rank}\n");
            lines.insert((k, parameter), rank);
        }
        out.write_all(text.as_bytes()).expect("the state can be written");
        eprint!("\r{name}: {} of {fits}   ", chunk.last().map_or(0, |k| k + 1));
    }
    eprintln!();
    let mut by: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for ((k, parameter), rank) in lines {
        if k < fits {
            by.entry(parameter).or_default().push(rank);
        }
    }
    by
}
