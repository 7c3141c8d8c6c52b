//! How an audit is printed: lines for a terminal, and JSON.

use super::{Audited, Finding, Marks};
use serde_json::{Value, json};

/// `1 citation`, `2 citations`.
pub fn many(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Counts in one line.
pub fn marks(m: Marks) -> String {
    format!(
        "{}: {} cited, {} fitted, {} assumed, {} bare",
        many(m.all(), "number"),
        m.cited,
        m.fitted,
        m.assumed,
        m.bare
    )
}

/// A set of an entry.
pub fn text(a: &Audited) -> String {
    let mut out = format!("{}\n  {}\n", a.id, marks(a.marks));
    let lacking = |what: &str, list: &[Finding]| match list {
        [] => String::new(),
        list => format!(
            "; {} without {what} ({})",
            list.len(),
            list.iter().map(|f| format!("{}:{}", f.file, f.line)).collect::<Vec<_>>().join(", ")
        ),
    };
    out += &format!(
        "  {}{}{}\n",
        many(a.citations.all, "citation"),
        lacking("DOI or address", &a.citations.nowhere),
        lacking("a place in the publication", &a.citations.no_place)
    );
    out += &format!("  {}, {} without a citation\n", many(a.expected, "published number"), a.unsourced.len());
    for f in a.bare.iter().chain(&a.unsourced) {
        out += &format!("  {}:{}: {}: {}\n    {}\n", f.file, f.line, f.key, f.found, f.do_);
    }
    out
}

/// All sets as JSON.
pub fn json(all: &[Audited]) -> Value {
    let list = |findings: &[Finding]| -> Value {
        findings
            .iter()
            .map(|f| json!({ "file": f.file, "line": f.line, "key": f.key, "found": f.found, "do": f.do_ }))
            .collect()
    };
    all.iter()
        .map(|a| {
            json!({
                "id": a.id,
                "passes": a.passes(),
                "numbers": {
                    "all": a.marks.all(), "cited": a.marks.cited, "fitted": a.marks.fitted, "assumed": a.marks.assumed,
                    "bare": a.marks.bare,
                },
                "bare": list(&a.bare),
                "citations": {
                    "all": a.citations.all, "without_address": list(&a.citations.nowhere),
                    "without_place": list(&a.citations.no_place),
                },
                "expected": { "all": a.expected, "without_citation": list(&a.unsourced) },
            })
        })
        .collect()
}
