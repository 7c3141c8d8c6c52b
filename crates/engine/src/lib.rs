//! What happens to one tumour under a known exposure: exact, leap, mean, and the law itself.
//!
//! In reading order: [`compiled`] (a model made ready), [`state`] (what exists at a moment), [`pharmacokinetics`] and
//! [`exposure`] (what the cells feel), [`window`], [`moments`], [`step`], [`families`] and [`large`] (the law of a stretch of time),
//! [`leap`] with [`founding`] and [`hazard`], [`interacting`] and [`exact`] (ways to advance), [`tumour`] (their driver), [`before`], [`guided`], [`fewer`] and [`barcodes`] (what exists
//! when treatment begins), [`field`] and [`mean`] (expectations), [`law`] (probabilities without simulation). Below
//! them: [`stream`] (the only source of randomness), [`draw`] (exact laws), [`matrix`], [`ode`].
//!
//! This crate knows nothing of visits, endpoints, arms, threads or file formats.

pub mod barcodes;
pub mod before;
pub mod clone_index;
pub mod compiled;
pub mod draw;
mod elementary;
pub mod events;
pub mod exact;
pub mod exposure;
pub mod failure;
pub mod families;
pub mod fewer;
pub mod field;
pub mod founding;
pub mod guided;
pub mod hazard;
pub mod interacting;
pub mod large;
pub mod law;
pub mod leap;
pub mod matrix;
pub mod mean;
pub mod moments;
pub mod ode;
pub mod pharmacokinetics;
pub mod state;
pub mod step;
pub mod stream;
pub mod tumour;
pub mod window;
