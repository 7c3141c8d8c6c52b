//! What is: descriptions of cancers, drugs, regimens and studies. No randomness, no files, no time stepping.
//!
//! In reading order: [`resolved`] (the checked model), [`expr`] and [`program`] (rate laws), then how text becomes
//! a model: [`written`] (as written), [`units`], [`parse`] (expressions), [`regimen`] (sentences), [`problem`]
//! (what can be wrong). The format itself is described in `spec/model.md`, every fault in `spec/errors.md`.
//!
//! ```
//! let text = std::fs::read_to_string("../../spec/cases/valid/logistic.toml").unwrap();
//! let model = remission_model::model_from_toml("logistic.toml", &text).unwrap();
//! assert_eq!(model.cells[0].name, "sensitive");
//!
//! let problems = remission_model::model_from_toml("bad.toml", "[cells.a]\nbirth = '-1 /day'").unwrap_err();
//! assert!(problems.0.iter().any(|p| p.code == remission_model::Code::NegativeRate));
//! assert!(problems.0.iter().any(|p| p.code == remission_model::Code::MissingKey));
//! ```

mod advice;
pub mod draws;
pub mod expr;
pub mod format;
mod laws;
pub mod map;
mod modification;
pub mod parse;
mod print;
pub mod problem;
pub mod program;
mod read;
pub mod records;
pub mod regimen;
mod resolve;
pub mod resolved;
mod scope;
mod sentence;
mod study;
mod tabulated;
mod tree;
pub mod units;
mod visits;
pub mod written;

pub use print::{expression_text, resolved_study_to_toml, resolved_to_toml, slot_text};
pub use problem::{Code, Problem, Problems};
pub use resolve::resolve;
pub use resolved::{Model, Study};
pub use study::{Beside, study_from_toml, study_with_files, study_with_regimens};
pub use visits::visits_in_words;

use problem::Report;

/// Reads a model file as written, or says everything that is wrong with its keys and kinds of value.
pub fn read_model(file_name: &str, text: &str) -> Result<written::Model, Problems> {
    let mut report = Report::new(file_name);
    let model = read::model(file_name, text, &mut report);
    report.finish(model)
}

/// Reads and resolves a model file, or says everything that is wrong with it at once.
///
/// ```
/// let problems = remission_model::model_from_toml("m.toml", "[model]").unwrap_err();
/// assert_eq!(problems.0[0].file, "m.toml");
/// assert!(problems.0.len() >= 3, "title, cells and before_treatment are missing");
/// ```
pub fn model_from_toml(file_name: &str, text: &str) -> Result<Model, Problems> {
    let mut report = Report::new(file_name);
    let written = read::model(file_name, text, &mut report);
    let model = written.and_then(|w| resolve::model(&w, &mut report));
    report.finish(model)
}
