//! The law of a step for a large clone: a normal with the exact mean and covariance, corrected for skewness.
//!
//! n cells leave counts whose mean n M, covariance n C and third and fourth cumulants n K and n Q are sums over cells. Where the
//! skewness g = n K / (n C)^(3/2) of every count is small, a standardised count is a polynomial in a normal z (Cornish and
//! Fisher 1938, Rev. Inst. Int. Stat. 5:307), scaled to keep the variance. A type on its own has the first two terms,
//!     y = z + g (z^2 - 1) / 6 + k (z^3 - 3 z) / 24 - g^2 (2 z^3 - 5 z) / 36,   k = n Q / (n C)^2,
//! with what rounding to a whole number adds to variance and k taken away before (Sheppard 1898); types in a block have the
//! first one. With the largest skewness that is allowed, [`SKEWNESS_SINGLE`] and [`SKEWNESS_BLOCK`], the distribution function of
//! a count is off by less than 1e-6 and 1e-4 in one step (the test below). Mean and covariance are exact. Smaller clones are
//! drawn family by family ([`crate::families`]).

use crate::draw;
use crate::families::Families;
use crate::hazard::{Hazard, solve};
use crate::moments::Moments;
use crate::stream::Stream;

/// Largest skewness of a type on its own; an exact draw costs ten times as much.
pub const SKEWNESS_SINGLE: f64 = 0.08;
/// Largest skewness of a type in a block connected by switching.
pub const SKEWNESS_BLOCK: f64 = 0.1;
/// Who leaves by mutation per time is Poisson given the ends where its variance is, up to this share.
const LIKE_POISSON: f64 = 0.01;
/// Cells below which a block is not tried.
const FEWEST: f64 = 1000.0;
/// Types of a block that can be drawn so.
const MOST: usize = 4;

/// What the law needs of a step, one row an ancestor.
#[derive(Debug, Clone)]
pub struct Large {
    /// Types; kinds less those who leave.
    types: usize,
    /// Smallest clone that may be large; infinity when none is.
    fewest: f64,
    /// Of one cell of each type: means, the lower triangle of the covariance, third cumulants, expected founders, their
    /// covariance with each type, and the variance of the hazard at division.
    rows: Vec<f64>,
    /// Third and fourth cumulant of what one cell of a block of one type leaves.
    cumulants: (f64, f64),
}

impl Large {
    /// Of `types` types with these moments over the step.
    pub fn new(types: usize, moments: &Moments, families: Option<&Families>) -> Large {
        let mut large = Large { types, fewest: f64::INFINITY, rows: Vec::new(), cumulants: (0.0, 0.0) };
        let Some(families) = families else { return large };
        let m = moments.m;
        if m == 1 {
            let variance = moments.covariance(0, 0, 0);
            large.cumulants = families.cumulants(0, 0);
            let skewness = large.cumulants.0 / (variance * variance.sqrt());
            let fewest = (skewness / SKEWNESS_SINGLE) * (skewness / SKEWNESS_SINGLE);
            // Without variance nothing is drawn, nor with one whose square no number holds; a hundred is much beside what rounding adds.
            if variance > 1e-12 && fewest.is_finite() && large.cumulants.1 < 1e280 {
                large.fewest = fewest.max(100.0 / variance);
            }
            return large;
        }
        if types > MOST || (m > types && !(0..types).all(|i| leaves_like_poisson(types, moments, i))) {
            return large;
        }
        large.rows.reserve_exact(types * (3 * types + types * (types + 1) / 2 + 2));
        for i in 0..types {
            let row = &mut large.rows;
            row.extend((0..types).map(|j| moments.mean(i, j)));
            (0..types).for_each(|j| row.extend((0..=j).map(|k| moments.covariance(i, j, k))));
            row.extend((0..types).map(|j| families.cumulants(i, j).0));
            let both = |at: &dyn Fn(usize) -> f64| at(m) + if m > types { at(types) } else { 0.0 };
            row.push(both(&|h| moments.mean(i, h)));
            row.extend((0..types).map(|j| both(&|h| moments.covariance(i, j, h))));
            row.push(moments.covariance(i, m, m));
        }
        large.fewest = FEWEST;
        large
    }

    /// What `cells` (by type) leave, into `out`, and the founders to expect; `None` when the clone is not large.
    #[inline]
    pub fn draw(&self, moments: &Moments, cells: &[u64], out: &mut [u64], stream: &mut Stream) -> Option<Hazard> {
        if moments.m == 1 {
            let n = cells[0] as i64 as f64;
            if n < self.fewest {
                return None;
            }
            let off = single(draw::normal(stream), n, moments.covariance(0, 0, 0), self.cumulants);
            out[0] = rounded(n * moments.mean(0, 0) + off);
            return Some(Hazard::of_one_type(moments, n, off));
        }
        if (cells[..self.types].iter().sum::<u64>() as f64) < self.fewest {
            return None;
        }
        match self.types {
            1 => self.draw_block::<1>(cells, out, stream),
            2 => self.draw_block::<2>(cells, out, stream),
            3 => self.draw_block::<3>(cells, out, stream),
            MOST => self.draw_block::<MOST>(cells, out, stream),
            _ => None,
        }
    }

    fn draw_block<const T: usize>(&self, cells: &[u64], out: &mut [u64], stream: &mut Stream) -> Option<Hazard> {
        let mut mean = [0.0; T];
        let mut covariance = [[0.0; T]; T];
        let mut third = [0.0; T];
        let (mut expected, mut with, mut spread) = (0.0, [0.0; T], 0.0);
        let triangle = T * (T + 1) / 2;
        let width = 3 * T + triangle + 2;
        // Lengths known once, for all that follows.
        let (cells, rows) = (&cells[..T], &self.rows[..T * width]);
        for i in 0..T {
            let n = cells[i] as i64 as f64;
            let row = &rows[i * width..(i + 1) * width];
            for j in 0..T {
                mean[j] += n * row[j];
                third[j] += n * row[T + triangle + j];
                with[j] += n * row[2 * T + triangle + 1 + j];
                for k in 0..=j {
                    covariance[j][k] += n * row[T + j * (j + 1) / 2 + k];
                }
            }
            expected += n * row[2 * T + triangle];
            spread += n * row[3 * T + triangle + 1];
        }
        for j in 0..T {
            let variance = covariance[j][j];
            // Noise of ten cells at the least, so that rounding is small beside it.
            let most = SKEWNESS_BLOCK * SKEWNESS_BLOCK * variance * variance * variance;
            if !(variance >= 100.0 && third[j] * third[j] <= most) {
                return None;
            }
        }
        // Covariance = L D L' with 1 on the diagonal of L: x - E(x) = L y, where the y do not covary and have the variances D. Without
        // roots on the way what is waited for is short. The covariance with the founders becomes that of y.
        let mut lower = [[0.0; T]; T];
        let mut own = [0.0; T];
        let mut untold = spread;
        for j in 0..T {
            own[j] = covariance[j][j];
            let mut unscaled = [0.0; T];
            for k in 0..j {
                let mut x = covariance[j][k];
                for r in 0..k {
                    x -= unscaled[r] * lower[k][r];
                }
                unscaled[k] = x;
                lower[j][k] = x / own[k];
                own[j] -= x * lower[j][k];
                with[j] -= lower[j][k] * with[k];
            }
            if own[j].is_nan() || own[j] <= 1e-9 * covariance[j][j] {
                return None;
            }
        }
        let mut y = [0.0; T];
        for j in 0..T {
            y[j] = own[j].sqrt() * draw::normal(stream);
            let slope = with[j] / own[j];
            // What the ends tell of the hazard is a part of its variance.
            untold -= slope * with[j];
            expected += slope * y[j];
            let mut x = y[j];
            for k in 0..j {
                x += lower[j][k] * y[k];
            }
            out[j] = rounded(mean[j] + skewed(x, covariance[j][j], third[j]));
        }
        out[T..].fill(0);
        Some(Hazard { mean: expected.max(0.0), untold: untold.max(0.0) })
    }
}

/// True when those who leave of one cell of type `i` are Poisson given the ends, up to [`LIKE_POISSON`] of their number: their
/// own variance, and what of it the ends tell, which for many cells together is at most the sum over them.
fn leaves_like_poisson(types: usize, moments: &Moments, i: usize) -> bool {
    let number = moments.mean(i, types);
    let mut var: Vec<f64> = (0..types * types).map(|k| moments.covariance(i, k / types, k % types)).collect();
    let with: Vec<f64> = (0..types).map(|j| moments.covariance(i, j, types)).collect();
    let mut slope = with.clone();
    solve(&mut var, &mut slope);
    let told: f64 = slope.iter().zip(&with).map(|(a, b)| a * b).sum();
    (moments.covariance(i, types, types) - number).abs() + told.abs() <= LIKE_POISSON * number
}

/// The deviation from the mean of what `n` cells of a type on its own leave, for a normal number `z`; `variance` and third and fourth
/// cumulant are of one cell.
#[inline]
fn single(z: f64, n: f64, variance: f64, cumulants: (f64, f64)) -> f64 {
    // Rounding to a whole number adds 1/12 to the variance and takes 1/120 from the fourth cumulant.
    let variance = n * variance - 1.0 / 12.0;
    let (deviation, per) = (variance.sqrt(), 1.0 / variance);
    let g = n * cumulants.0 * per * per * deviation;
    let k = (n * cumulants.1 + 1.0 / 120.0) * per * per;
    let (square, linear) = (g * (1.0 / 6.0), 1.0 - k * (1.0 / 8.0) + g * g * (5.0 / 36.0));
    let cube = k * (1.0 / 24.0) - g * g * (1.0 / 18.0);
    // The variance of this polynomial is 1 but for terms of the fourth order.
    let own = linear * (linear + 6.0 * cube) + 15.0 * cube * cube + 2.0 * square * square;
    deviation * (1.0 - 0.5 * (own - 1.0)) * (z * (linear + cube * (z * z)) + square * (z * z - 1.0))
}

/// A number with mean 0, this variance and third cumulant, for a normal `x` of that variance.
#[inline]
fn skewed(x: f64, variance: f64, third: f64) -> f64 {
    let per = 1.0 / variance;
    let square = third * per * per;
    // 1 - g^2 / 36 is the reciprocal of the root of the polynomial's variance, to g^4.
    (x + square * (1.0 / 6.0) * (x * x - variance)) * (1.0 - third * square * per * (1.0 / 36.0))
}

/// The nearest count; at most 2^63, of which nothing is made.
#[inline]
fn rounded(x: f64) -> u64 {
    // A signed number costs less to convert.
    ((x + 0.5) as i64).max(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Purpose;
    use smallvec::smallvec;

    /// Sums over draws of `T` numbers, and how far mean and covariance are from what they should be, in standard errors of
    /// normal numbers.
    struct Judge<const T: usize> {
        draws: f64,
        mean: [f64; T],
        covariance: [[f64; T]; T],
        sums: [f64; T],
        products: [[f64; T]; T],
    }

    impl<const T: usize> Judge<T> {
        fn of(mean: [f64; T], covariance: [[f64; T]; T]) -> Self {
            Judge { draws: 0.0, mean, covariance, sums: [0.0; T], products: [[0.0; T]; T] }
        }

        fn add(&mut self, x: [f64; T]) {
            self.draws += 1.0;
            for j in 0..T {
                self.sums[j] += x[j] - self.mean[j];
                for k in 0..=j {
                    self.products[j][k] += (x[j] - self.mean[j]) * (x[k] - self.mean[k]);
                }
            }
        }

        /// 30 figures at most, each beyond 5.5 once in 2.6e7: a false alarm in a million runs.
        fn agree(&self, what: &str) {
            for j in 0..T {
                let c = &self.covariance;
                let z = self.sums[j] / (self.draws * c[j][j]).sqrt();
                assert!(z.abs() < 5.5, "{what}: mean of {j}: z {z:.1}");
                for k in 0..=j {
                    let error = ((c[j][j] * c[k][k] + c[j][k] * c[j][k]) / self.draws).sqrt();
                    let z = (self.products[j][k] / self.draws - c[j][k]) / error;
                    assert!(z.abs() < 5.5, "{what}: covariance of {j} and {k}: z {z:.1}");
                }
            }
        }
    }

    /// Counts that go together closely, of three ancestors that leave different things, with the hazard that is expected of
    /// them; beside it one type on its own. Both are rounded to the nearest count, which half a cell would show.
    #[test]
    fn counts_have_their_means_and_covariances_and_the_hazard_goes_with_them() {
        const T: usize = 3;
        let cells = [2_000u64, 1_000, 500];
        // Of one cell of each type; the covariance, with the founders in the last row, is a a'.
        let means = [[0.6, 0.3, 0.2], [0.1, 0.8, 0.4], [0.3, 0.3, 0.9]];
        let founders = [0.02, 0.03, 0.01];
        let a = |i: usize| {
            let s = 0.7 + 0.1 * i as f64;
            [[s, 0.0, 0.0, 0.0], [0.8, 0.4, 0.0, 0.0], [0.7, -0.5, 0.3 * s, 0.0], [0.05, 0.04, -0.03, 0.02]]
        };
        let mut large = Large { types: T, fewest: FEWEST, rows: Vec::new(), cumulants: (0.0, 0.0) };
        let (mut mean, mut all) = ([0.0; T + 1], [[0.0; T + 1]; T + 1]);
        for i in 0..T {
            let (n, a) = (cells[i] as f64, a(i));
            let of = |j: usize, k: usize| (0..=T).map(|r| a[j][r] * a[k][r]).sum::<f64>();
            large.rows.extend(means[i]);
            (0..T).for_each(|j| (0..=j).for_each(|k| large.rows.push(of(j, k))));
            large.rows.extend([0.0; T]);
            large.rows.push(founders[i]);
            large.rows.extend((0..T).map(|j| of(j, T)));
            large.rows.push(of(T, T));
            for j in 0..=T {
                mean[j] += n * if j < T { means[i][j] } else { founders[i] };
                (0..=T).for_each(|k| all[j][k] += n * of(j, k));
            }
        }
        let mut stream = Stream::new(11, 0, 0, Purpose::Treatment);
        let mut judge = Judge::of(mean, all);
        let mut out = [0; T];
        for _ in 0..1_600_000 {
            let hazard = large.draw_block::<T>(&cells, &mut out, &mut stream).unwrap();
            let h = hazard.mean + hazard.untold.sqrt() * draw::normal(&mut stream);
            judge.add([out[0] as f64, out[1] as f64, out[2] as f64, h]);
        }
        judge.agree("three types and their founders");

        let moments = Moments { m: 1, mean: smallvec![1.5, 0.01], covariance: smallvec![0.8, 0.0, 0.0, 0.0] };
        let large = Large::new(1, &moments, Families::new(&moments).as_ref());
        let mut judge = Judge::of([3_000.0], [[1_600.0]]);
        let mut out = [0];
        for _ in 0..400_000 {
            large.draw(&moments, &[2_000], &mut out, &mut stream).unwrap();
            judge.add([out[0] as f64]);
        }
        judge.agree("one type");
    }

    /// Who leaves is drawn as Poisson only where that is what it is: rare, and not told by how many are left.
    #[test]
    fn leavers_that_are_not_poisson_are_drawn_with_the_families() {
        for (leave, noise, poisson) in [(0.004, 5.0, true), (0.2, 5.0, false), (0.004, 0.01, false)] {
            // One type and who leaves it: means, and covariances with neither births nor the hazard at division in them.
            let mut moments = Moments::none(2);
            moments.mean[..2].copy_from_slice(&[1.0 - leave, leave]);
            let own = leave * (1.0 - leave);
            moments.covariance[..5].copy_from_slice(&[own + noise, -own, 0.0, -own, own]);
            let large = Large::new(1, &moments, Families::new(&moments).as_ref());
            let mut stream = Stream::new(11, 0, 0, Purpose::Treatment);
            let drawn = large.draw(&moments, &[1_000_000, 0], &mut [0, 0], &mut stream);
            assert_eq!(drawn.is_some(), poisson, "{leave} leave, noise {noise}");
        }
    }

    /// The law against the exact one at the largest skewness that is allowed: the sum of `n` families of geometric size with
    /// these odds, of which a cell leaves one with this chance, by its probabilities (a recursion over the whole range).
    #[test]
    fn what_is_left_out_is_as_small_as_said() {
        for (allowed, bound, alone) in [(SKEWNESS_SINGLE, 1e-6, true), (SKEWNESS_BLOCK, 1e-4, false)] {
            for (chance, odds) in [(1.0f64, 1.0f64), (1.0, 0.2), (0.6, 1.5), (0.1, 3.0), (0.02, 0.1), (0.9, 30.0)] {
                let (g, second) = (1.0 + odds, (1.0 + odds) * (1.0 + 2.0 * odds));
                let mean = chance * g;
                let variance = chance * second - mean * mean;
                let third =
                    chance * g * (6.0 * g * g - 6.0 * g + 1.0) - 3.0 * chance * second * mean + 2.0 * mean.powi(3);
                let moments =
                    Moments { m: 1, mean: smallvec![mean, 0.0], covariance: smallvec![variance, 0.0, 0.0, 0.0] };
                let (own, fourth) = Families::new(&moments).unwrap().cumulants(0, 0);
                assert!((own / third - 1.0).abs() < 1e-9, "{own} {third}");
                let n = (third * third / variance.powi(3) / (allowed * allowed)).max(100.0 / variance).ceil();
                // The sum of n: its generating function is ((1 - c + x (c s - (1 - c)(1 - s))) / (1 - x (1 - s)))^n with s = 1 / g,
                // whose coefficients obey (a + b x)(1 - f x) P' = n (b + a f) P.
                let (s, c) = (1.0 / g, chance);
                let (a, b, f) = (1.0 - c, c * s - (1.0 - c) * (1.0 - s), 1.0 - s);
                let (mean, sd) = (n * mean, (n * variance).sqrt());
                // Scaled by what is found along the way: P(0) is below any number that there is.
                let first = if a > 0.0 { 0 } else { n as u64 };
                let most = (mean + 12.0 * sd) as u64;
                let mut p = vec![0.0; most as usize + 1];
                p[first as usize] = 1e-300;
                let mut k = first as usize;
                while k < most as usize {
                    // For a = 0 all is shifted by n, and the coefficients are those of a negative binomial.
                    p[k + 1] = if a > 0.0 {
                        let (before, here) = (if k > 0 { p[k - 1] } else { 0.0 }, p[k]);
                        let k = k as f64;
                        ((n * (b + a * f) - k * (b - a * f)) * here + b * f * (k - 1.0) * before) / (a * (k + 1.0))
                    } else {
                        let j = (k - first as usize) as f64;
                        p[k] * (n + j) * f / (j + 1.0)
                    };
                    if p[k + 1] > 1e250 {
                        p.iter_mut().for_each(|x| *x *= 1e-300);
                    }
                    k += 1;
                }
                let all: f64 = p.iter().sum();
                let (mut sum, mut worst) = (0.0, 0.0f64);
                let normal = |z: f64| 0.5 * libm::erfc(-z / 2.0f64.sqrt());
                for (k, x) in p.iter().enumerate() {
                    sum += x / all;
                    let y = (k as f64 + 0.5 - mean) / sd;
                    let law = |z: f64| {
                        if alone {
                            single(z, n, variance, (third, fourth)) / sd
                        } else {
                            skewed(z * sd, n * variance, n * third) / sd
                        }
                    };
                    if y.abs() < 6.0 {
                        // The z that gives this y; the law rises there.
                        let (mut low, mut high) = (-8.0, 8.0);
                        for _ in 0..60 {
                            let z = 0.5 * (low + high);
                            if law(z) < y { low = z } else { high = z }
                        }
                        worst = worst.max((sum - normal(low)).abs());
                    }
                }
                println!("skewness {allowed}, chance {chance}, odds {odds}: n {n}, off by {worst:.1e}");
                assert!(worst < bound && worst > 1e-9, "{worst}");
            }
        }
    }
}
