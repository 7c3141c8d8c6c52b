//! The last step of a regimen sentence: doses, days and times become dose rules that agree with each other.

use super::{Part, When};
use crate::problem::Code;
use crate::resolved::{DoseRule, Drug, Route};
use crate::sentence::{LAST_DAY, Sentence};
use crate::units::number;

/// Rules of one sentence; reports what contradicts itself.
pub(super) fn rules(
    s: &mut Sentence<'_, '_>,
    index: usize,
    drug: &Drug,
    parts: Vec<Part>,
    w: When,
) -> Option<Vec<DoseRule>> {
    let all = 0..s.text.text.len();
    let held = drug.route == Route::Held;
    let listed = parts[0].days.is_some();
    let cycle = w.every.unwrap_or(f64::INFINITY);
    let from = w.from.unwrap_or(0.0);
    if w.once && (w.every.is_some() || listed || w.length.is_some() || w.cycles.is_some()) {
        return s.fail(
            Code::DoseTiming,
            all,
            "`once` together with `every`, `on days` or `for`",
            "`once` alone, or with `from day <n>`",
            "remove `once`, or the rest",
        );
    }
    if held && !listed && (w.every.is_some() || w.once) {
        return s.fail(
            Code::DoseTiming,
            all,
            format!("`{}` is held and has no single doses", drug.name),
            "held from day <n>, or held on days <a>-<b>, every <n> days",
            "say during which days the concentration is held",
        );
    }
    if !held && !listed && w.every.is_none() && !w.once {
        return s.wrong("when: `every day`, `every 3 weeks`, `once` or `on days 1-5`");
    }
    let ends = [w.until, w.length.map(|l| from + l), w.cycles.map(|n| from + n * cycle)];
    let until = ends.into_iter().flatten().fold(f64::INFINITY, f64::min);
    if until.is_finite() && until > LAST_DAY {
        return s.fail(
            Code::DoseTiming,
            all,
            format!("doses until day {}", number(until)),
            "an end within 36525 days, 100 years",
            "leave the end out: doses then go on for as long as the regimen runs",
        );
    }
    if until <= from || (w.cycles.is_some() && cycle == f64::INFINITY) {
        return s.fail(
            Code::DoseTiming,
            all,
            format!("from day {} until day {}", from + 1.0, number(until)),
            "an end after the beginning; cycles need `every`",
            "correct `from`, `until` or `for`",
        );
    }
    let mut seen: Vec<f64> = Vec::new();
    for part in &parts {
        let days = part.days.as_deref().unwrap_or(&[]);
        let again = days.iter().enumerate().find(|(k, d)| seen.contains(d) || days[..*k].contains(d));
        if let Some((_, day)) = again {
            return s.fail(
                Code::SameDay,
                part.last.clone(),
                format!("day {day} twice"),
                "every day once in a sentence",
                "name each day with one dose; two doses a day are `every 12 hours`",
            );
        }
        seen.extend(days);
        if let Some(day) = days.iter().find(|d| **d - 1.0 >= cycle) {
            return s.fail(
                Code::DayBeyondCycle,
                part.last.clone(),
                format!("day {day} in a cycle of {} days", number(cycle)),
                format!("days 1 to {}", number(libm::ceil(cycle))),
                format!(
                    "lengthen the cycle, or leave the day out; days count within the cycle, so doses that begin on day {day} have `from day \
                     {day}` at the end of the sentence"
                ),
            );
        }
    }
    let mut out = Vec::new();
    for part in if held { same_amounts(parts) } else { parts } {
        let rule = |duration: f64, offsets: Vec<f64>| DoseRule {
            drug: index,
            amount: part.amount,
            duration,
            offsets,
            cycle,
            from,
            until,
            row: None,
        };
        match (held, part.days) {
            (true, None) => {
                let length = w.length.filter(|l| from + l <= until).unwrap_or(until - from);
                let mut hold = rule(length, vec![0.0]);
                hold.until = f64::INFINITY;
                out.push(hold);
            }
            (true, Some(days)) => {
                out.extend(runs(&days).into_iter().map(|(length, offsets)| rule(length, offsets)));
            }
            (false, None) => out.push(rule(part.duration.unwrap_or(0.0), vec![0.0])),
            (false, Some(days)) => {
                let offsets = days.iter().map(|d| d - 1.0).collect();
                out.push(rule(part.duration.unwrap_or(0.0), offsets));
            }
        }
    }
    if !held {
        infusions_end(s, &out)?;
    }
    Some(out)
}

/// Parts that hold the same concentration, as one part: days on end are then one run.
fn same_amounts(parts: Vec<Part>) -> Vec<Part> {
    let mut out: Vec<Part> = Vec::new();
    for part in parts {
        match out.iter_mut().find(|p| p.amount == part.amount) {
            Some(Part { days: Some(days), .. }) => {
                days.extend(part.days.unwrap_or_default());
                days.sort_by(f64::total_cmp);
            }
            _ => out.push(part),
        }
    }
    out
}

/// Runs of days on end, grouped by length: (days held, first days of the runs).
fn runs(days: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let mut out: Vec<(f64, Vec<f64>)> = Vec::new();
    let mut k = 0;
    while k < days.len() {
        let mut end = k + 1;
        while end < days.len() && days[end] == days[end - 1] + 1.0 {
            end += 1;
        }
        let length = (end - k) as f64;
        match out.iter_mut().find(|r| r.0 == length) {
            Some(run) => run.1.push(days[k] - 1.0),
            None => out.push((length, vec![days[k] - 1.0])),
        }
        k = end;
    }
    out
}

/// An infusion ends before the next of its rule begins.
fn infusions_end(s: &mut Sentence<'_, '_>, rules: &[DoseRule]) -> Option<()> {
    for rule in rules {
        let wrap = rule.offsets.first().map_or(f64::INFINITY, |f| f + rule.cycle);
        let next = rule.offsets.iter().skip(1).copied().chain([wrap]);
        let gap = rule.offsets.iter().zip(next).map(|(a, b)| b - a).fold(f64::INFINITY, f64::min);
        if rule.duration > gap {
            let found = format!("an infusion of {} days every {} days", number(rule.duration), number(gap));
            let allowed = "an infusion that ends before the next begins";
            let repair = "shorten `over`, or space the doses";
            return s.fail(Code::DoseTiming, 0..s.text.text.len(), found, allowed, repair);
        }
    }
    Some(())
}
