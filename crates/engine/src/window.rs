//! A stretch of time cut into intervals of constant rates.
//!
//! Rates that move with a drug or the date are replaced by two constant halves a piece that keep their average and first
//! moment (a fourth-order commutator-free Magnus step, Blanes & Moan 2006, Appl. Numer. Math. 56:1519), and pieces are
//! halved until the average is settled to [`SETTLED`]; so hazards are integrated over the stretch, never frozen at its
//! start. Averages are Simpson's: the ends of a piece are seen, where a dose makes rates change most, and what is computed
//! there serves its halves and its neighbour. What the cells do over a stretch is in [`crate::step`].

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};

/// Halve an interval until halving moves no integrated rate by more than this (founding rates: this times 100, relative).
pub const SETTLED: f64 = 3e-6;
/// Longest interval as a multiple of the time in which a block grows or shrinks e-fold.
const LONGEST: f64 = 0.5;

/// Longest piece that may settle, in times of the fastest change of any drug: its first quarter is two of them long.
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

/// Rates over a stretch of time.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Length, days.
    pub days: f64,
    /// Cuts, in order, without gaps.
    pub intervals: Vec<Interval>,
    /// Rates of each interval, one row each.
    pub rates: Vec<f64>,
    /// Length of a row.
    pub width: usize,
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
        let mut all = Window::default();
        let from = exposure.time();
        while all.days < days {
            let piece = (exposure.next_event() - from).min(days) - all.days;
            let end = all.days + piece;
            if piece > 0.0 {
                all.append(&Window::without_jump(compiled, registers, exposure, piece)?);
                all.days = end;
            }
            exposure.advance(from + end);
        }
        Ok(all)
    }

    /// The same over `days` in which no input jumps; a dose due at the end is not yet given.
    pub fn without_jump(
        compiled: &Compiled,
        registers: &mut Registers,
        exposure: &mut Exposure,
        days: f64,
    ) -> Result<Window, Failure> {
        let mut build = Build::new(compiled, days);
        build.stretch(registers, exposure)?;
        Ok(Window { days, intervals: build.intervals, rates: build.rates, width: compiled.layout.len() })
    }

    /// Adds `next` behind.
    pub fn append(&mut self, next: &Window) {
        let at = self.days;
        self.intervals.extend(next.intervals.iter().map(|i| Interval { start: at + i.start, days: i.days }));
        self.rates.extend_from_slice(&next.rates);
        self.width = next.width;
        self.days = at + next.days;
    }

    /// Rates of interval `k`.
    pub fn rates(&self, k: usize) -> &[f64] {
        &self.rates[k * self.width..(k + 1) * self.width]
    }
}

/// Rows kept for every piece at once: rates at its start, middle and end, then averages of its left and right half.
const FIRST: usize = 5;

struct Build<'a> {
    compiled: &'a Compiled,
    days: f64,
    intervals: Vec<Interval>,
    rates: Vec<f64>,
    /// Rates at moments, [`FIRST`] rows and then two a halving, at a quarter and at three quarters of the piece that is halved; what
    /// does not move is in all of them.
    rows: Vec<f64>,
    still: Vec<f64>,
    /// The drug that alone moves the rates; `None` when several do, or the date.
    drug: Option<usize>,
}

impl<'a> Build<'a> {
    fn new(compiled: &'a Compiled, days: f64) -> Self {
        let width = compiled.layout.len();
        // As many as most pieces need.
        let (intervals, rates) = (Vec::with_capacity(8), Vec::with_capacity(8 * width));
        Build { compiled, days, intervals, rates, rows: Vec::new(), still: vec![0.0; width], drug: None }
    }

    fn stretch(&mut self, registers: &mut Registers, exposure: &mut Exposure) -> Result<(), Failure> {
        let days = self.days;
        let moving = self.compiled.varying && (self.compiled.uses_time || !exposure.is_constant());
        set_exposure(self.compiled, registers, exposure, exposure.time());
        self.compiled.rates(registers, Depends::Exposure, &mut self.still)?;
        if !moving {
            let rates = std::mem::take(&mut self.still);
            exposure.drift(days);
            return self.push(0.0, days, &rates, exposure.time());
        }
        if !self.compiled.uses_time {
            self.drug = exposure.only_moving();
        }
        let pieces = libm::ceil(days);
        let days = days / pieces;
        // The end of a piece is the start of the next.
        let (mut start, mut end) = (self.row(0), self.row(2));
        let middle = self.row(1);
        for k in 0..pieces as usize {
            let snapshot = exposure.snapshot();
            self.after(registers, exposure, 0.5 * days, middle)?;
            self.after(registers, exposure, 0.5 * days, end)?;
            exposure.restore(&snapshot);
            self.halve(registers, exposure, k as f64 * days, days, HALVINGS, [start, middle, end])?;
            (start, end) = (end, start);
        }
        Ok(())
    }

    /// Start of row number `k` in `rows`.
    fn row(&mut self, k: usize) -> usize {
        let width = self.still.len();
        if self.rows.is_empty() {
            // Few pieces are halved often.
            self.rows.reserve_exact((FIRST + 6) * width);
        }
        while self.rows.len() < (k + 1) * width {
            self.rows.extend_from_slice(&self.still);
        }
        k * width
    }

    /// Lets `days` pass and puts the rates of then into `rows` at `into`.
    fn after(
        &mut self,
        registers: &mut Registers,
        exposure: &mut Exposure,
        days: f64,
        into: usize,
    ) -> Result<(), Failure> {
        exposure.drift(days);
        set_exposure(self.compiled, registers, exposure, exposure.time());
        let width = self.still.len();
        self.compiled.moving_rates(registers, self.drug, &mut self.rows[into..into + width])
    }

    /// A piece of which the rates at start, middle and end are in `rows`; leaves `exposure` at its end.
    fn halve(
        &mut self,
        registers: &mut Registers,
        exposure: &mut Exposure,
        at: f64,
        days: f64,
        depth: usize,
        [start, middle, end]: [usize; 3],
    ) -> Result<(), Failure> {
        let deeper = FIRST + 2 * (HALVINGS - depth);
        let (quarter, three) = (self.row(deeper), self.row(deeper + 1));
        // A piece much longer than the drug's own time could miss a peak with every moment.
        let short = depth == 0 || days * exposure.fastest() <= LONGEST_PEAK;
        let begins = exposure.snapshot();
        self.after(registers, exposure, 0.25 * days, quarter)?;
        exposure.drift(0.25 * days);
        let halfway = exposure.snapshot();
        self.after(registers, exposure, 0.25 * days, three)?;
        exposure.drift(0.25 * days);
        if short && (self.averages(days, [start, quarter, middle, three, end]) || depth == 0) {
            return self.settle(at, days, exposure.time());
        }
        exposure.restore(&begins);
        self.halve(registers, exposure, at, 0.5 * days, depth - 1, [start, quarter, middle])?;
        exposure.restore(&halfway);
        self.halve(registers, exposure, at + 0.5 * days, 0.5 * days, depth - 1, [middle, three, end])
    }

    /// Averages of the rates over both halves by Simpson's rule from five moments; true when halving moved none by much. The two
    /// halves carry the average to the next order (Richardson), and their difference, spread by 4/3, the first moment of the
    /// rates: the fourth-order commutator-free Magnus step, so that it matters no more which rate moved first.
    fn averages(&mut self, days: f64, [start, quarter, middle, three, end]: [usize; 5]) -> bool {
        let width = self.still.len();
        let first_founding = self.compiled.layout.founding(0);
        let rows = &mut self.rows;
        let mut settled = true;
        for &k in self.compiled.moving(self.drug) {
            let (a, b, c) = (rows[start + k], rows[middle + k], rows[end + k]);
            let whole = (a + 4.0 * b + c) * (1.0 / 6.0);
            let left = (a + 4.0 * rows[quarter + k] + b) * (1.0 / 6.0);
            let right = (b + 4.0 * rows[three + k] + c) * (1.0 / 6.0);
            let better = 0.5 * (left + right);
            let moved = (better - whole).abs();
            settled &= if k < first_founding {
                moved * days <= SETTLED
            } else {
                moved <= 100.0 * SETTLED * better.max(1e-300)
            };
            let more = (better - whole) * (1.0 / 15.0);
            let (left, right) = ((left + more).max(0.0), (right + more).max(0.0));
            let apart = ((right - left) / 6.0).clamp(-right, left);
            (rows[3 * width + k], rows[4 * width + k]) = (left - apart, right + apart);
        }
        settled
    }

    /// Adds the two halves of a piece, whose averages are in their rows.
    fn settle(&mut self, at: f64, days: f64, now: f64) -> Result<(), Failure> {
        let rows = std::mem::take(&mut self.rows);
        let width = self.still.len();
        self.push(at, 0.5 * days, &rows[3 * width..4 * width], now)?;
        self.push(at + 0.5 * days, 0.5 * days, &rows[4 * width..5 * width], now)?;
        self.rows = rows;
        Ok(())
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
}

/// Puts concentrations and the date into a patient's registers. Before treatment the date reads 0.
pub fn set_exposure(compiled: &Compiled, registers: &mut Registers, exposure: &Exposure, time: f64) {
    for k in 0..compiled.model.drugs.len() {
        registers.set(Slot::Drug(k), exposure.concentration(k));
        registers.set(Slot::Delayed(k), exposure.delayed(k));
        registers.set(Slot::Effect(k), exposure.effect(k));
    }
    registers.set(Slot::Time, exposure.date(time));
}
