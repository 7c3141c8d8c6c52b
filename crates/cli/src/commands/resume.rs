//! `remission run --resume DIR`: what was asked is taken from the directory, and a flag that says otherwise is refused.

use crate::args;
use crate::asked::Asked;
use crate::commands::report::{self, summary};
use crate::commands::run::{Job, shown};
use crate::extra_arms::with_arms;
use crate::failure::{Exit, code};
use crate::load::{Loaded, load};
use crate::report::words::patients;
use crate::unfinished::{self, Unfinished, is_unfinished};
use crate::{print, record};
use std::path::Path;

/// A run to be resumed.
pub enum Found {
    /// It goes on.
    Open(Box<(Unfinished, Loaded, Job)>),
    /// It is finished and has been told of; the exit code is that of the run.
    Finished(u8),
}

/// The run in `dir`, taken up again.
pub fn open(dir: &Path, args: &args::Run, every: u32) -> Result<Found, Exit> {
    if !dir.is_dir() {
        return Err(Exit::refused(format!("error: {} is not a folder; name a run directory", dir.display())));
    }
    if !is_unfinished(dir) {
        return finished(dir, args).map(Found::Finished);
    }
    contradictions(dir, args, &Asked::read(dir)?)?;
    let (kept, sources) = Unfinished::reopen(dir, every)?;
    if !is_unfinished(dir) {
        // Another process ended it between the two looks.
        return finished(dir, args).map(Found::Finished);
    }
    let (loaded, job) = kept.asked.job(sources, args.threads)?;
    Ok(Found::Open(Box::new((kept, loaded, job))))
}

/// Says that there is nothing to do, with the figures of the run where a document is asked for.
fn finished(dir: &Path, args: &args::Run) -> Result<u8, Exit> {
    if unfinished::is_nothing_yet(dir) {
        return Err(Exit::refused(format!(
            "error: {} holds the beginning of a run that ended before it said what was asked, so there is nothing to go on with\n  \
             start it again: remission run STUDY --out {}",
            dir.display(),
            shown(dir)
        )));
    }
    let record = record::read(dir)?;
    let asked = Asked::of_record(&record);
    contradictions(dir, args, &asked)?;
    unfinished::clear(dir)?;
    let inputs = record::damaged(dir, &record.inputs)?;
    let made = [record::damaged(dir, &record.files)?, record::damaged(dir, &record.tables)?].concat();
    if !inputs.is_empty() || !made.is_empty() {
        let lines: String = inputs.iter().chain(&made).map(|(name, what)| format!("  {name}: {what}\n")).collect();
        // What lies there is no longer what was run.
        let first = "put the inputs back as they were run (their SHA-256 stand in record.json), then ";
        return Err(Exit {
            message: format!(
                "error: {} is finished, but not all of it is what the run wrote:\n{lines}  {}make it again: {}",
                dir.display(),
                if inputs.is_empty() { "" } else { first },
                record::again(dir, &record)
            ),
            code: code::DIFFERS,
        });
    }
    let data = summary(dir, &record)?;
    report::note_of_report(dir, &data);
    let told = format!("{} is finished: {}, nothing to do", dir.display(), patients(asked.patients.into()));
    if args.json {
        warnln!("{told}");
        sayln!("{:#}", print::json(&data, 0.0, &dir.display().to_string()));
    } else {
        sayln!("{told}");
    }
    Ok(if data.failed_count > 0 { code::FAILED_PATIENTS } else { code::DONE })
}

/// Refuses every flag that says otherwise than the record, naming both.
fn contradictions(dir: &Path, args: &args::Run, asked: &Asked) -> Result<(), Exit> {
    let mut found = Vec::new();
    let mut say = |flag: &str, given: String, recorded: String| {
        if given != recorded {
            found.push(format!("{flag} {given}, but the run was begun with {recorded}"));
        }
    };
    if let Some(given) = args.patients {
        say("--patients", given.to_string(), asked.patients.to_string());
    }
    if let Some(given) = args.seed {
        say("--seed", given.to_string(), asked.seed.to_string());
    }
    if let Some(given) = args.method {
        say("--method", remission_cohort::patient::Method::from(given).name().to_string(), asked.method.clone());
    }
    if let Some(out) = &args.out {
        let same = out.canonicalize().ok().zip(dir.canonicalize().ok()).is_some_and(|(a, b)| a == b);
        if !same {
            say("--out", out.display().to_string(), dir.display().to_string());
        }
    }
    if args.csv && !asked.csv {
        say("--csv", "given".into(), "no CSV (`remission export --csv` writes it once the run is finished)".into());
    }
    match &args.study {
        Some(study) => {
            let loaded = with_arms(load(study)?, &args.arm)?;
            if record::inputs(&loaded.sources) != asked.inputs || loaded.name != asked.study {
                let what = if loaded.name == asked.study { "files of the same name that differ" } else { &asked.study };
                say("the study", format!("`{study}`"), format!("{what} (copies in {})", dir.display()));
            }
        }
        None if !args.arm.is_empty() => {
            say("--arm", format!("\"{}\"", args.arm.join("\", \"")), "the arms in its study.toml".into());
        }
        None => {}
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Exit::refused(format!(
        "error: a resumed run takes study, seed, patients and method from {}:\n  {}\n  leave the flag out, or run anew with another --out",
        dir.display(),
        found.join("\n  ")
    )))
}
