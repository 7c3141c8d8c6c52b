//! What the readings ask of a type of cells when treatment begins, and on the way from visit to visit.
//!
//! The rest being as it is, a clone of x cells of a type makes the readings as likely as the course that is expected of it. Near the likeliest size
//! x that density is about log-normal with spread s; but a clone does not follow its expected course: n cells leave what is expected of them times
//! a factor of mean 1 and variance v / n, v being the relative variance of what one leaves. A guess of the readings averages over that factor,
//! taken as gamma: with r = s^2 / (s^2 + v / n) its logarithm is
//!     ln(r) / 2 - (1 - r) (n / v) (x / n - 1 - ln(x / n))
//! below that of x cells, which of small distances is the integral of one normal density over another, and of large ones the tail of the gamma law.

use super::later::Later;
use super::patient::{Patient, times};
use remission_engine::guided::Founded;
use remission_engine::step::Line;

/// Sizes of a clone that are tried: the smallest that one can have when treatment begins, the least worth (in cells when treatment begins) of one
/// that is founded later, and the distance of their logarithms.
const SMALLEST: f64 = 1.0;
const LEAST_WORTH: f64 = 1e-20;
const APART: f64 = 0.5;
/// ln below the highest density from which on a guess tells less, and from which on it is not asked how far: a guess is never 0.
const NEAR: f64 = 8.0;
const FAR: f64 = 1000.0;
/// r from which on growth is taken as sure.
const SURE: f64 = 0.95;
/// ln by which the size's own density is below its highest from which on readings may be explained by others.
const FAR_OFF: f64 = 1.0;
/// ln below the likeliest size of a type down to which a larger one may do.
const ENOUGH: f64 = 1.0;

/// Cells by type at each look.
pub(super) type Looks = Vec<Vec<f64>>;

/// What the readings ask of a type that one clone has.
pub(super) struct Asked {
    /// One cell's descendants.
    pub one: Looks,
    /// Sizes with the mass of the guess, of its logarithm's density, at each.
    pub masses: Vec<(f64, f64)>,
    /// Sizes with the mass of the density of the readings, 1 at best, at each, for what they are expected to leave, less that of nobody.
    pub likely: Vec<(f64, f64)>,
    /// The largest that does.
    pub most: f64,
    /// The highest guess.
    pub best: f64,
    /// The likeliest, and the spread of its logarithm; none where there is no peak.
    peak: Option<(f64, f64)>,
    /// On the way, where there is a peak and the type is a line.
    pub course: Option<Course>,
    /// Births and deaths a day of its cells until treatment.
    pub birth: f64,
    pub death: f64,
    /// What is hoped of clones founded under treatment.
    pub later: Option<Later>,
    /// Of one founded before: founders expected times how likely they make the readings, over that of the best.
    pub odds: f64,
}

/// The course that a type should take.
pub(super) struct Course {
    /// Spread of the logarithm of the size that is asked for.
    pub spread: f64,
    /// That size at the look before each look, and at the last.
    pub wanted: Vec<f64>,
    /// What one cell leaves from there to the end.
    pub onward: Vec<Line>,
}

impl Course {
    fn new(patient: &Patient, to: usize, (size, spread): (f64, f64)) -> Option<Course> {
        let lines: Option<Vec<Line>> = patient.left().iter().map(|l| l.lines[to]).collect();
        let lines = lines.filter(|l| l.iter().all(|l| l.mean > 0.0))?;
        let (mut wanted, mut onward) = (vec![size], vec![Line::END]);
        for line in &lines {
            wanted.push(wanted[wanted.len() - 1] * line.mean);
        }
        for line in lines.iter().rev() {
            onward.push(line.then(&onward[onward.len() - 1]));
        }
        onward.reverse();
        Some(Course { spread, wanted, onward })
    }

    /// ln of the guess of readings from look number `look` on, whose density is `below` its highest for `cells` cells at the look before, and
    /// `wanted` for those that are wanted there.
    ///
    /// Cells that are far from as many as are wanted while the readings are likely have no bearing on them: others explain them.
    pub fn guess(&self, look: usize, below: f64, cells: f64, wanted: f64) -> f64 {
        let (r, more) = (self.flatness(look, cells), below - wanted);
        if r > SURE {
            return -pressed(more) - wanted;
        }
        let times = self.wanted[look] / cells;
        let missed = 0.5 * libm::pow(libm::log(times) / self.spread, 2.0);
        let by_others = if missed > FAR_OFF && more < 0.5 * missed { -pressed(more) } else { f64::NEG_INFINITY };
        let by_chance = r * (times - 1.0 - libm::log(times)) / (self.spread * self.spread);
        by_others.max(0.5 * libm::log(r) - pressed(by_chance)) - wanted
    }

    /// r; 1 of nobody, who stays nobody.
    fn flatness(&self, look: usize, cells: f64) -> f64 {
        if cells <= 0.0 {
            return 1.0;
        }
        let own = self.spread * self.spread;
        own / (own + variance(&self.onward[look]) / cells)
    }

    /// The size that is wanted before look number `look`, and how far its logarithm may be from that.
    pub fn near(&self, look: usize) -> (f64, f64) {
        let size = self.wanted[look];
        (size, self.spread / libm::sqrt(self.flatness(look, size)))
    }
}

/// Relative variance of what one cell leaves.
pub(super) fn variance(line: &Line) -> f64 {
    (1.0 + 2.0 * line.odds - line.mean) / line.mean
}

impl Asked {
    /// Of a clone of type `to` beside the other types of `base`; `founded` are founders before treatment.
    pub fn new(patient: &Patient, base: &[f64], to: usize, founded: &Founded) -> Asked {
        let (mut cells, mut one) = (base.to_vec(), vec![0.0; base.len()]);
        (cells[to], one[to]) = (0.0, 1.0);
        let (rest, one) = (looks(patient, 0, &cells), looks(patient, 0, &one));
        let below = |log_size: f64| below(patient, 0, &rest, &one, libm::exp(log_size));
        let first = libm::log(least_worth(patient, to));
        let most = libm::log(base.iter().sum::<f64>().max(SMALLEST));
        let count = ((most - first) / APART).ceil() as usize + 1;
        let tried: Vec<f64> = (0..count).map(|k| below(first + APART * k as f64)).collect();
        // The likeliest, found more closely by parabolas through three sizes.
        let lowest = (0..count).min_by(|a, b| tried[*a].total_cmp(&tried[*b])).unwrap_or(0);
        let (mut at, mut apart) = (first + APART * lowest as f64, APART);
        let (mut middle, mut curvature) = (tried[lowest], 0.0);
        for _ in 0..4 {
            let (left, right) = (below(at - apart), below(at + apart));
            curvature = (left - 2.0 * middle + right) / (apart * apart);
            let moved = if curvature > 0.0 { (left - right) / (2.0 * apart * curvature) } else { 0.0 };
            let next = at + moved.clamp(-apart, apart);
            let there = below(next);
            if there < middle {
                (at, middle) = (next, there);
            }
            apart *= 0.4;
        }
        let peak = (curvature > 0.0).then(|| (libm::exp(at), 1.0 / libm::sqrt(curvature)));
        let best = tried[lowest].min(middle);
        let course = peak.and_then(|peak| Course::new(patient, to, peak));
        let guess = |size: f64, below: f64| match &course {
            Some(course) => course.guess(0, below, size, middle),
            None => -pressed(below),
        };
        let size = |k: usize| libm::exp(first + APART * k as f64);
        let there = (0..count).filter(|&k| size(k) > 0.9 * SMALLEST);
        let mut masses: Vec<(f64, f64)> =
            there.map(|k| (size(k), APART * libm::exp(guess(size(k), tried[k])))).collect();
        let highest = |below: f64| libm::exp(pressed(best) - pressed(below));
        let nobody = highest(ahead(patient, 0, &cells));
        let flat = |below: f64| (highest(below) - nobody).max(0.0);
        let mut likely: Vec<(f64, f64)> = (0..count).map(|k| (size(k), APART * flat(tried[k]))).collect();
        let enough = tried.iter().rposition(|b| *b < best + ENOUGH).map_or(0.0, size);
        let most = peak.map_or(enough, |(size, _)| size.max(enough));
        if let Some((size, spread)) = peak {
            let width = |spread: f64| (libm::sqrt(2.0 * std::f64::consts::PI) * spread).min(APART);
            likely.push((size, width(spread) * flat(middle)));
            let spread = course.as_ref().map_or(spread, |c| c.near(0).1);
            masses.push((size, width(spread) * libm::exp(guess(size, middle))));
        }
        let (birth, death) = (founded.birth, founded.death);
        let best = -pressed(best);
        let mut asked = Asked { one, masses, likely, most, best, peak, course, birth, death, later: None, odds: 0.0 };
        asked.later = Later::new(patient, to, &asked);
        asked
    }

    /// The size that is wanted when treatment begins, and how far its logarithm may be from that.
    pub fn near(&self) -> Option<(f64, f64)> {
        self.course.as_ref().map(|c| c.near(0)).or(self.peak)
    }

    /// ln of the guess of all readings, whose density is `below` its highest for `cells` cells when treatment begins, and `wanted` for those
    /// that are wanted.
    pub fn guess(&self, below: f64, cells: f64, wanted: f64) -> f64 {
        self.course.as_ref().map_or(-pressed(below), |c| c.guess(0, below, cells, wanted))
    }
}

/// The least worth of one cell of a type that may be founded under treatment, in cells when treatment begins.
fn least_worth(patient: &Patient, to: usize) -> f64 {
    let width = patient.setting.compiled.channels.len();
    let channels: Vec<usize> = (0..width).filter(|&c| patient.setting.compiled.channels[c].to == to).collect();
    let (mut worth, mut least) = (1.0f64, SMALLEST);
    for left in patient.left() {
        let found = channels.iter().any(|c| left.founders.iter().skip(*c).step_by(width).any(|f| *f > 0.0));
        worth *= left.lines[to].map_or(1.0, |l| l.mean);
        if found && worth > 0.0 {
            least = least.min(SMALLEST / worth);
        }
    }
    least.max(LEAST_WORTH)
}

/// Of masses at sizes, what an exponential size with this mean is expected to have.
pub(super) fn explained(masses: &[(f64, f64)], mean: f64) -> f64 {
    masses.iter().map(|(size, mass)| mass * libm::exp(-size / mean) * (size / mean)).sum()
}

/// How far below its highest a density is, by its logarithm from `NEAR` on.
pub(super) fn pressed(below: f64) -> f64 {
    if below < NEAR { below } else { NEAR * (1.0 + libm::log(below / NEAR)) }
}

/// What is expected at each look from number `first` on of these cells at the look before.
pub(super) fn looks(patient: &Patient, first: usize, cells: &[f64]) -> Looks {
    let mut cells = cells.to_vec();
    let mut looks = Vec::new();
    for left in patient.left().iter().skip(first) {
        cells = times(&cells, &left.means);
        looks.push(cells.clone());
    }
    looks
}

/// ln by which the density of all readings from look number `first` on is below its highest if these cells at the look before leave what is
/// expected of them.
pub(super) fn ahead(patient: &Patient, first: usize, cells: &[f64]) -> f64 {
    let next = |look: usize, cells: &mut Vec<f64>| *cells = times(cells, &patient.left()[look].means);
    sum_below(patient, first..patient.left().len(), cells.to_vec(), next)
}

/// The same with a clone of so many cells beside the rest, from what is expected of each at looks from number `first` on.
pub(super) fn below(patient: &Patient, first: usize, rest: &Looks, one: &Looks, size: f64) -> f64 {
    let both = |look: usize, cells: &mut Vec<f64>| {
        cells.clear();
        cells.extend(rest[look - first].iter().zip(&one[look - first]).map(|(a, b)| a + size * b));
    };
    sum_below(patient, first..first + rest.len(), Vec::new(), both)
}

/// The sum over looks, the cells at each being made of those at the one before.
fn sum_below(
    patient: &Patient,
    looks: std::ops::Range<usize>,
    mut cells: Vec<f64>,
    next: impl Fn(usize, &mut Vec<f64>),
) -> f64 {
    let mut sum = 0.0;
    for look in looks {
        next(look, &mut cells);
        sum += patient.below(look, &cells);
        if sum.is_nan() || sum > FAR {
            return FAR;
        }
    }
    sum
}
