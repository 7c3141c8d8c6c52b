//! What a user may set.

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Diameter below which a lesion is too small to measure, mm, above 0; default 5 (RECIST 1.1).
    pub limit: f64,
    /// One patient (`study/patient`, `study/patient/lesion`, or the patient alone); default: all.
    pub patient: Option<String>,
    /// Days from one future visit to the next, above 0; default 42.
    pub every: f64,
    /// Days ahead to forecast, at least `every`; default 336.
    pub horizon: f64,
    /// Whether forecasts are tried on the last two numbers of each patient; default true.
    pub held_out: bool,
    /// Seed of every random draw; default 2026.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { limit: 5.0, patient: None, every: 42.0, horizon: 336.0, held_out: true, seed: 2026 }
    }
}
