//! Whether a number agrees. Published range and obtained figure may be apart by four Monte Carlo standard errors; what lies farther
//! out differs honestly, where the file says why, or has failed.

use super::spread::{Estimate, SIGMAS};
use super::{Kind, Published};

/// How a number came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Within the range and the run's own error.
    Reproduces,
    /// Outside, for the reason written.
    Differs,
    /// Outside without a reason, or not computable.
    Failed,
}

impl Status {
    /// As printed.
    pub fn name(self) -> &'static str {
        match self {
            Status::Reproduces => "reproduces",
            Status::Differs => "differs",
            Status::Failed => "failed",
        }
    }
}

/// A published number and its counterpart.
#[derive(Debug, Clone)]
pub struct Check {
    /// In words.
    pub name: String,
    /// Variant.
    pub set: Option<String>,
    /// Arm, where one is named.
    pub arm: Option<String>,
    /// Whether the model was tuned to it.
    pub kind: Kind,
    /// The published figure: `value`, or the middle of the range.
    pub published: f64,
    /// The published figure and its range, in words.
    pub printed: String,
    /// Lowest that agrees.
    pub low: f64,
    /// Highest that agrees.
    pub high: f64,
    /// Unit of all figures; empty where it is the quantity's own.
    pub unit: String,
    /// The run's figure; none where it gives none.
    pub obtained: Option<f64>,
    /// Monte Carlo standard error on the side that counts.
    pub standard_error: Option<f64>,
    /// Patients that gave it.
    pub patients: Option<usize>,
    /// How far from `published` is allowed, on the side on which `obtained` lies: |obtained - published| <= tolerance exactly when
    /// it reproduces.
    pub tolerance: f64,
    /// The verdict.
    pub status: Status,
    /// Why it differs or failed, or that the reason written is stale.
    pub reason: Option<String>,
    /// Paper and place.
    pub citation: Option<String>,
}

/// Said of a reason that is written though the number comes out.
pub const STALE: &str = "the reason written in expected.toml is stale: the number comes out; take the reason out";

/// Judges a number.
pub fn judge(p: &Published, found: Result<Estimate, String>) -> Check {
    let published = p.figure();
    let mut check = Check {
        name: p.name.clone(),
        set: p.set.clone(),
        arm: p.arm.clone(),
        kind: p.kind,
        published,
        printed: super::table::printed(p),
        low: p.low,
        high: p.high,
        unit: p.unit.clone().unwrap_or_default(),
        obtained: None,
        standard_error: None,
        patients: None,
        tolerance: (p.high - published).max(published - p.low),
        status: Status::Failed,
        reason: None,
        citation: p.citation.as_ref().map(super::Citation::in_words),
    };
    let found = match found {
        Ok(found) => found,
        Err(why) => {
            check.reason = Some(format!("not computable: {why}"));
            return check;
        }
    };
    let (room, error) = match found.value < published {
        true => (published - p.low, found.up),
        false => (p.high - published, found.down),
    };
    check.tolerance = room + SIGMAS * error;
    check.obtained = Some(found.value);
    check.standard_error = Some(error);
    check.patients = Some(found.patients);
    (check.status, check.reason) = match ((found.value - published).abs() <= check.tolerance, &p.reason) {
        (true, None) => (Status::Reproduces, None),
        (true, Some(_)) => (Status::Reproduces, Some(STALE.to_string())),
        (false, Some(reason)) => (Status::Differs, Some(reason.clone())),
        (false, None) => {
            let side = if found.value < published { "below" } else { "above" };
            let why = format!(
                "{side} the range by more than four Monte Carlo standard errors; mend the model, or say in `reason` why it honestly does \
                 not come out (the range stays)"
            );
            (Status::Failed, Some(why))
        }
    };
    check
}
