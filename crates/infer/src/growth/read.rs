//! The table of a growth assay: signals of living cells, or percentages of dead ones, by line, dose and time.
//!
//! Two forms are read. The plain one is that of [`crate::table`]. The other is that of the PC-9 files of the ACESO
//! package (columns `Cell.line`, `Time`, `Replicate`, `CONC`, `Type2` and `Viable.cells` or `Apoptotic.fraction`),
//! as they are. A concentration may be missing at 0 h, when the drug is added: the reading then belongs to every dose.

use crate::sheet::{Column, LATEST, Numbers, Once, Row, Sheet, TableProblems, is_missing};
use crate::table::{Reading, Signal};
use remission_model::problem::near_names;
use std::collections::{BTreeMap, BTreeSet};

/// A table that reads as it is.
pub const TEMPLATE: &str = "cell_type,concentration_uM,time_h,replicate,viable_signal\n\
    parental,,0,1,0.062\nparental,,0,2,0.066\nparental,0,24,1,0.15\nparental,0,24,2,0.16\nparental,0,48,1,0.37\n\
    parental,0,48,2,0.39\nparental,0,72,1,0.72\nparental,0,72,2,0.71\nparental,1,24,1,0.14\nparental,1,24,2,0.13\n\
    parental,1,48,1,0.29\nparental,1,48,2,0.31\nparental,1,72,1,0.27\nparental,1,72,2,0.28\n";

/// Names of the columns; a name that is not given is looked for among those of the two forms.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Column of lines: `cell_type`, `line`, `cell_line`, or `Type2` with `Cell.line`.
    pub line: Option<String>,
    /// Column of concentrations: `CONC`, or a name that begins with `concentration` or `dose` and ends in the unit.
    pub concentration: Option<String>,
    /// Column of times: `time_h`, `Time` (hours) or `time_days`.
    pub time: Option<String>,
    /// Column of replicates: `replicate`, `Replicate`, `well`; may be absent.
    pub replicate: Option<String>,
    /// Column of what was read.
    pub signal: Option<String>,
}

const LINES: [&str; 3] = ["cell_type", "line", "cell_line"];
const TIMES: [(&str, f64); 5] = [("time_h", 1.0), ("Time", 1.0), ("time", 1.0), ("hours", 1.0), ("time_days", 24.0)];
const REPLICATES: [&str; 3] = ["replicate", "Replicate", "well"];
const LIVING: [&str; 8] =
    ["viable_signal", "Viable.cells", "confluence", "confluence_percent", "viable_cells", "cells", "count", "signal"];
/// Smallest concentration above 0, in its unit.
const LEAST: f64 = 1e-9;
const DEAD: [&str; 3] = ["apoptotic_percent", "Apoptotic.fraction", "dead_percent"];

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Readings; times in hours. Those at 0 h without a concentration have concentration 0.
    pub readings: Vec<Reading>,
    /// Signals of living cells, or percentages of dead ones.
    pub signal: Signal,
    /// Unit of concentrations; empty where the table does not say.
    pub unit: String,
    /// Lines that have readings with a concentration of 0 that stood in the table.
    pub untreated: BTreeSet<String>,
    /// What was ignored or taken for granted.
    pub notes: Vec<String>,
}

impl Data {
    /// Lines in the order in which they come first.
    pub fn lines(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for reading in &self.readings {
            if !found.contains(&reading.cell_type) {
                found.push(reading.cell_type.clone());
            }
        }
        found
    }

    /// Doses of a line, ascending: a 0 that only stands for "before the drug" is none.
    pub fn doses(&self, line: &str) -> Vec<f64> {
        let mut doses = crate::table::concentrations(&self.readings, line);
        doses.retain(|c| *c > 0.0 || self.untreated.contains(line));
        doses
    }
}

/// Reads a table, or says everything that is wrong with it.
///
/// ```
/// use remission_infer::growth::read::{Names, TEMPLATE, read};
/// let data = read(TEMPLATE, &Names::default()).unwrap();
/// assert_eq!((data.readings.len(), data.unit.as_str()), (14, "uM"));
/// let said = read(&TEMPLATE.replace("0.37", "0"), &Names::default()).unwrap_err().to_string();
/// assert!(said.starts_with("line 6, column 5 (viable_signal): found `0`; allowed: a number above 0, at most 1e15"), "{said}");
/// ```
pub fn read(text: &str, names: &Names) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let has = |sheet: &Sheet, name: &str| sheet.names().contains(&name);
    let mut notes = Vec::new();
    let find = |sheet: &Sheet, given: &Option<String>, among: &[&str], otherwise: &str| -> String {
        let found = among.iter().find(|n| has(sheet, n)).copied().unwrap_or(otherwise);
        given.clone().unwrap_or(found.to_string())
    };
    let of_package = names.line.is_none() && has(&sheet, "Type2") && has(&sheet, "Cell.line");
    let line_name = if of_package { "Type2".to_string() } else { find(&sheet, &names.line, &LINES, "cell_type") };
    let line = sheet.needed(&line_name);
    let cell_line = if of_package { sheet.optional("Cell.line") } else { None };
    let dose = |n: &str| n == "CONC" || n.starts_with("concentration") || n.starts_with("dose");
    let found: Vec<String> = sheet.names().into_iter().filter(|n| dose(n)).map(str::to_string).collect();
    let dose_name = names.concentration.clone().or(found.first().cloned()).unwrap_or("concentration_uM".into());
    let concentration = sheet.needed(&dose_name);
    let time_name = find(&sheet, &names.time, &TIMES.map(|t| t.0).into_iter().rev().collect::<Vec<_>>(), "time_h");
    let hours = TIMES.iter().find(|t| t.0 == time_name).map_or(1.0, |t| t.1);
    let hours = if time_name.ends_with("_days") { 24.0 } else { hours };
    let time = sheet.needed(&time_name);
    let replicate_name = find(&sheet, &names.replicate, &REPLICATES, "replicate");
    let replicate = match names.replicate {
        Some(_) => sheet.needed(&replicate_name),
        None => sheet.optional(&replicate_name),
    };
    let living: Vec<&str> = LIVING.iter().chain(&DEAD).copied().collect();
    let signal_name = find(&sheet, &names.signal, &living, "viable_signal");
    let signal = sheet.needed(&signal_name);
    let kind = if DEAD.contains(&signal_name.as_str()) { Signal::Percent } else { Signal::AboveZero };
    let (Some(line), Some(concentration), Some(time), Some(signal)) = (line, concentration, time, signal) else {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    };
    let rows = sheet.rows();
    if found.len() > 1 && names.concentration.is_none() {
        let said = format!("the columns `{}`", found.join("`, `"));
        sheet.reject_header(&said, "one column of doses in one unit; take the others out");
    }
    if names.time.is_none() && TIMES.iter().filter(|t| has(&sheet, t.0)).count() > 1 {
        sheet.reject_header("times in several columns", "one column of times; take the others out");
    }
    let several = cell_line.is_some_and(|c| rows.iter().any(|r| sheet.text(r, c) != sheet.text(&rows[0], c)));
    let columns = Columns { line, cell_line: cell_line.filter(|_| several), concentration, time, replicate, signal };
    let (mut readings, mut untreated, mut seen) = (Vec::new(), BTreeSet::new(), Once::default());
    let mut nth = BTreeMap::new();
    let mut lines: BTreeMap<String, (&Row, usize)> = BTreeMap::new();
    for row in rows.iter() {
        let Some((mut reading, known)) = columns.reading(&sheet, row, hours, kind) else { continue };
        let well = format!("{}\n{known}{}\n{}", reading.cell_type, reading.concentration, reading.time);
        if replicate.is_none() {
            let n: &mut u32 = nth.entry(well.clone()).or_default();
            *n += 1;
            reading.replicate = *n;
        }
        if let Some(earlier) = seen.again(format!("{well}\n{}", reading.replicate), row.line) {
            let found = format!("the well and time of line {earlier} again");
            sheet.reject_line(row, &found, "one line per line of cells, concentration, time and replicate");
        }
        if signal_name == "confluence_percent" && reading.signal > 100.0 {
            let found = format!("a confluence of {} %", reading.signal);
            sheet.reject_line(row, &found, "a percentage, above 0 and at most 100");
        }
        if known && reading.concentration == 0.0 {
            untreated.insert(reading.cell_type.clone());
        }
        lines.entry(reading.cell_type.clone()).or_insert((row, 0)).1 += 1;
        readings.push(reading);
    }
    // A line that is read once tells nothing, and is often another's name misspelt.
    for (name, (row, _)) in lines.iter().filter(|(_, (_, count))| *count == 1) {
        let others = lines.iter().filter(|(_, (_, count))| *count > 1).map(|(other, _)| other.as_str());
        if let Some(near) = near_names(name, others).into_iter().next() {
            sheet.reject(
                row,
                columns.line,
                &format!("`{name}`, on this line alone"),
                &format!("a line of cells read twice or more; is it `{near}`?"),
            );
        }
    }
    sheet.finish()?;
    let unit = match dose_name.as_str() {
        "CONC" => {
            notes.push("concentrations are taken to be in uM, as in the ACESO package".to_string());
            "uM".to_string()
        }
        name => name.split_once('_').map_or(String::new(), |(_, unit)| unit.to_string()),
    };
    let unused = sheet.unused();
    if !unused.is_empty() {
        notes.push(format!("columns not used: {}", unused.join(", ")));
    }
    Ok(Data { readings, signal: kind, unit, untreated, notes })
}

struct Columns {
    line: Column,
    /// Where lines of one kind come from several parents.
    cell_line: Option<Column>,
    concentration: Column,
    time: Column,
    replicate: Option<Column>,
    signal: Column,
}

impl Columns {
    /// A reading, and whether its concentration was written.
    fn reading(&self, sheet: &Sheet, row: &Row, hours: f64, kind: Signal) -> Option<(Reading, bool)> {
        let name = sheet.name(row, self.line, "the name of a line of cells")?;
        let cell_type = match self.cell_line {
            Some(parent) => format!("{} {name}", sheet.text(row, parent)),
            None => name.to_string(),
        };
        let time = sheet.number(row, self.time, Numbers::ZeroOrMore);
        if let Some(time) = time {
            let unit = if hours == 24.0 { "days" } else { "hours" };
            sheet.within(
                row,
                self.time,
                time,
                (0.0, LATEST * 24.0 / hours),
                &format!("{unit} since the drug was added"),
            );
        }
        let numbers = if kind == Signal::Percent { Numbers::Percent } else { Numbers::AboveZero };
        let replicate = match self.replicate {
            Some(column) => sheet.number(row, column, Numbers::Whole(u64::from(u32::MAX))),
            None => Some(0.0),
        };
        let signal = sheet.number(row, self.signal, numbers);
        let missing = is_missing(sheet.text(row, self.concentration));
        if missing && time.is_some_and(|t| t > 0.0) {
            let allowed = "a number, 0 or more; it may be missing at time 0 only, when the drug is added";
            sheet.reject(row, self.concentration, "no concentration", allowed);
            return None;
        }
        let concentration = match missing {
            true => Some(0.0),
            false => sheet.number(row, self.concentration, Numbers::ZeroOrMore),
        };
        if concentration.is_some_and(|c| c > 0.0 && c < LEAST) {
            let found = format!("`{}`", sheet.text(row, self.concentration));
            let allowed = format!("0, or {LEAST:e} or more: write small concentrations in a smaller unit");
            sheet.reject(row, self.concentration, &found, &allowed);
        }
        let (concentration, time, replicate, signal) = (concentration?, time? * hours, replicate? as u32, signal?);
        Some((Reading { cell_type, concentration, time, replicate, signal }, !missing))
    }
}
