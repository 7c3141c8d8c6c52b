//! `remission report`: write the report of a run directory again.

use crate::bounded::LARGEST_SUMMARY;
use crate::failure::{Exit, code};
use crate::record::Record;
use crate::report::data::{FORMAT, ReportData};
use crate::{bounded, folder, record, report};
use serde::Deserialize;
use std::path::Path;

/// `remission report`
pub fn report(dir: &Path) -> Result<u8, Exit> {
    let record = record::read(dir)?;
    let data = summary(dir, &record)?;
    for (table, what) in record::damaged(dir, &record.tables)? {
        // The report is made of the summary, which is whole.
        warnln!(
            "warning: {}: {what}; the report does not need it, `remission verify {}` compares",
            dir.join(table).display(),
            dir.display()
        );
    }
    let out = dir.join("report.html");
    folder::replace(&out, report::render(&data).as_bytes())?;
    sayln!("report  {}", out.display());
    Ok(code::DONE)
}

/// Says so when the report in `dir` is not that of the figures. Another version of the program may write the same figures another way.
pub fn note_of_report(dir: &Path, data: &ReportData) {
    let path = dir.join("report.html");
    let written = bounded::bytes(&path, LARGEST_SUMMARY, "a report").ok();
    if written.is_none_or(|bytes| bytes != report::render(data).as_bytes()) {
        warnln!(
            "note: {} is missing, was changed, or is of another version of remission; `remission report {}` writes it again",
            path.display(),
            crate::commands::run::shown(dir)
        );
    }
}

/// The summary of the run in `dir`, as the run wrote it.
pub fn summary(dir: &Path, record: &Record) -> Result<ReportData, Exit> {
    let path = dir.join("summary.json");
    let text = bounded::text(&path, LARGEST_SUMMARY, "the summary of a run")?;
    if record.files.get("summary.json").is_some_and(|d| record::digest(text.as_bytes()) != *d) {
        return Err(Exit::refused(format!(
            "error: {} was changed since the run wrote it, so a report of it would not be a report of the run\n  \
             `remission verify {}` says what else differs",
            path.display(),
            dir.display()
        )));
    }
    read(&path, &text)
}

/// A summary of this layout or an older one.
fn read(path: &Path, text: &str) -> Result<ReportData, Exit> {
    let refused = |why: String| Exit::refused(format!("error: {} cannot be understood: {why}", path.display()));
    // The layout first: what else a newer one holds cannot be judged here.
    let layout: Layout = serde_json::from_str(text).map_err(|e| refused(e.to_string()))?;
    let format = layout.format.as_u64().unwrap_or(0);
    if format == 0 || format > u64::from(FORMAT) {
        return Err(refused(format!(
            "its layout is {format}, and this remission reads 1 to {FORMAT}\n  \
             use the version of remission that made the run ({})",
            layout.version.as_str().unwrap_or("not stated")
        )));
    }
    serde_json::from_str(text).map_err(|e| refused(e.to_string()))
}

/// What every layout has; whatever else there is stays unread.
#[derive(Deserialize)]
struct Layout {
    #[serde(default)]
    format: serde_json::Value,
    #[serde(default)]
    version: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report that is written again has the figures of the run to the last bit, so numbers must come back from the summary as
    /// they went in.
    #[test]
    fn numbers_come_back_from_a_summary_to_the_last_bit() {
        let mut bits = 0x9e37_79b9_7f4a_7c15u64;
        for _ in 0..100_000 {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            let x = 1e3 * (bits >> 11) as f64 / (1u64 << 53) as f64;
            let text = serde_json::to_string(&x).unwrap();
            assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), x.to_bits(), "{text}");
        }
    }

    #[test]
    fn older_layouts_are_read_and_newer_ones_refused_by_name() {
        let path = Path::new("summary.json");
        let now = serde_json::to_value(ReportData { format: FORMAT, ..ReportData::default() }).unwrap();
        assert!(read(path, &now.to_string()).is_ok());
        let mut old = now.clone();
        let fields = old.as_object_mut().unwrap();
        fields["format"] = 1.into();
        fields.retain(|key, _| !["ranking", "percentiles_of", "detection_limit_is"].contains(&key.as_str()));
        assert_eq!(read(path, &old.to_string()).unwrap().percentiles_of, 0);
        for format in [0, u64::from(FORMAT) + 1] {
            let mut other = now.clone();
            other["format"] = format.into();
            other["arms"] = "something else".into();
            let said = read(path, &other.to_string()).unwrap_err().message;
            assert!(
                said.contains(&format!("its layout is {format}, and this remission reads 1 to {FORMAT}")),
                "{said}"
            );
        }
    }
}
