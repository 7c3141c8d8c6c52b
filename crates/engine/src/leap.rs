//! Advancing a tumour of any size: every clone drawn over a whole step from its exact law, founders placed inside.
//!
//! Over a step each clone's counts are drawn from [`crate::families`], or from [`crate::large`] when it is large; the
//! integrated founding hazard H of each clone given both ends of its path has the mean of its best linear prediction and
//! the variance that this leaves,
//!     E(H | x) = E(H) + Cov(H, x) Var(x)^-1 (x - E(x)),   Var(H | x) = Var(H) - Cov(H, x) Var(x)^-1 Cov(x, H),
//! drawn as a gamma where that variance matters; the number of founders is Poisson in H, and each founder is put at a time
//! drawn from the predicted path, then carried to the end of the step by the same law (and may found others). Nothing is
//! frozen: rates and hazards are integrated over the step along the exposure ([`crate::window`]).
//!
//! Exact for one type at any step (a large clone's distribution function to 1e-6); exact in mean, variance and covariance for blocks connected by switching, and for
//! cells that leave by mutation per time; few cells that come from another type by switching live as often as lines that began at their dates
//! ([`crate::families`]). Left out: third moments within a step of a block and, where a clone is so small
//! that H given its ends is far from linear in them, the shape of that law; both are kept small by [`TURNOVERS_BLOCK`] and
//! [`TURNOVERS_FOUNDING`]. For large clones both vanish, and where hardly any founder is expected the second tells nothing: steps are
//! longer there ([`TURNOVERS_LARGE`], [`longest_step`]).

use crate::compiled::{Block, Compiled};
use crate::draw;
use crate::failure::{Budget, Failure};
use crate::families::Families;
use crate::founding::{Newborns, Parent, Placed, Placing, Point, Way};
use crate::guided::{self, Guided};
use crate::hazard::{self, Hazard};
use crate::moments::Moments;
use crate::state::{Cause, Clones, Founder, Origin, State};
use crate::step::Step;
use crate::stream::Stream;
use remission_model::resolved::Kind;
use smallvec::{SmallVec, smallvec};

/// Longest step of a block connected by switching, as a number of events a cell.
pub const TURNOVERS_BLOCK: f64 = 2.5;
/// Longest step of a type that founds clones, as a number of events a cell.
pub const TURNOVERS_FOUNDING: f64 = 5.0;
/// Longest step of a block with [`LARGE`] cells, as a number of events a cell.
pub const TURNOVERS_LARGE: f64 = 10.0;
/// Cells from which a block is large.
pub const LARGE: u64 = 20_000;
/// Numbers of cells of a block from which on its steps may be longer, level by level.
pub const LEVELS: [u64; 5] = [0, 1_000, LARGE, 1_000_000, 100_000_000];
/// Relative variance of the size of one type at the end of a step up to which H given the ends is as good as linear in them.
const CERTAIN: f64 = 0.02;
/// Founders to be expected in a step up to which it matters not how H depends on its ends: one step in a thousand has any.
const FEW_FOUNDERS: f64 = 1e-3;

/// The longest steps of a block at each of [`LEVELS`].
pub type Limits = [f64; LEVELS.len()];

/// The level of a block with so many cells.
pub fn level(cells: u64) -> usize {
    LEVELS[1..].iter().take_while(|&&least| cells >= least).count()
}

/// Longest steps that the law of block `block` allows at these rates; infinity where there is no limit.
///
/// One type that founds clones at division, with net growth g, b + d events a cell and day and f founders a cell and day: as long as
/// few founders are expected of n cells, f n (e^(g t) - 1) / g, or the size at the end is certain, (b + d) / (g n) (1 - e^(-g t)) being
/// its relative variance.
pub fn longest_step(compiled: &Compiled, block: &Block, rates: &[f64]) -> Limits {
    let layout = compiled.layout;
    let mut fastest = 0.0f64;
    for &t in &block.types {
        let leaving: f64 =
            block.switches.iter().filter(|s| block.types[s.0] == t).map(|s| rates[layout.switch(s.2)]).sum();
        fastest = fastest.max(rates[layout.birth(t)] + rates[layout.death(t)] + leaving);
    }
    if block.types.len() > 1 || !block.leaving.is_empty() {
        return std::array::from_fn(|k| if LEVELS[k] < LARGE { TURNOVERS_BLOCK } else { TURNOVERS_LARGE } / fastest);
    }
    let founding: f64 = block.founding.iter().map(|c| rates[layout.founding(c.1)]).sum();
    if founding == 0.0 {
        return [f64::INFINITY; LEVELS.len()];
    }
    let net = rates[layout.birth(block.types[0])] - rates[layout.death(block.types[0])];
    std::array::from_fn(|k| {
        let most = LEVELS.get(k + 1).map_or(f64::INFINITY, |&n| n as f64);
        let few = until_grown(FEW_FOUNDERS / (founding * most), net);
        let certain = until_grown(CERTAIN * LEVELS[k] as f64 / fastest, -net);
        (TURNOVERS_FOUNDING / fastest).max(few).max(certain)
    })
}

/// Days t in which (e^(rate t) - 1) / rate grows to `amount`; infinity where it never does.
fn until_grown(amount: f64, rate: f64) -> f64 {
    let z = amount * rate;
    if z <= -1.0 || amount == f64::INFINITY {
        f64::INFINITY
    } else if z.abs() < 1e-9 {
        amount
    } else {
        libm::log1p(z) / rate
    }
}

/// Memory reused from step to step.
#[derive(Default)]
pub struct Scratch {
    /// Clones, and founders within a step, that the budget allows.
    pub most_clones: usize,
    pub(crate) from: Vec<u64>,
    /// Who left by mutation per time, by clone.
    leavers: Vec<u64>,
    /// Cumulative hazard of the clones, and whether it holds all ways of founding or those at division alone.
    hazards: Vec<(f64, bool)>,
    picked: Vec<usize>,
    pub(crate) placing: Placing,
    pub(crate) newborns: Newborns,
    /// One more founder, where there is to be one.
    pub(crate) guided: Option<Box<Guided>>,
}

/// Advances `state` by `step`, which must be drawable; returns the cells at its end, 2^64 - 1 for more.
pub fn advance(
    compiled: &Compiled,
    step: &Step,
    state: &mut State,
    scratch: &mut Scratch,
    stream: &mut Stream,
) -> Result<u64, Failure> {
    let start = state.time;
    let mut emptied = false;
    // A step that failed may have left some.
    scratch.newborns.clear();
    if let Some(guided) = &mut scratch.guided {
        guided.now = start;
    }
    for (b, clones) in state.blocks.iter_mut().enumerate() {
        if !clones.founders.is_empty() {
            emptied |= advance_block(compiled, step, b, clones, scratch, stream);
        }
    }
    for &t in &compiled.immigrants {
        immigrate(compiled, step, t, state, scratch, stream);
    }
    if !scratch.newborns.are_none() {
        settle(compiled, step, start, state, scratch, stream)?;
    }
    state.time = start + step.days();
    if emptied {
        state.prune(compiled);
    }
    Ok(state.tumour(compiled))
}

/// Carries the founders of a step that began on day `start` to its end, and those whom they found.
fn settle(
    compiled: &Compiled,
    step: &Step,
    start: f64,
    state: &mut State,
    scratch: &mut Scratch,
    stream: &mut Stream,
) -> Result<(), Failure> {
    let layout = compiled.layout;
    let mut carried = 0usize;
    while let Some(Placed { at, channel: c, parent, .. }) = scratch.newborns.founding.pop() {
        let channel = compiled.channels[c];
        let rates = step.window.rates(at.interval);
        let (founding, excess) = (rates[layout.founding(c)], rates[layout.excess(c)]);
        let (b, position) = compiled.place[channel.to];
        let founded = date(step, start, at);
        carried += 1;
        check(scratch, carried + scratch.newborns.placed(), state, start)?;
        let mother = Some((parent.id, channel.from));
        let origin = label(compiled, state, channel.from, excess, founding, stream);
        let mut cells: Row = smallvec![0; compiled.blocks[b].types.len()];
        cells[position] = 1;
        let id = state.next_id;
        let own = Parent { id, barcode: parent.barcode };
        let left = carry(compiled, step, b, at, &cells, own, scratch, stream);
        if left.iter().all(|&n| n == 0) {
            state.next_id += 1;
            state.extinct += 1;
        } else {
            state.found(compiled, channel.to, 0, founded, Cause::Mutation, mother, origin, parent.barcode);
            let counts = &mut state.blocks[b].counts;
            let row = counts.len() - left.len();
            counts[row..].copy_from_slice(&left);
        }
    }
    check(scratch, scratch.newborns.lines.len(), state, start)?;
    for Placed { at, channel: c, parent, odds } in scratch.newborns.lines.drain(..) {
        let channel = compiled.channels[c];
        let rates = step.window.rates(at.interval);
        let founded = date(step, start, at);
        let cells = draw::geometric_family_sum_odds(stream, 1, odds);
        let (founding, excess) = (rates[layout.founding(c)], rates[layout.excess(c)]);
        let origin = label(compiled, state, channel.from, excess, founding, stream);
        let mother = Some((parent.id, channel.from));
        state.found(compiled, channel.to, cells, founded, Cause::Mutation, mother, origin, parent.barcode);
    }
    let gone = std::mem::take(&mut scratch.newborns.gone);
    state.extinct += gone;
    state.next_id = u32::try_from(u64::from(state.next_id) + gone).unwrap_or(u32::MAX);
    Ok(())
}

/// The date of a moment inside the step.
fn date(step: &Step, start: f64, at: Point) -> f64 {
    start + step.window.intervals[at.interval].start + at.into
}

/// That with `more` founders there are not too many clones, nor too many for their numbers.
fn check(scratch: &Scratch, more: usize, state: &State, now: f64) -> Result<(), Failure> {
    let numbers = u64::from(state.next_id) + more as u64;
    let clones = if numbers > u64::from(u32::MAX) { usize::MAX } else { more + state.clones() };
    Budget::check_clones(scratch.most_clones, clones, now)
}

/// How many more founders need to be listed before there are too many.
fn room(most: usize, newborns: &Newborns) -> u64 {
    (most + 1).saturating_sub(newborns.placed()) as u64
}

/// Counts of one clone.
type Row = SmallVec<[u64; 4]>;

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

/// Draws every clone of block `b` over the step; true when one of them is empty at its end.
fn advance_block(
    compiled: &Compiled,
    step: &Step,
    b: usize,
    clones: &mut Clones,
    scratch: &mut Scratch,
    stream: &mut Stream,
) -> bool {
    let (block, own) = (&compiled.blocks[b], &step.blocks[b]);
    let (types, m) = (block.types.len(), block.width());
    let Some(families) = &own.families else { return false };
    let moments = &own.whole;
    let mut emptied = false;
    if block.is_line() {
        // Nothing needs to be known of where they came from.
        for x in &mut clones.counts {
            let n = [*x];
            if own.large.draw(moments, &n, std::slice::from_mut(x), stream).is_none() {
                *x = families.draw_one(n[0], stream);
            }
            emptied |= *x == 0;
        }
        return emptied;
    }
    let (divides, leaves) = (!block.dividing.is_empty(), m > types);
    let Scratch { from, leavers, hazards, .. } = scratch;
    from.clear();
    from.extend_from_slice(&clones.counts);
    leavers.clear();
    hazards.clear();
    let mut total = 0.0;
    // The last place of a wider row counts who leaves.
    let mut wide: Option<(Row, Row)> = None;
    let (from_all, counts) = (&from[..], &mut clones.counts[..]);
    for clone in 0..clones.founders.len() {
        let row = clone * types..(clone + 1) * types;
        let (n, x) = (&from_all[row.clone()], &mut counts[row]);
        let large = own.large.draw(moments, n, x, stream);
        let hazard = match large {
            Some(hazard) => hazard,
            None if m == 1 => {
                x[0] = families.draw_one(n[0], stream);
                let cells = n[0] as f64;
                Hazard::of_one_type(moments, cells, x[0] as f64 - cells * moments.mean(0, 0))
            }
            None => {
                let (cells, end) = wide.get_or_insert_with(|| (smallvec![0; m], smallvec![0; m]));
                cells[..types].copy_from_slice(n);
                families.draw(cells, end, stream);
                x.copy_from_slice(&end[..types]);
                if leaves {
                    leavers.push(end[types]);
                }
                if divides { hazard::between(moments, cells, end) } else { Hazard::NONE }
            }
        };
        if leaves && large.is_some() {
            leavers.push(0);
        }
        total += hazard.draw(stream);
        hazards.push((total, large.is_some()));
        emptied |= x.iter().all(|&n| n == 0);
    }
    for clone in 0..leavers.len() {
        let left = scratch.leavers[clone];
        if left > 0 {
            found_from(compiled, step, b, clones, clone, (&block.leaving, left, false), scratch, stream);
        }
    }
    let founders = if total > 0.0 { draw::poisson(stream, total) } else { 0 };
    let before = (scratch.newborns.lines.len(), scratch.newborns.founding.len());
    if founders > 0 {
        share_out(compiled, step, b, clones, founders, scratch, stream);
    }
    if scratch.guided.is_some() {
        guided::one_more(compiled, step, b, clones, total, before, scratch, stream);
    }
    emptied
}

/// Gives `founders` to the clones of block `b` in proportion to their hazards.
fn share_out(
    compiled: &Compiled,
    step: &Step,
    b: usize,
    clones: &Clones,
    founders: u64,
    scratch: &mut Scratch,
    stream: &mut Stream,
) {
    let block = &compiled.blocks[b];
    let by = |clone: usize, number: u64, scratch: &mut Scratch, stream: &mut Stream| {
        let channels = if scratch.hazards[clone].1 { &block.founding } else { &block.dividing };
        found_from(compiled, step, b, clones, clone, (channels, number, true), scratch, stream);
    };
    let Scratch { hazards, picked, most_clones, .. } = scratch;
    if hazards.len() == 1 {
        return by(0, founders, scratch, stream);
    }
    let total = hazards.last().map_or(0.0, |h| h.0);
    picked.clear();
    for _ in 0..founders.min(*most_clones as u64 + 1) {
        let u = stream.uniform() * total;
        picked.push(hazards.partition_point(|h| h.0 <= u).min(hazards.len() - 1));
    }
    picked.sort_unstable();
    let picked = std::mem::take(picked);
    for same in picked.chunk_by(|a, b| a == b) {
        by(same[0], same.len() as u64, scratch, stream);
    }
    scratch.picked = picked;
}

/// Places `number` founders by these channels from one clone of block `b` that was drawn over the step.
fn found_from(
    compiled: &Compiled,
    step: &Step,
    b: usize,
    clones: &Clones,
    clone: usize,
    (channels, number, told): (&[(usize, usize)], u64, bool),
    scratch: &mut Scratch,
    stream: &mut Stream,
) {
    let block = &compiled.blocks[b];
    let (types, m) = (block.types.len(), block.width());
    let Scratch { from, leavers, placing, newborns, most_clones, .. } = scratch;
    let row = clone * types..(clone + 1) * types;
    let wide = |narrow: &[u64], left: u64| {
        let mut row: Row = SmallVec::from_slice(narrow);
        row.resize(m, left);
        row
    };
    let (cells, end) = (wide(&from[row.clone()], 0), wide(&clones.counts[row], leavers.get(clone).map_or(0, |&l| l)));
    let from = Point { interval: 0, into: 0.0 };
    let way = Way { block, compiled, step, along: step.along(compiled, b), from, cells: &cells, end: &end, told };
    let Founder { id, barcode, .. } = clones.founders[clone];
    let to = (Parent { id, barcode }, room(*most_clones, newborns));
    placing.place(&way, channels, number, to, newborns, stream);
}

/// Carries `cells` (by type) of the clone `own`, in block `b`, from a moment inside the window to its end; founders on the way
/// join `newborns`.
fn carry(
    compiled: &Compiled,
    step: &Step,
    b: usize,
    from: Point,
    cells: &[u64],
    own: Parent,
    scratch: &mut Scratch,
    stream: &mut Stream,
) -> Row {
    let block = &compiled.blocks[b];
    let (window, along) = (&step.window, step.along(compiled, b));
    let types = block.types.len();
    let left = window.intervals[from.interval].days - from.into;
    let first = Moments::constant(block, compiled.layout, window.rates(from.interval), left);
    let last = from.interval + 1 == window.intervals.len();
    let moments = if last { first } else { first.then(&along.to_end[from.interval + 1]) };
    let mut start: Row = SmallVec::from_slice(cells);
    start.resize(block.width(), 0);
    let mut end: Row = smallvec![0; start.len()];
    match Families::new(&moments) {
        Some(families) => families.draw(&start, &mut end, stream),
        // A shorter stretch of a drawable window is drawable but for rounding.
        None => end.copy_from_slice(&start),
    }
    let Scratch { placing, newborns, most_clones, .. } = scratch;
    let most = *most_clones;
    let mut place = |channels: &[(usize, usize)], number, told, placing: &mut Placing, stream: &mut Stream| {
        if number > 0 {
            let way = Way { block, compiled, step, along, from, cells: &start, end: &end, told };
            let to = (own, room(most, newborns));
            placing.place(&way, channels, number, to, newborns, stream);
        }
    };
    if let Some(&left) = end.get(types) {
        place(&block.leaving, left, false, placing, stream);
    }
    if !block.dividing.is_empty() {
        let hazard = hazard::between(&moments, &start, &end).draw(stream);
        let founders = draw::poisson(stream, hazard);
        place(&block.dividing, founders, true, placing, stream);
    }
    end.truncate(types);
    end
}

/// Arrivals during the window, at uniform times within each interval; many at once are put into 32 groups.
fn immigrate(
    compiled: &Compiled,
    step: &Step,
    t: usize,
    state: &mut State,
    scratch: &mut Scratch,
    stream: &mut Stream,
) {
    let (b, position) = compiled.place[t];
    let m = compiled.blocks[b].types.len();
    let window = &step.window;
    let mine = |f: &crate::state::Founder| f.cause == Cause::Immigration && f.cell_type == t;
    let clone = match state.blocks[b].founders.iter().position(mine) {
        Some(k) => k,
        None => {
            let founded = state.time;
            state.found(compiled, t, 0, founded, Cause::Immigration, None, Origin::PreExisting, None);
            state.blocks[b].founders.len() - 1
        }
    };
    let id = state.blocks[b].founders[clone].id;
    for (k, interval) in window.intervals.iter().enumerate() {
        let arrivals = draw::poisson(stream, window.rates(k)[compiled.layout.immigration(t)] * interval.days);
        let mut bring = |cells: u64, into: f64, stream: &mut Stream| {
            let mut row: Row = smallvec![0; m];
            row[position] = cells;
            let at = Point { interval: k, into };
            let left = carry(compiled, step, b, at, &row, Parent { id, barcode: None }, scratch, stream);
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
