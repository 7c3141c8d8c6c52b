//! Levels over time (neutrophils, CAR T cells, antigen), and immune cells by type: one small picture each, with all arms in it: median
//! and 5-95 % band over the patients seen at each visit. Levels that never change are named and not drawn.

use super::axis::{Axis, unit_in_words};
use super::data::{ArmData, LevelAt, LevelCourse, ReportData};
use super::html::{Cell, Table, behind, escape, number};
use super::panels::grid;
use super::svg::{Anchor, Scale, Svg, colour, dash, fit, polyline, swatch, tick, time_ticks};
use super::words::{self, Clock};

const LEFT: f64 = 48.0;
/// Fewest patients whose percentiles are drawn.
const FEWEST: usize = 10;

/// A level's name as a reader writes it. (Not [`words::name`], to which `met` is a gene.)
pub(crate) fn said(name: &str) -> String {
    name.replace('_', " ")
}

/// Opacity of the bands of so many arms: what lies over each other must let the others through.
fn opacity(arms: usize) -> f64 {
    (0.36 / arms.max(1) as f64).clamp(0.05, 0.18)
}

/// The level of this name in an arm.
fn of<'a>(arm: &'a ArmData, name: &str) -> Option<&'a LevelCourse> {
    arm.levels.iter().find(|l| l.name == name)
}

/// Points that are numbers.
fn points(level: &LevelCourse) -> Vec<LevelAt> {
    let fine = |p: &&LevelAt| p.patients > 0 && [p.day, p.low, p.middle, p.high].iter().all(|v| v.is_finite());
    level.points.iter().filter(fine).copied().collect()
}

/// Points with patients enough for percentiles (all, where an arm has no more).
fn shown(level: &LevelCourse) -> Vec<LevelAt> {
    let all = points(level);
    let enough = FEWEST.min(all.first().map_or(0, |p| p.patients));
    all.into_iter().filter(|p| p.patients >= enough).collect()
}

/// Names and units of what can be drawn, in the model's order.
pub(crate) fn names(data: &ReportData) -> Vec<(&str, &str)> {
    let mut names: Vec<(&str, &str)> = Vec::new();
    for l in data.arms.iter().flat_map(|a| &a.levels).filter(|l| !points(l).is_empty()) {
        if !names.iter().any(|n| n.0 == l.name) {
            names.push((&l.name, &l.unit));
        }
    }
    names
}

/// The section; empty where no level changes.
pub fn section(data: &ReportData) -> String {
    let names = names(data);
    if names.is_empty() {
        return String::new();
    }
    let heads: Vec<String> = names.iter().map(|(name, _)| escape(&said(name))).collect();
    let drawn = grid(&heads, &|k, width, class| draw(data, names[k].0, names[k].1, width, class));
    format!(
        "<section id=levels><h2>Levels over time</h2><figure>{}{drawn}<figcaption>Line: median of the {} seen at each visit. \
         Band: 5th to 95th percentile, while at least {FEWEST} are seen (all of them where fewer began). Whoever's run has ended is seen no \
         more, and what happens between visits is not in the picture.{}{}</figcaption>{}</figure></section>",
        legend(data),
        words::subjects(data),
        log_note(data),
        escape(&left_out(data)),
        behind(&[table(data, &names)]),
    )
}

/// What the line under the decades is, where an axis is logarithmic.
pub(crate) fn log_note(data: &ReportData) -> &'static str {
    if names(data).iter().any(|n| axis(data, n.0).is_log()) {
        " The axis is logarithmic where values above zero span more than three decades; zero, and what is less than nine decades under the \
         top, then has a line of its own below."
    } else {
        ""
    }
}

/// The arms with their lines; nothing where there is one.
pub(crate) fn legend(data: &ReportData) -> String {
    if data.arms.len() < 2 {
        return String::new();
    }
    let arms = data.arms.iter().enumerate();
    let items: String = arms.map(|(k, a)| format!("<li>{} <span>{}</span></li>", swatch(k), escape(&a.name))).collect();
    format!("<ul class=legend>{items}</ul>")
}

/// Whose levels these are, and which are not drawn.
pub(crate) fn left_out(data: &ReportData) -> String {
    let listed = |names: &[String]| names.iter().map(|n| said(n)).collect::<Vec<_>>().join(", ");
    let mut out = String::new();
    if data.levels_of > 0 && data.levels_of < data.finished {
        out +=
            &format!(" Of the first {} {} by number.", words::thousands(data.levels_of.into()), words::subjects(data));
    }
    if !data.levels_left.is_empty() {
        out += &format!(" Not drawn, for want of room: {}.", listed(&data.levels_left));
    }
    if !data.levels_constant.is_empty() {
        out += &format!(" Not drawn, because they never change: {}.", listed(&data.levels_constant));
    }
    out
}

fn axis(data: &ReportData, name: &str) -> Axis {
    let all = data.arms.iter().filter_map(|a| of(a, name)).flat_map(shown);
    Axis::of(all.flat_map(|p| [p.low, p.middle, p.high]))
}

/// One level in all arms.
pub(crate) fn draw(data: &ReportData, name: &str, unit: &str, width: f64, class: &str) -> String {
    let clock = Clock::of(data.horizon_days);
    let axis = axis(data, name);
    let (top, right) = (22.0, width - 14.0);
    let bottom = top + if width > 400.0 { 190.0 } else { 140.0 };
    let arms: Vec<(usize, Vec<LevelAt>)> =
        data.arms.iter().enumerate().map(|(k, a)| (k, of(a, name).map(shown).unwrap_or_default())).collect();
    let last = arms.iter().filter_map(|a| a.1.last()).map(|p| p.day).fold(0.0, f64::max);
    let end = clock.at(if data.horizon_days > 0.0 { data.horizon_days } else { last.max(1.0) });
    let x = Scale { from: 0.0, to: end, start: LEFT, end: right };
    let y = Scale { from: axis.low, to: axis.high, start: bottom, end: top };
    let mut svg = Svg::new(width);
    svg.text(0.0, 11.0, Anchor::Start, "l", &fit(&axis.title(unit), width, 11.0));
    for (height, text) in axis.ticks() {
        svg.line(LEFT, y.at(height), right, y.at(height), "grid");
        svg.text(LEFT - 6.0, y.at(height) + 4.0, Anchor::End, "t", &text);
    }
    if axis.crosses_zero() {
        svg.line(LEFT, y.at(0.0), right, y.at(0.0), "axis");
    }
    let at = |p: &LevelAt, value: f64| (x.at(clock.at(p.day)), y.at(axis.height(value)));
    for (k, points) in &arms {
        let mut outline: Vec<(f64, f64)> = points.iter().map(|p| at(p, p.high)).collect();
        outline.extend(points.iter().rev().map(|p| at(p, p.low)));
        let thin = points.iter().all(|p| p.high == p.low);
        if points.len() > 1 && !thin {
            let shade = opacity(arms.len());
            let fill = format!(
                "class=\"band\" fill=\"{0}\" fill-opacity=\"{shade:.2}\" stroke=\"{0}\" stroke-opacity=\".4\" stroke-width=\".7\"",
                colour(*k)
            );
            svg.path(&format!("{}Z", polyline(&outline)), &fill);
        }
    }
    for (k, points) in &arms {
        if let [only] = &points[..] {
            let ends = [at(only, only.low), at(only, only.high)];
            svg.path(&polyline(&ends), &format!("stroke=\"{}\"", colour(*k)));
            let (x, y) = at(only, only.middle);
            svg.marker(x, y, *k);
            continue;
        }
        let line: Vec<(f64, f64)> = points.iter().map(|p| at(p, p.middle)).collect();
        svg.path(&polyline(&line), &format!("class=\"series\" stroke=\"{}\"{}", colour(*k), dash(*k)));
    }
    svg.line(LEFT, bottom, right, bottom, "axis");
    for t in time_ticks(end, (right - LEFT) / 46.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
    }
    let title = format!("{} since treatment began", clock.unit);
    svg.text((LEFT + right) / 2.0, bottom + 34.0, Anchor::Middle, "l", &title);
    svg.finish(bottom + 42.0, class, &alternative(data, name, unit, &arms))
}

/// What the picture shows, to be read aloud.
fn alternative(data: &ReportData, name: &str, unit: &str, arms: &[(usize, Vec<LevelAt>)]) -> String {
    let clock = Clock::of(data.horizon_days);
    let each: Vec<String> = arms
        .iter()
        .map(|(k, points)| {
            let arm = &data.arms[*k].name;
            let (Some(first), Some(last)) = (points.first(), points.last()) else {
                return format!("{arm}: nothing to show.");
            };
            let by = |a: &&LevelAt, b: &&LevelAt| a.middle.total_cmp(&b.middle);
            let (lowest, highest) =
                (points.iter().min_by(by).unwrap_or(first), points.iter().max_by(by).unwrap_or(first));
            let at = |p: &LevelAt| format!("{} after {}", number(p.middle), clock.span(p.day));
            format!(
                "{arm}: median {} at first, lowest {}, highest {}, last {} (5 to 95\u{a0}% from {} to {}, {} seen).",
                number(first.middle),
                at(lowest),
                at(highest),
                at(last),
                number(last.low),
                number(last.high),
                last.patients
            )
        })
        .collect();
    format!("{} over time ({}). {}", said(name), unit_in_words(unit), each.join(" "))
}

fn table(data: &ReportData, names: &[(&str, &str)]) -> Table {
    let clock = Clock::of(data.horizon_days);
    let mut table = Table::new(
        "table-levels",
        "Levels at visits",
        &[
            ("Arm", "arm"),
            ("Level", "level"),
            (&format!("Time ({})", clock.unit), &format!("time_{}", clock.unit)),
            ("5\u{a0}%", "p05"),
            ("Median", "median"),
            ("95\u{a0}%", "p95"),
            ("Seen", "seen"),
            ("Unit", "unit"),
        ],
    );
    for arm in &data.arms {
        for (name, unit) in names {
            for p in of(arm, name).map(points).unwrap_or_default() {
                let [t, low, middle, high] = [clock.at(p.day), p.low, p.middle, p.high].map(|v| Cell::Number(Some(v)));
                let seen = Cell::Count(p.patients);
                table.row(&[Cell::Text(&arm.name), Cell::Text(name), t, low, middle, high, seen, Cell::Text(unit)]);
            }
        }
    }
    table
}
