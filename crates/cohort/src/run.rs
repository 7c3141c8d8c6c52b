//! All patients of a study on all cores, handed on in patient order; or ([`each`]) anything else that patients are asked.
//!
//! Patients are independent and their streams are found by number, so who computes what in which order changes
//! nothing. This is the only file with threads.
//!
//! A patient cannot be stopped half-way, so who waits for the workers does so no longer than `GRACE` once a stop is asked
//! for: the threads are left to themselves and end with the program, or with the patient they are at.

use crate::outcome::PatientOutcome;
use crate::patient::{self, Method};
use remission_engine::compiled::Compiled;
use remission_model::resolved::Study;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most patients that one worker computes at a time, unless a run says otherwise.
pub const BATCH: u32 = 16;
/// A worker hands on what it has after this long, however few patients that is.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often a stop is looked for while nothing arrives.
const LOOK: Duration = Duration::from_millis(50);
/// After a stop, how long patients that are nearly done are waited for.
const GRACE: Duration = Duration::from_millis(250);
/// Who waits longer than this for a patient before is handed on as [`Handed::Ahead`].
const LONG: Duration = Duration::from_secs(2);
/// Patients that may be finished ahead of one that is not, for each worker: what waits stays in memory.
const AHEAD: u32 = 256;

/// Options of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How patients are simulated.
    pub method: Method,
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Most patients that one worker computes at a time, at least 1; it changes nothing but the time.
    pub batch: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// Every patient was tried.
    Complete,
    /// The stop flag was raised.
    Interrupted,
}

/// What the runner gives to whoever takes patients.
#[derive(Debug)]
pub enum Handed<'a, T = PatientOutcome> {
    /// The next patient, in order.
    Next(T),
    /// Patients that were finished a while ago, or at a stop, and wait for one before them. They come again as [`Next`](Self::Next)
    /// when it is their turn.
    Ahead(&'a [T]),
    /// Nothing has arrived for a moment.
    Nothing,
}

/// Patients that wait for one before them.
struct Waiting<T> {
    batch: Vec<T>,
    since: Instant,
    told: bool,
}

/// What the workers share.
struct Shared<T> {
    /// What is computed of a patient, by number.
    one: Box<dyn Fn(u32) -> T + Send + Sync>,
    threads: u32,
    batch: u32,
    next: AtomicU32,
    end: u32,
    quit: AtomicBool,
    /// The first patient that was not handed on yet.
    due: Mutex<u32>,
    moved: Condvar,
}

/// Runs the patients of `study` whose numbers are in `patients` and gives them to `take`, in order of their number.
///
/// Once `stop` is raised, this returns within a fraction of a second, with all patients that were finished in order by then
/// handed on. A panic inside one patient is reported as that patient's failure.
///
/// # Errors
/// The first error that `take` returns ends the run.
pub fn run<E>(
    compiled: &Compiled,
    study: &Study,
    patients: Range<u32>,
    options: Options,
    stop: &AtomicBool,
    take: impl FnMut(Handed) -> Result<(), E>,
) -> Result<Finish, E> {
    let (compiled, study) = (compiled.clone(), study.clone());
    let one = move |number| guarded(&compiled, &study, number, options.method);
    each(patients, options.threads, options.batch, stop, one, take)
}

/// Computes `one` of every patient on `threads` threads, at most `batch` at a time on one, and gives the results to `take` in
/// order of their number; returns as soon after a stop as [`run`] does. `one` must not panic.
///
/// # Errors
/// The first error that `take` returns ends it.
pub fn each<T: Send + 'static, E>(
    patients: Range<u32>,
    threads: usize,
    batch: u32,
    stop: &AtomicBool,
    one: impl Fn(u32) -> T + Send + Sync + 'static,
    mut take: impl FnMut(Handed<'_, T>) -> Result<(), E>,
) -> Result<Finish, E> {
    let threads = threads.max(1);
    let shared = Arc::new(Shared {
        one: Box::new(one),
        threads: threads as u32,
        batch: batch.max(1),
        next: AtomicU32::new(patients.start),
        end: patients.end,
        quit: AtomicBool::new(false),
        due: Mutex::new(patients.start),
        moved: Condvar::new(),
    });
    // Whatever way this function is left, the workers are told.
    let quit = Quit(shared.clone());
    let (send, receive) = mpsc::sync_channel(4 * threads);
    for _ in 0..threads {
        let (shared, send) = (shared.clone(), send.clone());
        std::thread::spawn(move || work(&shared, &send));
    }
    drop(send);
    let mut waiting = BTreeMap::new();
    let mut due = patients.start;
    let mut deadline = None;
    while due < patients.end {
        if deadline.is_none() && stop.load(Ordering::Relaxed) {
            quit.raise();
            deadline = Some(Instant::now() + GRACE);
        }
        let wait = deadline.map_or(LOOK, |end: Instant| end.saturating_duration_since(Instant::now()).min(LOOK));
        match receive.recv_timeout(wait) {
            Ok((first, batch)) => {
                let _: Option<Waiting<T>> =
                    waiting.insert(first, Waiting { batch, since: Instant::now(), told: false });
            }
            Err(RecvTimeoutError::Timeout) if deadline.is_none_or(|end| Instant::now() < end) => take(Handed::Nothing)?,
            Err(_) => break,
        }
        while let Some(next) = waiting.remove(&due) {
            due += next.batch.len() as u32;
            next.batch.into_iter().try_for_each(|patient| take(Handed::Next(patient)))?;
        }
        ahead(&mut waiting, LONG, &mut take)?;
        *shared.due.lock().unwrap_or_else(PoisonError::into_inner) = due;
        shared.moved.notify_all();
    }
    ahead(&mut waiting, Duration::ZERO, &mut take)?;
    Ok(if due >= patients.end { Finish::Complete } else { Finish::Interrupted })
}

/// Hands on, once, who has waited for so long.
fn ahead<T, E>(
    waiting: &mut BTreeMap<u32, Waiting<T>>,
    long: Duration,
    take: &mut impl FnMut(Handed<'_, T>) -> Result<(), E>,
) -> Result<(), E> {
    for one in waiting.values_mut().filter(|w| !w.told && w.since.elapsed() >= long) {
        one.told = true;
        take(Handed::Ahead(&one.batch))?;
    }
    Ok(())
}

/// Raises the workers' flag when dropped.
struct Quit<T>(Arc<Shared<T>>);

impl<T> Quit<T> {
    fn raise(&self) {
        // Under the lock, so that no worker misses it between looking and waiting.
        let _due = self.0.due.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.quit.store(true, Ordering::Relaxed);
        self.0.moved.notify_all();
    }
}

impl<T> Drop for Quit<T> {
    fn drop(&mut self) {
        self.raise();
    }
}

fn work<T>(shared: &Shared<T>, send: &mpsc::SyncSender<(u32, Vec<T>)>) {
    let batch = shared.batch;
    let ahead = AHEAD.max(batch).saturating_mul(shared.threads);
    let quit = || shared.quit.load(Ordering::Relaxed);
    loop {
        let first = shared.next.fetch_add(batch, Ordering::Relaxed);
        if first >= shared.end || quit() {
            return;
        }
        let mut due = shared.due.lock().unwrap_or_else(PoisonError::into_inner);
        while first - (*due).min(first) > ahead && !quit() {
            due = shared.moved.wait(due).unwrap_or_else(PoisonError::into_inner);
        }
        drop(due);
        let last = first.saturating_add(batch).min(shared.end);
        let (mut begins, mut began, mut done) = (first, Instant::now(), Vec::new());
        for number in first..last {
            if quit() {
                break;
            }
            done.push((shared.one)(number));
            if began.elapsed() > PATIENCE {
                if send.send((begins, std::mem::take(&mut done))).is_err() {
                    return;
                }
                (begins, began) = (number + 1, Instant::now());
            }
        }
        if !done.is_empty() && send.send((begins, done)).is_err() {
            return;
        }
    }
}

/// A patient; a panic is reported as that patient's failure.
pub(crate) fn guarded(compiled: &Compiled, study: &Study, number: u32, method: Method) -> PatientOutcome {
    let attempt = std::panic::AssertUnwindSafe(|| patient::run(compiled, study, number, method));
    std::panic::catch_unwind(attempt).unwrap_or_else(|_| PatientOutcome {
        patient: number,
        covariates: Vec::new(),
        arms: Err((None, "an internal promise was broken; this is a bug in remission".into())),
    })
}
