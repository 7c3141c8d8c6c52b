//! The figures behind the pictures of single patients, of exposure and of readings, put into a report's data.
//!
//! Which patients are shown is a rule and not a choice: courses are those of the first patients by number, portraits of clones
//! those at stated ranks of time to progression. Patients are found by their number, so a portrait is made by running that
//! patient once more; nothing has to be kept of the others.

mod levels_over_time;

use crate::figures::rank;
use crate::report::data::*;
use crate::treatment::{Shown, shown};
use remission_cohort::levels::{self, Span, Spread};
use remission_cohort::measure::channels;
use remission_cohort::outcome::ArmOutcome;
use remission_cohort::patient::{self, Method};
use remission_cohort::sample::{self, KEPT};
use remission_cohort::statistics::concordance::somers_d;
use remission_cohort::summary::{ArmData as ArmPatients, Gather, observations};
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::state::Cause;
use remission_model::resolved::{Arm, MeasurementKind, Model, Route, Study};

/// Bars of a waterfall that are kept.
const BARS: usize = 2_000;
/// Patients behind the spread of an exposure.
const PEOPLE: u32 = 200;
/// Clones kept of a portrait.
const CLONES: usize = 24;
/// From this many arms on each shows one portrait; fewer show three.
const MANY_ARMS: usize = 3;
/// Above this many arms the first arm's patient is not shown in the others.
const COMPARED: usize = 4;
/// Fewest progressions from which parameters are ranked.
const FEWEST: usize = 30;
/// Days shown of a drug that is given once.
const ONCE: f64 = 28.0;
/// Rows of a record among which the first dose is looked for.
const RECORDED: usize = 10_000;

/// Adds what single patients, exposure and readings show.
pub fn fill(data: &mut ReportData, compiled: &Compiled, study: &Study, gathered: &Gather, method: Method) {
    let model = &compiled.model;
    let numbers = numbers(gathered);
    let people = levels::people(model, study.seed, study.patients.min(PEOPLE));
    data.percentiles_of = gathered.finished.min(KEPT as u32);
    if let Some((limit, what)) = detection_limit(compiled) {
        (data.detection_limit_cells, data.detection_limit_is) = (Some(limit), what);
    }
    for (k, arm) in data.arms.iter_mut().enumerate() {
        let kept = &gathered.sample.arms[k];
        arm.waterfall = study.recist_on.map(|_| waterfall(&gathered.arms()[k]));
        arm.courses = kept.courses.iter().map(|c| course(model, &study.arms[k], c)).collect();
        arm.exposure = exposure(compiled, &study.arms[k], study.horizon, &people);
        arm.series = series(compiled, gathered, k);
    }
    levels_over_time::fill(data, model, gathered);
    portraits(data, compiled, study, gathered, &numbers, method);
    data.ranking = if study.assesses_progression() { ranking(model, study, gathered, &numbers) } else { None };
}

/// Numbers of the patients with an outcome.
fn numbers(gathered: &Gather) -> Vec<u32> {
    let mut failed: Vec<u32> = gathered.failed.iter().map(|f| f.0).collect();
    failed.sort_unstable();
    (0..gathered.asked).filter(|n| failed.binary_search(n).is_err()).collect()
}

/// Five digits: more than a picture shows, and a shorter file.
fn short(x: f64) -> f64 {
    format!("{x:.4e}").parse().unwrap_or(x)
}

/// The typical tumour below which nothing is seen, in cells, and by what.
fn detection_limit(compiled: &Compiled) -> Option<(f64, String)> {
    let model = &compiled.model;
    let count = model.measurements.iter().find_map(|m| match &m.kind {
        MeasurementKind::CellCount { detection_limit, .. } if *detection_limit > 0.0 => {
            Some((*detection_limit, format!("of {}", m.name)))
        }
        _ => None,
    });
    let of_sum = model.measurements.iter().find_map(|m| match &m.kind {
        MeasurementKind::SumOfDiameters { shares, cells_per_litre, too_small, .. } => {
            let density = over_parameters(compiled, &levels::typical(model), cells_per_litre);
            let largest = shares.iter().copied().fold(0.0, f64::max);
            let across = 0.5 * too_small / 100.0;
            let cells = density * std::f64::consts::PI / 6.0 * across * across * across / largest;
            let what = format!("largest lesion {} mm across", remission_model::units::number(0.5 * too_small));
            (cells.is_finite() && cells > 1.0).then_some((cells, what))
        }
        _ => None,
    });
    count.or(of_sum)
}

fn waterfall(arm: &ArmPatients) -> Waterfall {
    let code = |k: usize| arm.best[k].map_or("NE", |r| r.code());
    let mut all: Vec<(f32, usize)> =
        arm.best_change.iter().enumerate().filter(|(_, c)| c.is_finite()).map(|(k, c)| (*c, k)).collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(code(a.1).cmp(code(b.1))).then(a.1.cmp(&b.1)));
    let shown = all.len().min(BARS);
    let bars = (0..shown)
        .map(|k| all[if shown == all.len() { k } else { k * (all.len() - 1) / (shown - 1).max(1) }])
        .map(|(change, k)| (short(f64::from(change)), code(k).to_string()))
        .collect();
    Waterfall { patients: all.len(), unknown: arm.best_change.len() - all.len(), bars }
}

fn course(model: &Model, arm: &Arm, kept: &sample::Course) -> Course {
    let baseline = kept.sums.first().map(|s| s.1).filter(|s| *s > 0.0);
    Course {
        patient: kept.patient,
        best: kept.best.map_or(String::new(), |r| r.code().to_string()),
        baseline: baseline.map(short),
        changes: baseline
            .map(|b| kept.sums.iter().map(|(day, sum)| (*day, short(sum / b - 1.0))).collect())
            .unwrap_or_default(),
        responded: kept.responded,
        progressed: kept.progressed,
        ended: kept.ended.name().to_string(),
        end: kept.end,
        dose_changes: kept
            .dose_changes
            .iter()
            .map(|c| DoseChange {
                day: c.time,
                drug: model.drugs[c.drug].name.clone(),
                scale: short(c.scale),
                rule: arm.rules[c.rule].sentence.clone(),
            })
            .collect(),
    }
}

fn exposure(compiled: &Compiled, arm: &Arm, horizon: f64, people: &[Vec<f64>]) -> Vec<Exposure> {
    let model = &compiled.model;
    (0..model.drugs.len())
        .filter_map(|drug| one_drug(compiled, &shown(arm, Some(drug)), drug, horizon, people))
        .collect()
}

/// One drug over its steady cycle, or after its only dose; `None` when it is not given or does not move.
fn one_drug(
    compiled: &Compiled,
    Shown { regimen, of: whose }: &Shown<'_>,
    drug: usize,
    horizon: f64,
    people: &[Vec<f64>],
) -> Option<Exposure> {
    let described = &compiled.model.drugs[drug];
    // Of a beam there is nothing between fractions to be drawn.
    if matches!(described.route, Route::Radiation { .. }) {
        return None;
    }
    let held = matches!(described.route, Route::Held);
    let (span, number, steady) = match levels::steady_cycle(compiled, regimen, drug, horizon, people).ok()? {
        Some(cycle) => (cycle.span, cycle.number, cycle.steady),
        None => {
            let all = levels::doses(regimen, drug, Span { from: 0.0, to: horizon }, RECORDED);
            let first = all.iter().find(|d| d.amount > 0.0).filter(|_| !held)?;
            (Span { from: first.day, to: (first.day + ONCE).min(horizon) }, 0, false)
        }
    };
    let found = levels::levels(compiled, regimen, drug, span, people).ok()?;
    let per = 1.0 / described.felt_scale;
    let of = |s: &Spread| (short(s.typical * per), short(s.low * per), short(s.middle * per), short(s.high * per));
    let (dose_unit, dose_scale) = described.dose_unit();
    let dose_unit = dose_unit.to_string();
    let curve = found.times.iter().zip(&found.curve).map(|(t, s)| {
        let (typical, low, middle, high) = of(s);
        (short(t - span.from), typical, low, middle, high)
    });
    Some(Exposure {
        drug: described.name.clone(),
        unit: described.felt_unit.clone(),
        cycle: number,
        steady,
        from: span.from,
        days: span.to - span.from,
        patients: people.len(),
        record: whose.clone(),
        varies: found.varies,
        curve: curve.collect(),
        doses: levels::doses(regimen, drug, span, 200)
            .iter()
            .map(|d| {
                (short(d.day - span.from), short(d.amount / dose_scale), d.duration.is_finite().then_some(d.duration))
            })
            .collect(),
        dose_unit,
        lowest: of(&found.lowest),
        average: of(&found.average),
        highest: of(&found.highest),
    })
}

/// Readings of an arm; an exact count without a limit says nothing that the burden does not.
fn series(compiled: &Compiled, gathered: &Gather, k: usize) -> Vec<Series> {
    let model = &compiled.model;
    let all = channels(model);
    let sample = &gathered.sample;
    let typical = levels::typical(model);
    let mut out = Vec::new();
    for (channel, visits) in sample.series.iter().map(|c| &all[*c]).zip(&sample.arms[k].readings) {
        let mut limit = None;
        // Shares of reads are shown in per cent, as laboratories write them.
        let (scale, unit) = if channel.unit == "1" { (100.0, "% of reads") } else { (1.0, channel.unit) };
        match &model.measurements[channel.measurement].kind {
            MeasurementKind::CellCount { error, detection_limit } => {
                if *error == 0.0 && *detection_limit == 0.0 {
                    continue;
                }
                limit = Some(*detection_limit);
            }
            MeasurementKind::Ctdna(assay) if channel.unit == "1" => {
                limit = Some(scale * over_parameters(compiled, &typical, &assay.detection_limit));
            }
            MeasurementKind::Sequencing(s) => {
                limit = Some(scale * over_parameters(compiled, &typical, &s.detection_limit));
            }
            MeasurementKind::Ctdna(_) | MeasurementKind::SumOfDiameters { .. } => {}
        }
        let limit = limit.filter(|l| *l > 0.0 && l.is_finite()).map(short);
        let points = visits.iter().filter(|v| !v.days.is_empty()).map(|visit| {
            let sorted = |values: &[f32]| {
                let mut x: Vec<f64> = values.iter().map(|v| f64::from(*v)).filter(|v| v.is_finite()).collect();
                x.sort_by(f64::total_cmp);
                x
            };
            let (days, read) = (sorted(&visit.days), sorted(&visit.readings));
            let at = |p: f64| if read.is_empty() { 0.0 } else { short(scale * rank(&read, p)) };
            Reading {
                day: rank(&days, 0.5),
                low: at(0.05),
                middle: at(0.5),
                high: at(0.95),
                patients: read.len(),
                detected: read.iter().filter(|r| **r > 0.0).count() as f64 / read.len().max(1) as f64,
            }
        });
        out.push(Series { name: channel.name.clone(), unit: unit.to_string(), limit, points: points.collect() });
    }
    out
}

/// Adds the portraits: by rank of time to progression in each arm, and the first arm's median patient in the others.
fn portraits(
    data: &mut ReportData,
    compiled: &Compiled,
    study: &Study,
    gathered: &Gather,
    numbers: &[u32],
    method: Method,
) {
    if method == Method::Mean || numbers.is_empty() {
        return;
    }
    let arms = study.arms.len();
    // Patient, arm, why, chosen there.
    let mut chosen: Vec<(u32, usize, String, bool)> = Vec::new();
    let mut first_median = None;
    for (k, arm) in gathered.arms().iter().enumerate() {
        let mut times: Vec<(f64, usize)> = arm
            .time_to_progression
            .iter()
            .enumerate()
            .filter(|(_, w)| w.event)
            .map(|(patient, w)| (w.time, patient))
            .collect();
        times.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let shares: &[(f64, &str)] = if arms >= MANY_ARMS {
            &[(0.5, "half")]
        } else {
            &[(0.25, "a quarter"), (0.5, "half"), (0.75, "three quarters")]
        };
        if times.is_empty() {
            let why =
                if study.assesses_progression() { "nobody progressed; the first patient" } else { "the first run" };
            chosen.push((numbers[0], k, why.to_string(), true));
        }
        for (share, name) in shares.iter().filter(|_| !times.is_empty()) {
            let at = ((libm::ceil(share * times.len() as f64) as usize).max(1)) - 1;
            let number = numbers[times[at].1];
            if k == 0 && *share == 0.5 {
                first_median = Some(number);
            }
            if !chosen.iter().any(|c| c.0 == number && c.1 == k) {
                chosen.push((number, k, format!("{name} of those who progressed had done so by then"), true));
            }
        }
    }
    if let (Some(number), true) = (first_median, (2..=COMPARED).contains(&arms)) {
        for k in 1..arms {
            if !chosen.iter().any(|c| c.0 == number && c.1 == k) {
                let why = format!("the same patient as under {}", study.arms[0].name);
                chosen.push((number, k, why, false));
            }
        }
    }
    let mut again: Vec<u32> = chosen.iter().map(|c| c.0).collect();
    again.sort_unstable();
    again.dedup();
    for number in again {
        let Ok(outcomes) = patient::run(compiled, study, number, method).arms else { continue };
        for (_, k, why, own) in chosen.iter().filter(|c| c.0 == number) {
            let found = portrait(&compiled.model, &outcomes[*k], number, why, *own);
            data.arms[*k].portraits.push(found);
        }
    }
    for (k, arm) in data.arms.iter_mut().enumerate() {
        let place = |p: &Portrait| chosen.iter().position(|c| c.0 == p.patient && c.1 == k);
        arm.portraits.sort_by_key(place);
    }
}

fn portrait(model: &Model, outcome: &ArmOutcome, number: u32, why: &str, own: bool) -> Portrait {
    let days: Vec<f64> = outcome.seen.iter().map(|s| s.time).collect();
    let cells: Vec<f64> = outcome.seen.iter().map(|s| s.total).collect();
    let mut clones: Vec<(f64, CloneCourse)> = Vec::new();
    for seen in &outcome.clones {
        let Some(at) = days.iter().position(|d| *d == seen.time) else { continue };
        let place = clones.iter().position(|c| c.1.id == seen.founder.id).unwrap_or_else(|| {
            let f = &seen.founder;
            let name = |t: usize| model.cells[t].name.clone();
            clones.push((
                0.0,
                CloneCourse {
                    id: f.id,
                    parent: f.parent,
                    cell_type: name(f.cell_type),
                    parent_type: f.parent_type.map(name),
                    cause: match f.cause {
                        Cause::Start => "start",
                        Cause::Mutation => "mutation",
                        Cause::Immigration => "immigration",
                    }
                    .to_string(),
                    origin: f.origin.name().to_string(),
                    founded: short(f.founded),
                    cells: vec![0.0; days.len()],
                },
            ));
            clones.len() - 1
        });
        let clone = &mut clones[place];
        clone.1.cells[at] = short(seen.cells as f64);
        clone.0 = clone.0.max(seen.cells as f64 / cells[at].max(1.0));
    }
    clones.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(&b.1.id)));
    clones.truncate(CLONES);
    Portrait {
        patient: number,
        why: why.to_string(),
        own,
        days,
        cells: cells.into_iter().map(short).collect(),
        clones: clones.into_iter().map(|c| c.1).collect(),
        progressed: outcome.time_to_progression.event.then_some(outcome.time_to_progression.time),
        ended: outcome.ended.name().to_string(),
    }
}

/// How the parameters that vary between patients go with time to progression.
fn ranking(model: &Model, study: &Study, gathered: &Gather, numbers: &[u32]) -> Option<Ranking> {
    let varying: Vec<usize> =
        (0..model.parameters.len()).filter(|p| model.parameters[*p].between_patients.is_some()).collect();
    let numbers = &numbers[..numbers.len().min(KEPT)];
    let asked = numbers.last().map_or(0, |n| n + 1);
    let people = levels::people(model, study.seed, asked);
    let (mut chance, mut by_arm) = (Vec::new(), Vec::new());
    for arm in gathered.arms() {
        let seen = observations(&arm.time_to_progression[..numbers.len()]);
        let events = seen.iter().filter(|o| o.event).count();
        let told = events >= FEWEST;
        // Kendall's coefficient of n independent pairs has variance near 4 / (9 n).
        chance.push(told.then(|| 2.0 / libm::sqrt(events as f64)));
        by_arm.push(
            varying
                .iter()
                .map(|p| {
                    let values: Vec<f64> = numbers.iter().map(|n| people[*n as usize][*p]).collect();
                    if told { somers_d(&seen, &values).ok().flatten().map(short) } else { None }
                })
                .collect::<Vec<_>>(),
        );
    }
    let mut rows: Vec<(String, Vec<Option<f64>>)> = varying
        .iter()
        .enumerate()
        .map(|(row, p)| (model.parameters[*p].name.clone(), by_arm.iter().map(|arm| arm[row]).collect()))
        .collect();
    let largest = |row: &(String, Vec<Option<f64>>)| row.1.iter().flatten().fold(0.0, |m: f64, d| m.max(d.abs()));
    rows.sort_by(|a, b| largest(b).total_cmp(&largest(a)).then(a.0.cmp(&b.0)));
    let any = chance.iter().any(Option::is_some) && !rows.is_empty();
    any.then_some(Ranking { patients: numbers.len(), chance, rows })
}
