//! Sizes of a patient's lesion over time.

pub mod competitors;
pub mod held_out;
pub mod model;
mod read;

pub use read::{Counts, Data, Look, Seen, Series, TEMPLATE, read, sphere};
