//! The canonical text of what was resolved: the format of model and study files, in base units, keys in one order.
//!
//! Reading the text of a model gives the same [`Model`] again, so it can be kept in place of the original; the
//! unit that a number was written in stays beside it as `unit`.

mod drugs;
mod expressions;
mod tables;
mod variation;

pub use expressions::{expression_text, slot_text};

use crate::expr::Expr;
use crate::records::{Records, summary};
use crate::regimen::in_words;
use crate::resolved::*;
use crate::units::{Dimension, number, unit};
use crate::visits::visits_in_words;
use std::fmt::Write;

/// A model as resolved, as text.
///
/// ```
/// let text = std::fs::read_to_string("../../spec/cases/valid/logistic.toml").unwrap();
/// let model = remission_model::model_from_toml("logistic.toml", &text).unwrap();
/// let resolved = remission_model::resolved_to_toml(&model);
/// assert_eq!(remission_model::model_from_toml("again.toml", &resolved).unwrap(), model);
/// ```
pub fn resolved_to_toml(model: &Model) -> String {
    let mut p = Printer { model, out: String::new() };
    p.line("# Resolved by remission: base units are day, cell, mg, umol, L (dm for lengths), Gy.");
    p.line("[model]");
    p.text("title", &model.title);
    if !model.question.is_empty() {
        p.text("question", &model.question);
    }
    if !model.citations.is_empty() {
        let list: Vec<String> = model.citations.iter().map(citation).collect();
        p.line(&format!("citations = [{}]", list.join(", ")));
    }
    if model.parameters.iter().any(|p| p.covariate.is_none()) {
        p.line("\n[parameters]");
    }
    for parameter in model.parameters.iter().filter(|p| p.covariate.is_none()) {
        p.parameter(parameter);
    }
    p.correlations();
    model.tables.iter().for_each(|t| p.table(t));
    model.cells.iter().for_each(|c| p.cell_type(c));
    p.sites();
    let events = || model.events.iter().map(|e| e.level);
    for (k, level) in model.levels.iter().enumerate() {
        if events().any(|e| e == k) {
            continue;
        }
        let dimension = unit(&level.unit).map_or(Dimension::PLAIN, |u| u.dimension);
        p.line(&format!("\n[levels.{}]", level.name));
        p.expression("start", &level.start, dimension);
        let rate = dimension.over(Dimension::TIME).unwrap_or(Dimension::RATE);
        p.expression("rate", &level.rate, rate);
        p.text("unit", &level.unit);
    }
    for event in &model.events {
        let level = &model.levels[event.level];
        p.line(&format!("\n[events.{}]", level.name));
        p.expression("rate", &level.rate, Dimension::RATE);
        if let Some(lasts) = &event.lasts {
            p.expression("lasts", lasts, Dimension::TIME);
        }
        p.expression("fatal", &event.fatal, Dimension::PLAIN);
    }
    model.drugs.iter().for_each(|d| p.drug(d));
    p.start();
    model.measurements.iter().for_each(|m| p.measurement(m));
    if let Some(death) = &model.death {
        p.line("\n[death]");
        p.expression("background", &death.background, Dimension::RATE);
        if let Some(burden) = &death.burden {
            p.expression("burden", burden, Dimension::CELLS);
        }
    }
    p.out
}

/// A study as resolved, as text: sentences in their normal form, every default written out, and what each
/// sentence was resolved to as a comment (days from the start of the cycle).
pub fn resolved_study_to_toml(study: &Study, model: &Model) -> String {
    let mut p = Printer { model, out: String::new() };
    p.line("# Resolved by remission: times in days, amounts in mg (held drugs: base units).");
    p.line(&format!("# name: {}", study.name.escape_debug()));
    p.line("[study]");
    if !study.title.is_empty() {
        p.text("title", &study.title);
    }
    p.line(&format!("patients = {}", study.patients));
    p.line(&format!("seed = {}", study.seed));
    p.quantity("horizon", study.horizon, "days");
    p.text("visits", &visits_in_words(&study.visits));
    if let Some(m) = study.recist_on {
        p.text("recist_on", &model.measurements[m].name);
    }
    if let Some(called) = &study.progression_when {
        p.text("progression_when", &called.sentence);
    }
    p.quantity("ceiling", study.ceiling, "cells");
    p.text("rebiopsy_detects", &number(study.rebiopsy_detects));
    for arm in &study.arms {
        p.line("\n[[arms]]");
        p.text("name", &arm.name);
        match &arm.records {
            Some(records) => p.records(records),
            None => p.regimen("regimen", &arm.regimen),
        }
        match &arm.after_progression {
            AfterProgression::Stop => p.text("after_progression", "stop"),
            AfterProgression::Continue => p.text("after_progression", "continue"),
            AfterProgression::End => p.text("after_progression", "end"),
            AfterProgression::Switch(regimen) => p.regimen("after_progression", regimen),
        }
        if !arm.rules.is_empty() {
            let list: Vec<String> = arm.rules.iter().map(|r| format!("    {},\n", quoted(&r.sentence))).collect();
            p.line(&format!("rules = [\n{}]", list.concat()));
        }
    }
    p.out
}

/// A TOML string in quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c if c.is_control() => out += &format!("\\u{:04X}", c as u32),
            c => out.push(c),
        }
    }
    out + "\""
}

fn citation(c: &Citation) -> String {
    let keys = [("doi", &c.doi), ("url", &c.url), ("where", &c.place)];
    let given = keys.iter().filter(|k| !k.1.is_empty());
    let list: Vec<String> = given.map(|(k, v)| format!("{k} = {}", quoted(v))).collect();
    format!("{{ {} }}", list.join(", "))
}

fn variation(v: &Variation, unit: &str) -> String {
    let n = |x: f64| with_unit(x, unit);
    match *v {
        Variation::LogNormal { sigma } => format!("lognormal(sigma = {})", number(sigma)),
        Variation::Normal { sd } => format!("normal(sd = {})", n(sd)),
        Variation::Uniform { low, high } => format!("uniform({}, {})", n(low), n(high)),
        Variation::LogUniform { low, high } => format!("loguniform({}, {})", n(low), n(high)),
    }
}

/// `source = ...`, `fitted = ...`, or `assumed = ..., prior = ...`
fn source(source: &Source, unit: &str) -> String {
    match source {
        Source::Cited(c) => format!("source = {}", citation(c)),
        Source::Fitted(text) => format!("fitted = {}", quoted(text)),
        Source::Assumed { why, prior } => {
            format!("assumed = {}, prior = {}", quoted(why), quoted(&variation(prior, unit)))
        }
    }
}

fn with_unit(x: f64, unit: &str) -> String {
    if unit.is_empty() { number(x) } else { format!("{} {unit}", number(x)) }
}

struct Printer<'m> {
    model: &'m Model,
    out: String,
}

impl Printer<'_> {
    fn line(&mut self, line: &str) {
        self.out += line;
        self.out.push('\n');
    }

    fn text(&mut self, key: &str, text: &str) {
        self.line(&format!("{key} = {}", quoted(text)));
    }

    fn quantity(&mut self, key: &str, x: f64, unit: &str) {
        self.text(key, &with_unit(x, unit));
    }

    fn expression(&mut self, key: &str, expr: &Expr, dimension: Dimension) {
        let text = self.expression_text(expr, dimension);
        self.text(key, &text);
    }

    fn expression_text(&self, expr: &Expr, dimension: Dimension) -> String {
        match expr {
            Expr::Number(x) => with_unit(*x, &dimension.base_unit()),
            other => expression_text(other, self.model),
        }
    }

    fn parameter(&mut self, p: &Parameter) {
        let dimension = unit(&p.unit).map_or(Dimension::PLAIN, |u| u.dimension);
        let base = dimension.base_unit();
        let mut line = format!("{} = {{ value = {}", p.name, quoted(&with_unit(p.value, &base)));
        line += &format!(", unit = {}", quoted(&p.unit));
        line += &format!(", {}", source(&p.source, &base));
        if let Some(v) = &p.between_patients {
            line += &format!(", between_patients = {}", quoted(&variation(v, &base)));
        }
        self.line(&(line + " }"));
    }

    fn cell_type(&mut self, c: &CellType) {
        self.line(&format!("\n[cells.{}]", c.name));
        self.text("kind", crate::resolve::kind_name(c.kind));
        if let Some(mechanism) = &c.mechanism {
            self.text("mechanism", mechanism);
        }
        self.expression("birth", &c.birth, Dimension::RATE);
        self.expression("death", &c.death, Dimension::RATE);
        if let Some(immigration) = &c.immigration {
            self.expression("immigration", immigration, Dimension::CELLS_RATE);
        }
        let name = |k: usize| quoted(&self.model.cells[k].name);
        let mutations: Vec<String> = (c.mutations.iter())
            .map(|m| {
                let (key, dimension) =
                    if m.per_division { ("per_division", Dimension::PLAIN) } else { ("per_time", Dimension::RATE) };
                let rate = quoted(&self.expression_text(&m.rate, dimension));
                let mut more = String::new();
                if let Some(adds) = &m.adds {
                    more += &format!(", drug_adds = {}", quoted(&self.expression_text(adds, dimension)));
                }
                if let Some(signature) = &m.signature {
                    more += &format!(", signature = {}", quoted(signature));
                }
                format!("{{ to = {}, {key} = {rate}{more} }}", name(m.to))
            })
            .collect();
        let switches: Vec<String> = (c.switches.iter())
            .map(|s| {
                let rate = quoted(&self.expression_text(&s.rate, Dimension::RATE));
                format!("{{ to = {}, rate = {rate} }}", name(s.to))
            })
            .collect();
        for (key, list) in [("mutates", mutations), ("switches", switches)] {
            if !list.is_empty() {
                self.line(&format!("{key} = [\n    {},\n]", list.join(",\n    ")));
            }
        }
    }

    fn sites(&mut self) {
        for site in &self.model.sites {
            self.line(&format!("\n[sites.{}]", site.name));
            let cells: Vec<String> = site.cells.iter().map(|k| quoted(&self.model.cells[*k].name)).collect();
            self.line(&format!("cells = [{}]", cells.join(", ")));
        }
    }

    fn start(&mut self) {
        self.line("\n[before_treatment]");
        match &self.model.start {
            Start::Grown { founder, from, until } => {
                let until = self.expression_text(until, Dimension::CELLS);
                let name = &self.model.cells[*founder].name;
                let noun = if *from == 1 { "cell" } else { "cells" };
                self.text("grow", &format!("{name} from {from} {noun} until {until}"));
            }
            Start::Given(list) => {
                let one = |(k, e): &(usize, Expr)| {
                    let cells = quoted(&self.expression_text(e, Dimension::CELLS));
                    format!("{} = {cells}", self.model.cells[*k].name)
                };
                let list: Vec<String> = list.iter().map(one).collect();
                self.line(&format!("start = {{ {} }}", list.join(", ")));
            }
        }
        match self.model.barcodes {
            Some(Barcodes::OnePerCell) => self.text("barcodes", "one per cell"),
            Some(Barcodes::Library(n)) => self.text("barcodes", &format!("library of {n}")),
            None => {}
        }
        self.basis("before_treatment");
    }

    /// Where the numbers of a section come from, if that is said.
    fn basis(&mut self, of: &str) {
        match self.model.settings.iter().find(|s| s.of == of).map(|s| &s.basis) {
            Some(Basis::Cited(c)) => self.line(&format!("source = {}", citation(c))),
            Some(Basis::Assumed(why)) => self.text("assumed", why),
            None => {}
        }
    }

    fn measurement(&mut self, m: &Measurement) {
        self.line(&format!("\n[measurements.{}]", m.name));
        match &m.kind {
            MeasurementKind::SumOfDiameters { shares, by_site, cells_per_litre, reader_error, too_small } => {
                self.text("kind", "sum_of_diameters");
                let list = |shares: &[f64]| shares.iter().map(|s| number(*s)).collect::<Vec<_>>().join(", ");
                match by_site {
                    None => self.line(&format!("shares = [{}]", list(shares))),
                    Some(lesions) => {
                        let named = self.model.sites.iter().zip(&lesions.shares).filter(|(_, s)| !s.is_empty());
                        let named: Vec<String> =
                            named.map(|(s, own)| format!("{} = [{}]", s.name, list(own))).collect();
                        self.line(&format!("shares = {{ {} }}", named.join(", ")));
                    }
                }
                let dimension = Dimension::CELLS_PER_VOLUME;
                self.expression("cells_per_volume", cells_per_litre, dimension);
                self.text("reader_error", &number(*reader_error));
                self.quantity("too_small", *too_small, "mm");
                if let Some(lesions) = by_site {
                    self.quantity("new_lesion", lesions.new_lesion, "mm");
                }
            }
            MeasurementKind::CellCount { error, detection_limit } => {
                self.text("kind", "cell_count");
                self.text("error", &number(*error));
                self.quantity("detection_limit", *detection_limit, "cells");
            }
            MeasurementKind::Sequencing(s) => {
                self.text("kind", "sequencing");
                if let Some(site) = s.site {
                    self.text("site", &self.model.sites[site].name);
                }
                self.expression("cells", &s.cells, Dimension::CELLS);
                self.expression("purity", &s.purity, Dimension::PLAIN);
                self.expression("copies", &s.copies, Dimension::PLAIN);
                self.expression("mutated_copies", &s.mutated_copies, Dimension::PLAIN);
                self.expression("depth", &s.depth, Dimension::PLAIN);
                self.expression("artefacts", &s.artefacts, Dimension::PLAIN);
                self.expression("detection_limit", &s.detection_limit, Dimension::PLAIN);
            }
            MeasurementKind::Ctdna(c) => {
                self.text("kind", "ctdna");
                self.expression("shed", &c.shed, Dimension::PLAIN);
                self.expression("half_life", &c.half_life, Dimension::TIME);
                self.expression("plasma", &c.plasma, Dimension::VOLUME);
                self.expression("blood", &c.blood, Dimension::VOLUME);
                self.expression("plasma_fraction", &c.plasma_fraction, Dimension::PLAIN);
                self.expression("background", &c.background, Dimension::MASS_CONCENTRATION);
                self.line(&format!("mutated_copies = {}\ncopies = {}", c.mutated_copies, c.copies));
                self.expression("recovery", &c.recovery, Dimension::PLAIN);
                self.line(&format!("depth = {}", c.depth));
                self.expression("artefacts", &c.artefacts, Dimension::PLAIN);
                self.expression("detection_limit", &c.detection_limit, Dimension::PLAIN);
                self.line(&format!("sites = {}", c.sites));
            }
        }
        self.basis(&format!("measurements.{}", m.name));
    }

    fn records(&mut self, r: &Records) {
        for line in summary(r, self.model, 10) {
            self.line(&format!("# {line}"));
        }
        let named = |(n, drug): &(u32, usize)| format!("{n} = {}", quoted(&self.model.drugs[*drug].name));
        let compartments = match &r.compartments[..] {
            [] => String::new(),
            list => format!(", compartments = {{ {} }}", list.iter().map(named).collect::<Vec<_>>().join(", ")),
        };
        let [file, time, amount] = [&r.file, &r.time_unit, &r.amount_unit].map(|t| quoted(t));
        self.line(&format!("records = {{ file = {file}, time_unit = {time}, amount_unit = {amount}{compartments} }}"));
    }

    fn regimen(&mut self, key: &str, regimen: &Regimen) {
        for rule in &regimen.rules {
            let mut offsets = String::new();
            for offset in rule.offsets.iter().take(20) {
                let _ = write!(offsets, "{} ", number(*offset));
            }
            offsets += if rule.offsets.len() > 20 { "..." } else { "" };
            self.line(&format!(
                "# {}: {} over {} at {} of every {} from {} until {}",
                self.model.drugs[rule.drug].name,
                number(rule.amount),
                number(rule.duration),
                offsets.trim_end(),
                number(rule.cycle),
                number(rule.from),
                number(rule.until)
            ));
        }
        // The sentences are in normal form already; rules made in another way are put into words here.
        let sentences = match regimen.sentences.is_empty() {
            true => in_words(&regimen.rules, self.model),
            false => regimen.sentences.clone(),
        };
        let list: Vec<String> = sentences.iter().map(|s| quoted(s)).collect();
        self.line(&format!("{key} = [{}]", list.join(", ")));
    }
}
