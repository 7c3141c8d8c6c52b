//! What a patient's cells feel: doses of a regimen, drawn lazily, into the patient's compartments.
//!
//! The engine is told a regimen and when it begins; it never learns of visits. Changing the regimen keeps what
//! is still in the body.
//!
//! Lag and bioavailability are applied to the dose itself. Every change of input, the end of an infusion included, reaches
//! the body one lag after it was made: a new regimen stops the pump, but what was swallowed or is in the line still
//! arrives. Bioavailability scales the amount. A regimen gives an infusion by its length, which is kept, and the rate is
//! scaled, as in NONMEM for a duration (RATE = -2). Where a table gives the rate, NONMEM and mrgsolve keep the rate and
//! scale the length (github.com/metrumresearchgroup/mrgsolve/issues/954), and so do the rules of such a row (rows.rs).

mod rows;
mod schedule;

use crate::compiled::Compiled;
use crate::failure::Failure;
use crate::pharmacokinetics::Compartments;
use remission_model::resolved::{Body, DoseRule, Regimen, Route};
use rows::Earlier;
use schedule::{Arrival, Input, Schedule, insert, send};
use smallvec::SmallVec;

/// Time, and amounts of every drug.
pub type Snapshot = (f64, SmallVec<[f64; 12]>);

/// Drugs of one patient under a regimen, at one moment.
#[derive(Debug)]
pub struct Exposure {
    drugs: Vec<Compartments>,
    /// What is felt is set by the regimen and not by a body: held drugs and radiation.
    held: Vec<bool>,
    /// Radiation: its rules are followed as those of a held drug at the dose rate of a fraction.
    beams: Vec<bool>,
    rules: Vec<Schedule>,
    /// What is on its way into the body, the next first.
    arrivals: Vec<Arrival>,
    /// Infusions that a steady state found running.
    earlier: Vec<Earlier>,
    time: f64,
    /// False while a tumour is being grown: its time is then no date.
    dated: bool,
    /// What doses of each drug are multiplied by.
    scales: Vec<f64>,
    /// Held drugs: the concentration that the regimen asks for now, before scaling.
    planned: Vec<f64>,
    /// What was before the doses given at this very moment; kept only where doses may be scaled.
    fresh: Option<Vec<Fresh>>,
}

/// A drug before the doses given at a moment: its amounts, and what of it was on its way.
#[derive(Debug, Clone)]
struct Fresh {
    drug: usize,
    time: f64,
    amounts: Vec<f64>,
    arrivals: Vec<Arrival>,
}

impl Clone for Exposure {
    fn clone(&self) -> Exposure {
        Exposure {
            drugs: self.drugs.clone(),
            held: self.held.clone(),
            beams: self.beams.clone(),
            rules: self.rules.clone(),
            arrivals: self.arrivals.clone(),
            earlier: self.earlier.clone(),
            time: self.time,
            dated: self.dated,
            scales: self.scales.clone(),
            planned: self.planned.clone(),
            fresh: self.fresh.clone(),
        }
    }

    /// In the memory that is there.
    fn clone_from(&mut self, other: &Exposure) {
        self.drugs.clone_from(&other.drugs);
        self.held.clone_from(&other.held);
        self.beams.clone_from(&other.beams);
        self.rules.clone_from(&other.rules);
        self.arrivals.clone_from(&other.arrivals);
        self.earlier.clone_from(&other.earlier);
        self.time = other.time;
        self.dated = other.dated;
        self.scales.clone_from(&other.scales);
        self.planned.clone_from(&other.planned);
        self.fresh.clone_from(&other.fresh);
    }
}

impl Exposure {
    /// No drug in the body at `time`, none planned.
    pub fn new(compiled: &Compiled, parameters: &[f64], time: f64) -> Result<Self, Failure> {
        let model = &compiled.model;
        let drugs = model.drugs.iter().map(|d| Compartments::new(model, d, parameters)).collect::<Result<_, _>>()?;
        let held = model.drugs.iter().map(|d| d.route.is_set()).collect();
        let beams = model.drugs.iter().map(|d| matches!(d.route, Route::Radiation { .. })).collect();
        let n = model.drugs.len();
        let (scales, planned) = (vec![1.0; n], vec![0.0; n]);
        let (rules, arrivals, earlier) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Exposure { drugs, held, beams, rules, arrivals, earlier, time, dated: true, scales, planned, fresh: None })
    }

    /// The same before treatment, while a tumour grows from its first cell on day 0.
    pub fn before_treatment(compiled: &Compiled, parameters: &[f64]) -> Result<Self, Failure> {
        Ok(Exposure { dated: false, ..Exposure::new(compiled, parameters, 0.0)? })
    }

    /// What `time` in a rate reads at `time`: days since treatment began, and 0 before it.
    pub fn date(&self, time: f64) -> f64 {
        if self.dated { time.max(0.0) } else { 0.0 }
    }

    /// From now on [`scale_doses`](Self::scale_doses) reaches doses given at the very moment it is called.
    pub fn prepare_to_scale(&mut self) {
        self.fresh = Some(Vec::new());
    }

    /// Multiplies doses of `drug` by `scale` (0 or more; 1 is as planned) from now on, those due now included when
    /// [`prepare_to_scale`](Self::prepare_to_scale) came before. Scale 0 stops a running infusion, and what is left of it
    /// is not given later; under another scale it runs on as it began. What is on its way arrives. A held drug is at
    /// `scale` times its planned concentration at once.
    pub fn scale_doses(&mut self, drug: usize, scale: f64) {
        self.scales[drug] = scale;
        let now = self.time;
        if self.held[drug] {
            let input = Input::Dose(self.planned[drug] * scale);
            return send(&mut self.drugs, &mut self.arrivals, now, drug, input);
        }
        let mut fresh = self.fresh.iter_mut().flatten().find(|f| f.drug == drug && f.time == now);
        let taken_back = fresh.is_some();
        if let Some(before) = &fresh {
            self.drugs[drug].restore(&before.amounts);
            self.arrivals.retain(|a| a.drug != drug);
            before.arrivals.iter().for_each(|a| insert(&mut self.arrivals, a.clone()));
        }
        let given_now = |s: &Schedule| taken_back && s.given.0 == now;
        for s in self.rules.iter_mut().filter(|s| s.rule.drug == drug && !given_now(s)) {
            if scale == 0.0 && s.ends.is_finite() {
                let input = s.end(&self.drugs, &self.held);
                send(&mut self.drugs, &mut self.arrivals, now, drug, input);
                s.ends = f64::INFINITY;
            }
        }
        if let Some(before) = &mut fresh {
            before.amounts.copy_from_slice(self.drugs[drug].state());
            before.arrivals = self.arrivals.iter().filter(|a| a.drug == drug).cloned().collect();
        }
        for s in self.rules.iter_mut().filter(|s| s.rule.drug == drug && given_now(s)) {
            s.ends = f64::INFINITY;
            s.give(&mut self.drugs, &mut self.arrivals, now, now, scale);
        }
        self.arrive();
    }

    /// Follows `regimen` from now on, its day 1 being now; earlier rules end, what is in the body or on its way stays.
    pub fn follow(&mut self, regimen: &Regimen) {
        for s in &self.rules {
            if s.ends.is_finite() {
                let input = s.end(&self.drugs, &self.held);
                send(&mut self.drugs, &mut self.arrivals, self.time, s.rule.drug, input);
            }
        }
        self.stop_earlier(f64::INFINITY);
        for (drug, held) in self.drugs.iter_mut().zip(&self.held) {
            if *held {
                drug.dose(0.0);
            }
        }
        self.planned.fill(0.0);
        self.fresh.iter_mut().for_each(Vec::clear);
        let began = self.time;
        // A dose of nothing is no dose; a held drug at 0 is one while another rule holds it higher.
        let given = |rule: &&DoseRule| {
            rule.amount != 0.0
                || rule.row.is_some_and(|row| row.body != Body::Kept)
                || (self.held[rule.drug] && regimen.rules.iter().any(|r| r.drug == rule.drug && r.amount != 0.0))
        };
        let felt = |rule: &DoseRule| match self.beams[rule.drug] {
            true => DoseRule { amount: rule.amount / rule.duration, ..rule.clone() },
            false => rule.clone(),
        };
        self.rules = regimen.rules.iter().filter(given).map(|rule| Schedule::new(felt(rule), began)).collect();
        self.give_due();
    }

    /// Time of this state, days.
    pub fn time(&self) -> f64 {
        self.time
    }

    /// Next moment at which an input jumps; infinity when there is none.
    pub fn next_event(&self) -> f64 {
        let arrival = self.arrivals.first().map_or(f64::INFINITY, |a| a.time);
        let earlier = self.earlier.iter().map(|e| e.ends).fold(arrival, f64::min);
        self.rules.iter().map(|s| s.next.min(s.ends)).fold(earlier, f64::min)
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
    pub fn snapshot(&self) -> Snapshot {
        let mut amounts = SmallVec::new();
        self.drugs.iter().for_each(|d| amounts.extend_from_slice(d.state()));
        (self.time, amounts)
    }

    /// Goes back to a [`snapshot`](Self::snapshot).
    pub fn restore(&mut self, (time, amounts): &Snapshot) {
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

    /// The same in its effect compartment.
    pub fn effect(&self, drug: usize) -> f64 {
        self.drugs[drug].effect()
    }

    /// True when no concentration can move before the next event.
    pub fn is_constant(&self) -> bool {
        self.drugs.iter().all(Compartments::is_constant)
    }

    /// The drug that moves before the next event when no other does.
    pub fn only_moving(&self) -> Option<usize> {
        let mut moving = (0..self.drugs.len()).filter(|&k| !self.drugs[k].is_constant());
        moving.next().filter(|_| moving.next().is_none())
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
            out.push(if near(s.ends) < 0.0 { 0.0 } else { s.given.1 });
        }
        out.extend(&self.scales);
        self.sign_body(out);
        for a in self.arrivals.iter().take_while(|a| a.time - self.time <= days) {
            let (Input::Dose(x) | Input::Rate(x, _)) = a.input;
            let scale = self.drugs[a.drug].scale();
            out.push(a.time - self.time);
            out.push(a.drug as f64);
            out.push(if scale > 0.0 { x / scale } else { x });
        }
        self.sign_rows(days, out);
    }

    /// A fingerprint of what is in the body, which decides exposure until the next jump of an input.
    pub fn signature_of_body(&self, out: &mut Vec<f64>) {
        out.clear();
        self.sign_body(out);
    }

    fn sign_body(&self, out: &mut Vec<f64>) {
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
                let input = s.end(&self.drugs, &self.held);
                send(&mut self.drugs, &mut self.arrivals, s.ends, s.rule.drug, input);
                s.ends = f64::INFINITY;
                self.planned[s.rule.drug] = 0.0;
            }
        }
        self.stop_earlier(now);
        self.remember();
        // What ends now ends before what begins now, whatever the order of the rules.
        for k in 0..self.rules.len() {
            while self.rules[k].next <= now {
                self.before_dose(k);
                let s = &mut self.rules[k];
                let (drug, due) = (s.rule.drug, s.next);
                let scale = self.scales[drug];
                if self.held[drug] {
                    self.planned[drug] = s.rule.amount * self.drugs[drug].bioavailability();
                    let input = Input::Dose(self.planned[drug] * scale);
                    send(&mut self.drugs, &mut self.arrivals, due, drug, input);
                    if s.rule.duration > 0.0 && s.rule.duration.is_finite() {
                        s.ends = due + s.rule.duration;
                    }
                } else {
                    s.give(&mut self.drugs, &mut self.arrivals, due, now, scale);
                }
                s.offset += 1;
                if s.offset == s.rule.offsets.len() {
                    s.offset = 0;
                    s.cycle += 1;
                }
                s.set_next();
            }
        }
        self.arrive();
    }

    fn arrive(&mut self) {
        while self.arrivals.first().is_some_and(|a| a.time <= self.time) {
            let arrival = self.arrivals.remove(0);
            arrival.input.arrive(&mut self.drugs[arrival.drug]);
        }
    }

    /// Keeps what is before the doses that are due now; of several at one moment, before the first.
    fn remember(&mut self) {
        let Some(fresh) = &mut self.fresh else { return };
        let now = self.time;
        fresh.retain(|f| f.time == now);
        for s in self.rules.iter().filter(|s| s.next <= now) {
            let drug = s.rule.drug;
            if !fresh.iter().any(|f| f.drug == drug) {
                let arrivals = self.arrivals.iter().filter(|a| a.drug == drug).cloned().collect();
                fresh.push(Fresh { drug, time: now, amounts: self.drugs[drug].state().to_vec(), arrivals });
            }
        }
    }
}
