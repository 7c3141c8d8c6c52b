//! The wells of a regrowth assay, read from a table.
//!
//! A row is a well (or an animal): whether it regrew, and when it was seen to. Wells are looked at now and then, so a
//! time is an interval: regrown after one look and by the next. Either both ends stand in the table
//! (`regrew_after_days`, `regrew_by_days`), or `time_days` is the look at which regrowth was seen and the interval
//! reaches back to the look before, `looks_every_days` earlier. A well that never regrew has the day of its last look.

use crate::sheet::{LATEST, Numbers, Once, Row, Sheet, TableProblems, is_missing};
use crate::words::counted;

/// One well.
#[derive(Debug, Clone, PartialEq)]
pub struct Well {
    /// Its name, or its line in the table.
    pub name: String,
    /// Last day on which it was seen not to have regrown, 0 or more.
    pub after_days: f64,
    /// Day by which it was seen to have regrown, above `after_days`; none: it never was.
    pub by_days: Option<f64>,
    /// Cells plated; none: not known.
    pub cells: Option<f64>,
    /// Dose of the drug; none: not known.
    pub dose: Option<f64>,
}

/// The wells of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its name; empty where the table has no such column.
    pub name: String,
    /// Its wells, in the order of the table.
    pub wells: Vec<Well>,
}

/// A table of wells.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Experiments, in the order in which they first stand in the table.
    pub experiments: Vec<Experiment>,
    /// What was read otherwise than might be thought, a sentence each.
    pub notes: Vec<String>,
}

const REGREW: &str = "`yes` or `no` (also 1 or 0, true or false)";

/// Reads a table of wells; `looks_every_days` (above 0) is how far apart looks are where the table does not say.
///
/// ```
/// use remission_infer::regrowth::{TEMPLATE, data::read};
/// let data = read(TEMPLATE, 1.0).unwrap();
/// assert_eq!(data.experiments.len(), 1);
/// let fault = read("well,regrew,time_days\nA1,yes,-3\n", 1.0).unwrap_err().to_string();
/// assert!(fault.starts_with("line 2, column 3 (time_days): found `-3`"), "{fault}");
/// ```
pub fn read(text: &str, looks_every_days: f64) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let experiment = sheet.optional("experiment");
    let (well, regrew) = (sheet.optional("well"), sheet.optional("regrew"));
    let (after, by) = (sheet.optional("regrew_after_days"), sheet.optional("regrew_by_days"));
    let time = match after {
        Some(_) => sheet.optional("time_days"),
        None => sheet.needed("time_days"),
    };
    let (cells, dose) = (sheet.optional("cells"), sheet.optional("dose"));
    let every = sheet.optional("looks_every_days");
    // One end without the other says nothing of when; `regrew` is needed where a time alone would not tell.
    if after.is_some() {
        sheet.needed("regrew_by_days");
    } else {
        sheet.needed("regrew");
    }
    if after.is_some() && by.is_none() {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    }
    let (mut once, mut experiments) = (Once::default(), Vec::<Experiment>::new());
    let mut places = std::collections::BTreeMap::new();
    let (mut guessed, mut days) = (false, Vec::new());
    for row in sheet.rows().iter() {
        let experiment = experiment.map_or("", |c| sheet.text(row, c)).to_string();
        let name = well.and_then(|c| sheet.name(row, c, "the name of a well"));
        if let (Some(name), Some(column)) = (name, well)
            && let Some(line) = once.again(format!("{experiment}\u{0}{name}"), row.line)
        {
            let allowed = "each well once in an experiment; remove one or rename it";
            sheet.reject(row, column, &format!("`{name}` again, first on line {line}"), allowed);
        }
        let name = name.map_or_else(|| format!("line {}", row.line), str::to_string);
        let positive = |c: crate::sheet::Column| sheet.number_or_missing(row, c, Numbers::AboveZero);
        let day = |c: crate::sheet::Column, day: Option<f64>| {
            day.inspect(|day| sheet.within(row, c, *day, (0.0, LATEST), "days under the drug"))
        };
        let (cells, dose) =
            (cells.and_then(positive), dose.and_then(|c| sheet.number_or_missing(row, c, Numbers::ZeroOrMore)));
        let said = regrew.and_then(|c| yes_or_no(&sheet, row, c));
        let ends = match after {
            Some(after) if !is_missing(sheet.text(row, after)) => {
                let from = day(after, sheet.number(row, after, Numbers::ZeroOrMore));
                let until = by.and_then(|by| day(by, positive(by)));
                if let (Some(from), Some(until), Some(column)) = (from, until, by)
                    && until <= from
                {
                    sheet.reject(row, column, &format!("{until} after {from}"), "a day later than regrew_after_days");
                    continue;
                }
                // A day that cannot be read has been named already.
                let readable = by.is_none_or(|by| is_missing(sheet.text(row, by)) || until.is_some());
                if let (Some(said), Some(column)) = (said, regrew)
                    && readable
                    && said != until.is_some()
                {
                    let found = if said { "`yes` without regrew_by_days" } else { "`no` with regrew_by_days" };
                    sheet.reject(row, column, found, "regrew_by_days in wells that regrew, and in those alone");
                }
                from.map(|from| (from, until))
            }
            _ => {
                let (Some(time), Some(regrew)) = (time, regrew) else {
                    if let Some(after) = after {
                        sheet.reject(
                            row,
                            after,
                            "nothing",
                            "the last day on which the well had not regrown, or `time_days` and `regrew`",
                        );
                    }
                    continue;
                };
                let every = every.and_then(positive).unwrap_or_else(|| {
                    guessed = true;
                    looks_every_days
                });
                let at = day(time, sheet.number(row, time, Numbers::AboveZero));
                days.extend(at);
                if said.is_none() && is_missing(sheet.text(row, regrew)) {
                    sheet.reject(row, regrew, "nothing", REGREW);
                }
                at.zip(said).map(|(at, said)| if said { ((at - every).max(0.0), Some(at)) } else { (at, None) })
            }
        };
        let Some((after_days, by_days)) = ends else { continue };
        let well = Well { name, after_days, by_days, cells, dose };
        let known = *places.entry(experiment.clone()).or_insert(experiments.len());
        match experiments.get_mut(known) {
            Some(known) => known.wells.push(well),
            None => experiments.push(Experiment { name: experiment, wells: vec![well] }),
        }
    }
    sheet.finish()?;
    let mut notes = Vec::new();
    let unused = sheet.unused();
    if !unused.is_empty() {
        notes.push(format!("columns not used: {}", unused.join(", ")));
    }
    if guessed {
        notes.push(format!(
            "a time is taken to lie within {looks_every_days} days before `time_days` (looks_every_days)"
        ));
        let weekly = days.len() > 3 && days.iter().all(|d| d % 7.0 == 0.0);
        if weekly && looks_every_days < 7.0 {
            notes.push(
                "every time is a multiple of 7 days: if wells were looked at weekly, say so (looks_every_days 7)"
                    .into(),
            );
        }
    }
    for e in &experiments {
        let known = |f: &dyn Fn(&Well) -> bool| e.wells.iter().filter(|w| f(w)).count();
        for (what, found) in [("cells", known(&|w| w.cells.is_some())), ("dose", known(&|w| w.dose.is_some()))] {
            if found > 0 && found < e.wells.len() {
                let so = "those without are taken to be as the most common";
                notes.push(format!(
                    "`{what}` is known for {found} of {}; {so}",
                    counted(e.wells.len(), "well", "wells")
                ));
            }
        }
    }
    Ok(Data { experiments, notes })
}

/// A yes or no; nothing where the field is empty, a fault where it is anything else.
fn yes_or_no(sheet: &Sheet, row: &Row, column: crate::sheet::Column) -> Option<bool> {
    match sheet.text(row, column).to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" => Some(true),
        "no" | "n" | "false" | "0" => Some(false),
        text if is_missing(text) => None,
        text => {
            sheet.reject(row, column, &format!("`{text}`"), REGREW);
            None
        }
    }
}

impl Experiment {
    /// The most common value of something known of wells, the smaller of equals.
    pub fn usual(&self, of: impl Fn(&Well) -> Option<f64>) -> Option<f64> {
        let mut values: Vec<f64> = self.wells.iter().filter_map(of).collect();
        values.sort_by(f64::total_cmp);
        let runs = values.chunk_by(|a, b| a == b);
        runs.rev().max_by_key(|run| run.len()).map(|run| run[0])
    }

    /// How many wells regrew.
    pub fn regrown(&self) -> usize {
        self.wells.iter().filter(|w| w.by_days.is_some()).count()
    }
}
