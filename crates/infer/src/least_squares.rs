//! Least squares: the straight line, and Levenberg-Marquardt for curves.
//!
//! [`minimise`] solves (J'J + damping D) step = -J'r with J by central differences and D the largest diagonal of J'J
//! met so far (More 1978, Lecture Notes in Mathematics 630:105), the damping following the gain of each step
//! (Nielsen 1999, IMM-REP-1999-05). It stops when no residual direction is left: the largest cosine between r and
//! a column of J is at most [`Search::cosine`]. Standard errors are those of the linearised problem, s^2 (J'J)^-1.
//! Why our own: argmin 0.11 has no damped least squares and costs 22 CPU s to build, `levenberg-marquardt` 0.15 pins
//! an older nalgebra (another 26 s); ten values and a hundred residuals need neither.
//! Left out: bounds (fit a logarithm), weights (scale the residual), exact derivatives.

use crate::failure::FitFailure;

/// How long to search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Search {
    /// Most accepted steps; default 500.
    pub iterations: usize,
    /// Largest cosine between the residual and a column of the Jacobian at which to stop, default 1e-8.
    pub cosine: f64,
}

impl Default for Search {
    fn default() -> Self {
        Search { iterations: 500, cosine: 1e-8 }
    }
}

/// Why a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The residual stands at right angles to every direction: a minimum to the accuracy asked for.
    RightAngle,
    /// No step in any length lowers the sum of squares, to the accuracy of the arithmetic.
    NoDecrease,
    /// The number of iterations was used up; the estimate is not a minimum.
    Iterations,
}

/// How a search went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Convergence {
    /// Why it ended.
    pub stop: Stop,
    /// Steps taken.
    pub iterations: usize,
    /// Times the residuals were computed, differences included.
    pub evaluations: usize,
    /// Largest cosine between the residual and a column of the Jacobian at the end, 0 to 1.
    pub cosine: f64,
    /// How far the undamped step would still move a value, relative to the larger of 1 and the value; infinite where
    /// the residuals do not determine the values.
    pub step: f64,
}

impl Convergence {
    /// Whether the estimate is a minimum: at right angles, or no decrease with a cosine below 1e-6 or, where the
    /// residuals themselves vanish and have no direction, a step below 1e-6.
    pub fn reached(&self) -> bool {
        match self.stop {
            Stop::RightAngle => true,
            Stop::NoDecrease => self.cosine < 1e-6 || self.step < 1e-6,
            Stop::Iterations => false,
        }
    }
}

/// A least-squares estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Free values at the end.
    pub estimate: Vec<f64>,
    /// Standard error of each; infinite where the residuals do not determine the values, or leave no freedom.
    pub standard_error: Vec<f64>,
    /// Residuals at the end.
    pub residuals: Vec<f64>,
    /// Their sum of squares.
    pub sum_of_squares: f64,
    /// Residuals less free values.
    pub degrees_of_freedom: usize,
    /// How the search went.
    pub convergence: Convergence,
}

impl Fit {
    /// Root of the sum of squares over the degrees of freedom; not a number when there are none.
    pub fn residual_standard_error(&self) -> f64 {
        libm::sqrt(self.sum_of_squares / self.degrees_of_freedom as f64)
    }
}

/// Makes the sum of squares of `count` residuals small, from `start`.
///
/// `residuals` fills its second argument from free values whose natural size is about 1 (logarithms, or multiples of
/// a starting value): differences are taken over 6e-6 times the larger of 1 and the value. A residual that is not
/// finite refuses a step. Errs with fewer residuals than values, or when the start itself is not finite.
///
/// ```
/// use remission_infer::least_squares::{Search, minimise};
/// // Rosenbrock's valley: residuals 10 (y - x^2) and 1 - x, minimum at (1, 1).
/// let valley = |p: &[f64], r: &mut [f64]| (r[0], r[1]) = (10.0 * (p[1] - p[0] * p[0]), 1.0 - p[0]);
/// let fit = minimise(valley, 2, &[-1.2, 1.0], &Search::default()).unwrap();
/// assert!(fit.convergence.reached() && fit.sum_of_squares < 1e-18);
/// assert!((fit.estimate[0] - 1.0).abs() < 1e-8 && (fit.estimate[1] - 1.0).abs() < 1e-8);
/// ```
pub fn minimise(
    mut residuals: impl FnMut(&[f64], &mut [f64]),
    count: usize,
    start: &[f64],
    search: &Search,
) -> Result<Fit, FitFailure> {
    let n = start.len();
    if count < n || n == 0 {
        return Err(FitFailure::TooFew { what: format!("{n} free values"), found: count, needed: n.max(1) });
    }
    let mut evaluations = 0;
    let mut evaluate = |x: &[f64], r: &mut [f64]| {
        evaluations += 1;
        residuals(x, r);
        r.iter().map(|v| v * v).sum::<f64>()
    };
    let mut x = start.to_vec();
    let mut r = vec![0.0; count];
    let mut sum = finite(evaluate(&x, &mut r), &r, &x)?;
    let (mut trial, mut trial_r) = (x.clone(), r.clone());
    let mut normal = Normal::at(&mut evaluate, &x, &r)?;
    let mut scale = vec![0.0; n];
    let (mut damping, mut worse) = (1e-3, 2.0);
    let mut iterations = 0;
    let stop = 'search: loop {
        if normal.cosine <= search.cosine {
            break Stop::RightAngle;
        }
        if iterations == search.iterations {
            break Stop::Iterations;
        }
        for j in 0..n {
            scale[j] = f64::max(scale[j], normal.matrix[j * n + j]);
        }
        loop {
            let step = normal.step(damping, &scale);
            let mut promised = 0.0;
            let mut moved: f64 = 0.0;
            if let Some(step) = &step {
                for j in 0..n {
                    trial[j] = x[j] + step[j];
                    promised += step[j] * (damping * scale[j] * step[j] - normal.gradient[j]);
                    moved = moved.max(step[j].abs() / x[j].abs().max(1.0));
                }
                let trial_sum = evaluate(&trial, &mut trial_r);
                if trial_sum < sum {
                    let gain = 2.0 * (sum - trial_sum) / promised - 1.0;
                    damping *= (1.0 - gain * gain * gain).max(1.0 / 3.0);
                    worse = 2.0;
                    sum = trial_sum;
                    std::mem::swap(&mut x, &mut trial);
                    std::mem::swap(&mut r, &mut trial_r);
                    break;
                }
            }
            if damping > 1e30 || (step.is_some() && moved < 1e-15) {
                break 'search Stop::NoDecrease;
            }
            damping *= worse;
            worse *= 2.0;
        }
        iterations += 1;
        normal = Normal::at(&mut evaluate, &x, &r)?;
    };
    let degrees_of_freedom = count - n;
    let variance = sum / degrees_of_freedom as f64;
    let standard_error = match factor(&normal.matrix, n) {
        Some(lower) if degrees_of_freedom > 0 => (0..n)
            .map(|j| {
                let mut unit = vec![0.0; n];
                unit[j] = 1.0;
                libm::sqrt(variance * solve(&lower, &unit)[j])
            })
            .collect(),
        _ => vec![f64::INFINITY; n],
    };
    let moves = |step: Vec<f64>| step.iter().zip(&x).map(|(s, v)| s.abs() / v.abs().max(1.0)).fold(0.0, f64::max);
    let step = normal.step(0.0, &scale).map_or(f64::INFINITY, moves);
    let convergence = Convergence { stop, iterations, evaluations, cosine: normal.cosine, step };
    Ok(Fit { estimate: x, standard_error, residuals: r, sum_of_squares: sum, degrees_of_freedom, convergence })
}

/// A straight line through points, y = intercept + slope x.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// At x = 0, unit of y.
    pub intercept: f64,
    /// Unit of y over unit of x.
    pub slope: f64,
    /// Standard error of the intercept; infinite with two points.
    pub intercept_error: f64,
    /// Standard error of the slope; infinite with two points.
    pub slope_error: f64,
    /// Sum of squared differences from the line.
    pub sum_of_squares: f64,
    /// Points less two.
    pub degrees_of_freedom: usize,
}

/// Ordinary least squares of `y` on `x`; `what` names the line in a failure.
///
/// Errs with fewer than two points, with lengths that differ, or with all x equal.
///
/// ```
/// let line = remission_infer::least_squares::line("net rate", &[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0]).unwrap();
/// assert_eq!((line.intercept, line.slope, line.slope_error), (1.0, 2.0, 0.0));
/// ```
pub fn line(what: &str, x: &[f64], y: &[f64]) -> Result<Line, FitFailure> {
    let what = what.to_string();
    if x.len() != y.len() {
        return Err(FitFailure::Lengths { what, found: (x.len(), y.len()) });
    }
    if x.len() < 2 {
        return Err(FitFailure::TooFew { what, found: x.len(), needed: 2 });
    }
    if x.iter().all(|v| *v == x[0]) {
        return Err(FitFailure::OneAbscissa { what, at: x[0] });
    }
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut xy) = (0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xx += (a - mx) * (a - mx);
        xy += (a - mx) * (b - my);
    }
    let slope = xy / xx;
    let mut sum_of_squares = 0.0;
    for (a, b) in x.iter().zip(y) {
        let away = b - my - slope * (a - mx);
        sum_of_squares += away * away;
    }
    let degrees_of_freedom = x.len() - 2;
    let error = |share: f64| match degrees_of_freedom {
        0 => f64::INFINITY,
        d => libm::sqrt(sum_of_squares / d as f64 * share),
    };
    let (intercept_error, slope_error) = (error(1.0 / n + mx * mx / xx), error(1.0 / xx));
    Ok(Line { intercept: my - slope * mx, slope, intercept_error, slope_error, sum_of_squares, degrees_of_freedom })
}

/// The normal equations at a point.
struct Normal {
    /// J'J, row-major.
    matrix: Vec<f64>,
    /// J'r.
    gradient: Vec<f64>,
    cosine: f64,
}

impl Normal {
    fn at(evaluate: &mut impl FnMut(&[f64], &mut [f64]) -> f64, x: &[f64], r: &[f64]) -> Result<Normal, FitFailure> {
        let n = x.len();
        let mut moved = x.to_vec();
        let mut below = r.to_vec();
        let mut jacobian: Vec<Vec<f64>> = Vec::with_capacity(n);
        for j in 0..n {
            // The cube root of the rounding error balances it against the error of a central difference.
            let width = 6.06e-6 * x[j].abs().max(1.0);
            let mut above = r.to_vec();
            moved[j] = x[j] + width;
            finite(evaluate(&moved, &mut above), &above, &moved)?;
            moved[j] = x[j] - width;
            finite(evaluate(&moved, &mut below), &below, &moved)?;
            moved[j] = x[j];
            above.iter_mut().zip(&below).for_each(|(a, b)| *a = (*a - b) / (2.0 * width));
            jacobian.push(above);
        }
        let mut matrix = vec![0.0; n * n];
        for (j, a) in jacobian.iter().enumerate() {
            for (k, b) in jacobian.iter().enumerate() {
                matrix[j * n + k] = dot(a, b);
            }
        }
        let gradient: Vec<f64> = jacobian.iter().map(|column| dot(column, r)).collect();
        let length = libm::sqrt(dot(r, r));
        let mut cosine: f64 = 0.0;
        for j in 0..n {
            let product = libm::sqrt(matrix[j * n + j]) * length;
            if product > 0.0 {
                cosine = cosine.max(gradient[j].abs() / product);
            }
        }
        Ok(Normal { matrix, gradient, cosine })
    }

    fn step(&self, damping: f64, scale: &[f64]) -> Option<Vec<f64>> {
        let n = scale.len();
        let mut matrix = self.matrix.clone();
        for j in 0..n {
            // A value that moves nothing has scale 0; any positive number keeps it where it is.
            matrix[j * n + j] += damping * if scale[j] > 0.0 { scale[j] } else { 1.0 };
        }
        let right: Vec<f64> = self.gradient.iter().map(|g| -g).collect();
        factor(&matrix, n).map(|lower| solve(&lower, &right))
    }
}

fn finite(sum: f64, r: &[f64], x: &[f64]) -> Result<f64, FitFailure> {
    if sum.is_finite() {
        return Ok(sum);
    }
    let residual = r.iter().position(|v| !v.is_finite()).unwrap_or(0);
    Err(FitFailure::NotFinite { residual, at: x.to_vec() })
}

/// Sum of products.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Cholesky factor of a row-major matrix; none when a pivot has lost all but 1e-14 of its diagonal.
pub(crate) fn factor(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for j in 0..n {
        for i in j..n {
            let known: f64 = (0..j).map(|k| lower[i * n + k] * lower[j * n + k]).sum();
            let value = matrix[i * n + j] - known;
            if i > j {
                lower[i * n + j] = value / lower[j * n + j];
            } else if value > 1e-14 * matrix[j * n + j] && value.is_finite() {
                lower[j * n + j] = libm::sqrt(value);
            } else {
                return None;
            }
        }
    }
    Some(lower)
}

/// x of L L' x = right.
pub(crate) fn solve(lower: &[f64], right: &[f64]) -> Vec<f64> {
    backward(lower, &forward(lower, right))
}

/// x of L x = right.
pub(crate) fn forward(lower: &[f64], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut x = right.to_vec();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| lower[i * n + k] * x[k]).sum();
        x[i] = (x[i] - known) / lower[i * n + i];
    }
    x
}

/// x of L' x = right.
pub(crate) fn backward(lower: &[f64], right: &[f64]) -> Vec<f64> {
    let n = right.len();
    let mut x = right.to_vec();
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| lower[k * n + i] * x[k]).sum();
        x[i] = (x[i] - known) / lower[i * n + i];
    }
    x
}
