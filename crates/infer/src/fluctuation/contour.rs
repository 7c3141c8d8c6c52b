//! Probabilities of far counts and tails from the generating function G, by an integral around its cut.
//!
//! With z = e^(-s), p_n is 1/(2 pi i) times the integral of G(e^(-s)) e^(n s) along a path around the negative real axis,
//! on which G has its cut (z > 1). The path is Weideman and Trefethen's parabola s = mu (1 + i u)^2 (Math. Comp. 2007,
//! 76:1341), along which e^(n s) falls as a normal density; on it the trapezoidal rule converges geometrically. mu is the
//! saddle point of n s + ln G(e^(-s)), or 5/n where that lies nearer to the cut. G - 1 is taken for G where G is near 1,
//! since 1 contributes nothing to a count above 0 and would only cost digits. Measured against the recursion: relative
//! error below 1e-9 (crates/infer/tests/fluctuation.rs).
//!

use super::clones::Clones;
use super::law::{Law, SLOW};
use remission_engine::law::scalar::{Complex, Scalar};

/// A law with its clones, for integrals of its generating function.
pub struct Contour<'a> {
    /// The self.law.
    pub law: &'a Law,
    /// Its clones.
    pub clones: &'a Clones,
    /// Mutations a culture.
    pub m: f64,
    /// Mean of the Poisson number on top.
    pub after: f64,
}

impl Contour<'_> {
    /// ln G at z = e^(-s), s real above 0.
    fn log_g_real(&self, s: f64) -> f64 {
        let less = -libm::expm1(-s);
        let rate = self.m * self.clones.away_real(less) + self.after * less;
        let cv2 = self.law.cv * self.law.cv;
        if cv2 == 0.0 { -rate } else { -libm::log1p(cv2 * rate) / cv2 }
    }

    /// ln G and 1 - z at z = e^(-s). `turn` is the angle of 1 + cv^2 rate where the path was last: it is followed, since it
    /// may pass pi.
    fn log_g(&self, s: Complex, turn: &mut f64) -> (Complex, Complex) {
        let less = one_less_exp(s);
        let rate = self.clones.away(less).times(self.m) + less.times(self.after);
        let cv2 = self.law.cv * self.law.cv;
        if cv2 == 0.0 {
            return (-rate, less);
        }
        let mut log = rate.times(-cv2).ln_without();
        log.im += std::f64::consts::TAU * libm::round((*turn - log.im) / std::f64::consts::TAU);
        *turn = log.im;
        (log.times(-1.0 / cv2), less)
    }

    /// The path for counts about n: mu and the step along it.
    fn path(&self, n: f64) -> (f64, f64) {
        let exponent = |s: f64| n * s + self.log_g_real(s);
        // The exponent is convex in s: golden section on ln s between where e^(n s) hardly matters and ever larger s.
        let (mut low, mut high) = (libm::log(0.5 / n), libm::log(60.0));
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        for _ in 0..40 {
            let (a, b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
            if exponent(libm::exp(a)) < exponent(libm::exp(b)) { high = b } else { low = a }
        }
        let mu = f64::max(libm::exp(0.5 * (low + high)), NEAR / n);
        let width = n * mu + (self.m * self.law.plating + self.after) * mu.min(1.0);
        (mu, f64::min(0.08, 0.3 / libm::sqrt(width)))
    }

    /// The coefficient of z^n of G, of G / (1 - z) or of (1 - G) / (1 - z), as a multiple of e^top, and top.
    fn coefficient(&self, n: f64, (mu, step): (f64, f64), of: Of) -> (f64, f64) {
        let height = self.log_g_real(mu);
        let from_one = of == Of::Above || (of == Of::Probability && height > -1.0);
        let top = n * mu + if from_one { 0.0 } else { height };
        let (mut sum, mut largest, mut turn) = (0.0, 0.0f64, 0.0);
        for k in 0..20_000 {
            let u = step * f64::from(k);
            let s = Complex::new(mu * (1.0 - u * u), 2.0 * mu * u);
            let (log_g, less) = self.log_g(s, &mut turn);
            let grown = Complex::new(n * s.re - top, n * s.im).exp();
            let value = match from_one {
                true => exp_less_one(log_g) * grown,
                false => (log_g + Complex::new(n * s.re - top, n * s.im)).exp(),
            };
            let value = match of {
                Of::Probability => value,
                Of::Below => value / less,
                Of::Above => -value / less,
            };
            let term = (value * Complex::new(1.0, u)).re;
            sum += if k == 0 { 0.5 * term } else { term };
            let size = value.size() * (1.0 + u);
            largest = largest.max(size);
            if size < 1e-17 * largest || 2.0 * mu * u > std::f64::consts::PI {
                break;
            }
        }
        (sum * 2.0 * mu * step / std::f64::consts::PI, top)
    }

    /// ln p_n, n above 0.
    pub fn log_probability(&self, n: u64) -> f64 {
        let n = n as f64;
        let (sum, top) = match self.way(n) {
            Way::Parabola => self.coefficient(n, self.path(n), Of::Probability),
            Way::Upright => self.upright(n, Of::Probability),
            Way::Cut => (self.cut(n, false), 0.0),
        };
        if sum > 0.0 { libm::log(sum) + top } else { f64::NEG_INFINITY }
    }

    /// Chance of more than `x`, x above 0.
    pub fn above(&self, x: u64) -> f64 {
        let n = x as f64;
        let below = match self.way(n) {
            Way::Cut => return self.cut(n + 1.0, true).clamp(0.0, 1.0),
            Way::Upright => self.upright(n, Of::Below),
            Way::Parabola => {
                let path = self.path(n);
                // (1 - z)^-1 has a pole inside the path, which 1 - G takes away; far left of the bulk it is the
                // smaller part that is computed.
                if path.0 * n <= 1.0001 * NEAR {
                    let (sum, top) = self.coefficient(n, path, Of::Above);
                    return (sum * libm::exp(top)).clamp(0.0, 1.0);
                }
                self.coefficient(n, path, Of::Below)
            }
        };
        (1.0 - below.0 * libm::exp(below.1)).clamp(0.0, 1.0)
    }

    /// Which integral keeps the digits of counts about n.
    fn way(&self, n: f64) -> Way {
        // The cut's share of G falls as v^a; up to here the parabola still has digits of it at a million.
        if self.clones.a <= SLOW || !self.clones.from_nothing {
            return Way::Parabola;
        }
        let mean = self.m * self.law.plating * self.clones.a / (self.clones.a - 1.0) + self.after;
        // Varying sizes put a branch point where their own tail, e^(-n / (cv^2 mean)), comes from: the cut alone is the
        // law only where that tail is gone.
        if n > 100.0 + mean * (2.0 + 60.0 * self.law.cv * self.law.cv) {
            Way::Cut
        } else if self.law.cv < 0.5 {
            Way::Upright
        } else {
            Way::Parabola
        }
    }

    /// The integral along both sides of the cut: with y = -s, p_n = 1/pi Int Im G(e^y - i 0) e^(-n y) dy, or with
    /// `tail` the sum of p_n, p_(n+1), ... The imaginary part of Phi is a pole's residue and keeps its digits however
    /// small it is, so that far tails do too; n must lie far above the mean.
    fn cut(&self, n: f64, tail: bool) -> f64 {
        let cv2 = self.law.cv * self.law.cv;
        let value = |y: f64| {
            let less = libm::expm1(y);
            let (re, im) = self.clones.away_on_cut(less);
            // ln G = (size, turn); 1 - z = -less.
            let (mut size, mut turn) = (self.after * less - self.m * re, self.m * im);
            if cv2 > 0.0 {
                let log = Complex::new(cv2 * size, cv2 * turn).ln_without();
                (size, turn) = (-log.re / cv2, -log.im / cv2);
            }
            let weight = if tail { -1.0 / libm::expm1(-y) } else { 1.0 };
            weight * libm::exp(size - n * y) * libm::sin(turn)
        };
        // y = e^(t - e^-t) / n times a few: the double-exponential rule again.
        let (mut sum, mut t) = (0.0, -4.5);
        const STEP: f64 = 1.0 / 64.0;
        while t < 4.5 {
            let inner = libm::exp(-t);
            let y = libm::exp(t - inner) / n;
            if y < 600.0 {
                sum += value(y) * y * (1.0 + inner);
            }
            t += STEP;
        }
        sum * STEP / std::f64::consts::PI
    }

    /// The integral along s = mu + i t, for counts in a bulk that is narrow since many clones make it up.
    fn upright(&self, n: f64, of: Of) -> (f64, f64) {
        let (saddle, _) = self.path(n);
        // Width of the bulk at the saddle point, from the second difference of ln G.
        let g = |s: f64| self.log_g_real(s);
        let by = 0.3 * saddle;
        let variance = (g(saddle + by) - 2.0 * g(saddle) + g(saddle - by)) / (by * by);
        let mu = saddle;
        let width = 0.15 / libm::sqrt(variance.max(1.0));
        // (1 - z)^-1 has a pole beside the line.
        let step = if of == Of::Below { width.min(0.15 * mu) } else { width };
        let top = n * mu + g(mu);
        let (mut sum, mut largest, mut turn) = (0.0, 0.0f64, 0.0);
        for k in 0..200_000 {
            let t = step * f64::from(k);
            if t > std::f64::consts::PI {
                break;
            }
            let s = Complex::new(mu, t);
            let (log_g, less) = self.log_g(s, &mut turn);
            let exponent = log_g + Complex::new(n * mu - top, n * t);
            let mut value = exponent.exp();
            if of == Of::Below {
                value = value / less;
            }
            sum += if k == 0 { 0.5 * value.re } else { value.re };
            largest = largest.max(value.size());
            if value.size() < 1e-17 * largest {
                break;
            }
        }
        (sum * step / std::f64::consts::PI, top)
    }
}

/// How the integral is done.
enum Way {
    /// Around the cut at a distance.
    Parabola,
    /// Along the cut.
    Cut,
    /// Straight up through the saddle point.
    Upright,
}

/// What is taken of the generating function.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// p_n.
    Probability,
    /// p_0 + ... + p_n.
    Below,
    /// p_(n+1) + ...
    Above,
}

/// n mu where the saddle point lies nearer to the cut.
const NEAR: f64 = 5.0;

/// 1 - e^(-s), with the digits of small s.
fn one_less_exp(s: Complex) -> Complex {
    -exp_less_one(-s)
}

/// e^x - 1, with the digits of small x: expm1(re) cos(im) + (cos(im) - 1), and e^re sin(im).
fn exp_less_one(x: Complex) -> Complex {
    let (sin, cos) = libm::sincos(x.im);
    let half = libm::sin(0.5 * x.im);
    Complex::new(libm::expm1(x.re) * cos - 2.0 * half * half, libm::exp(x.re) * sin)
}
