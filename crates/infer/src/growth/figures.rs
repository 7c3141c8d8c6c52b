//! Net rates by window as a table and as pictures.

use super::read::Data;
use super::windows::Window;
use super::{Rate, net_rate, window};
use crate::answer::{Table, Value};
use crate::figure::{Axis, Figure, Layer};
use crate::student::{f_above, t_95};

/// Net rates of one window.
pub(super) struct Seen {
    pub window: Window,
    pub rates: Vec<Rate>,
}

/// 95 % interval of a rate; none without a degree of freedom.
pub(super) fn interval(rate: &Rate) -> Option<(f64, f64)> {
    let t = t_95(rate.degrees_of_freedom as f64);
    (rate.degrees_of_freedom > 0)
        .then_some((rate.per_hour - t * rate.standard_error, rate.per_hour + t * rate.standard_error))
}

/// Net rates of all windows.
pub(super) fn rates_table(data: &Data, line: &str, seen: &[Seen]) -> Table {
    let mut rows = Vec::new();
    for s in seen {
        for rate in &s.rates {
            let ci95 = interval(rate);
            let end = |pick: fn((f64, f64)) -> f64| ci95.map_or(Value::Nothing, |c| Value::Real(pick(c)));
            rows.push(vec![
                Value::Real(s.window.from),
                Value::Real(s.window.until),
                Value::Real(rate.concentration),
                Value::Real(rate.per_hour),
                end(|c| c.0),
                end(|c| c.1),
                Value::Whole(rate.degrees_of_freedom as i64 + 2),
                bend_within(data, line, rate.concentration, s.window).map_or(Value::Nothing, Value::Real),
            ]);
        }
    }
    let columns = ["from_h", "until_h", "concentration", "net_rate_per_h", "low", "high", "readings", "p_straight"]
        .map(String::from);
    let caption =
        "Net rates with 95 % intervals; p_straight: chance of means so far off a straight line if it were one".into();
    Table { name: "net_rates".into(), caption, columns: columns.to_vec(), rows }
}

/// p of the lack of fit of a straight line: scatter of means around it against scatter of wells around their means.
fn bend_within(data: &Data, line: &str, dose: f64, at: Window) -> Option<f64> {
    let mut of: Vec<(f64, f64)> = window(&data.readings, line, dose, at.from, at.until)
        .into_iter()
        .map(|r| (r.time, libm::log(r.signal)))
        .collect();
    of.sort_by(|a, b| a.0.total_cmp(&b.0));
    let rate = net_rate(&data.readings, line, dose, at.from, at.until).ok()?;
    let (mut within, mut groups) = (0.0, 0);
    for same in of.chunk_by(|a, b| a.0 == b.0) {
        let mean = same.iter().map(|p| p.1).sum::<f64>() / same.len() as f64;
        within += same.iter().map(|p| (p.1 - mean) * (p.1 - mean)).sum::<f64>();
        groups += 1;
    }
    let (above, below) = (groups - 2, of.len() as i64 - groups);
    if above < 1 || below < 1 || within <= 0.0 {
        return None;
    }
    let f = ((rate.sum_of_squares - within).max(0.0) / above as f64) / (within / below as f64);
    Some(f_above(f, above as f64, below as f64))
}

/// Every reading.
pub(super) fn course_figure(data: &Data, line: &str, doses: &[f64]) -> Figure {
    let layers = doses.iter().map(|c| Layer::Points {
        name: format!("{c} {}", data.unit),
        at: window(&data.readings, line, *c, 0.0, f64::INFINITY).into_iter().map(|r| (r.time, r.signal)).collect(),
    });
    Figure {
        id: "course".into(),
        title: format!("Course of {line} cells"),
        caption: "Every reading; straight stretches grow or shrink at one rate.".into(),
        x: Axis::new("time, h"),
        y: Axis::log("signal"),
        layers: layers.collect(),
    }
}

/// Rates by dose, a row of intervals for each window.
pub(super) fn rates_figure(data: &Data, line: &str, seen: &[Seen]) -> Figure {
    let mut layers = vec![Layer::Level { name: "no net growth".into(), y: 0.0 }];
    for s in seen {
        let at = s.rates.iter().map(|r| {
            let (low, high) = interval(r).unwrap_or((r.per_hour, r.per_hour));
            (r.concentration, low, r.per_hour, high)
        });
        layers.push(Layer::Intervals { name: format!("{}-{} h", s.window.from, s.window.until), at: at.collect() });
    }
    Figure {
        id: "net-rates".into(),
        title: format!("Net rates of {line} cells by dose"),
        caption: "Where windows lie apart, the effect of the drug changes along the course.".into(),
        x: Axis::new(if data.unit.is_empty() { "dose".into() } else { format!("dose, {}", data.unit) }),
        y: Axis::new("net rate, per hour"),
        layers,
    }
}
