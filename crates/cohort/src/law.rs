//! The law of a study: for every arm, what the backward equations say of the typical patient or of the first patients of
//! a run, without simulation.
//!
//! It is the law of the cells under the planned doses of the arm from day 0 to the horizon: nobody dies, no run ends at a
//! ceiling or at progression, and days of visits are the planned ones. What follows progression is not in it, since that
//! depends on what a visit sees; so do rules of dose modification, and an arm that has them is refused.
//!
//! Of several patients, probabilities and expected numbers are means over the patients, and quantiles those of the law
//! of a patient taken at random. Patients are added up in order of their number, so the number of threads changes no bit.

use crate::levels::typical;
use crate::run::{Finish, Handed, each};
use crate::variation::{self, visit_days};
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
/// Counts a decade at which the law of several patients is added up.
const A_DECADE: usize = 16;
/// Decades of counts.
const DECADES: usize = 40;
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
/// Once `stop` is raised, this returns within a fraction of a second.
///
/// # Errors
/// [`Refused`], with every obstacle at once.
pub fn law(
    compiled: &Compiled,
    study: &Study,
    patients: Option<u32>,
    threads: usize,
    stop: &AtomicBool,
) -> Result<StudyLaw, Refused> {
    let centre = typical(&compiled.model);
    let (given, asked) = (compiled.clone(), study.clone());
    let look = all(1, threads, stop, move |_| expressible(&given, &asked, &centre))?;
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
        let found = all(n, threads, stop, move |arm| asked.guarded(arm as usize, 0))?;
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

/// Results of all of `0..number`, in order.
fn all<T: Send + 'static>(
    number: u32,
    threads: usize,
    stop: &AtomicBool,
    one: impl Fn(u32) -> T + Send + Sync + 'static,
) -> Result<Vec<T>, Refused> {
    let mut out = Vec::new();
    let taken = each(0..number, threads, 1, stop, one, |handed| {
        if let Handed::Next(found) = handed {
            out.push(found);
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
}

impl Asked {
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

/// Counts at which the law of several patients is added up.
fn grid() -> Vec<f64> {
    let mut grid = vec![0.0];
    for k in 0..A_DECADE * DECADES {
        let n = libm::round(libm::exp10(k as f64 / A_DECADE as f64));
        if grid.last().is_none_or(|g| *g < n) {
            grid.push(n);
        }
    }
    grid
}

/// Adds up patients.
struct Gather {
    out: ArmLaw,
    /// Counts and the sum of P(X <= count), where there are several patients.
    grid: Vec<(f64, f64)>,
    /// Cells at which a run ends.
    ceiling: f64,
    /// Sums of shares of clones and of cells, and the patients in them.
    shares: [([f64; Origin::ALL.len()], f64); 2],
}

impl Gather {
    fn new(asked: Arc<Asked>, arm: usize) -> Self {
        let zero = Day { day: 0.0, no_resistant: 0.0, arrived: 0.0, lasting: 0.0 };
        let arm = &asked.study.arms[arm];
        let out = ArmLaw {
            name: arm.name.clone(),
            cure: 0.0,
            days: std::iter::once(0.0).chain(asked.days.iter().copied()).map(|day| Day { day, ..zero }).collect(),
            origins: vec![OfOrigin { present: 0.0, clones: 0.0, cells: 0.0 }; Origin::ALL.len()],
            clone_shares: None,
            cell_shares: None,
            resistant: [None; SHARES.len()],
            time: [None; SHARES.len()],
            founder_error: Off::AtMost(0.0),
            mutated: 0.0,
            patients: 0,
            failed: Vec::new(),
            notes: notes(arm, &asked.compiled, &asked.study),
        };
        let grid = grid().into_iter().map(|n| (n, 0.0)).collect();
        Gather { out, grid, ceiling: asked.study.ceiling, shares: Default::default() }
    }

    /// Adds a patient.
    fn add(&mut self, one: One) {
        let out = &mut self.out;
        out.patients += 1;
        out.cure += one.cure;
        for (sum, day) in out.days.iter_mut().zip(&one.days) {
            sum.no_resistant += day.no_resistant;
            sum.arrived += day.arrived;
            sum.lasting += day.lasting;
        }
        for (sum, o) in out.origins.iter_mut().zip(&one.origins) {
            sum.present += o.present;
            sum.clones += o.clones;
            sum.cells += o.cells;
        }
        add_shares(&mut self.shares[0], &one.origins, |o| o.clones);
        add_shares(&mut self.shares[1], &one.origins, |o| o.cells);
        let farthest = out.founder_error.value().max(one.off.value());
        out.founder_error = match (out.founder_error, one.off) {
            (Off::AtMost(_), Off::AtMost(_)) => Off::AtMost(farthest),
            _ => Off::About(farthest),
        };
        out.mutated = out.mutated.max(one.mutated);
        out.resistant = one.quantiles;
        self.grid.iter_mut().zip(&one.below).for_each(|(g, p)| g.1 += p);
    }

    fn finish(mut self) -> ArmLaw {
        let n = f64::from(self.out.patients.max(1));
        let out = &mut self.out;
        out.cure /= n;
        for day in &mut out.days {
            day.no_resistant /= n;
            day.arrived /= n;
            day.lasting /= n;
        }
        for o in &mut out.origins {
            o.present /= n;
            o.clones /= n;
            o.cells /= n;
        }
        let [clones, cells] = self.shares.map(|(sums, n)| (n > 0.0).then(|| sums.map(|s| s / n)));
        (out.clone_shares, out.cell_shares) = (clones, cells);
        let ceiling = self.ceiling;
        for (k, share) in SHARES.iter().enumerate() {
            if self.grid.iter().any(|g| g.1 > 0.0) {
                out.resistant[k] = on_grid(&self.grid, share * n);
            }
            out.time[k] = reached(&out.days, *share);
        }
        if out.patients > 0 && out.resistant[SHARES.len() - 1].is_none_or(|n| n > ceiling) {
            out.notes.push("cells grow on beyond the ceiling at which a run ends".into());
        }
        self.out
    }
}

/// Adds a patient's shares, where there is anything to share.
fn add_shares(
    (sums, patients): &mut ([f64; Origin::ALL.len()], f64),
    origins: &[OfOrigin],
    of: impl Fn(&OfOrigin) -> f64,
) {
    let all: f64 = origins.iter().map(&of).sum();
    if all > 0.0 && all.is_finite() {
        sums.iter_mut().zip(origins).for_each(|(s, o)| *s += of(o) / all);
        *patients += 1.0;
    }
}

/// The count at which a sum over patients reaches `share`, between grid points on a logarithmic line.
fn on_grid(grid: &[(f64, f64)], share: f64) -> Option<f64> {
    let at = grid.partition_point(|g| g.1 < share);
    let &(b, q) = grid.get(at)?;
    let Some((a, p)) = at.checked_sub(1).map(|k| grid[k]) else { return Some(0.0) };
    let part = ((share - p) / (q - p)).clamp(0.0, 1.0);
    let n = if a < 1.0 { a + part * (b - a) } else { a * libm::pow(b / a, part) };
    Some(libm::ceil(n))
}

/// First day at which `lasting` reaches `share`, on straight lines between days.
fn reached(days: &[Day], share: f64) -> Option<f64> {
    let at = days.iter().position(|d| d.lasting >= share)?;
    let Some(before) = at.checked_sub(1).map(|k| days[k]) else { return Some(days[0].day) };
    let part = (share - before.lasting) / (days[at].lasting - before.lasting);
    Some(before.day + part * (days[at].day - before.day))
}

/// What the law leaves out of an arm.
fn notes(arm: &Arm, compiled: &Compiled, study: &Study) -> Vec<String> {
    let mut notes = Vec::new();
    if study.recist_on.is_some() {
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
