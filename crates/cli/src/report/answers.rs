//! What the study asks for in figures of its own, said before everything else: a table by arm.

use super::data::{Answer, ArmAnswer, ReportData};
use super::html::escape;
use super::svg::swatch;
use super::words::{percent, percent_with};

/// Three digits, or a power of ten.
fn figure(x: f64) -> String {
    let size = x.abs();
    if !x.is_finite() {
        return "not known".into();
    }
    if size != 0.0 && !(1e-3..1e5).contains(&size) {
        return format!("{x:.1e}");
    }
    let digits = if size == 0.0 { 0 } else { (2 - size.log10().floor() as i32).clamp(0, 6) as usize };
    let text = format!("{x:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

/// A figure of one arm with its interval.
pub fn in_words(answer: &Answer, of: &ArmAnswer) -> String {
    let Some(value) = of.value else { return format!("not known: {}", of.why) };
    if let (true, Some(low), Some(high)) = (answer.share, of.low, of.high) {
        let (low, high) = (low.max(0.0), high.min(1.0));
        return if low == high { percent(value) } else { percent_with(value, low, high) };
    }
    let unit = if answer.unit.is_empty() { String::new() } else { format!("\u{a0}{}", answer.unit) };
    let end = |x: Option<f64>| x.map_or("?".to_string(), figure);
    let interval = match (of.low, of.high) {
        (Some(low), Some(high)) if low == high => String::new(),
        (low, high) => format!(" ({} to {})", end(low), end(high)),
    };
    format!("{}{unit}{interval}", figure(value))
}

/// What it is, and against what.
pub fn name(answer: &Answer) -> String {
    if answer.against.is_empty() { answer.name.clone() } else { format!("{}, against {}", answer.name, answer.against) }
}

/// The table at the top of the page; empty where the study asks for nothing.
pub fn table(data: &ReportData) -> String {
    if data.answers.is_empty() || data.finished == 0 {
        return String::new();
    }
    let named = |text: &str| format!("<th scope=col role=columnheader>{}</th>", escape(text));
    let head: String = data.answers.iter().map(|a| named(&name(a))).collect();
    let row = |(k, arm): (usize, &super::data::ArmData)| {
        let cell = |answer: &Answer| {
            let of = answer.arms.iter().find(|a| a.arm == arm.name);
            let says = of.map_or("\u{2013}".to_string(), |of| in_words(answer, of));
            format!("<td role=cell data-label=\"{}\">{}</td>", escape(&name(answer)), escape(&says))
        };
        let cells: String = data.answers.iter().map(cell).collect();
        format!("<tr role=row><th scope=row role=rowheader>{} {}</th>{cells}</tr>", swatch(k), escape(&arm.name))
    };
    let rows: String = data.arms.iter().enumerate().map(row).collect();
    format!(
        "<table class=\"summary stack\" role=table><thead role=rowgroup><tr role=row>{}{head}</tr></thead><tbody role=rowgroup>{rows}</tbody></table>\
         <p class=note>With 95\u{a0}% intervals of chance among the simulated patients.</p>",
        named("Arm")
    )
}
