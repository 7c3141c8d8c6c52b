//! What names mean, and whether units fit: a tree of names becomes an [`Expr`] over slots.
//!
//! Rules of units: `+ - min max` and comparisons within a law need the same unit on both sides; `* / ^ sqrt`
//! combine them; `exp`, `ln`, a Hill exponent and any exponent that is not a literal number need plain numbers.
//! A literal number is a plain number, but a literal 0 fits every unit.

mod hints;
mod meant;
mod of_drugs;
mod tables;
mod walk;

use crate::expr::{Expr, Law, Slot};
use crate::parse::{FaultKind, Tree, parse};
use crate::problem::{Code, Place, Report};
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, UnitError, quantity, unit, unit_names};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use walk::Walk;

/// What a name stands for, with its dimension; `None` when the name's own definition is at fault, so that
/// one mistake is not reported once for every use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Meaning {
    Slot(Slot, Option<Dimension>),
    /// Units of its arguments, of which a table of one has the first, and of its value.
    Table(usize, [Option<Dimension>; 2], Option<Dimension>),
}

/// Every name of a model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    names: HashMap<String, Meaning>,
    /// Numbers of the parameters as written, for messages.
    pub(crate) numbers: Vec<f64>,
    /// Drugs that have a delay.
    pub(crate) delayed: Vec<bool>,
    /// Drugs that have an effect compartment.
    pub(crate) effect: Vec<bool>,
    /// By cell type: drugs of which `felt` is less than the concentration, and by what.
    pub(crate) folds: Vec<Vec<(usize, Expr)>>,
    /// Tables of two arguments.
    pub(crate) surfaces: Vec<bool>,
    /// The cell type whose rates are read.
    pub(crate) of_type: Option<usize>,
    /// Length of a fraction in days, of drugs that are radiation.
    pub(crate) fractions: Vec<Option<f64>>,
    /// Names that stand where nothing is defined: their uses are no further faults.
    pub(crate) stray: HashSet<String>,
    /// Parameters whose missing unit has been reported: every use would say the same.
    told: RefCell<HashSet<usize>>,
    /// Parameters, and what they were found beside and do not fit.
    told_beside: RefCell<HashSet<(usize, Dimension)>>,
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
    ["total", "time", "delayed", "effect", "felt"].contains(&name) || Law::ALL.iter().any(|l| l.0 == name)
}

impl Scope {
    pub(crate) fn insert(&mut self, name: &str, meaning: Meaning) {
        self.names.insert(name.to_string(), meaning);
    }

    /// The slot and the dimension of a name.
    pub(crate) fn slot(&self, name: &str) -> Option<(Slot, Option<Dimension>)> {
        match self.find(name)? {
            Meaning::Slot(slot, dimension) => Some((slot, dimension)),
            Meaning::Table(..) => None,
        }
    }

    /// Names of parameters and levels, in alphabetical order.
    pub(crate) fn parameters_and_levels(&self) -> Vec<&str> {
        let fits = |m: &Meaning| matches!(m, Meaning::Slot(Slot::Parameter(_) | Slot::Level(_), _));
        let mut names: Vec<&str> = self.names.iter().filter(|(_, m)| fits(m)).map(|(n, _)| n.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn find(&self, name: &str) -> Option<Meaning> {
        match name {
            "total" => Some(Meaning::Slot(Slot::Total, Some(Dimension::CELLS))),
            "time" => Some(Meaning::Slot(Slot::Time, Some(Dimension::TIME))),
            _ => self.names.get(name).copied(),
        }
    }

    /// Names of the model among which one may have been meant, for a message.
    fn names_like(&self, name: &str) -> String {
        let names: Vec<&str> = self.names.keys().map(String::as_str).collect();
        crate::problem::nearest(name, &names, 10).join(", ")
    }

    /// Names for suggestions, in alphabetical order so that messages never change order.
    fn known(&self) -> Vec<&str> {
        let mut known: Vec<&str> = self.names.keys().map(String::as_str).collect();
        known.extend(["total", "time", "delayed", "effect", "felt"]);
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
                let told = self.told.borrow();
                let reported = |s| matches!(s, Slot::Parameter(k) if told.contains(&k));
                if found == Dimension::PLAIN && !expr.free_of(reported) {
                    return None;
                }
                drop(told);
                self.mismatch(text, found, want, report);
                None
            }
            _ => Some(expr),
        }
    }

    /// Reports an expression whose unit does not fit its key.
    pub(crate) fn mismatch(&self, text: &Text, found: Dimension, want: Dimension, report: &mut Report) {
        let whole = text.text.trim();
        let repair = match self.find(whole) {
            Some(Meaning::Slot(Slot::Parameter(k), _)) if found == Dimension::PLAIN => {
                if !self.told.borrow_mut().insert(k) {
                    return;
                }
                hints::no_unit_of(whole, self.numbers[k], &text.at.path, want)
            }
            _ if found == Dimension::PLAIN && quantity(whole).is_err() => {
                hints::no_unit_within(whole, &text.at.path, want)
            }
            _ => return mismatch(&text.at, &text.text, found, want, report),
        };
        unfit(&text.at, whole, [found, want], repair, report);
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
        let mut walk = Walk { scope: self, text, allowed, report };
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
        let end = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
        let name = &word[..end];
        if self.names.contains_key(name) {
            report.add(
                Code::UnitOrName,
                &text.at,
                format!("`{}`", short(&text.text)),
                format!("`{name}` is a unit and also a name in this model"),
                format!(
                    "for the unit, give \"{}\" a name under [parameters] and write that name here; for the name \
                     `{name}`, write `({}) {}`; or rename `{name}`",
                    short(trimmed),
                    &trimmed[..length],
                    short(rest),
                ),
            );
            return None;
        }
        Some(true)
    }
}

/// Reports two units that do not fit a key.
pub(crate) fn mismatch(at: &Place, text: &str, found: Dimension, want: Dimension, report: &mut Report) {
    let repair = match found == Dimension::PLAIN {
        true => hints::no_unit(text, &at.path, want),
        false => hints::other_unit(text, &at.path, [found, want]),
    };
    unfit(at, text, [found, want], repair, report);
}

fn unfit(at: &Place, text: &str, [found, want]: [Dimension; 2], repair: String, report: &mut Report) {
    report.add(
        Code::Dimension,
        at,
        format!("left {want} (`{}`), right {found} (`{}`)", at.path, short(text.trim())),
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
    let meant = meant::quantity_meant(&text.text);
    unit_fault(&fault, text, "a number with its unit, such as \"0.0367 /h\"", meant, report);
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
            let meant = meant::unit_meant(&text.text);
            unit_fault(&fault, text, "a unit, such as \"mg/L\" or \"/h\"", meant, report);
            None
        }
    }
}

fn unit_fault(fault: &UnitError, text: &Text, allowed: &str, meant: Option<String>, report: &mut Report) {
    let found = format!("\"{}\"", short(&text.text));
    let known = meant.map(|m| format!("write \"{m}\"")).or_else(|| meant::one_number(&text.text));
    match fault {
        UnitError::NoNumber => {
            let bare = text.text.trim_start_matches(['~', '<', '>', '=', '≈', '≤', '≥', ' ']);
            let repair = match quantity(bare) {
                Ok(_) => format!("write the number alone: \"{bare}\""),
                Err(_) => "write the number first".into(),
            };
            report.add(Code::BadQuantity, &text.at, found, allowed, repair);
        }
        UnitError::Grammar(why) => {
            let repair = known.unwrap_or_else(|| match decimal_point(&text.text) {
                Some(with_point) => format!("write \"{with_point}\": decimals stand after a point"),
                None if text.text.contains(['*', '+', '(']) => {
                    format!("correct it: {why}; a number is written out here, and an expression where it is used")
                }
                None => format!("correct it: {why}"),
            });
            report.add(Code::BadQuantity, &text.at, found, allowed, repair);
        }
        UnitError::NotFinite => report.add(
            Code::NotFinite,
            &text.at,
            found,
            "a finite number",
            "write a number below 1e308; leave out what does not apply",
        ),
        UnitError::Unknown(name) => {
            let repair = known.unwrap_or_else(|| match &meant::units_meant(name)[..] {
                [] => "use one of these units, joined by `*` and `/`".into(),
                [one] => format!("write `{one}`"),
                several => format!("write which is meant: {}", several.join(" or ")),
            });
            report.add(
                Code::UnknownUnit,
                &text.text.find(name.as_str()).map_or(text.at.clone(), |k| text.at.inside(k..k + name.len())),
                format!("the unit `{}` in {found}", short(name)),
                unit_names().collect::<Vec<_>>().join(" "),
                repair,
            );
        }
    }
}

/// The same text with a decimal point for a decimal comma; `None` when that is not what is wrong.
fn decimal_point(text: &str) -> Option<String> {
    let (whole, rest) = text.split_once(',')?;
    let digits = |s: &str| s.trim_start_matches(['+', '-', ' ']).chars().all(|c| c.is_ascii_digit());
    let fixed = format!("{whole}.{rest}");
    (!whole.is_empty() && digits(whole) && quantity(&fixed).is_ok()).then_some(fixed)
}

fn read_tree(text: &Text, report: &mut Report) -> Option<Tree> {
    let fault = match parse(&text.text) {
        Ok(tree) => return Some(tree),
        Err(fault) => fault,
    };
    let at = text.at.inside(fault.span.clone());
    let whole = short(&text.text);
    match fault.kind {
        FaultKind::Unexpected(found, expected) => {
            let doubled = text.text[..fault.span.start].trim_end().ends_with('*') && found == "`*`";
            let begins = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '(';
            let missing = expected.starts_with("an operator") && text.text[fault.span.clone()].starts_with(begins);
            let repair = match (doubled, meant::quantity_meant(&text.text)) {
                (true, _) => "write `^` for a power".into(),
                (_, Some(meant)) => format!("write \"{meant}\""),
                _ if whole.trim().is_empty() => "write a number or an expression; \"0\" for nothing".into(),
                _ if missing && whole.trim().starts_with("if ") => {
                    "there is no `if`: use max(0, x), min, hill or a table".into()
                }
                _ if missing => "write `*` or another operator before it".into(),
                _ if found == "the end" && text.text.matches('(').count() > text.text.matches(')').count() => {
                    "close the parenthesis".into()
                }
                _ => "write an expression of numbers, names, + - * / ^ and laws such as hill(c, ec50, n)".into(),
            };
            report.add(
                Code::Expression,
                &at,
                format!("{found} in `{whole}`"),
                format!("{expected} at this place"),
                repair,
            );
        }
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
        FaultKind::UnitInside(word) => {
            let number = text.text[fault.span.clone()].trim_end_matches(word.as_str()).trim();
            let repair = match (meant::quantity_meant(&text.text), unit(&word)) {
                (Some(meant), _) => format!("write \"{meant}\""),
                (None, Ok(_)) => format!(
                    "give it a name under [parameters], `<name> = {{ value = \"{number} {}\", ... }}`, and write that \
                     name here",
                    short(&word)
                ),
                (None, Err(_)) => "write `*` between a number and a name; a number with a unit stands under \
                                   [parameters], and its name here"
                    .into(),
            };
            report.add(
                Code::Expression,
                &at,
                format!("a number followed by `{}` in `{whole}`", short(&word)),
                "inside an expression a number is plain; only a whole value may carry a unit",
                repair,
            );
        }
    }
    None
}
