//! A rule of a regimen as it is followed: when its next dose is due, when what runs ends, and what that changes in the body.

use super::rows::length;
use crate::pharmacokinetics::Compartments;
use remission_model::resolved::DoseRule;
use std::rc::Rc;

/// A change of input that has been made and has yet to arrive.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) time: f64,
    pub(super) drug: usize,
    pub(super) input: Input,
}

/// A change of input; amounts are those that arrive.
#[derive(Debug, Clone, Copy)]
pub(super) enum Input {
    /// mg at once; of a held drug its concentration.
    Dose(f64),
    /// Infusion faster by mg/day, or slower; mg that it brings in all.
    Rate(f64, f64),
}

/// A rule of a regimen, and how far it has come.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) rule: Rc<DoseRule>,
    pub(super) began: f64,
    pub(super) cycle: u64,
    pub(super) offset: usize,
    /// Time of the next dose; infinity when there is none.
    pub(super) next: f64,
    /// When the running infusion or hold ends; infinity when none runs.
    pub(super) ends: f64,
    /// When the last dose was given, and the scale of it.
    pub(super) given: (f64, f64),
}

impl Schedule {
    /// A rule that begins now.
    pub(super) fn new(rule: DoseRule, began: f64) -> Schedule {
        let (next, ends, given) = (f64::INFINITY, f64::INFINITY, (f64::NEG_INFINITY, 1.0));
        let mut schedule = Schedule { rule: Rc::new(rule), began, cycle: 0, offset: 0, next, ends, given };
        schedule.set_next();
        schedule
    }

    /// Gives a dose `now` that was `due` (the same but for rounding) at this scale; nothing at scale 0.
    pub(super) fn give(
        &mut self,
        drugs: &mut [Compartments],
        arrivals: &mut Vec<Arrival>,
        due: f64,
        now: f64,
        scale: f64,
    ) {
        self.given = (now, scale);
        if scale == 0.0 {
            return;
        }
        let (amount, length) = (self.amount(drugs), length(&self.rule, &drugs[self.rule.drug]));
        let input = if length == 0.0 { Input::Dose(amount) } else { Input::Rate(amount / length, amount) };
        // The row of a table may empty the body and give nothing.
        if amount > 0.0 {
            send(drugs, arrivals, due, self.rule.drug, input);
        }
        if length > 0.0 && length.is_finite() {
            self.ends = due + length;
        }
    }

    /// mg that arrive of the last dose.
    fn amount(&self, drugs: &[Compartments]) -> f64 {
        self.rule.amount * drugs[self.rule.drug].bioavailability() * self.given.1
    }

    /// What the end of the running infusion or hold changes.
    pub(super) fn end(&self, drugs: &[Compartments], held: &[bool]) -> Input {
        let rule = &self.rule;
        match held[rule.drug] {
            true => Input::Dose(0.0),
            false => Input::Rate(-self.amount(drugs) / length(rule, &drugs[rule.drug]), 0.0),
        }
    }

    pub(super) fn set_next(&mut self) {
        let into = if self.cycle == 0 {
            self.rule.offsets.get(self.offset).copied()
        } else if self.rule.cycle.is_finite() {
            self.rule.offsets.get(self.offset).map(|o| o + self.cycle as f64 * self.rule.cycle)
        } else {
            None
        };
        self.next = match into {
            Some(t) if self.rule.from + t < self.rule.until => self.began + self.rule.from + t,
            _ => f64::INFINITY,
        };
    }
}

impl Input {
    pub(super) fn arrive(self, drug: &mut Compartments) {
        match self {
            Input::Dose(amount) => drug.dose(amount),
            Input::Rate(by, amount) => drug.infuse(by, amount),
        }
    }
}

/// An input made at `time`: it arrives at once, or after the drug's lag.
pub(super) fn send(drugs: &mut [Compartments], arrivals: &mut Vec<Arrival>, time: f64, drug: usize, input: Input) {
    let lag = drugs[drug].lag();
    if lag == 0.0 {
        return input.arrive(&mut drugs[drug]);
    }
    insert(arrivals, Arrival { time: time + lag, drug, input });
}

/// Puts an arrival behind those that come before it or with it.
pub(super) fn insert(arrivals: &mut Vec<Arrival>, arrival: Arrival) {
    let at = arrivals.partition_point(|a| a.time <= arrival.time);
    arrivals.insert(at, arrival);
}
