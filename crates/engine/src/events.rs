//! Everything that can happen to a cell, as one flat table: by type, in a fixed order, with the rates of the moment.
//!
//! The table knows which events change which counts, and from the program which rates those counts move; so after an event
//! only these are computed again (Gibson and Bruck 2000, J. Phys. Chem. A 104:1876).

use crate::compiled::Compiled;
use crate::failure::Failure;
use remission_model::expr::Slot;
use remission_model::program::{Plan, Registers};

/// What a cell does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Divides into two of its kind.
    Divide,
    /// Becomes a cell of another type.
    Switch(usize),
    /// Divides, and one daughter founds a clone through this channel.
    FoundAtDivision(usize),
    /// Founds a clone through this channel and is no longer where it was.
    FoundByChange(usize),
    /// Dies.
    Die,
}

/// Rates by event, and what follows from an event.
#[derive(Debug, Clone)]
pub struct Events {
    /// All events of one cell, by type.
    each: Vec<f64>,
    /// Days between the events of one cell, by type.
    every: Vec<f64>,
    /// Arrivals a day, by type.
    arrivals: Vec<f64>,
    /// Where the events of a type begin in `actions`; death comes last. One more at the end.
    first: Vec<usize>,
    actions: Vec<Action>,
    rates: Vec<f64>,
    /// What must be computed again after a count of this type, and with it the total, has changed.
    alone: Vec<Again>,
    /// The same for a cell that goes from one type to another, by event; the total stays.
    pairs: Vec<Option<Again>>,
}

/// Computations and the types they move.
#[derive(Debug, Clone)]
struct Again {
    plan: Plan,
    types: Vec<usize>,
}

impl Again {
    fn after(compiled: &Compiled, changed: &[Slot]) -> Again {
        let plan = compiled.plan(changed);
        let types = (0..compiled.types()).filter(|&i| compiled.moved_by(&plan, i)).collect();
        Again { plan, types }
    }
}

impl Events {
    /// The events of a model; rates are 0 until set.
    pub fn new(compiled: &Compiled) -> Self {
        let n = compiled.types();
        let (mut first, mut actions, mut pairs) = (vec![0], Vec::new(), Vec::new());
        let mut add = |action, pair: Option<(usize, usize)>| {
            actions.push(action);
            let cells = |(a, b)| [Slot::Cells(a), Slot::Cells(b)];
            pairs.push(pair.filter(|_| compiled.interacting).map(|p| Again::after(compiled, &cells(p))));
            actions.len()
        };
        for i in 0..n {
            add(Action::Divide, None);
            for &(_, to) in compiled.switches().iter().filter(|s| s.0 == i) {
                add(Action::Switch(to), Some((i, to)));
            }
            for (c, channel) in compiled.channels.iter().enumerate().filter(|c| c.1.from == i) {
                if channel.per_division {
                    add(Action::FoundAtDivision(c), None);
                } else {
                    add(Action::FoundByChange(c), Some((i, channel.to)));
                }
            }
            first.push(add(Action::Die, None));
        }
        let alone = |i| Again::after(compiled, &[Slot::Cells(i), Slot::Total]);
        let alone = if compiled.interacting { (0..n).map(alone).collect() } else { Vec::new() };
        let rates = vec![0.0; actions.len()];
        Events { each: vec![0.0; n], every: vec![0.0; n], arrivals: vec![0.0; n], first, actions, rates, alone, pairs }
    }

    /// Takes the rates of all types from a rate vector.
    pub fn set(&mut self, compiled: &Compiled, rates: &[f64]) {
        for i in 0..self.each.len() {
            self.set_type(compiled, rates, i);
        }
    }

    fn set_type(&mut self, compiled: &Compiled, rates: &[f64], i: usize) {
        let l = compiled.layout;
        let mut at = self.first[i];
        let mut each = rates[l.birth(i)] + rates[l.death(i)];
        self.rates[at] = rates[l.birth(i)];
        for (s, &(from, _)) in compiled.switches().iter().enumerate() {
            if from == i {
                at += 1;
                self.rates[at] = rates[l.switch(s)];
                each += rates[l.switch(s)];
            }
        }
        for (c, channel) in compiled.channels.iter().enumerate() {
            if channel.from == i {
                at += 1;
                self.rates[at] = rates[l.founding(c)];
                // Mutation per time is already among the losses.
                if channel.per_division {
                    each += rates[l.founding(c)];
                }
            }
        }
        self.each[i] = each;
        self.every[i] = 1.0 / each;
        self.arrivals[i] = rates[l.immigration(i)];
    }

    /// Total hazard now, added up anew in a fixed order.
    #[inline]
    pub fn hazard(&self, counts: &[u64]) -> f64 {
        let mut sum = 0.0;
        for ((&n, each), arrivals) in counts.iter().zip(&self.each).zip(&self.arrivals) {
            sum += n as i64 as f64 * each + arrivals;
        }
        sum
    }

    /// What the point `u` of the total hazard says: a type, and the cell and what is left of `u` within it, or an arrival.
    #[inline]
    pub fn choose(&self, counts: &[u64], mut u: f64) -> Option<(usize, Option<(u64, f64)>)> {
        let types = counts.len();
        for i in 0..types {
            if u < self.arrivals[i] {
                return Some((i, None));
            }
            u -= self.arrivals[i];
            let each = self.each[i];
            let all = counts[i] as i64 as f64 * each;
            // Rounding may leave `u` beyond all that happens: the last type that does anything takes it.
            if u >= all && (i + 1..types).any(|j| counts[j] > 0 || self.arrivals[j] > 0.0) {
                u -= all;
                continue;
            }
            if counts[i] == 0 {
                return None;
            }
            // A cell with no events has no such time: 0 times infinity, which is no number and becomes 0.
            let which = ((u * self.every[i]) as i64 as u64).min(counts[i] - 1);
            return Some((i, Some((which, (u - which as i64 as f64 * each).clamp(0.0, each)))));
        }
        None
    }

    /// What a cell of type `i` does at the point `u` of its own events: the event's number and what it is.
    #[inline]
    pub fn action(&self, i: usize, mut u: f64) -> (usize, Action) {
        let last = self.first[i + 1] - 1;
        for at in self.first[i]..last {
            u -= self.rates[at];
            if u < 0.0 {
                return (at, self.actions[at]);
            }
        }
        (last, Action::Die)
    }

    /// Computes again what event `at` of a cell of type `i` has moved. Counts in the registers are brought up to date.
    pub fn after_event(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        counts: &[u64],
        at: usize,
        i: usize,
        rates: &mut [f64],
    ) -> Result<(), Failure> {
        match self.actions[at] {
            Action::FoundAtDivision(c) => {
                self.after_change(compiled, registers, counts, compiled.channels[c].to, rates)
            }
            Action::Divide | Action::Die => self.after_change(compiled, registers, counts, i, rates),
            Action::Switch(to) => self.after_pair(compiled, registers, counts, at, (i, to), rates),
            Action::FoundByChange(c) => {
                self.after_pair(compiled, registers, counts, at, (i, compiled.channels[c].to), rates)
            }
        }
    }

    /// The same for an arrival, or anything that changes the number of cells of type `i` and with it the total.
    pub fn after_change(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        counts: &[u64],
        i: usize,
        rates: &mut [f64],
    ) -> Result<(), Failure> {
        registers.set(Slot::Cells(i), counts[i] as f64);
        let of_tumour = counts.iter().enumerate().filter(|(i, _)| compiled.model.is_tumour(*i));
        registers.set(Slot::Total, of_tumour.map(|(_, &n)| n as f64).sum());
        let again = std::mem::take(&mut self.alone);
        let done = self.again(compiled, registers, &again[i], rates);
        self.alone = again;
        done
    }

    fn after_pair(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        counts: &[u64],
        at: usize,
        (from, to): (usize, usize),
        rates: &mut [f64],
    ) -> Result<(), Failure> {
        registers.set(Slot::Cells(from), counts[from] as f64);
        registers.set(Slot::Cells(to), counts[to] as f64);
        let pair = self.pairs[at].take();
        let done = match &pair {
            Some(again) => self.again(compiled, registers, again, rates),
            None => Ok(()),
        };
        self.pairs[at] = pair;
        done
    }

    fn again(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        again: &Again,
        rates: &mut [f64],
    ) -> Result<(), Failure> {
        compiled.run_plan(registers, &again.plan);
        for &i in &again.types {
            compiled.rates_of(registers, i, rates)?;
            self.set_type(compiled, rates, i);
        }
        Ok(())
    }
}
