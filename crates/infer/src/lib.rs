//! From data to draws. It begins with what a dish tells: rates of growth and death from signals over time and dose.
//!
//! In reading order: [`table`] (text becomes readings, or every fault of it with line and column), [`growth`] (net
//! rates, death from apoptotic cells, dose curves), [`delayed`] (both lines of a dish at once: a delay between drug
//! and death, a common capacity), [`least_squares`] (the optimiser under them). Patients over time: [`tumour_size`], [`psa`], over [`population`].
//!
//! Then what a patient tells: [`ctdna`] (mutations in blood) and [`fit_model`] (any model fitted to one patient's series by
//! [`filter`] and [`pmmh`]).
//!
//! Times are in hours, rates per hour, concentrations in the unit of the table. Every fit gives its
//! estimate with standard errors, its residual and how the search ended. Nothing here opens a file.
//!
//! ```
//! use remission_infer::{growth, table};
//! let text = "cell_type,concentration_uM,time_h,replicate,viable_signal\n\
//!             pc9,1,48,1,0.29\npc9,1,60,1,0.28\npc9,1,72,1,0.28\n";
//! let readings = table::read(text, &table::Columns::default()).unwrap();
//! let rate = growth::net_rate(&readings, "pc9", 1.0, 48.0, 72.0).unwrap();
//! assert!((rate.per_hour - (-0.001462)).abs() < 1e-6);
//! ```

pub mod answer;
pub mod barcodes;
pub mod calibration;
pub mod ctdna;
pub mod delayed;
pub mod diagnostics;
pub mod expected;
mod failure;
pub mod figure;
pub mod filter;
pub mod fit_model;
pub mod fluctuation;
pub mod growth;
pub mod jobs;
pub mod least_squares;
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
