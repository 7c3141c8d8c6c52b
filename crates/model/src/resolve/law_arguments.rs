//! Laws are given numbers for which they are laws, as far as these are constant.

use super::Context;
use crate::expr::{Expr, Law};
use crate::problem::Code;
use crate::tree::Text;
use crate::units::number;

/// What an argument of a law may be.
enum Range {
    Positive,
    /// 0 or more.
    NotNegative,
    /// From 0 to 1; the end 1 where `true`.
    Share(bool),
}

/// Arguments of a law that have a range: (position, name, range).
fn ranges(law: Law) -> &'static [(usize, &'static str, Range)] {
    match law {
        Law::Logistic | Law::Gompertz => &[(1, "capacity", Range::Positive)],
        Law::Richards => &[(1, "capacity", Range::Positive), (2, "theta", Range::Positive)],
        Law::PowerLaw => &[(1, "size", Range::Positive), (2, "exponent", Range::Share(true))],
        Law::VonBertalanffy => &[(1, "capacity", Range::Positive), (2, "exponent", Range::Share(false))],
        Law::ExponentialLinear => &[(1, "size", Range::Positive), (2, "psi", Range::Positive)],
        Law::Loewe => &[(1, "n1", Range::Positive), (3, "n2", Range::Positive)],
        Law::Brake => &[(0, "ligand", Range::Share(true)), (2, "kd", Range::Positive)],
        Law::Recognition => {
            &[(1, "threshold", Range::Positive), (2, "steepness", Range::Positive), (3, "cv", Range::NotNegative)]
        }
        Law::LinearQuadratic => &[(1, "alpha", Range::NotNegative), (2, "beta", Range::NotNegative)],
        _ => &[],
    }
}

impl Context<'_> {
    /// Reports arguments of laws that are constant and outside their range.
    pub(super) fn law_arguments(&mut self, text: &Text, expr: &Expr) -> Option<()> {
        match expr {
            Expr::Number(_) | Expr::Slot(_) => Some(()),
            Expr::Neg(a) | Expr::Table(_, a) => self.law_arguments(text, a),
            Expr::Binary(_, a, b) | Expr::Surface(_, a, b) => {
                let left = self.law_arguments(text, a);
                left.and(self.law_arguments(text, b))
            }
            Expr::Call(law, args) => {
                let mut sound = Some(());
                for a in args {
                    sound = sound.and(self.law_arguments(text, a));
                }
                let name = Law::ALL.iter().find(|l| l.1 == *law).map_or("", |l| l.0);
                for (k, argument, range) in ranges(*law) {
                    let Some(x) = args.get(*k).and_then(|a| self.constant(a)) else { continue };
                    let (good, allowed) = match range {
                        Range::Positive => (x > 0.0, "above 0"),
                        Range::NotNegative => (x >= 0.0, "of 0 or more"),
                        Range::Share(true) => ((0.0..=1.0).contains(&x), "from 0 to 1"),
                        Range::Share(false) => ((0.0..1.0).contains(&x), "from 0 to 1, 1 excluded"),
                    };
                    if !good {
                        self.report.add(
                            Code::LawArgument,
                            &text.at,
                            format!("`{argument}` of {name} = {}", number(x)),
                            format!("a number {allowed}"),
                            "correct the parameter; the table of laws in spec/model.md says what each argument is",
                        );
                        sound = None;
                    }
                }
                sound
            }
        }
    }
}
