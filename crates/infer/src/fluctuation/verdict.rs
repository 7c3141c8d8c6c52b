//! Before or after plating: Luria and Delbrueck's question, weighed.
//!
//! *Before*: mutants arose while the cultures grew, so that early ones left jackpots ([`super::law`]). *After*: the drug,
//! or stress under it, made every colony; counts are then Poisson in the cells plated, or, as likely as not, more uneven because
//! plates were ([`super::plates`]). *Mixture*: both, each with a share of a typical culture's colonies between 0.2 and 0.8. Counts alone do not tell how a colony arose after plating (a cycling
//! cell, a persister, the drug itself): that is one origin here, `during_treatment`.
//!
//! Priors: the three alike; m and the Poisson mean log-uniform over [`RANGE`]; the share uniform; a free fitness
//! log-normal about 1, and where nothing is said of it 1 as likely as not. Counts that none of them makes tell nothing
//! (`misfit`), and a verdict that hangs on the largest count alone is not given. Evidence by quadrature ([`crate::quadrature`]).

use super::conditions::Fitness;
use super::fit::{Alike, Assay};
use super::misfit::misfit;
use super::next::{drawn, further};
use super::plates;
use super::posterior::FITNESS_PRIOR;
use crate::jobs::{Control, Interrupted, map};
use crate::prior::Prior;
use crate::quadrature::{Integral, integrate};
use crate::special::log_sum;
use crate::verdict::{CERTAIN, Explanation, Origin, Verdict};
use crate::words::{probability, significant};
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

/// A parameter set: fitness, mutations before (m), mean after and how unevenly plates made those.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Set {
    pub(super) fitness: f64,
    pub(super) m: f64,
    pub(super) after: f64,
    pub(super) spread: f64,
}

/// An explanation integrated over its parameters.
pub(super) struct Weighed {
    log_evidence: f64,
    /// Parameter sets with the ln of their posterior weights.
    pub(super) sets: Vec<(Set, f64)>,
}

/// Colonies of a typical culture (without the rare jackpots) that arose before: a scale for the share of those after.
pub fn typical(m: f64, plating: f64) -> f64 {
    m * plating * (1.0 + libm::log1p(m))
}

/// Weighs the explanations of an assay, and further cultures that would tell more.
///
/// # Errors
/// [`Interrupted`] when asked to stop.
pub fn verdict(assay: &Assay, seed: u64, control: &Control) -> Result<Verdict, Interrupted> {
    let (mut verdict, weighed) = control.part(0.0, 0.9, |control| both(assay, control))?;
    let next = further(assay, &weighed, &verdict, seed);
    verdict.rank(next);
    Ok(verdict)
}

/// Weighs the explanations alone.
///
/// # Errors
/// [`Interrupted`] when asked to stop.
pub fn weigh(assay: &Assay, control: &Control) -> Result<Verdict, Interrupted> {
    Ok(both(assay, control)?.0)
}

fn both(assay: &Assay, control: &Control) -> Result<(Verdict, [Weighed; 3]), Interrupted> {
    let weighed = control.part(0.0, 0.6, |control| each(assay, control))?;
    let mut verdict = Verdict::new(explanations(&weighed));
    verdict.reason = reason(assay, &verdict);
    let Some(k) = verdict.probability.iter().position(|p| *p >= CERTAIN) else { return Ok((verdict, weighed)) };
    let mut stream = Stream::new(0, 0, 3, Purpose::Inference);
    if let Some(why) = misfit(assay, &drawn(&weighed[k], &mut stream), NAMES[k].1) {
        return Ok((verdict.withheld(why), weighed));
    }
    if let Some((largest, rest)) = assay.without_the_largest() {
        let left = Verdict::new(explanations(&control.part(0.6, 1.0, |control| each(&rest, control))?));
        if left.probability[k] < 0.5 {
            verdict.undetermined = true;
            verdict.reason = format!(
                "that {} (probability {}) rests on one culture, of {largest} mutants: without it the probability is {}. \
                 Look whether it was contaminated or miscounted",
                NAMES[k].1,
                probability(verdict.probability[k]),
                probability(left.probability[k])
            );
        }
    }
    Ok((verdict, weighed))
}

/// Every explanation integrated over its parameters.
fn each(assay: &Assay, control: &Control) -> Result<[Weighed; 3], Interrupted> {
    let before = control.part(0.0, 0.2, |control| before(assay, control))?;
    let mixture = control.part(0.2, 1.0, |control| mixture(assay, control))?;
    Ok([before, after(assay), mixture])
}

fn explanations(weighed: &[Weighed; 3]) -> Vec<Explanation> {
    let one = |((name, words, origin), w): (&(&str, &str, Origin), &Weighed)| Explanation {
        name: (*name).into(),
        words: (*words).into(),
        origin: *origin,
        prior: 1.0 / 3.0,
        log_evidence: w.log_evidence,
        error: 0.0,
    };
    NAMES.iter().zip(weighed).map(one).collect()
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

fn before(assay: &Assay, control: &Control) -> Result<Weighed, Interrupted> {
    let (prior, fitnesses) = (mutations(assay), fitnesses(assay));
    let at = |k: usize, control: &Control| {
        control.check()?;
        let (fitness, weight) = fitnesses[k];
        let ready = assay.ready(fitness);
        let integral = integrate(|z| assay.log_likelihood(&ready, prior.at(z), 0.0), 40);
        Ok(part(weight, integral, |z| Set { fitness, m: prior.at(z), after: 0.0, spread: 0.0 }))
    };
    Ok(joined(map(fitnesses.len(), control, at)?))
}

fn after(assay: &Assay) -> Weighed {
    let prior = Prior::LogUniform(RANGE.0, RANGE.1);
    let log_likelihood = |mean: f64, spread: f64| -> f64 {
        let of = |a: &Alike| {
            let mean = mean * a.plated;
            let exact = a.counts.exact.iter().map(|(n, times)| times * plates::log_probability(*n, mean, spread));
            let above = a.counts.at_least.iter().map(|(n, times)| times * plates::log_from(*n, mean, spread));
            exact.sum::<f64>() + above.sum::<f64>()
        };
        assay.alike.iter().map(of).sum()
    };
    let at = |(spread, weight): (f64, f64)| {
        let integral = integrate(|z| log_likelihood(prior.at(z), spread), 40);
        part(libm::log(weight), integral, |z| Set { fitness: 1.0, m: 0.0, after: prior.at(z), spread })
    };
    joined(plates::spreads(assay).into_iter().map(at).collect())
}

fn mixture(assay: &Assay, control: &Control) -> Result<Weighed, Interrupted> {
    let (of_m, of_share) = (mutations(assay), Prior::Uniform(SHARE.0, SHARE.1));
    let plating = assay.alike.iter().map(|a| a.plating).sum::<f64>() / assay.alike.len().max(1) as f64;
    let at = |fitness: f64, z: f64, share: f64| {
        let m = of_m.at(z);
        Set { fitness, m, after: share / (1.0 - share) * typical(m, plating), spread: 0.0 }
    };
    let fitnesses = fitnesses(assay);
    // The share lies in a bounded range and its likelihood is smooth: Gauss-Legendre there, the peak's rule over m.
    let of = |k: usize, control: &Control| {
        let (fitness, weight) = fitnesses[k];
        let ready = assay.ready(fitness);
        let mut parts = Vec::new();
        for (done, (share, own)) in gauss_legendre(SHARE).into_iter().enumerate() {
            control.check()?;
            let likelihood = |z: f64| {
                let set = at(fitness, z, share);
                assay.log_likelihood(&ready, set.m, set.after)
            };
            let weight = weight + libm::log(own) + of_share.log_density(share);
            parts.push(part(weight, integrate(likelihood, 24), |z| at(fitness, z, share)));
            control.done((done + 1) as f64 / 8.0);
        }
        Ok(parts)
    };
    Ok(joined(map(fitnesses.len(), control, of)?.into_iter().flatten().collect()))
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
        Some((Origin::PreExisting, p)) if p >= CERTAIN => format!(
            "{facts}: plates that make their own colonies give numbers in proportion to the cells on them, and no jackpots; \
             these counts say that mutants were there before the drug"
        ),
        Some((Origin::DuringTreatment, p)) if p >= CERTAIN => {
            format!(
                "{facts}: hardly more spread than chance and uneven plates give, as when colonies arise under the drug{slow}"
            )
        }
        Some((Origin::Mixture, p)) if p >= CERTAIN => {
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
