//! Levels, and immune cells by type, of the first [`FOLLOWED`] patients at their visits, for pictures over time.
//!
//! Kept are the visits that [`Sample`](super::Sample) keeps readings of. The level of an event is left out: it only says whether the event
//! lasts. What never changes in any of these patients is known as such, and so need not be drawn.

use crate::outcome::ArmOutcome;
use remission_model::resolved::{Kind, Model};

/// Patients whose levels are kept.
pub const FOLLOWED: usize = 2_000;
/// A level has changed when it has moved by more than this share of its largest value: less is rounding.
const MOVED: f64 = 1e-6;

/// What is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Followed {
    /// Immune cells of this type.
    Cells(usize),
    /// This level.
    Level(usize),
}

/// The patients of an arm at a visit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AtLook {
    /// Days on which they were seen.
    pub days: Vec<f32>,
    /// What they had, by what is followed: cells, or the level in its own unit.
    pub values: Vec<Vec<f32>>,
}

/// Levels and immune cells over time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OverTime {
    /// What is followed, in the model's order: cells, then levels.
    pub of: Vec<Followed>,
    /// Whether it changed in any patient.
    pub changes: Vec<bool>,
    /// By arm, then kept visit.
    pub arms: Vec<Vec<AtLook>>,
    /// Patients kept.
    pub patients: usize,
    scales: Vec<f64>,
}

impl OverTime {
    /// Nothing yet.
    pub fn new(model: &Model, arms: usize) -> OverTime {
        let immune = (0..model.cells.len()).filter(|c| model.cells[*c].kind == Kind::Immune).map(Followed::Cells);
        let of_event = |l: &usize| model.events.iter().any(|e| e.level == *l);
        let levels = (0..model.levels.len()).filter(|l| !of_event(l)).map(Followed::Level);
        let of: Vec<Followed> = immune.chain(levels).collect();
        let scale = |f: &Followed| match f {
            Followed::Cells(_) => 1.0,
            Followed::Level(l) => model.levels[*l].unit_scale,
        };
        OverTime {
            changes: vec![false; of.len()],
            arms: vec![Vec::new(); arms],
            patients: 0,
            scales: of.iter().map(scale).collect(),
            of,
        }
    }

    /// Adds a patient with an outcome in every arm; every so many visits are kept.
    pub fn add(&mut self, outcomes: &[ArmOutcome], every: usize) {
        if self.patients >= FOLLOWED || self.of.is_empty() {
            return;
        }
        self.patients += 1;
        for (kept, arm) in self.arms.iter_mut().zip(outcomes) {
            for (row, followed) in self.of.iter().enumerate() {
                let of = |k: usize| value(arm, k, *followed);
                let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
                for x in (0..arm.seen.len()).map(of) {
                    (low, high) = (low.min(x), high.max(x));
                }
                self.changes[row] |= high - low > MOVED * high.abs().max(low.abs());
            }
            for (k, at) in (0..arm.seen.len()).step_by(every.max(1)).enumerate() {
                if kept.len() <= k {
                    kept.push(AtLook { days: Vec::new(), values: vec![Vec::new(); self.of.len()] });
                }
                kept[k].days.push(arm.seen[at].time as f32);
                for (row, followed) in self.of.iter().enumerate() {
                    kept[k].values[row].push((value(arm, at, *followed) / self.scales[row]) as f32);
                }
            }
        }
    }
}

fn value(arm: &ArmOutcome, look: usize, followed: Followed) -> f64 {
    match followed {
        Followed::Cells(c) => arm.seen[look].by_type[c],
        Followed::Level(l) => arm.seen[look].levels[l],
    }
}
