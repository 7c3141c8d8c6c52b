//! Kaplan-Meier: the share still free of the event, its interval, its median, its risk table and its area.
//!
//! S(t) = product over event times u <= t of (1 - d_u / n_u), with d events among the n still under observation
//! (Kaplan and Meier 1958, JASA 53:457). Patients censored at a time count as at risk there: events come first.
//! Variance by Greenwood 1926: Var S = S^2 V, V = sum of d / (n (n - d)).
//! Limits are pointwise, on the scale chosen in [`Scale`]; the default, `Log`, is that of R's `survfit`
//! (`conf.type = "log"`), exp(log S -+ z sqrt V), cut at 1. The interval of a quantile is Brookmeyer and Crowley
//! 1982, Biometrics 38:29, as `survfit` prints it: where the lower and the upper limit cross it, so it follows the
//! curve's scale. The standard error of the restricted mean is that of R's `summary(fit, rmean = )`.
//!
//! Left out: bands that hold for the whole curve at once, and curves between visits.

use super::{Interval, Observation, StatisticsError, check_times, two_sided};

/// A share this close to the wanted one counts as equal to it, as in R (square root of the float's epsilon).
const TOLERANCE: f64 = 1.490116119384766e-8;

/// The scale on which a curve's limits are symmetric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// log S, R's default; cut at 1. No limits where S = 0.
    #[default]
    Log,
    /// log(-log S): always within 0 to 1, better at both ends. No limits where S is 0 or 1.
    LogLog,
    /// S itself; cut at 0 and 1. No limits where S = 0.
    Plain,
}

/// How to estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct KaplanMeierOptions {
    /// Scale of the limits, of the curve and of its quantiles.
    pub scale: Scale,
    /// Two-sided level of the limits, strictly between 0 and 1.
    pub level: f64,
}

impl Default for KaplanMeierOptions {
    /// R's defaults: log scale, 95 %.
    fn default() -> Self {
        Self { scale: Scale::Log, level: 0.95 }
    }
}

/// The curve at one distinct time at which somebody had the event or was censored; it holds until the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The time, in the unit given.
    pub time: f64,
    /// Patients with a time at or after this one.
    pub at_risk: usize,
    /// Events at this time.
    pub events: usize,
    /// Censored at this time.
    pub censored: usize,
    /// Share free of the event just after this time, 0 to 1.
    pub survival: f64,
    /// Greenwood's standard error of `survival`; none once the curve is at 0.
    pub standard_error: Option<f64>,
    /// Pointwise limits of `survival`; none where the scale has none.
    pub interval: Option<Interval>,
}

/// The curve's value at a time that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurvivalAt {
    /// Share free of the event just after the time, 0 to 1.
    pub survival: f64,
    /// Greenwood's standard error; none once the curve is at 0.
    pub standard_error: Option<f64>,
    /// Pointwise limits; none where the scale has none.
    pub interval: Option<Interval>,
}

/// One column of a risk table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AtRisk {
    /// Patients whose time is at or after the printed time.
    pub at_risk: usize,
    /// Events up to and including the printed time.
    pub events: usize,
    /// Censored up to and including the printed time.
    pub censored: usize,
}

/// A time by which a given share has had the event, in the unit given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    /// The time; none when the curve does not fall that far.
    pub estimate: Option<f64>,
    /// Lower limit; none when the lower curve does not fall that far.
    pub lower: Option<f64>,
    /// Upper limit; none when the upper curve does not fall that far.
    pub upper: Option<f64>,
}

/// Mean time free of the event within a window: the area under the curve from 0 to the window's end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RestrictedMean {
    /// The area, in the unit of time.
    pub mean: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// True when the window ends after the last follow-up with patients still free of the event: the curve
    /// was then carried on flat (as R does), and the mean rests on that.
    pub extended: bool,
}

/// An estimated curve. Made by [`kaplan_meier`].
#[derive(Debug, Clone, PartialEq)]
pub struct KaplanMeier {
    /// One entry a distinct time, in order of time; never empty.
    pub steps: Vec<Step>,
    /// Number of patients.
    pub patients: usize,
    /// Number of events.
    pub events: usize,
    /// How it was estimated.
    pub options: KaplanMeierOptions,
}

/// Estimates the curve of one group.
///
/// Errs when the list is empty, a time is negative or not finite, or the level is not within (0, 1).
///
/// ```
/// use remission_cohort::statistics::Observation;
/// use remission_cohort::statistics::kaplan_meier::{KaplanMeierOptions, kaplan_meier};
/// let seen = [(42.0, true), (84.0, true), (84.0, false), (126.0, true)];
/// let patients = seen.map(|(time, event)| Observation { time, event });
/// let curve = kaplan_meier(&patients, &KaplanMeierOptions::default())?;
/// assert_eq!(curve.survival_at(84.0)?.survival, 0.5);
/// assert_eq!(curve.at_risk(84.0)?.at_risk, 3);
/// assert_eq!(curve.median().estimate, Some(105.0)); // flat at one half from 84 to 126
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn kaplan_meier(
    observations: &[Observation],
    options: &KaplanMeierOptions,
) -> Result<KaplanMeier, StatisticsError> {
    if observations.is_empty() {
        return Err(StatisticsError::Empty { what: "the list of patients" });
    }
    check_times(0, observations)?;
    let z = two_sided(options.level)?;
    let mut sorted = observations.to_vec();
    sorted.sort_by(|a, b| a.time.total_cmp(&b.time));

    let mut steps = Vec::new();
    let (mut survival, mut log_variance) = (1.0, 0.0);
    let (mut at_risk, mut all_events) = (sorted.len(), 0);
    for tied in sorted.chunk_by(|a, b| a.time == b.time) {
        let events = tied.iter().filter(|o| o.event).count();
        if events > 0 {
            let (n, d) = (at_risk as f64, events as f64);
            survival *= (n - d) / n;
            // Infinite when everybody at risk had the event: the curve is then at 0 and has no limits.
            log_variance += d / (n * (n - d));
        }
        steps.push(Step {
            time: tied[0].time,
            at_risk,
            events,
            censored: tied.len() - events,
            survival,
            standard_error: (survival > 0.0).then(|| survival * libm::sqrt(log_variance)),
            interval: limits(survival, libm::sqrt(log_variance), z, options.scale),
        });
        at_risk -= tied.len();
        all_events += events;
    }
    Ok(KaplanMeier { steps, patients: sorted.len(), events: all_events, options: *options })
}

/// Limits of a share from the standard error of its logarithm.
fn limits(survival: f64, log_error: f64, z: f64, scale: Scale) -> Option<Interval> {
    if survival <= 0.0 {
        return None;
    }
    let log = libm::log(survival);
    let (lower, upper) = match scale {
        Scale::Log => (libm::exp(log - z * log_error), libm::exp(log + z * log_error).min(1.0)),
        Scale::LogLog if survival >= 1.0 => return None,
        Scale::LogLog => {
            let (centre, half) = (libm::log(-log), z * log_error / -log);
            (libm::exp(-libm::exp(centre + half)), libm::exp(-libm::exp(centre - half)))
        }
        Scale::Plain => {
            let half = z * log_error * survival;
            ((survival - half).max(0.0), (survival + half).min(1.0))
        }
    };
    Some(Interval { lower, upper })
}

impl KaplanMeier {
    /// Share free of the event just after `time`; after the last follow-up the last value is carried on.
    /// Errs when `time` is not a number.
    pub fn survival_at(&self, time: f64) -> Result<SurvivalAt, StatisticsError> {
        let passed = self.passed(time, true)?;
        if passed == 0 {
            let interval = limits(1.0, 0.0, 0.0, self.options.scale);
            return Ok(SurvivalAt { survival: 1.0, standard_error: Some(0.0), interval });
        }
        let Step { survival, standard_error, interval, .. } = self.steps[passed - 1];
        Ok(SurvivalAt { survival, standard_error, interval })
    }

    /// The risk table's column at a printed time: at risk counts those with a time at or after it, events and
    /// censored count those at or before it. A patient whose time is exactly the printed one stands in both.
    /// Errs when `time` is not a number.
    pub fn at_risk(&self, time: f64) -> Result<AtRisk, StatisticsError> {
        let before = self.passed(time, false)?;
        let until = &self.steps[..self.passed(time, true)?];
        Ok(AtRisk {
            at_risk: self.steps.get(before).map_or(0, |step| step.at_risk),
            events: until.iter().map(|step| step.events).sum(),
            censored: until.iter().map(|step| step.censored).sum(),
        })
    }

    /// Number of steps before `time`, or up to and including it.
    fn passed(&self, time: f64, including: bool) -> Result<usize, StatisticsError> {
        if time.is_nan() {
            return Err(StatisticsError::Range { what: "time", value: time, allowed: "any number" });
        }
        Ok(self.steps.partition_point(|step| step.time < time || (including && step.time == time)))
    }

    /// Median time to the event with its Brookmeyer-Crowley interval on the curve's scale.
    ///
    /// Where the curve is flat at one half the middle of the flat part is given, as R does.
    pub fn median(&self) -> Quantile {
        self.crossing(0.5)
    }

    /// Time by which the share `probability` has had the event, with its interval.
    /// Errs unless `probability` lies strictly between 0 and 1.
    pub fn quantile(&self, probability: f64) -> Result<Quantile, StatisticsError> {
        if !(probability > 0.0 && probability < 1.0) {
            let allowed = "strictly between 0 and 1";
            return Err(StatisticsError::Range { what: "probability", value: probability, allowed });
        }
        Ok(self.crossing(1.0 - probability))
    }

    fn crossing(&self, level: f64) -> Quantile {
        Quantile {
            estimate: self.first_at_or_below(level, |step| Some(step.survival)),
            lower: self.first_at_or_below(level, |step| step.interval.map(|i| i.lower)),
            upper: self.first_at_or_below(level, |step| step.interval.map(|i| i.upper)),
        }
    }

    /// First time at which a curve reaches `level`, or the middle of the part on which it equals it.
    fn first_at_or_below(&self, level: f64, curve: impl Fn(&Step) -> Option<f64>) -> Option<f64> {
        let mut reached = self
            .steps
            .iter()
            .filter_map(|step| curve(step).map(|value| (step.time, value)))
            .filter(|&(_, value)| value < level + TOLERANCE);
        let (time, value) = reached.next()?;
        if (value - level).abs() < TOLERANCE
            && let Some((next, _)) = reached.find(|&(_, later)| later < value)
        {
            return Some((time + next) / 2.0);
        }
        Some(time)
    }

    /// Mean time free of the event from 0 to `until`, with its standard error.
    /// Errs unless `until` is finite and not negative.
    pub fn restricted_mean(&self, until: f64) -> Result<RestrictedMean, StatisticsError> {
        if !(until.is_finite() && until >= 0.0) {
            return Err(StatisticsError::Range { what: "until", value: until, allowed: "finite and not negative" });
        }
        let inside = &self.steps[..self.passed(until, true)?];
        // From the right end backwards, so that `area` is the area from each step to the window's end.
        let (mut area, mut variance, mut right) = (0.0, 0.0, until);
        for step in inside.iter().rev() {
            area += (right - step.time) * step.survival;
            let (n, d) = (step.at_risk as f64, step.events as f64);
            if d > 0.0 && n > d {
                variance += area * area * d / (n * (n - d));
            }
            right = step.time;
        }
        let last = self.steps.last().map_or((0.0, 1.0), |step| (step.time, step.survival));
        Ok(RestrictedMean {
            mean: area + right,
            standard_error: libm::sqrt(variance),
            extended: until > last.0 && last.1 > 0.0,
        })
    }
}

#[cfg(test)]
#[path = "kaplan_meier_tests.rs"]
mod tests;
