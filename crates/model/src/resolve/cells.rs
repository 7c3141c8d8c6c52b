//! Cell types: what they are, how fast they divide and die, what they turn into.

use super::Context;
use crate::expr::Expr;
use crate::problem::Code;
use crate::resolved::{CellType, Kind, Mutation, Switch};
use crate::scope::Allowed;
use crate::tree::{Text, short};
use crate::units::Dimension;
use crate::written;

const KINDS: [(&str, Kind); 4] = [
    ("sensitive", Kind::Sensitive),
    ("persister", Kind::Persister),
    ("resistant", Kind::Resistant),
    ("immune", Kind::Immune),
];

/// Name of a kind in model files.
pub(crate) fn kind_name(kind: Kind) -> &'static str {
    KINDS.iter().find(|k| k.1 == kind).map_or("", |k| k.0)
}

pub(super) fn cell_type(index: usize, c: &written::CellType, cx: &mut Context<'_>) -> Option<CellType> {
    let everything = Allowed::Everything;
    let birth = cx.rate(&c.birth, Dimension::RATE, everything, "for net loss raise `death`");
    let death = cx.rate(&c.death, Dimension::RATE, everything, "for net growth raise `birth`");
    let repair = "write 0 or a positive number; cells that leave are a `death`";
    let immigration =
        c.immigration.is_some().then(|| cx.rate(&c.immigration, Dimension::CELLS_RATE, everything, repair));
    let mutations: Vec<_> = c.mutates.iter().map(|m| mutation(index, m, cx)).collect();
    let switches: Vec<_> = c.switches.iter().map(|s| switch(index, s, cx)).collect();
    divisions(c, &mutations, cx);
    let kind = kind(c, cx);
    if let (Some(Kind::Immune), Some(mechanism)) = (kind, &c.mechanism) {
        let found = format!("`{}` is immune and has a mechanism of resistance", c.name.text);
        immune(&mechanism.at, found, "a mechanism of cells of the tumour alone", "remove `mechanism`, or `kind`", cx);
    }
    let mechanism = match &c.mechanism {
        Some(text) => Some(super::well_formed(text, cx.report).then(|| text.text.clone())?),
        None => None,
    };
    Some(CellType {
        name: c.name.text.clone(),
        kind: kind?,
        mechanism,
        birth: birth?,
        death: death?,
        immigration: match immigration {
            Some(i) => Some(i?),
            None => None,
        },
        switches: super::all(switches)?,
        mutations: super::all(mutations)?,
    })
}

fn kind(c: &written::CellType, cx: &mut Context<'_>) -> Option<Kind> {
    let Some(text) = &c.kind else {
        let resistant = c.mechanism.is_some();
        return Some(if resistant { Kind::Resistant } else { Kind::Sensitive });
    };
    let found = KINDS.iter().find(|k| k.0 == text.text);
    if found.is_none() {
        cx.report.add_near(
            Code::UnknownWord,
            &text.at,
            [
                format!("`{}`", short(&text.text)),
                "sensitive, persister, resistant or immune".into(),
                "choose one of the four".into(),
            ],
            &text.text,
            KINDS.iter().map(|k| k.0),
        );
    }
    found.map(|k| k.1)
}

/// By cell type: the drugs of which it stands more than cells without resistance, and how many times more.
pub(super) fn cross_resistance(w: &written::Model, cx: &mut Context<'_>) -> Vec<Vec<(usize, Expr)>> {
    let mut out = vec![Vec::new(); w.cells.len()];
    for written::CrossResistance { cells, folds } in &w.cross_resistance {
        let index = cx.find_type(cells);
        for (drug, fold) in folds {
            let found = cx.find_drug(drug);
            let fold = cx.above_zero(fold, Dimension::PLAIN, "write 1 for cells that stand no more than others");
            if let (Some(k), Some(drug), Some(fold)) = (index, found, fold) {
                out[k].push((drug, fold));
            }
        }
    }
    out
}

fn immune(at: &crate::problem::Place, found: String, allowed: &str, repair: &str, cx: &mut Context<'_>) {
    cx.report.add(Code::Immune, at, found, allowed, repair);
}

/// Reports immune cells that become cells of the tumour, or the reverse.
pub(super) fn kept_apart(w: &written::Model, cells: &[Option<CellType>], cx: &mut Context<'_>) {
    for (from, written) in cells.iter().flatten().zip(&w.cells) {
        let ways = from.switches.iter().map(|s| s.to).chain(from.mutations.iter().map(|m| m.to));
        for to in ways.filter_map(|k| cells.get(k)?.as_ref()) {
            if (from.kind == Kind::Immune) != (to.kind == Kind::Immune) {
                let found = format!("`{}` becomes `{}`, and one of the two is immune", from.name, to.name);
                let repair =
                    "correct `to`; cells that are attracted or destroyed by others come and go by their own rates";
                immune(
                    &written.name.at,
                    found,
                    "immune cells that become immune cells, and tumour cells tumour cells",
                    repair,
                    cx,
                );
            }
        }
    }
}

/// Index of the type named by `to`, which must not be the type itself.
fn target(from: usize, to: &Option<Text>, cx: &mut Context<'_>) -> Option<usize> {
    let to = to.as_ref()?;
    let index = cx.find_type(to)?;
    if index == from {
        cx.report.add(
            Code::Itself,
            &to.at,
            format!("`{}` turns into itself", short(&to.text)),
            "another cell type",
            "name the type that is entered, or remove the entry",
        );
        return None;
    }
    Some(index)
}

fn switch(from: usize, s: &written::Switch, cx: &mut Context<'_>) -> Option<Switch> {
    let to = target(from, &s.to, cx);
    let repair = "write 0 or a positive rate; the way back is a switch of the other type";
    let rate = cx.rate(&s.rate, Dimension::RATE, Allowed::Everything, repair);
    Some(Switch { to: to?, rate: rate? })
}

fn mutation(from: usize, m: &written::Mutation, cx: &mut Context<'_>) -> Option<Mutation> {
    let to = target(from, &m.to, cx);
    let everything = Allowed::Everything;
    let division = cx.finite(&m.per_division, Dimension::PLAIN, everything);
    if let (Some(text), Some(expr)) = (&m.per_division, &division) {
        cx.probability(text, expr)?;
    }
    let repair = "write 0 or a positive rate";
    let time = cx.rate(&m.per_time, Dimension::RATE, everything, repair);
    let unit = if m.per_division.is_some() { Dimension::PLAIN } else { Dimension::RATE };
    let adds = m.drug_adds.as_ref().map(|_| cx.rate(&m.drug_adds, unit, everything, repair));
    let signature = match &m.signature {
        Some(text) => Some(super::well_formed(text, cx.report).then(|| text.text.clone())?),
        None => None,
    };
    let (per_division, rate) = match (division, time) {
        (Some(rate), None) => (true, rate),
        (None, Some(rate)) => (false, rate),
        _ => return None,
    };
    let adds = match adds {
        Some(sound) => Some(sound?),
        None => None,
    };
    Some(Mutation { to: to?, per_division, rate, adds, signature })
}

/// Reports probabilities per division that add up to more than 1, as far as they are constant.
fn divisions(c: &written::CellType, mutations: &[Option<Mutation>], cx: &mut Context<'_>) {
    let divisions = mutations.iter().flatten().filter(|m| m.per_division);
    let sum: f64 = divisions.filter_map(|m| cx.constant(&m.whole())).sum();
    // Ten times 0.1 is a little more than 1 in binary.
    if sum > 1.0 + 1e-9 {
        cx.report.add(
            Code::Probability,
            &c.name.at,
            format!("`per_division` of `{}` adds up to {}", c.name.text, crate::units::number(sum)),
            "probabilities that add up to at most 1: a division has one mutant daughter or none",
            "lower the probabilities; a rate per time is `per_time`, a percentage is written with its %",
        );
    }
}

impl Context<'_> {
    /// Index of a cell type, or a report.
    pub(super) fn find_type(&mut self, name: &Text) -> Option<usize> {
        let found = self.cell_index.get(&name.text).copied();
        if found.is_none() && !self.report.is_full() && !self.scope.stray.contains(&name.text) {
            self.report.add_near(
                Code::UnknownType,
                &name.at,
                [
                    format!("`{}`", short(&name.text)),
                    format!("a cell type of this file: {}", short(&self.cell_names.join(", "))),
                    "correct the name, or add a section [cells.<name>]".into(),
                ],
                &name.text,
                self.cell_names.iter().map(String::as_str),
            );
        }
        found
    }

    /// Index of a drug, or a report.
    pub(super) fn find_drug(&mut self, name: &Text) -> Option<usize> {
        let found = self.drug_names.iter().position(|d| *d == name.text);
        if found.is_none() {
            let message = [
                format!("`{}`", short(&name.text)),
                format!("a drug of the model: {}", short(&self.drug_names.join(", "))),
                "correct the name, or add a section [drugs.<name>]".into(),
            ];
            let known = self.drug_names.iter().map(String::as_str);
            self.report.add_near(Code::UnknownDrug, &name.at, message, &name.text, known);
        }
        found
    }

    /// Reports a constant outside 0 to 1.
    pub(super) fn probability(&mut self, text: &Text, expr: &Expr) -> Option<()> {
        match self.untreated(expr) {
            Some(x) if x.is_finite() && !(0.0..=1.0).contains(&x) => {
                self.report.add(
                    Code::Probability,
                    &text.at,
                    format!("`{}` = {}", short(&text.text), crate::units::digits(x)),
                    "a probability from 0 to 1",
                    "a rate per time is `per_time`; a percentage is written with its %",
                );
                None
            }
            _ => Some(()),
        }
    }
}
