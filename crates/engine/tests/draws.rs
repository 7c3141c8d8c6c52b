//! Is every law in `draw` the law it says it is?
//!
//! # How a draw is judged
//! - Against an exact distribution. For counts with a standard deviation below 30,000 it is summed here from the ratio of
//!   neighbouring probabilities, outwards from the mode: no logarithm, no factorial, nothing shared with the samplers. For
//!   larger ones it is the normal law with its Edgeworth terms, whose error is then below 10⁻⁹.
//! - By the Kolmogorov–Smirnov distance. Its bound 2 exp(−2 N d²) (Dvoretzky, Kiefer and Wolfowitz 1956 with Massart's constant,
//!   1990) holds for every N and for laws with atoms, so the false-alarm rate is at most the one stated.
//! - By chi-square over bins of at least 200 expected draws, and by z-scores of the first three moments with their theoretical
//!   standard errors. Their rates are asymptotic.
//!
//! # What would be found
//! At least: a shift of 0.3 % of a standard deviation, or a probability off by 0.3 %, in the cases called long; 2 % in the
//! others; 10 % of how far the tails of the normal and the exponential reach. Finer faults are looked for where they would sit: the hats,
//! the ziggurat and the saddle-point forms are checked to rounding in the unit tests of their files.
//!
//! # False alarms
//! Each test function may fail wrongly once in 10⁷ seeds, divided equally (Bonferroni) over the comparisons it announces; with
//! fewer than ten judging functions the whole file stays below 10⁻⁶. Seeds are fixed and were not chosen.

#[path = "common/draws.rs"]
mod common;

use common::*;
use remission_engine::draw;

#[test]
fn uniform_exponential_and_normal_are_what_they_say() {
    let draws = 2_000_000;
    let mut judge = Judge::new(12);
    let mut s = stream(1);
    let mut values: Vec<f64> = (0..draws).map(|_| s.uniform()).collect();
    judge.values("uniform", &mut values, 0.0, |x| x);
    let mut values: Vec<f64> = (0..draws).map(|_| s.uniform_near_zero()).collect();
    judge.values("uniform near zero", &mut values, 0.0, |x| x);
    // What lies below 2⁻¹² is drawn by another branch: look at it on its own scale.
    let small: Vec<f64> = values.iter().copied().filter(|&u| u < 1.0 / 4096.0).collect();
    let mut small: Vec<f64> = small.iter().map(|u| 4096.0 * u).collect();
    judge.values("uniform near zero, refined", &mut small, 0.0, |x| x);

    let bins = |values: &[f64], low: f64, width: f64, cells: usize, cdf: &dyn Fn(f64) -> f64| {
        let mut observed = vec![0u64; cells + 2];
        for &x in values {
            observed[((x - low) / width + 1.0).clamp(0.0, cells as f64 + 1.0) as usize] += 1;
        }
        let edge = |i: usize| match i {
            0 => 0.0,
            i if i == cells + 2 => 1.0,
            i => cdf(low + (i - 1) as f64 * width),
        };
        let n = values.len() as f64;
        let expected: Vec<f64> = (0..cells + 2).map(|i| n * (edge(i + 1) - edge(i))).collect();
        observed.into_iter().zip(expected).collect::<Vec<_>>()
    };
    let mut values: Vec<f64> = (0..4 * draws).map(|_| s.exponential()).collect();
    let cdf = |x: f64| -libm::expm1(-x);
    judge.chi_square("exponential", bins(&values, 0.0, 0.01, 1100, &cdf).into_iter());
    judge.values("exponential", &mut values[..draws], 0.0, cdf);
    let mut values: Vec<f64> = (0..4 * draws).map(|_| draw::normal(&mut s)).collect();
    judge.chi_square("normal", bins(&values, -4.6, 0.01, 920, &normal_cdf).into_iter());
    judge.values("normal", &mut values[..draws], f64::NEG_INFINITY, normal_cdf);

    // The tails are other code and too rare to be seen above.
    let many = 30_000_000;
    let tail = 7.697_117_470_131_05;
    let mut values: Vec<f64> = (0..many).map(|_| s.exponential()).filter(|&x| x > tail).collect();
    judge.values("exponential, tail", &mut values, 0.0, |x| -libm::expm1(tail - x));
    let tail = 3.654_152_885_361_009;
    let mut values: Vec<f64> = (0..many).map(|_| draw::normal(&mut s)).filter(|x| x.abs() > tail).collect();
    // How far beyond the start, left and right: mean φ/Q − t and, about 0, second moment 1 + t φ/Q.
    let hazard = (-0.5 * tail * tail).exp() / std::f64::consts::TAU.sqrt() / normal_cdf(-tail);
    let variance = 1.0 + tail * hazard - hazard * hazard;
    for side in [-1.0, 1.0] {
        let beyond: Vec<f64> = values.iter().map(|x| side * x).filter(|&x| x > 0.0).collect();
        let sum: f64 = beyond.iter().map(|x| x - hazard).sum();
        judge.z("normal, tail", sum / (beyond.len() as f64 * variance).sqrt());
    }
    judge.values("normal, tails", &mut values, f64::NEG_INFINITY, |x| {
        let share = 0.5 * normal_cdf(-x.abs()) / normal_cdf(-tail);
        if x < 0.0 { share } else { 1.0 - share }
    });
}

#[test]
fn gamma_is_what_it_says() {
    let draws = 300_000;
    let mut judge = Judge::new(40);
    for (i, &shape) in [1e-8, 1e-3, 0.1, 0.5, 0.999, 1.0, 1.001, 1.5, 2.5, 10.0, 100.0, 5000.0].iter().enumerate() {
        let mut s = stream(100 + i as u64);
        let mut values: Vec<f64> = (0..draws).map(|_| draw::gamma(&mut s, shape, 3.0) / 3.0).collect();
        judge.values(&format!("gamma {shape}"), &mut values, 1e-300, |x| gamma_cdf(shape, x));
    }
    for (i, shape) in [0.5, 1.5, 30.0].into_iter().enumerate() {
        let mut s = stream(120 + i as u64);
        let mut values: Vec<f64> = (0..3_000_000).map(|_| draw::gamma(&mut s, shape, 1.0)).collect();
        let n = values.len() as f64;
        let mean: f64 = values.iter().map(|x| x - shape).sum();
        judge.z(&format!("gamma {shape}, long, mean"), mean / (n * shape).sqrt());
        judge.values(&format!("gamma {shape}, long"), &mut values, 1e-300, |x| gamma_cdf(shape, x));
    }
    for (i, &shape) in [1e6, 1e9, 1e12, 1e14, 1e16].iter().enumerate() {
        let mut s = stream(150 + i as u64);
        let (sd, skewness) = (f64::sqrt(shape), 2.0 / f64::sqrt(shape));
        let values: Vec<f64> = (0..draws).map(|_| (draw::gamma(&mut s, shape, 1.0) - shape) / sd).collect();
        let n = draws as f64;
        let mean: f64 = values.iter().sum();
        let variance: f64 = values.iter().map(|z| z * z - 1.0).sum();
        let third: f64 = values.iter().map(|z| z * z * z - skewness).sum();
        judge.z(&format!("gamma {shape:e}, mean"), mean / n.sqrt());
        judge.z(&format!("gamma {shape:e}, variance"), variance / (n * (2.0 + 6.0 / shape)).sqrt());
        judge.z(&format!("gamma {shape:e}, third moment"), third / (n * (15.0 + 126.0 / shape)).sqrt());
        let law = Cumulants { mean: 0.5, sd: 1.0, skewness, excess: 6.0 / shape };
        let mut values = values;
        // The 0.5 undoes the half step that is meant for counts.
        judge.values(&format!("gamma {shape:e}"), &mut values, f64::NEG_INFINITY, |z| {
            let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
            normal_cdf(z) - density * law.skewness / 6.0 * (z * z - 1.0)
        });
    }
}

#[test]
fn poisson_is_what_it_says() {
    let draws = 200_000;
    let mut means = vec![
        1e-3, 0.1, 0.5, 0.99, 1.0, 1.01, 2.0, 5.0, 9.0, 9.999, 10.0, 10.5, 11.7, 15.0, 19.8, 23.99, 24.0, 26.0, 50.0,
    ];
    means.extend([100.5, 1e3, 12_345.6, 1e5, 1e6, 1e7, 8e8]); // summed exactly
    means.extend([1e10, 1e12, 1e14, 1e15 + 0.125, 4.5e15, 9.007e15, 1e17, 1e18, 4.6e18, 1e19]); // by moments
    let mut judge = Judge::new(4 * means.len() as u32 + 10);
    for (i, &mean) in means.iter().enumerate() {
        let mut s = stream(200 + i as u64);
        judge.law(&format!("poisson {mean:e}"), draws, &poisson_law(mean), || draw::poisson(&mut s, mean));
    }
    // About the change of methods, and small counts.
    for (i, mean) in [24.0, 23.9, 1.2, 2e-3, 9e-4].into_iter().enumerate() {
        let mut s = stream(250 + i as u64);
        judge.law(&format!("poisson {mean}, long"), 8_000_000, &poisson_law(mean), || draw::poisson(&mut s, mean));
    }
}

#[test]
fn binomial_is_what_it_says() {
    let draws = 100_000;
    let mut cases = Vec::new();
    for exponent in [0, 1, 2, 3, 4, 5, 6, 8, 10, 14, 20, 30, 40, 47, 50, 53] {
        let n = 1u64 << exponent;
        let size = n as f64;
        for p in [0.5, 0.3, 0.03, 1e-3, 1e-6, 9.99 / size, 10.01 / size, 0.3 / size, 40.0 / size] {
            if p <= 0.5 {
                cases.push((n, p, 1.0 - p));
            }
        }
        cases.push((n, 0.75, 0.25));
        cases.push((n - n / 3, 0.4, 0.6));
    }
    cases.extend([(20, 0.5, 0.5), (21, 0.49, 0.51), (19, 0.5, 0.5), (10_000_000_000_000, 1e-12, 1.0)]);
    let mut judge = Judge::new(4 * cases.len() as u32 + 30);
    for (i, &(n, p, q)) in cases.iter().enumerate() {
        let mut s = stream(300 + i as u64);
        judge.law(&format!("binomial {n} {p:e}"), draws, &binomial_law(n, p, q), || draw::binomial(&mut s, n, p));
    }
    for (i, (n, p)) in
        [(20, 0.5), (47, 0.5), (49, 0.5), (250_000, 1e-4), (30, 0.8), (4, 0.32), (1000, 9e-7)].into_iter().enumerate()
    {
        let mut s = stream(600 + i as u64);
        let law = binomial_law(n, p, 1.0 - p);
        judge.law(&format!("binomial {n} {p:e}, long"), 4_000_000, &law, || draw::binomial(&mut s, n, p));
    }
    // A failure probability with more digits than 1 − q can hold.
    for (i, (n, q)) in [(1u64 << 53, 3e-16), (1 << 53, 1e-14), (1 << 50, 3.3e-10)].into_iter().enumerate() {
        let mut s = stream(650 + i as u64);
        let law = binomial_law(n, q, 1.0);
        judge.law(&format!("binomial_q {n} {q:e}"), draws, &law, || n - draw::binomial_q(&mut s, n, q));
    }
}

#[test]
fn negative_binomial_and_families_are_what_they_say() {
    let draws = 100_000;
    let cases = [
        (1e-3, 0.5),
        (0.2, 0.9),
        (1.0, 1.0),
        (1.0, 0.3),
        (2.5, 0.5),
        (9.9, 1.0),
        (10.1, 1.0),
        (9.9, 1.01),
        (64.0, 0.31),
        (65.0, 0.31),
        (3.0, 6.7),
        (0.1, 29.0),
        (0.5, 30.0),
        (1.0, 100.0),
        (3.7, 1e3),
        (40.0, 5.0),
        (1e3, 0.02),
        (1e3, 0.009),
        (1e9, 1e-9),
        (1e13, 1e-13),
        (1e13, 1e-12),
        (1e6, 0.5),
        (1e9, 0.1),
        (1e12, 3.0),
        (1e15, 1.5),
        (9e15, 1e-3),
        (1e11, 1e5),
    ];
    let families = [
        (1, 0.2),
        (1, 1.5),
        (1, 700.0),
        (2, 1.01),
        (3, 40.0),
        (4, 40.0),
        (4, 1.5),
        (10, 0.1),
        (100, 1.0),
        (100, 1e-3),
        (1 << 20, 1e-3),
        (1 << 40, 2.0),
        (1 << 52, 0.2),
        (1 << 52, 1e-15),
    ];
    let mut judge = Judge::new(4 * (cases.len() + families.len()) as u32 + 20);
    for (i, &(r, odds)) in cases.iter().enumerate() {
        let mut s = stream(700 + i as u64);
        let law = negative_binomial_law(r, odds);
        let name = format!("negative binomial {r:e} {odds:e}");
        judge.law(&name, draws, &law, || draw::negative_binomial_odds(&mut s, r, odds));
    }
    for (i, &(k, odds)) in families.iter().enumerate() {
        let mut s = stream(750 + i as u64);
        let law = negative_binomial_law(k as f64, odds);
        let name = format!("{k} families, odds {odds:e}");
        judge.law(&name, draws, &law, || draw::geometric_family_sum_odds(&mut s, k, odds) - k);
    }
    for (i, (r, odds)) in [(2.5, 0.5), (20.0, 0.4), (0.5, 30.0), (1e3, 0.02)].into_iter().enumerate() {
        let mut s = stream(770 + i as u64);
        let law = negative_binomial_law(r, odds);
        judge.law(&format!("negative binomial {r} {odds}, long"), 3_000_000, &law, || {
            draw::negative_binomial_odds(&mut s, r, odds)
        });
    }
    for (i, (k, odds)) in [(2, 5.0), (3, 40.0), (4, 0.5)].into_iter().enumerate() {
        let mut s = stream(780 + i as u64);
        let law = negative_binomial_law(k as f64, odds);
        judge.law(&format!("{k} families, odds {odds}, long"), 3_000_000, &law, || {
            draw::geometric_family_sum_odds(&mut s, k, odds) - k
        });
    }
    // One huge family is known in closed form: P(X < k) = 1 − (odds / (1 + odds))^(k − 1).
    for (i, odds) in [1e6, 1e12, 1e15].into_iter().enumerate() {
        let mut s = stream(790 + i as u64);
        let mut counts: Vec<u64> =
            (0..draws).map(|_| draw::geometric_family_sum(&mut s, 1, 1.0 / (1.0 + odds))).collect();
        judge.counts(&format!("one family, odds {odds:e}"), &mut counts, |k| {
            -libm::expm1(-(k as f64 - 1.0) * libm::log1p(1.0 / odds))
        });
    }
}

#[test]
fn multinomial_is_what_it_says() {
    let mut judge = Judge::new(60);
    // Small: the joint law, every outcome.
    let (n, p) = (4u64, [0.2, 0.05, 0.6]);
    let mut s = stream(800);
    let mut observed = [0u64; 125];
    let draws = 1_000_000;
    for _ in 0..draws {
        let mut counts = [0; 3];
        let rest = draw::multinomial(&mut s, n, &p, &mut counts);
        assert_eq!(counts.iter().sum::<u64>() + rest, n);
        observed[(counts[0] + 5 * counts[1] + 25 * counts[2]) as usize] += 1;
    }
    let factorial = |k: u64| (1..=k).product::<u64>() as f64;
    let cells = (0..125u64).filter_map(|cell| {
        let k = [cell % 5, cell / 5 % 5, cell / 25];
        let rest = n.checked_sub(k.iter().sum())?;
        let mut probability = factorial(n) / factorial(rest) * 0.15f64.powi(rest as i32);
        for (k, p) in k.iter().zip(p) {
            probability *= p.powi(*k as i32) / factorial(*k);
        }
        Some((observed[cell as usize], probability * f64::from(draws)))
    });
    judge.chi_square("multinomial, joint", cells);

    // Large: every margin, the rest, and one sum of two ways (which knows their covariance).
    let draws = 50_000;
    for (case, (n, p)) in
        [(1_000u64, [0.2, 0.3, 0.1]), (1_000_000_000_000, [0.7, 2e-12, 0.1]), (1 << 53, [1e-15, 1.0 - 1e-6, 1e-7])]
            .into_iter()
            .enumerate()
    {
        let mut s = stream(810 + case as u64);
        let mut columns = vec![Vec::new(); 5];
        for _ in 0..draws {
            let mut counts = [0; 3];
            let rest = draw::multinomial(&mut s, n, &p, &mut counts);
            for i in 0..3 {
                columns[i].push(counts[i]);
            }
            columns[3].push(rest);
            columns[4].push(counts[0] + counts[2]);
        }
        let rest = 1.0 - (p[0] + p[2] + p[1]);
        for (column, p) in columns.into_iter().zip([p[0], p[1], p[2], rest, p[0] + p[2]]) {
            let mut column = column.into_iter();
            let law = binomial_law(n, p, 1.0 - p);
            judge.law(&format!("multinomial {n}, {p:e}"), draws, &law, || column.next().unwrap());
        }
    }
}
