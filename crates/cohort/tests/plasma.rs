//! Does plasma remember the death rate of the last hours, and does drawing blood move nothing else?

use remission_cohort::ctdna::{Assay, Plasma};
use remission_cohort::measure::channels;
use remission_cohort::patient::{self, Method};
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_model::resolved::{MeasurementKind, Model, Study};

const CASE: &str = include_str!("../../../spec/cases/valid/plasma.toml");

/// The case of the specification: a bolus every day that is gone in hours, two assays of blood.
fn case(change: impl Fn(String) -> String) -> (Model, Study) {
    let (model, study) = CASE.split_once("# --- study ---\n").unwrap();
    let model = remission_model::model_from_toml("plasma.toml", &change(model.to_string())).unwrap();
    let study = remission_model::study_from_toml("plasma.toml", study, "plasma", &model).unwrap();
    (model, study)
}

fn central(model: &Model) -> Vec<f64> {
    model.parameters.iter().map(|p| p.value).collect()
}

fn assays(compiled: &Compiled) -> Vec<Assay> {
    let parameters = central(&compiled.model);
    let each = compiled.model.measurements.iter().filter_map(|m| match &m.kind {
        MeasurementKind::Ctdna(c) => Some(Assay::new(compiled, &parameters, &m.name, c).unwrap()),
        _ => None,
    });
    each.collect()
}

/// Death rate of sensitive cells as plasma remembers it at `time`, by a sum over steps of a tenth of a second.
fn by_sum(compiled: &Compiled, study: &Study, elimination: f64, time: f64) -> f64 {
    let parameters = central(&compiled.model);
    let at = |name: &str| parameters[compiled.model.parameters.iter().position(|p| p.name == name).unwrap()];
    let mut exposure = Exposure::new(compiled, &parameters, 0.0).unwrap();
    exposure.follow(&study.arms[0].regimen);
    let window = 30.0 * std::f64::consts::LN_2 / elimination;
    let start = (time - window).max(0.0);
    let steps = 200_000;
    let step = (time - start) / steps as f64;
    exposure.advance(start);
    let mut sum = at("death") * (-elimination * (time - start)).exp();
    let (mut from, mut u) = (start, (-elimination * (time - start)).exp());
    for k in 0..steps {
        exposure.advance(from + 0.5 * step);
        let rate = at("death") + at("kill") * exposure.concentration(0);
        from = start + (k + 1) as f64 * step;
        let next = (-elimination * (time - from)).exp();
        sum += rate * (next - u);
        u = next;
    }
    sum
}

#[test]
fn deaths_are_weighted_by_what_is_not_yet_cleared() {
    let (model, study) = case(|text| text);
    let compiled = Compiled::new(&model);
    let assays = assays(&compiled);
    let assays: Vec<&Assay> = assays.iter().collect();
    let cells = [1e9, 1e6, 1e6, 0.0];
    let plasma = || {
        let mut plasma = Plasma::new(&compiled, &central(&model)).unwrap();
        plasma.follow(&study.arms[0].regimen);
        let first = plasma.look(&compiled, &assays, 0.0, &cells, &[]).unwrap();
        // The dose of day 0 has been given, but no cell has died of it yet.
        assert_eq!(first[0], [0.13 * 1e9, 0.13 * 1e6, 0.065 * 1e6, 0.0]);
        plasma
    };
    // Before, at and after doses: minutes, hours and weeks from the first.
    let mut rates = Vec::new();
    for time in [0.01, 0.05, 0.1, 0.5, 3.0, 3.004, 3.05, 13.7, 14.0] {
        let found = plasma().look(&compiled, &assays, time, &cells, &[]).unwrap();
        let expected = by_sum(&compiled, &study, assays[0].elimination, time);
        let relative = found[0][0] / 1e9 / expected - 1.0;
        println!("day {time}: {} expected {expected}, off by {relative:.1e}", found[0][0] / 1e9);
        assert!(relative.abs() < 1e-5, "day {time}: {} expected {expected}", found[0][0] / 1e9);
        // Types without the drug in their rate.
        assert!((found[0][1] / (0.13 * 1e6) - 1.0).abs() < 1e-12);
        assert_eq!(found[0], found[1], "the same half-life");
        rates.push(expected);
    }
    // The test has something to see: the rate moves severalfold within the day.
    let (low, high) = (rates.iter().copied().fold(f64::MAX, f64::min), rates.iter().copied().fold(0.0, f64::max));
    assert!(high > 2.0 * low, "{low} {high}");
    // Looking every twenty minutes remembers the same as looking once.
    let mut often = plasma();
    let mut found = Vec::new();
    for k in 1..=225 {
        found = often.look(&compiled, &assays, f64::from(k) / 72.0, &cells, &[]).unwrap();
    }
    let expected = by_sum(&compiled, &study, assays[0].elimination, 225.0 / 72.0);
    assert!((found[0][0] / 1e9 / expected - 1.0).abs() < 1e-5, "{} {expected}", found[0][0] / 1e9);
}

#[test]
fn blood_moves_no_other_reading_and_no_cell() {
    let meters = "\n[measurements.count]\nkind = \"cell_count\"\nerror = \"10 %\"\n";
    let cut = |text: &str, from: &str, to: Option<&str>| {
        let start = text.find(from).unwrap();
        let end = to.map_or(text.len(), |to| text.find(to).unwrap());
        format!("{}{}", &text[..start], &text[end..])
    };
    let (with, study) = case(|text| text + meters);
    let (without, _) = case(|text| cut(&text, "[measurements.plasma]", None) + meters);
    let (second, _) = case(|text| cut(&text, "[measurements.plasma]", Some("[measurements.bespoke]")) + meters);
    let (first, _) = case(|text| cut(&text, "[measurements.bespoke]", None) + meters);
    let names = |model: &Model| channels(model).into_iter().map(|c| c.name).collect::<Vec<_>>();
    let plasma = ["plasma", "plasma_ge", "plasma_t790m", "plasma_met"];
    assert_eq!(names(&with)[..4], plasma);
    assert_eq!(names(&with)[4..], ["bespoke", "bespoke_ge", "bespoke_t790m", "bespoke_met", "count"]);
    assert_eq!(names(&without), ["count"]);
    for method in [Method::Leap, Method::Mean] {
        for number in 0..4 {
            let run = |model: &Model| {
                let outcome = patient::run(&Compiled::new(model), &study, number, method);
                outcome.arms.unwrap().into_iter().flat_map(|a| a.seen).collect::<Vec<_>>()
            };
            let (with, without, first, second) = (run(&with), run(&without), run(&first), run(&second));
            assert_eq!(with.len(), without.len());
            let mut drawn = 0.0;
            for (((all, none), one), other) in with.iter().zip(&without).zip(&first).zip(&second) {
                assert_eq!((all.time, &all.by_type), (none.time, &none.by_type));
                assert_eq!(all.readings[8..], none.readings[..]);
                assert_eq!(all.readings[..4], one.readings[..4], "a second assay moves the first");
                assert_eq!(other.readings.len(), 5);
                assert_eq!(all.readings.len(), 9);
                drawn += all.readings[1];
            }
            assert!(drawn > 0.0);
        }
    }
}

#[test]
fn an_impossible_patient_is_reported_by_name() {
    // A half-life that depends on a standard normal trait is negative in three patients of ten: P(z < -0.5) = 0.309.
    let (model, mut study) = case(|text| {
        let z = "z = { value = \"0\", assumed = \"test\", prior = \"uniform(-1, 1)\", between_patients = \"normal(sd = 1)\" }";
        text.replacen("[parameters]", &format!("[parameters]\n{z}"), 1).replacen(
            "half_life = \"half_life\"",
            "half_life = \"half_life * (1 + 2 * z)\"",
            1,
        )
    });
    study.patients = 60;
    let compiled = Compiled::new(&model);
    let outcomes: Vec<_> = (0..60).map(|k| patient::run(&compiled, &study, k, Method::Mean).arms).collect();
    let why: Vec<&String> = outcomes.iter().filter_map(|o| o.as_ref().err().map(|e| &e.1)).collect();
    assert!(!why.is_empty() && why.len() < 60, "{}", why.len());
    assert!(why.iter().all(|w| w.contains("measurements.plasma.half_life")), "{why:?}");
}
