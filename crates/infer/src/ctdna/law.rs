//! The law of one mutation in blood over time, under each explanation of where its rise came from.
//!
//! # Law
//! The level (share of molecules, or copies per mL) is D(t) + N(t) / c, the latter up to a plateau.
//! - D, of the truncal mutation alone: S ((1 - p) exp(-k t) + p exp(-k2 t)) from day 0 on, S before it: cells that the drug
//!   kills, and slower ones (persisters). A mutation of resistance has no D.
//! - N(t), cells of the resistant clone, grows at g(t) = g exp(w (1 - t / t_end)) a day: g on the day of the last draw,
//!   t_end, and e^w times as fast on day 0, since growth slows as a tumour grows. *Before*: N(0) cells on day 0, N(t) = N(0)
//!   exp(Int_0^t g). *During*: one cell on day T, N(t) = (b / g(T)) X exp(Int_T^t g), X exponential with mean 1, which is
//!   the limit law of a birth-death clone that survives (Athreya and Ney 1972, III.7), b = g(T) + death. *None*: no clone.
//!   *Steady*, of a mutation of resistance alone: no clone that grows, one level at all times (cells of the blood with the
//!   mutation, or cells that the drug lets be).
//!   The level N(t) / c rises to a plateau, as where the clone has become the tumour: 1 / (c / N(t) + 1 / plateau).
//! - c cells per unit of level: a cell that dies `death` times a day sheds 1.4e-4 of its DNA (Avanzini et al. 2020), DNA
//!   is cleared with a half-life of 30 minutes from 2750 mL of plasma, so one copy per mL stands for 5.0e9 cells at 0.13
//!   deaths a day; at 5.2 ng of DNA per mL (1576 haploid genomes of 3.3 pg) all of it being mutant would be 7.9e12.
//!
//! # Readings
//! Levels scatter from draw to draw: their log odds have a standard deviation of about s, as a beta law with parameters
//! q / v, (1 - q) / v, v = s^2 q (1 - q), so that mutant reads are beta-binomial; copies are a gamma mixture of Poisson
//! counts (negative binomial) with coefficient of variation s. A wild-type molecule is read as mutant with probability
//! `artefacts`. Below a limit: the probability of all readings that are.
//!
//! # Left out
//! Several clones of one mutation, growth that quickens, and a resistance mutation that falls at first.

use super::Options;
use super::data::{Role, Said};
use crate::prior::{Parameter, Prior, Target};
use crate::special::log_negative_binomial;
use remission_engine::draw;
use remission_engine::stream::Stream;

/// Days of DNA's half-life in plasma: 30 minutes.
const HALF_LIFE: f64 = 1.0 / 48.0;
/// Genome equivalents a death.
const SHED: f64 = 1.4e-4;
/// Plasma in the body, mL.
const PLASMA: f64 = 2750.0;
/// Haploid genomes per mL: 5.2 ng at 3.3 pg each.
const GENOMES: f64 = 5.2e3 / 3.3;

/// Prior of ln(growth on day 0 / growth on the day of the last draw): 1.6 times as fast, between 1.07 and 35 times (95 %; assumed;
/// a Gompertz clone that comes from one cell to a tenth of its final size slows some tenfold).
const SLOWING: Prior = Prior::LogNormal(0.5, 1.0);

/// Where the rise came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Explanation {
    /// Cells were there on day 0.
    Before,
    /// One cell arose under treatment.
    During,
    /// There is no clone.
    None,
    /// There is no clone that grows: a level that stays.
    Steady,
}

impl Explanation {
    /// In the order of every list.
    pub const ALL: [Explanation; 4] =
        [Explanation::Before, Explanation::During, Explanation::None, Explanation::Steady];

    /// Those of a mutation: a truncal one has a level of its own, which no steady one is told from.
    pub fn of(role: Role) -> &'static [Explanation] {
        match role {
            Role::Resistance => &Explanation::ALL,
            Role::Truncal => &[Explanation::Before, Explanation::During, Explanation::None],
        }
    }
}

/// Cells that one unit of level stands for, the middle of its prior.
///
/// ```
/// let cells = remission_infer::ctdna::cells_per_level(false, 0.13);
/// assert!((cells / 5.03e9 - 1.0).abs() < 0.01);
/// // 0.1 % of all molecules: 8 cm^3 of 1e9 cells.
/// assert!((remission_infer::ctdna::cells_per_level(true, 0.13) * 1e-3 / 7.92e9 - 1.0).abs() < 0.01);
/// ```
pub fn cells_per_level(share: bool, deaths_per_day: f64) -> f64 {
    let per_copy = core::f64::consts::LN_2 / HALF_LIFE * PLASMA / (SHED * deaths_per_day);
    if share { per_copy * GENOMES } else { per_copy }
}

/// One mutation under one explanation.
#[derive(Debug, Clone)]
pub struct Rise {
    parameters: Vec<Parameter>,
    readings: Vec<(f64, Said)>,
    declines: bool,
    explanation: Explanation,
    /// Day of the last draw, 1 or more.
    last: f64,
    death: f64,
    artefacts: f64,
}

/// What a parameter set says of the clone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lineage {
    /// Cells that it has, or would have had, on day 0 by its growth.
    pub on_day_0: f64,
    /// Growth on the day of the last draw, 1/day.
    pub growth: f64,
    /// ln of how many times as fast it grew on day 0.
    pub slowing: f64,
}

impl Rise {
    /// A series under an explanation. `until` is the last day on which the clone may have arisen.
    pub fn new(role: Role, readings: &[(f64, Said)], explanation: Explanation, options: &Options, until: f64) -> Rise {
        let share = readings.first().is_some_and(|r| r.1.is_share());
        let declines = role == Role::Truncal;
        let mut parameters = vec![Parameter::new("scatter", "", Prior::LogNormal(0.3, 0.5))];
        if declines || explanation == Explanation::Steady {
            let level = if share { Prior::LogUniform(1e-5, 1.0) } else { Prior::LogUniform(1e-2, 1e6) };
            parameters.push(Parameter::new("level", if share { "" } else { "copies/mL" }, level));
        }
        if declines {
            parameters.push(Parameter::new("decline", "1/day", Prior::LogUniform(0.01, 1.0)));
            parameters.push(Parameter::new("slow_share", "", Prior::LogitNormal(0.05, 1.5)));
            parameters.push(Parameter::new("slow_decline", "1/day", Prior::LogUniform(3e-4, 0.03)));
        }
        if matches!(explanation, Explanation::Before | Explanation::During) {
            parameters.push(Parameter::new("growth", "1/day", Prior::LogUniform(0.003, 0.15)));
            let cells = cells_per_level(share, options.death_per_day);
            parameters.push(Parameter::new(
                "cells_per_level",
                "cells",
                Prior::LogNormal(cells, options.shedding_sigma),
            ));
            parameters.push(Parameter::new("ln_slowing", "", SLOWING));
            let plateau = if share { Prior::LogUniform(1e-3, 1.0) } else { Prior::LogUniform(1.0, 1e6) };
            parameters.push(Parameter::new("plateau", if share { "" } else { "copies/mL" }, plateau));
        }
        match explanation {
            Explanation::Before => {
                parameters.push(Parameter::new("cells_on_day_0", "cells", Prior::LogUniform(1.0, options.most_cells)))
            }
            Explanation::During => {
                parameters.push(Parameter::new("founded_day", "days", Prior::Uniform(0.0, until.max(1.0))));
                parameters.push(Parameter::new("luck", "", Prior::Uniform(0.0, 1.0)));
            }
            Explanation::None | Explanation::Steady => {}
        }
        Rise {
            parameters,
            readings: readings.to_vec(),
            declines,
            explanation,
            last: until.max(1.0),
            death: options.death_per_day,
            artefacts: options.artefacts,
        }
    }

    /// The clone, where there is one.
    pub fn clone_at(&self, at: &[f64]) -> Option<Lineage> {
        let own = &at[if self.declines { 5 } else { 1 }..];
        match self.explanation {
            Explanation::None | Explanation::Steady => None,
            Explanation::Before => Some(Lineage { on_day_0: own[4], growth: own[0], slowing: own[2] }),
            Explanation::During => {
                let clone = Lineage { on_day_0: 0.0, growth: own[0], slowing: own[2] };
                let luck = -libm::log(1.0 - own[5].min(1.0 - 1e-16));
                let on_day_0 = self.one(&clone, own[4]) * luck * libm::exp(-self.grown(&clone, own[4]));
                Some(Lineage { on_day_0, ..clone })
            }
        }
    }

    /// Int_0^t of a clone's growth; before day 0 it grows as on it.
    fn grown(&self, clone: &Lineage, day: f64) -> f64 {
        let (first, share) = (clone.growth * libm::exp(clone.slowing), clone.slowing / self.last);
        match day <= 0.0 || share < 1e-12 {
            true => first * day,
            false => first * -libm::expm1(-share * day) / share,
        }
    }

    /// Mean size, traced back to its founding on a day, of a clone of one cell that survives.
    fn one(&self, clone: &Lineage, day: f64) -> f64 {
        let growth = clone.growth * libm::exp(clone.slowing * (1.0 - day.max(0.0) / self.last));
        (growth + self.death) / growth
    }

    /// Day on which the clone was one cell; of one that was there on day 0 by its growth under treatment and a draw of its luck.
    pub fn founded(&self, at: &[f64], stream: &mut Stream) -> Option<f64> {
        let own = &at[if self.declines { 5 } else { 1 }..];
        let clone = self.clone_at(at)?;
        match self.explanation {
            Explanation::During => Some(own[4]),
            _ => {
                let one = self.one(&clone, 0.0) * draw::exponential(stream);
                let first = clone.growth * libm::exp(clone.slowing);
                Some((-libm::log(clone.on_day_0 / one) / first).min(0.0))
            }
        }
    }

    /// Level on a day: of all, and of the clone alone.
    pub fn level(&self, at: &[f64], day: f64) -> (f64, f64) {
        let mut sum = 0.0;
        if self.declines {
            let t = day.max(0.0);
            sum = at[1] * ((1.0 - at[3]) * libm::exp(-at[2] * t) + at[3] * libm::exp(-at[4] * t));
        }
        if self.explanation == Explanation::Steady {
            sum = at[1];
        }
        let own = &at[if self.declines { 5 } else { 1 }..];
        let clone = match self.clone_at(at) {
            Some(_) if self.explanation == Explanation::During && day < own[4] => 0.0,
            Some(clone) => {
                let free = clone.on_day_0 * libm::exp(self.grown(&clone, day)) / own[1];
                1.0 / (1.0 / free + 1.0 / own[3])
            }
            None => 0.0,
        };
        (sum + clone, clone)
    }

    /// ln of the probability (of copies, density) of one reading on a day.
    pub fn log_probability(&self, at: &[f64], day: f64, said: Said) -> f64 {
        log_probability(self.level(at, day).0, at[0], self.artefacts, said)
    }

    /// A reading on a day, with the depth, plasma and limits of `like`.
    pub fn simulate(&self, at: &[f64], day: f64, like: Said, stream: &mut Stream) -> Said {
        let (level, scatter) = (self.level(at, day).0, at[0]);
        match like {
            Said::Reads { depth, .. } => {
                Said::Reads { mutant: reads(level, scatter, self.artefacts, depth, stream), depth }
            }
            Said::ShareBelow { limit, depth } => {
                let mutant = reads(level, scatter, self.artefacts, depth, stream);
                if (mutant as f64) < limit * depth as f64 { like } else { Said::Reads { mutant, depth } }
            }
            Said::Copies { ml, .. } => Said::Copies { per_ml: copies(level, scatter, ml, stream), ml },
            Said::CopiesBelow { limit, ml } => {
                let per_ml = copies(level, scatter, ml, stream);
                if per_ml < limit { like } else { Said::Copies { per_ml, ml } }
            }
        }
    }

    /// Names and places of the parameters.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.parameters.iter().position(|p| p.name == name)
    }
}

impl Target for Rise {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.readings.iter().map(|(day, said)| self.log_probability(at, *day, *said)).sum()
    }
}

/// Share of reads that are mutant, with what is misread.
fn misread(level: f64, artefacts: f64) -> f64 {
    let p = level.clamp(0.0, 1.0);
    (p + (1.0 - p) * artefacts).clamp(1e-9, 1.0 - 1e-9)
}

fn reads(level: f64, scatter: f64, artefacts: f64, depth: u64, stream: &mut Stream) -> u64 {
    let q = misread(level, artefacts);
    let v = scatter * scatter * q * (1.0 - q);
    let (a, b) = (draw::gamma(stream, q / v, 1.0), draw::gamma(stream, (1.0 - q) / v, 1.0));
    draw::binomial(stream, depth, if a + b > 0.0 { a / (a + b) } else { q })
}

fn copies(level: f64, scatter: f64, ml: f64, stream: &mut Stream) -> f64 {
    let shape = 1.0 / (scatter * scatter);
    let mean = draw::gamma(stream, shape, level * ml / shape);
    draw::poisson(stream, mean) as f64 / ml
}

/// ln of the probability (of copies per mL, density) of a reading at a level.
///
/// ```
/// use remission_infer::ctdna::{Said, log_probability};
/// // All outcomes of 20 reads together are certain.
/// let sum: f64 = (0..=20).map(|mutant| log_probability(0.2, 0.5, 1e-5, Said::Reads { mutant, depth: 20 }).exp()).sum();
/// assert!((sum - 1.0).abs() < 1e-9);
/// ```
pub fn log_probability(level: f64, scatter: f64, artefacts: f64, said: Said) -> f64 {
    let q = misread(level, artefacts);
    let v = scatter * scatter * q * (1.0 - q);
    let (a, b) = (q / v, (1.0 - q) / v);
    let beta_binomial = |k: f64, n: f64| {
        let g = libm::lgamma;
        g(n + 1.0) - g(k + 1.0) - g(n - k + 1.0) + g(k + a) + g(n - k + b) - g(n + a + b) + g(a + b) - g(a) - g(b)
    };
    let shape = 1.0 / (scatter * scatter);
    let negative_binomial = |k: f64, mean: f64| log_negative_binomial(k, mean.max(1e-300), shape);
    // The sum of all below: each term from the one before it.
    let below = |first: f64, ratio: &dyn Fn(f64) -> f64, end: f64| {
        let (mut term, mut sum, mut k) = (1.0f64, 0.0f64, 0.0);
        while k < end {
            sum += term;
            if sum > 1e280 {
                break;
            }
            term *= ratio(k);
            k += 1.0;
        }
        (first + libm::log(sum)).min(0.0)
    };
    match said {
        Said::Reads { mutant, depth } => beta_binomial(mutant as f64, depth as f64),
        Said::ShareBelow { limit, depth } => {
            let n = depth as f64;
            let end = libm::ceil(limit * n).max(1.0).min(n + 1.0);
            below(beta_binomial(0.0, n), &|k| (n - k) / (k + 1.0) * (k + a) / (n - k - 1.0 + b), end)
        }
        Said::Copies { per_ml, ml } => negative_binomial(per_ml * ml, level * ml) + libm::log(ml),
        Said::CopiesBelow { limit, ml } => {
            let mean = (level * ml).max(1e-300);
            let end = libm::ceil(limit * ml).max(1.0);
            below(negative_binomial(0.0, level * ml), &|k| (k + shape) / (k + 1.0) * mean / (shape + mean), end)
        }
    }
}
