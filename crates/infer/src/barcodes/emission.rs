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
//! frequency. A barcode wins with chance 1 - e^(-winners f). These values are fitted sample by sample
//! ([`super::winners`]).

use crate::special::{log_negative_binomial, log_normal_density, normal_below};

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
    /// Barcodes that are read.
    pub read: f64,
    /// Those of them that did not win.
    pub others: f64,
}

impl Fitted {
    /// ln of what a value for each of the emission's costs beside their largest likelihood, with winners and without. `drift` is known from
    /// the barcodes that are read and did not win, and with winners so is the share of their reads; both cost half of the logarithm of the
    /// number of these (Schwarz 1978, Ann. Stat. 6:461). The mean and spread of the winners' counts are known from
    /// the winners alone: with a mean of ln(count) uniform over ten and a spread over two units of its logarithm, Laplace's
    /// approximation of the integral over them costs ln(n) + 1.5 for n winners of spread 1. Nothing where none stood out: there
    /// no such value was fitted.
    pub fn price(&self) -> (f64, f64) {
        let half = |known: f64| 0.5 * libm::log(known.max(1.0));
        if self.values.winners == 0.0 {
            return (half(self.read), half(self.read));
        }
        let winners = self.chance.iter().sum::<f64>().max(1.0);
        (2.0 * half(self.others) + libm::log(winners) + 1.5, half(self.read))
    }
}

/// ln of the chance of `x` for a rounded log-normal variable.
pub(super) fn log_winner(x: u64, mean: f64, spread: f64) -> f64 {
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
/// Survivors beyond which none are summed, however noisy the pool: of [`FEW_CELLS`] expected no barcode has so many.
const MOST_CELLS: f64 = 1000.0;
/// Share of barcodes whose counts follow the smooth law all the same: reads that strayed, survivors that divided.
const STRAY: f64 = 0.1;

/// Counts of one sample.
pub(super) struct Sample<'a> {
    pub(super) pool: &'a Pool,
    pub(super) counts: &'a [u64],
    pub(super) depth: f64,
}

impl Sample<'_> {
    /// ln p(count | not a winner).
    pub(super) fn lost(&self, b: usize, left: f64, drift: f64) -> f64 {
        let x = self.counts[b];
        let mean = self.depth * left * self.pool.frequency[b];
        let extra = drift + (self.pool.noise + 1.0 / self.pool.shape[b]) * mean;
        let smooth = log_negative_binomial(x as f64, mean, mean / extra.max(1e-9));
        let (cells, most) = (mean / drift, x as f64 / drift);
        if drift < FEW_READS || cells > FEW_CELLS || most > 10.0 * FEW_CELLS {
            return smooth;
        }
        // Few survivors, each of many reads: the sum over their number near the one that the count stands for.
        let noise = 1.0 / self.pool.noise;
        let wide = 4.0 * libm::sqrt(most / drift + self.pool.noise * most * most) + 1.0;
        let (from, until) = (libm::floor(most - wide).max(1.0) as u64, libm::ceil(most + wide).min(MOST_CELLS) as u64);
        let one = |n: u64| {
            libm::exp(
                log_negative_binomial(n as f64, cells, self.pool.shape[b])
                    + log_negative_binomial(x as f64, n as f64 * drift, noise),
            )
        };
        let none = if x == 0 { libm::exp(log_negative_binomial(0.0, cells, self.pool.shape[b])) } else { 0.0 };
        let sum = none + (from..=until).map(one).sum::<f64>();
        libm::log((1.0 - STRAY) * sum + STRAY * libm::exp(smooth)).max(-690.0)
    }

    /// The drift that makes the weighted likelihood of those that lost largest.
    pub(super) fn drift(&self, left: f64, weight: &[f64], from: (f64, f64)) -> f64 {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_of_counts_sum_to_one() {
        for (mean, size) in [(0.3, 0.02), (5.0, 2.0), (40.0, 1e6)] {
            let sum: f64 = (0..20_000).map(|x| libm::exp(log_negative_binomial(f64::from(x), mean, size))).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{mean} {size}: {sum}");
        }
        for (mean, spread) in [(1.0, 0.5), (3.0, 1.0), (6.0, 0.3)] {
            let sum: f64 = (0..40_000).map(|x| libm::exp(log_winner(x, mean, spread))).sum();
            // From 30 on the density stands for the chance of a whole number.
            assert!((sum - 1.0).abs() < 2e-4, "{mean} {spread}: {sum}");
        }
    }
}
