//! PSA under intermittent androgen suppression.

pub mod held_out;
pub mod model;
mod read;

pub use read::{Data, Man, TEMPLATE, Visit, read};
