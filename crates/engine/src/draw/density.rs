//! Poisson and binomial probabilities in a form that does not cancel.
//!
//! # Law
//! The usual k ln μ − μ − ln k! subtracts numbers of size μ ln μ to get one of size 1: at μ = 10¹⁴ only noise is left, and
//! samplers that use it have too large a variance (rand issue 1515, NumPy issue 31986). Written around the saddle point,
//!
//! - Poisson: e^(−D(k; μ)) / g(k),
//! - binomial: g(n) / (g(k) g(n−k)) · e^(−D(k; np) − D(n−k; nq)),
//!
//! where D(k; μ) = k ln(k/μ) + μ − k is the deviance and g(k) = k! eᵏ / kᵏ = √(2πk) e^(δ(k)).
//!
//! # Method
//! Loader, *Fast and accurate computation of binomial probabilities*, 2000. Unlike hers, [`deviance`] takes the difference
//! k − μ from the caller, who knows it exactly, so that nothing is lost when k itself needs all 53 bits.

/// D = k ln(k/μ) + μ − k, where `k` = `mean` + `difference` ≥ 0 and `mean` > 0. Never negative; relative error near 10⁻¹⁵.
#[inline]
pub(super) fn deviance(k: f64, mean: f64, difference: f64) -> f64 {
    // With v = (k − μ)/(k + μ), ln(k/μ) = 2 (v + v³/3 + v⁵/5 + …).
    let v = difference / (k + mean);
    let w = v * v;
    if w < 1e-4 {
        let series = 1.0 / 3.0 + w * (1.0 / 5.0 + w * (1.0 / 7.0 + w * (1.0 / 9.0)));
        return v * (difference + 2.0 * k * w * series);
    }
    if w < 0.04 {
        let series = 1.0 / 3.0
            + w * (1.0 / 5.0
                + w * (1.0 / 7.0
                    + w * (1.0 / 9.0
                        + w * (1.0 / 11.0
                            + w * (1.0 / 13.0
                                + w * (1.0 / 15.0 + w * (1.0 / 17.0 + w * (1.0 / 19.0 + w * (1.0 / 21.0)))))))));
        return v * (difference + 2.0 * k * w * series);
    }
    if k <= 0.0 {
        return mean;
    }
    k * libm::log(k / mean) - difference
}

/// δ(k) = ln k! − ln(√(2πk) kᵏ e⁻ᵏ) for a whole number `k` ≥ 0, and 0 at 0, to match [`two_pi`].
#[inline]
pub(super) fn stirling_error(k: f64) -> f64 {
    if k < 16.0 {
        return STIRLING_ERROR[k as usize & 15];
    }
    let r = 1.0 / k;
    let s = r * r;
    r * (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s * (1.0 / 1188.0)))))
}

/// 2πk for a whole number `k` > 0, and 1 at 0, so that g(k) = √(two_pi(k)) e^(δ(k)) holds at 0 too.
#[inline]
pub(super) fn two_pi(k: f64) -> f64 {
    if k > 0.0 { std::f64::consts::TAU * k } else { 1.0 }
}

/// From ln k! with 40 digits.
const STIRLING_ERROR: [f64; 16] = [
    0.0,
    0.081_061_466_795_327_26,
    0.041_340_695_955_409_3,
    0.027_677_925_684_998_34,
    0.020_790_672_103_765_094,
    0.016_644_691_189_821_193,
    0.013_876_128_823_070_748,
    0.011_896_709_945_891_77,
    0.010_411_265_261_972_096,
    0.009_255_462_182_712_733,
    0.008_330_563_433_362_87,
    0.007_573_675_487_951_84,
    0.006_942_840_107_209_53,
    0.006_408_994_188_004_207,
    0.005_951_370_112_758_848,
    0.005_554_733_551_962_801,
];

/// The greatest whole number not above `x`, saturating. A baseline x86-64 has no instruction for it and `f64::floor` is a call.
#[inline]
pub(super) fn floor(x: f64) -> i64 {
    let towards_zero = x as i64;
    towards_zero.saturating_sub(i64::from(towards_zero as f64 > x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g_is_the_factorial() {
        let mut factorial = 1.0;
        for k in 0..60 {
            let k = k as f64;
            if k > 0.0 {
                factorial *= k;
            }
            let g = two_pi(k).sqrt() * libm::exp(stirling_error(k));
            let found = g * if k > 0.0 { libm::exp(k * libm::log(k) - k) } else { 1.0 };
            assert!((found / factorial - 1.0).abs() < 1e-13, "{k}: {found}");
        }
    }

    #[test]
    fn deviance_agrees_with_forty_digits() {
        // k, mean, D from mpmath with 60 digits.
        for (k, mean, expected) in DEVIANCES {
            let found = deviance(k, mean, k - mean);
            assert!((found / expected - 1.0).abs() < 3e-15, "{k} {mean}: {found} {expected}");
        }
        assert_eq!(deviance(0.0, 7.5, -7.5), 7.5);
        assert_eq!(deviance(7.0, 7.0, 0.0), 0.0);
    }

    const DEVIANCES: [(f64, f64, f64); 9] = [
        (20.0, 10.0, 3.862943611198906),
        (3.0, 10.5, 3.741711094513896),
        (1.0, 12.0, 8.515093350212),
        (1000000300000000.0, 1000000000000000.0, 44.99999550000067),
        (9007199242395314.0, 9007199254740992.0, 0.008460774600334009),
        (1030.0, 1000.0, 0.44556630879073483),
        (1500.0, 1000.0, 108.19766216224657),
        (99950000.0, 100000000.0, 12.502083854322969),
        (4499999900000000.0, 4500000000000000.0, 1.111111119341564),
    ];

    #[test]
    fn floor_goes_down_and_saturates() {
        for (x, expected) in [(1.5, 1), (-1.5, -2), (-2.0, -2), (0.0, 0), (-0.1, -1)] {
            assert_eq!(floor(x), expected);
        }
        assert_eq!(floor(1e300), i64::MAX);
        assert_eq!(floor(-1e300), i64::MIN);
        assert_eq!(floor(f64::NAN), 0);
    }
}
