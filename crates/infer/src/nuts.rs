//! Hamiltonian Monte Carlo without U-turns for smooth likelihoods: many parameters at little cost.
//!
//! Hoffman and Gelman 2014 (J Mach Learn Res 15:1593) as in the crate nuts-rs, the sampler of PyMC: step size by dual
//! averaging, a mass matrix of low rank beside a diagonal from draws and gradients, both learned while tuning and then held
//! (with the diagonal alone eight parameters correlated by -0.99 gave a sixteenth of the effective draws). Everything
//! happens in the coordinates in which every prior is standard normal ([`crate::prior`]). The gradient is taken by central
//! differences there. A path that follows an inexact gradient is still reversible and keeps volume, and it is accepted by
//! the density itself: differences cost acceptance, never the law of the draws.
//!
//! [`init`] and [`Chain::step`] return state and information; [`sample`] makes several chains, whose agreement is judged.
//! Draws are the same on any number of threads; between kinds of processors they agree in law, not in bits, since nuts-rs
//! adds up in the order that suits the processor. Left out: evidence (see [`crate::smc`]), likelihoods with jumps or that
//! are only estimated (see [`crate::pmmh`]).

use crate::diagnostics::{Diagnosis, diagnose};
use crate::jobs::{Control, Interrupted, map};
use crate::prior::{self, Target};
use nuts_rs::{Chain as _, CpuLogpFunc, CpuMath, CpuMathError, HasDims, LogpError, LowRankNutsSettings, Settings as _};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};
use remission_model::draws::Draws;
use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Draws in which step size and mass matrix are learned, dropped afterwards; default 1000.
    pub tune: u64,
    /// Draws kept by each chain; default 2000.
    pub draws: u64,
    /// Independent chains, 2 or more; default 4.
    pub chains: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { tune: 1000, draws: 2000, chains: 4, seed: 2026 }
    }
}

/// Half the distance between the two places of a central difference, prior standard deviations.
const DIFFERENCE: f64 = 1e-5;
/// Draws from the prior among which a chain takes its beginning.
const TRIES: usize = 20;
/// Share of paths after tuning that may leave the region in which the steps hold.
const DIVERGENT: f64 = 0.005;

/// The density that nuts-rs asks for.
struct Density<'a>(&'a (dyn Target + Sync));

impl Density<'_> {
    fn log(&self, z: &[f64]) -> f64 {
        self.0.log_likelihood(&self.0.at(z)) - 0.5 * z.iter().map(|x| x * x).sum::<f64>()
    }
}

/// A place without density: the path is taken for divergent and refused.
#[derive(Debug)]
struct Impossible;

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the data are impossible here")
    }
}

impl std::error::Error for Impossible {}

impl LogpError for Impossible {
    fn is_recoverable(&self) -> bool {
        true
    }
}

impl HasDims for Density<'_> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_string(), self.dim() as u64)])
    }
}

impl CpuLogpFunc for Density<'_> {
    type LogpError = Impossible;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.0.parameters().len()
    }

    fn logp(&mut self, z: &[f64], gradient: &mut [f64]) -> Result<f64, Impossible> {
        let here = self.log(z);
        let mut at = z.to_vec();
        for k in 0..z.len() {
            at[k] = z[k] + DIFFERENCE;
            let above = self.log(&at);
            at[k] = z[k] - DIFFERENCE;
            gradient[k] = (above - self.log(&at)) / (2.0 * DIFFERENCE);
            at[k] = z[k];
        }
        if here.is_finite() && gradient.iter().all(|g| g.is_finite()) { Ok(here) } else { Err(Impossible) }
    }

    fn expand_vector<R: nuts_rs::rand::Rng + ?Sized>(
        &mut self,
        _: &mut R,
        z: &[f64],
    ) -> Result<Vec<f64>, CpuMathError> {
        Ok(z.to_vec())
    }
}

/// A stream of this program as the generator that nuts-rs takes its own from.
struct Words<'a>(&'a mut Stream);

impl rand_core::TryRng for Words<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.0.next_u64() >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for chunk in to.chunks_mut(8) {
            chunk.copy_from_slice(&self.0.next_u64().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A chain between two draws.
pub struct Chain<'a> {
    inner: <LowRankNutsSettings as nuts_rs::Settings>::Chain<CpuMath<Density<'a>>>,
    target: &'a (dyn Target + Sync),
}

/// What a step did.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// The parameter set drawn.
    pub draw: Vec<f64>,
    /// Whether the path left the region in which its steps hold.
    pub divergent: bool,
    /// Whether step size and mass matrix are still being learned.
    pub tuning: bool,
    /// Steps along the path.
    pub steps: u64,
    /// Length of a step.
    pub step_size: f64,
}

/// A chain at the likeliest of 20 draws from the prior; `number` tells chains of one seed apart. None where no draw is possible.
pub fn init<'a>(target: &'a (dyn Target + Sync), settings: &Settings, number: u64) -> Option<Chain<'a>> {
    let mut stream = Stream::new(settings.seed, number, 0, Purpose::Inference);
    let mut density = Density(target);
    let mut best: Option<(Vec<f64>, f64)> = None;
    for _ in 0..TRIES {
        let z: Vec<f64> = target.parameters().iter().map(|_| normal(&mut stream)).collect();
        let mut gradient = vec![0.0; z.len()];
        if let Ok(log) = density.logp(&z, &mut gradient)
            && best.as_ref().is_none_or(|b| log > b.1)
        {
            best = Some((z, log));
        }
    }
    let own =
        LowRankNutsSettings { num_tune: settings.tune, num_draws: settings.draws, ..LowRankNutsSettings::default() };
    let mut inner = own.new_chain(number, CpuMath::new(density), &mut Words(&mut stream)).ok()?;
    inner.set_position(&best?.0).ok()?;
    Some(Chain { inner, target })
}

impl Chain<'_> {
    /// The next draw; none when nuts-rs gives up, which it does where no step along a path is possible.
    pub fn step(&mut self) -> Option<Info> {
        let (z, progress) = self.inner.draw().ok()?;
        Some(Info {
            draw: self.target.at(&z),
            divergent: progress.diverging,
            tuning: progress.tuning,
            steps: progress.num_steps,
            step_size: progress.step_size,
        })
    }
}

/// Draws from a posterior, with how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// Kept draws, by chain.
    pub draws: Draws,
    /// As many draws from the prior.
    pub prior: Draws,
    /// Paths after tuning that left the region in which their steps hold.
    pub divergent: u64,
    /// Mean number of steps along a path after tuning.
    pub steps: f64,
    /// Agreement of the chains.
    pub diagnosis: Diagnosis,
}

impl Posterior {
    /// What is wrong, a sentence each; empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = self.diagnosis.complaints();
        let share = self.divergent as f64 / self.draws.len().max(1) as f64;
        if share > DIVERGENT {
            out.push(format!(
                "{:.1} % of the paths left the region in which their steps hold (at most {:.1} % is good): a corner of the \
                 posterior was not reached",
                100.0 * share,
                100.0 * DIVERGENT
            ));
        }
        out
    }
}

/// Several chains, on as many threads as allowed; their number changes no bit. None where no draw from the prior is possible.
///
/// # Errors
/// [`Interrupted`] when asked to stop.
///
/// ```
/// use remission_infer::{jobs::Control, nuts::{Settings, sample}, prior::{Parameter, Prior, Target}};
/// /// One reading, 1.0, of a normal quantity with standard deviation 0.5.
/// struct Reading([Parameter; 1]);
/// impl Target for Reading {
///     fn parameters(&self) -> &[Parameter] { &self.0 }
///     fn log_likelihood(&self, at: &[f64]) -> f64 { remission_infer::special::log_normal_density(1.0, at[0], 0.5) }
/// }
/// let target = Reading([Parameter::new("x", "", Prior::Normal(0.0, 1.0))]);
/// let found = sample(&target, &Settings::default(), &Control::quiet()).unwrap().unwrap();
/// // Posterior mean 1 / 1.25.
/// let values = found.draws.values("x");
/// assert!((values.iter().sum::<f64>() / values.len() as f64 - 0.8).abs() < 0.1);
/// ```
pub fn sample(
    target: &(dyn Target + Sync),
    settings: &Settings,
    control: &Control,
) -> Result<Option<Posterior>, Interrupted> {
    let total = settings.tune + settings.draws;
    let chains = map(settings.chains.max(2), control, |number, control| {
        let Some(mut chain) = init(target, settings, number as u64) else { return Ok(None) };
        let (mut draws, mut divergent, mut steps) = (Vec::new(), 0, 0);
        for k in 0..total {
            control.check()?;
            control.done(k as f64 / total as f64);
            let Some(info) = chain.step() else { return Ok(None) };
            if k >= settings.tune {
                draws.push(info.draw);
                divergent += u64::from(info.divergent);
                steps += info.steps;
            }
        }
        Ok(Some((draws, divergent, steps)))
    })?;
    let Some(chains) = chains.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
    let prior = prior::draws(target.parameters(), chains.len(), settings.draws as usize, settings.seed);
    let divergent = chains.iter().map(|c| c.1).sum();
    let steps = chains.iter().map(|c| c.2).sum::<u64>() as f64 / (chains.len() as f64 * settings.draws.max(1) as f64);
    let draws = Draws { chains: chains.into_iter().map(|c| c.0).collect(), ..prior.clone() };
    let diagnosis = diagnose(&draws);
    Ok(Some(Posterior { draws, prior, divergent, steps, diagnosis }))
}
