//! Cox's proportional hazards: by how much do the arms differ?
//!
//! The hazard of a patient with covariates x is h0(t) exp(x beta); beta maximises the partial likelihood (Cox 1972,
//! JRSS B 34:187). Tied events by Efron 1977 (JASA 72:557), R's default, or Breslow 1974 (Biometrics 30:89). With
//! S = sum over those at risk of exp(x beta) and D the same over the d tied events,
//! log L = sum over events of x beta - sum over l < d of log(S - f D), f = l / d (Efron) or 0 (Breslow).
//! Newton's method from beta = 0 with step halving. Agrees with R's `coxph`.
//!
//! When the likelihood only grows as a coefficient runs to infinity (an arm without events, say) there is no estimate.
//! That is an outcome of its own, [`CoxFit::Monotone`]: Newton's step then stays near 1 while what it gains vanishes
//! (Heinze and Schemper 2001, Biometrics 57:114). The score test still holds there.
//!
//! Left out: strata, weights, time-varying covariates, residuals, Firth's correction.

use super::cholesky::Cholesky;
use super::special::normal_two_sided;
use super::{Interval, Observation, StatisticsError, Test, check_times, two_sided};
use partial_likelihood::{PartialLikelihood, Point};

mod partial_likelihood;

/// How events at the same time share the risk set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ties {
    /// Efron 1977: those who had the event leave the set one by one, on average. R's default.
    #[default]
    Efron,
    /// Breslow 1974: all tied events meet the whole set; pulls towards no effect when ties are many.
    Breslow,
}

/// How to fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CoxOptions {
    /// Treatment of tied events.
    pub ties: Ties,
    /// Two-sided level of the intervals, strictly between 0 and 1.
    pub level: f64,
    /// Newton steps allowed, at least 1.
    pub iterations: usize,
}

impl Default for CoxOptions {
    /// Efron, 95 %, 100 steps.
    fn default() -> Self {
        Self { ties: Ties::Efron, level: 0.95, iterations: 100 }
    }
}

/// One covariate's effect, per unit of the covariate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// beta, the logarithm of the hazard ratio.
    pub log_hazard_ratio: f64,
    /// Standard error of beta, from the information at the estimate.
    pub standard_error: f64,
    /// exp(beta): below 1 the event comes later.
    pub hazard_ratio: f64,
    /// Wald interval of the hazard ratio, exp(beta -+ z SE).
    pub interval: Interval,
    /// Wald test of beta = 0, two-sided.
    pub p_value: f64,
}

/// A finite estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct CoxEstimate {
    /// One entry a covariate, in the order given.
    pub effects: Vec<Effect>,
    /// Covariance of the betas, row-major.
    pub covariance: Vec<f64>,
    /// log L at beta = 0.
    pub log_likelihood_null: f64,
    /// log L at the estimate.
    pub log_likelihood: f64,
    /// Likelihood-ratio test of all betas = 0.
    pub likelihood_ratio: Test,
    /// Score test of all betas = 0; for one binary covariate and no ties it is the log-rank test.
    pub score: Test,
    /// Number of events.
    pub events: usize,
    /// Newton steps taken.
    pub iterations: usize,
}

/// Where a hazard ratio goes when the likelihood has no maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The hazard ratio falls to 0.
    Zero,
    /// The hazard ratio grows without end.
    Infinity,
}

/// The likelihood grows for ever: no finite estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct CoxMonotone {
    /// One entry a covariate: where its hazard ratio goes, none for one that takes no part in the running away.
    pub directions: Vec<Option<Direction>>,
    /// log L at beta = 0.
    pub log_likelihood_null: f64,
    /// log L where the search stopped; for the limit, right to about 1e-9.
    pub log_likelihood_limit: f64,
    /// Score test of all betas = 0, which needs no estimate.
    pub score: Test,
    /// Number of events.
    pub events: usize,
}

/// What a fit gave.
#[derive(Debug, Clone, PartialEq)]
pub enum CoxFit {
    /// A finite estimate.
    Estimate(CoxEstimate),
    /// No finite estimate: the likelihood is monotone.
    Monotone(CoxMonotone),
}

impl CoxFit {
    /// The estimate, if there is one.
    pub fn estimate(&self) -> Option<&CoxEstimate> {
        match self {
            Self::Estimate(estimate) => Some(estimate),
            Self::Monotone(_) => None,
        }
    }
}

/// Hazard ratio of `treatment` against `reference`: one binary covariate, 1 for treatment.
///
/// Errs as [`cox`] does; group 0 of an error is the reference, group 1 the treatment.
///
/// ```
/// use remission_cohort::statistics::{Observation, cox::{CoxOptions, hazard_ratio}};
/// let arm = |times: [f64; 4]| times.map(|time| Observation { time, event: true });
/// let fit = hazard_ratio(&arm([1.0, 2.0, 3.0, 6.0]), &arm([2.5, 5.0, 7.0, 9.0]), &CoxOptions::default())?;
/// let effect = fit.estimate().unwrap().effects[0];
/// assert!(effect.hazard_ratio < 1.0 && effect.interval.upper > 1.0);
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn hazard_ratio(
    reference: &[Observation],
    treatment: &[Observation],
    options: &CoxOptions,
) -> Result<CoxFit, StatisticsError> {
    check_times(0, reference)?;
    check_times(1, treatment)?;
    let everyone = [reference, treatment].concat();
    let mut column = vec![0.0; reference.len()];
    column.resize(everyone.len(), 1.0);
    cox(&everyone, &[&column], options)
}

/// Fits any small number of covariates: `columns[j][i]` is covariate j of patient i.
///
/// Errs when there are no patients, covariates or events, a column's length differs, a time or covariate is
/// not usable, the level is outside (0, 1), the data say nothing about a covariate, or Newton does not settle.
///
/// ```
/// use remission_cohort::statistics::{Observation, cox::{CoxFit, CoxOptions, Direction, cox}};
/// let patients = [(1.0, true), (2.0, true), (3.0, false)].map(|(time, event)| Observation { time, event });
/// // The one with the covariate never has the event: the hazard ratio runs to 0.
/// let CoxFit::Monotone(found) = cox(&patients, &[&[0.0, 0.0, 1.0]], &CoxOptions::default())? else { panic!() };
/// assert_eq!(found.directions, [Some(Direction::Zero)]);
/// # Ok::<(), remission_cohort::statistics::StatisticsError>(())
/// ```
pub fn cox(observations: &[Observation], columns: &[&[f64]], options: &CoxOptions) -> Result<CoxFit, StatisticsError> {
    let z = two_sided(options.level)?;
    let likelihood = PartialLikelihood::new(observations, columns, options.ties)?;
    let size = columns.len();
    let events = likelihood.events();

    let mut beta = vec![0.0; size];
    let null = likelihood.at(&beta);
    let mut here = null.clone();
    // Covariates have range 1 here, so information below a rounding of one event's share is none at all.
    let floor = 1e-13 * events as f64;
    let mut factor = Cholesky::new(&here.information, size, 1e-12, floor)
        .map_err(|column| StatisticsError::NotIdentifiable { column })?;
    let mut step = factor.solve(&here.gradient);
    let score = Test::new(dot(&step, &here.gradient).max(0.0), size);
    let monotone = |directions, here: &Point| {
        CoxFit::Monotone(CoxMonotone {
            directions,
            log_likelihood_null: null.log_likelihood,
            log_likelihood_limit: here.log_likelihood,
            score,
            events,
        })
    };
    let certain = likelihood.monotone_columns();

    for iteration in 1..=options.iterations {
        let gain = dot(&step, &here.gradient);
        let longest = step.iter().fold(0.0_f64, |most, s| most.max(s.abs()));
        if gain < 1e-9 && (longest > 0.1 || certain.iter().any(Option::is_some)) {
            return Ok(monotone(running_away(&step, &certain), &here));
        }
        if longest < 1e-9 || (gain < 1e-16 && longest < 0.1) {
            // The step is known: taking it brings the estimate to rounding.
            if let Some(next) = improve(&likelihood, &beta, &step, &here) {
                (beta, here, factor) = next;
            }
            return Ok(CoxFit::Estimate(estimate(&likelihood, &beta, &here, &factor, z, null, score, iteration)));
        }
        let Some(next) = improve(&likelihood, &beta, &step, &here) else {
            if certain.iter().any(Option::is_some) {
                return Ok(monotone(certain, &here));
            }
            return Err(StatisticsError::NotConverged { iterations: iteration });
        };
        (beta, here, factor) = next;
        step = factor.solve(&here.gradient);
    }
    if certain.iter().any(Option::is_some) {
        return Ok(monotone(certain, &here));
    }
    Err(StatisticsError::NotConverged { iterations: options.iterations })
}

/// Takes the step, or the largest half, quarter, ... of it that does not lose likelihood and stays where the
/// information can be inverted (a step far too long lands where the likelihood is straight).
fn improve(
    likelihood: &PartialLikelihood,
    beta: &[f64],
    step: &[f64],
    here: &Point,
) -> Option<(Vec<f64>, Point, Cholesky)> {
    let mut share = 1.0;
    for _ in 0..40 {
        let moved: Vec<f64> = beta.iter().zip(step).map(|(b, s)| b + share * s).collect();
        let there = likelihood.at(&moved);
        // Rounding of the sum over events may look like a loss at the maximum itself.
        let slack = 1e-12 * (1.0 + here.log_likelihood.abs());
        if there.log_likelihood >= here.log_likelihood - slack
            && let Ok(factor) = Cholesky::new(&there.information, beta.len(), 1e-14, 0.0)
        {
            return Some((moved, there, factor));
        }
        share *= 0.5;
    }
    None
}

fn running_away(step: &[f64], certain: &[Option<Direction>]) -> Vec<Option<Direction>> {
    let from_step = |&s: &f64| match s {
        s if s > 0.1 => Some(Direction::Infinity),
        s if s < -0.1 => Some(Direction::Zero),
        _ => None,
    };
    step.iter().zip(certain).map(|(s, known)| known.or_else(|| from_step(s))).collect()
}

fn estimate(
    likelihood: &PartialLikelihood,
    beta: &[f64],
    here: &Point,
    factor: &Cholesky,
    z: f64,
    null: Point,
    score: Test,
    iterations: usize,
) -> CoxEstimate {
    let size = beta.len();
    let mut covariance = factor.inverse();
    for row in 0..size {
        for column in 0..size {
            covariance[row * size + column] /= likelihood.range(row) * likelihood.range(column);
        }
    }
    let effects = (0..size)
        .map(|j| {
            let log_hazard_ratio = beta[j] / likelihood.range(j);
            let standard_error = libm::sqrt(covariance[j * size + j]);
            Effect {
                log_hazard_ratio,
                standard_error,
                hazard_ratio: libm::exp(log_hazard_ratio),
                interval: Interval {
                    lower: libm::exp(log_hazard_ratio - z * standard_error),
                    upper: libm::exp(log_hazard_ratio + z * standard_error),
                },
                p_value: normal_two_sided(log_hazard_ratio / standard_error),
            }
        })
        .collect();
    let twice = 2.0 * (here.log_likelihood - null.log_likelihood);
    CoxEstimate {
        effects,
        covariance,
        log_likelihood_null: null.log_likelihood,
        log_likelihood: here.log_likelihood,
        likelihood_ratio: Test::new(twice.max(0.0), size),
        score,
        events: likelihood.events(),
        iterations,
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
#[path = "cox_tests.rs"]
mod tests;
