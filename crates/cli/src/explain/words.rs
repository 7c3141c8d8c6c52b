//! Numbers, times, laws of variation and sources as people write them.

use remission_model::expr::Expr;
use remission_model::expression_text;
use remission_model::resolved::{Citation, Model, Parameter, Source, Variation};

/// Three significant digits: `0.0261`, `43`, `5e-10`.
pub fn figure(x: f64) -> String {
    if x == 0.0 {
        return "0".into();
    }
    if !x.is_finite() {
        return "not known".into();
    }
    let scientific = format!("{x:.2e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text.to_string(),
    };
    if (-4..5).contains(&exponent) {
        trim(&format!("{x:.*}", (2 - exponent).max(0) as usize))
    } else {
        format!("{}e{exponent}", trim(digits))
    }
}

/// A number with its unit; `%` and plain numbers as they are written in files.
pub fn quantity(x: f64, unit: &str) -> String {
    if unit.is_empty() { figure(x) } else { format!("{} {unit}", figure(x)) }
}

/// A time in the unit people would use.
pub fn time(days: f64) -> String {
    let (n, unit) = match days {
        d if !d.is_finite() => return "for ever".into(),
        d if d < 2.0 / 24.0 => (d * 1440.0, "minute"),
        d if d < 4.0 => (d * 24.0, "hour"),
        d if d < 100.0 => (d, "day"),
        d if d < 3.0 * 365.25 => (d / 30.4375, "month"),
        d => (d / 365.25, "year"),
    };
    let n = if n < 9.95 { figure((n * 10.0).round() / 10.0) } else { format!("{}", n.round()) };
    if n == "1" { format!("1 {unit}") } else { format!("{n} {unit}s") }
}

/// A length of time that was written by a person: whole in the largest unit in which it is whole.
pub fn written_time(days: f64) -> String {
    let whole = |per: f64| {
        let n = days / per;
        (n >= 1.0 && (n - n.round()).abs() < 1e-9).then(|| n.round())
    };
    for (per, unit) in [(365.25, "year"), (30.4375, "month"), (7.0, "week"), (1.0, "day"), (1.0 / 24.0, "hour")] {
        if let Some(n) = whole(per) {
            return if n == 1.0 { format!("1 {unit}") } else { format!("{n} {unit}s") };
        }
    }
    format!("{} days", figure(days))
}

/// A day of treatment, day 1 being the first: `day 8`, or with a part of a day `day 2.5`.
pub fn day(days_since_start: f64) -> String {
    format!("day {}", figure((days_since_start * 10.0).round() / 10.0 + 1.0))
}

/// Doubling or halving at a net rate a day.
pub fn net(per_day: f64) -> String {
    let days = std::f64::consts::LN_2 / per_day.abs();
    match per_day {
        r if r.abs() < 1e-9 => "stays as it is".into(),
        r if r > 0.0 => format!("doubles in {}", time(days)),
        _ => format!("halves in {}", time(days)),
    }
}

/// A share of a whole.
pub fn percent(share: f64) -> String {
    format!("{} %", figure(100.0 * share))
}

/// A law of variation in words, numbers in the unit the parameter was written in.
pub fn variation(v: &Variation, p: &Parameter) -> String {
    let at = |x: f64| quantity(x / p.unit_scale, &p.unit);
    let range = |low: f64, high: f64| format!("{} to {}", figure(low / p.unit_scale), at(high));
    match *v {
        Variation::LogNormal { sigma } => {
            format!("log-normal, cv {}", percent((sigma * sigma).exp_m1().sqrt()))
        }
        Variation::Normal { sd } => format!("normal, sd {}", at(sd)),
        Variation::Uniform { low, high } => format!("{}, uniform", range(low, high)),
        Variation::LogUniform { low, high } => format!("{}, log-uniform", range(low, high)),
    }
}

/// Where a paper is: DOI or address, and the place in it.
pub fn citation(c: &Citation) -> String {
    let paper = if c.doi.is_empty() { c.url.clone() } else { format!("doi {}", c.doi) };
    if c.place.is_empty() { paper } else { format!("{paper}: {}", c.place) }
}

/// `cited`, `fitted` or `assumed`, and the words that stand behind it.
pub fn source(s: &Source) -> (&'static str, String) {
    match s {
        Source::Cited(c) => ("cited", citation(c)),
        Source::Fitted(text) => ("fitted", text.clone()),
        Source::Assumed { why, .. } => ("assumed", why.clone()),
    }
}

/// The expression, where it says more than its value: nothing for a number.
pub fn formula(e: &Expr, model: &Model) -> Option<String> {
    if matches!(e, Expr::Number(_)) { None } else { Some(expression_text(e, model)) }
}

/// `1 arm`, `3 arms`.
pub fn many(n: usize, what: &str) -> String {
    let n_text = crate::report::words::thousands(n as u64);
    if n == 1 { format!("1 {what}") } else { format!("{n_text} {what}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_three_digits() {
        let cases = [(0.026, "0.026"), (0.0, "0"), (5e-10, "5e-10"), (2e10, "2e10"), (0.13, "0.13"), (1234.5, "1234")];
        for (x, wanted) in cases {
            assert_eq!(figure(x), wanted);
        }
        assert_eq!(figure(-0.026_04), "-0.026");
        assert_eq!(figure(99_499.0), "99499");
        assert_eq!(figure(1e5), "1e5");
        assert_eq!(figure(0.099_999), "0.1");
        assert_eq!(figure(f64::NAN), "not known");
    }

    #[test]
    fn times_are_in_the_unit_people_use() {
        assert_eq!(time(43.3), "43 days");
        assert_eq!(time(1.0 / 24.0), "60 minutes");
        assert_eq!(time(0.77), "18 hours");
        assert_eq!(time(400.0), "13 months");
        assert_eq!(time(2000.0), "5.5 years");
        assert_eq!(written_time(1826.25), "5 years");
        assert_eq!(written_time(42.0), "6 weeks");
        assert_eq!(written_time(3.0), "3 days");
        assert_eq!(net(0.016), "doubles in 43 days");
        assert_eq!(net(-0.0257), "halves in 27 days");
    }
}
