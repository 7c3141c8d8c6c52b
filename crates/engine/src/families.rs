//! The law from which a leap draws: zero or more families a cell, with the exact moments of the branching process.
//!
//! Over an interval a cell of type i leaves a family of type j with probability q_ij, of geometric size on
//! {1, 2, ...} with mean mu_ij. For one type this *is* the birth-death law (Kendall 1948, Ann. Math. Stat. 19:1).
//! For a block connected by switching q and mu are chosen to give the exact mean and second moment,
//!     mu_ij = (E(x_j^2) / E(x_j) + 1) / 2,   q_ij = E(x_j) / mu_ij,
//! and families of two types from one ancestor occur together with probability E(x_j x_k) / (mu_j mu_k), which
//! gives the exact covariance. Families in another type than the ancestor's are of several sizes, since they began at several dates
//! (`arrivals.rs`). What is left out is the third moment within a step; the step is kept short
//! enough for that (see `leap.rs`). Three draws a family, at 1 cell and at 10^13; never negative.

mod arrivals;

use crate::draw;
use crate::moments::Moments;
use crate::stream::Stream;
use arrivals::{Arrivals, WIDTH};
use smallvec::{SmallVec, smallvec};

/// Families left by one cell of each type of a block over one interval.
#[derive(Debug, Clone)]
pub struct Families {
    m: usize,
    /// For each ancestor: probability of a family of type j alone, then of each pair together.
    chances: SmallVec<[f64; 6]>,
    /// Mean size of a family of type j from ancestor i, less 1: the odds of one more.
    odds: SmallVec<[f64; 4]>,
    pairs: SmallVec<[(usize, usize); 1]>,
    /// By ancestor and type: families of several sizes; empty where all are of one.
    arrivals: Vec<Option<Arrivals>>,
}

impl Families {
    /// The law with these moments; `None` when no such law exists, which happens when the interval is too long.
    pub fn new(moments: &Moments) -> Option<Self> {
        let m = moments.m;
        let mut arrivals: Vec<Option<Arrivals>> = Vec::new();
        if m > 1 {
            arrivals.extend((0..m * m).map(|k| arriving(moments, k / m, k % m)));
        }
        // More, smaller families may ask for more together than there are: then all are of one size.
        Families::with(moments, arrivals).or_else(|| if m > 1 { Families::with(moments, Vec::new()) } else { None })
    }

    fn with(moments: &Moments, arrivals: Vec<Option<Arrivals>>) -> Option<Self> {
        let m = moments.m;
        let several = |i: usize, j: usize| arrivals.get(i * m + j).and_then(Option::as_ref);
        let mut pairs = SmallVec::new();
        for j in 0..m {
            pairs.extend((j + 1..m).map(|k| (j, k)));
        }
        let width = m + pairs.len();
        let mut chances: SmallVec<[f64; 6]> = smallvec![0.0; m * width];
        let mut odds: SmallVec<[f64; 4]> = smallvec![0.0; m * m];
        let mut sizes: SmallVec<[f64; 4]> = smallvec![1.0; m];
        for i in 0..m {
            let row = &mut chances[i * width..(i + 1) * width];
            sizes.fill(1.0);
            for j in 0..m {
                let (mean, variance) = (moments.mean(i, j), moments.covariance(i, j, j));
                if mean <= 1e-290 {
                    continue;
                }
                // Cells that grow so much that no number holds their variance: a shorter interval shows that there are too many.
                if !(mean.is_finite() && variance.is_finite()) {
                    return None;
                }
                let more = (0.5 * (variance / mean + (mean - 1.0))).max(0.0);
                odds[i * m + j] = more;
                sizes[j] = several(i, j).map_or(1.0 + more, |a| a.size);
                row[j] = several(i, j).map_or(mean / (1.0 + more), |a| a.chance);
            }
            for (p, &(j, k)) in pairs.iter().enumerate() {
                let together = moments.covariance(i, j, k) + moments.mean(i, j) * moments.mean(i, k);
                let chance = together / (sizes[j] * sizes[k]);
                // Rounding leaves +-1e-17 where the exact value is 0.
                let chance = if chance < 1e-15 { 0.0 } else { chance };
                row[m + p] = chance;
                row[j] -= chance;
                row[k] -= chance;
            }
            let sum: f64 = row.iter().sum();
            if sum > 1.0 + 1e-9 || row.iter().any(|&x| x < -1e-9) {
                return None;
            }
            for x in row.iter_mut() {
                *x = x.max(0.0);
            }
        }
        Some(Families { m, chances, odds, pairs, arrivals })
    }

    fn several(&self, i: usize, j: usize) -> Option<&Arrivals> {
        self.arrivals.get(i * self.m + j)?.as_ref()
    }

    /// Third and fourth cumulant of the number of type `j` owed to one cell of type `i`.
    pub fn cumulants(&self, i: usize, j: usize) -> (f64, f64) {
        let width = self.m + self.pairs.len();
        let row = &self.chances[i * width..(i + 1) * width];
        let together: f64 =
            self.pairs.iter().zip(&row[self.m..]).filter(|(p, _)| p.0 == j || p.1 == j).map(|x| x.1).sum();
        // Moments of a geometric number on {1, 2, ...} with mean g, as polynomials in g.
        let of = |chance: f64, g: f64| {
            let first = chance * g;
            let third = first * (6.0 * g * (g - 1.0) + 1.0);
            [first, first * (2.0 * g - 1.0), third, first * (((24.0 * g - 36.0) * g + 14.0) * g - 1.0)]
        };
        let chance = row[j] + together;
        let [first, second, third, fourth] = match self.several(i, j) {
            None => of(chance, 1.0 + self.odds[i * self.m + j]),
            Some(a) => {
                let each = a.shares.iter().zip(&a.odds).map(|(share, odds)| of(chance * share, 1.0 + odds));
                each.fold([0.0; 4], |sum, x| std::array::from_fn(|k| sum[k] + x[k]))
            }
        };
        let square = first * first;
        (
            third - 3.0 * second * first + 2.0 * square * first,
            fourth - 4.0 * third * first - 3.0 * second * second + 12.0 * second * square - 6.0 * square * square,
        )
    }

    /// Draws what `cells` (counts by type) leave, into `out`.
    pub fn draw(&self, cells: &[u64], out: &mut [u64], stream: &mut Stream) {
        if self.m == 1 {
            out[0] = self.draw_one(cells[0], stream);
            return;
        }
        out.fill(0);
        let m = self.m;
        let width = m + self.pairs.len();
        let mut kinds = [0u64; 64];
        let mut kinds_big;
        let kinds: &mut [u64] = if width <= 64 {
            &mut kinds[..width]
        } else {
            kinds_big = vec![0; width];
            &mut kinds_big
        };
        for i in 0..m {
            if cells[i] == 0 {
                continue;
            }
            draw::multinomial(stream, cells[i], &self.chances[i * width..(i + 1) * width], kinds);
            for (p, &(j, k)) in self.pairs.iter().enumerate() {
                kinds[j] += kinds[m + p];
                kinds[k] += kinds[m + p];
            }
            for j in 0..m {
                match (kinds[j], self.several(i, j)) {
                    (0, _) => {}
                    (families, None) => {
                        out[j] += draw::geometric_family_sum_odds(stream, families, self.odds[i * m + j]);
                    }
                    (families, Some(a)) => {
                        let mut each = [0u64; WIDTH];
                        draw::multinomial(stream, families, &a.shares, &mut each);
                        for (n, odds) in each.iter().zip(&a.odds).filter(|(n, _)| **n > 0) {
                            out[j] += draw::geometric_family_sum_odds(stream, *n, *odds);
                        }
                    }
                }
            }
        }
    }

    /// The same for a block of one type.
    #[inline]
    pub fn draw_one(&self, cells: u64, stream: &mut Stream) -> u64 {
        let families = draw::binomial(stream, cells, self.chances[0]);
        if families == 0 { 0 } else { draw::geometric_family_sum_odds(stream, families, self.odds[0]) }
    }
}

/// Families of several sizes that a cell of type `i` leaves in type `j`.
fn arriving(moments: &Moments, i: usize, j: usize) -> Option<Arrivals> {
    if i == j {
        return None;
    }
    let (mean, variance) = (moments.mean(i, j), moments.covariance(i, j, j));
    let (grown, spread) = (moments.mean(j, j), moments.covariance(j, j, j));
    if !(mean > 1e-290 && mean.is_finite() && variance.is_finite() && grown > 1e-290 && spread.is_finite()) {
        return None;
    }
    let odds = (0.5 * (spread / grown + (grown - 1.0))).max(0.0);
    Arrivals::new(mean, variance + mean * mean, moments.mean(i, i), (grown, odds))
}
