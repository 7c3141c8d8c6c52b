//! The law of a lesion's size over time: a curve, a deviation from it that wanders, and an error of measurement; with
//! its exact likelihood given the patient's parameters, and its simulator.
//!
//! Curves, of the diameter d or the volume V = d^3 (up to a constant), days t from the start of treatment (before it: as
//! at it):
//! - regrowth: V/V0 = (1-f-p) e^(-k t) + p e^(-kp t) + f e^(g t), a sensitive, a persisting and a resistant part;
//! - Stein and Fojo: d/d0 = e^(-k t) + e^(g t) - 1 (Stein 2011, Clin Cancer Res 17:907);
//! - plateau: d = d0 (p + (1-p) e^(-k t)) + g t, a part that shrinks and a part that does not, and growth by so many mm a
//!   day (after Wang 2009, Clin Pharmacol Ther 86:167, who has p = 0);
//! - still: d = d0;
//! - waning: ln d/d0 = g t - (k/l) (1 - e^(-l t)), growth and a kill that wanes (Claret 2009, J Clin Oncol 27:4103).
//!
//! Deviation w of ln d from the curve: none, a random walk of its level (dw = s dB), or of its slope (dw = v dt,
//! dv = -c v dt + q dB). Error: ln d is read with variance sigma^2 + (a/d)^2, a proportional and an additive part.
//! Everything but the curve is linear and normal in ln d, so a Kalman filter gives the likelihood. A lesion below the
//! limit of measurement is left-censored; the filter goes on with the moments of the truncated normal law.

use super::read::{Look, Seen, Series};
use crate::population::Individual;
use crate::special::{log_normal_density, normal_below};
use remission_engine::draw::normal;
use remission_engine::stream::Stream;

/// The middle of the trajectory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// Sensitive, persisting and resistant parts.
    Regrowth,
    /// Decay and growth added.
    SteinFojo,
    /// Growth with a kill that wanes.
    Waning,
    /// A part that shrinks, a part that stays, and linear growth.
    Plateau,
    /// No change but by the deviation.
    Still,
}

/// What wanders about the curve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deviation {
    /// Nothing.
    None,
    /// The level.
    Level,
    /// The slope.
    Slope,
}

/// A model of a lesion's size.
///
/// ```
/// use remission_infer::tumour_size::model::{Curve, Deviation, Model};
/// let model = Model { curve: Curve::SteinFojo, deviation: Deviation::None };
/// // 30 mm, decay 0.02 and growth 0.001 a day, after 100 days.
/// let theta = [30f64.ln(), 0.02f64.ln(), 0.001f64.ln(), -3.0, 0.0, 0.0, -2.0];
/// let d = model.log_diameter(&theta, 100.0).exp();
/// assert!((d - 30.0 * ((-2f64).exp() + 0.1f64.exp() - 1.0)).abs() < 1e-12);
/// // Parts 1, 1/2 and 1/4 of the volume: decay 0.02, persisting decay 0.001 and growth 0.005 a day, after 100 days.
/// let model = Model { curve: Curve::Regrowth, deviation: Deviation::None };
/// let theta = [30f64, 0.25, 0.5, 0.02, 0.001, 0.005].map(f64::ln);
/// let volume = ((-2f64).exp() + 0.5 * (-0.1f64).exp() + 0.25 * 0.5f64.exp()) / 1.75;
/// assert!((model.log_diameter(&theta, 100.0).exp() - 30.0 * volume.cbrt()).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// The middle.
    pub curve: Curve,
    /// What wanders.
    pub deviation: Deviation,
}

/// A parameter of a patient on the scale on which the population is normal: name, unit, mean and standard deviation from
/// which the search starts, and the least standard deviation.
pub type Scale = (&'static str, &'static str, f64, f64, f64);

impl Model {
    /// The parameters of a patient, in their order.
    pub fn parameters(&self) -> Vec<Scale> {
        let mut all: Vec<Scale> = vec![("ln_diameter_at_0", "ln mm", 3.4, 0.7, 1e-3)];
        all.extend(match self.curve {
            Curve::Regrowth => vec![
                ("ln_resistant_odds", "", -1.0, 2.0, 1e-2),
                ("ln_persister_odds", "", 0.0, 2.0, 1e-2),
                ("ln_decay", "ln 1/day", -4.0, 1.0, 1e-2),
                ("ln_persister_decay", "ln 1/day", -7.0, 1.0, 1e-2),
                ("ln_growth", "ln 1/day", -5.5, 1.0, 1e-2),
            ],
            Curve::SteinFojo => {
                vec![("ln_decay", "ln 1/day", -6.0, 1.5, 1e-2), ("ln_growth", "ln 1/day", -7.0, 1.5, 1e-2)]
            }
            Curve::Waning => vec![
                ("growth", "1/day", 0.0005, 0.002, 1e-5),
                ("kill", "1/day", 0.002, 0.005, 1e-5),
                ("ln_waning", "ln 1/day", -4.5, 0.7, 1e-2),
            ],
            Curve::Still => vec![],
            Curve::Plateau => vec![
                ("plateau_log_odds", "", 1.0, 1.5, 1e-2),
                ("ln_decay", "ln 1/day", -3.8, 0.7, 1e-2),
                ("ln_growth", "ln mm/day", -4.0, 1.0, 1e-2),
            ],
        });
        all.push(("ln_proportional_error", "", -2.7, 0.5, 0.02));
        all.push(("ln_additive_error", "ln mm", 0.0, 0.3, 0.02));
        all.push(("repeat_log_odds", "", 0.0, 1.0, 0.02));
        all.push(("ln_repeat_width", "", -2.3, 0.4, 0.02));
        all.extend(match self.deviation {
            Deviation::None => vec![],
            Deviation::Level => vec![("ln_wander", "ln 1/sqrt(day)", -4.5, 0.7, 0.02)],
            Deviation::Slope => {
                vec![("ln_wander", "ln 1/day^1.5", -8.0, 0.7, 0.02), ("ln_slope_return", "ln 1/day", -5.0, 0.5, 0.02)]
            }
        });
        all
    }

    fn curve_length(&self) -> usize {
        match self.curve {
            Curve::Regrowth => 5,
            Curve::SteinFojo => 2,
            Curve::Waning | Curve::Plateau => 3,
            Curve::Still => 0,
        }
    }

    /// ln of the diameter in mm on the curve, `days` after the start of treatment.
    pub fn log_diameter(&self, theta: &[f64], days: f64) -> f64 {
        let t = days.max(0.0);
        let grown = match self.curve {
            Curve::Regrowth => {
                let (f, p) = (libm::exp(theta[1].min(300.0)), libm::exp(theta[2].min(300.0)));
                let [k, kp, g] = [3, 4, 5].map(|i| libm::exp(theta[i].min(3.0)));
                let sum = libm::exp(-k * t) + p * libm::exp(-kp * t) + f * libm::exp((g * t).min(300.0));
                libm::log(sum / (1.0 + f + p)) / 3.0
            }
            Curve::SteinFojo => {
                let [k, g] = [1, 2].map(|i| libm::exp(theta[i].min(3.0)) * t);
                // Both parts without loss where they are small.
                libm::log1p(libm::expm1(-k) + libm::expm1(g.min(300.0)))
            }
            Curve::Waning => {
                let l = libm::exp(theta[3].clamp(-30.0, 3.0));
                theta[1] * t + theta[2] * libm::expm1(-l * t) / l
            }
            Curve::Still => 0.0,
            Curve::Plateau => {
                let shrinks = 1.0 / (1.0 + libm::exp(theta[1].min(300.0)));
                let [k, g] = [2, 3].map(|i| libm::exp(theta[i].min(3.0)));
                libm::log1p(shrinks * libm::expm1(-k * t) + g * t * libm::exp(-theta[0]))
            }
        };
        theta[0] + grown
    }

    fn noise(&self, theta: &[f64]) -> Noise {
        let at = 1 + self.curve_length();
        let value = |k: usize| libm::exp(theta[k].clamp(-30.0, 10.0));
        let (mut level, mut slope) = (0.0, None);
        match self.deviation {
            Deviation::None => {}
            Deviation::Level => level = value(at + 4) * value(at + 4),
            Deviation::Slope => slope = Some((value(at + 4) * value(at + 4), value(at + 5))),
        }
        let repeat = 1.0 / (1.0 + libm::exp(-theta[at + 2]));
        Noise {
            proportional: value(at) * value(at),
            additive: value(at + 1),
            repeat,
            width: value(at + 3) * value(at + 3),
            level,
            slope,
        }
    }
}

struct Noise {
    /// Variance of ln d.
    proportional: f64,
    /// mm.
    additive: f64,
    /// Chance that a record repeats the one before it.
    repeat: f64,
    /// Variance of the change of ln d that still counts as none.
    width: f64,
    /// Variance of the level a day.
    level: f64,
    /// Variance of the slope a day, and its rate of return.
    slope: Option<(f64, f64)>,
}

impl Noise {
    fn error(&self, log_diameter: f64) -> f64 {
        let part = (self.additive * libm::exp(-log_diameter)).min(2.0);
        // A whole millimetre is never read better than to 0.4 mm.
        let round = (0.4 * libm::exp(-log_diameter)).min(1.0);
        self.proportional + part * part + round * round
    }
}

/// The law of level and slope of the deviation: means and covariance.
#[derive(Clone, Copy, Default)]
struct State {
    w: f64,
    v: f64,
    ww: f64,
    wv: f64,
    vv: f64,
}

impl State {
    fn after(mut self, days: f64, noise: &Noise) -> State {
        self.ww += noise.level * days;
        if let Some((q, c)) = noise.slope {
            let e = libm::exp(-c * days);
            let b = (1.0 - e) / c;
            self.w += b * self.v;
            self.v *= e;
            self.ww += 2.0 * b * self.wv + b * b * self.vv;
            self.wv = e * (self.wv + b * self.vv);
            self.vv *= e * e;
            self.ww += (q / (c * c) * (days - 2.0 * b + (1.0 - e * e) / (2.0 * c))).max(0.0);
            self.wv += 0.5 * q * b * b;
            self.vv += q / (2.0 * c) * (1.0 - e * e);
        }
        self
    }

    /// Moments of the mixture of two laws, `share` of the other.
    fn mixed(self, other: State, share: f64) -> State {
        let own = 1.0 - share;
        let (dw, dv) = (other.w - self.w, other.v - self.v);
        let both = own * share;
        State {
            w: self.w + share * dw,
            v: self.v + share * dv,
            ww: own * self.ww + share * other.ww + both * dw * dw,
            wv: own * self.wv + share * other.wv + both * dw * dv,
            vv: own * self.vv + share * other.vv + both * dv * dv,
        }
    }

    /// After the level was read as `mean` with what remains of the variance `total` being `rest` (`total` for a
    /// reading without news, 0 less its error for an exact one).
    fn told(mut self, shift: f64, total: f64, rest: f64) -> State {
        let (kw, kv) = (self.ww / total, self.wv / total);
        self.w += kw * shift;
        self.v += kv * shift;
        let known = total - rest;
        self.ww -= kw * kw * known;
        self.vv -= kv * kv * known;
        self.wv -= kw * kv * known;
        self
    }
}

/// How records below the limit are written: shares of zeros, of words, and of numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Below {
    /// Limit of measurement, mm.
    pub limit: f64,
    /// Share of zeros.
    pub zeros: f64,
    /// Share of words.
    pub words: f64,
}

impl Below {
    /// Shares among the records of `series` that lie below `limit`, with half a record of each kind added.
    pub fn learn<'a>(limit: f64, series: impl Iterator<Item = &'a [Look]>) -> Below {
        let mut n = [0.5; 3];
        for look in series.flatten() {
            match look.seen {
                Seen::Gone => n[0] += 1.0,
                Seen::TooSmall => n[1] += 1.0,
                Seen::Diameter(d) if d < limit => n[2] += 1.0,
                _ => {}
            }
        }
        let sum: f64 = n.iter().sum();
        Below { limit, zeros: n[0] / sum, words: n[1] / sum }
    }

    /// Chance that a record below the limit that is a number is a zero, for a patient whose looks are these.
    pub fn zero_among_numbers(&self, looks: &[Look]) -> f64 {
        let zeros = looks.iter().filter(|l| l.seen == Seen::Gone).count() as f64;
        let small = looks.iter().filter(|l| matches!(l.seen, Seen::Diameter(d) if d < self.limit)).count() as f64;
        let share = self.zeros / (1.0 - self.words).max(1e-9);
        (zeros + share) / (zeros + small + 1.0)
    }
}

/// A patient's looks under a model.
pub struct Lesion<'a> {
    /// The law.
    pub model: Model,
    /// Looks, in the order of time, no copies among them.
    pub looks: Vec<Look>,
    /// How records below the limit are written.
    pub below: &'a Below,
}

/// The looks of a series that tell something, each once.
pub fn telling(series: &Series) -> Vec<Look> {
    let mut looks: Vec<Look> = series.looks.iter().filter(|l| l.seen != Seen::Nothing).copied().collect();
    looks.dedup();
    looks
}

impl Lesion<'_> {
    /// Runs the filter through all looks; the log likelihood, the state after the last look and its day.
    fn filter(&self, theta: &[f64], noise: &Noise) -> (f64, State, f64) {
        let mut state = State::default();
        let mut sum = 0.0;
        let mut now = self.looks.first().map_or(0.0, |l| l.days);
        let mut last = None;
        for look in &self.looks {
            state = state.after(look.days - now, noise);
            now = look.days;
            let mean = self.model.log_diameter(theta, now) + state.w;
            let total = state.ww + noise.error(mean);
            let sd = libm::sqrt(total);
            let (chance, told) = match look.seen {
                Seen::Diameter(d) => {
                    let value = libm::log(d);
                    let small = d < self.below.limit;
                    let number = if small { 1.0 - self.below.zeros - self.below.words } else { 1.0 };
                    // Density in mm: the chance of the millimetre read.
                    let chance = libm::exp(log_normal_density(value, mean, sd) - value) * number;
                    (chance, state.told(value - mean, total, 0.0))
                }
                Seen::Gone | Seen::TooSmall => {
                    let a = (libm::log(self.below.limit) - mean) / sd;
                    let share = if look.seen == Seen::Gone { self.below.zeros } else { self.below.words };
                    // Mills' ratio; far out by its asymptote.
                    let (chance, ratio) = match a > -30.0 {
                        true => (normal_below(a), libm::exp(log_normal_density(a, 0.0, 1.0)) / normal_below(a)),
                        false => (0.0, -a - 1.0 / a),
                    };
                    let rest = (total * (1.0 - a * ratio - ratio * ratio)).clamp(0.0, total);
                    (chance * share, state.told(-sd * ratio, total, rest))
                }
                Seen::Nothing => continue,
            };
            // How probable it was that the number before would be written again, and what that tells of the level.
            let (again, same) = match last {
                Some(Seen::Diameter(d)) => {
                    let (shift, spread) = (libm::log(d) - mean, state.ww + noise.width);
                    let kernel = libm::sqrt(noise.width / spread) * libm::exp(-0.5 * shift * shift / spread);
                    (noise.repeat * kernel, state.told(shift, spread, 0.0))
                }
                _ => (0.0, told),
            };
            let fresh = (1.0 - again) * chance;
            let copied = if last == Some(look.seen) { again } else { 0.0 };
            sum += libm::log(fresh + copied);
            state = told.mixed(same, copied / (fresh + copied).max(1e-300));
            last = Some(look.seen);
        }
        (sum, state, now)
    }

    /// Records on `days` (rising, none before the last look), in mm with 0 for a lesion that is gone, drawn given the
    /// looks. A repeat of words that stood last is drawn as a record below the limit.
    pub fn ahead(&self, theta: &[f64], days: &[f64], stream: &mut Stream) -> Vec<f64> {
        let noise = self.model.noise(theta);
        let (_, state, mut now) = self.filter(theta, &noise);
        let zero = self.below.zero_among_numbers(&self.looks);
        let mut known = drawn(state, stream);
        let mut last = self.looks.iter().rev().find_map(|l| l.seen.number());
        let mut out = Vec::with_capacity(days.len());
        for &day in days {
            if self.looks.is_empty() && out.is_empty() {
                now = day;
            }
            known = drawn(known.after((day - now).max(0.0), &noise), stream);
            now = now.max(day);
            let mean = self.model.log_diameter(theta, day) + known.w;
            let fresh = libm::exp((mean + libm::sqrt(noise.error(mean)) * normal(stream)).min(7.0));
            let fresh = if fresh < self.below.limit && stream.uniform() < zero { 0.0 } else { fresh };
            let copied = |d: &f64| {
                let away = libm::log(*d) - mean;
                stream.uniform() < noise.repeat * libm::exp(-0.5 * away * away / noise.width)
            };
            let record = last.filter(|d| *d > 0.0).filter(copied).unwrap_or(fresh);
            last = Some(record);
            out.push(record);
        }
        out
    }
}

/// A state drawn from its law.
fn drawn(state: State, stream: &mut Stream) -> State {
    let sw = libm::sqrt(state.ww.max(0.0));
    let z = normal(stream);
    let w = state.w + sw * z;
    let along = if sw > 0.0 { state.wv / sw } else { 0.0 };
    let v = state.v + along * z + libm::sqrt((state.vv - along * along).max(0.0)) * normal(stream);
    State { w, v, ..State::default() }
}

impl Individual for Lesion<'_> {
    fn log_likelihood(&self, theta: &[f64]) -> f64 {
        self.filter(theta, &self.model.noise(theta)).0
    }
}
