//! Two experiments: are their mutation rates equal, and by how much do they differ, when their cultures had different
//! final numbers of cells.
//!
//! With u the rate per cell and N the mean final cells, m = u N in each. The likelihood ratio compares two rates with one
//! (Zheng 2016, Genetics 203:1105); the interval of the ratio u2 / u1 is where its profile has fallen by 3.84 / 2.

use super::fit::{Assay, Fit, Point, Surface, fit};
use crate::failure::Failure;
use crate::profile::{Peak, falls_by, highest, polished};
use crate::special::CHI_SQUARE_95;
use remission_cohort::statistics::special::chi_square_tail;

/// How two experiments compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Fits of the two, each by itself.
    pub fits: [Fit; 2],
    /// Twice the log-likelihood of two rates over that of one.
    pub statistic: f64,
    /// Chance of as much or more under equal rates.
    pub p: f64,
    /// Second rate over the first; 0 or infinite where one of them has no mutant.
    pub ratio: Point,
    /// Whether final cells were known; where not, they were taken as equal.
    pub cells_known: bool,
}

/// Compares two experiments. Errs where the final cells of one alone are known, or both have no mutant.
pub fn compare(first: &Assay, second: &Assay) -> Result<Comparison, Failure> {
    let sizes = match (first.cells, second.cells) {
        (Some(a), Some(b)) => [a, b],
        (None, None) => [1.0, 1.0],
        (a, _) => {
            let unknown = if a.is_none() { &first.name } else { &second.name };
            return Err(Failure::Said(format!(
                "final_cells of `{unknown}` are not known, and rates need them; fill the column in both, or leave it out of both to \
                 compare cultures of equal size"
            )));
        }
    };
    if first.none() && second.none() {
        return Err(Failure::Said(format!(
            "neither `{}` nor `{}` has a mutant: there is nothing to compare",
            first.name, second.name
        )));
    }
    let fits = [fit(first)?, fit(second)?];
    let (mut a, mut b) = (Surface::new(first), Surface::new(second));
    let start = |f: &Fit| f.fitness.map_or(0.0, |w| libm::log(w.value));
    let (wa, wb) = (start(&fits[0]), start(&fits[1]));
    let (size_a, size_b) = (libm::log(sizes[0]), libm::log(sizes[1]));
    let mut both = |u: f64, v: f64| a.best(u + size_a, wa) + b.best(v + size_b, wb);
    // ln of each rate; where one has no mutant a rate far below the other stands for 0.
    let rate = |k: usize| libm::log(fits[k].m.value.max(1e-9)) - [size_a, size_b][k];
    let (u, v) = (rate(0), rate(1));
    let (low, high) = (u.min(v) - 5.0, u.max(v) + 5.0);
    let middle = 0.5 * (u + v);
    let rough = highest(|x| both(x, x), middle, 0.3, low, high);
    let one = polished(|x| both(x, x), rough, 2e-3);
    let most = fits[0].log_likelihood + fits[1].log_likelihood;
    let statistic = (2.0 * (most - one.value)).max(0.0);
    let p = chi_square_tail(statistic, 1.0);
    // ln ratio r: the first's rate x, the second's x + r, x free.
    let mut last = u;
    let mut profile = |r: f64| {
        let peak = highest(|x| both(x, x + r), last, 0.2, low - 40.0, high + 40.0);
        last = peak.at;
        peak.value
    };
    let peak = Peak { at: v - u, value: most, inside: true };
    let half = 0.5 * CHI_SQUARE_95;
    // Where one has no mutant, one end is 0 or infinite, and so is the ratio.
    let down = if second.none() { None } else { falls_by(&mut profile, &peak, half, -0.1, -40.0) };
    let up = if first.none() { None } else { falls_by(&mut profile, &peak, half, 0.1, 40.0) };
    let value = if second.none() { 0.0 } else { libm::exp(v - u) };
    let value = if first.none() { f64::INFINITY } else { value };
    let ratio = Point { value, ci95: (down.map_or(0.0, libm::exp), up.map_or(f64::INFINITY, libm::exp)) };
    Ok(Comparison { fits, statistic, p, ratio, cells_known: first.cells.is_some() })
}
