//! Verdicts of the assays of a dish: counts, wells, colonies, barcodes, courses.
//!
//! Where a table is refused (more than 1,000 colonies, a course of which two phases cannot be asked) all is drawn anew, the
//! explanation too: whether it is refused depends on the data alone, so that probabilities given the data stay the same.

use crate::{Assay, Judged};
use remission_engine::draw::{gamma, normal, poisson};
use remission_engine::stream::Stream;
use remission_infer::barcodes::emission::Pool;
use remission_infer::barcodes::sharing::{self, Limits, Sharing, Winners};
use remission_infer::barcodes::{assay as barcoded, simulate as pools};
use remission_infer::fluctuation::conditions::{Conditions, Fitness};
use remission_infer::fluctuation::fit;
use remission_infer::fluctuation::plates::SPREADS;
use remission_infer::fluctuation::posterior::{FITNESS_PRIOR, simulate};
use remission_infer::fluctuation::read::{Culture, Experiment};
use remission_infer::fluctuation::verdict::{RANGE, SHARE, typical, weigh};
use remission_infer::growth::survivors::{self, Course, Courses, courses};
use remission_infer::jobs::Control;
use remission_infer::persister_fluctuation::model::{Explained, Kind as Source, Model, Rates};
use remission_infer::persister_fluctuation::simulate::{Design, assay};
use remission_infer::prior::{Prior, Target};
use remission_infer::regrowth::simulate::{Arm, plate};
use remission_infer::regrowth::target::{Kind, Wells};
use remission_infer::smc::Settings;
use remission_infer::table::Reading;
use remission_infer::verdict::{Origin, Verdict};
use remission_infer::{persister_fluctuation, regrowth};

/// Every assay here.
pub fn all() -> Vec<Assay> {
    vec![
        Assay { name: "fluctuation", sets: (900, 100), once: fluctuation },
        Assay { name: "regrowth", sets: (350, 60), once: regrown },
        Assay { name: "persister_fluctuation", sets: (350, 60), once: counted },
        Assay { name: "barcodes", sets: (250, 40), once: shared },
        Assay { name: "survivors", sets: (500, 60), once: course },
    ]
}

/// A truth from the prior of a target.
pub fn truth(target: &dyn Target, stream: &mut Stream) -> Vec<f64> {
    let z: Vec<f64> = target.parameters().iter().map(|_| normal(stream)).collect();
    target.at(&z)
}

/// One of some things, all alike.
pub fn one<T: Copy>(of: &[T], stream: &mut Stream) -> T {
    of[((stream.uniform() * of.len() as f64) as usize).min(of.len() - 1)]
}

/// A number between two, all orders of magnitude alike.
pub fn between(low: f64, high: f64, stream: &mut Stream) -> f64 {
    Prior::LogUniform(low, high).at(normal(stream))
}

pub fn judged(truth: Origin, verdict: &Verdict) -> Judged {
    Judged { truth, said: verdict.origin.clone() }
}

/// 5 to 48 cultures, a twentieth or more plated, counts of 300 or more cut off there; the fitness known in half, not said in a
/// quarter and free in a quarter, and in both of these larger counts are drawn anew. Nothing: no mutant in 3 to 12 cultures.
fn fluctuation(stream: &mut Stream, nothing: bool) -> Judged {
    let cultures = if nothing { one(&[3, 6, 12], stream) } else { one(&[5, 8, 12, 24, 48], stream) };
    let plating = one(&[0.05, 0.2, 0.5, 1.0], stream);
    let fitness = one(&[Fitness::Known(1.0), Fitness::Known(1.0), Fitness::Usual, Fitness::Free], stream);
    let known = fitness == Fitness::Known(1.0);
    let censor_at = known.then_some(300);
    let conditions = Conditions { fitness, plating: Some(plating), censor_at, ..Conditions::default() };
    let of = |counts: &[u64]| {
        let one = |n: &u64| Culture { mutants: *n, final_cells: None, plating: None };
        let experiment = Experiment { name: String::new(), cultures: counts.iter().map(one).collect() };
        fit::Assay::new(&experiment, &conditions).expect("conditions are in range")
    };
    loop {
        let origin = one(&[Origin::PreExisting, Origin::DuringTreatment, Origin::Mixture], stream);
        let free = fitness == Fitness::Free || (fitness == Fitness::Usual && stream.uniform() < 0.5);
        let w = if free { FITNESS_PRIOR.at(normal(stream)) } else { 1.0 };
        let law = of(&[0]).law(plating, w).ready(1);
        let m = between(RANGE.0, RANGE.1, stream);
        let share = Prior::Uniform(SHARE.0, SHARE.1).at(normal(stream));
        let (before, after) = match origin {
            Origin::PreExisting => (m, 0.0),
            Origin::DuringTreatment => (0.0, m),
            _ => (m, share / (1.0 - share) * typical(m, plating)),
        };
        // Plates that are the only ones to make colonies may differ.
        let spread = if origin == Origin::DuringTreatment { uneven(stream) } else { 0.0 };
        let count = |stream: &mut Stream| match spread > 0.0 {
            true => {
                let mean = gamma(stream, 1.0 / (spread * spread), spread * spread * after);
                poisson(stream, mean)
            }
            false => simulate(&law, before, after, stream),
        };
        let counts: Vec<u64> = (0..cultures).map(|_| if nothing { 0 } else { count(stream) }).collect();
        if !known && counts.iter().any(|n| *n > 300) {
            continue;
        }
        return judged(origin, &weigh(&of(&counts), &Control::quiet()).expect("nobody stops it"));
    }
}

/// A spread between plates from its prior.
fn uneven(stream: &mut Stream) -> f64 {
    let mut left = stream.uniform();
    let found = SPREADS.into_iter().find(|(_, weight)| {
        left -= weight;
        left < 0.0
    });
    found.map_or(0.0, |(spread, _)| spread)
}

/// 16 to 96 wells, in half of the plates at two sizes and two doses, looked at once or twice a week for 6 to 12 weeks. Nothing:
/// watched for three days, in which no well regrows.
fn regrown(stream: &mut Stream, nothing: bool) -> Judged {
    let options = regrowth::Options { next: false, ..regrowth::Options::default() };
    let every = one(&[3.5, 7.0], stream);
    let weeks = one(&[6.0, 8.0, 12.0], stream);
    let number = (7.0 * weeks / every) as u32;
    let looks: Vec<f64> = if nothing { vec![3.0] } else { (1..=number).map(|k| every * f64::from(k)).collect() };
    let wells = one(&[16, 32, 48, 96], stream);
    let arm = |wells, cells, dose| Arm { wells, cells, dose, looks: looks.clone() };
    let arms = match stream.uniform() < 0.5 {
        true => vec![arm(wells, 5000.0, 1.0)],
        false => vec![arm(wells / 2, 5000.0, 1.0), arm(wells / 4, 500.0, 1.0), arm(wells / 4, 5000.0, 0.3)],
    };
    loop {
        let kind = one(&Kind::ALL, stream);
        let truth = truth(&Wells::new(kind, &[], &options), stream);
        let experiment = plate(kind, &truth, &arms, &options, stream);
        if nothing && experiment.regrown() > 0 {
            continue;
        }
        let data = regrowth::data::Data { experiments: vec![experiment], notes: Vec::new() };
        let found = regrowth::answer(&data, &options, &Control::quiet()).expect("options are in range");
        return judged(kind.origin(), found[0].verdict.as_ref().expect("a verdict"));
    }
}

/// 6 to 24 cultures of 1e4 to 1e6 cells, looked at three or four times in 6 to 12 weeks, persisters counted in half. Nothing: no
/// colony in any.
fn counted(stream: &mut Stream, nothing: bool) -> Judged {
    let options = persister_fluctuation::Options { next: false, ..Default::default() };
    let cells = one(&[1e4, 1e5, 1e6], stream);
    let last = one(&[6.0, 10.0, 12.0], stream);
    let weeks = one(&[&[0.4, 0.7, 1.0][..], &[0.3, 0.5, 0.75, 1.0][..]], stream);
    let design = Design {
        cells: vec![cells; one(&[6, 12, 24], stream)],
        weeks: weeks.iter().map(|w| w * last).collect(),
        persister_weeks: if stream.uniform() < 0.5 { vec![1.0, last - 1.0] } else { Vec::new() },
    };
    let empty = Model::new(&assay(&Rates::NOTHING, &design, &options, stream), &options);
    loop {
        let kind = one(&Source::ALL, stream);
        let explained = Explained::new(kind, &empty, &options);
        let truth = truth(&explained, stream);
        let mut found = assay(&explained.rates(&truth), &design, &options, stream);
        if nothing {
            found.cultures.iter_mut().for_each(|c| c.looks.iter_mut().for_each(|l| l.1 = 0));
        }
        if found.cultures.iter().any(|c| c.colonies() as u64 > persister_fluctuation::data::MOST_COLONIES) {
            continue;
        }
        let data = persister_fluctuation::data::Data { experiments: vec![found], notes: Vec::new() };
        let found = persister_fluctuation::answer(&data, &options, &Control::quiet()).expect("options are in range");
        return judged(kind.origin(), found[0].verdict.as_ref().expect("a verdict"));
    }
}

/// 500 to 3,000 barcodes, 2 to 6 replicates, winners a hundred times or more above what survives, or nothing else that does. Nothing: one replicate with
/// winners, which cannot show whether they are shared.
fn shared(stream: &mut Stream, nothing: bool) -> Judged {
    use sharing::Kind::{Before, Both, BothGrown, During, Grown, Sample};
    let settings = Settings { particles: 100, runs: 2, moves: 30, again: 0, ..Settings::default() };
    let options = barcoded::Options { settings, ..barcoded::Options::default() };
    let design = pools::Design {
        barcodes: one(&[500, 1000, 3000], stream),
        spread: one(&[0.7, 1.0], stream),
        cells: between(1e5, 1e6, stream),
        replicates: if nothing { 1 } else { one(&[2, 3, 4, 6], stream) },
        baselines: one(&[1, 2], stream),
        depth: between(3e4, 3e5, stream),
        noise: between(0.01, 0.1, stream),
    };
    // In the proportions of the verdict's prior weights, of 24; winners by resistance or by chance; the last: all lineages survive alike.
    let kinds = [
        (2, Some(Before), false),
        (2, Some(Grown), false),
        (6, Some(During), false),
        (3, Some(Both), false),
        (3, Some(BothGrown), false),
        (1, Some(Both), true),
        (1, Some(BothGrown), true),
        (2, Some(During), true),
        (2, Some(Sample), false),
        (2, None, false),
    ];
    let kinds: Vec<_> = kinds.into_iter().flat_map(|(n, kind, chance)| vec![(kind, chance); n]).collect();
    // Neither the sample nor likes have winners: the last four.
    let (kind, chance) = one(if nothing { &kinds[..20] } else { &kinds }, stream);
    let origin = match kind {
        Some(Before | Grown) => Origin::PreExisting,
        Some(Both | BothGrown) if chance => Origin::PreExisting,
        Some(During) if !chance => Origin::DuringTreatment,
        Some(Both | BothGrown) => Origin::Mixture,
        _ => Origin::NonGenetic,
    };
    // e to the entropy of log-normal frequencies.
    let effective = design.barcodes as f64 * libm::exp(-0.5 * design.spread * design.spread);
    let limits = Limits { selected: sharing::selected(effective), copies: options.copies, theta: options.theta };
    let any = Pool::of(&[&[1, 1]]);
    let none = Winners::of(&any, &[], &[false, false]);
    let mut happens = pools::Truth {
        before: 0.0,
        law: sharing::Law::Older(1.0),
        during: 0.0,
        survive: between(3e-4, 3e-2, stream),
        grown: between(100.0, 3000.0, stream),
        grown_spread: 1.0,
    };
    if let Some(kind) = kind {
        let sharing = Sharing::new(&none, kind, &limits);
        let rates = sharing.rates(&truth(&sharing, stream));
        happens = pools::Truth { before: rates.before, law: rates.law, during: rates.during, ..happens };
        // Half of the winners by resistance, and all by chance, stand alone.
        if chance || (kind != Sample && stream.uniform() < 0.5) {
            happens.survive = 0.0;
        }
    }
    let mut data = pools::simulate(&happens, &design, stream);
    data.samples.retain(|s| s.depth() > 0);
    match barcoded::answer(&data, &options, &Control::quiet()) {
        Ok(found) => judged(origin, found[0].verdict.as_ref().expect("a verdict")),
        // Every cell died: no sample, no verdict.
        Err(_) => {
            let share = [Origin::PreExisting, Origin::DuringTreatment, Origin::Mixture, Origin::NonGenetic];
            Judged { truth: origin, said: share.map(|o| (o, 0.25)).to_vec() }
        }
    }
}

/// Three to six wells read six to twelve times in four to ten days, from the peak of their mean on. Nothing: a course that is read
/// in its first phase alone, with much scatter.
fn course(stream: &mut Stream, nothing: bool) -> Judged {
    const GROWTH: f64 = 0.03;
    let days = one(&[4.0, 7.0, 10.0], stream);
    let (wells, number) = (one(&[3, 6], stream), one(&[6, 8, 12], stream));
    loop {
        let (kind, origin) = one(
            &[
                (survivors::Kind::OnePhase, Origin::None),
                (survivors::Kind::Persisters, Origin::NonGenetic),
                (survivors::Kind::Resistant, Origin::PreExisting),
                (survivors::Kind::Resistant, Origin::DuringTreatment),
            ],
            stream,
        );
        let start = Course { concentration: 1.0, peak: 0.0, points: vec![(0.0, 0.0)], times: 1, fall: 0.0 };
        let law = Courses::new(kind, &[&start], GROWTH);
        let mut truth = truth(&law, stream);
        if nothing {
            truth[1] = 0.7 / (24.0 * days);
            truth[2] = 0.3;
        }
        let mut readings = Vec::new();
        for k in 0..number {
            let time = 24.0 * days * k as f64 / (number - 1) as f64;
            let (mean, scatter) = law.mean(&truth, 0, time);
            for replicate in 1..=wells {
                let signal = libm::exp(mean + scatter * normal(stream));
                readings.push(Reading { cell_type: "a".into(), concentration: 1.0, time, replicate, signal });
            }
        }
        let found = courses(&readings, "a", &[1.0], 0.0, 24.0 * days);
        let Some(course) = found.first().filter(|c| c.tells()) else { continue };
        let (verdict, _) =
            survivors::weigh(course, GROWTH, &Settings::default(), &Control::quiet()).expect("nobody interrupts");
        return judged(origin, &verdict);
    }
}
