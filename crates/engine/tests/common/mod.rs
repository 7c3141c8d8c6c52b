//! Small models for tests, and z-scores.
#![allow(dead_code)]

pub mod weighted;

use remission_engine::compiled::Compiled;
use remission_model::expr::{Expr, Slot};
use remission_model::resolved::*;
use remission_model::units::Dimension;

pub fn number(x: f64) -> Expr {
    Expr::Number(x)
}

pub fn cell(name: &str, birth: f64, death: f64) -> CellType {
    CellType {
        name: name.into(),
        kind: if name.starts_with('R') { Kind::Resistant } else { Kind::Sensitive },
        mechanism: None,
        birth: number(birth),
        death: number(death),
        immigration: None,
        switches: vec![],
        mutations: vec![],
    }
}

pub fn mutates(to: usize, u: f64) -> Mutation {
    Mutation::new(to, true, number(u))
}

pub fn model(cells: Vec<CellType>, start: &[(usize, f64)]) -> Model {
    Model {
        title: "test".into(),
        question: String::new(),
        citations: vec![],
        parameters: vec![],
        correlations: Correlations::default(),
        tables: vec![],
        cells,
        sites: vec![],
        levels: vec![],
        events: vec![],
        drugs: vec![],
        start: Start::Given(start.iter().map(|&(i, x)| (i, number(x))).collect()),
        barcodes: None,
        measurements: vec![],
        death: None,
        settings: vec![],
    }
}

pub fn held_drug() -> Drug {
    Drug {
        name: "drug".into(),
        route: Route::Held,
        clearance: number(1.0),
        volume: number(1.0),
        peripheral: vec![],
        lag: None,
        bioavailability: None,
        felt_per_mg_per_l: 1.0,
        felt_unit: "uM".into(),
        felt_scale: 1.0,
        delay: None,
        effect: None,
    }
}

pub fn oral_drug(ka: f64, clearance: f64, volume: f64) -> Drug {
    Drug { route: Route::Oral { ka: number(ka) }, clearance: number(clearance), volume: number(volume), ..held_drug() }
}

pub fn every(drug: usize, amount: f64, cycle: f64) -> Regimen {
    let rule =
        DoseRule { drug, amount, duration: 0.0, offsets: vec![0.0], cycle, from: 0.0, until: f64::INFINITY, row: None };
    Regimen { sentences: vec![], rules: vec![rule] }
}

pub fn slot(s: Slot) -> Expr {
    Expr::Slot(s)
}

/// Mean, variance and fourth central moment of a sample.
pub fn sample_moments(x: &[f64]) -> (f64, f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let var = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let fourth = x.iter().map(|v| (v - mean).powi(4)).sum::<f64>() / n;
    (mean, var, fourth)
}

/// z-scores of a sample's mean and variance against theory; the variance's from the sample's fourth moment.
pub fn z_scores(x: &[f64], mean: f64, variance: f64) -> (f64, f64) {
    let n = x.len() as f64;
    let (m, v, fourth) = sample_moments(x);
    let z_mean = (m - mean) / (variance / n).sqrt();
    let z_var = (v - variance) / ((fourth - v * v).max(1e-300) / n).sqrt();
    (z_mean, z_var)
}

pub fn compiled(model: &Model) -> Compiled {
    Compiled::new(model)
}

/// A tabulated law.
/// A model as somebody would write it, ready to run, with its parameters.
pub fn written(text: &str) -> (Compiled, Vec<f64>) {
    let model = remission_model::model_from_toml("m.toml", text).unwrap_or_else(|p| panic!("{p}"));
    (Compiled::new(&model), model.parameters.iter().map(|p| p.value).collect())
}

pub fn table(name: &str, x: &[f64], y: &[f64]) -> Table {
    Table {
        name: name.into(),
        x: x.to_vec(),
        second: None,
        y: y.to_vec(),
        of: Dimension::PLAIN,
        gives: Dimension::PLAIN,
    }
}

/// Two-sided bound on a standard normal statistic that is passed by chance with probability `rate`.
pub fn z_limit(rate: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF, Normal};
    Normal::standard().inverse_cdf(1.0 - 0.5 * rate)
}

/// Two-sided exact binomial test of `seen` out of `n`, for a probability known to lie in `low..=high`: the chance of a
/// count at least as far out, at the end of the interval that is kinder.
pub fn binomial_alarm(seen: u64, n: u64, low: f64, high: f64) -> f64 {
    use statrs::distribution::{Binomial, DiscreteCDF};
    let few = Binomial::new(low, n).unwrap().cdf(seen);
    let many = if seen == 0 { 1.0 } else { Binomial::new(high, n).unwrap().sf(seen - 1) };
    (2.0 * few.min(many)).min(1.0)
}

/// Prints a count against its probability (an interval when the theory is a limit) and fails below `rate`.
pub fn judge(name: &str, seen: u64, n: u64, low: f64, high: f64, rate: f64) {
    let p = 0.5 * (low + high);
    let z = (seen as f64 / n as f64 - p) / (p * (1.0 - p) / n as f64).sqrt();
    let alarm = binomial_alarm(seen, n, low, high);
    let range = if high > low { format!("{low:.6}..{high:.6}") } else { format!("{p:.6}") };
    println!("{name}: {seen} of {n} = {:.5} for {range}, z {z:+.2}, chance {alarm:.2e}", seen as f64 / n as f64);
    assert!(alarm >= rate, "{name}: {seen} of {n} for {range}, z {z:+.2}");
}

/// Integral of `f` over the pieces between `edges`, each by eight-point Gauss-Legendre.
pub fn integral(edges: &[f64], f: impl Fn(f64) -> f64) -> f64 {
    const X: [f64; 4] =
        [0.183_434_642_495_649_8, 0.525_532_409_916_329, 0.796_666_477_413_626_7, 0.960_289_856_497_536_3];
    const W: [f64; 4] =
        [0.362_683_783_378_362, 0.313_706_645_877_887_3, 0.222_381_034_453_374_5, 0.101_228_536_290_376_3];
    let piece = |a: f64, b: f64| {
        let (centre, half) = (0.5 * (a + b), 0.5 * (b - a));
        let pair = |k: usize| W[k] * (f(centre - half * X[k]) + f(centre + half * X[k]));
        half * (0..4).map(pair).sum::<f64>()
    };
    edges.windows(2).map(|e| piece(e[0], e[1])).sum()
}

/// From 0 to `to` in `pieces` equal pieces.
pub fn even(to: f64, pieces: usize) -> Vec<f64> {
    (0..=pieces).map(|k| to * k as f64 / pieces as f64).collect()
}

/// Concentration and its integral under equal oral doses at 0, cycle, 2 cycle, ... into one compartment (Bateman).
#[derive(Clone, Copy)]
pub struct Oral {
    /// Dose times felt concentration per mg/L, over volume.
    pub scale: f64,
    pub ka: f64,
    pub ke: f64,
    pub cycle: f64,
}

impl Oral {
    fn sum(&self, t: f64, f: impl Fn(f64) -> f64) -> f64 {
        let doses = (t / self.cycle).floor() as usize + 1;
        let each = (0..doses).map(|k| f(t - k as f64 * self.cycle)).sum::<f64>();
        self.scale * self.ka / (self.ka - self.ke) * each
    }
    pub fn at(&self, t: f64) -> f64 {
        self.sum(t, |t| (-self.ke * t).exp() - (-self.ka * t).exp())
    }
    pub fn area(&self, t: f64) -> f64 {
        self.sum(t, |t| -(-self.ke * t).exp_m1() / self.ke + (-self.ka * t).exp_m1() / self.ka)
    }
}

/// Kendall 1948: the probability that the line of a cell born at `from` has died out by the last of `edges`,
/// Q / (1 + Q) with Q = Int d(x) exp(decline(x) - decline(from)) dx, `decline` being the integral of d - b from 0.
pub fn lost(edges: &[f64], from: f64, death: impl Fn(f64) -> f64, decline: impl Fn(f64) -> f64) -> f64 {
    let mut cut = vec![from];
    cut.extend(edges.iter().copied().filter(|&e| e > from));
    let start = decline(from);
    let q = integral(&cut, |x| death(x) * (decline(x) - start).exp());
    q / (1.0 + q)
}

/// Final counts by type of `n` tumours that start treatment as the model says and follow `regimen` for `days`.
pub fn finals(
    compiled: &Compiled,
    method: remission_engine::tumour::Method,
    regimen: &Regimen,
    days: f64,
    n: u64,
) -> Vec<Vec<u64>> {
    use remission_engine::stream::{Purpose, Stream};
    let one = |k: u64| {
        let mut before = Stream::new(1, 0, k, Purpose::BeforeTreatment);
        let start = remission_engine::before::start(compiled, &[], method, &mut before).unwrap();
        let mut tumour = remission_engine::tumour::Tumour::new(compiled, &[], start, method).unwrap();
        tumour.follow(regimen);
        tumour.advance(days, f64::INFINITY, &mut Stream::new(1, 0, k, Purpose::Treatment)).unwrap();
        tumour.state.by_type(compiled)
    };
    (0..n).map(one).collect()
}

/// The exposure of a patient who follows `regimen` from day 0.
pub fn exposed(compiled: &Compiled, regimen: &Regimen) -> remission_engine::exposure::Exposure {
    let mut exposure = remission_engine::exposure::Exposure::new(compiled, &[], 0.0).unwrap();
    exposure.follow(regimen);
    exposure
}

pub fn plus(a: Expr, b: Expr) -> Expr {
    Expr::Binary(remission_model::expr::Op::Add, Box::new(a), Box::new(b))
}

pub fn times(a: Expr, b: Expr) -> Expr {
    Expr::Binary(remission_model::expr::Op::Mul, Box::new(a), Box::new(b))
}

/// A held drug at 1 from day 0 on.
pub fn always_on() -> Regimen {
    let rule = DoseRule {
        drug: 0,
        amount: 1.0,
        duration: f64::INFINITY,
        offsets: vec![0.0],
        cycle: f64::INFINITY,
        from: 0.0,
        until: f64::INFINITY,
        row: None,
    };
    Regimen { sentences: vec![], rules: vec![rule] }
}

/// Sensitive cells (b, d before and `treated` under the drug) grown from one to `size`, founding at `u` a division
/// resistant ones that the drug leaves alone.
pub fn therapy(b: f64, d: f64, treated: f64, u: f64, size: f64) -> Model {
    let mut m = model(vec![cell("S", b, 0.0), cell("R", b, d)], &[]);
    m.cells[0].mutations = vec![mutates(1, u)];
    m.cells[0].death = plus(number(d), times(number(treated - d), slot(Slot::Drug(0))));
    m.drugs = vec![held_drug()];
    m.start = Start::Grown { founder: 0, from: 1, until: number(size) };
    m
}

/// Expected cell-days of a line until it first numbers `m`, grown from one cell and conditioned on that: a walk up with
/// b / (b + d) makes G(n) visits to n before 0 or m, weighted by the chance to succeed from there. Each visit lasts
/// 1 / (b + d) cell-days whatever n is.
pub fn cell_days(b: f64, d: f64, m: usize) -> f64 {
    let (r, up) = (d / b, b / (b + d));
    // 1 - r^k: the chance to succeed from k, relative.
    let h = |k: usize| -(k as f64 * r.ln()).exp_m1();
    let visits = |n: usize| {
        let falls_back = (h(n) - h(n - 1)) / h(n);
        let succeeds = h(1) / h(m - n);
        1.0 / ((1.0 - up) * falls_back + up * succeeds)
    };
    (1..m).map(visits).sum::<f64>() / (b + d)
}

/// Relative variance of those cell-days, at most: events until a walk of drift g reaches m vary by
/// (g + (1 - g^2) / g) / m of their mean squared; doubled for the condition.
pub fn cell_days_spread(b: f64, d: f64, m: f64) -> f64 {
    let g = (b - d) / (b + d);
    2.0 * (g + 1.0 / g) / m
}

/// Whether a line of `cells` cells that dies out with probability `r` a cell will live for ever: drawn from its law, so
/// that a simulation need not wait.
pub fn lives_on(cells: u64, r: f64, stream: &mut remission_engine::stream::Stream) -> bool {
    stream.uniform() >= r.powf(cells as f64)
}
