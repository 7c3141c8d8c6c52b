//! The page of an inference's answers: what went wrong first, then the answer in words, then estimates, the verdict on the origin of
//! resistance, what to measure next, the pictures with their tables behind them, and how to repeat it.
//!
//! As the report of a run it holds everything it needs and asks for nothing, with the same style, the same script and the same
//! policy.

mod axis;
mod draw;
mod layers;
pub mod numbers;
mod parts;
mod posterior;
#[cfg(test)]
pub mod sample;
#[cfg(test)]
pub mod sample_edges;
#[cfg(test)]
mod tests;
mod told;
mod verdict;

use crate::report::html::{escape, policy_hash};
use crate::report::{SCRIPT, STYLE, origins};
use numbers::one_line;
use remission_infer::answer::Answer;
use std::collections::HashSet;

/// Where parts of one answer stand: alone on the page, or one of several.
struct Place {
    /// Before every anchor.
    prefix: String,
    several: bool,
}

impl Place {
    /// A part under its heading; nothing where it is empty.
    fn part(&self, id: &str, title: &str, body: &str) -> String {
        let prefix = &self.prefix;
        match (body.is_empty(), self.several) {
            (true, _) => String::new(),
            (_, true) => format!("<div class=part id={prefix}{id}><h3>{title}</h3>{body}</div>"),
            (_, false) => format!("<section id={prefix}{id}><h2>{title}</h2>{body}</section>"),
        }
    }
}

/// Parts with their anchors, in the order of the page.
fn parts(answer: &Answer, place: &Place) -> Vec<(&'static str, &'static str, String)> {
    let prefix = place.prefix.as_str();
    // What is left of a verdict whose evidence is withheld is the prior: it is said in the words alone.
    let (verdict, sampled) = (answer.verdict.as_ref().filter(|v| !v.withheld), answer.sampled.as_ref());
    vec![
        ("origin", "Where resistance came from", verdict.map_or(String::new(), |v| verdict::origins(v, prefix))),
        ("evidence", "Evidence for each explanation", verdict.map_or(String::new(), |v| verdict::evidence(v, prefix))),
        ("next", "What to measure next", verdict.map_or(String::new(), |v| verdict::next(v, prefix))),
        ("estimates", "Estimates", parts::estimates(&answer.estimates, prefix)),
        ("pictures", "Pictures", pictures(answer, place)),
        (
            "posterior",
            "Parameters before and after the data",
            sampled.map_or(String::new(), |s| posterior::section(s, prefix)),
        ),
        ("tests", "Tests", parts::tests(answer, prefix)),
        ("tables", "Tables", parts::tables(answer, prefix)),
        ("notes", "What was assumed and left out", parts::list(&answer.notes)),
        ("computation", "How the computation went", parts::diagnostics(answer)),
    ]
}

fn pictures(answer: &Answer, place: &Place) -> String {
    let heading = if place.several { "h4" } else { "h3" };
    let mut taken = HashSet::new();
    let mut one = |figure| {
        let figure: &remission_infer::figure::Figure = figure;
        let plain = format!("{}figure-{}", place.prefix, parts::slug(&figure.id));
        let mut anchor = plain.clone();
        let mut number = 2;
        while !taken.insert(anchor.clone()) {
            anchor = format!("{plain}-{number}");
            number += 1;
        }
        format!("<div class=picture>{}</div>", draw::figure(figure, &anchor, heading))
    };
    answer.figures.iter().map(&mut one).collect()
}

/// What went wrong, before anything else.
fn unconverged(answer: &Answer) -> String {
    if answer.unconverged.is_empty() {
        return String::new();
    }
    format!(
        "<div class=warning role=note><p><strong>The computation did not converge.</strong> {} {}</p>{}</div>",
        escape(answer.may_be_read()),
        escape(&answer.remedy),
        parts::list(&answer.unconverged)
    )
}

/// The answer in words, and the verdict.
fn words(answer: &Answer) -> String {
    let paragraphs: String = answer.words.iter().map(|w| format!("<p>{}</p>", escape(w))).collect();
    let verdict = answer.verdict.as_ref().map(|v| verdict::said(v, &answer.words)).unwrap_or_default();
    if paragraphs.is_empty() && verdict.is_empty() {
        return "<p class=note>This answer has no words.</p>".to_owned();
    }
    format!("<div class=answer>{paragraphs}{verdict}</div>")
}

/// Name of one of several answers.
fn name(answer: &Answer, k: usize) -> String {
    let plain = answer.experiment.as_deref().map(one_line).filter(|n| !n.trim().is_empty());
    plain.unwrap_or_else(|| format!("Experiment {}", k + 1))
}

/// All answers as a table of their first sentences.
fn overview(answers: &[Answer]) -> String {
    let row = |(k, a): (usize, &Answer)| {
        let origin = match &a.verdict {
            None => "not asked".to_owned(),
            Some(v) => match v.best().filter(|_| !v.undetermined) {
                Some((origin, p)) => {
                    format!("{}, {}", crate::report::words::name(origin.name()), numbers::probability(p))
                }
                None => "undetermined".to_owned(),
            },
        };
        let warned = if a.unconverged.is_empty() { "" } else { "<strong>Did not converge.</strong> " };
        format!(
            "<tr role=row><th scope=row role=rowheader><a href=\"#e{}\">{}</a></th><td role=cell data-label=Answer>{warned}{}</td>\
             <td role=cell data-label=\"Origin of resistance\">{}</td></tr>",
            k + 1,
            escape(&name(a, k)),
            escape(a.words.first().map_or("", String::as_str)),
            escape(&origin)
        )
    };
    format!(
        "<section id=overview><h2>All experiments</h2><table class=\"wordy stack\" role=table><thead role=rowgroup><tr role=row>\
         <th scope=col role=columnheader>Experiment</th><th scope=col role=columnheader>Answer</th>\
         <th scope=col role=columnheader>Origin of resistance</th></tr></thead><tbody role=rowgroup>{}</tbody></table></section>",
        answers.iter().enumerate().map(row).collect::<String>()
    )
}

/// Body of the page and links to its parts.
fn body(answers: &[Answer]) -> (String, String) {
    let link = |id: &str, name: &str| format!("<a href=\"#{id}\">{}</a> ", escape(name));
    if let [answer] = answers {
        let place = Place { prefix: String::new(), several: false };
        let all = parts(answer, &place);
        let links: String = all.iter().filter(|p| !p.2.is_empty()).map(|p| link(p.0, p.1)).collect();
        let sections: String = all.iter().map(|(id, title, body)| place.part(id, title, body)).collect();
        return (format!("{}{}{sections}", unconverged(answer), words(answer)), links);
    }
    let several = |(k, answer): (usize, &Answer)| {
        let place = Place { prefix: format!("e{}-", k + 1), several: true };
        let parts: String = parts(answer, &place).iter().map(|(id, title, body)| place.part(id, title, body)).collect();
        format!(
            "<section id=e{}><h2>{}</h2>{}{}{parts}</section>",
            k + 1,
            escape(&name(answer, k)),
            unconverged(answer),
            words(answer)
        )
    };
    let failed: Vec<String> =
        answers.iter().enumerate().filter(|(_, a)| !a.unconverged.is_empty()).map(|(k, a)| name(a, k)).collect();
    let warning = match failed.len() {
        0 => String::new(),
        _ => format!(
            "<div class=warning role=note><p><strong>Did not converge:</strong> {}.</p></div>",
            escape(&failed.join(", "))
        ),
    };
    if answers.is_empty() {
        return ("<p>There is no answer: no experiment was given.</p>".to_owned(), String::new());
    }
    let links: String = answers.iter().enumerate().map(|(k, a)| link(&format!("e{}", k + 1), &name(a, k))).collect();
    (format!("{warning}{}{}", overview(answers), answers.iter().enumerate().map(several).collect::<String>()), links)
}

/// The page. `repeat` is the command that gives the same answers again.
pub fn render(answers: &[Answer], repeat: &str) -> String {
    let (body, links) = body(answers);
    let assay = answers.first().map_or("nothing", |a| a.assay.as_str());
    let one = match answers {
        [answer] => answer.experiment.as_ref().map(|e| format!(": {e}")).unwrap_or_default(),
        _ => format!(", {} experiments", answers.len()),
    };
    let title = escape(&one_line(&format!("{}{one}", assay.replace('_', " "))));
    let again = match repeat.trim() {
        "" => String::new(),
        command => {
            format!("<section id=repeat><h2>How to repeat this</h2><p><code>{}</code></p></section>", escape(command))
        }
    };
    let again_link = if again.is_empty() { "" } else { "<a href=\"#repeat\">Repeat</a>" };
    format!(
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src '{}'; script-src '{}'; \
         base-uri 'none'; form-action 'none'\">\n\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\n<meta name=referrer content=no-referrer>\n\
         <title>{title} – remission</title>\n<style>{STYLE}</style>\n{}\n<header><p class=kind>remission inference</p>\
         <h1>{title}</h1><nav aria-label=\"On this page\">{links}{again_link}</nav></header>\n<main>{body}{again}</main>\n\
         <footer>Written by remission {}. Probabilities hold under the models and priors that are named here.</footer>\n\
         <script>{SCRIPT}</script>\n</html>\n",
        policy_hash(STYLE),
        policy_hash(SCRIPT),
        origins::HATCHES,
        env!("CARGO_PKG_VERSION"),
    )
}
