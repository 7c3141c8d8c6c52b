//! Dose rules back to sentences, in the one form that every regimen is printed in.
//!
//! Reading the sentences gives the same rules again.

use super::route_name;
use crate::resolved::{DoseRule, Drug, Model, Route};
use crate::units::{number, quantity, unit};

/// The rules of a regimen as sentences; rules of one drug that share a cycle make one sentence.
///
/// ```
/// let text = std::fs::read_to_string("../../spec/cases/valid/erlotinib_study.toml").unwrap();
/// let model = text.split("# --- study ---").next().unwrap();
/// let model = remission_model::model_from_toml("model.toml", model).unwrap();
/// let pulse = "erlotinib 1.2 g on days 1, 2 and 50 mg on days 3-7 every week";
/// let regimen = remission_model::regimen::from_sentences(&[pulse], &model).unwrap();
/// let words = remission_model::regimen::in_words(&regimen.rules, &model);
/// assert_eq!(words, ["erlotinib 1200 mg oral on days 1-2 and 50 mg on days 3-7, every 7 days"]);
/// ```
pub fn in_words(rules: &[DoseRule], model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    let mut start = 0;
    while start < rules.len() {
        let mut end = start + 1;
        while end < rules.len() && together(&rules[start..end], &rules[end]) {
            end += 1;
        }
        out.push(sentence(&rules[start..end], &model.drugs[rules[start].drug]));
        start = end;
    }
    out
}

/// True when `next` can share the sentence of `group`: same drug, cycle and ends, and no day in common.
fn together(group: &[DoseRule], next: &DoseRule) -> bool {
    let first = &group[0];
    let key = |r: &DoseRule| (r.drug, r.cycle, r.from, r.until);
    let whole = |x: f64| x.is_finite() && x == x.trunc();
    // The days of a held drug count from its length, those of a dose do not; 1 is right for the first,
    // and for the second no more than a reason to write two sentences.
    let days = |r: &DoseRule| r.offsets.iter().all(|o| whole(*o));
    let length = |r: &DoseRule| r.duration.max(1.0);
    let apart = |r: &DoseRule| {
        let clear = |a: f64, b: f64| a + length(r) <= b || b + length(next) <= a;
        r.offsets.iter().all(|a| next.offsets.iter().all(|b| clear(*a, *b)))
    };
    key(first) == key(next)
        && days(first)
        && days(next)
        && group.iter().chain([next]).all(|r| r.duration.is_finite())
        && group.iter().all(apart)
}

fn sentence(rules: &[DoseRule], drug: &Drug) -> String {
    let first = &rules[0];
    let held = drug.route == Route::Held;
    // Held from one day on, for a time or for good.
    let whole = held && rules.len() == 1 && first.cycle == f64::INFINITY && first.offsets == [0.0];
    let plain = rules.len() == 1 && first.offsets == [0.0] && (!held || whole);
    let mut out = drug.name.clone();
    let mut amounts: Vec<(f64, f64, Vec<f64>)> = Vec::new();
    for rule in rules {
        let days = days(rule, held);
        let length = if drug.route.is_set() { 0.0 } else { rule.duration };
        match amounts.last_mut() {
            Some(last) if last.0 == rule.amount && held => last.2.extend(days),
            _ => amounts.push((rule.amount, length, days)),
        }
    }
    for (k, (amount, length, days)) in amounts.iter_mut().enumerate() {
        out += if k > 0 { " and " } else { " " };
        out += &amount_words(*amount, drug);
        if k == 0 {
            out += &format!(" {}", route_name(&drug.route));
        }
        if *length > 0.0 {
            out += &format!(" over {}", time(*length));
        }
        if !plain {
            days.sort_by(f64::total_cmp);
            out += &format!(" on {}", day_list(days));
        }
    }
    if first.cycle.is_finite() {
        out += if plain { " " } else { ", " };
        out += &match time(first.cycle).as_str() {
            "1 day" => "every day".to_string(),
            other => format!("every {other}"),
        };
    } else if plain && !held {
        out += " once";
    }
    if first.from > 0.0 || whole {
        out += &format!(" from day {}", number(first.from + 1.0));
    }
    if whole && first.duration.is_finite() {
        out += &format!(" for {}", time(first.duration));
    }
    if first.until.is_finite() {
        out += &if first.until == first.until.trunc() {
            format!(" until day {}", number(first.until))
        } else {
            format!(" for {}", time(first.until - first.from))
        };
    }
    out
}

/// Days named by a rule; a held drug is held for `duration` days from each offset.
fn days(rule: &DoseRule, held: bool) -> Vec<f64> {
    let length = if held && rule.duration.is_finite() { rule.duration.max(1.0) as usize } else { 1 };
    let day = |o: &f64| (0..length).map(move |d| o + 1.0 + d as f64).collect::<Vec<f64>>();
    rule.offsets.iter().flat_map(day).collect()
}

fn day_list(days: &[f64]) -> String {
    let mut runs: Vec<(f64, f64)> = Vec::new();
    for &day in days {
        match runs.last_mut() {
            Some(run) if run.1 + 1.0 == day => run.1 = day,
            _ => runs.push((day, day)),
        }
    }
    let one = |&(a, b): &(f64, f64)| {
        if a == b { number(a) } else { format!("{}-{}", number(a), number(b)) }
    };
    let list: Vec<String> = runs.iter().map(one).collect();
    let noun = if days.len() == 1 { "day" } else { "days" };
    format!("{noun} {}", list.join(", "))
}

/// A time that reads back as the same number of days.
pub(crate) fn time(days: f64) -> String {
    // Name, how many a day, and up to how many days people count in it.
    let units = [
        ("day", 1.0, f64::INFINITY),
        ("hour", 24.0, 10.0),
        ("minute", 1440.0, 1.0),
        ("month", 1.0 / 30.4375, f64::INFINITY),
        ("year", 1.0 / 365.25, f64::INFINITY),
    ];
    for (name, per_day, up_to) in units {
        let n = libm::round(days * per_day);
        let text = format!("{} {name}{}", number(n), if n == 1.0 { "" } else { "s" });
        if days < up_to && quantity(&text).is_ok_and(|q| q.value == days) {
            return text;
        }
    }
    format!("{} days", number(days))
}

/// In the unit that the drug is felt in when held, otherwise mg; reads back as the same number.
fn amount_words(amount: f64, drug: &Drug) -> String {
    if drug.route != Route::Held {
        return format!("{} {}", number(amount), drug.dose_unit().0);
    }
    let text = format!("{} {}", number(amount / drug.felt_scale), drug.felt_unit);
    if quantity(&text).is_ok_and(|q| q.value == amount) {
        return text;
    }
    let base = unit(&drug.felt_unit).map_or(String::new(), |u| u.dimension.base_unit());
    format!("{} {base}", number(amount))
}
