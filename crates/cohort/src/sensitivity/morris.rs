//! Elementary effects: how much a figure changes when one input moves, along random paths through the unit cube.
//!
//! Morris 1991, Technometrics 33:161: on a grid of [`LEVELS`] levels a path starts at random and moves each of the k inputs once, in random
//! order, up or down by [`STEP`]; k + 1 evaluations give one effect d = (f(after) - f(before)) / (step with its sign) of each input. Over r
//! paths the mean of |d|, mu*, ranks inputs (Campolongo et al. 2007, Environ Model Softw 22:1509); the mean of d, mu, has a sign; their
//! standard deviation, sigma, says that the effect depends on where the others are.
//!
//! The levels are the middles of [`LEVELS`] parts of equal probability, since priors without ends have no value at 0 and 1.

use super::hypercube::below;
use super::{mean, variance};
use remission_engine::stream::Stream;

/// Levels of an input: (i + 1/2) / LEVELS.
pub const LEVELS: usize = 8;
/// A step: half of the cube, so that every level is met as often as any other.
pub const STEP: f64 = 0.5;

/// A path.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// k + 1 points of the unit cube.
    pub points: Vec<Vec<f64>>,
    /// What moved between a point and the next: input, and the step with its sign.
    pub moves: Vec<(usize, f64)>,
}

/// `r` paths of `k` inputs.
///
/// ```
/// use remission_cohort::sensitivity::morris::paths;
/// use remission_engine::stream::{Purpose, Stream};
/// let found = paths(3, 10, &mut Stream::new(1, 0, 0, Purpose::Check));
/// assert!(found.iter().all(|p| p.points.len() == 4 && p.moves.len() == 3));
/// ```
pub fn paths(k: usize, r: usize, stream: &mut Stream) -> Vec<Path> {
    (0..r).map(|_| path(k, stream)).collect()
}

fn path(k: usize, stream: &mut Stream) -> Path {
    let half = LEVELS / 2;
    let mut at = Vec::with_capacity(k);
    let mut steps = Vec::with_capacity(k);
    for _ in 0..k {
        let up = stream.uniform() < 0.5;
        let level = below(half, stream) + if up { 0 } else { half };
        at.push((level as f64 + 0.5) / LEVELS as f64);
        steps.push(if up { STEP } else { -STEP });
    }
    // Fisher and Yates.
    let mut order: Vec<usize> = (0..k).collect();
    for i in (1..k).rev() {
        order.swap(i, below(i + 1, stream));
    }
    let mut points = vec![at.clone()];
    let mut moves = Vec::with_capacity(k);
    for input in order {
        at[input] += steps[input];
        points.push(at.clone());
        moves.push((input, steps[input]));
    }
    Path { points, moves }
}

/// One elementary effect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Change of the figure over the step.
    pub value: f64,
    /// Variance of `value` from patients; NaN where it is not known.
    pub noise: f64,
}

/// What the effects of one input say of one figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effects {
    /// Effects that could be computed.
    pub number: usize,
    /// Mean of the absolute effects.
    pub mu_star: f64,
    /// Its standard error over paths.
    pub mu_star_error: f64,
    /// Mean effect.
    pub mu: f64,
    /// Its standard error over paths.
    pub mu_error: f64,
    /// Standard deviation of the effects.
    pub sigma: f64,
    /// What mu* would exceed with probability [`FALSE_ALARM`] if there were nothing but the noise of patients.
    pub by_noise: f64,
}

/// Chance with which an input that does nothing is taken for one that does.
pub const FALSE_ALARM: f64 = 0.05;
/// The quantile of the standard normal law that belongs to it.
const BEYOND: f64 = 1.644_853_626_951_472_7;

impl Effects {
    /// True when mu* is more than noise would give.
    pub fn above_noise(&self) -> bool {
        self.mu_star > self.by_noise
    }
}

/// Sums up the effects of an input; those that are no numbers are not counted.
///
/// If an effect is noise alone, |d| is half-normal: mean sqrt(2 / pi) s and variance (1 - 2 / pi) s^2, s^2 the variance from patients.
pub fn effects(all: &[Effect]) -> Effects {
    let known: Vec<&Effect> = all.iter().filter(|e| e.value.is_finite()).collect();
    let values: Vec<f64> = known.iter().map(|e| e.value).collect();
    let sizes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
    let n = values.len() as f64;
    let noise: Vec<f64> = known.iter().map(|e| e.noise).filter(|v| v.is_finite()).collect();
    let share = 2.0 / std::f64::consts::PI;
    let typical = mean(&noise.iter().map(|v| libm::sqrt(share * v)).collect::<Vec<_>>());
    let spread = libm::sqrt((1.0 - share) * mean(&noise) / n);
    let by_noise = if noise.is_empty() { 0.0 } else { typical + BEYOND * spread };
    let error = |v: &[f64]| libm::sqrt(variance(v) / n);
    Effects {
        number: values.len(),
        mu_star: mean(&sizes),
        mu_star_error: error(&sizes),
        mu: mean(&values),
        mu_error: error(&values),
        sigma: libm::sqrt(variance(&values)),
        by_noise,
    }
}
