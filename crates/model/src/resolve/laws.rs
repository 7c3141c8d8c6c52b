//! What a law of variation was meant to be, and which laws make no sense of a number.

use super::parameters::split;
use crate::units::{Quantity, digits, number};

/// Largest share of patients below zero that a normal law of a positive number may have.
const MOST_BELOW: f64 = 0.01;

/// What to write in place of a law that is not of any form.
pub(super) fn meant(text: &str) -> String {
    let text = text.trim();
    let Some((law, arguments)) = split(text) else {
        let spread = text.trim_start_matches("cv").trim_start().trim_start_matches('=').trim();
        return match crate::units::quantity(spread) {
            Ok(q) if q.unit_text == "%" => format!("write lognormal(cv = {spread}), or normal(cv = {spread})"),
            _ => "write one of these forms, with its parentheses".into(),
        };
    };
    let letters: String = law.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let law = match letters.as_str() {
        "lognormal" | "lnorm" | "logn" | "ln" => "lognormal",
        "normal" | "gaussian" | "gauss" | "norm" | "n" => "normal",
        "uniform" | "unif" | "u" | "range" => "uniform",
        "loguniform" | "logunif" => "loguniform",
        _ => return "use one of these laws".into(),
    };
    // Spreads are quoted back only where they can be read, so that what is advised can be accepted.
    let spread = |a: &(&str, &str)| crate::units::quantity(a.1).is_ok();
    match (law, &arguments[..]) {
        ("lognormal", [(key @ ("cv" | "sigma"), x)]) => format!("write lognormal({key} = {x})"),
        ("lognormal", [a @ ("", x)]) if spread(a) && x.contains('%') => format!("write lognormal(cv = {x})"),
        ("lognormal", [a @ (_, x)]) if spread(a) => format!(
            "write lognormal(cv = {x}) for a share of the value, or lognormal(sigma = {x}) for the standard deviation \
             of the logarithm"
        ),
        ("lognormal", [_, _]) => {
            "give the spread alone, since the median is the parameter's value: lognormal(cv = 40 %)".into()
        }
        ("normal", [(key @ ("sd" | "cv"), x)]) => format!("write normal({key} = {x})"),
        ("normal", [a @ (_, x)]) if spread(a) && x.contains('%') => format!("write normal(cv = {x})"),
        ("normal", [a @ (_, x)]) if spread(a) => format!("write normal(sd = {x})"),
        ("normal", [_, a @ (_, x)]) if spread(a) => {
            format!("give the spread alone, since the centre is the parameter's value: normal(sd = {x})")
        }
        ("uniform" | "loguniform", [a, b]) if spread(a) && spread(b) => format!("write {law}({}, {})", a.1, b.1),
        ("uniform" | "loguniform", _) => format!("give the lower and the upper end: {law}(a, b)"),
        _ => format!("correct what `{law}` is given"),
    }
}

/// What to do about ends or a spread without a unit, or with another unit than the value's.
pub(super) fn unit_of(law: &str, arguments: &[(&str, &str)], value: &Quantity, found: &Quantity) -> String {
    let unit = &value.unit_text;
    if law == "normal" && found.unit_text == "%" {
        return format!("for a share of the value write normal(cv = {})", arguments[0].1);
    }
    if found.unit_text.is_empty() {
        let with_unit = |(key, x): &(&str, &str)| {
            let bare = crate::units::quantity(x).is_ok_and(|q| q.unit_text.is_empty());
            let x = if bare { format!("{x} {unit}") } else { (*x).to_string() };
            if key.is_empty() { x } else { format!("{key} = {x}") }
        };
        let arguments: Vec<String> = arguments.iter().map(with_unit).collect();
        return format!("if they are in the unit of `value`, write {law}({})", arguments.join(", "));
    }
    format!("`value` is in {unit}, the law in {}: give both a unit of one kind", found.unit_text)
}

/// Why a law over patients makes no sense of a number, and what to write.
pub(super) fn below_zero(sd: f64, value: f64) -> Option<[String; 2]> {
    let share = 0.5 * libm::erfc(value / (sd * libm::sqrt(2.0)));
    if !(value > 0.0 && share > MOST_BELOW) {
        return None;
    }
    let percent = digits((share * 1000.0).round() / 10.0);
    Some([
        format!("below 0 in {percent} % of patients"),
        format!(
            "use lognormal(cv = {} %), which is never below 0, or a smaller spread",
            number((sd / value * 100.0).round().min(1000.0))
        ),
    ])
}
