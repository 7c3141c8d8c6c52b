//! The gamma law: the sum of `shape` exponential times, for any positive shape.
//!
//! # Law
//! Density x^(a−1) e^(−x/s) / (Γ(a) sᵃ) for x > 0, with shape a and scale s; mean a s, variance a s².
//!
//! # Method
//! Marsaglia and Tsang, *A simple method for generating gamma variables*, ACM TOMS 26(3), 2000, with the paper's letters.
//! A shape below 1 draws at shape + 1 and multiplies by U^(1/a), which is e^(−E/a) for an exponential E. Shape 1 is the
//! exponential law.
//!
//! # Numerics
//! The paper's test d (1 − v + ln v) is a difference of terms of size d and is worthless at d = 10¹⁶. With v = (1 + t)³ it
//! equals −9dt²/2 + 3d(−t⁴/4 + t⁵/5 − …) and the first term cancels x²/2 exactly, so only the series is computed.
//! A tiny shape puts nearly all its mass below the smallest `f64`: such a value is 0. That is the rounding, not the law, of
//! a number like 10⁻¹⁰⁰⁰⁰.

use super::exponential::exponential;
use super::normal::normal;
use crate::stream::Stream;

/// Gamma with `shape` > 0 (from 10⁻³⁰⁰ to 10¹⁶ and beyond) and `scale` > 0. Shape 0 is 0.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Parameters);
/// let frailty = draw::gamma(&mut stream, 4.0, 0.25); // mean 1, variance 1/4
/// assert!(frailty > 0.0);
/// ```
#[inline]
pub fn gamma(stream: &mut Stream, shape: f64, scale: f64) -> f64 {
    // Not `shape <= 0.0`: NaN must end here as well.
    if !(shape > 0.0 && scale > 0.0) {
        return 0.0;
    }
    if shape == 1.0 {
        return scale * exponential(stream);
    }
    if shape < 1.0 {
        let above = at_least_one(stream, shape + 1.0);
        let value = above * libm::exp(-exponential(stream) / shape);
        // Also when the scale is infinite.
        return if value > 0.0 { scale * value } else { 0.0 };
    }
    scale * at_least_one(stream, shape)
}

#[inline]
fn at_least_one(stream: &mut Stream, a: f64) -> f64 {
    let d = a - 1.0 / 3.0;
    let c = 1.0 / (3.0 * d.sqrt());
    loop {
        let x = normal(stream);
        let t = c * x;
        if t <= -1.0 {
            continue;
        }
        let v = (1.0 + t) * (1.0 + t) * (1.0 + t);
        let u = stream.uniform();
        let x2 = x * x;
        if u < 1.0 - 0.0331 * (x2 * x2) || libm::log(u) < log_acceptance(x2, d, t, v) {
            return d * v;
        }
    }
}

/// x²/2 + d (1 − v + ln v), where v = (1 + t)³ and x² = 9 d t².
#[inline]
fn log_acceptance(x2: f64, d: f64, t: f64, v: f64) -> f64 {
    if t.abs() > 0.02 {
        return 0.5 * x2 + d * (1.0 - v + libm::log(v));
    }
    // ln(1 + t) − t + t²/2 − t³/3, divided by t⁴; the next term is below 10⁻¹⁴ of the first.
    let series = -1.0 / 4.0
        + t * (1.0 / 5.0
            + t * (-1.0 / 6.0 + t * (1.0 / 7.0 + t * (-1.0 / 8.0 + t * (1.0 / 9.0 + t * (-1.0 / 10.0 + t / 11.0))))));
    let t2 = t * t;
    3.0 * d * t2 * t2 * series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_test_agree_where_they_meet() {
        for t in [-0.02, 0.02, -0.019, 0.013] {
            let d = 500.0;
            let v = (1.0f64 + t) * (1.0 + t) * (1.0 + t);
            let direct = 4.5 * d * t * t + d * (1.0 - v + libm::log(v));
            let series = log_acceptance(9.0 * d * t * t, d, t, v);
            assert!((direct - series).abs() < 1e-12, "{t}: {direct} {series}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_quiet() {
        for (shape, scale) in [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (2.0, 0.0), (2.0, f64::NAN)] {
            assert_eq!(gamma(&mut Stream::scripted(vec![]), shape, scale), 0.0);
        }
        let mut stream = Stream::new(1, 2, 3, crate::stream::Purpose::Check);
        for shape in [1e-300, 1e-8, 1.0 - 1e-16, 1.0 + 1e-15, 1e16, 1e300, f64::MAX, f64::INFINITY] {
            for _ in 0..100 {
                let x = gamma(&mut stream, shape, 1.0);
                assert!(x >= 0.0, "{shape}: {x}");
            }
        }
    }
}
