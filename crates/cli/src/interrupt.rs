//! Ctrl-C and SIGTERM. The first raises a flag that the runner looks at; whatever else the program is busy with then, it ends
//! within [`LONGEST`]. A second one ends it at once, unless it comes so soon that it must be the same ([`SAME`]): a job manager may
//! signal a process and its group. All are safe at any moment, because kill -9 is.

use crate::failure::code;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// From the first signal to the end of the program, at most.
const LONGEST: Duration = Duration::from_millis(800);
/// Signals within this time of the first are one.
const SAME: Duration = Duration::from_millis(300);

static NOTE: Mutex<String> = Mutex::new(String::new());

/// The flag that the first signal raises.
pub fn flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    // Without a handler Ctrl-C still ends the program; only the tidy message is lost.
    let _ = ctrlc::set_handler(move || {
        static FIRST: OnceLock<Instant> = OnceLock::new();
        let first = *FIRST.get_or_init(Instant::now);
        if raised.swap(true, Ordering::Relaxed) {
            if first.elapsed() > SAME {
                std::process::exit(code::INTERRUPTED.into());
            }
            return;
        }
        std::thread::spawn(|| {
            std::thread::sleep(LONGEST);
            let note = NOTE.lock().unwrap_or_else(PoisonError::into_inner).clone();
            warnln!("{}", if note.is_empty() { "interrupted" } else { &note });
            std::process::exit(code::INTERRUPTED.into());
        });
    });
    stop
}

/// What to say when the program is interrupted from now on.
pub fn note(text: String) {
    *NOTE.lock().unwrap_or_else(PoisonError::into_inner) = text;
}
