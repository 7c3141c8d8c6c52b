//! What names mean, and whether units fit: a tree of names becomes an [`Expr`] over slots.
//!
//! Rules of units: `+ - min max` and comparisons within a law need the same unit on both sides; `* / ^ sqrt`
//! combine them; `exp`, `ln`, a Hill exponent and any exponent that is not a literal number need plain numbers.
//! A literal number is a plain number, but a literal 0 fits every unit.

use crate::expr::{Expr, Law, Op, Slot};
use crate::parse::{FaultKind, Node, Tree, parse};
use crate::problem::{Code, Place, Report};
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, UnitError, quantity, unit, unit_names};
use std::collections::HashMap;

/// What a name stands for, with its dimension; `None` when the name's own definition is at fault, so that
/// one mistake is not reported once for every use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning {
    Slot(Slot, Option<Dimension>),
    Table(usize, Option<Dimension>, Option<Dimension>),
}

/// Every name of a model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    names: HashMap<String, Meaning>,
    /// Drugs that have a delay.
    pub(crate) delayed: Vec<bool>,
}

/// Which names an expression may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Allowed {
    Everything,
    Parameters,
}

/// A dimension, or one that fits everywhere (a literal 0, or a value already reported).
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fits {
    Only(Dimension),
    Any,
}

/// Names that the language keeps for itself.
pub(crate) fn reserved(name: &str) -> bool {
    ["total", "time", "delayed"].contains(&name) || Law::ALL.iter().any(|l| l.0 == name)
}

impl Scope {
    pub(crate) fn insert(&mut self, name: &str, meaning: Meaning) {
        self.names.insert(name.to_string(), meaning);
    }

    fn find(&self, name: &str) -> Option<Meaning> {
        match name {
            "total" => Some(Meaning::Slot(Slot::Total, Some(Dimension::CELLS))),
            "time" => Some(Meaning::Slot(Slot::Time, Some(Dimension::TIME))),
            _ => self.names.get(name).copied(),
        }
    }

    /// Names for suggestions, in alphabetical order so that messages never change order.
    fn known(&self) -> Vec<&str> {
        let mut known: Vec<&str> = self.names.keys().map(String::as_str).collect();
        known.extend(["total", "time", "delayed"]);
        known.extend(Law::ALL.iter().map(|l| l.0));
        known.sort_unstable();
        known
    }

    /// A quantity or an expression that must come out in `want`.
    pub(crate) fn expression(
        &self,
        text: &Text,
        want: Dimension,
        allowed: Allowed,
        report: &mut Report,
    ) -> Option<Expr> {
        let (expr, found) = self.any_unit(text, allowed, report)?;
        match found {
            Some(found) if found != want => {
                mismatch(&text.at, &text.text, found, want, report);
                None
            }
            _ => Some(expr),
        }
    }

    /// A quantity or an expression of any dimension; the dimension is `None` when it fits everywhere.
    pub(crate) fn any_unit(
        &self,
        text: &Text,
        allowed: Allowed,
        report: &mut Report,
    ) -> Option<(Expr, Option<Dimension>)> {
        if self.looks_like_quantity(text, report)? {
            let q = read_quantity(text, report)?;
            let zero = q.value == 0.0 && q.unit_text.is_empty();
            return Some((Expr::Number(q.value), (!zero).then_some(q.unit.dimension)));
        }
        let tree = read_tree(text, report)?;
        let mut walk = Walk {
            scope: self,
            text,
            allowed,
            report,
        };
        let (expr, fits) = walk.go(&tree)?;
        let dimension = match fits {
            Fits::Only(d) => Some(d),
            Fits::Any => None,
        };
        Some((expr, dimension))
    }

    /// A number followed by a unit is a quantity; `None` (and a report) when the unit is also a name here.
    fn looks_like_quantity(&self, text: &Text, report: &mut Report) -> Option<bool> {
        let trimmed = text.text.trim();
        let lower = trimmed.trim_start_matches(['+', '-']).to_ascii_lowercase();
        if lower == "inf" || lower == "nan" || lower == "infinity" {
            return Some(self.find(trimmed).is_none());
        }
        let length = crate::units::number_length(trimmed);
        let rest = trimmed[length..].trim();
        if length == 0 || rest.is_empty() {
            return Some(length > 0);
        }
        if rest.starts_with(|c: char| c.is_alphabetic() || c == '%') {
            // `5 * x` needs its `*`; a number beside a word can only be meant as a quantity.
            return Some(unit(rest).is_ok() || !rest.contains(['*', '+', '-', '(']));
        }
        if !rest.starts_with('/') || unit(rest).is_err() {
            return Some(false);
        }
        let word = rest[1..].trim_start();
        let end = word
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(word.len());
        if self.names.contains_key(&word[..end]) {
            report.add(
                Code::UnitOrName,
                &text.at,
                format!("`{}`", short(&text.text)),
                format!("`{}` is a unit and also a name in this model", &word[..end]),
                format!(
                    "for the unit, put the number into a parameter; for the name, write `1 / {0} * ...` \
                     as `(...) / {0}`, or rename `{0}`",
                    &word[..end]
                ),
            );
            return None;
        }
        Some(true)
    }
}

/// Reports two units that do not fit a key.
pub(crate) fn mismatch(
    at: &Place,
    text: &str,
    found: Dimension,
    want: Dimension,
    report: &mut Report,
) {
    let repair = if found == Dimension::PLAIN {
        format!(
            "give the number a unit, such as `{} {}`",
            short(text.trim()),
            want.base_unit()
        )
    } else if want == Dimension::PLAIN {
        "divide by a quantity of the same unit, or use a plain number".to_string()
    } else {
        format!("write an expression that comes out in {want}")
    };
    report.add(
        Code::Dimension,
        at,
        format!(
            "left {want} (`{}`), right {found} (`{}`)",
            at.path,
            short(text.trim())
        ),
        format!("the same unit on both sides: {want}"),
        repair,
    );
}

/// A number with its unit.
pub(crate) fn read_quantity(text: &Text, report: &mut Report) -> Option<crate::units::Quantity> {
    let fault = match quantity(&text.text) {
        Ok(q) => return Some(q),
        Err(fault) => fault,
    };
    unit_fault(
        &fault,
        text,
        "a number with its unit, such as \"0.0367 /h\"",
        report,
    );
    None
}

/// A unit alone; empty or `1` for a plain number.
pub(crate) fn read_unit(text: &Text, report: &mut Report) -> Option<Unit> {
    if text.text.trim().is_empty() {
        return Some(Unit::PLAIN);
    }
    match unit(&text.text) {
        Ok(u) => Some(u),
        Err(fault) => {
            unit_fault(&fault, text, "a unit, such as \"mg/L\" or \"/h\"", report);
            None
        }
    }
}

fn unit_fault(fault: &UnitError, text: &Text, allowed: &str, report: &mut Report) {
    let found = format!("\"{}\"", short(&text.text));
    match fault {
        UnitError::NoNumber => {
            report.add(
                Code::BadQuantity,
                &text.at,
                found,
                allowed,
                "write the number first",
            );
        }
        UnitError::Grammar(why) => {
            report.add(
                Code::BadQuantity,
                &text.at,
                found,
                allowed,
                format!("correct it: {why}"),
            );
        }
        UnitError::NotFinite => report.add(
            Code::NotFinite,
            &text.at,
            found,
            "a finite number",
            "write a number below 1e308; leave out what does not apply",
        ),
        UnitError::Unknown(name) => report.add_near(
            Code::UnknownUnit,
            &text.at,
            [
                format!("the unit `{}` in {found}", short(name)),
                unit_names().collect::<Vec<_>>().join(" "),
                "use one of these units, joined by `*` and `/`".into(),
            ],
            name,
            unit_names(),
        ),
    }
}

fn read_tree(text: &Text, report: &mut Report) -> Option<Tree> {
    let fault = match parse(&text.text) {
        Ok(tree) => return Some(tree),
        Err(fault) => fault,
    };
    let at = text.at.inside(fault.span);
    let whole = short(&text.text);
    match fault.kind {
        FaultKind::Unexpected(found, expected) => report.add(
            Code::Expression,
            &at,
            format!("{found} in `{whole}`"),
            format!("{expected} at this place"),
            "write an expression of numbers, names, + - * / ^ and laws such as hill(c, ec50, n)",
        ),
        FaultKind::Strange(c, instead) => report.add(
            Code::BadName,
            &at,
            format!("`{c}` (U+{:04X}) in `{whole}`", c as u32),
            "letters a-z and A-Z, digits, _ and the operators + - * / ^",
            format!("write {instead}"),
        ),
        FaultKind::NotFinite => report.add(
            Code::NotFinite,
            &at,
            format!("a number in `{whole}`"),
            "a finite number",
            "write a number below 1e308",
        ),
        FaultKind::TooDeep => report.add(
            Code::TooDeep,
            &at,
            format!("an expression of {} characters", text.text.len()),
            "at most 256 levels (every + or * of a chain is one) and 10,000 numbers and names",
            "simplify it, or put what is constant into a parameter",
        ),
        FaultKind::UnitInside(word) => report.add(
            Code::Expression,
            &at,
            format!("a number followed by `{}` in `{whole}`", short(&word)),
            "inside an expression a number is plain; only a whole value may carry a unit",
            "give the number with its unit a name under [parameters], or write `*` between",
        ),
    }
    None
}

struct Walk<'a, 'r> {
    scope: &'a Scope,
    text: &'a Text,
    allowed: Allowed,
    report: &'r mut Report,
}

impl Walk<'_, '_> {
    /// Depth is bounded by the parser. Goes on after a fault, so that every fault of one expression is seen.
    fn go(&mut self, tree: &Tree) -> Option<(Expr, Fits)> {
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
                    format!("{name}(x)"),
                    "call the table with what it is a table of",
                );
                None
            }
            None if Law::ALL.iter().any(|l| l.0 == name) || name == "delayed" => {
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
        if self.report.is_full() {
            return;
        }
        let repair = if unit_names().any(|u| u == name) {
            format!(
                "`{name}` is a unit: inside an expression numbers are plain, so give the number with \
                 its unit a name under [parameters]"
            )
        } else {
            "define it under [parameters], or correct the spelling".to_string()
        };
        self.report.add_near(
            Code::UnknownName,
            at,
            [
                format!("`{}`", short(name)),
                "names of parameters, tables, cell types, levels and drugs; `total`, `time`; laws"
                    .into(),
                repair,
            ],
            name,
            self.scope.known(),
        );
    }

    /// Unit of a pair that must agree.
    fn same(&mut self, (a, l): (&Tree, Fits), (b, r): (&Tree, Fits), whole: &Tree) -> Option<Fits> {
        match (l, r) {
            (Fits::Any, other) | (other, Fits::Any) => Some(other),
            (Fits::Only(l), Fits::Only(r)) if l == r => Some(Fits::Only(l)),
            (Fits::Only(l), Fits::Only(r)) => {
                self.report.add(
                    Code::Dimension,
                    &self.text.at.inside(whole.span.clone()),
                    format!(
                        "left {l} (`{}`), right {r} (`{}`)",
                        self.cut(a),
                        self.cut(b)
                    ),
                    "the same unit on both sides",
                    "multiply or divide one side by what is missing, or correct a parameter's unit",
                );
                None
            }
        }
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
            format!(
                "left plain number ({what}), right {found} (`{}`)",
                self.cut(tree)
            ),
            format!("a plain number in {what}"),
            "divide by a quantity of the same unit",
        );
        None
    }

    fn cut(&self, tree: &Tree) -> String {
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

    fn binary(
        &mut self,
        op: Op,
        (a, l): (&Tree, Fits),
        (b, r): (&Tree, Fits),
        whole: &Tree,
    ) -> Option<Fits> {
        match op {
            Op::Add | Op::Sub => self.same((a, l), (b, r), whole),
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
                    self.plain(
                        a,
                        l,
                        "the base of a power whose exponent is not a literal number",
                    )?;
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
        if name == "delayed" {
            return self.delayed(args, &at);
        }
        if let Some(Meaning::Table(index, of, gives)) = self.scope.find(name) {
            if !self.count(name, 1, args, &at) {
                return None;
            }
            let (inner, fits) = self.go(&args[0])?;
            if let (Some(of), Fits::Only(found)) = (of, fits)
                && of != found
            {
                self.report.add(
                    Code::Dimension,
                    &self.text.at.inside(args[0].span.clone()),
                    format!(
                        "left {of} (table `{name}`), right {found} (`{}`)",
                        self.cut(&args[0])
                    ),
                    format!("an argument in {of}"),
                    "pass what the table is a table of",
                );
                return None;
            }
            let fits = gives.map_or(Fits::Any, Fits::Only);
            return Some((Expr::Table(index, Box::new(inner)), fits));
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
        let (exprs, fits): (Vec<Expr>, Vec<Fits>) = walked
            .into_iter()
            .collect::<Option<Vec<_>>>()?
            .into_iter()
            .unzip();
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
                self.same(a, b, whole)?
            }
            Law::Logistic | Law::Gompertz => {
                let (a, b) = pair(0, 1);
                self.same(a, b, whole)?;
                PLAIN
            }
            Law::Hill => {
                let (a, b) = pair(0, 1);
                self.same(a, b, whole)?;
                self.plain(&args[2], fits[2], "the exponent of hill")?;
                PLAIN
            }
            Law::Emax => {
                let (a, b) = pair(0, 2);
                self.same(a, b, whole)?;
                fits[1]
            }
        };
        Some((Expr::Call(law, exprs), out))
    }

    fn count(&mut self, name: &str, want: usize, args: &[Tree], at: &Place) -> bool {
        if args.len() != want {
            self.report.add(
                Code::Arguments,
                at,
                format!("{} argument(s) for `{name}`", args.len()),
                if want == 1 && usage(name).is_empty() {
                    format!("{name}(x)")
                } else {
                    usage(name)
                },
                format!("give {want}"),
            );
        }
        args.len() == want
    }

    fn delayed(&mut self, args: &[Tree], at: &Place) -> Option<(Expr, Fits)> {
        if !self.count("delayed", 1, args, at) {
            return None;
        }
        let inner = self.go(&args[0])?;
        match inner.0 {
            Expr::Slot(Slot::Drug(k)) if self.scope.delayed.get(k) == Some(&true) => {
                Some((Expr::Slot(Slot::Delayed(k)), inner.1))
            }
            _ => {
                self.report.add(
                    Code::NotDelayed,
                    &self.text.at.inside(args[0].span.clone()),
                    format!("delayed({})", self.cut(&args[0])),
                    "the name of a drug whose section has `delay`",
                    "add delay = { states = 3, mean = \"30 h\" } to the drug",
                );
                None
            }
        }
    }
}

const PLAIN: Fits = Fits::Only(Dimension::PLAIN);

/// How a law is called.
fn usage(name: &str) -> String {
    match name {
        "exp" | "ln" | "sqrt" => format!("{name}(x)"),
        "min" | "max" => format!("{name}(a, b)"),
        "hill" => "hill(c, ec50, n)".into(),
        "emax" => "emax(c, emax, ec50)".into(),
        "logistic" | "gompertz" => format!("{name}(n, capacity)"),
        "delayed" => "delayed(drug)".into(),
        _ => String::new(),
    }
}
