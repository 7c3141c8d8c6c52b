//! placeholder

pub mod recist;
pub mod statistics;
