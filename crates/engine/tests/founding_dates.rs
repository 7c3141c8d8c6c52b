//! When clones are founded: the dates in the list of founders, of lines that last, against their law.
//!
//! Parents grow e-fold at the rate g, so dates in (0, T) have the density g e^(g t) / (e^(g T) - 1) where every line lasts. The mean
//! date is judged at 10^-6.

mod common;

use common::*;
use remission_engine::before;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};

#[test]
fn founders_are_dated_along_the_growth_of_their_parents() {
    let (g, days) = (0.08f64, 60.0);
    let mut s = cell("S", 0.2, 0.12);
    s.mutations = vec![mutates(1, 1e-4)];
    // A cell that neither divides nor dies lasts.
    let compiled = compiled(&model(vec![s, cell("R", 0.0, 0.0)], &[(0, 50_000.0)]));
    let (mut sum, mut squares, mut n) = (0.0, 0.0, 0.0);
    for k in 0..40 {
        let mut stream = Stream::new(3, 0, k, Purpose::Check);
        let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
        let mut tumour = Tumour::new(&compiled, &[], start, Method::Leap).unwrap();
        tumour.advance(days, f64::INFINITY, &mut stream).unwrap();
        let (block, _) = compiled.place[1];
        for founder in &tumour.state.blocks[block].founders {
            assert!((0.0..=days).contains(&founder.founded), "{}", founder.founded);
            sum += founder.founded;
            squares += founder.founded * founder.founded;
            n += 1.0;
        }
    }
    let grown = (g * days).exp();
    let expected = days * grown / (grown - 1.0) - 1.0 / g;
    let (mean, variance) = (sum / n, squares / n - sum / n * sum / n);
    let z = (mean - expected) / (variance / n).sqrt();
    println!("{n} founders, mean date {mean:.3} for {expected:.3}, z {z:.2}");
    assert!(n > 10_000.0 && z.abs() <= z_limit(1e-6), "mean date {mean} for {expected}, z {z}");
}
