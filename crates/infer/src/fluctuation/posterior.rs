//! The posterior of the mutations in a culture, and of the fitness where it is free, when every mutant arose before
//! plating; with every culture's log-likelihood and counts drawn anew.

use super::fit::{Alike, Assay};
use super::law::{Counts, Ready};
use super::verdict::RANGE;
use crate::answer::{Answer, Estimate, Said, Sampled};
use crate::jobs::{Control, Interrupted};
use crate::prior::{Parameter, Prior, Target};
use crate::smc::{Posterior, Settings, sample};
use crate::special::quantile;
use remission_engine::draw::{binomial, gamma, poisson};
use remission_engine::stream::{Purpose, Stream};

/// Prior of a free fitness.
pub const FITNESS_PRIOR: Prior = Prior::LogNormal(1.0, 0.6);

/// An assay as something to be sampled.
pub struct Mutations<'a> {
    assay: &'a Assay,
    parameters: Vec<Parameter>,
    /// The laws where the fitness is known.
    ready: Option<Vec<Ready>>,
}

impl<'a> Mutations<'a> {
    /// m with a log-uniform prior over [`RANGE`], and the fitness where it is free.
    pub fn new(assay: &'a Assay) -> Mutations<'a> {
        let mut parameters =
            vec![Parameter::new("mutations_per_culture", "mutations", Prior::LogUniform(RANGE.0, RANGE.1))];
        let ready = match assay.conditions.fitness.taken() {
            Some(w) => Some(assay.ready(w)),
            None => {
                parameters.push(Parameter::new("fitness", "of the wild type's net growth", FITNESS_PRIOR));
                None
            }
        };
        Mutations { assay, parameters, ready }
    }

    fn with<T>(&self, at: &[f64], work: impl FnOnce(&[Ready]) -> T) -> T {
        match &self.ready {
            Some(ready) => work(ready),
            None => work(&self.assay.ready(at[1])),
        }
    }

    /// ln p of every culture, group after group, and its count drawn anew.
    fn each(&self, at: &[f64], stream: &mut Stream) -> (Vec<f64>, Vec<f64>) {
        let (mut logs, mut drawn) = (Vec::new(), Vec::new());
        self.with(at, |ready| {
            for (alike, ready) in self.assay.alike.iter().zip(ready) {
                for (value, times, least) in cultures(alike) {
                    let mut counts = Counts::default();
                    if least { &mut counts.at_least } else { &mut counts.exact }.push((value, 1.0));
                    let log = ready.log_likelihood(at[0] * alike.size, 0.0, &counts);
                    for _ in 0..times {
                        logs.push(log);
                        drawn.push(simulate(ready, at[0] * alike.size, 0.0, stream) as f64);
                    }
                }
            }
        });
        (logs, drawn)
    }
}

/// Every culture of a group: its count, how many had it, and whether it is a lower bound.
fn cultures(alike: &Alike) -> impl Iterator<Item = (u64, u64, bool)> + '_ {
    let exact = alike.counts.exact.iter().map(|c| (c.0, c.1 as u64, false));
    exact.chain(alike.counts.at_least.iter().map(|c| (c.0, c.1 as u64, true)))
}

impl Target for Mutations<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.with(at, |ready| self.assay.log_likelihood(ready, at[0], 0.0))
    }
}

/// Mutants that a culture with `m` mutations (at the mean final size) shows, drawn from what the law describes: a clone for
/// each mutation, founded when the culture had a uniform share of its final size; and `after` colonies in the mean that arose on the plate.
///
/// ```
/// use remission_engine::stream::{Purpose, Stream};
/// use remission_infer::fluctuation::{law::Law, posterior::simulate};
/// let ready = Law::default().ready(1);
/// let mut stream = Stream::new(1, 0, 0, Purpose::Inference);
/// let empty = (0..4000).filter(|_| simulate(&ready, 1.0, 0.0, &mut stream) == 0).count();
/// assert!((empty as f64 / 4000.0 - (-1.0f64).exp()).abs() < 0.04);
/// ```
pub fn simulate(ready: &Ready, m: f64, after: f64, stream: &mut Stream) -> u64 {
    let law = ready.law();
    let cv2 = law.cv * law.cv;
    let size = if cv2 > 0.0 { gamma(stream, 1.0 / cv2, cv2) } else { 1.0 };
    let mut seen = if after > 0.0 { poisson(stream, after * size) } else { 0 };
    for _ in 0..poisson(stream, m * size) {
        let u = law.initial_share + (1.0 - law.initial_share) * stream.uniform();
        let p = libm::pow(u, law.fitness);
        let rho = law.mutant_death;
        if stream.uniform() < rho * (1.0 - p) / (1.0 - rho * p) {
            continue;
        }
        let success = (1.0 - rho) * p / (1.0 - rho * p);
        let cells = 1.0 + libm::floor(libm::log(stream.uniform()) / libm::log1p(-success));
        seen = seen.saturating_add(binomial(stream, cells.min(4e15) as u64, law.plating));
    }
    seen
}

/// Samples the posterior and adds it to an answer.
pub fn add(assay: &Assay, seed: u64, control: &Control, answer: &mut Answer) -> Result<(), Interrupted> {
    let target = Mutations::new(assay);
    // With a free fitness every likelihood needs a law of its own.
    let particles = if target.ready.is_some() { 250 } else { 150 };
    let settings = Settings { particles, forgotten: 0.2, seed, ..Settings::default() };
    let found = sample(&target, &settings, control)?;
    answer.unconverged.extend(found.diagnosis.complaints());
    for (k, parameter) in target.parameters.iter().enumerate() {
        let mut values = found.draws.values(&parameter.name);
        values.sort_by(f64::total_cmp);
        let at = |q| quantile(&values, q).unwrap_or(f64::NAN);
        answer.estimates.push(Estimate {
            name: format!("{}_posterior", parameter.name),
            value: at(0.5),
            ci95: Some((at(0.025), at(0.975))),
            unit: parameter.unit.clone(),
            how: format!("posterior median and 95 % interval, prior {}", parameter.prior),
        });
        let diagnosis = &found.diagnosis;
        answer.diagnostics.push((format!("r_hat_{}", parameter.name), Said::Number(diagnosis.r_hat[k])));
        answer.diagnostics.push((format!("ess_bulk_{}", parameter.name), Said::Number(diagnosis.bulk[k])));
        answer.diagnostics.push((format!("ess_tail_{}", parameter.name), Said::Number(diagnosis.tail[k])));
    }
    let steps = found.steps.iter().flatten();
    let acceptance = steps.clone().map(|s| s.acceptance).sum::<f64>() / steps.clone().count().max(1) as f64;
    answer.diagnostics.push(("acceptance".into(), Said::Number(acceptance)));
    answer.sampled = Some(sampled(&target, found, seed));
    Ok(())
}

fn sampled(target: &Mutations, found: Posterior, seed: u64) -> Sampled {
    let mut out = Sampled { observed_name: "mutants".into(), ..Sampled::default() };
    for alike in &target.assay.alike {
        out.observed.extend(cultures(alike).flat_map(|(value, times, _)| (0..times).map(move |_| value as f64)));
    }
    for (chain, draws) in found.draws.chains.iter().enumerate() {
        let mut stream = Stream::new(seed, chain as u64, 2, Purpose::Inference);
        let (logs, drawn) = draws.iter().map(|at| target.each(at, &mut stream)).unzip();
        out.log_likelihood.push(logs);
        out.predictive.push(drawn);
    }
    out.posterior = found.draws;
    out.prior = found.prior;
    out
}
