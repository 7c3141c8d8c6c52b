//! Which models the law can carry: those whose cells do not act on each other, or hardly.
//!
//! A rate that depends on counts (or on a level) makes cells act on each other. It is replaced by its value at no cells
//! (levels: at their start) when that changes it by less than [`HARDLY`] all along the mean path of the typical patient
//! in every treatment, growth before treatment included, and that is said ([`Dropped`]). All others are named.

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::mean::MeanTumour;
use crate::window::set_exposure;
use remission_model::expr::{Expr, Slot};
use remission_model::program::{Depends, Registers};
use remission_model::resolved::{Model, Regimen, Start};

/// Largest change of a rate by what is dropped, as a share of it.
pub const HARDLY: f64 = 0.01;
/// Looks at the mean path of a treatment.
const LOOKS: usize = 200;

/// A dependence that is left out, since it hardly changes its rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Dropped {
    /// The rate, as in the model file.
    pub term: String,
    /// What it depends on.
    pub through: String,
    /// Largest change of the rate along the mean path, as a share of it.
    pub change: f64,
    /// Largest change a day.
    pub a_day: f64,
}

/// Why a model cannot be carried: one rate, or one part of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Obstacle {
    /// As in the model file, such as `cells.sensitive.birth`.
    pub term: String,
    /// What is the matter.
    pub why: String,
}

/// A rate of a model with its place in a vector of rates.
struct Term {
    at: usize,
    name: String,
    through: String,
    change: f64,
    a_day: f64,
    failed: Option<String>,
}

/// The model as the law carries it, and what was dropped to get there; or every obstacle.
///
/// `parameters` are those of the typical patient; `treatments` are looked at for `days`.
///
/// # Errors
/// All rates that make cells act on each other, and arrivals into a tumour that is grown.
pub fn linear(
    compiled: &Compiled,
    parameters: &[f64],
    treatments: &[&Regimen],
    days: f64,
) -> Result<(Compiled, Vec<Dropped>), Vec<Obstacle>> {
    let model = &compiled.model;
    let mut obstacles = Vec::new();
    if matches!(model.start, Start::Grown { .. }) {
        for cell in model.cells.iter().filter(|c| c.immigration.is_some()) {
            let why = "cells that arrive while the tumour is grown are not part of the founder law; type the start in with `start`";
            obstacles.push(Obstacle { term: format!("cells.{}.immigration", cell.name), why: why.into() });
        }
    }
    let mut terms = terms(compiled);
    if terms.is_empty() && model.levels.is_empty() {
        return if obstacles.is_empty() { Ok((compiled.clone(), Vec::new())) } else { Err(obstacles) };
    }
    let alone = Compiled::new(&without_others(model));
    if !terms.is_empty() {
        for treatment in treatments {
            if let Err(failure) = follow(compiled, &alone, parameters, treatment, days, &mut terms) {
                terms.iter_mut().for_each(|t| t.failed = Some(failure.to_string()));
            }
        }
    }
    let mut dropped = Vec::new();
    for term in terms {
        if term.failed.is_none() && term.change < HARDLY {
            let Term { name, through, change, a_day, .. } = term;
            dropped.push(Dropped { term: name, through, change, a_day });
            continue;
        }
        let how = match term.failed {
            Some(failure) => format!("how much cannot be told ({failure})"),
            None if term.change.is_finite() => {
                format!("by up to {:.2} % along the mean path", (100.0 * term.change).min(1e6))
            }
            None => "without bound: without cells it is 0, or has no value".to_string(),
        };
        let why = format!("changes with {}, {how}", term.through);
        obstacles.push(Obstacle { term: term.name, why });
    }
    if obstacles.is_empty() { Ok((alone, dropped)) } else { Err(obstacles) }
}

/// Rates that name counts or levels.
fn terms(compiled: &Compiled) -> Vec<Term> {
    let (model, layout) = (&compiled.model, compiled.layout);
    let mut out = Vec::new();
    let mut look = |at: usize, name: String, expr: &Expr| {
        let mut names: Vec<String> = Vec::new();
        expr.each_slot(&mut |s| {
            let name = match s {
                Slot::Total => "`total`".to_string(),
                Slot::Cells(i) => format!("the count of `{}`", model.cells[i].name),
                Slot::Level(k) => format!("the level `{}`", model.levels[k].name),
                _ => return,
            };
            if !names.contains(&name) {
                names.push(name);
            }
        });
        if !names.is_empty() {
            out.push(Term { at, name, through: names.join(" and "), change: 0.0, a_day: 0.0, failed: None });
        }
    };
    let (mut switch, mut channel) = (0, 0);
    for (i, cell) in model.cells.iter().enumerate() {
        look(layout.birth(i), format!("cells.{}.birth", cell.name), &cell.birth);
        look(layout.death(i), format!("cells.{}.death", cell.name), &cell.death);
        if let Some(arrivals) = &cell.immigration {
            look(layout.immigration(i), format!("cells.{}.immigration", cell.name), arrivals);
        }
        for s in &cell.switches {
            let to = &model.cells[s.to].name;
            look(layout.switch(switch), format!("cells.{}.switches to {to}", cell.name), &s.rate);
            switch += 1;
        }
        for m in &cell.mutations {
            let to = &model.cells[m.to].name;
            look(layout.founding(channel), format!("cells.{}.mutates to {to}", cell.name), &m.rate);
            channel += 1;
        }
    }
    out
}

/// Looks at the rates along the mean path of one treatment.
fn follow(
    compiled: &Compiled,
    alone: &Compiled,
    parameters: &[f64],
    treatment: &Regimen,
    days: f64,
    terms: &mut [Term],
) -> Result<(), Failure> {
    let mut tumour = MeanTumour::start(compiled, parameters)?;
    let mut exposure = Exposure::new(compiled, parameters, 0.0)?;
    let mut both = (compiled.registers(parameters), alone.registers(parameters));
    // Growth: all sizes on the way to that at the start.
    let start = tumour.means();
    if matches!(compiled.model.start, Start::Grown { .. }) {
        for k in 0..40 {
            let share = libm::exp(-0.7 * f64::from(k));
            let counts: Vec<f64> = start.by_type().iter().map(|x| x * share).collect();
            compare(compiled, alone, &mut both, &exposure, &counts, &start.levels, terms)?;
        }
    }
    tumour.follow(treatment);
    exposure.follow(treatment);
    for k in 0..=LOOKS {
        let day = days * k as f64 / LOOKS as f64;
        tumour.advance(day)?;
        exposure.advance(day);
        let means = tumour.means();
        compare(compiled, alone, &mut both, &exposure, &means.by_type(), &means.levels, terms)?;
    }
    Ok(())
}

fn compare(
    compiled: &Compiled,
    alone: &Compiled,
    (full, bare): &mut (Registers, Registers),
    exposure: &Exposure,
    counts: &[f64],
    levels: &[f64],
    terms: &mut [Term],
) -> Result<(), Failure> {
    let (mut here, mut there) = (vec![0.0; compiled.layout.len()], vec![0.0; compiled.layout.len()]);
    compiled.set_counts(full, counts);
    levels.iter().enumerate().for_each(|(k, &x)| full.set(Slot::Level(k), x));
    set_exposure(compiled, full, exposure, exposure.time());
    compiled.rates(full, Depends::Exposure, &mut here)?;
    set_exposure(alone, bare, exposure, exposure.time());
    let found = alone.rates(bare, Depends::Exposure, &mut there);
    for term in terms {
        let (a, b) = (here[term.at], there[term.at]);
        let apart = (a - b).abs();
        let change = match &found {
            Err(_) => f64::INFINITY,
            Ok(()) if apart == 0.0 => 0.0,
            Ok(()) => apart / a.abs().min(b.abs()),
        };
        term.change = term.change.max(change);
        term.a_day = term.a_day.max(apart);
    }
    Ok(())
}

/// The model with no cells to act on others, and levels that stay where they start.
fn without_others(model: &Model) -> Model {
    let mut model = model.clone();
    let starts: Vec<Expr> = model.levels.iter().map(|l| l.start.clone()).collect();
    let change = |expr: &mut Expr| *expr = alone(expr, &starts);
    for cell in &mut model.cells {
        change(&mut cell.birth);
        change(&mut cell.death);
        cell.immigration.iter_mut().for_each(change);
        cell.switches.iter_mut().for_each(|s| change(&mut s.rate));
        cell.mutations.iter_mut().for_each(|m| change(&mut m.rate));
    }
    model.levels.clear();
    model
}

fn alone(expr: &Expr, starts: &[Expr]) -> Expr {
    expr.replaced(&|s| match s {
        Slot::Cells(_) | Slot::Total => Some(Expr::Number(0.0)),
        Slot::Level(k) => Some(starts[k].clone()),
        _ => None,
    })
}
