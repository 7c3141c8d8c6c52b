//! The multinomial law: which way each of n cells went, when no cell goes two ways.
//!
//! # Law
//! Counts k₁, …, k_m with probabilities p₁, …, p_m each, and the rest with 1 − Σp: n!/(∏kᵢ! rest!) ∏pᵢ^kᵢ (1 − Σp)^rest.
//!
//! # Method
//! Conditional binomials (Devroye, *Non-Uniform Random Variate Generation*, 1986, XI.1.3): first how many went any way at all,
//! then how many of those went the last way, the one before it, and so on down.
//!
//! # Numerics
//! The usual order keeps a remaining probability 1 − p₁ − p₂ − …, which cancels to noise when little remains. Here running
//! sums from the front divide, which only add positive numbers, and the smaller side of each split is passed to the binomial,
//! so a way of probability 10⁻³⁰ beside one of 1 − 10⁻³⁰ keeps all its digits. Probabilities whose sum is 1 up to rounding
//! (within 2⁻⁵² for each way) leave nothing behind. To leave behind a probability smaller than that, make it a way.

use super::binomial::{binomial, binomial_q};
use crate::stream::Stream;

/// Multinomial: of `n` cells, writes into `counts` how many went each way and returns how many went none.
///
/// `probabilities` are ≥ 0 and sum to at most 1; a sum above 1 is scaled down. The two slices are equally long; what has no
/// partner is ignored (probabilities) or set to 0 (counts).
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// let mut fates = [0; 2]; // divides, dies; else waits
/// let waiting = draw::multinomial(&mut stream, 1000, &[0.2, 0.1], &mut fates);
/// assert_eq!(fates[0] + fates[1] + waiting, 1000);
/// ```
pub fn multinomial(stream: &mut Stream, n: u64, probabilities: &[f64], counts: &mut [u64]) -> u64 {
    let ways = probabilities.len().min(counts.len());
    counts[ways..].fill(0);
    // Until it is drawn, the place of a count holds the bits of the running sum up to it: no allocation.
    let mut sum = 0.0;
    for i in 0..ways {
        sum += probabilities[i].max(0.0);
        counts[i] = f64::to_bits(sum);
    }
    let remainder = 1.0 - sum;
    let went =
        if remainder <= ways as f64 * f64::EPSILON { if sum > 0.0 { n } else { 0 } } else { binomial(stream, n, sum) };
    let mut left = went;
    for i in (0..ways).rev() {
        if left == 0 {
            counts[i] = 0;
            continue;
        }
        let upto = f64::from_bits(counts[i]);
        let before = if i > 0 { f64::from_bits(counts[i - 1]) } else { 0.0 };
        let this = probabilities[i].max(0.0);
        counts[i] =
            if this <= before { binomial(stream, left, this / upto) } else { binomial_q(stream, left, before / upto) };
        left -= counts[i];
    }
    n - went
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainties_draw_nothing() {
        let mut stream = Stream::scripted(vec![]);
        let mut counts = [9; 3];
        assert_eq!(multinomial(&mut stream, 50, &[0.0, 1.0, 0.0], &mut counts), 0);
        assert_eq!(counts, [0, 50, 0]);
        assert_eq!(multinomial(&mut stream, 50, &[0.0, 0.0, 0.0], &mut counts), 50);
        assert_eq!(counts, [0, 0, 0]);
        assert_eq!(multinomial(&mut stream, 0, &[0.2, 0.3, 0.1], &mut counts), 0);
        assert_eq!(counts, [0, 0, 0]);
        assert_eq!(multinomial(&mut stream, 7, &[], &mut []), 7);
        assert_eq!(multinomial(&mut stream, 7, &[f64::NAN, -1.0], &mut counts), 7);
        assert_eq!(counts, [0, 0, 0]);
    }

    #[test]
    fn nothing_is_left_behind_when_the_sum_is_one_up_to_rounding() {
        let mut stream = Stream::new(1, 2, 3, crate::stream::Purpose::Check);
        let tenths = [0.1; 10]; // sums to 0.9999999999999999
        let mut counts = [0; 10];
        assert_eq!(multinomial(&mut stream, 1 << 53, &tenths, &mut counts), 0);
        assert_eq!(counts.iter().sum::<u64>(), 1 << 53);
    }

    #[test]
    fn a_way_beside_certainty_keeps_its_digits() {
        // u is near 3e-8, and 1e12 cells leave the certain way with probability a little more or less than u/1e12.
        let half = Stream::word_for(0.5);
        let words = || vec![0, 0, half, half];
        let rare = 0.5 / 4096.0 / 4096.0 / 1e12;
        let n = 1_000_000_000_000;
        let mut counts = [0; 2];
        for (factor, expected) in [(1.001, 1), (0.999, 0)] {
            let p = factor * rare;
            multinomial(&mut Stream::scripted(words()), n, &[p, 1.0 - p], &mut counts);
            assert_eq!(counts, [expected, n - expected]);
            multinomial(&mut Stream::scripted(words()), n, &[1.0 - p, p], &mut counts);
            assert_eq!(counts, [n - expected, expected]);
        }
    }
}
