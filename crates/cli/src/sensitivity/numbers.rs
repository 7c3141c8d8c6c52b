//! How figures of a sensitivity analysis are printed.

use crate::explain::words::figure;

/// Three digits, or what is said where there is none.
pub fn maybe(x: Option<f64>) -> String {
    x.filter(|x| x.is_finite()).map_or("none".into(), figure)
}

/// A share of variance with two decimals.
pub fn share(x: f64) -> String {
    let text = format!("{x:.2}");
    if text == "-0.00" { "0.00".into() } else { text }
}

/// A share with its interval.
pub fn with_interval(s: Option<[f64; 3]>) -> String {
    s.map_or("-".into(), |[x, a, z]| format!("{} ({} to {})", share(x), share(a), share(z)))
}

/// A part of a whole in per cent.
pub fn percent(x: Option<f64>) -> String {
    x.filter(|x| x.is_finite()).map_or("not known".into(), |x| {
        let p = 100.0 * x;
        if p > 0.0 && p < 1.0 { "less than 1 %".into() } else { format!("{p:.0} %") }
    })
}
