//! When and by whom a clone is founded inside a step: the predicted path of the parent clone between its ends.
//!
//! Given both ends, counts at a moment inside are predicted linearly from their exact covariances with the end,
//!     E(x_s | x) = E(x_s) + Cov(x_s, x) Var(x)^-1 (x - E(x)),
//! which agrees with the prediction of the integrated hazard; a founder's time is drawn along that path.
//!
//! A founder that founds nothing itself leaves nothing or a geometric number of cells ([`crate::step::Line`]), and only those
//! that leave some are placed. Within an interval the path grows e-fold by a known rate, and the integral of the chance to
//! survive is known with its inverse, so either can be drawn from and the other refused against; the one that refuses less
//! is taken, interval by interval.

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

/// The path of a clone between its ends, for putting founders on it.
#[derive(Debug, Default, Clone)]
pub struct Placing {
    /// Var(x)^-1 (x - E(x)).
    pull: Vec<f64>,
    /// Cumulative hazard of founders to be tried, by (interval, channel of the block).
    cumulative: Vec<f64>,
    /// How each is tried.
    trials: Vec<Trial>,
    /// The hazard itself.
    all: f64,
    /// Logarithm of growth of each kind over each interval.
    growth: Vec<f64>,
    /// Predicted counts at the start and end of each interval.
    path: Vec<f64>,
    from: Option<Point>,
    /// Moments seen from a start inside the step.
    seen: Vec<f64>,
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
    /// Place of the source in its block.
    source: usize,
    /// Places of the rates of founding, and of birth and death of the type founded.
    founding: usize,
    birth: usize,
    death: usize,
    lines: Option<&'a Lines>,
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
    /// Number of those placed.
    pub fn placed(&self) -> usize {
        self.founding.len() + self.lines.len()
    }
}

/// Founders placed at a time.
const TOGETHER: usize = 32;

impl Placing {
    fn set_pull(&mut self, moments: &Moments, cells: &[u64], end: &[u64]) {
        let m = moments.m;
        self.pull.clear();
        for j in 0..m {
            let mean: f64 = (0..m).map(|i| cells[i] as f64 * moments.mean(i, j)).sum();
            self.pull.push(end[j] as f64 - mean);
        }
        solve(&mut variance(moments, cells), &mut self.pull);
    }

    /// Predicts the path from `from` to the end of the step, and the hazard of founding by `channels` along it.
    pub fn prepare(
        &mut self,
        block: &Block,
        compiled: &Compiled,
        step: &Step,
        along: &Along,
        from: Point,
        channels: &[(usize, usize)],
        cells: &[u64],
        end: &[u64],
    ) {
        let m = block.width();
        let window = &step.window;
        let left = window.intervals[from.interval].days - from.into;
        let whole = from.interval == 0 && from.into == 0.0;
        let mut seen = std::mem::take(&mut self.seen);
        let seen_from: &[f64] = if whole {
            self.set_pull(&along.to_end[0], cells, end);
            along.seen_from_start()
        } else {
            let first = Moments::constant(block, compiled.layout, window.rates(from.interval), left);
            self.set_pull(&first.then(&along.to_end[from.interval + 1]), cells, end);
            seen.clear();
            let mut so_far = first;
            so_far.seen(&along.to_end[from.interval + 1], &mut seen);
            for k in from.interval + 1..window.intervals.len() {
                so_far = so_far.then(&along.own[k]);
                so_far.seen(&along.to_end[k + 1], &mut seen);
            }
            &seen
        };
        self.from = Some(from);
        self.path.clear();
        self.path.extend(cells.iter().map(|&n| n as f64));
        self.cumulative.clear();
        self.trials.clear();
        self.growth.clear();
        let (mut all, mut sum) = (0.0, 0.0);
        let layout = compiled.layout;
        let target = |&(s, c): &(usize, usize)| {
            let to = compiled.channels[c].to;
            let b = compiled.place[to].0;
            let lines = compiled.blocks[b].is_line().then(|| step.lines(compiled, b));
            Target { source: s, founding: layout.founding(c), birth: layout.birth(to), death: layout.death(to), lines }
        };
        let targets: SmallVec<[Target; 8]> = channels.iter().map(target).collect();
        let (row, mut means) = (m + m * m, SmallVec::<[f64; 4]>::new());
        for k in from.interval..window.intervals.len() {
            let at = (k - from.interval) * m * row;
            for s in 0..m {
                let mut y = 0.0;
                for i in (0..m).filter(|&i| cells[i] > 0) {
                    let own = &seen_from[at + i * row..at + (i + 1) * row];
                    let mut each = own[s];
                    for q in 0..m {
                        each += own[m + s * m + q] * self.pull[q];
                    }
                    y += cells[i] as f64 * each;
                }
                self.path.push(y.max(0.0));
            }
            let days = if k == from.interval { left } else { window.intervals[k].days };
            let before = self.path.len() - 2 * m;
            means.clear();
            for s in 0..m {
                let (mean, growth) = logarithmic_mean(self.path[before + s], self.path[before + m + s]);
                means.push(mean);
                self.growth.push(growth);
            }
            let rates = window.rates(k);
            for target in &targets {
                let (s, rate) = (target.source, rates[target.founding]);
                let (mut tried, mut trial) = (days * means[s], Trial::All);
                all += rate * tried;
                if let Some(lines) = target.lines {
                    let end = &lines.from[k + 1];
                    let (begin, survived) = if days == window.intervals[k].days {
                        (lines.from[k].survival, lines.within[k].survived)
                    } else {
                        let (line, survived) = end.after_all_of(rates[target.birth], rates[target.death], days);
                        (line.survival, survived)
                    };
                    let highest = self.path[before + s].max(self.path[before + m + s]) * survived;
                    (tried, trial) = if highest <= tried {
                        (highest, Trial::Survivors(survived))
                    } else {
                        // At constant rates the chance moves in one direction with the date.
                        let most = begin.max(end.survival);
                        (tried * most, Trial::Along(most))
                    };
                }
                sum += rate * tried;
                self.cumulative.push(sum);
                self.trials.push(trial);
            }
        }
        self.all = all;
        self.seen = seen;
    }

    /// Draws when and by which of the prepared channels each of `number` founders of clone `parent` arose; at most `most` are
    /// tried.
    pub fn place(
        &self,
        block: &Block,
        compiled: &Compiled,
        step: &Step,
        channels: &[(usize, usize)],
        number: u64,
        (parent, most): (Parent, u64),
        newborns: &mut Newborns,
        stream: &mut Stream,
    ) {
        let (last, from) = (self.cumulative.len() - 1, self.from.unwrap_or(Point { interval: 0, into: 0.0 }));
        let sum = self.cumulative[last];
        let tried = if sum >= self.all { number } else { draw::binomial(stream, number, sum / self.all) };
        newborns.gone += number - tried;
        let (m, width) = (block.width(), channels.len());
        let mut left = tried.min(most);
        // In stages, so that one founder's arithmetic does not wait for another's.
        let (mut places, mut shares, mut chances) = ([0; TOGETHER], [0.0; TOGETHER], [0.0; TOGETHER]);
        while left > 0 {
            let batch = left.min(TOGETHER as u64) as usize;
            left -= batch as u64;
            for i in 0..batch {
                let u = stream.uniform() * sum;
                let below = if last < 32 {
                    // Counted without a branch that a processor could guess wrong.
                    self.cumulative[..last].iter().map(|&x| usize::from(x <= u)).sum()
                } else {
                    self.cumulative[..last].partition_point(|&x| x <= u)
                };
                // What is left of the uniform says where within.
                let begin = if below > 0 { self.cumulative[below - 1] } else { 0.0 };
                let own = self.cumulative[below] - begin;
                // A path that is 0 all along says nothing of when.
                (places[i], shares[i]) = (below, if own > 0.0 { (u - begin) / own } else { stream.uniform() });
                if self.trials[below] != Trial::All {
                    chances[i] = stream.uniform();
                }
            }
            for i in 0..batch {
                let (k, (s, channel)) = (places[i] / width, channels[places[i] % width]);
                let interval = from.interval + k;
                let begins = if k == 0 { from.into } else { 0.0 };
                let length = step.window.intervals[interval].days;
                let (a, z, growth) = (self.path[k * m + s], self.path[(k + 1) * m + s], self.growth[k * m + s]);
                let to = compiled.channels[channel].to;
                let along = || begins + share_of_path(a, z, growth, shares[i]) * (length - begins);
                let (into, odds, kept) = match self.trials[places[i]] {
                    Trial::All => (along(), 0.0, true),
                    Trial::Along(highest) => {
                        let into = along();
                        let rates = step.window.rates(interval);
                        let (birth, death) = (rates[compiled.layout.birth(to)], rates[compiled.layout.death(to)]);
                        let end = &step.lines(compiled, compiled.place[to].0).from[interval + 1];
                        let line = end.after(birth, death, length - into);
                        (into, line.odds, chances[i] * highest < line.survival)
                    }
                    Trial::Survivors(survived) => {
                        let within = &step.lines(compiled, compiled.place[to].0).within[interval];
                        let (before, odds) = within.founded(shares[i] * survived);
                        let into = (length - before).clamp(begins, length);
                        let x = (into - begins) / (length - begins);
                        (into, odds, below_path(a, z, growth, x, chances[i]))
                    }
                };
                let placed = Placed { at: Point { interval, into }, channel, parent, odds };
                if self.trials[places[i]] == Trial::All {
                    newborns.founding.push(placed);
                } else if kept {
                    newborns.lines.push(placed);
                } else {
                    newborns.gone += 1;
                }
            }
        }
    }
}

/// Mean of a path that grows exponentially from `a` to `z` (linearly when one is 0), and the logarithm of its growth (0 when
/// it hardly moves, or is linear).
fn logarithmic_mean(a: f64, z: f64) -> (f64, f64) {
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
    u < exp(y)
}
