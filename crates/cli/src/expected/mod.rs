//! Published numbers of a catalogue entry (`expected.toml`): what they are, and whether a run of the entry gives them.
//!
//! In reading order: [`answer`] (what a run says first), [`quantity`] (what can be asked of a run), [`read`] (the file, every fault at once), [`names`] (arms, variables
//! and sets against the entry's studies), [`entry`] (an entry with its variants), [`mod@typical`] (the patient of the mean equations), [`gather`] (what is kept of every patient of a
//! run), [`spread`] (Monte Carlo errors), [`figure`] (a number from a run), [`judge`] (does it agree?), [`mod@test`] (all of an entry),
//! [`table`] (how that is printed). Ranges are fixed beforehand and never widened: a number that honestly does not come out
//! says why (`reason`) and is counted apart.

pub mod answer;
pub mod entry;
pub mod figure;
pub mod gather;
pub mod judge;
pub mod names;
pub mod quantity;
pub mod read;
pub mod second;
pub mod spread;
pub mod table;
pub mod test;
pub mod typical;

use crate::load::Source;
use crate::report::data::Miss;
use quantity::Quantity;
use remission_cohort::patient::Method;

/// The file.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Numbers, in the order written.
    pub published: Vec<Published>,
    /// What a run of the entry, or of a variant, says first.
    pub answers: Vec<Asking>,
    /// What tests judge by a procedure of their own, such as fits to readings.
    pub fits: Vec<Fit>,
    /// How the second reading is compared; none where the file says nothing.
    pub second: Option<second::Second>,
}

/// What a re-run of a fit must give; looked at by the test that is named.
#[derive(Debug, Clone)]
pub struct Fit {
    /// Which fit, and what of it.
    pub name: String,
    /// The test that repeats it.
    pub judged_by: String,
}

/// Whether the model was tuned to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was.
    Calibrated,
    /// It was not.
    Predicted,
}

impl Kind {
    /// As written.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Calibrated => "calibrated",
            Kind::Predicted => "predicted",
        }
    }
}

/// How an arm is compared with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// The arm's over the other's.
    Ratio,
    /// The arm's minus the other's.
    Difference,
}

/// A figure that is asked of a run.
#[derive(Debug, Clone)]
pub struct Asking {
    /// In words, once in the entry.
    pub name: String,
    /// What is asked.
    pub quantity: Quantity,
    /// Arm; the first, or every one, where none is named.
    pub arm: Option<String>,
    /// The arm it is compared with.
    pub against: Option<String>,
    /// How.
    pub relation: Relation,
    /// Variant that is run; none: the entry itself.
    pub set: Option<String>,
    /// Unit, where it is not the quantity's own.
    pub unit: Option<String>,
    /// Line of its keys, from 1.
    pub lines: Lines,
}

/// One published number.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its counterpart in a run.
    pub asking: Asking,
    /// Parameters that have another value for this number alone: name, and number with its unit.
    pub with: Vec<(String, String)>,
    /// How it is run.
    pub method: Method,
    /// Of the typical patient alone, by the mean equations; else over the study's patients.
    pub typical: bool,
    /// As printed, where one figure is printed.
    pub value: Option<f64>,
    /// Lowest that agrees.
    pub low: f64,
    /// Highest that agrees.
    pub high: f64,
    /// Where the range comes from, in words.
    pub range: Option<String>,
    /// Whether the model was tuned to it.
    pub kind: Kind,
    /// Why it honestly does not come out.
    pub reason: Option<String>,
    /// Where it is printed.
    pub citation: Option<Citation>,
    /// The test that looks at it, where no run gives it.
    pub judged_by: Option<String>,
}

/// Where the keys of an entry stand.
#[derive(Debug, Clone, Default)]
pub struct Lines {
    /// Line of the entry itself, from 1.
    pub own: usize,
    /// Key and its line.
    pub keys: Vec<(String, usize)>,
}

impl Lines {
    /// Line of a key, or of the entry where the key was left out.
    pub fn of(&self, key: &str) -> usize {
        self.keys.iter().find(|k| k.0 == key).map_or(self.own, |k| k.1)
    }
}

impl Published {
    /// The published figure: as printed, or the middle of the range.
    pub fn figure(&self) -> f64 {
        self.value.unwrap_or(0.5 * (self.low + self.high))
    }
}

/// Where a number is printed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Citation {
    /// DOI, or none.
    pub doi: Option<String>,
    /// Address, or none.
    pub url: Option<String>,
    /// Place in the paper.
    pub place: Option<String>,
}

impl Citation {
    /// Paper and place.
    pub fn in_words(&self) -> String {
        let doi = self.doi.as_ref().map(|d| format!("doi {d}"));
        let parts = [doi.or(self.url.clone()), self.place.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

impl Expected {
    /// The honest misses of the entry itself, or of a variant, as written: nothing is run for them.
    pub fn misses(&self, set: Option<&str>) -> Vec<Miss> {
        let mine = self.published.iter().filter(|p| p.asking.set.as_deref() == set);
        mine.filter_map(|p| {
            let reason = p.reason.clone()?;
            Some(Miss { name: p.asking.name.clone(), published: table::printed(p), reason })
        })
        .collect()
    }
}

/// The published numbers and answers beside a study of this name; a file that cannot be read is told of and stops no run.
pub fn beside(text: Option<&str>, study: &str) -> Expected {
    let Some(text) = text else { return Expected::default() };
    let source = Source { file: "expected.toml".into(), shown: format!("expected.toml of {study}"), text: text.into() };
    read::read(&source).unwrap_or_else(|faults| {
        warnln!(
            "note: {} cannot be read ({} {}; `remission check --read-only` says more); the report says neither what the study answers nor which \
             published numbers do not come out",
            source.shown,
            faults.len(),
            if faults.len() == 1 { "problem" } else { "problems" }
        );
        Expected::default()
    })
}

/// The variant that a study of this name is; none: the entry itself.
pub fn set_of(study: &str) -> Option<&str> {
    study.split_once('/').map(|(_, variant)| variant)
}
