//! Compartments against closed forms written here anew: one, two and three, by every route, once, often and for ever.
//!
//! Concentrations are sums of exponentials whose rates are the roots of the characteristic polynomial (Gibaldi & Perrier,
//! Pharmacokinetics, ch. 1-3; Dubois, Bertrand & Mentré, Mathematical expressions of the PK/PD models implemented in the
//! PFIM software, 2011), by mouth and in the effect compartment folded with one more exponential (Bateman; Sheiner et al.
//! 1979, Clin Pharmacol Ther 25:358), steady states as geometric sums. K-PD after Jacqmin et al. 2007 (J Pharmacokinet
//! Pharmacodyn 34:57). Every figure is to agree to 1e-6, relative; no chance in it but for the last test, whose false-alarm
//! rate is 1e-6.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law;
use remission_engine::pharmacokinetics::Compartments;
use remission_engine::tumour::Method;
use remission_model::expr::{Expr, Law, Slot};
use remission_model::resolved::*;
use std::f64::consts::PI;

const TOLERANCE: f64 = 1e-6;
const ONCE: f64 = f64::INFINITY;

/// Constants per day and litre.
#[derive(Clone, Copy)]
struct Body {
    clearance: f64,
    volume: f64,
    /// Flow and volume of each peripheral compartment.
    tissue: [(f64, f64); 2],
    ka: f64,
}

/// Round numbers; a small molecule with a deep compartment; an antibody under the skin.
const BODIES: [Body; 3] = [
    Body { clearance: 3.0, volume: 5.0, tissue: [(2.0, 7.0), (0.4, 30.0)], ka: 4.0 },
    Body { clearance: 94.8, volume: 233.0, tissue: [(1440.0, 568.0), (50.0, 2000.0)], ka: 22.8 },
    Body { clearance: 0.2, volume: 3.0, tissue: [(0.6, 2.5), (0.02, 1.0)], ka: 0.3 },
];

/// Weights and rates of exponentials.
type Terms = Vec<(f64, f64)>;

/// Concentration after a unit dose at once into the centre.
fn centre(b: &Body, compartments: usize) -> Terms {
    let k = b.clearance / b.volume;
    let exchange = |i: usize| (b.tissue[i].0 / b.volume, b.tissue[i].0 / b.tissue[i].1);
    let ((k12, k21), (k13, k31)) = (exchange(0), exchange(1));
    match compartments {
        1 => vec![(1.0 / b.volume, k)],
        2 => {
            let (sum, product) = (k + k12 + k21, k * k21);
            let fast = 0.5 * (sum + (sum * sum - 4.0 * product).sqrt());
            let slow = product / fast;
            let weight = |l: f64, other: f64| (k21 - l) / (other - l) / b.volume;
            vec![(weight(fast, slow), fast), (weight(slow, fast), slow)]
        }
        _ => {
            // x^3 - a2 x^2 + a1 x - a0, three real roots by the cosine, then sharpened by Newton.
            let a2 = k + k12 + k13 + k21 + k31;
            let a1 = k * k21 + k * k31 + k12 * k31 + k13 * k21 + k21 * k31;
            let a0 = k * k21 * k31;
            let (p, q) = (a1 - a2 * a2 / 3.0, -2.0 * a2.powi(3) / 27.0 + a1 * a2 / 3.0 - a0);
            let third = (1.5 * q / p * (-3.0 / p).sqrt()).acos() / 3.0;
            let root = |j: u32| {
                let mut x = 2.0 * (-p / 3.0).sqrt() * (third - 2.0 * PI * f64::from(j) / 3.0).cos() + a2 / 3.0;
                for _ in 0..4 {
                    x -= (((x - a2) * x + a1) * x - a0) / ((3.0 * x - 2.0 * a2) * x + a1);
                }
                x
            };
            let l = [root(0), root(1), root(2)];
            let weight = |i: usize| {
                let (a, b2, c) = (l[i], l[(i + 1) % 3], l[(i + 2) % 3]);
                (k21 - a) * (k31 - a) / ((b2 - a) * (c - a)) / b.volume
            };
            (0..3).map(|i| (weight(i), l[i])).collect()
        }
    }
}

/// The same through one more compartment, entered and left at `rate`.
fn through(terms: &Terms, rate: f64) -> Terms {
    let mut out: Terms = terms.iter().map(|&(w, k)| (w * rate / (rate - k), k)).collect();
    out.push((-out.iter().map(|t| t.0).sum::<f64>(), rate));
    out
}

/// Sum over `terms` at `t` after the first of `doses` (infinity: after the latest of endless ones) every `cycle`, each over
/// `duration` or at once.
fn given(terms: &Terms, dose: f64, duration: f64, cycle: f64, doses: f64, t: f64) -> f64 {
    let sum = |k: f64| {
        // Age of the latest dose, and how many came before it and with it.
        let (age, number) = match doses.is_infinite() {
            true => (t, f64::INFINITY),
            false if cycle.is_infinite() => (t, 1.0),
            false => {
                let number = ((t / cycle).floor() + 1.0).min(doses);
                (t - (number - 1.0) * cycle, number)
            }
        };
        // Equal ages apart: `first`, `first` + cycle, ... `count` of them.
        let decayed = |first: f64, count: f64| {
            let one = (-k * first).exp();
            if count <= 1.0 { one * count } else { one * (-count * k * cycle).exp_m1() / (-k * cycle).exp_m1() }
        };
        if duration == 0.0 {
            return dose * decayed(age, number);
        }
        let running = if age < duration { (((duration - age) / cycle).ceil()).max(1.0).min(number) } else { 0.0 };
        let of_running: f64 = (0..running as u32)
            .map(|j| if j == 0 { age } else { age + f64::from(j) * cycle })
            .map(|age| -(-k * age).exp_m1())
            .sum();
        let ended = number - running;
        let first = if running > 0.0 && ended > 0.0 { age + running * cycle } else { age } - duration;
        let of_ended = if ended > 0.0 { -(-k * duration).exp_m1() * decayed(first, ended) } else { 0.0 };
        dose / duration / k * (of_running + of_ended)
    };
    terms.iter().map(|&(w, k)| w * sum(k)).sum()
}

fn drug(b: &Body, compartments: usize, route: Route) -> Drug {
    let tissue = b.tissue[..compartments - 1].iter().map(|&(flow, volume)| (number(flow), number(volume)));
    Drug {
        route,
        clearance: number(b.clearance),
        volume: number(b.volume),
        peripheral: tissue.collect(),
        ..held_drug()
    }
}

fn with_drug(drug: Drug) -> Compiled {
    let mut m = model(vec![cell("S", 0.1, 0.1)], &[(0, 10.0)]);
    m.drugs = vec![drug];
    compiled(&m)
}

fn rule(amount: f64, duration: f64, cycle: f64) -> DoseRule {
    DoseRule { drug: 0, amount, duration, offsets: vec![0.0], cycle, from: 0.0, until: f64::INFINITY, row: None }
}

fn regimen(rule: DoseRule) -> Regimen {
    Regimen { sentences: vec![], rules: vec![rule] }
}

/// Keeps the largest relative difference, and fails above the tolerance.
#[derive(Default)]
struct Worst(f64);

impl Worst {
    fn see(&mut self, seen: f64, said: f64, what: impl Fn() -> String) {
        let off = (seen / said - 1.0).abs();
        assert!(off < TOLERANCE, "{}: {seen} for {said}", what());
        self.0 = self.0.max(off);
    }
}

/// Every body, number of compartments and route: terms, drug, duration of a dose, and words.
fn every_route() -> Vec<(Terms, Drug, f64, String)> {
    let mut out = Vec::new();
    for (which, b) in BODIES.iter().enumerate() {
        for n in 1..=3 {
            let terms = centre(b, n);
            let words = |route: &str| format!("body {which}, {n} compartments, {route}");
            out.push((terms.clone(), drug(b, n, Route::Bolus), 0.0, words("bolus")));
            out.push((terms.clone(), drug(b, n, Route::Infusion), 0.3, words("infusion")));
            out.push((through(&terms, b.ka), drug(b, n, Route::Oral { ka: number(b.ka) }), 0.0, words("oral")));
        }
    }
    out
}

#[test]
fn once_often_and_for_ever() {
    let mut worst = Worst::default();
    for (terms, drug, duration, words) in every_route() {
        let compiled = with_drug(drug);
        // The third outlasts its interval when infused: three or four run side by side.
        for (cycle, doses, duration) in [(ONCE, 1.0, duration), (1.0, 6.0, duration), (0.7, 9.0, 8.0 * duration)] {
            let mut exposure = match duration > cycle {
                false => {
                    exposed(&compiled, &regimen(DoseRule { until: doses * cycle, ..rule(150.0, duration, cycle) }))
                }
                // One rule has one infusion at a time; several rules have several.
                true => exposed(
                    &compiled,
                    &Regimen {
                        sentences: vec![],
                        rules: (0..9)
                            .map(|j| DoseRule { from: f64::from(j) * cycle, ..rule(150.0, duration, ONCE) })
                            .collect(),
                    },
                ),
            };
            for step in 1..=120 {
                let t = 0.0871 * f64::from(step);
                exposure.advance(t);
                let said = given(&terms, 150.0, duration, cycle, doses, t);
                worst.see(exposure.concentration(0), said, || format!("{words}, every {cycle}, day {t}"));
            }
        }
        // For ever: after 4000 doses, and at once. The slowest body has a half-life of 60 days.
        let mut exposure = exposed(&compiled, &regimen(rule(150.0, duration, 1.5)));
        let mut at_once = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
        for into in [0.1, 0.31, 0.5, 0.77, 0.999, 1.4999] {
            exposure.advance(6000.0 + into);
            at_once.set_state(&at_once.steady(150.0, duration, 1.5, into).state);
            let said = given(&terms, 150.0, duration, 1.5, f64::INFINITY, into);
            worst.see(exposure.concentration(0), said, || format!("{words}, after 4000 doses, {into}"));
            worst.see(at_once.concentration(), said, || format!("{words}, steady, {into}"));
        }
    }
    println!("largest relative difference {:.1e}", worst.0);
}

/// Infusions longer than their interval, up to exactly a multiple of it; infusions that never end.
#[test]
fn steady_infusions_overlap() {
    let mut worst = Worst::default();
    for (terms, drug, _, words) in every_route().into_iter().filter(|r| r.1.route == Route::Infusion) {
        let compiled = with_drug(drug);
        let mut at = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
        for duration in [0.4, 1.0, 1.3, 2.0, 3.75] {
            for since in [0.0, 0.2, 0.5, 0.75, 0.9, 1.0] {
                let steady = at.steady(40.0, duration, 1.0, since);
                at.set_state(&steady.state);
                let said = given(&terms, 40.0, duration, 1.0, f64::INFINITY, since);
                worst.see(at.concentration(), said, || format!("{words}, {duration} days, {since} in"));
                // What runs goes on, and ends when it is said to.
                let ends: Vec<f64> =
                    (0..9).map(|j| duration - since - f64::from(j)).filter(|&left| left > 1e-12).collect();
                assert_eq!(steady.ends.len(), ends.len(), "{words}, {duration} days, {since} in: {:?}", steady.ends);
                assert!(steady.ends.iter().zip(&ends).all(|(a, b)| (a - b).abs() < 1e-12));
                let mut last = 0.0;
                for end in steady.ends.iter().rev() {
                    at.advance(end - last);
                    at.infuse(-40.0 / duration, 0.0);
                    last = *end;
                }
                at.advance(0.37);
                let t = last + 0.37;
                let said = given(&terms, 40.0, duration, 1.0, f64::INFINITY, since + t);
                worst.see(at.concentration(), said, || format!("{words}, {duration} days, {since} in, left alone"));
            }
        }
        at.set_state(&at.steady_infusion(7.0));
        let said = 7.0 * terms.iter().map(|(w, k)| w / k).sum::<f64>();
        worst.see(at.concentration(), said, || format!("{words}, for ever"));
        at.advance(3.0);
        worst.see(at.concentration(), said, || format!("{words}, for ever and on"));
    }
    println!("largest relative difference {:.1e}", worst.0);
}

/// The dose itself is late and smaller: the curve is that of a smaller dose, shifted. The length of an infusion stays.
#[test]
fn lag_and_bioavailability_are_of_the_dose() {
    let (lag, share) = (0.489 / 24.0, 0.6);
    let mut worst = Worst::default();
    for (terms, drug, duration, words) in every_route() {
        for lag in [lag, 1.7] {
            let compiled =
                with_drug(Drug { lag: Some(number(lag)), bioavailability: Some(number(share)), ..drug.clone() });
            for (cycle, doses) in [(ONCE, 1.0), (1.0, 6.0)] {
                let rule = DoseRule { until: doses * cycle, ..rule(150.0, duration, cycle) };
                let mut exposure = exposed(&compiled, &regimen(rule));
                exposure.advance(lag * 0.999);
                assert_eq!(exposure.concentration(0), 0.0, "{words}: before the lag is over");
                for step in 1..=60 {
                    let t = lag + 0.1731 * f64::from(step);
                    exposure.advance(t);
                    let said = given(&terms, share * 150.0, duration, cycle, doses, t - lag);
                    worst
                        .see(exposure.concentration(0), said, || format!("{words}, lag {lag}, every {cycle}, day {t}"));
                }
            }
        }
    }
    println!("largest relative difference {:.1e}", worst.0);
}

/// What was swallowed arrives under the next regimen; the pump stops, and what is in the line still flows.
#[test]
fn a_change_of_regimen_keeps_what_is_on_its_way() {
    let b = &BODIES[0];
    let lag = Some(number(0.5));
    let mut worst = Worst::default();
    let oral = with_drug(Drug { lag: lag.clone(), ..drug(b, 2, Route::Oral { ka: number(b.ka) }) });
    let mut exposure = exposed(&oral, &regimen(rule(10.0, 0.0, 1.0)));
    exposure.advance(2.25);
    exposure.follow(&Regimen::default());
    assert_eq!(exposure.next_event(), 2.5);
    for t in [2.4, 2.6, 3.0, 6.0] {
        exposure.advance(t);
        let said = given(&through(&centre(b, 2), b.ka), 10.0, 0.0, 1.0, 3.0, t - 0.5);
        worst.see(exposure.concentration(0), said, || format!("oral, day {t}"));
    }
    assert_eq!(exposure.next_event(), f64::INFINITY);
    let infusion = with_drug(Drug { lag, bioavailability: Some(number(0.8)), ..drug(b, 3, Route::Infusion) });
    // Ten days at 1 mg a day, stopped after two.
    let mut exposure = exposed(&infusion, &regimen(rule(10.0, 10.0, ONCE)));
    exposure.advance(2.0);
    exposure.follow(&regimen(DoseRule { from: 3.0, ..rule(5.0, 0.25, ONCE) }));
    for t in [2.3, 2.6, 4.0, 5.6, 9.0] {
        exposure.advance(t);
        let first = given(&centre(b, 3), 0.8 * 2.0, 2.0, ONCE, 1.0, t - 0.5);
        let second = if t > 5.5 { given(&centre(b, 3), 0.8 * 5.0, 0.25, ONCE, 1.0, t - 5.5) } else { 0.0 };
        worst.see(exposure.concentration(0), first + second, || format!("infusion, day {t}"));
    }
    println!("largest relative difference {:.1e}", worst.0);
}

#[test]
fn the_effect_compartment_follows_its_closed_form() {
    let mut worst = Worst::default();
    for (terms, drug, duration, words) in every_route() {
        for ke0 in [0.05, 2.4] {
            let compiled = with_drug(Drug { effect: Some(number(ke0)), ..drug.clone() });
            let terms = through(&terms, ke0);
            for (cycle, doses) in [(ONCE, 1.0), (1.0, 6.0)] {
                let rule = DoseRule { until: doses * cycle, ..rule(150.0, duration, cycle) };
                let mut exposure = exposed(&compiled, &regimen(rule));
                for step in 1..=60 {
                    let t = 0.1731 * f64::from(step);
                    exposure.advance(t);
                    let said = given(&terms, 150.0, duration, cycle, doses, t);
                    worst.see(exposure.effect(0), said, || format!("{words}, ke0 {ke0}, every {cycle}, day {t}"));
                }
            }
            let mut at_once = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
            for into in [0.1, 0.77, 1.0] {
                at_once.set_state(&at_once.steady(150.0, duration, 1.0, into).state);
                let said = given(&terms, 150.0, duration, 1.0, f64::INFINITY, into);
                worst.see(at_once.effect(), said, || format!("{words}, ke0 {ke0}, steady, {into}"));
            }
        }
    }
    println!("largest relative difference {:.1e}", worst.0);
}

/// A held concentration is met along 1 - e^(-ke0 t), and left along e^(-ke0 t).
#[test]
fn a_dish_has_an_effect_compartment() {
    let (ke0, held) = (1.3f64, 7.0);
    let compiled = with_drug(Drug { effect: Some(number(ke0)), ..held_drug() });
    let mut exposure = exposed(&compiled, &regimen(rule(held, 2.0, ONCE)));
    let mut worst = Worst::default();
    for t in [0.1, 1.0, 1.9, 2.5, 6.0] {
        exposure.advance(t);
        let said = held * -(-ke0 * t.min(2.0)).exp_m1() * (-ke0 * (t - t.min(2.0))).exp();
        worst.see(exposure.effect(0), said, || format!("day {t}"));
    }
    let mut at_once = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
    at_once.set_state(&at_once.steady(held, 0.0, 1.0, 1.0).state);
    assert!(at_once.is_constant() && at_once.effect() == held && at_once.concentration() == held);
}

/// Virtual infusion rate KDE A, with lag and share of the dose, and felt later when there is an effect compartment.
#[test]
fn k_pd_is_a_virtual_infusion() {
    let mut worst = Worst::default();
    let (kde, ke0, lag, share) = (0.35, 0.11, 0.2, 0.9);
    let kpd = Drug {
        route: Route::Kpd { elimination: number(kde) },
        lag: Some(number(lag)),
        bioavailability: Some(number(share)),
        effect: Some(number(ke0)),
        ..held_drug()
    };
    let compiled = with_drug(kpd);
    let terms = vec![(kde, kde)];
    for (cycle, doses) in [(ONCE, 1.0), (3.0, 7.0)] {
        let mut exposure = exposed(&compiled, &regimen(DoseRule { until: doses * cycle, ..rule(80.0, 0.0, cycle) }));
        for step in 1..=80 {
            let t = lag + 0.3331 * f64::from(step);
            exposure.advance(t);
            let said = given(&terms, share * 80.0, 0.0, cycle, doses, t - lag);
            worst.see(exposure.concentration(0), said, || format!("every {cycle}, day {t}"));
            let said = given(&through(&terms, ke0), share * 80.0, 0.0, cycle, doses, t - lag);
            worst.see(exposure.effect(0), said, || format!("effect, every {cycle}, day {t}"));
        }
    }
    let mut at_once = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
    at_once.set_state(&at_once.steady(80.0, 0.0, 3.0, 3.0).state);
    worst.see(at_once.concentration(), given(&terms, 80.0, 0.0, 3.0, f64::INFINITY, 3.0), || "steady".into());
    println!("largest relative difference {:.1e}", worst.0);
}

/// Absorption, and the effect compartment, as fast as one of the body's own rates: w k t e^(-k t), and once more
/// integrated w k^2 t^2 / 2 e^(-k t).
#[test]
fn equal_rates_do_not_divide_by_zero() {
    let mut worst = Worst::default();
    for b in &BODIES {
        for n in 1..=3 {
            for equal in 0..n {
                let terms = centre(b, n);
                let (w, k) = terms[equal];
                let drug = Drug { effect: Some(number(k)), ..drug(b, n, Route::Oral { ka: number(k) }) };
                let compiled = with_drug(drug);
                let mut exposure = exposed(&compiled, &regimen(rule(150.0, 0.0, ONCE)));
                let mut at_once = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
                let steady = at_once.steady(150.0, 0.0, 1.0, 1.0).state;
                at_once.set_state(&steady);
                let mut summed = 0.0;
                for step in 1..=6000 {
                    let t = f64::from(step);
                    let e = (-k * t).exp();
                    // The others through both, with the double rate k taken to its limit.
                    let others: f64 =
                        (terms.iter().filter(|t| t.1 != k)).map(|&(w, l)| w * k / (k - l) * ((-l * t).exp() - e)).sum();
                    let said = 150.0 * (others + w * k * t * e);
                    summed += said;
                    if step <= 12 {
                        exposure.advance(t);
                        if k * t < 15.0 {
                            worst.see(exposure.concentration(0), said, || format!("{n}, rate {k}, day {t}"));
                        }
                        let others: f64 = (terms.iter().filter(|t| t.1 != k))
                            .map(|&(w, l)| {
                                let twice = (k / (k - l)).powi(2);
                                w * twice * ((-l * t).exp() - e) - w * k * k / (k - l) * t * e
                            })
                            .sum();
                        let said = 150.0 * (others + w * k * k * t * t / 2.0 * e);
                        if k * t < 15.0 && k * t > 0.1 {
                            worst.see(exposure.effect(0), said, || format!("{n}, effect {k}, day {t}"));
                        }
                    }
                }
                // Steady state: the sum over all earlier doses.
                worst.see(at_once.concentration(), summed, || format!("{n}, rate {k}, steady"));
            }
        }
    }
    println!("largest relative difference {:.1e}", worst.0);
}

/// All states at once, delay chain and effect compartment among them: the steady state is what endless doses lead to, one
/// more interval leads back to it, and steady states add up.
#[test]
fn a_steady_state_comes_back_to_itself() {
    let b = &BODIES[0];
    let mut worst = Worst::default();
    for (route, duration) in [(Route::Oral { ka: number(b.ka) }, 0.0), (Route::Infusion, 0.25), (Route::Infusion, 1.0)]
    {
        let delay = Some(Delay { states: 5, mean: number(1.7) });
        let whole = Drug { delay, effect: Some(number(0.4)), ..drug(b, 3, route) };
        let compiled = with_drug(whole);
        let mut at = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
        let mut exposure = exposed(&compiled, &regimen(rule(30.0, duration, 1.0)));
        exposure.advance(6000.0625);
        for since in [0.0625, 0.5, 0.9375] {
            let steady = at.steady(30.0, duration, 1.0, since);
            exposure.advance(6000.0 + since);
            let (_, long) = exposure.snapshot();
            for (k, (a, z)) in steady.state.iter().zip(&long).enumerate() {
                if *z != 0.0 || *a != 0.0 {
                    worst.see(*a, *z, || format!("state {k}, {since} in"));
                }
            }
            // Half as much twice over is the same.
            let half = at.steady(15.0, duration, 1.0, since);
            at.set_state(&half.state);
            at.add_state(&half.state);
            for (k, (a, z)) in steady.state.iter().zip(at.state()).enumerate() {
                assert!((a - z).abs() <= 1e-12 * a, "state {k}: {a} {z}");
            }
        }
        let before = at.steady(30.0, duration, 1.0, 1.0);
        at.set_state(&before.state);
        if duration == 0.0 {
            at.dose(30.0);
        } else {
            at.infuse(30.0 / duration, 30.0);
            at.advance(duration);
            at.infuse(-30.0 / duration, 0.0);
        }
        at.advance(1.0 - duration);
        for (k, (a, z)) in before.state.iter().zip(at.state()).enumerate() {
            if *z != 0.0 || *a != 0.0 {
                worst.see(*a, *z, || format!("state {k}, one interval later"));
            }
        }
    }
    println!("largest relative difference {:.1e}", worst.0);
}

/// A dose of nothing is no dose, whatever the drug has.
#[test]
fn zero_dose_is_no_drug() {
    for (_, drug, duration, words) in every_route() {
        let whole =
            Drug { lag: Some(number(0.3)), bioavailability: Some(number(0.5)), effect: Some(number(0.4)), ..drug };
        let compiled = with_drug(whole);
        let exposure: Exposure = exposed(&compiled, &regimen(rule(0.0, duration, 1.0)));
        assert_eq!((exposure.next_event(), exposure.is_constant()), (f64::INFINITY, true), "{words}");
        let at = Compartments::new(&compiled.model, &compiled.model.drugs[0], &[]).unwrap();
        let mut steady = at.clone();
        steady.set_state(&at.steady(0.0, duration, 1.0, 0.5).state);
        assert!(steady.is_empty(), "{words}");
    }
}

/// Cells killed by what is in the effect compartment of a late oral drug and by a K-PD drug, ten days: the integral of the
/// closed forms, the law, and the leap, whose windows are remembered from one day of dosing to the next.
#[test]
fn cells_feel_effect_compartments_and_virtual_infusions() {
    let b = &BODIES[0];
    let (ke0, lag, kde, edk50) = (0.8, 0.37, 0.35, 4.0);
    let mut m = model(vec![cell("S", 0.3, 0.0)], &[(0, 1e6)]);
    let emax = |c: Slot, most: f64, half: f64| Expr::Call(Law::Emax, vec![slot(c), number(most), number(half)]);
    m.cells[0].death = plus(emax(Slot::Effect(0), 0.9, 2.0), emax(Slot::Drug(1), 0.5, edk50));
    let oral = drug(b, 2, Route::Oral { ka: number(b.ka) });
    m.drugs = vec![
        Drug { lag: Some(number(lag)), effect: Some(number(ke0)), ..oral },
        Drug { route: Route::Kpd { elimination: number(kde) }, ..held_drug() },
    ];
    let compiled = compiled(&m);
    let doses =
        Regimen { sentences: vec![], rules: vec![rule(20.0, 0.0, 1.0), DoseRule { drug: 1, ..rule(30.0, 0.0, 4.0) }] };
    let terms = through(&through(&centre(b, 2), b.ka), ke0);
    let death = |t: f64| {
        let ce = if t > lag { given(&terms, 20.0, 0.0, 1.0, 1e9, t - lag) } else { 0.0 };
        let ir = given(&vec![(kde, kde)], 30.0, 0.0, 4.0, 1e9, t);
        0.9 * ce / (2.0 + ce) + 0.5 * ir / (edk50 + ir)
    };
    // Cut where a dose arrives.
    let mut edges: Vec<f64> =
        (0..10).flat_map(|d| (0..16).map(move |k| (d as f64, k as f64 / 16.0))).map(|(d, k)| d + k).collect();
    edges.extend((0..10).map(|d| f64::from(d) + lag));
    edges.push(10.0);
    edges.sort_by(f64::total_cmp);
    let expected = 1e6 * integral(&edges, |t| 0.3 - death(t)).exp();
    let theory = law::moments(&compiled, &[], &exposed(&compiled, &doses), &[1e6], 10.0).unwrap();
    let n = 400;
    let x: Vec<f64> = finals(&compiled, Method::Leap, &doses, 10.0, n).iter().map(|x| x[0] as f64).collect();
    let (leap, variance, _) = sample_moments(&x);
    let z = (leap - expected) / (theory.covariance[0] / n as f64).sqrt();
    println!("quadrature {expected:.1}, law {:.1}, leap {leap:.1} (z {z:+.2}), variance {variance:.0}", theory.mean[0]);
    assert!((theory.mean[0] / expected - 1.0).abs() < 1e-5, "law {}", theory.mean[0]);
    assert!(z.abs() < z_limit(1e-6), "leap {leap}");
}
