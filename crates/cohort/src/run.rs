//! All patients of a study on all cores, handed on in patient order.
//!
//! Patients are independent and their streams are found by number, so who computes what in which order changes
//! nothing. This is the only file with threads.

use crate::outcome::PatientOutcome;
use crate::patient::{self, Method};
use remission_engine::compiled::Compiled;
use remission_model::resolved::Study;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;

/// Patients computed at a time by one worker.
const BATCH: u32 = 16;

/// Options of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How patients are simulated.
    pub method: Method,
    /// Worker threads, at least 1.
    pub threads: usize,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// Every patient was tried.
    Complete,
    /// The stop flag was raised.
    Interrupted,
}

/// Runs every patient of `study` and gives them to `take`, in order of their number.
///
/// `stop` is looked at between patients. A panic inside one patient is reported as that patient's failure.
///
/// # Errors
/// The first error that `take` returns ends the run.
pub fn run<E>(
    compiled: &Compiled,
    study: &Study,
    options: Options,
    stop: &AtomicBool,
    mut take: impl FnMut(PatientOutcome) -> Result<(), E>,
) -> Result<Finish, E> {
    let next = AtomicU32::new(0);
    let quit = AtomicBool::new(false);
    let halted = || stop.load(Ordering::Relaxed) || quit.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel::<(u32, Vec<PatientOutcome>)>(4 * options.threads.max(1));
        for _ in 0..options.threads.max(1) {
            let send = send.clone();
            let (next, halted) = (&next, &halted);
            scope.spawn(move || {
                loop {
                    let first = next.fetch_add(BATCH, Ordering::Relaxed);
                    if first >= study.patients || halted() {
                        return;
                    }
                    let last = first.saturating_add(BATCH).min(study.patients);
                    let mut batch = Vec::with_capacity((last - first) as usize);
                    for number in first..last {
                        if halted() {
                            return;
                        }
                        batch.push(guarded(compiled, study, number, options.method));
                    }
                    if send.send((first, batch)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        let mut result = Ok(());
        for (first, batch) in receive {
            waiting.insert(first, batch);
            while let Some(batch) = waiting.remove(&due) {
                due += batch.len() as u32;
                for patient in batch {
                    if result.is_ok() {
                        result = take(patient);
                        if result.is_err() {
                            quit.store(true, Ordering::Relaxed);
                        }
                    }
                }
            }
        }
        result?;
        Ok(if due >= study.patients { Finish::Complete } else { Finish::Interrupted })
    })
}

fn guarded(compiled: &Compiled, study: &Study, number: u32, method: Method) -> PatientOutcome {
    let attempt = std::panic::AssertUnwindSafe(|| patient::run(compiled, study, number, method));
    std::panic::catch_unwind(attempt).unwrap_or_else(|_| PatientOutcome {
        patient: number,
        covariates: Vec::new(),
        arms: Err((None, "an internal promise was broken; this is a bug in remission".into())),
    })
}
