//! Who won in a sample: its values by expectation and maximisation, and calls.
//!
//! Values of [`super::emission`] are fitted from two beginnings, and without winners where winners are not worth their values; winners are
//! called so that the mean chance of a wrong call stays below the false discovery rate (Efron 2001, J. Am. Stat. Assoc. 96:1151).

use super::emission::{Fitted, Pool, Sample, Values, log_winner};
use crate::special::log_sum;

const DRIFT: (f64, f64) = (-7.0, 10.0);

/// Fewest cells that a sample of likes has left, for each effective barcode. Fewer are few survivors, alike in number to winners.
const LIKES: f64 = 0.25;

/// Fits one sample of the pool's barcodes; `fdr`: the false discovery rate of calls, between 0 and 1; `like`: values of a
/// sample that is thought to be alike, with its depth, to begin from.
pub fn fit(pool: &Pool, counts: &[u64], fdr: f64, like: Option<(&Values, f64)>) -> Fitted {
    let depth = counts.iter().sum::<u64>() as f64;
    let sample = Sample { pool, counts, depth };
    let barcodes = counts.len();
    let all = vec![1.0; barcodes];
    let few = libm::log(depth / (LIKES * pool.effective()));
    let drift_alike = sample.drift(1.0, &all, (DRIFT.0, few.clamp(DRIFT.0 + 1.0, DRIFT.1)));
    let alike: Vec<f64> = (0..barcodes).map(|b| sample.lost(b, 1.0, drift_alike)).collect();
    let alike_sum: f64 = alike.iter().sum();
    let mut starts = vec![far(&sample), above(&sample)];
    if let Some((values, other)) = like {
        let begin = Values { log_winner: values.log_winner + libm::log(depth / other), ..*values };
        starts = vec![(0..barcodes).map(|b| posterior(&sample, b, &begin)).collect()];
    }
    // Winners must be worth what they cost: three values more.
    let mut best = (none(drift_alike, depth), alike_sum + 1.5 * libm::log(barcodes.max(2) as f64));
    for weight in starts {
        let values = settled(&sample, weight, drift_alike, 1.0);
        let found = if values.winners > 0.0 { mixed(&sample, &values) } else { f64::NEG_INFINITY };
        if found > best.1 {
            best = (values, found);
        }
    }
    let found = described(&sample, best.0);
    Fitted { called: called(&found.chance, fdr), alike, ..found }
}

/// What these values say of each barcode; nobody is called.
fn described(sample: &Sample, values: Values) -> Fitted {
    let barcodes = sample.counts.len();
    let chance: Vec<f64> = (0..barcodes).map(|b| posterior(sample, b, &values)).collect();
    let read = || sample.counts.iter().zip(&chance).filter(|(x, _)| **x > 0);
    Fitted {
        values,
        read: read().count() as f64,
        others: read().map(|(_, p)| 1.0 - p).sum(),
        lost: (0..barcodes).map(|b| sample.lost(b, values.left, values.drift)).collect(),
        won: sample.counts.iter().map(|x| log_winner(*x, values.log_winner, values.spread)).collect(),
        chance,
        called: Vec::new(),
        alike: Vec::new(),
        log_likelihood: mixed(sample, &values),
    }
}

/// The fit in which winners stand alone: the others leave `most` of the reads or less, as what strays into a sample. The same fit where
/// they do already.
pub fn alone(pool: &Pool, counts: &[u64], fitted: &Fitted, most: f64, fdr: f64) -> Fitted {
    if fitted.values.winners > 0.0 && fitted.values.left <= most {
        return fitted.clone();
    }
    let depth = counts.iter().sum::<u64>() as f64;
    let sample = Sample { pool, counts, depth };
    let above = |least: f64| counts.iter().map(|x| f64::from(u8::from(*x as f64 > least))).collect();
    let starts: [Vec<f64>; 3] = [above(0.0), above(most * depth / counts.len() as f64), fitted.chance.clone()];
    let fits = starts.map(|weight| {
        let values = settled(&sample, weight, 1.0, most);
        (values, if values.winners > 0.0 { mixed(&sample, &values) } else { f64::NEG_INFINITY })
    });
    let best = fits.iter().fold(fits[0], |a, b| if b.1 > a.1 { *b } else { a });
    let found = described(&sample, best.0);
    Fitted { called: called(&found.chance, fdr), alike: fitted.alike.clone(), log_likelihood: best.1, ..found }
}

/// Values without winners.
fn none(drift: f64, depth: f64) -> Values {
    Values { left: 1.0, drift, log_winner: libm::log(depth.max(2.0) * 0.01), spread: 1.0, winners: 0.0 }
}

/// Those far above what the others leave them; the others' share is found by turns.
fn far(sample: &Sample) -> Vec<f64> {
    let (counts, depth, frequency) = (sample.counts, sample.depth, &sample.pool.frequency);
    let barcodes = counts.len();
    let mut left: f64 = 1.0;
    let mut weight = vec![0.0; barcodes];
    for _ in 0..20 {
        for b in 0..barcodes {
            let mean = depth * left * frequency[b];
            weight[b] = f64::from(u8::from(counts[b] as f64 > 8.0 * mean + 20.0 + 0.0005 * depth));
        }
        let (reads, share) = sums(&weight, counts, frequency);
        left = (reads / depth / share.max(1e-9)).clamp(1e-9, 1.0);
    }
    weight
}

/// Those ten times above the median of all that were read: where few cells survive, a survivor is far above what its barcode
/// expects, but not above other survivors.
fn above(sample: &Sample) -> Vec<f64> {
    let mut read: Vec<u64> = sample.counts.iter().copied().filter(|x| *x > 0).collect();
    read.sort_unstable();
    let median = read.get(read.len() / 2).copied().unwrap_or(0);
    sample.counts.iter().map(|x| f64::from(u8::from(*x > 10 * median))).collect()
}

/// Expectation and maximisation from first weights; those that lost leave `most` of the reads or less.
fn settled(sample: &Sample, mut weight: Vec<f64>, drift_alike: f64, most: f64) -> Values {
    let (pool, counts, depth) = (sample.pool, sample.counts, sample.depth);
    let barcodes = counts.len();
    let mut values = Values { drift: 1.0, ..none(1.0, depth) };
    let mut range = DRIFT;
    for _ in 0..25 {
        let winners: f64 = weight.iter().sum();
        if winners < 0.5 {
            values = Values { left: 1.0, drift: drift_alike, winners: 0.0, ..values };
            break;
        }
        let (reads, share) = sums(&weight, counts, &pool.frequency);
        let before = values;
        values.left = (reads / depth / share.max(1e-9)).clamp(1e-9, most);
        let lost: Vec<f64> = weight.iter().map(|w| 1.0 - w).collect();
        values.drift = sample.drift(values.left, &lost, range);
        let at = libm::log(values.drift);
        range = ((at - 1.0).max(DRIFT.0), (at + 1.0).min(DRIFT.1));
        let log = |b: usize| libm::log(counts[b].max(1) as f64);
        values.log_winner = (0..barcodes).map(|b| weight[b] * log(b)).sum::<f64>() / winners;
        let square = |b: usize| weight[b] * (log(b) - values.log_winner) * (log(b) - values.log_winner);
        // Half a winner of the usual spread keeps one or two of them from having none.
        values.spread = libm::sqrt(((0..barcodes).map(square).sum::<f64>() + 0.5) / (winners + 0.5)).max(0.3);
        values.winners = rate(&pool.frequency, winners);
        for b in 0..barcodes {
            weight[b] = posterior(sample, b, &values);
        }
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-3 * b.abs().max(1e-3);
        if near(before.left, values.left) && near(before.winners, values.winners) && near(before.spread, values.spread)
        {
            break;
        }
    }
    values
}

/// ln p(counts) with winners at their rate.
fn mixed(sample: &Sample, values: &Values) -> f64 {
    let one = |b: usize| {
        let p = -libm::expm1(-values.winners * sample.pool.frequency[b]);
        let lost = sample.lost(b, values.left, values.drift);
        let won = log_winner(sample.counts[b], values.log_winner, values.spread);
        log_sum(&[libm::log1p(-p) + lost, libm::log(p.max(1e-300)) + won])
    };
    (0..sample.counts.len()).map(one).sum()
}

/// Reads and frequency of those that lost.
fn sums(weight: &[f64], counts: &[u64], frequency: &[f64]) -> (f64, f64) {
    let mut out = (0.0, 0.0);
    for b in 0..counts.len() {
        out.0 += (1.0 - weight[b]) * counts[b] as f64;
        out.1 += (1.0 - weight[b]) * frequency[b];
    }
    out
}

/// The rate at which so many barcodes win in the mean.
fn rate(frequency: &[f64], winners: f64) -> f64 {
    let mut rate = winners;
    let winners = winners.min(0.98 * frequency.len() as f64);
    for _ in 0..30 {
        let expected: f64 = frequency.iter().map(|f| -libm::expm1(-rate * f)).sum();
        let slope: f64 = frequency.iter().map(|f| f * libm::exp(-rate * f)).sum();
        let next = (rate + (winners - expected) / slope.max(1e-12)).clamp(0.5 * rate, 4.0 * rate);
        let still = (next - rate).abs() < 1e-6 * rate;
        rate = next;
        if still {
            break;
        }
    }
    rate
}

fn posterior(sample: &Sample, b: usize, values: &Values) -> f64 {
    let f = sample.pool.frequency[b];
    let p = -libm::expm1(-values.winners * f);
    // A count below what those that lost leave in the mean is no winner's.
    if sample.counts[b] as f64 <= sample.depth * values.left * f || p <= 0.0 {
        return 0.0;
    }
    let won = log_winner(sample.counts[b], values.log_winner, values.spread);
    let odds = libm::log(p) - libm::log1p(-p) + won - sample.lost(b, values.left, values.drift);
    1.0 / (1.0 + libm::exp(-odds))
}

/// Calls in order of their chance while the mean chance of a wrong one is at most `fdr`.
fn called(chance: &[f64], fdr: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chance.len()).filter(|&b| chance[b] > 0.0).collect();
    order.sort_by(|a, b| chance[*b].total_cmp(&chance[*a]));
    let mut out = vec![false; chance.len()];
    let mut wrong = 0.0;
    for (k, b) in order.into_iter().enumerate() {
        wrong += 1.0 - chance[b];
        if wrong > fdr * (k + 1) as f64 {
            break;
        }
        out[b] = true;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_of_replicates_is_found_and_no_winner_is_called_among_likes() {
        use super::super::sharing::Law;
        use super::super::simulate::{Design, Truth, simulate};
        use remission_engine::stream::{Purpose, Stream};
        let design =
            Design { barcodes: 3000, spread: 1.0, cells: 1e6, replicates: 2, baselines: 2, depth: 3e5, noise: 0.08 };
        let truth =
            Truth { before: 0.0, law: Law::Older(1.0), during: 0.0, survive: 0.2, grown: 1.0, grown_spread: 1.0 };
        let data = simulate(&truth, &design, &mut Stream::new(3, 0, 0, Purpose::Inference));
        let pool = Pool::of(&[&data.samples[0].counts, &data.samples[1].counts]);
        // Of 3000 barcodes the noise is known to about 4 %; five of that are allowed.
        assert!(pool.measured && (pool.noise / 0.08 - 1.0).abs() < 0.2, "{}", pool.noise);
        for sample in &data.samples[2..] {
            let found = fit(&pool, &sample.counts, 0.05, None);
            assert_eq!(found.called.iter().filter(|c| **c).count(), 0);
        }
    }
}
