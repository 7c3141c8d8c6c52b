//! Stochastic simulation, event by event (Gillespie 1977, J. Phys. Chem. 81:2340), for small tumours and as judge.
//!
//! The waiting time to the next event is kept in the state as what is left of a unit-exponential, used up by
//! the integrated total hazard; so a change of rates rescales it, and looking more often changes nothing, to
//! the last bit. Rates that move with a drug or the date are averaged over intervals that belong to the
//! exposure and not to the looking ([`crate::window`]). In models in which cells act on each other the rates that an
//! event has moved are computed anew after it ([`crate::events`]); levels and concentrations are then renewed every
//! [`GRID`] days.
//!
//! An event costs a few comparisons for its type and kind, which the model fixes, and O(log clones) for the clone
//! ([`crate::clone_index`]); the total hazard is added up anew from integers, so nothing drifts.

use crate::clone_index::{CloneIndex, Emptied};
use crate::compiled::Compiled;
use crate::events::{Action, Events};
use crate::exposure::Exposure;
use crate::failure::{Budget, Failure};
use crate::leap::label;
use crate::state::{Cause, Founder, Origin, Pending, State};
use crate::stream::Stream;
use crate::window::{Window, set_exposure};
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};

/// Days for which levels and concentrations are held in models in which cells act on each other.
pub const GRID: f64 = 1.0 / 64.0;

/// Rates ahead, from a start that the exposure decides.
#[derive(Debug, Clone)]
pub struct Exact {
    /// Exposure at the start of the stretch of known rates.
    start: Exposure,
    ahead: Option<(Window, usize)>,
    rates: Vec<f64>,
    events: Events,
    counts: Vec<u64>,
    reals: Vec<f64>,
    /// By type.
    index: Vec<CloneIndex>,
    /// By type: the row that all arrivals join.
    arrivals: Vec<Option<usize>>,
    /// By block.
    emptied: Vec<Emptied>,
    done: u64,
}

impl Exact {
    /// Ready at the time of `exposure`.
    pub fn new(compiled: &Compiled, exposure: Exposure) -> Self {
        let n = compiled.types();
        Exact {
            start: exposure,
            ahead: None,
            rates: vec![0.0; compiled.layout.len()],
            events: Events::new(compiled),
            counts: vec![0; n],
            reals: vec![0.0; n],
            index: vec![CloneIndex::default(); n],
            arrivals: vec![None; n],
            emptied: vec![Emptied::default(); compiled.blocks.len()],
            done: 0,
        }
    }

    /// Begins again at the time of `exposure`.
    pub fn restart(&mut self, exposure: &Exposure) {
        self.start.clone_from(exposure);
        self.ahead = None;
        self.done = 0;
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.done
    }

    /// The exposure at the state's time, for changing it. The waiting time is used up to here at the old rates, so
    /// that it is rescaled by the new ones.
    pub fn exposure(&mut self, compiled: &Compiled, state: &mut State) -> &mut Exposure {
        if let Some(since) = state.pending {
            self.counts.fill(0);
            state.add_by_type(compiled, &mut self.counts);
            let left = (since.left - self.events.hazard(&self.counts) * (state.time - since.since)).max(0.0);
            state.pending = Some(Pending { left, since: state.time });
        }
        self.start.advance(state.time);
        self.ahead = None;
        &mut self.start
    }

    /// Advances `state` to `until`, or to the first moment at which the total reaches `size`; true if it did.
    ///
    /// # Errors
    /// A [`Failure`]; the state is then that of the last event.
    #[inline(never)]
    pub fn advance(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        until: f64,
        size: f64,
        budget: Budget,
        stream: &mut Stream,
    ) -> Result<bool, Failure> {
        state.prune(compiled);
        self.counts.fill(0);
        state.add_by_type(compiled, &mut self.counts);
        for b in 0..compiled.blocks.len() {
            self.find_rows(compiled, state, b);
        }
        let reached = self.run(compiled, registers, state, until, size, budget, stream);
        for (b, emptied) in self.emptied.iter_mut().enumerate() {
            emptied.drop_from(&mut state.blocks[b], compiled.blocks[b].types.len());
        }
        reached
    }

    fn run(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        state: &mut State,
        until: f64,
        size: f64,
        budget: Budget,
        stream: &mut Stream,
    ) -> Result<bool, Failure> {
        let of_tumour = |i: usize| compiled.blocks[compiled.place[i].0].of_tumour;
        let counted = self.counts.iter().enumerate().filter(|(i, _)| of_tumour(*i));
        let mut total: u64 = counted.map(|(_, n)| n).sum();
        // The fewest cells that reach the size; more than any number of them where none does.
        let size = if size < (1u64 << 63) as f64 { libm::ceil(size.max(0.0)) as u64 } else { u64::MAX };
        if total >= size {
            return Ok(true);
        }
        if total >= 1 << 53 {
            return Err(Failure::TooMany { time: state.time });
        }
        loop {
            if total == 0 && compiled.is_closed() {
                // Nothing can happen any more, whatever rates would be without cells.
                state.time = until;
                return Ok(false);
            }
            let end = self.set_rates(compiled, registers, state)?;
            self.events.set(compiled, &self.rates);
            // Constant rates until `end`, which does not depend on `until` except by ending the call.
            let stop = end.min(until);
            let mut pending = state.pending.take();
            loop {
                let hazard = self.events.hazard(&self.counts);
                let Pending { left, since } =
                    pending.take().unwrap_or_else(|| Pending { left: stream.exponential(), since: state.time });
                let event = if hazard > 0.0 { since + left / hazard } else { f64::INFINITY };
                if event > stop {
                    if end > until {
                        state.pending = Some(Pending { left, since });
                        state.time = until;
                        return Ok(false);
                    }
                    state.pending = Some(Pending { left: (left - hazard * (end - since)).max(0.0), since: end });
                    state.time = end;
                    break;
                }
                state.time = event;
                if let Some((i, cell)) = self.events.choose(&self.counts, stream.uniform() * hazard) {
                    total = match cell {
                        Some((which, u)) => {
                            let at = self.act(compiled, state, i, which, u, &mut total, stream);
                            if compiled.interacting {
                                let counts = &self.counts;
                                self.events.after_event(compiled, registers, counts, at, i, &mut self.rates)?;
                            }
                            total
                        }
                        None => {
                            self.arrive(compiled, state, i);
                            if compiled.interacting {
                                let counts = &self.counts;
                                self.events.after_change(compiled, registers, counts, i, &mut self.rates)?;
                            }
                            total + u64::from(of_tumour(i))
                        }
                    };
                }
                self.done += 1;
                if self.done & 0xffff == 0 {
                    Budget::check_clones(budget.clones, state.clones(), state.time)?;
                }
                if self.done > budget.events {
                    let what =
                        format!("more than {} events; use the leap method for tumours of this size", budget.events);
                    return Err(Failure::Budget { what, time: state.time });
                }
                if total >= size {
                    return Ok(true);
                }
            }
            Budget::check_clones(budget.clones, state.clones(), state.time)?;
            if compiled.interacting {
                self.renew_levels(compiled, registers, state, end)?;
            }
            if state.time >= until {
                return Ok(false);
            }
        }
    }

    /// Sums by clone and the arrivals' rows of block `b`, from the state.
    fn find_rows(&mut self, compiled: &Compiled, state: &State, b: usize) {
        let types = &compiled.blocks[b].types;
        for (position, &t) in types.iter().enumerate() {
            self.index[t].build(&state.blocks[b].counts, types.len(), position);
            self.arrivals[t] = compiled.model.cells[t].immigration.as_ref().and_then(|_| {
                let mine = |f: &crate::state::Founder| f.cause == Cause::Immigration && f.cell_type == t;
                state.blocks[b].founders.iter().position(mine)
            });
        }
    }

    /// Sets `self.rates` for the interval that holds the state's time and returns the interval's end.
    fn set_rates(&mut self, compiled: &Compiled, registers: &mut Registers, state: &State) -> Result<f64, Failure> {
        self.put_counts(compiled, registers);
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

    fn put_counts(&mut self, compiled: &Compiled, registers: &mut Registers) {
        for (x, &n) in self.reals.iter_mut().zip(&self.counts) {
            *x = n as f64;
        }
        compiled.set_counts(registers, &self.reals);
    }

    /// Cell number `which` of type `i` does what `u`, uniform on its total rate, says. Returns the number of the event.
    #[inline]
    fn act(
        &mut self,
        compiled: &Compiled,
        state: &mut State,
        i: usize,
        which: u64,
        u: f64,
        total: &mut u64,
        stream: &mut Stream,
    ) -> usize {
        let (at, action) = self.events.action(i, u);
        let (b, position) = compiled.place[i];
        let m = compiled.blocks[b].types.len();
        let counts = &mut state.blocks[b].counts;
        let clone = self.index[i].find(counts, m, position, which);
        let row = clone * m;
        let counted = u64::from(compiled.blocks[b].of_tumour);
        match action {
            Action::Divide => {
                counts[row + position] += 1;
                self.index[i].add(clone);
                self.counts[i] += 1;
                *total += counted;
            }
            Action::Switch(to) => {
                counts[row + position] -= 1;
                counts[row + compiled.place[to].1] += 1;
                self.index[i].take(clone);
                self.index[to].add(clone);
                self.counts[i] -= 1;
                self.counts[to] += 1;
            }
            Action::FoundAtDivision(c) => {
                self.found(compiled, state, c, clone, stream);
                *total += counted;
            }
            Action::FoundByChange(c) => {
                // The new clone first: rows move when empty ones are dropped.
                self.found(compiled, state, c, clone, stream);
                self.lose(compiled, state, i, clone);
            }
            Action::Die => {
                self.lose(compiled, state, i, clone);
                *total -= counted;
            }
        }
        at
    }

    /// A cell of clone `clone` founds another through channel `c`.
    fn found(&mut self, compiled: &Compiled, state: &mut State, c: usize, clone: usize, stream: &mut Stream) {
        let (channel, l) = (compiled.channels[c], compiled.layout);
        let Founder { id, barcode, .. } = state.blocks[compiled.place[channel.from].0].founders[clone];
        let (excess, founding) = (self.rates[l.excess(c)], self.rates[l.founding(c)]);
        let origin = label(compiled, state, channel.from, excess, founding, stream);
        let parent = Some((id, channel.from));
        state.found(compiled, channel.to, 1, state.time, Cause::Mutation, parent, origin, barcode);
        self.note_row(compiled, state, channel.to);
    }

    /// Takes note of a row added for a founder of type `i`.
    fn note_row(&mut self, compiled: &Compiled, state: &State, i: usize) {
        let b = compiled.place[i].0;
        let types = &compiled.blocks[b].types;
        for (position, &t) in types.iter().enumerate() {
            self.index[t].push(&state.blocks[b].counts, types.len(), position);
        }
        self.counts[i] += 1;
    }

    /// A cell of type `i` is no more in `clone`.
    #[inline]
    fn lose(&mut self, compiled: &Compiled, state: &mut State, i: usize, clone: usize) {
        let (b, position) = compiled.place[i];
        let m = compiled.blocks[b].types.len();
        let clones = &mut state.blocks[b];
        let row = clone * m;
        clones.counts[row + position] -= 1;
        self.index[i].take(clone);
        self.counts[i] -= 1;
        if clones.counts[row + position] == 0 && clones.counts[row..row + m].iter().all(|&n| n == 0) {
            self.empty(compiled, state, b, clone);
        }
    }

    /// The last cell of `clone`, in block `b`, is gone.
    #[cold]
    fn empty(&mut self, compiled: &Compiled, state: &mut State, b: usize, clone: usize) {
        let m = compiled.blocks[b].types.len();
        let clones = &mut state.blocks[b];
        let founder = &clones.founders[clone];
        if founder.cause == Cause::Immigration {
            return;
        }
        state.extinct += 1;
        if self.emptied[b].push(clone, clones) {
            self.emptied[b].drop_from(clones, m);
            self.find_rows(compiled, state, b);
        }
    }

    fn arrive(&mut self, compiled: &Compiled, state: &mut State, i: usize) {
        let (b, position) = compiled.place[i];
        match self.arrivals[i] {
            Some(k) => {
                state.blocks[b].counts[k * compiled.blocks[b].types.len() + position] += 1;
                self.index[i].add(k);
                self.counts[i] += 1;
            }
            None => {
                state.found(compiled, i, 1, state.time, Cause::Immigration, None, Origin::PreExisting, None);
                self.arrivals[i] = Some(state.blocks[b].founders.len() - 1);
                self.note_row(compiled, state, i);
            }
        }
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
            self.put_counts(compiled, registers);
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
