//! eˣ, eˣ − 1 and ln(1 + x), inlined, where a call of the pinned library would cost more than the draw around it.
//!
//! # Method
//! A table and a short polynomial in what is left of the argument (Tang 1989, ACM Trans. Math. Softw. 15:144). Plain sums and
//! products in a fixed order: the same bits everywhere.
//!
//! # Numerics
//! Relative errors are below 2·10⁻¹⁵ for [`exp`] and 2·10⁻¹⁴ for the other two (their values near 0 included), which is far
//! below what a uniform number of 53 bits can tell.

use crate::draw::constant;

/// eˣ for −700 < x < 700: 2^(n/32) from a table, and a polynomial in what is left of x.
#[inline]
pub(crate) fn exp(x: f64) -> f64 {
    let (power, p) = split(x);
    power + power * p
}

/// eˣ − 1 for −700 < x < 700.
#[inline]
pub(crate) fn exp_m1(x: f64) -> f64 {
    exp_and_exp_m1(x).1
}

/// eˣ and eˣ − 1 for −700 < x < 700.
#[inline]
pub(crate) fn exp_and_exp_m1(x: f64) -> (f64, f64) {
    let (power, p) = split(x);
    (power + power * p, (power - 1.0) + power * p)
}

/// 2^(n/32) for the n nearest to 32 x / ln 2, and by how much eˣ exceeds it, as a share.
#[inline]
fn split(x: f64) -> (f64, f64) {
    const PER_STEP: f64 = 32.0 / std::f64::consts::LN_2;
    // Adding and taking away 1.5 · 2⁵² rounds to a whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let n = (x * PER_STEP + ROUND) - ROUND;
    // ln 2 / 32 in two parts, the first with zeros at its end so that n times it is exact.
    let r = (x - n * (6.931_471_803_691_238e-1 / 32.0)) - n * (1.908_214_929_270_587_7e-10 / 32.0);
    let n = n as i64;
    let r2 = r * r;
    let p = r + r2 * ((1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * ((1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0)));
    (ROOTS[(n & 31) as usize] * f64::from_bits(((1023 + (n >> 5)) as u64) << 52), p)
}

/// ln(1 + x) for −1 < x < 10³⁰⁰; 1 + x must not be subnormal.
#[inline]
pub(crate) fn log_one_plus(x: f64) -> f64 {
    if x.abs() < 0.03 {
        if x.abs() < 1e-4 {
            return x * (1.0 - x * (1.0 / 2.0 - x * (1.0 / 3.0 - 0.25 * x)));
        }
        // With s = x / (2 + x), ln(1 + x) = 2 (s + s³/3 + s⁵/5 + …).
        let s = x / (2.0 + x);
        let w = s * s;
        return 2.0 * s + 2.0 * s * w * (1.0 / 3.0 + w * (1.0 / 5.0 + w * (1.0 / 7.0 + w * (1.0 / 9.0))));
    }
    log(1.0 + x)
}

/// ln y for a normal y > 0, to 4·10⁻¹⁶ of what is larger, ln y or 1.
#[inline]
pub(crate) fn log(y: f64) -> f64 {
    let bits = y.to_bits();
    let exponent = (bits >> 52) as i64 - 1023;
    let (inverse, log) = LOGARITHMS[(bits >> 45 & 127) as usize];
    let r = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52) * inverse - 1.0;
    let r2 = r * r;
    let p = r - r2 * ((1.0 / 2.0 - r * (1.0 / 3.0)) + r2 * ((1.0 / 4.0 - r * (1.0 / 5.0)) + r2 * (1.0 / 6.0)));
    exponent as f64 * std::f64::consts::LN_2 + (log + p)
}

/// 2^(j/32).
static ROOTS: [f64; 32] = {
    let mut table = [1.0; 32];
    let mut j = 1;
    while j < 32 {
        table[j] = constant::exp(std::f64::consts::LN_2 * j as f64 / 32.0);
        j += 1;
    }
    table
};

/// 1 / c and ln c for c in the middle of each 128th from 1 to 2.
static LOGARITHMS: [(f64, f64); 128] = {
    let mut table = [(1.0, 0.0); 128];
    let mut j = 0;
    while j < 128 {
        let inverse = 1.0 / (1.0 + (j as f64 + 0.5) / 128.0);
        table[j] = (inverse, -constant::ln(inverse));
        j += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn relative(found: f64, expected: f64) -> f64 {
        if expected == 0.0 { found.abs() } else { (found / expected - 1.0).abs() }
    }

    #[test]
    fn exp_is_exp() {
        for i in -60_000..60_000 {
            let x = f64::from(i) * 0.011_337;
            assert!(relative(exp(x), libm::exp(x)) < 2e-15, "{x}");
        }
    }

    #[test]
    fn exp_m1_and_log_one_plus_keep_their_digits_near_zero() {
        for i in 0..200_000 {
            // From 1e-18 to 600, both signs.
            let x = libm::exp(-41.4 + f64::from(i) * (47.8 / 200_000.0));
            for x in [x, -x] {
                assert!(relative(exp_m1(x), libm::expm1(x)) < 2e-14, "{x}");
                if x > -0.999_999 {
                    assert!(relative(log_one_plus(x), libm::log1p(x)) < 2e-14, "{x}");
                }
            }
        }
        for x in [1e10, 1e100, 1e300, -1.0 + 1e-9, -1.0 + 1e-15] {
            assert!(relative(log_one_plus(x), libm::log1p(x)) < 2e-14, "{x}");
        }
        assert_eq!((exp_m1(0.0), log_one_plus(0.0)), (0.0, 0.0));
    }
}
