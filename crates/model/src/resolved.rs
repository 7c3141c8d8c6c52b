//! The model as resolved: every name found, every unit turned to the base unit, every default filled.
//!
//! Base units: day, cell, mg, µmol, L (and dm for lengths), Gy; a fraction is a plain number.
//! Holding a [`Model`] is proof that the text it came from passed every check; nothing downstream
//! checks again.

mod row;

pub use row::{Body, Row};

use crate::expr::Expr;
use crate::records::Records;
use crate::units::Dimension;

/// A cancer under treatment: what there is and how fast it changes. No randomness, no dates.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name of the model, one line.
    pub title: String,
    /// The question that the model is there to answer; may be empty.
    pub question: String,
    /// Papers the model as a whole rests on.
    pub citations: Vec<Citation>,
    /// Numbers, in the order written, then the covariates. Slot `i` of every expression's environment is parameter `i`.
    pub parameters: Vec<Parameter>,
    /// How parameters and covariates vary together between patients.
    pub correlations: Correlations,
    /// Tabulated laws, called by name in expressions.
    pub tables: Vec<Table>,
    /// Cell types, in the order written.
    pub cells: Vec<CellType>,
    /// Continuous quantities with a rate of change.
    pub levels: Vec<Level>,
    /// Drugs, in the order written.
    pub drugs: Vec<Drug>,
    /// What exists when treatment begins.
    pub start: Start,
    /// What the clinic or the laboratory can see.
    pub measurements: Vec<Measurement>,
    /// How patients die; `None` in a dish.
    pub death: Option<Death>,
}

/// A paper: DOI or address, and what was taken from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Citation {
    /// DOI without a resolver's address; may be empty when `url` is given.
    pub doi: String,
    /// Address, where there is no DOI.
    pub url: String,
    /// Place in the paper: table, figure, sentence.
    pub place: String,
}

/// Where a number comes from. Every parameter has exactly one.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Printed in a publication.
    Cited(Citation),
    /// Estimated from data; the text names the data and the fit.
    Fitted(String),
    /// Not measured. The text says why this value; a prior says how far it may be off.
    Assumed {
        /// Why this value.
        why: String,
        /// What else it could be.
        prior: Variation,
    },
}

/// A law for a number that varies, in base units. `value` of the parameter is its centre where the
/// law has one (log-normal: the median; normal: the mean).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Variation {
    /// Median is the parameter's value; `sigma` is the standard deviation of the logarithm,
    /// `sqrt(ln(1 + cv^2))`.
    LogNormal {
        /// Standard deviation of ln(value).
        sigma: f64,
    },
    /// Mean is the parameter's value.
    Normal {
        /// Standard deviation, in base units.
        sd: f64,
    },
    /// Equal density between the ends.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Equal density of the logarithm between the ends; both above 0.
    LogUniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

/// A named number.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// As used in expressions.
    pub name: String,
    /// In base units.
    pub value: f64,
    /// The unit as written, for printing ("/h").
    pub unit: String,
    /// What one written unit is in base units: written value = value / scale.
    pub unit_scale: f64,
    /// Where it comes from.
    pub source: Source,
    /// How patients differ in it; `None`: they do not.
    pub between_patients: Option<Variation>,
    /// A trait of the patient that is recorded with the results; `None`: an ordinary parameter.
    pub covariate: Option<Covariate>,
}

/// How a covariate varies between patients.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariate {
    /// By the law `between_patients` around the parameter's value.
    Continuous,
    /// One of these, drawn by its share; the parameter's value is that of the most common one, and its prior, where it is
    /// assumed, spans the values.
    Categories(Vec<Category>),
}

/// A group of patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// As in tables.
    pub name: String,
    /// Share of the patients; shares add up to 1.
    pub share: f64,
    /// What the covariate's name stands for, base units.
    pub value: f64,
}

/// Correlations of the standard normal deviates that stand behind laws of variation: of the logarithm of a log-normal
/// value, of a normal value itself, of the normal score of a uniform or log-uniform one (a Gaussian copula). Values that
/// are in no pair, and pairs that are not named, are uncorrelated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Correlations {
    /// As written.
    pub pairs: Vec<Correlation>,
    /// Parameters in any pair, ascending.
    pub members: Vec<usize>,
    /// Cholesky factor L of the members' correlation matrix L L', row-major, zero above the diagonal.
    pub factor: Vec<f64>,
}

/// One pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// Indices of the parameters.
    pub between: [usize; 2],
    /// Between -1 and 1, ends excluded.
    pub value: f64,
    /// Where it comes from.
    pub source: Source,
}

/// A tabulated law: piecewise linear between the points, constant outside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// As called in expressions.
    pub name: String,
    /// Arguments, strictly increasing, base units.
    pub x: Vec<f64>,
    /// Values, base units; same length as `x`.
    pub y: Vec<f64>,
    /// What the argument is.
    pub of: Dimension,
    /// What the value is.
    pub gives: Dimension,
}

/// What a cell type is to the question of origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Killed by treatment.
    Sensitive,
    /// Drug-tolerant, reversibly.
    Persister,
    /// Resistant, inherited.
    Resistant,
}

/// A cell type. All rates are per cell and day.
#[derive(Debug, Clone, PartialEq)]
pub struct CellType {
    /// As used in expressions, where it means its count.
    pub name: String,
    /// Sensitive, persister or resistant.
    pub kind: Kind,
    /// Mechanism of resistance that a rebiopsy would find; types may share one.
    pub mechanism: Option<String>,
    /// Divisions per cell and day.
    pub birth: Expr,
    /// Deaths per cell and day.
    pub death: Expr,
    /// Cells a day that arrive from outside (not per cell); `None` is none.
    pub immigration: Option<Expr>,
    /// Reversible changes of state; they found no clone.
    pub switches: Vec<Switch>,
    /// Inherited changes; each founds a clone.
    pub mutations: Vec<Mutation>,
}

/// A reversible change of a cell's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// Index of the type entered.
    pub to: usize,
    /// Per cell and day.
    pub rate: Expr,
}

/// An inherited change, one daughter at a division or one cell at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct Mutation {
    /// Index of the type founded.
    pub to: usize,
    /// `true`: `rate` is a probability per division (one daughter mutates, the mother stays);
    /// `false`: `rate` is per cell and day and the cell itself changes.
    pub per_division: bool,
    /// Probability per division, or rate per day.
    pub rate: Expr,
}

/// A continuous quantity with a rate of change.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// As used in expressions.
    pub name: String,
    /// Value at the start, base units; an expression over parameters.
    pub start: Expr,
    /// Change a day.
    pub rate: Expr,
    /// Unit as written, for printing.
    pub unit: String,
    /// What one written unit is in base units.
    pub unit_scale: f64,
}

/// How a drug enters the body.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// Into a depot, absorbed at rate `ka` (per day).
    Oral {
        /// Absorption rate.
        ka: Expr,
    },
    /// At once into the central compartment.
    Bolus,
    /// Into the central compartment over the time that the regimen says.
    Infusion,
    /// The concentration itself is typed in by the regimen (a dish): a dose sets the level until the next.
    Held,
    /// Doses drive a virtual compartment without a volume; what is felt is the virtual infusion rate, mg a day:
    /// elimination times amount (K-PD; Jacqmin et al. 2007).
    Kpd {
        /// Elimination rate constant KDE (per day).
        elimination: Expr,
    },
}

/// A drug with linear pharmacokinetics; expressions are over parameters only.
#[derive(Debug, Clone, PartialEq)]
pub struct Drug {
    /// As used in expressions, where it means the felt concentration.
    pub name: String,
    /// Route of every dose.
    pub route: Route,
    /// L/day; 0 when held or K-PD.
    pub clearance: Expr,
    /// Central volume, L; 1 when held or K-PD.
    pub volume: Expr,
    /// Second and third compartments: (flow between it and the central one, L/day; its volume, L).
    pub peripheral: Vec<(Expr, Expr)>,
    /// Days from a dose to its arrival in depot, centre or virtual compartment.
    pub lag: Option<Expr>,
    /// Share of every dose that arrives.
    pub bioavailability: Option<Expr>,
    /// Felt concentration in base units (mg/L, or µmol/L) for one mg/L of drug: 1, or 1000 / molar mass in g/mol.
    pub felt_per_mg_per_l: f64,
    /// Unit in which the felt concentration is written and printed ("uM"); of a K-PD drug, the felt rate ("mg/day").
    pub felt_unit: String,
    /// What one such unit is in base units.
    pub felt_scale: f64,
    /// Delay of effect: `delayed(drug)` in expressions is the concentration passed through `states`
    /// transit states of total mean `mean` days.
    pub delay: Option<Delay>,
    /// Rate constant ke0 (per day) of an effect compartment: `effect(drug)` in expressions is the concentration Ce in it,
    /// dCe/dt = ke0 (C - Ce) (Sheiner et al. 1979).
    pub effect: Option<Expr>,
}

/// A chain of transit states: dX1/dt = k (C - X1), ..., k = states / mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Delay {
    /// Number of states, 1 to 20.
    pub states: usize,
    /// Mean delay, days.
    pub mean: Expr,
}

/// What exists when treatment begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// Grown without drug from a few cells until the total reaches a size, conditioned on survival.
    Grown {
        /// Index of the founding type.
        founder: usize,
        /// How many founding cells (at least 1).
        from: u64,
        /// Total cells at which treatment begins; over parameters.
        until: Expr,
    },
    /// Typed in: (type, cells; over parameters). Each is one clone that was there before.
    Given(Vec<(usize, Expr)>),
}

/// What is seen at a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// As named in tables.
    pub name: String,
    /// What is measured, and how badly.
    pub kind: MeasurementKind,
}

/// Kinds of measurement.
#[derive(Debug, Clone, PartialEq)]
pub enum MeasurementKind {
    /// Sum of the diameters of spherical target lesions, in mm.
    SumOfDiameters {
        /// Share of the tumour in each target lesion; adds up to at most 1.
        shares: Vec<f64>,
        /// Cells per litre of tumour (1e9 per cm^3 is 1e12).
        cells_per_litre: Expr,
        /// Standard deviation of the logarithm of a reading of one lesion.
        reader_error: f64,
        /// A lesion read below this diameter (mm) is recorded as this diameter, and as gone (0) below half of it;
        /// RECIST 1.1 assigns 5 mm to what is seen but too small to measure.
        too_small: f64,
    },
    /// Number of cells.
    CellCount {
        /// Standard deviation of the logarithm of a reading.
        error: f64,
        /// Below this count 0 is reported.
        detection_limit: f64,
    },
    /// Tumour DNA in plasma.
    Ctdna(Box<Ctdna>),
}

/// Tumour DNA in plasma: shedding, clearance, the draw and its sequencing. Expressions are over parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Ctdna {
    /// Share of a cell's DNA that reaches the blood when it dies: genome equivalents a death.
    pub shed: Expr,
    /// Half-life of DNA in plasma, days.
    pub half_life: Expr,
    /// Plasma in the body, litres.
    pub plasma: Expr,
    /// Blood drawn, litres.
    pub blood: Expr,
    /// Share of blood that is plasma.
    pub plasma_fraction: Expr,
    /// DNA of healthy cells in plasma, mg a litre.
    pub background: Expr,
    /// Copies of the locus in a tumour cell that carry the mutation.
    pub mutated_copies: u64,
    /// Copies of the locus in a tumour cell.
    pub copies: u64,
    /// Share of the molecules in the tube that are recovered.
    pub recovery: Expr,
    /// Unique molecules that are read at most, per site.
    pub depth: u64,
    /// Share of wild-type molecules that are read as mutant.
    pub artefacts: Expr,
    /// Share of mutant reads below which 0 is reported.
    pub detection_limit: Expr,
    /// Sites at which the truncal mutation is tracked; their reads are added.
    pub sites: u64,
}

/// How patients die.
#[derive(Debug, Clone, PartialEq)]
pub struct Death {
    /// Hazard a day from other causes; over parameters.
    pub background: Expr,
    /// Total cells at which the tumour kills; over parameters (which may vary between patients).
    pub burden: Option<Expr>,
}

/// How a study is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Name for tables; the catalogue ID or the file's stem.
    pub name: String,
    /// Patients per arm.
    pub patients: u32,
    /// Seed of every random draw.
    pub seed: u64,
    /// Days from the start of treatment.
    pub horizon: f64,
    /// When the clinic looks.
    pub visits: Visits,
    /// Name of the measurement that RECIST is read from; `None`: no progression is assessed.
    pub recist_on: Option<usize>,
    /// A run ends when the total passes this many cells.
    pub ceiling: f64,
    /// Share of cells at which a rebiopsy finds a mechanism.
    pub rebiopsy_detects: f64,
    /// Treatments compared; all comparisons are against the first.
    pub arms: Vec<Arm>,
}

/// When the clinic looks: a baseline visit at time 0, then each visit one spacing after the visit before it, moved by a whole
/// number of days, uniform within the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Visits {
    /// (from day, spacing in days) in order; the first starts at 0.
    pub spacing: Vec<(f64, f64)>,
    /// Half-width of the window, days; less than half the smallest spacing.
    pub window: f64,
}

/// A treatment in a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// As printed.
    pub name: String,
    /// First-line doses; empty where the doses are recorded.
    pub regimen: Regimen,
    /// Doses as recorded, in place of `regimen`.
    pub records: Option<Records>,
    /// What follows progression.
    pub after_progression: AfterProgression,
    /// How doses are modified by what visits see.
    pub rules: Vec<Modification>,
}

/// A rule of dose modification. It is looked at at every visit after day 0, in the order written, with what that visit
/// sees, and acts on every dose of its drug from then on, the one due at the visit included, whatever the regimen.
///
/// The calendar of the regimen runs on while a drug is held: doses due meanwhile are skipped, not made up for.
#[derive(Debug, Clone, PartialEq)]
pub struct Modification {
    /// In normal form, for printing back.
    pub sentence: String,
    /// Index of the drug.
    pub drug: usize,
    /// When it acts.
    pub when: Condition,
    /// What it does.
    pub action: Action,
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// No doses until a later visit at which `until` is met.
    Hold {
        /// When doses are given again.
        until: Condition,
    },
    /// Doses are `factor` times what they were; again at each visit at which the condition is met, up to `most` times.
    /// Nothing is reduced while the drug is held since an earlier visit.
    Reduce {
        /// Between 0 and 1, ends excluded.
        factor: f64,
        /// `None`: any number of times.
        most: Option<u32>,
    },
    /// No doses any more.
    Stop,
}

/// A comparison of what a visit sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// What is compared.
    pub of: Observed,
    /// True when it has to be above the limit, false when below.
    pub above: bool,
    /// True when the limit itself is enough.
    pub or_equal: bool,
    /// With what.
    pub limit: Limit,
}

/// What a visit sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// First reading of a measurement (index), with its error, in mm or cells.
    Reading(usize),
    /// A level (index) as it is, base units.
    Level(usize),
}

/// The other side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// In the unit of what is compared.
    Fixed(f64),
    /// As a share of what was seen at day 0; never met when that was not above 0.
    OfBaseline(f64),
}

impl Arm {
    /// First-line doses of a patient (counted from 0): the regimen, or the record that falls to the patient. Records are
    /// taken in turn where there are more patients than records.
    pub fn regimen_of(&self, patient: u32) -> &Regimen {
        match self.records.as_ref().and_then(|r| r.of(patient)) {
            Some(recorded) => &recorded.regimen,
            None => &self.regimen,
        }
    }
}

/// What an arm does once progression is called.
#[derive(Debug, Clone, PartialEq)]
pub enum AfterProgression {
    /// No more drug.
    Stop,
    /// The same doses.
    Continue,
    /// Another regimen, day 1 of which is the visit that called progression.
    Switch(Regimen),
    /// The run ends there.
    End,
}

/// The plan: dose rules that run side by side. Day 1 is the day treatment begins (time 0).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Regimen {
    /// The sentences, normalised, for printing back.
    pub sentences: Vec<String>,
    /// Doses; never expanded here.
    pub rules: Vec<DoseRule>,
}

/// Doses at `offsets` (days) of every cycle of `cycle` days, from `from` until `until`.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseRule {
    /// Index of the drug.
    pub drug: usize,
    /// mg a dose; for a held drug the felt concentration in base units.
    pub amount: f64,
    /// Days over which it is infused; 0: at once. For a held drug: days held (infinity: until the next dose).
    pub duration: f64,
    /// Times within the cycle, ascending, each >= 0 and < cycle.
    pub offsets: Vec<f64>,
    /// Length of the cycle, days; infinity for doses given once.
    pub cycle: f64,
    /// First day of the first cycle, counted from 0.
    pub from: f64,
    /// No dose at or after this time; infinity: for as long as the regimen runs.
    pub until: f64,
    /// What a row of a dosing record asks for besides its dose; `None` for a sentence.
    pub row: Option<Row>,
}
