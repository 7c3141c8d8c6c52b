//! `remission law` against `remission run`, both as a user calls them, on one study: oral drug every day or in pulses,
//! persisters, switching, mutations owed to drug, a resistant cell in four patients of ten at the start, six visits.
//!
//! From the tables of the run: cure, no resistant cell at every visit, origins of the resistant clones alive at the
//! horizon, their number, quantiles of the resistant count, and the day from which a resistant line lasts to the horizon
//! (the founding day of the oldest resistant clone that is alive there).
//!
//! Shares are judged by Chernoff's bound, P(share as far from p) <= 2 exp(-n KL(share, p)), which is no approximation and holds
//! for patients who differ; mean numbers of clones by z-scores of means of 250 patients or more. All tests of the file
//! together fail by chance once in 10^4 seeds. The seed is 1.

#[path = "common/study_folder.rs"]
mod study_folder;

use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Command;
use study_folder::StudyFolder;

/// False alarms of the file.
const ALARM: f64 = 1e-4;
/// Tests of the file: three runs, two arms of at most 40 each.
const TESTS: f64 = 240.0;
/// Two-sided normal limit for ALARM / TESTS.
const Z: f64 = 5.07;
const ORIGINS: [&str; 4] = ["pre_existing", "drug_induced", "persister", "cycling"];

const MODEL: &str = r#"
[model]
title = "A small tumour that hides"
[parameters]
kill = { value = "0.35 /day", assumed = "for a test", prior = "uniform(0.1 /day, 0.9 /day)"BETWEEN }
half = { value = "0.5 mg/L", assumed = "for a test", prior = "uniform(0.1 mg/L, 0.9 mg/L)" }
u = { value = "1e-3", assumed = "for a test", prior = "loguniform(1e-5, 1e-2)" }
hide = { value = "0.04 /day", assumed = "for a test", prior = "uniform(0.01 /day, 0.1 /day)" }
loss = { value = "0.2 /day", assumed = "for a test", prior = "uniform(0.1 /day, 0.3 /day)" }
[cells.sensitive]
birth = "0.3 /day"
death = "loss + kill * emax(drug, 1, half)"
mutates = [{ to = "resistant", per_division = "u * (1 + 2 * emax(drug, 1, half))" }]
switches = [{ to = "persister", rate = "hide * emax(drug, 1, half)" }]
[cells.persister]
kind = "persister"
birth = "0.02 /day"
death = "0.05 /day"
switches = [{ to = "sensitive", rate = "0.03 /day" }]
mutates = [{ to = "resistant", per_time = "0.002 /day" }]
[cells.resistant]
kind = "resistant"
birth = "0.25 /day"
death = "0.21 /day"
[drugs.drug]
route = "oral"
ka = "12 /day"
clearance = "30 L/day"
volume = "20 L"
felt_as = "mg/L"
[before_treatment]
start = { sensitive = "CELLS cells", persister = "5 cells", resistant = "0.4 cells" }
"#;

const STUDY: &str = r#"
[study]
patients = PATIENTS
seed = 1
horizon = "60 days"
visits = "every 12 days"
[[arms]]
name = "daily"
regimen = ["drug 60 mg oral every day"]
[[arms]]
name = "pulses"
regimen = ["drug 200 mg oral every 7 days"]
"#;

fn remission(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Rows of a table by the names of its columns; no field of these studies holds a comma.
fn rows(path: PathBuf) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines.map(|l| head.iter().map(|h| h.to_string()).zip(l.split(',').map(String::from)).collect()).collect()
}

/// What a run says of one patient in one arm, visit by visit.
#[derive(Default, Clone)]
struct Patient {
    total: Vec<f64>,
    resistant: Vec<f64>,
    /// Founding day and origin of the resistant clones alive at the horizon.
    clones: Vec<(f64, String)>,
    in_clones: f64,
}

fn patients(out: &std::path::Path, number: usize) -> HashMap<String, Vec<Patient>> {
    let mut found: HashMap<String, Vec<Patient>> = HashMap::new();
    let at = |row: &HashMap<String, String>| row["patient_id"].parse::<usize>().unwrap();
    for row in rows(out.join("trajectories.csv")) {
        let all = found.entry(row["arm"].clone()).or_insert_with(|| vec![Patient::default(); number]);
        let value = row["value"].parse().unwrap();
        match row["variable"].as_str() {
            "total" => all[at(&row)].total.push(value),
            "resistant" => all[at(&row)].resistant.push(value),
            _ => {}
        }
    }
    let mut alive = HashMap::new();
    for row in rows(out.join("clone_sizes.csv")).into_iter().filter(|r| r["Time"] == "60" && r["Population"] != "0") {
        let cells: f64 = row["Population"].parse().unwrap();
        alive.insert((row["arm"].clone(), at(&row), row["Identity"].clone()), cells);
    }
    for row in rows(out.join("clones.csv")).into_iter().filter(|r| r["cell_type"] == "resistant") {
        if let Some(cells) = alive.get(&(row["arm"].clone(), at(&row), row["Identity"].clone())) {
            let patient = &mut found.get_mut(&row["arm"]).unwrap()[at(&row)];
            patient.clones.push((row["founded"].parse().unwrap(), row["origin"].clone()));
            patient.in_clones += cells;
        }
    }
    found
}

/// A share of n patients against its probability, or against a range of it.
fn share(what: &str, seen: usize, n: usize, low: f64, high: f64) {
    let found = seen as f64 / n as f64;
    let p = found.clamp(low, high);
    let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
    let far = n as f64 * (part(found, p) + part(1.0 - found, 1.0 - p));
    println!("{what}: {found:.4} for {low:.4}..{high:.4}, ln of chance at most {:.2}", 2f64.ln() - far);
    assert!(far <= (2.0 * TESTS / ALARM).ln(), "{what}: {seen} of {n} for {low}..{high}");
}

fn compare(method: &str, number: usize, between: &str) {
    let model = MODEL.replace("BETWEEN", between).replace("CELLS", if between.is_empty() { "120" } else { "40" });
    let name = format!("law-run-{method}-{}", between.len());
    let folder = StudyFolder::new(&name, &model, &STUDY.replace("PATIENTS", &number.to_string()));
    let (study, out) = (folder.path("study"), PathBuf::from(folder.path("out")));
    remission(&["run", &study, "--method", method, "--csv", "--out", &out.display().to_string()]);
    let many = number.to_string();
    let mut asked = vec!["law", &study, "--json"];
    if !between.is_empty() {
        asked.extend(["--patients", &many]);
    }
    let law: Value = serde_json::from_slice(&remission(&asked)).unwrap();
    let found = patients(&out, number);
    for arm in law["arms"].as_array().unwrap() {
        let name = arm["arm"].as_str().unwrap();
        let seen = &found[name];
        assert!(seen.iter().all(|p| p.total.len() == 6 && p.resistant.len() == 6));
        // The tables leave out clones below 0.1 % of the tumour: none here.
        if let Some(x) = seen.iter().find(|p| p.in_clones != p.resistant[5]) {
            panic!("{name}: {} of {} resistant cells are in clones, of {}", x.in_clones, x.resistant[5], x.total[5]);
        }
        let n = seen.len();
        let count = |of: &dyn Fn(&Patient) -> bool| seen.iter().filter(|p| of(p)).count();
        let p = |v: &Value| v.as_f64().unwrap();
        let one = |what: &str, of: &dyn Fn(&Patient) -> bool, x: f64| {
            share(&format!("{method} {name}, {what}"), count(of), n, x, x);
        };
        one("cure", &|p| p.total[5] == 0.0, p(&arm["cure"]));
        for (k, (none, time)) in arm["no_resistant"]
            .as_array()
            .unwrap()
            .iter()
            .zip(arm["time_to_resistance"].as_array().unwrap())
            .enumerate()
        {
            let day = p(&none["day"]);
            assert_eq!(day, 12.0 * k as f64);
            one(&format!("none on day {day}"), &|x| x.resistant[k] == 0.0, p(&none["p"]));
            one(&format!("lasting by day {day}"), &|x| x.clones.iter().any(|c| c.0 <= day), p(&time["p"]));
            // Visits miss what came and went between them.
            let by = count(&|x| x.resistant[..=k].iter().any(|&r| r > 0.0));
            share(&format!("{method} {name}, seen by day {day}"), by, n, 0.0, p(&time["arrived"]));
        }
        let mut means = Vec::new();
        for origin in ORIGINS {
            one(origin, &|x| x.clones.iter().any(|c| c.1 == origin), p(&arm["origin_present"][origin]));
            let numbers: Vec<f64> =
                seen.iter().map(|x| x.clones.iter().filter(|c| c.1 == origin).count() as f64).collect();
            let mean = numbers.iter().sum::<f64>() / n as f64;
            let variance = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1) as f64;
            let (expected, se) = (p(&arm["origin_clones"][origin]), (variance / n as f64).sqrt());
            println!("{method} {name}, {origin} clones: {mean:.4} for {expected:.4}, z {:.2}", (mean - expected) / se);
            assert!((mean - expected).abs() <= Z * se, "{method} {name} {origin}: {mean} for {expected}");
            means.push(expected);
        }
        if between.is_empty() {
            // Of one patient the share of an origin is that of its expected clones.
            let all: f64 = means.iter().sum();
            for (origin, mean) in ORIGINS.iter().zip(&means) {
                assert!((p(&arm["origin"][origin]) - mean / all).abs() < 1e-12);
            }
        }
        for (at, q) in arm["resistant_quantiles"].as_object().unwrap() {
            let (at, q): (f64, f64) = (at.parse().unwrap(), p(q));
            // A quantile is right to 1 % or one cell, the probability behind it to 0.001; on a grid between patients.
            let (below, above) = (q - 1.0 - 0.01 * q, q + 1.0 + 0.01 * q);
            let up = count(&|x| x.resistant[5] <= above);
            share(&format!("{method} {name}, count up to quantile {at}"), up, n, at - 0.001, 1.0);
            let down = count(&|x| x.resistant[5] < below);
            share(&format!("{method} {name}, count below quantile {at}"), down, n, 0.0, at + 0.001);
        }
    }
}

#[test]
fn leap() {
    compare("leap", 3_000, "");
}

#[test]
fn exact() {
    compare("exact", 600, "");
}

#[test]
fn patients_who_differ() {
    compare("leap", 250, ", between_patients = \"lognormal(cv = 20 %)\"");
}
