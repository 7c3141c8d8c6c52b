//! RECIST 1.1 on small series whose answers can be read off the guideline.

use Response::{Complete, NotEvaluable, Partial, Progression, Stable};
use remission_cohort::recist::{Assessment, Assessor, RecistError, RecistOptions, Response, Series, Visit, assess};

/// Visits every 42 days; a negative sum stands for "not measured".
fn visits(sums: &[f64]) -> Vec<Visit> {
    sums.iter()
        .enumerate()
        .map(|(i, &sum)| Visit { time: 42.0 * (i + 1) as f64, sum: (sum >= 0.0).then_some(sum), new_lesion: false })
        .collect()
}

fn judge(baseline_sum: f64, sums: &[f64], options: &RecistOptions) -> Assessment {
    assess(&Series { baseline_time: 0.0, baseline_sum, visits: &visits(sums) }, options).unwrap()
}

fn last(baseline: f64, sums: &[f64]) -> Response {
    *judge(baseline, sums, &RecistOptions::default()).responses.last().unwrap()
}

#[test]
fn thirty_percent_is_a_response() {
    for baseline in [10.0, 30.0, 33.3, 77.7, 100.0, 123.456, 0.1 + 0.2, 1e4] {
        assert_eq!(last(baseline, &[0.7 * baseline]), Partial, "{baseline}");
        assert_eq!(last(baseline, &[baseline * 70.0 / 100.0]), Partial, "{baseline}");
        assert_eq!(last(baseline, &[baseline - 0.3 * baseline]), Partial, "{baseline}");
        assert_eq!(last(baseline, &[0.7 * baseline + 1e-5]), Stable, "{baseline}");
    }
}

#[test]
fn twenty_percent_over_the_smallest_is_progression() {
    for nadir in [25.0, 30.0, 33.3, 77.7, 123.456, 1e4] {
        assert_eq!(last(nadir, &[1.2 * nadir]), Progression, "{nadir}");
        assert_eq!(last(nadir, &[nadir + 0.2 * nadir]), Progression, "{nadir}");
        assert_eq!(last(nadir, &[1.2 * nadir - 1e-5]), Stable, "{nadir}");
        assert_eq!(last(10.0 * nadir, &[nadir, 1.2 * nadir]), Progression, "{nadir}");
    }
}

#[test]
fn five_millimetres_are_needed_too() {
    assert_eq!(last(20.0, &[24.0]), Stable);
    assert_eq!(last(20.0, &[24.9]), Stable);
    assert_eq!(last(20.0, &[25.0]), Progression);
    assert_eq!(last(10.1, &[10.1 + 5.0]), Progression);
    assert_eq!(last(10.1, &[15.1 - 1e-5]), Stable);
    // And 5 mm alone are not enough.
    assert_eq!(last(100.0, &[105.0]), Stable);
    assert_eq!(last(100.0, &[119.9]), Stable);
    // After all lesions were gone, 5 mm are.
    assert_eq!(last(50.0, &[0.0, 4.9]), Partial);
    assert_eq!(last(50.0, &[0.0, 5.0]), Progression);
    // Without the need for 5 mm a steady sum is still no progression, even at 0.
    let none = RecistOptions { progression_increase: 0.0, ..RecistOptions::default() };
    assert_eq!(judge(50.0, &[0.0, 0.0], &none).responses, [Complete, Complete]);
}

#[test]
fn progression_goes_before_response_and_the_smallest_sum_is_remembered() {
    // 50 is half the baseline, but 66 % above the smallest sum; the smallest stays, also over a missing visit.
    let found = judge(100.0, &[60.0, 30.0, -1.0, 50.0], &RecistOptions::default());
    assert_eq!(found.responses, [Partial, Partial, NotEvaluable, Progression]);
    assert_eq!(found.best, Partial);
    let progression = found.progression.unwrap();
    assert_eq!((progression.visit, progression.after, progression.time), (3, 84.0, 168.0));
    assert!(progression.by_sum && !progression.by_new_lesion);
    assert_eq!(found.last_evaluable, 84.0);
    assert!((found.best_change.unwrap() + 0.7).abs() < 1e-15);
    // A slow rise adds up.
    let slow = judge(100.0, &[105.0, 110.0, 115.0, 120.0], &RecistOptions::default());
    assert_eq!(slow.responses, [Stable, Stable, Stable, Progression]);
}

#[test]
fn a_new_lesion_is_progression_whatever_the_sum() {
    for sum in [Some(10.0), Some(0.0), None] {
        let visits = [Visit { time: 56.0, sum, new_lesion: true }];
        let series = Series { baseline_time: -7.0, baseline_sum: 80.0, visits: &visits };
        let found = assess(&series, &RecistOptions::default()).unwrap();
        assert_eq!((found.responses[0], found.best), (Progression, Progression));
        let progression = found.progression.unwrap();
        assert_eq!((progression.after, progression.time), (-7.0, 56.0));
        assert!(progression.by_new_lesion && !progression.by_sum);
    }
}

#[test]
fn complete_response_is_below_detection() {
    let options = RecistOptions { detection: 5.0, ..RecistOptions::default() };
    assert_eq!(judge(40.0, &[5.0], &options).responses, [Complete]);
    assert_eq!(judge(40.0, &[5.1], &options).responses, [Partial]);
    assert_eq!(last(40.0, &[0.1]), Partial);
    assert_eq!(last(40.0, &[0.0]), Complete);
    // Around the detection limit the measured values decide, not a jump from 0.
    assert_eq!(judge(40.0, &[4.9, 5.1, 9.8, 9.9], &options).responses, [Complete, Partial, Partial, Progression]);
}

#[test]
fn best_response_without_confirmation() {
    let best = |sums: &[f64]| judge(100.0, sums, &RecistOptions::default()).best;
    assert_eq!(best(&[]), NotEvaluable);
    assert_eq!(best(&[-1.0, -1.0]), NotEvaluable);
    assert_eq!(best(&[90.0, 60.0, 0.0, 50.0]), Complete);
    assert_eq!(best(&[90.0, 60.0, 85.0]), Partial);
    assert_eq!(best(&[95.0, 130.0]), Stable);
    assert_eq!(best(&[130.0]), Progression);
    // What follows progression does not count.
    assert_eq!(best(&[130.0, 10.0]), Progression);
}

#[test]
fn stable_disease_needs_its_time() {
    let options = RecistOptions { stable_minimum: 56.0, ..RecistOptions::default() };
    assert_eq!(judge(100.0, &[95.0, 130.0], &options).best, Progression);
    assert_eq!(judge(100.0, &[95.0], &options).best, NotEvaluable);
    assert_eq!(judge(100.0, &[95.0, 95.0], &options).best, Stable);
    // Exactly on the minimum counts.
    assert_eq!(judge(100.0, &[95.0], &RecistOptions::default()).best, Stable);
}

/// Table 3 of the guideline: first response, second response, best response.
#[test]
fn best_response_with_confirmation() {
    let options = RecistOptions { confirmation: Some(28.0), ..RecistOptions::default() };
    let best = |sums: &[f64]| judge(100.0, sums, &options).best;
    assert_eq!(best(&[0.0, 0.0]), Complete);
    assert_eq!(best(&[0.0, -1.0, 0.0]), Complete);
    assert_eq!(best(&[0.0, 3.0]), Partial);
    assert_eq!(best(&[0.0, 50.0]), Stable);
    assert_eq!(best(&[60.0, 0.0]), Partial);
    assert_eq!(best(&[60.0, 60.0]), Partial);
    assert_eq!(best(&[60.0, -1.0, 60.0]), Partial);
    assert_eq!(best(&[68.0, 72.0, 68.0]), Stable);
    assert_eq!(best(&[60.0, 90.0]), Stable);
    assert_eq!(best(&[60.0]), Stable);
    // Without the time for stable disease the unconfirmed response is nothing.
    let long = RecistOptions { stable_minimum: 56.0, ..options };
    assert_eq!(judge(100.0, &[60.0, 90.0], &long).best, Progression);
    assert_eq!(judge(100.0, &[60.0, -1.0], &long).best, NotEvaluable);
    // Too soon to confirm.
    let slow = RecistOptions { confirmation: Some(43.0), ..options };
    assert_eq!(judge(100.0, &[60.0, 60.0], &slow).best, Stable);
    assert_eq!(judge(100.0, &[60.0, 60.0, 60.0], &slow).best, Partial);
}

#[test]
fn visit_by_visit_is_the_same_as_all_at_once() {
    let sums = [90.0, 65.0, -1.0, 40.0, 44.0, 50.0, 20.0];
    let options = RecistOptions::default();
    let mut assessor = Assessor::new(0.0, 100.0, &options).unwrap();
    let one_by_one: Vec<_> = visits(&sums).into_iter().map(|visit| assessor.visit(visit).unwrap()).collect();
    let whole = judge(100.0, &sums, &options);
    assert_eq!(one_by_one, whole.responses);
    assert_eq!(assessor.finish(), whole);
    assert_eq!(assessor.progression(), whole.progression);
}

#[test]
fn units_of_all_sums_may_change_when_five_millimetres_do() {
    let sums = [90.0, 70.0, 35.0, 41.0, 42.0];
    let options = RecistOptions::default();
    let in_cm = RecistOptions { progression_increase: 0.5, tolerance: 1e-7, ..options };
    let tenth: Vec<f64> = sums.iter().map(|s| s / 10.0).collect();
    assert_eq!(judge(100.0, &sums, &options).responses, judge(10.0, &tenth, &in_cm).responses);
}

#[test]
fn refuses_impossible_input_and_says_why() {
    let options = RecistOptions::default();
    for sum in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Assessor::new(0.0, sum, &options), Err(RecistError::Baseline { .. })));
    }
    assert!(matches!(Assessor::new(f64::NAN, 10.0, &options), Err(RecistError::BaselineTime { .. })));
    let mut patient = Assessor::new(0.0, 50.0, &options).unwrap();
    let before = patient.clone();
    for sum in [-1.0, f64::NAN, f64::INFINITY] {
        let got = patient.visit(Visit { time: 42.0, sum: Some(sum), new_lesion: false });
        assert!(matches!(got, Err(RecistError::Sum { visit: 0, .. })));
    }
    for time in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let got = patient.visit(Visit { time, sum: Some(1.0), new_lesion: false });
        assert!(matches!(got, Err(RecistError::Time { visit: 0, .. })));
    }
    assert_eq!(patient, before);
    let message = RecistError::Time { visit: 3, time: 10.0, before: 42.0 }.to_string();
    assert!(message.contains("visit 3") && message.contains("after 42 days"));

    for bad in [
        RecistOptions { response_fraction: 1.0, ..options },
        RecistOptions { progression_fraction: f64::NAN, ..options },
        RecistOptions { progression_increase: -5.0, ..options },
        RecistOptions { detection: f64::INFINITY, ..options },
        RecistOptions { tolerance: -1e-9, ..options },
        RecistOptions { confirmation: Some(f64::NAN), ..options },
        RecistOptions { stable_minimum: -1.0, ..options },
    ] {
        assert!(matches!(Assessor::new(0.0, 50.0, &bad), Err(RecistError::Option { .. })), "{bad:?}");
    }
}
