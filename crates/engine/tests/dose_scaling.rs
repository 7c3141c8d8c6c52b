//! Doses that are scaled, held and given again from some moment on.
//!
//! The judge is a regimen that says the same in its own sentences: with linear pharmacokinetics the concentration under
//! scaled doses is that under the doses written out. Times and scales are round, so equality is to rounding
//! ([`ROUNDING`], relative to the highest concentration).
//!
//! # False alarms
//! The last test compares a leap's sample mean with the mean equations by z: one false alarm in 10^6 seeds for its
//! four days.

mod common;

use common::*;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::expr::Slot;
use remission_model::resolved::*;

const ROUNDING: f64 = 1e-13;

fn with(drug: Drug) -> Compiled {
    let mut m = model(vec![cell("S", 0.1, 0.1)], &[(0, 10.0)]);
    m.drugs = vec![drug];
    compiled(&m)
}

fn oral() -> Compiled {
    with(oral_drug(5.0, 2.0, 4.0))
}

fn infused() -> Compiled {
    with(Drug { route: Route::Infusion, clearance: number(2.0), volume: number(4.0), ..held_drug() })
}

fn rule(amount: f64, duration: f64, offsets: &[f64], cycle: f64) -> DoseRule {
    DoseRule { drug: 0, amount, duration, offsets: offsets.to_vec(), cycle, from: 0.0, until: f64::INFINITY, row: None }
}

fn regimen(rules: Vec<DoseRule>) -> Regimen {
    Regimen { sentences: vec![], rules }
}

/// Concentrations at quarters of a day until day 30 under `planned`, with these scales from these days on.
fn scaled(compiled: &Compiled, planned: &Regimen, changes: &[(f64, f64)], prepared: bool) -> Vec<f64> {
    let mut exposure = Exposure::new(compiled, &[], 0.0).unwrap();
    if prepared {
        exposure.prepare_to_scale();
    }
    exposure.follow(planned);
    let mut changes = changes.iter().peekable();
    let mut out = Vec::new();
    for k in 0..=120 {
        exposure.advance(0.25 * k as f64);
        while let Some((_, scale)) = changes.next_if(|(day, _)| *day == exposure.time()) {
            exposure.scale_doses(0, *scale);
        }
        out.push(exposure.concentration(0));
    }
    assert!(changes.next().is_none(), "every change fell on a quarter of a day");
    out
}

fn same(what: &str, found: &[f64], wanted: &[f64]) {
    let most = wanted.iter().copied().fold(0.0, f64::max);
    for (k, (a, b)) in found.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= ROUNDING * most, "{what}, day {}: {a} for {b}", 0.25 * k as f64);
    }
}

#[test]
fn a_reduced_dose_has_the_reduced_concentration_from_the_visit_on() {
    let c = oral();
    let planned = regimen(vec![rule(8.0, 0.0, &[0.0], 7.0)]);
    // Day 7: a dose is due at the very moment. Day 15: between doses.
    let found = scaled(&c, &planned, &[(7.0, 0.75), (15.0, 0.375)], true);
    let written = regimen(vec![
        rule(8.0, 0.0, &[0.0], f64::INFINITY),
        rule(6.0, 0.0, &[7.0, 14.0], f64::INFINITY),
        rule(3.0, 0.0, &[21.0, 28.0], f64::INFINITY),
    ]);
    same("reduced", &found, &scaled(&c, &written, &[], false));
    // One drug in the body at a time: a reduction from day 0 on scales everything.
    let all = scaled(&c, &planned, &[(0.0, 0.25)], true);
    let quarter: Vec<f64> = scaled(&c, &planned, &[], false).iter().map(|x| 0.25 * x).collect();
    same("from the first dose", &all, &quarter);
}

#[test]
fn held_doses_are_skipped_and_the_calendar_runs_on() {
    let c = oral();
    let planned = regimen(vec![rule(8.0, 0.0, &[0.0, 1.0, 2.0], 7.0)]);
    let found = scaled(&c, &planned, &[(8.0, 0.0), (16.0, 1.0)], true);
    // Given on days 0, 1, 2, 7; held on 8, 9, 14, 15; given again on 16, the third day of the third cycle.
    let written = regimen(vec![rule(8.0, 0.0, &[0.0, 1.0, 2.0, 7.0, 16.0, 21.0, 22.0, 23.0, 28.0, 29.0, 30.0], 1e9)]);
    same("held", &found, &scaled(&c, &written, &[], false));
}

#[test]
fn a_dose_due_at_the_visit_is_given_by_the_decision_only_where_that_was_prepared() {
    let c = oral();
    let planned = regimen(vec![rule(8.0, 0.0, &[0.0], 7.0)]);
    let found = scaled(&c, &planned, &[(14.0, 0.0)], true);
    same("prepared", &found, &scaled(&c, &regimen(vec![rule(8.0, 0.0, &[0.0, 7.0], 1e9)]), &[], false));
    let found = scaled(&c, &planned, &[(14.0, 0.0)], false);
    same("not prepared", &found, &scaled(&c, &regimen(vec![rule(8.0, 0.0, &[0.0, 7.0, 14.0], 1e9)]), &[], false));
}

#[test]
fn what_is_on_its_way_arrives_and_the_dose_of_the_visit_does_not_set_out() {
    let lagged = || Drug { lag: Some(number(0.5)), bioavailability: Some(number(0.6)), ..oral_drug(5.0, 2.0, 4.0) };
    let c = with(lagged());
    let planned = regimen(vec![rule(8.0, 0.0, &[0.0], 1.0)]);
    // At day 5.25 the dose of day 5 is on its way; at day 8 a dose is due; at day 9.5 that of day 9 would arrive.
    let found = scaled(&c, &planned, &[(5.25, 0.0), (8.0, 0.5), (9.5, 0.0), (20.0, 1.0), (20.25, 0.0)], true);
    let written =
        regimen(vec![rule(8.0, 0.0, &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 20.0], 1e9), rule(4.0, 0.0, &[8.0, 9.0], 1e9)]);
    same("lagged", &found, &scaled(&c, &written, &[], false));
}

#[test]
fn preparing_to_scale_changes_no_bit() {
    for (c, planned) in [
        (oral(), regimen(vec![rule(8.0, 0.0, &[0.0, 0.5], 1.0)])),
        (infused(), regimen(vec![rule(8.0, 2.0, &[0.0], 7.0), rule(3.0, 0.25, &[3.0], 7.0)])),
        (with(held_drug()), regimen(vec![rule(2.0, 3.0, &[0.0], 7.0)])),
    ] {
        let bits = |x: Vec<f64>| x.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(scaled(&c, &planned, &[], true)), bits(scaled(&c, &planned, &[], false)));
        // A scale of 1 is as planned. (Taking a dose back and giving it again is the same sum.)
        let ones = [(0.0, 1.0), (1.0, 1.0), (7.0, 1.0), (7.0, 1.0), (10.5, 1.0)];
        assert_eq!(bits(scaled(&c, &planned, &ones, true)), bits(scaled(&c, &planned, &[], false)));
    }
}

#[test]
fn a_hold_stops_a_running_infusion_and_a_reduction_lets_it_run() {
    let c = infused();
    let planned = regimen(vec![rule(8.0, 4.0, &[0.0], 14.0)]);
    let held = scaled(&c, &planned, &[(1.0, 0.0), (2.0, 1.0)], true);
    // A quarter of the dose went in; the rest is not made up for; the next one is whole.
    let written = regimen(vec![rule(2.0, 1.0, &[0.0], 1e9), rule(8.0, 4.0, &[14.0, 28.0], 1e9)]);
    same("held", &held, &scaled(&c, &written, &[], false));
    let reduced = scaled(&c, &planned, &[(1.0, 0.5)], true);
    let written = regimen(vec![rule(8.0, 4.0, &[0.0], 1e9), rule(4.0, 4.0, &[14.0, 28.0], 1e9)]);
    same("reduced", &reduced, &scaled(&c, &written, &[], false));
    // The infusion that begins at the visit is scaled, and ends as it began; another one that runs is not.
    let two = regimen(vec![rule(8.0, 4.0, &[0.0], 1e9), rule(6.0, 2.0, &[2.0, 9.0], 1e9)]);
    let found = scaled(&c, &two, &[(2.0, 0.5)], true);
    let written = regimen(vec![rule(8.0, 4.0, &[0.0], 1e9), rule(3.0, 2.0, &[2.0, 9.0], 1e9)]);
    same("one of two", &found, &scaled(&c, &written, &[], false));
    let found = scaled(&c, &two, &[(2.0, 0.0), (2.0, 0.0), (9.0, 0.5)], true);
    let written = regimen(vec![rule(4.0, 2.0, &[0.0], 1e9), rule(3.0, 2.0, &[9.0], 1e9)]);
    same("both held", &found, &scaled(&c, &written, &[], false));
    // A new regimen ends what runs at the rate at which it ran.
    let mut exposure = Exposure::new(&c, &[], 0.0).unwrap();
    exposure.prepare_to_scale();
    exposure.scale_doses(0, 0.5);
    exposure.follow(&planned);
    exposure.advance(1.0);
    exposure.follow(&Regimen::default());
    let here = exposure.concentration(0);
    exposure.advance(2.0);
    let ratio = exposure.concentration(0) / here;
    assert!((ratio / (-0.5f64).exp() - 1.0).abs() < 1e-12, "nothing flows in any more: {ratio}");
}

#[test]
fn a_dish_is_at_the_scaled_concentration_at_once() {
    let c = with(held_drug());
    let planned = regimen(vec![rule(2.0, 5.0, &[0.0], 7.0)]);
    let found = scaled(&c, &planned, &[(2.0, 0.5), (3.0, 0.0), (6.0, 1.0), (8.0, 0.25)], true);
    for (k, x) in found.iter().enumerate() {
        let day = 0.25 * k as f64;
        let scale = match day {
            d if d < 2.0 => 1.0,
            d if d < 3.0 => 0.5,
            d if d < 6.0 => 0.0,
            d if d < 8.0 => 1.0,
            _ => 0.25,
        };
        let wanted = if day % 7.0 < 5.0 { 2.0 * scale } else { 0.0 };
        assert_eq!(*x, wanted, "day {day}");
    }
}

/// A leap remembers windows of a repeating cycle; those of other scales must not be taken for them.
#[test]
fn a_leap_under_scaled_doses_has_the_mean_of_the_mean_equations() {
    const REPLICATES: u64 = 3000;
    const DAYS: [f64; 4] = [35.0, 70.0, 77.0, 105.0];
    let mut m = model(vec![cell("S", 0.2, 0.1)], &[(0, 5000.0)]);
    m.cells[0].death = plus(number(0.1), times(number(0.4), slot(Slot::Drug(0))));
    m.drugs = vec![oral_drug(10.0, 6.0, 4.0)];
    let c = compiled(&m);
    let planned = every(0, 20.0, 7.0);
    let changes = [(35.0, 0.0), (56.0, 1.0), (77.0, 0.25)];
    let mut mean = MeanTumour::start(&c, &[]).unwrap();
    mean.prepare_to_scale();
    mean.follow(&planned);
    let mut expected = Vec::new();
    let mut visits: Vec<f64> = DAYS.iter().chain(changes.iter().map(|c| &c.0)).copied().collect();
    visits.sort_by(f64::total_cmp);
    visits.dedup();
    for day in &visits {
        mean.advance(*day).unwrap();
        expected.push(mean.means().total());
        for (_, scale) in changes.iter().filter(|c| c.0 == *day) {
            mean.scale_doses(0, *scale);
        }
    }
    for method in [Method::Leap, Method::Exact] {
        let replicates = if method == Method::Exact { 300 } else { REPLICATES };
        let mut sizes = vec![Vec::new(); visits.len()];
        for k in 0..replicates {
            let mut before = Stream::new(1, 0, k, Purpose::BeforeTreatment);
            let start = remission_engine::before::start(&c, &[], method, &mut before).unwrap();
            let mut tumour = Tumour::new(&c, &[], start, method).unwrap();
            tumour.prepare_to_scale();
            tumour.follow(&planned);
            let mut stream = Stream::new(1, 0, k, Purpose::Treatment);
            for (v, day) in visits.iter().enumerate() {
                tumour.advance(*day, f64::INFINITY, &mut stream).unwrap();
                sizes[v].push(tumour.state.total() as f64);
                for (_, scale) in changes.iter().filter(|c| c.0 == *day) {
                    tumour.scale_doses(0, *scale);
                }
            }
        }
        let limit = z_limit(1e-6 / (2.0 * DAYS.len() as f64));
        for (v, day) in visits.iter().enumerate().filter(|(_, d)| DAYS.contains(d)) {
            let (mean, variance, _) = sample_moments(&sizes[v]);
            let z = (mean - expected[v]) / (variance / replicates as f64).sqrt();
            println!("{method:?}, day {day}: {mean:.1} for {:.1}, z {z:+.2}", expected[v]);
            assert!(z.abs() <= limit, "{method:?}, day {day}: {mean} for {}, z {z}", expected[v]);
        }
    }
}
