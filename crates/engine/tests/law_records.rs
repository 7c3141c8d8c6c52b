//! Event tables of NONMEM against closed forms: what a table says is what is felt, to 1e-6 and without chance.
//!
//! One to three compartments, by bolus, infusion and mouth, with lag and bioavailability. The theory is written down as plainly
//! as it can be: every dose of a table is listed (a steady state as 3,000 doses before its row), and every dose is a sum
//! of exponentials, whose rates are the roots of the characteristic polynomial (Gibaldi & Perrier, Pharmacokinetics, ch. 1-3).
//! What a reset or SS = 1 leaves follows NONMEM's help on EVID and SS: amounts go, infusions that run and doses that are pending
//! are cancelled, those that ADDL has yet to give included.

mod common;

use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law;
use remission_engine::tumour::Method;
use remission_model::resolved::Study;
use remission_model::{Beside, Model, model_from_toml, study_with_files};

const CLEARANCE: f64 = 3.0;
const VOLUME: f64 = 5.0;
const SECOND: (f64, f64) = (2.0, 7.0);
const THIRD: (f64, f64) = (0.9, 11.0);
const KA: f64 = 4.0;
/// Doses before a steady state that are listed; the slowest rate here is 0.04 /day and the shortest interval 0.5 days.
const BEFORE: u32 = 3000;

#[derive(Clone, Copy)]
struct Kind {
    peripheral: usize,
    oral: bool,
    lag: f64,
    share: f64,
}

fn model_of(kind: Kind) -> Model {
    let second = format!("{{ flow = '{} L/day', volume = '{} L' }}", SECOND.0, SECOND.1);
    let third = format!("{{ flow = '{} L/day', volume = '{} L' }}", THIRD.0, THIRD.1);
    let peripheral = match kind.peripheral {
        0 => String::new(),
        1 => format!("peripheral = {second}\n"),
        _ => format!("peripheral = [{second}, {third}]\n"),
    };
    let route = if kind.oral { format!("route='oral'\nka='{KA} /day'") } else { "route='bolus'".into() };
    let drug = |name: &str| {
        format!(
            "[drugs.{name}]\n{route}\nclearance='{CLEARANCE} L/day'\nvolume='{VOLUME} L'\n{peripheral}felt_as='mg/L'\n\
             lag='{} days'\nbioavailability='{}'\n",
            kind.lag, kind.share
        )
    };
    // A lag of 0 is none.
    let drugs = (drug("a") + &drug("b")).replace("lag='0 days'\n", "");
    let text = format!(
        "[model]\ntitle='x'\n[cells.s]\nbirth='0'\ndeath='0'\n{drugs}[before_treatment]\nstart={{s='10 cells'}}\n"
    );
    model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{text}\n{p}"))
}

fn study_of(model: &Model, records: &str, table: &str) -> Study {
    let text =
        format!("[study]\npatients=3\nseed=1\nhorizon='1 year'\nvisits='every week'\n[[arms]]\nname='x'\n{records}\n");
    let beside = Beside { regimens: None, records: &[("t.csv", "t.csv", table)] };
    study_with_files("study.toml", &text, &beside, "x", model).unwrap_or_else(|p| panic!("{table}\n{p}"))
}

const DAYS: &str = "records={file='t.csv', time_unit='days', compartments={1='a', 2='b'}}";

fn exposed(model: &Model, study: &Study, patient: u32) -> Exposure {
    let mut exposure = Exposure::new(&Compiled::new(model), &[], 0.0).unwrap();
    exposure.follow(study.arms[0].regimen_of(patient));
    exposure
}

/// A row as the theory reads it.
#[derive(Clone, Copy)]
struct Event {
    time: f64,
    amt: f64,
    rate: f64,
    dur: f64,
    ii: f64,
    addl: u64,
    ss: u8,
    evid: u8,
    cmt: u8,
}

const DOSE: Event = Event { time: 0.0, amt: 10.0, rate: 0.0, dur: 0.0, ii: 0.0, addl: 0, ss: 0, evid: 1, cmt: 1 };

fn table(events: &[Event]) -> String {
    let row = |e: &Event| {
        format!("1,{},{},{},{},{},{},{},{},{}\n", e.time, e.amt, e.rate, e.dur, e.ii, e.addl, e.ss, e.evid, e.cmt)
    };
    "ID,TIME,AMT,RATE,DUR,II,ADDL,SS,EVID,CMT\n".to_string() + &events.iter().map(row).collect::<String>()
}

/// Response to a unit bolus in the centre, or by mouth: weights and rates of exponentials.
fn exponentials(kind: Kind) -> Vec<(f64, f64)> {
    let ways: Vec<(f64, f64)> =
        [SECOND, THIRD].iter().take(kind.peripheral).map(|(q, v)| (q / VOLUME, q / v)).collect();
    let mut back: Vec<f64> = ways.iter().map(|w| w.1).collect();
    back.sort_by(f64::total_cmp);
    let out = CLEARANCE / VOLUME + ways.iter().map(|w| w.0).sum::<f64>();
    let without = |x: f64, skip: usize| -> f64 {
        ways.iter().enumerate().filter(|(j, _)| *j != skip).map(|(_, w)| w.1 - x).product()
    };
    let polynomial = |x: f64| {
        (out - x) * without(x, 9) - ways.iter().enumerate().map(|(j, w)| w.0 * w.1 * without(x, j)).sum::<f64>()
    };
    // The rates lie between 0, the ways back, and infinity.
    let edges: Vec<f64> = [vec![0.0], back, vec![4.0 * out]].concat();
    let rates: Vec<f64> = edges
        .windows(2)
        .map(|e| {
            let (mut low, mut high) = (e[0], e[1]);
            for _ in 0..200 {
                let middle = 0.5 * (low + high);
                if (polynomial(middle) > 0.0) == (polynomial(low) > 0.0) { low = middle } else { high = middle }
            }
            0.5 * (low + high)
        })
        .collect();
    let weight = |i: usize| -> f64 {
        let others: f64 = (0..rates.len()).filter(|j| *j != i).map(|j| rates[j] - rates[i]).product();
        without(rates[i], 9) / others / VOLUME
    };
    let mut terms: Vec<(f64, f64)> = (0..rates.len()).map(|i| (weight(i), rates[i])).collect();
    if kind.oral {
        terms.iter_mut().for_each(|t| t.0 *= KA / (KA - t.1));
        terms.push((-terms.iter().map(|t| t.0).sum::<f64>(), KA));
    }
    terms
}

/// Concentration of drug `cmt` at `t`, every dose listed.
fn said(kind: Kind, terms: &[(f64, f64)], events: &[Event], cmt: u8, t: f64) -> f64 {
    // Time made, amount, length (0: at once), of the drug asked for.
    let mut doses: Vec<(f64, f64, f64)> = Vec::new();
    for e in events.iter().filter(|e| e.time <= t && e.evid != 0) {
        if e.evid >= 3 || e.ss == 1 {
            doses.clear();
        }
        if e.evid == 3 || e.cmt != cmt {
            continue;
        }
        if e.amt == 0.0 {
            // An endless infusion that has ended: from 3,000 days before.
            let days = f64::from(BEFORE);
            doses.push((e.time - days, e.rate * days, days));
            continue;
        }
        let amount = e.amt * kind.share;
        let length = if e.rate > 0.0 { amount / e.rate } else { e.dur };
        if e.ss > 0 {
            doses.extend((1..=BEFORE).map(|k| (e.time - f64::from(k) * e.ii, amount, length)));
        }
        doses.extend((0..=e.addl.min(1000)).map(|k| (e.time + k as f64 * e.ii, amount, length)));
    }
    let one = |&(made, amount, length): &(f64, f64, f64)| {
        let since = t - made - kind.lag;
        if since < 0.0 {
            return 0.0;
        }
        if length == 0.0 {
            return amount * terms.iter().map(|(w, k)| w * (-k * since).exp()).sum::<f64>();
        }
        let running = since.min(length);
        let part = |(w, k): &(f64, f64)| w / k * -(-k * running).exp_m1() * (-k * (since - running)).exp();
        amount / length * terms.iter().map(part).sum::<f64>()
    };
    doses.iter().map(one).sum()
}

fn kinds() -> Vec<Kind> {
    let mut out = Vec::new();
    for peripheral in 0..3 {
        for oral in [false, true] {
            for (lag, share) in [(0.0, 1.0), (0.29, 0.6), (2.35, 0.6)] {
                out.push(Kind { peripheral, oral, lag, share });
            }
        }
    }
    out
}

/// Follows `events` by table and by theory; the largest relative difference at times that fall on no event.
fn worst(kind: Kind, events: &[Event]) -> f64 {
    let model = model_of(kind);
    let text = table(events);
    let study = study_of(&model, DAYS, &text);
    let mut exposure = exposed(&model, &study, 0);
    let terms = exponentials(kind);
    let mut worst = 0.0f64;
    for step in 0..60 {
        let t = 0.0371 + 0.2013 * f64::from(step);
        exposure.advance(t);
        for (drug, cmt) in [(0, 1), (1, 2)] {
            let (seen, said) = (exposure.concentration(drug), said(kind, &terms, events, cmt, t));
            let off = if said == 0.0 { seen } else { (seen / said - 1.0).abs() };
            assert!(
                off < 1e-6,
                "{} peripheral, oral {}, lag {}, share {}: drug {cmt} day {t}: {seen} for {said}\n{text}",
                kind.peripheral,
                kind.oral,
                kind.lag,
                kind.share
            );
            worst = worst.max(off);
        }
    }
    worst
}

#[test]
fn doses_at_once() {
    let cases: Vec<Vec<Event>> = vec![
        vec![DOSE],
        vec![Event { time: 1.5, ..DOSE }, Event { time: 1.5, amt: 3.0, ..DOSE }, Event { time: 4.0, cmt: 2, ..DOSE }],
        vec![Event { ii: 1.0, addl: 6, ..DOSE }],
        vec![Event { ii: 0.7, addl: 2_147_483_647, ..DOSE }, Event { time: 3.3, amt: 25.0, ..DOSE }],
        // Steady state: alone, going on, added, of two drugs, in place of what was there.
        vec![Event { ss: 1, ii: 1.0, ..DOSE }],
        vec![Event { time: 0.4, ss: 1, ii: 0.5, addl: 9, ..DOSE }],
        vec![Event { time: 1.0, ..DOSE }, Event { time: 2.0, ss: 2, ii: 1.0, addl: 3, ..DOSE }],
        vec![Event { ss: 1, ii: 1.0, ..DOSE }, Event { ss: 2, ii: 2.0, cmt: 2, ..DOSE }],
        vec![Event { ss: 1, ii: 1.0, ..DOSE }, Event { time: 0.5, ss: 2, ii: 1.0, amt: 4.0, ..DOSE }],
        vec![
            Event { amt: 99.0, ii: 1.0, addl: 30, ..DOSE },
            Event { amt: 50.0, cmt: 2, ..DOSE },
            Event { time: 4.0, ss: 1, ii: 1.0, addl: 2, ..DOSE },
        ],
        // Resets: alone, with a dose, with repeats that are cancelled or go on, with a steady state.
        vec![Event { ii: 1.0, addl: 30, ..DOSE }, Event { time: 3.0, amt: 0.0, evid: 3, ..DOSE }],
        vec![
            Event { ii: 1.0, addl: 30, ..DOSE },
            Event { amt: 20.0, ii: 1.0, addl: 30, cmt: 2, ..DOSE },
            Event { time: 3.1, amt: 7.0, ii: 2.0, addl: 2, evid: 4, ..DOSE },
            Event { time: 3.1, amt: 5.0, cmt: 2, ..DOSE },
        ],
        vec![Event { amt: 90.0, ..DOSE }, Event { time: 2.0, ss: 1, ii: 1.0, evid: 4, ..DOSE }],
        vec![Event { amt: 90.0, ..DOSE }, Event { time: 2.0, ss: 2, ii: 1.0, evid: 4, addl: 1, ..DOSE }],
        // A dose that is still on its way at a reset is lost.
        vec![Event { time: 1.0, ..DOSE }, Event { time: 1.2, amt: 0.0, evid: 3, ..DOSE }, Event { time: 5.0, ..DOSE }],
    ];
    let mut largest = 0.0f64;
    for kind in kinds() {
        for events in &cases {
            largest = largest.max(worst(kind, events));
        }
    }
    println!("{} tables: largest relative difference {largest:.1e}", cases.len() * kinds().len());
}

#[test]
fn infusions() {
    let drip = Event { rate: 8.0, ..DOSE };
    let long = Event { dur: 1.7, ..DOSE };
    let cases: Vec<Vec<Event>> = vec![
        vec![drip],
        vec![long],
        vec![Event { ii: 2.0, addl: 3, ..drip }, Event { time: 1.0, rate: 40.0, ..DOSE }],
        // Infusions that outlast their interval.
        vec![Event { ii: 1.0, addl: 5, ..long }],
        vec![Event { ii: 0.6, addl: 7, amt: 20.0, rate: 7.0, ..DOSE }],
        vec![Event { ii: 1.7, addl: 3, ..long }],
        // Steady states, the interval above, at and below the length.
        vec![Event { ss: 1, ii: 3.0, addl: 1, ..long }],
        vec![Event { ss: 1, ii: 1.7, ..long }],
        vec![Event { time: 0.8, ss: 1, ii: 0.9, addl: 4, ..long }],
        vec![Event { amt: 30.0, cmt: 2, ..DOSE }, Event { time: 1.0, ss: 2, ii: 0.5, ..drip }],
        vec![Event { ss: 1, ii: 2.0, ..drip }, Event { time: 5.0, ss: 1, ii: 3.0, ..drip }],
        // An endless infusion that ends at its row.
        vec![Event { amt: 0.0, rate: 12.0, ss: 1, ..DOSE }, Event { time: 3.0, ..DOSE }],
        vec![Event { amt: 70.0, ..DOSE }, Event { time: 1.0, amt: 0.0, rate: 12.0, ss: 2, ..DOSE }],
        // Resets while infusions run.
        vec![long, Event { time: 1.0, amt: 0.0, evid: 3, ..DOSE }],
        vec![Event { ii: 1.0, addl: 9, ..long }, Event { time: 2.5, evid: 4, ..drip }],
        vec![Event { ss: 1, ii: 0.9, ..long }, Event { time: 0.5, amt: 2.0, evid: 4, cmt: 2, ..DOSE }],
    ];
    let mut largest = 0.0f64;
    let kinds: Vec<Kind> = kinds().into_iter().filter(|k| !k.oral).collect();
    for &kind in &kinds {
        for events in &cases {
            largest = largest.max(worst(kind, events));
        }
    }
    println!("{} tables: largest relative difference {largest:.1e}", cases.len() * kinds.len());
}

/// A new regimen stops infusions that a steady state found running.
#[test]
fn a_new_regimen_stops_earlier_infusions() {
    for lag in [0.0, 0.29] {
        let kind = Kind { peripheral: 0, oral: false, lag, share: 1.0 };
        let model = model_of(kind);
        // Two infusions of 5 mg/day run before the row, and one more from it on.
        let study = study_of(&model, DAYS, &table(&[Event { ss: 1, ii: 1.0, dur: 2.5, amt: 12.5, ..DOSE }]));
        let mut exposure = exposed(&model, &study, 0);
        exposure.advance(0.25);
        exposure.follow(&Default::default());
        exposure.advance(0.25 + lag);
        let left = exposure.concentration(0);
        assert_eq!(exposure.next_event(), f64::INFINITY);
        exposure.advance(2.25 + lag);
        let off = exposure.concentration(0) / (left * (-CLEARANCE / VOLUME * 2.0).exp()) - 1.0;
        println!("lag {lag}: {off:.1e} off the decay from {left}");
        assert!(left > 0.0 && off.abs() < 1e-9);
    }
}

/// Bits of all concentrations on a grid, and after two dozen steps.
fn bits(model: &Model, study: &Study, patient: u32) -> Vec<u64> {
    let mut exposure = exposed(model, study, patient);
    (0..2000)
        .map(|k| {
            exposure.advance(0.0517 * f64::from(k));
            exposure.concentration(0).to_bits() ^ exposure.concentration(1).to_bits().rotate_left(1)
        })
        .collect()
}

#[test]
fn a_sentence_and_its_table_give_the_same_bytes() {
    let kind = Kind { peripheral: 1, oral: true, lag: 0.1, share: 0.7 };
    let model = model_of(kind);
    let hours = "records={file='t.csv', time_unit='h', amount_unit='g', compartments={1='a', 2='b'}}";
    let rows: String = (0..40).map(|k| format!("1,{},0.15,0,0,1\n", 24 * k)).collect();
    for (sentences, table) in [
        ("['a 150 mg every day for 61 days']", "ID,TIME,AMT,II,ADDL,CMT\n1,0,0.15,24,60,1\n".to_string()),
        ("['a 150 mg every day until day 40']", format!("ID,TIME,AMT,II,ADDL,CMT\n{rows}")),
        ("['a 150 mg every day']", "ID,TIME,AMT,II,ADDL,CMT\n1,0,.15,24,2147483647,1\n".into()),
        (
            "['a 150 mg every 8 hours from day 3 for 20 days', 'b 1 g on day 5']",
            "ID,TIME,AMT,II,ADDL,CMT\n1,48,0.15,8,59,1\n1,96,1,0,0,2\n".into(),
        ),
    ] {
        let a = study_of(&model, &format!("regimen={sentences}"), "ID,TIME,AMT\n1,0,1\n");
        let b = study_of(&model, hours, &table);
        assert_eq!(bits(&model, &a, 0), bits(&model, &b, 0), "{sentences}\n{table}");
    }
}

/// Patients follow the IDs in order, and again from the first.
#[test]
fn patients_take_records_in_turn() {
    let model = model_of(Kind { peripheral: 0, oral: false, lag: 0.0, share: 1.0 });
    let study = study_of(&model, DAYS, "ID,TIME,AMT,CMT\n9,0,10,1\n4,0,20,1\n");
    let at = |patient| {
        let mut exposure = exposed(&model, &study, patient);
        exposure.advance(1.0);
        exposure.concentration(0)
    };
    assert_eq!(at(1), 2.0 * at(0));
    assert_eq!((at(2), at(3)), (at(0), at(1)));
}

/// Cells under a table with steady states, repeats and a reset: the leap, which remembers windows that look alike, against
/// the law, which does not. The test statistic of the mean of 400 tumours is judged at a false-alarm rate of 1e-6.
#[test]
fn cells_feel_what_the_table_says() {
    let kind = Kind { peripheral: 1, oral: true, lag: 0.1, share: 0.8 };
    let mut model = model_of(kind);
    model.cells[0].birth = common::number(0.3);
    model.cells[0].death = common::plus(
        common::number(0.1),
        common::times(common::number(0.05), common::slot(remission_model::expr::Slot::Drug(0))),
    );
    model.start = remission_model::resolved::Start::Given(vec![(0, common::number(20_000.0))]);
    let events = [
        Event { amt: 30.0, ii: 1.0, addl: 60, ss: 1, ..DOSE },
        Event { time: 12.0, amt: 0.0, evid: 3, ..DOSE },
        Event { time: 14.0, amt: 30.0, ii: 1.0, addl: 60, ..DOSE },
        Event { time: 20.0, amt: 30.0, ii: 1.0, addl: 3, ss: 1, ..DOSE },
    ];
    let study = study_of(&model, DAYS, &table(&events));
    let compiled = Compiled::new(&model);
    let regimen = study.arms[0].regimen_of(0);
    let days = 26.0;
    let theory = law::moments(&compiled, &[], &common::exposed(&compiled, regimen), &[20_000.0], days).unwrap();
    // The theory itself, from listed doses.
    let terms = exponentials(kind);
    let edges = common::even(days, 26 * 40);
    let net = common::integral(&edges, |t| 0.2 - 0.05 * said(kind, &terms, &events, 1, t));
    let expected = 20_000.0 * net.exp();
    let n = 400;
    let x: Vec<f64> = common::finals(&compiled, Method::Leap, regimen, days, n).iter().map(|x| x[0] as f64).collect();
    let (mean, _, _) = common::sample_moments(&x);
    let z = (mean - expected) / (theory.covariance[0] / n as f64).sqrt();
    println!("listed doses {expected:.1}, law {:.1}, leap {mean:.1}, z {z:+.2}", theory.mean[0]);
    assert!((theory.mean[0] / expected - 1.0).abs() < 1e-4 && z.abs() < common::z_limit(1e-6));
}
