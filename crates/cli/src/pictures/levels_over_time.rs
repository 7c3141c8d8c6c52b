//! Levels, immune cells and events over time, put into a report's data.

use super::short;
use crate::figures::rank;
use crate::report::data::{EventCourse, LevelAt, LevelCourse, ReportData};
use remission_cohort::sample::over_time::{AtLook, Followed};
use remission_cohort::summary::Gather;
use remission_model::resolved::Model;

/// Levels and immune cell types that are drawn.
const DRAWN: usize = 12;
/// Steps of an event's curve above which only rises of 1 in as many are kept.
const STEPS: usize = 500;

/// Adds what levels and events show.
pub fn fill(data: &mut ReportData, model: &Model, gathered: &Gather) {
    let kept = &gathered.sample.over_time;
    let named = |f: &Followed| match f {
        Followed::Cells(c) => (model.cells[*c].name.clone(), "cells".to_string()),
        Followed::Level(l) => (model.levels[*l].name.clone(), model.levels[*l].unit.clone()),
    };
    let mut drawn = Vec::new();
    for (row, followed) in kept.of.iter().enumerate() {
        let (name, unit) = named(followed);
        if !kept.changes[row] {
            data.levels_constant.push(name);
        } else if drawn.len() == DRAWN {
            data.levels_left.push(name);
        } else {
            drawn.push((row, name, unit));
        }
    }
    if !drawn.is_empty() {
        data.levels_of = kept.patients as u32;
    }
    for (k, arm) in data.arms.iter_mut().enumerate() {
        let course = |(row, name, unit): &(usize, String, String)| LevelCourse {
            name: name.clone(),
            unit: unit.clone(),
            points: kept.arms[k].iter().filter_map(|look| at(look, *row)).collect(),
        };
        arm.levels = drawn.iter().map(course).collect();
        let patients = &gathered.arms()[k];
        let happened = model.events.iter().zip(&patients.happened);
        arm.happened = happened
            .map(|(event, days)| EventCourse {
                name: model.levels[event.level].name.clone(),
                steps: steps(days, gathered.finished),
            })
            .collect();
    }
}

/// The patients of one visit.
fn at(look: &AtLook, row: usize) -> Option<LevelAt> {
    let sorted = |values: &[f32]| {
        let mut x: Vec<f64> = values.iter().map(|v| f64::from(*v)).filter(|v| v.is_finite()).collect();
        x.sort_by(f64::total_cmp);
        x
    };
    let (days, values) = (sorted(&look.days), sorted(&look.values[row]));
    if days.is_empty() || values.is_empty() {
        return None;
    }
    let of = |p: f64| short(rank(&values, p));
    Some(LevelAt {
        day: short(rank(&days, 0.5)),
        low: of(0.05),
        middle: of(0.5),
        high: of(0.95),
        patients: values.len(),
    })
}

/// The share of all patients to whom an event has happened, by day.
fn steps(days: &[f64], patients: u32) -> Vec<(f64, f64)> {
    let mut days: Vec<f64> = days.iter().copied().filter(|d| d.is_finite()).collect();
    days.sort_by(f64::total_cmp);
    let all = f64::from(patients.max(1));
    let finest = if days.len() > STEPS { 1.0 / STEPS as f64 } else { 0.0 };
    let mut steps = vec![(0.0, 0.0)];
    for (k, day) in days.iter().enumerate() {
        let share = (k + 1) as f64 / all;
        let last = steps.last_mut().map_or((0.0, 0.0), |s| *s);
        if last.0 == short(*day) {
            steps.pop();
            steps.push((last.0, short(share)));
        } else if share - last.1 >= finest || k + 1 == days.len() {
            steps.push((short(*day), short(share)));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_rises_at_every_first_event_and_ends_at_all_of_them() {
        assert_eq!(steps(&[], 10), [(0.0, 0.0)]);
        assert_eq!(steps(&[30.0, 2.0, 2.0], 10), [(0.0, 0.0), (2.0, 0.2), (30.0, 0.3)]);
        assert_eq!(steps(&[0.0], 4), [(0.0, 0.25)], "what happens on day 0 is there from the start");
        let many: Vec<f64> = (0..20_000).map(|k| f64::from(k) / 30.0).collect();
        let found = steps(&many, 40_000);
        assert!(found.len() <= STEPS + 2 && found.is_sorted_by(|a, b| a.1 <= b.1), "{} steps", found.len());
        assert_eq!(found.last().unwrap().1, 0.5);
    }
}
