//! Cases as data: every file of `spec/cases` is read by the one `check` below.
//!
//! `valid/<name>.toml` must be read and come out as `valid/<name>.resolved.toml` says; set `UPDATE_CASES=1` to write
//! the resolved files anew, and read the difference before committing it. `invalid/RMxxxx-<what>.toml` must
//! give that code and no other. A file may hold a model, then a study after the line `# --- study ---`, then named
//! regimens after `# --- regimen ---` and the dosing record `dosing.csv` after `# --- dosing.csv ---`. A first line `# pad to N bytes` appends spaces up to that size.

use remission_model::{Beside, study_with_files};
use remission_model::{Code, Problem, Problems, model_from_toml, resolved_study_to_toml, resolved_to_toml};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const STUDY: &str = "# --- study ---\n";
const REGIMEN: &str = "# --- regimen ---\n";
const RECORDS: &str = "# --- dosing.csv ---\n";

fn spec() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec")
}

fn files(folder: &str) -> Vec<PathBuf> {
    let list = std::fs::read_dir(spec().join("cases").join(folder)).unwrap();
    let mut files: Vec<PathBuf> = list.map(|f| f.unwrap().path()).collect();
    files.retain(|f| !name(f).ends_with(".resolved.toml"));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Reads a case and prints what it was resolved to; everything wrong with it otherwise.
fn read(text: &str) -> Result<String, Problems> {
    let mut text = text.to_string();
    if let Some(rest) = text.strip_prefix("# pad to ") {
        let size: usize = rest.split(' ').next().unwrap().parse().unwrap();
        text += &" ".repeat(size - text.len());
    }
    let (model_text, rest) = text.split_once(STUDY).unwrap_or((&text, ""));
    let model = model_from_toml("model.toml", model_text)?;
    let mut out = resolved_to_toml(&model);
    let again = model_from_toml("resolved.toml", &out).unwrap_or_else(|p| panic!("{out}\n{p}"));
    assert_eq!(again, model, "the resolved text reads back as the same model\n{out}");
    if rest.is_empty() {
        return Ok(out);
    }
    let (rest, table) = rest.split_once(RECORDS).map_or((rest, None), |(rest, table)| (rest, Some(table)));
    let (study_text, regimens) = rest.split_once(REGIMEN).unwrap_or((rest, ""));
    let records: Vec<_> = table.iter().map(|t| ("dosing.csv", "dosing.csv", *t)).collect();
    let regimens = (!regimens.is_empty()).then_some(("regimen.toml", regimens));
    let study = study_with_files("study.toml", study_text, &Beside { regimens, records: &records }, "case", &model)?;
    let printed = resolved_study_to_toml(&study, &model);
    let beside = Beside { regimens: None, records: &records };
    let again = study_with_files("resolved.toml", &printed, &beside, "case", &model)
        .unwrap_or_else(|p| panic!("{printed}\n{p}"));
    assert_eq!(again, study, "the resolved text reads back as the same study\n{printed}");
    out += STUDY;
    out += &printed;
    Ok(out)
}

/// A valid case gives its resolved text; an invalid case gives its code and no other.
fn check(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let result = read(&text);
    if path.parent().unwrap().ends_with("valid") {
        let found = result.map_err(|p| format!("{}: refused\n{p}", name(path)))?;
        let golden = path.with_extension("resolved.toml");
        if std::env::var_os("UPDATE_CASES").is_some() {
            std::fs::write(&golden, &found).unwrap();
        }
        let wanted = std::fs::read_to_string(&golden).unwrap_or_default();
        return if found == wanted { Ok(()) } else { Err(format!("{}: resolved differs\n{found}", name(path))) };
    }
    let wanted = &name(path)[..6];
    let problems = match result {
        Ok(_) => return Err(format!("{}: read without a problem", name(path))),
        Err(problems) => problems,
    };
    problems.0.iter().for_each(|p| well_said(p, &text));
    let codes: BTreeSet<&str> = problems.0.iter().map(|p| p.code.text()).collect();
    if codes == BTreeSet::from([wanted]) { Ok(()) } else { Err(format!("{}: gives {codes:?}\n{problems}", name(path))) }
}

/// A problem says where, what was found, what is allowed and what to do.
fn well_said(p: &Problem, text: &str) {
    for part in [&p.file, &p.found, &p.allowed, &p.repair] {
        assert!(!part.trim().is_empty(), "{p:?}");
        assert!(part.len() < 1000, "{p:?}");
    }
    assert!(p.span.start <= p.span.end && p.span.end <= text.len().max(1 << 21), "{p:?}");
}

fn all(folder: &str) {
    let faults: Vec<String> = files(folder).iter().filter_map(|f| check(f).err()).collect();
    assert!(faults.is_empty(), "{} of the cases differ:\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn valid_cases_resolve_as_written_down() {
    all("valid");
}

#[test]
fn invalid_cases_give_their_code() {
    all("invalid");
}

#[test]
fn every_code_has_a_case_and_a_page() {
    let pages = std::fs::read_to_string(spec().join("errors.md")).unwrap();
    let cases: Vec<String> = files("invalid").iter().map(|f| name(f)).collect();
    for code in Code::ALL {
        assert!(cases.iter().any(|c| c.starts_with(code.text())), "no case for {code}");
        let heading = format!("\n## {code}: {}\n", code.title());
        assert!(pages.contains(&heading), "no page in spec/errors.md with the heading {heading}");
    }
    let mut numbers: Vec<&str> = Code::ALL.iter().map(|c| c.text()).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), Code::ALL.len(), "a number is given once");
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_text() {
    let text = "[model]\ntitel = 'x'\n[parameters]\nk = { value = '1 /dya' }\n[cells.a]\nbirth = 'k * kk'\ndeath = '-1 /day'\n";
    let problems = model_from_toml("m.toml", text).unwrap_err().0;
    let found: Vec<&str> = problems.iter().map(|p| p.code.text()).collect();
    // `titel` is a title misspelt and not a title missing.
    let wanted = ["RM0004", "RM0003", "RM0301", "RM0102", "RM0202", "RM0401"];
    assert_eq!(found, wanted, "{}", Problems(problems.clone()));
    let unknown = problems.iter().find(|p| p.code == Code::UnknownName).unwrap();
    assert_eq!(&text[unknown.span.clone()], "kk");
    assert_eq!(unknown.line_column(text), (6, 14));
}
