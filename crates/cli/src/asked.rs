//! What was asked of a run: kept while it is unfinished, part of its record afterwards, and enough to run it again.

use crate::args::MethodArg;
use crate::bounded::{self, LARGEST_RECORD, is_plain_name};
use crate::commands::run::{Job, job};
use crate::failure::Exit;
use crate::load::{Loaded, Source, resolve};
use crate::record::{self, Record, digest};
use crate::unfinished::FOLDER;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// File name within the folder of an unfinished run.
pub const FILE: &str = "asked.json";

/// What was asked of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// Version of this layout.
    pub format: u32,
    /// Version of the program.
    pub remission: String,
    /// Version of the random streams.
    pub rng_version: u32,
    /// Study's name.
    pub study: String,
    /// Seed of every draw.
    pub seed: u64,
    /// Patients per arm.
    pub patients: u32,
    /// `exact`, `leap` or `mean`.
    pub method: String,
    /// Tables as CSV too.
    pub csv: bool,
    /// SHA-256 of every input.
    pub inputs: BTreeMap<String, String>,
    /// The file of published numbers beside the study, for the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
}

impl Asked {
    /// With its own checksum, as it is kept.
    pub fn sealed(&self) -> Vec<u8> {
        let sealed = Sealed { asked: self.clone(), sha256: digest(&self.plain()) };
        serde_json::to_vec_pretty(&sealed).unwrap_or_default()
    }

    /// What the checksum is of.
    pub fn plain(&self) -> Vec<u8> {
        // Numbers, words and a map of words can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What was asked of the unfinished run in `dir`.
    pub fn read(dir: &Path) -> Result<Asked, Exit> {
        let path = dir.join(FOLDER).join(FILE);
        let damaged = |why: &str| {
            Exit::refused(format!(
                "error: {} is damaged: {why}; without it nobody knows what was asked\n  remove {} and run the study anew",
                path.display(),
                dir.display()
            ))
        };
        let sealed: Sealed = serde_json::from_slice(&bounded::bytes(&path, LARGEST_RECORD, "the record of a run")?)
            .map_err(|e| damaged(&e.to_string()))?;
        if sealed.sha256 != digest(&sealed.asked.plain()) {
            return Err(damaged("its checksum does not match"));
        }
        if sealed.asked.format != 1 || !sealed.asked.inputs.keys().all(|n| is_plain_name(n)) {
            return Err(damaged("it was not written by this version"));
        }
        Ok(sealed.asked)
    }

    /// What was asked of a finished run.
    pub fn of_record(record: &Record) -> Asked {
        Asked {
            format: record.format,
            remission: record.remission.clone(),
            rng_version: record.rng_version,
            study: record.study.clone(),
            seed: record.seed,
            patients: record.patients,
            method: record.method.clone(),
            csv: record.files.keys().any(|f| f.ends_with(".csv")),
            inputs: record.inputs.clone(),
            expected: None,
        }
    }

    /// The record of what came of it.
    pub fn record(
        self,
        tables: BTreeMap<String, String>,
        files: BTreeMap<String, String>,
        failed: Vec<record::Failed>,
    ) -> Record {
        let Asked { format, remission, rng_version, study, seed, patients, method, inputs, .. } = self;
        Record { format, remission, rng_version, study, seed, patients, method, inputs, tables, files, failed }
    }

    /// The study and how it is run, from copies of its files.
    pub fn job(&self, mut sources: Vec<Source>, threads: Option<u16>) -> Result<(Loaded, Job), Exit> {
        // Names of dosing records may come before that of the model.
        sources.sort_by_key(|s| s.file != "model.toml");
        if sources.first().is_none_or(|s| s.file != "model.toml") {
            return Err(Exit::refused("error: the record names no model.toml"));
        }
        let loaded = resolve(&self.study, sources, None)?;
        let method = MethodArg::from_str(&self.method, true).map_err(|_| {
            Exit::refused(format!("error: the record names a method `{}` that does not exist", self.method))
        })?;
        let job = job(&loaded, Some(self.patients), Some(self.seed), method.into(), threads)?;
        Ok((loaded, job))
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    asked: Asked,
    sha256: String,
}
