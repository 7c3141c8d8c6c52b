//! What is said and shown of an arm's first-line doses: the plan, or what was recorded of each patient.
//!
//! Records differ from patient to patient, and a picture of concentrations has one course of doses. That of an arm with
//! records is the record of the first patient who is given the drug, and is named.

use remission_model::records::{self, Records};
use remission_model::resolved::{Arm, Model, Regimen};

/// Kinds of treatment of a record that are said.
const KINDS: usize = 3;

/// Sentences of a regimen; none where nothing is given.
pub fn sentences(regimen: &Regimen, model: &Model) -> Vec<String> {
    match (regimen.rules.is_empty(), regimen.sentences.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => remission_model::regimen::in_words(&regimen.rules, model),
        (false, false) => regimen.sentences.clone(),
    }
}

/// First-line doses in words: sentences, or the most frequent courses of a record; `no treatment` where nothing is given.
pub fn in_words(arm: &Arm, model: &Model) -> Vec<String> {
    match &arm.records {
        Some(records) => kinds(records, model),
        None => or_none(sentences(&arm.regimen, model)),
    }
}

/// `no treatment` where there is no sentence.
pub fn or_none(sentences: Vec<String>) -> Vec<String> {
    if sentences.is_empty() { vec!["no treatment".into()] } else { sentences }
}

/// The most frequent courses of a record; one as an example, where no two patients are given the same.
pub fn kinds(records: &Records, model: &Model) -> Vec<String> {
    let said = records::summary(records, model, KINDS);
    let all_differ = records.patients.len() > KINDS && said.first().is_some_and(|s| s.starts_with("1 of "));
    if all_differ { records::summary(records, model, 1) } else { said }
}

/// The doses that stand for an arm.
pub struct Shown<'a> {
    /// The plan, or one record.
    pub regimen: &'a Regimen,
    /// Whose record it is: `patient 0 (ID 104)`; nothing of a plan.
    pub of: Option<String>,
}

/// The doses by which `drug` (any drug, where none is named) is shown: the plan, or the first record that gives it.
pub fn shown(arm: &Arm, drug: Option<usize>) -> Shown<'_> {
    let Some(records) = &arm.records else {
        return Shown { regimen: &arm.regimen, of: None };
    };
    let gives = |regimen: &Regimen| regimen.rules.iter().any(|r| r.gives() && drug.is_none_or(|d| d == r.drug));
    let first = records.patients.iter().position(|p| gives(&p.regimen)).unwrap_or(0) as u32;
    let of = records.of(first).map(|p| format!("patient {first} (ID {})", p.id));
    Shown { regimen: arm.regimen_of(first), of }
}
