//! One patient from the outside: what is dated how, who is seen when, and that nothing is drawn twice.
//!
//! Where chance is counted a z of 5 is a false alarm once in 1.7 million tests; everything else is exact.

use remission_cohort::ctdna::{Assay, Locus};
use remission_cohort::measure::Meter;
use remission_cohort::outcome::{ArmOutcome, Ended, OriginFound};
use remission_cohort::patient::{Method, run};
use remission_cohort::variation::visit_days;
use remission_engine::compiled::Compiled;
use remission_engine::state::Origin;
use remission_engine::stream::{Purpose, Stream};
use remission_model::resolved::{MeasurementKind, Study, Visits};
use remission_model::{model_from_toml, study_from_toml};

/// A tumour of `sensitive` and `resistant` cells that grow alike, looked at every six weeks without error.
fn case(cells: &str, more: &str, study: &str) -> (Compiled, Study) {
    let model = format!(
        "[model]\ntitle = 'x'\n[cells.s]\nbirth = '0.02 /day'\ndeath = '0'\n[cells.r]\nkind = 'resistant'\nmechanism = 'M'\n\
         birth = '0.02 /day'\ndeath = '0'\n[before_treatment]\nstart = {{ {cells} }}\n[measurements.sum]\n\
         kind = 'sum_of_diameters'\nshares = [1]\ncells_per_volume = '1e9 cells/cm^3'\nreader_error = '0'\ntoo_small = '0 mm'\n{more}"
    );
    let model = model_from_toml("m.toml", &model).unwrap_or_else(|p| panic!("{p}"));
    let study = format!(
        "[study]\npatients = 10\nseed = 5\nhorizon = '2 years'\nvisits = 'every 6 weeks'\nrecist_on = 'sum'\n{study}\n\
         [[arms]]\nname = 'a'\nregimen = []\nafter_progression = 'continue'\n"
    );
    let study = study_from_toml("s.toml", &study, "x", &model).unwrap_or_else(|p| panic!("{p}"));
    (Compiled::new(&model), study)
}

fn one(compiled: &Compiled, study: &Study, number: u32, method: Method) -> ArmOutcome {
    run(compiled, study, number, method).arms.unwrap_or_else(|e| panic!("{e:?}")).remove(0)
}

/// Diameters grow by exp(0.02 t / 3): 20 % and 5 mm above 27 mm are reached at 27.4 days or, the 5 mm, 25.4 days; so at the visit of
/// day 42, after day 0.
#[test]
fn progression_is_dated_by_its_visit() {
    let (compiled, study) = case("s = '1e10 cells'", "", "");
    let arm = one(&compiled, &study, 0, Method::Mean);
    let p = arm.time_to_progression;
    assert_eq!((p.time, p.event, p.after), (42.0, true, 0.0));
    assert_eq!(arm.progression, p);
    // Followed until the ceiling of 1e13 cells.
    assert_eq!((arm.survival.event, arm.ended), (false, Ended::Ceiling));
    assert!((arm.survival.time - libm::log(1000.0) / 0.02).abs() < 1e-3, "{}", arm.survival.time);
}

/// A clone of 1 % of the cells or less is no cause; a mechanism is found from the share that the study says.
#[test]
fn small_clones_are_no_cause_and_rare_mechanisms_are_not_found() {
    let at = |share: f64, detects: &str| {
        let cells = format!("s = '{:e} cells', r = '{:e} cells'", 1e10 * (1.0 - share), 1e10 * share);
        let (compiled, study) = case(&cells, "", &format!("rebiopsy_detects = '{detects}'"));
        one(&compiled, &study, 0, Method::Mean).rebiopsy.expect("progression")
    };
    let here = OriginFound::Clone(Origin::PreExisting);
    for (share, detects, origin, found) in [
        (0.009, "5 %", OriginFound::NonGenetic, false),
        (0.011, "5 %", here, false),
        (0.049, "5 %", here, false),
        (0.051, "5 %", here, true),
        (0.051, "6 %", here, false),
        (0.009, "0.8 %", OriginFound::NonGenetic, true),
    ] {
        let seen = at(share, detects);
        assert_eq!((seen.origin, seen.found), (origin, vec![found]), "{share} {detects}");
    }
}

/// Deaths of other causes come at the hazard of the model, and nobody is seen or treated after them.
#[test]
fn deaths_come_at_their_hazard_and_nobody_is_seen_after() {
    let (compiled, study) = case("s = '1e6 cells'", "[death]\nbackground = '0.004 /day'\n", "");
    let (n, day) = (2000u32, 200.0);
    let mut alive = 0.0;
    for number in 0..n {
        let arm = one(&compiled, &study, number, Method::Mean);
        let end = arm.survival.time;
        assert_eq!(arm.ended == Ended::Death, arm.survival.event);
        assert!(arm.seen.iter().all(|s| s.time <= end), "seen after day {end}");
        assert!(arm.time_to_progression.time <= end);
        assert!(arm.seen.len() as f64 >= 1.0 + (end / 42.0 - 1.0).floor(), "{} looks until {end}", arm.seen.len());
        alive += f64::from(u8::from(end > day));
    }
    let p = libm::exp(-0.004 * day);
    let z = (alive - f64::from(n) * p) / libm::sqrt(f64::from(n) * p * (1.0 - p));
    assert!(z.abs() < 5.0, "{alive} of {n} alive on day {day}, z {z}");
}

const BLOOD: &str = "[measurements.blood]\nkind = 'ctdna'\nshed = '0.01'\nhalf_life = '30 min'\nplasma = '3 L'\nblood = '15 mL'\n\
                     background = '0 ng/mL'\nmutated_copies = 2\ncopies = 2\nrecovery = '1'\ndepth = 100000\n[measurements.count]\n\
                     kind = 'cell_count'\nerror = '30 %'\n[covariates.weight]\nvalue = '70 kg'\nbetween_patients = 'lognormal(cv = 20 %)'\n\
                     source = { url = 'https://example.org/data', where = 'Table 1' }\n";

/// Errors of a scan and of a tube of blood have nothing in common: over independent patients the correlation of two
/// independent numbers has a standard deviation of 1 / sqrt(n - 1).
#[test]
fn blood_and_scans_draw_apart() {
    let cells = "s = '1e11 cells'";
    let (mut model, study) = case(cells, BLOOD, "");
    // Cells that die shed.
    model.model.cells[0].death = model.model.cells[0].birth.clone();
    // The first reading of a scan has an error too: it comes of the first numbers, as the first tube does.
    if let MeasurementKind::SumOfDiameters { reader_error, .. } = &mut model.model.measurements[0].kind {
        *reader_error = 0.3;
    }
    let compiled = Compiled::new(&model.model);
    let n = 400;
    let pairs: Vec<(f64, f64)> = (0..n)
        .map(|number| {
            let seen = one(&compiled, &study, number, Method::Mean).seen.remove(0);
            // Sum, share of reads, GE, mechanism M, count.
            (seen.readings[2], libm::log(seen.readings[0]))
        })
        .collect();
    let mean = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>() / pairs.len() as f64;
    let (a, b) = (mean(&|p| p.0), mean(&|p| p.1));
    let (va, vb) = (mean(&|p| (p.0 - a) * (p.0 - a)), mean(&|p| (p.1 - b) * (p.1 - b)));
    assert!(va > 0.0 && vb > 0.0, "{va} {vb}");
    let r = mean(&|p| (p.0 - a) * (p.1 - b)) / libm::sqrt(va * vb);
    assert!(r.abs() * libm::sqrt(f64::from(n - 1)) < 5.0, "correlation {r}");
}

/// No two patients are the same person.
#[test]
fn patients_differ() {
    let (compiled, study) = case("s = '1e6 cells'", BLOOD, "");
    let mut weights: Vec<u64> =
        (0..300).map(|k| run(&compiled, &study, k, Method::Mean).covariates[0].value.to_bits()).collect();
    weights.sort_unstable();
    weights.dedup();
    assert_eq!(weights.len(), 300);
}

/// Readings of a count are log-normal around it: the logarithm has mean 0 and the stated standard deviation.
#[test]
fn counting_errors_are_log_normal() {
    let meter = Meter::Cells { error: 0.3, limit: 0.0 };
    let mut stream = Stream::new(4, 0, 0, Purpose::Check);
    let n = 20_000;
    let logs: Vec<f64> = (0..n).map(|_| libm::log(meter.read(1e6, &mut stream) / 1e6)).collect();
    let mean = logs.iter().sum::<f64>() / f64::from(n);
    let variance = logs.iter().map(|x| x * x).sum::<f64>() / f64::from(n);
    let z = mean / (0.3 / libm::sqrt(f64::from(n)));
    let zv = (variance / 0.09 - 1.0) / libm::sqrt(2.0 / f64::from(n));
    assert!(z.abs() < 5.0 && zv.abs() < 5.0, "z of the mean {z}, of the variance {zv}");
}

/// RECIST 1.1, 4.2: a lesion too small to measure is recorded as 5 mm; here from half of that on, below it as gone.
#[test]
fn lesions_too_small_to_measure_are_recorded_as_the_limit() {
    let one = remission_cohort::measure::diameter(1.0, 1e12);
    let meter = Meter::Diameters { shares: vec![1.0], density: 1e12, error: 0.0, too_small: 5.0, one, spread: 0.0 };
    let mut stream = Stream::new(4, 0, 0, Purpose::Check);
    // Cells of a sphere of d mm: pi / 6 d^3 mm^3 at 1e6 cells/mm^3.
    let cells = |d: f64| std::f64::consts::PI / 6.0 * d * d * d * 1e6;
    for (d, read) in [(0.6, 0.0), (2.4, 0.0), (2.6, 5.0), (4.9, 5.0), (5.1, 5.1), (30.0, 30.0)] {
        let found = meter.read(cells(d), &mut stream);
        assert!((found - read).abs() < 1e-9, "{d} mm: {found}");
    }
}

/// Every whole day of the window, both ends among them, is as likely as any other.
#[test]
fn visits_fall_on_every_day_of_the_window() {
    let visits = Visits { spacing: vec![(0.0, 42.0)], window: 3.0 };
    let mut seen = [0u32; 7];
    let n = 14_000;
    for patient in 0..n {
        let mut stream = Stream::new(9, patient, 0, Purpose::Visits);
        let moved = visit_days(&visits, 50.0, &mut stream)[0] - 42.0;
        seen[(moved + 3.0) as usize] += 1;
    }
    let (each, sd) = (n as f64 / 7.0, libm::sqrt(n as f64 * 6.0 / 49.0));
    // Seven looks at a z of 5 each.
    assert!(seen.iter().all(|&k| (f64::from(k) - each).abs() < 5.0 * sd), "{seen:?}");
}

/// An assay that reads everything of 8.25 mL of plasma.
fn assay(recovery: f64) -> Assay {
    Assay {
        shed: 1e-4,
        elimination: 33.3,
        plasma: 3.0,
        drawn: 8.25e-3,
        background: 6e-3,
        copies: (1.0, 2.0),
        recovery,
        depth: u64::MAX,
        artefacts: 0.0,
        limit: 0.0,
        sites: 1,
        carriers: Vec::new(),
    }
}

/// 6 ng/mL in 8.25 mL of plasma are 49.5 ng: 15,000 copies of a locus at 3.3 pg a haploid genome.
#[test]
fn healthy_dna_is_counted_in_haploid_genomes() {
    let locus = assay(1.0).locus(0.0, 0.0);
    assert!((locus.wild - 15_000.0).abs() < 1e-6 && locus.mutant == 0.0, "{locus:?}");
}

/// Whatever share of the molecules is recovered, the tube held a Poisson number with the mean of the locus.
#[test]
fn what_is_lost_was_in_the_tube() {
    let locus = Locus { mutant: 40.0, wild: 100.0, depth: u64::MAX };
    for recovery in [0.1, 0.8] {
        let mut stream = Stream::new(6, 0, 0, Purpose::Check);
        let n = 4000;
        let (mut held, mut reads) = (0.0, 0.0);
        for _ in 0..n {
            let tube = assay(recovery).draw(&locus, &mut stream);
            held += tube.mutant as f64;
            reads += tube.reads as f64;
        }
        let z = |sum: f64, mean: f64| (sum - f64::from(n) * mean) / libm::sqrt(f64::from(n) * mean);
        let (held, reads) = (z(held, 40.0), z(reads, 140.0 * recovery));
        assert!(held.abs() < 5.0 && reads.abs() < 5.0, "recovery {recovery}: z {held}, {reads}");
    }
}
