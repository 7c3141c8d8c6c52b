//! The binomial law: how many of n cells, each with its own coin, survive.
//!
//! # Law
//! P(k) = C(n, k) pᵏ q^(n−k), q = 1 − p; mean np, variance npq.
//!
//! # Method
//! p above 1/2 is turned around. Then rare successes come by waiting times (see `waiting`), a few coins are tossed one by one,
//! and below np = 24 counts come by inversion (see `inversion`). Beyond, BTRS: Hörmann, *The generation of binomial random variates*, Journal of Statistical Computation and Simulation 46, 1993, with the
//! paper's letters. The acceptance uses the saddle-point form in `density`, not the paper's logarithms of factorials.
//!
//! # Numerics
//! - The candidate is ⌊np⌋ + ⌊x + fraction + 0.5⌋ in integers, so every k can be drawn for every n, and its probability is right
//!   at n = 2⁵³. Above 2⁵³ the product np is rounded to a relative 10⁻¹⁶, far below the standard deviation; above 2⁶² the
//!   cells are split in two heaps.
//! - 1 − p is exact for p ≥ 1/2, but a survival probability of 1 − 10⁻¹² has already lost digits when it was written down:
//!   [`binomial_q`] takes the 10⁻¹².

use super::density::{deviance, floor, stirling_error, two_pi};
use super::inversion::from_zero;
use super::waiting::{RARE, rare_events};
use crate::elementary::{exp, log_one_plus};
use crate::stream::Stream;

/// Up to so many coins are tossed one by one.
const COIN_BY_COIN: u64 = 3;
/// Up to so many cells a power is multiplied out.
const MULTIPLIED_OUT: u64 = 64;
/// Where inversion hands over; the paper asks for at least 10. rand_distr switches at 10, NumPy at 30.
const TRANSFORMED_FROM: f64 = 24.0;

/// Binomial: successes among `n` with probability `p` in [0, 1] each. p = 0 gives 0 and p = 1 gives n, drawing nothing.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// assert_eq!(draw::binomial(&mut stream, 10, 1.0), 10);
/// let survivors = draw::binomial(&mut stream, 10_000_000_000_000, 1e-12);
/// assert!(survivors < 60);
/// ```
#[inline]
pub fn binomial(stream: &mut Stream, n: u64, p: f64) -> u64 {
    // Not `p <= 0.0`: NaN must end here as well.
    if !(p > 0.0) || n == 0 {
        return 0;
    }
    if p > 0.5 {
        return n - if p < 1.0 { at_most_half(stream, n, 1.0 - p) } else { 0 };
    }
    at_most_half(stream, n, p)
}

/// Binomial for success probabilities near 1: successes among `n` when each *fails* with probability `q` in [0, 1].
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// let n = 1_000_000_000_000_000;
/// let left = draw::binomial_q(&mut stream, n, 1e-14); // 1 - 1e-14 would be wrong in the third digit
/// assert!(n - left < 60);
/// ```
#[inline]
pub fn binomial_q(stream: &mut Stream, n: u64, q: f64) -> u64 {
    n - binomial(stream, n, q)
}

#[inline]
fn at_most_half(stream: &mut Stream, n: u64, p: f64) -> u64 {
    let np = n as f64 * p;
    if np < RARE {
        // Each cell dies at rate 1 up to the time −ln(1 − p), which is below p / (1 − p) and, for so small p, below 1.001 p.
        rare_events(stream, n as f64, -1.0, 1.001 * p, || -libm::log1p(-p))
    } else if np < TRANSFORMED_FROM {
        few(stream, n, p, np)
    } else if n <= 1 << 62 {
        transformed_rejection(stream, n, p, np)
    } else {
        let half = n / 2;
        at_most_half(stream, half, p) + at_most_half(stream, n - half, p)
    }
}

#[inline]
fn few(stream: &mut Stream, n: u64, p: f64, np: f64) -> u64 {
    if n <= COIN_BY_COIN {
        return (0..n).map(|_| u64::from(stream.uniform() < p)).sum();
    }
    let (cells, odds) = (n as f64, p / (1.0 - p));
    let none = || if n <= MULTIPLIED_OUT { power(1.0 - p, n) } else { exp(cells * log_one_plus(-p)) };
    from_zero(stream, np, none, |k| (cells - k) * odds)
}

/// `q` to the power of `n` ≥ 1, multiplied out.
#[inline]
pub(super) fn power(q: f64, n: u64) -> f64 {
    let (mut square, mut rest, mut product) = (q, n, 1.0);
    while rest > 1 {
        if rest & 1 == 1 {
            product *= square;
        }
        square *= square;
        rest >>= 1;
    }
    product * square
}

#[inline]
fn transformed_rejection(stream: &mut Stream, n: u64, p: f64, np: f64) -> u64 {
    let whole = np as i64;
    let fraction = np - whole as f64;
    let hat = Hat::new(p, np);
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform();
        let us = 0.5 - u.abs();
        let step = floor(hat.x(u, us) + fraction + 0.5);
        let k = whole.saturating_add(step);
        if us >= 0.07 && v * hat.b <= 0.92 * hat.b - 4.2 {
            return k as u64;
        }
        if k < 0 || k as u64 > n {
            continue;
        }
        if v <= hat.acceptance(us, n, whole, fraction, step) {
            return k as u64;
        }
    }
}

/// The table-mountain hat: k = ⌊(2a/us + b) u + np + 1/2⌋ with u uniform on (−1/2, 1/2) and us = 1/2 − |u|.
struct Hat {
    a: f64,
    b: f64,
    p: f64,
    np: f64,
    spq: f64,
}

impl Hat {
    #[inline]
    fn new(p: f64, np: f64) -> Hat {
        let spq = (np * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spq;
        Hat { a: -0.0873 + 0.0248 * b + 0.01 * p, b, p, np, spq }
    }

    #[inline]
    fn x(&self, u: f64, us: f64) -> f64 {
        (2.0 * self.a / us + self.b) * u
    }

    /// The probability of k = whole + step relative to that of the mode m, times the derivative of the transformation over the
    /// paper's α: at most 1.
    #[inline]
    fn acceptance(&self, us: f64, n: u64, whole: i64, fraction: f64, step: i64) -> f64 {
        let alpha = (2.83 + 5.1 / self.b) * self.spq;
        let derivative = self.a / (us * us) + self.b;
        let mode_step = i64::from(fraction + self.p >= 1.0);
        let nq = n as f64 * (1.0 - self.p);
        // For one count: the two factors 2πk and 2π(n−k), and the sum of errors and deviances.
        let terms = |step: i64| {
            let count = (whole + step) as u64;
            let (k, rest) = (count as f64, (n - count) as f64);
            let difference = step as f64 - fraction;
            let exponent = stirling_error(k)
                + stirling_error(rest)
                + deviance(k, self.np, difference)
                + deviance(rest, nq, -difference);
            (two_pi(k), two_pi(rest), exponent)
        };
        let (k1, k2, k_exponent) = terms(step);
        let (m1, m2, m_exponent) = terms(mode_step);
        let ratio = ((m1 / k1) * (m2 / k2)).sqrt() * exp((m_exponent - k_exponent).clamp(-700.0, 700.0));
        ratio * derivative / alpha
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The constants were found numerically by the author for np ≥ 10 and p ≤ 1/2; this looks again. The hat must lie above
    /// the law, or the law is cut off, and the quick acceptance must agree with the slow one.
    #[test]
    fn the_hat_covers_the_law_and_the_squeeze_fits() {
        let mut cases = Vec::new();
        for p in [0.5, 0.499, 0.45, 0.4, 0.3, 0.2, 0.1, 0.03, 1e-3, 1e-6, 1e-12] {
            for np in (0..60).map(|i| 10.0 + 0.17 * f64::from(i)) {
                cases.push(((np / p) as u64 + 1, p));
            }
            for exponent in (20..212).step_by(3) {
                cases.push((libm::exp2(f64::from(exponent) / 4.0) as u64, p));
            }
        }
        let mut looked = 0;
        for (n, p) in cases {
            let np = n as f64 * p;
            if np < 10.0 {
                continue;
            }
            looked += 1;
            let hat = Hat::new(p, np);
            let (whole, fraction) = (np as i64, np - (np as i64) as f64);
            let vr = 0.92 - 4.2 / hat.b;
            for i in 1..2_000 {
                let u = f64::from(i) / 2_000.0 - 0.5;
                let us = 0.5 - u.abs();
                let step = floor(hat.x(u, us) + fraction + 0.5);
                let k = whole.saturating_add(step);
                if k < 0 || k as u64 > n {
                    assert!(us < 0.07);
                    continue;
                }
                let accept = hat.acceptance(us, n, whole, fraction, step);
                assert!(accept <= 1.0, "n {n}, p {p}, u {u}: {accept}");
                assert!(us < 0.07 || accept >= vr, "n {n}, p {p}, u {u}: {accept} < {vr}");
            }
        }
        assert!(looked > 1000);
    }

    #[test]
    fn certainties_draw_nothing() {
        for n in [0, 1, 7, 1 << 53, u64::MAX] {
            let nothing = || Stream::scripted(vec![]);
            assert_eq!(binomial(&mut nothing(), n, 0.0), 0);
            assert_eq!(binomial(&mut nothing(), n, -0.5), 0);
            assert_eq!(binomial(&mut nothing(), n, f64::NAN), 0);
            assert_eq!(binomial(&mut nothing(), n, 1.0), n);
            assert_eq!(binomial(&mut nothing(), n, 1.5), n);
            assert_eq!(binomial_q(&mut nothing(), n, 0.0), n);
            assert_eq!(binomial_q(&mut nothing(), n, 1.0), 0);
        }
        assert_eq!(binomial(&mut Stream::scripted(vec![]), 0, 0.3), 0);
    }

    #[test]
    fn a_survival_near_one_keeps_its_digits() {
        // u is near 3e-8: one death if n q is above it, none if below.
        let half = Stream::word_for(0.5);
        let words = || vec![0, 0, half, half];
        let u = 0.5 / 4096.0 / 4096.0;
        let n = 1_000_000_000_000;
        assert_eq!(binomial_q(&mut Stream::scripted(words()), n, 1.001 * u / n as f64), n - 1);
        assert_eq!(binomial_q(&mut Stream::scripted(words()), n, 0.999 * u / n as f64), n);
    }

    #[test]
    fn the_far_corners_of_the_hat_do_not_overflow() {
        let middle = Stream::word_for(0.5);
        for n in [60, 1000, 1 << 53, 1 << 62] {
            for end in [0, u64::MAX] {
                for v in [0, u64::MAX] {
                    let k = binomial(&mut Stream::scripted(vec![end, v, middle, 0]), n, 0.5);
                    assert!((k as f64 / n as f64 - 0.5).abs() < 0.1);
                }
            }
        }
        let mut stream = Stream::new(1, 2, 3, crate::stream::Purpose::Check);
        for _ in 0..1000 {
            let k = binomial(&mut stream, u64::MAX, 0.5);
            assert!((k as f64 / u64::MAX as f64 - 0.5).abs() < 1e-8);
        }
    }
}
