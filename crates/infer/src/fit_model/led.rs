//! Starts of a patient's tumour led to where the readings are likely.
//!
//! A relapse often hangs on one clone of one size when treatment began, which few tumours have. What its size must have been is
//! told by the readings: the rest being as in a start drawn without regard to them, a clone of x cells of a type is weighed by the guess of all
//! readings ([`super::patient`]). A founder of t days before treatment leaves nobody, or a number of cells that is exponential; so
//! every step of growth and every mutation has its odds of having founded that clone, and one more founder is put there with the
//! probability that they say ([`remission_engine::guided`], which takes back by weights what that changes).

use super::asked::{Asked, Course, ahead, below, explained, looks, pressed};
use super::patient::Patient;
use crate::special::{log_sum, normal_below};
use remission_engine::draw;
use remission_engine::fewer::Fewer;
use remission_engine::guided::{self, Founded, Grown, Guide};
use remission_engine::state::State;
use remission_engine::step::Line;
use remission_engine::stream::Stream;

/// Starts that are drawn without regard to readings, and tell where others are led. They are no part of estimates: one that happens to be what
/// the readings ask for would have a weight far above all others.
pub(super) const PILOTS: usize = 3;
/// Least probability of nobody being led.
const FREE: f64 = 0.25;
/// ln by which a pilot's own clones must explain more than none.
const CLEARLY: f64 = 2.0;
/// Probability of one more founder in a stretch below which nobody is led.
const HARDLY: f64 = 1e-4;
/// That probability, over the founders expected then, up to which nobody is led.
const ANYWAY: f64 = 2.0;
/// ln of the chance that all clones of a type die out below which it is not asked what then.
const GONE: f64 = -15.0;
/// Shares of the likeliest place below which a place is left out.
const UNLIKELY: f64 = 1e-7;

/// Sizes of its clone of which a led start is given one, and those among them that are drawn from the law of a line, whatever is read.
pub(super) const SIZES: usize = 12;
const OF_LAW: usize = 4;
/// Part of the tumour up to which a clone's own size does not matter to when treatment began.
const SMALL: f64 = 1e-4;
/// Probability that a start of which fewer cells of a type are wanted is thinned.
const THINNED: f64 = 0.9;
/// Least spread of the logarithm of a size that is asked for.
const NARROW: f64 = 0.02;

/// What is known of a patient's starts.
#[derive(Default)]
pub(super) struct Led {
    /// Steps of growth of the first of the pilots.
    pub steps: Vec<Grown>,
    /// Cells by type of each.
    pub pilots: Vec<Vec<f64>>,
    /// Where further ones are led.
    pub guide: Guide,
    /// Clones by type.
    asked: Vec<Option<Asked>>,
    /// The type that the readings ask for most.
    most: Option<usize>,
}

impl Led {
    /// A guide from the pilots; an empty one where nothing is told.
    pub fn learn(&mut self, patient: &Patient) {
        let compiled = patient.setting.compiled;
        if compiled.uses_time {
            // Lines are followed at constant rates until treatment.
            return;
        }
        let guess = |cells: &Vec<f64>| -pressed(ahead(patient, 0, cells));
        let Some(base) = self.pilots.iter().max_by(|a, b| guess(a).total_cmp(&guess(b))) else { return };
        // Beside the founding type alone, unless a pilot's clones explain more than any one does.
        let mut alone = base.clone();
        let mut founded: Vec<Option<Founded>> = vec![None; compiled.types()];
        let before = self.steps.iter().flat_map(|s| s.founded.iter().copied().enumerate());
        // Those who are founded under treatment alone have no rates before.
        let width = compiled.channels.len();
        let under = patient.left().iter().flat_map(|l| l.founders.chunks_exact(width.max(1)).zip(base));
        let under = under.filter(|(_, n)| **n > 0.0).flat_map(|(row, _)| row.iter().copied().enumerate());
        let under = under.map(|(c, expected)| (c, Founded { expected, ..Founded::default() }));
        for (channel, f) in before.chain(under).filter(|(_, f)| f.expected > 0.0) {
            let to = compiled.channels[channel].to;
            (alone[to], founded[to]) = (0.0, founded[to].or(Some(f)));
        }
        let asked = |base: &[f64]| -> Vec<Option<Asked>> {
            let of = |(to, f): (usize, &Option<Founded>)| f.map(|f| Asked::new(patient, base, to, &f));
            founded.iter().enumerate().map(of).collect()
        };
        let mut found = asked(&alone);
        let alone = found.iter().flatten().map(|a| a.best).fold(f64::NEG_INFINITY, f64::max);
        if alone < guess(base) - CLEARLY {
            found = asked(base);
        }
        self.asked = found;
        let best = self.pilots.iter().map(guess).fold(alone, f64::max);
        let asked = &mut self.asked;
        let mut odds = vec![vec![0.0; width]; self.steps.last().map_or(0, |s| s.step + 1)];
        for step in &self.steps {
            for (channel, founded) in step.founded.iter().enumerate().filter(|(_, f)| f.expected > 0.0) {
                let Some(asked) = &mut asked[compiled.channels[channel].to] else { continue };
                // Most are founded late in a step.
                let line = Line::END.after(founded.birth, founded.death, -(step.start + 0.6 * step.days));
                let scale = line.mean / line.survival;
                let explained = explained(&asked.masses, scale);
                let odd = founded.expected * line.survival * explained * libm::exp(-best);
                odds[step.step][channel] += odd;
                asked.odds += odd;
            }
        }
        let hoped =
            |a: &Asked| a.odds + a.later.as_ref().map_or(0.0, |later| later.hope(0, base) * libm::exp(a.best - best));
        let types = asked.iter().enumerate().filter_map(|(t, a)| a.as_ref().map(|a| (t, hoped(a))));
        self.most = types.filter(|t| t.1 > 0.0).max_by(|a, b| a.1.total_cmp(&b.1)).map(|t| t.0);
        let highest = odds.iter().flatten().copied().fold(0.0, f64::max);
        odds.iter_mut().flatten().filter(|o| **o < UNLIKELY * highest).for_each(|o| *o = 0.0);
        let sum: f64 = odds.iter().flatten().sum();
        if sum > 0.0 && sum.is_finite() {
            let guesses = self.pilots.iter().map(|cells| libm::exp(self.guess(patient, 0, cells) - best));
            let plain = guesses.sum::<f64>() / self.pilots.len() as f64;
            let led = (sum / (sum + plain)).min(1.0 - FREE);
            odds.iter_mut().flatten().for_each(|o| *o *= led / sum);
            self.guide.places = odds;
        }
        // Where most tumours have more cells of a type than the readings allow.
        let most = (SMALL * base.iter().sum::<f64>()) as u64;
        let fewer = |(to, asked): (usize, &Option<Asked>)| {
            let cells = asked.as_ref().filter(|_| Fewer::possible(compiled, to))?.most;
            Fewer::reaching(compiled, &self.steps, to, cells, THINNED, most)
        };
        self.guide.fewer = self.asked.iter().enumerate().filter_map(fewer).collect();
    }

    /// ln of the guess of the readings from look number `look` on of cells at the look before: of the clones that are there, of others that are
    /// founded later, and of others where these die out.
    pub fn guess(&self, patient: &Patient, look: usize, cells: &[f64]) -> f64 {
        match self.course() {
            None => -pressed(ahead(patient, look, cells)),
            Some(of) => self.guess_with(patient, look, cells, of).0,
        }
    }

    /// The same with what is asked for, and ln of the guess of as many cells of that type as are wanted.
    fn guess_with(
        &self,
        patient: &Patient,
        look: usize,
        cells: &[f64],
        (t, asked, course): (usize, &Asked, &Course),
    ) -> (f64, f64) {
        let with = |n: f64| {
            let mut cells = cells.to_vec();
            cells[t] = n;
            ahead(patient, look, &cells)
        };
        let below = with(course.wanted[look]);
        let (there, wanted) = (course.guess(look, ahead(patient, look, cells), cells[t], below), -pressed(below));
        let later = asked.later.as_ref().map_or(f64::NEG_INFINITY, |later| libm::log(later.hope(look, cells)) + wanted);
        if cells[t] < course.wanted[look] {
            return (log_sum(&[there, later]), wanted);
        }
        let gone = cells[t] * libm::log1p(-course.onward[look].survival);
        if gone < GONE {
            return (there, wanted);
        }
        (log_sum(&[there, gone + log_sum(&[-pressed(with(0.0)), later])]), wanted)
    }

    /// Probabilities by channel of leading a tumour with these cells at the look before to one more founder until look number `look`; none where
    /// there is nothing to be led to.
    pub fn founding(&self, patient: &Patient, look: usize, cells: &[f64]) -> Option<Vec<f64>> {
        let of @ (t, asked, course) = self.course()?;
        let next = asked.later.as_ref().filter(|_| cells[t] < course.wanted[look])?.next(look, cells);
        let (sum, expected) = next.iter().fold((0.0, 0.0), |s, n| (s.0 + n.hope, s.1 + n.expected));
        if sum.is_nan() || sum <= 0.0 {
            return None;
        }
        let (all, wanted) = self.guess_with(patient, look, cells, of);
        let led = libm::exp(libm::log(sum) + wanted - all).min(1.0 - FREE);
        let mut odds = vec![0.0; patient.setting.compiled.channels.len()];
        next.iter().for_each(|n| odds[n.channel] = led * n.hope / sum);
        // As many as are founded anyway need no leading.
        (led > HARDLY && led > ANYWAY * expected).then_some(odds)
    }

    /// The type that the readings ask for most.
    pub fn most_asked(&self) -> Option<(usize, &Asked)> {
        self.most.and_then(|t| Some((t, self.asked[t].as_ref()?)))
    }

    /// The same with its course.
    fn course(&self) -> Option<(usize, &Asked, &Course)> {
        self.most_asked().and_then(|(t, asked)| Some((t, asked, asked.course.as_ref()?)))
    }

    /// Gives the largest clone of a type in a led start one of several sizes, chosen by the guess; returns ln of what the start's weight is
    /// multiplied by, for averages to stay.
    ///
    /// Given the rest, that it is the largest and that it is small, its size is a geometric number above the second's. Sizes are drawn from
    /// that law and from about the one that the readings ask for, and weighed by the law over the mixture of both.
    pub fn resize(&self, patient: &Patient, start: &mut guided::Led, stream: &mut Stream) -> f64 {
        let compiled = patient.setting.compiled;
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
        let thinned = start.thinned.iter().find(|t| t.by.cell_type == to);
        let most = thinned.map_or((SMALL * start.state.total() as f64).floor(), |t| t.by.most as f64);
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
        // The size that it had comes from a thinned law, which is taken back for all that it may have.
        let taken_back = thinned.filter(|t| t.is_of(&clones.founders[k], there));
        let taken_back =
            taken_back.map_or(0.0, |t| t.log_weight_but(there as f64, law.tilted(t.by.tilt)) - t.log_weight());
        let (size, more) = self.resized(patient, &start.state, (to, there), asked, &law, stream);
        start.state.blocks[b].counts[k * width + position] = size;
        more + taken_back
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
        let near = asked.near().and_then(|peak| missing(peak, rest[to]));
        let looks = looks(patient, 0, &rest);
        let of_law = if near.is_some() { OF_LAW } else { SIZES };
        let shift = stream.uniform();
        let law = |k: usize, size: Option<f64>, _: &mut Stream| {
            let size = size.unwrap_or_else(|| law.quantile((k as f64 + shift) / of_law as f64));
            (size, law.mass(size))
        };
        let below = |size: f64| below(patient, 0, &looks, &asked.one, size);
        let wanted = asked.near().map_or(0.0, |(size, _)| below((size - rest[to]).max(0.0)));
        let guess = |size: f64| asked.guess(below(size), rest[to] + size, wanted);
        // Nothing else than what was tried may stand for it.
        chosen(near, law, guess, stream).map_or((there, f64::NEG_INFINITY), |(_, size, more)| (size, more))
    }
}

/// ln of the size that is missing beside `rest` cells of one that is asked for, and how far it may be from that; none where nothing is missing.
pub(super) fn missing((size, spread): (f64, f64), rest: f64) -> Option<(f64, f64)> {
    let missing = size - rest;
    let spread = (1.5 * spread * size / missing).clamp(NARROW, 1.0);
    (missing > 1.0).then(|| (libm::log(missing), spread))
}

/// One of [`SIZES`] sizes with its number, drawn from their law and from about the one that is missing, and chosen by a guess, with ln of what the
/// weight is multiplied by for averages over the law, and with guesses, to stay. The law draws a size by number unless it is given one, and says how
/// probable that is; it may be another for each number, drawn at random. None where no size is possible.
pub(super) fn chosen(
    near: Option<(f64, f64)>,
    mut law: impl FnMut(usize, Option<f64>, &mut Stream) -> (f64, f64),
    mut guess: impl FnMut(f64) -> f64,
    stream: &mut Stream,
) -> Option<(usize, u64, f64)> {
    let of_law = if near.is_some() { OF_LAW } else { SIZES };
    let share = of_law as f64 / SIZES as f64;
    let mut tried = [(0.0, f64::NEG_INFINITY, 0.0); SIZES];
    for (k, tried) in tried.iter_mut().enumerate() {
        let about = near.filter(|_| k >= of_law);
        let size = about.map(|(middle, spread)| libm::round(libm::exp(middle + spread * draw::normal(stream))));
        let (size, chance) = law(k, size, stream);
        if chance <= 0.0 {
            continue;
        }
        let by_peak = near.map_or(0.0, |(middle, spread)| {
            let below = |x: f64| if x > 0.0 { normal_below((libm::log(x) - middle) / spread) } else { 0.0 };
            below(size + 0.5) - below(size - 0.5)
        });
        let guess = guess(size);
        if guess.is_nan() {
            continue;
        }
        *tried = (size, libm::log(chance / (share * chance + (1.0 - share) * by_peak)) + guess, guess);
    }
    let sum = log_sum(&tried.map(|t| t.1));
    if sum == f64::NEG_INFINITY {
        return None;
    }
    let mut left = stream.uniform();
    let chosen = tried.iter().position(|t| {
        left -= libm::exp(t.1 - sum);
        left < 0.0
    });
    let chosen = chosen.or_else(|| (0..SIZES).max_by(|a, b| tried[*a].1.total_cmp(&tried[*b].1)));
    chosen.map(|k| (k, tried[k].0 as u64, sum - libm::log(SIZES as f64) - tried[k].2))
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

    /// The expected e^(-tilt n) of a size n.
    fn tilted(&self, tilt: f64) -> f64 {
        let x = self.log_more - tilt;
        let sum =
            -libm::exp(-tilt) * libm::expm1(self.log_more) * libm::expm1((self.most - self.over) * x) / libm::expm1(x);
        libm::exp(-tilt * self.over) * sum / self.all
    }

    fn mass(&self, size: f64) -> f64 {
        if size <= self.over || size > self.most {
            return 0.0;
        }
        libm::exp((size - self.over - 1.0) * self.log_more) * -libm::expm1(self.log_more) / self.all
    }
}
