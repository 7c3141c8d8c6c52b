//! Tabulated laws: points that grow along their argument, or make a full grid along two.

use crate::problem::{Code, Place, Report};
use crate::resolved::{Axis, Table};
use crate::scope::{Meaning, Scope, read_unit};
use crate::units::{Dimension, Unit};
use crate::written;

type Points = [(Vec<f64>, Place)];

pub(super) fn table(index: usize, t: &written::Table, scope: &mut Scope, report: &mut Report) -> Option<Table> {
    let units: Vec<Option<Unit>> = t.of.iter().map(|u| read_unit(u, report)).collect();
    let gives = match &t.gives {
        Some(u) => read_unit(u, report),
        None => Some(Unit::PLAIN),
    };
    let dimension = |u: &Option<Unit>| u.map(|u| u.dimension);
    let of: Vec<Option<Dimension>> = units.iter().map(dimension).collect();
    scope.insert(
        &t.name.text,
        Meaning::Table(index, [of.first().copied().flatten(), of.get(1).copied().flatten()], dimension(&gives)),
    );
    scope.surfaces.resize(scope.surfaces.len().max(index + 1), false);
    scope.surfaces[index] = units.len() == 2;
    if !(1..=2).contains(&units.len()) {
        report.add(
            Code::BadPoints,
            &t.name.at,
            format!("units of {} arguments", units.len()),
            "one argument, of = \"uM\", or two, of = [\"uM\", \"nM\"]",
            "name the unit of each argument",
        );
        return None;
    }
    let points = t.points.as_ref()?;
    let units: Vec<Unit> = units.into_iter().collect::<Option<_>>()?;
    let gives = gives?;
    let (x, second, y): (Vec<f64>, Option<Axis>, Vec<f64>) = match units[..] {
        [of] => {
            let (x, y) = curve(t, points, report)?;
            (x.iter().map(|x| of.to_base(*x)).collect(), None, y)
        }
        _ => {
            let (x, z, y) = grid(t, points, report)?;
            let at: Vec<f64> = z.iter().map(|z| units[1].to_base(*z)).collect();
            let x = x.iter().map(|x| units[0].to_base(*x)).collect();
            (x, Some(Axis { at, of: units[1].dimension }), y)
        }
    };
    let y: Vec<f64> = y.iter().map(|y| gives.to_base(*y)).collect();
    let apart = |x: &[f64]| x.windows(2).all(|p| p[0] < p[1]) && x.iter().all(|v| v.is_finite());
    if !(apart(&x) && second.as_ref().is_none_or(|s| apart(&s.at)) && y.iter().all(|v| v.is_finite())) {
        report.add(
            Code::BadPoints,
            &t.name.at,
            "points too close or too large in base units",
            "finite points that stay apart",
            "write the points in another unit",
        );
        return None;
    }
    Some(Table { name: t.name.text.clone(), x, second, y, of: units[0].dimension, gives: gives.dimension })
}

/// Arguments and values of a table of one argument.
fn curve(t: &written::Table, points: &Points, report: &mut Report) -> Option<(Vec<f64>, Vec<f64>)> {
    if points.len() < 2 {
        report.add(
            Code::BadPoints,
            &t.name.at,
            format!("{} point(s)", points.len()),
            "at least two points [x, y]",
            "add points; a constant is a parameter",
        );
        return None;
    }
    if let Some(bad) = points.windows(2).find(|p| p[1].0[0] <= p[0].0[0]) {
        report.add(
            Code::BadPoints,
            &bad[1].1,
            format!("{} after {}", bad[1].0[0], bad[0].0[0]),
            "the first number of each point above that of the point before",
            "sort the points, and keep one of each argument",
        );
        return None;
    }
    Some(points.iter().map(|p| (p.0[0], p.0[1])).unzip())
}

/// Both arguments, and the values row by row, of a table of two; points in any order.
fn grid(t: &written::Table, points: &Points, report: &mut Report) -> Option<(Vec<f64>, Vec<f64>, Vec<f64>)> {
    let axis = |k: usize| {
        let mut all: Vec<f64> = points.iter().map(|p| p.0[k]).collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    };
    let (x, z) = (axis(0), axis(1));
    let allowed =
        "a full grid: at least two values of each argument, and one point [x, z, value] for every pair of them";
    if x.len() < 2 || z.len() < 2 {
        let found = format!("{} and {} different value(s) of the two arguments", x.len(), z.len());
        report.add(
            Code::BadPoints,
            &t.name.at,
            found,
            allowed,
            "add points; a law of one argument is a table of one argument",
        );
        return None;
    }
    let mut y = vec![None; x.len() * z.len()];
    for (point, at) in points {
        let [i, j] = [(&x, point[0]), (&z, point[1])].map(|(axis, v)| axis.partition_point(|a| *a < v));
        if y[i * z.len() + j].replace(point[2]).is_some() {
            let found = format!("[{}, {}] a second time", point[0], point[1]);
            report.add(Code::BadPoints, at, found, allowed, "keep one point of each pair of arguments");
            return None;
        }
    }
    if let Some(missing) = y.iter().position(Option::is_none) {
        let found = format!("no point at [{}, {}]", x[missing / z.len()], z[missing % z.len()]);
        report.add(Code::BadPoints, &t.name.at, found, allowed, "add the point; a grid has no gaps");
        return None;
    }
    Some((x, z, y.into_iter().flatten().collect()))
}
