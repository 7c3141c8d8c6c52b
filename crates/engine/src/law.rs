//! Probabilities without simulation, for models in which cells do not act on each other.
//!
//! Forward: mean and covariance of all counts from the moment equations of a multi-type branching process.
//! Backward: e_i(t) = P(at least one cell of the marked types at the end | one cell of type i at t), from
//!     -de_i/dt = sum over events of i of rate x (1 - product over offspring (1 - e) - e_i),
//! written in e so that small probabilities keep their digits (Kendall 1948; Athreya & Ney 1972, ch. V). The judge of
//! the other methods.

pub mod arm;
pub mod bound;
pub mod counts;
pub mod equations;
pub mod expressible;
pub mod lines;
pub mod origins;
pub mod scalar;
pub mod start;
pub mod timeline;

use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::field::Field;
use crate::interacting::all_in_one;
use crate::ode::{Tolerance, integrate};
use crate::window::Window;
use remission_model::program::Registers;

const TOLERANCE: Tolerance = Tolerance { relative: 1e-10, absolute: 1e-12 };

/// Mean and covariance of the counts of all types.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Expected cells of each type.
    pub mean: Vec<f64>,
    /// Covariances, row by row.
    pub covariance: Vec<f64>,
}

/// Rates over the next `days` as intervals of constant rates.
fn intervals(
    compiled: &Compiled,
    parameters: &[f64],
    exposure: &Exposure,
    days: f64,
) -> Result<(Registers, Window), Failure> {
    let mut registers = compiled.registers(parameters);
    let window = Window::of_exposure(compiled, &mut registers, &mut exposure.clone(), days)?;
    Ok((registers, window))
}

/// Moments of the counts after `days`, from exactly known `start` counts.
///
/// Only for models in which cells do not act on each other (`!compiled.interacting`).
pub fn moments(
    compiled: &Compiled,
    parameters: &[f64],
    exposure: &Exposure,
    start: &[f64],
    days: f64,
) -> Result<Moments, Failure> {
    let n = compiled.types();
    let (_, window) = intervals(compiled, parameters, exposure, days)?;
    let layout = compiled.layout;
    let mut y = start.to_vec();
    y.extend(vec![0.0; n * n]);
    for (k, interval) in window.intervals.iter().enumerate() {
        let r = window.rates(k);
        // Every event as (source, rate, jump); arrivals have no source.
        let mut events: Vec<(Option<usize>, f64, Vec<f64>)> = Vec::new();
        let mut event = |source, rate: f64, jumps: &[(usize, f64)]| {
            let mut v = vec![0.0; n];
            jumps.iter().for_each(|&(i, x)| v[i] += x);
            events.push((source, rate, v));
        };
        for i in 0..n {
            event(Some(i), r[layout.birth(i)], &[(i, 1.0)]);
            let mutating: f64 = channels(compiled, i, false).map(|c| r[layout.founding(c)]).sum();
            event(Some(i), r[layout.death(i)] - mutating, &[(i, -1.0)]);
            event(None, r[layout.immigration(i)], &[(i, 1.0)]);
        }
        for (s, &(from, to)) in compiled.switches().iter().enumerate() {
            event(Some(from), r[layout.switch(s)], &[(from, -1.0), (to, 1.0)]);
        }
        for (c, channel) in compiled.channels.iter().enumerate() {
            let lost = if channel.per_division { 0.0 } else { -1.0 };
            event(Some(channel.from), r[layout.founding(c)], &[(channel.from, lost), (channel.to, 1.0)]);
        }
        let mut a = vec![0.0; n * n];
        for (source, rate, v) in &events {
            if let Some(k) = source {
                (0..n).for_each(|i| a[i * n + k] += rate * v[i]);
            }
        }
        integrate(&mut y, 0.0, interval.days, TOLERANCE, &mut |_, y, dy| {
            dy.fill(0.0);
            for i in 0..n {
                dy[i] += (0..n).map(|k| a[i * n + k] * y[k]).sum::<f64>();
                for j in 0..n {
                    let (ci, cj) = (n + i * n, n + j * n);
                    dy[ci + j] += (0..n).map(|k| a[i * n + k] * y[cj + k] + a[j * n + k] * y[ci + k]).sum::<f64>();
                }
            }
            for (source, rate, v) in &events {
                let flow = rate * source.map_or(1.0, |k| y[k]);
                for i in 0..n {
                    if source.is_none() {
                        dy[i] += flow * v[i];
                    }
                    for j in 0..n {
                        dy[n + i * n + j] += flow * v[i] * v[j];
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(Moments { mean: y[..n].to_vec(), covariance: y[n..].to_vec() })
}

/// For each type, the probability that one cell of it leaves at least one cell of the `marked` types after `days`.
/// Arrivals are not counted.
pub fn at_least_one(
    compiled: &Compiled,
    parameters: &[f64],
    exposure: &Exposure,
    marked: &[bool],
    days: f64,
) -> Result<Vec<f64>, Failure> {
    let n = compiled.types();
    let (_, window) = intervals(compiled, parameters, exposure, days)?;
    let layout = compiled.layout;
    let mut e: Vec<f64> = marked.iter().map(|&m| f64::from(u8::from(m))).collect();
    let tolerance = Tolerance { relative: 1e-10, absolute: 1e-25 };
    for (k, interval) in window.intervals.iter().enumerate().rev() {
        let r = window.rates(k);
        integrate(&mut e, 0.0, interval.days, tolerance, &mut |_, e, de| {
            let both = |a: f64, b: f64| a + b - a * b;
            for i in 0..n {
                de[i] = r[layout.birth(i)] * (both(e[i], e[i]) - e[i]);
                let mutating: f64 = channels(compiled, i, false).map(|c| r[layout.founding(c)]).sum();
                de[i] -= (r[layout.death(i)] - mutating) * e[i];
                for c in channels(compiled, i, true) {
                    de[i] += r[layout.founding(c)] * (both(e[i], e[compiled.channels[c].to]) - e[i]);
                }
                for c in channels(compiled, i, false) {
                    de[i] += r[layout.founding(c)] * (e[compiled.channels[c].to] - e[i]);
                }
            }
            for (s, &(from, to)) in compiled.switches().iter().enumerate() {
                de[from] += r[layout.switch(s)] * (e[to] - e[from]);
            }
            Ok(())
        })?;
    }
    Ok(e)
}

/// P(no cell of the marked types) from known counts: the product of (1 - e_i) over all cells.
pub fn none(start: &[f64], at_least_one: &[f64]) -> f64 {
    libm::exp(start.iter().zip(at_least_one).map(|(&x, &e)| if x > 0.0 { x * libm::log1p(-e) } else { 0.0 }).sum())
}

/// Expected counts after `days`, by the mean equations of any model.
pub fn mean(compiled: &Compiled, parameters: &[f64], start: &[f64], days: f64) -> Result<Vec<f64>, Failure> {
    let mut registers = compiled.registers(parameters);
    let mut exposure = Exposure::new(compiled, parameters, 0.0)?;
    let mut y = start.to_vec();
    Field::new(compiled, 1).carry(compiled, &mut registers, &mut exposure, &mut y, days, TOLERANCE, &mut all_in_one)?;
    Ok(y)
}

fn channels(compiled: &Compiled, from: usize, per_division: bool) -> impl Iterator<Item = usize> + '_ {
    (0..compiled.channels.len())
        .filter(move |&c| compiled.channels[c].from == from && compiled.channels[c].per_division == per_division)
}
