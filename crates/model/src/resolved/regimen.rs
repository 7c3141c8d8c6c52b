//! Doses as planned or as recorded.

use super::{Body, Row};

/// The plan: dose rules that run side by side. Day 1 is the day treatment begins (time 0).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Regimen {
    /// The sentences, normalised, for printing back.
    pub sentences: Vec<String>,
    /// Doses; never expanded here.
    pub rules: Vec<DoseRule>,
}

/// Doses at `offsets` (days) of every cycle of `cycle` days, from `from` until `until`.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseRule {
    /// Index of the drug.
    pub drug: usize,
    /// mg a dose; for a held drug the felt concentration in base units; for radiation Gy a fraction.
    pub amount: f64,
    /// Days over which it is infused; 0: at once. For a held drug: days held (infinity: until the next dose).
    pub duration: f64,
    /// Times within the cycle, ascending, each >= 0 and < cycle.
    pub offsets: Vec<f64>,
    /// Length of the cycle, days; infinity for doses given once.
    pub cycle: f64,
    /// First day of the first cycle, counted from 0.
    pub from: f64,
    /// No dose at or after this time; infinity: for as long as the regimen runs.
    pub until: f64,
    /// What a row of a dosing record asks for besides its dose; `None` for a sentence.
    pub row: Option<Row>,
}

impl DoseRule {
    /// True when it brings drug into the body; a row that only empties it, or a dose of nothing, does not.
    pub fn gives(&self) -> bool {
        self.amount != 0.0 || self.row.is_some_and(|row| matches!(row.body, Body::Infused { .. }))
    }
}
