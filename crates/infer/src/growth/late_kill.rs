//! The delay between drug and kill, fitted to all readings of a line, alone or with a line that is only slowed.
//!
//! The model is that of [`crate::delayed`]. It needs three times or more besides 0 h and two doses above 0; it is judged
//! against the same model without a delay by F with one degree of freedom.

use crate::delayed::{DelayedDeath, DelayedFit, Values};
use crate::failure::FitFailure;
use crate::student::{f_above, t_95};
use crate::table::Reading;

/// The delay, and how much better it fits than none.
#[derive(Debug, Clone, PartialEq)]
pub struct LateKill {
    /// What was held.
    pub model: DelayedDeath,
    /// The fit with a delay.
    pub fit: DelayedFit,
    /// F of the delay with one degree of freedom, and p.
    pub against_none: (f64, f64),
    /// Sum of squares without a delay.
    pub without: f64,
}

impl LateKill {
    /// Fits readings of the killed line (and of the slowed one, where given) from several starts.
    pub fn fit(
        readings: &[Reading],
        killed: &str,
        slowed: Option<&str>,
        deaths: (f64, f64),
        states: u32,
    ) -> Result<LateKill, FitFailure> {
        let of = |r: &&Reading| r.cell_type == killed || Some(r.cell_type.as_str()) == slowed;
        let mine: Vec<Reading> = readings.iter().filter(of).cloned().collect();
        let sorted = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values.dedup();
            values
        };
        let times = sorted(mine.iter().map(|r| r.time).collect());
        let doses = sorted(mine.iter().map(|r| r.concentration).filter(|c| *c > 0.0).collect());
        let what = format!("delay of the kill of `{killed}`");
        if times.len() < 4 || times[0] > 0.0 {
            let found = times.iter().filter(|t| **t > 0.0).count();
            return Err(FitFailure::TooFew { what: format!("{what}, times besides 0 h"), found, needed: 3 });
        }
        if doses.len() < 2 {
            return Err(FitFailure::TooFew { what: format!("{what}, doses above 0"), found: doses.len(), needed: 2 });
        }
        let last = times[times.len() - 1];
        let mean_at = |line: &str, time: f64| {
            let all: Vec<f64> =
                mine.iter().filter(|r| r.cell_type == line && r.time == time).map(|r| r.signal).collect();
            if all.is_empty() { 1.0 } else { all.iter().sum::<f64>() / all.len() as f64 }
        };
        let growth = |line: &str| (libm::log(mean_at(line, times[1]) / mean_at(line, 0.0)) / times[1]).max(0.005);
        let most = mine.iter().map(|r| r.signal).fold(0.0, f64::max);
        let model = |states| DelayedDeath {
            sensitive: killed.to_string(),
            resistant: slowed.unwrap_or("").to_string(),
            death: deaths.0,
            death_resistant: deaths.1,
            states,
            step: f64::max(0.25, last / 400.0),
        };
        let other = slowed.unwrap_or(killed);
        let mut with: Option<DelayedFit> = None;
        let mut without: Option<DelayedFit> = None;
        let mut failure = None;
        for (mean, c0) in [(0.8, doses[0] / 3.0), (0.3, doses[doses.len() / 2]), (1.2, doses[0] / 10.0)] {
            let birth = growth(killed) * 1.2 + deaths.0;
            let start = Values {
                signal0: mean_at(killed, 0.0),
                signal0_resistant: mean_at(other, 0.0),
                birth,
                birth_resistant: growth(other) * 1.2 + deaths.1,
                mean: mean * last,
                c0,
                kill: birth,
                c_resistant: 2.0 * doses[doses.len() - 1],
                capacity: 3.0 * most,
            };
            for (states, kept) in [(Some(states), &mut with), (None, &mut without)] {
                match model(states).fit(&mine, &start) {
                    Ok(fit) if kept.as_ref().is_none_or(|k| fit.fit.sum_of_squares < k.fit.sum_of_squares) => {
                        *kept = Some(fit);
                    }
                    Ok(_) => {}
                    Err(found) => failure = Some(found),
                }
            }
        }
        let (Some(fit), Some(without)) = (with, without) else {
            return Err(failure.unwrap_or(FitFailure::TooFew { what, found: mine.len(), needed: 10 }));
        };
        let freedom = fit.fit.degrees_of_freedom as f64;
        let f = (without.fit.sum_of_squares - fit.fit.sum_of_squares).max(0.0) * freedom / fit.fit.sum_of_squares;
        let p = if freedom > 0.0 && f.is_finite() { f_above(f, 1.0, freedom) } else { 1.0 };
        Ok(LateKill { model: model(Some(states)), without: without.fit.sum_of_squares, fit, against_none: (f, p) })
    }

    /// A value with its 95 % interval, from the standard error of its logarithm; wide where the readings do not hold it.
    pub fn value(&self, of: fn(&Values) -> f64) -> (f64, (f64, f64)) {
        let (value, error) = (of(&self.fit.values), of(&self.fit.standard_error_of_log));
        let t = t_95(self.fit.fit.degrees_of_freedom as f64);
        (value, (value * libm::exp(-t * error), value * libm::exp(t * error)))
    }

    /// When half of the kill is reached under a constant dose, hours; none when it never is.
    pub fn half_kill(&self, concentration: f64) -> Option<f64> {
        let wanted = self.fit.values.c0 * std::f64::consts::LN_2 / concentration;
        let states = self.model.states?;
        if wanted >= 1.0 {
            return None;
        }
        let (mut low, mut high) = (0.0, 100.0);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if crate::delayed::filled(states, middle) < wanted { low = middle } else { high = middle }
        }
        Some(self.fit.values.mean * low)
    }
}
