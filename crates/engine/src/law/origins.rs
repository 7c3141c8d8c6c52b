//! Where resistance comes from: the backward equations with labels.
//!
//! A clone carries the label of its founding ([`Origin`]): `pre_existing` before treatment; under treatment
//! `drug_induced` with the share of the mutation rate that is owed to drug, else `persister` or `cycling` by the cell that
//! mutated. A clone is *alive* when it has a resistant cell; what its cells found by mutation are other clones.
//!
//! P(a clone of one label is alive) needs every cell type twice: cells whose own clone bears the label, and all others.
//! Expected numbers of living clones, and of resistant cells in them, need for every label a linear value of every type,
//! and, once, the chance that a clone lives and the cells it has.

use super::equations::{Equations, Kind, Link, Rate, arrivals, clone_of};
use crate::compiled::Compiled;
use crate::state::Origin;
use remission_model::resolved::Kind as CellKind;

/// The label of a clone founded under treatment from this type, when it is not owed to drug.
fn from_parent(compiled: &Compiled, parent: usize) -> Origin {
    match compiled.model.cells[parent].kind {
        CellKind::Persister => Origin::Persister,
        _ => Origin::Cycling,
    }
}

/// How often channel `c` founds clones of `label`, and clones of other labels.
fn founding(compiled: &Compiled, c: usize, label: Origin, treated: bool) -> (Vec<Rate>, Vec<Rate>) {
    let layout = compiled.layout;
    let all = Rate::at(layout.founding(c));
    if !treated {
        return if label == Origin::PreExisting { (vec![all], vec![]) } else { (vec![], vec![all]) };
    }
    let excess = Rate::at(layout.excess(c));
    let rest = Rate { minus: Some(layout.excess(c)), ..all };
    let parent = from_parent(compiled, compiled.channels[c].from);
    let pick = |origin: Origin, rate: Rate, own: &mut Vec<Rate>, others: &mut Vec<Rate>| {
        if origin == label { own.push(rate) } else { others.push(rate) }
    };
    let (mut own, mut others) = (Vec::new(), Vec::new());
    pick(Origin::DrugInduced, excess, &mut own, &mut others);
    pick(parent, rest, &mut own, &mut others);
    (own, others)
}

/// P(a clone of `label` is alive): kinds `i` are cells of type i in clones of other labels, `n + i` in clones of this one,
/// `2 n` adds up arrivals. Under treatment, or before it.
pub fn present(compiled: &Compiled, label: Origin, treated: bool) -> Equations {
    let n = compiled.types();
    let mut kinds: Vec<Kind> =
        [0, n].iter().flat_map(|&f| (0..n).map(move |i| clone_of(compiled, i, f, true))).collect();
    for (c, channel) in compiled.channels.iter().enumerate() {
        let (own, others) = founding(compiled, c, label, treated);
        for first in [0, n] {
            let links = &mut kinds[first + channel.from].links;
            let mut link = |to, rate| links.push(Link { to, rate, beside: channel.per_division });
            own.iter().for_each(|&rate| link(n + channel.to, rate));
            others.iter().for_each(|&rate| link(channel.to, rate));
        }
    }
    kinds.push(arrivals(compiled, if label == Origin::PreExisting { n } else { 0 }));
    Equations { kinds }
}

/// Values of [`present`] at the moment asked for.
pub fn present_at_end(compiled: &Compiled) -> Vec<f64> {
    let n = compiled.types();
    (0..2 * n + 1).map(|k| f64::from(u8::from(k >= n && k < 2 * n && compiled.is_resistant(k - n)))).collect()
}

/// Where the kinds of [`numbers`] stand.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    n: usize,
}

impl Places {
    /// Of a model of so many types.
    pub fn new(compiled: &Compiled) -> Places {
        Places { n: compiled.types() }
    }
    /// Chance that the clone of a cell of type `i` is alive.
    pub fn alive(&self, i: usize) -> usize {
        i
    }
    /// Expected resistant cells of the clone of a cell of type `i`.
    pub fn size(&self, i: usize) -> usize {
        self.n + i
    }
    /// Expected living clones of a label (by place in [`Origin::ALL`]) founded by descendants of a cell of type `i`, its own
    /// clone left out.
    pub fn clones(&self, label: usize, i: usize) -> usize {
        (2 + label) * self.n + i
    }
    /// Expected resistant cells in these clones.
    pub fn cells(&self, label: usize, i: usize) -> usize {
        (2 + Origin::ALL.len() + label) * self.n + i
    }
    fn sums(&self) -> usize {
        (2 + 2 * Origin::ALL.len()) * self.n
    }
    /// Over arrivals: what `clones` and `cells` of a label are worth.
    pub fn arrived(&self, label: usize) -> [usize; 2] {
        [self.sums() + 2 * label, self.sums() + 2 * label + 1]
    }
    /// Over arrivals of type `i`: chance and size of their own clone.
    pub fn arrived_own(&self, i: usize) -> [usize; 2] {
        let first = self.sums() + 2 * Origin::ALL.len();
        [first + 2 * i, first + 2 * i + 1]
    }
}

/// Expected living clones and resistant cells by label; kinds as [`Places`] says.
pub fn numbers(compiled: &Compiled, treated: bool) -> Equations {
    let n = compiled.types();
    let places = Places::new(compiled);
    let mut kinds: Vec<Kind> = (0..n).map(|i| clone_of(compiled, i, places.alive(0), true)).collect();
    kinds.extend((0..n).map(|i| clone_of(compiled, i, places.size(0), false)));
    for own in [false, true] {
        for (k, &label) in Origin::ALL.iter().enumerate() {
            let (first, itself) = match own {
                false => (places.clones(k, 0), places.alive(0)),
                true => (places.cells(k, 0), places.size(0)),
            };
            for i in 0..n {
                let mut kind = clone_of(compiled, i, first, false);
                for (c, channel) in compiled.channels.iter().enumerate().filter(|(_, c)| c.from == i) {
                    let mut link = |to, rate| kind.links.push(Link { to, rate, beside: false });
                    link(first + channel.to, Rate::at(compiled.layout.founding(c)));
                    founding(compiled, c, label, treated)
                        .0
                        .into_iter()
                        .for_each(|rate| link(itself + channel.to, rate));
                }
                kinds.push(kind);
            }
        }
    }
    for k in 0..Origin::ALL.len() {
        kinds.push(arrivals(compiled, places.clones(k, 0)));
        kinds.push(arrivals(compiled, places.cells(k, 0)));
    }
    for i in 0..n {
        for first in [places.alive(0), places.size(0)] {
            let mut kind = arrivals(compiled, first);
            kind.links.retain(|l| l.to == first + i);
            kinds.push(kind);
        }
    }
    Equations { kinds }
}

/// Values of [`numbers`] at the moment asked for.
pub fn numbers_at_end(compiled: &Compiled) -> Vec<f64> {
    let n = compiled.types();
    let mut e = vec![0.0; numbers(compiled, true).len()];
    for i in (0..n).filter(|&i| compiled.is_resistant(i)) {
        e[i] = 1.0;
        e[n + i] = 1.0;
    }
    e
}
