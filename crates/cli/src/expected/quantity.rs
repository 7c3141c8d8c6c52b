//! What can be asked of a run: the quantities of `expected.toml`, the keys each takes, and how its words are read.

/// A quantity.
#[derive(Debug, Clone, PartialEq)]
pub enum Quantity {
    /// A variable of trajectories, by patient, then over patients.
    Reading(Reading),
    /// Median progression-free survival, months.
    MedianPfs,
    /// Median overall survival, months.
    MedianOs,
    /// Share of objective responses.
    Response,
    /// Hazard ratio of progression or death against another arm.
    HazardRatio,
    /// Share of rebiopsies that found a mechanism.
    Mechanism(String),
    /// Share of rebiopsies with an origin.
    Origin(String),
    /// Median of cells of a type (or `total`) at the last look.
    CellsAtEnd(String),
    /// What the first ctDNA measurement says, by its name in [`BLOOD`].
    Blood(&'static str),
    /// Share without progression or death on a day, Kaplan-Meier.
    ProgressionFreeAt(f64),
    /// Share alive on a day, Kaplan-Meier.
    AliveAt(f64),
    /// Share of patients with an event by a day (none: the horizon).
    EventShare(String, Option<f64>),
    /// Median day of an event among those who had it, counted from a day.
    EventMedianDays(String, f64),
    /// Share of an origin among the progressions between two days (none: all).
    RelapseOrigin(String, Option<(f64, f64)>),
    /// Share of the progressions between two days (none: all) at which a mechanism was found; `any` of them.
    RelapseMechanism(String, Option<(f64, f64)>),
    /// Correlation of two covariates over patients.
    Correlation([String; 2]),
    /// A probability by the exact law.
    Law(Law),
    /// What a test of its own judges.
    Elsewhere,
}

/// A reading: which variable, when, what of the visits, and what over patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// A cell type, `total`, a level, a column of a measurement, or `living barcodes`.
    pub of: String,
    /// Which visits.
    pub when: When,
    /// What over patients.
    pub over: Over,
    /// As a share of the patient's own reading at day 0.
    pub of_baseline: bool,
}

/// A probability by the exact law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Law {
    /// No resistant cell; else no cell at all.
    pub resistant: bool,
    /// The day; none: the horizon.
    pub at: Option<f64>,
    /// Over the study's patients; else of the typical one.
    pub average: bool,
}

/// Which visits, and what of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum When {
    /// The visit nearest to a day.
    At(f64),
    /// Visits between two days.
    Between {
        /// First day.
        from: f64,
        /// Last day; infinite where all visits count.
        to: f64,
        /// What of them.
        take: Take,
    },
}

/// What of several visits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// The mean over visits.
    Mean,
    /// The last one.
    Last,
    /// Day of the first largest.
    TimeOfMax,
    /// Day of the first smallest.
    TimeOfMin,
}

impl Take {
    /// All with their names.
    pub const ALL: [(&'static str, Take); 6] = [
        ("max", Take::Max),
        ("min", Take::Min),
        ("mean", Take::Mean),
        ("last", Take::Last),
        ("time_of_max", Take::TimeOfMax),
        ("time_of_min", Take::TimeOfMin),
    ];

    /// True when a day is given and not a reading.
    pub fn is_day(self) -> bool {
        matches!(self, Take::TimeOfMax | Take::TimeOfMin)
    }
}

/// What over patients.
#[derive(Debug, Clone, PartialEq)]
pub enum Over {
    /// The median.
    Median,
    /// The mean.
    Mean,
    /// The value that this share of the patients does not pass.
    Quantile(f64),
    /// The share of patients for whom this holds.
    Share(Compared, Threshold),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

impl Compared {
    /// Whether it holds.
    pub fn holds(self, x: f64, y: f64) -> bool {
        match self {
            Compared::Below => x < y,
            Compared::AtMost => x <= y,
            Compared::Above => x > y,
            Compared::AtLeast => x >= y,
            Compared::Equal => x == y,
        }
    }
}

/// A number with its unit; without one, in that of the table of trajectories.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// As written.
    pub number: f64,
    /// As written; may be empty.
    pub unit: String,
}

/// Figures of the first ctDNA measurement: genome equivalents in 15 mL of blood (55 % plasma) per 1e9 cells at baseline; share
/// of mutant reads per 1e10 cells at baseline; share of patients with it detected at baseline; its fall to the lowest in
/// patients with a response, and that of genome equivalents to the first visit; hazard ratio of progression or
/// death after that visit, no longer detected against still detected; days by which a rise came before progression on imaging.
pub const BLOOD: [&str; 7] = [
    "ctdna_ge_per_15_ml_and_cm3",
    "ctdna_share_of_10_cm3",
    "ctdna_detected",
    "ctdna_fall_of_responders",
    "ctdna_ge_fall_at_first_visit",
    "ctdna_cleared_hazard_ratio",
    "ctdna_lead_days",
];

/// Keys that every number takes.
pub const KEYS: [&str; 17] = [
    "name",
    "quantity",
    "set",
    "with",
    "arm",
    "against",
    "as",
    "method",
    "unit",
    "value",
    "low",
    "high",
    "range",
    "kind",
    "reason",
    "citation",
    "judged_by",
];

/// A quantity as it is written: its name, what stands behind a dot, and the keys it takes beside [`KEYS`].
pub struct Form {
    /// Before the dot.
    pub name: &'static str,
    /// What stands behind the dot; empty where there is no dot.
    pub of: &'static str,
    /// Its own keys.
    pub keys: &'static [&'static str],
}

const fn form(name: &'static str, of: &'static str, keys: &'static [&'static str]) -> Form {
    Form { name, of, keys }
}

/// Every quantity.
pub const FORMS: [Form; 24] = [
    form("reading", "", &["of", "at", "between", "take", "patients", "of_baseline"]),
    form("median_pfs_months", "", &[]),
    form("median_os_months", "", &[]),
    form("response", "", &[]),
    form("hazard_ratio", "", &[]),
    form("mechanism", "NAME", &[]),
    form("origin", "NAME", &[]),
    form("cells_at_end", "TYPE", &["patients"]),
    form("progression_free_at", "", &["at"]),
    form("alive_at", "", &["at"]),
    form("event_share", "NAME", &["at"]),
    form("event_median_days", "NAME", &["since"]),
    form("relapse_origin", "NAME", &["between"]),
    form("relapse_mechanism", "NAME", &["between"]),
    form("correlation", "", &["of"]),
    form("law.cure", "", &["at", "patients"]),
    form("law.no_resistance", "", &["at", "patients"]),
    form(BLOOD[0], "", &[]),
    form(BLOOD[1], "", &[]),
    form(BLOOD[2], "", &[]),
    form(BLOOD[3], "", &[]),
    form(BLOOD[4], "", &[]),
    form(BLOOD[5], "", &[]),
    form(BLOOD[6], "", &[]),
];

/// The form of a quantity as written, and what stands behind its dot.
pub fn form_of(text: &str) -> Option<(&'static Form, &str)> {
    if let Some(whole) = FORMS.iter().find(|f| f.name == text && f.of.is_empty()) {
        return Some((whole, ""));
    }
    let (head, tail) = text.split_once('.')?;
    FORMS.iter().find(|f| f.name == head && !f.of.is_empty() && !tail.is_empty()).map(|f| (f, tail))
}

/// Names of all quantities, as they are written.
pub fn all_names() -> Vec<String> {
    let named = |f: &Form| if f.of.is_empty() { f.name.to_string() } else { format!("{}.{}", f.name, f.of) };
    FORMS.iter().map(named).collect()
}

impl Quantity {
    /// Unit in which it is given: as in the table of trajectories for readings (`None`: known only with the model).
    pub fn unit(&self) -> Option<&'static str> {
        match self {
            Quantity::Reading(r) => match (&r.over, r.when) {
                (Over::Share(..), _) => Some(""),
                (_, When::At(_)) if r.of_baseline => Some(""),
                (_, When::Between { take, .. }) if take.is_day() => Some("days"),
                _ => None,
            },
            Quantity::MedianPfs | Quantity::MedianOs => Some("months"),
            Quantity::CellsAtEnd(_) => Some("cells"),
            Quantity::EventMedianDays(..) => Some("days"),
            Quantity::Blood("ctdna_lead_days") => Some("days"),
            _ => Some(""),
        }
    }

    /// True for what the exact law gives, without a run.
    pub fn is_law(&self) -> bool {
        matches!(self, Quantity::Law(_))
    }
}

/// `"median"`, `"mean"`, `"quantile 0.9"`, `"share > 0.5"`, `"share <= 1e9 cells"`, `"share = 0"`.
pub fn over(text: &str) -> Option<Over> {
    match text.trim() {
        "median" => return Some(Over::Median),
        "mean" => return Some(Over::Mean),
        _ => {}
    }
    if let Some(rest) = text.trim().strip_prefix("quantile ") {
        let q: f64 = rest.trim().parse().ok()?;
        return (q > 0.0 && q < 1.0).then_some(Over::Quantile(q));
    }
    let rest = text.trim().strip_prefix("share ")?.trim();
    let signs = [
        ("<=", Compared::AtMost),
        (">=", Compared::AtLeast),
        ("<", Compared::Below),
        (">", Compared::Above),
        ("=", Compared::Equal),
    ];
    let (compared, rest) = signs.iter().find_map(|(sign, c)| Some((*c, rest.strip_prefix(sign)?.trim())))?;
    let quantity = remission_model::units::quantity(rest).ok()?;
    Some(Over::Share(compared, Threshold { number: quantity.number, unit: quantity.unit_text.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_found_by_their_words() {
        assert!(form_of("reading").is_some_and(|f| f.0.keys.contains(&"of") && f.1.is_empty()));
        assert_eq!(form_of("mechanism.t790m").map(|f| (f.0.name, f.1)), Some(("mechanism", "t790m")));
        assert_eq!(form_of("law.cure").map(|f| f.0.name), Some("law.cure"));
        assert_eq!(form_of("ctdna_lead_days").map(|f| f.0.name), Some("ctdna_lead_days"));
        for wrong in ["readings", "mechanism", "mechanism.", "law", "law.cured", "median_pfs_months.x", ""] {
            assert!(form_of(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn words_about_patients_are_read() {
        assert_eq!(over("quantile 0.9"), Some(Over::Quantile(0.9)));
        let share = |c, number: f64, unit: &str| Some(Over::Share(c, Threshold { number, unit: unit.into() }));
        assert_eq!(over("share > 0.5"), share(Compared::Above, 0.5, ""));
        assert_eq!(over("share <= 1e9 cells"), share(Compared::AtMost, 1e9, "cells"));
        assert_eq!(over("share = 0"), share(Compared::Equal, 0.0, ""));
        for wrong in ["quantile 1", "quantile", "share", "share 3", "share > x", "medain", ""] {
            assert_eq!(over(wrong), None, "{wrong}");
        }
    }
}
