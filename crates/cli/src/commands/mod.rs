//! One file per command.

pub mod catalogue;
pub mod check;
pub mod explain;
pub mod new;
pub mod report;
pub mod run;
pub mod verify;
