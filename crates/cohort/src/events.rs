//! Events that happen to a patient, such as a rash or a flare: when, and whom they kill.
//!
//! The level of an event is its hazard integrated, H. With E exponential of mean 1 it happens at the first t with H(t) >= H(0) + E, so
//! that the chance of none by t is exp(-(H(t) - H(0))), however the hazard follows drugs, cells or levels. What lasts for a time may come
//! again: the hazard of the meantime counts for nothing, and another E is drawn when it ends. H is looked at on every day, and
//! is taken as straight in between.

use crate::outcome::EventSeen;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::draw;
use remission_engine::failure::Failure;
use remission_engine::stream::{Purpose, Stream};

/// Longest stretch between two looks at the hazards, days.
pub const LOOK: f64 = 1.0;

/// The events of one patient in one arm.
pub struct Events {
    all: Vec<One>,
    /// What happened, in order of time.
    pub seen: Vec<EventSeen>,
}

struct One {
    level: usize,
    lasts: f64,
    fatal: f64,
    stream: Stream,
    /// H at which it happens next; infinity while it lasts.
    next: f64,
    /// Until when it lasts; minus infinity where it has not happened.
    ends: f64,
}

impl Events {
    /// None has happened; `levels` are those at day 0.
    ///
    /// # Errors
    /// [`Failure::Parameter`] where a patient's length or share is impossible.
    pub fn new(
        compiled: &Compiled,
        parameters: &[f64],
        levels: &[f64],
        seed: u64,
        patient: u32,
    ) -> Result<Events, Failure> {
        let mut all = Vec::new();
        for (k, event) in compiled.model.events.iter().enumerate() {
            let name = &compiled.model.levels[event.level].name;
            let lasts = event.lasts.as_ref().map_or(f64::INFINITY, |e| over_parameters(compiled, parameters, e));
            let fatal = over_parameters(compiled, parameters, &event.fatal);
            for (what, value, good) in [("lasts", lasts, lasts > 0.0), ("fatal", fatal, (0.0..=1.0).contains(&fatal))] {
                if !good {
                    return Err(Failure::Parameter { name: format!("events.{name}.{what}"), value });
                }
            }
            let mut stream = Stream::new(seed, u64::from(patient), k as u64, Purpose::Events);
            let next = levels[event.level] + draw::exponential(&mut stream);
            all.push(One { level: event.level, lasts, fatal, stream, next, ends: f64::NEG_INFINITY });
        }
        Ok(Events { all, seen: Vec::new() })
    }

    /// True where nothing can happen.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes what happens between two moments, each with its levels; the day of death where an event kills.
    pub fn pass(&mut self, (from, before): (f64, &[f64]), (to, after): (f64, &[f64])) -> Option<f64> {
        let first = self.seen.len();
        let mut dies: Option<f64> = None;
        for (event, one) in self.all.iter_mut().enumerate() {
            let (low, high) = (before[one.level], after[one.level]);
            let hazard = |t: f64| low + (high - low) * (t - from) / (to - from);
            let mut at = from;
            loop {
                if one.next == f64::INFINITY {
                    if one.ends > to {
                        break;
                    }
                    at = at.max(one.ends);
                    one.next = hazard(at) + draw::exponential(&mut one.stream);
                }
                if one.next > high {
                    break;
                }
                let time = (from + (to - from) * (one.next - low) / (high - low)).clamp(at, to);
                let kills = one.stream.uniform() < one.fatal;
                self.seen.push(EventSeen { event, time });
                (one.ends, one.next) = (time + one.lasts, f64::INFINITY);
                if kills {
                    dies = Some(dies.map_or(time, |d: f64| d.min(time)));
                    break;
                }
            }
        }
        self.seen[first..].sort_by(|a, b| a.time.total_cmp(&b.time));
        if let Some(day) = dies {
            // Nothing happens to the dead.
            self.seen.retain(|e| e.time <= day);
        }
        dies
    }

    /// Puts 1 in the place of the level of an event that lasts on day `time`, and else 0: what a visit sees.
    pub fn show(&self, time: f64, levels: &mut [f64]) {
        for one in &self.all {
            levels[one.level] = f64::from(u8::from(one.ends > time));
        }
    }
}
