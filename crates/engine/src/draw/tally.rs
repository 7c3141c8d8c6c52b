//! Which draws were asked for, with which arguments: only in builds with the feature `tally`, where the laws of
//! [`crate::draw`] are wrapped so that what the engines ask for is written down while [`record`] is on. Draws that a law makes
//! for itself are not seen. `examples/bare_draws.rs` repeats such a list and does nothing else.

use crate::stream::Stream;
use std::cell::RefCell;

/// A draw that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Draw {
    /// Standard normal.
    Normal,
    /// Gamma of this shape and scale.
    Gamma(f64, f64),
    /// Poisson of this mean.
    Poisson(f64),
    /// Binomial of this many with this probability.
    Binomial(u64, f64),
    /// Multinomial of this many with these probabilities.
    Multinomial(u64, Vec<f64>),
    /// Sum of this many geometric families with these odds.
    Families(u64, f64),
}

impl Draw {
    /// Its law without its numbers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Draw::Normal => "normal",
            Draw::Gamma(..) => "gamma",
            Draw::Poisson(_) => "poisson",
            Draw::Binomial(..) => "binomial",
            Draw::Multinomial(..) => "multinomial",
            Draw::Families(..) => "negative binomial",
        }
    }

    /// Draws it again; something of the value, so that no compiler leaves it out.
    #[inline]
    pub fn again(&self, stream: &mut Stream, counts: &mut [u64]) -> u64 {
        match self {
            Draw::Normal => super::normal::normal(stream).to_bits(),
            Draw::Gamma(shape, scale) => super::gamma::gamma(stream, *shape, *scale).to_bits(),
            Draw::Poisson(mean) => super::poisson::poisson(stream, *mean),
            Draw::Binomial(n, p) => super::binomial::binomial(stream, *n, *p),
            Draw::Multinomial(n, p) => super::multinomial::multinomial(stream, *n, p, &mut counts[..p.len()]),
            Draw::Families(n, odds) => super::negative_binomial::geometric_family_sum_odds(stream, *n, *odds),
        }
    }
}

thread_local! {
    static LIST: RefCell<Option<Vec<Draw>>> = const { RefCell::new(None) };
}

/// Runs `work` and gives what was drawn in it on this thread, in order.
pub fn record(work: impl FnOnce()) -> Vec<Draw> {
    LIST.with(|list| *list.borrow_mut() = Some(Vec::new()));
    work();
    LIST.with(|list| list.borrow_mut().take()).unwrap_or_default()
}

#[inline]
fn note(draw: impl FnOnce() -> Draw) {
    LIST.with(|list| {
        if let Some(list) = list.borrow_mut().as_mut() {
            list.push(draw());
        }
    });
}

/// [`crate::draw::normal`], noted.
pub fn normal(stream: &mut Stream) -> f64 {
    note(|| Draw::Normal);
    super::normal::normal(stream)
}

/// [`crate::draw::gamma`], noted.
pub fn gamma(stream: &mut Stream, shape: f64, scale: f64) -> f64 {
    note(|| Draw::Gamma(shape, scale));
    super::gamma::gamma(stream, shape, scale)
}

/// [`crate::draw::poisson`], noted.
pub fn poisson(stream: &mut Stream, mean: f64) -> u64 {
    note(|| Draw::Poisson(mean));
    super::poisson::poisson(stream, mean)
}

/// [`crate::draw::binomial`], noted.
pub fn binomial(stream: &mut Stream, n: u64, p: f64) -> u64 {
    note(|| Draw::Binomial(n, p));
    super::binomial::binomial(stream, n, p)
}

/// [`crate::draw::multinomial`], noted.
pub fn multinomial(stream: &mut Stream, n: u64, p: &[f64], counts: &mut [u64]) -> u64 {
    note(|| Draw::Multinomial(n, p.to_vec()));
    super::multinomial::multinomial(stream, n, p, counts)
}

/// [`crate::draw::geometric_family_sum_odds`], noted.
pub fn geometric_family_sum_odds(stream: &mut Stream, families: u64, odds: f64) -> u64 {
    note(|| Draw::Families(families, odds));
    super::negative_binomial::geometric_family_sum_odds(stream, families, odds)
}
