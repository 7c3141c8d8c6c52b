//! `remission export`: tables of a run directory as CSV, or the clones of one patient for R's ggmuller.

use crate::args;
use crate::bounded::LARGEST_SUMMARY;
use crate::csv::{self, Value};
use crate::failure::{Exit, code};
use crate::muller::{Muller, muller};
use crate::record::{self, Record};
use crate::{bounded, disk, folder, report};
use remission_model::units::number;
use std::fmt::Display;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// `remission export`
pub fn export(args: &args::Export) -> Result<u8, Exit> {
    let record = record::read(&args.dir)?;
    match args.muller {
        Some(patient) => export_muller(args, &record, patient),
        None => export_csv(args, &record),
    }
}

fn export_csv(args: &args::Export, record: &Record) -> Result<u8, Exit> {
    let all: Vec<&str> = record.tables.keys().map(|t| t.trim_end_matches(".parquet")).collect();
    let mut wanted: Vec<&str> = Vec::new();
    for asked in &args.table {
        let name = asked.trim_end_matches(".parquet");
        let Some(found) = all.iter().find(|t| **t == name) else {
            return Err(Exit::refused(format!("error: the run has no table `{asked}`\n  it has: {}", all.join(", "))));
        };
        if !wanted.contains(found) {
            wanted.push(found);
        }
    }
    if wanted.is_empty() {
        wanted.clone_from(&all);
    }
    for table in &wanted {
        unchanged(&args.dir, record, &format!("{table}.parquet"))?;
        if args.out.is_none() {
            apart(&format!("{table}.csv"), record.inputs.keys())?;
        }
    }
    let partial = args.out.as_deref().map(folder::Partial::beside).transpose()?;
    let into = partial.as_ref().map_or(args.dir.as_path(), |p| p.path());
    let mut rows = Vec::new();
    for table in &wanted {
        rows.push((*table, convert(&args.dir, table, into)?));
    }
    let shown = match partial {
        Some(partial) => partial.finish()?,
        None => args.dir.clone(),
    };
    for (table, rows) in rows {
        sayln!("{}  {rows} rows", shown.join(format!("{table}.csv")).display());
    }
    Ok(code::DONE)
}

/// Writes `TABLE.csv` into a folder, whole or not at all; the number of rows.
pub fn convert(dir: &Path, table: &str, into: &Path) -> Result<u64, Exit> {
    let parquet = dir.join(format!("{table}.parquet"));
    let target = into.join(format!("{table}.csv"));
    let part = into.join(format!(".{table}.csv.partial-{}", std::process::id()));
    let _ = std::fs::remove_file(&part);
    folder::sweep(into, &format!(".{table}.csv.partial-"));
    let attempt = || -> Result<u64, String> {
        let text = |e: std::io::Error| e.to_string();
        let mut file = BufWriter::new(disk::Output::create(&part).map_err(text)?);
        let rows = csv::convert(&parquet, &mut file)?;
        file.flush().map_err(text)?;
        file.get_ref().sync().map_err(text)?;
        disk::rename(&part, &target).map_err(text)?;
        Ok(rows)
    };
    // Left by a killed program, or put there by somebody: either way not to be written through.
    let _ = std::fs::remove_file(&part);
    attempt().map_err(|e| {
        // What is left of a failed attempt is of no use.
        let _ = std::fs::remove_file(&part);
        Exit::io("write", &target, e)
    })
}

/// Refuses to write a table over the copy of an input that has its name.
pub fn apart<'a>(csv: &str, mut inputs: impl Iterator<Item = &'a String>) -> Result<(), Exit> {
    match inputs.any(|name| name == csv) {
        true => Err(Exit::refused(format!(
            "error: the dosing record of this study is called {csv} as well, and a run keeps a copy of it under that name\n  \
             `remission export DIR --csv --out FOLDER` writes the tables elsewhere; or rename the record"
        ))),
        false => Ok(()),
    }
}

/// Refuses a table that is not the one that was recorded.
fn unchanged(dir: &Path, record: &Record, file: &str) -> Result<(), Exit> {
    let path = dir.join(file);
    let found = if path.is_file() { record::digest_file(&path)? } else { String::new() };
    if record.tables.get(file) == Some(&found) {
        return Ok(());
    }
    let what = if found.is_empty() { "is missing" } else { "was changed since the run wrote it" };
    Err(Exit::refused(format!("error: {} {what}\n  `remission verify {}` says more", path.display(), dir.display())))
}

fn export_muller(args: &args::Export, record: &Record, patient: u32) -> Result<u8, Exit> {
    for table in ["clones.parquet", "clone_sizes.parquet", "trajectories.parquet"] {
        unchanged(&args.dir, record, table)?;
    }
    let path = args.dir.join("summary.json");
    let text = bounded::text(&path, LARGEST_SUMMARY, "the summary of a run")?;
    let data: report::data::ReportData = serde_json::from_str(&text)
        .map_err(|e| Exit::refused(format!("error: {} cannot be understood: {e}", path.display())))?;
    let arms: Vec<&str> = data.arms.iter().map(|a| a.name.as_str()).collect();
    let listed = arms.iter().map(|a| format!("\"{a}\"")).collect::<Vec<_>>().join(", ");
    let arm = match &args.arm {
        None if arms.len() == 1 => 0,
        None => return Err(Exit::refused(format!("error: say which arm with --arm NAME\n  the run has: {listed}"))),
        Some(name) => arms
            .iter()
            .position(|a| *a == name.trim())
            .ok_or_else(|| Exit::refused(format!("error: the run has no arm \"{name}\"\n  it has: {listed}")))?,
    };
    if patient >= record.patients {
        let last = record.patients.saturating_sub(1);
        return Err(Exit::refused(format!("error: the run has no patient {patient}; they are counted 0 to {last}")));
    }
    if let Some((_, _, why)) = record.failed.iter().find(|f| f.0 == patient) {
        return Err(Exit::refused(format!("error: patient {patient} failed and has no clones: {why}")));
    }
    let found = gather(&args.dir, arms[arm], patient)?;
    if found.edges.is_empty() {
        let why = if record.method == "mean" { "the mean equations know no clones" } else { "no clone is listed" };
        return Err(Exit::refused(format!("error: nothing to draw for patient {patient} in \"{}\": {why}", arms[arm])));
    }
    let out = match &args.out {
        Some(out) => out.clone(),
        None => args.dir.join(format!("muller-patient-{patient}-arm-{}", arm + 1)),
    };
    let partial = folder::Partial::beside(&out)?;
    let edges: String = found.edges.iter().map(|(parent, id)| format!("{parent},{id}\n")).collect();
    folder::write(&partial.path().join("edges.csv"), format!("Parent,Identity\n{edges}").as_bytes())?;
    let sizes: String = found.populations.iter().map(|(id, n, t)| format!("{id},{n},{}\n", number(*t))).collect();
    folder::write(&partial.path().join("populations.csv"), format!("Identity,Population,Time\n{sizes}").as_bytes())?;
    let out: PathBuf = partial.finish()?;
    sayln!("{}  {}", out.join("edges.csv").display(), many(found.edges.len(), "edge"));
    sayln!("{}  {}", out.join("populations.csv").display(), many(found.populations.len(), "row"));
    if found.rooted {
        sayln!("identity -1 is a common root that was made up: one cell just before the first look, none after");
    }
    if found.orphans > 0 {
        let clones = many(found.orphans, "clone");
        sayln!("{clones} below the root: the parent is never 0.1 % of the tumour, so it is in no table");
    }
    Ok(code::DONE)
}

/// The rows of one patient in one arm.
fn gather(dir: &Path, arm: &str, patient: u32) -> Result<Muller, Exit> {
    let mut clones = Vec::new();
    let mut sizes = Vec::new();
    let mut looks = Vec::new();
    rows(dir, "clones", arm, patient, |get| {
        clones.push((whole(get("Parent")), whole(get("Identity")).unwrap_or(0)));
    })?;
    rows(dir, "clone_sizes", arm, patient, |get| {
        let cells = whole(get("Population")).unwrap_or(0);
        sizes.push((whole(get("Identity")).unwrap_or(0), cells.unsigned_abs(), real(get("Time"))));
    })?;
    rows(dir, "trajectories", arm, patient, |get| looks.push(real(get("time"))))?;
    Ok(muller(&clones, &sizes, &looks))
}

fn rows(
    dir: &Path,
    table: &str,
    arm: &str,
    patient: u32,
    mut take: impl FnMut(&dyn Fn(&str) -> Value),
) -> Result<(), Exit> {
    let path = dir.join(format!("{table}.parquet"));
    let fault = |e: &dyn Display| Exit::io("read", &path, e);
    csv::read(&path, |names, row| {
        let get = |name: &str| names.iter().position(|n| n == name).map_or(Value::Nothing, |k| row[k].clone());
        if get("patient_id") == Value::Whole(patient.into()) && get("arm") == Value::Text(arm.to_string()) {
            take(&get);
        }
        Ok(())
    })
    .map_err(|e| fault(&e))?;
    Ok(())
}

fn whole(value: Value) -> Option<i64> {
    match value {
        Value::Whole(n) => i64::try_from(n).ok(),
        _ => None,
    }
}

fn real(value: Value) -> f64 {
    match value {
        Value::Real(x) => x,
        _ => 0.0,
    }
}

fn many(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
