//! The Poisson law: how many of many rare, independent events happen.
//!
//! # Law
//! P(k) = μᵏ e^(−μ) / k!; mean μ, variance μ.
//!
//! # Method
//! Rare events by waiting times (see `waiting`); below a mean of 24 by inversion (see `inversion`). Beyond, PTRS: Hörmann, *The transformed rejection method for generating Poisson random variables*,
//! Insurance: Mathematics and Economics 12, 1993, with the paper's letters. The acceptance uses the saddle-point form in
//! `density`, not the paper's logarithm of a factorial.
//!
//! The paper's constants do not quite hold. Its hat is up to 0.6 % too low for means between 10 and 1,000 (worst near 15.7), which
//! cuts off up to 8·10⁻⁷ of the law, and its quick acceptance is up to 0.003 too generous between 19 and 54, which adds 4·10⁻⁷.
//! Here the hat is 1 % higher and the quick acceptance 0.015 lower; a test looks at both over the whole range.
//!
//! # Numerics
//! - The candidate is ⌊μ⌋ + ⌊x + (μ − ⌊μ⌋) + 0.43⌋ with the sum taken in integers, and the deviance gets the difference from
//!   the mean exactly. So k has all its digits even where `f64` no longer counts by ones, up to a mean of 2⁶².
//! - From 2⁶² on the value is μ + √μ Z rounded to an integer (there the skewness is below 10⁻⁹); `u64::MAX` if it does not
//!   fit. The mean itself is an `f64` and above 2⁵³ is a multiple of 2 or more, but the count is not.

use super::density::{deviance, floor, stirling_error, two_pi};
use super::inversion::from_zero;
use super::normal::normal;
use super::waiting::{RARE, rare_events};
use crate::elementary::exp;
use crate::stream::Stream;

/// Where inversion hands over; the paper asks for at least 10. rand_distr switches at 12, NumPy at 10.
const TRANSFORMED_FROM: f64 = 24.0;
/// By how much the hat is above the paper's, and the quick acceptance below.
const HAT_MARGIN: f64 = 1.01;
const SQUEEZE_MARGIN: f64 = 0.015;
/// Where an integer of 64 bits with a sign no longer holds the steps.
const NORMAL_FROM: f64 = (1u64 << 62) as f64;

/// Poisson with `mean` ≥ 0; 0 gives 0. Exact to 2⁶²; see the file for what happens beyond.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
/// assert_eq!(draw::poisson(&mut stream, 0.0), 0);
/// let mutants = draw::poisson(&mut stream, 1e9 * 1e-8);
/// assert!(mutants < 50);
/// ```
#[inline]
pub fn poisson(stream: &mut Stream, mean: f64) -> u64 {
    if mean < RARE {
        if mean > 0.0 { rare_events(stream, 1.0, 0.0, mean, || mean) } else { 0 }
    } else if mean < TRANSFORMED_FROM {
        from_zero(stream, mean, || exp(-mean), |_| mean)
    } else if mean < NORMAL_FROM {
        transformed_rejection(stream, mean)
    } else if mean.is_nan() {
        0
    } else if mean.is_infinite() {
        u64::MAX
    } else {
        (mean + mean.sqrt() * normal(stream)) as u64
    }
}

#[inline]
fn transformed_rejection(stream: &mut Stream, mean: f64) -> u64 {
    let whole = mean as i64;
    let fraction = mean - whole as f64;
    let hat = Hat::new(mean);
    loop {
        let u = stream.uniform() - 0.5;
        let v = stream.uniform();
        let us = 0.5 - u.abs();
        let step = floor(hat.x(u, us) + fraction + 0.43);
        let k = whole.saturating_add(step);
        if us >= 0.07 && v <= hat.quick {
            return k as u64;
        }
        // The two ends of the hat may lie beyond what an integer holds.
        if k < 0 || k == i64::MAX || (us < 0.013 && v > us) {
            continue;
        }
        if v <= hat.acceptance(us, k as f64, mean, step as f64 - fraction) {
            return k as u64;
        }
    }
}

/// The table-mountain hat: k = ⌊(2a/us + b) u + μ + 0.43⌋ with u uniform on (−1/2, 1/2) and us = 1/2 − |u|.
struct Hat {
    a: f64,
    b: f64,
    /// Where us ≥ 0.07, all v up to here are accepted.
    quick: f64,
}

impl Hat {
    #[inline]
    fn new(mean: f64) -> Hat {
        let b = 0.931 + 2.53 * mean.sqrt();
        Hat { a: -0.059 + 0.024_83 * b, b, quick: 0.9277 - SQUEEZE_MARGIN - 3.6224 / (b - 2.0) }
    }

    #[inline]
    fn x(&self, u: f64, us: f64) -> f64 {
        (2.0 * self.a / us + self.b) * u
    }

    /// The probability of `k` times the derivative of the transformation times the paper's constant: at most 1.
    #[inline]
    fn acceptance(&self, us: f64, k: f64, mean: f64, difference: f64) -> f64 {
        let one_over_alpha = HAT_MARGIN * (1.1239 + 1.1328 / (self.b - 3.4));
        let derivative = self.a / (us * us) + self.b;
        let exponent = -deviance(k, mean, difference) - stirling_error(k);
        exp(exponent.max(-700.0)) * derivative / (one_over_alpha * two_pi(k).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hat must lie above the law, or the law is cut off; the two quick decisions must agree with the slow one.
    #[test]
    fn the_hat_covers_the_law_and_the_squeezes_fit() {
        let mut means: Vec<f64> = (0..400).map(|i| 10.0 + 0.1 * f64::from(i)).collect();
        means.extend((0..400).map(|i| 50.0 * libm::exp(0.0975 * f64::from(i))));
        let points = 20_000;
        for mean in means {
            let hat = Hat::new(mean);
            let (whole, fraction) = (mean as i64, mean - (mean as i64) as f64);
            for i in 1..points {
                let u = f64::from(i) / f64::from(points) - 0.5;
                let us = 0.5 - u.abs();
                let step = floor(hat.x(u, us) + fraction + 0.43);
                let k = whole.saturating_add(step);
                if k < 0 {
                    assert!(us < 0.07);
                    continue;
                }
                let accept = hat.acceptance(us, k as f64, mean, step as f64 - fraction);
                assert!(accept <= 0.998, "mean {mean}, u {u}: {accept}");
                assert!(us < 0.07 || accept >= hat.quick + 0.001, "mean {mean}, u {u}: {accept}");
                assert!(us >= 0.013 || accept <= us, "mean {mean}, u {u}: {accept}");
            }
        }
    }

    #[test]
    fn a_tiny_mean_is_met_at_its_own_probability() {
        // Two words below 2⁻¹², then one half: u is near 3e-8. The last word is a waiting time of 4.
        let half = Stream::word_for(0.5);
        let words = || vec![0, 0, half, half];
        let u = 0.5 / 4096.0 / 4096.0;
        assert_eq!(poisson(&mut Stream::scripted(words()), 1.001 * u), 1);
        assert_eq!(poisson(&mut Stream::scripted(words()), 0.999 * u), 0);
    }

    #[test]
    fn the_ends_of_the_range_are_quiet() {
        for mean in [0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert_eq!(poisson(&mut Stream::scripted(vec![]), mean), 0);
        }
        let mut stream = Stream::new(1, 2, 3, crate::stream::Purpose::Check);
        assert_eq!(poisson(&mut stream, f64::INFINITY), u64::MAX);
        assert_eq!(poisson(&mut stream, 1e300), u64::MAX);
        let around = poisson(&mut stream, 1e18) as i64 - 1_000_000_000_000_000_000;
        assert!(around.abs() < 10_000_000_000);
    }

    #[test]
    fn the_far_corners_of_the_hat_do_not_overflow() {
        // u at both ends, v small and large; then a plain acceptance in the middle.
        let middle = Stream::word_for(0.5);
        for mean in [50.0, 1e9, 4.6e18] {
            for end in [0, u64::MAX] {
                for v in [0, u64::MAX] {
                    let k = poisson(&mut Stream::scripted(vec![end, v, middle, 0]), mean);
                    assert!((k as f64 / mean - 1.0).abs() < 0.11, "{mean}: {k}");
                }
            }
        }
    }
}
