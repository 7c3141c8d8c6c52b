//! Tumours with fewer cells of a type: with their weights they are the tumours of the process itself.
//!
//! Averages over tumours with weights are compared with averages over tumours without: of 1 (the mean weight is 1), of cells of the
//! thinned type in bands, of its largest clone, of another type that is led or thinned as well. Each |z| of 5 is a false alarm once in 1.7 million
//! where what is averaged is not too rare. What is rare among tumours of the process, few cells, must be known far better with weights.

mod common;

use common::weighted::{agree, averages};
use common::written;
use remission_engine::before::Starts;
use remission_engine::compiled::Compiled;
use remission_engine::fewer::Fewer;
use remission_engine::guided::Guide;
use remission_engine::state::State;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::Method;

const MODEL: &str = r#"
[model]
title = "Two ways out, both common, and a rare one"
[cells.S]
birth = "0.15 /day"
death = "0.13 /day"
mutates = [
  { to = "A", per_division = "4e-6" },
  { to = "B", per_division = "5e-6" },
  { to = "C", per_division = "1e-8" },
]
[cells.A]
kind = "resistant"
birth = "0.15 /day"
death = "0.13 /day"
[cells.B]
kind = "resistant"
birth = "0.14 /day"
death = "0.13 /day"
[cells.C]
kind = "resistant"
birth = "0.16 /day"
death = "0.13 /day"
[before_treatment]
grow = "S from 1 cell until 1e6 cells"
"#;

/// Cells of each type but the first in bands, the largest clone of the second likewise.
fn features(compiled: &Compiled, state: &State) -> Vec<f64> {
    let cells = state.by_type(compiled);
    let mut out = vec![1.0];
    let largest = *state.blocks[compiled.place[1].0].counts.iter().max().unwrap_or(&0);
    for n in cells[1..].iter().copied().chain([largest]) {
        for band in [1, 5, 15, 40, 100, 300, 1000, 3000] {
            out.push(f64::from(u8::from(n < band)));
        }
    }
    out.push(f64::from(u8::from(cells[1] < 40 && cells[2] < 5)));
    out
}

#[test]
fn weights_bring_back_the_tumours_of_the_process() {
    let (compiled, parameters) = written(MODEL);
    let mut starts = Starts::new(&compiled, &parameters, Method::Leap).unwrap();
    let mut stream = Stream::new(61, 0, 0, Purpose::Check);
    let mut steps = Vec::new();
    starts.guided(&Guide::default(), Some(&mut steps), &mut stream).unwrap();
    const N: u64 = 40_000;
    let plain = averages(N, |k| {
        let mut stream = Stream::new(62, k, 0, Purpose::Check);
        (features(&compiled, &starts.one(&mut stream).unwrap()), 1.0)
    });
    let reaching = |t: usize, cells: f64, most| Fewer::reaching(&compiled, &steps, t, cells, 0.8, most);
    assert_eq!(reaching(1, 1e4, 100_000), None);
    let few = reaching(1, 8.0, 100_000).unwrap();
    let rows = steps.last().unwrap().step + 1;
    let places = vec![vec![0.2 / rows as f64, 0.0, 0.5 / rows as f64]; rows];
    let guides = [
        Guide { fewer: vec![few], ..Guide::default() },
        // Large clones left as they are; together with another type, and with founders of a third.
        Guide { fewer: vec![reaching(1, 10.0, 30).unwrap(), reaching(2, 4.0, 100_000).unwrap()], places },
        // Far from what is reached, and nearly always.
        Guide { fewer: vec![Fewer { tilt: 0.002, share: 0.99, ..few }], ..Guide::default() },
    ];
    for (number, guide) in guides.into_iter().enumerate() {
        let mut cells = 0.0;
        let guided = averages(N, |k| {
            let mut stream = Stream::new(63 + number as u64, k, 0, Purpose::Check);
            let led = starts.guided(&guide, None, &mut stream).unwrap();
            // A tumour that another type has taken over is left as it is.
            let there = led.state.by_type(&compiled)[0] > 0;
            assert_eq!(led.thinned.len(), if there { guide.fewer.len() } else { 0 });
            cells += led.thinned.first().map_or(0.0, |t| t.cells) / N as f64;
            (features(&compiled, &led.state), led.log_weight.exp())
        });
        println!("guide {number}: {:.4?}, {cells:.1} cells", guide.fewer);
        agree(&plain, &guided, N, &format!("guide {number}"));
        // Fewer than 5 cells of the thinned type.
        if number == 0 {
            assert!(guided[2].1 < 0.2 * plain[2].1, "{:?} and {:?}", guided[2], plain[2]);
        }
    }
}
