//! Mean and covariance of what one cell of a block leaves behind, exact for any interval.
//!
//! For cells that do not act on each other, descendants of one cell of type i after time t have mean
//! M = exp(A t) and covariance C_i with
//!     dC_i/dt = A' C_i + C_i A + sum_k M_ik G_k,
//! A the mean matrix (A_kj = rate of change of j owed to one k), G_k the sum of squared jumps of the events of
//! one k (Athreya & Ney 1972, Branching Processes, ch. V). One more coordinate, H = integral of the founding
//! hazard along the path, is carried with them; it has no noise of its own. Intervals are joined by
//!     M = M1 M2,   C_i = sum_k M1_ik C2_k + M2' C1_i M2,
//! which is exact, so a long interval is a short one doubled.

use crate::compiled::{Block, RateLayout};
use smallvec::{SmallVec, smallvec};

/// Matrices of blocks of one or two types, nearly all there are, live without an allocation.
type Small = SmallVec<[f64; 18]>;

/// Moments of a block over an interval. Rows are ancestors (`m` kinds, [`Block::width`]), columns the `m` kinds and the hazard
/// of founding at division.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments {
    /// Number of kinds.
    pub m: usize,
    /// Mean of each coordinate, `m` rows of `m + 1`.
    pub mean: SmallVec<[f64; 6]>,
    /// Covariance matrices of side `m + 1`, one an ancestor.
    pub covariance: Small,
}

impl Moments {
    /// Of an interval of length 0: a cell is itself.
    pub fn none(m: usize) -> Self {
        let d = m + 1;
        let mut mean = smallvec![0.0; m * d];
        for i in 0..m {
            mean[i * d + i] = 1.0;
        }
        Moments { m, mean, covariance: smallvec![0.0; m * d * d] }
    }

    /// Of `days` at constant `rates`.
    pub fn constant(block: &Block, layout: RateLayout, rates: &[f64], days: f64) -> Self {
        let m = block.width();
        if let ([t], true) = (&block.types[..], block.leaving.is_empty()) {
            let t = *t;
            let founding = block.dividing.iter().map(|&(_, c)| rates[layout.founding(c)]).sum();
            return one_type(rates[layout.birth(t)], rates[layout.death(t)], founding, days);
        }
        let d = m + 1;
        let mut a: Small = smallvec![0.0; d * d];
        let mut noise: Small = smallvec![0.0; m * d * d];
        for (k, &t) in block.types.iter().enumerate() {
            let leaving: f64 = block.leaving.iter().filter(|l| l.0 == k).map(|l| rates[layout.founding(l.1)]).sum();
            let (b, x) = (rates[layout.birth(t)], (rates[layout.death(t)] - leaving).max(0.0));
            a[k * d + k] += b - x;
            noise[k * d * d + k * d + k] += b + x;
        }
        let mut turn = |k: usize, j: usize, rate: f64| {
            a[k * d + k] -= rate;
            a[k * d + j] += rate;
            let g = &mut noise[k * d * d..(k + 1) * d * d];
            g[k * d + k] += rate;
            g[j * d + j] += rate;
            g[k * d + j] -= rate;
            g[j * d + k] -= rate;
        };
        for &(k, j, s) in &block.switches {
            turn(k, j, rates[layout.switch(s)]);
        }
        // Who leaves by mutation is counted as a last kind that does nothing more.
        for &(k, c) in &block.leaving {
            turn(k, m - 1, rates[layout.founding(c)]);
        }
        for &(k, c) in &block.dividing {
            a[k * d + m] += rates[layout.founding(c)];
        }
        // Short enough that one step of order 8 is exact to 1e-14, then doubled.
        let fastest = (0..m).map(|k| a[k * d..k * d + m].iter().map(|x| x.abs()).sum::<f64>()).fold(0.0, f64::max);
        let mut short = days;
        let mut doublings = 0;
        while fastest * short > 0.1 {
            short *= 0.5;
            doublings += 1;
        }
        let mut result = match m {
            2 => taylor_small::<2, 3>(&a, &noise, short, fastest * short),
            3 => taylor_small::<3, 4>(&a, &noise, short, fastest * short),
            _ => taylor(m, &a, &noise, short),
        };
        for _ in 0..doublings {
            result = result.then(&result);
        }
        result
    }

    /// This interval followed by `next`.
    pub fn then(&self, next: &Moments) -> Moments {
        match self.m {
            1 => self.then_small::<1, 2>(next),
            2 => self.then_small::<2, 3>(next),
            3 => self.then_small::<3, 4>(next),
            _ => self.then_any(next),
        }
    }

    /// [`then`](Self::then) for a known small number of kinds.
    fn then_small<const M: usize, const D: usize>(&self, next: &Moments) -> Moments {
        let (own_mean, own) = self.known_size::<M, D>();
        let (next_mean, after) = next.known_size::<M, D>();
        // Extended mean matrix of `next`; the hazard coordinate passes through.
        let b: [[f64; D]; D] = std::array::from_fn(|k| {
            std::array::from_fn(|j| if k < M { next_mean[k][j] } else { f64::from(u8::from(j == M)) })
        });
        let (mut result_mean, mut result) = ([[0.0; D]; M], [[[0.0; D]; D]; M]);
        for i in 0..M {
            let mean = own_mean[i];
            for j in 0..D {
                let mut x = 0.0;
                for k in 0..D {
                    x += mean[k] * b[k][j];
                }
                result_mean[i][j] = x;
            }
            let mut half = [[0.0; D]; D];
            for p in 0..D {
                for k in 0..D {
                    for j in 0..D {
                        half[p][j] += own[i * D + p][k] * b[k][j];
                    }
                }
            }
            for p in 0..D {
                for j in 0..D {
                    let mut x = 0.0;
                    for k in 0..D {
                        x += b[k][p] * half[k][j];
                    }
                    for k in 0..M {
                        x += mean[k] * after[k * D + p][j];
                    }
                    result[i][p][j] = x;
                }
            }
        }
        Moments {
            m: M,
            mean: SmallVec::from_slice(result_mean.as_flattened()),
            covariance: SmallVec::from_slice(result.as_flattened().as_flattened()),
        }
    }

    /// Rows of the means and of the covariances, one covariance matrix behind the other.
    fn known_size<const M: usize, const D: usize>(&self) -> (&[[f64; D]], &[[f64; D]]) {
        (&self.mean.as_chunks().0[..M], &self.covariance.as_chunks().0[..M * D])
    }

    fn then_any(&self, next: &Moments) -> Moments {
        let (m, d) = (self.m, self.m + 1);
        let mut mean: SmallVec<[f64; 6]> = smallvec![0.0; m * d];
        let mut covariance: Small = smallvec![0.0; m * d * d];
        // Row of the extended mean matrix of `next`; the hazard coordinate passes through.
        let row = |k: usize, j: usize| {
            if k < m { next.mean[k * d + j] } else { f64::from(u8::from(j == m)) }
        };
        let mut half: Small = smallvec![0.0; d * d];
        for i in 0..m {
            for j in 0..d {
                mean[i * d + j] = (0..d).map(|k| self.mean[i * d + k] * row(k, j)).sum();
            }
            let own = &self.covariance[i * d * d..(i + 1) * d * d];
            for p in 0..d {
                for j in 0..d {
                    half[p * d + j] = (0..d).map(|k| own[p * d + k] * row(k, j)).sum();
                }
            }
            let out = &mut covariance[i * d * d..(i + 1) * d * d];
            for p in 0..d {
                for j in 0..d {
                    let mut x: f64 = (0..d).map(|k| row(k, p) * half[k * d + j]).sum();
                    for k in 0..m {
                        x += self.mean[i * d + k] * next.covariance[k * d * d + p * d + j];
                    }
                    out[p * d + j] = x;
                }
            }
        }
        Moments { m, mean, covariance }
    }

    /// With this stretch followed by `rest`, for each ancestor i appended to `out`: mean of every kind s in between, then for each
    /// s and kind q the covariance of x_s in between and x_q at the end, sum_r Cov(x_s, x_r) M_rq.
    pub fn seen(&self, rest: &Moments, out: &mut Vec<f64>) {
        let (m, d) = (self.m, self.m + 1);
        let (means, covariances, rest) = (&self.mean[..], &self.covariance[..], &rest.mean[..]);
        for i in 0..m {
            out.extend_from_slice(&means[i * d..i * d + m]);
            for row in covariances[i * d * d..].chunks_exact(d).take(m) {
                out.extend((0..m).map(|q| (0..m).map(|r| row[r] * rest[r * d + q]).sum::<f64>()));
            }
        }
    }

    /// Mean number of type `j` (or hazard, `j = m`) owed to one ancestor of type `i`.
    pub fn mean(&self, i: usize, j: usize) -> f64 {
        self.mean[i * (self.m + 1) + j]
    }

    /// Covariance of coordinates `p` and `q` for one ancestor of type `i`.
    pub fn covariance(&self, i: usize, p: usize, q: usize) -> f64 {
        let d = self.m + 1;
        self.covariance[(i * d + p) * d + q]
    }
}

/// The closed form for one type. With g = birth - death, z = g t and s = birth + death:
///     M = e^z,  E(H) = l t (e^z - 1)/z,  Var(x) = s t M (e^z - 1)/z,
///     Cov(x, H) = l s t^2 M (e^z - 1 - z)/z^2,  Var(H) = 2 l^2 s t^3 ((e^2z - 1)/2z - e^z)/z^2.
fn one_type(birth: f64, death: f64, founding: f64, t: f64) -> Moments {
    let z = (birth - death) * t;
    let s = birth + death;
    let m = libm::exp(z);
    let (first, second, third) = if z.abs() < 0.5 {
        // Series, where the closed forms cancel: sum z^n / (n+1)!, z^n / (n+2)!, z^n (2^(n+2) / (n+3)! - 1 / (n+2)!).
        let (mut first, mut second, mut third) = (0.0, 0.0, 0.0);
        let (mut power, mut factorial, mut two) = (1.0f64, 1.0f64, 4.0f64);
        for n in 0..18 {
            if power.abs() < 1e-18 * factorial {
                break;
            }
            let k = f64::from(n);
            first += power / factorial;
            second += power / (factorial * (k + 2.0));
            third += power / (factorial * (k + 2.0)) * (two / (k + 3.0) - 1.0);
            power *= z;
            two *= 2.0;
            factorial *= k + 2.0;
        }
        (first, second, third)
    } else {
        let grown = libm::expm1(z);
        (grown / z, (grown - z) / (z * z), (libm::expm1(2.0 * z) / (2.0 * z) - m) / (z * z))
    };
    let spread = s * t * m * first;
    let with = founding * s * t * t * m * second;
    let hazard = 2.0 * founding * founding * s * t * t * t * third;
    Moments { m: 1, mean: smallvec![m, founding * t * first], covariance: smallvec![spread, with, with, hazard] }
}

/// [`taylor`] for a known small number of kinds, with as many terms as `size` = |A| t needs for 1e-16.
fn taylor_small<const M: usize, const D: usize>(a: &[f64], noise: &[f64], t: f64, size: f64) -> Moments {
    let at: [[f64; D]; D] = std::array::from_fn(|p| std::array::from_fn(|k| a[k * D + p]));
    let noise: [[[f64; D]; D]; M] =
        std::array::from_fn(|k| std::array::from_fn(|p| std::array::from_fn(|q| noise[(k * D + p) * D + q])));
    let mut result = Moments::none(M);
    for i in 0..M {
        let mut dm = [0.0; D];
        dm[i] = 1.0;
        let mut dc = [[0.0; D]; D];
        let (mut mean, mut covariance) = ([0.0; D], [[0.0; D]; D]);
        mean[i] = 1.0;
        let (mut factor, mut bound) = (1.0, 1.0);
        for r in 1..=8 {
            factor *= t / r as f64;
            // A' C, and with its transpose A' C + C A, C being symmetric.
            let mut half = [[0.0; D]; D];
            for p in 0..D {
                for k in 0..D {
                    for q in 0..D {
                        half[p][q] += at[p][k] * dc[k][q];
                    }
                }
            }
            for p in 0..D {
                for q in 0..D {
                    let mut x = half[p][q] + half[q][p];
                    for k in 0..M {
                        x += dm[k] * noise[k][p][q];
                    }
                    dc[p][q] = x;
                    covariance[p][q] += factor * x;
                }
            }
            let mut next = [0.0; D];
            for j in 0..D {
                for k in 0..D {
                    next[j] += dm[k] * at[j][k];
                }
                mean[j] += factor * next[j];
            }
            dm = next;
            bound *= 2.0 * size / r as f64;
            // Who does nothing has no more terms.
            if bound < 1e-16 || (dm == [0.0; D] && dc == [[0.0; D]; D]) {
                break;
            }
        }
        result.mean[i * D..(i + 1) * D].copy_from_slice(&mean);
        for p in 0..D {
            result.covariance[(i * D + p) * D..(i * D + p + 1) * D].copy_from_slice(&covariance[p]);
        }
    }
    result
}

/// One Taylor step of order 8 of the moment equations from a single cell.
fn taylor(m: usize, a: &[f64], noise: &[f64], t: f64) -> Moments {
    let d = m + 1;
    let mut mean = Moments::none(m).mean;
    let mut covariance: Small = smallvec![0.0; m * d * d];
    // Derivatives at 0: M^(r) = M^(r-1) A, and C^(r) = A' C^(r-1) + C^(r-1) A + sum_k M^(r-1)_k G_k.
    for i in 0..m {
        let mut dm: Small = smallvec![0.0; d];
        dm[i] = 1.0;
        let mut dc: Small = smallvec![0.0; d * d];
        let mut factor = 1.0;
        for r in 1..=8 {
            factor *= t / r as f64;
            let mut nc: Small = smallvec![0.0; d * d];
            for p in 0..d {
                for q in 0..d {
                    let mut x = 0.0;
                    for k in 0..d {
                        x += a[k * d + p] * dc[k * d + q] + dc[p * d + k] * a[k * d + q];
                    }
                    for k in 0..m {
                        x += dm[k] * noise[k * d * d + p * d + q];
                    }
                    nc[p * d + q] = x;
                }
            }
            let mut nm: Small = smallvec![0.0; d];
            for (j, slot) in nm.iter_mut().enumerate() {
                *slot = (0..d).map(|k| dm[k] * a[k * d + j]).sum();
            }
            for j in 0..d {
                mean[i * d + j] += factor * nm[j];
            }
            for (x, y) in covariance[i * d * d..].iter_mut().zip(&nc) {
                *x += factor * y;
            }
            (dm, dc) = (nm, nc);
        }
    }
    Moments { m, mean, covariance }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The closed form against the series doubled, from strong decline to strong growth.
    #[test]
    fn closed_form_is_the_series() {
        for (birth, death) in [(0.14, 0.13), (0.14, 0.19), (1.0, 0.0), (0.0, 2.0), (0.3, 0.3), (0.5, 0.4999)] {
            for days in [1e-3, 0.5, 1.0, 7.0] {
                let closed = one_type(birth, death, 0.01, days);
                let a = [birth - death, 0.01, 0.0, 0.0];
                let noise = [birth + death, 0.0, 0.0, 0.0];
                let mut doubled = taylor(1, &a, &noise, days / 1024.0);
                for _ in 0..10 {
                    doubled = doubled.then_any(&doubled);
                }
                let pairs =
                    closed.mean.iter().chain(&closed.covariance).zip(doubled.mean.iter().chain(&doubled.covariance));
                for (x, y) in pairs {
                    assert!((x - y).abs() <= 1e-9 * y.abs(), "b {birth} d {death} t {days}: {x} for {y}");
                }
            }
        }
    }

    /// What goes to one type alone is seen at the end as that type: of two types of which the first becomes the second and
    /// never back, Cov(x_s, y_q) between a count on the way and one at the end, by hand.
    #[test]
    fn what_is_on_the_way_is_seen_at_the_end() {
        // First stretch: one of type 0 leaves means (0.5, 0.4), covariance rows (0.3, -0.1), (-0.1, 0.7).
        let mut way = Moments::none(2);
        way.mean[..3].copy_from_slice(&[0.5, 0.4, 0.0]);
        way.covariance[..6].copy_from_slice(&[0.3, -0.1, 0.0, -0.1, 0.7, 0.0]);
        // The rest: a cell of type 0 leaves (0.8, 0.2) on average, one of type 1 (0, 1.5).
        let mut rest = Moments::none(2);
        rest.mean.copy_from_slice(&[0.8, 0.2, 0.0, 0.0, 1.5, 0.0]);
        let mut seen = Vec::new();
        way.seen(&rest, &mut seen);
        let expected = [0.5, 0.4, 0.3 * 0.8, 0.3 * 0.2 - 0.1 * 1.5, -0.1 * 0.8, -0.1 * 0.2 + 0.7 * 1.5];
        assert_eq!(seen.len(), 12);
        for (x, y) in seen.iter().zip(expected) {
            assert!((x - y).abs() < 1e-15, "{seen:?}");
        }
    }

    /// The versions for few kinds against the plain ones.
    #[test]
    fn small_is_plain() {
        let mut noise = [0.0; 18];
        (noise[0], noise[4], noise[1], noise[3]) = (0.34, 0.01, -0.01, -0.01);
        (noise[9], noise[13], noise[10], noise[12]) = (0.02, 0.03, -0.02, -0.02);
        let both = [-0.05, 0.01, 0.3, 0.02, -0.01, 0.0, 0.0, 0.0, 0.0];
        // Births that equal deaths and no way back: the mean has two terms, the variance of the founders more.
        let critical = [0.0, 0.0, 0.3, 0.02, -0.01, 0.0, 0.0, 0.0, 0.0];
        let mut alone = noise;
        (alone[4], alone[1], alone[3]) = (0.0, 0.0, 0.0);
        for (a, noise) in [(both, noise), (critical, alone)] {
            let (small, plain) = (taylor_small::<2, 3>(&a, &noise, 1.5, 0.1), taylor(2, &a, &noise, 1.5));
            let (joined, plainly) = (small.then_small::<2, 3>(&plain), plain.then_any(&plain));
            for (x, y) in [(&small, &plain), (&joined, &plainly)] {
                for (x, y) in x.mean.iter().chain(&x.covariance).zip(y.mean.iter().chain(&y.covariance)) {
                    assert!((x - y).abs() <= 1e-13 * y.abs(), "{x} for {y}");
                }
            }
        }
    }
}
