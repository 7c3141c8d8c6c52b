//! Particle marginal Metropolis-Hastings: draws from a posterior whose likelihood can only be estimated, exact all the same.
//!
//! Andrieu and Roberts 2009 (Ann Stat 37:697), Andrieu, Doucet and Holenstein 2010 (J R Stat Soc B 72:269): a random walk
//! in which the unbiased estimate stands for the likelihood, the estimate of the present place being kept and never made
//! anew. The path that came with an accepted estimate is a draw from the paths given data and parameters. Steps are taken
//! in the coordinates in which every prior is standard normal ([`crate::prior`]), most priors being of logarithms.
//!
//! During the burn-in alone the step's factor S follows Vihola 2012 (Stat Comput 22:997): S S' becomes
//! S (I + h (a - a*) u u' / |u|^2) S' after a step S u, a = 1 where it was accepted and 0 where not, a* = 0.2, h falling
//! as the step's number to the power of -2/3. Afterwards it is fixed, so that the chain is one Markov chain.
//!
//! Half of the steps are taken in the parameters' own units, with a factor of their own: a difference of two rates that is well known is a
//! straight ridge there and a bent one among logarithms, and the other way round for products.
//!
//! Where a stand-in for the likelihood is at hand ([`crate::emulator`]), three steps of four go where 200 such steps on the stand-in lead,
//! and are accepted by the ratio of the two ratios (surrogate transition, Liu 2001, Monte Carlo Strategies in Scientific Computing, 9.4.3):
//! exact whatever the stand-in, and far when it is good.
//!
//! Draws of the stand-in itself may be weighed by estimates instead: [`weighed()`].
//!
//! The uniform variable of a step is drawn before the estimate, which may then be given up as soon as it is sure to be refused.

mod chain;
mod walk;
mod weighed;

pub use chain::{Chain, Info, init};
pub use walk::{Proposal, Walk, Walks};
pub use weighed::{Weighed, weighed};

use crate::diagnostics::{Diagnosis, diagnose};
use crate::jobs::{Control, Interrupted, carried, map};
use crate::prior::{self, Parameter, values};
use remission_engine::stream::{Purpose, Stream};
use remission_model::draws::Draws;

/// Steps after which chains that may end are compared.
const BLOCK: usize = 250;
/// Draws at which the variance of estimates is judged, and estimates at each.
const JUDGED: usize = 9;
const REPEATS: usize = 16;

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

/// A stand-in for the log-likelihood, at normal coordinates ([`crate::prior`]); minus infinity where it knows nothing.
pub type Curve<'a> = dyn Fn(&[f64]) -> f64 + Sync + 'a;

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Chains, 2 or more; default 4.
    pub chains: usize,
    /// Steps of each chain in which the proposal adapts, thrown away; default 1000.
    pub burn_in: usize,
    /// Most steps of each chain after that; default 2000.
    pub steps: usize,
    /// Every so many steps one is kept, 1 or more; default 4.
    pub thin: usize,
    /// Whether chains end before that as soon as they agree, which is looked at every 250 steps from 500 on; default no.
    pub agreed: bool,
    /// Draws from the prior among which a chain's beginning is chosen by its likelihood; default 60.
    pub tries: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { chains: 4, burn_in: 1000, steps: 2000, thin: 4, agreed: false, tries: 60, seed: 2026 }
    }
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
    /// Variance of the log of the estimate, the median of nine draws: about 1 to 3 is worth its while (Doucet et al. 2015, Biometrika
    /// 102:295); far above, chains stick. Infinite where estimates of 0 are among them.
    pub variance: f64,
}

impl<P> Posterior<P> {
    /// Whether estimates of the likelihood are too rough: the variance of their logarithm is above 4.
    pub fn rough(&self) -> bool {
        self.variance > 4.0
    }

    /// What is wrong, a sentence each; empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = self.diagnosis.complaints();
        if self.rough() {
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
    start: &[Vec<f64>],
    by: Option<&Curve>,
    control: &Control,
) -> Result<Option<Posterior<E::Path>>, Interrupted> {
    let (thin, total) = (settings.thin.max(1), (settings.burn_in + settings.steps).max(1));
    let steps = |from: usize, count: usize, running: Vec<Running<E::Path>>| {
        let share = |step: usize| step as f64 / total as f64;
        control.part(share(from), share(from + count), |control| {
            carried(running, control, |mut running, control| {
                for step in from..from + count {
                    control.check()?;
                    control.done((step - from) as f64 / count as f64);
                    let burning = step < settings.burn_in;
                    let info = running.chain.step(target, by, burning);
                    if !burning {
                        running.accepted += usize::from(info.accepted);
                        if (step - settings.burn_in) % thin == thin - 1 {
                            running.keep(target);
                        }
                    }
                }
                Ok(running)
            })
        })
    };
    let began = control.part(0.0, 0.0, |control| {
        map(settings.chains.max(2), control, |number, _| {
            Ok(init(target, settings, start, number as u64).map(Running::new))
        })
    })?;
    let Some(mut running) = began.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    running = steps(0, settings.burn_in, running)?;
    let mut done = 0;
    while done < settings.steps {
        let count = if settings.agreed { BLOCK.min(settings.steps - done) } else { settings.steps };
        running = steps(settings.burn_in + done, count, running)?;
        done += count;
        if settings.agreed && done >= 2 * BLOCK && diagnose(&drawn(target, &running)).complaints().is_empty() {
            break;
        }
    }
    control.done(1.0);
    let draws = drawn(target, &running);
    let kept = draws.chains.first().map_or(0, Vec::len);
    let prior = prior::draws(target.parameters(), running.len(), kept, settings.seed);
    let (mut paths, mut log_likelihoods, mut acceptance) = (Vec::new(), Vec::new(), Vec::new());
    for of in running {
        paths.push(of.paths);
        log_likelihoods.push(of.log_likelihoods);
        acceptance.push(of.accepted as f64 / done.max(1) as f64);
    }
    let diagnosis = diagnose(&draws);
    let variance = variance(target, &draws, settings.seed, control)?;
    Ok(Some(Posterior { draws, prior, paths, log_likelihoods, acceptance, diagnosis, variance }))
}

/// A chain with what was kept of it.
struct Running<P> {
    chain: Chain<P>,
    draws: Vec<Vec<f64>>,
    paths: Vec<P>,
    log_likelihoods: Vec<f64>,
    accepted: usize,
}

impl<P: Clone + Send> Running<P> {
    fn new(chain: Chain<P>) -> Running<P> {
        Running { chain, draws: Vec::new(), paths: Vec::new(), log_likelihoods: Vec::new(), accepted: 0 }
    }

    fn keep<E: Estimated<Path = P>>(&mut self, target: &E) {
        self.draws.push(values(target.parameters(), &self.chain.z));
        self.paths.push(self.chain.path.clone());
        self.log_likelihoods.push(self.chain.log_likelihood);
    }
}

/// The draws of all chains.
fn drawn<E: Estimated>(target: &E, running: &[Running<E::Path>]) -> Draws {
    drawn_from(target, running.iter().map(|r| r.draws.clone()).collect())
}

/// Chains with the names of what they are of.
fn drawn_from<E: Estimated>(target: &E, chains: Vec<Vec<Vec<f64>>>) -> Draws {
    let names: Vec<String> = target.parameters().iter().map(|p| p.name.clone()).collect();
    let units: Vec<String> = target.parameters().iter().map(|p| p.unit.clone()).collect();
    Draws { names, units, chains }
}

/// Variance of the log of the estimate: the median of some draws from all over the chains.
fn variance<E: Estimated>(target: &E, draws: &Draws, seed: u64, control: &Control) -> Result<f64, Interrupted> {
    let all: Vec<&[f64]> = draws.all().collect();
    let judged = JUDGED.min(all.len());
    let mut found = control.part(1.0, 1.0, |control| {
        map(judged, control, |k, _| {
            let mut stream = Stream::new(seed, k as u64, 3, Purpose::Inference);
            let at = all[(2 * k + 1) * all.len() / (2 * judged)];
            Ok(log_variance(REPEATS, || target.estimate(at, f64::NEG_INFINITY, &mut stream).map(|e| e.0)))
        })
    })?;
    found.sort_by(f64::total_cmp);
    Ok(found.get(judged / 2).copied().unwrap_or(f64::NAN))
}

/// Variance of some logarithms; infinite where one is of 0.
pub(crate) fn log_variance(count: usize, mut one: impl FnMut() -> Option<f64>) -> f64 {
    let Some(found) = (0..count).map(|_| one()).collect::<Option<Vec<f64>>>() else { return f64::INFINITY };
    let mean = found.iter().sum::<f64>() / count as f64;
    found.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / (count - 1) as f64
}
