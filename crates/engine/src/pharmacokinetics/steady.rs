//! A drug at steady state, in closed form: no doses are given until nothing changes any more.
//!
//! Let K be the generator without its input, II the interval between doses and w what one dose, given to an empty body, leaves
//! at the end of its interval. The states before all doses of a steady state are equal, x = e^{K II} x + w, so that
//! x = (I - e^{K II})^{-1} w, the geometric sum over all earlier doses (Gibaldi & Perrier, Pharmacokinetics, ch. 3, term
//! by term of the exponentials; here for all states at once). Delay chain and effect compartment are states like the others. An
//! infusion of m intervals and a rest d is a constant infusion at m times its rate, at whose steady state 0 = K x + input,
//! and one of length d every interval.
//!
//! Amounts and rates are those that arrive: bioavailability and lag are applied by who asks. Left out: cycles of unequal
//! doses, which are sums of such steady states at other phases.

use super::Compartments;
use crate::matrix;

/// What [`Compartments::steady`] finds.
#[derive(Debug, Clone, PartialEq)]
pub struct Steady {
    /// As of [`Compartments::state`], the rate of the running infusions last.
    pub state: Vec<f64>,
    /// Days until each running infusion ends, the latest first.
    pub ends: Vec<f64>,
}

impl Compartments {
    /// The state `since` days after the arrival of the latest of endless doses of `amount` mg every `interval` days, each over
    /// `duration` days (0: at once). At `since` 0 that dose is in (or its infusion has begun); at `since` equal to
    /// `interval` the next is not, which is the state right before a dose.
    ///
    /// A dose taken now that arrives after a lag meets the state at `since` = `interval` - lag (of a lag longer than the interval,
    /// what is left when whole intervals are taken off). Of a held drug: `amount` (a concentration) held for ever. The
    /// infusions that run are listed, so that their ends can be planned: each slows the input by amount / duration.
    ///
    /// Shape: `interval` > 0, 0 <= `since` <= `interval`, `amount` and `duration` finite and >= 0.
    ///
    /// ```
    /// # use remission_engine::pharmacokinetics::Compartments;
    /// # let text = std::fs::read_to_string("../../spec/cases/valid/two_compartments.toml").unwrap();
    /// # let text = text.split("# --- study ---").next().unwrap();
    /// # let model = remission_model::model_from_toml("model.toml", text).unwrap();
    /// # let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    /// // A bolus into 5 L, cleared at 10 L/day: k = 2 /day, and the trough of 10 mg a day is 2 mg/L e^-2 / (1 - e^-2).
    /// let drug = Compartments::new(&model, &model.drugs[1], &parameters).unwrap();
    /// let trough = drug.steady(10.0, 0.0, 1.0, 1.0);
    /// let mut at_trough = drug.clone();
    /// at_trough.set_state(&trough.state);
    /// assert!((at_trough.concentration() - 2.0 / (2f64.exp() - 1.0)).abs() < 1e-12);
    /// ```
    pub fn steady(&self, amount: f64, duration: f64, interval: f64, since: f64) -> Steady {
        let n = self.amounts.len();
        if self.held {
            return Steady { state: self.held_for_ever(amount), ends: Vec::new() };
        }
        let mut x = vec![0.0; n];
        if duration == 0.0 {
            x[0] = amount;
            let mut after = self.sum_of_all(x, interval);
            if since > 0.0 {
                after = self.carried(&after, since);
            }
            return Steady { state: after, ends: Vec::new() };
        }
        let rate = amount / duration;
        let whole = libm::floor(duration / interval);
        let rest = (duration - whole * interval).clamp(0.0, interval);
        if rest > 0.0 {
            x[n - 1] = rate;
            x = self.carried(&x, rest);
            x[n - 1] = 0.0;
            x = self.carried(&x, interval - rest);
            x = self.sum_of_all(x, interval);
        }
        let base = self.steady_infusion(whole * rate);
        x.iter_mut().zip(&base).for_each(|(x, b)| *x += b);
        // From the start of the latest infusion to now.
        x[n - 1] = (whole + 1.0) * rate;
        x = self.carried(&x, since.min(rest));
        x[n - 1] = whole * rate;
        x = self.carried(&x, (since - rest).max(0.0));
        let mut ends = Vec::new();
        let mut age = since;
        while age < duration {
            ends.push(duration - age);
            age = since + ends.len() as f64 * interval;
        }
        x[n - 1] = ends.len() as f64 * rate;
        Steady { state: x, ends }
    }

    /// The state at which an infusion of `rate` mg/day changes nothing any more; the infusion goes on.
    pub fn steady_infusion(&self, rate: f64) -> Vec<f64> {
        if self.held {
            return self.held_for_ever(rate);
        }
        let n = self.amounts.len();
        let body = n - 1;
        let minus_k = (0..body * body).map(|at| -self.generator[at / body * n + at % body]).collect();
        let input = (0..body).map(|i| self.generator[i * n + body] * rate).collect();
        let mut x = matrix::solve(minus_k, input);
        x.push(rate);
        x
    }

    /// Takes a state that [`steady`](Self::steady) or [`steady_infusion`](Self::steady_infusion) gave instead of what is there.
    pub fn set_state(&mut self, state: &[f64]) {
        self.amounts.fill(0.0);
        self.add_state(state);
    }

    /// Adds such a state to what is there, since the compartments are linear.
    pub fn add_state(&mut self, state: &[f64]) {
        let n = self.amounts.len();
        for (i, (a, s)) in self.amounts.iter_mut().zip(state).enumerate() {
            *a += s;
            let mg = if i < self.chain_first.min(n - 1) { *s } else { *s / self.felt_per_mg };
            // The rate of an infusion is no amount; what it has brought in is among the others.
            self.largest = if i == n - 1 { self.largest } else { self.largest.max(mg) };
        }
    }

    /// (I - e^{K II})^{-1} x, without its input.
    fn sum_of_all(&self, mut x: Vec<f64>, interval: f64) -> Vec<f64> {
        let n = self.amounts.len();
        let body = n - 1;
        let e = self.propagator(interval);
        let left = |at: usize| {
            let (i, j) = (at / body, at % body);
            f64::from(u8::from(i == j)) - e[i * n + j]
        };
        x.truncate(body);
        let mut x = matrix::solve((0..body * body).map(left).collect(), x);
        x.push(0.0);
        x
    }

    fn carried(&self, x: &[f64], days: f64) -> Vec<f64> {
        if days <= 0.0 {
            return x.to_vec();
        }
        let n = x.len();
        let e = self.propagator(days);
        (0..n).map(|i| e[i * n..(i + 1) * n].iter().zip(x).map(|(a, b)| a * b).sum::<f64>().max(0.0)).collect()
    }

    fn held_for_ever(&self, concentration: f64) -> Vec<f64> {
        let mut x = vec![concentration; self.amounts.len()];
        x[self.amounts.len() - 1] = 0.0;
        x
    }
}
