//! Whether chains agree: rank-normalised split R-hat, bulk and tail effective sample size.
//!
//! Vehtari, Gelman, Simpson, Carpenter and Buerkner 2021 (Bayesian Analysis 16:667): values are replaced by normal
//! scores of their ranks, chains are cut in two, R-hat is the larger of those of the values and of their distances
//! from the median; effective sizes sum autocorrelations by Geyer's initial monotone sequence. Good: R-hat below
//! [`R_HAT`], effective sizes above [`EFFECTIVE`].

use crate::special::normal_quantile;
use remission_model::draws::Draws;

/// R-hat from which chains are said to disagree.
pub const R_HAT: f64 = 1.01;
/// Effective sample size below which intervals are said to be rough: 100 for each of four chains.
pub const EFFECTIVE: f64 = 400.0;

/// Shape of the tail of weights from which they are too heavy.
pub const HEAVY: f64 = 0.7;

/// Agreement of chains, a value for each parameter.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diagnosis {
    /// Names of the parameters.
    pub names: Vec<String>,
    /// Rank-normalised split R-hat; not a number where it cannot be told (a constant).
    pub r_hat: Vec<f64>,
    /// Effective sample size for the middle.
    pub bulk: Vec<f64>,
    /// Effective sample size for the 5 and 95 % quantiles.
    pub tail: Vec<f64>,
}

impl Diagnosis {
    /// What is wrong, a sentence for each parameter that has not converged; empty when all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut out = Vec::new();
        for (k, name) in self.names.iter().enumerate() {
            if self.r_hat[k] >= R_HAT {
                out.push(format!(
                    "{name}: chains disagree, R-hat {} (below {R_HAT} is good)",
                    crate::words::significant(self.r_hat[k], 5)
                ));
            }
            let least = self.bulk[k].min(self.tail[k]);
            if least < EFFECTIVE {
                out.push(format!(
                    "{name}: {least:.0} effective draws (from {EFFECTIVE:.0} on intervals can be trusted)"
                ));
            }
        }
        out
    }
}

/// Some weights, given by their logarithms, with the largest made smooth, and the shape of their tail: a generalized Pareto law is fitted to
/// the 3 sqrt(n) or n / 5 largest, whichever are fewer (Zhang and Stephens 2009, Technometrics 51:316; its shape drawn a little to 0.5), and they
/// become its quantiles, at most the largest that there was. From [`HEAVY`] on averages by such weights do not settle (Vehtari, Simpson,
/// Gelman, Yao and Gabry 2024, JMLR 25:72). Weights that are alike, or fewer than 25, stay as they are, with a shape of minus infinity.
///
/// ```
/// use remission_infer::diagnostics::smoothed;
/// // Weights with tails like x^-2 and x^-5; the largest, of which there are too many, become smaller.
/// let tail = |k: f64| (1..2000).map(|i| -k * (i as f64 / 2000.0).ln()).collect::<Vec<f64>>();
/// assert!((smoothed(&tail(0.5)).1 - 0.5).abs() < 0.05 && (smoothed(&tail(0.2)).1 - 0.2).abs() < 0.08);
/// let mut some = tail(0.2);
/// some[0] += 3.0;
/// let most = |w: &[f64]| w.iter().copied().fold(f64::NEG_INFINITY, f64::max);
/// assert!(most(&smoothed(&some).0) < most(&some) - 0.5);
/// ```
pub fn smoothed(log_weights: &[f64]) -> (Vec<f64>, f64) {
    let all = log_weights.len();
    let n = (0.2 * all as f64).min(3.0 * (all as f64).sqrt()) as usize;
    let mut order: Vec<usize> = (0..all).collect();
    order.sort_by(|a, b| log_weights[*a].total_cmp(&log_weights[*b]));
    let as_they_are = |shape| (log_weights.to_vec(), shape);
    if n < 5 {
        return as_they_are(f64::NEG_INFINITY);
    }
    let (below, tail) = order.split_at(all - n);
    let most = log_weights[tail[n - 1]];
    let weight = |k: usize| libm::exp(log_weights[k] - most);
    let cut = below.last().map_or(0.0, |k| weight(*k));
    let x: Vec<f64> = tail.iter().map(|k| weight(*k) - cut).collect();
    let (quarter, last) = (x[(n as f64 / 4.0 + 0.5) as usize - 1], x[n - 1]);
    if quarter.is_nan() || quarter <= 1e-12 * last {
        return as_they_are(if last > 0.0 { f64::INFINITY } else { f64::NEG_INFINITY });
    }
    let m = 30 + (n as f64).sqrt() as usize;
    let shape = |b: f64| x.iter().map(|x| libm::log1p(-b * x)).sum::<f64>() / n as f64;
    let one = |i: usize| {
        let b = 1.0 / last + (1.0 - (m as f64 / (i as f64 - 0.5)).sqrt()) / (3.0 * quarter);
        let k = shape(b);
        (b, n as f64 * (libm::log(-b / k) - k - 1.0))
    };
    let tried: Vec<(f64, f64)> = (1..=m).map(one).filter(|t| t.1.is_finite()).collect();
    let best = tried.iter().map(|t| t.1).fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = tried.iter().map(|t| libm::exp(t.1 - best)).sum();
    let b = tried.iter().map(|t| t.0 * libm::exp(t.1 - best)).sum::<f64>() / sum;
    let raw = shape(b);
    let k = (n as f64 * raw + 5.0) / (n as f64 + 10.0);
    if !(k.is_finite() && b != 0.0) {
        return as_they_are(k);
    }
    let mut out = log_weights.to_vec();
    // What weighs nothing stays so.
    for (i, place) in tail.iter().enumerate().filter(|(_, k)| log_weights[**k] > f64::NEG_INFINITY) {
        let above = libm::log1p(-(i as f64 + 0.5) / n as f64);
        let quantile = if k.abs() < 1e-9 { -above } else { libm::expm1(-k * above) / k };
        out[*place] = most + libm::log((cut + quantile * -raw / b).min(1.0));
    }
    (out, k)
}

/// Judges every parameter of some draws; constants have no R-hat and as many effective draws as draws.
pub fn diagnose(draws: &Draws) -> Diagnosis {
    let mut found = Diagnosis { names: draws.names.clone(), ..Diagnosis::default() };
    for k in 0..draws.names.len() {
        let chains: Vec<Vec<f64>> = draws.chains.iter().map(|c| c.iter().map(|d| d[k]).collect()).collect();
        found.r_hat.push(r_hat(&chains));
        found.bulk.push(effective(&scores(&split(&chains))));
        found.tail.push(tail(&chains));
    }
    found
}

/// Rank-normalised split R-hat of chains of one length.
///
/// ```
/// use remission_infer::diagnostics::r_hat;
/// let wave = |from: f64| (0..100).map(|k| from + (k as f64 * 1.7).sin()).collect::<Vec<f64>>();
/// assert!(r_hat(&[wave(0.0), wave(0.0)]) < 1.01);
/// assert!(r_hat(&[wave(0.0), wave(1.0)]) > 1.2);
/// ```
pub fn r_hat(chains: &[Vec<f64>]) -> f64 {
    let halves = split(chains);
    let mut all: Vec<f64> = halves.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let median = crate::special::quantile(&all, 0.5).unwrap_or(0.0);
    let folded: Vec<Vec<f64>> = halves.iter().map(|c| c.iter().map(|x| (x - median).abs()).collect()).collect();
    f64::max(plain_r_hat(&scores(&halves)), plain_r_hat(&scores(&folded)))
}

/// Root of (within + between) over within variance.
fn plain_r_hat(chains: &[Vec<f64>]) -> f64 {
    let (within, total) = variances(chains);
    if within > 0.0 {
        libm::sqrt(total / within)
    } else if total > 0.0 {
        f64::INFINITY
    } else {
        f64::NAN
    }
}

/// Mean variance within chains, and the estimate of the variance of all.
fn variances(chains: &[Vec<f64>]) -> (f64, f64) {
    let (m, n) = (chains.len() as f64, chains.first().map_or(0, Vec::len) as f64);
    let means: Vec<f64> = chains.iter().map(|c| c.iter().sum::<f64>() / n).collect();
    let mean = means.iter().sum::<f64>() / m;
    let variance = |(c, mean): (&Vec<f64>, &f64)| c.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let within = chains.iter().zip(&means).map(variance).sum::<f64>() / m;
    let between = means.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (m - 1.0);
    (within, within * (n - 1.0) / n + if m > 1.0 { between } else { 0.0 })
}

/// Each chain as its two halves; a middle draw is left out.
fn split(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    chains.iter().flat_map(|c| [c[..c.len() / 2].to_vec(), c[c.len().div_ceil(2)..].to_vec()]).collect()
}

/// Normal scores of the ranks over all chains; equal values share the mean of their ranks.
fn scores(chains: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut order: Vec<(f64, usize, usize)> = Vec::new();
    for (c, chain) in chains.iter().enumerate() {
        order.extend(chain.iter().enumerate().map(|(d, x)| (*x, c, d)));
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let s = order.len() as f64;
    let mut out: Vec<Vec<f64>> = chains.iter().map(|c| vec![0.0; c.len()]).collect();
    let mut first = 0;
    while first < order.len() {
        let alike = order[first..].iter().take_while(|o| o.0 == order[first].0).count();
        let rank = first as f64 + (alike as f64 + 1.0) / 2.0;
        let score = normal_quantile((rank - 0.375) / (s + 0.25));
        order[first..first + alike].iter().for_each(|o| out[o.1][o.2] = score);
        first += alike;
    }
    out
}

/// The smaller effective size of the indicators of the 5 and 95 % quantiles.
fn tail(chains: &[Vec<f64>]) -> f64 {
    let mut all: Vec<f64> = chains.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let of = |q: f64| {
        let cut = crate::special::quantile(&all, q).unwrap_or(0.0);
        let below: Vec<Vec<f64>> =
            split(chains).iter().map(|c| c.iter().map(|x| f64::from(u8::from(*x <= cut))).collect()).collect();
        effective(&below)
    };
    f64::min(of(0.05), of(0.95))
}

/// Effective sample size of chains of one length, by Geyer's initial monotone sequence; at most n log10(n).
///
/// ```
/// use remission_infer::diagnostics::effective;
/// let alternating = vec![(0..1000).map(|k| ((k * 7919) % 1000) as f64).collect::<Vec<f64>>(); 2];
/// assert!(effective(&alternating) > 500.0);
/// let slow = vec![(0..1000).map(|k| (k as f64 / 100.0).sin()).collect::<Vec<f64>>(); 2];
/// assert!(effective(&slow) < 50.0);
/// ```
pub fn effective(chains: &[Vec<f64>]) -> f64 {
    let n = chains.first().map_or(0, Vec::len);
    let all = (n * chains.len()) as f64;
    let (within, total) = variances(chains);
    if n < 4 || total <= 0.0 || !total.is_finite() {
        return all;
    }
    let means: Vec<f64> = chains.iter().map(|c| c.iter().sum::<f64>() / n as f64).collect();
    // Autocovariance at a lag, divided by n as Geyer asks, averaged over chains.
    let covariance = |lag: usize| -> f64 {
        let of = |(c, mean): (&Vec<f64>, &f64)| {
            (0..n - lag).map(|k| (c[k] - mean) * (c[k + lag] - mean)).sum::<f64>() / n as f64
        };
        chains.iter().zip(&means).map(of).sum::<f64>() / chains.len() as f64
    };
    let biased = (n as f64 - 1.0) / n as f64;
    let correlation = |lag: usize| 1.0 - (within * biased - covariance(lag)) / total;
    let (mut sum, mut last) = (0.0, f64::INFINITY);
    let mut lag = 0;
    while lag + 1 < n {
        let pair = (if lag == 0 { 1.0 } else { correlation(lag) }) + correlation(lag + 1);
        if pair < 0.0 {
            break;
        }
        last = f64::min(last, pair);
        sum += last;
        lag += 2;
    }
    let time = f64::max(2.0 * sum - 1.0, 1.0 / libm::log10(all));
    all / time
}
