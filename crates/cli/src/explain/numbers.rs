//! Every number with its source or assumption, what else it could be, and how patients differ.

use super::page::Page;
use super::words::{citation, figure, many, source, variation};
use remission_model::resolved::{Basis, Covariate, Model, Source};
use serde::Serialize;

/// How many numbers rest on what.
#[derive(Debug, Serialize)]
pub struct Count {
    /// All.
    pub numbers: usize,
    /// Printed in a paper.
    pub cited: usize,
    /// Fitted to data.
    pub fitted: usize,
    /// Assumed.
    pub assumed: usize,
    /// Numbers in which patients differ.
    pub between_patients: usize,
}

/// A number.
#[derive(Debug, Serialize)]
pub struct Number {
    /// As in the file.
    pub name: String,
    /// In the unit of the file.
    pub value: f64,
    /// Empty for a plain number.
    pub unit: String,
    /// `cited`, `fitted` or `assumed`.
    pub basis: &'static str,
    /// The citation, the fit, or why this value.
    pub source: String,
    /// What else it could be; of an assumption only.
    pub prior: Option<String>,
    /// How patients differ.
    pub between_patients: Option<String>,
    /// True for a covariate of categories, whose value here is that of the most common one.
    #[serde(skip)]
    categories: bool,
}

/// All numbers, in the order of the file.
pub fn numbers(model: &Model) -> Vec<Number> {
    let one = |p: &remission_model::resolved::Parameter| {
        let (basis, text) = source(&p.source);
        Number {
            name: p.name.clone(),
            value: p.value / p.unit_scale,
            unit: p.unit.clone(),
            basis,
            source: text,
            prior: match &p.source {
                Source::Assumed { prior, .. } => Some(variation(prior, p)),
                _ => None,
            },
            between_patients: match &p.covariate {
                Some(Covariate::Categories(list)) => Some(super::patients::shares(list)),
                _ => p.between_patients.as_ref().map(|v| variation(v, p)),
            },
            categories: matches!(p.covariate, Some(Covariate::Categories(_))),
        }
    };
    model.parameters.iter().map(one).collect()
}

/// How many numbers rest on what.
pub fn count(numbers: &[Number]) -> Count {
    let of = |basis| numbers.iter().filter(|n| n.basis == basis).count();
    Count {
        numbers: numbers.len(),
        cited: of("cited"),
        fitted: of("fitted"),
        assumed: of("assumed"),
        between_patients: numbers.iter().filter(|n| n.between_patients.is_some()).count(),
    }
}

/// `41 numbers: 8 from papers, 4 fitted, 29 assumed`.
pub fn in_words(c: &Count) -> String {
    let parts = [(c.cited, "from papers"), (c.fitted, "fitted"), (c.assumed, "assumed")];
    let parts: Vec<String> = parts.iter().filter(|p| p.0 > 0).map(|(n, word)| format!("{n} {word}")).collect();
    match (c.numbers, parts.len()) {
        (0, _) => "no named numbers".into(),
        (n, _) => format!("{}: {}", many(n, "number"), parts.join(", ")),
    }
}

/// Prints the numbers.
pub fn print(page: &mut Page, numbers: &[Number], count: &Count) {
    let mut text = format!("{}.", in_words(count));
    if count.assumed > 0 {
        text += " An assumption is a choice: the range behind \"could be\" is what else was thought possible.";
    }
    if count.between_patients > 0 {
        text += &format!(" Patients differ in {}.", count.between_patients);
    }
    page.text(0, &text);
    page.gap();
    let mut rows = Vec::new();
    for n in numbers {
        let prior = n.prior.as_ref().filter(|_| !n.categories).map(|p| format!(" Could be {p}.")).unwrap_or_default();
        let differ = n.between_patients.as_ref().map(|b| format!(" Patients differ: {b}.")).unwrap_or_default();
        let end = if n.source.ends_with('.') { "" } else { "." };
        let value = [figure(n.value), n.unit.clone()].join(" ");
        rows.push(vec![
            n.name.clone(),
            value.trim_end().to_string(),
            format!("{}: {}{end}{prior}{differ}", n.basis, n.source),
        ]);
    }
    page.table(0, &rows, &[]);
}

/// Where numbers come from that are written in a section as they are.
pub fn settings(page: &mut Page, model: &Model) {
    for s in &model.settings {
        let basis = match &s.basis {
            Basis::Cited(c) => format!("cited: {}", citation(c)),
            Basis::Assumed(why) => format!("assumed: {why}"),
        };
        page.item(0, "", &format!("Numbers written in {}: {basis}", s.of));
    }
}
