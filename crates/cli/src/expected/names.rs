//! Names in published numbers against the studies of the entry: variants, arms, variables, mechanisms, cell types, units, days.

use super::entry::Entry;
use super::gather::{factor, unit_of, variables};
use super::quantity::{Law, Over, Quantity, When};
use super::read::Fault;
use super::typical::left_to_chance;
use super::{Asking, Published};
use crate::load::Loaded;
use remission_cohort::outcome::OriginFound;
use remission_cohort::patient::mechanisms;

/// Everything that is wrong with the names of an entry's published numbers. What belongs to sets that could not be read is left out.
pub fn check(entry: &Entry, broken: &[Option<String>]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let known: Vec<String> = entry.sets.iter().map(|s| &s.0).chain(broken).filter_map(|name| name.clone()).collect();
    if let Some(second) = &entry.expected.second {
        if entry.second.is_none() {
            faults.push(Fault {
                line: second.line,
                at: "second".into(),
                found: "[second] without a second.toml beside it".into(),
                allowed: "second.toml, the model as somebody else read it from the source; leave [second] out until there is one".into(),
                near: Vec::new(),
            });
        }
        if let Some(set) = second.set.as_ref().filter(|s| !known.contains(s)) {
            faults.push(Fault::of_name(second.line, "set", "the variant", set, &known));
        } else if let Some(loaded) = entry.set(second.set.as_deref()) {
            with(&second.with, &|_| second.line, loaded, &mut faults);
        }
    }
    let published = || entry.expected.published.iter().filter(|p| p.judged_by.is_none());
    for p in published() {
        if let Some(loaded) = entry.set(p.asking.set.as_deref()) {
            with(&p.with, &|key| p.asking.lines.of(key), loaded, &mut faults);
            faults.extend(typical(p, &loaded.model));
        }
    }
    for p in entry.expected.answers.iter().chain(published().map(|p| &p.asking)) {
        if broken.contains(&p.set) {
            continue;
        }
        let Some(loaded) = entry.set(p.set.as_deref()) else {
            let set = p.set.clone().unwrap_or_default();
            faults.push(Fault::of_name(p.lines.of("set"), "set", "the variant", &set, &known));
            continue;
        };
        one(p, loaded, &mut faults);
    }
    faults
}

/// A reading of the typical patient that chance has a part in.
fn typical(p: &Published, model: &remission_model::Model) -> Option<Fault> {
    let Quantity::Reading(r) = &p.asking.quantity else { return None };
    let why = left_to_chance(model, &r.of).filter(|_| p.typical)?;
    Some(Fault {
        line: p.asking.lines.of("of"),
        at: "of".into(),
        found: format!("`{}` of the typical patient: {why}", r.of),
        allowed: "patients = \"median\", \"mean\", \"quantile 0.9\" or \"share > 0.5\", over the study's patients"
            .into(),
        near: Vec::new(),
    })
}

/// What is wrong with the names of one figure.
pub fn faults_of(p: &Asking, loaded: &Loaded) -> Vec<Fault> {
    let mut faults = Vec::new();
    one(p, loaded, &mut faults);
    faults
}

fn one(p: &Asking, loaded: &Loaded, faults: &mut Vec<Fault>) {
    let Some(study) = &loaded.study else {
        faults.push(Fault {
            line: p.lines.own,
            at: format!("\"{}\"", p.name),
            found: "an entry without study.toml".into(),
            allowed: "a study: without arms and visits nothing can be run".into(),
            near: Vec::new(),
        });
        return;
    };
    let mut plain = |key: &str, found: String, allowed: &str| {
        faults.push(Fault { line: p.lines.of(key), at: key.into(), found, allowed: allowed.into(), near: Vec::new() });
    };
    let late = |day: f64| day > study.horizon;
    let horizon = format!("at most the horizon of the study, {} days", study.horizon);
    match &p.quantity {
        Quantity::Reading(r) => match r.when {
            When::At(day) if late(day) => plain("at", format!("day {day}"), &horizon),
            When::Between { from, .. } if late(from) => plain("between", format!("from day {from}"), &horizon),
            _ => {}
        },
        Quantity::ProgressionFreeAt(day) | Quantity::AliveAt(day) | Quantity::EventShare(_, Some(day))
            if late(*day) =>
        {
            plain("at", format!("day {day}"), &horizon);
        }
        Quantity::Law(Law { at: Some(day), .. }) if late(*day) || *day <= 0.0 => {
            plain("at", format!("day {day}"), &format!("above 0 and {horizon}"));
        }
        Quantity::HazardRatio => {
            let first = study.arms.first().map(|a| a.name.clone());
            if p.arm.is_none() || p.arm == p.against || (p.against.is_none() && p.arm == first) {
                let allowed = "`arm` and, where it is not the first, `against`: two arms of the study";
                plain("arm", "a hazard ratio of an arm against itself".into(), allowed);
            }
        }
        _ => {}
    }
    let arms: Vec<String> = study.arms.iter().map(|a| a.name.clone()).collect();
    for (key, name) in [("arm", &p.arm), ("against", &p.against)] {
        if let Some(name) = name.as_ref().filter(|n| !arms.contains(n)) {
            faults.push(Fault::of_name(p.lines.of(key), key, "the arm", name, &arms));
        }
    }
    let model = &loaded.model;
    let types = || std::iter::once("total".to_string()).chain(model.cells.iter().map(|c| c.name.clone()));
    let origins = || OriginFound::ALL.iter().map(|o| o.name().to_string()).collect();
    let (what, name, known): (&str, &str, Vec<String>) = match &p.quantity {
        Quantity::Mechanism(name) => ("the mechanism", name, mechanisms(model)),
        Quantity::Origin(name) | Quantity::RelapseOrigin(name, _) => ("the origin", name, origins()),
        Quantity::RelapseMechanism(name, _) => {
            let any = std::iter::once("any".to_string());
            ("the mechanism", name, any.chain(mechanisms(model)).collect())
        }
        Quantity::EventShare(name, _) | Quantity::EventMedianDays(name, _) => ("the event", name, events(model)),
        Quantity::CellsAtEnd(name) => ("the cell type", name, types().collect()),
        Quantity::Reading(r) => ("the variable", &r.of, variables(model).into_iter().map(|v| v.0).collect()),
        _ => ("", "", Vec::new()),
    };
    if !what.is_empty() && !known.iter().any(|k| k == name) {
        let key = if matches!(p.quantity, Quantity::Reading(_)) { "of" } else { "quantity" };
        faults.push(Fault::of_name(p.lines.of(key), key, what, name, &known));
        return;
    }
    if let Quantity::Correlation(pair) = &p.quantity {
        let traits = model.parameters.iter().filter(|p| p.covariate.is_some());
        let known: Vec<String> = traits.map(|p| p.name.clone()).collect();
        for name in pair.iter().filter(|n| !known.contains(n)) {
            faults.push(Fault::of_name(p.lines.of("of"), "of", "the covariate", name, &known));
        }
    }
    units(p, loaded, faults);
}

/// Names of the model's events.
fn events(model: &remission_model::Model) -> Vec<String> {
    model.events.iter().map(|e| model.levels[e.level].name.clone()).collect()
}

/// Parameters that are set for a number are there, and in their unit.
fn with(all: &[(String, String)], line: &dyn Fn(&str) -> usize, loaded: &Loaded, faults: &mut Vec<Fault>) {
    let known: Vec<String> = loaded.model.parameters.iter().map(|p| p.name.clone()).collect();
    for (name, text) in all {
        let Some(parameter) = loaded.model.parameters.iter().find(|p| &p.name == name) else {
            faults.push(Fault::of_name(line("with"), "with", "the parameter", name, &known));
            continue;
        };
        let own = remission_model::units::unit(&parameter.unit).map(|u| u.dimension).ok();
        let written = remission_model::units::quantity(text).map(|q| q.unit.dimension).ok();
        if written != own.or(Some(remission_model::units::Dimension::PLAIN)) {
            faults.push(Fault {
                line: line("with"),
                at: format!("with.{name}"),
                found: format!("\"{text}\""),
                allowed: match parameter.unit.as_str() {
                    "" => "a plain number".into(),
                    unit => format!("a number with a unit like {unit}"),
                },
                near: Vec::new(),
            });
        }
    }
}

/// Units fit what they stand for.
fn units(p: &Asking, loaded: &Loaded, faults: &mut Vec<Fault>) {
    let mut wrong = |key: &str, unit: &str, own: &str| {
        let own =
            if own.is_empty() { "a plain number or a share (%)".to_string() } else { format!("a unit like {own}") };
        faults.push(Fault {
            line: p.lines.of(key),
            at: key.into(),
            found: format!("the unit `{unit}`"),
            allowed: own,
            near: Vec::new(),
        });
    };
    let own = if p.against.is_some() && p.relation == super::Relation::Ratio {
        String::new()
    } else {
        unit_of(&p.quantity, &loaded.model)
    };
    if let Some(unit) = p.unit.as_ref().filter(|unit| factor(&own, unit).is_none()) {
        wrong("unit", unit, &own);
    }
    if let Quantity::Reading(r) = &p.quantity
        && let Over::Share(_, threshold) = &r.over
        && !threshold.unit.is_empty()
    {
        let table = super::gather::unit_of_patient(r, &loaded.model);
        if factor(&table, &threshold.unit).is_none() {
            wrong("patients", &threshold.unit, &table);
        }
    }
}
