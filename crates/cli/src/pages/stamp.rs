//! The stamp at the end of a page: which files of the entry it was made from, how it was run, and what the index says of it.

use crate::catalogue;
use crate::record::digest;
use serde::{Deserialize, Serialize};

/// What stands before the stamp.
const BEGINS: &str = "<!-- remission catalogue pages: ";
/// What stands behind it.
const ENDS: &str = " -->";

/// The stamp.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Catalogue ID.
    pub id: String,
    /// Digest of the entry's files.
    pub files: String,
    /// Patients an arm, as run.
    pub patients: u32,
    /// Title of the model.
    pub title: String,
    /// The question.
    pub question: String,
    /// Drugs of the model, in words.
    pub treatment: String,
    /// The answer in one line.
    pub answer: String,
    /// How the published numbers came out, in words.
    pub published: String,
    /// What became of each arm, where progression is assessed.
    #[serde(default)]
    pub arms: Vec<ArmStamp>,
}

/// One arm, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArmStamp {
    /// As in the study.
    pub name: String,
    /// Median progression-free survival in months, with its interval.
    pub progression: String,
    /// Patients who progressed.
    pub progressed: u64,
    /// Share of each origin among them.
    pub origins: Vec<(String, String)>,
}

impl Stamp {
    /// As a comment of HTML.
    pub fn written(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        // Two hyphens or an angle bracket would end the comment.
        let json = json.replace("--", "-\\u002d").replace('<', "\\u003c").replace('>', "\\u003e");
        format!("{BEGINS}{json}{ENDS}\n")
    }

    /// That of a page; none where it has none.
    pub fn of(page: &str) -> Option<Stamp> {
        let (_, rest) = page.rsplit_once(BEGINS)?;
        serde_json::from_str(rest.split_once(ENDS)?.0).ok()
    }
}

/// Digest of all files of an entry and of its variants, with their names.
pub fn of_files(id: &str) -> String {
    let begins = format!("{id}/");
    let mut all = String::new();
    for (name, text) in catalogue::all().iter().filter(|(name, _)| name.starts_with(&begins)) {
        // A checkout may end lines in another way.
        let text = text.replace("\r\n", "\n");
        all += &format!("{name}\n{}\n{text}", text.len());
    }
    digest(all.as_bytes())
}
