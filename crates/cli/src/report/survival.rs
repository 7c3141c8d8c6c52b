//! Kaplan-Meier curves of all arms with censor ticks, a light 95 % band and the median marked, and under them the
//! risk table: at risk, censored and events, in the order of KMunicate (Morris et al. 2019), each counted at the
//! printed times.
//!
//! Curves are thinned to steps that the page can show (a third of a unit of its height); the thinned points are
//! the table behind the picture, the patients themselves are in the run directory.

use super::data::{Curve, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::svg::{Anchor, Scale, Svg, colour, dash, fit, px, short_count, swatch, tick, time_ticks};
use super::words::{self, Clock};

/// An endpoint: which curve of an arm, and how it is called.
pub struct Endpoint {
    /// Anchor in the page and beginning of its tables' names.
    pub id: &'static str,
    /// As printed.
    pub title: &'static str,
    /// What the vertical axis counts.
    pub axis: &'static str,
    /// What counts as an event, in words.
    pub event: &'static str,
    /// The curve of an arm.
    pub of: fn(&super::data::ArmData) -> Option<&Curve>,
}

/// Progression-free survival.
pub const PROGRESSION: Endpoint = Endpoint {
    id: "progression",
    title: "Progression-free survival",
    axis: "alive and free of progression",
    event: "progression, dated at the visit that saw it, or death",
    of: |arm| arm.progression.as_ref(),
};

/// Overall survival.
pub const SURVIVAL: Endpoint = Endpoint {
    id: "survival",
    title: "Overall survival",
    axis: "alive",
    event: "death of any cause",
    of: |arm| arm.survival.as_ref(),
};

/// A step of a curve: day, survival, lower, upper.
type Step = (f64, f64, f64, f64);
/// A column of the risk table: day, at risk, censored, events.
type Counted = (f64, usize, usize, usize);
/// One of a column's counts.
type Pick = fn(&Counted) -> usize;

/// An arm that has this endpoint: its place in the study, its name and its curve.
struct Series<'a> {
    place: usize,
    name: &'a str,
    curve: &'a Curve,
}

/// The arms that have an endpoint.
fn all<'a>(data: &'a ReportData, endpoint: &Endpoint) -> Vec<Series<'a>> {
    data.arms
        .iter()
        .enumerate()
        .filter_map(|(place, arm)| (endpoint.of)(arm).map(|curve| Series { place, name: &arm.name, curve }))
        .filter(|s| s.curve.patients > 0)
        .collect()
}

/// The curves for a file of their own; none where nobody has an event, or where too many left early to be followed.
pub(super) fn alone(data: &ReportData, endpoint: &Endpoint) -> Option<String> {
    let series = all(data, endpoint);
    let told = series.iter().any(|s| s.curve.events > 0 && !words::left_early(data, s.curve));
    told.then(|| draw(data, endpoint, &series, 960.0, "wide", &label(data, endpoint, &series)))
}

/// What the curves show, to be read aloud.
fn label(data: &ReportData, endpoint: &Endpoint, series: &[Series]) -> String {
    let clock = Clock::of(data.horizon_days);
    let spoken: Vec<String> = series
        .iter()
        .map(|s| {
            format!(
                "{}: median {}, {} events in {} patients.",
                s.name,
                clock.median(s.curve),
                s.curve.events,
                s.curve.patients
            )
        })
        .collect();
    format!("Kaplan-Meier curves of {}. {} Risk table below.", endpoint.title.to_lowercase(), spoken.join(" "))
}

/// The section of an endpoint; empty when no arm has it.
pub fn section(data: &ReportData, endpoint: &Endpoint) -> String {
    let series = all(data, endpoint);
    if series.is_empty() {
        return String::new();
    }
    let clock = Clock::of(data.horizon_days);
    let legend: String = series
        .iter()
        .map(|s| {
            format!(
                "<li>{} <span><strong>{}</strong>: median {}; {} events in {}</span></li>",
                swatch(s.place),
                escape(s.name),
                escape(&clock.median(s.curve)),
                words::thousands(s.curve.events as u64),
                words::patients(s.curve.patients as u64)
            )
        })
        .collect();
    let early: Vec<&str> = series.iter().filter(|s| words::left_early(data, s.curve)).map(|s| s.name).collect();
    let warning = if early.is_empty() {
        String::new()
    } else {
        format!(
            "<div class=warning role=note><p>In {} most patients were censored before the end of the study, because their runs \
             ended for another reason (after progression, what the arm says follows). The curve describes the patients up to then; \
             it is not what a trial that follows everyone would report, and its median is not to be relied on.</p></div>",
            escape(&early.join(", "))
        )
    };
    let label = label(data, endpoint, &series);
    format!(
        "<section id={id}><h2>{title}</h2>{warning}<figure><ul class=legend>{legend}</ul>{wide}{narrow}\
         <figcaption>Kaplan-Meier estimate; an event is {event}. Light band: 95\u{a0}% interval at each time. Ticks on a curve: \
         patients censored there. Marker at 50\u{a0}%: the median. Under the axis, counted at the printed times: patients at risk, \
         and those censored and with an event by then.</figcaption>{tables}</figure></section>",
        id = endpoint.id,
        title = endpoint.title,
        event = endpoint.event,
        wide = draw(data, endpoint, &series, 960.0, "wide", &label),
        narrow = draw(data, endpoint, &series, 368.0, "narrow", &label),
        tables = tables(&clock, endpoint, &series),
    )
}

/// The picture at one width.
fn draw(data: &ReportData, endpoint: &Endpoint, series: &[Series], width: f64, class: &str, label: &str) -> String {
    let clock = Clock::of(data.horizon_days);
    let wide = width > 600.0;
    let (left, right, top) = if wide { (92.0, width - 24.0, 26.0) } else { (80.0, width - 18.0, 24.0) };
    let bottom = top + if wide { 300.0 } else { 230.0 };
    let x = Scale { from: 0.0, to: clock.at(last_day(data, series)), start: left, end: right };
    let y = Scale { from: 0.0, to: 1.0, start: bottom, end: top };
    let mut svg = Svg::new(width);
    svg.text(0.0, 12.0, Anchor::Start, "l", &format!("patients {} (%)", endpoint.axis));
    for k in 0..=4 {
        let share = f64::from(k) / 4.0;
        svg.line(left, y.at(share), right, y.at(share), if k == 2 { "guide" } else { "grid" });
        svg.text(left - 8.0, y.at(share) + 4.0, Anchor::End, "t", &format!("{:.0}", 100.0 * share));
    }
    for s in series {
        band(&mut svg, s, &x, &y, &clock);
    }
    for s in series {
        curve(&mut svg, s, &x, &y, &clock);
    }
    for s in series {
        if let Some(day) = s.curve.median_days.filter(|d| d.is_finite()) {
            let at = x.at(clock.at(day));
            svg.path(
                &format!("M{} {}V{}", px(at), px(y.at(0.5)), px(bottom)),
                &format!("class=\"drop\" stroke=\"{}\"", colour(s.place)),
            );
            svg.marker(at, y.at(0.5), s.place);
        }
    }
    svg.line(left, bottom, right, bottom, "axis");
    let days = printed_days(series, &x, &clock);
    for day in &days {
        let at = x.at(clock.at(*day));
        svg.line(at, bottom, at, bottom + 4.0, "axis");
        svg.text(at, bottom + 18.0, Anchor::Middle, "t", &tick(clock.at(*day)));
    }
    svg.text(
        (left + right) / 2.0,
        bottom + 37.0,
        Anchor::Middle,
        "l",
        &format!("{} since treatment began", clock.unit),
    );
    let end = risk_table(&mut svg, series, &days, &x, &clock, bottom + 64.0);
    svg.finish(end, class, label)
}

/// The last day to be shown: the horizon, or the last thing seen when there is none.
fn last_day(data: &ReportData, series: &[Series]) -> f64 {
    if data.horizon_days > 0.0 && data.horizon_days.is_finite() {
        return data.horizon_days;
    }
    series.iter().map(|s| followed_to(s.curve)).fold(1.0, f64::max)
}

/// The last day of a curve: its last step or censoring.
fn followed_to(curve: &Curve) -> f64 {
    let steps = curve.steps.iter().map(|s| s.0);
    steps.chain(curve.censored.iter().map(|c| c.0)).filter(|d| d.is_finite()).fold(0.0, f64::max)
}

/// Days under which the risk table prints: those it was counted at, thinned until the numbers do not touch.
fn printed_days(series: &[Series], x: &Scale, clock: &Clock) -> Vec<f64> {
    let most = (x.end - x.start) / 46.0;
    let counted: Vec<f64> = series
        .first()
        .map(|s| s.curve.risk_table.iter().map(|r| r.0).filter(|d| d.is_finite() && *d >= 0.0).collect())
        .unwrap_or_default();
    if counted.is_empty() {
        return time_ticks(x.to, most).iter().map(|t| t * clock.days).collect();
    }
    let room = |days: &[f64]| days.windows(2).all(|w| x.at(clock.at(w[1])) - x.at(clock.at(w[0])) >= 44.0);
    for stride in 1..=counted.len() {
        let kept: Vec<f64> = counted.iter().copied().step_by(stride).collect();
        if room(&kept) {
            return kept;
        }
    }
    counted.into_iter().take(1).collect()
}

/// Steps that the picture can show: one is kept when any of its three lines has moved by `least`, and the last.
fn thin(curve: &Curve, least: f64) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::new();
    let finite = |s: &&Step| [s.0, s.1, s.2, s.3].iter().all(|v| v.is_finite());
    let steps: Vec<Step> = curve.steps.iter().filter(finite).copied().collect();
    for (k, s) in steps.iter().enumerate() {
        let moved = kept
            .last()
            .is_none_or(|p| (s.1 - p.1).abs() >= least || (s.2 - p.2).abs() >= least || (s.3 - p.3).abs() >= least);
        if moved || (k + 1 == steps.len() && s.1 != kept[kept.len() - 1].1) {
            kept.push(*s);
        }
    }
    kept
}

/// A staircase through (day, share), from the first day to `until`.
fn stairs(
    points: impl Iterator<Item = (f64, f64)>,
    until: Option<f64>,
    begin: char,
    x: &Scale,
    y: &Scale,
    clock: &Clock,
) -> String {
    let mut d = String::new();
    for (day, share) in points {
        let (at, height) = (px(x.at(clock.at(day))), px(y.at(share)));
        if d.is_empty() {
            d = format!("{begin}{at} {height}");
        } else {
            d.push_str(&format!("H{at}V{height}"));
        }
    }
    if let (Some(day), false) = (until, d.is_empty()) {
        d.push_str(&format!("H{}", px(x.at(clock.at(day)))));
    }
    d
}

/// The light 95 % band.
fn band(svg: &mut Svg, s: &Series, x: &Scale, y: &Scale, clock: &Clock) {
    let steps = thin(s.curve, 0.33 / (y.start - y.end));
    let end = followed_to(s.curve);
    let upper = stairs(steps.iter().map(|p| (p.0, p.3)), Some(end), 'M', x, y, clock);
    // Back along the lower line: each step is met from its right, so height first and then sideways.
    let mut lower = String::new();
    for p in steps.iter().rev() {
        lower.push_str(&format!("V{}H{}", px(y.at(p.2)), px(x.at(clock.at(p.0)))));
    }
    if !upper.is_empty() {
        svg.path(&format!("{upper}{lower}Z"), &format!("fill=\"{}\" fill-opacity=\".13\"", colour(s.place)));
    }
}

/// The curve and its censor ticks.
fn curve(svg: &mut Svg, s: &Series, x: &Scale, y: &Scale, clock: &Clock) {
    let steps = thin(s.curve, 0.33 / (y.start - y.end));
    let d = stairs(steps.iter().map(|p| (p.0, p.1)), Some(followed_to(s.curve)), 'M', x, y, clock);
    svg.path(&d, &format!("class=\"series\" stroke=\"{}\"{}", colour(s.place), dash(s.place)));
    let mut ticks = String::new();
    let mut before = f64::NEG_INFINITY;
    for (day, share, _) in s.curve.censored.iter().filter(|c| c.0.is_finite() && c.1.is_finite()) {
        let at = x.at(clock.at(*day));
        if at - before >= 1.5 {
            ticks.push_str(&format!("M{} {}v9", px(at), px(y.at(*share) - 4.5)));
            before = at;
        }
    }
    svg.path(&ticks, &format!("class=\"censor\" stroke=\"{}\"", colour(s.place)));
}

/// The risk table; gives the height of the picture.
fn risk_table(svg: &mut Svg, series: &[Series], days: &[f64], x: &Scale, clock: &Clock, top: f64) -> f64 {
    let mut at = top;
    for s in series {
        svg.path(
            &format!("M0 {}h26", px(at - 4.0)),
            &format!("class=\"series\" stroke=\"{}\"{}", colour(s.place), dash(s.place)),
        );
        svg.text(34.0, at, Anchor::Start, "b", &fit(s.name, x.end - 34.0, 12.5));
        let count = |day: f64| s.curve.risk_table.iter().find(|r| (r.0 - day).abs() < 1e-6);
        let rows: [(&str, Pick); 3] = [("At risk", |r| r.1), ("Censored", |r| r.2), ("Events", |r| r.3)];
        for (name, of) in rows {
            at += 17.0;
            svg.text(0.0, at, Anchor::Start, "t", name);
            for day in days {
                let text = count(*day).map_or("–".to_owned(), |r| short_count(of(r)));
                svg.text(x.at(clock.at(*day)), at, Anchor::Middle, "t", &text);
            }
        }
        at += 25.0;
    }
    at - 14.0
}

/// Curves and risk tables as tables.
fn tables(clock: &Clock, endpoint: &Endpoint, series: &[Series]) -> String {
    let time = (format!("Time ({})", clock.unit), format!("time_{}", clock.unit));
    let mut medians = Table::new(
        &format!("table-{}-medians", endpoint.id),
        "Medians with 95\u{a0}% interval",
        &[
            ("Arm", "arm"),
            (&format!("Median ({})", clock.unit), &format!("median_{}", clock.unit)),
            ("Lower", "lower_95"),
            ("Upper", "upper_95"),
            ("Events", "events"),
            ("Patients", "patients"),
        ],
    );
    let mut steps = Table::new(
        &format!("table-{}-steps", endpoint.id),
        "Curves, without the steps too small to see (every patient is in the run directory)",
        &[("Arm", "arm"), (&time.0, &time.1), ("Survival", "survival"), ("Lower", "lower_95"), ("Upper", "upper_95")],
    );
    let mut risk = Table::new(
        &format!("table-{}-risk", endpoint.id),
        "Risk table",
        &[("Arm", "arm"), (&time.0, &time.1), ("At risk", "at_risk"), ("Censored", "censored"), ("Events", "events")],
    );
    for s in series {
        let (low, high) = s.curve.ci95_days;
        let [median, low, high] = [s.curve.median_days, low, high].map(|d| Cell::Number(d.map(|d| clock.at(d))));
        medians.row(&[
            Cell::Text(s.name),
            median,
            low,
            high,
            Cell::Count(s.curve.events),
            Cell::Count(s.curve.patients),
        ]);
        for p in thin(s.curve, 0.004) {
            let [t, share, low, high] = [clock.at(p.0), p.1, p.2, p.3].map(|v| Cell::Number(Some(v)));
            steps.row(&[Cell::Text(s.name), t, share, low, high]);
        }
        for (day, at_risk, censored, events) in &s.curve.risk_table {
            let counts = [at_risk, censored, events].map(|n| Cell::Count(*n));
            let [a, c, e] = counts;
            risk.row(&[Cell::Text(s.name), Cell::Number(Some(clock.at(*day))), a, c, e]);
        }
    }
    behind(&[medians, risk, steps])
}
