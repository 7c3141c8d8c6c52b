//! Working on an inference: threads, Ctrl-C, and a bar that shows once it takes longer than a second.

use crate::commands::run::progress;
use indicatif::ProgressBar;
use remission_infer::jobs::Control;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Steps of the bar.
const STEPS: u64 = 1000;

/// Does `work` on so many threads until it is done or `stop` is set; `doing` says what, where no bar can be drawn.
pub fn working<T>(threads: usize, stop: &AtomicBool, doing: &str, work: impl FnOnce(&Control) -> T) -> T {
    let (began, bar): (Instant, Mutex<Option<ProgressBar>>) = (Instant::now(), Mutex::new(None));
    let told = |share: f64| {
        if began.elapsed() < Duration::from_secs(1) {
            return;
        }
        let mut bar = bar.lock().unwrap_or_else(|e| e.into_inner());
        let bar = bar.get_or_insert_with(|| progress(STEPS, "of 1000", Some(doing)));
        bar.set_position((share * STEPS as f64) as u64);
    };
    let found = work(&Control { threads, stop, progress: &told });
    if let Some(bar) = bar.lock().unwrap_or_else(|e| e.into_inner()).take() {
        bar.finish_and_clear();
    }
    found
}
