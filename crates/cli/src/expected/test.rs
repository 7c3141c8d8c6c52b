//! An entry against its published numbers: every set and method that a number needs is run once.

use super::entry::Entry;
use super::figure::{Found, arms, of_law};
use super::gather::Patients;
use super::judge::{Check, Size, Status, judge};
use super::quantity::{Law, Quantity};
use super::second::{Second, compare};
use super::spread::{Estimate, SIGMAS};
use super::typical::typical;
use super::{Kind, Published};
use crate::commands::run::{Job, gathered, job};
use crate::failure::{Exit, code};
use crate::load::{Loaded, Source};
use remission_cohort::law::{Refused, StudyLaw, law, typical_none};
use remission_cohort::patient::Method;
use remission_engine::compiled::Compiled;
use remission_model::resolved::{Study, Visits};
use std::sync::atomic::AtomicBool;

/// How the entries are run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choices {
    /// Patients an arm; the study's own where none are given.
    pub patients: Option<u32>,
    /// Seed; the study's own where none is given.
    pub seed: Option<u64>,
}

impl Choices {
    /// Patients an arm of a study's run.
    fn size(self, typical: bool, study: &Study) -> u32 {
        if typical { 1 } else { self.patients.unwrap_or(study.patients) }
    }
}

/// A number that a test of its own judges.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// In words.
    pub name: String,
    /// The test.
    pub judged_by: String,
}

/// What came of an entry.
#[derive(Debug, Clone)]
pub struct Tested {
    /// Catalogue ID, or the folder's name.
    pub id: String,
    /// Numbers, in the order of the file.
    pub checks: Vec<Check>,
    /// Numbers that no run gives.
    pub elsewhere: Vec<Elsewhere>,
    /// How its sets were run, in words.
    pub runs: Vec<String>,
}

/// What [`fn@test`] will do for an entry: a line a run of the cohort, and one each for what the exact law gives and for the second reading.
pub fn plan(entry: &Entry, choices: Choices) -> Vec<String> {
    let all = looked_at(entry);
    let mut out = Vec::new();
    for key in runs(&all) {
        let Some(study) = entry.set(key.0).and_then(|l| l.study.as_ref()) else { continue };
        let arms = match study.arms.len() {
            1 => "its arm".to_string(),
            n => format!("each of {n} arms"),
        };
        let mine = count(all.iter().filter(|(_, p)| is_run(p) && run_of(p) == key).count());
        out.push(format!(
            "{}, in {arms}: for {mine}",
            in_words(key, choices.size(key.2, study), choices.seed.unwrap_or(study.seed))
        ));
    }
    match all.iter().filter(|(_, p)| p.asking.quantity.is_law()).count() {
        0 => {}
        n => out.push(format!("the exact law: for {}", count(n))),
    }
    if entry.second.is_some() && entry.only.is_none() {
        out.push("the second reading beside the first: the typical patient, mean".to_string());
    }
    out
}

fn count(n: usize) -> String {
    format!("{n} published {}", if n == 1 { "number" } else { "numbers" })
}

/// A run in words: what of, how many, how, and with which seed where there is chance.
fn in_words((set, method, typical, with): Run<'_>, patients: u32, seed: u64) -> String {
    let mut name = set.map_or("the entry itself".to_string(), |set| format!("variant {set}"));
    if !with.is_empty() {
        let all: Vec<String> = with.iter().map(|(n, x)| format!("{n} = {x}")).collect();
        name += &format!(" with {}", all.join(", "));
    }
    if typical {
        return format!("{name}: the typical patient, {}", method.name());
    }
    format!("{name}: {} an arm, {}, seed {seed}", crate::report::words::patients(patients.into()), method.name())
}

/// The published numbers that are looked at, with their places in the file.
fn looked_at(entry: &Entry) -> Vec<(usize, &Published)> {
    entry.expected.published.iter().enumerate().filter(|(_, p)| entry.looks_at(p)).collect()
}

/// Whether a run of the cohort gives a number.
fn is_run(p: &Published) -> bool {
    !p.asking.quantity.is_law() && p.asking.quantity != Quantity::Elsewhere
}

/// The runs of the cohort that the numbers need, each once.
fn runs<'a>(all: &[(usize, &'a Published)]) -> Vec<Run<'a>> {
    let mut needed = Vec::new();
    for key in all.iter().filter(|(_, p)| is_run(p)).map(|(_, p)| run_of(p)) {
        if !needed.contains(&key) {
            needed.push(key);
        }
    }
    needed
}

/// Runs an entry against its numbers.
///
/// # Errors
/// Interrupted. What cannot be run fails the numbers that need it.
pub fn test(entry: &Entry, choices: Choices, stop: &AtomicBool) -> Result<Tested, Exit> {
    let all = looked_at(entry);
    let mut out = Tested { id: entry.id.clone(), checks: Vec::new(), elsewhere: Vec::new(), runs: Vec::new() };
    let mut checks: Vec<(usize, Check)> = Vec::new();
    for (k, p) in &all {
        match &p.asking.quantity {
            Quantity::Elsewhere => {
                let judged_by = p.judged_by.clone().unwrap_or_default();
                out.elsewhere.push(Elsewhere { name: p.asking.name.clone(), judged_by });
            }
            Quantity::Law(asked) => {
                let own = entry.set(p.asking.set.as_deref()).and_then(|l| l.study.as_ref());
                let size = own.map(|study| Size { run: choices.size(false, study), own: study.patients });
                checks.push((*k, judge(p, by_law(entry, p, asked, choices, stop)?, size)));
            }
            _ => {}
        }
    }
    if entry.only.is_none() {
        let fits = entry.expected.fits.iter();
        out.elsewhere.extend(fits.map(|f| Elsewhere { name: f.name.clone(), judged_by: f.judged_by.clone() }));
    }
    for key in runs(&all) {
        let (set, method, alone, with) = key;
        let mine: Vec<(usize, &Published)> =
            all.iter().filter(|(_, p)| is_run(p) && run_of(p) == key).copied().collect();
        let Some(loaded) = entry.set(set) else { continue };
        let mut loaded = changed(loaded, with);
        let own = loaded.study.as_ref().map(|s| s.patients);
        if let (true, Some(study)) = (alone, &loaded.study) {
            let (model, study) = typical(&loaded.model, study);
            (loaded.model, loaded.study) = (model, Some(study));
        }
        match job(&loaded, choices.patients.filter(|_| !alone), choices.seed, method, None) {
            Ok(job) => {
                let size = own.filter(|_| !alone).map(|own| Size { run: job.study.patients, own });
                out.runs.push(in_words(key, job.study.patients, job.study.seed));
                for (k, found) in figures(&job, &mine, stop)? {
                    checks.push((k, judge(&entry.expected.published[k], found, size)));
                }
            }
            Err(exit) => {
                let why = exit.message.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string();
                checks.extend(mine.iter().map(|(k, p)| (*k, judge(p, Err(why.clone()), None))));
            }
        }
    }
    checks.sort_by_key(|c| c.0);
    out.checks = checks.into_iter().map(|c| c.1).collect();
    if let (Some(source), None) = (&entry.second, &entry.only) {
        out.checks.push(twice(entry, source));
    }
    Ok(out)
}

/// The second reading of the model as a check like the others: the largest difference, published as none.
fn twice(entry: &Entry, source: &Source) -> Check {
    let plain = Second { set: None, with: Vec::new(), within: 1e-3, line: 1 };
    let second = entry.expected.second.as_ref().unwrap_or(&plain);
    let found = compare(entry, second, source);
    let agrees = found.as_ref().is_ok_and(|f| f.most <= second.within);
    let reason = match &found {
        Ok(f) if agrees => format!("variables compared: {}; farthest apart: {}", f.variables, f.at),
        Ok(f) => format!("the two readings of the model differ: {}", f.at),
        Err(why) => format!("not computable: {why}"),
    };
    Check {
        name: "second reading of the model: largest difference of any variable, as a share".into(),
        set: second.set.clone(),
        arm: None,
        kind: Kind::Predicted,
        published: 0.0,
        printed: format!("0 (at most {})", second.within),
        low: 0.0,
        high: second.within,
        unit: String::new(),
        obtained: found.as_ref().ok().map(|f| f.most).filter(|x| x.is_finite()),
        standard_error: Some(0.0),
        patients: None,
        tolerance: second.within,
        status: if agrees { Status::Reproduces } else { Status::Failed },
        reason: (!agrees).then_some(reason),
        size: None,
        citation: None,
    }
}

/// What one run of the cohort serves: a set, how it is run, of the typical patient alone or not, and parameters that have other values.
type Run<'a> = (Option<&'a str>, Method, bool, &'a [(String, String)]);

fn run_of(p: &Published) -> Run<'_> {
    (p.asking.set.as_deref(), p.method, p.typical, &p.with)
}

/// A set with other values of parameters, whose names and units have been checked.
pub fn changed(loaded: &Loaded, with: &[(String, String)]) -> Loaded {
    let mut loaded = loaded.clone();
    for (name, text) in with {
        let parameter = loaded.model.parameters.iter_mut().find(|p| &p.name == name);
        if let (Some(parameter), Ok(quantity)) = (parameter, remission_model::units::quantity(text)) {
            parameter.value = quantity.value;
        }
    }
    loaded
}

fn interrupted() -> Exit {
    Exit { message: "interrupted: nothing was judged".into(), code: code::INTERRUPTED }
}

/// The figures of one run, by the number of what is published.
type Figures = Vec<(usize, Result<Estimate, String>)>;

fn figures(job: &Job, mine: &[(usize, &Published)], stop: &AtomicBool) -> Result<Figures, Exit> {
    let (model, study) = (&job.compiled.model, &job.study);
    let mut patients = Patients::default();
    for (k, p) in mine {
        patients.keep(*k, &p.asking, model, study);
    }
    let gathered = gathered(job, stop, "nothing was judged", |patient| patients.add(patient))?;
    if let Some((number, _, why)) = gathered.failed.first() {
        let why = format!(
            "{} of {} patients failed, the first (patient {number}): {why}",
            gathered.failed.len(),
            gathered.asked
        );
        return Ok(mine.iter().map(|(k, _)| (*k, Err(why.clone()))).collect());
    }
    let found = Found { model, study, method: job.method, gathered: &gathered, patients: &patients, sigmas: SIGMAS };
    Ok(mine.iter().map(|(k, p)| (*k, found.figure(*k, &p.asking))).collect())
}

/// A probability by the exact law of the typical patient, or averaged over the study's.
fn by_law(
    entry: &Entry,
    p: &Published,
    asked: &Law,
    choices: Choices,
    stop: &AtomicBool,
) -> Result<Result<Estimate, String>, Exit> {
    let Some((loaded, mut study)) = entry
        .set(p.asking.set.as_deref())
        .map(|l| changed(l, &p.with))
        .and_then(|l: Loaded| Some((l.study.clone()?, l)))
        .map(|(s, l)| (l, s))
    else {
        return Ok(Err("there is no study".into()));
    };
    study.horizon = asked.at.unwrap_or(study.horizon);
    study.seed = choices.seed.unwrap_or(study.seed);
    // Nothing else is looked at.
    study.visits = Visits { spacing: vec![(0.0, study.horizon)], window: 0.0 };
    let (arm, against) = arms(&p.asking, &study);
    let compiled = Compiled::new(&loaded.model);
    let of = |arm: usize| -> Result<Result<Estimate, String>, Exit> {
        let mut study = study.clone();
        study.arms = vec![study.arms.swap_remove(arm)];
        let found = if asked.average {
            let number = Some(choices.patients.unwrap_or(study.patients));
            let found: Result<StudyLaw, Refused> =
                law(&compiled, &study, number, crate::args::threads(None), stop, |_| {});
            found.map(|found| of_law(asked, &found, 0))
        } else {
            let resistant = asked.resistant;
            typical_none(&compiled, &study, resistant).map(|value| Ok(Estimate::exact(value)))
        };
        match found {
            Ok(found) => Ok(found),
            Err(Refused::Interrupted) => Err(interrupted()),
            Err(Refused::Typical(why)) => Ok(Err(format!("the typical patient has no law: {why}"))),
            Err(Refused::Acting(obstacles)) => {
                let terms: Vec<String> = obstacles.iter().map(|o| format!("`{}` {}", o.term, o.why)).collect();
                Ok(Err(format!("there is no exact law: {}", terms.join("; "))))
            }
        }
    };
    let own = of(arm)?;
    Ok(match against {
        Some(other) => match (own, of(other)?) {
            (Ok(a), Ok(b)) => a.against(b, p.asking.relation),
            (Err(why), _) | (_, Err(why)) => Err(why),
        },
        None => own,
    })
}
