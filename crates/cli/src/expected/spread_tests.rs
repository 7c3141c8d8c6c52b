//! Errors are neither too small, by how often four of them miss a known truth, nor too large, by their size beside the scatter.

use super::*;
use crate::expected::quantity::{Compared, Threshold};
use remission_engine::draw;

/// Samples drawn; with four standard errors a sample misses with probability 6.3e-5, so more than 4 misses of 4,000 (.25 expected)
/// have a probability of 7e-6 where errors are right.
const SAMPLES: usize = 4000;
const MISSES: usize = 4;

/// Misses of the truth by more than four errors, and the mean error over the scatter of estimates.
fn judged(n: usize, truth: f64, seed: u64, mut one: impl FnMut(&mut Stream, usize) -> Estimate) -> (usize, f64) {
    let mut stream = Stream::new(seed, 0, 0, Purpose::Check);
    let found: Vec<Estimate> = (0..SAMPLES).map(|_| one(&mut stream, n)).collect();
    let missed = |e: &&Estimate| {
        let error = if e.value < truth { e.up } else { e.down };
        (e.value - truth).abs() > SIGMAS * error
    };
    let misses = found.iter().filter(missed).count();
    let values: Vec<f64> = found.iter().map(|e| e.value).collect();
    let error = found.iter().map(|e| 0.5 * (e.down + e.up)).sum::<f64>() / SAMPLES as f64;
    (misses, error / deviation(&values))
}

fn exponentials(stream: &mut Stream, n: usize) -> Vec<f64> {
    (0..n).map(|_| stream.exponential()).collect()
}

#[test]
fn means_medians_and_quantiles_miss_as_rarely_as_they_say() {
    // Of exponential values: means, and quantiles -ln(1 - q).
    let cases = [(Over::Mean, 1.0), (Over::Median, libm::log(2.0)), (Over::Quantile(0.9), libm::log(10.0))];
    for (k, (what, truth)) in cases.iter().enumerate() {
        let (misses, size) = judged(400, *truth, 100 + k as u64, |stream, n| {
            over(&exponentials(stream, n), what, 1.0, false, SIGMAS).unwrap()
        });
        println!("{what:?}: {misses} misses of {SAMPLES}, error {size:.3} of the scatter");
        assert!(misses <= MISSES, "{what:?}: {misses}");
        assert!((0.85..1.35).contains(&size), "{what:?}: error over scatter {size}");
    }
}

#[test]
fn shares_miss_as_rarely_as_they_say_at_every_share() {
    let what = Over::Share(Compared::Below, Threshold { number: 1.0, unit: String::new() });
    for (k, truth) in [0.002, 0.05, 0.5, 0.99].into_iter().enumerate() {
        // Uniform values below `truth` of the way to 1 are below 1.
        let (misses, size) = judged(200, truth, 200 + k as u64, |stream, n| {
            let x: Vec<f64> = (0..n).map(|_| stream.uniform() / truth).collect();
            over(&x, &what, 1.0, false, SIGMAS).unwrap()
        });
        println!("share {truth}: {misses} misses of {SAMPLES}, error {size:.3} of the scatter");
        assert!(misses <= MISSES, "{truth}: {misses}");
        assert!((0.9..4.0).contains(&size), "{truth}: error over scatter {size}");
    }
    // None of 200 says that the truth is at most 10.4 / 200: (1 - p)^200 is then half of 6.3e-5.
    let none = share(0, 200, SIGMAS).unwrap();
    assert_eq!((none.value, none.down), (0.0, 0.0));
    let p = SIGMAS * none.up;
    assert!((libm::pow(1.0 - p, 200.0) / 3.167e-5 - 1.0).abs() < 1e-3, "{p}");
}

#[test]
fn pairs_of_arms_miss_as_rarely_as_they_say_and_use_that_patients_are_the_same() {
    // Both arms share a patient's log-normal factor; the second is half the first but for a small difference of its own.
    let pair = |stream: &mut Stream, n: usize| {
        let mut arms = (Vec::new(), Vec::new());
        for _ in 0..n {
            let patient = libm::exp(draw::normal(stream));
            arms.0.push(patient * libm::exp(0.1 * draw::normal(stream)));
            arms.1.push(2.0 * patient * libm::exp(0.1 * draw::normal(stream)));
        }
        arms
    };
    // 300 samples only: a bootstrap costs a thousand. More than 2 misses (.02 expected): 1e-6.
    let mut stream = Stream::new(300, 0, 0, Purpose::Check);
    let (mut misses, mut values, mut errors) = (0, Vec::new(), Vec::new());
    for _ in 0..300 {
        let (a, b) = pair(&mut stream, 100);
        let e = paired(&a, &b, &Over::Mean, Relation::Ratio, false).unwrap();
        misses += usize::from((e.value - 0.5).abs() > SIGMAS * e.up);
        values.push(e.value);
        errors.push(e.up);
    }
    let size = errors.iter().sum::<f64>() / errors.len() as f64 / deviation(&values);
    println!("ratios: {misses} misses of 300, error {size:.3} of the scatter");
    assert!(misses <= 2 && (0.8..1.25).contains(&size), "{misses}, {size}");
    // As if independent, the error is many times larger.
    let (a, b) = pair(&mut stream, 100);
    let mean = |x: &[f64]| over(x, &Over::Mean, 1.0, false, SIGMAS).unwrap();
    let apart = mean(&a).against(mean(&b), Relation::Ratio).unwrap();
    let together = paired(&a, &b, &Over::Mean, Relation::Ratio, false).unwrap();
    assert!(apart.up > 4.0 * together.up, "{} and {}", apart.up, together.up);
    // The same patients give the same error: the bootstrap's stream is fixed.
    assert_eq!(together, paired(&a, &b, &Over::Mean, Relation::Ratio, false).unwrap());
}

#[test]
fn times_to_an_event_and_shares_free_of_it_miss_as_rarely_as_they_say() {
    // Exponential with mean 1, censored by another with mean 2.
    let waited = |stream: &mut Stream, n: usize| -> Vec<Waited> {
        let one = |stream: &mut Stream| {
            let (event, censored) = (stream.exponential(), 2.0 * stream.exponential());
            let time = event.min(censored);
            Waited { time, event: event <= censored, after: time }
        };
        (0..n).map(|_| one(stream)).collect()
    };
    let (misses, size) = judged(200, libm::log(2.0), 400, |stream, n| median_time(&waited(stream, n), SIGMAS).unwrap());
    println!("median: {misses} misses, error {size:.3} of the scatter");
    assert!(misses <= MISSES && (0.85..1.5).contains(&size), "{misses}, {size}");
    let (misses, size) =
        judged(200, libm::exp(-1.0), 401, |stream, n| free_at(&waited(stream, n), 1.0, SIGMAS).unwrap());
    println!("share free: {misses} misses, error {size:.3} of the scatter");
    assert!(misses <= MISSES && (0.85..1.5).contains(&size), "{misses}, {size}");
    let never = [Waited { time: 5.0, event: false, after: 5.0 }; 20];
    assert!(median_time(&never, SIGMAS).unwrap_err().contains("0 events in 20 patients"));
}

#[test]
fn what_has_no_chance_has_no_error_and_what_has_it_needs_patients() {
    let alone = over(&[3.0], &Over::Mean, 1.0, true, SIGMAS).unwrap();
    assert_eq!((alone.value, alone.down, alone.up), (3.0, 0.0, 0.0));
    assert!(over(&[3.0], &Over::Mean, 1.0, false, SIGMAS).unwrap_err().contains("one patient"));
    assert!(over(&[f64::NAN], &Over::Mean, 1.0, true, SIGMAS).is_err());
    // Patients who differ have an error under the mean equations too.
    assert!(over(&[1.0, 2.0, 3.0], &Over::Mean, 1.0, true, SIGMAS).unwrap().up > 0.0);
    // The patient who was not looked at is left out.
    assert_eq!(over(&[1.0, f64::NAN, 3.0], &Over::Mean, 1.0, false, SIGMAS).unwrap().patients, 2);
    let ratio = Estimate::exact(1.0).against(Estimate::exact(0.0), Relation::Ratio);
    assert!(ratio.unwrap_err().contains("no ratio"));
}
