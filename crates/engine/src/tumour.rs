//! One tumour under a known exposure: the driver of [`crate::leap`] and [`crate::exact`].
//!
//! The caller says what regimen to follow and until when; the tumour does not know that visits exist.

use crate::compiled::Compiled;
use crate::exact::Exact;
use crate::exposure::Exposure;
use crate::failure::{Budget, Failure};
use crate::field::{Field, set_counts};
use crate::interacting;
use crate::leap::{self, Scratch, is_large, longest_step};
use crate::state::State;
use crate::step::{Pieces, Step, alike};
use crate::stream::Stream;
use crate::window::set_exposure;
use remission_model::program::{Depends, Registers};
use remission_model::resolved::Regimen;
use std::rc::Rc;

/// How a tumour is advanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Event by event.
    Exact,
    /// Whole steps, any size.
    Leap,
}

/// Why [`Tumour::advance`] returned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    /// The time asked for is reached.
    Time,
    /// The total reached the size asked for, on this day.
    Size(f64),
}

/// A tumour, its drug, and the method that advances it.
pub struct Tumour<'a> {
    /// The cells.
    pub state: State,
    compiled: &'a Compiled,
    registers: Registers,
    /// Exposure when the regimen was last followed, for starting again.
    begun: Exposure,
    engine: Engine,
    budget: Budget,
}

enum Engine {
    Leap(Box<Leap>),
    Exact(Box<Exact>),
}

struct Leap {
    exposure: Exposure,
    /// Longest step of each block that has proved short enough, while it is small and when it is large.
    longest: Vec<[f64; 2]>,
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
    /// Rates of the tumour as it grows, while nothing moves them.
    field: Option<Field>,
    steps: u64,
    /// Factor of all limits on the length of steps.
    tolerance: f64,
}

struct Known {
    days: f64,
    signature: Vec<f64>,
    step: Rc<Step>,
}

/// Steps remembered; a dosing cycle at steady state needs a handful.
const REMEMBERED: usize = 48;

impl<'a> Tumour<'a> {
    /// `state` in a patient with these parameters and no drug.
    pub fn new(compiled: &'a Compiled, parameters: &[f64], state: State, method: Method) -> Result<Self, Failure> {
        let mut registers = compiled.registers(parameters);
        registers.limit(Budget::default().evaluations);
        let exposure = Exposure::new(compiled, parameters, state.time)?;
        let begun = exposure.clone();
        let engine = match method {
            Method::Exact => Engine::Exact(Box::new(Exact::new(compiled, exposure))),
            Method::Leap => Engine::Leap(Box::new(Leap {
                ahead: exposure.clone(),
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
            })),
        };
        Ok(Tumour { state, compiled, registers, begun, engine, budget: Budget::default() })
    }

    /// Ends the run with [`Failure::Budget`] after this much work, counted from the tumour's beginning.
    pub fn limit(&mut self, budget: Budget) {
        self.budget = budget;
        self.registers.limit(budget.evaluations);
    }

    /// Multiplies all limits on the length of leaps by `factor` (1 at first). For showing what steps cost and what they err by
    /// (`examples/step_tolerance.rs`); the limits themselves were chosen there.
    pub fn tolerate(&mut self, factor: f64) {
        if let Engine::Leap(leap) = &mut self.engine {
            leap.tolerance = factor;
            leap.known.clear();
        }
    }

    /// Work done so far.
    pub fn spent(&self) -> Budget {
        let (events, steps) = match &self.engine {
            Engine::Exact(exact) => (exact.events(), 0),
            Engine::Leap(leap) => (0, leap.steps),
        };
        Budget { events, steps, evaluations: self.registers.evaluations(), clones: self.state.clones() }
    }

    /// Follows `regimen` from now on; its day 1 is now. What is in the body stays.
    pub fn follow(&mut self, regimen: &Regimen) {
        match &mut self.engine {
            Engine::Leap(leap) => {
                leap.exposure.follow(regimen);
                self.begun.clone_from(&leap.exposure);
                leap.forget_lengths();
                leap.known.clear();
                leap.turn = 0;
            }
            Engine::Exact(exact) => {
                let exposure = exact.exposure(self.compiled, &mut self.state);
                exposure.follow(regimen);
                self.begun.clone_from(exposure);
            }
        }
    }

    /// As [`Exposure::prepare_to_scale`]; before [`follow`](Self::follow).
    pub fn prepare_to_scale(&mut self) {
        match &mut self.engine {
            Engine::Leap(leap) => leap.exposure.prepare_to_scale(),
            Engine::Exact(exact) => exact.exposure(self.compiled, &mut self.state).prepare_to_scale(),
        }
    }

    /// As [`Exposure::scale_doses`], now.
    pub fn scale_doses(&mut self, drug: usize, scale: f64) {
        match &mut self.engine {
            Engine::Leap(leap) => {
                leap.exposure.scale_doses(drug, scale);
                leap.forget_lengths();
            }
            Engine::Exact(exact) => exact.exposure(self.compiled, &mut self.state).scale_doses(drug, scale),
        }
    }

    /// Begins again with `state`, in the same patient at the moment the regimen was last followed (at the start without
    /// one), whose time `state` must have. Steps and memory are kept, so that replicates cost their draws alone.
    ///
    /// ```
    /// # use remission_engine::{compiled::Compiled, before, tumour::{Method, Tumour}, stream::{Purpose, Stream}};
    /// # let text = r#"
    /// # [model]
    /// # title = "Birth and death"
    /// # [cells.S]
    /// # birth = "1 /day"
    /// # death = "0.9 /day"
    /// # [before_treatment]
    /// # start = { S = "1000 cells" }
    /// # "#;
    /// # let model = remission_model::model_from_toml("model.toml", text).unwrap();
    /// # let compiled = Compiled::new(&model);
    /// # let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    /// let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
    /// let mut tumour = Tumour::new(&compiled, &[], start.clone(), Method::Leap).unwrap();
    /// for replicate in 0..10 {
    ///     tumour.restart(&start);
    ///     tumour.advance(30.0, f64::INFINITY, &mut Stream::new(1, 0, replicate, Purpose::Treatment)).unwrap();
    /// }
    /// ```
    pub fn restart(&mut self, state: &State) {
        self.state.clone_from(state);
        self.registers.restart();
        match &mut self.engine {
            Engine::Leap(leap) => {
                leap.exposure.clone_from(&self.begun);
                leap.steps = 0;
            }
            Engine::Exact(exact) => exact.restart(&self.begun),
        }
    }

    /// Advances to `until`, or to the first moment seen at which the total is at least `size`.
    ///
    /// # Errors
    /// A [`Failure`]; the state is then that of the last completed step.
    pub fn advance(&mut self, until: f64, size: f64, stream: &mut Stream) -> Result<Stop, Failure> {
        let Tumour { state, compiled, registers, engine, budget, .. } = self;
        match engine {
            Engine::Exact(exact) => {
                let reached = exact.advance(compiled, registers, state, until, size, *budget, stream)?;
                Ok(if reached { Stop::Size(state.time) } else { Stop::Time })
            }
            Engine::Leap(leap) => leap.advance(compiled, registers, state, until, size, *budget, stream),
        }
    }

    /// Growth a day of the total, relative, at the present rates, and the variance a day that chance gives it; what a step
    /// toward a size is planned by.
    pub fn net_growth(&mut self) -> Result<(f64, f64), Failure> {
        let Engine::Leap(leap) = &mut self.engine else {
            return Ok((0.0, 0.0));
        };
        let (compiled, layout) = (self.compiled, self.compiled.layout);
        let n = compiled.types();
        let mut y: Vec<f64> = self.state.by_type(self.compiled).iter().map(|&n| n as f64).collect();
        let total: f64 = y.iter().sum();
        y.extend(&self.state.levels);
        let mut dy = vec![0.0; y.len()];
        let still = !compiled.interacting && !compiled.uses_time && leap.is_quiet();
        let known = still && leap.field.is_some();
        let field = leap.field.get_or_insert_with(|| Field::new(compiled, 1));
        if known {
            field.flows(compiled, &y, &mut dy, &mut interacting::all_in_one);
        } else {
            set_exposure(compiled, &mut self.registers, &leap.exposure, self.state.time);
            field.slope(compiled, &mut self.registers, &y, &mut dy, &mut interacting::all_in_one)?;
        }
        let r = field.rates();
        let events: f64 = (0..n).map(|i| y[i] * (r[layout.birth(i)] + r[layout.death(i)])).sum();
        if !still {
            leap.field = None;
        }
        Ok((dy[..n].iter().sum::<f64>() / total, events / (total * total)))
    }
}

impl Leap {
    fn advance(
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
        let mut total = state.total();
        if total as f64 >= size {
            return Ok(Stop::Size(state.time));
        }
        let closed = compiled.immigrants.is_empty() && state.levels.is_empty();
        while state.time < until {
            if total == 0 && closed {
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
            let now = if compiled.interacting {
                self.step_interacting(compiled, registers, state, until - start, stream)?
            } else {
                let step = self.step(compiled, registers, state, until - start)?;
                leap::advance(compiled, &step, state, &mut self.scratch, stream)?
            };
            if until - state.time < 1e-9 {
                state.time = until;
            }
            if now as f64 >= size {
                let grown = libm::log(now as f64 / total.max(1) as f64);
                let share = if grown > 0.0 { libm::log(size / total.max(1) as f64) / grown } else { 1.0 };
                return Ok(Stop::Size(start + share.clamp(0.0, 1.0) * (state.time - start)));
            }
            total = now;
        }
        Ok(Stop::Time)
    }

    /// True when no drug moves a rate from now on.
    fn is_quiet(&self) -> bool {
        self.exposure.is_constant() && self.exposure.next_event() == f64::INFINITY
    }

    fn forget_lengths(&mut self) {
        self.field = None;
        self.longest.clear();
        self.drawable = f64::INFINITY;
    }

    /// Longest step that the blocks as they stand allow, on the grid.
    fn longest(&self, compiled: &Compiled, state: &State) -> f64 {
        let mut longest = self.drawable;
        for ((limits, clones), block) in self.longest.iter().zip(&state.blocks).zip(&compiled.blocks) {
            if limits[0] < f64::INFINITY {
                longest =
                    longest.min(self.tolerance * limits[usize::from(is_large(block, clones.counts.iter().sum()))]);
            }
        }
        // Nothing moves a rate before the first dose.
        on_grid(longest, compiled.varying && (compiled.uses_time || !self.is_quiet()))
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
            show_counts(compiled, registers, state);
            set_exposure(compiled, registers, &self.exposure, now);
            compiled.rates(registers, Depends::Exposure, &mut self.rates)?;
            self.longest = compiled.blocks.iter().map(|b| longest_step(compiled, b, &self.rates)).collect();
        }
        loop {
            // Steps end on multiples of the step, so that a dosing cycle meets them at the same phases.
            let longest = self.longest(compiled, state);
            let to_grid = if longest.is_finite() {
                (libm::floor(now / longest + 1e-9) + 1.0) * longest - now
            } else {
                f64::INFINITY
            };
            let days = days.min(to_grid);
            // Without a rate that follows drug or date one step is like another of its length.
            self.signature.clear();
            if compiled.varying {
                self.exposure.signature(days, &mut self.signature);
            }
            let same = |k: &&Known| (k.days - days).abs() < 1e-12 * days && alike(&k.signature, &self.signature);
            if !compiled.uses_time
                && let Some(known) = self.known.iter().find(same)
            {
                let step = known.step.clone();
                self.exposure.advance(now + days);
                return Ok(step);
            }
            self.ahead.clone_from(&self.exposure);
            show_counts(compiled, registers, state);
            let step = self.pieces.step(compiled, registers, &mut self.ahead, days)?;
            for k in 0..step.window.intervals.len() {
                for (limits, block) in self.longest.iter_mut().zip(&compiled.blocks) {
                    let here = longest_step(compiled, block, step.window.rates(k));
                    *limits = [limits[0].min(here[0]), limits[1].min(here[1])];
                }
            }
            if !step.drawable() {
                self.drawable = 0.7 * days;
            }
            if self.longest(compiled, state).max(1e-12) < days * (1.0 - 1e-9) {
                if self.longest(compiled, state) < 1e-9 {
                    let what = "rates so large that no step is short enough".to_string();
                    return Err(Failure::Budget { what, time: now });
                }
                continue;
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
            return Ok(step);
        }
    }

    fn step_interacting(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        days: f64,
        stream: &mut Stream,
    ) -> Result<u64, Failure> {
        let mut days = days.min(interacting::longest(compiled, registers, &self.exposure, state, self.tolerance)?);
        let before = state.by_type(compiled);
        loop {
            let mut ahead = self.exposure.clone();
            let step = interacting::step(compiled, registers, &mut ahead, state, days)?;
            if step.drawable() {
                let total = leap::advance(compiled, &step, state, &mut self.scratch, stream)?;
                interacting::carry_levels(compiled, registers, &mut self.exposure, state, &before, days)?;
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
    set_counts(registers, &counts);
}

/// The longest step of the grid (whole days up to a week, halves of a day below) that is at most `longest`.
fn on_grid(longest: f64, varying: bool) -> f64 {
    let most = if varying { 7.0 } else { 28.0 };
    if longest == f64::INFINITY {
        return if varying { most } else { f64::INFINITY };
    }
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
