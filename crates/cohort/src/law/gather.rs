//! Adds up the law over patients: means of probabilities and expected numbers, and the distribution of the count of a patient
//! taken at random, on a grid of counts.

use super::{ArmLaw, Asked, Day, One, SHARES, notes};
use remission_engine::law::arm::OfOrigin;
use remission_engine::law::start::Off;
use remission_engine::state::Origin;
use std::sync::Arc;

/// Counts a decade at which the law of several patients is added up.
const A_DECADE: usize = 16;
/// Decades of counts.
const DECADES: usize = 40;

/// Counts at which the law of several patients is added up.
pub(super) fn grid() -> Vec<f64> {
    let mut grid = vec![0.0];
    for k in 0..A_DECADE * DECADES {
        let n = libm::round(libm::exp10(k as f64 / A_DECADE as f64));
        if grid.last().is_none_or(|g| *g < n) {
            grid.push(n);
        }
    }
    grid
}

/// Adds up patients.
pub(super) struct Gather {
    pub(super) out: ArmLaw,
    /// Counts and the sum of P(X <= count), where there are several patients.
    grid: Vec<(f64, f64)>,
    /// Cells at which a run ends.
    ceiling: f64,
    /// Sums of shares of clones and of cells, and the patients in them.
    shares: [([f64; Origin::ALL.len()], f64); 2],
}

impl Gather {
    pub(super) fn new(asked: Arc<Asked>, arm: usize) -> Self {
        let zero = Day { day: 0.0, no_resistant: 0.0, arrived: 0.0, lasting: 0.0 };
        let arm = &asked.study.arms[arm];
        let out = ArmLaw {
            name: arm.name.clone(),
            cure: 0.0,
            days: std::iter::once(0.0).chain(asked.days.iter().copied()).map(|day| Day { day, ..zero }).collect(),
            origins: vec![OfOrigin { present: 0.0, clones: 0.0, cells: 0.0 }; Origin::ALL.len()],
            clone_shares: None,
            cell_shares: None,
            resistant: [None; SHARES.len()],
            time: [None; SHARES.len()],
            founder_error: Off::AtMost(0.0),
            mutated: 0.0,
            patients: 0,
            failed: Vec::new(),
            notes: notes(arm, &asked.compiled, &asked.study),
        };
        let grid = grid().into_iter().map(|n| (n, 0.0)).collect();
        Gather { out, grid, ceiling: asked.study.ceiling, shares: Default::default() }
    }

    /// Adds a patient.
    pub(super) fn add(&mut self, one: One) {
        let out = &mut self.out;
        out.patients += 1;
        out.cure += one.cure;
        for (sum, day) in out.days.iter_mut().zip(&one.days) {
            sum.no_resistant += day.no_resistant;
            sum.arrived += day.arrived;
            sum.lasting += day.lasting;
        }
        for (sum, o) in out.origins.iter_mut().zip(&one.origins) {
            sum.present += o.present;
            sum.clones += o.clones;
            sum.cells += o.cells;
        }
        add_shares(&mut self.shares[0], &one.origins, |o| o.clones);
        add_shares(&mut self.shares[1], &one.origins, |o| o.cells);
        let farthest = out.founder_error.value().max(one.off.value());
        out.founder_error = match (out.founder_error, one.off) {
            (Off::AtMost(_), Off::AtMost(_)) => Off::AtMost(farthest),
            _ => Off::About(farthest),
        };
        out.mutated = out.mutated.max(one.mutated);
        out.resistant = one.quantiles;
        self.grid.iter_mut().zip(&one.below).for_each(|(g, p)| g.1 += p);
    }

    pub(super) fn finish(mut self) -> ArmLaw {
        let n = f64::from(self.out.patients.max(1));
        let out = &mut self.out;
        out.cure /= n;
        for day in &mut out.days {
            day.no_resistant /= n;
            day.arrived /= n;
            day.lasting /= n;
        }
        for o in &mut out.origins {
            o.present /= n;
            o.clones /= n;
            o.cells /= n;
        }
        let [clones, cells] = self.shares.map(|(sums, n)| (n > 0.0).then(|| sums.map(|s| s / n)));
        (out.clone_shares, out.cell_shares) = (clones, cells);
        let ceiling = self.ceiling;
        for (k, share) in SHARES.iter().enumerate() {
            if self.grid.iter().any(|g| g.1 > 0.0) {
                out.resistant[k] = on_grid(&self.grid, share * n);
            }
            out.time[k] = reached(&out.days, *share);
        }
        if out.patients > 0 && out.resistant[SHARES.len() - 1].is_none_or(|n| n > ceiling) {
            out.notes.push("cells grow on beyond the ceiling at which a run ends".into());
        }
        self.out
    }
}

/// Adds a patient's shares, where there is anything to share.
fn add_shares(
    (sums, patients): &mut ([f64; Origin::ALL.len()], f64),
    origins: &[OfOrigin],
    of: impl Fn(&OfOrigin) -> f64,
) {
    let all: f64 = origins.iter().map(&of).sum();
    if all > 0.0 && all.is_finite() {
        sums.iter_mut().zip(origins).for_each(|(s, o)| *s += of(o) / all);
        *patients += 1.0;
    }
}

/// The count at which a sum over patients reaches `share`, between grid points on a logarithmic line.
fn on_grid(grid: &[(f64, f64)], share: f64) -> Option<f64> {
    let at = grid.partition_point(|g| g.1 < share);
    let &(b, q) = grid.get(at)?;
    let Some((a, p)) = at.checked_sub(1).map(|k| grid[k]) else { return Some(0.0) };
    let part = ((share - p) / (q - p)).clamp(0.0, 1.0);
    let n = if a < 1.0 { a + part * (b - a) } else { a * libm::pow(b / a, part) };
    Some(libm::ceil(n))
}

/// First day at which `lasting` reaches `share`, on straight lines between days.
fn reached(days: &[Day], share: f64) -> Option<f64> {
    let at = days.iter().position(|d| d.lasting >= share)?;
    let Some(before) = at.checked_sub(1).map(|k| days[k]) else { return Some(days[0].day) };
    let part = (share - before.lasting) / (days[at].lasting - before.lasting);
    Some(before.day + part * (days[at].day - before.day))
}
