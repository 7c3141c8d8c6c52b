//! What a map shows, in words and ready to be written: nodes, arrows, and the numbers behind the arrows.
//!
//! It is kept in a run's summary, so that the report is drawn again without the model.

use serde::{Deserialize, Serialize};

/// A model as a graph.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Map {
    /// What there is.
    pub nodes: Vec<Node>,
    /// What becomes of it, and what acts on what.
    pub arrows: Vec<Arrow>,
    /// Numbers behind the arrows, and those on no arrow.
    pub numbers: Vec<Number>,
    /// Names of the numbers on no arrow: sizes at the start, what is seen, how patients die.
    pub on_no_arrow: Vec<String>,
}

/// Something that there is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// As in the file; doses are `doses of DRUG`, all cells `total`, the date `time`.
    pub name: String,
    /// `cells`, `level`, `event`, `drug`, `doses`, `total` or `time`.
    pub kind: String,
    /// What it is, in few words.
    pub is: String,
    /// Of a cell type: `sensitive`, `persister`, `resistant`, `immune`; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cell_kind: String,
    /// More than a picture has room for; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub more: String,
}

/// Something that becomes of a node, or acts on what becomes of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Arrow {
    /// Node at which it begins; null: outside.
    pub from: Option<String>,
    /// Node at which it ends (of an influence: the node whose rate it acts on); null: gone.
    pub to: Option<String>,
    /// `dose`, `elimination`, `birth`, `death`, `immigration`, `switching`, `mutation at division`, `mutation in time`,
    /// `production`, `loss`, `change`, `happens` (of an event) or `influence`.
    pub kind: String,
    /// Of an influence: the place in the list of arrows of the one that it acts on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<usize>,
    /// Of an influence: that arrow in words, such as `switching to persister`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub acts_on: String,
    /// Of an influence: `raises`, `lowers`, `both`, `nothing` or `unknown`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sign: String,
    /// Of an influence: the name that stands in the rate, such as `delayed(erlotinib)`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub through: String,
    /// The rate as written; of an influence that of the arrow it acts on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rate: String,
    /// Names of the numbers that it stands on.
    pub parameters: Vec<String>,
    /// The weakest of their marks: `cited`, `fitted`, `assumed` or `bare`.
    pub mark: String,
}

/// A number with its source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// As in the file.
    pub name: String,
    /// In the unit of the file.
    pub value: f64,
    /// Empty for a plain number.
    pub unit: String,
    /// `cited`, `fitted` or `assumed`.
    pub mark: String,
    /// The citation, the fit, or why this value.
    pub source: String,
    /// What else it could be; of an assumption only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<String>,
}

/// Marks, from strong to weak.
pub const MARKS: [&str; 4] = ["cited", "fitted", "assumed", "bare"];

impl Arrow {
    /// What it is, in few words: `mutation at division`, `raises death`.
    pub fn words(&self) -> String {
        if self.kind != "influence" {
            return self.kind.clone();
        }
        let verb = match self.sign.as_str() {
            "raises" => "raises",
            "lowers" => "lowers",
            "both" => "raises or lowers",
            "nothing" => "has no effect on",
            _ => "acts on",
        };
        format!("{verb} {}", self.acts_on)
    }

    /// Place of its mark in [`MARKS`].
    pub fn strength(&self) -> usize {
        MARKS.iter().position(|m| *m == self.mark).unwrap_or(MARKS.len() - 1)
    }
}

impl Map {
    /// A number by its name.
    pub fn number(&self, name: &str) -> Option<&Number> {
        self.numbers.iter().find(|n| n.name == name)
    }

    /// A name with its mark: `kill (assumed)`.
    pub fn marked(&self, name: &str) -> String {
        self.number(name).map_or(name.to_owned(), |n| format!("{name} ({})", n.mark))
    }

    /// What an arrow stands on, in words.
    pub fn stands_on(&self, arrow: &Arrow) -> String {
        let mut parts: Vec<String> = arrow.parameters.iter().map(|p| self.marked(p)).collect();
        if arrow.mark == "bare" {
            let written = if parts.is_empty() && !arrow.rate.is_empty() { &arrow.rate } else { "a number or table" };
            parts.push(format!("{written} (bare)"));
        }
        if parts.is_empty() { "no numbers".to_owned() } else { parts.join(", ") }
    }
}
