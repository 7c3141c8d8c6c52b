//! Printing that does not fall over when the reader has gone (`remission catalogue | head`): a closed pipe is the
//! reader's choice. Output that could not be written for another reason (a full device) is remembered, and ends in exit
//! code 5.

use std::io::{Error, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// Notes the outcome of a write to stdout.
pub fn note(result: Result<(), Error>) {
    if result.is_err_and(|e| e.kind() != ErrorKind::BrokenPipe) {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// True when something printed was lost.
pub fn lost() -> bool {
    use std::io::Write;
    note(std::io::stdout().lock().flush());
    LOST.load(Ordering::Relaxed)
}

/// As `print!`.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        $crate::say::note(write!(std::io::stdout().lock(), $($text)*));
    }};
}

/// As `println!`.
macro_rules! sayln {
    ($($text:tt)*) => {{
        use std::io::Write;
        $crate::say::note(writeln!(std::io::stdout().lock(), $($text)*));
    }};
}

/// As `eprint!`.
macro_rules! warn {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = write!(std::io::stderr().lock(), $($text)*);
    }};
}

/// As `eprintln!`.
macro_rules! warnln {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr().lock(), $($text)*);
    }};
}
