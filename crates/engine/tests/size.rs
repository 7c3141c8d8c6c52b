//! The moment at which a tumour reaches a size, however seldom somebody looks.
//!
//! From one cell that divides at rate b and dies at rate d a share 1 - d / b of tumours reaches any size; the mean date of reaching it
//! must not depend on how long the stretches are that the caller asks for, a year or a week. |z| of 5: a false alarm once in
//! 1.7 million comparisons, of which there are 6.

mod common;

use common::written;
use remission_engine::before::start;
use remission_engine::compiled::Compiled;
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
