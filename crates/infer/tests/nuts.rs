//! Hamiltonian Monte Carlo: the law of a posterior that is known, threads, places without density.
#![cfg(feature = "gradient")]

use remission_infer::jobs::Control;
use remission_infer::nuts::{Settings, sample};
use remission_infer::prior::{Parameter, Prior, Target};

/// Sums of neighbouring parameters, read with error: a posterior of correlated normal variables.
struct Sums {
    parameters: Vec<Parameter>,
    read: Vec<f64>,
    sd: f64,
}

impl Sums {
    fn new(d: usize) -> Sums {
        let parameters = (0..d).map(|k| Parameter::new(format!("x{k}"), "", Prior::Normal(0.0, 1.0))).collect();
        Sums { parameters, read: (1..d).map(|k| 0.4 * k as f64 - 1.0).collect(), sd: 0.05 }
    }

    /// Posterior mean and covariance by solving (I + A'A / sd^2).
    fn known(&self) -> (Vec<f64>, Vec<Vec<f64>>) {
        let d = self.parameters.len();
        let w = 1.0 / (self.sd * self.sd);
        let (mut m, mut b) = (vec![vec![0.0; d]; d], vec![0.0; d]);
        (0..d).for_each(|k| m[k][k] = 1.0);
        for k in 0..d - 1 {
            for (i, j) in [(k, k), (k, k + 1), (k + 1, k), (k + 1, k + 1)] {
                m[i][j] += w;
            }
            b[k] += w * self.read[k];
            b[k + 1] += w * self.read[k];
        }
        // Gauss-Jordan on [m | I]; m is positive definite.
        let mut inverse: Vec<Vec<f64>> =
            (0..d).map(|i| (0..d).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        for k in 0..d {
            let pivot = m[k][k];
            for j in 0..d {
                m[k][j] /= pivot;
                inverse[k][j] /= pivot;
            }
            for i in (0..d).filter(|i| *i != k) {
                let f = m[i][k];
                for j in 0..d {
                    m[i][j] -= f * m[k][j];
                    inverse[i][j] -= f * inverse[k][j];
                }
            }
        }
        let mean = inverse.iter().map(|row| row.iter().zip(&b).map(|(a, b)| a * b).sum()).collect();
        (mean, inverse)
    }
}

impl Target for Sums {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        let of = |(k, y): (usize, &f64)| {
            let z = (y - at[k] - at[k + 1]) / self.sd;
            -0.5 * z * z
        };
        self.read.iter().enumerate().map(of).sum()
    }
}

/// Eight parameters whose neighbours are correlated by -0.99: means and standard deviations as solved. Each mean is judged at 5
/// standard errors by its effective size, each deviation at 5 of its own; 16 tests, false alarm about 1 in 100,000 (more where
/// effective sizes are rough, hence not 4). Draws of the same seed are the same on one thread and on three.
#[test]
fn draws_follow_a_posterior_that_is_known() {
    let target = Sums::new(8);
    let (mean, covariance) = target.known();
    let settings = Settings::default();
    let found = sample(&target, &settings, &Control { threads: 1, ..Control::quiet() }).unwrap().unwrap();
    eprintln!(
        "steps {} div {} bulk {:?} tail {:?}",
        found.steps, found.divergent, found.diagnosis.bulk, found.diagnosis.tail
    );
    assert_eq!(found.complaints(), Vec::<String>::new());
    for k in 0..8 {
        let values = found.draws.values(&format!("x{k}"));
        let n = values.len() as f64;
        let own = values.iter().sum::<f64>() / n;
        let sd = (values.iter().map(|x| (x - own) * (x - own)).sum::<f64>() / n).sqrt();
        let effective = found.diagnosis.bulk[k].min(found.diagnosis.tail[k]);
        let wanted = covariance[k][k].sqrt();
        let z = (own - mean[k]) / (wanted / effective.sqrt());
        assert!(z.abs() < 5.0, "x{k}: mean {own} for {}, z {z}", mean[k]);
        let z = (sd / wanted - 1.0) * (2.0 * effective).sqrt();
        assert!(z.abs() < 5.0, "x{k}: deviation {sd} for {wanted}, z {z}");
    }
    let again = sample(&target, &settings, &Control { threads: 3, ..Control::quiet() }).unwrap().unwrap();
    assert_eq!(found, again);
    let other = sample(&target, &Settings { seed: 1, ..settings }, &Control::quiet()).unwrap().unwrap();
    assert_ne!(found.draws, other.draws);
}

/// One parameter that the data allow above 0 alone.
struct Above([Parameter; 1], f64);

impl Target for Above {
    fn parameters(&self) -> &[Parameter] {
        &self.0
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        if at[0] > self.1 { 0.0 } else { f64::NEG_INFINITY }
    }
}

#[test]
fn places_without_density_are_never_drawn_and_are_told() {
    let of = |least| Above([Parameter::new("x", "", Prior::Normal(0.0, 1.0))], least);
    let settings = Settings { tune: 200, draws: 200, chains: 2, seed: 3 };
    let found = sample(&of(0.0), &settings, &Control::quiet()).unwrap().unwrap();
    assert!(found.draws.values("x").iter().all(|x| *x > 0.0));
    assert!(
        found.divergent > 0 && found.complaints().iter().any(|c| c.contains("% of the paths left")),
        "{:?}",
        found.complaints()
    );
    assert_eq!(sample(&of(1e6), &settings, &Control::quiet()).unwrap(), None);
}
