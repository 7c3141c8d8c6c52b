//! Why there is no answer for a treated arm, or none that is evidence, in words.

use super::read::{Data, Sample};
use crate::verdict::Origin;

/// Why no arm is treated: none of `arms` is, or the one that was `asked` for is not among those that are.
pub(super) fn not_treated(asked: Option<&str>, arms: &[&str], treated: &[&str]) -> String {
    match asked.filter(|_| !treated.is_empty()) {
        Some(arm) => format!(
            "`{arm}` is the baseline or untreated, and --arm names a treated arm; allowed: `{}`",
            treated.join("`, `")
        ),
        None => format!(
            "no treated arm among `{}`: each is the baseline or untreated; --baseline and --untreated say which are, and the others \
             are treated",
            arms.join("`, `")
        ),
    }
}

/// Why samples of `day` have no baseline of a later day, and which arms could be one.
pub(super) fn later(data: &Data, arm: &str, day: f64, baseline: f64) -> String {
    let mut first: Vec<String> = Vec::new();
    for s in data.samples.iter().filter(|s| s.time <= day && s.arm != arm) {
        let name = format!("`{}` (day {})", s.arm, s.time);
        if !first.contains(&name) {
            first.push(name);
        }
    }
    first.push(format!("`{arm}` itself, with another arm treated"));
    let could = first.join(", or ");
    format!(
        "the baseline is of day {baseline} and the last samples of the treated arm `{arm}` are of day {day}, which is before it; the \
         baseline is sequenced before the split: --baseline could name {could}"
    )
}

fn winners(called: &[bool]) -> usize {
    called.iter().filter(|c| **c).count()
}

/// Winners of the replicate in the middle.
fn middle(called: &[Vec<bool>]) -> Option<usize> {
    let mut numbers: Vec<usize> = called.iter().map(|c| winners(c)).collect();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied()
}

/// Why winners of a treated arm are no evidence of `origin`, the most probable one, if they are none; `untreated`: whether an arm was left so.
pub(super) fn withheld(
    replicates: &[&Sample],
    called: &[Vec<bool>],
    origin: Option<Origin>,
    selected: f64,
    untreated: bool,
) -> Option<String> {
    torn(replicates, called).or_else(|| match origin {
        Some(Origin::NonGenetic) => {
            standing(replicates, called, selected).or_else(|| many(replicates, called, selected))
        }
        _ => crowded(called, selected, untreated).or_else(|| slight(replicates, called)),
    })
}

/// Says so where replicates of one treatment have numbers of winners that one law of counts does not give.
fn torn(replicates: &[&Sample], called: &[Vec<bool>]) -> Option<String> {
    let number = |k: &usize| winners(&called[*k]);
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

/// Says so where far more barcodes win than selection of some lineages can be meant by.
fn crowded(called: &[Vec<bool>], selected: f64, untreated: bool) -> Option<String> {
    let middle = middle(called)?;
    (middle as f64 > 2.0 * selected).then(|| {
        let untreated = if untreated { "" } else { "; an untreated arm would tell" };
        format!(
            "{middle} barcodes win in a replicate, where more than {selected:.0} are no selection of some lineages: so many win when \
             lineages grow at different rates, resistant or not, and the evidence is withheld{untreated}"
        )
    })
}

/// Whether most barcodes that did not win are still read in every replicate.
fn still_read(replicates: &[&Sample], called: &[Vec<bool>]) -> bool {
    replicates.iter().zip(called).all(|(s, c)| {
        let read = s.counts.iter().zip(c).filter(|(n, won)| !**won && **n > 0).count();
        2 * read > c.len() - winners(c)
    })
}

/// Share of the reads that winners must hold where most other barcodes are still read.
const HELD: f64 = 0.2;

/// Says so where barcodes stand out a little above all others: clones of survivors that all share differ so much by chance.
fn slight(replicates: &[&Sample], called: &[Vec<bool>]) -> Option<String> {
    let mut held: Vec<f64> = replicates
        .iter()
        .zip(called)
        .map(|(s, c)| {
            s.counts.iter().zip(c).filter(|(_, won)| **won).map(|(n, _)| *n).sum::<u64>() as f64 / s.depth() as f64
        })
        .collect();
    held.sort_by(f64::total_cmp);
    let middle = *held.get(held.len() / 2)?;
    (middle > 0.0 && middle < HELD && still_read(replicates, called)).then(|| {
        format!(
            "winners hold {:.0} % of the reads of a replicate, and most other barcodes are still read: clones of cells that are all alike \
             differ as much by chance, and the evidence is withheld; harvest later, when winners hold {:.0} % or more",
            libm::ceil(100.0 * middle),
            100.0 * HELD
        )
    })
}

/// Says so where many barcodes win and few others are read: a large random sample and many resistant cells look the same.
fn many(replicates: &[&Sample], called: &[Vec<bool>], selected: f64) -> Option<String> {
    let middle = middle(called)?;
    (middle as f64 > 0.5 * selected && !still_read(replicates, called)).then(|| {
        format!(
            "{middle} barcodes win in a replicate, in each replicate anew, and few others are still read: a random sample of cells and many \
             cells that became resistant look the same, and the evidence is withheld: a pool of ten times the barcodes would tell"
        )
    })
}

/// Why winners are no survival that all share although more of them win than are weighed as selection: nearly all others are still read.
fn standing(replicates: &[&Sample], called: &[Vec<bool>], selected: f64) -> Option<String> {
    let middle = middle(called)?;
    (middle as f64 > selected && still_read(replicates, called)).then(|| {
        format!(
            "{middle} barcodes stand out in a replicate above a background in which most others are still read, which is not survival \
             that all share; but more than {selected:.0} in a pool of so few barcodes are not weighed as selection of some lineages, and the \
             evidence is withheld: a pool of more barcodes would tell"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::crowded;

    /// 3,000 lineages that merely grow at different rates had been called resistant before the split, with certainty.
    #[test]
    fn evidence_is_withheld_where_far_more_win_than_are_selected() {
        let replicates = |winners: usize| vec![(0..1000).map(|b| b < winners).collect::<Vec<bool>>(); 3];
        assert!(crowded(&replicates(201), 100.0, false).is_some_and(|why| why.contains("untreated arm would tell")));
        assert!(crowded(&replicates(201), 100.0, true).is_some_and(|why| !why.contains("untreated")));
        assert_eq!(crowded(&replicates(200), 100.0, false), None);
    }
}
