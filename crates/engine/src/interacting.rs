//! Steps of models in which cells act on each other, through counts or levels.
//!
//! Rates over a step are those along the mean field from the state at its start, in [`PIECES`] pieces or more,
//! so that they move with the predicted counts and levels; the draw over the step is then the same as for cells
//! that do not act on each other. What is left out is how the noise of a step acts back within that step:
//! its share of the variance is about (feedback x step), so the step is at most [`FEEDBACK`] / feedback, where
//! feedback is the change of any rate for an e-fold change of the counts, straight or through a level; and counts
//! change by at most [`CHANGE`] within it, arrivals included; no step goes beyond a jump of input, at which rates change at once. Levels are then carried
//! again along the drawn counts: the predicted path, turned so that it ends where the draw does.

use crate::compiled::{Compiled, RateLayout};
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::field::Field;
use crate::leap::{level, longest_step};
use crate::ode::Tolerance;
use crate::state::State;
use crate::step::Step;
use crate::window::{Interval, Window, set_exposure};
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};

/// Pieces of a step, at the least.
pub const PIECES: usize = 4;
/// Largest feedback times step.
pub const FEEDBACK: f64 = 0.02;
/// Largest change of a count within a step, as a share of it: of its mean, and as the variance of its relative noise.
pub const CHANGE: f64 = 0.25;
/// Cells that may arrive where there are none, over [`CHANGE`], before rates are looked at again.
const ARRIVED: f64 = 10.0;
/// Relative nudge by which feedback is felt.
const NUDGE: f64 = 0.01;
/// Longest step, days.
const LONGEST: f64 = 7.0;
/// Longest piece while a drug concentration moves, days.
const LONGEST_PIECE: f64 = 0.125;
/// Shortest piece, days.
const SHORTEST_PIECE: f64 = 5e-4;
const TOLERANCE: Tolerance = Tolerance { relative: 1e-6, absolute: 1e-6 };

/// Longest step from this state, days; `tolerance` multiplies the limits.
pub fn longest(
    compiled: &Compiled,
    registers: &mut Registers,
    exposure: &Exposure,
    state: &State,
    tolerance: f64,
) -> Result<f64, Failure> {
    let (feedback_limit, change) = (tolerance * FEEDBACK, tolerance * CHANGE);
    let (n, layout) = (compiled.types(), compiled.layout);
    let counts: Vec<f64> = state.by_type(compiled).iter().map(|&x| x as f64).collect();
    set_exposure(compiled, registers, exposure, state.time);
    let mut probe = Probe::new(compiled, registers, &counts, &state.levels);
    let here = probe.at(&counts, &state.levels)?;
    let mut step = LONGEST;
    for (block, clones) in compiled.blocks.iter().zip(&state.blocks) {
        let level = level(clones.cells());
        step = step.min(tolerance * longest_step(compiled, block, &here.rates)[level]);
    }

    // Feedback straight through the counts.
    let mut feedback = 0.0f64;
    // Change of each level's rate for an e-fold change of the counts.
    let mut pushed = vec![0.0; state.levels.len()];
    for j in (0..n).filter(|&j| counts[j] > 0.0) {
        let mut nudged = counts.clone();
        nudged[j] *= 1.0 + NUDGE;
        // A nudge may leave the range in which rates make sense; then it tells nothing.
        let Ok(there) = probe.at(&nudged, &state.levels) else { continue };
        feedback += here.moved(&there, n, layout) / NUDGE;
        for (k, push) in pushed.iter_mut().enumerate() {
            *push += (there.levels[k] - here.levels[k]).abs() / NUDGE;
        }
    }
    step = step.min(feedback_limit / feedback.max(1e-12));

    // Feedback through a level: it answers at once when it is fast (its own rate lambda), and else grows as the square
    // of the step.
    for k in 0..state.levels.len() {
        let size = NUDGE * state.levels[k].abs().max(1e-3 * pushed[k]).max(1e-9);
        let mut nudged = state.levels.clone();
        nudged[k] += size;
        let Ok(there) = probe.at(&counts, &nudged) else { continue };
        let through = here.moved(&there, n, layout) / size * pushed[k];
        let own = (there.levels[k] - here.levels[k]).abs() / size;
        if through > 0.0 {
            feedback += through;
            step = step.min(libm::sqrt(feedback_limit / through).max(feedback_limit * own / through));
        }
    }

    // Arrivals change counts that may be 0, which nothing above sees: what is gained in a step is a share of what is there, or a cell.
    for &i in &compiled.immigrants {
        let (b, d) = (here.rates[layout.birth(i)], here.rates[layout.death(i)]);
        let drift = here.rates[layout.immigration(i)] + (b - d) * counts[i];
        step = step.min(change * counts[i].max(ARRIVED) / drift.max(1e-12));
    }

    // Counts must not change much within a step, on average or by chance, or the feedback met at its end is another.
    if feedback > 0.0 {
        for i in (0..n).filter(|&i| counts[i] > 0.0) {
            let (b, d) = (here.rates[layout.birth(i)], here.rates[layout.death(i)]);
            step = step.min(change / (b - d).abs().max(1e-12));
            step = step.min(change * counts[i] / (b + d).max(1e-12));
        }
    }
    Ok(step)
}

/// Rates and level rates at chosen counts and levels.
struct Probe<'a> {
    compiled: &'a Compiled,
    registers: &'a mut Registers,
}

struct Read {
    rates: Vec<f64>,
    levels: Vec<f64>,
}

impl<'a> Probe<'a> {
    fn new(compiled: &'a Compiled, registers: &'a mut Registers, counts: &[f64], levels: &[f64]) -> Self {
        compiled.set_counts(registers, counts);
        for (k, &level) in levels.iter().enumerate() {
            registers.set(Slot::Level(k), level);
        }
        Probe { compiled, registers }
    }

    fn at(&mut self, counts: &[f64], levels: &[f64]) -> Result<Read, Failure> {
        self.compiled.set_counts(self.registers, counts);
        for (k, &level) in levels.iter().enumerate() {
            self.registers.set(Slot::Level(k), level);
        }
        let mut read = Read { rates: vec![0.0; self.compiled.layout.len()], levels: vec![0.0; levels.len()] };
        self.compiled.rates(self.registers, Depends::Exposure, &mut read.rates)?;
        self.compiled.level_rates(self.registers, &mut read.levels)?;
        Ok(read)
    }
}

impl Read {
    /// Largest change of a type's births and deaths together.
    fn moved(&self, other: &Read, types: usize, layout: RateLayout) -> f64 {
        let by = |k: usize| (self.rates[k] - other.rates[k]).abs();
        (0..types).map(|i| by(layout.birth(i)) + by(layout.death(i))).fold(0.0, f64::max)
    }
}

/// Counts along a step, as they are predicted.
pub struct Path {
    types: usize,
    /// Days into the step, from 0.
    times: Vec<f64>,
    /// Counts by type at each.
    counts: Vec<f64>,
}

impl Path {
    /// Counts that go exponentially from one end of a step to the other.
    pub fn straight(before: &[u64], after: &[u64], days: f64) -> Path {
        let counts = before.iter().chain(after).map(|&n| n as f64).collect();
        Path { types: before.len(), times: vec![0.0, days], counts }
    }

    fn put(&mut self, time: f64, counts: &[f64]) {
        self.times.push(time);
        self.counts.extend_from_slice(&counts[..self.types]);
    }

    /// Count of a type at a time into the step, of a path that ends at `end`.
    fn at(&self, cell_type: usize, time: f64, end: f64) -> f64 {
        let of = |k: usize| self.counts[k * self.types + cell_type];
        let last = self.times.len() - 1;
        let k = self.times[1..last].partition_point(|&t| t <= time);
        let share = ((time - self.times[k]) / (self.times[k + 1] - self.times[k])).clamp(0.0, 1.0);
        let predicted = between(of(k), of(k + 1), share);
        let (meant, part) = (of(last), time / self.times[last]);
        match meant > 0.0 && end > 0.0 {
            true => predicted * libm::pow(end / meant, part),
            false => (predicted + (end - meant) * part).max(0.0),
        }
    }
}

/// The step over the next `days` from `state`, and the path that is predicted; `exposure` is advanced to its end.
pub fn step(
    compiled: &Compiled,
    registers: &mut Registers,
    exposure: &mut Exposure,
    state: &State,
    days: f64,
) -> Result<(Step, Path), Failure> {
    let mut field = Field::new(compiled, 1);
    let mut y: Vec<f64> = state.by_type(compiled).iter().map(|&x| x as f64).collect();
    y.extend(&state.levels);
    let mut path = Path { types: compiled.types(), times: Vec::new(), counts: Vec::new() };
    path.put(0.0, &y);
    let mut intervals = Vec::new();
    let mut rates = Vec::new();
    let from = exposure.time();
    let mut at = 0.0;
    while at < days {
        let end = (exposure.next_event() - from).min(days);
        let longest =
            if exposure.is_constant() { days } else { LONGEST_PIECE.min(1.0 / exposure.fastest()).max(SHORTEST_PIECE) };
        let pieces = libm::ceil((end - at) / longest.min(days / PIECES as f64) - 1e-9).max(1.0);
        let piece = (end - at) / pieces;
        for _ in 0..if end > at { pieces as usize } else { 0 } {
            field.carry(compiled, registers, exposure, &mut y, 0.5 * piece, TOLERANCE, &mut all_in_one)?;
            set_exposure(compiled, registers, exposure, exposure.time());
            field.evaluate(compiled, registers, &y)?;
            intervals.push(Interval { start: at, days: piece });
            rates.extend_from_slice(field.rates());
            field.carry(compiled, registers, exposure, &mut y, 0.5 * piece, TOLERANCE, &mut all_in_one)?;
            at += piece;
            path.put(at, &y);
        }
        at = end;
        exposure.advance(from + at);
    }
    Ok((Step::of_window(compiled, Window { days, intervals, rates, width: compiled.layout.len() }), path))
}

/// Carries the levels of `state` over the step just drawn, along counts that went as `path` does and ended as they are.
pub fn carry_levels(
    compiled: &Compiled,
    registers: &mut Registers,
    exposure: &mut Exposure,
    state: &mut State,
    path: &Path,
    days: f64,
) -> Result<(), Failure> {
    if state.levels.is_empty() {
        exposure.advance(exposure.time() + days);
        return Ok(());
    }
    let after = state.by_type(compiled);
    let from = exposure.time();
    let mut scratch = vec![0.0; compiled.layout.len()];
    let mut at = 0.0;
    while at < days {
        let end = (exposure.next_event() - from).min(days);
        let piece = end - at;
        if piece > 0.0 {
            let start = exposure.snapshot();
            let mut levels = std::mem::take(&mut state.levels);
            crate::ode::integrate(&mut levels, at, end, TOLERANCE, &mut |t, y, dy| {
                exposure.restore(&start);
                exposure.drift(t - at);
                set_exposure(compiled, registers, exposure, from + t);
                let counts: Vec<f64> = after.iter().enumerate().map(|(k, &z)| path.at(k, t, z as f64)).collect();
                compiled.set_counts(registers, &counts);
                for (k, &level) in y.iter().enumerate() {
                    registers.set(Slot::Level(k), level);
                }
                compiled.rates(registers, Depends::Exposure, &mut scratch)?;
                compiled.level_rates(registers, dy)
            })?;
            state.levels = levels;
            exposure.restore(&start);
            exposure.drift(piece);
        }
        at = end;
        exposure.advance(from + at);
    }
    Ok(())
}

fn between(a: f64, z: f64, share: f64) -> f64 {
    if a > 0.0 && z > 0.0 { a * libm::pow(z / a, share) } else { a + (z - a) * share }
}

/// Founders not told apart by origin.
pub fn all_in_one(_channel: usize, _excess: f64, shares: &mut [f64]) {
    shares[0] = 1.0;
}
