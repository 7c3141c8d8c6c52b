//! Ctrl-C and SIGTERM. The first raises a flag that the runner looks at; whatever else the program is busy with then, it ends
//! within [`LONGEST`]. The second ends it at once. Both are safe at any moment, because kill -9 is.

use crate::failure::code;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// From the first signal to the end of the program, at most.
const LONGEST: Duration = Duration::from_millis(800);

static NOTE: Mutex<String> = Mutex::new(String::new());

/// The flag that the first signal raises.
pub fn flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = stop.clone();
    // Without a handler Ctrl-C still ends the program; only the tidy message is lost.
    let _ = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(code::INTERRUPTED.into());
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
