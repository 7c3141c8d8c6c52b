//! The second reading of an entry: its model was transcribed from the source a second time, by somebody who had not seen the first file, and
//! both must say the same.
//!
//! `second.toml` beside `model.toml` is that transcription, with the same names of cells, levels and drugs and nothing else in common. Both are run by
//! the mean equations for the typical patient, in every arm of the study of the set that was read twice; every variable that both have is compared at
//! every visit. What is judged is the largest difference of any variable, as a share of the largest value it takes in its arm.

use super::entry::Entry;
use super::test::changed;
use super::typical::typical;
use crate::failure::Exit;
use crate::load::Source;
use crate::problems;
use remission_cohort::outcome::ArmOutcome;
use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;
use remission_model::Model;
use remission_model::resolved::{AfterProgression, Study};

/// What `[second]` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// The set that was read twice; none: the entry itself.
    pub set: Option<String>,
    /// Parameters of the first file that have another value for the comparison, such as a start that the encoding has.
    pub with: Vec<(String, String)>,
    /// Largest difference that counts as agreement, as a share.
    pub within: f64,
    /// Line, from 1.
    pub line: usize,
}

/// The largest difference, and where it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Apart {
    /// As a share of the largest value of the variable in the arm.
    pub most: f64,
    /// Variable, arm and day.
    pub at: String,
    /// How many variables were compared.
    pub variables: usize,
}

/// Compares the two readings.
///
/// # Errors
/// Why they cannot be compared, in words.
pub fn compare(entry: &Entry, second: &Second, source: &Source) -> Result<Apart, String> {
    let set = second.set.as_deref();
    let first = entry.set(set).ok_or_else(|| format!("there is no variant {}", set.unwrap_or_default()))?;
    let first = changed(first, &second.with);
    let model = remission_model::model_from_toml(&source.shown, &source.text).map_err(|p| p.to_string())?;
    let study = first.study.clone().ok_or("there is no study")?;
    let again = read_again(&first.sources, &model)?;
    let (a, b) = (alone(&first.model, &study)?, alone(&model, &again)?);
    let mut found = Apart { most: 0.0, at: String::new(), variables: 0 };
    for (name, x) in variables(&first.model) {
        let Some((_, y)) = variables(&model).into_iter().find(|v| v.0 == name) else { continue };
        found.variables += 1;
        for ((one, other), arm) in a.iter().zip(&b).zip(&study.arms) {
            let values = one.seen.iter().zip(&other.seen).map(|(s, t)| (s.time, x.of(s), y.of(t)));
            let largest = values.clone().map(|(_, x, y)| x.abs().max(y.abs())).fold(0.0, f64::max);
            for (day, x, y) in values.filter(|_| largest > 0.0) {
                let apart = (x - y).abs() / largest;
                // Not a number is farther apart than anything.
                if apart > found.most || apart.is_nan() {
                    let at = format!("{name}, arm \"{}\", day {day}: {} against {}", arm.name, short(x), short(y));
                    (found.most, found.at) = (if apart.is_nan() { f64::INFINITY } else { apart }, at);
                }
            }
        }
    }
    if found.variables == 0 {
        return Err("the two files have no cell type and no level in common".into());
    }
    Ok(found)
}

/// What is wrong with the file of the second reading, by itself or beside the study of the first; nothing where that cannot be read.
pub fn fault(entry: &Entry) -> Option<Exit> {
    let source = entry.second.as_ref()?;
    let model = match remission_model::model_from_toml(&source.shown, &source.text) {
        Ok(model) => model,
        Err(problems) => return Some(Exit::refused(problems::render(&problems, std::slice::from_ref(source)))),
    };
    let set = entry.expected.second.as_ref().and_then(|s| s.set.as_deref());
    let first = entry.set(set)?;
    let wrong =
        |why: String| Some(Exit::refused(format!("error: {}: {why}\n1 problem; nothing was run", source.shown)));
    let known: Vec<String> = variables(&first.model).into_iter().map(|v| v.0).collect();
    if !variables(&model).iter().any(|v| known.contains(&v.0)) {
        return wrong(format!(
            "no cell type and no level has a name of the first file, so nothing can be compared\n  allowed  its names: {}",
            known.join(", ")
        ));
    }
    let why = read_again(&first.sources, &model).err()?;
    wrong(format!(
        "the study of the first file cannot be read with this model: {why}\n  allowed  the drugs of the first file, by their names"
    ))
}

fn short(x: f64) -> String {
    format!("{x:.6e}")
}

#[derive(Clone, Copy)]
enum Place {
    Cells(usize),
    Level(usize),
}

impl Place {
    fn of(self, seen: &remission_cohort::outcome::Seen) -> f64 {
        match self {
            Place::Cells(k) => seen.by_type[k],
            Place::Level(k) => seen.levels[k],
        }
    }
}

fn variables(model: &Model) -> Vec<(String, Place)> {
    let cells = model.cells.iter().enumerate().map(|(k, c)| (c.name.clone(), Place::Cells(k)));
    let mut all: Vec<_> = cells.collect();
    let event = |k: usize| model.events.iter().any(|e| e.level == k);
    all.extend(
        (model.levels.iter().enumerate()).filter(|(k, _)| !event(*k)).map(|(k, l)| (l.name.clone(), Place::Level(k))),
    );
    all
}

/// What a study says of progression and rules, which may name what only the first file has: the comparison is made without.
const NO_MATTER: [(&str, &[&str]); 2] =
    [("study", &["recist_on", "progression_when"]), ("arms", &["after_progression", "rules"])];

/// The study of the first file, read for the second model; what progression is does not matter here.
fn read_again(sources: &[Source], model: &Model) -> Result<Study, String> {
    let of = |file: &str| sources.iter().find(|s| s.file == file);
    let study = of("study.toml").ok_or("there is no study")?;
    let mut written: toml::Table = study.text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    for (section, keys) in NO_MATTER {
        let tables = match written.get_mut(section) {
            Some(toml::Value::Array(all)) => all.as_mut_slice(),
            Some(one) => std::slice::from_mut(one),
            None => continue,
        };
        for table in tables.iter_mut().filter_map(toml::Value::as_table_mut) {
            table.retain(|key, _| !keys.contains(&key));
        }
    }
    let text = written.to_string();
    let regimens = of("regimen.toml").map(|s| (s.shown.as_str(), s.text.as_str()));
    let beside = remission_model::Beside { regimens, records: &[] };
    remission_model::study_with_files(&study.shown, &text, &beside, "second", model).map_err(|p| p.to_string())
}

/// The typical patient by the mean equations, followed through every arm to the horizon.
fn alone(model: &Model, study: &Study) -> Result<Vec<ArmOutcome>, String> {
    let (model, mut study) = typical(model, study);
    (study.recist_on, study.progression_when) = (None, None);
    for arm in &mut study.arms {
        arm.rules.clear();
        arm.after_progression = AfterProgression::Continue;
    }
    let outcome = run(&Compiled::new(&model), &study, 0, Method::Mean);
    outcome.arms.map_err(|(_, why)| why)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: &str = "
[model]
title = 'x'
[cells.s]
birth = '0.1 /day'
death = '0.2 /day'
[drugs.d]
route = 'bolus'
clearance = '1 L/h'
volume = '10 L'
felt_as = 'mg/L'
[before_treatment]
start = { s = '100 cells' }
";

    const STUDY: &str = "
[study]
patients = 1
seed = 1
horizon = '3 days'
visits = 'every 1 day'
progression_when = '''
there > 1e3 cells'''
[[arms]]
name = 'rules = of the ward'
regimen = [
  'd 1 mg daily',
]
rules = [
  'hold d when there > 1e9 cells until there < 1 cells',
]
";

    #[test]
    fn what_only_the_first_file_can_say_is_left_out_however_it_is_laid_out() {
        let study = Source { file: "study.toml".into(), shown: "study.toml".into(), text: STUDY.into() };
        let model = remission_model::model_from_toml("model.toml", MODEL).unwrap_or_else(|p| panic!("{p}"));
        let again = read_again(&[study], &model).unwrap();
        assert!(again.progression_when.is_none() && again.arms[0].rules.is_empty());
        assert_eq!(again.arms[0].name, "rules = of the ward");
        assert_ne!(again.arms[0].regimen, Default::default());
    }
}
