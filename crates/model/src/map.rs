//! A model read as a graph: what there is (nodes), what becomes of it (arrows), what acts on which rate (arrows too), and on
//! which evidence each arrow stands.
//!
//! Nodes are cell types, levels (the events that may happen to a patient among them), drugs (all compartments, delays and effect compartments of a drug are one node) and the doses of
//! each drug; all cells together and the date are nodes where a rate names them. An arrow stands on the parameters of its
//! expression, and its [`Mark`] is the weakest of theirs. An influence stands on those parameters that meet the influencing name
//! on the way to the rate: in a sum, those of the terms that hold the name; in a product, those of all factors.
//!
//! Whether an influence raises or lowers a rate is found by evaluating the rate of the typical patient (every number at its
//! centre) along a ladder of values of the one name, from nothing to far beyond what occurs, all else held: once as it is
//! when treatment begins and no drug is there, and once with everything else present. Where a rate rises somewhere and falls
//! elsewhere both is said. Partial derivatives only: a cell type that also counts in `total` acts through `total` by an arrow of
//! its own.
//!
//! Left out: what is seen (measurements), how patients die, and how large the tumour is when treatment begins; the parameters
//! that only these need are in [`Map::elsewhere`].

mod evidence;
mod signs;

use crate::expr::{Expr, Op, Slot};
use crate::resolved::{Drug, Model, Route, Source};
use evidence::Evidence;
use signs::Typical;

/// What a model is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Doses of a drug (its index), as a regimen gives them.
    Dose(usize),
    /// A drug in the body.
    Drug(usize),
    /// A cell type.
    Cells(usize),
    /// A level.
    Level(usize),
    /// All cells together, where a rate names them.
    Total,
    /// Days since treatment began, where a rate names them.
    Time,
}

/// What an arrow's evidence is, from strong to weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Every number is printed in a publication.
    Cited,
    /// At least one was estimated from data, none is weaker.
    Fitted,
    /// At least one is assumed.
    Assumed,
    /// A number without a name, or a table, of which nothing says where it comes from; 0, 1 and 2 are no such numbers.
    Bare,
}

impl Mark {
    /// As in the text of a map.
    pub fn name(self) -> &'static str {
        match self {
            Mark::Cited => "cited",
            Mark::Fitted => "fitted",
            Mark::Assumed => "assumed",
            Mark::Bare => "bare",
        }
    }

    /// That of a source.
    pub fn of(source: &Source) -> Mark {
        match source {
            Source::Cited(_) => Mark::Cited,
            Source::Fitted(_) => Mark::Fitted,
            Source::Assumed { .. } => Mark::Assumed,
        }
    }
}

/// Which way a rate goes when something grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It never falls and somewhere rises.
    Raises,
    /// It never rises and somewhere falls.
    Lowers,
    /// It rises somewhere and falls elsewhere.
    Both,
    /// It stays as it is: a parameter switches the influence off.
    Nothing,
    /// The rate is no number wherever it was looked at.
    Unknown,
}

/// What an arrow stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// Doses enter the body.
    Dose,
    /// A drug leaves it.
    Elimination,
    /// Division.
    Birth,
    /// Death.
    Death,
    /// Arrival from outside.
    Immigration,
    /// A reversible change of state.
    Switching,
    /// An inherited change: of one daughter at a division, or of the cell itself at any time.
    Mutation {
        /// At a division.
        per_division: bool,
    },
    /// What adds to a level.
    Production,
    /// An event happens to the patient; its level is the number of events to be expected.
    Happens,
    /// What takes from a level.
    Loss,
    /// A change of a level that may go either way.
    Change,
    /// Something acts on the rate of another arrow.
    Influence {
        /// Index of that arrow.
        on: usize,
        /// The name that stands in the rate.
        slot: Slot,
        /// Which way.
        sign: Sign,
    },
}

/// One arrow.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrow {
    /// Where it begins; nothing: outside.
    pub from: Option<Node>,
    /// Where it ends (of an influence: at what the rate belongs to); nothing: gone.
    pub to: Option<Node>,
    /// What it stands for.
    pub what: What,
    /// The rate, base units; nothing of doses, eliminations and influences.
    pub rate: Option<Expr>,
    /// Parameters that it stands on (indices, in the order of the model).
    pub parameters: Vec<usize>,
    /// The weakest of their marks; without parameters, cited (nothing was assumed) or bare.
    pub mark: Mark,
}

/// A model as a graph. The order of nodes and arrows is that of the model's file.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Doses, drugs, cell types, levels, then all cells and the date where a rate names them.
    pub nodes: Vec<Node>,
    /// Arrows of drugs, of cell types, of levels, then influences by the arrow that they act on.
    pub arrows: Vec<Arrow>,
    /// Parameters on no arrow.
    pub elsewhere: Vec<usize>,
}

impl Map {
    /// Reads a model.
    ///
    /// ```
    /// use remission_model::map::{Map, Node, What};
    /// let text = std::fs::read_to_string("../../spec/cases/valid/immune_levels.toml").unwrap();
    /// let model = remission_model::model_from_toml("immune_levels.toml", &text).unwrap();
    /// let map = Map::of(&model);
    /// let births = map.arrows.iter().filter(|a| a.what == What::Birth).count();
    /// assert!(births > 0 && map.nodes.contains(&Node::Cells(0)));
    /// ```
    pub fn of(model: &Model) -> Map {
        let mut arrows = drugs(model);
        arrows.extend(cells(model));
        arrows.extend(levels(model));
        let typical = Typical::of(model);
        let mut influences = Vec::new();
        for (on, arrow) in arrows.iter().enumerate() {
            let (Some(rate), Some(owner)) = (&arrow.rate, arrow.from.or(arrow.to)) else { continue };
            for slot in slots(rate) {
                let from = node_of(slot);
                // That a level is lost in proportion to itself is what loss means.
                if from == owner && matches!(owner, Node::Level(_)) {
                    continue;
                }
                let mut found = Evidence::new(model);
                found.meeting(rate, slot);
                found.reaching(slot);
                let sign = typical.sign(rate, slot, model);
                influences.push(found.arrow(Some(from), Some(owner), What::Influence { on, slot, sign }, None));
            }
        }
        arrows.extend(influences);
        let mut nodes: Vec<Node> = (0..model.drugs.len()).flat_map(|d| [Node::Dose(d), Node::Drug(d)]).collect();
        nodes.sort();
        nodes.extend((0..model.cells.len()).map(Node::Cells));
        nodes.extend((0..model.levels.len()).map(Node::Level));
        let named = |node: &Node| arrows.iter().any(|a| a.from == Some(*node));
        nodes.extend([Node::Total, Node::Time].into_iter().filter(named));
        let on_arrow = |p: &usize| arrows.iter().any(|a| a.parameters.contains(p));
        let elsewhere = (0..model.parameters.len()).filter(|p| !on_arrow(p)).collect();
        Map { nodes, arrows, elsewhere }
    }
}

/// The node that a name stands for; a parameter is none, and is never asked for.
fn node_of(slot: Slot) -> Node {
    match slot {
        Slot::Drug(k) | Slot::Delayed(k) | Slot::Effect(k) => Node::Drug(k),
        Slot::Level(k) => Node::Level(k),
        Slot::Cells(k) => Node::Cells(k),
        Slot::Total => Node::Total,
        Slot::Time | Slot::Parameter(_) => Node::Time,
    }
}

/// Names in an expression that are no parameters, each once, in the order in which they first come.
fn slots(expr: &Expr) -> Vec<Slot> {
    let mut found = Vec::new();
    expr.each_slot(&mut |slot| {
        if !matches!(slot, Slot::Parameter(_)) && !found.contains(&slot) {
            found.push(slot);
        }
    });
    found
}

/// Arrows of doses and drugs.
fn drugs(model: &Model) -> Vec<Arrow> {
    let mut out = Vec::new();
    for (k, drug) in model.drugs.iter().enumerate() {
        let Drug { route, lag, bioavailability, clearance, volume, peripheral, .. } = drug;
        let (mut enters, mut leaves) = (Evidence::new(model), Evidence::new(model));
        let section = format!("drugs.{}", drug.name);
        lag.iter().chain(bioavailability).for_each(|e| enters.value(&section, e));
        match route {
            Route::Oral { ka } => enters.value(&section, ka),
            Route::Kpd { elimination } => leaves.value(&section, elimination),
            _ => {}
        }
        [clearance, volume].into_iter().for_each(|e| leaves.value(&section, e));
        peripheral.iter().flat_map(|(flow, second)| [flow, second]).for_each(|e| leaves.value(&section, e));
        let (dose, body) = (Some(Node::Dose(k)), Some(Node::Drug(k)));
        out.push(enters.arrow(dose, body, What::Dose, None));
        if !route.is_set() {
            out.push(leaves.arrow(body, None, What::Elimination, None));
        }
    }
    out
}

/// Arrows of cell types; what is written as 0 is none.
fn cells(model: &Model) -> Vec<Arrow> {
    let mut out = Vec::new();
    for (i, cell) in model.cells.iter().enumerate() {
        let me = Some(Node::Cells(i));
        let mut push = |from, to, what, rate: &Expr| {
            if *rate != Expr::Number(0.0) {
                let mut found = Evidence::new(model);
                found.all(rate);
                out.push(found.arrow(from, to, what, Some(rate.clone())));
            }
        };
        push(me, me, What::Birth, &cell.birth);
        push(me, None, What::Death, &cell.death);
        cell.immigration.iter().for_each(|rate| push(None, me, What::Immigration, rate));
        cell.switches.iter().for_each(|s| push(me, Some(Node::Cells(s.to)), What::Switching, &s.rate));
        for m in &cell.mutations {
            let what = What::Mutation { per_division: m.per_division };
            push(me, Some(Node::Cells(m.to)), what, &m.whole());
        }
    }
    out
}

/// Arrows of levels: the terms of the rate that add, and those that take away.
fn levels(model: &Model) -> Vec<Arrow> {
    let typical = Typical::of(model);
    let mut out = Vec::new();
    for (k, level) in model.levels.iter().enumerate() {
        let (mut gains, mut losses, mut either) = (Vec::new(), Vec::new(), Vec::new());
        let mut terms = Vec::new();
        split(&level.rate, true, &mut terms);
        for (adds, term) in terms {
            match (adds, typical.may_be_negative(term, model)) {
                (true, false) => gains.push(term.clone()),
                (false, false) => losses.push(term.clone()),
                (true, true) => either.push(term.clone()),
                (false, true) => either.push(Expr::Neg(Box::new(term.clone()))),
            }
        }
        let me = Some(Node::Level(k));
        let gain = if model.events.iter().any(|e| e.level == k) { What::Happens } else { What::Production };
        let sides = [(gains, None, me, gain), (losses, me, None, What::Loss), (either, None, me, What::Change)];
        for (terms, from, to, what) in sides {
            let sum = terms.into_iter().reduce(|a, b| Expr::Binary(Op::Add, Box::new(a), Box::new(b)));
            if let Some(rate) = sum.filter(|rate| *rate != Expr::Number(0.0)) {
                let mut found = Evidence::new(model);
                found.all(&rate);
                out.push(found.arrow(from, to, what, Some(rate)));
            }
        }
    }
    out
}

/// Terms of a sum, each with true where it is added.
fn split<'e>(expr: &'e Expr, adds: bool, out: &mut Vec<(bool, &'e Expr)>) {
    match expr {
        Expr::Neg(a) => split(a, !adds, out),
        Expr::Binary(Op::Add, a, b) => {
            split(a, adds, out);
            split(b, adds, out);
        }
        Expr::Binary(Op::Sub, a, b) => {
            split(a, adds, out);
            split(b, !adds, out);
        }
        _ => out.push((adds, expr)),
    }
}
