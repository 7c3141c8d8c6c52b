//! Readings at visits: one group of panels for each channel of the measurements but the RECIST sum (a count, a tumour marker):
//! median and 5-95 % band on a log axis with the detection limit, and the share of patients in whom anything was detected.
//!
//! What is not detected is read as 0 and stands on a line of its own under the axis.

use super::data::{ArmData, Reading, ReportData, Series};
use super::html::{Cell, Table, behind, escape};
use super::panels::panels;
use super::svg::{Anchor, Scale, Svg, colour, dash, polyline, px, tick, time_ticks};
use super::words::{self, Clock};

const LEFT: f64 = 46.0;
/// Fewest patients whose percentiles are drawn.
const FEWEST: usize = 10;
/// A channel that is detected in a smaller share of patients at every visit gets a line of words and its table, no picture.
const SELDOM: f64 = 0.1;

/// The channel in an arm.
fn of<'a>(arm: &'a ArmData, name: &str) -> Option<&'a Series> {
    arm.series.iter().find(|s| s.name == name)
}

/// Points that are numbers.
fn points(series: &Series) -> Vec<Reading> {
    let fine = |r: &&Reading| r.patients > 0 && [r.day, r.low, r.middle, r.high].iter().all(|v| v.is_finite());
    series.points.iter().filter(fine).copied().collect()
}

/// Points with patients enough for percentiles (all, where an arm has no more).
fn shown(series: &Series) -> Vec<Reading> {
    let all = points(series);
    let enough = FEWEST.min(all.first().map_or(0, |r| r.patients));
    all.into_iter().filter(|r| r.patients >= enough).collect()
}

/// The largest share in whom the channel was detected at a visit, in any arm.
fn most_detected(data: &ReportData, name: &str) -> f64 {
    let all = data.arms.iter().filter_map(|a| of(a, name)).flat_map(shown);
    all.map(|r| r.detected).filter(|d| d.is_finite()).fold(0.0, f64::max)
}

/// Every channel; empty where none is measured.
pub fn section(data: &ReportData) -> String {
    let mut names: Vec<&str> = Vec::new();
    for s in data.arms.iter().flat_map(|a| &a.series).filter(|s| !points(s).is_empty()) {
        if !names.contains(&s.name.as_str()) {
            names.push(&s.name);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let (often, seldom): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| most_detected(data, name) >= SELDOM);
    let figures: String = often.iter().map(|name| figure(data, name)).collect();
    let rest = if seldom.is_empty() {
        String::new()
    } else {
        let each: Vec<String> = seldom
            .iter()
            .map(|name| format!("{} ({})", words::name(name), words::percent(most_detected(data, name))))
            .collect();
        let tables: Vec<Table> = seldom.iter().map(|name| table(data, name)).collect();
        format!(
            "<p>Seldom detected, and so not drawn; in brackets the largest share of the {} seen at a visit in whom it was: {}.</p>{}",
            words::subjects(data),
            escape(&each.join(", ")),
            behind(&tables)
        )
    };
    format!("<section id=readings><h2>What was measured</h2>{figures}{rest}</section>")
}

/// The vertical axis: decades, with a line for what is not detected under them.
struct Axis {
    low: f64,
    high: f64,
    zero: bool,
}

impl Axis {
    fn of(data: &ReportData, name: &str) -> Axis {
        let all: Vec<&Series> = data.arms.iter().filter_map(|a| of(a, name)).collect();
        let read = || all.iter().flat_map(|s| shown(s)).flat_map(|r| [r.low, r.middle, r.high]);
        let limits = all.iter().filter_map(|s| s.limit).filter(|l| *l > 0.0 && l.is_finite());
        let positive = || read().filter(|v| *v > 0.0);
        let low = positive().chain(limits.clone()).fold(f64::INFINITY, f64::min);
        let high = positive().chain(limits).fold(0.0, f64::max);
        let (low, high) = if low <= high { (low, high) } else { (1.0, 10.0) };
        let low = low.log10().floor();
        Axis { low, high: high.log10().ceil().max(low + 1.0), zero: read().any(|v| v <= 0.0) }
    }

    fn bottom(&self) -> f64 {
        if self.zero { self.low - 0.12 * (self.high - self.low) } else { self.low }
    }

    fn height(&self, reading: f64) -> f64 {
        if reading > 0.0 { reading.log10().clamp(self.low, self.high) } else { self.bottom() }
    }

    fn ticks(&self) -> Vec<(f64, String)> {
        let step = (((self.high - self.low) / 6.0).ceil() as usize).max(1);
        let name = |e: i32| match e {
            -3..=3 => super::html::number(10f64.powi(e)),
            e => words::power_of_ten(e),
        };
        let decades = (self.low as i32..=self.high as i32).rev().step_by(step).map(|e| (f64::from(e), name(e)));
        decades.chain(self.zero.then(|| (self.bottom(), "none".to_owned()))).collect()
    }
}

/// One channel.
fn figure(data: &ReportData, name: &str) -> String {
    let axis = Axis::of(data, name);
    let unit = data.arms.iter().find_map(|a| of(a, name)).map_or("", |s| s.unit.as_str());
    let drawn = panels(data, &|k, width, class| draw(data, k, name, unit, &axis, width, class));
    let first = if data.percentiles_of > 0 && data.percentiles_of < data.finished {
        format!(
            " Percentiles and shares are of the first {} {}.",
            words::thousands(data.percentiles_of.into()),
            words::subjects(data)
        )
    } else {
        String::new()
    };
    let none = if axis.zero { " None: not detected." } else { "" };
    format!(
        "<h3>{}</h3><figure>{drawn}<figcaption>Line: median of the readings at each visit. Band: 5th to 95th percentile of the {} \
         seen there, while at least {FEWEST} are (all of them where fewer began).{none} Under the axis: share in whom anything was detected.{first}</figcaption>{}</figure>",
        escape(&format!("{} ({unit})", words::name(name))),
        words::subjects(data),
        behind(&[table(data, name)]),
    )
}

/// One arm.
fn draw(data: &ReportData, k: usize, name: &str, unit: &str, axis: &Axis, width: f64, class: &str) -> String {
    let clock = Clock::of(data.horizon_days);
    let series = of(&data.arms[k], name);
    let shown = series.map(shown).unwrap_or_default();
    let (top, right) = (22.0, width - 16.0);
    let bottom = top + if width > 400.0 { 220.0 } else { 180.0 };
    let last = shown.last().map_or(1.0, |r| r.day);
    let end = clock.at(if data.horizon_days > 0.0 { data.horizon_days } else { last.max(1.0) });
    let x = Scale { from: 0.0, to: end, start: LEFT, end: right };
    let y = Scale { from: axis.bottom(), to: axis.high, start: bottom, end: top };
    let mut svg = Svg::new(width);
    svg.text(0.0, 11.0, Anchor::Start, "l", &format!("{unit} (log axis)"));
    for (height, text) in axis.ticks() {
        svg.line(LEFT, y.at(height), right, y.at(height), "grid");
        svg.text(LEFT - 7.0, y.at(height) + 4.0, Anchor::End, "t", &text);
    }
    let at = |r: &Reading| x.at(clock.at(r.day));
    let mut outline: Vec<(f64, f64)> = shown.iter().map(|r| (at(r), y.at(axis.height(r.high)))).collect();
    outline.extend(shown.iter().rev().map(|r| (at(r), y.at(axis.height(r.low)))));
    if shown.len() > 1 {
        svg.path(&format!("{}Z", polyline(&outline)), &format!("fill=\"{}\" fill-opacity=\".2\"", colour(k)));
    }
    let line: Vec<(f64, f64)> = shown.iter().map(|r| (at(r), y.at(axis.height(r.middle)))).collect();
    svg.path(&polyline(&line), &format!("class=\"series\" stroke=\"{}\"{}", colour(k), dash(k)));
    let mut dots = String::new();
    for (x, y) in &line {
        dots.push_str(&format!("M{} {}a1.9 1.9 0 1 0 .01 0z", px(*x), px(y - 1.9)));
    }
    svg.path(&dots, &format!("fill=\"{}\"", colour(k)));
    if let Some(limit) = series.and_then(|s| s.limit).filter(|l| *l > 0.0 && l.is_finite()) {
        let at = y.at(limit.log10());
        svg.line(LEFT, at, right, at, "limit");
        let above = if at - top < 18.0 { at + 14.0 } else { at - 5.0 };
        svg.text(LEFT + 4.0, above, Anchor::Start, "t halo", "detection limit");
    }
    svg.line(LEFT, bottom, right, bottom, "axis");
    let title = format!("{} since treatment began", clock.unit);
    svg.text((LEFT + right) / 2.0, bottom + 34.0, Anchor::Middle, "l", &title);
    svg.text(0.0, bottom + 54.0, Anchor::Start, "l", &format!("detected (% of {} seen)", words::subjects(data)));
    for t in time_ticks(end, (right - LEFT) / 46.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
        // The visit nearest to the tick, when there is one near.
        let near = shown.iter().min_by(|a, b| (clock.at(a.day) - t).abs().total_cmp(&(clock.at(b.day) - t).abs()));
        let share = near
            .filter(|r| (clock.at(r.day) - t).abs() <= 0.06 * end)
            .map_or("\u{2013}".to_owned(), |r| format!("{:.0}", 100.0 * r.detected));
        svg.text(x.at(t), bottom + 71.0, Anchor::Middle, "t", &share);
    }
    if shown.is_empty() {
        svg.text((LEFT + right) / 2.0, (top + bottom) / 2.0, Anchor::Middle, "l halo", "no patient to show");
    }
    svg.finish(bottom + 80.0, class, &alternative(data, k, name, unit, &shown))
}

fn alternative(data: &ReportData, k: usize, name: &str, unit: &str, shown: &[Reading]) -> String {
    let (arm, clock) = (&data.arms[k], Clock::of(data.horizon_days));
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        return format!("{} over time, {}: no reading.", words::name(name), arm.name);
    };
    let lowest = shown.iter().min_by(|a, b| a.middle.total_cmp(&b.middle)).unwrap_or(first);
    let at = |r: &Reading| {
        let number = super::html::number;
        format!("{} {unit} after {} (detected in {})", number(r.middle), clock.span(r.day), words::percent(r.detected))
    };
    format!(
        "{} over time, {}: median {}, lowest {}, last {} in {} still seen.",
        words::name(name),
        arm.name,
        at(first),
        at(lowest),
        at(last),
        last.patients
    )
}

fn table(data: &ReportData, name: &str) -> Table {
    let clock = Clock::of(data.horizon_days);
    let mut table = Table::new(
        &format!("table-reading-{name}"),
        &format!("Readings of {}", words::name(name)),
        &[
            ("Arm", "arm"),
            (&format!("Time ({})", clock.unit), &format!("time_{}", clock.unit)),
            ("5\u{a0}%", "p05"),
            ("Median", "median"),
            ("95\u{a0}%", "p95"),
            ("Detected (share)", "detected"),
            ("Seen", "seen"),
            ("Unit", "unit"),
        ],
    );
    for arm in &data.arms {
        let Some(series) = of(arm, name) else { continue };
        for r in points(series) {
            let [t, low, middle, high, detected] =
                [clock.at(r.day), r.low, r.middle, r.high, r.detected].map(|v| Cell::Number(Some(v)));
            let seen = Cell::Count(r.patients);
            table.row(&[Cell::Text(&arm.name), t, low, middle, high, detected, seen, Cell::Text(&series.unit)]);
        }
    }
    table
}
