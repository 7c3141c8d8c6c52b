//! Rates from what the program has computed: all of them, those that a drug or the date moves, or those of one type.
//!
//! A rate of mutation is taken from what it goes with: at division from births, in time it is added to deaths, since the cell
//! leaves its type. Every value is checked; what is no rate is named with the state in which it was met.

use super::Compiled;
use crate::failure::{Budget, Failure};
use remission_model::expr::Slot;
use remission_model::program::{Depends, Plan, Registers};

/// Some of the rates, by what they are: births, deaths and arrivals of types, switches, channels.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    births: Vec<usize>,
    deaths: Vec<usize>,
    arrivals: Vec<usize>,
    switches: Vec<usize>,
    channels: Vec<usize>,
    /// Their places in a rate vector.
    places: Vec<usize>,
}

impl Compiled {
    /// The type whose rate expression `k` of the program is; a level has none.
    pub(super) fn type_of(&self, k: usize) -> Option<usize> {
        let (n, s, c) = (self.types(), self.switches.len(), self.channels.len());
        match k {
            _ if k < 3 * n => Some(k % n),
            _ if k < 3 * n + s => Some(self.switches[k - 3 * n].0),
            _ if k < 3 * n + s + 2 * c => Some(self.channels[(k - 3 * n - s) % c].from),
            _ => None,
        }
    }

    /// The rates that the chosen expressions of the program enter.
    pub(super) fn terms(&self, chosen: impl Fn(usize) -> bool) -> Terms {
        let (n, l) = (self.types(), self.layout);
        let (first, channels) = (3 * n + self.switches.len(), self.channels.len());
        let some = |list: &[usize]| list.iter().any(|&c| chosen(first + c));
        let founds = |c: usize| {
            let [rate, plain] = [first + c, first + c + channels];
            chosen(rate) || chosen(plain) || (self.channels[c].per_division && chosen(self.channels[c].from))
        };
        let mut terms = Terms {
            births: (0..n).filter(|&i| chosen(i) || some(&self.starting[i][0])).collect(),
            deaths: (0..n).filter(|&i| chosen(n + i) || some(&self.starting[i][1])).collect(),
            arrivals: (0..n).filter(|&i| chosen(2 * n + i)).collect(),
            switches: (0..self.switches.len()).filter(|&s| chosen(3 * n + s)).collect(),
            channels: (0..channels).filter(|&c| founds(c)).collect(),
            places: Vec::new(),
        };
        let places = terms.births.iter().map(|&i| l.birth(i)).chain(terms.deaths.iter().map(|&i| l.death(i)));
        let places = places.chain(terms.arrivals.iter().map(|&i| l.immigration(i)));
        let places = places.chain(terms.switches.iter().map(|&s| l.switch(s)));
        terms.places = places.chain(terms.channels.iter().flat_map(|&c| [l.founding(c), l.excess(c)])).collect();
        terms
    }

    /// Rates at what the registers hold, after inputs of class `changed` moved.
    ///
    /// # Errors
    /// A rate that is negative, infinite or not a number is a [`Failure`] that names the term and the time; so are more
    /// evaluations than the registers' limit.
    pub fn rates(&self, registers: &mut Registers, changed: Depends, out: &mut [f64]) -> Result<(), Failure> {
        self.program.run(registers, changed);
        Budget::check_evaluations(registers.most(), registers.evaluations(), registers.get(Slot::Time))?;
        self.put(registers, &self.all, out)
    }

    /// Places in a rate vector of what moves with any drug or the date, or with this drug alone.
    pub fn moving(&self, drug: Option<usize>) -> &[usize] {
        &drug.map_or(&self.moving, |d| &self.by_drug[d].1).places
    }

    /// As [`rates`](Self::rates) after any drug or the date moved, or this drug alone, where `out` and the registers hold what does
    /// not move.
    ///
    /// # Errors
    /// As there.
    pub fn moving_rates(&self, registers: &mut Registers, drug: Option<usize>, out: &mut [f64]) -> Result<(), Failure> {
        let terms = match drug {
            None => {
                self.program.run(registers, Depends::Exposure);
                &self.moving
            }
            Some(d) => {
                let (plan, terms) = &self.by_drug[d];
                self.program.run_plan(registers, plan);
                registers.count();
                terms
            }
        };
        Budget::check_evaluations(registers.most(), registers.evaluations(), registers.get(Slot::Time))?;
        self.put(registers, terms, out)
    }

    /// Puts these rates into `out`, from what the program has computed.
    fn put(&self, registers: &Registers, terms: &Terms, out: &mut [f64]) -> Result<(), Failure> {
        let (n, l) = (self.types(), self.layout);
        let first = 3 * n + self.switches.len();
        let raw = |k: usize| self.program.output(registers, k);
        let mut good = true;
        let mut take = |k: usize| {
            let value = raw(k);
            good &= (0.0..=f64::MAX).contains(&value);
            value
        };
        for &c in &terms.channels {
            let channel = self.channels[c];
            let (rate, plain) = (take(first + c), raw(first + c + self.channels.len()));
            let per_day = if channel.per_division { raw(channel.from) } else { 1.0 };
            out[l.founding(c)] = rate * per_day;
            out[l.excess(c)] = (rate - plain).max(0.0) * per_day;
        }
        // What mutation takes from births and adds to deaths.
        let taken = |list: &[usize]| list.iter().fold(0.0, |sum, &c| sum + raw(first + c));
        let mut divisions = true;
        for &i in &terms.births {
            let mutated = taken(&self.starting[i][0]);
            divisions &= mutated <= 1.0;
            out[l.birth(i)] = take(i) * (1.0 - mutated);
        }
        for &i in &terms.deaths {
            out[l.death(i)] = take(n + i) + taken(&self.starting[i][1]);
        }
        for &i in &terms.arrivals {
            out[l.immigration(i)] = take(2 * n + i);
        }
        for &s in &terms.switches {
            out[l.switch(s)] = take(3 * n + s);
        }
        if good && divisions { Ok(()) } else { self.first_bad(registers).map_or(Ok(()), Err) }
    }

    /// The first term that is no rate, or more mutations than divisions.
    #[cold]
    fn first_bad(&self, registers: &Registers) -> Option<Failure> {
        let (n, first) = (self.types(), 3 * self.types() + self.switches.len());
        let raw = |k: usize| self.program.output(registers, k);
        let bad = |k: &usize| !(0.0..=f64::MAX).contains(&raw(*k));
        let of_type = |i: usize| {
            let mutated = self.starting[i][0].iter().fold(0.0, |sum, &c| sum + raw(first + c));
            let one = [i, n + i, 2 * n + i].into_iter().find(bad).map(|k| (k, raw(k)));
            one.or_else(|| (mutated > 1.0).then(|| (first + self.starting[i][0][0], mutated)))
        };
        let channel = (first..first + self.channels.len()).find(bad).map(|k| (k, raw(k)));
        let switch = || (3 * n..first).find(bad).map(|k| (k, raw(k)));
        let found = channel.or_else(|| (0..n).find_map(of_type)).or_else(switch);
        found.map(|(k, value)| self.bad(registers, k, value))
    }

    /// What must be computed again after these inputs changed.
    pub fn plan(&self, changed: &[Slot]) -> Plan {
        self.program.plan(changed)
    }

    /// Computes what `plan` says; [`rates_of`](Self::rates_of) then gives the rates that it moves.
    pub fn run_plan(&self, registers: &mut Registers, plan: &Plan) {
        self.program.run_plan(registers, plan);
    }

    /// True when `plan` moves a rate of type `i`, or its arrivals.
    pub fn moved_by(&self, plan: &Plan, i: usize) -> bool {
        let last = 3 * self.types() + self.switches.len() + 2 * self.channels.len();
        (0..last).any(|k| self.type_of(k) == Some(i) && plan.moves(k))
    }

    /// The rates of one type, as [`rates`](Self::rates) gives them, to the last bit, at what has been computed.
    ///
    /// # Errors
    /// As there.
    pub fn rates_of(&self, registers: &Registers, i: usize, out: &mut [f64]) -> Result<(), Failure> {
        self.put(registers, &self.of_type[i], out)
    }

    /// Death of every type, a day and cell, without the cells that leave by mutation; call after [`rates`](Self::rates),
    /// which has checked them.
    pub fn death_rates(&self, registers: &Registers, out: &mut [f64]) {
        for (i, slot) in out.iter_mut().enumerate().take(self.types()) {
            *slot = self.program.output(registers, self.types() + i);
        }
    }

    /// Change of every level a day at what the registers hold; call after [`rates`](Self::rates).
    pub fn level_rates(&self, registers: &Registers, out: &mut [f64]) -> Result<(), Failure> {
        let first = self.program.len() - self.model.levels.len();
        for (k, slot) in out.iter_mut().enumerate() {
            *slot = self.program.output(registers, first + k);
            if !slot.is_finite() {
                return Err(self.bad(registers, first + k, *slot));
            }
        }
        Ok(())
    }

    /// Name of expression `at` of the program, as in the model file.
    fn term(&self, at: usize) -> String {
        let (n, s, c) = (self.types(), self.switches.len(), self.channels.len());
        let name = |i: usize| &self.model.cells[i].name;
        match at {
            _ if at < n => format!("cells.{}.birth", name(at)),
            _ if at < 2 * n => format!("cells.{}.death", name(at - n)),
            _ if at < 3 * n => format!("cells.{}.immigration", name(at - 2 * n)),
            _ if at < 3 * n + s => {
                let (from, to) = self.switches[at - 3 * n];
                format!("cells.{}.switches to {}", name(from), name(to))
            }
            _ if at < 3 * n + s + 2 * c => {
                let channel = self.channels[(at - 3 * n - s) % c];
                format!("cells.{}.mutates to {}", name(channel.from), name(channel.to))
            }
            _ => format!("levels.{}.rate", self.model.levels[at - 3 * n - s - 2 * c].name),
        }
    }

    fn bad(&self, registers: &Registers, at: usize, value: f64) -> Failure {
        let mut state: Vec<(String, f64)> = Vec::new();
        for (i, d) in self.model.drugs.iter().enumerate() {
            state.push((d.name.clone(), registers.get(Slot::Drug(i)) / d.felt_scale));
        }
        for (i, l) in self.model.levels.iter().enumerate() {
            state.push((l.name.clone(), registers.get(Slot::Level(i)) / l.unit_scale));
        }
        for (i, c) in self.model.cells.iter().enumerate() {
            state.push((c.name.clone(), registers.get(Slot::Cells(i))));
        }
        Failure::Rate { term: self.term(at), value, time: registers.get(Slot::Time), state }
    }
}
