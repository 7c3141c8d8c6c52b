//! Clones over time in chosen patients: sizes on a log axis above, shares of all cells as a nested (Muller) plot below. A clone
//! is drawn inside the one it came from; colour is the founder's cell type, hatch its origin.
//!
//! Only clones that reach 0.1 % of all cells at a look are known here, and of those the [`DRAWN`] largest are drawn; the
//! white rest of the plot is all others together. Between looks lines are straight. Source of the form: Muller 1932,
//! Am. Nat. 66:118.

use super::data::{CloneCourse, Portrait, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::origins;
use super::panels::{area, legend};
use super::svg::{Anchor, COLOURS, Scale, Svg, polyline, swatch, tick, time_ticks};
use super::words::{self, Clock};

/// Clones drawn of a patient.
const DRAWN: usize = 16;
/// Share that a second clone must reach somewhere for the section to be there.
const TOLD: f64 = 0.01;
const LEFT: f64 = 46.0;
/// Colour of the founding type: the ground the others stand on.
const GROUND: &str = "#c3ccd1";

/// Clones to draw.
fn drawn(portrait: &Portrait) -> &[CloneCourse] {
    &portrait.clones[..portrait.clones.len().min(DRAWN)]
}

/// Portraits, where they have something to tell: looks that agree in number, and in one of them two clones or more above
/// [`TOLD`].
fn told(data: &ReportData) -> Vec<(usize, &Portrait)> {
    let fine = |p: &&Portrait| {
        let finite = p.days.iter().chain(&p.cells).all(|v| v.is_finite());
        let looks = p.days.len();
        finite && looks > 1 && p.cells.len() == looks && p.clones.iter().all(|c| c.cells.len() == looks)
    };
    let all: Vec<(usize, &Portrait)> =
        data.arms.iter().enumerate().flat_map(|(k, a)| a.portraits.iter().filter(fine).map(move |p| (k, p))).collect();
    let largest = |p: &Portrait, c: &CloneCourse| {
        c.cells.iter().zip(&p.cells).map(|(c, all)| c / all.max(1.0)).fold(0.0, f64::max)
    };
    let second = |p: &Portrait| p.clones.iter().filter(|c| largest(p, c) >= TOLD).count() > 1;
    if all.iter().any(|p| second(p.1)) { all } else { Vec::new() }
}

/// Cell types in order of first mention, the founding one first.
fn types<'a>(portraits: &[(usize, &'a Portrait)]) -> Vec<&'a str> {
    let clones = || portraits.iter().flat_map(|p| drawn(p.1));
    let first = clones().find(|c| c.cause == "start").map(|c| c.cell_type.as_str());
    let mut names: Vec<&str> = first.into_iter().collect();
    let mut others: Vec<&str> = clones().map(|c| c.cell_type.as_str()).collect();
    others.sort_unstable();
    for name in others {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Colour of a cell type.
fn colour(types: &[&str], name: &str) -> &'static str {
    // Vermilion, blue, green, purple, amber, sky, black.
    const ORDER: [usize; 7] = [1, 0, 2, 3, 4, 5, 6];
    match types.iter().position(|t| *t == name) {
        Some(0) | None => GROUND,
        Some(k) => COLOURS[ORDER[(k - 1) % ORDER.len()]],
    }
}

/// Hatch of a clone: that of its origin, none for what was there at the start.
fn hatch(clone: &CloneCourse) -> &'static str {
    if clone.cause == "start" { "" } else { origins::fill(&clone.origin, 0).1 }
}

/// The section; empty where no clone but one is known.
pub fn section(data: &ReportData) -> String {
    let all = told(data);
    if all.is_empty() {
        return String::new();
    }
    let types = types(&all);
    let end = all.iter().filter_map(|p| p.1.days.last()).copied().fold(0.0, f64::max);
    let highest = all.iter().flat_map(|p| &p.1.cells).copied().fold(10.0, f64::max);
    let sizes = || all.iter().flat_map(|p| p.1.cells.iter().chain(drawn(p.1).iter().flat_map(|c| &c.cells)));
    let lowest = sizes().copied().filter(|c| *c >= 1.0).fold(highest, f64::min);
    let show = |own: bool| -> String {
        let panels = all.iter().filter(|p| p.1.own == own).map(|(k, p)| {
            let clock = Clock::of(data.horizon_days);
            let when = match p.progressed.filter(|d| d.is_finite()) {
                Some(day) => format!("progressed after {} {}", clock.print(day), clock.unit),
                None => format!("did not progress; {}", p.ended.replace('_', " ")),
            };
            let when = if data.assesses_progression { format!(" {when};") } else { String::new() };
            format!(
                "<div class=panel><h3>{} {}</h3><p class=regimen>{} {}:{when} {}. At the last look: {}.</p>{}</div>",
                swatch(*k),
                escape(&data.arms[*k].name),
                if data.assesses_progression { "Patient" } else { "Run" },
                p.patient,
                escape(&p.why),
                escape(&shares(p)),
                draw(data, *k, p, &types, end, (lowest, highest)),
            )
        });
        let panels: String = panels.collect();
        if panels.is_empty() { panels } else { format!("<div class=panels>{panels}</div>") }
    };
    let others = show(false);
    let others = if others.is_empty() { others } else { format!("<div class=again>{others}</div>") };
    let clones = || all.iter().flat_map(|p| drawn(p.1));
    let fills = types.iter().map(|t| (area(colour(&types, t), ""), escape(&words::name(t))));
    let mut known: Vec<&str> = Vec::new();
    for c in clones().filter(|c| c.cause != "start") {
        if !known.contains(&c.origin.as_str()) {
            known.push(&c.origin);
        }
    }
    let hatches =
        known.iter().map(|o| (area("#7d878c", origins::fill(o, 0).1), format!("origin: {}", escape(&words::name(o)))));
    let rest = (
        "<path d=\"M.5 .5H35.5V13.5H.5z\" fill=\"#fff\" stroke=\"#9aa3a7\"/>".to_owned(),
        "all smaller clones".to_owned(),
    );
    format!(
        "<section id=clones><h2>Clones over time</h2><figure>{}{}{others}<figcaption>Above: cells of each clone, log axis; the thin black \
         line is the whole tumour. Below: shares of all cells, a clone inside the one it came from. Colour: cell type of the founder. Hatch: \
         where the clone came from, recorded at its founder. Reversible changes (persisters) found no clone and stay within \
         theirs. Only clones above 0.1\u{a0}% of the cells at a visit are known here, and the {DRAWN} largest of a patient are drawn, so \
         a clone is older than the place where it appears.{rule}</figcaption>{}</figure></section>",
        legend(fills.chain(hatches).chain([rest])),
        show(true),
        behind(&tables(data, &all)),
        rule = if data.assesses_progression {
            " The patients are chosen by rank of their time to progression, the median where one is shown."
        } else {
            ""
        },
    )
}

/// One patient.
fn draw(data: &ReportData, k: usize, p: &Portrait, types: &[&str], end: f64, extremes: (f64, f64)) -> String {
    let clock = Clock::of(data.horizon_days);
    let (width, right) = (312.0, 300.0);
    let x = Scale { from: 0.0, to: clock.at(end), start: LEFT, end: right };
    let at = |look: usize| x.at(clock.at(p.days[look]));
    let clones = drawn(p);
    let mut svg = Svg::new(width);
    let (top, middle) = (22.0, 132.0);
    svg.text(0.0, 11.0, Anchor::Start, "l", "cells (log axis)");
    sizes(&mut svg, p, types, &at, (top, middle, right), extremes);
    let (upper, lower) = (middle + 34.0, middle + 164.0);
    svg.text(0.0, upper - 9.0, Anchor::Start, "l", "share of cells (%)");
    let y = Scale { from: 0.0, to: 1.0, start: lower, end: upper };
    for part in 0..=2 {
        let share = f64::from(part) / 2.0;
        svg.text(LEFT - 7.0, y.at(share) + 4.0, Anchor::End, "t", &format!("{}", 50 * part));
    }
    let ends = at(p.days.len() - 1);
    svg.rect(LEFT, upper, ends - LEFT, lower - upper, "fill=\"#fff\" stroke=\"#9aa3a7\" stroke-width=\".8\"");
    let (order, spans) = nest(p, clones);
    for &c in &order {
        // From the look before it is first seen to the one after it is last seen.
        let there = |look: &usize| spans[c][*look].1 - spans[c][*look].0 > 0.0;
        let Some(first) = (0..p.days.len()).find(there) else { continue };
        let last = (0..p.days.len()).rfind(there).unwrap_or(first);
        let looks = first.saturating_sub(1)..=(last + 1).min(p.days.len() - 1);
        let mut outline: Vec<(f64, f64)> = looks.clone().map(|look| (at(look), y.at(spans[c][look].1))).collect();
        outline.extend(looks.rev().map(|look| (at(look), y.at(spans[c][look].0))));
        let d = format!("{}Z", polyline(&outline));
        svg.path(&d, &format!("fill=\"{}\" stroke=\"#fff\" stroke-width=\".5\"", colour(types, &clones[c].cell_type)));
        if !hatch(&clones[c]).is_empty() {
            svg.path(&d, &format!("fill=\"url(#{})\"", hatch(&clones[c])));
        }
    }
    if let Some(day) = p.progressed {
        let line = x.at(clock.at(day));
        svg.line(line, top, line, middle, "limit");
        svg.line(line, upper, line, lower, "limit");
    }
    svg.line(LEFT, lower, right, lower, "axis");
    for t in time_ticks(clock.at(end), 5.0) {
        svg.line(x.at(t), lower, x.at(t), lower + 4.0, "axis");
        svg.text(x.at(t), lower + 17.0, Anchor::Middle, "t", &tick(t));
    }
    let title = format!("{} since treatment began", clock.unit);
    svg.text((LEFT + right) / 2.0, lower + 34.0, Anchor::Middle, "l", &title);
    svg.finish(lower + 42.0, "both", &alternative(data, k, p))
}

/// Sizes on a log axis.
fn sizes(
    svg: &mut Svg,
    p: &Portrait,
    types: &[&str],
    at: &dyn Fn(usize) -> f64,
    (top, bottom, right): (f64, f64, f64),
    (lowest, highest): (f64, f64),
) {
    let clones = drawn(p);
    let (low, high) = (lowest.log10().floor(), highest.log10().ceil().max(lowest.log10().floor() + 1.0));
    let y = Scale { from: low, to: high, start: bottom, end: top };
    let step = (((high - low) / 4.0).ceil() as i32).max(1);
    for e in (low as i32..=high as i32).rev().step_by(step as usize) {
        let height = y.at(f64::from(e));
        svg.line(LEFT, height, right, height, "grid");
        svg.text(LEFT - 7.0, height + 4.0, Anchor::End, "t", &words::power_of_ten(e));
    }
    let mut trace = |cells: &[f64], attributes: &str| {
        let mut run: Vec<(f64, f64)> = Vec::new();
        let mut d = String::new();
        for look in 0..=cells.len() {
            match cells.get(look).filter(|c| **c >= 1.0) {
                Some(c) => run.push((at(look), y.at(c.log10()))),
                None => {
                    if let [only] = run[..] {
                        run.push((only.0 + 1.5, only.1));
                    }
                    d.push_str(&polyline(&run));
                    run.clear();
                }
            }
        }
        svg.path(&d, attributes);
    };
    for c in clones.iter().rev() {
        let stroke = colour(types, &c.cell_type);
        let dashes = match hatch(c) {
            "" => "",
            "h1" => " stroke-dasharray=\"8 3\"",
            "h2" => " stroke-dasharray=\"2 2.5\"",
            _ => " stroke-dasharray=\"8 3 2 3\"",
        };
        trace(&c.cells, &format!("class=\"size\" stroke=\"{stroke}\"{dashes}"));
    }
    trace(&p.cells, "class=\"thread\" stroke=\"#1d2327\"");
}

/// Where each clone stands at each look, from the bottom, with what came from it inside; and an order in which to paint.
fn nest(p: &Portrait, clones: &[CloneCourse]) -> (Vec<usize>, Vec<Vec<(f64, f64)>>) {
    let looks = p.days.len();
    // The nearest ancestor that is drawn; ids grow with founding, so the chain ends.
    let parent: Vec<Option<usize>> = clones
        .iter()
        .map(|c| {
            let mut id = c.parent;
            for _ in 0..=p.clones.len() {
                let place = clones.iter().position(|o| Some(o.id) == id && o.id < c.id);
                if place.is_some() || id.is_none() {
                    return place;
                }
                id = p.clones.iter().find(|o| Some(o.id) == id).and_then(|o| o.parent);
            }
            None
        })
        .collect();
    let mut by_age: Vec<usize> = (0..clones.len()).collect();
    by_age.sort_by_key(|c| clones[*c].id);
    let children = |of: Option<usize>| by_age.iter().copied().filter(|c| parent[*c] == of).collect::<Vec<_>>();
    let mut spans = vec![vec![(0.0, 0.0); looks]; clones.len()];
    for look in 0..looks {
        let all = p.cells[look].max(1.0);
        let own: Vec<f64> = clones.iter().map(|c| (c.cells[look] / all).clamp(0.0, 1.0)).collect();
        // Children are younger than parents: from the youngest on, a clone's size with all that came from it.
        let mut whole = own.clone();
        for &c in by_age.iter().rev() {
            if let Some(of) = parent[c] {
                whole[of] += whole[c];
            }
        }
        let mut at = 0.0;
        for c in children(None) {
            spans[c][look] = (at, (at + whole[c]).min(1.0));
            at += whole[c];
        }
        for &c in &by_age {
            let inside = children(Some(c));
            let gap = own[c] / (inside.len() + 1) as f64;
            let mut at = spans[c][look].0 + gap;
            for child in inside {
                spans[child][look] = (at.min(1.0), (at + whole[child]).min(1.0));
                at += whole[child] + gap;
            }
        }
    }
    (by_age, spans)
}

/// `T790M, founded 210 days before treatment from sensitive (pre-existing)`.
fn described(c: &CloneCourse) -> String {
    let when = match c.founded {
        f if !f.is_finite() => "on a day not known".to_owned(),
        f if f < 0.0 => format!("{} days before treatment", tick((-f).round())),
        f => format!("on day {}", tick(f.round())),
    };
    let from = c.parent_type.as_ref().map_or(String::new(), |t| format!(" from {}", words::name(t)));
    match c.cause.as_str() {
        "mutation" => format!("{}, founded {when}{from} ({})", words::name(&c.cell_type), words::name(&c.origin)),
        "immigration" => format!("{}, from outside", words::name(&c.cell_type)),
        _ => format!("{}, there from the start", words::name(&c.cell_type)),
    }
}

/// Shares by cell type and origin at the last look, largest first, with how many clones.
fn shares(p: &Portrait) -> String {
    let last = p.days.len() - 1;
    let mut kinds: Vec<(String, f64, usize)> = Vec::new();
    for c in p.clones.iter().filter(|c| c.cells[last] > 0.0) {
        let from = if c.cause == "start" { String::new() } else { format!(", {}", words::name(&c.origin)) };
        let name = format!("{}{from}", words::name(&c.cell_type));
        // Sizes are kept to five digits, so one clone alone may come out above all.
        let share = (c.cells[last] / p.cells[last].max(1.0)).min(1.0);
        match kinds.iter_mut().find(|k| k.0 == name) {
            Some(kind) => (kind.1, kind.2) = (kind.1 + share, kind.2 + 1),
            None => kinds.push((name, share, 1)),
        }
    }
    kinds.sort_by(|a, b| b.1.total_cmp(&a.1));
    let parts = kinds.iter().take(4).map(|(name, share, count)| {
        let of = if *count > 1 { format!(" ({count} clones)") } else { String::new() };
        format!("{name} {}{of}", words::percent(*share))
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "no clone above 0.1\u{a0}%".to_owned() } else { parts.join("; ") }
}

fn alternative(data: &ReportData, k: usize, p: &Portrait) -> String {
    let last = p.days.len() - 1;
    let mut there: Vec<&CloneCourse> = drawn(p).iter().filter(|c| c.cells[last] > 0.0).collect();
    there.sort_by(|a, b| b.cells[last].total_cmp(&a.cells[last]));
    let parts: Vec<String> = there
        .iter()
        .take(4)
        .map(|c| format!("{} {}", words::percent(c.cells[last] / p.cells[last].max(1.0)), described(c)))
        .collect();
    format!(
        "Clones over time, {}, patient {}: {} clones drawn; at the last look, after {}, of {} cells: {}.",
        data.arms[k].name,
        p.patient,
        drawn(p).len(),
        Clock::of(data.horizon_days).span(p.days[last]),
        words::cells(p.cells[last]),
        if parts.is_empty() { "no clone above 0.1\u{a0}%".to_owned() } else { parts.join("; ") }
    )
}

/// Founders, and sizes at looks.
fn tables(data: &ReportData, all: &[(usize, &Portrait)]) -> [Table; 2] {
    let clock = Clock::of(data.horizon_days);
    let time = (format!("Time ({})", clock.unit), format!("time_{}", clock.unit));
    let mut founders = Table::new(
        "table-founders",
        "Founders of the clones drawn",
        &[
            ("Arm", "arm"),
            ("Patient", "patient_id"),
            ("Clone", "identity"),
            ("Parent", "parent"),
            ("Cell type", "cell_type"),
            ("From type", "parent_type"),
            ("Cause", "cause"),
            ("Origin", "origin"),
            ("Founded (day)", "founded_day"),
        ],
    );
    let mut sizes = Table::new(
        "table-clones",
        "Cells of the clones drawn, at looks where they are above 0.1\u{a0}%",
        &[
            ("Arm", "arm"),
            ("Patient", "patient_id"),
            ("Clone", "identity"),
            (&time.0, &time.1),
            ("Cells", "population"),
            ("Share", "share"),
        ],
    );
    for (k, p) in all {
        let arm = &data.arms[*k].name;
        for c in drawn(p) {
            let parent = c.parent.map_or(String::new(), |p| p.to_string());
            founders.row(&[
                Cell::Text(arm),
                Cell::Count(p.patient as usize),
                Cell::Count(c.id as usize),
                Cell::Text(&parent),
                Cell::Text(&c.cell_type),
                Cell::Text(c.parent_type.as_deref().unwrap_or("")),
                Cell::Text(&c.cause),
                Cell::Text(&c.origin),
                Cell::Number(Some(c.founded)),
            ]);
            for (look, cells) in c.cells.iter().enumerate().filter(|s| *s.1 > 0.0) {
                let [t, cells, share] =
                    [clock.at(p.days[look]), *cells, cells / p.cells[look].max(1.0)].map(|v| Cell::Number(Some(v)));
                let numbers = [Cell::Count(p.patient as usize), Cell::Count(c.id as usize)];
                let [patient, id] = numbers;
                sizes.row(&[Cell::Text(arm), patient, id, t, cells, share]);
            }
        }
    }
    [founders, sizes]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clone(id: u32, parent: Option<u32>, cells: [f64; 2]) -> CloneCourse {
        CloneCourse { id, parent, cells: cells.to_vec(), ..CloneCourse::default() }
    }

    #[test]
    fn a_clone_stands_inside_the_one_it_came_from_and_shares_are_kept() {
        // 0 founds 1 (not drawn), which founds 2; 3 comes from 0.
        let all = vec![
            clone(0, None, [50.0, 20.0]),
            clone(2, Some(1), [20.0, 60.0]),
            clone(3, Some(0), [10.0, 0.0]),
            clone(1, Some(0), [0.5, 0.5]),
        ];
        let p = Portrait { days: vec![0.0, 1.0], cells: vec![100.0, 100.0], clones: all, ..Portrait::default() };
        let (order, spans) = nest(&p, &p.clones[..3]);
        assert_eq!(order, [0, 1, 2]);
        for look in 0..2 {
            let (low, high) = spans[0][look];
            assert!((high - low - 0.8).abs() < 1e-12, "with all that came from it");
            for inside in 1..3 {
                assert!(spans[inside][look].0 >= low && spans[inside][look].1 <= high);
                let size = spans[inside][look].1 - spans[inside][look].0;
                assert!((size - p.clones[inside].cells[look] / 100.0).abs() < 1e-12);
            }
            assert!(spans[1][look].1 <= spans[2][look].0 + 1e-12, "side by side");
        }
    }
}
