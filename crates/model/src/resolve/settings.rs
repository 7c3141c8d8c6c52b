//! Where the numbers of settings come from that are written as they are.

use super::parameters::citation;
use crate::problem::{Code, Report};
use crate::resolved::{Basis, Setting};
use crate::written;

pub(super) fn setting(s: &written::Setting, report: &mut Report) -> Option<Setting> {
    let of = s.at.path.clone();
    let basis = match (&s.source, &s.assumed) {
        (Some(_), Some(_)) => {
            report.add(
                Code::TwoSources,
                &s.at,
                format!("`{of}` with `source` and `assumed`"),
                "one of `source` (a citation) and `assumed` (why), for all numbers that are written in the section",
                "keep the one that the values were taken from, and say the rest in its words",
            );
            return None;
        }
        (Some(c), None) => Basis::Cited(citation(c, true, report)?),
        (None, Some(why)) => Basis::Assumed(why.text.trim().to_string()),
        (None, None) => return None,
    };
    Some(Setting { of, basis })
}
