//! Regrowth: when each well (or animal) became resistant under the drug, and which never did; and what that says of
//! where resistance came from.
//!
//! In reading order: [`data`] (the table), [`law`] (when a well is scored, given who founds its resistant lines),
//! [`target`] (explanations, priors, likelihood), [`simulate`] (wells drawn from the law), [`next`] (what further
//! measurements would tell), [`answer`].
//!
//! Sources: the origins and their expected numbers of surviving lines are those of Iwasa, Nowak and Michor 2006 (Genetics
//! 172:2557) and Bozic and others 2013 (eLife 2:e00747); relapse after mutations of persisters at their own rate, later
//! than from resistant cells of before: Hata and others 2016 (Nat Med 22:262), Russo and others 2022 (Nat Genet 54:976,
//! abstracts); growth and death of resistant cells under erlotinib: PC-9/ER (Chmielecki and others 2011, data of ACESO).
//!
//! What the times cannot tell by themselves: few lines that grow fast and found late look like many that grow slowly and
//! found early (`lines`, `founding time` and `growth` trade off); mutations of dying cells and mutations that the drug makes
//! differ only between doses; many resistant cells of before and tolerant cells that resume growth differ only in how
//! fast they grow. The answer says so in the numbers of the posterior. Left out: wells that lose cells to passaging, resistant
//! cells that crowd each other before X, resistance that takes two steps.

mod answer;
pub mod data;
mod ladder;
pub mod law;
pub mod next;
pub mod simulate;
pub mod target;
mod words;

pub use answer::answer;

use crate::prior::Prior;
use crate::smc::Settings;

/// A table that reads as it is: a plate looked at twice a week, wells of 5,000 cells.
pub const TEMPLATE: &str = "\
experiment,well,regrew,regrew_after_days,regrew_by_days,cells,dose
plate1,A1,yes,24,28,5000,1
plate1,A2,no,70,,5000,1
plate1,A3,yes,31,35,5000,1
plate1,A4,yes,24,28,5000,1
plate1,A5,no,70,,5000,1
plate1,A6,yes,45,49,5000,1
plate1,A7,no,70,,5000,1
plate1,A8,yes,28,31,5000,1
";

/// What may be set. Priors are in the words of [`Prior`]; a measured rate belongs here as a narrow one.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The one experiment to answer for; none: all.
    pub experiment: Option<String>,
    /// Cells at which a well is scored as resistant, above 1; default 20,000, half a well of a 96-well plate.
    pub threshold_cells: f64,
    /// Chance that the line of one resistant cell survives, 1 - death / birth, above 0 and at most 1; default 0.875
    /// (PC-9/ER under 1 uM erlotinib: 0.0035 over 0.0279 an hour).
    pub survival: f64,
    /// Days between looks where the table does not say, above 0; default 1.
    pub looks_every_days: f64,
    /// Whether each well was grown from few cells before the drug (families of mutants), rather than plated from one
    /// flask (single cells); default false.
    pub grown: bool,
    /// Cells of the flask from which wells are plated, above 1: by how much fewer lines of before a well grown from one cell
    /// has; default 1e8.
    pub flask_cells: f64,
    /// Net growth of resistant cells under the drug, per day; default lognormal(0.35, 0.4): doubling in 1 to 4 days.
    pub growth_per_day: Prior,
    /// Standard deviation of the logarithm of a well's pace; default lognormal(0.04, 0.5).
    pub scatter: Prior,
    /// Decay of the cells that the drug kills, per day; default lognormal(0.2, 0.5).
    pub sensitive_decay_per_day: Prior,
    /// Decay of the cells that tolerate the drug, per day; default lognormal(0.02, 0.8).
    pub persister_decay_per_day: Prior,
    /// Expected resistant cells a well that were there before and whose lines survive; default loguniform(0.01, 1000).
    pub lines_before: Prior,
    /// Expected lines a well that mutations under the drug found, over all time; default loguniform(0.01, 100).
    pub lines_during: Prior,
    /// Expected tolerant cells a well that resume growth; default loguniform(3, 10000).
    pub lines_resuming: Prior,
    /// In a mixture: share of the lines that was there before; default uniform(0.1, 0.9).
    pub share_before: Prior,
    /// Prior weight of each explanation, in the order of [`target::Kind::ALL`], 0 or more
    /// (0: it is left out); default all alike.
    pub weights: [f64; 6],
    /// Whether to work out what to measure next; default true.
    pub next: bool,
    /// Effort of the sampler, and the seed; default 4 runs of 200 particles, moved until correlations are below 0.3.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            experiment: None,
            threshold_cells: 20_000.0,
            survival: 0.875,
            looks_every_days: 1.0,
            grown: false,
            flask_cells: 1e8,
            growth_per_day: Prior::LogNormal(0.35, 0.4),
            scatter: Prior::LogNormal(0.04, 0.5),
            sensitive_decay_per_day: Prior::LogNormal(0.2, 0.5),
            persister_decay_per_day: Prior::LogNormal(0.02, 0.8),
            lines_before: Prior::LogUniform(0.01, 1000.0),
            lines_during: Prior::LogUniform(0.01, 100.0),
            lines_resuming: Prior::LogUniform(3.0, 10_000.0),
            share_before: Prior::Uniform(0.1, 0.9),
            weights: [1.0; 6],
            next: true,
            settings: Settings { particles: 200, forgotten: 0.3, ..Settings::default() },
        }
    }
}
