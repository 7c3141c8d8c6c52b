//! Recorded doses in words, for one patient and for all of them.

use super::{Recorded, Records};
use crate::regimen::{route_name, time};
use crate::resolved::{Body, DoseRule, Model, Route};
use crate::units::digits;
use std::collections::HashMap;

/// What a patient was given, one phrase for each run of equal doses.
///
/// ```
/// # let text = std::fs::read_to_string("../../spec/cases/valid/erlotinib_study.toml").unwrap();
/// # let model = text.split("# --- study ---").next().unwrap();
/// # let model = remission_model::model_from_toml("model.toml", model).unwrap();
/// let study = "[study]\npatients = 1\nseed = 1\nhorizon = '1 year'\nvisits = 'every week'\n[[arms]]\nname = 'as given'\n\
///              records = { file = 'dosing.csv', time_unit = 'h' }";
/// let table = "ID,TIME,AMT,II,ADDL\n7,0,150,24,60\n";
/// let beside = remission_model::Beside { records: &[("dosing.csv", "dosing.csv", table)], ..Default::default() };
/// let study = remission_model::study_with_files("study.toml", study, &beside, "s", &model).unwrap();
/// let words = remission_model::records::in_words(study.arms[0].regimen_of(0), &model);
/// assert_eq!(words, ["erlotinib 150 mg oral every day, 61 doses from day 1"]);
/// ```
pub fn in_words(regimen: &crate::resolved::Regimen, model: &Model) -> Vec<String> {
    let rules = &regimen.rules;
    let mut out = Vec::new();
    let mut k = 0;
    while k < rules.len() {
        let run = run(&rules[k..]);
        let gap = if run > 1 { rules[k + 1].from - rules[k].from } else { rules[k].cycle };
        let doses = if run > 1 { run as f64 } else { doses(&rules[k]) };
        out.push(phrase(&rules[k], gap, doses, model));
        k += run;
    }
    if out.is_empty() { vec!["no treatment".into()] } else { out }
}

/// Doses that a rule gives; its end may have been brought forward by a reset.
fn doses(rule: &DoseRule) -> f64 {
    match rule.cycle.is_finite() {
        true => libm::ceil((rule.until - rule.from) / rule.cycle - 1e-9).max(0.0),
        false => 1.0,
    }
}

/// How many rules from the first on are single equal doses at equal intervals; at least 1.
fn run(rules: &[DoseRule]) -> usize {
    let first = &rules[0];
    let alike = |r: &DoseRule| {
        !r.cycle.is_finite()
            && r.row.is_some_and(|row| row.body == Body::Kept)
            && (r.drug, r.amount, r.duration) == (first.drug, first.amount, first.duration)
    };
    if rules.len() < 2 || !alike(first) || !alike(&rules[1]) || rules[1].from <= first.from {
        return 1;
    }
    let gap = rules[1].from - first.from;
    let at = |j: usize| first.from + j as f64 * gap;
    (2..rules.len()).find(|&j| !alike(&rules[j]) || (rules[j].from - at(j)).abs() > 1e-9 * at(j)).unwrap_or(rules.len())
}

fn phrase(rule: &DoseRule, gap: f64, doses: f64, model: &Model) -> String {
    let drug = &model.drugs[rule.drug];
    let day = format!("day {}", digits(rule.from + 1.0));
    let body = rule.row.map_or(Body::Kept, |r| r.body);
    if let Body::Infused { rate, added } = body {
        let added = if added { ", added to what is in the body" } else { "" };
        return format!("{} at the steady state of {} mg a day{added}, which ends on {day}", drug.name, digits(rate));
    }
    if rule.amount == 0.0 {
        return format!("the body is emptied on {day}");
    }
    let mut out = format!("{} {} mg {}", drug.name, digits(rule.amount), how(rule, &drug.route));
    match body {
        Body::Steady { interval, added } => {
            let added = if added { " added to what is in the body" } else { "" };
            out += &format!(" {}, at steady state{added} on {day}", every(interval));
            if doses > 1.0 {
                out += &format!(", {} doses from then", digits(doses));
            }
        }
        _ if doses > 1.0 => out += &format!(" {}, {} doses from {day}", every(gap), digits(doses)),
        _ => out += &format!(" on {day}"),
    }
    if body == Body::Emptied {
        out += ", into an emptied body";
    }
    out
}

fn how(rule: &DoseRule, route: &Route) -> String {
    match rule.duration > 0.0 {
        true => format!("infusion over {}", length(rule.duration)),
        false => route_name(route).to_string(),
    }
}

fn every(days: f64) -> String {
    match length(days).as_str() {
        "1 day" => "every day".into(),
        other => format!("every {other}"),
    }
}

fn length(days: f64) -> String {
    let text = time(days);
    if text.len() > 16 { format!("{} days", digits(days)) } else { text }
}

/// Phrases of one patient that a summary says.
const MOST_PHRASES: usize = 4;

/// A patient's phrases in one line; of a long record the first ones, and how many more there are.
fn shortened(words: &[String]) -> String {
    match words.len() {
        n if n > MOST_PHRASES + 1 => {
            format!("{}; and {} more", words[..MOST_PHRASES].join("; "), n - MOST_PHRASES)
        }
        _ => words.join("; "),
    }
}

/// Kinds of treatment in a record with the number of IDs of each, the most frequent first: `12 of 15 patients: erlotinib
/// 150 mg oral every day, 61 doses from day 1`. At most `most` kinds are said; the others are counted.
pub fn summary(records: &Records, model: &Model, most: usize) -> Vec<String> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for Recorded { regimen, .. } in &records.patients {
        let words = in_words(regimen, model);
        let short = shortened(&words);
        let k = *known.entry(words.join("; ")).or_insert_with(|| {
            kinds.push((short, 0));
            kinds.len() - 1
        });
        kinds[k].1 += 1;
    }
    kinds.sort_by_key(|k| std::cmp::Reverse(k.1));
    let all = records.patients.len();
    let noun = |n: usize| if n == 1 { "patient" } else { "patients" };
    let mut out: Vec<String> =
        kinds.iter().take(most).map(|(words, n)| format!("{n} of {all} {}: {words}", noun(all))).collect();
    if kinds.len() > most {
        let rest: usize = kinds[most..].iter().map(|k| k.1).sum();
        out.push(format!("{rest} of {all} {}: {} other courses", noun(all), kinds.len() - most));
    }
    out
}

/// Words for the first `most` patients of a study, counted from 0: `patient 3 (ID 104): erlotinib 150 mg oral every day, 61 doses
/// from day 1`. Records are taken in turn.
pub fn of_patients(records: &Records, model: &Model, most: u32) -> Vec<String> {
    let one = |k: u32| {
        let recorded = records.of(k)?;
        Some(format!("patient {k} (ID {}): {}", recorded.id, shortened(&in_words(&recorded.regimen, model))))
    };
    (0..most).filter_map(one).collect()
}
