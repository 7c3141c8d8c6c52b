//! Sequential Monte Carlo over parameters with tempering: from the prior to the posterior through
//! prior x likelihood^t, t from 0 to 1, with the evidence as a by-product.
//!
//! Del Moral, Doucet and Jasra 2006 (J R Stat Soc B 68:411): particles are reweighted by likelihood^(t' - t), resampled
//! (systematic), and moved by Metropolis sweeps that take turns: a place drawn anew from Student's law with the particles'
//! mean and covariance (an independence sampler, which forgets at once where the posterior is near to normal; where few
//! are accepted, one sweep in six), and a random-walk step whose covariance is that of the particles times 2.38^2 / d.
//! The next temperature keeps the effective sample size at half of the particles (bisection). Moves are repeated until
//! the particles have forgotten where they stood: every coordinate's correlation with its place before the moves is
//! below [`Settings::forgotten`], and all but a few have moved. The evidence is the product of the mean incremental
//! weights. All of it happens in the coordinates in which every prior is standard normal ([`crate::prior`]).
//!
//! [`init`] and [`Run::step`] return state and information; [`sample`] makes several independent runs, which are the
//! chains by whose agreement convergence is judged. Left out: likelihoods that are only estimated (see [`crate::pmmh`]).

use crate::diagnostics::{Diagnosis, diagnose};
use crate::jobs::{Control, Interrupted, map};
use crate::prior::Target;
use crate::special::log_sum;
use remission_engine::draw::{gamma, normal};
use remission_engine::stream::{Purpose, Stream};
use remission_model::draws::Draws;

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Particles of a run, 10 or more; default 500.
    pub particles: usize,
    /// Independent runs, 2 or more; default 4.
    pub runs: usize,
    /// Effective sample size kept from one temperature to the next, as a share of the particles; default 0.5.
    pub kept: f64,
    /// Correlation with the place before the moves below which a particle has forgotten it; default 0.1.
    pub forgotten: f64,
    /// Most moves at one temperature; default 100.
    pub moves: usize,
    /// How often [`sample`] begins again with twice the particles while the runs do not agree; default 1.
    pub again: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Settings {
    /// What to do about runs that do not agree.
    pub fn remedy(&self) -> String {
        format!("More particles mend it: --particles {} (now {}).", 4 * self.particles, self.particles)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings { particles: 500, runs: 4, kept: 0.5, forgotten: 0.1, moves: 100, again: 1, seed: 2026 }
    }
}

/// One particle: a parameter set in normal coordinates with its likelihood.
#[derive(Debug, Clone, PartialEq)]
struct Particle {
    z: Vec<f64>,
    log_likelihood: f64,
}

/// A run between two temperatures. All particles weigh alike.
pub struct Run {
    particles: Vec<Particle>,
    /// 0: the prior; 1: the posterior.
    pub temperature: f64,
    /// ln of the evidence of the likelihood to the power of `temperature`.
    pub log_evidence: f64,
    stream: Stream,
}

/// Share of places drawn anew that must be accepted for the next sweep but one to draw anew too.
const WORTH: f64 = 0.15;
/// Particles for each parameter from which on places are drawn anew: fewer know their own mean and covariance too roughly.
const ENOUGH: usize = 20;
/// Share of the particles that may be where they were before the sweeps.
const STAYED: f64 = 0.02;
/// Degrees of freedom of the law from which places are drawn anew: its tails are wider than those of a posterior.
const FREEDOM: f64 = 8.0;

/// Mean and covariance of a cloud of particles.
struct Shape {
    mean: Vec<f64>,
    /// Cholesky factor of the covariance, row-major.
    lower: Vec<f64>,
}

impl Shape {
    fn of(sets: &[Vec<f64>], d: usize) -> Shape {
        let mean = (0..d).map(|k| sets.iter().map(|z| z[k]).sum::<f64>() / sets.len() as f64).collect();
        Shape { mean, lower: spread(sets, d) }
    }

    /// `scale` times a normal step from `z`.
    fn beside(&self, z: &[f64], scale: f64, stream: &mut Stream) -> Vec<f64> {
        let d = z.len();
        let step: Vec<f64> = (0..d).map(|_| normal(stream)).collect();
        (0..d).map(|i| z[i] + scale * (0..=i).map(|j| self.lower[i * d + j] * step[j]).sum::<f64>()).collect()
    }

    /// A draw from Student's law with this centre and scale.
    fn anew(&self, stream: &mut Stream) -> Vec<f64> {
        let wide = libm::sqrt(FREEDOM / gamma(stream, 0.5 * FREEDOM, 2.0));
        self.beside(&self.mean, wide, stream)
    }

    /// ln of the density of that law, but for a constant.
    fn log_density(&self, z: &[f64]) -> f64 {
        let d = z.len();
        let mut white = vec![0.0; d];
        for i in 0..d {
            let known: f64 = (0..i).map(|j| self.lower[i * d + j] * white[j]).sum();
            white[i] = (z[i] - self.mean[i] - known) / self.lower[i * d + i];
        }
        let far = white.iter().map(|x| x * x).sum::<f64>() / FREEDOM;
        -0.5 * (FREEDOM + d as f64) * libm::log1p(far)
    }
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Info {
    /// Temperature reached.
    pub temperature: f64,
    /// Effective sample size after reweighting.
    pub effective: f64,
    /// Share of proposals accepted.
    pub acceptance: f64,
    /// Moves made.
    pub moves: usize,
    /// Whether the particles forgot where they stood before the moves were used up.
    pub forgotten: bool,
}

/// Particles from the prior; `number` tells runs of one seed apart.
pub fn init(target: &dyn Target, settings: &Settings, number: u64) -> Run {
    let mut stream = Stream::new(settings.seed, number, 0, Purpose::Inference);
    let d = target.parameters().len();
    let particles = (0..settings.particles.max(10))
        .map(|_| {
            let z: Vec<f64> = (0..d).map(|_| normal(&mut stream)).collect();
            let log_likelihood = finite(target.log_likelihood(&target.at(&z)));
            Particle { z, log_likelihood }
        })
        .collect();
    Run { particles, temperature: 0.0, log_evidence: 0.0, stream }
}

impl Run {
    /// To the next temperature; none when the posterior is reached, or no particle has a likelihood above 0.
    pub fn step(&mut self, target: &dyn Target, settings: &Settings) -> Option<Info> {
        let likelihoods: Vec<f64> = self.particles.iter().map(|p| p.log_likelihood).collect();
        if self.temperature >= 1.0 {
            return None;
        }
        if likelihoods.iter().all(|l| *l == f64::NEG_INFINITY) {
            self.log_evidence = f64::NEG_INFINITY;
            self.temperature = 1.0;
            return None;
        }
        let n = likelihoods.len() as f64;
        let rise = rise(&likelihoods, 1.0 - self.temperature, settings.kept * n);
        let weights: Vec<f64> = likelihoods.iter().map(|l| times(rise, *l)).collect();
        let sum = log_sum(&weights);
        self.log_evidence += sum - libm::log(n);
        // The last temperature is 1 itself: a sum of differences may end beside it.
        self.temperature = if rise >= 1.0 - self.temperature { 1.0 } else { self.temperature + rise };
        let effective = effective(&weights);
        let shares: Vec<f64> = weights.iter().map(|w| libm::exp(w - sum)).collect();
        let chosen = systematic(&shares, shares.len(), self.stream.uniform());
        self.particles = chosen.into_iter().map(|k| self.particles[k].clone()).collect();
        let (acceptance, moves, forgotten) = self.moved(target, settings);
        Some(Info { temperature: self.temperature, effective, acceptance, moves, forgotten })
    }

    /// Metropolis sweeps until the particles have forgotten where they stood.
    fn moved(&mut self, target: &dyn Target, settings: &Settings) -> (f64, usize, bool) {
        let d = target.parameters().len();
        let before: Vec<Vec<f64>> = self.particles.iter().map(|p| p.z.clone()).collect();
        let shape = Shape::of(&before, d);
        let mut scale = 2.38 / libm::sqrt(d as f64);
        let (mut accepted, mut proposed) = (0u64, 0u64);
        // Sweeps that walk before the next one that draws anew.
        let mut walks = 0u32;
        for moves in 1..=settings.moves.max(1) {
            let anew = walks == 0 && self.particles.len() >= ENOUGH * d;
            let now = self.sweep(target, &shape, (!anew).then_some(scale));
            accepted += now;
            proposed += self.particles.len() as u64;
            let rate = now as f64 / self.particles.len() as f64;
            if anew {
                walks = if rate > WORTH { 1 } else { 5 };
            } else {
                // The step follows the acceptance, towards a quarter.
                scale *= libm::exp((rate - 0.25).clamp(-0.25, 0.5));
                walks = walks.saturating_sub(1);
            }
            // Places drawn anew leave those in the tails where they are: correlations fall before these have moved.
            let stayed = before.iter().zip(&self.particles).filter(|(z, p)| **z == p.z).count();
            let away = |k: usize| correlation(&before, &self.particles, k).abs() < settings.forgotten;
            if stayed as f64 <= STAYED * before.len() as f64 && (0..d).all(away) {
                return (accepted as f64 / proposed as f64, moves, true);
            }
        }
        (accepted as f64 / proposed as f64, settings.moves, false)
    }

    /// One proposal for every particle: `scale` times a step of the cloud's shape from where it is, or anew from that shape.
    /// How many were accepted.
    fn sweep(&mut self, target: &dyn Target, shape: &Shape, scale: Option<f64>) -> u64 {
        let mut accepted = 0;
        for particle in &mut self.particles {
            let z = match scale {
                Some(scale) => shape.beside(&particle.z, scale, &mut self.stream),
                None => shape.anew(&mut self.stream),
            };
            let half = |z: &[f64]| -0.5 * z.iter().map(|x| x * x).sum::<f64>();
            let mut gain = half(&z) - half(&particle.z);
            if scale.is_none() {
                gain += shape.log_density(&particle.z) - shape.log_density(&z);
            }
            let u = libm::log(self.stream.uniform());
            // What it must be to be accepted.
            let least = particle.log_likelihood + (u - gain) / self.temperature;
            let log_likelihood = finite(target.log_likelihood_from(&target.at(&z), least));
            gain += times(self.temperature, log_likelihood) - times(self.temperature, particle.log_likelihood);
            if u < gain {
                *particle = Particle { z, log_likelihood };
                accepted += 1;
            }
        }
        accepted
    }

    /// The particles as parameter sets.
    pub fn sets(&self, target: &dyn Target) -> Vec<Vec<f64>> {
        self.particles.iter().map(|p| target.at(&p.z)).collect()
    }
}

/// Draws from a posterior, with the evidence and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    /// One chain a run.
    pub draws: Draws,
    /// As many draws from the prior.
    pub prior: Draws,
    /// ln of the evidence: of the mean over runs.
    pub log_evidence: f64,
    /// Its standard error, from the spread between runs.
    pub error: f64,
    /// Every run's own.
    pub log_evidences: Vec<f64>,
    /// What each step of each run did.
    pub steps: Vec<Vec<Info>>,
    /// Agreement of the runs.
    pub diagnosis: Diagnosis,
}

/// Several independent runs to the posterior, on as many threads as allowed; their number changes no bit.
///
/// ```
/// use remission_infer::{jobs::Control, prior::{Parameter, Prior, Target}, smc::{Settings, sample}};
/// /// One reading, 1.0, of a normal quantity with standard deviation 0.5.
/// struct Reading([Parameter; 1]);
/// impl Target for Reading {
///     fn parameters(&self) -> &[Parameter] { &self.0 }
///     fn log_likelihood(&self, at: &[f64]) -> f64 { remission_infer::special::log_normal_density(1.0, at[0], 0.5) }
/// }
/// let target = Reading([Parameter::new("x", "", Prior::Normal(0.0, 1.0))]);
/// let found = sample(&target, &Settings::default(), &Control::quiet()).unwrap();
/// // Evidence: a normal with variance 1 + 0.25; posterior mean 1 / 1.25.
/// assert!((found.log_evidence - (-0.5 / 1.25 - 0.5 * (std::f64::consts::TAU * 1.25).ln())).abs() < 0.1);
/// let values = found.draws.values("x");
/// assert!((values.iter().sum::<f64>() / values.len() as f64 - 0.8).abs() < 0.1);
/// ```
pub fn sample(target: &(dyn Target + Sync), settings: &Settings, control: &Control) -> Result<Posterior, Interrupted> {
    let mut settings = *settings;
    loop {
        let found = once(target, &settings, control)?;
        if settings.again == 0 || found.diagnosis.complaints().is_empty() {
            return Ok(found);
        }
        settings = Settings { particles: 2 * settings.particles, again: settings.again - 1, ..settings };
    }
}

/// Several independent runs with so many particles.
fn once(target: &(dyn Target + Sync), settings: &Settings, control: &Control) -> Result<Posterior, Interrupted> {
    let runs = map(settings.runs.max(2), control, |number, control| {
        let mut run = init(target, settings, number as u64);
        let mut steps = Vec::new();
        while let Some(info) = run.step(target, settings) {
            control.check()?;
            control.done(info.temperature);
            steps.push(info);
        }
        Ok((run.sets(target), run.log_evidence, steps))
    })?;
    let names = target.parameters().iter().map(|p| p.name.clone()).collect::<Vec<_>>();
    let units = target.parameters().iter().map(|p| p.unit.clone()).collect::<Vec<_>>();
    let prior = (0..runs.len()).map(|number| init(&Nothing(target), settings, number as u64).sets(target)).collect();
    let log_evidences: Vec<f64> = runs.iter().map(|r| r.1).collect();
    let log_evidence = log_sum(&log_evidences) - libm::log(runs.len() as f64);
    let steps = runs.iter().map(|r| r.2.clone()).collect();
    let draws = Draws { names: names.clone(), units: units.clone(), chains: runs.into_iter().map(|r| r.0).collect() };
    let diagnosis = diagnose(&draws);
    let prior = Draws { names, units, chains: prior };
    Ok(Posterior { error: error(&log_evidences), log_evidence, log_evidences, draws, prior, steps, diagnosis })
}

/// A target without data.
struct Nothing<'a>(&'a dyn Target);

impl Target for Nothing<'_> {
    fn parameters(&self) -> &[crate::prior::Parameter] {
        self.0.parameters()
    }

    fn log_likelihood(&self, _: &[f64]) -> f64 {
        0.0
    }
}

/// Standard error of the mean log evidence.
fn error(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    if !mean.is_finite() {
        return 0.0;
    }
    libm::sqrt(values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / (n - 1.0) / n)
}

/// A likelihood that is not a number is none.
fn finite(log_likelihood: f64) -> f64 {
    if log_likelihood.is_nan() { f64::NEG_INFINITY } else { log_likelihood }
}

/// t l, with 0 times minus infinity 0.
fn times(t: f64, l: f64) -> f64 {
    if t == 0.0 { 0.0 } else { t * l }
}

/// Effective sample size of weights given as logarithms.
pub(crate) fn effective(weights: &[f64]) -> f64 {
    let twice: Vec<f64> = weights.iter().map(|w| 2.0 * w).collect();
    libm::exp(2.0 * log_sum(weights) - log_sum(&twice))
}

/// By how much the temperature may rise, at most `most`, so that `kept` particles' worth remain.
fn rise(likelihoods: &[f64], most: f64, kept: f64) -> f64 {
    let after = |rise: f64| effective(&likelihoods.iter().map(|l| times(rise, *l)).collect::<Vec<_>>());
    if after(most) >= kept {
        return most;
    }
    let (mut low, mut high) = (0.0, most);
    // Where many particles are impossible, fewer than wanted remain at any rise: the smallest rise then drops those alone.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if after(middle) >= kept { low = middle } else { high = middle }
    }
    if low > 0.0 { low } else { high }
}

/// Systematic resampling: the particle of each of `many` evenly spaced points, the first at `u` in (0, 1).
pub(crate) fn systematic(shares: &[f64], many: usize, u: f64) -> Vec<usize> {
    let mut chosen = Vec::with_capacity(many);
    let (mut sum, mut k) = (shares[0], 0);
    for i in 0..many {
        let point = (i as f64 + u) / many as f64;
        while sum < point && k + 1 < shares.len() {
            k += 1;
            sum += shares[k];
        }
        chosen.push(k);
    }
    chosen
}

/// Cholesky factor of the covariance of `sets`, row-major; a coordinate without spread keeps a small one.
pub(crate) fn spread(sets: &[Vec<f64>], d: usize) -> Vec<f64> {
    let n = sets.len() as f64;
    let mean: Vec<f64> = (0..d).map(|k| sets.iter().map(|z| z[k]).sum::<f64>() / n).collect();
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let products = sets.iter().map(|z| (z[i] - mean[i]) * (z[j] - mean[j]));
            let covariance: f64 = products.sum::<f64>() / n;
            let known: f64 = (0..j).map(|k| lower[i * d + k] * lower[j * d + k]).sum();
            lower[i * d + j] = match i == j {
                true => libm::sqrt((covariance - known).max(1e-12)),
                false => (covariance - known) / lower[j * d + j],
            };
        }
    }
    lower
}

/// Correlation of coordinate `k` before and after.
fn correlation(before: &[Vec<f64>], after: &[Particle], k: usize) -> f64 {
    let n = before.len() as f64;
    let (a, b) = (before.iter().map(|z| z[k]).sum::<f64>() / n, after.iter().map(|p| p.z[k]).sum::<f64>() / n);
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in before.iter().zip(after) {
        let (x, y) = (x[k] - a, y.z[k] - b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if aa == 0.0 || bb == 0.0 { 0.0 } else { ab / libm::sqrt(aa * bb) }
}
