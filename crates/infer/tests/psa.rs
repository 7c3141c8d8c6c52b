//! PSA: reading, cells against closed solutions, the area under the curve against counting, no leak of the last cycle.

use remission_infer::jobs::Control;
use remission_infer::population::{Individual, Settings};
use remission_infer::psa::held_out::{Judged, Outcome, Plan, area, carried, held_out, outcomes};
use remission_infer::psa::model::{Cells, Course};
use remission_infer::psa::{Data, Man, Options, Visit, answer, read};
use std::io::Write;

/// Parameters: PSA 20, kill, regrowth, recovery, to and from tolerance, loss, resistant odds, growth, error, capacity.
fn theta() -> Vec<f64> {
    let ln = f64::ln;
    vec![ln(20.0), ln(0.05), ln(0.02), ln(0.02), -30.0, -30.0, -30.0, -60.0, 0.002, ln(0.2), 12.0]
}

#[test]
fn the_public_table_reads_as_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/psa");
    let Ok(text) = std::fs::read_to_string(format!("{folder}/series.csv")) else {
        let _ = writeln!(std::io::stderr(), "skipped: ../shared/data/psa is absent");
        return;
    };
    let data = read(&text).unwrap();
    assert_eq!(data.men.len(), 90);
    assert!(data.notes.iter().any(|n| n.contains("Line 5033")), "{:?}", data.notes);
    let all = outcomes(&std::fs::read_to_string(format!("{folder}/outcomes.txt")).unwrap());
    let count = |trial: &str, which| all.iter().filter(|o| o.0 == trial && o.2 == which).count();
    let of = |trial| [Outcome::None, Outcome::Metastasis, Outcome::Relapse].map(|o| count(trial, o));
    assert_eq!((of("Bruchovsky_et_al"), of("Shaw_et_al")), ([55, 5, 12], [11, 0, 7]));
    for (trial, patient, _) in &all {
        assert!(data.men.iter().any(|m| m.trial == *trial && m.patient == *patient), "{trial} {patient}");
    }
}

#[test]
fn every_fault_is_named_with_its_place() {
    let fault = |text: &str| read(text).unwrap_err().to_string();
    assert!(fault("patient,time_days,psa,on_treatment\na,0,-1,1\n").starts_with("line 2, column 3 (psa)"));
    assert!(fault("patient,time_days,psa,on_treatment\na,0,1,yes\n").contains("1 on treatment, 0 off it"));
    assert!(fault("patient,time_days,psa\na,0,1\n").contains("on_treatment"));
    assert!(fault("patient;time_days;psa;on_treatment\na;0;1,5;1\n").contains("point"));
    // Without a column of cycles they begin as treatment does.
    let data = read("patient,time_days,psa,on_treatment\na,0,9,1\na,50,1,0\na,90,5,1\na,99,5,1\n").unwrap();
    let cycles: Vec<usize> = data.men[0].visits.iter().map(|v| v.cycle).collect();
    assert_eq!(cycles, [1, 1, 2, 2]);
}

#[test]
fn cells_follow_their_closed_solutions() {
    // Androgens a = e^(-t/10) under treatment: ln s changes by -k t + (r + k) 10 (1 - e^(-t/10)), but for the room left.
    let t = 60.0;
    let cells = Cells::start(&theta()).after(&theta(), t, true);
    let exact = 20f64.ln() - 0.05 * t + 0.07 * 10.0 * (1.0 - (-t / 10.0).exp());
    assert!((cells.log_psa() - exact).abs() < 0.02, "{} {exact}", cells.log_psa());
    assert!((cells.androgens - (-t / 10.0).exp()).abs() < 1e-9);
    // Resistant cells alone grow as e^(g t), whatever the treatment.
    let mut all = theta();
    all[7] = 60.0;
    let cells = Cells::start(&all).after(&all, 500.0, true).after(&all, 500.0, false);
    assert!((cells.log_psa() - 20f64.ln() - 2.0).abs() < 1e-9);
}

#[test]
fn a_reading_at_the_limit_is_censored() {
    let visits = vec![Visit { days: 0.0, psa: Some(0.1), on: true, cycle: 1 }];
    let mut at = theta();
    at[0] = 0.2f64.ln();
    let found = Course { visits, limit: 0.1 }.log_likelihood(&at);
    let sd = (0.04f64 + (0.05f64 / 0.2).powi(2)).sqrt();
    let expected = remission_infer::special::normal_below(0.5f64.ln() / sd).ln();
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn the_area_counts_pairs_in_order() {
    assert_eq!(area(&[1.0, 0.9], &[0.1, 0.2, 0.3]).unwrap().0, 1.0);
    assert_eq!(area(&[0.5], &[0.5]).unwrap().0, 0.5);
    assert_eq!(area(&[0.2, 0.4], &[0.3]).unwrap().0, 0.5);
    assert!(area(&[], &[1.0]).is_none());
}

fn man(k: usize, last: f64) -> Man {
    let mut visits = Vec::new();
    for cycle in 1..=3 {
        let begin = 600.0 * (cycle - 1) as f64;
        for v in 0..10 {
            let t = 60.0 * f64::from(v);
            let on = v < 5;
            let level = if on { 2.5 - 0.012 * t } else { -0.5 + 0.01 * (t - 300.0) };
            let wiggle = 0.1 * ((k * 7 + v as usize * 3) % 5) as f64;
            let factor = if cycle == 3 { last } else { 1.0 };
            visits.push(Visit { days: begin + t, psa: Some(factor * (level + wiggle).exp()), on, cycle });
        }
    }
    Man { trial: String::new(), patient: k.to_string(), visits }
}

#[test]
fn a_cycle_repeated_is_carried_forward_exactly() {
    let man = man(0, 1.0);
    let ahead: Vec<Visit> = man.visits.iter().filter(|v| v.cycle == 3).copied().collect();
    for (visit, value) in ahead.iter().zip(carried(&man, 2, &ahead, 0.1)) {
        assert!((visit.psa.unwrap().ln() - value).abs() < 1e-9);
    }
}

#[test]
fn the_last_cycle_does_not_leak_and_threads_change_nothing() {
    let data = Data { men: (0..6).map(|k| man(k, 1.0)).collect(), notes: Vec::new() };
    let mut other = data.clone();
    other.men[4] = man(4, 5.0);
    let plan = Plan { settings: Settings { search: 10, average: 5, ..Default::default() }, ..Plan::default() };
    let threads = Control { threads: 3, ..Control::quiet() };
    let before = held_out(&data, &plan, &Control::quiet()).unwrap();
    let again = held_out(&data, &plan, &threads).unwrap();
    let after = held_out(&other, &plan, &threads).unwrap();
    assert_eq!(before, again);
    let of = |found: &Judged| {
        let rows = found.held.iter().filter(|h| h.man == 4);
        rows.map(|h| (h.median, h.intervals, h.carried)).collect::<Vec<_>>()
    };
    assert_eq!(of(&before), of(&after));
    assert_eq!(before.ranked[4], after.ranked[4]);
    assert_ne!(before.held, after.held);
}

#[test]
fn little_or_nothing_read_is_no_panic() {
    let of = |text: &str| answer(&read(text).unwrap(), &Options::default(), &Control::quiet());
    let header = "patient,time_days,psa,on_treatment\n";
    assert!(of(&format!("{header}a,0,,1\n")).unwrap_err().to_string().contains("readings"));
    assert!(of(&format!("{header}a,0,0,1\n")).is_ok());
    // What no reading is above tells nothing, and it is said.
    let noted = |limit: f64| {
        let options = Options { limit, ..Options::default() };
        let text = format!("{header}a,0,9,0\na,50,12,1\na,90,0.5,1\na,150,2,0\n");
        let found = answer(&read(&text).unwrap(), &options, &Control::quiet()).unwrap();
        found.iter().any(|a| a.notes.iter().any(|n| n.contains("--limit 50")))
    };
    assert!(noted(50.0) && !noted(0.1));
    assert!(of(&format!("{header}a,0,1e5,0\na,9000,0.01,1\n")).is_ok());
    // Many men of one cycle each: nothing can be held out.
    let one = |name: &str| format!("{name},0,9,1\n{name},50,1,1\n{name},90,0.5,0\n");
    let said = of(&format!("{header}{}", ["a", "b", "c", "d"].map(one).concat())).unwrap_err().to_string();
    assert!(said.contains("second cycle") && said.contains("--patient a") && !said.contains("NaN"), "{said}");
    let never = Options { limit: 0.0, ..Options::default() };
    assert!(answer(&read(remission_infer::psa::TEMPLATE).unwrap(), &never, &Control::quiet()).is_err());
}

#[test]
fn many_men_are_ranked_and_judged_by_outcomes_alone() {
    let men: Vec<Man> = (0..6).map(|k| man(k, 1.0)).collect();
    let data = Data { men, notes: Vec::new() };
    let outcome = |k: usize| if k < 2 { Outcome::Relapse } else { Outcome::None };
    let outcomes: Vec<_> = (0..6).map(|k| (String::new(), k.to_string(), outcome(k))).collect();
    let options = Options { outcomes, ..Options::default() };
    let answers = answer(&data, &options, &Control::quiet()).unwrap();
    let found = &answers[0];
    assert!(found.words[0].contains("(60 readings)"), "{}", found.words[0]);
    assert_eq!(found.tables.iter().find(|t| t.name == "ranking").unwrap().rows.len(), 6);
    let value = |name: &str| found.estimates.iter().find(|e| e.name == name).unwrap().value;
    assert!((0.0..=1.0).contains(&value("auc.relapse")));
    assert!(value("forecast_error.carried") < 1e-9, "the cycles are copies");
}
