//! The negative binomial law, and the sum of geometric families that a birth–death step ends in.
//!
//! # Law
//! Failures before the r-th success, success probability p, for any real r > 0:
//! P(k) = Γ(r + k) / (k! Γ(r)) · pʳ (1 − p)ᵏ; mean r o and variance r o (1 + o), where o = (1 − p)/p are the odds of failure.
//! The sum of k geometrics on {1, 2, …} is k plus such a number with r = k; its mean is k/p.
//!
//! # Method
//! Rare births by waiting times (see `waiting`); a small mean by inversion from 0 (see `inversion`). Otherwise a Poisson number
//! whose mean is gamma(r) · o (Greenwood and Yule 1920; Devroye, *Non-Uniform Random Variate Generation*, 1986, X.4.4). A few
//! geometrics are drawn one by one as ⌊E / ln(1 + 1/o)⌋ with E exponential (Devroye, X.2.2).
//!
//! # Numerics
//! The odds are the one parameter that keeps its digits both where p is small (huge families) and where 1 − p is (hardly any
//! growth), so the functions that end in `_odds` do the work and the others convert. In a birth–death step, β is the chance
//! that a family of two or more goes on, p = 1 − β, and the odds are β/(1 − β): compute that, not 1 − p.

use super::binomial::power;
use super::exponential::exponential;
use super::gamma::gamma;
use super::inversion::from_zero;
use super::poisson::poisson;
use super::waiting::{RARE, rare_events};
use crate::elementary::{exp, log_one_plus};
use crate::stream::Stream;

/// Below this mean, and these odds, inversion costs less than a gamma and a Poisson draw.
const COUNT_BELOW: f64 = 20.0;
const COUNT_ODDS: f64 = 30.0;
/// Up to so many lines a power is multiplied out.
const MULTIPLIED_OUT: f64 = 64.0;
/// Up to so many families are drawn one by one.
const ONE_BY_ONE: u64 = 6;
/// Above these odds an exponential on its grid is too coarse to tell neighbouring family sizes apart.
const FINE_GRID: f64 = (1u64 << 40) as f64;

/// Negative binomial: failures before the `successes`-th success (any real number ≥ 0), when each trial succeeds with
/// probability `p` in (0, 1]. Use [`negative_binomial_odds`] when p is within 10⁻⁸ of 1.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Measurement);
/// assert_eq!(draw::negative_binomial(&mut stream, 2.5, 1.0), 0);
/// let reads = draw::negative_binomial(&mut stream, 2.5, 0.2); // mean 10
/// assert!(reads < 200);
/// ```
#[inline]
pub fn negative_binomial(stream: &mut Stream, successes: f64, p: f64) -> u64 {
    negative_binomial_odds(stream, successes, odds_of_failure(p))
}

/// Negative binomial with mean `successes` · `odds`, where `odds` = (1 − p)/p ≥ 0: exact for p near 0 and near 1.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// let births = draw::negative_binomial_odds(&mut stream, 1e13, 1e-13); // mean 1; 1 - p is 1e-13
/// assert!(births < 20);
/// ```
#[inline]
pub fn negative_binomial_odds(stream: &mut Stream, successes: f64, odds: f64) -> u64 {
    // Not `<= 0.0`: NaN must end here as well.
    if !(successes > 0.0 && odds > 0.0) {
        return 0;
    }
    let mean = successes * odds;
    if mean < RARE {
        // Yule's process from `successes` lines, up to the time ln(1 + odds).
        rare_events(stream, successes, 1.0, odds, || log_one_plus(odds))
    } else if mean < COUNT_BELOW && odds <= COUNT_ODDS {
        let none = || {
            if successes <= MULTIPLIED_OUT && successes == (successes as u64) as f64 {
                power(1.0 / (1.0 + odds), successes as u64)
            } else {
                exp(-successes * log_one_plus(odds))
            }
        };
        let on = odds / (1.0 + odds);
        from_zero(stream, mean, none, |k| (successes + k) * on)
    } else {
        let intensity = gamma(stream, successes, odds);
        poisson(stream, intensity)
    }
}

/// The sum of `families` independent geometrics on {1, 2, …} with success probability `p` in (0, 1]: how many descend from
/// that many surviving lines. No family gives 0; p = 1 gives `families`. Use [`geometric_family_sum_odds`] when p is near 1.
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// assert_eq!(draw::geometric_family_sum(&mut stream, 0, 0.25), 0);
/// assert_eq!(draw::geometric_family_sum(&mut stream, 5, 1.0), 5);
/// assert!(draw::geometric_family_sum(&mut stream, 5, 0.25) >= 5); // mean 20
/// ```
#[inline]
pub fn geometric_family_sum(stream: &mut Stream, families: u64, p: f64) -> u64 {
    geometric_family_sum_odds(stream, families, odds_of_failure(p))
}

/// The same sum, given `odds` = (1 − p)/p ≥ 0; its mean is `families` · (1 + `odds`).
///
/// ```
/// use remission_engine::draw;
/// use remission_engine::stream::{Purpose, Stream};
/// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
/// let cells = draw::geometric_family_sum_odds(&mut stream, 1_000_000, 1e-20);
/// assert_eq!(cells, 1_000_000);
/// ```
#[inline]
pub fn geometric_family_sum_odds(stream: &mut Stream, families: u64, odds: f64) -> u64 {
    let growth = if families <= ONE_BY_ONE && odds > 1.0 && odds < FINE_GRID {
        let per_exponential = 1.0 / log_one_plus(1.0 / odds);
        (0..families).map(|_| (exponential(stream) * per_exponential) as u64).sum()
    } else {
        negative_binomial_odds(stream, families as f64, odds)
    };
    families.saturating_add(growth)
}

/// (1 − p)/p, with p = 0 and below as if never succeeding and p = 1 and above as if always.
#[inline]
fn odds_of_failure(p: f64) -> f64 {
    if p < 1.0 { (1.0 - p) / p.max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certainties_draw_nothing() {
        let nothing = || Stream::scripted(vec![]);
        for p in [1.0, 2.0, f64::NAN] {
            assert_eq!(negative_binomial(&mut nothing(), 3.5, p), 0);
            assert_eq!(geometric_family_sum(&mut nothing(), 1 << 53, p), 1 << 53);
        }
        for p in [0.0, 1e-300, 0.5, 1.0] {
            assert_eq!(geometric_family_sum(&mut nothing(), 0, p), 0);
            assert_eq!(negative_binomial(&mut nothing(), 0.0, p), 0);
        }
    }

    #[test]
    fn success_that_never_comes_fills_the_count() {
        let mut stream = Stream::new(1, 2, 3, crate::stream::Purpose::Check);
        for p in [0.0, -1.0] {
            assert_eq!(negative_binomial(&mut stream, 3.5, p), u64::MAX);
            assert_eq!(geometric_family_sum(&mut stream, 1, p), u64::MAX);
        }
        assert_eq!(geometric_family_sum_odds(&mut stream, 2, 1e300), u64::MAX);
    }

    #[test]
    fn the_odds_keep_what_the_probability_loses() {
        // u is near 3e-8; 1e12 families with odds of a little more or less than u/1e12.
        let half = Stream::word_for(0.5);
        let words = || vec![0, 0, half, half];
        let odds = 0.5 / 4096.0 / 4096.0 / 1e12;
        let n = 1_000_000_000_000;
        assert_eq!(geometric_family_sum_odds(&mut Stream::scripted(words()), n, 1.001 * odds), n + 1);
        assert_eq!(geometric_family_sum_odds(&mut Stream::scripted(words()), n, 0.999 * odds), n);
    }

    #[test]
    fn a_tiny_shape_is_nearly_always_zero() {
        let mut stream = Stream::new(1, 2, 3, crate::stream::Purpose::Check);
        assert_eq!((0..1000).map(|_| negative_binomial(&mut stream, 1e-8, 1e-6)).max(), Some(0));
    }
}
