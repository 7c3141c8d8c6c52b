//! The law of a step for a large clone: a normal with the exact mean and covariance, corrected for skewness.
//!
//! n cells leave counts whose mean n M, covariance n C and third cumulants n K are sums over cells. Where the skewness
//! g = n K / (n C)^(3/2) of every count is small, the standardised counts are
//!     y = (z + g (z^2 - 1) / 6) / sqrt(1 + g^2 / 18),   z normal,
//! the first term of Cornish and Fisher (1938, Rev. Inst. Int. Stat. 5:307), scaled to keep the variance. What is left out
//! is of the order g^2: with the largest skewness that is allowed, [`SKEWNESS_SINGLE`] and [`SKEWNESS_BLOCK`], the
//! distribution function is off by less than 1e-5 and 1e-3 in one step. Mean and covariance are exact.
//! Smaller clones are drawn family by family ([`crate::families`]).

use crate::draw;
use crate::families::Families;
use crate::leap::UNTOLD;
use crate::moments::Moments;
use crate::stream::Stream;

/// Largest skewness of a type on its own; an exact draw costs ten times as much.
pub const SKEWNESS_SINGLE: f64 = 0.01;
/// Largest skewness of a type in a block connected by switching.
pub const SKEWNESS_BLOCK: f64 = 0.1;
/// Who leaves by mutation per time is Poisson given the ends where its variance is, up to this share.
const LIKE_POISSON: f64 = 0.01;
/// Types of a block that can be drawn so.
const MOST: usize = 4;

/// Third cumulants of a step.
#[derive(Debug, Clone)]
pub struct Large {
    /// Types; kinds less those who leave.
    types: usize,
    /// Of type j owed to one cell of type i.
    third: Vec<f64>,
    /// Smallest clone of a block of one type that is large; infinity for other blocks.
    single: f64,
    /// Standard deviation and skewness of what one cell of such a block leaves.
    spread: f64,
    skewness: f64,
}

/// Founders expected from a large clone, given what was drawn.
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

    /// The hazard itself, a gamma with this mean and variance; its mean where the variance does not matter.
    #[inline]
    pub fn draw(self, stream: &mut Stream) -> f64 {
        if self.untold <= UNTOLD * self.mean || self.mean <= 0.0 {
            return self.mean;
        }
        draw::gamma(stream, self.mean * self.mean / self.untold, self.untold / self.mean)
    }
}

impl Large {
    /// Of `types` types with these moments over the step.
    pub fn new(types: usize, moments: &Moments, families: Option<&Families>) -> Large {
        let mut third = vec![f64::INFINITY; types * types];
        if let Some(families) = families {
            for (k, slot) in third.iter_mut().enumerate() {
                *slot = families.third_cumulant(k / types, k % types);
            }
        }
        let mut large = Large { types, third, single: f64::INFINITY, spread: 0.0, skewness: 0.0 };
        if moments.m == 1 {
            let variance = moments.covariance(0, 0, 0);
            large.spread = variance.sqrt();
            large.skewness = large.third[0] / (variance * large.spread);
            let fewest = (large.skewness / SKEWNESS_SINGLE) * (large.skewness / SKEWNESS_SINGLE);
            // Without variance nothing is drawn.
            large.single = if variance > 1e-12 && fewest.is_finite() { fewest } else { f64::INFINITY };
        }
        large
    }

    /// What `cells` (by type) leave, into `out`, and the founders to expect; `None` when the clone is not large.
    #[inline]
    pub fn draw(&self, moments: &Moments, cells: &[u64], out: &mut [u64], stream: &mut Stream) -> Option<Hazard> {
        if moments.m == 1 {
            let n = cells[0] as f64;
            if n < self.single {
                return None;
            }
            let root = n.sqrt();
            let y = skewed(draw::normal(stream), self.skewness / root);
            let off = self.spread * root * y;
            out[0] = rounded(n * moments.mean(0, 0) + off);
            let (told, spread) = (moments.covariance(0, 0, 1), moments.covariance(0, 0, 0));
            let mean = (n * moments.mean(0, 1) + told / spread * off).max(0.0);
            return Some(Hazard { mean, untold: (n * (moments.covariance(0, 1, 1) - told * told / spread)).max(0.0) });
        }
        match self.types {
            1 => self.draw_block::<1>(moments, cells, out, stream),
            2 => self.draw_block::<2>(moments, cells, out, stream),
            3 => self.draw_block::<3>(moments, cells, out, stream),
            MOST => self.draw_block::<MOST>(moments, cells, out, stream),
            _ => None,
        }
    }

    fn draw_block<const T: usize>(
        &self,
        moments: &Moments,
        cells: &[u64],
        out: &mut [u64],
        stream: &mut Stream,
    ) -> Option<Hazard> {
        let m = moments.m;
        let mut mean = [0.0; T];
        let mut factor = [[0.0; T]; T];
        let mut third = [0.0; T];
        let n: [f64; T] = std::array::from_fn(|i| cells[i] as f64);
        for i in 0..T {
            for j in 0..T {
                mean[j] += n[i] * moments.mean(i, j);
                third[j] += if n[i] > 0.0 { n[i] * self.third[i * T + j] } else { 0.0 };
                for k in 0..=j {
                    factor[j][k] += n[i] * moments.covariance(i, j, k);
                }
            }
        }
        let mut skewness = [0.0; T];
        for j in 0..T {
            let variance = factor[j][j];
            if !(third[j] * third[j] <= SKEWNESS_BLOCK * SKEWNESS_BLOCK * variance * variance * variance) {
                return None;
            }
            // At least a cell of noise, so that rounding is small beside it.
            if variance < 100.0 {
                return None;
            }
            skewness[j] = third[j] / (variance * variance.sqrt());
        }
        // Cholesky: covariance = L L'.
        for j in 0..T {
            let whole = factor[j][j];
            for k in 0..j {
                let mut x = factor[j][k];
                for r in 0..k {
                    x -= factor[j][r] * factor[k][r];
                }
                factor[j][k] = x / factor[k][k];
                factor[j][j] -= factor[j][k] * factor[j][k];
            }
            if factor[j][j] <= 1e-9 * whole {
                return None;
            }
            factor[j][j] = factor[j][j].sqrt();
        }
        let (leaves, hazard) = (m > T, m);
        // What the ends tell of founders, before anything is drawn: whether those who leave are Poisson given the ends.
        let mut with = [0.0; T];
        let (mut expected, mut spread, mut gone, mut gone_spread) = (0.0, 0.0, 0.0, 0.0);
        let mut gone_with = [0.0; T];
        for i in 0..T {
            expected += n[i] * moments.mean(i, hazard);
            spread += n[i] * moments.covariance(i, hazard, hazard);
            for j in 0..T {
                with[j] += n[i] * moments.covariance(i, j, hazard);
            }
            if leaves {
                gone += n[i] * moments.mean(i, T);
                gone_spread += n[i] * moments.covariance(i, T, T);
                for j in 0..T {
                    gone_with[j] += n[i] * moments.covariance(i, j, T);
                }
            }
        }
        let solved = |mut x: [f64; T]| {
            for j in 0..T {
                for k in 0..j {
                    x[j] -= factor[j][k] * x[k];
                }
                x[j] /= factor[j][j];
            }
            x
        };
        let told = solved(with);
        let mut untold = spread - told.iter().map(|x| x * x).sum::<f64>();
        let mut slope = told;
        if leaves {
            let gone_told = solved(gone_with);
            let left = gone_spread - gone_told.iter().map(|x| x * x).sum::<f64>();
            if (left - gone).abs() > LIKE_POISSON * gone {
                return None;
            }
            expected += gone;
            for j in 0..T {
                slope[j] += gone_told[j];
            }
        }
        untold = untold.max(0.0);
        let z: [f64; T] = std::array::from_fn(|_| draw::normal(stream));
        for j in 0..T {
            expected += slope[j] * z[j];
            let total = (0..T).map(|k| factor[j][k] * factor[j][k]).sum::<f64>().sqrt();
            let mut x = 0.0;
            for k in 0..=j {
                x += factor[j][k] * z[k];
            }
            out[j] = rounded(mean[j] + total * skewed(x / total, skewness[j]));
        }
        out[T..].fill(0);
        Some(Hazard { mean: expected.max(0.0), untold })
    }
}

/// A normal number with this skewness, mean 0 and variance 1.
#[inline]
fn skewed(z: f64, skewness: f64) -> f64 {
    (z + skewness / 6.0 * (z * z - 1.0)) / (1.0 + skewness * skewness / 18.0).sqrt()
}

/// The nearest count.
#[inline]
fn rounded(x: f64) -> u64 {
    (x + 0.5) as u64
}
