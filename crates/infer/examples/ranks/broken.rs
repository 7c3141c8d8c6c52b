//! Twelve samplers broken on purpose, each in a way that has happened: ranks must tell.
//!
//! The target is a mean and a log standard deviation from eight normal readings. Three are the tempered sampler, wrongly
//! ended or weighed; six a Metropolis chain with a mistake in its step; three are sound samplers of data that were simulated
//! or read otherwise than the likelihood believes.

use crate::Fit;
use crate::cases::{Once, truth};
use remission_engine::draw::normal;
use remission_engine::stream::Stream;
use remission_infer::jobs::Control;
use remission_infer::prior::{Parameter, Prior, Target};
use remission_infer::smc::{Settings, init, sample};
use remission_infer::special::log_normal_density;
use remission_model::draws::Draws;

/// Readings of a normal quantity; the likelihood is taken to a power and sees the readings as they are given.
struct Readings {
    parameters: Vec<Parameter>,
    readings: Vec<f64>,
    power: f64,
}

impl Readings {
    fn of(readings: Vec<f64>) -> Readings {
        let parameters = vec![
            Parameter::new("mean", "", Prior::Normal(0.0, 2.0)),
            Parameter::new("sd", "", Prior::LogNormal(1.0, 0.5)),
        ];
        Readings { parameters, readings, power: 1.0 }
    }
}

impl Target for Readings {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.power * self.readings.iter().map(|x| log_normal_density(*x, at[0], at[1])).sum::<f64>()
    }
}

/// A truth and eight readings of it.
fn simulated(stream: &mut Stream) -> (Vec<f64>, Vec<f64>) {
    let truth = truth(&Readings::of(Vec::new()), stream);
    let readings = (0..8).map(|_| truth[0] + truth[1] * normal(stream)).collect();
    (truth, readings)
}

/// Every broken sampler.
pub fn all() -> Vec<(&'static str, Once)> {
    vec![
        ("broken-ends-a-temperature-early", |k, s| {
            let (truth, readings) = simulated(s);
            let target = Readings::of(readings);
            let mut run = init(&target, &settings(k), 0);
            let mut sets = run.sets(&target);
            while run.step(&target, &settings(k)).is_some() {
                if run.temperature < 1.0 {
                    sets = run.sets(&target);
                }
            }
            fit(truth, sets)
        }),
        ("broken-likelihood-counted-twice", |k, s| {
            let (truth, readings) = simulated(s);
            smc(truth, Readings { power: 2.0, ..Readings::of(readings) }, k)
        }),
        ("broken-particles-never-move", |k, s| {
            let (truth, readings) = simulated(s);
            let target = Readings::of(readings);
            // A move far too small to leave the place of a parent: ten particles are copied again and again.
            let few = Settings { particles: 10, runs: 2, moves: 1, again: 0, ..settings(k) };
            let draws = sample(&target, &few, &Control::quiet()).expect("nobody interrupts").draws;
            Fit { truth, draws }
        }),
        ("broken-accepts-everything", |_, s| chain(s, |_| 0.0, 0.0, 3000)),
        // Flat over mean and standard deviation. Flat over the mean and the logarithm would never show in these ranks: that
        // posterior covers whatever the truth is (it is the group's own measure, the right Haar measure of shifts and scales).
        ("broken-forgets-the-prior", |_, s| chain(s, |step| step.likelihood + step.log_sd, 0.0, 3000)),
        ("broken-forgets-the-likelihood-ratio-half", |_, s| {
            chain(s, |step| step.prior + 0.5 * step.likelihood, 0.0, 3000)
        }),
        ("broken-drifts-upwards", |_, s| chain(s, |step| step.prior + step.likelihood, 0.4, 3000)),
        ("broken-stops-after-five-steps", |_, s| chain(s, |step| step.prior + step.likelihood, 0.0, 5)),
        ("broken-adds-the-jacobian-twice", |_, s| {
            chain(s, |step| step.prior + step.likelihood + step.log_sd, 0.0, 3000)
        }),
        ("broken-reads-another-unit", |k, s| {
            let (truth, readings) = simulated(s);
            smc(truth, Readings::of(readings.iter().map(|x| 1.25 * x).collect()), k)
        }),
        ("broken-drops-the-largest-reading", |k, s| {
            let (truth, mut readings) = simulated(s);
            readings.sort_by(f64::total_cmp);
            readings.pop();
            smc(truth, Readings::of(readings), k)
        }),
        ("broken-believes-another-prior", |k, s| {
            let (truth, readings) = simulated(s);
            let mut target = Readings::of(readings);
            target.parameters[1].prior = Prior::LogNormal(1.5, 0.3);
            smc(truth, target, k)
        }),
    ]
}

fn settings(k: u64) -> Settings {
    Settings { particles: 150, runs: 2, again: 0, seed: 1000 + k, ..Settings::default() }
}

fn fit(truth: Vec<f64>, sets: Vec<Vec<f64>>) -> Fit {
    let names = vec!["mean".to_string(), "sd".to_string()];
    Fit { truth, draws: Draws { names, units: vec![String::new(); 2], chains: vec![sets] } }
}

fn smc(truth: Vec<f64>, target: Readings, k: u64) -> Fit {
    let draws = sample(&target, &settings(k), &Control::quiet()).expect("nobody interrupts").draws;
    Fit { truth, draws }
}

/// What a proposal would gain.
struct Step {
    prior: f64,
    likelihood: f64,
    log_sd: f64,
}

/// A Metropolis chain in normal coordinates whose acceptance is `gain` and whose proposals lean by `drift`, from a draw of the
/// prior.
fn chain(stream: &mut Stream, gain: fn(&Step) -> f64, drift: f64, steps: usize) -> Fit {
    let (truth, readings) = simulated(stream);
    let target = Readings::of(readings);
    let mut z = vec![normal(stream), normal(stream)];
    let half = |z: &[f64]| -0.5 * z.iter().map(|x| x * x).sum::<f64>();
    let mut sets = Vec::new();
    for k in 0..steps {
        let to: Vec<f64> = z.iter().map(|x| x + 0.5 * (normal(stream) + drift)).collect();
        let (from_set, to_set) = (target.at(&z), target.at(&to));
        let step = Step {
            prior: half(&to) - half(&z),
            likelihood: target.log_likelihood(&to_set) - target.log_likelihood(&from_set),
            log_sd: libm::log(to_set[1]) - libm::log(from_set[1]),
        };
        if libm::log(stream.uniform()) < gain(&step) {
            z = to;
        }
        if k >= steps / 3 {
            sets.push(target.at(&z));
        }
    }
    fit(truth, sets)
}
