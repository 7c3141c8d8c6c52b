//! Who the patients are: covariates, by a law or by categories, and what goes together in one patient.

use super::page::Page;
use super::words::{figure, percent, quantity, source, variation};
use remission_model::resolved::{Category, Correlation, Covariate, Model, Parameter, Source, Variation};
use serde::Serialize;

/// Traits, and what goes together.
#[derive(Debug, Serialize)]
pub struct Patients {
    /// In the order of the file.
    pub covariates: Vec<Trait>,
    /// In the order of the file.
    pub correlations: Vec<Pair>,
}

/// A covariate.
#[derive(Debug, Serialize)]
pub struct Trait {
    /// As in the file.
    pub name: String,
    /// How patients have it, in words.
    pub says: String,
    /// Groups of patients; empty where it follows a law.
    pub categories: Vec<Group>,
    /// `cited`, `fitted` or `assumed`.
    pub basis: &'static str,
    /// The citation, the fit, or why.
    pub source: String,
}

/// A group of patients.
#[derive(Debug, Serialize)]
pub struct Group {
    /// As in tables.
    pub name: String,
    /// Share of the patients.
    pub share: f64,
    /// What the covariate's name stands for, in its unit.
    pub value: f64,
}

/// Two quantities that vary together.
#[derive(Debug, Serialize)]
pub struct Pair {
    /// Names.
    pub between: [String; 2],
    /// Correlation of the normal deviates behind the two laws.
    pub value: f64,
    /// `cited`, `fitted` or `assumed`.
    pub basis: &'static str,
    /// The citation, the fit, or why.
    pub source: String,
    /// What else it could be; of an assumption only.
    pub prior: Option<String>,
}

/// The account.
pub fn patients(model: &Model) -> Patients {
    Patients {
        covariates: model.parameters.iter().filter_map(|p| Some((p, p.covariate.as_ref()?))).map(one).collect(),
        correlations: model.correlations.pairs.iter().map(|c| pair(c, model)).collect(),
    }
}

/// `poor 7 %, usual 93 %`
pub fn shares(categories: &[Category]) -> String {
    let one = |c: &Category| format!("{} {}", c.name, percent(c.share));
    categories.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn one((p, covariate): (&Parameter, &Covariate)) -> Trait {
    let (basis, source) = source(&p.source);
    let mut groups = Vec::new();
    let says = match covariate {
        Covariate::Continuous => {
            let centre = quantity(p.value / p.unit_scale, &p.unit);
            match &p.between_patients {
                Some(v @ Variation::LogNormal { .. }) => format!("median {centre}, {}", variation(v, p)),
                Some(v @ Variation::Normal { .. }) => format!("mean {centre}, {}", variation(v, p)),
                Some(v) => format!("{centre} at the centre, {}", variation(v, p)),
                None => centre,
            }
        }
        Covariate::Categories(list) => {
            groups.extend(list.iter().map(|c| Group {
                name: c.name.clone(),
                share: c.share,
                value: c.value / p.unit_scale,
            }));
            let one = |g: &Group| format!("{} {} ({})", percent(g.share), g.name, quantity(g.value, &p.unit));
            groups.iter().map(one).collect::<Vec<_>>().join(", ")
        }
    };
    Trait { name: p.name.clone(), says, categories: groups, basis, source }
}

fn pair(c: &Correlation, model: &Model) -> Pair {
    let (basis, source) = source(&c.source);
    let prior = match &c.source {
        Source::Assumed { prior, .. } => Some(crate::figures::law(*prior, 1.0, "").trim().to_string()),
        _ => None,
    };
    let between = c.between.map(|k| model.parameters[k].name.clone());
    Pair { between, value: c.value, basis, source, prior }
}

/// Prints the account.
pub fn print(page: &mut Page, p: &Patients) {
    let stop = |text: &str| if text.ends_with('.') { "" } else { "." };
    if !p.covariates.is_empty() {
        page.text(
            0,
            "Traits of the patients, recorded in the table of patients. Rates and levels above are those of the most common \
             category and of the centre of every law.",
        );
        page.gap();
        let row = |t: &Trait| vec![t.name.clone(), format!("{}. {}: {}{}", t.says, t.basis, t.source, stop(&t.source))];
        page.table(2, &p.covariates.iter().map(row).collect::<Vec<_>>(), &[]);
    }
    if p.correlations.is_empty() {
        return;
    }
    page.gap();
    page.text(
        0,
        "Numbers that go together in a patient, with the correlation of the normal deviates behind their laws (of the \
         logarithm where a law is log-normal); all others are drawn independently:",
    );
    page.gap();
    let row = |c: &Pair| {
        let prior = c.prior.as_ref().map(|p| format!(" Could be {p}.")).unwrap_or_default();
        let [a, b] = &c.between;
        vec![format!("{a} and {b}"), figure(c.value), format!("{}: {}{}{prior}", c.basis, c.source, stop(&c.source))]
    };
    page.table(2, &p.correlations.iter().map(row).collect::<Vec<_>>(), &[1]);
}
