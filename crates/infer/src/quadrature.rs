//! Evidence and posterior of one value by quadrature: ln of Int N(z; 0, 1) L(z) dz for a likelihood L with one peak.
//!
//! In the coordinate in which the prior is standard normal the integrand is smooth and falls at least as fast as a normal
//! density, so the trapezoidal rule converges geometrically once its points lie closer than the peak is wide. The peak is
//! found first ([`crate::profile::highest`] from the best of a coarse row of starts), then the places where the integrand
//! has fallen by e^-36, and the points are laid between them. Two values: one rule inside the other.

use crate::profile::{falls_by, highest};
use crate::special::log_sum;

/// The integral with the points it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Integral {
    /// ln of the integral; minus infinity where the likelihood is 0 everywhere it was looked for.
    pub log: f64,
    /// (z, ln of the share of the integral that lies at this point); the shares sum to 1.
    pub points: Vec<(f64, f64)>,
}

/// Furthest z looked at: beyond it lies 1e-15 of the prior.
const END: f64 = 8.0;

/// Integrates a likelihood, given as its logarithm, against a standard normal prior, with so many `points` (20 or more;
/// 40 give ten digits for a peak that is about normal).
///
/// ```
/// use remission_infer::quadrature::integrate;
/// // A reading of 1 with standard deviation 0.01: evidence N(1; 0, 1.0001).
/// let found = integrate(|z| remission_infer::special::log_normal_density(1.0, z, 0.01), 40);
/// assert!((found.log - remission_infer::special::log_normal_density(1.0, 0.0, 1.0001f64.sqrt())).abs() < 1e-9);
/// ```
pub fn integrate(mut log_likelihood: impl FnMut(f64) -> f64, points: usize) -> Integral {
    const HALF_LN_TWO_PI: f64 = 0.918_938_533_204_672_7;
    let mut f = |z: f64| {
        let l = log_likelihood(z);
        if l.is_nan() { f64::NEG_INFINITY } else { l - 0.5 * z * z - HALF_LN_TWO_PI }
    };
    let starts = (-8..=8).map(|k| 0.5 * f64::from(k) * END / 4.0).map(|z| (z, f(z)));
    let best = starts.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0.0, f64::NEG_INFINITY));
    if best.1 == f64::NEG_INFINITY {
        return Integral { log: f64::NEG_INFINITY, points: vec![(0.0, 0.0)] };
    }
    let peak = highest(&mut f, best.0, 0.25, -END, END);
    const FALL: f64 = 36.0;
    let low = rough_fall(&mut f, &peak, FALL, -END);
    let high = rough_fall(&mut f, &peak, FALL, END);
    let step = (high - low) / (points.max(2) - 1) as f64;
    let at: Vec<f64> = (0..points.max(2)).map(|k| low + step * k as f64).collect();
    let values: Vec<f64> = at.iter().map(|z| f(*z)).collect();
    let sum = log_sum(&values);
    let points = at.into_iter().zip(&values).map(|(z, v)| (z, v - sum)).collect();
    Integral { log: sum + libm::log(step), points }
}

/// Where f has fallen by about `by`, to a tenth of it: the exact place does not matter.
fn rough_fall(f: &mut impl FnMut(f64) -> f64, peak: &crate::profile::Peak, by: f64, end: f64) -> f64 {
    let step = if end > peak.at { 0.05 } else { -0.05 };
    let near = |y: f64| if (y - peak.value + by).abs() < 3.0 { peak.value - by } else { y };
    // A budget keeps plateaus from taking long.
    let mut left = 40;
    let place = falls_by(
        |z| {
            left -= 1;
            if left < 0 { peak.value - by } else { near(f(z)) }
        },
        peak,
        by,
        step,
        end,
    );
    place.unwrap_or(end)
}
