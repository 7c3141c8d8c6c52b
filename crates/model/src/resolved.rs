//! The model as resolved: every name found, every unit turned to the base unit, every default filled.
//!
//! Base units: day, cell, mg, µmol, L (and dm for lengths), Gy; a fraction is a plain number.
//! Holding a [`Model`] is proof that the text it came from passed every check; nothing downstream
//! checks again.

mod cells;
mod drug;
mod measurement;
mod modification;
mod number;
mod regimen;
mod row;
mod setting;
mod site;
mod study;

pub use cells::{Barcodes, CellType, Death, Event, Kind, Level, Mutation, Start, Switch};
pub use drug::{Delay, Drug, Route};
pub use measurement::{Ctdna, Measurement, MeasurementKind, Sequencing, SiteLesions};
pub use modification::{Action, Condition, Limit, Modification, Observed};
pub use number::{Axis, Category, Citation, Correlation, Correlations, Covariate, Parameter, Source, Table, Variation};
pub use regimen::{DoseRule, Regimen};
pub use row::{Body, Row};
pub use setting::{Basis, Setting};
pub use site::Site;
pub use study::{AfterProgression, Arm, Called, Study, Visits};

/// A cancer under treatment: what there is and how fast it changes. No randomness, no dates.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name of the model, one line.
    pub title: String,
    /// The question that the model is there to answer; may be empty.
    pub question: String,
    /// Papers the model as a whole rests on.
    pub citations: Vec<Citation>,
    /// Numbers, in the order written, then the covariates. Slot `i` of every expression's environment is parameter `i`.
    pub parameters: Vec<Parameter>,
    /// How parameters and covariates vary together between patients.
    pub correlations: Correlations,
    /// Tabulated laws, called by name in expressions.
    pub tables: Vec<Table>,
    /// Cell types, in the order written.
    pub cells: Vec<CellType>,
    /// Places in the body with tumour cells of their own; empty where the tumour is in one.
    pub sites: Vec<Site>,
    /// Continuous quantities with a rate of change; last those of events.
    pub levels: Vec<Level>,
    /// What may happen to a patient.
    pub events: Vec<Event>,
    /// Drugs, in the order written.
    pub drugs: Vec<Drug>,
    /// What exists when treatment begins.
    pub start: Start,
    /// Barcodes of the first cells; `None` without.
    pub barcodes: Option<Barcodes>,
    /// What the clinic or the laboratory can see.
    pub measurements: Vec<Measurement>,
    /// How patients die; `None` in a dish.
    pub death: Option<Death>,
    /// Where numbers come from that are written in a section as they are.
    pub settings: Vec<Setting>,
}

impl Model {
    /// True for a type whose cells make up the tumour.
    pub fn is_tumour(&self, cell_type: usize) -> bool {
        self.cells[cell_type].kind != Kind::Immune
    }

    /// Cells of the tumour: all but immune ones. `by_type` is in the order of `cells`.
    pub fn total(&self, by_type: &[f64]) -> f64 {
        by_type.iter().zip(&self.cells).filter(|(_, c)| c.kind != Kind::Immune).map(|(n, _)| n).sum()
    }
}
