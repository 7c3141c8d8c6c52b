//! How published numbers and what came of them are printed: a table for a terminal, and JSON.

use super::judge::{Check, Status};
use super::test::Tested;
use super::{Kind, Published};
use crate::explain::page::Page;
use serde_json::{Value, json};

/// A figure in a few digits, or in more.
pub fn digits(x: f64, more: usize) -> String {
    match x.abs() {
        0.0 => "0".into(),
        a if !(1e-3..1e5).contains(&a) => format!("{x:.*e}", 3 + more),
        a if a < 1.0 => format!("{x:.*}", 3 + more),
        a if a < 100.0 => format!("{x:.*}", 2 + more),
        _ => format!("{x:.*}", 1 + more),
    }
}

/// How many more digits a range needs: those after which neither end is rounded by more than a tenth of the width.
pub fn digits_of(low: f64, high: f64) -> usize {
    let off = |x: f64, more: usize| digits(x, more).parse().map_or(f64::INFINITY, |shown: f64| (shown - x).abs());
    let near = |more: &usize| off(low, *more).max(off(high, *more)) <= 0.1 * (high - low);
    (0..6).find(near).unwrap_or(0)
}

/// The published figure with its range and unit: `0.83 (0.75 to 0.91) uM`.
pub fn printed(p: &Published) -> String {
    let more = digits_of(p.low, p.high);
    let range = format!("{} to {}", digits(p.low, more), digits(p.high, more));
    let unit = p.asking.unit.as_ref().map_or(String::new(), |u| format!(" {u}"));
    match p.value {
        Some(value) => format!("{} ({range}){unit}", digits(value, more)),
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
    /// Of those that reproduce, on too few patients to mean much.
    pub weak: usize,
    /// Of the weak ones, weak at their studies' own sizes too.
    pub weak_at_own_size: usize,
    /// Whether any run had another size than its study's own.
    pub resized: bool,
}

impl Counts {
    /// Of several entries.
    pub fn of(tested: &[Tested]) -> Counts {
        let mut out = Counts::default();
        for t in tested {
            out.elsewhere += t.elsewhere.len();
            for c in &t.checks {
                out.weak += usize::from(c.weak());
                out.weak_at_own_size += usize::from(c.weak_at_own_size());
                out.resized |= c.size.is_some_and(|s| s.run != s.own);
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
            1 => "; 1 more is judged by a test of its own and not counted".into(),
            n => format!("; {n} more are judged by tests of their own and not counted"),
        };
        let verb = |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
        let weak = match (self.weak, self.resized) {
            (0, _) => String::new(),
            (n, true) => {
                format!(" ({n} on too few patients to mean much; at the studies' own sizes {})", self.weak_at_own_size)
            }
            (n, false) => format!(" ({n} on too few patients to mean much)"),
        };
        format!(
            "{}: {}{weak}, {} for the reason written, {} failed{elsewhere}",
            verb(all, "published number", "published numbers"),
            verb(self.reproduces, "reproduces", "reproduce"),
            verb(self.differs, "differs", "differ"),
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
        let short = |x: f64| digits(x, digits_of(c.low, c.high));
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
            format!(
                "{}{}{}",
                c.status.name(),
                if c.kind == Kind::Calibrated { " (tuned to)" } else { "" },
                weakness(c)
            ),
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

/// The mark of a number that agrees on too few patients.
fn weakness(c: &Check) -> String {
    match (c.weak(), c.patients_needed()) {
        (false, _) => String::new(),
        (true, Some(n)) => format!(", weak (needs {} patients)", crate::report::words::thousands(n)),
        (true, None) => ", weak (at any size: the range has no width)".into(),
    }
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
        "weak": c.weak(),
        "patients_needed": c.patients_needed(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrow_range_is_printed_in_as_many_digits_as_it_has() {
        let of = |low, high| {
            let more = digits_of(low, high);
            [digits(low, more), digits(high, more)]
        };
        assert_eq!(of(0.75, 0.91), ["0.750", "0.910"]);
        assert_eq!(of(1.313, 1.315), ["1.313", "1.315"]);
        assert_eq!(of(4.8325e10, 4.8335e10), ["4.8325e10", "4.8335e10"]);
        assert_eq!(of(5.0, 5.0), ["5.00", "5.00"]);
    }
}
