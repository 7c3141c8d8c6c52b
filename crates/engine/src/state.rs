//! What exists at a moment: clones with their counts, levels, and the pending event of exact simulation.
//!
//! A clone is what descends from one founder without further mutation. Its origin label is part of the founder and
//! never changes. Counts are integers; means live in [`crate::mean`] and never meet them.

use crate::compiled::Compiled;

/// Where a resistant clone came from, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Founded before treatment began, whatever the parent.
    PreExisting,
    /// Founded under treatment and owed to the drug's excess mutation rate.
    DrugInduced,
    /// Founded under treatment from a drug-tolerant cell.
    Persister,
    /// Founded under treatment from a dividing cell.
    Cycling,
}

impl Origin {
    /// All, in order of precedence.
    pub const ALL: [Origin; 4] = [Origin::PreExisting, Origin::DrugInduced, Origin::Persister, Origin::Cycling];

    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Origin::PreExisting => "pre_existing",
            Origin::DrugInduced => "drug_induced",
            Origin::Persister => "persister",
            Origin::Cycling => "cycling",
        }
    }
}

/// What made a founder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// There at the start, typed in or the first cell of a grown tumour.
    Start,
    /// An inherited change.
    Mutation,
    /// Arrived from outside; all arrivals of a type are one clone.
    Immigration,
}

/// A founder: the first cell of a clone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Founder {
    /// Number within the tumour, in order of founding.
    pub id: u32,
    /// Clone it came from.
    pub parent: Option<u32>,
    /// Its cell type.
    pub cell_type: usize,
    /// Type of the cell it came from: the parent's state, kept apart from the label.
    pub parent_type: Option<usize>,
    /// Days since treatment began; negative before.
    pub founded: f64,
    /// What made it.
    pub cause: Cause,
    /// The label.
    pub origin: Origin,
    /// Barcode that its cells carry: that of the first cell it descends from.
    pub barcode: Option<u32>,
}

/// Clones of one block; counts by type, one row a clone.
#[derive(Debug, Default, PartialEq)]
pub struct Clones {
    /// Founders, in order of founding.
    pub founders: Vec<Founder>,
    /// Cells, `founders.len()` rows as wide as the block.
    pub counts: Vec<u64>,
}

impl Clone for Clones {
    fn clone(&self) -> Clones {
        Clones { founders: self.founders.clone(), counts: self.counts.clone() }
    }

    /// In the memory that is there.
    fn clone_from(&mut self, other: &Clones) {
        self.founders.clone_from(&other.founders);
        self.counts.clone_from(&other.counts);
    }
}

impl Clones {
    /// All cells; 2^64 - 1 for more.
    pub fn cells(&self) -> u64 {
        self.counts.iter().fold(0, |sum, &n| sum.saturating_add(n))
    }
}

/// What is left of the waiting time to the next event, in units of integrated hazard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pending {
    /// Unit-exponential waiting time left at `since`.
    pub left: f64,
    /// Days since treatment began.
    pub since: f64,
}

/// A tumour at a moment.
#[derive(Debug, PartialEq)]
pub struct State {
    /// Days since treatment began; counted from the first cell while the tumour is being grown.
    pub time: f64,
    /// True until treatment begins; founders are then pre-existing.
    pub before_treatment: bool,
    /// Clones by block.
    pub blocks: Vec<Clones>,
    /// Levels, base units.
    pub levels: Vec<f64>,
    /// Founded clones that died out.
    pub extinct: u64,
    /// Next event of exact simulation.
    pub pending: Option<Pending>,
    /// Next founder's number.
    pub next_id: u32,
}

impl Clone for State {
    fn clone(&self) -> State {
        State { blocks: self.blocks.clone(), levels: self.levels.clone(), ..*self }
    }

    /// In the memory that is there.
    fn clone_from(&mut self, other: &State) {
        let (mut blocks, mut levels) = (std::mem::take(&mut self.blocks), std::mem::take(&mut self.levels));
        blocks.clone_from(&other.blocks);
        levels.clone_from(&other.levels);
        *self = State { blocks, levels, ..*other };
    }
}

impl State {
    /// No cells.
    pub fn empty(compiled: &Compiled) -> Self {
        State {
            time: 0.0,
            before_treatment: false,
            blocks: vec![Clones::default(); compiled.blocks.len()],
            levels: Vec::new(),
            extinct: 0,
            pending: None,
            next_id: 0,
        }
    }

    /// Adds a clone of `cells` cells of `cell_type`, with the barcode of its parent where it has one; returns its number.
    pub fn found(
        &mut self,
        compiled: &Compiled,
        cell_type: usize,
        cells: u64,
        founded: f64,
        cause: Cause,
        parent: Option<(u32, usize)>,
        origin: Origin,
        barcode: Option<u32>,
    ) -> u32 {
        let id = self.next_id;
        self.next_id += 1;
        let (block, position) = compiled.place[cell_type];
        let width = compiled.blocks[block].types.len();
        let clones = &mut self.blocks[block];
        if width == 1 {
            clones.counts.push(cells);
        } else {
            let row = clones.counts.len();
            clones.counts.resize(row + width, 0);
            clones.counts[row + position] = cells;
        }
        clones.founders.push(Founder {
            id,
            parent: parent.map(|p| p.0),
            cell_type,
            parent_type: parent.map(|p| p.1),
            founded,
            cause,
            origin,
            barcode,
        });
        id
    }

    /// Cells of each type.
    pub fn by_type(&self, compiled: &Compiled) -> Vec<u64> {
        let mut sums = vec![0; compiled.types()];
        self.add_by_type(compiled, &mut sums);
        sums
    }

    /// Adds the cells of each type to `sums`; 2^64 - 1 for more.
    pub fn add_by_type(&self, compiled: &Compiled, sums: &mut [u64]) {
        for (block, clones) in compiled.blocks.iter().zip(&self.blocks) {
            for row in clones.counts.chunks_exact(block.types.len()) {
                for (&t, &n) in block.types.iter().zip(row) {
                    sums[t] = sums[t].saturating_add(n);
                }
            }
        }
    }

    /// All cells, immune ones included; 2^64 - 1 for more.
    pub fn total(&self) -> u64 {
        self.blocks.iter().fold(0, |sum, block| sum.saturating_add(block.cells()))
    }

    /// All cells of the tumour; 2^64 - 1 for more.
    pub fn tumour(&self, compiled: &Compiled) -> u64 {
        if !compiled.has_immune {
            return self.total();
        }
        let of_tumour = self.blocks.iter().zip(&compiled.blocks).filter(|(_, b)| b.of_tumour);
        of_tumour.fold(0, |sum, (block, _)| sum.saturating_add(block.cells()))
    }

    /// Number of clones with living cells.
    pub fn clones(&self) -> usize {
        self.blocks.iter().map(|b| b.founders.len()).sum()
    }

    /// Forgets clones without cells, keeping their number. The arrivals' clone stays.
    pub fn prune(&mut self, compiled: &Compiled) {
        for (block, clones) in compiled.blocks.iter().zip(&mut self.blocks) {
            let width = block.types.len();
            let mut kept = 0;
            for k in 0..clones.founders.len() {
                let founder = clones.founders[k];
                let row = k * width..(k + 1) * width;
                if clones.counts[row.clone()].iter().all(|&n| n == 0) && founder.cause != Cause::Immigration {
                    self.extinct += 1;
                    continue;
                }
                if kept != k {
                    clones.founders[kept] = founder;
                    clones.counts.copy_within(row, kept * width);
                }
                kept += 1;
            }
            clones.founders.truncate(kept);
            clones.counts.truncate(kept * width);
        }
    }

    /// Makes this moment day 0 of treatment: founding times become negative.
    pub fn begin_treatment(&mut self) {
        let shift = self.time;
        self.time = 0.0;
        self.before_treatment = false;
        self.pending = None;
        for clones in &mut self.blocks {
            clones.founders.iter_mut().for_each(|f| f.founded -= shift);
        }
    }
}
