//! Dosing records from outside: the table beside the study is read, kept with the run, vouched for, and repeated.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn remission(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const MODEL: &str = r#"
[model]
title = "Killed by what is given"
[parameters]
kill = { value = "0.4 L/mg/day", fitted = "this test" }
background = { value = "0.02 /day", fitted = "this test" }
[cells.sensitive]
birth = "0.1 /day"
death = "background + kill * drug"
[drugs.drug]
route = "oral"
ka = "1 /h"
clearance = "4 L/h"
volume = "200 L"
felt_as = "mg/L"
lag = "30 min"
[before_treatment]
start = { sensitive = "1e6 cells" }
"#;

const STUDY: &str = r#"
[study]
patients = 7
seed = 5
horizon = "20 days"
visits = "every 5 days"
[[arms]]
name = "as recorded"
records = { file = "a-dosing.csv", time_unit = "h" }
[[arms]]
name = "as planned"
regimen = ["drug 150 mg oral every day for 10 days"]
"#;

/// The second and third ID are given the same, once as one row and once as ten.
fn table() -> String {
    let rows: String = (0..10).map(|k| format!("C,{},150,.,.,.,1\n", 24 * k)).collect();
    "\u{feff}# exported\r\nID,TIME,AMT,II,ADDL,SS,EVID\r\nA,0,150,24,99,1,1\r\nA,100,0,0,0,0,3\r\nB,0,150,24,9,0,1\r\n"
        .to_string()
        + &rows
}

/// A study folder of this test's own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, study: &str, table: Option<&[u8]>) -> Folder {
        let path = std::env::temp_dir().join(format!("remission-records-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("model.toml"), MODEL).unwrap();
        std::fs::write(path.join("study.toml"), study).unwrap();
        if let Some(table) = table {
            std::fs::write(path.join("a-dosing.csv"), table).unwrap();
        }
        Folder(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_run_keeps_its_record_and_can_be_verified() {
    let folder = Folder::new("run", STUDY, Some(table().as_bytes()));
    let out = folder.path("out");
    let run = remission(&["run", &folder.path(""), "--out", &out]);
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    let kept = std::fs::read(folder.0.join("out/a-dosing.csv")).unwrap();
    assert_eq!(kept, table().as_bytes(), "the copy is the table as it was");
    let record = json(&folder.0.join("out/record.json"));
    assert!(record["inputs"]["a-dosing.csv"].as_str().is_some_and(|d| d.len() == 64), "{record:#}");
    let resolved = std::fs::read_to_string(folder.0.join("out/resolved.toml")).unwrap();
    for words in ["2 of 3 patients: drug 150 mg oral every day, 10 doses from day 1", "file = \"a-dosing.csv\""] {
        assert!(resolved.contains(words), "{resolved}");
    }
    let summary = json(&folder.0.join("out/summary.json"));
    let regimen = summary["arms"][0]["regimen"].to_string();
    assert!(regimen.contains("10 doses from day 1"), "{regimen}");
    let verified = remission(&["verify", &out]);
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    // The run directory is a study folder like the one it came from.
    let again = remission(&["check", &out, "--read-only"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    // A changed table is found and named.
    std::fs::write(folder.0.join("out/a-dosing.csv"), table().replace("150", "100")).unwrap();
    let differs = remission(&["verify", &out]);
    assert_eq!(differs.status.code(), Some(4));
    assert!(said(&differs).contains("a-dosing.csv"), "{}", said(&differs));
}

/// Patients take the three records in turn, and one row or ten rows or a sentence are one treatment.
#[test]
fn patients_follow_their_own_record() {
    let folder = Folder::new("turns", STUDY, Some(table().as_bytes()));
    let out = folder.path("out");
    let run = remission(&["run", &folder.path(""), "--method", "mean", "--out", &out]);
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    let [recorded, planned] = [0, 1].map(|arm| at_end(&folder.0.join("out"), arm, 7));
    println!("recorded {recorded:?}\nplanned {planned:?}");
    assert_eq!((recorded[1], recorded[2]), (planned[1], planned[2]));
    assert_eq!((recorded[0], recorded[1]), (recorded[3], recorded[4]));
    // Emptied on day 5, at steady state from the first: other doses, other cells.
    assert_ne!(recorded[0], planned[0]);
}

/// Cells of each patient of an arm at the end, from trajectories.parquet.
fn at_end(folder: &Path, arm: usize, patients: usize) -> Vec<f64> {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;
    let file = std::fs::File::open(folder.join("trajectories.parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let names: Vec<String> =
        reader.metadata().file_metadata().schema_descr().columns().iter().map(|c| c.name().to_string()).collect();
    let at = |name: &str| names.iter().position(|n| n == name).unwrap();
    let arms = ["as recorded", "as planned"];
    let mut out = vec![(0.0, f64::NAN); patients];
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        if row.get_string(at("arm")).unwrap() != arms[arm] || row.get_string(at("variable")).unwrap() != "sensitive" {
            continue;
        }
        let patient = match row.get_column_iter().nth(at("patient_id")).unwrap().1 {
            parquet::record::Field::Int(k) => *k as usize,
            parquet::record::Field::UInt(k) => *k as usize,
            parquet::record::Field::Long(k) => *k as usize,
            parquet::record::Field::ULong(k) => *k as usize,
            other => other.to_string().parse().unwrap(),
        };
        let (time, value) = (row.get_double(at("time")).unwrap(), row.get_double(at("value")).unwrap());
        if time >= out[patient].0 {
            out[patient] = (time, value);
        }
    }
    out.into_iter().map(|o| o.1).collect()
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_line() {
    type Case<'a> = (&'a str, Option<&'a [u8]>, &'a [&'a str]);
    let cases: [Case<'_>; 4] = [
        ("absent", None, &["RM0901", "a-dosing.csv", "study.toml"]),
        (
            "faults",
            Some(b"ID,TIME,AMT,RATE\n1,0,100,-2\n1,-5,100,0\n1,2,1e400,0\n"),
            &["RM0911", "RM0908", "RM0906", "line 2, column RATE", "1e400", "3 problems"],
        ),
        ("latin", Some(b"ID,TIME,AMT\n\xe9,0,100\n"), &["UTF-8"]),
        ("shuffled", Some(b"ID,TIME,AMT\n1,0,100\n2,0,100\n1,24,100\n"), &["RM0909", "on line 2", "sort the table"]),
    ];
    for (name, table, parts) in cases {
        let folder = Folder::new(name, STUDY, table);
        let run = remission(&["run", &folder.path(""), "--out", &folder.path("out")]);
        assert_eq!(run.status.code(), Some(1), "{}", said(&run));
        for part in parts {
            assert!(said(&run).contains(part), "{name}: `{part}` in\n{}", said(&run));
        }
        assert!(!folder.0.join("out").exists(), "{name}: nothing was run");
    }
}

/// A record directory that names a file outside itself is refused.
#[test]
fn a_record_names_no_file_outside_its_folder() {
    let folder = Folder::new("outside", STUDY, Some(table().as_bytes()));
    let out = folder.path("out");
    assert_eq!(remission(&["run", &folder.path(""), "--out", &out]).status.code(), Some(0));
    let path = folder.0.join("out/record.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"a-dosing.csv\"", "\"../a-dosing.csv\"")).unwrap();
    let refused = remission(&["verify", &out]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
}
