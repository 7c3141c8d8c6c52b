//! The distribution of a count from its generating function, from 0 to 10^30 cells.
//!
//! With f(t) = E(e^(i t X)) of a count X and P(0) known, for whole n (the Fourier integral of a lattice law)
//!     P(X <= n) = (1 + P(0)) / 2 - (1/pi) Int_0^pi Im[(f(t) - P(0)) e^(-i t (n + 1/2))] / (2 sin(t/2)) dt
//! (Gil-Pelaez 1951, Biometrika 38:481, for lattice laws). For large n the law is smoothed by a normal error of
//! `SMOOTHED` of n (the integrand is damped by its characteristic function), which moves the probability by half the
//! square of that times n^2 F''(n), about 10^-5, and cuts the integral at a few hundred turns, whatever n.
//!
//! ln f(t) / (i t) is smooth in ln t. It is computed at Chebyshev nodes of every decade of t that is needed, and
//! interpolated; so one law costs some hundred solutions of the backward equations, and any number of probabilities and
//! quantiles nothing more. Stated accuracy: probabilities to [`ACCURACY`], quantiles to 1 % of themselves or one cell.

use super::scalar::{Complex, Scalar};
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Accuracy of a probability.
pub const ACCURACY: f64 = 1e-3;
/// Largest count whose probability is not smoothed.
const EXACT: f64 = 300.0;
/// Standard deviation of the smoothing, as a share of the count.
const SMOOTHED: f64 = 0.004;
/// Standard deviations of the damping at which the integral is cut.
const CUT: f64 = 5.0;
/// Chebyshev nodes a decade.
const NODES: usize = 14;
/// Turns of the integrand within a panel, radians.
const PANEL: f64 = 4.0;
/// Panels of one integral.
const MOST_PANELS: usize = 400_000;
/// Nodes (of each sign) and weights of Gauss and Legendre of order 8 on [-1, 1].
pub(crate) const GAUSS: [(f64, f64); 4] = [
    (0.183_434_642_495_649_8, 0.362_683_783_378_362),
    (0.525_532_409_916_329, 0.313_706_645_877_887_3),
    (0.796_666_477_413_626_7, 0.222_381_034_453_374_5),
    (0.960_289_856_497_536_3, 0.101_228_536_290_376_3),
];

/// ln E(z^X) at z = e^(i t).
pub type Transform<'a> = dyn FnMut(f64) -> Result<Complex, Failure> + 'a;

/// The law of one count.
pub struct Count {
    /// P(0).
    pub none: f64,
    /// E(X).
    pub mean: f64,
    /// For each decade of t: ln f / (i t) at its nodes.
    decades: BTreeMap<i32, [Complex; NODES]>,
}

impl Count {
    /// From P(0) and E(X); what else is needed is computed as it is asked for.
    pub fn new(none: f64, mean: f64) -> Count {
        Count { none, mean, decades: BTreeMap::new() }
    }

    /// Solutions of the backward equations made so far.
    pub fn solutions(&self) -> usize {
        self.decades.len() * NODES
    }

    /// P(X <= n).
    ///
    /// # Errors
    /// What the transform returns.
    pub fn up_to(&mut self, n: f64, transform: &mut Transform<'_>) -> Result<f64, Failure> {
        let n = libm::floor(n);
        if n < 0.0 || self.mean <= 0.0 {
            return Ok(f64::from(u8::from(n >= 0.0)));
        }
        if n == 0.0 {
            return Ok(self.none);
        }
        // Far from a narrow law: by the inequality of Cantelli, P(|X - m| >= d) <= V / (V + d^2) on each side, at most 10^-4.
        let small = 1e-4 / self.mean;
        let variance = -2.0 * self.ln(small, transform)?.re / (small * small);
        let apart = n - self.mean;
        if apart * apart > 1e4 * variance.max(1.0) && apart.abs() > 1.0 {
            return Ok(if apart > 0.0 { 1.0 } else { self.none });
        }
        let x = n + 0.5;
        let sd = if n > EXACT { SMOOTHED * x } else { 0.0 };
        let last = if sd > 0.0 { (CUT / sd).min(core::f64::consts::PI) } else { core::f64::consts::PI };
        // Below this the integrand is that at 0 and what is left is small.
        let mut a = (1e-5 / x.max(self.mean)).min(0.5 * last);
        let mut sum = 0.0;
        let mut panels = 0;
        let mut here = self.ln(a, transform)?;
        // Where the transform has died out, and P(0) with it.
        let mut gone: Option<f64> = None;
        while a < last {
            let mut b = (2.0 * a).min(a + PANEL / x).min(last);
            // No more than a few turns of the transform itself, where it has not died out.
            let mut there = self.ln(b, transform)?;
            while b - a > 1e-12 * b && here.re.max(there.re) > -30.0 && (there - here).size() > 2.0 * PANEL {
                b = 0.5 * (a + b);
                there = self.ln(b, transform)?;
            }
            let (middle, half) = (0.5 * (a + b), 0.5 * (b - a));
            if self.none > 1e-12 || here.re.max(there.re) > -30.0 {
                for (node, weight) in GAUSS {
                    for t in [middle - half * node, middle + half * node] {
                        let f = self.ln(t, transform)?.exp() - Complex::real(self.none);
                        let (sin, cos) = libm::sincos(t * x);
                        let damped = if sd > 0.0 { libm::exp(-0.5 * t * sd * t * sd) } else { 1.0 };
                        sum += weight * half * damped * (f.im * cos - f.re * sin) / (2.0 * libm::sin(0.5 * t));
                    }
                }
            }
            let dead = self.none < 1e-15 && here.re.max(there.re) < -40.0;
            gone = if dead { gone.or(Some(a)) } else { None };
            if gone.is_some_and(|since| b > 10.0 * since) {
                break;
            }
            (a, here) = (b, there);
            panels += 1;
            if panels > MOST_PANELS {
                let what = format!("the distribution at {n:.3e} cells turns too fast to be integrated");
                return Err(Failure::Budget { what, time: 0.0 });
            }
        }
        let p = 0.5 * (1.0 + self.none) - sum / core::f64::consts::PI;
        Ok(p.clamp(self.none, 1.0))
    }

    /// ln f(t).
    fn ln(&mut self, t: f64, transform: &mut Transform<'_>) -> Result<Complex, Failure> {
        // Decades end at pi, since beyond it the transform comes back to 1.
        let u = libm::log10(t * core::f64::consts::FRAC_1_PI).min(-1e-12);
        let decade = libm::floor(u);
        let at = 2.0 * (u - decade) - 1.0;
        let key = decade as i32;
        let values = match self.decades.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let mut values = [Complex::default(); NODES];
                for (k, slot) in values.iter_mut().enumerate() {
                    let t = core::f64::consts::PI * libm::exp10(decade + 0.5 * (1.0 + node(k)));
                    let l = transform(t)?;
                    // / (i t)
                    *slot = Complex::new(l.im / t, -l.re / t);
                }
                place.insert(values)
            }
        };
        let h = interpolate(values, at);
        Ok(Complex::new(-h.im * t, h.re * t))
    }
}

/// Chebyshev node of the first kind on [-1, 1].
fn node(k: usize) -> f64 {
    libm::cos(core::f64::consts::PI * (k as f64 + 0.5) / NODES as f64)
}

/// The polynomial through values at the nodes, by the barycentric formula.
fn interpolate(values: &[Complex; NODES], x: f64) -> Complex {
    thread_local! {
        static TABLE: [(f64, f64); NODES] = core::array::from_fn(|k| {
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            (node(k), sign * libm::sin(core::f64::consts::PI * (k as f64 + 0.5) / NODES as f64))
        });
    }
    TABLE.with(|table| {
        let mut above = Complex::default();
        let mut below = 0.0;
        for (&(node, weight), &value) in table.iter().zip(values) {
            let apart = x - node;
            if apart == 0.0 {
                return value;
            }
            let w = weight / apart;
            above += value.times(w);
            below += w;
        }
        above.times(1.0 / below)
    })
}

/// The smallest whole n at which `up_to` (a distribution function with mean `mean`) reaches `share`: exact below 1,000
/// cells, then to half a per cent.
///
/// # Errors
/// What `up_to` returns.
pub fn quantile(share: f64, mean: f64, mut up_to: impl FnMut(f64) -> Result<f64, Failure>) -> Result<f64, Failure> {
    let none = up_to(0.0)?;
    if none >= share {
        return Ok(0.0);
    }
    // P(X > n) <= E(X) / n.
    let (mut low, mut high) = (0.0f64, libm::ceil(mean / (1.0 - share)).max(1.0));
    let (mut below, mut above) = (none, 1.0f64);
    let mut turn = 0;
    while high - low > 1.0 && (high < 1000.0 || high > 1.005 * low) {
        // Halves of the logarithm, and in turns where a line through the ends says.
        let (a, b) = (libm::log(low.max(0.5)), libm::log(high));
        let share_of = if turn % 2 == 1 { ((share - below) / (above - below)).clamp(0.05, 0.95) } else { 0.5 };
        turn += 1;
        let n = libm::floor(libm::exp(a + share_of * (b - a))).clamp(low + 1.0, high - 1.0);
        let p = up_to(n)?;
        if p >= share { (high, above) = (n, p) } else { (low, below) = (n, p) }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A geometric law on 0, 1, ... with mean m.
    fn geometric(m: f64) -> (Count, impl FnMut(f64) -> Result<Complex, Failure>) {
        let ln = move |t: f64| {
            // E(z^X) = 1 / (1 + m (1 - z)).
            Ok(-Complex::one_without_turn(t).times(-m).ln_without())
        };
        (Count::new(1.0 / (1.0 + m), m), ln)
    }

    #[test]
    fn geometric_from_one_to_a_million_million() {
        for m in [0.3, 7.0, 300.0, 1e6, 1e12] {
            let (mut count, mut ln) = geometric(m);
            for share in [0.01f64, 0.3, 1.0, 3.0] {
                let n = (share * m).floor();
                let expected = 1.0 - (m / (1.0 + m)).powf(n + 1.0);
                let p = count.up_to(n, &mut ln).unwrap();
                assert!((p - expected).abs() < 5e-5, "mean {m}, {n}: {p} for {expected}");
            }
            let median = quantile(0.5, m, |n| count.up_to(n, &mut ln)).unwrap();
            let exact = ((0.5f64).ln() / (m / (1.0 + m)).ln() - 1.0).ceil().max(0.0);
            assert!((median - exact).abs() <= 0.01 * exact + 1.0, "{median} for {exact}");
        }
    }

    /// Poisson: from a few to so many that it is nearly a single value.
    #[test]
    fn poisson_narrow_and_wide() {
        for m in [0.5f64, 20.0, 1e4, 1e9, 1e30] {
            let mut count = Count::new((-m).exp(), m);
            let mut ln = |t: f64| Ok(-Complex::one_without_turn(t).times(m));
            let median = quantile(0.5, m, |n| count.up_to(n, &mut ln)).unwrap();
            assert!((median - (m + 1.0 / 3.0)).abs() <= 1.0 + 0.01 * m, "{median} for {m}");
            let n = (m + m.sqrt()).floor();
            let p = count.up_to(n, &mut ln).unwrap();
            if m < 1e3 {
                let mut term = (-m).exp();
                let mut sum = 0.0;
                for k in 0..=(n as usize) {
                    sum += term;
                    term *= m / (k + 1) as f64;
                }
                assert!((p - sum).abs() < 1e-6, "{p} for {sum}");
            }
        }
    }
}
