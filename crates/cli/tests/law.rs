//! `remission law` from outside: its JSON, what it says of a workload with exact theory, and what it refuses.

#[path = "common/study_folder.rs"]
mod study_folder;

use serde_json::Value;
use std::process::{Command, Output};
use study_folder::StudyFolder;

fn law(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).arg("law").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn document(arguments: &[&str]) -> Value {
    let output = law(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn w3_has_its_exact_probability() {
    let folder = format!("{}/../../bench/workloads/W3", env!("CARGO_MANIFEST_DIR"));
    let document = document(&[&folder, "--json"]);
    let arm = &document["arms"][0];
    let days = arm["no_resistant"].as_array().unwrap();
    let last = days.last().unwrap();
    assert_eq!(last["day"], 365.0);
    assert!((last["p"].as_f64().unwrap() - 0.606_008_7).abs() < 1e-7, "{last}");
    assert_eq!(days[0]["p"], 1.0);
    // 52 visits, the start and the horizon.
    assert_eq!(days.len(), 54);
    assert_eq!(arm["cure"].as_f64(), Some(0.0));
    let share: f64 = arm["origin"].as_object().unwrap().values().map(|v| v.as_f64().unwrap()).sum();
    assert!((share - 1.0).abs() < 1e-12);
    assert!(arm["resistant_quantiles"]["0.5"] == 0.0 && arm["resistant_quantiles"]["0.95"].as_f64().unwrap() > 1e4);
    // A line that lasts, once there, is there; at the horizon both say the same.
    let times = arm["time_to_resistance"].as_array().unwrap();
    let p: Vec<f64> = times.iter().map(|t| t["p"].as_f64().unwrap()).collect();
    assert!(p.windows(2).all(|w| w[0] <= w[1] + 1e-12));
    assert!((p[p.len() - 1] + last["p"].as_f64().unwrap() - 1.0).abs() < 1e-6);
    assert!(times.iter().all(|t| t["arrived"].as_f64().unwrap() >= t["p"].as_f64().unwrap() - 1e-9));
}

#[test]
fn the_catalogue_patient_has_a_law_in_every_arm() {
    let document = document(&["nsclc-egfr-tki", "--arm", "low = erlotinib 100 mg oral every day", "--json"]);
    let arms = document["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 4);
    assert_eq!(arms[3]["arm"], "low");
    for arm in arms {
        // A bound for every probability, since only the sensitive cells grow without drug.
        let bound = arm["errors"]["founder_law"].as_f64().unwrap();
        assert!(bound > 0.0 && bound < 2e-5 && arm["errors"]["founder_law_estimate"].is_null(), "{}", arm["errors"]);
        assert!(arm["origin"]["pre_existing"].as_f64().unwrap() > 0.2);
    }
}

const MODEL: &str = r#"
[model]
title = "Two types that share room"
[parameters]
room = { value = "CAPACITY cells", assumed = "for a test", prior = "loguniform(1e9 cells, 1e15 cells)" }
b = { value = "0.12 /day", assumed = "for a test", prior = "uniform(0.1 /day, 0.2 /day)" }
[cells.S]
birth = "b * logistic(total, room)"
death = "0.15 /day"
immigration = "2 cells/day"
mutates = [{ to = "R", per_division = "1e-8" }]
[cells.R]
kind = "resistant"
birth = "b * logistic(total, room)"
death = "0.1 /day"
[before_treatment]
start = { S = "1e9 cells" }
"#;

const STUDY: &str = r#"
[study]
patients = 10
seed = 1
horizon = "60 days"
visits = "every 30 days"
[[arms]]
name = "none"
regimen = ["no treatment"]
"#;

#[test]
fn room_that_hardly_matters_is_dropped_and_said() {
    let folder = StudyFolder::new("law-room", &MODEL.replace("CAPACITY", "1e13"), STUDY);
    let document = document(&[&folder.path("study"), "--json"]);
    let dropped = document["dropped"].as_array().unwrap();
    assert_eq!(dropped.len(), 2, "{dropped:?}");
    assert_eq!(dropped[0]["term"], "cells.S.birth");
    let change = dropped[0]["relative_change"].as_f64().unwrap();
    assert!((change / 1e-4 - 1.0).abs() < 1e-3, "{change}");
    // Two drawn patients of a model in which patients do not differ are the typical one.
    let two = self::document(&[&folder.path("study"), "--patients", "2", "--json"]);
    for what in ["no_resistant", "time_to_resistance", "origin"] {
        assert_eq!(two["arms"][0][what], document["arms"][0][what], "{what}");
    }
}

#[test]
fn what_acts_on_what_is_refused_by_name_and_all_at_once() {
    let grown = MODEL.replace("start = { S = \"1e9 cells\" }", "grow = \"S from 1 cell until 1e9 cells\"");
    let grown = grown.replace("CAPACITY", "2e9").replace("0.15 /day", "0.01 /day");
    let folder = StudyFolder::new("law-refused", &grown, STUDY);
    let output = law(&[&folder.path("study"), "--json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let message = text(&output.stderr);
    for name in
        ["`cells.S.birth` changes with `total`", "`cells.R.birth` changes with `total`", "`cells.S.immigration`"]
    {
        assert!(message.contains(name), "{name} is not in {message}");
    }
    let dish = law(&["pc9-erlotinib"]);
    assert_eq!(dish.status.code(), Some(1));
    assert!(text(&dish.stderr).contains("`cells.sensitive.birth`"), "{}", text(&dish.stderr));
}
