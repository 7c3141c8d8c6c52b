//! PSA under intermittent androgen suppression: forecast of a man's next cycle, and the probability that treatment fails.
//!
//! In reading order: [`read`] (text becomes visits), [`model`] (three kinds of cells in androgens), [`held_out`] (forecasts
//! judged, men ranked), [`answer`]. What men have in common is learned as in [`crate::population`].

mod answer;
pub mod held_out;
pub mod model;
mod read;

pub use answer::{ENOUGH, Options, answer};
pub use read::{Data, Man, TEMPLATE, Visit, read};
