//! Stochastic simulation, event by event (Gillespie 1977, J. Phys. Chem. 81:2340), for small tumours and as judge.
//!
//! The waiting time to the next event is kept in the state as what is left of a unit-exponential, used up by
//! the integrated total hazard; so a change of rates rescales it, and looking more often changes nothing, to
//! the last bit. Rates that move with a drug or the date are averaged over intervals that belong to the
//! exposure and not to the looking ([`crate::window`]). In models in which cells act on each other rates are
//! computed anew after every event; levels and concentrations are then renewed every [`GRID`] days.

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::field::set_counts;
use crate::leap::label;
use crate::state::{Cause, Origin, Pending, State};
use crate::stream::Stream;
use crate::window::{Window, set_exposure};
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};

/// Days for which levels and concentrations are held in models in which cells act on each other.
pub const GRID: f64 = 1.0 / 64.0;
/// Events that one patient may take.
pub const MOST_EVENTS: u64 = 2_000_000_000;

/// Rates ahead, from a start that the exposure decides.
#[derive(Debug, Clone)]
pub struct Exact {
    /// Exposure at the start of the stretch of known rates.
    start: Exposure,
    ahead: Option<(Window, usize)>,
    rates: Vec<f64>,
    counts: Vec<u64>,
    reals: Vec<f64>,
    events: u64,
    /// A clone has lost its last cell.
    emptied: bool,
}

impl Exact {
    /// Ready at the time of `exposure`.
    pub fn new(compiled: &Compiled, exposure: Exposure) -> Self {
        let n = compiled.types();
        Exact {
            start: exposure,
            ahead: None,
            rates: vec![0.0; compiled.layout.len()],
            counts: vec![0; n],
            reals: vec![0.0; n],
            events: 0,
            emptied: false,
        }
    }

    /// Begins again at the time of `exposure`.
    pub fn restart(&mut self, exposure: &Exposure) {
        self.start.clone_from(exposure);
        self.ahead = None;
        self.events = 0;
        self.emptied = false;
    }

    /// The exposure at the state's time, for changing it. The waiting time is used up to here at the old rates, so
    /// that it is rescaled by the new ones.
    pub fn exposure(&mut self, compiled: &Compiled, state: &mut State) -> &mut Exposure {
        if let Some(since) = state.pending {
            self.counts.fill(0);
            state.add_by_type(compiled, &mut self.counts);
            let left = (since.left - self.hazard(compiled) * (state.time - since.since)).max(0.0);
            state.pending = Some(Pending { left, since: state.time });
        }
        self.start.advance(state.time);
        self.ahead = None;
        &mut self.start
    }

    /// Advances `state` to `until`, or to the first moment at which the total reaches `size`; true if it did.
    pub fn advance(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        until: f64,
        size: f64,
        stream: &mut Stream,
    ) -> Result<bool, Failure> {
        self.counts.fill(0);
        state.add_by_type(compiled, &mut self.counts);
        let mut total: u64 = self.counts.iter().sum();
        if total as f64 >= size {
            return Ok(true);
        }
        loop {
            let end = self.set_rates(compiled, registers, state)?;
            // Constant rates until `end`, which does not depend on `until` except by ending the call.
            loop {
                let hazard = self.hazard(compiled);
                let pending =
                    *state.pending.get_or_insert_with(|| Pending { left: stream.exponential(), since: state.time });
                let event = if hazard > 0.0 { pending.since + pending.left / hazard } else { f64::INFINITY };
                if event > end.min(until) {
                    if end > until {
                        state.time = until;
                        state.prune(compiled);
                        return Ok(false);
                    }
                    state.pending =
                        Some(Pending { left: (pending.left - hazard * (end - pending.since)).max(0.0), since: end });
                    state.time = end;
                    break;
                }
                state.time = event;
                state.pending = None;
                self.fire(compiled, state, hazard, stream);
                if std::mem::take(&mut self.emptied) {
                    state.prune(compiled);
                }
                total = self.counts.iter().sum();
                self.events += 1;
                if self.events > MOST_EVENTS {
                    let what = format!("more than {MOST_EVENTS} events; use the leap method for tumours of this size");
                    return Err(Failure::Budget { what, time: state.time });
                }
                if total as f64 >= size {
                    state.prune(compiled);
                    return Ok(true);
                }
                if compiled.interacting {
                    self.put_counts(registers);
                    compiled.rates(registers, Depends::State, &mut self.rates)?;
                }
            }
            if compiled.interacting {
                self.renew_levels(compiled, registers, state, end)?;
            }
            if state.time >= until {
                state.prune(compiled);
                return Ok(false);
            }
        }
    }

    /// Sets `self.rates` for the interval that holds the state's time and returns the interval's end.
    fn set_rates(&mut self, compiled: &Compiled, registers: &mut Registers, state: &State) -> Result<f64, Failure> {
        self.put_counts(registers);
        if compiled.interacting {
            // An absolute grid, so that it does not depend on who looks when.
            let began = self.start.time();
            let mut grid = GRID;
            while grid * self.start.fastest() > 0.5 && grid > GRID / 256.0 {
                grid *= 0.5;
            }
            let next = (libm::floor(began / grid + 1e-9) + 1.0) * grid;
            let steady = state.levels.is_empty() && self.start.is_constant() && !compiled.uses_time;
            let event = self.start.next_event();
            let end = if steady { event } else { next.min(event) };
            let middle = if steady { began } else { 0.5 * (began + end) };
            let snapshot = self.start.snapshot();
            self.start.drift(middle - began);
            set_exposure(compiled, registers, &self.start, middle);
            self.start.restore(&snapshot);
            for (k, &level) in state.levels.iter().enumerate() {
                registers.set(Slot::Level(k), level);
            }
            compiled.rates(registers, Depends::Exposure, &mut self.rates)?;
            return Ok(end);
        }
        let began = self.start.time();
        if let Some((window, k)) = &mut self.ahead {
            // The same sum as the end returned, so that rounding cannot return one interval twice.
            while let Some(interval) = window.intervals.get(*k) {
                let end = began + interval.start + interval.days;
                if end > state.time {
                    self.rates.copy_from_slice(window.rates(*k));
                    return Ok(end);
                }
                *k += 1;
            }
            self.start.advance(began + window.days);
        }
        let steady = self.start.is_constant() && !(compiled.uses_time && compiled.varying);
        let day = if steady { f64::INFINITY } else { 1.0 };
        let days = (self.start.next_event() - self.start.time()).min(day);
        if days == f64::INFINITY {
            set_exposure(compiled, registers, &self.start, state.time);
            compiled.rates(registers, Depends::Exposure, &mut self.rates)?;
            self.ahead = None;
            return Ok(f64::INFINITY);
        }
        let window = Window::of_exposure(compiled, registers, &mut self.start.clone(), days)?;
        self.ahead = Some((window, 0));
        self.set_rates(compiled, registers, state)
    }

    fn put_counts(&mut self, registers: &mut Registers) {
        for (x, &n) in self.reals.iter_mut().zip(&self.counts) {
            *x = n as f64;
        }
        set_counts(registers, &self.reals);
    }

    /// Total hazard now.
    fn hazard(&self, compiled: &Compiled) -> f64 {
        (0..compiled.types())
            .map(|i| self.counts[i] as f64 * self.per_cell(compiled, i) + self.rates[compiled.layout.immigration(i)])
            .sum()
    }

    /// All events of one cell of type `i`. Mutation per time is already among its losses.
    fn per_cell(&self, compiled: &Compiled, i: usize) -> f64 {
        let (l, r) = (compiled.layout, &self.rates);
        let mut sum = r[l.birth(i)] + r[l.death(i)];
        for (s, &(from, _)) in compiled.switches().iter().enumerate() {
            if from == i {
                sum += r[l.switch(s)];
            }
        }
        for (c, channel) in compiled.channels.iter().enumerate() {
            if channel.from == i && channel.per_division {
                sum += r[l.founding(c)];
            }
        }
        sum
    }

    fn fire(&mut self, compiled: &Compiled, state: &mut State, hazard: f64, stream: &mut Stream) {
        let l = compiled.layout;
        let mut u = stream.uniform() * hazard;
        for i in 0..compiled.types() {
            let arrivals = self.rates[l.immigration(i)];
            if u < arrivals {
                return self.arrive(compiled, state, i);
            }
            u -= arrivals;
            let each = self.per_cell(compiled, i);
            let all = self.counts[i] as f64 * each;
            let last = (i + 1..compiled.types()).all(|j| self.counts[j] == 0 && self.rates[l.immigration(j)] == 0.0);
            if u >= all && !last {
                u -= all;
                continue;
            }
            if self.counts[i] == 0 {
                return;
            }
            let which = ((u / each) as u64).min(self.counts[i] - 1);
            return self.act(compiled, state, i, which, (u - which as f64 * each).clamp(0.0, each), stream);
        }
    }

    /// Cell number `which` of type `i` does what `u`, uniform on its total rate, says.
    fn act(&mut self, compiled: &Compiled, state: &mut State, i: usize, which: u64, mut u: f64, stream: &mut Stream) {
        let l = compiled.layout;
        let (b, position) = compiled.place[i];
        let m = compiled.blocks[b].types.len();
        let mut before = which;
        let counts = &mut state.blocks[b].counts;
        let mut clone = 0;
        while before >= counts[clone * m + position] {
            before -= counts[clone * m + position];
            clone += 1;
        }
        let row = clone * m;
        u -= self.rates[l.birth(i)];
        if u < 0.0 {
            counts[row + position] += 1;
            self.counts[i] += 1;
            return;
        }
        for (s, &(from, to)) in compiled.switches().iter().enumerate() {
            if from != i {
                continue;
            }
            u -= self.rates[l.switch(s)];
            if u < 0.0 {
                counts[row + position] -= 1;
                counts[row + compiled.place[to].1] += 1;
                self.counts[i] -= 1;
                self.counts[to] += 1;
                return;
            }
        }
        let parent = state.blocks[b].founders[clone].id;
        for (c, channel) in compiled.channels.iter().enumerate() {
            if channel.from != i {
                continue;
            }
            let founding = self.rates[l.founding(c)];
            u -= founding;
            if u < 0.0 {
                if !channel.per_division {
                    state.blocks[b].counts[row + position] -= 1;
                    self.counts[i] -= 1;
                    self.emptied = state.blocks[b].counts[row..row + m].iter().all(|&n| n == 0);
                }
                let origin = label(compiled, state, i, self.rates[l.excess(c)], founding, stream);
                state.found(compiled, channel.to, 1, state.time, Cause::Mutation, Some((parent, i)), origin);
                self.counts[channel.to] += 1;
                return;
            }
        }
        state.blocks[b].counts[row + position] -= 1;
        self.counts[i] -= 1;
        self.emptied = state.blocks[b].counts[row..row + m].iter().all(|&n| n == 0);
    }

    fn arrive(&mut self, compiled: &Compiled, state: &mut State, i: usize) {
        let (b, position) = compiled.place[i];
        let m = compiled.blocks[b].types.len();
        let clone = state.blocks[b].founders.iter().position(|f| f.cause == Cause::Immigration && f.cell_type == i);
        match clone {
            Some(k) => state.blocks[b].counts[k * m + position] += 1,
            None => {
                state.found(compiled, i, 1, state.time, Cause::Immigration, None, Origin::PreExisting);
            }
        }
        self.counts[i] += 1;
    }

    /// Carries exposure and levels to `time`, with the counts as they stand.
    fn renew_levels(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        time: f64,
    ) -> Result<(), Failure> {
        let days = time - self.start.time();
        if !state.levels.is_empty() && days > 0.0 {
            let mut levels = std::mem::take(&mut state.levels);
            self.put_counts(registers);
            let rates = &mut self.rates;
            let tolerance = crate::ode::Tolerance { relative: 1e-6, absolute: 1e-6 };
            crate::ode::integrate(&mut levels, 0.0, days, tolerance, &mut |_, y, dy| {
                for (k, &level) in y.iter().enumerate() {
                    registers.set(Slot::Level(k), level);
                }
                compiled.rates(registers, Depends::State, rates)?;
                compiled.level_rates(registers, dy)
            })?;
            state.levels = levels;
        }
        self.start.advance(time);
        Ok(())
    }
}
