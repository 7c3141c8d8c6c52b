//! Particle marginal Metropolis-Hastings: draws from a posterior whose likelihood can only be estimated, exact all the same.
//!
//! Andrieu and Roberts 2009 (Ann Stat 37:697), Andrieu, Doucet and Holenstein 2010 (J R Stat Soc B 72:269): a random walk
//! in which the unbiased estimate stands for the likelihood, the estimate of the present place being kept and never made
//! anew. The path that came with an accepted estimate is a draw from the paths given data and parameters. Steps are taken
//! in the coordinates in which every prior is standard normal ([`crate::prior`]).
//!
//! During the burn-in alone the step's factor S follows Vihola 2012 (Stat Comput 22:997): S S' becomes
//! S (I + h (a - a*) u u' / |u|^2) S' after a step S u, a = 1 where it was accepted and 0 where not, a* = 0.2, h falling
//! as the step's number to the power of -2/3. Afterwards it is fixed, so that the chain is one Markov chain.
//!
//! The uniform variable of a step is drawn before the estimate, which may then be given up as soon as it is sure to be refused.

use crate::diagnostics::{Diagnosis, diagnose};
use crate::jobs::{Control, Interrupted, map};
use crate::prior::Parameter;
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};
use remission_model::draws::Draws;

/// Acceptance that the burn-in aims at.
const AIM: f64 = 0.2;
/// Estimates from which their variance is judged.
const REPEATS: usize = 40;

/// What is sampled: parameters with priors, and a likelihood that is estimated without bias.
pub trait Estimated: Sync {
    /// What is kept of an estimate: a path of the hidden process.
    type Path: Clone + Send;

    /// The parameters, in the order of every set.
    fn parameters(&self) -> &[Parameter];

    /// ln of an unbiased estimate of p(data | parameters) with its path; none where the estimate is 0 or certain to be below
    /// `least`.
    fn estimate(&self, at: &[f64], least: f64, stream: &mut Stream) -> Option<(f64, Self::Path)>;
}

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Chains, 2 or more; default 4.
    pub chains: usize,
    /// Steps of each chain in which the proposal adapts, thrown away; default 1000.
    pub burn_in: usize,
    /// Steps of each chain after that; default 2000.
    pub steps: usize,
    /// Every so many steps one is kept, 1 or more; default 4.
    pub thin: usize,
    /// Draws from the prior among which a chain's beginning is chosen by its likelihood; default 60.
    pub tries: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { chains: 4, burn_in: 1000, steps: 2000, thin: 4, tries: 60, seed: 2026 }
    }
}

/// A chain.
pub struct Chain<P> {
    /// Where it is, in the coordinates in which priors are standard normal.
    pub z: Vec<f64>,
    /// The estimate that came with it.
    pub log_likelihood: f64,
    /// The path that came with it.
    pub path: P,
    /// Lower triangular factor of the proposal's covariance, row-major.
    pub factor: Vec<f64>,
    /// Steps taken.
    pub taken: usize,
    stream: Stream,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Info {
    /// Whether the proposal was accepted.
    pub accepted: bool,
}

/// The values that normal coordinates stand for.
fn values(parameters: &[Parameter], z: &[f64]) -> Vec<f64> {
    parameters.iter().zip(z).map(|(p, z)| p.prior.at(*z)).collect()
}

/// A chain at the likeliest of some draws from the prior; none where all are impossible. `number` tells chains of one seed apart.
pub fn init<E: Estimated>(target: &E, settings: &Settings, number: u64) -> Option<Chain<E::Path>> {
    let mut stream = Stream::new(settings.seed, number, 1, Purpose::Inference);
    let d = target.parameters().len();
    let mut best: Option<(Vec<f64>, f64, E::Path)> = None;
    // Where all of the first are impossible, more are tried.
    for attempt in 0..settings.tries.max(1) * 20 {
        if attempt >= settings.tries.max(1) && best.is_some() {
            break;
        }
        let z: Vec<f64> = (0..d).map(|_| normal(&mut stream)).collect();
        let least = best.as_ref().map_or(f64::NEG_INFINITY, |b| b.1);
        if let Some((log_likelihood, path)) = target.estimate(&values(target.parameters(), &z), least, &mut stream)
            && log_likelihood > least
        {
            best = Some((z, log_likelihood, path));
        }
    }
    let (z, log_likelihood, path) = best?;
    let mut factor = vec![0.0; d * d];
    (0..d).for_each(|k| factor[k * d + k] = 0.5 / libm::sqrt(d as f64));
    Some(Chain { z, log_likelihood, path, factor, taken: 0, stream })
}

impl<P: Clone + Send> Chain<P> {
    /// One step; the proposal learns from it where `adapts`.
    pub fn step<E: Estimated<Path = P>>(&mut self, target: &E, adapts: bool) -> Info {
        let d = self.z.len();
        let u: Vec<f64> = (0..d).map(|_| normal(&mut self.stream)).collect();
        let mut z = self.z.clone();
        for i in 0..d {
            z[i] += (0..=i).map(|j| self.factor[i * d + j] * u[j]).sum::<f64>();
        }
        let half = |z: &[f64]| -0.5 * z.iter().map(|x| x * x).sum::<f64>();
        let least = self.log_likelihood + half(&self.z) - half(&z) + libm::log(self.stream.uniform());
        let found = target.estimate(&values(target.parameters(), &z), least, &mut self.stream);
        let accepted = match found {
            Some((log_likelihood, path)) if log_likelihood > least => {
                (self.z, self.log_likelihood, self.path) = (z, log_likelihood, path);
                true
            }
            _ => false,
        };
        self.taken += 1;
        if adapts {
            let h = (d as f64 * libm::pow(self.taken as f64, -2.0 / 3.0)).min(1.0);
            self.factor = adapted(&self.factor, &u, h * (f64::from(u8::from(accepted)) - AIM));
        }
        Info { accepted }
    }
}

/// Factor of S (I + c u u' / |u|^2) S'; c is above -1.
fn adapted(factor: &[f64], u: &[f64], c: f64) -> Vec<f64> {
    let d = u.len();
    let length: f64 = u.iter().map(|x| x * x).sum();
    let moved: Vec<f64> = (0..d).map(|i| (0..=i).map(|j| factor[i * d + j] * u[j]).sum()).collect();
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let before: f64 = (0..=j).map(|k| factor[i * d + k] * factor[j * d + k]).sum();
            let known: f64 = (0..j).map(|k| lower[i * d + k] * lower[j * d + k]).sum();
            let left = before + c * moved[i] * moved[j] / length - known;
            lower[i * d + j] = if i == j { libm::sqrt(left.max(1e-16)) } else { left / lower[j * d + j] };
        }
    }
    lower
}

/// Draws from the posterior with what came with them.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior<P> {
    /// Kept draws, by chain.
    pub draws: Draws,
    /// As many draws from the prior.
    pub prior: Draws,
    /// The path of every kept draw, by chain.
    pub paths: Vec<Vec<P>>,
    /// The estimate of every kept draw, by chain.
    pub log_likelihoods: Vec<Vec<f64>>,
    /// Share of steps accepted after the burn-in, by chain.
    pub acceptance: Vec<f64>,
    /// Agreement of the chains.
    pub diagnosis: Diagnosis,
    /// Variance of the log of the estimate at the posterior mean: about 1 to 3 is worth its while (Doucet et al. 2015, Biometrika
    /// 102:295); far above, chains stick. Not a number where it cannot be told.
    pub variance: f64,
}

impl<P> Posterior<P> {
    /// What is wrong, a sentence each; empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = self.diagnosis.complaints();
        if self.variance > 4.0 {
            out.push(format!("the likelihood is known too roughly (variance of its logarithm {:.1}, at most 4 is good); raise the particles", self.variance));
        }
        let least = self.acceptance.iter().copied().fold(1.0, f64::min);
        if least < 0.02 {
            out.push(format!(
                "a chain accepted {:.1} % of its steps (2 % or more is good); raise the particles or the steps",
                100.0 * least
            ));
        }
        out
    }
}

/// Several chains, on as many threads as allowed; their number changes no bit. None where no draw from the prior is possible.
///
/// # Errors
/// [`Interrupted`] when asked to stop.
pub fn sample<E: Estimated>(
    target: &E,
    settings: &Settings,
    control: &Control,
) -> Result<Option<Posterior<E::Path>>, Interrupted> {
    let (thin, total) = (settings.thin.max(1), settings.burn_in + settings.steps);
    let chains = map(settings.chains.max(2), control, |number, control| {
        let Some(mut chain) = init(target, settings, number as u64) else { return Ok(None) };
        let (mut draws, mut paths, mut likelihoods, mut accepted) = (Vec::new(), Vec::new(), Vec::new(), 0usize);
        for step in 0..total {
            control.check()?;
            control.done(step as f64 / total as f64);
            let burning = step < settings.burn_in;
            let info = chain.step(target, burning);
            if burning {
                continue;
            }
            accepted += usize::from(info.accepted);
            if (step - settings.burn_in) % thin == thin - 1 {
                draws.push(values(target.parameters(), &chain.z));
                paths.push(chain.path.clone());
                likelihoods.push(chain.log_likelihood);
            }
        }
        Ok(Some((draws, paths, likelihoods, accepted as f64 / settings.steps.max(1) as f64)))
    })?;
    let Some(chains) = chains.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let names: Vec<String> = target.parameters().iter().map(|p| p.name.clone()).collect();
    let units: Vec<String> = target.parameters().iter().map(|p| p.unit.clone()).collect();
    let d = names.len();
    let mut draws = Draws { names: names.clone(), units: units.clone(), chains: Vec::new() };
    let mut prior = Draws { names, units, chains: Vec::new() };
    let (mut paths, mut log_likelihoods, mut acceptance) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (values_, paths_, likelihoods, accepted)) in chains.into_iter().enumerate() {
        let mut stream = Stream::new(settings.seed, number as u64, 2, Purpose::Inference);
        let one =
            |stream: &mut Stream| values(target.parameters(), &(0..d).map(|_| normal(stream)).collect::<Vec<_>>());
        prior.chains.push((0..values_.len()).map(|_| one(&mut stream)).collect());
        draws.chains.push(values_);
        paths.push(paths_);
        log_likelihoods.push(likelihoods);
        acceptance.push(accepted);
    }
    let diagnosis = diagnose(&draws);
    let variance = variance(target, &draws, settings.seed);
    Ok(Some(Posterior { draws, prior, paths, log_likelihoods, acceptance, diagnosis, variance }))
}

/// Variance of the log of the estimate at the posterior mean of the normal coordinates.
fn variance<E: Estimated>(target: &E, draws: &Draws, seed: u64) -> f64 {
    let parameters = target.parameters();
    let n = draws.len().max(1) as f64;
    let mean = |k: usize| draws.all().map(|d| parameters[k].prior.z(d[k])).sum::<f64>() / n;
    let z: Vec<f64> = (0..parameters.len()).map(mean).collect();
    let at = values(parameters, &z);
    let mut stream = Stream::new(seed, 0, 3, Purpose::Inference);
    let found: Vec<f64> =
        (0..REPEATS).filter_map(|_| target.estimate(&at, f64::NEG_INFINITY, &mut stream).map(|e| e.0)).collect();
    if found.len() < REPEATS {
        return if found.is_empty() { f64::NAN } else { f64::INFINITY };
    }
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    found.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / (found.len() - 1) as f64
}
