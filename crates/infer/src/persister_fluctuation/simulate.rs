//! Cultures drawn from the law: for calibration, predictive draws and the worth of further measurements.

use super::Options;
use super::data::{Culture, Experiment};
use super::law::Visible;
use super::model::Rates;
use remission_engine::draw::{exponential, multinomial, normal, poisson};
use remission_engine::stream::Stream;

/// How an assay is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Cells of each culture when the drug is given, above 0.
    pub cells: Vec<f64>,
    /// Weeks at which colonies are counted, above 0 and in increasing order.
    pub weeks: Vec<f64>,
    /// Weeks at which persisters are counted (in every culture), 0 or more.
    pub persister_weeks: Vec<f64>,
}

/// Largest family that is drawn; the rare larger one counts as this.
const LARGEST: f64 = 1e15;

/// Most lines of a culture that are drawn one by one.
const MOST_LINES: u64 = 20_000;

/// An assay under these rates.
///
/// ```
/// use remission_engine::stream::{Purpose, Stream};
/// use remission_infer::persister_fluctuation::{Options, model::Rates, simulate::{Design, assay}};
/// let rates = Rates { before: 0.0, during: 1e-6, growth_per_day: 0.4, growth_spread: 0.1, persister_share: 0.01, persister_decay_per_day: 0.02 };
/// let design = Design { cells: vec![1e6; 200], weeks: vec![4.0, 10.0], persister_weeks: vec![] };
/// let assay = assay(&rates, &design, &Options::default(), &mut Stream::new(1, 0, 0, Purpose::Inference));
/// let late: usize = assay.cultures.iter().map(|c| c.looks[1].1).sum();
/// // 1e4 persisters, 0.05 births a day, 1e-6: about 1.6e-2 lines a culture in 70 days.
/// assert!(late < 20);
/// ```
pub fn assay(rates: &Rates, design: &Design, options: &Options, stream: &mut Stream) -> Experiment {
    let threshold = options.visible_cells * options.survival;
    let kept = options.survival * options.plating;
    let visible = Visible::new(rates.growth_per_day, rates.growth_spread, threshold);
    let days: Vec<f64> = design.weeks.iter().map(|w| 7.0 * w).collect();
    let shown: Vec<f64> = days.iter().map(|d| kept * visible.by(*d)).collect();
    let mut shares: Vec<f64> = (0..days.len()).map(|k| shown[k] - if k > 0 { shown[k - 1] } else { 0.0 }).collect();
    shares.push((1.0 - shares.iter().sum::<f64>()).max(0.0));
    let last = days.last().copied().unwrap_or(0.0);
    let decay = rates.persister_decay_per_day;
    let whole = -libm::expm1(-decay * last);
    let mut cultures = Vec::new();
    for (k, cells) in design.cells.iter().enumerate() {
        let mut new = vec![0usize; days.len()];
        // Of very many lines a part is drawn and stands for all.
        let some = |lines: u64| (lines.min(MOST_LINES), lines as f64 / lines.clamp(1, MOST_LINES) as f64);
        let (families, times) = some(poisson(stream, rates.before * cells));
        for _ in 0..families {
            // A family begun when the culture was y of its final size has a geometric number of cells with mean 1/y.
            let y = stream.uniform();
            let size = libm::ceil(libm::log(stream.uniform()) / libm::log1p(-y)).clamp(1.0, LARGEST);
            let mut counts = vec![0; shares.len()];
            multinomial(stream, size as u64, &shares, &mut counts);
            new.iter_mut().zip(&counts).for_each(|(n, c)| *n = n.saturating_add(*c as usize));
        }
        new.iter_mut().for_each(|n| *n = (*n as f64 * times) as usize);
        let persisters = rates.persister_share * cells;
        let founded = rates.during * options.persister_births_per_day * kept * persisters * whole / decay;
        let (lines, times) = some(poisson(stream, founded));
        let mut later = vec![0usize; days.len()];
        for _ in 0..lines {
            let at = -libm::log1p(-stream.uniform() * whole) / decay;
            let growth = rates.growth_per_day * libm::exp(rates.growth_spread * normal(stream));
            let grown = libm::log(threshold / exponential(stream)) / growth;
            let place = days.partition_point(|d| *d < at + grown.max(0.0));
            if place < days.len() {
                later[place] += 1;
            }
        }
        new.iter_mut().zip(&later).for_each(|(n, l)| *n = n.saturating_add((*l as f64 * times) as usize));
        let count = |week: &f64| {
            let day = 7.0 * week;
            let noise = libm::exp(options.persister_spread * normal(stream));
            (day, persisters * libm::exp(-decay * day) * noise)
        };
        let persisters = design.persister_weeks.iter().map(count).collect();
        let looks = days.iter().copied().zip(new).collect();
        cultures.push(Culture { name: format!("culture {}", k + 1), final_cells: *cells, looks, persisters });
    }
    Experiment { name: String::new(), cultures }
}
