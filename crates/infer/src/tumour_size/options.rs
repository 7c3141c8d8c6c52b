//! What a user may set, and why there may be no answer.

use crate::jobs::Interrupted;
use std::fmt;

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Diameter below which a lesion is too small to measure, mm, above 0; default 5 (RECIST 1.1).
    pub limit: f64,
    /// One patient (`study/patient`, `study/patient/lesion`, or the patient alone); default: all.
    pub patient: Option<String>,
    /// Days from one future visit to the next, above 0; default 42.
    pub every: f64,
    /// Days ahead to forecast, at least `every`; default 336.
    pub horizon: f64,
    /// Whether forecasts are tried on the last two numbers of each patient; default true.
    pub held_out: bool,
    /// Seed of every random draw; default 2026.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { limit: 5.0, patient: None, every: 42.0, horizon: 336.0, held_out: true, seed: 2026 }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// Asked to stop.
    Interrupted,
    /// No such patient.
    NoPatient {
        /// As asked for.
        found: String,
        /// Some of those in the table.
        some: Vec<String>,
    },
    /// An option outside its range.
    Option {
        /// Which.
        name: &'static str,
        /// Its value.
        found: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// No look says anything.
    NothingSeen,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Interrupted => write!(f, "interrupted"),
            Failure::NoPatient { found, some } => {
                write!(f, "no patient `{found}`; the table has {}", some.join(", "))
            }
            Failure::Option { name, found, allowed } => write!(f, "{name} is {found}; allowed: {allowed}"),
            Failure::NothingSeen => {
                write!(f, "no row has a size or says too small; a forecast needs one look at least")
            }
        }
    }
}

impl std::error::Error for Failure {}

impl From<Interrupted> for Failure {
    fn from(_: Interrupted) -> Failure {
        Failure::Interrupted
    }
}
