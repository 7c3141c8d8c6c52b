//! The moment at which a tumour reaches a size, however seldom somebody looks.
//!
//! From one cell that divides at rate b and dies at rate d a share 1 - d / b of tumours reaches any size; the mean date of reaching it
//! must not depend on how long the stretches are that the caller asks for, a year or a week. |z| of 5: a false alarm once in
//! 1.7 million comparisons, of which there are 6.

mod common;

use common::{every, written};
use remission_engine::before::start;
use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Stop, Tumour};

/// Days on which the size was reached, by those who did.
fn dates(compiled: &Compiled, size: f64, every: f64, lot: u64, n: u64) -> Vec<f64> {
    let state = start(compiled, &[], Method::Leap, &mut Stream::new(1, 0, 0, Purpose::BeforeTreatment)).unwrap();
    let mut tumour = Tumour::new(compiled, &[], state.clone(), Method::Leap).unwrap();
    let mut dates = Vec::new();
    for k in 0..n {
        tumour.restart(&state);
        let mut stream = Stream::new(33, lot, k, Purpose::Treatment);
        let mut until = 0.0;
        while until < 4_000.0 {
            until += every;
            if let Stop::Size(day) = tumour.advance(until, size, &mut stream).unwrap() {
                dates.push(day);
                break;
            }
        }
    }
    dates
}

#[test]
fn a_size_is_reached_on_the_same_day_however_seldom_one_looks() {
    let text = |birth: f64, more: &str| {
        format!(
            "[model]\ntitle = 'x'\n[cells.a]\nbirth = '{birth} /day'\ndeath = '0.08 /day'\n{more}\
             [before_treatment]\nstart = {{ a = '1 cells' }}\n"
        )
    };
    let founding =
        "mutates = [{ to = 'b', per_division = '1e-8' }]\n[cells.b]\nbirth = '0.2 /day'\ndeath = '0.1 /day'\n";
    for (lot, birth, more, size) in [(0, 0.14, "", 1e13), (2, 0.5, "", 1e13), (4, 0.14, founding, 1e10)] {
        let (compiled, _) = written(&text(birth, more));
        let n = 2_000;
        let [seldom, often] = [(0, 4_000.0), (1, 7.0)].map(|(k, every)| dates(&compiled, size, every, lot + k, n));
        let chance: f64 = 1.0 - 0.08 / birth;
        let moments = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            (mean, x.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / (x.len() * x.len()) as f64)
        };
        let ((a, v), (b, w)) = (moments(&seldom), moments(&often));
        let z = (a - b) / libm::sqrt(v + w);
        let spread = libm::sqrt(n as f64 * chance * (1.0 - chance));
        let share = (seldom.len() as f64 - n as f64 * chance) / spread;
        println!("{birth} {}: day {a:.2} and {b:.2}, z {z:+.2}; {} reach it, z {share:+.2}", more.len(), seldom.len());
        // What founds dies out a little less often: by the share of those who leave a mutant, below 1e-3.
        assert!(z.abs() < 5.0 && (share.abs() < 5.0), "z {z}, share {share}");
    }
}

/// A size that is passed and left again between two looks, because a drug begins in between, is reached: by events, leaps and the
/// mean, at a thousand cells and at a thousand million, where cells are alone and where they crowd each other.
#[test]
fn a_size_that_is_passed_between_two_looks_is_reached() {
    let text = |cells: f64, crowd: &str| {
        format!(
            "[model]\ntitle = 'x'\n[parameters]\nc = {{ value = '0.1 mg/L', assumed = 'test', prior = 'uniform(0.1 mg/L, 1 mg/L)' }}\n\
             k = {{ value = '1 /day', assumed = 'test', prior = 'uniform(0.1 /day, 1 /day)' }}\n\
             loss = {{ value = '0.1 /day', assumed = 'test', prior = 'uniform(0 /day, 1 /day)' }}\n\
             full = {{ value = '{} cells', assumed = 'test', prior = 'uniform(1 cells, 1e15 cells)' }}\n\
             cl = {{ value = '4 L/h', assumed = 'test', prior = 'uniform(1 L/h, 9 L/h)' }}\n\
             v = {{ value = '30 L', assumed = 'test', prior = 'uniform(10 L, 90 L)' }}\n\
             [drugs.d]\nroute = 'bolus'\nclearance = 'cl'\nvolume = 'v'\nfelt_as = 'mg/L'\n\
             [cells.a]\nbirth = '0.4 /day'\ndeath = 'loss + k * emax(d, 1, c){crowd}'\n\
             [before_treatment]\nstart = {{ a = '{cells} cells' }}\n",
            200.0 * cells
        )
    };
    for (cells, crowd) in [(20_000.0, ""), (2e9, ""), (2e9, " + k * total / full")] {
        let (compiled, parameters) = written(&text(cells, crowd));
        // From day 5 on: 4.5 times the cells without crowding, a tenth more than what is looked for, and after 7 days as few as before.
        let mut regimen = every(0, 100.0, 1.0);
        regimen.rules[0].from = 5.0;
        for method in [Method::Exact, Method::Leap] {
            if method == Method::Exact && cells > 1e6 {
                continue;
            }
            for (times, reached) in [(4.0, true), (20.0, false)] {
                for k in 0..20 {
                    let mut stream = Stream::new(51, 0, k, Purpose::Treatment);
                    let state = start(&compiled, &parameters, method, &mut stream).unwrap();
                    let mut tumour = Tumour::new(&compiled, &parameters, state, method).unwrap();
                    tumour.follow(&regimen);
                    let stop = tumour.advance(20.0, times * cells, &mut stream).unwrap();
                    let seen = matches!(stop, Stop::Size(day) if day < 5.5);
                    assert_eq!(seen, reached, "{cells}{crowd}, {method:?}, {times} times: {stop:?}");
                }
            }
        }
        let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
        mean.follow(&regimen);
        let day = mean.advance_below(20.0, 4.0 * cells).unwrap().unwrap();
        let alone = libm::log(4.0) / 0.3;
        assert!(if crowd.is_empty() { (day - alone).abs() < 1e-6 } else { day > alone && day < 5.0 }, "{day} {alone}");
        let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
        mean.follow(&regimen);
        assert_eq!(mean.advance_below(20.0, 20.0 * cells).unwrap(), None);
    }
}
