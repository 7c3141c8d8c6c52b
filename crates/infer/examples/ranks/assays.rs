//! Cases of the assays of a dish: wells, colonies, courses, barcodes.
//!
//! Where data are costly to weigh (more than 150 colonies in a culture) truth and data are drawn anew until they are not: whether they
//! are kept depends on the data alone, so that the posterior given the data is the same as without this, and ranks stay uniform.

use crate::Fit;
use crate::cases::{Once, posterior, posterior_by, truth};
use remission_engine::draw::normal;
use remission_engine::stream::Stream;
use remission_infer::barcodes::emission::{Fitted, Pool};
use remission_infer::barcodes::sharing::{self, Limits, Sharing, Winners};
use remission_infer::barcodes::simulate as pools;
use remission_infer::barcodes::winners::fit;
use remission_infer::growth::posterior::DoseLines;
use remission_infer::growth::survivors::{self, Course, Courses};
use remission_infer::growth::{dose, windows::Window};
use remission_infer::jobs::Control;
use remission_infer::nuts;
use remission_infer::persister_fluctuation as colonies;
use remission_infer::persister_fluctuation::model::{Explained, Model};
use remission_infer::persister_fluctuation::simulate::{Design, assay};
use remission_infer::regrowth::simulate::{Arm, plate};
use remission_infer::regrowth::target::{self, Wells, group};
use remission_infer::smc::Settings;
use remission_infer::table::Reading;
use remission_infer::{prior::Target, regrowth};

/// Every case.
pub fn all() -> Vec<(&'static str, Once)> {
    vec![
        ("regrowth-before", |k, s| regrown(k, s, target::Kind::PreExisting, false)),
        ("regrowth-before-grown", |k, s| regrown(k, s, target::Kind::PreExisting, true)),
        ("regrowth-drug", |k, s| regrown(k, s, target::Kind::DrugInduced, false)),
        ("regrowth-persister", |k, s| regrown(k, s, target::Kind::Persister, false)),
        ("regrowth-resuming", |k, s| regrown(k, s, target::Kind::NonGenetic, false)),
        ("regrowth-both", |k, s| regrown(k, s, target::Kind::Mixture, false)),
        ("persister-fluctuation-before", |k, s| counted(k, s, colonies::model::Kind::PreExisting)),
        ("persister-fluctuation-persister", |k, s| counted(k, s, colonies::model::Kind::Persister)),
        ("persister-fluctuation-both", |k, s| counted(k, s, colonies::model::Kind::Mixture)),
        ("survivors-one-phase", |k, s| course(k, s, survivors::Kind::OnePhase)),
        ("survivors-persisters", |k, s| course(k, s, survivors::Kind::Persisters)),
        ("survivors-resistant", |k, s| course(k, s, survivors::Kind::Resistant)),
        ("growth-exponential", |k, s| dosed(k, s, Some(dose::Shape::Exponential))),
        ("growth-hill", |k, s| dosed(k, s, Some(dose::Shape::Hill))),
        ("growth-doses-alone", |k, s| dosed(k, s, None)),
        ("barcodes-before", |k, s| shared(k, s, sharing::Kind::Before)),
        ("barcodes-grown", |k, s| shared(k, s, sharing::Kind::Grown)),
        ("barcodes-during", |k, s| shared(k, s, sharing::Kind::During)),
        ("barcodes-both", |k, s| shared(k, s, sharing::Kind::Both)),
    ]
}

/// Twenty wells at a whole and ten at a tenth of the cells and a third of the dose, looked at twice a week for ten weeks.
fn regrown(k: u64, stream: &mut Stream, kind: target::Kind, grown: bool) -> Fit {
    let options = regrowth::Options { grown, ..regrowth::Options::default() };
    let looks: Vec<f64> = (1..=20).map(|k| 3.5 * f64::from(k)).collect();
    let arm = |wells, cells, dose| Arm { wells, cells, dose, looks: looks.clone() };
    let arms = [arm(20, 5000.0, 0.9), arm(10, 500.0, 0.3)];
    let truth = truth(&Wells::new(kind, &[], &options), stream);
    let grouped = group(&plate(kind, &truth, &arms, &options, stream));
    posterior(&Wells::new(kind, &grouped.groups, &options), truth, k)
}

/// Eight cultures looked at four times, persisters counted twice.
fn counted(k: u64, stream: &mut Stream, kind: colonies::model::Kind) -> Fit {
    let options = colonies::Options::default();
    let design = Design { cells: vec![2e5; 8], weeks: vec![3.0, 5.0, 7.0, 10.0], persister_weeks: vec![1.0, 9.0] };
    let none = assay(&colonies::model::Rates::NOTHING, &design, &options, stream);
    let empty = Model::new(&none, &options);
    let explained = Explained::new(kind, &empty, &options);
    loop {
        let truth = truth(&explained, stream);
        let found = assay(&explained.rates(&truth), &design, &options, stream);
        if found.cultures.iter().all(|c| c.colonies() <= 150) {
            return posterior(&Explained::new(kind, &Model::new(&found, &options), &options), truth, k);
        }
    }
}

/// Three wells read eight times within a week.
fn course(k: u64, stream: &mut Stream, kind: survivors::Kind) -> Fit {
    const GROWTH: f64 = 0.03;
    let times: Vec<f64> = (0..8).map(|k| 24.0 * f64::from(k)).collect();
    let with = |points: Vec<(f64, f64)>| Course { concentration: 1.0, peak: 0.0, points, times: 8, fall: 1.0 };
    let start = with(vec![(0.0, 0.0)]);
    let empty = Courses::new(kind, &[&start], GROWTH);
    let truth = truth(&empty, stream);
    let mut points = Vec::new();
    for t in times {
        let (mean, scatter) = empty.mean(&truth, 0, t);
        points.extend((0..3).map(|_| (t, mean + scatter * normal(stream))));
    }
    // With the particles of the command: 100 lose narrow peaks of the scatter (p 5e-5 of 500 fits).
    posterior_by(&Courses::new(kind, &[&with(points)], GROWTH), truth, &Settings::default(), k)
}

/// Three wells at each of five doses, read four times; those of 0 h belong to every dose. Levels are drawn about 0, where the
/// prior of the target looks for them about the first reading, with so much spread that it comes to the same.
fn dosed(k: u64, stream: &mut Stream, shape: Option<dose::Shape>) -> Fit {
    let mut readings = Vec::new();
    for (concentration, times) in [
        (0.0, &[0.0, 24.0, 48.0, 72.0][..]),
        (0.3, &[24.0, 48.0, 72.0]),
        (1.0, &[24.0, 48.0, 72.0]),
        (3.0, &[24.0, 48.0, 72.0]),
        (10.0, &[24.0, 48.0, 72.0]),
    ] {
        for time in times {
            for replicate in 1..=3 {
                readings.push(Reading { cell_type: "a".into(), concentration, time: *time, replicate, signal: 1.0 });
            }
        }
    }
    let doses = [0.0, 0.3, 1.0, 3.0, 10.0];
    let of = |readings: &[Reading]| {
        DoseLines::new(readings, "a", &doses, Window { from: 0.0, until: 72.0 }, shape, "uM")
            .expect("there are readings")
    };
    let blank = of(&readings);
    let truth = truth(&blank, stream);
    for (reading, mean) in readings.iter_mut().zip(blank.means(&truth)) {
        reading.signal = libm::exp(mean + truth[0] * normal(stream));
    }
    let target = of(&readings);
    let settings = nuts::Settings { tune: 500, draws: 500, chains: 2, seed: 1000 + k };
    let found = nuts::sample(&target, &settings, &Control::quiet()).expect("nobody interrupts");
    Fit { truth, draws: found.expect("the data are possible").draws }
}

/// Two baselines and four replicates of 1,000 barcodes, winners far above the others.
fn shared(k: u64, stream: &mut Stream, kind: sharing::Kind) -> Fit {
    let design =
        pools::Design { barcodes: 1000, spread: 1.0, cells: 2e5, replicates: 4, baselines: 2, depth: 1e5, noise: 0.03 };
    // e to the entropy of log-normal frequencies.
    let limits = Limits { selected: 0.1 * 1000.0 * libm::exp(-0.5), copies: (0.3, 100.0), theta: (0.01, 0.5) };
    let any = Pool::of(&[&[1, 1]]);
    let none = Winners::of(&any, &[], &[false, false]);
    let sharing = Sharing::new(&none, kind, &limits);
    let truth = truth(&sharing, stream);
    let rates = sharing.rates(&truth);
    let happens = pools::Truth {
        before: rates.before,
        law: rates.law,
        during: rates.during,
        survive: 0.1,
        grown: 2000.0,
        grown_spread: 0.5,
    };
    let data = pools::simulate(&happens, &design, stream);
    let counts: Vec<&[u64]> = data.samples.iter().map(|s| s.counts.as_slice()).collect();
    let pool = Pool::of(&counts[..2]);
    let fits: Vec<Fitted> = counts[2..].iter().map(|c| fit(&pool, c, 0.05, None)).collect();
    let winners = Winners::of(&pool, &fits.iter().collect::<Vec<_>>(), &vec![true; 1000]);
    let target = Sharing::new(&winners, kind, &limits);
    debug_assert_eq!(target.parameters().len(), truth.len());
    posterior(&target, truth, k)
}
