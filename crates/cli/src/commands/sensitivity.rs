//! `remission sensitivity`: which uncertain numbers decide what a study says.

use crate::args;
use crate::commands::run::{progress, shown};
use crate::failure::{Exit, code};
use crate::figures::title;
use crate::folder::{self, Partial};
use crate::report::words::{patients, thousands};
use crate::sensitivity::asked::{self, Asked};
use crate::sensitivity::found::{self, Row};
use crate::sensitivity::{Found, Rival, report, tables, text};
use crate::unfinished::is_free;
use indicatif::ProgressBar;
use remission_cohort::sensitivity::evaluate::{Evaluated, Task};
use remission_cohort::sensitivity::plan::{MOST, Screening, Shares, Sizes};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// How evaluations are done and told.
struct Work<'a> {
    threads: usize,
    stop: &'a AtomicBool,
    bar: &'a ProgressBar,
}

impl Work<'_> {
    fn all(&self, task: &Task, points: Vec<Vec<(usize, f64)>>) -> Result<Vec<Evaluated>, Exit> {
        let before = self.bar.position();
        let found = task.all(points, self.threads, self.stop, |n| self.bar.set_position(before + n as u64));
        found.ok_or_else(|| Exit { message: "interrupted: nothing was written".into(), code: code::INTERRUPTED })
    }
}

/// `remission sensitivity`
pub fn sensitivity(args: &args::Sensitivity, stop: &AtomicBool) -> Result<u8, Exit> {
    let Asked { loaded, task, inputs } = asked::read(args)?;
    let target = target(args, &loaded.name, task.study.seed)?;
    // Whether it can be written is known before the work; nothing is there until it is whole.
    drop(Partial::beside(&target)?);
    let sizes = Sizes { paths: args.morris as usize, rows: args.sobol as usize };
    let rivals = asked::rivals(&args.study);
    let screening = Screening::new(inputs, sizes, task.study.seed);
    let number = screening.inputs.len();
    let most = sizes.rows * (number.min(MOST) + 2) * usize::from(sizes.rows > 0);
    warnln!(
        "{}{} evaluations of {} in {}: 1 at central values, {} at the ends of priors, {} along {} paths{}{}",
        if most > 0 { "at most " } else { "" },
        thousands((screening.evaluations() + most + rivals.len()) as u64),
        patients(task.study.patients.into()),
        crate::report::words::arms(task.study.arms.len()),
        2 * number,
        screening.evaluations() - 1 - 2 * number,
        sizes.paths,
        if most > 0 { format!(", at most {} for shares of variance", thousands(most as u64)) } else { String::new() },
        if rivals.is_empty() { String::new() } else { format!(", {} of rival models", rivals.len()) }
    );
    let bar = progress((screening.evaluations() + most + rivals.len()) as u64, "evaluations", None);
    let work = Work { threads: args::threads(args.threads), stop, bar: &bar };
    let made = analyse(&work, &loaded.name, &task, screening, sizes, &rivals);
    bar.finish_and_clear();
    let (mut found, rows) = made?;
    found.title = title(&loaded.model, &task.study);
    found.command = command(args, &found);
    let partial = Partial::beside(&target)?;
    write(partial.path(), &found, &rows)?;
    let out = partial.finish()?;
    let shown = shown(&out);
    let table = text::table(&found);
    let tail = format!("report  {shown}/report.html      data  {shown}/*.csv\n");
    if args.json {
        warn!("{table}{tail}");
        let mut document = json!(found);
        document["folder"] = json!(out.display().to_string());
        sayln!("{document:#}");
    } else {
        say!("{table}{tail}");
    }
    Ok(if found.failed_count > 0 { code::FAILED_PATIENTS } else { code::DONE })
}

/// All evaluations, and what they say.
fn analyse(
    work: &Work,
    name: &str,
    task: &Task,
    screening: Screening,
    sizes: Sizes,
    rivals: &[String],
) -> Result<(Found, Vec<Row>), Exit> {
    let number = screening.inputs.len();
    let points = screening.points();
    let first = work.all(task, points.clone())?;
    if let Some((failed, why)) = &first[0].failed {
        return Err(Exit::refused(format!(
            "error: {failed} of {} fail at the central values, so there is nothing to compare with\n  {why}\n  \
             `remission run` with these patients shows them all",
            patients(task.study.patients.into())
        )));
    }
    let mut found = Found {
        study: name.to_string(),
        version: env!("CARGO_PKG_VERSION").to_string(),
        seed: task.study.seed,
        patients: task.study.patients,
        morris_paths: sizes.paths,
        sobol_rows: sizes.rows,
        inputs: found::inputs(&screening.inputs, task),
        ..Found::default()
    };
    found::failures(&mut found, &first, 0);
    let mut rows = found::rows(task, &screening.inputs, &points, &first, &|k| found::stage(k, number));
    let screened: Vec<_> = (0..task.outputs.len()).map(|o| screening.read(&first, o)).collect();
    found.outputs = screened.iter().enumerate().map(|(o, s)| found::output(task, o, &screening, s)).collect();
    compare(work, task, rivals, &mut found)?;
    let (kept, left) = screening.kept(&screened);
    found.left_over = found::names(&left, &found.inputs);
    if sizes.rows > 0 && !kept.is_empty() {
        found.kept = found::names(&kept, &found.inputs);
        let shares = Shares::new(found::some(&kept, &screening), sizes, task.study.seed);
        let points = shares.points();
        work.bar.set_length(work.bar.position() + points.len() as u64);
        let evaluated = work.all(task, points.clone())?;
        found::failures(&mut found, &evaluated, rows.len());
        rows.extend(found::rows(task, &screening.inputs, &points, &evaluated, &|_| "share"));
        let shared = found::shared(&shares, &evaluated, task.outputs.len());
        found.outputs.iter_mut().zip(&shared).for_each(|(o, s)| found::add(o, s, &kept));
    }
    found.evaluations = rows.len();
    Ok((found, rows))
}

/// Every rival model at its central values.
fn compare(work: &Work, task: &Task, rivals: &[String], found: &mut Found) -> Result<(), Exit> {
    for name in rivals {
        let mut rival = Rival { name: name.clone(), ..Rival::default() };
        let mut figures = vec![None; task.outputs.len()];
        match asked::rival(name, task) {
            Err(why) => rival.missing = why,
            Ok((title, own, places)) => {
                rival.title = title;
                let evaluated = work.all(&own, vec![Vec::new()])?.remove(0);
                if let Some((_, why)) = &evaluated.failed {
                    rival.missing.clone_from(why);
                }
                for (figure, place) in figures.iter_mut().zip(places) {
                    let value = place.map(|p| evaluated.figures[p].value);
                    *figure = value.filter(|x| x.is_finite());
                }
            }
        }
        found.rivals.push(rival);
        found.outputs.iter_mut().zip(figures).for_each(|(o, f)| o.rivals.push(f));
    }
    Ok(())
}

/// The folder asked for, or the next free one of the usual name.
fn target(args: &args::Sensitivity, name: &str, seed: u64) -> Result<PathBuf, Exit> {
    if let Some(out) = &args.out {
        return Ok(out.clone());
    }
    let base = format!("sensitivity-{}-{seed}", name.replace(['/', '\\'], "-"));
    let names = (1..).map(|k| if k == 1 { base.clone() } else { format!("{base}-{k}") });
    let mut folders = names.map(|n| Path::new("runs").join(n));
    folders.find(|f| is_free(f)).ok_or_else(|| Exit::refused("error: no name is free under runs; give --out DIR"))
}

/// Every file of the folder, under its final name.
fn write(folder: &Path, found: &Found, rows: &[Row]) -> Result<(), Exit> {
    let document = serde_json::to_vec_pretty(found).map_err(|e| Exit::io("write", folder, e))?;
    let files: [(&str, Vec<u8>); 6] = [
        ("screening.csv", tables::screening(found).into_bytes()),
        ("indices.csv", tables::indices(found).into_bytes()),
        ("tornado.csv", tables::tornado(found).into_bytes()),
        ("evaluations.csv", tables::evaluations(found, rows).into_bytes()),
        ("sensitivity.json", document),
        ("report.html", report::render(found).into_bytes()),
    ];
    files.iter().try_for_each(|(name, bytes)| folder::write(&folder.join(name), bytes))
}

/// The command that gives the same again, whatever the defaults of another version.
fn command(args: &args::Sensitivity, found: &Found) -> String {
    let quoted = |text: &str| shown(Path::new(text));
    let mut out = format!(
        "remission sensitivity {} --patients {} --morris {} --sobol {} --seed {}",
        quoted(&args.study),
        found.patients,
        found.morris_paths,
        found.sobol_rows,
        found.seed
    );
    args.arm.iter().for_each(|a| out += &format!(" --arm {}", quoted(a)));
    args.on.iter().for_each(|q| out += &format!(" --on {}", quoted(q)));
    if !args.only.is_empty() {
        out += &format!(" --only {}", quoted(&args.only.join(",")));
    }
    out + if args.all { " --all" } else { "" }
}
