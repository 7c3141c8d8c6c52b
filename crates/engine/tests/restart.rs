//! A tumour that is begun again is as one that was just made: same cells, levels, drug and dates, so the same path from the same
//! stream. Not a statistical test.

mod common;

use common::written;
use remission_engine::before::start;
use remission_engine::compiled::Compiled;
use remission_engine::failure::Budget;
use remission_engine::mean::MeanTumour;
use remission_engine::state::State;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};

/// Cells that leave and come, a level that they raise and that slows them, a rate that follows the date.
const LEVEL: &str = "
[model]
title = 'x'
[parameters]
b = { value = '0.3 /day', assumed = 'x', prior = 'uniform(0.1 /day, 0.5 /day)' }
half = { value = '5', assumed = 'x', prior = 'uniform(1, 10)' }
made = { value = '0.002 /day/cell', assumed = 'x', prior = 'uniform(0.001 /day/cell, 0.01 /day/cell)' }
lost = { value = '0.05 /day', assumed = 'x', prior = 'uniform(0.01 /day, 0.1 /day)' }
d = { value = '0.1 /day', assumed = 'x', prior = 'uniform(0.01 /day, 0.2 /day)' }
tau = { value = '50 day', assumed = 'x', prior = 'uniform(10 day, 90 day)' }
[levels.factor]
start = '0.5'
rate = 'made * total - lost * factor'
[cells.a]
birth = 'b / (1 + factor / half)'
death = 'd * (1 + time / tau)'
immigration = '0.5 cells/day'
mutates = [{ to = 'r', per_time = '1e-3 /day' }]
[cells.r]
kind = 'resistant'
birth = '0.2 /day'
death = '0.1 /day'
[before_treatment]
start = { a = '300 cells' }
";

/// The tumour of a model at the start.
fn seeded(compiled: &Compiled, parameters: &[f64], method: Method) -> State {
    start(compiled, parameters, method, &mut Stream::new(1, 0, 0, Purpose::BeforeTreatment)).unwrap()
}

#[test]
fn begun_again_is_begun() {
    let (compiled, parameters) = written(LEVEL);
    for method in [Method::Exact, Method::Leap] {
        let seed = seeded(&compiled, &parameters, method);
        let mut again = Tumour::new(&compiled, &parameters, seed.clone(), method).unwrap();
        for replicate in 0..3 {
            let mut once = Tumour::new(&compiled, &parameters, seed.clone(), method).unwrap();
            again.restart(&seed);
            for tumour in [&mut once, &mut again] {
                let mut stream = Stream::new(1, 0, replicate, Purpose::Treatment);
                for day in [3.0, 40.0] {
                    tumour.advance(day, f64::INFINITY, &mut stream).unwrap();
                }
            }
            assert_eq!(once.state, again.state, "{method:?}, replicate {replicate}");
            assert!(once.state.levels[0] > 1.0, "nothing has moved: {:?}", once.state.levels);
            let work = [once.spent(), again.spent()].map(|s| (s.events, s.steps));
            assert_eq!(work[0], work[1], "{method:?}, replicate {replicate}");
        }
    }
}

/// Founders of a step that failed are forgotten with it.
#[test]
fn begun_again_after_a_failure_is_begun() {
    let (compiled, parameters) = written(
        "[model]\ntitle = 'x'\n[cells.a]\nbirth = '0.3 /day'\ndeath = '0.1 /day'\n\
         mutates = [{ to = 'b', per_division = '0.01' }]\n[cells.b]\nbirth = '0.2 /day'\ndeath = '0.1 /day'\n\
         [before_treatment]\nstart = { a = '10000 cells' }\n",
    );
    let at = Method::Leap;
    let seed = seeded(&compiled, &parameters, at);
    let mut again = Tumour::new(&compiled, &parameters, seed.clone(), at).unwrap();
    let mut once = Tumour::new(&compiled, &parameters, seed.clone(), at).unwrap();
    again.limit(Budget { clones: 20, ..Budget::default() });
    assert!(again.advance(10.0, f64::INFINITY, &mut Stream::new(1, 0, 0, Purpose::Treatment)).is_err());
    again.limit(Budget::default());
    again.restart(&seed);
    for tumour in [&mut once, &mut again] {
        tumour.advance(10.0, f64::INFINITY, &mut Stream::new(1, 0, 1, Purpose::Treatment)).unwrap();
    }
    assert_eq!(once.state, again.state);
}

/// Two types that a cell may be of in turn, and one alone, without a drug.
const TURNS: &str = "
[model]
title = 'x'
[parameters]
b = { value = '0.3 /day', assumed = 'x', prior = 'uniform(0.1 /day, 0.5 /day)' }
[cells.a]
birth = 'b'
death = '0.25 /day'
switches = [{ to = 'p', rate = '0.02 /day' }]
[cells.p]
kind = 'persister'
birth = '0.01 /day'
death = '0.02 /day'
switches = [{ to = 'a', rate = '0.05 /day' }]
[cells.r]
kind = 'resistant'
birth = '0.2 /day'
death = '0.1 /day'
[before_treatment]
start = { a = '300 cells', p = '20 cells', r = '7 cells' }
";

/// What cells are expected to leave is what the mean equations say, stretch after stretch, and asking changes no path.
#[test]
fn means_are_those_of_the_mean_equations() {
    let (compiled, parameters) = written(TURNS);
    let seed = seeded(&compiled, &parameters, Method::Leap);
    let mut tumour = Tumour::new(&compiled, &parameters, seed.clone(), Method::Leap).unwrap();
    let times = [0.0, 3.0, 3.5, 40.0];
    let left = tumour.left(&seed, &times).unwrap().unwrap();
    let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
    let mut cells = vec![300.0, 20.0, 7.0];
    for (time, left) in times.into_iter().zip(&left) {
        cells = (0..3).map(|j| (0..3).map(|i| cells[i] * left.means[3 * i + j]).sum()).collect();
        mean.advance(time).unwrap();
        for (own, exact) in cells.iter().zip(mean.means().by_type()) {
            assert!((own / exact - 1.0).abs() < 1e-6, "day {time}: {own}, mean equations {exact}");
        }
    }
    let mut again = Tumour::new(&compiled, &parameters, seed.clone(), Method::Leap).unwrap();
    for tumour in [&mut tumour, &mut again] {
        tumour.restart(&seed);
        tumour.advance(40.0, f64::INFINITY, &mut Stream::new(1, 0, 0, Purpose::Treatment)).unwrap();
    }
    assert_eq!(tumour.state, again.state);
    let (interacting, parameters) = written(LEVEL);
    let seed = seeded(&interacting, &parameters, Method::Leap);
    let mut tumour = Tumour::new(&interacting, &parameters, seed.clone(), Method::Leap).unwrap();
    assert_eq!(tumour.left(&seed, &times).unwrap(), None);
}
