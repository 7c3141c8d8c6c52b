//! Who descends from whom: means, variances and covariances of all types against the moment equations.
//!
//! A clone that did well in a step founded more in it, so parents and founders go together; a founder that may found others lives from its
//! date to the end of the step, no longer and no shorter. Small clones that switch, founders of founders, and steps of several
//! intervals. Every mean and covariance is compared by its own spread over replicates; |z| of 5.5 in 36 comparisons is a
//! false alarm below once in 700,000 runs. Seeds are numbers in order.

mod common;

use common::written;
use remission_engine::exposure::Exposure;
use remission_engine::step::Step;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_engine::window::Window;
use remission_engine::{before, law};

const SWITCHING: &str = "
[model]
title = 'Small clones that switch and found often'
[cells.s]
birth = '0.5 /day'
death = '0.45 /day'
switches = [{ to = 'p', rate = '0.1 /day' }]
mutates = [{ to = 'r', per_division = '0.2' }]
[cells.p]
kind = 'persister'
birth = '0.1 /day'
death = '0.05 /day'
switches = [{ to = 's', rate = '0.15 /day' }]
mutates = [{ to = 'r', per_division = '0.1' }]
[cells.r]
kind = 'resistant'
birth = '0.1 /day'
death = '0.2 /day'
[before_treatment]
start = { s = '30 cells' }
";

const FOUNDERS_OF_FOUNDERS: &str = "
[model]
title = 'One after the other'
[cells.a]
birth = '0.5 /day'
death = '0.1 /day'
mutates = [{ to = 'b', per_division = '0.02' }]
[cells.b]
birth = '0.4 /day'
death = '0.1 /day'
mutates = [{ to = 'c', per_division = '0.05' }]
[cells.c]
kind = 'resistant'
birth = '0.1 /day'
death = '0.3 /day'
[before_treatment]
start = { a = '10 cells' }
";

const BLOCK_FOUNDED: &str = "
[model]
title = 'A founder that switches and founds'
[cells.a]
birth = '0.4 /day'
death = '0.1 /day'
mutates = [{ to = 'b', per_division = '0.05' }]
[cells.b]
birth = '0.3 /day'
death = '0.05 /day'
switches = [{ to = 'q', rate = '0.2 /day' }]
mutates = [{ to = 'c', per_time = '0.02 /day' }]
[cells.q]
kind = 'persister'
birth = '0'
death = '0.02 /day'
switches = [{ to = 'b', rate = '0.1 /day' }]
[cells.c]
kind = 'resistant'
birth = '0.1 /day'
death = '0.3 /day'
[before_treatment]
start = { a = '10 cells' }
";

fn check(name: &str, text: &str, days: f64, n: u64) -> usize {
    let (compiled, _) = written(text);
    let name_of = |i: usize| &compiled.model.cells[i].name;
    let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
    let first: Vec<f64> = start.by_type(&compiled).iter().map(|&n| n as f64).collect();
    let exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
    let law = law::moments(&compiled, &[], &exposure, &first, days).unwrap();
    let mut tumour = Tumour::new(&compiled, &[], start.clone(), Method::Leap).unwrap();
    let t = compiled.types();
    let mut ends = Vec::new();
    for k in 0..n {
        tumour.restart(&start);
        tumour.advance(days, f64::INFINITY, &mut Stream::new(41, 0, k, Purpose::Treatment)).unwrap();
        let off: Vec<f64> =
            tumour.state.by_type(&compiled).iter().zip(&law.mean).map(|(&n, mean)| n as f64 - mean).collect();
        ends.push(off);
    }
    let z = |of: &dyn Fn(&[f64]) -> f64, expected: f64| {
        let mean = ends.iter().map(|x| of(x)).sum::<f64>() / n as f64;
        let spread = ends.iter().map(|x| (of(x) - mean) * (of(x) - mean)).sum::<f64>() / n as f64;
        (mean - expected) / libm::sqrt(spread / n as f64)
    };
    let mut compared = 0;
    for i in 0..t {
        let mean = z(&|x| x[i], 0.0);
        println!("{name}: mean of {} {:.4}, z {mean:+.2}", name_of(i), law.mean[i]);
        assert!(mean.abs() < 5.5, "{name}: mean of {}, z {mean}", name_of(i));
        for j in 0..=i {
            let z = z(&|x| x[i] * x[j], law.covariance[i * t + j]);
            let pair = format!("{} and {}", name_of(i), name_of(j));
            println!("{name}: covariance of {pair} {:.4}, z {z:+.2}", law.covariance[i * t + j]);
            assert!(z.abs() < 5.5, "{name}: covariance of {pair}, z {z}");
        }
        compared += i + 2;
    }
    compared
}

#[test]
fn parents_and_founders_go_together() {
    let compared = check("switching", SWITCHING, 20.0, 40_000)
        + check("founders of founders", FOUNDERS_OF_FOUNDERS, 16.0, 40_000)
        + check("block founded", BLOCK_FOUNDED, 20.0, 40_000);
    assert_eq!(compared, 9 + 9 + 14);
}

/// Founders whose lines are gone are counted among the extinct: with those alive they are as many as were founded, whose mean
/// and variance are those of the integrated hazard and of a Poisson number beside it. Leaped and event by event.
#[test]
fn all_founders_are_counted() {
    let (compiled, _) = written(SWITCHING);
    let days = 20.0;
    let mut exposure = Exposure::new(&compiled, &[], 0.0).unwrap();
    let mut registers = compiled.registers(&[]);
    let window = Window::of_exposure(&compiled, &mut registers, &mut exposure, days).unwrap();
    let whole = &Step::of_window(&compiled, window).blocks[compiled.place[0].0].whole;
    let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
    let cells = start.total() as f64;
    let mean = cells * whole.mean(0, 2);
    let variance = mean + cells * whole.covariance(0, 2, 2);
    for method in [Method::Leap, Method::Exact] {
        let mut tumour = Tumour::new(&compiled, &[], start.clone(), method).unwrap();
        let n = 20_000;
        let (mut sum, mut squares, mut fourth) = (0.0, 0.0, 0.0);
        for k in 0..n {
            tumour.restart(&start);
            tumour.advance(days, f64::INFINITY, &mut Stream::new(43, 0, k, Purpose::Treatment)).unwrap();
            // A clone that there was at the start may be gone too.
            let state = &tumour.state;
            let off = (state.extinct + state.clones() as u64 - start.clones() as u64) as f64 - mean;
            sum += off;
            squares += off * off;
            fourth += off * off * off * off;
        }
        let n = n as f64;
        let z = sum / (n * variance).sqrt();
        let z2 = (squares / n - variance) / ((fourth / n - (squares / n) * (squares / n)) / n).sqrt();
        println!("{method:?}: {mean:.3} founders, z {z:+.2}, variance {variance:.3}, z {z2:+.2}");
        assert!(z.abs() < 5.5 && z2.abs() < 5.5, "{method:?}: {z} {z2}");
    }
}
