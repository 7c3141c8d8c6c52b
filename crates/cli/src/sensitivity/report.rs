//! The page of a sensitivity analysis: what decides in words first, then a tornado for every figure with its tables behind it, then what was
//! varied, left out and how to repeat it. As other reports it holds everything it needs and asks for nothing.

use super::numbers::{maybe, percent, with_interval};
use super::{Found, Output, text, tornado};
use crate::report::html::{Cell, Table, behind, escape, policy_hash};
use crate::report::panels::legend;
use crate::report::words::thousands;
use crate::report::{SCRIPT, STYLE};

/// The page.
pub fn render(found: &Found) -> String {
    let mut arms: Vec<(&str, Vec<(usize, &Output)>)> = Vec::new();
    for (k, o) in found.outputs.iter().enumerate() {
        match arms.iter_mut().find(|a| a.0 == o.arm) {
            Some(arm) => arm.1.push((k, o)),
            None => arms.push((&o.arm, vec![(k, o)])),
        }
    }
    let links: String =
        arms.iter().enumerate().map(|(k, a)| format!("<a href=\"#arm{k}\">{}</a> ", escape(a.0))).collect();
    let sections: String = arms.iter().enumerate().map(|(k, (name, outputs))| arm(found, k, name, outputs)).collect();
    let title = escape(&found.title);
    format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src '{}'; script-src '{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=referrer content=no-referrer>\n\
         <title>{title}: sensitivity – remission</title>\n<style>{STYLE}</style>\n<header><p class=kind>remission sensitivity: {}</p>\
         <h1>{title}</h1><p class=question>Which uncertain numbers decide what this study says?</p><p class=setting>{}</p>\
         <nav aria-label=\"On this page\">{links}<a href=\"#varied\">What was varied</a> <a href=\"#reading\">How to read it</a> \
         <a href=\"#repeat\">Repeat</a></nav></header>\n<main>{}{}{sections}{}{}{}</main>\n\
         <footer>Written by remission {}. Shares hold under the model and the priors that are named here.</footer>\n\
         <script>{SCRIPT}</script>\n</html>\n",
        policy_hash(STYLE),
        policy_hash(SCRIPT),
        escape(&found.study),
        setting(found),
        failed(found),
        answer(found, &arms),
        varied(found),
        reading(found),
        repeat(found),
        escape(&found.version),
    )
}

fn setting(found: &Found) -> String {
    let rows = match found.sobol_rows {
        0 => String::new(),
        n => format!(", {} rows of {} numbers for shares of variance", thousands(n as u64), found.kept.len()),
    };
    escape(&format!(
        "{} varied; {} evaluations of {} patients an arm ({} paths of elementary effects{rows}); seed {}",
        text::uncertain(found),
        thousands(found.evaluations as u64),
        thousands(found.patients.into()),
        found.morris_paths,
        found.seed
    ))
}

fn failed(found: &Found) -> String {
    if found.failed_count == 0 {
        return String::new();
    }
    let item = |f: &super::Failed| format!("<li>Evaluation {}: {}</li>", f.evaluation, escape(&f.why));
    format!(
        "<div class=warning role=note><p><strong>{} of {} evaluations failed</strong> and are in no figure: with these numbers a patient \
         has no outcome. Their values are in evaluations.csv. What is said here holds where the study can be run.</p><ul>{}</ul></div>",
        thousands(found.failed_count as u64),
        thousands(found.evaluations as u64),
        found.failed.iter().take(5).map(item).collect::<String>()
    )
}

/// The first figure of every arm, in words.
fn answer(found: &Found, arms: &[(&str, Vec<(usize, &Output)>)]) -> String {
    let one = |(name, outputs): &(&str, Vec<(usize, &Output)>)| {
        let (_, o) = outputs.first()?;
        let what = if found.sobol_rows > 0 && !found.kept.is_empty() { "total share of the variance" } else { "mu*" };
        Some(format!(
            "<p><strong>{}</strong>: {} is {} at central values; most decide ({what}) {}.</p>",
            escape(name),
            escape(&o.words),
            escape(&maybe(o.central)),
            escape(&text::leading(o).replace("  ", ", "))
        ))
    };
    format!("<div class=answer>{}</div>", arms.iter().filter_map(one).collect::<String>())
}

fn arm(found: &Found, k: usize, name: &str, outputs: &[(usize, &Output)]) -> String {
    let ends = ["at 5 % of the prior", "at 95 % of the prior"];
    let ends = ends.iter().enumerate().map(|(end, text)| (tornado::swatch(end), (*text).to_string()));
    let area = "<path d=\"M0 1H36V13H0z\" fill=\"#ececea\"/>".to_string();
    let noise = std::iter::once((area, "what other patients may give (95 %)".to_string()));
    let rival =
        "<path d=\"M18 1l6 6l-6 6l-6 -6z\" fill=\"#ffffff\" stroke=\"#1d2327\" stroke-width=\"1.8\"/>".to_string();
    let rivals = found.rivals.iter().take(1).map(|_| (rival.clone(), "rival model at its central values".to_string()));
    let body: String = outputs.iter().map(|(number, o)| output(found, *number, o)).collect();
    format!("<section id=arm{k}><h2>{}</h2>{}{body}</section>", escape(name), legend(ends.chain(noise).chain(rivals)))
}

fn output(found: &Found, number: usize, o: &Output) -> String {
    if text::still(o) {
        return format!(
            "<div class=part><h3>{}</h3><p>{}: {} wherever it was looked at.</p></div>",
            escape(&o.quantity),
            escape(&o.words),
            escape(&maybe(o.central))
        );
    }
    let bars = tornado::longest(o).len();
    let more = match bars > tornado::DRAWN {
        true => format!(" The {} longest of {bars} bars are drawn; all are in the table.", tornado::DRAWN),
        false => String::new(),
    };
    let noise = o.noise_share.map_or(String::new(), |_| {
        format!(
            " Over the priors it has mean {} and standard deviation {}; the noise of {} patients makes {} of that variance.",
            maybe(o.mean),
            maybe(o.variance.map(|v| v.max(0.0).sqrt())),
            found.patients,
            percent(o.noise_share)
        )
    });
    let missing = if o.central.is_none() { "<p>At central values there is no such figure.</p>" } else { "" };
    format!(
        "<figure class=part><h3>{}</h3>{missing}{}<figcaption>{}: {} at central values.{}{more}</figcaption>{}</figure>",
        escape(&o.quantity),
        tornado::pictures(found, o),
        escape(&o.words),
        escape(&maybe(o.central)),
        escape(&noise),
        behind(&[indices(number, o), ends(found, number, o)]),
    )
}

fn indices(number: usize, o: &Output) -> Table {
    let columns = [
        ("Arm", "arm"),
        ("Parameter", "parameter"),
        ("mu*", "mu_star"),
        ("By noise below", "mu_star_by_noise"),
        ("sigma", "sigma"),
        ("Alone", "first"),
        ("With all interactions", "total"),
        ("By noise", "total_by_noise"),
        ("Above noise", "above_noise"),
    ];
    let mut table = Table::new(&format!("table-indices-{number}"), &format!("What decides {}", o.quantity), &columns);
    for d in o.ranked() {
        let exact = |s: Option<[f64; 3]>| (with_interval(s), s.map_or(String::new(), |s| s[0].to_string()));
        let (first, total) = (exact(d.first), exact(d.total));
        let above = match (d.above_noise, d.moves) {
            (Some(true), _) | (None, true) => "yes",
            _ => "no",
        };
        table.row(&[
            Cell::Text(&o.arm),
            Cell::Text(&d.input),
            Cell::Number(d.mu_star),
            Cell::Number(d.mu_star_by_noise),
            Cell::Number(d.sigma),
            Cell::Exact(&first.0, &first.1),
            Cell::Exact(&total.0, &total.1),
            Cell::Number(d.total_by_noise),
            Cell::Text(above),
        ]);
    }
    table
}

fn ends(found: &Found, number: usize, o: &Output) -> Table {
    let columns = [
        ("Arm", "arm"),
        ("What", "what"),
        ("5 %", "low_value"),
        ("95 %", "high_value"),
        ("Unit", "unit"),
        ("Figure at 5 %", "at_low"),
        ("Figure at 95 %", "at_high"),
    ];
    let mut table = Table::new(&format!("table-ends-{number}"), &format!("Bars of {}", o.quantity), &columns);
    for d in tornado::longest(o) {
        let Some(input) = found.inputs.iter().find(|i| i.name == d.input) else { continue };
        table.row(&[
            Cell::Text(&o.arm),
            Cell::Text(&d.input),
            Cell::Number(Some(input.ends[0])),
            Cell::Number(Some(input.ends[1])),
            Cell::Text(&input.unit),
            Cell::Number(d.at_ends[0]),
            Cell::Number(d.at_ends[1]),
        ]);
    }
    for (rival, x) in found.rivals.iter().zip(&o.rivals) {
        let none = Cell::Exact("", "");
        let name = format!("model {}", rival.name);
        table.row(&[
            Cell::Text(&o.arm),
            Cell::Text(&name),
            none,
            Cell::Exact("", ""),
            Cell::Text(""),
            Cell::Number(*x),
            Cell::Number(*x),
        ]);
    }
    table
}

fn varied(found: &Found) -> String {
    let row = |i: &super::Input| {
        let value = format!("{} {}", maybe(Some(i.value)), i.unit);
        let kept = if found.kept.contains(&i.name) { "yes" } else { "no" };
        format!(
            "<tr role=row><th scope=row role=rowheader><code>{}</code></th><td role=cell data-label=Value>{}</td>\
             <td role=cell data-label=\"Could be\">{}</td><td role=cell data-label=\"Rests on\">{}: {}</td>\
             <td role=cell data-label=\"Shares computed\">{kept}</td></tr>",
            escape(&i.name),
            escape(value.trim_end()),
            escape(&i.could_be),
            escape(&i.mark),
            escape(&i.source)
        )
    };
    format!(
        "<section id=varied><h2>What was varied</h2><table class=\"wordy stack\" role=table><thead role=rowgroup><tr role=row>\
         <th scope=col role=columnheader>Number</th><th scope=col role=columnheader>Value</th><th scope=col role=columnheader>Could be</th>\
         <th scope=col role=columnheader>Rests on</th><th scope=col role=columnheader>Shares computed</th></tr></thead>\
         <tbody role=rowgroup>{}</tbody></table>{}</section>",
        found.inputs.iter().map(row).collect::<String>(),
        text::tail(found).lines().map(|l| format!("<p class=note>{}</p>", escape(l))).collect::<String>()
    )
}

fn reading(found: &Found) -> String {
    format!(
        "<section id=reading><h2>How to read it</h2><p>A bar shows the figure with one number at the ends of what it could be and all others \
         at their central values; it does not see numbers that matter together. <em>mu*</em> is the mean absolute change of the figure over the whole \
         range of a number, wherever the others are (Morris 1991; Campolongo et al. 2007); <em>sigma</em> is how much that depends on the others. \
         <em>Alone</em> is the share of the figure's variance that a number explains by itself, <em>with all interactions</em> the share that would \
         be left if all others were known (Sobol' indices; Saltelli et al. 2010, Jansen 1999), each with its 95 % interval over bootstrap \
         samples. Shares are of the variance over the {} numbers that the screening left; all others stand at their central values there.</p>\
         <p>Every evaluation meets the same {} virtual patients. Other patients would give other figures: the grey band, and the noise \
         named below each picture. A number whose share is not above what that noise alone would give is marked; more patients \
         (<code>--patients</code>) tell more. Rival models are not numbers with a prior: each stands beside the bars with its own central figure.</p></section>",
        found.kept.len(),
        thousands(found.patients.into())
    )
}

fn repeat(found: &Found) -> String {
    format!(
        "<section id=repeat><h2>How to repeat this</h2><p><code>{}</code></p><p>The same command gives the same bytes, on any number of \
         threads. Tables lie beside this page: screening.csv, indices.csv, tornado.csv, evaluations.csv and sensitivity.json.</p></section>",
        escape(&found.command)
    )
}
