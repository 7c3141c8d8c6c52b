//! `remission catalogue`: what is in it, one entry in full, and a copy of one to start from.

use crate::commands::new;
use crate::expected::entry::Entry;
use crate::expected::quantity::Quantity;
use crate::expected::{Expected, Kind, table};
use crate::explain::page::Page;
use crate::explain::words::figure;
use crate::failure::{Exit, code};
use crate::load::load;
use crate::report::words;
use crate::{bounded, catalogue, treatment};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Largest notes read, bytes.
const LARGEST_NOTES: u64 = 1 << 20;

/// `remission catalogue`
pub fn list(as_json: bool) -> Result<u8, Exit> {
    let mut rows = Vec::new();
    for id in catalogue::ids() {
        let loaded = load(&id)?;
        let arms = loaded.study.as_ref().map_or(0, |s| s.arms.len());
        rows.push((id, loaded.model.title.clone(), loaded.model.question.clone(), arms));
    }
    if as_json {
        let all: Vec<_> = rows
            .iter()
            .map(|(id, title, question, arms)| json!({ "id": id, "title": title, "question": question, "arms": arms }))
            .collect();
        sayln!("{:#}", json!(all));
        return Ok(code::DONE);
    }
    // A variant asks what its entry asks, and stands below it.
    let shown = |id: &str| id.split_once('/').map_or(id.to_string(), |(_, variant)| format!("  /{variant}"));
    let width = rows.iter().map(|r| shown(&r.0).len()).max().unwrap_or(0);
    for (id, title, question, arms) in rows {
        sayln!("{:width$}  {title} ({})", shown(&id), words::arms(arms));
        if !question.is_empty() && !id.contains('/') {
            sayln!("{:width$}  {question}", "");
        }
    }
    Ok(code::DONE)
}

/// `remission catalogue show`
pub fn show(what: &str) -> Result<u8, Exit> {
    let inside = catalogue::folder(what);
    if inside.is_none() && !Path::new(what).exists() {
        known(what)?;
    }
    let entry = Entry::find(what)?;
    let set = entry.only.as_deref();
    let loaded = entry.set(set).ok_or_else(|| Exit::refused(format!("error: `{what}` has no model")))?;
    let mut page = Page::for_terminal();
    page.text(0, &format!("{}: {}", entry.id, loaded.model.title));
    page.text(0, &loaded.model.question);
    if let Some(study) = &loaded.study {
        page.heading("Arms");
        let rows: Vec<Vec<String>> = study
            .arms
            .iter()
            .map(|arm| vec![arm.name.clone(), treatment::in_words(arm, &loaded.model).join("; ")])
            .collect();
        page.table(2, &rows, &[]);
    }
    if entry.source.is_some() {
        let first = loaded.study.as_ref().and_then(|s| s.arms.first()).map_or("the first arm", |a| a.name.as_str());
        published(&mut page, &entry.expected, set, first, what);
    }
    page.heading("Files");
    let names = match &inside {
        Some(folder) => {
            let entry = folder.split('/').next().unwrap_or(folder);
            files_of(entry, folder).into_iter().map(|name| format!("catalogue/{name}")).collect()
        }
        None => files_in(&folder_of(Path::new(what))),
    };
    for name in names {
        page.text(2, &name);
    }
    if inside.is_some() {
        let copies =
            format!("`remission catalogue copy {what} DIR` writes those of them that a study of your own begins with.");
        page.text(0, &copies);
    }
    let variants: Vec<String> = entry.sets.iter().filter_map(|s| s.0.clone()).collect();
    if set.is_none() && !variants.is_empty() {
        let shown = |name: &String| if inside.is_some() { format!("{what}/{name}") } else { name.clone() };
        page.text(0, &format!("Variants: {}.", variants.iter().map(shown).collect::<Vec<_>>().join(", ")));
    }
    let notes = match &inside {
        Some(folder) => {
            let entry = folder.split('/').next().unwrap_or(folder);
            catalogue::file(&format!("{entry}/notes.md")).map(str::to_string)
        }
        None => {
            let path = folder_of(Path::new(what)).join("notes.md");
            path.is_file().then(|| bounded::text(&path, LARGEST_NOTES, "notes")).transpose()?
        }
    };
    if let Some(notes) = notes {
        page.heading("Notes");
        markdown(&mut page, &notes);
    }
    say!("{}", page.finish());
    Ok(code::DONE)
}

/// The folder that a path stands for.
fn folder_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.to_path_buf() } else { path.parent().map(Path::to_path_buf).unwrap_or_default() }
}

/// Files of a folder that belong to an entry, as they are asked for.
fn files_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).map(|all| all.flatten().map(|f| f.path()).collect()).unwrap_or_default();
    names.retain(|p| p.is_file() && p.extension().is_some_and(|e| e == "toml" || e == "csv" || e == "md"));
    names.sort();
    names.iter().map(|p| p.display().to_string()).collect()
}

/// `remission catalogue copy`
pub fn copy(id: &str, dir: &Path) -> Result<u8, Exit> {
    let folder = known(id)?;
    let entry = folder.split('/').next().unwrap_or(&folder).to_string();
    let mine = |name: &str| ["model.toml", "study.toml", "regimen.toml"].contains(&name) || name.ends_with(".csv");
    let mut files: Vec<(String, &str)> = Vec::new();
    // A variant rests on its entry's data.
    for place in [&folder, &entry] {
        for (name, text) in catalogue::inside(place) {
            let data = name.ends_with(".csv");
            if mine(name) && (place == &folder || data) && !files.iter().any(|f| f.0 == name) {
                files.push((name.to_string(), text));
            }
        }
    }
    let written = new::write(dir, &files)?;
    new::next(&written);
    Ok(code::DONE)
}

/// Folder of an entry, or which there are.
pub fn known(id: &str) -> Result<String, Exit> {
    catalogue::folder(id).ok_or_else(|| {
        let near = catalogue::near(id);
        let hint = if near.is_empty() {
            format!("the catalogue has: {}", catalogue::ids().join(", "))
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        Exit::refused(format!("error: the catalogue has no `{id}`\n  {hint}"))
    })
}

/// Names of the files of an entry below `catalogue/`; of a variant, with those that it takes from its entry.
fn files_of(entry: &str, folder: &str) -> Vec<String> {
    let mut names: Vec<String> = catalogue::inside(folder).map(|(n, _)| format!("{folder}/{n}")).collect();
    if folder != entry {
        let taken = |n: &str| !["model.toml", "study.toml", "regimen.toml"].contains(&n);
        names.extend(catalogue::inside(entry).filter(|(n, _)| taken(n)).map(|(n, _)| format!("{entry}/{n}")));
    }
    names
}

/// The published numbers in words.
fn published(page: &mut Page, expected: &Expected, set: Option<&str>, first: &str, what: &str) {
    let mine: Vec<_> = expected.published.iter().filter(|p| p.asking.set.as_deref() == set).collect();
    if mine.is_empty() {
        return;
    }
    page.heading("Published numbers");
    let mut said: Option<&str> = None;
    for p in mine {
        let arm = p.asking.arm.as_deref().unwrap_or_default();
        if said != Some(arm) && !arm.is_empty() {
            page.text(2, &format!("{arm}:"));
        }
        said = Some(arm);
        let percent = |x: f64| figure(100.0 * x);
        let plain = |x: f64| figure(x);
        let ranged = |x: f64| table::digits(x, table::digits_of(p.low, p.high));
        let (says, unit, write): (String, &str, &dyn Fn(f64) -> String) = match &p.asking.quantity {
            Quantity::MedianPfs => ("median progression-free survival".into(), " months", &plain),
            Quantity::MedianOs => ("median survival".into(), " months", &plain),
            Quantity::Response => ("response".into(), " %", &percent),
            Quantity::Mechanism(name) | Quantity::Origin(name) => {
                (format!("patients with {} at progression", words::name(name)), " %", &percent)
            }
            Quantity::HazardRatio => {
                (format!("hazard ratio against {}", p.asking.against.as_deref().unwrap_or(first)), "", &plain)
            }
            Quantity::CellsAtEnd(name) => (format!("{} cells at the end", words::name(name)), "", &plain),
            _ => (p.asking.name.clone(), p.asking.unit.as_deref().unwrap_or_default(), &ranged),
        };
        let unit = if unit.is_empty() || unit.starts_with(' ') { unit.to_string() } else { format!(" {unit}") };
        let value = p.value.map(|v| format!(" {}{unit}", write(v))).unwrap_or_default();
        let kind = match p.kind {
            Kind::Calibrated => "the model was tuned to it",
            Kind::Predicted => "the model was not tuned to it",
        };
        let from = p.citation.as_ref().map(|c| format!(" From {}.", c.in_words())).unwrap_or_default();
        let range = p.range.as_ref().map(|r| format!(" ({r})")).unwrap_or_default();
        let miss = p.reason.as_ref().map(|r| format!(" It does not come out: {r}")).unwrap_or_default();
        page.item(
            2,
            "- ",
            &format!(
                "{says}{value}; {} to {}{unit} counts as agreement{range}; {kind}.{from}{miss}",
                write(p.low),
                write(p.high)
            ),
        );
    }
    page.text(0, &format!("`remission catalogue test {what}` runs it against those that a run can give."));
}

/// Markdown for a terminal: paragraphs and items are wrapped, tables laid out, blocks of code left alone.
fn markdown(page: &mut Page, text: &str) {
    let mut paragraph = String::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut code = false;
    let flush = |page: &mut Page, paragraph: &mut String, rows: &mut Vec<Vec<String>>| {
        if !rows.is_empty() {
            page.table(0, rows, &[]);
            rows.clear();
        }
        if !paragraph.is_empty() {
            let mark = if paragraph.starts_with("- ") { "- " } else { "" };
            page.item(0, mark, &paragraph[mark.len()..]);
            paragraph.clear();
        }
    };
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("```") {
            flush(page, &mut paragraph, &mut rows);
            code = !code;
        } else if code {
            page.verbatim(line);
        } else if let Some(heading) = trimmed.strip_prefix('#') {
            flush(page, &mut paragraph, &mut rows);
            page.gap();
            page.text(0, heading.trim_start_matches('#').trim());
            page.gap();
        } else if let Some(row) = trimmed.strip_prefix('|') {
            let cells: Vec<String> = row.trim_end_matches('|').split('|').map(|c| c.trim().to_string()).collect();
            if !paragraph.is_empty() {
                flush(page, &mut paragraph, &mut rows);
            }
            if !cells.iter().all(|c| c.chars().all(|x| "-: ".contains(x)) && !c.is_empty()) {
                rows.push(cells);
            }
        } else if trimmed.is_empty() {
            flush(page, &mut paragraph, &mut rows);
            page.gap();
        } else {
            let starts =
                trimmed.starts_with("- ") || trimmed.split_once(". ").is_some_and(|(n, _)| n.parse::<u8>().is_ok());
            if starts || !rows.is_empty() {
                flush(page, &mut paragraph, &mut rows);
            }
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph += trimmed;
        }
    }
    flush(page, &mut paragraph, &mut rows);
}
