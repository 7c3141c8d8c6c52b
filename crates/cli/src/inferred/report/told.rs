//! A figure in words and numbers: what is read aloud, what was not drawn, and the table behind the picture.

use super::numbers::{pretty, short};
use super::parts::{nothing, number, text};
use crate::report::html::{Cell, Table};
use remission_infer::figure::{Axis, Figure, Layer};

/// How many things a layer draws.
pub fn count(layer: &Layer) -> usize {
    match layer {
        Layer::Points { at, .. } | Layer::Line { at, .. } | Layer::Bars { at, .. } => at.len(),
        Layer::Band { at, .. } => at.len(),
        Layer::Intervals { at, .. } => at.len(),
        Layer::Level { .. } | Layer::Moment { .. } => 1,
    }
}

/// How many values have no place as a point.
pub fn omitted(figure: &Figure) -> usize {
    let outside = |v: f64, axis: &Axis| {
        let hidden = axis.range.is_some_and(|(a, b)| a < b && axis.names.is_empty() && !(a..=b).contains(&v));
        !v.is_finite() || (axis.log && v <= 0.0) || hidden
    };
    let lost = |x: f64, y: f64| outside(x, &figure.x) || outside(y, &figure.y);
    let of = |layer: &Layer| match layer {
        Layer::Points { at, .. } => at.iter().filter(|p| lost(p.0, p.1)).count(),
        Layer::Line { at, .. } => {
            at.iter().filter(|p| !p.0.is_finite() || !p.1.is_finite() || (figure.y.log && p.1 <= 0.0)).count()
        }
        Layer::Intervals { at, .. } => at.iter().filter(|p| lost(p.0, p.2)).count(),
        _ => 0,
    };
    figure.layers.iter().map(of).sum()
}

/// A place on an axis in words.
fn placed(axis: &Axis, value: f64) -> String {
    let named = (value >= -0.5).then(|| axis.names.get(value.round() as usize)).flatten();
    named.cloned().unwrap_or_else(|| pretty(&short(value, 3)))
}

/// What the picture shows, for who listens.
pub fn alternative(figure: &Figure) -> String {
    let y = |v: f64| placed(&figure.y, v);
    let course = |at: &mut dyn Iterator<Item = (f64, f64)>| {
        let drawn: Vec<(f64, f64)> = at.filter(|p| p.0.is_finite() && p.1.is_finite()).collect();
        let (Some(first), Some(last)) = (drawn.first(), drawn.last()) else { return "nothing to draw".to_owned() };
        let by = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (low, high) = (drawn.iter().min_by(by).unwrap_or(first), drawn.iter().max_by(by).unwrap_or(last));
        let said = |p: &(f64, f64)| format!("{} at {}", y(p.1), placed(&figure.x, p.0));
        format!(
            "{} values, first {}, last {}, lowest {}, highest {}",
            drawn.len(),
            said(first),
            said(last),
            said(low),
            said(high)
        )
    };
    let told = |layer: &Layer| match layer {
        Layer::Points { name, at } => format!("Points, {name}: {}.", course(&mut at.iter().copied())),
        Layer::Line { name, at } => format!("Line, {name}: {}.", course(&mut at.iter().copied())),
        Layer::Bars { name, at, .. } => format!("Bars, {name}: {}.", course(&mut at.iter().copied())),
        Layer::Band { name, at } => format!(
            "Band, {name}: below, {}; above, {}.",
            course(&mut at.iter().map(|p| (p.0, p.1))),
            course(&mut at.iter().map(|p| (p.0, p.2)))
        ),
        Layer::Intervals { name, at } => format!("Intervals, {name}: {}.", course(&mut at.iter().map(|p| (p.0, p.2)))),
        Layer::Level { name, y: at } => format!("{name}: {}.", y(*at)),
        Layer::Moment { name, x } => format!("{name}: {}.", placed(&figure.x, *x)),
    };
    let all: Vec<String> = figure.layers.iter().take(12).map(told).collect();
    format!("{}. Across: {}. Upwards: {}. {}", figure.title, figure.x.label, figure.y.label, all.join(" "))
}

/// Rows of a figure's table that a page holds.
const ROWS: usize = 2000;

/// What is drawn, as a table.
pub fn table(figure: &Figure, anchor: &str) -> Table {
    let rows: usize = figure.layers.iter().map(count).sum();
    let more = if rows > ROWS { format!(", the first {ROWS} of {rows} rows") } else { String::new() };
    let columns = [
        ("Series", "series"),
        ("Kind", "kind"),
        (&format!("x: {}", figure.x.label), "x"),
        (&format!("y: {}", figure.y.label), "y"),
        ("Lower", "lower"),
        ("Upper", "upper"),
    ];
    let mut table = Table::new(&format!("table-{anchor}"), &format!("{}{more}", figure.title), &columns);
    let mut left = ROWS;
    let mut row = |name: &str, kind: &str, x: Option<f64>, y: Option<f64>, low: Option<f64>, high: Option<f64>| {
        if left == 0 {
            return;
        }
        left -= 1;
        let cell = |axis: &Axis, v: Option<f64>| match v {
            Some(v) if !axis.names.is_empty() && v.fract() == 0.0 => text(&placed(axis, v)),
            Some(v) => number(v),
            None => nothing(),
        };
        let cells = [cell(&figure.x, x), cell(&figure.y, y), cell(&figure.y, low), cell(&figure.y, high)];
        let [x, y, low, high] = &cells;
        table.row(&[Cell::Text(name), Cell::Text(kind), x.cell(), y.cell(), low.cell(), high.cell()]);
    };
    for layer in &figure.layers {
        match layer {
            Layer::Points { name, at } => at.iter().for_each(|p| row(name, "point", Some(p.0), Some(p.1), None, None)),
            Layer::Line { name, at } => at.iter().for_each(|p| row(name, "line", Some(p.0), Some(p.1), None, None)),
            Layer::Bars { name, at, .. } => at.iter().for_each(|p| row(name, "bar", Some(p.0), Some(p.1), None, None)),
            Layer::Band { name, at } => {
                at.iter().for_each(|p| row(name, "band", Some(p.0), None, Some(p.1), Some(p.2)))
            }
            Layer::Intervals { name, at } => {
                at.iter().for_each(|p| row(name, "interval", Some(p.0), Some(p.2), Some(p.1), Some(p.3)))
            }
            Layer::Level { name, y } => row(name, "level", None, Some(*y), None, None),
            Layer::Moment { name, x } => row(name, "moment", Some(*x), None, None, None),
        }
    }
    table
}
