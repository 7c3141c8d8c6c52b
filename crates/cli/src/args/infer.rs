//! Flags of `remission infer ASSAY`.
use super::whole;
use clap::{Args, Subcommand, ValueEnum};
use remission_infer::prior::Prior;
use std::path::PathBuf;

/// `remission infer ASSAY`
#[derive(Debug, Subcommand)]
pub enum Assay {
    /// Mutants in parallel cultures: mutations a culture, mutation rate, fitness of mutants; before or after plating
    Fluctuation(Box<Fluctuation>),
    /// Colonies by week after cultures were put under a drug: mutation rates before it and in persisters under it
    #[command(name = "persister_fluctuation", visible_alias = "persister-fluctuation")]
    PersisterFluctuation(PersisterFluctuation),
    /// Time to resistance per well or animal, with those that never regrew
    Regrowth(Regrowth),
    /// Counts, confluence or signal over time at several doses: net rates, delay, dose curves, what survivors are
    Growth(Growth),
    /// Counts per barcode before treatment and in replicates after it: were the same lineages selected?
    Barcodes(Barcodes),
    /// Tumour sizes of patients: forecast of visits and of progression
    #[command(name = "tumour_size", visible_alias = "tumour-size")]
    TumourSize(TumourSize),
    /// Tumour DNA in the blood of a patient: was the resistant clone there before treatment?
    Ctdna(Ctdna),
    /// PSA of men on intermittent androgen suppression: forecast of the next cycle, risk of relapse
    Psa(Psa),
    /// Any model of the catalogue or your own, fitted to one patient's readings
    Model(Model),
}

/// What assays have in common.
#[derive(Debug, Args)]
pub struct Common {
    /// Table of the data: commas, semicolons or tabs; `-` reads it from a pipe; --template prints one to begin from
    pub data: Option<PathBuf>,
    /// Print a table to begin from, and stop
    #[arg(long, exclusive = true)]
    pub template: bool,
    /// Folder to write: report.html, answer.json, tables, draws for ArviZ; an existing one must be empty
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of every random draw
    #[arg(long, allow_negative_numbers = true, value_parser = whole, default_value_t = 2026)]
    pub seed: u64,
    /// Worker threads; they change nothing but the time [default: all cores]
    #[arg(long, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print one JSON document on stdout; everything else goes to stderr
    #[arg(long)]
    pub json: bool,
    /// Cost of a further measurement whose name contains NAME, in any unit; may be repeated. Measurements are then ranked by
    /// bits per cost
    #[arg(long, value_name = "NAME=COST", value_parser = cost)]
    pub cost: Vec<(String, f64)>,
}

/// How hard the sampler works.
#[derive(Debug, Args)]
pub struct Effort {
    /// Particles of each of the sampler's four runs; runs that disagree begin again with twice as many
    /// [default: 500 for ctdna, 200 for others]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(50..=100_000), allow_negative_numbers = true)]
    pub particles: Option<u32>,
}

/// What is believed before the data.
#[derive(Debug, Args)]
pub struct Priors {
    /// Prior of a parameter, such as "growth_per_day=lognormal(0.35, 0.1)"; may be repeated. The guide names them
    #[arg(long, value_name = "NAME=LAW", value_parser = prior)]
    pub prior: Vec<(String, Prior)>,
}

/// `remission infer persister_fluctuation`
#[derive(Debug, Args)]
pub struct PersisterFluctuation {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// This experiment alone
    #[arg(long, value_name = "E")]
    pub experiment: Option<String>,
    /// Cells of a colony that can be seen [default: 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub visible_cells: Option<f64>,
    /// Chance that the line of one resistant cell survives under the drug [default: 0.875]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub survival: Option<f64>,
    /// Share of a culture that is looked at [default: 1]
    #[arg(long, value_name = "E", allow_negative_numbers = true)]
    pub plating: Option<f64>,
    /// Priors
    #[command(flatten)]
    pub priors: Priors,
    /// Births of persisters a day under the drug [default: 0.05]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub persister_births: Option<f64>,
    /// Effort
    #[command(flatten)]
    pub effort: Effort,
}

/// `remission infer regrowth`
#[derive(Debug, Args)]
pub struct Regrowth {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// This experiment or arm alone
    #[arg(long, value_name = "E")]
    pub experiment: Option<String>,
    /// Cells at which a well counts as resistant [default: 20000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub threshold_cells: Option<f64>,
    /// Chance that the line of one resistant cell survives under the drug [default: 0.875]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub survival: Option<f64>,
    /// Days between looks, where the table does not say [default: 1]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub looks_every_days: Option<f64>,
    /// Each well was grown from few cells before the drug, and not plated from one flask
    #[arg(long)]
    pub grown: bool,
    /// Cells of the flask from which wells were plated [default: 1e8]
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "grown")]
    pub flask_cells: Option<f64>,
    /// Priors
    #[command(flatten)]
    pub priors: Priors,
    /// Do not work out what to measure next
    #[arg(long, conflicts_with = "cost")]
    pub no_next: bool,
    /// Effort
    #[command(flatten)]
    pub effort: Effort,
}

/// `remission infer growth`
#[derive(Debug, Args)]
pub struct Growth {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// This cell line alone
    #[arg(long, value_name = "LINE")]
    pub line: Option<String>,
    /// Window in hours, such as 48-72; may be repeated. Dose curves are fitted in the last one [default: the whole course
    /// and its late part]
    #[arg(long, value_name = "FROM-UNTIL", value_parser = window)]
    pub window: Vec<(f64, f64)>,
    /// Table of percentages of dead cells, for rates of death and birth
    #[arg(long, value_name = "FILE")]
    pub dead: Option<PathBuf>,
    /// The signal is free of background: that of wells without cells was subtracted
    #[arg(long)]
    pub blanked: bool,
    /// A line that the drug only slows; it shares the dish's capacity in the model of the delay
    #[arg(long, value_name = "LINE")]
    pub slowed: Option<String>,
}

/// `remission infer barcodes`
#[derive(Debug, Args)]
pub struct Barcodes {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// Arm sequenced before the split [default: the one whose name begins with baseline, pool, day0, t0 or pre]
    #[arg(long, value_name = "ARM")]
    pub baseline: Option<String>,
    /// Arm that was split and not treated; may be repeated [default: those that begin with untreated, control, dmso, vehicle]
    #[arg(long, value_name = "ARM")]
    pub untreated: Vec<String>,
    /// The treated arm to answer for [default: each]
    #[arg(long, value_name = "ARM")]
    pub arm: Option<String>,
    /// False discovery rate of called winners [default: 0.05]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub fdr: Option<f64>,
    /// Cells that each replicate received; rates per cell need them
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub cells: Option<f64>,
    /// The harvested cells had grown back under the drug, or did when treated again: no winner survived by chance
    #[arg(long)]
    pub regrown: bool,
}

/// `remission infer tumour_size`
#[derive(Debug, Args)]
pub struct TumourSize {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// One patient: study/patient, or the patient alone
    #[arg(long, value_name = "P")]
    pub patient: Option<String>,
    /// Diameter below which a lesion is too small to measure, mm [default: 5]
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    pub limit: Option<f64>,
    /// Days from one future visit to the next [default: 42]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub every: Option<f64>,
    /// Days ahead to forecast [default: 336]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub horizon: Option<f64>,
    /// Do not try forecasts on the last two measurements of each patient
    #[arg(long)]
    pub no_held_out: bool,
}

/// `remission infer ctdna`
#[derive(Debug, Args)]
pub struct Ctdna {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// Prior probabilities that a resistant clone was there before, arose during treatment, or is none [default: alike]
    #[arg(long, num_args = 3, value_names = ["BEFORE", "DURING", "NONE"], allow_negative_numbers = true)]
    pub prior: Option<Vec<f64>>,
    /// Share of wild-type molecules read as mutant [default: 1e-5]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub artefacts: Option<f64>,
    /// Deaths of a resistant cell a day [default: 0.13]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true)]
    pub death: Option<f64>,
    /// Days after the last draw to forecast [default: 84]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub forecast_days: Option<f64>,
    /// Effort
    #[command(flatten)]
    pub effort: Effort,
}

/// `remission infer psa`
#[derive(Debug, Args)]
pub struct Psa {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// One man: trial/patient, or the patient alone
    #[arg(long, value_name = "P")]
    pub patient: Option<String>,
    /// Limit of the assay, ng/mL [default: 0.1]
    #[arg(long, value_name = "NG_PER_ML", allow_negative_numbers = true)]
    pub limit: Option<f64>,
    /// Lists of men by outcome, against which the ranking is judged; they enter nothing else
    #[arg(long, value_name = "FILE", conflicts_with = "patient")]
    pub outcomes: Option<PathBuf>,
}

/// `remission infer model`. A study may stand beside --template, which prints the same table for all.
#[derive(Debug, Args)]
#[command(mut_arg("template", |template| template.exclusive(false).conflicts_with_all(["data", "out", "json"])))]
pub struct Model {
    /// Catalogue ID, or a folder with model.toml and study.toml
    #[arg(required_unless_present = "template")]
    pub study: Option<String>,
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// Arm whose doses the patient was given [default: the first]
    #[arg(long, value_name = "NAME")]
    pub arm: Option<String>,
    /// A parameter to be inferred; may be repeated [default: up to five, those that differ between patients first]
    #[arg(long, value_name = "NAME")]
    pub free: Vec<String>,
    /// How the tumour is followed [default: particles]
    #[arg(long, value_enum)]
    pub method: Option<Followed>,
    /// Particles of a pass [default: as many as are needed]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub particles: Option<u32>,
    /// Steps of each chain that are thrown away [default: 100]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub burn_in: Option<u32>,
    /// Most steps of each chain after that, and most weighed draws; what agrees ends before [default: 2000]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    pub steps: Option<u32>,
    /// Days after the last reading to forecast [default: 84]
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true)]
    pub forecast_days: Option<f64>,
}

/// How a tumour is followed while it is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Followed {
    /// Cell by cell, by a particle filter
    Particles,
    /// Along its mean path; for noise of measurement alone
    Mean,
}

/// A window in hours.
fn window(text: &str) -> Result<(f64, f64), String> {
    let ends = text.split_once('-').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    ends.filter(|(a, b): &(f64, f64)| a.is_finite() && b.is_finite() && 0.0 <= *a && a < b)
        .ok_or_else(|| "a window is FROM-UNTIL in hours, such as 48-72".to_string())
}

/// `remission infer fluctuation`
#[derive(Debug, Args)]
pub struct Fluctuation {
    /// What assays have in common
    #[command(flatten)]
    pub common: Common,
    /// This experiment alone: its name, or set/experiment
    #[arg(long, value_name = "E")]
    pub experiment: Option<String>,
    /// Compare the mutation rates of two experiments
    #[arg(long, num_args = 2, value_names = ["E1", "E2"], conflicts_with_all = ["experiment", "verdict"])]
    pub compare: Option<Vec<String>>,
    /// Growth of mutants relative to the wild type's, or `free` to estimate it
    #[arg(long, value_name = "W|free", value_parser = fitness, allow_negative_numbers = true)]
    pub fitness: Option<Fitness>,
    /// Cells in every culture when it was plated, in place of the table's
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub final_cells: Option<f64>,
    /// Coefficient of variation of the final cells (0.15 for 15 %)
    #[arg(long, value_name = "C", allow_negative_numbers = true)]
    pub final_cells_cv: Option<f64>,
    /// Cells with which every culture began, where that is not a vanishing share of the final cells
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with = "phi")]
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
    #[arg(long, value_name = "X", requires = "m", group = "planned", value_parser = count, conflicts_with_all = ["data", "verdict", "compare"], allow_negative_numbers = true)]
    pub tail: Option<u64>,
    /// No data: how many cultures give a 95 % interval of this half-width, as a share of --m
    #[arg(long, value_name = "SHARE", requires = "m", group = "planned", conflicts_with_all = ["data", "verdict", "compare", "tail"], allow_negative_numbers = true)]
    pub precision: Option<f64>,
    /// Mutations in a culture, for --tail and --precision
    #[arg(long, value_name = "M", requires = "planned", allow_negative_numbers = true)]
    pub m: Option<f64>,
}

/// Growth of mutants relative to the wild type's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fitness {
    /// So many times.
    Known(f64),
    /// To be estimated.
    Free,
}

fn fitness(text: &str) -> Result<Fitness, String> {
    match text {
        "free" => Ok(Fitness::Free),
        _ => text.parse().map(Fitness::Known).map_err(|_| "a fitness is a number such as 0.8, or `free`".to_string()),
    }
}

/// NAME=LAW.
fn prior(text: &str) -> Result<(String, Prior), String> {
    let (name, law) =
        text.split_once('=').ok_or("a prior is NAME=LAW, such as \"growth_per_day=lognormal(0.35, 0.1)\"")?;
    Ok((name.trim().to_string(), Prior::read(law)?))
}

/// A whole number, as `1000000` or `1e6`.
fn count(text: &str) -> Result<u64, String> {
    let whole = |x: f64| ((0.0..=1e15).contains(&x) && x.fract() == 0.0).then_some(x as u64);
    let found = text.parse().ok().or_else(|| text.parse().ok().and_then(whole));
    found.ok_or_else(|| "a count is a whole number from 0 to 1e15, such as 500 or 1e6".to_string())
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
