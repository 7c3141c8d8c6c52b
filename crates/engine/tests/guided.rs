//! Tumours with one more founder: with their weights they are the tumours of the process itself.
//!
//! Averages over tumours with weights are compared with averages over tumours without: of 1 (the mean weight is 1), of nobody resistant being
//! there, of sizes of the largest clone in bands, of its mechanism. Rates are such that few tumours have a clone, most founders die out, and
//! one channel is far rarer than the other; one type resistant to another drug founds clones itself. Each |z| of 5 is a false alarm once in
//! 1.7 million. An average of rare things is nearly Poisson; where fewer than some ten are expected its tail is longer than that.

mod common;

use common::weighted::{agree, averages};
use common::written;
use remission_engine::before::Starts;
use remission_engine::compiled::Compiled;
use remission_engine::guided::Guide;
use remission_engine::state::State;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::Method;

const MODEL: &str = r#"
[model]
title = "Three ways out, one rare, one that leads on"
[cells.S]
birth = "0.15 /day"
death = "0.13 /day"
mutates = [
  { to = "A", per_division = "3e-8" },
  { to = "B", per_division = "1e-9" },
  { to = "C", per_division = "1e-8" },
]
[cells.A]
kind = "resistant"
birth = "0.15 /day"
death = "0.13 /day"
[cells.B]
kind = "resistant"
birth = "0.16 /day"
death = "0.13 /day"
[cells.C]
kind = "resistant"
birth = "0.14 /day"
death = "0.13 /day"
mutates = [{ to = "B", per_division = "1e-4" }]
[before_treatment]
grow = "S from 1 cell until 1e6 cells"
"#;

/// What is compared: of each type but the first, nobody or how many in bands of a factor of ten.
fn features(compiled: &Compiled, state: &State) -> Vec<f64> {
    let cells = state.by_type(compiled);
    let mut out = vec![1.0];
    for n in &cells[1..] {
        for band in [0.5, 10.0, 100.0, 1000.0, 1e4, 1e5, 1e6] {
            out.push(f64::from(u8::from(*n as f64 >= band)));
        }
    }
    out.push(f64::from(u8::from(cells[1] > 100 && cells[2] > 100)));
    out
}

#[test]
fn weights_bring_back_the_tumours_of_the_process() {
    let (compiled, parameters) = written(MODEL);
    let mut starts = Starts::new(&compiled, &parameters, Method::Leap).unwrap();
    let mut stream = Stream::new(51, 0, 0, Purpose::Check);
    let mut steps = Vec::new();
    starts.guided(&Guide::default(), Some(&mut steps), &mut stream).unwrap();
    let rows = steps.last().unwrap().step + 1;
    assert!(rows > 8, "{rows} steps");
    assert!(steps.windows(2).all(|s| (s[0].start + s[0].days - s[1].start).abs() < 1e-6));
    let last = steps.last().unwrap();
    assert!((last.start + last.days).abs() < 1e-6, "growth ends on day {}", last.start + last.days);
    let plain = averages(40_000, |k| {
        let mut stream = Stream::new(52, k, 0, Purpose::Check);
        (features(&compiled, &starts.one(&mut stream).unwrap()), 1.0)
    });
    // A few places, many, one that growth hardly ever comes to, and nearly always somebody.
    let even = |q: f64| Guide { fewer: Vec::new(), places: vec![vec![q / (3.0 * rows as f64); 3]; rows] };
    let mut rare = vec![Vec::new(); rows + 6];
    (rare[2], rare[4], rare[rows + 5]) = (vec![0.0, 0.3], vec![0.1, 0.0, 0.2], vec![0.1]);
    for (number, guide) in [even(0.5), even(0.95), Guide { places: rare, ..Guide::default() }].into_iter().enumerate() {
        let guided = averages(40_000, |k| {
            let mut stream = Stream::new(53 + number as u64, k, 0, Purpose::Check);
            let led = starts.guided(&guide, None, &mut stream).unwrap();
            (features(&compiled, &led.state), led.log_weight.exp())
        });
        agree(&plain, &guided, 40_000, &format!("guide {number}"));
        // Tumours with a clone of the rare kind are common among those that were led to one.
        let rare = 1 + 7 + 3;
        assert!(guided[rare].1 < 0.2 * plain[rare].1, "{:?} and {:?}", guided[rare], plain[rare]);
    }
}
