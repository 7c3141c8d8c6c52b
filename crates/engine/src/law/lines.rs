//! The transform of the resistant count in closed form, where resistance is rare and its lines are simple.
//!
//! A marked type that neither switches nor mutates has lines with a closed form: over constant births b and deaths d for h
//! days, with g = b - d and E = e^(g h), e = A y / (1 + B y) stays of that form (Kendall 1948),
//!     A -> E A,   B -> B + b (E - 1) / g A,   y = 1 - z.
//! When lines are founded by a multitude in which each cell founds with a tiny probability, the founders are Poisson with
//! the mean of the multitude, and
//!     ln E(z^X) = -sum over founders expected in a short time of A y / (1 + B y),
//! which for one z costs a division a node, and no equations. What is left out is of second order in the value of one cell;
//! the caller compares with P(X = 0) of the equations and uses this only where they agree.

use super::equations::{Equations, Kind, Link, Rate, Solver, clone_of};
use super::scalar::Complex;
use super::start::Beginning;
use super::timeline::Timeline;
use crate::compiled::Compiled;
use crate::failure::Failure;

/// Longest stretch that one node stands for, as births and deaths of a line in it.
const NODE: f64 = 0.05;

/// Founders at a time, and what becomes of a line from then to the end.
#[derive(Debug, Clone, Copy)]
struct Founded {
    number: f64,
    a: f64,
    b: f64,
}

/// All lines.
pub struct Lines {
    /// Poisson numbers.
    founded: Vec<Founded>,
    /// Whole numbers, there at the start.
    first: Vec<Founded>,
}

impl Lines {
    /// `None` where a marked type switches or mutates, or is the type that a grown tumour begins with.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn new(
        compiled: &Compiled,
        marked: &[bool],
        beginning: &Beginning,
        timeline: &Timeline,
    ) -> Result<Option<Lines>, Failure> {
        let n = compiled.types();
        let layout = compiled.layout;
        let leaves =
            |i: usize| compiled.switches().iter().any(|s| s.0 == i) || compiled.channels.iter().any(|c| c.from == i);
        let founder = if let Beginning::Grown(f) = beginning { Some(f.founder) } else { None };
        if (0..n).any(|i| marked[i] && (leaves(i) || founder == Some(i))) {
            return Ok(None);
        }
        let ends: Vec<usize> = (0..n).filter(|&i| marked[i]).collect();
        // Forward: what there is from the start on.
        let intervals: Vec<(f64, &[f64])> = timeline.each().collect();
        let groups =
            groups(&intervals, |r| ends.iter().map(|&i| r[layout.birth(i)] + r[layout.death(i)]).fold(0.0, f64::max));
        let mut y = vec![0.0; n + 1];
        y[n] = 1.0;
        let mut lines = Lines { founded: Vec::new(), first: Vec::new() };
        let mut early: Vec<(f64, Vec<f64>)> = Vec::new();
        match beginning {
            Beginning::Given(parts) => parts.iter().filter(|p| !marked[p.0]).for_each(|&(t, cells)| y[t] += cells),
            Beginning::Grown(f) => {
                let equations = forward(compiled, marked, Some(f.founder));
                let rates = f.rates();
                let coefficients = equations.at(rates);
                let fastest =
                    ends.iter().map(|&i| rates[layout.birth(i)] + rates[layout.death(i)]).fold(f.growth, f64::max);
                let steps = libm::ceil(f.days * fastest / NODE).max(1.0);
                y[f.founder] = f.cells * libm::exp(-f.growth * f.days);
                let mut solver = Solver::new(n + 1, 1e-9);
                for _ in 0..steps as usize {
                    solver.carry(&equations, &coefficients, &mut y, f.days / steps)?;
                    early.push((f.days / steps, take(&mut y, &ends)));
                }
            }
        }
        let equations = forward(compiled, marked, None);
        let mut solver = Solver::new(n + 1, 1e-9);
        let mut late: Vec<(&[Piece<'_>], Vec<f64>)> = Vec::new();
        for group in &groups {
            for &(days, rates) in group {
                solver.carry(&equations, &equations.at(rates), &mut y, days)?;
            }
            late.push((group, take(&mut y, &ends)));
        }
        // Backward: what becomes of a line.
        let mut lives = vec![Founded { number: 0.0, a: 1.0, b: 0.0 }; ends.len()];
        for (group, numbers) in late.iter().rev() {
            for (k, &i) in ends.iter().enumerate() {
                let days: f64 = group.iter().map(|p| p.0).sum();
                let mut passed = 0.0;
                let mut middle = None;
                for &(h, rates) in group.iter().rev() {
                    // The node stands in the middle.
                    if middle.is_none() && passed + h >= 0.5 * days {
                        middle =
                            Some(lives[k].before(rates[layout.birth(i)], rates[layout.death(i)], 0.5 * days - passed));
                    }
                    lives[k] = lives[k].before(rates[layout.birth(i)], rates[layout.death(i)], h);
                    passed += h;
                }
                lines.founded.push(Founded { number: numbers[k], ..middle.unwrap_or(lives[k]) });
            }
        }
        if let Beginning::Given(parts) = beginning {
            for &(t, cells) in parts.iter().filter(|p| marked[p.0]) {
                let k = ends.iter().position(|&i| i == t).unwrap_or(0);
                let whole = libm::floor(cells);
                lines.first.push(Founded { number: whole, ..lives[k] });
                lines.first.push(Founded { number: whole - cells, ..lives[k] });
            }
        }
        if let Beginning::Grown(f) = beginning {
            let rates = f.rates();
            for (days, numbers) in early.iter().rev() {
                for (k, &i) in ends.iter().enumerate() {
                    let (b, d) = (rates[layout.birth(i)], rates[layout.death(i)]);
                    let middle = lives[k].before(b, d, 0.5 * days);
                    lines.founded.push(Founded { number: numbers[k], ..middle });
                    lives[k] = middle.before(b, d, 0.5 * days);
                }
            }
        }
        lines.founded.retain(|f| f.number > 0.0);
        Ok(Some(lines))
    }

    /// ln E(z^X) for y = 1 - z.
    pub fn ln(&self, y: Complex) -> Complex {
        use super::scalar::Scalar;
        let value = |f: &Founded| y.times(f.a) / (Complex::real(1.0) + y.times(f.b));
        let mut sum = Complex::default();
        for f in &self.founded {
            sum += value(f).times(f.number);
        }
        let mut ln = -sum;
        for f in &self.first {
            // A number below zero is the chance of one cell more.
            ln += match f.number {
                share if share < 0.0 => value(f).times(-share).ln_without(),
                number => value(f).ln_without().times(number),
            };
        }
        ln
    }
}

impl Founded {
    /// A line that begins `days` earlier.
    fn before(self, birth: f64, death: f64, days: f64) -> Founded {
        let g = birth - death;
        let grown = libm::exp(g * days);
        let gained = if (g * days).abs() < 1e-9 { days } else { libm::expm1(g * days) / g };
        Founded { number: 0.0, a: grown * self.a, b: self.b + birth * gained * self.a }
    }
}

type Piece<'a> = (f64, &'a [f64]);

/// Intervals put together, and long ones cut, to at most [`NODE`] events of a line.
fn groups<'a>(intervals: &[Piece<'a>], fastest: impl Fn(&[f64]) -> f64) -> Vec<Vec<Piece<'a>>> {
    let mut out: Vec<Vec<Piece<'a>>> = Vec::new();
    let mut room = 0.0;
    for &(days, rates) in intervals {
        let events = fastest(rates) * days;
        let pieces = libm::ceil(events / NODE).clamp(1.0, 1e5);
        for _ in 0..pieces as usize {
            let piece = (days / pieces, rates);
            match out.last_mut() {
                Some(group) if room >= events / pieces && group.iter().map(|p| p.0).sum::<f64>() < 1.0 => {
                    group.push(piece)
                }
                _ => {
                    out.push(vec![piece]);
                    room = NODE;
                }
            }
            room -= events / pieces;
        }
    }
    out
}

/// The mean equations forward: marked types only add up how many of them are founded; the last kind is 1. Before
/// treatment the founding type grows along its path.
fn forward(compiled: &Compiled, marked: &[bool], growing: Option<usize>) -> Equations {
    let n = compiled.types();
    let layout = compiled.layout;
    let mut kinds: Vec<Kind> = (0..n)
        .map(|i| match (marked[i], growing == Some(i)) {
            (true, _) => Kind::default(),
            (_, true) => Kind { own: vec![(layout.len(), 1.0)], ..Kind::default() },
            _ => Kind { own: clone_of(compiled, i, 0, false).own, ..Kind::default() },
        })
        .collect();
    let mut link = |from: usize, to: usize, rate: usize| {
        if growing != Some(to) {
            kinds[to].links.push(Link { to: from, rate: Rate::at(rate), beside: false });
        }
    };
    for (s, &(from, to)) in compiled.switches().iter().enumerate() {
        link(from, to, layout.switch(s));
    }
    for (c, channel) in compiled.channels.iter().enumerate() {
        link(channel.from, channel.to, layout.founding(c));
    }
    for i in (0..n).filter(|&i| compiled.model.cells[i].immigration.is_some()) {
        link(n, i, layout.immigration(i));
    }
    kinds.push(Kind::default());
    Equations { kinds }
}

/// What has been founded of these types, and counts again from 0.
fn take(y: &mut [f64], ends: &[usize]) -> Vec<f64> {
    ends.iter().map(|&i| std::mem::replace(&mut y[i], 0.0)).collect()
}
