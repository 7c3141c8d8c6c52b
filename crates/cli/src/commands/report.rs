//! `remission report`: write the report of a run directory again.

use crate::failure::{Exit, code};
use crate::report::data::ReportData;
use crate::{folder, record, report};
use std::path::Path;

/// `remission report`
pub fn report(dir: &Path) -> Result<u8, Exit> {
    record::read(dir)?;
    let path = dir.join("summary.json");
    let text = std::fs::read_to_string(&path).map_err(|e| Exit::io("read", &path, e))?;
    let data: ReportData = serde_json::from_str(&text)
        .map_err(|e| Exit::refused(format!("error: {} cannot be understood: {e}", path.display())))?;
    let out = dir.join("report.html");
    folder::replace(&out, report::render(&data).as_bytes())?;
    sayln!("report  {}", out.display());
    Ok(code::DONE)
}
