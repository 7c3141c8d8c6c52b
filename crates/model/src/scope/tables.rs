//! Calls of tabulated laws.

use super::walk::Walk;
use super::{Fits, Meaning, Scope};
use crate::expr::Expr;
use crate::parse::Tree;
use crate::problem::{Code, Place};
use crate::units::Dimension;

impl Scope {
    /// How a table is called.
    pub(super) fn usage_of_table(&self, name: &str) -> String {
        let surface = matches!(self.find(name), Some(Meaning::Table(k, ..)) if self.surfaces.get(k) == Some(&true));
        if surface { format!("{name}(x, z)") } else { format!("{name}(x)") }
    }
}

impl Walk<'_, '_> {
    /// A call of the table `index`, with the units of its arguments and of its value.
    pub(super) fn table(
        &mut self,
        index: usize,
        (of, gives): ([Option<Dimension>; 2], Option<Dimension>),
        name: &str,
        args: &[Tree],
        at: &Place,
    ) -> Option<(Expr, Fits)> {
        let surface = self.scope.surfaces.get(index) == Some(&true);
        if !self.count(name, if surface { 2 } else { 1 }, args, at) {
            return None;
        }
        // All arguments first, so that the faults of each are seen.
        let walked: Vec<Option<(Expr, Fits)>> = args.iter().map(|a| self.go(a)).collect();
        let mut inner = Vec::new();
        for ((arg, of), walked) in args.iter().zip(of).zip(walked) {
            let (expr, fits) = walked?;
            if let (Some(of), Fits::Only(found)) = (of, fits)
                && of != found
            {
                self.report.add(
                    Code::Dimension,
                    &self.text.at.inside(arg.span.clone()),
                    format!("left {of} (table `{name}`), right {found} (`{}`)", self.cut(arg)),
                    format!("an argument in {of}"),
                    "pass what the table is a table of",
                );
                return None;
            }
            inner.push(Box::new(expr));
        }
        let fits = gives.map_or(Fits::Any, Fits::Only);
        let mut inner = inner.into_iter();
        let (first, second) = (inner.next()?, inner.next());
        Some((second.map_or(Expr::Table(index, first.clone()), |z| Expr::Surface(index, first, z)), fits))
    }
}
