//! Tumour burden: one panel per arm (median and 5-95 % band over patients still followed, on one log axis for
//! all arms), how many are followed, and under it the doses of the first eight weeks.
//!
//! Panels and not an overlay: bands that span decades hide each other. Below one cell the axis runs straight to
//! zero, so that a tumour that is gone stays on the page.

use super::data::{ArmData, Band, ReportData};
use super::doses;
use super::html::{Cell, Table, behind, escape};
use super::svg::{Anchor, Scale, Svg, colour, dash, polyline, short_count, swatch, tick, time_ticks};
use super::words::{self, Clock};

/// Fewest patients whose percentiles are drawn (all are, where an arm has no more).
const FEWEST: usize = 10;
/// Width that the numbers of the axes take.
pub const LEFT: f64 = 46.0;

/// The section, or a line that says why there is none.
pub fn section(data: &ReportData) -> String {
    let scale = Decades::of(data);
    let several = data.arms.len() > 1;
    let mut panels = String::new();
    for (k, arm) in data.arms.iter().enumerate() {
        let label = alternative(data, arm);
        let drawn = match data.arms.len() {
            1 => panel(data, k, &scale, 960.0, "wide", &label) + &panel(data, k, &scale, 368.0, "narrow", &label),
            2 | 4 => panel(data, k, &scale, 460.0, "wide", &label) + &panel(data, k, &scale, 340.0, "narrow", &label),
            _ => panel(data, k, &scale, 312.0, "both", &label),
        };
        panels.push_str(&format!(
            "<div class=panel><h3>{} {}</h3>{}{drawn}</div>",
            swatch(k),
            escape(&arm.name),
            given(arm)
        ));
    }
    let limit = match data.detection_limit_cells.filter(|l| *l > 0.0 && l.is_finite()) {
        Some(l) => {
            let of = if data.detection_limit_is.is_empty() {
                String::new()
            } else {
                format!(" ({})", escape(&data.detection_limit_is))
            };
            format!(" The dashed line is the detection limit, {} cells{of}.", words::cells(l))
        }
        None => String::new(),
    };
    let doses = if doses::any(data) {
        let days = doses::days_shown(data);
        let in_days = days < 14.0 || (days / 7.0).fract() > 0.0;
        let span = if in_days { format!("{} days", tick(days)) } else { format!("{} weeks", tick(days / 7.0)) };
        format!(
            " Under each panel: the doses of the first {span}, heights to one scale per drug in all arms{}.{}",
            planned(data),
            recorded(data)
        )
    } else {
        String::new()
    };
    let columns = if several && !matches!(data.arms.len(), 2 | 4) { "panels" } else { "panels few" };
    format!(
        "<section id=burden><h2>{what} over time</h2><figure><div class=\"{columns}\">{panels}</div>\
         <figcaption>Line: median. Band: 5th to 95th percentile of the {subjects} still followed on that day; their number \
         stands under the axis. Whoever's run ends (death, \
         progression where the arm stops there, size ceiling, end of the study) leaves the band, so its late part describes those who \
         were left and not the whole arm; it is drawn while at least {FEWEST} are followed (all of them where fewer began).{first}{limit}{doses}</figcaption>{tables}</figure></section>",
        what = if data.assesses_progression { "Tumour burden" } else { "Number of cells" },
        subjects = words::subjects(data),
        first = if data.percentiles_of > 0 && data.percentiles_of < data.finished {
            format!(" Percentiles are of the first {} by number.", words::thousands(data.percentiles_of.into()))
        } else {
            String::new()
        },
        tables = tables(data),
    )
}

/// The panel of one arm, for a file of its own.
pub(super) fn alone(data: &ReportData, k: usize, width: f64) -> String {
    panel(data, k, &Decades::of(data), width, "both", &alternative(data, &data.arms[k]))
}

/// What an arm is given: its sentences or the courses of its record, and the rules that modify doses.
fn given(arm: &ArmData) -> String {
    let list = |lines: &[String]| lines.iter().map(|l| format!("<li>{}", escape(l))).collect::<String>();
    let doses = match (&arm.recorded, &arm.regimen[..]) {
        (Some(_), courses) => format!("<p class=regimen>Doses as recorded:<ul class=regimen>{}</ul>", list(courses)),
        (None, []) => "<p class=regimen>no drug</p>".to_owned(),
        (None, sentences) => format!("<p class=regimen>{}</p>", escape(&sentences.join("; "))),
    };
    if arm.rules.is_empty() {
        return doses;
    }
    format!("{doses}<p class=regimen>Modified at visits:<ul class=regimen>{}</ul>", list(&arm.rules))
}

/// Where doses may be modified, the strip shows them as planned.
fn planned(data: &ReportData) -> &'static str {
    if data.arms.iter().any(|a| !a.rules.is_empty()) { ", as planned" } else { "" }
}

/// Whose recorded doses the strips show.
fn recorded(data: &ReportData) -> String {
    let of = |a: &ArmData| Some(format!("{} in \"{}\"", a.recorded.as_ref()?, a.name));
    let all: Vec<String> = data.arms.iter().filter_map(of).collect();
    match all.is_empty() {
        true => String::new(),
        false => format!(" Of recorded doses those of one patient: {}.", escape(&all.join(", "))),
    }
}

/// Points of an arm that can be drawn.
fn points(arm: &ArmData) -> Vec<Band> {
    let fine = |b: &&Band| b.patients > 0 && [b.day, b.low, b.middle, b.high].iter().all(|v| v.is_finite());
    arm.burden.iter().filter(fine).copied().collect()
}

/// The vertical axis: logarithm of cells, with a straight stretch from one cell to none.
struct Decades {
    low: f64,
    high: f64,
}

impl Decades {
    /// The axis that holds every arm and the detection limit.
    fn of(data: &ReportData) -> Self {
        let mut low = f64::INFINITY;
        let mut high: f64 = f64::NEG_INFINITY;
        for b in data.arms.iter().flat_map(points) {
            low = low.min(Self::height(b.low));
            high = high.max(Self::height(b.high));
        }
        if let Some(limit) = data.detection_limit_cells.filter(|l| *l > 0.0 && l.is_finite()) {
            low = low.min(Self::height(limit));
            high = high.max(Self::height(limit));
        }
        if low > high {
            return Decades { low: -0.7, high: 1.0 };
        }
        if low >= 0.0 && high - low < 1.2 {
            // A dish may stay within a decade: end the axis at 1, 2 or 5 times a power of ten.
            let (below, above) = (low - 0.02, high + 0.02);
            let lower = Self::fine().rev().find(|(h, _)| *h <= below).map_or(0.0, |(h, _)| h);
            let higher = Self::fine().find(|(h, _)| *h >= above).map_or(high.ceil(), |(h, _)| h);
            return Decades { low: lower, high: higher.max(lower + 0.3) };
        }
        let low = if low < 0.0 { -0.7 } else { (low - 0.05).floor().max(0.0) };
        Decades { low, high: (high + 0.05).ceil().max((low + 1.0).ceil()) }
    }

    /// Where a number of cells stands, in decades; zero stands at -0.7.
    fn height(cells: f64) -> f64 {
        if cells >= 1.0 { cells.log10() } else { 0.7 * (cells.max(0.0) - 1.0) }
    }

    /// 1, 2 and 5 times the powers of ten, with their names.
    fn fine() -> impl DoubleEndedIterator<Item = (f64, String)> {
        (0..20).flat_map(|e| {
            let name = |digit: &str| format!("{digit}×{}", words::power_of_ten(e));
            [(0.0, words::power_of_ten(e)), (2f64.log10(), name("2")), (5f64.log10(), name("5"))]
                .map(|(above, name)| (f64::from(e) + above, name))
        })
    }

    /// Labelled heights.
    fn ticks(&self) -> Vec<(f64, String)> {
        if self.low >= 0.0 && self.high - self.low < 2.0 {
            let inside = |h: &f64| *h >= self.low - 1e-9 && *h <= self.high + 1e-9;
            return Self::fine().filter(|(h, _)| inside(h)).collect();
        }
        let from = self.low.max(0.0) as i32;
        let to = self.high as i32;
        let step = ((to - from) / 6).max(1);
        let mut ticks: Vec<(f64, String)> =
            (from..=to).rev().step_by(step as usize).map(|e| (f64::from(e), words::power_of_ten(e))).collect();
        if self.low < 0.0 {
            ticks.push((-0.7, "0".to_owned()));
        }
        ticks
    }
}

/// One arm's panel.
fn panel(data: &ReportData, k: usize, decades: &Decades, width: f64, class: &str, label: &str) -> String {
    let arm = &data.arms[k];
    let clock = Clock::of(data.horizon_days);
    let tall = if width > 400.0 { 250.0 } else { 200.0 };
    let (top, right) = (22.0, width - 16.0);
    let bottom = top + tall;
    let bands = points(arm);
    let last = bands.last().map_or(0.0, |b| b.day);
    let end = clock.at(if data.horizon_days > 0.0 { data.horizon_days } else { last.max(1.0) });
    let x = Scale { from: 0.0, to: end, start: LEFT, end: right };
    let y = Scale { from: decades.low, to: decades.high, start: bottom, end: top };
    let mut svg = Svg::new(width);
    svg.text(0.0, 11.0, Anchor::Start, "l", "cells (log axis)");
    for (height, text) in decades.ticks() {
        svg.line(LEFT, y.at(height), right, y.at(height), "grid");
        svg.text(LEFT - 7.0, y.at(height) + 4.0, Anchor::End, "t", &text);
    }
    let first = bands.first().map_or(0, |b| b.patients);
    let shown: Vec<Band> = bands.iter().filter(|b| b.patients >= FEWEST.min(first)).copied().collect();
    draw(&mut svg, &shown, k, &|day| x.at(clock.at(day)), &|cells| y.at(Decades::height(cells)));
    if let Some(limit) = data.detection_limit_cells.filter(|l| *l > 0.0 && l.is_finite()) {
        let at = y.at(Decades::height(limit));
        svg.line(LEFT, at, right, at, "limit");
        let above = if at - top < 18.0 { at + 14.0 } else { at - 5.0 };
        svg.text(LEFT + 4.0, above, Anchor::Start, "t halo", "detection limit");
    }
    svg.line(LEFT, bottom, right, bottom, "axis");
    svg.text(
        (LEFT + right) / 2.0,
        bottom + 34.0,
        Anchor::Middle,
        "l",
        &format!("{} since treatment began", clock.unit),
    );
    svg.text(0.0, bottom + 54.0, Anchor::Start, "l", &format!("{} still followed", words::subjects(data)));
    // The last visit may lie before the end of the study: those whose runs did not end early are followed all the same.
    let early: u64 = arm.ended_early.iter().map(|e| e.1).sum();
    let to_the_end = u64::from(data.finished).saturating_sub(early) as usize;
    let to_the_end = to_the_end.min(bands.last().map_or(0, |b| b.patients));
    for t in time_ticks(end, (right - LEFT) / 46.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
        let followed = bands.iter().rfind(|b| clock.at(b.day) <= t + 1e-6).map_or(0, |b| b.patients);
        let followed = if last < t * clock.days * (1.0 - 1e-6) - 1e-6 { to_the_end } else { followed };
        svg.text(x.at(t), bottom + 71.0, Anchor::Middle, "t", &short_count(followed));
    }
    if bands.is_empty() {
        svg.text((LEFT + right) / 2.0, (top + bottom) / 2.0, Anchor::Middle, "l halo", "no patient to show");
    }
    if !doses::any(data) {
        return svg.finish(bottom + 80.0, class, label);
    }
    let height = doses::strip(&mut svg, data, k, bottom + 100.0, right);
    svg.finish(height, class, label)
}

/// The band and the median.
fn draw(svg: &mut Svg, bands: &[Band], k: usize, x: &dyn Fn(f64) -> f64, y: &dyn Fn(f64) -> f64) {
    let shown = thin(bands, x);
    let mut outline: Vec<(f64, f64)> = shown.iter().map(|b| (x(b.day), y(b.high))).collect();
    outline.extend(shown.iter().rev().map(|b| (x(b.day), y(b.low))));
    if shown.len() == 1 {
        let b = &shown[0];
        svg.path(&polyline(&[(x(b.day), y(b.low)), (x(b.day), y(b.high))]), &format!("stroke=\"{}\"", colour(k)));
        return svg.marker(x(b.day), y(b.middle), k);
    }
    if !outline.is_empty() {
        let fill = format!("fill=\"{}\" fill-opacity=\".2\"", colour(k));
        svg.path(&format!("{}Z", polyline(&outline)), &fill);
    }
    let middle: Vec<(f64, f64)> = shown.iter().map(|b| (x(b.day), y(b.middle))).collect();
    svg.path(&polyline(&middle), &format!("class=\"series\" stroke=\"{}\"{}", colour(k), dash(k)));
}

/// At most one point for each unit of width; the last one stays.
fn thin(bands: &[Band], x: &dyn Fn(f64) -> f64) -> Vec<Band> {
    let mut kept: Vec<Band> = Vec::new();
    for (k, b) in bands.iter().enumerate() {
        if k + 1 == bands.len() || kept.last().is_none_or(|p| x(b.day) - x(p.day) >= 1.0) {
            kept.push(*b);
        }
    }
    kept
}

/// What the panel shows, to be read aloud.
fn alternative(data: &ReportData, arm: &ArmData) -> String {
    let clock = Clock::of(data.horizon_days);
    let bands = points(arm);
    let (Some(first), Some(last)) = (bands.first(), bands.last()) else {
        return format!("{}: no burden was recorded.", arm.name);
    };
    let lowest = bands.iter().min_by(|a, b| a.middle.total_cmp(&b.middle)).unwrap_or(first);
    let at =
        |b: &Band| format!("{} cells after {} ({} followed)", words::cells(b.middle), clock.span(b.day), b.patients);
    format!(
        "Burden over time, {}: median {} cells when treatment began, lowest {}, last {} with 5 to 95\u{a0}% from {} to {}.",
        arm.name,
        words::cells(first.middle),
        at(lowest),
        at(last),
        words::cells(last.low),
        words::cells(last.high)
    )
}

/// Burden and doses as tables.
fn tables(data: &ReportData) -> String {
    let clock = Clock::of(data.horizon_days);
    let time = format!("Time ({})", clock.unit);
    let mut burden = Table::new(
        "table-burden",
        "Burden of the patients still followed",
        &[
            ("Arm", "arm"),
            (&time, &format!("time_{}", clock.unit)),
            ("5\u{a0}% (cells)", "cells_p05"),
            ("Median (cells)", "cells_median"),
            ("95\u{a0}% (cells)", "cells_p95"),
            ("Followed", "followed"),
        ],
    );
    let mut doses = Table::new(
        "table-doses",
        "Doses of the first weeks",
        &[("Arm", "arm"), ("Day", "day"), ("Drug", "drug"), ("Amount", "amount"), ("Unit", "unit")],
    );
    for arm in &data.arms {
        let bands = points(arm);
        for b in thin(&bands, &|day| day / data.horizon_days.max(1.0) * 250.0) {
            let cells = [clock.at(b.day), b.low, b.middle, b.high].map(|v| Cell::Number(Some(v)));
            let [t, low, middle, high] = cells;
            burden.row(&[Cell::Text(&arm.name), t, low, middle, high, Cell::Count(b.patients)]);
        }
        for (day, drug, amount, unit) in &arm.doses {
            doses.row(&[
                Cell::Text(&arm.name),
                Cell::Number(Some(*day)),
                Cell::Text(drug),
                Cell::Number(Some(*amount)),
                Cell::Text(unit),
            ]);
        }
    }
    behind(&[burden, doses])
}
