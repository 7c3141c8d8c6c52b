//! A tumour advanced by whole steps: how long the next may be, which are known already, and the walk to the time asked for.

use super::{Left, NetGrowth, Stop};
use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::{Budget, Failure};
use crate::field::Field;
use crate::guided::Guided;
use crate::interacting;
use crate::leap::{self, Limits, Scratch, level, longest_step};
use crate::state::State;
use crate::step::{Line, Pieces, Step, alike};
use crate::stream::Stream;
use crate::window::set_exposure;
use remission_model::program::{Depends, Registers};
use smallvec::SmallVec;
use std::rc::Rc;

/// Whole steps, from one exposure to the next.
pub(super) struct Leap {
    pub(super) exposure: Exposure,
    /// Longest steps of each block that have proved short enough.
    longest: Vec<Limits>,
    /// No longer step can be drawn at once.
    drawable: f64,
    known: Vec<Known>,
    turn: usize,
    pieces: Pieces,
    signature: Vec<f64>,
    rates: Vec<f64>,
    scratch: Scratch,
    /// The exposure that a step is looking ahead with.
    ahead: Exposure,
    /// The exposure before a step that may be too long.
    before: Exposure,
    /// Rates of the tumour as it grows, while nothing moves them.
    field: Option<Field>,
    pub(super) steps: u64,
    /// Factor of all limits on the length of steps.
    tolerance: f64,
}

struct Known {
    days: f64,
    signature: Vec<f64>,
    step: Rc<Step>,
}

/// Cells that a step toward a size may be expected to end with: some times what a tumour may have, and far below what overflows.
const MOST_EXPECTED: f64 = (1u64 << 56) as f64;

/// Steps that are halved no more to see whether a size is reached in between, days.
const SHORTEST: f64 = 1e-3;

/// Steps remembered; a dosing cycle at steady state needs a handful.
const REMEMBERED: usize = 48;

impl Leap {
    /// At the time of `exposure`.
    pub(super) fn new(compiled: &Compiled, exposure: Exposure) -> Leap {
        Leap {
            ahead: exposure.clone(),
            before: exposure.clone(),
            exposure,
            longest: Vec::new(),
            drawable: f64::INFINITY,
            known: Vec::new(),
            turn: 0,
            pieces: Pieces::default(),
            signature: Vec::new(),
            rates: vec![0.0; compiled.layout.len()],
            scratch: Scratch::default(),
            field: None,
            steps: 0,
            tolerance: 1.0,
        }
    }

    /// Multiplies all limits on the length of steps.
    pub(super) fn tolerate(&mut self, factor: f64) {
        self.tolerance = factor;
        self.known.clear();
    }

    /// As [`super::Tumour::guided`].
    pub(super) fn guided(&mut self) -> &mut Option<Box<Guided>> {
        &mut self.scratch.guided
    }

    /// As [`super::Tumour::net_growth`].
    pub(super) fn net_growth(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &State,
    ) -> Result<NetGrowth, Failure> {
        let (n, layout) = (compiled.types(), compiled.layout);
        let mut cells: SmallVec<[u64; 16]> = SmallVec::from_elem(0, n);
        state.add_by_type(compiled, &mut cells);
        let mut y: SmallVec<[f64; 16]> = cells.iter().map(|&n| n as f64).collect();
        let total = compiled.total(&y);
        y.extend_from_slice(&state.levels);
        let mut dy: SmallVec<[f64; 16]> = SmallVec::from_elem(0.0, y.len());
        // Before treatment nothing moves a rate, the date neither.
        let still = !compiled.interacting && state.before_treatment && self.is_quiet();
        let field = match self.field.take().filter(|_| still) {
            Some(field) => {
                field.flows(compiled, &y, &mut dy, &mut interacting::all_in_one);
                field
            }
            None => {
                let mut field = Field::new(compiled, 1);
                set_exposure(compiled, registers, &self.exposure, state.time);
                field.slope(compiled, registers, &y, &mut dy, &mut interacting::all_in_one)?;
                field
            }
        };
        let r = field.rates();
        let of_tumour = || (0..n).filter(|&i| compiled.model.is_tumour(i));
        let events: f64 = of_tumour().map(|i| y[i] * (r[layout.birth(i)] + r[layout.death(i)])).sum();
        let fastest = of_tumour().map(|i| r[layout.birth(i)] - r[layout.death(i)]).fold(f64::NEG_INFINITY, f64::max);
        self.field = still.then_some(field);
        Ok(NetGrowth { total: compiled.total(&dy[..n]) / total, noise: events / (total * total), fastest })
    }

    /// Forgets steps of another regimen.
    pub(super) fn forget(&mut self) {
        self.forget_lengths();
        self.known.clear();
        self.turn = 0;
    }

    /// As [`super::Tumour::advance`].
    pub(super) fn advance(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        until: f64,
        size: f64,
        budget: Budget,
        stream: &mut Stream,
    ) -> Result<Stop, Failure> {
        self.scratch.most_clones = budget.clones;
        let mut total = state.tumour(compiled);
        if total as f64 >= size {
            return Ok(Stop::Size(state.time));
        }
        while state.time < until {
            if total == 0 && compiled.is_closed() {
                state.time = until;
                self.exposure.advance(until);
                break;
            }
            let start = state.time;
            self.steps += 1;
            if self.steps > budget.steps {
                let what = format!("more than {} steps; look for a rate that is very fast", budget.steps);
                return Err(Failure::Budget { what, time: start });
            }
            let now = if compiled.coupled {
                self.step_interacting(compiled, registers, state, until - start, (total, size), stream)?
            } else {
                let mut levels = (!state.levels.is_empty()).then(|| (self.exposure.clone(), state.by_type(compiled)));
                // Levels follow counts that go exponentially from end to end of a step, which they do not across a jump of input.
                let most =
                    if levels.is_some() { (self.exposure.next_event() - start).max(SHORTEST) } else { f64::INFINITY };
                let until = until.min(start + most);
                let step = if size < f64::INFINITY {
                    self.step_below(compiled, registers, state, until - start, (total, size))?
                } else {
                    self.step(compiled, registers, state, until - start)?
                };
                let now = leap::advance(compiled, &step, state, &mut self.scratch, stream)?;
                if let Some((exposure, before)) = &mut levels {
                    let path = interacting::Path::straight(before, &state.by_type(compiled), step.days());
                    interacting::carry_levels(compiled, registers, exposure, state, &path, step.days())?;
                }
                now
            };
            if until - state.time < 1e-9 {
                state.time = until;
            }
            if now as f64 >= size {
                let grown = libm::log(now as f64 / total.max(1) as f64);
                let share = if grown > 0.0 { libm::log(size / total.max(1) as f64) / grown } else { 1.0 };
                return Ok(Stop::Size(start + share.clamp(0.0, 1.0) * (state.time - start)));
            }
            if now >= 1 << 53 || (compiled.has_immune && state.total() >= 1 << 53) {
                return Err(Failure::TooMany { time: state.time });
            }
            total = now;
        }
        Ok(Stop::Time)
    }

    /// Of what a cell leaves until `until`, by steps of a tumour like `state`, whose clock alone moves.
    pub(super) fn left(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        until: f64,
    ) -> Result<Left, Failure> {
        let n = compiled.types();
        let mut means = vec![0.0; n * n];
        (0..n).for_each(|i| means[i * n + i] = 1.0);
        let line = |t: usize| compiled.blocks[compiled.place[t].0].is_line().then_some(Line::END);
        let mut lines: Vec<Option<Line>> = (0..n).map(line).collect();
        let width = compiled.channels.len();
        let mut founders = vec![0.0; n * width];
        let mut left: SmallVec<[f64; 4]> = SmallVec::new();
        while until - state.time > 1e-9 {
            let step = self.step(compiled, registers, state, until - state.time)?;
            for (b, (block, own)) in compiled.blocks.iter().zip(&step.blocks).enumerate() {
                if block.founds() {
                    let per_cell = step.founders(compiled, b);
                    for (row, founders) in means.chunks_exact(n).zip(founders.chunks_exact_mut(width)) {
                        for (&t, of) in block.types.iter().zip(per_cell.chunks_exact(block.founding.len())) {
                            block.founding.iter().zip(of).for_each(|((_, c), f)| founders[*c] += row[t] * f);
                        }
                    }
                }
                for row in means.chunks_exact_mut(n) {
                    let of =
                        |j: usize| block.types.iter().enumerate().map(|(i, &t)| row[t] * own.whole.mean(i, j)).sum();
                    left.clear();
                    left.extend((0..block.types.len()).map(of));
                    block.types.iter().zip(&left).for_each(|(&t, &x)| row[t] = x);
                }
            }
            for (t, line) in lines.iter_mut().enumerate() {
                if let Some(line) = line {
                    *line = line.then(&step.lines(compiled, compiled.place[t].0).from[0]);
                }
            }
            state.time += step.days();
        }
        state.time = until;
        Ok(Left { means, lines, founders })
    }

    /// The next step of `total` cells, as long as it may be where they must not pass a size unseen.
    fn step_below(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &State,
        days: f64,
        (total, size): (u64, f64),
    ) -> Result<Rc<Step>, Failure> {
        let mut days = self.carried(compiled, registers, state, total, days)?;
        // What neither a drug nor the date moves is highest at an end.
        let varying = compiled.varying;
        loop {
            if varying {
                self.before.clone_from(&self.exposure);
            }
            let step = self.step(compiled, registers, state, days)?;
            if !varying || step.days() < SHORTEST || !step.hides(compiled, total, size) {
                return Ok(step);
            }
            std::mem::swap(&mut self.exposure, &mut self.before);
            days = 0.5 * step.days();
        }
    }

    /// The longest of `days`, their half, their quarter ... after which `total` cells are expected to be a number that can be
    /// carried, whichever type they were: what passes a size can then be told from where. Chosen before anything is drawn.
    fn carried(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &State,
        total: u64,
        mut days: f64,
    ) -> Result<f64, Failure> {
        if self.longest.is_empty() {
            self.limit_steps(compiled, registers, state)?;
        }
        // Rates of when the regimen began: at constant rates those of the step, and under a drug, whose steps last a week at most,
        // those of cells without it.
        let (rates, layout) = (&self.rates, compiled.layout);
        let net = (0..compiled.types()).map(|t| rates[layout.birth(t)] - rates[layout.death(t)]).fold(0.0, f64::max);
        if net * days > 1.0 {
            let most = libm::log(MOST_EXPECTED / total.max(1) as f64);
            while net * days > most.max(1.0) {
                days *= 0.5;
            }
        }
        Ok(days)
    }

    /// True when no drug moves a rate from now on.
    fn is_quiet(&self) -> bool {
        self.exposure.is_constant() && self.exposure.next_event() == f64::INFINITY
    }

    /// Forgets what doses of another scale allowed.
    pub(super) fn forget_lengths(&mut self) {
        self.field = None;
        self.longest.clear();
        self.drawable = f64::INFINITY;
    }

    /// Longest step that the blocks as they stand allow, on the grid.
    fn longest(&self, compiled: &Compiled, state: &State) -> f64 {
        let mut longest = self.drawable;
        for (b, limits) in self.longest.iter().enumerate() {
            if self.tolerance * limits[0] < longest {
                longest = longest.min(self.tolerance * limits[level(state.blocks[b].cells())]);
            }
        }
        // Nothing moves a rate before the first dose.
        on_grid(longest, compiled.varying && (compiled.uses_time || !self.is_quiet()))
    }

    /// Sets the limits on steps by the rates of now.
    #[inline(never)]
    fn limit_steps(&mut self, compiled: &Compiled, registers: &mut Registers, state: &State) -> Result<(), Failure> {
        show_counts(compiled, registers, state);
        set_exposure(compiled, registers, &self.exposure, self.exposure.time());
        compiled.rates(registers, Depends::Exposure, &mut self.rates)?;
        self.longest = compiled.blocks.iter().map(|b| longest_step(compiled, b, &self.rates)).collect();
        Ok(())
    }

    /// The next step, at most `days` long; the exposure is advanced to its end.
    fn step(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &State,
        days: f64,
    ) -> Result<Rc<Step>, Failure> {
        let now = self.exposure.time();
        if self.longest.is_empty() {
            self.limit_steps(compiled, registers, state)?;
        }
        loop {
            // Steps end on multiples of the step, so that a dosing cycle meets them at the same phases.
            let longest = self.longest(compiled, state);
            let to_grid = if longest.is_finite() {
                ((now / longest + 1e-9) as i64 as f64 + 1.0) * longest - now
            } else {
                f64::INFINITY
            };
            let days = days.min(to_grid);
            // Without a rate that follows drug or date one step is like another of its length.
            self.signature.clear();
            if compiled.varying {
                self.exposure.signature(days, &mut self.signature);
            }
            // As alike as two differences of such dates can be.
            let alike_days = (1e-12 * days).max(4.0 * f64::EPSILON * now.abs());
            let same = |k: &&Known| (k.days - days).abs() < alike_days && alike(&k.signature, &self.signature);
            if !compiled.uses_time
                && let Some(known) = self.known.iter().find(same)
            {
                let step = known.step.clone();
                self.exposure.advance(now + days);
                return Ok(step);
            }
            if let Some(step) = self.new_step(compiled, registers, state, days)? {
                return Ok(step);
            }
        }
    }

    /// A step of `days` that is not known yet, which is then remembered and the exposure advanced to its end; `None` when it is too
    /// long, and shorter ones are known to be.
    #[inline(never)]
    fn new_step(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &State,
        days: f64,
    ) -> Result<Option<Rc<Step>>, Failure> {
        self.ahead.clone_from(&self.exposure);
        show_counts(compiled, registers, state);
        let step = self.pieces.step(compiled, registers, &mut self.ahead, days)?;
        for k in 0..step.window.intervals.len() {
            for (limits, block) in self.longest.iter_mut().zip(&compiled.blocks) {
                let here = longest_step(compiled, block, step.window.rates(k));
                limits.iter_mut().zip(here).for_each(|(limit, here)| *limit = limit.min(here));
            }
        }
        if !step.drawable() {
            self.drawable = 0.7 * days;
        }
        if self.longest(compiled, state).max(1e-12) < days * (1.0 - 1e-9) {
            if self.longest(compiled, state) < 1e-9 {
                let what = "rates so large that no step is short enough".to_string();
                return Err(Failure::Budget { what, time: self.exposure.time() });
            }
            return Ok(None);
        }
        std::mem::swap(&mut self.exposure, &mut self.ahead);
        let step = Rc::new(step);
        let known = Known { days, signature: self.signature.clone(), step: step.clone() };
        if self.known.len() < REMEMBERED {
            self.known.push(known);
        } else {
            self.known[self.turn] = known;
            self.turn = (self.turn + 1) % REMEMBERED;
        }
        Ok(Some(step))
    }

    #[inline(never)]
    fn step_interacting(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        days: f64,
        (total, size): (u64, f64),
        stream: &mut Stream,
    ) -> Result<u64, Failure> {
        let mut days = days.min(interacting::longest(compiled, registers, &self.exposure, state, self.tolerance)?);
        // A dose may kill or bring cells a thousand times faster than anything before it: what was felt at the beginning of a step tells
        // nothing of what comes after a jump of input.
        days = days.min((self.exposure.next_event() - state.time).max(SHORTEST));
        loop {
            let mut ahead = self.exposure.clone();
            let (step, path) = interacting::step(compiled, registers, &mut ahead, state, days)?;
            let hidden = size < f64::INFINITY && days >= SHORTEST && step.hides(compiled, total, size);
            if step.drawable() && !hidden {
                let total = leap::advance(compiled, &step, state, &mut self.scratch, stream)?;
                interacting::carry_levels(compiled, registers, &mut self.exposure, state, &path, days)?;
                return Ok(total);
            }
            days *= 0.5;
            if days < 1e-9 {
                let what = "rates so large that no step is short enough".to_string();
                return Err(Failure::Budget { what, time: state.time });
            }
        }
    }
}

/// Puts the counts where a message about a bad rate finds them; here no rate depends on them.
fn show_counts(compiled: &Compiled, registers: &mut Registers, state: &State) {
    let counts: Vec<f64> = state.by_type(compiled).iter().map(|&n| n as f64).collect();
    compiled.set_counts(registers, &counts);
}

/// Four weeks.
const MONTH: f64 = 28.0;

/// The longest step of the grid that is at most `longest`: whole days up to a week, halves of a day below; where nothing varies up to four
/// weeks, and twice, four times ... as many.
fn on_grid(longest: f64, varying: bool) -> f64 {
    if !varying && longest >= MONTH {
        return if longest == f64::INFINITY {
            longest
        } else {
            MONTH * libm::exp2(libm::floor(libm::log2(longest / MONTH)))
        };
    }
    let most = if varying { 7.0 } else { MONTH };
    if longest >= most {
        return most;
    }
    if longest >= 1.0 {
        return libm::floor(longest).min(most);
    }
    let mut step = 0.5;
    while step > longest {
        step *= 0.5;
    }
    step
}
