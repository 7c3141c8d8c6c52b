//! What further measurements would tell of the origin of the colonies, in bits, by nested Monte Carlo (see
//! [`crate::regrowth::next`], whose method this is): outcomes drawn from the posterior, their chance under each explanation
//! the mean over its draws, the fall of the entropy of origins.

use super::Options;
use super::data::Experiment;
use super::model::{Model, Rates};
use super::simulate::{Design, assay};
use crate::expected;
use crate::jobs::{Control, Interrupted, map};
use crate::regrowth::next::GROWTH_ERROR;
use crate::special::{log_normal_density, log_sum};
use crate::verdict::{Next, Verdict};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};

/// A further measurement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measurement {
    MoreCultures,
    LongerWatch,
    GrowthRate,
    Persisters,
}

/// Outcomes drawn, and draws of each explanation that weigh them.
const OUTCOMES: usize = 60;
const KEPT: usize = 30;
/// Cultures with more colonies in a drawn outcome than this count as having this many new ones at their last look.
const MOST: usize = 200;
/// Colonies whose growth is measured one by one.
const MEASURED: f64 = 12.0;
/// Most new cultures of which the worth is worked out.
const CULTURES: usize = 48;

/// Expected bits of each measurement; `drawn` are the rates of each explanation's draws, in the verdict's order.
pub(super) fn measurements(
    verdict: &Verdict,
    drawn: &[&[Rates]],
    e: &Experiment,
    model: &Model,
    options: &Options,
    control: &Control,
) -> Result<Vec<Next>, Interrupted> {
    let mut chosen = vec![Measurement::MoreCultures, Measurement::LongerWatch, Measurement::GrowthRate];
    if !model.counted_persisters() {
        chosen.push(Measurement::Persisters);
    }
    let thin = |rates: &&[Rates]| -> Vec<Rates> {
        let step = (rates.len() / KEPT).max(1);
        rates.iter().step_by(step).take(KEPT).copied().collect()
    };
    let sets: Vec<Vec<Rates>> = drawn.iter().map(thin).collect();
    let cells: Vec<f64> =
        e.cultures.iter().filter(|c| !c.looks.is_empty()).map(|c| c.final_cells).take(CULTURES).collect();
    let mut weeks: Vec<f64> = e.cultures.iter().flat_map(|c| c.looks.iter().map(|l| l.0 / 7.0)).collect();
    weeks.sort_by(f64::total_cmp);
    weeks.dedup();
    let last = weeks.last().copied().unwrap_or(1.0);
    map(chosen.len(), control, |k, control| {
        let m = chosen[k];
        let mut stream = Stream::new(options.settings.seed, 1000 + k as u64, 0, Purpose::Inference);
        let mut weeks = weeks.clone();
        if m == Measurement::LongerWatch {
            weeks.extend([1.5 * last, 2.0 * last]);
        }
        let design = Design { cells: cells.clone(), weeks, persister_weeks: Vec::new() };
        let mut falls = Vec::with_capacity(OUTCOMES);
        for outcome in 0..OUTCOMES {
            control.check()?;
            control.done(outcome as f64 / OUTCOMES as f64);
            let (mut u, mut from) = (stream.uniform(), 0);
            while from + 1 < drawn.len() && u > verdict.probability[from] {
                u -= verdict.probability[from];
                from += 1;
            }
            let set = ((stream.uniform() * sets[from].len() as f64) as usize).min(sets[from].len() - 1);
            let truth = &sets[from][set];
            let chance: Box<dyn Fn(&Rates) -> f64> = match m {
                Measurement::GrowthRate => {
                    let seen = |r: &Rates| {
                        let spread = libm::sqrt(r.growth_spread * r.growth_spread + GROWTH_ERROR * GROWTH_ERROR);
                        let error = spread / libm::sqrt(MEASURED);
                        (libm::log(r.growth_per_day), error, libm::log(spread))
                    };
                    // The logarithm of a standard deviation of n numbers is nearly normal.
                    let own = 1.0 / libm::sqrt(2.0 * (MEASURED - 1.0));
                    let (middle, error, spread) = seen(truth);
                    let found = (middle + error * normal(&mut stream), spread + own * normal(&mut stream));
                    Box::new(move |r| {
                        let (middle, error, spread) = seen(r);
                        log_normal_density(found.0, middle, error) + log_normal_density(found.1, spread, own)
                    })
                }
                Measurement::Persisters => {
                    let (start, end) = (libm::log(truth.persister_share), truth.persister_decay_per_day * 7.0 * last);
                    let spread = options.persister_spread;
                    let found = (start + spread * normal(&mut stream), start - end + spread * normal(&mut stream));
                    Box::new(move |r| {
                        let start = libm::log(r.persister_share);
                        let end = start - r.persister_decay_per_day * 7.0 * last;
                        log_normal_density(found.0, start, spread) + log_normal_density(found.1, end, spread)
                    })
                }
                _ => {
                    let mut new = assay(truth, &design, options, &mut stream);
                    for c in &mut new.cultures {
                        let mut left = MOST;
                        for look in &mut c.looks {
                            look.1 = look.1.min(left);
                            left -= look.1;
                        }
                    }
                    let model = Model::new(&new, options);
                    Box::new(move |r| model.log_likelihood(r))
                }
            };
            let of = |(k, all): (usize, &Vec<Rates>)| {
                let others = all.iter().enumerate().filter(|(s, _)| k != from || *s != set);
                let chances: Vec<f64> = others.map(|(_, r)| chance(r)).collect();
                log_sum(&chances) - libm::log(chances.len() as f64)
            };
            let chances: Vec<f64> = sets.iter().enumerate().map(of).collect();
            falls.push(verdict.entropy() - verdict.after(&chances).entropy());
        }
        let (expected_bits, error) = expected::mean(&falls, verdict.entropy());
        let cultures = crate::words::counted(cells.len(), "more culture", "more cultures");
        let name = match m {
            Measurement::MoreCultures => format!("more_cultures: {cultures}, treated alike"),
            Measurement::LongerWatch => {
                format!("longer_watch: {cultures}, watched to week {:.0}", 2.0 * last)
            }
            Measurement::GrowthRate => {
                format!("growth_rate: growth rates of {MEASURED:.0} colonies under the drug, each to 10 %")
            }
            Measurement::Persisters => "persister_counts: persisters counted at the start and the end".into(),
        };
        Ok(Next { name, expected_bits, error, cost: None })
    })
}
