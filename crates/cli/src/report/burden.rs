//! Tumour burden: one panel per arm (median and 5-95 % band over patients still followed, on one log axis for
//! all arms), how many are followed, and under it the doses of the first eight weeks.
//!
//! Panels and not an overlay: bands that span decades hide each other. Below one cell the axis runs straight to
//! zero, so that a tumour that is gone stays on the page.

use super::data::{ArmData, Band, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::svg::{Anchor, Scale, Svg, colour, dash, fit, polyline, px, short_count, swatch, tick, time_ticks};
use super::words::{self, Clock};

/// Days of the dose strip.
const STRIP_DAYS: f64 = 56.0;
/// Height of one drug's strip with its label.
const STRIP: f64 = 52.0;
/// Width that the numbers of the axes take.
const LEFT: f64 = 46.0;

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
        let regimen = if arm.regimen.is_empty() { "no drug".to_owned() } else { arm.regimen.join("; ") };
        panels.push_str(&format!(
            "<div class=panel><h3>{} {}</h3><p class=regimen>{}</p>{drawn}</div>",
            swatch(k),
            escape(&arm.name),
            escape(&regimen)
        ));
    }
    let limit = match data.detection_limit_cells.filter(|l| *l > 0.0 && l.is_finite()) {
        Some(l) => format!(" The dashed line is the detection limit, {} cells.", words::cells(l)),
        None => String::new(),
    };
    let doses = if any_dose(data) {
        let weeks = tick(strip_days(data) / 7.0);
        format!(" Under each panel: the doses of the first {weeks} weeks, heights to one scale per drug in all arms.")
    } else {
        String::new()
    };
    let columns = if several && !matches!(data.arms.len(), 2 | 4) { "panels" } else { "panels few" };
    format!(
        "<section id=burden><h2>{what} over time</h2><figure><div class=\"{columns}\">{panels}</div>\
         <figcaption>Line: median. Band: 5th to 95th percentile of the {subjects} still followed on that day; their number \
         stands under the axis. Whoever dies, reaches the size ceiling or the end of the study leaves the band, so its late part \
         describes those who were left.{limit}{doses}</figcaption>{tables}</figure></section>",
        what = if data.assesses_progression { "Tumour burden" } else { "Number of cells" },
        subjects = words::subjects(data),
        tables = tables(data),
    )
}

/// Days shown in the strip.
fn strip_days(data: &ReportData) -> f64 {
    if data.horizon_days > 0.0 { data.horizon_days.min(STRIP_DAYS) } else { STRIP_DAYS }
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
        let low = if low < 0.0 { -0.7 } else { (low - 0.05).floor().max(0.0) };
        Decades { low, high: (high + 0.05).ceil().max((low + 1.0).ceil()) }
    }

    /// Where a number of cells stands, in decades; zero stands at -0.7.
    fn height(cells: f64) -> f64 {
        if cells >= 1.0 { cells.log10() } else { 0.7 * (cells.max(0.0) - 1.0) }
    }

    /// Labelled heights.
    fn ticks(&self) -> Vec<(f64, String)> {
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
    draw(&mut svg, &bands, k, &|day| x.at(clock.at(day)), &|cells| y.at(Decades::height(cells)));
    if let Some(limit) = data.detection_limit_cells.filter(|l| *l > 0.0 && l.is_finite()) {
        let at = y.at(Decades::height(limit));
        svg.line(LEFT, at, right, at, "limit");
        let above = if at - top < 18.0 { at + 14.0 } else { at - 5.0 };
        svg.text(right, above, Anchor::End, "t halo", "detection limit");
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
    for t in time_ticks(end, (right - LEFT) / 46.0) {
        svg.line(x.at(t), bottom, x.at(t), bottom + 4.0, "axis");
        svg.text(x.at(t), bottom + 17.0, Anchor::Middle, "t", &tick(t));
        let followed = bands.iter().rfind(|b| clock.at(b.day) <= t + 1e-6).map_or(0, |b| b.patients);
        let followed = if last < t * clock.days * (1.0 - 1e-6) - 1e-6 { 0 } else { followed };
        svg.text(x.at(t), bottom + 71.0, Anchor::Middle, "t", &short_count(followed));
    }
    if bands.is_empty() {
        svg.text((LEFT + right) / 2.0, (top + bottom) / 2.0, Anchor::Middle, "l halo", "no patient to show");
    }
    if !any_dose(data) {
        return svg.finish(bottom + 80.0, class, label);
    }
    let height = strip(&mut svg, data, k, bottom + 100.0, right);
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

/// The dose strip with its own axis in weeks; gives the height of the picture.
fn strip(svg: &mut Svg, data: &ReportData, k: usize, top: f64, right: f64) -> f64 {
    let arm = &data.arms[k];
    let days = strip_days(data);
    let x = Scale { from: 0.0, to: days, start: LEFT, end: right };
    let drugs = drugs(arm, days);
    // Panels of one row line up: every arm leaves room for the arm with the most drugs.
    let rows = data.arms.iter().map(|a| self::drugs(a, days).len()).max().unwrap_or(0).max(1);
    let mut at = top;
    if drugs.is_empty() {
        svg.text(LEFT, at + 24.0, Anchor::Start, "t", "no single doses in these weeks");
    }
    for (drug, unit) in &drugs {
        let given =
            arm.doses.iter().filter(|d| &d.1 == drug && &d.3 == unit && d.0 < days && d.2.is_finite() && d.2 > 0.0);
        let most = largest_dose(data, drug, unit, days);
        let mut amounts: Vec<f64> = given.clone().map(|d| d.2).collect();
        amounts.sort_by(|a, b| b.total_cmp(a));
        amounts.dedup();
        let text = format!("{} {}", words::name(drug), amounts_in_words(&amounts, unit));
        svg.text(LEFT, at, Anchor::Start, "t", &fit(&text, right - LEFT, 11.5));
        let base = at + STRIP - 16.0;
        let wide = ((right - LEFT) / days * 0.6).clamp(1.0, 6.0);
        let mut d = String::new();
        for dose in given {
            let height = (28.0 * dose.2 / most).max(1.5);
            let centre = (x.at(dose.0) + wide / 2.0).min(right);
            d.push_str(&format!("M{} {}v-{}", px(centre), px(base), px(height)));
        }
        svg.path(&d, &format!("stroke=\"#444\" stroke-width=\"{}\"", px(wide)));
        svg.line(LEFT, base, right, base, "axis");
        at += STRIP;
    }
    let base = top + STRIP * rows as f64 - 16.0;
    if drugs.len() < rows {
        svg.line(LEFT, base, right, base, "axis");
    }
    let in_weeks = days >= 14.0;
    let (per, unit) = if in_weeks { (7.0, "weeks") } else { (1.0, "days") };
    for t in time_ticks(days / per, 8.0) {
        svg.line(x.at(t * per), base, x.at(t * per), base + 4.0, "axis");
        svg.text(x.at(t * per), base + 17.0, Anchor::Middle, "t", &tick(t));
    }
    svg.text((LEFT + right) / 2.0, base + 34.0, Anchor::Middle, "l", &format!("doses, {unit} since treatment began"));
    base + 42.0
}

/// True when some arm has a dose to draw.
fn any_dose(data: &ReportData) -> bool {
    data.arms.iter().any(|arm| !drugs(arm, strip_days(data)).is_empty())
}

/// Drugs given in an arm, with their units, in order of the first dose.
fn drugs(arm: &ArmData, days: f64) -> Vec<(String, String)> {
    let mut drugs: Vec<(String, String)> = Vec::new();
    for (day, drug, amount, unit) in &arm.doses {
        let drawn = *day < days && amount.is_finite() && *amount > 0.0;
        if drawn && !drugs.iter().any(|(d, u)| d == drug && u == unit) {
            drugs.push((drug.clone(), unit.clone()));
        }
    }
    drugs
}

/// Largest dose of a drug in any arm.
fn largest_dose(data: &ReportData, drug: &str, unit: &str, days: f64) -> f64 {
    let all = data.arms.iter().flat_map(|a| &a.doses);
    all.filter(|d| d.1 == drug && d.3 == unit && d.0 < days && d.2.is_finite())
        .map(|d| d.2)
        .fold(f64::MIN_POSITIVE, f64::max)
}

/// `1200 and 50 mg`, or a range when there are many.
fn amounts_in_words(amounts: &[f64], unit: &str) -> String {
    let print = |a: &f64| super::html::number(*a);
    match amounts {
        [] => String::new(),
        [one] => format!("{} {unit}", print(one)),
        [one, two] => format!("{} and {} {unit}", print(one), print(two)),
        [most, .., least] => format!("{} to {} {unit}", print(least), print(most)),
    }
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
