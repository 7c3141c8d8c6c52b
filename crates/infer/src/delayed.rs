//! Two lines of a dish under a drug that kills one of them late: births share a capacity, death follows a delay.
//!
//! With C the concentration, X the end of a chain of n states that begins empty and has mean passage time `mean`
//! (each state filled from the one before it at rate n / mean), and signals N, each well holding one line:
//!
//! ```text
//! sensitive  dN/dt = birth (1 - N/K) N - [death + kill (1 - e^(-X/c0))] N
//! resistant  dN/dt = birth' e^(-C/c') (1 - N/K) N - death' N
//! ```
//!
//! C is constant, so X = C P(n, n t / mean), P the regularised lower incomplete gamma function: for whole n a
//! Poisson tail ([`filled`]). ln N is carried by classical Runge-Kutta of order 4. Source of the model and of its
//! rulings: `catalogue/pc9-erlotinib/notes.md`. Left out: concentrations that change, mixed wells.

use crate::failure::{FitFailure, above_zero};
use crate::least_squares::{Fit, Search, minimise};
use crate::table::Reading;

/// What is held fixed.
#[derive(Debug, Clone, PartialEq)]
pub struct DelayedDeath {
    /// Cell type that is killed, as in the table.
    pub sensitive: String,
    /// Cell type that is only slowed, as in the table.
    pub resistant: String,
    /// Death of sensitive cells without drug, per hour, 0 or more.
    pub death: f64,
    /// Death of resistant cells, per hour, 0 or more.
    pub death_resistant: f64,
    /// States of the chain; `None`: no delay, X = C from the first hour.
    pub states: Option<u32>,
    /// Longest step of the integration, hours, above 0; 0.25 serves cells that divide once a day.
    pub step: f64,
}

/// What is fitted; every value above 0. As standard errors: those of the natural logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Values {
    /// Signal of sensitive wells at 0 h.
    pub signal0: f64,
    /// Signal of resistant wells at 0 h.
    pub signal0_resistant: f64,
    /// Birth of sensitive cells in an empty dish, per hour.
    pub birth: f64,
    /// Birth of resistant cells in an empty dish without drug, per hour.
    pub birth_resistant: f64,
    /// Mean passage time of the chain, hours; 0 and not used without a delay.
    pub mean: f64,
    /// Concentration that leaves 1/e of the kill undone, unit of the table.
    pub c0: f64,
    /// Most the drug adds to death of sensitive cells, per hour.
    pub kill: f64,
    /// Concentration that leaves 1/e of resistant births, unit of the table.
    pub c_resistant: f64,
    /// Signal at which births stop, K.
    pub capacity: f64,
}

/// One of the two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellLine {
    /// Killed late.
    Sensitive,
    /// Slowed at once.
    Resistant,
}

/// The estimate.
#[derive(Debug, Clone, PartialEq)]
pub struct DelayedFit {
    /// Values at the minimum.
    pub values: Values,
    /// Standard errors of their logarithms.
    pub standard_error_of_log: Values,
    /// Residuals ln N - ln(signal) in the order of the readings, and convergence; its estimates are logarithms.
    pub fit: Fit,
}

const NAMES: [&str; 9] =
    ["signal0", "signal0_resistant", "birth", "birth_resistant", "mean", "c0", "kill", "c_resistant", "capacity"];

impl Values {
    /// `change` applied to every value, in the order of the fields.
    ///
    /// ```
    /// # use remission_infer::delayed::Values;
    /// let one = Values {
    ///     signal0: 1.0, signal0_resistant: 1.0, birth: 1.0, birth_resistant: 1.0, mean: 1.0, c0: 1.0, kill: 1.0,
    ///     c_resistant: 1.0, capacity: 1.0,
    /// };
    /// assert_eq!(one.map(f64::ln).capacity, 0.0);
    /// ```
    pub fn map(&self, change: impl FnMut(f64) -> f64) -> Values {
        Values::from_array(self.array().map(change))
    }

    fn array(&self) -> [f64; 9] {
        let Values { signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant, capacity } =
            *self;
        [signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant, capacity]
    }

    fn from_array(x: [f64; 9]) -> Values {
        let [signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant, capacity] = x;
        Values { signal0, signal0_resistant, birth, birth_resistant, mean, c0, kill, c_resistant, capacity }
    }
}

impl DelayedDeath {
    /// Least squares of ln N on ln(signal) over all `readings` with equal weights, all values free as logarithms.
    ///
    /// A reading at 0 h is compared with the signal at 0 h of its line, once, whatever its concentration. The values of
    /// a line without readings are not fitted and come out as 0. Errs with
    /// a cell type that is neither of the two, a start, signal or step that is not above 0, or fewer readings than
    /// values. See `tests/pc9.rs` for 96 real readings.
    ///
    /// ```
    /// use remission_infer::delayed::{DelayedDeath, CellLine, Values};
    /// use remission_infer::table::Reading;
    /// let model = DelayedDeath {
    ///     sensitive: "a".into(), resistant: "b".into(), death: 0.008, death_resistant: 0.003, states: Some(8), step: 0.25,
    /// };
    /// let truth = Values {
    ///     signal0: 0.06, signal0_resistant: 0.07, birth: 0.05, birth_resistant: 0.04, mean: 40.0, c0: 0.5, kill: 0.05,
    ///     c_resistant: 40.0, capacity: 2.0,
    /// };
    /// let mut readings = Vec::new();
    /// for (name, line) in [("a", CellLine::Sensitive), ("b", CellLine::Resistant)] {
    ///     for concentration in [0.0, 1.0, 10.0] {
    ///         for (k, signal) in model.signals(&truth, line, concentration, &[0.0, 24.0, 48.0, 72.0]).into_iter().enumerate() {
    ///             let time = 24.0 * k as f64;
    ///             readings.push(Reading { cell_type: name.into(), concentration, time, replicate: 1, signal });
    ///         }
    ///     }
    /// }
    /// let fit = model.fit(&readings, &Values { birth: 0.06, mean: 60.0, capacity: 3.0, ..truth }).unwrap();
    /// assert!(fit.fit.convergence.reached() && (fit.values.mean - 40.0).abs() < 1e-3);
    /// ```
    pub fn fit(&self, readings: &[Reading], start: &Values) -> Result<DelayedFit, FitFailure> {
        self.check()?;
        let wells = self.wells(readings)?;
        let there = |line: CellLine| wells.iter().any(|w| w.line == line);
        let (sensitive, resistant) = (there(CellLine::Sensitive), there(CellLine::Resistant));
        let felt = |k: usize| match NAMES[k] {
            "mean" => sensitive && self.states.is_some(),
            "signal0" | "birth" | "c0" | "kill" => sensitive,
            "signal0_resistant" | "birth_resistant" | "c_resistant" => resistant,
            _ => true,
        };
        let free: Vec<usize> = (0..NAMES.len()).filter(|&k| felt(k)).collect();
        let mut logs = Vec::new();
        for &k in &free {
            above_zero(&format!("{} at the start", NAMES[k]), start.array()[k])?;
            logs.push(libm::log(start.array()[k]));
        }
        let unpack = |x: &[f64], map: fn(f64) -> f64| {
            let mut all = [0.0; 9];
            free.iter().zip(x).for_each(|(&k, v)| all[k] = map(*v));
            Values::from_array(all)
        };
        let residuals = |x: &[f64], r: &mut [f64]| {
            let values = unpack(x, libm::exp);
            for well in &wells {
                let logs = self.log_signals(&values, well.line, well.concentration, &well.times);
                for (at, found) in well.times.iter().zip(logs) {
                    for &(time, index, seen) in &well.readings {
                        if time == *at {
                            r[index] = found - seen;
                        }
                    }
                }
            }
        };
        let fit = minimise(residuals, readings.len(), &logs, &Search::default())?;
        let values = unpack(&fit.estimate, libm::exp);
        let standard_error_of_log = unpack(&fit.standard_error, |s| s);
        Ok(DelayedFit { values, standard_error_of_log, fit })
    }

    /// Signals of a line at `times` (hours, ascending, 0 or more) under a constant concentration.
    ///
    /// ```
    /// # use remission_infer::delayed::*;
    /// # let values = Values {
    /// #     signal0: 0.06, signal0_resistant: 0.07, birth: 0.05, birth_resistant: 0.04, mean: 40.0, c0: 0.5, kill: 0.05,
    /// #     c_resistant: 40.0, capacity: 2.0,
    /// # };
    /// # let model = DelayedDeath {
    /// #     sensitive: "a".into(), resistant: "b".into(), death: 0.008, death_resistant: 0.003, states: Some(8), step: 0.25,
    /// # };
    /// let seen = model.signals(&values, CellLine::Sensitive, 1.0, &[0.0, 24.0, 96.0]);
    /// assert!((seen[0] - 0.06).abs() < 1e-15 && seen[1] > 0.12 && seen[2] < seen[1] * 2.0);
    /// assert!(model.net_rate(&values, CellLine::Sensitive, 1.0, 72.0, 96.0) < 0.0);
    /// ```
    pub fn signals(&self, values: &Values, line: CellLine, concentration: f64, times: &[f64]) -> Vec<f64> {
        self.log_signals(values, line, concentration, times).into_iter().map(libm::exp).collect()
    }

    /// Mean net rate per hour of a line between two times: the difference of ln N over that of time.
    pub fn net_rate(&self, values: &Values, line: CellLine, concentration: f64, from: f64, until: f64) -> f64 {
        let logs = self.log_signals(values, line, concentration, &[from, until]);
        (logs[1] - logs[0]) / (until - from)
    }

    fn log_signals(&self, values: &Values, line: CellLine, concentration: f64, times: &[f64]) -> Vec<f64> {
        let slowed = libm::exp(-concentration / values.c_resistant);
        let (mut log, birth) = match line {
            CellLine::Sensitive => (libm::log(values.signal0), values.birth),
            CellLine::Resistant => (libm::log(values.signal0_resistant), values.birth_resistant * slowed),
        };
        let death = |time: f64| match line {
            CellLine::Resistant => self.death_resistant,
            CellLine::Sensitive => {
                let reached = self.states.map_or(1.0, |n| filled(n, time / values.mean));
                self.death - values.kill * libm::expm1(-concentration * reached / values.c0)
            }
        };
        let net = |log: f64, death: f64| birth * (1.0 - libm::exp(log) / values.capacity) - death;
        let (mut now, mut death_now) = (0.0, death(0.0));
        times
            .iter()
            .map(|&until| {
                let steps = libm::ceil((until - now) / self.step).max(0.0) as usize;
                let (begin, h) = (now, (until - now) / steps.max(1) as f64);
                for k in 0..steps {
                    let (middle, end) = (death(begin + (k as f64 + 0.5) * h), death(begin + (k as f64 + 1.0) * h));
                    let k1 = net(log, death_now);
                    let k2 = net(log + 0.5 * h * k1, middle);
                    let k3 = net(log + 0.5 * h * k2, middle);
                    let k4 = net(log + h * k3, end);
                    log += h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4);
                    death_now = end;
                }
                now = until;
                log
            })
            .collect()
    }

    fn check(&self) -> Result<(), FitFailure> {
        above_zero("the step of the integration", self.step)?;
        above_zero("states of the chain", f64::from(self.states.unwrap_or(1)))?;
        for (what, found) in [("death", self.death), ("death_resistant", self.death_resistant)] {
            if !(found >= 0.0 && found.is_finite()) {
                return Err(FitFailure::OutOfRange { what: what.into(), found, allowed: "a finite number, 0 or more" });
            }
        }
        Ok(())
    }

    /// Readings by line and concentration, so that each curve is integrated once.
    fn wells(&self, readings: &[Reading]) -> Result<Vec<Well>, FitFailure> {
        let mut wells: Vec<Well> = Vec::new();
        for (index, reading) in readings.iter().enumerate() {
            above_zero("a signal", reading.signal)?;
            let line = match &reading.cell_type {
                name if *name == self.sensitive => CellLine::Sensitive,
                name if *name == self.resistant => CellLine::Resistant,
                name => {
                    let allowed = vec![self.sensitive.clone(), self.resistant.clone()];
                    return Err(FitFailure::UnknownCellType { found: name.clone(), allowed });
                }
            };
            let place = wells.iter().position(|w| w.line == line && w.concentration == reading.concentration);
            let place = place.unwrap_or_else(|| {
                let (times, readings) = (Vec::new(), Vec::new());
                wells.push(Well { line, concentration: reading.concentration, times, readings });
                wells.len() - 1
            });
            wells[place].times.push(reading.time);
            wells[place].readings.push((reading.time, index, libm::log(reading.signal)));
        }
        for well in &mut wells {
            well.times.sort_by(f64::total_cmp);
            well.times.dedup();
        }
        Ok(wells)
    }
}

struct Well {
    line: CellLine,
    concentration: f64,
    /// Times of its readings, ascending, each once.
    times: Vec<f64>,
    /// Time, index among all readings, ln(signal).
    readings: Vec<(f64, usize, f64)>,
}

/// How far the end of a chain of `states` has come to the level held at its beginning, 0 to 1, after `means` times
/// its mean passage time: P(n, n m), P the regularised lower incomplete gamma function (DLMF 8.2.4).
///
/// For a whole n it is the chance of n events or more in a Poisson law of mean n m; its smaller tail is summed, so
/// that small values keep their digits. At least one state.
///
/// ```
/// use remission_infer::delayed::filled;
/// assert!((filled(1, 0.7) - (1.0 - (-0.7f64).exp())).abs() < 1e-15);
/// assert!((filled(12, 0.5) / 0.020091963 - 1.0).abs() < 1e-6); // P(12, 6)
/// assert_eq!(filled(12, 0.0), 0.0);
/// ```
pub fn filled(states: u32, means: f64) -> f64 {
    let n = f64::from(states);
    let x = n * means;
    if x <= 0.0 {
        return 0.0;
    }
    // The first term beyond or before the cut: e^-x x^n / n!.
    let first = libm::exp(n * libm::log(x) - x - libm::lgamma(n + 1.0));
    if x < n {
        let (mut sum, mut term, mut j) = (0.0, first, n);
        while term > 1e-17 * sum {
            sum += term;
            j += 1.0;
            term *= x / j;
        }
        return sum;
    }
    let (mut sum, mut term, mut j) = (0.0, first * n / x, n - 1.0);
    while j >= 0.0 && term > 1e-17 * sum {
        sum += term;
        term *= j / x;
        j -= 1.0;
    }
    1.0 - sum
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn filled_is_the_end_of_a_chain_of_states() {
        const STATES: usize = 12;
        // dX1/dt = k (1 - X1), dXj/dt = k (Xj-1 - Xj), mean 1, by Runge-Kutta of order 4.
        let slope = |x: &[f64; STATES]| -> [f64; STATES] {
            std::array::from_fn(|j| STATES as f64 * (if j == 0 { 1.0 } else { x[j - 1] } - x[j]))
        };
        let along = |x: &[f64; STATES], s: &[f64; STATES], h: f64| std::array::from_fn(|j| x[j] + h * s[j]);
        let (mut x, h) = ([0.0; STATES], 1e-3);
        for step in 1..=3000 {
            let a = slope(&x);
            let b = slope(&along(&x, &a, h / 2.0));
            let c = slope(&along(&x, &b, h / 2.0));
            let d = slope(&along(&x, &c, h));
            x = std::array::from_fn(|j| x[j] + h / 6.0 * (a[j] + 2.0 * b[j] + 2.0 * c[j] + d[j]));
            let law = filled(STATES as u32, step as f64 * h);
            assert!((x[STATES - 1] - law).abs() < 1e-9, "step {step}: {} for {law}", x[STATES - 1]);
        }
        // The two tails meet where the sums change over.
        assert!((filled(12, 1.0 + 1e-12) - filled(12, 1.0 - 1e-12)).abs() < 1e-10);
        assert_eq!((filled(12, -1.0), filled(200, 50.0)), (0.0, 1.0));
    }
}
