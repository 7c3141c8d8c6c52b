//! The command line.

pub mod infer;

use clap::error::{ContextKind, ContextValue};
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
    /// Read and check a study folder with everything beside it; where it has published numbers, run it against them
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
    /// Draw a model as a map: what there is, what becomes of it, what acts on which rate, on which evidence
    Map(Map),
    /// Probability of cure, of resistance and of its origins without simulation, where cells do not act on each other
    Law(Law),
    /// Which uncertain numbers decide what a study says: elementary effects, shares of variance, tornados, rival models
    Sensitivity(Sensitivity),
    /// Find out from data where resistance came from: one assay or patient series at a time
    Infer {
        /// Which kind of data
        #[command(subcommand)]
        assay: infer::Assay,
    },
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
    /// Say in words how two studies, models or run directories differ
    Diff(Diff),
    /// Time standard workloads on this machine and compare them with their exact law
    Bench(Bench),
    /// Write the tables of a run directory as CSV, or one patient's clones for R's ggmuller
    Export(Export),
    /// Print the JSON Schema of a kind of file, for editors
    Schema {
        /// Which file
        #[arg(value_enum)]
        file: crate::schema::File,
    },
    /// Print what a shell needs to complete commands and flags
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Put model, study and regimen files into one layout; comments and numbers stay as written
    Fmt {
        /// Files, or study folders
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Write nothing; name the files that would change and exit with 1
        #[arg(long)]
        check: bool,
    },
}

/// `remission catalogue show|copy|test|audit|pages`
#[derive(Debug, Subcommand)]
pub enum Entry {
    /// Show an entry: question, arms, published numbers, files, notes
    Show {
        /// Catalogue ID, ID/variant, or a folder like an entry's
        id: String,
    },
    /// Run entries against their published numbers and say of each whether it comes out
    Test(EntryTest),
    /// Count the numbers of entries by where they come from, and name those that say nothing of it
    Audit(EntryAudit),
    /// Run entries and write a page with pictures of each, in Markdown and SVG, and an index of the pages
    Pages(EntryPages),
    /// Copy an entry's model, study and data into a folder of your own
    Copy {
        /// Catalogue ID
        id: String,
        /// Folder to write; an existing one must be empty
        dir: PathBuf,
    },
}

/// `remission catalogue test`
#[derive(Debug, Args)]
pub struct EntryTest {
    /// Catalogue ID, ID/variant, or a folder with model.toml, study.toml and expected.toml [default: all entries]
    pub entry: Option<String>,
    /// Patients per arm [default: each study's own]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
    /// Seed of every random draw [default: each study's own]
    #[arg(long, allow_negative_numbers = true, value_parser = whole)]
    pub seed: Option<u64>,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// `remission catalogue audit`
#[derive(Debug, Args)]
pub struct EntryAudit {
    /// Catalogue ID, ID/variant, or a folder with model.toml [default: all entries]
    pub entry: Option<String>,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// `remission catalogue pages`
#[derive(Debug, Args)]
pub struct EntryPages {
    /// Catalogue ID [default: all entries]
    pub id: Option<String>,
    /// Folder of the pages; pages of that name are replaced
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Patients per arm, for the run and for the published numbers [default: each study's own]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
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
    #[arg(required_unless_present = "resume")]
    pub study: Option<String>,
    /// Go on with the run in DIR that was interrupted, killed or failed; study, seed, patients and method are taken from it
    #[arg(long, value_name = "DIR")]
    pub resume: Option<PathBuf>,
    /// Patients per arm [default: the study's]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
    /// Seed of every random draw [default: the study's]
    #[arg(long, allow_negative_numbers = true, value_parser = whole)]
    pub seed: Option<u64>,
    /// Worker threads; they change nothing but the time [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// One more arm: "[NAME =] SENTENCE [; SENTENCE ...]", such as "erlotinib 100 mg oral every day"; may be repeated
    #[arg(long, value_name = "ARM")]
    pub arm: Vec<String>,
    /// How tumours are advanced [default: leap]
    #[arg(long, value_enum)]
    pub method: Option<MethodArg>,
    /// Run directory to write; an existing one must be empty [default: runs/STUDY-PATIENTS-SEED]
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Write every table as CSV too
    #[arg(long)]
    pub csv: bool,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long)]
    pub json: bool,
    /// Most patients that a worker computes at a time; for tests, since it changes nothing but the time
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub chunk: Option<u32>,
    /// A checkpoint after so many patients, however quick they are; for tests
    #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub checkpoint_patients: Option<u32>,
}

/// `remission map`
#[derive(Debug, Args)]
pub struct Map {
    /// Catalogue ID, a folder with model.toml (and study.toml), or a model file
    #[arg(value_name = "ID|FOLDER|FILE")]
    pub what: String,
    /// Write a picture; a file of that name is replaced
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print one line a node and an arrow [default, unless --svg or --json is given]
    #[arg(long, conflicts_with = "json")]
    pub text: bool,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// `remission law`
#[derive(Debug, Args)]
pub struct Law {
    /// Catalogue ID, or a folder with model.toml and study.toml
    pub study: String,
    /// The first patients of a run, averaged [default: the typical patient, every parameter at its centre]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
    /// Seed of the patients [default: the study's]
    #[arg(long, allow_negative_numbers = true, requires = "patients", value_parser = whole)]
    pub seed: Option<u64>,
    /// Worker threads; they change nothing but the time [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// One more arm: "[NAME =] SENTENCE [; SENTENCE ...]", such as "erlotinib 100 mg oral every day"; may be repeated
    #[arg(long, value_name = "ARM")]
    pub arm: Vec<String>,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long)]
    pub json: bool,
}

/// `remission sensitivity`
#[derive(Debug, Args)]
pub struct Sensitivity {
    /// Catalogue ID, or a folder with model.toml and study.toml
    pub study: String,
    /// Only this arm, by its name, or one more arm written as for `run --arm`; may be repeated [default: all arms of the study]
    #[arg(long, value_name = "ARM")]
    pub arm: Vec<String>,
    /// A figure, such as restricted_pfs_months, response, origin.NAME, level.NAME; may be repeated [default: the usual ones]
    #[arg(long, value_name = "QUANTITY")]
    pub on: Vec<String>,
    /// Patients of one evaluation, the same at all
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(10..=100_000), default_value_t = 40)]
    pub patients: u32,
    /// Paths of elementary effects, for screening
    #[arg(long, value_name = "R", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(2..=10_000), default_value_t = 8)]
    pub morris: u32,
    /// Rows of the design for shares of variance; 0: screening alone
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=100_000), default_value_t = 64)]
    pub sobol: u32,
    /// Vary only these numbers, with commas between
    #[arg(long, value_name = "P1,P2", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Vary cited and fitted numbers too, by 20 % up and down
    #[arg(long)]
    pub all: bool,
    /// Seed of patients and designs [default: the study's]
    #[arg(long, allow_negative_numbers = true, value_parser = whole)]
    pub seed: Option<u64>,
    /// Worker threads; they change nothing but the time [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long)]
    pub json: bool,
    /// Folder to write; an existing one must be empty [default: runs/sensitivity-STUDY-SEED]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `remission check`
#[derive(Debug, Args)]
pub struct Check {
    /// Catalogue ID, a folder with model.toml (and study.toml), or a model file
    pub study: String,
    /// Patients per arm for the published numbers [default: the study's]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub patients: Option<u32>,
    /// Read all files (variants, expected.toml and second.toml too) and run nothing
    #[arg(long)]
    pub read_only: bool,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// `remission diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// Catalogue ID, folder, model file or run directory
    pub a: String,
    /// The other one
    pub b: String,
    /// Exit with 4 when they differ [default: 0 in both cases]
    #[arg(long)]
    pub exit_code: bool,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// `remission export`
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(false).args(["csv", "muller"]))]
pub struct Export {
    /// Run directory
    pub dir: PathBuf,
    /// The tables as CSV
    #[arg(long)]
    pub csv: bool,
    /// Only this table, such as endpoints; may be repeated
    #[arg(long, value_name = "NAME", requires = "csv")]
    pub table: Vec<String>,
    /// The clones of this patient as edges.csv and populations.csv for R's ggmuller
    #[arg(long, value_name = "PATIENT", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..))]
    pub muller: Option<u32>,
    /// In this arm; needed when the run has several
    #[arg(long, value_name = "NAME", requires = "muller", allow_hyphen_values = true)]
    pub arm: Option<String>,
    /// Folder to write; an existing one must be empty [default: beside the tables]
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// `remission bench`
#[derive(Debug, Args)]
pub struct Bench {
    /// W1, W2, W3s, W3, W3t or nsclc-egfr-tki [default: all that the method can run]
    pub workload: Vec<String>,
    /// Replicates of each workload [default: 100,000 leaped, fewer event by event, 100 patients; more
    /// patients than that only where the study is named]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(2..))]
    pub replicates: Option<u32>,
    /// Seed of every replicate
    #[arg(long, allow_negative_numbers = true, value_parser = whole, default_value_t = 2026)]
    pub seed: u64,
    /// How tumours are advanced
    #[arg(long, value_enum, default_value_t = BenchMethod::Leap)]
    pub method: BenchMethod,
    /// Print one JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Ways to advance cells, as a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BenchMethod {
    /// Event by event; for small tumours
    Exact,
    /// Whole steps from the exact law; any size
    Leap,
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

/// A seed.
fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}, in digits alone", u64::MAX))
}

/// The error of a command line; of an option that stands alone it says which others stood beside it.
pub fn told(mut error: clap::Error, typed: impl Iterator<Item = String>) -> clap::Error {
    let Some(ContextValue::String(alone)) = error.get(ContextKind::InvalidArg).cloned() else { return error };
    if error.get(ContextKind::PriorArg) != Some(&ContextValue::None) {
        return error;
    }
    // Behind the command and the kind of data.
    let (options, names): (Vec<String>, Vec<String>) = typed.skip(2).partition(|word| word.starts_with("--"));
    let options = options.iter().map(|o| o.split('=').next().unwrap_or(o).to_string()).filter(|o| *o != alone);
    let mut others: Vec<String> = options.collect();
    if others.is_empty() {
        others = names;
    }
    match others.len() {
        0 => {}
        1 => drop(error.insert(ContextKind::PriorArg, ContextValue::String(others.remove(0)))),
        _ => drop(error.insert(ContextKind::PriorArg, ContextValue::Strings(others))),
    }
    error
}

/// The worker threads asked for, or one a core.
pub fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}
