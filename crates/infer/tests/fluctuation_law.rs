//! The law of mutants in cultures: two ways of computing it, and a simulation, must agree.

use remission_engine::stream::{Purpose, Stream};
use remission_infer::fluctuation::law::Law;
use remission_infer::fluctuation::posterior::simulate;

/// Every combination of how mutants grow, die and are seen.
fn laws() -> Vec<Law> {
    let mut all = Vec::new();
    for fitness in [1.0, 0.7, 1.3, 3.0, 0.21] {
        for plating in [1.0, 0.4, 0.05, 0.9] {
            for mutant_death in [0.0, 0.3] {
                all.extend([0.0, 0.3, 1.0].map(|cv| Law { fitness, plating, mutant_death, cv, initial_share: 0.0 }));
            }
        }
    }
    // Cultures that begin with a tenth or half of their cells.
    all.extend([0.1, 0.5].map(|initial_share| Law { initial_share, ..Law::default() }));
    all.push(Law { initial_share: 0.02, plating: 0.3, fitness: 0.8, mutant_death: 0.2, cv: 0.4 });
    all
}

#[test]
fn integrals_and_recursion_agree() {
    for law in laws() {
        let slow = law.fitness < 0.6 || law.initial_share > 0.0;
        // Where integrals take over, and there alone: see `Law::ready`.
        let counts: &[u64] = if slow { &[4200, 5000] } else { &[520, 1000, 3000] };
        let most = counts[counts.len() - 1] as usize;
        let (recursion, integral) = (law.ready_by_recursion(most), law.ready_by_recursion(1));
        for after in [0.0, 7.0] {
            for m in [0.05, 30.0, 2500.0] {
                let p = recursion.probabilities(m, after, most);
                for &n in counts {
                    let (a, b) = (recursion.log_probability(m, after, n), integral.log_probability(m, after, n));
                    // Integrals are good to 1e-8 of a probability, or to 1e-16 of 1 (1e-15 for slow mutants) where that is more.
                    let allowed = 1e-8 + if slow { 1e-15 } else { 1e-16 } / libm::exp(a);
                    assert!(a < -40.0 || (a - b).abs() < allowed, "{law:?}, m {m}, after {after}, n {n}: {a} and {b}");
                    let above = 1.0 - p[..=n as usize].iter().sum::<f64>();
                    let by_integral = integral.above(m, after, n);
                    let allowed = 1e-9 + 1e-8 * above;
                    assert!(
                        (above - by_integral).abs() < allowed,
                        "{law:?}, m {m}, after {after}, above {n}: {above} and {by_integral}"
                    );
                }
            }
        }
    }
}

#[test]
fn simulated_cultures_follow_the_law() {
    // 30 laws x 5 cuts, two-sided, one false alarm in a million in all.
    const Z: f64 = 5.9;
    const CULTURES: u32 = 40_000;
    let mut stream = Stream::new(11, 0, 0, Purpose::Check);
    for (k, law) in laws().into_iter().step_by(4).enumerate() {
        let (m, after) = ([0.4, 3.0, 20.0][k % 3], [0.0, 2.0][k % 2]);
        let ready = law.ready(100);
        let culture = |_| simulate(&ready, m, after, &mut stream);
        let counts: Vec<u64> = (0..CULTURES).map(culture).collect();
        for cut in [0, 1, 4, 20, 90] {
            let expected = ready.above(m, after, cut);
            let share = counts.iter().filter(|n| **n > cut).count() as f64 / f64::from(CULTURES);
            let error = libm::sqrt(expected * (1.0 - expected) / f64::from(CULTURES));
            // Fewer than five expected are no normal law; their count must then be small.
            let z = (share - expected) / error.max(1.0 / f64::from(CULTURES));
            assert!(z.abs() < Z, "{law:?}, m {m}, after {after}: above {cut}: {share} for {expected}, z {z}");
        }
    }
}

#[test]
fn a_million_mutants_keep_their_digits() {
    // Far out the law of Lea and Coulson is m / n^2 (1 + ...), and a tail is the sum of what lies beyond it.
    let ready = Law::default().ready(1_000_000);
    for n in [1_000_000u64, 100_000, 10_000] {
        let p = libm::exp(ready.log_probability(2.0, 0.0, n));
        let steps = 2000;
        let by_sum: f64 = (1..=steps).map(|k| libm::exp(ready.log_probability(2.0, 0.0, n + k))).sum();
        let by_tail = ready.above(2.0, 0.0, n) - ready.above(2.0, 0.0, n + steps);
        assert!((by_sum / by_tail - 1.0).abs() < 1e-5, "{n}: {by_sum} and {by_tail}");
        let away = 1e3 / n as f64;
        assert!((p * (n as f64) * (n as f64) / 2.0 - 1.0).abs() < away.min(0.05), "{n}: {p}");
    }
    // No count of a huge m is impossible, and none has a probability above 1.
    for m in [1e-6, 1e3, 1e6] {
        for n in [0, 1, 1000, 1_000_000, 100_000_000] {
            for law in [Law::default(), Law { plating: 0.01, ..Law::default() }, Law { fitness: 0.3, ..Law::default() }]
            {
                let log = law.ready(n).log_probability(m, 0.0, n);
                assert!(log <= 1e-9 && !log.is_nan(), "{law:?} m {m} n {n}: {log}");
            }
        }
    }
}
