//! The explanations of a barcode experiment, and their evidence.
//!
//! What is read beside the winners says what these can be. Where other survivors are read below them, winners outgrew those under the same
//! drug, and are resistant. Where winners stand alone (others leave [`STRAYED`] of the reads or less, as misread indices and carried
//! cells do), cells that survived by chance look the same as resistant ones that arose in each replicate anew: each explanation with
//! winners from during treatment then has one in which these are chance survivors, with the same law of sharing.

use super::assay::Options;
use super::emission::{Fitted, Pool};
use super::sharing::{Drawn, Kind, Limits, Rates, Sharing, Winners};
use super::winners::alone;
use crate::failure::Failure;
use crate::jobs::{Control, map};
use crate::smc::{Posterior, Settings, sample};
use crate::special::log_sum;
use crate::verdict::{Explanation, Origin, Verdict};

/// Largest share of a sample's reads that may be strays: index hopping carries over some hundredths of a per cent with paired indices.
pub const STRAYED: f64 = 0.001;

/// Chance that winners by resistance stand alone: half of such experiments.
const STAND_ALONE: f64 = 0.5;

/// Difference of log-likelihoods from which on winners that stand alone are not fitted but ruled out by it.
const HOPELESS: f64 = -40.0;

/// What an explanation says of the winners.
pub(super) struct Explained {
    name: &'static str,
    words: &'static str,
    pub(super) origin: Origin,
    prior: f64,
    /// Their law; none: nobody wins.
    kind: Option<Kind>,
    /// Those that are not from before are chance survivors.
    pub(super) chance: bool,
}

const fn explained(
    name: &'static str,
    words: &'static str,
    origin: Origin,
    parts: f64,
    kind: Option<Kind>,
    chance: bool,
) -> Explained {
    Explained { name, words, origin, prior: parts / 24.0, kind, chance }
}

/// All, those of which a lineage is selected first ([`SELECTED`]). Each origin has a quarter.
pub(super) const EXPLAINED: [Explained; 10] = [
    explained(
        "before_the_barcodes",
        "winners were resistant before they were barcoded",
        Origin::PreExisting,
        2.0,
        Some(Kind::Before),
        false,
    ),
    explained(
        "while_the_pool_grew",
        "winners became resistant between barcoding and the split",
        Origin::PreExisting,
        2.0,
        Some(Kind::Grown),
        false,
    ),
    explained(
        "during_treatment",
        "winners became resistant in each replicate anew",
        Origin::DuringTreatment,
        6.0,
        Some(Kind::During),
        false,
    ),
    explained(
        "before_the_barcodes_and_during",
        "a tenth or more of the winners from before they were barcoded, a tenth or more from during treatment",
        Origin::Mixture,
        3.0,
        Some(Kind::Both),
        false,
    ),
    explained(
        "while_the_pool_grew_and_during",
        "a tenth or more of the winners from while the pool grew, a tenth or more from during treatment",
        Origin::Mixture,
        3.0,
        Some(Kind::BothGrown),
        false,
    ),
    explained(
        "before_the_barcodes_and_chance",
        "a tenth or more of the winners from before they were barcoded, the others survived by chance",
        Origin::PreExisting,
        1.0,
        Some(Kind::Both),
        true,
    ),
    explained(
        "while_the_pool_grew_and_chance",
        "a tenth or more of the winners from while the pool grew, the others survived by chance",
        Origin::PreExisting,
        1.0,
        Some(Kind::BothGrown),
        true,
    ),
    explained(
        "few_by_chance",
        "survivors are few and a random sample, no lineage is selected",
        Origin::NonGenetic,
        2.0,
        Some(Kind::During),
        true,
    ),
    explained(
        "random_sample",
        "survivors are a random sample of many lineages, no lineage is selected",
        Origin::NonGenetic,
        2.0,
        Some(Kind::Sample),
        false,
    ),
    explained("alike", "all lineages survive alike, no lineage is selected", Origin::NonGenetic, 2.0, None, false),
];

/// So many of [`EXPLAINED`], the first, have lineages that are selected.
pub(super) const SELECTED: usize = 7;

/// The place of survivors by chance alone in [`EXPLAINED`].
pub(super) const FEW: usize = 7;

/// What was weighed, explanations in the order of [`EXPLAINED`].
pub(super) struct Weighed {
    pub(super) verdict: Verdict,
    /// All but the last, which has no free value.
    pub(super) posteriors: Vec<Posterior>,
    pub(super) draws: Vec<Drawn>,
    /// The fits of the replicates that have more evidence: as they were found, or with winners that stand alone.
    pub(super) fits: Vec<Fitted>,
}

/// The probability that some winners are chance survivors.
pub(super) fn by_chance(verdict: &Verdict) -> f64 {
    verdict.probability.iter().zip(&EXPLAINED).filter(|(_, e)| e.chance).map(|(p, _)| p).sum()
}

/// One way to read the replicates.
struct Reading<'a> {
    winners: Winners,
    price: f64,
    /// No winner in any replicate: counts are those of likes, with this evidence.
    likes: Option<f64>,
    replicates: usize,
    limits: &'a Limits,
    /// Those that were asked for.
    sampled: Vec<(Kind, Posterior)>,
}

impl<'a> Reading<'a> {
    fn of(pool: &Pool, fits: &[Fitted], kept: &[bool], limits: &'a Limits, alike: f64) -> Reading<'a> {
        let price = fits.iter().map(|f| f.price().0).sum();
        let likes = fits.iter().all(|f| f.values.winners == 0.0).then_some(alike);
        let winners = Winners::of(pool, &fits.iter().collect::<Vec<_>>(), kept);
        Reading { winners, price, likes, replicates: fits.len(), limits, sampled: Vec::new() }
    }

    /// Evidence of an explanation with its error, and its posterior. Where no winner stood out it has the evidence of likes times the
    /// chance that nobody was selected.
    fn evidence(
        &mut self,
        kind: Kind,
        settings: &Settings,
        control: &Control,
    ) -> Result<(f64, f64, Posterior), Failure> {
        let target = Sharing::new(&self.winners, kind, self.limits);
        let known = self.sampled.iter().find(|s| s.0 == kind).map(|s| s.1.clone());
        let posterior = match known {
            Some(known) => known,
            None => {
                let found = sample(&target, settings, control)?;
                self.sampled.push((kind, found.clone()));
                found
            }
        };
        let (evidence, error) = match self.likes {
            None => (posterior.log_evidence - self.price, posterior.error),
            Some(alike) => {
                let none = posterior.prior.all().map(|at| target.rates(at).log_none(self.replicates));
                let none: Vec<f64> = none.collect();
                (alike + log_sum(&none) - libm::log(none.len() as f64), 0.0)
            }
        };
        Ok((evidence, error, posterior))
    }
}

/// Samples and weighs all: emission values at their maxima, at their price ([`Fitted::price`]). Winners by resistance stand alone or
/// beside other survivors, one as probable as the other beforehand; winners by chance stand alone.
pub(super) fn weigh(
    pool: &Pool,
    counts: &[&[u64]],
    own: &[Fitted],
    kept: &[bool],
    limits: &Limits,
    options: &Options,
    control: &Control,
) -> Result<Weighed, Failure> {
    let alike: f64 = own
        .iter()
        .map(|f| f.alike.iter().zip(kept).filter(|(_, k)| **k).map(|(l, _)| l).sum::<f64>() - f.price().1)
        .sum();
    let alone: Vec<Fitted> = control
        .part(0.0, 0.2, |c| map(own.len(), c, |k, _| Ok(alone(pool, counts[k], &own[k], STRAYED, options.fdr))))?;
    let gap: f64 = alone.iter().zip(own).map(|(a, o)| a.log_likelihood - o.log_likelihood).sum();
    // Whether any replicate shows other survivors beside its winners, and whether these may be read otherwise.
    let (beside, may_be_alone) = (alone.iter().zip(own).any(|(a, o)| a.values != o.values), gap > HOPELESS);
    let mut readings = [own, &alone].map(|fits| Reading::of(pool, fits, kept, limits, alike));
    let (mut evidence, mut posteriors, mut draws) = (Vec::new(), Vec::new(), Vec::new());
    // The most evidence of each reading; that of likes counts as the first.
    let mut most = [alike, f64::NEG_INFINITY];
    for (k, explained) in EXPLAINED.iter().enumerate() {
        let Some(kind) = explained.kind else {
            evidence.push((alike, 0.0));
            draws.push(None);
            continue;
        };
        // ln of what each reading weighs: with others beside the winners, and without. A large sample is read as it is.
        let weight = |side: usize| match (side, explained.chance) {
            (0, false) if kind == Kind::Sample => 0.0,
            (_, true) if options.regrown => f64::NEG_INFINITY,
            (0, false) if beside => libm::log1p(-STAND_ALONE),
            (0, true) if !may_be_alone => gap,
            (1, false) if may_be_alone && kind != Kind::Sample => libm::log(STAND_ALONE),
            (1, true) if may_be_alone => 0.0,
            _ => f64::NEG_INFINITY,
        };
        let one = |side: usize, readings: &mut [Reading; 2]| {
            let from = 0.2 + (0.8 * k as f64 + 0.4 * side as f64) / EXPLAINED.len() as f64;
            let reading = &mut readings[side];
            let (log, error, posterior) =
                control.part(from, from + 0.04, |c| reading.evidence(kind, &options.settings, c))?;
            let target = Sharing::new(&reading.winners, kind, limits);
            let rates: Vec<Rates> = posterior.draws.all().map(|at| target.rates(at)).collect();
            Ok::<_, Failure>((weight(side) + log, error, posterior, rates))
        };
        let sides: Vec<usize> = (0..2).filter(|side| weight(*side).is_finite()).collect();
        let first = sides.first().copied().unwrap_or(0);
        let mut best = one(first, &mut readings)?;
        let (mut log, mut of) = (best.0, [f64::NEG_INFINITY; 2]);
        of[first] = best.0;
        for side in sides.into_iter().skip(1) {
            let other = one(side, &mut readings)?;
            of[side] = other.0;
            log = log_sum(&[log, other.0]);
            if other.0 > best.0 {
                best = other;
            }
        }
        if !explained.chance {
            most = [most[0].max(of[0]), most[1].max(of[1])];
        }
        evidence.push((log, best.1));
        posteriors.push(best.2);
        draws.push(Some(best.3));
    }
    let weighed = EXPLAINED.iter().zip(evidence).map(|(e, (log_evidence, error))| Explanation {
        name: e.name.into(),
        words: e.words.into(),
        origin: e.origin,
        prior: e.prior,
        log_evidence,
        error,
    });
    let fits = if most[1] > most[0] { alone } else { own.to_vec() };
    Ok(Weighed { verdict: Verdict::new(weighed.collect()), posteriors, draws, fits })
}
