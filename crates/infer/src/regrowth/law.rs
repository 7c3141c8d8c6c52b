//! The first-passage law of a well: when do the resistant cells of a well reach the number at which it is scored.
//!
//! # Law
//! Surviving resistant lines are founded in a well by a Poisson process. A line founded at time s by one cell that
//! divides at rate b and dies at rate d grows, once it survives, like E e^(g (t - s)) / s_R, with E exponential of mean 1,
//! g = b - d and s_R = 1 - d/b (the limit of the birth-death law; Durrett 2015, *Branching Process Models of Cancer*,
//! section 3). With X the number at which a well is scored and
//!
//! W = sum over the lines of E_i e^(-g s_i),     T = ln(X s_R / W) / g,
//!
//! the well is scored at T; it never is where it has no line. Lines founded near T count for one cell among X, so the
//! sum may run over all time: the error is of order 1/X. Kinds of founders, L being the expected number a well:
//!
//! - present as single cells when treatment begins (wells plated from one flask): ln E e^(-q W) = -L q / (1 + q);
//! - present as families, after growth in the well itself (Luria-Delbrueck, mutants as fit as others): a line is
//!   E / U with U uniform, and ln E e^(-q W) = -L q ln(1 + 1/q);
//! - founded at rate L k e^(-k s) from cells that disappear at rate k: with r = k/g and y = e^(-g s),
//!   ln E e^(-q W) = -L H(q), H(q) = r Int_0^1 y^r q / (1 + q y) dy.
//!
//! Independent kinds add. These are the surviving lines L_PRE, L_DUR and L_DTP of competing origins (Iwasa, Nowak and
//! Michor 2006, Genetics 172:2557; Bozic and others 2013, eLife 2:e00747) with the clock of each.
//!
//! # Method
//! P(W <= x) is the inverse Laplace transform of E e^(-qW) / q at x, by Talbot's contour with the constants of Trefethen,
//! Weideman and Schmelzer 2006 (BIT 46:653), whose nodes scale with 1/x. So H is wanted on a ladder q, q e^D, q e^2D, ...,
//! where H(q e^D) = (an integral over one rung) + e^(-r D) H(q): a few Gauss points a rung, poles never nearer than half a
//! radian (`super::ladder`). With many lines W is nearly normal and the contour fails; then W is a shifted gamma variable with its first
//! three cumulants, n! (L_present + L r / (r + n)). The clock of a well runs faster or slower than the others' by a
//! lognormal factor (`scatter`): whichever of the two varies more is integrated exactly, the other by the trapezoidal rule.

use super::ladder::{COARSE, Ladder, TOP, families};
use crate::special::normal_below;
use remission_engine::law::scalar::Complex;

/// Founders of a well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Founders {
    /// Expected surviving lines present when treatment begins, 0 or more.
    pub present: f64,
    /// Whether those are families grown in the well (true), or single cells (false).
    pub grown: bool,
    /// Expected surviving lines founded during treatment, over all time, 0 or more.
    pub later: f64,
    /// Decay of the cells that found them, per day, above 0.
    pub decay_per_day: f64,
}

/// More lines in a well than this count as this: it is scored at once.
const MOST_LINES: f64 = 1e15;

impl Founders {
    /// Expected lines of all kinds.
    pub fn lines(&self) -> f64 {
        self.present + self.later
    }

    /// The same in a well with `factor` times as many cells.
    pub fn times(&self, factor: f64) -> Founders {
        let of = |lines: f64| (lines * factor).min(MOST_LINES);
        Founders { present: of(self.present), later: of(self.later), ..*self }
    }
}

/// How lines become a scored well.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Net growth of resistant cells, per day, above 0.
    pub growth_per_day: f64,
    /// X s_R: cells at which a well is scored times the chance that one cell's line survives; above 0.
    pub threshold: f64,
    /// Standard deviation of the logarithm of a well's pace, 0 or more.
    pub scatter: f64,
}

/// Wells whose lines count for so many or more are described by cumulants.
const MANY: f64 = 20.0;
/// Lowest ln x looked at: only wells watched for four hundred doublings reach it, and squares of q stay finite.
const LOWEST: f64 = -300.0;

/// P(T <= t) for each of `days` (0 or more, in increasing order).
///
/// ```
/// use remission_infer::regrowth::law::{Clock, Founders, scored_by};
/// // One line or none, present from the start: no scatter, P(T <= t) = 1 - e^(-L) - ..., at most 1 - e^(-L).
/// let founders = Founders { present: 0.1, grown: false, later: 0.0, decay_per_day: 1.0 };
/// let clock = Clock { growth_per_day: 0.5, threshold: 1e4, scatter: 0.0 };
/// let p = scored_by(&founders, &clock, &[5.0, 1000.0]);
/// assert!(p[0] < 1e-9 && (p[1] - (1.0 - (-0.1f64).exp())).abs() < 1e-8, "{} {:e}", p[0], p[1] - (1.0 - (-0.1f64).exp()));
/// ```
pub fn scored_by(founders: &Founders, clock: &Clock, days: &[f64]) -> Vec<f64> {
    let Some(&last) = days.last() else { return Vec::new() };
    if founders.lines() <= 0.0 {
        return vec![0.0; days.len()];
    }
    let start = libm::log(clock.threshold);
    if let Some((cumulants, many)) = cumulants(founders, clock).filter(|(_, many)| *many >= MANY) {
        return many_lines(cumulants, many, clock, start, days);
    }
    let lowest = (start - clock.growth_per_day * last * libm::exp(REACH * clock.scatter)).max(LOWEST);
    let curve = Curve::new(founders, clock, start, lowest);
    let pace = pace(clock.scatter);
    let at = |day: f64| pace.iter().map(|(m, w)| w * curve.above(start - clock.growth_per_day * day * m)).sum::<f64>();
    let mut highest = 0.0f64;
    days.iter()
        .map(|day| {
            // The contour's last digits may fall where the law is flat.
            highest = highest.max(at(*day).clamp(0.0, 1.0));
            highest
        })
        .collect()
}

/// How many standard deviations of pace are looked at.
const REACH: f64 = 4.0;

/// Factors of pace with their weights.
fn pace(scatter: f64) -> Vec<(f64, f64)> {
    if scatter <= 0.0 {
        return vec![(1.0, 1.0)];
    }
    normal_nodes(0.5, REACH).into_iter().map(|(z, w)| (libm::exp(scatter * z), w)).collect()
}

/// Points of a standard normal variable, `step` apart up to `reach` either way, with weights that sum to 1.
pub(crate) fn normal_nodes(step: f64, reach: f64) -> Vec<(f64, f64)> {
    let count = libm::round(reach / step) as i32;
    let points: Vec<(f64, f64)> =
        (-count..=count).map(|k| f64::from(k) * step).map(|z| (z, libm::exp(-0.5 * z * z))).collect();
    let sum: f64 = points.iter().map(|p| p.1).sum();
    points.into_iter().map(|(z, w)| (z, w / sum)).collect()
}

/// First three cumulants of W, and how many equal lines would have its relative variance; none for families.
fn cumulants(founders: &Founders, clock: &Clock) -> Option<([f64; 3], f64)> {
    if founders.grown && founders.present > 0.0 {
        return None;
    }
    let r = founders.decay_per_day / clock.growth_per_day;
    let of = |n: f64, factorial: f64| factorial * (founders.present + founders.later * r / (r + n));
    let k = [of(1.0, 1.0), of(2.0, 2.0), of(3.0, 6.0)];
    Some((k, 2.0 * k[0] * k[0] / k[1]))
}

/// The law where W hardly varies.
fn many_lines(k: [f64; 3], many: f64, clock: &Clock, start: f64, days: &[f64]) -> Vec<f64> {
    let shape = 4.0 * k[1] * k[1] * k[1] / (k[2] * k[2]);
    let scale = k[2] / (2.0 * k[1]);
    let shift = k[0] - shape * scale;
    // Wilson and Hilferty 1931: the cube root of a gamma variable is nearly normal.
    let size = |z: f64| {
        let root = (1.0 - 1.0 / (9.0 * shape) + z / (3.0 * libm::sqrt(shape))).max(0.0);
        (shift + scale * shape * root * root * root).max(1e-3 * k[0])
    };
    let width = libm::sqrt(2.0 / many) / (start - libm::log(k[0])).max(1.0);
    if clock.scatter < width {
        let above = |u: f64| {
            let gamma = ((libm::exp(u) - shift) / (scale * shape)).max(0.0);
            normal_below((1.0 - 1.0 / (9.0 * shape) - libm::cbrt(gamma)) * 3.0 * libm::sqrt(shape))
        };
        let pace = pace(clock.scatter);
        let at = |day: f64| pace.iter().map(|(m, w)| w * above(start - clock.growth_per_day * day * m)).sum::<f64>();
        return days.iter().map(|day| at(*day).min(1.0)).collect();
    }
    let typical = |z: f64| libm::log(((start - libm::log(size(z))) / clock.growth_per_day).max(1e-9));
    let points: Vec<(f64, f64)> = normal_nodes(0.5, REACH).into_iter().map(|(z, w)| (typical(z), w)).collect();
    let below = |day: f64, typical: f64| {
        let z = (day - typical) / clock.scatter;
        if z.abs() < 7.0 { normal_below(z) } else { f64::from(u8::from(z > 0.0)) }
    };
    let at = |day: f64| {
        let day = libm::log(day.max(1e-300));
        points.iter().map(|(typical, w)| w * below(day, *typical)).sum::<f64>().min(1.0)
    };
    days.iter().map(|day| at(*day)).collect()
}

/// P(W > e^u) on a ladder of u, downwards, with its slope.
struct Curve {
    top: f64,
    fine: f64,
    /// Rungs of length `fine`; those below are 1 long.
    rungs: usize,
    values: Vec<(f64, f64)>,
}

impl Curve {
    fn new(founders: &Founders, clock: &Clock, highest: f64, lowest: f64) -> Curve {
        let lines = cumulants(founders, clock).map_or(founders.lines(), |(_, many)| many);
        let r = founders.decay_per_day / clock.growth_per_day;
        let ladder = Ladder::of(lines > 3.0 || founders.grown);
        // Families of mutants may be large from the start: their ladder begins higher, by whole rungs.
        let higher =
            if founders.grown { (libm::ceil((highest - TOP) / ladder.fine) as usize + 1).min(1000) } else { 0 };
        let (rungs, top) = (ladder.rungs + higher, TOP + higher as f64 * ladder.fine);
        let more = libm::ceil((COARSE - lowest).max(0.0)) as usize;
        let last = if more > 0 { rungs + more } else { (libm::ceil((top - lowest) / ladder.fine) as usize).min(rungs) };
        // Far above what lines sum to, the chance is 0 to all digits that matter.
        let nothing = match cumulants(founders, clock) {
            Some((k, _)) => libm::log(k[0] + 12.0 * libm::sqrt(k[1]) + 25.0),
            None => f64::INFINITY,
        };
        let first = ((top - nothing).max(0.0) / ladder.fine) as usize;
        let mut values = vec![(0.0, 0.0); last.max(1) + 1];
        let mut heights = vec![Complex::new(0.0, 0.0); values.len()];
        for (node, (z, weight)) in ladder.contour.iter().enumerate() {
            if founders.later > 0.0 {
                ladder.heights(node, r, higher, &mut heights);
            }
            let known =
                (higher == 0 && !founders.grown).then(|| &ladder.single[node * ladder.wide()..][..ladder.wide()]);
            for j in first..values.len() {
                let mut exponent = heights[j] * -founders.later;
                if founders.present > 0.0 {
                    let one = known.and_then(|k| k.get(j).copied()).unwrap_or_else(|| {
                        let fine = j.min(rungs) as f64 * ladder.fine;
                        let q = *z * libm::exp(fine + j.saturating_sub(rungs) as f64 - top);
                        if founders.grown { families(q) } else { q / (q + 1.0) }
                    });
                    exponent += one * -founders.present;
                }
                let transform = exponent.exp();
                values[j].0 += (*weight * (transform * -1.0 + 1.0)).re;
                values[j].1 -= (*weight * *z * transform).re;
            }
        }
        Curve { top, fine: ladder.fine, rungs, values }
    }

    /// P(W > e^u), by a cubic between rungs.
    fn above(&self, u: f64) -> f64 {
        let down = (self.top - u).max(0.0);
        let turn = self.rungs as f64 * self.fine;
        let (place, length) = match down < turn {
            true => (down / self.fine, self.fine),
            false => (self.rungs as f64 + down - turn, 1.0),
        };
        let last = self.values.len() - 1;
        let j = (place as usize).min(last);
        if j == last {
            return self.values[last].0;
        }
        let ((a, a_slope), (b, b_slope)) = (self.values[j], self.values[j + 1]);
        let x = place - j as f64;
        // Slopes are by u, which falls along the ladder.
        let (da, db) = (-a_slope * length, -b_slope * length);
        let c = b - a;
        a + x * (da + x * (3.0 * c - 2.0 * da - db + x * (da + db - 2.0 * c)))
    }
}
