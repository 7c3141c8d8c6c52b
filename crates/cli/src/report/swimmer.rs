//! Swimmer: one bar a patient, as long as the run, with symbols for the first response, progression, death and changed
//! doses, and an arrow where the patient is still followed. The same first patients by number in every arm, longest first.

use super::data::{ArmData, Course, ReportData};
use super::html::{Cell, Table, behind};
use super::panels::{RESPONSES, legend, panels, response, response_areas};
use super::svg::{Anchor, Scale, Svg, px, tick, time_ticks};
use super::words::{self, Clock};

/// Height of a patient's lane.
const LANE: f64 = 10.0;
/// Left edge of the bars.
const LEFT: f64 = 10.0;

/// What can happen to a patient: name and path around the origin, filled dark over a light edge.
const MARKS: [(&str, &str); 5] = [
    ("first response", "m0 -4.6l4.4 8h-8.8z"),
    ("progression", "m0 -4.8l4.8 4.8l-4.8 4.8l-4.8 -4.8z"),
    (
        "death",
        "m-4.4 -2.6l1.8 -1.8l2.6 2.6l2.6 -2.6l1.8 1.8l-2.6 2.6l2.6 2.6l-1.8 1.8l-2.6 -2.6l-2.6 2.6l-1.8 -1.8l2.6 -2.6z",
    ),
    ("dose changed", "m-1.6 -4.6h3.2v9.2h-3.2z"),
    ("still followed", "m0 -1.3h4v-3.2l5.4 4.5l-5.4 4.5v-3.2h-4z"),
];

/// Day and place in [`MARKS`] of what happened to a patient.
fn marks(course: &Course) -> Vec<(f64, usize)> {
    let died = course.ended.starts_with("death");
    let mut marks: Vec<(f64, usize)> = course.dose_changes.iter().map(|c| (c.day, 3)).collect();
    marks.extend(course.responded.map(|day| (day, 0)));
    marks.extend(course.progressed.map(|day| (day, 1)));
    if died {
        marks.push((course.end, 2));
    } else if course.ended == "horizon" {
        marks.push((course.end, 4));
    }
    marks.retain(|m| m.0.is_finite());
    marks
}

/// Patients to draw, longest first.
fn lanes(arm: &ArmData) -> Vec<&Course> {
    let mut lanes: Vec<&Course> = arm.courses.iter().filter(|c| c.end.is_finite()).collect();
    lanes.sort_by(|a, b| b.end.total_cmp(&a.end).then(a.patient.cmp(&b.patient)));
    lanes
}

/// The section; empty where no response is assessed.
pub fn section(data: &ReportData) -> String {
    if !data.assesses_progression || data.arms.iter().all(|a| lanes(a).is_empty()) {
        return String::new();
    }
    let all: Vec<&Course> = data.arms.iter().flat_map(lanes).collect();
    let drawn = panels(data, &|k, width, class| draw(data, &data.arms[k], width, class));
    let happened = (0..MARKS.len()).filter(|k| all.iter().any(|c| marks(c).iter().any(|m| m.1 == *k))).map(|k| {
        let x = if k == 4 { 13 } else { 18 };
        (format!("<path d=\"M{x} 7{}\" fill=\"#1d2327\"/>", MARKS[k].1), MARKS[k].0.to_owned())
    });
    let fills = response_areas(&|k| all.iter().any(|c| response(&c.best) == k));
    let after = if all.iter().any(|c| c.progressed.is_some_and(|p| p < c.end)) {
        " After progression the bar is pale."
    } else {
        ""
    };
    let ceiling = if all.iter().any(|c| c.ended == "ceiling") {
        " A bar without a symbol at its end stopped at the size ceiling."
    } else {
        ""
    };
    format!(
        "<section id=swimmer><h2>Patient by patient</h2><figure>{}{drawn}<figcaption>Swimmer: one bar a patient, the first {} by number \
         with an outcome, the same ones in every arm, longest first. A bar is the time until death, the end of the study, or \
         where the arm stops following; its fill is the best response.{after}{ceiling}</figcaption>{}</figure></section>",
        legend(fills.into_iter().chain(happened)),
        data.arms.iter().map(|a| a.courses.len()).max().unwrap_or(0),
        behind(&[table(data)]),
    )
}

/// One arm.
fn draw(data: &ReportData, arm: &ArmData, width: f64, class: &str) -> String {
    let clock = Clock::of(data.horizon_days);
    let lanes = lanes(arm);
    let rows = data.arms.iter().map(|a| a.courses.len()).max().unwrap_or(0);
    let (top, right) = (6.0, width - 20.0);
    let bottom = top + LANE * rows.max(6) as f64 + 4.0;
    let last = lanes.first().map_or(1.0, |c| c.end);
    let end = clock.at(if data.horizon_days > 0.0 { data.horizon_days } else { last.max(1.0) });
    let x = Scale { from: 0.0, to: end, start: LEFT, end: right };
    let mut svg = Svg::new(width);
    let ticks = time_ticks(end, (right - LEFT) / 46.0);
    for t in &ticks {
        svg.line(x.at(*t), top, x.at(*t), bottom, "grid");
    }
    for (k, course) in lanes.iter().enumerate() {
        let (y, place) = (top + LANE * k as f64 + 1.5, response(&course.best));
        let until = course.progressed.filter(|p| p.is_finite()).unwrap_or(course.end).min(course.end);
        let parts = [(0.0, until, ""), (until, course.end, " fill-opacity=\".35\"")];
        for (from, to, pale) in parts {
            let (a, z) = (x.at(clock.at(from)), x.at(clock.at(to)));
            svg.rect(a, y, z - a, LANE - 3.0, &format!("fill=\"{}\"{pale}", RESPONSES[place].2));
            if pale.is_empty() && !RESPONSES[place].3.is_empty() {
                svg.rect(a, y, z - a, LANE - 3.0, &format!("fill=\"url(#{})\"", RESPONSES[place].3));
            }
        }
    }
    for (k, course) in lanes.iter().enumerate() {
        let y = top + LANE * k as f64 + 1.5 + (LANE - 3.0) / 2.0;
        for (day, mark) in marks(course) {
            let d = format!("M{} {}{}", px(x.at(clock.at(day))), px(y), MARKS[mark].1);
            svg.path(&d, "class=\"mark\"");
        }
    }
    if lanes.is_empty() {
        svg.text((LEFT + right) / 2.0, top + 34.0, Anchor::Middle, "l halo", "no patient to show");
    }
    svg.line(LEFT, top, LEFT, bottom, "axis");
    svg.line(LEFT, bottom, right, bottom, "axis");
    for t in &ticks {
        svg.line(x.at(*t), bottom, x.at(*t), bottom + 4.0, "axis");
        svg.text(x.at(*t), bottom + 17.0, Anchor::Middle, "t", &tick(*t));
    }
    let title = format!("{} since treatment began", clock.unit);
    svg.text((LEFT + right) / 2.0, bottom + 34.0, Anchor::Middle, "l", &title);
    svg.finish(bottom + 42.0, class, &alternative(&clock, arm, &lanes))
}

fn alternative(clock: &Clock, arm: &ArmData, lanes: &[&Course]) -> String {
    if lanes.is_empty() {
        return format!("Patient by patient, {}: no patient to show.", arm.name);
    }
    let with = |place: usize| lanes.iter().filter(|c| marks(c).iter().any(|m| m.1 == place)).count();
    format!(
        "Patient by patient, {}: {} patients, followed for {} to {} {}; {} responded, {} progressed, {} died, {} had a dose changed, \
         {} were followed to the end of the study.",
        arm.name,
        lanes.len(),
        clock.print(lanes[lanes.len() - 1].end),
        clock.print(lanes[0].end),
        clock.unit,
        with(0),
        with(1),
        with(2),
        with(3),
        with(4)
    )
}

fn table(data: &ReportData) -> Table {
    let clock = Clock::of(data.horizon_days);
    let in_unit = |what: &str| {
        (format!("{what} ({})", clock.unit), format!("{}_{}", what.to_lowercase().replace(' ', "_"), clock.unit))
    };
    let (response, progression, end) = (in_unit("First response"), in_unit("Progression"), in_unit("End"));
    let mut table = Table::new(
        "table-swimmer",
        "Courses of the patients shown",
        &[
            ("Arm", "arm"),
            ("Patient", "patient_id"),
            ("Best response", "best_response"),
            (&response.0, &response.1),
            (&progression.0, &progression.1),
            (&end.0, &end.1),
            ("Ended by", "ended_by"),
            ("Doses changed", "doses_changed"),
        ],
    );
    for arm in &data.arms {
        for c in lanes(arm) {
            let [responded, progressed, end] =
                [c.responded, c.progressed, Some(c.end)].map(|d| Cell::Number(d.map(|d| clock.at(d))));
            let changes: Vec<String> = c
                .dose_changes
                .iter()
                .filter(|d| d.day.is_finite())
                .map(|d| format!("day {} {} {} ({})", tick(d.day), d.drug, words::percent(d.scale), d.rule))
                .collect();
            table.row(&[
                Cell::Text(&arm.name),
                Cell::Count(c.patient as usize),
                Cell::Text(&c.best),
                responded,
                progressed,
                end,
                Cell::Text(&c.ended.replace('_', " ")),
                Cell::Text(&changes.join("; ")),
            ]);
        }
    }
    table
}
