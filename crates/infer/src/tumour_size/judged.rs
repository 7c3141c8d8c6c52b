//! How good forecasts were on numbers that were held out: against other methods, and against what their intervals said.

use super::answer::columns;
use super::competitors::Law;
use super::held_out::{Held, LEVELS, coverage, error};
use super::read::Data;
use crate::answer::{Answer, Table, Value};
use crate::figure::{Axis, Figure, Layer};

/// Tables of errors and coverage; the sentence about them.
pub(super) fn judged(data: &Data, held: &[Held], answer: &mut Answer) -> String {
    let all: Vec<&Held> = held.iter().collect();
    let six: Vec<&Held> = held.iter().filter(|h| data.series[h.series].numbers() >= 6).collect();
    let mut rows = Vec::new();
    let mut add = |name: String, f: &dyn Fn(&Held) -> f64| {
        rows.push(vec![Value::Text(name), Value::Real(error(&all, f)), Value::Real(error(&six, f))]);
    };
    add("model".into(), &|h| h.median);
    add("carried_forward".into(), &|h| h.carried);
    for (i, law) in Law::ALL.iter().enumerate() {
        add(format!("{}_volumes", law.name()), &|h| h.by_volume[i]);
        add(format!("{}_diameters", law.name()), &|h| h.by_diameter[i]);
    }
    answer.tables.push(Table {
        name: "forecast_errors".into(),
        caption: "A method: mean absolute error of the last two numbers of each patient, forecast from those before."
            .into(),
        columns: columns(&["method", "five_numbers_or_more_mm", "six_numbers_or_more_mm"]),
        rows,
    });
    let covered = (0..4).map(|level| {
        let ((ends, part), six) = (coverage(&all, level), coverage(&six, level).0);
        [LEVELS[level], ends, part, six].map(Value::Real).to_vec()
    });
    answer.tables.push(Table {
        name: "coverage".into(),
        caption: "An interval: the share of held-out numbers within it, its ends included; and with numbers that the forecast \
                  repeats counted in part."
            .into(),
        columns: columns(&["interval", "covered", "covered_in_part", "covered_six_numbers_or_more"]),
        rows: covered.collect(),
    });
    answer.figures.extend(pictures(&answer.tables));
    let laws = Law::ALL.iter().enumerate();
    let best = laws.map(|(i, law)| {
        let (v, d) = (error(&all, |h| h.by_volume[i]), error(&all, |h| h.by_diameter[i]));
        format!("{} {:.2} (volumes) {:.2} (diameters)", law.name().replace('_', " "), v, d)
    });
    format!(
        "The last two numbers of {} series are forecast with a mean absolute error of {:.2} mm; last number carried forward \
         {:.2}; least squares: {}. 90 % intervals hold {:.1} % of them.",
        all.iter().filter(|h| h.step == 1).count(),
        error(&all, |h| h.median),
        error(&all, |h| h.carried),
        best.collect::<Vec<_>>().join(", "),
        100.0 * coverage(&all, 2).0
    )
}

/// The two tables of held-out forecasts as pictures: errors by method, and how often intervals hold the number.
fn pictures(tables: &[Table]) -> Vec<Figure> {
    let table = |name: &str| tables.iter().find(|t| t.name == name);
    let real = |v: &Value| if let Value::Real(x) = v { *x } else { f64::NAN };
    let (Some(errors), Some(coverage)) = (table("forecast_errors"), table("coverage")) else { return Vec::new() };
    let names =
        errors.rows.iter().map(|r| if let Value::Text(t) = &r[0] { t.replace('_', " ") } else { String::new() });
    let bars = errors.rows.iter().enumerate().map(|(k, r)| (k as f64, real(&r[1]))).collect();
    let held = coverage.rows.iter().map(|r| (real(&r[0]), real(&r[1]))).collect();
    let part = coverage.rows.iter().map(|r| (real(&r[0]), real(&r[2]))).collect();
    vec![
        Figure {
            id: "forecast-errors".into(),
            title: "How far forecasts of the last two numbers were off".into(),
            caption: "Mean absolute error over patients with five numbers or more; every method saw the numbers before alone.".into(),
            x: Axis::names("method", names.collect()),
            y: Axis::new("mean absolute error, mm"),
            layers: vec![Layer::Bars { name: "error".into(), at: bars, width: 0.7 }],
        },
        Figure {
            id: "coverage".into(),
            title: "How often intervals held what was read".into(),
            caption: "Below the line intervals are too narrow, above it too wide. A number that repeats the one before counts whole, \
                      or in part."
                .into(),
            x: Axis { range: Some((0.4, 1.0)), ..Axis::new("what the interval says") },
            y: Axis { range: Some((0.4, 1.0)), ..Axis::new("share of numbers held") },
            layers: vec![
                Layer::Line { name: "as said".into(), at: vec![(0.4, 0.4), (1.0, 1.0)] },
                Layer::Points { name: "ends included".into(), at: held },
                Layer::Points { name: "repeats in part".into(), at: part },
            ],
        },
    ]
}
