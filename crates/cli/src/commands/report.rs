//! `remission report`: write the report of a run directory again.

use crate::failure::{Exit, code};
use crate::report::data::ReportData;
use crate::{folder, record, report};
use std::path::Path;

/// `remission report`
pub fn report(dir: &Path) -> Result<u8, Exit> {
    let record = record::read(dir)?;
    let path = dir.join("summary.json");
    if record.files.get("summary.json").is_some_and(|d| record::digest_file(&path).is_ok_and(|found| found != *d)) {
        return Err(Exit::refused(format!(
            "error: {} was changed since the run wrote it, so a report of it would not be a report of the run\n  \
             `remission verify {}` says what else differs",
            path.display(),
            dir.display()
        )));
    }
    let text = std::fs::read_to_string(&path).map_err(|e| Exit::io("read", &path, e))?;
    let data: ReportData = serde_json::from_str(&text)
        .map_err(|e| Exit::refused(format!("error: {} cannot be understood: {e}", path.display())))?;
    let out = dir.join("report.html");
    folder::replace(&out, report::render(&data).as_bytes())?;
    sayln!("report  {}", out.display());
    Ok(code::DONE)
}
