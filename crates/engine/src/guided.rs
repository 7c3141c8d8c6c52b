//! Tumours with one more founder where it is wanted, when treatment begins and on the way under treatment, by importance sampling.
//!
//! # Law
//! Given the path of the cells that found them, founders are a Poisson process. With probability q_k one more founder is put into place k
//! (a step of growth and a channel of mutation), one whose line reaches the end of the step if it founds nobody itself, and with
//! probability q_0 none is. Tumours then come with their own density times
//!     q_0 + sum over k of q_k n_k / l_k,
//! n_k such founders having been found in place k and l_k expected there given the path: P(n - 1) / P(n) = n / l of a Poisson number
//! with mean l (Mecke's equation; Last and Penrose 2017, Lectures on the Poisson Process, theorem 4.1). Where growth never came to place k, or
//! nobody can be founded there, 1 stands for n_k / l_k. One over that density is the weight of a tumour: averages with weights are those
//! of [`crate::before::Starts::one`], whatever the q, with q_0 above 0.
//!
//! Before treatment steps are counted while the one clone of the founding type has [`LEAST`] cells or more, over all attempts to grow; places are of
//! a type that switches into no other and founds at division. Under treatment ([`crate::tumour::Tumour::advance_led`]) the day of one more
//! founder is uniform over the stretch, so that q_k is the step's part of it; places are of the block of types that the first clone has.

use crate::compiled::Compiled;
use crate::fewer::{Fewer, Thinned};
use crate::founding::{Newborns, Parent, Placed, Placing, Point, Way};
use crate::law::counts::GAUSS;
use crate::leap::Scratch;
use crate::state::{Clones, State};
use crate::step::Step;
use crate::stream::Stream;

/// Cells from which on steps are counted.
pub const LEAST: u64 = 1000;
/// Chance to reach the end of the step below which nobody is sought who does.
const RARE: f64 = 1e-3;
/// Events a cell, and e-folds, up to which an interval is short: its quadrature errs by some 1e-7.
const SHORT: f64 = 0.3;
/// Where an interval is parted for quadrature: chances to survive rise steeply toward its end.
const PARTED: f64 = 0.85;

/// Where one more founder may be put.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Guide {
    /// Probability of each place, by step and number of the channel in the model; together 1 at most, what is left being that of nobody. Places of a
    /// type that is thinned are left out.
    pub places: Vec<Vec<f64>>,
    /// Types of which there are to be fewer cells ([`crate::fewer`]).
    pub fewer: Vec<Fewer>,
}

/// A stretch of growth with rates that stay as they are: a step, or part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Grown {
    /// Number of the step.
    pub step: usize,
    /// Its first day.
    pub start: f64,
    /// Its length, days.
    pub days: f64,
    /// ln of how many times as many cells found others at its end as at its start; not a number where none are left.
    pub growth: f64,
    /// Founders by each channel of the model.
    pub founded: Vec<Founded>,
}

/// Founders by a channel in a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Founded {
    /// How many were expected given the path, all of them.
    pub expected: f64,
    /// Births and deaths a day of the type founded.
    pub birth: f64,
    /// Likewise.
    pub death: f64,
}

/// A tumour when treatment begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Led {
    /// The tumour.
    pub state: State,
    /// ln of its weight.
    pub log_weight: f64,
    /// The channel by which one more was founded, where one was.
    pub channel: Option<usize>,
    /// What thinning left, or not thinning; its weight is part of the weight.
    pub thinned: Vec<Thinned>,
}

impl Led {
    /// A tumour nobody led.
    pub(crate) fn free(state: State) -> Led {
        Led { state, log_weight: 0.0, channel: None, thinned: Vec::new() }
    }
}

/// Where one more founder may be put, and where it is.
#[derive(Debug)]
enum Places {
    /// Before treatment: probabilities by step and channel; the step and channel drawn.
    Steps { odds: Vec<Vec<f64>>, wanted: Option<(usize, usize)> },
    /// Under treatment: so many days, with probabilities by channel; the day and channel drawn.
    Days { days: f64, odds: Vec<f64>, wanted: Option<(f64, usize)> },
}

impl Places {
    /// Probability of a channel in step number `k` between these days, and whether it was drawn.
    fn of(&self, c: usize, k: usize, (start, end): (f64, f64)) -> (f64, bool) {
        match self {
            Places::Steps { odds, wanted } => {
                (odds.get(k).and_then(|row| row.get(c)).copied().unwrap_or(0.0), *wanted == Some((k, c)))
            }
            Places::Days { days, odds, wanted } => {
                let drawn = wanted.is_some_and(|w| w.1 == c && start <= w.0 && w.0 < end);
                (odds.get(c).map_or(0.0, |q| q * (end - start) / days), drawn)
            }
        }
    }
}

/// Growth with a guide.
#[derive(Debug)]
pub(crate) struct Guided {
    places: Places,
    steps: usize,
    /// The day on which the step begins.
    pub(crate) now: f64,
    /// Density so far, and probability of the places that are behind.
    density: f64,
    behind: f64,
    /// The channel of the one more founder, once there is one.
    pub(crate) channel: Option<usize>,
    /// The steps of this attempt, where they are asked for or needed.
    pub(crate) seen: Option<Vec<Grown>>,
}

impl Guided {
    /// With a place drawn.
    pub(crate) fn new(compiled: &Compiled, guide: &Guide, told: bool, stream: &mut Stream) -> Guided {
        let mut places = guide.places.clone();
        let thinned =
            |c: usize| compiled.channels.get(c).is_some_and(|c| guide.fewer.iter().any(|f| f.cell_type == c.to));
        places
            .iter_mut()
            .flat_map(|row| row.iter_mut().enumerate())
            .filter(|(c, _)| thinned(*c))
            .for_each(|(_, q)| *q = 0.0);
        let mut left = stream.uniform();
        let mut wanted = None;
        for (k, row) in places.iter().enumerate() {
            for (c, q) in row.iter().enumerate() {
                if left >= 0.0 && left < *q {
                    wanted = Some((k, c));
                }
                left -= q;
            }
        }
        let seen = (told || !guide.fewer.is_empty()).then(Vec::new);
        let places = Places::Steps { odds: places, wanted };
        Guided { places, steps: 0, now: 0.0, density: 0.0, behind: 0.0, channel: None, seen }
    }

    /// Under treatment from day `from` to day `until`, with these probabilities by channel.
    pub(crate) fn on_the_way((from, until): (f64, f64), odds: &[f64], stream: &mut Stream) -> Guided {
        let mut left = stream.uniform();
        let channel = odds.iter().position(|q| {
            left -= q;
            left < 0.0
        });
        let wanted = channel.map(|c| (from + (until - from) * stream.uniform(), c));
        let places = Places::Days { days: until - from, odds: odds.to_vec(), wanted };
        Guided { places, steps: 0, now: from, density: 0.0, behind: 0.0, channel: None, seen: None }
    }

    /// ln of the weight of what was grown.
    pub(crate) fn log_weight(&self) -> f64 {
        -libm::log(1.0 - self.behind + self.density)
    }
}

/// After the founders of a step of block `b`, of which `total` were expected and those after `before` (lines, founding ones) are its own.
pub(crate) fn one_more(
    compiled: &Compiled,
    step: &Step,
    b: usize,
    clones: &Clones,
    total: f64,
    before: (usize, usize),
    scratch: &mut Scratch,
    stream: &mut Stream,
) {
    let block = &compiled.blocks[b];
    let Scratch { placing, newborns, guided, from, .. } = scratch;
    let Some(guided) = guided else { return };
    let now = guided.now;
    if clones.founders.first().is_none_or(|f| f.parent.is_some()) {
        return;
    }
    let cells = &from[..block.types.len()];
    let growing = matches!(guided.places, Places::Steps { .. });
    // Only steps of this attempt that follow each other to the end are of use.
    if let Some(seen) = guided.seen.as_mut().filter(|s| s.last().is_some_and(|s| s.start >= now)) {
        seen.clear();
    }
    let few = cells.iter().sum::<u64>() < LEAST;
    if clones.founders.len() != 1 || (growing && cells.len() != 1) || !block.leaving.is_empty() || few {
        guided.seen.iter_mut().for_each(Vec::clear);
        return;
    }
    let channels = &block.dividing[..];
    let (from, along) = (Point { interval: 0, into: 0.0 }, step.along(compiled, b));
    let way = Way { block, compiled, step, along, from, cells, end: &clones.counts[..cells.len()], told: true };
    let Guided { places, steps, density, behind, channel: led, seen, .. } = &mut **guided;
    let k = *steps;
    *steps += 1;
    let of = |placed: &[Placed], c: usize| placed.iter().filter(|p| p.channel == c).count();
    let found =
        |newborns: &Newborns, c: usize| of(&newborns.lines[before.0..], c) + of(&newborns.founding[before.1..], c);
    let possible = |c: usize| {
        let to = compiled.place[compiled.channels[c].to].0;
        let line = compiled.blocks[to].is_line();
        let chance = if line { step.lines(compiled, to).from[0].survival } else { 1.0 };
        step.window.rates(0)[compiled.layout.founding(c)] > 0.0 && total > 0.0 && chance >= RARE
    };
    if let Some(seen) = seen {
        grown(seen, placing, &way, channels, (k, now, total));
    }
    for &channel in channels {
        let c = channel.1;
        let (q, wanted) = places.of(c, k, (now, now + step.days()));
        if q <= 0.0 {
            continue;
        }
        *behind += q;
        if !possible(c) {
            *density += q;
            continue;
        }
        let mut n = found(newborns, c);
        if wanted {
            let (gone, more, clone) = (newborns.gone, n + 1, &clones.founders[0]);
            while n < more {
                let to = (Parent { id: clone.id, barcode: clone.barcode }, u64::MAX / 2);
                placing.place(&way, &[channel], 1, to, newborns, stream);
                n = found(newborns, c);
            }
            newborns.gone = gone;
            *led = Some(c);
        }
        if n == 0 {
            continue;
        }
        // What was expected is needed of places where somebody is.
        *density += q * n as f64 / (total * share(placing, &way, channels, channel));
    }
}

/// Adds the stretches of step number `step`, which begins on day `now` and of which `total` founders are expected.
fn grown(
    seen: &mut Vec<Grown>,
    placing: &mut Placing,
    way: &Way,
    channels: &[(usize, usize)],
    (step, now, total): (usize, f64, f64),
) {
    let (compiled, layout) = (way.compiled, way.compiled.layout);
    placing.predict_path(way);
    let (first, mut start, mut sum) = (seen.len(), now, 0.0);
    for (k, interval) in way.step.window.intervals.iter().enumerate() {
        let rates = way.step.window.rates(k);
        let (a, z, growth, area) = placing.between(k, 0);
        let mut founded = vec![Founded::default(); compiled.channels.len()];
        for &(_, c) in channels {
            let to = compiled.channels[c].to;
            let expected = rates[layout.founding(c)] * interval.days * area;
            sum += expected;
            founded[c] = Founded { expected, birth: rates[layout.birth(to)], death: rates[layout.death(to)] };
        }
        let growth = if a > 0.0 && z > 0.0 { growth } else { f64::NAN };
        seen.push(Grown { step, start, days: interval.days, growth, founded });
        start += interval.days;
    }
    let scale = if sum > 0.0 { total / sum } else { 0.0 };
    seen[first..].iter_mut().flat_map(|s| &mut s.founded).for_each(|f| f.expected *= scale);
}

/// Of a channel, the share of all founders along a way who are of it and whose lines reach the end, or who found others.
fn share(placing: &mut Placing, way: &Way, channels: &[(usize, usize)], (source, channel): (usize, usize)) -> f64 {
    let (compiled, step) = (way.compiled, way.step);
    let layout = compiled.layout;
    placing.predict_path(way);
    let to = compiled.channels[channel].to;
    let place = compiled.place[to].0;
    let lines = compiled.blocks[place].is_line().then(|| step.lines(compiled, place));
    let (mut left, mut sum) = (0.0, 0.0);
    for (k, interval) in step.window.intervals.iter().enumerate() {
        let rates = step.window.rates(k);
        let founded =
            |source: usize, c: usize| rates[layout.founding(c)] * interval.days * placing.between(k, source).3;
        sum += channels.iter().map(|&(source, c)| founded(source, c)).sum::<f64>();
        let (own, (a, z, growth, area)) = (founded(source, channel), placing.between(k, source));
        if own <= 0.0 {
            continue;
        }
        let chance = lines.map_or(1.0, |lines| {
            let (birth, death) = (rates[layout.birth(to)], rates[layout.death(to)]);
            let line = |x: f64| lines.from[k + 1].after(birth, death, (1.0 - x) * interval.days).survival;
            let path = |x: f64| if growth == 0.0 { a + (z - a) * x } else { a * libm::exp(growth * x) };
            let short = (birth + death) * interval.days < SHORT && growth.abs() < SHORT;
            let rule = if short { over_short } else { over_unit };
            rule(&|x| path(x) * line(x)) / area
        });
        left += own * chance;
    }
    if sum > 0.0 { left / sum } else { 0.0 }
}

/// The integral over [0, 1] of what hardly moves there (Gauss and Legendre with three points).
fn over_short(f: &dyn Fn(f64) -> f64) -> f64 {
    let x = 0.5 * libm::sqrt(0.6);
    (5.0 * (f(0.5 - x) + f(0.5 + x)) + 8.0 * f(0.5)) / 18.0
}

/// The integral over [0, 1] of what may rise steeply toward 1.
fn over_unit(f: &dyn Fn(f64) -> f64) -> f64 {
    let panel = |low: f64, high: f64| -> f64 {
        let (middle, half) = (0.5 * (low + high), 0.5 * (high - low));
        half * GAUSS.iter().map(|(x, w)| w * (f(middle - half * x) + f(middle + half * x))).sum::<f64>()
    };
    panel(0.0, PARTED) + panel(PARTED, 1.0)
}
