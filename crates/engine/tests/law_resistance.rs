//! Resistance in time, under treatment that moves: Foo & Michor 2009.
//!
//! With E[N(t)] = N(0) exp(Int_0^t (b (1 - u) - d)) sensitive cells, founding resistant ones at b u each,
//!     E[R(T)] = Int_0^T b u E[N(t)] exp(Int_t^T (b_R - d_R)) dt + R(0) exp(Int_0^T (b_R - d_R)),
//!     P(R(T) > 0) = 1 - exp(-Int_0^T b u E[N(t)] (1 - P0(t, T)) dt) P0(0, T)^R(0),
//! P0 by Kendall's quadrature. (In the paper the factor 1 - u is left out: one part in 1/u.) The second takes N for its
//! mean; by Jensen P(R(T) = 0) is larger by at most half the variance of the integral, which is bounded by Minkowski and
//! tends to 0 for many cells. Exact at 1e3 cells, leap at 1e3 and 1e9, the law at both. Tests of probabilities are
//! binomial, those of means normal with the law's own variance, false-alarm rate 1e-6 each (below 3e-5 for the file);
//! where rates move, law and leap are held to the accuracy that [`SETTLED`] states for integrated rates, relative to the
//! mean. Seeds are numbers in order.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::law;
use remission_engine::mean::MeanTumour;
use remission_engine::tumour::Method;
use remission_engine::window::SETTLED;
use remission_model::expr::Slot;
use remission_model::resolved::{DoseRule, Drug, Regimen};

const ALARM: f64 = 1e-6;
const B: f64 = 0.5;
const D: f64 = 0.3;
const KILL: f64 = 0.4;
const BR: f64 = 0.45;
const DR: f64 = 0.35;
const KILL_R: f64 = 0.04;

/// Concentration, its integral from 0, and the moments at which either bends.
struct Drugged<'a> {
    at: &'a dyn Fn(f64) -> f64,
    area: &'a dyn Fn(f64) -> f64,
    edges: Vec<f64>,
}

/// What the formulas say.
struct Said {
    mean: [f64; 2],
    none: f64,
    /// By how much P(R = 0) may exceed `none`.
    slack: f64,
}

fn formulas(drug: &Drugged<'_>, days: f64, n0: f64, r0: f64, u: f64) -> Said {
    let net = |t: f64| ((B * (1.0 - u) - D) * t - KILL * (drug.area)(t)).exp();
    let net_r = |t: f64| ((BR - DR) * t - KILL_R * (drug.area)(t)).exp();
    let death_r = |t: f64| DR + KILL_R * (drug.at)(t);
    let decline_r = |t: f64| (DR - BR) * t + KILL_R * (drug.area)(t);
    let gone = |t: f64| lost(&drug.edges, t, death_r, decline_r);
    let over = |f: &dyn Fn(f64) -> f64| integral(&drug.edges, f);
    let hazard = n0 * u * B * over(&|t| net(t) * (1.0 - gone(t)));
    // Var N(t) = N(0) net(t)^2 Int_0^t (b + d) / net; the integral is taken to T, which bounds it.
    let events = over(&|t| (B + D + KILL * (drug.at)(t)) / net(t));
    let spread = n0.sqrt() * u * B * over(&|t| net(t) * (1.0 - gone(t))) * events.sqrt();
    Said {
        mean: [n0 * net(days), net_r(days) * (r0 + n0 * u * B * over(&|t| net(t) / net_r(t)))],
        none: (-hazard).exp() * gone(0.0).powf(r0),
        slack: 0.5 * spread * spread,
    }
}

fn check(name: &str, given: &Drug, regimen: &Regimen, drug: &Drugged<'_>, days: f64, runs: [u64; 3], r0: f64) {
    for (n0, u, method, n) in
        [(1e3, 4e-4, Method::Exact, runs[0]), (1e3, 4e-4, Method::Leap, runs[1]), (1e9, 4e-10, Method::Leap, runs[2])]
    {
        let mut m = model(vec![cell("S", B, 0.0), cell("R", BR, 0.0)], &[(0, n0), (1, r0)]);
        let dies = |d, kill| plus(number(d), times(number(kill), slot(Slot::Drug(0))));
        (m.cells[0].death, m.cells[1].death) = (dies(D, KILL), dies(DR, KILL_R));
        m.cells[0].mutations = vec![mutates(1, u)];
        m.drugs = vec![given.clone()];
        let compiled = Compiled::new(&m);
        let said = formulas(drug, days, n0, r0, u);
        let exposure = exposed(&compiled, regimen);
        let theory = law::moments(&compiled, &[], &exposure, &[n0, r0], days).unwrap();
        let e = law::at_least_one(&compiled, &[], &exposure, &[false, true], days).unwrap();
        let none = law::none(&[n0, r0], &e);
        let mut mean = MeanTumour::start(&compiled, &[]).unwrap();
        mean.follow(regimen);
        mean.advance(days).unwrap();
        let mean = mean.means().by_type();
        println!(
            "{name}, {n0:e} cells: P(no R) {:.7} + at most {:.1e}, law {none:.7} ({:+.1e})",
            said.none,
            said.slack,
            none - said.none
        );
        let x = finals(&compiled, method, regimen, days, n);
        for t in 0..2 {
            let of: Vec<f64> = x.iter().map(|x| x[t] as f64).collect();
            let (seen, variance, _) = sample_moments(&of);
            let skew = of.iter().map(|v| (v - seen).powi(3)).sum::<f64>() / n as f64 / variance.powf(1.5);
            // Beyond the accuracy that the engine states for integrated rates.
            let off = seen - said.mean[t];
            let z = off / (theory.covariance[3 * t] / n as f64).sqrt();
            let beyond = z * (1.0 - SETTLED * said.mean[t] / off.abs()).max(0.0);
            println!(
                "{name}, {n0:e} cells, {method:?}, {}: mean {seen:.4} for {:.4}, z {z:+.2} (skewness of the mean {:.3}); law \
                 off by {:.1e}, mean equations by {:.1e}",
                m.cells[t].name,
                said.mean[t],
                skew / (n as f64).sqrt(),
                theory.mean[t] / said.mean[t] - 1.0,
                mean[t] / said.mean[t] - 1.0
            );
            assert!(beyond.abs() < z_limit(ALARM), "{name}, {method:?}: mean of type {t}, z {z}");
            assert!((mean[t] / said.mean[t] - 1.0).abs() < 1e-7, "{name}: mean equations, type {t}");
            assert!((theory.mean[t] / said.mean[t] - 1.0).abs() < SETTLED, "{name}: the law's mean of type {t}");
        }
        let seen = x.iter().filter(|x| x[1] == 0).count() as u64;
        judge(
            &format!("{name}, {n0:e} cells, {method:?}, no R"),
            seen,
            n,
            said.none,
            (said.none + said.slack).min(1.0),
            ALARM,
        );
        let over = none - said.none;
        assert!(over > -SETTLED && over < said.slack + SETTLED, "{name}: the law says {none} for {}", said.none);
    }
}

fn held(amount: f64, duration: f64, cycle: f64) -> Regimen {
    let rule =
        DoseRule { drug: 0, amount, duration, offsets: vec![0.0], cycle, from: 0.0, until: f64::INFINITY, row: None };
    Regimen { sentences: vec![], rules: vec![rule] }
}

#[test]
fn under_a_constant_drug() {
    let drug = Drugged { at: &|_| 1.0, area: &|t| t, edges: even(14.0, 56) };
    check(
        "constant",
        &held_drug(),
        &held(1.0, f64::INFINITY, f64::INFINITY),
        &drug,
        14.0,
        [5_000, 30_000, 30_000],
        1.0,
    );
}

/// Two days of 2, five days of none.
#[test]
fn under_a_pulsed_drug() {
    let into = |t: f64| t - 7.0 * (t / 7.0).floor();
    let at = |t: f64| if into(t) < 2.0 { 2.0 } else { 0.0 };
    let area = |t: f64| 4.0 * (t / 7.0).floor() + 2.0 * into(t).min(2.0);
    let drug = Drugged { at: &at, area: &area, edges: even(14.0, 56) };
    check("pulsed", &held_drug(), &held(2.0, 2.0, 7.0), &drug, 14.0, [2_000, 20_000, 20_000], 0.0);
}

#[test]
fn under_an_oral_drug() {
    let (ka, clearance, volume, dose) = (12.0, 6.0, 5.0, 6.0);
    let drug = Oral { scale: dose / volume, ka, ke: clearance / volume, cycle: 1.0 };
    // The integral just before a dose is the integral at it.
    let (at, area) = (|t: f64| drug.at(t), |t: f64| drug.area(t));
    let drugged = Drugged { at: &at, area: &area, edges: even(8.0, 64) };
    check("oral", &oral_drug(ka, clearance, volume), &every(0, dose, 1.0), &drugged, 8.0, [2_000, 5_000, 5_000], 0.0);
}
