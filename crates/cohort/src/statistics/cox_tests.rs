//! Hand-checked cases, properties and refusals of the Cox fit.

use super::*;
use crate::statistics::log_rank::log_rank;

fn patients(list: &[(f64, bool)]) -> Vec<Observation> {
    list.iter().map(|&(time, event)| Observation { time, event }).collect()
}

fn fit(reference: &[(f64, bool)], treatment: &[(f64, bool)], ties: Ties) -> CoxFit {
    hazard_ratio(&patients(reference), &patients(treatment), &CoxOptions { ties, ..CoxOptions::default() }).unwrap()
}

fn close(got: f64, want: f64, relative: f64) {
    assert!((got - want).abs() <= relative * want.abs(), "got {got}, want {want}");
}

/// Reference 1, 3; treatment 2, all events, r the hazard ratio:
/// L = 1 / (2 + r) * r / (1 + r), maximal at r^2 = 2; information -> SE^2 = 1 / (r 2 / (2 + r)^2 + r / (1 + r)^2).
#[test]
fn three_patients_by_hand() {
    let fit = fit(&[(1.0, true), (3.0, true)], &[(2.0, true)], Ties::Efron);
    let estimate = fit.estimate().unwrap();
    let r = libm::sqrt(2.0);
    close(estimate.effects[0].hazard_ratio, r, 1e-12);
    let information = 2.0 * r / ((2.0 + r) * (2.0 + r)) + r / ((1.0 + r) * (1.0 + r));
    close(estimate.effects[0].standard_error, 1.0 / libm::sqrt(information), 1e-12);
    close(estimate.log_likelihood, libm::log(r / ((2.0 + r) * (1.0 + r))), 1e-12);
    close(estimate.log_likelihood_null, libm::log(1.0 / 6.0), 1e-12);
    assert_eq!(estimate.events, 3);
}

/// Two tied events, one in each of two arms of two, then one in the reference arm. Breslow:
/// L = r / (2 + 2 r)^2 / (1 + r), so r / (1 + r)^3, maximal at r = 1/2.
/// Efron: L = r / (2 + 2 r) / (1.5 (1 + r)) / (1 + r): the same shape, the same maximum, another constant.
#[test]
fn ties_by_hand() {
    let (a, b) = ([(1.0, true), (2.0, true)], [(1.0, true), (2.0, false)]);
    for (ties, constant) in [(Ties::Breslow, 4.0), (Ties::Efron, 3.0)] {
        let fit = fit(&a, &b, ties);
        let estimate = fit.estimate().unwrap();
        close(estimate.effects[0].hazard_ratio, 0.5, 1e-12);
        close(estimate.log_likelihood, libm::log(0.5 / (constant * 1.5 * 1.5 * 1.5)), 1e-12);
    }
}

/// Freireich 1963, 6-MP against placebo: R's coxph gives log HR -1.5721 (SE 0.4124) by Efron, -1.5092 (0.4096) by
/// Breslow.
#[test]
fn freireich() {
    let mut treated: Vec<(f64, bool)> = [6., 6., 6., 7., 10., 13., 16., 22., 23.].map(|t| (t, true)).to_vec();
    treated.extend([6., 9., 10., 11., 17., 19., 20., 25., 32., 32., 34., 35.].map(|t| (t, false)));
    let placebo =
        [1., 1., 2., 2., 3., 4., 4., 5., 5., 8., 8., 8., 8., 11., 11., 12., 12., 15., 17., 22., 23.].map(|t| (t, true));
    for (ties, beta, error) in [(Ties::Efron, -1.5721, 0.4124), (Ties::Breslow, -1.5092, 0.4096)] {
        let fit = fit(&placebo, &treated, ties);
        let effect = fit.estimate().unwrap().effects[0];
        assert!((effect.log_hazard_ratio - beta).abs() < 5e-5, "{effect:?}");
        assert!((effect.standard_error - error).abs() < 5e-5, "{effect:?}");
    }
}

#[test]
fn score_without_ties_is_the_log_rank_test() {
    let a: Vec<_> = (0..30).map(|i| (f64::from(i * i) + 0.5, i % 4 != 0)).collect();
    let b: Vec<_> = (0..25).map(|i| (f64::from(i * i) * 1.3 + 0.1, i % 3 != 0)).collect();
    let fit = fit(&a, &b, Ties::Efron);
    let test = log_rank(&[&patients(&a), &patients(&b)]).unwrap().test;
    close(fit.estimate().unwrap().score.chi_square, test.chi_square, 1e-10);
}

#[test]
fn units_and_signs_of_covariates() {
    let list: Vec<_> = (0..50).map(|i| (f64::from((i * 17) % 31), i % 3 != 0)).collect();
    let x: Vec<f64> = (0..50).map(|i| f64::from((i * 7) % 10)).collect();
    let y: Vec<f64> = (0..50).map(|i| f64::from(i % 2)).collect();
    let scaled: Vec<f64> = x.iter().map(|v| 5e6 - 1e6 * v).collect();
    let fit_one = cox(&patients(&list), &[&x, &y], &CoxOptions::default()).unwrap();
    let fit_two = cox(&patients(&list), &[&scaled, &y], &CoxOptions::default()).unwrap();
    let (one, two) = (fit_one.estimate().unwrap(), fit_two.estimate().unwrap());
    close(two.effects[0].log_hazard_ratio, -1e-6 * one.effects[0].log_hazard_ratio, 1e-8);
    close(two.effects[0].standard_error, 1e-6 * one.effects[0].standard_error, 1e-8);
    close(two.effects[1].log_hazard_ratio, one.effects[1].log_hazard_ratio, 1e-8);
    close(two.log_likelihood, one.log_likelihood, 1e-12);
}

#[test]
fn an_arm_without_events_is_monotone() {
    let some = [(1.0, true), (2.0, true), (3.0, false)];
    let none = [(1.5, false), (4.0, false)];
    for ties in [Ties::Efron, Ties::Breslow] {
        let CoxFit::Monotone(found) = fit(&some, &none, ties) else { panic!("no finite maximum") };
        assert_eq!(found.directions, [Some(Direction::Zero)]);
        assert!(found.log_likelihood_limit > found.log_likelihood_null);
        // The limit: only the arm with events is left in the risk sets, 1/3 * 1/2.
        assert!((found.log_likelihood_limit - libm::log(1.0 / 6.0)).abs() < 1e-8);
        let CoxFit::Monotone(turned) = fit(&none, &some, ties) else { panic!("no finite maximum") };
        assert_eq!(turned.directions, [Some(Direction::Infinity)]);
        close(turned.score.chi_square, found.score.chi_square, 1e-12);
    }
}

/// Neither covariate alone orders the events, their sum does: found by the steps that stay long.
#[test]
fn a_combination_may_run_away() {
    let list = patients(&[(1.0, true), (2.0, true), (3.0, true), (4.0, true), (5.0, false)]);
    let x = [3.0, 4.0, 1.0, 2.0, 0.0];
    let y = [2.0, 0.0, 2.0, 0.0, 0.5];
    let found = cox(&list, &[&x, &y], &CoxOptions::default()).unwrap();
    assert!(matches!(found, CoxFit::Monotone(ref m) if m.directions.iter().any(Option::is_some)), "{found:?}");
}

#[test]
fn refuses_what_it_cannot_fit() {
    let options = CoxOptions::default();
    let two = patients(&[(1.0, true), (2.0, true)]);
    assert!(matches!(cox(&[], &[&[]], &options), Err(StatisticsError::Empty { .. })));
    assert!(matches!(cox(&two, &[], &options), Err(StatisticsError::Empty { .. })));
    assert_eq!(hazard_ratio(&two, &[], &options), Err(StatisticsError::EmptyGroup { group: 1 }));
    let censored = patients(&[(1.0, false), (2.0, false)]);
    assert_eq!(hazard_ratio(&censored, &censored, &options), Err(StatisticsError::NoEvents));
    let length = cox(&two, &[&[1.0]], &options);
    assert_eq!(length, Err(StatisticsError::Length { column: 0, found: 1, expected: 2 }));
    let same = cox(&two, &[&[2.0, 2.0]], &options);
    assert_eq!(same, Err(StatisticsError::NotIdentifiable { column: 0 }));
    for bad in [f64::NAN, f64::INFINITY] {
        assert!(matches!(cox(&two, &[&[1.0, bad]], &options), Err(StatisticsError::Value { index: 1, .. })));
        let times = patients(&[(1.0, true), (bad, true)]);
        assert!(matches!(hazard_ratio(&two, &times, &options), Err(StatisticsError::Time { group: 1, .. })));
    }
    assert!(matches!(cox(&two, &[&[-1e308, 1e308]], &options), Err(StatisticsError::Value { .. })));
    let level = CoxOptions { level: f64::NAN, ..options };
    assert!(matches!(hazard_ratio(&two, &two, &level), Err(StatisticsError::Range { .. })));
    // Everybody in the second arm left before the first event.
    let early = patients(&[(0.1, false), (0.2, false)]);
    assert_eq!(hazard_ratio(&two, &early, &options), Err(StatisticsError::NotIdentifiable { column: 0 }));
    // All events at one time in everybody.
    let at_once = patients(&[(1.0, true), (1.0, true)]);
    let fit = hazard_ratio(&at_once, &at_once, &CoxOptions { ties: Ties::Breslow, ..options }).unwrap();
    assert_eq!(fit.estimate().unwrap().effects[0].hazard_ratio, 1.0);
    // The second column is twice the first.
    let four = patients(&[(1.0, true), (2.0, true), (3.0, true), (4.0, true)]);
    let x = [1.0, 0.0, 0.0, 1.0];
    let twice = [2.0, 0.0, 0.0, 2.0];
    assert_eq!(cox(&four, &[&x, &twice], &options), Err(StatisticsError::NotIdentifiable { column: 1 }));
}

/// No input panics: odd times, odd covariates, every pattern of events.
#[test]
fn odd_input_never_panics() {
    let odd = [0.0, -0.0, 1.0, -1.0, 1e-320, 1e308, -1e308, f64::NAN, f64::INFINITY, 0.3];
    let mut state = 7_u64;
    let mut pick = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        odd[(state >> 33) as usize % odd.len()]
    };
    for round in 0..5000_usize {
        let list: Vec<Observation> =
            (0..round % 7).map(|i| Observation { time: pick().abs(), event: (round >> i) & 1 == 1 }).collect();
        let x: Vec<f64> = list.iter().map(|_| pick()).collect();
        let y: Vec<f64> = list.iter().map(|_| pick()).collect();
        for ties in [Ties::Efron, Ties::Breslow] {
            let options = CoxOptions { ties, ..CoxOptions::default() };
            let _ = cox(&list, &[&x, &y], &options);
            let _ = cox(&list, &[&x], &options);
        }
    }
}

/// 3,000 made-up data sets, small and tied, with a heavy-tailed covariate: every fit ends in an estimate, a monotone
/// likelihood or a covariate that says nothing; at an estimate no small move gains likelihood.
#[test]
fn always_settles() {
    let mut state = 99_u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    };
    let (mut estimates, mut monotone) = (0, 0);
    for round in 0..3000_usize {
        let size = 2 + round % 25;
        let list: Vec<Observation> =
            (0..size).map(|_| Observation { time: (draw() * 12.0).floor(), event: draw() < 0.7 }).collect();
        let x: Vec<f64> = (0..size).map(|_| if draw() < 0.3 { 1.0 } else { 0.0 }).collect();
        let y: Vec<f64> = (0..size).map(|_| libm::exp(8.0 * draw() - 4.0)).collect();
        let ties = if round % 2 == 0 { Ties::Efron } else { Ties::Breslow };
        let options = CoxOptions { ties, ..CoxOptions::default() };
        match cox(&list, &[&x, &y], &options) {
            Ok(CoxFit::Estimate(found)) => {
                estimates += 1;
                let likelihood = PartialLikelihood::new(&list, &[&x, &y], ties).unwrap();
                let beta: Vec<f64> = (0..2).map(|j| found.effects[j].log_hazard_ratio * likelihood.range(j)).collect();
                for (j, change) in [(0, 1e-3), (0, -1e-3), (1, 1e-3), (1, -1e-3)] {
                    let mut moved = beta.clone();
                    moved[j] += change;
                    let there = likelihood.at(&moved).log_likelihood;
                    assert!(there <= found.log_likelihood + 1e-12 * found.log_likelihood.abs(), "{found:?}");
                }
            }
            Ok(CoxFit::Monotone(found)) => {
                monotone += 1;
                assert!(found.directions.iter().any(Option::is_some));
            }
            Err(StatisticsError::NoEvents | StatisticsError::NotIdentifiable { .. }) => {}
            Err(other) => panic!("round {round}: {other}"),
        }
    }
    println!("{estimates} estimates, {monotone} monotone");
    assert!(estimates > 1500 && monotone > 50);
}
