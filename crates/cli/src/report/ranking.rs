//! Which differences between patients go with a longer time to progression: Somers' D of each parameter that varies, by arm.
//!
//! Parameters are drawn independently of each other unless the model says otherwise, so D is what each tells by itself; it is
//! an association inside the model. What is the same in all patients cannot be ranked by it.

use super::data::{Ranking, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::svg::{Anchor, Scale, Svg, colour, fit, px, swatch};
use super::words;

/// Parameters drawn.
const DRAWN: usize = 12;

/// D of a parameter in an arm, when it is a number.
fn value(row: &(String, Vec<Option<f64>>), k: usize) -> Option<f64> {
    row.1.get(k).copied().flatten().filter(|d| d.is_finite())
}

/// The largest D of a parameter in any arm, by size.
pub fn largest(data: &ReportData, name: &str) -> Option<f64> {
    let row = data.ranking.as_ref()?.rows.iter().find(|r| r.0 == name)?;
    (0..row.1.len()).filter_map(|k| value(row, k)).max_by(|a, b| a.abs().total_cmp(&b.abs()))
}

/// The section; empty where nothing varies or too few progressed.
pub fn section(data: &ReportData) -> String {
    let Some(ranking) = data.ranking.as_ref().filter(|r| !r.rows.is_empty()) else { return String::new() };
    let legend: String = data
        .arms
        .iter()
        .enumerate()
        .map(|(k, arm)| format!("<li>{} <span>{}</span></li>", swatch(k), escape(&arm.name)))
        .collect();
    let mut table = Table::new(
        "table-ranking",
        "Rank correlation with time to progression",
        &[
            ("Arm", "arm"),
            ("Parameter", "parameter"),
            ("Somers' D", "somers_d"),
            ("By chance below", "by_chance_below"),
        ],
    );
    for (k, arm) in data.arms.iter().enumerate() {
        for row in &ranking.rows {
            if let Some(d) = value(row, k) {
                let [d, chance] = [Some(d), ranking.chance.get(k).copied().flatten()].map(Cell::Number);
                table.row(&[Cell::Text(&arm.name), Cell::Text(&row.0), d, chance]);
            }
        }
    }
    let label = alternative(data, ranking);
    let more = if ranking.rows.len() > DRAWN {
        format!(" The {DRAWN} with the largest are drawn; all {} are in the table.", ranking.rows.len())
    } else {
        String::new()
    };
    format!(
        "<section id=decides><h2>Which differences between patients decide</h2><figure><ul class=legend>{legend}</ul>{}{}<figcaption>Somers' \
         D of the parameters that vary between patients with time to progression, over {} patients: 1, a larger value always goes with later \
         progression; \u{2212}1, always with earlier; 0, it tells nothing. Censored patients count up to their censoring. Grey: what chance \
         alone may give (about three standard deviations). It is an association inside this model; parameters that are the same in all \
         patients cannot be ranked so and are listed under <a href=\"#assumptions\">what is assumed</a>.{more}</figcaption>{}</figure></section>",
        draw(data, ranking, 960.0, "wide", &label),
        draw(data, ranking, 368.0, "narrow", &label),
        words::thousands(ranking.patients as u64),
        behind(&[table]),
    )
}

/// The picture at one width.
fn draw(data: &ReportData, ranking: &Ranking, width: f64, class: &str, label: &str) -> String {
    let wide = width > 600.0;
    let x_from = if wide { 190.0 } else { 10.0 };
    let all = ranking.rows.iter().flat_map(|r| (0..r.1.len()).filter_map(|k| value(r, k)));
    let chance = ranking.chance.iter().flatten().copied().filter(|c| c.is_finite()).fold(0.0, f64::max);
    let most = all.map(f64::abs).fold(chance, f64::max).clamp(0.1, 1.0);
    let most = (most * 5.0).ceil() / 5.0;
    let x = Scale { from: -most, to: most, start: x_from, end: width - 20.0 };
    let lane = 14.0;
    let each = lane * data.arms.len() as f64 + 8.0 + if wide { 0.0 } else { 18.0 };
    let rows = &ranking.rows[..ranking.rows.len().min(DRAWN)];
    let (top, bottom) = (6.0, 6.0 + each * rows.len() as f64);
    let mut svg = Svg::new(width);
    svg.rect(x.at(-chance), top, x.at(chance) - x.at(-chance), bottom - top, "fill=\"#ececea\"");
    let steps = if most > 0.45 { 0.2 } else { 0.1 };
    let count = (most / steps + 1e-9) as i32;
    for t in -count..=count {
        let at = x.at(f64::from(t) * steps);
        svg.line(at, top, at, bottom, if t == 0 { "axis" } else { "grid" });
        let text = format!("{:.1}", f64::from(t.abs()) * steps);
        let text = if t == 0 {
            "0".to_owned()
        } else if t < 0 {
            format!("\u{2212}{text}")
        } else {
            text
        };
        if wide || t % 2 == 0 {
            svg.text(at, bottom + 18.0, Anchor::Middle, "t", &text);
        }
    }
    for (row, named) in rows.iter().enumerate() {
        let from = top + each * row as f64;
        let first = if wide {
            let height = from + each / 2.0;
            svg.text(x_from - 14.0, height, Anchor::End, "b", &fit(&named.0, x_from - 20.0, 12.5));
            from + 4.0
        } else {
            svg.text(0.0, from + 13.0, Anchor::Start, "b halo", &fit(&named.0, width - 10.0, 12.5));
            from + 20.0
        };
        for k in 0..data.arms.len() {
            let y = first + lane * (k as f64 + 0.5);
            if let Some(d) = value(named, k) {
                let stroke = format!("stroke=\"{}\" stroke-width=\"3\"", colour(k));
                svg.path(&format!("M{} {}H{}", px(x.at(0.0)), px(y), px(x.at(d))), &stroke);
                svg.marker(x.at(d), y, k);
            }
        }
    }
    svg.line(x.start, bottom, x.end, bottom, "axis");
    let title = if wide {
        "larger value: earlier progression \u{2190}  Somers' D  \u{2192} later progression"
    } else {
        "earlier \u{2190}  Somers' D  \u{2192} later progression"
    };
    svg.text((x.start + x.end) / 2.0, bottom + 38.0, Anchor::Middle, "l", title);
    svg.finish(bottom + 46.0, class, label)
}

fn alternative(data: &ReportData, ranking: &Ranking) -> String {
    let rows = ranking.rows.iter().take(5).map(|row| {
        let arms = data.arms.iter().enumerate();
        let each: Vec<String> =
            arms.filter_map(|(k, arm)| value(row, k).map(|d| format!("{d:.2} under {}", arm.name))).collect();
        format!("{}: {}.", row.0, if each.is_empty() { "not known".to_owned() } else { each.join(", ") })
    });
    let rows: Vec<String> = rows.collect();
    format!(
        "Rank correlation (Somers' D) of patients' parameters with time to progression, largest first. {}",
        rows.join(" ")
    )
}
