//! A tidy table of readings: one line per well and time, as text, made into typed rows or into every fault of it.
//!
//! The first line names the columns, in any order; columns that are not asked for are passed over. Fields are
//! separated by commas and may stand in double quotes on one line (RFC 4180), as R writes them; a byte-order mark
//! and carriage returns are forgiven, blank lines skipped. Left out: units (the caller knows them from the name of
//! the column), decimal commas, comments, fields that span lines.

use std::collections::BTreeMap;
use std::fmt;

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

/// One fault of a table: where, what was found, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// Line, from 1; the header is line 1.
    pub line: usize,
    /// Character of that line at which the fault begins, from 1.
    pub column: usize,
    /// Name of the column; empty for the line as a whole.
    pub name: String,
    /// What was found.
    pub found: String,
    /// What is allowed.
    pub allowed: String,
}

impl fmt::Display for TableProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.name.is_empty() {
            write!(f, " ({})", self.name)?;
        }
        write!(f, ": found {}; allowed: {}", self.found, self.allowed)
    }
}

/// Every fault found, in the order of the text; no more than 500 are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblems(pub Vec<TableProblem>);

impl fmt::Display for TableProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if k > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for TableProblems {}

const MOST: usize = 500;

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
    let mut faults = Faults(Vec::new());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let Some((first, header)) = lines.next() else {
        faults.add((1, 1), "", "no line", "a header and a line per reading");
        return Err(TableProblems(faults.0));
    };
    let Some((places, width)) = places(first + 1, header, columns, &mut faults) else {
        return Err(TableProblems(faults.0));
    };
    let mut readings = Vec::new();
    let mut seen: BTreeMap<(String, u64, u64, u32), usize> = BTreeMap::new();
    for (index, line) in lines {
        let number = index + 1;
        let Some(fields) = split(number, line, &mut faults) else { continue };
        if fields.len() != width {
            let allowed = format!("{width} fields, as in the header; decimals with a point");
            faults.add((number, 1), "", format!("{} fields", fields.len()), allowed);
            continue;
        }
        let row = Row { number, fields: &fields, places: &places };
        let Some(reading) = reading(&row, columns, &mut faults) else { continue };
        let key =
            (reading.cell_type.clone(), reading.concentration.to_bits(), reading.time.to_bits(), reading.replicate);
        if let Some(earlier) = seen.insert(key, number) {
            let found = format!("the well and time of line {earlier} again");
            faults.add((number, 1), "", found, "one line per cell type, concentration, time and replicate");
        }
        readings.push(reading);
    }
    if readings.is_empty() && faults.0.is_empty() {
        faults.add((first + 1, 1), "", "a header alone", "a header and a line per reading");
    }
    if faults.0.is_empty() { Ok(readings) } else { Err(TableProblems(faults.0)) }
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

struct Faults(Vec<TableProblem>);

impl Faults {
    fn add(&mut self, at: (usize, usize), name: &str, found: impl Into<String>, allowed: impl Into<String>) {
        if self.0.len() < MOST {
            let (line, column) = at;
            let (name, found, allowed) = (name.to_string(), found.into(), allowed.into());
            self.0.push(TableProblem { line, column, name, found, allowed });
        }
    }
}

/// A field with the character at which it begins, from 1.
type Field = (usize, String);

/// Where cell type, concentration, time, replicate and signal stand, and how many fields a line has.
fn places(number: usize, header: &str, columns: &Columns, faults: &mut Faults) -> Option<([usize; 5], usize)> {
    let fields = split(number, header, faults)?;
    let wanted = [columns.cell_type, columns.concentration, columns.time, columns.replicate, columns.signal];
    let mut places = [0; 5];
    for (place, name) in places.iter_mut().zip(wanted) {
        let mut at = (0..fields.len()).filter(|&k| fields[k].1 == name);
        match (at.next(), at.next()) {
            (Some(k), None) => *place = k,
            (Some(_), Some(k)) => {
                faults.add((number, fields[k].0), name, "the column a second time", "each column once");
            }
            (None, _) => {
                let names: Vec<&str> = fields.iter().map(|f| f.1.as_str()).collect();
                let found = format!("no such column among `{}`", names.join("`, `"));
                faults.add((number, 1), name, found, format!("a header with `{}`", wanted.join("`, `")));
            }
        }
    }
    faults.0.is_empty().then_some((places, fields.len()))
}

struct Row<'a> {
    number: usize,
    fields: &'a [Field],
    places: &'a [usize; 5],
}

fn reading(row: &Row, columns: &Columns, faults: &mut Faults) -> Option<Reading> {
    let field = |k: usize| &row.fields[row.places[k]];
    let at = |k: usize| (row.number, field(k).0);
    let cell_type = field(0).1.clone();
    let before = faults.0.len();
    if cell_type.is_empty() {
        faults.add(at(0), columns.cell_type, "nothing", "the name of a cell type");
    }
    let mut number = |k: usize, name: &str, fits: &dyn Fn(f64) -> bool, allowed: &str| {
        let value = field(k).1.parse::<f64>().ok().filter(|x| x.is_finite() && fits(*x));
        if value.is_none() {
            faults.add(at(k), name, format!("`{}`", field(k).1), allowed);
        }
        // A zero written -0 is the same well as 0.
        value.map_or(0.0, |x| x + 0.0)
    };
    let whole = |x: f64| (0.0..=f64::from(u32::MAX)).contains(&x) && x == libm::trunc(x);
    let concentration = number(1, columns.concentration, &|x| x >= 0.0, "a number, 0 or more");
    let time = number(2, columns.time, &|x| x >= 0.0, "a number, 0 or more");
    let replicate = number(3, columns.replicate, &whole, "a whole number, 0 to 4294967295") as u32;
    let signal = match columns.allowed {
        Signal::AboveZero => number(4, columns.signal, &|x| x > 0.0, "a number above 0"),
        Signal::Percent => number(4, columns.signal, &|x| (0.0..=100.0).contains(&x), "a percentage, 0 to 100"),
    };
    (faults.0.len() == before && before < MOST).then_some(Reading { cell_type, concentration, time, replicate, signal })
}

/// The fields of a line, without surrounding blanks or quotes.
fn split(number: usize, line: &str, faults: &mut Faults) -> Option<Vec<Field>> {
    let mut fields: Vec<Field> = vec![(1, String::new())];
    let (mut quoted, mut opened) = (false, 1);
    for (k, letter) in line.chars().enumerate() {
        let last = fields.last_mut()?;
        match letter {
            '"' => {
                // A doubled quote inside quotes closes and opens again at once: it stands for a quote.
                if !quoted && last.1.ends_with('\u{1}') {
                    last.1.pop();
                    last.1.push('"');
                } else if quoted {
                    last.1.push('\u{1}');
                }
                quoted = !quoted;
                opened = k + 1;
            }
            ',' if !quoted => fields.push((k + 2, String::new())),
            _ => last.1.push(letter),
        }
    }
    if quoted {
        faults.add((number, opened), "", "a quote that is not closed on its line", "quotes in pairs");
        return None;
    }
    fields.iter_mut().for_each(|f| f.1 = f.1.replace('\u{1}', "").trim().to_string());
    Some(fields)
}
