//! Student's t and Fisher's F laws, through the regularised incomplete beta function.
//!
//! I_x(a, b) by its continued fraction (DLMF 8.17.22, evaluated from the front by Lentz's method); for x above
//! (a + 1) / (a + b + 2) by I_x(a, b) = 1 - I_(1-x)(b, a). Two-sided t: P(|T| > t) = I_x(n/2, 1/2) with
//! x = n / (n + t^2); F: P(F > f) = I_x(m/2, n/2) with x = m / (m + n f) and the degrees swapped.

/// I_x(a, b) for a, b above 0 and x from 0 to 1.
///
/// ```
/// use remission_infer::student::beta_below;
/// assert!((beta_below(2.0, 3.0, 0.4) - 0.5248).abs() < 1e-14); // 6 x^2 - 8 x^3 + 3 x^4
/// assert_eq!((beta_below(2.0, 3.0, 0.0), beta_below(2.0, 3.0, 1.0)), (0.0, 1.0));
/// ```
pub fn beta_below(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_below(b, a, 1.0 - x);
    }
    let log_front = a * libm::log(x) + b * libm::log1p(-x) + libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b);
    let small = |v: f64| if v.abs() < 1e-300 { 1e-300 } else { v };
    let (mut c, mut d) = (1.0, 1.0 / small(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / small(1.0 + term * d);
            c = small(1.0 + term / c);
            change *= c * d;
        }
        value *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    libm::exp(log_front) * value / a
}

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
    beta_below(degrees / 2.0, 0.5, degrees / (degrees + t * t))
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
    beta_below(below / 2.0, above / 2.0, below / (below + above * f.max(0.0)))
}
