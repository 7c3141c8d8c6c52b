//! `source` and `assumed` of sections whose settings only take numbers: where those numbers come from.

use super::citation;
use crate::problem::Report;
use crate::tree::Section;
use crate::written::Setting;

/// Sections whose entries have such settings.
const NAMED: [&str; 3] = ["tables", "drugs", "measurements"];

/// Reads the two keys wherever they stand; that the section has other faults is said elsewhere.
pub(super) fn settings(root: &Section<'_>, report: &mut Report) -> Vec<Setting> {
    let mut quiet = Report::new("");
    let mut out = Vec::new();
    for name in NAMED {
        for entry in root.entries(name, &mut quiet) {
            out.extend(entry.section(&mut quiet).and_then(|s| setting(&s, report)));
        }
    }
    out.extend(root.section("before_treatment", &mut quiet).and_then(|s| setting(&s, report)));
    out
}

fn setting(s: &Section<'_>, report: &mut Report) -> Option<Setting> {
    let source = s.section("source", report).map(|c| citation(c, report));
    let assumed = s.words("assumed", report);
    (source.is_some() || assumed.is_some()).then(|| Setting { at: s.at.clone(), source, assumed })
}
