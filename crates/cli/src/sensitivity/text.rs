//! An analysis as text: one line a figure with what decides it, then every number of the first figure, then what was left out.

use super::numbers::{maybe, percent, share, with_interval};
use super::{Decides, Found, Output};
use crate::report::words::thousands;
use remission_cohort::sensitivity::plan::MOST;

/// Inputs named on the line of a figure.
const NAMED: usize = 5;

/// The table, ready to print.
pub fn table(found: &Found) -> String {
    let mut out = format!(
        "{}: which of {} decide, {} patients an evaluation, {} evaluations, seed {}\n",
        found.title,
        uncertain(found),
        thousands(found.patients.into()),
        thousands(found.evaluations as u64),
        found.seed
    );
    let mut rows = vec![["figure", "central (noise)", heading(found), "noise in its variance"].map(String::from)];
    let mut arms: Vec<(usize, String)> = Vec::new();
    for o in &found.outputs {
        if arms.last().is_none_or(|a| a.1 != o.arm) {
            arms.push((rows.len(), o.arm.clone()));
        }
        if still(o) {
            continue;
        }
        rows.push([o.quantity.clone(), central(o), leading(o), noise(found, o)]);
    }
    let width = |c: usize| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    for (k, row) in rows.iter().enumerate() {
        if let Some((_, arm)) = arms.iter().find(|a| a.0 == k) {
            out += &format!("{arm}\n");
        }
        let cells = row.iter().zip(widths).map(|(text, w)| format!("{text:w$}  ")).collect::<String>();
        let last = &row[3];
        out += format!("  {cells}{last}").trim_end();
        out.push('\n');
    }
    let same: Vec<String> = (found.outputs.iter().filter(|o| still(o)))
        .map(|o| format!("{} {} ({})", o.quantity, maybe(o.central), o.arm))
        .collect();
    if !same.is_empty() {
        out += &format!("the same wherever it was looked at: {}\n", same.join(", "));
    }
    if let Some(first) = found.outputs.iter().find(|o| !still(o)) {
        out += &one(found, first);
    }
    out += &tail(found);
    // A title may hold anything; a terminal must not obey it.
    out.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// True of a figure that no number moved.
pub fn still(o: &Output) -> bool {
    let moved =
        |d: &Decides| d.mu_star.is_some_and(|m| m > 0.0) || d.at_ends.iter().any(|x| x.is_some() && *x != o.central);
    o.central.is_some() && !o.decides.iter().any(moved) && o.variance.is_none_or(|v| v == 0.0)
}

/// `27 assumed numbers`.
pub fn uncertain(found: &Found) -> String {
    let assumed = found.inputs.iter().filter(|i| i.mark == "assumed").count();
    let other = found.inputs.len() - assumed;
    let many = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match (assumed, other) {
        (n, 0) => many(n, "assumed number"),
        (0, m) => many(m, "cited or fitted number"),
        (n, m) => {
            format!("{} and {}", many(n, "assumed"), many(m, "cited or fitted number")).replace("assumeds", "assumed")
        }
    }
}

fn heading(found: &Found) -> &'static str {
    if found.kept.is_empty() || found.sobol_rows == 0 {
        "mean absolute effect over the whole range (mu*), those above noise"
    } else {
        "total share of the variance, those above noise"
    }
}

fn central(o: &Output) -> String {
    match (o.central, o.central_noise) {
        (Some(x), Some(s)) => format!("{} ({})", maybe(Some(x)), maybe(Some(s))),
        (x, _) => maybe(x),
    }
}

/// The inputs that decide a figure, most first.
pub fn leading(o: &Output) -> String {
    let above = |d: &&&Decides| d.above_noise.unwrap_or(d.moves && d.total.is_none() && !any_share(o));
    let named: Vec<String> = o
        .ranked()
        .iter()
        .filter(above)
        .take(NAMED)
        .map(|d| match d.total {
            Some([t, ..]) => format!("{} {}", d.input, share(t)),
            None => format!("{} {}", d.input, maybe(d.mu_star)),
        })
        .collect();
    if named.is_empty() { "nothing above noise".into() } else { named.join("  ") }
}

fn any_share(o: &Output) -> bool {
    o.decides.iter().any(|d| d.total.is_some())
}

fn noise(found: &Found, o: &Output) -> String {
    if found.sobol_rows == 0 || found.kept.is_empty() { String::new() } else { percent(o.noise_share) }
}

/// Everything about one figure.
fn one(found: &Found, o: &Output) -> String {
    let mut out = format!("\n{}, {}: {}\n", o.arm, o.quantity, o.words);
    let head = ["parameter", "at 5 %", "at 95 %", "mu*", "sigma", "alone", "with all interactions", ""];
    let mut rows = vec![head.map(String::from).to_vec()];
    for d in o.ranked() {
        let below = match (d.above_noise, d.moves) {
            (Some(false), _) | (None, false) => "not above noise",
            _ => "",
        };
        let error = d.mu_star_error.map_or(String::new(), |e| format!(" +- {}", maybe(Some(e))));
        rows.push(vec![
            d.input.clone(),
            maybe(d.at_ends[0]),
            maybe(d.at_ends[1]),
            format!("{}{error}", maybe(d.mu_star)),
            maybe(d.sigma),
            with_interval(d.first),
            with_interval(d.total),
            below.into(),
        ]);
    }
    for (rival, figure) in found.rivals.iter().zip(&o.rivals) {
        rows.push(vec![format!("model {}", rival.name), maybe(*figure)]);
    }
    let widths: Vec<usize> = (0..head.len())
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|t| t.chars().count()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let cells: String = row.iter().zip(&widths).map(|(text, w)| format!("{text:w$}  ", w = *w)).collect();
        out += &format!("  {}\n", cells.trim_end());
    }
    out
}

/// What was left out, what failed, what is missing.
pub fn tail(found: &Found) -> String {
    let mut out = String::new();
    let screened: Vec<&str> =
        found.inputs.iter().map(|i| i.name.as_str()).filter(|n| !found.kept.iter().any(|k| k == n)).collect();
    let left: Vec<&str> = screened.into_iter().filter(|n| !found.left_over.iter().any(|k| k == n)).collect();
    if !found.left_over.is_empty() {
        out += &format!("did something, but there was room for {MOST}: {}\n", found.left_over.join(", "));
    }
    if !left.is_empty() {
        out += &format!("did nothing above noise, or less than 5 % of the most: {}\n", left.join(", "));
    }
    for rival in found.rivals.iter().filter(|r| !r.missing.is_empty()) {
        out += &format!("the rival model {} has no figures: {}\n", rival.name, rival.missing);
    }
    if found.failed_count > 0 {
        out += &format!(
            "{} of {} evaluations failed and are not counted (their values are in evaluations.csv):\n",
            thousands(found.failed_count as u64),
            thousands(found.evaluations as u64)
        );
        for f in found.failed.iter().take(5) {
            out +=
                &format!("  evaluation {}, {} of {} patients; {}\n", f.evaluation, f.patients, found.patients, f.why);
        }
    }
    out
}
