//! One chain of particle marginal Metropolis-Hastings: where it begins, how it steps and learns.

use super::{Estimated, Settings};
use crate::emulator::Emulator;
use crate::prior::{Parameter, normals, values};
use crate::smc::spread;
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};

/// Acceptance that the burn-in aims at.
const AIM: f64 = 0.2;
/// Share of the steps that a stand-in leads, and its own steps behind one of them.
const LED: f64 = 0.75;
const INNER: usize = 100;
/// Share of the steps in the parameters' own units.
const OWN_UNITS: f64 = 0.5;
/// Places of a start among which a chain takes its beginning.
const PLACES: usize = 4;

/// A chain.
pub struct Chain<P> {
    /// Where it is, in the coordinates in which priors are standard normal.
    pub z: Vec<f64>,
    /// The estimate that came with it.
    pub log_likelihood: f64,
    /// The path that came with it.
    pub path: P,
    /// Steps in normal coordinates.
    pub walk: Walk,
    /// Steps in the parameters' own units.
    pub own: Walk,
    stream: Stream,
}

/// A random walk that learns how far to step.
#[derive(Debug, Clone, PartialEq)]
pub struct Walk {
    /// Lower triangular factor of the proposal's covariance, row-major.
    pub factor: Vec<f64>,
    /// Steps taken.
    pub taken: usize,
}

impl Walk {
    fn moved(&self, from: &[f64], u: &[f64]) -> Vec<f64> {
        let d = from.len();
        (0..d).map(|i| from[i] + (0..=i).map(|j| self.factor[i * d + j] * u[j]).sum::<f64>()).collect()
    }

    fn learn(&mut self, u: &[f64], accepted: bool) {
        self.taken += 1;
        let h = (u.len() as f64 * libm::pow(self.taken as f64, -2.0 / 3.0)).min(1.0);
        self.factor = adapted(&self.factor, u, h * (f64::from(u8::from(accepted)) - AIM));
    }
}

/// Where chains begin and how far they step at first: from a rough sample of the posterior.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Parameter sets; chain k begins at the likeliest of four: k, k + chains, ...
    pub places: Vec<Vec<f64>>,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Info {
    /// Whether the proposal was accepted.
    pub accepted: bool,
}

/// A chain at the likeliest of four places of a start that are its own, or of some draws from the prior; none where all are impossible.
/// `number` tells chains of one seed apart.
pub fn init<E: Estimated>(
    target: &E,
    settings: &Settings,
    start: Option<&Start>,
    number: u64,
) -> Option<Chain<E::Path>> {
    let mut stream = Stream::new(settings.seed, number, 1, Purpose::Inference);
    let d = target.parameters().len();
    let mut best: Option<(Vec<f64>, f64, E::Path)> = None;
    if let Some(start) = start {
        for place in start.places.iter().skip(number as usize).step_by(settings.chains.max(2)).take(PLACES) {
            if let Some((log_likelihood, path)) = target.estimate(place, f64::NEG_INFINITY, &mut stream)
                && best.as_ref().is_none_or(|b| log_likelihood > b.1)
            {
                best = Some((normals(target.parameters(), place), log_likelihood, path));
            }
        }
        if let Some((z, log_likelihood, path)) = best {
            let walk = |places: &[Vec<f64>]| {
                let scale = 2.38 / libm::sqrt(d as f64);
                Walk { factor: spread(places, d).iter().map(|x| scale * x).collect(), taken: 0 }
            };
            let normal: Vec<Vec<f64>> = start.places.iter().map(|p| normals(target.parameters(), p)).collect();
            let (walk, own) = (walk(&normal), walk(&start.places));
            return Some(Chain { z, log_likelihood, path, walk, own, stream });
        }
    }
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
    let first = 0.5 / libm::sqrt(d as f64);
    let diagonal = |of: &dyn Fn(usize) -> f64| {
        let mut factor = vec![0.0; d * d];
        (0..d).for_each(|k| factor[k * d + k] = first * of(k));
        Walk { factor, taken: 0 }
    };
    // What a step in normal coordinates is in the parameter's own unit here.
    let slope = |k: usize| {
        let prior = &target.parameters()[k].prior;
        (prior.at(z[k] + 0.1) - prior.at(z[k] - 0.1)) / 0.2
    };
    let (walk, own) = (diagonal(&|_| 1.0), diagonal(&slope));
    Some(Chain { z, log_likelihood, path, walk, own, stream })
}

impl<P: Clone + Send> Chain<P> {
    /// A step of a walk from `z`: the place in both coordinates, and by how much the prior falls in those of the walk.
    fn proposed(&mut self, parameters: &[Parameter], from: &[f64]) -> Proposal {
        let own = self.stream.uniform() < OWN_UNITS;
        let u: Vec<f64> = parameters.iter().map(|_| normal(&mut self.stream)).collect();
        if own {
            let here = values(parameters, from);
            let at = self.own.moved(&here, &u);
            let density = |at: &[f64]| parameters.iter().zip(at).map(|(p, x)| p.prior.log_density(*x)).sum::<f64>();
            let fall = density(&here) - density(&at);
            let z = normals(parameters, &at);
            return Proposal { own, u, z, fall };
        }
        let z = self.walk.moved(from, &u);
        let half = |z: &[f64]| 0.5 * z.iter().map(|x| x * x).sum::<f64>();
        let fall = half(&z) - half(from);
        Proposal { own, u, z, fall }
    }

    /// Where the stand-in leads, and by how much it is higher there; none where it leads nowhere.
    fn led(&mut self, parameters: &[Parameter], by: &Emulator) -> Option<(Vec<f64>, f64)> {
        let first = by.log_likelihood(&self.z);
        if first == f64::NEG_INFINITY {
            return None;
        }
        let (mut z, mut here) = (self.z.clone(), first);
        for _ in 0..INNER {
            let proposal = self.proposed(parameters, &z);
            let chance = libm::log(self.stream.uniform());
            let there = if proposal.inside() { by.log_likelihood(&proposal.z) } else { f64::NEG_INFINITY };
            if there > here + proposal.fall + chance {
                (z, here) = (proposal.z, there);
            }
        }
        (z != self.z).then_some((z, here - first))
    }

    /// One step; the walk that made it learns from it where `adapts`.
    pub fn step<E: Estimated<Path = P>>(&mut self, target: &E, by: Option<&Emulator>, adapts: bool) -> Info {
        let parameters = target.parameters();
        if let Some(by) = by.filter(|_| self.stream.uniform() < LED) {
            let Some((z, higher)) = self.led(parameters, by) else { return Info { accepted: false } };
            let least = self.log_likelihood + higher + libm::log(self.stream.uniform());
            return Info { accepted: self.judged(target, z, least) };
        }
        let from = self.z.clone();
        let proposal = self.proposed(parameters, &from);
        let least = self.log_likelihood + proposal.fall + libm::log(self.stream.uniform());
        // Beyond the range of a prior there is nothing to estimate.
        let accepted = proposal.inside() && self.judged(target, proposal.z, least);
        if adapts {
            let walk = if proposal.own { &mut self.own } else { &mut self.walk };
            walk.learn(&proposal.u, accepted);
        }
        Info { accepted }
    }

    /// Goes to a place if its estimate is above `least`.
    fn judged<E: Estimated<Path = P>>(&mut self, target: &E, z: Vec<f64>, least: f64) -> bool {
        match target.estimate(&values(target.parameters(), &z), least, &mut self.stream) {
            Some((log_likelihood, path)) if log_likelihood > least => {
                (self.z, self.log_likelihood, self.path) = (z, log_likelihood, path);
                true
            }
            _ => false,
        }
    }
}

/// A step that is proposed.
struct Proposal {
    own: bool,
    u: Vec<f64>,
    z: Vec<f64>,
    fall: f64,
}

impl Proposal {
    /// Whether it is within the range of every prior.
    fn inside(&self) -> bool {
        self.fall < f64::INFINITY && self.z.iter().all(|x| x.is_finite())
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
