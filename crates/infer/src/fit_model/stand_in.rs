//! A cheap stand-in for the likelihood of a fit: what a place predicts of sizes, and what that leaves.
//!
//! # Law
//! Readings of a size are log-normal about one that changes with the parameters smoothly: its logarithm is a quadratic in the place (in
//! normal coordinates and in the parameters' own units, [`crate::prior`]) and up to four courses from visit to visit, each by an amount that
//! is learned ([`crate::emulator`]). That makes the density of the readings as narrow and as bent as it is. What is left of the
//! log-likelihood (blood, clones that are there by chance, limits) is learned in the same way. Both are taken as they are down to `NEAR`
//! below the best and by the logarithm of how far below from there on, so that places far out, which have no bearing on the posterior, do
//! not rule what is learned.
//!
//! A stand-in is good where places are dense: [`StandIn::learned`] estimates the likelihood where it thinks the posterior is, and learns
//! from what it finds (active learning of a posterior: Kandasamy, Schneider and Poczos 2015, IJCAI).

use super::target::{Estimate, Fit};
use crate::diagnostics::smoothed;
use crate::emulator::{Curves, Emulator, Frame, evenly, monomials, regressed};
use crate::failure::Failure;
use crate::jobs::{self, Control};
use crate::least_squares::dot;
use crate::pmmh::Walks;
use crate::prior::{Parameter, normals, values};
use crate::smc::effective;
use crate::special::{normal_below, quantile};
use remission_cohort::measure::Reported;
use remission_engine::stream::{Purpose, Stream};

/// Most places that are learned from, and most of those within `NEAR` of the best, for each parameter.
const MOST: usize = 300;
const HIGH: usize = 240;
const NEAR: f64 = 8.0;
/// Most of the latter from which courses of sizes are learned, and the share of a reading's error above which there is one more of them.
const COURSES: usize = 160;
const SEEN: f64 = 0.03;
/// ln above the best that was seen to which sizes alone may say that a place is better.
const BETTER: f64 = 1.0;
/// ln below the best down to which other places than those that the stand-in took for high are learned from.
const DEPTH: f64 = 30.0;
/// How far above and below its middle what is left is taken to be: estimates by a filter are far too low at times, and places that sizes alone
/// take for good far too high.
const FAR: f64 = 4.0;
const LOW: f64 = 12.0;
/// Fewest and most rounds in which a stand-in learns, places of one, and its own steps to each.
const LEAST: u64 = 2;
const ROUNDS: u64 = 6;
const PLACES: usize = 160;
const STEPS: usize = 500;
/// Share of its draws that weights keep from which on a stand-in is good, and part of the best share at which one that has learned more is taken.
const GOOD: f64 = 0.6;
const ABOUT: f64 = 0.8;
/// Power of the stand-in that is drawn from.
const FLAT: f64 = 0.75;

/// A reading of a size, and the logarithm of that size by features of the place and by courses.
struct Sized {
    by: Vec<f64>,
    reported: Reported,
    error: f64,
    courses: [f64; Curves::MOST],
}

/// What a place predicts of sizes.
struct Sizes<'a> {
    parameters: &'a [Parameter],
    frames: Vec<Frame>,
    sized: Vec<Sized>,
    /// How much of each course.
    amounts: Option<Curves>,
}

/// The stand-in.
pub(super) struct StandIn<'a> {
    sizes: Sizes<'a>,
    /// The largest that the sizes say.
    best: f64,
    rest: Emulator,
    /// Standard deviation by which it was off when it was last tried, estimates' own scatter with it; not a number before.
    pub off: f64,
    /// Where it was tried before it learned from that, normal coordinates, with what it said there, flattened.
    pub places: Vec<(Vec<f64>, f64)>,
}

/// As it is down to `NEAR` below the best, and by the logarithm of how far it is below that from there on; little better than the best, where
/// what is learned goes beyond what was seen.
fn pressed(x: f64, best: f64) -> f64 {
    let below = (best - x).max(-BETTER);
    best - if below < NEAR { below } else { NEAR * (1.0 + libm::log(below / NEAR)) }
}

/// Share of draws that weights keep (their logarithms, some infinitely low): the effective number of them, and no more than a log-normal law
/// with their middle half leaves, because heavy weights that are seen now and then are missed among few.
pub(super) fn even(logs: &[f64]) -> f64 {
    let seen = effective(&smoothed(logs).0) / logs.len() as f64;
    seen.min(libm::exp(-libm::pow(width(logs.to_vec()), 2.0)))
}

/// Standard deviation of a normal law with this middle half, whatever is far out.
fn width(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    let quartile = |k: usize| of.get(of.len() * k / 4).copied().unwrap_or(f64::NAN);
    (quartile(3) - quartile(1)) / 1.349
}

impl<'a> Sizes<'a> {
    fn new(fit: &'a Fit, high: &[&Estimate]) -> Option<Sizes<'a>> {
        let parameters = &fit.parameters[..];
        let places: Vec<&[f64]> = high.iter().map(|s| s.at.as_slice()).collect();
        let frame = |own| Frame::of(parameters, own, &places, places.len()).map(|f| f.0);
        let frames: Vec<Frame> = [false, true].into_iter().filter_map(frame).collect();
        let mut sizes = Sizes { parameters, frames, sized: Vec::new(), amounts: None };
        let design: Vec<Vec<f64>> = high.iter().map(|s| sizes.features(&normals(parameters, &s.at))).collect();
        let of = |k: usize| high.iter().map(|s| s.sizes[k]).collect::<Vec<f64>>();
        let readings = fit.sizes_read();
        let by = regressed(&design, &(0..readings.len()).map(of).collect::<Vec<_>>())?;
        // What the quadratics leave, place by place, in errors of the readings.
        let left = |(s, features): (&&Estimate, &Vec<f64>)| -> Vec<f64> {
            (0..readings.len()).map(|k| (s.sizes[k] - dot(&by[k], features)) / readings[k].1).collect()
        };
        let left: Vec<Vec<f64>> = high.iter().zip(&design).map(left).collect();
        let (courses, amounts) = courses(&left, readings.len());
        let kept = evenly(&(0..high.len()).collect::<Vec<_>>(), COURSES * parameters.len());
        let some = |of: &Vec<f64>| kept.iter().map(|k| of[*k]).collect::<Vec<f64>>();
        let at: Vec<&[f64]> = kept.iter().map(|k| places[*k]).collect();
        if !amounts.is_empty() {
            sizes.amounts = Curves::new(parameters, &at, &amounts.iter().map(some).collect::<Vec<_>>(), at.len());
        }
        let sized = |((by, courses), (reported, error))| Sized { by, reported, error, courses };
        sizes.sized = by.into_iter().zip(courses).zip(readings).map(sized).collect();
        Some(sizes)
    }

    fn features(&self, z: &[f64]) -> Vec<f64> {
        let mut out = Vec::new();
        for frame in &self.frames {
            out.extend(monomials(&frame.at(self.parameters, z)));
        }
        out
    }

    /// ln of the density of all readings of sizes.
    fn log_density(&self, z: &[f64]) -> f64 {
        let features = self.features(z);
        let amounts = self.amounts.as_ref().map_or([0.0; Curves::MOST], |a| a.at(z).0);
        let one = |s: &Sized| {
            let size = dot(&s.by, &features) + s.error * dot(&s.courses, &amounts);
            match s.reported {
                Reported::Value(x) if x > 0.0 => -0.5 * libm::pow((libm::log(x) - size) / s.error, 2.0),
                // What is gone is left to the rest.
                Reported::Value(_) => 0.0,
                Reported::Below(limit) => libm::log(normal_below((libm::log(limit) - size) / s.error).max(1e-300)),
            }
        };
        self.sized.iter().map(one).sum()
    }
}

/// Rows of some columns as sums of a few courses, each by an amount of mean square 1 that no other tells: for every column how it follows the
/// courses, and for every course its amounts, row by row. A pivoted Cholesky factor of the columns' covariance (Harbrecht, Peters and Schneider
/// 2012, Appl Numer Math 62:428), until no column is left with a mean square of [`SEEN`]^2.
fn courses(rows: &[Vec<f64>], columns: usize) -> (Vec<[f64; Curves::MOST]>, Vec<Vec<f64>>) {
    let (mut rows, mut follows, mut amounts) = (rows.to_vec(), vec![[0.0; Curves::MOST]; columns], Vec::new());
    let n = rows.len() as f64;
    for course in 0..Curves::MOST {
        let square = |k: usize| rows.iter().map(|r| r[k] * r[k]).sum::<f64>() / n;
        let most = (0..columns).map(|k| (square(k), k)).max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((square, pivot)) = most.filter(|most| most.0 > SEEN * SEEN) else { break };
        let amount: Vec<f64> = rows.iter().map(|r| r[pivot] / libm::sqrt(square)).collect();
        for (k, follows) in follows.iter_mut().enumerate() {
            follows[course] = rows.iter().zip(&amount).map(|(r, a)| r[k] * a).sum::<f64>() / n;
        }
        for (row, amount) in rows.iter_mut().zip(&amount) {
            row.iter_mut().zip(&follows).for_each(|(x, follows)| *x -= follows[course] * amount);
        }
        amounts.push(amount);
    }
    (follows, amounts)
}

impl<'a> StandIn<'a> {
    /// From estimates; none with too few of them.
    fn new(fit: &'a Fit, seen: &[Estimate]) -> Option<StandIn<'a>> {
        let parameters = &fit.parameters[..];
        let best = seen.iter().map(|s| s.log_likelihood).fold(f64::NEG_INFINITY, f64::max);
        let (high, low): (Vec<&Estimate>, Vec<&Estimate>) = seen.iter().partition(|s| s.log_likelihood > best - NEAR);
        let high = evenly(&high, HIGH * parameters.len());
        let sizes = Sizes::new(fit, &high)?;
        let base = |s: &Estimate| sizes.log_density(&normals(parameters, &s.at));
        let best_by_sizes = high.iter().map(|s| base(s)).fold(f64::NEG_INFINITY, f64::max);
        // What the stand-in would take for high is learned from as well, the latest first: there it was wrong.
        let worth = |s: &&&Estimate| s.log_likelihood > best - DEPTH || base(s) > best_by_sizes - NEAR;
        let low: Vec<&Estimate> =
            low.iter().rev().filter(worth).take(MOST * parameters.len() - high.len()).copied().collect();
        let left = |s: &&Estimate| pressed(s.log_likelihood, best) - pressed(base(s), best_by_sizes);
        let middle = quantile(&high.iter().map(left).collect::<Vec<_>>(), 0.5)?;
        let left = |s: &&Estimate| (s.at.clone(), left(s).clamp(middle - LOW, middle + FAR));
        let sets: Vec<(Vec<f64>, f64)> = high.iter().chain(&low).map(left).collect();
        let rest = Emulator::within(parameters, &sets, high.len())?;
        Some(StandIn { sizes, best: best_by_sizes, rest, off: f64::NAN, places: Vec::new() })
    }

    /// The stand-in at normal coordinates; minus infinity where it knows nothing.
    pub fn log_likelihood(&self, z: &[f64]) -> f64 {
        let rest = self.rest.log_likelihood(z);
        if rest == f64::NEG_INFINITY { rest } else { rest + pressed(self.sizes.log_density(z), self.best) }
    }

    /// The same, flatter: what its draws are to cover is then covered where it is too narrow as well, and weights have a lighter tail. For a
    /// normal law in five dimensions that costs a seventh of the draws.
    pub fn flat(&self, z: &[f64]) -> f64 {
        FLAT * self.log_likelihood(z)
    }

    /// Learned from what was seen and then, a round at a time, from estimates where it thinks the posterior is, until weights are even. None
    /// where too little was seen.
    pub fn learned(
        fit: &'a Fit,
        mut seen: Vec<Estimate>,
        start: &[Vec<f64>],
        seed: u64,
        control: &Control,
    ) -> Result<Option<StandIn<'a>>, Failure> {
        let parameters = &fit.parameters;
        let walks = Walks::across(parameters, start);
        let mut best: Option<(f64, StandIn)> = None;
        for round in 0..ROUNDS {
            let Some(mut by) = StandIn::new(fit, &seen) else { break };
            let curve = |z: &[f64]| by.flat(z);
            let tried = jobs::map(PLACES, control, |k, control| {
                control.check()?;
                let mut stream = Stream::new(seed ^ 2, k as u64, 7 + round, Purpose::Inference);
                let from = normals(parameters, &start[k * start.len() / PLACES]);
                if curve(&from) == f64::NEG_INFINITY {
                    return Ok(None);
                }
                let (z, told) = walks.along(parameters, &curve, &from, STEPS, &mut stream);
                let found = fit.estimated(&values(parameters, &z), f64::NEG_INFINITY, &mut stream);
                Ok(found.map(|(estimate, _)| ((z, told), estimate)))
            })?;
            let (places, found): (Vec<(Vec<f64>, f64)>, Vec<Estimate>) = tried.into_iter().flatten().unzip();
            let over = |power: f64| -> Vec<f64> {
                places.iter().zip(&found).map(|(p, e)| e.log_likelihood - p.1 * power).collect()
            };
            let share = even(&over(1.0));
            by.off = width(over(1.0 / FLAT));
            by.places = places;
            // Who has learned more knows more of places that few draws reach.
            if best.as_ref().is_none_or(|b| share > ABOUT * b.0) {
                best = Some((share, by));
            }
            if share > GOOD && round + 1 >= LEAST {
                break;
            }
            seen.extend(found);
        }
        Ok(best.map(|b| b.1))
    }
}

#[cfg(test)]
mod tests {
    use super::courses;
    use crate::emulator::Curves;
    use remission_engine::draw::normal;
    use remission_engine::stream::{Purpose, Stream};

    /// Columns that follow two hidden courses come back from two amounts, which no row of one tells of the other; a column that is never off
    /// follows none.
    #[test]
    fn few_courses_make_all_columns() {
        let mut stream = Stream::new(1, 0, 0, Purpose::Inference);
        let hidden: Vec<[f64; 2]> = (0..300).map(|_| [normal(&mut stream), 0.3 * normal(&mut stream)]).collect();
        let row = |h: &[f64; 2]| vec![0.0, h[0], h[0] + h[1], 2.0 * h[0] - h[1], h[1]];
        let rows: Vec<Vec<f64>> = hidden.iter().map(row).collect();
        let (follows, amounts) = courses(&rows, 5);
        assert_eq!(amounts.len(), 2);
        assert_eq!(follows[0], [0.0; Curves::MOST]);
        let mean = |of: &dyn Fn(usize) -> f64| (0..300).map(of).sum::<f64>() / 300.0;
        for (i, a) in amounts.iter().enumerate() {
            for (j, b) in amounts.iter().enumerate() {
                assert!((mean(&|k| a[k] * b[k]) - f64::from(u8::from(i == j))).abs() < 1e-9);
            }
        }
        for (k, row) in rows.iter().enumerate() {
            for (x, follows) in row.iter().zip(&follows) {
                let made: f64 = amounts.iter().zip(follows).map(|(a, f)| f * a[k]).sum();
                assert!((x - made).abs() < 1e-9);
            }
        }
        // Nothing to follow, and nothing at all.
        assert!(courses(&vec![vec![0.02, -0.02]; 9], 2).1.is_empty() && courses(&[], 2).1.is_empty());
    }
}
