//! Draws of a stand-in for the likelihood, weighed by estimates of the likelihood itself.
//!
//! # Law
//! A chain walks under the prior times the stand-in, without an estimate; every [`BETWEEN`] steps one is made, and the place with the
//! path that came of it weighs as much as the estimate is above the stand-in. Such places are draws from the posterior of parameters and
//! paths, exact whatever the stand-in where it is above 0 (Vihola, Helske and Franks 2020, Scand J Statist 47:1339). A chain of particle
//! marginal Metropolis-Hastings stays where an estimate was far too high until chance repeats that; here it has its weight and no more.
//!
//! Weights become repeats: of each chain as many places are drawn as it has, systematically and in its own order, so that a heavy one
//! repeats as a chain that stays, and what compares chains sees the weights as well. A tail of weights too heavy for averages to settle
//! is told by the shape of a generalized Pareto law, whose quantiles take the place of the largest ([`crate::diagnostics::smoothed`]).

use super::walk::Walks;
use super::{Curve, Estimated, Posterior, Settings, drawn_from, variance};
use crate::diagnostics::{HEAVY, diagnose, smoothed};
use crate::jobs::{Control, Interrupted, carried, map};
use crate::prior::{self, normals, values};
use crate::smc::systematic;
use crate::special::log_sum;
use remission_engine::stream::{Purpose, Stream};

/// Steps of the walk between one estimate and the next, and such stretches before the first estimate, in which it learns.
const BETWEEN: usize = 300;
const LEARNING: usize = 20;
/// Estimates of a chain after which chains are compared, and before they are for the first time.
const ROUND: usize = 100;
const FIRST: usize = 200;
/// Share of places that weights must keep then; of a stand-in that is worse no more are asked for.
const KEPT: f64 = 0.2;
/// ln below the largest weight of earlier rounds below which an estimate is given up: of no weight among thousands.
const NOTHING: f64 = 20.0;

/// A place with its estimate.
struct Place<P> {
    at: Vec<f64>,
    log_weight: f64,
    log_likelihood: f64,
    path: P,
}

/// One chain.
struct Walking<P> {
    walks: Walks,
    z: Vec<f64>,
    stream: Stream,
    /// Where it was looked at; none of weight 0.
    seen: Vec<Option<Place<P>>>,
}

/// What the weights of all chains say: the shape of their tail; above 0.7 averages do not settle.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighed<P> {
    /// The draws.
    pub posterior: Posterior<P>,
    /// Shape of the generalized Pareto law of the largest weights.
    pub shape: f64,
}

impl<P> Weighed<P> {
    /// Whether the weights are even enough for more of them to settle what is not settled yet.
    pub fn even(&self) -> bool {
        self.shape < HEAVY && self.posterior.acceptance.iter().all(|kept| *kept >= KEPT)
    }

    /// What is wrong, a sentence each; empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = self.posterior.complaints();
        if self.shape >= HEAVY {
            out.push(format!(
                "a few draws outweigh the others (Pareto shape {:.2}, below {HEAVY} is good)",
                self.shape
            ));
        }
        out
    }
}

/// Chains, of up to `settings.steps` estimates each, begin at places of `start`, a rough sample of the posterior. None where the
/// stand-in knows none of them, or no estimate is above 0. The number of threads changes no bit.
///
/// # Errors
/// [`Interrupted`] when asked to stop.
pub fn weighed<E: Estimated>(
    target: &E,
    settings: &Settings,
    start: &[Vec<f64>],
    by: &Curve,
    control: &Control,
) -> Result<Option<Weighed<E::Path>>, Interrupted> {
    let parameters = target.parameters();
    let chains = settings.chains.max(2);
    // Quickly done, beside the estimates.
    let began = control.part(0.0, 0.0, |control| {
        map(chains, control, |number, control| {
            let mut stream = Stream::new(settings.seed, number as u64, 13, Purpose::Inference);
            let own = start.iter().skip(number).step_by(chains).map(|place| normals(parameters, place));
            let Some(mut z) = own.into_iter().find(|z| by(z) > f64::NEG_INFINITY) else { return Ok(None) };
            let mut walks = Walks::across(parameters, start);
            for _ in 0..LEARNING {
                control.check()?;
                z = walks.learning(parameters, by, &z, BETWEEN, &mut stream);
            }
            Ok(Some(Walking { walks, z, stream, seen: Vec::new() }))
        })
    })?;
    let Some(mut walking) = began.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let most = settings.steps.max(FIRST);
    loop {
        let done = walking[0].seen.len();
        let count = if done == 0 { FIRST } else { ROUND.min(most - done) };
        let heaviest = walking
            .iter()
            .flat_map(|w| w.seen.iter().flatten())
            .map(|s| s.log_weight)
            .fold(f64::NEG_INFINITY, f64::max);
        let share = |n: usize| n as f64 / most as f64;
        walking = control.part(share(done), share(done + count), |control| {
            carried(walking, control, |mut own, control| {
                for k in 0..count {
                    control.check()?;
                    control.done(k as f64 / count as f64);
                    let (z, told) = own.walks.along(parameters, by, &own.z, BETWEEN, &mut own.stream);
                    own.z = z;
                    let at = values(parameters, &own.z);
                    let found = target.estimate(&at, told + heaviest - NOTHING, &mut own.stream);
                    own.seen.push(found.map(|(log, path)| Place {
                        at,
                        log_weight: log - told,
                        log_likelihood: log,
                        path,
                    }));
                }
                Ok(own)
            })
        })?;
        let Some(mut found) = posterior(target, &walking, settings) else { return Ok(None) };
        let kept = found.posterior.acceptance.iter().copied().fold(1.0, f64::min);
        if done + count >= most || kept < KEPT || (settings.agreed && found.complaints().is_empty()) {
            control.done(1.0);
            found.posterior.variance = variance(target, &found.posterior.draws, settings.seed, control)?;
            return Ok(Some(found));
        }
    }
}

/// The weighted places of all chains as draws.
fn posterior<E: Estimated>(target: &E, walking: &[Walking<E::Path>], settings: &Settings) -> Option<Weighed<E::Path>> {
    let (mut chains, mut paths, mut log_likelihoods, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let log_weight = |s: &Option<Place<_>>| s.as_ref().map_or(f64::NEG_INFINITY, |s| s.log_weight);
    let all: Vec<f64> = walking.iter().flat_map(|w| w.seen.iter().map(log_weight)).collect();
    let (all, shape) = smoothed(&all);
    for (number, (own, logs)) in walking.iter().zip(all.chunks(all.len() / walking.len())).enumerate() {
        let sum = log_sum(logs);
        if sum == f64::NEG_INFINITY {
            return None;
        }
        let shares: Vec<f64> = logs.iter().map(|l| libm::exp(l - sum)).collect();
        let u = Stream::new(settings.seed, number as u64, 14, Purpose::Inference).uniform();
        let mut chosen = systematic(&shares, shares.len(), u);
        let repeats: Vec<_> = chosen.iter().filter_map(|&k| own.seen[k].as_ref()).collect();
        chains.push(repeats.iter().map(|s| s.at.clone()).collect::<Vec<_>>());
        log_likelihoods.push(repeats.iter().map(|s| s.log_likelihood).collect());
        paths.push(repeats.iter().map(|s| s.path.clone()).collect());
        chosen.dedup();
        kept.push(chosen.len() as f64 / shares.len() as f64);
    }
    let draws = drawn_from(target, chains);
    let prior = prior::draws(target.parameters(), draws.chains.len(), draws.chains[0].len(), settings.seed);
    let diagnosis = diagnose(&draws);
    let posterior = Posterior { draws, prior, paths, log_likelihoods, acceptance: kept, diagnosis, variance: f64::NAN };
    Some(Weighed { posterior, shape })
}
