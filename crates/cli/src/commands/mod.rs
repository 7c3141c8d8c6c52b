//! One file per command.

pub mod catalogue;
pub mod check;
pub mod fmt;
pub mod report;
pub mod run;
pub mod verify;
