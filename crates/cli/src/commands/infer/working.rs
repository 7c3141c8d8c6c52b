//! Working on an inference: threads, Ctrl-C, and how far it is once it takes longer than a second: a bar on a terminal,
//! elsewhere a line at every tenth.

use crate::commands::run::progress;
use indicatif::ProgressBar;
use remission_infer::jobs::Control;
use std::io::{IsTerminal, stderr};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Steps of the bar.
const STEPS: u64 = 1000;

/// Does `work` on so many threads until it is done or `stop` is set; `doing` says what, where no bar can be drawn.
pub fn working<T>(threads: usize, stop: &AtomicBool, doing: &str, work: impl FnOnce(&Control) -> T) -> T {
    let began = Instant::now();
    let shown: Mutex<(Option<ProgressBar>, u64)> = Mutex::new((None, 0));
    let told = |share: f64| {
        if began.elapsed() < Duration::from_secs(1) {
            return;
        }
        let mut shown = shown.lock().unwrap_or_else(|e| e.into_inner());
        let bar = shown.0.get_or_insert_with(|| progress(STEPS, "of 1000", Some(doing)));
        bar.set_position((share * STEPS as f64) as u64);
        let tenth = (10.0 * share) as u64;
        if tenth > shown.1 && tenth < 10 && !stderr().is_terminal() {
            shown.1 = tenth;
            warnln!("{} % done after {:.0} s", 10 * tenth, began.elapsed().as_secs_f64());
        }
    };
    let found = work(&Control { threads, stop, progress: &told });
    if let Some(bar) = shown.lock().unwrap_or_else(|e| e.into_inner()).0.take() {
        bar.finish_and_clear();
    }
    found
}
