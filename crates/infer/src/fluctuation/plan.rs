//! How many cultures a wanted precision takes: from the Fisher information of one culture about m.
//!
//! I(m) = Sum (dp_n / dm)^2 / p_n; the 95 % interval of m from k cultures has half-width 1.96 / sqrt(k I). The sum runs over
//! counts up to some times m ln m, where nearly all are, and what lies beyond counts as one class, so that I is a little too small and
//! never too large.

use super::law::Law;

/// Fewest counts told apart.
const FEWEST: f64 = 1000.0;
/// Most mutations of a culture: the work grows with the square of its mutants.
pub const MOST: f64 = 1500.0;

/// Fisher information of one culture about m, per mutation squared, at `m` above 0 and at most [`MOST`].
///
/// ```
/// use remission_infer::fluctuation::{law::Law, plan::information};
/// // Whether a culture has a mutant at all tells a part of it: (dp/dm)^2 / (p (1 - p)) of p = e^-m.
/// let part = (-1.0f64).exp() / (1.0 - (-1.0f64).exp());
/// let all = information(&Law::default(), 1.0);
/// assert!(all > part && all < 1.0);
/// ```
pub fn information(law: &Law, m: f64) -> f64 {
    // Counts are about m (ln m + x), and x is above 8 in one culture of eight.
    let far = FEWEST.max(m * (libm::log(m) + 8.0)) as usize;
    let ready = law.ready_by_recursion(far);
    let by = 1e-4 * m;
    let probabilities = |m: f64| {
        let mut p = ready.probabilities(m, 0.0, far);
        p.push(ready.above(m, 0.0, far as u64));
        p
    };
    let (low, at, high) = (probabilities(m - by), probabilities(m), probabilities(m + by));
    let slope = |k: usize| (high[k] - low[k]) / (2.0 * by);
    (0..at.len()).filter(|k| at[*k] > 1e-300).map(|k| slope(k) * slope(k) / at[k]).sum()
}

/// Cultures for a 95 % interval of m that reaches `precision` (above 0) times m to each side, 2 or more.
///
/// ```
/// use remission_infer::fluctuation::{law::Law, plan::cultures};
/// let rough = cultures(&Law::default(), 2.0, 0.5);
/// assert!(cultures(&Law::default(), 2.0, 0.25) > 3 * rough);
/// ```
pub fn cultures(law: &Law, m: f64, precision: f64) -> u64 {
    let half = precision * m / 1.959_963_984_540_054;
    libm::ceil(1.0 / (half * half * information(law, m))).max(2.0) as u64
}
