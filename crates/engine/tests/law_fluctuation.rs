//! Luria and Delbrueck's experiment: mutants in a culture grown from one cell without death.
//!
//! The limit is p_0 = e^-m, p_n = (m/n) Sum_{i<n} p_i / (n - i + 1) with m = u M (Ma, Sandri & Sarkar 1992). At a finite
//! size the law is a chain: among N cells with R mutants the next division makes a mutant with probability
//! (R + (N - R) u) / N; carried from 1 to M it is exact, and the distance to the limit is printed and bounded. Engine
//! and chain are compared by a chi-square with a false-alarm rate of 1e-6 a test (2e-6 for the file). Seeds are
//! numbers in order.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::tumour::Method;
use remission_model::resolved::{Regimen, Start};
use statrs::distribution::{ChiSquared, ContinuousCDF};

const ALARM: f64 = 1e-6;
const SIZE: usize = 100_000;
const U: f64 = 2e-5;

/// Luria-Delbrueck probabilities of 0, 1, ..., `most` mutants.
fn limit_law(m: f64, most: usize) -> Vec<f64> {
    let mut p = vec![(-m).exp()];
    for n in 1..=most {
        let sum: f64 = (0..n).map(|i| p[i] / (n - i + 1) as f64).sum();
        p.push(m / n as f64 * sum);
    }
    p
}

/// The same at exactly `size` cells, mutants counted up to `most`; mutants are never lost, so nothing flows back.
fn finite_law(u: f64, size: usize, most: usize) -> Vec<f64> {
    let mut p = vec![0.0; most + 1];
    p[0] = 1.0;
    for cells in 1..size {
        let all = cells as f64;
        for r in (0..=most.min(cells)).rev() {
            let gain = |r: usize| (r as f64 + (all - r as f64) * u) / all;
            p[r] *= 1.0 - gain(r);
            if r > 0 {
                p[r] += p[r - 1] * gain(r - 1);
            }
        }
    }
    p
}

#[test]
fn the_recursion_gives_the_known_figures() {
    let p = limit_law(2.0, 60);
    let ten: f64 = p[..=10].iter().sum();
    println!("p0 {:.5}, p1 {:.5}, p2 {:.5}, P(n <= 10) {ten:.5}", p[0], p[1], p[2]);
    for (seen, said) in [(p[0], 0.1353), (p[1], 0.1353), (p[2], 0.1128), (ten, 0.7682)] {
        assert!((seen - said).abs() <= 5e-5, "{seen} for {said}");
    }
    // Each division up to M puts the limit off by a share of order ln(M) / M of one mutation.
    let finite = finite_law(U, SIZE, 60);
    let distance: f64 = p.iter().zip(&finite).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0;
    let bound = 2.0 * (SIZE as f64).ln() / SIZE as f64;
    println!("distance of the law at {SIZE} cells from its limit {distance:.1e}, bound {bound:.1e}");
    assert!(distance < bound);
}

fn culture(method: Method, n: u64) {
    let mut m = model(vec![cell("S", 1.0, 0.0), cell("R", 1.0, 0.0)], &[]);
    m.cells[0].mutations = vec![mutates(1, U)];
    m.start = Start::Grown { founder: 0, from: 1, until: number(SIZE as f64) };
    let compiled = Compiled::new(&m);
    let most = 40;
    let law = finite_law(U, SIZE, most);
    let limit = limit_law(U * SIZE as f64, most);
    let runs = finals(&compiled, method, &Regimen::default(), 0.0, n);
    let mut seen = vec![0.0; most + 1];
    for x in &runs {
        seen[(x[1] as usize).min(most)] += 1.0;
    }
    // Bins: single counts while 20 or more are expected, and all the rest.
    let mut statistic = [0.0; 2];
    let mut bins = 0;
    for (which, p) in [&law, &limit].into_iter().enumerate() {
        let singles = p[..most].iter().take_while(|&&x| n as f64 * x >= 20.0).count();
        let rest = 1.0 - p[..singles].iter().sum::<f64>();
        let term = |seen: f64, p: f64| (seen - n as f64 * p).powi(2) / (n as f64 * p);
        statistic[which] =
            (0..singles).map(|k| term(seen[k], p[k])).sum::<f64>() + term(seen[singles..].iter().sum(), rest);
        bins = singles + 1;
    }
    let alarm = ChiSquared::new((bins - 1) as f64).unwrap().inverse_cdf(1.0 - ALARM);
    let over = runs.iter().map(|x| x[0] + x[1] - SIZE as u64).max().unwrap_or(0);
    let none = seen[0] / n as f64;
    println!(
        "{method:?}, {n} cultures: chi-square {:.1} against the law at {SIZE} cells, {:.1} against its limit, on {} \
         (limit {alarm:.1}); p0 {none:.4}, m by p0 {:.3}; at most {over} cells over",
        statistic[0],
        statistic[1],
        bins - 1,
        -none.ln()
    );
    assert!(statistic[0] < alarm, "{method:?}: chi-square {}", statistic[0]);
}

#[test]
fn cultures_by_leaps() {
    culture(Method::Leap, 20_000);
}

#[test]
fn cultures_event_by_event() {
    culture(Method::Exact, 1_000);
}
