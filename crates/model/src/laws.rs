//! What each named law computes, in base units. Transcendental functions come from `libm`.
//!
//! Sources: Bliss 1939, Ann Appl Biol 26:585; Loewe 1953, Arzneimittelforschung 3:285 (drugs as dilutions of one another; with equal Hill
//! exponents n the effect is that of one drug at x1 + x2); linear-quadratic survival: Fowler 1989, Br J Radiol 62:679; growth laws: see
//! spec/model.md. Which arguments make sense is checked where a file is read; here anything gives a number or NaN and ends.

use crate::expr::Law;

/// Half the width, in standard deviations, and the number of steps by which a mean over a log-normal density is taken.
const SPREAD: (f64, usize) = (8.0, 256);

#[inline]
pub(crate) fn call(law: Law, [a, b, c, d]: [f64; 4]) -> f64 {
    match law {
        Law::Exp => libm::exp(a),
        Law::Ln => libm::log(a),
        Law::Sqrt => libm::sqrt(a),
        Law::Min => a.min(b),
        Law::Max => a.max(b),
        Law::Hill if a <= 0.0 => 0.0,
        Law::Hill if c == 1.0 => a / (b + a),
        // (b/a)^c can overflow to infinity, which gives the right limit 0.
        Law::Hill => 1.0 / (1.0 + libm::pow(b / a, c)),
        Law::Emax => b * a / (c + a),
        Law::Logistic => (1.0 - a / b).max(0.0),
        Law::Gompertz => libm::log(b / a).max(0.0),
        Law::Richards => (1.0 - libm::pow(a.max(0.0) / b, c)).max(0.0),
        // Nothing grows from nothing, though growth per cell has no limit there.
        Law::PowerLaw | Law::VonBertalanffy if a <= 0.0 => 0.0,
        Law::PowerLaw => libm::pow(a / b, c - 1.0),
        Law::VonBertalanffy => (libm::pow(a / b, c - 1.0) - 1.0).max(0.0),
        Law::ExponentialLinear if a <= b => libm::pow(1.0 + libm::pow(a.max(0.0) / b, c), -1.0 / c),
        // The same with the larger term taken out, which could overflow.
        Law::ExponentialLinear => b / a * libm::pow(1.0 + libm::pow(b / a, c), -1.0 / c),
        Law::Bliss => a + b - a * b,
        Law::Hsa => a.max(b),
        Law::Loewe => loewe([a, c], [b, d]),
        Law::Brake => 1.0 - a / (1.0 + b / c),
        Law::Recognition => recognition(a, b, c, d),
        Law::LinearQuadratic => a * (b + c * a * d),
    }
}

/// Effect of two drugs by Loewe additivity. With L = ln q the sum of exp(ln x - L / n) is 1: its logarithm falls and is convex, so Newton's
/// steps from below the root rise to it.
fn loewe(x: [f64; 2], n: [f64; 2]) -> f64 {
    let alone = |k: usize| n[k] * libm::log(x[k]);
    let logit = match (x[0] > 0.0, x[1] > 0.0) {
        (false, false) => return 0.0,
        (true, false) => alone(0),
        (false, true) => alone(1),
        _ => {
            let mut at = alone(0).max(alone(1));
            for _ in 0..100 {
                let part = [0, 1].map(|k| libm::exp(libm::log(x[k]) - at / n[k]));
                let sum = part[0] + part[1];
                let step = libm::log(sum) * sum / (part[0] / n[0] + part[1] / n[1]);
                at += step;
                if step.abs() <= 1e-14 * (1.0 + at.abs()) || !step.is_finite() {
                    break;
                }
            }
            at
        }
    };
    1.0 / (1.0 + libm::exp(-logit))
}

/// Mean of a Hill law over a log-normal density: the trapezoidal rule in the standard normal deviate z, which for functions analytic
/// about the real line errs by exp(-2 pi^2 / (h q sigma)): nothing up to q sigma = 8, 1e-6 at 20.
fn recognition(density: f64, threshold: f64, steepness: f64, cv: f64) -> f64 {
    if density <= 0.0 {
        return 0.0;
    }
    let (middle, sigma) = (libm::log(density / threshold), libm::sqrt(libm::log1p(cv * cv)));
    let hill = |z: f64| 1.0 / (1.0 + libm::exp(-steepness * (middle + sigma * z)));
    if cv == 0.0 {
        return hill(0.0);
    }
    let (half, steps) = SPREAD;
    let (mut sum, mut weights) = (0.0, 0.0);
    for k in 0..=steps {
        let z = half * (2.0 * k as f64 / steps as f64 - 1.0);
        let weight = libm::exp(-0.5 * z * z);
        sum += weight * hill(z);
        weights += weight;
    }
    sum / weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drugs_that_are_dilutions_of_one_another() {
        // Of one drug given in two halves the effect is that of the whole.
        for n in [0.5, 1.0, 3.0] {
            let whole = call(Law::Hill, [2.0, 1.0, n, 0.0]);
            assert!((loewe([0.7, 1.3], [n, n]) - whole).abs() < 1e-13, "{n}");
        }
        assert_eq!(loewe([0.0, 0.0], [1.0, 2.0]), 0.0);
        assert!((loewe([3.0, 0.0], [2.0, 5.0]) - 0.9).abs() < 1e-14);
        // The equation itself, at exponents that differ.
        for x in [[1e-6, 2.0], [0.3, 0.4], [2.0, 3.0]] {
            let e = loewe(x, [0.7, 4.0]);
            let q = e / (1.0 - e);
            let sum = x[0] / q.powf(1.0 / 0.7) + x[1] / q.powf(0.25);
            assert!((sum - 1.0).abs() < 1e-9, "{x:?}: {sum}");
        }
    }

    #[test]
    fn recognition_is_a_mean_over_the_density() {
        assert!((recognition(3.0, 1.0, 2.0, 0.0) - 0.9).abs() < 1e-15);
        // At the threshold the law is odd in z about one half, whatever the spread.
        assert!((recognition(1.0, 1.0, 3.0, 2.0) - 0.5).abs() < 1e-14);
        // A wide spread makes it the normal distribution function of ln(density / threshold) / sigma as the law becomes a step:
        // variance of the logistic law pi^2 / 3 / q^2 against sigma^2.
        let (cv, q) = (1.0f64, 20.0);
        let sigma = cv.mul_add(cv, 1.0).ln().sqrt();
        let found = recognition(sigma.exp(), 1.0, q, cv);
        assert!((found - 0.841_345).abs() < 0.003, "{found}");
        assert_eq!(recognition(0.0, 1.0, 2.0, 0.5), 0.0);
    }

    #[test]
    fn a_fraction_kills_by_the_linear_quadratic_law() {
        let (dose, length) = (8.0, 0.007);
        let hazard = call(Law::LinearQuadratic, [dose / length, 0.12, 0.015, length]);
        assert!((hazard * length - (0.12 * dose + 0.015 * dose * dose)).abs() < 1e-12);
    }
}
