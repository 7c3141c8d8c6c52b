//! Shares of variance: how much of the variance of a figure an input explains alone (first order), and how much would be left if
//! all others were known (total, interactions included).
//!
//! The design is that of Saltelli et al. 2010 (Comput Phys Commun 181:259): two matrices A and B of n points each, and for each of k inputs
//! A with the column of B, AB_i; n (k + 2) evaluations. The estimators are those that the paper finds best,
//!     S_i = sum (f(B) - m) (f(AB_i) - f(A)) / (n V)        (its own),
//!     T_i = sum (f(A) - f(AB_i))^2 / (2 n V)               (Jansen 1999, Comput Phys Commun 117:35),
//! with m the mean and V the variance over A and B together. Jansen's S_i = 1 - sum (f(B) - f(AB_i))^2 / (2 n V) was looked at and left: for an input that
//! does little it is the difference of two numbers near 1, each with the noise of the whole variance.
//!
//! Intervals are percentiles over bootstrap samples of the n rows (Archer et al. 1997, J Stat
//! Comput Simul 58:99). Rows of a hypercube are more even than independent ones, so the intervals are on the wide side.
//!
//! Noise from patients adds to both: were f(A) and f(AB_i) the same but for noise of variance v of their difference, T_i would be v / (2 V).

use super::hypercube::{self, below};
use super::variance;
use remission_engine::stream::Stream;

/// A standard deviation below this share of the mean is rounding.
const ROUNDING: f64 = 1e-13;

/// The points of a design.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// First matrix, n rows of k.
    pub a: Vec<Vec<f64>>,
    /// Second.
    pub b: Vec<Vec<f64>>,
}

impl Design {
    /// `n` rows of `k` inputs.
    pub fn new(n: usize, k: usize, stream: &mut Stream) -> Design {
        let both = hypercube::points(n, 2 * k, stream);
        let (a, b) = both.iter().map(|p| (p[..k].to_vec(), p[k..].to_vec())).unzip();
        Design { a, b }
    }

    /// Row `j` of A with the value of input `i` from B.
    pub fn mixed(&self, j: usize, i: usize) -> Vec<f64> {
        let mut point = self.a[j].clone();
        point[i] = self.b[j][i];
        point
    }

    /// All points: A, then B, then AB_0, AB_1 and so on.
    pub fn points(&self) -> Vec<Vec<f64>> {
        let k = self.a.first().map_or(0, Vec::len);
        let mixed = (0..k).flat_map(|i| (0..self.a.len()).map(move |j| self.mixed(j, i)));
        self.a.iter().chain(&self.b).cloned().chain(mixed).collect()
    }
}

/// What the evaluations of a design gave for one figure; what is no number was not to be had.
#[derive(Debug, Clone)]
pub struct Values<'v> {
    /// At A.
    pub a: &'v [f64],
    /// At B.
    pub b: &'v [f64],
    /// At each AB_i.
    pub mixed: Vec<&'v [f64]>,
}

/// An index with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// The estimate; it may lie a little outside 0 to 1.
    pub value: f64,
    /// 95 % interval.
    pub low: f64,
    /// 95 % interval.
    pub high: f64,
}

/// Both indices of an input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Index {
    /// Alone.
    pub first: Share,
    /// With all interactions.
    pub total: Share,
    /// Rows that could be used.
    pub rows: usize,
}

/// Variance of the figure over the priors.
pub fn spread(values: &Values) -> f64 {
    let known: Vec<f64> = values.a.iter().chain(values.b).copied().filter(|v| v.is_finite()).collect();
    variance(&known)
}

/// Indices of every input, with intervals over `resamples` bootstrap samples of the rows. Where the figure does not vary there are none.
pub fn indices(values: &Values, resamples: usize, stream: &mut Stream) -> Vec<Option<Index>> {
    let n = values.a.len();
    let draws: Vec<Vec<usize>> = (0..resamples).map(|_| (0..n).map(|_| below(n, stream)).collect()).collect();
    let one = |mixed: &&[f64]| -> Option<Index> {
        let usable = |j: &usize| values.a[*j].is_finite() && values.b[*j].is_finite() && mixed[*j].is_finite();
        let rows: Vec<usize> = (0..n).filter(usable).collect();
        let (first, total) = estimate(values, mixed, &rows)?;
        let again: Vec<(f64, f64)> = draws
            .iter()
            .filter_map(|draw| {
                let rows: Vec<usize> = draw.iter().copied().filter(usable).collect();
                estimate(values, mixed, &rows)
            })
            .collect();
        let share = |value: f64, of: fn(&(f64, f64)) -> f64| {
            let mut all: Vec<f64> = again.iter().map(of).collect();
            all.sort_by(f64::total_cmp);
            let at = |p: f64| match all.len() {
                0 => f64::NAN,
                m => all[((p * (m - 1) as f64) + 0.5) as usize],
            };
            Share { value, low: at(0.025), high: at(0.975) }
        };
        Some(Index { first: share(first, |e| e.0), total: share(total, |e| e.1), rows: rows.len() })
    };
    values.mixed.iter().map(one).collect()
}

/// (S, T) over some rows; nothing without variance.
fn estimate(values: &Values, mixed: &[f64], rows: &[usize]) -> Option<(f64, f64)> {
    let n = rows.len() as f64;
    let m = rows.iter().map(|&j| values.a[j] + values.b[j]).sum::<f64>() / (2.0 * n);
    let (mut around, mut first, mut total) = (0.0, 0.0, 0.0);
    for &j in rows {
        let (a, b, ab) = (values.a[j], values.b[j], mixed[j]);
        around += (a - m) * (a - m) + (b - m) * (b - m);
        first += (b - m) * (ab - a);
        total += (a - ab) * (a - ab);
    }
    let variance = around / (2.0 * n - 1.0);
    // A figure that is the same everywhere has the variance of rounding.
    let some = rows.len() >= 2 && variance > ROUNDING * ROUNDING * m * m && variance.is_finite();
    some.then(|| (first / (n * variance), total / (2.0 * n * variance)))
}
