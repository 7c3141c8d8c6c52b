//! With what the first patients of a study begin treatment: size, and cells and clones of every type.
//!
//! They are grown exactly as a run grows them (same seed, same streams), so these are the tumours that a run treats.

use crate::variation;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::Method;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lowest twentieth, median and highest twentieth of some numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// 5th percentile.
    pub low: f64,
    /// Median.
    pub middle: f64,
    /// 95th percentile.
    pub high: f64,
}

/// One cell type when treatment begins.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeAtStart {
    /// Cells.
    pub cells: Range,
    /// Living clones that a mutation into this type (or a start in it) founded.
    pub clones: Range,
    /// Share of patients with at least one cell of it.
    pub present: f64,
}

/// The tumours of the first patients when treatment begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    /// Patients grown.
    pub patients: u32,
    /// Patients that could not be (a run would name them as failed).
    pub failed: u32,
    /// All cells.
    pub total: Range,
    /// Years from the first cell to treatment; `None` where the tumour is typed in.
    pub years: Option<Range>,
    /// By cell type.
    pub types: Vec<TypeAtStart>,
}

/// Grows the first `patients` patients of studies with this seed; those that `stop` leaves out count as failed.
pub fn beginning(compiled: &Compiled, seed: u64, patients: u32, stop: &AtomicBool) -> Beginning {
    let n = compiled.types();
    let mut totals = Vec::new();
    let mut years = Vec::new();
    let mut cells: Vec<Vec<f64>> = vec![Vec::new(); n];
    let mut clones: Vec<Vec<f64>> = vec![Vec::new(); n];
    for number in 0..patients {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let stream = |purpose| Stream::new(seed, u64::from(number), 0, purpose);
        let parameters = variation::parameters(&compiled.model, &mut stream(Purpose::Parameters));
        let Ok(state) = before::start(compiled, &parameters, Method::Leap, &mut stream(Purpose::BeforeTreatment))
        else {
            continue;
        };
        totals.push(state.tumour(compiled) as f64);
        for (t, count) in state.by_type(compiled).into_iter().enumerate() {
            cells[t].push(count as f64);
        }
        let mut living = vec![0.0; n];
        let mut first = 0.0f64;
        for (block, held) in compiled.blocks.iter().zip(&state.blocks) {
            for (founder, row) in held.founders.iter().zip(held.counts.chunks_exact(block.types.len())) {
                first = first.min(founder.founded);
                if row.iter().any(|&c| c > 0) {
                    living[founder.cell_type] += 1.0;
                }
            }
        }
        if first < 0.0 {
            years.push(-first / 365.25);
        }
        clones.iter_mut().zip(living).for_each(|(all, c)| all.push(c));
    }
    let grown = totals.len();
    let types = cells
        .into_iter()
        .zip(clones)
        .map(|(cells, clones)| TypeAtStart {
            present: cells.iter().filter(|&&c| c > 0.0).count() as f64 / (grown.max(1)) as f64,
            cells: range(cells),
            clones: range(clones),
        })
        .collect();
    Beginning {
        patients: grown as u32,
        failed: patients - grown as u32,
        total: range(totals),
        years: if years.is_empty() { None } else { Some(range(years)) },
        types,
    }
}

/// Percentiles by nearest rank; NaN of nothing.
fn range(mut numbers: Vec<f64>) -> Range {
    numbers.sort_by(f64::total_cmp);
    let rank = |p: f64| match numbers.len() {
        0 => f64::NAN,
        n => numbers[(libm::ceil(p * n as f64) as usize).clamp(1, n) - 1],
    };
    Range { low: rank(0.05), middle: rank(0.5), high: rank(0.95) }
}
