//! Numbers in sentences.

use crate::verdict::unrounded;

/// A number with so many significant digits (1 or more), plain between 1e-4 and 1e6 and with a power of ten outside;
/// trailing zeros are kept, so that the reader sees how many digits were given, and digits before the point are never
/// rounded away below a million.
///
/// ```
/// use remission_infer::words::significant;
/// assert_eq!(significant(10.84383, 4), "10.84");
/// assert_eq!(significant(149732.6, 4), "149733");
/// assert_eq!(significant(5.7073e-8, 3), "5.71e-8");
/// assert_eq!(significant(0.05, 2), "0.050");
/// assert_eq!((significant(0.0, 3).as_str(), significant(-f64::INFINITY, 3).as_str()), ("0", "-infinite"));
/// ```
pub fn significant(x: f64, digits: usize) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if !x.is_finite() {
        return if x.is_nan() {
            "not known"
        } else if x > 0.0 {
            "infinite"
        } else {
            "-infinite"
        }
        .into();
    }
    let more = digits.clamp(1, 17) - 1;
    // Rounded first: 999.96 with four digits is 1000, which has one digit more before the point.
    let written = format!("{x:.more$e}");
    let power: i32 = written.split_once('e').and_then(|(_, p)| p.parse().ok()).unwrap_or(0);
    match (-4..6).contains(&power) {
        true => format!("{x:.*}", (more as i32 - power).max(0) as usize),
        false => written,
    }
}

/// A number as it was typed: every digit, with a power of ten from 1e15 on and below 1e-5.
///
/// ```
/// use remission_infer::words::typed;
/// assert_eq!((typed(1.0000001), typed(20000.0), typed(1e15)), ("1.0000001".into(), "20000".into(), "1e15".into()));
/// assert_eq!((typed(1e300), typed(-2.5e-7), typed(0.0)), ("1e300".into(), "-2.5e-7".into(), "0".into()));
/// ```
pub fn typed(x: f64) -> String {
    match x == 0.0 || (1e-5..1e15).contains(&x.abs()) {
        true => format!("{x}"),
        false => format!("{x:e}"),
    }
}

/// So many of something: `1 culture`, `2 cultures`.
///
/// ```
/// use remission_infer::words::counted;
/// assert_eq!((counted(1, "colony", "colonies"), counted(0, "well", "wells")), ("1 colony".into(), "0 wells".into()));
/// ```
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// A probability in a sentence: never 1 or 0, which no data give, nor that of a verdict where none is given.
///
/// ```
/// use remission_infer::words::probability;
/// assert_eq!((probability(0.9642), probability(0.99999), probability(1e-9)), ("0.964".into(), "above 0.999".into(), "below 0.001".into()));
/// assert_eq!(probability(0.9497), "0.949");
/// ```
pub fn probability(p: f64) -> String {
    match p {
        p if p > 0.999 => "above 0.999".into(),
        p if p < 0.001 => "below 0.001".into(),
        p => format!("{:.3}", unrounded(p)),
    }
}

/// A p-value in a sentence, from `p` on; what is far in a tail is not known to its digits.
///
/// ```
/// use remission_infer::words::p_value;
/// assert_eq!((p_value(0.0312), p_value(6e-55), p_value(1.0)), ("p = 0.031".into(), "p < 0.0001".into(), "p = 1".into()));
/// ```
pub fn p_value(p: f64) -> String {
    if p < 1e-4 { "p < 0.0001".into() } else { format!("p = {}", shortest(p, 2)) }
}

/// As [`significant`] without trailing zeros: for values that somebody chose.
///
/// ```
/// use remission_infer::words::shortest;
/// assert_eq!((shortest(0.5, 3), shortest(100.0, 3), shortest(0.8019780612, 3)), ("0.5".into(), "100".into(), "0.802".into()));
/// assert_eq!((shortest(2e10, 3), shortest(1e-4, 3)), ("2e10".into(), "0.0001".into()));
/// ```
pub fn shortest(x: f64, digits: usize) -> String {
    let text = significant(x, digits);
    if !x.is_finite() {
        return text;
    }
    let (number, power) = text.split_once('e').map_or((text.as_str(), None), |(n, p)| (n, Some(p)));
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    power.map_or(number.to_string(), |p| format!("{number}e{p}"))
}
