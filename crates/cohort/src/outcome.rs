//! What is known of a patient in an arm when the run has ended.

use crate::recist::Response;
use remission_engine::state::{Founder, Origin};

/// One look.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Days since treatment began.
    pub time: f64,
    /// Cells of each type (of a mean, expected cells).
    pub by_type: Vec<f64>,
    /// Cells of the tumour: all but immune ones.
    pub total: f64,
    /// Levels, base units.
    pub levels: Vec<f64>,
    /// Readings, one for each of [`crate::measure::channels`].
    pub readings: Vec<f64>,
}

/// A time to an event, or to the last moment at which there had been none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waited {
    /// Days since treatment began.
    pub time: f64,
    /// False: censored.
    pub event: bool,
    /// The event happened after this day; equal to `time` when the day is known.
    pub after: f64,
}

/// Where the largest resistant clone came from: one that began with a resistant cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OriginFound {
    /// The founder's label.
    Clone(Origin),
    /// No resistant clone exceeds 1 % of cells: resistance without a mutation.
    NonGenetic,
}

impl OriginFound {
    /// All, in the order of tables.
    pub const ALL: [OriginFound; 5] = [
        OriginFound::Clone(Origin::PreExisting),
        OriginFound::Clone(Origin::Cycling),
        OriginFound::Clone(Origin::Persister),
        OriginFound::Clone(Origin::DrugInduced),
        OriginFound::NonGenetic,
    ];

    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            OriginFound::Clone(origin) => origin.name(),
            OriginFound::NonGenetic => "non_genetic",
        }
    }
}

/// Share of cells that the largest resistant clone must exceed to be held responsible.
pub const RESPONSIBLE: f64 = 0.01;

/// What is found in the tumour when progression is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Rebiopsy {
    /// Origin of the largest resistant clone.
    pub origin: OriginFound,
    /// For each mechanism of the model (in the order of [`crate::patient::mechanisms`]): found or not.
    pub found: Vec<bool>,
    /// Share of all cells of each type.
    pub shares: Vec<f64>,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The horizon was reached.
    Horizon,
    /// The patient died of other causes.
    Death,
    /// The patient died of the tumour.
    TumourDeath,
    /// The tumour passed the size at which runs end.
    Ceiling,
    /// The arm ends at progression.
    Progression,
    /// An event killed the patient.
    EventDeath,
}

impl Ended {
    /// All, by their place in this list.
    pub const ALL: [Ended; 6] =
        [Ended::Horizon, Ended::Death, Ended::TumourDeath, Ended::Ceiling, Ended::Progression, Ended::EventDeath];

    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Ended::Horizon => "horizon",
            Ended::Death => "death_other_cause",
            Ended::TumourDeath => "death_tumour",
            Ended::Ceiling => "ceiling",
            Ended::Progression => "progression",
            Ended::EventDeath => "death_event",
        }
    }
}

/// A clone at a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CloneSeen {
    /// Its founder.
    pub founder: Founder,
    /// Its cells.
    pub cells: u64,
    /// Day of the look.
    pub time: f64,
}

/// Cells of one type with one barcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarcodeCount {
    /// The barcode.
    pub barcode: u32,
    /// Index of the cell type.
    pub cell_type: u32,
    /// Their number.
    pub cells: u64,
}

/// Cells of one type that are not listed by barcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BarcodeRest {
    /// Index of the cell type.
    pub cell_type: usize,
    /// Cells with a barcode that is too rare to be listed.
    pub cells: u64,
    /// Different barcodes among them.
    pub barcodes: u32,
    /// Cells without a barcode.
    pub unmarked: u64,
}

/// The barcodes at a look.
#[derive(Debug, Clone, PartialEq)]
pub struct BarcodesSeen {
    /// Day of the look.
    pub time: f64,
    /// Different barcodes with a living cell.
    pub living: u32,
    /// Those that are frequent enough ([`crate::barcodes::LISTED`]), by barcode and cell type.
    pub listed: Vec<BarcodeCount>,
    /// All others, by cell type.
    pub rest: Vec<BarcodeRest>,
}

/// Something that happened to the patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventSeen {
    /// Index among the model's events.
    pub event: usize,
    /// Day on which it began.
    pub time: f64,
}

/// What a rule of dose modification did at a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoseChange {
    /// Day of the visit.
    pub time: f64,
    /// Index of the drug.
    pub drug: usize,
    /// What its doses are multiplied by from then on: 0 while it is held or stopped.
    pub scale: f64,
    /// Index of the rule among those of the arm.
    pub rule: usize,
}

/// A covariate of a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CovariateValue {
    /// Index among the model's parameters.
    pub parameter: usize,
    /// Base units.
    pub value: f64,
    /// Index of the category, where it has categories.
    pub category: Option<usize>,
}

/// One patient in one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmOutcome {
    /// Looks, the first at day 0.
    pub seen: Vec<Seen>,
    /// Progression or death.
    pub progression: Waited,
    /// Progression alone; censored at death.
    pub time_to_progression: Waited,
    /// Death.
    pub survival: Waited,
    /// Best overall response; `None` where responses are not assessed.
    pub best: Option<Response>,
    /// Best change of the sum of diameters from baseline, as a share.
    pub best_change: Option<f64>,
    /// At progression.
    pub rebiopsy: Option<Rebiopsy>,
    /// Why the run ended.
    pub ended: Ended,
    /// Clones of at least [`crate::patient::SHOWN`] of the tumour, at every look.
    pub clones: Vec<CloneSeen>,
    /// Clones founded before or during treatment that died out.
    pub extinct_clones: u64,
    /// What the arm's rules did, in order of time.
    pub dose_changes: Vec<DoseChange>,
    /// Barcodes at every look, where the first cells have them.
    pub barcodes: Vec<BarcodesSeen>,
    /// Events, in order of time.
    pub events: Vec<EventSeen>,
}

/// One patient in every arm, or why not.
#[derive(Debug, Clone, PartialEq)]
pub struct PatientOutcome {
    /// Number, from 0.
    pub patient: u32,
    /// Covariates, in the model's order.
    pub covariates: Vec<CovariateValue>,
    /// One outcome an arm, or what went wrong and in which arm (`None`: before treatment).
    pub arms: Result<Vec<ArmOutcome>, (Option<usize>, String)>,
}
