//! Any model fitted to one patient's series.

pub mod patient;
