//! An axis: which values it shows, where a value lies on it, and ticks that read well: steps of 1, 2 or 5, decades on a logarithmic
//! axis, one power of ten for all ticks of a number too large or too small to be read.

use super::numbers::short;
use crate::report::words::power_of_ten;
use remission_infer::figure::Axis;

/// The largest number that is placed; what is beyond lies at the edge.
const LARGEST: f64 = 1e300;

/// An axis with its ticks.
#[derive(Debug, Clone)]
pub struct Ruler {
    /// At the start and the end, as [`Ruler::ruled`] gives it.
    from: f64,
    to: f64,
    log: bool,
    /// What is shown, with the power of ten of its ticks.
    pub label: String,
    /// Value of each tick, and what stands at it.
    pub ticks: Vec<(f64, String)>,
    /// The ticks are names.
    pub named: bool,
}

impl Ruler {
    /// The axis for these values, with at most about `most` ticks. What is not finite asks for no room, nor what a logarithmic axis
    /// cannot hold. `zero`: the axis holds 0. `open`: room for arrows at the start, at the end.
    pub fn of(axis: &Axis, values: impl Iterator<Item = f64>, zero: bool, open: [bool; 2], most: usize) -> Ruler {
        if !axis.names.is_empty() {
            let ticks = axis.names.iter().enumerate().map(|(k, name)| (k as f64, name.clone())).collect();
            let to = axis.names.len() as f64 - 0.45;
            return Ruler { from: -0.55, to, log: false, label: axis.label.clone(), ticks, named: true };
        }
        let holds = |v: &f64| v.is_finite() && (!axis.log || *v > 0.0);
        let asked = axis.range.filter(|(a, b)| holds(a) && holds(b) && a < b);
        let rule = |v: f64| if axis.log { libm::log10(v) } else { v.clamp(-LARGEST, LARGEST) };
        let wide = |(low, high): (f64, f64), v: f64| (low.min(v), high.max(v));
        let (low, high) = match asked {
            Some((a, b)) => (rule(a), rule(b)),
            None => values.filter(holds).map(rule).fold((f64::INFINITY, f64::NEG_INFINITY), wide),
        };
        let (from, to) = match asked {
            Some(_) if high > low => (low, high),
            _ if axis.log => with_room(low, high, false, 0.5),
            _ if zero => with_room(low.min(0.0), high.max(0.0), true, 0.5),
            _ => with_room(low, high, true, 0.5 * low.abs()),
        };
        let room = |open: bool| if open && asked.is_none() { 0.13 * (to / 2.0 - from / 2.0) * 2.0 } else { 0.0 };
        let (from, to) = (from - room(open[0]), to + room(open[1]));
        let mut ruler = Ruler { from, to, log: axis.log, label: axis.label.clone(), ticks: Vec::new(), named: false };
        ruler.mark(most.max(2));
        ruler
    }

    /// Where a value lies: 0 at the start, 1 at the end, outside of that beyond it; none for what has no place. Infinity lies far
    /// beyond the end.
    pub fn share(&self, value: f64) -> Option<f64> {
        if value.is_nan() || (self.log && value <= 0.0) {
            return None;
        }
        Some(((self.ruled(value) - self.from) / (self.to - self.from)).clamp(-20.0, 20.0))
    }

    /// As [`share`](Self::share), for the end of an interval: what lies below a logarithmic axis is at its start.
    pub fn edge(&self, value: f64) -> Option<f64> {
        if self.log && value <= 0.0 { Some(0.0) } else { self.share(value).map(|s| s.clamp(0.0, 1.0)) }
    }

    /// The value, or its logarithm, that lies at a share.
    pub fn value(&self, share: f64) -> f64 {
        self.from + share * (self.to - self.from)
    }

    /// The first and the last value shown.
    pub fn span(&self) -> (f64, f64) {
        let back = |v: f64| if self.log { libm::exp10(v) } else { v };
        (back(self.from), back(self.to))
    }

    fn ruled(&self, value: f64) -> f64 {
        match (self.log, value.is_finite()) {
            (true, _) => libm::log10(value).clamp(-400.0, 400.0),
            (_, true) => value.clamp(-LARGEST, LARGEST),
            (_, false) => value.clamp(-LARGEST * 1e6, LARGEST * 1e6),
        }
    }

    fn mark(&mut self, most: usize) {
        if !self.log {
            let (ticks, power) = linear(self.from, self.to, most);
            self.ticks = ticks;
            if power != 0 {
                let comma = if self.label.is_empty() { "" } else { " " };
                self.label = format!("{}{comma}(× {})", self.label, power_of_ten(power));
            }
            return;
        }
        let (first, last) = ((self.from - 1e-9).ceil() as i32, (self.to + 1e-9).floor() as i32);
        let decades = (last - first + 1).max(0) as usize;
        if decades >= 3 || (decades == 2 && most < 4) {
            let least = decades.div_ceil(most.min(10)).max(1) as i32;
            let step = [1, 2, 3, 5, 10, 20, 30, 50, 100].into_iter().find(|s| *s >= least).unwrap_or(200);
            self.ticks = (first..=last)
                .filter(|e| e.rem_euclid(step) == 0)
                .map(|e| (libm::exp10(f64::from(e)), decade(1, e)))
                .collect();
            return;
        }
        let inside = |v: f64| (self.from - 1e-9..=self.to + 1e-9).contains(&libm::log10(v));
        for parts in [&[1, 2, 5][..], &[1, 3], &[1]] {
            let all = (first - 1..=last).flat_map(|e| parts.iter().map(move |p| (*p, e)));
            let ticks = all.map(|(p, e)| (f64::from(p) * libm::exp10(f64::from(e)), decade(p, e)));
            self.ticks = ticks.filter(|(v, _)| inside(*v)).collect();
            if self.ticks.len() <= most {
                break;
            }
        }
        if self.ticks.len() < 3 {
            let (from, to) = self.span();
            let (ticks, power) = linear(from, to, most);
            // Steps that are even in numbers crowd at the end of an axis of nearly a decade.
            if ticks.len() > self.ticks.len() && to < 8.0 * from {
                let shown = |text: String| if power == 0 { text } else { format!("{text}×{}", power_of_ten(power)) };
                self.ticks = ticks.into_iter().filter(|(v, _)| *v > 0.0).map(|(v, text)| (v, shown(text))).collect();
            }
        }
    }
}

/// Room at both ends, none where the axis ends at 0; a single value lies `half` from both ends.
fn with_room(low: f64, high: f64, to_zero: bool, half: f64) -> (f64, f64) {
    if low > high || (to_zero && low == 0.0 && high == 0.0) {
        return (0.0, 1.0);
    }
    if high - low <= 1e-11 * low.abs().max(high.abs()) {
        let half = half.max(1e-9 * low.abs());
        return if half > 0.0 { (low - half, high + half) } else { (0.0, 1.0) };
    }
    let (mut low, mut high) = (low, high);
    if to_zero && low > 0.0 && low <= 0.2 * high {
        low = 0.0;
    }
    if to_zero && high < 0.0 && high >= 0.2 * low {
        high = 0.0;
    }
    let room = 0.04 * (high / 2.0 - low / 2.0) * 2.0;
    let end = |v: f64, by: f64| if to_zero && v == 0.0 { v } else { v + by };
    (end(low, -room), end(high, room))
}

/// `1`, `0.02`, `10⁶`, `5×10⁻⁷`.
fn decade(part: i32, exponent: i32) -> String {
    match exponent {
        -3..=3 => short(f64::from(part) * libm::exp10(f64::from(exponent)), 3),
        _ if part == 1 => power_of_ten(exponent),
        _ => format!("{part}×{}", power_of_ten(exponent)),
    }
}

/// Ticks at even steps with their text, and the power of ten that all texts leave out.
fn linear(from: f64, to: f64, most: usize) -> (Vec<(f64, String)>, i32) {
    let rough = (to / most as f64) - (from / most as f64);
    let base = libm::exp10(libm::floor(libm::log10(rough)));
    let step = [1.0, 2.0, 5.0, 10.0].map(|s| s * base).into_iter().find(|s| *s >= rough * 0.999).unwrap_or(rough);
    if step.is_nan() || step <= 0.0 || !step.is_finite() {
        return (Vec::new(), 0);
    }
    let first = libm::ceil(from / step - 1e-6);
    let values: Vec<f64> =
        (0..=most + 1).map(|k| (first + k as f64) * step).take_while(|v| *v <= to + 1e-6 * step).collect();
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let exponent = if largest > 0.0 { libm::floor(libm::log10(largest) + 1e-9) as i32 } else { 0 };
    let power = if (-3..5).contains(&exponent) { 0 } else { exponent };
    let unit = libm::exp10(f64::from(power));
    let decimals = (-libm::floor(libm::log10(step / unit) + 1e-9)).clamp(0.0, 15.0) as usize;
    let text = |v: f64| {
        let text = format!("{:.decimals$}", v / unit);
        if text.trim_start_matches('-').chars().all(|c| matches!(c, '0' | '.')) {
            "0".to_owned()
        } else {
            text.replace('-', "\u{2212}")
        }
    };
    (values.into_iter().map(|v| (v, text(v))).collect(), power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, values: &[f64], most: usize) -> String {
        let ruler = Ruler::of(axis, values.iter().copied(), false, [false; 2], most);
        assert!(ruler.ticks.iter().all(|(v, _)| (-1e-6..=1.0 + 1e-6).contains(&ruler.share(*v).unwrap())), "{ruler:?}");
        let all: Vec<&str> = ruler.ticks.iter().map(|(_, text)| text.as_str()).collect();
        format!("{}|{}", all.join(" "), ruler.label)
    }

    #[test]
    fn ticks_are_round_and_few() {
        let (linear, log) = (Axis::new("x"), Axis::log("x"));
        assert_eq!(texts(&linear, &[0.0, 10.0], 6), "0 2 4 6 8 10|x");
        assert_eq!(texts(&linear, &[3.0], 6), "1.5 2.0 2.5 3.0 3.5 4.0 4.5|x");
        assert_eq!(texts(&linear, &[-0.012, 0.031], 5), "\u{2212}0.01 0 0.01 0.02 0.03|x");
        assert_eq!(texts(&linear, &[0.0, 3.3e-8], 4), "0 1 2 3|x (× 10⁻⁸)");
        assert_eq!(texts(&linear, &[2e5, 2.4e6], 4), "0 1 2|x (× 10⁶)");
        assert_eq!(texts(&linear, &[], 4), "0.0 0.5 1.0|x".replace("0.0 ", "0 "));
        assert_eq!(texts(&log, &[0.01, 1e6], 5), "0.01 1 100 10⁴ 10⁶|x");
        assert_eq!(texts(&log, &[2.0, 30.0], 6), "2 5 10 20|x");
        assert_eq!(texts(&log, &[1e7, 1.3e7], 4).split('|').next_back(), Some("x"));
        assert_eq!(
            texts(&Axis { range: Some((2.0, 4.0)), ..Axis::new("x") }, &[0.0, 99.0], 5),
            "2.0 2.5 3.0 3.5 4.0|x"
        );
    }

    #[test]
    fn no_values_whatever_make_an_axis_that_is_none() {
        let odd = [0.0, -0.0, 5e-324, 1e-300, 1.0, 1.0 + 1e-15, 1e6, 1e308, f64::MAX, f64::INFINITY, f64::NAN];
        for a in odd {
            for b in odd {
                for sign in [1.0, -1.0] {
                    for axis in [Axis::new("x"), Axis::log("x"), Axis { range: Some((a, b)), ..Axis::new("x") }] {
                        for most in [2, 5, 9] {
                            let ruler = Ruler::of(&axis, [a * sign, b].into_iter(), most == 5, [most == 9; 2], most);
                            let (from, to) = (ruler.from, ruler.to);
                            assert!(from.is_finite() && to.is_finite() && from < to, "{a} {b}: {ruler:?}");
                            assert!(
                                ruler.ticks.len() <= 12 && ruler.ticks.iter().all(|t| t.1.chars().count() < 24),
                                "{ruler:?}"
                            );
                            assert!(
                                ruler.share(b).is_none_or(f64::is_finite) && ruler.edge(a).is_none_or(f64::is_finite)
                            );
                        }
                    }
                }
            }
        }
    }
}
