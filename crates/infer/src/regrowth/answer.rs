//! The answer to a regrowth assay.

use super::Options;
use super::data::{Data, Experiment};
use super::next::{Drawn, Plate, measurements};
use super::simulate::{seen, time};
use super::target::{Grouped, Kind, Wells, group};
use super::words;
use crate::answer::{Answer, Estimate, Said, Sampled, Table, Value};
use crate::failure::{Failure, option};
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::Control;
use crate::smc::{Posterior, sample};
use crate::special::{middle, quantile};
use crate::verdict::{Explanation, Verdict};
use remission_engine::stream::{Purpose, Stream};

/// Draws of each explanation used for further measurements and pictures.
const KEPT: usize = 200;

/// Answers for each experiment of a table.
///
/// # Errs
/// Options outside their ranges, an experiment that the table does not have, a stop.
///
/// ```
/// use remission_infer::{jobs::Control, regrowth::{Options, TEMPLATE, answer, data::read}};
/// let options = Options { next: false, ..Options::default() };
/// let answers = answer(&read(TEMPLATE, 1.0).unwrap(), &options, &Control::quiet()).unwrap();
/// assert!(answers[0].verdict.as_ref().unwrap().undetermined); // eight wells do not tell
/// ```
pub fn answer(data: &Data, options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    check(options)?;
    let names: Vec<&str> = data.experiments.iter().map(|e| e.name.as_str()).collect();
    if let Some(wanted) = options.experiment.as_deref().filter(|w| !names.contains(w)) {
        return Err(Failure::unknown("experiment", wanted, names));
    }
    let wanted = |e: &&Experiment| options.experiment.as_ref().is_none_or(|w| *w == e.name);
    let chosen: Vec<&Experiment> = data.experiments.iter().filter(wanted).collect();
    control.each(&chosen, |e, control| {
        let mut answer = of_experiment(e, options, control)?;
        answer.notes.extend(data.notes.iter().cloned());
        Ok(answer)
    })
}

fn check(options: &Options) -> Result<(), Failure> {
    let faults = [
        (
            "threshold_cells",
            options.threshold_cells,
            options.threshold_cells > 1.0 && options.threshold_cells <= 1e12,
            "a number above 1, at most 1e12",
        ),
        ("survival", options.survival, options.survival > 0.0 && options.survival <= 1.0, "above 0 and at most 1"),
        (
            "looks_every_days",
            options.looks_every_days,
            (0.01..=3650.0).contains(&options.looks_every_days),
            "0.01 to 3650 days",
        ),
        (
            "flask_cells",
            options.flask_cells,
            options.flask_cells > 3.0 && options.flask_cells <= 1e15,
            "a number above 3, at most 1e15",
        ),
    ];
    for (name, found, good, allowed) in faults {
        option(name, found, good, allowed)?;
    }
    let weights = &options.weights;
    if weights.iter().any(|w| !w.is_finite() || *w < 0.0) || weights.iter().sum::<f64>() <= 0.0 {
        return Err(Failure::Said("weights of explanations; allowed: numbers 0 or more, not all 0".into()));
    }
    Ok(())
}

/// An explanation with its posterior.
pub(super) struct Weighed {
    pub kind: Kind,
    pub posterior: Posterior,
}

impl Weighed {
    /// Median and 95 % interval of a parameter.
    pub fn estimate(&self, name: &str) -> Option<(f64, f64, f64)> {
        middle(self.posterior.draws.values(name))
    }
}

fn of_experiment(e: &Experiment, options: &Options, control: &Control) -> Result<Answer, Failure> {
    let grouped = group(e);
    let apart = grouped.doses_differ;
    let mut all: Vec<Weighed> = Vec::new();
    // With one dose, mutations of dying cells and of the drug have one likelihood: one posterior serves both.
    let weight = |kind: Kind| options.weights[Kind::ALL.iter().position(|k| *k == kind).unwrap_or(0)];
    let asked = |kind: Kind| weight(kind) > 0.0;
    let once = |k: &Kind| asked(*k) && (apart || *k != Kind::DrugInduced || !asked(Kind::Cycling));
    let sampled: Vec<Kind> = Kind::ALL.into_iter().filter(once).collect();
    for (k, kind) in sampled.iter().enumerate() {
        let target = Wells::new(*kind, &grouped.groups, options);
        let share = |k: usize| 0.9 * k as f64 / sampled.len() as f64;
        let posterior = control.part(share(k), share(k + 1), |c| sample(&target, &options.settings, c))?;
        if *kind == Kind::Cycling && asked(Kind::DrugInduced) && !apart {
            all.push(Weighed { kind: *kind, posterior: posterior.clone() });
            all.push(Weighed { kind: Kind::DrugInduced, posterior });
        } else {
            all.push(Weighed { kind: *kind, posterior });
        }
    }
    let explanation = |w: &Weighed| Explanation {
        name: w.kind.name().into(),
        words: w.kind.words().into(),
        origin: w.kind.origin(),
        prior: weight(w.kind),
        log_evidence: w.posterior.log_evidence,
        error: w.posterior.error,
    };
    let mut verdict = Verdict::new(all.iter().map(explanation).collect());
    let plate = plate(e, options);
    if options.next {
        let drawn = |w: &Weighed| Drawn { kind: w.kind, sets: thin(&w.posterior, KEPT) };
        let drawn: Vec<Drawn> = all.iter().map(drawn).collect();
        let next = control.part(0.9, 1.0, |c| measurements(&verdict, &drawn, &plate, options, c))?;
        verdict.rank(next);
    }
    let experiment = (!e.name.is_empty()).then(|| e.name.clone());
    let mut answer = Answer { assay: "regrowth".into(), experiment, ..Answer::default() };
    verdict.reason = words::reason(&verdict, &all, e, apart);
    answer.words = words::all(&verdict, &all, e, &plate);
    estimates(&mut answer, &verdict, &all, e);
    for (w, probability) in all.iter().zip(&verdict.probability).filter(|(w, _)| sampled.contains(&w.kind)) {
        let probable = *probability > 0.01;
        let complaints = w.posterior.diagnosis.complaints();
        if probable {
            answer.unconverged.extend(complaints.into_iter().map(|c| format!("{}: {c}", w.kind.name())));
        }
        let worst = w.posterior.diagnosis.r_hat.iter().copied().filter(|r| r.is_finite()).fold(0.0, f64::max);
        let least = w.posterior.diagnosis.bulk.iter().copied().fold(f64::INFINITY, f64::min);
        answer.diagnostics.push((format!("{}.r_hat", w.kind.name()), Said::Number(worst)));
        answer.diagnostics.push((format!("{}.effective_draws", w.kind.name()), Said::Number(least)));
        answer.diagnostics.push((format!("{}.evidence_error", w.kind.name()), Said::Number(w.posterior.error)));
    }
    answer.remedy = options.settings.remedy();
    answer.notes = words::notes(e, options, &grouped);
    best(&mut answer, &verdict, &all, e, &grouped, options);
    answer.tables.push(explanations(&verdict, &all));
    answer.verdict = Some(verdict);
    Ok(answer)
}

/// Evenly spaced draws of a posterior.
fn thin(posterior: &Posterior, most: usize) -> Vec<Vec<f64>> {
    let count = posterior.draws.len();
    let step = (count as f64 / most as f64).max(1.0);
    let kept: Vec<usize> = (0..most.min(count)).map(|k| (k as f64 * step) as usize).collect();
    posterior.draws.all().enumerate().filter(|(k, _)| kept.binary_search(k).is_ok()).map(|(_, s)| s.to_vec()).collect()
}

/// What the plate was like.
fn plate(e: &Experiment, options: &Options) -> Plate {
    let mut widths: Vec<f64> = e.wells.iter().filter_map(|w| w.by_days.map(|by| by - w.after_days)).collect();
    widths.sort_by(f64::total_cmp);
    let last_day = e.wells.iter().map(|w| w.by_days.unwrap_or(w.after_days)).fold(0.0, f64::max);
    let looks_every_days = quantile(&widths, 0.5).unwrap_or(options.looks_every_days);
    Plate { wells: e.wells.len(), regrown: e.regrown(), looks_every_days, last_day: last_day.max(looks_every_days) }
}

fn estimates(answer: &mut Answer, verdict: &Verdict, all: &[Weighed], e: &Experiment) {
    let (n, k) = (e.wells.len() as f64, e.regrown() as f64);
    // Wilson's interval of a share.
    let (z2, p) = (crate::special::CHI_SQUARE_95, k / n);
    let middle_ = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = libm::sqrt(z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))) / (1.0 + z2 / n);
    let how = "share of wells, Wilson interval".to_string();
    let ci95 = Some(((middle_ - half).max(0.0), (middle_ + half).min(1.0)));
    answer.estimates.push(Estimate { name: "regrown_share".into(), value: p, ci95, unit: String::new(), how });
    // Over all explanations, each with its probability.
    for (name, unit) in [("lines_per_well", ""), ("growth_per_day", "1/day"), ("scatter", "")] {
        if let Some((value, low, high)) = middle(mixed(verdict, all, |w| w.posterior.draws.values(name))) {
            let how = "posterior median over all explanations, each with its probability".to_string();
            answer.estimates.push(Estimate {
                name: name.into(),
                value,
                ci95: Some((low, high)),
                unit: unit.into(),
                how,
            });
        }
    }
    for w in all {
        let draws = &w.posterior.draws;
        for (name, unit) in draws.names.iter().zip(&draws.units) {
            let Some((value, low, high)) = w.estimate(name) else { continue };
            let how = "posterior median if this explanation is true".to_string();
            let name = format!("{}.{name}", w.kind.name());
            answer.estimates.push(Estimate { name, value, ci95: Some((low, high)), unit: unit.clone(), how });
        }
    }
}

/// Values of all explanations, as many of each as its probability asks.
fn mixed(verdict: &Verdict, all: &[Weighed], of: impl Fn(&Weighed) -> Vec<f64>) -> Vec<f64> {
    let mut out = Vec::new();
    for (w, probability) in all.iter().zip(&verdict.probability) {
        let values = of(w);
        let count = libm::round(probability * values.len() as f64) as usize;
        let step = values.len() as f64 / count.max(1) as f64;
        out.extend((0..count).filter_map(|k| values.get((k as f64 * step) as usize)));
    }
    out
}

/// Draws and pictures of the most probable explanation.
fn best(answer: &mut Answer, verdict: &Verdict, all: &[Weighed], e: &Experiment, grouped: &Grouped, options: &Options) {
    let most = (0..all.len()).max_by(|a, b| verdict.probability[*a].total_cmp(&verdict.probability[*b])).unwrap_or(0);
    let w = &all[most];
    let target = Wells::new(w.kind, &grouped.groups, options);
    let last = e.wells.iter().map(|w| w.by_days.unwrap_or(w.after_days)).fold(0.0, f64::max);
    let mut looks: Vec<f64> = grouped.groups.iter().flat_map(|g| g.days.iter().copied()).collect();
    looks.sort_by(f64::total_cmp);
    looks.dedup();
    let mut stream = Stream::new(options.settings.seed, 2000, 0, Purpose::Inference);
    let mut sampled = Sampled {
        posterior: w.posterior.draws.clone(),
        prior: w.posterior.prior.clone(),
        observed_name: "regrown_by_days".into(),
        observed: e.wells.iter().map(|w| w.by_days.unwrap_or(f64::NAN)).collect(),
        ..Sampled::default()
    };
    let mut shares: Vec<Vec<f64>> = vec![Vec::new(); looks.len()];
    for chain in &w.posterior.draws.chains {
        let (mut likelihoods, mut predictives) = (Vec::new(), Vec::new());
        for set in chain {
            let chances: Vec<Vec<f64>> = grouped.groups.iter().map(|g| target.log_chances(set, g)).collect();
            likelihoods.push(grouped.places.iter().map(|(g, i)| chances[*g][*i]).collect());
            let laws: Vec<_> = grouped.groups.iter().map(|g| target.law(set, g.cells, g.dose)).collect();
            let mut drawn: Vec<f64> = Vec::with_capacity(e.wells.len());
            for ((group, _), well) in grouped.places.iter().zip(&e.wells) {
                let until = if well.by_days.is_some() { last } else { well.after_days };
                let at = laws[*group].as_ref().map_or(f64::INFINITY, |(f, c)| time(f, c, &mut stream));
                drawn.push(seen(at, &looks).1.filter(|by| *by <= until).unwrap_or(f64::NAN));
            }
            for (k, look) in looks.iter().enumerate() {
                shares[k].push(drawn.iter().filter(|d| **d <= *look).count() as f64 / drawn.len() as f64);
            }
            predictives.push(drawn);
        }
        sampled.log_likelihood.push(likelihoods);
        sampled.predictive.push(predictives);
    }
    let mut band = Vec::new();
    for (look, share) in looks.iter().zip(&mut shares) {
        share.sort_by(f64::total_cmp);
        if let (Some(low), Some(high)) = (quantile(share, 0.05), quantile(share, 0.95)) {
            band.push((*look, low, high));
        }
    }
    let step = |day: f64| e.wells.iter().filter(|w| w.by_days.is_some_and(|by| by <= day)).count() as f64;
    let points = looks.iter().map(|d| (*d, step(*d) / e.wells.len() as f64)).collect();
    answer.figures.push(Figure {
        id: "regrown".into(),
        title: "Wells regrown over time".into(),
        caption: format!("Share of wells seen regrown by each look, and what is expected where {}.", w.kind.words()),
        x: Axis::new("time under the drug, days"),
        y: Axis { range: Some((0.0, 1.0)), ..Axis::new("share of wells regrown") },
        layers: vec![
            Layer::Band { name: "90 % of plates like this one".into(), at: band },
            Layer::Points { name: "wells regrown".into(), at: points },
        ],
    });
    let cloud = |w: &Weighed| {
        let at = thin(&w.posterior, 100).iter().map(|s| (s[0], s[2])).collect();
        Layer::Points { name: w.kind.name().replace('_', " "), at }
    };
    let shown = all.iter().zip(&verdict.probability).filter(|(w, p)| **p > 0.02 && w.kind != Kind::DrugInduced);
    answer.figures.push(Figure {
        id: "ridge".into(),
        title: "What the times leave open".into(),
        caption:
            "Draws of each explanation that is not ruled out: growth of resistant cells against lines a well. Clouds \
                  apart along the growth axis are told apart by a measured growth rate."
                .into(),
        x: Axis::new("growth of resistant cells, per day"),
        y: Axis::log("expected lines a well"),
        layers: shown.map(|(w, _)| cloud(w)).collect(),
    });
    answer.sampled = Some(sampled);
}

fn explanations(verdict: &Verdict, all: &[Weighed]) -> Table {
    let row = |(k, w): (usize, &Weighed)| {
        let x = &verdict.explanations[k];
        let of = |name: &str| w.estimate(name).map_or(Value::Nothing, |m| Value::Real(m.0));
        vec![
            Value::Text(x.name.clone()),
            Value::Real(verdict.probability[k]),
            Value::Real(x.log_evidence),
            Value::Real(x.error),
            of("lines_per_well"),
            of("growth_per_day"),
        ]
    };
    let names = ["explanation", "probability", "log_evidence", "error", "lines_per_well", "growth_per_day"];
    Table {
        name: "explanations".into(),
        caption: "Each explanation with its probability and the medians of its parameters".into(),
        columns: names.map(String::from).to_vec(),
        rows: all.iter().enumerate().map(row).collect(),
    }
}
