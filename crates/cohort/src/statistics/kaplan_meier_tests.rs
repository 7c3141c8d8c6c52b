//! Hand-checked cases and properties of the Kaplan-Meier estimate.

use super::*;

fn patients(list: &[(f64, bool)]) -> Vec<Observation> {
    list.iter().map(|&(time, event)| Observation { time, event }).collect()
}

fn curve(list: &[(f64, bool)]) -> KaplanMeier {
    kaplan_meier(&patients(list), &KaplanMeierOptions::default()).unwrap()
}

/// Freireich 1963 (6-MP arm), the textbook case: Collett, Modelling Survival Data, and Kalbfleisch and Prentice.
#[test]
fn freireich_by_hand() {
    let list: Vec<(f64, bool)> = [6, 6, 6, 7, 10, 13, 16, 22, 23]
        .iter()
        .map(|&t| (f64::from(t), true))
        .chain([6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35].iter().map(|&t| (f64::from(t), false)))
        .collect();
    let curve = curve(&list);
    for (time, want) in [(6.0, 18.0 / 21.0), (7.0, 18.0 / 21.0 * 16.0 / 17.0), (22.0, 0.5378), (23.0, 0.4482)] {
        let got = curve.survival_at(time).unwrap().survival;
        assert!((got - want).abs() < 5e-5, "{time}: {got}");
    }
    assert!((curve.survival_at(6.0).unwrap().standard_error.unwrap() - 0.0764).abs() < 5e-5);
    assert_eq!(curve.median(), Quantile { estimate: Some(23.0), lower: Some(16.0), upper: None });
    assert_eq!(curve.at_risk(10.0).unwrap(), AtRisk { at_risk: 15, events: 5, censored: 3 });
    assert_eq!(curve.at_risk(10.5).unwrap(), AtRisk { at_risk: 13, events: 5, censored: 3 });
    assert_eq!(curve.at_risk(36.0).unwrap(), AtRisk { at_risk: 0, events: 9, censored: 12 });
}

#[test]
fn empty_is_an_error() {
    let got = kaplan_meier(&[], &KaplanMeierOptions::default());
    assert_eq!(got.unwrap_err(), StatisticsError::Empty { what: "the list of patients" });
}

#[test]
fn all_censored_stays_at_one() {
    let curve = curve(&[(1.0, false), (5.0, false)]);
    assert_eq!(curve.median(), Quantile { estimate: None, lower: None, upper: None });
    let at = curve.survival_at(9.0).unwrap();
    assert_eq!((at.survival, at.standard_error), (1.0, Some(0.0)));
    assert_eq!(at.interval, Some(Interval { lower: 1.0, upper: 1.0 }));
    assert_eq!(
        curve.restricted_mean(10.0).unwrap(),
        RestrictedMean { mean: 10.0, standard_error: 0.0, extended: true }
    );
}

#[test]
fn all_events_at_one_time_fall_to_zero() {
    let curve = curve(&[(3.0, true); 4]);
    assert_eq!(curve.steps.len(), 1);
    let at = curve.survival_at(3.0).unwrap();
    assert_eq!((at.survival, at.standard_error, at.interval), (0.0, None, None));
    assert_eq!(curve.survival_at(2.999).unwrap().survival, 1.0);
    assert_eq!(curve.median(), Quantile { estimate: Some(3.0), lower: None, upper: None });
    let mean = curve.restricted_mean(10.0).unwrap();
    assert_eq!(mean, RestrictedMean { mean: 3.0, standard_error: 0.0, extended: false });
}

#[test]
fn event_at_time_zero_counts() {
    let curve = curve(&[(0.0, true), (2.0, true)]);
    assert_eq!(curve.survival_at(0.0).unwrap().survival, 0.5);
    assert_eq!(curve.median().estimate, Some(1.0));
    assert_eq!(curve.at_risk(0.0).unwrap().at_risk, 2);
    assert_eq!(curve.restricted_mean(2.0).unwrap().mean, 1.0);
}

/// Four patients, event at 1 of 4 at risk, censored at 2, event at 3 of 2 at risk; window to 4.
/// S = 3/4 from 1, 3/8 from 3. Area 1 + 2 * 3/4 + 1 * 3/8 = 2.875.
/// Variance (1.875)^2 / 12 + (0.375)^2 / 2.
#[test]
fn restricted_mean_by_hand() {
    let curve = curve(&[(1.0, true), (2.0, false), (3.0, true), (5.0, false)]);
    let got = curve.restricted_mean(4.0).unwrap();
    assert!((got.mean - 2.875).abs() < 1e-15);
    let variance: f64 = 1.875 * 1.875 / 12.0 + 0.375 * 0.375 / 2.0;
    assert!((got.standard_error - libm::sqrt(variance)).abs() < 1e-15);
    assert!(!got.extended && curve.restricted_mean(6.0).unwrap().extended);
}

#[test]
fn refuses_what_it_cannot_use() {
    let options = KaplanMeierOptions::default();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let got = kaplan_meier(&patients(&[(1.0, true), (bad, true)]), &options);
        assert!(matches!(got, Err(StatisticsError::Time { group: 0, index: 1, .. })));
    }
    for level in [0.0, 1.0, f64::NAN, -3.0] {
        let got = kaplan_meier(&patients(&[(1.0, true)]), &KaplanMeierOptions { level, ..options });
        assert!(matches!(got, Err(StatisticsError::Range { what: "level", .. })));
    }
    let curve = curve(&[(1.0, true)]);
    assert!(curve.survival_at(f64::NAN).is_err() && curve.at_risk(f64::NAN).is_err());
    assert!(curve.quantile(0.0).is_err() && curve.quantile(f64::NAN).is_err());
    assert!(curve.restricted_mean(f64::INFINITY).is_err() && curve.restricted_mean(-1.0).is_err());
}

/// On 200 made-up groups: the curve falls, its limits hold it, counts add up, and without censoring it is the
/// plain share of those beyond.
#[test]
fn properties() {
    let mut state = 12345_u64;
    let mut draw = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    for round in 0..200 {
        let size = 1 + round % 60;
        let list: Vec<(f64, bool)> =
            (0..size).map(|_| ((draw() * 20.0).floor(), round % 2 == 0 || draw() < 0.6)).collect();
        for scale in [Scale::Log, Scale::LogLog, Scale::Plain] {
            let options = KaplanMeierOptions { scale, level: 0.95 };
            let curve = kaplan_meier(&patients(&list), &options).unwrap();
            let counted: usize = curve.steps.iter().map(|s| s.events + s.censored).sum();
            assert_eq!(counted, size);
            for pair in curve.steps.windows(2) {
                assert!(pair[1].survival <= pair[0].survival && pair[1].at_risk < pair[0].at_risk);
            }
            for step in &curve.steps {
                if let Some(i) = step.interval {
                    assert!(0.0 <= i.lower && i.lower <= step.survival && step.survival <= i.upper && i.upper <= 1.0);
                }
                if round % 2 == 0 {
                    let beyond = list.iter().filter(|o| o.0 > step.time).count() as f64 / size as f64;
                    assert!((step.survival - beyond).abs() < 1e-12);
                }
            }
        }
    }
}
