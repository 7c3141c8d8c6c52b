//! The answer of the barcode assay: who won, sharing against chance, rates, the verdict on origin and what to measure next.

use super::carried::{CARRIED, taken_out};
use super::emission::{Fitted, Pool};
use super::next::Known;
use super::overlap::overlap;
use super::read::{Data, Sample};
use super::refused::{later, not_treated, withheld};
use super::said::{estimates, figure, others, tables, words};
use super::sharing::{Limits, selected};
use super::weigh::{Weighed, weigh};
use super::winners::fit;
use crate::answer::{Answer, Sampled};
use crate::failure::{Failure, option};
use crate::jobs::{Control, map};
use crate::smc::Settings;
use crate::verdict::Origin;
use remission_engine::stream::{Purpose, Stream};

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The arm sequenced before the split; none: the arm whose name begins with baseline, pool, day0, t0 or pre.
    pub baseline: Option<String>,
    /// Arms that were split and not treated; empty: those whose name begins with untreated, control, dmso or vehicle.
    pub untreated: Vec<String>,
    /// The treated arm to answer for; none: one answer for each.
    pub arm: Option<String>,
    /// False discovery rate of called winners, above 0 and below 1; default 0.05.
    pub fdr: f64,
    /// Lowest and highest mean number of cells of a resistant lineage that a replicate receives, above 0; default 0.3 to
    /// 100. A pool that was not grown between barcoding and split allows fewer.
    pub copies: (f64, f64),
    /// Lowest and highest share of the pool's cells that a replicate receives, above 0 and at most 1; default 0.01 to 0.5.
    pub theta: (f64, f64),
    /// Cells that each replicate received, above 0; with it rates per cell are given.
    pub cells: Option<f64>,
    /// The harvested cells had grown back under the drug: chance survivors are ruled out.
    pub regrown: bool,
    /// Particles, runs and seed; 200 particles by default.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        let settings = Settings { particles: 200, moves: 30, ..Settings::default() };
        Options {
            baseline: None,
            untreated: Vec::new(),
            arm: None,
            fdr: 0.05,
            copies: (0.3, 100.0),
            theta: (0.01, 0.5),
            cells: None,
            regrown: false,
            settings,
        }
    }
}

fn begins(arm: &str, with: &[&str]) -> bool {
    let arm = arm.to_lowercase();
    with.iter().any(|w| arm.starts_with(w))
}

/// Answers for every treated arm, from the last sample of each replicate.
///
/// Errs without a baseline, without a treated arm, with a sample without reads, or options outside their range.
pub fn answer(data: &Data, options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    let said = |words: String| Err(Failure::Said(words));
    let fdr = options.fdr;
    option("fdr", fdr, fdr > 0.0 && fdr < 1.0, "a false discovery rate above 0 and below 1")?;
    let (low, high) = options.copies;
    if !(low > 0.0 && low < high && high.is_finite()) {
        return said(format!("copies from {low} to {high}; allowed: two numbers above 0, the lower first"));
    }
    let (low, high) = options.theta;
    if !(low > 0.0 && low < high && high <= 1.0) {
        return said(format!(
            "shares of the pool from {low} to {high}; allowed: above 0 and at most 1, the lower first"
        ));
    }
    if let Some(cells) = options.cells {
        option("cells", cells, cells > 0.0, "cells of a replicate, a number above 0")?;
    }
    let arms: Vec<&str> = data.samples.iter().fold(Vec::new(), |mut arms, s| {
        if !arms.contains(&s.arm.as_str()) {
            arms.push(&s.arm);
        }
        arms
    });
    let listed = format!("`{}`", arms.join("`, `"));
    for named in options.baseline.iter().chain(&options.untreated).chain(&options.arm) {
        if !arms.contains(&named.as_str()) {
            return said(format!("no arm `{named}`; allowed: {listed}"));
        }
    }
    if let Some(empty) = data.samples.iter().find(|s| s.depth() == 0) {
        return said(format!("sample {} has no reads; leave it out", empty.name()));
    }
    let is_baseline = |s: &&Sample| match &options.baseline {
        Some(arm) => s.arm == *arm,
        None => begins(&s.arm, &["baseline", "pool", "day0", "t0", "pre"]),
    };
    let is_untreated = |s: &&Sample| match options.untreated.is_empty() {
        false => options.untreated.contains(&s.arm),
        true => begins(&s.arm, &["untreated", "control", "dmso", "vehicle"]),
    };
    let baselines: Vec<&[u64]> = data.samples.iter().filter(is_baseline).map(|s| s.counts.as_slice()).collect();
    if baselines.is_empty() {
        return said(format!(
            "no sample from before the split among {listed}; name its arm `baseline`, or say which it is by --baseline ARM"
        ));
    }
    let pool = Pool::of(&baselines);
    let untreated: Vec<&Sample> = data.samples.iter().filter(is_untreated).collect();
    let is_treated = |s: &&Sample| !is_baseline(s) && !is_untreated(s);
    let under: Vec<&str> =
        arms.iter().copied().filter(|a| data.samples.iter().any(|s| s.arm == *a && is_treated(&s))).collect();
    let treated: Vec<&str> = under.iter().copied().filter(|a| options.arm.as_ref().is_none_or(|o| o == a)).collect();
    if treated.is_empty() {
        return said(not_treated(options.arm.as_deref(), &arms, &under));
    }
    let latest = data.samples.iter().filter(is_baseline).map(|s| s.time).fold(0.0, f64::max);
    for arm in &treated {
        let day = data.samples.iter().filter(|s| s.arm == *arm).map(|s| s.time).fold(0.0, f64::max);
        if day < latest {
            return said(later(data, arm, day, latest));
        }
    }
    let mut answers = Vec::new();
    for (k, arm) in treated.iter().enumerate() {
        let share = |k: usize| k as f64 / treated.len() as f64;
        let mut last: Vec<&Sample> = Vec::new();
        for s in data.samples.iter().filter(|s| s.arm == *arm) {
            match last.iter_mut().find(|l| l.replicate == s.replicate) {
                Some(earlier) if earlier.time < s.time => *earlier = s,
                Some(_) => {}
                None => last.push(s),
            }
        }
        last.sort_by_key(|s| s.replicate);
        let found =
            control.part(share(k), share(k + 1), |c| of_arm(data, &pool, arm, &last, &untreated, options, c))?;
        answers.push(found);
    }
    Ok(answers)
}

fn of_arm(
    data: &Data,
    pool: &Pool,
    arm: &str,
    replicates: &[&Sample],
    untreated: &[&Sample],
    options: &Options,
    control: &Control,
) -> Result<Answer, Failure> {
    let mut answer = Answer { assay: "barcodes".into(), experiment: Some(arm.into()), ..Answer::default() };
    answer.notes.extend(data.notes.iter().cloned());
    let as_read: Vec<&Sample> = replicates.iter().chain(untreated).copied().collect();
    let (cleaned, taken) = taken_out(&as_read);
    let samples: Vec<&Sample> = cleaned.iter().collect();
    let (listed, replicates) = (replicates, &samples[..replicates.len()]);
    if taken > 0 {
        answer.notes.push(format!(
            "{taken} counts of at most {} % of the same barcode's share in other samples were taken for carry-over, as 0",
            100.0 * CARRIED
        ));
    }
    let mut fits: Vec<Fitted> = control
        .part(0.0, 0.3, |c| map(samples.len(), c, |k, _| Ok(fit(pool, &samples[k].counts, options.fdr, None))))?;
    // A replicate in which no winner stood out is looked at again with what stood out in the others.
    let most = (0..replicates.len()).max_by(|a, b| fits[*a].values.winners.total_cmp(&fits[*b].values.winners));
    for k in 0..replicates.len() {
        let Some(from) = most.filter(|m| fits[k].values.winners == 0.0 && fits[*m].values.winners > 0.0) else {
            continue;
        };
        let like = (&fits[from].values, samples[from].depth() as f64);
        let again = fit(pool, &samples[k].counts, options.fdr, Some(like));
        if again.log_likelihood > fits[k].log_likelihood {
            fits[k] = again;
        }
    }
    let (own, grown) = fits.split_at(replicates.len());
    // What wins without drug as well grows faster; its winning says nothing of resistance.
    let kept: Vec<bool> = (0..data.barcodes.len()).map(|b| !grown.iter().any(|f| f.called[b])).collect();
    let faster = kept.iter().filter(|k| !**k).count();
    if faster > 0 {
        answer.notes.push(format!("{faster} barcodes win in untreated samples as well and were left out"));
    }
    let limits = Limits { selected: selected(pool.effective()), copies: options.copies, theta: options.theta };
    let counts: Vec<&[u64]> = replicates.iter().map(|s| s.counts.as_slice()).collect();
    let Weighed { mut verdict, posteriors, draws, fits: own } =
        control.part(0.3, 0.95, |c| weigh(pool, &counts, own, &kept, &limits, options, c))?;
    let called: Vec<Vec<bool>> =
        own.iter().map(|f| f.called.iter().zip(&kept).map(|(c, k)| *c && *k).collect()).collect();
    let refer: Vec<&[bool]> = called.iter().map(Vec::as_slice).collect();
    let mut stream = Stream::new(options.settings.seed, 0, 1, Purpose::Inference);
    let sharing = overlap(pool, &refer, 4999, &mut stream);
    let best = verdict.best().map(|b| b.0);
    let torn = withheld(replicates, &called, best, limits.selected, !untreated.is_empty());
    match &torn {
        Some(why) => verdict = verdict.withheld(why.clone()),
        None => known(pool, &own, &called, &kept).rank(&mut verdict, &draws, options.regrown, 200, &mut stream),
    }
    control.done(1.0);
    let best =
        (0..posteriors.len()).max_by(|a, b| verdict.probability[*a].total_cmp(&verdict.probability[*b])).unwrap_or(0);
    words(&mut answer, arm, pool, replicates, &called, &sharing, &mut verdict, torn.as_deref());
    if untreated.is_empty() && !verdict.undetermined && verdict.best().is_some_and(|b| b.0 != Origin::NonGenetic) {
        answer.words.push(
            "No replicate was left untreated: lineages that merely grow faster win in every replicate too, and an untreated arm \
             tells them from resistant ones."
                .into(),
        );
    }
    answer.unconverged.extend(torn);
    estimates(&mut answer, pool, replicates, &own, &called, &sharing, &posteriors, &verdict, &draws, options);
    answer.unconverged.extend(posteriors[best].diagnosis.complaints());
    tables(&mut answer, data, pool, listed, &own, &called);
    others(&mut answer, data, arm, &called);
    answer.figures.push(figure(&sharing));
    let posterior = &posteriors[best];
    answer.sampled = Some(Sampled {
        posterior: posterior.draws.clone(),
        prior: posterior.prior.clone(),
        observed_name: "winners".into(),
        observed: called.iter().map(|c| c.iter().filter(|x| **x).count() as f64).collect(),
        ..Sampled::default()
    });
    answer.verdict = Some(verdict);
    Ok(answer)
}

fn known(pool: &Pool, own: &[Fitted], called: &[Vec<bool>], kept: &[bool]) -> Known {
    let r = own.len();
    let mut groups = vec![(0u64, 0.0); r];
    let mut doubtful = Vec::new();
    for b in (0..kept.len()).filter(|b| kept[*b]) {
        let won = called.iter().filter(|c| c[b]).count();
        let f = pool.frequency[b];
        if won > 0 {
            groups[won - 1].0 += 1;
            groups[won - 1].1 += f;
        }
        for j in 0..r {
            if (0.05..0.95).contains(&own[j].chance[b]) && doubtful.len() < 200 {
                doubtful.push((f, won - usize::from(called[j][b]), own[j].won[b] - own[j].lost[b]));
            }
        }
    }
    groups.iter_mut().for_each(|g| g.1 = if g.0 > 0 { g.1 / g.0 as f64 } else { 1.0 / pool.effective() });
    let squares = pool.frequency.iter().map(|f| f * f).sum();
    Known { replicates: r, groups, doubtful, effective: pool.effective(), squares }
}
