//! Why a series of measurements, or the options of the rule, could not be used.

use std::fmt;

/// Why a series or the options could not be used. Visits count from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RecistError {
    /// An option lies outside its range.
    Option {
        /// Which option.
        name: &'static str,
        /// What was found.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// The baseline sum is not finite, or nothing measurable.
    Baseline {
        /// What was found, mm.
        sum: f64,
        /// The detection limit, mm.
        detection: f64,
    },
    /// The baseline's time is not finite.
    BaselineTime {
        /// What was found, days.
        time: f64,
    },
    /// A visit's sum is negative or not finite.
    Sum {
        /// Which visit.
        visit: usize,
        /// What was found, mm.
        sum: f64,
    },
    /// A visit's time is not finite or not after the one before.
    Time {
        /// Which visit.
        visit: usize,
        /// What was found, days.
        time: f64,
        /// The time before it, days.
        before: f64,
    },
}

impl fmt::Display for RecistError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Option { name, value, allowed } => write!(f, "{name} = {value}: allowed is {allowed}"),
            Self::Baseline { sum, detection } => write!(
                f,
                "baseline sum {sum} mm: it must be finite and above the detection limit of {detection} mm; \
                 a patient without measurable disease has no RECIST response"
            ),
            Self::BaselineTime { time } => {
                write!(f, "baseline time {time} days: it must be finite")
            }
            Self::Sum { visit, sum } => write!(
                f,
                "visit {visit}: sum {sum} mm must be finite and not negative; leave it out where it was not measured"
            ),
            Self::Time { visit, time, before } => {
                write!(f, "visit {visit}: time {time} days must be finite and after {before} days; sort the visits")
            }
        }
    }
}

impl std::error::Error for RecistError {}
