//! `remission infer ASSAY`: where the resistance came from, from one kind of data. One file per assay; what is common to
//! them is here: reading the table, its faults, and the command that would repeat the answer.

mod fluctuation;
mod working;

use crate::args::infer::Assay;
use crate::bounded;
use crate::failure::{Exit, code};
use remission_infer::sheet::TableProblems;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Largest table read, bytes.
const LARGEST: u64 = 256 << 20;

/// `remission infer`
pub fn infer(assay: &Assay, stop: &AtomicBool) -> Result<u8, Exit> {
    match assay {
        Assay::Fluctuation(args) => fluctuation::fluctuation(args, stop),
    }
}

/// The text of a table.
fn text(path: &Path) -> Result<String, Exit> {
    bounded::text(path, LARGEST, "a table of data")
}

/// Every fault of a table.
fn faults(path: &Path, problems: &TableProblems) -> Exit {
    let mut message = String::new();
    for problem in &problems.0 {
        message.push_str(&format!("error: {}: {problem}\n", path.display()));
    }
    Exit::refused(message)
}

/// What Ctrl-C ends with.
fn interrupted() -> Exit {
    Exit { message: "interrupted: nothing was printed or written".into(), code: code::INTERRUPTED }
}

/// The command as it was typed, to repeat it.
fn typed() -> String {
    let quoted = |word: String| match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c)) {
        true if !word.is_empty() => word,
        _ => format!("'{}'", word.replace('\'', "'\\''")),
    };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    format!("remission {}", words.collect::<Vec<_>>().join(" "))
}
