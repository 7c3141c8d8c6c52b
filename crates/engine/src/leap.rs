//! Advancing a tumour of any size: every clone drawn over a whole step from its exact law, founders placed inside.
//!
//! Over a step each clone's counts are drawn from [`crate::families`]; the integrated founding hazard H of each
//! clone given both ends of its path is its best linear prediction
//!     E(H | x) = E(H) + Cov(H, x) Var(x)^-1 (x - E(x)),
//! the number of founders is Poisson, and each founder is put at a time drawn from the predicted path, then carried
//! to the end of the step by the same law (and may found others). Nothing is frozen: rates and hazards are
//! integrated over the step along the exposure ([`crate::window`]).
//!
//! Exact for one type at any step; exact in mean, variance and covariance for blocks connected by switching, and for
//! cells that leave by mutation per time, which are counted with the block they leave. Left out: third moments
//! within a step of a block, and the fluctuation of H that the ends do not tell, both kept small by
//! [`TURNOVERS_BLOCK`] and [`TURNOVERS_FOUNDING`].

use crate::compiled::Compiled;
use crate::draw;
use crate::failure::Failure;
use crate::families::Families;
use crate::founding::{Placing, Point};
use crate::moments::Moments;
use crate::state::{Cause, Origin, State};
use crate::stream::Stream;
use crate::window::Window;
use remission_model::resolved::Kind;

/// Longest step of a block connected by switching, as a number of events a cell.
pub const TURNOVERS_BLOCK: f64 = 2.5;
/// Longest step of a type that founds clones, as a number of events a cell.
pub const TURNOVERS_FOUNDING: f64 = 5.0;
/// Share of the variance of the number of founders that may be left out.
pub const UNTOLD: f64 = 0.005;
/// More clones than this end a run.
pub const MOST_CLONES: usize = 5_000_000;

/// A founder to be carried to the end of the step.
struct Newborn {
    at: Point,
    channel: usize,
    parent: u32,
}

/// Longest step that the law allows at these rates; infinity when there is no limit.
pub fn longest_step(compiled: &Compiled, rates: &[f64]) -> f64 {
    let layout = compiled.layout;
    let mut longest = f64::INFINITY;
    for block in &compiled.blocks {
        let turnovers = match (block.types.len(), block.founds()) {
            (1, false) => continue,
            (1, true) => TURNOVERS_FOUNDING,
            _ => TURNOVERS_BLOCK,
        };
        for &t in &block.types {
            let leaving: f64 =
                block.switches.iter().filter(|s| block.types[s.0] == t).map(|s| rates[layout.switch(s.2)]).sum();
            let events = rates[layout.birth(t)] + rates[layout.death(t)] + leaving;
            longest = longest.min(turnovers / events);
            // What the ends do not tell of H has a variance of about (l h)^2 (events h) / 12 a cell, which founders drawn from
            // its prediction lack; it stays a small share of their own variance l h.
            let founding: f64 =
                block.dividing.iter().filter(|d| block.types[d.0] == t).map(|d| rates[layout.founding(d.1)]).sum();
            longest = longest.min(libm::sqrt(12.0 * UNTOLD / (founding * events)));
        }
    }
    longest
}

/// Memory reused from step to step.
#[derive(Debug, Default, Clone)]
pub struct Scratch {
    from: Vec<u64>,
    next: Vec<u64>,
    hazards: Vec<f64>,
    picked: Vec<usize>,
    placing: Placing,
}

/// Advances `state` by `window`, which must be drawable.
pub fn step(
    compiled: &Compiled,
    window: &Window,
    state: &mut State,
    scratch: &mut Scratch,
    stream: &mut Stream,
) -> Result<(), Failure> {
    let start = state.time;
    let mut newborns: Vec<Newborn> = Vec::new();
    for b in 0..compiled.blocks.len() {
        step_block(compiled, window, b, state, scratch, &mut newborns, stream);
    }
    let layout = compiled.layout;
    for t in 0..compiled.types() {
        if compiled.model.cells[t].immigration.is_some() {
            immigrate(compiled, window, t, state, scratch, &mut newborns, stream);
        }
    }
    let mut carried = 0usize;
    while let Some(newborn) = newborns.pop() {
        let channel = compiled.channels[newborn.channel];
        let rates = window.rates(newborn.at.interval);
        let (founding, excess) = (rates[layout.founding(newborn.channel)], rates[layout.excess(newborn.channel)]);
        let origin = label(compiled, state, channel.from, excess, founding, stream);
        let (b, position) = compiled.place[channel.to];
        let mut cells = vec![0; compiled.blocks[b].types.len()];
        cells[position] = 1;
        let founded = start + window.intervals[newborn.at.interval].start + newborn.at.into;
        let id = state.next_id;
        let left = carry(compiled, window, b, newborn.at, &cells, id, &mut scratch.placing, &mut newborns, stream);
        if left.iter().all(|&n| n == 0) {
            state.next_id += 1;
            let gone = &mut state.extinct[channel.to];
            gone.number += 1;
            gone.days += start + window.days - founded;
        } else {
            state.found(
                compiled,
                channel.to,
                0,
                founded,
                Cause::Mutation,
                Some((newborn.parent, channel.from)),
                origin,
            );
            let counts = &mut state.blocks[b].counts;
            let row = counts.len() - left.len();
            counts[row..].copy_from_slice(&left);
        }
        carried += 1;
        if carried + state.clones() > MOST_CLONES {
            let what = format!(
                "more than {MOST_CLONES} clones; a mutation rate is too high for clones to be followed one by one"
            );
            return Err(Failure::Budget { what, time: start });
        }
    }
    state.time = start + window.days;
    state.prune(compiled);
    if state.total() >= 1 << 53 {
        return Err(Failure::TooMany { time: state.time });
    }
    Ok(())
}

/// The origin of a founder made now by a cell of type `from`.
pub fn label(
    compiled: &Compiled,
    state: &State,
    from: usize,
    excess: f64,
    founding: f64,
    stream: &mut Stream,
) -> Origin {
    if state.before_treatment {
        Origin::PreExisting
    } else if excess > 0.0 && stream.uniform() * founding < excess {
        Origin::DrugInduced
    } else if compiled.model.cells[from].kind == Kind::Persister {
        Origin::Persister
    } else {
        Origin::Cycling
    }
}

fn step_block(
    compiled: &Compiled,
    window: &Window,
    b: usize,
    state: &mut State,
    scratch: &mut Scratch,
    newborns: &mut Vec<Newborn>,
    stream: &mut Stream,
) {
    let block = &compiled.blocks[b];
    let own = &window.blocks[b];
    let (types, m) = (block.types.len(), block.width());
    let clones = &mut state.blocks[b];
    let Some(families) = &own.families else { return };
    let Scratch { from, next, hazards, picked, placing } = scratch;
    // One row a clone; the last place of a wider row counts who leaves.
    from.clear();
    for row in clones.counts.chunks_exact(types) {
        from.extend_from_slice(row);
        from.resize(from.len() + m - types, 0);
    }
    next.clear();
    next.resize(from.len(), 0);
    let moments = &own.to_end[0];
    let divides = !block.dividing.is_empty();
    hazards.clear();
    let mut total = 0.0;
    if m == 1 {
        let spread = moments.covariance(0, 0, 0);
        let slope = if spread > 0.0 { moments.covariance(0, 0, 1) / spread } else { 0.0 };
        let (mean, hazard) = (moments.mean(0, 0), moments.mean(0, 1));
        for (&n, x) in from.iter().zip(&mut *next) {
            *x = families.draw_one(n, stream);
            if divides {
                total += (n as f64 * hazard + slope * (*x as f64 - n as f64 * mean)).max(0.0);
                hazards.push(total);
            }
        }
    } else {
        for (n, x) in from.chunks_exact(m).zip(next.chunks_exact_mut(m)) {
            families.draw(n, x, stream);
            if divides {
                total += placing.hazard(moments, n, x);
                hazards.push(total);
            }
        }
    }
    let start = Point { interval: 0, into: 0.0 };
    let mut place = |channels: &[(usize, usize)], clone: usize, number: u64, stream: &mut Stream| {
        let row = clone * m..(clone + 1) * m;
        placing.prepare(block, compiled, window, own, start, channels, &from[row.clone()], &next[row]);
        for _ in 0..number.min(MOST_CLONES as u64) {
            let (at, channel) = placing.place(block, window, channels, stream);
            newborns.push(Newborn { at, channel, parent: clones.founders[clone].id });
        }
    };
    if m > types {
        for clone in 0..clones.founders.len() {
            let left = next[clone * m + types];
            if left > 0 {
                place(&block.leaving, clone, left, stream);
            }
        }
    }
    if total > 0.0 {
        let founders = draw::poisson(stream, total);
        picked.clear();
        for _ in 0..founders.min(MOST_CLONES as u64) {
            let u = stream.uniform() * total;
            picked.push(hazards.partition_point(|&h| h <= u).min(hazards.len() - 1));
        }
        picked.sort_unstable();
        for same in picked.chunk_by(|a, b| a == b) {
            place(&block.dividing, same[0], same.len() as u64, stream);
        }
    }
    for (row, x) in clones.counts.chunks_exact_mut(types).zip(next.chunks_exact(m)) {
        row.copy_from_slice(&x[..types]);
    }
}

/// Carries `cells` (by type) of block `b` from a moment inside the window to its end; founders on the way join `newborns`.
fn carry(
    compiled: &Compiled,
    window: &Window,
    b: usize,
    from: Point,
    cells: &[u64],
    id: u32,
    placing: &mut Placing,
    newborns: &mut Vec<Newborn>,
    stream: &mut Stream,
) -> Vec<u64> {
    let block = &compiled.blocks[b];
    let own = &window.blocks[b];
    let types = block.types.len();
    let left = window.intervals[from.interval].days - from.into;
    let first = Moments::constant(block, compiled.layout, window.rates(from.interval), left);
    let moments = first.then(&own.to_end[from.interval + 1]);
    let mut start = cells.to_vec();
    start.resize(block.width(), 0);
    let mut end = vec![0; start.len()];
    match Families::new(&moments) {
        Some(families) => families.draw(&start, &mut end, stream),
        // A shorter stretch of a drawable window is drawable but for rounding.
        None => end.copy_from_slice(&start),
    }
    let mut place = |channels: &[(usize, usize)], number: u64, placing: &mut Placing, stream: &mut Stream| {
        if number > 0 {
            placing.prepare(block, compiled, window, own, from, channels, &start, &end);
            for _ in 0..number.min(MOST_CLONES as u64) {
                let (at, channel) = placing.place(block, window, channels, stream);
                newborns.push(Newborn { at, channel, parent: id });
            }
        }
    };
    if let Some(&left) = end.get(types) {
        place(&block.leaving, left, placing, stream);
    }
    if !block.dividing.is_empty() {
        let hazard = placing.hazard(&moments, &start, &end);
        let founders = draw::poisson(stream, hazard);
        place(&block.dividing, founders, placing, stream);
    }
    end.truncate(types);
    end
}

/// Arrivals during the window, at uniform times within each interval; many at once are put into 32 groups.
fn immigrate(
    compiled: &Compiled,
    window: &Window,
    t: usize,
    state: &mut State,
    scratch: &mut Scratch,
    newborns: &mut Vec<Newborn>,
    stream: &mut Stream,
) {
    let (b, position) = compiled.place[t];
    let m = compiled.blocks[b].types.len();
    let mine = |f: &crate::state::Founder| f.cause == Cause::Immigration && f.cell_type == t;
    let clone = match state.blocks[b].founders.iter().position(mine) {
        Some(k) => k,
        None => {
            let founded = state.time;
            state.found(compiled, t, 0, founded, Cause::Immigration, None, Origin::PreExisting);
            state.blocks[b].founders.len() - 1
        }
    };
    let id = state.blocks[b].founders[clone].id;
    for (k, interval) in window.intervals.iter().enumerate() {
        let arrivals = draw::poisson(stream, window.rates(k)[compiled.layout.immigration(t)] * interval.days);
        let mut bring = |cells: u64, into: f64, stream: &mut Stream| {
            let mut row = vec![0; m];
            row[position] = cells;
            let at = Point { interval: k, into };
            let left = carry(compiled, window, b, at, &row, id, &mut scratch.placing, newborns, stream);
            for (n, x) in state.blocks[b].counts[clone * m..].iter_mut().zip(left) {
                *n += x;
            }
        };
        if arrivals <= 64 {
            for _ in 0..arrivals {
                let into = stream.uniform() * interval.days;
                bring(1, into, stream);
            }
        } else {
            let mut groups = [0; 32];
            draw::multinomial(stream, arrivals, &[1.0 / 32.0; 32], &mut groups);
            for (g, &cells) in groups.iter().enumerate() {
                bring(cells, (g as f64 + 0.5) / 32.0 * interval.days, stream);
            }
        }
    }
}
