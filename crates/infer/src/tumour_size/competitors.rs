//! Least-squares fits of the classical growth laws to one patient at a time: what a forecast has to beat.
//!
//! dV/dt = r V (exponential); a V (1 - V/b) (logistic); V (b - a ln V) (Gompertz); a V^l - b V, 2/3 <= l <= 1 (general
//! Bertalanffy). As in Ghaffari Laleh 2022 (PLoS Comput Biol 18:e1009822): V is the volume of the sphere, its value at
//! the first look is a parameter, the sum of squares is that of volumes. [`Target::Diameter`] makes it that of
//! diameters, which serves these laws better when errors are judged in mm. Bounds: r between -0.2 and 0.2 a day, other
//! rates up to 1 a day, what logistic, Gompertz and Bertalanffy tend to at most 300 mm across, and so is any forecast.
//! Every law has closed solutions, and several starts: the best sum of squares stands.

use crate::least_squares::{Search, minimise};

/// A growth law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// dV/dt = r V.
    Exponential,
    /// dV/dt = a V (1 - V/b).
    Logistic,
    /// dV/dt = V (b - a ln V).
    Gompertz,
    /// dV/dt = a V^l - b V.
    Bertalanffy,
}

impl Law {
    /// All, in order of the number of parameters.
    pub const ALL: [Law; 4] = [Law::Exponential, Law::Logistic, Law::Gompertz, Law::Bertalanffy];

    /// As in tables.
    pub fn name(self) -> &'static str {
        match self {
            Law::Exponential => "exponential",
            Law::Logistic => "logistic",
            Law::Gompertz => "gompertz",
            Law::Bertalanffy => "general_bertalanffy",
        }
    }
}

/// What is squared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Differences of volumes.
    Volume,
    /// Differences of diameters.
    Diameter,
}

/// Largest lesion, mm across.
const LARGEST: f64 = 300.0;

/// A fitted law.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Which.
    pub law: Law,
    free: Vec<f64>,
    scale: f64,
    begin: f64,
    /// Sum of squares over the square of the largest size.
    pub sum_of_squares: f64,
}

fn between(x: f64, low: f64, high: f64) -> f64 {
    low + (high - low) / (1.0 + libm::exp(-x))
}

/// ln(V / V of the scale) after `t` days from free values; `scale` in mm.
fn log_volume(law: Law, free: &[f64], t: f64, scale: f64) -> f64 {
    let start = free[0];
    let most = 3.0 * libm::log(LARGEST / scale);
    // What the law tends to, from a millionth of a cubic millimetre to the largest.
    let end = |x: f64| between(x, 3.0 * libm::log(0.01 / scale), most);
    let value = match law {
        Law::Exponential => start + between(free[1], -0.2, 0.2) * t,
        Law::Logistic => {
            let (k, e) = (end(free[2]), libm::exp(-between(free[1], 0.0, 1.0) * t));
            // K V0 / (V0 + (K - V0) e^-at)
            k - libm::log(1.0 + libm::expm1((k - start).clamp(-300.0, 300.0)) * e)
        }
        Law::Gompertz => {
            let k = end(free[2]);
            k + (start - k) * libm::exp(-between(free[1], 0.0, 1.0) * t)
        }
        Law::Bertalanffy => {
            let (k, power) = (end(free[2]), between(free[3], 1e-3, 1.0 / 3.0));
            // u = V^(1-l) goes to its end at rate b (1 - l).
            let (u, last) = (libm::exp(power * start), libm::exp(power * k));
            libm::log((last + (u - last) * libm::exp(-between(free[1], 0.0, 3.0) * power * t)).max(1e-30)) / power
        }
    };
    value.min(most)
}

impl Fitted {
    /// Diameter on `day`, mm.
    pub fn diameter(&self, day: f64) -> f64 {
        let value = log_volume(self.law, &self.free, day - self.begin, self.scale);
        self.scale * libm::exp(value / 3.0)
    }
}

/// The best fit of a law to diameters (mm, 0 or more) on days; none with fewer than two readings or none above 0.
///
/// A law with more values than readings has many fits: the search then also keeps its free values small, by a
/// thousandth of their size, as it does for every law.
pub fn fit(law: Law, days: &[f64], diameters: &[f64], target: Target) -> Option<Fitted> {
    let scale = diameters.iter().copied().fold(0.0, f64::max);
    if days.len() < 2 || scale <= 0.0 {
        return None;
    }
    let begin = days[0];
    let first = 3.0 * libm::log((diameters[0] / scale).max(0.02));
    let starts: Vec<Vec<f64>> = match law {
        Law::Exponential => [-0.2, -0.02, 0.02, 0.2].map(|r| vec![first, r]).to_vec(),
        _ => {
            let mut all = Vec::new();
            for rate in [-6.0, -4.0, -2.0] {
                for end in [-2.0, 0.5, 2.0] {
                    let mut free = vec![first, rate, end];
                    if law == Law::Bertalanffy {
                        free.push(0.0);
                    }
                    all.push(free);
                }
            }
            all
        }
    };
    let count = days.len() + starts[0].len();
    let size = |x: f64| if target == Target::Volume { x * x * x } else { x };
    let residuals = |free: &[f64], out: &mut [f64]| {
        for (k, (day, d)) in days.iter().zip(diameters).enumerate() {
            let fitted = libm::exp(log_volume(law, free, day - begin, scale) / 3.0);
            out[k] = size(fitted) - size(d / scale);
        }
        for (k, value) in free.iter().enumerate() {
            out[days.len() + k] = 1e-3 * value;
        }
    };
    let search = Search { iterations: 60, cosine: 1e-5 };
    let fits = starts.iter().filter_map(|start| minimise(residuals, count, start, &search).ok());
    let best = fits.min_by(|a, b| a.sum_of_squares.total_cmp(&b.sum_of_squares))?;
    Some(Fitted { law, free: best.estimate, scale, begin, sum_of_squares: best.sum_of_squares })
}
