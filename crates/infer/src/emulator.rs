//! A cheap stand-in for a costly log-likelihood, learned from places where it was evaluated.
//!
//! A quadratic by least squares and, for what it leaves, the mean of a Gaussian process (Rasmussen and Williams 2006, chapter 2) with
//! covariance s^2 exp(-r^2 / (2 l^2)) and noise; r is a distance after whitening by the sample's covariance. Length, noise, and whether
//! distances are taken in normal coordinates ([`crate::prior`]) or in the parameters' own units have the largest marginal likelihood over
//! a small grid. Only places within `DEPTH` of the best are learned from, at most `MOST` of them: what is far out has no bearing on the
//! posterior and would ask for all of the curve's bends. Beyond the reach of the places the stand-in says minus infinity.

use crate::least_squares::{backward, factor, forward, solve};
use crate::prior::{Parameter, normals, values};
use crate::smc::spread;

/// ln below the best from which on places are left out.
const DEPTH: f64 = 30.0;
/// Most places that are learned from.
const MOST: usize = 400;
/// Lengths and shares of noise that are tried.
const LENGTHS: [f64; 6] = [0.7, 1.0, 1.5, 2.2, 3.3, 5.0];
const NOISES: [f64; 4] = [1e-6, 1e-4, 1e-2, 1e-1];

/// A learned log-likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Emulator {
    parameters: Vec<Parameter>,
    /// Whether distances are in the parameters' own units.
    own: bool,
    middle: Vec<f64>,
    /// Inverse of the factor of the covariance, lower triangular.
    whitening: Vec<f64>,
    quadratic: Vec<f64>,
    /// Whitened places, one after the other.
    places: Vec<f64>,
    weights: Vec<f64>,
    length: f64,
    /// Squared distance to the nearest place beyond which nothing is known.
    reach: f64,
}

/// 1, x, and products of two.
fn monomials(x: &[f64]) -> Vec<f64> {
    let products = (0..x.len()).flat_map(|i| (0..=i).map(move |j| (i, j)));
    std::iter::once(1.0).chain(x.iter().copied()).chain(products.map(|(i, j)| x[i] * x[j])).collect()
}

fn between(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

impl Emulator {
    /// From parameter sets with their log-likelihoods; none with too few of them (three for each value of the quadratic).
    ///
    /// ```
    /// use remission_infer::{emulator::Emulator, prior::{Parameter, Prior}};
    /// let parameters = ["a", "b"].map(|n| Parameter::new(n, "", Prior::LogNormal(1.0, 0.5)));
    /// let known = |x: &[f64]| -20.0 * (x[0] - x[1]).powi(2) - (x[0] - 1.0).powi(2);
    /// let grid = (0..12).flat_map(|i| (0..12).map(move |j| [0.2 + 0.2 * i as f64, 0.2 + 0.2 * j as f64]));
    /// let seen: Vec<(Vec<f64>, f64)> = grid.map(|x| (x.to_vec(), known(&x))).collect();
    /// let learned = Emulator::new(&parameters, &seen).unwrap();
    /// let z: Vec<f64> = [1.13f64, 1.21].iter().zip(&parameters).map(|(x, p)| p.prior.z(*x)).collect();
    /// assert!((learned.log_likelihood(&z) - known(&[1.13, 1.21])).abs() < 0.02);
    /// assert_eq!(learned.log_likelihood(&[9.0, 9.0]), f64::NEG_INFINITY);
    /// ```
    pub fn new(parameters: &[Parameter], seen: &[(Vec<f64>, f64)]) -> Option<Emulator> {
        let best = seen.iter().map(|s| s.1).fold(f64::NEG_INFINITY, f64::max);
        let mut near: Vec<&(Vec<f64>, f64)> = seen.iter().filter(|s| s.1 > best - DEPTH).collect();
        // The same places whatever the order in which they were seen.
        near.sort_by(|a, b| {
            let first = a.0.iter().zip(&b.0).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
            first.unwrap_or(a.1.total_cmp(&b.1))
        });
        near.dedup_by(|a, b| a.0 == b.0);
        let d = parameters.len();
        let values = 1 + d + d * (d + 1) / 2;
        if d == 0 || near.len() < 3 * values {
            return None;
        }
        let kept = near.len().min(MOST);
        let chosen: Vec<&(Vec<f64>, f64)> = (0..kept).map(|k| near[k * near.len() / kept]).collect();
        let mut best: Option<(f64, Emulator)> = None;
        for own in [false, true] {
            let sets: Vec<Vec<f64>> = chosen.iter().map(|s| coordinates(parameters, own, &s.0)).collect();
            if sets.iter().flatten().any(|x| !x.is_finite()) {
                continue;
            }
            let logs: Vec<f64> = chosen.iter().map(|s| s.1).collect();
            best = learned(parameters, own, &sets, &logs, best);
        }
        best.map(|b| b.1)
    }

    /// The stand-in at normal coordinates; minus infinity beyond the reach of what was seen.
    pub fn log_likelihood(&self, z: &[f64]) -> f64 {
        let set = match self.own {
            true => values(&self.parameters, z),
            false => z.to_vec(),
        };
        let x = whitened(&self.whitening, &self.middle, &set);
        let (mut sum, mut nearest) = (0.0, f64::INFINITY);
        let scale = -0.5 / (self.length * self.length);
        for (place, weight) in self.places.chunks_exact(x.len()).zip(&self.weights) {
            let r = between(&x, place);
            nearest = f64::min(nearest, r);
            // What is further than nine lengths adds nothing that would be seen.
            if scale * r > -40.0 {
                sum += weight * libm::exp(scale * r);
            }
        }
        if nearest > self.reach || nearest.is_nan() {
            return f64::NEG_INFINITY;
        }
        sum + monomials(&x).iter().zip(&self.quadratic).map(|(m, b)| m * b).sum::<f64>()
    }
}

fn coordinates(parameters: &[Parameter], own: bool, set: &[f64]) -> Vec<f64> {
    match own {
        true => set.to_vec(),
        false => normals(parameters, set),
    }
}

fn whitened(whitening: &[f64], middle: &[f64], set: &[f64]) -> Vec<f64> {
    let d = middle.len();
    (0..d).map(|i| (0..=i).map(|j| whitening[i * d + j] * (set[j] - middle[j])).sum()).collect()
}

/// The better of `best` and the best of the grid in one kind of coordinates.
fn learned(
    parameters: &[Parameter],
    own: bool,
    sets: &[Vec<f64>],
    logs: &[f64],
    mut best: Option<(f64, Emulator)>,
) -> Option<(f64, Emulator)> {
    let (n, d) = (sets.len(), parameters.len());
    let middle: Vec<f64> = (0..d).map(|k| sets.iter().map(|s| s[k]).sum::<f64>() / n as f64).collect();
    let lower = spread(sets, d);
    let mut whitening = vec![0.0; d * d];
    for j in 0..d {
        let unit: Vec<f64> = (0..d).map(|i| f64::from(u8::from(i == j))).collect();
        forward(&lower, &unit).into_iter().enumerate().for_each(|(i, x)| whitening[i * d + j] = x);
    }
    let places: Vec<Vec<f64>> = sets.iter().map(|s| whitened(&whitening, &middle, s)).collect();
    // The quadratic by normal equations; a little on the diagonal keeps directions that are not there at 0.
    let design: Vec<Vec<f64>> = places.iter().map(|p| monomials(p)).collect();
    let m = design[0].len();
    let mut normal = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..=i {
            normal[i * m + j] = design.iter().map(|row| row[i] * row[j]).sum::<f64>();
        }
        normal[i * m + i] += 1e-6 * n as f64;
    }
    let normal = factor(&normal, m)?;
    let right: Vec<f64> = (0..m).map(|i| design.iter().zip(logs).map(|(row, l)| row[i] * l).sum()).collect();
    let quadratic = solve(&normal, &right);
    let fitted = |row: &[f64]| row.iter().zip(&quadratic).map(|(x, b)| x * b).sum::<f64>();
    let left: Vec<f64> = design.iter().zip(logs).map(|(row, l)| l - fitted(row)).collect();
    let mut nearest: Vec<f64> = (0..n)
        .map(|i| (0..n).filter(|j| *j != i).map(|j| between(&places[i], &places[j])).fold(f64::INFINITY, f64::min))
        .collect();
    nearest.sort_by(f64::total_cmp);
    let reach = 9.0 * nearest[n * 9 / 10];
    for length in LENGTHS {
        for noise in NOISES {
            let mut k = vec![0.0; n * n];
            for i in 0..n {
                for j in 0..=i {
                    k[i * n + j] = libm::exp(-0.5 * between(&places[i], &places[j]) / (length * length));
                }
                k[i * n + i] += noise;
            }
            let Some(k) = factor(&k, n) else { continue };
            let y = forward(&k, &left);
            let variance = y.iter().map(|x| x * x).sum::<f64>() / n as f64;
            let determinant: f64 = (0..n).map(|i| libm::log(k[i * n + i])).sum();
            let marginal = -0.5 * n as f64 * libm::log(variance.max(1e-300)) - determinant;
            if best.as_ref().is_none_or(|b| marginal > b.0) {
                let emulator = Emulator {
                    parameters: parameters.to_vec(),
                    own,
                    middle: middle.clone(),
                    whitening: whitening.clone(),
                    quadratic: quadratic.clone(),
                    places: places.concat(),
                    weights: backward(&k, &y),
                    length,
                    reach,
                };
                best = Some((marginal, emulator));
            }
        }
    }
    best
}
