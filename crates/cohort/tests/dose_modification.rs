//! Rules of dose modification in whole patients: a level that a drug lowers, and readings that it lowers.
//!
//! Two judges. What a rule should have done follows from what the visits saw, by a plain second writing of the rules of
//! this file. What it did to the doses is compared with a regimen in which the same doses are written out one by one.

use remission_cohort::outcome::{ArmOutcome, DoseChange};
use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;
use remission_model::resolved::{Model, Study};

/// Neutrophils fall under the taxane and recover; the tumour is small enough for `exact`.
const MODEL: &str = r#"
[model]
title = "toxicity"
[parameters]
birth = { value = "0.05 /day", fitted = "x" }
death = { value = "0.04 /day", fitted = "x" }
kill = { value = "0.05 /day", fitted = "x" }
ec50 = { value = "0.05 mg/L", fitted = "x" }
turnover = { value = "0.5 /day", fitted = "x" }
usual = { value = "4e9 cells/L", fitted = "x" }
sensitivity = { value = "0.03 mg/L", fitted = "x", between_patients = "lognormal(cv = 60 %)" }
[cells.tumour]
birth = "birth"
death = "death + kill * hill(taxane, ec50, 1)"
[levels.neutrophils]
start = "usual"
rate = "turnover * usual * (1 - hill(taxane, sensitivity, 1)) - turnover * neutrophils"
[drugs.taxane]
route = "infusion"
clearance = "4 L/h"
volume = "300 L"
felt_as = "mg/L"
[before_treatment]
start = { tumour = "400 cells" }
[measurements.marker]
kind = "cell_count"
error = "10 %"
"#;

/// The planned doses: 150 mg on day 0 and every 21 days.
const DOSE: f64 = 150.0;
const CYCLE: f64 = 21.0;
const HORIZON: f64 = 200.0;

fn model() -> Model {
    remission_model::model_from_toml("model.toml", MODEL).unwrap_or_else(|p| panic!("{p}"))
}

fn study(model: &Model, arms: &[(&str, Vec<String>, &[&str])]) -> Study {
    let mut text = format!("[study]\npatients = 40\nseed = 1\nhorizon = \"{HORIZON} days\"\nvisits = \"every week\"\n");
    for (name, regimen, rules) in arms {
        text += &format!("[[arms]]\nname = \"{name}\"\nregimen = {regimen:?}\nrules = {rules:?}\n");
    }
    remission_model::study_from_toml("study.toml", &text, "x", model).unwrap_or_else(|p| panic!("{text}\n{p}"))
}

fn planned() -> Vec<String> {
    vec!["taxane 150 mg over 3 h every 3 weeks".to_string()]
}

const TOXICITY: [&str; 3] = [
    "hold taxane when neutrophils < 1.2e9 cells/L until neutrophils >= 3e9 cells/L",
    "reduce taxane by 25 % when neutrophils < 1e9 cells/L, at most 2 times",
    "stop taxane when neutrophils < 0.8e9 cells/L",
];

fn outcomes(model: &Model, study: &Study, patient: u32, method: Method) -> Vec<ArmOutcome> {
    run(&Compiled::new(model), study, patient, method).arms.unwrap()
}

/// [`TOXICITY`] written a second time: what happens at each visit, from the neutrophils that were seen.
fn judged(seen: &[(f64, f64)]) -> Vec<DoseChange> {
    let (mut held, mut factor, mut reductions, mut stopped) = (false, 1.0, 0, false);
    let mut out = Vec::new();
    for &(time, n) in &seen[1..] {
        if stopped {
            break;
        }
        let mut say = |rule: usize, scale: f64| out.push(DoseChange { time, drug: 0, scale, rule });
        let was_held = held;
        if held && n >= 3e9 {
            held = false;
            say(0, factor);
        } else if !held && n < 1.2e9 {
            held = true;
            say(0, 0.0);
        }
        let still_held = was_held && held;
        if n < 1e9 && !still_held && reductions < 2 {
            reductions += 1;
            factor *= 0.75;
            say(1, if held { 0.0 } else { factor });
        }
        if n < 0.8e9 {
            stopped = true;
            say(2, 0.0);
        }
    }
    out
}

#[test]
fn rules_act_at_the_right_visits_on_the_right_doses() {
    let model = model();
    let ruled = study(&model, &[("ruled", planned(), &TOXICITY)]);
    let mut counts = [0usize; 3];
    let mut on_the_day = 0;
    for (method, patients) in [(Method::Mean, 40), (Method::Leap, 40), (Method::Exact, 6)] {
        for patient in 0..patients {
            let outcome = &outcomes(&model, &ruled, patient, method)[0];
            let seen: Vec<(f64, f64)> = outcome.seen.iter().map(|s| (s.time, s.levels[0])).collect();
            assert_eq!(outcome.dose_changes, judged(&seen), "{method:?}, patient {patient}: {seen:?}");
            outcome.dose_changes.iter().for_each(|c| counts[c.rule] += 1);
            // The same doses, written out.
            let mut sentences = Vec::new();
            let mut day = 0.0;
            while day <= HORIZON {
                let before = outcome.dose_changes.iter().rfind(|c| c.time <= day);
                on_the_day += usize::from(before.is_some_and(|c| c.time == day));
                let scale = before.map_or(1.0, |c| c.scale);
                if scale > 0.0 {
                    sentences.push(format!("taxane {} mg over 3 h on day {}", DOSE * scale, day + 1.0));
                }
                day += CYCLE;
            }
            let written = study(&model, &[("written", sentences, &[])]);
            let same = &outcomes(&model, &written, patient, method)[0];
            assert_eq!(same.seen.len(), outcome.seen.len());
            for (a, b) in outcome.seen.iter().zip(&same.seen) {
                let off = (a.levels[0] / b.levels[0] - 1.0).abs();
                assert!(off < 1e-5, "{method:?}, patient {patient}, day {}: {:e}", a.time, off);
                if method == Method::Mean {
                    assert!((a.by_type[0] / b.by_type[0] - 1.0).abs() < 1e-5);
                }
            }
        }
    }
    println!("holds and liftings, reductions, stops: {counts:?}; decisions on a day with a dose: {on_the_day}");
    assert!(counts.iter().all(|n| *n >= 20) && on_the_day >= 10, "every rule is at work: {counts:?}, {on_the_day}");
}

#[test]
fn no_rules_and_rules_that_never_act_change_no_bit() {
    let model = model();
    let never = [
        "hold taxane when neutrophils > 1e12 cells/L",
        "reduce taxane by 50 % when marker > 1e9 cells",
        "stop taxane when marker rises by 1000000 % from baseline",
    ];
    let study = study(&model, &[("plain", planned(), &[]), ("never", planned(), &never)]);
    for (method, patients) in [(Method::Mean, 5), (Method::Leap, 20), (Method::Exact, 5)] {
        for patient in 0..patients {
            let both = outcomes(&model, &study, patient, method);
            assert!(both[1].dose_changes.is_empty());
            assert_eq!(both[0], both[1], "{method:?}, patient {patient}");
        }
    }
}

#[test]
fn adaptive_therapy_holds_at_half_and_resumes_at_baseline() {
    let model = model();
    let rules = ["hold taxane when marker falls by 50 % from baseline until marker back to baseline"];
    let daily = vec!["taxane 60 mg over 1 h every day".to_string()];
    let study = study(&model, &[("adaptive", daily, &rules)]);
    let mut cycles = 0;
    for (method, patients) in [(Method::Mean, 10), (Method::Leap, 10), (Method::Exact, 3)] {
        for patient in 0..patients {
            let outcome = &outcomes(&model, &study, patient, method)[0];
            let readings: Vec<f64> = outcome.seen.iter().map(|s| s.readings[0]).collect();
            let mut on = true;
            let mut expected = Vec::new();
            for (s, reading) in outcome.seen.iter().zip(&readings).skip(1) {
                if (on && *reading <= 0.5 * readings[0]) || (!on && *reading >= readings[0]) {
                    on = !on;
                    expected.push((s.time, f64::from(u8::from(on))));
                }
            }
            let found: Vec<(f64, f64)> = outcome.dose_changes.iter().map(|c| (c.time, c.scale)).collect();
            assert_eq!(found, expected, "{method:?}, patient {patient}: {readings:?}");
            cycles += expected.iter().filter(|c| c.1 == 1.0).count();
        }
    }
    println!("cycles: {cycles}");
    assert!(cycles >= 10, "treatment was taken up again {cycles} times");
}

#[test]
fn rules_go_on_after_progression_and_act_on_what_is_then_given() {
    let text = MODEL.to_string()
        + r#"
[measurements.diameters]
kind = "sum_of_diameters"
shares = [1.0]
cells_per_volume = "100 cells/cm^3"
reader_error = "1 %"
"#;
    let text = text.replace("kill = { value = \"0.05 /day\"", "kill = { value = \"0 /day\"");
    let model = remission_model::model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{p}"));
    let study = r#"
[study]
patients = 5
seed = 1
horizon = "300 days"
visits = "every week"
recist_on = "diameters"
[[arms]]
name = "second line"
regimen = ["no treatment"]
after_progression = ["taxane 300 mg over 3 h every week"]
rules = ["stop taxane when neutrophils < 3e9 cells/L"]
"#;
    let study = remission_model::study_from_toml("study.toml", study, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    let mut stops = 0;
    for patient in 0..5 {
        let outcome = &outcomes(&model, &study, patient, Method::Mean)[0];
        for c in &outcome.dose_changes {
            stops += 1;
            assert!(outcome.progression.event && c.time > outcome.progression.time && c.scale == 0.0);
            let after: Vec<f64> = outcome.seen.iter().filter(|s| s.time > c.time + 42.0).map(|s| s.levels[0]).collect();
            assert!(after.iter().all(|n| *n > 3.99e9), "neutrophils recover for good: {after:?}");
        }
    }
    assert!(stops >= 3, "{stops} stops");
}
