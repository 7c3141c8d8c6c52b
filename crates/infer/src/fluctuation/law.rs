//! How many mutants a culture holds when it is plated, and how many of them are seen: the law of Luria and Delbrueck
//! with mutants that grow at their own pace, die, are plated in part, in cultures whose final sizes vary.
//!
//! Mutations arise as a Poisson process, m in all, in proportion to a wild-type population that grows exponentially; each
//! founds a clone that grows at `fitness` w times the wild type's net rate. A clone whose expected growth factor is 1/p
//! has a zero-modified geometric size; [`super::clones`] says how p is spread, about as a p^(a-1), a = 1/w. Thinning by
//! plating and death of mutants only change the parameters of that geometric: with rho the death ratio and
//! e = plating / (1 - rho),
//!
//! ```text
//! h_k = (1 - rho) E[ s xi (1 - xi)^(k-1) ], xi = p / (p + e (1 - p)), s = e / (p + e (1 - p))     shows k mutants, k >= 1
//! 1 - h(z) = (1 - rho) E[ v / (p + (1 - p) v) ], v = e (1 - z)
//! ln G(z) = -m (1 - h(z)) - after (1 - z)         final sizes alike; `after` is the mean of a Poisson number on top
//! G(z) = (1 + m cv^2 (1 - h(z)))^(-1/cv^2) e^(-after (1 - z))          final sizes vary as a gamma with this cv
//! ```
//!
//! Probabilities follow the compound-Poisson recursion n p_n = m Sum k h_k p_(n-k) (Lea and Coulson 1949; Ma, Sandri and
//! Sarkar 1992, Genetica 85:173), or Panjer's for varying sizes; all terms are positive, so nothing is lost. Far counts:
//! [`super::contour`]. w = 1, e = 1: Lea and Coulson 1949; w: Mandelbrot 1974, Koch 1982; e: Stewart 1991; cv: Zheng 2017
//! (G3 7:3849). Left out: lag of the phenotype.

use super::clones::Clones;
use super::contour::Contour;

/// How mutants grow and are seen; the number of mutations is given apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Law {
    /// Net growth of mutants relative to that of the wild type, above 0; 1: alike.
    pub fitness: f64,
    /// Share of a culture that is plated, times the share of plated mutants that form a colony: above 0, at most 1.
    pub plating: f64,
    /// Death of mutants as a share of their births, 0 to below 1.
    pub mutant_death: f64,
    /// Coefficient of variation of the cultures' final sizes, 0 or more.
    pub cv: f64,
    /// Cells at the beginning over cells at the end, 0 to below 1.
    pub initial_share: f64,
}

impl Default for Law {
    fn default() -> Self {
        Law { fitness: 1.0, plating: 1.0, mutant_death: 0.0, cv: 0.0, initial_share: 0.0 }
    }
}

/// Counts up to here come from the recursion alone when none is larger.
const RECURSION: usize = 1024;
/// Counts up to here come from it when some are larger.
const RECURSION_BESIDE: usize = 512;
/// The same where mutants or cultures grow so little that far counts are rare and an integral would lose their digits.
const RECURSION_SLOW: usize = 4096;
/// a from which mutants count as slow.
pub(super) const SLOW: f64 = 1.5;

/// A law made ready for counts up to some size.
pub struct Ready {
    law: Law,
    /// h_k at k; 0 at k = 0.
    sizes: Vec<f64>,
    /// Chance that a clone shows at all.
    seen: f64,
    clones: Clones,
}

/// Counts of cultures that share one law and one m: what they showed, sorted, and lower bounds ("N or more").
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// (count, how many cultures).
    pub exact: Vec<(u64, f64)>,
    /// (least count, how many cultures).
    pub at_least: Vec<(u64, f64)>,
}

impl Law {
    /// Makes the law ready for counts up to `most`; larger ones take longer but are as exact.
    ///
    /// ```
    /// use remission_infer::fluctuation::law::Law;
    /// let law = Law::default().ready(10);
    /// let p = law.probabilities(2.0, 0.0, 10);
    /// assert!((p[2] - 0.11278).abs() < 1e-5);
    /// assert!((p.iter().sum::<f64>() - 0.7682).abs() < 1e-4);
    /// ```
    pub fn ready(&self, most: u64) -> Ready {
        let slow = 1.0 / self.fitness > SLOW || self.initial_share > 0.0;
        let (alone, beside) = if slow { (RECURSION_SLOW, RECURSION_SLOW) } else { (RECURSION, RECURSION_BESIDE) };
        self.ready_by_recursion(if most <= alone as u64 { most as usize } else { beside })
    }

    /// Makes the law ready with counts up to `upto` by the recursion, larger ones by integrals: for judging the one by
    /// the other. Time goes with the square of `upto`.
    pub fn ready_by_recursion(&self, upto: usize) -> Ready {
        let clones = Clones::new(self);
        Ready { law: *self, sizes: clones.sizes(upto), seen: clones.away_real(1.0), clones }
    }
}

impl Ready {
    /// Probabilities of 0, 1, ..., `upto` mutants seen, with `m` mutations a culture (at the mean final size) and a
    /// Poisson number of mean `after` on top. `upto` must not exceed what the law was made ready for.
    pub fn probabilities(&self, m: f64, after: f64, upto: usize) -> Vec<f64> {
        let (mut p, offset) = self.scaled(m, after, upto);
        p.iter_mut().for_each(|p| *p *= libm::exp(offset));
        p
    }

    /// Probabilities as multiples of e^offset, so that small ones are not lost.
    fn scaled(&self, m: f64, after: f64, upto: usize) -> (Vec<f64>, f64) {
        const HUGE: f64 = 1e200;
        let cv2 = self.law.cv * self.law.cv;
        // k f_k, f the weights of the recursion n p_n = Sum (own n + k) w_k p_(n-k) in Panjer's class. A colony made after plating is
        // a clone of one.
        let rate = m * self.seen + after;
        let (own, odds) = (cv2, cv2 * rate);
        let mut offset = if cv2 == 0.0 { -rate } else { -libm::log1p(odds) / cv2 };
        // With shape 1/cv2: a = odds / (1 + odds); n p_n = Sum a (n + (1/cv2 - 1) k) f_k p_(n-k), f the share of clones of size k.
        let mut weights: Vec<f64> =
            self.sizes[..=upto.min(self.sizes.len() - 1)].iter().map(|h| m / (1.0 + odds) * h).collect();
        weights.resize(upto + 1, 0.0);
        if let Some(one) = weights.get_mut(1) {
            *one += after / (1.0 + odds);
        }
        let by_k: Vec<f64> = weights.iter().enumerate().map(|(k, w)| (1.0 - own) * k as f64 * w).collect();
        let mut p = vec![0.0; upto + 1];
        p[0] = 1.0;
        for n in 1..=upto {
            let mut sum = dot(&by_k[1..=n], &p[..n]);
            if own > 0.0 {
                sum += own * n as f64 * dot(&weights[1..=n], &p[..n]);
            }
            p[n] = sum / n as f64;
            if p[n] > HUGE {
                p[..=n].iter_mut().for_each(|p| *p /= HUGE);
                offset += libm::log(HUGE);
            }
        }
        (p, offset)
    }

    /// ln of the probability of `n` mutants seen.
    ///
    /// ```
    /// use remission_infer::fluctuation::law::Law;
    /// let far = Law::default().ready(1_000_000).log_probability(3.0, 0.0, 1_000_000);
    /// // m / n^2 in the far tail.
    /// assert!((far.exp() / 3e-12 - 1.0).abs() < 1e-3);
    /// ```
    pub fn log_probability(&self, m: f64, after: f64, n: u64) -> f64 {
        if (n as usize) < self.sizes.len() {
            let (p, offset) = self.scaled(m, after, n as usize);
            return libm::log(p[n as usize]) + offset;
        }
        self.far(m, after).log_probability(n)
    }

    /// Chance of more than `x` mutants seen.
    ///
    /// ```
    /// use remission_infer::fluctuation::law::Law;
    /// let above = Law::default().ready(10).above(2.0, 0.0, 10);
    /// assert!((above - (1.0 - 0.7682)).abs() < 1e-4);
    /// ```
    pub fn above(&self, m: f64, after: f64, x: u64) -> f64 {
        let below = || self.probabilities(m, after, x as usize).iter().sum::<f64>();
        let slow = 1.0 / self.law.fitness > SLOW || self.law.initial_share > 0.0;
        let here = (x as usize) < self.sizes.len();
        if !slow {
            return if here && x < 20 { 1.0 - below() } else { self.far(m, after).above(x) };
        }
        if x as usize >= RECURSION_SLOW {
            return self.far(m, after).above(x);
        }
        if here {
            let rest = 1.0 - below();
            if rest > 1e-4 {
                return rest;
            }
        }
        // What is left of 1 has lost its digits: the terms themselves, and what lies beyond them.
        let far = self.law.ready_by_recursion(RECURSION_SLOW).probabilities(m, after, RECURSION_SLOW);
        let terms: f64 = far[x as usize + 1..].iter().rev().sum();
        (terms + self.far(m, after).above(RECURSION_SLOW as u64)).min(1.0)
    }

    /// ln of the probability of what cultures of one m showed. Minus infinity where it is impossible.
    pub fn log_likelihood(&self, m: f64, after: f64, counts: &Counts) -> f64 {
        let largest = counts.exact.iter().map(|c| c.0 as usize).filter(|n| *n < self.sizes.len()).max();
        let (p, offset) = largest.map_or((Vec::new(), 0.0), |upto| self.scaled(m, after, upto));
        let mut sum = 0.0;
        for &(n, times) in &counts.exact {
            sum += times
                * match p.get(n as usize) {
                    Some(p) => libm::log(*p) + offset,
                    None => self.far(m, after).log_probability(n),
                };
        }
        for &(least, times) in counts.at_least.iter().filter(|c| c.0 > 0) {
            sum += times * libm::log(self.above(m, after, least - 1));
        }
        if sum.is_nan() { f64::NEG_INFINITY } else { sum }
    }

    fn far(&self, m: f64, after: f64) -> Contour<'_> {
        Contour { law: &self.law, clones: &self.clones, m, after }
    }

    /// Chance that a mutation shows no mutant.
    pub fn unseen(&self) -> f64 {
        1.0 - self.seen
    }

    /// The law this is.
    pub fn law(&self) -> &Law {
        &self.law
    }
}

/// Sum of a_k p_(n-k), both of one length: the first against the second from its end, in eight sums, since one would wait for itself.
pub(crate) fn dot(a: &[f64], p: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let whole = a.len() / 8 * 8;
    let back = &p[p.len() - whole..];
    for (a, b) in a[..whole].chunks_exact(8).zip(back.rchunks_exact(8)) {
        for i in 0..8 {
            sums[i] += a[i] * b[7 - i];
        }
    }
    let rest: f64 = a[whole..].iter().zip(p[..p.len() - whole].iter().rev()).map(|(a, b)| a * b).sum();
    (sums[0] + sums[4]) + (sums[1] + sums[5]) + (sums[2] + sums[6]) + (sums[3] + sums[7]) + rest
}
