//! Who the patients are: parameters, visit days and the day of death from other causes, one stream each.
//!
//! None of it depends on the arm, so every arm meets the same patients.
//!
//! Correlated quantities have a Gaussian copula: independent standard normal deviates z, one a quantity in the order of
//! the model, become L z with L the Cholesky factor of the correlation matrix, and each law is applied to its own (Nelsen,
//! An Introduction to Copulas, 2nd ed., 2006, 2.9). A quantity takes as many words of the stream as without
//! correlations, so that naming one leaves all other quantities as they were.

use crate::outcome::CovariateValue;
use crate::statistics::special::normal_quantile;
use remission_engine::draw;
use remission_engine::stream::Stream;
use remission_model::resolved::{Category, Covariate, Model, Parameter, Variation, Visits};

/// One value of a law around `centre`.
pub fn sample(law: Variation, centre: f64, stream: &mut Stream) -> f64 {
    match law {
        Variation::LogNormal { sigma } => centre * libm::exp(sigma * draw::normal(stream)),
        Variation::Normal { sd } => centre + sd * draw::normal(stream),
        Variation::Uniform { low, high } => low + (high - low) * stream.uniform(),
        Variation::LogUniform { low, high } => low * libm::exp(libm::log(high / low) * stream.uniform()),
    }
}

/// A patient's parameters, base units, in the model's order.
pub fn parameters(model: &Model, stream: &mut Stream) -> Vec<f64> {
    patient(model, stream).0
}

/// A patient's parameters, covariates among them, base units, in the model's order; and the covariates apart.
///
/// ```
/// use remission_cohort::variation::patient;
/// use remission_engine::stream::{Purpose, Stream};
/// let text = std::fs::read_to_string("../../spec/cases/valid/covariates.toml").unwrap();
/// let model = remission_model::model_from_toml("covariates.toml", &text).unwrap();
/// let (parameters, covariates) = patient(&model, &mut Stream::new(1, 0, 0, Purpose::Parameters));
/// assert_eq!(parameters.len(), model.parameters.len());
/// assert!(covariates.iter().all(|c| parameters[c.parameter] == c.value));
/// ```
pub fn patient(model: &Model, stream: &mut Stream) -> (Vec<f64>, Vec<CovariateValue>) {
    let members = &model.correlations.members;
    let mut deviates = vec![0.0; members.len()];
    let mut values = Vec::with_capacity(model.parameters.len());
    let mut covariates = Vec::new();
    for (k, p) in model.parameters.iter().enumerate() {
        let mut category = None;
        let value = match (&p.covariate, p.between_patients) {
            (Some(Covariate::Categories(list)), _) => {
                let chosen = choose(list, stream.uniform());
                category = Some(chosen);
                list[chosen].value
            }
            (_, Some(law)) => match members.binary_search(&k) {
                Ok(place) => {
                    deviates[place] = deviate(law, stream);
                    p.value
                }
                Err(_) => sample(law, p.value, stream),
            },
            (_, None) => p.value,
        };
        values.push(value);
        if p.covariate.is_some() {
            covariates.push(CovariateValue { parameter: k, value, category });
        }
    }
    for (row, &k) in members.iter().enumerate() {
        let factor = &model.correlations.factor[row * members.len()..];
        let z = factor.iter().zip(&deviates).take(row + 1).map(|(l, z)| l * z).sum();
        values[k] = at_deviate(&model.parameters[k], z);
    }
    for c in &mut covariates {
        c.value = values[c.parameter];
    }
    (values, covariates)
}

/// Category at which the shares, added up, pass `u`.
fn choose(list: &[Category], u: f64) -> usize {
    let mut sum = 0.0;
    let passed = list.iter().position(|c| {
        sum += c.share;
        u < sum
    });
    passed.unwrap_or(list.len() - 1)
}

/// The standard normal deviate behind a draw of `law`.
fn deviate(law: Variation, stream: &mut Stream) -> f64 {
    match law {
        Variation::LogNormal { .. } | Variation::Normal { .. } => draw::normal(stream),
        Variation::Uniform { .. } | Variation::LogUniform { .. } => normal_quantile(stream.uniform()),
    }
}

/// The value of a quantity at its standard normal deviate.
fn at_deviate(p: &Parameter, z: f64) -> f64 {
    let share = || 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    match p.between_patients {
        Some(Variation::LogNormal { sigma }) => p.value * libm::exp(sigma * z),
        Some(Variation::Normal { sd }) => p.value + sd * z,
        Some(Variation::Uniform { low, high }) => low + (high - low) * share(),
        Some(Variation::LogUniform { low, high }) => low * libm::exp(libm::log(high / low) * share()),
        None => p.value,
    }
}

/// Visit days after baseline, strictly increasing, up to the horizon. Each visit is planned from the one before it, as in a
/// clinic's calendar, so that early and late visits add up.
///
/// ```
/// use remission_cohort::variation::visit_days;
/// use remission_engine::stream::{Purpose, Stream};
/// use remission_model::resolved::Visits;
/// let visits = Visits { spacing: vec![(0.0, 42.0), (84.0, 84.0)], window: 0.0 };
/// let days = visit_days(&visits, 300.0, &mut Stream::new(1, 0, 0, Purpose::Visits));
/// assert_eq!(days, [42.0, 84.0, 168.0, 252.0]);
/// ```
pub fn visit_days(visits: &Visits, horizon: f64, stream: &mut Stream) -> Vec<f64> {
    let mut days: Vec<f64> = Vec::new();
    let mut last = 0.0;
    // Whole days, uniform from -width to width; less than half a spacing, so visits stay in order.
    let width = libm::floor(visits.window);
    loop {
        let spacing = visits.spacing.iter().rev().find(|(from, _)| *from <= last + 1e-9).map_or(horizon, |s| s.1);
        let moved = if width > 0.0 { libm::floor(stream.uniform() * (2.0 * width + 1.0)) - width } else { 0.0 };
        // Without a window days are multiples of the spacing, without the drift of repeated sums.
        last = if width > 0.0 { last + spacing + moved } else { next_multiple(last, spacing, visits) };
        if last > horizon + 1e-9 {
            return days;
        }
        days.push(last.min(horizon));
    }
}

/// The next day of a calendar without a window.
fn next_multiple(last: f64, spacing: f64, visits: &Visits) -> f64 {
    if visits.spacing.len() == 1 { (libm::round(last / spacing) + 1.0) * spacing } else { last + spacing }
}

/// Day of death from other causes at a constant hazard a day; infinity when there is none.
pub fn death_day(hazard: f64, stream: &mut Stream) -> f64 {
    let waited = draw::exponential(stream);
    if hazard > 0.0 { waited / hazard } else { f64::INFINITY }
}
