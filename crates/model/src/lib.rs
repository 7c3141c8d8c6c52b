//! What is: descriptions of cancers, drugs, regimens and studies. No randomness, no files, no time stepping.
//!
//! In reading order: [`resolved`] (the checked model), [`expr`] and [`program`] (rate laws).

pub mod expr;
pub mod parse;
pub mod problem;
pub mod program;
mod read;
mod resolve;
pub mod resolved;
mod scope;
mod tree;
pub mod units;
pub mod written;

pub use problem::{Code, Problem, Problems};
pub use resolve::resolve;
pub use resolved::{Model, Study};

use problem::Report;

/// Reads a model file as written, or says everything that is wrong with its keys and kinds of value.
pub fn read_model(file_name: &str, text: &str) -> Result<written::Model, Problems> {
    let mut report = Report::new(file_name);
    let model = read::model(file_name, text, &mut report);
    report.finish(model)
}

/// Reads and resolves a model file, or says everything that is wrong with it at once.
pub fn model_from_toml(file_name: &str, text: &str) -> Result<Model, Problems> {
    let mut report = Report::new(file_name);
    let written = read::model(file_name, text, &mut report);
    let model = written.and_then(|w| resolve::model(&w, &mut report));
    report.finish(model)
}
