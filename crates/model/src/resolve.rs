//! The model as written to the model as resolved: every name found, every unit checked, every default filled.
//!
//! Each section goes on after a fault, so that all faults of a file are reported together. What is broken gets a
//! harmless stand-in inside the scope and the model is not handed out.

mod before;
mod cells;
mod correlations;
mod covariates;
mod ctdna;
mod drugs;
mod law_arguments;
mod laws;
mod measurements;
mod parameters;
mod sequencing;
mod settings;
mod sites;
mod tables;

pub(crate) use cells::kind_name;

use crate::expr::{Expr, Slot};
use crate::parse::is_name;
use crate::problem::{Code, Place, Problems, Report};
use crate::program::evaluate;
use crate::resolved;
use crate::scope::{Allowed, Meaning, Scope, read_unit, reserved};
use crate::tree::{Text, short};
use crate::units::{Dimension, digits, number};
use crate::written;
use std::collections::HashMap;

/// Resolves a model, or says everything that is wrong with it.
///
/// ```
/// let text = std::fs::read_to_string("../../spec/cases/valid/logistic.toml").unwrap();
/// let written = remission_model::read_model("logistic.toml", &text).unwrap();
/// let model = remission_model::resolve(written).unwrap();
/// assert_eq!(model.cells[0].name, "sensitive");
/// ```
pub fn resolve(written: written::Model) -> Result<resolved::Model, Problems> {
    let mut report = Report::new(&written.file);
    let model = model(&written, &mut report);
    report.finish(model)
}

/// What the sections share while they are resolved.
pub(crate) struct Context<'r> {
    pub(crate) scope: Scope,
    pub(crate) report: &'r mut Report,
    /// Central values; `None` where the parameter is at fault.
    values: Vec<Option<f64>>,
    tables: Vec<resolved::Table>,
    tables_sound: bool,
    cell_names: Vec<String>,
    cell_index: HashMap<String, usize>,
    /// Types whose cells are not of the tumour.
    immune: Vec<bool>,
    site_names: Vec<String>,
    drug_names: Vec<String>,
}

pub(crate) fn model(w: &written::Model, report: &mut Report) -> Option<resolved::Model> {
    let faults = report.len();
    let mut scope = Scope::default();
    let mut quantities: Vec<_> = w.parameters.iter().map(|p| parameters::value(p, report)).collect();
    let groups: Vec<_> = w.covariates.iter().map(|c| covariates::read(c, report)).collect();
    quantities.extend(groups.iter().map(|g| g.centre.clone()));
    let named = w.parameters.iter().chain(w.covariates.iter().map(|c| &c.parameter));
    for (k, (p, q)) in named.zip(&quantities).enumerate() {
        let dimension = q.as_ref().map(|q| q.unit.dimension);
        scope.insert(&p.name.text, Meaning::Slot(Slot::Parameter(k), dimension));
        // A percentage is a plain number: with its % dropped it would be another one.
        let plain = |q: &crate::units::Quantity| q.unit.dimension == Dimension::PLAIN;
        scope.numbers.push(q.as_ref().map_or(0.0, |q| if plain(q) { q.value } else { q.number }));
    }
    scope.stray = w.strays.iter().cloned().collect();
    let tables: Vec<Option<resolved::Table>> =
        (w.tables.iter().enumerate()).map(|(k, t)| tables::table(k, t, &mut scope, report)).collect();
    let tables_sound = tables.iter().all(Option::is_some);
    for (k, c) in w.cells.iter().enumerate() {
        scope.insert(&c.name.text, Meaning::Slot(Slot::Cells(k), Some(Dimension::CELLS)));
    }
    for (k, d) in w.drugs.iter().enumerate() {
        let dimension = drugs::felt_dimension(d);
        scope.insert(&d.name.text, Meaning::Slot(Slot::Drug(k), dimension));
        scope.delayed.push(d.delay.is_some());
        scope.effect.push(d.effect.is_some());
        scope.fractions.push(drugs::fraction(d));
    }
    sites::into_scope(w, &mut scope);
    names(w, report);
    let values = quantities.iter().map(|q| q.as_ref().map(|q| q.value)).collect();
    let cell_names: Vec<String> = w.cells.iter().map(|c| c.name.text.clone()).collect();
    // A type at a site is known by its name also where a fault elsewhere keeps it from being made.
    let at_sites = sites::made_types(w).into_iter();
    let cell_index = at_sites.chain(cell_names.iter().enumerate().map(|(k, n)| (n.clone(), k))).collect();
    let tables = tables.into_iter().flatten().collect();
    let immune = w.cells.iter().map(sites::immune).collect();
    let site_names = w.sites.iter().map(|s| s.name.text.clone()).collect();
    let drug_names = w.drugs.iter().map(|d| d.name.text.clone()).collect();
    let mut cx =
        Context { scope, report, values, tables, tables_sound, cell_names, cell_index, immune, site_names, drug_names };

    let mut parameters: Vec<_> =
        (w.parameters.iter().zip(&quantities)).map(|(p, q)| parameters::parameter(p, q.as_ref(), cx.report)).collect();
    parameters.extend(w.covariates.iter().zip(groups).map(|(c, g)| covariates::covariate(c, g, cx.report)));
    // Of a value whose law is in another unit it is not known which of the two is meant: uses say nothing more.
    for (k, p) in w.parameters.iter().enumerate() {
        if parameters[k].is_none() && !cx.report.is_full() && cx.report.has(Code::Dimension, &p.name.at.path) {
            cx.scope.insert(&p.name.text, Meaning::Slot(Slot::Parameter(k), None));
            cx.values[k] = None;
        }
    }
    let correlations = correlations::correlations(w, &parameters, cx.report);
    // A level's unit is that of its start, which is over parameters only: starts come before rates.
    for (k, l) in w.levels.iter().enumerate() {
        cx.scope.insert(&l.name.text, Meaning::Slot(Slot::Level(k), None));
    }
    let starts: Vec<_> = w.levels.iter().map(|l| level_start(l, &mut cx)).collect();
    for (k, (l, start)) in w.levels.iter().zip(&starts).enumerate() {
        let dimension = start.as_ref().map(|s| s.1);
        cx.scope.insert(&l.name.text, Meaning::Slot(Slot::Level(k), dimension));
    }
    let mut levels: Vec<_> = w.levels.iter().zip(starts).map(|(l, s)| level(l, s, &mut cx)).collect();
    let drugs: Vec<_> = w.drugs.iter().map(|d| drugs::drug(d, &mut cx)).collect();
    let events: Vec<_> = (w.events.iter().enumerate())
        .map(|(k, e)| {
            let (level, event) = event(e, w.levels.len() + k, &mut cx)?;
            levels.push(Some(level));
            Some(event)
        })
        .collect();
    if w.cells.is_empty() {
        let at = Place { path: "cells".into(), ..Place::default() };
        cx.report.add(
            Code::MissingKey,
            &at,
            "no cell type",
            "at least one section [cells.<name>]",
            "add [cells.sensitive] with birth and death",
        );
    }
    cx.scope.folds = cells::cross_resistance(w, &mut cx);
    let mut cells = Vec::new();
    for (k, c) in w.cells.iter().enumerate() {
        cx.scope.of_type = Some(k);
        cells.push(cells::cell_type(k, c, &mut cx));
    }
    cx.scope.of_type = None;
    cells::kept_apart(w, &cells, &mut cx);
    let read = sites::read(w, &mut cx);
    let mut sites = match sites::made(w) {
        true => Some(Vec::new()),
        false => sites::explicit(w, &cells, &mut cx),
    };
    if let (Some(read), true, true) = (read, sites::made(w), cells.iter().all(Option::is_some)) {
        let types: Vec<resolved::CellType> = cells.into_iter().flatten().collect();
        let (there, places) = sites::expand(&types, &read, &mut levels);
        cx.at_sites(&types, &there, places.len());
        (cells, sites) = (there.into_iter().map(Some).collect(), Some(places));
    }
    let start = before::start(&w.before, &cells, &mut cx);
    let barcodes = w.before.barcodes.as_ref().map(|text| before::barcodes(text, start.as_ref(), &mut cx));
    let measurements: Vec<_> = w.measurements.iter().map(|m| measurements::measurement(m, &mut cx)).collect();
    ctdna::columns(w, cx.report);
    let death = w.death.as_ref().map(|d| death(d, start.as_ref(), &mut cx));
    let settings: Vec<_> = w.settings.iter().map(|s| settings::setting(s, cx.report)).collect();
    let citations: Vec<_> = (w.citations.iter()).map(|c| parameters::citation(c, false, cx.report)).collect();
    if cx.report.len() > faults {
        return None;
    }
    let Context { tables, .. } = cx;
    Some(resolved::Model {
        title: w.title.as_ref()?.text.trim().to_string(),
        question: w.question.as_ref().map_or(String::new(), |q| q.text.trim().to_string()),
        citations: all(citations)?,
        parameters: all(parameters)?,
        correlations: correlations?,
        tables,
        cells: all(cells)?,
        sites: sites?,
        levels: all(levels)?,
        events: all(events)?,
        drugs: all(drugs)?,
        start: start?,
        barcodes: match barcodes {
            Some(b) => Some(b?),
            None => None,
        },
        measurements: all(measurements)?,
        death: match death {
            Some(d) => Some(d?),
            None => None,
        },
        settings: all(settings)?,
    })
}

fn all<T>(items: Vec<Option<T>>) -> Option<Vec<T>> {
    items.into_iter().collect()
}

/// Names are well formed, not reserved, and mean one thing in the whole file.
fn names(w: &written::Model, report: &mut Report) {
    let made = sites::made_names(w);
    let sections: [Vec<&Text>; 10] = [
        w.parameters.iter().map(|p| &p.name).collect(),
        w.covariates.iter().map(|c| &c.parameter.name).collect(),
        w.tables.iter().map(|t| &t.name).collect(),
        w.cells.iter().map(|c| &c.name).collect(),
        w.levels.iter().map(|l| &l.name).collect(),
        w.events.iter().map(|e| &e.name).collect(),
        w.drugs.iter().map(|d| &d.name).collect(),
        w.measurements.iter().map(|m| &m.name).collect(),
        w.sites.iter().map(|s| &s.name).collect(),
        made.iter().collect(),
    ];
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for name in sections.into_iter().flatten() {
        if !well_formed(name, report) {
            continue;
        }
        if reserved(&name.text) {
            report.add(
                Code::Reserved,
                &name.at,
                format!("`{}`", name.text),
                "`total`, `time`, `delayed`, `effect`, `felt` and the names of laws mean something already",
                "choose another name",
            );
        }
        let endpoint = ["progression", "time_to_progression", "survival"].contains(&name.text.as_str());
        if endpoint && w.events.iter().any(|e| e.name.at == name.at) {
            report.add(
                Code::Reserved,
                &name.at,
                format!("an event called `{}`", name.text),
                "the table of endpoints has rows of this name already",
                "choose another name",
            );
        }
        if let Some(before) = seen.insert(&name.text, &name.at.path) {
            report.add(
                Code::NameTwice,
                &name.at,
                format!("`{}` is also `{before}`", name.text),
                "every name once among parameters, covariates, tables, cells, levels, events, sites, drugs and measurements, and `<type>_<site>` not at all",
                "rename one of the two",
            );
        }
    }
}

/// Reports a name that is not made of ASCII letters, digits and `_`.
pub(crate) fn well_formed(name: &Text, report: &mut Report) -> bool {
    let good = is_name(&name.text);
    if !good {
        let repair = match ascii_name(&name.text) {
            Some(meant) => format!("write {meant}: a name begins with a letter, and words are joined by _"),
            None => "retype the name on a plain keyboard; letters of other alphabets can look the same".into(),
        };
        let strange = name.text.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '_'));
        let found = match strange {
            Some(c) => format!("`{}` with `{c}` (U+{:04X})", short(&name.text), c as u32),
            None => format!("`{}`", short(&name.text)),
        };
        report.add(
            Code::BadName,
            &name.at,
            found,
            "a letter a-z or A-Z, then letters, digits and _, at most 64",
            repair,
        );
    }
    good
}

/// A name with what it may not have left out; `None` when letters of other alphabets are in it.
fn ascii_name(text: &str) -> Option<String> {
    if !text.is_ascii() || text.len() > 64 {
        return None;
    }
    let joined: String = text.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let joined = joined.trim_matches('_');
    let rest = joined.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &joined[..joined.len() - rest.len()];
    let name = format!("{}{digits}", rest.trim_start_matches('_'));
    is_name(&name).then_some(name)
}

impl Context<'_> {
    /// Goes on with the types at the sites; the name of a written type is that at the first of so many sites.
    fn at_sites(&mut self, written: &[resolved::CellType], there: &[resolved::CellType], sites: usize) {
        let immune = |c: &resolved::CellType| c.kind == resolved::Kind::Immune;
        self.cell_names = there.iter().map(|c| c.name.clone()).collect();
        self.immune = there.iter().map(immune).collect();
        self.cell_index = self.cell_names.iter().enumerate().map(|(k, n)| (n.clone(), k)).collect();
        let mut at = 0;
        for c in written {
            self.cell_index.insert(c.name.clone(), at);
            at += if immune(c) { 1 } else { sites };
        }
    }

    /// Value at the parameters' central values; `None` when it depends on anything else, or on a fault.
    pub(crate) fn constant(&self, expr: &Expr) -> Option<f64> {
        let known = |s| match s {
            Slot::Parameter(k) => self.values[k].is_some(),
            _ => false,
        };
        self.at(expr, &known, &|_| 0.0)
    }

    /// Value at the parameters' central values and without drug; `None` when it depends on anything else.
    pub(crate) fn untreated(&self, expr: &Expr) -> Option<f64> {
        let known = |s| match s {
            Slot::Parameter(k) => self.values[k].is_some(),
            Slot::Drug(_) | Slot::Delayed(_) | Slot::Effect(_) => true,
            _ => false,
        };
        self.at(expr, &known, &|_| 0.0)
    }

    /// Value with `other` for what is not a parameter, when every slot is `known`.
    fn at(&self, expr: &Expr, known: &impl Fn(Slot) -> bool, other: &impl Fn(Slot) -> f64) -> Option<f64> {
        if !self.tables_sound || !expr.free_of(|s| !known(s)) {
            return None;
        }
        Some(evaluate(expr, &self.tables, &|s| match s {
            Slot::Parameter(k) => self.values[k].unwrap_or(f64::NAN),
            s => other(s),
        }))
    }

    /// An expression whose constant value, if it has one, is finite.
    pub(crate) fn finite(&mut self, text: &Option<Text>, want: Dimension, allowed: Allowed) -> Option<Expr> {
        let text = text.as_ref()?;
        let expr = self.scope.expression(text, want, allowed, self.report)?;
        if let Some(x) = self.constant(&expr).filter(|x| !x.is_finite()) {
            self.report.add(
                Code::NotFinite,
                &text.at,
                format!("`{}` comes out as {x}", short(&text.text)),
                "a finite number",
                "look for a division by zero, or the logarithm or root of a number that is not positive",
            );
            return None;
        }
        self.law_arguments(text, &expr)?;
        Some(expr)
    }

    /// A rate: never negative as far as it is constant.
    pub(crate) fn rate(
        &mut self,
        text: &Option<Text>,
        want: Dimension,
        allowed: Allowed,
        repair: &str,
    ) -> Option<Expr> {
        let expr = self.finite(text, want, allowed)?;
        let text = text.as_ref()?;
        if let Some(x) = self.untreated(&expr).filter(|x| *x < 0.0 && x.is_finite()) {
            let treated = if self.constant(&expr).is_some() { "" } else { " without drug" };
            self.report.add(
                Code::NegativeRate,
                &text.at,
                format!("`{}` = {} {}{treated}", text.at.path, digits(x), want.base_unit()),
                "a rate cannot be negative",
                repair,
            );
            return None;
        }
        Some(expr)
    }
}

/// Start of a level, its dimension, and the unit for printing.
fn level_start(l: &written::Level, cx: &mut Context<'_>) -> Option<(Expr, Dimension, String, f64)> {
    let unit = l.unit.as_ref().map(|u| read_unit(u, cx.report));
    let text = l.start.as_ref()?;
    let (expr, found) = cx.scope.any_unit(text, Allowed::Parameters, cx.report)?;
    let (dimension, unit_text, scale) = match unit {
        Some(unit) => {
            let unit = unit?;
            let written = l.unit.as_ref()?.text.trim().to_string();
            (unit.dimension, written, unit.scale())
        }
        None => match crate::units::quantity(&text.text) {
            Ok(q) => (q.unit.dimension, q.unit_text.clone(), q.unit.scale()),
            Err(_) => {
                let dimension = found.unwrap_or(Dimension::PLAIN);
                (dimension, dimension.base_unit(), 1.0)
            }
        },
    };
    if let Some(found) = found.filter(|f| *f != dimension) {
        cx.scope.mismatch(text, found, dimension, cx.report);
        return None;
    }
    if let Some(x) = cx.constant(&expr).filter(|x| !x.is_finite()) {
        cx.report.add(
            Code::NotFinite,
            &text.at,
            format!("`{}` comes out as {x}", short(&text.text)),
            "a finite number",
            "look for a division by zero",
        );
        return None;
    }
    Some((expr, dimension, unit_text, scale))
}

fn level(
    l: &written::Level,
    start: Option<(Expr, Dimension, String, f64)>,
    cx: &mut Context<'_>,
) -> Option<resolved::Level> {
    let Some((start, dimension, unit, unit_scale)) = start else {
        // The unit is unknown, yet names and grammar of the rate can be checked.
        let rate = l.rate.as_ref()?;
        cx.scope.any_unit(rate, Allowed::Everything, cx.report);
        return None;
    };
    let want = dimension.over(Dimension::TIME)?;
    let rate = cx.finite(&l.rate, want, Allowed::Everything)?;
    Some(resolved::Level { name: l.name.text.clone(), start, rate, unit, unit_scale })
}

/// An event and its level, which is the number `index`.
fn event(e: &written::Event, index: usize, cx: &mut Context<'_>) -> Option<(resolved::Level, resolved::Event)> {
    let rate = cx.rate(&e.rate, Dimension::RATE, Allowed::Everything, "write 0 or a positive hazard");
    let lasts = e.lasts.is_some().then(|| cx.above_zero(&e.lasts, Dimension::TIME, "leave `lasts` out for good"));
    let fatal = match &e.fatal {
        Some(text) => {
            let share = cx.finite(&e.fatal, Dimension::PLAIN, Allowed::Parameters);
            share.and_then(|s| cx.probability(text, &s).map(|()| s))
        }
        None => Some(Expr::Number(0.0)),
    };
    let lasts = match lasts {
        Some(sound) => Some(sound?),
        None => None,
    };
    let (name, start) = (e.name.text.clone(), Expr::Number(0.0));
    let level = resolved::Level { name, start, rate: rate?, unit: String::new(), unit_scale: 1.0 };
    Some((level, resolved::Event { level: index, lasts, fatal: fatal? }))
}

fn death(d: &written::Death, start: Option<&resolved::Start>, cx: &mut Context<'_>) -> Option<resolved::Death> {
    let repair = "write 0 or a positive rate";
    let background = match &d.background {
        Some(_) => cx.rate(&d.background, Dimension::RATE, Allowed::Parameters, repair),
        None => Some(Expr::Number(0.0)),
    };
    let burden = cx.finite(&d.burden, Dimension::CELLS, Allowed::Parameters);
    if let (Some(text), Some(b)) = (&d.burden, &burden)
        && let Some(x) = cx.constant(b)
        && let size = start.and_then(|s| cx.start_size(s)).unwrap_or(0.0)
        && x <= size
    {
        let size = number(size);
        cx.report.add(
            Code::OutOfRange,
            &text.at,
            format!("{} cells", number(x)),
            format!("a size above the {size} cells at which treatment begins, or everyone is dead on day 0"),
            "give the number of cells at which the tumour kills, or leave `burden` out",
        );
        return None;
    }
    if d.burden.is_some() && burden.is_none() {
        return None;
    }
    Some(resolved::Death { background: background?, burden })
}
