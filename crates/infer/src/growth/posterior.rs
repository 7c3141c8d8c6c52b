//! The posterior of net rates, or of a curve of net rate against dose, given all readings of one window at once.
//!
//! ```text
//! ln(signal) = level_d + g(C_d) (t - middle_d) + scatter e,   e standard normal
//! ```
//!
//! g as in [`super::dose`], or a rate of its own for each dose where there are too few for a curve. Readings of 0 h that stand for every dose count once: the lines of these doses then begin at one level.
//! Priors are broad for cells that divide every half day to every week: a rate without drug of 0.02 +- 0.03 per hour, one
//! of its own of 0.01 +- 0.04, what the
//! drug takes away from 1e-4 to 1 per hour at much drug, a scale from a hundredth of the smallest to a hundred times the largest
//! dose, a Hill exponent of 1 within a factor of about 3, a scatter of 0.01 to 1. Sampled by [`crate::nuts`].

use super::dose::{Shape, taken};
use super::survivors::Group;
use super::window;
use super::windows::Window;
use crate::prior::{Parameter, Prior, Target};
use crate::table::Reading;

/// One dose.
struct Line {
    concentration: f64,
    /// Place of its level among the parameters.
    level: usize,
    /// Place of its own rate, where there is no curve.
    own: usize,
    /// When the level holds, hours.
    middle: f64,
    groups: Vec<Group>,
    /// Times and signals of the readings that count here.
    readings: Vec<(f64, f64)>,
}

/// Readings of a window under one shape of curve. Parameters: scatter, top, range; with a curve that bends scale, with Hill's
/// hill; then the levels. Without a curve: scatter, then rates and levels.
pub struct DoseLines {
    shape: Option<Shape>,
    lines: Vec<Line>,
    parameters: Vec<Parameter>,
}

impl DoseLines {
    /// Readings of a line in a window at `doses` (with a curve one or more above 0), with the unit of the doses; none without readings.
    ///
    /// ```
    /// use remission_infer::growth::{dose::Shape, posterior::DoseLines, read, windows::Window};
    /// use remission_infer::prior::Target;
    /// let data = read::read(read::TEMPLATE, &read::Names::default()).unwrap();
    /// let window = Window { from: 0.0, until: 72.0 };
    /// let lines = DoseLines::new(&data.readings, "parental", &[0.0, 1.0], window, Some(Shape::Line), "uM").unwrap();
    /// // The two readings at 0 h belong to both doses: one level, counted once.
    /// assert_eq!((lines.parameters().len(), lines.readings().count()), (4, 14));
    /// assert!(lines.log_likelihood(&[0.1, 0.033, 0.01, -2.7]).is_finite());
    /// ```
    pub fn new(
        readings: &[Reading],
        line: &str,
        doses: &[f64],
        at: Window,
        shape: Option<Shape>,
        unit: &str,
    ) -> Option<DoseLines> {
        let positive = || doses.iter().copied().filter(|c| *c > 0.0);
        let (least, most) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
        let mut parameters = vec![Parameter::new("scatter", "", Prior::LogUniform(0.01, 1.0))];
        if shape.is_some() {
            parameters.push(Parameter::new("top", "1/h", Prior::Normal(0.02, 0.03)));
        }
        match shape {
            None => {}
            Some(Shape::Line) => {
                let prior = Prior::LogUniform(1e-4 / most, 1.0 / most);
                parameters.push(Parameter::new("range", format!("1/h/{unit}"), prior));
            }
            Some(_) => {
                parameters.push(Parameter::new("range", "1/h", Prior::LogUniform(1e-4, 1.0)));
                parameters.push(Parameter::new("scale", unit, Prior::LogUniform(0.01 * least, 100.0 * most)));
            }
        }
        if shape == Some(Shape::Hill) {
            parameters.push(Parameter::new("hill", "", Prior::LogNormal(1.0, 0.5)));
        }
        let mut lines: Vec<Line> = Vec::new();
        let mut common: Option<usize> = None;
        for &concentration in doses {
            let chosen = window(readings, line, concentration, at.from, at.until);
            // Readings of 0 h that were written with another dose.
            let lent = chosen.iter().any(|r| r.concentration != concentration);
            let begins = concentration == 0.0 && chosen.iter().any(|r| r.time == 0.0);
            let own = chosen.iter().filter(|r| r.concentration == concentration);
            let mut own: Vec<(f64, f64)> = own.map(|r| (r.time, r.signal)).collect();
            own.sort_by(|a, b| a.0.total_cmp(&b.0));
            let logs: Vec<(f64, f64)> = own.iter().map(|p| (p.0, libm::log(p.1))).collect();
            let Some(first) = logs.first() else { continue };
            let shared = lent || begins;
            if shape.is_none() {
                let name = format!("net_rate_at_{concentration}{unit}");
                parameters.push(Parameter::new(name, "1/h", Prior::Normal(0.01, 0.04)));
            }
            let rate = parameters.len() - 1;
            let middle = if shared { 0.0 } else { logs.iter().map(|p| p.0).sum::<f64>() / logs.len() as f64 };
            let level = match common.filter(|_| shared) {
                Some(level) => level,
                None => {
                    let name =
                        if shared { "log_signal_at_0h".into() } else { format!("log_signal_at_{concentration}{unit}") };
                    parameters.push(Parameter::new(name, "", Prior::Normal(first.1, 2.0)));
                    parameters.len() - 1
                }
            };
            if shared {
                common = Some(level);
            }
            lines.push(Line { concentration, level, own: rate, middle, groups: Group::of(&logs), readings: own });
        }
        (!lines.is_empty()).then_some(DoseLines { shape, lines, parameters })
    }

    /// The curve at a dose, per hour; none without a curve.
    pub fn curve(&self, at: &[f64], concentration: f64) -> Option<f64> {
        let shape = self.shape?;
        let (scale, hill) = match shape {
            Shape::Line => (1.0, 1.0),
            Shape::Exponential => (at[3], 1.0),
            Shape::Hill => (at[3], at[4]),
        };
        Some(at[1] - at[2] * taken(shape, concentration, scale, hill))
    }

    fn rate(&self, at: &[f64], line: &Line) -> f64 {
        self.curve(at, line.concentration).unwrap_or_else(|| at[line.own])
    }

    /// Dose, time and signal of every reading.
    pub fn readings(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        self.lines.iter().flat_map(|l| l.readings.iter().map(|r| (l.concentration, r.0, r.1)))
    }

    /// Mean of ln(signal) of every reading, in the order of [`readings`](DoseLines::readings).
    pub fn means(&self, at: &[f64]) -> Vec<f64> {
        let of = |l: &Line| {
            let (rate, level, middle) = (self.rate(at, l), at[l.level], l.middle);
            l.readings.iter().map(|r| level + rate * (r.0 - middle)).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(of).collect()
    }
}

impl Target for DoseLines {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        let of = |l: &Line| {
            let (rate, level) = (self.rate(at, l), at[l.level]);
            l.groups.iter().map(|g| g.log_density(level + rate * (g.t - l.middle), at[0])).sum::<f64>()
        };
        self.lines.iter().map(of).sum()
    }
}
