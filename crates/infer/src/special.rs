//! Special functions beside those of libm: the normal law and its quantile, the chi-square tail, sums of logarithms.
//!
//! Normal quantile: Wichura 1988, Applied Statistics 37:477 (AS 241, PPND16), relative error about 1e-16. Incomplete
//! gamma: its series below the mean and Lentz's continued fraction above (DLMF 8.7.1, 8.9.2).

/// Chance that a standard normal variable is below `z`.
///
/// ```
/// use remission_infer::special::normal_below;
/// assert!((normal_below(1.959963984540054) - 0.975).abs() < 1e-15);
/// assert!((normal_below(-38.0) / 2.885428360068784e-316 - 1.0).abs() < 1e-4);
/// ```
pub fn normal_below(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// ln of the density of a normal variable with `mean` and standard deviation `sd` (above 0) at `x`.
///
/// ```
/// assert!((remission_infer::special::log_normal_density(1.0, 1.0, 2.0) + 1.612085713764618).abs() < 1e-14);
/// ```
pub fn log_normal_density(x: f64, mean: f64, sd: f64) -> f64 {
    const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;
    let z = (x - mean) / sd;
    -0.5 * z * z - libm::log(sd) - HALF_LN_TWO_PI
}

/// The value below which a standard normal variable lies with chance `p`; infinite at 0 and 1.
///
/// ```
/// use remission_infer::special::{normal_below, normal_quantile};
/// assert!((normal_quantile(0.975) - 1.959963984540054).abs() < 1e-14);
/// assert!((normal_below(normal_quantile(1e-12)) / 1e-12 - 1.0).abs() < 1e-11);
/// assert_eq!((normal_quantile(0.0), normal_quantile(0.5)), (f64::NEG_INFINITY, 0.0));
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    let ratio = |r: f64, a: &[f64; 8], b: &[f64; 7]| {
        let top = a.iter().rev().fold(0.0, |sum, c| sum * r + c);
        let below = b.iter().rev().fold(0.0, |sum, c| sum * r + c) * r + 1.0;
        top / below
    };
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(0.180625 - q * q, &CENTRE.0, &CENTRE.1);
    }
    let small = if q < 0.0 { p } else { 1.0 - p };
    if small <= 0.0 || small.is_nan() {
        return if small == 0.0 { f64::INFINITY * q.signum() } else { f64::NAN };
    }
    let r = libm::sqrt(-libm::log(small));
    let z = if r <= 5.0 { ratio(r - 1.6, &MIDDLE.0, &MIDDLE.1) } else { ratio(r - 5.0, &FAR.0, &FAR.1) };
    z * q.signum()
}

type Coefficients = ([f64; 8], [f64; 7]);

const CENTRE: Coefficients = (
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_545,
    ],
);

const MIDDLE: Coefficients = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

const FAR: Coefficients = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

/// Share of a gamma law of this `shape` (above 0) and scale 1 that lies above `x`, 0 or more: Q(shape, x).
///
/// ```
/// use remission_infer::special::gamma_above;
/// assert!((gamma_above(1.0, 2.0) / (-2.0f64).exp() - 1.0).abs() < 1e-14);
/// assert!((gamma_above(0.5, 0.1) - 0.654720846018577).abs() < 1e-14);
/// assert_eq!(gamma_above(3.0, 0.0), 1.0);
/// ```
pub fn gamma_above(shape: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let first = libm::exp(shape * libm::log(x) - x - libm::lgamma(shape));
    if x < shape + 1.0 {
        let (mut sum, mut term, mut n) = (1.0 / shape, 1.0 / shape, shape);
        while term > 1e-17 * sum {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return 1.0 - first * sum;
    }
    let mut b = x + 1.0 - shape;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for i in 1..10_000 {
        let i = f64::from(i);
        let a = -i * (i - shape);
        b += 2.0;
        d = 1.0 / (a * d + b);
        c = b + a / c;
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    first * h
}

/// Chance that a chi-square variable with so many `degrees` of freedom exceeds `statistic`.
///
/// ```
/// use remission_infer::special::chi_square_above;
/// assert!((chi_square_above(3.841458820694124, 1.0) - 0.05).abs() < 1e-15);
/// assert!((chi_square_above(0.0119, 1.0) - 0.9131).abs() < 1e-4);
/// ```
pub fn chi_square_above(statistic: f64, degrees: f64) -> f64 {
    if degrees == 1.0 {
        return libm::erfc(libm::sqrt(statistic.max(0.0) / 2.0));
    }
    gamma_above(degrees / 2.0, statistic.max(0.0) / 2.0)
}

/// Above which a chi-square variable with one degree of freedom lies with chance 0.05: 1.959963984540054 squared.
pub const CHI_SQUARE_95: f64 = 3.841_458_820_694_124;

/// ln of the sum of exponentials; minus infinity for none.
///
/// ```
/// use remission_infer::special::log_sum;
/// assert!((log_sum(&[1000.0, 1000.0]) - 1000.0 - 2f64.ln()).abs() < 1e-12);
/// assert_eq!(log_sum(&[]), f64::NEG_INFINITY);
/// ```
pub fn log_sum(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return most;
    }
    most + libm::log(terms.iter().map(|t| libm::exp(t - most)).sum())
}

/// The value below which a share `q` of `values` lies, with a straight line between neighbours (R's type 7); values
/// must be sorted and finite. None without values.
///
/// ```
/// assert_eq!(remission_infer::special::quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
/// ```
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    Some(values[below] + (place - below as f64) * (values[above] - values[below]))
}
