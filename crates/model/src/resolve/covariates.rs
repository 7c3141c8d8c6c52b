//! Covariates: traits of a patient with a law over patients, or categories with their shares.
//!
//! A covariate takes its place behind the parameters, so that its name may stand wherever a parameter's may. Of
//! categories the central value, at which constants are checked, is that of the most common one.

use super::parameters;
use crate::problem::{Code, Place, Report};
use crate::resolved::{Category, Covariate, Parameter, Source, Variation};
use crate::scope::{mismatch, read_quantity, read_unit};
use crate::tree::{Text, short};
use crate::units::{Dimension, Quantity, number};
use crate::written;

/// What has to be known of a covariate before names are looked up.
pub(super) struct Group {
    /// The central value.
    pub(super) centre: Option<Quantity>,
    categories: Option<Vec<Category>>,
}

pub(super) fn read(c: &written::Covariate, report: &mut Report) -> Group {
    match &c.categories {
        None => Group { centre: parameters::value(&c.parameter, report), categories: None },
        Some(list) => match categories(c, list, report) {
            Some((centre, categories)) => Group { centre: Some(centre), categories: Some(categories) },
            None => Group { centre: None, categories: None },
        },
    }
}

pub(super) fn covariate(c: &written::Covariate, group: Group, report: &mut Report) -> Option<Parameter> {
    let Group { centre, categories } = group;
    if c.categories.is_none() {
        // The reader has reported a centre without a law.
        c.parameter.between_patients.as_ref()?;
        let parameter = parameters::parameter(&c.parameter, centre.as_ref(), report)?;
        return Some(Parameter { covariate: Some(Covariate::Continuous), ..parameter });
    }
    let source = source(&c.parameter, categories.as_deref(), report);
    let centre = centre?;
    let (unit, unit_scale) = match &c.parameter.unit {
        None => (centre.unit_text.clone(), centre.unit.scale()),
        Some(text) => {
            let unit = read_unit(text, report)?;
            if unit.dimension != centre.unit.dimension {
                mismatch(&text.at, &text.text, unit.dimension, centre.unit.dimension, report);
                return None;
            }
            (text.text.trim().to_string(), unit.scale())
        }
    };
    Some(Parameter {
        name: c.parameter.name.text.clone(),
        value: centre.value,
        unit,
        unit_scale,
        source: source?,
        between_patients: None,
        covariate: Some(Covariate::Categories(categories?)),
    })
}

/// As of a parameter, but an assumption needs no prior: the categories say what a patient may have.
fn source(p: &written::Parameter, categories: Option<&[Category]>, report: &mut Report) -> Option<Source> {
    let given = [p.source.is_some(), p.fitted.is_some(), p.assumed.is_some()];
    match (&p.assumed, given.iter().filter(|g| **g).count()) {
        (Some(why), 1) => {
            let values = || categories.unwrap_or_default().iter().map(|c| c.value);
            let low = values().fold(f64::INFINITY, f64::min);
            let high = values().fold(f64::NEG_INFINITY, f64::max);
            Some(Source::Assumed { why: why.text.trim().to_string(), prior: Variation::Uniform { low, high } })
        }
        _ => parameters::source(p, None, report),
    }
}

fn wrong<T>(at: &Place, found: String, allowed: &str, repair: &str, report: &mut Report) -> Option<T> {
    report.add(Code::Categories, at, found, allowed, repair);
    None
}

/// The value of the most common category, and all of them in base units.
fn categories(
    c: &written::Covariate,
    list: &[written::Category],
    report: &mut Report,
) -> Option<(Quantity, Vec<Category>)> {
    let at = &c.parameter.name.at;
    let mut out: Vec<Category> = Vec::new();
    let mut centre: Option<(Quantity, f64)> = None;
    let mut sound = true;
    for entry in list {
        let share = entry.share.as_ref().and_then(|text| share(text, report));
        let value = entry.value.as_ref().and_then(|text| read_quantity(text, report).map(|q| (q, text)));
        let name = entry.name.as_ref().and_then(|text| name(text, &out, report));
        let (Some(share), Some((value, text)), Some(name)) = (share, value, name) else {
            sound = false;
            continue;
        };
        if let Some((first, _)) = &centre
            && first.unit.dimension != value.unit.dimension
        {
            mismatch(&text.at, &text.text, value.unit.dimension, first.unit.dimension, report);
            sound = false;
            continue;
        }
        out.push(Category { name, share, value: value.value });
        if centre.as_ref().is_none_or(|(_, most)| share > *most) {
            centre = Some((value, share));
        }
    }
    if !sound {
        return None;
    }
    if out.len() < 2 {
        let repair = "add the other category; what all patients share is a parameter";
        return wrong(at, format!("{} categories", out.len()), "two categories or more", repair, report);
    }
    let sum: f64 = out.iter().map(|c| c.share).sum();
    // Ten shares of 0.1 add up to a little less than 1 in binary.
    if (sum - 1.0).abs() > 1e-9 {
        let repair = "correct the shares, or add a category for the other patients";
        return wrong(at, format!("shares that add up to {}", number(sum)), "shares that add up to 1", repair, report);
    }
    Some((centre?.0, out))
}

fn share(text: &Text, report: &mut Report) -> Option<f64> {
    let q = read_quantity(text, report)?;
    if q.unit.dimension != Dimension::PLAIN {
        mismatch(&text.at, &text.text, q.unit.dimension, Dimension::PLAIN, report);
        return None;
    }
    if !(q.value > 0.0 && q.value < 1.0) {
        let repair = "give the share of the patients; a category that nobody is in is left out";
        return wrong(&text.at, short(&text.text), "a share above 0 and below 100 %", repair, report);
    }
    Some(q.value)
}

fn name(text: &Text, before: &[Category], report: &mut Report) -> Option<String> {
    let name = text.text.trim();
    if name.is_empty() || name.len() > 64 || name.contains(char::is_control) {
        let found = format!("the name \"{}\"", short(name).escape_debug());
        return wrong(&text.at, found, "a name of one line and at most 64 bytes", "rename the category", report);
    }
    if before.iter().any(|c| c.name == name) {
        let found = format!("two categories \"{}\"", short(name));
        return wrong(&text.at, found, "every category once", "rename one of the two, or add their shares", report);
    }
    Some(name.to_string())
}
