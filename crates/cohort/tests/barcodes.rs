//! What is counted by barcode at a look: it adds up, rare barcodes and cells without one are counted together, nothing is drawn.

use remission_cohort::barcodes::LISTED;
use remission_cohort::outcome::ArmOutcome;
use remission_cohort::patient::{Method, run};
use remission_engine::compiled::Compiled;
use remission_model::{model_from_toml, study_from_toml};
use std::collections::BTreeSet;

/// Sensitive cells with persisters and mutants, and mutants that arrive from outside.
fn one(before: &str, method: Method) -> ArmOutcome {
    let model = format!(
        "[model]\ntitle = 'x'\n[cells.s]\nbirth = '0.4 /day'\ndeath = '0.35 /day'\nswitches = [{{ to = 'p', rate = '0.05 /day' }}]\n\
         mutates = [{{ to = 'r', per_division = '0.1 %' }}]\n[cells.p]\nkind = 'persister'\nbirth = '0'\ndeath = '0.01 /day'\n\
         switches = [{{ to = 's', rate = '0.1 /day' }}]\n[cells.r]\nkind = 'resistant'\nbirth = '0.4 /day'\ndeath = '0.3 /day'\n\
         immigration = '2 cells/day'\n[before_treatment]\n{before}\n"
    );
    let model = model_from_toml("m.toml", &model).unwrap_or_else(|p| panic!("{p}"));
    let study = "[study]\npatients = 1\nseed = 3\nhorizon = '21 days'\nvisits = 'every week'\n[[arms]]\nname = 'a'\nregimen = []\n";
    let study = study_from_toml("s.toml", study, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    run(&Compiled::new(&model), &study, 0, method).arms.unwrap_or_else(|e| panic!("{e:?}")).remove(0)
}

/// Cells of each type, listed, together and without a barcode, are those that the visit counted.
fn adds_up(arm: &ArmOutcome) {
    assert_eq!(arm.barcodes.len(), arm.seen.len());
    for (barcodes, seen) in arm.barcodes.iter().zip(&arm.seen) {
        assert_eq!(barcodes.time, seen.time);
        let mut sums = vec![0; seen.by_type.len()];
        barcodes.listed.iter().for_each(|b| sums[b.cell_type as usize] += b.cells);
        barcodes.rest.iter().for_each(|r| sums[r.cell_type] += r.cells + r.unmarked);
        assert_eq!(sums.iter().map(|n| *n as f64).collect::<Vec<_>>(), seen.by_type, "day {}", seen.time);
        assert!(barcodes.listed.is_sorted_by(|a, b| (a.barcode, a.cell_type) < (b.barcode, b.cell_type)));
        assert!(barcodes.listed.iter().all(|b| b.cells > 0));
        let named = barcodes.listed.chunk_by(|a, b| a.barcode == b.barcode).count() as u32;
        let others = barcodes.rest.iter().map(|r| r.barcodes);
        let (least, most) = (named + others.clone().max().unwrap_or(0), named + others.sum::<u32>());
        assert!((least..=most).contains(&barcodes.living), "{} of {least} to {most}", barcodes.living);
    }
}

#[test]
fn barcodes_add_up_to_the_cells_of_every_type() {
    for method in [Method::Exact, Method::Leap] {
        let arm = one("start = { s = '3000 cells', r = '20 cells' }\nbarcodes = 'library of 500'", method);
        adds_up(&arm);
        let last = arm.barcodes.last().unwrap();
        let types: BTreeSet<u32> = last.listed.iter().map(|b| b.cell_type).collect();
        assert_eq!(types.len(), 3, "{method:?}: mutants and persisters carry barcodes");
        // Every look has fewer than 100,000 cells, so every barcode is listed, and only arrivals have none.
        assert!(last.rest.len() == 1 && last.rest[0].unmarked > 0 && last.rest[0].barcodes == 0, "{:?}", last.rest);
        let first = &arm.barcodes[0];
        assert_eq!(first.listed.iter().map(|b| b.cells).sum::<u64>(), 3020);
        assert!(first.rest.is_empty());
    }
}

#[test]
fn rare_barcodes_are_counted_together() {
    // 400,000 cells on 200,000 barcodes: listed are those with four cells or more.
    let arm = one("start = { s = '400000 cells' }\nbarcodes = 'library of 200000'", Method::Leap);
    adds_up(&arm);
    for (barcodes, seen) in arm.barcodes.iter().zip(&arm.seen) {
        let least = LISTED * seen.by_type.iter().sum::<f64>();
        let of_one = barcodes.listed.chunk_by(|a, b| a.barcode == b.barcode);
        let sizes: Vec<u64> = of_one.map(|rows| rows.iter().map(|r| r.cells).sum()).collect();
        assert!(sizes.iter().all(|n| *n as f64 >= least), "listed from {least}");
        assert!(!sizes.is_empty() && sizes.len() <= 100_000);
        for rest in &barcodes.rest {
            assert!(rest.barcodes > 0 && rest.cells >= u64::from(rest.barcodes), "{rest:?}");
        }
    }
    let first = &arm.barcodes[0];
    // 4 cells or more of a Poisson number with mean 2: chance 0.14288, 28,576 of 200,000 with standard deviation 156; 5 of them are
    // passed once in 1.7 million.
    assert!((first.listed.len() as f64 - 28_576.0).abs() < 5.0 * 156.0, "{}", first.listed.len());
    assert_eq!(first.listed.len() + first.rest[0].barcodes as usize, distinct(200_000.0, 400_000.0, first));
}

/// Different barcodes that are there, after a check that they are as many as expected (5 standard deviations).
fn distinct(size: f64, cells: f64, seen: &remission_cohort::outcome::BarcodesSeen) -> usize {
    let none = libm::exp(-cells / size);
    let (mean, sd) = (size * (1.0 - none), libm::sqrt(size * none * (1.0 - none)));
    let found = seen.listed.len() + seen.rest.iter().map(|r| r.barcodes as usize).sum::<usize>();
    assert!((found as f64 - mean).abs() < 5.0 * sd, "{found} for {mean}");
    found
}

#[test]
fn without_barcodes_and_in_the_mean_there_are_none() {
    assert!(one("start = { s = '3000 cells' }", Method::Leap).barcodes.is_empty());
    assert!(one("start = { s = '3000 cells' }\nbarcodes = 'one per cell'", Method::Mean).barcodes.is_empty());
}

/// Barcodes found other clones and move no count at the start.
#[test]
fn barcodes_change_no_count_at_the_start() {
    let with = one("start = { s = '500 cells' }\nbarcodes = 'one per cell'", Method::Leap);
    let without = one("start = { s = '500 cells' }", Method::Leap);
    assert_eq!(with.seen[0], without.seen[0]);
    let first =
        |arm: &ArmOutcome| arm.clones.iter().filter(|c| c.time == 0.0).map(|c| c.founder.barcode).collect::<Vec<_>>();
    assert_eq!(first(&with), (0..500).map(Some).collect::<Vec<_>>());
    assert_eq!(first(&without), [None]);
}
