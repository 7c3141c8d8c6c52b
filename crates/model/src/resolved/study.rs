//! A study: how many patients, how long, when they are seen, and what each arm is given.

use super::{Condition, Modification, Regimen};
use crate::records::Records;

/// How a study is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Name for tables; the catalogue ID or the file's stem.
    pub name: String,
    /// One line of words; may be empty.
    pub title: String,
    /// Patients per arm.
    pub patients: u32,
    /// Seed of every random draw.
    pub seed: u64,
    /// Days from the start of treatment.
    pub horizon: f64,
    /// When the clinic looks.
    pub visits: Visits,
    /// Name of the measurement that RECIST is read from; `None`: no progression is assessed.
    pub recist_on: Option<usize>,
    /// What progression or relapse is where it is not RECIST; never together with `recist_on`.
    pub progression_when: Option<Called>,
    /// A run ends when the total passes this many cells.
    pub ceiling: f64,
    /// Share of cells at which a rebiopsy finds a mechanism.
    pub rebiopsy_detects: f64,
    /// Treatments compared; all comparisons are against the first.
    pub arms: Vec<Arm>,
}

impl Study {
    /// True where progression is seen.
    pub fn assesses_progression(&self) -> bool {
        self.recist_on.is_some() || self.progression_when.is_some()
    }
}

/// A condition by which progression or relapse is called: at the first visit at which it is met after one at which it was not, day 0
/// included. So a leukaemia that is above the limit at diagnosis relapses only after it has been below.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// In normal form, for printing back.
    pub sentence: String,
    /// What a visit has to see.
    pub condition: Condition,
}

/// When the clinic looks: a baseline visit at time 0, then each visit one spacing after the visit before it, moved by a whole
/// number of days, uniform within the window.
#[derive(Debug, Clone, PartialEq)]
pub struct Visits {
    /// (from day, spacing in days) in order; the first starts at 0.
    pub spacing: Vec<(f64, f64)>,
    /// Half-width of the window, days; less than half the smallest spacing.
    pub window: f64,
}

/// A treatment in a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    /// As printed.
    pub name: String,
    /// First-line doses; empty where the doses are recorded.
    pub regimen: Regimen,
    /// Doses as recorded, in place of `regimen`.
    pub records: Option<Records>,
    /// What follows progression.
    pub after_progression: AfterProgression,
    /// How doses are modified by what visits see.
    pub rules: Vec<Modification>,
}

impl Arm {
    /// First-line doses of a patient (counted from 0): the regimen, or the record that falls to the patient. Records are
    /// taken in turn where there are more patients than records.
    pub fn regimen_of(&self, patient: u32) -> &Regimen {
        match self.records.as_ref().and_then(|r| r.of(patient)) {
            Some(recorded) => &recorded.regimen,
            None => &self.regimen,
        }
    }
}

/// What an arm does once progression is called.
#[derive(Debug, Clone, PartialEq)]
pub enum AfterProgression {
    /// No more drug.
    Stop,
    /// The same doses.
    Continue,
    /// Another regimen, day 1 of which is the visit that called progression.
    Switch(Regimen),
    /// The run ends there.
    End,
}
