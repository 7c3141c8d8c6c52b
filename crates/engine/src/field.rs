//! The mean field: how counts, taken as real numbers, and levels change at a moment.
//!
//! Used by [`crate::mean`], and inside a step of models in which cells act on each other to foresee how rates
//! will move while the step lasts.

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::ode::{self, Tolerance};
use crate::window::set_exposure;
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};
use smallvec::SmallVec;

/// Buffers for the mean field of one model.
#[derive(Debug, Clone)]
pub struct Field {
    rates: Vec<f64>,
    counts: Vec<f64>,
    labels: usize,
}

impl Field {
    /// For `labels` copies of the counts (1 when founders are not told apart).
    pub fn new(compiled: &Compiled, labels: usize) -> Self {
        Field { rates: vec![0.0; compiled.layout.len()], counts: vec![0.0; compiled.types()], labels }
    }

    /// Rates of the last evaluation.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// Puts `y` (labelled counts, then levels) into the registers and evaluates all rates.
    pub fn evaluate(&mut self, compiled: &Compiled, registers: &mut Registers, y: &[f64]) -> Result<(), Failure> {
        let n = compiled.types();
        self.counts.fill(0.0);
        for label in 0..self.labels {
            for i in 0..n {
                self.counts[i] += y[label * n + i].max(0.0);
            }
        }
        compiled.set_counts(registers, &self.counts);
        for (k, &level) in y[self.labels * n..].iter().enumerate() {
            registers.set(Slot::Level(k), level);
        }
        compiled.rates(registers, Depends::Exposure, &mut self.rates)
    }

    /// Change a day. `target(channel, excess share)` says into which labels a founder falls, as shares.
    pub fn slope(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        y: &[f64],
        dy: &mut [f64],
        shares: &mut dyn FnMut(usize, f64, &mut [f64]),
    ) -> Result<(), Failure> {
        self.evaluate(compiled, registers, y)?;
        compiled.level_rates(registers, &mut dy[self.labels * compiled.types()..])?;
        self.flows(compiled, y, dy, shares);
        Ok(())
    }

    /// The change of counts a day at the rates of the last evaluation, into the first places of `dy`.
    pub fn flows(
        &self,
        compiled: &Compiled,
        y: &[f64],
        dy: &mut [f64],
        shares: &mut dyn FnMut(usize, f64, &mut [f64]),
    ) {
        let (n, layout) = (compiled.types(), compiled.layout);
        let r = &self.rates;
        let mut share: SmallVec<[f64; 4]> = SmallVec::from_elem(0.0, self.labels);
        for label in 0..self.labels {
            let x = &y[label * n..(label + 1) * n];
            for i in 0..n {
                dy[label * n + i] = x[i] * (r[layout.birth(i)] - r[layout.death(i)]);
                if label == 0 {
                    dy[i] += r[layout.immigration(i)];
                }
            }
            for (s, &(from, to)) in compiled.switches().iter().enumerate() {
                let flow = x[from] * r[layout.switch(s)];
                dy[label * n + from] -= flow;
                dy[label * n + to] += flow;
            }
        }
        for (c, channel) in compiled.channels.iter().enumerate() {
            let cells: f64 = (0..self.labels).map(|label| y[label * n + channel.from]).sum();
            let founding = r[layout.founding(c)];
            let flow = cells * founding;
            let excess = if founding > 0.0 { (r[layout.excess(c)] / founding).min(1.0) } else { 0.0 };
            shares(c, excess, &mut share);
            for label in 0..self.labels {
                dy[label * n + channel.to] += flow * share[label];
            }
        }
    }

    /// Carries `y` over `days` in which no dose falls; `exposure` is at the start and is left at the end.
    pub fn carry(
        &mut self,
        compiled: &Compiled,
        registers: &mut Registers,
        exposure: &mut Exposure,
        y: &mut [f64],
        days: f64,
        tolerance: Tolerance,
        shares: &mut dyn FnMut(usize, f64, &mut [f64]),
    ) -> Result<(), Failure> {
        let start = exposure.snapshot();
        let moving = !exposure.is_constant();
        set_exposure(compiled, registers, exposure, start.0);
        ode::integrate(y, 0.0, days, tolerance, &mut |t, y, dy| {
            if moving {
                exposure.restore(&start);
                exposure.drift(t);
                set_exposure(compiled, registers, exposure, start.0 + t);
            } else if compiled.uses_time {
                registers.set(Slot::Time, exposure.date(start.0 + t));
            }
            self.slope(compiled, registers, y, dy, shares)
        })?;
        exposure.restore(&start);
        exposure.drift(days);
        Ok(())
    }
}
