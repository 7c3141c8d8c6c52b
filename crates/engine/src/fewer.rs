//! Tumours with fewer cells of a type than most have: what exists when treatment begins, by exponential tilting.
//!
//! # Law
//! Given the path of the cells that found them, clones of a type are a Poisson process of dates, each with the size of its line when treatment
//! begins. A clone of n cells is kept with probability e^(-t n): those that are left are the process whose density, over that of the process itself,
//! is
//!     e^(L - t T),   L = integral of l(s) E(1 - e^(-t n) | founded at s) ds,
//! T cells being left of the type and l(s) the founders expected a day (tilting of a Poisson process; Kingman 1993, Poisson Processes,
//! section 3.2; exponential tilting: Asmussen and Glynn 2007, Stochastic Simulation, VI.2). That is done with probability q, so that
//! tumours come with the density 1 - q + q e^(L - t T) times their own, and one over it is their weight: averages with weights are those of
//! the process, whatever t and q below 1. A clone of more than `most` cells stays as it is and counts nowhere: it had a say in when the tumour had
//! its size.
//!
//! The line's law is geometric ([`Line`]), so the expectations are sums of a geometric series; dates are integrated by Gauss-Legendre quadrature over
//! every stretch of growth.

use crate::compiled::Compiled;
use crate::guided::Grown;
use crate::law::counts::GAUSS;
use crate::state::{Founder, State};
use crate::step::Line;

/// Least and most of tilt times cells between which [`Fewer::reaching`] looks.
const TILTS: (f64, f64) = (1.0, 1e3);
/// Halvings of that range, by logarithm: a tilt is good to half a per cent.
const HALVINGS: usize = 10;

/// How a type's clones are thinned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fewer {
    /// The type: one that founds nobody and switches into no other.
    pub cell_type: usize,
    /// t, per cell.
    pub tilt: f64,
    /// Probability of a tumour to be thinned, below 1.
    pub share: f64,
    /// Size from which on a clone is left as it is; a small part of the tumour.
    pub most: u64,
}

/// What thinning, or not, left of a type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thinned {
    /// How.
    pub by: Fewer,
    /// L.
    pub lost: f64,
    /// T.
    pub cells: f64,
    /// Founders of the type since then, of this clone, are its clones.
    since: f64,
    parent: u32,
}

/// Founders of a type in a stretch of growth.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    days: f64,
    /// ln of how many times as many cells found them at its end as at its start.
    growth: f64,
    expected: f64,
    birth: f64,
    death: f64,
}

/// None where those who found are all gone in one.
fn stretches(compiled: &Compiled, steps: &[Grown], cell_type: usize) -> Option<Vec<Stretch>> {
    let stretch = |step: &Grown| {
        let own = compiled.channels.iter().zip(&step.founded).filter(|(c, _)| c.to == cell_type).map(|(_, f)| f);
        let rates = own.clone().find(|f| f.birth > 0.0).copied().unwrap_or_default();
        Stretch {
            days: step.days,
            growth: step.growth,
            expected: own.map(|f| f.expected).sum(),
            birth: rates.birth,
            death: rates.death,
        }
    };
    steps.iter().map(|s| s.growth.is_finite().then(|| stretch(s))).collect()
}

/// The sum over the stretches of what is expected of a clone's line, over all dates.
fn expected(stretches: &[Stretch], of: impl Fn(&Line) -> f64) -> f64 {
    let (mut sum, mut after) = (0.0, Line::END);
    for s in stretches.iter().rev() {
        if s.expected > 0.0 {
            // The mean of e^(growth x) over [0, 1].
            let mean = if s.growth.abs() < 1e-9 { 1.0 } else { libm::expm1(s.growth) / s.growth };
            let at = |x: f64| libm::exp(s.growth * x) / mean * of(&after.after(s.birth, s.death, (1.0 - x) * s.days));
            let own: f64 = GAUSS.iter().map(|(x, w)| 0.5 * w * (at(0.5 - 0.5 * x) + at(0.5 + 0.5 * x))).sum();
            sum += s.expected * own;
        }
        after = after.after(s.birth, s.death, s.days);
    }
    sum
}

impl Fewer {
    /// With the tilt by which `cells` cells of the type are expected of a thinned tumour that grew by `steps`; none where fewer than some `cells` are
    /// common without.
    ///
    /// A tilt of 1 / cells leaves clones below that size nearly as they are: who still expects more than `cells` has to tilt.
    pub fn reaching(
        compiled: &Compiled,
        steps: &[Grown],
        cell_type: usize,
        cells: f64,
        share: f64,
        most: u64,
    ) -> Option<Fewer> {
        let stretches = stretches(compiled, steps, cell_type)?;
        let left = |tilt: f64| expected(&stretches, |line| left(line, tilt, most));
        let (mut low, mut high) = (TILTS.0 / cells, TILTS.1 / cells);
        let without = left(low);
        if without.is_nan() || without <= cells {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = (low * high).sqrt();
            if left(middle) > cells { low = middle } else { high = middle }
        }
        Some(Fewer { cell_type, tilt: (low * high).sqrt(), share, most })
    }

    /// Whether the type is one whose clones may be thinned.
    pub fn possible(compiled: &Compiled, cell_type: usize) -> bool {
        !compiled.interacting && !compiled.uses_time && compiled.blocks[compiled.place[cell_type].0].is_line()
    }

    /// Thins the clones of the type in a tumour that grew by `steps`, if it is to be, and says what is left.
    pub(crate) fn thin(
        self,
        compiled: &Compiled,
        steps: &[Grown],
        state: &mut State,
        mut keeps: impl FnMut(f64) -> bool,
    ) -> Option<Thinned> {
        let since = steps.first().filter(|_| Fewer::possible(compiled, self.cell_type))?.start;
        let parent = state.blocks.iter().flat_map(|b| &b.founders).find(|f| f.parent.is_none())?.id;
        let lost = expected(&stretches(compiled, steps, self.cell_type)?, |line| lost(line, self.tilt, self.most));
        let mut thinned = Thinned { by: self, lost, cells: 0.0, since, parent };
        let (b, position) = compiled.place[self.cell_type];
        let (clones, width) = (&mut state.blocks[b], compiled.blocks[b].types.len());
        let thin = keeps(self.share);
        let mut at = 0;
        while at < clones.founders.len() {
            let n = clones.counts[at * width + position];
            if thinned.is_of(&clones.founders[at], n) {
                if thin && !keeps(libm::exp(-self.tilt * n as f64)) {
                    clones.founders.remove(at);
                    clones.counts.drain(at * width..(at + 1) * width);
                    continue;
                }
                thinned.cells += n as f64;
            }
            at += 1;
        }
        Some(thinned)
    }
}

impl Thinned {
    /// Whether a clone of `cells` cells is one that may be thinned.
    pub fn is_of(&self, founder: &Founder, cells: u64) -> bool {
        founder.cell_type == self.by.cell_type
            && founder.parent == Some(self.parent)
            && founder.founded >= self.since
            && cells <= self.by.most
    }

    /// ln of the weight.
    pub fn log_weight(&self) -> f64 {
        self.log_weight_but(0.0, 1.0)
    }

    /// ln of the weight where `cells` of those left are drawn anew, from their own law, whatever they were: e^(-t n) is `mean` on the average over
    /// it.
    pub fn log_weight_but(&self, cells: f64, mean: f64) -> f64 {
        let q = self.by.share;
        let thinned = self.lost - self.by.tilt * (self.cells - cells) + libm::log(mean);
        let (a, b) = (libm::log(1.0 - q), libm::log(q) + thinned);
        -(a.max(b) + libm::log1p(libm::exp(-(a - b).abs())))
    }
}

/// Of a line, the expected 1 - e^(-t n) over sizes of `most` at most; 0 where it died out.
fn lost(line: &Line, tilt: f64, most: u64) -> f64 {
    let more = line.odds / (1.0 + line.odds);
    let all = 1.0 - libm::pow(more, most as f64);
    let z = libm::exp(-tilt);
    let kept = (1.0 - more) * z / (1.0 - more * z) * (1.0 - libm::pow(more * z, most as f64));
    line.survival * (all - kept)
}

/// Of a line, the expected n e^(-t n) over sizes of `most` at most.
fn left(line: &Line, tilt: f64, most: u64) -> f64 {
    let more = line.odds / (1.0 + line.odds);
    let x = more * libm::exp(-tilt);
    let (m, last) = (most as f64, libm::pow(x, most as f64));
    // The sum of n x^n over n from 1 to m.
    let sum = x * (1.0 - (m + 1.0) * last + m * last * x) / ((1.0 - x) * (1.0 - x));
    if more > 0.0 { line.survival * (1.0 - more) / more * sum } else { line.survival * libm::exp(-tilt) }
}
