//! `remission`: simulate cancers under treatment, and say where resistance came from.
//!
//! One file per command; files, formats and pictures live here and nowhere else.

#[macro_use]
mod say;

mod args;
mod asked;
mod audit;
mod bench;
mod bounded;
mod catalogue;
mod commands;
mod csv;
mod diff;
mod disk;
mod expected;
mod explain;
mod extra_arms;
mod failure;
mod figures;
mod folder;
// Nothing calls it yet.
mod inferred;
mod interrupt;
mod layout;
mod load;
mod map;
mod muller;
mod pages;
mod pictures;
mod print;
mod problems;
mod record;
mod report;
mod schema;
mod sensitivity;
mod tables;
mod treatment;
mod unfinished;

use args::{Cli, Command};
use clap::Parser;
use failure::code;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let error = args::told(error, std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()));
            // Help and version are answers; everything else is input refused.
            let refused = error.use_stderr();
            if error.print().is_err() && !refused {
                warnln!("error: cannot write to the standard output; what was printed is incomplete");
                return ExitCode::from(code::IO);
            }
            return ExitCode::from(if refused { code::REFUSED } else { code::DONE });
        }
    };
    let stop = interrupt::flag();
    let result = match &cli.command {
        Command::Run(args) => commands::run::run(args, &stop),
        Command::Check(args) => commands::check::check(args, &stop),
        Command::Verify { dir, threads } => commands::verify::verify(dir, *threads, &stop),
        Command::Report { dir } => commands::report::report(dir),
        Command::Diff(args) => commands::diff::diff(args),
        Command::Bench(args) => commands::bench::bench(args, &stop),
        Command::Export(args) => commands::export::export(args),
        Command::Schema { file } => commands::schema::schema(*file),
        Command::Completions { shell } => commands::completions::completions(*shell),
        Command::Fmt { files, check } => commands::fmt::fmt(files, *check),
        Command::Explain(args) => commands::explain::explain(args, &stop),
        Command::Map(args) => commands::map::map(args),
        Command::Sensitivity(args) => commands::sensitivity::sensitivity(args, &stop),
        Command::Law(args) => commands::law::law(args, &stop),
        Command::Infer { assay } => commands::infer::infer(assay, &stop),
        Command::New { dir } => commands::new::new(dir),
        Command::Catalogue { what: None, json } => commands::catalogue::list(*json),
        Command::Catalogue { what: Some(args::Entry::Show { id }), .. } => commands::catalogue::show(id),
        Command::Catalogue { what: Some(args::Entry::Copy { id, dir }), .. } => commands::catalogue::copy(id, dir),
        Command::Catalogue { what: Some(args::Entry::Test(args)), .. } => commands::catalogue_test::test(args, &stop),
        Command::Catalogue { what: Some(args::Entry::Audit(args)), .. } => commands::catalogue_audit::audit(args),
        Command::Catalogue { what: Some(args::Entry::Pages(args)), .. } => {
            commands::catalogue_pages::pages(args, &stop)
        }
    };
    if say::lost() {
        warnln!("error: cannot write to the standard output; what was printed is incomplete");
        return ExitCode::from(code::IO);
    }
    match result {
        Ok(code) => ExitCode::from(code),
        Err(exit) => {
            warnln!("{}", exit.message.trim_end());
            ExitCode::from(exit.code)
        }
    }
}
