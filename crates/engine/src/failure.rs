//! Why the run of one patient could not go on. A failure is data; the cohort reports it by patient number.

use std::fmt;

/// Work that one tumour may take before its run ends with [`Failure::Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Events in exact simulation.
    pub events: u64,
    /// Steps of the leap method.
    pub steps: u64,
    /// Evaluations of the rates by either method, those within differential equations included.
    pub evaluations: u64,
    /// Clones that live at once, by either method, and founders within one step.
    pub clones: usize,
}

impl Default for Budget {
    /// Some minute of work.
    fn default() -> Self {
        Budget { events: 2_000_000_000, steps: 20_000_000, evaluations: 200_000_000, clones: 5_000_000 }
    }
}

impl Budget {
    /// What is left of it after `spent`.
    pub fn less(self, spent: Budget) -> Budget {
        Budget {
            events: self.events.saturating_sub(spent.events),
            steps: self.steps.saturating_sub(spent.steps),
            evaluations: self.evaluations.saturating_sub(spent.evaluations),
            clones: self.clones,
        }
    }

    /// Checks the number of clones.
    ///
    /// # Errors
    /// [`Failure::Budget`] when there are too many.
    pub fn check_clones(most: usize, clones: usize, time: f64) -> Result<(), Failure> {
        if clones <= most {
            return Ok(());
        }
        let what = format!(
            "more than {most} clones; a mutation rate is too high for clones to be followed one by one, or cells grow far too fast (a rate in /s for /day)"
        );
        Err(Failure::Budget { what, time })
    }

    /// Checks the evaluations done so far.
    ///
    /// # Errors
    /// [`Failure::Budget`] when there are too many.
    pub fn check_evaluations(most: u64, done: u64, time: f64) -> Result<(), Failure> {
        if done <= most {
            return Ok(());
        }
        let what = format!(
            "more than {most} evaluations of the rates; look for a rate or a level that moves very fast, such as one in /s for /day"
        );
        Err(Failure::Budget { what, time })
    }
}

/// What went wrong, where and when.
#[derive(Debug, Clone, PartialEq)]
pub enum Failure {
    /// A rate was negative, infinite or not a number (or probabilities of mutation added to more than 1).
    Rate {
        /// As in the model file, such as `cells.sensitive.death`.
        term: String,
        /// The value found.
        value: f64,
        /// Days since treatment began.
        time: f64,
        /// Concentrations, levels and counts at that moment, in written units.
        state: Vec<(String, f64)>,
    },
    /// The tumour never reached the size at which treatment begins.
    NeverDetected {
        /// Size asked for, cells.
        until: f64,
        /// How many founding attempts died out, or years grown.
        why: String,
    },
    /// What the backward equations cannot say; a simulation may.
    NoLaw {
        /// What stands in the way.
        why: String,
    },
    /// More work than a run may take.
    Budget {
        /// What there was too much of.
        what: String,
        /// Days since treatment began.
        time: f64,
    },
    /// A count passed 2^53, beyond which a floating-point number does not hold every integer.
    TooMany {
        /// Days since treatment began.
        time: f64,
    },
    /// A parameter or starting count of this patient is impossible.
    Parameter {
        /// Its name.
        name: String,
        /// Its value, base units.
        value: f64,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Rate { term, value, time, state } => {
                write!(f, "`{term}` was {} on day {time:.2}", short(*value))?;
                let state: Vec<String> = state.iter().map(|(name, x)| format!("{name} = {}", short(*x))).collect();
                if !state.is_empty() {
                    write!(f, ", with {}", state.join(", "))?;
                }
                if term.starts_with("levels.") {
                    write!(f, "; the change of a level must be a finite number")
                } else if *value > 0.0 && value.is_finite() {
                    write!(f, "; the probabilities of mutation at a division must add up to at most 1")
                } else {
                    write!(f, "; a rate must be a finite number and at least 0")
                }
            }
            Failure::NeverDetected { until, why } => {
                write!(f, "the tumour never reached {until:.3e} cells before treatment: {why}")
            }
            Failure::NoLaw { why } => write!(f, "{why}; `remission run` simulates it all the same"),
            Failure::Budget { what, time } => write!(f, "stopped on day {time:.2}: {what}"),
            Failure::TooMany { time } => {
                write!(f, "a count passed 2^53 cells on day {time:.2}; set a lower `ceiling` in the study")
            }
            Failure::Parameter { name, value } => {
                write!(f, "`{name}` came out as {value:.4e} for this patient, which is not possible")
            }
        }
    }
}

impl std::error::Error for Failure {}

/// Integers whole, other numbers to five digits.
fn short(x: f64) -> String {
    match x.abs() {
        a if a == libm::trunc(a) && a < 1e7 => format!("{x:.0}"),
        a if (1e-2..1e5).contains(&a) => format!("{x:.4}"),
        _ => format!("{x:.4e}"),
    }
}
