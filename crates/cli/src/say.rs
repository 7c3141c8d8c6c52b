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

/// A text that a terminal shows and does not obey: control characters other than the ends of lines and tabs, and those that
/// turn the direction of writing, which a title or a name from elsewhere may hold, are replaced. Colours stay.
pub fn harmless(text: &str) -> String {
    let obeyed = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let colours = |at: usize| {
        let rest = text[at..].strip_prefix("\u{1b}[");
        rest.is_some_and(|r| r.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
    };
    text.char_indices().map(|(at, c)| if obeyed(c) && !colours(at) { '\u{fffd}' } else { c }).collect()
}

/// As `print!`, [`harmless`].
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        $crate::say::note(std::io::stdout().lock().write_all($crate::say::harmless(&format!($($text)*)).as_bytes()));
    }};
}

/// As `println!`, [`harmless`].
macro_rules! sayln {
    ($($text:tt)*) => {{
        say!("{}\n", format!($($text)*));
    }};
}

/// As `eprint!`, [`harmless`].
macro_rules! warn {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = std::io::stderr().lock().write_all($crate::say::harmless(&format!($($text)*)).as_bytes());
    }};
}

/// As `eprintln!`, [`harmless`].
macro_rules! warnln {
    ($($text:tt)*) => {{
        warn!("{}\n", format!($($text)*));
    }};
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_terminal_is_told_nothing() {
        assert_eq!(
            super::harmless("a\u{1b}]0;x\u{7}b\r\u{9b}2J\u{202e}"),
            "a\u{fffd}]0;x\u{fffd}b\u{fffd}\u{fffd}2J\u{fffd}"
        );
        assert_eq!(super::harmless("\u{1b}[2J\u{1b}[31;1mred\u{1b}[0m"), "\u{fffd}[2J\u{1b}[31;1mred\u{1b}[0m");
        assert_eq!(super::harmless("\n\tµ ≥"), "\n\tµ ≥");
    }
}
