//! `remission map` from outside: lines, a picture, JSON, what it refuses.

#[path = "common/study_folder.rs"]
mod study_folder;

use serde_json::Value;
use std::process::{Command, Output};
use study_folder::StudyFolder;

fn map(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_remission")).arg("map").args(arguments).output().unwrap()
}

/// What a command that must succeed printed.
fn said(arguments: &[&str]) -> String {
    let out = map(arguments);
    assert_eq!(out.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_patient_is_a_map_of_lines_that_stay() {
    let text = said(&["nsclc-egfr-tki"]);
    for line in [
        "sensitive -> t790m  mutation at division  u_t790m (assumed)",
        "persister -> met  mutation at division  persister_fold (assumed), u_met (assumed)",
        "doses of erlotinib -> erlotinib  dose  ka_erlotinib (cited)",
        "sensitive -> sensitive  birth  turnover (assumed), growth (assumed)",
        "met -> (gone)  death  turnover (assumed)",
        "osimertinib -> c797s  lowers birth",
        "erlotinib -> persister  lowers switching to sensitive  c0 (fitted), wake (assumed)",
    ] {
        let found = text.lines().any(|l| l == line || (line.ends_with("birth") && l.starts_with(line)));
        assert!(found, "{line}\nis not in\n{text}");
    }
    assert!(text.lines().last().unwrap().starts_with("on no arrow  burden (assumed), background"), "{text}");
    assert_eq!(text, said(&["nsclc-egfr-tki", "--text"]));
    let doses = text.lines().find(|l| l.starts_with("doses of erlotinib  ")).unwrap();
    assert!(doses.contains("erlotinib 150 mg daily: erlotinib 150 mg oral every day"), "{doses}");
}

#[test]
fn the_document_names_sources() {
    let document: Value = serde_json::from_str(&said(&["pc9-erlotinib", "--json"])).unwrap();
    let map = &document["map"];
    let arrows = map["arrows"].as_array().unwrap();
    let find = |kind: &str, from: &str| {
        arrows.iter().position(|a| a["kind"] == kind && a["from"] == from).unwrap_or_else(|| panic!("{kind} of {from}"))
    };
    let death = find("death", "t790m");
    assert_eq!((&arrows[death]["mark"], &arrows[death]["to"]), (&Value::from("cited"), &Value::Null));
    let acts = &arrows[find("influence", "erlotinib")];
    assert_eq!((&acts["sign"], &acts["through"]), (&Value::from("raises"), &Value::from("delayed(erlotinib)")));
    let acted = &arrows[acts["on"].as_u64().unwrap() as usize];
    assert_eq!((&acted["kind"], &acted["from"]), (&Value::from("death"), &Value::from("sensitive")));
    let number = map["numbers"].as_array().unwrap().iter().find(|n| n["name"] == "death_t790m").unwrap();
    assert!(number["source"].as_str().unwrap().contains("https://github.com/Michorlab/ACESO"), "{number}");
    assert_eq!((number["value"].as_f64(), number["unit"].as_str()), (Some(0.0035), Some("/h")));
}

#[test]
fn a_picture_is_written_whole_and_stays_the_same() {
    let folder = StudyFolder::new("map-picture", "", "");
    let (first, again) = (folder.path("a.svg"), folder.path("b.SVG"));
    assert!(said(&["nsclc-egfr-tki", "--svg", &first]).starts_with("map  "));
    assert!(said(&["nsclc-egfr-tki", "--svg", &again, "--text"]).contains("sensitive -> t790m"));
    let picture = std::fs::read_to_string(&first).unwrap();
    assert_eq!(picture, std::fs::read_to_string(&again).unwrap());
    for part in ["<svg xmlns=", "role=\"img\"", "aria-label=", "<desc>", "<title>", "doi 10.7554/eLife.00747", "</svg>"]
    {
        assert!(picture.contains(part), "{part}");
    }
    assert!(!picture.contains("href") && !picture.contains("<script"));
}

#[test]
fn what_cannot_be_drawn_is_refused_with_what_to_do() {
    let folder = StudyFolder::new("map-refused", "[model]\ntitle = 3\n", "");
    let refused = |arguments: &[&str], code: i32, words: &[&str]| {
        let out = map(arguments);
        let message = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(code), "{arguments:?}: {message}");
        assert!(out.stdout.is_empty(), "{arguments:?}");
        for word in words {
            assert!(message.contains(word), "{word} is not in {message}");
        }
    };
    refused(&["nsclc-egfr-tky"], 1, &["did you mean nsclc-egfr-tki"]);
    refused(&[&folder.path("study")], 1, &["RM0005"]);
    refused(&["pc9-erlotinib", "--svg", &folder.path("model.toml")], 1, &["does not end in .svg"]);
    refused(&["pc9-erlotinib", "--svg", &folder.path("none/at/all/a.svg")], 5, &["cannot"]);
    refused(&["pc9-erlotinib", "--text", "--json"], 1, &["cannot be used with"]);
    let mut many = "[model]\ntitle = \"many\"\n[before_treatment]\nstart = { c0 = \"1 cells\" }\n".to_string();
    (0..300).for_each(|k| many += &format!("[cells.c{k}]\nbirth = \"1 /day\"\ndeath = \"0\"\n"));
    std::fs::write(folder.path("many.toml"), many).unwrap();
    refused(&[&folder.path("many.toml"), "--svg", &folder.path("many.svg")], 1, &["300 nodes", "leave --svg out"]);
    assert_eq!(said(&[&folder.path("many.toml")]).lines().count(), 600);
}
