//! `remission new`: a folder with a small study that runs as it is, every section explained, to be made one's own.

use crate::commands::run::shown;
use crate::failure::{Exit, code};
use crate::folder::{self, Partial};
use std::path::{Path, PathBuf};

/// The skeleton: file, text.
const FILES: [(&str, &str); 2] =
    [("model.toml", include_str!("../skeleton/model.toml")), ("study.toml", include_str!("../skeleton/study.toml"))];

/// `remission new`
pub fn new(dir: &Path) -> Result<u8, Exit> {
    let files: Vec<(String, &str)> = FILES.iter().map(|(name, text)| (name.to_string(), *text)).collect();
    let written = write(dir, &files)?;
    sayln!("every number in it is assumed: replace each with one of yours and its source");
    next(&written);
    Ok(code::DONE)
}

/// Writes files into a folder that must not exist or be empty, says which, and returns the folder.
pub fn write(dir: &Path, files: &[(String, &str)]) -> Result<PathBuf, Exit> {
    if dir.exists() && !(dir.is_dir() && folder::is_empty(dir)) {
        let what = if dir.is_dir() { "exists and is not empty" } else { "exists and is not a folder" };
        return Err(Exit::refused(format!(
            "error: {} {what}; nothing is overwritten\n  name a folder that does not exist yet",
            dir.display()
        )));
    }
    let partial = Partial::beside(dir)?;
    for (name, text) in files {
        folder::write(&partial.path().join(name), text.as_bytes())?;
    }
    let written = partial.finish()?;
    for (name, _) in files {
        let holds = match name.as_str() {
            "model.toml" => "cells, drugs and every number",
            "study.toml" => "patients, visits and arms",
            "regimen.toml" => "regimens by name",
            _ => "data that numbers were fitted to",
        };
        sayln!("wrote {}  ({holds})", shown(&written.join(name)));
    }
    Ok(written)
}

/// Prints the commands to try.
pub fn next(dir: &Path) {
    // A folder that is named like a catalogue entry is asked for by its path.
    let plain = shown(dir);
    let name = if crate::catalogue::folder(&plain).is_some() { format!("./{plain}") } else { plain };
    sayln!("next:");
    let commands = [
        (format!("remission explain {name}"), "what is in it, in words"),
        (format!("remission check {name}"), "after each change"),
        (format!("remission run {name} --patients 100"), "takes seconds"),
    ];
    let width = commands.iter().map(|c| c.0.chars().count()).max().unwrap_or(0);
    for (command, does) in commands {
        sayln!("  {command:width$}  # {does}");
    }
}
