//! One panel an arm, side by side, and what pictures of patients share: the fills of best responses and the axis of change from
//! baseline with its two lines.

use super::data::ReportData;
use super::html::escape;
use super::svg::{Anchor, DASHES, Scale, Svg, swatch};
use super::words;

/// Best responses: code, name, colour and hatch; the place is that of the dash.
pub const RESPONSES: [(&str, &str, &str, &str); 5] = [
    ("CR", "complete response", "#009e73", ""),
    ("PR", "partial response", "#56b4e9", "h1"),
    ("SD", "stable disease", "#e69f00", "h2"),
    ("PD", "progressive disease", "#d55e00", "h3"),
    ("NE", "not evaluable", "#9aa3a7", "h4"),
];

/// Place of a response in [`RESPONSES`]; what is unknown is not evaluable.
pub fn response(code: &str) -> usize {
    RESPONSES.iter().position(|r| r.0 == code).unwrap_or(RESPONSES.len() - 1)
}

/// Panels of arms, each under its name, drawn for the number of columns that the arms allow.
pub fn panels(data: &ReportData, draw: &dyn Fn(usize, f64, &str) -> String) -> String {
    let arms = data.arms.iter().enumerate();
    let heads: Vec<String> = arms.map(|(k, arm)| format!("{} {}", swatch(k), escape(&arm.name))).collect();
    grid(&heads, draw)
}

/// Panels under these headings (HTML), drawn for the number of columns that they allow.
pub fn grid(heads: &[String], draw: &dyn Fn(usize, f64, &str) -> String) -> String {
    let body: String = heads
        .iter()
        .enumerate()
        .map(|(k, head)| {
            let drawn = match heads.len() {
                1 => draw(k, 960.0, "wide") + &draw(k, 368.0, "narrow"),
                2 | 4 => draw(k, 460.0, "wide") + &draw(k, 340.0, "narrow"),
                _ => draw(k, 312.0, "both"),
            };
            format!("<div class=panel><h3>{head}</h3>{drawn}</div>")
        })
        .collect();
    let columns = if matches!(heads.len(), 1 | 2 | 4) { "panels few" } else { "panels" };
    format!("<div class=\"{columns}\">{body}</div>")
}

/// A list of small pictures with their words.
pub fn legend(entries: impl Iterator<Item = (String, String)>) -> String {
    let items: String = entries
        .map(|(drawn, text)| {
            format!(
                "<li><svg class=swatch viewBox=\"0 0 36 14\" aria-hidden=true>{drawn}</svg> <span>{text}</span></li>"
            )
        })
        .collect();
    format!("<ul class=\"legend inline\">{items}</ul>")
}

/// A legend's area: colour and hatch.
pub fn area(colour: &str, hatch: &str) -> String {
    let over =
        if hatch.is_empty() { String::new() } else { format!("<path d=\"M0 0H36V14H0z\" fill=\"url(#{hatch})\"/>") };
    format!("<path d=\"M0 0H36V14H0z\" fill=\"{colour}\"/>{over}")
}

/// Fills of the responses that occur, as a legend.
pub fn response_areas(occurs: &dyn Fn(usize) -> bool) -> Vec<(String, String)> {
    let named = |r: &(&str, &str, &str, &str)| (area(r.2, r.3), format!("<strong>{}</strong> {}", r.0, r.1));
    RESPONSES.iter().enumerate().filter(|(k, _)| occurs(*k)).map(|(_, r)| named(r)).collect()
}

/// Stroke of a response's line.
pub fn response_stroke(place: usize) -> String {
    let dashes = match DASHES[place % DASHES.len()] {
        "" => String::new(),
        d => format!(" stroke-dasharray=\"{d}\""),
    };
    format!("stroke=\"{}\"{dashes}", RESPONSES[place].2)
}

/// Top of an axis of change that holds `largest`, as a share: a step of a half, at least 50 %, at most 100 %.
pub fn top_of_change(largest: f64) -> f64 {
    let largest = if largest.is_finite() { largest } else { 0.0 };
    ((largest - 0.02).max(0.3) * 2.0).ceil().clamp(1.0, 2.0) / 2.0
}

/// The vertical axis of change from baseline, with the numbers of partial response and of progression.
pub fn change_axis(svg: &mut Svg, y: &Scale, left: f64, right: f64) {
    svg.text(0.0, 11.0, Anchor::Start, "l", "change of the sum of diameters (%)");
    let lines = [0.2, -0.3];
    let mut at = -1.0;
    while at <= y.to + 1e-9 {
        let clear = lines.iter().all(|l| (y.at(*l) - y.at(at)).abs() >= 13.0);
        if clear {
            svg.line(left, y.at(at), right, y.at(at), "grid");
            svg.text(left - 7.0, y.at(at) + 4.0, Anchor::End, "t", &signed(at));
        }
        at += 0.5;
    }
    for l in lines {
        svg.text(left - 7.0, y.at(l) + 4.0, Anchor::End, "t", &signed(l));
    }
}

/// The two lines and the baseline, over what is drawn.
pub fn change_lines(svg: &mut Svg, y: &Scale, left: f64, right: f64) {
    svg.line(left, y.at(0.0), right, y.at(0.0), "axis");
    for l in [0.2, -0.3] {
        svg.line(left, y.at(l), right, y.at(l), "limit");
    }
}

/// A change in per cent with its sign.
pub fn signed(share: f64) -> String {
    let p = (100.0 * share).round();
    if p > 0.0 {
        format!("+{p}")
    } else if p < 0.0 {
        format!("\u{2212}{}", -p)
    } else {
        "0".to_owned()
    }
}

/// `CR 12, PR 700`, for what is read aloud.
pub fn counted(codes: &dyn Fn(usize) -> usize) -> String {
    let parts: Vec<String> = (0..RESPONSES.len())
        .filter(|k| codes(*k) > 0)
        .map(|k| format!("{} {}", RESPONSES[k].0, words::thousands(codes(k) as u64)))
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_change_end_on_halves() {
        assert_eq!([0.0, 0.52, 0.6, 1.4, 9.0, f64::NAN].map(top_of_change), [0.5, 0.5, 1.0, 1.0, 1.0, 0.5]);
        assert_eq!([signed(-0.3), signed(0.2), signed(-0.001)], ["\u{2212}30", "+20", "0"]);
        assert_eq!((response("PR"), response("?")), (1, 4));
    }
}
