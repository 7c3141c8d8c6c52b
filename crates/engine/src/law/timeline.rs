//! The rates of a treatment from its start to the horizon, as intervals of constant rates.
//!
//! Rates that move with a drug are replaced, a piece of time at a time, by two constant halves that keep the average and
//! the first moment of the rates over the piece (the fourth-order commutator-free Magnus step, Blanes & Moan 2006, Appl.
//! Numer. Math. 56:1519; the flow of the backward equations is linear in the rates, so its order is the same as for linear
//! equations). Averages and moments come from Lobatto nodes, and a piece is halved until it and its two halves tell the same of
//! extinction, of large and of small probabilities. So hazards are integrated, never frozen.
//! A dosing cycle at steady state meets the same drug levels again, and its intervals are made once.

use super::equations::{Coefficients, Equations, Solver};
use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::window::set_exposure;
use remission_model::program::{Depends, Registers};

/// Days that are remembered at most.
const REMEMBERED: usize = 512;
/// Two exposures are alike when no amount differs by more than this share of the largest dose.
const ALIKE: f64 = 1e-9;
/// Times a piece may be halved.
const HALVINGS: usize = 14;
/// Longest piece that may settle, in times of the fastest change of any drug.
const LONGEST_PIECE: f64 = 8.0;
/// Pieces shorter than this are judged as if they were as long, days.
const SHORTEST: f64 = 1.0 / 16.0;
/// Constant intervals that a day may have; more is a slip of units.
const MOST: usize = 20_000;

/// Steps of the equations that finding the intervals may take; five years of daily doses take ten thousand.
const MOST_STEPS: u64 = 2_000_000;

/// Constant rates for a while.
#[derive(Debug, Clone)]
pub struct Interval {
    /// Days.
    pub days: f64,
    /// Rates, as [`Compiled::layout`] places them.
    pub rates: Vec<f64>,
}

/// A treatment from day 0 to its last cut.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// Stretches of time that differ.
    stretches: Vec<Vec<Interval>>,
    /// Which stretch each step of time is, in order.
    steps: Vec<usize>,
    /// For each cut: steps before it.
    cuts: Vec<usize>,
    /// Relative error of a step of the equations.
    tolerance: f64,
}

/// Coefficients of a system for every interval of a timeline.
pub struct Prepared(Vec<Vec<(f64, Coefficients)>>);

impl Timeline {
    /// The treatment that `exposure` follows from day 0, cut at `cuts` (days, ascending, all above 0), with values right to
    /// about `tolerance` of themselves.
    ///
    /// # Errors
    /// A rate that is negative or no number.
    pub fn new(
        compiled: &Compiled,
        parameters: &[f64],
        exposure: &Exposure,
        cuts: &[f64],
        tolerance: f64,
    ) -> Result<Timeline, Failure> {
        let mut build = Build {
            compiled,
            registers: compiled.registers(parameters),
            exposure: exposure.clone(),
            equations: Equations::plain(compiled),
            solver: Solver::new(compiled.types() + 1, 1e-3 * tolerance),
            tolerance,
        };
        let mut timeline =
            Timeline { stretches: Vec::new(), steps: Vec::new(), cuts: Vec::new(), tolerance: 0.01 * tolerance };
        let mut known: Vec<(f64, Vec<f64>, usize)> = Vec::new();
        let mut signature = Vec::new();
        let moves = compiled.varying;
        for &cut in cuts {
            while build.exposure.time() < cut {
                let now = build.exposure.time();
                // Steps end on whole days, so that a dosing cycle meets them at the same phases.
                let grid = if moves { libm::floor(now + 1e-9) + 1.0 } else { cut };
                let to = if cut - grid < 1e-9 { cut } else { grid };
                let days = to - now;
                build.exposure.signature(days, &mut signature);
                let alike = |(length, other, _): &&(f64, Vec<f64>, usize)| {
                    (length - days).abs() <= 1e-9 * days
                        && other.len() == signature.len()
                        && other.iter().zip(&signature).all(|(a, b)| (a - b).abs() <= ALIKE)
                };
                let found = if compiled.uses_time { None } else { known.iter().rev().find(alike) };
                let which = match found {
                    Some(k) => {
                        build.exposure.advance(to);
                        k.2
                    }
                    None => {
                        timeline.stretches.push(build.stretch(to)?);
                        let which = timeline.stretches.len() - 1;
                        if known.len() < REMEMBERED {
                            known.push((days, signature.clone(), which));
                        }
                        which
                    }
                };
                timeline.steps.push(which);
            }
            timeline.cuts.push(timeline.steps.len());
        }
        Ok(timeline)
    }

    /// Makes a system ready for [`back`](Self::back).
    pub fn prepare(&self, equations: &Equations) -> Prepared {
        let one = |s: &Vec<Interval>| s.iter().map(|i| (i.days, equations.at(&i.rates))).collect();
        Prepared(self.stretches.iter().map(one).collect())
    }

    /// A solver for a system of so many kinds, as exact as this timeline.
    pub fn solver<T: super::scalar::Scalar>(&self, equations: &Equations) -> Solver<T> {
        Solver::new(equations.len(), self.tolerance)
    }

    /// Carries the values `e` at cut `from` back to cut `to` (`None`: day 0).
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn back<T: super::scalar::Scalar>(
        &self,
        equations: &Equations,
        prepared: &Prepared,
        solver: &mut Solver<T>,
        e: &mut [T],
        from: usize,
        to: Option<usize>,
    ) -> Result<(), Failure> {
        let first = to.map_or(0, |k| self.cuts[k]);
        // Constant rates over many steps of time are one interval.
        for alike in self.steps[first..self.cuts[from]].chunk_by(|a, b| a == b && self.stretches[*a].len() == 1).rev() {
            for (days, coefficients) in prepared.0[alike[0]].iter().rev() {
                solver.carry(equations, coefficients, e, *days * alike.len() as f64)?;
            }
        }
        Ok(())
    }

    /// Every interval from day 0 to the last cut: days and rates.
    pub fn each(&self) -> impl Iterator<Item = (f64, &[f64])> + '_ {
        self.steps.iter().flat_map(|&s| self.stretches[s].iter().map(|i| (i.days, &i.rates[..])))
    }

    /// Constant intervals from day 0 to the last cut, those that are met again counted again.
    pub fn intervals(&self) -> usize {
        self.steps.iter().map(|&s| self.stretches[s].len()).sum()
    }
}

/// Integral and first moment of the rates over a part of time.
struct Part {
    days: f64,
    whole: Vec<f64>,
    /// About the middle.
    moment: Vec<f64>,
}

struct Build<'a> {
    compiled: &'a Compiled,
    registers: Registers,
    exposure: Exposure,
    equations: Equations,
    solver: Solver<f64>,
    tolerance: f64,
}

impl Build<'_> {
    /// Intervals from now to `to`; the exposure is moved there.
    fn stretch(&mut self, to: f64) -> Result<Vec<Interval>, Failure> {
        let mut out = Vec::new();
        while self.exposure.time() < to {
            let end = self.exposure.next_event().min(to);
            let days = end - self.exposure.time();
            if days > 0.0 {
                if self.compiled.varying && (self.compiled.uses_time || !self.exposure.is_constant()) {
                    self.moving(days, &mut out)?;
                } else {
                    let rates = self.rates()?;
                    self.exposure.drift(days);
                    out.push(Interval { days, rates });
                }
            }
            self.exposure.advance(end);
        }
        Ok(out)
    }

    /// Rates now.
    fn rates(&mut self) -> Result<Vec<f64>, Failure> {
        let mut rates = vec![0.0; self.compiled.layout.len()];
        set_exposure(self.compiled, &mut self.registers, &self.exposure, self.exposure.time());
        self.compiled.rates(&mut self.registers, Depends::Exposure, &mut rates)?;
        Ok(rates)
    }

    /// Intervals over `days` without a dose inside.
    fn moving(&mut self, days: f64, out: &mut Vec<Interval>) -> Result<(), Failure> {
        if days * self.exposure.fastest() > LONGEST_PIECE * MOST as f64 {
            return Err(self.too_fast());
        }
        let start = self.exposure.snapshot();
        let whole = self.lobatto(days)?;
        self.exposure.restore(&start);
        self.refine(whole, HALVINGS, out)
    }

    fn too_fast(&self) -> Failure {
        let what = format!(
            "rates so fast that the backward equations need more than {MOST} intervals a day or {MOST_STEPS} steps; look for a unit that is off, such as /s for /day, \
             in a rate or in the constants of a drug"
        );
        Failure::Budget { what, time: self.exposure.time() }
    }

    /// Intervals over the time of `whole`, which begins now; the exposure is moved to its end.
    fn refine(&mut self, whole: Part, depth: usize, out: &mut Vec<Interval>) -> Result<(), Failure> {
        let start = self.exposure.snapshot();
        let days = whole.days;
        // A piece much longer than the drug's own time could miss a peak with every node.
        let short = days * self.exposure.fastest() <= LONGEST_PIECE;
        let left = self.lobatto(0.5 * days)?;
        let right = self.lobatto(0.5 * days)?;
        let both = join(&left, &right);
        if depth == 0 || (short && self.alike(&whole, &left, &right)?) {
            out.extend(both.halves());
            if out.len() > MOST || self.solver.steps() > MOST_STEPS {
                return Err(self.too_fast());
            }
            return Ok(());
        }
        self.exposure.restore(&start);
        self.refine(left, depth - 1, out)?;
        self.refine(right, depth - 1, out)
    }

    /// True when a piece and its two halves tell the same.
    fn alike(&mut self, whole: &Part, left: &Part, right: &Part) -> Result<bool, Failure> {
        let once = self.probe(&whole.halves())?;
        let [a, b] = left.halves();
        let [c, d] = right.halves();
        let twice = self.probe(&[a, b, c, d])?;
        let most = self.tolerance * whole.days.max(SHORTEST);
        Ok(once.iter().zip(&twice).all(|(x, y)| (x - y).abs() <= most * y.abs()))
    }

    /// Values of extinction before these intervals, from large and from small values after them.
    fn probe(&mut self, intervals: &[Interval]) -> Result<Vec<f64>, Failure> {
        let n = self.equations.len();
        let mut values = Vec::with_capacity(2 * n);
        for start in [0.9, 1e-6] {
            let mut e = vec![start; n];
            e[n - 1] = 0.0;
            for interval in intervals.iter().rev() {
                let coefficients = self.equations.at(&interval.rates);
                self.solver.carry(&self.equations, &coefficients, &mut e, interval.days)?;
            }
            values.extend(e);
        }
        Ok(values)
    }

    /// Integral and moment over the next `days` by four Lobatto nodes; the exposure is moved to their end. Both ends are nodes: what
    /// a dose switches off at once is seen.
    fn lobatto(&mut self, days: f64) -> Result<Part, Failure> {
        // Nodes +-1, +-1/sqrt(5) of [-1, 1]; weights 1/6, 5/6.
        const NODE: f64 = 0.447_213_595_499_957_9;
        let width = self.compiled.layout.len();
        let (mut whole, mut moment) = (vec![0.0; width], vec![0.0; width]);
        let mut before = 0.0;
        for (node, weight) in [(-1.0, 1.0 / 12.0), (-NODE, 5.0 / 12.0), (NODE, 5.0 / 12.0), (1.0, 1.0 / 12.0)] {
            let at = 0.5 * (1.0 + node) * days;
            self.exposure.drift(at - before);
            before = at;
            let rates = self.rates()?;
            for (k, r) in rates.iter().enumerate() {
                whole[k] += weight * days * r;
                moment[k] += weight * days * r * 0.5 * node * days;
            }
        }
        Ok(Part { days, whole, moment })
    }
}

/// Two parts after one another, as one.
fn join(a: &Part, b: &Part) -> Part {
    let days = a.days + b.days;
    let (left, right) = (0.5 * (a.days - days), 0.5 * (days - b.days));
    let whole = a.whole.iter().zip(&b.whole).map(|(x, y)| x + y).collect();
    let moments = a.moment.iter().zip(&b.moment).zip(a.whole.iter().zip(&b.whole));
    let moment = moments.map(|((p, q), (x, y))| p + left * x + q + right * y).collect();
    Part { days, whole, moment }
}

impl Part {
    /// Two constant halves with the average and first moment of the rates.
    fn halves(&self) -> [Interval; 2] {
        let rates = |sign: f64| {
            let both = self.whole.iter().zip(&self.moment);
            // A half below zero would be a rate that cannot be; the other then has what keeps the average.
            both.map(|(w, m)| {
                let average = w / self.days;
                let apart = (4.0 * m / (self.days * self.days)).clamp(-average, average);
                average + sign * apart
            })
            .collect()
        };
        [Interval { days: 0.5 * self.days, rates: rates(-1.0) }, Interval { days: 0.5 * self.days, rates: rates(1.0) }]
    }
}
