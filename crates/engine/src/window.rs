//! A stretch of time cut into intervals of constant rates.
//!
//! Rates that move with a drug or the date are replaced by two constant halves a piece that keep their average and first
//! moment (Gauss nodes; a fourth-order commutator-free Magnus step, Blanes & Moan 2006, Appl. Numer. Math. 56:1519), and
//! pieces are halved until the average is settled to [`SETTLED`]; so hazards are integrated over the stretch, never
//! frozen at its start. What the cells do over a stretch is in [`crate::step`].

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
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

struct Build<'a> {
    compiled: &'a Compiled,
    days: f64,
    intervals: Vec<Interval>,
    rates: Vec<f64>,
    /// Averages being compared, three rows a halving; what does not move is in all of them.
    rows: Vec<f64>,
    other: Vec<f64>,
    /// The drug that alone moves the rates; `None` when several do, or the date.
    drug: Option<usize>,
}

impl<'a> Build<'a> {
    fn new(compiled: &'a Compiled, days: f64) -> Self {
        let width = compiled.layout.len();
        // As many as most pieces need.
        let (intervals, rates) = (Vec::with_capacity(8), Vec::with_capacity(8 * width));
        Build { compiled, days, intervals, rates, rows: Vec::new(), other: vec![0.0; width], drug: None }
    }

    fn stretch(&mut self, registers: &mut Registers, exposure: &mut Exposure) -> Result<(), Failure> {
        let days = self.days;
        let moving = self.compiled.varying && (self.compiled.uses_time || !exposure.is_constant());
        if !moving {
            set_exposure(self.compiled, registers, exposure, exposure.time());
            let mut rates = std::mem::take(&mut self.other);
            self.compiled.rates(registers, Depends::Exposure, &mut rates)?;
            exposure.drift(days);
            return self.push(0.0, days, &rates, exposure.time());
        }
        set_exposure(self.compiled, registers, exposure, exposure.time());
        self.compiled.rates(registers, Depends::Exposure, &mut self.other)?;
        if !self.compiled.uses_time {
            self.drug = exposure.only_moving();
        }
        let pieces = libm::ceil(days);
        for k in 0..pieces as usize {
            let days = days / pieces;
            self.halve(registers, exposure, k as f64 * days, days, HALVINGS, None)?;
        }
        Ok(())
    }

    /// Start in `rows` of the average of the left (0) or right (1) half at `depth`, or of what is `kept` there (2).
    fn row(&mut self, depth: usize, which: usize) -> usize {
        // Few pieces are halved often.
        let (at, width) = (3 * (HALVINGS + 1 - depth) + which, self.other.len());
        if self.rows.is_empty() {
            self.rows.reserve_exact(12 * width);
        }
        while self.rows.len() < (at + 1) * width {
            self.rows.extend_from_slice(&self.other);
        }
        at * width
    }

    /// A piece, whose average is in `rows` at `whole` when it is known; leaves `exposure` at its end.
    fn halve(
        &mut self,
        registers: &mut Registers,
        exposure: &mut Exposure,
        at: f64,
        days: f64,
        depth: usize,
        whole: Option<usize>,
    ) -> Result<(), Failure> {
        // A piece much longer than the drug's own time could miss a peak with every node.
        if days * exposure.fastest() > LONGEST_PEAK && depth > 0 {
            self.halve(registers, exposure, at, 0.5 * days, depth - 1, None)?;
            return self.halve(registers, exposure, at + 0.5 * days, 0.5 * days, depth - 1, None);
        }
        let start = exposure.snapshot();
        let whole = match whole {
            Some(whole) => whole,
            None => {
                let whole = self.row(depth + 1, 1);
                self.average(registers, exposure, days, whole)?;
                exposure.restore(&start);
                whole
            }
        };
        let (left, right) = (self.row(depth, 0), self.row(depth, 1));
        self.average(registers, exposure, 0.5 * days, left)?;
        let middle = exposure.snapshot();
        self.average(registers, exposure, 0.5 * days, right)?;
        let layout = self.compiled.layout;
        let first_founding = layout.founding(0);
        let rows = &mut self.rows;
        let moving = self.compiled.moving(self.drug);
        let settled = moving.iter().all(|&k| {
            let better = 0.5 * (rows[left + k] + rows[right + k]);
            let moved = (better - rows[whole + k]).abs();
            if k < first_founding { moved * days <= SETTLED } else { moved <= 100.0 * SETTLED * better.max(1e-300) }
        });
        if settled || depth == 0 {
            // The two halves carry the average to fourth order (Richardson), and their difference, spread by 4/3, the
            // first moment of the rates: the fourth-order commutator-free Magnus step, so that it matters no more which
            // rate moved first.
            for &k in moving {
                let (l, r) = (rows[left + k], rows[right + k]);
                let more = (0.5 * (l + r) - rows[whole + k]) / 15.0;
                let (a, b) = ((l + more).max(0.0), (r + more).max(0.0));
                let apart = ((b - a) / 6.0).clamp(-b, a);
                (rows[left + k], rows[right + k]) = (a - apart, b + apart);
            }
            let rows = std::mem::take(&mut self.rows);
            let width = layout.len();
            self.push(at, 0.5 * days, &rows[left..left + width], exposure.time())?;
            self.push(at + 0.5 * days, 0.5 * days, &rows[right..right + width], exposure.time())?;
            self.rows = rows;
            return Ok(());
        }
        // The halves are the wholes of what is now halved; the right one waits where the left one's halves do not reach.
        let kept = self.row(depth, 2);
        let width = layout.len();
        self.rows.copy_within(right..right + width, kept);
        exposure.restore(&start);
        self.halve(registers, exposure, at, 0.5 * days, depth - 1, Some(left))?;
        exposure.restore(&middle);
        self.halve(registers, exposure, at + 0.5 * days, 0.5 * days, depth - 1, Some(kept))
    }

    /// Average rates over the next `days` into `rows` at `into`, leaving `exposure` at their end.
    fn average(
        &mut self,
        registers: &mut Registers,
        exposure: &mut Exposure,
        days: f64,
        into: usize,
    ) -> Result<(), Failure> {
        // Nodes (1 -+ 1/sqrt(3)) / 2.
        const NODES: [f64; 2] = [0.211_324_865_405_187_1, 0.788_675_134_594_812_9];
        let width = self.other.len();
        let first = &mut self.rows[into..into + width];
        exposure.drift(NODES[0] * days);
        set_exposure(self.compiled, registers, exposure, exposure.time());
        self.compiled.moving_rates(registers, self.drug, first)?;
        exposure.drift((NODES[1] - NODES[0]) * days);
        set_exposure(self.compiled, registers, exposure, exposure.time());
        self.compiled.moving_rates(registers, self.drug, &mut self.other)?;
        exposure.drift(NODES[0] * days);
        for &k in self.compiled.moving(self.drug) {
            first[k] = 0.5 * (first[k] + self.other[k]);
        }
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
