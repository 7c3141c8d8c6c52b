//! The numbers of RECIST 1.1 as options, with the guideline's own as defaults, and their ranges.
//!
//! Eisenhauer et al. 2009, Eur. J. Cancer 45:228, sections 4.3.1 (fractions and 5 mm) and 4.6 (confirmation, stable
//! disease).

use super::RecistError;

/// The rule's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecistOptions {
    /// Fall from baseline that makes PR, as a fraction strictly between 0 and 1.
    pub response_fraction: f64,
    /// Rise over the smallest sum that makes PD, as a fraction above 0.
    pub progression_fraction: f64,
    /// Rise over the smallest sum that PD needs as well, mm, not negative.
    pub progression_increase: f64,
    /// A sum at or below this counts as no lesion left, mm, not negative.
    pub detection: f64,
    /// Distance from a boundary, mm, not negative, within which a sum counts as on it.
    pub tolerance: f64,
    /// Days between a response and the visit that confirms it, not negative; none when no confirmation is asked for.
    pub confirmation: Option<f64>,
    /// Days from baseline after which SD counts as best response, not negative.
    pub stable_minimum: f64,
}

impl Default for RecistOptions {
    /// RECIST 1.1: 30 %, 20 %, 5 mm, detection 0, no confirmation (the rule for randomised trials, section 4.6), six
    /// weeks for SD (the shortest the guideline names).
    fn default() -> Self {
        Self {
            response_fraction: 0.30,
            progression_fraction: 0.20,
            progression_increase: 5.0,
            detection: 0.0,
            tolerance: 1e-6,
            confirmation: None,
            stable_minimum: 42.0,
        }
    }
}

/// Refuses options out of their range.
pub(super) fn check(options: &RecistOptions) -> Result<(), RecistError> {
    let RecistOptions { response_fraction, progression_fraction, .. } = *options;
    if !(response_fraction > 0.0 && response_fraction < 1.0) {
        let allowed = "strictly between 0 and 1";
        return Err(RecistError::Option { name: "response_fraction", value: response_fraction, allowed });
    }
    if !(progression_fraction > 0.0 && progression_fraction.is_finite()) {
        let allowed = "finite and above 0";
        return Err(RecistError::Option { name: "progression_fraction", value: progression_fraction, allowed });
    }
    for (name, value) in [
        ("progression_increase", options.progression_increase),
        ("detection", options.detection),
        ("tolerance", options.tolerance),
        ("confirmation", options.confirmation.unwrap_or(0.0)),
        ("stable_minimum", options.stable_minimum),
    ] {
        if !(value.is_finite() && value >= 0.0) {
            return Err(RecistError::Option { name, value, allowed: "finite and not negative" });
        }
    }
    Ok(())
}
