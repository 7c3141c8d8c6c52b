//! Whether a number agrees. Published range and obtained figure may be apart by four Monte Carlo standard errors; what lies farther
//! out differs honestly, where the file says why, or has failed.
//!
//! So few patients make it easier to agree. Agreement is called weak, with the size at which it would not be, where the run knows its own
//! figure less well than the paper knows its number (its 95 % interval, 1.96 errors either way, is wider than the published range; of a number
//! without one, wider than a quarter of the value either way), and where that interval lies outside the published range, so that only the room of four
//! errors lets the number in.

use super::spread::{Estimate, NORMAL, SIGMAS};
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

/// How many patients an arm a run had, and how many the study's own has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Of the run.
    pub run: u32,
    /// Of the study as it is written.
    pub own: u32,
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
    /// Patients an arm; none where the number is of no cohort.
    pub size: Option<Size>,
    /// Why it differs or failed, or that the reason written is stale.
    pub reason: Option<String>,
    /// Paper and place.
    pub citation: Option<String>,
}

/// Share of a published value that stands for its range where no range is printed.
const OF_VALUE: f64 = 0.25;

impl Check {
    /// Half the width of the published range; of a range without width a quarter of the value.
    fn half_width(&self) -> f64 {
        let half = 0.5 * (self.high - self.low);
        if half > 0.0 { half } else { OF_VALUE * self.published.abs() }
    }

    /// How far outside the published range the run's figure lies; 0 inside.
    fn outside(&self) -> f64 {
        self.obtained.map_or(0.0, |x| (self.low - x).max(x - self.high).max(0.0))
    }

    /// The two ways to be weak with this Monte Carlo error: the run's interval is wider than the published range, or lies beside it and
    /// agrees by the room of four errors alone.
    fn weak_with(&self, error: f64) -> [bool; 2] {
        let (half, out) = (NORMAL * error, self.outside());
        let agrees = self.status == Status::Reproduces;
        [agrees && half > self.half_width(), agrees && half < out && out <= SIGMAS * error]
    }

    /// Whether it agrees on so few patients that this means little: the run's own 95 % interval is wider than the published range, or lies
    /// outside it. What does not agree, does not for good.
    pub fn weak(&self) -> bool {
        self.weak_with(self.standard_error.unwrap_or(0.0)).contains(&true)
    }

    /// Of a weak number: patients an arm at which it would not be, for an error goes down with the square root; none where no number of
    /// patients is enough, as of a published 0 without a range.
    pub fn patients_needed(&self) -> Option<u64> {
        let error = self.standard_error?;
        let [wide, beside] = self.weak_with(error);
        let ratio = |is: bool, of: f64, room: f64| if is { of * error / room } else { 0.0 };
        let times = ratio(wide, NORMAL, self.half_width()).max(ratio(beside, SIGMAS, self.outside()));
        let needed = f64::from(self.size.filter(|_| wide || beside)?.run) * times * times;
        // Two digits, rounded up: more would be more exact than the error is known.
        let step = libm::pow(10.0, libm::floor(libm::log10(needed)) - 1.0).max(1.0);
        needed.is_finite().then(|| (libm::ceil(needed / step - 1e-9) * step) as u64)
    }

    /// Whether it would be weak at the study's own size, were its figure the same.
    pub fn weak_at_own_size(&self) -> bool {
        let times = self.size.map_or(1.0, |s| f64::from(s.run) / f64::from(s.own));
        self.weak_with(self.standard_error.unwrap_or(0.0) * libm::sqrt(times)).contains(&true)
    }
}

/// Said of a reason that is written though the number comes out.
pub const STALE: &str = "the reason written in expected.toml is stale: the number comes out; take the reason out";

/// Judges a number.
pub fn judge(p: &Published, found: Result<Estimate, String>, size: Option<Size>) -> Check {
    let published = p.figure();
    let mut check = Check {
        name: p.asking.name.clone(),
        set: p.asking.set.clone(),
        arm: p.asking.arm.clone(),
        kind: p.kind,
        published,
        printed: super::table::printed(p),
        low: p.low,
        high: p.high,
        unit: p.asking.unit.clone().unwrap_or_default(),
        obtained: None,
        standard_error: None,
        patients: None,
        tolerance: (p.high - published).max(published - p.low),
        status: Status::Failed,
        size,
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
    if let (true, Some(reason)) = (check.weak(), &p.reason) {
        check.reason = Some(format!("on more patients it may not come out, for the reason written: {reason}"));
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expected::quantity::Quantity;
    use crate::expected::{Asking, Lines, Relation};
    use remission_cohort::patient::Method;

    fn checked(range: (f64, f64), value: f64, error: f64, size: Size) -> Check {
        for_a_reason(range, value, error, size, None)
    }

    fn for_a_reason(range: (f64, f64), value: f64, error: f64, size: Size, reason: Option<&str>) -> Check {
        let p = Published {
            asking: Asking {
                name: "x".into(),
                quantity: Quantity::Response,
                arm: None,
                against: None,
                relation: Relation::Ratio,
                set: None,
                unit: None,
                lines: Lines::default(),
            },
            with: Vec::new(),
            method: Method::Leap,
            typical: false,
            value: None,
            low: range.0,
            high: range.1,
            range: None,
            kind: Kind::Predicted,
            reason: reason.map(String::from),
            citation: None,
            judged_by: None,
        };
        judge(&p, Ok(Estimate { value, down: error, up: error, patients: 1, open: [false; 2] }), Some(size))
    }

    #[test]
    fn agreement_is_weak_where_the_run_knows_less_than_the_paper() {
        let size = Size { run: 100, own: 900 };
        // Half a width of 2, and 1.96 errors of 1, or of 2.
        assert!(!checked((8.0, 12.0), 10.0, 1.0, size).weak());
        let weak = checked((8.0, 12.0), 10.0, 2.0, size);
        assert!(weak.weak() && weak.status == Status::Reproduces);
        // 1.96 times as much: 3.84 times the patients, in two digits upwards. At its own size, nine times, it is strong.
        assert_eq!((weak.patients_needed(), weak.weak_at_own_size()), (Some(390), false));
        assert!(checked((8.0, 12.0), 10.0, 4.0, size).weak_at_own_size());
        // What is outside in spite of a large error is outside.
        let out = checked((8.0, 12.0), 100.0, 2.0, size);
        assert!(out.status == Status::Failed && !out.weak() && out.patients_needed().is_none());
    }

    #[test]
    fn agreement_is_weak_where_only_the_runs_error_lets_the_number_in() {
        let size = Size { run: 100, own: 900 };
        // Within 1.96 errors of the range it may well lie inside.
        assert!(!checked((8.0, 12.0), 13.0, 1.0, size).weak());
        let weak = checked((8.0, 12.0), 15.0, 1.0, size);
        assert!(weak.weak() && weak.status == Status::Reproduces);
        assert_eq!(weak.reason, None);
        // With (4 / 3)^2 times the patients it would be out, and at its own size it is.
        assert_eq!((weak.patients_needed(), weak.weak_at_own_size()), (Some(180), false));
        assert!(checked((8.0, 12.0), 15.0, 1.0, Size { run: 100, own: 120 }).weak_at_own_size());
    }

    #[test]
    fn a_reason_is_stale_where_agreement_is_strong_and_stays_where_it_is_weak() {
        let of = |value| for_a_reason((8.0, 12.0), value, 1.0, Size { run: 100, own: 100 }, Some("another cohort"));
        assert_eq!(of(10.0).reason.as_deref(), Some(STALE));
        let weak = of(15.0);
        assert!(weak.status == Status::Reproduces && weak.reason.is_some_and(|r| r.ends_with(": another cohort")));
        assert_eq!((of(17.0).status, of(17.0).reason.as_deref()), (Status::Differs, Some("another cohort")));
    }

    #[test]
    fn a_value_without_a_range_has_a_quarter_of_itself() {
        let size = Size { run: 100, own: 100 };
        assert!(!checked((8.0, 8.0), 8.0, 1.0, size).weak());
        assert_eq!(checked((8.0, 8.0), 8.0, 2.0, size).patients_needed(), Some(390));
        // A published 0 without a range is met by no number of patients for certain.
        let nothing = checked((0.0, 0.0), 0.0, 0.01, size);
        assert_eq!((nothing.weak(), nothing.patients_needed(), nothing.weak_at_own_size()), (true, None, true));
        // Without chance nothing is weak.
        assert!(!checked((0.0, 0.0), 0.0, 0.0, size).weak());
    }
}
