//! Fluctuation assays: mutation rates from the number of mutants in parallel cultures, and whether the mutants were there
//! before the drug.
//!
//! In reading order: [`read`] (the table), [`conditions`] (how cultures grew), [`law`] with [`clones`] and [`contour`] (how many mutants a culture shows),
//! [`fit`] (maximum likelihood with profiles), [`compare`] (two experiments), [`plan`] (how many cultures), [`verdict`]
//! (before or after plating) with [`plates`], `misfit` and `next`, [`posterior`], [`mod@answer`] (all of it in words).

pub mod answer;
pub mod clones;
pub mod compare;
pub mod conditions;
pub mod contour;
pub mod fit;
pub mod law;
mod misfit;
mod next;
pub mod plan;
pub mod plates;
pub mod posterior;
pub mod read;
pub mod verdict;
