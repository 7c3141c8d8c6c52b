//! The report: one HTML page that works offline and tells the study's question and its answer first, then the
//! table, then the pictures with their tables behind them, then what was assumed and how to repeat the run.
//!
//! The page holds everything it needs and asks for nothing. Its only script turns a table into a CSV file; the
//! content security policy allows that script and that style sheet by their hashes and nothing else. Every picture
//! is read aloud in figures, told apart without colour, and drawn for a wide and for a narrow page.

#[allow(dead_code)] // the browser test draws whole pages
pub mod alone;
pub mod answers;
mod axis;
mod burden;
mod clones;
mod compare;
pub mod data;
mod doses;
mod events;
mod exposure;
pub(crate) mod html;
mod levels;
pub(crate) mod origins;
pub(crate) mod panels;
mod ranking;
mod record;
#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod sample_patients;
mod series;
mod spider;
mod summary;
mod survival;
pub(crate) mod svg;
mod swimmer;
#[cfg(test)]
mod tests;
mod waterfall;
pub mod words;

use data::ReportData;
#[allow(unused_imports)] // the browser test draws reports without writing tables
pub use html::csv_text;
use html::{escape, policy_hash};

pub(crate) const STYLE: &str = include_str!("style.css");
pub(crate) const SCRIPT: &str = include_str!("download.js");

/// Sections that a page may have: anchor and short name.
const SECTIONS: [(&str, &str); 22] = [
    ("misses", "Not reproduced"),
    ("table", "Table"),
    ("burden", "Burden"),
    ("progression", "Progression-free survival"),
    ("survival", "Overall survival"),
    ("comparisons", "Comparisons"),
    ("waterfall", "Waterfall"),
    ("spider", "Spider"),
    ("swimmer", "Swimmer"),
    ("readings", "Readings"),
    ("levels", "Levels"),
    ("events", "Events"),
    ("origin", "Origin"),
    ("mechanism", "Mechanism"),
    ("clones", "Clones"),
    ("exposure", "Exposure"),
    ("decides", "What decides"),
    ("last", "Last look"),
    ("assumptions", "Assumptions"),
    ("map", "Map"),
    ("failed", "Failed patients"),
    ("repeat", "Repeat"),
];

/// Links to the sections that are there.
fn contents(body: &str) -> String {
    let there = SECTIONS.iter().filter(|(id, _)| body.contains(&format!("<section id={id}>")));
    let links: String = there.map(|(id, name)| format!("<a href=\"#{id}\">{name}</a> ")).collect();
    format!("<nav aria-label=\"On this page\">{links}</nav>")
}

/// The page of a finished run. Never fails: what is missing from `data` is said in words.
pub fn render(data: &ReportData) -> String {
    let pictures = if data.finished == 0 {
        String::new()
    } else {
        [
            burden::section(data),
            survival::section(data, &survival::PROGRESSION),
            survival::section(data, &survival::SURVIVAL),
            compare::section(data),
            waterfall::section(data),
            spider::section(data),
            swimmer::section(data),
            series::section(data),
            levels::section(data),
            events::section(data),
            origins::section(data),
            clones::section(data),
            exposure::section(data),
            ranking::section(data),
            summary::last_look(data),
        ]
        .concat()
    };
    let body =
        [summary::answer(data), summary::misses(data), summary::table(data), pictures, record::section(data)].concat();
    let links = contents(&body);
    let title = if data.title.trim().is_empty() { &data.study } else { &data.title };
    format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src '{style_hash}'; script-src '{script_hash}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=referrer content=no-referrer>\n\
         <title>{title} – remission</title>\n<style>{STYLE}</style>\n{hatches}\n<header><p class=kind>remission report: {study}</p>\
         <h1>{title}</h1>{question}<p class=setting>{setting}</p>{links}</header>\n<main>{body}</main>\n\
         <footer>{foot}</footer>\n<script>{SCRIPT}</script>\n</html>\n",
        style_hash = policy_hash(STYLE),
        script_hash = policy_hash(SCRIPT),
        title = escape(title),
        hatches = origins::HATCHES,
        study = escape(&data.study),
        question = summary::question(data),
        setting = summary::setting(data),
        foot = record::foot(data),
    )
}
