//! From a study's summary to the figures that the report, the table and the JSON document show.

pub mod blood;

use crate::report::data::*;
use crate::treatment;
use remission_cohort::levels::{self, Span};
use remission_cohort::outcome::{Ended, OriginFound, Waited};
use remission_cohort::statistics::kaplan_meier::KaplanMeier;
use remission_cohort::statistics::proportion::wilson;
use remission_cohort::summary::{ArmData as ArmPatients, Gather, Summary};
use remission_engine::compiled::Compiled;
use remission_model::resolved::{AfterProgression, Basis, Category, Covariate, Model, Source, Study, Variation};

/// Days in a month, year / 12.
pub const MONTH: f64 = 30.4375;
/// Length of the dose strip, days.
const STRIP: f64 = 56.0;
/// Doses of one drug on the strip at most.
const DOSES: usize = 5_000;

/// Everything a report shows.
pub fn figures(compiled: &Compiled, study: &Study, gathered: &Gather, summary: &Summary, method: &str) -> ReportData {
    let model = &compiled.model;
    let arm_name = |k: &Option<usize>| k.map(|k| study.arms[k].name.clone());
    let printed = printed_days(study.horizon);
    let followed = study.arms.iter().all(|a| a.after_progression != AfterProgression::End);
    let any_gone = gathered.arms().iter().any(|a| a.gone > 0);
    let arms = study
        .arms
        .iter()
        .zip(&summary.arms)
        .zip(gathered.arms())
        .map(|((arm, said), patients)| ArmData {
            name: arm.name.clone(),
            regimen: treatment::in_words(arm, model),
            recorded: treatment::shown(arm, None).of,
            rules: arm.rules.iter().map(|r| r.sentence.clone()).collect(),
            after_progression: after(&arm.after_progression, model),
            progressed: said.progressed,
            progression: said
                .progression
                .as_ref()
                .filter(|_| study.assesses_progression())
                .map(|km| curve(km, &patients.progression, &printed)),
            // Where an arm ends at progression nobody is followed until death.
            survival: said
                .survival
                .as_ref()
                .filter(|_| model.death.is_some() && followed)
                .map(|km| curve(km, &patients.survival, &printed)),
            response: said.response.map(|r| (r.share, r.interval.lower, r.interval.upper)),
            origins: said
                .origins
                .map(|shares| OriginFound::ALL.iter().zip(shares).map(|(o, s)| (o.name().to_string(), s)).collect()),
            mechanisms: said
                .mechanisms
                .as_ref()
                .map(|shares| gathered.mechanisms.iter().cloned().zip(shares.iter().copied()).collect()),
            burden: band(gathered, patients),
            doses: doses(compiled, arm, study.horizon),
            last: last(model, patients),
            gone: share_of(patients.gone, gathered.finished).filter(|_| any_gone),
            events: (model.events.iter().zip(&patients.events))
                .filter_map(|(e, n)| {
                    let (share, low, high) = share_of(*n, gathered.finished)?;
                    Some((model.levels[e.level].name.clone(), share, low, high))
                })
                .collect(),
            ended_early: (Ended::ALL.iter().zip(patients.ended))
                .filter(|(why, n)| **why != Ended::Horizon && *n > 0)
                .map(|(why, n)| (why.name().to_string(), n))
                .collect(),
            blood: blood::blood(patients),
            ..ArmData::default()
        })
        .collect();
    let comparisons = summary
        .comparisons
        .iter()
        .map(|c| ComparisonData {
            arm: c.arm.clone(),
            against: c.against.clone(),
            hazard_ratio: c.hazard_ratio.map(|h| h.0),
            ci95: c.hazard_ratio.map(|h| (h.1.lower, h.1.upper)),
            p_value: c.p_value,
        })
        .collect();
    ReportData {
        format: FORMAT,
        study: study.name.clone(),
        title: title(model, study),
        question: model.question.clone(),
        asked: gathered.asked,
        finished: gathered.finished,
        failed: gathered.failed.iter().take(50).map(|(n, k, why)| (*n, arm_name(k), why.clone())).collect(),
        failed_count: gathered.failed.len() as u32,
        seed: study.seed,
        method: method.to_string(),
        horizon_days: study.horizon,
        assesses_progression: study.assesses_progression(),
        arms,
        comparisons,
        assumptions: assumptions(model),
        map: Some(crate::explain::map::map(model, Some(study))),
        citations: citations(model),
        version: env!("CARGO_PKG_VERSION").to_string(),
        ..ReportData::default()
    }
}

fn after(what: &AfterProgression, model: &Model) -> String {
    match what {
        AfterProgression::Stop => "stop".into(),
        AfterProgression::Continue => "continue".into(),
        AfterProgression::End => "the run ends".into(),
        AfterProgression::Switch(next) => treatment::or_none(treatment::sentences(next, model)).join("; "),
    }
}

/// Every half year, or what divides a shorter horizon into at most ten.
fn printed_days(horizon: f64) -> Vec<f64> {
    let steps = [1.0, 2.0, 7.0, 14.0, MONTH, 2.0 * MONTH, 3.0 * MONTH, 6.0 * MONTH, 12.0 * MONTH, 24.0 * MONTH];
    let step = steps.into_iter().find(|s| horizon / s <= 10.5).unwrap_or(horizon / 10.0);
    (0..=(horizon / step + 1e-9) as usize).map(|k| k as f64 * step).collect()
}

/// Steps of a survival curve above which only falls of 1 in as many are kept.
const CURVE: usize = 2_000;

fn curve(km: &KaplanMeier, waited: &[Waited], printed: &[f64]) -> Curve {
    let median = km.median();
    // A curve of very many patients has a step for each: those that a picture can tell apart are kept.
    let finest = if km.steps.len() > CURVE { 1.0 / CURVE as f64 } else { 0.0 };
    let mut steps = vec![(0.0, 1.0, 1.0, 1.0)];
    let mut censored = Vec::new();
    for s in &km.steps {
        let fell = steps.last().is_none_or(|last: &(f64, f64, f64, f64)| last.1 - s.survival >= finest);
        if s.events > 0 && (fell || s.survival <= 0.0) {
            let (low, high) = s.interval.map_or((s.survival, s.survival), |i| (i.lower, i.upper));
            steps.push((s.time, s.survival, low, high));
        }
        if s.censored > 0 {
            censored.push((s.time, s.survival, s.censored));
        }
    }
    let risk_table = printed
        .iter()
        .filter_map(|&day| km.at_risk(day).ok().map(|r| (day, r.at_risk, r.censored, r.events)))
        .collect();
    Curve {
        median_days: median.estimate,
        ci95_days: (median.lower, median.upper),
        events: waited.iter().filter(|w| w.event).count(),
        patients: waited.len(),
        steps,
        censored,
        risk_table,
    }
}

/// Value at rank `p` of sorted numbers, nearest rank.
pub fn rank(sorted: &[f64], p: f64) -> f64 {
    let k = libm::ceil(p * sorted.len() as f64) as usize;
    sorted[k.clamp(1, sorted.len()) - 1]
}

fn band(gathered: &Gather, arm: &ArmPatients) -> Vec<Band> {
    let width = gathered.band_days.len();
    gathered
        .band_days
        .iter()
        .zip(&arm.followed)
        .enumerate()
        .filter_map(|(d, (&day, &followed))| {
            let mut cells: Vec<f64> =
                arm.burden.iter().skip(d).step_by(width).map(|&x| f64::from(x)).filter(|x| x.is_finite()).collect();
            cells.sort_by(f64::total_cmp);
            (!cells.is_empty()).then(|| Band {
                day,
                low: rank(&cells, 0.05),
                middle: rank(&cells, 0.5),
                high: rank(&cells, 0.95),
                patients: followed as usize,
            })
        })
        .collect()
}

/// A share with its 95 % interval (Wilson); none of nobody.
fn share_of(holding: u64, of: u32) -> Option<(f64, f64, f64)> {
    let found = wilson(holding, of.into(), 0.95).ok()?;
    Some((found.share, found.interval.lower, found.interval.upper))
}

fn last(model: &Model, arm: &ArmPatients) -> Vec<(String, f64, f64, f64)> {
    if arm.last.is_empty() {
        return Vec::new();
    }
    let all = |value: &dyn Fn(&Vec<f64>) -> f64| {
        let mut x: Vec<f64> = arm.last.iter().map(value).collect();
        x.sort_by(f64::total_cmp);
        (rank(&x, 0.05), rank(&x, 0.5), rank(&x, 0.95))
    };
    let mut rows = Vec::new();
    let (low, middle, high) = all(&|row| model.total(row));
    rows.push(("total".to_string(), low, middle, high));
    for (t, cell) in model.cells.iter().enumerate() {
        let (low, middle, high) = all(&|row| row[t]);
        rows.push((cell.name.clone(), low, middle, high));
    }
    rows
}

fn doses(compiled: &Compiled, arm: &remission_model::resolved::Arm, horizon: f64) -> Vec<(f64, String, f64, String)> {
    let regimen = treatment::shown(arm, None).regimen;
    let span = Span { from: 0.0, to: STRIP.min(horizon) };
    let mut given = Vec::new();
    for (k, drug) in compiled.model.drugs.iter().enumerate() {
        let (unit, scale) = drug.dose_unit();
        // The row of a record may give nothing; a held drug at 0 is a change.
        let doses = levels::doses(regimen, k, span, DOSES).into_iter();
        let said = doses.filter(|d| d.amount > 0.0 || arm.records.is_none());
        given.extend(said.map(|d| (d.day, drug.name.clone(), d.amount / scale, unit.to_string())));
    }
    given.sort_by(|a, b| a.0.total_cmp(&b.0));
    given
}

fn assumptions(model: &Model) -> Vec<Assumption> {
    let mut rows = Vec::new();
    for p in &model.parameters {
        if let Source::Assumed { why, prior } = &p.source {
            rows.push(Assumption {
                name: p.name.clone(),
                value: format!("{} {}", remission_model::units::number(p.value / p.unit_scale), p.unit)
                    .trim()
                    .to_string(),
                why: why.clone(),
                prior: match &p.covariate {
                    Some(Covariate::Categories(list)) => {
                        let part = |c: &Category| format!("{:.3} % {}", 100.0 * c.share, c.name);
                        list.iter().map(part).collect::<Vec<_>>().join(", ")
                    }
                    _ => law(*prior, p.unit_scale, &p.unit),
                },
            });
        }
    }
    for c in &model.correlations.pairs {
        if let Source::Assumed { why, prior } = &c.source {
            let [a, b] = c.between.map(|k| model.parameters[k].name.as_str());
            rows.push(Assumption {
                name: format!("correlation of {a} and {b}"),
                value: remission_model::units::number(c.value),
                why: why.clone(),
                prior: law(*prior, 1.0, ""),
            });
        }
    }
    for s in &model.settings {
        if let Basis::Assumed(why) = &s.basis {
            rows.push(Assumption {
                name: s.of.clone(),
                value: "as written there".into(),
                why: why.clone(),
                prior: String::new(),
            });
        }
    }
    rows
}

/// A law of variation in words.
pub fn law(variation: Variation, scale: f64, unit: &str) -> String {
    let number = |x: f64| remission_model::units::number(x / scale);
    match variation {
        Variation::LogNormal { sigma } => {
            let cv = libm::sqrt(libm::expm1(sigma * sigma));
            format!("log-normal, cv {:.0} %", 100.0 * cv)
        }
        Variation::Normal { sd } => format!("normal, sd {} {unit}", number(sd)),
        Variation::Uniform { low, high } => format!("uniform, {} to {} {unit}", number(low), number(high)),
        Variation::LogUniform { low, high } => format!("log-uniform, {} to {} {unit}", number(low), number(high)),
    }
}

fn citations(model: &Model) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    let of_model = model.citations.iter();
    let sources = model.parameters.iter().map(|p| &p.source).chain(model.correlations.pairs.iter().map(|c| &c.source));
    let of_parameters = sources.filter_map(|source| match source {
        Source::Cited(c) => Some(c),
        _ => None,
    });
    let of_settings = model.settings.iter().filter_map(|s| match &s.basis {
        Basis::Cited(c) => Some(c),
        Basis::Assumed(_) => None,
    });
    for c in of_model.chain(of_parameters).chain(of_settings) {
        let address = if c.doi.is_empty() { c.url.clone() } else { format!("doi:{}", c.doi) };
        match all.iter_mut().find(|(a, _)| *a == address) {
            Some((_, place)) if !c.place.is_empty() && !place.contains(&c.place) => {
                *place = if place.is_empty() { c.place.clone() } else { format!("{place}; {}", c.place) };
            }
            Some(_) => {}
            None => all.push((address, c.place.clone())),
        }
    }
    all
}

/// Title of the model, and of the study where it has one.
pub fn title(model: &Model, study: &Study) -> String {
    let title = if study.title.is_empty() { model.title.clone() } else { format!("{}: {}", model.title, study.title) };
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use remission_cohort::statistics::kaplan_meier::{KaplanMeierOptions, kaplan_meier};
    use remission_cohort::summary::observations;

    fn of(patients: u32) -> (KaplanMeier, Curve) {
        let waited: Vec<Waited> = (1..=patients)
            .map(|k| Waited { time: f64::from(k) / 8.0, event: k % 5 != 0 || k == patients, after: f64::from(k) / 8.0 })
            .collect();
        let km = kaplan_meier(&observations(&waited), &KaplanMeierOptions::default()).unwrap();
        let curve = curve(&km, &waited, &[]);
        (km, curve)
    }

    #[test]
    fn a_curve_of_many_steps_keeps_those_that_can_be_seen() {
        let (km, curve) = of(20_000);
        assert!(km.steps.len() > 10_000 && curve.steps.len() <= CURVE + 2, "{} steps", curve.steps.len());
        assert_eq!(curve.steps.last().unwrap().1, 0.0);
        assert_eq!((curve.patients, curve.events), (20_000, 16_001));
        // Wherever one looks, what is left out is less than a step and what one patient more takes away.
        for step in &km.steps {
            let shown = curve.steps.iter().rev().find(|s| s.0 <= step.time).unwrap().1;
            assert!(shown >= step.survival && shown - step.survival < 1.0 / CURVE as f64, "day {}", step.time);
        }
    }

    #[test]
    fn a_curve_of_few_steps_keeps_all() {
        let (km, curve) = of(1_000);
        assert_eq!(curve.steps.len(), 1 + km.steps.iter().filter(|s| s.events > 0).count());
    }
}
