//! Before the chains of a fit: where the posterior lies, how many particles a pass needs there, and what
//! estimates a stand-in ([`super::stand_in`]) learns from.

use super::patient::Seen;
use super::stand_in::{StandIn, even};
use super::target::{Estimate, Fit};
use super::{Method, Options};
use crate::failure::Failure;
use crate::filter::Settings;
use crate::jobs::{self, Control};
use crate::pmmh::{self, Estimated, log_variance};
use crate::prior::values;
use crate::{prior, smc};
use remission_engine::stream::{Purpose, Stream};
use std::sync::{Mutex, PoisonError};

/// Particles of the filter while the posterior is looked for, where it does not guess.
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
/// Variance of the log-likelihood from which on the filter works harder while looking around: chains cost least at 0.85 where steps lead anywhere, at 3 where they
/// are short (Pitt et al. 2012, J Econometrics 171:134; Doucet et al. 2015, Biometrika 102:295).
const VARIANCE: f64 = 2.0;
/// Share that weights keep at most of draws that are flatter than the posterior, and of a stand-in that is a little off.
const MOST_KEPT: f64 = 0.7;
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

/// The filter by which the posterior is looked for: the least that is led, where it can be.
pub(super) fn few(fit: &Fit) -> Option<Settings> {
    let plain = Settings { particles: FEW, ..Settings::default() };
    fit.filter.map(|_| if guesses(fit) { with(FEWEST) } else { plain })
}

/// Whether the filter can look ahead.
fn guesses(fit: &Fit) -> bool {
    !fit.setting.compiled.interacting
}

/// A filter's own random draws at place `k`.
fn draws(seed: u64, filter: Settings, k: usize) -> Stream {
    Stream::new(seed, (filter.particles * 1000 + filter.starts) as u64, 30 + k as u64, Purpose::Inference)
}

/// A filter with so many particles.
pub(super) fn with(particles: usize) -> Settings {
    Settings { particles, starts: STARTS, ..Settings::default() }
}

/// The least that a filter works, where there is nothing to be led to.
pub(super) fn least() -> Settings {
    Settings { starts: 1, ..with(FEWEST) }
}

/// The filter that a fit begins with: as was asked for, or the least that is led; none along the mean.
pub(super) fn first(options: &Options) -> Option<Settings> {
    (options.method == Method::Particles).then(|| with(options.particles.unwrap_or(FEWEST)))
}

/// A filter that works as hard as `from`, or as brings the roughness of estimates below `VARIANCE` at places of a start.
pub(super) fn enough(
    fit: &Fit,
    start: &[Vec<f64>],
    from: Settings,
    seed: u64,
    control: &Control,
) -> Result<Settings, Failure> {
    let places: Vec<&Vec<f64>> = start.iter().step_by((start.len() / 8).max(1)).take(8).collect();
    let guesses = guesses(fit);
    let rough = |filter: Settings| {
        let tried = by(fit, Some(filter));
        let found = jobs::map(places.len(), control, |k, _| {
            let mut stream = draws(seed, filter, k);
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
            if by_starts * cost(fit, wider) < found * cost(fit, more) {
                (more, found) = (wider, by_starts);
            }
        }
        filter = more;
        in_vain = if found < best.1 { 0 } else { in_vain + 1 };
        if found < best.1 {
            best = (filter, found);
        }
    }
    Ok(best.0)
}

/// What an estimate costs, in starts: carrying a particle from look to look about three quarters of one, and being ready to lead some twenty-five
/// (measured, a model of eight types).
fn cost(fit: &Fit, f: Settings) -> f64 {
    let ready = if guesses(fit) { 25.0 } else { 0.0 };
    ready + f.particles as f64 * (f.starts as f64 + 0.75 * fit.setting.visits.len() as f64)
}

/// The filter by which draws of the stand-in tell most in a time: the effective share of their weights over what an estimate costs. Of a
/// log-normal law of estimates whose variance goes with the inverse of the work that is where the variance is 1.
pub(super) fn best(fit: &Fit, by: &StandIn, from: Settings, seed: u64, control: &Control) -> Result<Settings, Failure> {
    let worth = |filter: Settings| -> Result<f64, Failure> {
        let tried = self::by(fit, Some(filter));
        let logs = jobs::map(by.places.len(), control, |k, _| {
            let (z, told) = &by.places[k];
            let at = values(&fit.parameters, z);
            let found = Estimated::estimate(&tried, &at, f64::NEG_INFINITY, &mut draws(seed ^ 3, filter, k));
            Ok(found.map_or(f64::NEG_INFINITY, |e| e.0 - told))
        })?;
        Ok(even(&logs) / cost(fit, filter))
    };
    let guesses = guesses(fit);
    let from = Settings { starts: if guesses { from.starts.clamp(STARTS, STARTS * STARTS) } else { 1 }, ..from };
    let mut tried = vec![(from, worth(from)?)];
    let mut at = 0;
    loop {
        let (Settings { particles, starts, .. }, now) = tried[at];
        let with = |particles: usize, starts: usize| Settings { particles, starts, ..from };
        let wide = |starts: usize| (starts == 1) != guesses && starts <= MOST_STARTS;
        let near = [
            with((particles / 2).max(FEWEST), starts),
            with(particles, (starts / STARTS).max(1)),
            with((2 * particles).min(MOST_PARTICLES), starts),
            with(particles, STARTS * starts),
        ];
        for filter in near.into_iter().filter(|f| wide(f.starts)) {
            // Who costs so much that no share makes it worth as much as the best.
            let most = tried.iter().map(|t| t.1).fold(0.0, f64::max);
            if tried.iter().all(|t| t.0 != filter) && most * cost(fit, filter) < MOST_KEPT {
                tried.push((filter, worth(filter)?));
            }
        }
        let better = (0..tried.len()).max_by(|a, b| tried[*a].1.total_cmp(&tried[*b].1)).filter(|k| tried[*k].1 > now);
        match better {
            Some(found) => at = found,
            None => return Ok(tried[at].0),
        }
    }
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
