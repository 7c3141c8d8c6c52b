//! One patient's readings, or those of several, as a table: one row a reading.
//!
//! Columns: `patient` (may be left out), `time_days` (since treatment began; up to four weeks before counts as day 0),
//! `variable` (a measurement of the model, as its tables name it), `value`, `unit` (may be left out: the model's own),
//! `detection_limit` (may be left out). A value may be `<5`, `ND` (not detected), `TOO SMALL TO MEASURE`, or `NOT EVALUABLE`.

use super::patient::Visit;
use crate::sheet::{Column, Numbers, Once, Row, Sheet, TableProblems, is_missing};
use crate::words::counted;
use remission_cohort::measure::{Channel, Reported, channels};
use remission_model::resolved::{MeasurementKind, Model};

/// Largest sum of diameters of a patient, mm.
const LARGEST: f64 = 2000.0;

/// A table that reads as it is with `nsclc-egfr-tki`.
pub const TEMPLATE: &str = "\
patient,time_days,variable,value,unit
P1,0,diameters,52,mm
P1,42,diameters,41,mm
P1,84,diameters,35,mm
P1,126,diameters,31,mm
P1,168,diameters,30,mm
P1,210,diameters,31,mm
P1,252,diameters,35,mm
P1,0,plasma_t790m,ND,
P1,84,plasma_t790m,ND,
P1,168,plasma_t790m,ND,
P1,252,plasma_t790m,0.004,1
";

/// Days before treatment that count as day 0.
const SCREENING: f64 = -28.0;

/// One patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Readings {
    /// As written; empty where the table has no such column.
    pub name: String,
    /// In order of time.
    pub visits: Vec<Visit>,
}

/// A table of readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// In the order of the table.
    pub patients: Vec<Readings>,
    /// What was ignored or supposed.
    pub notes: Vec<String>,
}

/// What one unit of a column is in the channel's own.
fn factor(channel: &Channel, unit: &str) -> Option<f64> {
    match (channel.unit, unit) {
        (_, "") => Some(1.0),
        (own, unit) if own == unit => Some(1.0),
        ("mm", "cm") => Some(10.0),
        ("1", "%") => Some(0.01),
        ("1", "fraction" | "share") => Some(1.0),
        _ => None,
    }
}

fn units(channel: &Channel) -> &'static str {
    match channel.unit {
        "mm" => "mm, cm",
        "1" => "1 (a share), %",
        own => own,
    }
}

/// Reads a table for a model, or says everything that is wrong with it.
pub fn read(text: &str, model: &Model) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let patient = sheet.optional("patient");
    let (time, variable, value) = (sheet.needed("time_days"), sheet.needed("variable"), sheet.needed("value"));
    let (unit, limit) = (sheet.optional("unit"), sheet.optional("detection_limit"));
    let (Some(time), Some(variable), Some(value)) = (time, variable, value) else {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    };
    let channels = channels(model);
    // How likely reads of tissue and lesions by site are is not weighed yet.
    let unweighed = |m: usize| {
        let kind = &model.measurements[m].kind;
        matches!(kind, MeasurementKind::Sequencing(_) | MeasurementKind::SumOfDiameters { by_site: Some(_), .. })
    };
    let weighed = |c: &&Channel| !unweighed(c.measurement);
    let names: Vec<&str> = channels.iter().filter(weighed).map(|c| c.name.as_str()).collect();
    let aside = if names.len() < channels.len() { ", sequencing of tissue and lesions by site aside" } else { "" };
    let mut patients: Vec<Readings> = Vec::new();
    let (mut once, mut early, mut left) = (Once::default(), 0usize, 0usize);
    for row in sheet.rows().iter() {
        let name = patient.map_or("", |c| sheet.text(row, c)).to_string();
        if let (Some(column), true) = (patient, name.is_empty()) {
            sheet.reject(row, column, "nothing", "a name for the patient");
        }
        let day = sheet.number(row, time, Numbers::Any);
        let what = sheet.name(row, variable, "a measurement of the model").map(str::to_string);
        let (Some(day), Some(what)) = (day, what) else { continue };
        if !(SCREENING..=36_500.0).contains(&day) {
            sheet.reject(row, time, &format!("{day}"), "days since treatment began, -28 to 36500");
            continue;
        }
        let Some(channel) = channels.iter().position(|c| c.name == what && !unweighed(c.measurement)) else {
            sheet.reject(
                row,
                variable,
                &format!("`{what}`"),
                &format!("a measurement of the model{aside}: {}", names.join(", ")),
            );
            continue;
        };
        let written = unit.map_or("", |c| sheet.text(row, c));
        let written = if is_missing(written) { "" } else { written };
        let Some(factor) = factor(&channels[channel], written) else {
            if let Some(column) = unit {
                sheet.reject(
                    row,
                    column,
                    &format!("`{written}`"),
                    &format!("{} for {what}", units(&channels[channel])),
                );
            }
            continue;
        };
        early += usize::from(day < 0.0);
        let day = day.max(0.0);
        if let Some(line) = once.again(format!("{name}\u{1f}{channel}\u{1f}{day}"), row.line) {
            let found = format!("a second {what} of day {day} (the first: line {line})");
            sheet.reject_line(
                row,
                &found,
                "one reading a patient, variable and day; days before treatment count as day 0",
            );
        }
        let Some(reported) = reported(&sheet, row, value, limit, &channels[channel], model, factor) else {
            left += 1;
            continue;
        };
        let p = patients.iter().position(|p| p.name == name).unwrap_or_else(|| {
            patients.push(Readings { name: name.clone(), visits: Vec::new() });
            patients.len() - 1
        });
        let visits = &mut patients[p].visits;
        let v = visits.iter().position(|v| v.time == day).unwrap_or_else(|| {
            visits.push(Visit { time: day, readings: Vec::new() });
            visits.len() - 1
        });
        visits[v].readings.push((channel, reported));
    }
    sheet.finish()?;
    for patient in &mut patients {
        patient.visits.sort_by(|a, b| a.time.total_cmp(&b.time));
        patient.visits.iter_mut().for_each(|v| v.readings.sort_by_key(|r| r.0));
    }
    let mut notes = Vec::new();
    if !sheet.unused().is_empty() {
        notes.push(format!("columns not used: {}", sheet.unused().join(", ")));
    }
    if left > 0 {
        notes.push(format!("{} without a reading left out", counted(left, "row", "rows")));
    }
    if early > 0 {
        notes.push(format!("{early} readings from before treatment count as of day 0"));
    }
    Ok(Data { patients, notes })
}

fn reported(
    sheet: &Sheet,
    row: &Row,
    value: Column,
    limit: Option<Column>,
    channel: &Channel,
    model: &Model,
    factor: f64,
) -> Option<Reported> {
    let text = sheet.text(row, value);
    let plain = text.to_ascii_lowercase().replace(['-', '_'], " ");
    if is_missing(text) || matches!(plain.as_str(), "not evaluable" | "ne" | "not done" | "failed" | "not assessed") {
        return None;
    }
    let limit = limit.and_then(|c| sheet.number_or_missing(row, c, Numbers::AboveZero)).map(|l| l * factor);
    if matches!(plain.as_str(), "nd" | "not detected" | "negative" | "undetectable" | "gone" | "disappeared") {
        return Some(limit.map_or(Reported::Value(0.0), Reported::Below));
    }
    if matches!(plain.as_str(), "too small to measure" | "too small") {
        let MeasurementKind::SumOfDiameters { shares, too_small, .. } = &model.measurements[channel.measurement].kind
        else {
            sheet.reject(row, value, &format!("`{text}`"), "this word for diameters alone; write `<` and the limit");
            return None;
        };
        return Some(Reported::Below(limit.unwrap_or(too_small * shares.len() as f64)));
    }
    if let Some(written) = text.strip_prefix('<') {
        let found = written.trim().parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite());
        if found.is_none() {
            sheet.reject(row, value, &format!("`{text}`"), "`<` and a limit above 0");
        }
        return found.map(|x| Reported::Below(x * factor));
    }
    let number = sheet.number(row, value, Numbers::ZeroOrMore)? * factor;
    if channel.unit == "1" && number > 1.0 {
        sheet.reject(row, value, &format!("`{text}`"), "a share, 0 to 1; for percentages write % in a column `unit`");
        return None;
    }
    if channel.unit == "mm" && number > LARGEST {
        let allowed = format!("a sum of diameters of at most {LARGEST} mm; look at the unit");
        sheet.reject(row, value, &format!("`{text}`"), &allowed);
        return None;
    }
    Some(match limit {
        Some(limit) if number < limit => Reported::Below(limit),
        _ => Reported::Value(number),
    })
}
