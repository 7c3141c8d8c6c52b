//! Blood: are readings as likely as they are drawn, is the clone's size that of a birth-death process, are verdicts right
//! as often as they say, and is every fault of a table named?
//!
//! Statistical comparisons fail wrongly once in 10^6 seeds each; seeds are fixed and were not chosen.

use remission_cohort::statistics::special::chi_square_tail;
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};
use remission_infer::ctdna::{
    self, Data, Explanation, Options, Patient, Rise, Role, Said, Series, log_probability, read,
};
use remission_infer::jobs::Control;
use remission_infer::prior::Target;
use remission_infer::verdict::Origin;

const FALSE_ALARM: f64 = 1e-6;
const Z: f64 = 4.89;

fn stream(number: u64) -> Stream {
    Stream::new(20_261_129, number, 0, Purpose::Check)
}

fn rise(explanation: Explanation) -> Rise {
    Rise::new(Role::Resistance, &[(0.0, Said::Reads { mutant: 0, depth: 1 })], explanation, &Options::default(), 300.0)
}

#[test]
fn readings_are_as_likely_as_they_are_drawn() {
    // scatter, growth, cells per level, slowing, plateau (none), cells on day 0: a level of 0.01 on day 0.
    let share = [0.4, 0.02, 1e10, 0.0, f64::INFINITY, 1e8];
    let one = rise(Explanation::Before);
    assert!((one.level(&share, 0.0).0 - 0.01).abs() < 1e-12);
    for (number, like) in [
        Said::Reads { mutant: 0, depth: 300 },
        Said::ShareBelow { limit: 0.008, depth: 300 },
        Said::Copies { per_ml: 0.0, ml: 200.0 },
        Said::CopiesBelow { limit: 0.008, ml: 200.0 },
    ]
    .into_iter()
    .enumerate()
    {
        let mut stream = stream(number as u64);
        let draws = 50_000;
        let below = matches!(like, Said::ShareBelow { .. } | Said::CopiesBelow { .. });
        let key = |said: Said| match below && said == like {
            true => -1,
            false => (said.level() * if like.is_share() { 300.0 } else { 200.0 }).round() as i64,
        };
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..draws {
            *counts.entry(key(one.simulate(&share, 0.0, like, &mut stream))).or_insert(0u64) += 1;
        }
        let chance = |k: i64| {
            let k_ = k as f64;
            let said = match like {
                _ if k < 0 => like,
                Said::Reads { depth, .. } | Said::ShareBelow { depth, .. } => Said::Reads { mutant: k as u64, depth },
                Said::Copies { ml, .. } | Said::CopiesBelow { ml, .. } => Said::Copies { per_ml: k_ / ml, ml },
            };
            // A density in copies per mL is a probability over one copy in 200 mL.
            let width = if matches!(said, Said::Copies { .. }) { 1.0 / 200.0 } else { 1.0 };
            log_probability(0.01, 0.4, 1e-5, said).exp() * width
        };
        let (mut statistic, mut degrees, mut rest, mut rest_seen) = (0.0, 0.0, 1.0, draws);
        let most = if like.is_share() { 40 } else { 30 };
        let from = if below { -1 } else { 0 };
        for k in from..most {
            let (expected, seen) = (chance(k) * draws as f64, counts.get(&k).copied().unwrap_or(0));
            if key_is_below(k, like) || expected < 20.0 {
                continue;
            }
            statistic += (seen as f64 - expected).powi(2) / expected;
            degrees += 1.0;
            rest -= chance(k);
            rest_seen -= seen;
        }
        if rest * draws as f64 > 5.0 {
            statistic += (rest_seen as f64 - rest * draws as f64).powi(2) / (rest * draws as f64);
        } else {
            degrees -= 1.0;
        }
        let p = chi_square_tail(statistic, degrees);
        println!("{like:?}: chi-square {statistic:.1} of {degrees}, p {p:.3}");
        assert!(degrees >= 5.0 && p > FALSE_ALARM, "{like:?}: {statistic} of {degrees}");
    }
}

/// Counts that are reported as below the limit.
fn key_is_below(k: i64, like: Said) -> bool {
    match like {
        Said::ShareBelow { limit, depth } => k >= 0 && (k as f64) < limit * depth as f64,
        Said::CopiesBelow { limit, ml } => k >= 0 && (k as f64) < limit * ml,
        _ => false,
    }
}

#[test]
fn a_clone_from_one_cell_has_the_size_of_a_surviving_birth_death_process() {
    // The exact law (Kendall 1948): given survival geometric, P(N > n) = B^n with B = b (E - 1) / (b E - d), E = exp(g t).
    let (growth, death, days) = (0.05f64, 0.13f64, 200.0f64);
    let birth = growth + death;
    let e = (growth * days).exp();
    let b = birth * (e - 1.0) / (birth * e - death);
    let one = rise(Explanation::During);
    for luck in [0.05, 0.5, 0.95f64] {
        let exact = (1.0 - luck).ln() / b.ln();
        let at = [0.3, growth, 1.0, 0.0, f64::INFINITY, 0.0, luck];
        let found = one.level(&at, days).0;
        assert!((found / exact - 1.0).abs() < 1e-3, "luck {luck}: {found} cells, exact {exact}");
    }
    // Before it arose there is nothing.
    assert_eq!(one.level(&[0.3, growth, 1.0, 0.0, 1.0, 50.0, 0.5], 49.0), (0.0, 0.0));
}

fn simulated(rise: &Rise, at: &[f64], days: &[f64], depth: u64, stream: &mut Stream) -> Data {
    let readings = days.iter().map(|d| (*d, rise.simulate(at, *d, Said::Reads { mutant: 0, depth }, stream))).collect();
    let series = Series { mutation: "T790M".into(), role: Role::Resistance, readings };
    Data { patients: vec![Patient { name: String::new(), series: vec![series] }], notes: Vec::new() }
}

#[test]
fn verdicts_are_right_as_often_as_they_say() {
    let options = Options { particles: 60, ..Options::default() };
    let days: Vec<f64> = (0..12).map(|k| 50.0 * f64::from(k)).collect();
    let control = Control { threads: 2, ..Control::quiet() };
    let (before, during) = ((Explanation::Before, Origin::PreExisting), (Explanation::During, Origin::DuringTreatment));
    let (none, steady) = ((Explanation::None, Origin::None), (Explanation::Steady, Origin::None));
    let labelled = [before, during, none, before, during, steady];
    let (mut gap, mut variance, mut wrong, mut certain) = (0.0, 0.0, 0, 0);
    for number in 0..36u64 {
        let mut stream = stream(100 + number);
        let (truth, label) = labelled[(number % 6) as usize];
        let rise = Rise::new(Role::Resistance, &[(0.0, Said::Reads { mutant: 0, depth: 1 })], truth, &options, 550.0);
        let z: Vec<f64> = rise.parameters().iter().map(|_| normal(&mut stream)).collect();
        let data = simulated(&rise, &rise.at(&z), &days, 5000, &mut stream);
        let found = ctdna::answer(&data, &options, &control).unwrap();
        let verdict = found[0].verdict.as_ref().unwrap();
        for (origin, p) in &verdict.origin {
            let is = f64::from(u8::from(*origin == label));
            if *origin == Origin::PreExisting {
                gap += is - p;
                variance += p * (1.0 - p);
            }
            if *p >= 0.95 {
                certain += 1;
                wrong += i32::from(*origin != label);
            }
        }
    }
    println!(
        "sum of label less probability {gap:.2} +- {:.2}; called {certain} of 36, wrong {wrong}",
        f64::sqrt(variance)
    );
    assert!(gap.abs() < Z * variance.sqrt().max(0.3));
    // Of calls at 0.95 at most one in twenty is wrong; four or more of nine would be by chance six times in 10^4.
    // (`verify/infer/run.sh` has 350 data sets.)
    assert!(certain >= 4 && wrong <= 3);
}

#[test]
fn the_template_says_that_the_clone_was_there() {
    let data = read(ctdna::TEMPLATE).unwrap();
    let control = Control { threads: 2, ..Control::quiet() };
    let found = ctdna::answer(&data, &Options::default(), &control).unwrap();
    let verdict = found[0].verdict.as_ref().unwrap();
    assert_eq!(verdict.best().unwrap().0, Origin::PreExisting);
    assert!(!verdict.undetermined);
    assert_eq!(found[0].words[0], "The clone with EGFR_T790M was there before treatment began (probability 0.997).");
    let growth = found[0].estimates.iter().find(|e| e.name == "EGFR_T790M.growth").unwrap();
    // From 1 of 5000 on day 28 to 33 on day 168: ln 33 / 140 = 0.025 a day.
    assert!(growth.ci95.unwrap().0 < 0.025 && 0.025 < growth.ci95.unwrap().1);
    let again = ctdna::answer(&data, &Options::default(), &Control::quiet()).unwrap();
    assert_eq!(found[0].estimates, again[0].estimates, "another number of threads");
}

fn quick(text: &str) -> remission_infer::answer::Answer {
    let options = Options { particles: 60, ..Options::default() };
    let data = read(text).unwrap();
    ctdna::answer(&data, &options, &Control { threads: 2, ..Control::quiet() }).unwrap().remove(0)
}

#[test]
fn little_or_strange_data_are_undetermined_and_never_a_panic() {
    let head = "time_days,mutation,role,mutant_reads,depth\n";
    let one = quick(&format!("{head}400,T790M,resistance,9,5000\n"));
    assert!(one.verdict.as_ref().unwrap().undetermined, "{:?}", one.words);
    assert!(one.words[1].contains("day 0 lies in between"), "{:?}", one.words);
    let none = quick(&format!("{head}0,T790M,resistance,0,500\n60,T790M,resistance,0,500\n"));
    assert!(none.verdict.as_ref().unwrap().undetermined, "{:?}", none.words);
    assert!(none.words[1].contains("seen in no draw"), "{:?}", none.words);
    quick(
        &format!("{head}0,T790M,resistance,1000000000,1000000000\n1,T790M,truncal,0,1\n")
            .replace("1,T790M,truncal", "1,L858R,truncal"),
    );
    let copies = "time_days,mutation,role,copies_per_ml,detection_limit\n-10,L858R,truncal,1e9,\n0,T790M,resistance,ND,0.5\n50,T790M,resistance,<0.5,\n90,T790M,resistance,NOT EVALUABLE,\n300,T790M,resistance,40,0.5\n";
    let found = quick(copies);
    assert!(found.notes.iter().any(|n| n == "1 row without a reading left out"), "{:?}", found.notes);
    // Of reads and copies in one row the reads are taken, and that is said.
    let reads = "0,T790M,resistance,0,5000\n90,T790M,resistance,40,5000\n";
    let both = reads.replace("5000\n", "5000,900\n");
    let both = read(&format!("time_days,mutation,role,mutant_reads,depth,copies_per_ml\n{both}")).unwrap();
    let alone = read(&format!("{head}{reads}")).unwrap();
    assert_eq!(both.patients[0].series, alone.patients[0].series);
    let said = both.notes.iter().any(|n| n.starts_with("2 rows with mutant_reads and copies_per_ml: the reads are"));
    assert!(said, "{:?}", both.notes);
    let truncal = quick(
        "time_days,mutation,mutant_reads,depth\n0,L858R,900,5000\n30,L858R,100,5000\n300,L858R,20,5000\n400,L858R,300,5000\n",
    );
    assert!(
        truncal.words[0].contains("the rise of L858R") || truncal.words[0].contains("behind the rise"),
        "{:?}",
        truncal.words
    );
}

#[test]
fn every_fault_of_a_table_is_named() {
    let fault = |text: &str| read(text).unwrap_err().to_string();
    let head = "patient,time_days,mutation,mutant_reads,depth\n";
    assert!(
        fault("time,mutation,mutant_reads,depth\n1,a,1,10\n").contains("a header with `time_days`; rename `time`?")
            || fault("time,mutation,mutant_reads,depth\n1,a,1,10\n").contains("`time_days`")
    );
    assert!(fault("time_days,mutation,mutant_reads\n1,a,1\n").contains("found no column `depth`"));
    for (rows, expected) in [
        ("A,0,m,-3,100\n", "line 2, column 4 (mutant_reads): found `-3`; allowed: a whole number"),
        (
            "A,0,m,5,4\n",
            "line 2, column 4 (mutant_reads): found 5 mutant of 4 reads; allowed: no more mutant reads than reads",
        ),
        ("A,0,m,5,0\n", "(depth): found `0`; allowed: molecules read, 1 or more"),
        ("A,0,m,ND,100\n", "found `ND` without a limit; allowed: a detection_limit beside it"),
        ("A,0,m,<x,100\n", "found `<x`; allowed: `<` and a limit above 0"),
        ("A,0,m,1,100\nA,0,m,2,100\n", "line 3: found a second reading of m on day 0 (the first: line 2)"),
        ("A,\"0,5\",m,1,100\n", "write decimals with a point"),
        (",0,m,1,100\n", "line 2, column 1 (patient): found nothing; allowed: a name for the patient"),
        ("A,1e9,m,1,100\n", "days since treatment began, -3650 to 36500"),
    ] {
        let found = fault(&format!("{head}{rows}"));
        assert!(found.contains(expected), "{rows}: {found}");
    }
    let mixed = "time_days,mutation,mutant_reads,depth,copies_per_ml\n0,m,1,100,\n1,m,,,5\n";
    assert!(fault(mixed).contains("line 3: found copies and reads of m mixed"), "{}", fault(mixed));
    assert!(
        fault("time_days,mutation,role,mutant_reads,depth\n0,m,driver,1,100\n")
            .contains("found `driver`; allowed: truncal, resistance, or nothing")
    );
}
