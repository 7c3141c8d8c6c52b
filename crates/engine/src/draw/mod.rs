//! Laws: how a [`Stream`] of random words becomes normal times, Poisson founders and binomial survivors.
//!
//! One law per file. In reading order:
//!
//! 1. `ziggurat`: the tables behind the two laws everything rests on, computed by the compiler.
//! 2. [`exponential`](fn@exponential), [`normal`](fn@normal): one word and one comparison, nearly always.
//! 3. [`gamma`](fn@gamma): a normal, cubed; any shape.
//! 4. `waiting`: rare events of three laws, one waiting time after another; `inversion`: their small counts, from one uniform.
//! 5. `density`: Loader's form of the Poisson and binomial probabilities, which does not cancel at 10¹⁵ cells.
//! 6. [`poisson`](fn@poisson), [`binomial`](fn@binomial): inversion below a mean of 24, Hörmann's transformed rejection above.
//! 7. [`negative_binomial`](fn@negative_binomial), [`geometric_family_sum`]: how many descend from k surviving lines.
//! 8. [`multinomial`](fn@multinomial): which way each of n cells went.
//! 9. `mass`: logarithms of the Poisson and binomial probabilities, for whoever weighs what was drawn.
//!
//! # What holds for all of them
//! - The law is exact up to the rounding of `f64`: no normal approximation below a mean of 2⁶². A probability is right to
//!   about 10⁻¹², and of events rarer than 10⁻¹⁶ in one draw only their frequency, not their inner proportions, is kept.
//! - The same bits on every machine: only + − × ÷ √ and [`libm`].
//! - No argument makes them panic or hang. An argument outside its range acts as the nearest end of the range; NaN acts
//!   as zero. Checking parameters is the business of whoever read them.
//! - Counts are `u64`. What no longer fits is `u64::MAX`.
//! - How many words a draw takes depends on what it draws: seek by [`Stream::position`], never by counting draws.
//!
//! ```
//! use remission_engine::draw;
//! use remission_engine::stream::{Purpose, Stream};
//! let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
//! let survivors = draw::binomial(&mut stream, 1_000_000_000, 1e-6);
//! let founders = draw::poisson(&mut stream, 0.3);
//! assert!((700..1300).contains(&survivors) && founders < 20);
//! ```

// `!(p > 0.0)` is how NaN is sent the same way as zero.
#![allow(clippy::neg_cmp_op_on_partial_ord)]

mod binomial;
mod density;
mod exponential;
mod gamma;
mod inversion;
mod mass;
mod multinomial;
mod negative_binomial;
mod normal;
mod poisson;
mod waiting;
mod ziggurat;

#[allow(unused_imports)] // named in the documentation
use crate::stream::Stream;

/// Functions that the compiler evaluates.
pub(crate) mod constant {
    pub(crate) use super::ziggurat::{exp, ln};
}

pub use binomial::binomial_q;
pub use exponential::exponential;
pub use mass::{log_binomial, log_poisson};
pub use negative_binomial::{geometric_family_sum, negative_binomial, negative_binomial_odds};

#[cfg(not(feature = "tally"))]
pub use {
    binomial::binomial, gamma::gamma, multinomial::multinomial, negative_binomial::geometric_family_sum_odds,
    normal::normal, poisson::poisson,
};

#[cfg(feature = "tally")]
pub mod tally;
#[cfg(feature = "tally")]
pub use tally::{binomial, gamma, geometric_family_sum_odds, multinomial, normal, poisson};
