//! What a further reading would tell about where resistance comes from: mutual information of the simulated reading and
//! the origin, over posterior paths.
//!
//! A reading is cut at its quintiles (not detected apart), and the information of the table of cuts and origins is
//! corrected for the chance information of so many cells (Miller 1955): (rows - 1)(columns - 1) / (2 n ln 2) bits less.

use super::words::Simulated;
use crate::verdict::{Next, Origin};

/// Blocks of draws from which the error is told.
const BLOCKS: usize = 10;

pub(super) fn measurements(simulated: &Simulated, origins: &[Origin]) -> Vec<Next> {
    let mut out = Vec::new();
    for (t, days) in simulated.ahead.iter().enumerate().filter(|(_, d)| **d <= 56.0 + 1e-9) {
        for (c, channel) in simulated.channels.iter().enumerate() {
            // GE per mL tell what the share tells.
            if channel.ends_with("_ge") {
                continue;
            }
            let readings: Vec<f64> = simulated.readings.iter().map(|r| r[t][c]).collect();
            let n = readings.len().min(origins.len());
            let all = information(&readings[..n], &origins[..n]);
            let blocks: Vec<f64> = (0..BLOCKS)
                .map(|b| {
                    let keep: Vec<usize> = (0..n).filter(|k| k * BLOCKS / n.max(1) != b).collect();
                    let (r, o): (Vec<f64>, Vec<Origin>) = keep.iter().map(|&k| (readings[k], origins[k])).unzip();
                    information(&r, &o)
                })
                .collect();
            let mean = blocks.iter().sum::<f64>() / BLOCKS as f64;
            let spread: f64 = blocks.iter().map(|b| (b - mean) * (b - mean)).sum();
            let error = libm::sqrt(spread * (BLOCKS as f64 - 1.0) / BLOCKS as f64);
            let name = format!("{channel} in {} weeks", days / 7.0);
            out.push(Next { name, expected_bits: all.max(0.0), error, cost: None });
        }
    }
    out
}

/// Bits that a reading tells of the origin, corrected for chance.
fn information(readings: &[f64], origins: &[Origin]) -> f64 {
    let n = readings.len();
    if n < 20 {
        return 0.0;
    }
    let mut seen: Vec<f64> = readings.iter().copied().filter(|x| *x > 0.0).collect();
    seen.sort_by(f64::total_cmp);
    let cuts: Vec<f64> = (1..5).filter_map(|k| crate::special::quantile(&seen, f64::from(k) / 5.0)).collect();
    let row = |x: f64| if x > 0.0 { 1 + cuts.iter().filter(|c| x > **c).count() } else { 0 };
    let mut table = vec![[0.0f64; Origin::ALL.len()]; 6];
    for (x, o) in readings.iter().zip(origins) {
        let column = Origin::ALL.iter().position(|p| p == o).unwrap_or(0);
        table[row(*x)][column] += 1.0 / n as f64;
    }
    let rows: Vec<f64> = table.iter().map(|r| r.iter().sum()).collect();
    let columns: Vec<f64> = (0..Origin::ALL.len()).map(|c| table.iter().map(|r| r[c]).sum()).collect();
    let mut bits = 0.0;
    for (r, line) in table.iter().enumerate() {
        for (c, p) in line.iter().enumerate().filter(|(_, p)| **p > 0.0) {
            bits += p * libm::log2(p / (rows[r] * columns[c]));
        }
    }
    let used = |v: &[f64]| v.iter().filter(|x| **x > 0.0).count() as f64;
    bits - (used(&rows) - 1.0) * (used(&columns) - 1.0) / (2.0 * n as f64 * core::f64::consts::LN_2)
}
