//! `remission run`: simulate a study, print its table, leave a run directory.

use crate::args::{self, MethodArg};
use crate::asked::Asked;
use crate::commands::resume::{self, Found};
use crate::disk;
use crate::expected::{self, answer::Answers};
use crate::extra_arms::with_arms;
use crate::failure::{Exit, code};
use crate::figures::figures;
use crate::load::{Loaded, load};
use crate::record::{self, Record};
use crate::report;
use crate::report::data::ReportData;
use crate::report::words::{self, thousands};
use crate::tables::{Tables, files};
use crate::unfinished::{self, Taken, Unfinished, is_free, is_unfinished};
use crate::{pictures, print};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parquet::errors::ParquetError;
use remission_cohort::outcome::PatientOutcome;
use remission_cohort::patient::Method;
use remission_cohort::run::{BATCH, Finish, Handed, Options, run as run_cohort};
use remission_cohort::summary::Gather;
use remission_engine::before::size_at_start;
use remission_engine::compiled::Compiled;
use remission_model::resolved::Study;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Largest tumour at the start that is simulated event by event.
const LARGEST_EXACT: f64 = 1e6;

/// A study with the choices of a command line applied.
pub struct Job {
    /// The model made ready.
    pub compiled: Compiled,
    /// The study.
    pub study: Study,
    /// How patients are simulated.
    pub method: Method,
    /// Worker threads.
    pub threads: usize,
    /// Most patients that a worker computes at a time.
    pub batch: u32,
}

/// The study of `loaded` with these choices, or why it cannot be run.
pub fn job(
    loaded: &Loaded,
    patients: Option<u32>,
    seed: Option<u64>,
    method: Method,
    threads: Option<u16>,
) -> Result<Job, Exit> {
    let Some(mut study) = loaded.study.clone() else {
        return Err(Exit::refused(format!(
            "error: there is no study.toml beside {}; it says how many patients, which visits and which arms, \
             and a model cannot be run without it",
            loaded.sources[0].shown
        )));
    };
    study.patients = patients.unwrap_or(study.patients);
    study.seed = seed.unwrap_or(study.seed);
    let compiled = Compiled::new(&loaded.model);
    if method == Method::Exact {
        let parameters: Vec<f64> = loaded.model.parameters.iter().map(|p| p.value).collect();
        let size = size_at_start(&compiled, &parameters).unwrap_or(f64::INFINITY);
        if size > LARGEST_EXACT {
            return Err(Exit::refused(format!(
                "error: --method exact goes event by event, up to {} cells at the start; this tumour has {}\n  use --method leap: {}",
                thousands(LARGEST_EXACT as u64),
                if size < 1e15 { thousands(size.ceil() as u64) } else { format!("{size:.1e}") },
                if compiled.interacting {
                    "where cells act on each other, as here, its error is bounded and not zero"
                } else {
                    "its law is exact too, at any size"
                }
            )));
        }
    }
    Ok(Job { compiled, study, method, threads: args::threads(threads), batch: BATCH })
}

/// Runs a job without tables, telling `each` of every patient; `left` says what an interruption leaves undone.
///
/// # Errors
/// Interrupted.
pub fn gathered(
    job: &Job,
    stop: &AtomicBool,
    left: &str,
    mut each: impl FnMut(&PatientOutcome),
) -> Result<Gather, Exit> {
    let mut gathered = Gather::new(&job.compiled.model, &job.study);
    let options = Options { method: job.method, threads: job.threads, batch: job.batch };
    let bar = progress_of(job.study.patients);
    let finish = run_cohort(&job.compiled, &job.study, 0..job.study.patients, options, stop, |handed| {
        if let Handed::Next(patient) = handed {
            gathered.add(&patient);
            each(&patient);
            bar.set_position(u64::from(patient.patient) + 1);
        }
        Ok::<(), Exit>(())
    })?;
    bar.finish_and_clear();
    match finish {
        Finish::Interrupted => Err(Exit { message: format!("interrupted: {left}"), code: code::INTERRUPTED }),
        _ => Ok(gathered),
    }
}

/// What a report says of a run, with the answers that its study asks for.
pub fn told(job: &Job, gathered: &Gather, answers: &Answers) -> ReportData {
    let (compiled, study) = (&job.compiled, &job.study);
    let mut data = figures(compiled, study, gathered, &gathered.summarise(), job.method.name());
    pictures::fill(&mut data, compiled, study, gathered, job.method);
    if data.finished > 0 {
        data.answers = answers.found(&compiled.model, study, job.method, gathered);
    }
    data
}

/// Runs a job with its tables written into `into`. A run that is kept goes on where its checkpoints end, and its new patients
/// are kept too.
pub fn simulate(
    job: &Job,
    into: &Path,
    stop: &AtomicBool,
    bar: &ProgressBar,
    mut kept: Option<&mut Unfinished>,
    mut answers: Answers,
) -> Result<ReportData, Exit> {
    let fail = |e: ParquetError| match e {
        // Steps on the disk say what and where.
        ParquetError::External(e) => Exit { message: format!("error: {e}"), code: code::IO },
        e => Exit::io("write tables in", into, e),
    };
    let mut tables = Tables::create(into, &job.compiled.model, &job.study).map_err(fail)?;
    let mut gathered = Gather::new(&job.compiled.model, &job.study);
    let options = Options { method: job.method, threads: job.threads, batch: job.batch };
    let mut take = |patient: &PatientOutcome| -> Result<(), Exit> {
        gathered.add(patient);
        answers.add(patient);
        tables.add(patient).map_err(fail)?;
        bar.set_position(u64::from(patient.patient) + 1);
        if !gathered.failed.is_empty() {
            bar.set_message(format!("{} failed", gathered.failed.len()));
        }
        Ok(())
    };
    let mut due = 0;
    loop {
        let segment = match &mut kept {
            Some(kept) => kept.next_segment(due)?,
            None => None,
        };
        let until = segment.as_ref().map_or(job.study.patients, |list| list[0].patient);
        if due < until {
            let finish = run_cohort(&job.compiled, &job.study, due..until, options, stop, |handed| {
                if let Some(kept) = &mut kept {
                    kept.keep(&handed).map_err(disk::exit)?;
                }
                match handed {
                    Handed::Next(patient) => take(&patient),
                    _ => Ok(()),
                }
            })?;
            if let Some(kept) = &mut kept {
                kept.write().map_err(disk::exit)?;
            }
            if finish == Finish::Interrupted {
                let message = kept.map_or("interrupted: nothing was written".to_string(), |k| k.interrupted());
                return Err(Exit { message, code: code::INTERRUPTED });
            }
        }
        let Some(list) = segment else { break };
        due = until + list.len() as u32;
        list.iter().try_for_each(&mut take)?;
        if stop.load(Ordering::Relaxed) {
            let message = kept.map_or(String::new(), |k| k.interrupted());
            return Err(Exit { message, code: code::INTERRUPTED });
        }
    }
    tables.close().map_err(fail)?;
    Ok(told(job, &gathered, &answers))
}

/// `remission run`
pub fn run(args: &args::Run, stop: &AtomicBool) -> Result<u8, Exit> {
    let began = Instant::now();
    let every = args.checkpoint_patients.unwrap_or(u32::MAX);
    let (mut kept, loaded, mut job) = match (&args.resume, &args.study) {
        (Some(dir), _) => match resume::open(dir, args, every)? {
            Found::Open(open) => {
                warnln!("{} of {} patients are kept and not simulated again", open.0.kept(), open.2.study.patients);
                *open
            }
            Found::Finished(code) => return Ok(code),
        },
        (None, Some(study)) => {
            let loaded = with_arms(load(study)?, &args.arm)?;
            let method = args.method.unwrap_or(MethodArg::Leap);
            let job = job(&loaded, args.patients, args.seed, method.into(), args.threads)?;
            if args.csv {
                let inputs = record::inputs(&loaded.sources);
                files(&loaded.model)
                    .iter()
                    .try_for_each(|f| super::export::apart(&f.replace(".parquet", ".csv"), inputs.keys()))?;
            }
            (begin(&job, &loaded, args, every)?, loaded, job)
        }
        (None, None) => return Err(Exit::refused("error: name a study, or give --resume DIR")),
    };
    job.batch = args.chunk.unwrap_or(job.batch);
    let csv = kept.asked.csv;
    let bar = progress_of(job.study.patients);
    let made = make(&job, &loaded, csv, &mut kept, stop, &bar);
    bar.finish_and_clear();
    let data = made.map_err(|mut exit| {
        if exit.code == code::IO {
            exit.message = format!("{}\n  {}", exit.message, kept.state());
        }
        exit
    })?;
    let out = kept.dir.clone();
    kept.finish()?;

    let seconds = began.elapsed().as_secs_f64();
    let shown = shown(&out);
    let table = print::table(&data);
    let mut tail = String::new();
    if data.failed_count > 0 {
        tail += &format!("{} of {} patients failed and are not counted:\n", data.failed_count, data.asked);
        for (number, arm, why) in data.failed.iter().take(5) {
            let arm = arm.as_ref().map_or("before treatment".to_string(), |a| format!("arm \"{a}\""));
            tail += &format!("  patient {number}, {arm}: {why}\n");
        }
        if data.failed_count > 5 {
            tail += &format!("  ... and {} more, in {shown}/{}\n", data.failed_count - 5, record::FILE);
        }
    }
    tail +=
        &format!("report  {shown}/report.html      data  {shown}/*.parquet      repeat  remission verify {shown}\n");
    if args.json {
        warn!("{table}{tail}");
        sayln!("{:#}", print::json(&data, seconds, &out.display().to_string()));
    } else {
        say!("{table}{tail}");
    }
    Ok(if data.failed_count > 0 { code::FAILED_PATIENTS } else { code::DONE })
}

/// Simulates, and makes every file of the run directory, the record last.
fn make(
    job: &Job,
    loaded: &Loaded,
    csv: bool,
    kept: &mut Unfinished,
    stop: &AtomicBool,
    bar: &ProgressBar,
) -> Result<ReportData, Exit> {
    let whole = kept.whole()?;
    let put = |name: &str, bytes: &[u8]| disk::write(&whole.join(name), bytes).map_err(disk::exit);
    let expected = expected::beside(kept.asked.expected.as_deref(), &loaded.name);
    let set = expected::set_of(&loaded.name);
    let answers = Answers::of(&expected, set, loaded, &job.study);
    let mut data = simulate(job, &whole, stop, bar, Some(kept), answers)?;
    data.misses = expected.misses(set);
    for source in &loaded.sources {
        put(&record::input_name(source), source.text.as_bytes())?;
    }
    let resolved = remission_model::resolved_to_toml(&job.compiled.model)
        + "\n"
        + &remission_model::resolved_study_to_toml(&job.study, &job.compiled.model);
    put("resolved.toml", resolved.as_bytes())?;
    let summary = serde_json::to_vec_pretty(&data).map_err(|e| Exit::io("write", &whole, e))?;
    put("summary.json", &summary)?;
    put("report.html", report::render(&data).as_bytes())?;
    let mut record = make_record(&kept.asked, &files(&job.compiled.model), &data, &whole)?;
    if csv {
        for table in files(&job.compiled.model).iter().map(|f| f.trim_end_matches(".parquet")) {
            super::export::convert(&whole, table, &whole)?;
            let file = format!("{table}.csv");
            record.files.insert(file.clone(), record::digest_file(&whole.join(file))?);
        }
    }
    let text = serde_json::to_vec_pretty(&record).map_err(|e| Exit::io("write", &whole, e))?;
    put(record::FILE, &text)?;
    Ok(data)
}

/// A run directory for a job: the one that was named, or the next free one of the default name.
fn begin(job: &Job, loaded: &Loaded, args: &args::Run, every: u32) -> Result<Unfinished, Exit> {
    let asked = Asked {
        format: 1,
        remission: env!("CARGO_PKG_VERSION").to_string(),
        rng_version: record::RNG_VERSION,
        study: job.study.name.clone(),
        seed: job.study.seed,
        patients: job.study.patients,
        method: job.method.name().to_string(),
        csv: args.csv,
        inputs: record::inputs(&loaded.sources),
        expected: loaded.expected.as_ref().map(|source| source.text.clone()),
    };
    let begin = |dir: &Path| Unfinished::begin(dir, asked.clone(), &loaded.sources, every);
    if let Some(out) = &args.out {
        return begin(out).map_err(|taken| match taken {
            Taken::Locked(exit) | Taken::Refused(exit) => exit,
        });
    }
    let base = format!("{}-{}-{}", job.study.name.replace(['/', '\\'], "-"), job.study.patients, job.study.seed);
    let mut number = 1;
    loop {
        let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
        let dir = Path::new("runs").join(name);
        number += 1;
        if is_unfinished(&dir) {
            warnln!("note: {}", unfinished::message(&dir));
        }
        if !is_free(&dir) {
            continue;
        }
        match begin(&dir) {
            Ok(run) => return Ok(run),
            // Another process took it meanwhile.
            Err(Taken::Locked(_)) => {}
            Err(Taken::Refused(_)) if !is_free(&dir) => {}
            Err(Taken::Refused(exit)) => return Err(exit),
        }
    }
}

fn make_record(asked: &Asked, tables: &[&str], data: &ReportData, folder: &Path) -> Result<Record, Exit> {
    let digests = |names: &[&str]| -> Result<BTreeMap<String, String>, Exit> {
        names.iter().map(|name| Ok((name.to_string(), record::digest_file(&folder.join(name))?))).collect()
    };
    Ok(asked.clone().record(digests(tables)?, digests(&record::OTHERS)?, data.failed.clone()))
}

/// A folder as it can be pasted into a shell.
pub fn shown(folder: &Path) -> String {
    let text = folder.components().collect::<PathBuf>().display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// A bar on a terminal, elsewhere what is being done, if that is to be said; always on stderr.
pub fn progress(number: u64, what: &str, doing: Option<&str>) -> ProgressBar {
    let bar = ProgressBar::new(number);
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
    } else {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        if let Some(doing) = doing {
            warnln!("{doing}");
        }
    }
    if let Ok(style) =
        ProgressStyle::with_template(&format!("{{bar:32}} {{pos}}/{{len}} {what}  {{msg}}  {{eta}} left"))
    {
        bar.set_style(style);
    }
    bar
}

/// The same for the patients of a run.
pub fn progress_of(patients: u32) -> ProgressBar {
    let number = u64::from(patients);
    progress(number, "patients", Some(&format!("simulating {}", words::patients(number))))
}
