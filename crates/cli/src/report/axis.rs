//! The vertical axis of a level: logarithmic where its positive values span more than three decades and none is negative, with zero, and what
//! is too small for the decades, on a line of its own under them; linear otherwise, from zero unless the values keep within a third of the largest.

use super::words;

/// Decades of positive values above which an axis is logarithmic.
const DECADES: f64 = 3.0;
/// Most decades that are shown; what is smaller stands on the line under them.
const MOST: f64 = 9.0;
/// Share of the largest value within which an axis need not begin at zero.
const NEAR: f64 = 1.0 / 3.0;

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Height of its lower end.
    pub low: f64,
    /// Height of its upper end.
    pub high: f64,
    /// Logarithmic: lowest decade, and the name of the line under the decades, where there is one.
    log: Option<(f64, &'static str)>,
    /// Between the lines of a linear axis.
    step: f64,
    /// Power of ten taken out of the numbers of a linear axis.
    power: i32,
}

impl Axis {
    /// The axis that holds these values; what is no number is left out.
    pub fn of(values: impl Iterator<Item = f64>) -> Axis {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut least, mut zero) = (f64::INFINITY, false);
        for x in values.filter(|x| x.is_finite()) {
            (low, high) = (low.min(x), high.max(x));
            zero |= x == 0.0;
            if x > 0.0 {
                least = least.min(x);
            }
        }
        if low > high {
            return Axis { low: 0.0, high: 1.0, log: None, step: 0.25, power: 0 };
        }
        if low >= 0.0 && high > 0.0 && high.log10() - least.log10() > DECADES {
            let top = high.log10().ceil();
            let bottom = least.log10().floor().max(top - MOST);
            let line = match (least.log10() < bottom, zero) {
                (true, _) => "less",
                (false, true) => "0",
                (false, false) => "",
            };
            let under = if line.is_empty() { 0.0 } else { 0.12 * (top - bottom) };
            return Axis { low: bottom - under, high: top, log: Some((bottom, line)), step: 1.0, power: 0 };
        }
        if !(low > 0.0 && high - low < NEAR * high || high < 0.0 && high - low < -NEAR * low) {
            (low, high) = (low.min(0.0), high.max(0.0));
        }
        if high - low <= 1e-9 * high.abs().max(low.abs()) {
            // One value and nothing else; zero is one of the ends unless it is the value.
            (low, high) = if low == 0.0 { (0.0, 1.0) } else { (low.min(0.0), high.max(0.0)) };
        }
        let rough = (high - low) / 4.0;
        if rough.is_nan() || rough <= 1e-300 {
            return Axis { low: 0.0, high: 1.0, log: None, step: 0.25, power: 0 };
        }
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * unit).into_iter().find(|s| *s >= rough * 0.999).unwrap_or(rough);
        let (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        let size = high.abs().max(low.abs()).log10().floor() as i32;
        let power = if (-2..4).contains(&size) { 0 } else { size };
        Axis { low, high, log: None, step, power }
    }

    /// Where a value stands between [`low`](Self::low) and [`high`](Self::high).
    pub fn height(&self, value: f64) -> f64 {
        match self.log {
            Some((bottom, _)) if value > 0.0 && value.log10() >= bottom - 1e-9 => value.log10().min(self.high),
            Some(_) => self.low,
            None => value.clamp(self.low, self.high),
        }
    }

    /// True of decades.
    pub fn is_log(&self) -> bool {
        self.log.is_some()
    }

    /// True where values stand on both sides of zero.
    pub fn crosses_zero(&self) -> bool {
        self.log.is_none() && self.low < 0.0 && self.high > 0.0
    }

    /// Heights with their names.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        if let Some((bottom, line)) = self.log {
            let step = (((self.high - bottom) / 5.0).ceil() as usize).max(1);
            let name = |e: i32| match e {
                -2..=3 => super::html::number(10f64.powi(e)),
                e => words::power_of_ten(e),
            };
            let decades = (bottom as i32..=self.high as i32).rev().step_by(step).map(|e| (f64::from(e), name(e)));
            return decades.chain((!line.is_empty()).then(|| (self.low, line.to_owned()))).collect();
        }
        let lines = ((self.high - self.low) / self.step).round().clamp(0.0, 20.0) as usize;
        let scale = 10f64.powi(self.power);
        (0..=lines)
            .map(|k| self.low + k as f64 * self.step)
            .map(|at| {
                let shown = at / scale;
                let text = super::html::number(if shown.abs() < 1e-9 { 0.0 } else { shown });
                (at, text.replace('-', "\u{2212}"))
            })
            .collect()
    }

    /// Unit and kind of the axis in words.
    pub fn title(&self, unit: &str) -> String {
        let unit = unit_in_words(unit);
        match (self.log, self.power) {
            (Some(_), _) => format!("{unit} (log axis)"),
            (None, 0) => unit,
            (None, e) if unit == NO_UNIT => format!("× {}, no unit", words::power_of_ten(e)),
            (None, e) => format!("{} {unit}", words::power_of_ten(e)),
        }
    }
}

/// Said where a level is a plain number.
pub const NO_UNIT: &str = "no unit";

/// A unit as a reader writes it: `µmol/L` for `umol/L`, words where there is none.
pub fn unit_in_words(unit: &str) -> String {
    match unit.trim() {
        "" | "1" => NO_UNIT.to_owned(),
        unit => {
            let micro = |part: &str| match part.strip_prefix('u') {
                Some(rest @ ("g" | "L" | "M" | "m" | "mol")) => format!("µ{rest}"),
                _ => part.to_owned(),
            };
            unit.split('/').map(micro).collect::<Vec<_>>().join("/")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn an_axis_is_logarithmic_beyond_three_decades_and_shows_zero_apart() {
        let axis = Axis::of([0.0, 0.5, 900.0].into_iter());
        assert_eq!(names(&axis), ["1000", "100", "10", "1", "0.1", "0"]);
        assert!(axis.height(0.0) < axis.height(0.1) && axis.height(0.1) == -1.0, "zero lies under all decades");
        assert_eq!(axis.title("cells/uL"), "cells/µL (log axis)");
        assert!(!names(&Axis::of([0.5, 900.0].into_iter())).contains(&"0".to_owned()));
        assert!(Axis::of([1.0, 999.0].into_iter()).log.is_none());
        let deep = Axis::of([1e-300, 1e9].into_iter());
        assert_eq!(names(&deep), ["10⁹", "10⁷", "10⁵", "1000", "10", "less"]);
        assert!(deep.height(1e-300) == deep.low && deep.height(0.0) == deep.low && deep.height(1.0) == 0.0);
    }

    #[test]
    fn negative_values_have_a_linear_axis_with_zero_on_it() {
        let axis = Axis::of([-3.0, 1e-6, 5000.0].into_iter());
        assert!(axis.log.is_none() && names(&axis).contains(&"0".to_owned()), "{axis:?}");
        assert!(axis.low <= -3.0 && axis.high >= 5000.0);
        assert_eq!(
            names(&Axis::of([-2.0, -0.5].into_iter())),
            ["\u{2212}2", "\u{2212}1.5", "\u{2212}1", "\u{2212}0.5", "0"]
        );
    }

    #[test]
    fn odd_values_give_an_axis_too() {
        assert_eq!(names(&Axis::of([0.0].into_iter())), ["0", "0.5", "1"]);
        assert_eq!(names(&Axis::of(std::iter::empty())).len(), 5);
        assert!(Axis::of([f64::NAN, f64::INFINITY, 7.0].into_iter()).high >= 7.0);
        for x in [4e9, 1e-12, -4e9, 1e300, 5e-324] {
            let axis = Axis::of([x].into_iter());
            let ticks = axis.ticks();
            assert!((2..=7).contains(&ticks.len()) && axis.low <= x && axis.high >= x, "{x}: {axis:?}");
        }
        let axis = Axis::of([1.6e9, 4.2e9].into_iter());
        assert_eq!(
            (axis.title("cells/L"), names(&axis)),
            ("10⁹ cells/L".to_owned(), ["0", "2", "4", "6"].map(String::from).to_vec())
        );
        assert_eq!(names(&Axis::of([99.0, 101.0].into_iter())).first().unwrap(), "99");
    }
}
