//! On which parameters an arrow of a map stands, and how strong they are.

use super::{Arrow, Mark, Node, What};
use crate::expr::{Expr, Law, Op, Slot};
use crate::resolved::Model;

/// What an arrow stands on.
#[derive(Default)]
pub(super) struct Evidence {
    parameters: Vec<usize>,
    bare: bool,
}

impl Evidence {
    /// Everything in an expression.
    pub(super) fn all(&mut self, expr: &Expr) {
        match expr {
            Expr::Number(x) => self.bare |= ![0.0, 1.0, 2.0].contains(&x.abs()),
            Expr::Slot(Slot::Parameter(p)) => self.parameters.push(*p),
            Expr::Slot(_) => {}
            Expr::Neg(a) => self.all(a),
            Expr::Binary(_, a, b) => {
                self.all(a);
                self.all(b);
            }
            Expr::Call(_, args) => args.iter().for_each(|a| self.all(a)),
            Expr::Table(_, a) => {
                self.bare = true;
                self.all(a);
            }
        }
    }

    /// What meets a name in an expression: of sums and of the smaller or larger of two only the parts that hold it.
    pub(super) fn meeting(&mut self, expr: &Expr, slot: Slot) {
        if expr.free_of(|s| s == slot) {
            return;
        }
        let apart = match expr {
            Expr::Binary(Op::Add | Op::Sub, ..) | Expr::Call(Law::Min | Law::Max, _) => true,
            Expr::Table(..) => {
                self.bare = true;
                false
            }
            _ => false,
        };
        let mut each = |part: &Expr| match (part.free_of(|s| s == slot), apart) {
            (false, _) => self.meeting(part, slot),
            (true, false) => self.all(part),
            (true, true) => {}
        };
        match expr {
            Expr::Number(_) | Expr::Slot(_) => {}
            Expr::Neg(a) | Expr::Table(_, a) => each(a),
            Expr::Binary(_, a, b) => [a, b].into_iter().for_each(|part| each(part)),
            Expr::Call(_, args) => args.iter().for_each(each),
        }
    }

    /// What lies between a drug in the body and what cells feel of it.
    pub(super) fn reaching(&mut self, slot: Slot, model: &Model) {
        match slot {
            Slot::Delayed(d) => model.drugs[d].delay.iter().for_each(|delay| self.all(&delay.mean)),
            Slot::Effect(d) => model.drugs[d].effect.iter().for_each(|ke0| self.all(ke0)),
            _ => {}
        }
    }

    /// The arrow that stands on it.
    pub(super) fn arrow(
        mut self,
        from: Option<Node>,
        to: Option<Node>,
        what: What,
        rate: Option<Expr>,
        model: &Model,
    ) -> Arrow {
        self.parameters.sort_unstable();
        self.parameters.dedup();
        let marks = self.parameters.iter().map(|p| Mark::of(&model.parameters[*p].source));
        let mark = marks.chain(self.bare.then_some(Mark::Bare)).max().unwrap_or(Mark::Cited);
        Arrow { from, to, what, rate, parameters: self.parameters, mark }
    }
}
