//! Immune cells are counted, act on the tumour and are none of it.
//!
//! Killing at rate k E with E kept constant by arrivals and deaths is a death rate; the same model by counts, by a level and by the mean agree. Thresholds
//! are z of 5.2: a false alarm in five million a comparison.

use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::mean::MeanTumour;
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Stop, Tumour};

const Z: f64 = 5.2;

fn compiled(cells: &str) -> Compiled {
    let text = format!(
        "[model]\ntitle = 'x'\n[parameters]\nb = {{ value = '0.2 /day', fitted = 'x' }}\nd = {{ value = '0.1 /day', fitted = 'x' }}\n\
         k = {{ value = '2e-4 /cell/day', fitted = 'x' }}\ninflux = {{ value = '100 cells/day', fitted = 'x' }}\n\
         room = {{ value = '4000 cells', fitted = 'x' }}\n{cells}"
    );
    Compiled::new(&remission_model::model_from_toml("model.toml", &text).unwrap_or_else(|p| panic!("{p}")))
}

const COUNTED: &str = "[cells.tumour]\nbirth = 'b * logistic(total, room)'\ndeath = 'k * killer'\n[cells.killer]\nkind = 'immune'\n\
    birth = '0'\ndeath = 'd'\nimmigration = 'influx'\n[before_treatment]\nstart = { tumour = '1000 cells', killer = '1000 cells' }\n";

fn run(compiled: &Compiled, method: Method, days: f64, replicates: u64) -> Vec<Vec<u64>> {
    let parameters: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
    (0..replicates)
        .map(|k| {
            let mut stream = Stream::new(20_261_130, 1, k, Purpose::Check);
            let start = before::start(compiled, &parameters, method, &mut stream).unwrap();
            let mut tumour = Tumour::new(compiled, &parameters, start, method).unwrap();
            tumour.advance(days, f64::INFINITY, &mut stream).unwrap();
            let counts = tumour.state.by_type(compiled);
            assert_eq!(tumour.state.tumour(compiled), counts[0], "the tumour is what is not immune");
            assert_eq!(tumour.state.total(), counts.iter().sum::<u64>());
            counts
        })
        .collect()
}

#[test]
fn exact_and_leap_agree_on_both_kinds_of_cells() {
    let compiled = compiled(COUNTED);
    let both = [(Method::Exact, 1500), (Method::Leap, 1500)].map(|(m, n)| run(&compiled, m, 10.0, n));
    for t in 0..2 {
        let [a, b] = both.each_ref().map(|runs| {
            let n = runs.len() as f64;
            let mean = runs.iter().map(|c| c[t] as f64).sum::<f64>() / n;
            let variance = runs.iter().map(|c| (c[t] as f64 - mean).powi(2)).sum::<f64>() / (n - 1.0);
            (mean, variance / n, variance)
        });
        let z = (a.0 - b.0) / (a.1 + b.1).sqrt();
        let spread = ((a.2 / b.2).ln()) / (4.0f64 / 1500.0).sqrt();
        println!("type {t}: {:.2} and {:.2}, z {z:.2}; variances {:.1} and {:.1}, z {spread:.2}", a.0, b.0, a.2, b.2);
        assert!(z.abs() < Z && spread.abs() < Z);
    }
}

#[test]
fn crowding_and_sizes_are_those_of_the_tumour() {
    // With 3,000 immune cells beside 1,000 of the tumour a tumour that counted them would have no room to grow.
    let text = COUNTED
        .replace("killer = '1000 cells'", "killer = '3000 cells'")
        .replace("death = 'k * killer'", "death = '0'");
    let compiled = compiled(&text);
    let parameters: Vec<f64> = compiled.model.parameters.iter().map(|p| p.value).collect();
    let mut mean = MeanTumour::start(&compiled, &parameters).unwrap();
    mean.advance(5.0).unwrap();
    let grown = 4000.0 / (1.0 + 3.0 * (-1.0f64).exp());
    let found = mean.means().by_type();
    assert!((found[0] / grown - 1.0).abs() < 1e-6, "{} of {grown}", found[0]);
    for method in [Method::Exact, Method::Leap] {
        let mut stream = Stream::new(3, 0, 0, Purpose::Check);
        let start = before::start(&compiled, &parameters, method, &mut stream).unwrap();
        let mut tumour = Tumour::new(&compiled, &parameters, start, method).unwrap();
        // All cells together are 4,000 from the first.
        let Stop::Size(day) = tumour.advance(30.0, 2000.0, &mut stream).unwrap() else { panic!("the size is reached") };
        assert!((3.0..8.0).contains(&day), "{method:?}: {day}");
    }
}

#[test]
fn a_tumour_that_is_gone_leaves_the_effectors_alive() {
    let text = COUNTED
        .replace("tumour = '1000 cells'", "tumour = '1 cell'")
        .replace("death = 'k * killer'", "death = '50 * b'");
    let compiled = compiled(&text);
    for method in [Method::Exact, Method::Leap] {
        let found = run(&compiled, method, 60.0, 40);
        assert!(found.iter().all(|c| c[0] == 0));
        // Arrivals over deaths: 1,000, whose number is Poisson.
        let mean = found.iter().map(|c| c[1] as f64).sum::<f64>() / 40.0;
        assert!(((mean - 1000.0) / (1000.0f64 / 40.0).sqrt()).abs() < Z, "{method:?}: {mean}");
    }
}
