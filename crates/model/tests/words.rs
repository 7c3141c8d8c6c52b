//! Tables of small inputs and what they mean: units, expressions, regimen sentences, visits, messages.

use remission_model::regimen::{from_sentences, in_words};
use remission_model::units::{Dimension, UnitError, quantity, unit};
use remission_model::{Code, Model, Problem, expression_text, model_from_toml, study_from_toml, visits_in_words};

#[test]
fn quantities_in_base_units() {
    for (text, value, dimension) in [
        ("0.0367 /h", 0.8808, "1/day"),
        ("150 mg", 150.0, "mg"),
        ("3.95 L/h", 94.80000000000001, "L/day"),
        ("1e9 /cm^3", 1e12, "1/L"),
        ("1e9 cells/cm³", 1e12, "cells/L"),
        ("30 %", 0.3, "plain number"),
        ("1e-8", 1e-8, "plain number"),
        ("2 months", 60.875, "day"),
        ("5 years", 1826.25, "day"),
        ("3 µM", 3.0, "umol/L"),
        ("3 mM", 3000.0, "umol/L"),
        ("5 ng/mL", 0.005, "mg/L"),
        ("393.4 g/mol", 0.3934, "mg/umol"),
        ("5 mm", 0.05, "dm"),
        ("1 mL", 0.001, "L"),
        ("2 1/day", 2.0, "1/day"),
        ("2 mg*h/L", 2.0 / 24.0, "mg day/L"),
        ("2 h^-2", 1152.0, "1/day^2"),
        ("3 Gy", 3.0, "Gy"),
        ("-.5E+1/week", -5.0 / 7.0, "1/day"),
    ] {
        let q = quantity(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!((q.value, q.unit.dimension.to_string().as_str()), (value, dimension), "{text}");
    }
    for text in ["", "mg", "1.2.3", "1,000", "1 mg/L day", "1 mg/", "1 m^0", "1 m^10", "1 /1", "0x10", "1_0", "--1"] {
        assert!(quantity(text).is_err(), "{text}");
    }
    assert_eq!(quantity("nan"), Err(UnitError::NotFinite));
    assert_eq!(quantity("1e308 kg"), Err(UnitError::NotFinite));
    assert_eq!(quantity("1 MM"), Err(UnitError::Unknown("MM".into())));
}

#[test]
fn every_base_unit_reads_back() {
    for text in ["/day", "mg/L", "umol/L", "cells/L", "L/day", "L/umol/day", "dm^2", "Gy", "mg day/L", "cells/day"] {
        let dimension = unit(text).unwrap().dimension;
        let again = unit(&dimension.base_unit()).unwrap();
        assert_eq!((again.dimension, again.scale()), (dimension, 1.0), "{text}");
    }
    assert_eq!(Dimension::PLAIN.base_unit(), "");
}

fn model(extra: &str, death: &str) -> Result<Model, Vec<Problem>> {
    let text = format!(
        "[model]\ntitle='x'\n[parameters]\nb={{value='1 /day',fitted='x'}}\nd={{value='2',fitted='x'}}\n{extra}\n\
         [cells.s]\nbirth='3 /day'\ndeath='{death}'\n[drugs.a]\nroute='oral'\nka='1 /h'\nclearance='1 L/h'\n\
         volume='1 L'\nfelt_as='mg/L'\n[drugs.i]\nroute='infusion'\nclearance='1 L/h'\nvolume='1 L'\nfelt_as='mg/L'\n\
         [drugs.x]\nroute='held'\nfelt_as='nM'\n[before_treatment]\nstart={{s='10 cells'}}\n"
    );
    model_from_toml("m.toml", &text).map_err(|p| p.0)
}

#[test]
fn expressions_keep_their_shape() {
    for (text, printed) in [
        ("b*d+b", "b * d + b"),
        ("b-(b-b)", "b - (b - b)"),
        ("(b-b)-b", "b - b - b"),
        ("b/(d*d)", "b / (d * d)"),
        ("b*-d^2", "b * -d^2"),
        ("b*(-d)^2", "b * (-d)^2"),
        ("b*2^-d", "b * 2^-d"),
        ("b*d^d^d", "b * d^d^d"),
        ("b*(d^d)^d", "b * (d^d)^d"),
        ("- -b", "--b"),
        ("b * (-2)", "b * -2"),
        ("b * -2^2", "b * -2^2"),
        ("b*1e-8", "b * 1e-8"),
        ("max(0,b)", "max(0, b)"),
        ("b + 0", "b + 0"),
        ("sqrt(b*b)", "sqrt(b * b)"),
        ("b*ln(exp(d))", "b * ln(exp(d))"),
    ] {
        let level = format!("[levels.l]\nstart='0'\nrate='{text}'");
        let model = model(&level, "0").unwrap_or_else(|p| panic!("{text}: {p:?}"));
        assert_eq!(expression_text(&model.levels[0].rate, &model), printed);
    }
}

#[test]
fn units_of_both_sides_are_shown() {
    let found = |death: &str| {
        let problems = model("k={value='1 mg/L/day',fitted='x'}", death).unwrap_err();
        assert_eq!(problems[0].code, Code::Dimension, "{problems:?}");
        problems[0].found.clone()
    };
    assert_eq!(found("b + k"), "left 1/day (`b`), right mg/L/day (`k`)");
    assert_eq!(found("k"), "left 1/day (`cells.s.death`), right mg/L/day (`k`)");
    assert_eq!(found("b * hill(a, d, 1)"), "left mg/L (`a`), right plain number (`d`)");
    assert_eq!(found("b * exp(a)"), "left plain number (exp), right mg/L (`a`)");
    assert_eq!(found("b * total"), "left 1/day (`cells.s.death`), right cells/day (`b * total`)");
}

#[test]
fn regimens_in_words() {
    let model = model("", "0").unwrap();
    for (text, words) in [
        ("a 150 mg every day", "a 150 mg oral every day"),
        ("a 150 mg daily", "a 150 mg oral every day"),
        ("a 0.15 g oral every 24 hours", "a 150 mg oral every day"),
        ("a 100 mg every 12 hours for 28 days", "a 100 mg oral every 12 hours until day 28"),
        ("a 100 mg every 3 weeks from day 8", "a 100 mg oral every 21 days from day 8"),
        ("a 100 mg every week until day 100", "a 100 mg oral every 7 days until day 100"),
        ("a 100 mg once", "a 100 mg oral once"),
        ("a 100 mg on day 1", "a 100 mg oral once"),
        (
            "a 100 mg on days 1, 8 and 15, every 28 days for 4 cycles",
            "a 100 mg oral on days 1, 8, 15, every 28 days until day 112",
        ),
        (
            "a 1200 mg oral on days 1–2 and 50 mg on days 3-7, every 7 days",
            "a 1200 mg oral on days 1-2 and 50 mg on days 3-7, every 7 days",
        ),
        ("a 5 mg on days 1 to 5", "a 5 mg oral on days 1-5"),
        ("a 5 mg every 12 hours for 36 hours", "a 5 mg oral every 12 hours for 36 hours"),
        ("i 200 mg over 0.5 h every 3 weeks", "i 200 mg infusion over 30 minutes every 21 days"),
        ("x 10 uM held from day 0", "x 10000 nM held from day 1"),
        ("x 10 nM held on days 1-5, every 7 days", "x 10 nM held on days 1-5, every 7 days"),
        ("x 10 nM held on days 3-4", "x 10 nM held on days 3-4"),
        ("x 10 nM held until day 10", "x 10 nM held from day 1 for 10 days"),
    ] {
        let regimen = from_sentences(&[text], &model).unwrap_or_else(|p| panic!("{text}\n{p}"));
        assert_eq!(regimen.sentences, [words], "{text}");
        let again = from_sentences(&[words], &model).unwrap_or_else(|p| panic!("{words}\n{p}"));
        assert_eq!(again.rules, regimen.rules, "{text}");
        assert_eq!(in_words(&regimen.rules, &model), [words], "{text}");
    }
    assert!(from_sentences(&["no treatment"], &model).unwrap().rules.is_empty());
    assert!(from_sentences(&[], &model).unwrap().rules.is_empty());
}

#[test]
fn doses_where_they_belong() {
    let model = model("", "0").unwrap();
    let rules = |text: &str| from_sentences(&[text], &model).unwrap().rules;
    let rule = &rules("a 50 mg on days 3-5, every 7 days from day 8 until day 28")[0];
    assert_eq!((rule.amount, rule.cycle, rule.from, rule.until), (50.0, 7.0, 7.0, 28.0));
    assert_eq!(rule.offsets, [2.0, 3.0, 4.0]);
    let rule = &rules("i 1 g over 90 minutes once")[0];
    assert_eq!((rule.amount, rule.duration, rule.cycle), (1000.0, 0.0625, f64::INFINITY));
    let held = rules("x 1 uM held on days 1-5 and 8, every 14 days");
    assert_eq!((held[0].duration, &held[0].offsets[..]), (5.0, &[0.0][..]));
    assert_eq!((held[1].duration, &held[1].offsets[..]), (1.0, &[7.0][..]));
    let held = &rules("x 500 nM held from day 3")[0];
    assert_eq!((held.amount, held.duration, held.from), (0.5, f64::INFINITY, 2.0));
}

#[test]
fn visits_in_days_and_back() {
    let model = model("", "0").unwrap();
    for (text, spacing, window, words) in [
        (
            "every 6 weeks until 18 months, then every 12 weeks, within 7 days",
            vec![(0.0, 42.0), (547.875, 84.0)],
            7.0,
            "every 42 days until 18 months, then every 84 days, within 7 days",
        ),
        ("every day", vec![(0.0, 1.0)], 0.0, "every day"),
        ("every 12 hours", vec![(0.0, 0.5)], 0.0, "every 12 hours"),
        ("every 1 days", vec![(0.0, 1.0)], 0.0, "every day"),
    ] {
        let study = |v: &str| {
            let text = format!(
                "[study]\npatients=1\nseed=1\nhorizon='5 years'\nvisits='{v}'\n[[arms]]\nname='a'\nregimen=[]\n"
            );
            study_from_toml("s.toml", &text, "s", &model).unwrap_or_else(|p| panic!("{v}\n{p}")).visits
        };
        let visits = study(text);
        assert_eq!((&visits.spacing, visits.window), (&spacing, window));
        assert_eq!(visits_in_words(&visits), words);
        assert_eq!(study(words), visits);
    }
}

#[test]
fn a_report_teaches() {
    let problems = model("", "-0.1 /day").unwrap_err();
    let said = problems[0].to_string();
    for part in ["RM0401", "`cells.s.death` = -0.1 /day", "a rate cannot be negative", "birth"] {
        assert!(said.contains(part), "{said}");
    }
}
