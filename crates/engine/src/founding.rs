//! When and by whom a clone is founded inside a step: the predicted path of the parent clone between its ends.
//!
//! Given both ends, counts at a moment inside are predicted linearly from their exact covariances with the end,
//!     E(x_s | x) = E(x_s) + Cov(x_s, x) Var(x)^-1 (x - E(x)),
//! which agrees with the prediction of the integrated hazard; a founder's time is drawn along that path.
//! Cells that leave by mutation per time are counted with the end, so their own number would be part of that prediction; they are
//! dated along E(x_s), which gives what they found the right mean.
//!
//! A founder that founds nothing itself leaves nothing or a geometric number of cells ([`crate::step::Line`]), and only those
//! that leave some are placed. Within an interval the path grows e-fold by a known rate, and the integral of the chance to
//! survive is known with its inverse, so either can be drawn from and the other refused against; the one that refuses less
//! is taken, interval by interval. Of few founders all are tried along the path, which needs no chances beforehand.

use crate::compiled::{Block, Compiled};
use crate::draw;
use crate::elementary::{exp, log, log_one_plus};
use crate::hazard::{solve, variance};
use crate::moments::Moments;
use crate::step::{Along, Lines, Step};
use crate::stream::Stream;
use smallvec::SmallVec;

/// A moment inside a window.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Interval of the window.
    pub interval: usize,
    /// Days into the interval.
    pub into: f64,
}

/// Memory for putting founders on the path of a clone between its ends.
#[derive(Debug, Default, Clone)]
pub struct Placing {
    /// Var(x)^-1 (x - E(x)).
    pull: Vec<f64>,
    /// 0, then the cumulative hazard of founders to be tried, by (interval, channel).
    cumulative: Vec<f64>,
    /// How each is tried.
    trials: Vec<Trial>,
    /// Logarithm of growth of each kind over each interval.
    growth: Vec<f64>,
    /// Predicted counts at the start and end of each interval.
    path: Vec<f64>,
    /// Moments seen from a start inside the step.
    seen: Vec<f64>,
}

/// A clone from a moment inside a step to its end, both ends known; counts by kind.
pub struct Way<'a> {
    /// Its block.
    pub block: &'a Block,
    /// The model.
    pub compiled: &'a Compiled,
    /// The step.
    pub step: &'a Step,
    /// The block along it.
    pub along: &'a Along,
    /// Where it begins.
    pub from: Point,
    /// Cells there.
    pub cells: &'a [u64],
    /// Cells at the end.
    pub end: &'a [u64],
    /// False where the path is the mean one whatever the end: who leaves is counted with the end, and dates along a path that was
    /// predicted from their own number would not have the right mean.
    pub told: bool,
}

/// Who of the founders of one interval and channel is tried, and how.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trial {
    /// All, at a time along the path.
    All,
    /// This share, the largest chance to survive, at a time along the path.
    Along(f64),
    /// As many as if the path were at its highest, at a time along the chance to survive, whose integral this is.
    Survivors(f64),
}

/// What the founders of one channel become.
struct Target<'a> {
    /// Of the model.
    channel: usize,
    /// Place of the source in its block.
    source: usize,
    /// Places of the rates of founding, and of birth and death of the type founded.
    founding: usize,
    birth: usize,
    death: usize,
    /// The type founded along the step, where it is a line.
    line: Option<&'a Lines>,
}

impl<'a> Target<'a> {
    fn new(compiled: &Compiled, step: &'a Step, (source, channel): (usize, usize)) -> Target<'a> {
        let (layout, to) = (compiled.layout, compiled.channels[channel].to);
        let b = compiled.place[to].0;
        let line = compiled.blocks[b].is_line().then(|| step.lines(compiled, b));
        let (founding, birth, death) = (layout.founding(channel), layout.birth(to), layout.death(to));
        Target { channel, source, founding, birth, death, line }
    }
}

/// What a founder has of its parent clone.
#[derive(Debug, Clone, Copy)]
pub struct Parent {
    /// Its number.
    pub id: u32,
    /// Its barcode, which is the founder's as well.
    pub barcode: Option<u32>,
}

/// A founder that was placed.
#[derive(Debug, Clone, Copy)]
pub struct Placed {
    /// When.
    pub at: Point,
    /// The channel of the model.
    pub channel: usize,
    /// The parent clone.
    pub parent: Parent,
    /// The odds of one more cell at the end of the step, of a line that reaches it; of no meaning for others.
    pub odds: f64,
}

/// Founders of a step, to be carried to its end.
#[derive(Debug, Default)]
pub struct Newborns {
    /// Those who may found others.
    pub founding: Vec<Placed>,
    /// Those who may not, and whose lines reach the end.
    pub lines: Vec<Placed>,
    /// How many are gone at the end, and are placed nowhere.
    pub gone: u64,
}

impl Newborns {
    /// Forgets everybody.
    pub fn clear(&mut self) {
        self.founding.clear();
        self.lines.clear();
        self.gone = 0;
    }

    /// True when there is nobody, not even one who is gone.
    pub fn are_none(&self) -> bool {
        self.founding.is_empty() && self.lines.is_empty() && self.gone == 0
    }

    /// Number of those placed.
    pub fn placed(&self) -> usize {
        self.founding.len() + self.lines.len()
    }
}

/// Founders placed at a time.
const TOGETHER: usize = 32;

impl Placing {
    fn set_pull(&mut self, moments: &Moments, cells: &[u64], end: &[u64], told: bool) {
        let m = moments.m;
        self.pull.clear();
        if !told {
            self.pull.resize(m, 0.0);
            return;
        }
        for j in 0..m {
            let mean: f64 = (0..m).map(|i| cells[i] as f64 * moments.mean(i, j)).sum();
            self.pull.push(end[j] as f64 - mean);
        }
        solve(&mut variance(moments, cells), &mut self.pull);
    }

    /// Predicts the path along `way`, and the hazard of founding by `targets`; returns all of the hazard. To be tried are all
    /// founders, when there are `few`, or those who may survive.
    fn predict(&mut self, way: &Way, targets: &[Target], few: bool) -> f64 {
        let &Way { block, compiled, step, along, from, cells, end, told } = way;
        let (m, window) = (block.width(), &step.window);
        let left = window.intervals[from.interval].days - from.into;
        let whole = from.interval == 0 && from.into == 0.0;
        let mut seen = std::mem::take(&mut self.seen);
        let seen_from: &[f64] = if whole {
            self.set_pull(&along.to_end[0], cells, end, told);
            along.seen_from_start()
        } else {
            let first = Moments::constant(block, compiled.layout, window.rates(from.interval), left);
            self.set_pull(&first.then(&along.to_end[from.interval + 1]), cells, end, told);
            seen.clear();
            let mut so_far = first;
            so_far.seen(&along.to_end[from.interval + 1], &mut seen);
            for k in from.interval + 1..window.intervals.len() {
                so_far = so_far.then(&along.own[k]);
                so_far.seen(&along.to_end[k + 1], &mut seen);
            }
            &seen
        };
        let (intervals, width) = (window.intervals.len() - from.interval, targets.len());
        let (mut all, mut sum) = (0.0, 0.0);
        self.path.resize((intervals + 1) * m, 0.0);
        self.growth.resize(intervals * m, 0.0);
        self.cumulative.resize(intervals * width + 1, 0.0);
        self.trials.resize(intervals * width, Trial::All);
        self.path.iter_mut().zip(cells).for_each(|(path, &n)| *path = n as f64);
        // Of each kind, in the interval: its mean, and the most that there is of it.
        let mut own: SmallVec<[(f64, f64); 4]> = SmallVec::from_elem((0.0, 0.0), m);
        let ancestors: SmallVec<[(usize, f64); 4]> =
            cells.iter().enumerate().filter(|c| *c.1 > 0).map(|(i, &n)| (i, n as f64)).collect();
        let row = m + m * m;
        for (k, seen) in seen_from.chunks_exact(m * row).enumerate() {
            let (before, after) = self.path[k * m..(k + 2) * m].split_at_mut(m);
            for s in 0..m {
                let mut y = 0.0;
                for &(i, cells) in &ancestors {
                    let seen = &seen[i * row..(i + 1) * row];
                    let with = &seen[m + s * m..m + (s + 1) * m];
                    y += cells * with.iter().zip(&self.pull).fold(seen[s], |y, (a, b)| y + a * b);
                }
                after[s] = y.max(0.0);
                let (mean, growth) = logarithmic_mean(before[s], after[s]);
                own[s] = (mean, before[s].max(after[s]));
                self.growth[k * m + s] = growth;
            }
            let interval = from.interval + k;
            let (rates, length) = (window.rates(interval), window.intervals[interval].days);
            let days = if k == 0 { left } else { length };
            let trials = &mut self.trials[k * width..(k + 1) * width];
            let cumulative = &mut self.cumulative[1 + k * width..1 + (k + 1) * width];
            for ((target, slot), cumulative) in targets.iter().zip(trials).zip(cumulative) {
                let rate = rates[target.founding];
                let (mean, highest) = own[target.source];
                let (mut tried, mut trial) = (days * mean, Trial::All);
                all += rate * tried;
                if let (Some(_), true) = (target.line, few) {
                    trial = Trial::Along(1.0);
                } else if let Some(lines) = target.line {
                    let (survived, most) = if days == length {
                        lines.chances[interval]
                    } else {
                        let end = &lines.from[interval + 1];
                        let (line, survived) = end.after_all_of(rates[target.birth], rates[target.death], days);
                        (survived, line.survival.max(end.survival))
                    };
                    (tried, trial) = if highest * survived <= tried {
                        (highest * survived, Trial::Survivors(survived))
                    } else {
                        (tried * most, Trial::Along(most))
                    };
                }
                sum += rate * tried;
                (*slot, *cumulative) = (trial, sum);
            }
        }
        self.seen = seen;
        all
    }

    /// Predicts the path along `way`; for [`between`](Self::between).
    pub(crate) fn predict_path(&mut self, way: &Way) {
        self.predict(way, &[], true);
    }

    /// Of kind `s` on a predicted path, over interval `k`: its number at the start, at the end, the logarithm of its growth (0: linear)
    /// and its mean.
    pub(crate) fn between(&self, k: usize, s: usize) -> (f64, f64, f64, f64) {
        let m = self.pull.len();
        let (a, z) = (self.path[k * m + s], self.path[(k + 1) * m + s]);
        (a, z, self.growth[k * m + s], logarithmic_mean(a, z).0)
    }

    /// Draws when and by which of `channels` each of `number` founders of clone `parent` arose on its `way`; no more are
    /// tried once `most` are placed.
    pub fn place(
        &mut self,
        way: &Way,
        channels: &[(usize, usize)],
        number: u64,
        (parent, most): (Parent, u64),
        newborns: &mut Newborns,
        stream: &mut Stream,
    ) {
        let &Way { block, compiled, step, from, .. } = way;
        let targets: SmallVec<[Target; 16]> = channels.iter().map(|&c| Target::new(compiled, step, c)).collect();
        // A founder tried in vain costs about two intervals of a channel.
        let few = 2 * number <= ((step.window.intervals.len() - from.interval) * targets.len()) as u64;
        let all = self.predict(way, &targets, few);
        let Placing { cumulative, trials, growth, path, .. } = self;
        // 0 in front, the sum behind.
        let Some((&sum, cumulative)) = cumulative.split_last() else { return };
        let tried = if sum >= all { number } else { draw::binomial(stream, number, sum / all) };
        newborns.gone += number - tried;
        let (m, width) = (block.width(), channels.len());
        let (mut left, full) = (tried, newborns.placed() as u64 + most);
        // In stages, so that one founder's arithmetic does not wait for another's.
        let (mut places, mut shares, mut chances) = ([0; TOGETHER], [0.0; TOGETHER], [0.0; TOGETHER]);
        while left > 0 && (newborns.placed() as u64) < full {
            let batch = left.min(TOGETHER as u64) as usize;
            left -= batch as u64;
            for ((place, share), chance) in places[..batch].iter_mut().zip(&mut shares).zip(&mut chances) {
                let u = stream.uniform() * sum;
                let at: usize = if cumulative.len() <= 32 {
                    // Counted without a branch that a processor could guess wrong.
                    cumulative[1..].iter().map(|&x| usize::from(x <= u)).sum()
                } else {
                    cumulative[1..].partition_point(|&x| x <= u)
                };
                // What is left of the uniform says where within.
                let (begin, end) = (cumulative[at], cumulative.get(at + 1).copied().unwrap_or(sum));
                // A path that is 0 all along says nothing of when.
                let within = if end > begin { (u - begin) / (end - begin) } else { stream.uniform() };
                (*place, *share) = (at, within);
                if trials[at] != Trial::All {
                    *chance = stream.uniform();
                }
            }
            for ((&place, &share), &chance) in places[..batch].iter().zip(&shares).zip(&chances) {
                let (k, target) = if width == 1 { (place, 0) } else { (place / width, place % width) };
                let target = &targets[target];
                let (interval, s) = (from.interval + k, target.source);
                let begins = if k == 0 { from.into } else { 0.0 };
                let length = step.window.intervals[interval].days;
                let (a, z, growth) = (path[k * m + s], path[(k + 1) * m + s], growth[k * m + s]);
                let along = || begins + share_of_path(a, z, growth, share) * (length - begins);
                let placed = |into: f64, odds: f64| {
                    let at = Point { interval, into };
                    Placed { at, channel: target.channel, parent, odds }
                };
                let (line, kept) = match (trials[place], target.line) {
                    (Trial::Along(highest), Some(lines)) => {
                        let into = along();
                        let rates = step.window.rates(interval);
                        let end = &lines.from[interval + 1];
                        let line = end.after(rates[target.birth], rates[target.death], length - into);
                        (placed(into, line.odds), chance * highest < line.survival)
                    }
                    (Trial::Survivors(survived), Some(lines)) => {
                        let (before, odds) = lines.within[interval].founded(share * survived);
                        let into = (length - before).clamp(begins, length);
                        let x = (into - begins) / (length - begins);
                        (placed(into, odds), below_path(a, z, growth, x, chance))
                    }
                    _ => {
                        newborns.founding.push(placed(along(), 0.0));
                        continue;
                    }
                };
                if kept {
                    newborns.lines.push(line);
                } else {
                    newborns.gone += 1;
                }
            }
        }
    }
}

/// Mean of a path that grows exponentially from `a` to `z` (linearly when one is 0), and the logarithm of its growth (0 when
/// it hardly moves, or is linear).
pub(crate) fn logarithmic_mean(a: f64, z: f64) -> (f64, f64) {
    if a <= 0.0 || z <= 0.0 {
        return (0.5 * (a + z), 0.0);
    }
    let r = log(z / a);
    if r.abs() < 1e-4 { (0.5 * (a + z), 0.0) } else { ((z - a) / r, r) }
}

/// Where on that path a uniform share `u` of its area is reached, from 0 to 1; `growth` as above.
fn share_of_path(a: f64, z: f64, growth: f64, u: f64) -> f64 {
    if growth != 0.0 {
        return (log_one_plus(u * (z - a) / a) / growth).clamp(0.0, 1.0);
    }
    if (a > 0.0) == (z > 0.0) {
        return u;
    }
    // Density a + (z - a) x.
    if a <= 0.0 { libm::sqrt(u) } else { 1.0 - libm::sqrt(1.0 - u) }
}

/// True when `u` times the highest of the path is below it, a share `x` of the way.
#[inline]
fn below_path(a: f64, z: f64, growth: f64, x: f64, u: f64) -> bool {
    if growth == 0.0 {
        return u * a.max(z) < a + (z - a) * x;
    }
    let y = if growth > 0.0 { growth * (x - 1.0) } else { growth * x };
    // 1 + y <= e^y <= 1 + y + y^2 / 2 for y <= 0: most are told without the exponential.
    let line = 1.0 + y;
    u < line || (u < line + 0.5 * y * y && u < exp(y))
}
