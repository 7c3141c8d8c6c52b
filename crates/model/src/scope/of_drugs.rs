//! What is asked of a drug by name: its concentration as cells feel it, after a delay, in an effect compartment, and the kill of a beam.

use super::Fits;
use super::walk::Walk;
use crate::expr::{Expr, Law, Op, Slot};
use crate::parse::Tree;
use crate::problem::{Code, Place};
use crate::units::Dimension;

impl Walk<'_, '_> {
    /// `linear_quadratic(beam, alpha, beta)`; the length of a fraction of the beam is put behind its arguments.
    pub(super) fn radiation(&mut self, args: &[Tree], mut exprs: Vec<Expr>, fits: &[Fits]) -> Option<(Expr, Fits)> {
        let fraction = match exprs[0] {
            Expr::Slot(Slot::Drug(k)) => self.scope.fractions.get(k).copied().flatten(),
            _ => None,
        };
        let Some(fraction) = fraction else {
            self.report.add(
                Code::Radiation,
                &self.text.at.inside(args[0].span.clone()),
                format!("`{}` in linear_quadratic", self.cut(&args[0])),
                "the name of a drug whose route is radiation",
                "add [drugs.beam] with route = \"radiation\", and name it here",
            );
            return None;
        };
        let gray = Dimension::RADIATION;
        let wanted = [(1, gray.power(-1.0)?, "alpha"), (2, gray.power(-2.0)?, "beta")];
        for (k, want, what) in wanted {
            if let Fits::Only(found) = fits[k]
                && found != want
            {
                self.report.add(
                    Code::Dimension,
                    &self.text.at.inside(args[k].span.clone()),
                    format!("left {want} ({what}), right {found} (`{}`)", self.cut(&args[k])),
                    format!("{what} in {}", want.base_unit()),
                    "give the parameter its unit: alpha in /Gy, beta in /Gy^2",
                );
                return None;
            }
        }
        exprs.push(Expr::Number(fraction));
        Some((Expr::Call(Law::LinearQuadratic, exprs), Fits::Only(Dimension::RATE)))
    }

    /// `felt(drug)`: the concentration over how many times more of it cells of this type stand.
    pub(super) fn felt(&mut self, args: &[Tree], at: &Place) -> Option<(Expr, Fits)> {
        if !self.count("felt", 1, args, at) {
            return None;
        }
        let (inner, fits) = self.go(&args[0])?;
        let slot = match inner {
            Expr::Slot(Slot::Drug(k) | Slot::Delayed(k) | Slot::Effect(k)) => Some(k),
            _ => None,
        };
        let (Some(drug), Some(cells)) = (slot, self.scope.of_type) else {
            let (allowed, repair) = match slot {
                None => {
                    ("the name of a drug, delayed(drug) or effect(drug)", "name the drug whose concentration is felt")
                }
                Some(_) => ("`felt` in a rate of a cell type, whose resistance it is", "write the drug's name alone"),
            };
            let found = format!("felt({}) in `{}`", self.cut(&args[0]), self.text.at.path);
            self.report.add(Code::CrossResistance, &self.text.at.inside(args[0].span.clone()), found, allowed, repair);
            return None;
        };
        let fold = self.scope.folds.get(cells).and_then(|f| f.iter().find(|f| f.0 == drug));
        let expr = match fold {
            Some((_, fold)) => Expr::Binary(Op::Div, Box::new(inner), Box::new(fold.clone())),
            None => inner,
        };
        Some((expr, fits))
    }

    /// `delayed(drug)` and `effect(drug)`.
    pub(super) fn of_drug(&mut self, name: &str, args: &[Tree], at: &Place) -> Option<(Expr, Fits)> {
        if !self.count(name, 1, args, at) {
            return None;
        }
        let inner = self.go(&args[0])?;
        let (has, code, key, repair) = match name {
            "delayed" => (&self.scope.delayed, Code::NotDelayed, "delay", "delay = { states = 3, mean = \"30 h\" }"),
            _ => (&self.scope.effect, Code::NoEffectCompartment, "effect", "effect = { ke0 = \"0.1 /h\" }"),
        };
        if let Expr::Slot(Slot::Drug(k)) = inner.0
            && has.get(k) == Some(&true)
        {
            let slot = if name == "delayed" { Slot::Delayed(k) } else { Slot::Effect(k) };
            return Some((Expr::Slot(slot), inner.1));
        }
        self.report.add(
            code,
            &self.text.at.inside(args[0].span.clone()),
            format!("{name}({})", self.cut(&args[0])),
            format!("the name of a drug whose section has `{key}`"),
            format!("add {repair} to the drug"),
        );
        None
    }
}
