//! Sequencing of tissue against its moments and its detection probability in closed form. Thresholds are z of 5.2: a false alarm in five
//! million a comparison.

use remission_cohort::sequencing::Biopsy;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};

const Z: f64 = 5.2;
const DRAWS: usize = 100_000;

const MODEL: &str = r#"
[model]
title = "Tissue"
[parameters]
purity = { value = "0.6", fitted = "x" }
error = { value = "1e-4", fitted = "x" }
[cells.s]
birth = "0"
death = "0"
[cells.t790m]
mechanism = "t790m"
birth = "0"
death = "0"
[cells.nk]
kind = "immune"
birth = "0"
death = "0"
[before_treatment]
start = { s = "900 cells", t790m = "100 cells", nk = "5000 cells" }
[measurements.biopsy]
kind = "sequencing"
cells = "2000 cells"
purity = "purity"
copies = "4"
mutated_copies = "2"
depth = "300"
artefacts = "error"
detection_limit = "1 %"
"#;

fn biopsy(text: &str) -> (Compiled, Biopsy) {
    let model = remission_model::model_from_toml("model.toml", text).unwrap_or_else(|p| panic!("{p}"));
    let compiled = Compiled::new(&model);
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let remission_model::resolved::MeasurementKind::Sequencing(s) = &model.measurements[0].kind else { panic!() };
    let biopsy = Biopsy::new(&compiled, &parameters, "biopsy", s).unwrap();
    (compiled, biopsy)
}

#[test]
fn fractions_have_the_mean_of_purity_and_ploidy() {
    let (_, biopsy) = biopsy(&MODEL.replace("detection_limit = \"1 %\"", ""));
    // 0.6 x 2 / (0.6 x 4 + 2 x 0.4)
    assert!((biopsy.clonal - 0.375).abs() < 1e-12);
    let mut stream = Stream::new(1, 0, 0, Purpose::Ctdna);
    let (mut sums, mut squares) = ([0.0; 2], [0.0; 2]);
    for _ in 0..DRAWS {
        let mut out = Vec::new();
        biopsy.read(&[900.0, 100.0, 5000.0], &mut stream, &mut out);
        for k in 0..2 {
            sums[k] += out[k];
            squares[k] += out[k] * out[k];
        }
    }
    let n = DRAWS as f64;
    for (k, clonal) in [0.375, 0.0375].into_iter().enumerate() {
        let expected = clonal + (1.0 - clonal) * 1e-4;
        let mean = sums[k] / n;
        let variance = squares[k] / n - mean * mean;
        // Reads: p (1 - p) E(1 / N), with E(1 / N) = 1 / d + 1 / d^2 + ... of a Poisson N; cells of the piece: (0.375 / 2000)^2 x 2000 f (1 - f).
        let per_read = 1.0 / 300.0 + 1.0 / 300f64.powi(2) + 2.0 / 300f64.powi(3);
        let of_cells = if k == 0 { 0.0 } else { 0.375f64.powi(2) * 0.1 * 0.9 / 2000.0 };
        let of_all = expected * (1.0 - expected) * per_read + of_cells * (1.0 - per_read);
        let (z, y) = ((mean - expected) / (of_all / n).sqrt(), (variance / of_all - 1.0) / (2.0 / n).sqrt());
        println!("{k}: mean {mean:.5} of {expected:.5}, z {z:.2}; variance z {y:.2}");
        assert!(z.abs() < Z && y.abs() < Z * 1.5);
    }
}

#[test]
fn an_artefact_rate_gives_positives_where_there_is_nothing() {
    let text = MODEL.replace("depth = \"300\"", "depth = \"10000\"").replace("\"1 %\"", "\"0.03 %\"");
    let (_, biopsy) = biopsy(&text);
    let mut stream = Stream::new(2, 0, 0, Purpose::Ctdna);
    let positive = (0..DRAWS).filter(|_| biopsy.locus(0.0, &mut stream) > 0.0).count() as f64 / DRAWS as f64;
    // Of N ~ Poisson(10,000) reads Poisson(1) are wrong, and three or more of 10,000 pass 0.03 %: P(k >= 0.0003 N).
    let mut expected = 0.0;
    let poisson = |mean: f64, k: f64| (k * mean.ln() - mean - libm::lgamma(k + 1.0)).exp();
    for n in 9_000..11_000 {
        let most = (0.0003 * f64::from(n)).ceil();
        let below: f64 = (0..most as u32).map(|k| poisson(1e-4 * f64::from(n), f64::from(k))).sum();
        expected += poisson(10_000.0, f64::from(n)) * (1.0 - below);
    }
    let z = (positive - expected) / (expected * (1.0 - expected) / DRAWS as f64).sqrt();
    println!("positive {positive:.5} of {expected:.5}, z {z:.2}");
    assert!(z.abs() < Z);
}
