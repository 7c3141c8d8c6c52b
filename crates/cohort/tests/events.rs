//! Events at a constant hazard, at one that a drug drives, recurring ones and those that kill, against their closed forms; and progression
//! that a condition calls. Thresholds are z of 5.2: a false alarm in five million a comparison.

use remission_cohort::outcome::{ArmOutcome, Ended};
use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;

const Z: f64 = 5.2;
const PATIENTS: u32 = 4000;

const MODEL: &str = r#"
[model]
title = "Events"
[parameters]
b = { value = "0 /day", fitted = "x" }
rate = { value = "0.01 /day", fitted = "x" }
kills = { value = "0.25", fitted = "x" }
length = { value = "20 days", fitted = "x" }
half = { value = "1 mg/L", fitted = "x" }
grows = { value = "0.1 /day", fitted = "x" }
[cells.s]
birth = "b + grows * drug / half"
death = "b"
[events.rash]
rate = "rate"
lasts = "length"
[events.once]
rate = "rate * drug / half"
[events.lethal]
rate = "2 * rate"
fatal = "kills"
[drugs.drug]
route = "held"
felt_as = "mg/L"
[before_treatment]
start = { s = "1e5 cells" }
[measurements.count]
kind = "cell_count"
"#;

fn study(model: &str, regimen: &str, more: &str) -> Vec<ArmOutcome> {
    let model = remission_model::model_from_toml("model.toml", model).unwrap_or_else(|p| panic!("{p}"));
    let text = format!(
        "[study]\npatients = 1\nseed = 20261130\nhorizon = '100 days'\nvisits = 'every 7 days'\n{more}\n[[arms]]\nname = 'a'\n\
         regimen = [{regimen}]\n"
    );
    let study = remission_model::study_from_toml("study.toml", &text, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    let compiled = Compiled::new(&model);
    (0..PATIENTS)
        .map(|k| run(&compiled, &study, k, Method::Leap).arms.unwrap_or_else(|e| panic!("{}", e.1)).remove(0))
        .collect()
}

fn share(found: usize, expected: f64, what: &str) {
    let n = f64::from(PATIENTS);
    let z = (found as f64 / n - expected) / (expected * (1.0 - expected) / n).sqrt();
    println!("{what}: {:.4} of {expected:.4}, z {z:.2}", found as f64 / n);
    assert!(z.abs() < Z, "{what}");
}

#[test]
fn events_happen_at_their_hazard() {
    let all = study(MODEL, "'drug 1 mg/L held from day 11 for 40 days'", "");
    let by = |arm: &ArmOutcome, event: usize, day: f64| arm.events.iter().any(|e| e.event == event && e.time <= day);
    // Whom the third event kills does not live to have the others: hazard 0.02 x 0.25, but only of a first.
    let alone = MODEL.replace("value = \"0.25\"", "value = \"0\"");
    let living = study(&alone, "'drug 1 mg/L held from day 11 for 40 days'", "");
    share(living.iter().filter(|a| by(a, 0, 100.0)).count(), 1.0 - (-1.0f64).exp(), "rash by day 100");
    share(living.iter().filter(|a| by(a, 0, 30.0)).count(), 1.0 - (-0.3f64).exp(), "rash by day 30");
    assert!(living.iter().all(|a| !by(a, 1, 10.0)), "nothing while the drug is not there");
    share(living.iter().filter(|a| by(a, 1, 100.0)).count(), 1.0 - (-0.4f64).exp(), "what the drug drives");
    share(
        living.iter().filter(|a| by(a, 1, 20.0)).count(),
        1.0 - (-0.1f64).exp(),
        "what the drug has driven in ten days",
    );
    assert!(living.iter().all(|a| a.events.iter().filter(|e| e.event == 1).count() <= 1), "once, for good");
    share(all.iter().filter(|a| a.ended == Ended::EventDeath).count(), 0.25 * (1.0 - (-2.0f64).exp()), "killed");
    let dead = all.iter().filter(|a| a.ended == Ended::EventDeath);
    assert!(dead.clone().all(|a| a.survival.event && a.events.iter().all(|e| e.time <= a.survival.time)));
    assert!(dead.clone().all(|a| a.events.iter().any(|e| e.event == 2 && e.time == a.survival.time)));
}

#[test]
fn what_lasts_comes_again_when_it_is_over() {
    let none_killed = MODEL.replace("value = \"0.25\"", "value = \"0\"");
    let all = study(&none_killed, "'no treatment'", "");
    let rashes = |a: &ArmOutcome| a.events.iter().filter(|e| e.event == 0).map(|e| e.time).collect::<Vec<_>>();
    assert!(all.iter().all(|a| rashes(a).windows(2).all(|w| w[1] - w[0] >= 20.0 - 1e-9)));
    // Two or more within 100 days: the second waits for an exponential after the first is over.
    let two = 1.0 - (-0.8f64).exp() * (1.0 + 0.8);
    share(all.iter().filter(|a| rashes(a).len() >= 2).count(), two, "two rashes");
    // A visit sees it while it lasts.
    for a in &all {
        for seen in &a.seen {
            let lasting = rashes(a).iter().any(|t| *t <= seen.time && seen.time < t + 20.0);
            assert_eq!(seen.levels[0] == 1.0, lasting, "{:?} on day {}", rashes(a), seen.time);
        }
    }
}

#[test]
fn progression_is_called_by_a_condition_after_it_was_not_met() {
    // Growth by 10 % a day from day 0: 1e5 exp(0.1 t) passes 2e5 on day 6.93 and is seen on day 7.
    let all = study(MODEL, "'drug 1 mg/L held from day 0'", "progression_when = 'count > 2e5 cells'");
    let seen = all.iter().filter(|a| a.progression.event && a.time_to_progression.time == 7.0).count();
    assert!(seen > 3500, "{seen}");
    assert!(
        all.iter()
            .filter(|a| a.time_to_progression.event)
            .all(|a| a.time_to_progression.after < a.time_to_progression.time)
    );
    // Above the limit from the first, and never below: no relapse.
    let all = study(MODEL, "'drug 1 mg/L held from day 0'", "progression_when = 'count > 5e4 cells'");
    assert!(all.iter().all(|a| !a.time_to_progression.event && a.best.is_none()));
    let all = study(MODEL, "'drug 1 mg/L held from day 0'", "progression_when = 'count rises by 150 % from baseline'");
    // 2.5 times are passed on day 9.16 and seen on day 14.
    let ended = |a: &ArmOutcome| a.ended == Ended::EventDeath && a.survival.time < 14.0;
    assert!(all.iter().all(|a| a.time_to_progression.time == 14.0 && a.time_to_progression.after == 7.0 || ended(a)));
}
