//! Events of the model over time: the share of all patients of an arm to whom each has happened by a day, one small picture an event.
//!
//! Of all patients, so that death and the end of a run are what they are: who has left can have no event any more.

use super::data::{EventCourse, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::levels::{legend, said};
use super::panels::grid;
use super::svg::{Anchor, Scale, Svg, colour, dash, px, tick, time_ticks};
use super::words::{self, Clock};

const LEFT: f64 = 40.0;
/// Where an axis of shares may end.
const TOPS: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// Steps that are numbers.
fn steps(event: &EventCourse) -> impl Iterator<Item = (f64, f64)> {
    event.steps.iter().copied().filter(|s| s.0.is_finite() && s.1.is_finite())
}

/// Names of the events, in the model's order.
pub(crate) fn names(data: &ReportData) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for e in data.arms.iter().flat_map(|a| &a.happened).filter(|e| steps(e).next().is_some()) {
        if !names.contains(&e.name.as_str()) {
            names.push(&e.name);
        }
    }
    names
}

/// True where an event has happened to anybody.
pub(crate) fn any(data: &ReportData) -> bool {
    data.arms.iter().flat_map(|a| &a.happened).flat_map(steps).any(|s| s.1 > 0.0)
}

/// The section; empty where the model has no events.
pub fn section(data: &ReportData) -> String {
    let names = names(data);
    if names.is_empty() {
        return String::new();
    }
    let heads: Vec<String> = names.iter().map(|name| escape(&said(name))).collect();
    let drawn = grid(&heads, &|k, width, class| draw(data, names[k], width, class));
    format!(
        "<section id=events><h2>Events over time</h2><figure>{}{drawn}<figcaption>Share of all {} of an arm to whom the event has \
         happened by then at least once. Those whose run ended before it stay in the whole, as those without it.</figcaption>{}</figure></section>",
        legend(data),
        words::subjects(data),
        behind(&[table(data)]),
    )
}

/// One event in all arms.
pub(crate) fn draw(data: &ReportData, name: &str, width: f64, class: &str) -> String {
    let clock = Clock::of(data.horizon_days);
    let arms: Vec<(usize, Vec<(f64, f64)>)> = data
        .arms
        .iter()
        .enumerate()
        .filter_map(|(k, a)| Some((k, steps(a.happened.iter().find(|e| e.name == name)?).collect())))
        .collect();
    let all = || arms.iter().flat_map(|a| &a.1);
    let most = all().map(|s| s.1).fold(0.0, f64::max);
    let last = all().map(|s| s.0).fold(0.0, f64::max);
    let high = TOPS.into_iter().find(|t| *t >= most).unwrap_or(1.0);
    let days = if data.horizon_days > 0.0 { data.horizon_days } else { last.max(1.0) };
    let (top, right) = (22.0, width - 14.0);
    let bottom = top + if width > 400.0 { 190.0 } else { 140.0 };
    let x = Scale { from: 0.0, to: clock.at(days), start: LEFT, end: right };
    let y = Scale { from: 0.0, to: high, start: bottom, end: top };
    let mut svg = Svg::new(width);
    svg.text(0.0, 11.0, Anchor::Start, "l", &format!("{} to whom it has happened (%)", words::subjects(data)));
    for k in 0..=2 {
        let share = high * f64::from(k) / 2.0;
        svg.line(LEFT, y.at(share), right, y.at(share), "grid");
        svg.text(LEFT - 6.0, y.at(share) + 4.0, Anchor::End, "t", &tick(100.0 * share));
    }
    for (k, steps) in &arms {
        let mut d = String::new();
        for (day, share) in steps {
            let (at, height) = (px(x.at(clock.at(*day))), px(y.at(*share)));
            d.push_str(&if d.is_empty() { format!("M{at} {height}") } else { format!("H{at}V{height}") });
        }
        if !d.is_empty() {
            d.push_str(&format!("H{}", px(right)));
        }
        svg.path(&d, &format!("class=\"series\" stroke=\"{}\"{}", colour(*k), dash(*k)));
    }
    svg.line(LEFT, bottom, right, bottom, "axis");
    for t in time_ticks(clock.at(days), (right - LEFT) / 46.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
    }
    let title = format!("{} since treatment began", clock.unit);
    svg.text((LEFT + right) / 2.0, bottom + 34.0, Anchor::Middle, "l", &title);
    let each: Vec<String> = arms
        .iter()
        .map(|(k, steps)| {
            let end = steps.last().map_or(0.0, |s| s.1);
            let half = steps.iter().find(|s| s.1 >= 0.5 * end).filter(|_| end > 0.0);
            let when = half.map_or(String::new(), |s| format!(", half of them within {}", clock.span(s.0)));
            format!("{}: {}{when}.", data.arms[*k].name, words::percent(end))
        })
        .collect();
    let label = format!("Share of {} with {}. {}", words::subjects(data), said(name), each.join(" "));
    svg.finish(bottom + 42.0, class, &label)
}

fn table(data: &ReportData) -> Table {
    let clock = Clock::of(data.horizon_days);
    let mut table = Table::new(
        "table-events",
        "Share to whom each event has happened",
        &[
            ("Arm", "arm"),
            ("Event", "event"),
            (&format!("Time ({})", clock.unit), &format!("time_{}", clock.unit)),
            ("Share", "share"),
        ],
    );
    for arm in &data.arms {
        for event in &arm.happened {
            for (day, share) in steps(event) {
                let [t, share] = [clock.at(day), share].map(|v| Cell::Number(Some(v)));
                table.row(&[Cell::Text(&arm.name), Cell::Text(&event.name), t, share]);
            }
        }
    }
    table
}
