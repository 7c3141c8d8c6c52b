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
