//! Every mutation of a patient under every explanation: draws, evidence, and how probable each explanation is.

use super::data::{Patient, Role, Series};
use super::law::{Explanation, Rise};
use super::{Options, next};
use crate::jobs::{Control, Interrupted, map};
use crate::smc::{Posterior, sample};
use crate::verdict::{self, Next, Origin, Verdict};
use remission_engine::stream::{Purpose, Stream};

/// Draws kept of the mixture of all explanations.
pub(super) const DRAWS: usize = 2000;

/// One mutation under one explanation.
pub(super) struct One {
    pub(super) explanation: Explanation,
    pub(super) rise: Rise,
    pub(super) posterior: Posterior,
}

/// One mutation.
pub(super) struct Fitted {
    /// Which of the patient's series.
    pub(super) series: usize,
    pub(super) all: Vec<One>,
    pub(super) verdict: Verdict,
    /// Explanation (index in `all`) and parameters, each as probable as any other.
    pub(super) draws: Vec<(usize, Vec<f64>)>,
}

/// Day of the last draw of any mutation.
pub(super) fn last_day(patient: &Patient) -> f64 {
    patient.series.iter().flat_map(|s| s.readings.iter().map(|r| r.0)).fold(0.0, f64::max)
}

/// Index among the fitted of the mutation that the verdict is about.
pub(super) fn leading(patient: &Patient, fitted: &[Fitted]) -> usize {
    let level = |f: &Fitted| {
        let series = &patient.series[f.series];
        let level = series.readings.last().map_or(0.0, |r| if r.1.seen() { r.1.level() } else { 0.0 });
        (series.role == Role::Resistance, level)
    };
    let more = |a: &usize, b: &usize| {
        let (a, b) = (level(&fitted[*a]), level(&fitted[*b]));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    };
    // Of equals the first in the table.
    (0..fitted.len()).rev().max_by(more).unwrap_or(0)
}

/// Fits all series; the leading one is told what to measure next.
pub(super) fn fit(patient: &Patient, options: &Options, control: &Control) -> Result<Vec<Fitted>, Interrupted> {
    let until = last_day(patient);
    let pairs: Vec<(usize, Explanation)> = (0..patient.series.len())
        .flat_map(|s| Explanation::of(patient.series[s].role).iter().map(move |e| (s, *e)))
        .collect();
    let fits = control.part(0.0, 0.95, |control| {
        map(pairs.len(), control, |k, control| {
            let (s, explanation) = pairs[k];
            let series = &patient.series[s];
            let rise = Rise::new(series.role, &series.readings, explanation, options, until);
            let posterior = sample(&rise, &options.settings(k as u64), control)?;
            Ok(One { explanation, rise, posterior })
        })
    })?;
    let mut fits = fits.into_iter();
    let mut fitted: Vec<Fitted> = (0..patient.series.len())
        .map(|s| {
            let all: Vec<One> = fits.by_ref().take(Explanation::of(patient.series[s].role).len()).collect();
            let verdict = weigh(&patient.series[s], &all, options);
            let draws = mixture(&all, &verdict, options.seed, s);
            Fitted { series: s, all, verdict, draws }
        })
        .collect();
    let lead = leading(patient, &fitted);
    if let Some(lead) = fitted.get_mut(lead) {
        let found: Vec<Next> = next::measurements(&patient.series[lead.series], lead, until, options);
        lead.verdict.rank(found);
    }
    control.done(1.0);
    Ok(fitted)
}

fn weigh(series: &Series, all: &[One], options: &Options) -> Verdict {
    // No clone, and none that grows, share the weight of none.
    let none = options.prior[2] / if series.role == Role::Resistance { 2.0 } else { 1.0 };
    let explanation = |one: &One| {
        let (name, words, origin, prior) = match one.explanation {
            Explanation::Before => {
                ("before_treatment", "the clone was there on day 0", Origin::PreExisting, options.prior[0])
            }
            Explanation::During => (
                "during_treatment",
                "the clone arose from one cell under treatment",
                Origin::DuringTreatment,
                options.prior[1],
            ),
            Explanation::None => ("no_clone", "there is no resistant clone in these draws", Origin::None, none),
            Explanation::Steady => ("steady", "the mutation is there, but no clone with it grows", Origin::None, none),
        };
        verdict::Explanation {
            name: name.into(),
            words: format!("{}: {words}", series.mutation),
            origin,
            prior,
            log_evidence: one.posterior.log_evidence,
            error: one.posterior.error,
        }
    };
    Verdict::new(all.iter().map(explanation).collect())
}

/// Draws from all explanations, as many of each as it is probable.
fn mixture(all: &[One], verdict: &Verdict, seed: u64, series: usize) -> Vec<(usize, Vec<f64>)> {
    let mut stream = Stream::new(seed, series as u64, 10, Purpose::Inference);
    (0..DRAWS)
        .map(|k| {
            // Systematic over the explanations, at random within one.
            let point = (k as f64 + 0.5) / DRAWS as f64;
            let mut passed = 0.0;
            let chosen = verdict.probability.iter().position(|p| {
                passed += p;
                point < passed
            });
            let chosen = chosen.unwrap_or(all.len() - 1);
            let draws = &all[chosen].posterior.draws;
            let place = ((stream.uniform() * draws.len() as f64) as usize).min(draws.len().saturating_sub(1));
            (chosen, draws.all().nth(place).map(<[f64]>::to_vec).unwrap_or_default())
        })
        .collect()
}
