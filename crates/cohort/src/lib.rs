//! What is seen, for one patient and for many: visits, measurements, endpoints, arms.
//!
//! In reading order: [`variation`] (who the patients are), [`levels`] (what drug they feel), [`measure`], [`ctdna`], [`recist`]
//! and [`barcodes`] (what a visit sees and what it means), [`modification`] (what doses are made of it), [`patient`] (one patient
//! in every arm), [`outcome`] (what is known of them), [`run`] (all patients, the only threads), [`checkpoint`] (outcomes as
//! bytes), [`summary`], [`sample`] and [`statistics`] (what a study says), [`typical`] and [`beginning`] (what to expect before
//! a run), [`law`] (probabilities without a run), [`sensitivity`] (which uncertain numbers decide). Nothing here reads or writes files.

pub mod barcodes;
pub mod beginning;
pub mod checkpoint;
pub mod ctdna;
pub mod events;
pub mod law;
pub mod lesions;
pub mod levels;
pub mod measure;
pub mod modification;
pub mod outcome;
pub mod patient;
pub mod recist;
pub mod run;
pub mod sample;
pub mod sensitivity;
pub mod sequencing;
pub mod statistics;
pub mod summary;
pub mod typical;
pub mod variation;
