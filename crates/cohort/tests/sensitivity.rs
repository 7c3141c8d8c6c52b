//! Designs and estimators of sensitivity analysis against functions whose indices are known.
//!
//! Statistical tests here reject a right program once in a million runs each (`FALSE_ALARM`): a mean over independent random designs is
//! compared with the exact value in its own standard errors, at the t quantile for their number.

use remission_cohort::sensitivity::hypercube;
use remission_cohort::sensitivity::morris::{Effect, effects, paths};
use remission_cohort::sensitivity::sobol::{Design, Index, Values, indices, spread};
use remission_engine::stream::{Purpose, Stream};
use std::f64::consts::PI;

/// Random designs.
const DESIGNS: u64 = 40;
/// Two-sided quantile of Student's t with 39 degrees of freedom at a false-alarm rate of 1e-6.
const T: f64 = 5.81;

fn stream(a: u64, b: u64) -> Stream {
    Stream::new(20_261_130, a, b, Purpose::Check)
}

/// Indices of a function of `k` inputs by one random design.
fn of(f: &dyn Fn(&[f64]) -> f64, k: usize, n: usize, resamples: usize, shift: u64) -> (f64, Vec<Index>) {
    let design = Design::new(n, k, &mut stream(1, shift));
    let all: Vec<f64> = design.points().iter().map(|p| f(p)).collect();
    let part = |m: usize| &all[m * n..(m + 1) * n];
    let values = Values { a: part(0), b: part(1), mixed: (0..k).map(|i| part(2 + i)).collect() };
    let found = indices(&values, resamples, &mut stream(2, shift));
    (spread(&values), found.into_iter().map(|i| i.expect("the function varies")).collect())
}

/// Compares the mean of `what` over random designs with the exact value.
fn agrees(name: &str, exact: f64, what: &[f64]) {
    let n = what.len() as f64;
    let mean = what.iter().sum::<f64>() / n;
    let variance = what.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    let t = (mean - exact) / (variance / n).sqrt().max(1e-12);
    println!("{name}: {mean:.5} against {exact:.5}, t = {t:.2}");
    assert!(t.abs() < T, "{name}: {mean} against {exact}, t = {t}");
}

fn ishigami(u: &[f64]) -> f64 {
    let x: Vec<f64> = u.iter().map(|u| PI * (2.0 * u - 1.0)).collect();
    x[0].sin() + 7.0 * x[1].sin().powi(2) + 0.1 * x[2].powi(4) * x[0].sin()
}

/// Indices of the Ishigami function with a = 7, b = 0.1 (Ishigami & Homma 1990), from its closed form.
fn ishigami_exact() -> ([f64; 3], [f64; 3]) {
    let (a, b) = (7.0f64, 0.1f64);
    let v1 = 0.5 * (1.0 + b * PI.powi(4) / 5.0).powi(2);
    let v2 = a * a / 8.0;
    let v13 = 8.0 * b * b * PI.powi(8) / 225.0;
    let v = v1 + v2 + v13;
    ([v1 / v, v2 / v, 0.0], [(v1 + v13) / v, v2 / v, v13 / v])
}

#[test]
fn ishigami_has_its_indices() {
    let (first, total) = ishigami_exact();
    assert_eq!(first.map(|s| (s * 1e4).round() / 1e4), [0.3139, 0.4424, 0.0]);
    assert_eq!(total.map(|s| (s * 1e4).round() / 1e4), [0.5576, 0.4424, 0.2437]);
    let found: Vec<Vec<Index>> = (0..DESIGNS).map(|s| of(&ishigami, 3, 1024, 0, s).1).collect();
    for i in 0..3 {
        agrees(&format!("S{}", i + 1), first[i], &found.iter().map(|f| f[i].first.value).collect::<Vec<_>>());
        agrees(&format!("T{}", i + 1), total[i], &found.iter().map(|f| f[i].total.value).collect::<Vec<_>>());
    }
}

#[test]
fn the_g_function_has_its_indices() {
    // Sobol' g: the product of (|4 u - 2| + a) / (1 + a); V_i = 1 / (3 (1 + a)^2) (Saltelli & Sobol' 1995).
    let a = [0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0];
    let g = |u: &[f64]| u.iter().zip(a).map(|(u, a)| ((4.0 * u - 2.0).abs() + a) / (1.0 + a)).product::<f64>();
    let part = |a: f64| 1.0 / (3.0 * (1.0 + a) * (1.0 + a));
    let all: f64 = a.iter().map(|a| 1.0 + part(*a)).product::<f64>() - 1.0;
    let found: Vec<(f64, Vec<Index>)> = (0..DESIGNS).map(|s| of(&g, 8, 512, 0, s)).collect();
    agrees("V", all, &found.iter().map(|f| f.0).collect::<Vec<_>>());
    for i in 0..8 {
        let others: f64 = a.iter().enumerate().filter(|o| o.0 != i).map(|(_, a)| 1.0 + part(*a)).product();
        let (first, total) = (part(a[i]) / all, part(a[i]) * others / all);
        agrees(&format!("S{}", i + 1), first, &found.iter().map(|f| f.1[i].first.value).collect::<Vec<_>>());
        agrees(&format!("T{}", i + 1), total, &found.iter().map(|f| f.1[i].total.value).collect::<Vec<_>>());
    }
}

#[test]
fn intervals_hold_what_they_promise() {
    // A 95 % interval may miss in 5 % of 400 designs, 20; more than 43 would be met once in a million runs if it missed in 5 %
    // (binomial tail).
    let (first, total) = ishigami_exact();
    let mut missed = [[0usize; 2]; 3];
    for shift in 0..400 {
        let found = of(&ishigami, 3, 128, 400, 1_000 + shift).1;
        for i in 0..3 {
            for (k, (share, exact)) in [(found[i].first, first[i]), (found[i].total, total[i])].into_iter().enumerate()
            {
                missed[i][k] += usize::from(!(share.low <= exact && exact <= share.high));
            }
        }
    }
    println!("missed of 400, first order and total: {missed:?}");
    assert!(missed.iter().flatten().all(|m| *m <= 43), "{missed:?}");
}

#[test]
fn a_hypercube_averages_without_bias_and_better_than_chance() {
    let f = |u: &[f64]| u.iter().enumerate().map(|(d, u)| 1.0 + (u - 0.5) / (1.0 + d as f64)).product::<f64>();
    let n = 256;
    let means: Vec<f64> = (0..DESIGNS)
        .map(|s| hypercube::points(n, 10, &mut stream(3, s)).iter().map(|p| f(p)).sum::<f64>() / n as f64)
        .collect();
    agrees("mean", 1.0, &means);
    let m = means.iter().sum::<f64>() / means.len() as f64;
    let of_cube = means.iter().map(|x| (x - m) * (x - m)).sum::<f64>() / (means.len() - 1) as f64;
    let variance: f64 = (0..10).map(|d| 1.0 + 1.0 / (12.0 * (1.0 + d as f64).powi(2))).product::<f64>() - 1.0;
    // With as many draws by chance the ratio would be chi-square with 39 degrees of freedom over 39: below 0.24 once in 1e9 runs.
    let ratio = of_cube / (variance / n as f64);
    println!("variance over that of chance: {ratio:.3}");
    assert!(ratio < 0.24, "{ratio}");
}

#[test]
fn elementary_effects_of_a_linear_model_are_exact() {
    let slopes = [3.0, -1.0, 0.0, 0.5, 20.0];
    let f = |u: &[f64]| 7.0 + u.iter().zip(slopes).map(|(u, a)| a * u).sum::<f64>();
    let mut all: Vec<Vec<Effect>> = vec![Vec::new(); slopes.len()];
    let mut met = [[0usize; 8]; 5];
    for path in paths(slopes.len(), 200, &mut stream(4, 0)) {
        let values: Vec<f64> = path.points.iter().map(|p| f(p)).collect();
        for (n, (input, step)) in path.moves.iter().enumerate() {
            all[*input].push(Effect { value: (values[n + 1] - values[n]) / step, noise: 0.0 });
        }
        for point in &path.points {
            assert!(point.iter().all(|u| 0.0 < *u && *u < 1.0));
            point.iter().zip(&mut met).for_each(|(u, met)| met[(8.0 * u) as usize] += 1);
        }
        let mut moved: Vec<usize> = path.moves.iter().map(|m| m.0).collect();
        moved.sort_unstable();
        assert_eq!(moved, [0, 1, 2, 3, 4]);
    }
    for (slope, found) in slopes.iter().zip(all.iter().map(|e| effects(e))) {
        assert!((found.mu - slope).abs() < 1e-12 && (found.mu_star - slope.abs()).abs() < 1e-12, "{found:?}");
        assert!(found.sigma < 1e-12 && found.mu_star_error < 1e-12 && found.number == 200);
        assert_eq!(found.above_noise(), found.mu_star > 0.0);
    }
    // Every level is met by every input.
    assert!(met.iter().flatten().all(|n| *n > 0), "{met:?}");
}

#[test]
fn an_input_that_does_nothing_is_taken_for_noise() {
    // Of 2,000 inputs without effect one in twenty may seem to have one: 100, with standard deviation 9.7 if the law were exactly normal.
    // The half-normal mean is skewed at 8 paths and its tail a little heavier: 0.07 is allowed, and 4.75 standard deviations above that
    // (false alarm 1e-6) is 194.
    let (mut taken, all) = (0, 2_000);
    let mut draws = stream(5, 0);
    for _ in 0..all {
        let one = |_| Effect { value: 3.0 * remission_engine::draw::normal(&mut draws), noise: 9.0 };
        taken += usize::from(effects(&(0..8).map(one).collect::<Vec<_>>()).above_noise());
    }
    println!("taken for effects: {taken} of {all}");
    assert!(taken <= 194, "{taken}");
    // And one with an effect of two standard deviations of noise is not.
    let one = |k: usize| Effect { value: 6.0 + 3.0 * ((k % 3) as f64 - 1.0), noise: 9.0 };
    assert!(effects(&(0..8).map(one).collect::<Vec<_>>()).above_noise());
}

#[test]
fn what_is_no_number_is_left_out_and_counted() {
    let values: Vec<f64> = (0..32).map(f64::from).collect();
    let mut b: Vec<f64> = (0..32).map(|k| f64::from(k * 7 % 32)).collect();
    let mixed = b.clone();
    b[3] = f64::NAN;
    let all = Values { a: &values, b: &b, mixed: vec![&mixed] };
    let found = indices(&all, 50, &mut stream(6, 0))[0].unwrap();
    assert_eq!(found.rows, 31);
    assert!(found.first.value.is_finite() && found.total.value > 0.0, "{found:?}");
    let same = [5.0; 8];
    assert_eq!(indices(&Values { a: &same, b: &same, mixed: vec![&same] }, 50, &mut stream(6, 1)), [None]);
    let none = effects(&[Effect { value: f64::NAN, noise: f64::NAN }]);
    assert!(none.number == 0 && none.mu_star.is_nan() && !none.above_noise());
}
