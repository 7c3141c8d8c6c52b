//! The top of the page: the question, one sentence of answer per arm, the table, and (in a dish) the cells at the
//! last look.

use super::data::{ArmData, ReportData};
use super::html::{Cell, Table, escape};
use super::svg::swatch;
use super::words::{self, Clock};

/// Comparisons that are told one by one in the answer; more are left to their picture.
const MANY: usize = 4;

/// The study's question, when it asks one.
pub fn question(data: &ReportData) -> String {
    if data.question.trim().is_empty() {
        String::new()
    } else {
        format!("<p class=question>{}</p>", escape(&data.question))
    }
}

/// Arms, patients, time and seed in one line.
pub fn setting(data: &ReportData) -> String {
    let clock = Clock::of(data.horizon_days);
    let arms = words::arms(data.arms.len());
    let each = if data.arms.len() == 1 { "" } else { ", the same ones in each" };
    escape(&format!(
        "{arms}, {} {} an arm{each}; followed for {}; seed {}",
        words::thousands(data.asked.into()),
        words::subjects(data),
        clock.span(data.horizon_days),
        data.seed
    ))
}

/// The answer: a warning when patients failed, a sentence per arm, the comparisons, and how far it carries.
pub fn answer(data: &ReportData) -> String {
    let mut out = String::new();
    if data.failed_count > 0 {
        out.push_str(&format!(
            "<div class=warning role=note><p>{} of {} {} ended without an outcome and {} in the figures below; \
             <a href=\"#failed\">which and why</a>.</p></div>",
            words::thousands(data.failed_count.into()),
            words::thousands(data.asked.into()),
            words::subjects(data),
            if data.failed_count == 1 { "is not" } else { "are not" },
        ));
    }
    if data.format < super::data::FORMAT {
        out.push_str(
            "<div class=warning role=note><p>This run was written by an older version of remission, whose summary has no \
             figures for the waterfall, spider, swimmer, clone and exposure plots; run the study again to see them.</p></div>",
        );
    }
    if data.finished == 0 {
        return out + "<div class=answer><p>No patient has an outcome, so there is no answer to give.</p></div>";
    }
    let sentences: String = data
        .arms
        .iter()
        .map(|arm| format!("<p><strong>{}</strong>: {}</p>", escape(&arm.name), escape(&words::answer(data, arm))))
        .collect();
    let comparisons: String =
        data.comparisons.iter().filter_map(words::comparison).map(|c| format!("<p>{}</p>", escape(&c))).collect();
    let comparisons = if data.comparisons.len() > MANY {
        "<p>How each arm compares with the first: see <a href=\"#comparisons\">Comparisons</a>.</p>".to_owned()
    } else {
        comparisons
    };
    let caution = if data.assesses_progression {
        "These are simulated patients. What is found at progression goes together with it in this model; that is an association \
         under the model's <a href=\"#assumptions\">assumptions</a>, not proof of what happens in a patient. Intervals hold the chance among \
         the simulated patients, not what is unknown about the model."
    } else {
        "These are simulated cells, under the model's <a href=\"#assumptions\">assumptions</a>. Ranges hold the differences between the \
         simulated runs, not what is unknown about the model."
    };
    format!(
        "{out}{}<div class=answer>{sentences}{comparisons}</div><p class=note>{caution}</p>",
        super::answers::table(data)
    )
}

/// Published numbers that are known not to come out, with their reasons; empty where there is none.
pub fn misses(data: &ReportData) -> String {
    let Some(said) = words::misses(data) else { return String::new() };
    let items: String = data
        .misses
        .iter()
        .map(|m| {
            format!(
                "<li><strong>{}</strong>, published {}: {}</li>",
                escape(&m.name),
                escape(&m.published),
                escape(&m.reason)
            )
        })
        .collect();
    format!(
        "<section id=misses><h2>What this model does not reproduce</h2><p>{}</p><ul>{items}</ul></section>",
        escape(&said)
    )
}

/// The table of arms.
pub fn table(data: &ReportData) -> String {
    if data.finished == 0 || data.arms.is_empty() || !data.assesses_progression {
        return String::new();
    }
    let clock = Clock::of(data.horizon_days);
    let unit = clock.short;
    let heads = [
        "Arm".to_owned(),
        format!("Median progression-free survival, {unit} (95\u{a0}% interval)"),
        "Response (95\u{a0}% interval)".to_owned(),
        "Largest resistant clone at progression".to_owned(),
        "Mechanism at progression".to_owned(),
        format!("Median overall survival, {unit} (95\u{a0}% interval)"),
    ];
    let head: String = heads.iter().map(|h| format!("<th scope=col role=columnheader>{}</th>", escape(h))).collect();
    let rows: String = data.arms.iter().enumerate().map(|(k, arm)| row(data, &clock, k, arm, &heads)).collect();
    format!(
        "<section id=table><h2>The arms</h2><table class=\"summary stack\" role=table><thead role=rowgroup><tr role=row>{head}</tr></thead>\
         <tbody role=rowgroup>{rows}</tbody></table><p class=note>A month is 30.4375 days. Shares at progression are of the patients who \
         progressed; mechanisms may add to more than 100\u{a0}%.</p></section>"
    )
}

/// One arm of the table.
fn row(data: &ReportData, clock: &Clock, k: usize, arm: &ArmData, heads: &[String]) -> String {
    let curve =
        |c: &Option<super::data::Curve>| c.as_ref().map_or("not assessed".to_owned(), |c| clock.median_short(c));
    let response = match arm.response {
        Some((rate, low, high)) => words::percent_with(rate, low, high),
        None => "not assessed".to_owned(),
    };
    let shares = |shares: &Option<Vec<(String, f64)>>| match shares {
        Some(_) if arm.progressed == 0 => "nobody progressed".to_owned(),
        Some(list) if !list.is_empty() => list
            .iter()
            .filter(|(_, s)| *s > 0.0)
            .map(|(n, s)| format!("<div>{} {}</div>", escape(&words::name(n)), words::percent(*s)))
            .collect(),
        _ => "not assessed".to_owned(),
    };
    let after = if arm.after_progression.is_empty() {
        String::new()
    } else {
        format!("; after progression: {}", escape(&arm.after_progression))
    };
    let cells = [
        escape(&curve(&arm.progression)),
        escape(&response),
        shares(&arm.origins),
        shares(&arm.mechanisms),
        match &arm.survival {
            Some(c) if words::left_early(data, c) => "not followed to death".to_owned(),
            _ => escape(&curve(&arm.survival)),
        },
    ];
    let cells: String = cells
        .iter()
        .zip(&heads[1..])
        .map(|(cell, head)| format!("<td role=cell data-label=\"{}\">{cell}</td>", escape(head)))
        .collect();
    format!(
        "<tr role=row><th scope=row role=rowheader>{} {}<div class=note>{} progressed{after}</div></th>{cells}</tr>",
        swatch(k),
        escape(&arm.name),
        words::thousands(arm.progressed)
    )
}

/// Cells of each type at the last look; empty when no arm has them.
pub fn last_look(data: &ReportData) -> String {
    let columns = [
        ("Arm", "arm"),
        ("Cell type", "cell_type"),
        ("5\u{a0}% (cells)", "cells_p05"),
        ("Median (cells)", "cells_median"),
        ("95\u{a0}% (cells)", "cells_p95"),
    ];
    let mut table = Table::new("table-last", "Cells of each type at the last look", &columns);
    for arm in &data.arms {
        for (cell_type, low, middle, high) in &arm.last {
            let [low, middle, high] = [*low, *middle, *high].map(|v| Cell::Number(Some(v)));
            table.row(&[Cell::Text(&arm.name), Cell::Text(cell_type), low, middle, high]);
        }
    }
    if table.is_empty() {
        return String::new();
    }
    let table = if data.assesses_progression { super::html::behind(&[table]) } else { table.html() };
    let early = |arm: &ArmData| {
        let early = words::ended_early(data, arm)?;
        Some(format!("<p>{}: {}.</p>", escape(&arm.name), escape(&early)))
    };
    let early: String = data.arms.iter().filter_map(early).collect();
    format!("<section id=last><h2>At the last look</h2>{early}{table}</section>")
}
