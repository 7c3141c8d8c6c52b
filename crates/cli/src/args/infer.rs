//! Flags of `remission infer ASSAY`.

use super::whole;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `remission infer ASSAY`
#[derive(Debug, Subcommand)]
pub enum Assay {
    /// Mutants in parallel cultures: mutations a culture, mutation rate, fitness of mutants; before or after plating
    Fluctuation(Fluctuation),
}

/// `remission infer fluctuation`
#[derive(Debug, Args)]
pub struct Fluctuation {
    /// Table with the columns mutants and, where known, set, experiment, culture, final_cells, plating_efficiency
    #[arg(required_unless_present_any = ["template", "tail", "precision"])]
    pub data: Option<PathBuf>,
    /// Print a table to begin from, and stop
    #[arg(long, exclusive = true)]
    pub template: bool,
    /// This experiment alone: its name, or set/experiment
    #[arg(long, value_name = "E")]
    pub experiment: Option<String>,
    /// Compare the mutation rates of two experiments
    #[arg(long, num_args = 2, value_names = ["E1", "E2"], conflicts_with_all = ["experiment", "verdict"])]
    pub compare: Option<Vec<String>>,
    /// Growth of mutants relative to the wild type's, or `free` to estimate it
    #[arg(long, value_name = "W|free", default_value = "1", value_parser = fitness, allow_negative_numbers = true)]
    pub fitness: Growth,
    /// Cells in every culture when it was plated, in place of the table's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub final_cells: Option<f64>,
    /// Coefficient of variation of the final cells (0.15 for 15 %)
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    pub final_cells_cv: Option<f64>,
    /// Cells with which every culture began, where that is not a vanishing share of the final cells
    #[arg(long, value_name = "N", allow_negative_numbers = true, requires = "final_cells", conflicts_with = "phi")]
    pub initial_cells: Option<f64>,
    /// 1 - initial cells / final cells, as some programs ask for it
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub phi: Option<f64>,
    /// Share of a culture that was plated, in place of the table's
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    pub plating: Option<f64>,
    /// A recorded N means N or more
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u64).range(1..))]
    pub censor_at: Option<u64>,
    /// Deaths of mutants as a share of their births
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub mutant_death: f64,
    /// Deaths of the wild type as a share of its births
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, allow_negative_numbers = true)]
    pub wild_type_death: f64,
    /// Weigh whether the mutants arose before or after plating, and what to measure next
    #[arg(long)]
    pub verdict: bool,
    /// No data: the chance of more than X mutants in a culture with --m mutations
    #[arg(long, value_name = "X", requires = "m", conflicts_with_all = ["data", "verdict", "compare"])]
    pub tail: Option<u64>,
    /// No data: how many cultures give a 95 % interval of this half-width, as a share of --m
    #[arg(long, value_name = "SHARE", requires = "m", conflicts_with_all = ["data", "verdict", "compare", "tail"])]
    pub precision: Option<f64>,
    /// Mutations in a culture, for --tail and --precision
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    pub m: Option<f64>,
    /// Folder to write: report.html, answer.json, tables; an existing one must be empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of the imagined measurements of --verdict
    #[arg(long, allow_negative_numbers = true, value_parser = whole, default_value_t = 2026)]
    pub seed: u64,
    /// Worker threads; they change nothing but the time [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Cost of a further measurement whose name contains NAME, in any unit; may be repeated. Measurements are then ranked by
    /// bits per cost
    #[arg(long, value_name = "NAME=COST", value_parser = cost)]
    pub cost: Vec<(String, f64)>,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long)]
    pub json: bool,
}

/// Growth of mutants relative to the wild type's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// So many times.
    Known(f64),
    /// To be estimated.
    Free,
}

fn fitness(text: &str) -> Result<Growth, String> {
    match text {
        "free" => Ok(Growth::Free),
        _ => text.parse().map(Growth::Known).map_err(|_| "a fitness is a number such as 0.8, or `free`".to_string()),
    }
}

fn cost(text: &str) -> Result<(String, f64), String> {
    let wrong = || "a cost is NAME=COST with a cost above 0, such as \"more cultures=120\"".to_string();
    let (name, cost) = text.rsplit_once('=').ok_or_else(wrong)?;
    let cost: f64 = cost.trim().parse().map_err(|_| wrong())?;
    if name.trim().is_empty() || !(cost > 0.0 && cost.is_finite()) {
        return Err(wrong());
    }
    Ok((name.trim().to_string(), cost))
}
