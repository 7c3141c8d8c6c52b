//! The numbers of a catalogue entry by where they come from: cited, fitted, assumed, or bare, which none may be.
//!
//! A parameter, covariate or correlation always says where it comes from, or its model is not read. What can be left bare is a number
//! written where a parameter could stand, a literal in an expression other than 0, 1, 2 and -1, and a setting that only takes a literal
//! (a molar mass, shares of lesions, points of a table) in a section without `source` or `assumed`. Which keys hold numbers is read
//! from the format's own page ([`remission_model::format`]), so a key that is added there is looked at too.
//!
//! Left out: numbers of the study (patients, visits, doses), which are the design and not knowledge, and defaults that nobody wrote.

mod bare;
mod numbers;
pub mod table;

use crate::expected::entry::Entry;
use crate::load::Loaded;
use remission_model::resolved::{Basis, Source};

/// Numbers by mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Printed in a publication.
    pub cited: usize,
    /// Estimated from data.
    pub fitted: usize,
    /// Not measured, and said so: a parameter with a prior, a setting with words.
    pub assumed: usize,
    /// Without any mark.
    pub bare: usize,
}

impl Marks {
    /// All of them.
    pub fn all(self) -> usize {
        self.cited + self.fitted + self.assumed + self.bare
    }

    /// Adds another set's.
    pub fn add(&mut self, other: Marks) {
        self.cited += other.cited;
        self.fitted += other.fitted;
        self.assumed += other.assumed;
        self.bare += other.bare;
    }
}

/// A place in a file and what is the matter there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// File as shown.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Key.
    pub key: String,
    /// What stands there.
    pub found: String,
    /// What to do.
    pub do_: String,
}

/// Citations of a set.
#[derive(Debug, Clone, Default)]
pub struct Citations {
    /// All.
    pub all: usize,
    /// Those with neither DOI nor address.
    pub nowhere: Vec<Finding>,
    /// Those that do not say where in the publication.
    pub no_place: Vec<Finding>,
}

/// The audit of an entry itself or of one of its variants.
#[derive(Debug, Clone)]
pub struct Audited {
    /// Catalogue ID, or the folder's name; of a variant with its name.
    pub id: String,
    /// Numbers of the model.
    pub marks: Marks,
    /// The bare ones.
    pub bare: Vec<Finding>,
    /// Citations of model and published numbers.
    pub citations: Citations,
    /// Published numbers.
    pub expected: usize,
    /// Those that name no publication.
    pub unsourced: Vec<Finding>,
}

impl Audited {
    /// False where a number is bare or a published one names no publication.
    pub fn passes(&self) -> bool {
        self.bare.is_empty() && self.unsourced.is_empty() && self.citations.nowhere.is_empty()
    }
}

/// Audits an entry: itself, then its variants. Published numbers count with the set they belong to; those of no variant (fits, readings)
/// with the entry.
pub fn audit(entry: &Entry) -> Vec<Audited> {
    let mine = |set: &Option<String>| entry.only.is_none() || entry.only == *set;
    let mut out: Vec<Audited> = Vec::new();
    for (set, loaded) in entry.sets.iter().filter(|(set, _)| mine(set)) {
        let entry_id = entry.id.split('/').next().unwrap_or(&entry.id);
        let id = set.as_ref().map_or(entry_id.to_string(), |set| format!("{entry_id}/{set}"));
        let mut one = of_model(id, loaded);
        published(entry, set, &mut one);
        out.push(one);
    }
    out
}

fn of_model(id: String, loaded: &Loaded) -> Audited {
    let model = &loaded.model;
    let mut marks = Marks::default();
    let sources = model.parameters.iter().map(|p| &p.source).chain(model.correlations.pairs.iter().map(|c| &c.source));
    for source in sources {
        match source {
            Source::Cited(_) => marks.cited += 1,
            Source::Fitted(_) => marks.fitted += 1,
            Source::Assumed { .. } => marks.assumed += 1,
        }
    }
    let (mut bare, mut citations) = (Vec::new(), Citations::default());
    let source = &loaded.sources[0];
    for number in numbers::written(&source.text) {
        let basis = model.settings.iter().find(|s| s.of == number.section).map(|s| &s.basis);
        match basis.filter(|_| number.literal_only) {
            Some(Basis::Cited(_)) => marks.cited += 1,
            Some(Basis::Assumed(_)) => marks.assumed += 1,
            None => {
                marks.bare += 1;
                bare.push(bare::finding(&number, &source.shown));
            }
        }
    }
    for c in numbers::citations(&source.text) {
        citations.all += 1;
        let finding = |found: &str, do_: &str| Finding {
            file: source.shown.clone(),
            line: c.line,
            key: c.key.clone(),
            found: found.into(),
            do_: do_.into(),
        };
        if !c.address {
            citations.nowhere.push(finding("a citation without doi and url", "name the publication"));
        }
        if !c.place {
            citations.no_place.push(finding("a citation without `where`", "add the table, figure or sentence"));
        }
    }
    Audited { id, marks, bare, citations, expected: 0, unsourced: Vec::new() }
}

fn published(entry: &Entry, set: &Option<String>, out: &mut Audited) {
    let Some(source) = &entry.source else { return };
    let variants: Vec<&String> = entry.sets.iter().filter_map(|s| s.0.as_ref()).collect();
    for p in &entry.expected.published {
        // What belongs to no variant is counted with the entry.
        let of = p.asking.set.as_ref().filter(|s| variants.contains(s));
        if of != set.as_ref() {
            continue;
        }
        out.expected += 1;
        let finding = |key: &str, found: &str, do_: &str| Finding {
            file: source.shown.clone(),
            line: p.asking.lines.of(key),
            key: format!("\"{}\"", p.asking.name),
            found: found.into(),
            do_: do_.into(),
        };
        match &p.citation {
            None => out.unsourced.push(finding(
                "name",
                "a published number without a citation",
                "add citation = { doi = \"10....\", where = \"Table 2\" }, or url in place of doi",
            )),
            Some(c) => {
                out.citations.all += 1;
                if c.place.is_none() {
                    let do_ = "add the table, figure or sentence";
                    out.citations.no_place.push(finding("citation", "a citation without `where`", do_));
                }
            }
        }
    }
}
