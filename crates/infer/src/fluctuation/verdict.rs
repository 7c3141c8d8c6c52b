//! Before or after plating: Luria and Delbrueck's question, weighed.
//!
//! *Before*: mutants arose while the cultures grew, so that early ones left jackpots ([`super::law`]). *After*: the drug,
//! or stress under it, made every colony; counts are then Poisson with one mean. *Mixture*: both, each with a share of a
//! typical culture's colonies between 0.2 and 0.8. Counts alone do not tell how a colony arose after plating (a cycling
//! cell, a persister, the drug itself): that is one origin here, `during_treatment`.
//!
//! Priors: the three alike; m and the Poisson mean log-uniform over [`RANGE`]; the share uniform; a free fitness
//! log-normal about 1, and where nothing is said of it 1 as likely as not. Counts that none of them makes tell nothing
//! (`misfit`). Evidence by quadrature ([`crate::quadrature`]). Expected information of more cultures: data sets
//! drawn from the posterior, their posterior odds by averaging over posterior draws of each explanation, and the mean fall of
//! entropy (Lindley 1956).

use super::fit::{Alike, Assay, Fitness};
use super::law::Law;
use super::misfit::misfit;
use super::posterior::FITNESS_PRIOR;
use crate::expected;
use crate::prior::Prior;
use crate::quadrature::{Integral, integrate};
use crate::special::log_sum;
use crate::verdict::{Explanation, Next, Origin, Verdict};
use crate::words::significant;
use remission_engine::draw::log_poisson;
use remission_engine::stream::{Purpose, Stream};

/// Mutations a culture (its upper end where cultures are of one size), and colonies a plate made after plating.
pub const RANGE: (f64, f64) = (1e-2, 1e4);
/// Share of a typical culture's colonies that arose after plating, in a mixture.
pub const SHARE: (f64, f64) = (0.2, 0.8);

/// Explanations, in their order.
const NAMES: [(&str, &str, Origin); 3] = [
    ("before_plating", "mutants arose while the cultures grew, before the drug", Origin::PreExisting),
    ("after_plating", "every colony arose on the plate, under the drug", Origin::DuringTreatment),
    (
        "before_and_after",
        "mutants arose before and under the drug, each a fifth or more of a typical culture's",
        Origin::Mixture,
    ),
];

/// A parameter set: fitness, mutations before (m), Poisson mean after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Set {
    pub(super) fitness: f64,
    pub(super) m: f64,
    pub(super) after: f64,
}

/// An explanation integrated over its parameters.
struct Weighed {
    log_evidence: f64,
    /// Parameter sets with the ln of their posterior weights.
    sets: Vec<(Set, f64)>,
}

/// Colonies of a typical culture (without the rare jackpots) that arose before: a scale for the share of those after.
pub fn typical(m: f64, plating: f64) -> f64 {
    m * plating * (1.0 + libm::log1p(m))
}

/// Weighs the explanations of an assay, and further cultures that would tell more.
pub fn verdict(assay: &Assay, seed: u64, costs: &[(String, f64)]) -> Verdict {
    let (mut verdict, weighed) = both(assay);
    let next = further(assay, &weighed, &verdict, seed, costs);
    verdict.rank(next);
    verdict
}

/// Weighs the explanations alone.
pub fn weigh(assay: &Assay) -> Verdict {
    both(assay).0
}

fn both(assay: &Assay) -> (Verdict, [Weighed; 3]) {
    let weighed = [before(assay), after(assay), mixture(assay)];
    let explanations = NAMES
        .iter()
        .zip(&weighed)
        .map(|((name, words, origin), w)| Explanation {
            name: (*name).into(),
            words: (*words).into(),
            origin: *origin,
            prior: 1.0 / 3.0,
            log_evidence: w.log_evidence,
            error: 0.0,
        })
        .collect();
    let mut verdict = Verdict::new(explanations);
    verdict.reason = reason(assay, &verdict);
    let best = |v: &Verdict| v.probability.iter().position(|p| *p >= crate::verdict::CERTAIN);
    if let Some(k) = best(&verdict) {
        let mut stream = Stream::new(0, 0, 3, Purpose::Inference);
        if let Some(why) = misfit(assay, &drawn(&weighed[k], &mut stream), NAMES[k].1) {
            verdict = verdict.withheld(why);
        }
    }
    (verdict, weighed)
}

/// Values of a free fitness with ln of their prior weights.
fn free() -> Vec<(f64, f64)> {
    let z: Vec<f64> = (-12..=12).map(|k| 0.25 * f64::from(k)).collect();
    let sum = log_sum(&z.iter().map(|z| -0.5 * z * z).collect::<Vec<_>>());
    z.into_iter().map(|z| (FITNESS_PRIOR.at(z), -0.5 * z * z - sum)).collect()
}

/// Values of the fitness with ln of their prior weights.
fn fitnesses(assay: &Assay) -> Vec<(f64, f64)> {
    match assay.conditions.fitness {
        Fitness::Known(w) => vec![(w, 0.0)],
        Fitness::Free => free(),
        // As fit as the wild type as likely as not.
        Fitness::Usual => {
            let half = libm::log(0.5);
            std::iter::once((1.0, half)).chain(free().into_iter().map(|(w, weight)| (w, weight + half))).collect()
        }
    }
}

/// An integral over m at one fitness and share, with the ln of its prior weight.
fn part(weight: f64, integral: Integral, set: impl Fn(f64) -> Set) -> Weighed {
    let sets = integral.points.iter().map(|(z, w)| (set(*z), *w)).collect();
    Weighed { log_evidence: weight + integral.log, sets }
}

/// The parts of an explanation as one.
fn joined(parts: Vec<Weighed>) -> Weighed {
    let log_evidence = log_sum(&parts.iter().map(|p| p.log_evidence).collect::<Vec<_>>());
    let share = |p: &Weighed| p.log_evidence - log_evidence;
    let sets = parts.iter().flat_map(|p| p.sets.iter().map(move |(set, w)| (*set, w + share(p)))).collect();
    Weighed { log_evidence, sets }
}

/// Prior of m: where sizes differ much, most mutations are those of few cultures, and a typical one has far fewer than the mean.
fn mutations(assay: &Assay) -> Prior {
    let cv = assay.conditions.final_cells_cv.unwrap_or(0.0);
    Prior::LogUniform(RANGE.0, RANGE.1 * (1.0 + cv * cv))
}

fn before(assay: &Assay) -> Weighed {
    let prior = mutations(assay);
    let at = |(fitness, weight): (f64, f64)| {
        let ready = assay.ready(fitness);
        let integral = integrate(|z| assay.log_likelihood(&ready, prior.at(z), 0.0), 40);
        part(weight, integral, |z| Set { fitness, m: prior.at(z), after: 0.0 })
    };
    joined(fitnesses(assay).into_iter().map(at).collect())
}

fn after(assay: &Assay) -> Weighed {
    let prior = Prior::LogUniform(RANGE.0, RANGE.1);
    let log_likelihood = |mean: f64| -> f64 {
        let of = |a: &Alike| {
            let exact = a.counts.exact.iter().map(|(n, times)| times * log_poisson(*n, mean));
            let above = a.counts.at_least.iter().map(|(n, times)| times * libm::log(poisson_from(*n, mean)));
            exact.sum::<f64>() + above.sum::<f64>()
        };
        assay.alike.iter().map(of).sum()
    };
    let integral = integrate(|z| log_likelihood(prior.at(z)), 40);
    part(0.0, integral, |z| Set { fitness: 1.0, m: 0.0, after: prior.at(z) })
}

/// Chance of n or more of a Poisson number.
fn poisson_from(n: u64, mean: f64) -> f64 {
    if n == 0 { 1.0 } else { 1.0 - remission_cohort::statistics::special::gamma_upper(n as f64, mean) }
}

fn mixture(assay: &Assay) -> Weighed {
    let (of_m, of_share) = (mutations(assay), Prior::Uniform(SHARE.0, SHARE.1));
    let plating = assay.alike.iter().map(|a| a.plating).sum::<f64>() / assay.alike.len().max(1) as f64;
    let at = |fitness: f64, z: f64, share: f64| {
        let m = of_m.at(z);
        Set { fitness, m, after: share / (1.0 - share) * typical(m, plating) }
    };
    // The share lies in a bounded range and its likelihood is smooth: Gauss-Legendre there, the peak's rule over m.
    let mut parts = Vec::new();
    for (fitness, weight) in fitnesses(assay) {
        let ready = assay.ready(fitness);
        for (share, own) in gauss_legendre(SHARE) {
            let likelihood = |z: f64| {
                let set = at(fitness, z, share);
                assay.log_likelihood(&ready, set.m, set.after)
            };
            let weight = weight + libm::log(own) + of_share.log_density(share);
            parts.push(part(weight, integrate(likelihood, 24), |z| at(fitness, z, share)));
        }
    }
    joined(parts)
}

/// Eight nodes and weights of Gauss and Legendre between two ends (Abramowitz and Stegun 25.4.30).
fn gauss_legendre((low, high): (f64, f64)) -> [(f64, f64); 8] {
    const X: [f64; 4] =
        [0.183_434_642_495_649_8, 0.525_532_409_916_329, 0.796_666_477_413_626_7, 0.960_289_856_497_536_2];
    const W: [f64; 4] =
        [0.362_683_783_378_362, 0.313_706_645_877_887_3, 0.222_381_034_453_374_5, 0.101_228_536_290_376_26];
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
    std::array::from_fn(|k| {
        let sign = if k < 4 { 1.0 } else { -1.0 };
        (middle + sign * half * X[k % 4], half * W[k % 4])
    })
}

fn reason(assay: &Assay, verdict: &Verdict) -> String {
    let counts: Vec<(u64, f64)> =
        assay.alike.iter().flat_map(|a| a.counts.exact.iter().chain(&a.counts.at_least)).copied().collect();
    let n = assay.cultures as f64;
    let mean = counts.iter().map(|(x, t)| *x as f64 * t).sum::<f64>() / n;
    let spread =
        counts.iter().map(|(x, t)| t * (*x as f64 - mean) * (*x as f64 - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    let empty: f64 = counts.iter().filter(|c| c.0 == 0).map(|c| c.1).fold(0.0, |sum, times| sum + times);
    let largest = counts.iter().map(|c| c.0).max().unwrap_or(0);
    let facts = format!(
        "{} with a mean of {} mutants{} ({empty:.0} without a mutant, the largest count {largest})",
        if assay.cultures == 1 { "1 culture".into() } else { format!("{} cultures", assay.cultures) },
        significant(mean, 3),
        if n > 1.0 { format!(" and a variance of {}", significant(spread, 3)) } else { String::new() }
    );
    // Slow mutants leave few jackpots, as mutants made on the plate do.
    let slow = match assay.conditions.fitness {
        Fitness::Known(_) => "; mutants of another fitness than was said would look alike",
        Fitness::Free | Fitness::Usual => "; mutants that grow much more slowly than the wild type would look alike",
    };
    if assay.none() {
        return format!("{} cultures without a mutant: nothing tells when mutants would arise", assay.cultures);
    }
    match verdict.best() {
        Some((Origin::PreExisting, p)) if p >= crate::verdict::CERTAIN => format!(
            "{facts}: a plate that makes its own colonies would give about the same number everywhere (variance near the mean); \
             more spread than that says that mutants were there before the drug"
        ),
        Some((Origin::DuringTreatment, p)) if p >= crate::verdict::CERTAIN => {
            format!(
                "{facts}: hardly more spread than chance on the plate gives, as when colonies arise under the drug{slow}"
            )
        }
        Some((Origin::Mixture, p)) if p >= crate::verdict::CERTAIN => {
            format!(
                "{facts}: fewer nearly empty cultures than mutants from before alone would leave, and more spread than the plate alone gives{slow}"
            )
        }
        _ => {
            let named: Vec<String> = verdict
                .explanations
                .iter()
                .zip(&verdict.probability)
                .filter(|(_, p)| **p > 0.05)
                .map(|(e, p)| format!("{} (probability {p:.2})", e.words))
                .collect();
            format!("{facts} leave open that {}", named.join("; that "))
        }
    }
}

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
        false => (0..LIMIT as u64).map(|n| libm::exp(log_poisson(n, set.after))).collect(),
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

/// What more cultures are expected to tell of the origin, bits.
fn further(assay: &Assay, weighed: &[Weighed; 3], verdict: &Verdict, seed: u64, costs: &[(String, f64)]) -> Vec<Next> {
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
            let cost = costs.iter().find(|(key, _)| name.contains(key.as_str())).map(|c| c.1);
            Next { name, expected_bits, error, cost }
        })
        .collect()
}

/// Posterior draws of an explanation, evenly over its weights.
fn drawn(weighed: &Weighed, stream: &mut Stream) -> Vec<Set> {
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
