//! The population that stands in where a table has too few patients to learn one: learned by `learned` from all looks of
//! the 1,472 patients of Ghaffari Laleh 2022 (PLoS Comput Biol 18:e1009822, data S1, CC BY: five trials of atezolizumab or
//! docetaxel, mostly of lung and bladder cancer), as printed by the example `tumour_size_reference`. Patients of other
//! diseases and drugs differ; with a hundred series of one's own they are learned instead.

use super::held_out::{Learned, POOL, Places};
use super::model::Below;
use crate::population::Population;

/// Means of the parameters of the first model of [`POOL`], in the order of its `parameters`.
const PLATEAU: [f64; 9] = [3.5297, 1.9684, -4.2589, -4.0818, -2.899, 0.016369, -0.93824, -2.5502, -4.2953];

/// Their covariance, the lower triangle by rows.
const PLATEAU_COVARIANCE: [f64; 45] = [
    0.35892, 0.25051, 5.2811, -0.059565, 0.16688, 0.4229, 0.17297, 1.9059, -0.16629, 1.9914, -0.068572, -1.0043,
    -0.03998, -0.091167, 0.573, 0.11166, 0.28892, -0.075296, 0.3083, -0.016471, 0.19015, -0.11758, -1.5943, 0.20588,
    -1.0839, 0.83423, -0.054495, 3.9055, -0.052255, -0.48535, 0.18021, -0.30633, 0.17315, -0.032754, 0.56821, 0.39368,
    -0.08321, -1.2597, -0.061505, -0.021887, 0.44281, 0.017021, 0.14821, 0.18182, 0.77212,
];

/// The same of the second model.
const STILL: [f64; 6] = [3.5196, -2.9389, -0.18608, -1.0851, -2.4269, -3.7597];

const STILL_COVARIANCE: [f64; 21] = [
    0.36232, -0.048629, 0.45608, 0.062684, 0.062616, 0.15015, -0.063932, 0.98236, 0.18509, 4.0252, -0.13017, 0.20827,
    -0.0013281, 0.82484, 0.40379, -0.14189, 0.36559, 0.021798, 0.48245, 0.13843, 0.64042,
];

/// The population, for a limit of measurement in mm.
pub fn population(limit: f64) -> Learned {
    let below = Below { limit, zeros: 0.775, words: 0.115 };
    let models = POOL.into_iter().zip([
        Population::new(PLATEAU.to_vec(), square(&PLATEAU_COVARIANCE, 9)),
        Population::new(STILL.to_vec(), square(&STILL_COVARIANCE, 6)),
    ]);
    Learned { below, models: models.collect() }
}

/// The spread of places of what was read in those patients, on which `held_out` corrects intervals.
pub fn places() -> Places {
    const LEVELS: [(f64, f64); 11] = [
        (0.0, 0.0),
        (0.025, 0.042),
        (0.05, 0.083),
        (0.1, 0.173),
        (0.25, 0.327),
        (0.5, 0.515),
        (0.75, 0.721),
        (0.9, 0.898),
        (0.95, 0.952),
        (0.975, 0.977),
        (1.0, 1.0),
    ];
    Places::from_levels(&LEVELS)
}

fn square(lower: &[f64], d: usize) -> Vec<f64> {
    let at = |i: usize, j: usize| lower[i.max(j) * (i.max(j) + 1) / 2 + i.min(j)];
    (0..d * d).map(|k| at(k / d, k % d)).collect()
}
