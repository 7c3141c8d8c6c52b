//! Independent pieces of work on several threads, with a way to stop and to say how far it is. The only threads of
//! this crate; results come in the order of the pieces, so their number changes nothing.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Asked to stop before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// What the caller allows and wants to know.
pub struct Control<'a> {
    /// Most threads, 1 or more.
    pub threads: usize,
    /// Set to stop.
    pub stop: &'a AtomicBool,
    /// Told the share of the work that is done, 0 to 1; may be called from any thread.
    pub progress: &'a (dyn Fn(f64) + Sync),
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Control<'static> {
    /// One thread, never stopped, nothing told.
    pub fn quiet() -> Control<'static> {
        Control { threads: 1, stop: &NEVER, progress: &|_| {} }
    }
}

impl Control<'_> {
    /// Errs once a stop was asked for.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.stop.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }

    /// Tells how much is done, 0 to 1.
    pub fn done(&self, share: f64) {
        (self.progress)(share);
    }

    /// `work` on every item in turn, each an equal part of the whole; the first error ends it.
    pub fn each<I, T, E>(&self, items: &[I], mut work: impl FnMut(&I, &Control) -> Result<T, E>) -> Result<Vec<T>, E> {
        let share = |k: usize| k as f64 / items.len() as f64;
        let one = |(k, item): (usize, &I)| self.part(share(k), share(k + 1), |control| work(item, control));
        items.iter().enumerate().map(one).collect()
    }

    /// The part of the work from `from` to `until` (shares) as a control of its own, given to `work`.
    pub fn part<T>(&self, from: f64, until: f64, work: impl FnOnce(&Control) -> T) -> T {
        let progress = |share: f64| (self.progress)(from + (until - from) * share);
        work(&Control { threads: self.threads, stop: self.stop, progress: &progress })
    }
}

/// `work(0), ..., work(count - 1)`, in this order whatever the threads; each piece is given a control for itself.
///
/// ```
/// use remission_infer::jobs::{Control, map};
/// let control = Control { threads: 3, ..Control::quiet() };
/// assert_eq!(map(5, &control, |k, _| Ok(k * k)).unwrap(), [0, 1, 4, 9, 16]);
/// ```
pub fn map<T: Send>(
    count: usize,
    control: &Control,
    work: impl Fn(usize, &Control) -> Result<T, Interrupted> + Sync,
) -> Result<Vec<T>, Interrupted> {
    let shares = Mutex::new(vec![0.0; count]);
    let one = |k: usize| {
        control.check()?;
        let progress = |share: f64| {
            let total = {
                let mut shares = shares.lock().unwrap_or_else(|e| e.into_inner());
                shares[k] = share;
                shares.iter().sum::<f64>()
            };
            (control.progress)(total / count as f64);
        };
        let found = work(k, &Control { threads: 1, stop: control.stop, progress: &progress });
        progress(1.0);
        found
    };
    if control.threads <= 1 || count <= 1 {
        return (0..count).map(one).collect();
    }
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Option<Result<T, Interrupted>>>> = Mutex::new((0..count).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..control.threads.min(count) {
            scope.spawn(|| {
                loop {
                    let k = next.fetch_add(1, Ordering::Relaxed);
                    if k >= count {
                        return;
                    }
                    let result = one(k);
                    found.lock().unwrap_or_else(|e| e.into_inner())[k] = Some(result);
                }
            });
        }
    });
    let found = found.into_inner().unwrap_or_else(|e| e.into_inner());
    found.into_iter().map(|r| r.unwrap_or(Err(Interrupted))).collect()
}

/// Every state carried on by `work`, as [`map`]: what holds memory goes from stretch to stretch.
pub fn carried<T: Send>(
    states: Vec<T>,
    control: &Control,
    work: impl Fn(T, &Control) -> Result<T, Interrupted> + Sync,
) -> Result<Vec<T>, Interrupted> {
    let slots: Vec<Mutex<Option<T>>> = states.into_iter().map(|s| Mutex::new(Some(s))).collect();
    map(slots.len(), control, |k, control| {
        let state = slots[k].lock().unwrap_or_else(PoisonError::into_inner).take();
        work(state.ok_or(Interrupted)?, control)
    })
}
