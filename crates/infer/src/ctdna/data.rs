//! Draws of blood as a table: one row a draw and mutation.
//!
//! Columns: `patient` (may be left out), `time_days` (since treatment began; below 0 before it), `mutation`, and either
//! `mutant_reads` with `depth` (unique molecules read) or `copies_per_ml`. Optional: `detection_limit` (a share where
//! reads are given, copies per mL otherwise), `plasma_ml` (plasma analysed), `role` (`truncal` or `resistance`). Below a
//! limit is written `<0.5`, or `ND` with a `detection_limit`; a draw that gave nothing is left empty or `NOT EVALUABLE`.

use crate::sheet::{Column, Numbers, Once, Row, Sheet, TREATMENT, TableProblems, is_missing};
use crate::words::counted;

/// A table that reads as it is.
pub const TEMPLATE: &str = "\
patient,time_days,mutation,role,mutant_reads,depth,detection_limit
P1,0,EGFR_del19,truncal,612,5000,0.001
P1,14,EGFR_del19,truncal,210,5000,0.001
P1,28,EGFR_del19,truncal,64,5000,0.001
P1,84,EGFR_del19,truncal,11,5000,0.001
P1,140,EGFR_del19,truncal,24,5000,0.001
P1,168,EGFR_del19,truncal,41,5000,0.001
P1,0,EGFR_T790M,resistance,0,5000,0.001
P1,28,EGFR_T790M,resistance,1,5000,0.001
P1,84,EGFR_T790M,resistance,6,5000,0.001
P1,140,EGFR_T790M,resistance,19,5000,0.001
P1,168,EGFR_T790M,resistance,33,5000,0.001
";

/// Plasma analysed where a table of concentrations does not say, mL.
pub const PLASMA_ML: f64 = 4.0;

/// What a mutation is to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Carried by every cell of the tumour.
    Truncal,
    /// Carried by resistant cells.
    Resistance,
}

/// What a laboratory said of one mutation in one tube.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Said {
    /// Molecules read as mutant, of so many read.
    Reads {
        /// Mutant.
        mutant: u64,
        /// All.
        depth: u64,
    },
    /// A share of so many molecules below this limit.
    ShareBelow {
        /// Share, above 0.
        limit: f64,
        /// All molecules read.
        depth: u64,
    },
    /// Copies per mL in so many mL of plasma.
    Copies {
        /// Copies per mL.
        per_ml: f64,
        /// Plasma, mL.
        ml: f64,
    },
    /// Copies per mL below this limit.
    CopiesBelow {
        /// Copies per mL, above 0.
        limit: f64,
        /// Plasma, mL.
        ml: f64,
    },
}

impl Said {
    /// Whether it is a share of reads; otherwise copies per mL.
    pub fn is_share(self) -> bool {
        matches!(self, Said::Reads { .. } | Said::ShareBelow { .. })
    }

    /// The level as written: a share, or copies per mL; the limit where it is below one.
    pub fn level(self) -> f64 {
        match self {
            Said::Reads { mutant, depth } => mutant as f64 / depth.max(1) as f64,
            Said::Copies { per_ml, .. } => per_ml,
            Said::ShareBelow { limit, .. } | Said::CopiesBelow { limit, .. } => limit,
        }
    }

    /// The lowest level that would have shown: the limit, or one molecule.
    pub fn least(self) -> f64 {
        match self {
            Said::Reads { depth, .. } => 1.0 / depth.max(1) as f64,
            Said::Copies { ml, .. } => 1.0 / ml,
            Said::ShareBelow { limit, .. } | Said::CopiesBelow { limit, .. } => limit,
        }
    }

    /// Whether mutant molecules were seen.
    pub fn seen(self) -> bool {
        matches!(self, Said::Reads { mutant, .. } if mutant > 0)
            || matches!(self, Said::Copies { per_ml, .. } if per_ml > 0.0)
    }
}

/// One mutation of one patient over time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// As written.
    pub mutation: String,
    /// What it is to the question.
    pub role: Role,
    /// Day and reading, in order of time.
    pub readings: Vec<(f64, Said)>,
}

/// One patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Patient {
    /// As written; empty where the table has no such column.
    pub name: String,
    /// By mutation, in the order of the table.
    pub series: Vec<Series>,
}

/// A table of draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// In the order of the table.
    pub patients: Vec<Patient>,
    /// What was ignored or supposed.
    pub notes: Vec<String>,
}

struct Columns {
    reads: Option<(Column, Column)>,
    copies: Option<Column>,
    limit: Option<Column>,
    plasma: Option<Column>,
}

/// Reads a table, or says everything that is wrong with it.
pub fn read(text: &str) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let patient = sheet.optional("patient");
    let (time, mutation) = (sheet.needed("time_days"), sheet.needed("mutation"));
    let role = sheet.optional("role");
    let copies = sheet.optional("copies_per_ml");
    let reads = match copies {
        Some(_) => sheet.optional("mutant_reads").zip(sheet.optional("depth")),
        None => sheet.needed("mutant_reads").zip(sheet.needed("depth")),
    };
    let columns =
        Columns { reads, copies, limit: sheet.optional("detection_limit"), plasma: sheet.optional("plasma_ml") };
    let (Some(time), Some(mutation)) = (time, mutation) else { return Err(faults(&sheet)) };
    if columns.reads.is_none() && columns.copies.is_none() {
        return Err(faults(&sheet));
    }
    // Rows that give both kinds of reading, of which reads are taken.
    let mut both = 0usize;
    let mut patients: Vec<Patient> = Vec::new();
    let mut given: Vec<(usize, usize, Option<Role>)> = Vec::new();
    let (mut once, mut empty) = (Once::default(), 0usize);
    for row in sheet.rows().iter() {
        let name = patient.map_or("", |c| sheet.text(row, c)).to_string();
        if let (Some(column), true) = (patient, name.is_empty()) {
            sheet.reject(row, column, "nothing", "a name for the patient");
        }
        let day = sheet.number(row, time, Numbers::Any);
        let what = sheet.name(row, mutation, "a name for the mutation").map(str::to_string);
        let role = role.and_then(|c| one_role(&sheet, row, c));
        let said = said(&sheet, row, &columns);
        let there = |c: Column| !is_missing(sheet.text(row, c));
        both += usize::from(columns.reads.is_some_and(|r| there(r.0)) && columns.copies.is_some_and(there));
        let (Some(day), Some(what)) = (day, what) else { continue };
        sheet.within(row, time, day, TREATMENT.0, TREATMENT.1);
        if let Some(line) = once.again(format!("{name}\u{1f}{what}\u{1f}{day}"), row.line) {
            let found = format!("a second reading of {what} on day {day} (the first: line {line})");
            sheet.reject_line(
                row,
                &found,
                "one row a patient, mutation and day; remove one, or add up reads and depth",
            );
        }
        let p = patients.iter().position(|p| p.name == name).unwrap_or_else(|| {
            patients.push(Patient { name: name.clone(), series: Vec::new() });
            patients.len() - 1
        });
        let s = patients[p].series.iter().position(|s| s.mutation == what).unwrap_or_else(|| {
            let series = Series { mutation: what.clone(), role: Role::Resistance, readings: Vec::new() };
            patients[p].series.push(series);
            given.push((p, patients[p].series.len() - 1, None));
            patients[p].series.len() - 1
        });
        if let (Some(role), Some(entry)) = (role, given.iter_mut().find(|g| (g.0, g.1) == (p, s))) {
            if entry.2.is_some_and(|before| before != role) {
                sheet.reject_line(row, &format!("two roles of {what}"), "one role a mutation");
            }
            entry.2 = Some(role);
        }
        match said {
            Some(said) => {
                let readings = &mut patients[p].series[s].readings;
                if readings.first().is_some_and(|first| first.1.is_share() != said.is_share()) {
                    let found = format!("copies and reads of {what} mixed");
                    sheet.reject_line(
                        row,
                        &found,
                        "one kind of reading a mutation: mutant_reads with depth, or copies_per_ml",
                    );
                }
                readings.push((day, said));
            }
            None => empty += 1,
        }
    }
    sheet.finish()?;
    let mut notes = Vec::new();
    if !sheet.unused().is_empty() {
        notes.push(format!("columns not used: {}", sheet.unused().join(", ")));
    }
    if both > 0 {
        notes.push(format!(
            "{} with mutant_reads and copies_per_ml: the reads are taken, which tell their own scatter",
            counted(both, "row", "rows")
        ));
    }
    if empty > 0 {
        notes.push(format!("{} without a reading left out", counted(empty, "row", "rows")));
    }
    for (p, patient) in patients.iter_mut().enumerate() {
        let roles: Vec<Option<Role>> = given.iter().filter(|g| g.0 == p).map(|g| g.2).collect();
        let none = roles.iter().all(Option::is_none);
        for (k, series) in patient.series.iter_mut().enumerate() {
            // Without roles the first mutation of a patient is taken as carried by all cells.
            series.role = roles[k].unwrap_or(if none && k == 0 { Role::Truncal } else { Role::Resistance });
            series.readings.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        if none && let Some(first) = patient.series.first() {
            let of = if patient.name.is_empty() { String::new() } else { format!(" of {}", patient.name) };
            notes.push(format!(
                "no column `role`: the first mutation{of}, {}, is taken as carried by every cell",
                first.mutation
            ));
        }
        patient.series.retain(|s| !s.readings.is_empty());
    }
    patients.retain(|p| !p.series.is_empty());
    Ok(Data { patients, notes })
}

fn faults(sheet: &Sheet) -> TableProblems {
    sheet.finish().err().unwrap_or(TableProblems(Vec::new()))
}

fn one_role(sheet: &Sheet, row: &Row, column: Column) -> Option<Role> {
    match sheet.text(row, column) {
        "truncal" => Some(Role::Truncal),
        "resistance" => Some(Role::Resistance),
        text if is_missing(text) => None,
        text => {
            sheet.reject(row, column, &format!("`{text}`"), "truncal, resistance, or nothing");
            None
        }
    }
}

/// Whether a text says that nothing could be read, or that nothing was found.
fn words(text: &str) -> (bool, bool) {
    let plain = text.to_ascii_lowercase().replace(['-', '_'], " ");
    let evaluable = matches!(plain.as_str(), "not evaluable" | "ne" | "failed" | "not done" | "insufficient");
    (evaluable, matches!(plain.as_str(), "nd" | "not detected" | "negative" | "undetectable"))
}

fn said(sheet: &Sheet, row: &Row, columns: &Columns) -> Option<Said> {
    let share = columns.reads.is_some_and(|(mutant, _)| !is_missing(sheet.text(row, mutant)));
    let (column, kind) = match (share, columns.reads, columns.copies) {
        (true, Some((mutant, _)), _) => (mutant, true),
        (_, _, Some(copies)) => (copies, false),
        (_, Some((mutant, _)), None) => (mutant, true),
        _ => return None,
    };
    let text = sheet.text(row, column);
    let (nothing_read, nothing_found) = words(text);
    if is_missing(text) || nothing_read {
        return None;
    }
    let limits = if kind { Numbers::Share } else { Numbers::AboveZero };
    let limit = columns.limit.and_then(|c| sheet.number_or_missing(row, c, limits));
    let ml = columns.plasma.and_then(|c| sheet.number_or_missing(row, c, Numbers::AboveZero)).unwrap_or(PLASMA_ML);
    let depth = match (kind, columns.reads) {
        (true, Some((_, depth))) => {
            let depth_ = sheet.number(row, depth, Numbers::Whole(1 << 40))? as u64;
            if depth_ == 0 {
                sheet.reject(
                    row,
                    depth,
                    "`0`",
                    "molecules read, 1 or more; leave the row's reads empty where nothing was read",
                );
                return None;
            }
            depth_
        }
        _ => 0,
    };
    let below = |limit: f64| if kind { Said::ShareBelow { limit, depth } } else { Said::CopiesBelow { limit, ml } };
    if let Some(written) = text.strip_prefix('<') {
        let found = written.trim().parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite() && (!kind || *x <= 1.0));
        if found.is_none() {
            sheet.reject(
                row,
                column,
                &format!("`{text}`"),
                "`<` and a limit above 0: a share of reads, or copies per mL",
            );
        }
        return found.map(below);
    }
    if nothing_found {
        if limit.is_none() {
            let allowed = "a detection_limit beside it, or a limit as `<0.001`";
            sheet.reject(row, column, &format!("`{text}` without a limit"), allowed);
        }
        return limit.map(below);
    }
    if kind {
        let mutant = sheet.number(row, column, Numbers::Whole(1 << 40))? as u64;
        if mutant > depth {
            sheet.reject(row, column, &format!("{mutant} mutant of {depth} reads"), "no more mutant reads than reads");
            return None;
        }
        return Some(Said::Reads { mutant, depth });
    }
    let per_ml = sheet.number(row, column, Numbers::ZeroOrMore)?;
    // Below its own limit a concentration is no number to be relied on.
    Some(match limit {
        Some(limit) if per_ml < limit => below(limit),
        _ => Said::Copies { per_ml, ml },
    })
}
