//! Maximum likelihood of the two mutation rates, with profile-likelihood intervals.
//!
//! Growth of colonies with its spread and the persisters' share and decay are not known from colonies alone: they are held by their
//! priors, whose log density is added to the log likelihood (a penalised likelihood; where persisters were counted the
//! counts outweigh it). An interval holds the values at which twice the fall of the profile is below 3.841. The search is that of
//! Nelder and Mead 1965 (Computer Journal 7:308), begun anew until it gains nothing.

use super::Options;
use super::model::{Model, Rates, nuisances};
use crate::prior::Parameter;
use crate::special::CHI_SQUARE_95;
use remission_cohort::statistics::special::chi_square_tail;

/// ln of the smallest rate that is looked at, 1e-16: it stands for none.
const LEAST: f64 = -36.84;

/// ln of the largest ratio looked at, either way: from it on one rate stands for none.
const RATIO: f64 = 25.0;

/// A rate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// The point; 0 where the likelihood rises towards none.
    pub value: f64,
    /// 95 % interval; an end is 0 or infinite where the data set none.
    pub ci95: (f64, f64),
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// At the maximum.
    pub rates: Rates,
    /// Penalised log likelihood there.
    pub log_likelihood: f64,
    /// Mutations a division before the drug.
    pub before: Found,
    /// Mutations a persister's division.
    pub during: Found,
    /// during / before; its point is infinite where `before` is 0, not a number where both are.
    pub ratio: Found,
    /// Likelihood-ratio statistic of equal rates.
    pub equal: f64,
    /// Its chance under equal rates, chi-square with 1 degree of freedom.
    pub equal_p: f64,
}

struct Objective<'a> {
    model: &'a Model,
    nuisances: Vec<Parameter>,
    /// Whether the second coordinate is ln(during / before) rather than ln(during).
    ratio: bool,
    /// Coordinate held, and where.
    held: Option<(usize, f64)>,
}

impl Objective<'_> {
    /// The coordinates with the held one in its place.
    fn full(&self, x: &[f64]) -> Vec<f64> {
        let mut full = x.to_vec();
        if let Some((k, value)) = self.held {
            full.insert(k, value);
        }
        full
    }

    fn rates(&self, full: &[f64]) -> Rates {
        let before = full[0].max(LEAST);
        let during = if self.ratio { before + full[1] } else { full[1] };
        let at = |k: usize| self.nuisances[k].prior.at(full[2 + k]);
        // The smallest rate stands for none.
        let rate = |ln: f64| if ln <= LEAST { 0.0 } else { libm::exp(ln.min(0.0)) };
        Rates {
            before: rate(before),
            during: rate(during),
            growth_per_day: at(0),
            growth_spread: at(1),
            persister_share: at(2),
            persister_decay_per_day: at(3),
        }
    }

    fn value(&self, x: &[f64]) -> f64 {
        let full = self.full(x);
        let penalty: f64 = full[2..].iter().map(|z| 0.5 * z * z).sum();
        // Far outside, a slope back to where rates are possible.
        let out: f64 = full[..2].iter().map(|l| (LEAST - 1.0 - l).max(0.0) + (l - 40.0).max(0.0)).sum();
        let found = self.model.log_likelihood(&self.rates(&full)) - penalty - out;
        if found.is_nan() { f64::NEG_INFINITY } else { found }
    }

    /// The highest value from `start`, with where it is; `step` is how far from it the search begins to look.
    fn highest(&self, start: &[f64], step: f64) -> (f64, Vec<f64>) {
        let mut at = start.to_vec();
        let mut best = self.value(&at);
        for _ in 0..4 {
            let (value, found) = nelder_mead(&|x| self.value(x), &at, step);
            let gain = value - best;
            if value > best || !best.is_finite() {
                (best, at) = (value, found);
            }
            if gain.is_nan() || gain < 1e-4 {
                break;
            }
        }
        (best, at)
    }
}

/// Rises to a maximum of `f` from `start`.
fn nelder_mead(f: &dyn Fn(&[f64]) -> f64, start: &[f64], step: f64) -> (f64, Vec<f64>) {
    let d = start.len();
    let mut simplex: Vec<(f64, Vec<f64>)> = vec![(f(start), start.to_vec())];
    for k in 0..d {
        let mut x = start.to_vec();
        x[k] += step;
        simplex.push((f(&x), x));
    }
    for _ in 0..80 * d {
        simplex.sort_by(|a, b| b.0.total_cmp(&a.0));
        let worst = simplex[d].clone();
        if simplex[0].0 - worst.0 < 1e-6 {
            break;
        }
        let middle: Vec<f64> = (0..d).map(|k| simplex[..d].iter().map(|s| s.1[k]).sum::<f64>() / d as f64).collect();
        let along = |t: f64| -> (f64, Vec<f64>) {
            let x: Vec<f64> = (0..d).map(|k| middle[k] + t * (worst.1[k] - middle[k])).collect();
            (f(&x), x)
        };
        let reflected = along(-1.0);
        simplex[d] = if reflected.0 > simplex[0].0 {
            let further = along(-2.0);
            if further.0 > reflected.0 { further } else { reflected }
        } else if reflected.0 > simplex[d - 1].0 {
            reflected
        } else {
            let nearer = along(if reflected.0 > worst.0 { -0.5 } else { 0.5 });
            if nearer.0 > worst.0.max(reflected.0) {
                nearer
            } else {
                let best = simplex[0].1.clone();
                for s in simplex.iter_mut().skip(1) {
                    let x: Vec<f64> = (0..d).map(|k| 0.5 * (s.1[k] + best[k])).collect();
                    *s = (f(&x), x);
                }
                continue;
            }
        };
    }
    simplex.sort_by(|a, b| b.0.total_cmp(&a.0));
    simplex.swap_remove(0)
}

/// Fits both rates; `starts` are rates to begin from, one or more.
pub fn fit(model: &Model, options: &Options, starts: &[Rates]) -> Fit {
    let mut objective = Objective { model, nuisances: nuisances(options), ratio: false, held: None };
    let ln = |rate: f64| if rate > 0.0 { libm::log(rate).max(LEAST) } else { LEAST };
    let begin = |r: &Rates| -> Vec<f64> {
        let z = |k: usize, x: f64| objective.nuisances[k].prior.z(x).clamp(-6.0, 6.0);
        let held = [r.growth_per_day, r.growth_spread, r.persister_share, r.persister_decay_per_day];
        let held = held.into_iter().enumerate().map(|(k, x)| z(k, x));
        [ln(r.before), ln(r.during)].into_iter().chain(held).collect()
    };
    let mut top = (f64::NEG_INFINITY, vec![-15.0, -15.0, 0.0, 0.0, 0.0, 0.0]);
    for start in starts {
        let found = objective.highest(&begin(start), 0.5);
        if found.0 > top.0 {
            top = found;
        }
    }
    let rates = objective.rates(&top.1);
    let before = interval(&mut objective, 0, &top, (LEAST, 0.0));
    let during = interval(&mut objective, 1, &top, (LEAST, 0.0));
    objective.ratio = true;
    let full = objective_point(&top.1);
    let mut ratio = interval(&mut objective, 1, &(top.0, full.clone()), (-RATIO, RATIO));
    // A maximum that holds equal rates may lie elsewhere than the other one: it is looked for from both rates.
    let equal = [ln(rates.before), ln(rates.during)]
        .into_iter()
        .map(|both| {
            objective.held = Some((1, 0.0));
            let mut start = full.clone();
            start[0] = both;
            start.remove(1);
            objective.highest(&start, 0.5).0
        })
        .fold(f64::NEG_INFINITY, f64::max);
    let equal = (2.0 * (top.0 - equal)).max(0.0);
    ratio.value = during.value / before.value;
    Fit { rates, log_likelihood: top.0, before, during, ratio, equal, equal_p: chi_square_tail(equal, 1.0) }
}

/// The same point with the ratio as its second coordinate.
fn objective_point(full: &[f64]) -> Vec<f64> {
    let mut out = full.to_vec();
    out[0] = out[0].max(LEAST);
    out[1] = out[1].max(LEAST) - out[0];
    out
}

/// The profile-likelihood interval of coordinate `k` around the maximum `top`.
fn interval(objective: &mut Objective, k: usize, top: &(f64, Vec<f64>), range: (f64, f64)) -> Found {
    let best = top.1[k].clamp(range.0, range.1);
    // How far the profile falls towards the lower bound, where it has not left the interval.
    let mut to_none = f64::INFINITY;
    let mut end = |direction: f64, bound: f64| -> Option<f64> {
        let mut start = top.1.clone();
        start.remove(k);
        let mut last = best;
        // 0 where the profile has fallen to the interval's end.
        let mut fall = |at: f64, start: &mut Vec<f64>| {
            objective.held = Some((k, at));
            if objective.ratio {
                // A new ratio may come from either rate: the search begins from the better.
                let mut other = start.clone();
                other[0] -= at - last;
                if objective.value(&other) > objective.value(start) {
                    *start = other;
                }
            }
            last = at;
            let (value, found) = objective.highest(start, 0.15);
            *start = found;
            2.0 * (top.0 - value) - CHI_SQUARE_95
        };
        let (mut inside, mut step, mut low) = (best, 0.5, -CHI_SQUARE_95);
        let (mut outside, mut high) = loop {
            let next = inside + direction * step;
            if (next - bound) * direction >= 0.0 {
                let fallen = fall(bound, &mut start);
                if fallen < 0.0 {
                    if direction < 0.0 {
                        to_none = fallen + CHI_SQUARE_95;
                    }
                    return None;
                }
                break (bound, fallen);
            }
            let fallen = fall(next, &mut start);
            if fallen > 0.0 {
                break (next, fallen);
            }
            (inside, step, low) = (next, step * 1.7, fallen);
        };
        // False position, with the older end's value halved when it stays (Illinois).
        let mut at = outside;
        for _ in 0..30 {
            at = if high.is_finite() {
                (inside * high - outside * low) / (high - low)
            } else {
                0.5 * (inside + outside)
            };
            if (outside - inside).abs() < 1e-3 {
                break;
            }
            let fallen = fall(at, &mut start);
            if fallen.abs() < 1e-3 {
                break;
            }
            if fallen > 0.0 {
                (outside, high, low) = (at, fallen, 0.5 * low);
            } else {
                (inside, low, high) = (at, fallen, 0.5 * high);
            }
        }
        Some(at)
    };
    let low = end(-1.0, range.0).map_or(0.0, libm::exp);
    let high = end(1.0, range.1).map_or(f64::INFINITY, libm::exp);
    objective.held = None;
    // A likelihood that does not fall towards none has its maximum there.
    let value = if best <= LEAST || to_none < 1e-3 { 0.0 } else { libm::exp(best) };
    Found { value, ci95: (low, high) }
}

/// A number from which on there is no bound.
pub(super) const ENDLESS: f64 = 1e12;

/// A number as people read it.
pub(super) fn number(x: f64) -> String {
    match x {
        x if x < 1e-12 => "0".to_string(),
        x => crate::words::significant(x, 3),
    }
}

/// A number with its interval, as people read it.
pub(super) fn said(f: &Found) -> String {
    let (low, high) = f.ci95;
    match (f.value < ENDLESS, high < ENDLESS) {
        (true, true) => format!("{} ({} to {})", number(f.value), number(low), number(high)),
        (true, false) => format!("{} ({} and above)", number(f.value), number(low)),
        (false, _) => format!("{} or more (the data set no upper bound)", number(low)),
    }
}
