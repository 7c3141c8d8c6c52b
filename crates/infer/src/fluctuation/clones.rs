//! The sizes of mutant clones when a culture is plated, as a mixture of geometric laws: nodes over the time of mutation.
//!
//! A mutation that happens when the culture has a share u of its final size founds a clone of growth factor 1/p, p = u^w;
//! mutations are uniform in u between the first share u0 (initial over final cells) and 1, so p has density
//! a p^(a-1) / (1 - u0), a = 1/w. The integral over x = -ln p is done by the double-exponential rule (Takahasi and Mori
//! 1974, Publ RIMS 9:721), whose nodes serve every size and every argument of the generating function.

use super::law::Law;
use remission_engine::law::scalar::Complex;

/// Nodes in p with weights that sum to 1.
pub struct Clones {
    /// 1 / fitness.
    pub(super) a: f64,
    /// e of [`super::law`].
    e: f64,
    /// 1 - death of mutants over their births.
    survive: f64,
    /// Whether cultures begin from so few cells that the first share is 0.
    pub(super) from_nothing: bool,
    /// p, 1 - p, weight.
    pub(super) nodes: Vec<(f64, f64, f64)>,
    /// The density of p at the nodes, a p^(a-1).
    densities: Vec<f64>,
}

impl Clones {
    /// Of a law.
    pub fn new(law: &Law) -> Clones {
        const STEP: f64 = 1.0 / 32.0;
        let a = 1.0 / law.fitness;
        let survive = 1.0 - law.mutant_death;
        let u0 = law.initial_share;
        let mut nodes = Vec::new();
        let mut node = |x: f64, dx: f64| {
            let weight = dx * a * libm::exp(-a * x) / (1.0 - u0);
            if weight > 0.0 {
                nodes.push((libm::exp(-x), -libm::expm1(-x), weight));
            }
        };
        let longest = -libm::log(u0) / a;
        let from_nothing = longest * a > 50.0;
        if from_nothing {
            // x = e^(t - e^-t) on (0, infinity); the density falls as e^(-a x).
            let mut t = -4.2;
            loop {
                let inner = libm::exp(-t);
                let x = libm::exp(t - inner);
                if a * x > 45.0 {
                    break;
                }
                node(x, STEP * x * (1.0 + inner));
                t += STEP;
            }
        } else {
            // x = longest / (1 + e^(-pi sinh t)) on (0, longest).
            for k in -115..=115 {
                let t = STEP * f64::from(k);
                let grow = libm::exp(-std::f64::consts::PI * libm::sinh(t));
                let share = 1.0 / (1.0 + grow);
                let dx = longest * std::f64::consts::PI * libm::cosh(t) * share * share * grow;
                node(longest * share, STEP * dx);
            }
        }
        let densities = nodes.iter().map(|n| a * libm::pow(n.0, a - 1.0)).collect();
        Clones { a, e: law.plating / survive, survive, from_nothing, nodes, densities }
    }

    /// Chance that a clone shows k mutants, at k from 1 to `upto`; 0 at k = 0, whose chance is what is left.
    pub fn sizes(&self, upto: usize) -> Vec<f64> {
        let n = self.nodes.len();
        let (mut term, mut ratio) = (Vec::with_capacity(n), Vec::with_capacity(n));
        for &(p, q, weight) in &self.nodes {
            let all = p + self.e * q;
            // s xi (1 - xi)^(k-1): seen at all, and then geometric.
            term.push(weight * self.survive * self.e / all * p / all);
            ratio.push(self.e * q / all);
        }
        let mut sizes = vec![0.0; upto + 1];
        for size in sizes.iter_mut().skip(1) {
            let mut sums = [0.0; 8];
            let (whole, rest) = (n / 8 * 8, n % 8);
            for (t, r) in term[..whole].chunks_exact_mut(8).zip(ratio[..whole].chunks_exact(8)) {
                for i in 0..8 {
                    sums[i] += t[i];
                    t[i] *= r[i];
                }
            }
            for i in whole..whole + rest {
                sums[0] += term[i];
                term[i] *= ratio[i];
            }
            *size = (sums[0] + sums[4]) + (sums[1] + sums[5]) + (sums[2] + sums[6]) + (sums[3] + sums[7]);
        }
        sizes
    }

    /// 1 - h(z) as a function of 1 - z above 0: chance that a clone is not all of the kind that z leaves out.
    pub fn away_real(&self, less: f64) -> f64 {
        let v = self.e * less;
        self.survive * self.nodes.iter().map(|(p, q, w)| w * v / (p + q * v)).sum::<f64>()
    }

    /// The same at a complex 1 - z off the negative axis.
    pub fn away(&self, less: Complex) -> Complex {
        let v = Complex::new(self.e * less.re, self.e * less.im);
        let mut sum = Complex::default();
        if self.a == 1.0 && self.from_nothing {
            // v ln v / (v - 1); each form of the logarithm keeps the digits where the other loses them.
            use remission_engine::law::scalar::Scalar;
            let other = Complex::real(1.0) - v;
            let ln = match v.size() < 0.5 {
                true => v.ln(),
                false => other.ln_without(),
            };
            return if other.size() == 0.0 { v.times(self.survive) } else { -(v * ln / other).times(self.survive) };
        }
        for &(p, q, w) in &self.nodes {
            let below = Complex::new(p + q * v.re, q * v.im);
            let square = below.re * below.re + below.im * below.im;
            // v / below
            sum.re += w / square * (v.re * below.re + v.im * below.im);
            sum.im += w / square * (v.im * below.re - v.re * below.im);
        }
        Complex::new(self.survive * sum.re, self.survive * sum.im)
    }

    /// 1 - h on the lower side of its cut, at 1 - z = -`beyond`, beyond above 0: principal value and (positive)
    /// imaginary part, for cultures that begin from nothing.
    pub fn away_on_cut(&self, beyond: f64) -> (f64, f64) {
        let (a, v) = (self.a, self.e * beyond);
        let at = v / (1.0 + v);
        // PV Int a p^(a-1) (-at) / (p - at) dp, the pole's own part taken out and put back.
        let own = a * libm::pow(at, a - 1.0);
        let mut sum = -at * own * libm::log((1.0 - at) / at);
        for (&(p, _, w), &density) in self.nodes.iter().zip(&self.densities) {
            let distance = p - at;
            if distance.abs() < 1e-7 * at {
                sum -= w * (a - 1.0);
            } else if density > 0.0 {
                sum -= at * w * (1.0 - own / density) / distance;
            }
        }
        (self.survive * sum, self.survive * std::f64::consts::PI * own * at)
    }
}
