//! `remission check`: read a model and its study; run a catalogue entry against its published numbers.

use crate::args;
use crate::commands::run::{job, progress_of, simulate};
use crate::expected::{self, Verdict};
use crate::failure::{Exit, code};
use crate::folder;
use crate::load::load;
use remission_cohort::patient::Method;
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
    let mut rows = Vec::new();
    if let (Some(source), false, Some(_)) = (&loaded.expected, args.read_only, &loaded.study) {
        let expected = expected::read(source)?;
        let job = job(&loaded, args.patients, None, Method::Leap, None)?;
        let scratch = folder::Partial::beside(&std::env::temp_dir().join("remission-check"))?;
        let bar = progress_of(job.study.patients);
        let data = simulate(&job, scratch.path(), stop, &bar, None);
        bar.finish_and_clear();
        let data = data?;
        if data.failed_count > 0 {
            let (number, _, why) = &data.failed[0];
            return Err(Exit::refused(format!(
                "{} of {} patients failed, the first (patient {number}): {why}",
                data.failed_count, data.asked
            )));
        }
        let set = loaded.name.split_once('/').map(|(_, variant)| variant);
        rows = expected::compare(&expected, set, &data);
        said += &format!("published numbers, {} patients an arm:\n{}", data.finished, expected::table(&rows));
    }
    let failed = rows.iter().filter(|r| r.verdict == Verdict::Outside).count();
    if args.json {
        warn!("{said}");
        let numbers: Vec<_> = rows
            .iter()
            .map(|r| {
                json!({
                    "quantity": r.quantity, "arm": r.arm, "kind": r.kind, "low": r.range.0, "high": r.range.1,
                    "found": r.found.map(|f| f.0), "ci95": [r.found.map(|f| f.1), r.found.map(|f| f.2)],
                    "verdict": r.verdict.text(),
                })
            })
            .collect();
        sayln!("{:#}", json!({ "study": loaded.name, "problems": 0, "published": numbers, "differ": failed }));
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
