//! `remission law` at the ends of what can be typed: certainty, nothing, one cell, 9e15 cells, rates that are 0 or fast.
//!
//! Each ends in time with a document of finite numbers in which probabilities are in [0, 1], rise where they must and agree
//! where they say the same.

#[path = "common/study_folder.rs"]
mod study_folder;

use serde_json::Value;
use std::process::{Command, Output};
use study_folder::StudyFolder;

const CELLS: &str = r#"
[model]
title = "Ends"
[parameters]
half = { value = "0.1 mg/L", assumed = "for a test", prior = "uniform(0.05 mg/L, 0.5 mg/L)" }
kill = { value = "0.5 /day", assumed = "for a test", prior = "uniform(0.1 /day, 0.9 /day)" }
room = { value = "1e7 cells", assumed = "for a test", prior = "uniform(1e6 cells, 1e8 cells)" }
pace = { value = "60 days", assumed = "for a test", prior = "uniform(10 days, 100 days)" }
loss = { value = "0.1 /day", assumed = "for a test", prior = "uniform(0.05 /day, 0.5 /day)" }
[drugs.d]
route = "oral"
ka = "1 /h"
clearance = "4 L/h"
volume = "200 L"
felt_as = "mg/L"
"#;

fn law(name: &str, model: &str, study: &str) -> Output {
    let head = "[study]\npatients = 1\nseed = 1\nceiling = \"9e15 cells\"\n";
    let folder = StudyFolder::new(&format!("law-edge-{name}"), &format!("{CELLS}{model}"), &format!("{head}{study}"));
    Command::new(env!("CARGO_BIN_EXE_remission")).args(["law", &folder.path("study"), "--json"]).output().unwrap()
}

/// Two types; each is given births, deaths and more of the section.
fn two(s: &str, r: &str, start: &str) -> String {
    format!("[cells.S]\n{s}\n[cells.R]\nkind = \"resistant\"\n{r}\n[before_treatment]\n{start}\n")
}

fn rates(birth: &str, death: &str, more: &str) -> String {
    format!("birth = \"{birth}\"\ndeath = \"{death}\"\n{more}")
}

fn mutates(u: &str) -> String {
    format!("mutates = [{{ to = \"R\", per_division = \"{u}\" }}]")
}

fn study(horizon: &str, visits: &str, regimen: &str) -> String {
    format!("horizon = \"{horizon}\"\nvisits = \"{visits}\"\n[[arms]]\nname = \"a\"\nregimen = [\"{regimen}\"]\n")
}

fn arm(name: &str, output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    document["arms"][0].clone()
}

fn numbers(v: &Value) -> Vec<f64> {
    v.as_object().unwrap().values().filter_map(Value::as_f64).collect()
}

fn sound(name: &str, arm: &Value) {
    let p = |v: &Value, what: &str| {
        let x = v.as_f64().unwrap_or(f64::NAN);
        assert!((0.0..=1.0).contains(&x), "{name}, {what}: {v}");
        x
    };
    let cure = p(&arm["cure"], "cure");
    let none: Vec<f64> = arm["no_resistant"].as_array().unwrap().iter().map(|d| p(&d["p"], "none")).collect();
    let times = arm["time_to_resistance"].as_array().unwrap();
    let lasting: Vec<f64> = times.iter().map(|d| p(&d["p"], "lasting")).collect();
    let arrived: Vec<f64> = times.iter().map(|d| p(&d["arrived"], "arrived")).collect();
    let last = none.len() - 1;
    assert!(cure <= none[last], "{name}: cure {cure}, none {}", none[last]);
    assert!((lasting[last] - (1.0 - none[last])).abs() < 1e-15, "{name}: {} and {}", lasting[last], none[last]);
    for rising in [&lasting, &arrived] {
        assert!(rising.windows(2).all(|w| w[0] <= w[1]), "{name}: {rising:?}");
    }
    for k in 0..=last {
        assert!(arrived[k] >= lasting[k] && arrived[k] >= 1.0 - none[k], "{name}, day number {k}");
    }
    for shares in ["origin", "origin_cells"] {
        let found = numbers(&arm[shares]);
        assert!(found.is_empty() || (found.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{name}: {found:?}");
    }
    numbers(&arm["origin_present"]).iter().for_each(|x| assert!((0.0..=1.0).contains(x), "{name}: {x}"));
    for quantiles in ["resistant_quantiles", "time_to_resistance_quantiles"] {
        let found = numbers(&arm[quantiles]);
        assert!(found.windows(2).all(|w| w[0] <= w[1]), "{name}: {found:?}");
    }
}

#[test]
fn every_end_is_a_sound_document() {
    let s = rates("0.2 /day", "0.1 /day", &mutates("1e-6"));
    let r = rates("0.2 /day", "0.15 /day", "");
    let at = |cells: &str| format!("start = {{ S = \"{cells}\" }}");
    let grown = |text: &str| format!("grow = \"S from {text} cells\"");
    let month = study("60 days", "every 30 days", "no treatment");
    let drug = rates("0.2 /day", "loss + kill * emax(d, 1, half)", &mutates("1e-15"));
    let induced = rates("0.2 /day", "0.1 /day", &mutates("1e-5 * emax(d, 1, half)"));
    let hiding = rates("0.2 /day", "0.1 /day", "switches = [{ to = \"R\", rate = \"80 /day\" }]");
    let waking = rates("0 /day", "0.1 /day", "switches = [{ to = \"S\", rate = \"50 /day\" }]");
    let cases: Vec<(&str, String, String)> = vec![
        ("day", two(&s, &r, &at("1e6 cells")), study("1 day", "every 1 day", "no treatment")),
        ("visits", two(&s, &r, &at("1e3 cells")), study("10 years", "every day", "no treatment")),
        ("full", two(&s, &r, &at("8e15 cells")), month.clone()),
        (
            "grown",
            two(&drug, &r, &grown("1 cell until 1e15")),
            study("1 year", "every 30 days", "d 100 mg oral every day"),
        ),
        ("one", two(&s, &r, &at("1 cell")), month.clone()),
        ("two", two(&s, &r, &grown("1 cell until 2")), month.clone()),
        ("part", two(&s, &r, &at("1.4 cells")), month.clone()),
        ("never", two(&rates("0.2 /day", "0.1 /day", &mutates("0")), &r, &at("1e6 cells")), month.clone()),
        ("often", two(&rates("0.2 /day", "0.1 /day", &mutates("0.5")), &r, &at("100 cells")), month.clone()),
        (
            "cure",
            two(&rates("0 /day", "50 /day", ""), &rates("0 /day", "50 /day", ""), &at("1e6 cells")),
            study("5 years", "every 30 days", "no treatment"),
        ),
        (
            "still",
            two(
                &rates("0 /day", "0 /day", ""),
                &rates("0 /day", "0 /day", ""),
                "start = { S = \"10 cells\", R = \"3 cells\" }",
            ),
            month.clone(),
        ),
        ("switches", two(&hiding, &waking, &at("1e3 cells")), month.clone()),
        ("induced", two(&induced, &r, &at("1e4 cells")), study("60 days", "every 30 days", "d 100 mg oral every day")),
        ("not induced", two(&induced, &r, &at("1e4 cells")), month.clone()),
        ("arrivals", two(&s, &format!("{r}\nimmigration = \"0.3 cells/day\""), &at("1 cell")), month.clone()),
        (
            "fast",
            two(&s, &rates("5 /day", "1 /day", ""), &at("1e6 cells")),
            study("5 years", "every 30 days", "no treatment"),
        ),
        ("narrow", two(&s, &r, "start = { R = \"1e15 cells\" }"), month.clone()),
    ];
    let mut said = std::collections::HashMap::new();
    for (name, model, study) in &cases {
        let found = arm(name, &law(name, model, study));
        sound(name, &found);
        said.insert(*name, found);
    }
    assert_eq!(said["cure"]["cure"], 1.0);
    assert_eq!(said["never"]["no_resistant"][2]["p"], 1.0);
    assert_eq!(said["not induced"]["no_resistant"][2]["p"], 1.0);
    assert!(said["never"]["origin"]["cycling"].is_null());
    assert!((said["induced"]["origin"]["drug_induced"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert_eq!(said["still"]["resistant_quantiles"]["0.05"], 3.0);
    // More cells than a number can hold: told as null, and what is a probability stays one.
    assert!(said["fast"]["resistant_mean"].is_null() && said["fast"]["resistant_quantiles"]["0.95"].is_null());
    // One birth-death cell of each kind: from 1.4 cells on average, a whole one and a second in four of ten.
    let one = said["one"]["cure"].as_f64().unwrap();
    assert!((said["part"]["cure"].as_f64().unwrap() - one * (0.6 + 0.4 * one)).abs() < 1e-9);
}

#[test]
fn what_cannot_be_is_refused_in_words_and_soon() {
    let r = rates("0.2 /day", "0.15 /day", "");
    let start = "start = { S = \"1e6 cells\" }";
    let month = study("60 days", "every 30 days", "no treatment");
    let seeking = rates("0.2 /day", "0.1 /day", "switches = [{ to = \"R\", rate = \"loss * total / room\" }]");
    let half = rates("0.2 /day", "0.05 /day", &mutates("0.5"));
    for (name, model, study, words) in [
        ("seeking", two(&seeking, &r, start), &month, "`cells.S.switches to R` changes with `total`"),
        ("half", two(&half, &r, "grow = \"S from 1 cell until 1e6 cells\""), &month, "mutated cells would be"),
        (
            "minutes",
            two(&rates("0.2 /day", "0.1 /day", &mutates("1e-9")), &rates("5000 /day", "1000 /day", ""), start),
            &study("5 years", "every 30 days", "no treatment"),
            "the fastest rate is 5.000e3 /day",
        ),
        (
            "minutes to find its intervals",
            two(&rates("loss * exp(exp(time / pace))", "0.1 /day", &mutates("1e-9")), &r, start),
            &study("200 days", "every 50 days", "no treatment"),
            "the backward equations need more than",
        ),
    ] {
        let began = std::time::Instant::now();
        let output = law(name, &model, study);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name}: {message}");
        assert!(output.stdout.is_empty() && message.contains(words), "{name}: {message}");
        assert!(began.elapsed().as_secs() < 60, "{name} took {:?}", began.elapsed());
    }
}

/// The number of threads changes no bit; a stop ends it at once.
#[test]
fn threads_and_a_stop() {
    let read = |threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_remission"));
        let folder = format!("{}/../../bench/workloads/W3", env!("CARGO_MANIFEST_DIR"));
        let output =
            command.args(["law", &folder, "--patients", "7", "--json", "--threads", threads]).output().unwrap();
        let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
        document["seconds"] = Value::Null;
        document
    };
    assert_eq!(read("1"), read("3"));
    #[cfg(unix)]
    {
        use std::time::{Duration, Instant};
        let mut command = Command::new(env!("CARGO_BIN_EXE_remission"));
        command.args(["law", "nsclc-egfr-tki", "--patients", "100000", "--json"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        let began = Instant::now();
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        println!("stopped within {:?}", began.elapsed());
        assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty());
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
