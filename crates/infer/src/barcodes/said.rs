//! The answer of the barcode assay put into words, estimates, tables and a picture.

use super::assay::Options;
use super::emission::{Fitted, Pool, effective};
use super::overlap::Overlap;
use super::read::{Data, Sample};
use super::sharing::{Drawn, FEWEST, Law, Rates, selected};
use super::weigh::{EXPLAINED, FEW, SELECTED, by_chance};
use crate::answer::{Answer, Estimate, Said, Table, Test, Value};
use crate::figure::{Axis, Figure, Layer};
use crate::smc::Posterior;
use crate::special::quantile;
use crate::verdict::{CERTAIN, Origin, Verdict};

fn barcodes(count: usize) -> &'static str {
    if count == 1 { "barcode" } else { "barcodes" }
}

/// First words, the verdict's reason, and what the assay does not tell.
pub(super) fn words(
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
        "{several} of {all} winning {} won in two replicates or more of {r}; chance alone would give {:.1} shared pairs, {} found ({})",
        barcodes(all),
        sharing.expected,
        if sharing.shared == 1 { "1 was".into() } else { format!("{} were", sharing.shared) },
        crate::words::p_value(sharing.p)
    );
    let first = match (verdict.undetermined, origin) {
        (true, _) => format!("Where the resistance under {arm} came from is undetermined."),
        (_, Origin::PreExisting) => {
            format!(
                "The resistance under {arm} was there before the split (probability {}).",
                crate::words::probability(p)
            )
        }
        (_, Origin::DuringTreatment) => {
            format!(
                "The resistance under {arm} arose in each replicate anew, during treatment (probability {}).",
                crate::words::probability(p)
            )
        }
        (_, Origin::Mixture) => {
            format!(
                "Some resistance under {arm} was there before the split and some arose during treatment (probability {}).",
                crate::words::probability(p)
            )
        }
        _ if verdict.probability[FEW] > 0.5 => format!(
            "No lineage is selected under {arm}: few cells survived, by chance, in each replicate anew (probability {}).",
            crate::words::probability(p)
        ),
        _ => format!(
            "No lineages are selected under {arm}: survival is shared by all of them, as of a tolerant state (probability {}).",
            crate::words::probability(p)
        ),
    };
    answer.words.push(first);
    if let Some(torn) = torn {
        verdict.reason = format!("{torn}.");
    } else if r < 2 {
        verdict.reason =
            "With one replicate no winner can be shared: before and during treatment give the same counts.".into();
    } else if verdict.undetermined {
        verdict.reason = match by_chance(verdict) > 1.0 - CERTAIN {
            true => format!("{ALONE} {counted}."),
            false => undetermined(all, sharing, &counted),
        };
    } else if origin == Origin::NonGenetic && verdict.probability[FEW] <= 0.5 {
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
    let beside: &[&str] = match origin {
        _ if verdict.undetermined => &[],
        Origin::DuringTreatment | Origin::Mixture => &[
            "Whether these arose from cycling cells or from persisters this assay does not tell: add a time course, or an arm with a \
             drug holiday, in which persisters become sensitive again.",
            "Resistant cells of before whose lineages have one or two cells in the pool win in one replicate alone, as those that \
             arose in it do: growing the pool further before the split tells them apart.",
        ],
        Origin::PreExisting => &[
            "A winner of one replicate that is carried into the others, by cells, DNA or misread indices (more than 0.3 % of a sample), \
             looks shared as well: a sample without cells among them tells.",
        ],
        _ => &[],
    };
    answer.words.extend(beside.iter().map(|w| w.to_string()));
    if let Some(next) = verdict.next.first().filter(|n| verdict.undetermined && n.expected_bits > 0.05) {
        answer.words.push(format!(
            "Of the further measurements weighed, {} would tell most: {:.2} of {:.2} bits.",
            next.name,
            next.expected_bits,
            verdict.entropy()
        ));
    }
}

/// Why winners may be chance survivors, and what to do.
const ALONE: &str = "The winners stand alone: hardly anything else is read beside them (no more than may stray into a sample), so that cells \
                     which survived by chance look the same as resistant ones that arose in each replicate anew. If the cells had \
                     grown back under the drug when they were harvested, or did when treated again, say so by --regrown.";

/// Why `all` winning barcodes do not tell the origin; `counted` says how they are shared.
fn undetermined(all: usize, sharing: &Overlap, counted: &str) -> String {
    let (shared, by_chance) = (sharing.shared as f64, sharing.expected);
    match all {
        0 => format!("No barcode won, so that none can be shared. {counted}."),
        1..=5 => {
            let are = if all == 1 { "is" } else { "are" };
            format!("There {are} {all} winning {}: too few to tell sharing from none. {counted}.", barcodes(all))
        }
        _ if sharing.shared == 0 => format!(
            "No winner is shared, as where resistance arose in each replicate anew, and also where lineages of before are so small that \
             few replicates receive them: {counted}."
        ),
        _ if by_chance > 0.3 * shared && by_chance >= 1.0 => format!(
            "The pool has few barcodes for so many winners (or a few very frequent ones), so chance alone shares many: {counted}."
        ),
        _ if by_chance > 0.3 * shared => format!("Hardly more is shared than by chance alone: {counted}."),
        _ => format!("Sharing lies between what the explanations say: {counted}."),
    }
}

/// Values with intervals, tests, notes and how the computation went.
pub(super) fn estimates(
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
    // The explanations with winners by selection, each draw with its probability.
    let weights: Vec<f64> = (0..SELECTED).map(|k| verdict.probability[k]).collect();
    let most = weights.iter().copied().fold(0.0, f64::max);
    let best = weights.iter().position(|w| *w == most).unwrap_or(0);
    let mut share = Vec::new();
    for k in 0..SELECTED {
        let n = posteriors[k].draws.len();
        let take = if most > 0.0 { (n as f64 * weights[k] / most) as usize } else { 0 };
        let values = match EXPLAINED[k].origin {
            Origin::PreExisting => vec![1.0; n],
            Origin::DuringTreatment => vec![0.0; n],
            _ => posteriors[k].draws.values("share_pre_existing"),
        };
        share.extend(values.into_iter().take(take));
    }
    let wins = weights.iter().sum::<f64>() > 0.05;
    if wins && !share.is_empty() && replicates.len() > 1 {
        let mean = share.iter().sum::<f64>() / share.len() as f64;
        push(
            "share_pre_existing",
            mean,
            middle(share).1,
            "",
            "mean over explanations by selection, posterior quantiles",
        );
    }
    if wins {
        let how = format!("posterior median under `{}`", verdict.explanations[best].name);
        let posterior = &posteriors[best].draws;
        for (k, name) in posterior.names.iter().enumerate().filter(|(_, n)| *n != "share_pre_existing") {
            let (value, ci95) = middle(posterior.values(name));
            push(name, value, ci95, &posterior.units[k], &how);
        }
        if let (Some(cells), Some(rates)) = (options.cells, &draws[best]) {
            if EXPLAINED[best].origin != Origin::DuringTreatment {
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
            if EXPLAINED[best].origin != Origin::PreExisting {
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
        "priors: a replicate receives {} to {} cells of a lineage that was resistant when barcoded, or {} to {} of the pool; {FEWEST} to {:.0} winners a replicate in the mean (a tenth of the \
         effective barcodes, 4 at least) are selection of lineages, more are a random sample",
        options.copies.0,
        options.copies.1,
        options.theta.0,
        options.theta.1,
        selected(pool.effective())
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

/// Winning barcodes, and samples.
pub(super) fn tables(
    answer: &mut Answer,
    data: &Data,
    pool: &Pool,
    replicates: &[&Sample],
    own: &[Fitted],
    called: &[Vec<bool>],
) {
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
pub(super) fn others(answer: &mut Answer, data: &Data, arm: &str, called: &[Vec<bool>]) {
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

/// Winners by the number of replicates they won in.
pub(super) fn figure(sharing: &Overlap) -> Figure {
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

#[cfg(test)]
mod tests {
    use super::{Overlap, undetermined};

    /// "Chance alone shares many" had been said of 0 shared winners of 23.
    #[test]
    fn the_reason_follows_the_numbers() {
        let reason = |shared: usize, expected: f64| {
            undetermined(23, &Overlap { shared, expected, p: 0.5, by_replicates: vec![23 - shared, shared] }, "counted")
        };
        for (shared, expected, said) in [
            (0, 0.2, "No winner is shared"),
            (0, 5.0, "No winner is shared"),
            (1, 0.4, "Hardly more is shared than by chance"),
            (8, 6.0, "chance alone shares many"),
            (8, 0.5, "Sharing lies between"),
        ] {
            let found = reason(shared, expected);
            assert!(found.contains(said) && found.ends_with("counted."), "{shared} {expected}: {found}");
        }
    }
}
