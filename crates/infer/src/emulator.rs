//! A cheap stand-in for a costly log-likelihood, learned from places where it was evaluated.
//!
//! A quadratic by least squares and, for what it leaves, the mean of a Gaussian process (Rasmussen and Williams 2006, chapter 2) with
//! covariance s^2 exp(-r^2 / (2 l^2)) and noise; r is a distance after whitening by the sample's covariance. Length, noise, and whether
//! distances are taken in normal coordinates ([`crate::prior`]) or in the parameters' own units have the largest marginal likelihood over
//! a small grid, tried on some of the places; several functions of the same places share length and coordinates. Beyond
//! the reach of the places the stand-in says minus infinity.

use crate::least_squares::{backward, factor, forward, solve};
use crate::prior::{Parameter, normals, values};
use crate::smc::spread;

/// Most places, for each parameter, by which lengths, noise and coordinates are chosen.
const TRIED: usize = 60;
/// Square of how far the stand-in reaches, in distances from a place to its nearest one.
const REACH: f64 = 4.0;
/// Places taken at a time.
const LANES: usize = 8;
/// Lengths and shares of noise that are tried.
const LENGTHS: [f64; 6] = [0.7, 1.0, 1.5, 2.2, 3.3, 5.0];
const NOISES: [f64; 6] = [1e-6, 1e-4, 1e-2, 1e-1, 1.0, 10.0];

/// A learned log-likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Emulator {
    curves: Curves,
    /// Squared distance to the nearest place beyond which nothing is known.
    reach: f64,
}

/// Several functions of the same places, learned as one is: each with a quadratic and noise of its own, and a length for all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Curves {
    parameters: Vec<Parameter>,
    frame: Frame,
    quadratics: Vec<Vec<f64>>,
    /// Whitened places, one coordinate of all after the other.
    places: Vec<f64>,
    weights: Vec<Vec<f64>>,
    length: f64,
    /// Nine places of ten have their nearest one within this squared distance.
    dense: f64,
}

/// Coordinates in which places have mean 0 and covariance 1.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame {
    /// Whether of the parameters' own units.
    own: bool,
    middle: Vec<f64>,
    /// Inverse of the factor of the covariance, lower triangular.
    whitening: Vec<f64>,
}

impl Frame {
    /// That of the first `high` places, and all in it; none where a coordinate is infinite.
    pub(crate) fn of(
        parameters: &[Parameter],
        own: bool,
        places: &[&[f64]],
        high: usize,
    ) -> Option<(Frame, Vec<Vec<f64>>)> {
        let set = |at: &&[f64]| if own { at.to_vec() } else { normals(parameters, at) };
        let sets: Vec<Vec<f64>> = places.iter().map(set).collect();
        if sets.iter().flatten().any(|x| !x.is_finite()) {
            return None;
        }
        let (n, d) = (high, parameters.len());
        let middle: Vec<f64> = (0..d).map(|k| sets[..high].iter().map(|s| s[k]).sum::<f64>() / n as f64).collect();
        let lower = spread(&sets[..high], d);
        let mut whitening = vec![0.0; d * d];
        for j in 0..d {
            let unit: Vec<f64> = (0..d).map(|i| f64::from(u8::from(i == j))).collect();
            forward(&lower, &unit).into_iter().enumerate().for_each(|(i, x)| whitening[i * d + j] = x);
        }
        let frame = Frame { own, middle, whitening };
        let places = sets.iter().map(|s| frame.whitened(s)).collect();
        Some((frame, places))
    }

    /// Normal coordinates in it.
    pub(crate) fn at(&self, parameters: &[Parameter], z: &[f64]) -> Vec<f64> {
        match self.own {
            true => self.whitened(&values(parameters, z)),
            false => self.whitened(z),
        }
    }

    fn whitened(&self, set: &[f64]) -> Vec<f64> {
        let d = self.middle.len();
        (0..d).map(|i| (0..=i).map(|j| self.whitening[i * d + j] * (set[j] - self.middle[j])).sum()).collect()
    }
}

/// 1, x, and products of two.
pub(crate) fn monomials(x: &[f64]) -> impl Iterator<Item = f64> {
    let products = (0..x.len()).flat_map(move |i| (0..=i).map(move |j| x[i] * x[j]));
    std::iter::once(1.0).chain(x.iter().copied()).chain(products)
}

fn between(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// At most `most` of some, evenly.
pub(crate) fn evenly<T: Copy>(of: &[T], most: usize) -> Vec<T> {
    let kept = of.len().min(most);
    (0..kept).map(|k| of[k * of.len() / kept]).collect()
}

/// Factor of the covariance of some places.
fn covariance(places: &[&[f64]], length: f64, noise: f64) -> Option<Vec<f64>> {
    let n = places.len();
    let mut k = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            k[i * n + j] = below_one(-0.5 * between(places[i], places[j]) / (length * length));
        }
        k[i * n + i] += noise;
    }
    factor(&k, n)
}

impl Curves {
    /// Most functions.
    pub(crate) const MOST: usize = 4;

    /// Of `values`, those of one function at all places after those of another, of at most `MOST`; the first `high` places tell the scale of
    /// distances. None with too few of them (three for each value of the quadratic).
    pub(crate) fn new(parameters: &[Parameter], at: &[&[f64]], values: &[Vec<f64>], high: usize) -> Option<Curves> {
        let (n, d) = (at.len(), parameters.len());
        if d == 0 || high < 2 * d || n < 3 * (1 + d + d * (d + 1) / 2) || values.len() > Self::MOST {
            return None;
        }
        let tried = evenly(&(0..n).collect::<Vec<usize>>(), TRIED * d);
        let mut framed = Vec::new();
        // Marginal likelihood, frame, length and each one's noise.
        let mut best: Option<(f64, usize, f64, Vec<f64>)> = None;
        for own in [false, true] {
            let Some((frame, places)) = Frame::of(parameters, own, at, high) else { continue };
            let design: Vec<Vec<f64>> = places.iter().map(|p| monomials(p).collect()).collect();
            let quadratics = regressed(&design, values)?;
            let some: Vec<&[f64]> = tried.iter().map(|k| places[*k].as_slice()).collect();
            let left = |(of, by): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
                tried.iter().map(|k| of[*k] - quadratic(by, &places[*k])).collect()
            };
            let left: Vec<Vec<f64>> = values.iter().zip(&quadratics).map(left).collect();
            for length in LENGTHS {
                let mut each = vec![(f64::NEG_INFINITY, f64::NAN); values.len()];
                for noise in NOISES {
                    let Some(k) = covariance(&some, length, noise) else { continue };
                    for (of, best) in left.iter().zip(&mut each) {
                        let marginal = marginal(&k, of);
                        if marginal > best.0 {
                            *best = (marginal, noise);
                        }
                    }
                }
                let marginal = each.iter().map(|e| e.0).sum();
                if best.as_ref().is_none_or(|b| marginal > b.0) {
                    best = Some((marginal, framed.len(), length, each.into_iter().map(|e| e.1).collect()));
                }
            }
            framed.push((frame, places, quadratics));
        }
        let (_, number, length, noises) = best.filter(|b| b.0.is_finite())?;
        let (frame, places, quadratics) = framed.swap_remove(number);
        let nearest = |i: &usize| {
            let others = tried.iter().filter(|j| *j != i);
            others.map(|j| between(&places[*i], &places[*j])).fold(f64::INFINITY, f64::min)
        };
        let mut nearest: Vec<f64> = tried.iter().map(nearest).collect();
        nearest.sort_by(f64::total_cmp);
        let dense = nearest[nearest.len() * 9 / 10];
        let all: Vec<&[f64]> = places.iter().map(Vec::as_slice).collect();
        let mut weights = vec![Vec::new(); values.len()];
        for noise in NOISES.into_iter().filter(|n| noises.contains(n)) {
            let k = covariance(&all, length, noise)?;
            for (i, weights) in weights.iter_mut().enumerate().filter(|(i, _)| noises[*i] == noise) {
                let left = places.iter().zip(&values[i]).map(|(p, x)| x - quadratic(&quadratics[i], p));
                *weights = backward(&k, &forward(&k, &left.collect::<Vec<f64>>()));
            }
        }
        let places = (0..d).flat_map(|k| places.iter().map(move |p| p[k])).collect();
        Some(Curves { parameters: parameters.to_vec(), frame, quadratics, places, weights, length, dense })
    }

    /// The functions at normal coordinates, in order, and the squared distance to the nearest place.
    pub(crate) fn at(&self, z: &[f64]) -> ([f64; Self::MOST], f64) {
        let x = self.frame.at(&self.parameters, z);
        let n = self.places.len() / x.len();
        let scale = -0.5 / (self.length * self.length);
        let (mut sums, mut nearest) = ([[0.0; LANES]; Self::MOST], [f64::INFINITY; LANES]);
        for from in (0..n).step_by(LANES) {
            let many = LANES.min(n - from);
            // Beyond the last place: infinitely far, with no weight.
            let mut far = [f64::MAX; LANES];
            far[..many].fill(0.0);
            for (k, x) in x.iter().enumerate() {
                let places = &self.places[k * n + from..k * n + from + many];
                far.iter_mut().zip(places).for_each(|(far, p)| *far += (x - p) * (x - p));
            }
            let near = far.map(|far| below_one(scale * far));
            for (weights, sums) in self.weights.iter().zip(&mut sums) {
                let mut own = [0.0; LANES];
                own[..many].copy_from_slice(&weights[from..from + many]);
                (0..LANES).for_each(|lane| sums[lane] += own[lane] * near[lane]);
            }
            for lane in 0..LANES {
                nearest[lane] = if far[lane] < nearest[lane] { far[lane] } else { nearest[lane] };
            }
        }
        let mut out = [0.0; Self::MOST];
        for ((by, sums), out) in self.quadratics.iter().zip(&sums).zip(&mut out) {
            *out = sums.iter().sum::<f64>() + quadratic(by, &x);
        }
        (out, nearest.iter().copied().fold(f64::INFINITY, f64::min))
    }
}

/// ln of the density of what a quadratic leaves, its variance at its best, but for a constant.
fn marginal(factor: &[f64], left: &[f64]) -> f64 {
    let m = left.len();
    let variance = forward(factor, left).iter().map(|x| x * x).sum::<f64>() / m as f64;
    let determinant: f64 = (0..m).map(|i| libm::log(factor[i * m + i])).sum();
    -0.5 * m as f64 * libm::log(variance.max(1e-300)) - determinant
}

impl Emulator {
    /// From parameter sets with their log-likelihoods, all of which count for the scale of distances. None with too few of them (three
    /// for each value of the quadratic).
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
        Emulator::within(parameters, seen, seen.len())
    }

    /// As [`new`](Self::new), where the first `high` of the places tell the scale of distances.
    pub fn within(parameters: &[Parameter], seen: &[(Vec<f64>, f64)], high: usize) -> Option<Emulator> {
        let at: Vec<&[f64]> = seen.iter().map(|s| s.0.as_slice()).collect();
        let curves = Curves::new(parameters, &at, &[seen.iter().map(|s| s.1).collect()], high)?;
        Some(Emulator { reach: REACH * curves.dense, curves })
    }

    /// The stand-in at normal coordinates; minus infinity beyond the reach of what was seen.
    pub fn log_likelihood(&self, z: &[f64]) -> f64 {
        let ([x, ..], nearest) = self.curves.at(z);
        if nearest > self.reach || nearest.is_nan() { f64::NEG_INFINITY } else { x }
    }
}

/// A quadratic at a place.
fn quadratic(by: &[f64], x: &[f64]) -> f64 {
    monomials(x).zip(by).map(|(m, b)| m * b).sum()
}

/// Factors of the columns of a design that are nearest to each of some rows of values, by normal equations; a little on the diagonal keeps
/// directions that are not there at 0.
pub(crate) fn regressed(design: &[Vec<f64>], values: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let m = design.first()?.len();
    let mut normal = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..=i {
            normal[i * m + j] = design.iter().map(|row| row[i] * row[j]).sum::<f64>();
        }
        normal[i * m + i] += 1e-6 * design.len() as f64;
    }
    let normal = factor(&normal, m)?;
    let right =
        |of: &Vec<f64>| (0..m).map(|i| design.iter().zip(of).map(|(row, x)| row[i] * x).sum()).collect::<Vec<f64>>();
    Some(values.iter().map(|of| solve(&normal, &right(of))).collect())
}

/// e^x for x of 0 or less, to 3e-10 of itself, and e^-700 below -700: sums and products alone, without the table of
/// the engine's own, so that a compiler takes several at a time.
fn below_one(x: f64) -> f64 {
    // Adding 1.5 2^52 leaves the nearest whole number in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let x = if x > -700.0 { x } else { -700.0 };
    let n = x * std::f64::consts::LOG2_E + ROUND;
    let r = x - (n - ROUND) * std::f64::consts::LN_2;
    let power = f64::from_bits((n.to_bits() << 52).wrapping_add(1.0f64.to_bits()));
    let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0 + r * (1.0 / 40320.0))));
    power * (1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail))))
}

#[cfg(test)]
mod tests {
    use super::{Curves, below_one};
    use crate::prior::{Parameter, Prior};

    /// Two functions of the same places, one of them noise: the other is learned as if alone, and of noise nothing.
    #[test]
    fn what_is_noise_spoils_no_other() {
        let parameters = ["a", "b"].map(|n| Parameter::new(n, "", Prior::Normal(0.0, 1.0)));
        let grid = (0..20).flat_map(|i| (0..20).map(move |j| [-2.0 + 0.2 * f64::from(i), -2.0 + 0.2 * f64::from(j)]));
        let places: Vec<[f64; 2]> = grid.collect();
        let at: Vec<&[f64]> = places.iter().map(<[f64; 2]>::as_slice).collect();
        let known = |x: &[f64]| libm::sin(2.0 * x[0]) * x[1];
        // Signs that follow no place (the golden ratio's multiples).
        let noise = |k: usize| if (k as f64 * 0.618_033_988_749_895).fract() < 0.5 { 1.0 } else { -1.0 };
        let values = [at.iter().map(|x| known(x)).collect(), (0..at.len()).map(noise).collect()];
        let learned = Curves::new(&parameters, &at, &values, at.len()).unwrap();
        let tried = (0..19).flat_map(|i| (0..19).map(move |j| [-1.9 + 0.2 * f64::from(i), -1.9 + 0.2 * f64::from(j)]));
        let mut off = [0.0f64; 2];
        for x in tried {
            let ([sure, noise, ..], _) = learned.at(&x);
            off = [off[0].max((sure - known(&x)).abs()), off[1].max(noise.abs())];
        }
        assert!(off[0] < 0.02, "{off:?}");
        assert!(off[1] < 0.5, "{off:?}");
    }

    #[test]
    fn below_one_is_as_near_as_it_says() {
        for k in 0..70_000 {
            let x = -0.01 * f64::from(k);
            assert!((below_one(x) / libm::exp(x) - 1.0).abs() < 3e-10, "{x}");
        }
        assert_eq!(below_one(f64::NEG_INFINITY), below_one(-700.0));
    }
}
