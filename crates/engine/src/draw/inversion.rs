//! Counting by inversion: one uniform, laid along the probabilities until they have used it up. For counts of middling size.
//!
//! # Law
//! X = k when the uniform falls into the k-th of consecutive lengths P(k).
//!
//! # Method
//! Each probability comes from its neighbour by their ratio, which needs no transcendental function (Devroye, *Non-Uniform Random
//! Variate Generation*, 1986, III.2), about mean + 1 of them, four at a time: which of four it is, is counted without a branch that
//! a processor could guess wrong.
//!
//! # Numerics
//! A length has a relative error of some 10⁻¹⁵ and the uniform is a multiple of 2⁻⁵³. Beyond [`SPENT`] the rest of the law is shorter
//! than that error: what is then left of the uniform is rounding, and another is drawn. Where events are so rare that their
//! relative frequency needs more digits than that, see `waiting`.

use super::ziggurat::exp as exp_const;
use crate::stream::Stream;

/// A length that no longer counts.
const SPENT: f64 = 1.0 / (1u64 << 60) as f64;

/// 1, 1/2, 1/3, …: a division costs as much as all else in a step.
static RECIPROCALS: [f64; 128] = {
    let mut table = [1.0; 128];
    let mut k = 0;
    while k < 128 {
        table[k] = 1.0 / (k + 1) as f64;
        k += 1;
    }
    table
};

/// 1 / (k + 1).
#[inline(always)]
fn reciprocal(k: u64) -> f64 {
    if k < 128 { RECIPROCALS[k as usize] } else { 1.0 / (k + 1) as f64 }
}

/// A count from `none` = P(0), asked for only when `bound` ≥ P(X > 0) does not decide, and `times(k)` = (k + 1) P(k + 1) / P(k).
/// P(0) must not be below 10⁻¹⁵, and probabilities rise to one mode and fall from there.
#[inline]
pub(super) fn from_zero(
    stream: &mut Stream,
    bound: f64,
    none: impl FnOnce() -> f64,
    times: impl Fn(f64) -> f64,
) -> u64 {
    let u = stream.uniform();
    if u >= bound {
        return 0;
    }
    let none = none();
    // Exact, and itself uniform.
    let mut v = 1.0 - u;
    loop {
        let (mut p, mut k, mut sum) = (none, 0, none);
        while p > SPENT || k == 0 {
            let mut sums = [sum; 4];
            for (i, slot) in sums.iter_mut().enumerate() {
                *slot = sum;
                let at = k + i as u64;
                p *= times(at as i64 as f64) * reciprocal(at);
                sum += p;
            }
            if v <= sums[3] {
                return k + sums[..3].iter().map(|&s| u64::from(v > s)).sum::<u64>();
            }
            k += 4;
        }
        v = stream.uniform();
    }
}

/// eˣ for −700 < x < 700, to about 10⁻¹⁵: 2^(n/32) from a table, and a polynomial in what is left of x.
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    const PER_STEP: f64 = 32.0 / std::f64::consts::LN_2;
    // Adding and taking away 1.5 · 2⁵² rounds to a whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let n = (x * PER_STEP + ROUND) - ROUND;
    // ln 2 / 32 in two parts, the first with zeros at its end so that n times it is exact.
    let r = (x - n * (6.931_471_803_691_238e-1 / 32.0)) - n * (1.908_214_929_270_587_7e-10 / 32.0);
    let n = n as i64;
    let r2 = r * r;
    let p = r + r2 * ((1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * ((1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0)));
    let root = ROOTS[(n & 31) as usize];
    (root + root * p) * f64::from_bits(((1023 + (n >> 5)) as u64) << 52)
}

/// 2^(j/32).
static ROOTS: [f64; 32] = {
    let mut table = [1.0; 32];
    let mut j = 1;
    while j < 32 {
        table[j] = exp_const(std::f64::consts::LN_2 * j as f64 / 32.0);
        j += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_where_it_should_be() {
        // Poisson with mean 2: P(0) = .1353, P(1) = .2707, P(2) = .2707, P(3) = .1804.
        let none = libm::exp(-2.0);
        let zero = |left: f64| {
            let mut stream = Stream::scripted(vec![Stream::word_for(1.0 - left)]);
            from_zero(&mut stream, 2.0, || none, |_| 2.0)
        };
        for (left, expected) in [(0.135, 0), (0.136, 1), (0.405, 1), (0.407, 2), (0.676, 2), (0.677, 3)] {
            assert_eq!(zero(left), expected, "{left}");
        }
    }

    #[test]
    fn exp_is_exp() {
        for i in -60_000..60_000 {
            let x = f64::from(i) * 0.011_337;
            let (found, expected) = (exp(x), libm::exp(x));
            assert!((found / expected - 1.0).abs() < 2e-15, "{x}: {found} {expected}");
        }
    }

    #[test]
    fn what_rounding_leaves_is_drawn_again() {
        // One length of 0.9: the rest is as if it were rounding.
        let words = vec![Stream::word_for(0.05), Stream::word_for(0.05)];
        assert_eq!(from_zero(&mut Stream::scripted(words), 1.0, || 0.9, |_| 0.0), 0);
    }

    #[test]
    fn a_bound_that_decides_asks_for_nothing_more() {
        let mut stream = Stream::scripted(vec![Stream::word_for(0.31)]);
        assert_eq!(from_zero(&mut stream, 0.3, || unreachable!(), |_| 0.0), 0);
    }
}
