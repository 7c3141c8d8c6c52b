//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use remission_cohort::patient::Method;
use std::path::PathBuf;

/// Simulates cancers under treatment cell by cell and says where resistance came from.
#[derive(Debug, Parser)]
#[command(name = "remission", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a study: every virtual patient in every arm
    Run(Run),
    /// Check a model and its study without running it; for a catalogue entry also against its published numbers
    Check(Check),
    /// Repeat a run from its record and compare every table bit for bit
    Verify {
        /// Run directory
        dir: PathBuf,
        /// Worker threads [default: all cores]
        #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
    },
    /// Write the report of a run directory again
    Report {
        /// Run directory
        dir: PathBuf,
    },
    /// Say in plain words what a model and its study are, or what an error code means
    Explain(Explain),
    /// Write a small study that runs as it is, every section explained, to start your own
    New {
        /// Folder to write; an existing one must be empty
        dir: PathBuf,
    },
    /// List the catalogue, show an entry, or copy one to start your own
    #[command(args_conflicts_with_subcommands = true)]
    Catalogue {
        /// What to do with an entry
        #[command(subcommand)]
        what: Option<Entry>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `remission catalogue show|copy`
#[derive(Debug, Subcommand)]
pub enum Entry {
    /// Show an entry: question, arms, published numbers, files, notes
    Show {
        /// Catalogue ID
        id: String,
    },
    /// Copy an entry's model, study and data into a folder of your own
    Copy {
        /// Catalogue ID
        id: String,
        /// Folder to write; an existing one must be empty
        dir: PathBuf,
    },
}

/// `remission explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// Catalogue ID, a folder with model.toml (and study.toml), a model file, or an error code such as RM0401
    #[arg(required_unless_present = "list")]
    pub what: Option<String>,
    /// List all error codes
    #[arg(long)]
    pub list: bool,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// `remission run`
#[derive(Debug, Args)]
pub struct Run {
    /// Catalogue ID, or a folder with model.toml and study.toml
    pub study: String,
    /// Patients per arm [default: the study's]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
    /// Seed of every random draw [default: the study's]
    #[arg(long, allow_negative_numbers = true)]
    pub seed: Option<u64>,
    /// Worker threads; they change nothing but the time [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// One more arm: "[NAME =] SENTENCE [; SENTENCE ...]", such as "erlotinib 100 mg oral every day"; may be repeated
    #[arg(long, value_name = "ARM")]
    pub arm: Vec<String>,
    /// How tumours are advanced
    #[arg(long, value_enum, default_value_t = MethodArg::Leap)]
    pub method: MethodArg,
    /// Run directory to write; an existing one must be empty [default: runs/STUDY-PATIENTS-SEED]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long)]
    pub json: bool,
}

/// `remission check`
#[derive(Debug, Args)]
pub struct Check {
    /// Catalogue ID, a folder with model.toml (and study.toml), or a model file
    pub study: String,
    /// Patients per arm for a catalogue entry's published numbers [default: the study's]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
    /// Only read the files; do not run the entry against its published numbers
    #[arg(long)]
    pub read_only: bool,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// [`Method`] as a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MethodArg {
    /// Event by event; for small tumours
    Exact,
    /// Whole steps from the exact law; any size
    Leap,
    /// The mean equations
    Mean,
}

impl From<MethodArg> for Method {
    fn from(arg: MethodArg) -> Method {
        match arg {
            MethodArg::Exact => Method::Exact,
            MethodArg::Leap => Method::Leap,
            MethodArg::Mean => Method::Mean,
        }
    }
}
