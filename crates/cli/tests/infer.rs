//! `remission infer`: one JSON document, tables to begin from that read back, faults that name line and column, the same
//! answer on any number of threads.

use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn remission(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).args(args).current_dir(root()).output().unwrap()
}

fn json(args: &[&str]) -> Value {
    let run = remission(args);
    assert!(run.status.success(), "{args:?}: {}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout)
        .unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&run.stdout)))
}

fn scratch(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("remission-infer-{}-{name}", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

const EXAMPLE: &str = "examples/infer/fluctuation.csv";

#[test]
fn every_assay_prints_a_table_that_it_reads() {
    for assay in
        ["fluctuation", "persister_fluctuation", "regrowth", "growth", "barcodes", "tumour_size", "ctdna", "psa"]
    {
        let template = remission(&["infer", assay, "--template"]);
        assert!(template.status.success());
        let path = scratch(&format!("{assay}.csv"), &String::from_utf8(template.stdout).unwrap());
        let found = json(&["infer", assay, path.to_str().unwrap(), "--json"]);
        assert_eq!(found["assay"], assay);
        let first = if found["experiments"].is_array() { &found["experiments"][0] } else { &found };
        assert!(!first["estimates"].as_object().unwrap().is_empty(), "{found}");
        // One way to write a unit, whatever the assay.
        for (name, estimate) in first["estimates"].as_object().unwrap() {
            let unit = estimate["unit"].as_str().unwrap();
            assert!(!unit.starts_with('/') && !unit.starts_with("per "), "{assay}: {name}: {unit}");
            assert!(!name.contains("mutations_per_culture") || unit == "mutations", "{assay}: {name}: {unit}");
            assert!(!name.contains("mutation_rate") || unit == "1/division", "{assay}: {name}: {unit}");
        }
        if let Some(origin) = first["origin"].as_object() {
            let sum: f64 = origin.values().filter_map(Value::as_f64).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{assay}: {origin:?}");
            assert!(!first["evidence"].as_object().unwrap().is_empty(), "{assay}");
        }
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn a_table_can_come_through_a_pipe() {
    let table = std::fs::read(root().join(EXAMPLE)).unwrap();
    let piped = |name: &str| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_remission"));
        run.args(["infer", "fluctuation", name, "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut run = run.stderr(Stdio::piped()).spawn().unwrap();
        // A program that refuses to read closes the pipe.
        let _ = run.stdin.take().unwrap().write_all(&table);
        run.wait_with_output().unwrap()
    };
    let found = piped("-");
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let found: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["experiments"], json(&["infer", "fluctuation", EXAMPLE, "--json"])["experiments"]);
    let refused = piped("/dev/stdin");
    assert!(!cfg!(target_os = "linux") || String::from_utf8_lossy(&refused.stderr).contains("`-` reads from a pipe"));
}

#[test]
fn one_document_with_everything_that_was_asked() {
    let found = json(&["infer", "fluctuation", EXAMPLE, "--experiment", "parental", "--verdict", "--json"]);
    let m = &found["estimates"]["mutations_per_culture"];
    assert!(m["ci95"][0].as_f64() < m["value"].as_f64() && m["value"].as_f64() < m["ci95"][1].as_f64(), "{m}");
    let origin = found["origin"].as_object().unwrap();
    let sum: f64 = origin.values().filter_map(Value::as_f64).sum();
    assert!((sum - 1.0).abs() < 1e-9 && origin["undetermined"].is_boolean(), "{origin:?}");
    assert_eq!(found["evidence"].as_object().unwrap().len(), 3);
    assert!(found["next_measurements"][0]["expected_bits"].is_number());
    let several = json(&["infer", "fluctuation", EXAMPLE, "--json"]);
    assert_eq!(several["experiments"].as_array().unwrap().len(), 2);
    let tail = json(&["infer", "fluctuation", "--tail", "500", "--m", "50", "--json"]);
    assert!((tail["tail"]["p"].as_f64().unwrap() - 0.189_421_431_6).abs() < 1e-9, "{tail}");
}

#[test]
fn threads_change_nothing() {
    let with = |threads| {
        remission(&[
            "infer",
            "fluctuation",
            EXAMPLE,
            "--experiment",
            "parental",
            "--verdict",
            "--json",
            "--threads",
            threads,
        ])
        .stdout
    };
    assert_eq!(with("1"), with("3"));
}

#[test]
fn what_is_refused_leaves_stdout_empty_and_says_where() {
    let path = scratch("bad.csv", "experiment;culture;mutants\nx;1;3,5\nx;1;-2\n");
    let bad = path.to_str().unwrap();
    let missing = scratch("missing.csv", "culture,count\n1,2\n");
    let (latin, book) = (scratch("latin.csv", ""), scratch("book.csv", "PK\u{3}\u{4}..."));
    std::fs::write(&latin, b"culture,mutants\nM\xc3\xbcn\xfcchen,2\n").unwrap();
    for (args, parts) in [
        (
            vec!["infer", "fluctuation", bad],
            vec!["line 2, column 3 (mutants): found `3,5`", "line 3, column 3 (mutants): found `-2`"],
        ),
        (vec!["infer", "fluctuation", missing.to_str().unwrap()], vec!["no column `mutants` among `culture`, `count`"]),
        (vec!["infer", "fluctuation", EXAMPLE, "--experiment", "x"], vec!["allowed: parental, repair-deficient"]),
        (vec!["infer", "fluctuation", EXAMPLE, "--plating", "1.5"], vec!["error: --plating is 1.5; allowed"]),
        (vec!["infer", "fluctuation", "--tail", "5"], vec!["--m"]),
        (vec!["infer", "fluctuation", "--tail", "5", "--m", "-1"], vec!["--m is -1; allowed"]),
        (vec!["infer", "fluctuation"], vec!["required"]),
        (vec!["infer", "fluctuation", EXAMPLE, "--cost", "x=-1"], vec!["a cost above 0"]),
        (vec!["infer", "fluctuation", EXAMPLE, "--cost", "x=1"], vec!["give --verdict as well"]),
        (vec!["infer", "fluctuation", EXAMPLE, "--m", "3"], vec!["--tail", "--precision"]),
        (vec!["infer", "fluctuation", "--precision", "5", "--m", "3"], vec!["a share of m, 0.01 to 1"]),
        (vec!["infer", "regrowth", "--template", "--json"], vec!["'--template' cannot be used with '--json'"]),
        (
            vec!["infer", "fluctuation", EXAMPLE, "--final-cells", "1e300"],
            vec!["error: --final-cells is 1e300; allowed"],
        ),
        (vec!["infer", "fluctuation", "--tail", "5", "--m", "1e300"], vec!["error: --m is 1e300; allowed"]),
        (vec!["infer", "model", "x", "--template", "--json"], vec!["'--template' cannot be used with '--json'"]),
        (
            vec!["infer", "regrowth", "x.csv", "--grown", "--flask-cells", "1e6"],
            vec!["'--grown' cannot be used with '--flask-cells"],
        ),
        (
            vec!["infer", "regrowth", "x.csv", "--prior", "growth_per_day=lognormal(1e300, 0.1)"],
            vec!["reaches from 0 to 1.49e300; allowed: 0 to 100"],
        ),
        (vec!["infer", "fluctuation", latin.to_str().unwrap()], vec!["line 2, character 4: found a byte"]),
        (vec!["infer", "fluctuation", book.to_str().unwrap()], vec!["found a workbook", "CSV UTF-8"]),
        (vec!["infer", "psa", "examples/infer"], vec!["examples/infer is a directory", "CSV file"]),
    ] {
        let run = remission(&args);
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(1), "{args:?}: {said}");
        assert!(run.stdout.is_empty(), "{args:?}");
        for part in parts {
            assert!(said.contains(part), "{args:?}: {said}");
        }
    }
    let absent = remission(&["infer", "fluctuation", "no-such-file.csv"]);
    let said = String::from_utf8_lossy(&absent.stderr);
    assert!(
        absent.status.code() == Some(5) && said.contains("check the path") && said.contains("--template"),
        "{said}"
    );
}

/// Any assay that ranks further measurements does so by their cost; a cost of nothing is told.
#[test]
fn costs_rank_what_to_measure_next() {
    let table = "examples/infer/barcodes.csv";
    let costs = ["--cost", "new pool=1000", "--cost", "one more=1", "--cost", "again=0.1", "--cost", "biopsy=5"];
    let args = [&["infer", "barcodes", table, "--json", "--threads", "2"], &costs[..]].concat();
    let run = remission(&args);
    let said: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let next = said["next_measurements"].as_array().unwrap();
    let worth = |n: &serde_json::Value| n["expected_bits"].as_f64().unwrap() / n["cost"].as_f64().unwrap();
    assert!(next.len() > 2 && next.windows(2).all(|w| worth(&w[0]) >= worth(&w[1])), "{next:?}");
    let notes = said["notes"].to_string();
    assert!(notes.contains("the cost of `biopsy` is not used") && !notes.contains("`again` is not"), "{notes}");
    let none = remission(&["infer", "psa", "examples/infer/psa.csv", "--json", "--cost", "x=1"]);
    assert!(String::from_utf8_lossy(&none.stdout).contains("none is ranked here"));
}

/// What an option got wrong had been blamed on the file.
#[test]
fn a_wrong_option_is_named_as_it_is_typed() {
    for (assay, option) in [
        ("regrowth", "--threshold-cells"),
        ("regrowth", "--survival"),
        ("regrowth", "--looks-every-days"),
        ("regrowth", "--flask-cells"),
        ("persister_fluctuation", "--visible-cells"),
        ("persister_fluctuation", "--survival"),
        ("persister_fluctuation", "--plating"),
        ("persister_fluctuation", "--persister-births"),
        ("fluctuation", "--plating"),
        ("fluctuation", "--fitness"),
        ("fluctuation", "--final-cells"),
        ("fluctuation", "--initial-cells"),
        ("fluctuation", "--final-cells-cv"),
        ("fluctuation", "--mutant-death"),
        ("fluctuation", "--wild-type-death"),
        ("barcodes", "--fdr"),
        ("barcodes", "--cells"),
        ("psa", "--limit"),
        ("tumour_size", "--limit"),
        ("tumour_size", "--every"),
        ("tumour_size", "--horizon"),
        ("ctdna", "--death"),
    ] {
        let table = format!("examples/infer/{assay}.csv");
        let run = remission(&["infer", assay, &table, option, "-1"]);
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(run.status.code() == Some(1) && run.stdout.is_empty(), "{assay} {option}: {said}");
        assert!(said.contains(&format!("error: {option} is -1; allowed: ")), "{assay} {option}: {said}");
    }
}

#[test]
fn a_template_may_be_asked_for_beside_a_study() {
    let with = remission(&["infer", "model", "nsclc-egfr-tki", "--template"]);
    let without = remission(&["infer", "model", "--template"]);
    assert!(with.status.success() && !with.stdout.is_empty(), "{}", String::from_utf8_lossy(&with.stderr));
    assert_eq!(with.stdout, without.stdout);
}

#[test]
fn a_folder_holds_report_answer_tables_and_draws() {
    let out = std::env::temp_dir().join(format!("remission-infer-out-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&out);
    let folder = out.to_str().unwrap();
    let args = ["infer", "fluctuation", EXAMPLE, "--experiment", "parental", "--verdict", "--out", folder];
    assert!(remission(&args).status.success());
    for file in ["report.html", "answer.json", "tables/cultures.csv", "posterior.zarr/.zmetadata"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let again = remission(&args);
    assert_eq!(again.status.code(), Some(1), "a folder that holds something is left alone");
    assert!(again.stdout.is_empty());
    std::fs::remove_dir_all(&out).unwrap();
}
