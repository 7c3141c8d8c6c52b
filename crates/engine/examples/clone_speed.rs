//! Nanoseconds of processor time that a leap takes for a clone and a step, in tumours of many small clones (barcoded cells).
//!
//! `cargo run --release -p remission-engine --example clone_speed [PART OF A NAME]`. The fastest of some rounds counts. A clone counts
//! in every step at whose beginning it lives. Time is the thread's own where the system tells it (Linux), else the clock's.

use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use std::time::Instant;

const ROUNDS: u64 = 5;
/// Steps of a round.
const STEPS: usize = 8;

/// Seconds used by this thread.
fn seconds(origin: Instant) -> f64 {
    let own = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = own.and_then(|s| s.split(' ').next().and_then(|x| x.parse::<f64>().ok()));
    nanoseconds.map_or_else(|| origin.elapsed().as_secs_f64(), |n| n * 1e-9)
}

fn main() {
    let part = std::env::args().nth(1).unwrap_or_default();
    let resistant = "[cells.r]\nkind = 'resistant'\nbirth = '0.14 /day'\ndeath = '0.12 /day'\n";
    let kinds = [
        ("one type, founds nothing", "", 7.0),
        ("one type, founds at division", "mutates = [{ to = 'r', per_division = '1e-9' }]\n", 7.0),
        (
            "sensitive and persister, founds",
            "mutates = [{ to = 'r', per_division = '1e-9' }]\nswitches = [{ to = 'p', rate = '0.001 /day' }]\n[cells.p]\nkind = \
             'persister'\nbirth = '0.01 /day'\ndeath = '0.01 /day'\nswitches = [{ to = 's', rate = '0.01 /day' }]\n",
            7.0,
        ),
        (
            "the same, persisters mutate per time",
            "mutates = [{ to = 'r', per_division = '1e-9' }]\nswitches = [{ to = 'p', rate = '0.001 /day' }]\n[cells.p]\nkind = \
             'persister'\nbirth = '0.01 /day'\ndeath = '0.01 /day'\nswitches = [{ to = 's', rate = '0.01 /day' }]\nmutates = [{ to = 'r', \
             per_time = '1e-9 /day' }]\n",
            7.0,
        ),
    ];
    println!("{:<38} {:>9} {:>9} {:>9} {:>14}", "model", "clones", "cells", "steps", "ns clone-step");
    for (name, more, days) in kinds.iter().filter(|k| k.0.contains(&part)) {
        for (clones, cells) in [(1_000_000, 1), (1_000_000, 16), (100_000, 100), (10_000, 1000)] {
            let r = if more.is_empty() { "" } else { resistant };
            let text = format!(
                "[model]\ntitle = 'x'\n[cells.s]\nbirth = '0.14 /day'\ndeath = '0.12 /day'\n{more}{r}[before_treatment]\nstart = {{ s = \
                 '{clones} cells' }}\nbarcodes = 'one per cell'\n"
            );
            let model = remission_model::model_from_toml("model.toml", &text).unwrap();
            let compiled = Compiled::new(&model);
            let mut stream = Stream::new(1, 0, 0, Purpose::Check);
            let mut start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
            for block in &mut start.blocks {
                block.counts.iter_mut().for_each(|n| *n *= cells);
            }
            let origin = Instant::now();
            let mut tumour = Tumour::new(&compiled, &[], start.clone(), Method::Leap).unwrap();
            let (mut best, mut steps) = (f64::INFINITY, 0);
            for round in 0..ROUNDS {
                tumour.restart(&start);
                let mut stream = Stream::new(1, 0, round, Purpose::Check);
                let (mut used, mut lived) = (0.0, 0);
                for k in 1..=STEPS {
                    let (before, taken) = (tumour.state.clones(), tumour.spent().steps);
                    let began = seconds(origin);
                    tumour.advance(days * k as f64, f64::INFINITY, &mut stream).unwrap();
                    used += seconds(origin) - began;
                    lived += before as u64 * (tumour.spent().steps - taken);
                }
                steps = tumour.spent().steps;
                best = f64::min(best, used / lived as f64);
            }
            println!("{name:<38} {clones:>9} {cells:>9} {steps:>9} {:>14.1}", best * 1e9);
        }
    }
}
