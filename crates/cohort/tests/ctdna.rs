//! Does a tube of blood hold what the cells shed, and is a reading as likely as its density says?
//!
//! Each test function may fail wrongly once in 10^6 seeds, divided equally over the comparisons it announces; the
//! threshold follows from that rate. Seeds are fixed and were not chosen.

use remission_cohort::ctdna::{Assay, HAPLOID_GENOME, Locus, Tube};
use remission_cohort::statistics::special::{chi_square_tail, normal_two_sided};
use remission_engine::draw;
use remission_engine::stream::{Purpose, Stream};
use std::collections::BTreeMap;

const FALSE_ALARM: f64 = 1e-6;

struct Judge {
    announced: u32,
    spent: u32,
}

impl Judge {
    fn new(announced: u32) -> Judge {
        Judge { announced, spent: 0 }
    }

    fn rate(&mut self) -> f64 {
        self.spent += 1;
        assert!(self.spent <= self.announced, "more comparisons than announced");
        FALSE_ALARM / f64::from(self.announced)
    }

    fn z(&mut self, what: &str, found: f64, expected: f64, error: f64) {
        let (z, rate) = ((found - expected) / error, self.rate());
        println!("{what}: {found} expected {expected}, z = {z:.2}");
        assert!(normal_two_sided(z) > rate, "{what}: {found} expected {expected}, z = {z}");
    }

    /// Mean and variance of draws, given those of the law and its fourth central moment.
    fn moments(&mut self, what: &str, x: &[f64], mean: f64, variance: f64, fourth: f64) {
        let n = x.len() as f64;
        let found = x.iter().sum::<f64>() / n;
        let spread = x.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
        self.z(&format!("{what}, mean"), found, mean, (variance / n).sqrt());
        self.z(&format!("{what}, variance"), spread, variance, ((fourth - variance * variance) / n).sqrt());
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(self.spent, self.announced, "fewer comparisons than announced");
        }
    }
}

fn stream(number: u64) -> Stream {
    Stream::new(20_260_401, number, 0, Purpose::Check)
}

/// 15 mL of blood, 3 L of plasma, half-life 30 minutes, no healthy DNA, a perfect reader.
fn plain() -> Assay {
    Assay {
        shed: 1.4e-4,
        elimination: std::f64::consts::LN_2 * 48.0,
        plasma: 3.0,
        drawn: 0.015 * 0.55,
        background: 0.0,
        copies: (1.0, 2.0),
        recovery: 1.0,
        depth: 1_000_000_000,
        artefacts: 0.0,
        limit: 0.0,
        sites: 1,
        carriers: vec![],
    }
}

/// Background that puts `molecules` of healthy cells at a locus into the tube.
fn healthy(assay: &Assay, molecules: f64) -> f64 {
    molecules * HAPLOID_GENOME / assay.drawn
}

#[test]
fn a_cubic_centimetre_gives_what_was_published() {
    // Death 0.13 a day and 3 L of plasma: 0.13 * 1e9 * 1.4e-4 / (48 ln 2) * 8.25 mL / 3 L.
    let assay = plain();
    assert!((assay.in_tube(0.13 * 1e9) - 1.50431).abs() < 1e-4, "{}", assay.in_tube(0.13 * 1e9));
    // The settings of the authors' program: death 0.136 a day, 5 L of blood of which 55 % is plasma. Published: 1.7.
    let theirs = Assay { plasma: 5.0 * 0.55, ..assay };
    let found = theirs.in_tube(0.136 * 1e9);
    assert!((found - 1.7).abs() < 0.05, "{found}");
}

/// Deaths one by one: each leaves a molecule with probability `shed`, which is still there with probability
/// exp(-e age) and is drawn with that of the tube. Sixteen half-lives; what is older has a weight of 2e-5.
#[test]
fn the_tube_is_what_deaths_one_by_one_leave_behind() {
    let mut judge = Judge::new(2);
    let mut stream = stream(1);
    let assay = Assay { shed: 0.3, plasma: 0.03, ..plain() };
    let (days, per_day) = (16.0 / 48.0, 3000.0);
    let tubes: Vec<f64> = (0..20_000)
        .map(|_| {
            let deaths = draw::poisson(&mut stream, per_day * days);
            let left = (0..deaths).filter(|_| {
                let age = days * stream.uniform();
                let there = assay.shed * (-assay.elimination * age).exp() * assay.drawn / assay.plasma;
                stream.uniform() < there
            });
            left.count() as f64
        })
        .collect();
    let mean = assay.in_tube(per_day) * (1.0 - 0.5f64.powi(16));
    judge.moments("molecules", &tubes, mean, mean, mean + 3.0 * mean * mean);
}

#[test]
fn molecules_and_reads_have_the_moments_of_the_compound_law() {
    let mut judge = Judge::new(6);
    let mut stream = stream(2);
    let deaths = [0.13 * 2e10, 0.05 * 1e9];
    let mut assay = Assay { recovery: 0.5, artefacts: 1e-3, sites: 4, ..plain() };
    assay.background = healthy(&assay, 3000.0);
    let locus = assay.truncal(&deaths);
    // Four sites, one copy of two: 4 mutant molecules and 4 others a GE, and 12,000 healthy ones.
    let ge = assay.in_tube(deaths[0] + deaths[1]);
    assert!((locus.mutant - 4.0 * ge).abs() < 1e-9 * ge && (locus.wild - 4.0 * ge - 12_000.0).abs() < 1e-6);
    let mut each =
        |assay: &Assay, locus: &Locus| -> Vec<Tube> { (0..100_000).map(|_| assay.draw(locus, &mut stream)).collect() };
    let tubes = each(&assay, &locus);
    let of = |f: &dyn Fn(&Tube) -> u64, tubes: &[Tube]| -> Vec<f64> { tubes.iter().map(|t| f(t) as f64).collect() };
    let poisson = |judge: &mut Judge, what: &str, x: Vec<f64>, mean: f64| {
        judge.moments(what, &x, mean, mean, mean + 3.0 * mean * mean);
    };
    poisson(&mut judge, "mutant molecules", of(&|t| t.mutant, &tubes), locus.mutant);
    // Nothing is capped: mutant reads are a thinned Poisson number, recovered and read or misread.
    let reads = 0.5 * (locus.mutant + 1e-3 * locus.wild);
    poisson(&mut judge, "mutant reads", of(&|t| t.mutant_reads, &tubes), reads);
    // Capped far below what is recovered: Binomial(depth, q).
    let capped = Locus { depth: 800, ..locus };
    let tubes = each(&assay, &capped);
    assert!(tubes.iter().all(|t| t.reads == 800));
    let q = assay.mutant_read(&capped);
    let (mean, variance) = (800.0 * q, 800.0 * q * (1.0 - q));
    let fourth = variance * (1.0 + 3.0 * 798.0 * q * (1.0 - q));
    judge.moments("mutant reads of 800", &of(&|t| t.mutant_reads, &tubes), mean, variance, fourth);
}

#[test]
fn the_share_of_mutant_reads_is_unbiased_and_shares_of_a_mechanism_add_up() {
    let mut judge = Judge::new(1);
    let mut stream = stream(3);
    let mut assay = Assay { recovery: 0.7, depth: 40, carriers: vec![vec![1, 2]], ..plain() };
    assay.background = healthy(&assay, 60.0);
    let deaths = [1e9, 2e9, 3e9];
    let locus = assay.mechanism(0, &deaths);
    // Mutant: one copy of the two carriers; others: one copy of them, two of the first type, and healthy ones.
    let (carriers, first) = (assay.in_tube(5e9), assay.in_tube(1e9));
    assert!((locus.mutant - carriers).abs() < 1e-9 && (locus.wild - carriers - 2.0 * first - 60.0).abs() < 1e-9);
    let mut shares = Vec::new();
    for _ in 0..200_000 {
        let tube = assay.draw(&locus, &mut stream);
        shares.push(assay.reported(&tube));
        assert!(tube.reads <= 40 && tube.mutant_reads <= tube.reads);
    }
    let n = shares.len() as f64;
    let q = locus.share();
    let found = shares.iter().sum::<f64>() / n;
    let spread = shares.iter().map(|s| (s - found) * (s - found)).sum::<f64>() / n;
    judge.z("share", found, q, (spread / n).sqrt());
}

#[test]
fn detection_is_the_closed_form_where_there_is_one() {
    let mut judge = Judge::new(4);
    let mut stream = stream(4);
    // No limit, no artefacts, nothing capped: seen if any mutant molecule is recovered.
    let mut assay = Assay { recovery: 0.5, ..plain() };
    assay.background = healthy(&assay, 400.0);
    let locus = assay.locus(2.6e8, 3e8);
    let closed = 1.0 - (-0.5 * locus.mutant).exp();
    assert!((assay.detected(&locus) - closed).abs() < 1e-12, "{} {closed}", assay.detected(&locus));
    let mut share = |assay: &Assay, locus: &Locus, draws: u32| {
        let seen = (0..draws).filter(|_| assay.reported(&assay.draw(locus, &mut stream)) > 0.0).count();
        (seen as f64 / f64::from(draws), f64::from(draws))
    };
    let (found, n) = share(&assay, &locus, 100_000);
    judge.z("detected", found, closed, (closed * (1.0 - closed) / n).sqrt());
    // No tumour: artefacts alone. Uncapped, 1 - exp(-recovered wild type x rate); capped, 1 - (1 - rate)^depth.
    let blank = Assay { artefacts: 1e-3, ..assay.clone() };
    let nothing = blank.locus(0.0, 0.0);
    let closed = 1.0 - (-0.5f64 * 400.0 * 1e-3).exp();
    assert!((blank.detected(&nothing) - closed).abs() < 1e-12);
    let (found, n) = share(&blank, &nothing, 100_000);
    judge.z("false positive", found, closed, (closed * (1.0 - closed) / n).sqrt());
    let capped = Locus { depth: 50, ..nothing };
    let closed = 1.0 - (1.0f64 - 1e-3).powi(50);
    assert!((blank.detected(&capped) - closed).abs() < 1e-12);
    // A limit of 4 % asks for two of fifty.
    let limited = Assay { limit: 0.04, artefacts: 0.01, ..blank };
    let closed = 1.0 - 0.99f64.powi(50) - 50.0 * 0.01 * 0.99f64.powi(49);
    assert!((limited.detected(&capped) - closed).abs() < 1e-12, "{}", limited.detected(&capped));
    let (found, n) = share(&limited, &capped, 100_000);
    judge.z("false positive above the limit", found, closed, (closed * (1.0 - closed) / n).sqrt());
    // A tube as the clinic draws it, seven of some 6,500 reads at 0.1 %: summed term by term.
    let clinic = Assay { recovery: 0.5, artefacts: 1e-5, limit: 1e-3, ..plain() };
    let locus = Locus { mutant: 16.0, wild: 13_000.0, depth: 10_000 };
    let q = clinic.mutant_read(&locus);
    let mut below = 0.0;
    for n in 1..=9_000u64 {
        let number = draw::log_poisson(n, 0.5 * 13_016.0).exp();
        let few = (0..n).take_while(|&k| (k as f64 / n as f64) < 1e-3);
        below += number * few.map(|k| draw::log_binomial(k, n, q).exp()).sum::<f64>();
    }
    assert!((clinic.not_detected(&locus) - below).abs() < 1e-9, "{} {below}", clinic.not_detected(&locus));
    assert!((clinic.detected(&locus) + below - 1.0).abs() < 1e-9);
    let (found, n) = share(&clinic, &locus, 100_000);
    judge.z("detected in the clinic", found, 1.0 - below, (below * (1.0 - below) / n).sqrt());
}

#[test]
fn no_number_is_too_large() {
    let mut assay = Assay { shed: 1.0, copies: (1000.0, 1000.0), sites: 100_000, ..plain() };
    assay.background = healthy(&assay, 1e290);
    for deaths in [0.0, 1e16, 1e300] {
        let mut out = Vec::new();
        assay.read(&[deaths], &mut stream(6), &mut out);
        assert_eq!(out.len(), 2);
        assert!(out.iter().all(|x| x.is_finite() && *x >= 0.0), "{out:?}");
    }
}

/// Few molecules, half of them lost, at most eight read: every approximation would show.
fn small() -> (Assay, Locus) {
    let mut assay = Assay { recovery: 0.5, artefacts: 0.05, limit: 0.2, depth: 8, ..plain() };
    assay.background = healthy(&assay, 9.0);
    let locus = assay.locus(5e8, 6e8);
    (assay, locus)
}

/// Every report that can be, and its probability by brute force: molecules recovered, those read without replacement, those
/// misread.
fn brute_force(assay: &Assay, locus: &Locus) -> BTreeMap<u64, f64> {
    let choose = |n: u64, k: u64| (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product::<f64>();
    let poisson = |mean: f64| {
        let mut term = (-mean).exp();
        (0..60u64)
            .map(|k| {
                let now = term;
                term *= mean / (k + 1) as f64;
                now
            })
            .collect::<Vec<f64>>()
    };
    let (mutant, wild) = (poisson(assay.recovery * locus.mutant), poisson(assay.recovery * locus.wild));
    let mut reports = BTreeMap::new();
    for (m, pm) in mutant.iter().enumerate() {
        for (w, pw) in wild.iter().enumerate() {
            let (m, w) = (m as u64, w as u64);
            let n = (m + w).min(locus.depth);
            for a in n.saturating_sub(w)..=m.min(n) {
                let read = choose(m, a) * choose(w, n - a) / choose(m + w, n);
                for f in 0..=n - a {
                    let misread = choose(n - a, f)
                        * assay.artefacts.powi(f as i32)
                        * (1.0 - assay.artefacts).powi((n - a - f) as i32);
                    let tube = Tube { mutant: m, reads: n, mutant_reads: a + f };
                    *reports.entry(assay.reported(&tube).to_bits()).or_insert(0.0) += pm * pw * read * misread;
                }
            }
        }
    }
    reports
}

#[test]
fn the_density_is_the_brute_force_sum_and_adds_up_to_one() {
    let (assay, locus) = small();
    let brute = brute_force(&assay, &locus);
    assert!(brute.len() > 15, "{}", brute.len());
    let mut sum = 0.0;
    for (report, probability) in &brute {
        let found = assay.log_probability(f64::from_bits(*report), &locus).exp();
        assert!((found - probability).abs() < 1e-12, "{}: {found} {probability}", f64::from_bits(*report));
        sum += found;
    }
    assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    for never in [0.1, -0.5, 1.5, 0.2000001, f64::NAN] {
        assert_eq!(assay.log_probability(never, &locus), f64::NEG_INFINITY, "{never}");
    }
    // Intervals with shared ends left out cover everything that is detected; the rest is not.
    let cuts = [0.0, 0.21, 0.26, 0.41, 0.71, 1.0];
    let parts: f64 = cuts.windows(2).map(|c| assay.log_probability_between(c[0], c[1], &locus).exp()).sum();
    assert!((parts + assay.not_detected(&locus) - 1.0).abs() < 1e-12, "{parts}");
    assert!((parts - assay.detected(&locus)).abs() < 1e-12);
    let half = assay.log_probability_between(0.5, 0.5, &locus);
    assert!((half - assay.log_probability(0.5, &locus)).abs() < 1e-12);
    // Pairs of reads, and genome equivalents.
    let pairs: f64 = (0..=8u64)
        .flat_map(|reads| (0..=reads).map(move |mutant_reads| Tube { mutant: 0, reads, mutant_reads }))
        .map(|tube| assay.log_probability_of_reads(&tube, &locus).exp())
        .sum();
    assert!((pairs - 1.0).abs() < 1e-12, "{pairs}");
    let genomes: f64 = (0..200).map(|k| assay.log_probability_of_ge(k as f64 / 8.25, &locus).exp()).sum();
    assert!((genomes - 1.0).abs() < 1e-12, "{genomes}");
}

#[test]
fn readings_fall_as_the_density_says() {
    let mut judge = Judge::new(3);
    let mut stream = stream(5);
    let (mut assay, locus) = small();
    let reads = histogram(&assay, &locus, &mut stream);
    chi_square(&mut judge, "small", &assay, &locus, &reads);
    // Nothing capped and no limit.
    (assay.limit, assay.artefacts) = (0.0, 0.01);
    let open = Locus { depth: 1000, ..locus };
    let reads = histogram(&assay, &open, &mut stream);
    chi_square(&mut judge, "open", &assay, &open, &reads);
    // The cap is met in part of the tubes only.
    let edge = Locus { mutant: 30.0, wild: 170.0, depth: 100 };
    let reads = histogram(&assay, &edge, &mut stream);
    chi_square(&mut judge, "edge", &assay, &edge, &reads);
}

const TUBES: u64 = 200_000;

fn histogram(assay: &Assay, locus: &Locus, stream: &mut Stream) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for _ in 0..TUBES {
        *counts.entry(assay.reported(&assay.draw(locus, stream)).to_bits()).or_insert(0) += 1;
    }
    counts
}

/// Reports expected at least 50 times are bins; the rest is one more.
fn chi_square(judge: &mut Judge, what: &str, assay: &Assay, locus: &Locus, counts: &BTreeMap<u64, u64>) {
    let (mut statistic, mut bins, mut expected_left, mut found_left) = (0.0, 0, TUBES as f64, TUBES);
    for (report, &found) in counts {
        let probability = assay.log_probability(f64::from_bits(*report), locus).exp();
        let expected = probability * TUBES as f64;
        assert!(expected > 0.0, "{what}: {} cannot be", f64::from_bits(*report));
        if expected >= 50.0 {
            statistic += (found as f64 - expected).powi(2) / expected;
            bins += 1;
            expected_left -= expected;
            found_left -= found;
        }
    }
    if expected_left > 50.0 {
        statistic += (found_left as f64 - expected_left).powi(2) / expected_left;
        bins += 1;
    }
    let (p, rate) = (chi_square_tail(statistic, f64::from(bins - 1)), judge.rate());
    println!("{what}: chi-square {statistic:.1} with {bins} bins, p = {p:.3}");
    assert!(bins > 10 && p > rate, "{what}: chi-square {statistic} with {bins} bins, p = {p}");
}

/// What fits ask a million times against the exact sums: the density of a share against the probability of an interval around it, and
/// the probability of a share below a limit.
#[test]
fn densities_for_fits_are_those_of_the_exact_sums() {
    let assay = Assay { recovery: 0.5, depth: 10_000, artefacts: 1e-5, limit: 0.001, ..plain() };
    for (mutant, wild) in [(3.0, 12_000.0), (40.0, 12_000.0), (900.0, 9_000.0), (30_000.0, 30_000.0), (20.0, 60.0)] {
        let locus = Locus { mutant, wild, depth: assay.depth };
        let n: f64 = (0.5 * (mutant + wild)).min(1e4);
        let q = locus.share();
        let sd = (q * (1.0 - q) / n).sqrt();
        for away in [-1.5, 0.0, 1.5] {
            let share = q + away * sd;
            if q * n < 15.0 {
                continue; // few reads: the lattice of ratios is wider than what is compared
            }
            // Several steps of 1 / n wide, so that the lattice of ratios averages out, and a fraction of a standard deviation.
            let half = (0.3 * sd).max(3.0 / n);
            let exact = assay.log_probability_between(share - half, share + half, &locus);
            let points = 200;
            let sum: f64 = (0..points)
                .map(|k| share - half + (k as f64 + 0.5) * 2.0 * half / points as f64)
                .map(|x| assay.log_density_of_share(x, &locus).exp() * 2.0 * half / points as f64)
                .sum();
            let gap = (sum.ln() - exact).abs();
            println!("{mutant} of {wild}, share {share:.5}: {} against {exact}", sum.ln());
            assert!(gap < 0.1, "{mutant} of {wild}, share {share}: {} against {exact}", sum.ln());
        }
        let (fast, exact) = (assay.log_below(0.001, &locus), assay.not_detected(&locus).ln());
        println!("{mutant} of {wild}, below the limit: {fast} against {exact}");
        assert!(
            exact < -300.0 || (fast - exact).abs() < 0.05 * exact.abs().max(0.5),
            "{mutant} of {wild}: {fast} against {exact}"
        );
    }
}
