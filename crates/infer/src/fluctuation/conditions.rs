//! How cultures of a fluctuation assay grew and were read, and what is allowed.

use crate::failure::{Failure, option};

/// Relative fitness of mutants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fitness {
    /// Known: mutants grow at this share of the wild type's net rate; above 0.
    Known(f64),
    /// To be estimated, between [`FITNESS`]'s ends.
    Free,
    /// Not said: 1 for estimates; where the origin of mutants is weighed, 1 as likely as not.
    Usual,
}

impl Fitness {
    /// The fitness that estimates take; none where it is one of them.
    pub fn taken(self) -> Option<f64> {
        match self {
            Fitness::Known(w) => Some(w),
            Fitness::Usual => Some(1.0),
            Fitness::Free => None,
        }
    }
}

/// Fitness that is looked for.
pub const FITNESS: (f64, f64) = (0.05, 20.0);

/// How cultures grew and were read, where the table does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Conditions {
    /// Relative fitness of mutants; default not said, which estimates take as 1.
    pub fitness: Fitness,
    /// Cells in every culture when it was plated; above 0. Takes the place of the table's.
    pub final_cells: Option<f64>,
    /// Coefficient of variation of the final cells, 0 or more; cultures then count as alike but for it.
    pub final_cells_cv: Option<f64>,
    /// Share plated, above 0 and at most 1. Takes the place of the table's; 1 where neither says.
    pub plating: Option<f64>,
    /// A recorded count of this or more means that it was this or more.
    pub censor_at: Option<u64>,
    /// Cells at the beginning over cells at the end (1 - phi of Zheng), 0 to 0.99; default 0.
    pub initial_share: f64,
    /// Cells at the beginning, above 0; they take the place of `initial_share` once the final cells are known.
    pub initial_cells: Option<f64>,
    /// Death of mutants as a share of their births, 0 to 0.99.
    pub mutant_death: f64,
    /// Death of the wild type as a share of its births, 0 to below 1: it divides 1 / (1 - share) times for a cell gained.
    pub wild_type_death: f64,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions {
            fitness: Fitness::Usual,
            final_cells: None,
            final_cells_cv: None,
            plating: None,
            censor_at: None,
            initial_share: 0.0,
            initial_cells: None,
            mutant_death: 0.0,
            wild_type_death: 0.0,
        }
    }
}

impl Conditions {
    /// Cells at the beginning as a share of `cells` at the end.
    ///
    /// # Errors
    /// Initial cells without final ones, or more than 0.99 of them.
    pub fn began_with(&self, cells: Option<f64>) -> Result<f64, Failure> {
        let said = |words: String| Err(Failure::Said(words));
        match (self.initial_cells, cells) {
            (Some(first), Some(last)) if first / last > 0.99 => said(format!(
                "cultures begin with {first} cells and end with {last}; allowed: 0.99 of the final cells or fewer"
            )),
            (Some(first), Some(last)) => Ok(first / last),
            (Some(_), None) => {
                said("the initial cells need the final ones: a column `final_cells`, or --final-cells".into())
            }
            (None, _) => Ok(self.initial_share),
        }
    }
}

/// Errs where a condition is out of its range, and says which is allowed.
pub fn checked(conditions: &Conditions) -> Result<(), Failure> {
    let c = conditions;
    let inside = |name: &'static str, value: Option<f64>, fits: &dyn Fn(f64) -> bool, allowed: &str| match value {
        Some(x) => option(name, x, fits(x), allowed),
        None => Ok(()),
    };
    let (low, high) = FITNESS;
    inside("fitness", c.fitness.taken(), &|x| (low..=high).contains(&x), &format!("{low} to {high}, or free"))?;
    let (number, cells) = (|x: f64| x > 0.0 && x <= 1e15, "a number of cells above 0, at most 1e15");
    inside("final_cells", c.final_cells, &number, cells)?;
    inside("initial_cells", c.initial_cells, &number, cells)?;
    let variation = "a coefficient of variation from 0 to 10";
    inside("final_cells_cv", c.final_cells_cv, &|x| (0.0..=10.0).contains(&x), variation)?;
    inside("plating", c.plating, &|x| x > 0.0 && x <= 1.0, "a share above 0 and at most 1")?;
    let (share, of_all) = (|x: f64| (0.0..=0.99).contains(&x), "a share from 0 to 0.99");
    inside("initial_share", Some(c.initial_share), &share, of_all)?;
    let death = "a share of births from 0 to 0.99";
    inside("mutant_death", Some(c.mutant_death), &share, death)?;
    inside("wild_type_death", Some(c.wild_type_death), &share, death)?;
    match c.censor_at {
        Some(0) => option("censor_at", 0.0, false, "a count of 1 or more: every culture has 0 or more"),
        _ => Ok(()),
    }
}
