//! From data to draws, and to a verdict: where did the resistance come from?
//!
//! Text of a table goes in, [`answer::Answer`]s come out: estimates with intervals, tests, the [`verdict`] on origin with its evidence and
//! *undetermined*, what to measure next, tables, pictures as data ([`figure`]), draws. Nothing here opens a file or prints.
//!
//! In reading order:
//! - the ground: [`sheet`] (tables, every fault by line and column), [`prior`] (parameters in coordinates where every prior is
//!   standard normal), [`jobs`] (threads, stop, progress);
//! - methods: [`profile`] (maximum likelihood, profile intervals), [`quadrature`], [`smc`] (tempered sequential Monte Carlo with
//!   evidence), `nuts` (smooth likelihoods), [`filter`] and [`pmmh`] with
//!   [`emulator`] (models whose likelihood is only estimated), [`population`] (many patients),
//!   [`least_squares`], [`diagnostics`], [`calibration`] (whether an inference means what it says), [`expected`] (bits that a
//!   further measurement would give);
//! - assays of the laboratory: [`fluctuation`], [`persister_fluctuation`], [`regrowth`], [`growth`] with [`delayed`] and [`table`],
//!   [`barcodes`];
//! - patients: [`tumour_size`], [`psa`], [`ctdna`], and any model of the catalogue or one's own by [`fit_model`].
//!
//! ```
//! use remission_infer::fluctuation::{answer::{Options, answer}, read::read};
//! use remission_infer::jobs::Control;
//! let data = read("culture,mutants,final_cells\n1,3,1e8\n2,0,1e8\n3,41,1e8\n4,1,1e8\n").unwrap();
//! let answer = &answer(&data, &Options::default(), &Control::quiet()).unwrap()[0];
//! println!("{}", answer.words[0]);
//! ```

pub mod answer;
pub mod barcodes;
pub mod calibration;
pub mod ctdna;
pub mod delayed;
pub mod diagnostics;
pub mod emulator;
pub mod expected;
mod failure;
pub mod figure;
pub mod filter;
pub mod fit_model;
pub mod fluctuation;
pub mod growth;
pub mod jobs;
pub mod least_squares;
#[cfg(feature = "gradient")]
pub mod nuts;
pub mod persister_fluctuation;
pub mod pmmh;
pub mod population;
pub mod prior;
pub mod profile;
pub mod psa;
pub mod quadrature;
pub mod regrowth;
pub mod sheet;
pub mod smc;
pub mod special;
pub mod student;
pub mod table;
pub mod tumour_size;
pub mod verdict;
pub mod words;

pub use failure::{Failure, FitFailure};
