//! Levels follow the cells within a step, not from its start.
//!
//! A level that cells make and that decays, dL/dt = k N - l L, beside N cells that grow as N0 e^(g t), is
//!     L = k N0 (e^(g t) - e^(-l t)) / (g + l).
//! With 10^10 cells chance moves it by 1e-4 of itself, so 1e-3 is never a false alarm.

mod common;

use common::written;
use remission_engine::before::start;
use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::regimen::from_sentences;

const MODEL: &str = "
[model]
title = 'x'
[parameters]
made = { value = '0.002 /day/cell', assumed = 'x', prior = 'uniform(0.001 /day/cell, 0.01 /day/cell)' }
lost = { value = '0.3 /day', assumed = 'x', prior = 'uniform(0.01 /day, 0.5 /day)' }
[levels.factor]
start = '0'
rate = 'made * total - lost * factor'
[cells.a]
birth = '0.3 /day'
death = '0.1 /day'
[before_treatment]
start = { a = '1e10 cells' }
";

/// The tumour of a model as treatment begins, followed by leaps.
fn at_start<'a>(compiled: &'a Compiled, parameters: &[f64]) -> Tumour<'a> {
    let mut before = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    let state = start(compiled, parameters, Method::Leap, &mut before).unwrap();
    Tumour::new(compiled, parameters, state, Method::Leap).unwrap()
}

/// The same and its mean equations, under one regimen.
fn under<'a>(compiled: &'a Compiled, parameters: &[f64], sentence: &str) -> (Tumour<'a>, MeanTumour<'a>) {
    let regimen = from_sentences(&[sentence], &compiled.model).unwrap();
    let (mut tumour, mut mean) = (at_start(compiled, parameters), MeanTumour::start(compiled, parameters).unwrap());
    tumour.follow(&regimen);
    mean.follow(&regimen);
    (tumour, mean)
}

#[test]
fn a_level_follows_the_cells_that_make_it() {
    let (compiled, parameters) = written(MODEL);
    let (made, lost, growth) = (0.002, 0.3, 0.2);
    let mut tumour = at_start(&compiled, &parameters);
    let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
    for day in [1.0f64, 5.0, 20.0, 40.0] {
        tumour.advance(day, f64::INFINITY, &mut stream).unwrap();
        let law = made * 1e10 * (libm::exp(growth * day) - libm::exp(-lost * day)) / (growth + lost);
        let seen = tumour.state.levels[0];
        println!("day {day}: {seen:.6e} for {law:.6e}");
        assert!((seen / law - 1.0).abs() < 1e-3, "day {day}: {seen:.6e} for {law:.6e}");
    }
}

const ARRIVALS: &str = "
[model]
title = 'x'
[parameters]
per_mg = { value = '1e6 cells/mg', assumed = 'x', prior = 'uniform(1e5 cells/mg, 1e7 cells/mg)' }
recall = { value = '6e-6 /cell/day', assumed = 'x', prior = 'uniform(1e-6 /cell/day, 1e-5 /cell/day)' }
kill = { value = '4e-6 /cell/day', assumed = 'x', prior = 'uniform(1e-6 /cell/day, 1e-5 /cell/day)' }
first = { value = '1.2e6 cells', assumed = 'x', prior = 'uniform(1e6 cells, 2e6 cells)' }
loss = { value = '3 /day', assumed = 'x', prior = 'uniform(1 /day, 5 /day)' }
[levels.memory]
start = 'first'
rate = '-recall * total * memory'
[levels.effector]
start = '0 cells'
rate = 'recall * total * memory - loss * effector'
[cells.a]
birth = '0.05 /day'
death = 'kill * effector'
immigration = 'per_mg * implant'
[drugs.implant]
route = 'kpd'
elimination = '100 /day'
felt_as = 'mg/day'
[before_treatment]
start = { a = '1 cell' }
";

/// A million cells arrive within the hour at an empty place and call up effectors, which then decay to nothing: leaps are as short as that
/// asks for, and a level that falls to 0 is 0 and not a little less, which would be a negative death rate.
#[test]
fn cells_that_arrive_at_once_are_felt_at_once() {
    let (compiled, parameters) = written(ARRIVALS);
    let (mut tumour, mut mean) = under(&compiled, &parameters, "implant 1 mg once from day 3");
    let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
    for day in [2.5, 3.0, 3.0 + 0.25] {
        tumour.advance(day, f64::INFINITY, &mut stream).unwrap();
        mean.advance(day).unwrap();
        println!("day {day}: {:?} of {:?}", tumour.state.levels, mean.means().levels);
    }
    let (found, expected) = (tumour.state.levels[1], mean.means().levels[1]);
    // Counts of a million move a level by 1e-3 of itself; arrivals over steps of a quarter by another 1 %.
    assert!((found / expected - 1.0).abs() < 0.02, "{found} of {expected}");
    tumour.advance(60.0, f64::INFINITY, &mut stream).unwrap();
    assert!(tumour.state.levels.iter().all(|l| *l >= 0.0), "{:?}", tumour.state.levels);
}

const EFFECTORS: &str = "
[model]
title = 'x'
[parameters]
per_mg = { value = '1e6 cells/mg', assumed = 'x', prior = 'uniform(1e5 cells/mg, 1e7 cells/mg)' }
kill = { value = '4e-6 /cell/day', assumed = 'x', prior = 'uniform(1e-6 /cell/day, 1e-5 /cell/day)' }
spent = { value = '5e-11 /cell/day', assumed = 'x', prior = 'uniform(1e-11 /cell/day, 1e-10 /cell/day)' }
[levels.effector]
start = '0 cells'
rate = 'per_mg * cart - spent * total * effector'
[cells.a]
birth = '0.05 /day'
death = 'kill * effector'
[drugs.cart]
route = 'kpd'
elimination = '100 /day'
felt_as = 'mg/day'
[before_treatment]
start = { a = '2.5e10 cells' }
";

/// Effectors arrive within the hour, kill a third of the tumour in the first day and are spent on it: cells fall fast and then slowly within
/// one step, and the effectors follow that path and not the straight one between its ends, which is 3 % off. Chance moves
/// 10^10 cells by 1e-5 of themselves.
#[test]
fn levels_follow_the_path_within_a_step() {
    let (compiled, parameters) = written(EFFECTORS);
    let (mut tumour, mut mean) = under(&compiled, &parameters, "cart 0.2 mg once from day 3");
    let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
    for day in [2.0, 3.0, 4.0, 8.0] {
        tumour.advance(day, f64::INFINITY, &mut stream).unwrap();
        mean.advance(day).unwrap();
        let (found, expected) = (tumour.state.levels[0], mean.means().levels[0]);
        let (cells, means) = (tumour.state.total() as f64, mean.means().by_type()[0]);
        println!("day {day}: {found:.5e} of {expected:.5e}, cells {cells:.5e} of {means:.5e}");
        assert!((found - expected).abs() <= 3e-3 * expected && (cells / means - 1.0).abs() < 1e-3, "day {day}");
    }
}
