//! The law of shared winners.
//!
//! A barcode of frequency f is resistant before the split with chance 1 - e^(-before f) (Poisson in its cells). Of a
//! resistant lineage each replicate receives a Poisson number of cells with mean m; one cell or more makes it win. Over
//! lineages m has one of two laws:
//!
//! ```text
//! older than the barcodes    density e^(-m/copies) / copies        all cells of a barcode are resistant
//! while the pool grew        density theta / m^2 from theta on     mutants of Luria and Delbrueck: half of the mutations
//!                                                                  leave one cell, 1 of k at least k; a replicate receives
//!                                                                  a share theta of the pool
//! ```
//!
//! A barcode may hold several resistant lineages, Poisson of mean before f, whose m add up to M. Given u = e^-M replicates are
//! independent:
//!
//! ```text
//! p(counts of b) = E_u prod_j [u (1 - a) L0_j + (1 - u (1 - a)) L1_j]
//! ```
//!
//! a = 1 - e^(-during f), L0 and L1 from [`super::emission`]. E_u of u^i is e^(-before f G_i), G_i = E(1 - e^(-i m)): i c / (1 + i c) for
//! the first law, a sum over 96 points for the second; that of u^i (1 - u)^k follows by differences, so a product over R replicates
//! costs R^2. (Taking one lineage a barcode at most told too many winners and too large a share of the pool: ranks of 500 fits.)
//! Free values: lineages that reach a replicate W, the share of them from before, and copies or theta; before = share W / G_1, during =
//! (1 - share) W.

use super::emission::{Fitted, Pool};
use crate::prior::{Parameter, Prior, Target};
use std::collections::BTreeMap;

/// An explanation of the winners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All from before the split, older than the barcodes.
    Before,
    /// All from before the split, from mutations while the barcoded pool grew.
    Grown,
    /// All from during treatment, in each replicate anew.
    During,
    /// Older than the barcodes and from during treatment, each a tenth or more.
    Both,
    /// From while the pool grew and from during treatment, each a tenth or more.
    BothGrown,
    /// A random sample of cells: many winners, in each replicate anew.
    Sample,
}

/// What the priors rest on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Most winners a replicate that are still selection of lineages: see [`selected`].
    pub selected: f64,
    /// Lowest and highest mean number of cells that a replicate receives of a resistant lineage.
    pub copies: (f64, f64),
    /// Lowest and highest share of the pool that a replicate receives.
    pub theta: (f64, f64),
}

/// Fewest winners a replicate, in the mean, that are selection of some lineages. Of fewer an experiment may show none although there is
/// selection (of one lineage, shared by all replicates, one time in three), and what no data would show is not weighed.
pub const FEWEST: f64 = 2.0;

/// Most winners a replicate that are still selection of some lineages in a pool of so many effective barcodes: a tenth of them, and twice
/// the fewest at least.
pub fn selected(effective: f64) -> f64 {
    (0.1 * effective).max(2.0 * FEWEST)
}

/// The law of m over resistant lineages.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Exponential with this mean.
    Older(f64),
    /// Pareto of exponent 1 from this value on.
    Grown(f64),
}

/// Barcodes that are alike, counted once: frequency, chances of their counts relative to the larger, how many.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    frequency: f64,
    lost: Vec<f64>,
    won: Vec<f64>,
    weight: f64,
}

/// The counts of all replicates, ready for [`Target`].
#[derive(Debug, Clone, PartialEq)]
pub struct Winners {
    rows: Vec<Row>,
    base: f64,
    /// Replicates.
    pub replicates: usize,
}

/// Below this log odds of the counts a barcode is taken not to have won.
const LOST: f64 = -18.0;

/// Most groups of barcodes; more are put together more coarsely.
const ROWS: usize = 300;

/// The bin of log odds: fine where they are in doubt, coarse where they are clear.
fn place(odds: f64, width: f64) -> i16 {
    let size = odds.abs();
    let bin = match size {
        _ if size < 6.0 => libm::floor(size / (0.5 * width)),
        _ if size < -LOST => 100.0 + libm::floor((size - 6.0) / (4.0 * width)),
        _ => 200.0,
    };
    (if odds < 0.0 { -bin - 1.0 } else { bin }) as i16
}

impl Winners {
    /// From the fits of the replicates; `kept[b]`: barcodes that count. Barcodes of nearly one frequency (20 %, 40 % where
    /// they lost everywhere) and nearly the same odds are put together, at their means, in 300 groups or fewer.
    pub fn of(pool: &Pool, fits: &[&Fitted], kept: &[bool]) -> Winners {
        let mut base = 0.0;
        for (b, _) in kept.iter().enumerate().filter(|(_, k)| **k) {
            base += fits.iter().map(|f| f.lost[b].max(f.won[b])).sum::<f64>();
        }
        let mut width = 1.0;
        loop {
            let mut groups: BTreeMap<Vec<i16>, (f64, Vec<f64>, f64)> = BTreeMap::new();
            for (b, _) in kept.iter().enumerate().filter(|(_, k)| **k) {
                let odds: Vec<f64> = fits.iter().map(|f| f.won[b] - f.lost[b]).collect();
                let mut key: Vec<i16> = odds.iter().map(|o| place(*o, width)).collect();
                let lost = odds.iter().all(|o| *o < LOST);
                key.push(libm::floor(libm::log(pool.frequency[b]) / (width * if lost { 0.4 } else { 0.2 })) as i16);
                let group = groups.entry(key).or_insert_with(|| (0.0, vec![0.0; fits.len()], 0.0));
                group.0 += pool.frequency[b];
                group.1.iter_mut().zip(&odds).for_each(|(sum, o)| *sum += o.clamp(-60.0, 60.0));
                group.2 += 1.0;
            }
            if groups.len() > ROWS && width < 20.0 {
                width *= 1.4;
                continue;
            }
            let row = |(sum, odds, weight): (f64, Vec<f64>, f64)| {
                let mean: Vec<f64> = odds.iter().map(|o| o / weight).collect();
                Row {
                    frequency: sum / weight,
                    lost: mean.iter().map(|o| libm::exp(-o.max(0.0))).collect(),
                    won: mean.iter().map(|o| if *o < LOST { 0.0 } else { libm::exp(o.min(0.0)) }).collect(),
                    weight,
                }
            };
            let rows = groups.into_values().map(row).collect();
            return Winners { rows, base, replicates: fits.len() };
        }
    }

    /// ln p(counts | rates).
    pub fn log_likelihood(&self, rates: &Rates) -> f64 {
        let (r, before, during) = (self.replicates, rates.before, rates.during);
        let reached = reached(r, rates.law);
        let mut part = vec![0.0; r + 1];
        let mut sum = self.base;
        for row in &self.rows {
            let a = -libm::expm1(-during * row.frequency);
            part.fill(0.0);
            part[0] = 1.0;
            for j in 0..r {
                let mixed = a * row.won[j] + (1.0 - a) * row.lost[j];
                // part[k]: with k replicates that received a cell.
                for k in (0..=j + 1).rev() {
                    let from = if k > 0 { part[k - 1] * row.won[j] } else { 0.0 };
                    part[k] = part[k] * mixed + from;
                }
            }
            let weights = received(&reached, before * row.frequency);
            let all: f64 = part.iter().zip(&weights).map(|(p, w)| p * w).sum();
            sum += row.weight * libm::log(all.max(1e-300));
        }
        sum
    }
}

/// G_i = E(1 - e^(-i m)), i from 0 to r: the chance that a lineage reaches one of i replicates.
///
/// ```
/// use remission_infer::barcodes::sharing::{Law, reached};
/// assert!((reached(2, Law::Older(3.0))[2] - 6.0 / 7.0).abs() < 1e-14);
/// // theta times the integral of (1 - e^-m) / m^2 from theta on, by its series.
/// assert!((reached(1, Law::Grown(0.1))[1] - 0.1 * (1.0 - 0.577_215_665 - 0.1f64.ln() + 0.05 - 0.01 / 12.0)).abs() < 1e-5);
/// ```
pub fn reached(r: usize, law: Law) -> Vec<f64> {
    match law {
        Law::Older(copies) => (0..=r).map(|i| i as f64 * copies / (1.0 + i as f64 * copies)).collect(),
        Law::Grown(theta) => {
            // Simpson in ln m up to m = 60, beyond which a lineage reaches every replicate.
            const POINTS: usize = 96;
            const END: f64 = 60.0;
            let step = libm::log(END / theta) / POINTS as f64;
            let factor = libm::exp(step);
            let (mut out, mut m) = (vec![0.0; r + 1], theta);
            for i in 0..=POINTS {
                let weight = if i == 0 || i == POINTS { 1.0 } else { 2.0 + 2.0 * (i % 2) as f64 };
                let (u, share) = (libm::exp(-m), weight * step / 3.0 * theta / m);
                let mut left = 1.0;
                for value in out.iter_mut().skip(1) {
                    left *= u;
                    *value += share * (1.0 - left);
                }
                m *= factor;
            }
            out.iter_mut().skip(1).for_each(|x| *x += theta / END);
            out
        }
    }
}

/// E u^(r - k) (1 - u)^k for k from 0 to r: that k given replicates received a cell of a barcode and the others none, where the barcode
/// holds `lineages` resistant lineages in the mean.
///
/// ```
/// use remission_infer::barcodes::sharing::{Law, reached, received};
/// let weights = received(&reached(3, Law::Older(3.0)), 0.2);
/// // All ways of three replicates together are certain.
/// assert!((weights[0] + 3.0 * weights[1] + 3.0 * weights[2] + weights[3] - 1.0).abs() < 1e-14);
/// // Where lineages are rare a winner has one: E(1 - u) = 3 / 4.
/// assert!((received(&reached(1, Law::Older(3.0)), 1e-9)[1] / 1e-9 - 0.75).abs() < 1e-8);
/// ```
pub fn received(reached: &[f64], lineages: f64) -> Vec<f64> {
    let r = reached.len() - 1;
    // 1 - E u^i: differences of it keep their digits where lineages are rare.
    let mut differences: Vec<f64> = reached.iter().map(|g| -libm::expm1(-lineages * g)).collect();
    let mut out = vec![0.0; r + 1];
    out[0] = 1.0 - differences[r];
    for k in 1..=r {
        // The k-th difference of E u^i, with its sign.
        for i in 0..=r - k {
            differences[i] =
                if k == 1 { differences[i + 1] - differences[i] } else { differences[i] - differences[i + 1] };
        }
        out[k] = differences[r - k].max(0.0);
    }
    out
}

/// Winners under one explanation.
pub struct Sharing<'a> {
    winners: &'a Winners,
    kind: Kind,
    parameters: Vec<Parameter>,
}

/// Rates that a set of free values stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Resistant lineages before the split, in the whole pool.
    pub before: f64,
    /// Resistant lineages that arise in a replicate.
    pub during: f64,
    /// How many cells of a resistant lineage a replicate receives.
    pub law: Law,
}

/// Rates by the draws of an explanation; none: nothing wins.
pub type Drawn = Option<Vec<Rates>>;

impl Rates {
    /// ln of the chance that no replicate of `r` receives a resistant cell, nor makes one.
    ///
    /// ```
    /// use remission_infer::barcodes::sharing::{Law, Rates};
    /// // Of two lineages each reaches one of two replicates with chance 6/7; a third of one arises in each.
    /// let rates = Rates { before: 2.0, during: 1.0 / 3.0, law: Law::Older(3.0) };
    /// assert!((rates.log_none(2) + 12.0 / 7.0 + 2.0 / 3.0).abs() < 1e-14);
    /// ```
    pub fn log_none(&self, r: usize) -> f64 {
        -self.before * reached(r, self.law)[r] - self.during * r as f64
    }
}

impl<'a> Sharing<'a> {
    /// The target of one explanation.
    pub fn new(winners: &'a Winners, kind: Kind, limits: &Limits) -> Sharing<'a> {
        let selected = limits.selected;
        let few = Prior::LogUniform(FEWEST, selected);
        let count = match kind {
            Kind::Sample => Prior::LogUniform(selected, 300.0 * selected),
            _ => few,
        };
        let mut parameters = vec![Parameter::new("winners_per_replicate", "", count)];
        match kind {
            Kind::Before | Kind::Both => {
                let copies = Prior::LogUniform(limits.copies.0, limits.copies.1);
                parameters.push(Parameter::new("copies_per_replicate", "cells", copies));
            }
            Kind::Grown | Kind::BothGrown => {
                let theta = Prior::LogUniform(limits.theta.0, limits.theta.1);
                parameters.push(Parameter::new("share_of_pool", "", theta));
            }
            Kind::During | Kind::Sample => {}
        }
        if matches!(kind, Kind::Both | Kind::BothGrown) {
            parameters.push(Parameter::new("share_pre_existing", "", Prior::Uniform(0.1, 0.9)));
        }
        Sharing { winners, kind, parameters }
    }

    /// The rates of a set.
    pub fn rates(&self, at: &[f64]) -> Rates {
        let (share, law) = match self.kind {
            Kind::Before => (1.0, Law::Older(at[1])),
            Kind::Both => (at[2], Law::Older(at[1])),
            Kind::Grown => (1.0, Law::Grown(at[1])),
            Kind::BothGrown => (at[2], Law::Grown(at[1])),
            Kind::During | Kind::Sample => (0.0, Law::Older(1.0)),
        };
        Rates { before: share * at[0] / reached(1, law)[1], during: (1.0 - share) * at[0], law }
    }
}

impl Target for Sharing<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.winners.log_likelihood(&self.rates(at))
    }
}
