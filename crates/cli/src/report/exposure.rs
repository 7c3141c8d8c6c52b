//! Exposure over one dosing cycle: felt concentration of the typical patient and of 5 to 95 % of patients, with the doses above
//! it, one row a drug, on one scale per drug in all arms.

use super::data::{ArmData, Exposure, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::panels::panels;
use super::svg::{Anchor, Scale, Svg, colour, dash, fit, polyline, px, tick, time_ticks};
use super::words;

const LEFT: f64 = 46.0;
/// Height of one drug's plot with its words and its axis.
const ROW: f64 = 210.0;

/// Drugs that can be drawn.
fn drawable(arm: &ArmData) -> Vec<&Exposure> {
    let finite = |e: &&Exposure| {
        let all = e.curve.iter().all(|c| [c.0, c.1, c.2, c.3, c.4].iter().all(|v| v.is_finite()));
        all && e.curve.len() > 1 && e.days > 0.0 && e.days.is_finite()
    };
    arm.exposure.iter().filter(finite).collect()
}

/// `µM` for `uM`.
fn unit(written: &str) -> String {
    written.strip_prefix('u').map_or(written.to_owned(), |rest| format!("µ{rest}"))
}

/// The section; empty where no drug has a cycle.
pub fn section(data: &ReportData) -> String {
    let all: Vec<&Exposure> = data.arms.iter().flat_map(drawable).collect();
    if all.is_empty() {
        return String::new();
    }
    let drawn = panels(data, &|k, width, class| draw(data, k, width, class));
    let spread = match all.iter().find(|e| e.varies) {
        Some(e) => format!(
            "Line: the patient with every parameter at its centre. Band: 5th to 95th percentile of the first {} patients by number. ",
            e.patients
        ),
        None => "Line: every patient; kinetics do not vary between them. ".to_owned(),
    };
    let early = if all.iter().any(|e| !e.steady && e.cycle > 0) {
        " Where treatment ends before the concentration is steady, its last whole cycle is shown."
    } else {
        ""
    };
    let recorded = recorded(data);
    let as_recorded = if recorded.is_empty() { "" } else { " or recorded" };
    format!(
        "<section id=exposure><h2>Exposure over a cycle</h2><figure>{drawn}<figcaption>Concentration that the cells feel. {spread}\
         Triangles: doses. One scale per drug in all arms. Steady: within 1\u{a0}% of where the trough is going, in all of \
         these patients.{early} Doses as planned{as_recorded}, before any change.{recorded}</figcaption>{}</figure></section>",
        behind(&tables(data)),
    )
}

/// The arms in which a concentration changes within what is shown.
pub(super) fn moving(data: &ReportData) -> Vec<usize> {
    let changes = |e: &&Exposure| e.curve.iter().any(|c| (c.1 - e.curve[0].1).abs() > 1e-6 * c.1.abs());
    (0..data.arms.len()).filter(|k| drawable(&data.arms[*k]).iter().any(changes)).collect()
}

/// The panel of one arm, for a file of its own.
pub(super) fn alone(data: &ReportData, k: usize, width: f64) -> String {
    draw(data, k, width, "both")
}

/// Highest concentration of a drug in any arm.
fn highest(data: &ReportData, drug: &Exposure) -> f64 {
    let same = data.arms.iter().flat_map(drawable).filter(|e| e.drug == drug.drug && e.unit == drug.unit);
    same.flat_map(|e| &e.curve).map(|c| c.1.max(c.4)).fold(f64::MIN_POSITIVE, f64::max)
}

/// Steps of a linear axis: 1, 2 or 5 times a power of ten, about four of them.
fn steps(high: f64) -> Vec<f64> {
    let rough = high / 4.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough).unwrap_or(rough);
    if !step.is_finite() || step <= 0.0 {
        return vec![0.0];
    }
    (0..=(high / step - 1e-9).ceil() as usize).map(|k| k as f64 * step).collect()
}

/// One arm.
fn draw(data: &ReportData, k: usize, width: f64, class: &str) -> String {
    let arm = &data.arms[k];
    let drugs = drawable(arm);
    let rows = data.arms.iter().map(|a| drawable(a).len()).max().unwrap_or(1).max(1);
    let right = width - 14.0;
    let mut svg = Svg::new(width);
    if drugs.is_empty() {
        svg.text(LEFT, 60.0, Anchor::Start, "t", nothing(arm));
    }
    for (row, drug) in drugs.iter().enumerate() {
        one(&mut svg, drug, highest(data, drug), k, ROW * row as f64, right);
    }
    svg.finish(ROW * rows as f64 - 8.0, class, &alternative(arm, &drugs))
}

/// What is said where nothing is drawn.
fn nothing(arm: &ArmData) -> &'static str {
    if arm.recorded.is_some() { "recorded doses without a curve" } else { "no drug, or a constant concentration" }
}

/// Which arms follow a record, and whose is drawn.
fn recorded(data: &ReportData) -> String {
    let mut drawn: Vec<String> = Vec::new();
    for arm in &data.arms {
        for of in drawable(arm).iter().filter_map(|e| e.record.as_ref()) {
            let text = format!("that of {of} in \"{}\"", arm.name);
            if !drawn.contains(&text) {
                drawn.push(text);
            }
        }
    }
    if drawn.is_empty() {
        return String::new();
    }
    format!(" Recorded doses differ from patient to patient; one record is drawn: {}.", escape(&drawn.join(", ")))
}

/// Which cycle, in words.
fn which(e: &Exposure) -> String {
    let name = if e.days == 1.0 { "day" } else { "cycle" };
    match (e.cycle, e.steady) {
        (0, _) if e.doses.len() > 1 => {
            format!("days {} to {}", tick((e.from + 1.0).floor()), tick((e.from + e.days).ceil()))
        }
        (0, _) => format!("one dose, from day {}", tick(e.from + 1.0)),
        (n, true) => format!("{name} {n}, steady"),
        (n, false) => format!("{name} {n}, not yet steady"),
    }
}

/// One drug.
fn one(svg: &mut Svg, e: &Exposure, high: f64, k: usize, from: f64, right: f64) {
    let (top, bottom) = (from + 56.0, from + 166.0);
    let (per, in_unit) = if e.days <= 3.0 { (1.0 / 24.0, "hours") } else { (1.0, "days") };
    let ticks = steps(high);
    let x = Scale { from: 0.0, to: e.days / per, start: LEFT, end: right };
    let y = Scale { from: 0.0, to: ticks.last().copied().unwrap_or(high).max(high), start: bottom, end: top };
    let (title, cycle) = (format!("{} ({})", words::name(&e.drug), unit(&e.unit)), which(e));
    let both = format!("{title}, {cycle}");
    if fit(&both, right, 12.5) == both {
        svg.text(0.0, from + 12.0, Anchor::Start, "l", &both);
    } else {
        svg.text(0.0, from + 12.0, Anchor::Start, "l", &fit(&title, right, 12.5));
        svg.text(0.0, from + 26.0, Anchor::Start, "l", &fit(&cycle, right, 12.5));
    }
    for t in &ticks {
        svg.line(LEFT, y.at(*t), right, y.at(*t), "grid");
        svg.text(LEFT - 7.0, y.at(*t) + 4.0, Anchor::End, "t", &super::html::number(*t));
    }
    let at = |c: &(f64, f64, f64, f64, f64)| x.at(c.0 / per);
    if e.varies {
        let mut outline: Vec<(f64, f64)> = e.curve.iter().map(|c| (at(c), y.at(c.4))).collect();
        outline.extend(e.curve.iter().rev().map(|c| (at(c), y.at(c.2))));
        svg.path(&format!("{}Z", polyline(&outline)), &format!("fill=\"{}\" fill-opacity=\".2\"", colour(k)));
    }
    let line: Vec<(f64, f64)> = e.curve.iter().map(|c| (at(c), y.at(c.1))).collect();
    svg.path(&polyline(&line), &format!("class=\"series\" stroke=\"{}\"{}", colour(k), dash(k)));
    doses(svg, e, &x, per, top, right);
    svg.line(LEFT, bottom, right, bottom, "axis");
    for t in time_ticks(e.days / per, 8.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
    }
    let axis = if e.cycle == 0 && e.doses.len() > 1 {
        format!("{in_unit} since the first dose")
    } else if e.cycle == 0 {
        format!("{in_unit} since the dose")
    } else if e.days == 1.0 {
        format!("{in_unit} since the day's dose")
    } else {
        format!("{in_unit} into the cycle")
    };
    svg.text((LEFT + right) / 2.0, bottom + 33.0, Anchor::Middle, "l", &axis);
}

/// Triangles over the plot, with amounts where they do not touch.
fn doses(svg: &mut Svg, e: &Exposure, x: &Scale, per: f64, top: f64, right: f64) {
    let mut d = String::new();
    let mut free = LEFT - 30.0;
    let mut before = f64::NAN;
    for (day, amount, _) in e.doses.iter().filter(|d| d.0.is_finite() && d.1.is_finite() && d.1 > 0.0) {
        let at = x.at(day / per);
        d.push_str(&format!("M{} {}l4 -7h-8z", px(at), px(top - 2.0)));
        let text = format!("{} {}", super::html::number(*amount), e.dose_unit);
        let wide = 7.2 * text.chars().count() as f64;
        let start = (at - 4.0).min(right - wide);
        if *amount != before && start >= free {
            svg.text(start, top - 14.0, Anchor::Start, "t", &text);
            free = start + wide + 6.0;
        }
        before = *amount;
    }
    svg.path(&d, "fill=\"#444\"");
}

fn alternative(arm: &ArmData, drugs: &[&Exposure]) -> String {
    if drugs.is_empty() {
        return format!("Exposure over a cycle, {}: {}.", arm.name, nothing(arm));
    }
    let each: Vec<String> = drugs
        .iter()
        .map(|e| {
            let print = |f: (f64, f64, f64, f64)| {
                let number = super::html::number;
                if e.varies {
                    format!("{} (5 to 95\u{a0}%: {} to {})", number(f.0), number(f.1), number(f.3))
                } else {
                    number(f.0)
                }
            };
            format!(
                "{}, {}, {}: lowest {}, average {}, highest {} in the typical patient.",
                words::name(&e.drug),
                unit(&e.unit),
                which(e),
                print(e.lowest),
                print(e.average),
                print(e.highest)
            )
        })
        .collect();
    format!("Exposure over a cycle, {}. {}", arm.name, each.join(" "))
}

/// Cmin, Cavg and Cmax, and the curves.
fn tables(data: &ReportData) -> [Table; 2] {
    let mut figures = Table::new(
        "table-exposure",
        "Lowest, average and highest concentration in the cycle",
        &[
            ("Arm", "arm"),
            ("Drug", "drug"),
            ("Unit", "unit"),
            ("Cycle", "cycle"),
            ("Steady", "steady"),
            ("Figure", "figure"),
            ("Typical", "typical"),
            ("5\u{a0}%", "p05"),
            ("Median", "median"),
            ("95\u{a0}%", "p95"),
        ],
    );
    let mut curves = Table::new(
        "table-concentrations",
        "Concentration over the cycle",
        &[
            ("Arm", "arm"),
            ("Drug", "drug"),
            ("Unit", "unit"),
            ("Day into the cycle", "day"),
            ("Typical", "typical"),
            ("5\u{a0}%", "p05"),
            ("Median", "median"),
            ("95\u{a0}%", "p95"),
        ],
    );
    for arm in &data.arms {
        for e in drawable(arm) {
            for (name, f) in [("Cmin", e.lowest), ("Cavg", e.average), ("Cmax", e.highest)] {
                let [typical, low, middle, high] = [f.0, f.1, f.2, f.3].map(|v| Cell::Number(Some(v)));
                figures.row(&[
                    Cell::Text(&arm.name),
                    Cell::Text(&e.drug),
                    Cell::Text(&e.unit),
                    Cell::Count(e.cycle as usize),
                    Cell::Text(if e.steady { "yes" } else { "no" }),
                    Cell::Text(name),
                    typical,
                    low,
                    middle,
                    high,
                ]);
            }
            // A tenth of the points is enough to draw it again.
            let every = (e.curve.len() / 80).max(1);
            for c in e.curve.iter().step_by(every) {
                let [t, typical, low, middle, high] = [c.0, c.1, c.2, c.3, c.4].map(|v| Cell::Number(Some(v)));
                curves.row(&[
                    Cell::Text(&arm.name),
                    Cell::Text(&e.drug),
                    Cell::Text(&e.unit),
                    t,
                    typical,
                    low,
                    middle,
                    high,
                ]);
            }
        }
    }
    [figures, curves]
}

#[cfg(test)]
mod tests {
    use super::{steps, unit};

    #[test]
    fn axes_step_by_one_two_or_five() {
        assert_eq!(steps(3.7), [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(steps(100.0), [0.0, 50.0, 100.0]);
        assert!(steps(f64::NAN).len() == 1 && steps(0.0).len() == 1);
        assert_eq!([unit("uM"), unit("mg/L")], ["µM", "mg/L"]);
    }
}
