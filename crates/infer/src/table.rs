//! A tidy table of readings: one line per well and time, as text, made into typed rows or into every fault of it.
//!
//! How text becomes fields: [`crate::sheet`]. Columns that are not asked for are passed over. Left out: units (the
//! caller knows them from the name of the column).

use crate::sheet::{Numbers, Once, Sheet, TableProblems};

/// One reading of one well. From [`read`]: every number is finite and in the range that [`Columns`] allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Name of the cell type or line.
    pub cell_type: String,
    /// Drug in the well, 0 or more, unit of the table.
    pub concentration: f64,
    /// When it was read, 0 or more, hours since the drug was added.
    pub time: f64,
    /// Which of the like wells.
    pub replicate: u32,
    /// What was read: a count, a signal proportional to living cells, or a percentage.
    pub signal: f64,
}

/// What a signal may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A count or a signal of living cells: above 0, for its logarithm is taken.
    AboveZero,
    /// A percentage: 0 to 100.
    Percent,
}

/// Names of the columns that are read, and what the signal may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns<'a> {
    /// Column of cell types; default `cell_type`.
    pub cell_type: &'a str,
    /// Column of concentrations; default `concentration_uM`.
    pub concentration: &'a str,
    /// Column of times; default `time_h`.
    pub time: &'a str,
    /// Column of replicates; default `replicate`.
    pub replicate: &'a str,
    /// Column of what was read; default `viable_signal`.
    pub signal: &'a str,
    /// What the signal may be; default above 0.
    pub allowed: Signal,
}

impl Default for Columns<'_> {
    fn default() -> Self {
        Columns {
            cell_type: "cell_type",
            concentration: "concentration_uM",
            time: "time_h",
            replicate: "replicate",
            signal: "viable_signal",
            allowed: Signal::AboveZero,
        }
    }
}

/// Reads a table, or says everything that is wrong with it.
///
/// ```
/// use remission_infer::table::{Columns, read};
/// let text = "cell_type,time_h,concentration_uM,replicate,viable_signal\npc9,48,1,1,0.29\n";
/// assert_eq!(read(text, &Columns::default()).unwrap()[0].time, 48.0);
///
/// let fault = &read(&text.replace("0.29", "0,29"), &Columns::default()).unwrap_err().0[0];
/// assert_eq!((fault.line, fault.found.as_str()), (2, "6 fields"));
/// ```
pub fn read(text: &str, columns: &Columns) -> Result<Vec<Reading>, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let wanted = [columns.cell_type, columns.concentration, columns.time, columns.replicate, columns.signal];
    let [Some(cell_type), Some(concentration), Some(time), Some(replicate), Some(signal)] =
        wanted.map(|name| sheet.needed(name))
    else {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    };
    let allowed = match columns.allowed {
        Signal::AboveZero => Numbers::AboveZero,
        Signal::Percent => Numbers::Percent,
    };
    let mut readings = Vec::new();
    let mut seen = Once::default();
    for row in sheet.rows().iter() {
        let cell_type = sheet.name(row, cell_type, "the name of a cell type");
        let concentration = sheet.number(row, concentration, Numbers::ZeroOrMore);
        let time = sheet.number(row, time, Numbers::ZeroOrMore);
        let replicate = sheet.number(row, replicate, Numbers::Whole(u64::from(u32::MAX)));
        let signal = sheet.number(row, signal, allowed);
        let (Some(cell_type), Some(concentration), Some(time), Some(replicate), Some(signal)) =
            (cell_type, concentration, time, replicate, signal)
        else {
            continue;
        };
        let well = format!("{cell_type}\n{concentration}\n{time}\n{replicate}");
        if let Some(earlier) = seen.again(well, row.line) {
            let found = format!("the well and time of line {earlier} again");
            sheet.reject_line(row, &found, "one line per cell type, concentration, time and replicate");
        }
        let (cell_type, replicate) = (cell_type.to_string(), replicate as u32);
        readings.push(Reading { cell_type, concentration, time, replicate, signal });
    }
    sheet.finish()?;
    Ok(readings)
}

/// Concentrations at which `cell_type` was read, ascending, each once.
///
/// ```
/// # use remission_infer::table::*;
/// let text = "cell_type,concentration_uM,time_h,replicate,viable_signal\na,3,0,1,1\na,1,0,1,1\nb,9,0,1,1\n";
/// assert_eq!(concentrations(&read(text, &Columns::default()).unwrap(), "a"), [1.0, 3.0]);
/// ```
pub fn concentrations(readings: &[Reading], cell_type: &str) -> Vec<f64> {
    let mut found: Vec<f64> = readings.iter().filter(|r| r.cell_type == cell_type).map(|r| r.concentration).collect();
    found.sort_by(f64::total_cmp);
    found.dedup();
    found
}
