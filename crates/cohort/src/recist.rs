//! RECIST 1.1: what a series of measured sums of diameters means.
//!
//! Eisenhauer et al. 2009, Eur. J. Cancer 45:228, section 4.3.1 (target lesions), 4.4 (best overall response, tables
//! 1 and 3) and 4.6 (confirmation, duration of stable disease):
//! - complete response CR: all target lesions gone;
//! - partial response PR: the sum at least 30 % below the baseline sum;
//! - progression PD: the sum at least 20 % above the smallest sum so far, baseline included, and at least 5 mm above
//!   it; or a new lesion;
//! - stable disease SD: neither; not evaluable NE: no usable measurement.
//!
//! PD goes before CR and PR. "At least" includes the boundary: a sum within `tolerance` (1e-6 mm unless set) of
//! a boundary counts as on it, so that 70 mm after 100 mm is PR and 24 mm after 20 mm is no PD, whatever the rounding
//! of 0.7 x 100. The smallest sum is kept as measured, also below detection.
//!
//! [`Assessor`] judges visit by visit, as a trial does; [`assess`] a whole series. Left out: non-target lesions (state
//! their progression as a new lesion), lymph nodes' own limits, and the rule that a lesion which comes back after CR is
//! PD at any size: the 5 mm apply.

mod error;
mod options;

pub use error::RecistError;
pub use options::RecistOptions;

use options::check;
use std::fmt;

/// The response at one visit, or the best one of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Response {
    /// CR: all target lesions gone.
    Complete,
    /// PR: at least 30 % below baseline.
    Partial,
    /// SD: neither response nor progression.
    Stable,
    /// PD: at least 20 % and 5 mm above the smallest sum so far, or a new lesion.
    Progression,
    /// NE: not evaluable.
    NotEvaluable,
}

impl Response {
    /// True for CR and PR: an objective response.
    pub fn is_objective(self) -> bool {
        matches!(self, Self::Complete | Self::Partial)
    }

    /// The two letters used in tables.
    pub fn code(self) -> &'static str {
        match self {
            Self::Complete => "CR",
            Self::Partial => "PR",
            Self::Stable => "SD",
            Self::Progression => "PD",
            Self::NotEvaluable => "NE",
        }
    }
}

impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What was measured at one visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Visit {
    /// Days since the start of treatment; finite, later than the visit before.
    pub time: f64,
    /// Sum of the target lesions' diameters in mm, finite and not negative; none when it could not be measured.
    pub sum: Option<f64>,
    /// True when a new lesion was seen.
    pub new_lesion: bool,
}

/// A patient's measured series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Series<'a> {
    /// Days since the start of treatment at the baseline scan: zero or negative as a rule.
    pub baseline_time: f64,
    /// Baseline sum of diameters in mm, above the detection limit.
    pub baseline_sum: f64,
    /// The visits after baseline, in order of time.
    pub visits: &'a [Visit],
}

/// The first progression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progression {
    /// Which visit saw it, from 0.
    pub visit: usize,
    /// Day of that visit: the upper bound of when it happened, and the date trials use.
    pub time: f64,
    /// Day of the last evaluable visit before it, or of baseline: the lower bound.
    pub after: f64,
    /// True when the sum alone makes it PD.
    pub by_sum: bool,
    /// True when a new lesion was seen.
    pub by_new_lesion: bool,
}

/// What the series means.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessment {
    /// One response a visit, also after the first progression.
    pub responses: Vec<Response>,
    /// Best overall response, from the visits up to the first progression.
    pub best: Response,
    /// The first progression; none when it was not seen.
    pub progression: Option<Progression>,
    /// Day of the last evaluable visit before any progression, or of baseline: where a patient without
    /// progression is censored.
    pub last_evaluable: f64,
    /// Smallest sum up to the first progression over baseline, less 1 (-1 to anything): the waterfall's bar.
    /// None when no visit was measured.
    pub best_change: Option<f64>,
}

/// Judges one patient visit by visit. For treatment that depends on the response; [`assess`] is the same in one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Assessor {
    options: RecistOptions,
    baseline_time: f64,
    baseline_sum: f64,
    /// Smallest sum so far, as measured.
    nadir: f64,
    /// Smallest measured sum after baseline, up to the first progression.
    smallest: Option<f64>,
    times: Vec<f64>,
    responses: Vec<Response>,
    last_evaluable: f64,
    progression: Option<Progression>,
}

impl Assessor {
    /// Starts from baseline: its day, its sum in mm.
    /// Errs when an option is out of range, or the baseline sum is not finite or not above the detection limit.
    pub fn new(baseline_time: f64, baseline_sum: f64, options: &RecistOptions) -> Result<Assessor, RecistError> {
        check(options)?;
        if !baseline_time.is_finite() {
            return Err(RecistError::BaselineTime { time: baseline_time });
        }
        if !(baseline_sum.is_finite() && baseline_sum > options.detection) {
            return Err(RecistError::Baseline { sum: baseline_sum, detection: options.detection });
        }
        Ok(Assessor {
            options: *options,
            baseline_time,
            baseline_sum,
            nadir: baseline_sum,
            smallest: None,
            times: Vec::new(),
            responses: Vec::new(),
            last_evaluable: baseline_time,
            progression: None,
        })
    }

    /// Takes the next visit and says what it means.
    /// Errs, leaving everything as it was, when the time does not follow or the sum is not a possible one.
    ///
    /// ```
    /// use remission_cohort::recist::{Assessor, RecistOptions, Response, Visit};
    /// let mut patient = Assessor::new(0.0, 100.0, &RecistOptions::default())?;
    /// let seen = |time, sum| Visit { time, sum: Some(sum), new_lesion: false };
    /// assert_eq!(patient.visit(seen(42.0, 70.0))?, Response::Partial);
    /// assert_eq!(patient.visit(seen(84.0, 84.0))?, Response::Progression);
    /// # Ok::<(), remission_cohort::recist::RecistError>(())
    /// ```
    pub fn visit(&mut self, visit: Visit) -> Result<Response, RecistError> {
        let index = self.responses.len();
        let before = self.times.last().copied().unwrap_or(self.baseline_time);
        if !(visit.time.is_finite() && visit.time > before) {
            return Err(RecistError::Time { visit: index, time: visit.time, before });
        }
        if let Some(sum) = visit.sum
            && !(sum.is_finite() && sum >= 0.0)
        {
            return Err(RecistError::Sum { visit: index, sum });
        }

        let by_sum = visit.sum.is_some_and(|sum| self.has_grown(sum));
        let response = match visit.sum {
            _ if by_sum || visit.new_lesion => Response::Progression,
            Some(sum) => self.response_to(sum),
            None => Response::NotEvaluable,
        };
        if self.progression.is_none() {
            self.smallest = match (self.smallest, visit.sum) {
                (Some(smallest), Some(sum)) => Some(smallest.min(sum)),
                (smallest, sum) => smallest.or(sum),
            };
            if response == Response::Progression {
                let (after, by_new_lesion) = (self.last_evaluable, visit.new_lesion);
                self.progression = Some(Progression { visit: index, time: visit.time, after, by_sum, by_new_lesion });
            } else if response != Response::NotEvaluable {
                self.last_evaluable = visit.time;
            }
        }
        self.nadir = visit.sum.map_or(self.nadir, |sum| sum.min(self.nadir));
        self.times.push(visit.time);
        self.responses.push(response);
        Ok(response)
    }

    fn has_grown(&self, sum: f64) -> bool {
        let RecistOptions { progression_fraction, progression_increase, tolerance, .. } = self.options;
        let rise = sum - self.nadir + tolerance;
        rise >= progression_fraction * self.nadir && rise >= progression_increase && sum > self.nadir
    }

    fn response_to(&self, sum: f64) -> Response {
        let RecistOptions { response_fraction, detection, tolerance, .. } = self.options;
        if sum <= detection + tolerance {
            Response::Complete
        } else if self.baseline_sum - sum + tolerance >= response_fraction * self.baseline_sum {
            Response::Partial
        } else {
            Response::Stable
        }
    }

    /// The first progression so far.
    pub fn progression(&self) -> Option<Progression> {
        self.progression
    }

    /// What the visits so far mean.
    pub fn finish(&self) -> Assessment {
        Assessment {
            responses: self.responses.clone(),
            best: self.best(),
            progression: self.progression,
            last_evaluable: self.last_evaluable,
            best_change: self.smallest.map(|sum| sum / self.baseline_sum - 1.0),
        }
    }

    /// Best overall response (tables 1 and 3 of the guideline).
    fn best(&self) -> Response {
        let until = self.progression.map_or(self.responses.len(), |p| p.visit);
        let (times, responses) = (&self.times[..until], &self.responses[..until]);
        if held(times, responses, self.options.confirmation, |r| r == Response::Complete) {
            return Response::Complete;
        }
        if held(times, responses, self.options.confirmation, Response::is_objective) {
            return Response::Partial;
        }
        let stable_from = self.baseline_time + self.options.stable_minimum;
        let long_enough = |(&time, &response): (&f64, &Response)| {
            response != Response::NotEvaluable && time + STABLE_SLACK >= stable_from
        };
        if times.iter().zip(responses).any(long_enough) {
            Response::Stable
        } else if self.progression.is_some() {
            Response::Progression
        } else {
            Response::NotEvaluable
        }
    }
}

/// Days by which sums of visit intervals may differ from the minimum through rounding alone.
const STABLE_SLACK: f64 = 1e-6;

/// True when a wanted response was seen and, if asked for, held at every evaluable visit until one at least `gap`
/// days later.
fn held(times: &[f64], responses: &[Response], gap: Option<f64>, wanted: impl Fn(Response) -> bool) -> bool {
    let Some(gap) = gap else {
        return responses.iter().any(|&response| wanted(response));
    };
    let mut since = None;
    for (&time, &response) in times.iter().zip(responses) {
        if response == Response::NotEvaluable {
            continue;
        }
        if !wanted(response) {
            since = None;
            continue;
        }
        match since {
            None => since = Some(time),
            Some(start) if time - start + STABLE_SLACK >= gap => return true,
            Some(_) => {}
        }
    }
    false
}

/// Judges a whole series.
///
/// Errs as [`Assessor::new`] and [`Assessor::visit`] do.
///
/// ```
/// use remission_cohort::recist::{RecistOptions, Response, Series, Visit, assess};
/// let visits = [(42.0, 60.0), (84.0, 40.0), (126.0, 50.0)]
///     .map(|(time, sum)| Visit { time, sum: Some(sum), new_lesion: false });
/// let found = assess(
///     &Series { baseline_time: 0.0, baseline_sum: 100.0, visits: &visits },
///     &RecistOptions::default(),
/// )?;
/// assert_eq!(found.best, Response::Partial);
/// let progression = found.progression.unwrap();
/// assert_eq!((progression.after, progression.time), (84.0, 126.0)); // it happened between these days
/// # Ok::<(), remission_cohort::recist::RecistError>(())
/// ```
pub fn assess(series: &Series<'_>, options: &RecistOptions) -> Result<Assessment, RecistError> {
    let mut assessor = Assessor::new(series.baseline_time, series.baseline_sum, options)?;
    for &visit in series.visits {
        assessor.visit(visit)?;
    }
    Ok(assessor.finish())
}
