//! The text of `expected.toml` to [`Expected`], or everything that is wrong with it at once: where, what was found, what is allowed.
//!
//! What only the entry's studies can tell (arms, variables, variants) is looked at in [`super::names`].

mod section;

use super::quantity::{self, Form, Law, Over, Quantity, Reading, Take, When};
use super::second::Second;
use super::{Asking, Citation, Expected, Fit, Kind, Published, Relation};
use crate::failure::Exit;
use crate::load::Source;
use remission_cohort::patient::Method;
use remission_model::problem::near_names;
use section::{Section, line};
use std::collections::HashMap;

/// Difference between two readings of a model that counts as agreement where the file names none.
const WITHIN: f64 = 1e-3;

/// The patient with every number at its centre, as `patients` is written.
const TYPICAL: &str = "typical";

/// Something wrong with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, from 1.
    pub line: usize,
    /// Key or entry.
    pub at: String,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
    /// What may have been meant.
    pub near: Vec<String>,
}

impl Fault {
    /// With the names of `allowed` that look like what was found.
    pub fn of_name(line: usize, at: &str, what: &str, found: &str, allowed: &[String]) -> Fault {
        Fault {
            line,
            at: at.to_string(),
            found: format!("{what} `{found}`"),
            allowed: if allowed.is_empty() { "none: there is none here".into() } else { allowed.join(", ") },
            near: near_names(found, allowed.iter().map(String::as_str)),
        }
    }
}

/// All faults of a file as they are printed.
pub fn refused(source: &Source, mut faults: Vec<Fault>) -> Exit {
    faults.sort_by_key(|f| f.line);
    let mut out = String::new();
    for f in &faults {
        out += &format!(
            "error: {}:{}: {}\n  found    {}\n  allowed  {}\n",
            source.shown, f.line, f.at, f.found, f.allowed
        );
        if !f.near.is_empty() {
            out += &format!("  did you mean {}?\n", f.near.join(" or "));
        }
    }
    let n = faults.len();
    Exit::refused(format!("{out}{n} {}; nothing was run", if n == 1 { "problem" } else { "problems" }))
}

/// Reads the file.
///
/// # Errors
/// Every fault at once.
pub fn read(source: &Source) -> Result<Expected, Vec<Fault>> {
    let text = &source.text;
    let table = toml::de::DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(1, |s| line(text, s.start));
        vec![Fault {
            line: at,
            at: "the file".into(),
            found: e.message().to_string(),
            allowed: "TOML (https://toml.io)".into(),
            near: Vec::new(),
        }]
    })?;
    let mut faults = Vec::new();
    let root = Section::root(table.get_ref(), text);
    root.only(&["answer", "published", "fit", "second"], &mut faults);
    let mut out = Expected::default();
    for section in root.sections("answer", &mut faults) {
        out.answers.extend(answer(&section, &mut faults));
    }
    for section in root.sections("published", &mut faults) {
        out.published.extend(published(&section, &mut faults));
    }
    for section in root.sections("fit", &mut faults) {
        out.fits.extend(fit(&section, &mut faults));
    }
    if let Some(s) = root.section("second", &mut faults) {
        s.only(&["set", "with", "within"], &mut faults);
        let within = s.number("within", &mut faults).unwrap_or(WITHIN);
        if !(within > 0.0 && within <= 0.1) {
            s.fault("within", &format!("within = {within}"), "a share above 0 and at most 0.1", &mut faults);
        }
        let (set, with) = (s.text("set", &mut faults), s.quantities("with", &mut faults));
        out.second = Some(Second { set, with, within, line: s.line });
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for p in &out.published {
        if let Some(first) = seen.insert(&p.asking.name, p.asking.lines.own) {
            faults.push(Fault {
                line: p.asking.lines.of("name"),
                at: format!("\"{}\"", p.asking.name),
                found: format!("the same name as in line {first}"),
                allowed: "every name once: write name = \"...\" in words that tell the two apart".into(),
                near: Vec::new(),
            });
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}

fn fit(s: &Section<'_>, faults: &mut Vec<Fault>) -> Option<Fit> {
    let keys =
        ["set", "name", "value", "values", "tolerance_absolute", "tolerance_relative", "judged_by"].map(String::from);
    s.only(&keys.each_ref().map(String::as_str), faults);
    let name = s.need_text("name", "the fit and what of it", faults)?;
    let judged_by =
        s.need_text("judged_by", "the test that repeats the fit, such as \"crates/infer/tests/pc9.rs\"", faults)?;
    let set = s.text("set", faults).map_or(String::new(), |set| format!("{set}: "));
    Some(Fit { name: format!("{set}{name}"), judged_by })
}

fn published(s: &Section<'_>, faults: &mut Vec<Fault>) -> Option<Published> {
    let before = faults.len();
    let judged_by = s.text("judged_by", faults);
    let written = s.need_text("quantity", "what is asked of the run", faults);
    let found = written.as_deref().and_then(quantity::form_of);
    match (&written, found, &judged_by) {
        (Some(text), None, None) => {
            let known = quantity::all_names();
            let mut fault = Fault::of_name(s.line_of("quantity"), "quantity", "the quantity", text, &known);
            fault.allowed += "; a number that no run gives has a key judged_by that names the test which looks at it";
            faults.push(fault);
        }
        (_, Some((form, _)), None) => {
            let keys: Vec<&str> = quantity::KEYS.iter().chain(form.keys).copied().collect();
            s.only(&keys, faults);
        }
        // What its test needs to know stands in `given`.
        _ => s.only(&[&quantity::KEYS[..], &["given"]].concat(), faults),
    }
    let quantity = match (found, &judged_by) {
        (_, Some(_)) => Some(Quantity::Elsewhere),
        (Some((form, of)), None) => of_form(form, of, s, faults),
        _ => None,
    };
    let (low, high, value) = (s.number("low", faults), s.number("high", faults), s.number("value", faults));
    range(s, low, high, value, faults);
    let kind = s.choice("kind", &[("calibrated", Kind::Calibrated), ("predicted", Kind::Predicted)], None, faults);
    let methods = [("leap", Method::Leap), ("mean", Method::Mean), ("exact", Method::Exact)];
    let method = s.choice("method", &methods, Some(Method::Leap), faults);
    let typical = typical(s, found.map(|f| f.0.name), method, faults);
    let [range, reason] = ["range", "reason"].map(|key| s.text(key, faults));
    let citation = citation(s, faults);
    let with = s.quantities("with", faults);
    let asking = asking(s, quantity, faults);
    if faults.len() > before {
        return None;
    }
    Some(Published {
        asking: asking?,
        with,
        method: method?,
        typical,
        value,
        low: low?,
        high: high?,
        range,
        kind: kind?,
        reason,
        citation,
        judged_by,
    })
}

/// What is asked of a run, of which the quantity has been read.
fn asking(s: &Section<'_>, quantity: Option<Quantity>, faults: &mut Vec<Fault>) -> Option<Asking> {
    let relations = [("ratio", Relation::Ratio), ("difference", Relation::Difference)];
    let relation = s.choice("as", &relations, Some(Relation::Ratio), faults);
    if s.has("as") && !s.has("against") {
        s.fault("as", "`as` without `against`", "as = \"ratio\" or \"difference\" beside against = \"<arm>\"", faults);
    }
    let [name, written, arm, against, set, unit] =
        ["name", "quantity", "arm", "against", "set", "unit"].map(|key| s.text(key, faults));
    let name = name.or_else(|| {
        let parts = [written?, arm.clone().unwrap_or_default()];
        let name = parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join(", ");
        Some(set.as_ref().map_or(name.clone(), |set| format!("{name} ({set})")))
    });
    Some(Asking { name: name?, quantity: quantity?, arm, against, relation: relation?, set, unit, lines: s.lines() })
}

/// Keys of an answer beside those of its quantity.
const OF_ANSWER: [&str; 7] = ["name", "quantity", "arm", "against", "as", "set", "unit"];

/// What a run says first.
fn answer(s: &Section<'_>, faults: &mut Vec<Fault>) -> Option<Asking> {
    let before = faults.len();
    s.need_text("name", "what it is, in words, such as \"alive at 3 years\"", faults);
    let written = s.need_text("quantity", "what is asked of the run", faults)?;
    let of_runs = |name: &str| !name.starts_with("law.");
    let Some((form, of)) = quantity::form_of(&written).filter(|(form, _)| of_runs(form.name)) else {
        let known: Vec<String> = quantity::all_names().into_iter().filter(|n| of_runs(n)).collect();
        faults.push(Fault::of_name(s.line_of("quantity"), "quantity", "the quantity", &written, &known));
        return None;
    };
    s.only(&OF_ANSWER.iter().chain(form.keys).copied().collect::<Vec<_>>(), faults);
    let quantity = of_form(form, of, s, faults);
    let asking = asking(s, quantity, faults);
    asking.filter(|_| faults.len() == before)
}

/// Whether a number is of the typical patient alone: what the mean equations give, unless patients are asked for.
fn typical(s: &Section<'_>, form: Option<&str>, method: Option<Method>, faults: &mut Vec<Fault>) -> bool {
    if !matches!(form, Some("reading" | "cells_at_end")) {
        return false;
    }
    let (asked, mean) = (s.says("patients", TYPICAL), method == Some(Method::Mean));
    if asked && !mean {
        let allowed = "method = \"mean\" beside it: the typical patient is followed by the mean equations; with another method `patients` is what is taken over \
                       all patients, such as \"median\"";
        s.fault("patients", "patients = \"typical\" without method = \"mean\"", allowed, faults);
    }
    mean && (asked || !s.has("patients"))
}

/// Both ends are there, in order, and the value lies between them.
fn range(s: &Section<'_>, low: Option<f64>, high: Option<f64>, value: Option<f64>, faults: &mut Vec<Fault>) {
    for key in ["low", "high"].into_iter().filter(|key| !s.has(key)) {
        let allowed = "low and high: the range that counts as agreement, fixed beforehand from what is published";
        s.fault(key, &format!("no `{key}`"), allowed, faults);
    }
    let (Some(low), Some(high)) = (low, high) else { return };
    if low > high {
        s.fault("low", &format!("low = {low}, high = {high}"), "low at most high", faults);
    } else if let Some(value) = value.filter(|v| *v < low || *v > high) {
        let allowed = "a value within its own range; leave `value` out where only the range is printed";
        s.fault("value", &format!("value = {value} outside {low} to {high}"), allowed, faults);
    }
}

fn citation(s: &Section<'_>, faults: &mut Vec<Fault>) -> Option<Citation> {
    let c = s.section("citation", faults)?;
    c.only(&["doi", "url", "where"], faults);
    let [doi, url, place] = ["doi", "url", "where"].map(|key| c.text(key, faults));
    if !c.has("doi") && !c.has("url") {
        s.fault(
            "citation",
            "neither `doi` nor `url`",
            "{ doi = \"10....\", where = \"Table 2\" }, or url in place of doi",
            faults,
        );
    }
    Some(Citation { doi, url, place })
}

/// A quantity with its own keys.
fn of_form(form: &Form, of: &str, s: &Section<'_>, faults: &mut Vec<Fault>) -> Option<Quantity> {
    let at = |faults: &mut Vec<Fault>| s.day("at", faults);
    let needs_day = |faults: &mut Vec<Fault>| {
        if !s.has("at") {
            s.fault("at", "no `at`", "the day, such as at = \"12 months\"", faults);
        }
        s.day("at", faults)
    };
    Some(match form.name {
        "reading" => Quantity::Reading(reading(s, faults)?),
        "median_pfs_months" => Quantity::MedianPfs,
        "median_os_months" => Quantity::MedianOs,
        "response" => Quantity::Response,
        "hazard_ratio" => Quantity::HazardRatio,
        "mechanism" => Quantity::Mechanism(of.into()),
        "origin" => Quantity::Origin(of.into()),
        "cells_at_end" => {
            s.choice("patients", &[("median", ()), (TYPICAL, ())], Some(()), faults)?;
            Quantity::CellsAtEnd(of.into())
        }
        "progression_free_at" => Quantity::ProgressionFreeAt(needs_day(faults)?),
        "alive_at" => Quantity::AliveAt(needs_day(faults)?),
        "event_share" => Quantity::EventShare(of.into(), at(faults)),
        "event_median_days" => {
            let since = if s.has("since") { s.day("since", faults)? } else { 0.0 };
            Quantity::EventMedianDays(of.into(), since)
        }
        "relapse_mechanism" => Quantity::RelapseMechanism(of.into(), s.days("between", faults)),
        "correlation" => Quantity::Correlation(s.pair("of", "the names of two covariates", faults)?),
        "relapse_origin" => Quantity::RelapseOrigin(of.into(), s.days("between", faults)),
        "law.cure" | "law.no_resistance" => {
            let whom = [("typical", false), ("mean", true)];
            let average = s.choice("patients", &whom, Some(false), faults)?;
            Quantity::Law(Law { resistant: form.name == "law.no_resistance", at: at(faults), average })
        }
        blood => Quantity::Blood(quantity::BLOOD.into_iter().find(|b| *b == blood)?),
    })
}

fn reading(s: &Section<'_>, faults: &mut Vec<Fault>) -> Option<Reading> {
    let of = s.need_text("of", "a variable of trajectories.parquet, such as of = \"total\"", faults);
    let several = s.has("take") || s.has("between");
    let when = if several == s.has("at") {
        let found = if several { "`at` beside `take` or `between`" } else { "neither `at` nor `take`" };
        let allowed = "at = \"365 days\" (the visit nearest to it), or take = \"max\" with or without between = [\"0 days\", \"30 days\"]";
        s.fault("at", found, allowed, faults);
        None
    } else if several {
        let take = s.choice("take", &Take::ALL, None, faults);
        let between = s.days("between", faults);
        let (from, to) = between.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        take.map(|take| When::Between { from, to, take })
    } else {
        s.day("at", faults).map(When::At)
    };
    let over = match s.text("patients", faults) {
        // One patient is the median of itself.
        None => Some(Over::Median),
        Some(text) if text == TYPICAL => Some(Over::Median),
        Some(text) => {
            let over = quantity::over(&text);
            if over.is_none() {
                let allowed = "\"median\", \"mean\", \"quantile 0.9\", \"typical\" (with method = \"mean\"), or \"share > 0.5\" (also >=, <, <=, =; the number with a unit \
                               where it is not that of the table)";
                let mut fault = Fault::of_name(s.line_of("patients"), "patients", "the words", &text, &[]);
                fault.allowed = allowed.into();
                fault.near = near_names(&text, ["median", "mean", TYPICAL]);
                faults.push(fault);
            }
            over
        }
    };
    let of_baseline = s.yes("of_baseline", faults);
    Some(Reading { of: of?, when: when?, over: over?, of_baseline })
}
