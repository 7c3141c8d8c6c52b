//! Who the patients are: parameters, visit days and the day of death from other causes, one stream each.
//!
//! None of it depends on the arm, so every arm meets the same patients.

use remission_engine::draw;
use remission_engine::stream::Stream;
use remission_model::resolved::{Model, Variation, Visits};

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
    model.parameters.iter().map(|p| p.between_patients.map_or(p.value, |law| sample(law, p.value, stream))).collect()
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
