//! Every number of a model file that is written outside a parameter, covariate or correlation, and every citation, with their lines.

use remission_model::format::{MODEL, Object, Value};
use remission_model::parse::{Node, Tree, parse};
use remission_model::units::quantity;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Sections whose numbers have a mark of their own.
const MARKED: [&str; 4] = ["model", "parameters", "covariates", "correlations"];
/// Keys whose text is a unit or a name, whatever digits stand in it.
const NO_NUMBER: [&str; 9] = ["unit", "of", "gives", "felt_as", "to", "route", "kind", "mechanism", "signature"];
/// Keys whose text only takes a quantity, so that no parameter can stand there.
const LITERAL_ONLY: [&str; 5] = ["molar_mass", "reader_error", "too_small", "error", "fraction"];

/// A number as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// Line, from 1.
    pub line: usize,
    /// Dotted path of its key.
    pub path: String,
    /// The section whose `source` or `assumed` covers it: `drugs.erlotinib`, `before_treatment`.
    pub section: String,
    /// As written.
    pub text: String,
    /// True where no parameter can stand.
    pub literal_only: bool,
}

/// A citation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// Line, from 1.
    pub line: usize,
    /// Dotted path of its key.
    pub key: String,
    /// It has a DOI or an address.
    pub address: bool,
    /// It says where in the publication.
    pub place: bool,
}

/// Numbers that need no name: the neutral ones, a square and a sign.
fn plain(x: f64) -> bool {
    [0.0, 1.0, 2.0, -1.0].contains(&x)
}

struct Walk<'a> {
    whole: &'a str,
    numbers: Vec<Number>,
    citations: Vec<Cited>,
}

/// All numbers outside parameters, in the order of the text.
pub fn written(text: &str) -> Vec<Number> {
    let mut numbers = walk(text).numbers;
    numbers.sort_by_key(|n| n.line);
    numbers
}

/// All citations, in the order of the text.
pub fn citations(text: &str) -> Vec<Cited> {
    let mut citations = walk(text).citations;
    citations.sort_by_key(|c| c.line);
    citations
}

fn walk(text: &str) -> Walk<'_> {
    let mut walk = Walk { whole: text, numbers: Vec::new(), citations: Vec::new() };
    // A text that is no TOML has been refused before.
    if let Ok(table) = DeTable::parse(text) {
        walk.object(table.get_ref(), &MODEL, "", "");
    }
    walk
}

impl Walk<'_> {
    fn line(&self, at: usize) -> usize {
        1 + self.whole.as_bytes()[..at.min(self.whole.len())].iter().filter(|b| **b == b'\n').count()
    }

    /// A section with fixed keys, `path` its own and `section` that of the entry it lies in.
    fn object(&mut self, table: &DeTable<'_>, object: &Object, path: &str, section: &str) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let at = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
            let section = if section.is_empty() { at.as_str() } else { section };
            if ["source", "citations"].contains(&name) {
                self.cited(value, &at);
            } else if let Some(known) = object.key(name) {
                self.value(value, known.value, name, &at, section);
            }
        }
    }

    fn cited(&mut self, value: &Spanned<DeValue<'_>>, at: &str) {
        match value.get_ref() {
            DeValue::Array(list) => list.iter().for_each(|item| self.cited(item, at)),
            DeValue::Table(table) => {
                let has =
                    |key: &str| table.get(key).and_then(|v| v.get_ref().as_str()).is_some_and(|t| !t.trim().is_empty());
                self.citations.push(Cited {
                    line: self.line(value.span().start),
                    key: at.to_string(),
                    address: has("doi") || has("url"),
                    place: has("where"),
                });
            }
            _ => {}
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, kind: Value, name: &str, at: &str, section: &str) {
        let inner = value.get_ref();
        let marked = MARKED.contains(&at.split(['.', '[']).next().unwrap_or(at));
        match (kind, inner) {
            (Value::Object(o) | Value::ObjectOrObjects(o), DeValue::Table(table)) => self.object(table, o, at, section),
            (Value::Objects(o) | Value::ObjectOrObjects(o), DeValue::Array(list)) => {
                for (k, item) in list.iter().enumerate() {
                    if let DeValue::Table(table) = item.get_ref() {
                        self.object(table, o, &format!("{at}[{k}]"), section);
                    }
                }
            }
            (Value::Named(o), DeValue::Table(table)) => {
                for (key, item) in table {
                    let at = format!("{at}.{}", key.get_ref());
                    if let DeValue::Table(table) = item.get_ref() {
                        self.object(table, o, &at, &at);
                    }
                }
            }
            (Value::Kinds(kinds), DeValue::Table(table)) => {
                for (key, item) in table {
                    let at = format!("{at}.{}", key.get_ref());
                    let DeValue::Table(table) = item.get_ref() else { continue };
                    let kind = table.get("kind").and_then(|k| k.get_ref().as_str());
                    if let Some((_, o)) = kinds.iter().find(|k| Some(k.0) == kind) {
                        self.object(table, o, &at, &at);
                    }
                }
            }
            _ if marked || NO_NUMBER.contains(&name) => {}
            (Value::Text, DeValue::String(text)) => self.text(value, text, name, at, section),
            (Value::NamedTexts, DeValue::Table(table)) => {
                for (key, item) in table {
                    let at = format!("{at}.{}", key.get_ref());
                    match item.get_ref() {
                        DeValue::String(text) => self.text(item, text, name, &at, section),
                        other => self.literal(item, other, &at, section, false),
                    }
                }
            }
            (Value::Text, other) => self.literal(value, other, at, section, LITERAL_ONLY.contains(&name)),
            (Value::NumbersOrNamed, DeValue::Table(table)) => {
                for (key, item) in table {
                    self.literal(item, item.get_ref(), &format!("{at}.{}", key.get_ref()), section, true);
                }
            }
            (Value::Whole(..) | Value::Numbers | Value::NumbersOrNamed | Value::Points, other) => {
                self.literal(value, other, at, section, true)
            }
            _ => {}
        }
    }

    /// Bare TOML numbers, and lists of them.
    fn literal(&mut self, value: &Spanned<DeValue<'_>>, inner: &DeValue<'_>, at: &str, section: &str, only: bool) {
        let digits = match inner {
            DeValue::Integer(i) => i.as_str().to_string(),
            DeValue::Float(x) => x.as_str().to_string(),
            DeValue::Array(list) => {
                list.iter().for_each(|item| self.literal(item, item.get_ref(), at, section, only));
                return;
            }
            _ => return,
        };
        if !digits.replace('_', "").parse::<f64>().is_ok_and(plain) {
            self.push(value.span().start, digits, at, section, only);
        }
    }

    fn push(&mut self, start: usize, text: String, at: &str, section: &str, literal_only: bool) {
        let line = self.line(start);
        self.numbers.push(Number { line, path: at.to_string(), section: section.to_string(), text, literal_only });
    }

    /// A quantity, an expression, or a sentence of `[before_treatment]`.
    fn text(&mut self, value: &Spanned<DeValue<'_>>, text: &str, name: &str, at: &str, section: &str) {
        let start = value.span().start;
        match name {
            "grow" => {
                let (before, size) = text.split_once(" until ").unwrap_or((text, ""));
                let founders = before.split_whitespace().find(|w| w.parse::<f64>().is_ok_and(|x| !plain(x)));
                if let Some(number) = founders {
                    self.push(start, number.to_string(), at, section, true);
                }
                self.expression(start, size, at, section, false);
            }
            "barcodes" => {
                if let Some(number) = text.split_whitespace().find(|w| w.parse::<f64>().is_ok()) {
                    self.push(start, number.to_string(), at, section, true);
                }
            }
            // Of blood it is an expression, of a count a quantity alone.
            "detection_limit" => {
                let count = quantity(text).is_ok_and(|q| q.unit.dimension == remission_model::units::Dimension::CELLS);
                self.expression(start, text, at, section, count);
            }
            _ => self.expression(start, text, at, section, LITERAL_ONLY.contains(&name)),
        }
    }

    fn expression(&mut self, start: usize, text: &str, at: &str, section: &str, only: bool) {
        if let Ok(q) = quantity(text) {
            if !(q.value == 0.0 || q.unit_text.is_empty() && plain(q.number)) {
                self.push(start, text.trim().to_string(), at, section, only);
            }
            return;
        }
        let Ok(tree) = parse(text) else { return };
        let mut found = Vec::new();
        literals(&tree, &mut found);
        for span in found {
            // A line break inside a text is told by the line of the number; the quote stands before the text.
            self.push(start + 1 + span.start, text[span].to_string(), at, section, only);
        }
    }
}

/// Literals of an expression that need a name.
fn literals(tree: &Tree, found: &mut Vec<std::ops::Range<usize>>) {
    match &tree.node {
        Node::Number(x) if !plain(*x) => found.push(tree.span.clone()),
        Node::Number(_) | Node::Name(_) => {}
        Node::Neg(a) => literals(a, found),
        Node::Binary(_, a, b) => {
            literals(a, found);
            literals(b, found);
        }
        Node::Call(_, _, arguments) => arguments.iter().for_each(|a| literals(a, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL_TEXT: &str = r#"
[model]
title = "numbers 3 and 4 of a title are words"
citations = [{ doi = "10.1/x" }, { where = "nowhere" }]

[parameters]
k = { value = "3 /day", source = { url = "https://x.org", where = "Table 5" } }

[tables.law]
of = "cells/cm^3"
points = [[0, 1], [7, 0.25]]

[cells.a]
birth = "k * (1 - 0.5)^2 + max(0, -1 * k)"
death = "0.3 /day"
switches = [{ to = "b", rate = "0" }]

[drugs.d]
route = "oral"
ka = "k"
clearance = "k * 2 * law(4)"
molar_mass = "400 g/mol"
delay = { states = 12, mean = "66 h" }

[before_treatment]
grow = "a from 100 cells until 1e9 cells"

[measurements.m]
kind = "cell_count"
error = "10 %"
detection_limit = "1e6 cells"
"#;

    #[test]
    fn every_number_outside_a_parameter_is_found_with_its_line() {
        let found: Vec<(usize, String, bool)> = written(MODEL_TEXT)
            .into_iter()
            .map(|n| (n.line, format!("{} {}", n.path, n.text), n.literal_only))
            .collect();
        let wanted = [
            (11, "tables.law.points 7", true),
            (11, "tables.law.points 0.25", true),
            (14, "cells.a.birth 0.5", false),
            (15, "cells.a.death 0.3 /day", false),
            (21, "drugs.d.clearance 4", false),
            (22, "drugs.d.molar_mass 400 g/mol", true),
            (23, "drugs.d.delay.mean 66 h", false),
            (23, "drugs.d.delay.states 12", true),
            (26, "before_treatment.grow 100", true),
            (26, "before_treatment.grow 1e9 cells", false),
            (30, "measurements.m.error 10 %", true),
            (31, "measurements.m.detection_limit 1e6 cells", true),
        ];
        assert_eq!(found, wanted.map(|(line, text, only)| (line, text.to_string(), only)));
        let sections: Vec<String> = written(MODEL_TEXT).into_iter().map(|n| n.section).collect();
        assert_eq!([&sections[0], &sections[7], &sections[8]], ["tables.law", "drugs.d", "before_treatment"]);
    }

    #[test]
    fn citations_are_told_by_what_they_lack() {
        let found: Vec<(usize, bool, bool)> =
            citations(MODEL_TEXT).iter().map(|c| (c.line, c.address, c.place)).collect();
        assert_eq!(found, [(4, true, false), (4, false, true), (7, true, true)]);
    }
}
