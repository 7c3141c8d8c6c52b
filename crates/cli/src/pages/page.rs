//! One page: question, answer, published numbers with what came of them, pictures, where the numbers come from, what is assumed,
//! variants, and the commands.

use super::markdown::{code, paper, plain, table};
use super::stamp::{ArmStamp, Stamp, of_files};
use crate::audit::{Marks, audit};
use crate::commands::run::{gathered, job, told};
use crate::expected::Kind;
use crate::expected::answer::Answers;
use crate::expected::entry::Entry;
use crate::expected::judge::{Check, Status};
use crate::expected::table::{Counts, digits, named};
use crate::expected::test::{Choices, Tested, test};
use crate::failure::Exit;
use crate::figures::{MONTH, title};
use crate::map::draw;
use crate::report::data::{Answer, ArmAnswer, ArmData, ReportData};
use crate::report::words::{self, Clock};
use crate::report::{alone, answers};
use crate::treatment;
use remission_cohort::patient::Method;
use std::sync::atomic::AtomicBool;

/// Arms that are told one by one in the index.
const TOLD: usize = 3;

/// Most letters of the words of a picture.
const ALT: usize = 700;

/// A page with the files of its pictures.
#[derive(Debug, Clone)]
pub struct Made {
    /// The page.
    pub text: String,
    /// Pictures: name without its end, file.
    pub pictures: Vec<(String, String)>,
}

/// Makes the page of an entry of the catalogue.
///
/// # Errors
/// Interrupted, or the entry cannot be run.
pub fn make(entry: &Entry, patients: Option<u32>, stop: &AtomicBool) -> Result<Made, Exit> {
    let data = run(entry, patients, stop)?;
    let tested = test(entry, Choices { patients, seed: None }, stop)?;
    Ok(written(entry, &data, &tested))
}

/// One run of the entry, as `run` does it, without its tables.
fn run(entry: &Entry, patients: Option<u32>, stop: &AtomicBool) -> Result<ReportData, Exit> {
    let job = job(&entry.sets[0].1, patients, None, Method::Leap, None)?;
    let mut answers = Answers::of(&entry.expected, None, &entry.sets[0].1, &job.study);
    let gathered = gathered(&job, stop, "no page was written", |patient| answers.add(patient))?;
    Ok(told(&job, &gathered, &answers))
}

/// The page of what was run and tested.
fn written(entry: &Entry, data: &ReportData, tested: &Tested) -> Made {
    let model = &entry.sets[0].1.model;
    let id = &entry.id;
    let mut drawn: Vec<(String, String, String, String, String)> =
        alone::pictures(data).into_iter().map(|p| (p.name.to_string(), p.title, p.told, p.caption, p.svg)).collect();
    if let Some(map) = data.map.as_ref().filter(|m| m.nodes.len() <= draw::MOST) {
        let study = entry.sets[0].1.study.as_ref();
        let heading = study.map_or(model.title.clone(), |s| title(model, s));
        let svg = draw::draw(map, Some(&heading)).0;
        let caption = "What there is, what becomes of it, and what acts on which rate; the style of a line is the evidence it stands on.";
        let told = format!("{}: {}", model.title, crate::map::text::counted(map));
        drawn.push(("map".into(), "The model as a map".into(), told, caption.into(), svg + "\n"));
    }
    let stamp = Stamp {
        id: id.clone(),
        files: of_files(id),
        patients: data.asked,
        title: model.title.clone(),
        question: model.question.clone(),
        treatment: drugs(entry),
        answer: in_one_line(data),
        published: counts(tested),
        arms: progressions(data),
    };
    let pictures_part: String = drawn
        .iter()
        .map(|(name, heading, told, caption, _)| {
            let alt = shortened(told);
            format!("### {}\n\n![{}]({id}/{name}.svg)\n\n{}\n\n", plain(heading), alt.trim(), plain(caption))
        })
        .collect();
    let text = [
        format!("# {}\n\n", plain(&model.title)),
        format!(
            "Entry `{id}` of the [catalogue](README.md): [model.toml](../../catalogue/{id}/model.toml), \
             [study.toml](../../catalogue/{id}/study.toml), [notes.md](../../catalogue/{id}/notes.md). This page is made by a command \
             and not written by hand.\n\n"
        ),
        match model.question.as_str() {
            "" => String::new(),
            question => format!("**{}**\n\n", plain(question)),
        },
        answer(data),
        published(tested),
        format!("## Pictures\n\n{pictures_part}"),
        sources(entry, data),
        assumed(id, data),
        variants(entry),
        commands(entry),
        stamp.written(),
    ]
    .concat();
    Made { text, pictures: drawn.into_iter().map(|d| (d.0, d.4)).collect() }
}

/// Words for a picture that is not seen: whole sentences, not many, without what Markdown would read.
fn shortened(told: &str) -> String {
    // Some are escaped, for a place inside a file of SVG.
    let told = told
        .replace("&#39;", "'")
        .replace("&quot;", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    let plain: String = told.chars().filter(|c| !"[]\"<>\n`\\".contains(*c)).collect();
    if plain.chars().count() <= ALT {
        return plain.trim().to_string();
    }
    let cut: String = plain.chars().take(ALT).collect();
    let end = cut.rfind(". ").map_or(cut.len(), |at| at + 1);
    cut[..end].trim().to_string()
}

/// What the report says first, and the arms.
fn answer(data: &ReportData) -> String {
    let clock = Clock::of(data.horizon_days);
    let mut out = format!(
        "## Answer\n\n{} {} an arm, the same ones in each, followed for {}, seed {}:\n\n",
        words::thousands(data.asked.into()),
        words::subjects(data),
        clock.span(data.horizon_days),
        data.seed
    );
    if data.arms.len() == 1 {
        out = out.replace(" an arm, the same ones in each,", ",");
    }
    if data.failed_count > 0 {
        out += &format!("{} of them ended without an outcome and are not counted.\n\n", data.failed_count);
    }
    if data.finished == 0 {
        return out + "No patient has an outcome, so there is no answer to give.\n\n";
    }
    if !data.answers.is_empty() {
        let head: Vec<String> =
            std::iter::once("arm".to_string()).chain(data.answers.iter().map(answers::name)).collect();
        let head: Vec<&str> = head.iter().map(String::as_str).collect();
        let cell = |a: &Answer, arm: &ArmData| {
            let of = a.arms.iter().find(|of| of.arm == arm.name);
            plain(&of.map_or("–".to_string(), |of| answers::in_words(a, of)))
        };
        let row = |arm: &ArmData| {
            std::iter::once(plain(&arm.name)).chain(data.answers.iter().map(|a| cell(a, arm))).collect()
        };
        out += &format!("{}\n", table(&head, &data.arms.iter().map(row).collect::<Vec<_>>()));
    }
    for arm in &data.arms {
        out += &format!("- **{}**: {}\n", plain(&arm.name), plain(&words::answer(data, arm)));
    }
    for c in data.comparisons.iter().filter_map(words::comparison) {
        out += &format!("- {}\n", plain(&c));
    }
    let rows: Vec<Vec<String>> = data
        .arms
        .iter()
        .map(|a| {
            let mut given = treatment::or_none(a.regimen.clone());
            given.extend(a.rules.iter().map(|r| format!("rule: {r}")));
            vec![plain(&a.name), plain(&given.join("; ")), plain(&a.after_progression)]
        })
        .collect();
    out += &format!("\n{}", table(&["arm", "what is given", "after progression"], &rows));
    out + "Ranges hold the chance among the simulated patients and their differences, not what is unknown about the model.\n\n"
}

/// Published against obtained, what does not come out first.
fn published(tested: &Tested) -> String {
    let mut out = "## Published numbers\n\n".to_string();
    if tested.checks.is_empty() && tested.elsewhere.is_empty() {
        return out + "There is no published number to compare with.\n\n";
    }
    out += &format!("{}.\n\n", plain(&Counts::of(std::slice::from_ref(tested)).in_words()));
    let order = [Status::Failed, Status::Differs, Status::Reproduces];
    let sorted: Vec<&Check> = order.iter().flat_map(|s| tested.checks.iter().filter(move |c| c.status == *s)).collect();
    let why: String = sorted
        .iter()
        .filter(|c| c.status != Status::Reproduces)
        .map(|c| {
            let reason = c.reason.as_deref().unwrap_or("no reason is written");
            format!("- **{}** {}: {}\n", plain(&named(c)), c.status.name(), plain(reason))
        })
        .collect();
    if !why.is_empty() {
        out += &format!("What does not come out, and why:\n\n{why}\n");
    }
    let rows: Vec<Vec<String>> = sorted
        .iter()
        .map(|c| {
            let obtained = match (c.obtained, c.standard_error) {
                (Some(x), Some(e)) if e > 0.0 => format!("{} (± {})", digits(x, 0), digits(e, 0)),
                (Some(x), _) => digits(x, 0),
                (None, _) => "not computable".into(),
            };
            let tuned = if c.kind == Kind::Calibrated { ", tuned to" } else { "" };
            let from = c.citation.clone().unwrap_or_default();
            vec![plain(&named(c)), plain(&c.printed), obtained, format!("{}{tuned}", c.status.name()), plain(&from)]
        })
        .collect();
    if !rows.is_empty() {
        out += &table(&["number", "published (range)", "obtained (± error)", "verdict", "printed in"], &rows);
        out += &format!("Run for this table: {}.\n\n", plain(&tested.runs.join("; ")));
    }
    if !tested.elsewhere.is_empty() {
        out += "Judged by tests of their own, and not of this run:\n\n";
        for e in &tested.elsewhere {
            out += &format!("- {} ({})\n", plain(&e.name), code(&e.judged_by));
        }
        out.push('\n');
    }
    out
}

/// How the published numbers came out, for the index.
fn counts(tested: &Tested) -> String {
    let c = Counts::of(std::slice::from_ref(tested));
    let failed = if c.failed > 0 { format!(", {} failed", c.failed) } else { String::new() };
    let differ = if c.differs > 0 { format!(", {} differ for a written reason", c.differs) } else { String::new() };
    let elsewhere =
        if c.elsewhere > 0 { format!(", {} judged by tests of their own", c.elsewhere) } else { String::new() };
    format!("{} reproduce{differ}{failed}{elsewhere}", c.reproduces)
}

/// Where the numbers come from.
fn sources(entry: &Entry, data: &ReportData) -> String {
    let row = |name: String, m: Marks| {
        let mut cells = vec![name];
        cells.extend([m.all(), m.cited, m.fitted, m.assumed, m.bare].map(|n| n.to_string()));
        cells
    };
    let rows: Vec<Vec<String>> = audit(entry).into_iter().map(|a| row(code(&a.id), a.marks)).collect();
    let mut out = "## Where the numbers come from\n\n".to_string();
    out += &table(&["model", "numbers", "cited", "fitted", "assumed", "without a source"], &rows);
    for (address, place) in &data.citations {
        let place = if place.is_empty() { String::new() } else { format!(": {}", plain(place)) };
        out += &format!("- {}{place}\n", paper(address));
    }
    out + "\n"
}

/// What is assumed.
fn assumed(id: &str, data: &ReportData) -> String {
    if data.assumptions.is_empty() {
        return "## What is assumed\n\nEvery number of this model has a source; none is assumed.\n\n".into();
    }
    let rows: Vec<Vec<String>> = data
        .assumptions
        .iter()
        .map(|a| {
            let prior = if a.prior.is_empty() { "not stated" } else { &a.prior };
            vec![code(&a.name), plain(&a.value), plain(&a.why), plain(prior)]
        })
        .collect();
    format!(
        "## What is assumed\n\nThese numbers are not measured. The answer holds under them; which of them decide: \
         `remission sensitivity {id}`.\n\n{}",
        table(&["number", "value", "why", "what else it could be"], &rows)
    )
}

/// Rival assumptions.
fn variants(entry: &Entry) -> String {
    let rows: Vec<Vec<String>> = entry
        .sets
        .iter()
        .filter_map(|(name, loaded)| {
            let name = name.as_ref()?;
            let arms = loaded.study.as_ref().map_or(Vec::new(), |s| s.arms.iter().map(|a| a.name.clone()).collect());
            let link = format!("[{name}](../../catalogue/{}/variants/{name}/model.toml)", entry.id);
            Some(vec![link, plain(&loaded.model.title), plain(&arms.join("; "))])
        })
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "## Variants\n\nRival assumptions and other studies of the same model; run one with `remission run {}/NAME`.\n\n{}",
        entry.id,
        table(&["variant", "title", "arms"], &rows)
    )
}

/// Commands to paste.
fn commands(entry: &Entry) -> String {
    let id = &entry.id;
    let loaded = &entry.sets[0].1;
    let arms = loaded.study.as_ref().map_or(&[][..], |s| &s.arms);
    // A sentence of the study itself is one that the model understands.
    let sentence = arms.iter().filter(|a| a.records.is_none()).find_map(|a| {
        let all = treatment::sentences(&a.regimen, &loaded.model);
        (!all.is_empty()).then(|| all.join("; "))
    });
    let change = sentence.filter(|s| !s.contains(['"', '$', '`', '\\'])).map_or(String::new(), |s| {
        format!("remission run {id} --patients 100 --arm \"mine = {s}\"   # one more arm; change the dose in it\n")
    });
    format!(
        "## Commands\n\n```\nremission run {id}                        # this study, with its report and tables\n{change}\
         remission explain {id}                    # the model in words, every number with its source\n\
         remission catalogue test {id}             # the table of published numbers above\n\
         remission catalogue copy {id} mine        # a copy to change\nremission run mine --patients 100\n```\n\n\
         Every rule, ruling and limit of the model is in its [notes](../../catalogue/{id}/notes.md).\n\n"
    )
}

/// Drugs of the model, and radiation.
fn drugs(entry: &Entry) -> String {
    let names: Vec<String> = entry.sets[0].1.model.drugs.iter().map(|d| words::name(&d.name)).collect();
    if names.is_empty() { "no drug".into() } else { names.join(", ") }
}

/// When each arm progressed and where its resistance came from, for the comparison of all entries.
fn progressions(data: &ReportData) -> Vec<ArmStamp> {
    let months = |x: Option<f64>| x.map_or("?".to_string(), |d| format!("{:.1}", d / MONTH));
    let one = |arm: &ArmData| {
        let curve = arm.progression.as_ref()?;
        let progression = match curve.median_days {
            Some(_) => {
                format!("{} ({}–{})", months(curve.median_days), months(curve.ci95_days.0), months(curve.ci95_days.1))
            }
            None => "not reached".into(),
        };
        let shares = arm.origins.iter().flatten().map(|(name, share)| (name.clone(), words::percent(*share)));
        Some(ArmStamp { name: arm.name.clone(), progression, progressed: arm.progressed, origins: shares.collect() })
    };
    data.arms.iter().filter(|_| data.assesses_progression).filter_map(one).collect()
}

/// The answer in one line, for the index.
fn in_one_line(data: &ReportData) -> String {
    if data.finished == 0 {
        return "no patient has an outcome".into();
    }
    let more_arms = |n: usize| match n.saturating_sub(TOLD) {
        0 => String::new(),
        n => format!("; {n} more {}", if n == 1 { "arm" } else { "arms" }),
    };
    if let Some(first) = data.answers.first() {
        // A figure whose interval has no width is told alone.
        let alone = |of: &ArmAnswer| ArmAnswer { low: of.value, high: of.value, ..of.clone() };
        let short = |of: &ArmAnswer| format!("{}: {}", of.arm, answers::in_words(first, &alone(of)));
        let told: Vec<String> = first.arms.iter().take(TOLD).map(short).collect();
        return format!("{}: {}{}", answers::name(first), told.join("; "), more_arms(first.arms.len()));
    }
    let clock = Clock::of(data.horizon_days);
    // Where no progression is assessed and deaths are followed, as in mice, the answer is when they die.
    let deaths = |a: &ArmData| a.survival.as_ref().is_some_and(|c| c.events > 0 && !words::left_early(data, c));
    let dies = !data.assesses_progression && data.arms.iter().any(deaths);
    let arm = |a: &ArmData| {
        let gone = a.gone.map(|g| format!("{} without a tumour cell at the end", words::percent(g.0)));
        let curve = if dies { &a.survival } else { &a.progression };
        let free = curve.as_ref().filter(|_| dies || data.assesses_progression).map(|c| match c.median_days {
            Some(d) => format!("{} {}", clock.print(d), clock.unit),
            None => "not reached".into(),
        });
        let cells = a.last.first().map(|l| format!("{} cells", words::cells(l.2)));
        let parts: Vec<String> = match free {
            Some(free) => std::iter::once(free).chain(gone).collect(),
            None => cells.into_iter().chain(gone).collect(),
        };
        format!("{}: {}", a.name, parts.join(", "))
    };
    let what = match (data.assesses_progression, dies) {
        (true, _) => "median progression-free survival".to_string(),
        (false, true) => "median survival".to_string(),
        (false, false) => format!("median at {}", clock.span(data.horizon_days)),
    };
    let told: Vec<String> = data.arms.iter().take(TOLD).map(arm).collect();
    format!("{what}: {}{}", told.join("; "), more_arms(data.arms.len()))
}
