//! Series of prostate-specific antigen under intermittent androgen suppression, from text.
//!
//! Columns: `patient`, `time_days` (or `day`), `psa` (ng/mL, may be empty), `on_treatment` (1 or 0 from this row to the
//! next); `trial` and `cycle` if there are any. A man is (trial, patient). Without `cycle`, a cycle begins whenever
//! treatment does.

use crate::sheet::{Numbers, Sheet, TREATMENT, TableProblems, is_missing};
use std::collections::BTreeMap;

/// A table that reads as it is.
pub const TEMPLATE: &str = "patient,time_days,psa,on_treatment,cycle\n\
001,0,22,1,1\n001,28,4.1,1,1\n001,84,1.2,1,1\n001,168,0.4,1,1\n001,252,0.3,0,1\n001,336,1.1,0,1\n001,392,5.2,0,1\n\
001,448,11.5,1,2\n001,476,3.0,1,2\n001,560,0.9,1,2\n001,700,0.6,0,2\n001,770,2.4,0,2\n001,840,10.8,0,2\n\
001,860,14,1,3\n001,930,3.9,1,3\n001,1020,2.8,1,3\n";

/// Largest PSA that is read, ng/mL: several times the largest that have been reported.
const MOST: f64 = 100_000.0;

/// One row: treatment from here on, and PSA if it was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// Days.
    pub days: f64,
    /// ng/mL, 0 or more.
    pub psa: Option<f64>,
    /// Whether androgens are suppressed from this visit to the next.
    pub on: bool,
    /// Cycle, from 1; a cycle is a phase on and a phase off treatment.
    pub cycle: usize,
}

/// One man.
#[derive(Debug, Clone, PartialEq)]
pub struct Man {
    /// Trial; empty where the table names none.
    pub trial: String,
    /// Name in the table.
    pub patient: String,
    /// In order of time.
    pub visits: Vec<Visit>,
}

impl Man {
    /// `trial/patient`, or the patient alone.
    pub fn name(&self) -> String {
        if self.trial.is_empty() { self.patient.clone() } else { format!("{}/{}", self.trial, self.patient) }
    }

    /// The last cycle.
    pub fn cycles(&self) -> usize {
        self.visits.iter().map(|v| v.cycle).max().unwrap_or(0)
    }

    /// PSA readings in one cycle.
    pub fn readings(&self, cycle: usize) -> Vec<Visit> {
        self.visits.iter().filter(|v| v.cycle == cycle && v.psa.is_some()).copied().collect()
    }

    /// Visits before a cycle.
    pub fn before(&self, cycle: usize) -> Vec<Visit> {
        self.visits.iter().filter(|v| v.cycle < cycle).copied().collect()
    }
}

/// All men of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// In the order in which they begin in the table.
    pub men: Vec<Man>,
    /// What was ignored or decided while reading, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a table; every fault is named. A row whose `on_treatment` is neither 0 nor 1 is left out with a note.
///
/// ```
/// use remission_infer::psa::{TEMPLATE, read};
/// let data = read(TEMPLATE).unwrap();
/// assert_eq!((data.men.len(), data.men[0].cycles(), data.men[0].readings(3).len()), (1, 3, 3));
/// ```
pub fn read(text: &str) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let names: Vec<String> = sheet.names().iter().map(|n| n.to_string()).collect();
    let has = |name: &str| names.iter().any(|n| n == name);
    let trial = sheet.optional("trial");
    let patient = sheet.needed("patient");
    let days = sheet.needed(if has("day") && !has("time_days") { "day" } else { "time_days" });
    let psa = sheet.needed("psa");
    let on = sheet.needed("on_treatment");
    let cycle = sheet.optional("cycle");
    let (Some(patient), Some(days), Some(psa), Some(on)) = (patient, days, psa, on) else {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    };
    let mut notes = Vec::new();
    let unused = sheet.unused();
    if !unused.is_empty() {
        notes.push(format!("Columns that were not used: {}.", unused.join(", ")));
    }
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut men: Vec<Man> = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for row in sheet.rows().iter() {
        let who = sheet.name(row, patient, "the name of a man");
        let when = sheet.number(row, days, Numbers::Any);
        if let Some(day) = when {
            sheet.within(row, days, day, TREATMENT.0, TREATMENT.1);
        }
        let value = match sheet.text(row, psa).strip_prefix('<').map(|x| x.trim().parse::<f64>()) {
            Some(Ok(limit)) if (0.0..=10.0).contains(&limit) => {
                let words = "PSA below a limit (`<`) is taken as below that of the assay (--limit).".to_string();
                if !notes.contains(&words) {
                    notes.push(words);
                }
                Some(0.0)
            }
            _ => sheet.number_or_missing(row, psa, Numbers::ZeroOrMore),
        };
        if let Some(value) = value {
            sheet.within(row, psa, value, (0.0, MOST), "PSA in ng/mL (look at the unit)");
        }
        let treated = sheet.text(row, on);
        let which = match cycle {
            Some(c) if !is_missing(sheet.text(row, c)) => sheet.number(row, c, Numbers::Whole(1000)),
            _ => Some(0.0),
        };
        if treated != "0" && treated != "1" {
            if treated.parse::<f64>().is_err() {
                sheet.reject(row, on, &format!("`{treated}`"), "1 on treatment, 0 off it");
            } else {
                let what = "on_treatment is 1 or 0; the row is not used";
                notes.push(format!("Line {}: on_treatment is `{treated}`; {what}.", row.line));
            }
            continue;
        }
        let (Some(who), Some(when), Some(which)) = (who, when, which) else { continue };
        let key = (trial.map_or("", |c| sheet.text(row, c)).to_string(), who.to_string());
        let place = *places.entry(key.clone()).or_insert(men.len());
        if place == men.len() {
            men.push(Man { trial: key.0.clone(), patient: key.1.clone(), visits: Vec::new() });
        }
        // A day with two readings that differ: which is right nobody can say, so both are used and it is said.
        let other = men[place].visits.iter().find(|v| v.days == when && v.psa.is_some() && v.psa != value);
        if let (Some(other), Some(value)) = (other.and_then(|v| v.psa), value) {
            notes.push(format!("Line {}: PSA {value} on a day that has {other} already; both are used.", row.line));
        }
        let again = format!("{key:?} {when} {value:?}");
        match seen.get(&again) {
            Some(earlier) if value.is_some() => {
                notes.push(format!("Line {} says what line {earlier} says; it is used once.", row.line));
                continue;
            }
            _ => {
                seen.insert(again, row.line);
            }
        }
        men[place].visits.push(Visit { days: when, psa: value, on: treated == "1", cycle: which as usize });
    }
    sheet.finish()?;
    for man in &mut men {
        man.visits.sort_by(|a, b| a.days.total_cmp(&b.days));
        if man.visits.iter().all(|v| v.cycle == 0) {
            let (mut cycle, mut before) = (0, false);
            for visit in &mut man.visits {
                cycle += usize::from(visit.on && !before);
                before = visit.on;
                visit.cycle = cycle.max(1);
            }
        }
    }
    Ok(Data { men, notes })
}
