//! `remission check`: read a study folder or an entry of the catalogue with everything beside it, every fault at once; then run it against its
//! published numbers, where it has some.

use crate::args;
use crate::expected::entry::Entry;
use crate::expected::judge::Status;
use crate::expected::table::{self, Counts};
use crate::expected::test::{Choices, plan, test};
use crate::failure::{Exit, code};
use crate::load::Loaded;
use remission_cohort::typical::goes_wrong;
use remission_engine::compiled::Compiled;
use remission_model::resolved::Source;
use serde_json::json;
use std::sync::atomic::AtomicBool;

/// `remission check`
pub fn check(args: &args::Check, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut entry = Entry::find(&args.study)?;
    let Some(loaded) = entry.set(entry.only.as_deref()).cloned() else {
        return Err(Exit::refused(format!("error: `{}` has no model", args.study)));
    };
    let wrong: Vec<Exit> = entry.sets.iter().filter_map(|(name, set)| goes_wrong_in(name.as_deref(), set)).collect();
    if !wrong.is_empty() {
        return Err(Exit::all(wrong));
    }
    let mut said = overview(&loaded);
    said += &format!("\n{}; no problems found\n", read(&entry));
    let mut tested = None;
    if let (Some(_), false, Some(_)) = (&loaded.expected, args.read_only, &loaded.study) {
        // An entry is checked alone; `catalogue test` looks at its variants too.
        let only = entry.only.clone();
        entry.expected.published.retain(|p| p.asking.set == only);
        entry.expected.fits.clear();
        let choices = Choices { patients: args.patients, seed: None };
        announce(&entry, choices);
        let found = test(&entry, choices, stop)?;
        said += &table::text(&found);
        said += &format!("{}\n", Counts::of(std::slice::from_ref(&found)).in_words());
        tested = Some(found);
    }
    let checks = tested.as_ref().map_or(&[][..], |t| &t.checks);
    let of = |status: Status| checks.iter().filter(|c| c.status == status).count();
    let failed = of(Status::Failed);
    if args.json {
        warn!("{said}");
        let numbers: Vec<_> = checks.iter().map(table::check_json).collect();
        let document = json!({
            "study": loaded.name, "problems": 0, "published": numbers, "differ": of(Status::Differs), "failed": failed,
            "weak": checks.iter().filter(|c| c.weak()).count(),
        });
        sayln!("{document:#}");
    } else {
        say!("{said}");
    }
    if failed > 0 {
        warnln!("{failed} published {} not reproduced", if failed == 1 { "number is" } else { "numbers are" });
        return Ok(code::REFUSED);
    }
    Ok(code::DONE)
}

/// A model and its study in one line.
fn overview(loaded: &Loaded) -> String {
    let model = &loaded.model;
    let assumed = model.parameters.iter().filter(|p| matches!(p.source, Source::Assumed { .. })).count();
    let covariates = model.parameters.iter().filter(|p| p.covariate.is_some()).count();
    let mut said = format!(
        "{}: {}, {}, {} ({assumed} assumed, with priors)",
        model.title,
        many(model.cells.len(), "cell type"),
        many(model.drugs.len(), "drug"),
        many(model.parameters.len() - covariates, "parameter")
    );
    if covariates > 0 {
        said += &format!(", {}", many(covariates, "covariate"));
    }
    if let Some(study) = &loaded.study {
        said += &format!("; {} x {}", many(study.arms.len(), "arm"), many(study.patients as usize, "patient"));
    }
    said
}

/// Which files were read.
fn read(entry: &Entry) -> String {
    let own = entry.set(entry.only.as_deref()).or(entry.set(None));
    let mut all: Vec<String> = own.into_iter().flat_map(|l| l.sources.iter().map(|s| s.file.clone())).collect();
    if entry.source.is_some() {
        let n = entry.expected.published.iter().filter(|p| entry.looks_at(p)).count();
        all.push(format!("expected.toml ({})", many(n, "published number")));
    }
    if entry.second.is_some() {
        all.push("second.toml".into());
    }
    match entry.sets.iter().filter(|s| s.0.is_some()).count() {
        0 => {}
        n => all.push(many(n, "variant")),
    }
    format!("read {}", all.join(", "))
}

/// Says on stderr what will be run, before it is.
fn announce(entry: &Entry, choices: Choices) {
    let plan = plan(entry, choices);
    let runs = many(plan.len(), "run");
    warnln!("{runs} against the published numbers, then the verdicts; `--read-only` reads and runs nothing:");
    for line in plan {
        warnln!("  {line}");
    }
}

/// The rate of the typical patient that goes wrong, where one does.
fn goes_wrong_in(variant: Option<&str>, loaded: &Loaded) -> Option<Exit> {
    let (arm, failure) = goes_wrong(&Compiled::new(&loaded.model), loaded.study.as_ref()?)?;
    let place = variant.map_or(String::new(), |name| format!(" of variant {name}"));
    Some(Exit::refused(format!(
        "error: the files can be read, but for the typical patient in arm \"{arm}\"{place} a rate goes wrong: {failure}\n  \
         mend the rate, for example with max(0, ...), or the number that is too large; most patients of a run would fail"
    )))
}

fn many(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
