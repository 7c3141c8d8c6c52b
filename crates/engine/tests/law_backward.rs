//! `law` against closed forms and against an independent solution of the same equations.
//!
//! Extinction of a birth-death process (Kendall 1948); the mutants of a fluctuation assay (Lea & Coulson 1949, J. Genet.
//! 49:264); resistance when a tumour is found (Iwasa, Nowak & Michor 2006, Genetics 172:2557); the workloads of
//! bench/workloads; a decaying population that founds rarely, whose founders are Poisson; drug schedules against
//! [`law::at_least_one`], which integrates other intervals by another method. Nothing here is random.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law;
use remission_engine::law::arm::Law;
use remission_engine::law::counts::quantile;
use remission_engine::law::start::Beginning;
use remission_engine::ode::{Tolerance, integrate};
use remission_engine::state::Origin;
use remission_model::expr::{Expr, Law as Named, Op, Slot};
use remission_model::resolved::*;

fn under(compiled: &Compiled, regimen: &Regimen) -> Exposure {
    let mut exposure = Exposure::new(compiled, &[], 0.0).unwrap();
    exposure.follow(regimen);
    exposure
}

fn untreated(compiled: &Compiled) -> Exposure {
    under(compiled, &Regimen::default())
}

#[test]
fn extinction_of_birth_and_death() {
    for (b, d, n, t) in [(0.3, 0.2, 7.0, 40.0), (0.2, 0.3, 1e6, 200.0), (1.0, 1.0, 3.0, 10.0), (0.0, 0.1, 5.0, 3.0)] {
        let compiled = compiled(&model(vec![cell("S", b, d)], &[(0, n)]));
        let law = Law::new(&compiled, &[], &untreated(&compiled), &[0.5 * t, t]).unwrap();
        for (k, t) in [0.5 * t, t].into_iter().enumerate() {
            // e = (b - d) / (b - d e^(-(b - d) t)); at b = d: 1 / (1 + b t).
            let g: f64 = b - d;
            let e = if g == 0.0 { 1.0 / (1.0 + b * t) } else { g / (b - d * (-g * t).exp()) };
            let expected = (n * (-e).ln_1p()).exp();
            let p = law.none(|_| true, k).unwrap();
            assert!((p - expected).abs() <= 1e-8 * expected, "b {b} d {d} n {n} day {t}: {p} for {expected}");
        }
    }
}

/// A cell and 0.4 of a cell: a second one in four of ten.
#[test]
fn a_fraction_of_a_cell_is_a_probability() {
    let compiled = compiled(&model(vec![cell("S", 0.0, 0.1)], &[(0, 1.4)]));
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[10.0]).unwrap();
    let e = (-1.0f64).exp();
    let p = law.none(|_| true, 0).unwrap();
    assert!((p - (1.0 - e) * (1.0 - 0.4 * e)).abs() < 1e-10, "{p}");
}

/// Mutants in a culture grown from one cell to N without death, mutation probability u: with m = N u,
///     p_0 = e^-m, p_n = (m / n) sum_k p_k / (n - k + 1).
#[test]
fn mutants_of_a_fluctuation_assay() {
    let (size, u) = (1e9, 2.5e-9);
    let mut s = cell("S", 0.5, 0.0);
    s.mutations = vec![mutates(1, u)];
    let mut model = model(vec![s, cell("R", 0.5, 0.0)], &[]);
    model.start = Start::Grown { founder: 0, from: 1, until: number(size) };
    let compiled = compiled(&model);
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[1e-6]).unwrap();
    let m = size * u;
    let mut p = vec![(-m).exp()];
    for n in 1..3000usize {
        p.push(m / n as f64 * (0..n).map(|k| p[k] / (n - k + 1) as f64).sum::<f64>());
    }
    let none = law.none_at_start(|i| i == 1).unwrap();
    assert!((none / p[0] - 1.0).abs() < 1e-6, "{none} for {}", p[0]);
    let mean = law.origins().unwrap().iter().map(|o| o.cells).sum::<f64>();
    let mut counted = law.count(|i| i == 1, mean).unwrap();
    let mut sum = 0.0;
    for (n, p) in p.iter().enumerate() {
        sum += p;
        if n < 12 || n % 97 == 0 {
            let found = counted.up_to(n as f64).unwrap();
            assert!((found - sum).abs() < 2e-4, "{n} mutants: {found} for {sum}");
        }
    }
    for share in [0.25, 0.5, 0.75, 0.9, 0.99] {
        let found = quantile(share, mean, |n| counted.up_to(n)).unwrap();
        let mut sum = 0.0;
        let exact = p.iter().position(|x| {
            sum += x;
            sum >= share
        });
        let exact = exact.unwrap() as f64;
        assert!((found - exact).abs() <= 1.0 + 0.01 * exact, "{share}: {found} for {exact}");
    }
}

/// The limit of law_detection.rs, P = exp(-N u F), with mutants that grow faster, as fast and slower.
#[test]
fn resistance_when_the_tumour_is_found() {
    let (b, d, size) = (0.2, 0.1, 1e9);
    for (br, dr) in [(0.2, 0.1), (0.2, 0.15), (0.3, 0.25), (0.18, 0.02)] {
        let u = 1e-9;
        let mut s = cell("S", b, d);
        s.mutations = vec![mutates(1, u)];
        let mut model = model(vec![s, cell("R", br, dr)], &[]);
        model.start = Start::Grown { founder: 0, from: 1, until: number(size) };
        let compiled = compiled(&model);
        let law = Law::new(&compiled, &[], &untreated(&compiled), &[1.0]).unwrap();
        let (alpha, ratio) = ((br - dr) / (b - d), (1.0 - dr / br) / (1.0 - d / b));
        let edges: Vec<f64> =
            (0..=400).map(|k| 0.5 - 0.5 * (std::f64::consts::PI * f64::from(k) / 400.0).cos()).collect();
        let f = ratio * integral(&edges, |y| 1.0 / (1.0 - dr / br * y.powf(alpha)));
        let p = law.none_at_start(|i| i == 1).unwrap();
        let expected = (-size * u * f).exp();
        assert!((p / expected - 1.0).abs() < 2e-6, "b {br} d {dr}: {p} for {expected}");
        let Beginning::Grown(founders) = &law.beginning else { panic!() };
        assert!((founders.growth - (b * (1.0 - u) - d)).abs() < 1e-15);
        assert!(law.founder_error(|i| i == 1).unwrap().value() < 1e-6);
    }
}

/// Two states before treatment that switch fast: growth rate and shares are those of the mean matrix.
#[test]
fn switching_before_treatment_has_its_stable_shares() {
    let (out, back, size) = (0.03, 0.08, 1e8);
    let mut s = cell("S", 0.3, 0.1);
    s.switches = vec![Switch { to: 1, rate: number(out) }];
    let mut p = cell("P", 0.0, 0.01);
    p.kind = Kind::Persister;
    p.switches = vec![Switch { to: 0, rate: number(back) }];
    let mut model = model(vec![s, p], &[]);
    model.start = Start::Grown { founder: 0, from: 1, until: number(size) };
    let compiled = compiled(&model);
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[1.0]).unwrap();
    let Beginning::Grown(founders) = &law.beginning else { panic!() };
    // (0.2 - out - l)(-0.01 - back - l) = out back
    let (x, y) = (0.2 - out, -0.01 - back);
    let growth = 0.5 * (x + y) + (0.25 * (x - y) * (x - y) + out * back).sqrt();
    assert!((founders.growth - growth).abs() < 1e-10, "{} for {growth}", founders.growth);
    let share = 1.0 / (1.0 + out / (growth - y));
    assert!((founders.cells / (share * size) - 1.0).abs() < 1e-6, "{} for {}", founders.cells, share * size);
}

#[test]
fn workload_w3() {
    for (name, expected) in [("W3", 0.606_008_7), ("W3t", 0.606_008_7), ("W3s", 0.606_042_5)] {
        let folder = format!("{}/../../bench/workloads/{name}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(format!("{folder}/model.toml")).unwrap();
        let model = remission_model::model_from_toml("model.toml", &text).unwrap();
        let compiled = Compiled::new(&model);
        let law = Law::new(&compiled, &[], &untreated(&compiled), &[100.0, 365.0]).unwrap();
        let p = law.none(|i| compiled.is_resistant(i), 1).unwrap();
        assert!((p - expected).abs() < 1e-7, "{name}: {p}");
        let Beginning::Given(start) = &law.beginning else { panic!() };
        let mut counts = vec![0.0; 3];
        start.iter().for_each(|&(t, n)| counts[t] = n);
        let mean = law::moments(&compiled, &[], &untreated(&compiled), &counts, 365.0).unwrap().mean[2];
        let cells: f64 = law.origins().unwrap().iter().map(|o| o.cells).sum();
        assert!((cells / mean - 1.0).abs() < 1e-7, "{name}: {cells} for {mean}");
    }
}

/// S decays at 0.05 a day from 10^9 and founds R at 1.4e-10 a day: R is Poisson with mean 2.8, where hazards that are
/// frozen between events give 5.39.
#[test]
fn a_rare_founding_beside_a_decay() {
    let (size, k, decay, days) = (1e9, 1.4e-10, 0.05, 365.0);
    let mut s = cell("S", k, decay);
    s.mutations = vec![mutates(1, 1.0)];
    let compiled = compiled(&model(vec![s, cell("R", 0.0, 0.0)], &[(0, size)]));
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[days]).unwrap();
    let mean = k * size / decay * -(-decay * days).exp_m1();
    assert!((mean - 2.80).abs() < 1e-6);
    let origins = law.origins().unwrap();
    let cycling = origins[Origin::ALL.iter().position(|o| *o == Origin::Cycling).unwrap()];
    assert!((cycling.cells - mean).abs() < 1e-8 && (cycling.clones - mean).abs() < 1e-8, "{cycling:?}");
    let p = law.none(|i| i == 1, 0).unwrap();
    assert!((p - (-mean).exp()).abs() < 1e-8, "{p}");
    let mut counted = law.count(|i| i == 1, cycling.cells).unwrap();
    let (mut term, mut sum) = ((-mean).exp(), 0.0);
    for n in 0..12 {
        sum += term;
        term *= mean / f64::from(n + 1);
        let found = counted.up_to(f64::from(n)).unwrap();
        assert!((found - sum).abs() < 1e-5, "{n}: {found} for {sum}");
    }
    // Half of the surviving lines have begun when half of the hazard is spent; nothing dies here.
    let half = -(0.5f64 * (1.0 + (-decay * days).exp())).ln() / decay;
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[half, days]).unwrap();
    let lasting = law.none_lasting(|i| i == 1).unwrap();
    let never = law.never(|i| i == 1).unwrap();
    for p in [lasting[1], never[1]] {
        assert!((p - (-0.5 * mean).exp()).abs() < 1e-8, "{p}");
    }
    assert!(lasting[0] == 1.0 && (lasting[2] - never[2]).abs() < 1e-9);
}

/// Death and switching that follow an oral drug every day, every 36 hours and for two weeks of four, with mutations of
/// both kinds: the intervals of one method against those of the other.
#[test]
fn under_drug_schedules() {
    let kill = Expr::Binary(
        Op::Add,
        Box::new(number(0.12)),
        Box::new(Expr::Call(Named::Emax, vec![slot(Slot::Drug(0)), number(0.4), number(1.5)])),
    );
    let hide = Expr::Call(Named::Hill, vec![slot(Slot::Drug(0)), number(1.0), number(2.0)]);
    let mut s = cell("S", 0.2, 0.0);
    s.death = kill;
    s.mutations = vec![mutates(2, 1e-3)];
    s.switches = vec![Switch { to: 1, rate: Expr::Binary(Op::Mul, Box::new(number(0.05)), Box::new(hide)) }];
    let mut p = cell("P", 0.01, 0.02);
    p.kind = Kind::Persister;
    p.switches = vec![Switch { to: 0, rate: number(0.03) }];
    p.mutations = vec![Mutation::new(2, false, number(2e-3))];
    let mut model = model(vec![s, p, cell("R", 0.15, 0.1)], &[(0, 300.0), (1, 5.0)]);
    model.drugs = vec![oral_drug(15.0, 40.0, 20.0)];
    let compiled = compiled(&model);
    let mut pause = every(0, 100.0, 28.0);
    pause.rules[0].offsets = (0..14).map(f64::from).collect();
    for regimen in [every(0, 100.0, 1.0), every(0, 150.0, 1.5), pause, Regimen::default()] {
        let exposure = under(&compiled, &regimen);
        let law = Law::new(&compiled, &[], &exposure, &[10.3, 60.0]).unwrap();
        for (day, days) in [10.3, 60.0].into_iter().enumerate() {
            for marked in [[true; 3], [false, false, true]] {
                let p = law.none(|i| marked[i], day).unwrap();
                let e = law::at_least_one(&compiled, &[], &exposure, &marked, days).unwrap();
                let expected = law::none(&[300.0, 5.0, 0.0], &e);
                // Its windows are settled to 1e-6 a rate and day.
                assert!((p - expected).abs() <= 1e-5 * expected.max(1e-3), "day {days}: {p} for {expected}");
                // The equations themselves, with the concentration in closed form, dose by dose.
                let cycle = match regimen.rules.first() {
                    Some(rule) if rule.offsets.len() == 1 => rule.cycle,
                    _ => continue,
                };
                let drug = Oral { scale: regimen.rules[0].amount / 20.0, ka: 15.0, ke: 2.0, cycle };
                let expected = law::none(&[300.0, 5.0, 0.0], &by_hand(drug, &marked, days));
                let apart = (p / expected).ln().abs();
                assert!(apart <= 1e-8 * (1.0 - expected.ln()), "day {days}: {p} for {expected}");
            }
        }
    }
}

/// The backward equations of the model of [`under_drug_schedules`], by Dormand and Prince along the drug's closed form.
fn by_hand(drug: Oral, marked: &[bool; 3], days: f64) -> Vec<f64> {
    let mut e: Vec<f64> = marked.iter().map(|&m| f64::from(u8::from(m))).collect();
    let tolerance = Tolerance { relative: 1e-12, absolute: 1e-14 };
    let mut end = days;
    while end > 0.0 {
        // Not quite from the dose, at which the concentration has an edge.
        let start = ((end / drug.cycle - 1e-9).floor() * drug.cycle).max(0.0);
        integrate(&mut e, 0.0, end - start, tolerance, &mut |back, e, de| {
            let c = drug.at((end - back).clamp(start, end - 1e-12));
            let (s, p, r) = (e[0], e[1], e[2]);
            let death = 0.12 + 0.4 * c / (1.5 + c);
            let hide = 0.05 * c * c / (1.0 + c * c);
            de[0] = 0.2 * (1.0 - 1e-3) * (s - s * s) + 0.2e-3 * r * (1.0 - s) - death * s + hide * (p - s);
            de[1] = 0.01 * (p - p * p) - 0.02 * p + 0.03 * (s - p) + 2e-3 * (r - p);
            de[2] = 0.15 * (r - r * r) - 0.1 * r;
            Ok(())
        })
        .unwrap();
        end = start;
    }
    e
}

/// A rate that names the date: constant hazard times the day, b = 0, so that P(alive) = exp(-Int).
#[test]
fn rates_that_follow_the_date() {
    let mut s = cell("S", 0.0, 0.0);
    s.death = Expr::Binary(Op::Mul, Box::new(number(0.01)), Box::new(slot(Slot::Time)));
    let compiled = compiled(&model(vec![s], &[(0, 1.0)]));
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[3.7, 10.0]).unwrap();
    for (k, t) in [3.7f64, 10.0].into_iter().enumerate() {
        let p = law.none(|_| true, k).unwrap();
        let expected = -(-0.005 * t * t).exp_m1();
        assert!((p - expected).abs() < 1e-9, "day {t}: {p} for {expected}");
    }
}

/// Arrivals at rate a into a dying type: Poisson with mean a (1 - e^(-d t)) / d.
#[test]
fn arrivals_are_a_poisson_source() {
    let mut r = cell("R", 0.0, 0.2);
    r.immigration = Some(number(0.5));
    let compiled = compiled(&model(vec![r], &[(0, 0.0)]));
    let law = Law::new(&compiled, &[], &untreated(&compiled), &[7.0]).unwrap();
    let mean = 0.5 * -(-0.2f64 * 7.0).exp_m1() / 0.2;
    let p = law.none(|_| true, 0).unwrap();
    assert!((p - (-mean).exp()).abs() < 1e-9, "{p}");
    let origins = law.origins().unwrap();
    assert!((origins[0].cells - mean).abs() < 1e-9 && (origins[0].clones - (1.0 - (-mean).exp())).abs() < 1e-9);
    assert!((origins[0].present - (1.0 - (-mean).exp())).abs() < 1e-9, "{:?}", origins[0]);
    assert!((law.never(|_| true).unwrap()[1] - (-0.5f64 * 7.0).exp()).abs() < 1e-9);
}

/// Rates of another unit end with a reason and do not hang.
#[test]
fn enormous_rates_end_with_a_reason() {
    let compiled = compiled(&model(vec![cell("S", 1e12, 1e12)], &[(0, 10.0)]));
    let result = Law::new(&compiled, &[], &untreated(&compiled), &[365.0]).and_then(|l| l.none(|_| true, 0));
    match result {
        Ok(p) => assert!((p - 1.0).abs() < 1e-9, "{p}"),
        Err(failure) => assert!(failure.to_string().contains("steps"), "{failure}"),
    }
}

/// Lines in closed form and the equations give one distribution, given and grown, with and without drug.
#[test]
fn counts_by_lines_and_by_equations() {
    let mut s = cell("S", 0.3, 0.1);
    let kill = Expr::Call(Named::Emax, vec![slot(Slot::Drug(0)), number(0.5), number(1.0)]);
    s.death = Expr::Binary(Op::Add, Box::new(number(0.1)), Box::new(kill));
    s.mutations = vec![mutates(2, 3e-9)];
    s.switches = vec![Switch { to: 1, rate: number(0.002) }];
    let mut p = cell("P", 0.01, 0.02);
    p.kind = Kind::Persister;
    p.switches = vec![Switch { to: 0, rate: number(0.01) }];
    p.mutations = vec![Mutation::new(3, false, number(1e-8))];
    let mut r = cell("R", 0.25, 0.15);
    r.immigration = Some(number(0.01));
    let mut model = model(vec![s, p, r, cell("Rb", 0.2, 0.18)], &[(0, 1e8), (1, 1e5), (2, 2.5)]);
    model.drugs = vec![oral_drug(10.0, 30.0, 20.0)];
    let given = compiled(&model);
    model.cells[2].immigration = None;
    model.start = Start::Grown { founder: 0, from: 1, until: number(2e8) };
    let grown = compiled(&model);
    for compiled in [&given, &grown] {
        let law = Law::new(compiled, &[], &under(compiled, &every(0, 90.0, 1.0)), &[80.0]).unwrap();
        let resistant = |i: usize| i >= 2;
        let mean: f64 = law.origins().unwrap().iter().map(|o| o.cells).sum();
        let mut lines = law.count(resistant, mean).unwrap();
        assert!(lines.in_closed_form());
        let mut equations = law.count(resistant, mean).unwrap();
        equations.by_equations();
        for n in [0.0, 1.0, 5.0, 50.0, 0.1 * mean, 0.5 * mean, mean, 5.0 * mean, 50.0 * mean] {
            let (a, b) = (lines.up_to(n).unwrap(), equations.up_to(n).unwrap());
            assert!((a - b).abs() < 2e-4, "{n} of {mean}: {a} by lines, {b} by equations");
        }
    }
}
