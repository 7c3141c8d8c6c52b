//! Barcodes of the first cells: who gets which, who keeps which, how many are left.
//!
//! - A barcode that one cell carried is left at time t with probability 1 - P0(t), P0 = d (e^{(b-d)t} - 1) / (b e^{(b-d)t} - d)
//!   (Kendall 1948, Ann. Math. Stat. 19:1), and barcodes are independent: their number is binomial.
//! - n cells that each take one of N barcodes take N (1 - (1 - 1/N)^n) different ones in the mean, with variance
//!   N (N - 1) (1 - 2/N)^n + N (1 - 1/N)^n - N^2 (1 - 1/N)^2n.
//! - A mutant has the barcode of its parent, also of one that was founded and died out within the step.
//!
//! Every statistical check has a false-alarm rate of 1e-6 (about 1e-5 for the file). Seeds are numbers in order.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::failure::{Budget, Failure};
use remission_engine::state::{Cause, State};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::resolved::{Barcodes, Start};
use statrs::distribution::{ChiSquared, ContinuousCDF};
use std::collections::{BTreeMap, BTreeSet};

const BOTH: [Method; 2] = [Method::Exact, Method::Leap];
const ALARM: f64 = 1e-6;

fn begin(compiled: &Compiled, method: Method, seed: u64) -> State {
    before::start(compiled, &[], method, &mut Stream::new(seed, 0, 0, Purpose::BeforeTreatment)).unwrap()
}

/// Cells by barcode.
fn by_barcode(compiled: &Compiled, state: &State) -> BTreeMap<Option<u32>, u64> {
    let mut sums = BTreeMap::new();
    for (block, clones) in compiled.blocks.iter().zip(&state.blocks) {
        for (founder, row) in clones.founders.iter().zip(clones.counts.chunks_exact(block.types.len())) {
            *sums.entry(founder.barcode).or_insert(0) += row.iter().sum::<u64>();
        }
    }
    sums
}

#[test]
fn barcodes_are_left_as_the_law_of_extinction_says() {
    let (b, d, cells) = (0.6, 0.5, 40_000u64);
    let mut m = model(vec![cell("s", b, d)], &[(0, cells as f64)]);
    m.barcodes = Some(Barcodes::OnePerCell);
    let compiled = Compiled::new(&m);
    for method in BOTH {
        let mut tumour = Tumour::new(&compiled, &[], begin(&compiled, method, 1), method).unwrap();
        assert_eq!(by_barcode(&compiled, &tumour.state).len() as u64, cells, "every cell has its own");
        let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
        for t in [1.0, 7.0, 14.0, 28.0] {
            tumour.advance(t, f64::INFINITY, &mut stream).unwrap();
            let growth = ((b - d) * t).exp();
            let left = 1.0 - d * (growth - 1.0) / (b * growth - d);
            let sums = by_barcode(&compiled, &tumour.state);
            let living = sums.values().filter(|n| **n > 0).count() as u64;
            judge(&format!("{method:?}, day {t}"), living, cells, left, left, ALARM);
            assert_eq!(sums.values().sum::<u64>(), tumour.state.total(), "barcodes add up to the tumour");
            assert_eq!(living + tumour.state.extinct, cells, "who is not left died out");
        }
    }
}

#[test]
fn cells_take_barcodes_of_a_library_at_random() {
    let replicates = 400;
    // Fewer cells than barcodes are drawn one by one, more of them barcode by barcode.
    for (size, cells) in [(1000u32, 700u64), (1000, 1000), (500, 1500), (1, 10), (1_000_000_000, 2000)] {
        let mut m = model(vec![cell("s", 0.1, 0.0)], &[(0, cells as f64)]);
        m.barcodes = Some(Barcodes::Library(size));
        let compiled = Compiled::new(&m);
        let (mut distinct, mut taken) = (Vec::new(), BTreeMap::<u32, u64>::new());
        for seed in 0..replicates {
            let sums = by_barcode(&compiled, &begin(&compiled, Method::Leap, seed));
            assert_eq!(sums.values().sum::<u64>(), cells);
            assert!(sums.iter().all(|(barcode, n)| barcode.is_some_and(|b| b < size) && *n > 0));
            distinct.push(sums.len() as f64);
            sums.into_iter().for_each(|(b, n)| *taken.entry(b.unwrap()).or_default() += n);
        }
        let (n, k) = (f64::from(size), cells as f64);
        let without = |barcodes: f64| if n > barcodes { (k * (-barcodes / n).ln_1p()).exp() } else { 0.0 };
        let mean = n * (1.0 - without(1.0));
        let variance = n * (n - 1.0) * without(2.0) + n * without(1.0) - (n * without(1.0)).powi(2);
        if size == 1 {
            assert!(distinct.iter().all(|d| *d == 1.0));
            continue;
        }
        if size <= 1000 {
            let (z_mean, z_variance) = z_scores(&distinct, mean, variance);
            println!(
                "{cells} cells, {size} barcodes: {mean:.2} different, z {z_mean:+.2}, of the variance {z_variance:+.2}"
            );
            assert!(z_mean.abs() < z_limit(ALARM) && z_variance.abs() < z_limit(ALARM));
            let expected = k * replicates as f64 / n;
            let square = |b| (taken.get(&b).map_or(0.0, |n| *n as f64) - expected).powi(2) / expected;
            let sum: f64 = (0..size).map(square).sum();
            let law = ChiSquared::new(n - 1.0).unwrap();
            let chance = 2.0 * law.cdf(sum).min(law.sf(sum));
            println!("  each as likely: chi-square {sum:.0} with {} degrees of freedom, chance {chance:.2e}", n - 1.0);
            assert!(chance > ALARM);
        } else {
            // 400 x 2000^2 / (2 x 1e9) = 0.8 pairs that share a barcode are expected in all; more than 12 have a chance below 1e-6.
            let shared: f64 = distinct.iter().map(|d| k - d).sum();
            println!("{cells} cells, {size} barcodes: {shared} shared in {replicates}");
            assert!(shared <= 12.0);
        }
    }
}

/// Two families of types that never meet, `a` to `a2` and `b` to `b2`, all of which found the next at division.
fn chains(barcodes: Barcodes) -> Compiled {
    let with = |name: &str, next: Option<usize>| {
        let mut c = cell(name, 0.5, 0.4);
        c.mutations = next.map(|to| mutates(to, 0.1)).into_iter().collect();
        c
    };
    let cells = vec![
        with("a", Some(1)),
        with("a1", Some(2)),
        with("a2", None),
        with("b", Some(4)),
        with("b1", Some(5)),
        with("b2", None),
    ];
    let mut m = model(cells, &[(0, 1500.0), (3, 1500.0)]);
    m.barcodes = Some(barcodes);
    Compiled::new(&m)
}

#[test]
fn mutants_keep_the_barcode_of_their_parent() {
    let compiled = chains(Barcodes::OnePerCell);
    for method in BOTH {
        let mut tumour = Tumour::new(&compiled, &[], begin(&compiled, method, 2), method).unwrap();
        let mut stream = Stream::new(2, 0, 0, Purpose::Treatment);
        let mut known: BTreeMap<u32, u32> = BTreeMap::new();
        let (mut mutants, mut never_seen, mut lines) = (0, 0, BTreeSet::new());
        for look in 1..=10 {
            for f in tumour.state.blocks.iter().flat_map(|b| &b.founders) {
                known.insert(f.id, f.barcode.unwrap());
            }
            tumour.advance(2.0 * f64::from(look), f64::INFINITY, &mut stream).unwrap();
            let now: BTreeMap<u32, u32> = (tumour.state.blocks.iter().flat_map(|b| &b.founders))
                .map(|f| (f.id, f.barcode.expect("all cells descend from one with a barcode")))
                .collect();
            for f in tumour.state.blocks.iter().flat_map(|b| &b.founders).filter(|f| !known.contains_key(&f.id)) {
                assert_eq!(f.cause, Cause::Mutation);
                let barcode = f.barcode.unwrap();
                let family = f.cell_type / 3;
                assert_eq!(u32::from(barcode >= 1500), family as u32, "{f:?} has a barcode of the other family");
                mutants += 1;
                lines.insert(barcode);
                match now.get(&f.parent.unwrap()).or(known.get(&f.parent.unwrap())) {
                    Some(parents) => assert_eq!(barcode, *parents, "{f:?}"),
                    None => never_seen += 1,
                }
            }
        }
        println!("{method:?}: {mutants} mutants of {} barcodes, {never_seen} of parents that no look saw", lines.len());
        assert!(mutants > 1000 && lines.len() > 300 && never_seen > 20);
        let types: u64 = tumour.state.by_type(&compiled).iter().sum();
        assert_eq!(by_barcode(&compiled, &tumour.state).values().sum::<u64>(), types);
    }
}

#[test]
fn two_types_draw_from_one_library() {
    let compiled = chains(Barcodes::Library(100));
    let state = begin(&compiled, Method::Leap, 3);
    let mut of_type = [BTreeSet::new(), BTreeSet::new()];
    for f in state.blocks.iter().flat_map(|b| &b.founders) {
        assert_eq!(f.cause, Cause::Start);
        assert!(of_type[f.cell_type / 3].insert(f.barcode.unwrap()), "one clone a type and barcode");
    }
    // A barcode misses 1500 cells with a chance of 3e-7.
    assert!(of_type.iter().all(|b| b.len() >= 99), "{} and {}", of_type[0].len(), of_type[1].len());
}

/// Grown by both methods, small and large: founders keep their barcodes through growth and failed attempts.
#[test]
fn barcoded_cells_grow_before_treatment() {
    for (from, until, method) in [(50, 3000.0, Method::Exact), (50, 3000.0, Method::Leap), (3000, 1e6, Method::Leap)] {
        let mut sensitive = cell("s", 0.5, 0.4);
        sensitive.mutations = vec![mutates(1, 1e-3)];
        let mut m = model(vec![sensitive, cell("r", 0.5, 0.4)], &[]);
        m.start = Start::Grown { founder: 0, from, until: number(until) };
        m.barcodes = Some(Barcodes::OnePerCell);
        let compiled = Compiled::new(&m);
        let state = begin(&compiled, method, 4);
        let first: Vec<u32> = (state.blocks.iter().flat_map(|b| &b.founders))
            .filter(|f| f.cause == Cause::Start)
            .map(|f| f.barcode.unwrap())
            .collect();
        let different: BTreeSet<u32> = first.iter().copied().collect();
        println!("{} of {from} barcodes left at {} cells", first.len(), state.total());
        assert_eq!(first.len(), different.len());
        assert!(first.len() > 5 && first.len() < from as usize, "birth-death growth loses some and keeps some");
        let sums = by_barcode(&compiled, &state);
        assert!(sums.keys().all(|b| b.is_some_and(|b| u64::from(b) < from)));
        assert_eq!(sums.values().sum::<u64>(), state.total());
        assert!(state.total() as f64 >= until);
    }
}

#[test]
fn too_many_barcoded_clones_end_with_a_reason() {
    let mut m = model(vec![cell("s", 0.5, 0.4)], &[(0, 2000.0)]);
    m.barcodes = Some(Barcodes::OnePerCell);
    let compiled = Compiled::new(&m);
    let few = Budget { clones: 1999, ..Budget::default() };
    let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    match before::start_within(&compiled, &[], Method::Leap, few, &mut stream) {
        Err(Failure::Budget { what, .. }) => assert!(what.contains("2000 barcoded clones"), "{what}"),
        other => panic!("{other:?}"),
    }
}
