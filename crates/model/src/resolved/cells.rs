//! Cell types and levels: how they begin, change and end.

use crate::expr::{Expr, Op};

/// What a cell type is to the question of origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Killed by treatment.
    Sensitive,
    /// Drug-tolerant, reversibly.
    Persister,
    /// Resistant, inherited.
    Resistant,
    /// No cell of the tumour: an effector, counted apart.
    Immune,
}

/// A cell type. All rates are per cell and day.
#[derive(Debug, Clone, PartialEq)]
pub struct CellType {
    /// As used in expressions, where it means its count.
    pub name: String,
    /// Sensitive, persister or resistant.
    pub kind: Kind,
    /// Mechanism of resistance that a rebiopsy would find; types may share one.
    pub mechanism: Option<String>,
    /// Divisions per cell and day.
    pub birth: Expr,
    /// Deaths per cell and day.
    pub death: Expr,
    /// Cells a day that arrive from outside (not per cell); `None` is none.
    pub immigration: Option<Expr>,
    /// Reversible changes of state; they found no clone.
    pub switches: Vec<Switch>,
    /// Inherited changes; each founds a clone.
    pub mutations: Vec<Mutation>,
}

/// A reversible change of a cell's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// Index of the type entered.
    pub to: usize,
    /// Per cell and day.
    pub rate: Expr,
}

/// An inherited change, one daughter at a division or one cell at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutation {
    /// Index of the type founded.
    pub to: usize,
    /// `true`: `rate` is a probability per division (one daughter mutates, the mother stays);
    /// `false`: `rate` is per cell and day and the cell itself changes.
    pub per_division: bool,
    /// Probability per division, or rate per day, apart from what `adds` adds.
    pub rate: Expr,
    /// What treatment adds to it, also where it goes through a level: founders owed to this part are drug-induced.
    pub adds: Option<Expr>,
    /// Mutational signature that what is drug-induced carries.
    pub signature: Option<String>,
}

impl Mutation {
    /// At a division (a probability) or in time (a rate a day), owing nothing to treatment but what follows drugs.
    pub fn new(to: usize, per_division: bool, rate: Expr) -> Self {
        Mutation { to, per_division, rate, adds: None, signature: None }
    }

    /// All of the rate.
    pub fn whole(&self) -> Expr {
        match &self.adds {
            Some(adds) => Expr::Binary(Op::Add, Box::new(self.rate.clone()), Box::new(adds.clone())),
            None => self.rate.clone(),
        }
    }
}

/// A continuous quantity with a rate of change.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// As used in expressions.
    pub name: String,
    /// Value at the start, base units; an expression over parameters.
    pub start: Expr,
    /// Change a day.
    pub rate: Expr,
    /// Unit as written, for printing.
    pub unit: String,
    /// What one written unit is in base units.
    pub unit_scale: f64,
}

/// Something that happens to a patient at a rate: a rash, a flare. Its level is the rate integrated, the number of events to be expected.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Index of the level of the same name, whose rate is that of the event.
    pub level: usize,
    /// Days that it lasts, during which it does not happen again; `None`: it happens once, for good.
    pub lasts: Option<Expr>,
    /// Share of those to whom it happens whom it kills.
    pub fatal: Expr,
}

/// What exists when treatment begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// Grown without drug from a few cells until the total reaches a size, conditioned on survival.
    Grown {
        /// Index of the founding type.
        founder: usize,
        /// How many founding cells (at least 1).
        from: u64,
        /// Total cells at which treatment begins; over parameters.
        until: Expr,
    },
    /// Typed in: (type, cells; over parameters). Each is one clone that was there before, or one a barcode.
    Given(Vec<(usize, Expr)>),
}

/// Barcodes that the first cells carry: those typed in, or those that a tumour grows from. All cells of one type with one
/// barcode are one clone at first, and mutants have the barcode of their parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barcodes {
    /// Every cell has one of its own.
    OnePerCell,
    /// Every cell has one of so many (at least 1), each as likely as any other and whatever the others have.
    Library(u32),
}

/// How patients die.
#[derive(Debug, Clone, PartialEq)]
pub struct Death {
    /// Hazard a day from other causes; over parameters.
    pub background: Expr,
    /// Total cells at which the tumour kills; over parameters (which may vary between patients).
    pub burden: Option<Expr>,
}
