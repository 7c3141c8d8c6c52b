//! What becomes of an inference's answers: text or JSON on the standard output, and a folder with the report, the answer as
//! JSON, the tables as CSV and the draws for ArviZ.

mod json;
pub mod report;
mod tables;
mod text;
mod zarr;

use crate::failure::{Exit, code};
use crate::{disk, folder};
use remission_infer::answer::Answer;
use std::path::{Path, PathBuf};

/// Refuses an `out` that [`finish`] would refuse: for before a long computation.
pub fn refuse(out: Option<&Path>) -> Result<(), Exit> {
    out.map(folder::Partial::beside).transpose().map(drop)
}

/// Prints `answers` and, with `out`, writes the folder; `repeat` is the command that would give them again.
///
/// With `json` the standard output holds the JSON document and nothing else. The answer is printed before the folder is written, so
/// that a full disk loses no answer. An `out` that exists and is not empty is refused before anything is printed.
pub fn finish(answers: &[Answer], json: bool, out: Option<&Path>, repeat: &str) -> Result<u8, Exit> {
    let partial = out.map(folder::Partial::beside).transpose()?;
    let document = json::document(answers);
    if json {
        say!("{document}");
    } else {
        say!("{}", text::answers(answers));
    }
    let Some(partial) = partial else { return Ok(code::DONE) };
    let (written, files) = write(partial, answers, &document, repeat)?;
    let line = format!("written to {}: {}", written.display(), files.join(", "));
    if json {
        warnln!("{line}");
    } else {
        sayln!("\n{line}");
    }
    Ok(code::DONE)
}

/// Writes everything that belongs in the folder and gives it its name; the folder, and what is in it.
fn write(
    partial: folder::Partial,
    answers: &[Answer],
    document: &str,
    repeat: &str,
) -> Result<(PathBuf, Vec<String>), Exit> {
    let folder = partial.path();
    let put = |name: &str, bytes: &[u8]| disk::write(&folder.join(name), bytes).map_err(disk::exit);
    put("report.html", report::render(answers, repeat).as_bytes())?;
    put("answer.json", document.as_bytes())?;
    let mut files = vec!["report.html".to_owned(), "answer.json".to_owned()];
    let tables = tables::all(answers);
    if !tables.is_empty() {
        disk::make_new_folder(&folder.join("tables")).map_err(disk::exit)?;
        for (name, csv) in &tables {
            put(&format!("tables/{name}.csv"), csv.as_bytes())?;
            files.push(format!("tables/{name}.csv"));
        }
        disk::sync_folder(&folder.join("tables")).map_err(disk::exit)?;
    }
    let mut names = tables::Names::default();
    for (k, answer) in answers.iter().enumerate() {
        let Some(sampled) = &answer.sampled else { continue };
        let name = match answers.len() {
            1 => "posterior".to_owned(),
            _ => format!("posterior-{}", names.next(&tables::experiment(answer, k))),
        };
        zarr::write(&folder.join(format!("{name}.zarr")), sampled).map_err(disk::exit)?;
        files.push(format!("{name}.zarr"));
    }
    Ok((partial.finish()?, files))
}

#[cfg(test)]
mod tests {
    use super::report::sample;
    use super::*;
    use std::fs;

    /// `REMISSION_KEEP=DIR` keeps the folders there, for who wants to look at them (`verify/infer/arviz.py` does).
    #[test]
    fn a_folder_holds_everything_and_is_not_overwritten() {
        let keep = std::env::var_os("REMISSION_KEEP").map(std::path::PathBuf::from);
        for (name, answers) in sample::all() {
            let out = match &keep {
                Some(folder) => folder.join(name),
                None => std::env::temp_dir().join(format!("remission-inferred-{name}-{}", std::process::id())),
            };
            let _ = fs::remove_dir_all(&out);
            let document = json::document(&answers);
            let partial = folder::Partial::beside(&out).unwrap();
            let (written, files) = write(partial, &answers, &document, "remission infer").unwrap();
            assert!(written == out && files.iter().all(|f| out.join(f).exists()), "{files:?}");
            if keep.is_some() {
                fs::write(out.join("answer.txt"), text::answers(&answers)).unwrap();
            }
            let read = |file: &str| fs::read_to_string(out.join(file)).unwrap();
            assert!(read("report.html").starts_with("<!doctype html>"));
            assert_eq!(read("answer.json"), document);
            assert_eq!(out.join("tables").exists(), answers.iter().any(|a| !a.tables.is_empty()), "{name}");
            let zarr = if answers.len() == 1 { "posterior.zarr" } else { "posterior-line_B.zarr" };
            assert_eq!(out.join(zarr).exists(), answers.iter().any(|a| a.sampled.is_some()), "{name}");
            for refused in [refuse(Some(&out)), finish(&answers, true, Some(&out), "").map(drop)] {
                let refused = refused.unwrap_err();
                assert!(refused.code == code::REFUSED && refused.message.contains("exists and is not empty"));
            }
            if keep.is_none() {
                fs::remove_dir_all(&out).unwrap();
            }
        }
    }
}
