//! Levels follow the cells within a step, not from its start.
//!
//! A level that cells make and that decays, dL/dt = k N - l L, beside N cells that grow as N0 e^(g t), is
//!     L = k N0 (e^(g t) - e^(-l t)) / (g + l).
//! With 10^10 cells chance moves it by 1e-4 of itself, so 1e-3 is never a false alarm.

mod common;

use common::written;
use remission_engine::before::start;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};

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

#[test]
fn a_level_follows_the_cells_that_make_it() {
    let (compiled, parameters) = written(MODEL);
    let (made, lost, growth) = (0.002, 0.3, 0.2);
    let state =
        start(&compiled, &parameters, Method::Leap, &mut Stream::new(1, 0, 0, Purpose::BeforeTreatment)).unwrap();
    let mut tumour = Tumour::new(&compiled, &parameters, state, Method::Leap).unwrap();
    let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
    for day in [1.0f64, 5.0, 20.0, 40.0] {
        tumour.advance(day, f64::INFINITY, &mut stream).unwrap();
        let law = made * 1e10 * (libm::exp(growth * day) - libm::exp(-lost * day)) / (growth + lost);
        let seen = tumour.state.levels[0];
        println!("day {day}: {seen:.6e} for {law:.6e}");
        assert!((seen / law - 1.0).abs() < 1e-3, "day {day}: {seen:.6e} for {law:.6e}");
    }
}
