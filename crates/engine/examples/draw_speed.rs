//! Nanoseconds per draw, by regime, beside rand_distr on the same words in the same process.
//!
//! `cargo run --release -p remission-engine --example draw_speed [PART OF A NAME]`. Both sides draw from a [`Stream`] and both choose their method
//! anew for every draw, as a simulation does whose parameters change from step to step. Rounds are short and the fastest counts, so
//! that a busy machine matters little.

use rand_distr::Distribution;
use remission_engine::draw;
use remission_engine::stream::{Purpose, Stream};
use std::hint::black_box;
use std::time::Instant;

const DRAWS: u32 = 10_000;
const ROUNDS: u32 = 150;

fn nanoseconds(mut draw: impl FnMut(&mut Stream) -> f64) -> f64 {
    let mut stream = Stream::new(1, 2, 3, Purpose::Check);
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..DRAWS {
            black_box(draw(&mut stream));
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(DRAWS));
    }
    best
}

fn row(name: &str, here: impl FnMut(&mut Stream) -> f64, there: Option<&mut dyn FnMut(&mut Stream) -> f64>) {
    if std::env::args().nth(1).is_some_and(|part| !name.contains(&part)) {
        return;
    }
    let here = nanoseconds(here);
    match there.map(nanoseconds) {
        Some(there) => println!("{name:<44} {here:>8.1} {there:>11.1}"),
        None => println!("{name:<44} {here:>8.1} {:>11}", "-"),
    }
}

fn main() {
    println!("{:<44} {:>8} {:>11}", "ns per draw", "here", "rand_distr");
    row("word", |s| s.next_u64() as f64, None);
    row("uniform", Stream::uniform, None);
    row(
        "new stream and its first word",
        {
            let mut patient = 0;
            move |_| {
                patient += 1;
                Stream::new(1, patient, 0, Purpose::Check).next_u64() as f64
            }
        },
        None,
    );
    row("exponential", draw::exponential, Some(&mut |s| rand_distr::Exp1.sample(s)));
    row("normal", draw::normal, Some(&mut |s| rand_distr::StandardNormal.sample(s)));
    for shape in [1e-3, 0.5, 1.0, 2.5, 30.0, 1e6, 1e13] {
        let shape = black_box(shape);
        row(
            &format!("gamma, shape {shape:e}"),
            |s| draw::gamma(s, black_box(shape), 2.0),
            Some(&mut |s| rand_distr::Gamma::new(black_box(shape), 2.0).unwrap().sample(s)),
        );
    }
    for mean in [1e-6, 0.01, 0.3, 1.0, 3.0, 9.9, 14.0, 20.0, 30.0, 44.0, 1e3, 1e6, 1e12, 1e15] {
        row(
            &format!("poisson, mean {mean:e}"),
            |s| draw::poisson(s, black_box(mean)) as f64,
            Some(&mut |s| rand_distr::Poisson::new(black_box(mean)).unwrap().sample(s)),
        );
    }
    for (n, p) in [
        (1, 0.3),
        (3, 0.3),
        (10, 0.2),
        (10, 0.95),
        (1_000_000_000, 1e-12),
        (1_000_000_000, 1e-9),
        (1000, 0.009),
        (20, 0.5),
        (100, 0.4),
        (1_000_000, 1e-4),
        (1_000_000_000, 0.3),
        (10_000_000_000_000, 0.9),
        (1 << 53, 0.5),
    ] {
        row(
            &format!("binomial, n {:e}, p {p:e}", n as f64),
            |s| draw::binomial(s, black_box(n), black_box(p)) as f64,
            Some(&mut |s| rand_distr::Binomial::new(black_box(n), black_box(p)).unwrap().sample(s) as f64),
        );
    }
    for (r, odds) in [(1e9, 1e-12), (2.0, 0.5), (20.0, 0.4), (0.5, 30.0), (100.0, 2.0), (1e9, 1e-3), (1e13, 3.0)] {
        row(
            &format!("negative binomial, r {r:e}, odds {odds:e}"),
            |s| draw::negative_binomial_odds(s, black_box(r), black_box(odds)) as f64,
            None,
        );
    }
    for (families, odds) in [(1, 0.2), (1, 5.0), (2, 5.0), (3, 5.0), (4, 5.0), (10, 0.2), (1_000_000, 0.2)] {
        row(
            &format!("family sum, {families} families, odds {odds:e}"),
            |s| draw::geometric_family_sum_odds(s, black_box(families), black_box(odds)) as f64,
            None,
        );
    }
    for n in [3, 1000, 1_000_000_000_000] {
        let mut counts = [0; 4];
        row(
            &format!("multinomial, n {:e}, 4 ways", n as f64),
            |s| draw::multinomial(s, black_box(n), &[0.3, 0.1, 1e-9, 0.2], &mut counts) as f64,
            None,
        );
    }
}
