//! What exists when treatment begins.
//!
//! A size typed in need not be a whole number of cells: it is rounded at random so that its mean is kept, x cells being
//! floor(x) or one more with probability x - floor(x) (`before.rs`). Counted here over independent patients: the number that
//! have one more is binomial, and a z of 5 is a false alarm once in 1.7 million tests.
//!
//! While a tumour grows `time` reads 0: a rate that follows the date is then what it is on day 0, so tumours take as long to grow as
//! without it. Ages of two samples are compared; |z| of 5 again.
//!
//! What a drug alone drives is not there before it: tumours are those of the model without it, to the last cell and date.

mod common;

use common::written;
use remission_engine::before::start;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::Method;

#[test]
fn parts_of_a_cell_keep_their_mean() {
    for (cells, part) in [("10.4 cells", 0.4), ("3.05 cells", 0.05), ("7 cells", 0.0)] {
        let text = format!(
            "[model]\ntitle = 'x'\n[cells.a]\nbirth = '0.1 /day'\ndeath = '0'\n[before_treatment]\nstart = {{ a = '{cells}' }}\n"
        );
        let (compiled, _) = written(&text);
        let whole = cells.split('.').next().unwrap().trim_end_matches(" cells").parse::<u64>().unwrap();
        for method in [Method::Exact, Method::Leap] {
            let n = 20_000u64;
            let mut more = 0;
            for patient in 0..n {
                let mut stream = Stream::new(31, patient, 0, Purpose::BeforeTreatment);
                let found = start(&compiled, &[], method, &mut stream).unwrap().total();
                assert!(found == whole || found == whole + 1, "{found} of {cells}");
                more += found - whole;
            }
            let spread = libm::sqrt(n as f64 * part * (1.0 - part));
            let off = more as f64 - n as f64 * part;
            assert!(off.abs() <= 5.0 * spread, "{cells}: {more} of {n} have one more");
        }
    }
}

#[test]
fn the_date_reads_0_before_treatment() {
    let model = |birth: &str, until: &str| {
        let text = format!(
            "[model]\ntitle = 'x'\n[parameters]\n\
             b = {{ value = '0.3 /day', assumed = 'x', prior = 'uniform(0.1 /day, 0.5 /day)' }}\n\
             tau = {{ value = '20 day', assumed = 'x', prior = 'uniform(10 day, 30 day)' }}\n\
             [cells.a]\nbirth = '{birth}'\ndeath = '0.1 /day'\nmutates = [{{ to = 'r', per_time = '1e-4 /day' }}]\n\
             [cells.r]\nkind = 'resistant'\nbirth = '0'\ndeath = '0.05 /day'\n\
             [before_treatment]\ngrow = 'a from 1 cell until {until} cells'\n"
        );
        written(&text)
    };
    for (until, method) in [("200", Method::Exact), ("1e5", Method::Leap)] {
        let ages = |birth: &str| {
            let (compiled, parameters) = model(birth, until);
            let n = 400;
            let ages = (0..n).map(|patient| {
                let mut stream = Stream::new(32, patient, 0, Purpose::BeforeTreatment);
                let state = start(&compiled, &parameters, method, &mut stream).unwrap();
                -state.blocks.iter().flat_map(|b| &b.founders).map(|f| f.founded).fold(0.0, f64::min)
            });
            let ages: Vec<f64> = ages.collect();
            let mean = ages.iter().sum::<f64>() / n as f64;
            (mean, ages.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n * n) as f64)
        };
        let ((plain, v), (dated, w)) = (ages("b"), ages("b * (1 + time / tau)"));
        let z = (dated - plain) / libm::sqrt(v + w);
        println!("{until} cells: {plain:.2} and {dated:.2} days, z {z:+.2}");
        assert!(z.abs() < 5.0, "{plain} and {dated} days");
    }
    let mutants = |birth: &str| {
        let (compiled, parameters) = model(birth, "1e5");
        MeanTumour::start(&compiled, &parameters).unwrap().means().by_origin[0][1]
    };
    let (plain, dated) = (mutants("b"), mutants("b * (1 + time / tau)"));
    assert!((dated / plain - 1.0).abs() < 1e-6, "{plain} and {dated} mutants");
}

/// Sensitive cells that a drug makes tolerant, and that `entry` a day become so without one; the same without tolerant cells.
fn tolerant(entry: &str, with: bool) -> remission_engine::compiled::Compiled {
    let switches = |to: &str, rate: &str| {
        if with { format!("switches = [{{ to = '{to}', rate = '{rate}' }}]\n") } else { String::new() }
    };
    let persister = format!("[cells.p]\nkind = 'persister'\nbirth = '0'\ndeath = '0'\n{}", switches("s", "0.1 /day"));
    let text = format!(
        "[model]\ntitle = 'x'\n[parameters]\n\
         entry = {{ value = '{entry}', assumed = 'x', prior = 'uniform(0 /day, 0.1 /day)' }}\n\
         most = {{ value = '0.02 /day', assumed = 'x', prior = 'uniform(0 /day, 0.1 /day)' }}\n\
         c0 = {{ value = '1 mg/L', assumed = 'x', prior = 'uniform(0.5 mg/L, 2 mg/L)' }}\n\
         [drugs.d]\nroute = 'oral'\nka = '1 /h'\nclearance = '1 L/h'\nvolume = '10 L'\nfelt_as = 'mg/L'\n\
         [cells.s]\nbirth = '0.2 /day'\ndeath = '0.15 /day'\n{}\
         mutates = [{{ to = 'q', per_division = '2e-5' }}, {{ to = 'r', per_division = '1e-4' }}]\n\
         [cells.q]\nbirth = '0.2 /day'\ndeath = '0.17 /day'\nmutates = [{{ to = 'r', per_division = '1e-4' }}]\n\
         [cells.r]\nkind = 'resistant'\nbirth = '0.2 /day'\ndeath = '0.16 /day'\n{}\
         [before_treatment]\ngrow = 's from 1 cell until 1e6 cells'\n",
        switches("p", "entry + most * (1 - exp(-d / c0))"),
        if with { persister.as_str() } else { "" },
    );
    written(&text).0
}

#[test]
fn what_a_drug_drives_is_not_there_before_it() {
    let (with, without) = (tolerant("0 /day", true), tolerant("0 /day", false));
    let patient_with = |entry: f64| {
        let mut all: Vec<f64> = with.model.parameters.iter().map(|p| p.value).collect();
        all[0] = entry;
        all
    };
    let (plain, early) = (patient_with(0.0), patient_with(0.01));
    assert!(with.untreated(&plain).is_some() && with.untreated(&early).is_none());
    let mut clones = 0;
    for patient in 0..200 {
        let stream = || Stream::new(33, patient, 0, Purpose::BeforeTreatment);
        let a = start(&with, &plain, Method::Leap, &mut stream()).unwrap();
        let b = start(&without, &plain, Method::Leap, &mut stream()).unwrap();
        assert_eq!(a.by_type(&with)[..3], b.by_type(&without)[..3]);
        assert_eq!(a.by_type(&with)[3], 0);
        assert_eq!((a.next_id, a.extinct, a.clones()), (b.next_id, b.extinct, b.clones()));
        for (a, b) in a.blocks.iter().zip(&b.blocks) {
            assert!(a.founders.is_sorted_by_key(|f| f.id));
            assert_eq!(a.founders, b.founders);
            clones += a.founders.len();
        }
        // A patient in whom cells become tolerant without the drug goes by the whole model.
        let some = start(&with, &early, Method::Leap, &mut stream()).unwrap();
        assert!(some.by_type(&with)[3] > 0);
    }
    assert!(clones > 2000, "{clones}");
}
