//! Tables for the ziggurat: 256 layers of equal area under a decreasing density, computed by the compiler.
//!
//! # Method
//! Marsaglia and Tsang, *The Ziggurat Method for Generating Random Variables*, Journal of Statistical Software 5(8), 2000.
//! Layer i reaches from 0 to `x[i]` and from the height `y[i]` up to `y[i + 1]`, where y = f(x); layer 0 is the base, whose
//! width `x[0]` is its area over its height, so that it stands for the tail as well. The two constants of each law, the
//! start of the tail and the area of a layer, were solved for with 40 digits.
//!
//! # Numerics
//! A constant function may not call a library, so `exp`, `ln` and `sqrt` are written out here. The compiler evaluates them
//! in IEEE arithmetic, the same for every target, to about 10⁻¹⁵.

pub(super) const LAYERS: usize = 256;

/// Widths and heights of the layers, widest first. `x[LAYERS]` = 0 and `y[LAYERS]` = 1 are the summit.
pub(super) struct Ziggurat {
    pub x: [f64; LAYERS + 1],
    pub y: [f64; LAYERS + 1],
}

/// Where the tail of the normal density exp(−x²/2) begins.
pub(super) const NORMAL_TAIL: f64 = 3.654_152_885_361_009;
/// Where the tail of the exponential density exp(−x) begins.
pub(super) const EXPONENTIAL_TAIL: f64 = 7.697_117_470_131_05;

/// For exp(−x²/2).
pub(super) static NORMAL: Ziggurat = {
    let area = 0.004_928_673_233_974_655;
    let mut x = [0.0; LAYERS + 1];
    let mut y = [1.0; LAYERS + 1];
    x[1] = NORMAL_TAIL;
    y[1] = exp(-0.5 * x[1] * x[1]);
    x[0] = area / y[1];
    y[0] = 0.0;
    let mut i = 1;
    while i + 1 < LAYERS {
        y[i + 1] = y[i] + area / x[i];
        x[i + 1] = sqrt(-2.0 * ln(y[i + 1]));
        i += 1;
    }
    Ziggurat { x, y }
};

/// For exp(−x).
pub(super) static EXPONENTIAL: Ziggurat = {
    let area = 0.003_949_659_822_581_572;
    let mut x = [0.0; LAYERS + 1];
    let mut y = [1.0; LAYERS + 1];
    x[1] = EXPONENTIAL_TAIL;
    y[1] = exp(-x[1]);
    x[0] = area / y[1];
    y[0] = 0.0;
    let mut i = 1;
    while i + 1 < LAYERS {
        y[i + 1] = y[i] + area / x[i];
        x[i + 1] = -ln(y[i + 1]);
        i += 1;
    }
    Ziggurat { x, y }
};

/// eˣ for −20 < x < 20: reduced by a multiple of ln 2, then the Taylor series.
pub(crate) const fn exp(x: f64) -> f64 {
    let halvings = (x / std::f64::consts::LN_2) as i64;
    let r = (x - halvings as f64 * 6.931_471_803_691_238e-1) - halvings as f64 * 1.908_214_929_270_587_7e-10;
    let mut sum = 1.0;
    let mut n = 22;
    while n > 0 {
        sum = 1.0 + sum * r / n as f64;
        n -= 1;
    }
    sum * f64::from_bits(((1023 + halvings) as u64) << 52)
}

/// ln y for 10⁻⁸ < y ≤ 1: Newton's method on eˣ = y, from above.
pub(crate) const fn ln(y: f64) -> f64 {
    let mut x = 0.0;
    let mut n = 0;
    while n < 26 {
        x += y * exp(-x) - 1.0;
        n += 1;
    }
    x
}

/// √y for 10⁻⁴ < y < 100: Newton's method.
const fn sqrt(y: f64) -> f64 {
    let mut x = 1.0;
    let mut n = 0;
    while n < 20 {
        x = 0.5 * (x + y / x);
        n += 1;
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(table: &Ziggurat, density: impl Fn(f64) -> f64, area: f64) {
        assert!((table.x[0] * table.y[1] - area).abs() < 1e-16);
        for i in 1..=LAYERS {
            assert!(table.x[i] < table.x[i - 1] && table.y[i] > table.y[i - 1]);
            assert!((density(table.x[i]) - table.y[i]).abs() < 2e-15);
            if i < LAYERS {
                let found = table.x[i] * (table.y[i + 1] - table.y[i]);
                assert!((found - area).abs() < 2e-14, "layer {i}: {found}");
            }
        }
    }

    #[test]
    fn every_layer_has_the_same_area_and_ends_on_the_curve() {
        check(&NORMAL, |x| libm::exp(-0.5 * x * x), 0.004_928_673_233_974_655);
        check(&EXPONENTIAL, |x| libm::exp(-x), 0.003_949_659_822_581_572);
    }
}
