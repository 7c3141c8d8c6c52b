//! Doses as they were recorded, patient by patient: the event tables of NONMEM, which mrgsolve and rxode2 read as well.
//!
//! ```toml
//! records = { file = "dosing.csv", time_unit = "h", amount_unit = "mg", compartments = { 1 = "erlotinib" } }
//! ```
//! A row becomes one dose rule (an infusion that outlasts its interval becomes several), never a list of doses, so that
//! ADDL = 2147483647 costs nothing. A reset, and a steady state that replaces what is there, end the rules before them,
//! since NONMEM cancels additional doses that are pending and infusions that run. Sources: NONMEM Users Guide VI (PREDPP),
//! ch. V, and its help on EVID, SS, II, ADDL, AMT and RATE. Left out: modelled rates and durations (RATE -1 and -2), SS 3,
//! compartments turned off (CMT below 0), clock times and dates, drugs that are held.

mod columns;
mod doses;
mod rows;
mod table;
mod words;

pub use words::{in_words, of_patients, summary};

use crate::problem::{Code, Report};
use crate::regimen::route_name;
use crate::resolved::{Model, Regimen};
use crate::scope::read_unit;
use crate::tree::{Section, Text, short};
use crate::units::{Dimension, Unit};

/// Largest record read, bytes.
pub const MAX_BYTES: usize = 1 << 25;
/// Most rows of one record, and most dose rules that they may become.
pub const MAX_ROWS: usize = 1_000_000;
/// Most columns of one record.
pub const MAX_COLUMNS: usize = 1000;
/// Most rows of one patient.
pub const MAX_ROWS_OF_ONE: usize = 10_000;

/// Doses as recorded: the k-th patient of a study follows the k-th entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Records {
    /// File beside the study.
    pub file: String,
    /// Unit of TIME, II and DUR, as written.
    pub time_unit: String,
    /// Unit of AMT, as written.
    pub amount_unit: String,
    /// Compartment numbers (CMT) with the index of their drug; empty: every dose is of the one drug, or the table names it.
    pub compartments: Vec<(u32, usize)>,
    /// One entry for each ID, in the order of the table; at least one.
    pub patients: Vec<Recorded>,
}

/// What one ID of a table was given.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// As in the table.
    pub id: String,
    /// Doses, in the order of the rows; its list of sentences is empty ([`in_words`] makes them).
    pub regimen: Regimen,
}

impl Records {
    /// The record of a patient, counted from 0; they are taken in turn.
    pub fn of(&self, patient: u32) -> Option<&Recorded> {
        self.patients.get(patient as usize % self.patients.len().max(1))
    }
}

/// True for a name that a record may have: letters, digits, `-`, `_` and `.`, at the end `.csv`, no folder.
pub fn is_file_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.len() <= 100 && name.len() > 4 && name.ends_with(".csv") && !name.starts_with('.') && name.chars().all(plain)
}

/// Files that the arms of a study name as their records, each once; faults are left to the reading of the study.
///
/// ```
/// let study = "[[arms]]\nrecords = { file = \"dosing.csv\", time_unit = \"h\" }";
/// assert_eq!(remission_model::records::files(study), ["dosing.csv"]);
/// ```
pub fn files(study: &str) -> Vec<String> {
    let mut report = Report::new("");
    let Some(table) = crate::tree::parse(study, &mut report) else {
        return Vec::new();
    };
    let mut out: Vec<String> = Vec::new();
    for arm in Section::root(&table, study).sections("arms", &mut report) {
        let file = arm.section("records", &mut report).and_then(|r| r.words("file", &mut report));
        out.extend(file.map(|f| f.text).filter(|f| is_file_name(f) && !out.contains(f)));
    }
    out
}

/// What the study says of a table, checked.
struct Asked<'m> {
    model: &'m Model,
    time: Unit,
    amount: Unit,
    compartments: Vec<(u32, usize)>,
}

/// `records = { ... }` of an arm, with the table that it names.
pub(crate) fn read(
    arm: &Section<'_>,
    files: &[(&str, &str, &str)],
    model: &Model,
    report: &mut Report,
    tables: &mut Vec<Report>,
) -> Option<Records> {
    let s = arm.section("records", report)?.only(&["file", "time_unit", "amount_unit", "compartments"], report);
    let file = s.need_text("file", "file = \"dosing.csv\"", report);
    let example =
        "time_unit = \"h\" (or \"days\"): a table does not say, and a wrong guess would be wrong 24 times over";
    let time_text = s.need_text("time_unit", example, report);
    let amount_text = s.text("amount_unit", report);
    let time = time_text.as_ref().and_then(|t| unit_of(t, Dimension::TIME, "a time: h, days", report));
    let amount = match &amount_text {
        Some(t) => unit_of(t, Dimension::MASS, "a mass: mg, ug, g", report),
        None => crate::units::unit("mg").ok(),
    };
    let compartments = compartments(&s, model, report);
    let file = file?;
    let shown_text = find(&file, files, report);
    let asked = Asked { model, time: time?, amount: amount?, compartments: compartments? };
    if s.has("amount_unit") && amount_text.is_none() {
        return None;
    }
    let (shown, text) = shown_text?;
    let mut own = Report::new(shown);
    let patients = rows::patients(text, &asked, &mut own);
    tables.push(own);
    Some(Records {
        file: file.text,
        time_unit: time_text?.text.trim().to_string(),
        amount_unit: amount_text.map_or("mg".into(), |t| t.text.trim().to_string()),
        compartments: asked.compartments,
        patients: patients?,
    })
}

fn find<'f>(file: &Text, files: &[(&'f str, &'f str, &'f str)], report: &mut Report) -> Option<(&'f str, &'f str)> {
    let name = file.text.as_str();
    if let Some((_, shown, text)) = files.iter().find(|f| f.0 == name && is_file_name(name)) {
        return Some((shown, text));
    }
    let (found, repair) = match is_file_name(name) {
        true => (format!("no file `{name}`"), "put the table beside study.toml, or correct the name"),
        false if [".xlsx", ".xls", ".ods", ".xpt", ".tsv", ".txt"].iter().any(|e| name.to_lowercase().ends_with(e)) => {
            (
                format!("\"{}\"", short(name)),
                "save the table as CSV (comma-separated) beside study.toml, and name that file",
            )
        }
        false => {
            (format!("\"{}\"", short(name)), "name a file beside study.toml, such as dosing.csv, without a folder")
        }
    };
    let allowed = "the name of a table beside study.toml: letters, digits, `-`, `_`, `.`, ending in .csv";
    let known = files.iter().map(|f| f.0);
    report.add_near(Code::RecordsFile, &file.at, [found, allowed.into(), repair.into()], name, known);
    None
}

fn unit_of(text: &Text, want: Dimension, allowed: &str, report: &mut Report) -> Option<Unit> {
    let unit = read_unit(text, report)?;
    if unit.dimension == want {
        return Some(unit);
    }
    report.add(
        Code::Dimension,
        &text.at,
        format!("left {want} (`{}`), right {} (`{}`)", text.at.path, unit.dimension, short(&text.text)),
        format!("the unit alone, of {allowed}, ..."),
        "write the unit that the table is in",
    );
    None
}

/// `compartments = { 1 = "erlotinib" }`
fn compartments(s: &Section<'_>, model: &Model, report: &mut Report) -> Option<Vec<(u32, usize)>> {
    if !s.has("compartments") {
        return Some(Vec::new());
    }
    let before = report.len();
    let mut out = Vec::new();
    for entry in s.section("compartments", report)?.named(report) {
        // `{ erlotinib = 1 }`
        if let Some(k) = model.drugs.iter().position(|d| d.name == entry.name.text) {
            let number = entry.text(&mut Report::new("")).map_or("1".into(), |t| t.text);
            report.add(
                Code::BadName,
                &entry.name.at,
                format!("`{}` before the `=`", short(&entry.name.text)),
                "the number of a compartment, 1 to 1000, and then its drug",
                format!("write {} = \"{}\"", short(&number), model.drugs[k].name),
            );
            continue;
        }
        let number = entry.name.text.parse::<u32>().ok().filter(|n| (1..=1000).contains(n));
        if number.is_none() {
            report.add(
                Code::BadName,
                &entry.name.at,
                format!("`{}`", short(&entry.name.text)),
                "the number of a compartment, 1 to 1000, as in the column CMT",
                "write, for example, compartments = { 1 = \"<drug>\" }",
            );
        }
        let drug = entry.text(report).and_then(|name| drug(&name.text, &name.at, model, report));
        out.extend(number.zip(drug));
    }
    (report.len() == before).then_some(out)
}

/// A drug of the model that can be dosed by a table.
fn drug(name: &str, at: &crate::problem::Place, model: &Model, report: &mut Report) -> Option<usize> {
    let found = model.drugs.iter().position(|d| d.name == name);
    let dosed = |d: &&crate::resolved::Drug| !d.route.is_set();
    if let Some(k) = found.filter(|k| dosed(&&model.drugs[*k])) {
        return Some(k);
    }
    let names: Vec<&str> = model.drugs.iter().filter(dosed).map(|d| d.name.as_str()).collect();
    let (found, repair) = match found {
        Some(k) => {
            (format!("`{name}`, which is {}", route_name(&model.drugs[k].route)), "say by sentences when it is given")
        }
        None => (format!("`{}`", short(name)), "correct the name, or add a section [drugs.<name>] to the model"),
    };
    let allowed = format!("a drug of the model that is given by doses: {}", short(&names.join(", ")));
    report.add_near(Code::UnknownDrug, at, [found, allowed, repair.into()], name, names.iter().copied());
    None
}
