//! exact, leap and mean on the same 50 small models, made from their index: 1 to 4 types, with switching, mutation per
//! division and per time, immigration, held and oral drugs, tabulated and dated rates, logistic growth and levels.
//!
//! # False alarms
//! Every comparison gives a p-value: Welch's z for the mean, z of the variance from fourth moments (only where the sample
//! holds more than 100 times its kurtosis), Fisher's exact test for P(0), and the two-sample Kolmogorov-Smirnov bound
//! 2 exp(-2 d^2 n m / (n + m)), which is conservative for counts. All p-values of the file's large test are judged
//! together by Holm's method: one false alarm in 10^4 seeds for the family. Seeds are indices and were not chosen.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::expr::{Expr, Law, Op, Slot};
use remission_model::resolved::*;

const MODELS: u64 = 50;
/// Replicates of each model; `REPLICATES=5000` is the figure of verify/.
fn replicates() -> u64 {
    std::env::var("REPLICATES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000)
}

const FALSE_ALARM: f64 = 1e-4;

struct Case {
    model: Model,
    regimen: Regimen,
    horizon: f64,
    words: String,
}

/// Model number `index`. Everything is drawn from a stream with that key.
fn case(index: u64) -> Case {
    let mut stream = Stream::new(50, index, 0, Purpose::Check);
    let mut between = |a: f64, b: f64| a + (b - a) * stream.uniform();
    let n = 1 + (index % 4) as usize;
    let mut words = format!("{n} types");
    let names = ["S", "P", "R1", "R2"];
    let mut cells = Vec::new();
    let mut start = Vec::new();
    for i in 0..n {
        cells.push(cell(names[i], between(0.1, 0.6), between(0.1, 0.6)));
        start.push((i, if i == 0 { between(5.0, 150.0) } else { between(0.0, 4.0) }.round()));
    }
    if n >= 2 {
        cells[1].kind = if n > 2 { Kind::Persister } else { Kind::Resistant };
    }
    if n >= 3 && !index.is_multiple_of(3) {
        words += ", switching";
        cells[0].switches = vec![Switch { to: 1, rate: number(between(0.02, 0.6)) }];
        cells[1].switches = vec![Switch { to: 0, rate: number(between(0.02, 0.6)) }];
        if index.is_multiple_of(2) {
            cells[1].birth = number(0.0);
        }
    }
    let u = 10f64.powf(between(-3.5, -2.0));
    if n >= 2 {
        words += ", mutation";
        cells[0].mutations = vec![mutates(n - 1, u)];
    }
    if n >= 3 && !index.is_multiple_of(5) {
        words += ", mutation per time";
        cells[1].mutations = vec![Mutation::new(n - 1, false, number(10f64.powf(between(-4.0, -3.0))))];
    }
    if index % 7 == 2 {
        words += ", immigration";
        cells[n - 1].immigration = Some(number(between(0.3, 4.0)));
    }
    let mut model = model(cells, &start);
    let mut rules = Vec::new();
    let rule = |amount: f64, duration: f64, offsets: Vec<f64>, cycle: f64, from: f64| DoseRule {
        drug: 0,
        amount,
        duration,
        offsets,
        cycle,
        from,
        until: f64::INFINITY,
        row: None,
    };
    let once = f64::INFINITY;
    match (index / 4) % 4 {
        1 => {
            words += ", held drug in steps";
            model.drugs = vec![held_drug()];
            rules.push(rule(between(0.2, 1.0), 3.0, vec![0.0], once, 0.0));
            rules.push(rule(between(1.0, 3.0), once, vec![3.0], once, 0.0));
        }
        2 => {
            words += ", oral drug";
            model.drugs = vec![oral_drug(between(2.0, 30.0), between(0.3, 3.0), 1.0)];
            rules.push(rule(1.5, 0.0, vec![0.0, 0.3], 1.0, 0.0));
        }
        3 => {
            words += ", infusion into two compartments";
            let drug = Drug {
                route: Route::Infusion,
                clearance: number(between(0.5, 4.0)),
                peripheral: vec![(number(between(0.2, 2.0)), number(between(0.5, 2.0)))],
                delay: Some(Delay { states: 3, mean: number(0.7) }),
                ..held_drug()
            };
            model.drugs = vec![drug];
            rules.push(rule(2.0, 0.25, vec![0.0], 2.0, 0.5));
        }
        _ => {}
    }
    if !model.drugs.is_empty() {
        let c = || slot(if (index / 4) % 4 == 3 { Slot::Delayed(0) } else { Slot::Drug(0) });
        let kill = match index % 3 {
            0 => Expr::Call(Law::Hill, vec![c(), number(0.6), number(2.0)]),
            1 => Expr::Call(Law::Emax, vec![c(), number(1.0), number(0.5)]),
            _ => one_minus(Expr::Call(Law::Exp, vec![Expr::Neg(Box::new(c()))])),
        };
        let most = between(0.2, 1.5);
        add(&mut model.cells[0].death, product(number(most), kill));
        if n >= 2 && index % 2 == 1 {
            words += ", the drug mutates";
            let excess = product(number(0.02), Expr::Call(Law::Hill, vec![c(), number(1.0), number(1.0)]));
            add(&mut model.cells[0].mutations[0].rate, excess);
        }
        if index % 6 == 5 {
            words += ", tabulated birth";
            model.tables.push(table("t", &[0.0, 0.3, 1.0, 3.0], &[1.0, 0.8, 0.3, 0.25]));
            multiply(&mut model.cells[n - 1].birth, Expr::Table(0, Box::new(c())));
        }
    }
    if index % 6 == 4 {
        words += ", dated rates";
        let t = model.tables.len();
        model.tables.push(table("d", &[0.0, 1.5, 3.0, 4.0, 6.0], &[1.0, 2.0, 0.2, 0.4, 1.5]));
        multiply(&mut model.cells[0].birth, Expr::Table(t, Box::new(slot(Slot::Time))));
    }
    if index % 10 == 7 {
        words += ", logistic";
        let capacity = if index % 20 == 7 { 150.0 } else { 1000.0 };
        let law = Expr::Call(Law::Logistic, vec![slot(Slot::Total), number(capacity)]);
        model.cells[0].birth = product(number(1.0), law);
    }
    if index % 10 == 9 {
        words += ", a level that kills";
        let gain = product(number(0.01), slot(Slot::Total));
        let loss = product(number(0.5), slot(Slot::Level(0)));
        model.levels = vec![Level {
            name: "effector".into(),
            start: number(0.5),
            rate: Expr::Binary(Op::Sub, Box::new(gain), Box::new(loss)),
            unit: String::new(),
            unit_scale: 1.0,
        }];
        add(&mut model.cells[0].death, product(number(0.15), slot(Slot::Level(0))));
    }
    Case { model, regimen: Regimen { sentences: vec![], rules }, horizon: 8.0, words }
}

fn product(a: Expr, b: Expr) -> Expr {
    Expr::Binary(Op::Mul, Box::new(a), Box::new(b))
}

fn one_minus(e: Expr) -> Expr {
    Expr::Binary(Op::Sub, Box::new(number(1.0)), Box::new(e))
}

fn add(rate: &mut Expr, more: Expr) {
    *rate = Expr::Binary(Op::Add, Box::new(rate.clone()), Box::new(more));
}

fn multiply(rate: &mut Expr, by: Expr) {
    *rate = product(rate.clone(), by);
}

/// Final counts by type and total, one vector a column.
fn finals(case: &Case, compiled: &Compiled, method: Method, seed: u64, looks: u32) -> Vec<Vec<f64>> {
    let start = before::start(compiled, &[], method, &mut Stream::new(seed, 0, 0, Purpose::BeforeTreatment)).unwrap();
    let mut columns = vec![Vec::new(); compiled.types() + 1];
    for k in 0..replicates() {
        let mut stream = Stream::new(seed, 0, k, Purpose::Treatment);
        let mut tumour = Tumour::new(compiled, &[], start.clone(), method).unwrap();
        tumour.follow(&case.regimen);
        for look in 1..=looks {
            let until = case.horizon * f64::from(look) / f64::from(looks);
            tumour.advance(until, f64::INFINITY, &mut stream).unwrap();
        }
        let counts = tumour.state.by_type(compiled);
        for (column, &x) in columns.iter_mut().zip(counts.iter().chain([&tumour.state.total()])) {
            column.push(x as f64);
        }
    }
    columns
}

/// Family of p-values, judged together at the end.
#[derive(Default)]
struct Family(Vec<(f64, String)>);

impl Family {
    fn z(&mut self, z: f64, name: String) {
        self.0.push((statrs::function::erf::erfc(z.abs() / 2f64.sqrt()), format!("{name}, z {z:+.2}")));
    }

    /// All comparisons of two samples of counts.
    fn samples(&mut self, a: &[f64], b: &[f64], name: &str) {
        let (n, m) = (a.len() as f64, b.len() as f64);
        let ((ma, va, fa), (mb, vb, fb)) = (sample_moments(a), sample_moments(b));
        if va + vb > 0.0 {
            let z = (ma - mb) / (va / n + vb / m).sqrt();
            self.z(z, format!("{name}: mean {ma:.4} against {mb:.4}"));
        } else {
            assert_eq!(ma, mb, "{name}: two constants");
        }
        let kurtosis = (fa / (va * va)).max(fb / (vb * vb));
        if va > 0.0 && vb > 0.0 && n > 100.0 * kurtosis {
            let z = (va - vb) / ((fa - va * va) / n + (fb - vb * vb) / m).sqrt();
            self.z(z, format!("{name}: variance {va:.4} against {vb:.4}"));
        }
        let zeros = |x: &[f64]| x.iter().filter(|&&v| v == 0.0).count() as u64;
        let (za, zb) = (zeros(a), zeros(b));
        let p = fisher(za, a.len() as u64, zb, b.len() as u64);
        self.0.push((p, format!("{name}: {za} and {zb} zeros")));
        let d = ks_distance(a, b);
        let p = (2.0 * (-2.0 * d * d * n * m / (n + m)).exp()).min(1.0);
        self.0.push((p, format!("{name}: KS {d:.4}")));
    }

    /// Holm's method at `FALSE_ALARM`; prints the smallest p-values.
    fn judge(mut self, what: &str) {
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n = self.0.len();
        let mut rejected = Vec::new();
        for (k, (p, name)) in self.0.iter().enumerate() {
            if *p > FALSE_ALARM / (n - k) as f64 {
                break;
            }
            rejected.push(format!("p {p:.1e} {name}"));
        }
        for (p, name) in self.0.iter().take(5.max(rejected.len())) {
            println!("{what}: p {p:.1e} {name}");
        }
        println!("{what}: {n} comparisons, {} rejected at family-wise {FALSE_ALARM:e}", rejected.len());
        assert!(rejected.is_empty(), "{what}:\n{}", rejected.join("\n"));
    }
}

/// Two-sided p-value of `x` of `n` against `y` of `m`, by twice the smaller hypergeometric tail.
fn fisher(x: u64, n: u64, y: u64, m: u64) -> f64 {
    use statrs::function::factorial::ln_binomial;
    let all = x + y;
    let chance = |k: u64| (ln_binomial(n, k) + ln_binomial(m, all - k) - ln_binomial(n + m, all)).exp();
    let lowest = all.saturating_sub(m);
    let below: f64 = (lowest..=x).map(chance).sum();
    let above: f64 = (x..=all.min(n)).map(chance).sum();
    (2.0 * below.min(above)).min(1.0)
}

fn ks_distance(a: &[f64], b: &[f64]) -> f64 {
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (mut i, mut j, mut d) = (0, 0, 0f64);
    while i < a.len() && j < b.len() {
        let x = a[i].min(b[j]);
        while i < a.len() && a[i] == x {
            i += 1;
        }
        while j < b.len() && b[j] == x {
            j += 1;
        }
        d = d.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    d
}

#[test]
fn fifty_models() {
    let mut family = Family::default();
    for index in 0..MODELS {
        let case = case(index);
        let compiled = Compiled::new(&case.model);
        let clock = std::time::Instant::now();
        let exact = finals(&case, &compiled, Method::Exact, 1_000 + index, 1);
        let middle = clock.elapsed().as_secs_f64();
        let leap = finals(&case, &compiled, Method::Leap, 2_000 + index, 1);
        let end = clock.elapsed().as_secs_f64();
        let mut mean = MeanTumour::start(&compiled, &[]).unwrap();
        mean.follow(&case.regimen);
        mean.advance(case.horizon).unwrap();
        let mut expected = mean.means().by_type();
        expected.push(mean.means().total());
        println!("model {index} ({}): exact {middle:.2} s, leap {:.2} s", case.words, end - middle);
        for (k, (a, b)) in exact.iter().zip(&leap).enumerate() {
            let name = case.model.cells.get(k).map_or("total", |c| &c.name);
            family.samples(a, b, &format!("model {index} ({}) {name}", case.words));
            let (m, v, _) = sample_moments(a);
            let z = (m - expected[k]) / (v / replicates() as f64).sqrt().max(1e-300);
            if compiled.interacting {
                println!(
                    "  mean of {name}: {:.3} by the mean equations, {m:.3} exact, gap {:+.1} %",
                    expected[k],
                    100.0 * (expected[k] / m - 1.0)
                );
            } else if v > 0.0 {
                family.z(z, format!("model {index} ({}) {name}: exact mean {m:.4} for {:.4}", case.words, expected[k]));
            }
        }
    }
    family.judge("fifty models");
}

/// A visit that cuts a leap keeps the law, though not the path: 1 look against 29, on ten of the models.
#[test]
fn cutting_a_leap_keeps_the_law() {
    let mut family = Family::default();
    for index in [1, 3, 6, 11, 14, 18, 19, 26, 29, 35] {
        let case = case(index);
        let compiled = Compiled::new(&case.model);
        let once = finals(&case, &compiled, Method::Leap, 3_000 + index, 1);
        let often = finals(&case, &compiled, Method::Leap, 4_000 + index, 29);
        for (k, (a, b)) in once.iter().zip(&often).enumerate() {
            let name = case.model.cells.get(k).map_or("total", |c| &c.name);
            family.samples(a, b, &format!("model {index} ({}) {name}", case.words));
        }
    }
    family.judge("cut leaps");
}
