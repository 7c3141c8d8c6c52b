//! What differs in meaning between two models and studies.
//!
//! Both are compared as resolved ([`remission_model::resolved_to_toml`]): in base units, defaults filled, sentences in normal form,
//! and what is resolved reads back as the same model, so the text holds all there is. The tree of that text is compared leaf
//! by leaf without knowing its keys; [`words`] only chooses how a difference is said. A key that is new to the format is
//! therefore compared from its first day, which a test makes sure of by changing every leaf of every case.
//!
//! Order does not matter but for the first arm, against which all others are compared. Numbers that differ by less than
//! 1e-14 of themselves, the rounding of a unit conversion, are the same. Units for printing are compared by what they measure.

pub mod tree;
pub mod words;

#[cfg(test)]
mod tests;

use tree::Node;

/// Relative difference of numbers that are the same.
const ROUNDING: f64 = 1e-14;

/// How a place differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Both have it.
    Changed,
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
}

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Keys from the root.
    pub path: Vec<String>,
    /// How it differs.
    pub kind: Kind,
    /// What the first has, as resolved.
    pub from: Option<Node>,
    /// What the second has.
    pub to: Option<Node>,
}

/// Every difference, section by section.
pub fn compare(a: &Node, b: &Node) -> Vec<Change> {
    let mut out = Vec::new();
    walk(a, b, &mut Vec::new(), &mut out);
    out
}

fn walk(a: &Node, b: &Node, path: &mut Vec<String>, out: &mut Vec<Change>) {
    let (Node::Map(x), Node::Map(y)) = (a, b) else {
        if !same(a, b, path.last().map_or("", String::as_str)) {
            let (from, to) = (Some(a.clone()), Some(b.clone()));
            out.push(Change { path: path.clone(), kind: Kind::Changed, from, to });
        }
        return;
    };
    let keys = x.iter().chain(y.iter().filter(|(k, _)| !x.iter().any(|(n, _)| n == k))).map(|(k, _)| k);
    for key in keys {
        path.push(key.clone());
        match (tree::get(x, key), tree::get(y, key)) {
            (Some(from), Some(to)) => walk(from, to, path, out),
            (from, to) => {
                let kind = if from.is_some() { Kind::Removed } else { Kind::Added };
                out.push(Change { path: path.clone(), kind, from: from.cloned(), to: to.cloned() });
            }
        }
        path.pop();
    }
}

/// Keys whose texts are words, in which a number is not a quantity.
const WORDS: [&str; 10] =
    ["title", "question", "where", "doi", "url", "basis", "name", "mechanism", "first arm", "recist_on"];

fn same(a: &Node, b: &Node, key: &str) -> bool {
    match (a, b) {
        (Node::Leaf(x), Node::Leaf(y)) => x == y || !WORDS.contains(&key) && same_text(x, y),
        (Node::List(x), Node::List(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_text(x, y)),
        _ => a == b,
    }
}

/// The same letters, and numbers that differ by rounding only.
fn same_text(a: &str, b: &str) -> bool {
    let (x, y) = (pieces(a), pieces(b));
    x.len() == y.len()
        && x.iter().zip(&y).all(|(x, y)| {
            x == y
                || match (x.parse::<f64>(), y.parse::<f64>()) {
                    (Ok(p), Ok(q)) => (p - q).abs() <= ROUNDING * p.abs().max(q.abs()),
                    _ => false,
                }
        })
}

/// A text cut into numbers and what stands between; digits within a name are part of the name.
fn pieces(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        let in_name =
            at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || b"_.".contains(&bytes[at - 1]) || bytes[at - 1] >= 128);
        if !bytes[at].is_ascii_digit() || in_name {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < bytes.len() {
            let exponent = b"eE".contains(&bytes[end])
                && bytes[end + 1..].iter().find(|b| !b"+-".contains(b)).is_some_and(u8::is_ascii_digit);
            let sign = b"+-".contains(&bytes[end]) && b"eE".contains(&bytes[end - 1]);
            if !(bytes[end].is_ascii_digit() || bytes[end] == b'.' || exponent || sign) {
                break;
            }
            end += 1;
        }
        out.push(&text[from..at]);
        out.push(&text[at..end]);
        (from, at) = (end, end);
    }
    out.push(&text[from..]);
    out
}
