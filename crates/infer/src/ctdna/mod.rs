//! Tumour DNA in blood over time: how it clears, how mutations of resistance rise, when their clone was one cell, and
//! whether that was before treatment began.
//!
//! In reading order: `data` (the table), `law` (levels and readings under each explanation), `fit` (posterior of each
//! explanation and their weights), `next` (what a further tube would tell), `words`.
//!
//! Each mutation is fitted on its own under three explanations, by sequential Monte Carlo with evidence
//! ([`crate::smc`]): cells were there before treatment, one arose during it, or there is no clone. The verdict on a
//! patient is that on the mutation of resistance with the highest last level; on the truncal mutation's own rise where no other is given.

mod data;
mod fit;
mod law;
mod next;
mod words;

pub use data::{Data, PLASMA_ML, Patient, Role, Said, Series, TEMPLATE, read};
pub use law::{Explanation, Lineage, Rise, cells_per_level, log_probability};

use crate::answer::Answer;
use crate::jobs::{Control, Interrupted};
use crate::smc::Settings;

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Prior probabilities that the clone was there before treatment, arose during it, or is none; above 0; default a third each.
    pub prior: [f64; 3],
    /// Share of wild-type molecules read as mutant, 0 to 0.1; default 1e-5 (that of a method with unique molecular identifiers).
    pub artefacts: f64,
    /// Deaths a day of a resistant cell, above 0; default 0.13 (lesions of Bozic et al. 2013).
    pub death_per_day: f64,
    /// Standard deviation of ln of the cells that one unit of level stands for, above 0; default 1.2.
    pub shedding_sigma: f64,
    /// Most resistant cells before treatment, above 1; default 1e10.
    pub most_cells: f64,
    /// Days after the last draw to which levels are forecast, 1 or more; default 84.
    pub forecast_days: f64,
    /// Particles of each of four runs, 50 or more; default 500.
    pub particles: usize,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            prior: [1.0 / 3.0; 3],
            artefacts: 1e-5,
            death_per_day: 0.13,
            shedding_sigma: 1.2,
            most_cells: 1e10,
            forecast_days: 84.0,
            particles: 500,
            seed: 2026,
        }
    }
}

impl Options {
    /// Effort of the sampler for the mutation and explanation of this number.
    pub fn settings(&self, number: u64) -> Settings {
        let seed = self.seed.wrapping_add(1000 * number);
        Settings { particles: self.particles, seed, forgotten: 0.2, moves: 60, ..Settings::default() }
    }
}

/// An answer for each patient.
///
/// # Errors
/// [`Interrupted`] when asked to stop.
pub fn answer(data: &Data, options: &Options, control: &Control) -> Result<Vec<Answer>, Interrupted> {
    control.each(&data.patients, |patient, control| {
        let fitted = fit::fit(patient, options, control)?;
        let mut found = words::answer(patient, &fitted, options);
        found.notes.extend(data.notes.iter().cloned());
        Ok(found)
    })
}
