//! What the first and the last window of a course disagree about, said in words with its tests.

use super::Rate;
use super::figures::{Seen, interval};
use super::read::Data;
use super::windows::{Bend, bends, holm};
use crate::answer::{Answer, Test};
use crate::words::{counted, p_value};

/// As in words.
fn per_hour(rate: f64) -> String {
    format!("{rate:+.4}")
}

/// First words, and what the first and the last window disagree about.
pub(super) fn disagreement(data: &Data, line: &str, doses: &[f64], seen: &[Seen], answer: &mut Answer) -> Vec<Bend> {
    let last = &seen[seen.len() - 1];
    let unit = match data.unit.as_str() {
        "" => String::new(),
        unit => format!(" {unit}"),
    };
    let listed = |rates: &[Rate]| {
        let one = |r: &Rate| match interval(r) {
            Some((low, high)) => {
                format!(
                    "{} ({} to {}) at {}{unit}",
                    per_hour(r.per_hour),
                    per_hour(low),
                    per_hour(high),
                    r.concentration
                )
            }
            None => format!("{} at {}{unit}", per_hour(r.per_hour), r.concentration),
        };
        rates.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let (from, until) = (last.window.from, last.window.until);
    answer
        .words
        .push(format!("Net rates of {line} cells from {from} to {until} h, per hour: {}.", listed(&last.rates)));
    if let Some(untreated) = last.rates.iter().find(|r| r.concentration == 0.0 && r.per_hour > 0.0) {
        let hours = std::f64::consts::LN_2 / untreated.per_hour;
        answer.words.push(format!("Untreated cells double in {hours:.1} h in that window."));
    }
    let first = &seen[0];
    if seen.len() < 2 || last.window.from <= first.window.from {
        answer.notes.push("one window only: whether slopes change along the course was not tested".into());
        return Vec::new();
    }
    let split = last.window.from;
    let (found, freedom) = match bends(&data.readings, line, doses, first.window, split) {
        Ok(found) => found,
        Err(failure) => {
            answer.notes.push(format!("early and late slopes were not compared: {failure}"));
            return Vec::new();
        }
    };
    let law = format!("Student's t, {freedom} degrees of freedom");
    for b in &found {
        let dose = format!("{}{}", b.concentration, data.unit);
        answer.tests.push(Test {
            name: format!("same_slope_before_and_after_{split}h_at_{dose}"),
            statistic: b.t,
            law: law.clone(),
            p: b.p,
        });
        if let Some((_, statistic, p)) = b.beyond_untreated {
            let name = format!("change_of_slope_at_{split}h_as_untreated_at_{dose}");
            answer.tests.push(Test { name, statistic, law: law.clone(), p });
        }
    }
    let turned: Vec<String> = first
        .rates
        .iter()
        .filter_map(|r| {
            let late = last.rates.iter().find(|l| l.concentration == r.concentration)?;
            let opposite = r.per_hour > 0.0 && late.per_hour < 0.0 || r.per_hour < 0.0 && late.per_hour > 0.0;
            let (whole, end) = (per_hour(r.per_hour), per_hour(late.per_hour));
            opposite.then(|| format!("{whole} against {end} at {}{unit}", r.concentration))
        })
        .collect();
    let whole = format!("{}-{} h", first.window.from, first.window.until);
    let late = format!("{}-{} h", last.window.from, last.window.until);
    match turned.is_empty() {
        false => answer.words.push(format!(
            "The windows {whole} and {late} disagree about the sign of net growth: {}.",
            turned.join(", ")
        )),
        true => answer
            .words
            .push(format!("The windows {whole} and {late} agree about the sign of net growth at every dose.")),
    }
    let raw: Vec<f64> = found.iter().filter_map(|b| b.beyond_untreated.map(|v| v.2)).collect();
    let treated: Vec<&Bend> = found.iter().filter(|b| b.beyond_untreated.is_some()).collect();
    let strict = holm(&raw);
    let turning = |falls: bool| -> Vec<String> {
        treated
            .iter()
            .zip(&strict)
            .filter(|(b, p)| **p < 0.05 && b.beyond_untreated.is_some_and(|v| (v.0 < 0.0) == falls))
            .map(|(b, p)| {
                format!("{} to {} at {}{unit} ({})", per_hour(b.early), per_hour(b.late), b.concentration, p_value(*p))
            })
            .collect()
    };
    let (slower, faster) = (turning(true), turning(false));
    let own = found.iter().find(|b| b.concentration == 0.0);
    let slowing = own.map_or(String::new(), |b| {
        let said =
            if b.p < 0.05 && b.late < b.early { "slow too, as a filling dish does" } else { "show no such change" };
        format!(" Untreated wells {said} ({} to {}, {}).", per_hour(b.early), per_hour(b.late), p_value(b.p))
    });
    if !slower.is_empty() {
        answer.words.push(format!(
            "The drug acts late: slopes before and after {split} h fall beyond those of untreated wells, from {} (Student's t, \
             corrected for {}).{slowing} A rate over {whole} mixes growth before the kill with the kill, and depends on how \
             long the course was followed.",
            slower.join(", "),
            counted(strict.len(), "dose", "doses")
        ));
    }
    if !faster.is_empty() {
        answer.words.push(format!(
            "The effect wanes: slopes before and after {split} h rise beyond those of untreated wells, from {} (Student's t, corrected \
             for {}); as where the cells that are left are not like those that died, or the drug's effect fades, or a background of the reading is left.",
            faster.join(", "),
            counted(strict.len(), "dose", "doses")
        ));
    }
    if treated.is_empty() {
        answer.notes.push("no untreated wells: a late kill cannot be told from a filling dish".into());
    } else if slower.is_empty() && faster.is_empty() {
        let least = strict.iter().copied().fold(1.0, f64::min);
        answer.words.push(format!(
            "Slopes before and after {split} h do not change more under drug than in untreated wells (smallest p = {least:.2}, \
             corrected for {}): no delay is seen.{slowing}",
            counted(strict.len(), "dose", "doses")
        ));
    }
    found
}
