//! Highest points and profile-likelihood intervals of a function of one value.
//!
//! [`highest`] brackets a maximum from a start and closes in by Brent's parabolas (Brent 1973, chapter 5); [`falls_by`]
//! finds where the function lies a given amount below it (bisection and secant, Dekker's way). For a log-likelihood that
//! is profiled over everything else the places where it has fallen by 3.8415 / 2 are the ends of the 95 % interval
//! (Wilks 1938). Left out: several maxima; the caller starts where the right one is.

/// A highest point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peak {
    /// Where.
    pub at: f64,
    /// How high.
    pub value: f64,
    /// False where the search ended at an end of the allowed range.
    pub inside: bool,
}

/// The maximum of `f` nearest to `start`, looked for in steps of `step` between `low` and `high`; values that are not
/// numbers count as minus infinity. Its place is good to about 1e-9 of `step`, more where the curve is sharp.
///
/// ```
/// use remission_infer::profile::highest;
/// let peak = highest(|x| -(x - 3.0) * (x - 3.0), 0.0, 0.5, -10.0, 10.0);
/// assert!((peak.at - 3.0).abs() < 1e-7 && peak.inside);
/// assert!(!highest(|x| x, 0.0, 0.5, -10.0, 10.0).inside);
/// ```
pub fn highest(mut f: impl FnMut(f64) -> f64, start: f64, step: f64, low: f64, high: f64) -> Peak {
    let mut g = |x: f64| {
        let y = f(x);
        if y.is_nan() { f64::INFINITY } else { -y }
    };
    // A bracket a < b < c with g(b) lowest, steps doubling.
    let mut b = start.clamp(low, high);
    let mut gb = g(b);
    let (mut a, mut c) = ((b - step).max(low), (b + step).min(high));
    let (mut ga, mut gc) = (g(a), g(c));
    let mut width = step;
    while ga < gb && a > low {
        width *= 2.0;
        (c, gc, b, gb) = (b, gb, a, ga);
        a = (b - width).max(low);
        ga = g(a);
    }
    while gc < gb && c < high {
        width *= 2.0;
        (a, ga, b, gb) = (b, gb, c, gc);
        c = (b + width).min(high);
        gc = g(c);
    }
    if ga < gb || gc < gb {
        // Still falling at an end of the range.
        let (at, value) = if ga < gc { (a, ga) } else { (c, gc) };
        return Peak { at, value: -value, inside: false };
    }
    let (at, value) = brent(&mut g, a, b, c, gb);
    Peak { at, value: -value, inside: at > low && at < high }
}

/// A peak found more closely: Newton's steps on derivatives from five points `width` apart, as long as they stay within
/// a few widths. Where a maximum search ends at the root of the rounding error, this ends near the error itself.
///
/// ```
/// use remission_infer::profile::{highest, polished};
/// let f = |x: f64| 1e3 - (x - 1.0 / 3.0) * (x - 1.0 / 3.0);
/// let rough = highest(f, 0.0, 0.5, -10.0, 10.0);
/// assert!((polished(f, rough, 1e-2).at - 1.0 / 3.0).abs() < 1e-11);
/// ```
pub fn polished(mut f: impl FnMut(f64) -> f64, peak: Peak, width: f64) -> Peak {
    let mut at = peak.at;
    if !peak.inside {
        return peak;
    }
    for _ in 0..2 {
        let [a, b, c, d, e] = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|k| f(at + k * width));
        let slope = (a - 8.0 * b + 8.0 * d - e) / (12.0 * width);
        let bend = (-a + 16.0 * b - 30.0 * c + 16.0 * d - e) / (12.0 * width * width);
        let step = -slope / bend;
        if !(bend < 0.0 && step.abs() < 2.0 * width) {
            return peak;
        }
        at += step;
    }
    Peak { at, value: f(at).max(peak.value), inside: true }
}

/// Brent's minimum between a and c, b inside with the lowest known value.
fn brent(g: &mut impl FnMut(f64) -> f64, mut a: f64, b: f64, mut c: f64, gb: f64) -> (f64, f64) {
    const GOLDEN: f64 = 0.381_966_011_250_105;
    let (mut x, mut w, mut v) = (b, b, b);
    let (mut gx, mut gw, mut gv) = (gb, gb, gb);
    let (mut d, mut e) = (0.0f64, 0.0f64);
    for _ in 0..200 {
        let middle = 0.5 * (a + c);
        let tolerance = 1e-10 * x.abs() + 1e-11;
        if (x - middle).abs() <= 2.0 * tolerance - 0.5 * (c - a) {
            break;
        }
        let mut golden = true;
        if e.abs() > tolerance {
            let r = (x - w) * (gx - gv);
            let mut q = (x - v) * (gx - gw);
            let mut p = (x - v) * q - (x - w) * r;
            q = 2.0 * (q - r);
            if q > 0.0 {
                p = -p;
            }
            q = q.abs();
            if p.abs() < (0.5 * q * e).abs() && p > q * (a - x) && p < q * (c - x) {
                (e, d) = (d, p / q);
                let u = x + d;
                if u - a < 2.0 * tolerance || c - u < 2.0 * tolerance {
                    d = if x < middle { tolerance } else { -tolerance };
                }
                golden = false;
            }
        }
        if golden {
            e = if x < middle { c - x } else { a - x };
            d = GOLDEN * e;
        }
        let u = if d.abs() >= tolerance { x + d } else { x + tolerance * if d >= 0.0 { 1.0 } else { -1.0 } };
        let gu = g(u);
        if gu <= gx {
            if u < x {
                c = x
            } else {
                a = x
            }
            (v, gv, w, gw, x, gx) = (w, gw, x, gx, u, gu);
        } else {
            if u < x {
                a = u
            } else {
                c = u
            }
            if gu <= gw || w == x {
                (v, gv, w, gw) = (w, gw, u, gu);
            } else if gu <= gv || v == x || v == w {
                (v, gv) = (u, gu);
            }
        }
    }
    (x, gx)
}

/// Where `f` has fallen by `by` (above 0) from its peak, looked for from the peak in steps of `step` (its sign is the
/// direction) as far as `limit`; none where it has not fallen so far there.
///
/// ```
/// use remission_infer::profile::{falls_by, highest};
/// let f = |x: f64| -x * x;
/// let peak = highest(f, 1.0, 0.5, -10.0, 10.0);
/// assert!((falls_by(f, &peak, 4.0, 0.1, 10.0).unwrap() - 2.0).abs() < 1e-9);
/// assert_eq!(falls_by(f, &peak, 4.0, -0.1, -1.0), None);
/// ```
pub fn falls_by(mut f: impl FnMut(f64) -> f64, peak: &Peak, by: f64, step: f64, limit: f64) -> Option<f64> {
    let mut left = |x: f64| {
        let y = f(x) - (peak.value - by);
        if y.is_nan() { -1.0 } else { y }
    };
    let end = |x: f64| if step > 0.0 { x.min(limit) } else { x.max(limit) };
    let (mut above, mut g_above) = (peak.at, by);
    let mut width = step;
    let (mut below, mut g_below) = loop {
        let x = end(above + width);
        let g = left(x);
        if g <= 0.0 {
            break (x, g);
        }
        if x == limit {
            return None;
        }
        (above, g_above) = (x, g);
        width *= 2.0;
    };
    // The secant, kept inside, with bisection whenever it does not halve the bracket in two goes (Illinois rule).
    let mut side = 0;
    for _ in 0..200 {
        if (below - above).abs() <= 1e-13 * above.abs().max(1.0) {
            break;
        }
        let x = match g_below.is_finite() {
            true => above + (below - above) * g_above / (g_above - g_below),
            false => 0.5 * (above + below),
        };
        let x = if (x - above) * (x - below) < 0.0 { x } else { 0.5 * (above + below) };
        let g = left(x);
        if g > 0.0 {
            (above, g_above) = (x, g);
            if side == 1 {
                g_below *= 0.5;
            }
            side = 1;
        } else {
            (below, g_below) = (x, g);
            if side == -1 {
                g_above *= 0.5;
            }
            side = -1;
        }
        if g == 0.0 {
            return Some(x);
        }
    }
    Some(0.5 * (above + below))
}
