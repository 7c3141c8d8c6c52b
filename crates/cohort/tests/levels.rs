//! Felt concentrations against the closed forms of a one-compartment drug (Gibaldi & Perrier, *Pharmacokinetics*, ch. 1, 3).

use remission_cohort::levels::{Span, doses, first_cycle, levels, of_drug, people, steady_cycle, typical};
use remission_engine::compiled::Compiled;
use remission_model::resolved::{Body, DoseRule, Regimen, Row};

const MODEL: &str = r#"
[model]
title = "Three drugs"
[parameters]
b = { value = "0.1 /day", fitted = "x" }
cl = { value = "12 L/day", fitted = "x", between_patients = "lognormal(cv = 30 %)" }
v = { value = "40 L", fitted = "x" }
ka = { value = "5 /day", fitted = "x" }
cl_slow = { value = "0.4 L/day", fitted = "x" }
wait = { value = "2 h", fitted = "x", between_patients = "lognormal(cv = 80 %)" }
[cells.s]
birth = "b"
death = "b"
[drugs.bolus]
route = "bolus"
clearance = "cl"
volume = "v"
felt_as = "mg/L"
[drugs.oral]
route = "oral"
ka = "ka"
clearance = "cl"
volume = "v"
felt_as = "mg/L"
[drugs.slow]
route = "bolus"
clearance = "cl_slow"
volume = "v"
felt_as = "mg/L"
[drugs.late]
route = "oral"
ka = "ka"
lag = "wait"
clearance = "cl"
volume = "v"
felt_as = "mg/L"
[drugs.dish]
route = "held"
felt_as = "mg/L"
[drugs.kpd]
route = "kpd"
elimination = "12 /day"
felt_as = "mg/day"
[before_treatment]
start = { s = "1e3 cells" }
"#;

fn compiled() -> Compiled {
    Compiled::new(&remission_model::model_from_toml("model.toml", MODEL).unwrap())
}

fn rule(drug: usize, offsets: &[f64], cycle: f64) -> DoseRule {
    let until = f64::INFINITY;
    DoseRule { drug, amount: 100.0, duration: 0.0, offsets: offsets.to_vec(), cycle, from: 0.0, until, row: None }
}

fn regimen(rules: Vec<DoseRule>) -> Regimen {
    Regimen { rules, ..Regimen::default() }
}

fn near(found: f64, right: f64, share: f64) {
    assert!((found / right - 1.0).abs() < share, "{found} is not {right}");
}

#[test]
fn a_bolus_at_steady_state_has_the_peak_trough_and_average_of_the_closed_form() {
    let compiled = compiled();
    let every_two = regimen(vec![rule(0, &[0.0], 2.0)]);
    let cycle = steady_cycle(&compiled, &every_two, 0, 365.0, &[]).unwrap().unwrap();
    assert!(cycle.steady && cycle.number > 2);
    let found = levels(&compiled, &every_two, 0, cycle.span, &[]).unwrap();
    let (k, left) = (12.0 / 40.0, f64::exp(-12.0 / 40.0 * 2.0));
    // Within what the definition of steady leaves: 1 % of the trough.
    near(found.highest.typical, 100.0 / 40.0 / (1.0 - left), 0.01);
    near(found.lowest.typical, 100.0 / 40.0 * left / (1.0 - left), 0.01);
    near(found.average.typical, 100.0 / 12.0 / 2.0, 0.01);
    // Without anything to accumulate the form is exact.
    let first = levels(&compiled, &every_two, 0, first_cycle(&every_two, 0, 365.0).unwrap(), &[]).unwrap();
    near(first.highest.typical, 100.0 / 40.0, 1e-12);
    near(first.lowest.typical, 100.0 / 40.0 * left, 1e-12);
    near(first.average.typical, 100.0 / 40.0 * (1.0 - left) / k / 2.0, 1e-9);
    assert!(!first.varies && first.curve.len() == first.times.len());
}

#[test]
fn an_oral_dose_peaks_where_bateman_says() {
    let compiled = compiled();
    for cycle in [1.0, 21.0] {
        let one = regimen(vec![rule(1, &[0.0], cycle)]);
        let found = levels(&compiled, &one, 1, first_cycle(&one, 1, 365.0).unwrap(), &[]).unwrap();
        let (ka, k) = (5.0, 0.3);
        let at = |t: f64| 100.0 / 40.0 * ka / (ka - k) * (f64::exp(-k * t) - f64::exp(-ka * t));
        near(found.highest.typical, at(f64::ln(ka / k) / (ka - k)), 2e-3);
        let area =
            100.0 / 40.0 * ka / (ka - k) * ((1.0 - f64::exp(-k * cycle)) / k - (1.0 - f64::exp(-ka * cycle)) / ka);
        near(found.average.typical, area / cycle, 2e-3);
        for (t, c) in found.times.iter().zip(&found.curve) {
            assert!((c.typical - if *t < cycle { at(*t) } else { c.typical }).abs() < 1e-9, "{t}");
        }
    }
}

#[test]
fn patients_spread_around_the_typical_one() {
    let compiled = compiled();
    let daily = regimen(vec![rule(0, &[0.0], 1.0)]);
    let all = people(&compiled.model, 3, 300);
    let cycle = steady_cycle(&compiled, &daily, 0, 365.0, &all).unwrap().unwrap();
    let found = levels(&compiled, &daily, 0, cycle.span, &all).unwrap();
    // The average is dose over clearance, so its percentiles are those of the patients' clearances.
    let clearance = compiled.model.parameters.iter().position(|p| p.name == "cl").unwrap();
    let mut averages: Vec<f64> = all.iter().map(|p| 100.0 / p[clearance]).collect();
    averages.sort_by(f64::total_cmp);
    near(found.average.low, averages[14], 0.01);
    near(found.average.middle, averages[149], 0.01);
    near(found.average.high, averages[284], 0.01);
    near(found.average.typical, 100.0 / 12.0, 0.01);
    assert!(found.varies);
    assert!(found.curve.iter().all(|s| s.low <= s.middle && s.middle <= s.high));
    // A patient whose constants cannot be used is passed over; a typical one is not.
    let mut broken = typical(&compiled.model);
    broken[clearance] = -1.0;
    let with = levels(&compiled, &daily, 0, cycle.span, &[all.clone(), vec![broken]].concat()).unwrap();
    assert_eq!(with, found);
}

#[test]
fn cycles_of_several_rules_are_common_and_ends_are_kept() {
    let compiled = compiled();
    let mut pulse = rule(0, &[0.0, 1.0], 7.0);
    pulse.amount = 1200.0;
    let low = rule(0, &[0.0], 3.5);
    let both = regimen(vec![pulse.clone(), low.clone(), rule(1, &[0.0], 1.0)]);
    assert_eq!(first_cycle(&both, 0, 365.0), Some(Span { from: 0.0, to: 7.0 }));
    let given = doses(&both, 0, Span { from: 7.0, to: 14.0 }, 100);
    assert_eq!(given.iter().map(|d| d.day).collect::<Vec<_>>(), [7.0, 7.0, 8.0, 10.5]);
    assert_eq!(doses(&both, 0, Span { from: 0.0, to: 1e9 }, 5).len(), 5);
    assert_eq!(of_drug(&both, 1).rules.len(), 1);
    // Slow, and ended before it is steady: the last whole cycle, and that is said.
    let mut slow = rule(2, &[0.0], 7.0);
    slow.until = 30.0;
    let four = regimen(vec![slow]);
    let last = steady_cycle(&compiled, &four, 2, 365.0, &[]).unwrap().unwrap();
    assert!(!last.steady);
    assert_eq!((last.number, last.span), (4, Span { from: 21.0, to: 28.0 }));
    // Days are counted in cycles, so a dose on the seam is found once.
    let found = levels(&compiled, &four, 2, last.span, &[]).unwrap();
    assert!(
        found.curve[0].typical > 9.0 && found.curve[0].typical < 10.0,
        "after the fourth dose: {:?}",
        found.curve[0]
    );
    let mut once = rule(0, &[0.0], f64::INFINITY);
    once.from = 3.0;
    let once = regimen(vec![once]);
    assert_eq!(first_cycle(&once, 0, 365.0), None);
    assert_eq!(steady_cycle(&compiled, &once, 0, 365.0, &[]).unwrap(), None);
}

/// What is given on day 0 is no trough: before it nothing was there. Two cycles are enough where little is left after one.
#[test]
fn two_cycles_are_steady_where_nothing_is_carried_over() {
    let compiled = compiled();
    let weeks = |drug: usize, cycle: f64, duration: f64, cycles: f64| {
        let rule = DoseRule { duration, until: cycles * cycle, ..rule(drug, &[0.0], cycle) };
        steady_cycle(&compiled, &regimen(vec![rule]), drug, 365.0, &[]).unwrap().unwrap()
    };
    // Held on five days of seven, or on all; a bolus of which e^-6.3 is left after three weeks, a rate of which e^-12 is
    // left after a day.
    for (drug, cycle, duration) in [(4, 7.0, 5.0), (4, 7.0, 7.0), (0, 21.0, 0.0), (5, 1.0, 0.0)] {
        let found = weeks(drug, cycle, duration, 2.0);
        assert!(found.steady && found.number == 2, "drug {drug}, {duration} of {cycle} days: {found:?}");
        assert_eq!(found.span, Span { from: cycle, to: 2.0 * cycle });
        assert!(!weeks(drug, cycle, duration, 1.0).steady, "one cycle says nothing of the next");
    }
    // A bolus of which r = e^-0.3 is left after a day: trough n is within 1 % of the limit when r^(n-1) <= 0.01 (1 - r^(n-1)),
    // so n - 1 is at least ln(101) / 0.3 = 15.4.
    let daily = weeks(0, 1.0, 0.0, 60.0);
    assert!(daily.steady && daily.number == 17, "{daily:?}");
    assert!(!weeks(0, 1.0, 0.0, 16.0).steady);
    assert!(weeks(0, 1.0, 0.0, 17.0).steady);
}

/// A record at steady state from its first row is steady in its second cycle, and loses what another drug's row empties.
#[test]
fn rows_of_a_record_are_seen_by_every_drug() {
    let compiled = compiled();
    let row = |body| Some(Row { body, rate_given: false });
    let steady = DoseRule { row: row(Body::Steady { interval: 1.0, added: false }), ..rule(0, &[0.0], 1.0) };
    let found = steady_cycle(&compiled, &regimen(vec![steady.clone()]), 0, 2.0, &[]).unwrap().unwrap();
    assert!(found.steady && found.number == 2, "{found:?}");
    let emptied = DoseRule { amount: 0.0, from: 1.5, row: row(Body::Emptied), ..rule(1, &[0.0], f64::INFINITY) };
    assert!(!emptied.gives() && steady.gives());
    let both = regimen(vec![DoseRule { until: 1.5, ..steady }, emptied]);
    let seen = levels(&compiled, &both, 0, Span { from: 1.0, to: 2.0 }, &[]).unwrap();
    let at = |day: f64| seen.times.iter().position(|t| *t >= day).map(|k| seen.curve[k].typical).unwrap();
    assert!(at(1.4) > 1.0 && at(1.6) == 0.0, "{} then {}", at(1.4), at(1.6));
}

#[test]
fn patients_may_absorb_at_their_own_hours() {
    let compiled = compiled();
    let daily = regimen(vec![rule(3, &[0.0], 1.0)]);
    let all = people(&compiled.model, 5, 100);
    let cycle = steady_cycle(&compiled, &daily, 3, 365.0, &all).unwrap().unwrap();
    let found = levels(&compiled, &daily, 3, cycle.span, &all).unwrap();
    assert!(found.curve.len() == found.times.len() && found.varies);
    // What arrives later in the day was swallowed in it: averages are still dose over clearance.
    near(found.average.typical, 100.0 / 12.0, 0.02);
    let clearance = compiled.model.parameters.iter().position(|p| p.name == "cl").unwrap();
    let mut averages: Vec<f64> = all.iter().map(|p| 100.0 / p[clearance]).collect();
    averages.sort_by(f64::total_cmp);
    near(found.average.middle, averages[49], 0.02);
    // The lowest concentration comes when the dose does, after the lag and not at the seam.
    let lowest = found.curve.iter().zip(&found.times).min_by(|a, b| a.0.typical.total_cmp(&b.0.typical)).unwrap();
    assert!((lowest.1 - cycle.span.from - 2.0 / 24.0).abs() < 1e-6, "{}", lowest.1);
}
