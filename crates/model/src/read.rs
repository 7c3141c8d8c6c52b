//! Text to the model as written: which keys there are, which are required, what kind of value they hold.

mod measurements;
mod settings;

use crate::problem::{Code, Report};
use crate::tree::{Entry, Section, parse};
use crate::written::*;

/// Sections of a model file.
const SECTIONS: [&str; 14] = [
    "model",
    "parameters",
    "covariates",
    "correlations",
    "tables",
    "cells",
    "levels",
    "events",
    "cross_resistance",
    "sites",
    "drugs",
    "before_treatment",
    "measurements",
    "death",
];

/// Reads a model as far as it can be read; `None` when it is not TOML.
pub(crate) fn model(file: &str, text: &str, report: &mut Report) -> Option<Model> {
    let table = parse(text, report)?;
    let root = Section::root(&table, text).only(&SECTIONS, report);
    let mut out = Model { file: file.to_string(), strays: root.strays(&SECTIONS), ..Model::default() };
    if let Some(s) = root.need_section("model", "[model] with title = \"...\"", report) {
        let s = s.only(&["title", "question", "citations"], report);
        if !s.has("title") {
            s.need_text("title", "title = \"...\"", report);
        }
        out.title = s.words("title", report);
        out.question = s.words("question", report);
        let list = s.sections("citations", report);
        out.citations = list.into_iter().map(|c| citation(c, report)).collect();
    }
    out.parameters = each(&root, "parameters", report, parameter);
    if let Some(s) = root.section("parameters", &mut Report::new(file)) {
        let read: Vec<&str> = out.parameters.iter().map(|p| p.name.text.as_str()).collect();
        let broken = s.strays(&read);
        out.strays.extend(broken);
    }
    out.covariates = each(&root, "covariates", report, covariate);
    let list = root.sections("correlations", report);
    out.correlations = list.into_iter().map(|c| correlation(c, report)).collect();
    out.tables = each(&root, "tables", report, table_law);
    out.cells = each(&root, "cells", report, cell_type);
    out.levels = each(&root, "levels", report, level);
    out.events = each(&root, "events", report, event);
    out.cross_resistance = each(&root, "cross_resistance", report, |name, s, report| {
        let folds = s.named(report).into_iter().map(|e| (e.name.clone(), e.text(report))).collect();
        CrossResistance { cells: name, folds }
    });
    out.sites = each(&root, "sites", report, site);
    out.drugs = each(&root, "drugs", report, drug);
    out.measurements = each(&root, "measurements", report, measurements::measurement);
    let example = "[before_treatment] with grow = \"<type> from 1 cell until 1e9 cells\"";
    out.before.missing = true;
    if let Some(s) = root.need_section("before_treatment", example, report) {
        out.before = before(s.only(&["grow", "start", "barcodes", "source", "assumed"], report), report);
    }
    if let Some(s) = root.section("death", report) {
        let s = s.only(&["background", "burden"], report);
        out.death = Some(Death { background: s.text("background", report), burden: s.text("burden", report) });
    }
    out.settings = settings::settings(&root, report);
    Some(out)
}

fn each<T>(
    root: &Section<'_>,
    key: &str,
    report: &mut Report,
    read: impl Fn(Text, Section<'_>, &mut Report) -> T,
) -> Vec<T> {
    let entries: Vec<Entry<'_>> = root.entries(key, report);
    let mut out = Vec::new();
    for entry in entries {
        if let Some(section) = entry.section(report) {
            out.push(read(entry.name.clone(), section, report));
        }
    }
    out
}

fn citation(s: Section<'_>, report: &mut Report) -> Citation {
    let s = s.only(&["doi", "url", "where"], report);
    Citation {
        at: s.at.clone(),
        doi: s.words("doi", report),
        url: s.words("url", report),
        place: s.words("where", report),
    }
}

fn parameter(name: Text, s: Section<'_>, report: &mut Report) -> Parameter {
    let keys = ["value", "unit", "source", "fitted", "assumed", "prior", "between_patients"];
    let s = s.only(&keys, report);
    let source = s.section("source", report);
    Parameter {
        name,
        value: s.need_text("value", "value = \"<number> <unit>\"", report),
        unit: s.text("unit", report),
        source: source.map(|c| citation(c, report)),
        fitted: s.words("fitted", report),
        assumed: s.words("assumed", report),
        prior: s.text("prior", report),
        between_patients: s.text("between_patients", report),
        has_source: ["source", "fitted", "assumed"].iter().any(|k| s.has(k)),
    }
}

const LAW_OR_CATEGORIES: &str = "write value = \"70 kg\" and between_patients = \"lognormal(cv = 20 %)\", or \
                                 categories = [{ name = \"a\", share = \"60 %\", value = 0 }, { name = \"b\", share = \
                                 \"40 %\", value = 1 }]";

fn covariate(name: Text, s: Section<'_>, report: &mut Report) -> Covariate {
    let keys = ["value", "unit", "source", "fitted", "assumed", "prior", "between_patients", "categories"];
    let s = s.only(&keys, report);
    let of_law = ["value", "between_patients"].map(|k| s.has(k));
    let mixed = s.has("categories") && (of_law.contains(&true) || s.has("prior"));
    if mixed || !(s.has("categories") || of_law == [true, true]) {
        let alone = mixed && !of_law.contains(&true);
        let (found, repair) = match (mixed, alone) {
            (true, true) => {
                ("`prior` beside `categories`", "remove `prior`: the categories say what a patient may have")
            }
            (true, false) => ("`categories` beside a law", LAW_OR_CATEGORIES),
            _ => ("neither a law with its centre nor categories", LAW_OR_CATEGORIES),
        };
        report.add(
            Code::CovariateLaw,
            &s.at,
            format!("`{}` with {found}", name.text),
            "`value` and `between_patients` (a law, with `prior` where it is assumed), or `categories` alone",
            repair,
        );
    }
    let categories = s.has("categories").then(|| s.sections("categories", report));
    let mut parameter = Parameter { name, ..Parameter::default() };
    parameter.value = s.text("value", report);
    parameter.unit = s.text("unit", report);
    parameter.between_patients = s.text("between_patients", report);
    origin(&s, &mut parameter, report);
    let categories = categories.map(|list| list.into_iter().map(|c| category(c, report)).collect());
    Covariate { parameter, categories }
}

fn category(s: Section<'_>, report: &mut Report) -> Category {
    let s = s.only(&["name", "share", "value"], report);
    Category {
        name: s.need_text("name", "name = \"poor\"", report),
        share: s.need_text("share", "share = \"7 %\"", report),
        value: s.need_text("value", "value = 0.2", report),
    }
}

fn correlation(s: Section<'_>, report: &mut Report) -> Correlation {
    let s = s.only(&["between", "value", "source", "fitted", "assumed", "prior"], report);
    if !s.has("between") {
        s.need_text("between", "between = [\"clearance\", \"volume\"]", report);
    }
    let between = s.texts("between", report);
    let mut number = Parameter { name: Text { text: "correlation".into(), at: s.at.clone() }, ..Parameter::default() };
    number.value = s.need_text("value", "value = 0.5", report);
    origin(&s, &mut number, report);
    Correlation { between, number }
}

/// Where a number comes from.
fn origin(s: &Section<'_>, p: &mut Parameter, report: &mut Report) {
    p.source = s.section("source", report).map(|c| citation(c, report));
    p.fitted = s.words("fitted", report);
    p.assumed = s.words("assumed", report);
    p.prior = s.text("prior", report);
    p.has_source = ["source", "fitted", "assumed"].iter().any(|k| s.has(k));
}

fn table_law(name: Text, s: Section<'_>, report: &mut Report) -> Table {
    let s = s.only(&["of", "gives", "points", "source", "assumed"], report);
    let of = match s.is_list("of") {
        true => s.texts("of", report).unwrap_or_default(),
        false => s.need_text("of", "of = \"uM\"", report).into_iter().collect(),
    };
    let (width, shape) = match of.len() {
        2 => (3, "three numbers [x, z, value], a point of a table of two arguments"),
        _ => (2, "a pair of numbers [x, y]"),
    };
    let points = s.points("points", width, shape, report);
    if !s.has("points") {
        s.need_text("points", "points = [[0, 1], [10, 0]]", report);
    }
    Table { name, of, gives: s.text("gives", report), points }
}

fn cell_type(name: Text, s: Section<'_>, report: &mut Report) -> CellType {
    let keys = ["kind", "mechanism", "birth", "death", "immigration", "mutates", "switches"];
    let s = s.only(&keys, report);
    let mutates = s.sections("mutates", report);
    let switches = s.sections("switches", report);
    CellType {
        name,
        kind: s.words("kind", report),
        mechanism: s.words("mechanism", report),
        birth: s.need_text("birth", "birth = \"<rate>\"; \"0\" when it does not divide", report),
        death: s.need_text("death", "death = \"<rate>\"; \"0\" when it does not die", report),
        immigration: s.text("immigration", report),
        mutates: mutates.into_iter().map(|m| mutation(m, report)).collect(),
        switches: switches.into_iter().map(|m| switch(m, report)).collect(),
    }
}

fn mutation(s: Section<'_>, report: &mut Report) -> Mutation {
    let s = s.only(&["to", "per_division", "per_time", "drug_adds", "signature"], report);
    if s.has("per_division") == s.has("per_time") {
        let found = if s.has("per_time") { "both" } else { "neither" };
        report.add(
            Code::MutationRate,
            &s.at,
            format!("{found} of `per_division` and `per_time`"),
            "`per_division` (a probability) or `per_time` (a rate per cell)",
            "keep exactly one of the two",
        );
    }
    Mutation {
        at: s.at.clone(),
        to: s.need_text("to", "to = \"<cell type>\"", report),
        per_division: s.text("per_division", report),
        per_time: s.text("per_time", report),
        drug_adds: s.text("drug_adds", report),
        signature: s.text("signature", report),
    }
}

fn switch(s: Section<'_>, report: &mut Report) -> Switch {
    let s = s.only(&["to", "rate"], report);
    Switch {
        to: s.need_text("to", "to = \"<cell type>\"", report),
        rate: s.need_text("rate", "rate = \"<rate per cell>\"", report),
    }
}

fn site(name: Text, s: Section<'_>, report: &mut Report) -> Site {
    let s = s.only(&["exposure", "values", "seeded_from", "cells"], report);
    let mut named = |key: &str| {
        let entries = s.entries(key, report);
        entries.into_iter().map(|e| (e.name.clone(), e.text(report))).collect()
    };
    let (exposure, values, seeded_from) = (named("exposure"), named("values"), named("seeded_from"));
    Site { name, cells: s.texts("cells", report), exposure, values, seeded_from }
}

fn level(name: Text, s: Section<'_>, report: &mut Report) -> Level {
    let s = s.only(&["start", "rate", "unit"], report);
    Level {
        name,
        start: s.need_text("start", "start = \"<number> <unit>\"", report),
        rate: s.need_text("rate", "rate = \"<change per time>\"", report),
        unit: s.text("unit", report),
    }
}

const DRUG: [&str; 15] = [
    "route",
    "ka",
    "clearance",
    "volume",
    "peripheral",
    "elimination",
    "lag",
    "bioavailability",
    "molar_mass",
    "felt_as",
    "fraction",
    "delay",
    "effect",
    "source",
    "assumed",
];

fn event(name: Text, s: Section<'_>, report: &mut Report) -> Event {
    let s = s.only(&["rate", "lasts", "fatal"], report);
    Event {
        name,
        rate: s.need_text("rate", "rate = \"0.01 /day\"", report),
        lasts: s.text("lasts", report),
        fatal: s.text("fatal", report),
    }
}

fn drug(name: Text, s: Section<'_>, report: &mut Report) -> Drug {
    let s = s.only(&DRUG, report);
    let peripheral = match s.is_list("peripheral") {
        true => s.sections("peripheral", report),
        false => s.section("peripheral", report).into_iter().collect(),
    };
    if let Some(third) = peripheral.get(2) {
        report.add(
            Code::Compartments,
            &third.at,
            format!("{} peripheral compartments", peripheral.len()),
            "one or two, beside the central one",
            "keep the two that the data were fitted with",
        );
    }
    let peripheral = peripheral.into_iter().map(|p| {
        let p = p.only(&["flow", "volume"], report);
        let flow = p.need_text("flow", "flow = \"60 L/h\"", report);
        (flow, p.need_text("volume", "volume = \"568 L\"", report))
    });
    let peripheral = peripheral.collect();
    // What cannot be read is there all the same: a rate that uses it is no further fault.
    let effect = s.has("effect").then(|| match s.section("effect", report) {
        Some(e) => Effect { ke0: e.only(&["ke0"], report).need_text("ke0", "ke0 = \"0.1 /h\"", report) },
        None => Effect { ke0: None },
    });
    let delay = s.has("delay").then(|| match s.section("delay", report) {
        Some(d) => {
            let d = d.only(&["states", "mean"], report);
            Delay {
                states: d.need_whole("states", "states = 3", report),
                mean: d.need_text("mean", "mean = \"30 h\"", report),
            }
        }
        None => Delay { states: None, mean: None },
    });
    let route = s.text("route", &mut Report::new(""));
    let felt_as = match route.as_ref().map(|r| r.text.as_str()) {
        Some("radiation") => s.text("felt_as", report),
        Some("kpd") => s.need_text("felt_as", "felt_as = \"mg/day\"", report),
        _ => s.need_text("felt_as", "felt_as = \"uM\" or felt_as = \"mg/L\"", report),
    };
    Drug {
        name,
        route: s.need_text("route", "route = \"oral\" (or bolus, infusion, held, kpd, radiation)", report),
        ka: s.text("ka", report),
        clearance: s.text("clearance", report),
        volume: s.text("volume", report),
        peripheral,
        molar_mass: s.text("molar_mass", report),
        felt_as,
        fraction: s.text("fraction", report),
        elimination: s.text("elimination", report),
        lag: s.text("lag", report),
        bioavailability: s.text("bioavailability", report),
        delay,
        effect,
    }
}

fn before(s: Section<'_>, report: &mut Report) -> Before {
    let grow = s.text("grow", report);
    let start = s.section("start", report).map(|section| {
        let entries = section.named(report);
        entries.iter().map(|e| (e.name.clone(), e.text(report))).collect()
    });
    if s.has("grow") == s.has("start") {
        let found = if s.has("grow") { "both" } else { "neither" };
        report.add(
            Code::GrowOrStart,
            &s.at,
            format!("{found} of `grow` and `start`"),
            "`grow` (a sentence) or `start` (cells of each type)",
            "keep exactly one of the two",
        );
    }
    let barcodes = s.text("barcodes", report);
    Before { at: s.at.clone(), grow, start, barcodes, missing: false }
}
