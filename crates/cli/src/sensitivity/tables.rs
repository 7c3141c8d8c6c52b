//! Tables of an analysis as CSV: one row an output and input, one row an evaluation.

use super::Found;
use super::found::Row;
use crate::csv::{Value, head, line};

fn number(x: Option<f64>) -> Value {
    x.filter(|x| x.is_finite()).map_or(Value::Nothing, Value::Real)
}

fn names(columns: &[&str]) -> String {
    head(&columns.iter().map(|c| c.to_string()).collect::<Vec<_>>())
}

/// Elementary effects.
pub fn screening(found: &Found) -> String {
    let mut out = names(&[
        "arm",
        "quantity",
        "parameter",
        "mu_star",
        "mu_star_error",
        "mu_star_by_noise",
        "mu",
        "mu_error",
        "sigma",
        "effects",
        "above_noise",
    ]);
    for o in &found.outputs {
        for d in &o.decides {
            let words = [&o.arm, &o.quantity, &d.input].map(|t| Value::Text(t.clone()));
            let figures = [d.mu_star, d.mu_star_error, d.mu_star_by_noise, d.mu, d.mu_error, d.sigma].map(number);
            let end = [Value::Whole(d.effects as i128), Value::Flag(d.moves)];
            out += &line(&[&words[..], &figures[..], &end[..]].concat());
        }
    }
    out
}

/// Shares of variance.
pub fn indices(found: &Found) -> String {
    let mut out = names(&[
        "arm",
        "quantity",
        "parameter",
        "first",
        "first_low",
        "first_high",
        "total",
        "total_low",
        "total_high",
        "total_by_noise",
        "above_noise",
        "variance",
        "noise_variance",
    ]);
    for o in &found.outputs {
        for d in o.decides.iter().filter(|d| d.total.is_some()) {
            let words = [&o.arm, &o.quantity, &d.input].map(|t| Value::Text(t.clone()));
            let three = |s: Option<[f64; 3]>| (0..3).map(move |k| number(s.map(|s| s[k])));
            let mut row = words.to_vec();
            row.extend(three(d.first).chain(three(d.total)));
            row.push(number(d.total_by_noise));
            row.push(d.above_noise.map_or(Value::Nothing, Value::Flag));
            row.extend([o.variance, o.noise_variance].map(number));
            out += &line(&row);
        }
    }
    out
}

/// Ends of every prior, and rival models.
pub fn tornado(found: &Found) -> String {
    let mut out =
        names(&["arm", "quantity", "what", "name", "low_value", "high_value", "unit", "at_low", "at_high", "central"]);
    for o in &found.outputs {
        let words = |what: &str, name: &str| {
            [o.arm.as_str(), &o.quantity, what, name].map(|t| Value::Text(t.to_string())).to_vec()
        };
        for (d, input) in o.decides.iter().zip(&found.inputs) {
            let mut row = words("parameter", &d.input);
            row.extend(input.ends.map(|x| number(Some(x))));
            row.push(Value::Text(input.unit.clone()));
            row.extend(d.at_ends.map(number));
            row.push(number(o.central));
            out += &line(&row);
        }
        for (figure, rival) in o.rivals.iter().zip(&found.rivals) {
            let mut row = words("rival model", &rival.name);
            row.extend([Value::Nothing, Value::Nothing, Value::Nothing]);
            row.extend([number(*figure), number(*figure), number(o.central)]);
            out += &line(&row);
        }
    }
    out
}

/// Every evaluation.
pub fn evaluations(found: &Found, rows: &[Row]) -> String {
    let mut columns: Vec<String> = vec!["evaluation".into(), "stage".into()];
    columns.extend(found.inputs.iter().map(|i| i.name.clone()));
    columns.extend(found.outputs.iter().map(|o| format!("{}: {}", o.arm, o.quantity)));
    columns.push("failed".into());
    let mut out = head(&columns);
    for (k, r) in rows.iter().enumerate() {
        let mut row = vec![Value::Whole(k as i128), Value::Text(r.stage.into())];
        row.extend(r.values.iter().map(|x| number(Some(*x))));
        row.extend(r.figures.iter().map(|x| number(*x)));
        row.push(if r.failed.is_empty() { Value::Nothing } else { Value::Text(r.failed.clone()) });
        out += &line(&row);
    }
    out
}
