//! Where two windows of one course disagree: early against late slopes of ln(signal).
//!
//! All wells of a line start alike, for the drug is added at the start. ln(signal) at dose d is then a broken line from
//! the common start `a` through a level `m_d` at the split to a late slope `l_d`:
//!
//! ```text
//! t <= split   a + (m_d - a) (t - start) / (split - start)
//! t >  split   m_d + l_d (t - split)
//! ```
//!
//! Ordinary least squares over all doses at once, one scatter for all; the change of slope l_d - (m_d - a) / (split - start)
//! is tested against 0, and against the change of untreated wells (crowding slows those as well), by Student's t on the
//! degrees of freedom of the whole fit. A drug that kills late shows as a change beyond that of untreated wells.

use super::window;
use crate::failure::FitFailure;
use crate::least_squares::{factor, solve};
use crate::student::t_beyond;
use crate::table::Reading;

/// A stretch of the course, hours, both ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// From.
    pub from: f64,
    /// Until.
    pub until: f64,
}

impl Window {
    /// As in names of estimates: `48_72h`.
    pub fn name(&self) -> String {
        format!("{}_{}h", self.from, self.until)
    }
}

/// The whole course, and the late window: from the latest time that leaves at least three times and a third of the
/// course. No late window where there are fewer than four times.
///
/// ```
/// use remission_infer::growth::windows::{Window, usual};
/// let (whole, late) = usual(&[0.0, 48.0, 60.0, 72.0]).unwrap();
/// assert_eq!((whole, late), (Window { from: 0.0, until: 72.0 }, Some(Window { from: 48.0, until: 72.0 })));
/// assert_eq!(usual(&[0.0, 48.0]).unwrap().1, None);
/// ```
pub fn usual(times: &[f64]) -> Option<(Window, Option<Window>)> {
    let (first, last) = (*times.first()?, *times.last()?);
    let late = (times.len() >= 4).then(|| {
        let enough = times[times.len() - 3];
        let third = times.iter().rev().find(|t| **t <= last - (last - first) / 3.0).copied().unwrap_or(first);
        Window { from: f64::min(enough, third), until: last }
    });
    Some((Window { from: first, until: last }, late.filter(|w| w.from > first)))
}

/// Early and late slope at one dose.
#[derive(Debug, Clone, PartialEq)]
pub struct Bend {
    /// Dose.
    pub concentration: f64,
    /// Slope before the split, per hour.
    pub early: f64,
    /// Slope after it, per hour.
    pub late: f64,
    /// t of late less early.
    pub t: f64,
    /// Its two-sided p.
    pub p: f64,
    /// Where there are untreated wells and this is another dose: their change less taken away, t and p.
    pub beyond_untreated: Option<(f64, f64, f64)>,
}

/// Bends at every dose of a line, and the degrees of freedom of the fit.
///
/// Doses need a time in (start, split], and one after the split; others are passed over. Errs when no dose has them, or
/// no degree of freedom is left.
pub fn bends(
    readings: &[Reading],
    line: &str,
    doses: &[f64],
    whole: Window,
    split: f64,
) -> Result<(Vec<Bend>, usize), FitFailure> {
    let what = format!("slopes of `{line}` before and after {split} h");
    let mut rows: Vec<(usize, &Reading)> = Vec::new();
    let mut kept: Vec<f64> = Vec::new();
    for &dose in doses {
        let of: Vec<&Reading> = window(readings, line, dose, whole.from, whole.until);
        let early = of.iter().any(|r| r.time > whole.from && r.time <= split);
        if early && of.iter().any(|r| r.time > split) {
            kept.push(dose);
            // Readings at the start that stand for every dose come once.
            rows.extend(of.into_iter().filter(|r| r.time > whole.from).map(|r| (kept.len(), r)));
        }
    }
    rows.extend(readings.iter().filter(|r| r.cell_type == line && r.time == whole.from).map(|r| (0, r)));
    let (n, p) = (rows.len(), 1 + 2 * kept.len());
    let starts = rows.iter().any(|r| r.0 == 0);
    if kept.is_empty() || n <= p || !starts {
        return Err(FitFailure::TooFew { what, found: if starts { n } else { 0 }, needed: p + 1 });
    }
    let length = split - whole.from;
    let design = |(dose, r): &(usize, &Reading)| -> Vec<(usize, f64)> {
        let share = (r.time - whole.from) / length;
        match dose {
            0 => vec![(0, 1.0)],
            d if share <= 1.0 => vec![(0, 1.0 - share), (2 * d - 1, share)],
            d => vec![(2 * d - 1, 1.0), (2 * d, share - 1.0)],
        }
    };
    let (mut matrix, mut right) = (vec![0.0; p * p], vec![0.0; p]);
    for row in &rows {
        let (x, y) = (design(row), libm::log(row.1.signal));
        for &(i, a) in &x {
            right[i] += a * y;
            x.iter().for_each(|&(j, b)| matrix[i * p + j] += a * b);
        }
    }
    let Some(lower) = factor(&matrix, p) else {
        return Err(FitFailure::OneAbscissa { what, at: split });
    };
    let b = solve(&lower, &right);
    let away = |row| design(row).iter().map(|&(i, a)| a * b[i]).sum::<f64>() - libm::log(row.1.signal);
    let sum: f64 = rows.iter().map(|row| away(row) * away(row)).sum();
    let freedom = n - p;
    let variance = sum / freedom as f64;
    // The change of slope at dose d, per `length` hours, as a contrast of the values.
    let change = |d: usize| {
        let mut c = vec![0.0; p];
        (c[2 * d], c[2 * d - 1], c[0]) = (1.0, -1.0, 1.0);
        c
    };
    let judge = |c: &[f64]| {
        let value: f64 = c.iter().zip(&b).map(|(c, b)| c * b).sum();
        let spread = variance * c.iter().zip(solve(&lower, c)).map(|(c, s)| c * s).sum::<f64>();
        let t = value / libm::sqrt(spread);
        let t = if t.is_nan() { 0.0 } else { t };
        (value / length, t, t_beyond(t, freedom as f64))
    };
    let untreated = kept.iter().position(|c| *c == 0.0).map(|k| change(k + 1));
    let found = kept.iter().enumerate().map(|(k, &concentration)| {
        let c = change(k + 1);
        let (_, t, p) = judge(&c);
        let beyond = untreated.as_ref().filter(|_| concentration > 0.0);
        let beyond_untreated = beyond.map(|u| judge(&c.iter().zip(u).map(|(a, b)| a - b).collect::<Vec<f64>>()));
        let (early, late) = ((b[2 * k + 1] - b[0]) / length, b[2 * k + 2] / length);
        Bend { concentration, early, late, t, p, beyond_untreated }
    });
    Ok((found.collect(), freedom))
}

/// p-values made larger so that all of them together are wrong in one case of twenty at 0.05 (Holm 1979), in their order.
///
/// ```
/// assert_eq!(remission_infer::growth::windows::holm(&[0.04, 0.01, 0.03]), [0.06, 0.03, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut out = vec![0.0; p.len()];
    let mut most: f64 = 0.0;
    for (k, i) in order.into_iter().enumerate() {
        most = most.max(((p.len() - k) as f64 * p[i]).min(1.0));
        out[i] = most;
    }
    out
}
