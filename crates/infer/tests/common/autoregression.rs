//! An autoregression x' = a x + noise, x standard normal before the first step, read with error 1: a hidden process whose
//! likelihood is known exactly.

use remission_engine::draw::normal;
use remission_engine::stream::Stream;
use remission_infer::filter::Process;
use remission_infer::special::log_normal_density;

/// The process as a filter sees it.
pub struct Walk<'a> {
    /// How much of the last place is kept.
    pub a: f64,
    /// Standard deviation of a step.
    pub noise: f64,
    /// A reading a step.
    pub readings: &'a [f64],
}

impl Process for Walk<'_> {
    type State = f64;
    type Look = f64;

    fn looks(&self) -> usize {
        self.readings.len()
    }

    fn start(&mut self, stream: &mut Stream) -> Option<f64> {
        Some(normal(stream))
    }

    fn advance(&mut self, _: usize, state: &mut f64, stream: &mut Stream) -> bool {
        *state = self.a * *state + self.noise * normal(stream);
        true
    }

    fn log_density(&mut self, look: usize, state: &mut f64) -> f64 {
        log_normal_density(self.readings[look], *state, 1.0)
    }

    fn log_density_at_most(&self, _: usize) -> f64 {
        log_normal_density(0.0, 0.0, 1.0)
    }

    fn keep(&self, _: usize, state: &f64) -> f64 {
        *state
    }
}

/// So many readings.
pub fn readings(a: f64, noise: f64, number: usize, stream: &mut Stream) -> Vec<f64> {
    let mut x = normal(stream);
    let step = |_| {
        x = a * x + noise * normal(stream);
        x + normal(stream)
    };
    (0..number).map(step).collect()
}
