//! Statistics of times to an event, of shares and of samples: what a trial's table and figures are made of.
//!
//! Reading order: [`kaplan_meier`] (one arm's curve, its median and its risk table), [`log_rank`] (do the arms
//! differ), [`cox`] (by how much), [`concordance`] (does a number go with a time), [`proportion`] (a share with its
//! interval), [`compare`] (are two samples from one law), [`special`] (the tails and quantiles the others need).
//!
//! Every function is pure: slices in, values out, the same bits on every machine (all transcendental functions
//! come from `libm`, sums are taken in a fixed order). Nothing here panics on input, finite or not: what cannot
//! be used is named in a [`StatisticsError`].
//!
//! Times are compared exactly. R's survival package first joins times that differ by less than 1.5e-8 of their
//! mean; times that come from a schedule of visits do not need it, and joined times would hide a clock that drifts.
//!
//! Left out: left truncation, interval-censored likelihoods (a progression is dated to the visit that saw it, as
//! trials do), competing risks, strata and weights.

mod cholesky;
pub mod compare;
pub mod concordance;
pub mod cox;
pub mod kaplan_meier;
pub mod log_rank;
pub mod proportion;
pub mod special;

use std::fmt;

/// One patient's follow-up: how long, and whether it ended with the event or was censored there.
///
/// ```
/// use remission_cohort::statistics::Observation;
/// let seen = Observation { time: 84.0, event: true };
/// let still_waiting = Observation { time: 365.0, event: false };
/// assert!(seen.time < still_waiting.time);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observation {
    /// Time from the start of treatment, finite and not negative; any unit, the same for everybody (days here).
    pub time: f64,
    /// True when the event was seen at `time`; false when the patient was last known to be free of it then.
    pub event: bool,
}

/// A confidence interval, `lower <= upper`, in the unit of what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

/// A chi-square test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Test {
    /// The statistic, not negative.
    pub chi_square: f64,
    /// Degrees of freedom, at least 1.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic at least as large when there is no difference, 0 to 1.
    pub p_value: f64,
}

impl Test {
    fn new(chi_square: f64, degrees_of_freedom: usize) -> Test {
        let p_value = special::chi_square_tail(chi_square, degrees_of_freedom as f64);
        Test { chi_square, degrees_of_freedom, p_value }
    }
}

/// Why a statistic could not be given. Indices count from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StatisticsError {
    /// There is nothing to count.
    Empty {
        /// What was empty.
        what: &'static str,
    },
    /// A time is negative, infinite or not a number.
    Time {
        /// Which group it stands in (0 where there is only one).
        group: usize,
        /// Its place in the group.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A number lies outside its range.
    Range {
        /// Which number.
        what: &'static str,
        /// What was found.
        value: f64,
        /// What is allowed.
        allowed: &'static str,
    },
    /// A sample or a covariate holds something that is not usable as a number.
    Value {
        /// Which sample or column.
        column: usize,
        /// Its place.
        index: usize,
        /// What was found.
        value: f64,
    },
    /// A group of a comparison has no patients.
    EmptyGroup {
        /// Which group.
        group: usize,
    },
    /// A comparison needs two groups or more.
    TooFewGroups {
        /// How many were given.
        found: usize,
    },
    /// No event was seen in any group, so nothing can be compared.
    NoEvents,
    /// No event happened while two groups were under observation together.
    NoOverlap,
    /// A covariate's column has another length than the list of patients.
    Length {
        /// Which column.
        column: usize,
        /// Its length.
        found: usize,
        /// Number of patients.
        expected: usize,
    },
    /// The data say nothing about this covariate: constant among those at risk, or fixed by the columns before it.
    NotIdentifiable {
        /// Which column.
        column: usize,
    },
    /// Newton's method did not settle.
    NotConverged {
        /// Steps taken.
        iterations: usize,
    },
    /// More successes than trials.
    Successes {
        /// Successes given.
        successes: u64,
        /// Trials given.
        trials: u64,
    },
}

impl fmt::Display for StatisticsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty { what } => write!(f, "{what} is empty: at least one entry is needed"),
            Self::Time { group, index, value } => write!(
                f,
                "time {value} of patient {index} in group {group}: a time must be finite and not negative; \
                 count it from the start of treatment"
            ),
            Self::Range { what, value, allowed } => write!(f, "{what} = {value}: allowed is {allowed}"),
            Self::Value { column, index, value } => write!(
                f,
                "entry {index} of column {column} is {value}, which cannot be used; remove the entry or give its value"
            ),
            Self::EmptyGroup { group } => {
                write!(f, "group {group} has no patients: leave it out of the comparison")
            }
            Self::TooFewGroups { found } => {
                write!(f, "{found} group(s) given: a comparison needs two or more")
            }
            Self::NoEvents => {
                write!(f, "no event was seen in any group: follow up longer or choose another endpoint")
            }
            Self::NoOverlap => {
                write!(f, "no event happened while two groups were under observation together: nothing can be compared")
            }
            Self::Length { column, found, expected } => write!(
                f,
                "covariate column {column} has {found} entries for {expected} patients: give one entry a patient"
            ),
            Self::NotIdentifiable { column } => write!(
                f,
                "covariate column {column} does not vary among those at risk, or follows from the columns before it: \
                 leave it out"
            ),
            Self::NotConverged { iterations } => write!(
                f,
                "the Cox fit did not settle in {iterations} steps: raise the limit or look for extreme covariates"
            ),
            Self::Successes { successes, trials } => {
                write!(f, "{successes} successes in {trials} trials: there cannot be more successes than trials")
            }
        }
    }
}

impl std::error::Error for StatisticsError {}

/// Refuses an empty list and unusable times.
fn check_times(group: usize, observations: &[Observation]) -> Result<(), StatisticsError> {
    if observations.is_empty() {
        return Err(StatisticsError::EmptyGroup { group });
    }
    match observations.iter().position(|o| !(o.time.is_finite() && o.time >= 0.0)) {
        Some(index) => Err(StatisticsError::Time { group, index, value: observations[index].time }),
        None => Ok(()),
    }
}

/// The standard normal quantile of a two-sided level; refuses a level outside (0, 1).
fn two_sided(level: f64) -> Result<f64, StatisticsError> {
    if !(level > 0.0 && level < 1.0) {
        return Err(StatisticsError::Range { what: "level", value: level, allowed: "strictly between 0 and 1" });
    }
    Ok(-special::normal_quantile((1.0 - level) / 2.0))
}
