//! The record of a run: enough to repeat it bit for bit. Written last, so a directory with a record is whole.

use crate::bounded::{self, LARGEST_RECORD, is_plain_name};
use crate::failure::Exit;
use crate::load::Source;
use remission_model::records::is_file_name;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::path::Path;

/// File name within a run directory.
pub const FILE: &str = "record.json";
/// Changes when a change of the program moves the random path of any run.
pub const RNG_VERSION: u32 = 6;

/// What was run, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of this layout.
    pub format: u32,
    /// Version of the program.
    pub remission: String,
    /// Version of the random streams and the laws drawn from them.
    pub rng_version: u32,
    /// Study's name.
    pub study: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Patients per arm.
    pub patients: u32,
    /// `exact`, `leap` or `mean`.
    pub method: String,
    /// SHA-256 of every input, copies of which lie beside this file.
    pub inputs: BTreeMap<String, String>,
    /// SHA-256 of every table.
    pub tables: BTreeMap<String, String>,
    /// SHA-256 of the figures and of the resolved model. The report is made from the figures and may be written again.
    pub files: BTreeMap<String, String>,
    /// Patients without an outcome: number, arm, reason.
    #[serde(deserialize_with = "so_many")]
    pub failed: Vec<Failed>,
}

/// Number, arm and reason of a patient without an outcome.
pub type Failed = (u32, Option<String>, String);

/// Most failed patients that are read back.
const MOST_FAILED: usize = 1_000_000;

/// A list of at most [`MOST_FAILED`]: an entry of a few bytes takes many times that in memory.
fn so_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Failed>, D::Error> {
    struct Bounded;
    impl<'de> Visitor<'de> for Bounded {
        type Value = Vec<Failed>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "at most {MOST_FAILED} failed patients")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut out = Vec::new();
            while let Some(one) = list.next_element()? {
                if out.len() == MOST_FAILED {
                    return Err(Error::invalid_length(out.len() + 1, &self));
                }
                out.push(one);
            }
            Ok(out)
        }
    }
    from.deserialize_seq(Bounded)
}

/// Files beside the tables that the record vouches for.
pub const OTHERS: [&str; 2] = ["summary.json", "resolved.toml"];

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of a file, read piece by piece.
pub fn digest_file(path: &Path) -> Result<String, Exit> {
    let mut file = std::fs::File::open(path).map_err(|e| Exit::io("read", path, e))?;
    let mut sum = Sha256::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        let n = file.read(&mut piece).map_err(|e| Exit::io("read", path, e))?;
        if n == 0 {
            return Ok(hex(&sum.finalize()));
        }
        sum.update(&piece[..n]);
    }
}

/// Files of a run directory that are not, or no longer, what the run wrote: name and what is the matter.
pub fn damaged(folder: &Path, digests: &BTreeMap<String, String>) -> Result<Vec<(String, &'static str)>, Exit> {
    let mut found = Vec::new();
    for (name, digest) in digests {
        let path = folder.join(name);
        if !path.is_file() {
            found.push((name.clone(), "missing"));
        } else if digest_file(&path)? != *digest {
            found.push((name.clone(), "changed since it was written"));
        }
    }
    Ok(found)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Digests of all inputs.
pub fn inputs(sources: &[Source]) -> BTreeMap<String, String> {
    sources.iter().map(|s| (input_name(s), digest(s.text.as_bytes()))).collect()
}

/// Name under which a run directory keeps a copy of an input.
pub fn input_name(source: &Source) -> String {
    match source.file.as_str() {
        "study.toml" | "regimen.toml" => source.file.clone(),
        table if is_file_name(table) => source.file.clone(),
        // A model file may have any name; its copy is always model.toml.
        _ => "model.toml".to_string(),
    }
}

/// The command that runs what lies in a run directory once more, into another.
pub fn again(folder: &Path, record: &Record) -> String {
    let Record { patients, seed, method, .. } = record;
    let shown = crate::commands::run::shown(folder);
    format!("remission run {shown} --patients {patients} --seed {seed} --method {method} --out ANOTHER_FOLDER")
}

/// Reads the record of a run directory.
pub fn read(folder: &Path) -> Result<Record, Exit> {
    let path = folder.join(FILE);
    if !folder.is_dir() {
        return Err(Exit::refused(format!("error: {} is not a folder; name a run directory", folder.display())));
    }
    if crate::unfinished::is_unfinished(folder) {
        return Err(Exit::refused(format!("error: {}", crate::unfinished::message(folder))));
    }
    if !path.is_file() {
        return Err(Exit::refused(format!(
            "error: {} holds no {FILE}, so it is not a finished run directory of remission",
            folder.display()
        )));
    }
    let text = bounded::text(&path, LARGEST_RECORD, "the record of a run")?;
    let record: Record = serde_json::from_str(&text).map_err(|e| {
        Exit::refused(format!(
            "error: {} cannot be understood: {e}; it was not written by this version, or is damaged",
            path.display()
        ))
    })?;
    if record.rng_version != RNG_VERSION {
        return Err(Exit::refused(format!(
            "error: {} was made with random streams version {} (remission {}) and this program has version {RNG_VERSION}, which draws \
             other paths of the same law\n  \
             repeat it with the program that made it; or run the copies of its files anew: {}",
            folder.display(),
            record.rng_version,
            record.remission,
            again(folder, &record)
        )));
    }
    // A record from elsewhere must not lead out of its folder.
    let mut names = record.inputs.keys().chain(record.tables.keys()).chain(record.files.keys());
    if let Some(name) = names.find(|n| !is_plain_name(n)) {
        return Err(Exit::refused(format!(
            "error: {} names a file {name:?}, which no run directory has; it was changed, or was not written by remission",
            path.display()
        )));
    }
    Ok(record)
}
