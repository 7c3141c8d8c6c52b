//! How much each uncertain number decides what a study says: global sensitivity analysis.
//!
//! An uncertain number is one that is assumed, and what else it could be is its prior ([`input`]). A point of the unit cube
//! stands for one value of each, by the quantiles of the priors. The study is run with these values on a small cohort
//! ([`evaluate`]) and summed up in a few figures ([`output`]); the seed is the same at every point, so that all points meet the same
//! virtual patients. Two designs say which numbers matter:
//!
//! - [`morris`]: elementary effects along random paths (Morris 1991, Technometrics 33:161; mu* of Campolongo et al. 2007,
//!   Environ Model Softw 22:1509). Few evaluations; it drops what does nothing.
//! - [`sobol`]: shares of the variance of a figure, alone (first order) and with all interactions (total), by the design of Saltelli
//!   et al. 2010 (Comput Phys Commun 181:259), over points of a [`hypercube`].
//!
//! A figure of few patients is noisy. Its variance from patients, and that of the difference of two figures over the same
//! patients, are those of the jackknife over ten groups of patients ([`output::Figure`]), and what a noise of that size does to an index is
//! said beside it. [`plan`] puts the pieces in order.
//!
//! Left out: correlations between patients' values, whose priors are not varied; groups of inputs; dependent inputs.

pub mod evaluate;
pub mod hypercube;
pub mod input;
pub mod morris;
pub mod output;
pub mod plan;
pub mod sobol;

/// Mean of some numbers; NaN of none.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Variance with n - 1 below; NaN of fewer than two.
fn variance(values: &[f64]) -> f64 {
    let m = mean(values);
    let squares: f64 = values.iter().map(|v| (v - m) * (v - m)).sum();
    if values.len() < 2 { f64::NAN } else { squares / (values.len() - 1) as f64 }
}
