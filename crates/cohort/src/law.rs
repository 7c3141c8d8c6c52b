//! The law of a study: for every arm, what the backward equations say of the typical patient or of the first patients of
//! a run, without simulation.
//!
//! It is the law of the cells under the planned doses of the arm from day 0 to the horizon: nobody dies, no run ends at a
//! ceiling or at progression, and days of visits are the planned ones. What follows progression is not in it, since that
//! depends on what a visit sees; so do rules of dose modification, and an arm that has them is refused.
//!
//! Of several patients, probabilities and expected numbers are means over the patients, and quantiles those of the law
//! of a patient taken at random. Patients are added up in order of their number, so the number of threads changes no bit.

mod gather;

use crate::levels::typical;
use crate::run::{Finish, Handed, each};
use crate::variation::{self, visit_days};
use gather::{Gather, grid};
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::failure::Failure;
use remission_engine::law::arm::{Law, OfOrigin};
use remission_engine::law::counts::quantile;
use remission_engine::law::expressible::{Dropped, Obstacle, linear};
use remission_engine::law::start::{Beginning, Off};
use remission_engine::state::Origin;
use remission_engine::stream::{Purpose, Stream};
use remission_model::resolved::{AfterProgression, Arm, Regimen, Study, Visits};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Shares of which quantiles are given.
pub const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];
/// Largest treatments whose mean path is looked at for what makes cells act on each other.
const RECORDS: usize = 20;
/// Largest quantile of a count that is given.
const MOST: f64 = 1e40;
/// Largest expected count whose distribution is computed.
const LARGEST_MEAN: f64 = 1e100;
/// Quantiles at [`SHARES`], and P(count <= n) on [`grid`].
type Distribution = ([Option<f64>; SHARES.len()], Vec<f64>);

/// What is known of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Day {
    /// Days since treatment began.
    pub day: f64,
    /// P(no resistant cell is alive).
    pub no_resistant: f64,
    /// P(a resistant cell has been there by this day).
    pub arrived: f64,
    /// P(a resistant cell alive on this day leaves resistant cells to the horizon).
    pub lasting: f64,
}

/// What the law says of an arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmLaw {
    /// Name of the arm.
    pub name: String,
    /// P(no cell of any type at the horizon).
    pub cure: f64,
    /// Day 0, every planned visit, the horizon.
    pub days: Vec<Day>,
    /// By label, in the order of [`Origin::ALL`], at the horizon.
    pub origins: Vec<OfOrigin>,
    /// Share of each label among a patient's living clones that are expected, averaged over patients; `None` where none is.
    pub clone_shares: Option<[f64; Origin::ALL.len()]>,
    /// The same of resistant cells.
    pub cell_shares: Option<[f64; Origin::ALL.len()]>,
    /// Resistant cells at the horizon: quantiles at [`SHARES`]; `None`: more than 10^40.
    pub resistant: [Option<f64>; SHARES.len()],
    /// First day by which a resistant line that lasts to the horizon is there, at [`SHARES`]; `None`: later than the
    /// horizon, or never.
    pub time: [Option<f64>; SHARES.len()],
    /// How far ln P may be off by the founder law, the farthest of the patients; 0 for a start that is typed in.
    pub founder_error: Off,
    /// Expected share of mutated cells when treatment begins; 0 for a start that is typed in.
    pub mutated: f64,
    /// Patients in it.
    pub patients: u32,
    /// Patients that could not be, with why.
    pub failed: Vec<(u32, String)>,
    /// What the law leaves out of this arm, in words.
    pub notes: Vec<String>,
}

/// The law of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyLaw {
    /// Arms, in the study's order.
    pub arms: Vec<ArmLaw>,
    /// Dependences that were left out since they hardly change a rate.
    pub dropped: Vec<Dropped>,
}

/// Why there is no law of a study.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Cells act on each other, or doses depend on what is seen.
    Acting(Vec<Obstacle>),
    /// The typical patient cannot be.
    Typical(String),
    /// Stopped.
    Interrupted,
}

/// What the workers need.
struct Asked {
    compiled: Compiled,
    study: Study,
    days: Vec<f64>,
    /// The typical patient's parameters.
    centre: Vec<f64>,
    /// Patients of a run, or the typical one.
    patients: Option<u32>,
}

/// The law of every arm, computed on `threads` threads: of the typical patient, or of the first `patients` patients of a run.
///
/// Once `stop` is raised, this returns within a fraction of a second. `done` is called with the number of laws solved so far, one
/// a patient and arm.
///
/// # Errors
/// [`Refused`], with every obstacle at once.
pub fn law(
    compiled: &Compiled,
    study: &Study,
    patients: Option<u32>,
    threads: usize,
    stop: &AtomicBool,
    mut done: impl FnMut(u64),
) -> Result<StudyLaw, Refused> {
    let centre = typical(&compiled.model);
    let (given, asked) = (compiled.clone(), study.clone());
    let look = all(1, threads, stop, move |_| expressible(&given, &asked, &centre), |_| {})?;
    let Some((alone, dropped)) = look.into_iter().next().transpose()? else { return Err(Refused::Interrupted) };
    let asked = Arc::new(Asked {
        centre: typical(&compiled.model),
        days: days(study),
        study: study.clone(),
        compiled: alone,
        patients,
    });
    let mut arms: Vec<Gather> = (0..study.arms.len()).map(|a| Gather::new(asked.clone(), a)).collect();
    let Some(number) = patients else {
        let (asked, n) = (asked.clone(), arms.len() as u32);
        let found = all(n, threads, stop, move |arm| asked.guarded(arm as usize, 0), &mut done)?;
        for (gather, one) in arms.iter_mut().zip(found) {
            gather.add(one.map_err(Refused::Typical)?);
        }
        return Ok(StudyLaw { arms: arms.into_iter().map(Gather::finish).collect(), dropped });
    };
    for (arm, gather) in arms.iter_mut().enumerate() {
        let asked = asked.clone();
        let mut due = 0;
        let taken = each(
            0..number,
            threads,
            1,
            stop,
            move |k| asked.guarded(arm, k),
            |handed| {
                if let Handed::Next(found) = handed {
                    match found {
                        Ok(one) => gather.add(one),
                        Err(failure) => gather.out.failed.push((due, failure)),
                    }
                    due += 1;
                    done(arm as u64 * u64::from(number) + u64::from(due));
                }
                Ok::<(), Infallible>(())
            },
        );
        let Ok(end) = taken;
        if end == Finish::Interrupted {
            return Err(Refused::Interrupted);
        }
    }
    Ok(StudyLaw { arms: arms.into_iter().map(Gather::finish).collect(), dropped })
}

/// P(no resistant cell at the horizon), or P(no cell at all), of the typical patient in the first arm of a study, and nothing else:
/// much sooner than all that [`law`] says.
///
/// # Errors
/// As there, but for interruptions.
pub fn typical_none(compiled: &Compiled, study: &Study, resistant: bool) -> Result<f64, Refused> {
    let centre = typical(&compiled.model);
    let (alone, _) = expressible(compiled, study, &centre)?;
    let solve = || -> Result<f64, Failure> {
        let mut exposure = Exposure::new(&alone, &centre, 0.0)?;
        if let Some(arm) = study.arms.first() {
            exposure.follow(arm.regimen_of(0));
        }
        let law = Law::new(&alone, &centre, &exposure, &[study.horizon])?;
        law.none(|i| !resistant || alone.is_resistant(i), 0)
    };
    solve().map_err(|failure| Refused::Typical(failure.to_string()))
}

/// Results of all of `0..number`, in order.
fn all<T: Send + 'static>(
    number: u32,
    threads: usize,
    stop: &AtomicBool,
    one: impl Fn(u32) -> T + Send + Sync + 'static,
    mut done: impl FnMut(u64),
) -> Result<Vec<T>, Refused> {
    let mut out = Vec::new();
    let taken = each(0..number, threads, 1, stop, one, |handed| {
        if let Handed::Next(found) = handed {
            out.push(found);
            done(out.len() as u64);
        }
        Ok::<(), Infallible>(())
    });
    let Ok(end) = taken;
    if end == Finish::Interrupted { Err(Refused::Interrupted) } else { Ok(out) }
}

/// The model as the law carries it, and what was dropped to get there.
fn expressible(compiled: &Compiled, study: &Study, centre: &[f64]) -> Result<(Compiled, Vec<Dropped>), Refused> {
    let mut obstacles: Vec<Obstacle> = Vec::new();
    for arm in study.arms.iter().filter(|a| !a.rules.is_empty()) {
        let why = "doses depend on what visits see, and so on all cells".to_string();
        obstacles.push(Obstacle { term: format!("rules of arm \"{}\"", arm.name), why });
    }
    let treatments: Vec<&Regimen> = study.arms.iter().flat_map(regimens).collect();
    match linear(compiled, centre, &treatments, study.horizon) {
        Ok(found) if obstacles.is_empty() => Ok(found),
        Ok(_) => Err(Refused::Acting(obstacles)),
        Err(more) => {
            obstacles.splice(0..0, more);
            Err(Refused::Acting(obstacles))
        }
    }
}

/// What is given in an arm: its regimen, or its first records.
fn regimens(arm: &Arm) -> Vec<&Regimen> {
    let number = arm.records.as_ref().map_or(1, |r| r.patients.len().clamp(1, RECORDS));
    (0..number as u32).map(|k| arm.regimen_of(k)).collect()
}

/// Planned visits after day 0, and the horizon.
fn days(study: &Study) -> Vec<f64> {
    let planned = Visits { window: 0.0, ..study.visits.clone() };
    let mut days = visit_days(&planned, study.horizon, &mut Stream::new(0, 0, 0, Purpose::Visits));
    if days.last().is_none_or(|&d| d < study.horizon) {
        days.push(study.horizon);
    }
    days
}

/// What the law says of one patient in one arm.
struct One {
    cure: f64,
    days: Vec<Day>,
    origins: Vec<OfOrigin>,
    off: Off,
    mutated: f64,
    /// Of the only patient: quantiles at [`SHARES`].
    quantiles: [Option<f64>; SHARES.len()],
    /// Of several: P(X <= count) on [`grid`].
    below: Vec<f64>,
}

impl Asked {
    /// The same; a panic is reported as a failure, as a run does.
    fn guarded(&self, arm: usize, number: u32) -> Result<One, String> {
        let attempt = std::panic::AssertUnwindSafe(|| self.one(arm, number));
        match std::panic::catch_unwind(attempt) {
            Ok(found) => found.map_err(|failure| failure.to_string()),
            Err(_) => Err("an internal promise was broken; this is a bug in remission".into()),
        }
    }

    /// Patient `number` in an arm.
    fn one(&self, arm: usize, number: u32) -> Result<One, Failure> {
        let compiled = &self.compiled;
        let drawn;
        let parameters = match self.patients {
            None => &self.centre,
            Some(_) => {
                let mut stream = Stream::new(self.study.seed, u64::from(number), 0, Purpose::Parameters);
                drawn = variation::parameters(&compiled.model, &mut stream);
                &drawn
            }
        };
        let resistant = |i: usize| compiled.is_resistant(i);
        let mut exposure = Exposure::new(compiled, parameters, 0.0)?;
        exposure.follow(self.study.arms[arm].regimen_of(number));
        let law = Law::new(compiled, parameters, &exposure, &self.days)?;
        let last = self.days.len() - 1;
        let mut none = vec![law.none_at_start(resistant)?];
        none.extend(law.none_each(resistant)?);
        let cure = law.none(|_| true, last)?.min(none[last + 1]);
        let lasting = law.none_lasting(resistant)?;
        let mut never = law.never(resistant)?;
        // Never is less than none, to the last digit.
        never.iter_mut().zip(none.iter().zip(&lasting)).for_each(|(n, (a, b))| *n = n.min(*a).min(*b));
        let origins = law.origins()?;
        let off = law.founder_error(resistant)?;
        let mean: f64 = origins.iter().map(|o| o.cells).sum();
        let (quantiles, below) = self.resistant(&law, mean, none[last + 1])?;
        let day = |k: usize| Day {
            day: if k == 0 { 0.0 } else { self.days[k - 1] },
            no_resistant: none[k],
            arrived: 1.0 - never[k],
            lasting: 1.0 - lasting[k],
        };
        let days = (0..none.len()).map(day).collect();
        let mutated = if let Beginning::Grown(founders) = &law.beginning { founders.mutated } else { 0.0 };
        Ok(One { cure, days, origins, off, mutated, quantiles, below })
    }

    /// Quantiles of the resistant count of the only patient, or P(count <= n) on [`grid`].
    fn resistant(&self, law: &Law<'_>, mean: f64, none: f64) -> Result<Distribution, Failure> {
        let only = self.patients.is_none_or(|n| n == 1);
        let (mut quantiles, mut below) = ([None; SHARES.len()], Vec::new());
        if mean > LARGEST_MEAN {
            // All that is left to tell is whether there are any.
            quantiles = SHARES.map(|share| (none >= share).then_some(0.0));
            below = if only { below } else { vec![none; grid().len()] };
            return Ok((quantiles, below));
        }
        let mut counted = law.count(|i| self.compiled.is_resistant(i), mean)?;
        if only {
            let mut least = 0.0f64;
            for (k, share) in SHARES.iter().enumerate() {
                // Each is right to 1 %, which in a narrow law is more than they are apart.
                least = least.max(quantile(*share, mean, |n| counted.up_to(n))?);
                quantiles[k] = (least <= MOST).then_some(least);
            }
        } else {
            for n in grid() {
                // Beyond so many times the mean nothing is left that matters.
                below.push(if n > 1e4 * mean { 1.0 } else { counted.up_to(n)? });
            }
        }
        Ok((quantiles, below))
    }
}

/// What the law leaves out of an arm.
fn notes(arm: &Arm, compiled: &Compiled, study: &Study) -> Vec<String> {
    let mut notes = Vec::new();
    if study.assesses_progression() {
        match arm.after_progression {
            AfterProgression::Continue => {}
            _ => notes.push("first-line doses go on after progression, to the horizon".into()),
        }
    }
    if compiled.model.death.is_some() {
        notes.push("nobody dies".into());
    }
    if study.visits.window > 0.0 {
        notes.push("visits are on their planned days".into());
    }
    if !(0..compiled.types()).any(|i| compiled.is_resistant(i)) {
        notes.push("no cell type is resistant (`kind = \"resistant\"` or a `mechanism` makes one so)".into());
    }
    notes
}
