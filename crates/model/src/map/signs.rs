//! Which way a rate goes when one of its names grows, by evaluation at the typical patient.

use super::{Sign, slots};
use crate::expr::{Expr, Slot};
use crate::program::evaluate;
use crate::resolved::{Model, Start};

/// Steps of a ladder to each power of ten.
const STEPS: f64 = 2.0;
/// Powers of ten on each side of a drug's or a level's unit.
const DECADES: f64 = 6.0;
/// Largest number of cells looked at, as a power of ten.
const CELLS: f64 = 13.0;
/// Days looked at, as powers of ten.
const DAYS: (f64, f64) = (-2.0, 4.0);
/// A change below this share of a rate is rounding.
const ROUNDING: f64 = 1e-12;

/// The typical patient when treatment begins, base units.
pub(super) struct Typical {
    cells: Vec<f64>,
    levels: Vec<f64>,
}

impl Typical {
    /// Counts and levels from the model's start; what cannot be computed is 1.
    pub(super) fn of(model: &Model) -> Typical {
        let at = |e: &Expr| {
            let value = evaluate(e, &model.tables, &|slot| match slot {
                Slot::Parameter(p) => model.parameters[p].value,
                _ => f64::NAN,
            });
            if value.is_finite() { value } else { 1.0 }
        };
        let mut cells = vec![0.0; model.cells.len()];
        match &model.start {
            Start::Grown { founder, until, .. } => cells[*founder] = at(until),
            Start::Given(list) => list.iter().for_each(|(i, n)| cells[*i] += at(n)),
        }
        Typical { cells, levels: model.levels.iter().map(|l| at(&l.start)).collect() }
    }

    /// Value of a rate with one name at a value; `present`: of everything else there is at least one unit.
    fn rate(&self, expr: &Expr, moved: Option<(Slot, f64)>, present: bool, model: &Model) -> f64 {
        let least = |x: f64, one: f64| if present { x.max(one) } else { x };
        let count = |i: usize| least(self.cells[i], 1.0);
        evaluate(expr, &model.tables, &|slot| match (slot, moved) {
            (s, Some((name, x))) if s == name => x,
            (Slot::Parameter(p), _) => model.parameters[p].value,
            (Slot::Drug(d) | Slot::Delayed(d) | Slot::Effect(d), _) => least(0.0, model.drugs[d].felt_scale),
            (Slot::Level(l), _) => least(self.levels[l], model.levels[l].unit_scale),
            (Slot::Cells(i), _) => count(i),
            (Slot::Total, _) => model.total(&(0..self.cells.len()).map(count).collect::<Vec<_>>()),
            (Slot::Time, _) => 0.0,
        })
    }

    /// Values at which a name is looked at, from 0 on.
    fn ladder(&self, slot: Slot, model: &Model) -> Vec<f64> {
        let (from, to, unit) = match slot {
            Slot::Drug(d) | Slot::Delayed(d) | Slot::Effect(d) => (-DECADES, DECADES, model.drugs[d].felt_scale),
            Slot::Level(l) => (-DECADES, DECADES, self.levels[l].abs().max(model.levels[l].unit_scale)),
            Slot::Cells(_) | Slot::Total => (0.0, CELLS, 1.0),
            Slot::Time | Slot::Parameter(_) => (DAYS.0, DAYS.1, 1.0),
        };
        let steps = (STEPS * (to - from)) as usize;
        let rung = |k: usize| unit * libm::exp10(from + k as f64 / STEPS);
        std::iter::once(0.0).chain((0..=steps).map(rung)).collect()
    }

    /// Which way a rate goes along the ladder of a name.
    pub(super) fn sign(&self, expr: &Expr, slot: Slot, model: &Model) -> Sign {
        let (mut rises, mut falls, mut seen) = (false, false, false);
        for present in [false, true] {
            let values = self.ladder(slot, model).into_iter().map(|x| self.rate(expr, Some((slot, x)), present, model));
            let values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
            for pair in values.windows(2) {
                seen = true;
                let rounding = ROUNDING * pair[0].abs().max(pair[1].abs());
                rises |= pair[1] - pair[0] > rounding;
                falls |= pair[0] - pair[1] > rounding;
            }
        }
        match (rises, falls) {
            (true, true) => Sign::Both,
            (true, false) => Sign::Raises,
            (false, true) => Sign::Lowers,
            (false, false) if seen => Sign::Nothing,
            (false, false) => Sign::Unknown,
        }
    }

    /// True when a term is below 0 somewhere on the ladder of one of its names.
    pub(super) fn may_be_negative(&self, term: &Expr, model: &Model) -> bool {
        let below = |moved: Option<(Slot, f64)>| {
            [false, true].iter().any(|present| self.rate(term, moved, *present, model) < 0.0)
        };
        below(None)
            || slots(term).iter().any(|slot| self.ladder(*slot, model).into_iter().any(|x| below(Some((*slot, x)))))
    }
}
