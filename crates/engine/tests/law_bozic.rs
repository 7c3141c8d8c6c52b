//! Will therapy fail? Bozic et al. 2013 (eLife 2:e00747): its formulas, its table 1, and its process simulated.
//!
//! With s = 1 - d/b before and s' = 1 - d'/b < 0 under therapy, K = (s' - s) / (s s'), a tumour of M cells is eradicated
//! with probability p1up p1dn p2up p2dn: no cell resistant to all drugs at detection (p1up) or made while the tumour
//! shrinks (p1dn), and the same in two steps. Table 1 is met to 6 % of values of at least 0.02, below that to half a unit
//! of the last printed digit. The simulation is monotherapy: grown from one cell to M, then d' > b for sensitive cells
//! only; an exact binomial test with a false-alarm rate of 1e-6 a case. Seeds are numbers in order.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::Method;

const ALARM: f64 = 1e-6;
const B: f64 = 0.14;
const D: f64 = 0.13;
const UNDER_THERAPY: f64 = 0.17;

/// (s, s').
fn survival() -> (f64, f64) {
    (1.0 - D / B, 1.0 - UNDER_THERAPY / B)
}

/// P(one-step resistance leaves nothing): p1up p1dn for `n` sites that resist everything given.
fn one_step(m: f64, u: f64, n: f64) -> f64 {
    let (s, t) = survival();
    (-m * u * n).exp() * (m * u * n * s / t).exp()
}

/// P(two drugs eradicate): n1, n2 sites against one, n12 against both.
fn eradicated(m: f64, u: f64, n1: f64, n2: f64, n12: f64) -> f64 {
    let (s, t) = survival();
    let k = (t - s) / (s * t);
    let log = |n: f64| (1.0 / (s * m) + u * (n + n12) * k).ln();
    let up = (m * u * u * k * (n1 * (n2 + n12) * log(n2) + n2 * (n1 + n12) * log(n1))).exp();
    let down = (-m * u * u * (2.0 * n1 * n2 + n12 * (n1 + n2)) * s / (t * t)).exp();
    one_step(m, u, n12) * up * down
}

#[test]
fn formulas_give_the_known_figures() {
    let rows = [
        (2.6e11, 0.0, 0.2875),
        (2.3e11, 0.0, 0.2591),
        (1.0e11, 0.0, 0.1222),
        (9.8e10, 0.0, 0.1199),
        (5.4e10, 0.0, 0.0680),
        (1.8e10, 0.0, 0.0232),
        (1.6e9, 1.0, 0.8818),
        (1.3e9, 1.0, 0.8236),
        (8.5e8, 1.0, 0.6784),
    ];
    for (m, n12, said) in rows {
        let fails = 1.0 - eradicated(m, 1e-9, 50.0, 50.0, n12);
        println!("{m:.1e} cells, n12 {n12}: {fails:.5} for {said}");
        assert!((fails - said).abs() <= 5e-5, "{fails} for {said}");
    }
}

#[test]
fn table_1() {
    let path = format!("{}/../../../shared/data/bozic2013/table1.csv", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: no file ../shared/data/bozic2013/table1.csv beside the workspace");
        return;
    };
    let mut worst = 0.0f64;
    let mut compared = 0;
    for line in text.lines().filter(|l| l.starts_with('N')) {
        let fields: Vec<&str> = line.split(',').collect();
        let m: f64 = fields[3].parse().unwrap();
        let fails = [
            1.0 - one_step(m, 1e-9, 50.0),
            1.0 - eradicated(m, 1e-9, 50.0, 50.0, 1.0),
            1.0 - eradicated(m, 1e-9, 50.0, 50.0, 0.0),
        ];
        for (fails, printed) in fails.into_iter().zip(&fields[4..7]) {
            let said: f64 = printed.trim().parse().unwrap();
            let digits = printed.trim().split('.').nth(1).map_or(0, str::len);
            let allowed = if said >= 0.02 { 0.06 * said } else { 0.5 * 10f64.powi(-(digits as i32)) };
            worst = worst.max((fails - said).abs() / allowed);
            compared += 1;
            assert!((fails - said).abs() <= allowed, "{}: {fails} for {printed}", fields[0]);
        }
    }
    println!("{compared} figures, the worst at {worst:.2} of what is allowed");
    assert_eq!(compared, 66);
}

/// Bozic's rates by leaps, then in a tumour that hardly grows (131 events a cell for each e-fold), and event by event at rates that are
/// cheaper to simulate.
#[test]
fn monotherapy_fails_as_often_as_said() {
    for (method, b, d, treated, size, days, n) in [
        (Method::Leap, B, D, UNDER_THERAPY, 1e6, 1000.0, 20_000),
        (Method::Leap, 0.132, D, UNDER_THERAPY, 1e6, 1000.0, 20_000),
        (Method::Exact, 1.0, 0.5, 2.0, 2e4, 12.0, 800),
    ] {
        let (s, t) = (1.0 - d / b, 1.0 - treated / b);
        let u = 0.4 / size;
        let compiled = Compiled::new(&therapy(b, d, treated, u, size));
        let mut rest = Stream::new(1, 0, 0, Purpose::Check);
        let cured = finals(&compiled, method, &always_on(), days, n)
            .iter()
            .filter(|x| !lives_on(x[1], d / b, &mut rest))
            .count() as u64;
        // p1up p1dn is the limit of large M. At this M the mean hazard of founding a line that survives is exactly
        // u b s times the cell-days; resistant cells, who count in the total, stand for fewer than u ln(s M) / s of all;
        // and the spread of the hazard lifts the probability by at most half its variance (Jensen).
        let limit = (-size * u).exp() * (size * u * s / t).exp();
        let hazard = u * b * s * cell_days(b, d, size as usize) - size * u * s / t;
        let few = u * (s * size).ln() / s * hazard;
        let spread = 0.5 * hazard * hazard * cell_days_spread(b, d, size);
        // Sensitive cells that are left at the end may still found a line.
        let late = 0.4 * s / -t * ((b - treated) * days).exp();
        let p = (-hazard).exp();
        println!(
            "{method:?}, M {size:e}: limit {limit:.6}, at this M {p:.6}; at most: resistant cells {few:.1e}, spread \
             {spread:.1e}, late {late:.1e}"
        );
        assert!((limit - p).abs() < 2.0 * (size).ln() / size / s, "the limit is far from {p}");
        judge(&format!("{method:?}, no resistant line survives"), cured, n, p, p + few + spread + late, ALARM);
    }
}
