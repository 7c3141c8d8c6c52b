//! Study files: how many patients, how long, how often they are seen, and the arms that are compared.

mod arms;

use crate::problem::{Code, Problems, Report};
use crate::program::evaluate;
use crate::regimen::regimen;
use crate::resolved::{MeasurementKind, Model, Regimen, Start, Study};
use crate::scope::{mismatch, read_quantity};
use crate::tree::{Section, Text, parse, short};
use crate::units::{Dimension, number};
use crate::visits::visits;
use std::collections::BTreeMap;

/// Largest count that is held exactly, 2^53.
const MOST_CELLS: f64 = 9_007_199_254_740_992.0;

/// Keys of `[study]`.
const KEYS: [&str; 9] =
    ["title", "patients", "seed", "horizon", "visits", "recist_on", "progression_when", "ceiling", "rebiopsy_detects"];

/// Ceiling of a study that writes none.
const DEFAULT_CEILING: f64 = 1e13;

/// Reads a study of `model`, whose arms hold their regimens as lists of sentences.
///
/// ```
/// let model = std::fs::read_to_string("../../spec/cases/valid/logistic.toml").unwrap();
/// let model = remission_model::model_from_toml("model.toml", &model).unwrap();
/// let study = r#"
///     [study]
///     patients = 10
///     seed = 2026
///     horizon = "2 months"
///     visits = "every week"
///     [[arms]]
///     name = "untreated"
///     regimen = ["no treatment"]
/// "#;
/// let study = remission_model::study_from_toml("study.toml", study, "first", &model).unwrap();
/// assert_eq!((study.patients, study.horizon), (10, 60.875));
/// ```
pub fn study_from_toml(file_name: &str, text: &str, name: &str, model: &Model) -> Result<Study, Problems> {
    study_with_files(file_name, text, &Beside::default(), name, model)
}

/// As [`study_from_toml`], with a file of named regimens (`[regimens.daily] sentences = [...]`) that an arm may
/// refer to: `regimen = "daily"`.
pub fn study_with_regimens(
    file_name: &str,
    text: &str,
    regimen_file: &str,
    regimen_text: &str,
    name: &str,
    model: &Model,
) -> Result<Study, Problems> {
    let beside = Beside { regimens: Some((regimen_file, regimen_text)), records: &[] };
    study_with_files(file_name, text, &beside, name, model)
}

/// Texts of the files that lie beside a study file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Beside<'a> {
    /// Named regimens: (name in messages, text).
    pub regimens: Option<(&'a str, &'a str)>,
    /// Dosing records: (file name as the study writes it, name in messages, text).
    pub records: &'a [(&'a str, &'a str, &'a str)],
}

/// As [`study_from_toml`], with the files beside it: named regimens, and dosing records that arms may follow. Which records
/// a study names is said by [`crate::records::files`].
pub fn study_with_files(
    file_name: &str,
    text: &str,
    beside: &Beside<'_>,
    name: &str,
    model: &Model,
) -> Result<Study, Problems> {
    let mut report = Report::new(file_name);
    let mut other = Report::new(beside.regimens.map_or("regimen.toml", |r| r.0));
    let mut listed = 0;
    let named = match beside.regimens {
        Some((_, text)) => named_regimens(text, model, &mut listed, &mut other),
        None => BTreeMap::new(),
    };
    let (files, tables) = (beside.records, Vec::new());
    let mut reader = Reader { model, named, listed, files, assessed: false, tables, report: &mut report };
    let study = reader.study(text, name);
    let tables = reader.tables;
    report.absorb(other);
    tables.into_iter().for_each(|t| report.absorb(t));
    report.finish(study)
}

/// `[regimens.<name>]` sections; `None` marks one with a fault.
fn named_regimens(
    text: &str,
    model: &Model,
    listed: &mut usize,
    report: &mut Report,
) -> BTreeMap<String, Option<Regimen>> {
    let mut out = BTreeMap::new();
    let Some(table) = parse(text, report) else {
        return out;
    };
    let root = Section::root(&table, text).only(&["regimens"], report);
    for entry in root.entries("regimens", report) {
        let Some(section) = entry.section(report) else {
            continue;
        };
        let section = section.only(&["sentences"], report);
        let sentences = section.texts("sentences", report);
        if sentences.is_none() {
            section.need_text("sentences", "sentences = [\"<drug> <amount> every day\"]", report);
        }
        let found = sentences.and_then(|s| regimen(&s, model, listed, report));
        out.insert(entry.name.text.clone(), found);
    }
    out
}

struct Reader<'m, 'r> {
    model: &'m Model,
    named: BTreeMap<String, Option<Regimen>>,
    listed: usize,
    files: &'r [(&'r str, &'r str, &'r str)],
    /// `recist_on` or `progression_when` is written, so that progression is seen.
    assessed: bool,
    /// Faults of the dosing records.
    tables: Vec<Report>,
    report: &'r mut Report,
}

impl Reader<'_, '_> {
    fn study(&mut self, text: &str, name: &str) -> Option<Study> {
        let table = parse(text, self.report)?;
        let root = Section::root(&table, text).only(&["study", "arms"], self.report);
        let example = "[study] with patients, seed, horizon and visits";
        let section = root.need_section("study", example, self.report);
        self.assessed = section.as_ref().is_some_and(|s| s.has("recist_on") || s.has("progression_when"));
        let arms = self.arms(&root);
        let s = section?.only(&KEYS, self.report);
        let title = s.words("title", self.report).map_or(String::new(), |t| t.text);
        let patients = self.patients(&s);
        let seed = s.need_whole("seed", "seed = 2026", self.report);
        let horizon = self.horizon(&s);
        let visits = s
            .need_text("visits", "visits = \"every 6 weeks\"", self.report)
            .and_then(|text| visits(&text, horizon, self.report));
        let recist_on = match s.text("recist_on", self.report) {
            Some(text) => Some(self.recist_on(&text)?),
            None => None,
        };
        let progression_when = match s.text("progression_when", self.report) {
            Some(text) if recist_on.is_some() => {
                let repair = "keep one of the two; RECIST is for sums of diameters";
                let found = "`progression_when` beside `recist_on`";
                self.report.add(Code::RecistOn, &text.at, found, "one way of calling progression", repair);
                return None;
            }
            Some(text) => Some(crate::modification::called(&text, self.model, self.report)?),
            None => None,
        };
        let ceiling = self.ceiling(&s);
        let rebiopsy_detects = self.rebiopsy(&s);
        Some(Study {
            name: name.to_string(),
            title,
            patients: patients?,
            seed: seed?.0,
            horizon: horizon?,
            visits: visits?,
            recist_on,
            progression_when,
            ceiling: ceiling?,
            rebiopsy_detects: rebiopsy_detects?,
            arms: arms?,
        })
    }

    fn patients(&mut self, s: &Section<'_>) -> Option<u32> {
        let (n, at) = s.need_whole("patients", "patients = 1000", self.report)?;
        if !(1..=10_000_000).contains(&n) {
            self.report.add(
                Code::Patients,
                &at,
                format!("{n} patients"),
                "1 to 10,000,000 patients an arm",
                "choose a number in this range",
            );
            return None;
        }
        Some(n as u32)
    }

    fn quantity(&mut self, text: &Text, want: Dimension) -> Option<f64> {
        let q = read_quantity(text, self.report)?;
        if q.unit.dimension != want {
            mismatch(&text.at, &text.text, q.unit.dimension, want, self.report);
            return None;
        }
        Some(q.value)
    }

    fn horizon(&mut self, s: &Section<'_>) -> Option<f64> {
        let text = s.need_text("horizon", "horizon = \"5 years\"", self.report)?;
        let days = self.quantity(&text, Dimension::TIME)?;
        if !(days > 0.0 && days <= 36_525.0) {
            self.report.add(
                Code::Horizon,
                &text.at,
                format!("{} days", number(days)),
                "more than 0 and at most 100 years",
                "write, for example, \"5 years\"",
            );
            return None;
        }
        Some(days)
    }

    fn recist_on(&mut self, text: &Text) -> Option<usize> {
        let diameters = |k: &MeasurementKind| matches!(k, MeasurementKind::SumOfDiameters { .. });
        let all = &self.model.measurements;
        let found = all.iter().position(|m| m.name == text.text && diameters(&m.kind));
        if found.is_none() {
            let known: Vec<&str> = all.iter().filter(|m| diameters(&m.kind)).map(|m| m.name.as_str()).collect();
            let message = [
                format!("`{}`", short(&text.text)),
                format!("a measurement of kind sum_of_diameters: {}", short(&known.join(", "))),
                "name such a measurement of the model, or leave `recist_on` out".into(),
            ];
            self.report.add_near(Code::RecistOn, &text.at, message, &text.text, known);
        }
        found
    }

    fn ceiling(&mut self, s: &Section<'_>) -> Option<f64> {
        let start = starting_cells(self.model);
        let above = format!("above the {} cells at which treatment begins, at most 9.007e15 (2^53)", number(start));
        let Some(text) = s.text("ceiling", self.report) else {
            if s.has("ceiling") {
                return None;
            }
            if start >= DEFAULT_CEILING {
                let larger = number((10.0 * start).min(MOST_CELLS));
                self.report.add(
                    Code::OutOfRange,
                    &s.at,
                    format!("no `ceiling`, which is then {} cells", number(DEFAULT_CEILING)),
                    format!("a ceiling {above}"),
                    format!("write a ceiling under [study], such as ceiling = \"{larger} cells\""),
                );
                return None;
            }
            return Some(DEFAULT_CEILING);
        };
        let cells = self.quantity(&text, Dimension::CELLS)?;
        if !(cells > 0.0 && cells <= MOST_CELLS && cells > start) {
            self.report.add(
                Code::OutOfRange,
                &text.at,
                format!("{} cells", number(cells)),
                above,
                "raise the ceiling; left out it is 1e13 cells",
            );
            return None;
        }
        Some(cells)
    }

    fn rebiopsy(&mut self, s: &Section<'_>) -> Option<f64> {
        let Some(text) = s.text("rebiopsy_detects", self.report) else {
            return (!s.has("rebiopsy_detects")).then_some(0.05);
        };
        let share = self.quantity(&text, Dimension::PLAIN)?;
        if !(0.0..=1.0).contains(&share) {
            self.report.add(
                Code::Probability,
                &text.at,
                short(&text.text),
                "a share of cells from 0 to 100 %",
                "write, for example, \"5 %\"",
            );
            return None;
        }
        Some(share)
    }
}

/// Cells when treatment begins, at the parameters' central values.
fn starting_cells(model: &Model) -> f64 {
    let value = |e: &crate::expr::Expr| {
        evaluate(e, &model.tables, &|s| match s {
            crate::expr::Slot::Parameter(k) => model.parameters[k].value,
            _ => 0.0,
        })
    };
    match &model.start {
        Start::Grown { until, .. } => value(until),
        Start::Given(list) => list.iter().filter(|(k, _)| model.is_tumour(*k)).map(|(_, e)| value(e)).sum(),
    }
}
