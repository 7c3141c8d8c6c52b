//! What a patient's cells feel: doses of a regimen, drawn lazily, into the patient's compartments.
//!
//! The engine is told a regimen and when it begins; it never learns of visits. Changing the regimen keeps what
//! is still in the body.

use crate::compiled::Compiled;
use crate::failure::Failure;
use crate::pharmacokinetics::Compartments;
use remission_model::resolved::{DoseRule, Regimen};

/// Drugs of one patient under a regimen, at one moment.
#[derive(Debug, Clone)]
pub struct Exposure {
    drugs: Vec<Compartments>,
    held: Vec<bool>,
    rules: Vec<Schedule>,
    time: f64,
}

#[derive(Debug, Clone)]
struct Schedule {
    rule: DoseRule,
    began: f64,
    cycle: u64,
    offset: usize,
    /// Time of the next dose; infinity when there is none.
    next: f64,
    /// When the running infusion or hold ends; infinity when none runs.
    ends: f64,
}

impl Exposure {
    /// No drug in the body at `time`, none planned.
    pub fn new(compiled: &Compiled, parameters: &[f64], time: f64) -> Result<Self, Failure> {
        let model = &compiled.model;
        let drugs = model.drugs.iter().map(|d| Compartments::new(model, d, parameters)).collect::<Result<_, _>>()?;
        let held = model.drugs.iter().map(|d| matches!(d.route, remission_model::resolved::Route::Held)).collect();
        Ok(Exposure { drugs, held, rules: Vec::new(), time })
    }

    /// Follows `regimen` from now on, its day 1 being now; earlier rules end, what is in the body stays.
    pub fn follow(&mut self, regimen: &Regimen) {
        for s in &self.rules {
            if s.ends.is_finite() {
                end(&mut self.drugs, &self.held, &s.rule);
            }
        }
        for (drug, held) in self.drugs.iter_mut().zip(&self.held) {
            if *held {
                drug.dose(0.0);
            }
        }
        let began = self.time;
        // A dose of nothing is no dose; a held drug at 0 is one while another rule holds it higher.
        let given = |rule: &&DoseRule| {
            rule.amount != 0.0
                || (self.held[rule.drug] && regimen.rules.iter().any(|r| r.drug == rule.drug && r.amount != 0.0))
        };
        self.rules = regimen
            .rules
            .iter()
            .filter(given)
            .map(|rule| {
                let mut s = Schedule {
                    rule: rule.clone(),
                    began,
                    cycle: 0,
                    offset: 0,
                    next: f64::INFINITY,
                    ends: f64::INFINITY,
                };
                s.set_next();
                s
            })
            .collect();
        self.give_due();
    }

    /// Time of this state, days.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Next moment at which an input jumps; infinity when there is none.
    pub fn next_event(&self) -> f64 {
        self.rules.iter().map(|s| s.next.min(s.ends)).fold(f64::INFINITY, f64::min)
    }

    /// Moves to `time`, giving the doses on the way; a dose at `time` itself has been given on return.
    pub fn advance(&mut self, time: f64) {
        loop {
            let event = self.next_event();
            let to = event.min(time);
            if to > self.time {
                let days = to - self.time;
                self.drugs.iter_mut().for_each(|d| d.advance(days));
                self.time = to;
            }
            if event > time {
                return;
            }
            self.give_due();
        }
    }

    /// Moves by `days` within an interval that has no event inside; for reading concentrations between doses.
    pub fn drift(&mut self, days: f64) {
        self.drugs.iter_mut().for_each(|d| d.advance(days));
        self.time += days;
    }

    /// Time and amounts, for going back within an interval that has no event inside.
    pub fn snapshot(&self) -> (f64, Vec<f64>) {
        (self.time, self.drugs.iter().flat_map(|d| d.state().iter().copied()).collect())
    }

    /// Goes back to a [`snapshot`](Self::snapshot).
    pub fn restore(&mut self, (time, amounts): &(f64, Vec<f64>)) {
        self.time = *time;
        let mut rest = &amounts[..];
        for d in &mut self.drugs {
            let (own, next) = rest.split_at(d.state().len());
            d.restore(own);
            rest = next;
        }
    }

    /// Felt concentration of a drug, base units.
    pub fn concentration(&self, drug: usize) -> f64 {
        self.drugs[drug].concentration()
    }

    /// The same after its transit delay.
    pub fn delayed(&self, drug: usize) -> f64 {
        self.drugs[drug].delayed()
    }

    /// True when no concentration can move before the next event.
    pub fn is_constant(&self) -> bool {
        self.drugs.iter().all(Compartments::is_constant)
    }

    /// Fastest rate at which any drug in the body changes now, a day; 0 when none is there.
    pub fn fastest(&self) -> f64 {
        self.drugs.iter().map(Compartments::fastest).fold(0.0, f64::max)
    }

    /// A fingerprint of everything that decides exposure from now until `now + days`.
    pub fn signature(&self, days: f64, out: &mut Vec<f64>) {
        out.clear();
        for s in &self.rules {
            let near = |t: f64| {
                if t - self.time > days { -1.0 } else { t - self.time }
            };
            out.push(near(s.next));
            out.push(near(s.ends));
            out.push(near(s.began + s.rule.until));
            out.push(if near(s.next) < 0.0 { 0.0 } else { s.offset as f64 });
        }
        for d in &self.drugs {
            // On the scale of the largest dose, so that one tolerance fits all entries.
            let scale = if d.scale() > 0.0 { 1.0 / d.scale() } else { 1.0 };
            out.push(d.scale());
            out.extend(d.state().iter().map(|a| a * scale));
        }
    }

    fn give_due(&mut self) {
        let now = self.time;
        for s in &mut self.rules {
            if s.ends <= now {
                end(&mut self.drugs, &self.held, &s.rule);
                s.ends = f64::INFINITY;
            }
        }
        // What ends now ends before what begins now, whatever the order of the rules.
        for s in &mut self.rules {
            while s.next <= now {
                let drug = &mut self.drugs[s.rule.drug];
                if self.held[s.rule.drug] {
                    drug.dose(s.rule.amount);
                } else if s.rule.duration > 0.0 {
                    drug.infuse(s.rule.amount / s.rule.duration, s.rule.amount);
                } else {
                    drug.dose(s.rule.amount);
                }
                if s.rule.duration > 0.0 && s.rule.duration.is_finite() {
                    s.ends = s.next + s.rule.duration;
                }
                s.offset += 1;
                if s.offset == s.rule.offsets.len() {
                    s.offset = 0;
                    s.cycle += 1;
                }
                s.set_next();
            }
        }
    }
}

impl Schedule {
    fn set_next(&mut self) {
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

fn end(drugs: &mut [Compartments], held: &[bool], rule: &DoseRule) {
    if held[rule.drug] {
        drugs[rule.drug].dose(0.0);
    } else {
        drugs[rule.drug].infuse(-rule.amount / rule.duration, 0.0);
    }
}
