//! Is the filter's likelihood without bias, and are the draws of particle marginal Metropolis-Hastings those of the posterior?
//!
//! Each comparison fails wrongly once in 10^6 seeds; seeds are fixed and were not chosen.

#[path = "common/autoregression.rs"]
mod autoregression;

use autoregression::Walk;
use remission_cohort::measure::Reported;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_infer::emulator::Emulator;
use remission_infer::filter::{self, pass};
use remission_infer::fit_model::patient::{Patient, Setting, Visit};
use remission_infer::jobs::Control;
use remission_infer::pmmh::{self, Estimated};
use remission_infer::prior::{Parameter, Prior};
use remission_infer::special::log_normal_density;
use remission_model::resolved::Regimen;

/// Standard normal deviate that is passed once in 10^6 seeds, both sides together.
const Z: f64 = 4.89;

const DISH: &str = r#"
[model]
title = "Birth and death of a few cells, counted"
[parameters]
birth = { value = "0.3 /day", assumed = "test", prior = "loguniform(0.1 /day, 1 /day)" }
[cells.S]
birth = "birth"
death = "0.25 /day"
[before_treatment]
start = { S = "6 cells" }
[measurements.count]
kind = "cell_count"
error = "40 %"
detection_limit = "1 cells"
"#;

fn visits() -> Vec<Visit> {
    let read = |time, reading| Visit { time, readings: vec![(0, reading)] };
    let value = Reported::Value;
    vec![
        read(1.0, value(7.0)),
        read(2.0, value(3.5)),
        read(4.0, Reported::Below(6.0)),
        read(7.0, value(9.0)),
        read(9.0, value(0.0)),
    ]
}

/// ln of the likelihood by the forward recursion over numbers of cells, with transitions by the matrix exponential of the
/// generator (squaring of a short Taylor series): independent of the engine's laws.
fn forward(birth: f64, visits: &[Visit]) -> f64 {
    const MOST: usize = 120;
    let death = 0.25;
    let sigma = 0.4;
    let mut p = vec![0.0; MOST + 1];
    p[6] = 1.0;
    let (mut now, mut sum) = (0.0, 0.0);
    for visit in visits {
        // Uniformisation in short steps: p exp(G t) by the Taylor series of steps of 1/400 day, 4 terms.
        let steps = ((visit.time - now) * 400.0).round() as usize;
        for _ in 0..steps {
            let h = 1.0 / 400.0;
            let mut term = p.clone();
            for order in 1..=4 {
                let mut next = vec![0.0; MOST + 1];
                for (n, x) in term.iter().enumerate() {
                    let k = n as f64;
                    next[n] -= k * (birth + death) * x;
                    if n > 0 {
                        next[n - 1] += k * death * x;
                    }
                    if n < MOST {
                        next[n + 1] += k * birth * x;
                    }
                }
                term = next.iter().map(|x| x * h / order as f64).collect();
                p.iter_mut().zip(&term).for_each(|(a, b)| *a += b);
            }
        }
        now = visit.time;
        let below =
            |limit: f64, n: f64| if n == 0.0 { 1.0 } else { 0.5 * libm::erfc(-(limit / n).ln() / sigma / 2f64.sqrt()) };
        for (n, x) in p.iter_mut().enumerate() {
            let n = n as f64;
            *x *= match visit.readings[0].1 {
                Reported::Below(limit) => below(limit, n),
                Reported::Value(0.0) => below(1.0, n),
                Reported::Value(_) if n == 0.0 => 0.0,
                Reported::Value(y) => log_normal_density(y.ln(), n.ln(), sigma).exp() / y,
            };
        }
        let all: f64 = p.iter().sum();
        sum += all.ln();
        p.iter_mut().for_each(|x| *x /= all);
    }
    sum
}

#[test]
fn the_estimate_of_a_tumours_likelihood_has_the_exact_one_as_its_mean() {
    let model = remission_model::model_from_toml("dish.toml", DISH).unwrap();
    let compiled = Compiled::new(&model);
    let visits = visits();
    let regimen = Regimen::default();
    let setting = Setting { compiled: &compiled, regimen: &regimen, visits: &visits, ahead: &[] };
    // Without guesses of what is to come, and with them.
    for (number, (birth, starts)) in [(0.3, 1), (0.15, 1), (0.4, 1), (0.15, 2)].into_iter().enumerate() {
        let exact = forward(birth, &visits);
        let parameters = [birth];
        let mut stream = Stream::new(20_261_128, number as u64, 0, Purpose::Check);
        let settings = filter::Settings { particles: 40, starts, ..filter::Settings::default() };
        let (mut sum, mut squares, passes) = (0.0, 0.0, 20_000);
        for _ in 0..passes {
            let mut patient = Patient::new(&setting, &parameters).unwrap();
            let found = pass(&mut patient, &settings, f64::NEG_INFINITY, &mut stream);
            let x = found.map_or(0.0, |f| (f.log_likelihood - exact).exp());
            sum += x;
            squares += x * x;
        }
        let mean = sum / passes as f64;
        let error = ((squares / passes as f64 - mean * mean) / passes as f64).sqrt();
        let what = format!("birth {birth}, {starts} starts");
        println!("{what}: exact {exact:.4}, mean of estimate over exact {mean:.4} +- {error:.4}");
        assert!(((mean - 1.0) / error).abs() < Z, "{what}: {mean} +- {error}");
        // A filter that is off by 10 % would be seen.
        assert!(error < 0.02);
    }
}

/// Kalman's filter: ln of the likelihood, and mean of the last state given all readings.
fn kalman(a: f64, readings: &[f64]) -> (f64, f64) {
    let (mut mean, mut variance, mut sum) = (0.0, 1.0, 0.0);
    for y in readings {
        (mean, variance) = (a * mean, a * a * variance + 1.0);
        sum += log_normal_density(*y, mean, f64::sqrt(variance + 1.0));
        let gain = variance / (variance + 1.0);
        (mean, variance) = (mean + gain * (y - mean), variance * (1.0 - gain));
    }
    (sum, mean)
}

struct Autoregression {
    parameters: [Parameter; 1],
    readings: Vec<f64>,
    particles: usize,
}

impl Estimated for Autoregression {
    type Path = Vec<f64>;

    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn estimate(&self, at: &[f64], least: f64, stream: &mut Stream) -> Option<(f64, Vec<f64>)> {
        let mut walk = Walk { a: at[0], noise: 1.0, readings: &self.readings };
        let found = pass(
            &mut walk,
            &filter::Settings { particles: self.particles, ..filter::Settings::default() },
            least,
            stream,
        )?;
        Some((found.log_likelihood, found.path))
    }
}

#[test]
fn draws_are_those_of_the_exact_posterior_of_an_autoregression() {
    agree_with_the_exact_posterior(None, false, 2000.0);
}

/// A stand-in that leans to one side by five units and waves costs acceptance, not truth.
#[test]
fn a_crooked_stand_in_leads_to_the_same_posterior() {
    agree_with_the_exact_posterior(Some(&|a| 5.0 * a + 0.5 * (20.0 * a).sin()), false, 1000.0);
}

/// Its draws, weighed by estimates, are those of the posterior as well.
#[test]
fn draws_of_a_crooked_stand_in_are_weighed_to_the_same_posterior() {
    agree_with_the_exact_posterior(Some(&|a| 2.0 * a + 0.5 * (20.0 * a).sin()), true, 1000.0);
}

/// A stand-in that leans so much that a few draws outweigh all others is told from one that does not.
#[test]
fn weights_that_are_too_uneven_are_told() {
    let mut stream = Stream::new(20_261_129, 10, 0, Purpose::Check);
    let readings = autoregression::readings(0.8, 1.0, 25, &mut stream);
    let target = Autoregression {
        parameters: [Parameter::new("a", "", Prior::Uniform(0.0, 1.0))],
        readings: readings.clone(),
        particles: 60,
    };
    let start: Vec<Vec<f64>> = (1..20).map(|k| vec![f64::from(k) / 20.0]).collect();
    let settings = pmmh::Settings { steps: 400, ..pmmh::Settings::default() };
    for (lean, even) in [(0.0, true), (-80.0, false)] {
        let prior = &target.parameters[0].prior;
        let curve = |z: &[f64]| kalman(prior.at(z[0]), &readings).0 + lean * prior.at(z[0]);
        let control = Control { threads: 2, ..Control::quiet() };
        let found = pmmh::weighed(&target, &settings, &start, &curve, &control).unwrap().unwrap();
        println!("lean {lean}: shape {:.2}, kept {:.2?}", found.shape, found.posterior.acceptance);
        assert_eq!(found.even(), even);
    }
}

fn agree_with_the_exact_posterior(crooked: Option<&dyn Fn(f64) -> f64>, weighed: bool, least: f64) {
    let mut stream = Stream::new(20_261_128, 9, 0, Purpose::Check);
    let readings = autoregression::readings(0.8, 1.0, 25, &mut stream);
    let target = Autoregression {
        parameters: [Parameter::new("a", "", Prior::Uniform(0.0, 1.0))],
        readings: readings.clone(),
        particles: if weighed { 120 } else { 60 },
    };
    let settings = pmmh::Settings { burn_in: 500, steps: 25_000, thin: 5, ..pmmh::Settings::default() };
    let by = crooked.map(|lean| {
        let at = (0..40).map(|k| (k as f64 + 0.5) / 40.0);
        let seen: Vec<(Vec<f64>, f64)> = at.map(|a| (vec![a], kalman(a, &readings).0 + lean(a))).collect();
        Emulator::new(&target.parameters, &seen).unwrap()
    });
    let start: Vec<Vec<f64>> = match by {
        Some(_) => (1..20).map(|k| vec![f64::from(k) / 20.0]).collect(),
        None => Vec::new(),
    };
    let control = Control { threads: 2, ..Control::quiet() };
    let curve = by.as_ref().map(|by| |z: &[f64]| by.log_likelihood(z));
    let curve = curve.as_ref().map(|c| c as &pmmh::Curve);
    let found = match curve {
        Some(by) if weighed => {
            let settings = pmmh::Settings { steps: 8_000, ..settings };
            let found = pmmh::weighed(&target, &settings, &start, by, &control).unwrap().unwrap();
            println!("Pareto shape {:.2}", found.shape);
            assert!(found.complaints().is_empty(), "{:?}", found.complaints());
            found.posterior
        }
        _ => pmmh::sample(&target, &settings, &start, curve, &control).unwrap().unwrap(),
    };
    // The posterior on a grid, and what it says of a, of a squared, of the last state.
    let grid: Vec<f64> = (0..2000).map(|k| (k as f64 + 0.5) / 2000.0).collect();
    let likelihoods: Vec<(f64, f64)> = grid.iter().map(|a| kalman(*a, &readings)).collect();
    let most = likelihoods.iter().map(|l| l.0).fold(f64::NEG_INFINITY, f64::max);
    let weight: Vec<f64> = likelihoods.iter().map(|l| (l.0 - most).exp()).collect();
    let all: f64 = weight.iter().sum();
    let over = |f: &dyn Fn(usize) -> f64| (0..grid.len()).map(|k| weight[k] * f(k)).sum::<f64>() / all;
    let exact = [over(&|k| grid[k]), over(&|k| grid[k] * grid[k]), over(&|k| likelihoods[k].1)];
    let chains = &found.draws.chains;
    let values: [Vec<Vec<f64>>; 3] = [
        chains.iter().map(|c| c.iter().map(|d| d[0]).collect()).collect(),
        chains.iter().map(|c| c.iter().map(|d| d[0] * d[0]).collect()).collect(),
        found.paths.iter().map(|c| c.iter().map(|p| *p.last().unwrap()).collect()).collect(),
    ];
    println!("acceptance {:?}, variance {:.2}, R-hat {:?}", found.acceptance, found.variance, found.diagnosis.r_hat);
    for (what, (values, exact)) in ["a", "a squared", "last state"].iter().zip(values.iter().zip(exact)) {
        let n: f64 = values.iter().map(Vec::len).sum::<usize>() as f64;
        let mean = values.iter().flatten().sum::<f64>() / n;
        let variance = values.iter().flatten().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        let size = remission_infer::diagnostics::effective(values);
        let error = (variance / size).sqrt();
        println!("{what}: {mean:.5} +- {error:.5}, exact {exact:.5}, {size:.0} effective draws");
        assert!(((mean - exact) / error).abs() < Z, "{what}: {mean} +- {error}, exact {exact}");
        assert!(size > least);
    }
    assert!(found.diagnosis.r_hat[0] < 1.01 && found.complaints().is_empty(), "{:?}", found.complaints());
}

#[test]
fn giving_up_early_changes_no_decision() {
    let readings = vec![0.3, -1.0, 2.0, 0.5, 4.0, 1.0];
    for number in 0..300 {
        let one = |least: f64| {
            let mut stream = Stream::new(20_261_128, number, 5, Purpose::Check);
            let mut walk = Walk { a: 0.5, noise: 1.0, readings: &readings };
            pass(&mut walk, &filter::Settings { particles: 20, ..filter::Settings::default() }, least, &mut stream)
        };
        let whole = one(f64::NEG_INFINITY).unwrap();
        assert_eq!(one(whole.log_likelihood - 1e-9).map(|p| p.log_likelihood), Some(whole.log_likelihood));
        assert!(one(whole.log_likelihood + 1e-9).is_none());
    }
}

#[test]
fn the_same_on_any_number_of_threads() {
    let readings = vec![0.3, -1.0, 2.0, 0.5];
    let target =
        Autoregression { parameters: [Parameter::new("a", "", Prior::Uniform(0.0, 1.0))], readings, particles: 60 };
    let settings = pmmh::Settings { burn_in: 50, steps: 100, ..pmmh::Settings::default() };
    let on = |threads| {
        pmmh::sample(&target, &settings, &[], None, &Control { threads, ..Control::quiet() }).unwrap().unwrap()
    };
    assert_eq!(on(1), on(2));
}
