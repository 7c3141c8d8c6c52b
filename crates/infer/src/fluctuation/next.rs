//! What more cultures are expected to tell of the origin of mutants.
//!
//! Data sets are drawn from the posterior of each explanation, their posterior odds by averaging over posterior draws of
//! each, and the mean fall of entropy is the expected information (Lindley 1956, Ann Math Stat 27:986).

use super::fit::Assay;
use super::law::Law;
use super::plates;
use super::verdict::{Set, Weighed};
use crate::expected;
use crate::special::log_sum;
use crate::verdict::{Next, Verdict};
use remission_engine::stream::{Purpose, Stream};

/// Posterior draws of an explanation made ready to draw counts and to weigh them: distribution functions up to a limit.
pub(super) struct Table {
    /// p_0 ... p_(limit-1), and the chance of `limit` or more.
    p: Vec<f64>,
    /// Chance of n or fewer.
    pub(super) below: Vec<f64>,
}

/// Counts told apart when cultures are imagined: more is "this or more".
pub(super) const LIMIT: usize = 1000;
/// Posterior draws kept of each explanation.
const DRAWS: usize = 40;
/// Data sets imagined for each explanation.
const IMAGINED: usize = 150;

pub(super) fn table(law: &Law, set: &Set) -> Table {
    let mut p = match set.m > 0.0 {
        true => law.ready_by_recursion(LIMIT).probabilities(set.m, set.after, LIMIT - 1),
        false => (0..LIMIT as u64).map(|n| libm::exp(plates::log_probability(n, set.after, set.spread))).collect(),
    };
    let below: Vec<f64> = p
        .iter()
        .scan(0.0, |sum, p| {
            *sum += p;
            Some(*sum)
        })
        .collect();
    p.push((1.0 - below[LIMIT - 1]).max(1e-300));
    Table { p, below }
}

/// Further measurements with the bits that they are expected to tell of the origin.
pub(super) fn further(assay: &Assay, weighed: &[Weighed; 3], verdict: &Verdict, seed: u64) -> Vec<Next> {
    let plating = assay.alike.iter().map(|a| a.plating).sum::<f64>() / assay.alike.len().max(1) as f64;
    let n = assay.cultures.max(1);
    let tenth = format!("{n} cultures grown to a tenth of the cells");
    let whole = format!("{n} more cultures, plated whole");
    let mut candidates: Vec<(String, usize, f64, f64)> = vec![
        (format!("{n} more cultures, as before"), n, 1.0, plating),
        (format!("{} more cultures, as before", 3 * n), 3 * n, 1.0, plating),
        (tenth, n, 0.1, plating),
    ];
    if plating < 0.999 {
        candidates.push((whole, n, 1.0, 1.0));
    }
    let mut stream = Stream::new(seed, 0, 1, Purpose::Inference);
    let sets: Vec<Vec<Set>> = weighed.iter().map(|w| drawn(w, &mut stream)).collect();
    candidates
        .into_iter()
        .map(|(name, cultures, size, plated)| {
            let tables: Vec<Vec<Table>> = sets
                .iter()
                .map(|sets| {
                    sets.iter()
                        .map(|set| {
                            let law = assay.law(plated, set.fitness);
                            // A smaller culture has fewer mutations before, and fewer cells on the plate after.
                            let small = Set { m: set.m * size, after: set.after * size * plated / plating, ..*set };
                            table(&law, &small)
                        })
                        .collect()
                })
                .collect();
            let (expected_bits, error) = bits(&tables, verdict, cultures, &mut stream);
            Next { name, expected_bits, error, cost: None }
        })
        .collect()
}

/// Posterior draws of an explanation, evenly over its weights.
pub(super) fn drawn(weighed: &Weighed, stream: &mut Stream) -> Vec<Set> {
    let mut sets = Vec::with_capacity(DRAWS);
    let (mut sum, mut k) = (0.0, 0);
    let u = stream.uniform();
    for i in 0..DRAWS {
        let point = (i as f64 + u) / DRAWS as f64;
        while k + 1 < weighed.sets.len() && sum + libm::exp(weighed.sets[k].1) < point {
            sum += libm::exp(weighed.sets[k].1);
            k += 1;
        }
        sets.push(weighed.sets[k].0);
    }
    sets
}

/// Mean fall of entropy over imagined data, bits, with its standard error.
fn bits(tables: &[Vec<Table>], verdict: &Verdict, cultures: usize, stream: &mut Stream) -> (f64, f64) {
    let now = verdict.entropy();
    let (mut mean, mut error) = (0.0, 0.0);
    for (truth, weight) in verdict.probability.iter().enumerate().filter(|(_, p)| **p > 1e-4) {
        let mut falls = Vec::with_capacity(IMAGINED);
        for k in 0..IMAGINED {
            let own = k % DRAWS;
            let mut histogram = std::collections::BTreeMap::<usize, f64>::new();
            for _ in 0..cultures {
                let u = stream.uniform();
                let count = tables[truth][own].below.partition_point(|below| *below < u);
                *histogram.entry(count.min(LIMIT)).or_default() += 1.0;
            }
            let log_evidence = |of: usize| {
                let each = (0..DRAWS).filter(|d| of != truth || *d != own).map(|d| {
                    let p = &tables[of][d].p;
                    histogram.iter().map(|(n, times)| times * libm::log(p[*n].max(1e-300))).sum::<f64>()
                });
                let each: Vec<f64> = each.collect();
                log_sum(&each) - libm::log(each.len() as f64)
            };
            let log_evidences: Vec<f64> = (0..tables.len()).map(log_evidence).collect();
            falls.push(now - verdict.after(&log_evidences).entropy());
        }
        // Under one explanation alone data may mislead: a part of the mean may lie below 0.
        let own = falls.iter().sum::<f64>() / falls.len() as f64;
        let spread = expected::mean(&falls, now).1;
        mean += weight * own;
        error += weight * weight * spread * spread;
    }
    // Information is never negative; its estimate by a few draws may be.
    (mean.clamp(0.0, now), libm::sqrt(error))
}
