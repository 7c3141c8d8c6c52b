//! Founders expected from a clone while it goes from one count to another.
//!
//! The integrated hazard H of founding, given both ends x of a path, has the mean of its best linear prediction and the variance
//! that this leaves,
//!     E(H | x) = E(H) + Cov(H, x) Var(x)^-1 (x - E(x)),   Var(H | x) = Var(H) - Cov(H, x) Var(x)^-1 Cov(x, H),
//! from the moments of [`crate::moments`], summed over the cells of the clone.

use crate::draw;
use crate::moments::Moments;
use crate::stream::Stream;
use smallvec::{SmallVec, smallvec};

/// Variance of H given the ends that may be left out, as a share of E(H), the variance of the number of founders.
pub const UNTOLD: f64 = 1e-3;

/// Founders expected from a clone, given what it has become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hazard {
    /// Founders expected given both ends; at least 0.
    pub mean: f64,
    /// Variance of that expectation which the ends do not tell.
    pub untold: f64,
}

impl Hazard {
    /// Nobody founds.
    pub const NONE: Hazard = Hazard { mean: 0.0, untold: 0.0 };

    /// Of `n` cells of a type on its own, which left `off` cells more than in the mean.
    #[inline]
    pub fn of_one_type(moments: &Moments, n: f64, off: f64) -> Hazard {
        let (told, spread) = (moments.covariance(0, 0, 1), moments.covariance(0, 0, 0));
        // Ends that cannot vary tell nothing.
        let slope = if spread > 0.0 { told / spread } else { 0.0 };
        let mean = (n * moments.mean(0, 1) + slope * off).max(0.0);
        Hazard { mean, untold: (n * (moments.covariance(0, 1, 1) - told * slope)).max(0.0) }
    }

    /// The hazard itself, a gamma with this mean and variance; its mean where the variance does not matter.
    #[inline]
    pub fn draw(self, stream: &mut Stream) -> f64 {
        if self.untold <= UNTOLD * self.mean || self.mean <= 0.0 {
            return self.mean;
        }
        draw::gamma(stream, self.mean * self.mean / self.untold, self.untold / self.mean)
    }
}

/// Hazard of founding at division by one clone, given both ends of its path; counts by kind.
pub fn between(moments: &Moments, cells: &[u64], end: &[u64]) -> Hazard {
    // Of known size all is kept in registers.
    match moments.m {
        1 => Hazard::of_one_type(moments, cells[0] as f64, end[0] as f64 - cells[0] as f64 * moments.mean(0, 0)),
        2 => within(2, &mut [0.0; 4], &mut [[0.0; 2]; 2], moments, cells, end),
        3 => within(3, &mut [0.0; 9], &mut [[0.0; 3]; 2], moments, cells, end),
        4 => within(4, &mut [0.0; 16], &mut [[0.0; 4]; 2], moments, cells, end),
        m => within(m, &mut vec![0.0; m * m], &mut [vec![0.0; m], vec![0.0; m]], moments, cells, end),
    }
}

/// The same for `m` kinds, in memory that holds zeros: `var` for Var(x) = L D L', and Cov(H, x) and x - E(x), which L turns into
/// what each kind adds to those before it.
#[inline(always)]
fn within(
    m: usize,
    var: &mut [f64],
    [with, off]: &mut [impl AsMut<[f64]>; 2],
    moments: &Moments,
    cells: &[u64],
    end: &[u64],
) -> Hazard {
    let (with, off) = (with.as_mut(), off.as_mut());
    let (mut mean, mut spread) = (0.0, 0.0);
    for (off, &x) in off.iter_mut().zip(end) {
        *off = x as f64;
    }
    for i in (0..m).filter(|&i| cells[i] > 0) {
        let n = cells[i] as f64;
        for j in 0..m {
            for k in 0..=j {
                var[j * m + k] += n * moments.covariance(i, j, k);
            }
            with[j] += n * moments.covariance(i, j, m);
            off[j] -= n * moments.mean(i, j);
        }
        mean += n * moments.mean(i, m);
        spread += n * moments.covariance(i, m, m);
    }
    // Var(H | x) = Var(H) - Cov' Var(x)^-1 Cov.
    let mut told = 0.0;
    for j in 0..m {
        let whole = var[j * m + j];
        for k in 0..j {
            let mut x = var[j * m + k];
            for r in 0..k {
                x -= var[j * m + r] * var[k * m + r] * var[r * m + r];
            }
            let own = var[k * m + k];
            let factor = if own > 0.0 { x / own } else { 0.0 };
            var[j * m + k] = factor;
            var[j * m + j] -= factor * factor * own;
            with[j] -= factor * with[k];
            off[j] -= factor * off[k];
        }
        let left = var[j * m + j];
        // What is left of a variance that was all explained is rounding.
        if left > 1e-10 * whole && left > 1e-300 {
            let slope = with[j] / left;
            mean += slope * off[j];
            told += slope * with[j];
        } else {
            var[j * m + j] = 0.0;
        }
    }
    Hazard { mean: mean.max(0.0), untold: (spread - told).max(0.0) }
}

/// The covariance matrix of what `cells` leave.
pub(crate) fn variance(moments: &Moments, cells: &[u64]) -> SmallVec<[f64; 16]> {
    let m = moments.m;
    let mut var = smallvec![0.0; m * m];
    for i in (0..m).filter(|&i| cells[i] > 0) {
        for j in 0..m {
            for k in 0..m {
                var[j * m + k] += cells[i] as f64 * moments.covariance(i, j, k);
            }
        }
    }
    var
}

/// Solves the symmetric positive system `a` x = `x` in place; a coordinate without variance is left out.
pub(crate) fn solve(a: &mut [f64], x: &mut [f64]) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// E(H) + Cov(H, x) Var(x)^-1 (x - E(x)) and Var(H) - Cov(H, x) Var(x)^-1 Cov(x, H), by elimination, for one to five kinds
    /// that go together, from several ancestors.
    #[test]
    fn the_best_linear_prediction_and_what_it_leaves() {
        for m in 1..=5 {
            let d = m + 1;
            let mut moments = Moments::none(m);
            for i in 0..m {
                // The covariance of one ancestor is a a', its last row that of the hazard.
                let a = |j: usize, r: usize| match j {
                    _ if r > j => 0.0,
                    _ if j == m => 0.05 + 0.03 * r as f64,
                    _ if r == j => 0.8 + 0.1 * (i + j) as f64,
                    _ => 0.3 - 0.2 * ((i + r) % 3) as f64,
                };
                for j in 0..d {
                    moments.mean[i * d + j] = 0.2 + 0.1 * ((2 * i + j) % 4) as f64;
                    for k in 0..d {
                        moments.covariance[(i * d + j) * d + k] = (0..d).map(|r| a(j, r) * a(k, r)).sum();
                    }
                }
            }
            let cells: Vec<u64> = (0..m as u64).map(|i| if i == 1 { 0 } else { 40 + 7 * i }).collect();
            let end: Vec<u64> = (0..m as u64).map(|j| 30 + 11 * j).collect();
            let all = |of: &dyn Fn(usize) -> f64| (0..m).map(|i| cells[i] as f64 * of(i)).sum::<f64>();
            let var: Vec<f64> = (0..m * m).map(|k| all(&|i| moments.covariance(i, k / m, k % m))).collect();
            let with: Vec<f64> = (0..m).map(|j| all(&|i| moments.covariance(i, j, m))).collect();
            let slope = crate::matrix::solve(var, with.clone());
            let off = |j: usize| end[j] as f64 - all(&|i| moments.mean(i, j));
            let mean = all(&|i| moments.mean(i, m)) + (0..m).map(|j| slope[j] * off(j)).sum::<f64>();
            let untold = all(&|i| moments.covariance(i, m, m)) - (0..m).map(|j| slope[j] * with[j]).sum::<f64>();
            let found = between(&moments, &cells, &end);
            assert!((found.mean / mean - 1.0).abs() < 1e-12 && mean > 0.0, "{m}: {found:?} {mean}");
            assert!((found.untold / untold - 1.0).abs() < 1e-10 && untold > 0.0, "{m}: {found:?} {untold}");
        }
    }

    /// The number of founders has the variance of the hazard beside its own, where that matters.
    #[test]
    fn what_is_not_told_is_drawn() {
        let mut stream = Stream::new(5, 0, 0, crate::stream::Purpose::Treatment);
        let hazard = Hazard { mean: 3.0, untold: 2.0 };
        let n = 200_000;
        let draws: Vec<f64> = (0..n).map(|_| hazard.draw(&mut stream)).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / f64::from(n);
        // Standard errors 0.0032 and 0.0129 (fourth cumulant of the gamma: 6 variance^2 / shape); six of each.
        assert!((mean - 3.0).abs() < 0.019 && (variance - 2.0).abs() < 0.078, "{mean} {variance}");
        assert_eq!(Hazard { mean: 3.0, untold: 0.002 }.draw(&mut stream), 3.0);
    }
}
