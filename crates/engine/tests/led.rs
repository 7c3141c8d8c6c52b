//! Tumours led to one more founder under treatment: with their weights they are the tumours of the process itself.
//!
//! Averages over tumours carried with [`Tumour::advance_led`] and weighed are compared with averages over tumours carried without: of 1, of
//! sizes by type in bands, of who founded, and of when. Sensitive cells switch under a drug that comes and goes, so that founders have two
//! kinds of parents and a step many intervals; one type founds another. Each |z| of 5 is a false alarm once in 1.7 million. And what is
//! said to be founded ([`Tumour::left`]) is what is founded.

mod common;

use common::weighted::{agree, averages};
use common::{every, written};
use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::state::{Origin, State};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Stop, Tumour};

const MODEL: &str = r#"
[model]
title = "Sensitive cells and persisters, both found"
[parameters]
natural = { value = "0.13 /day", assumed = "for the test", prior = "loguniform(0.001 /day, 1 /day)" }
kill = { value = "0.05 /day", assumed = "for the test", prior = "loguniform(0.001 /day, 1 /day)" }
half = { value = "1 mg/L", assumed = "for the test", prior = "loguniform(0.1 mg/L, 10 mg/L)" }
enter = { value = "0.02 /day", assumed = "for the test", prior = "loguniform(0.001 /day, 1 /day)" }
leave = { value = "0.1 /day", assumed = "for the test", prior = "loguniform(0.001 /day, 1 /day)" }
[cells.S]
birth = "0.15 /day"
death = "natural + kill * drug / (drug + half)"
mutates = [{ to = "A", per_division = "1e-7" }, { to = "B", per_division = "2e-8" }]
switches = [{ to = "P", rate = "enter * drug / (drug + half)" }]
[cells.P]
kind = "persister"
birth = "0.02 /day"
death = "0.02 /day"
mutates = [{ to = "A", per_division = "2e-6" }]
switches = [{ to = "S", rate = "leave * half / (drug + half)" }]
[cells.A]
kind = "resistant"
birth = "0.16 /day"
death = "0.1 /day"
mutates = [{ to = "B", per_division = "1e-3" }]
[cells.B]
kind = "resistant"
birth = "0.2 /day"
death = "0.14 /day"
[drugs.drug]
route = "bolus"
clearance = "1 L/day"
volume = "10 L"
felt_as = "mg/L"
[before_treatment]
start = { S = "1e5 cells" }
"#;

/// Tumours of each average.
const N: u64 = 200_000;

/// Bands of sizes by type, who founded the first clone, and when.
fn features(compiled: &Compiled, state: &State) -> Vec<f64> {
    let cells = state.by_type(compiled);
    let mut out = vec![1.0];
    for n in &cells[2..] {
        out.extend([0.5, 3.0, 10.0, 30.0, 100.0].map(|band| f64::from(u8::from(*n as f64 >= band))));
    }
    out.push(cells[1] as f64 / 1e5);
    let founders = || state.blocks.iter().flat_map(|b| &b.founders).filter(|f| f.parent.is_some());
    out.push(f64::from(u8::from(founders().any(|f| f.origin == Origin::Persister))));
    out.push(f64::from(u8::from(founders().any(|f| f.origin == Origin::Cycling))));
    out.extend([0.0, 10.0, 25.0, 40.0].map(|day| {
        let in_stretch = founders().filter(|f| f.founded >= day && f.founded < day + 10.0).count();
        in_stretch as f64
    }));
    out
}

#[test]
fn weights_bring_back_the_tumours_of_the_process() {
    let (compiled, parameters) = written(MODEL);
    let start =
        before::start(&compiled, &parameters, Method::Leap, &mut Stream::new(61, 0, 0, Purpose::Check)).unwrap();
    let mut tumour = Tumour::new(&compiled, &parameters, start.clone(), Method::Leap).unwrap();
    tumour.follow(&every(0, 100.0, 7.0));
    let plain = averages(N, |k| {
        let mut stream = Stream::new(62, k, 0, Purpose::Check);
        tumour.restart(&start);
        assert_eq!(tumour.advance(50.0, 1e9, &mut stream).unwrap(), Stop::Time);
        (features(&compiled, &tumour.state), 1.0)
    });
    let channel = |from: usize, to: usize| compiled.channels.iter().position(|c| c.from == from && c.to == to).unwrap();
    let odds = |parts: &[(usize, usize, f64)]| {
        let mut odds = vec![0.0; compiled.channels.len()];
        parts.iter().for_each(|p| odds[channel(p.0, p.1)] = p.2);
        odds
    };
    let guides = [odds(&[(0, 2, 0.5)]), odds(&[(0, 2, 0.2), (0, 3, 0.3), (1, 2, 0.3)]), odds(&[(1, 2, 0.9)])];
    for (number, odds) in guides.into_iter().enumerate() {
        // The second is led in each of five stretches of ten days, from look to look.
        let looks: &[f64] = if number == 1 { &[10.0, 20.0, 30.0, 40.0, 50.0] } else { &[50.0] };
        let mut led = 0.0;
        let guided = averages(N, |k| {
            let mut stream = Stream::new(63 + number as u64, k, 0, Purpose::Check);
            tumour.restart(&start);
            let mut log_weight = 0.0;
            for day in looks {
                let odds: Vec<f64> = odds.iter().map(|q| q / looks.len() as f64).collect();
                let (stop, more) = tumour.advance_led(*day, 1e9, &odds, &mut stream).unwrap();
                assert_eq!(stop, Stop::Time);
                log_weight += more;
            }
            led +=
                f64::from(u8::from(tumour.state.blocks.iter().any(|b| b.founders.iter().any(|f| f.parent.is_some()))));
            (features(&compiled, &tumour.state), log_weight.exp())
        });
        agree(&plain, &guided, N, &format!("guide {number}"));
        let without = plain[1].0 + plain[6].0;
        assert!(led / N as f64 > 2.0 * without, "{led} of {N} have a clone, of {without} without");
    }
}

#[test]
fn as_many_are_founded_as_is_said() {
    let (compiled, parameters) = written(MODEL);
    let start =
        before::start(&compiled, &parameters, Method::Leap, &mut Stream::new(61, 0, 0, Purpose::Check)).unwrap();
    let mut tumour = Tumour::new(&compiled, &parameters, start.clone(), Method::Leap).unwrap();
    tumour.follow(&every(0, 100.0, 7.0));
    let left = tumour.left(&start, &[21.0, 50.0]).unwrap().unwrap();
    // Founders of the first clone in both stretches, those that died out with them, but for those of resistant cells.
    let (types, channels) = (compiled.types(), compiled.channels.len());
    let by = |look: usize, i: usize| left[look].founders[i * channels..(i + 1) * channels].iter().sum::<f64>();
    let after: Vec<f64> = (0..2).map(|j| left[0].means[j]).collect();
    let said = 1e5 * (by(0, 0) + after[0] * by(1, 0) + after[1] * by(1, 1));
    assert_eq!(left[0].means.len(), types * types);
    let n = 40_000;
    let (mut sum, mut squares) = (0.0, 0.0);
    for k in 0..n {
        tumour.restart(&start);
        tumour.advance(50.0, f64::INFINITY, &mut Stream::new(66, k, 0, Purpose::Check)).unwrap();
        let ids = f64::from(tumour.state.next_id) - f64::from(start.next_id);
        (sum, squares) = (sum + ids, squares + ids * ids);
    }
    let (mean, n) = (sum / n as f64, n as f64);
    let error = ((squares / n - mean * mean) / n).sqrt();
    // Resistant cells found some more: in the mean they are there for half the time, and hardly grow to a hundred.
    let more = 0.02;
    println!("{mean} +- {error} were founded, {said} of the first clone are said");
    assert!(mean > said - 5.0 * error && mean < said * (1.0 + more) + 5.0 * error);
}
