//! One chain of particle marginal Metropolis-Hastings: where it begins and how it steps.

use super::walk::Walks;
use super::{Curve, Estimated, Settings};
use crate::prior::{Parameter, normals, values};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};

/// Share of the steps that a stand-in leads, and its own steps behind one of them.
const LED: f64 = 0.75;
const INNER: usize = 200;
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
    /// How it steps.
    pub walks: Walks,
    stream: Stream,
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Info {
    /// Whether the proposal was accepted.
    pub accepted: bool,
}

/// A chain at the likeliest of four places of `start` that are its own (k, k + chains, ...), a rough sample of the posterior whose
/// spread is that of the first steps; of some draws from the prior where `start` is empty or those are impossible. None where all are.
/// `number` tells chains of one seed apart.
pub fn init<E: Estimated>(target: &E, settings: &Settings, start: &[Vec<f64>], number: u64) -> Option<Chain<E::Path>> {
    let mut stream = Stream::new(settings.seed, number, 1, Purpose::Inference);
    let parameters = target.parameters();
    let mut best: Option<(Vec<f64>, f64, E::Path)> = None;
    for place in start.iter().skip(number as usize).step_by(settings.chains.max(2)).take(PLACES) {
        let least = best.as_ref().map_or(f64::NEG_INFINITY, |b| b.1);
        if let Some((log_likelihood, path)) = target.estimate(place, least, &mut stream)
            && log_likelihood > least
        {
            best = Some((normals(parameters, place), log_likelihood, path));
        }
    }
    if let Some((z, log_likelihood, path)) = best {
        return Some(Chain { z, log_likelihood, path, walks: Walks::across(parameters, start), stream });
    }
    // Where all of the first are impossible, more are tried.
    for attempt in 0..settings.tries.max(1) * 20 {
        if attempt >= settings.tries.max(1) && best.is_some() {
            break;
        }
        let z: Vec<f64> = parameters.iter().map(|_| normal(&mut stream)).collect();
        let least = best.as_ref().map_or(f64::NEG_INFINITY, |b| b.1);
        if let Some((log_likelihood, path)) = target.estimate(&values(parameters, &z), least, &mut stream)
            && log_likelihood > least
        {
            best = Some((z, log_likelihood, path));
        }
    }
    let (z, log_likelihood, path) = best?;
    let walks = Walks::of_the_prior(parameters, &z);
    Some(Chain { z, log_likelihood, path, walks, stream })
}

impl<P: Clone + Send> Chain<P> {
    /// Where the stand-in leads, and by how much it is higher there; none where it leads nowhere.
    fn led(&mut self, parameters: &[Parameter], by: &Curve) -> Option<(Vec<f64>, f64)> {
        let first = by(&self.z);
        if first == f64::NEG_INFINITY {
            return None;
        }
        let (z, there) = self.walks.along(parameters, by, &self.z, INNER, &mut self.stream);
        (z != self.z).then_some((z, there - first))
    }

    /// One step; the walk that made it learns from it where `adapts`.
    pub fn step<E: Estimated<Path = P>>(&mut self, target: &E, by: Option<&Curve>, adapts: bool) -> Info {
        let parameters = target.parameters();
        if let Some(by) = by.filter(|_| self.stream.uniform() < LED) {
            let Some((z, higher)) = self.led(parameters, by) else { return Info { accepted: false } };
            let least = self.log_likelihood + higher + libm::log(self.stream.uniform());
            return Info { accepted: self.judged(target, z, least) };
        }
        let proposal = self.walks.proposed(parameters, &self.z, &mut self.stream);
        let least = self.log_likelihood + proposal.fall + libm::log(self.stream.uniform());
        // Beyond the range of a prior there is nothing to estimate.
        let accepted = proposal.inside() && self.judged(target, proposal.z.clone(), least);
        if adapts {
            self.walks.learn(&proposal, accepted);
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
