//! The clinic: what a visit measures, when visits are, what progression means, what ends a run, what origins mean.

use super::page::Page;
use super::words::{figure, formula, list, many, percent, time, written_time};
use remission_cohort::levels::typical;
use remission_cohort::measure::Meter;
use remission_cohort::recist::RecistOptions;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_model::expr::{Expr, Slot};
use remission_model::resolved::{AfterProgression, Kind, MeasurementKind, Model, Study};
use serde::Serialize;

/// A thing with a name, in words.
#[derive(Debug, Serialize)]
pub struct Named {
    /// As in files and tables.
    pub name: String,
    /// In words.
    pub says: String,
}

/// What each measurement sees; `cells` is the typical size at the start.
pub fn measurements(compiled: &Compiled, cells: f64) -> Vec<Named> {
    let model = &compiled.model;
    let parameters = typical(model);
    let mut out = Vec::new();
    for m in &model.measurements {
        let says = match &m.kind {
            MeasurementKind::SumOfDiameters { shares, by_site, cells_per_litre, reader_error, too_small } => {
                let shares: Vec<String> = shares.iter().map(|s| percent(*s)).collect();
                let by = formula(cells_per_litre, model).map(|f| format!(" ({f})")).unwrap_or_default();
                let meter = Meter::new(compiled, &parameters, m);
                let lesions = match shares.len() {
                    _ if by_site.is_some() => {
                        by_site.as_ref().map(|l| super::sites::lesions(model, l)).unwrap_or_default()
                    }
                    1 => {
                        format!("the diameter of one target lesion, which holds {} of the tumour, a sphere", shares[0])
                    }
                    n => format!(
                        "the sum of the diameters of {n} target lesions, which hold {} of the tumour, spheres",
                        list(&shares)
                    ),
                };
                let error = match *reader_error {
                    0.0 => "It is read without error.".to_string(),
                    e => format!("Each diameter is read with an error of {} (sd of its logarithm).", percent(e)),
                };
                let start = meter.map_or(String::new(), |m| {
                    format!(" At the start the typical patient has {} mm.", figure(m.expected(cells)))
                });
                format!(
                    "{lesions} of {} cells per cm^3{by}. {error} A lesion below {} mm is recorded as {} mm, below {} mm as gone.{start}",
                    figure(over_parameters(compiled, &parameters, cells_per_litre) / 1000.0),
                    figure(*too_small),
                    figure(*too_small),
                    figure(0.5 * too_small),
                )
            }
            MeasurementKind::Sequencing(s) => {
                let value = |e: &Expr| over_parameters(compiled, &parameters, e);
                format!(
                    "a piece of tissue with {} tumour cells, {} of its cells, is sequenced: {} of {} copies of a locus are mutated in a tumour cell, \
                     {} reads are expected, {} of wild-type reads are read as mutant, and below a share of {} 0 is reported. Given are the shares of \
                     mutant reads of the mutation that all tumour cells carry and of every mechanism.",
                    figure(value(&s.cells)),
                    percent(value(&s.purity)),
                    figure(value(&s.mutated_copies)),
                    figure(value(&s.copies)),
                    figure(value(&s.depth)),
                    percent(value(&s.artefacts)),
                    percent(value(&s.detection_limit)),
                )
            }
            MeasurementKind::Ctdna(c) => {
                let value = |e: &Expr| over_parameters(compiled, &parameters, e);
                format!(
                    "tumour DNA in plasma, from {} mL of blood. A dying cell sheds {} of its DNA, which leaves plasma with a half-life \
                     of {}. Healthy cells give {} ng per mL. {} of the molecules are recovered and at most {} are read at each of {}; \
                     {} of wild-type molecules are read as mutant, and below a share of {} 0 is reported.",
                    figure(1000.0 * value(&c.blood)),
                    percent(value(&c.shed)),
                    time(value(&c.half_life)),
                    figure(1000.0 * value(&c.background)),
                    percent(value(&c.recovery)),
                    figure(c.depth as f64),
                    many(c.sites as usize, "site"),
                    percent(value(&c.artefacts)),
                    percent(value(&c.detection_limit)),
                )
            }
            MeasurementKind::CellCount { error, detection_limit } => {
                let error = match *error {
                    0.0 => "exactly".to_string(),
                    e => format!("with an error of {} (sd of its logarithm)", percent(e)),
                };
                let limit = match *detection_limit {
                    0.0 => String::new(),
                    l => format!("; below {} cells 0 is reported", figure(l)),
                };
                format!("the number of all cells, {error}{limit}.")
            }
        };
        out.push(Named { name: m.name.clone(), says });
    }
    out
}

/// When visits are.
pub fn visits(study: &Study) -> String {
    let visits = &study.visits;
    let mut text = "Visits are on the day treatment begins, then".to_string();
    for (k, (from, spacing)) in visits.spacing.iter().enumerate() {
        if k > 0 {
            text += &format!(" until {}, then", written_time(*from));
        }
        let every = written_time(*spacing);
        text += &format!(" every {}", every.strip_prefix("1 ").unwrap_or(&every));
    }
    text.push('.');
    if visits.window > 0.0 {
        text += &format!(
            " Each visit is planned from the one before it and falls up to {} early or late, by whole days, in every patient anew.",
            written_time(visits.window)
        );
    }
    text
}

/// What progression means and what a rebiopsy finds; none where no progression is assessed.
pub fn progression(model: &Model, study: &Study) -> Option<String> {
    if let Some(called) = &study.progression_when {
        return Some(format!(
            "Progression is {}, at the first visit that sees it after one that did not, day 0 included; its date is that visit's. No response \
             is assessed. Progression-free survival counts death as well. At progression a rebiopsy finds every mechanism that at least {} of \
             cells carry.",
            called.sentence,
            percent(study.rebiopsy_detects)
        ));
    }
    let measured = &model.measurements[study.recist_on?];
    let on = &measured.name;
    let new = match &measured.kind {
        MeasurementKind::SumOfDiameters { by_site: Some(_), .. } => "a new lesion is progression too",
        _ => "new lesions do not occur",
    };
    let o = RecistOptions::default();
    Some(format!(
        "Progression is RECIST 1.1 on `{on}`: the sum is at least {} and at least {} mm above the smallest sum so far, at a visit; \
         its date is that visit's. Response is a sum at least {} below that at the start, without confirmation. The sums are those \
         that were read, errors included; {new}. Progression-free survival counts death as well. At progression a \
         rebiopsy finds every mechanism that at least {} of cells carry.",
        percent(o.progression_fraction),
        figure(o.progression_increase),
        percent(o.response_fraction),
        percent(study.rebiopsy_detects)
    ))
}

/// What ends a patient's run.
pub fn ends(compiled: &Compiled, study: &Study) -> Vec<String> {
    let parameters = typical(&compiled.model);
    let value = |e: &Expr| over_parameters(compiled, &parameters, e);
    let named = |e: &Expr| formula(e, &compiled.model).map(|f| format!(" ({f})")).unwrap_or_default();
    let mut out = vec![format!("The study ends after {}.", written_time(study.horizon))];
    let ending: Vec<String> =
        study.arms.iter().filter(|a| a.after_progression == AfterProgression::End).map(|a| a.name.clone()).collect();
    if study.assesses_progression() && !ending.is_empty() {
        let which =
            if ending.len() == study.arms.len() && ending.len() > 1 { "every arm".to_string() } else { list(&ending) };
        out.push(format!("Progression ends the run in {which}; survival after it is not simulated there."));
    }
    if let Some(death) = &compiled.model.death {
        let hazard = value(&death.background);
        if hazard > 0.0 {
            let yearly = -libm::expm1(-365.25 * hazard);
            out.push(format!(
                "Death from other causes, {} of patients a year{}.",
                percent(yearly),
                named(&death.background)
            ));
        }
        if let Some(burden) = &death.burden {
            out.push(format!("The tumour kills at {} cells{}.", figure(value(burden)), named(burden)));
        }
    } else {
        out.push("Nobody dies in this model.".into());
    }
    out.push(format!("A run stops at {} cells (the ceiling) if nothing ended it before.", figure(study.ceiling)));
    out
}

/// What the labels of origin mean in this model.
pub fn origins(model: &Model) -> Vec<Named> {
    let mutating: Vec<_> = model.cells.iter().filter(|c| !c.mutations.is_empty()).collect();
    let resistant = model.cells.iter().any(|c| c.kind == Kind::Resistant);
    let names = |kind: &dyn Fn(Kind) -> bool| -> Vec<String> {
        mutating.iter().filter(|c| kind(c.kind)).map(|c| c.name.clone()).collect()
    };
    let (persisters, others) = (names(&|k| k == Kind::Persister), names(&|k| k != Kind::Persister));
    let driven: Vec<String> = mutating
        .iter()
        .flat_map(|c| c.mutations.iter().map(move |m| (c, m)))
        .filter(|(_, m)| !m.rate.free_of(|s| matches!(s, Slot::Drug(_) | Slot::Delayed(_) | Slot::Effect(_))))
        .map(|(c, m)| format!("{} to {}", c.name, model.cells[m.to].name))
        .collect();
    let or = |list_of: &[String], says: String, cannot: &str| match list_of {
        [] => format!("cannot occur here: {cannot}"),
        _ => says,
    };
    let named = |name: &str, says: String| Named { name: name.into(), says };
    let mut out = vec![
        named(
            "pre_existing",
            if resistant {
                "the clone was founded before treatment began".into()
            } else {
                "cannot occur here: no cell type is resistant".into()
            },
        ),
        named(
            "cycling",
            or(
                &others,
                format!("founded under treatment by a mutating {} cell", list(&others)),
                "no sensitive or resistant type mutates",
            ),
        ),
        named(
            "persister",
            or(
                &persisters,
                format!("founded under treatment by a mutating {} cell (drug-tolerant)", list(&persisters)),
                "no persister type mutates",
            ),
        ),
        named(
            "drug_induced",
            or(
                &driven,
                format!(
                    "founded under treatment by the part of a mutation rate that the drug adds ({})",
                    list(&driven)
                ),
                "no mutation rate depends on a drug",
            ),
        ),
    ];
    out.push(named("non_genetic", "no clone that began with a resistant cell has more than 1 % of the cells at progression: resistant cells, if any, became so by switching".into()));
    out
}

/// Prints measurements, visits and progression.
pub fn print_visits(page: &mut Page, says: &[Named], visits: Option<&str>, progression: Option<&str>) {
    if let Some(visits) = visits {
        page.text(0, visits);
    }
    for m in says {
        page.item(0, "", &format!("`{}`: {}", m.name, m.says));
    }
    if says.is_empty() {
        page.text(0, "Nothing is measured; cells of every type are counted exactly in the tables.");
    }
    if visits.is_some() {
        page.gap();
        page.text(
            0,
            progression.unwrap_or("No progression is assessed (the study has neither recist_on nor progression_when)."),
        );
    }
}

/// Prints the labels of origin.
pub fn print_origins(page: &mut Page, origins: &[Named], progression: bool) {
    page.text(
        0,
        if progression {
            "Every clone carries a label. The origin at progression is that of the largest resistant clone:"
        } else {
            "Every clone carries a label of where it came from:"
        },
    );
    let shown = origins.iter().filter(|o| progression || o.name != "non_genetic");
    let rows: Vec<Vec<String>> = shown.map(|o| vec![crate::report::words::name(&o.name), o.says.clone()]).collect();
    page.table(2, &rows, &[]);
}

/// Levels: quantities beside the cells.
pub fn levels(compiled: &Compiled) -> Vec<Named> {
    let model = &compiled.model;
    let parameters = typical(model);
    let event = |l: &remission_model::resolved::Level, e: &remission_model::resolved::Event| {
        let value = |e: &Expr| over_parameters(compiled, &parameters, e);
        let lasts = match &e.lasts {
            Some(lasts) => format!("lasts {}", super::words::time(value(lasts))),
            None => "once, for good".to_string(),
        };
        let kills = match value(&e.fatal) {
            0.0 => String::new(),
            share => format!("; it kills {} of those to whom it happens", percent(share)),
        };
        let rate = remission_model::expression_text(&l.rate, model);
        Named { name: l.name.clone(), says: format!("happens to the patient at the rate {rate}, {lasts}{kills}") }
    };
    let one = |(k, l): (usize, &remission_model::resolved::Level)| {
        if let Some(e) = model.events.iter().find(|e| e.level == k) {
            return event(l, e);
        }
        let start = super::words::quantity(over_parameters(compiled, &parameters, &l.start) / l.unit_scale, &l.unit);
        let change = match &l.rate {
            Expr::Number(0.0) => "does not change".to_string(),
            e => format!("changes a day by {}", remission_model::expression_text(e, model)),
        };
        Named { name: l.name.clone(), says: format!("starts at {start} and {change}") }
    };
    model.levels.iter().enumerate().map(one).collect()
}

/// Tabulated laws.
pub fn tables(model: &Model) -> Vec<Named> {
    let one = |t: &remission_model::resolved::Table| {
        let (first, last) = (|v: &[f64]| figure(v[0]), |v: &[f64]| figure(v[v.len() - 1]));
        let says = match &t.second {
            None => format!(
                "is a tabulated law of {} points, from {} at {} to {} at {} (in base units); constant outside",
                t.x.len(),
                first(&t.y),
                first(&t.x),
                last(&t.y),
                last(&t.x)
            ),
            Some(z) => format!(
                "is a tabulated law of two arguments, {} x {} points, from {} at ({}, {}) to {} at ({}, {}) (in base units); linear \
                 along each between, constant outside",
                t.x.len(),
                z.at.len(),
                first(&t.y),
                first(&t.x),
                first(&z.at),
                last(&t.y),
                last(&t.x),
                last(&z.at)
            ),
        };
        Named { name: t.name.clone(), says }
    };
    model.tables.iter().map(one).collect()
}

/// `5 years, 1,000 patients an arm, seed 2026`.
pub fn size(study: &Study) -> String {
    format!(
        "{} x {}, {}, seed {}",
        many(study.arms.len(), "arm"),
        many(study.patients as usize, "patient"),
        written_time(study.horizon),
        study.seed
    )
}

/// Days of an average in words.
pub fn days(from: f64, to: f64) -> String {
    if to - from < 1e-9 {
        return super::words::day(from);
    }
    if to - from < 1.0 {
        return format!("{} of {}", time(to - from), super::words::day(from));
    }
    let (first, last) = (figure(from + 1.0), figure(to));
    if first == last { format!("day {first}") } else { format!("days {first} to {last}") }
}
