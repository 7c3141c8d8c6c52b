//! An imagined barcode experiment, cell by cell where few and lineage by lineage where many: the judge of the law.
//!
//! The pool has barcodes of log-normal frequency. Before the split, lineages become resistant (Poisson in their cells);
//! each replicate receives Poisson cells of a resistant subclone and of every other; under treatment others survive by
//! chance, new resistant cells appear, each resistant cell grows to a log-normal size. Samples are amplified (a gamma factor
//! a barcode) and sequenced (Poisson).

use super::read::{Data, Sample};
use super::sharing::Law;
use remission_engine::draw::{gamma, normal, poisson};
use remission_engine::stream::Stream;

/// How the experiment is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Barcodes in the pool.
    pub barcodes: usize,
    /// Standard deviation of ln(frequency).
    pub spread: f64,
    /// Cells that each replicate receives.
    pub cells: f64,
    /// Treated replicates.
    pub replicates: usize,
    /// Baseline samples.
    pub baselines: usize,
    /// Reads of a sample.
    pub depth: f64,
    /// Overdispersion of amplification.
    pub noise: f64,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Lineages that are resistant before the split, in the mean.
    pub before: f64,
    /// How many cells of a resistant lineage a replicate receives.
    pub law: Law,
    /// Resistant cells that arise in a replicate, in the mean.
    pub during: f64,
    /// Share of other cells that survive to the harvest.
    pub survive: f64,
    /// Cells at harvest from one resistant cell, median.
    pub grown: f64,
    /// Standard deviation of their logarithm.
    pub grown_spread: f64,
}

/// Resistant cells of which each grows to a size of its own; of more, the mean size is taken.
const MANY: u64 = 2000;

/// Cells at harvest from so many resistant ones.
fn sizes(truth: &Truth, grown: u64, stream: &mut Stream) -> f64 {
    if grown > MANY {
        return grown as f64 * truth.grown * libm::exp(0.5 * truth.grown_spread * truth.grown_spread);
    }
    (0..grown).map(|_| truth.grown * libm::exp(truth.grown_spread * normal(stream))).sum()
}

/// Draws an experiment: samples `baseline` and `drug`.
pub fn simulate(truth: &Truth, design: &Design, stream: &mut Stream) -> Data {
    let weights: Vec<f64> = (0..design.barcodes).map(|_| libm::exp(design.spread * normal(stream))).collect();
    let sum: f64 = weights.iter().sum();
    let frequency: Vec<f64> = weights.iter().map(|w| w / sum).collect();
    // Mean resistant cells that a replicate receives, by barcode.
    let resistant: Vec<f64> = frequency
        .iter()
        .map(|f| {
            let lineages = poisson(stream, truth.before * f);
            let mut received = || match truth.law {
                Law::Older(copies) => -copies * libm::log(stream.uniform()),
                Law::Grown(theta) => theta / stream.uniform(),
            };
            (0..lineages).map(|_| received()).sum()
        })
        .collect();
    let sequenced = |cells: &[f64], stream: &mut Stream| -> Vec<u64> {
        let amplified: Vec<f64> = cells
            .iter()
            .map(|c| if *c > 0.0 { c * gamma(stream, 1.0 / design.noise, design.noise) } else { 0.0 })
            .collect();
        let all: f64 = amplified.iter().sum::<f64>().max(1e-300);
        amplified.iter().map(|c| poisson(stream, design.depth * c / all)).collect()
    };
    let mut samples = Vec::new();
    for replicate in 1..=design.baselines {
        let counts = sequenced(&frequency, stream);
        samples.push(Sample { arm: "baseline".into(), replicate: replicate as u32, time: 0.0, counts });
    }
    for replicate in 1..=design.replicates {
        let mut cells = Vec::with_capacity(design.barcodes);
        for b in 0..design.barcodes {
            let others = poisson(stream, design.cells * frequency[b] * truth.survive) as f64;
            let grown = poisson(stream, resistant[b]) + poisson(stream, truth.during * frequency[b]);
            let size = sizes(truth, grown, stream);
            cells.push(others + size);
        }
        let counts = sequenced(&cells, stream);
        samples.push(Sample { arm: "drug".into(), replicate: replicate as u32, time: 21.0, counts });
    }
    let barcodes = (0..design.barcodes).map(|b| format!("b{b}")).collect();
    Data { barcodes, samples, notes: Vec::new() }
}
