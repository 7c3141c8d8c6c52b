//! Everything a report shows, as written to `summary.json` of a run directory and read back by `remission report`.
//!
//! Times are days since treatment began; shares are between 0 and 1; a value not reached is null. What a layout has more than the
//! one before is left empty when an older file is read; the page then says what is missing.

use serde::{Deserialize, Serialize};

/// The layout that this program writes.
pub const FORMAT: u32 = 2;

/// A finished run, in figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ReportData {
    /// Version of this layout.
    pub format: u32,
    /// Name of the study (catalogue ID or file stem).
    pub study: String,
    /// Title of the model, one line.
    pub title: String,
    /// The question it is there to answer; may be empty.
    pub question: String,
    /// Patients asked for, per arm.
    pub asked: u32,
    /// Patients with an outcome in every arm.
    pub finished: u32,
    /// Patients without: number, arm, reason (at most the first 50).
    pub failed: Vec<(u32, Option<String>, String)>,
    /// Number of patients without an outcome.
    pub failed_count: u32,
    /// Seed of every draw.
    pub seed: u64,
    /// `exact`, `leap` or `mean`.
    pub method: String,
    /// Days followed.
    pub horizon_days: f64,
    /// False in a dish: no responses, no progression.
    pub assesses_progression: bool,
    /// Detection limit as cells of the whole tumour, where a measurement has one.
    pub detection_limit_cells: Option<f64>,
    /// What that limit is, in words.
    #[serde(default)]
    pub detection_limit_is: String,
    /// Patients from whom percentiles are taken: the first by number; 0 in layouts before 2.
    #[serde(default)]
    pub percentiles_of: u32,
    /// Parameters that vary between patients, against time to progression.
    #[serde(default)]
    pub ranking: Option<Ranking>,
    /// Patients whose levels are shown: the first by number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub levels_of: u32,
    /// Levels and immune cell types that change and are not among those drawn, for want of room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels_left: Vec<String>,
    /// Those that never change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels_constant: Vec<String>,
    /// Arms in the study's order.
    pub arms: Vec<ArmData>,
    /// Every later arm against the first.
    pub comparisons: Vec<ComparisonData>,
    /// Parameters that are assumed and not measured.
    pub assumptions: Vec<Assumption>,
    /// The model as a map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<crate::map::data::Map>,
    /// Papers, as DOI or address with the place.
    pub citations: Vec<(String, String)>,
    /// What the study answers in figures of its own; empty where it asks for none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// Published numbers of a catalogue entry that are known not to come out, each with its reason; judged by `catalogue test` and
    /// not by this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub misses: Vec<Miss>,
    /// Version of the program.
    pub version: String,
}

/// A figure that a study asks for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// What it is, in words.
    pub name: String,
    /// Unit; empty for a plain number.
    pub unit: String,
    /// A share of patients, said in per cent.
    pub share: bool,
    /// The table that a run prints holds it anyway.
    #[serde(default)]
    pub in_table: bool,
    /// The arm it is compared with; empty where it is not.
    pub against: String,
    /// Arms that it is given of.
    pub arms: Vec<ArmAnswer>,
}

/// A figure of one arm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmAnswer {
    /// The arm.
    pub arm: String,
    /// The figure; none where the run gives none.
    pub value: Option<f64>,
    /// Lower end of its 95 % interval; none where it has no end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Why it gives none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// One arm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ArmData {
    /// As printed.
    pub name: String,
    /// Regimen in words.
    pub regimen: Vec<String>,
    /// Whose record of doses stands for the arm in its dose strip: `patient 0 (ID 104)`; nothing where doses are planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
    /// Rules of dose modification, in normal form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// What follows progression, in words.
    pub after_progression: String,
    /// Patients who progressed (rebiopsied).
    pub progressed: u64,
    /// Progression-free survival (progression or death).
    pub progression: Option<Curve>,
    /// Overall survival.
    pub survival: Option<Curve>,
    /// Response rate with its interval.
    pub response: Option<(f64, f64, f64)>,
    /// Share of each origin at progression: (name, share).
    pub origins: Option<Vec<(String, f64)>>,
    /// Share of rebiopsies that found each mechanism: (name, share); may add to more than 1.
    pub mechanisms: Option<Vec<(String, f64)>>,
    /// Burden over time.
    pub burden: Vec<Band>,
    /// Doses of the first 8 weeks: (day, drug, amount, unit), for the dose strip.
    pub doses: Vec<(f64, String, f64, String)>,
    /// Cells of each type at the last look: (type, 5 %, median, 95 %).
    pub last: Vec<(String, f64, f64, f64)>,
    /// Share of patients without a tumour cell at their last look, with its 95 % interval; none where that is nobody in any arm.
    #[serde(default)]
    pub gone: Option<(f64, f64, f64)>,
    /// Share of patients to whom each event of the model happened: name, share and its 95 % interval.
    #[serde(default)]
    pub events: Vec<(String, f64, f64, f64)>,
    /// Patients whose run ended before the horizon, by why: (as in tables, number).
    #[serde(default)]
    pub ended_early: Vec<(String, u64)>,
    /// What the first ctDNA measurement says, where there is one.
    #[serde(default)]
    pub blood: Option<Blood>,
    /// Best change from baseline.
    #[serde(default)]
    pub waterfall: Option<Waterfall>,
    /// The same first patients by number in every arm.
    #[serde(default)]
    pub courses: Vec<Course>,
    /// Clones over time in chosen patients.
    #[serde(default)]
    pub portraits: Vec<Portrait>,
    /// Felt concentrations, by drug.
    #[serde(default)]
    pub exposure: Vec<Exposure>,
    /// Readings at visits, by channel.
    #[serde(default)]
    pub series: Vec<Series>,
    /// Levels and immune cells at visits, in the model's order; the same ones in every arm.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelCourse>,
    /// Share of patients to whom each event has happened, by day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub happened: Vec<EventCourse>,
}

fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// A level, or the immune cells of one type, over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelCourse {
    /// As in the model.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// By visit.
    pub points: Vec<LevelAt>,
}

/// A level at a visit, over the patients seen there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelAt {
    /// Median day of the visit.
    pub day: f64,
    /// 5th percentile.
    pub low: f64,
    /// Median.
    pub middle: f64,
    /// 95th percentile.
    pub high: f64,
    /// Patients seen.
    pub patients: usize,
}

/// An event over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EventCourse {
    /// As in the model.
    pub name: String,
    /// Day, and share of all patients to whom it has happened by then; the first is (0, 0) or what has happened on day 0.
    pub steps: Vec<(f64, f64)>,
}

/// Tumour DNA of an arm; each figure with its 95 % interval, `None` where no patient gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Blood {
    /// Mean of genome equivalents per mL of plasma over 1e9 cells at baseline.
    pub ge_per_ml_and_1e9_cells: Option<(f64, f64, f64)>,
    /// Median share of mutant reads over 1e10 cells at baseline, patients without any included.
    pub share_per_1e10_cells: Option<(f64, f64, f64)>,
    /// Share of patients in whom the mutation is detected at baseline.
    pub detected: Option<(f64, f64, f64)>,
    /// Median fall of the share from baseline to its lowest, patients with an objective response.
    pub fall_of_responders: Option<(f64, f64, f64)>,
    /// Median fall of genome equivalents per mL to the first visit after baseline, patients with an objective response.
    pub first_fall_of_responders: Option<(f64, f64, f64)>,
    /// Hazard ratio of progression or death after the first visit, of patients in whom the mutation was detected at baseline:
    /// no longer detected at that visit against still detected.
    pub cleared_hazard_ratio: Option<(f64, f64, f64)>,
    /// Mean days by which a rise came before progression on imaging.
    pub lead_days: Option<(f64, f64, f64)>,
}

/// A Kaplan-Meier curve with its table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Median and its 95 % interval, days.
    pub median_days: Option<f64>,
    /// 95 % interval of the median.
    pub ci95_days: (Option<f64>, Option<f64>),
    /// Events.
    pub events: usize,
    /// Patients.
    pub patients: usize,
    /// Steps: (day, survival, lower, upper); the first is (0, 1, 1, 1).
    pub steps: Vec<(f64, f64, f64, f64)>,
    /// Days on which patients were censored, one entry a day: (day, survival there, how many).
    pub censored: Vec<(f64, f64, usize)>,
    /// Counted at the printed times: (day, at risk, censored so far, events so far).
    pub risk_table: Vec<(f64, usize, usize, usize)>,
}

/// Burden of an arm on a day, over patients whose run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Day.
    pub day: f64,
    /// 5th percentile, cells.
    pub low: f64,
    /// Median, cells.
    pub middle: f64,
    /// 95th percentile, cells.
    pub high: f64,
    /// Patients still followed.
    pub patients: usize,
}

/// One arm against the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComparisonData {
    /// The arm.
    pub arm: String,
    /// The first.
    pub against: String,
    /// Cox hazard ratio of progression or death.
    pub hazard_ratio: Option<f64>,
    /// Its 95 % interval.
    pub ci95: Option<(f64, f64)>,
    /// Log-rank p-value.
    pub p_value: Option<f64>,
}

/// A published number that honestly does not come out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Miss {
    /// What, in words.
    pub name: String,
    /// The published figure with its range.
    pub published: String,
    /// Why it does not come out.
    pub reason: String,
}

/// A number that is not measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assumption {
    /// Parameter.
    pub name: String,
    /// Value as written, with unit.
    pub value: String,
    /// Why this value.
    pub why: String,
    /// What else it could be.
    pub prior: String,
}

/// Best change of the sum of diameters from baseline.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Waterfall {
    /// Patients with a baseline and a later measurement.
    pub patients: usize,
    /// Patients without.
    pub unknown: usize,
    /// Change (a share) and best response, largest growth first: every patient, or in larger studies evenly spaced ranks.
    pub bars: Vec<(f64, String)>,
}

/// One patient in one arm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Number, from 0.
    pub patient: u32,
    /// Best response (CR, PR, SD, PD, NE), or empty.
    pub best: String,
    /// Sum of diameters at baseline, mm; null without measurable disease.
    pub baseline: Option<f64>,
    /// Day and change of the sum from baseline, a share.
    pub changes: Vec<(f64, f64)>,
    /// Day of the first response.
    pub responded: Option<f64>,
    /// Day of progression.
    pub progressed: Option<f64>,
    /// Why the run ended: `horizon`, `death_other_cause`, `death_tumour`, `ceiling`, `progression`.
    pub ended: String,
    /// Day on which it ended.
    pub end: f64,
    /// Doses changed during treatment.
    #[serde(default)]
    pub dose_changes: Vec<DoseChange>,
}

/// A dose changed during treatment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DoseChange {
    /// Day.
    pub day: f64,
    /// Drug.
    pub drug: String,
    /// Dose over the planned one; 0 is a hold.
    pub scale: f64,
    /// Why.
    pub rule: String,
}

/// Clones over time in one patient.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Portrait {
    /// Number, from 0.
    pub patient: u32,
    /// Why this one.
    pub why: String,
    /// True when it was chosen in this arm; false when it is here to be compared with another arm.
    pub own: bool,
    /// Days of the looks.
    pub days: Vec<f64>,
    /// All cells at the looks.
    pub cells: Vec<f64>,
    /// Clones that reach 0.1 % of cells at some look, largest share first.
    pub clones: Vec<CloneCourse>,
    /// Day of progression.
    pub progressed: Option<f64>,
    /// Why the run ended.
    pub ended: String,
}

/// A clone of a portrait.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CloneCourse {
    /// Number within the tumour, in order of founding.
    pub id: u32,
    /// The clone it came from.
    pub parent: Option<u32>,
    /// Cell type of the founder.
    pub cell_type: String,
    /// Type of the cell it came from.
    pub parent_type: Option<String>,
    /// `start`, `mutation` or `immigration`.
    pub cause: String,
    /// Origin label.
    pub origin: String,
    /// Day of founding; negative before treatment.
    pub founded: f64,
    /// Cells at the looks; 0 where it is below 0.1 % of all.
    pub cells: Vec<f64>,
}

/// Felt concentration of a drug over one cycle.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// Drug.
    pub drug: String,
    /// Unit of concentrations.
    pub unit: String,
    /// Which cycle, from 1.
    pub cycle: u64,
    /// True at steady state.
    pub steady: bool,
    /// First day of the cycle.
    pub from: f64,
    /// Its length, days.
    pub days: f64,
    /// Patients behind the spread.
    pub patients: usize,
    /// Whose record of doses is followed: `patient 0 (ID 104)`; nothing where doses are planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// True when patients differ.
    pub varies: bool,
    /// Day within the cycle, typical patient, 5 %, median, 95 %.
    pub curve: Vec<(f64, f64, f64, f64, f64)>,
    /// Doses: day within the cycle, amount, days over which it is given.
    pub doses: Vec<(f64, f64, Option<f64>)>,
    /// Unit of the doses.
    pub dose_unit: String,
    /// Lowest in the cycle (Cmin): typical patient, 5 %, median, 95 %.
    pub lowest: (f64, f64, f64, f64),
    /// Average (Cavg).
    pub average: (f64, f64, f64, f64),
    /// Highest (Cmax).
    pub highest: (f64, f64, f64, f64),
}

/// Readings of one channel at visits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Channel.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Detection limit, where one is known.
    pub limit: Option<f64>,
    /// By visit.
    pub points: Vec<Reading>,
}

/// Readings at a visit, over patients seen there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Median day of the visit.
    pub day: f64,
    /// 5th percentile; 0 is not detected.
    pub low: f64,
    /// Median.
    pub middle: f64,
    /// 95th percentile.
    pub high: f64,
    /// Patients seen.
    pub patients: usize,
    /// Share of them in whom something was detected.
    pub detected: f64,
}

/// Parameters that vary between patients, by how they go with time to progression.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Patients.
    pub patients: usize,
    /// What independent numbers would stay under, by arm (about three standard deviations).
    pub chance: Vec<Option<f64>>,
    /// Parameter and Somers' D by arm, largest first.
    pub rows: Vec<(String, Vec<Option<f64>>)>,
}
