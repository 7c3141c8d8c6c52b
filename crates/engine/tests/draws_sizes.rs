//! Draws at every size: 2⁰ to 2⁷⁰ and one and two beside it, by every law. Are the moments right, is the work bounded, and is what
//! no law can carry refused?
//!
//! # How
//! Work is counted in random words, which no loop of a sampler runs without, and bounded far below a millisecond of them; a mean
//! over draws bounds it further. Mean and variance are compared with theory in standard errors. Counts are `u64`: beyond 2⁶⁴ the
//! largest count stands for "does not fit", and a tumour ends with [`Failure::TooMany`] from 2⁵³ cells on, by either method.
//!
//! # False alarms
//! Once in 10⁷ seeds a test function, divided over the comparisons it announces; where a law is rare or heavy-tailed the sum of
//! draws is compared with its own exact law instead of a normal one. Seeds are fixed and were not chosen.

#[path = "common/draws.rs"]
mod judges;
#[path = "common/mod.rs"]
mod models;

use judges::*;
use remission_engine::compiled::Compiled;
use remission_engine::failure::{Budget, Failure};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_engine::{before, draw};

/// Words that one draw may take: at 3 ns a word and 10 ns of work around it, a fiftieth of a millisecond.
const MOST_WORDS: u64 = 1_500;
const DRAWS: usize = 400;

/// 2^e − 2, …, 2^e + 2 where that is a count.
fn sizes(highest: u32) -> Vec<u64> {
    let mut sizes: Vec<u64> = (0..=highest)
        .flat_map(|e| (-2i128..=2).map(move |d| (1i128 << e) + d))
        .filter_map(|n| n.try_into().ok())
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// Probabilities from far below one event to certainty, for `n` cells.
fn probabilities(n: u64) -> Vec<f64> {
    let size = (n as f64).max(1.0);
    let mut p = vec![1e-300, 1e-12, 0.03, 0.3, 0.5, 0.97, 1.0 - 1e-9];
    p.extend([1e-4, 0.5, 3.0, 23.9, 24.1, 500.0].iter().map(|m| m / size).filter(|&p| p < 1.0));
    p
}

struct Sums {
    /// Of (k − mean) in units of a standard deviation, and of its square.
    first: f64,
    second: f64,
    words: u64,
    most: u64,
    total: u128,
}

/// Draws and sums up; `mean` is split into its whole part and the rest, since counts beyond 2⁵³ have digits that it has not.
fn sums(s: &mut Stream, whole: u64, rest: f64, sd: f64, mut draw: impl FnMut(&mut Stream) -> u64) -> Sums {
    let mut sums = Sums { first: 0.0, second: 0.0, words: 0, most: 0, total: 0 };
    for _ in 0..DRAWS {
        let before = s.position();
        let k = draw(s);
        let words = s.position() - before;
        let z = ((i128::from(k) - i128::from(whole)) as f64 - rest) / sd;
        sums.first += z;
        sums.second += z * z;
        sums.words += words;
        sums.most = sums.most.max(words);
        sums.total += u128::from(k);
    }
    sums
}

/// Compares with theory where sums of draws are as good as normal (mean and variance at least 20), else the sum itself.
fn compare(judge: &mut Judge, name: &str, s: &Sums, law: &CountLaw, of_sum: Option<CountLaw>) {
    assert!(s.most <= MOST_WORDS, "{name}: {} words for one draw", s.most);
    let n = DRAWS as f64;
    let c = &law.cumulants;
    if c.sd * c.sd >= 20.0 && c.excess.abs() < 0.5 {
        judge.z(&format!("{name}, mean"), s.first / n.sqrt());
        judge.z(&format!("{name}, variance"), (s.second - n) / (n * (2.0 + c.excess)).sqrt());
    } else if let Some(of_sum) = of_sum {
        // Two-sided, exactly: the chance of a sum at least as far out.
        let table = Table::new(&of_sum);
        let k = u64::try_from(s.total).expect("a small sum");
        let chance = 2.0 * table.below(k + 1).min(1.0 - table.below(k)).min(0.5);
        let rate = judge.rate();
        assert!(chance >= rate, "{name}: a sum of {k} for {:.3}, chance {chance:.1e}", of_sum.cumulants.mean);
    }
}

#[test]
fn binomials_of_every_size() {
    let sizes = sizes(63);
    let mut judge = Judge::new(2 * 13 * sizes.len() as u32);
    let mut draws = 0;
    for (i, &n) in sizes.iter().enumerate() {
        let mut s = stream(2000 + i as u64);
        if n == 0 {
            assert_eq!(draw::binomial(&mut s, 0, 0.5), 0);
            continue;
        }
        for p in probabilities(n) {
            let law = binomial_law(n, p, 1.0 - p);
            // The product in integers as far as it goes: n p for p = a 2^-k has no rounding in two parts.
            let mean = n as f64 * p;
            let whole = mean as u64;
            let exact = (n >> 32) as f64 * 4_294_967_296.0;
            let rest = (exact * p - whole as f64) + (n & 0xffff_ffff) as f64 * p;
            let sd = law.cumulants.sd;
            let sums = sums(&mut s, whole, rest, sd, |s| {
                let k = draw::binomial(s, n, p);
                assert!(k <= n);
                k
            });
            draws += DRAWS;
            let all = n.checked_mul(DRAWS as u64).filter(|_| mean * (1.0 - p) < 20.0 && mean < 1e5);
            compare(
                &mut judge,
                &format!("binomial {n} {p:e}"),
                &sums,
                &law,
                all.map(|all| binomial_law(all, p, 1.0 - p)),
            );
            let average = sums.words as f64 / DRAWS as f64;
            assert!(average < 12.0, "binomial {n} {p:e}: {average} words a draw");
        }
    }
    println!("{} sizes, {draws} draws", sizes.len());
}

#[test]
fn poissons_gammas_and_negative_binomials_of_every_size() {
    let mut means: Vec<f64> = (-20..=62)
        .flat_map(|e| [-2.0, -1.0, 0.0, 1.0, 2.0].map(|d| libm::exp2(f64::from(e)) + if e > 2 { d } else { 0.0 }))
        .collect();
    means.sort_by(f64::total_cmp);
    means.dedup();
    let mut judge = Judge::new(8 * means.len() as u32);
    for (i, &mean) in means.iter().enumerate() {
        let mut s = stream(3000 + i as u64);
        let whole = mean as u64;
        let rest = mean - whole as f64;
        let law = poisson_law(mean);
        let drawn = sums(&mut s, whole, rest, mean.sqrt(), |s| draw::poisson(s, mean));
        let small = (mean < 20.0).then(|| poisson_law(mean * DRAWS as f64));
        compare(&mut judge, &format!("poisson {mean:e}"), &drawn, &law, small);
        assert!(drawn.words as f64 / (DRAWS as f64) < 12.0, "poisson {mean:e}");

        // Odds of 1/8: the variance is 9/8 of the mean, and nothing rounds.
        let (r, odds) = (8.0 * mean, 0.125);
        let law = negative_binomial_law(r, odds);
        let drawn = sums(&mut s, whole, rest, law.cumulants.sd, |s| draw::negative_binomial_odds(s, r, odds));
        let small = (mean < 20.0).then(|| negative_binomial_law(r * DRAWS as f64, odds));
        compare(&mut judge, &format!("negative binomial {r:e}"), &drawn, &law, small);

        // Gamma, by its mean and variance where its sums are normal.
        let (mut first, mut second, mut most) = (0.0, 0.0, 0);
        for _ in 0..DRAWS {
            let before = s.position();
            let z = (draw::gamma(&mut s, mean, 1.0) - mean) / mean.sqrt();
            most = most.max(s.position() - before);
            first += z;
            second += z * z;
        }
        assert!(most <= MOST_WORDS, "gamma {mean:e}: {most} words");
        if mean >= 20.0 {
            let n = DRAWS as f64;
            judge.z(&format!("gamma {mean:e}, mean"), first / n.sqrt());
            judge.z(&format!("gamma {mean:e}, variance"), (second - n) / (n * (2.0 + 6.0 / mean)).sqrt());
        }
    }
}

#[test]
fn families_and_ways_of_every_size() {
    let sizes = sizes(60);
    let mut judge = Judge::new(10 * sizes.len() as u32);
    for (i, &n) in sizes.iter().enumerate().filter(|s| *s.1 > 0) {
        let mut s = stream(4000 + i as u64);
        // Odds of a power of two, so that the mean is exact.
        for odds in [0.25, 4.0] {
            let law = negative_binomial_law(n as f64, odds);
            let (whole, rest) = if odds < 1.0 { (n / 4, (n % 4) as f64 / 4.0) } else { (4 * n, 0.0) };
            let drawn =
                sums(&mut s, whole, rest, law.cumulants.sd, |s| draw::geometric_family_sum_odds(s, n, odds) - n);
            let small = (n as f64 * odds < 50.0).then(|| negative_binomial_law((n * DRAWS as u64) as f64, odds));
            compare(&mut judge, &format!("{n} families, odds {odds}"), &drawn, &law, small);
        }
        // A quarter of the cells go one way, a quarter another.
        let law = binomial_law(n, 0.25, 0.75);
        let mut other = Vec::new();
        let drawn = sums(&mut s, n / 4, (n % 4) as f64 / 4.0, law.cumulants.sd, |s| {
            let mut ways = [0; 3];
            let none = draw::multinomial(s, n, &[0.25, 0.25, 0.125], &mut ways);
            assert_eq!(ways.iter().sum::<u64>() + none, n);
            other.push(ways[1]);
            ways[0]
        });
        let all = (law.cumulants.sd < 5.0).then(|| binomial_law(n * DRAWS as u64, 0.25, 0.75));
        compare(&mut judge, &format!("multinomial {n}"), &drawn, &law, all);
        let mut other = other.into_iter();
        let drawn = sums(&mut s, n / 4, (n % 4) as f64 / 4.0, law.cumulants.sd, |_| other.next().unwrap());
        let all = (law.cumulants.sd < 5.0).then(|| binomial_law(n * DRAWS as u64, 0.25, 0.75));
        compare(&mut judge, &format!("multinomial {n}, second way"), &drawn, &law, all);
    }
}

/// Means from 2⁶² to 2⁷⁰: right while a count holds them, and the largest count, which means "does not fit", from there on.
#[test]
fn beyond_a_count_is_said() {
    let mut s = stream(5000);
    let mut judge = Judge::new(8);
    for e in 62..64 {
        let mean = libm::exp2(f64::from(e));
        let drawn = sums(&mut s, 1 << e, 0.0, mean.sqrt(), |s| draw::poisson(s, mean));
        judge.z(&format!("poisson 2^{e}, mean"), drawn.first / (DRAWS as f64).sqrt());
        judge.z(&format!("poisson 2^{e}, variance"), (drawn.second - DRAWS as f64) / (2.0 * DRAWS as f64).sqrt());
    }
    for e in 65..=70 {
        let mean = libm::exp2(f64::from(e));
        assert_eq!(draw::poisson(&mut s, mean), u64::MAX, "2^{e}");
        assert_eq!(draw::negative_binomial_odds(&mut s, mean, 1.0), u64::MAX, "2^{e}");
        assert_eq!(draw::geometric_family_sum_odds(&mut s, 1 << 60, libm::exp2(f64::from(e - 60)) * 2.0), u64::MAX);
    }
}

/// A tumour of 2⁴⁸ to 2⁷⁰ cells that doubles: within what the law carries it runs, beyond it ends with a failure of its own
/// type, and no count passes 2⁵³ unsaid.
#[test]
fn beyond_the_law_a_tumour_is_refused() {
    let mut refused = 0;
    for e in 48..=70 {
        for more in [-2.0, 0.0, 2.0] {
            let cells = libm::exp2(f64::from(e)) + more;
            let model = models::model(vec![models::cell("S", 0.7, 0.0)], &[(0, cells)]);
            let compiled = Compiled::new(&model);
            for method in [Method::Leap, Method::Exact] {
                let mut s = Stream::new(1, 0, 0, Purpose::Check);
                let outcome = before::start(&compiled, &[], method, &mut s).and_then(|start| {
                    let mut tumour = Tumour::new(&compiled, &[], start, method)?;
                    tumour.limit(Budget { events: 1000, ..Budget::default() });
                    tumour.advance(1.0, f64::INFINITY, &mut s)?;
                    Ok(tumour.state.total())
                });
                match outcome {
                    Ok(total) => {
                        assert!(method == Method::Leap && total < 1 << 53, "2^{e}: {total}");
                        let mean = cells * libm::exp(0.7);
                        assert!((total as f64 / mean - 1.0).abs() < 1e-5, "2^{e}: {total}");
                    }
                    Err(Failure::Budget { .. }) => assert!(method == Method::Exact && cells < 9.1e15, "2^{e}"),
                    Err(Failure::TooMany { .. }) => assert!(cells > 4.4e15, "2^{e}"),
                    Err(Failure::Parameter { .. }) => {
                        assert!(cells > 8.9e15, "2^{e}");
                        refused += 1;
                    }
                    Err(other) => panic!("2^{e}: {other}"),
                }
            }
        }
    }
    assert_eq!(refused, 2 * 3 * 18, "from 2^53 on, by either method");
}

/// A tumour that in one step would outgrow every number there is, e^300 to e^4000 times, is too many and never none: a type alone,
/// two of them, one that founds the other at division or per time, and two that switch.
#[test]
fn what_outgrows_every_number_is_too_many() {
    let ways = [
        "",
        "[cells.b]\nbirth = 'BIRTH'\ndeath = '0.1 /day'\n",
        "mutates = [{ to = 'b', per_division = '1e-6' }]\n[cells.b]\nbirth = 'BIRTH'\ndeath = '0.1 /day'\n",
        "mutates = [{ to = 'b', per_time = '1e-6 /day' }]\n[cells.b]\nbirth = 'BIRTH'\ndeath = '0.1 /day'\n",
        "switches = [{ to = 'b', rate = '0.1 /day' }]\n[cells.b]\nbirth = '0'\ndeath = '0.1 /day'\n\
         switches = [{ to = 'a', rate = '0.1 /day' }]\n",
    ];
    for (k, way) in ways.into_iter().enumerate() {
        for birth in [1.0, 2.0, 2.07, 4.0, 11.0] {
            let start = if way.is_empty() { "a = '10 cells'" } else { "a = '10 cells', b = '10 cells'" };
            let way = way.replace("BIRTH", &format!("{birth} /day"));
            let text = format!(
                "[model]\ntitle = 'x'\n[cells.a]\nbirth = '{birth} /day'\ndeath = '0.1 /day'\n{way}\
                 [before_treatment]\nstart = {{ {start} }}\n"
            );
            let (compiled, _) = models::written(&text);
            let mut s = Stream::new(1, 0, 0, Purpose::Check);
            let state = before::start(&compiled, &[], Method::Leap, &mut s).unwrap();
            let mut tumour = Tumour::new(&compiled, &[], state, Method::Leap).unwrap();
            tumour.limit(Budget { clones: 10_000, ..Budget::default() });
            let outcome = tumour.advance(365.0, f64::INFINITY, &mut s);
            assert!(
                matches!(outcome, Err(Failure::TooMany { .. } | Failure::Budget { .. })),
                "way {k}, birth {birth}: {outcome:?}, {} cells",
                tumour.state.total()
            );
        }
    }
}
