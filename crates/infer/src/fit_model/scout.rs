//! Before the chains of a fit: where the posterior lies, how many particles a pass needs there, and what
//! estimates a stand-in ([`super::stand_in`]) learns from.

use super::patient::Seen;
use super::target::{Estimate, Fit};
use super::{Method, Options};
use crate::failure::Failure;
use crate::filter::Settings;
use crate::jobs::{self, Control};
use crate::pmmh::{self, Estimated, roughness};
use crate::{prior, smc};
use remission_engine::stream::{Purpose, Stream};
use std::sync::{Mutex, PoisonError};

/// Particles of the filter while the posterior is looked for.
const FEW: usize = 4;
/// The fewest particles, and starts for each where the filter guesses.
const FEWEST: usize = 2;
const STARTS: usize = 4;
/// Most of them.
const MOST_STARTS: usize = 64;
/// Filters that may be worth no more than the best before.
const PATIENCE: usize = 2;
/// Roughness below which no filter works harder.
const SMOOTH: f64 = 0.5;
/// Variance of the log-likelihood that says that the posterior was not found.
pub(super) const ROUGH: f64 = 3.0;
/// Roughness of estimates that a stand-in learns from.
pub(super) const TO_LEARN: f64 = 0.2;
/// Steps of each chain that looks around, and as many before.
pub(super) const AROUND: usize = 150;
/// ln below what a step must reach down to which an estimate is still finished while looking around.
const REFUSED: f64 = 10.0;
/// Passes from which the roughness of estimates at a place is told.
const PASSES: usize = 16;
/// Costs, in those of a particle carried from look to look: of a start, of one that is led, of leading, and of what is done between estimates.
const START: usize = 2;
const LED: usize = 3;
const LEADING: usize = 50;
const BETWEEN: usize = 100;
/// Most particles that are chosen.
const MOST_PARTICLES: usize = 128;

/// A fit that remembers what was estimated.
pub(super) struct Seeing<'a> {
    fit: &'a Fit<'a>,
    seen: Mutex<Vec<Estimate>>,
}

impl<'a> Seeing<'a> {
    pub fn new(fit: &'a Fit<'a>) -> Seeing<'a> {
        Seeing { fit, seen: Mutex::new(Vec::new()) }
    }

    /// What was estimated, in the order of places: threads saw them in any order.
    pub fn all(self) -> Vec<Estimate> {
        let mut all = self.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.sort_by(|a, b| {
            let first = a.at.iter().zip(&b.at).map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
            first.unwrap_or(a.log_likelihood.total_cmp(&b.log_likelihood))
        });
        all
    }
}

impl Estimated for Seeing<'_> {
    type Path = Vec<Seen>;

    fn parameters(&self) -> &[prior::Parameter] {
        &self.fit.parameters
    }

    fn estimate(&self, at: &[f64], least: f64, stream: &mut Stream) -> Option<(f64, Vec<Seen>)> {
        // Also what is refused tells of the curve, unless it is far below.
        let (estimate, path) = self.fit.estimated(at, least - REFUSED, stream)?;
        let log_likelihood = estimate.log_likelihood;
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(estimate);
        Some((log_likelihood, path))
    }
}

/// Where the posterior lies, roughly: a small population brought from the prior to the posterior by tempering. None where no draw from
/// the prior is possible.
pub(super) fn scouted(
    fit: &Fit,
    filter: Option<Settings>,
    settings: &pmmh::Settings,
    control: &Control,
) -> Result<Option<Vec<Vec<f64>>>, Failure> {
    let few = by(fit, filter);
    let rough = smc::Settings {
        particles: 40 + 10 * fit.free.len(),
        runs: 2,
        kept: 0.2,
        forgotten: 0.8,
        moves: 2,
        again: 0,
        seed: settings.seed,
    };
    let found = smc::sample(&few, &rough, control)?;
    if found.log_evidence == f64::NEG_INFINITY {
        return Ok(None);
    }
    Ok(Some(found.draws.all().map(<[f64]>::to_vec).collect()))
}

/// The same fit by another filter.
pub(super) fn by<'a>(fit: &Fit<'a>, filter: Option<Settings>) -> Fit<'a> {
    Fit::new(fit.setting, fit.free.clone(), filter, fit.seed)
}

/// The filter by which the posterior is looked for first.
pub(super) fn few(fit: &Fit) -> Option<Settings> {
    fit.filter.map(|_| Settings { particles: FEW, ..Settings::default() })
}

/// The filter by which it is looked for where readings must lead; none where they cannot.
pub(super) fn led(fit: &Fit) -> Option<Settings> {
    let led = Settings { led: true, ..with(FEWEST) };
    (!fit.setting.compiled.interacting).then_some(led)
}

/// A filter with so many particles.
pub(super) fn with(particles: usize) -> Settings {
    Settings { particles, starts: STARTS, led: false, ..Settings::default() }
}

/// The least that a filter works.
pub(super) fn least() -> Settings {
    Settings { starts: 1, ..with(FEWEST) }
}

/// The filter that a fit begins with: as was asked for, or the least; none along the mean.
pub(super) fn first(options: &Options) -> Option<Settings> {
    (options.method == Method::Particles)
        .then(|| options.particles.map_or_else(least, |n| Settings { led: true, ..with(n) }))
}

/// The filter, of those that work as hard as `from` or harder, by which most is told in a time, with the variance of its log-likelihood at most of
/// some places.
///
/// Draws that are weighed by estimates whose logarithm has variance v tell e^-v as much as if there were none (and chains cost least at a v of
/// about 1: Pitt et al. 2012, J Econometrics 171:134; Doucet et al. 2015, Biometrika 102:295), so v and the logarithm of the cost are weighed
/// against each other.
pub(super) fn enough(
    fit: &Fit,
    places: &[Vec<f64>],
    (from, aim): (Settings, Option<f64>),
    seed: u64,
    control: &Control,
) -> Result<(Settings, f64), Failure> {
    let places: Vec<&Vec<f64>> = places.iter().step_by((places.len() / 8).max(1)).take(8).collect();
    let guesses = !fit.setting.compiled.interacting;
    let rough = |filter: Settings| {
        let tried = by(fit, Some(filter));
        let found = jobs::map(places.len(), control, |k, _| {
            let number = (filter.particles * 1000 + filter.starts) as u64;
            let mut stream = Stream::new(seed, number, 30 + k as u64, Purpose::Inference);
            let one = |_| Estimated::estimate(&tried, places[k], f64::NEG_INFINITY, &mut stream).map(|e| e.0);
            Ok(roughness(&(0..PASSES).map(one).collect::<Vec<_>>()))
        });
        // Three quarters of the places: one that lies far out asks for more than will be met.
        found.map(|mut all| {
            all.sort_by(f64::total_cmp);
            all[(3 * all.len()).div_ceil(4) - 1]
        })
    };
    let cost = |f: &Settings| {
        let starts = f.particles * f.starts;
        f.particles * fit.setting.visits.len() + if f.led { LED * starts + LEADING } else { START * starts }
    };
    let worth = |(f, rough): &(Settings, f64)| match aim {
        Some(aim) => -libm::log(rough.max(aim) * cost(f) as f64),
        None => -rough - libm::log((cost(f) + BETWEEN) as f64),
    };
    let smooth = aim.unwrap_or(SMOOTH);
    let mut now = (from, rough(from)?);
    let (mut best, mut in_vain) = (now, 0);
    while best.1 > smooth && now.0.particles < MOST_PARTICLES && in_vain < PATIENCE {
        let filter = now.0;
        // Many particles, where chance does what is not guessed; many starts, where a clone that few tumours have explains the readings;
        // starts that are led, where hardly any has.
        let mut tried = vec![Settings { particles: 2 * filter.particles, ..filter }];
        if guesses && filter.starts < MOST_STARTS {
            tried.push(Settings { starts: STARTS * filter.starts, ..filter });
        }
        if guesses && !filter.led {
            tried.push(Settings { starts: filter.starts.max(STARTS), led: true, ..filter });
        }
        // None that would be worth less even if it were exact.
        tried.retain(|f| aim.is_some() || worth(&(*f, 0.0)) > worth(&best));
        let found = tried.into_iter().map(|f| rough(f).map(|rough| (f, rough))).collect::<Result<Vec<_>, _>>()?;
        let Some(next) = found.into_iter().max_by(|a, b| worth(a).total_cmp(&worth(b))) else { break };
        now = next;
        let better = if aim.is_some() { now.1 < best.1 } else { worth(&now) > worth(&best) };
        in_vain = if better { 0 } else { in_vain + 1 };
        if in_vain == 0 {
            best = now;
        }
    }
    Ok(best)
}
