//! From evaluations to what is shown.

use super::{Decides, Failed, Found, Input, Output};
use crate::explain::words::{source, variation};
use remission_cohort::sensitivity::evaluate::{Evaluated, Task};
use remission_cohort::sensitivity::input::{Input as Varied, WIDENED};
use remission_cohort::sensitivity::plan::{ENDS, Screened, Screening, Shared, Shares};
use remission_cohort::sensitivity::sobol::Share;

/// Failed evaluations that are named.
const NAMED: usize = 20;

fn known(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

fn three(s: Share) -> Option<[f64; 3]> {
    let all = [s.value, s.low, s.high];
    all.iter().all(|x| x.is_finite()).then_some(all)
}

/// The inputs in words.
pub fn inputs(varied: &[Varied], task: &Task) -> Vec<Input> {
    let one = |i: &Varied| {
        let p = &task.model.parameters[i.parameter];
        let (mark, text) = source(&p.source);
        let could_be = match i.widened {
            true => format!("{:.0} % up or down, because --all asks for it", 100.0 * WIDENED),
            false => variation(&i.law, p),
        };
        Input {
            name: p.name.clone(),
            value: p.value / p.unit_scale,
            unit: p.unit.clone(),
            could_be,
            ends: ENDS.map(|u| i.at(u) / p.unit_scale),
            mark: mark.to_string(),
            source: text,
        }
    };
    varied.iter().map(one).collect()
}

/// What the screening says of one figure.
pub fn output(task: &Task, o: usize, screening: &Screening, screened: &Screened) -> Output {
    let (arm, quantity) = task.outputs[o];
    let one = |input: usize| {
        let (bar, e) = (&screened.bars[input], &screened.effects[input]);
        Decides {
            input: task.model.parameters[screening.inputs[input].parameter].name.clone(),
            at_ends: bar.figure.map(known),
            mu_star: known(e.mu_star),
            mu_star_error: known(e.mu_star_error),
            mu: known(e.mu),
            mu_error: known(e.mu_error),
            sigma: known(e.sigma),
            mu_star_by_noise: known(e.by_noise),
            effects: e.number,
            moves: e.above_noise(),
            ..Decides::default()
        }
    };
    Output {
        arm: task.study.arms[arm].name.clone(),
        quantity: quantity.name(&task.model),
        words: quantity.words(&task.model),
        central: known(screened.central),
        central_noise: known(screened.noise.max(0.0).sqrt()),
        decides: (0..screening.inputs.len()).map(one).collect(),
        ..Output::default()
    }
}

/// Adds shares of variance; `kept` are the places of their inputs.
pub fn add(output: &mut Output, shared: &Shared, kept: &[usize]) {
    output.mean = known(shared.mean);
    output.variance = known(shared.variance);
    output.noise_variance = known(shared.noise);
    output.noise_share = known(shared.noise_share()).filter(|_| shared.indices.iter().any(Option::is_some));
    output.known = shared.known;
    for (k, input) in kept.iter().enumerate() {
        let Some(index) = &shared.indices[k] else { continue };
        let decides = &mut output.decides[*input];
        decides.first = three(index.first);
        decides.total = three(index.total);
        decides.total_by_noise = known(shared.by_noise[k]);
        decides.above_noise = decides.total.map(|_| shared.above_noise(k));
    }
}

/// Evaluations that failed, counted and the first of them named; `first` is the row of the first.
pub fn failures(found: &mut Found, evaluated: &[Evaluated], first: usize) {
    for (k, (patients, why)) in evaluated.iter().enumerate().filter_map(|(k, e)| e.failed.as_ref().map(|f| (k, f))) {
        found.failed_count += 1;
        if found.failed.len() < NAMED {
            found.failed.push(Failed { evaluation: first + k, patients: *patients, why: why.clone() });
        }
    }
}

/// The names of inputs by their places.
pub fn names(places: &[usize], inputs: &[Input]) -> Vec<String> {
    places.iter().map(|k| inputs[*k].name.clone()).collect()
}

/// The inputs at these places.
pub fn some(shares: &[usize], screening: &Screening) -> Vec<Varied> {
    shares.iter().map(|k| screening.inputs[*k]).collect()
}

/// Every evaluation as a row: its stage, its values in units of the file, its figures.
pub struct Row {
    /// `central`, `end`, `path` or `share`.
    pub stage: &'static str,
    /// One an input, in units of the file.
    pub values: Vec<f64>,
    /// One an output.
    pub figures: Vec<Option<f64>>,
    /// Why it failed; empty where it did not.
    pub failed: String,
}

/// Rows of some evaluations.
pub fn rows(
    task: &Task,
    varied: &[Varied],
    points: &[Vec<(usize, f64)>],
    evaluated: &[Evaluated],
    stage: &dyn Fn(usize) -> &'static str,
) -> Vec<Row> {
    let one = |k: usize| {
        let (point, e) = (&points[k], &evaluated[k]);
        let value = |i: &Varied| {
            let changed = point.iter().find(|c| c.0 == i.parameter).map(|c| c.1);
            changed.unwrap_or(i.centre) / task.model.parameters[i.parameter].unit_scale
        };
        Row {
            stage: stage(k),
            values: varied.iter().map(value).collect(),
            figures: e.figures.iter().map(|f| known(f.value)).collect(),
            failed: e.failed.as_ref().map_or(String::new(), |f| f.1.clone()),
        }
    };
    (0..points.len().min(evaluated.len())).map(one).collect()
}

/// Stage of an evaluation of the screening.
pub fn stage(k: usize, inputs: usize) -> &'static str {
    match k {
        0 => "central",
        k if k <= 2 * inputs => "end",
        _ => "path",
    }
}

/// Shares of variance of every figure.
pub fn shared(shares: &Shares, evaluated: &[Evaluated], outputs: usize) -> Vec<Shared> {
    (0..outputs).map(|o| shares.read(evaluated, o)).collect()
}
