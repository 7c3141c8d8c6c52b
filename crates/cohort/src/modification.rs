//! What conditions make of what a visit sees: dose modification by the rules of an arm, and progression where a condition calls it.
//!
//! The rules are [`remission_model::resolved::Modification`], the condition is [`remission_model::resolved::Called`].
//!
//! A rule in hold is lifted by its `until`, one that is not begins to hold by its `when`; so each rule does one thing at a
//! visit at most. A drug is given at its factor, the product of its reductions, unless any rule holds it or has stopped
//! it. Reductions, holds and stops stay with the drug when progression changes the regimen.

use crate::measure::first_channel;
use crate::outcome::{DoseChange, Seen};
use remission_model::resolved::{Action, Condition, Limit, Model, Modification, Observed};

/// What is compared with what: the columns of the measurements, and what was seen at day 0.
struct Compare {
    /// First column of readings of each measurement.
    channels: Vec<usize>,
    baseline: Seen,
}

/// A condition by which progression is called, in one patient.
pub struct Watch<'a> {
    condition: &'a Condition,
    compare: Compare,
    /// It was not met at some visit.
    armed: bool,
    /// The visit before.
    before: f64,
    /// When it was called: day of that visit, and of the visit before.
    pub called: Option<(f64, f64)>,
}

impl<'a> Watch<'a> {
    /// Begins with what is seen at day 0.
    pub fn new(condition: &'a Condition, model: &Model, baseline: &Seen) -> Self {
        let compare = Compare::new(model, baseline);
        let armed = !compare.met(condition, baseline);
        Watch { condition, compare, armed, before: baseline.time, called: None }
    }

    /// Looks at a visit; true where it is the one that calls progression.
    pub fn look(&mut self, now: &Seen) -> bool {
        let met = self.compare.met(self.condition, now);
        let calls = met && self.armed && self.called.is_none();
        if calls {
            self.called = Some((now.time, self.before));
        }
        self.armed |= !met;
        self.before = now.time;
        calls
    }

    /// The last visit.
    pub fn last(&self) -> f64 {
        self.before
    }
}

/// The rules of one arm in one patient.
pub struct Modifications<'a> {
    rules: &'a [Modification],
    compare: Compare,
    /// For each rule: is it holding its drug.
    holding: Vec<bool>,
    /// For each rule: how often it has acted.
    acted: Vec<u32>,
    /// For each drug.
    factor: Vec<f64>,
    stopped: Vec<bool>,
}

impl<'a> Modifications<'a> {
    /// Every drug as planned; `baseline` is what is seen at day 0.
    pub fn new(rules: &'a [Modification], model: &Model, baseline: &Seen) -> Self {
        Modifications {
            rules,
            compare: Compare::new(model, baseline),
            holding: vec![false; rules.len()],
            acted: vec![0; rules.len()],
            factor: vec![1.0; model.drugs.len()],
            stopped: vec![false; model.drugs.len()],
        }
    }

    /// What the doses of a drug are multiplied by.
    pub fn scale(&self, drug: usize) -> f64 {
        let held = self.rules.iter().zip(&self.holding).any(|(r, h)| *h && r.drug == drug);
        if held || self.stopped[drug] { 0.0 } else { self.factor[drug] }
    }

    /// Looks at a visit after day 0 and puts down what each rule did, with the scale that its drug then has.
    pub fn look(&mut self, now: &Seen, changes: &mut Vec<DoseChange>) {
        // Held since an earlier visit, and still so after this one's liftings.
        let was_holding = self.holding.clone();
        for (k, rule) in self.rules.iter().enumerate() {
            if let Action::Hold { until } = &rule.action
                && was_holding[k]
                && self.compare.met(until, now)
            {
                self.holding[k] = false;
                // A drug that has been stopped meanwhile is not given again.
                if !self.stopped[rule.drug] {
                    self.put_down(k, now.time, changes);
                }
            }
        }
        let held_before: Vec<bool> = (0..self.factor.len())
            .map(|drug| self.rules.iter().zip(&self.holding).any(|(r, h)| *h && r.drug == drug))
            .collect();
        for (k, rule) in self.rules.iter().enumerate() {
            if self.stopped[rule.drug] || !self.compare.met(&rule.when, now) {
                continue;
            }
            match rule.action {
                Action::Hold { .. } if was_holding[k] => continue,
                Action::Hold { .. } => self.holding[k] = true,
                Action::Reduce { most, .. } if held_before[rule.drug] || most == Some(self.acted[k]) => continue,
                Action::Reduce { factor, .. } => self.factor[rule.drug] *= factor,
                Action::Stop => self.stopped[rule.drug] = true,
            }
            self.acted[k] = self.acted[k].saturating_add(1);
            self.put_down(k, now.time, changes);
        }
    }

    fn put_down(&self, rule: usize, time: f64, changes: &mut Vec<DoseChange>) {
        let drug = self.rules[rule].drug;
        changes.push(DoseChange { time, drug, scale: self.scale(drug), rule });
    }
}

impl Compare {
    fn new(model: &Model, baseline: &Seen) -> Compare {
        let channels = (0..model.measurements.len()).map(|m| first_channel(model, m)).collect();
        Compare { channels, baseline: baseline.clone() }
    }

    fn met(&self, condition: &Condition, now: &Seen) -> bool {
        let of = |seen: &Seen| match condition.of {
            Observed::Reading(m) => seen.readings[self.channels[m]],
            Observed::Level(k) => seen.levels[k],
        };
        let limit = match condition.limit {
            Limit::Fixed(x) => x,
            Limit::OfBaseline(share) => {
                let baseline = of(&self.baseline);
                if baseline.is_nan() || baseline <= 0.0 {
                    return false;
                }
                share * baseline
            }
        };
        let x = of(now);
        let beyond = if condition.above { x > limit } else { x < limit };
        beyond || (condition.or_equal && x == limit)
    }
}
