//! A population of patients: every patient has parameters of his own, normal around the population's mean with a full
//! covariance, on a scale on which that is sensible (logarithms, log odds). Mean and covariance are learned from all
//! patients at once (empirical Bayes), and are then the prior of each.
//!
//! Law: maximum of the marginal likelihood prod_i Int p(y_i | theta) N(theta; mu, Omega) d theta by stochastic
//! approximation EM (Delyon, Lavielle and Moulines 1999, Ann Stat 27:94; Kuhn and Lavielle 2004, ESAIM P&S 8:115):
//! each iteration moves every patient's parameters by Metropolis steps under the present population, and moves the mean
//! of theta and of theta theta' towards that of the draws, with weight 1 in the first part of the iterations and 1/n
//! after it. In the first part no variance falls by more than 5 % an iteration, so that none is lost by chance.
//! Steps: half Crank-Nicolson proposals in the coordinates in which the population is standard normal (Cotter 2013,
//! Stat Sci 28:424), half single coordinates; both adapt to an acceptance of a third.
//! What every patient shares is a parameter as the others with a spread that ends small. Left out: covariates, standard
//! errors of the population.

use crate::jobs::{Control, Interrupted, map};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};

/// What one patient's data say of his parameters.
pub trait Individual: Sync {
    /// ln p(data | theta); minus infinity where the data are impossible.
    fn log_likelihood(&self, theta: &[f64]) -> f64;
}

/// Mean and covariance of a normal law, with what is needed to use it.
#[derive(Debug, Clone, PartialEq)]
pub struct Population {
    /// Mean of each parameter.
    pub mean: Vec<f64>,
    /// Covariance, row-major.
    pub covariance: Vec<f64>,
    lower: Vec<f64>,
}

impl Population {
    /// From mean and covariance (row-major, of size mean squared). A direction without spread keeps a small one.
    pub fn new(mean: Vec<f64>, covariance: Vec<f64>) -> Population {
        let lower = cholesky(&covariance, mean.len());
        Population { mean, covariance, lower }
    }

    /// Independent parameters with these standard deviations.
    pub fn independent(mean: &[f64], sd: &[f64]) -> Population {
        let d = mean.len();
        let mut covariance = vec![0.0; d * d];
        (0..d).for_each(|k| covariance[k * d + k] = sd[k] * sd[k]);
        Population::new(mean.to_vec(), covariance)
    }

    /// The parameters that standard normal variables stand for.
    pub fn at(&self, z: &[f64]) -> Vec<f64> {
        let d = self.mean.len();
        (0..d).map(|i| self.mean[i] + (0..=i).map(|j| self.lower[i * d + j] * z[j]).sum::<f64>()).collect()
    }

    /// The standard normal variables that stand for parameters.
    pub fn z(&self, theta: &[f64]) -> Vec<f64> {
        let d = self.mean.len();
        let mut z = vec![0.0; d];
        for i in 0..d {
            let known: f64 = (0..i).map(|j| self.lower[i * d + j] * z[j]).sum();
            z[i] = (theta[i] - self.mean[i] - known) / self.lower[i * d + i];
        }
        z
    }

    /// Standard deviation of parameter `k`.
    pub fn sd(&self, k: usize) -> f64 {
        libm::sqrt(self.covariance[k * self.mean.len() + k])
    }
}

/// Cholesky factor, row-major; a pivot below 1e-8 is lifted to it.
fn cholesky(matrix: &[f64], d: usize) -> Vec<f64> {
    let mut lower = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i * d + k] * lower[j * d + k]).sum();
            let value = matrix[i * d + j] - known;
            lower[i * d + j] = if i == j { libm::sqrt(value.max(1e-8)) } else { value / lower[j * d + j] };
        }
    }
    lower
}

/// One patient's chain.
#[derive(Debug, Clone)]
struct Chain {
    theta: Vec<f64>,
    log_likelihood: f64,
    /// Size of the joint step, 0 to 1.
    joint: f64,
    /// Size of each single step, in standard deviations of the population.
    single: Vec<f64>,
}

impl Chain {
    fn new(individual: &dyn Individual, theta: &[f64]) -> Chain {
        let log_likelihood = finite(individual.log_likelihood(theta));
        Chain { theta: theta.to_vec(), log_likelihood, joint: 0.5, single: vec![1.0; theta.len()] }
    }

    /// One joint proposal and one of each coordinate.
    fn sweep(&mut self, individual: &dyn Individual, population: &Population, stream: &mut Stream, adapt: f64) {
        let d = self.theta.len();
        let mut z = population.z(&self.theta);
        let keep = libm::sqrt(1.0 - self.joint * self.joint);
        let moved: Vec<f64> = z.iter().map(|z| keep * z + self.joint * normal(stream)).collect();
        let theta = population.at(&moved);
        let log_likelihood = finite(individual.log_likelihood(&theta));
        // A proposal that leaves the prior as it is is judged by the likelihood alone.
        let accepted = libm::log(stream.uniform()) < log_likelihood - self.log_likelihood;
        if accepted {
            (self.theta, self.log_likelihood, z) = (theta, log_likelihood, moved);
        }
        let rate = |accepted: bool| if accepted { 0.66 } else { -0.34 };
        self.joint = (self.joint * libm::exp(adapt * rate(accepted))).clamp(1e-3, 1.0);
        for k in 0..d {
            let mut theta = self.theta.clone();
            theta[k] += self.single[k] * libm::sqrt(population.covariance[k * d + k]) * normal(stream);
            let there = population.z(&theta);
            let half = |z: &[f64]| -0.5 * z.iter().map(|x| x * x).sum::<f64>();
            let log_likelihood = finite(individual.log_likelihood(&theta));
            let gain = log_likelihood - self.log_likelihood + half(&there) - half(&z);
            let accepted = libm::log(stream.uniform()) < gain;
            if accepted {
                (self.theta, self.log_likelihood, z) = (theta, log_likelihood, there);
            }
            self.single[k] = (self.single[k] * libm::exp(adapt * rate(accepted))).clamp(1e-3, 10.0);
        }
    }
}

fn finite(x: f64) -> f64 {
    if x.is_nan() { f64::NEG_INFINITY } else { x }
}

/// How hard to work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Iterations with weight 1.
    pub search: usize,
    /// Iterations with falling weight.
    pub average: usize,
    /// Sweeps of each patient's chain in an iteration; a sweep proposes all at once and then each coordinate.
    pub sweeps: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { search: 100, average: 80, sweeps: 1, seed: 2026 }
    }
}

/// Patients in one piece of work: the pieces do not depend on the threads.
const BLOCK: usize = 64;

/// The population that makes the data of all patients most probable, from `start`; `narrow[k]` is the least standard
/// deviation that parameter k may have (above 0).
pub fn learn<I: Individual>(
    individuals: &[I],
    start: &Population,
    narrow: &[f64],
    settings: &Settings,
    control: &Control,
) -> Result<Population, Interrupted> {
    let d = start.mean.len();
    let mut population = start.clone();
    // The best of some draws, so that few begin in a lesser mode.
    let first = |k: usize| {
        let mut stream = Stream::new(settings.seed, k as u64, 0, Purpose::Inference);
        let at = |stream: &mut Stream| start.at(&(0..d).map(|_| normal(stream)).collect::<Vec<f64>>());
        let mut best = Chain::new(&individuals[k], &start.mean);
        for _ in 0..20 {
            let other = Chain::new(&individuals[k], &at(&mut stream));
            if other.log_likelihood > best.log_likelihood {
                best = other;
            }
        }
        best
    };
    let mut chains: Vec<Chain> = (0..individuals.len()).map(first).collect();
    let total = settings.search + settings.average;
    let (mut first, mut second) = (vec![0.0; d], vec![0.0; d * d]);
    for iteration in 0..total {
        let quiet = Control { threads: control.threads, stop: control.stop, progress: &|_| {} };
        let blocks = map(individuals.len().div_ceil(BLOCK), &quiet, |block, _| {
            let range = block * BLOCK..((block + 1) * BLOCK).min(individuals.len());
            let mut moved = chains[range.clone()].to_vec();
            for (chain, k) in moved.iter_mut().zip(range) {
                let mut stream = Stream::new(settings.seed, k as u64, 1 + iteration as u64, Purpose::Inference);
                for _ in 0..settings.sweeps.max(1) {
                    chain.sweep(&individuals[k], &population, &mut stream, 0.2);
                }
            }
            Ok(moved)
        })?;
        chains = blocks.into_iter().flatten().collect();
        let weight = match iteration < settings.search {
            true => 1.0,
            false => 1.0 / (iteration - settings.search + 1) as f64,
        };
        let n = chains.len().max(1) as f64;
        for i in 0..d {
            let mean = chains.iter().map(|c| c.theta[i]).sum::<f64>() / n;
            first[i] += weight * (mean - first[i]);
            for j in 0..d {
                let product = chains.iter().map(|c| c.theta[i] * c.theta[j]).sum::<f64>() / n;
                second[i * d + j] += weight * (product - second[i * d + j]);
            }
        }
        let mut covariance = vec![0.0; d * d];
        for i in 0..d {
            for j in 0..d {
                covariance[i * d + j] = second[i * d + j] - first[i] * first[j];
            }
        }
        for k in 0..d {
            let slow = if iteration < settings.search { 0.95 * population.covariance[k * d + k] } else { 0.0 };
            covariance[k * d + k] = covariance[k * d + k].max(slow).max(narrow[k] * narrow[k]);
        }
        population = Population::new(first.clone(), covariance);
        control.done((iteration + 1) as f64 / total as f64);
    }
    Ok(population)
}

/// `count` draws of one patient's parameters, every `thin`th sweep after a quarter of them was thrown away; with the log
/// likelihood of each. Where `starts` is above 1, so many short chains are begun, one at the mean and the others at draws
/// from the population, and the one goes on that has come to the highest posterior density: a long series may have
/// lesser modes in which a chain is caught.
pub fn draws(
    individual: &dyn Individual,
    population: &Population,
    count: usize,
    thin: usize,
    starts: usize,
    stream: &mut Stream,
) -> Vec<(Vec<f64>, f64)> {
    let density = |c: &Chain| c.log_likelihood - 0.5 * population.z(&c.theta).iter().map(|z| z * z).sum::<f64>();
    let mut chain = Chain::new(individual, &population.mean);
    let mut others: Vec<Chain> = (1..starts)
        .map(|_| {
            let z: Vec<f64> = population.mean.iter().map(|_| normal(stream)).collect();
            Chain::new(individual, &population.at(&z))
        })
        .collect();
    if !others.is_empty() {
        others.push(chain);
        for other in &mut others {
            (0..40).for_each(|_| other.sweep(individual, population, stream, 0.2));
        }
        others.sort_by(|a, b| density(b).total_cmp(&density(a)));
        chain = others.swap_remove(0);
    }
    let sweeps = count * thin.max(1);
    for _ in 0..sweeps / 4 + 20 {
        chain.sweep(individual, population, stream, 0.1);
    }
    let mut kept = Vec::with_capacity(count);
    for _ in 0..count {
        for _ in 0..thin.max(1) {
            chain.sweep(individual, population, stream, 0.0);
        }
        kept.push((chain.theta.clone(), chain.log_likelihood));
    }
    kept
}
