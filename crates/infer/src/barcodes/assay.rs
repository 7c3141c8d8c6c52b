//! The answer of the barcode assay: who won, sharing against chance, rates, the verdict on origin and what to measure next.

use super::emission::{FITTED, Fitted, Pool, effective, fit};
use super::next::{Drawn, Known};
use super::read::{Data, Sample};
use super::sharing::{Kind, Law, Limits, Overlap, Rates, Sharing, Winners, overlap};
use crate::answer::{Answer, Estimate, Said, Sampled, Table, Test, Value};
use crate::failure::Failure;
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::{Control, map};
use crate::smc::{Posterior, Settings, sample};
use crate::special::quantile;
use crate::verdict::{Explanation, Origin, Verdict};
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
    if !(options.fdr > 0.0 && options.fdr < 1.0) {
        return said(format!("a false discovery rate of {}; allowed: above 0 and below 1", options.fdr));
    }
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
    if let Some(cells) = options.cells.filter(|c| !(*c > 0.0 && c.is_finite())) {
        return said(format!("{cells} cells a replicate; allowed: a number above 0"));
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
            "no sample from before the split among {listed}; name its arm `baseline`, or give the name"
        ));
    }
    let pool = Pool::of(&baselines);
    let untreated: Vec<&Sample> = data.samples.iter().filter(is_untreated).collect();
    let treated: Vec<&str> = arms
        .into_iter()
        .filter(|a| options.arm.as_ref().is_none_or(|o| o == a))
        .filter(|a| data.samples.iter().any(|s| s.arm == *a && !is_baseline(&s) && !is_untreated(&s)))
        .collect();
    if treated.is_empty() {
        return said(format!("no treated arm among {listed}"));
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
    let samples: Vec<&Sample> = replicates.iter().chain(untreated).copied().collect();
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
    let called: Vec<Vec<bool>> =
        own.iter().map(|f| f.called.iter().zip(&kept).map(|(c, k)| *c && *k).collect()).collect();
    let refer: Vec<&[bool]> = called.iter().map(Vec::as_slice).collect();
    let mut stream = Stream::new(options.settings.seed, 0, 1, Purpose::Inference);
    let sharing = overlap(pool, &refer, 4999, &mut stream);
    let limits = Limits { selected: 0.1 * pool.effective(), copies: options.copies, theta: options.theta };
    let own_refs: Vec<&Fitted> = own.iter().collect();
    let winners = Winners::of(pool, &own_refs, &kept);
    let kinds = [Kind::Before, Kind::Grown, Kind::During, Kind::Both, Kind::BothGrown, Kind::Sample];
    let targets = kinds.map(|kind| Sharing::new(&winners, kind, &limits));
    let posteriors: Vec<Posterior> = {
        let mut found = Vec::new();
        for (k, target) in targets.iter().enumerate() {
            let from = 0.3 + 0.1 * k as f64;
            found.push(control.part(from, from + 0.1, |c| sample(target, &options.settings, c))?);
        }
        found
    };
    let torn = torn(replicates, &called);
    let verdict = weigh(own, &kept, &posteriors, torn.is_some());
    let draws: Vec<Drawn> = (0..7)
        .map(|k| posteriors.get(k).map(|p| p.draws.all().map(|at| targets[k].rates(at)).collect::<Vec<Rates>>()))
        .collect();
    let mut verdict = verdict;
    known(pool, own, &called, &kept).rank(&mut verdict, &draws, 200, &mut stream);
    control.done(1.0);
    let best = (0..6).max_by(|a, b| verdict.probability[*a].total_cmp(&verdict.probability[*b])).unwrap_or(0);
    words(&mut answer, arm, pool, replicates, &called, &sharing, &mut verdict, torn.as_deref());
    answer.unconverged.extend(torn);
    estimates(&mut answer, pool, replicates, own, &called, &sharing, &posteriors, &verdict, &draws, options);
    answer.unconverged.extend(posteriors[best].diagnosis.complaints());
    tables(&mut answer, data, pool, replicates, own, &called);
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

/// Says so where replicates of one treatment have numbers of winners that one law of counts does not give.
fn torn(replicates: &[&Sample], called: &[Vec<bool>]) -> Option<String> {
    let number = |k: &usize| called[*k].iter().filter(|c| **c).count();
    let most = (0..called.len()).max_by_key(number)?;
    let least = (0..called.len()).min_by_key(number)?;
    let (high, low) = (number(&most), number(&least));
    (high > 10 && 10 * low < high).then(|| {
        format!(
            "{high} barcodes win in {} and {low} in {}: winners and chance survivors are not told apart in these counts (too few \
             survivors, or too little growth of winners), and the evidence is withheld; harvest later, or sequence more cells",
            replicates[most].name(),
            replicates[least].name()
        )
    })
}

/// Evidence of the explanations: emission values at their maxima, at Schwarz's price; none where it is `withheld`.
fn weigh(own: &[Fitted], kept: &[bool], posteriors: &[Posterior], withheld: bool) -> Verdict {
    let barcodes = kept.iter().filter(|k| **k).count().max(2) as f64;
    let price = |values: f64| 0.5 * values * own.len() as f64 * libm::log(barcodes);
    let kept_sum = |v: &[f64]| v.iter().zip(kept).filter(|(_, k)| **k).map(|(l, _)| l).sum::<f64>();
    let alike: f64 = own.iter().map(|f| kept_sum(&f.alike)).sum();
    let with = |k: usize| (posteriors[k].log_evidence - price(FITTED.0), posteriors[k].error);
    let explanation = |name: &str, words: &str, origin, prior, (log_evidence, error)| Explanation {
        name: name.into(),
        words: words.into(),
        origin,
        prior,
        log_evidence: if withheld { 0.0 } else { log_evidence },
        error,
    };
    Verdict::new(vec![
        explanation(
            "before_the_barcodes",
            "winners were resistant before they were barcoded",
            Origin::PreExisting,
            0.125,
            with(0),
        ),
        explanation(
            "while_the_pool_grew",
            "winners became resistant between barcoding and the split",
            Origin::PreExisting,
            0.125,
            with(1),
        ),
        explanation(
            "during_treatment",
            "winners became resistant in each replicate anew",
            Origin::DuringTreatment,
            0.25,
            with(2),
        ),
        explanation(
            "before_the_barcodes_and_during",
            "a tenth or more of the winners from before they were barcoded, a tenth or more from during treatment",
            Origin::Mixture,
            0.125,
            with(3),
        ),
        explanation(
            "while_the_pool_grew_and_during",
            "a tenth or more of the winners from while the pool grew, a tenth or more from during treatment",
            Origin::Mixture,
            0.125,
            with(4),
        ),
        explanation(
            "random_sample",
            "survivors are a random sample of many lineages, no lineage is selected",
            Origin::NonGenetic,
            0.125,
            with(5),
        ),
        explanation(
            "alike",
            "all lineages survive alike, no lineage is selected",
            Origin::NonGenetic,
            0.125,
            (alike - price(FITTED.1), 0.0),
        ),
    ])
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

fn words(
    answer: &mut Answer,
    arm: &str,
    pool: &Pool,
    replicates: &[&Sample],
    called: &[Vec<bool>],
    sharing: &Overlap,
    verdict: &mut Verdict,
    torn: Option<&str>,
) {
    let r = replicates.len();
    let all: usize = sharing.by_replicates.iter().sum();
    let several: usize = sharing.by_replicates.iter().skip(1).sum();
    let (origin, p) = verdict.best().unwrap_or((Origin::None, 0.0));
    let numbers: Vec<String> = called.iter().map(|c| c.iter().filter(|x| **x).count().to_string()).collect();
    let counted = format!(
        "{} of {all} winning barcodes won in two replicates or more of {r}; chance alone would give {:.1} shared pairs, {} were found \
         (p = {:.1e})",
        several, sharing.expected, sharing.shared, sharing.p
    );
    let first = match (verdict.undetermined, origin) {
        (true, _) => format!("Where the resistance under {arm} came from is undetermined."),
        (_, Origin::PreExisting) => {
            format!("The resistance under {arm} was there before the split (probability {p:.3}).")
        }
        (_, Origin::DuringTreatment) => {
            format!("The resistance under {arm} arose in each replicate anew, during treatment (probability {p:.3}).")
        }
        (_, Origin::Mixture) => {
            format!(
                "Some resistance under {arm} was there before the split and some arose during treatment (probability {p:.3})."
            )
        }
        _ => format!(
            "No lineages are selected under {arm}: survival is shared by all of them, as of a tolerant state (probability {p:.3})."
        ),
    };
    answer.words.push(first);
    if let Some(torn) = torn {
        verdict.reason = format!("{torn}.");
    } else if r < 2 {
        verdict.reason =
            "With one replicate no winner can be shared: before and during treatment give the same counts.".into();
    } else if verdict.undetermined {
        verdict.reason = match all {
            0..=5 => format!("There are {all} winning barcodes: too few to tell sharing from none. {counted}."),
            _ if sharing.expected > 0.3 * sharing.shared as f64 => format!(
                "The pool has few barcodes for so many winners (or a few very frequent ones), so chance alone shares many: {counted}."
            ),
            _ => format!("Sharing lies between what the explanations say: {counted}."),
        };
    } else if origin == Origin::NonGenetic {
        let seen = |s: &&Sample| s.counts.iter().filter(|c| **c > 0).count() as f64 / s.counts.len() as f64;
        let least = replicates.iter().map(seen).fold(1.0, f64::min);
        verdict.reason = format!(
            "{:.0} % of all barcodes or more are still read in every replicate, and none stands out in the same way in several \
             ({} shared pairs, {:.1} by chance).",
            libm::floor(100.0 * least),
            sharing.shared,
            sharing.expected
        );
    } else {
        verdict.reason = format!("{counted}.");
    }
    answer.words.push(verdict.reason.clone());
    let left: Vec<String> = replicates
        .iter()
        .map(|s| format!("{:.0}", effective(&s.counts.iter().map(|c| *c as f64).collect::<Vec<_>>())))
        .collect();
    answer.words.push(format!(
        "Winners by replicate: {}. Effective barcodes fell from {:.0} in the pool to {}.",
        numbers.join(", "),
        pool.effective(),
        left.join(", ")
    ));
    if !verdict.undetermined && matches!(origin, Origin::DuringTreatment | Origin::Mixture) {
        answer.words.push(
            "Whether these arose from cycling cells or from persisters this assay does not tell: add a time course, or an arm with a \
             drug holiday, in which persisters become sensitive again."
                .into(),
        );
    }
    if let Some(next) = verdict.next.first().filter(|n| verdict.undetermined && n.expected_bits > 0.05) {
        answer.words.push(format!(
            "Of the further measurements weighed, {} would tell most: {:.2} of {:.2} bits.",
            next.name,
            next.expected_bits,
            verdict.entropy()
        ));
    }
}

fn estimates(
    answer: &mut Answer,
    pool: &Pool,
    replicates: &[&Sample],
    own: &[Fitted],
    called: &[Vec<bool>],
    sharing: &Overlap,
    posteriors: &[Posterior],
    verdict: &Verdict,
    draws: &[Drawn],
    options: &Options,
) {
    let mut push = |name: &str, value: f64, ci95: Option<(f64, f64)>, unit: &str, how: &str| {
        let (name, unit, how) = (name.to_string(), unit.to_string(), how.to_string());
        answer.estimates.push(Estimate { name, value, ci95, unit, how });
    };
    let middle = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        let at = |q| quantile(&values, q).unwrap_or(0.0);
        (at(0.5), Some((at(0.025), at(0.975))))
    };
    // The three explanations by selection, each draw with its probability.
    let weights: Vec<f64> = (0..5).map(|k| verdict.probability[k]).collect();
    let most = weights.iter().copied().fold(0.0, f64::max);
    let best = weights.iter().position(|w| *w == most).unwrap_or(0);
    let mut share = Vec::new();
    for k in 0..5 {
        let n = posteriors[k].draws.len();
        let take = if most > 0.0 { (n as f64 * weights[k] / most) as usize } else { 0 };
        let values = match k {
            0 | 1 => vec![1.0; n],
            2 => vec![0.0; n],
            k => posteriors[k].draws.values("share_pre_existing"),
        };
        share.extend(values.into_iter().take(take));
    }
    let selected = verdict.probability[..5].iter().sum::<f64>() > 0.05;
    if selected && !share.is_empty() && replicates.len() > 1 {
        let mean = share.iter().sum::<f64>() / share.len() as f64;
        push(
            "share_pre_existing",
            mean,
            middle(share).1,
            "",
            "mean over explanations by selection, posterior quantiles",
        );
    }
    if selected {
        let how = format!("posterior median under `{}`", verdict.explanations[best].name);
        let posterior = &posteriors[best].draws;
        for (k, name) in posterior.names.iter().enumerate().filter(|(_, n)| *n != "share_pre_existing") {
            let (value, ci95) = middle(posterior.values(name));
            push(name, value, ci95, &posterior.units[k], &how);
        }
        if let (Some(cells), Some(rates)) = (options.cells, &draws[best]) {
            if best != 2 {
                // Cells that are resistant, or mutations a cell of the pool, from which a replicate took a share.
                let of = |r: &Rates| match r.law {
                    Law::Older(copies) => r.before * copies / cells,
                    Law::Grown(theta) => r.before * theta / cells,
                };
                let older = matches!(rates.first().map(|r| r.law), Some(Law::Older(_)));
                let name = if older { "resistant_cells_before_per_cell" } else { "mutations_before_per_cell" };
                let (value, ci95) = middle(rates.iter().map(of).collect());
                push(name, value, ci95, "1/cell", &how);
            }
            if best > 1 {
                let (value, ci95) = middle(rates.iter().map(|r| r.during / cells).collect());
                push("resistance_during_per_cell", value, ci95, "1/cell", &how);
            }
        }
    }
    push("shared_pairs", sharing.shared as f64, None, "", "called winners, pairs of replicates");
    push("shared_pairs_by_chance", sharing.expected, None, "", "winners drawn anew by frequency");
    push("effective_barcodes.baseline", pool.effective(), None, "", "e to the entropy");
    for (s, c) in replicates.iter().zip(called) {
        let counts: Vec<f64> = s.counts.iter().map(|c| *c as f64).collect();
        let winners = c.iter().filter(|x| **x).count() as f64;
        push(&format!("winners.r{}", s.replicate), winners, None, "", "called at the false discovery rate");
        push(&format!("effective_barcodes.r{}", s.replicate), effective(&counts), None, "", "e to the entropy");
    }
    let how = if pool.measured { "moments of replicate baselines" } else { "not measured: the usual value" };
    push("noise", pool.noise, None, "", how);
    if !pool.measured {
        answer.notes.push("one baseline sample: amplification noise was not measured, the usual 0.05 was taken".into());
    }
    answer.notes.push(format!(
        "priors: a replicate receives {} to {} cells of a lineage that was resistant when barcoded, or {} to {} of the pool; up to {:.0} winners a replicate (a tenth of the \
         effective barcodes) are selection of lineages, more are a random sample",
        options.copies.0,
        options.copies.1,
        options.theta.0,
        options.theta.1,
        0.1 * pool.effective()
    ));
    answer.notes.push(
        "sizes of shared winners are not compared; counts are taken as free of sequencing errors that make barcodes"
            .into(),
    );
    if replicates.len() > 1 {
        answer.tests.push(Test {
            name: "sharing_by_chance".into(),
            statistic: sharing.shared as f64,
            law: "winners of each replicate drawn by frequency, 4999 times".into(),
            p: sharing.p,
        });
    }
    let fitted = own.iter().flat_map(|f| [f.values.left, f.values.drift]).collect();
    answer.diagnostics.push(("left_and_drift_by_replicate".into(), Said::Numbers(fitted)));
    let errors = verdict.explanations.iter().map(|e| e.error).collect();
    answer.diagnostics.push(("evidence_errors".into(), Said::Numbers(errors)));
}

fn tables(answer: &mut Answer, data: &Data, pool: &Pool, replicates: &[&Sample], own: &[Fitted], called: &[Vec<bool>]) {
    let mut winning: Vec<usize> = (0..data.barcodes.len()).filter(|&b| called.iter().any(|c| c[b])).collect();
    let won = |b: usize| called.iter().filter(|c| c[b]).count();
    winning.sort_by_key(|b| (std::cmp::Reverse(won(*b)), *b));
    let mut columns = vec!["barcode".to_string(), "baseline_share".into(), "replicates_won".into()];
    columns.extend(
        replicates.iter().flat_map(|s| [format!("count_r{}", s.replicate), format!("chance_r{}", s.replicate)]),
    );
    let rows = winning.iter().map(|&b| {
        let mut row =
            vec![Value::Text(data.barcodes[b].clone()), Value::Real(pool.frequency[b]), Value::Whole(won(b) as i64)];
        for (s, f) in replicates.iter().zip(own) {
            row.extend([Value::Whole(s.counts[b] as i64), Value::Real(f.chance[b])]);
        }
        row
    });
    let caption = "Winning barcodes: counts, and the chance to have won in each replicate".to_string();
    answer.tables.push(Table { name: "winners".into(), caption, rows: rows.collect(), columns });
    let rows = data.samples.iter().map(|s| {
        let counts: Vec<f64> = s.counts.iter().map(|c| *c as f64).collect();
        vec![
            Value::Text(s.arm.clone()),
            Value::Whole(i64::from(s.replicate)),
            Value::Real(s.time),
            Value::Whole(s.depth() as i64),
            Value::Whole(s.counts.iter().filter(|c| **c > 0).count() as i64),
            Value::Real(effective(&counts)),
        ]
    });
    let columns =
        ["arm", "replicate", "time_days", "reads", "barcodes", "effective_barcodes"].map(String::from).to_vec();
    let caption = "Samples: reads, barcodes seen, effective barcodes".to_string();
    answer.tables.push(Table { name: "samples".into(), caption, rows: rows.collect(), columns });
}

/// The share of winners' reads in samples of arms with a holiday.
fn others(answer: &mut Answer, data: &Data, arm: &str, called: &[Vec<bool>]) {
    let share = |s: &Sample| {
        let won = (0..data.barcodes.len()).filter(|&b| called.iter().any(|c| c[b])).map(|b| s.counts[b]).sum::<u64>();
        won as f64 / s.depth() as f64
    };
    let mean = |of: &dyn Fn(&&Sample) -> bool| {
        let all: Vec<f64> = data.samples.iter().filter(|s| of(s)).map(share).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    };
    let holiday = mean(&|s| s.arm != arm && s.arm.to_lowercase().contains("holiday"));
    if let (Some(after), Some(under)) = (holiday, mean(&|s| s.arm == arm)) {
        let fate = match after < 0.5 * under {
            true => "they lose ground without drug: a cost, or a tolerant state that is given up",
            false => "they keep their ground without drug: a stable state",
        };
        answer.words.push(format!(
            "The winners hold {:.1} % of reads after a holiday and {:.1} % under {arm}; {fate}.",
            100.0 * after,
            100.0 * under
        ));
    }
}

fn figure(sharing: &Overlap) -> Figure {
    let at = sharing.by_replicates.iter().enumerate().map(|(k, n)| (k as f64 + 1.0, *n as f64)).collect();
    Figure {
        id: "sharing".into(),
        title: "In how many replicates barcodes won".into(),
        caption: "Winners from before the split stand to the right, winners of one replicate alone on the left.".into(),
        x: Axis::new("replicates in which a barcode won"),
        y: Axis::new("barcodes"),
        layers: vec![Layer::Bars { name: "winning barcodes".into(), at, width: 0.8 }],
    }
}
