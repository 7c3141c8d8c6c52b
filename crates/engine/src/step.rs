//! A stretch of time made ready for drawing: the moments of every block over it, and along it where founders need them.
//!
//! A step is made of *pieces*, stretches in which no input jumps. A piece depends on nothing but the amounts in the body
//! at its start and its length, so at a steady dosing cycle a day is computed once and a week is seven times that day:
//! moments are joined, which is exact ([`Moments::then`]). What founders need inside the step (moments from its start to
//! every cut, and from there to its end) is computed the first time that a step has one.

use crate::compiled::{Block, Compiled};
use crate::elementary::{exp_and_exp_m1, exp_m1, log, log_one_plus};
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::families::Families;
use crate::founding::logarithmic_mean;
use crate::large::Large;
use crate::moments::Moments;
use crate::window::Window;
use remission_model::program::Registers;
use std::cell::OnceCell;
use std::rc::Rc;

/// Pieces remembered.
const REMEMBERED: usize = 64;
/// Two moments of exposure are alike when they agree to this, on the scale of the largest dose.
pub const ALIKE: f64 = 2e-6;

/// A stretch in which no input jumps.
#[derive(Debug)]
struct Piece {
    window: Window,
    blocks: Vec<PieceOfBlock>,
}

#[derive(Debug)]
struct PieceOfBlock {
    /// Moments of each interval; none of a line.
    own: Vec<Moments>,
    whole: Moments,
}

/// A stretch of time that can be drawn at once.
#[derive(Debug)]
pub struct Step {
    /// Rates along it.
    pub window: Window,
    /// Every block over it.
    pub blocks: Vec<BlockStep>,
    pieces: Vec<Rc<Piece>>,
    rise: OnceCell<Rise>,
}

/// Logarithms of the growth of types along a step.
#[derive(Debug, Clone, Copy)]
struct Rise {
    /// The largest at any moment.
    most: f64,
    /// The largest by which one is above both ends in between.
    between: f64,
}

/// A rise between the ends of a step that may hide a size.
const HIDDEN: f64 = 0.005;

/// One block over a step.
#[derive(Debug)]
pub struct BlockStep {
    /// Moments of the whole step.
    pub whole: Moments,
    /// Its law for clones of any size; `None` when the step is too long for one draw.
    pub families: Option<Families>,
    /// Its law for large clones.
    pub large: Large,
    along: OnceCell<Along>,
    lines: OnceCell<Lines>,
    founders: OnceCell<Vec<f64>>,
}

/// A block along a step.
#[derive(Debug)]
pub struct Along {
    /// Moments of each interval.
    pub own: Vec<Moments>,
    /// Moments from the start of interval k to the end of the step; one more than intervals.
    pub to_end: Vec<Moments>,
    seen_from_start: OnceCell<Vec<f64>>,
}

/// What one cell of a type that founds nothing leaves at the end of a step: nothing, or a geometric number of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Mean number.
    pub mean: f64,
    /// Mean number of those whose line survives, less 1.
    pub odds: f64,
    /// Probability that the line survives.
    pub survival: f64,
}

impl Line {
    /// A cell at the end itself.
    pub const END: Line = Line { mean: 1.0, odds: 0.0, survival: 1.0 };

    /// Of a cell that lives at constant rates for `days` before.
    #[inline]
    pub fn after(&self, birth: f64, death: f64, days: f64) -> Line {
        self.grown(birth, growth(birth - death, days))
    }

    #[inline]
    fn grown(&self, birth: f64, (times, grown): (f64, f64)) -> Line {
        let (mean, odds) = (self.mean * times, self.odds + self.mean * birth * grown);
        Line { mean, odds, survival: mean / (1.0 + odds) }
    }

    /// The same followed by another.
    #[inline]
    pub fn then(&self, next: &Line) -> Line {
        let (mean, odds) = (self.mean * next.mean, next.odds + next.mean * self.odds);
        Line { mean, odds, survival: mean / (1.0 + odds) }
    }

    /// The same, and the chance to survive of a cell founded in the `days` before, integrated over its date, in days. With
    /// G(t) = (e^(g t) - 1) / g for a cell founded t days before, g = birth - death, m the mean and o the odds of this line,
    ///     s(t) = m e^(g t) / (1 + o + m b G(t)),   integral = ln(1 + m b G / (1 + o)) / b.
    pub fn after_all_of(&self, birth: f64, death: f64, days: f64) -> (Line, f64) {
        let growth = growth(birth - death, days);
        let x = self.survival * birth * growth.1;
        let survived = if x < 1e-12 { self.survival * growth.1 } else { log_one_plus(x) / birth };
        (self.grown(birth, growth), survived)
    }
}

/// e^(rate days) and (e^(rate days) - 1) / rate, which is the days themselves for rate 0.
#[inline]
fn growth(rate: f64, days: f64) -> (f64, f64) {
    let z = rate * days;
    if z.abs() < 1e-12 {
        (1.0 + z, days)
    } else if z.abs() < 600.0 {
        let (times, more) = exp_and_exp_m1(z);
        (times, more / rate)
    } else {
        (libm::exp(z), libm::expm1(z) / rate)
    }
}

/// One cell of a block that [is a line](crate::compiled::Block::is_line) along a step.
#[derive(Debug)]
pub struct Lines {
    /// From the start of interval k to the end of the step; one more than intervals.
    pub from: Vec<Line>,
    /// Within each interval.
    pub within: Vec<Within>,
    /// Of each interval, the integral of the chance to survive over the date of a founder, days, and the largest chance. At
    /// constant rates it moves in one direction with the date.
    pub chances: Vec<(f64, f64)>,
}

/// Founders within one interval whose lines reach the end of the step.
#[derive(Debug, Clone, Copy)]
pub struct Within {
    birth: f64,
    /// Births less deaths, and its reciprocal; 0 where the reciprocal is of no use.
    net: f64,
    per_net: f64,
    /// Reciprocal of the chance to survive from the end of the interval, of births times it.
    per_survival: f64,
    per_birth: f64,
    /// The line from the end of the interval.
    end: Line,
}

impl Within {
    fn new(end: Line, birth: f64, death: f64, days: f64) -> Within {
        let net = birth - death;
        let per_net = if (net * days).abs() < 1e-6 { 0.0 } else { 1.0 / net };
        let (per_survival, per_birth) = (1.0 / end.survival, 1.0 / (birth * end.survival));
        Within { birth, net, per_net, per_survival, per_birth, end }
    }

    /// The inverse of the integral of [`Line::after_all_of`]: how many days before the end of the interval a founder arose, and the odds of its line,
    /// when the integral from there is `used`. The date is good to 1e-9 of the interval.
    #[inline]
    pub fn founded(&self, used: f64) -> (f64, f64) {
        let grown =
            if self.birth > 0.0 { exp_m1(self.birth * used) * self.per_birth } else { used * self.per_survival };
        let z = self.net * grown;
        let days = if self.per_net == 0.0 { grown * (1.0 - 0.5 * z) } else { log(1.0 + z) * self.per_net };
        (days, self.end.odds + self.end.mean * self.birth * grown)
    }
}

impl Along {
    fn new(own: Vec<Moments>, m: usize) -> Along {
        let mut to_end = Vec::with_capacity(own.len() + 1);
        to_end.push(Moments::none(m));
        for moments in own.iter().rev() {
            to_end.push(moments.then(&to_end[to_end.len() - 1]));
        }
        to_end.reverse();
        Along { own, to_end, seen_from_start: OnceCell::new() }
    }

    /// For the end of each interval and each ancestor i at the start: mean of every kind s there, then for each s and kind q at
    /// the end of the step Cov(x_s there, x_q at the end). Rows of m + m m.
    pub fn seen_from_start(&self) -> &[f64] {
        self.seen_from_start.get_or_init(|| {
            let m = self.to_end[0].m;
            let mut seen = Vec::with_capacity(self.own.len() * m * (m + m * m));
            let mut so_far: Option<Moments> = None;
            for (k, own) in self.own.iter().enumerate() {
                let next = so_far.map_or_else(|| own.clone(), |s| s.then(own));
                next.seen(&self.to_end[k + 1], &mut seen);
                so_far = Some(next);
            }
            seen
        })
    }
}

impl Piece {
    fn new(compiled: &Compiled, window: Window) -> Piece {
        let blocks = compiled.blocks.iter().map(|block| {
            if block.is_line() {
                return PieceOfBlock { own: Vec::new(), whole: whole(compiled, block.types[0], &window) };
            }
            let own = moments(compiled, block, &window);
            let whole = joined(own.iter(), block);
            PieceOfBlock { own, whole }
        });
        let blocks = blocks.collect();
        Piece { window, blocks }
    }
}

/// Moments of a block over each interval of a window.
fn moments(compiled: &Compiled, block: &Block, window: &Window) -> Vec<Moments> {
    let mut own: Vec<Moments> = Vec::with_capacity(window.intervals.len());
    for (k, interval) in window.intervals.iter().enumerate() {
        // Equal neighbours are common (cuts of one long interval): compute once.
        let same = k > 0 && window.intervals[k - 1].days == interval.days && window.rates(k - 1) == window.rates(k);
        own.push(match own.last() {
            Some(last) if same => last.clone(),
            _ => Moments::constant(block, compiled.layout, window.rates(k), interval.days),
        });
    }
    own
}

/// Moments of one stretch after the other.
fn joined<'a>(mut moments: impl Iterator<Item = &'a Moments>, block: &Block) -> Moments {
    let first = moments.next().cloned().unwrap_or_else(|| Moments::none(block.width()));
    moments.fold(first, |so_far, next| so_far.then(next))
}

/// Moments over the window of a block that is a line, by its law: for mean m and odds o of a cell's line, the variance of what it
/// leaves is m (2 o + 1 - m).
fn whole(compiled: &Compiled, t: usize, window: &Window) -> Moments {
    let (birth, death) = (compiled.layout.birth(t), compiled.layout.death(t));
    let line = window.intervals.iter().enumerate().rev().fold(Line::END, |line, (k, interval)| {
        let rates = window.rates(k);
        line.after(rates[birth], rates[death], interval.days)
    });
    let mut moments = Moments::none(1);
    moments.mean[0] = line.mean;
    moments.covariance[0] = (line.mean * (2.0 * line.odds + (1.0 - line.mean))).max(0.0);
    moments
}

impl Step {
    /// Over rates that are already known.
    pub fn of_window(compiled: &Compiled, window: Window) -> Step {
        Step::joined(compiled, vec![Rc::new(Piece::new(compiled, window))])
    }

    fn joined(compiled: &Compiled, pieces: Vec<Rc<Piece>>) -> Step {
        let mut window = Window::default();
        window.intervals.reserve_exact(pieces.iter().map(|p| p.window.intervals.len()).sum());
        window.rates.reserve_exact(pieces.iter().map(|p| p.window.rates.len()).sum());
        pieces.iter().for_each(|p| window.append(&p.window));
        let blocks = compiled.blocks.iter().enumerate().map(|(b, block)| {
            let whole = joined(pieces.iter().map(|p| &p.blocks[b].whole), block);
            let families = Families::new(&whole);
            let large = Large::new(block.types.len(), &whole, families.as_ref());
            BlockStep {
                whole,
                families,
                large,
                along: OnceCell::new(),
                lines: OnceCell::new(),
                founders: OnceCell::new(),
            }
        });
        let blocks = blocks.collect();
        Step { window, blocks, pieces, rise: OnceCell::new() }
    }

    /// True when `total` cells may reach `size` within the step and be fewer again at its end, by half a per cent or more.
    pub fn hides(&self, compiled: &Compiled, total: u64, size: f64) -> bool {
        let rise = self.rise.get_or_init(|| {
            let (mut most, mut between) = (0.0f64, 0.0f64);
            for t in (0..compiled.types()).filter(|&t| compiled.model.is_tumour(t)) {
                let (birth, death) = (compiled.layout.birth(t), compiled.layout.death(t));
                let (mut grown, mut highest) = (0.0f64, 0.0f64);
                for (k, interval) in self.window.intervals.iter().enumerate() {
                    let rates = self.window.rates(k);
                    grown += (rates[birth] - rates[death]) * interval.days;
                    highest = highest.max(grown);
                }
                most = most.max(highest);
                between = between.max(highest - grown.max(0.0));
            }
            Rise { most, between }
        });
        rise.between > HIDDEN && total as f64 * libm::exp(rise.most) >= size
    }

    /// Length, days.
    pub fn days(&self) -> f64 {
        self.window.days
    }

    /// True when every block can be drawn at once over it.
    pub fn drawable(&self) -> bool {
        self.blocks.iter().all(|b| b.families.is_some())
    }

    /// Of a block that [is a line](crate::compiled::Block::is_line).
    pub fn lines(&self, compiled: &Compiled, b: usize) -> &Lines {
        self.blocks[b].lines.get_or_init(|| {
            let t = compiled.blocks[b].types[0];
            let (birth, death) = (compiled.layout.birth(t), compiled.layout.death(t));
            let intervals = self.window.intervals.len();
            let (mut from, mut within) = (vec![Line::END; intervals + 1], Vec::with_capacity(intervals));
            let mut chances = vec![(0.0, 0.0); intervals];
            let mut line = Line::END;
            for (k, interval) in self.window.intervals.iter().enumerate().rev() {
                let rates = self.window.rates(k);
                let (before, survived) = line.after_all_of(rates[birth], rates[death], interval.days);
                within.push(Within::new(line, rates[birth], rates[death], interval.days));
                chances[k] = (survived, before.survival.max(line.survival));
                line = before;
                from[k] = line;
            }
            within.reverse();
            Lines { from, within, chances }
        })
    }

    /// Block `b` along the step.
    pub fn along(&self, compiled: &Compiled, b: usize) -> &Along {
        self.blocks[b].along.get_or_init(|| {
            let block = &compiled.blocks[b];
            let own = if block.is_line() { moments(compiled, block, &self.window) } else { self.own(b) };
            Along::new(own, block.width())
        })
    }

    /// Founders that one cell of each type of block `b` is expected to have over the step: rows of the block's ways of founding.
    pub fn founders(&self, compiled: &Compiled, b: usize) -> &[f64] {
        self.blocks[b].founders.get_or_init(|| {
            let (block, layout) = (&compiled.blocks[b], compiled.layout);
            let (types, own) = (block.types.len(), &self.along(compiled, b).own);
            let mut founders = Vec::with_capacity(types * block.founding.len());
            for ancestor in 0..types {
                let mut cells = vec![0.0; types];
                cells[ancestor] = 1.0;
                let first = founders.len();
                founders.resize(first + block.founding.len(), 0.0);
                for (k, own) in own.iter().enumerate() {
                    let descendants = |j: usize| cells.iter().enumerate().map(|(i, n)| n * own.mean(i, j)).sum();
                    let after: Vec<f64> = (0..types).map(descendants).collect();
                    let (rates, days) = (self.window.rates(k), self.window.intervals[k].days);
                    for (found, &(s, c)) in founders[first..].iter_mut().zip(&block.founding) {
                        *found += rates[layout.founding(c)] * days * logarithmic_mean(cells[s], after[s]).0;
                    }
                    cells = after;
                }
            }
            founders
        })
    }

    fn own(&self, b: usize) -> Vec<Moments> {
        let mut own = Vec::with_capacity(self.window.intervals.len());
        self.pieces.iter().for_each(|p| own.extend_from_slice(&p.blocks[b].own));
        own
    }
}

/// Pieces of one patient's exposure that are remembered.
#[derive(Debug, Default)]
pub struct Pieces {
    known: Vec<(Vec<f64>, f64, Rc<Piece>)>,
    turn: usize,
    signature: Vec<f64>,
}

impl Pieces {
    /// The step over the next `days` of `exposure`, which is advanced to its end.
    pub fn step(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        exposure: &mut Exposure,
        days: f64,
    ) -> Result<Step, Failure> {
        let mut pieces = Vec::with_capacity(8);
        let from = exposure.time();
        let mut at = 0.0;
        while at < days {
            let end = (exposure.next_event() - from).min(days);
            if end > at {
                pieces.push(self.piece(compiled, registers, exposure, end - at)?);
                at = end;
            }
            exposure.advance(from + end);
        }
        let step = Step::joined(compiled, pieces);
        Ok(step)
    }

    fn piece(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        exposure: &mut Exposure,
        days: f64,
    ) -> Result<Rc<Piece>, Failure> {
        let make = |registers: &mut Registers, exposure: &mut Exposure| {
            Ok(Rc::new(Piece::new(compiled, Window::without_jump(compiled, registers, exposure, days)?)))
        };
        if compiled.uses_time || !compiled.varying {
            return make(registers, exposure);
        }
        exposure.signature_of_body(&mut self.signature);
        for (signature, length, piece) in &self.known {
            if (length - days).abs() < 1e-12 * days && alike(signature, &self.signature) {
                exposure.drift(days);
                return Ok(piece.clone());
            }
        }
        let signature = self.signature.clone();
        let piece = make(registers, exposure)?;
        let entry = (signature, days, piece.clone());
        if self.known.len() < REMEMBERED {
            self.known.push(entry);
        } else {
            self.known[self.turn] = entry;
            self.turn = (self.turn + 1) % REMEMBERED;
        }
        Ok(piece)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
        self.turn = 0;
    }
}

/// True when two fingerprints are the same up to [`ALIKE`].
pub fn alike(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= ALIKE)
}
