//! Waterfall: the best change of the sum of diameters of every patient, largest growth first, filled by best response.
//!
//! Where patients are more than units of width, each unit shows the patient at its rank; the table has them all (in studies
//! above 2,000 patients, evenly spaced ranks).

use super::data::{ArmData, ReportData, Waterfall};
use super::html::{Cell, Table, behind};
use super::panels::{
    RESPONSES, change_axis, change_lines, counted, legend, panels, response, response_areas, signed, top_of_change,
};
use super::svg::{Anchor, Scale, Svg, px};
use super::words;

const LEFT: f64 = 46.0;

/// Bars that are numbers.
fn bars(fall: &Waterfall) -> Vec<(f64, usize)> {
    fall.bars.iter().filter(|b| b.0.is_finite()).map(|(change, code)| (*change, response(code))).collect()
}

/// The section; empty where no response is assessed.
pub fn section(data: &ReportData) -> String {
    let all: Vec<(f64, usize)> = data.arms.iter().filter_map(|a| a.waterfall.as_ref()).flat_map(bars).collect();
    if all.is_empty() {
        return String::new();
    }
    let top = top_of_change(all.iter().map(|b| b.0).fold(0.0, f64::max));
    let drawn = panels(data, &|k, width, class| draw(&data.arms[k], top, width, class));
    let mut table = Table::new(
        "table-waterfall",
        "Best change from baseline",
        &[("Arm", "arm"), ("Rank", "rank"), ("Best change (share)", "best_change"), ("Best response", "best_response")],
    );
    for arm in &data.arms {
        let Some(fall) = &arm.waterfall else { continue };
        for (k, (change, place)) in bars(fall).into_iter().enumerate() {
            let change = Cell::Number(Some(change));
            table.row(&[Cell::Text(&arm.name), Cell::Count(k + 1), change, Cell::Text(RESPONSES[place].0)]);
        }
    }
    let capped = if all.iter().any(|b| b.0 > top) {
        format!(" Bars that end at {}\u{a0}% go further.", signed(top))
    } else {
        String::new()
    };
    let unknown: usize = data.arms.iter().filter_map(|a| a.waterfall.as_ref()).map(|w| w.unknown).sum();
    let unknown = if unknown > 0 {
        format!(" Patients without a measurement after baseline are not shown ({unknown} in all arms).")
    } else {
        String::new()
    };
    let fewer = if data.arms.iter().filter_map(|a| a.waterfall.as_ref()).any(|w| w.patients > w.bars.len()) {
        " The table holds evenly spaced ranks."
    } else {
        ""
    };
    format!(
        "<section id=waterfall><h2>Best change from baseline</h2><figure>{}{drawn}<figcaption>Waterfall: one bar a patient, from \
         the largest growth to the deepest shrinkage before progression; where patients are more than the picture is wide, every \
         so many ranks. Dashed lines: +20\u{a0}% and \u{2212}30\u{a0}% of baseline, RECIST 1.1. Fill: best response, which \
         judges growth against the smallest sum and not against baseline.{capped}{unknown}{fewer}</figcaption>{}</figure></section>",
        legend(response_areas(&|k| all.iter().any(|b| b.1 == k)).into_iter()),
        behind(&[table]),
    )
}

/// One arm.
fn draw(arm: &ArmData, high: f64, width: f64, class: &str) -> String {
    let fall = arm.waterfall.clone().unwrap_or_default();
    let bars = bars(&fall);
    let (top, right) = (24.0, width - 14.0);
    let bottom = top + if width > 600.0 { 260.0 } else { 210.0 };
    let y = Scale { from: -1.0, to: high, start: bottom, end: top };
    let mut svg = Svg::new(width);
    change_axis(&mut svg, &y, LEFT, right);
    let columns = bars.len().min((right - LEFT) as usize);
    let wide = (right - LEFT) / columns.max(1) as f64;
    let mut paths: [String; RESPONSES.len()] = Default::default();
    let mut open: Option<usize> = None;
    let zero = px(y.at(0.0));
    for k in 0..columns {
        let (change, place) = bars[((k as f64 + 0.5) * bars.len() as f64 / columns as f64) as usize];
        let x = LEFT + k as f64 * wide;
        // A bar leaves a gap of its own where there is room for one.
        let end = px(x + if wide >= 4.0 { wide - 1.0 } else { wide });
        if open != Some(place) || wide >= 4.0 {
            if let Some(before) = open {
                paths[before].push_str(&format!("V{zero}z"));
            }
            paths[place].push_str(&format!("M{} {zero}", px(x)));
            open = Some(place);
        }
        paths[place].push_str(&format!("V{}H{end}", px(y.at(change))));
    }
    if let Some(before) = open {
        paths[before].push_str(&format!("V{zero}z"));
    }
    for (d, (_, _, colour, hatch)) in paths.iter().zip(RESPONSES) {
        svg.path(d, &format!("fill=\"{colour}\""));
        if !hatch.is_empty() {
            svg.path(d, &format!("fill=\"url(#{hatch})\""));
        }
    }
    change_lines(&mut svg, &y, LEFT, right);
    let below = if bars.is_empty() {
        "no patient was measured after baseline".to_owned()
    } else {
        format!("{}, ordered by change", words::patients(fall.patients as u64))
    };
    svg.text((LEFT + right) / 2.0, bottom + 20.0, Anchor::Middle, "l", &below);
    svg.finish(bottom + 28.0, class, &alternative(arm, &fall, &bars))
}

fn alternative(arm: &ArmData, fall: &Waterfall, bars: &[(f64, usize)]) -> String {
    if bars.is_empty() {
        return format!("Waterfall, {}: no patient was measured after baseline.", arm.name);
    }
    let all = bars.len() as f64;
    let share = |of: &dyn Fn(f64) -> bool| words::percent(bars.iter().filter(|b| of(b.0)).count() as f64 / all);
    format!(
        "Waterfall, {}: best change of the sum of diameters in {}; median {}\u{a0}%; {} shrank by 30\u{a0}% or more, {} grew by \
         20\u{a0}% or more. Best responses of those shown: {}.",
        arm.name,
        words::patients(fall.patients as u64),
        signed(bars[bars.len() / 2].0),
        share(&|c| c <= -0.3),
        share(&|c| c >= 0.2),
        counted(&|k| bars.iter().filter(|b| b.1 == k).count())
    )
}
