//! When clones are founded: the dates in the list of founders, of lines that last, against their law.
//!
//! Parents grow e-fold at the rate g, so dates in (0, T) have the density g e^(g t) / (e^(g T) - 1) where every line lasts. The mean
//! date is judged at 10^-6. Parents of a type that is not there at the start come by switching at the rate q and are as many as
//! 1 - e^(-q t); their founders' dates have that density.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::resolved::{Model, Switch};

/// Number, mean and variance of the dates at which clones of the last type of `m` are founded in `tumours` tumours.
fn dates(m: &Model, days: f64, tumours: u64) -> (f64, f64, f64) {
    let compiled = compiled(m);
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for k in 0..tumours {
        let mut stream = Stream::new(3, 0, k, Purpose::Check);
        let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
        let mut tumour = Tumour::new(&compiled, &[], start, Method::Leap).unwrap();
        tumour.advance(days, f64::INFINITY, &mut stream).unwrap();
        let (block, _) = compiled.place[m.cells.len() - 1];
        for founder in &tumour.state.blocks[block].founders {
            assert!((0.0..=days).contains(&founder.founded), "{}", founder.founded);
            sum += founder.founded;
            squares += founder.founded * founder.founded;
            n += 1.0;
        }
    }
    (n, sum / n, squares / n - sum / n * sum / n)
}

fn judge((n, mean, variance): (f64, f64, f64), expected: f64, fewest: f64) {
    let z = (mean - expected) / (variance / n).sqrt();
    println!("{n} founders, mean date {mean:.3} for {expected:.3}, z {z:.2}");
    assert!(n > fewest && z.abs() <= z_limit(1e-6), "{n} founders, mean date {mean} for {expected}, z {z}");
}

#[test]
fn founders_are_dated_along_the_growth_of_their_parents() {
    let (g, days) = (0.08f64, 60.0);
    let mut s = cell("S", 0.2, 0.12);
    s.mutations = vec![mutates(1, 1e-4)];
    // A cell that neither divides nor dies lasts.
    let m = model(vec![s, cell("R", 0.0, 0.0)], &[(0, 50_000.0)]);
    let grown = (g * days).exp();
    judge(dates(&m, days, 40), days * grown / (grown - 1.0) - 1.0 / g, 10_000.0);
}

#[test]
fn founders_of_a_type_that_was_not_there_come_late() {
    let (q, days) = (1e-3f64, 20.0);
    let mut s = cell("S", 0.1, 0.1);
    s.switches = vec![Switch { to: 1, rate: number(q) }];
    let mut p = cell("P", 0.1, 0.1);
    p.mutations = vec![mutates(2, 1e-3)];
    let m = model(vec![s, p, cell("R", 0.0, 0.0)], &[(0, 2e6)]);
    let gone = (-q * days).exp();
    let (area, moment) = (days - (1.0 - gone) / q, days * days / 2.0 - (1.0 - gone * (1.0 + q * days)) / (q * q));
    judge(dates(&m, days, 200), moment / area, 5_000.0);
}
