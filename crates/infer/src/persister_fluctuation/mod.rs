//! Persister fluctuation: cultures grown from few cells, then held under the drug for weeks; colonies counted by week,
//! persisters counted now and then. Two mutation rates come out: a division's before the drug, and a persister's
//! division's under it.
//!
//! In reading order: [`data`] (the table), [`law`] (colonies by look, from before and from persisters), [`model`]
//! (likelihood and explanations), [`fit`] (maximum likelihood with profiles), [`simulate`], [`answer`].
//!
//! The assay is that of Russo and others 2022 (Nat Genet 54:976, *A modified fluctuation-test framework characterizes
//! the population dynamics and mutation rate of colorectal cancer persister cells*; abstract and introduction read, not the
//! methods or code): a fluctuation test whose cultures stay under the drug, so that early colonies tell the mutation rate
//! before and late ones that of persisters, found 7 to 50 times higher. The law here is derived from Luria and Delbrueck
//! 1943 and a Poisson process of founders; where a colony's time to be visible overlaps both, the likelihood weighs them, and no
//! week divides early from late. Left out: mutants that grow slower or faster than others before the drug, mutations of
//! dying cells in the drug's first days (they count as of before), a mutation rate that changes under the drug.

mod answer;
pub mod data;
pub mod fit;
pub mod law;
pub mod model;
mod next;
pub mod simulate;

pub use answer::answer;

use crate::prior::Prior;
use crate::smc::Settings;

/// A table that reads as it is: six cultures, colonies at weeks 4 to 10, persisters counted in two of them.
pub const TEMPLATE: &str = "\
experiment,culture,week,colonies,final_cells,persisters
line1,1,4,0,200000,1900
line1,1,6,0,200000,
line1,1,8,1,200000,
line1,1,10,1,200000,700
line1,2,4,3,200000,2300
line1,2,6,3,200000,
line1,2,8,3,200000,
line1,2,10,4,200000,620
line1,3,4,0,200000,
line1,3,6,0,200000,
line1,3,8,0,200000,
line1,3,10,1,200000,
line1,4,4,0,200000,
line1,4,6,1,200000,
line1,4,8,1,200000,
line1,4,10,2,200000,
line1,5,4,0,200000,
line1,5,6,0,200000,
line1,5,8,0,200000,
line1,5,10,0,200000,
line1,6,4,1,200000,
line1,6,6,1,200000,
line1,6,8,1,200000,
line1,6,10,1,200000,
";

/// What may be set. Priors are in the words of [`Prior`]; a measured quantity belongs here as a narrow one.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The one experiment to answer for; none: all.
    pub experiment: Option<String>,
    /// Cells from which a colony is seen, above 1; default 1,000 (assumed).
    pub visible_cells: f64,
    /// Chance that the line of one resistant cell survives, above 0 and at most 1; default 0.875 (PC-9/ER under 1 uM
    /// erlotinib).
    pub survival: f64,
    /// Share of resistant cells that are plated or stay in the culture, above 0 and at most 1; default 1.
    pub plating: f64,
    /// Divisions of a persister, per day, above 0; default 0.05 (assumed). The rate under the drug and the ratio are
    /// in inverse proportion to it.
    pub persister_births_per_day: f64,
    /// Standard deviation of the logarithm of one count of persisters, above 0; default 0.3.
    pub persister_spread: f64,
    /// Net growth of resistant cells under the drug, per day; default lognormal(0.35, 0.4).
    pub growth_per_day: Prior,
    /// Standard deviation of the logarithm of growth between colonies; default lognormal(0.15, 0.7) (assumed).
    pub growth_spread: Prior,
    /// Persisters when the drug is given, as a share of all cells; default lognormal(0.01, 1.5).
    pub persister_share: Prior,
    /// Decay of persisters, per day; default lognormal(0.02, 0.8).
    pub persister_decay_per_day: Prior,
    /// Mutations a division before the drug; default loguniform(1e-10, 1e-4).
    pub rate_before: Prior,
    /// Mutations a persister's division; default loguniform(1e-9, 1e-3).
    pub rate_during: Prior,
    /// Prior weight of each explanation, in the order of [`model::Kind::ALL`], above 0; default all alike.
    pub weights: [f64; 3],
    /// Whether to work out what to measure next; default true.
    pub next: bool,
    /// Effort of the sampler, and the seed; default 4 runs of 200 particles, moved until correlations are below 0.3.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            experiment: None,
            visible_cells: 1000.0,
            survival: 0.875,
            plating: 1.0,
            persister_births_per_day: 0.05,
            persister_spread: 0.3,
            growth_per_day: Prior::LogNormal(0.35, 0.4),
            growth_spread: Prior::LogNormal(0.15, 0.7),
            persister_share: Prior::LogNormal(0.01, 1.5),
            persister_decay_per_day: Prior::LogNormal(0.02, 0.8),
            rate_before: Prior::LogUniform(1e-10, 1e-4),
            rate_during: Prior::LogUniform(1e-9, 1e-3),
            weights: [1.0; 3],
            next: true,
            settings: Settings { particles: 200, forgotten: 0.3, ..Settings::default() },
        }
    }
}
