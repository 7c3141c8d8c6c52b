//! Before treatment: how the tumour comes to be, and with what the first patients begin.

use super::page::Page;
use super::words::{figure, formula, many, percent, time};
use remission_cohort::barcodes::LISTED;
use remission_cohort::beginning::{Range, beginning};
use remission_cohort::levels::typical;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_model::expr::Expr;
use remission_model::resolved::{Barcodes, MeasurementKind, Start};
use serde::Serialize;
use std::sync::atomic::AtomicBool;

/// Patients who are grown for the explanation.
const PATIENTS: u32 = 100;
/// Barcoded cells that are grown for it.
const BARCODED: f64 = 1e6;
/// Seed where no study gives one.
const SEED: u64 = 1;

/// Before treatment.
#[derive(Debug, Serialize)]
pub struct Before {
    /// How the tumour comes to be.
    pub how: Vec<String>,
    /// `grown` or `typed in`.
    pub kind: &'static str,
    /// Cells when treatment begins, typical patient.
    pub cells: f64,
    /// Patients that were grown for the figures below, the first of the study.
    pub patients: u32,
    /// Patients who could not be grown.
    pub failed: u32,
    /// Seed that they were grown with.
    pub seed: u64,
    /// All cells: 5th percentile, median, 95th.
    pub total: [f64; 3],
    /// Years from the first cell to treatment.
    pub years: Option<[f64; 3]>,
    /// By type.
    pub types: Vec<TypeBefore>,
}

/// A cell type when treatment begins.
#[derive(Debug, Serialize)]
pub struct TypeBefore {
    /// Cell type.
    pub name: String,
    /// Cells: 5th percentile, median, 95th.
    pub cells: [f64; 3],
    /// Living clones founded as this type.
    pub clones: [f64; 3],
    /// Share of patients with at least one cell.
    pub present: f64,
}

/// The account; `seed` is the study's.
pub fn before(compiled: &Compiled, seed: Option<u64>, stop: &AtomicBool) -> Before {
    let model = &compiled.model;
    let parameters = typical(model);
    let value = |e: &Expr| over_parameters(compiled, &parameters, e);
    let mut how = Vec::new();
    let (kind, cells) = match &model.start {
        Start::Grown { founder, from, until } => {
            let size = value(until);
            let by = formula(until, model).map(|f| format!(" ({f})")).unwrap_or_default();
            let founders = if *from == 1 { "one".to_string() } else { figure(*from as f64) };
            how.push(format!(
                "The tumour grows without drug from {founders} {} {} until it has {} cells{by}{}. Its founders may die out; \
                 it then starts again, so every patient has a tumour.{}",
                model.cells[*founder].name,
                if *from == 1 { "cell" } else { "cells" },
                figure(size),
                volume(compiled, &parameters, size),
                match model.cells.iter().any(|c| !c.mutations.is_empty()) {
                    true => " Mutations on the way found clones, and what is there when treatment begins comes from this growth.",
                    false => "",
                }
            ));
            ("grown", size)
        }
        Start::Given(parts) => {
            let one = |(t, e): &(usize, Expr)| {
                let by = formula(e, model).map(|f| format!(" ({f})")).unwrap_or_default();
                format!("{} {} cells{by}", figure(value(e)), model.cells[*t].name)
            };
            let all: Vec<String> = parts.iter().map(one).collect();
            let size = parts.iter().map(|(_, e)| value(e)).sum();
            how.push(format!(
                "The tumour is typed in: {}{}. {}",
                super::words::list(&all),
                volume(compiled, &parameters, size),
                match model.barcodes {
                    Some(_) => "All cells are labelled pre-existing.",
                    None => "Each type is one clone, labelled pre-existing.",
                }
            ));
            ("typed in", size)
        }
    };
    let first = match &model.start {
        Start::Grown { from, .. } => *from as f64,
        Start::Given(_) => cells,
    };
    if let Some(barcodes) = model.barcodes {
        how.push(barcoded(barcodes, first, kind));
    }
    // Barcoded clones are grown one by one.
    let most = model.barcodes.map_or(PATIENTS, |_| ((BARCODED / first) as u32).clamp(1, PATIENTS));
    let seed = seed.unwrap_or(SEED);
    let seen = beginning(compiled, seed, most, stop);
    let three = |r: Range| [r.low, r.middle, r.high];
    Before {
        how,
        kind,
        cells,
        patients: seen.patients,
        failed: seen.failed,
        seed,
        total: three(seen.total),
        years: seen.years.map(three),
        types: model
            .cells
            .iter()
            .zip(seen.types)
            .map(|(c, t)| TypeBefore {
                name: c.name.clone(),
                cells: three(t.cells),
                clones: three(t.clones),
                present: t.present,
            })
            .collect(),
    }
}

/// Who shares a barcode, and what becomes of it.
fn barcoded(barcodes: Barcodes, first: f64, kind: &str) -> String {
    let who = if kind == "grown" { "founding cell" } else { "cell of these" };
    let law = match barcodes {
        Barcodes::OnePerCell => format!("Every {who} carries a barcode of its own"),
        Barcodes::Library(size) => {
            let size = f64::from(size);
            // Expected number of a library's barcodes on so many cells.
            let taken = -size * libm::expm1(first * libm::log1p(-1.0 / size));
            format!(
                "Every {who} carries one barcode of a library of {}, each as likely, so about {} different ones are there \
                 at first",
                figure(size),
                figure(taken)
            )
        }
    };
    format!(
        "{law}. Cells of one type with one barcode are one clone; mutants found clones of their own and keep the barcode. \
         The table barcodes.parquet counts cells by barcode at every visit, for barcodes of at least {} of all cells and for the others \
         together.",
        percent(LISTED)
    )
}

/// `, 20 cm^3` where a measurement says how many cells a volume has.
fn volume(compiled: &Compiled, parameters: &[f64], cells: f64) -> String {
    let density = compiled.model.measurements.iter().find_map(|m| match &m.kind {
        MeasurementKind::SumOfDiameters { cells_per_litre, .. } => {
            Some(over_parameters(compiled, parameters, cells_per_litre))
        }
        _ => None,
    });
    density.map_or(String::new(), |d| format!(", {} cm^3", figure(1000.0 * cells / d)))
}

/// `300 (12 - 4500)`, or one number where all are the same.
fn range([low, middle, high]: [f64; 3]) -> String {
    if low == high { figure(middle) } else { format!("{} ({} - {})", figure(middle), figure(low), figure(high)) }
}

/// Prints the account.
pub fn print(page: &mut Page, b: &Before) {
    b.how.iter().for_each(|line| page.text(0, line));
    if b.patients == 0 {
        page.text(0, &format!("None of {} patients could be grown: a run would fail.", b.failed));
        return;
    }
    if b.kind == "typed in" && b.types.iter().all(|t| t.cells[0] == t.cells[2]) {
        return;
    }
    page.gap();
    let years = b.years.map_or(String::new(), |[low, middle, high]| {
        let (low, high) = (time(365.25 * low), time(365.25 * high));
        format!(" The growth took {} ({low} to {high}).", time(365.25 * middle))
    });
    page.text(
        0,
        &format!(
            "With what the first {} (seed {}) begin, median (5 to 95 % of patients): {} cells in all.{years}",
            many(b.patients as usize, "patient"),
            b.seed,
            range(b.total),
        ),
    );
    let mut rows = vec![["", "cells", "living clones", "patients with any"].map(String::from).to_vec()];
    for t in &b.types {
        rows.push(vec![t.name.clone(), range(t.cells), range(t.clones), percent(t.present)]);
    }
    page.table(2, &rows, &[3]);
    if b.failed > 0 {
        page.text(
            0,
            &format!("{} could not be grown and would be reported as failed.", many(b.failed as usize, "patient")),
        );
    }
}
