//! What is expected of the typical patient against closed forms, and of the first patients against a run of them.

use remission_cohort::beginning::beginning;
use remission_cohort::levels::typical;
use remission_cohort::patient::{Method, run};
use remission_cohort::typical::{Reached, Reader, goes_wrong, half_life};
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_model::regimen::from_sentences;
use std::sync::atomic::AtomicBool;

const MODEL: &str = r#"
[model]
title = "an effect that is linear in concentration, one that saturates"
[parameters]
slope = { value = "0.02 L/mg/day", fitted = "test" }
size = { value = "1e5 cells", fitted = "test", between_patients = "lognormal(cv = 50 %)" }
u = { value = "1e-3", fitted = "test" }
[cells.s]
birth = "0.2 /day"
death = "slope * drug"
mutates = [{ to = "r", per_division = "u" }, { to = "q", per_time = "0.01 /day" }]
[cells.r]
kind = "resistant"
birth = "0.1 /day"
death = "slope * delayed(held)"
[cells.q]
kind = "resistant"
birth = "0.1 /day"
death = "0.05 /day"
[drugs.drug]
route = "oral"
ka = "1 /h"
clearance = "5 L/h"
volume = "100 L"
peripheral = [{ flow = "10 L/h", volume = "300 L" }, { flow = "2 L/h", volume = "100 L" }]
felt_as = "ug/mL"
[drugs.held]
route = "held"
felt_as = "ug/mL"
delay = { states = 4, mean = "2 days" }
[before_treatment]
grow = "s from 1 cell until size"
"#;

const STUDY: &str = r#"
[study]
patients = 100
seed = 11
horizon = "1 day"
visits = "every day"
[[arms]]
name = "daily"
regimen = ["drug 240 mg oral every day"]
"#;

fn compiled() -> Compiled {
    Compiled::new(&remission_model::model_from_toml("model.toml", MODEL).unwrap())
}

/// What moves by concentration alone moves by its average: dose / (clearance x interval), whatever the compartments.
#[test]
fn an_average_rate_follows_the_average_concentration() {
    let compiled = compiled();
    let reader = Reader::new(&compiled).unwrap();
    let layout = compiled.layout;
    for (sentence, average) in
        [("drug 240 mg oral every day", 2.0), ("drug 240 mg oral on days 1-3, every 7 days", 2.0 * 3.0 / 7.0)]
    {
        let regimen = from_sentences(&[sentence], &compiled.model).unwrap();
        let found = reader.average(&regimen, 400.0).unwrap();
        assert_eq!(found.reached, Reached::Steady);
        // Mutation per time counts as a loss. What the trough still lacks at steady state is at most 1 %.
        let death = found.rates[layout.death(0)] - 0.01;
        assert!((death / (0.02 * average) - 1.0).abs() < 0.01, "{sentence}: {death}");
        // Divisions do not move with the drug; one in a thousand founds a clone.
        assert!((found.rates[layout.birth(0)] - 0.2 * 0.999).abs() < 1e-12);
        assert!((found.rates[layout.founding(0)] - 0.2 * 0.001).abs() < 1e-12);
    }
    let undrugged = reader.undrugged().unwrap();
    assert_eq!(undrugged[layout.death(0)], 0.01);
}

#[test]
fn a_held_concentration_is_read_once_its_delay_is_over() {
    let compiled = compiled();
    let reader = Reader::new(&compiled).unwrap();
    let held = from_sentences(&["held 3 ug/mL held from day 1"], &compiled.model).unwrap();
    let late = reader.average(&held, 100.0).unwrap();
    assert_eq!(late.reached, Reached::Steady);
    // P(a sum of four exponentials of mean 1/2 a piece > 5 days) = 1 % of the concentration is still to come.
    let death = late.rates[compiled.layout.death(1)];
    assert!((0.98..=1.0).contains(&(death / 0.06)), "{death}");
    // In a study of one day most of it is still to come: 1 - e^-2 (1 + 2 + 2 + 4/3) = 14.3 %.
    let early = reader.average(&held, 1.0).unwrap();
    assert_eq!(early.reached, Reached::NotSteady);
    let death = early.rates[compiled.layout.death(1)];
    assert!((death / 0.06 - 0.142_877).abs() < 1e-5, "{death}");
    let steps = from_sentences(&["held 3 ug/mL held from day 1 for 2 days"], &compiled.model).unwrap();
    assert_eq!(reader.average(&steps, 100.0).unwrap().reached, Reached::Course);
    let none = from_sentences(&["no treatment"], &compiled.model).unwrap();
    assert_eq!(reader.average(&none, 100.0).unwrap().reached, Reached::NoDrug);
}

/// The half-life against the engine's own concentrations long after a dose.
#[test]
fn a_half_life_is_that_of_the_last_phase() {
    let compiled = compiled();
    let parameters = typical(&compiled.model);
    let once = from_sentences(&["drug 240 mg once"], &compiled.model).unwrap();
    let mut exposure = Exposure::new(&compiled, &parameters, 0.0).unwrap();
    exposure.follow(&once);
    exposure.advance(60.0);
    let first = exposure.concentration(0);
    let days = half_life(&compiled, &compiled.model.drugs[0]).unwrap();
    exposure.advance(60.0 + days);
    assert!((exposure.concentration(0) / first - 0.5).abs() < 1e-6);
    assert_eq!(half_life(&compiled, &compiled.model.drugs[1]), None);
}

/// The tumours described are those that a run treats.
#[test]
fn the_first_patients_are_those_of_a_run() {
    let compiled = compiled();
    let study = remission_model::study_from_toml("study.toml", STUDY, "test", &compiled.model).unwrap();
    let described = beginning(&compiled, study.seed, study.patients, &AtomicBool::new(false));
    assert_eq!((described.patients, described.failed), (100, 0));
    let middle = |of: &dyn Fn(&[f64]) -> f64| {
        let look = |n| run(&compiled, &study, n, Method::Leap).arms.unwrap()[0].seen[0].by_type.clone();
        let mut all: Vec<f64> = (0..study.patients).map(|n| of(&look(n))).collect();
        all.sort_by(f64::total_cmp);
        (all[4], all[49], all[94])
    };
    let total = described.total;
    assert_eq!((total.low, total.middle, total.high), middle(&|counts| counts.iter().sum()));
    let mutants = described.types[1].cells;
    assert_eq!((mutants.low, mutants.middle, mutants.high), middle(&|counts| counts[1]));
    assert!(described.types[1].clones.middle > 1.0 && described.years.is_some());
}

#[test]
fn a_rate_that_turns_negative_under_the_first_doses_is_found_and_named() {
    let study = |text: &str| {
        let (model, study) = text.split_once("# --- study ---\n").unwrap();
        let model = remission_model::model_from_toml("model.toml", model).unwrap();
        let study = study.split("# --- regimen ---\n").next().unwrap();
        let arms = study.find("[[arms]]\nname = \"named\"").unwrap_or(study.len());
        let study = remission_model::study_from_toml("study.toml", &study[..arms], "x", &model).unwrap();
        (Compiled::new(&model), study)
    };
    let text = std::fs::read_to_string("../../spec/cases/valid/erlotinib_study.toml").unwrap();
    let (compiled, right) = study(&text);
    assert_eq!(goes_wrong(&compiled, &right), None);
    let (compiled, wrong) =
        study(&text.replace("birth = \"0.89 * birth\"", "birth = \"birth - 2 * birth * hill(erlotinib, ec50, 2)\""));
    let (arm, failure) = goes_wrong(&compiled, &wrong).unwrap();
    assert_eq!(arm, "erlotinib 150 mg daily");
    let said = failure.to_string();
    assert!(said.contains("cells.t790m.birth") && said.contains("at least 0"), "{said}");
}
