//! Why a fit could not be made. Data, so that a caller can tell the cases apart; one place turns it into a sentence.

use crate::words::typed;
use std::fmt;

/// What stood in the way of a fit.
#[derive(Debug, Clone, PartialEq)]
pub enum FitFailure {
    /// Fewer readings than the fit needs.
    TooFew {
        /// What was to be fitted.
        what: String,
        /// Readings found.
        found: usize,
        /// Readings needed.
        needed: usize,
    },
    /// All readings lie at one abscissa, so no slope can be told.
    OneAbscissa {
        /// What was to be fitted.
        what: String,
        /// Where they all lie.
        at: f64,
    },
    /// Two columns that belong together have different lengths.
    Lengths {
        /// What was to be fitted.
        what: String,
        /// Their lengths.
        found: (usize, usize),
    },
    /// A cell type that the model does not have.
    UnknownCellType {
        /// As in the table.
        found: String,
        /// Those of the model.
        allowed: Vec<String>,
    },
    /// A starting value, a constant or a reading outside its range.
    OutOfRange {
        /// Which.
        what: String,
        /// Its value.
        found: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A residual was infinite or not a number, at the start or within a difference step of it.
    NotFinite {
        /// Index of the residual.
        residual: usize,
        /// Free values at which it happened, as the search sees them.
        at: Vec<f64>,
    },
}

impl fmt::Display for FitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FitFailure::TooFew { what, found, needed } => {
                write!(f, "{what}: {found} of the {needed} readings needed; widen or move the window, or add readings")
            }
            FitFailure::OneAbscissa { what, at } => {
                write!(f, "{what}: every reading lies at {at}; a slope needs readings at two places or more")
            }
            FitFailure::Lengths { what, found: (a, b) } => {
                write!(f, "{what}: {a} of one and {b} of the other; give one for each")
            }
            FitFailure::UnknownCellType { found, allowed } => {
                write!(
                    f,
                    "cell type `{found}` is not among those of the table or model; allowed: {}",
                    allowed.join(", ")
                )
            }
            FitFailure::OutOfRange { what, found, allowed } => {
                write!(f, "{what} is {}; allowed: {allowed}", typed(*found))
            }
            FitFailure::NotFinite { residual, at } => {
                write!(f, "residual {residual} is not a finite number at {at:?}; start elsewhere or check the reading")
            }
        }
    }
}

impl std::error::Error for FitFailure {}

/// Why an assay gave no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// A fit could not be made.
    Fit(FitFailure),
    /// The data or the options do not allow it: what was found, what is allowed, what to do.
    Said(String),
    /// An option outside its range, whatever the data.
    Option {
        /// Its name, as in the options of the assay: `threshold_cells`.
        name: &'static str,
        /// What was given.
        found: String,
        /// What is allowed.
        allowed: String,
    },
    /// A stop was asked for.
    Interrupted,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Fit(failure) => failure.fmt(f),
            Failure::Said(words) => f.write_str(words),
            Failure::Option { name, found, allowed } => write!(f, "{name} is {found}; allowed: {allowed}"),
            Failure::Interrupted => crate::jobs::Interrupted.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// Something of that name is not in the table; `there` are those that are, of which some are told.
    pub(crate) fn unknown(what: &str, name: &str, there: impl IntoIterator<Item = impl Into<String>>) -> Failure {
        let there: Vec<String> = there.into_iter().take(20).map(Into::into).collect();
        if there.iter().all(String::is_empty) {
            return Failure::Said(format!("no {what} `{name}` in the table, which names none; allowed: leave it out"));
        }
        Failure::Said(format!("no {what} `{name}` in the table; allowed: `{}`", there.join("`, `")))
    }
}

/// Errs unless the option is finite and `good`, and says what is allowed.
pub(crate) fn option(name: &'static str, found: f64, good: bool, allowed: &str) -> Result<(), Failure> {
    match good && found.is_finite() {
        true => Ok(()),
        false => Err(Failure::Option { name, found: typed(found), allowed: allowed.into() }),
    }
}

impl From<FitFailure> for Failure {
    fn from(failure: FitFailure) -> Failure {
        Failure::Fit(failure)
    }
}

impl From<crate::jobs::Interrupted> for Failure {
    fn from(_: crate::jobs::Interrupted) -> Failure {
        Failure::Interrupted
    }
}

/// Errs unless `found` is finite and above zero.
pub(crate) fn above_zero(what: &str, found: f64) -> Result<(), FitFailure> {
    if found > 0.0 && found.is_finite() {
        return Ok(());
    }
    Err(FitFailure::OutOfRange { what: what.to_string(), found, allowed: "a finite number above 0" })
}
