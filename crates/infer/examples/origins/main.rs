//! Whether verdicts on the origin of resistance mean what they say, over every assay that gives one.
//!
//!     cargo run --release -p remission-infer --example origins -- [--share PART] [--state DIR] [ASSAY ...]
//!
//! A data set: an explanation drawn from its prior weight, parameters from their priors, a design such as laboratories use,
//! data from the assay's simulator; then the verdict, as the command gives it. The label is the origin of the explanation
//! drawn, also where it made no difference to the data (a mixture in which one part drew nothing, a resistance of which no
//! cell was drawn): the posterior knows that such data come from this explanation with some probability, so stated
//! probabilities are those of the explanation drawn. To relabel such a set by what its data show would put a question that
//! the verdict does not answer.
//!
//! Printed for each assay and for all: the calibration error of the most probable origin and of every origin against the
//! rest ([`gap`], 10 bins of equal count; at most 0.03 is demanded), how many verdicts are given (0.95 or more) and how many
//! of those are wrong (at most 5 %). A second lot of data says nothing by its design; at least 95 % of these must be
//! undetermined. What was computed is kept in DIR, a line a set, and not computed again. Exit code 0: all demands are met.

mod assays;
mod patients;

use remission_engine::stream::{Purpose, Stream};
use remission_infer::calibration::gap;
use remission_infer::jobs::{Control, map};
use remission_infer::verdict::{CERTAIN, Origin};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A verdict on data whose origin is known.
#[derive(Clone)]
pub struct Judged {
    /// Origin of the explanation drawn.
    pub truth: Origin,
    /// Probability of each origin.
    pub said: Vec<(Origin, f64)>,
}

/// An assay with its sets at full size.
pub struct Assay {
    /// As on the command line.
    pub name: &'static str,
    /// Sets that may say something, and sets that say nothing.
    pub sets: (usize, usize),
    /// One set; the last argument asks for one that says nothing.
    pub once: fn(&mut Stream, bool) -> Judged,
}

const ERROR: f64 = 0.03;
const WRONG: f64 = 0.05;
const UNDETERMINED: f64 = 0.95;

fn main() {
    let (mut share, mut state, mut chosen) = (1.0f64, PathBuf::from("target/verify-infer"), Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--share" => share = args.next().and_then(|n| n.parse().ok()).expect("--share takes a number"),
            "--state" => state = args.next().map(PathBuf::from).expect("--state takes a folder"),
            _ => chosen.push(arg),
        }
    }
    std::fs::create_dir_all(&state).expect("the folder of the state can be made");
    let mut all = assays::all();
    all.extend(patients::all());
    let (mut pooled, mut silent) = (Vec::new(), Vec::new());
    for assay in all.iter().filter(|a| chosen.is_empty() || chosen.iter().any(|c| c == a.name)) {
        let began = std::time::Instant::now();
        let number = |full: usize| (share * full as f64).ceil() as usize;
        let said = sets(assay, false, number(assay.sets.0), &state);
        let nothing = sets(assay, true, number(assay.sets.1), &state);
        print(assay.name, &said, &nothing);
        println!("{}: {:.0} s", assay.name, began.elapsed().as_secs_f64());
        pooled.extend(said);
        silent.extend(nothing);
    }
    std::process::exit(i32::from(!print("all", &pooled, &silent)));
}

/// The figures of some sets; whether they are as demanded.
fn print(name: &str, sets: &[Judged], nothing: &[Judged]) -> bool {
    let best = |j: &Judged| j.said.iter().copied().fold((Origin::None, -1.0), |a, b| if b.1 > a.1 { b } else { a });
    let given = |j: &&Judged| best(j).1 >= CERTAIN;
    let right = |j: &Judged| best(j).0 == j.truth;
    let top: Vec<(f64, bool)> = sets.iter().map(|j| (best(j).1, right(j))).collect();
    let rest: Vec<(f64, bool)> =
        sets.iter().flat_map(|j| j.said.iter().map(|(o, p)| (*p, *o == j.truth)).collect::<Vec<_>>()).collect();
    let (top, rest) = (gap(&top, 10), gap(&rest, 10));
    let called = sets.iter().filter(given).count();
    let wrong = sets.iter().filter(given).filter(|j| !right(j)).count();
    let part = |k: usize, n: usize| k as f64 / n.max(1) as f64;
    println!(
        "{name}: {} sets; calibration error {:.4} of the most probable origin ({:.4} less {:.4} by chance), {:.4} of every \
         origin ({:.4} less {:.4}); {called} verdicts ({:.1} %), {wrong} wrong ({:.1} % of them, {:.1} % of all)",
        sets.len(),
        top.error(),
        top.observed,
        top.expected,
        rest.error(),
        rest.observed,
        rest.expected,
        100.0 * part(called, sets.len()),
        100.0 * part(wrong, called),
        100.0 * part(wrong, sets.len())
    );
    let open = nothing.iter().filter(|j| !given(j)).count();
    println!("{name}: without information {open} of {} undetermined", nothing.len());
    top.error() <= ERROR
        && rest.error() <= ERROR
        && part(wrong, called) <= WRONG
        && part(open, nothing.len().max(1)) >= UNDETERMINED
}

/// Sets of an assay, those of the state file first.
fn sets(assay: &Assay, nothing: bool, count: usize, state: &Path) -> Vec<Judged> {
    let file = state.join(format!("origins-{}{}.csv", assay.name, if nothing { "-nothing" } else { "" }));
    let mut known: BTreeMap<usize, Judged> = BTreeMap::new();
    // A line that was cut off when the run was killed has no end mark.
    for line in std::fs::read_to_string(&file).unwrap_or_default().lines().filter_map(|l| l.strip_suffix(',')) {
        if let Some((k, judged)) = read(line) {
            known.insert(k, judged);
        }
    }
    let left: Vec<usize> = (0..count).filter(|k| !known.contains_key(k)).collect();
    let mut out = std::fs::OpenOptions::new().append(true).create(true).open(&file).expect("the state can be written");
    out.write_all(b"\n").expect("the state can be written");
    let control = Control { threads: 2, ..Control::quiet() };
    for chunk in left.chunks(2) {
        let done = map(chunk.len(), &control, |i, _| {
            let mut stream = Stream::new(9, chunk[i] as u64, u64::from(nothing), Purpose::Check);
            Ok((chunk[i], (assay.once)(&mut stream, nothing)))
        })
        .unwrap_or_default();
        for (k, judged) in done {
            let said: Vec<String> = judged.said.iter().map(|(o, p)| format!("{}:{p:.6}", o.name())).collect();
            let line = format!("{k},{},{},\n", judged.truth.name(), said.join(";"));
            out.write_all(line.as_bytes()).expect("the state can be written");
            known.insert(k, judged);
        }
        eprint!("\r{}: {} of {count}   ", assay.name, chunk.last().map_or(0, |k| k + 1));
    }
    eprintln!();
    known.into_iter().filter(|(k, _)| *k < count).map(|(_, judged)| judged).collect()
}

/// A line of the state: number, origin, probabilities.
fn read(line: &str) -> Option<(usize, Judged)> {
    let origin = |name: &str| Origin::ALL.into_iter().find(|o| o.name() == name);
    let mut parts = line.split(',');
    let k = parts.next()?.parse().ok()?;
    let truth = origin(parts.next()?)?;
    let one = |part: &str| part.split_once(':').and_then(|(o, p)| Some((origin(o)?, p.parse().ok()?)));
    let said: Option<Vec<(Origin, f64)>> = parts.next()?.split(';').map(one).collect();
    Some((k, Judged { truth, said: said? }))
}
