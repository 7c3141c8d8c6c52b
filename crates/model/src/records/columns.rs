//! Columns of an event table that are not read, but were probably meant to be: a steady state under `STEADY` would be
//! lost without a word, and every dose with it.
//!
//! A column is a near miss when the column that it looks like is not in the table, and when it is none of the usual
//! columns of such tables (NONMEM, Monolix, rxode2) that say nothing about doses.

use super::rows::NAMES;
use crate::problem::distance;

/// Words for a column that is read under another name.
const SYNONYMS: [(&str, &str); 55] = [
    ("SUBJECT", "ID"),
    ("SUBJ", "ID"),
    ("SUBJID", "ID"),
    ("USUBJID", "ID"),
    ("SID", "ID"),
    ("NMID", "ID"),
    ("PATIENT", "ID"),
    ("PATID", "ID"),
    ("PAT", "ID"),
    ("PT", "ID"),
    ("DAY", "TIME"),
    ("DAYS", "TIME"),
    ("HOUR", "TIME"),
    ("HOURS", "TIME"),
    ("TIMES", "TIME"),
    ("T", "TIME"),
    ("TAFD", "TIME"),
    ("DOSE", "AMT"),
    ("DOSES", "AMT"),
    ("AMOUNT", "AMT"),
    ("AMNT", "AMT"),
    ("MG", "AMT"),
    ("DOSE_MG", "AMT"),
    ("RTE", "RATE"),
    ("INFRATE", "RATE"),
    ("INF_RATE", "RATE"),
    ("DURATION", "DUR"),
    ("TINF", "DUR"),
    ("TINFUSION", "DUR"),
    ("INFUSION", "DUR"),
    ("INTERVAL", "II"),
    ("TAU", "II"),
    ("INT", "II"),
    ("INTERDOSE", "II"),
    ("III", "II"),
    ("ADDITIONAL", "ADDL"),
    ("ADDDOSE", "ADDL"),
    ("NDOSES", "ADDL"),
    ("NDOSE", "ADDL"),
    ("ADD", "ADDL"),
    ("STEADY", "SS"),
    ("STEADYSTATE", "SS"),
    ("STEADY_STATE", "SS"),
    ("SSS", "SS"),
    ("EVENT", "EVID"),
    ("EVENTID", "EVID"),
    ("EVENT_ID", "EVID"),
    ("EVTYPE", "EVID"),
    ("EV", "EVID"),
    ("COMP", "CMT"),
    ("CMPT", "CMT"),
    ("COMPARTMENT", "CMT"),
    ("COMPOUND", "DRUG"),
    ("MEDICATION", "DRUG"),
    ("AGENT", "DRUG"),
];

/// Columns of letters like those that are read, which mean something else.
const OTHERS: [&str; 22] = [
    "RACE", "DATE", "DATE1", "TAD", "TIMEPT", "NTIME", "DVID", "LIMIT", "TYPE", "NAME", "SITE", "LINE", "GRADE",
    "AMTF", "DATA", "MATE", "ART", "AST", "CURE", "TIMC", "GRADES", "STIM",
];

/// The column that one which is not read was probably meant to be; `here` says which of [`NAMES`] the table has.
pub(super) fn meant(name: &str, here: impl Fn(usize) -> bool) -> Option<&'static str> {
    let synonym = SYNONYMS.iter().find(|s| s.0 == name).map(|s| s.1);
    let found = synonym.or_else(|| {
        let letters: Vec<char> = name.chars().take(13).collect();
        if OTHERS.contains(&name) || !(3..=12).contains(&letters.len()) {
            return None;
        }
        NAMES.into_iter().find(|column| {
            // A letter changed in a word of three makes another word.
            let most = match (letters.len(), column.len()) {
                (_, 2) => 0,
                (3, 3) => 0,
                (6.., 4) => 2,
                _ => 1,
            };
            let all_there = || column.chars().all(|c| letters.contains(&c));
            let far = distance(&letters, column);
            (1..=most).contains(&far) && (far == 1 || all_there())
        })
    })?;
    let column = NAMES.iter().position(|n| *n == found)?;
    (!here(column)).then_some(found)
}
