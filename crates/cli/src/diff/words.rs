//! A difference in words. What is not known here is said with its path.

use super::tree::Node;
use super::{Change, Kind};
use remission_model::units::{number, quantity, unit};
use std::collections::BTreeMap;

/// Units in which parameters are printed, by name: that of the first, that of the second.
pub type Units = BTreeMap<String, [Option<String>; 2]>;

/// The heading under which a difference stands.
pub fn section(change: &Change) -> &str {
    match change.path.first().map(String::as_str) {
        Some("first arm") => "arms",
        Some(section) => section,
        None => "",
    }
}

/// The second value over the first, where both are quantities of one kind.
pub fn factor(change: &Change) -> Option<f64> {
    if change.path.last().is_some_and(|key| key == "seed") {
        return None;
    }
    let value = |n: &Option<Node>| quantity(n.as_ref()?.text()?).ok();
    let (a, b) = (value(&change.from)?, value(&change.to)?);
    (a.unit.dimension == b.unit.dimension && a.value != 0.0).then(|| b.value / a.value).filter(|f| f.is_finite())
}

/// One line, or several when it holds expressions.
pub fn words(change: &Change, units: &Units) -> String {
    let path: Vec<&str> = change.path.iter().map(String::as_str).collect();
    let place = place(&path);
    match (change.kind, &change.from, &change.to) {
        (Kind::Added, _, Some(Node::Map(map))) if path.len() == 2 && path[0] == "parameters" => {
            format!("{}: added: {}", path[1], parameter(path[1], map, 1, units))
        }
        (Kind::Removed, Some(Node::Map(map)), _) if path.len() == 2 && path[0] == "parameters" => {
            format!("{}: removed: {}", path[1], parameter(path[1], map, 0, units))
        }
        (Kind::Added, _, Some(node)) => format!("{place}: added{}", told(node)),
        (Kind::Removed, Some(node), _) => format!("{place}: removed{}", told(node)),
        (_, Some(Node::List(a)), Some(Node::List(b))) => lists(&place, a, b),
        (_, Some(Node::Leaf(a)), Some(Node::Leaf(b))) => leaves(&path, &place, a, b, factor(change), units),
        (_, Some(a), Some(b)) => format!("{place}: {} -> {}", plain(a), plain(b)),
        _ => place,
    }
}

fn place(path: &[&str]) -> String {
    match path {
        ["parameters", name, "value"] => name.to_string(),
        ["parameters", name, rest @ ..] if !rest.is_empty() => format!("{name}, {}", keys(rest)),
        ["cells", name, "mutates", to, rest @ ..] => {
            let rate = rest.iter().all(|k| k.starts_with("per_"));
            format!("{name}, mutation to {to}{}", if rate { String::new() } else { format!(", {}", keys(rest)) })
        }
        ["cells", name, "switches", to, rest @ ..] => {
            let rate = rest.iter().all(|k| *k == "rate");
            format!("{name}, switch to {to}{}", if rate { String::new() } else { format!(", {}", keys(rest)) })
        }
        ["arms", name, "regimen"] => format!("\"{name}\""),
        ["arms", name] => format!("\"{name}\""),
        ["arms", name, rest @ ..] => format!("\"{name}\", {}", keys(rest)),
        [one] => keys(&[one]),
        [_, rest @ ..] => keys(rest),
        [] => String::new(),
    }
}

fn keys(path: &[&str]) -> String {
    path.join(", ")
}

/// What was added or removed, on one line.
fn told(node: &Node) -> String {
    let text = plain(node);
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// A parameter: its value as written first, then all else.
fn parameter(name: &str, map: &[(String, Node)], side: usize, units: &Units) -> String {
    let as_written = |base: &str| {
        let unit = units.get(name)?[side].as_deref()?;
        Some(joined(&written(base, unit)?, unit))
    };
    let mut parts = Vec::new();
    for (key, node) in map {
        match (key.as_str(), node.text()) {
            ("value", Some(base)) => parts.insert(0, as_written(base).unwrap_or_else(|| base.to_string())),
            // The value carries it.
            ("unit", _) => {}
            ("basis", Some(basis)) => parts.push(basis.to_string()),
            _ => parts.push(format!("{key} {}", plain(node))),
        }
    }
    parts.join("; ")
}

fn plain(node: &Node) -> String {
    match node {
        Node::Leaf(text) => spread(text),
        Node::List(list) if list.is_empty() => "nothing".into(),
        Node::List(list) => list.join("; "),
        Node::Map(map) => {
            let one = |(k, v): &(String, Node)| match v {
                Node::Map(_) => format!("{} ({})", k, plain(v)),
                _ => format!("{} {}", k, plain(v)),
            };
            map.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    }
}

fn leaves(path: &[&str], place: &str, a: &str, b: &str, factor: Option<f64>, units: &Units) -> String {
    if let ["first arm"] = path {
        return format!("all comparisons are against \"{b}\", before against \"{a}\"");
    }
    let by = factor.map_or(String::new(), |f| format!(" ({})", times(f)));
    if let ["parameters", name, "value"] = path
        && let Some([Some(first), Some(second)]) = units.get(*name)
        && let (Some(x), Some(y)) = (written(a, first), written(b, second))
    {
        return match first == second {
            true => format!("{place}: {x} -> {}{by}", joined(&y, second)),
            false => format!("{place}: {} -> {}{by}", joined(&x, first), joined(&y, second)),
        };
    }
    let (a, b) = (spread(a), spread(b));
    if by.is_empty() && a.chars().count() + b.chars().count() > 80 {
        return format!("{place}:\n    was  {a}\n    now  {b}");
    }
    format!("{place}: {a} -> {b}{by}")
}

/// Standard deviations of the logarithm as coefficients of variation, which is how they are thought of.
fn spread(text: &str) -> String {
    let sigma = text.strip_prefix("lognormal(sigma = ").and_then(|t| t.strip_suffix(')')).and_then(|t| t.parse().ok());
    match sigma {
        Some(sigma) => {
            let sigma: f64 = sigma;
            let cv = 100.0 * libm::sqrt(libm::expm1(sigma * sigma));
            format!("lognormal(cv = {} %)", number(rounded(cv)))
        }
        None => text.to_string(),
    }
}

fn written(base: &str, unit_text: &str) -> Option<String> {
    let q = quantity(base).ok()?;
    Some(number(rounded(q.in_unit(unit(unit_text).ok()?))))
}

/// To twelve digits, which hides the rounding of a unit conversion and nothing else.
fn rounded(x: f64) -> f64 {
    format!("{x:.11e}").parse().unwrap_or(x)
}

fn joined(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_string() } else { format!("{number} {unit}") }
}

/// A factor as people say it.
fn times(f: f64) -> String {
    if !(0.5..2.0).contains(&f) {
        return format!("x {}", short(f));
    }
    let percent = 100.0 * (f - 1.0);
    let size = if percent.abs() >= 1.0 { format!("{:.0}", percent.abs()) } else { short(percent.abs()) };
    format!("{}{size} %", if percent < 0.0 { "-" } else { "+" })
}

/// Two digits.
fn short(x: f64) -> String {
    number(format!("{x:.1e}").parse().unwrap_or(x))
}

/// Lists of sentences or numbers: what both have is not said.
fn lists(place: &str, a: &[String], b: &[String]) -> String {
    let only = |x: &[String], y: &[String]| -> Vec<String> {
        let mut rest = y.to_vec();
        let new = |s: &&String| match rest.iter().position(|r| r == *s) {
            Some(k) => {
                rest.remove(k);
                false
            }
            None => true,
        };
        x.iter().filter(new).cloned().collect()
    };
    let (gone, new) = (only(a, b), only(b, a));
    if let ([gone], [new]) = (&gone[..], &new[..]) {
        return format!("{place}: {}", middle(gone, new));
    }
    let say = |list: Vec<String>| if list.is_empty() { "nothing".to_string() } else { list.join("; ") };
    format!("{place}: {} -> {}", say(gone), say(new))
}

/// Two sentences with what they share said once: `erlotinib 150 -> 100 mg oral every day`.
fn middle(a: &str, b: &str) -> String {
    let (x, y): (Vec<&str>, Vec<&str>) = (a.split(' ').collect(), b.split(' ').collect());
    let most = x.len().min(y.len());
    let head = x.iter().zip(&y).take_while(|(p, q)| p == q).count();
    let tail = x.iter().rev().zip(y.iter().rev()).take_while(|(p, q)| p == q).count().min(most - head);
    let (p, q) = (&x[head..x.len() - tail], &y[head..y.len() - tail]);
    if p.is_empty() || q.is_empty() || p.len() + q.len() > 8 {
        return format!("{a} -> {b}");
    }
    [&x[..head], p, &["->"], q, &x[x.len() - tail..]].concat().join(" ")
}
