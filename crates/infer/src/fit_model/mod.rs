//! Any model of the catalogue or of the user fitted to one patient's series: sizes, counts, tumour DNA.
//!
//! In reading order: [`data`] (the table), [`patient`] (the tumour as a hidden process), `mean` (along its mean), `asked` (what the readings ask of a
//! type of cells), `led`, `regrown` and `later` (starts, growth, and founders under treatment led to that), [`target`] (free parameters and the likelihood), `scout` (where the posterior lies, how
//! hard a pass works), `stand_in` (a cheap likelihood that is learned there), `words` (the answer), `next` (what a further reading would tell).
//!
//! With `Method::Particles` parameters and paths of the tumour are drawn together over the engine's own leaps, from the stand-in with
//! weights or by particle marginal Metropolis-Hastings ([`crate::pmmh`]); with `Method::Mean` the tumour follows its mean and noise is that of
//! measurement alone. Rival models are weighed by their evidence, from sequential Monte Carlo ([`compare`]).

mod asked;
pub mod data;
mod later;
mod led;
pub mod mean;
mod next;
pub mod patient;
mod regrown;
mod scout;
mod stand_in;
pub mod target;
mod words;

pub use data::{Data, Readings, TEMPLATE, read};

use crate::answer::Answer;
use crate::failure::Failure;
use crate::jobs::{self, Control};
use crate::pmmh::{self, Estimated};
use crate::smc;
use crate::verdict::{Explanation, Origin, Verdict};
use patient::{Seen, Setting, Visit};
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_model::draws::Draws;
use remission_model::resolved::{Regimen, Study};
use scout::{AROUND, Seeing, best, by, enough, least, scouted};
use stand_in::StandIn;
use target::{Fit, chosen, prior_of};

/// How the tumour of a parameter set is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// By chance, as the engine leaps; the likelihood is estimated by a particle filter.
    Particles,
    /// Along its mean.
    Mean,
}

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Arm of the study whose doses the patient was given; none: the first.
    pub arm: Option<String>,
    /// Names of the free parameters; empty: those that move the readings most.
    pub free: Vec<String>,
    /// Most free parameters where none is named, 1 or more; default 5.
    pub most_free: usize,
    /// How the tumour is followed; default particles.
    pub method: Method,
    /// Particles of a pass, 2 or more; none: as many as tell most in a time, 2 to 128.
    pub particles: Option<usize>,
    /// Chains, 2 or more; default 4.
    pub chains: usize,
    /// Steps of each chain that are thrown away; default 100.
    pub burn_in: usize,
    /// Most steps of each chain after that, and most weighed draws of one; chains that agree end before, from 500 on; default 2000.
    pub steps: usize,
    /// Days after the last reading that are forecast, 1 or more; default 84.
    pub forecast_days: f64,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            arm: None,
            free: Vec::new(),
            most_free: 5,
            method: Method::Particles,
            particles: None,
            chains: 4,
            burn_in: 100,
            steps: 2000,
            forecast_days: 84.0,
            seed: 2026,
        }
    }
}

/// What came of a fit.
pub(crate) struct Fitted {
    pub(crate) draws: Draws,
    pub(crate) prior: Draws,
    /// Path of each draw, chain after chain, visits and beyond.
    pub(crate) paths: Vec<Vec<Seen>>,
    /// Paths drawn without regard to the readings.
    pub(crate) prior_paths: Vec<Vec<Seen>>,
    pub(crate) unconverged: Vec<String>,
    /// Whether estimates of the likelihood are too rough.
    pub(crate) rough: bool,
    pub(crate) diagnostics: Vec<(String, crate::answer::Said)>,
}

/// Days after the last reading that are followed: two, four and eight weeks, then every four, and the last.
fn ahead(last: f64, days: f64) -> Vec<f64> {
    let mut out: Vec<f64> = [14.0, 28.0, 56.0].into_iter().filter(|d| *d < days).collect();
    let mut next = 84.0;
    while next < days && out.len() < 60 {
        out.push(next);
        next += 28.0;
    }
    out.push(days);
    out.into_iter().map(|d| last + d).collect()
}

/// The doses of the arm that was asked for.
fn regimen<'a>(study: &'a Study, options: &Options, number: u32) -> Result<&'a Regimen, Failure> {
    let arm = match &options.arm {
        None => study.arms.first(),
        Some(name) => study.arms.iter().find(|a| a.name == *name),
    };
    let names: Vec<&str> = study.arms.iter().map(|a| a.name.as_str()).collect();
    let found = options.arm.as_deref().unwrap_or("no arm");
    let refused = || Failure::Said(format!("arm `{found}` is not in the study; allowed: {}", names.join(", ")));
    arm.map(|arm| arm.regimen_of(number)).ok_or_else(refused)
}

/// Indices of the free parameters.
fn free(setting: &Setting, options: &Options) -> Result<Vec<usize>, Failure> {
    let model = &setting.compiled.model;
    if options.free.is_empty() {
        let found = chosen(setting, options.most_free.max(1));
        if found.is_empty() {
            let why = "no parameter that is assumed or differs between patients moves these readings; name free ones, or give more readings";
            return Err(Failure::Said(why.into()));
        }
        return Ok(found);
    }
    let mut out = Vec::new();
    for name in &options.free {
        let with_prior = || {
            let names = model.parameters.iter().filter(|p| prior_of(p).is_some()).map(|p| p.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        match model.parameters.iter().position(|p| p.name == *name) {
            None => {
                return Err(Failure::Said(format!(
                    "parameter `{name}` is not in the model; those with a prior: {}",
                    with_prior()
                )));
            }
            Some(k) if prior_of(&model.parameters[k]).is_none() => {
                let what = "neither `assumed` with a prior nor different between patients, so nothing says how far it may be off";
                return Err(Failure::Said(format!(
                    "parameter `{name}` is {what}; give it a prior, or choose among {}",
                    with_prior()
                )));
            }
            Some(k) if !out.contains(&k) => out.push(k),
            Some(_) => {}
        }
    }
    Ok(out)
}

/// An answer for each patient of a table.
///
/// # Errors
/// [`Failure::Said`] where the arm or a parameter is not there, or no draw from the prior makes the readings possible.
pub fn answer(
    compiled: &Compiled,
    study: &Study,
    data: &Data,
    options: &Options,
    control: &Control,
) -> Result<Vec<Answer>, Failure> {
    let count = data.patients.len().max(1) as f64;
    let mut out = Vec::new();
    for (k, readings) in data.patients.iter().enumerate() {
        let regimen = regimen(study, options, k as u32)?;
        let last = readings.visits.last().map_or(0.0, |v| v.time);
        let ahead = ahead(last, options.forecast_days.max(1.0));
        let setting = Setting { compiled, regimen, visits: &readings.visits, ahead: &ahead };
        let (from, until) = (k as f64 / count, (k + 1) as f64 / count);
        out.push(control.part(from, until, |control| {
            let free = free(&setting, options)?;
            let (fit, fitted) = fitted(&setting, free, options, control)?;
            let mut found = words::answer(&fit, readings, &fitted, options);
            found.notes.extend(data.notes.iter().cloned());
            Ok::<Answer, Failure>(found)
        })?);
    }
    Ok(out)
}

const IMPOSSIBLE: &str = "no draw from the prior makes these readings possible: look at the unit of the values, the limits, the arm, \
     and whether the tumour of the model can have this size";

fn fitted<'a>(
    setting: &'a Setting<'a>,
    free: Vec<usize>,
    options: &Options,
    control: &Control,
) -> Result<(Fit<'a>, Fitted), Failure> {
    use crate::answer::Said;
    let refused = || Failure::Said(IMPOSSIBLE.into());
    let mut fit = Fit::new(setting, free, scout::first(options), options.seed);
    let settings = pmmh::Settings {
        chains: options.chains,
        burn_in: options.burn_in,
        steps: options.steps,
        thin: 5,
        agreed: true,
        seed: options.seed,
        ..pmmh::Settings::default()
    };
    let scout = |control: &Control| scouted(&fit, scout::few(&fit), &settings, control)?.ok_or_else(refused);
    let start = control.part(0.0, 0.2, scout)?;
    if let (Some(from), None) = (fit.filter, options.particles) {
        fit.filter = Some(control.part(0.2, 0.25, |control| enough(&fit, &start, from, options.seed, control))?);
    }
    // Chains that look around, from whose estimates the stand-in learns.
    let first_fit = by(&fit, fit.filter);
    let seen = Seeing::new(&first_fit);
    let first =
        pmmh::Settings { burn_in: AROUND, steps: AROUND, thin: 1, agreed: false, seed: options.seed ^ 1, ..settings };
    let around = control.part(0.25, 0.4, |control| pmmh::sample(&seen, &first, &start, None, control))?;
    let start = around.ok_or_else(refused)?.draws.all().map(<[f64]>::to_vec).collect::<Vec<_>>();
    let learned = |control: &Control| StandIn::learned(&first_fit, seen.all(), &start, options.seed, control);
    let stand_in = control.part(0.4, 0.45, learned)?;
    if let (Some(by), Some(from), None) = (&stand_in, fit.filter, options.particles) {
        fit.filter = Some(control.part(0.45, 0.5, |control| best(&fit, by, from, options.seed, control))?);
    }
    let curve = stand_in.as_ref().map(|by| |z: &[f64]| by.flat(z));
    let curve = curve.as_ref().map(|c| c as &pmmh::Curve);
    let weigh = |control: &Control| match curve {
        Some(by) => pmmh::weighed(&fit, &settings, &start, by, control),
        None => Ok(None),
    };
    // Weighed draws where weights are even enough, and chains that begin at them where not.
    let weighed = control.part(0.5, 0.75, weigh)?;
    let found = match weighed {
        Some(weighed) if weighed.even() => Some(weighed.posterior),
        other => {
            let start = other.map_or(start, |w| w.posterior.draws.all().map(<[f64]>::to_vec).collect());
            control.part(0.75, 0.95, |control| pmmh::sample(&fit, &settings, &start, curve, control))?
        }
    };
    let found = found.ok_or_else(refused)?;
    let (unconverged, rough) = (found.complaints(), found.rough());
    let worst = found.diagnosis.r_hat.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = found.diagnosis.bulk.iter().copied().fold(f64::INFINITY, f64::min);
    let diagnostics = vec![
        ("method".into(), Said::Text(if fit.filter.is_some() { "particles" } else { "mean" }.into())),
        ("particles".into(), Said::Number(fit.filter.map_or(0, |f| f.particles) as f64)),
        ("starts".into(), Said::Number(fit.filter.map_or(0, |f| f.particles * f.starts) as f64)),
        ("log_likelihood_variance".into(), Said::Number(found.variance)),
        ("acceptance".into(), Said::Numbers(found.acceptance.clone())),
        ("r_hat".into(), Said::Number(worst)),
        ("effective_draws".into(), Said::Number(least)),
        ("stand_in_error".into(), Said::Number(stand_in.as_ref().map_or(f64::NAN, |s| s.off))),
    ];
    let prior_paths = control.part(0.95, 1.0, |control| unread(&fit, &found.prior, options.seed, control))?;
    let paths: Vec<Vec<Seen>> = found.paths.into_iter().flatten().collect();
    Ok((fit, Fitted { draws: found.draws, prior: found.prior, paths, prior_paths, unconverged, rough, diagnostics }))
}

/// Paths of draws from the prior, readings left aside.
fn unread(fit: &Fit, prior: &Draws, seed: u64, control: &Control) -> Result<Vec<Vec<Seen>>, Failure> {
    let blind: Vec<Visit> = fit.setting.visits.iter().map(|v| Visit { time: v.time, readings: Vec::new() }).collect();
    let setting = Setting { visits: &blind, ..*fit.setting };
    let fit = Fit::new(&setting, fit.free.clone(), fit.filter.map(|_| least()), seed);
    let draws: Vec<&[f64]> = prior.all().take(400).collect();
    let paths = jobs::map(draws.len(), control, |k, _| {
        let mut stream = Stream::new(seed, k as u64, 6, Purpose::Inference);
        Ok(Estimated::estimate(&fit, draws[k], f64::NEG_INFINITY, &mut stream).map(|e| e.1))
    })?;
    Ok(paths.into_iter().flatten().collect())
}

/// A model that may have made the readings.
pub struct Rival<'a> {
    /// Name in tables.
    pub name: String,
    /// The model.
    pub compiled: &'a Compiled,
    /// Its study.
    pub study: &'a Study,
    /// The table as read for this model.
    pub data: &'a Data,
}

/// Evidence of rival models for each patient: prior probability alike for all.
///
/// # Errors
/// As [`answer`].
pub fn compare(rivals: &[Rival], options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    let patients = rivals.iter().map(|r| r.data.patients.len()).min().unwrap_or(0);
    let mut out = Vec::new();
    for k in 0..patients {
        let mut explanations = Vec::new();
        let mut unconverged = Vec::new();
        for (r, rival) in rivals.iter().enumerate() {
            let readings = &rival.data.patients[k];
            let setting = Setting {
                compiled: rival.compiled,
                regimen: regimen(rival.study, options, k as u32)?,
                visits: &readings.visits,
                ahead: &[],
            };
            let mut fit = Fit::new(&setting, free(&setting, options)?, scout::first(options), options.seed);
            if let (Some(from), None) = (fit.filter, options.particles) {
                let settings = pmmh::Settings { seed: options.seed, ..pmmh::Settings::default() };
                let start = scouted(&fit, scout::few(&fit), &settings, control)?;
                let start = start.ok_or_else(|| Failure::Said(IMPOSSIBLE.into()))?;
                fit.filter = Some(enough(&fit, &start, from, options.seed, control)?);
            }
            let settings =
                smc::Settings { particles: 100, runs: 2, moves: 8, seed: options.seed, ..smc::Settings::default() };
            let part = |x: usize| (k * rivals.len() + x) as f64 / (patients * rivals.len()) as f64;
            let found = control.part(part(r), part(r + 1), |control| smc::sample(&fit, &settings, control))?;
            if found.error > 1.0 {
                unconverged.push(format!(
                    "{}: its evidence is known to a factor of {:.0} only",
                    rival.name,
                    libm::exp(found.error)
                ));
            }
            explanations.push(Explanation {
                name: rival.name.clone(),
                words: rival.compiled.model.title.clone(),
                origin: Origin::Mixture,
                prior: 1.0 / rivals.len() as f64,
                log_evidence: found.log_evidence,
                error: found.error,
            });
        }
        out.push(words::compared(Verdict::new(explanations), unconverged, &rivals[0].data.patients[k].name));
    }
    Ok(out)
}
