//! The map of a model with its names, rates, numbers and sources as people write them.

use super::words::{figure, source, variation};
use crate::map::data::{Arrow, Map, Node, Number};
use crate::treatment::sentences;
use remission_model::expr::Expr;
use remission_model::map::{self, Mark, Sign, What};
use remission_model::resolved::{Model, Route, Source, Study};
use remission_model::{expression_text, slot_text};

/// Arms that are named at a drug's doses.
const ARMS: usize = 3;

/// The map of a model; with its study, doses are said by arm.
pub fn map(model: &Model, study: Option<&Study>) -> Map {
    let read = map::Map::of(model);
    let parameter = |p: &usize| model.parameters[*p].name.clone();
    let numbers = model.parameters.iter().map(|p| {
        let prior = match &p.source {
            Source::Assumed { prior, .. } => Some(variation(prior, p)),
            _ => None,
        };
        Number {
            name: p.name.clone(),
            value: p.value / p.unit_scale,
            unit: p.unit.clone(),
            mark: Mark::of(&p.source).name().to_string(),
            source: source(&p.source).1,
            prior,
        }
    });
    Map {
        nodes: read.nodes.iter().map(|n| node(*n, model, study)).collect(),
        arrows: read.arrows.iter().map(|a| arrow(a, &read, model)).collect(),
        numbers: numbers.collect(),
        on_no_arrow: read.elsewhere.iter().map(parameter).collect(),
    }
}

/// A node's name.
fn name(node: map::Node, model: &Model) -> String {
    match node {
        map::Node::Dose(d) => format!("doses of {}", model.drugs[d].name),
        map::Node::Drug(d) => model.drugs[d].name.clone(),
        map::Node::Cells(i) => model.cells[i].name.clone(),
        map::Node::Level(l) => model.levels[l].name.clone(),
        map::Node::Total => "total".into(),
        map::Node::Time => "time".into(),
    }
}

fn node(node: map::Node, model: &Model, study: Option<&Study>) -> Node {
    let (mut cell_kind, mut more) = (String::new(), String::new());
    let (kind, is) = match node {
        map::Node::Dose(d) => {
            more = study.map_or(String::new(), |s| given(d, model, s));
            ("doses", format!("doses, {}", route(&model.drugs[d].route)))
        }
        map::Node::Drug(d) => {
            let drug = &model.drugs[d];
            let compartments = match (&drug.route, drug.peripheral.len()) {
                (r, _) if r.is_set() || matches!(r, Route::Kpd { .. }) => route(r).to_string(),
                (_, 0) => "1 compartment".to_string(),
                (_, n) => format!("{} compartments", n + 1),
            };
            let delay = drug.delay.as_ref().map_or(String::new(), |d| format!(", {} transit states", d.states));
            let effect = if drug.effect.is_some() { ", effect compartment" } else { "" };
            more = format!("felt in {}", drug.felt_unit);
            ("drug", format!("drug, {compartments}{delay}{effect}"))
        }
        map::Node::Cells(i) => {
            let cell = &model.cells[i];
            cell_kind = super::cells::kind(cell.kind).to_string();
            more = cell.mechanism.as_ref().map_or(String::new(), |m| format!("mechanism {m}"));
            ("cells", format!("{cell_kind} cells"))
        }
        map::Node::Level(l) => {
            let unit = &model.levels[l].unit;
            if model.events.iter().any(|e| e.level == l) {
                let is = "event of the patient".to_string();
                return Node { name: name(node, model), kind: "event".into(), is, ..Node::default() };
            }
            ("level", if unit.is_empty() { "level".to_string() } else { format!("level, {unit}") })
        }
        map::Node::Total => ("total", "all cells counted".to_string()),
        map::Node::Time => ("time", "days of treatment".to_string()),
    };
    Node { name: name(node, model), kind: kind.to_string(), is, cell_kind, more }
}

fn route(route: &Route) -> &'static str {
    match route {
        Route::Oral { .. } => "oral",
        Route::Bolus => "bolus",
        Route::Infusion => "infusion",
        Route::Held => "held",
        Route::Kpd { .. } => "K-PD",
        Route::Radiation { .. } => "radiation",
    }
}

/// In which arms a drug is given, and how.
fn given(drug: usize, model: &Model, study: &Study) -> String {
    let own = &model.drugs[drug].name;
    let arms = study.arms.iter().filter_map(|arm| {
        if arm.records.is_some() {
            return Some(format!("{}: as recorded", arm.name));
        }
        let mine = arm.regimen.rules.iter().any(|r| r.drug == drug && r.gives());
        let said = sentences(&arm.regimen, model);
        let said: Vec<String> = said.into_iter().filter(|s| s.split(' ').next() == Some(own)).collect();
        mine.then(|| format!("{}: {}", arm.name, if said.is_empty() { "given".into() } else { said.join("; ") }))
    });
    let arms: Vec<String> = arms.collect();
    let more = if arms.len() > ARMS { format!("; and in {} more arms", arms.len() - ARMS) } else { String::new() };
    match arms.is_empty() {
        true => "given in no arm".into(),
        false => format!("{}{more}", arms[..arms.len().min(ARMS)].join("; ")),
    }
}

fn arrow(arrow: &map::Arrow, read: &map::Map, model: &Model) -> Arrow {
    let end = |node: Option<map::Node>| node.map(|n| name(n, model));
    let mut out = Arrow {
        from: end(arrow.from),
        to: end(arrow.to),
        kind: kind(arrow.what).to_string(),
        rate: rate(arrow, model),
        parameters: arrow.parameters.iter().map(|p| model.parameters[*p].name.clone()).collect(),
        mark: arrow.mark.name().to_string(),
        ..Arrow::default()
    };
    if let What::Influence { on, slot, sign } = arrow.what {
        let acted = &read.arrows[on];
        let to = || end(acted.to).unwrap_or_default();
        out.on = Some(on);
        out.acts_on = match acted.what {
            What::Switching => format!("switching to {}", to()),
            What::Mutation { .. } => format!("mutation to {}", to()),
            what => kind(what).to_string(),
        };
        out.sign = match sign {
            Sign::Raises => "raises",
            Sign::Lowers => "lowers",
            Sign::Both => "both",
            Sign::Nothing => "nothing",
            Sign::Unknown => "unknown",
        }
        .to_string();
        out.through = slot_text(slot, model);
        out.rate = rate(acted, model);
    }
    out
}

fn kind(what: What) -> &'static str {
    match what {
        What::Dose => "dose",
        What::Elimination => "elimination",
        What::Birth => "birth",
        What::Death => "death",
        What::Immigration => "immigration",
        What::Switching => "switching",
        What::Mutation { per_division: true } => "mutation at division",
        What::Mutation { per_division: false } => "mutation in time",
        What::Production => "production",
        What::Happens => "happens",
        What::Loss => "loss",
        What::Change => "change",
        What::Influence { .. } => "influence",
    }
}

/// A rate as written; a number with its unit.
fn rate(arrow: &map::Arrow, model: &Model) -> String {
    let Some(rate) = &arrow.rate else { return String::new() };
    let unit = match (rate, arrow.what) {
        (Expr::Number(_), What::Mutation { per_division: true }) => "",
        (Expr::Number(_), What::Immigration) => " cells/day",
        (Expr::Number(_), What::Production | What::Happens | What::Loss | What::Change) => " in base units a day",
        (Expr::Number(_), _) => " /day",
        _ => return expression_text(rate, model),
    };
    let Expr::Number(x) = rate else { return String::new() };
    format!("{}{unit}", figure(*x))
}
