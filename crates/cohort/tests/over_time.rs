//! What is kept of levels, immune cells and events for pictures over time: which are followed, which change, and whose.

use remission_cohort::patient::{Method, run};
use remission_cohort::sample::over_time::{FOLLOWED, Followed};
use remission_cohort::summary::Gather;
use remission_engine::compiled::Compiled;

const MODEL: &str = r#"
[model]
title = "Levels"
[parameters]
turns = { value = "0 /day", fitted = "x" }
rate = { value = "0.05 /day", fitted = "x" }
kills = { value = "1", fitted = "x" }
up = { value = "2 mg/L/day", fitted = "x" }
begin = { value = "3 mg/L", fitted = "x" }
[cells.s]
birth = "turns"
death = "turns"
[cells.t]
kind = "immune"
birth = "rate"
death = "turns"
[levels.still]
start = "begin"
rate = "turns * begin"
unit = "mg/L"
[levels.rising]
start = "begin"
rate = "up"
unit = "mg/L"
[events.lethal]
rate = "rate"
fatal = "kills"
[before_treatment]
start = { s = "1e3 cells", t = "100 cells" }
[measurements.count]
kind = "cell_count"
"#;

#[test]
fn levels_and_immune_cells_are_followed_while_patients_are_seen() {
    let model = remission_model::model_from_toml("model.toml", MODEL).unwrap_or_else(|p| panic!("{p}"));
    let text = "[study]\npatients = 300\nseed = 7\nhorizon = '100 days'\nvisits = 'every 10 days'\n[[arms]]\nname = 'a'\nregimen = []\n";
    let study = remission_model::study_from_toml("study.toml", text, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    let compiled = Compiled::new(&model);
    let mut gathered = Gather::new(&model, &study);
    let all: Vec<_> = (0..300).map(|k| run(&compiled, &study, k, Method::Leap)).collect();
    all.iter().for_each(|p| gathered.add(p));
    let kept = &gathered.sample.over_time;
    // The immune type, and the levels without that of the event.
    assert_eq!(kept.of, [Followed::Cells(1), Followed::Level(0), Followed::Level(1)]);
    assert_eq!(kept.changes, [true, false, true]);
    assert_eq!(kept.patients, 300);
    const { assert!(FOLLOWED >= 300) };
    let looks = &kept.arms[0];
    assert_eq!(looks[0].days.len(), 300);
    for look in looks {
        let day = f64::from(look.days[0]);
        assert!(look.days.iter().all(|d| f64::from(*d) == day), "everybody is seen on the day of the visit");
        assert!(
            look.values[2].iter().all(|v| (f64::from(*v) - (3.0 + 2.0 * day)).abs() < 1e-3),
            "in the level's own unit"
        );
        // Those whom the event has killed are seen no more: exp(-0.05 t) of them are left, z of 5.2.
        let (n, p) = (look.days.len() as f64, (-0.05 * day).exp());
        assert!(
            (n - 300.0 * p).abs() <= 5.2 * (300.0 * p * (1.0 - p)).sqrt() + 1e-9,
            "day {day}: {n} of {:.1}",
            300.0 * p
        );
    }
    let patients = &gathered.arms()[0];
    assert_eq!(patients.happened[0].len() as u64, patients.events[0]);
    let died: Vec<f64> =
        all.iter().filter_map(|p| p.arms.as_ref().unwrap()[0].events.first().map(|e| e.time)).collect();
    assert_eq!(patients.happened[0], died);
}
