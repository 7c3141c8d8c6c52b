//! What must hold whatever the law: looking changes nothing, clones add up, labels follow their precedence, no dose is no
//! drug, schedules are felt as written, failures name what failed.
//!
//! z-scores are judged at |z| <= 5.1 (two-sided 3.4e-7 each, fewer than 30 of them: below 1e-5 for the file). Seeds are
//! numbers in order and were not chosen.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::failure::Failure;
use remission_engine::law;
use remission_engine::state::{Cause, Origin, State};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::expr::{Expr, Law, Op, Slot};
use remission_model::resolved::*;

const BOTH: [Method; 2] = [Method::Exact, Method::Leap];
const INFINITE: f64 = f64::INFINITY;

fn op(op: Op, a: Expr, b: Expr) -> Expr {
    Expr::Binary(op, Box::new(a), Box::new(b))
}

/// `base + gain * concentration`.
fn rises(base: f64, gain: f64) -> Expr {
    let drug = op(Op::Mul, number(gain), slot(Slot::Drug(0)));
    op(Op::Add, number(base), drug)
}

fn rule(amount: f64, duration: f64, from: f64, offset: f64, cycle: f64) -> DoseRule {
    DoseRule { drug: 0, amount, duration, offsets: vec![offset], cycle, from, until: INFINITE, row: None }
}

fn regimen(rules: Vec<DoseRule>) -> Regimen {
    Regimen { sentences: vec![], rules }
}

/// Final state after `looks` equal looks.
fn run(compiled: &Compiled, method: Method, regimen: &Regimen, horizon: f64, looks: u32, seed: u64) -> State {
    let mut before = Stream::new(seed, 0, 0, Purpose::BeforeTreatment);
    let start = before::start(compiled, &[], method, &mut before).unwrap();
    let mut stream = Stream::new(seed, 0, 0, Purpose::Treatment);
    let mut tumour = Tumour::new(compiled, &[], start, method).unwrap();
    tumour.follow(regimen);
    for look in 1..=looks {
        tumour.advance(horizon * f64::from(look) / f64::from(looks), INFINITE, &mut stream).unwrap();
    }
    tumour.state
}

/// Sensitive, persister and resistant cells under an oral drug.
fn three_types() -> Model {
    let mut s = cell("S", 0.5, 0.4);
    s.mutations = vec![mutates(2, 5e-3)];
    s.switches = vec![Switch { to: 1, rate: number(0.05) }];
    s.death = rises(0.4, 0.3);
    let mut p = cell("P", 0.05, 0.05);
    p.kind = Kind::Persister;
    p.switches = vec![Switch { to: 0, rate: number(0.1) }];
    p.mutations = vec![Mutation::new(2, false, number(2e-3))];
    let mut m = model(vec![s, p, cell("R", 0.4, 0.3)], &[(0, 300.0), (1, 20.0)]);
    m.drugs = vec![oral_drug(20.0, 3.0, 1.0)];
    m
}

#[test]
fn looking_changes_nothing_in_exact() {
    let mut levelled = three_types();
    levelled.levels = vec![Level {
        name: "effector".into(),
        start: number(1.0),
        rate: op(Op::Sub, op(Op::Mul, number(0.002), slot(Slot::Total)), slot(Slot::Level(0))),
        unit: String::new(),
        unit_scale: 1.0,
    }];
    levelled.cells[0].death = op(Op::Add, rises(0.3, 0.2), op(Op::Mul, number(0.1), slot(Slot::Level(0))));
    for (name, model) in [("plain", three_types()), ("with a level", levelled)] {
        let compiled = Compiled::new(&model);
        let once = run(&compiled, Method::Exact, &every(0, 1.0, 1.0), 10.0, 1, 7);
        for looks in [2, 10, 100] {
            let often = run(&compiled, Method::Exact, &every(0, 1.0, 1.0), 10.0, looks, 7);
            println!("{name}, {looks} looks: {} cells, extinct {:?}", often.total(), often.extinct);
            assert_eq!(once, often, "{name}: {looks} looks against 1");
        }
    }
}

#[test]
fn no_dose_is_no_drug() {
    let compiled = Compiled::new(&three_types());
    for method in BOTH {
        let none = run(&compiled, method, &Regimen::default(), 10.0, 1, 3);
        let zero = run(&compiled, method, &every(0, 0.0, 1.0), 10.0, 1, 3);
        println!("{method:?}: {} cells without a regimen, {} under doses of 0 mg", none.total(), zero.total());
        assert_eq!(none, zero, "{method:?}");
    }
}

#[test]
fn one_key_gives_the_same_bits() {
    let compiled = Compiled::new(&three_types());
    for method in BOTH {
        let a = run(&compiled, method, &every(0, 1.0, 1.0), 10.0, 3, 5);
        assert_eq!(a, run(&compiled, method, &every(0, 1.0, 1.0), 10.0, 3, 5));
        assert_ne!(a, run(&compiled, method, &every(0, 1.0, 1.0), 10.0, 3, 6));
    }
}

/// A held drug whose rules hand over to each other at the same moment, in either order.
#[test]
fn a_held_drug_follows_its_cycle() {
    let mut m = model(vec![cell("S", 0.1, 0.1)], &[(0, 10.0)]);
    m.drugs = vec![held_drug()];
    let compiled = Compiled::new(&m);
    let rules = [rule(20.0, 2.0, 0.0, 0.0, 7.0), rule(1.0, 5.0, 0.0, 2.0, 7.0)];
    for rules in [rules.to_vec(), vec![rules[1].clone(), rules[0].clone()]] {
        let mut exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
        exposure.follow(&regimen(rules));
        for day in 0..28 {
            exposure.advance(f64::from(day) + 0.5);
            let written = if day % 7 < 2 { 20.0 } else { 1.0 };
            assert_eq!(exposure.concentration(0), written, "day {day}");
        }
    }
}

/// The dose is raised within a regimen: the new dose must be felt. z of the count against the exact moments.
#[test]
fn a_raised_dose_is_felt() {
    let mut m = model(vec![cell("S", 0.3, 0.1)], &[(0, 1e6)]);
    m.cells[0].death = rises(0.1, 0.1);
    m.drugs = vec![held_drug()];
    let held = regimen(vec![rule(1.0, 14.0, 0.0, 0.0, INFINITE), rule(3.0, 14.0, 14.0, 0.0, INFINITE)]);
    let mut oral = m.clone();
    oral.drugs = vec![oral_drug(20.0, 20.0, 1.0)];
    let mut small = rule(10.0, 0.0, 0.0, 0.0, 7.0);
    small.until = 21.0;
    let doses = regimen(vec![small, rule(60.0, 0.0, 21.0, 0.0, 7.0)]);
    for (name, m, doses) in [("held", m, held), ("oral", oral, doses)] {
        let compiled = Compiled::new(&m);
        let mut exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
        exposure.follow(&doses);
        let theory = law::moments(&compiled, &[], &exposure, &[1e6], 28.0).unwrap();
        for method in BOTH {
            let looks = 28;
            let n = run(&compiled, method, &doses, 28.0, looks, 1).total() as f64;
            let z = (n - theory.mean[0]) / theory.covariance[0].sqrt();
            println!("{name}, {method:?}: {n} cells for {:.0}, z {z:+.2}", theory.mean[0]);
            assert!(z.abs() < 5.1, "{name}, {method:?}");
        }
    }
}

/// Doses every 8 hours and every 0.7 days: times that a floating-point number does not hold. A loop without end is a failure.
#[test]
fn odd_dosing_times_come_to_an_end() {
    let mut m = three_types();
    m.cells[0].death = rises(0.3, 2.0);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let compiled = Compiled::new(&m);
        for cycle in [1.0 / 3.0, 0.7, 0.3, 1.0 / 24.0] {
            for method in BOTH {
                for seed in 0..20 {
                    run(&compiled, method, &every(0, cycle, cycle), 10.0, 1, seed);
                }
                tell.send(format!("every {cycle} days, {method:?}")).unwrap();
            }
        }
    });
    for done in 0..8 {
        match told.recv_timeout(std::time::Duration::from_secs(60)) {
            Ok(name) => println!("{name}: done"),
            Err(e) => panic!("after {done} of 8 schedules: {e}"),
        }
    }
}

/// A bolus with a half-life of minutes kills what it would kill at once: exp(-gain / k), whatever k.
#[test]
fn a_short_exposure_is_not_missed() {
    for minutes in [60.0, 20.0, 7.0, 5.0, 2.0] {
        let k = 2f64.ln() * 1440.0 / minutes;
        let mut m = model(vec![cell("S", 0.0, 0.0)], &[(0, 1e6)]);
        m.drugs = vec![Drug { route: Route::Bolus, clearance: number(k), ..held_drug() }];
        m.cells[0].death = rises(0.0, 0.7 * k);
        let compiled = Compiled::new(&m);
        let mut exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
        exposure.follow(&every(0, 1.0, 7.0));
        let left = law::moments(&compiled, &[], &exposure, &[1.0], 7.0).unwrap().mean[0];
        println!("half-life {minutes} min: {left:.6} survive for {:.6}", (-0.7f64).exp());
        assert!((left / (-0.7f64).exp() - 1.0).abs() < 1e-3, "half-life {minutes} min: {left}");
    }
}

/// The size at which treatment begins is overshot by little: less than 1 % of it, and 99 of 100 times less than 0.2 %.
#[test]
fn growth_stops_at_its_size() {
    for (b, d, until) in [(1.0, 0.5, 1e5), (1.0, 0.0, 1e5), (0.14, 0.13, 1e6), (1.0, 0.5, 1e9), (0.14, 0.13, 1e9)] {
        for u in [0.0, 0.5] {
            let mut m = model(vec![cell("S", b, d), cell("R", b, d)], &[]);
            if u > 0.0 {
                m.cells[0].mutations = vec![mutates(1, u / until)];
            }
            m.start = Start::Grown { founder: 0, from: 1, until: number(until) };
            let compiled = Compiled::new(&m);
            let mut over: Vec<f64> = (0..200)
                .map(|k| {
                    let mut stream = Stream::new(1, 0, k, Purpose::BeforeTreatment);
                    before::start(&compiled, &[], Method::Leap, &mut stream).unwrap().total() as f64 / until - 1.0
                })
                .collect();
            over.sort_by(f64::total_cmp);
            println!(
                "b {b} d {d} until {until:e} Mu {u}: overshoot median {:.1e}, 99 % {:.1e}, largest {:.1e}",
                over[100], over[197], over[199]
            );
            assert!(over[0] >= 0.0 && over[199] < 0.01 && over[197] < 0.002, "b {b} d {d} until {until:e}");
        }
    }
}

/// Logistic growth from three cells, far below capacity: exact and leap agree while the capacity begins to bind.
#[test]
fn density_binds_while_a_step_lasts() {
    let mut m = model(vec![cell("S", 1.0, 0.1)], &[(0, 3.0)]);
    m.cells[0].birth = Expr::Call(Law::Logistic, vec![slot(Slot::Total), number(1000.0)]);
    let compiled = Compiled::new(&m);
    let mut of = Vec::new();
    for method in BOTH {
        let n = 1000;
        let x: Vec<f64> =
            (0..n).map(|k| run(&compiled, method, &Regimen::default(), 7.0, 1, k).total() as f64).collect();
        let (mean, var, fourth) = sample_moments(&x);
        println!("{method:?}: mean {mean:.1}, sd {:.1}, largest {}", var.sqrt(), x.iter().copied().fold(0.0, f64::max));
        of.push((mean, var, fourth, n as f64));
    }
    let ((a, va, fa, n), (b, vb, fb, _)) = (of[0], of[1]);
    let z_mean = (a - b) / ((va + vb) / n).sqrt();
    let z_var = (va - vb) / ((fa - va * va + fb - vb * vb) / n).sqrt();
    println!("z of the mean {z_mean:+.2}, of the variance {z_var:+.2}");
    assert!(z_mean.abs() < 5.1 && z_var.abs() < 5.1);
}

#[test]
fn clones_add_up_and_the_lost_are_counted() {
    let compiled = Compiled::new(&three_types());
    for method in BOTH {
        let (mut alive, mut lost) = (0, 0);
        for seed in 0..50 {
            let state = run(&compiled, method, &every(0, 1.0, 1.0), 10.0, 5, seed);
            let by_type: u64 = state.by_type(&compiled).iter().sum();
            assert_eq!(by_type, state.total());
            let gone = state.extinct;
            assert_eq!(u64::from(state.next_id), state.clones() as u64 + gone, "founded is alive and extinct");
            for (block, clones) in compiled.blocks.iter().zip(&state.blocks) {
                let width = block.types.len();
                assert_eq!(clones.counts.len(), clones.founders.len() * width);
                for (f, row) in clones.founders.iter().zip(clones.counts.chunks_exact(width)) {
                    assert!(row.iter().any(|&n| n > 0), "a clone without cells is pruned");
                    assert!(f.parent.is_none_or(|p| p < f.id) && f.founded <= state.time);
                }
            }
            alive += state.clones();
            lost += gone;
        }
        println!("{method:?}: {alive} clones alive, {lost} extinct");
    }
}

/// Founded under a held drug with u = 1e-3 + 3e-3 drug: three founders in four owed to the drug, those of persisters and of
/// cycling cells by their parent, those before treatment pre-existing whatever the drug would have done.
#[test]
fn labels_follow_their_precedence() {
    let mut s = cell("S", 0.7, 0.4);
    s.mutations = vec![Mutation::new(2, true, rises(1e-3, 3e-3))];
    s.switches = vec![Switch { to: 1, rate: number(0.1) }];
    let mut p = cell("P", 0.2, 0.2);
    p.kind = Kind::Persister;
    p.switches = vec![Switch { to: 0, rate: number(0.1) }];
    // What the drug makes in a persister is owed to the drug: the first that holds, in the order of precedence.
    p.mutations = vec![Mutation::new(2, true, rises(1e-2, 3e-2))];
    let mut m = model(vec![s, p, cell("R", 0.3, 0.0)], &[]);
    m.start = Start::Grown { founder: 0, from: 5, until: number(1500.0) };
    m.drugs = vec![held_drug()];
    let compiled = Compiled::new(&m);
    for method in BOTH {
        let (mut induced, mut founded, mut before) = ([0.0; 2], [0.0; 2], 0);
        for seed in 0..150 {
            let state = run(&compiled, method, &regimen(vec![rule(1.0, INFINITE, 0.0, 0.0, INFINITE)]), 6.0, 1, seed);
            for f in state.blocks.iter().flat_map(|b| &b.founders).filter(|f| f.cause == Cause::Mutation) {
                if f.founded < 0.0 {
                    assert_eq!(f.origin, Origin::PreExisting);
                    before += 1;
                    continue;
                }
                let parent = f.parent_type.expect("a mutant has a parent");
                let plain = [Origin::Cycling, Origin::Persister][parent];
                assert!(f.origin == Origin::DrugInduced || f.origin == plain, "{:?} of type {parent}", f.origin);
                founded[parent] += 1.0;
                induced[parent] += f64::from(u8::from(f.origin == Origin::DrugInduced));
            }
        }
        for (parent, (induced, founded)) in induced.into_iter().zip(founded).enumerate() {
            // Three of four; a false alarm in 3e-7 of tests, four of them here.
            let z = (induced - 0.75 * founded) / (0.1875f64 * founded).sqrt();
            println!("{method:?}: {before} pre-existing; {induced} of {founded} of type {parent} for 3/4, z {z:+.2}");
            assert!(before > 100 && founded > 100.0 && z.abs() < 5.1);
        }
    }
}

/// Many arrivals at a constant rate l, each lost at the rate d: l / d (1 - e^(-d t)) on average, and Poisson.
#[test]
fn arrivals_come_evenly() {
    let mut s = cell("S", 0.0, 2.0);
    s.immigration = Some(number(5000.0));
    let compiled = Compiled::new(&model(vec![s], &[(0, 0.0)]));
    let mean = 2500.0 * (1.0 - (-2.0f64).exp());
    for (method, n) in [(Method::Exact, 50), (Method::Leap, 200)] {
        let x: Vec<f64> =
            (0..n).map(|k| run(&compiled, method, &Regimen::default(), 1.0, 1, k).total() as f64).collect();
        let (m, v, _) = sample_moments(&x);
        let z = (m - mean) / (mean / n as f64).sqrt();
        println!("{method:?}: {m:.1} for {mean:.1}, z {z:+.2}, variance over mean {:.2}", v / m);
        assert!(z.abs() < 5.1 && (v / m - 1.0).abs() < 5.1 * (2.0 / n as f64).sqrt());
    }
}

/// The frozen-hazard trap: S decays from 1e9 at 0.05/day and founds R at 1.4e-10/day each: Poisson, mean 2.80.
#[test]
fn the_hazard_of_a_decaying_parent_is_not_frozen() {
    let mut s = cell("S", 0.14, 0.19);
    s.mutations = vec![mutates(1, 1e-9)];
    let compiled = Compiled::new(&model(vec![s, cell("R", 0.0, 0.0)], &[(0, 1e9)]));
    let mean = 1.4e-10 * 1e9 / 0.05 * (1.0 - (-0.05f64 * 365.0).exp());
    let n = 4000;
    let x: Vec<f64> = (0..n)
        .map(|k| run(&compiled, Method::Leap, &Regimen::default(), 365.0, 1, k).by_type(&compiled)[1] as f64)
        .collect();
    let (m, v, _) = sample_moments(&x);
    let none = x.iter().filter(|&&v| v == 0.0).count() as f64 / n as f64;
    let p = (-mean).exp();
    let zs = [
        (m - mean) / (mean / n as f64).sqrt(),
        (v - mean) / ((mean + 2.0 * mean * mean) / n as f64).sqrt(),
        (none - p) / (p * (1.0 - p) / n as f64).sqrt(),
    ];
    println!("mean {m:.3} for {mean:.3}, variance {v:.3}, P(0) {none:.4} for {p:.4}; z {zs:.2?}");
    assert!(zs.iter().all(|z| z.abs() < 5.1));
}

/// Moments at 10^3 and 10^13 cells; the cost is printed.
#[test]
fn size_costs_nothing() {
    let mut s = cell("S", 0.14, 0.19);
    s.switches = vec![Switch { to: 1, rate: number(1e-3) }];
    let mut p = cell("P", 0.0, 0.0);
    p.switches = vec![Switch { to: 0, rate: number(1e-2) }];
    for size in [1e3, 1e6, 1e9, 1e13] {
        let compiled = Compiled::new(&model(vec![s.clone(), p.clone()], &[(0, size)]));
        let exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
        let theory = law::moments(&compiled, &[], &exposure, &[size, 0.0], 60.0).unwrap();
        let clock = std::time::Instant::now();
        let x: Vec<Vec<u64>> = (0..2000)
            .map(|k| run(&compiled, Method::Leap, &Regimen::default(), 60.0, 1, k).by_type(&compiled))
            .collect();
        let each = clock.elapsed().as_secs_f64() * 1e6 / 2000.0;
        for t in 0..2 {
            let column: Vec<f64> = x.iter().map(|r| r[t] as f64).collect();
            let (zm, zv) = z_scores(&column, theory.mean[t], theory.covariance[t * 3]);
            println!("{size:e} cells, type {t}: z {zm:+.2} {zv:+.2}; {each:.1} us a replicate");
            assert!(zm.abs() < 5.1 && zv.abs() < 5.1);
        }
    }
}

#[test]
fn a_broken_rate_is_named() {
    let late = || op(Op::Sub, number(0.5), op(Op::Mul, number(0.1), slot(Slot::Time)));
    let undefined = || Expr::Call(Law::Ln, vec![op(Op::Sub, number(3.0), slot(Slot::Time))]);
    let crowded = || op(Op::Sub, number(0.3), op(Op::Mul, number(0.01), slot(Slot::Total)));
    type Break = fn(&mut Model, Expr);
    let cases: [(&str, Break, Expr); 6] = [
        ("cells.S.death", |m, e| m.cells[0].death = e, late()),
        ("cells.S.birth", |m, e| m.cells[0].birth = e, undefined()),
        ("cells.S.birth", |m, e| m.cells[0].birth = e, crowded()),
        ("cells.S.immigration", |m, e| m.cells[0].immigration = Some(e), late()),
        ("cells.S.switches to P", |m, e| m.cells[0].switches = vec![Switch { to: 1, rate: e }], late()),
        ("cells.S.mutates to P", |m, e| m.cells[0].mutations = vec![Mutation::new(1, true, e)], late()),
    ];
    for (name, break_it, expression) in cases {
        for method in BOTH {
            let mut m = model(vec![cell("S", 0.6, 0.1), cell("P", 0.1, 0.1)], &[(0, 40.0)]);
            break_it(&mut m, expression.clone());
            let compiled = Compiled::new(&m);
            let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
            let start = before::start(&compiled, &[], method, &mut stream).unwrap();
            let mut tumour = Tumour::new(&compiled, &[], start, method).unwrap();
            let failure = tumour.advance(30.0, INFINITE, &mut stream).unwrap_err();
            println!("{method:?}: {failure}");
            let Failure::Rate { term, value, time, state } = failure else {
                panic!("{name}, {method:?}: another failure");
            };
            assert_eq!(term, name);
            assert!(value < 0.0 || value.is_nan());
            assert!((0.0..30.0).contains(&time), "time {time}");
            let cells = state.iter().find(|(n, _)| n == "S").map_or(0.0, |s| s.1);
            assert!(cells > 0.0, "{name}, {method:?}: the state says {state:?}");
        }
    }
}

/// A cell that mutates per time is the very cell that founds: none is made or lost. 2 x 2 z-scores, false alarm 1e-6.
#[test]
fn mutation_per_time_conserves_cells() {
    for resting in [false, true] {
        for method in BOTH {
            let mut p = cell("P", 0.0, 0.0);
            p.mutations = vec![Mutation::new(1, false, number(0.05))];
            let mut cells = vec![p, cell("R", 0.0, 0.0)];
            if resting {
                cells[0].switches = vec![Switch { to: 2, rate: number(0.3) }];
                let mut rest = cell("Q", 0.0, 0.0);
                rest.switches = vec![Switch { to: 0, rate: number(0.2) }];
                cells.push(rest);
            }
            let compiled = Compiled::new(&model(cells, &[(0, 100.0)]));
            let mut founded = Vec::new();
            for k in 0..4000 {
                let mut stream = Stream::new(5, 0, k, Purpose::Treatment);
                let start = before::start(&compiled, &[], method, &mut stream).unwrap();
                let mut tumour = Tumour::new(&compiled, &[], start, method).unwrap();
                tumour.advance(10.0, INFINITE, &mut stream).unwrap();
                assert_eq!(tumour.state.total(), 100, "{method:?}: cells are conserved");
                founded.push(tumour.state.by_type(&compiled)[1] as f64);
            }
            let exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
            let mut start = vec![0.0; compiled.types()];
            start[0] = 100.0;
            let theory = law::moments(&compiled, &[], &exposure, &start, 10.0).unwrap();
            let (zm, zv) = z_scores(&founded, theory.mean[1], theory.covariance[compiled.types() + 1]);
            println!("{method:?}, resting {resting}: founded {:.2}, z {zm:+.2}, variance z {zv:+.2}", theory.mean[1]);
            assert!(zm.abs() < 5.2 && zv.abs() < 5.2);
        }
    }
}

/// However often a division mutates, half the daughters or all: the total is the same birth-death process.
/// 4 z-scores of variances and means a rate, false alarm 1e-6.
#[test]
fn frequent_mutation_keeps_the_variance() {
    for u in [0.1, 0.5, 1.0] {
        let mut s = cell("S", 0.3, 0.25);
        s.mutations = vec![mutates(1, u)];
        let compiled = Compiled::new(&model(vec![s, cell("R", 0.3, 0.25)], &[(0, 50.0)]));
        let exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
        let theory = law::moments(&compiled, &[], &exposure, &[50.0, 0.0], 10.0).unwrap();
        let (mut total, mut mutants) = (Vec::new(), Vec::new());
        for k in 0..20_000 {
            let mut stream = Stream::new(6, 0, k, Purpose::Treatment);
            let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
            let mut tumour = Tumour::new(&compiled, &[], start, Method::Leap).unwrap();
            tumour.advance(10.0, INFINITE, &mut stream).unwrap();
            total.push(tumour.state.total() as f64);
            mutants.push(tumour.state.by_type(&compiled)[1] as f64);
        }
        let c = &theory.covariance;
        let (zm, zv) = z_scores(&total, theory.mean[0] + theory.mean[1], c[0] + c[3] + 2.0 * c[1]);
        let (rm, rv) = z_scores(&mutants, theory.mean[1], c[3]);
        println!("u {u}: total z {zm:+.2} {zv:+.2}, mutants z {rm:+.2} {rv:+.2}");
        assert!([zm, zv, rm, rv].iter().all(|z| z.abs() < 5.2));
    }
}
