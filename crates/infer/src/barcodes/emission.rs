//! Counts: frequencies before the split, noise of amplification and sequencing, and who won in each sample.
//!
//! A barcode read n times among N baseline reads has frequency f = (n + 1/2) / (N + B/2), uncertain as a gamma variable of
//! shape n + 1/2. In a treated sample of depth D a barcode that did not win has a negative binomial count with
//!
//! ```text
//! mean      mu = D left f
//! variance  mu (1 + drift) + (noise + 1 / (n + 1/2)) mu^2
//! ```
//!
//! `left` the share of reads of cells that did not win, `drift` the reads a surviving cell stands for (Poisson survivors; where
//! they are few and of many reads each, the sum over their number stands in place of this law),
//! `noise` from replicate baselines. A winner's count is a log-normal variable rounded to whole reads, whatever its
//! frequency. A barcode wins with chance 1 - e^(-winners f). These values are fitted sample by sample by expectation and
//! maximisation; winners are called so that the mean chance of a wrong call stays below the false discovery rate (Efron
//! 2001, J. Am. Stat. Assoc. 96:1151).

use crate::special::{log_normal_density, log_sum, normal_below};

/// The pool before the split.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Frequency of each barcode; they sum to 1.
    pub frequency: Vec<f64>,
    /// Reads of each barcode and a half.
    pub shape: Vec<f64>,
    /// Overdispersion of a count by amplification and sequencing: variance mu + noise mu^2.
    pub noise: f64,
    /// Whether the noise comes from replicates, or is the usual value.
    pub measured: bool,
}

/// The noise where it was not measured: a coefficient of variation of 22 %.
pub const USUAL_NOISE: f64 = 0.05;

impl Pool {
    /// From one or more baseline samples of the same barcodes.
    pub fn of(baselines: &[&[u64]]) -> Pool {
        let barcodes = baselines[0].len();
        let sum: Vec<f64> = (0..barcodes).map(|b| baselines.iter().map(|c| c[b] as f64).sum()).collect();
        let depth: f64 = sum.iter().sum::<f64>() + 0.5 * barcodes as f64;
        let shape: Vec<f64> = sum.iter().map(|n| n + 0.5).collect();
        let frequency = shape.iter().map(|n| n / depth).collect();
        let measured = noise(baselines);
        Pool { frequency, shape, noise: measured.unwrap_or(USUAL_NOISE), measured: measured.is_some() }
    }

    /// Barcodes that would count as many if all were equally frequent: e to the entropy.
    pub fn effective(&self) -> f64 {
        effective(&self.frequency)
    }
}

/// e to the entropy of shares, or of counts.
///
/// ```
/// use remission_infer::barcodes::emission::effective;
/// assert!((effective(&[5.0, 5.0, 5.0, 0.0]) - 3.0).abs() < 1e-12);
/// ```
pub fn effective(counts: &[f64]) -> f64 {
    let sum: f64 = counts.iter().sum();
    let shares = counts.iter().filter(|c| **c > 0.0).map(|c| c / sum);
    libm::exp(shares.map(|p| -p * libm::log(p)).sum())
}

/// Overdispersion between replicate samples of one pool; none with one sample, or no barcode of 20 reads.
///
/// Moments: for two samples E[(x/D - x'/D')^2] = f (1/D + 1/D') + 2 noise f^2, over barcodes with weights by the variance
/// of the left side.
fn noise(samples: &[&[u64]]) -> Option<f64> {
    let depth: Vec<f64> = samples.iter().map(|c| c.iter().sum::<u64>() as f64).collect();
    let mut found: f64 = 0.01;
    for _ in 0..20 {
        let (mut above, mut below) = (0.0, 0.0);
        for i in 0..samples.len() {
            for j in i + 1..samples.len() {
                let share = 1.0 / depth[i] + 1.0 / depth[j];
                for (x, y) in samples[i].iter().zip(samples[j]).filter(|(x, y)| **x + **y >= 20) {
                    let f = (*x + *y) as f64 / (depth[i] + depth[j]);
                    let d = *x as f64 / depth[i] - *y as f64 / depth[j];
                    let variance = f * share + 2.0 * found * f * f;
                    let weight = f * f / (variance * variance);
                    above += weight * (d * d - f * share);
                    below += weight * 2.0 * f * f;
                }
            }
        }
        if below == 0.0 {
            return None;
        }
        found = (above / below).max(1e-4);
    }
    Some(found)
}

/// What is fitted to a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// Share of reads of barcodes that did not win.
    pub left: f64,
    /// Reads a surviving cell stands for, less one.
    pub drift: f64,
    /// Mean of ln(count) of winners.
    pub log_winner: f64,
    /// Its standard deviation.
    pub spread: f64,
    /// Expected number of winners, as the rate in 1 - e^(-winners f).
    pub winners: f64,
}

/// A fitted sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Values with winners.
    pub values: Values,
    /// ln p(count | not a winner), by barcode.
    pub lost: Vec<f64>,
    /// ln p(count | winner), by barcode.
    pub won: Vec<f64>,
    /// Chance to have won given the count.
    pub chance: Vec<f64>,
    /// Called winners at the false discovery rate asked for.
    pub called: Vec<bool>,
    /// ln p(count | all barcodes survive alike, `left` 1), by barcode.
    pub alike: Vec<f64>,
    /// ln p(counts) with winners.
    pub log_likelihood: f64,
}

impl Fitted {
    /// ln of what a value for each of the emission's costs beside their largest likelihood, where `barcodes` count: `drift` in any
    /// case, and with winners the share of the others' reads and the mean and spread of the winners' counts. The first two are known
    /// from all barcodes and cost half of the logarithm of their number each (Schwarz 1978, Ann. Stat. 6:461). The last two are known from
    /// the winners alone: with a mean of ln(count) uniform over ten and a spread over two units of its logarithm, Laplace's
    /// approximation of the integral over them costs ln(n) + 1.5 for n winners of spread 1. Nothing where none stood out: there
    /// no such value was fitted.
    pub fn price(&self, barcodes: f64) -> (f64, f64) {
        let alike = 0.5 * libm::log(barcodes.max(2.0));
        if self.values.winners == 0.0 {
            return (alike, alike);
        }
        let winners = self.chance.iter().sum::<f64>().max(1.0);
        (2.0 * alike + libm::log(winners) + 1.5, alike)
    }
}

/// ln of the negative binomial probability of `x` with mean and size.
fn log_negative_binomial(x: u64, mean: f64, size: f64) -> f64 {
    let n = x as f64;
    let none = -size * libm::log1p(mean / size);
    if x == 0 {
        return none;
    }
    let combinations = libm::lgamma(n + size) - libm::lgamma(size) - libm::lgamma(n + 1.0);
    combinations + none - n * libm::log1p(size / mean)
}

/// ln of the chance of `x` for a rounded log-normal variable.
fn log_winner(x: u64, mean: f64, spread: f64) -> f64 {
    let n = x as f64;
    let z = |at: f64| (libm::log(at) - mean) / spread;
    if x == 0 {
        return libm::log(normal_below(z(0.5)).max(1e-300));
    }
    if x > 30 {
        return log_normal_density(libm::log(n), mean, spread) - libm::log(n);
    }
    let (low, high) = (z(n - 0.5), z(n + 0.5));
    let between =
        if low > 0.0 { normal_below(-low) - normal_below(-high) } else { normal_below(high) - normal_below(low) };
    libm::log(between.max(1e-300))
}

/// Reads of a survivor from which survivors are counted one by one where they are few.
const FEW_READS: f64 = 3.0;
/// Expected survivors of a barcode up to which they are.
const FEW_CELLS: f64 = 12.0;
/// Share of barcodes whose counts follow the smooth law all the same: reads that strayed, survivors that divided.
const STRAY: f64 = 0.1;

struct Sample<'a> {
    pool: &'a Pool,
    counts: &'a [u64],
    depth: f64,
}

impl Sample<'_> {
    fn lost(&self, b: usize, left: f64, drift: f64) -> f64 {
        let x = self.counts[b];
        let mean = self.depth * left * self.pool.frequency[b];
        let extra = drift + (self.pool.noise + 1.0 / self.pool.shape[b]) * mean;
        let smooth = log_negative_binomial(x, mean, mean / extra.max(1e-9));
        let (cells, most) = (mean / drift, x as f64 / drift);
        if drift < FEW_READS || cells > FEW_CELLS || most > 10.0 * FEW_CELLS {
            return smooth;
        }
        // Few survivors, each of many reads: the sum over their number near the one that the count stands for.
        let noise = 1.0 / self.pool.noise;
        let wide = 4.0 * libm::sqrt(most / drift + self.pool.noise * most * most) + 1.0;
        let (from, until) = (libm::floor(most - wide).max(1.0) as u64, libm::ceil(most + wide) as u64);
        let one = |n: u64| {
            libm::exp(
                log_negative_binomial(n, cells, self.pool.shape[b]) + log_negative_binomial(x, n as f64 * drift, noise),
            )
        };
        let none = if x == 0 { libm::exp(log_negative_binomial(0, cells, self.pool.shape[b])) } else { 0.0 };
        let sum = none + (from..=until).map(one).sum::<f64>();
        libm::log((1.0 - STRAY) * sum + STRAY * libm::exp(smooth)).max(-690.0)
    }

    /// The drift that makes the weighted likelihood of those that lost largest.
    fn drift(&self, left: f64, weight: &[f64], from: (f64, f64)) -> f64 {
        let value = |log: f64| -> f64 {
            let drift = libm::exp(log);
            let one = |b: usize| if weight[b] > 1e-3 { weight[b] * self.lost(b, left, drift) } else { 0.0 };
            (0..self.counts.len()).map(one).sum()
        };
        let golden = 0.618_033_988_749_894_9;
        // Where survivors are counted one by one the likelihood has several peaks: the best of some places first.
        let places = libm::ceil((from.1 - from.0) / 0.35) as usize;
        let at = |k: usize| from.0 + (from.1 - from.0) * k as f64 / places as f64;
        let best = (0..=places)
            .map(|k| (k, value(at(k))))
            .fold((0, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a })
            .0;
        let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(places)));
        let (mut a, mut b) = (high - golden * (high - low), low + golden * (high - low));
        let (mut at_a, mut at_b) = (value(a), value(b));
        for _ in 0..40 {
            if high - low < 0.02 {
                break;
            }
            if at_a > at_b {
                (high, b, at_b) = (b, a, at_a);
                a = high - golden * (high - low);
                at_a = value(a);
            } else {
                (low, a, at_a) = (a, b, at_b);
                b = low + golden * (high - low);
                at_b = value(b);
            }
        }
        libm::exp(0.5 * (low + high))
    }
}

const DRIFT: (f64, f64) = (-7.0, 10.0);

/// Fits one sample of the pool's barcodes; `fdr`: the false discovery rate of calls, between 0 and 1; `like`: values of a
/// sample that is thought to be alike, with its depth, to begin from.
pub fn fit(pool: &Pool, counts: &[u64], fdr: f64, like: Option<(&Values, f64)>) -> Fitted {
    let depth = counts.iter().sum::<u64>() as f64;
    let sample = Sample { pool, counts, depth };
    let barcodes = counts.len();
    let all = vec![1.0; barcodes];
    let drift_alike = sample.drift(1.0, &all, DRIFT);
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
        let values = settled(&sample, weight, drift_alike);
        let found = if values.winners > 0.0 { mixed(&sample, &values) } else { f64::NEG_INFINITY };
        if found > best.1 {
            best = (values, found);
        }
    }
    let values = best.0;
    let lost: Vec<f64> = (0..barcodes).map(|b| sample.lost(b, values.left, values.drift)).collect();
    let won: Vec<f64> = counts.iter().map(|x| log_winner(*x, values.log_winner, values.spread)).collect();
    let chance: Vec<f64> = (0..barcodes).map(|b| posterior(&sample, b, &values)).collect();
    let log_likelihood = mixed(&sample, &values);
    Fitted { values, called: called(&chance, fdr), lost, won, chance, alike, log_likelihood }
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

/// Expectation and maximisation from first weights.
fn settled(sample: &Sample, mut weight: Vec<f64>, drift_alike: f64) -> Values {
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
        values.left = (reads / depth / share.max(1e-9)).clamp(1e-9, 1.0);
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
    fn laws_of_counts_sum_to_one() {
        for (mean, size) in [(0.3, 0.02), (5.0, 2.0), (40.0, 1e6)] {
            let sum: f64 = (0..20_000).map(|x| libm::exp(log_negative_binomial(x, mean, size))).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{mean} {size}: {sum}");
        }
        for (mean, spread) in [(1.0, 0.5), (3.0, 1.0), (6.0, 0.3)] {
            let sum: f64 = (0..40_000).map(|x| libm::exp(log_winner(x, mean, spread))).sum();
            // From 30 on the density stands for the chance of a whole number.
            assert!((sum - 1.0).abs() < 2e-4, "{mean} {spread}: {sum}");
        }
    }

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
