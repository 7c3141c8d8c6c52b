//! One file per command.

pub mod bench;
pub mod catalogue;
pub mod catalogue_audit;
pub mod catalogue_pages;
pub mod catalogue_test;
pub mod check;
pub mod completions;
pub mod diff;
pub mod explain;
pub mod export;
pub mod fmt;
pub mod infer;
pub mod law;
pub mod map;
pub mod new;
pub mod report;
pub mod resume;
pub mod run;
pub mod schema;
pub mod sensitivity;
pub mod verify;
