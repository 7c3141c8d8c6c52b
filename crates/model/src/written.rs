//! The model as written: one struct per section, texts with their places, nothing looked up, nothing converted.
//!
//! A field is `None` when it was left out; [`crate::read_model`] has then either reported it or a default applies.

pub use crate::tree::Text;

/// Where a value stands in its file.
pub use crate::problem::Place;

/// A model file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Model {
    /// File as named by the caller, for messages.
    pub file: String,
    /// `model.title`
    pub title: Option<Text>,
    /// `model.question`
    pub question: Option<Text>,
    /// `model.citations`
    pub citations: Vec<Citation>,
    /// `[parameters]`
    pub parameters: Vec<Parameter>,
    /// `[covariates.*]`
    pub covariates: Vec<Covariate>,
    /// `[[correlations]]`
    pub correlations: Vec<Correlation>,
    /// `[tables.*]`
    pub tables: Vec<Table>,
    /// `[cells.*]`
    pub cells: Vec<CellType>,
    /// `[levels.*]`
    pub levels: Vec<Level>,
    /// `[events.*]`
    pub events: Vec<Event>,
    /// `[cross_resistance]`
    pub cross_resistance: Vec<CrossResistance>,
    /// `[sites.*]`
    pub sites: Vec<Site>,
    /// `[drugs.*]`
    pub drugs: Vec<Drug>,
    /// `[before_treatment]`
    pub before: Before,
    /// `[measurements.*]`
    pub measurements: Vec<Measurement>,
    /// `[death]`
    pub death: Option<Death>,
    /// Where numbers come from that are written in a section as they are.
    pub settings: Vec<Setting>,
    /// Names that stand where nothing is defined: their uses are no further faults.
    pub strays: Vec<String>,
}

/// `source` or `assumed` of a drug, a measurement, a table or `[before_treatment]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Setting {
    /// The section.
    pub at: Place,
    /// Where its numbers are printed.
    pub source: Option<Citation>,
    /// Why these numbers, when they are not measured.
    pub assumed: Option<Text>,
}

/// `{ doi = "10....", where = "Table 1" }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Citation {
    /// The citation as a whole.
    pub at: Place,
    /// DOI.
    pub doi: Option<Text>,
    /// Address, where there is no DOI.
    pub url: Option<Text>,
    /// Table, figure or sentence.
    pub place: Option<Text>,
}

/// `u = { value = "1e-8", assumed = "...", prior = "..." }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameter {
    /// Name.
    pub name: Text,
    /// Number with unit.
    pub value: Option<Text>,
    /// Unit for printing; by default that of `value`.
    pub unit: Option<Text>,
    /// Where it is printed.
    pub source: Option<Citation>,
    /// What it was fitted to.
    pub fitted: Option<Text>,
    /// Why this value, when it is not measured.
    pub assumed: Option<Text>,
    /// What else it could be.
    pub prior: Option<Text>,
    /// How patients differ.
    pub between_patients: Option<Text>,
    /// A key for a source is there, though perhaps wrong inside.
    pub has_source: bool,
}

/// `[covariates.weight]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Covariate {
    /// Name, centre, source and law, as of a parameter; no value and no law where there are categories.
    pub parameter: Parameter,
    /// Categories with their shares of the patients.
    pub categories: Option<Vec<Category>>,
}

/// `{ name = "poor", share = "7 %", value = 0.2 }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Category {
    /// As in tables.
    pub name: Option<Text>,
    /// Share of the patients.
    pub share: Option<Text>,
    /// What the covariate's name stands for in such a patient.
    pub value: Option<Text>,
}

/// `[[correlations]]` with `between = ["clearance", "volume"]` and `value = 0.5`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Correlation {
    /// The two names.
    pub between: Option<Vec<Text>>,
    /// Value and source, as of a parameter; its name is the entry as a whole.
    pub number: Parameter,
}

/// `[tables.viability]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Name, as called.
    pub name: Text,
    /// Units of the arguments: one, or the two of a surface.
    pub of: Vec<Text>,
    /// Unit of the value; a plain number by default.
    pub gives: Option<Text>,
    /// Points: arguments and value.
    pub points: Option<Vec<(Vec<f64>, Place)>>,
}

/// `[cells.sensitive]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CellType {
    /// Name, also its count in expressions.
    pub name: Text,
    /// sensitive, persister, resistant or immune.
    pub kind: Option<Text>,
    /// What a rebiopsy would find.
    pub mechanism: Option<Text>,
    /// Divisions per cell and time.
    pub birth: Option<Text>,
    /// Deaths per cell and time.
    pub death: Option<Text>,
    /// Cells per time from outside.
    pub immigration: Option<Text>,
    /// Inherited changes.
    pub mutates: Vec<Mutation>,
    /// Reversible changes.
    pub switches: Vec<Switch>,
}

/// `{ to = "t790m", per_division = "u" }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mutation {
    /// The entry as a whole.
    pub at: Place,
    /// Type founded.
    pub to: Option<Text>,
    /// Probability per division.
    pub per_division: Option<Text>,
    /// Rate per cell and time.
    pub per_time: Option<Text>,
    /// What treatment adds, in the unit of the rate.
    pub drug_adds: Option<Text>,
    /// Mutational signature of what treatment adds.
    pub signature: Option<Text>,
}

/// `{ to = "persister", rate = "entry" }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Switch {
    /// Type entered.
    pub to: Option<Text>,
    /// Rate per cell and time.
    pub rate: Option<Text>,
}

/// `[levels.effector]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Level {
    /// Name.
    pub name: Text,
    /// Value when treatment begins.
    pub start: Option<Text>,
    /// Change per time.
    pub rate: Option<Text>,
    /// Unit for printing; by default that of `start`.
    pub unit: Option<Text>,
}

/// `t790m = { erlotinib = "fold" }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CrossResistance {
    /// Cell type.
    pub cells: Text,
    /// Drugs, and how many times more of each the type stands.
    pub folds: Vec<(Text, Option<Text>)>,
}

/// `[sites.brain]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Site {
    /// Name.
    pub name: Text,
    /// Cell types that live there, where every type is written for its site.
    pub cells: Option<Vec<Text>>,
    /// Drugs, and the share of each that cells feel there.
    pub exposure: Vec<(Text, Option<Text>)>,
    /// Parameters and levels that are something else there.
    pub values: Vec<(Text, Option<Text>)>,
    /// Sites that cells come from, and the rate of each per cell and time.
    pub seeded_from: Vec<(Text, Option<Text>)>,
}

/// `[events.rash]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Event {
    /// Name.
    pub name: Text,
    /// Hazard per time.
    pub rate: Option<Text>,
    /// How long it lasts.
    pub lasts: Option<Text>,
    /// Share whom it kills.
    pub fatal: Option<Text>,
}

/// `[drugs.erlotinib]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drug {
    /// Name, also its felt concentration in expressions.
    pub name: Text,
    /// oral, bolus, infusion, held, kpd or radiation.
    pub route: Option<Text>,
    /// Absorption rate.
    pub ka: Option<Text>,
    /// Clearance.
    pub clearance: Option<Text>,
    /// Central volume.
    pub volume: Option<Text>,
    /// Second and third compartments: flow and volume of each.
    pub peripheral: Vec<(Option<Text>, Option<Text>)>,
    /// Elimination rate constant of a K-PD drug.
    pub elimination: Option<Text>,
    /// Time from a dose to its arrival.
    pub lag: Option<Text>,
    /// Share of a dose that arrives.
    pub bioavailability: Option<Text>,
    /// Molar mass.
    pub molar_mass: Option<Text>,
    /// Unit of the concentration that cells feel.
    pub felt_as: Option<Text>,
    /// Length of a fraction of radiation.
    pub fraction: Option<Text>,
    /// Transit states and mean delay.
    pub delay: Option<Delay>,
    /// Effect compartment.
    pub effect: Option<Effect>,
}

/// `{ ke0 = "0.1 /h" }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Effect {
    /// Rate constant of the effect compartment.
    pub ke0: Option<Text>,
}

/// `{ states = 3, mean = "30 h" }`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Delay {
    /// Number of states.
    pub states: Option<(u64, Place)>,
    /// Mean delay.
    pub mean: Option<Text>,
}

/// `[before_treatment]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Before {
    /// The section, or the head of the file when it is missing.
    pub at: Place,
    /// Sentence.
    pub grow: Option<Text>,
    /// Types (name) and cells.
    pub start: Option<Vec<(Text, Option<Text>)>>,
    /// Sentence.
    pub barcodes: Option<Text>,
    /// The section was missing, and has been reported.
    pub missing: bool,
}

/// `[measurements.diameters]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measurement {
    /// Name.
    pub name: Text,
    /// sum_of_diameters, cell_count, ctdna or sequencing.
    pub kind: Option<Text>,
    /// Share of the tumour in each target lesion.
    pub shares: Option<Vec<(f64, Place)>>,
    /// By site: share of its cells in each target lesion.
    pub site_shares: Option<Vec<SiteShares>>,
    /// Diameter from which a lesion at a site where none was seen is a new one.
    pub new_lesion: Option<Text>,
    /// Cells per volume of tumour.
    pub cells_per_volume: Option<Text>,
    /// Error of one reading.
    pub reader_error: Option<Text>,
    /// Smallest diameter that is measured.
    pub too_small: Option<Text>,
    /// Error of a count.
    pub error: Option<Text>,
    /// Smallest count that is seen, or smallest share of mutant reads.
    pub detection_limit: Option<Text>,
    /// Keys of kind ctdna alone.
    pub ctdna: Ctdna,
    /// Keys of kind sequencing alone.
    pub sequencing: Sequencing,
}

/// A site, and the share of its cells in each target lesion there.
pub type SiteShares = (Text, Vec<(f64, Place)>);

/// Keys of a measurement of kind sequencing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sequencing {
    /// Tumour cells in the piece.
    pub cells: Option<Text>,
    /// Share of tumour cells.
    pub purity: Option<Text>,
    /// Copies of the locus in a tumour cell.
    pub copies: Option<Text>,
    /// Copies that carry the mutation.
    pub mutated_copies: Option<Text>,
    /// Reads expected.
    pub depth: Option<Text>,
    /// Share of wild-type reads that are read as mutant.
    pub artefacts: Option<Text>,
    /// Where the piece is taken.
    pub site: Option<Text>,
}

/// Keys of a measurement of kind ctdna.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ctdna {
    /// Genome equivalents a death.
    pub shed: Option<Text>,
    /// Half-life in plasma.
    pub half_life: Option<Text>,
    /// Plasma in the body.
    pub plasma: Option<Text>,
    /// Blood drawn.
    pub blood: Option<Text>,
    /// Share of blood that is plasma.
    pub plasma_fraction: Option<Text>,
    /// DNA of healthy cells, mass per volume of plasma.
    pub background: Option<Text>,
    /// Copies that carry the mutation.
    pub mutated_copies: Option<(u64, Place)>,
    /// Copies of the locus.
    pub copies: Option<(u64, Place)>,
    /// Share of molecules recovered.
    pub recovery: Option<Text>,
    /// Unique molecules read at most.
    pub depth: Option<(u64, Place)>,
    /// Share of wild-type molecules read as mutant.
    pub artefacts: Option<Text>,
    /// Sites tracked.
    pub sites: Option<(u64, Place)>,
}

/// `[death]`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Death {
    /// Hazard of other causes.
    pub background: Option<Text>,
    /// Size at which the tumour kills.
    pub burden: Option<Text>,
}
