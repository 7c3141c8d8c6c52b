//! How many colonies a culture shows by each look: families of mutants of before the drug, and mutants founded in
//! persisters under it.
//!
//! # Law
//! A culture of N cells holds the mutants of Luria and Delbrueck (1943), m = u N mutations, each a family of k cells with
//! chance 1/(k (k + 1)) (Lea and Coulson 1949). Each cell that survives (chance s_R) and is counted (plating) makes a
//! colony that is visible once it has X cells; the time it takes has the law of [`Visible`], in which each colony grows at
//! its own rate. So a mutant of before is new at look j with chance v_j; with p = sum v_j the number seen in all has the thinned law of [`Seen`], and those
//! seen fall on the looks as a multinomial with shares v_j / p.
//! Under the drug persisters, D(s) = D(0) e^(-delta s), found lines at rate u_D b_D s_R D(s), seen like the others:
//! those new at look j are Poisson with mean u_D b_D s_R D(0) (I(t_j) - I(t_(j-1))), I(t) = Int_0^t e^(-delta s) V(t - s) ds.
//! The two add; [`log_chance`] sums over how many of each look are which.
//!
//! # Method
//! Thinned family sizes: c_j = p Int_0^1 r^(j-1) (1 - r) / (p + (1 - p) r) dr, from the family's geometric law given the time
//! of its mutation, by a recursion of two terms in its stable direction; then n P_n = m Sum j c_j P_(n-j) (Ma, Sandri and
//! Sarkar 1992, Genetica 85:173). All terms are positive. Mutants grow as the others do and do not die before the drug; the
//! colonies of one family grow at rates as different as those of two families.

use crate::fluctuation::law::dot;
use crate::regrowth::law::normal_nodes;
use std::sync::OnceLock;

/// When a line that survives is visible: its size is E e^(h t) / s_R, E exponential of mean 1, h its own growth, lognormal
/// from colony to colony.
pub struct Visible {
    /// Growth with its weight.
    paces: Vec<(f64, f64)>,
    /// ln(X s_R).
    start: f64,
    /// Steps a day that are short against the rise of the chance.
    steps_per_day: f64,
    /// Day from which on it is 1.
    whole: f64,
}

/// How many standard deviations of growth are looked at.
const REACH: f64 = 4.0;

impl Visible {
    /// For colonies whose growth has a median (1/day, above 0) and a standard deviation of its logarithm (`spread`, 0 or more);
    /// `threshold` is X s_R, above 0.
    ///
    /// ```
    /// use remission_infer::persister_fluctuation::law::Visible;
    /// let alike = Visible::new(0.4, 0.0, 1000.0);
    /// assert!(alike.by(0.0) < 1e-300 && alike.by(60.0) > 0.999);
    /// assert!((alike.by(1000f64.ln() / 0.4) - (-1f64).exp()).abs() < 1e-7);
    /// // Slow colonies are seen late.
    /// assert!(Visible::new(0.4, 0.5, 1000.0).by(40.0) < alike.by(40.0));
    /// ```
    pub fn new(growth_per_day: f64, spread: f64, threshold: f64) -> Visible {
        let start = libm::log(threshold);
        let paces = match spread > 0.0 {
            false => vec![(growth_per_day, 1.0)],
            true => {
                // Over ln growth the chance rises within some 1.28 / ln(X s_R): the rule's step is short against the narrower of
                // that rise and the spread, which leaves an error of some 1e-6.
                let rise = 1.28 / start.max(1.0) / spread;
                let step = 1.2 * libm::sqrt(rise * rise / (1.0 + rise * rise));
                let count = libm::ceil(REACH / step).min(100.0);
                let nodes = normal_nodes(REACH / count, REACH);
                nodes.into_iter().map(|(z, w)| (growth_per_day * libm::exp(spread * z), w)).collect()
            }
        };
        // The chance rises within 1.28 / growth of one pace, and within all paces' times of one threshold.
        let wider = 0.6 * spread * start.max(0.0) / 1.28;
        let steps_per_day = 2.0 * growth_per_day / libm::sqrt(1.0 + wider * wider);
        let slowest = paces.first().map_or(growth_per_day, |p| p.0);
        Visible { paces, start, steps_per_day, whole: (start + 20.0) / slowest }
    }

    /// Chance that a line that survives is visible `days` after its founding.
    pub fn by(&self, days: f64) -> f64 {
        self.paces.iter().map(|(growth, w)| w * gumbel(growth * days - self.start)).sum()
    }
}

/// exp(-e^(-y)), from a table: a cubic between points, good to 1e-9.
fn gumbel(y: f64) -> f64 {
    const FIRST: f64 = -6.5;
    const PER_UNIT: f64 = 32.0;
    const NUMBER: usize = 1280;
    static TABLE: OnceLock<Vec<(f64, f64)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let at = |k: usize| {
            let rate = libm::exp(-(FIRST + k as f64 / PER_UNIT));
            (libm::exp(-rate), rate * libm::exp(-rate) / PER_UNIT)
        };
        (0..=NUMBER).map(at).collect()
    });
    let place = (y - FIRST) * PER_UNIT;
    if !(0.0..NUMBER as f64).contains(&place) {
        return if place < 0.0 { 0.0 } else { 1.0 };
    }
    let k = place as usize;
    let x = place - k as f64;
    let ((from, slope), (to, end)) = (table[k], table[k + 1]);
    let rest = 1.0 - x;
    from * rest * rest * (1.0 + 2.0 * x) + to * x * x * (3.0 - 2.0 * x) + x * rest * (slope * rest - end * x)
}

/// I(t) = Int_0^t e^(-decay s) V(t - s) ds at each of `days` (increasing, above 0), days.
///
/// ```
/// use remission_infer::persister_fluctuation::law::{Visible, founded_and_visible};
/// for spread in [0.0, 0.1, 0.3, 1.0] {
///     let visible = Visible::new(0.4, spread, 1000.0);
///     let found = founded_and_visible(&[20.0, 50.0], 0.02, &visible);
///     let sum: f64 = (0..50_000).map(|k| (f64::from(k) + 0.5) / 1000.0)
///         .map(|s| (-0.02 * s).exp() * visible.by(50.0 - s) / 1000.0).sum();
///     assert!((found[1] / sum - 1.0).abs() < 1e-5, "{} {sum}", found[1]);
/// }
/// ```
pub fn founded_and_visible(days: &[f64], decay_per_day: f64, visible: &Visible) -> Vec<f64> {
    // I' = V - decay I, over steps short against the rise of V; three Gauss points each.
    const GAUSS: [(f64, f64); 3] =
        [(0.112_701_665_379_258_3, 5.0 / 18.0), (0.5, 4.0 / 9.0), (0.887_298_334_620_741_7, 5.0 / 18.0)];
    let (mut now, mut sum) = (0.0, 0.0);
    let mut out = Vec::with_capacity(days.len());
    for &day in days {
        let rate = f64::max(visible.steps_per_day, 2.0 * decay_per_day);
        let until = day.min(visible.whole.max(now));
        let steps = libm::ceil((until - now) * rate).min(2000.0);
        let step = (until - now) / steps.max(1.0);
        let kept = libm::exp(-decay_per_day * step);
        let inside =
            GAUSS.map(|(at, weight)| (at * step, weight * step * libm::exp(-decay_per_day * step * (1.0 - at))));
        for k in 0..steps as usize {
            let from = now + k as f64 * step;
            let new: f64 = inside.iter().map(|(at, w)| w * visible.by(from + at)).sum();
            sum = sum * kept + new;
        }
        // From then on I' = 1 - decay I.
        let rest = -libm::expm1(-decay_per_day * (day - until));
        sum += rest * (1.0 / decay_per_day - sum);
        now = day;
        out.push(sum);
    }
    out
}

/// The law of the number of mutants seen when each is seen with chance `p`.
pub struct Seen {
    /// j c_j at j - 1.
    weights: Vec<f64>,
    /// Chance that a mutation shows at all.
    shows: f64,
}

impl Seen {
    /// For numbers up to `most`; `p` above 0 and at most 1.
    ///
    /// ```
    /// use remission_infer::persister_fluctuation::law::Seen;
    /// let law = Seen::new(1.0, 10).chances(2.0);
    /// assert!((law[0] - (-2f64).exp()).abs() < 1e-15 && (law.iter().sum::<f64>() - 0.7682).abs() < 5e-5);
    /// ```
    pub fn new(p: f64, most: usize) -> Seen {
        if p >= 1.0 {
            return Seen { weights: (1..=most).map(|j| 1.0 / (j as f64 + 1.0)).collect(), shows: 1.0 };
        }
        let rest = 1.0 - p;
        // I_j = Int r^j / (p + (1 - p) r) dr: rest I_(j+1) + p I_j = 1 / (j + 1).
        let first = -libm::log(p) / rest;
        let mut integrals = vec![0.0; most + 2];
        // An error grows by p / rest a step upwards, and by rest / p downwards.
        let growth = libm::log(p / rest);
        if growth * most as f64 <= 7.0 {
            integrals[0] = first;
            for j in 0..=most {
                integrals[j + 1] = (1.0 / (j as f64 + 1.0) - p * integrals[j]) / rest;
            }
        } else {
            let far = most + 2 + libm::ceil(40.0 / growth) as usize;
            let mut integral = 1.0 / (far as f64 + 1.0);
            for j in (0..far).rev() {
                integral = (1.0 / (j as f64 + 1.0) - rest * integral) / p;
                if let Some(place) = integrals.get_mut(j) {
                    *place = integral;
                }
            }
        }
        let weights = (1..=most).map(|j| j as f64 * p * (integrals[j - 1] - integrals[j]).max(0.0)).collect();
        Seen { weights, shows: p * first }
    }

    /// P(n mutants are seen) for n = 0, 1, ..., when `mutations` are expected.
    pub fn chances(&self, mutations: f64) -> Vec<f64> {
        let mut p = Vec::with_capacity(self.weights.len() + 1);
        p.push(libm::exp(-mutations * self.shows));
        for n in 1..=self.weights.len() {
            let sum = dot(&self.weights[..n], &p[..n]);
            p.push(mutations * sum / n as f64);
        }
        p
    }
}

/// ln of the chance of `new` colonies at each look: `before[n]` is the chance that n mutants of before are seen in all,
/// `shares` where those fall, `means` how many mutants of during are expected new at each look.
pub fn log_chance(new: &[usize], before: &[f64], shares: &[f64], means: &[f64]) -> f64 {
    // Splits that ask for far more during than are expected are left out, unless nothing else is possible.
    let some = chance(new, before, shares, means, 1e-80);
    libm::log(if some > 1e-200 { some } else { chance(new, before, shares, means, 0.0) })
}

/// The same, not as a logarithm, over splits in which the chance of those of during is at least `least` of the highest.
fn chance(new: &[usize], before: &[f64], shares: &[f64], means: &[f64], least: f64) -> f64 {
    // H(A) = chance of the looks so far when A mutants of before fall on them, but for the choice of the look of each.
    let mut h = vec![1.0];
    for ((n, share), mean) in new.iter().zip(shares).zip(means) {
        let during = poisson(*n, *mean);
        let mut next = vec![0.0; h.len() + n];
        let mut all_here = 1.0;
        let least = least * during.iter().copied().fold(0.0, f64::max);
        for a in 0..=*n {
            if during[n - a] < least {
                all_here *= share;
                continue;
            }
            // C(a + b, a) share^a: a of the a + b mutants of before are new at this look.
            let mut choices = all_here;
            for (b, value) in h.iter().enumerate() {
                next[a + b] += choices * during[n - a] * value;
                choices *= (a + b + 1) as f64 / (b + 1) as f64;
            }
            all_here *= share;
        }
        h = next;
    }
    h.iter().zip(before).map(|(h, b)| h * b).sum()
}

/// Poisson chances of 0 to n.
fn poisson(n: usize, mean: f64) -> Vec<f64> {
    let mut p = Vec::with_capacity(n + 1);
    p.push(libm::exp(-mean));
    for k in 1..=n {
        p.push(p[k - 1] * mean / k as f64);
    }
    if p[0] == 0.0 && n > 0 {
        // The chance of none is below the smallest number: each by its logarithm.
        return (0..=n as u64).map(|k| libm::exp(remission_engine::draw::log_poisson(k, mean))).collect();
    }
    p
}
