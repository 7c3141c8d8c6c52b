//! A model made ready to run: one program for all rates, cell types grouped by switching, mutation channels listed.
//!
//! Cell types that reach each other by switching form a *block*. A clone lives in one block, since switching
//! founds no clone; a mutation founds a clone, in the same block or another.

mod rates;
mod untreated;

use rates::Terms;
use remission_model::expr::{Expr, Slot};
use remission_model::program::{Depends, Layout, Plan, Program, Registers};
use remission_model::resolved::{Kind, Model};
pub use untreated::Untreated;

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
    /// False where the cells are immune: they count for nothing in the size of the tumour.
    pub of_tumour: bool,
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
    /// True when a rate of cells depends on counts or levels, or cells arrive beside levels. Where none does, levels only follow the cells,
    /// whose steps are not shortened by them but for ending where an input jumps.
    pub coupled: bool,
    /// True when some rate depends on the date or a drug.
    pub varying: bool,
    /// True when some cells are not of the tumour.
    pub has_immune: bool,
    /// True when some rate names the date itself.
    pub uses_time: bool,
    /// All rates, those that move with a drug or the date, those that move with each drug, and those of each type.
    all: Terms,
    moving: Terms,
    by_drug: Vec<(Plan, Terms)>,
    of_type: Vec<Terms>,
    /// Channels that start from each type: at division, and per time.
    starting: Vec<[Vec<usize>; 2]>,
    program: Program,
    switches: Vec<(usize, usize)>,
    untreated: Option<Box<Untreated>>,
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
                expressions.push(m.whole());
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
        let (mut blocks, place) = blocks(n, &switches, &channels, &|_| true);
        // Immune cells do not switch into others.
        blocks.iter_mut().for_each(|b| b.of_tumour = model.is_tumour(b.types[0]));
        let uses_time = expressions.iter().any(|e| !e.free_of(|s| s == Slot::Time));
        let mut compiled = Compiled {
            model: model.clone(),
            all: Terms::default(),
            moving: Terms::default(),
            by_drug: Vec::new(),
            of_type: Vec::new(),
            starting: Vec::new(),
            blocks,
            place,
            immigrants: (0..n).filter(|&i| model.cells[i].immigration.is_some()).collect(),
            layout: RateLayout { types: n, switches: switches.len(), channels: channels.len() },
            interacting: program.depends_most() == Depends::State || !model.levels.is_empty(),
            coupled: (0..program.len() - model.levels.len()).any(|k| program.depends(k) == Depends::State)
                || (!model.levels.is_empty() && model.cells.iter().any(|c| c.immigration.is_some())),
            varying: program.depends_most() >= Depends::Exposure,
            has_immune: (0..n).any(|t| !model.is_tumour(t)),
            uses_time,
            channels,
            program,
            switches,
            untreated: None,
        };
        let from = |i: usize, per_division: bool| {
            let channels = compiled.channels.iter().enumerate();
            channels.filter(|c| c.1.from == i && c.1.per_division == per_division).map(|c| c.0).collect()
        };
        compiled.starting = (0..n).map(|i| [from(i, true), from(i, false)]).collect();
        compiled.all = compiled.terms(|_| true);
        compiled.moving = compiled.terms(|k| compiled.program.depends(k) >= Depends::Exposure);
        compiled.by_drug = (0..model.drugs.len())
            .map(|d| {
                let plan = compiled.plan(&[Slot::Drug(d), Slot::Delayed(d), Slot::Effect(d)]);
                let terms = compiled.terms(|k| plan.moves(k));
                (plan, terms)
            })
            .collect();
        compiled.of_type = (0..n).map(|i| compiled.terms(|k| compiled.type_of(k) == Some(i))).collect();
        compiled.untreated = Untreated::new(&compiled).map(Box::new);
        compiled
    }

    /// True when nothing can happen any more where no cell is left: none arrives, and no level goes on.
    pub fn is_closed(&self) -> bool {
        self.immigrants.is_empty() && self.model.levels.is_empty() && !self.has_immune
    }

    /// Puts counts of cells into a patient's registers.
    pub fn set_counts(&self, registers: &mut Registers, counts: &[f64]) {
        for (i, &n) in counts.iter().enumerate() {
            registers.set(Slot::Cells(i), n);
        }
        registers.set(Slot::Total, self.total(counts));
    }

    /// Cells of the tumour, all but immune ones, of counts by type.
    pub fn total(&self, by_type: &[f64]) -> f64 {
        if self.has_immune { self.model.total(by_type) } else { by_type.iter().sum() }
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

    /// All switches as (from, to).
    pub fn switches(&self) -> &[(usize, usize)] {
        &self.switches
    }

    /// True when a type of this block is resistant.
    pub fn is_resistant(&self, cell_type: usize) -> bool {
        self.model.cells[cell_type].kind == Kind::Resistant
    }
}

fn without_drug(expr: &Expr) -> Expr {
    let drug = |s| matches!(s, Slot::Drug(_) | Slot::Delayed(_) | Slot::Effect(_));
    expr.replaced(&|s| drug(s).then_some(Expr::Number(0.0)))
}

/// The blocks when these switches alone connect types.
fn blocks(
    n: usize,
    switches: &[(usize, usize)],
    channels: &[Channel],
    connects: &dyn Fn(usize) -> bool,
) -> (Vec<Block>, Vec<(usize, usize)>) {
    let switches = || switches.iter().copied().enumerate().filter(|s| connects(s.0));
    let mut group: Vec<usize> = (0..n).collect();
    for _ in 0..n {
        for (_, (a, b)) in switches() {
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
        let (within, dividing, leaving, founding) = Default::default();
        blocks.push(Block { types, switches: within, dividing, leaving, founding, of_tumour: true });
    }
    for (s, (a, b)) in switches() {
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
