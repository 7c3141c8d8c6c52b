//! Parameters: value, source, prior, and how patients differ.

use super::laws;
use crate::problem::{Code, Place, Report};
use crate::resolved::{Citation, Parameter, Source, Variation};
use crate::scope::{read_quantity, read_unit};
use crate::tree::{Text, short};
use crate::units::{Dimension, Quantity};
use crate::written;

/// The parameter's number, read before anything else so that names have units.
pub(super) fn value(p: &written::Parameter, report: &mut Report) -> Option<Quantity> {
    read_quantity(p.value.as_ref()?, report)
}

pub(super) fn parameter(p: &written::Parameter, value: Option<&Quantity>, report: &mut Report) -> Option<Parameter> {
    let source = source(p, value, report);
    let between = match &p.between_patients {
        Some(text) => Some(between(text, p, value, report)?),
        None => None,
    };
    let value = value?;
    let (unit, unit_scale) = match &p.unit {
        None => (value.unit_text.clone(), value.unit.scale()),
        Some(text) => {
            let unit = read_unit(text, report)?;
            if unit.dimension != value.unit.dimension {
                let (found, want) = (unit.dimension, value.unit.dimension);
                crate::scope::mismatch(&text.at, &text.text, found, want, report);
                return None;
            }
            (text.text.trim().to_string(), unit.scale())
        }
    };
    Some(Parameter {
        name: p.name.text.clone(),
        value: value.value,
        unit,
        unit_scale,
        source: source?,
        between_patients: between,
        covariate: None,
    })
}

pub(super) fn source(p: &written::Parameter, value: Option<&Quantity>, report: &mut Report) -> Option<Source> {
    let cited = p.source.as_ref().map(|c| citation(c, true, report));
    let given = [p.source.is_some(), p.fitted.is_some(), p.assumed.is_some()];
    let at = &p.name.at;
    let kinds = "`source` (a citation), `fitted` (data and fit) or `assumed` (why, with a `prior`)";
    match given.iter().filter(|g| **g).count() {
        0 if !p.has_source => {
            report.add(
                Code::NoSource,
                at,
                format!("`{}` without a source", p.name.text),
                format!("exactly one of {kinds}"),
                "say where the number comes from; if it is a guess, say so: assumed = \"why\", prior = \"...\"",
            );
        }
        0 | 1 => {}
        _ => report.add(
            Code::TwoSources,
            at,
            format!("`{}` with more than one source", p.name.text),
            format!("exactly one of {kinds}"),
            "keep the one that the value was taken from",
        ),
    }
    let prior = p.prior.as_ref().map(|text| variation(text, p, value, report));
    match (&p.assumed, &p.prior) {
        (Some(text), None) => report.add(
            Code::NoPrior,
            at,
            format!("`{}` is assumed (\"{}\")", p.name.text, short(&text.text)),
            "an assumption with a `prior`",
            "say what else it could be: prior = \"loguniform(<low>, <high>)\"",
        ),
        (None, Some(text)) if p.has_source => report.add(
            Code::PriorNotUsed,
            &text.at,
            format!("a prior on `{}`, which is not assumed", p.name.text),
            "a prior beside `assumed` only",
            "remove `prior`; differences between patients are `between_patients`",
        ),
        _ => {}
    }
    match (cited, &p.fitted, &p.assumed) {
        (Some(c), None, None) => Some(Source::Cited(c?)),
        (None, Some(text), None) => Some(Source::Fitted(text.text.trim().to_string())),
        (None, None, Some(text)) => Some(Source::Assumed { why: text.text.trim().to_string(), prior: prior?? }),
        _ => None,
    }
}

/// A DOI (or an address), with the place in the paper when `with_place`.
pub(super) fn citation(c: &written::Citation, with_place: bool, report: &mut Report) -> Option<Citation> {
    let text = |t: &Option<Text>| t.as_ref().map_or(String::new(), |t| t.text.trim().to_string());
    let out = Citation { doi: text(&c.doi), url: text(&c.url), place: text(&c.place) };
    let mut wrong = |at: &Place, found: String, allowed: &str, repair: &str| {
        report.add(Code::BadCitation, at, found, allowed, repair);
        None
    };
    let allowed = "doi = \"10....\" or url = \"https://...\", and where = \"Table 1\"";
    if out.doi.is_empty() && out.url.is_empty() {
        return wrong(&c.at, "neither `doi` nor `url`".into(), allowed, "name the publication");
    }
    if let Some(doi) = &c.doi
        && !(out.doi.starts_with("10.") && out.doi.contains('/'))
    {
        let repair = "write the DOI alone, from `10.` on, without the address of a resolver";
        return wrong(&doi.at, format!("\"{}\"", short(&out.doi)), "10.<number>/<name>", repair);
    }
    if let Some(url) = &c.url
        && !["https://", "http://"].iter().any(|s| out.url.starts_with(s))
    {
        let repair = "write the whole address";
        return wrong(&url.at, format!("\"{}\"", short(&out.url)), "https://...", repair);
    }
    if with_place && out.place.is_empty() {
        let repair = "add the table, figure or sentence from which the number was taken";
        return wrong(&c.at, "no `where`".into(), allowed, repair);
    }
    Some(out)
}

const LAWS: [&str; 4] = ["lognormal", "normal", "uniform", "loguniform"];
const FORMS: &str = "lognormal(cv = 20 %), normal(sd = 0.1 /h), uniform(a, b) or loguniform(a, b)";

/// Reads a law of variation of a number with the unit of `value`.
fn variation(text: &Text, p: &written::Parameter, value: Option<&Quantity>, report: &mut Report) -> Option<Variation> {
    let found = format!("\"{}\"", short(&text.text));
    let Some((law, arguments)) = split(&text.text) else {
        report.add(Code::BadVariation, &text.at, found, FORMS, laws::meant(&text.text));
        return None;
    };
    if !LAWS.contains(&law) {
        let message = [format!("the law `{}`", short(law)), FORMS.into(), laws::meant(&text.text)];
        report.add_near(Code::BadVariation, &text.at, message, law, LAWS);
        return None;
    }
    let keys: Vec<&str> = arguments.iter().map(|a| a.0).collect();
    let good = match law {
        "lognormal" => keys == ["cv"] || keys == ["sigma"],
        "normal" => keys == ["sd"] || keys == ["cv"],
        _ => keys == ["", ""],
    };
    if !good {
        report.add(Code::BadVariation, &text.at, found, FORMS, laws::meant(&text.text));
        return None;
    }
    let mut numbers = Vec::new();
    for &(key, argument) in &arguments {
        let dimension = match key {
            "cv" | "sigma" => Some(Dimension::PLAIN),
            _ => value.map(|v| v.unit.dimension),
        };
        let part = Text { text: argument.to_string(), at: text.at.clone() };
        let q = read_quantity(&part, report)?;
        if let Some(want) = dimension.filter(|d| *d != q.unit.dimension) {
            misfit(text, p, (law, &arguments), (value, &q, want), report);
            return None;
        }
        numbers.push(q.value);
    }
    let (first, second) = (arguments[0].1, arguments.get(1).map_or("", |a| a.1));
    let written = value
        .map_or(String::new(), |v| format!("{} {}", crate::units::number(v.number), v.unit_text).trim().to_string());
    let value = value?.value;
    let impossible = |why: &str| Err((why.to_string(), law));
    let out = match (law, keys[0], &numbers[..]) {
        ("lognormal", "cv", &[cv]) if (1e-9..=10.0).contains(&cv) => {
            Ok(Variation::LogNormal { sigma: libm::sqrt(libm::log1p(cv * cv)) })
        }
        ("lognormal", "sigma", &[sigma]) if (1e-9..=5.0).contains(&sigma) => Ok(Variation::LogNormal { sigma }),
        ("lognormal", ..) => impossible("cv above 0 and at most 1000 % (sigma: at most 5)"),
        ("normal", "sd", &[sd]) if sd > 0.0 => Ok(Variation::Normal { sd }),
        ("normal", "cv", &[cv]) if (1e-9..=10.0).contains(&cv) && cv * value.abs() > 0.0 => {
            Ok(Variation::Normal { sd: cv * value.abs() })
        }
        ("normal", ..) => impossible("sd above 0 (cv: above 0, at most 1000 %, of a value that is not 0)"),
        (_, _, &[low, high]) if low >= high => impossible(&format!("the lower end first: {law}({second}, {first})")),
        (_, _, &[low, high]) if value < low || value > high => {
            impossible(&format!("ends on both sides of the parameter's value, {written}"))
        }
        ("uniform", _, &[low, high]) => Ok(Variation::Uniform { low, high }),
        (_, _, &[low, high]) if low > 0.0 => Ok(Variation::LogUniform { low, high }),
        _ => impossible("both ends above 0"),
    };
    let (mut at, mut repair) = (&text.at, "correct the numbers of the law, or the parameter's value".to_string());
    let out = match out {
        Ok(Variation::LogNormal { .. }) if value <= 0.0 => {
            (at, repair) = (p.value.as_ref().map_or(at, |v| &v.at), "correct the sign, or use another law".into());
            impossible("a parameter whose value is above 0, since it is the median")
        }
        other => other,
    };
    match numbers[..] {
        [low, high] if low > high => repair = format!("write {law}({second}, {first})"),
        [low, high] if value < 0.0 && low >= 0.0 && low < high => {
            (at, repair) = (p.value.as_ref().map_or(at, |v| &v.at), "correct the sign of the value".into());
        }
        [low, high] if law == "loguniform" && low <= 0.0 && low < high => {
            repair = "give a lower end above 0, or use uniform".into();
        }
        _ => {}
    }
    if let ("cv", &[cv]) = (keys[0], &numbers[..])
        && cv > 10.0
        && cv <= 1000.0
    {
        repair = format!("write {law}(cv = {first} %) if a percentage is meant");
    }
    out.map_err(|(allowed, law)| {
        report.add(Code::ImpossibleVariation, at, found, format!("{law}: {allowed}"), repair);
    })
    .ok()
}

/// As `variation`, of differences between patients: a number above 0 stays so in all but a few of them.
fn between(text: &Text, p: &written::Parameter, value: Option<&Quantity>, report: &mut Report) -> Option<Variation> {
    let law = variation(text, p, value, report)?;
    if let Variation::Normal { sd } = law
        && let Some([found, repair]) = laws::below_zero(sd, value?.value)
    {
        let found = format!("\"{}\", {found}", short(&text.text));
        let allowed = "normal: of a value above 0, below 0 in at most 1 % of patients";
        report.add(Code::ImpossibleVariation, &text.at, found, allowed, repair);
        return None;
    }
    Some(law)
}

/// Reports numbers of a law in another unit than the parameter's value.
fn misfit(
    text: &Text,
    p: &written::Parameter,
    (law, arguments): (&str, &[(&str, &str)]),
    (value, found, want): (Option<&Quantity>, &Quantity, Dimension),
    report: &mut Report,
) {
    let Some(value) = value.filter(|_| want == Dimension::PLAIN || value.is_some()) else { return };
    let name = text.at.path.rsplit('.').next().unwrap_or_default();
    let shown = format!("left {want} (`value`), right {} (`{}`)", found.unit.dimension, short(&text.text));
    let allowed = "the value and its law in one unit";
    if want == Dimension::PLAIN && value.unit.dimension == want && !found.unit_text.is_empty() && law != "lognormal" {
        let at = p.value.as_ref().map_or(&text.at, |v| &v.at);
        let repair =
            format!("`{name}` is in {}: give `value` its unit, or take it from `{name}`", short(&found.unit_text));
        return report.add(Code::Dimension, at, shown, allowed, repair);
    }
    let spread = arguments.iter().any(|a| ["cv", "sigma"].contains(&a.0));
    let repair = match spread {
        true => "write the spread as a plain number or a percentage, such as cv = 30 %".to_string(),
        false => laws::unit_of(law, arguments, value, found),
    };
    report.add(Code::Dimension, &text.at, shown, allowed, repair);
}

/// `law(key = a, b)` to the law and its (key, text) pairs; the key is empty when there is none.
pub(super) fn split(text: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let (law, rest) = text.trim().split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    if inside.contains(['(', ')']) || inside.split(',').count() > 4 {
        return None;
    }
    let arguments = inside
        .split(',')
        .map(|a| match a.split_once('=') {
            Some((key, value)) => (key.trim(), value.trim()),
            None => ("", a.trim()),
        })
        .collect();
    Some((law.trim(), arguments))
}
