//! The law of PSA under intermittent androgen suppression: three kinds of cells that make it, in androgens that come
//! back slowly, an error of measurement.
//!
//! Cells, in units of the PSA they make (after Hirata, Bruchovsky and Aihara 2010, J Theor Biol 264:517, whose states
//! these are; there each phase has constants of its own, here they follow the androgens):
//!
//! ds/dt = (r a (1 - (s+p+r)/K) - k (1-a)) s - m (1-a) s + u a p        dependent on androgens
//! dp/dt = m (1-a) s - u a p - h (1-a) p                 tolerant, for as long as androgens are suppressed
//! dr/dt = g r                                           resistant for good
//!
//! (K limits growth off treatment alone; without it PSA far beyond anything read is forecast for long pauses.)
//! a, the androgens, 1 untreated, goes to 0 at 0.1 a day under treatment and back to 1 at rate v of the man. ln PSA =
//! ln(s + p + r) is read with variance sigma^2 + (0.05 ng/mL / PSA)^2; at or below the limit of the assay it is
//! left-censored. A deviation that wanders (Ornstein-Uhlenbeck) was tried and lost: it explained what the cells should,
//! and forecasts of the next cycle were worse. Left out: the patient's testosterone, doses, drugs.

use super::read::Visit;
use crate::population::Individual;
use crate::special::{log_normal_density, normal_below};
use remission_engine::draw::normal;
use remission_engine::stream::Stream;

/// Parameters of a man: name, unit, mean and standard deviation from which the search for the population starts, least
/// standard deviation.
pub const PARAMETERS: [(&str, &str, f64, f64, f64); 11] = [
    ("ln_psa_at_start", "ln ng/mL", 2.5, 1.0, 0.02),
    ("ln_kill", "ln 1/day", -3.2, 0.6, 0.02),
    ("ln_regrowth", "ln 1/day", -4.0, 0.6, 0.02),
    ("ln_recovery_of_androgens", "ln 1/day", -4.6, 0.6, 0.02),
    ("ln_to_tolerance", "ln 1/day", -7.0, 1.0, 0.02),
    ("ln_from_tolerance", "ln 1/day", -4.0, 0.7, 0.02),
    ("ln_loss_of_tolerant", "ln 1/day", -6.0, 0.8, 0.02),
    ("resistant_log_odds", "", -7.0, 2.0, 0.05),
    ("growth_of_resistant", "1/day", 0.001, 0.002, 1e-4),
    ("ln_error", "", -1.0, 0.4, 0.02),
    ("ln_capacity", "ln ng/mL", 3.0, 0.7, 0.02),
];

/// Cells at a moment, as ng/mL of PSA, and the androgens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cells {
    /// Dependent on androgens.
    pub dependent: f64,
    /// Tolerant.
    pub tolerant: f64,
    /// Resistant.
    pub resistant: f64,
    /// 0 to 1.
    pub androgens: f64,
}

impl Cells {
    /// ln of the PSA that all make.
    pub fn log_psa(&self) -> f64 {
        libm::log((self.dependent + self.tolerant + self.resistant).max(1e-6))
    }

    /// At the first visit.
    pub fn start(theta: &[f64]) -> Cells {
        let all = libm::exp(theta[0].min(12.0));
        let share = 1.0 / (1.0 + libm::exp(-theta[7]));
        Cells { dependent: all * (1.0 - share), tolerant: 0.0, resistant: all * share, androgens: 1.0 }
    }

    /// After some days on or off treatment, by steps of at most a fortnight in which the androgens hold at their mean.
    pub fn after(mut self, theta: &[f64], days: f64, on: bool) -> Cells {
        let rate = |k: usize| libm::exp(theta[k].min(2.0));
        let [kill, regrowth, recovery, to, from, loss] = [1, 2, 3, 4, 5, 6].map(rate);
        let steps = libm::ceil(days / 14.0).clamp(0.0, 2000.0);
        let step = if steps > 0.0 { days / steps } else { return self };
        let (goal, speed) = if on { (0.0, 0.1) } else { (1.0, recovery) };
        // Androgens on average over a step, and at its end.
        let (e, over) = (libm::exp(-speed * step), -libm::expm1(-speed * step) / (speed * step));
        let grown = libm::exp((theta[8] * step).min(5.0));
        let capacity = libm::exp(theta[10].min(12.0));
        for _ in 0..steps as usize {
            let a = goal + (self.androgens - goal) * over;
            self.androgens = goal + (self.androgens - goal) * e;
            let (s, p) = (self.dependent, self.tolerant);
            let gone = s * -libm::expm1(-to * (1.0 - a) * step);
            let back = p * -libm::expm1(-from * a * step);
            let room = (1.0 - (s + p + self.resistant) / capacity).max(-1.0);
            self.dependent = ((s - gone) * libm::exp((regrowth * a * room - kill * (1.0 - a)) * step) + back).min(1e7);
            self.tolerant = gone + (p - back) * libm::exp(-loss * (1.0 - a) * step);
            self.resistant = (self.resistant * grown).min(1e7);
        }
        self
    }
}

/// Variance of reading ln PSA.
fn error(theta: &[f64], log_psa: f64) -> f64 {
    let part = (0.05 * libm::exp(-log_psa)).min(2.0);
    let whole = libm::exp(theta[9].clamp(-12.0, 3.0));
    whole * whole + part * part
}

/// A man's visits as data.
pub struct Course {
    /// In order of time.
    pub visits: Vec<Visit>,
    /// Limit of the assay, ng/mL.
    pub limit: f64,
}

impl Course {
    /// Log likelihood, and cells at the last visit.
    fn follow(&self, theta: &[f64]) -> (f64, Cells) {
        let mut cells = Cells::start(theta);
        let mut sum = 0.0;
        for (k, visit) in self.visits.iter().enumerate() {
            if k > 0 {
                let before = &self.visits[k - 1];
                cells = cells.after(theta, visit.days - before.days, before.on);
            }
            let Some(psa) = visit.psa else { continue };
            let mean = cells.log_psa();
            let sd = libm::sqrt(error(theta, mean));
            sum += match psa > self.limit {
                true => {
                    let value = libm::log(psa);
                    log_normal_density(value, mean, sd) - value
                }
                false => libm::log(normal_below(((libm::log(self.limit) - mean) / sd).max(-35.0))),
            };
        }
        (sum, cells)
    }

    /// The same with treatment on from the last visit on.
    pub fn treated(&self) -> Course {
        let mut visits = self.visits.clone();
        if let Some(last) = visits.last_mut() {
            last.on = true;
        }
        Course { visits, limit: self.limit }
    }

    /// ln PSA at each visit.
    pub fn along(&self, theta: &[f64]) -> Vec<f64> {
        let mut cells = Cells::start(theta);
        let mut out: Vec<f64> = self.visits.first().map(|_| cells.log_psa()).into_iter().collect();
        for pair in self.visits.windows(2) {
            cells = cells.after(theta, pair[1].days - pair[0].days, pair[0].on);
            out.push(cells.log_psa());
        }
        out
    }

    /// ln PSA at visits after the last one: as it would be read, drawn, and what it is.
    pub fn ahead(&self, theta: &[f64], visits: &[Visit], stream: &mut Stream) -> Vec<(f64, f64)> {
        let (_, mut cells) = self.follow(theta);
        let mut before = self.visits.last().copied();
        let mut out = Vec::with_capacity(visits.len());
        for visit in visits {
            if let Some(last) = before {
                cells = cells.after(theta, (visit.days - last.days).max(0.0), last.on);
            }
            before = Some(*visit);
            let mean = cells.log_psa();
            out.push((mean + libm::sqrt(error(theta, mean)) * normal(stream), mean));
        }
        out
    }

    /// Cells at the last visit.
    pub fn cells(&self, theta: &[f64]) -> Cells {
        self.follow(theta).1
    }
}

impl Individual for Course {
    fn log_likelihood(&self, theta: &[f64]) -> f64 {
        self.follow(theta).0
    }
}
