//! `remission completions`: what a shell needs to complete commands and flags.

use crate::args::Cli;
use crate::failure::{Exit, code};
use clap::CommandFactory;
use clap_complete::Shell;

/// `remission completions`
pub fn completions(shell: Shell) -> Result<u8, Exit> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "remission", &mut out);
    say!("{}", String::from_utf8_lossy(&out));
    Ok(code::DONE)
}
