//! What is kept of every patient of a run: one number a reading, and when and whence the tumour came back. The rest is kept by the
//! cohort's own summary.
//!
//! Of a patient whose run ended before the day asked for (death, the ceiling, progression where the arm ends there) the last look is taken: who was
//! cured stays cured, and a tumour that reached the ceiling is as large as that.

use super::Asking;
use super::figure::{arms, threshold_scale};
use super::quantity::{Over, Quantity, Reading, Take, When};
use remission_cohort::measure::channels;
use remission_cohort::outcome::{ArmOutcome, OriginFound, PatientOutcome, Seen};
use remission_model::resolved::{Model, Study};
use remission_model::units::{Unit, quantity, unit};

/// Where a variable of trajectories stands in a look.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Column {
    /// All cells.
    Total,
    /// Cells of a type.
    Cells(usize),
    /// A level, and what one of its units is in base units.
    Level(usize, f64),
    /// A reading.
    Reading(usize),
    /// Different barcodes alive.
    Barcodes,
}

/// Variables of the table of trajectories: name, where it stands, unit there.
pub fn variables(model: &Model) -> Vec<(String, Column, String)> {
    let mut all = vec![("total".to_string(), Column::Total, "cells".to_string())];
    all.extend(model.cells.iter().enumerate().map(|(k, c)| (c.name.clone(), Column::Cells(k), "cells".into())));
    let levels = model.levels.iter().enumerate();
    all.extend(levels.map(|(k, l)| (l.name.clone(), Column::Level(k, l.unit_scale), l.unit.clone())));
    let readings = channels(model).into_iter().enumerate();
    all.extend(readings.map(|(k, c)| (c.name, Column::Reading(k), c.unit.to_string())));
    all.extend(model.barcodes.map(|_| ("living barcodes".to_string(), Column::Barcodes, "barcodes".to_string())));
    all
}

/// Unit in which a patient's own reading is given.
pub fn unit_of_patient(r: &Reading, model: &Model) -> String {
    match r.when {
        When::Between { take, .. } if take.is_day() => "days".into(),
        _ => variables(model).into_iter().find(|v| v.0 == r.of).map_or(String::new(), |v| v.2),
    }
}

/// Unit in which a quantity is given where `unit` is left out.
pub fn unit_of(quantity: &Quantity, model: &Model) -> String {
    match (quantity.unit(), quantity) {
        (Some(unit), _) => unit.to_string(),
        (None, Quantity::Reading(r)) => unit_of_patient(r, model),
        _ => String::new(),
    }
}

/// What a number in `from` is multiplied by to be in `to`; none where the two measure different things.
pub fn factor(from: &str, to: &str) -> Option<f64> {
    if from == to {
        return Some(1.0);
    }
    let plain = |text: &str| ["", "1"].contains(&text);
    let one = quantity(&if plain(from) { "1".to_string() } else { format!("1 {from}") }).ok()?;
    let to = if plain(to) { Unit::PLAIN } else { unit(to).ok()? };
    (one.unit.dimension == to.dimension).then(|| one.in_unit(to))
}

/// Takes one number from a patient in an arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    column: Column,
    when: When,
    of_baseline: bool,
}

impl Probe {
    /// For a reading; none where the model has no such variable.
    pub fn new(r: &Reading, model: &Model) -> Option<Probe> {
        let column = variables(model).into_iter().find(|v| v.0 == r.of)?.1;
        Some(Probe { column, when: r.when, of_baseline: r.of_baseline })
    }

    /// The patient's number; `NaN` without a look between the days asked for, or of a baseline that is 0.
    pub fn read(&self, arm: &ArmOutcome) -> f64 {
        let value = |k: usize, seen: &Seen| match self.column {
            Column::Total => seen.total,
            Column::Cells(t) => seen.by_type[t],
            Column::Level(l, scale) => seen.levels[l] / scale,
            Column::Reading(c) => seen.readings[c],
            Column::Barcodes => arm.barcodes.get(k).map_or(f64::NAN, |b| f64::from(b.living)),
        };
        let looks = arm.seen.iter().enumerate();
        let first = match (self.of_baseline, arm.seen.first()) {
            (true, Some(seen)) => value(0, seen),
            _ => 1.0,
        };
        let relative = |x: f64| if self.of_baseline && first <= 0.0 { f64::NAN } else { x / first };
        match self.when {
            When::At(day) => {
                let away = |seen: &Seen| (seen.time - day).abs();
                let Some((k, seen)) = looks.min_by(|a, b| away(a.1).total_cmp(&away(b.1))) else { return f64::NAN };
                relative(value(k, seen))
            }
            When::Between { from, to, take } => {
                let inside = looks.filter(|(_, seen)| seen.time >= from && seen.time <= to);
                of_several(inside.map(|(k, seen)| (seen.time, relative(value(k, seen)))), take)
            }
        }
    }
}

/// What is taken of several looks; `NaN` without any.
fn of_several(looks: impl Iterator<Item = (f64, f64)>, take: Take) -> f64 {
    let all: Vec<(f64, f64)> = looks.collect();
    let Some(&first) = all.first() else { return f64::NAN };
    let best = |better: &dyn Fn(f64, f64) -> bool| {
        all.iter().skip(1).fold(first, |best, &look| if better(look.1, best.1) { look } else { best })
    };
    match take {
        Take::Max => best(&|a, b| a > b).1,
        Take::Min => best(&|a, b| a < b).1,
        Take::TimeOfMax => best(&|a, b| a > b).0,
        Take::TimeOfMin => best(&|a, b| a < b).0,
        Take::Mean => all.iter().map(|look| look.1).sum::<f64>() / all.len() as f64,
        Take::Last => all[all.len() - 1].1,
    }
}

/// One reading of all patients, in the arms that are asked for.
#[derive(Debug, Clone)]
pub struct Kept {
    /// How it is taken.
    pub probe: Probe,
    /// What over patients.
    pub over: Over,
    /// One unit of a threshold in that of the patients' numbers.
    pub scale: f64,
    /// Its arm, and the one it is compared with: index, and one number a patient, in order.
    pub arms: Vec<(usize, Vec<f64>)>,
}

/// What is kept of a run's patients beside the summary.
#[derive(Debug, Clone, Default)]
pub struct Patients {
    /// Readings, by the number of the published figure they belong to.
    pub readings: Vec<(usize, Kept)>,
    /// By arm: day and origin of every progression, and which mechanisms were found.
    pub relapses: Vec<Vec<(f64, OriginFound, Vec<bool>)>>,
    /// By arm and event of the model: day of the first of each patient; infinity without.
    pub events: Vec<Vec<Vec<f64>>>,
    /// Covariates of every patient, in the model's order.
    pub traits: Vec<Vec<(usize, f64)>>,
}

impl Patients {
    /// Keeps what the figure number `k` reads of every patient from now on, where it is a reading.
    pub fn keep(&mut self, k: usize, asking: &Asking, model: &Model, study: &Study) {
        if let Quantity::Reading(r) = &asking.quantity
            && let Some(probe) = Probe::new(r, model)
        {
            let (arm, against) = arms(asking, study);
            let arms = std::iter::once(arm).chain(against).map(|a| (a, Vec::new())).collect();
            let scale = threshold_scale(asking, model);
            self.readings.push((k, Kept { probe, over: r.over.clone(), scale, arms }));
        }
    }

    /// Adds a patient with an outcome in every arm.
    pub fn add(&mut self, outcome: &PatientOutcome) {
        let Ok(arms) = &outcome.arms else { return };
        for (_, kept) in &mut self.readings {
            for (arm, numbers) in &mut kept.arms {
                numbers.push(kept.probe.read(&arms[*arm]));
            }
        }
        self.relapses.resize(arms.len(), Vec::new());
        for (list, arm) in self.relapses.iter_mut().zip(arms) {
            if let (true, Some(found)) = (arm.time_to_progression.event, &arm.rebiopsy) {
                list.push((arm.time_to_progression.time, found.origin, found.found.clone()));
            }
        }
        self.events.resize(arms.len(), Vec::new());
        for (by_event, arm) in self.events.iter_mut().zip(arms) {
            let most = arm.events.iter().map(|e| e.event + 1).max().unwrap_or(0).max(by_event.len());
            let before = self.traits.len();
            by_event.resize_with(most, || vec![f64::INFINITY; before]);
            for (k, days) in by_event.iter_mut().enumerate() {
                days.push(arm.events.iter().find(|e| e.event == k).map_or(f64::INFINITY, |e| e.time));
            }
        }
        self.traits.push(outcome.covariates.iter().map(|c| (c.parameter, c.value)).collect());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_of_several_visits() {
        let looks = [(0.0, 2.0), (1.0, 5.0), (2.0, 5.0), (3.0, 1.0), (4.0, 3.0)];
        let of = |take| of_several(looks.into_iter(), take);
        assert_eq!([of(Take::Max), of(Take::Min), of(Take::Mean), of(Take::Last)], [5.0, 1.0, 3.2, 3.0]);
        // Of two alike the first.
        assert_eq!([of(Take::TimeOfMax), of(Take::TimeOfMin)], [1.0, 3.0]);
        assert!(of_several(std::iter::empty(), Take::Max).is_nan());
    }

    #[test]
    fn units_are_converted_or_refused() {
        assert_eq!(factor("cells", "cells"), Some(1.0));
        assert_eq!(factor("", "%"), Some(100.0));
        assert_eq!(factor("mm", "cm"), Some(0.1));
        assert_eq!(factor("GE/mL", "GE/mL"), Some(1.0));
        assert_eq!((factor("cells", "days"), factor("GE/mL", "mg/L"), factor("cells", "")), (None, None, None));
    }
}
