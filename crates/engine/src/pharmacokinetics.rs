//! Drug in one patient: linear compartments advanced exactly, whatever the interval.
//!
//! Amounts A (mg) follow dA/dt = K A + input: depot (absorbed at ka), central (clearance CL, volume V),
//! up to two peripheral ones (flow Q, volume V2 each), then the transit chain of a delayed effect, dX1/dt = k (C - X1), ...,
//! and the effect compartment, dCe/dt = ke0 (C - Ce) (Sheiner et al. 1979, Clin Pharmacol Ther 25:358), with C the felt
//! concentration. Over any interval with constant input the solution is one matrix
//! exponential, so there is no time step and no step error (Gibaldi & Perrier, Pharmacokinetics, ch. 2), and nothing
//! is lost where two rates are equal and the sums of exponentials of the textbooks divide by zero.
//!
//! A K-PD drug has one virtual compartment, dA/dt = -KDE A, and is felt as its virtual infusion rate KDE A, mg a day
//! (Jacqmin et al. 2007, J Pharmacokinet Pharmacodyn 34:57).
//!
//! Lag and bioavailability belong to the dose and never to the flux out of a depot; the compartments only know their values,
//! and [`crate::exposure`] applies them to every dose.

use crate::failure::Failure;
use crate::matrix;

mod steady;

use remission_model::expr::{Expr, Slot};
use remission_model::program::evaluate;
use remission_model::resolved::{Drug, Model, Route};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};
use std::cell::RefCell;
use std::rc::Rc;
pub use steady::Steady;

/// One drug in one patient.
#[derive(Debug, Clone)]
pub struct Compartments {
    /// Amounts, then the transit chain, the effect compartment, and the infusion rate (mg/day).
    amounts: SmallVec<[f64; 6]>,
    generator: Rc<[f64]>,
    central: usize,
    /// First state of the transit chain (past the end without one), and its last.
    chain_first: usize,
    chain: Option<usize>,
    effect: Option<usize>,
    felt_per_mg: f64,
    held: bool,
    lag: f64,
    bioavailability: f64,
    /// Matrix exponentials by length of interval, shared by all copies of this drug in this patient.
    propagators: Rc<RefCell<FxHashMap<u64, Rc<[f64]>>>>,
    /// Largest amount that a dose has put in; what falls below a billionth of it is gone.
    largest: f64,
}

impl Compartments {
    /// The drug of a patient with these parameters, none given yet.
    pub fn new(model: &Model, drug: &Drug, parameters: &[f64]) -> Result<Self, Failure> {
        let value = |what: &str, e: &Expr| -> Result<f64, Failure> {
            let x = evaluate(e, &model.tables, &|s| match s {
                Slot::Parameter(i) => parameters[i],
                _ => f64::NAN,
            });
            if (x > 0.0 || (what == "lag" && x == 0.0)) && x.is_finite() {
                Ok(x)
            } else {
                Err(Failure::Parameter { name: format!("drugs.{}.{what}", drug.name), value: x })
            }
        };
        let depot = usize::from(matches!(drug.route, Route::Oral { .. }));
        let held = drug.route.is_set();
        let peripheral = drug.peripheral.len();
        let states = drug.delay.as_ref().map_or(0, |d| d.states);
        let n = depot + 1 + peripheral + states + usize::from(drug.effect.is_some()) + 1;
        let (central, input) = (depot, n - 1);
        let mut k = vec![0.0; n * n];
        let mut felt_per_mg = 1.0;
        if let Route::Kpd { elimination } = &drug.route {
            let elimination = value("elimination", elimination)?;
            felt_per_mg = elimination;
            k[central * n + central] -= elimination;
        } else if !held {
            let volume = value("volume", &drug.volume)?;
            felt_per_mg = drug.felt_per_mg_per_l / volume;
            k[central * n + central] -= value("clearance", &drug.clearance)? / volume;
            k[central * n + input] += 1.0;
            if let Route::Oral { ka } = &drug.route {
                let ka = value("ka", ka)?;
                k[0] -= ka;
                k[central * n] += ka;
            }
            for (at, (flow, second)) in drug.peripheral.iter().enumerate() {
                let flow = value("peripheral.flow", flow)?;
                let second = value("peripheral.volume", second)?;
                let p = central + 1 + at;
                k[central * n + central] -= flow / volume;
                k[central * n + p] += flow / second;
                k[p * n + central] += flow / volume;
                k[p * n + p] -= flow / second;
            }
        }
        let chain = drug.delay.as_ref().map(|_| depot + 1 + peripheral);
        if let (Some(first), Some(delay)) = (chain, &drug.delay) {
            let rate = delay.states as f64 / value("delay.mean", &delay.mean)?;
            for s in first..first + states {
                k[s * n + s] -= rate;
                if s == first {
                    k[s * n + central] += rate * felt_per_mg;
                } else {
                    k[s * n + s - 1] += rate;
                }
            }
        }
        let effect = drug.effect.as_ref().map(|_| n - 2);
        if let (Some(at), Some(ke0)) = (effect, &drug.effect) {
            let ke0 = value("effect.ke0", ke0)?;
            k[at * n + central] += ke0 * felt_per_mg;
            k[at * n + at] -= ke0;
        }
        let or = |what: &str, e: &Option<Expr>, other: f64| e.as_ref().map_or(Ok(other), |e| value(what, e));
        Ok(Compartments {
            amounts: smallvec![0.0; n],
            generator: k.into(),
            central,
            chain_first: depot + 1 + peripheral,
            chain: chain.map(|first| first + states - 1),
            effect,
            felt_per_mg,
            held,
            lag: or("lag", &drug.lag, 0.0)?,
            bioavailability: or("bioavailability", &drug.bioavailability, 1.0)?,
            propagators: Rc::default(),
            largest: 0.0,
        })
    }

    /// Days from a dose to its arrival; 0 without a lag.
    pub fn lag(&self) -> f64 {
        self.lag
    }

    /// Share of a dose that arrives; 1 when the drug does not say.
    pub fn bioavailability(&self) -> f64 {
        self.bioavailability
    }

    /// The arrival at once of `amount` mg, lag and bioavailability behind it, in depot or centre; of a held drug, the felt
    /// concentration from now on.
    pub fn dose(&mut self, amount: f64) {
        if self.held {
            self.amounts[self.central] = amount;
        } else {
            self.amounts[0] += amount;
        }
        self.largest = self.largest.max(amount);
    }

    /// Changes the rate of infusion by `mg_per_day` (negative when one ends); `amount` is what it will have brought, mg.
    pub fn infuse(&mut self, mg_per_day: f64, amount: f64) {
        let input = self.amounts.len() - 1;
        self.amounts[input] += mg_per_day;
        if self.amounts[input].abs() < 1e-9 * mg_per_day.abs() {
            self.amounts[input] = 0.0;
        }
        self.largest = self.largest.max(amount);
    }

    /// Lets `days` pass without a dose.
    pub fn advance(&mut self, days: f64) {
        let n = self.amounts.len();
        if days <= 0.0 || self.is_empty() {
            return;
        }
        let e = self.propagator(days);
        matrix::apply(&e, &mut self.amounts);
        // Rounding leaves none below 0.
        self.amounts.iter_mut().for_each(|x| *x = x.max(0.0));
        let body = self.chain_first.min(n - 1);
        let gone = 1e-9 * self.largest;
        let in_body = self.amounts[..body].iter().all(|&a| a < gone);
        let in_chain = self.amounts[body..n - 1].iter().all(|&x| x < gone * self.felt_per_mg);
        if in_body && in_chain && self.amounts[n - 1] == 0.0 {
            self.amounts.fill(0.0);
        }
    }

    fn propagator(&self, days: f64) -> Rc<[f64]> {
        let mut known = self.propagators.borrow_mut();
        if let Some(e) = known.get(&days.to_bits()) {
            return e.clone();
        }
        let scaled: matrix::Matrix = self.generator.iter().map(|x| x * days).collect();
        let e: Rc<[f64]> = Rc::from(&matrix::exponential(&scaled, self.amounts.len())[..]);
        if known.len() >= 512 {
            known.clear();
        }
        known.insert(days.to_bits(), e.clone());
        e
    }

    /// Felt concentration, base units; of a K-PD drug the virtual infusion rate, mg/day.
    pub fn concentration(&self) -> f64 {
        self.amounts[self.central] * self.felt_per_mg
    }

    /// Concentration after the transit delay; without a delay the same as [`concentration`](Self::concentration).
    pub fn delayed(&self) -> f64 {
        self.chain.map_or_else(|| self.concentration(), |last| self.amounts[last])
    }

    /// Concentration in the effect compartment; without one the same as [`concentration`](Self::concentration).
    pub fn effect(&self) -> f64 {
        self.effect.map_or_else(|| self.concentration(), |at| self.amounts[at])
    }

    /// True when nothing is left and nothing flows in.
    pub fn is_empty(&self) -> bool {
        self.amounts.iter().all(|&a| a == 0.0)
    }

    /// True when the concentration cannot move before the next dose.
    pub fn is_constant(&self) -> bool {
        self.is_empty()
            || (self.held
                && [self.chain, self.effect]
                    .into_iter()
                    .flatten()
                    .all(|at| (self.amounts[at] - self.amounts[self.central]).abs() <= 1e-9 * self.largest))
    }

    /// Fastest rate at which anything in the body changes now, a day; 0 when nothing is there.
    pub fn fastest(&self) -> f64 {
        if self.is_constant() {
            return 0.0;
        }
        let n = self.amounts.len();
        (0..n).map(|i| self.generator[i * n + i].abs()).fold(0.0, f64::max)
    }

    /// Amounts and inputs, for telling whether two moments are alike.
    pub fn state(&self) -> &[f64] {
        &self.amounts
    }

    /// Puts back a state that [`state`](Self::state) gave.
    pub fn restore(&mut self, state: &[f64]) {
        self.amounts.copy_from_slice(state);
    }

    /// Largest amount so far; sets the scale on which two states are alike.
    pub fn scale(&self) -> f64 {
        self.largest
    }
}
