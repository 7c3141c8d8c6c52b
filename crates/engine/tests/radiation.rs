//! Radiation: what fractions leave of cells that divide meanwhile, by every method, and of cells that act on each other.
//!
//! One fraction of dose D leaves each cell with probability exp(-alpha D - beta D^2). The thresholds are z of 5.2: a false alarm in five million a
//! comparison.

use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::law::arm::Law;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use remission_model::regimen::from_sentences;

const ALPHA: f64 = 0.3;
const BETA: f64 = 0.03;
const Z: f64 = 5.2;

fn model(birth: &str, cells: &str) -> Compiled {
    let text = format!(
        "[model]\ntitle = 'x'\n[parameters]\nalpha = {{ value = '{ALPHA} /Gy', fitted = 'x' }}\n\
         beta = {{ value = '{BETA} /Gy^2', fitted = 'x' }}\nroom = {{ value = '1e7 cells', fitted = 'x' }}\n\
         b = {{ value = '0.05 /day', fitted = 'x' }}\n[cells.hit]\nbirth = \"{birth}\"\n\
         death = 'linear_quadratic(beam, alpha, beta)'\n[cells.marked]\nbirth = '0'\ndeath = '0'\n\
         switches = [{{ to = 'doomed', rate = 'linear_quadratic(beam, alpha, beta)' }}]\n[cells.doomed]\nbirth = '0'\n\
         death = '0'\n[drugs.beam]\nroute = 'radiation'\n[before_treatment]\nstart = {{ hit = '{cells} cells', marked = '{cells} cells' }}\n"
    );
    Compiled::new(&remission_model::model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{p}")))
}

/// Cells of each type on the day after three fractions, in many replicates.
fn after(compiled: &Compiled, method: Method, sentence: &str, days: f64, replicates: u64) -> Vec<Vec<u64>> {
    let regimen = from_sentences(&[sentence], &compiled.model).unwrap();
    (0..replicates)
        .map(|k| {
            let mut stream = Stream::new(20_261_130, 0, k, Purpose::Check);
            let parameters: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
            let start = before::start(compiled, &parameters, method, &mut stream).unwrap();
            let mut tumour = Tumour::new(compiled, &parameters, start, method).unwrap();
            tumour.follow(&regimen);
            tumour.advance(days, f64::INFINITY, &mut stream).unwrap();
            tumour.state.by_type(compiled)
        })
        .collect()
}

fn mean_and_error(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let n = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / n;
    let variance = values.map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

#[test]
fn a_fraction_leaves_what_the_linear_quadratic_law_says() {
    let compiled = model("b", "1000");
    let hit = |d: f64| ALPHA * d + BETA * d * d;
    for (method, replicates) in [(Method::Leap, 4000), (Method::Exact, 1000)] {
        for (sentence, fractions, dose) in [("beam 2 Gy x 3", 3.0, 2.0), ("beam 5 Gy x 1", 1.0, 5.0)] {
            let found = after(&compiled, method, sentence, 4.0, replicates);
            let left = (-fractions * hit(dose)).exp();
            // Cells that divide meanwhile, and cells that do not.
            let (hits, error) = mean_and_error(found.iter().map(|c| c[0] as f64));
            let z = (hits - 1000.0 * left * (0.05f64 * 4.0).exp()) / error;
            let (marked, error) = mean_and_error(found.iter().map(|c| c[1] as f64));
            let binomial = (1000.0 * left * (1.0 - left) / replicates as f64).sqrt();
            let y = (marked - 1000.0 * left) / binomial;
            println!("{method:?} {sentence}: z {z:.2}, {y:.2}; error {error:.3} of a binomial {binomial:.3}");
            assert!(z.abs() < Z && y.abs() < Z);
            // The variance is binomial too: sd of a variance of n draws is about sqrt(2 / n).
            let ratio = (error / binomial).powi(2);
            assert!((ratio - 1.0).abs() < Z * (2.0 / replicates as f64).sqrt() * 1.5, "{ratio}");
            assert!(found.iter().all(|c| c[1] + c[2] == 1000), "who is hit is doomed and not lost");
        }
    }
}

#[test]
fn a_dose_that_leaves_next_to_nothing_is_one_step_among_others() {
    // 18 Gy leave exp(-15.12), and cells that hinder each other go by another way through the engine.
    let crowded = model("b * logistic(total, room)", "2e6");
    let alone = model("b", "2e6");
    let left = 2e6 * (-(ALPHA * 18.0 + BETA * 324.0)).exp();
    for compiled in [&crowded, &alone] {
        let found = after(compiled, Method::Leap, "beam 18 Gy x 1", 0.02, 20_000);
        let (marked, error) = mean_and_error(found.iter().map(|c| c[1] as f64));
        println!("interacting {}: {marked:.4} of {left:.4}, z {:.2}", compiled.interacting, (marked - left) / error);
        assert!(((marked - left) / error).abs() < Z);
    }
}

#[test]
fn means_and_the_exact_law_say_the_same() {
    let compiled = model("b", "1000");
    let parameters: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
    let regimen = from_sentences(&["beam 4 Gy x 3"], &compiled.model).unwrap();
    let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
    mean.follow(&regimen);
    mean.advance(3.0).unwrap();
    let left = (-3.0 * (ALPHA * 4.0 + BETA * 16.0)).exp();
    let found = mean.means().by_type();
    assert!((found[0] / (1000.0 * left * 0.15f64.exp()) - 1.0).abs() < 1e-6, "{found:?}");
    assert!((found[1] / (1000.0 * left) - 1.0).abs() < 1e-6, "{found:?}");
    let mut exposure = Exposure::new(&compiled, &parameters, 0.0).unwrap();
    exposure.follow(&regimen);
    let law = Law::new(&compiled, &parameters, &exposure, &[3.0]).unwrap();
    // That none of 1000 cells which do not divide is left.
    let none = law.none(|t| t == 1, 0).unwrap();
    let expected = (1.0 - left).powi(1000);
    println!("none left {none:.6} of {expected:.6}");
    assert!((none - expected).abs() < 1e-6);
}

#[test]
fn a_visit_in_the_middle_of_a_fraction_changes_nothing_but_the_path() {
    let compiled = model("b", "1000");
    let regimen = from_sentences(&["beam 3 Gy x 2"], &compiled.model).unwrap();
    let parameters: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
    let found: Vec<f64> = (0..4000)
        .map(|k| {
            let mut stream = Stream::new(7, 0, k, Purpose::Check);
            let start = before::start(&compiled, &parameters, Method::Leap, &mut stream).unwrap();
            let mut tumour = Tumour::new(&compiled, &parameters, start, Method::Leap).unwrap();
            tumour.follow(&regimen);
            for until in [0.003, 0.5, 1.004, 2.0] {
                tumour.advance(until, f64::INFINITY, &mut stream).unwrap();
            }
            tumour.state.by_type(&compiled)[1] as f64
        })
        .collect();
    let left = (-2.0 * (ALPHA * 3.0 + BETA * 9.0)).exp();
    let (mean, error) = mean_and_error(found.iter().copied());
    assert!(((mean - 1000.0 * left) / error).abs() < Z, "{mean} of {}", 1000.0 * left);
}
