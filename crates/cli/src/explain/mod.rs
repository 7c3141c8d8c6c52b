//! A model and its study in plain words: what there is, how fast it changes in numbers, where each number comes from, and
//! what a run will do. The text and the JSON document are two prints of one [`Explanation`].

mod arms;
mod before;
mod cells;
mod clinic;
pub mod codes;
mod drugs;
pub mod map;
mod numbers;
pub mod page;
mod patients;
mod radiation;
mod sites;
pub mod words;

use crate::failure::{Exit, code};
use crate::figures::title;
use crate::load::Loaded;
use crate::treatment::shown;
use page::Page;
use remission_cohort::typical::{Average, Reached, Reader};
use remission_engine::compiled::Compiled;
use remission_engine::failure::Failure;
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};

/// What is explained. `values` of the cells stand in the order of `conditions`.
#[derive(Debug, Serialize)]
pub struct Explanation {
    study: String,
    title: String,
    question: String,
    citations: Vec<String>,
    numbers_rest_on: numbers::Count,
    patients_per_arm: Option<u32>,
    seed: Option<u64>,
    horizon_days: Option<f64>,
    conditions: Vec<Condition>,
    /// Where the types of the tumour live, in words; none where it is in one place.
    sites: Option<String>,
    cells: Vec<cells::Cell>,
    levels: Vec<clinic::Named>,
    tables: Vec<clinic::Named>,
    drugs: Vec<drugs::DrugWords>,
    patients: patients::Patients,
    before_treatment: before::Before,
    measurements: Vec<clinic::Named>,
    visits: Option<String>,
    progression: Option<String>,
    arms: Vec<arms::ArmWords>,
    ends: Vec<String>,
    origins: Vec<clinic::Named>,
    numbers: Vec<numbers::Number>,
}

/// A condition under which rates are shown.
#[derive(Debug, Serialize)]
struct Condition {
    /// Arm; null without drug.
    arm: Option<String>,
    /// Days since treatment began over which rates are averaged.
    from_day: f64,
    to_day: f64,
    /// `no drug`, `steady`, `not steady` or `course`.
    reached: &'static str,
    /// Whose record they are averaged over; null where doses are planned.
    of_record: Option<String>,
}

/// Rates under every condition.
pub struct Arms {
    /// `without drug`, then the arms that give drug.
    names: Vec<String>,
    /// True when some arm begins without drug.
    untreated: bool,
    /// One rate vector for each.
    rates: Vec<Vec<f64>>,
    averages: Vec<(String, Average)>,
    /// Whose record each average is of; nothing where doses are planned.
    of: Vec<Option<String>>,
}

/// Explains what was loaded.
///
/// # Errors
/// A rate or a constant of the typical patient is impossible, or `stop` was raised.
pub fn explain(loaded: &Loaded, stop: &AtomicBool) -> Result<(Explanation, String), Exit> {
    let compiled = Compiled::new(&loaded.model);
    let (model, study) = (&compiled.model, loaded.study.as_ref());
    let refused =
        |f: Failure| Exit::refused(format!("error: the patient with every number at its centre cannot be: {f}"));
    let averaged = conditions(&compiled, study).map_err(refused)?;
    let before = before::before(&compiled, study.map(|s| s.seed), stop);
    if stop.load(Ordering::Relaxed) {
        return Err(Exit { message: "interrupted: nothing was explained".into(), code: code::INTERRUPTED });
    }
    let numbers = numbers::numbers(model);
    let explanation = Explanation {
        study: loaded.name.clone(),
        title: study.map_or(model.title.clone(), |s| title(model, s)),
        question: model.question.clone(),
        citations: model.citations.iter().map(words::citation).collect(),
        numbers_rest_on: numbers::count(&numbers),
        patients_per_arm: study.map(|s| s.patients),
        seed: study.map(|s| s.seed),
        horizon_days: study.map(|s| s.horizon),
        conditions: std::iter::once(Condition {
            arm: None,
            from_day: 0.0,
            to_day: 0.0,
            reached: "no drug",
            of_record: None,
        })
        .chain(averaged.averages.iter().zip(&averaged.of).map(|((name, a), of)| Condition {
            arm: Some(name.clone()),
            from_day: a.span.from,
            to_day: a.span.to,
            reached: match a.reached {
                Reached::NoDrug => "no drug",
                Reached::Steady => "steady",
                Reached::NotSteady => "not steady",
                Reached::Course => "course",
            },
            of_record: of.clone(),
        }))
        .collect(),
        sites: sites::sites(model),
        cells: cells::cells(&compiled, &averaged),
        levels: clinic::levels(&compiled),
        tables: clinic::tables(model),
        drugs: drugs::drugs(&compiled, study).map_err(refused)?,
        measurements: clinic::measurements(&compiled, before.cells),
        patients: patients::patients(model),
        before_treatment: before,
        visits: study.map(clinic::visits),
        progression: study.and_then(|s| clinic::progression(model, s)),
        arms: study.map(|s| arms::arms(model, s)).unwrap_or_default(),
        ends: study.map(|s| clinic::ends(&compiled, s)).unwrap_or_default(),
        origins: clinic::origins(model),
        numbers,
    };
    let text = text(&explanation, &compiled, study, &averaged);
    Ok((explanation, text))
}

/// Rates without drug, and of every arm that gives drug.
fn conditions(compiled: &Compiled, study: Option<&remission_model::Study>) -> Result<Arms, Failure> {
    let reader = Reader::new(compiled)?;
    let mut arms = Arms {
        names: vec![match (compiled.model.drugs.is_empty(), compiled.interacting) {
            (false, _) => "without drug".into(),
            (true, true) => "at the start".into(),
            (true, false) => "always".into(),
        }],
        untreated: false,
        rates: vec![reader.undrugged()?],
        averages: Vec::new(),
        of: Vec::new(),
    };
    for (arm, horizon) in study.iter().flat_map(|s| s.arms.iter().map(|a| (a, s.horizon))) {
        let shown = shown(arm, None);
        let average = reader.average(shown.regimen, horizon)?;
        if average.reached == Reached::NoDrug {
            arms.untreated = true;
            continue;
        }
        arms.names.push(arm.name.clone());
        arms.rates.push(average.rates.clone());
        arms.averages.push((arm.name.clone(), average));
        arms.of.push(shown.of);
    }
    Ok(arms)
}

fn text(e: &Explanation, compiled: &Compiled, study: Option<&remission_model::Study>, averaged: &Arms) -> String {
    let mut page = Page::for_terminal();
    page.text(0, &e.title);
    match study {
        Some(s) => page.text(0, &format!("{}: {}", e.study, clinic::size(s))),
        None => page.text(0, &format!("{}: a model without a study, so nothing is said of arms and visits", e.study)),
    }
    page.text(0, &numbers::in_words(&e.numbers_rest_on));
    page.heading("Question");
    page.text(
        0,
        if e.question.is_empty() { "The model does not say (`question` under [model])." } else { &e.question },
    );
    if !e.citations.is_empty() {
        page.text(0, "It rests on:");
        e.citations.iter().for_each(|c| page.item(2, "- ", c));
    }
    page.heading("Cells");
    page.text(0, &rates_are(compiled, study, averaged));
    if let Some(sites) = &e.sites {
        page.text(0, sites);
        page.gap();
    }
    cells::print(&mut page, &e.cells, averaged, &compiled.model);
    if !e.levels.is_empty() || !e.tables.is_empty() {
        page.gap();
        page.text(0, "Beside the cells:");
    }
    for n in e.levels.iter().chain(&e.tables) {
        page.item(2, "", &format!("{} {}.", n.name, n.says));
    }
    page.heading("Drugs and levels");
    drugs::print(&mut page, &e.drugs, study);
    if !e.patients.covariates.is_empty() || !e.patients.correlations.is_empty() {
        page.heading("Patients");
        patients::print(&mut page, &e.patients);
    }
    page.heading("Before treatment");
    before::print(&mut page, &e.before_treatment);
    page.heading("Visits");
    clinic::print_visits(&mut page, &e.measurements, e.visits.as_deref(), e.progression.as_deref());
    if study.is_some() {
        page.heading("Arms");
        arms::print(&mut page, &e.arms, e.progression.is_some());
        page.heading("What ends a run");
        e.ends.iter().for_each(|line| page.item(0, "", line));
    }
    page.heading("Origins");
    clinic::print_origins(&mut page, &e.origins, study.is_none_or(|s| s.assesses_progression()));
    page.heading("Numbers");
    numbers::print(&mut page, &e.numbers, &e.numbers_rest_on);
    numbers::settings(&mut page, &compiled.model);
    page.finish()
}

/// Days in words, and the arms that share them.
type DaysOfArms = (String, Vec<String>);

/// Over what rates are averaged, and at what counts.
fn rates_are(compiled: &Compiled, study: Option<&remission_model::Study>, arms: &Arms) -> String {
    let mut out = "Rates are per cell and day, with every number at its central value.".to_string();
    if compiled.interacting {
        out += " Cells act on each other, so rates move with their numbers: these are those when treatment begins.";
    }
    // What the days are, the days, and the arms that share them.
    let mut said: Vec<(&str, Vec<DaysOfArms>)> = Vec::new();
    for (name, average) in &arms.averages {
        let moment = average.span.to <= average.span.from;
        let (what, days) = match average.reached {
            Reached::NoDrug => continue,
            Reached::Steady if moment => {
                ("those once the effect is steady", format!("from {} on", words::day(average.span.from)))
            }
            Reached::NotSteady if moment => {
                let end = words::written_time(average.span.from);
                ("those at the end of the study, when the effect is not yet steady", format!("after {end}"))
            }
            reached => (
                match reached {
                    Reached::Steady => "averages over a dosing cycle at steady state",
                    Reached::NotSteady => "averages over the last whole dosing cycle, which is not yet steady",
                    _ => "averages from the first dose to the end of the last",
                },
                clinic::days(average.span.from, average.span.to),
            ),
        };
        let group = match said.iter().position(|s| s.0 == what) {
            Some(k) => k,
            None => {
                said.push((what, Vec::new()));
                said.len() - 1
            }
        };
        match said[group].1.iter_mut().find(|d| d.0 == days) {
            Some(same) => same.1.push(name.clone()),
            None => said[group].1.push((days, vec![name.clone()])),
        }
    }
    let all = arms.averages.len();
    let parts: Vec<String> = said
        .iter()
        .map(|(what, days)| {
            let one = |(days, names): &(String, Vec<String>)| {
                if names.len() == all { days.clone() } else { format!("{days} ({})", words::list(names)) }
            };
            format!("{what}: {}", days.iter().map(one).collect::<Vec<_>>().join(", "))
        })
        .collect();
    if !parts.is_empty() {
        out += &format!(" With drug they are {}.", parts.join("; "));
    }
    let of =
        arms.averages.iter().zip(&arms.of).filter_map(|((name, _), of)| Some(format!("{} in {name}", of.as_ref()?)));
    let of: Vec<String> = of.collect();
    if !of.is_empty() {
        out += &format!(" Where doses were recorded they are those of one record: {}.", words::list(&of));
    }
    if study.is_some_and(|s| s.arms.iter().any(|a| !a.rules.is_empty())) {
        out += " Doses are as planned, before any rule changes them.";
    }
    out
}
