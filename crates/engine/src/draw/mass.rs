//! Logarithms of the Poisson and binomial probabilities, for likelihoods that stand beside their samplers.
//!
//! # Law
//! Poisson: P(k) = e^(−D(k; μ)) / g(k); binomial: P(k) = g(n) / (g(k) g(n−k)) · e^(−D(k; np) − D(n−k; nq)), with D and g of
//! `density` (Loader, *Fast and accurate computation of binomial probabilities*, 2000).
//!
//! # Numerics
//! Absolute error of the logarithm near 10⁻¹⁵ where the probability is not small, and relative to it in the tails.

use super::density::{deviance, stirling_error, two_pi};

/// ln g(k), where g(k) = k! eᵏ / kᵏ.
fn log_g(k: f64) -> f64 {
    0.5 * libm::log(two_pi(k)) + stirling_error(k)
}

/// Logarithm of the probability of `k` under a Poisson law of mean `mean` ≥ 0; −∞ where `k` cannot be.
///
/// ```
/// use remission_engine::draw;
/// assert!((draw::log_poisson(0, 2.5) + 2.5).abs() < 1e-15);
/// assert_eq!(draw::log_poisson(3, 0.0), f64::NEG_INFINITY);
/// ```
pub fn log_poisson(k: u64, mean: f64) -> f64 {
    if !(mean > 0.0) {
        return if k == 0 { 0.0 } else { f64::NEG_INFINITY };
    }
    let k = k as f64;
    -deviance(k, mean, k - mean) - log_g(k)
}

/// Logarithm of the probability of `k` successes among `n` with probability `p` in [0, 1] each; −∞ where `k` cannot be.
///
/// ```
/// use remission_engine::draw;
/// assert!((draw::log_binomial(1, 2, 0.5) - 0.5f64.ln()).abs() < 1e-15);
/// assert_eq!(draw::log_binomial(3, 2, 0.5), f64::NEG_INFINITY);
/// assert_eq!(draw::log_binomial(2, 2, 1.0), 0.0);
/// ```
pub fn log_binomial(k: u64, n: u64, p: f64) -> f64 {
    if k > n {
        return f64::NEG_INFINITY;
    }
    if !(p > 0.0) {
        return if k == 0 { 0.0 } else { f64::NEG_INFINITY };
    }
    if p >= 1.0 {
        return if k == n { 0.0 } else { f64::NEG_INFINITY };
    }
    let (k, n) = (k as f64, n as f64);
    if n == 0.0 {
        return 0.0;
    }
    let (np, nq) = (n * p, n * (1.0 - p));
    let more = k - np;
    log_g(n) - log_g(k) - log_g(n - k) - deviance(k, np, more) - deviance(n - k, nq, -more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_laws_agree_with_the_textbook_products_and_add_up_to_one() {
        for mean in [0.01f64, 0.7, 3.0, 12.5] {
            let mut term = (-mean).exp();
            let mut sum = 0.0;
            for k in 0..80u64 {
                let found = log_poisson(k, mean);
                assert!((found - term.ln()).abs() < 1e-12 * (1.0 + term.ln().abs()), "{k} {mean}: {found}");
                sum += found.exp();
                term *= mean / (k + 1) as f64;
            }
            assert!((sum - 1.0).abs() < 1e-13, "{mean}: {sum}");
        }
        for (n, p) in [(1u64, 0.3f64), (7, 0.01), (40, 0.5), (60, 0.97)] {
            let mut term = (1.0 - p).powi(n as i32);
            let mut sum = 0.0;
            for k in 0..=n {
                let found = log_binomial(k, n, p);
                assert!((found - term.ln()).abs() < 1e-12 * (1.0 + term.ln().abs()), "{k} {n} {p}: {found}");
                sum += found.exp();
                term *= (n - k) as f64 / (k + 1) as f64 * p / (1.0 - p);
            }
            assert!((sum - 1.0).abs() < 1e-13, "{n} {p}: {sum}");
        }
    }
}
