//! How much of a leap is its random draws: each workload of `bench/workloads` beside a bare loop of the same draws.
//!
//! `cargo run --release -p remission-engine --features tally --example bare_draws [REPLICATES [WORKLOAD ...]]`. The draws of some replicates are written
//! down (law and arguments) and drawn again from new streams by a loop that does nothing else; words of the engine that belong to no
//! written draw are uniform numbers, drawn again as such. Rounds of both take turns and the fastest of each counts, so that a busy
//! machine matters little. The engine's own time here includes a look whether draws are being written down, a nanosecond or so a
//! draw, which flatters the loop.

use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::draw::tally::{self, Draw};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: u32 = 40;

fn main() {
    let replicates: u64 = std::env::args().nth(1).map_or(200, |n| n.parse().expect("REPLICATES is a number"));
    println!("{:<5} {:>12} {:>12} {:>7}   draws a replicate", "", "leap, ms", "draws, ms", "ratio");
    for (name, weekly) in [("W1", false), ("W2", false), ("W3s", false), ("W3", true), ("W3t", true)] {
        if std::env::args().len() < 3 || std::env::args().skip(2).any(|w| w == name) {
            workload(name, weekly, replicates);
        }
    }
}

fn workload(name: &str, weekly: bool, replicates: u64) {
    let folder = format!("{}/../../bench/workloads/{name}", env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
    let model = remission_model::model_from_toml("model.toml", &read("model.toml")).unwrap();
    let study = remission_model::study_from_toml("study.toml", &read("study.toml"), name, &model).unwrap();
    let compiled = Compiled::new(&model);
    let new = |replicate, purpose| Stream::new(2026, 0, replicate, purpose);
    let mut start = before::start(&compiled, &[], Method::Leap, &mut new(0, Purpose::BeforeTreatment)).unwrap();
    start.before_treatment = false;
    let mut days: Vec<f64> = Vec::new();
    if weekly {
        days.extend((1..).map(|k| 7.0 * f64::from(k)).take_while(|&d| d < study.horizon));
    }
    days.push(study.horizon);
    let mut tumour = Tumour::new(&compiled, &[], start.clone(), Method::Leap).unwrap();
    let mut leap = |replicate: u64| {
        let mut stream = new(replicate, Purpose::Treatment);
        tumour.restart(&start);
        for &day in &days {
            tumour.advance(day, f64::INFINITY, &mut stream).unwrap();
        }
        black_box(tumour.state.total());
        stream.position()
    };
    let mut words = 0;
    let lists: Vec<Vec<Draw>> = (0..replicates).map(|k| tally::record(|| words += leap(k))).collect();
    let most = lists.iter().flatten().map(|d| if let Draw::Multinomial(_, p) = d { p.len() } else { 0 }).max();
    let mut counts = vec![0; most.unwrap_or(0)];
    let mut bare = |uniforms: u64| {
        let mut used = 0;
        for (k, list) in lists.iter().enumerate() {
            let mut stream = new(k as u64, Purpose::Check);
            for draw in list {
                black_box(draw.again(&mut stream, &mut counts));
            }
            // As many a replicate, the remainder in the first ones.
            let mine = uniforms / replicates + u64::from((k as u64) < uniforms % replicates);
            for _ in 0..mine {
                black_box(stream.uniform());
            }
            used += stream.position();
        }
        used
    };
    let uniforms = words.saturating_sub(bare(0));
    let (mut fastest, mut fastest_bare) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        let clock = Instant::now();
        (0..replicates).for_each(|k| {
            leap(k);
        });
        fastest = fastest.min(clock.elapsed().as_secs_f64());
        let clock = Instant::now();
        bare(uniforms);
        fastest_bare = fastest_bare.min(clock.elapsed().as_secs_f64());
    }
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::from([("uniform", uniforms)]);
    for draw in lists.iter().flatten() {
        *kinds.entry(draw.name()).or_default() += 1;
    }
    let each = |n: u64| n as f64 / replicates as f64;
    let kinds: Vec<String> =
        kinds.into_iter().filter(|k| k.1 > 0).map(|(kind, n)| format!("{kind} {:.1}", each(n))).collect();
    let ms = |seconds: f64| 1e3 * seconds / replicates as f64;
    println!(
        "{name:<5} {:>12.6} {:>12.6} {:>7.2}   {}",
        ms(fastest),
        ms(fastest_bare),
        fastest / fastest_bare,
        kinds.join(", ")
    );
}
