//! The barcode assay: its law against integrals and draws, verdicts against experiments simulated cell by cell, bad data.

use remission_engine::draw::{gamma, normal, poisson};
use remission_engine::stream::{Purpose, Stream};
use remission_infer::answer::Answer;
use remission_infer::barcodes::assay::{Options, answer};
use remission_infer::barcodes::emission::{Fitted, Pool};
use remission_infer::barcodes::next::pattern;
use remission_infer::barcodes::overlap::overlap;
use remission_infer::barcodes::read::{Data, Sample, TEMPLATE, read};
use remission_infer::barcodes::sharing::{Law, Rates, Winners};
use remission_infer::barcodes::simulate::{Design, Truth, simulate};
use remission_infer::barcodes::winners::fit;
use remission_infer::jobs::Control;
use remission_infer::smc::Settings;
use remission_infer::verdict::{Origin, Verdict};

fn stream(number: u64) -> Stream {
    Stream::new(11, number, 0, Purpose::Inference)
}

/// Patterns of winning against lineages drawn one by one: 200,000 draws, each chance within 4.5 standard deviations
/// (16 of them: a false alarm once in 9,000).
#[test]
fn patterns_are_those_of_lineages_drawn_one_by_one() {
    let (f, draws) = (0.02, 200_000);
    for (number, law) in [Law::Older(1.5), Law::Grown(0.2)].into_iter().enumerate() {
        // 1.2 lineages in the mean: several in one barcode are no exception.
        let rates = Rates { before: 60.0, during: 10.0, law };
        let (mut seen, mut stream) = ([0u32; 8], stream(number as u64));
        for _ in 0..draws {
            let lineages = poisson(&mut stream, rates.before * f);
            let mut one = || match law {
                Law::Older(copies) => -copies * stream.uniform().ln(),
                Law::Grown(theta) => theta / stream.uniform(),
            };
            let m: f64 = (0..lineages).map(|_| one()).sum();
            let mut won = 0;
            for j in 0..3 {
                let any = poisson(&mut stream, m.min(1e6)) + poisson(&mut stream, rates.during * f) > 0;
                won += usize::from(any) << j;
            }
            seen[won] += 1;
        }
        for (won, n) in seen.into_iter().enumerate() {
            let p = pattern(&rates, f, won.count_ones() as usize, 3);
            let spread = (f64::from(draws) * p * (1.0 - p)).sqrt();
            let away = (f64::from(n) - f64::from(draws) * p) / spread;
            assert!(away.abs() < 4.5, "{law:?} {won:03b}: {n} for {}", f64::from(draws) * p);
        }
    }
}

/// The sum over patterns against the integral over what replicates receive, which is gamma for each number of lineages, for barcodes with counts in doubt.
#[test]
fn the_likelihood_is_the_integral_over_lineages() {
    let pool = Pool { frequency: vec![0.5, 0.3, 0.15, 0.05], shape: vec![50.0; 4], noise: 0.1, measured: true };
    let blank = fit(&pool, &[50, 30, 15, 5], 0.05, None);
    let fits: Vec<Fitted> = [[-1.0, -9.0, -2.0, -3.0], [-2.5, -1.0, -0.5, -30.0], [-4.0, -3.0, -2.0, -1.0]]
        .map(|won| Fitted { won: won.to_vec(), lost: vec![-3.0, -2.0, -1.5, -2.0], ..blank.clone() })
        .to_vec();
    let refs: Vec<&Fitted> = fits.iter().collect();
    let winners = Winners::of(&pool, &refs, &[true; 4]);
    let (before, during, copies) = (4.0, 2.0, 1.5);
    let found = winners.log_likelihood(&Rates { before, during, law: Law::Older(copies) });
    let mut wanted = 0.0;
    for (b, f) in pool.frequency.iter().enumerate() {
        let (lineages, a) = (before * f, 1.0 - (-during * f).exp());
        let product = |m: f64| -> f64 {
            let u = (-m).exp();
            fits.iter()
                .map(|fit| u * (1.0 - a) * fit.lost[b].exp() + (1.0 - u * (1.0 - a)) * fit.won[b].exp())
                .product()
        };
        // Density of the sum of n exponential means, n Poisson; middle points of cells of m up to 80.
        let density = |m: f64| {
            let mut term = lineages * (-lineages - m / copies).exp() / copies;
            let mut sum = 0.0;
            for n in 1..60 {
                sum += term;
                term *= lineages * m / (copies * f64::from(n) * f64::from(n + 1));
            }
            sum
        };
        let cells = 400_000;
        let width = 80.0 / f64::from(cells);
        let middle = |k: i32| (f64::from(k) + 0.5) * width;
        let some: f64 = (0..cells).map(middle).map(|m| width * density(m) * product(m)).sum();
        wanted += ((-lineages).exp() * product(0.0) + some).ln();
    }
    assert!((found - wanted).abs() < 1e-6, "{found} for {wanted}");
}

/// Pairs that are expected to be shared: of equal barcodes n^2 / B for each pair of replicates, of one winner each the sum of squared frequencies.
/// 20,000 repeats; five standard deviations, a false alarm once in half a million.
#[test]
fn as_many_are_shared_by_chance_as_squares_of_frequencies_say() {
    let mut stream = stream(6);
    let mut expected = |frequency: Vec<f64>, winners: usize, replicates: usize| {
        let pool = Pool { shape: vec![100.0; frequency.len()], frequency, noise: 0.05, measured: true };
        let called: Vec<bool> = (0..pool.frequency.len()).map(|b| b < winners).collect();
        overlap(&pool, &vec![&called[..]; replicates], 20_000, &mut stream).expected
    };
    for (found, wanted) in [
        (expected(vec![0.01; 100], 10, 2), 1.0),
        (expected(vec![0.001; 1000], 50, 4), 15.0),
        (expected(vec![0.5, 0.3, 0.2], 1, 2), 0.38),
        // Nearly all of them win, the rarest once in a billion draws: all pairs but those without one of the three.
        (expected(vec![0.6, 0.4, 1e-9], 3, 2), 3.0),
        (expected(vec![1.0 / 3.0; 3], 2, 2), 4.0 / 3.0),
        // Two of three: 1 and 2 with chance 0.7 0.25 (1 / 0.3 + 1 / 0.75), and so on; each is among them with chance 0.970, 0.846, 0.183.
        (expected(vec![0.7, 0.25, 0.05], 2, 2), 1.691_398),
    ] {
        // Of the number of shared pairs the variance is its mean at most.
        let error = (wanted / 20_000.0_f64).sqrt();
        assert!((found - wanted).abs() < 5.0 * error, "{found} for {wanted}");
    }
}

/// Winners drawn by frequency alone: p at most 0.05 in 5 % of cases or fewer. Of 200, 10; above 24 once in 20,000.
#[test]
fn chance_overlap_is_seldom_called_sharing() {
    let mut stream = stream(5);
    let weights: Vec<f64> = (0..500).map(|_| normal(&mut stream).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let frequency: Vec<f64> = weights.iter().map(|w| w / sum).collect();
    let pool = Pool { shape: vec![100.0; 500], frequency: frequency.clone(), noise: 0.05, measured: true };
    let mut alarms = 0;
    for _ in 0..200 {
        let called: Vec<Vec<bool>> =
            (0..3).map(|_| frequency.iter().map(|f| poisson(&mut stream, 30.0 * f) > 0).collect()).collect();
        let refs: Vec<&[bool]> = called.iter().map(Vec::as_slice).collect();
        alarms += usize::from(overlap(&pool, &refs, 199, &mut stream).p <= 0.05);
    }
    println!("{alarms} of 200");
    assert!(alarms <= 24, "{alarms} of 200");
}

fn quick() -> Options {
    Options { settings: Settings { particles: 100, runs: 2, moves: 15, ..Settings::default() }, ..Options::default() }
}

fn answered(data: &Data, options: &Options) -> Answer {
    let control = Control { threads: 2, ..Control::quiet() };
    answer(data, options, &control).unwrap().remove(0)
}

const DESIGN: Design =
    Design { barcodes: 2000, spread: 1.0, cells: 4e5, replicates: 4, baselines: 2, depth: 3e5, noise: 0.03 };
const TRUTH: Truth =
    Truth { before: 0.0, law: Law::Older(5.0), during: 0.0, survive: 1e-3, grown: 300.0, grown_spread: 1.0 };

#[test]
fn each_origin_is_found_again_with_its_values() {
    for (number, truth, origin, share) in [
        (20, Truth { before: 40.0, ..TRUTH }, Origin::PreExisting, 1.0),
        (21, Truth { during: 40.0, ..TRUTH }, Origin::DuringTreatment, 0.0),
        (22, Truth { before: 30.0, during: 25.0, ..TRUTH }, Origin::Mixture, 0.5),
        (23, Truth { survive: 0.05, ..TRUTH }, Origin::NonGenetic, f64::NAN),
        (24, Truth { survive: 2e-3, ..TRUTH }, Origin::NonGenetic, f64::NAN),
    ] {
        let found = answered(&simulate(&truth, &DESIGN, &mut stream(number)), &quick());
        let verdict = found.verdict.as_ref().unwrap();
        println!("{:?}\n{:?}", found.words, verdict.origin);
        let evidence: Vec<f64> = verdict.explanations.iter().map(|e| e.log_evidence).collect();
        println!("{evidence:?}");
        assert_eq!(verdict.best().unwrap().0, origin, "{truth:?}");
        assert!(!verdict.undetermined, "{truth:?}");
        if share.is_finite() {
            let e = found.estimates.iter().find(|e| e.name == "share_pre_existing").unwrap();
            let (low, high) = e.ci95.unwrap();
            assert!(low <= share && share <= high, "{e:?}");
        } else {
            assert!(found.estimates.iter().all(|e| e.name != "share_pre_existing"));
        }
    }
}

/// A pool grown from one cell a barcode, with mutations while it grows (clones of mutants as in Luria and Delbrueck), split
/// into eight parts of which four are treated: nothing of it is in the law but the numbers it leads to.
fn grown_pool(mutations: f64, during: f64, number: u64) -> Data {
    let stream = &mut stream(number);
    let mut lineages = Vec::new();
    let total = 2000.0 * 2000.0;
    for _ in 0..2000 {
        let size = (-2000.0 * stream.uniform().ln()).ceil();
        let events = poisson(stream, mutations * size / total);
        let mutants: f64 = (0..events).map(|_| (1.0 / stream.uniform()).floor().min(size)).sum();
        lineages.push((size, mutants));
    }
    let read = |cells: Vec<f64>, stream: &mut Stream| -> Vec<u64> {
        let cells: Vec<f64> =
            cells.into_iter().map(|c| if c > 0.0 { c * gamma(stream, 30.0, 1.0 / 30.0) } else { 0.0 }).collect();
        let sum: f64 = cells.iter().sum();
        cells.into_iter().map(|c| poisson(stream, 3e5 * c / sum)).collect()
    };
    let mut samples = Vec::new();
    for replicate in 1..=2 {
        let counts = read(lineages.iter().map(|l| l.0).collect(), stream);
        samples.push(Sample { arm: "baseline".into(), replicate, time: 0.0, counts });
    }
    for replicate in 1..=4 {
        let mut cells = Vec::new();
        for &(size, mutants) in &lineages {
            let resistant = poisson(stream, mutants / 8.0) + poisson(stream, during * size / total);
            let grown: f64 = (0..resistant).map(|_| (6.0 + normal(stream)).exp()).sum();
            cells.push(poisson(stream, size / 8.0 * 2e-3) as f64 + grown);
        }
        let counts = read(cells, stream);
        samples.push(Sample { arm: "drug".into(), replicate, time: 21.0, counts });
    }
    Data { barcodes: (0..2000).map(|b| b.to_string()).collect(), samples, notes: Vec::new() }
}

/// Half of such mutations leave one cell, which wins in one replicate alone: what is seen may then be a mixture, or not be
/// told, but is not all from during treatment.
#[test]
fn mutations_while_the_pool_grew_are_not_taken_for_those_under_drug() {
    for number in 30..32 {
        let before = answered(&grown_pool(120.0, 0.0, number), &quick());
        let verdict = before.verdict.as_ref().unwrap();
        println!("{:?} {:?}", verdict.probability, before.words);
        assert!(verdict.probability[2] < 1e-6 && verdict.probability[0] + verdict.probability[1] > 0.05);
        let during = answered(&grown_pool(0.0, 40.0, number), &quick());
        let verdict = during.verdict.as_ref().unwrap();
        println!("{:?} {:?}", verdict.probability, during.words);
        assert!(!verdict.undetermined && verdict.best().unwrap().0 == Origin::DuringTreatment);
    }
}

/// Few survivors of which none is resistant had been called resistant anew in each replicate, in 17 sets of 17: where nothing else
/// is read beside the winners the two are the same, and only the user knows whether they grew back.
#[test]
fn few_survivors_by_chance_are_not_called_resistant() {
    let known = Options { regrown: true, ..quick() };
    // Chance survivors of one size, or that differ in it by far; a tenth of the barcodes at most.
    let design = Design { barcodes: 800, ..DESIGN };
    let during = |v: &Verdict| v.origin.iter().find(|o| o.0 == Origin::DuringTreatment).unwrap().1;
    for (number, survivors, grown_spread) in [(50, 15.0, 0.1), (51, 10.0, 1.0), (52, 25.0, 1.0), (53, 30.0, 2.0)] {
        let truth = Truth { during: survivors, survive: 0.0, grown_spread, ..TRUTH };
        let data = simulate(&truth, &design, &mut stream(number));
        let found = answered(&data, &quick());
        let verdict = found.verdict.as_ref().unwrap();
        println!("{survivors} {grown_spread}: {:?} {:?} {:?}", verdict.origin, verdict.next, found.words);
        assert!(verdict.undetermined && during(verdict) < 0.9, "{:?}", found.words);
        // Of one size alone they are hardly winners, and replicates may be torn.
        if grown_spread >= 1.0 {
            assert!(verdict.reason.contains("stand alone") && verdict.next[0].name.contains("treated again"));
        }
        if grown_spread == 1.0 {
            let verdict = answered(&data, &known).verdict.unwrap();
            // Of ten winners a replicate some are shared by chance, and a mixture is not ruled out.
            assert!(verdict.origin[1].1 < 1e-6 && during(&verdict) > 0.8, "{:?}", verdict.origin);
            assert!(verdict.next.iter().all(|n| !n.name.contains("treated again")));
        }
    }
    // A single survivor a replicate, each another: had been called survival that all share.
    let mut single = simulate(&Truth { during: 15.0, survive: 0.0, ..TRUTH }, &design, &mut stream(56));
    for (k, sample) in single.samples[2..].iter_mut().enumerate() {
        sample.counts.iter_mut().for_each(|n| *n = 0);
        sample.counts[100 * k + 7] = 20_000;
    }
    let verdict = answered(&single, &quick()).verdict.unwrap();
    assert!(verdict.undetermined && verdict.reason.contains("stand alone"), "{:?}", verdict.origin);
    // Winners of which each sample carries a fifth of a per cent into the others are no shared winners.
    let mut carried = simulate(&Truth { during: 30.0, survive: 0.0, ..TRUTH }, &design, &mut stream(57));
    let read: Vec<Vec<u64>> = carried.samples[2..].iter().map(|s| s.counts.clone()).collect();
    for (k, sample) in carried.samples[2..].iter_mut().enumerate() {
        for (b, count) in sample.counts.iter_mut().enumerate() {
            let others: u64 = (0..read.len()).filter(|j| *j != k).map(|j| read[j][b]).sum();
            *count += (0.002 * others as f64 / 3.0) as u64;
        }
    }
    let found = answered(&carried, &known);
    let verdict = found.verdict.as_ref().unwrap();
    assert!(verdict.origin[0].1 < 1e-3 && during(verdict) > 0.8, "{:?}", verdict.origin);
    assert!(found.notes.iter().any(|n| n.contains("taken for carry-over")), "{:?}", found.notes);
    // More than a tenth of the barcodes win, each replicate others: many resistant cells, or a large sample.
    let many = simulate(&Truth { during: 100.0, survive: 0.0, ..TRUTH }, &design, &mut stream(58));
    assert!(answered(&many, &known).verdict.unwrap().undetermined);
    // Shared winners were there before; whether the others are resistant is not known.
    let truth = Truth { before: 30.0, during: 25.0, survive: 0.0, ..TRUTH };
    let data = simulate(&truth, &design, &mut stream(54));
    let verdict = answered(&data, &quick()).verdict.unwrap();
    println!("{:?}", verdict.origin);
    assert!(verdict.undetermined && verdict.reason.contains("stand alone"));
    assert!(verdict.origin[0].1 + verdict.origin.last().unwrap().1 > 0.95, "{:?}", verdict.origin);
    assert!(!answered(&data, &known).verdict.unwrap().undetermined);
    let shared = simulate(&Truth { before: 40.0, survive: 0.0, ..TRUTH }, &design, &mut stream(55));
    let verdict = answered(&shared, &quick()).verdict.unwrap();
    assert!(!verdict.undetermined && verdict.best().unwrap().0 == Origin::PreExisting, "{:?}", verdict.origin);
}

#[test]
fn what_cannot_tell_is_undetermined_and_says_why() {
    let truth = Truth { before: 40.0, ..TRUTH };
    let one = answered(&simulate(&truth, &Design { replicates: 1, ..DESIGN }, &mut stream(40)), &quick());
    let verdict = one.verdict.as_ref().unwrap();
    assert!(verdict.undetermined && one.words.join(" ").contains("With one replicate"), "{:?}", one.words);
    let (best, bits) = (&verdict.next[0], verdict.next[0].expected_bits);
    println!("{:?}", verdict.next);
    assert!(best.name.contains("replicate") && bits > 0.3, "{:?}", verdict.next);
    // Hardly a winner in two replicates.
    let few = Truth { before: 1.5, during: 1.0, law: Law::Older(1.0), grown: 3e4, ..TRUTH };
    let few = answered(&simulate(&few, &Design { replicates: 2, ..DESIGN }, &mut stream(41)), &quick());
    let verdict = few.verdict.as_ref().unwrap();
    println!("{:?} {:?}", verdict.origin, few.words);
    assert!(verdict.undetermined);
    // Winners of 300 cells among chance survivors, who are fewer than barcodes and a hundred reads each: told apart all the same.
    let faint = Truth { before: 1.0, during: 0.5, law: Law::Older(1.0), ..TRUTH };
    let faint = answered(&simulate(&faint, &Design { replicates: 2, ..DESIGN }, &mut stream(41)), &quick());
    println!("{:?} {:?}", faint.verdict.as_ref().unwrap().origin, faint.unconverged);
    let withheld = |a: &Answer| a.unconverged.iter().any(|c| c.contains("evidence is withheld"));
    assert!(faint.verdict.as_ref().unwrap().undetermined && !withheld(&faint));
    // Many winners in one replicate and none in the other are not of one treatment.
    let many = Truth { during: 60.0, ..TRUTH };
    let mut torn = simulate(&many, &Design { replicates: 2, ..DESIGN }, &mut stream(43));
    torn.samples[3].counts = torn.samples[0].counts.clone();
    let torn = answered(&torn, &quick());
    assert!(torn.verdict.as_ref().unwrap().undetermined && withheld(&torn));
    // Fifteen of sixty win anew in each replicate, a thousandfold above a background: no survival that all share.
    let mut chance = stream(44);
    let sample = |arm: &str, replicate, counts| Sample { arm: arm.into(), replicate, time: 0.0, counts };
    let mut small = Data { barcodes: (0..60).map(|b| b.to_string()).collect(), samples: Vec::new(), notes: Vec::new() };
    for replicate in 1..3 {
        let counts = (0..60).map(|_| (5000.0 + 200.0 * normal(&mut chance)) as u64).collect();
        small.samples.push(sample("baseline", replicate, counts));
    }
    for replicate in 1..5 {
        let mut counts: Vec<u64> = (0..60).map(|_| 10 * poisson(&mut chance, 3.0)).collect();
        for _ in 0..15 {
            counts[(60.0 * chance.uniform()) as usize] += (-20_000.0 * chance.uniform().ln()) as u64;
        }
        small.samples.push(sample("drug", replicate, counts));
    }
    let small = answered(&small, &quick());
    println!("{:?} {:?}", small.verdict.as_ref().unwrap().origin, small.words);
    assert!(small.verdict.as_ref().unwrap().undetermined && withheld(&small));
    // Survivors that all share, ten cells a barcode: clones of sizes so far apart had been called selected.
    {
        let broad = Truth { during: 22_000.0, survive: 2e-3, ..TRUTH };
        let broad = answered(&simulate(&broad, &DESIGN, &mut stream(45)), &quick());
        let verdict = broad.verdict.as_ref().unwrap();
        println!("{:?} {:?}", verdict.origin, broad.words);
        assert!(verdict.undetermined || verdict.best().unwrap().0 == Origin::NonGenetic);
    }
    // Baselines that do not agree at all are very noisy, and nothing is summed over without end.
    let noisy = read(&TEMPLATE.replacen("GGATCC,195", "GGATCC,100000000000", 1)).unwrap();
    assert!(answered(&noisy, &quick()).verdict.unwrap().undetermined);
    // Threads change no bit; what wins untreated is left out.
    let mut data = simulate(&truth, &Design { replicates: 2, barcodes: 300, ..DESIGN }, &mut stream(42));
    let mut fast = data.samples[2].clone();
    fast.arm = "untreated".into();
    data.samples.push(fast);
    let alone = answer(&data, &quick(), &Control::quiet()).unwrap().remove(0);
    assert_eq!(alone, answered(&data, &quick()));
    assert!(alone.notes.iter().any(|n| n.contains("win in untreated samples")), "{:?}", alone.notes);
}

#[test]
fn bad_tables_and_options_are_named() {
    for (from, to, said) in [
        ("5200", "5200.5", "(count): found `5200.5`"),
        ("5200", "-1", "(count): found `-1`"),
        ("drug,2,21,ACGTAC", "drug,1,21,ACGTAC", "the sample and barcode of line 8 again"),
        ("barcode,count", "barcodes,count", "rename `barcodes`?"),
        ("drug,1,21,ACGTAC", "drug,1,21,", "a barcode"),
        ("drug,1,21,ACGTAC", "drug,1,21 d,ACGTAC", "without a unit"),
    ] {
        let problems = read(&TEMPLATE.replacen(from, to, 1)).unwrap_err().to_string();
        assert!(problems.contains(said), "{problems}");
    }
    for (text, said) in [
        ("barcode\nACG\n", "one column a sample"),
        ("barcode,drug_r1,drug_r1\nACG,1,2\n", "a second time"),
        // Faults of a header above lines none of which can be read.
        ("barcode\nACG,1\n", "line 2: found 2 fields"),
        ("barcode,drug_r1,drug_r1\nACG,1\n", "line 2: found 2 fields"),
        ("barcode,drug_d1e9\nACG,1,2\n", "line 1: found the sample `drug_d1e9`"),
        (
            "barcode,drug_r1_d1e9\nACG,1\n",
            "line 1: found the sample `drug_r1_d1e9` of day 1000000000; allowed: days since",
        ),
        ("sample,barcode,count\ndrug_d36501,ACG,1\n", "line 2: found the sample `drug_d36501` of day 36501"),
        ("barcode,drug\nACG,1\nACG,2\n", "the barcode of line 2 again"),
        ("barcode,drug,,\nACG,1,2,\n", "line 1: found column 3, which has no name; allowed: a name ARM_r"),
        (
            "Barcode,baseline,drug\nA,3,1\nB,4,0\nGrand total,7,1\n",
            "line 4, column 1 (Barcode): found `Grand total`, whose counts are the sums",
        ),
        ("barcode,drug\nACG,\"1,5\"\n", "decimals with a point"),
    ] {
        let problems = read(text).unwrap_err().to_string();
        assert!(problems.contains(said), "{problems}");
    }
    let refused = |text: &str, options: &Options| {
        answer(&read(text).unwrap(), options, &Control::quiet()).unwrap_err().to_string()
    };
    assert!(refused("barcode,a,b\nACG,1,2\n", &quick()).contains("no sample from before the split among `a`, `b`"));
    assert!(refused("barcode,baseline,b\nACG,1,0\n", &quick()).contains("has no reads"));
    assert!(refused("barcode,baseline\nACG,1\n", &quick()).contains("no treated arm"));
    assert!(refused(TEMPLATE, &Options { fdr: 0.0, ..quick() }).contains("false discovery rate"));
    let baseline = refused(TEMPLATE, &Options { arm: Some("baseline".into()), ..quick() });
    assert!(baseline.contains("--arm names a treated arm; allowed: `drug`") && !baseline.contains("no treated arm"));
    assert!(refused(TEMPLATE, &Options { arm: Some("x".into()), ..quick() }).contains("allowed: `baseline`, `drug`"));
    let late = Options { baseline: Some("drug".into()), ..quick() };
    for part in ["the baseline is of day 21", "treated arm `baseline` are of day 0", "--baseline could name"] {
        assert!(refused(TEMPLATE, &late).contains(part), "{}", refused(TEMPLATE, &late));
    }
    // Capitals, as spreadsheets write them.
    assert_eq!(
        read(&TEMPLATE.replacen("arm,replicate,time_days,barcode,count", "Arm,Replicate,Time_days,Barcode,Count", 1)),
        read(TEMPLATE)
    );
    // One barcode, huge counts, and the template itself are answered.
    for text in
        ["barcode,baseline,drug_r1\nACG,1,1\n", "barcode,baseline,drug_r1\nA,1,1099511627776\nB,0,1\n", TEMPLATE]
    {
        let found = answered(&read(text).unwrap(), &quick());
        assert!(found.verdict.is_some(), "{text}");
    }
}
