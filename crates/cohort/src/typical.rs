//! What to expect of the patient with every parameter at its centre: rates of every cell type without drug and in each
//! arm, and half-lives of drugs. For explaining a model; a run does not use it.
//!
//! Rates in an arm are averages over one dosing cycle at steady state (over the days of treatment, where doses do not
//! repeat): of the rates themselves, so that an effect that saturates is averaged as cells feel it. Where cells act on each
//! other, rates are those at the counts and levels with which treatment begins.
//!
//! Left out: what follows after progression.

use crate::levels::{self, Span};
use remission_engine::before::{fresh, over_parameters, size_at_start};
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::failure::Failure;
use remission_engine::mean::MeanTumour;
use remission_engine::window::set_exposure;
use remission_model::expr::{Expr, Slot};
use remission_model::program::{Depends, Registers};
use remission_model::resolved::{Drug, Regimen, Route, Start, Study};

/// Points between two doses at which rates are read.
const POINTS: usize = 200;
/// Stretches between doses that are read at most.
const STRETCHES: usize = 2_000;

/// What the days are over which rates are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reached {
    /// No drug is given.
    NoDrug,
    /// A dosing cycle at steady state, or concentrations that are held and no longer move.
    Steady,
    /// The last whole cycle; the study or the treatment ends before concentrations are steady.
    NotSteady,
    /// Doses that do not repeat: from the first one to the end of the last (at least a day).
    Course,
}

/// Rates of an arm, averaged over `span`.
#[derive(Debug, Clone, PartialEq)]
pub struct Average {
    /// Days since treatment began.
    pub span: Span,
    /// What these days are.
    pub reached: Reached,
    /// Rates as [`Compiled::layout`] places them, per day.
    pub rates: Vec<f64>,
}

/// The typical patient when treatment begins, whose rates are read.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    compiled: &'a Compiled,
    parameters: Vec<f64>,
    /// Cells of each type when treatment begins: from the mean equations, or where they fail all of the founding type.
    pub counts: Vec<f64>,
    /// Levels when treatment begins, base units.
    pub levels: Vec<f64>,
}

impl<'a> Reader<'a> {
    /// The typical patient when treatment begins.
    ///
    /// # Errors
    /// A size or a level at the start is impossible.
    pub fn new(compiled: &'a Compiled) -> Result<Reader<'a>, Failure> {
        let parameters = levels::typical(&compiled.model);
        let (counts, levels) = match MeanTumour::start(compiled, &parameters) {
            Ok(tumour) => {
                let means = tumour.means();
                (means.by_type(), means.levels)
            }
            Err(_) => {
                let mut counts = vec![0.0; compiled.types()];
                if let Start::Grown { founder, .. } = &compiled.model.start {
                    counts[*founder] = size_at_start(compiled, &parameters)?;
                }
                (counts, fresh(compiled, &parameters)?.levels)
            }
        };
        Ok(Reader { compiled, parameters, counts, levels })
    }

    fn registers(&self) -> Registers {
        let mut registers = self.compiled.registers(&self.parameters);
        self.compiled.set_counts(&mut registers, &self.counts);
        for (k, &level) in self.levels.iter().enumerate() {
            registers.set(Slot::Level(k), level);
        }
        registers
    }

    /// Rates without drug on day 0.
    ///
    /// # Errors
    /// A rate is negative or not finite.
    pub fn undrugged(&self) -> Result<Vec<f64>, Failure> {
        let exposure = Exposure::new(self.compiled, &self.parameters, 0.0)?;
        let mut out = vec![0.0; self.compiled.layout.len()];
        let mut registers = self.registers();
        set_exposure(self.compiled, &mut registers, &exposure, 0.0);
        self.compiled.rates(&mut registers, Depends::Exposure, &mut out)?;
        Ok(out)
    }

    /// Rates under `regimen` in a study of `horizon` days.
    ///
    /// # Errors
    /// A rate is negative or not finite, or a drug's constants cannot be used.
    pub fn average(&self, regimen: &Regimen, horizon: f64) -> Result<Average, Failure> {
        let (span, reached) = self.span(regimen, horizon)?;
        let compiled = self.compiled;
        let mut exposure = Exposure::new(compiled, &self.parameters, 0.0)?;
        exposure.follow(regimen);
        exposure.advance(span.from);
        let mut registers = self.registers();
        let mut rates = vec![0.0; compiled.layout.len()];
        let mut sums = rates.clone();
        let (mut weight, mut stretches) = (0.0, 0);
        let mut add = |exposure: &Exposure, days: f64, sums: &mut [f64]| {
            set_exposure(compiled, &mut registers, exposure, exposure.time());
            compiled.rates(&mut registers, Depends::Exposure, &mut rates)?;
            sums.iter_mut().zip(&rates).for_each(|(s, r)| *s += days * r);
            Ok::<(), Failure>(())
        };
        while exposure.time() < span.to && stretches < STRETCHES {
            let to = exposure.next_event().min(span.to);
            let (here, days) = (exposure.snapshot(), to - exposure.time());
            let points = if exposure.is_constant() && !compiled.uses_time { 1 } else { POINTS };
            for k in 0..points {
                // Midpoints of parts that are short after a dose, where the curve bends.
                let edge = |k: usize| days * (k as f64 / points as f64) * (k as f64 / points as f64);
                let (a, z) = (edge(k), edge(k + 1));
                exposure.restore(&here);
                exposure.drift(0.5 * (a + z));
                add(&exposure, z - a, &mut sums)?;
                weight += z - a;
            }
            exposure.restore(&here);
            exposure.advance(to);
            stretches += 1;
        }
        if weight == 0.0 {
            add(&exposure, 1.0, &mut sums)?;
            weight = 1.0;
        }
        sums.iter_mut().for_each(|s| *s /= weight);
        Ok(Average { span, reached, rates: sums })
    }

    /// The days over which an arm is averaged.
    fn span(&self, regimen: &Regimen, horizon: f64) -> Result<(Span, Reached), Failure> {
        let drugs = &self.compiled.model.drugs;
        let mut cycles: Vec<(f64, f64)> = Vec::new();
        let (mut from, mut steady) = (0.0f64, true);
        // First and last day of doses that do not repeat; a concentration that is held for good.
        let (mut course, mut held): (Option<(f64, f64)>, bool) = (None, false);
        for (k, drug) in drugs.iter().enumerate() {
            let rules: Vec<_> = regimen.rules.iter().filter(|r| r.drug == k && r.gives()).collect();
            if rules.is_empty() {
                continue;
            }
            if let Some(cycle) = levels::steady_cycle(self.compiled, regimen, k, horizon, &[])? {
                from = from.max(cycle.span.from + self.settles(drug));
                cycles.push((cycle.span.from, cycle.span.to - cycle.span.from));
                steady &= cycle.steady;
            } else if let (Route::Held, [rule]) = (&drug.route, rules.as_slice())
                && rule.duration.is_infinite()
            {
                held = true;
                from = from.max(rule.from + rule.last_change() + self.settles(drug));
            } else {
                let first = rules.iter().map(|r| r.from + r.offsets.first().unwrap_or(&0.0));
                let begins = first.fold(f64::INFINITY, f64::min).min(horizon);
                let last = rules.iter().map(|r| r.from + r.last_change().max(1.0)).fold(0.0, f64::max).min(horizon);
                course = Some(course.map_or((begins, last), |(a, z)| (begins.min(a), last.max(z))));
            }
        }
        // Beside doses that repeat, those that do not have been forgotten by then.
        if cycles.is_empty() && !held {
            return Ok(match course {
                Some((from, to)) => (Span { from, to }, Reached::Course),
                None => (Span { from: 0.0, to: 0.0 }, Reached::NoDrug),
            });
        }
        let longest = cycles.iter().map(|c| c.1).fold(0.0, f64::max);
        let lengths: Vec<f64> = cycles.iter().map(|c| c.1).collect();
        let length = levels::common_cycle(&lengths).unwrap_or(longest);
        if length == 0.0 {
            let at = from.min(horizon);
            return Ok((Span { from: at, to: at }, if from <= horizon { Reached::Steady } else { Reached::NotSteady }));
        }
        // Whole cycles, counted from the one that is steady first.
        let anchor = cycles.iter().map(|c| c.0).fold(0.0, f64::max);
        let start = anchor + libm::ceil((from - anchor) / length - 1e-9).max(0.0) * length;
        let ends = regimen.rules.iter().filter(|r| r.cycle.is_finite()).map(|r| r.until).fold(0.0, f64::max);
        let last = libm::floor((ends.min(horizon) - anchor) / length + 1e-9).max(1.0) - 1.0;
        let latest = anchor + last * length;
        let start_at = start.min(latest);
        let reached = if steady && start <= latest + 1e-9 { Reached::Steady } else { Reached::NotSteady };
        Ok((Span { from: start_at, to: start_at + length }, reached))
    }

    /// Days until a delayed effect follows a change: mean and three standard deviations of the chain's delay; of an effect
    /// compartment, until 1 % is still to come.
    fn settles(&self, drug: &Drug) -> f64 {
        let value = |e| over_parameters(self.compiled, &self.parameters, e);
        let chain = drug.delay.as_ref().map_or(0.0, |d| value(&d.mean) * (1.0 + 3.0 / (d.states as f64).sqrt()));
        let beside = drug.effect.as_ref().map_or(0.0, |ke0| libm::log(100.0) / value(ke0));
        chain.max(beside)
    }
}

trait LastChange {
    /// Days after the rule's beginning at which its last dose of a cycle begins or, if that takes time, ends.
    fn last_change(&self) -> f64;
}

impl LastChange for remission_model::resolved::DoseRule {
    fn last_change(&self) -> f64 {
        let last = self.offsets.last().copied().unwrap_or(0.0);
        if self.duration.is_finite() { last + self.duration } else { last }
    }
}

/// Half-life of the last phase, days, at the typical parameters; `None` of a held drug.
///
/// The slowest rate of compartments around a central one is the smallest root x of
///     k10 + sum of k1i - x = sum of k1i ki1 / (ki1 - x)
/// (Gibaldi & Perrier, *Pharmacokinetics*, ch. 2). An oral drug that is absorbed more slowly than it leaves has the half-life
/// of its absorption.
pub fn half_life(compiled: &Compiled, drug: &Drug) -> Option<f64> {
    let parameters = levels::typical(&compiled.model);
    let value = |e| over_parameters(compiled, &parameters, e);
    let slowest = match &drug.route {
        Route::Held | Route::Radiation { .. } => return None,
        Route::Kpd { elimination } => value(elimination),
        Route::Bolus | Route::Infusion => disposition(drug, value),
        Route::Oral { ka } => disposition(drug, value).min(value(ka)),
    };
    Some(core::f64::consts::LN_2 / slowest)
}

/// The slowest rate at which a drug leaves, a day.
fn disposition<'e>(drug: &'e Drug, value: impl Fn(&'e Expr) -> f64) -> f64 {
    let volume = value(&drug.volume);
    let out = value(&drug.clearance) / volume;
    let beside: Vec<(f64, f64)> =
        drug.peripheral.iter().map(|(flow, second)| (value(flow) / volume, value(flow) / value(second))).collect();
    // Between 0 and the slowest way back the difference of the two sides rises from -k10 to infinity.
    let (mut low, mut high) = (0.0, beside.iter().map(|b| b.1).fold(out, f64::min));
    if beside.is_empty() {
        return out;
    }
    for _ in 0..200 {
        let x = 0.5 * (low + high);
        let gain = beside.iter().map(|(there, back)| there * back / (back - x) - there).sum::<f64>();
        if x + gain < out { low = x } else { high = x }
    }
    0.5 * (low + high)
}

/// Days of treatment that [`goes_wrong`] looks at.
const FIRST_WEEKS: f64 = 56.0;

/// The first rate of the typical patient that is negative or no number in the first eight weeks of an arm, by the mean
/// equations: the arm and what was found. What goes wrong there goes wrong in most patients.
pub fn goes_wrong(compiled: &Compiled, study: &Study) -> Option<(String, Failure)> {
    let parameters: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
    study.arms.iter().find_map(|arm| {
        let run = || -> Result<(), Failure> {
            let mut mean = MeanTumour::start(compiled, &parameters)?;
            mean.follow(arm.regimen_of(0));
            mean.advance(study.horizon.min(FIRST_WEEKS))
        };
        let wrong = run().err().filter(|failure| matches!(failure, Failure::Rate { .. }));
        wrong.map(|failure| (arm.name.clone(), failure))
    })
}
