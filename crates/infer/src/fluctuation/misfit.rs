//! Whether counts look like those of the explanation that the evidence favours.
//!
//! Evidence compares explanations with each other, and the best of them may still be none that makes such counts: equal
//! numbers of colonies in every culture, plates that differ more than chance and less than jackpots. Sets of cultures are
//! drawn from the posterior of the favoured explanation (posterior predictive checks, Rubin 1984, Annals of Statistics
//! 12:1151), and three numbers of the counts are looked at: cultures without a mutant, the variance of ln(1 + count), the
//! largest count. Each is called odd beyond the [`TAIL`] quantile on either side. That quantile overstates the chance
//! (parameters were fitted to the same counts), so fewer than six sets in a thousand that an explanation made are called odd.

use super::fit::Assay;
use super::next::{LIMIT, table};
use super::verdict::Set;
use crate::words::significant;
use remission_engine::stream::{Purpose, Stream};

/// Share of the drawn sets beyond which a number is odd, on either side.
const TAIL: f64 = 1e-3;
/// Sets drawn.
const SETS: usize = 4000;

/// Says what is odd in the counts where the explanation described by `words` holds with these parameters; nothing where
/// they look as they should, or are fewer than three.
pub(super) fn misfit(assay: &Assay, sets: &[Set], words: &str) -> Option<String> {
    if assay.cultures < 3 || sets.is_empty() {
        return None;
    }
    // Many sizes of cultures need a law each: fewer draws of the posterior then.
    let sets: Vec<Set> = if assay.alike.len() > 4 { sets.iter().copied().step_by(4).collect() } else { sets.to_vec() };
    let limit = assay.conditions.censor_at.unwrap_or(u64::MAX).min(LIMIT as u64) as usize;
    let mut counts = Vec::with_capacity(assay.cultures);
    let mut groups = Vec::new();
    for a in &assay.alike {
        for (n, times) in a.counts.exact.iter().chain(&a.counts.at_least) {
            counts.extend(std::iter::repeat_n((*n).min(limit as u64) as usize, *times as usize));
        }
        let size: f64 = a.counts.exact.iter().chain(&a.counts.at_least).map(|c| c.1).sum();
        let of = |set: &Set| {
            table(&assay.law(a.plating, set.fitness), &Set { m: set.m * a.size, after: set.after * a.plated, ..*set })
        };
        groups.push((size as usize, sets.iter().map(of).collect::<Vec<_>>()));
    }
    let seen = Numbers::of(&counts);
    let mut stream = Stream::new(0, 0, 4, Purpose::Inference);
    let mut drawn: [Vec<f64>; 3] = Default::default();
    for k in 0..SETS {
        counts.clear();
        for (size, tables) in &groups {
            let below = &tables[k % sets.len()].below;
            counts.extend((0..*size).map(|_| {
                let u = stream.uniform();
                below.partition_point(|b| *b < u).min(limit)
            }));
        }
        let numbers = Numbers::of(&counts);
        drawn.iter_mut().zip(numbers.0).for_each(|(all, x)| all.push(x));
    }
    let names = ["cultures without a mutant", "a variance of ln(1 + count) of", "a largest count of"];
    for ((all, x), name) in drawn.iter_mut().zip(seen.0).zip(names) {
        all.sort_by(f64::total_cmp);
        let (low, high) = (all.partition_point(|d| *d <= x), all.len() - all.partition_point(|d| *d < x));
        if (low.min(high) as f64) < TAIL * SETS as f64 {
            let (from, to) = (all[(TAIL * SETS as f64) as usize], all[((1.0 - TAIL) * SETS as f64) as usize]);
            let show = |x: f64| significant(x, 3);
            let found =
                if name.starts_with('c') { format!("{} {name}", show(x)) } else { format!("{name} {}", show(x)) };
            return Some(format!(
                "no explanation weighed here makes such counts, and the evidence is withheld: the nearest ({words}) leads to between \
                 {} and {} in 998 of 1000 sets of cultures, and these have {found}. Look whether cultures were separate, were plated \
                 and counted alike, and belong to one experiment",
                show(from),
                show(to)
            ));
        }
    }
    None
}

/// Empty cultures, variance of ln(1 + count), largest count.
struct Numbers([f64; 3]);

impl Numbers {
    fn of(counts: &[usize]) -> Numbers {
        let n = counts.len() as f64;
        let logs = || counts.iter().map(|c| libm::log1p(*c as f64));
        let mean = logs().sum::<f64>() / n;
        let variance = logs().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        let empty = counts.iter().filter(|c| **c == 0).count() as f64;
        Numbers([empty, variance, counts.iter().copied().max().unwrap_or(0) as f64])
    }
}
