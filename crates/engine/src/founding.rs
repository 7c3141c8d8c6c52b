//! When and by whom a clone is founded inside a step: the predicted path of the parent clone between its ends.
//!
//! Given both ends, counts at a moment inside are predicted linearly from their exact covariances with the end,
//!     E(x_s | x) = E(x_s) + Cov(x_s, x) Var(x)^-1 (x - E(x)),
//! which agrees with the prediction of the integrated hazard; a founder's time is drawn along that path.

use crate::compiled::{Block, Compiled};
use crate::moments::Moments;
use crate::stream::Stream;
use crate::window::{BlockWindow, Window};

/// A moment inside a window.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Interval of the window.
    pub interval: usize,
    /// Days into the interval.
    pub into: f64,
}

/// The path of a clone between its ends, for putting founders on it.
#[derive(Debug, Default, Clone)]
pub struct Placing {
    /// Var(x)^-1 (x - E(x)).
    pull: Vec<f64>,
    /// Cumulative founding hazard by (interval, channel of the block).
    cumulative: Vec<f64>,
    /// Predicted counts at the start and end of each interval.
    path: Vec<f64>,
    from: Option<Point>,
}

impl Placing {
    /// Predicted hazard given both ends; at least 0. Leaves `pull` for [`prepare`](Self::prepare).
    pub fn hazard(&mut self, moments: &Moments, cells: &[u64], end: &[u64]) -> f64 {
        let m = moments.m;
        let mut var = [0.0; 64];
        let mut big;
        let var: &mut [f64] = if m * m <= 64 {
            &mut var[..m * m]
        } else {
            big = vec![0.0; m * m];
            &mut big
        };
        self.pull.clear();
        for j in 0..m {
            let mean: f64 = (0..m).map(|i| cells[i] as f64 * moments.mean(i, j)).sum();
            self.pull.push(end[j] as f64 - mean);
            for k in 0..m {
                var[j * m + k] = (0..m).map(|i| cells[i] as f64 * moments.covariance(i, j, k)).sum();
            }
        }
        solve(var, &mut self.pull);
        let mut hazard = 0.0;
        for i in (0..m).filter(|&i| cells[i] > 0) {
            let pulled: f64 = (0..m).map(|j| moments.covariance(i, j, m) * self.pull[j]).sum();
            hazard += cells[i] as f64 * (moments.mean(i, m) + pulled);
        }
        hazard.max(0.0)
    }

    /// Predicts the path from `from` to the end of the window, and the hazard of founding by `channels` along it.
    pub fn prepare(
        &mut self,
        block: &Block,
        compiled: &Compiled,
        window: &Window,
        own: &BlockWindow,
        from: Point,
        channels: &[(usize, usize)],
        cells: &[u64],
        end: &[u64],
    ) {
        let m = block.width();
        let left = window.intervals[from.interval].days - from.into;
        let mut step = Moments::constant(block, compiled.layout, window.rates(from.interval), left);
        self.hazard(&step.then(&own.to_end[from.interval + 1]), cells, end);
        self.from = Some(from);
        self.path.clear();
        self.path.extend(cells.iter().map(|&n| n as f64));
        self.cumulative.clear();
        let mut sum = 0.0;
        let mut so_far = Moments::none(m);
        for k in from.interval..window.intervals.len() {
            if k > from.interval {
                step = Moments::constant(block, compiled.layout, window.rates(k), window.intervals[k].days);
            }
            so_far = so_far.then(&step);
            let rest = &own.to_end[k + 1];
            for s in 0..m {
                let mut y = 0.0;
                for i in (0..m).filter(|&i| cells[i] > 0) {
                    y += cells[i] as f64 * so_far.mean(i, s);
                    for q in 0..m {
                        // Cov(x_s now, x_q at the end) = sum_r Cov(x_s, x_r now) M_rq from now to the end.
                        let c: f64 = (0..m).map(|r| so_far.covariance(i, s, r) * rest.mean(r, q)).sum();
                        y += cells[i] as f64 * c * self.pull[q];
                    }
                }
                self.path.push(y.max(0.0));
            }
            let days = if k == from.interval { left } else { window.intervals[k].days };
            let before = self.path.len() - 2 * m;
            for &(s, c) in channels {
                let (a, z) = (self.path[before + s], self.path[before + m + s]);
                sum += window.rates(k)[compiled.layout.founding(c)] * days * logarithmic_mean(a, z);
                self.cumulative.push(sum);
            }
        }
    }

    /// Draws when and by which of the prepared channels a founder arose.
    pub fn place(
        &self,
        block: &Block,
        window: &Window,
        channels: &[(usize, usize)],
        stream: &mut Stream,
    ) -> (Point, usize) {
        let m = block.width();
        let from = self.from.unwrap_or(Point { interval: 0, into: 0.0 });
        let sum = self.cumulative.last().copied().unwrap_or(0.0);
        let u = stream.uniform() * sum;
        let at = self.cumulative.partition_point(|&x| x <= u).min(self.cumulative.len() - 1);
        let width = channels.len();
        let (k, which) = (at / width, at % width);
        let (s, channel) = channels[which];
        let (a, z) = (self.path[k * m + s], self.path[(k + 1) * m + s]);
        let interval = from.interval + k;
        let begins = if k == 0 { from.into } else { 0.0 };
        let days = window.intervals[interval].days - begins;
        let share = share_of_path(a, z, stream.uniform());
        (Point { interval, into: begins + share * days }, channel)
    }
}

/// Mean of a path that grows exponentially from `a` to `z` (linearly when one is 0).
fn logarithmic_mean(a: f64, z: f64) -> f64 {
    if a <= 0.0 || z <= 0.0 {
        return 0.5 * (a + z);
    }
    let r = libm::log(z / a);
    if r.abs() < 1e-4 { 0.5 * (a + z) } else { (z - a) / r }
}

/// Where on that path a uniform share `u` of its area is reached, from 0 to 1.
fn share_of_path(a: f64, z: f64, u: f64) -> f64 {
    if a <= 0.0 && z <= 0.0 {
        return u;
    }
    if a <= 0.0 || z <= 0.0 {
        // Density a + (z - a) x.
        return if a <= 0.0 { libm::sqrt(u) } else { 1.0 - libm::sqrt(1.0 - u) };
    }
    let r = libm::log(z / a);
    if r.abs() < 1e-6 { u } else { (libm::log1p(u * libm::expm1(r)) / r).clamp(0.0, 1.0) }
}

/// Solves the symmetric positive system `a` x = `x` in place; a coordinate without variance is left out.
fn solve(a: &mut [f64], x: &mut [f64]) {
    let m = x.len();
    for i in 0..m {
        let pivot = a[i * m + i];
        let floor = 1e-12 * pivot.abs().max(1e-300);
        if pivot <= floor {
            for j in 0..m {
                a[i * m + j] = 0.0;
                a[j * m + i] = 0.0;
            }
            a[i * m + i] = 1.0;
            x[i] = 0.0;
            continue;
        }
        for r in i + 1..m {
            let factor = a[r * m + i] / pivot;
            let before = a[r * m + r];
            for j in i..m {
                a[r * m + j] -= factor * a[i * m + j];
            }
            x[r] -= factor * x[i];
            // What elimination leaves of a variance that was all explained is rounding.
            if a[r * m + r] < 1e-10 * before {
                a[r * m + r] = 0.0;
            }
        }
    }
    for i in (0..m).rev() {
        let mut y = x[i];
        for j in i + 1..m {
            y -= a[i * m + j] * x[j];
        }
        x[i] = if a[i * m + i] > 0.0 { y / a[i * m + i] } else { 0.0 };
    }
}
