//! Mistakes that people make, each with what must be said of it: `spec/cases/mistakes.toml`.
//!
//! The fear is a message that is right and useless. So each mistake names the code, the place to the byte, words that
//! the message must contain, and what someone writes who follows it; that must be accepted.

use remission_model::{Problems, model_from_toml, study_with_regimens};
use std::path::Path;

/// Model, study and regimen file of the base case.
const FILES: [&str; 3] = ["model.toml", "study.toml", "regimen.toml"];

fn spec(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/cases").join(file);
    std::fs::read_to_string(path).unwrap()
}

fn parts(text: &str) -> [String; 3] {
    let (model, rest) = text.split_once("# --- study ---\n").unwrap();
    let (study, regimens) = rest.split_once("# --- regimen ---\n").unwrap();
    [model, study, regimens].map(str::to_string)
}

fn read([model, study, regimens]: &[String; 3]) -> Result<(), Problems> {
    let model = model_from_toml(FILES[0], model)?;
    study_with_regimens(FILES[1], study, FILES[2], regimens, "case", &model).map(|_| ())
}

/// What is wrong with how this mistake is reported; empty when nothing is.
fn judge(base: &str, mistake: &toml::Table) -> Vec<String> {
    let get = |key: &str| mistake[key].as_str().unwrap();
    let (from, wrong, repaired) = (get("from"), get("wrong"), get("repaired"));
    assert_eq!(base.matches(from).count(), 1, "`{from}` must stand once in the base case");
    let files = parts(&base.replace(from, wrong));
    let mut faults = Vec::new();
    let Err(problems) = read(&files) else { return vec!["accepted".into()] };
    let first = &problems.0[0];
    if first.code.text() != get("code") {
        faults.push(format!("code {}", first.code));
    }
    let file = FILES.iter().position(|f| *f == first.file).unwrap();
    let text = &files[file];
    let rest = &text[first.span.start..];
    if !rest.starts_with(get("at")) {
        faults.push(format!("points to {}", rest.lines().next().unwrap_or_default()));
    }
    let (line, column) = first.line_column(text);
    let shown = text.lines().nth(line - 1).unwrap_or_default();
    if !shown.chars().skip(column - 1).collect::<String>().starts_with(get("at")) {
        faults.push(format!("line {line}, column {column}: {shown}"));
    }
    if mistake.get("alone").is_some_and(|a| a.as_bool() == Some(true)) && problems.0.len() > 1 {
        faults.push(format!("not alone:\n{problems}"));
    }
    let message = first.to_string();
    for words in mistake["says"].as_array().unwrap() {
        if !message.contains(words.as_str().unwrap()) {
            faults.push(format!("does not say {words:?}"));
        }
    }
    if let Err(still) = read(&parts(&base.replace(from, repaired))) {
        faults.push(format!("following it does not help:\n{still}"));
    }
    if !faults.is_empty() {
        faults.push(message);
    }
    faults
}

#[test]
fn every_message_names_the_place_and_a_repair_that_works() {
    let base = spec("valid/erlotinib_study.toml");
    let list: toml::Table = spec("mistakes.toml").parse().unwrap();
    let mistakes = list["mistake"].as_array().unwrap();
    assert!(mistakes.len() >= 50);
    let mut wrong = Vec::new();
    for mistake in mistakes {
        let mistake = mistake.as_table().unwrap();
        let faults = judge(&base, mistake);
        if !faults.is_empty() {
            wrong.push(format!("## {}\n{}", mistake["name"].as_str().unwrap(), faults.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
