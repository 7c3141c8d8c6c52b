//! The typical patient: every number at its centre, and nothing left to chance. What published curves of a model's equations show, and what a
//! second reading of a model is compared in.
//!
//! Differences between patients, covariates that are drawn from categories, correlations, death at random, events, the error of a reader and the
//! scatter of visits are taken out. Rules, progression and what follows it stay as they are; of an arm with records the first patient's is followed.

use remission_model::Model;
use remission_model::resolved::{Covariate, MeasurementKind, Study, Visits};

/// The typical patient of a model, and the study that follows it.
pub fn typical(model: &Model, study: &Study) -> (Model, Study) {
    let (mut model, mut study) = (model.clone(), study.clone());
    for p in &mut model.parameters {
        p.between_patients = None;
        if matches!(p.covariate, Some(Covariate::Categories(_))) {
            p.covariate = None;
        }
    }
    model.correlations = Default::default();
    model.death = None;
    model.events.clear();
    for m in &mut model.measurements {
        match &mut m.kind {
            MeasurementKind::SumOfDiameters { reader_error, .. } => *reader_error = 0.0,
            MeasurementKind::CellCount { error, .. } => *error = 0.0,
            // Molecules are counted, so chance belongs to the measurement itself.
            MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_) => {}
        }
    }
    study.patients = 1;
    study.visits = Visits { window: 0.0, ..study.visits };
    (model, study)
}

/// What there is of the typical patient and of nobody else cannot be asked for: why a variable has no value without chance.
pub fn left_to_chance(model: &Model, of: &str) -> Option<&'static str> {
    if model.events.iter().any(|e| model.levels[e.level].name == of) {
        return Some("an event, which happens by chance");
    }
    let channel = remission_cohort::measure::channels(model).into_iter().find(|c| c.name == of)?;
    match model.measurements[channel.measurement].kind {
        MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_) => {
            Some("counted molecules, which are drawn by chance")
        }
        MeasurementKind::SumOfDiameters { .. } | MeasurementKind::CellCount { .. } => None,
    }
}
