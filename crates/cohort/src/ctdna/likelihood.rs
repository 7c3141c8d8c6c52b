//! How likely a ctDNA reading is, given the cells: the exact sum over the number of molecules read.
//!
//! # Law
//! n = min(N, depth), N Poisson with mean `recovery` (M + W); given n, k is Binomial(n, q), q = p + (1 - p) a. A reading is the
//! ratio k / n, so its probability is the sum over n of P(n) P(k = reading x n), over those n for which that is a
//! whole number; a reading of 0 has the probability of everything below the detection limit. Ratios are compared as computed: two
//! ratios of whole numbers below 2^26 are the same `f64` only if they are equal.
//!
//! # Numerics
//! n runs over the mean and twelve standard deviations on either side, and what is outside is below 1e-30 (Chernoff).

use super::{Assay, Locus, Tube};
use crate::measure::Reported;
use crate::statistics::special::beta_lower;
use remission_engine::draw::{log_binomial, log_poisson};

/// Molecules expected below which every number of them is gone through.
const FEW: f64 = 100.0;

impl Assay {
    /// Probability that a molecule that is read is read as mutant.
    pub fn mutant_read(&self, locus: &Locus) -> f64 {
        let p = locus.share();
        p + (1.0 - p) * self.artefacts
    }

    /// Logarithm of the probability of a report (share of mutant reads; 0: not detected) at a locus.
    ///
    /// Between 0 and the detection limit, above 1, and at what is no ratio of read molecules it is minus infinity. A report that was
    /// rounded is an interval: [`log_probability_between`](Self::log_probability_between).
    pub fn log_probability(&self, report: f64, locus: &Locus) -> f64 {
        if report == 0.0 {
            return libm::log(self.not_detected(locus).max(0.0));
        }
        if !(report >= self.limit && report <= 1.0) {
            return f64::NEG_INFINITY;
        }
        let q = self.mutant_read(locus);
        let mut sum = 0.0;
        self.each_number(locus, |n, weight| {
            let k = libm::round(report * n as f64);
            if n > 0 && k / n as f64 == report {
                sum += weight * libm::exp(log_binomial(k as u64, n, q));
            }
        });
        libm::log(sum)
    }

    /// Logarithm of the probability that the report lies in (0, 1] and from `low` to `high`, both included; what is below the
    /// detection limit is reported as 0 and is in no such interval.
    pub fn log_probability_between(&self, low: f64, high: f64, locus: &Locus) -> f64 {
        let q = self.mutant_read(locus);
        let mut sum = 0.0;
        self.each_number(locus, |n, weight| {
            if n == 0 {
                return;
            }
            let least = first_at_least(low.max(self.limit), n).max(1);
            let beyond = if high >= 1.0 { n + 1 } else { first_above(high, n) };
            if beyond > least {
                sum += weight * (below(beyond, n, q) - below(least, n, q)).max(0.0);
            }
        });
        libm::log(sum)
    }

    /// Logarithm of the probability of `tube.mutant_reads` of `tube.reads`, where a laboratory reports both. The molecules
    /// that the tube held are not part of it.
    pub fn log_probability_of_reads(&self, tube: &Tube, locus: &Locus) -> f64 {
        let mut number = f64::NEG_INFINITY;
        self.each_number(locus, |n, weight| {
            if n == tube.reads {
                number = libm::log(weight);
            }
        });
        number + log_binomial(tube.mutant_reads, tube.reads, self.mutant_read(locus))
    }

    /// Logarithm of the probability of a number of genome equivalents per mL of plasma, as [`read`](Self::read) gives
    /// it, at the truncal `locus`.
    pub fn log_probability_of_ge(&self, reading: f64, locus: &Locus) -> f64 {
        let molecules = reading * self.molecules_per_ge_and_ml();
        let k = libm::round(molecules);
        if !(k >= 0.0 && (molecules - k).abs() <= 1e-6 * k.max(1.0)) {
            return f64::NEG_INFINITY;
        }
        log_poisson(k as u64, locus.mutant)
    }

    /// Probability that the mutation is reported as present.
    pub fn detected(&self, locus: &Locus) -> f64 {
        let q = self.mutant_read(locus);
        let mut sum = 0.0;
        self.each_number(locus, |n, weight| {
            if n > 0 {
                sum += weight * at_least(first_at_least(self.limit, n).max(1), n, q);
            }
        });
        sum
    }

    /// Probability that 0 is reported.
    pub fn not_detected(&self, locus: &Locus) -> f64 {
        let q = self.mutant_read(locus);
        let mut sum = 0.0;
        self.each_number(locus, |n, weight| {
            sum += if n == 0 { weight } else { weight * below(first_at_least(self.limit, n).max(1), n, q) };
        });
        sum
    }

    /// Logarithm of the density of a share of mutant reads above 0, for fits that ask it a million times: the number of molecules read
    /// is taken at its mean n, and k = share x n as a real number, so that the density is n Binomial(k | n, q).
    ///
    /// Where the number expected varies by some per cent, what is lost is a relative variance of 1 / n beside 1 / k (a test compares
    /// with [`log_probability_between`](Self::log_probability_between)).
    pub fn log_density_of_share(&self, share: f64, locus: &Locus) -> f64 {
        let n = (self.recovery * (locus.mutant + locus.wild)).min(locus.depth as f64).max(1.0);
        let (q, k) = (self.mutant_read(locus), share * n);
        if !(share > 0.0 && share <= 1.0) || q <= 0.0 || (q >= 1.0 && share < 1.0) {
            return f64::NEG_INFINITY;
        }
        let ways = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        let others = if n > k { (n - k) * libm::log1p(-q) } else { 0.0 };
        libm::log(n) + ways + k * libm::log(q) + others
    }

    /// Logarithm of the probability of a share of mutant reads below `limit` (0: of no mutant read at all). The number of molecules is
    /// taken at its mean where many are expected.
    pub fn log_below(&self, limit: f64, locus: &Locus) -> f64 {
        let q = self.mutant_read(locus);
        let mean = self.recovery * (locus.mutant + locus.wild);
        let least = |n: u64| first_at_least(limit, n).max(1);
        if mean > FEW {
            let n = (libm::round(mean) as u64).min(locus.depth);
            return libm::log(below(least(n), n, q).max(0.0));
        }
        let mut sum = 0.0;
        self.each_number(locus, |n, weight| sum += if n == 0 { weight } else { weight * below(least(n), n, q) });
        libm::log(sum.max(0.0))
    }

    /// Of what was reported in one of the assay's channels: the truncal mutation's share, its GE per mL, or a mechanism's share.
    pub(crate) fn log_density_of_channel(&self, channel: usize, reported: Reported, deaths: &[f64]) -> f64 {
        let locus = match channel {
            0 | 1 => self.truncal(deaths),
            k => self.mechanism(k - 2, deaths),
        };
        if channel == 1 {
            let scale = self.molecules_per_ge_and_ml();
            return match reported {
                Reported::Below(limit) => {
                    let k = libm::ceil(limit * scale).max(1.0);
                    // Poisson below k: the chance that k arrivals take longer than the mean.
                    libm::log(crate::statistics::special::gamma_upper(k, locus.mutant).max(0.0))
                }
                Reported::Value(x) if x > 0.0 => {
                    let k = x * scale;
                    k * libm::log(locus.mutant) - locus.mutant - libm::lgamma(k + 1.0) + libm::log(scale)
                }
                Reported::Value(_) => -locus.mutant,
            };
        }
        match reported {
            Reported::Below(limit) => self.log_below(limit, &locus),
            Reported::Value(share) if share > 0.0 => self.log_density_of_share(share, &locus),
            Reported::Value(_) => self.log_below(self.limit, &locus),
        }
    }

    /// Nothing makes a reading above 0 in one of the assay's channels likelier than this: as many molecules as can be read, of which as
    /// many as were read are expected to be mutant.
    pub(crate) fn log_density_at_most(&self, channel: usize, reading: f64) -> f64 {
        if channel == 1 {
            let scale = self.molecules_per_ge_and_ml();
            let k = reading * scale;
            return k * libm::log(k) - k - libm::lgamma(k + 1.0) + libm::log(scale);
        }
        let n = self.depth as f64 * if channel == 0 { self.sites as f64 } else { 1.0 };
        let k = reading.min(1.0) * n;
        let share = |k: f64| if k > 0.0 { k * libm::log(k / n) } else { 0.0 };
        let ways = libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0);
        libm::log(n) + ways + share(k) + share(n - k)
    }

    /// Calls `take(n, P(n))` for every number of molecules read that matters.
    fn each_number(&self, locus: &Locus, mut take: impl FnMut(u64, f64)) {
        let mean = self.recovery * (locus.mutant + locus.wild);
        let reach = 12.0 * libm::sqrt(mean) + 40.0;
        let (low, high) = ((mean - reach).max(0.0) as u64, (mean + reach) as u64 + 1);
        let mut capped = if low > locus.depth { 1.0 } else { 0.0 };
        for n in low..=high {
            let weight = libm::exp(log_poisson(n, mean));
            if n < locus.depth {
                take(n, weight);
            } else if low <= locus.depth {
                capped += weight;
            } else {
                break;
            }
        }
        if capped > 0.0 {
            take(locus.depth, capped);
        }
    }
}

/// Least k with k / n at least `share`, as the reading compares it.
fn first_at_least(share: f64, n: u64) -> u64 {
    let wide = n as f64;
    let mut k = libm::ceil(share * wide);
    while k > 0.0 && (k - 1.0) / wide >= share {
        k -= 1.0;
    }
    while k / wide < share {
        k += 1.0;
    }
    k as u64
}

/// Least k with k / n above `share` < 1.
fn first_above(share: f64, n: u64) -> u64 {
    let wide = n as f64;
    let mut k = libm::floor(share * wide).max(0.0);
    while k > 0.0 && (k - 1.0) / wide > share {
        k -= 1.0;
    }
    while k / wide <= share {
        k += 1.0;
    }
    k as u64
}

/// Probability of fewer than `k` among `n`.
fn below(k: u64, n: u64, q: f64) -> f64 {
    match k {
        0 => 0.0,
        _ if k > n => 1.0,
        _ => beta_lower(1.0 - q, (n - k + 1) as f64, k as f64),
    }
}

/// Probability of `k` or more among `n`.
fn at_least(k: u64, n: u64, q: f64) -> f64 {
    match k {
        0 => 1.0,
        _ if k > n => 0.0,
        _ => beta_lower(q, k as f64, (n - k + 1) as f64),
    }
}
