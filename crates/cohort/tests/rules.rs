//! Rules of dose modification one look at a time: a second reduction multiplies the first, `at most` counts exactly, and a
//! limit that is met exactly counts for `<=` and `>=` and not for `<` and `>`.

use remission_cohort::modification::Modifications;
use remission_cohort::outcome::Seen;
use remission_model::{model_from_toml, study_from_toml};

const MODEL: &str = "[model]\ntitle = 'x'\n[cells.a]\nbirth = '0.1 /day'\ndeath = '0'\n[levels.marker]\nstart = '10 ng/mL'\n\
                     rate = '0'\n[drugs.d]\nroute = 'bolus'\nclearance = '1 L/h'\nvolume = '5 L'\nfelt_as = 'mg/L'\n\
                     [before_treatment]\nstart = { a = '10 cells' }\n";

/// Scale of the doses after each look at these levels (ng/mL), the first being day 0.
fn scales(rule: &str, levels: &[f64]) -> Vec<f64> {
    let model = model_from_toml("m.toml", MODEL).unwrap_or_else(|p| panic!("{p}"));
    let study = format!(
        "[study]\npatients = 1\nseed = 1\nhorizon = '1 year'\nvisits = 'every week'\n[[arms]]\nname = 'a'\n\
         regimen = ['d 10 mg bolus every day']\nrules = ['{rule}']\n"
    );
    let study = study_from_toml("s.toml", &study, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    // Of ng/mL in base units.
    let unit = model.levels[0].unit_scale;
    let seen = |(k, x): (usize, &f64)| Seen {
        time: 7.0 * k as f64,
        total: 10.0,
        by_type: vec![10.0],
        levels: vec![x * unit],
        readings: Vec::new(),
    };
    let looks: Vec<Seen> = levels.iter().enumerate().map(seen).collect();
    let mut rules = Modifications::new(&study.arms[0].rules, &model, &looks[0]);
    let mut changes = Vec::new();
    let scale = |now: &Seen| {
        let before = changes.len();
        rules.look(now, &mut changes);
        assert!(changes.len() == before || changes[changes.len() - 1].scale == rules.scale(0));
        rules.scale(0)
    };
    looks[1..].iter().map(scale).collect()
}

#[test]
fn reductions_multiply_and_are_counted() {
    let low = [10.0, 1.0, 1.0, 9.0, 1.0, 1.0];
    assert_eq!(scales("reduce d by 50 % when marker < 2 ng/mL", &low), [0.5, 0.25, 0.25, 0.125, 0.0625]);
    for (most, wanted) in [("1 times", [0.5; 5]), ("2 times", [0.5, 0.25, 0.25, 0.25, 0.25])] {
        assert_eq!(scales(&format!("reduce d by 50 % when marker < 2 ng/mL, at most {most}"), &low), wanted, "{most}");
    }
    let three = [0.5, 0.25, 0.25, 0.125, 0.125];
    assert_eq!(scales("reduce d by 50 % when marker < 2 ng/mL, at most 3 times", &low), three);
}

#[test]
fn a_limit_met_exactly_is_met_by_or_equal_alone() {
    for (comparison, at, beside) in [("<=", 0.0, 0.0), ("<", 1.0, 0.0), (">=", 0.0, 1.0), (">", 1.0, 1.0)] {
        let rule = format!("stop d when marker {comparison} 4 ng/mL");
        assert_eq!(scales(&rule, &[10.0, 4.0]), [at], "{rule}");
        assert_eq!(scales(&rule, &[10.0, 3.9]), [beside], "{rule}");
    }
}

#[test]
fn a_hold_ends_when_its_until_is_met_and_not_sooner() {
    let rule = "hold d when marker < 2 ng/mL until marker >= 5 ng/mL";
    assert_eq!(scales(rule, &[10.0, 1.0, 3.0, 5.0, 3.0, 1.0, 6.0]), [0.0, 0.0, 1.0, 1.0, 0.0, 1.0]);
    let back = "hold d when marker falls by 50 % from baseline until marker back to baseline";
    assert_eq!(scales(back, &[10.0, 5.1, 5.0, 9.9, 10.0, 5.0]), [1.0, 0.0, 0.0, 1.0, 0.0]);
}
