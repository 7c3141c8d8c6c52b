//! `remission check`: read a model and its study; run a catalogue entry against its published numbers.

use crate::args;
use crate::expected::entry::Entry;
use crate::expected::judge::Status;
use crate::expected::table;
use crate::expected::test::{Choices, test};
use crate::failure::{Exit, code};
use crate::load::load;
use remission_cohort::typical::goes_wrong;
use remission_engine::compiled::Compiled;
use remission_model::resolved::Source;
use serde_json::json;
use std::sync::atomic::AtomicBool;

/// `remission check`
pub fn check(args: &args::Check, stop: &AtomicBool) -> Result<u8, Exit> {
    let loaded = load(&args.study)?;
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
    if let Some(study) = &loaded.study
        && let Some((arm, failure)) = goes_wrong(&Compiled::new(model), study)
    {
        return Err(Exit::refused(format!(
            "error: the files can be read, but for the typical patient in arm \"{arm}\" a rate goes wrong: {failure}\n  \
             mend the rate, for example with max(0, ...), or the number that is too large; most patients of a run would fail"
        )));
    }
    said += "\nno problems found\n";
    let mut tested = None;
    if let (Some(_), false, Some(_)) = (&loaded.expected, args.read_only, &loaded.study) {
        let mut entry = Entry::find(&args.study)?;
        // An entry is checked alone; `catalogue test` looks at its variants too.
        let only = entry.only.clone();
        entry.expected.published.retain(|p| p.set == only);
        entry.expected.fits.clear();
        let found = test(&entry, Choices { patients: args.patients, seed: None }, stop)?;
        said += &table::text(&found);
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

fn many(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
