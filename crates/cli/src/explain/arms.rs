//! Arms: doses as planned or as recorded, what follows progression, and rules of dose modification.

use super::page::Page;
use super::words::many;
use crate::treatment::{kinds, or_none, sentences};
use remission_model::records::of_patients;
use remission_model::resolved::{AfterProgression, Arm, Model, Study};
use serde::Serialize;

/// Patients whose records are said one by one.
const SAID: u32 = 3;

/// An arm.
#[derive(Debug, Serialize)]
pub struct ArmWords {
    /// As in the file.
    pub name: String,
    /// Sentences; empty for no treatment, and where doses were recorded.
    pub regimen: Vec<String>,
    /// Doses as recorded; null where they are planned.
    pub records: Option<RecordWords>,
    /// What follows progression.
    pub after_progression: String,
    /// Rules of dose modification, in the order in which they are looked at.
    pub rules: Vec<String>,
}

/// A table of doses.
#[derive(Debug, Serialize)]
pub struct RecordWords {
    /// File beside the study.
    pub file: String,
    /// IDs in the table.
    pub ids: usize,
    /// The most frequent courses, with the number of IDs.
    pub courses: Vec<String>,
    /// What the first patients of the study are given, one by one.
    pub patients: Vec<String>,
}

/// The arms.
pub fn arms(model: &Model, study: &Study) -> Vec<ArmWords> {
    let one = |a: &Arm| ArmWords {
        name: a.name.clone(),
        regimen: sentences(&a.regimen, model),
        records: a.records.as_ref().map(|r| RecordWords {
            file: r.file.clone(),
            ids: r.patients.len(),
            courses: kinds(r, model),
            patients: of_patients(r, model, SAID.min(study.patients)),
        }),
        after_progression: match &a.after_progression {
            AfterProgression::Stop => "after progression no more drug".into(),
            AfterProgression::Continue => "after progression the same doses go on".into(),
            AfterProgression::End => "the run ends at progression".into(),
            AfterProgression::Switch(next) => format!(
                "after progression: {}; its day 1 is the visit that called progression",
                or_none(sentences(next, model)).join("; ")
            ),
        },
        rules: a.rules.iter().map(|r| r.sentence.clone()).collect(),
    };
    study.arms.iter().map(one).collect()
}

/// Prints the arms.
pub fn print(page: &mut Page, arms: &[ArmWords], progression: bool) {
    for arm in arms {
        let what = match &arm.records {
            Some(r) => format!("doses as recorded in {}, {}, which patients take in turn", r.file, many(r.ids, "ID")),
            None => or_none(arm.regimen.clone()).join("; "),
        };
        let after = if progression { format!("; {}", arm.after_progression) } else { String::new() };
        page.item(0, "", &format!("{}: {what}{after}.", arm.name));
        if let Some(r) = &arm.records {
            let all = [&r.courses[..], &r.patients[..]].concat();
            all.iter().for_each(|line| page.item(2, "- ", &format!("{line}.")));
        }
        if !arm.rules.is_empty() {
            page.text(2, "Its doses are modified by rules:");
            arm.rules.iter().for_each(|rule| page.item(4, "- ", &format!("{rule}.")));
        }
    }
    if arms.iter().any(|a| !a.rules.is_empty()) {
        page.gap();
        page.text(0, &rules_act(progression));
        page.gap();
    }
    if let [first, _, ..] = arms {
        page.text(0, &format!("Every arm meets the same patients and is compared with the first, {}.", first.name));
    }
}

/// When rules act, and what they do.
fn rules_act(progression: bool) -> String {
    let after = if progression { ", after progression too" } else { "" };
    format!(
        "Rules are decided at visits after day 0 and never between them: first whether a hold ends, then the others in the order \
         written. They see what the visit sees, readings with their errors and levels as they are; baseline is what was seen on \
         day 0. A decision holds for every dose from that visit on{after}. While a drug is held the calendar of the regimen runs \
         on and the doses that were due are skipped, not made up for; afterwards doses are what they were before. A reduction \
         is made again at every visit at which its condition is met, as often as the rule allows, and none while the drug is held. \
         A drug that is stopped is not given again."
    )
}
