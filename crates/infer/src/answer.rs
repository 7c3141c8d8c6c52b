//! What every assay's inference gives: estimates with intervals, tests, the verdict on origin, what to measure next,
//! how the computation went, tables, pictures and draws. The skin prints it, writes it as JSON and draws the report.

use crate::figure::Figure;
use crate::verdict::Verdict;
use remission_model::draws::Draws;

/// One estimated quantity.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Name as in tables and JSON: `mutations_per_culture`.
    pub name: String,
    /// The point.
    pub value: f64,
    /// 95 % interval; none where it cannot be told. An end may be infinite or 0 where the data set no bound.
    pub ci95: Option<(f64, f64)>,
    /// Unit; empty for a pure number.
    pub unit: String,
    /// How it was found: `maximum likelihood, profile-likelihood interval`.
    pub how: String,
}

/// One test of a hypothesis.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is tested: `equal mutation rates`.
    pub name: String,
    /// The statistic.
    pub statistic: f64,
    /// Its law under the hypothesis: `chi-square, 1 degree of freedom`.
    pub law: String,
    /// Chance of a statistic as large or larger under the hypothesis.
    pub p: f64,
}

/// A value said of how the computation went.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A number.
    Number(f64),
    /// Words.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Numbers.
    Numbers(Vec<f64>),
}

/// A tidy table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Short name, letters, digits and underscores: the file it is written to.
    pub name: String,
    /// What a row is.
    pub caption: String,
    /// Names of the columns, with units where they have one: `time_days`.
    pub columns: Vec<String>,
    /// Rows, each with one value a column.
    pub rows: Vec<Vec<Value>>,
}

/// A value in a [`Table`].
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Missing, or not known.
    Nothing,
    /// Words.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// A number.
    Real(f64),
}

/// Draws and what belongs to them, as the groups of an ArviZ file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sampled {
    /// Given the data.
    pub posterior: Draws,
    /// Before the data.
    pub prior: Draws,
    /// Name of the observed variable: `mutants`.
    pub observed_name: String,
    /// What was observed, one value a unit (culture, well, visit).
    pub observed: Vec<f64>,
    /// `log_likelihood[chain][draw][unit]`; empty where it was not kept.
    pub log_likelihood: Vec<Vec<Vec<f64>>>,
    /// `predictive[chain][draw][unit]`: data drawn anew from each posterior draw; empty where it was not kept.
    pub predictive: Vec<Vec<Vec<f64>>>,
}

/// The answer to one data set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The assay, as named on the command line.
    pub assay: String,
    /// Which experiment, line or patient, where the data hold several.
    pub experiment: Option<String>,
    /// The answer in plain words; its first sentence stands first in the report.
    pub words: Vec<String>,
    /// What has gone wrong with the computation, said before anything else: chains that disagree, a search that did
    /// not end. Empty when all went well.
    pub unconverged: Vec<String>,
    /// What would mend that, a sentence; empty: nothing is known.
    pub remedy: String,
    /// What does not rest on that and stands, and what is no result, a sentence; empty: nothing stands.
    pub stands: String,
    /// Estimates, the most important first.
    pub estimates: Vec<Estimate>,
    /// Tests.
    pub tests: Vec<Test>,
    /// Where resistance came from, where it was asked.
    pub verdict: Option<Verdict>,
    /// How the computation went, by name.
    pub diagnostics: Vec<(String, Said)>,
    /// What was assumed, ignored or left out, a sentence each.
    pub notes: Vec<String>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Pictures.
    pub figures: Vec<Figure>,
    /// Draws, where a posterior was sampled.
    pub sampled: Option<Sampled>,
}

impl Answer {
    /// What may be read of an answer that did not converge, a sentence.
    pub fn may_be_read(&self) -> &str {
        if self.stands.is_empty() { "Read nothing below as a result before this is mended." } else { &self.stands }
    }
}
