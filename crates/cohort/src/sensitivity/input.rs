//! Uncertain numbers: which they are, and the value that a share of the prior stands for.

use crate::statistics::special::normal_quantile;
use remission_model::resolved::{Covariate, Model, Source, Variation};

/// Numbers without a prior that are varied all the same go up and down by this share.
pub const WIDENED: f64 = 0.2;
/// Shares of a prior are held inside this distance from 0 and 1, where laws without ends are infinite.
const EDGE: f64 = 1e-9;

/// A number that is varied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    /// Index of the parameter.
    pub parameter: usize,
    /// Its central value, base units.
    pub centre: f64,
    /// What else it could be.
    pub law: Variation,
    /// True for a cited or fitted number that is varied by [`WIDENED`] because that was asked for.
    pub widened: bool,
}

impl Input {
    /// The value below which a share `u` (0 to 1) of the prior lies, base units.
    ///
    /// ```
    /// use remission_cohort::sensitivity::input::Input;
    /// use remission_model::resolved::Variation;
    /// let of = |law| Input { parameter: 0, centre: 10.0, law, widened: false };
    /// assert_eq!(of(Variation::Uniform { low: 1.0, high: 3.0 }).at(0.25), 1.5);
    /// assert!((of(Variation::LogUniform { low: 1.0, high: 100.0 }).at(0.5) - 10.0).abs() < 1e-12);
    /// assert!((of(Variation::Normal { sd: 2.0 }).at(0.975) - 13.919_927_969).abs() < 1e-8);
    /// assert!(of(Variation::LogNormal { sigma: 1.0 }).at(0.0) > 0.0);
    /// ```
    pub fn at(&self, u: f64) -> f64 {
        let z = || normal_quantile(u.clamp(EDGE, 1.0 - EDGE));
        match self.law {
            Variation::LogNormal { sigma } => self.centre * libm::exp(sigma * z()),
            Variation::Normal { sd } => self.centre + sd * z(),
            Variation::Uniform { low, high } => low + (high - low) * u,
            Variation::LogUniform { low, high } => low * libm::exp(libm::log(high / low) * u),
        }
    }
}

/// A category of patients stands for its own value, so that of the covariate itself is never used.
fn is_used(covariate: &Option<Covariate>) -> bool {
    !matches!(covariate, Some(Covariate::Categories(_)))
}

/// The assumed numbers of a model, in its order; with `all`, cited and fitted ones that are not 0 too, by [`WIDENED`] up and down.
pub fn inputs(model: &Model, all: bool) -> Vec<Input> {
    let one = |(parameter, p): (usize, &remission_model::resolved::Parameter)| {
        let centre = p.value;
        let input = |law, widened| Some(Input { parameter, centre, law, widened });
        match &p.source {
            _ if !is_used(&p.covariate) => None,
            Source::Assumed { prior, .. } => input(*prior, false),
            _ if all && centre != 0.0 => {
                let (low, high) = (centre * (1.0 - WIDENED), centre * (1.0 + WIDENED));
                input(Variation::Uniform { low: low.min(high), high: low.max(high) }, true)
            }
            _ => None,
        }
    };
    model.parameters.iter().enumerate().filter_map(one).collect()
}
