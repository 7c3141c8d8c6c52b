//! On which parameters an arrow of a map stands, and how strong they are.

use super::{Arrow, Mark, Node, What};
use crate::expr::{Expr, Law, Op, Slot};
use crate::resolved::{Basis, Model};

/// What an arrow stands on.
pub(super) struct Evidence<'m> {
    model: &'m Model,
    parameters: Vec<usize>,
    /// The weakest mark of numbers that are written as they are.
    written: Option<Mark>,
}

impl<'m> Evidence<'m> {
    /// Nothing yet.
    pub(super) fn new(model: &'m Model) -> Self {
        Evidence { model, parameters: Vec::new(), written: None }
    }

    /// Everything in an expression.
    pub(super) fn all(&mut self, expr: &Expr) {
        match expr {
            Expr::Number(x) => self.number(*x, Mark::Bare),
            Expr::Slot(Slot::Parameter(p)) => self.parameters.push(*p),
            Expr::Slot(_) => {}
            Expr::Neg(a) => self.all(a),
            Expr::Binary(_, a, b) => {
                self.all(a);
                self.all(b);
            }
            // What the reader adds to the arguments of a law is not written.
            Expr::Call(law, args) => args.iter().take(law.arity()).for_each(|a| self.all(a)),
            Expr::Table(t, a) => {
                self.table(*t);
                self.all(a);
            }
            Expr::Surface(t, a, b) => {
                self.table(*t);
                self.all(a);
                self.all(b);
            }
        }
    }

    /// A value of a section: a number stands on what the section says of its numbers.
    pub(super) fn value(&mut self, section: &str, expr: &Expr) {
        match expr {
            Expr::Number(x) => self.number(*x, self.of_section(section)),
            _ => self.all(expr),
        }
    }

    fn number(&mut self, x: f64, mark: Mark) {
        if ![0.0, 1.0, 2.0].contains(&x.abs()) {
            self.written = self.written.max(Some(mark));
        }
    }

    fn table(&mut self, table: usize) {
        let mark = self.of_section(&format!("tables.{}", self.model.tables[table].name));
        self.written = self.written.max(Some(mark));
    }

    /// The mark of numbers that are written in a section as they are.
    fn of_section(&self, section: &str) -> Mark {
        match self.model.settings.iter().find(|s| s.of == section).map(|s| &s.basis) {
            Some(Basis::Cited(_)) => Mark::Cited,
            Some(Basis::Assumed(_)) => Mark::Assumed,
            None => Mark::Bare,
        }
    }

    /// What meets a name in an expression: of sums and of the smaller or larger of two only the parts that hold it.
    pub(super) fn meeting(&mut self, expr: &Expr, slot: Slot) {
        let holds = |part: &Expr| !part.free_of(|s| s == slot);
        if !holds(expr) {
            return;
        }
        let apart = matches!(expr, Expr::Binary(Op::Add | Op::Sub, ..) | Expr::Call(Law::Min | Law::Max | Law::Hsa, _));
        let mut each = |part: &Expr| match (holds(part), apart) {
            (true, _) => self.meeting(part, slot),
            (false, false) => self.all(part),
            (false, true) => {}
        };
        match expr {
            Expr::Number(_) | Expr::Slot(_) => {}
            Expr::Neg(a) => each(a),
            Expr::Binary(_, a, b) => [a, b].into_iter().for_each(|part| each(part)),
            Expr::Call(law, args) => args.iter().take(law.arity()).for_each(each),
            Expr::Table(t, a) => {
                each(a);
                self.table(*t);
            }
            Expr::Surface(t, a, b) => {
                [a, b].into_iter().for_each(|part| each(part));
                self.table(*t);
            }
        }
    }

    /// What lies between a drug in the body and what cells feel of it.
    pub(super) fn reaching(&mut self, slot: Slot) {
        let of = |d: usize| (&self.model.drugs[d], format!("drugs.{}", self.model.drugs[d].name));
        match slot {
            Slot::Delayed(d) => {
                let (drug, section) = of(d);
                drug.delay.iter().for_each(|delay| self.value(&section, &delay.mean));
            }
            Slot::Effect(d) => {
                let (drug, section) = of(d);
                drug.effect.iter().for_each(|ke0| self.value(&section, ke0));
            }
            _ => {}
        }
    }

    /// The arrow that stands on it.
    pub(super) fn arrow(mut self, from: Option<Node>, to: Option<Node>, what: What, rate: Option<Expr>) -> Arrow {
        self.parameters.sort_unstable();
        self.parameters.dedup();
        let marks = self.parameters.iter().map(|p| Mark::of(&self.model.parameters[*p].source));
        let mark = marks.chain(self.written).max().unwrap_or(Mark::Cited);
        Arrow { from, to, what, rate, parameters: self.parameters, mark }
    }
}
