//! `remission sensitivity` from outside: what decides a dish of known answer, its documents and tables, what is counted, and what is refused.

#[path = "common/study_folder.rs"]
mod study_folder;

use serde_json::Value;
use std::process::{Command, Output};
use study_folder::StudyFolder;

/// Two types in a dish: the net growth of the sensitive one decides; `idle` stands in no rate that matters; `broken` makes a death rate
/// negative in a tenth of its prior.
const MODEL: &str = r#"
[model]
title = "A dish with one number that decides"
[parameters]
grow = { value = "0.3 /day", assumed = "test", prior = "uniform(0.2 /day, 0.5 /day)" }
die = { value = "0.1 /day", assumed = "test", prior = "uniform(0.09 /day, 0.11 /day)", between_patients = "lognormal(cv = 10 %)" }
idle = { value = "0.05 /day", assumed = "test", prior = "uniform(0.01 /day, 0.5 /day)" }
known = { value = "0.2 /day", source = { doi = "10.1/x", where = "Table 1" } }
[cells.s]
birth = "grow"
death = "die"
[cells.absent]
kind = "resistant"
birth = "known + idle"
death = "known"
[levels.marker]
start = "1 cells/L"
rate = "idle * (marker - marker)"
[before_treatment]
start = { s = "1000 cells" }
"#;

const STUDY: &str = r#"
[study]
patients = 10
seed = 7
horizon = "10 days"
visits = "every 5 days"
[[arms]]
name = "watched"
regimen = ["no treatment"]
[[arms]]
name = "watched again"
regimen = ["no treatment"]
"#;

fn sensitivity(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).arg("sensitivity").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn small<'a>(folder: &'a str, out: &'a str) -> Vec<&'a str> {
    vec![folder, "--patients", "20", "--morris", "4", "--sobol", "64", "--out", out]
}

fn find<'d>(document: &'d Value, quantity: &str) -> &'d Value {
    let outputs = document["outputs"].as_array().unwrap();
    outputs.iter().find(|o| o["quantity"] == quantity).unwrap_or_else(|| panic!("no {quantity}"))
}

#[test]
fn what_decides_is_found_and_what_does_nothing_is_dropped() {
    let folder = StudyFolder::new("sensitivity-decides", MODEL, STUDY);
    let (study, out) = (folder.path("study"), folder.path("out"));
    let output = sensitivity(&[&small(&study, &out)[..], &["--json", "--arm", "watched"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    // Said before it begins: 1 + 2 x 3 + 4 x 4, and at most 64 x 5.
    assert!(text(&output.stderr).contains("at most 343 evaluations"), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["failed_count"], 0);
    assert!(document["outputs"].as_array().unwrap().iter().all(|o| o["arm"] == "watched"));
    let total = find(&document, "ln_total");
    // ln 1000 + 10 days of net growth 0.2 a day, by the mean; patients differ a little.
    assert!((total["central"].as_f64().unwrap() - (1000f64.ln() + 2.0)).abs() < 0.2, "{total}");
    let of = |name: &str| total["decides"].as_array().unwrap().iter().find(|d| d["input"] == name).unwrap().clone();
    let grow = of("grow");
    // Over its whole range 0.3 a day, 3 in ten days.
    assert!((grow["mu_star"].as_f64().unwrap() - 3.0).abs() < 0.2, "{grow}");
    // It is all of the variance but for half a per cent: the other number moves the figure by a fifteenth as much.
    for index in ["first", "total"] {
        let [low, high] = [1, 2].map(|k| grow[index][k].as_f64().unwrap());
        assert!(0.4 < low && low < 0.996 && 0.98 < high, "{index}: {grow}");
    }
    assert_eq!(grow["above_noise"], true);
    let idle = of("idle");
    assert_eq!((idle["mu_star"].as_f64(), &idle["moves"], &idle["total"]), (Some(0.0), &false.into(), &Value::Null));
    assert!(!document["kept"].as_array().unwrap().contains(&"idle".into()));
    // A level that does not move is no figure of variance, and no trouble.
    assert!(find(&document, "level.marker")["decides"][0]["total"].is_null());
    for (file, begins) in [
        ("screening.csv", "arm,quantity,parameter,mu_star,"),
        ("indices.csv", "arm,quantity,parameter,first,"),
        ("tornado.csv", "arm,quantity,what,name,"),
        ("evaluations.csv", "evaluation,stage,grow,die,idle,"),
        ("sensitivity.json", "{"),
        ("report.html", "<!doctype html>"),
    ] {
        let written = std::fs::read_to_string(folder.path(&format!("out/{file}"))).unwrap();
        assert!(written.starts_with(begins), "{file}: {}", &written[..80.min(written.len())]);
    }
    let rows = std::fs::read_to_string(folder.path("out/evaluations.csv")).unwrap().lines().count() - 1;
    assert_eq!(document["evaluations"].as_u64(), Some(rows as u64));
}

#[test]
fn threads_change_nothing_and_a_taken_folder_is_refused() {
    let folder = StudyFolder::new("sensitivity-threads", MODEL, STUDY);
    let study = folder.path("study");
    let (one, three) = (folder.path("one"), folder.path("three"));
    for (out, threads) in [(&one, "1"), (&three, "3")] {
        let output = sensitivity(&[&small(&study, out)[..], &["--threads", threads]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let said = text(&output.stdout);
        assert!(said.contains("ln_total") && said.contains("grow ") && said.contains("report  "), "{said}");
    }
    for file in ["screening.csv", "indices.csv", "tornado.csv", "evaluations.csv", "sensitivity.json", "report.html"] {
        let read = |out: &str| std::fs::read(folder.path(&format!("{out}/{file}"))).unwrap();
        assert_eq!(read("one"), read("three"), "{file}");
    }
    let again = sensitivity(&small(&study, &one));
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("exists and is not empty"), "{}", text(&again.stderr));
}

#[test]
fn a_broken_evaluation_is_counted_and_named() {
    let model = MODEL.replace("uniform(0.09 /day, 0.11 /day)", "normal(sd = 0.06 /day)");
    let folder = StudyFolder::new("sensitivity-broken", &model, STUDY);
    let (study, out) = (folder.path("study"), folder.path("out"));
    let output = sensitivity(&[&small(&study, &out)[..], &["--only", "die,grow"]].concat());
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert!(said.contains("evaluations failed and are not counted") && said.contains("`cells.s.death`"), "{said}");
    let table = std::fs::read_to_string(folder.path("out/evaluations.csv")).unwrap();
    assert!(table.lines().any(|l| l.contains("cells.s.death")), "{table}");
    assert!(std::fs::read_to_string(folder.path("out/report.html")).unwrap().contains("evaluations failed"));
}

#[test]
fn rival_models_stand_beside_the_numbers() {
    let folder = StudyFolder::new("sensitivity-rivals", MODEL, STUDY);
    for (name, model) in
        [("faster", MODEL.replace("value = \"0.3 /day\"", "value = \"0.4 /day\"")), ("wrong", "[model]".into())]
    {
        let variant = folder.path(&format!("study/variants/{name}"));
        std::fs::create_dir_all(&variant).unwrap();
        std::fs::write(format!("{variant}/model.toml"), model).unwrap();
        std::fs::write(format!("{variant}/study.toml"), STUDY).unwrap();
    }
    let (study, out) = (folder.path("study"), folder.path("out"));
    let arguments = [&small(&study, &out)[..3], &["--sobol", "0", "--morris", "2", "--out", &out, "--json"]].concat();
    let output = sensitivity(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let total = find(&document, "ln_total");
    let faster = total["rivals"][0].as_f64().unwrap();
    assert!((faster - total["central"].as_f64().unwrap() - 1.0).abs() < 0.1, "{total}");
    assert!(total["rivals"][1].is_null() && !document["rivals"][1]["missing"].as_str().unwrap().is_empty());
    assert!(text(&output.stderr).contains("the rival model"), "{}", text(&output.stderr));
}

#[test]
fn odd_input_is_refused_with_what_is_near() {
    let folder = StudyFolder::new("sensitivity-refused", MODEL, STUDY);
    let (study, out) = (folder.path("study"), folder.path("out"));
    let refused = |more: &[&str], words: &[&str]| {
        let output = sensitivity(&[&[study.as_str(), "--out", &out, "--json"][..], more].concat());
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{more:?}: {message}");
        assert!(output.stdout.is_empty(), "{more:?}");
        words.iter().for_each(|w| assert!(message.contains(w), "{more:?}: {w} is not in {message}"));
        assert!(!std::path::Path::new(&out).exists(), "{more:?}");
    };
    refused(&["--only", "grwo,known"], &["did you mean grow", "`known` is cited or fitted", "--all"]);
    refused(&["--only", ""], &["there is no number"]);
    refused(&["--on", "ln_totl"], &["did you mean ln_total"]);
    refused(&["--on", "restricted_pfs_months"], &["no figure of this study"]);
    refused(&["--arm", "watchd"], &["watched", "--arm takes the name of an arm"]);
    refused(&["--sobol", "3"], &["at least 8"]);
    refused(&["--patients", "0"], &["--patients"]);
    refused(&["--morris", "-1"], &["--morris"]);
    refused(&["--sobol", "1e9"], &["--sobol"]);
    refused(&["--seed", "x"], &["a seed is a whole number"]);
    let cited = |line: &str| match line.split_once(", assumed") {
        Some((begins, _)) => format!("{begins}, source = {{ doi = \"10.1/x\", where = \"Table 2\" }} }}\n"),
        None => format!("{line}\n"),
    };
    let cited: String = MODEL.lines().map(cited).collect();
    let folder = StudyFolder::new("sensitivity-cited", &cited, STUDY);
    let output = sensitivity(&[&folder.path("study")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("no number of") && text(&output.stderr).contains("--all"),
        "{}",
        text(&output.stderr)
    );
    let alone = sensitivity(&["nsclc-egfr-tky"]);
    assert!(text(&alone.stderr).contains("did you mean nsclc-egfr-tki"));
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_it_and_leaves_nothing() {
    let folder = StudyFolder::new("sensitivity-stopped", MODEL, STUDY);
    let out = folder.path("out");
    let mut child = Command::new(env!("CARGO_BIN_EXE_remission"))
        .args(["sensitivity", &folder.path("study"), "--patients", "5000", "--sobol", "4096", "--out", &out])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!std::path::Path::new(&out).exists());
}
