//! The line of one cell: extinction under constant and moving rates, and its size.
//!
//! Constant rates: P0(t) = d (e^{(b-d)t} - 1) / (b e^{(b-d)t} - d), and the size of a living line is geometric. Rates
//! that move: Kendall 1948, P0 = Q / (1 + Q), Q = Int_0^T d(x) exp(Int_0^x (d - b)) dx, by Gauss-Legendre quadrature of
//! closed forms. Simulated counts are judged by exact binomial tests and a chi-square, each with a false-alarm rate of
//! 1e-6 (about 1e-5 for the file). The law itself is held to 1e-7 where rates are constant, and where they move to the
//! accuracy that [`SETTLED`] states for integrated rates. Seeds are numbers in order.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::law;
use remission_engine::tumour::Method;
use remission_engine::window::SETTLED;
use remission_model::expr::{Expr, Slot};
use remission_model::resolved::{Model, Regimen};
use statrs::distribution::{ChiSquared, ContinuousCDF};

const BOTH: [Method; 2] = [Method::Exact, Method::Leap];
const ALARM: f64 = 1e-6;

/// The law to `tolerance`, then exact and leap over `n` lines.
fn check(name: &str, model: &Model, regimen: &Regimen, days: f64, p: f64, tolerance: f64, n: u64) {
    let compiled = Compiled::new(model);
    let exposure = exposed(&compiled, regimen);
    let by_law = 1.0 - law::at_least_one(&compiled, &[], &exposure, &[true], days).unwrap()[0];
    println!("{name}: extinct by {days} d {p:.9}, law {by_law:.9}, off by {:.1e}", by_law - p);
    for method in BOTH {
        let lost = finals(&compiled, method, regimen, days, n).iter().filter(|x| x[0] == 0).count() as u64;
        judge(&format!("{name}, {method:?}"), lost, n, p, p, ALARM);
    }
    assert!((by_law - p).abs() < tolerance, "{name}: the law says {by_law}, quadrature {p}");
}

fn constant(b: f64, d: f64, t: f64) -> f64 {
    let g = ((b - d) * t).exp();
    d * (g - 1.0) / (b * g - d)
}

#[test]
fn extinction_at_constant_rates() {
    let p = constant(1.0, 0.6, 3.0);
    assert!((p - 0.511_768_5).abs() < 5e-8, "{p}");
    let none = Regimen::default();
    check("b 1, d 0.6", &model(vec![cell("S", 1.0, 0.6)], &[(0, 1.0)]), &none, 3.0, p, 1e-7, 300_000);
    let p = constant(0.13, 0.14, 60.0);
    check("shrinking", &model(vec![cell("S", 0.13, 0.14)], &[(0, 1.0)]), &none, 60.0, p, 1e-7, 100_000);
}

/// Size of a living line: P(n) = (1 - beta) beta^(n-1), beta = b (g - 1) / (b g - d).
#[test]
fn size_of_a_line() {
    let (b, d, t) = (1.0f64, 0.6, 3.0);
    let g = ((b - d) * t).exp();
    let (gone, beta) = (constant(b, d, t), b * (g - 1.0) / (b * g - d));
    let compiled = Compiled::new(&model(vec![cell("S", b, d)], &[(0, 1.0)]));
    let (n, cells) = (100_000, 24);
    for method in BOTH {
        let mut seen = vec![0.0; cells + 1];
        for x in finals(&compiled, method, &Regimen::default(), t, n) {
            seen[(x[0] as usize).min(cells)] += 1.0;
        }
        let share = |k: usize| match k {
            0 => gone,
            _ if k < cells => (1.0 - gone) * (1.0 - beta) * beta.powi(k as i32 - 1),
            _ => (1.0 - gone) * beta.powi(k as i32 - 1),
        };
        let off: f64 = (0..=cells).map(|k| (seen[k] - n as f64 * share(k)).powi(2) / (n as f64 * share(k))).sum();
        let limit = ChiSquared::new(cells as f64).unwrap().inverse_cdf(1.0 - ALARM);
        let fewest = n as f64 * (0..=cells).map(share).fold(1.0, f64::min);
        println!("{method:?}: chi-square {off:.1} on {cells}, limit {limit:.1}, fewest expected {fewest:.0}");
        assert!(off < limit, "{method:?}");
    }
}

/// b = 1 + 0.5 sin t, d = 0.6 + 0.2 cos 2t, from tables of 4001 points (their chords are within 1e-7 of the curves).
#[test]
fn extinction_at_rates_that_follow_the_date() {
    let x = even(5.0, 4000);
    let curve = |f: fn(f64) -> f64| x.iter().map(|&t| f(t)).collect::<Vec<f64>>();
    let mut m = model(vec![cell("S", 0.0, 0.0)], &[(0, 1.0)]);
    m.tables =
        vec![table("b", &x, &curve(|t| 1.0 + 0.5 * t.sin())), table("d", &x, &curve(|t| 0.6 + 0.2 * (2.0 * t).cos()))];
    let of_time = |k| Expr::Table(k, Box::new(slot(Slot::Time)));
    (m.cells[0].birth, m.cells[0].death) = (of_time(0), of_time(1));
    let decline = |t: f64| 0.6 * t + 0.1 * (2.0 * t).sin() - t - 0.5 * (1.0 - t.cos());
    let p = lost(&even(5.0, 40), 0.0, |t| 0.6 + 0.2 * (2.0 * t).cos(), decline);
    assert!((p - 0.4857).abs() < 5e-5, "{p}");
    check("Kendall", &m, &Regimen::default(), 5.0, p, SETTLED, 100_000);
}

/// Oral doses every day into one compartment; death = 0.3 + 0.5 C.
#[test]
fn extinction_under_an_oral_drug() {
    let (ka, clearance, volume, dose, days) = (10.0, 6.0, 4.0, 3.0, 6.0);
    let drug = Oral { scale: dose / volume, ka, ke: clearance / volume, cycle: 1.0 };
    let mut m = model(vec![cell("S", 0.9, 0.0)], &[(0, 1.0)]);
    m.cells[0].death = plus(number(0.3), times(number(0.5), slot(Slot::Drug(0))));
    m.drugs = vec![oral_drug(ka, clearance, volume)];
    let decline = |t: f64| (0.3 - 0.9) * t + 0.5 * drug.area(t);
    let death = |t: f64| 0.3 + 0.5 * drug.at(t.min(days - 1e-12));
    let (p, finer) = (lost(&even(days, 96), 0.0, death, decline), lost(&even(days, 192), 0.0, death, decline));
    assert!((p - finer).abs() < 1e-11, "quadrature {p} {finer}");
    check("oral", &m, &every(0, dose, 1.0), days, p, SETTLED, 30_000);
}
