//! The end of the page: what was assumed, who failed and why, where the numbers come from, and how to repeat the
//! run.

use super::data::{Assumption, ReportData};
use super::html::escape;
use super::ranking;
use super::words::{self, Clock};

/// Assumptions, the model as a map, failed patients, sources and the record of the run.
pub fn section(data: &ReportData) -> String {
    [assumptions(data), map(data), failed(data), citations(data), repeat(data)].concat()
}

/// The line at the foot.
pub fn foot(data: &ReportData) -> String {
    format!(
        "remission {}. Colours after Okabe and Ito; Kaplan-Meier curves with Greenwood intervals; risk table after KMunicate \
         (Morris et al. 2019, <a href=\"https://doi.org/10.1136/bmjopen-2019-030215\">doi:10.1136/bmjopen-2019-030215</a>). This page \
         loads nothing from elsewhere.",
        escape(&data.version)
    )
}

fn assumptions(data: &ReportData) -> String {
    let ranked = data.ranking.is_some();
    let mut all: Vec<(&Assumption, Option<f64>)> =
        data.assumptions.iter().map(|a| (a, ranking::largest(data, &a.name))).collect();
    let size = |d: &Option<f64>| d.map_or(-1.0, f64::abs);
    // Those that decide first; the others keep the model's order.
    all.sort_by(|a, b| size(&b.1).total_cmp(&size(&a.1)));
    let told = |d: Option<f64>| match d {
        Some(d) => format!("{}{:.2}", if d < 0.0 { "\u{2212}" } else { "+" }, d.abs()),
        None => "the same in all patients".to_owned(),
    };
    let column = |d: Option<f64>| {
        if ranked { format!("<td role=cell data-label=\"Somers' D\">{}</td>", told(d)) } else { String::new() }
    };
    let rows: String = all
        .iter()
        .map(|(a, d)| {
            format!(
                "<tr role=row><th scope=row role=rowheader><code>{}</code></th><td role=cell data-label=Value>{}</td>\
                 <td role=cell data-label=\"Why this value\">{}</td><td role=cell data-label=\"What else it could be\">{}</td>{}</tr>",
                escape(&a.name),
                escape(&a.value),
                escape(&a.why),
                escape(if a.prior.is_empty() { "not stated" } else { &a.prior }),
                column(*d)
            )
        })
        .collect();
    let body = if rows.is_empty() {
        "<p>Every parameter of this model has a source; none is assumed.</p>".to_owned()
    } else {
        let (order, head) = if ranked {
            (
                " First those that differ between patients, by how closely they go with time to progression (the largest \
                 <a href=\"#decides\">Somers' D</a> of any arm); then those that are the same in all patients, which this run cannot rank.",
                "<th scope=col role=columnheader>Somers' D</th>",
            )
        } else {
            ("", "")
        };
        format!(
            "<p>These numbers are assumed and not measured. The answer above holds under them.{order}</p><table class=\"wordy stack\" role=table>\
             <thead role=rowgroup><tr role=row><th scope=col role=columnheader>Parameter</th><th scope=col role=columnheader>Value</th>\
             <th scope=col role=columnheader>Why this value</th><th scope=col role=columnheader>What else it could be</th>{head}</tr></thead>\
             <tbody role=rowgroup>{rows}</tbody></table>"
        )
    };
    format!("<section id=assumptions><h2>What is assumed</h2>{body}</section>")
}

/// The model as a map, near the end: it is there for every run of the model, whatever came out.
fn map(data: &ReportData) -> String {
    data.map.as_ref().map_or(String::new(), crate::map::section)
}

fn failed(data: &ReportData) -> String {
    if data.failed_count == 0 {
        return String::new();
    }
    let rows: String = data
        .failed
        .iter()
        .map(|(patient, arm, reason)| {
            format!(
                "<tr role=row><th scope=row role=rowheader>{patient}</th><td role=cell data-label=Arm>{}</td><td role=cell data-label=Reason>{}</td></tr>",
                escape(arm.as_deref().unwrap_or("before treatment")),
                escape(reason)
            )
        })
        .collect();
    let shown = data.failed.len() as u64;
    let more = if u64::from(data.failed_count) > shown {
        format!(" The first {} are listed; the tables of the run hold the others.", words::thousands(shown))
    } else {
        String::new()
    };
    format!(
        "<section id=failed><h2>Patients without an outcome</h2><p>{} of {}. They are left out of every figure, in all arms.{more}</p>\
         <table class=\"wordy stack\" role=table><thead role=rowgroup><tr role=row><th scope=col role=columnheader>Patient</th>\
         <th scope=col role=columnheader>Arm</th><th scope=col role=columnheader>Reason</th></tr></thead><tbody role=rowgroup>{rows}</tbody></table></section>",
        words::thousands(data.failed_count.into()),
        words::thousands(data.asked.into())
    )
}

fn citations(data: &ReportData) -> String {
    if data.citations.is_empty() {
        return String::new();
    }
    let items: String = data
        .citations
        .iter()
        .map(|(source, place)| {
            let place = if place.is_empty() { String::new() } else { format!(": {}", escape(place)) };
            format!("<li>{}{place}</li>", link(source))
        })
        .collect();
    format!("<section id=sources><h2>Sources</h2><ul>{items}</ul></section>")
}

/// A DOI or a web address as a link; anything else as text.
fn link(source: &str) -> String {
    let shown = escape(source);
    let plain = source.trim().trim_start_matches("doi:");
    if plain.starts_with("10.") && plain.contains('/') {
        format!("<a href=\"https://doi.org/{}\">doi:{}</a>", escape(plain), escape(plain))
    } else if plain.starts_with("https://") || plain.starts_with("http://") {
        format!("<a href=\"{}\">{shown}</a>", escape(plain))
    } else {
        shown
    }
}

fn repeat(data: &ReportData) -> String {
    let clock = Clock::of(data.horizon_days);
    let entries = [
        ("Study", escape(&data.study)),
        ("Method", method(&data.method)),
        ("Seed", data.seed.to_string()),
        (
            "Patients",
            format!(
                "{} asked for per arm, {} with an outcome",
                words::thousands(data.asked.into()),
                words::thousands(data.finished.into())
            ),
        ),
        (
            "Followed for",
            format!("{} ({} days)", clock.span(data.horizon_days), super::html::number(data.horizon_days)),
        ),
        ("Program", format!("remission {}", escape(&data.version))),
    ];
    let list: String = entries.iter().map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>")).collect();
    format!(
        "<section id=repeat><h2>How to repeat this run</h2><p><code>remission verify DIR</code>, where DIR is the directory that \
         holds this page, runs the study again and compares every table bit for bit.</p><dl>{list}</dl></section>"
    )
}

/// The method with what it means.
fn method(id: &str) -> String {
    let meaning = match id {
        "exact" => ": every birth, death and mutation one by one",
        "leap" => ": birth-death steps drawn from their law, at any number of cells",
        "mean" => ": mean equations, without chance",
        _ => "",
    };
    format!("{}{meaning}", escape(id))
}
