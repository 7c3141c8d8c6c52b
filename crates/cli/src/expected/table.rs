//! How published numbers and what came of them are printed: a table for a terminal, and JSON.

use super::judge::{Check, Status};
use super::test::Tested;
use super::{Kind, Published};
use crate::explain::page::Page;
use serde_json::{Value, json};

/// A figure in a few digits.
pub fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        a if !(1e-3..1e5).contains(&a) => format!("{x:.3e}"),
        a if a < 1.0 => format!("{x:.3}"),
        a if a < 100.0 => format!("{x:.2}"),
        _ => format!("{x:.1}"),
    }
}

/// The published figure with its range and unit: `0.83 (0.75 to 0.91) uM`.
pub fn printed(p: &Published) -> String {
    let range = format!("{} to {}", short(p.low), short(p.high));
    let unit = p.unit.as_ref().map_or(String::new(), |u| format!(" {u}"));
    match p.value {
        Some(value) => format!("{} ({range}){unit}", short(value)),
        None => format!("{range}{unit}"),
    }
}

/// How many numbers came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Reproduced.
    pub reproduces: usize,
    /// Differ for the reason written.
    pub differs: usize,
    /// Failed.
    pub failed: usize,
    /// Judged by tests of their own.
    pub elsewhere: usize,
}

impl Counts {
    /// Of several entries.
    pub fn of(tested: &[Tested]) -> Counts {
        let mut out = Counts::default();
        for t in tested {
            out.elsewhere += t.elsewhere.len();
            for c in &t.checks {
                match c.status {
                    Status::Reproduces => out.reproduces += 1,
                    Status::Differs => out.differs += 1,
                    Status::Failed => out.failed += 1,
                }
            }
        }
        out
    }

    /// In one line.
    pub fn in_words(self) -> String {
        let all = self.reproduces + self.differs + self.failed;
        let elsewhere = match self.elsewhere {
            0 => String::new(),
            n => format!("; {n} more are judged by tests of their own and not counted"),
        };
        format!(
            "{all} published {}: {} reproduce, {} differ for the reason written, {} failed{elsewhere}",
            if all == 1 { "number" } else { "numbers" },
            self.reproduces,
            self.differs,
            self.failed
        )
    }
}

/// An entry as a table, `differs` and `failed` first.
pub fn text(t: &Tested) -> String {
    let mut page = Page::for_terminal();
    page.text(0, &format!("{}: {}", t.id, t.runs.join("; ")));
    let head = ["number", "published (range)", "obtained (± error)", "tolerance", "status"].map(String::from).to_vec();
    let mut rows = vec![head];
    let order = [Status::Failed, Status::Differs, Status::Reproduces];
    let sorted = order.iter().flat_map(|s| t.checks.iter().filter(move |c| c.status == *s));
    for c in sorted.clone() {
        let obtained = match (c.obtained, c.standard_error) {
            (Some(x), Some(e)) if e > 0.0 => format!("{} (± {})", short(x), short(e)),
            (Some(x), _) => short(x),
            (None, _) => "-".into(),
        };
        rows.push(vec![
            named(c),
            c.printed.clone(),
            obtained,
            short(c.tolerance),
            format!("{}{}", c.status.name(), if c.kind == Kind::Calibrated { " (tuned to)" } else { "" }),
        ]);
    }
    page.table(2, &rows, &[]);
    for c in sorted.filter(|c| c.reason.is_some()) {
        page.item(2, "- ", &format!("{}: {}: {}", c.status.name(), named(c), c.reason.as_deref().unwrap_or_default()));
    }
    let mut tests: Vec<&str> = t.elsewhere.iter().map(|e| e.judged_by.as_str()).collect();
    tests.dedup();
    for by in tests {
        let names: Vec<&str> = t.elsewhere.iter().filter(|e| e.judged_by == by).map(|e| e.name.as_str()).collect();
        let told = format!("not of a run, judged by {by} and not counted here ({}): {}", names.len(), names.join("; "));
        page.item(2, "- ", &told);
    }
    page.finish()
}

/// The name, with the variant where the name does not hold it.
pub fn named(c: &Check) -> String {
    match &c.set {
        Some(set) if !c.name.contains(set.as_str()) => format!("{} ({set})", c.name),
        _ => c.name.clone(),
    }
}

/// One check as JSON: the promised keys first, then more.
pub fn check_json(c: &Check) -> Value {
    json!({
        "name": c.name,
        "published": c.published,
        "obtained": c.obtained,
        "tolerance": c.tolerance,
        "status": c.status.name(),
        "reason": c.reason,
        "kind": c.kind.name(),
        "arm": c.arm,
        "set": c.set,
        "unit": c.unit,
        "low": c.low,
        "high": c.high,
        "standard_error": c.standard_error,
        "patients": c.patients,
        "citation": c.citation,
    })
}

/// Entries as JSON.
pub fn json(tested: &[Tested]) -> Value {
    let one = |t: &Tested| {
        json!({
            "id": t.id,
            "checks": t.checks.iter().map(check_json).collect::<Vec<_>>(),
            "judged_elsewhere": t.elsewhere.iter().map(|e| json!({ "name": e.name, "judged_by": e.judged_by })).collect::<Vec<_>>(),
        })
    };
    tested.iter().map(one).collect()
}
