//! What a sensitivity analysis found, ready to be printed, written as tables and drawn: [`text`], [`tables`], [`report`].
//!
//! The mathematics is in `crates/cohort/src/sensitivity`; what was asked is read in [`asked`].

pub mod asked;
pub mod found;
mod numbers;
pub mod report;
pub mod tables;
pub mod text;
mod tornado;

use serde::Serialize;

/// Everything that is shown. Numbers that could not be had are null.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Found {
    /// Catalogue ID or folder.
    pub study: String,
    /// Title of the model and its study.
    pub title: String,
    /// Version of the program.
    pub version: String,
    /// Seed of patients and designs.
    pub seed: u64,
    /// Patients of one evaluation.
    pub patients: u32,
    /// Paths of elementary effects.
    pub morris_paths: usize,
    /// Rows of the design for shares of variance.
    pub sobol_rows: usize,
    /// Evaluations made.
    pub evaluations: usize,
    /// Evaluations in which a patient failed, the first by name.
    pub failed: Vec<Failed>,
    /// Number of them.
    pub failed_count: usize,
    /// What was varied.
    pub inputs: Vec<Input>,
    /// Inputs whose shares of variance were computed.
    pub kept: Vec<String>,
    /// Inputs that do something and were too many.
    pub left_over: Vec<String>,
    /// Rival models.
    pub rivals: Vec<Rival>,
    /// One an arm and quantity.
    pub outputs: Vec<Output>,
    /// The command that gives the same again.
    pub command: String,
}

/// An evaluation that failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Failed {
    /// Its row in `evaluations.csv`, from 0.
    pub evaluation: usize,
    /// Patients without an outcome.
    pub patients: usize,
    /// Why the first of them has none.
    pub why: String,
}

/// A number that was varied.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Input {
    /// As in the file.
    pub name: String,
    /// In the unit of the file.
    pub value: f64,
    /// Empty for a plain number.
    pub unit: String,
    /// What else it could be, in words.
    pub could_be: String,
    /// Its values at 5 and 95 % of that.
    pub ends: [f64; 2],
    /// `assumed`, or for a number varied because that was asked for `cited` or `fitted`.
    pub mark: String,
    /// Why this value, or where it is from.
    pub source: String,
}

/// A rival model, at its central values.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Rival {
    /// Its ID or folder.
    pub name: String,
    /// Its title.
    pub title: String,
    /// Why it gives no figures, where it does not; else empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub missing: String,
}

/// A figure of an arm, and what decides it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Output {
    /// Arm.
    pub arm: String,
    /// As on the command line.
    pub quantity: String,
    /// What it is.
    pub words: String,
    /// At central values.
    pub central: Option<f64>,
    /// Its standard deviation from patients.
    pub central_noise: Option<f64>,
    /// Mean over the priors of the inputs that were kept.
    pub mean: Option<f64>,
    /// Variance over them.
    pub variance: Option<f64>,
    /// Mean variance of one evaluation from patients.
    pub noise_variance: Option<f64>,
    /// The one over the other.
    pub noise_share: Option<f64>,
    /// Evaluations at independent points that had the figure.
    pub known: usize,
    /// One an input, in the order of the inputs.
    pub decides: Vec<Decides>,
    /// One a rival model.
    pub rivals: Vec<Option<f64>>,
}

/// What one input does to one figure.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Decides {
    /// The input.
    pub input: String,
    /// The figure at 5 and 95 % of the prior, all others at their centre.
    pub at_ends: [Option<f64>; 2],
    /// Mean of the absolute elementary effects, and its standard error.
    pub mu_star: Option<f64>,
    /// Standard error of `mu_star`.
    pub mu_star_error: Option<f64>,
    /// Mean elementary effect.
    pub mu: Option<f64>,
    /// Standard error of `mu`.
    pub mu_error: Option<f64>,
    /// Standard deviation of the elementary effects.
    pub sigma: Option<f64>,
    /// What mu* would be below by noise alone, in 95 % of cases.
    pub mu_star_by_noise: Option<f64>,
    /// Elementary effects that could be computed.
    pub effects: usize,
    /// False where mu* is not above noise.
    pub moves: bool,
    /// Share of the variance explained alone, with its 95 % interval.
    pub first: Option<[f64; 3]>,
    /// Share that would be left if all others were known, with its 95 % interval.
    pub total: Option<[f64; 3]>,
    /// Total share that noise alone would give.
    pub total_by_noise: Option<f64>,
    /// False where the total share is not above noise; null where there is none.
    pub above_noise: Option<bool>,
}

impl Output {
    /// By how much an input decides: its total share, or where none was computed its mu* among the screened.
    pub fn ranked(&self) -> Vec<&Decides> {
        let mut all: Vec<&Decides> = self.decides.iter().collect();
        let share = |d: &Decides| d.total.map(|t| t[0]);
        let size = |d: &Decides| d.mu_star.unwrap_or(0.0);
        all.sort_by(|a, b| {
            let by_share = share(b).unwrap_or(-1.0).total_cmp(&share(a).unwrap_or(-1.0));
            by_share.then(size(b).total_cmp(&size(a))).then(a.input.cmp(&b.input))
        });
        all
    }
}
