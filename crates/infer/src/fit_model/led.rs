//! Starts of a patient's tumour led to where the readings are likely.
//!
//! A relapse often hangs on one clone of one size when treatment began, which few tumours have. What its size must have been is
//! told by the readings: the rest being as in a start drawn without regard to them, a clone of x cells of a type is weighed by the guess of all
//! readings ([`super::patient`]). A founder of t days before treatment leaves nobody, or a number of cells that is exponential; so
//! every step of growth and every mutation has its odds of having founded that clone, and one more founder is put there with the
//! probability that they say ([`remission_engine::guided`], which takes back by weights what that changes).

use super::patient::{Patient, pressed, times};
use crate::special::{log_sum, normal_below};
use remission_engine::draw;
use remission_engine::guided::{self, Founded, Grown, Guide};
use remission_engine::state::State;
use remission_engine::step::Line;
use remission_engine::stream::Stream;

/// Starts that are drawn without regard to readings, and tell where others are led. They are no part of estimates: one that happens to be what
/// the readings ask for would have a weight far above all others.
pub(super) const PILOTS: usize = 3;
/// Least probability of nobody being led.
const FREE: f64 = 0.25;
/// Sizes of a clone that are tried: the smallest, and the distance of their logarithms.
const SMALLEST: f64 = 10.0;
const APART: f64 = 0.5;
/// ln below the highest density from which on it is not asked how far.
const FAR: f64 = 1000.0;
/// ln by which a pilot's own clones must explain more than none.
const CLEARLY: f64 = 2.0;
/// Shares of the likeliest place below which a place is left out.
const UNLIKELY: f64 = 1e-7;

/// Sizes of its clone of which a led start is given one, and those among them that are drawn from the law of a line, whatever is read.
const SIZES: usize = 12;
const OF_LAW: usize = 4;
/// Part of the tumour up to which a clone's own size does not matter to when treatment began.
const SMALL: f64 = 1e-4;
/// Least spread of the logarithm of a size that is asked for.
const NARROW: f64 = 0.02;

/// Cells by type at each look of what is there when treatment begins.
type Looks = Vec<Vec<f64>>;

/// What is known of a patient's starts.
#[derive(Default)]
pub(super) struct Led {
    /// Steps of growth of the first of the pilots.
    pub steps: Vec<Grown>,
    /// Guess and cells by type of each.
    pub pilots: Vec<(f64, Vec<f64>)>,
    /// Where further ones are led.
    pub guide: Guide,
    /// Clones by type.
    asked: Vec<Option<Asked>>,
}

/// What the readings ask of a type that one clone has.
struct Asked {
    /// One cell's descendants.
    one: Looks,
    /// Sizes with the mass of the guess, of its logarithm's density, at each.
    masses: Vec<(f64, f64)>,
    /// The likeliest, and the spread of its logarithm; none where there is no peak.
    peak: Option<(f64, f64)>,
    /// Births and deaths a day of its cells until treatment.
    birth: f64,
    death: f64,
    /// Probability of being led to it.
    odds: f64,
}

impl Led {
    /// A guide from the pilots; an empty one where nothing is told.
    pub fn learn(&mut self, patient: &Patient) {
        let compiled = patient.setting.compiled;
        let Some((best, base)) = self.pilots.iter().max_by(|a, b| a.0.total_cmp(&b.0)) else { return };
        // Beside the founding type alone, unless a pilot's clones explain more.
        let mut alone = base.clone();
        self.steps.iter().take(1).flat_map(|s| s.founded.iter().enumerate()).for_each(|(channel, founded)| {
            if founded.birth > 0.0 {
                alone[compiled.channels[channel].to] = 0.0;
            }
        });
        let none = looks(patient, &vec![0.0; alone.len()]);
        let guess_alone = -pressed(below(patient, &looks(patient, &alone), &none, 0.0));
        let base = if guess_alone < *best - CLEARLY { base } else { &alone };
        let plain = self.pilots.iter().map(|p| libm::exp(p.0 - best)).sum::<f64>() / self.pilots.len() as f64;
        let asked = &mut self.asked;
        asked.resize_with(compiled.types(), || None);
        let mut odds: Vec<Vec<f64>> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let of = |(channel, founded): (usize, &Founded)| {
                if founded.expected <= 0.0 {
                    return 0.0;
                }
                let to = compiled.channels[channel].to;
                let asked = asked[to].get_or_insert_with(|| Asked::new(patient, base, to, founded));
                // Most are founded late in a step.
                let line = Line::END.after(founded.birth, founded.death, -(step.start + 0.6 * step.days));
                let scale = line.mean / line.survival;
                let exponential = |&(size, mass): &(f64, f64)| mass * libm::exp(-size / scale) * (size / scale);
                let odds: f64 = asked.masses.iter().map(exponential).sum();
                founded.expected * line.survival * odds * libm::exp(-best)
            };
            odds.push(step.founded.iter().enumerate().map(of).collect());
        }
        let highest = odds.iter().flatten().copied().fold(0.0, f64::max);
        odds.iter_mut().flatten().filter(|o| **o < UNLIKELY * highest).for_each(|o| *o = 0.0);
        let sum: f64 = odds.iter().flatten().sum();
        if sum > 0.0 && sum.is_finite() {
            let led = (sum / (sum + plain)).min(1.0 - FREE);
            odds.iter_mut().flatten().for_each(|o| *o *= led / sum);
            for (channel, q) in odds.iter().flat_map(|row| row.iter().enumerate()) {
                if let Some(asked) = &mut asked[compiled.channels[channel].to] {
                    asked.odds += q;
                }
            }
            self.guide = Guide { places: odds };
        }
    }

    /// Gives the largest clone of a type in a led start one of several sizes, chosen by the guess; returns ln of what the start's weight is
    /// multiplied by, for averages to stay.
    ///
    /// Given the rest, that it is the largest and that it is small, its size is a geometric number above the second's. Sizes are drawn from
    /// that law and from about the one that the readings ask for, and weighed by the law over the mixture of both.
    pub fn resize(&self, patient: &Patient, start: &mut guided::Led, stream: &mut Stream) -> f64 {
        let compiled = patient.setting.compiled;
        let most = (SMALL * start.state.total() as f64).floor();
        // The type that it was led to, or one by the odds.
        let to = start.channel.map(|channel| compiled.channels[channel].to).or_else(|| {
            let mut left = stream.uniform() * self.asked.iter().flatten().map(|a| a.odds).sum::<f64>();
            self.asked.iter().position(|asked| {
                left -= asked.as_ref().map_or(0.0, |a| a.odds);
                left < 0.0
            })
        });
        let Some((to, asked)) = to.and_then(|to| self.asked[to].as_ref().map(|asked| (to, asked))) else { return 0.0 };
        let (b, position) = compiled.place[to];
        let width = compiled.blocks[b].types.len();
        let clones = &start.state.blocks[b];
        let (mut largest, mut second) = (None, 0);
        for (k, founder) in clones.founders.iter().enumerate() {
            let there = clones.counts[k * width + position];
            if founder.cell_type != to || there == 0 {
                continue;
            }
            let before = largest.map_or(0, |(_, there)| there);
            (largest, second) = if there > before { (Some((k, there)), before) } else { (largest, second.max(there)) };
        }
        let Some((k, there)) = largest.filter(|l| l.1 > second && l.1 as f64 <= most) else { return 0.0 };
        let line = Line::END.after(asked.birth, asked.death, -clones.founders[k].founded);
        let law = Small::new(line.odds, second as f64, most);
        let (size, more) = self.resized(patient, &start.state, (to, there), asked, &law, stream);
        start.state.blocks[b].counts[k * width + position] = size;
        more
    }

    /// A size in place of that of one clone, `there` cells of type `to`, with ln of the factor of the weight.
    fn resized(
        &self,
        patient: &Patient,
        state: &State,
        (to, there): (usize, u64),
        asked: &Asked,
        law: &Small,
        stream: &mut Stream,
    ) -> (u64, f64) {
        let mut rest: Vec<f64> = state.by_type(patient.setting.compiled).into_iter().map(|n| n as f64).collect();
        rest[to] -= there as f64;
        let near = asked.peak.and_then(|(size, spread)| {
            let missing = size - rest[to];
            let spread = (1.5 * spread * size / missing).clamp(NARROW, 1.0);
            (missing > 1.0).then(|| (libm::log(missing), spread))
        });
        let looks = looks(patient, &rest);
        let of_law = if near.is_some() { OF_LAW } else { SIZES };
        let shift = stream.uniform();
        let mut tried = [(0.0, f64::NEG_INFINITY, 0.0); SIZES];
        for (k, tried) in tried.iter_mut().enumerate() {
            let size = match near {
                Some((middle, spread)) if k >= of_law => libm::round(libm::exp(middle + spread * draw::normal(stream))),
                _ => law.quantile((k as f64 + shift) / of_law as f64),
            };
            let chance = law.mass(size);
            if chance <= 0.0 {
                continue;
            }
            let by_peak = near.map_or(0.0, |(middle, spread)| {
                let below = |x: f64| if x > 0.0 { normal_below((libm::log(x) - middle) / spread) } else { 0.0 };
                below(size + 0.5) - below(size - 0.5)
            });
            let share = of_law as f64 / SIZES as f64;
            let guess = -pressed(below(patient, &looks, &asked.one, size));
            let weight = libm::log(chance / (share * chance + (1.0 - share) * by_peak)) + guess;
            *tried = (size, weight, guess);
        }
        let logs = tried.map(|t| t.1);
        let sum = log_sum(&logs);
        let mut left = stream.uniform();
        let chosen = tried.iter().find(|t| {
            left -= libm::exp(t.1 - sum);
            left < 0.0
        });
        let chosen = chosen.or_else(|| tried.iter().max_by(|a, b| a.1.total_cmp(&b.1)));
        match chosen {
            Some(&(size, _, guess)) if sum > f64::NEG_INFINITY => (size as u64, sum - libm::log(SIZES as f64) - guess),
            _ => (there, 0.0),
        }
    }
}

/// The size of a line given that it is more than `over` and at most `most` cells: a geometric number.
struct Small {
    /// ln of the chance of one more cell.
    log_more: f64,
    /// Chance to be that small.
    all: f64,
    over: f64,
    most: f64,
}

impl Small {
    /// `odds` are those of one more cell.
    fn new(odds: f64, over: f64, most: f64) -> Small {
        let log_more = -libm::log1p(1.0 / odds);
        Small { log_more, all: -libm::expm1((most - over) * log_more), over, most }
    }

    fn quantile(&self, u: f64) -> f64 {
        let more = 1.0 + libm::floor(libm::log1p(-u * self.all) / self.log_more);
        (self.over + more).clamp(self.over + 1.0, self.most)
    }

    fn mass(&self, size: f64) -> f64 {
        if size <= self.over || size > self.most {
            return 0.0;
        }
        libm::exp((size - self.over - 1.0) * self.log_more) * -libm::expm1(self.log_more) / self.all
    }
}

/// What is expected at each look of these cells.
fn looks(patient: &Patient, cells: &[f64]) -> Looks {
    let mut cells = cells.to_vec();
    let mut looks = Vec::new();
    for means in patient.means().unwrap_or_default() {
        cells = times(&cells, means);
        looks.push(cells.clone());
    }
    looks
}

/// ln by which the density of all readings is below its highest with a clone of so many cells beside the rest.
fn below(patient: &Patient, rest: &Looks, one: &Looks, size: f64) -> f64 {
    let (mut sum, mut both) = (0.0, Vec::new());
    for (look, (rest, one)) in rest.iter().zip(one).enumerate() {
        both.clear();
        both.extend(rest.iter().zip(one).map(|(a, b)| a + size * b));
        sum += patient.below(look, &both);
        if sum.is_nan() || sum > FAR {
            return FAR;
        }
    }
    sum
}

impl Asked {
    /// Of a clone of type `to` beside the other types of `base`.
    fn new(patient: &Patient, base: &[f64], to: usize, founded: &Founded) -> Asked {
        let (mut cells, mut one) = (base.to_vec(), vec![0.0; base.len()]);
        (cells[to], one[to]) = (0.0, 1.0);
        let (rest, one) = (looks(patient, &cells), looks(patient, &one));
        let below = |log_size: f64| below(patient, &rest, &one, libm::exp(log_size));
        let first = libm::log(SMALLEST);
        let most = libm::log(base.iter().sum::<f64>().max(SMALLEST));
        let count = ((most - first) / APART).ceil() as usize + 1;
        let tried: Vec<f64> = (0..count).map(|k| below(first + APART * k as f64)).collect();
        let mass = |(k, at): (usize, &f64)| (libm::exp(first + APART * k as f64), APART * libm::exp(-pressed(*at)));
        let mut masses: Vec<(f64, f64)> = tried.iter().enumerate().map(mass).collect();
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
        if let Some((size, spread)) = peak {
            let width = (libm::sqrt(2.0 * std::f64::consts::PI) * spread).min(APART);
            masses.push((size, width * libm::exp(-pressed(middle))));
        }
        Asked { one, masses, peak, birth: founded.birth, death: founded.death, odds: 0.0 }
    }
}
