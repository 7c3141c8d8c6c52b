//! A model made ready to run: one program for all rates, cell types grouped by switching, mutation channels listed.
//!
//! Cell types that reach each other by switching form a *block*. A clone lives in one block, since switching
//! founds no clone; a mutation founds a clone, in the same block or another.

use crate::failure::{Budget, Failure};
use remission_model::expr::{Expr, Slot};
use remission_model::program::{Depends, Layout, Plan, Program, Registers};
use remission_model::resolved::{Kind, Model};

/// Cell types connected by switching.
#[derive(Debug, Clone)]
pub struct Block {
    /// Indices of the types, ascending.
    pub types: Vec<usize>,
    /// Switches inside the block: (from, to, which), positions in `types` and index among all switches.
    pub switches: Vec<(usize, usize, usize)>,
    /// Mutations at division that start in the block: (position of the source in `types`, channel). The mother stays.
    pub dividing: Vec<(usize, usize)>,
    /// Mutations per time that start in the block, likewise. The cell itself leaves the block.
    pub leaving: Vec<(usize, usize)>,
    /// Both, those who leave first.
    pub founding: Vec<(usize, usize)>,
}

impl Block {
    /// Kinds of descendants that the law of a step counts: the types, and the cells that left by mutation per time, so that a
    /// cell that leaves is the very cell that founds.
    pub fn width(&self) -> usize {
        self.types.len() + usize::from(!self.leaving.is_empty())
    }

    /// True for one type from which no clone is founded: its law from any moment to any other is that of one line.
    pub fn is_line(&self) -> bool {
        self.types.len() == 1 && !self.founds()
    }

    /// True when clones are founded from here.
    pub fn founds(&self) -> bool {
        !(self.dividing.is_empty() && self.leaving.is_empty())
    }
}

/// A way in which one type founds clones of another.
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// Source type.
    pub from: usize,
    /// Type founded.
    pub to: usize,
    /// Per division (the mother stays) or per time (the cell itself changes).
    pub per_division: bool,
}

/// Where each rate stands in a rate vector; all per day, and all but immigration per cell.
#[derive(Debug, Clone, Copy)]
pub struct RateLayout {
    types: usize,
    switches: usize,
    channels: usize,
}

impl RateLayout {
    /// Divisions that found no clone.
    pub fn birth(&self, i: usize) -> usize {
        i
    }
    /// Losses: death, and mutation per time.
    pub fn death(&self, i: usize) -> usize {
        self.types + i
    }
    /// Arrivals a day, not per cell.
    pub fn immigration(&self, i: usize) -> usize {
        2 * self.types + i
    }
    /// Switch number `s`.
    pub fn switch(&self, s: usize) -> usize {
        3 * self.types + s
    }
    /// Founding events of channel `c`.
    pub fn founding(&self, c: usize) -> usize {
        3 * self.types + self.switches + c
    }
    /// The part of `founding(c)` that is owed to drug.
    pub fn excess(&self, c: usize) -> usize {
        3 * self.types + self.switches + self.channels + c
    }
    /// Length of a rate vector.
    pub fn len(&self) -> usize {
        3 * self.types + self.switches + 2 * self.channels
    }
    /// Never: a model has at least one cell type.
    pub fn is_empty(&self) -> bool {
        self.types == 0
    }
}

/// A model ready to run. Shared by all patients.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The model it came from.
    pub model: Model,
    /// Groups of types connected by switching.
    pub blocks: Vec<Block>,
    /// For each type: (block, position in it).
    pub place: Vec<(usize, usize)>,
    /// All mutations.
    pub channels: Vec<Channel>,
    /// Types of which cells arrive from outside.
    pub immigrants: Vec<usize>,
    /// Positions in a rate vector.
    pub layout: RateLayout,
    /// True when some rate depends on counts or levels, so that cells act on each other.
    pub interacting: bool,
    /// True when some rate depends on the date or a drug.
    pub varying: bool,
    /// True when some rate names the date itself.
    pub uses_time: bool,
    moving: Moving,
    program: Program,
    switches: Vec<(usize, usize)>,
}

/// What moves with a drug or the date: types by what of them does, switches, channels, and the places of all in a rate vector.
#[derive(Debug, Clone, Default)]
struct Moving {
    births: Vec<usize>,
    deaths: Vec<usize>,
    arrivals: Vec<usize>,
    switches: Vec<usize>,
    channels: Vec<usize>,
    places: Vec<usize>,
}

impl Compiled {
    /// Compiles a model; every resolved model can be compiled.
    pub fn new(model: &Model) -> Self {
        let n = model.cells.len();
        let mut switches = Vec::new();
        let mut channels = Vec::new();
        let mut expressions: Vec<Expr> = Vec::new();
        expressions.extend(model.cells.iter().map(|c| c.birth.clone()));
        expressions.extend(model.cells.iter().map(|c| c.death.clone()));
        expressions.extend(model.cells.iter().map(|c| c.immigration.clone().unwrap_or(Expr::Number(0.0))));
        for (i, cell) in model.cells.iter().enumerate() {
            for s in &cell.switches {
                switches.push((i, s.to));
                expressions.push(s.rate.clone());
            }
        }
        let mut undrugged = Vec::new();
        for (i, cell) in model.cells.iter().enumerate() {
            for m in &cell.mutations {
                channels.push(Channel { from: i, to: m.to, per_division: m.per_division });
                expressions.push(m.rate.clone());
                undrugged.push(without_drug(&m.rate));
            }
        }
        expressions.extend(undrugged);
        expressions.extend(model.levels.iter().map(|l| l.rate.clone()));
        let slots = Layout {
            parameters: model.parameters.len(),
            drugs: model.drugs.len(),
            levels: model.levels.len(),
            cells: n,
        };
        let program = Program::new(&expressions, &model.tables, slots);
        let (blocks, place) = blocks(n, &switches, &channels);
        let uses_time = expressions.iter().any(|e| !e.free_of(|s| s == Slot::Time));
        let mut compiled = Compiled {
            model: model.clone(),
            moving: Moving::default(),
            blocks,
            place,
            immigrants: (0..n).filter(|&i| model.cells[i].immigration.is_some()).collect(),
            layout: RateLayout { types: n, switches: switches.len(), channels: channels.len() },
            interacting: program.depends_most() == Depends::State || !model.levels.is_empty(),
            varying: program.depends_most() >= Depends::Exposure,
            uses_time,
            channels,
            program,
            switches,
        };
        compiled.moving = compiled.find_moving();
        compiled
    }

    fn find_moving(&self) -> Moving {
        let (n, l) = (self.types(), self.layout);
        let (switches, channels) = (self.switches.len(), self.channels.len());
        let moves = |k: usize| self.program.depends(k) >= Depends::Exposure;
        let at = |c: usize| 3 * n + switches + c;
        let of = |i: usize, per_division: bool| {
            (0..channels).filter(move |&c| self.channels[c].from == i && self.channels[c].per_division == per_division)
        };
        let mut moving = Moving {
            births: (0..n).filter(|&i| moves(i) || of(i, true).any(|c| moves(at(c)))).collect(),
            deaths: (0..n).filter(|&i| moves(n + i) || of(i, false).any(|c| moves(at(c)))).collect(),
            arrivals: (0..n).filter(|&i| moves(2 * n + i)).collect(),
            switches: (0..switches).filter(|&s| moves(3 * n + s)).collect(),
            channels: (0..channels)
                .filter(|&c| moves(at(c)) || moves(at(c + channels)) || moves(self.channels[c].from))
                .collect(),
            places: Vec::new(),
        };
        let places = moving.births.iter().map(|&i| l.birth(i)).chain(moving.deaths.iter().map(|&i| l.death(i)));
        let places = places.chain(moving.arrivals.iter().map(|&i| l.immigration(i)));
        let places = places.chain(moving.switches.iter().map(|&s| l.switch(s)));
        moving.places = places.chain(moving.channels.iter().flat_map(|&c| [l.founding(c), l.excess(c)])).collect();
        moving
    }

    /// Places in a rate vector of what moves with a drug or the date.
    pub fn moving(&self) -> &[usize] {
        &self.moving.places
    }

    /// As [`rates`](Self::rates) after a drug or the date moved, to the last bit, where `out` holds what does not move.
    ///
    /// # Errors
    /// As there.
    pub fn moving_rates(&self, registers: &mut Registers, out: &mut [f64]) -> Result<(), Failure> {
        self.program.run(registers, Depends::Exposure);
        Budget::check_evaluations(registers.most(), registers.evaluations(), registers.get(Slot::Time))?;
        let (n, l) = (self.types(), self.layout);
        let raw = |k: usize| self.program.output(registers, k);
        let mut good = true;
        let mut take = |k: usize| {
            let value = raw(k);
            good &= (0.0..=f64::MAX).contains(&value);
            value
        };
        let first = 3 * n + self.switches.len();
        for &c in &self.moving.channels {
            let channel = self.channels[c];
            let rate = take(first + c);
            let per_day = if channel.per_division { raw(channel.from) } else { 1.0 };
            out[l.founding(c)] = rate * per_day;
            out[l.excess(c)] = (rate - raw(first + c + self.channels.len())).max(0.0) * per_day;
        }
        let taken = |i: usize, per_division: bool| {
            let own = self.channels.iter().enumerate().filter(|c| c.1.from == i && c.1.per_division == per_division);
            own.fold(0.0, |sum, (c, _)| sum + raw(first + c))
        };
        for &i in &self.moving.births {
            let mutated = taken(i, true);
            out[l.birth(i)] = take(i) * (1.0 - mutated);
            // Not more than all divisions; what is not a number is not good either.
            out[l.birth(i)] = if mutated <= 1.0 { out[l.birth(i)] } else { f64::NAN };
        }
        for &i in &self.moving.deaths {
            out[l.death(i)] = take(n + i) + taken(i, false);
        }
        for &i in &self.moving.arrivals {
            out[l.immigration(i)] = take(2 * n + i);
        }
        for &s in &self.moving.switches {
            out[l.switch(s)] = take(3 * n + s);
        }
        good &= self.moving.births.iter().all(|&i| !out[l.birth(i)].is_nan());
        // The whole finds which term it was.
        if good { Ok(()) } else { self.rates(registers, Depends::State, out) }
    }

    /// Number of cell types.
    pub fn types(&self) -> usize {
        self.model.cells.len()
    }

    /// Registers of a patient with these parameters (base units, in the model's order), no drug, no cells.
    pub fn registers(&self, parameters: &[f64]) -> Registers {
        let mut registers = self.program.registers();
        for (i, &p) in parameters.iter().enumerate() {
            registers.set(Slot::Parameter(i), p);
        }
        self.program.run(&mut registers, Depends::Patient);
        registers
    }

    /// Rates at what the registers hold, after inputs of class `changed` moved.
    ///
    /// # Errors
    /// A rate that is negative, infinite or not a number is a [`Failure`] that names the term and the time; so are more
    /// evaluations than the registers' limit.
    pub fn rates(&self, registers: &mut Registers, changed: Depends, out: &mut [f64]) -> Result<(), Failure> {
        self.program.run(registers, changed);
        Budget::check_evaluations(registers.most(), registers.evaluations(), registers.get(Slot::Time))?;
        let (n, l) = (self.types(), self.layout);
        let raw = |k: usize| self.program.output(registers, k);
        // The places of birth and death first gather what mutation takes from each.
        out[..2 * n].fill(0.0);
        for (c, channel) in self.channels.iter().enumerate() {
            let at = 3 * n + self.switches.len() + c;
            let (rate, plain) = (raw(at), raw(at + self.channels.len()));
            if !(0.0..=f64::MAX).contains(&rate) {
                return Err(self.bad(registers, at, rate));
            }
            let per_day = if channel.per_division { raw(channel.from) } else { 1.0 };
            if channel.per_division {
                out[l.birth(channel.from)] += rate;
            } else {
                out[l.death(channel.from)] += rate;
            }
            out[l.founding(c)] = rate * per_day;
            out[l.excess(c)] = (rate - plain).max(0.0) * per_day;
        }
        for i in 0..n {
            let (birth, death, arrivals) = (raw(i), raw(n + i), raw(2 * n + i));
            for (at, value) in [(i, birth), (n + i, death), (2 * n + i, arrivals)] {
                if !(0.0..=f64::MAX).contains(&value) {
                    return Err(self.bad(registers, at, value));
                }
            }
            let (mutated, lost) = (out[l.birth(i)], out[l.death(i)]);
            if mutated > 1.0 {
                let c = self.channels.iter().position(|c| c.from == i && c.per_division).unwrap_or(0);
                return Err(self.bad(registers, 3 * n + self.switches.len() + c, mutated));
            }
            out[l.birth(i)] = birth * (1.0 - mutated);
            out[l.death(i)] = death + lost;
            out[l.immigration(i)] = arrivals;
        }
        for s in 0..self.switches.len() {
            let rate = raw(3 * n + s);
            if !(0.0..=f64::MAX).contains(&rate) {
                return Err(self.bad(registers, 3 * n + s, rate));
            }
            out[l.switch(s)] = rate;
        }
        Ok(())
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
        let n = self.types();
        let (switches, channels) = (self.switches.len(), self.channels.len());
        let own = [i, n + i, 2 * n + i].into_iter();
        let leaving = (0..switches).filter(|&s| self.switches[s].0 == i).map(|s| 3 * n + s);
        let founding = (0..channels).filter(|&c| self.channels[c].from == i).map(|c| 3 * n + switches + c);
        own.chain(leaving).chain(founding.clone()).chain(founding.map(|k| k + channels)).any(|k| plan.moves(k))
    }

    /// The rates of one type, as [`rates`](Self::rates) gives them, to the last bit, at what has been computed.
    ///
    /// # Errors
    /// As there.
    pub fn rates_of(&self, registers: &mut Registers, i: usize, out: &mut [f64]) -> Result<(), Failure> {
        let (n, l) = (self.types(), self.layout);
        let raw = |k: usize| self.program.output(registers, k);
        let mut good = true;
        let mut take = |k: usize| {
            let value = raw(k);
            good &= (0.0..=f64::MAX).contains(&value);
            value
        };
        let (birth, death, arrivals) = (take(i), take(n + i), take(2 * n + i));
        let (mut mutated, mut lost) = (0.0, 0.0);
        for (c, channel) in self.channels.iter().enumerate().filter(|c| c.1.from == i) {
            let at = 3 * n + self.switches.len() + c;
            let rate = take(at);
            let per_day = if channel.per_division { birth } else { 1.0 };
            *if channel.per_division { &mut mutated } else { &mut lost } += rate;
            out[l.founding(c)] = rate * per_day;
            out[l.excess(c)] = (rate - raw(at + self.channels.len())).max(0.0) * per_day;
        }
        out[l.birth(i)] = birth * (1.0 - mutated);
        out[l.death(i)] = death + lost;
        out[l.immigration(i)] = arrivals;
        for (s, _) in self.switches.iter().enumerate().filter(|s| s.1.0 == i) {
            out[l.switch(s)] = take(3 * n + s);
        }
        // The whole finds which term it was.
        if good && mutated <= 1.0 { Ok(()) } else { self.rates(registers, Depends::State, out) }
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

    /// All switches as (from, to).
    pub fn switches(&self) -> &[(usize, usize)] {
        &self.switches
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

    /// True when a type of this block is resistant.
    pub fn is_resistant(&self, cell_type: usize) -> bool {
        self.model.cells[cell_type].kind == Kind::Resistant
    }
}

fn without_drug(expr: &Expr) -> Expr {
    let go = |e: &Expr| Box::new(without_drug(e));
    match expr {
        Expr::Slot(Slot::Drug(_) | Slot::Delayed(_) | Slot::Effect(_)) => Expr::Number(0.0),
        Expr::Number(_) | Expr::Slot(_) => expr.clone(),
        Expr::Neg(a) => Expr::Neg(go(a)),
        Expr::Binary(op, a, b) => Expr::Binary(*op, go(a), go(b)),
        Expr::Call(law, args) => Expr::Call(*law, args.iter().map(without_drug).collect()),
        Expr::Table(t, a) => Expr::Table(*t, go(a)),
    }
}

fn blocks(n: usize, switches: &[(usize, usize)], channels: &[Channel]) -> (Vec<Block>, Vec<(usize, usize)>) {
    let mut group: Vec<usize> = (0..n).collect();
    for _ in 0..n {
        for &(a, b) in switches {
            let low = group[a].min(group[b]);
            (group[a], group[b]) = (low, low);
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    let mut place = vec![(0, 0); n];
    for root in 0..n {
        let types: Vec<usize> = (0..n).filter(|&i| group[i] == root).collect();
        if types.is_empty() {
            continue;
        }
        for (p, &i) in types.iter().enumerate() {
            place[i] = (blocks.len(), p);
        }
        let (switches, dividing, leaving, founding) = Default::default();
        blocks.push(Block { types, switches, dividing, leaving, founding });
    }
    for (s, &(a, b)) in switches.iter().enumerate() {
        blocks[place[a].0].switches.push((place[a].1, place[b].1, s));
    }
    for (c, channel) in channels.iter().enumerate() {
        let (block, position) = place[channel.from];
        let list = if channel.per_division { &mut blocks[block].dividing } else { &mut blocks[block].leaving };
        list.push((position, c));
    }
    for block in &mut blocks {
        block.founding = [&block.leaving[..], &block.dividing[..]].concat();
    }
    (blocks, place)
}
