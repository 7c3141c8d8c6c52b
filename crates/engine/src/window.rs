//! A stretch of time cut into intervals of constant rates, with the moments from every cut to the end.
//!
//! Rates that move with a drug or the date are replaced by two constant halves a piece that keep their average and first
//! moment (Gauss nodes; a fourth-order commutator-free Magnus step, Blanes & Moan 2006, Appl. Numer. Math. 56:1519), and
//! pieces are halved until the average is settled to [`SETTLED`]; so hazards are integrated over the stretch, never
//! frozen at its start. Moments from each cut to the end let a founder born inside the
//! stretch be carried to its end exactly.

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::families::Families;
use crate::moments::Moments;
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};

/// Halve an interval until halving moves no integrated rate by more than this (founding rates: this times 100, relative).
pub const SETTLED: f64 = 1e-6;
/// Longest interval as a multiple of the time in which a block grows or shrinks e-fold.
const LONGEST: f64 = 0.5;

/// Longest piece that may settle, in times of the fastest change of any drug: its first node comes before two thirds of
/// a peak are gone.
const LONGEST_PEAK: f64 = 8.0;
/// Times a piece may be halved; a day becomes three seconds.
const HALVINGS: usize = 15;

/// Intervals that a window may have. Cells that come and go many thousand times a day are a slip of units and not biology.
const MOST: usize = 20_000;

/// Constant rates for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Days from the start of the window.
    pub start: f64,
    /// Length, days.
    pub days: f64,
}

/// A stretch of time.
#[derive(Debug, Clone)]
pub struct Window {
    /// Length, days.
    pub days: f64,
    /// Cuts, in order, without gaps.
    pub intervals: Vec<Interval>,
    /// Rates of each interval, one row each.
    pub rates: Vec<f64>,
    /// Moments and families of each block.
    pub blocks: Vec<BlockWindow>,
}

/// One block over a window.
#[derive(Debug, Clone)]
pub struct BlockWindow {
    /// Moments from the start of interval k to the end of the window; one more than intervals.
    pub to_end: Vec<Moments>,
    /// Law of the whole window; `None` when it is too long for one draw.
    pub families: Option<Families>,
}

impl Window {
    /// Rates over the next `days` of `exposure`, which is advanced to the end. Only for models in which cells do
    /// not act on each other.
    pub fn of_exposure(
        compiled: &Compiled,
        registers: &mut Registers,
        exposure: &mut Exposure,
        days: f64,
    ) -> Result<Window, Failure> {
        let mut build = Build::new(compiled, days);
        let from = exposure.time();
        let mut at = 0.0;
        while at < days {
            let event = exposure.next_event() - from;
            let piece = event.min(days) - at;
            if piece > 0.0 {
                build.stretch(registers, exposure, at, piece)?;
                at += piece;
            }
            exposure.advance(from + at);
        }
        Ok(build.finish())
    }

    /// A window from intervals and rates that are already known.
    pub fn from_intervals(compiled: &Compiled, days: f64, intervals: Vec<Interval>, rates: Vec<f64>) -> Window {
        Build { compiled, days, intervals, rates, scratch: Vec::new() }.finish()
    }

    /// Rates of interval `k`.
    pub fn rates(&self, k: usize) -> &[f64] {
        let width = self.rates.len() / self.intervals.len();
        &self.rates[k * width..(k + 1) * width]
    }

    /// Interval that holds `at` days from the start.
    pub fn interval_at(&self, at: f64) -> usize {
        self.intervals.partition_point(|i| i.start + i.days <= at).min(self.intervals.len() - 1)
    }

    /// True when every block can be drawn in one step over the window.
    pub fn drawable(&self) -> bool {
        self.blocks.iter().all(|b| b.families.is_some())
    }
}

struct Build<'a> {
    compiled: &'a Compiled,
    days: f64,
    intervals: Vec<Interval>,
    rates: Vec<f64>,
    scratch: Vec<f64>,
}

impl<'a> Build<'a> {
    fn new(compiled: &'a Compiled, days: f64) -> Self {
        Build { compiled, days, intervals: Vec::new(), rates: Vec::new(), scratch: vec![0.0; compiled.layout.len()] }
    }

    /// A piece without a dose inside.
    fn stretch(
        &mut self,
        registers: &mut Registers,
        exposure: &mut Exposure,
        at: f64,
        days: f64,
    ) -> Result<(), Failure> {
        let moving = self.compiled.varying && (self.compiled.uses_time || !exposure.is_constant());
        if !moving {
            set_exposure(self.compiled, registers, exposure, exposure.time());
            let mut rates = std::mem::take(&mut self.scratch);
            let result = self.compiled.rates(registers, Depends::Exposure, &mut rates);
            if result.is_ok() {
                exposure.drift(days);
            }
            let result = result.and_then(|()| self.push(at, days, &rates, exposure.time()));
            self.scratch = rates;
            return result;
        }
        let pieces = libm::ceil(days);
        for k in 0..pieces as usize {
            let days = days / pieces;
            self.halve(registers, exposure, at + k as f64 * days, days, HALVINGS)?;
        }
        Ok(())
    }

    /// Leaves `exposure` at the end of the piece.
    fn halve(
        &mut self,
        registers: &mut Registers,
        exposure: &mut Exposure,
        at: f64,
        days: f64,
        depth: usize,
    ) -> Result<(), Failure> {
        // A piece much longer than the drug's own time could miss a peak with every node.
        if days * exposure.fastest() > LONGEST_PEAK && depth > 0 {
            self.halve(registers, exposure, at, 0.5 * days, depth - 1)?;
            return self.halve(registers, exposure, at + 0.5 * days, 0.5 * days, depth - 1);
        }
        let start = exposure.snapshot();
        let whole = self.average(registers, exposure, days)?;
        exposure.restore(&start);
        let left = self.average(registers, exposure, 0.5 * days)?;
        let right = self.average(registers, exposure, 0.5 * days)?;
        let layout = self.compiled.layout;
        let first_founding = layout.founding(0);
        let settled = (0..layout.len()).all(|k| {
            let better = 0.5 * (left[k] + right[k]);
            let moved = (better - whole[k]).abs();
            if k < first_founding { moved * days <= SETTLED } else { moved <= 100.0 * SETTLED * better.max(1e-300) }
        });
        if settled || depth == 0 {
            // The two halves carry the average to fourth order (Richardson), and their difference, spread by 4/3, the
            // first moment of the rates: the fourth-order commutator-free Magnus step, so that it matters no more which
            // rate moved first.
            let (mut left, mut right) = (left, right);
            for ((l, r), w) in left.iter_mut().zip(&mut right).zip(&whole) {
                let more = (0.5 * (*l + *r) - w) / 15.0;
                let (a, b) = ((*l + more).max(0.0), (*r + more).max(0.0));
                let apart = ((b - a) / 6.0).clamp(-b, a);
                (*l, *r) = (a - apart, b + apart);
            }
            self.push(at, 0.5 * days, &left, exposure.time())?;
            return self.push(at + 0.5 * days, 0.5 * days, &right, exposure.time());
        }
        exposure.restore(&start);
        self.halve(registers, exposure, at, 0.5 * days, depth - 1)?;
        self.halve(registers, exposure, at + 0.5 * days, 0.5 * days, depth - 1)
    }

    /// Average rates over the next `days`, leaving `exposure` at their end.
    fn average(&self, registers: &mut Registers, exposure: &mut Exposure, days: f64) -> Result<Vec<f64>, Failure> {
        // Nodes (1 -+ 1/sqrt(3)) / 2.
        const NODES: [f64; 2] = [0.211_324_865_405_187_1, 0.788_675_134_594_812_9];
        let mut first = vec![0.0; self.compiled.layout.len()];
        let mut second = first.clone();
        exposure.drift(NODES[0] * days);
        set_exposure(self.compiled, registers, exposure, exposure.time());
        self.compiled.rates(registers, Depends::Exposure, &mut first)?;
        exposure.drift((NODES[1] - NODES[0]) * days);
        set_exposure(self.compiled, registers, exposure, exposure.time());
        self.compiled.rates(registers, Depends::Exposure, &mut second)?;
        exposure.drift((1.0 - NODES[1]) * days);
        for (a, b) in first.iter_mut().zip(&second) {
            *a = 0.5 * (*a + b);
        }
        Ok(first)
    }

    /// Adds an interval, cut where founders need it; `now` is for the message.
    fn push(&mut self, at: f64, days: f64, rates: &[f64], now: f64) -> Result<(), Failure> {
        let layout = self.compiled.layout;
        // Founders are placed in an interval by its ends, so it must not be long beside growth or decay.
        let mut pieces = 1.0f64;
        for block in self.compiled.blocks.iter().filter(|b| b.founds()) {
            for &t in &block.types {
                let leaving: f64 =
                    block.switches.iter().filter(|s| block.types[s.0] == t).map(|s| rates[layout.switch(s.2)]).sum();
                let net = (rates[layout.birth(t)] - rates[layout.death(t)] - leaving).abs();
                pieces = pieces.max(libm::ceil(net * days / LONGEST));
            }
        }
        if self.intervals.len() as f64 + pieces > MOST as f64 {
            let fastest = rates.iter().copied().fold(0.0, f64::max);
            let what = format!(
                "rates so fast that {} days need more than {MOST} steps (the fastest is {fastest:.3e} /day); look for a unit that \
                 is off, such as /s for /day",
                self.days
            );
            return Err(Failure::Budget { what, time: now });
        }
        for k in 0..pieces as usize {
            self.intervals.push(Interval { start: at + days * k as f64 / pieces, days: days / pieces });
            self.rates.extend_from_slice(rates);
        }
        Ok(())
    }

    fn finish(self) -> Window {
        let width = self.compiled.layout.len();
        let blocks = self
            .compiled
            .blocks
            .iter()
            .map(|block| {
                let mut to_end = vec![Moments::none(block.width())];
                let mut last: Option<(usize, Moments)> = None;
                for (k, interval) in self.intervals.iter().enumerate().rev() {
                    let rates = &self.rates[k * width..(k + 1) * width];
                    // Equal neighbours are common (pieces of one long interval): compute once.
                    let own = match last.take() {
                        Some((j, own))
                            if self.intervals[j].days == interval.days
                                && self.rates[j * width..(j + 1) * width] == *rates =>
                        {
                            own
                        }
                        _ => Moments::constant(block, self.compiled.layout, rates, interval.days),
                    };
                    to_end.push(own.then(&to_end[to_end.len() - 1]));
                    last = Some((k, own));
                }
                to_end.reverse();
                let families = Families::new(&to_end[0]);
                BlockWindow { to_end, families }
            })
            .collect();
        Window { days: self.days, intervals: self.intervals, rates: self.rates, blocks }
    }
}

/// Puts concentrations and the date into a patient's registers. Before treatment the date reads 0.
pub fn set_exposure(compiled: &Compiled, registers: &mut Registers, exposure: &Exposure, time: f64) {
    for k in 0..compiled.model.drugs.len() {
        registers.set(Slot::Drug(k), exposure.concentration(k));
        registers.set(Slot::Delayed(k), exposure.delayed(k));
        registers.set(Slot::Effect(k), exposure.effect(k));
    }
    registers.set(Slot::Time, time.max(0.0));
}
