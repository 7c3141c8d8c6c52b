//! `remission verify`: repeat a run from its record and compare every table bit for bit.

use crate::asked::Asked;
use crate::commands::report::{note_of_report, summary};
use crate::commands::run::{progress_of, simulate};
use crate::expected::answer::Answers;
use crate::failure::{Exit, code};
use crate::load::Source;
use crate::record;
use crate::report::words::{arms, patients};
use crate::{bounded, folder};
use remission_model::records::{MAX_BYTES, is_file_name};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// `remission verify`
pub fn verify(dir: &Path, threads: Option<u16>, stop: &AtomicBool) -> Result<u8, Exit> {
    let record = record::read(dir)?;
    let mut differences = Vec::new();
    let mut sources = Vec::new();
    for (name, digest) in &record.inputs {
        if !["model.toml", "study.toml", "regimen.toml"].contains(&name.as_str()) && !is_file_name(name) {
            return Err(Exit::refused(format!("error: the record names an input `{name}` that a run does not have")));
        }
        let path = dir.join(name);
        if !path.is_file() {
            differences.push(format!("{name}: missing"));
            continue;
        }
        let bytes = bounded::bytes(&path, MAX_BYTES as u64, "an input")?;
        if record::digest(&bytes) != *digest {
            differences.push(format!("{name}: the copy in the run directory is not what was run"));
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        sources.push(Source { file: name.clone(), shown: path.display().to_string(), text });
    }
    let one = |(name, what): (String, &str)| format!("{name}: {what}");
    differences.extend(record::damaged(dir, &record.files)?.into_iter().map(one));
    let entries = std::fs::read_dir(dir).map_err(|e| Exit::io("read", dir, e))?;
    for name in entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()) {
        if name.ends_with(".parquet") && !record.tables.contains_key(&name) {
            differences.push(format!("{name}: not a table of this run"));
        }
    }
    if !differences.is_empty() {
        return Ok(differ(dir, &differences));
    }
    let (_, job) = Asked::of_record(&record).job(sources, threads)?;
    let scratch = folder::Partial::beside(&std::env::temp_dir().join("remission-verify"))?;
    let bar = progress_of(record.patients);
    let repeated = simulate(&job, scratch.path(), stop, &bar, None, Answers::none());
    bar.finish_and_clear();
    let mut data = repeated?;
    // What a file of published numbers adds to a report is no input of a run, and is taken as the run wrote it.
    if let Ok(told) = summary(dir, &record) {
        (data.misses, data.answers) = (told.misses, told.answers);
    }
    differences.extend(record::damaged(dir, &record.tables)?.into_iter().map(one));
    for (table, digest) in &record.tables {
        let again = scratch.path().join(table);
        if !again.is_file() || record::digest_file(&again)? != *digest {
            differences.push(format!("{table}: the repeated run gives other bytes"));
        }
    }
    if !differences.is_empty() {
        return Ok(differ(dir, &differences));
    }
    sayln!(
        "verified: {} x {} repeated, {} tables identical to the last bit",
        patients(record.patients.into()),
        arms(job.study.arms.len()),
        record.tables.len()
    );
    note_of_report(dir, &data);
    Ok(code::DONE)
}

fn differ(dir: &Path, differences: &[String]) -> u8 {
    warnln!("{} differs:", dir.display());
    for d in differences {
        warnln!("  {d}");
    }
    code::DIFFERS
}
