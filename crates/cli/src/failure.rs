//! What a command can end with, and the exit code of each.

use std::fmt;
use std::path::Path;

/// Exit codes, as promised in the README.
pub mod code {
    /// Done.
    pub const DONE: u8 = 0;
    /// Input refused (flags included), or a catalogue check failed.
    pub const REFUSED: u8 = 1;
    /// Finished with failed patients.
    pub const FAILED_PATIENTS: u8 = 3;
    /// `verify` found a difference.
    pub const DIFFERS: u8 = 4;
    /// Reading or writing failed.
    pub const IO: u8 = 5;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a command stopped: the text to print on stderr and the exit code.
#[derive(Debug)]
pub struct Exit {
    /// Ready to print.
    pub message: String,
    /// One of [`code`].
    pub code: u8,
}

impl Exit {
    /// Input that is not accepted.
    pub fn refused(message: impl Into<String>) -> Exit {
        Exit { message: message.into(), code: code::REFUSED }
    }

    /// Several at once, each said once, with the code of the first.
    pub fn all(exits: Vec<Exit>) -> Exit {
        let code = exits.first().map_or(code::REFUSED, |e| e.code);
        let mut said: Vec<String> = Vec::new();
        for exit in exits {
            let message = exit.message.trim_end().to_string();
            if !said.contains(&message) {
                said.push(message);
            }
        }
        Exit { message: said.join("\n\n"), code }
    }

    /// A file that could not be read or written.
    pub fn io(doing: &str, path: &Path, error: impl fmt::Display) -> Exit {
        Exit { message: format!("error: cannot {doing} {}: {error}", path.display()), code: code::IO }
    }
}
