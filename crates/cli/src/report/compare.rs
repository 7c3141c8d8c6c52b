//! Every later arm against the first: hazard ratios on a log axis, each with its interval and its words.

use super::data::{ComparisonData, ReportData};
use super::html::{Cell, Table, behind};
use super::svg::{Anchor, Scale, Svg, fit, px, tick};
use super::words;

/// Ticks that a hazard ratio's axis may carry.
const TICKS: [f64; 11] = [0.01, 0.03, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0];

/// The section; empty when there is nothing to compare.
pub fn section(data: &ReportData) -> String {
    if !data.assesses_progression || data.comparisons.is_empty() {
        return String::new();
    }
    let label = format!(
        "Hazard ratios of progression or death. {}",
        data.comparisons.iter().map(spoken).collect::<Vec<_>>().join(" ")
    );
    let mut table = Table::new(
        "table-comparisons",
        "Comparisons",
        &[
            ("Arm", "arm"),
            ("Against", "against"),
            ("Hazard ratio", "hazard_ratio"),
            ("Lower", "lower_95"),
            ("Upper", "upper_95"),
            ("Log-rank p", "p_value"),
        ],
    );
    for c in &data.comparisons {
        let numbers = [c.hazard_ratio, c.ci95.map(|i| i.0), c.ci95.map(|i| i.1), c.p_value].map(Cell::Number);
        let [ratio, low, high, p] = numbers;
        table.row(&[Cell::Text(&c.arm), Cell::Text(&c.against), ratio, low, high, p]);
    }
    format!(
        "<section id=comparisons><h2>Comparisons</h2><figure>{}{}<figcaption>Cox hazard ratio of progression or death with \
         its 95\u{a0}% interval; below 1, events come later than in the arm it is compared with. p: log-rank test. The same virtual \
         patients are in every arm, but the test treats the arms as independent groups, as in a trial. The intervals hold \
         the chance among these patients only, not what is unknown about the model.</figcaption>{}</figure></section>",
        draw(data, 960.0, "wide", &label),
        draw(data, 368.0, "narrow", &label),
        behind(&[table]),
    )
}

/// One comparison, to be read aloud.
fn spoken(c: &ComparisonData) -> String {
    words::comparison(c).unwrap_or_else(|| format!("{} against {}: not estimable.", c.arm, c.against))
}

/// A ratio that stands on a log axis.
fn usable(ratio: f64) -> Option<f64> {
    (ratio.is_finite() && ratio > 0.0).then_some(ratio)
}

/// The picture at one width.
fn draw(data: &ReportData, width: f64, class: &str, label: &str) -> String {
    let wide = width > 600.0;
    let (left, right) = if wide { (300.0, width - 240.0) } else { (14.0, width - 20.0) };
    let seen = data.comparisons.iter().flat_map(|c| [c.hazard_ratio, c.ci95.map(|i| i.0), c.ci95.map(|i| i.1)]);
    let (mut low, mut high) = (0.5_f64, 2.0_f64);
    for ratio in seen.flatten().filter_map(usable) {
        low = low.min(ratio / 1.1);
        high = high.max(ratio * 1.1);
    }
    let (low, high) = (low.max(0.01), high.min(100.0));
    let x = Scale { from: low.ln(), to: high.ln(), start: left, end: right };
    let row = if wide { 44.0 } else { 86.0 };
    let top = 8.0;
    let bottom = top + row * data.comparisons.len() as f64;
    let mut svg = Svg::new(width);
    let mut before = f64::NEG_INFINITY;
    for t in TICKS.into_iter().filter(|t| *t >= low && *t <= high) {
        let at = x.at(t.ln());
        svg.line(at, top, at, bottom, if t == 1.0 { "guide" } else { "grid" });
        if at - before >= 30.0 {
            svg.text(at, bottom + 18.0, Anchor::Middle, "t", &tick(t));
            before = at;
        }
    }
    svg.line(left, bottom, right, bottom, "axis");
    svg.text((left + right) / 2.0, bottom + 37.0, Anchor::Middle, "l", "hazard ratio (log axis)");
    for (k, c) in data.comparisons.iter().enumerate() {
        let from = top + row * k as f64;
        let at = if wide { from + row / 2.0 } else { from + 70.0 };
        let (arm, against, figures) = (&c.arm, format!("against {}", c.against), figures(c));
        if wide {
            svg.text(0.0, at - 4.0, Anchor::Start, "b", &fit(arm, left - 20.0, 12.5));
            svg.text(0.0, at + 13.0, Anchor::Start, "t", &fit(&against, left - 20.0, 11.5));
            svg.text(right + 16.0, at + 4.0, Anchor::Start, "t", &figures);
        } else {
            svg.text(0.0, from + 14.0, Anchor::Start, "b halo", &fit(arm, width, 12.5));
            svg.text(0.0, from + 30.0, Anchor::Start, "t halo", &fit(&against, width, 11.5));
            svg.text(0.0, from + 46.0, Anchor::Start, "t halo", &figures);
        }
        interval(&mut svg, c, &x, at);
    }
    svg.finish(bottom + 44.0, class, label)
}

/// The whisker and the square.
fn interval(svg: &mut Svg, c: &ComparisonData, x: &Scale, at: f64) {
    if let Some((low, high)) = c.ci95
        && high.is_finite()
        && low.is_finite()
    {
        let ends = [low, high].map(|v| px(x.at(v.max(1e-9).ln())));
        svg.path(
            &format!(
                "M{} {y}H{}M{} {top}v10M{} {top}v10",
                ends[0],
                ends[1],
                ends[0],
                ends[1],
                y = px(at),
                top = px(at - 5.0)
            ),
            "class=\"whisker\"",
        );
    }
    if let Some(ratio) = c.hazard_ratio.and_then(usable) {
        svg.rect(x.at(ratio.ln()) - 5.0, at - 5.0, 10.0, 10.0, "fill=\"#222\"");
    }
}

/// `0.81 (0.54–1.21), p = 0.280`.
fn figures(c: &ComparisonData) -> String {
    let Some(ratio) = c.hazard_ratio.filter(|r| r.is_finite()) else { return "not estimable".to_owned() };
    let interval = match c.ci95.filter(|(l, h)| l.is_finite() && h.is_finite()) {
        Some((low, high)) => format!(" ({low:.2}–{high:.2})"),
        None => String::new(),
    };
    format!("{ratio:.2}{interval}, {}", words::p_value(c.p_value))
}
