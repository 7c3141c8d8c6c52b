//! Spider: change of the sum of diameters over time, one line a patient, for the same first patients in every arm.

use super::data::{ArmData, Course, ReportData};
use super::html::{Cell, Table, behind};
use super::panels::{
    RESPONSES, change_axis, change_lines, counted, legend, panels, response, response_stroke, signed, top_of_change,
};
use super::svg::{Anchor, Scale, Svg, polyline, px, tick, time_ticks};
use super::words::Clock;

const LEFT: f64 = 46.0;

/// Measured points of a patient.
fn points(course: &Course) -> Vec<(f64, f64)> {
    course.changes.iter().copied().filter(|c| c.0.is_finite() && c.1.is_finite()).collect()
}

/// Patients who can be drawn.
fn measured(arm: &ArmData) -> Vec<&Course> {
    arm.courses.iter().filter(|c| c.baseline.is_some() && points(c).len() > 1).collect()
}

/// The section; empty where no response is assessed.
pub fn section(data: &ReportData) -> String {
    let all: Vec<&Course> = data.arms.iter().flat_map(measured).collect();
    if all.is_empty() || !data.assesses_progression {
        return String::new();
    }
    let top = top_of_change(all.iter().flat_map(|c| points(c)).map(|p| p.1).fold(0.0, f64::max));
    let drawn = panels(data, &|k, width, class| draw(data, &data.arms[k], top, width, class));
    let lines =
        RESPONSES.iter().enumerate().filter(|(k, _)| all.iter().any(|c| response(&c.best) == *k)).map(|(k, r)| {
            (
                format!("<path d=\"M0 7H36\" class=series {}/>", response_stroke(k)),
                format!("<strong>{}</strong> {}", r.0, r.1),
            )
        });
    let mark = ("<path d=\"M18 2.6a4.4 4.4 0 1 0 .01 0z\" fill=\"#222\"/>".to_owned(), "progression".to_owned());
    let clock = Clock::of(data.horizon_days);
    let mut table = Table::new(
        "table-spider",
        "Change from baseline of the patients shown",
        &[
            ("Arm", "arm"),
            ("Patient", "patient_id"),
            (&format!("Time ({})", clock.unit), &format!("time_{}", clock.unit)),
            ("Change (share)", "change"),
            ("Best response", "best_response"),
        ],
    );
    for arm in &data.arms {
        for course in measured(arm) {
            for (day, change) in points(course) {
                let [t, change] = [clock.at(day), change].map(|v| Cell::Number(Some(v)));
                let patient = Cell::Count(course.patient as usize);
                table.row(&[Cell::Text(&arm.name), patient, t, change, Cell::Text(&course.best)]);
            }
        }
    }
    let cut = if all.iter().flat_map(|c| points(c)).any(|p| p.1 > top) {
        format!(" Lines that leave at the top go beyond {}\u{a0}%.", signed(top))
    } else {
        String::new()
    };
    format!(
        "<section id=spider><h2>Change from baseline over time</h2><figure>{}{drawn}<figcaption>Spider: one line a patient, the \
         first {} by number that can be measured, the same ones in every arm; a random sample, since patients are alike in \
         law. A line ends where the run ends. Dashed lines: +20\u{a0}% and \u{2212}30\u{a0}% of baseline; progression is judged against \
         the smallest sum, so it may be called below +20\u{a0}%.{cut}</figcaption>{}</figure></section>",
        legend(lines.chain([mark])),
        data.arms.iter().map(|a| measured(a).len()).max().unwrap_or(0),
        behind(&[table]),
    )
}

/// One arm.
fn draw(data: &ReportData, arm: &ArmData, high: f64, width: f64, class: &str) -> String {
    let clock = Clock::of(data.horizon_days);
    let shown = measured(arm);
    let (top, right) = (24.0, width - 14.0);
    let bottom = top + if width > 600.0 { 260.0 } else { 210.0 };
    let last = shown.iter().flat_map(|c| points(c)).map(|p| p.0).fold(1.0, f64::max);
    let end = clock.at(if data.horizon_days > 0.0 { data.horizon_days } else { last });
    let x = Scale { from: 0.0, to: end, start: LEFT, end: right };
    let y = Scale { from: -1.0, to: high, start: bottom, end: top };
    let mut svg = Svg::new(width);
    change_axis(&mut svg, &y, LEFT, right);
    for course in &shown {
        let stroke = format!("class=\"thread\" {}", response_stroke(response(&course.best)));
        for run in below(&points(course), high) {
            let line: Vec<(f64, f64)> = run.iter().map(|(day, c)| (x.at(clock.at(*day)), y.at(*c))).collect();
            svg.path(&polyline(&line), &stroke);
        }
    }
    let mut marks = String::new();
    for course in &shown {
        let at = |day: f64| points(course).into_iter().find(|p| (p.0 - day).abs() < 1e-6);
        if let Some((day, change)) = course.progressed.and_then(at).filter(|p| p.1 <= high) {
            marks.push_str(&format!("M{} {}a2.6 2.6 0 1 0 .01 0z", px(x.at(clock.at(day))), px(y.at(change) - 2.6)));
        }
    }
    change_lines(&mut svg, &y, LEFT, right);
    svg.path(&marks, "fill=\"#222\"");
    svg.line(LEFT, bottom, right, bottom, "axis");
    for t in time_ticks(end, (right - LEFT) / 46.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
    }
    if shown.is_empty() {
        svg.text((LEFT + right) / 2.0, y.at(-0.65), Anchor::Middle, "l halo", "no patient to show");
    }
    let title = format!("{} since treatment began", clock.unit);
    svg.text((LEFT + right) / 2.0, bottom + 34.0, Anchor::Middle, "l", &title);
    svg.finish(bottom + 42.0, class, &alternative(&clock, arm, &shown))
}

/// A line's runs under `high`, cut where it crosses.
fn below(points: &[(f64, f64)], high: f64) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    for (k, p) in points.iter().enumerate() {
        if let Some(before) = k.checked_sub(1).map(|k| points[k])
            && (before.1 > high) != (p.1 > high)
        {
            let cross = (before.0 + (p.0 - before.0) * (high - before.1) / (p.1 - before.1), high);
            if p.1 > high {
                runs.last_mut().into_iter().for_each(|r| r.push(cross));
                runs.push(Vec::new());
            } else {
                runs.push(vec![cross]);
            }
        }
        if p.1 <= high {
            runs.last_mut().into_iter().for_each(|r| r.push(*p));
        }
    }
    runs.into_iter().filter(|r| r.len() > 1).collect()
}

fn alternative(clock: &Clock, arm: &ArmData, shown: &[&Course]) -> String {
    let deepest = shown.iter().flat_map(|c| points(c)).min_by(|a, b| a.1.total_cmp(&b.1));
    let Some(deepest) = deepest else { return format!("Change over time, {}: no patient to show.", arm.name) };
    format!(
        "Change of the sum of diameters over time, {}: {} patients, of whom {} progressed; the deepest change is {}\u{a0}% after {}. Best \
         responses: {}.",
        arm.name,
        shown.len(),
        shown.iter().filter(|c| c.progressed.is_some()).count(),
        signed(deepest.1),
        clock.span(deepest.0),
        counted(&|k| shown.iter().filter(|c| response(&c.best) == k).count())
    )
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn lines_are_cut_where_they_leave_the_picture() {
        let runs = below(&[(0.0, 0.0), (10.0, 2.0), (20.0, 3.0), (30.0, 0.0), (40.0, 0.5)], 1.0);
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0], [(0.0, 0.0), (5.0, 1.0)]);
        assert!((runs[1][0].0 - 80.0 / 3.0).abs() < 1e-12 && runs[1][2] == (40.0, 0.5));
        assert!(below(&[(0.0, 5.0)], 1.0).is_empty() && below(&[], 1.0).is_empty());
    }
}
