//! The walk over an expression's tree: each name is looked up, and each pair of units compared.

use super::{Allowed, Fits, Meaning, Scope};
use crate::expr::{Expr, Law, Op, Slot};
use crate::parse::{Node, Tree};
use crate::problem::{Code, Place, Report};
use crate::tree::{Text, short};
use crate::units::{Dimension, unit_names};

/// One expression being resolved.
pub(super) struct Walk<'a, 'r> {
    pub(super) scope: &'a Scope,
    pub(super) text: &'a Text,
    pub(super) allowed: Allowed,
    pub(super) report: &'r mut Report,
}

impl Walk<'_, '_> {
    /// Depth is bounded by the parser. Goes on after a fault, so that every fault of one expression is seen.
    pub(super) fn go(&mut self, tree: &Tree) -> Option<(Expr, Fits)> {
        match &tree.node {
            Node::Number(x) => {
                let fits = if *x == 0.0 { Fits::Any } else { PLAIN };
                Some((Expr::Number(*x), fits))
            }
            Node::Name(name) => self.name(name, tree),
            Node::Neg(a) => {
                let (a, fits) = self.go(a)?;
                Some((Expr::Neg(Box::new(a)), fits))
            }
            Node::Binary(op, a, b) => {
                let (left, right) = (self.go(a), self.go(b));
                let ((left, l), (right, r)) = (left?, right?);
                let fits = self.binary(*op, (a, l), (b, r), tree)?;
                Some((Expr::Binary(*op, Box::new(left), Box::new(right)), fits))
            }
            Node::Call(name, span, args) => self.call(name, span.clone(), args, tree),
        }
    }

    fn name(&mut self, name: &str, tree: &Tree) -> Option<(Expr, Fits)> {
        let at = self.text.at.inside(tree.span.clone());
        match self.scope.find(name) {
            Some(Meaning::Slot(slot, dimension)) => {
                if self.allowed == Allowed::Parameters && !matches!(slot, Slot::Parameter(_)) {
                    self.report.add(
                        Code::OnlyParameters,
                        &at,
                        format!("`{name}` in `{}`", self.text.at.path),
                        "names of parameters: this value is fixed for a patient before the run",
                        "use parameters only; what changes in time belongs into a rate",
                    );
                    return None;
                }
                Some((Expr::Slot(slot), dimension.map_or(Fits::Any, Fits::Only)))
            }
            Some(Meaning::Table(..)) => {
                self.report.add(
                    Code::Arguments,
                    &at,
                    format!("`{name}` without an argument"),
                    self.scope.usage_of_table(name),
                    "call the table with what it is a table of",
                );
                None
            }
            None if Law::ALL.iter().any(|l| l.0 == name) || ["delayed", "effect", "felt"].contains(&name) => {
                self.report.add(
                    Code::Arguments,
                    &at,
                    format!("`{name}` without arguments"),
                    usage(name),
                    "write the arguments in parentheses",
                );
                None
            }
            None => {
                self.unknown(name, &at);
                None
            }
        }
    }

    fn unknown(&mut self, name: &str, at: &Place) {
        if self.report.is_full() || self.scope.stray.contains(name) {
            return;
        }
        let names = match self.scope.names_like(name).as_str() {
            "" => String::new(),
            names => format!("; here {names}"),
        };
        let repair = if let Some(law) = law_meant(name) {
            format!("write {law}")
        } else if unit_names().any(|u| u == name) {
            format!(
                "`{name}` is a unit, and inside an expression numbers are plain: give the number with its \
                 unit a name under [parameters] (a literal 0 fits every unit and needs none)"
            )
        } else if let Some(meant) = super::meant::quantity_meant(&self.text.text) {
            format!("write \"{meant}\"")
        } else {
            "define it under [parameters], or correct the spelling".to_string()
        };
        self.report.add_near(
            Code::UnknownName,
            at,
            [
                format!("`{}`", short(name)),
                format!("names of parameters, tables, cell types, levels and drugs; `total`, `time`; laws{names}"),
                repair,
            ],
            name,
            self.scope.known(),
        );
    }

    /// Unit of a pair that must agree; `of` is how the law that asks for it is called, empty for a sum.
    fn same(&mut self, (a, l): (&Tree, Fits), (b, r): (&Tree, Fits), whole: &Tree, of: &str) -> Option<Fits> {
        match (l, r) {
            (Fits::Any, other) | (other, Fits::Any) => Some(other),
            (Fits::Only(l), Fits::Only(r)) if l == r => Some(Fits::Only(l)),
            (Fits::Only(l), Fits::Only(r)) => {
                if self.told(a, [l, r]) | self.told(b, [r, l]) {
                    return None;
                }
                let allowed = match of {
                    "" => "the same unit on both sides".to_string(),
                    _ => format!("`{of}`, these two in the same unit"),
                };
                let repair = if let Some(repair) = self.unit_for(a, l, r).or_else(|| self.unit_for(b, r, l)) {
                    repair
                } else if let Some(repair) = super::hints::side_by_side([l, r], self.literal([a, b], [l, r])) {
                    repair
                } else if of.is_empty() {
                    "multiply or divide one side by what is missing, or correct a parameter's unit".to_string()
                } else {
                    format!("check the order of the arguments, {of}, and the units of the parameters among them")
                };
                self.report.add(
                    Code::Dimension,
                    &self.text.at.inside(whole.span.clone()),
                    format!("left {l} (`{}`), right {r} (`{}`)", self.cut(a), self.cut(b)),
                    allowed,
                    repair,
                );
                None
            }
        }
    }

    /// True for a parameter of which the same has been reported: the definition is at fault, once.
    fn told(&self, tree: &Tree, pair: [Dimension; 2]) -> bool {
        let Node::Name(name) = &tree.node else { return false };
        match self.scope.find(name) {
            Some(Meaning::Slot(Slot::Parameter(k), _)) => {
                let missing = pair[0] == Dimension::PLAIN && self.scope.told.borrow().contains(&k);
                missing || !self.scope.told_beside.borrow_mut().insert((k, pair[1]))
            }
            _ => false,
        }
    }

    /// A number in the text that stands where a unit is needed.
    fn literal(&self, trees: [&Tree; 2], found: [Dimension; 2]) -> Option<&str> {
        let of = |(t, d): (&Tree, Dimension)| match t.node {
            Node::Number(_) if d == Dimension::PLAIN => self.text.text.get(t.span.clone()),
            _ => None,
        };
        // Beside a plain name the order of the arguments is as likely wrong.
        trees.into_iter().zip(found).find_map(of).filter(|n| n.parse::<f64>().is_ok_and(|n| n.abs() >= 1000.0))
    }

    /// What to do about a plain parameter beside something with a unit.
    fn unit_for(&self, tree: &Tree, found: Dimension, want: Dimension) -> Option<String> {
        let Node::Name(name) = &tree.node else { return None };
        match self.scope.find(name) {
            Some(Meaning::Slot(Slot::Parameter(k), _)) if found == Dimension::PLAIN => {
                self.scope.told.borrow_mut().insert(k);
                Some(super::hints::no_unit_of(name, self.scope.numbers[k], "", want))
            }
            _ => None,
        }
    }

    /// Reports a law whose first argument is fixed while another, which is fixed as a rule, changes in time.
    fn swapped(&mut self, name: &str, args: &[Tree], exprs: &[Expr], fixed: usize, at: &Place) -> Option<()> {
        let changes = |e: &Expr| !e.free_of(|s| !matches!(s, Slot::Parameter(_)));
        if changes(&exprs[0]) || !changes(&exprs[fixed]) {
            return Some(());
        }
        let mut order: Vec<String> = args.iter().map(|a| self.cut(a)).collect();
        let found = format!("`{name}({})`", order.join(", "));
        order.swap(0, fixed);
        self.report.add(
            Code::Swapped,
            at,
            format!("{found}, in which `{}` changes and `{}` does not", self.cut(&args[fixed]), self.cut(&args[0])),
            format!("{}: the first argument is what changes", usage(name)),
            format!("write {name}({})", order.join(", ")),
        );
        None
    }

    fn plain(&mut self, tree: &Tree, fits: Fits, what: &str) -> Option<()> {
        let Fits::Only(found) = fits else {
            return Some(());
        };
        if found == Dimension::PLAIN {
            return Some(());
        }
        self.report.add(
            Code::Dimension,
            &self.text.at.inside(tree.span.clone()),
            format!("left plain number ({what}), right {found} (`{}`)", self.cut(tree)),
            format!("a plain number in {what}"),
            "divide by a quantity of the same unit",
        );
        None
    }

    pub(super) fn cut(&self, tree: &Tree) -> String {
        short(&self.text.text[tree.span.clone()])
    }

    fn too_high(&mut self, tree: &Tree, found: String) {
        self.report.add(
            Code::Dimension,
            &self.text.at.inside(tree.span.clone()),
            found,
            "whole powers of units, at most 24",
            "raise plain numbers only: divide by a quantity of the same unit first",
        );
    }

    fn binary(&mut self, op: Op, (a, l): (&Tree, Fits), (b, r): (&Tree, Fits), whole: &Tree) -> Option<Fits> {
        match op {
            Op::Add | Op::Sub => self.same((a, l), (b, r), whole, ""),
            Op::Mul | Op::Div => {
                let (Fits::Only(l), Fits::Only(r)) = (l, r) else {
                    return Some(Fits::Any);
                };
                let out = if op == Op::Mul { l.times(r) } else { l.over(r) };
                if out.is_none() {
                    self.too_high(whole, format!("left {l}, right {r}"));
                }
                out.map(Fits::Only)
            }
            Op::Pow => {
                self.plain(b, r, "an exponent")?;
                let Fits::Only(base) = l else {
                    return Some(Fits::Any);
                };
                if base == Dimension::PLAIN {
                    return Some(PLAIN);
                }
                let Node::Number(exponent) = b.node else {
                    self.plain(a, l, "the base of a power whose exponent is not a literal number")?;
                    return Some(PLAIN);
                };
                let out = base.power(exponent);
                if out.is_none() {
                    self.too_high(whole, format!("({base})^{exponent}"));
                }
                out.map(Fits::Only)
            }
        }
    }

    fn call(
        &mut self,
        name: &str,
        name_span: std::ops::Range<usize>,
        args: &[Tree],
        whole: &Tree,
    ) -> Option<(Expr, Fits)> {
        let at = self.text.at.inside(name_span);
        if ["delayed", "effect"].contains(&name) {
            return self.of_drug(name, args, &at);
        }
        if name == "felt" {
            return self.felt(args, &at);
        }
        if let Some(Meaning::Table(index, of, gives)) = self.scope.find(name) {
            return self.table(index, (of, gives), name, args, &at);
        }
        let Some(&(_, law)) = Law::ALL.iter().find(|l| l.0 == name) else {
            if self.scope.find(name).is_some() {
                self.report.add(
                    Code::Expression,
                    &at,
                    format!("`{name}` followed by `(`"),
                    format!("`{name}` is not a law or a table"),
                    "write `*` between a name and a parenthesis to multiply",
                );
            } else {
                self.unknown(name, &at);
            }
            return None;
        };
        if !self.count(name, law.arity(), args, &at) {
            return None;
        }
        // All arguments first, so that the faults of each are seen.
        let walked: Vec<Option<(Expr, Fits)>> = args.iter().map(|a| self.go(a)).collect();
        let (exprs, fits): (Vec<Expr>, Vec<Fits>) = walked.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
        let pair = |i: usize, j: usize| ((&args[i], fits[i]), (&args[j], fits[j]));
        let out = match law {
            Law::Exp | Law::Ln => {
                self.plain(&args[0], fits[0], name)?;
                PLAIN
            }
            Law::Sqrt => match fits[0] {
                Fits::Any => Fits::Any,
                Fits::Only(d) => {
                    let root = d.power(0.5);
                    if root.is_none() {
                        self.too_high(whole, format!("sqrt of {d}"));
                    }
                    Fits::Only(root?)
                }
            },
            Law::Min | Law::Max => {
                let (a, b) = pair(0, 1);
                self.same(a, b, whole, &usage(name))?
            }
            Law::Logistic | Law::Gompertz => {
                let (a, b) = pair(0, 1);
                self.same(a, b, whole, &usage(name))?;
                self.swapped(name, args, &exprs, 1, &at)?;
                PLAIN
            }
            Law::Hill | Law::Richards | Law::PowerLaw | Law::VonBertalanffy | Law::ExponentialLinear => {
                let (a, b) = pair(0, 1);
                self.same(a, b, whole, &usage(name))?;
                self.plain(&args[2], fits[2], &format!("the exponent of {name}"))?;
                self.swapped(name, args, &exprs, 1, &at)?;
                PLAIN
            }
            Law::Bliss | Law::Hsa | Law::Loewe => {
                for (arg, fits) in args.iter().zip(&fits) {
                    self.plain(arg, *fits, name)?;
                }
                PLAIN
            }
            Law::Brake => {
                let (a, b) = pair(1, 2);
                self.plain(&args[0], fits[0], "the ligand of brake")?;
                self.same(a, b, whole, &usage(name))?;
                PLAIN
            }
            Law::Recognition => {
                let (a, b) = pair(0, 1);
                self.same(a, b, whole, &usage(name))?;
                self.plain(&args[2], fits[2], "the steepness of recognition")?;
                self.plain(&args[3], fits[3], "the cv of recognition")?;
                PLAIN
            }
            Law::LinearQuadratic => return self.radiation(args, exprs, &fits),
            Law::Emax => {
                let (a, b) = pair(0, 2);
                self.same(a, b, whole, &usage(name))?;
                self.swapped(name, args, &exprs, 2, &at)?;
                fits[1]
            }
        };
        Some((Expr::Call(law, exprs), out))
    }

    pub(super) fn count(&mut self, name: &str, want: usize, args: &[Tree], at: &Place) -> bool {
        if args.len() != want {
            self.report.add(
                Code::Arguments,
                at,
                format!("{} argument(s) for `{name}`", args.len()),
                if usage(name).is_empty() { self.scope.usage_of_table(name) } else { usage(name) },
                format!("give {want}"),
            );
        }
        args.len() == want
    }
}

const PLAIN: Fits = Fits::Only(Dimension::PLAIN);

/// What other languages call by this name.
fn law_meant(name: &str) -> Option<&'static str> {
    Some(match name {
        "log" => "ln(x), the natural logarithm; the one to base 10 is ln(x) / ln(10)",
        "log10" => "ln(x) / ln(10)",
        "log2" => "ln(x) / ln(2)",
        "e" => "exp(x) for e^x",
        "pow" => "a ^ b for pow(a, b)",
        _ => return None,
    })
}

/// How a law is called.
fn usage(name: &str) -> String {
    match name {
        "exp" | "ln" | "sqrt" => format!("{name}(x)"),
        "min" | "max" => format!("{name}(a, b)"),
        "hill" => "hill(c, ec50, n)".into(),
        "emax" => "emax(c, emax, ec50)".into(),
        "logistic" | "gompertz" => format!("{name}(n, capacity)"),
        "richards" => "richards(n, capacity, theta)".into(),
        "power_law" => "power_law(n, size, exponent)".into(),
        "von_bertalanffy" => "von_bertalanffy(n, capacity, exponent)".into(),
        "exponential_linear" => "exponential_linear(n, size, psi)".into(),
        "bliss" | "hsa" => format!("{name}(a, b)"),
        "loewe" => "loewe(x1, n1, x2, n2)".into(),
        "brake" => "brake(ligand, antibody, kd)".into(),
        "recognition" => "recognition(density, threshold, steepness, cv)".into(),
        "linear_quadratic" => "linear_quadratic(beam, alpha, beta)".into(),
        "delayed" | "effect" | "felt" => format!("{name}(drug)"),
        _ => String::new(),
    }
}
