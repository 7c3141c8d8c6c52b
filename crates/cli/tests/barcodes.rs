//! A run with barcodes: its table, one set of bytes on any number of threads and after any interruption, export and verify.

#[path = "common/study_folder.rs"]
mod study_folder;

use std::collections::BTreeMap;
use std::process::{Command, Output};
use study_folder::StudyFolder;

const MODEL: &str = r#"
[model]
title = "barcoded"

[cells.s]
birth = "0.5 /day"
death = "0.45 /day"
mutates = [{ to = "r", per_division = "1 %" }]

[cells.r]
kind = "resistant"
birth = "0.5 /day"
death = "0.45 /day"

[before_treatment]
start = { s = "12000 cells" }
barcodes = "one per cell"
"#;

const STUDY: &str = r#"
[study]
patients = 24
seed = 11
horizon = "4 weeks"
visits = "every week"

[[arms]]
name = "a"
regimen = []
"#;

fn remission(arguments: &[&str], fails: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_remission"));
    command.args(arguments).env_remove("REMISSION_FAIL_POINT");
    fails.map(|point| command.env("REMISSION_FAIL_POINT", point));
    command.output().unwrap()
}

fn done(arguments: &[&str]) {
    let output = remission(arguments, None);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn files(dir: &str) -> BTreeMap<String, Vec<u8>> {
    let read = |e: std::fs::DirEntry| (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).unwrap());
    std::fs::read_dir(dir).unwrap().map(|e| read(e.unwrap())).collect()
}

#[test]
fn threads_chunks_and_interruptions_give_the_same_barcodes() {
    let s = StudyFolder::new("barcodes-bytes", MODEL, STUDY);
    let study = s.path("study");
    let out = |name: &str| s.path(name);
    done(&["run", &study, "--threads", "1", "--out", &out("one")]);
    let whole = files(&out("one"));
    assert!(whole.contains_key("barcodes.parquet"));
    done(&["run", &study, "--threads", "3", "--chunk", "1", "--out", &out("three")]);
    assert!(files(&out("three")) == whole, "three threads");
    let base = ["run", &study, "--out", &out("killed"), "--checkpoint-patients", "5"];
    assert_eq!(remission(&base, Some("rename:5:kill")).status.code(), None);
    assert!(!std::path::Path::new(&s.path("killed/record.json")).exists());
    done(&["run", "--resume", &out("killed"), "--threads", "2"]);
    assert!(files(&out("killed")) == whole, "killed and resumed");
    done(&["verify", &out("one")]);
}

/// Each row of the table, by the counts of the trajectories; more rows than one row group holds.
#[test]
fn the_table_adds_up_to_the_trajectories() {
    let s = StudyFolder::new("barcodes-sums", MODEL, STUDY);
    done(&["run", &s.path("study"), "--csv", "--out", &s.path("run")]);
    let rows = |table: &str| -> Vec<BTreeMap<String, String>> {
        let text = std::fs::read_to_string(s.path(&format!("run/{table}.csv"))).unwrap();
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        lines.map(|l| names.iter().map(|n| n.to_string()).zip(l.split(',').map(String::from)).collect()).collect()
    };
    let mut sums: BTreeMap<(String, String, String), u64> = BTreeMap::new();
    let barcodes = rows("barcodes");
    assert!(barcodes.len() > 1 << 18, "{} rows", barcodes.len());
    for row in &barcodes {
        let key = (row["patient_id"].clone(), row["time"].clone(), row["cell_type"].clone());
        *sums.entry(key).or_default() += row["cells"].parse::<u64>().unwrap();
        assert_eq!((row["barcode"].is_empty(), row["barcodes"].as_str()), (false, "1"), "all are frequent enough here");
    }
    let mut compared = 0;
    for row in rows("trajectories").iter().filter(|r| ["s", "r"].contains(&r["variable"].as_str())) {
        let key = (row["patient_id"].clone(), row["time"].clone(), row["variable"].clone());
        let cells: f64 = row["value"].parse().unwrap();
        assert_eq!(sums.remove(&key).unwrap_or(0) as f64, cells, "{key:?}");
        compared += 1;
    }
    assert!(sums.is_empty());
    // All are listed, so those that live can be counted.
    let living =
        rows("trajectories").into_iter().filter(|r| r["variable"] == "living barcodes" && r["patient_id"] == "3");
    let living: Vec<_> = living.collect();
    assert_eq!((living.len(), living[0]["value"].as_str()), (5, "12000"));
    for row in living {
        let here = barcodes.iter().filter(|b| b["patient_id"] == "3" && b["time"] == row["time"]);
        let different: std::collections::BTreeSet<&str> = here.map(|b| b["barcode"].as_str()).collect();
        assert_eq!(row["value"], different.len().to_string(), "day {}", row["time"]);
    }
    assert_eq!(compared, 24 * 5 * 2);
    // Resistant clones say which barcode they have, and it is one of the table at the same visit.
    let named: Vec<_> = rows("clones").into_iter().filter(|c| c["cell_type"] == "r").collect();
    assert!(!named.is_empty() && named.iter().all(|c| !c["barcode"].is_empty()));
}

/// A million barcoded clones in one tumour for a year, tables and report included, in an address space of 1 GB.
#[cfg(target_os = "linux")]
#[test]
fn a_million_barcodes_fit_into_a_gigabyte() {
    let s = StudyFolder::new("barcodes-memory", MODEL, STUDY);
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../bench/barcodes");
    let script = "ulimit -v 976562 || exit 99; exec \"$0\" run \"$1\" --threads 1 --out \"$2\"";
    let run = Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_remission"), folder, &s.path("run")]).output();
    let run = run.unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    done(&["export", &s.path("run"), "--csv", "--table", "trajectories", "--out", &s.path("csv")]);
    let text = std::fs::read_to_string(s.path("csv/trajectories.csv")).unwrap();
    let living: Vec<f64> = (text.lines().filter(|l| l.contains(",living barcodes,")))
        .map(|l| l.split(',').nth(6).unwrap().parse().unwrap())
        .collect();
    // 16 cells a barcode: of a million, .11 are expected to be on no cell.
    assert!(living.len() == 14 && living[0] > 999_990.0, "{living:?}");
    assert!(living.is_sorted_by(|a, b| a >= b) && living[13] > 100.0, "lost barcodes do not come back: {living:?}");
}
