//! What a row of an event table does to the body before its dose: resets and steady states, as NONMEM defines them.
//!
//! A reset empties all drugs, ends what runs and loses what is on its way; it is not lagged, its dose is
//! (github.com/metrumresearchgroup/mrgsolve/issues/1396). A steady state is what endless doses before the row have
//! left, arrivals that are still on their way included: with a lag L below the interval II that is the state at II - L
//! after the last arrival (the closed form is in pharmacokinetics/steady.rs), and the dose of the row arrives at L.
//! At a lag of II or more NONMEM has no such state; here the doses that have been taken and not yet arrived do arrive. An
//! infusion that the endless doses left running goes on to its end unless the regimen changes. An endless infusion (AMT 0)
//! stops at its row.

use super::Exposure;
use super::schedule::{Input, send};
use crate::pharmacokinetics::Compartments;
use remission_model::resolved::{Body, DoseRule};

/// An infusion that a steady state found running.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier {
    /// When its pump stops.
    pub(super) ends: f64,
    drug: usize,
    /// mg/day.
    rate: f64,
}

/// Days that an infusion of a rule runs: as long as it says or, where the rate was given, as the bioavailable amount lasts.
pub(super) fn length(rule: &DoseRule, drug: &Compartments) -> f64 {
    match rule.row.is_some_and(|row| row.rate_given) {
        true => rule.duration * drug.bioavailability(),
        false => rule.duration,
    }
}

impl Exposure {
    /// What comes before a dose of rule `k` that is due now.
    pub(super) fn before_dose(&mut self, k: usize) {
        let s = &mut self.rules[k];
        if s.ends.is_finite() && !self.held[s.rule.drug] {
            // One that ends as the next begins, put behind it by the rounding of its end.
            let input = s.end(&self.drugs, &self.held);
            s.ends = f64::INFINITY;
            send(&mut self.drugs, &mut self.arrivals, s.next, s.rule.drug, input);
        }
        let s = &self.rules[k];
        let Some(row) = s.rule.row.filter(|_| s.cycle == 0 && s.offset == 0) else { return };
        if row.body.empties() {
            self.empty();
        }
        let s = &self.rules[k];
        let (d, time) = (s.rule.drug, s.next);
        match row.body {
            Body::Kept | Body::Emptied => {}
            Body::Steady { interval, .. } => {
                let amount = s.rule.amount * self.drugs[d].bioavailability();
                let length = length(&s.rule, &self.drugs[d]);
                self.steady(d, amount, length, interval, time);
            }
            Body::Infused { rate, .. } => {
                let state = self.drugs[d].steady_infusion(rate);
                self.drugs[d].add_state(&state);
                send(&mut self.drugs, &mut self.arrivals, time, d, Input::Rate(-rate, 0.0));
            }
        }
    }

    /// All drugs are gone, none is on its way and no infusion runs.
    fn empty(&mut self) {
        for drug in &mut self.drugs {
            let nothing = vec![0.0; drug.state().len()];
            drug.set_state(&nothing);
        }
        self.rules.iter_mut().for_each(|s| s.ends = f64::INFINITY);
        self.arrivals.clear();
        self.earlier.clear();
    }

    /// Adds what endless doses every `interval` days, the next of them at `time`, have left in the body and on its way.
    fn steady(&mut self, d: usize, amount: f64, length: f64, interval: f64, time: f64) {
        let lag = self.drugs[d].lag();
        // The latest dose that has arrived is so many intervals old.
        let age = libm::ceil(lag / interval).max(1.0);
        let since = (age * interval - lag).clamp(0.0, interval);
        let steady = self.drugs[d].steady(amount, length, interval, since);
        self.drugs[d].add_state(&steady.state);
        let rate = if length > 0.0 { amount / length } else { 0.0 };
        for left in steady.ends {
            self.end_of_earlier(d, rate, time + left - lag, time);
        }
        let mut k = age - 1.0;
        while k >= 1.0 {
            let taken = time - k * interval;
            if length > 0.0 {
                send(&mut self.drugs, &mut self.arrivals, taken, d, Input::Rate(rate, amount));
                self.end_of_earlier(d, rate, taken + length, time);
            } else {
                send(&mut self.drugs, &mut self.arrivals, taken, d, Input::Dose(amount));
            }
            k -= 1.0;
        }
    }

    /// The pump of an infusion stops at `ends`: it will, or it has and the end is on its way.
    fn end_of_earlier(&mut self, drug: usize, rate: f64, ends: f64, now: f64) {
        if ends > now {
            self.earlier.push(Earlier { ends, drug, rate });
        } else {
            send(&mut self.drugs, &mut self.arrivals, ends, drug, Input::Rate(-rate, 0.0));
        }
    }

    /// Stops earlier infusions that end until `until`; at infinity all of them, now.
    pub(super) fn stop_earlier(&mut self, until: f64) {
        if self.earlier.is_empty() {
            return;
        }
        let (due, rest) = std::mem::take(&mut self.earlier).into_iter().partition(|e| e.ends <= until);
        self.earlier = rest;
        let due: Vec<Earlier> = due;
        for e in due {
            let ends = e.ends.min(self.time);
            send(&mut self.drugs, &mut self.arrivals, ends, e.drug, Input::Rate(-e.rate, 0.0));
        }
    }

    /// The part of a fingerprint that concerns rows; nothing where there are none.
    pub(super) fn sign_rows(&self, days: f64, out: &mut Vec<f64>) {
        for s in &self.rules {
            if s.rule.row.is_some_and(|row| row.body != Body::Kept) {
                // Only its first dose changes the body.
                out.push(f64::from(u8::from(s.cycle == 0 && s.next - self.time <= days)));
            }
        }
        for e in self.earlier.iter().filter(|e| e.ends - self.time <= days) {
            let scale = self.drugs[e.drug].scale();
            out.push(e.ends - self.time);
            out.push(-1.0 - e.drug as f64);
            out.push(if scale > 0.0 { e.rate / scale } else { e.rate });
        }
    }
}
