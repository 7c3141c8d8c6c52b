//! Where resistance came from: the origin of the largest resistant clone at progression (one stacked bar per arm,
//! shares add to 1) and the mechanisms that the rebiopsy found (shares may add to more).

use super::data::{ArmData, ReportData};
use super::html::{Cell, Table, behind, escape};
use super::svg::{Anchor, Scale, Svg, colour, fit, swatch};
use super::words;

/// The origins this program knows, with their fills: a colour that stays the same from report to report and, for
/// grey paper, a hatch (none, `h1` to `h4`).
const KNOWN: [(&str, &str, &str); 5] = [
    ("pre_existing", "#0072b2", ""),
    ("cycling", "#56b4e9", "h1"),
    ("persister", "#e69f00", "h2"),
    ("drug_induced", "#d55e00", "h3"),
    ("non_genetic", "#bbbbbb", "h4"),
];

/// Hatches that the bars refer to; once per page.
pub const HATCHES: &str = "<svg class=defs width=0 height=0 aria-hidden=true><defs>\
<pattern id=h1 width=7 height=7 patternUnits=userSpaceOnUse patternTransform=\"rotate(45)\"><path d=\"M0 0V7\" stroke=\"#fff\" stroke-width=2.4 /></pattern>\
<pattern id=h2 width=7 height=7 patternUnits=userSpaceOnUse><circle cx=3.5 cy=3.5 r=1.5 fill=\"#fff\" /></pattern>\
<pattern id=h3 width=6 height=6 patternUnits=userSpaceOnUse patternTransform=\"rotate(-45)\"><path d=\"M0 0V6\" stroke=\"#fff\" stroke-width=1.6 /></pattern>\
<pattern id=h4 width=9 height=9 patternUnits=userSpaceOnUse><path d=\"M0 4.5H9\" stroke=\"#fff\" stroke-width=1.6 /></pattern>\
</defs></svg>";

/// Fill and hatch of an origin.
pub(crate) fn fill(id: &str, place: usize) -> (&'static str, &'static str) {
    match KNOWN.iter().find(|k| k.0 == id) {
        Some((_, colour, hatch)) => (colour, hatch),
        None => (colour(place + 2), ["", "h1", "h2", "h3", "h4"][place % 5]),
    }
}

/// Names in order of first mention in any arm.
fn union<'a>(data: &'a ReportData, of: impl Fn(&'a ArmData) -> Option<&'a Vec<(String, f64)>>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in data.arms.iter().filter_map(of).flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// The share of a name in an arm, when it is a number.
fn share(shares: Option<&Vec<(String, f64)>>, name: &str) -> Option<f64> {
    shares?.iter().find(|(n, _)| n == name).map(|(_, s)| *s).filter(|s| s.is_finite())
}

/// A list of shares as words.
fn spoken(shares: Option<&Vec<(String, f64)>>) -> String {
    match shares {
        Some(shares) if !shares.is_empty() => shares
            .iter()
            .map(|(n, s)| format!("{} {}", words::name(n), words::percent(*s)))
            .collect::<Vec<_>>()
            .join(", "),
        _ => "not assessed".to_owned(),
    }
}

/// Both pictures; empty when no arm has origins or mechanisms.
pub fn section(data: &ReportData) -> String {
    let origins = union(data, |a| a.origins.as_ref());
    let mechanisms = union(data, |a| a.mechanisms.as_ref());
    let mut out = String::new();
    if !origins.is_empty() {
        out.push_str(&origin_figure(data, &origins));
    }
    if !mechanisms.is_empty() {
        out.push_str(&mechanism_figure(data, &mechanisms));
    }
    out
}

/// Origins for a file of their own, with samples and meanings; none where no more than one of them occurs.
pub(super) fn alone_origin(data: &ReportData) -> Option<(Vec<(String, String)>, String)> {
    let names = union(data, |a| a.origins.as_ref());
    let occurs = |n: &str| data.arms.iter().any(|a| share(a.origins.as_ref(), n).is_some_and(|s| s > 0.0));
    if names.iter().filter(|n| occurs(n)).count() < 2 {
        return None;
    }
    let places = names.iter().enumerate().filter(|(_, n)| occurs(n));
    let legend = places.map(|(k, name)| {
        let (colour, hatch) = fill(name, k);
        let meaning = words::origin_meaning(name).map(|m| format!(": {m}")).unwrap_or_default();
        (super::panels::area(colour, hatch), format!("{}{meaning}", words::name(name)))
    });
    let label = describe("Origin of the largest resistant clone at progression", data, |a| a.origins.as_ref());
    Some((legend.collect(), bars(data, &names, 960.0, "wide", &label)))
}

/// Mechanisms for a file of their own; none where none is found.
pub(super) fn alone_mechanism(data: &ReportData) -> Option<String> {
    let names = union(data, |a| a.mechanisms.as_ref());
    let occurs = |n: &&str| data.arms.iter().any(|a| share(a.mechanisms.as_ref(), n).is_some_and(|s| s > 0.0));
    let label = describe("Mechanisms found at progression", data, |a| a.mechanisms.as_ref());
    names.iter().any(occurs).then(|| dots(data, &names, 960.0, "wide", &label))
}

/// The stacked bars.
fn origin_figure(data: &ReportData, names: &[&str]) -> String {
    let label = describe("Origin of the largest resistant clone at progression", data, |a| a.origins.as_ref());
    let legend: String = names
        .iter()
        .enumerate()
        .map(|(k, name)| {
            let (colour, hatch) = fill(name, k);
            let over = if hatch.is_empty() { String::new() } else { format!("<path d=\"M0 0H36V14H0z\" fill=\"url(#{hatch})\"/>") };
            let meaning = words::origin_meaning(name).map(|m| format!(": {m}")).unwrap_or_default();
            format!(
                "<li><svg class=swatch viewBox=\"0 0 36 14\" aria-hidden=true><path d=\"M0 0H36V14H0z\" fill=\"{colour}\"/>{over}</svg> \
                 <span><strong>{}</strong>{}</span></li>",
                escape(&words::name(name)),
                escape(&meaning)
            )
        })
        .collect();
    format!(
        "<section id=origin><h2>Where resistance came from</h2><figure><ul class=legend>{legend}</ul>{}{}\
         <figcaption>Share of the patients who progressed, by the origin of their largest resistant clone at that visit. The \
         origin is recorded at a clone's founder, so inside the model it is exact; in a patient it would have to be \
         inferred.</figcaption>{}</figure></section>",
        bars(data, names, 960.0, "wide", &label),
        bars(data, names, 368.0, "narrow", &label),
        behind(&[table(data, "origin", "Origin at progression", names, |a| a.origins.as_ref())]),
    )
}

/// The stacked bars at one width.
fn bars(data: &ReportData, names: &[&str], width: f64, class: &str, label: &str) -> String {
    let x = Scale { from: 0.0, to: 1.0, start: 8.0, end: width - 20.0 };
    let mut svg = Svg::new(width);
    let mut at = 14.0;
    for arm in &data.arms {
        let progressed = format!("{} progressed", words::thousands(arm.progressed));
        svg.text(x.start, at, Anchor::Start, "b", &fit(&arm.name, x.end - x.start - 110.0, 12.5));
        svg.text(x.end, at, Anchor::End, "t", &progressed);
        at += 7.0;
        svg.rect(x.start, at, x.end - x.start, 30.0, "fill=\"#f3f3f1\"");
        let mut from = 0.0;
        for (k, name) in names.iter().enumerate() {
            let Some(part) = share(arm.origins.as_ref(), name).filter(|s| *s > 0.0) else { continue };
            let (left, right) = (x.at(from), x.at(from + part));
            let (colour, hatch) = fill(name, k);
            svg.rect(left, at, right - left - 1.0, 30.0, &format!("fill=\"{colour}\""));
            if !hatch.is_empty() {
                svg.rect(left, at, right - left - 1.0, 30.0, &format!("fill=\"url(#{hatch})\""));
            }
            if right - left > 52.0 {
                let middle = (left + right) / 2.0;
                svg.rect(middle - 20.0, at + 6.0, 40.0, 18.0, "rx=\"3\" fill=\"#fff\" fill-opacity=\".9\"");
                svg.text(middle, at + 19.0, Anchor::Middle, "t", &words::percent(part));
            }
            from += part;
        }
        if from == 0.0 {
            let text = if arm.origins.is_none() { "not assessed" } else { "no progression to speak of" };
            svg.text(x.start + 8.0, at + 19.0, Anchor::Start, "t", text);
        }
        at += 52.0;
    }
    let base = at - 14.0;
    percent_axis(&mut svg, &x, base, "patients who progressed (%)");
    svg.finish(base + 44.0, class, label)
}

/// An axis from 0 to 100 %.
fn percent_axis(svg: &mut Svg, x: &Scale, base: f64, title: &str) {
    svg.line(x.start, base, x.end, base, "axis");
    for k in 0..=4 {
        let at = x.at(f64::from(k) / 4.0);
        svg.line(at, base, at, base + 4.0, "axis");
        svg.text(at, base + 18.0, Anchor::Middle, "t", &format!("{}", 25 * k));
    }
    svg.text((x.start + x.end) / 2.0, base + 37.0, Anchor::Middle, "l", title);
}

/// The mechanisms: one line per arm under each mechanism, with its number.
fn mechanism_figure(data: &ReportData, names: &[&str]) -> String {
    let label = describe("Mechanisms found at progression", data, |a| a.mechanisms.as_ref());
    let legend: String = data
        .arms
        .iter()
        .enumerate()
        .map(|(k, arm)| format!("<li>{} <span>{}</span></li>", swatch(k), escape(&arm.name)))
        .collect();
    format!(
        "<section id=mechanism><h2>What the rebiopsy found</h2><figure><ul class=legend>{legend}</ul>{}{}\
         <figcaption>Share of the patients who progressed whose rebiopsy finds the mechanism in at least 5\u{a0}% of cells. A tumour \
         can hold several, so shares may add to more than 100\u{a0}%.</figcaption>{}</figure></section>",
        dots(data, names, 960.0, "wide", &label),
        dots(data, names, 368.0, "narrow", &label),
        behind(&[table(data, "mechanism", "Mechanism at progression", names, |a| a.mechanisms.as_ref())]),
    )
}

/// The mechanisms at one width.
fn dots(data: &ReportData, names: &[&str], width: f64, class: &str, label: &str) -> String {
    let wide = width > 600.0;
    let x = Scale { from: 0.0, to: 1.0, start: if wide { 180.0 } else { 10.0 }, end: width - 56.0 };
    let mut svg = Svg::new(width);
    let mut at = 6.0;
    let lanes = data.arms.len() as f64;
    for name in names {
        let text = words::name(name);
        if wide {
            svg.text(
                x.start - 14.0,
                at + 17.0 * lanes / 2.0 + 4.0,
                Anchor::End,
                "b",
                &fit(&text, x.start - 20.0, 12.5),
            );
        } else {
            svg.text(0.0, at + 10.0, Anchor::Start, "b", &fit(&text, width - 10.0, 12.5));
            at += 18.0;
        }
        for (k, arm) in data.arms.iter().enumerate() {
            let lane = at + 17.0 * (k as f64 + 0.5);
            svg.line(x.start, lane, x.end, lane, "grid");
            match share(arm.mechanisms.as_ref(), name) {
                Some(part) => {
                    let to = x.at(part);
                    let stroke = format!("stroke=\"{}\" stroke-width=\"3\"", colour(k));
                    svg.path(
                        &format!("M{} {}H{}", super::svg::px(x.start), super::svg::px(lane), super::svg::px(to)),
                        &stroke,
                    );
                    svg.marker(to, lane, k);
                    svg.text(to + 10.0, lane + 4.0, Anchor::Start, "t halo", &words::percent(part));
                }
                None => svg.text(x.start + 10.0, lane + 4.0, Anchor::Start, "t halo", "not assessed"),
            }
        }
        at += 17.0 * lanes + 12.0;
    }
    percent_axis(&mut svg, &x, at, "rebiopsies that found it (%)");
    svg.finish(at + 44.0, class, label)
}

/// Shares of every arm, to be read aloud.
fn describe(title: &str, data: &ReportData, of: impl Fn(&ArmData) -> Option<&Vec<(String, f64)>>) -> String {
    let arms: Vec<String> =
        data.arms.iter().map(|a| format!("{} ({} progressed): {}.", a.name, a.progressed, spoken(of(a)))).collect();
    format!("{title}. {}", arms.join(" "))
}

/// Shares as a tidy table.
fn table(
    data: &ReportData,
    id: &str,
    title: &str,
    names: &[&str],
    of: impl Fn(&ArmData) -> Option<&Vec<(String, f64)>>,
) -> Table {
    let columns = [("Arm", "arm"), (title, id), ("Share", "share"), ("Progressed", "progressed")];
    let mut table = Table::new(&format!("table-{id}"), title, &columns);
    for arm in &data.arms {
        for name in names {
            if let Some(part) = share(of(arm), name) {
                let progressed = Cell::Count(arm.progressed as usize);
                table.row(&[Cell::Text(&arm.name), Cell::Text(name), Cell::Number(Some(part)), progressed]);
            }
        }
    }
    table
}
