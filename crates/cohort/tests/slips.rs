//! Slips of units that make a rate enormous end a patient's run at once and with a reason, whatever they are.

use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;

const MODEL: &str = r#"
[model]
title = "killed too fast"
[cells.sensitive]
birth = "0.1 /day"
death = "KILL * drug / (drug + 0.1)"
mutates = [{ to = "resistant", per_division = "1e-6" }]
[cells.resistant]
kind = "resistant"
birth = "0.1 /day"
death = "0.05 /day"
[parameters]
KILL = { value = "0.2 /day", fitted = "test" }
half = { value = "1 uM", fitted = "test" }
[drugs.drug]
route = "oral"
ka = "1 /h"
clearance = "5 L/h"
volume = "100 L"
molar_mass = "400 g/mol"
felt_as = "uM"
[before_treatment]
start = { sensitive = "1e9 cells" }
"#;

const STUDY: &str = r#"
[study]
patients = 1
seed = 1
horizon = "1 year"
visits = "every 6 weeks"
[[arms]]
name = "daily"
regimen = ["drug 100 mg every day"]
"#;

#[test]
fn a_rate_of_millions_a_day_is_refused_and_not_followed() {
    let model = MODEL.replace("(drug + 0.1)", "(drug + half)");
    for (kill, wrong) in [("0.2", false), ("20", false), ("1e5", true), ("1e9", true), ("1e15", true)] {
        let text = model.replace("0.2 /day", &format!("{kill} /day"));
        let model = remission_model::model_from_toml("m.toml", &text).unwrap();
        let study = remission_model::study_from_toml("s.toml", STUDY, "x", &model).unwrap();
        let outcome = run(&Compiled::new(&model), &study, 0, Method::Leap);
        let failed = outcome.arms.err().map(|(_, why)| why);
        assert_eq!(failed.is_some(), wrong, "{kill} /day: {failed:?}");
        if let Some(why) = failed {
            assert!(why.contains("rates so fast") && why.contains("unit"), "{why}");
        }
    }
}
