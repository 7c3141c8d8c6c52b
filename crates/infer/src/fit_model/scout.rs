//! Before the chains of a fit: where the posterior lies, how many particles a pass needs there, and what
//! estimates a stand-in ([`super::stand_in`]) learns from.

use super::patient::Seen;
use super::target::{Estimate, Fit};
use super::{Method, Options};
use crate::failure::Failure;
use crate::filter::Settings;
use crate::jobs::{self, Control};
use crate::pmmh::{self, Estimated, log_variance};
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
/// ln below the best from which on it matters not how far an estimate is.
const DEEPEST: f64 = 10.0;
/// Filters that may be no better than the best before.
const PATIENCE: usize = 3;
/// Steps of each chain that looks around, and as many before.
pub(super) const AROUND: usize = 150;
/// ln below what a step must reach down to which an estimate is still finished while looking around.
const REFUSED: f64 = 10.0;
/// Passes from which the roughness of estimates at a place is told.
const PASSES: usize = 16;
/// Variance of the log-likelihood from which on the filter works harder: chains cost least at 0.85 where steps lead anywhere, at 3 where they
/// are short (Pitt et al. 2012, J Econometrics 171:134; Doucet et al. 2015, Biometrika 102:295).
const VARIANCE: f64 = 1.0;
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
    settings: &pmmh::Settings,
    control: &Control,
) -> Result<Option<Vec<Vec<f64>>>, Failure> {
    let few = by(fit, fit.filter.map(|_| Settings { particles: FEW, ..Settings::default() }));
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

/// A filter with so many particles.
pub(super) fn with(particles: usize) -> Settings {
    Settings { particles, starts: STARTS, ..Settings::default() }
}

/// The least that a filter works.
pub(super) fn least() -> Settings {
    Settings { starts: 1, ..with(FEWEST) }
}

/// The filter that a fit begins with: as was asked for, or the least; none along the mean.
pub(super) fn first(options: &Options) -> Option<Settings> {
    (options.method == Method::Particles).then(|| options.particles.map_or_else(least, with))
}

/// A filter that works as hard as `from`, or as brings the roughness of estimates below 1 at places of a start; with the roughness.
pub(super) fn enough(
    fit: &Fit,
    start: &[Vec<f64>],
    from: Settings,
    seed: u64,
    control: &Control,
) -> Result<(Settings, f64), Failure> {
    let places: Vec<&Vec<f64>> = start.iter().step_by((start.len() / 8).max(1)).take(8).collect();
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
    let mut filter = from;
    let mut best = (filter, rough(filter)?);
    let mut in_vain = 0;
    while best.1 > VARIANCE && filter.particles < MOST_PARTICLES && in_vain < PATIENCE {
        // Many starts, where a clone that few tumours have explains the readings; many particles, where chance does what is not guessed.
        let mut more = Settings { particles: 2 * filter.particles, ..filter };
        let mut found = rough(more)?;
        if guesses && filter.starts < MOST_STARTS {
            let wider = Settings { starts: STARTS * filter.starts, ..filter };
            let by_starts = rough(wider)?;
            // Carrying a particle from look to look costs about half a start.
            let cost = |f: Settings| (f.particles * (2 * f.starts + fit.setting.visits.len())) as f64;
            if by_starts * cost(wider) < found * cost(more) {
                (more, found) = (wider, by_starts);
            }
        }
        filter = more;
        in_vain = if found < best.1 { 0 } else { in_vain + 1 };
        if found < best.1 {
            best = (filter, found);
        }
    }
    Ok(best)
}

/// Variance of the logarithms of some estimates (none for 0), of which those far below the best matter alike.
fn roughness(logs: &[Option<f64>]) -> f64 {
    let best = logs.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
    if best == f64::NEG_INFINITY {
        return f64::INFINITY;
    }
    let mut logs = logs.iter().map(|l| l.map_or(best - DEEPEST, |l| l.max(best - DEEPEST)));
    log_variance(logs.len(), || logs.next())
}
