//! Steps of models in which cells act on each other, through counts or levels.
//!
//! Rates over a step are those along the mean field from the state at its start, in [`PIECES`] pieces or more,
//! so that they move with the predicted counts and levels; the draw over the step is then the same as for cells
//! that do not act on each other. What is left out is how the noise of a step acts back within that step:
//! its share of the variance is about (feedback x step), so the step is at most [`FEEDBACK`] / feedback, where
//! feedback is the change of any net rate for an e-fold change of the counts. Levels are then carried
//! again along the drawn counts.

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::field::{Field, set_counts};
use crate::leap::longest_step;
use crate::ode::Tolerance;
use crate::state::State;
use crate::window::{Interval, Window, set_exposure};
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};

/// Pieces of a step, at the least.
pub const PIECES: usize = 4;
/// Largest feedback times step.
pub const FEEDBACK: f64 = 0.02;
/// Longest step, days.
const LONGEST: f64 = 7.0;
/// Longest piece while a drug concentration moves, days.
const LONGEST_PIECE: f64 = 0.125;
const TOLERANCE: Tolerance = Tolerance {
    relative: 1e-6,
    absolute: 1e-6,
};

/// Longest step from this state, days.
pub fn longest(
    compiled: &Compiled,
    registers: &mut Registers,
    exposure: &Exposure,
    state: &State,
) -> Result<f64, Failure> {
    let (n, layout) = (compiled.types(), compiled.layout);
    let counts: Vec<f64> = state.by_type(compiled).iter().map(|&x| x as f64).collect();
    set_exposure(compiled, registers, exposure, state.time);
    for (k, &level) in state.levels.iter().enumerate() {
        registers.set(Slot::Level(k), level);
    }
    let mut here = vec![0.0; layout.len()];
    let mut there = here.clone();
    set_counts(registers, &counts);
    compiled.rates(registers, Depends::Exposure, &mut here)?;
    let mut feedback = vec![0.0; n];
    const NUDGE: f64 = 0.01;
    for j in 0..n {
        if counts[j] == 0.0 {
            continue;
        }
        let mut nudged = counts.clone();
        nudged[j] *= 1.0 + NUDGE;
        set_counts(registers, &nudged);
        if compiled
            .rates(registers, Depends::State, &mut there)
            .is_err()
        {
            continue;
        }
        for i in 0..n {
            let births = (there[layout.birth(i)] - here[layout.birth(i)]).abs();
            let deaths = (there[layout.death(i)] - here[layout.death(i)]).abs();
            feedback[i] += (births + deaths) / NUDGE;
        }
    }
    let strongest = feedback.iter().copied().fold(0.0, f64::max);
    Ok(longest_step(compiled, &here)
        .min(FEEDBACK / strongest.max(1e-12))
        .min(LONGEST))
}

/// The window of the next `days` from `state`; `exposure` is advanced to its end.
pub fn window(
    compiled: &Compiled,
    registers: &mut Registers,
    exposure: &mut Exposure,
    state: &State,
    days: f64,
) -> Result<Window, Failure> {
    let mut field = Field::new(compiled, 1);
    let mut y: Vec<f64> = state.by_type(compiled).iter().map(|&x| x as f64).collect();
    y.extend(&state.levels);
    let mut intervals = Vec::new();
    let mut rates = Vec::new();
    let from = exposure.time();
    let mut at = 0.0;
    while at < days {
        let end = (exposure.next_event() - from).min(days);
        let longest = if exposure.is_constant() {
            days
        } else {
            LONGEST_PIECE
        };
        let pieces = libm::ceil((end - at) / longest.min(days / PIECES as f64) - 1e-9).max(1.0);
        let piece = (end - at) / pieces;
        for _ in 0..if end > at { pieces as usize } else { 0 } {
            field.carry(
                compiled,
                registers,
                exposure,
                &mut y,
                0.5 * piece,
                TOLERANCE,
                &mut all_in_one,
            )?;
            set_exposure(compiled, registers, exposure, exposure.time());
            field.evaluate(compiled, registers, &y)?;
            intervals.push(Interval {
                start: at,
                days: piece,
            });
            rates.extend_from_slice(field.rates());
            field.carry(
                compiled,
                registers,
                exposure,
                &mut y,
                0.5 * piece,
                TOLERANCE,
                &mut all_in_one,
            )?;
            at += piece;
        }
        at = end;
        exposure.advance(from + at);
    }
    Ok(Window::from_intervals(compiled, days, intervals, rates))
}

/// Carries the levels of `state` over the step just drawn, along counts that went exponentially from `before`.
pub fn carry_levels(
    compiled: &Compiled,
    registers: &mut Registers,
    exposure: &mut Exposure,
    state: &mut State,
    before: &[u64],
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
                let counts: Vec<f64> = before
                    .iter()
                    .zip(&after)
                    .map(|(&a, &z)| between(a as f64, z as f64, t / days))
                    .collect();
                set_counts(registers, &counts);
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
    if a > 0.0 && z > 0.0 {
        a * libm::pow(z / a, share)
    } else {
        a + (z - a) * share
    }
}

/// Founders not told apart by origin.
pub fn all_in_one(_channel: usize, _excess: f64, shares: &mut [f64]) {
    shares[0] = 1.0;
}
