//! The program from outside: exit codes, JSON, tables that do not depend on threads, directories that are whole.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn remission(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap()
}

/// A folder of this test's own, removed at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("remission-test-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn entries(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(&self.0)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const TABLES: [&str; 6] = [
    "clone_sizes.parquet",
    "clones.parquet",
    "dose_changes.parquet",
    "endpoints.parquet",
    "patients.parquet",
    "trajectories.parquet",
];

#[test]
fn tables_are_the_same_bytes_on_any_number_of_threads() {
    let scratch = Scratch::new("threads");
    let mut first: Vec<Vec<u8>> = Vec::new();
    for threads in ["1", "2", "5"] {
        let out = scratch.path(threads);
        let run = remission(&[
            "run",
            "nsclc-egfr-tki",
            "--patients",
            "70",
            "--seed",
            "7",
            "--threads",
            threads,
            "--out",
            &out,
        ]);
        assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
        let mut found: Vec<String> = std::fs::read_dir(&out)
            .unwrap()
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|n| n.ends_with(".parquet"))
            .collect();
        found.sort();
        assert_eq!(found, TABLES, "no other table may lie in the directory");
        let bytes: Vec<Vec<u8>> = TABLES.iter().map(|t| std::fs::read(Path::new(&out).join(t)).unwrap()).collect();
        if first.is_empty() {
            first = bytes;
        } else {
            for ((name, a), b) in TABLES.iter().zip(&first).zip(&bytes) {
                assert!(a == b, "{name} differs between 1 and {threads} threads");
            }
        }
    }
    let verified = remission(&["verify", &scratch.path("2")]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stderr));
    // A changed byte is found, and named.
    let table = scratch.0.join("2/endpoints.parquet");
    let mut bytes = std::fs::read(&table).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&table, bytes).unwrap();
    let differs = remission(&["verify", &scratch.path("2")]);
    assert_eq!(differs.status.code(), Some(4));
    assert!(text(&differs.stderr).contains("endpoints.parquet"));
}

#[test]
fn json_is_one_document_with_the_promised_keys() {
    let scratch = Scratch::new("json");
    let out = scratch.path("run");
    let run = remission(&["run", "nsclc-egfr-tki", "--patients", "40", "--json", "--out", &out]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let json: Value = serde_json::from_slice(&run.stdout).expect("stdout holds one JSON document and nothing else");
    assert_eq!(json["study"], "nsclc-egfr-tki");
    assert_eq!(json["patients"]["asked"], 40);
    assert_eq!(json["patients"]["finished"], 40);
    assert_eq!(json["patients"]["failed"], 0);
    assert_eq!(json["run_dir"], out.as_str());
    assert!(json["seconds"].as_f64().unwrap() > 0.0);
    let arms = json["arms"].as_array().unwrap();
    assert_eq!(arms.len(), 3);
    for arm in arms {
        let progression = &arm["endpoints"]["progression"];
        assert!(progression["median_days"].is_number() || progression["median_days"].is_null());
        assert_eq!(progression["ci95_days"].as_array().unwrap().len(), 2);
        assert!(progression["events"].is_u64());
        assert!(arm["endpoints"]["response"]["rate"].is_number());
        let origins = arm["origin_at_progression"].as_object().unwrap();
        let mut names: Vec<&str> = origins.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["cycling", "drug_induced", "non_genetic", "persister", "pre_existing"]);
        let sum: f64 = origins.values().map(|v| v.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "shares add to {sum}");
        let mechanisms = arm["mechanism_at_progression"].as_object().unwrap();
        assert_eq!(mechanisms.keys().filter(|k| k.contains("t790m")).count(), 1);
    }
    for comparison in json["comparisons"].as_array().unwrap() {
        assert_eq!(comparison["against"], "erlotinib 150 mg daily");
        assert_eq!(comparison["ci95"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let scratch = Scratch::new("refused");
    scratch.write("full/keep.txt", "mine");
    let cases: [&[&str]; 12] = [
        &["run", "nsclc-egfr-tky"],
        &["run", "nsclc-egfr-tki", "--patients", "0"],
        &["run", "nsclc-egfr-tki", "--patients", "-3"],
        &["run", "nsclc-egfr-tki", "--patients", "1e3"],
        &["run", "nsclc-egfr-tki", "--seed", "x"],
        &["run", "nsclc-egfr-tki", "--threads", "0"],
        &["run", "nsclc-egfr-tki", "--method", "euler"],
        &["run", "nsclc-egfr-tki", "--method", "exact"],
        &["run", "nsclc-egfr-tki", "--colour"],
        &["run"],
        &["dance"],
        &["run", "nsclc-egfr-tki", "--patients", "2", "--out", "full"],
    ];
    for case in cases {
        let run = Command::new(env!("CARGO_BIN_EXE_remission")).args(case).current_dir(&scratch.0).output().unwrap();
        let said = text(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{case:?}: {said}");
        assert!(said.contains("error"), "{case:?} must say what is wrong: {said}");
        assert!(!said.contains("panicked"), "{case:?}: {said}");
        assert!(run.stdout.is_empty(), "{case:?} prints nothing on stdout");
        assert_eq!(scratch.entries(), ["full"], "{case:?} left something behind");
    }
    assert!(text(&remission(&["run", "nsclc-egfr-tky"]).stderr).contains("nsclc-egfr-tki"), "near names are suggested");
}

const DISH: &str = r#"
[model]
title = "a dish"
[parameters]
b = { value = "0.5 /day", assumed = "test", prior = "uniform(0.1 /day, 1 /day)", between_patients = "normal(sd = 0.2 /day)" }
cost = { value = "0.30 /day", assumed = "test", prior = "uniform(0.1 /day, 0.4 /day)" }
[cells.s]
birth = "b - cost"
death = "0.3 /day"
[before_treatment]
start = { s = "1000 cells" }
"#;

const STUDY: &str = r#"
[study]
patients = 64
seed = 1
horizon = "10 days"
visits = "every 5 days"
[[arms]]
name = "untreated"
regimen = ["no treatment"]
"#;

#[test]
fn failed_patients_are_named_and_the_others_kept() {
    let scratch = Scratch::new("failed");
    scratch.write("dish/model.toml", DISH);
    scratch.write("dish/study.toml", STUDY);
    let run = remission(&["run", &scratch.path("dish"), "--json", "--out", &scratch.path("out")]);
    let said = text(&run.stderr);
    // b - cost is normal with mean 0.2 and standard deviation 0.2: about one patient in six has a negative birth rate.
    assert_eq!(run.status.code(), Some(3), "{said}");
    assert!(said.contains("`cells.s.birth` was -"), "the term and its value are named: {said}");
    assert!(said.contains("on day 0.00") && said.contains("s = 1000"), "time and state are named: {said}");
    let json: Value = serde_json::from_slice(&run.stdout).unwrap();
    let (finished, failed) =
        (json["patients"]["finished"].as_u64().unwrap(), json["patients"]["failed"].as_u64().unwrap());
    assert_eq!(finished + failed, 64);
    assert!(failed > 0 && finished > 32);
    // A rate that is negative for everybody is refused before anything runs.
    scratch.write("bad/model.toml", &DISH.replace("0.3 /day", "-1 * b"));
    scratch.write("bad/study.toml", STUDY);
    let check = remission(&["check", &scratch.path("bad")]);
    assert_eq!(check.status.code(), Some(1), "{}", text(&check.stdout));
    assert!(text(&check.stderr).contains("RM0401"), "{}", text(&check.stderr));
}

#[test]
fn every_problem_is_reported_at_once_with_its_line() {
    let scratch = Scratch::new("problems");
    scratch.write(
        "m/model.toml",
        &DISH.replace("birth = \"b - cost\"", "birth = \"bb\"").replace("death = \"0.3 /day\"", "death = \"0.3 mg\""),
    );
    scratch.write("m/study.toml", STUDY);
    let run = remission(&["run", &scratch.path("m"), "--out", &scratch.path("out")]);
    let said = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(said.contains("RM0202") && said.contains("RM0103"), "both problems: {said}");
    assert!(said.contains("model.toml:8") && said.contains("model.toml:9"), "with their lines: {said}");
    assert_eq!(scratch.entries(), ["m"]);
}

#[test]
fn a_report_can_be_written_again() {
    let scratch = Scratch::new("report");
    let out = scratch.path("run");
    assert_eq!(remission(&["run", "pc9-erlotinib", "--patients", "3", "--out", &out]).status.code(), Some(0));
    let page = Path::new(&out).join("report.html");
    let before = std::fs::read(&page).unwrap();
    std::fs::remove_file(&page).unwrap();
    assert_eq!(remission(&["report", &out]).status.code(), Some(0));
    assert_eq!(std::fs::read(&page).unwrap(), before);
    let refused = remission(&["report", &scratch.path("nowhere")]);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn a_finished_run_is_not_called_whole_when_it_is_not() {
    let scratch = Scratch::new("whole");
    let out = scratch.path("run");
    assert_eq!(remission(&["run", "pc9-erlotinib", "--patients", "3", "--out", &out]).status.code(), Some(0));
    let resume = || remission(&["run", "--resume", &out]);
    assert!(text(&resume().stdout).contains("nothing to do"), "{:?}", resume());
    let page = Path::new(&out).join("report.html");
    std::fs::write(&page, "another report").unwrap();
    let verified = remission(&["verify", &out]);
    assert_eq!(verified.status.code(), Some(0));
    assert!(text(&verified.stderr).contains("report.html is missing, was changed"), "{verified:?}");
    assert_eq!(remission(&["report", &out]).status.code(), Some(0));
    assert!(!text(&remission(&["verify", &out]).stderr).contains("note"));
    for (file, what) in [
        ("clones.parquet", "missing"),
        ("study.toml", "changed since it was written"),
        ("summary.json", "changed since it was written"),
    ] {
        let path = Path::new(&out).join(file);
        let before = std::fs::read(&path).unwrap();
        if what == "missing" {
            std::fs::remove_file(&path).unwrap()
        } else {
            std::fs::write(&path, "x").unwrap()
        }
        let refused = resume();
        assert_eq!(refused.status.code(), Some(4), "{refused:?}");
        let said = text(&refused.stderr);
        assert!(said.contains(&format!("{file}: {what}")) && said.contains("make it again: remission run"), "{said}");
        std::fs::write(&path, before).unwrap();
    }
}

#[test]
fn runs_that_end_early_are_counted() {
    let scratch = Scratch::new("early");
    scratch.write(
        "s/model.toml",
        "[model]\ntitle = 'two fates'\n[cells.s]\nbirth = '1 /day'\ndeath = '0.5 /day'\n\
         [before_treatment]\nstart = { s = '1 cell' }\n",
    );
    scratch.write(
        "s/study.toml",
        "[study]\ntitle = 'extinct or large'\npatients = 200\nseed = 3\nhorizon = '60 days'\nvisits = 'every 10 days'\n\
         ceiling = '1e6 cells'\n[[arms]]\nname = 'none'\nregimen = ['no treatment']\n",
    );
    let out = scratch.path("run");
    let run = remission(&["run", &scratch.path("s"), "--out", &out, "--json"]);
    let document: Value = serde_json::from_slice(&run.stdout).unwrap();
    // Half of all lines die out; none of the others stays below the ceiling.
    let early = document["arms"][0]["ended_early"]["ceiling"].as_u64().unwrap();
    assert!((70..130).contains(&early), "{early}");
    let said =
        format!("none: {early} of 200 runs ended before 60 days, at the ceiling of cells; their last visit counts");
    assert!(text(&run.stderr).contains(&said), "{}", text(&run.stderr));
    assert!(text(&run.stderr).contains("two fates: extinct or large: 1 arm"), "{}", text(&run.stderr));
    let page = std::fs::read_to_string(Path::new(&out).join("report.html")).unwrap();
    assert!(page.contains(&said), "{said}");
}

#[test]
fn every_catalogue_entry_reads() {
    let list = remission(&["catalogue", "--json"]);
    let entries: Value = serde_json::from_slice(&list.stdout).unwrap();
    let ids: Vec<&str> = entries.as_array().unwrap().iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert!(ids.contains(&"pc9-erlotinib") && ids.contains(&"nsclc-egfr-tki"));
    for id in ids {
        let check = remission(&["check", id, "--read-only"]);
        assert_eq!(check.status.code(), Some(0), "{id}: {}", text(&check.stderr));
    }
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written_is_named() {
    let run = remission(&["run", "pc9-erlotinib", "--patients", "2", "--out", "/proc/nowhere/run"]);
    assert_eq!(run.status.code(), Some(5), "{}", text(&run.stderr));
    assert!(text(&run.stderr).contains("/proc/nowhere"));
}

#[test]
fn a_reader_that_has_gone_is_no_panic() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_remission"))
        .args(["catalogue"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(!text(&ended.stderr).contains("panicked"), "{}", text(&ended.stderr));
}
