//! Random walks that learn how far to step, in normal coordinates and in the parameters' own units.

use crate::prior::{Parameter, normals, values};
use crate::smc::spread;
use remission_engine::draw::normal;
use remission_engine::stream::Stream;

/// Acceptance that the burn-in aims at.
const AIM: f64 = 0.2;
/// Share of the steps in the parameters' own units.
const OWN_UNITS: f64 = 0.5;

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

/// A walk in each kind of coordinates; half of the steps are of each.
#[derive(Debug, Clone, PartialEq)]
pub struct Walks {
    /// Steps in the coordinates in which priors are standard normal.
    pub normal: Walk,
    /// Steps in the parameters' own units.
    pub own: Walk,
}

/// A step that is proposed.
pub struct Proposal {
    own: bool,
    u: Vec<f64>,
    /// Where it leads, normal coordinates.
    pub z: Vec<f64>,
    /// By how much the prior falls, in the coordinates of the walk.
    pub fall: f64,
}

impl Proposal {
    /// Whether it is within the range of every prior.
    pub fn inside(&self) -> bool {
        self.fall < f64::INFINITY && self.z.iter().all(|x| x.is_finite())
    }
}

impl Walks {
    /// As far as suits a normal law with the spread of a rough sample (2.38^2 / d of its covariance).
    pub fn across(parameters: &[Parameter], sets: &[Vec<f64>]) -> Walks {
        let d = parameters.len();
        let walk = |sets: &[Vec<f64>]| {
            let scale = 2.38 / libm::sqrt(d as f64);
            Walk { factor: spread(sets, d).iter().map(|x| scale * x).collect(), taken: 0 }
        };
        let normal: Vec<Vec<f64>> = sets.iter().map(|s| normals(parameters, s)).collect();
        Walks { normal: walk(&normal), own: walk(sets) }
    }

    /// Half of the prior's own spread, from `z`.
    pub fn of_the_prior(parameters: &[Parameter], z: &[f64]) -> Walks {
        let d = parameters.len();
        let first = 0.5 / libm::sqrt(d as f64);
        let diagonal = |of: &dyn Fn(usize) -> f64| {
            let mut factor = vec![0.0; d * d];
            (0..d).for_each(|k| factor[k * d + k] = first * of(k));
            Walk { factor, taken: 0 }
        };
        // What a step in normal coordinates is in the parameter's own unit here.
        let slope = |k: usize| {
            let prior = &parameters[k].prior;
            (prior.at(z[k] + 0.1) - prior.at(z[k] - 0.1)) / 0.2
        };
        Walks { normal: diagonal(&|_| 1.0), own: diagonal(&slope) }
    }

    /// A step from `from`.
    pub fn proposed(&self, parameters: &[Parameter], from: &[f64], stream: &mut Stream) -> Proposal {
        let own = stream.uniform() < OWN_UNITS;
        let u: Vec<f64> = parameters.iter().map(|_| normal(stream)).collect();
        if own {
            let here = values(parameters, from);
            let at = self.own.moved(&here, &u);
            let density = |at: &[f64]| parameters.iter().zip(at).map(|(p, x)| p.prior.log_density(*x)).sum::<f64>();
            let fall = density(&here) - density(&at);
            let z = normals(parameters, &at);
            return Proposal { own, u, z, fall };
        }
        let z = self.normal.moved(from, &u);
        let half = |z: &[f64]| 0.5 * z.iter().map(|x| x * x).sum::<f64>();
        let fall = half(&z) - half(from);
        Proposal { own, u, z, fall }
    }

    /// The walk that made a step learns from what became of it.
    pub fn learn(&mut self, proposal: &Proposal, accepted: bool) {
        let walk = if proposal.own { &mut self.own } else { &mut self.normal };
        walk.learn(&proposal.u, accepted);
    }

    /// A step from a place whose target is the prior times a curve (its logarithm, by normal coordinates): what was proposed, and the
    /// curve's logarithm there if it was accepted. `here`, that at the place itself, must be finite.
    fn stepped(
        &self,
        parameters: &[Parameter],
        curve: &dyn Fn(&[f64]) -> f64,
        (z, here): (&[f64], f64),
        stream: &mut Stream,
    ) -> (Proposal, Option<f64>) {
        let proposal = self.proposed(parameters, z, stream);
        let chance = libm::log(stream.uniform());
        let there = if proposal.inside() { curve(&proposal.z) } else { f64::NEG_INFINITY };
        let accepted = there > here + proposal.fall + chance;
        (proposal, accepted.then_some(there))
    }

    /// Where `steps` such steps from `from` lead, from which the walk learns how far to step.
    pub(super) fn learning(
        &mut self,
        parameters: &[Parameter],
        curve: &dyn Fn(&[f64]) -> f64,
        from: &[f64],
        steps: usize,
        stream: &mut Stream,
    ) -> Vec<f64> {
        let (mut z, mut here) = (from.to_vec(), curve(from));
        for _ in 0..steps {
            let (proposal, there) = self.stepped(parameters, curve, (&z, here), stream);
            self.learn(&proposal, there.is_some());
            if let Some(there) = there {
                (z, here) = (proposal.z, there);
            }
        }
        z
    }

    /// Where `steps` steps from `from` lead whose target is the prior times a curve (its logarithm, by normal coordinates), and the
    /// curve's logarithm there. `from` must have a finite one.
    pub fn along(
        &self,
        parameters: &[Parameter],
        curve: &dyn Fn(&[f64]) -> f64,
        from: &[f64],
        steps: usize,
        stream: &mut Stream,
    ) -> (Vec<f64>, f64) {
        let (mut z, mut here) = (from.to_vec(), curve(from));
        for _ in 0..steps {
            if let (proposal, Some(there)) = self.stepped(parameters, curve, (&z, here), stream) {
                (z, here) = (proposal.z, there);
            }
        }
        (z, here)
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
