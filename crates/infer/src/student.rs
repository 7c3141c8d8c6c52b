//! Student's t and Fisher's F laws, through the regularised incomplete beta function I.
//!
//! Two-sided t: P(|T| > t) = I_x(n/2, 1/2) with x = n / (n + t^2); F: P(F > f) = I_x(m/2, n/2) with x = m / (m + n f) and the
//! degrees swapped.

use remission_cohort::statistics::special::beta_lower;

/// Chance that Student's t with so many `degrees` (above 0) lies farther from 0 than `t`.
///
/// ```
/// use remission_infer::student::t_beyond;
/// assert!((t_beyond(1.0, 1.0) - 0.5).abs() < 1e-14);
/// assert!((t_beyond(2.364624251592785, 7.0) - 0.05).abs() < 1e-13);
/// ```
pub fn t_beyond(t: f64, degrees: f64) -> f64 {
    if t.is_infinite() {
        return 0.0;
    }
    beta_lower(degrees / (degrees + t * t), degrees / 2.0, 0.5)
}

/// The t from which 5 % lie farther out, 2.5 % on each side; infinite without degrees of freedom.
///
/// ```
/// use remission_infer::student::t_95;
/// assert!((t_95(7.0) - 2.364624251592785).abs() < 1e-10);
/// assert!((t_95(1.0) - 12.706204736174698).abs() < 1e-9);
/// assert_eq!(t_95(0.0), f64::INFINITY);
/// ```
pub fn t_95(degrees: f64) -> f64 {
    if degrees <= 0.0 {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (1.0, 20.0);
    while t_beyond(high, degrees) > 0.05 {
        high *= 2.0;
    }
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if t_beyond(middle, degrees) > 0.05 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Chance that Fisher's F with `above` and `below` degrees of freedom exceeds `f`.
///
/// ```
/// use remission_infer::student::{f_above, t_beyond};
/// assert!((f_above(4.0, 1.0, 9.0) - t_beyond(2.0, 9.0)).abs() < 1e-14);
/// assert!((f_above(4.102821015113014, 2.0, 10.0) - 0.05).abs() < 1e-12);
/// ```
pub fn f_above(f: f64, above: f64, below: f64) -> f64 {
    beta_lower(below / (below + above * f.max(0.0)), below / 2.0, above / 2.0)
}
