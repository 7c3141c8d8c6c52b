//! What `explain` and the report say of patients who differ, of rules of dose modification and of recorded doses: each is said,
//! and an arm whose doses were recorded is never shown as one without treatment.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// What a command that must succeed printed.
fn said(arguments: &[&str]) -> String {
    let out = Command::new(env!("CARGO_BIN_EXE_remission")).env_remove("COLUMNS").args(arguments).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

/// Words with one space between them, so that a line break inside a sentence does not matter.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A study folder made of a valid case of the format, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str, case: &str, change: &[(&str, &str)]) -> Folder {
        let path = std::env::temp_dir().join(format!("remission-treatment-{test}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../spec/cases/valid/{case}.toml"));
        let mut text = std::fs::read_to_string(file).unwrap();
        for (from, to) in change {
            assert!(text.contains(from), "{case} has no {from}");
            text = text.replace(from, to);
        }
        let (model, rest) = text.split_once("# --- study ---\n").unwrap_or((&text, ""));
        let (study, records) = rest.split_once("# --- dosing.csv ---\n").unwrap_or((rest, ""));
        for (name, text) in [("model.toml", model), ("study.toml", study), ("dosing.csv", records)] {
            if !text.is_empty() {
                std::fs::write(path.join(name), text).unwrap();
            }
        }
        Folder(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }

    fn explained(&self) -> (String, Value) {
        let document = said(&["explain", &self.path(""), "--json"]);
        (flat(&said(&["explain", &self.path("")])), serde_json::from_str(&document).unwrap())
    }

    /// Runs the study; the summary, and the report as text.
    fn run(&self) -> (Value, String) {
        said(&["run", &self.path(""), "--out", &self.path("out")]);
        let summary = std::fs::read_to_string(self.0.join("out/summary.json")).unwrap();
        let report = std::fs::read_to_string(self.0.join("out/report.html")).unwrap();
        (serde_json::from_str(&summary).unwrap(), report)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn each(text: &str, wanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "not said: {part}\n{text}");
    }
}

/// `text` from `begin` up to `end`.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> &'t str {
    let from = text.find(begin).unwrap_or_else(|| panic!("no {begin} in {text}"));
    let rest = &text[from..];
    &rest[..rest.find(end).unwrap_or(rest.len())]
}

#[test]
fn covariates_and_correlations_are_explained() {
    let (text, json) = Folder::new("patients", "covariates", &[]).explained();
    each(
        &text,
        &[
            "weight median 68 kg, log-normal, cv 20 %. fitted: population.csv.",
            "age mean 61 years, normal, sd 10 years. assumed: as in most trials of the disease.",
            "metaboliser 7 % poor (0.4), 88 % usual (1), 5 % ultra-rapid (1.8). assumed: order of the frequencies of CYP2D6.",
            "smoker 75 % no (0 L/h), 25 % yes (0.24 L/h). fitted: population.csv.",
            "cl and vol 0.5 cited: https://example.org/population: final model.",
            "vol and weight 0.4 assumed: larger people have larger volumes. Could be uniform, 0 to 0.8.",
            "kill and ec50 -0.3 fitted: growth.csv.",
            // Five by a law, of two of them covariates; two more by categories; kill, ec50, cl and vol.
            "Patients differ in 8.",
            "Patients differ: no 75 %, yes 25 %.",
        ],
    );
    let traits = &json["patients"]["covariates"];
    assert_eq!(traits.as_array().unwrap().len(), 4);
    assert_eq!(traits[2]["categories"][2]["value"], 1.8);
    assert_eq!(traits[3]["categories"][1]["share"], 0.25);
    assert_eq!(traits[0]["categories"].as_array().unwrap().len(), 0);
    assert_eq!(json["patients"]["correlations"][2]["value"], -0.3);
    // A model of which all this is not true says nothing of it.
    let plain = Folder::new("alike", "dish", &[]).explained().0;
    assert!(!plain.contains(" Patients --------"), "{plain}");
}

#[test]
fn rules_are_explained_and_reported() {
    let folder = Folder::new("rules", "dose_modification", &[("horizon = \"1 year\"", "horizon = \"2 months\"")]);
    let (text, json) = folder.explained();
    each(
        &text,
        &[
            "Its doses are modified by rules: - hold taxane when neutrophils < 1e9 cells/L until neutrophils >= 1.5e9 cells/L.",
            "- reduce taxane by 25 % when neutrophils < 500 cells/uL, at most 2 times.",
            "- stop taxane when diameters > 2 cm.",
            "Rules are decided at visits after day 0 and never between them",
            "the calendar of the regimen runs on",
            "Doses are as planned, before any rule changes them.",
        ],
    );
    assert_eq!(json["arms"][0]["rules"].as_array().unwrap().len(), 4);
    assert!(json["arms"][0]["records"].is_null());
    let (summary, report) = folder.run();
    assert_eq!(summary["arms"][0]["rules"], json["arms"][0]["rules"]);
    let panel = flat(between(&report, "id=burden", "<figcaption>"));
    each(&panel, &["Modified at visits:", "<li>stop taxane when diameters &gt; 2 cm"]);
    each(between(&report, "id=burden", "</section>"), &["in all arms, as planned."]);
}

#[test]
fn an_arm_with_records_is_never_shown_as_untreated() {
    let change = [
        ("horizon = \"1 year\"", "horizon = \"2 months\""),
        ("birth = \"1 /day\"", "birth = \"0.1 /day\""),
        ("s = \"10 cells\"", "s = \"1e6 cells\""),
    ];
    let folder = Folder::new("records", "records", &change);
    let (text, json) = folder.explained();
    let arms = between(&text, " Arms ----", " What ends a run");
    each(
        arms,
        &[
            "as recorded: doses as recorded in dosing.csv, 4 IDs, which patients take in turn",
            "2 of 4 patients: tablet 150 mg oral every day, 61 doses from day 1.",
            "patient 0 (ID 1): tablet 150 mg oral every day, 61 doses from day 1.",
        ],
    );
    assert!(!arms.contains("no treatment"), "{arms}");
    // Rates: without drug, and both arms; the record that is averaged over is named.
    let conditions: Vec<&Value> = json["conditions"].as_array().unwrap().iter().collect();
    assert_eq!(conditions.len(), 3);
    assert_eq!(
        (&conditions[1]["arm"], &conditions[1]["of_record"]),
        (&"as recorded".into(), &"patient 0 (ID 1)".into())
    );
    assert!(conditions[2]["of_record"].is_null());
    each(&text, &["those of one record: patient 0 (ID 1) in as recorded."]);
    // Levels: the tablet by the first record, the drip by the first that has one, the third ID's.
    let [tablet, drip] = [0, 1].map(|k| &json["drugs"][k]["arms"]);
    assert_eq!(
        (tablet[0]["of_record"].as_str(), drip[0]["of_record"].as_str()),
        (Some("patient 0 (ID 1)"), Some("patient 2 (ID 3)"))
    );
    each(
        &text,
        &[
            "as recorded: the record of patient 0 (ID 1), 61 doses: 1.5",
            "as recorded: the record of patient 2 (ID 3), ",
            "a day after the last dose",
        ],
    );
    assert_eq!(drip.as_array().unwrap().len(), 1, "no other arm gives it");

    let (summary, report) = folder.run();
    let arm = &summary["arms"][0];
    assert_eq!(arm["recorded"], "patient 0 (ID 1)");
    assert!(!arm["doses"].as_array().unwrap().is_empty(), "the dose strip has doses");
    let drawn: Vec<&str> = arm["exposure"].as_array().unwrap().iter().map(|e| e["record"].as_str().unwrap()).collect();
    assert_eq!(drawn, ["patient 0 (ID 1)", "patient 2 (ID 3)"]);
    each(
        &report,
        &[
            "Doses as recorded:<ul class=regimen><li>2 of 4 patients: tablet 150 mg oral every day, 61 doses from day 1",
            "Of recorded doses those of one patient: patient 0 (ID 1) in &quot;as recorded&quot;",
            "one record is drawn: that of patient 0 (ID 1) in &quot;as recorded&quot;",
        ],
    );
    assert!(!report.contains("no drug"), "nobody goes without");
    // What is planned has none of it.
    let planned = summary["arms"][1].as_object().unwrap();
    assert!(!planned.contains_key("recorded") && !planned.contains_key("rules"));
}

/// Where the first patient was given nothing, the arm is shown by the first who was.
#[test]
fn a_record_that_begins_with_an_untreated_patient_shows_another() {
    let folder = Folder::new("first", "records", &[("1,0,0.15,0,.,24,60,0,1,1", "1,0,0,0,.,0,0,0,0,1")]);
    let (text, json) = folder.explained();
    assert_eq!(json["conditions"][1]["of_record"], "patient 1 (ID 2)");
    each(&text, &["patient 0 (ID 1): no treatment.", "the record of patient 1 (ID 2), 61 doses"]);
    assert!(!between(&text, " Cells ----", " Drugs and levels").contains("without drug and in as recorded"), "{text}");
}
