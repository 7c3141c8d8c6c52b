//! Whether an inference means what it says, judged on data whose truth is known.
//!
//! *Ranks*: parameters drawn from the prior, data simulated, the posterior sampled; the rank of the truth among the draws is
//! uniform when simulation, likelihood and sampler belong together (Talts et al. 2018, arXiv:1804.06788). [`uniform`]
//! compares the distribution of the ranks with the uniform one inside a simultaneous band (Saeilynoja, Buerkner and
//! Vehtari 2022, Stat Comput 32:32): the smallest two-sided binomial tail over all cuts, against its own law under
//! uniformity, which is simulated. *Probabilities*: [`gap`] compares stated probabilities with frequencies in bins of
//! equal count, less what perfect calibration would show by chance.

use remission_engine::draw::log_binomial;
use remission_engine::stream::{Purpose, Stream};

/// How uniform ranks are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Uniformity {
    /// Smallest two-sided tail over the cuts.
    pub smallest_tail: f64,
    /// Share of uniform samples with a tail as small or smaller: the p-value of the simultaneous band.
    pub p: f64,
}

/// Judges ranks from 0 to `most`, both possible, on `cuts` places (10 to 100); `simulated` uniform samples give the law
/// of the statistic (1,000 tell 1 %).
///
/// ```
/// use remission_infer::calibration::uniform;
/// let even: Vec<usize> = (0..500).map(|k| (k * 37) % 100).collect();
/// assert!(uniform(&even, 99, 20, 400).p > 0.05);
/// // A posterior that is too narrow puts the truth at its ends.
/// let outer: Vec<usize> = (0..500).map(|k| if k % 2 == 0 { k % 25 } else { 99 - k % 25 }).collect();
/// assert!(uniform(&outer, 99, 20, 400).p < 0.01);
/// ```
pub fn uniform(ranks: &[usize], most: usize, cuts: usize, simulated: usize) -> Uniformity {
    let n = ranks.len() as u64;
    let places: Vec<usize> = (1..cuts).map(|c| c * (most + 1) / cuts).filter(|p| *p > 0 && *p <= most).collect();
    // Two-sided tails of Binomial(n, place / (most + 1)), for every count.
    let tails: Vec<Vec<f64>> = places.iter().map(|place| two_sided(n, *place as f64 / (most as f64 + 1.0))).collect();
    let smallest = |ranks: &mut dyn Iterator<Item = usize>| {
        let mut counts = vec![0u64; most + 2];
        ranks.for_each(|r| counts[r.min(most)] += 1);
        let mut below = 0;
        let mut at = 0;
        places.iter().zip(&tails).fold(1.0, |least: f64, (place, tail)| {
            while at < *place {
                below += counts[at];
                at += 1;
            }
            least.min(tail[below as usize])
        })
    };
    let own = smallest(&mut ranks.iter().copied());
    let mut stream = Stream::new(1, 0, 3, Purpose::Inference);
    let as_small = (0..simulated)
        .filter(|_| {
            let mut drawn = (0..n).map(|_| (stream.uniform() * (most as f64 + 1.0)) as usize);
            smallest(&mut drawn) <= own
        })
        .count();
    Uniformity { smallest_tail: own, p: (as_small as f64 + 1.0) / (simulated as f64 + 1.0) }
}

/// min(1, 2 min(P(X <= k), P(X >= k))) for k from 0 to n.
fn two_sided(n: u64, p: f64) -> Vec<f64> {
    let mass: Vec<f64> = (0..=n).map(|k| libm::exp(log_binomial(k, n, p))).collect();
    let mut below = 0.0;
    let mut tails = Vec::with_capacity(mass.len());
    let mut above: f64 = mass.iter().rev().sum();
    for p in &mass {
        below += p;
        tails.push((2.0 * f64::min(below, above)).clamp(0.0, 1.0));
        above -= p;
    }
    tails
}

/// How far stated probabilities are from frequencies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Mean over the bins of |mean probability - frequency|.
    pub observed: f64,
    /// The same expected if every probability were right.
    pub expected: f64,
}

impl Gap {
    /// Calibration error: observed less expected.
    pub fn error(&self) -> f64 {
        self.observed - self.expected
    }
}

/// The gap of probabilities, each with whether it came true, over `bins` bins of equal count.
///
/// ```
/// use remission_infer::calibration::gap;
/// let said: Vec<(f64, bool)> = (0..1000).map(|k| (0.1 + 0.8 * (k % 10) as f64 / 9.0, (k / 10) % 10 < 1 + (8 * (k % 10)) / 9)).collect();
/// assert!(gap(&said, 10).error() < 0.02);
/// let boast: Vec<(f64, bool)> = said.iter().map(|(p, hit)| (if *p > 0.5 { 0.99 } else { 0.01 }, *hit)).collect();
/// assert!(gap(&boast, 10).error() > 0.15);
/// ```
pub fn gap(said: &[(f64, bool)], bins: usize) -> Gap {
    let mut sorted = said.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bins = bins.clamp(1, sorted.len().max(1));
    let cut = |b: usize| b * sorted.len() / bins;
    let mean_gap = |hits: &dyn Fn(usize) -> bool| {
        let of = |b: usize| {
            let (from, until) = (cut(b), cut(b + 1));
            let n = (until - from).max(1) as f64;
            let p = sorted[from..until].iter().map(|s| s.0).sum::<f64>() / n;
            let hit = (from..until).filter(|k| hits(*k)).count() as f64 / n;
            (p - hit).abs()
        };
        (0..bins).map(of).sum::<f64>() / bins as f64
    };
    let observed = mean_gap(&|k| sorted[k].1);
    let mut stream = Stream::new(2, 0, 3, Purpose::Inference);
    const AGAIN: usize = 400;
    let expected = (0..AGAIN)
        .map(|_| {
            let drawn: Vec<bool> = sorted.iter().map(|s| stream.uniform() < s.0).collect();
            mean_gap(&|k| drawn[k])
        })
        .sum::<f64>()
        / AGAIN as f64;
    Gap { observed, expected }
}

/// Rank of a truth among draws, ties broken at random, after thinning to `keep` draws evenly over all of them.
pub fn rank(truth: f64, draws: &[f64], keep: usize, stream: &mut Stream) -> usize {
    let n = draws.len();
    let keep = keep.min(n);
    let kept: Vec<f64> = (0..keep).map(|k| draws[k * n / keep]).collect();
    let below = kept.iter().filter(|x| **x < truth).count();
    let ties = kept.iter().filter(|x| **x == truth).count();
    below + (stream.uniform() * (ties as f64 + 1.0)) as usize
}
