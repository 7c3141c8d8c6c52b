//! The answer of a fluctuation assay in words, numbers and pictures.

use super::compare::compare;
use super::conditions::{Conditions, Fitness};
use super::fit::{Assay, Fit, Point, Surface, fit};
use super::posterior;
use super::read::{Data, Experiment};
use super::verdict::verdict;
use crate::answer::{Answer, Estimate, Said, Table, Test, Value};
use crate::failure::Failure;
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::Control;
use crate::words::significant;

/// What is asked of an assay.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How cultures grew and were read.
    pub conditions: Conditions,
    /// This experiment alone; none: every one.
    pub experiment: Option<String>,
    /// Compare these two.
    pub compare: Option<(String, String)>,
    /// Weigh whether mutants arose before or after plating, and what to measure next.
    pub verdict: bool,
    /// Seed of every random draw.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let conditions = Conditions::default();
        Options { conditions, experiment: None, compare: None, verdict: false, seed: 2026 }
    }
}

/// Answers for every experiment asked for, or for the two that are compared.
///
/// ```
/// use remission_infer::fluctuation::{answer::{Options, answer}, read::{TEMPLATE, read}};
/// use remission_infer::jobs::Control;
/// let found = &answer(&read(TEMPLATE).unwrap(), &Options::default(), &Control::quiet()).unwrap()[0];
/// assert_eq!(found.estimates[0].name, "mutations_per_culture");
/// assert!((found.estimates[0].value - 1.63105).abs() < 1e-5, "{}", found.estimates[0].value);
/// ```
pub fn answer(data: &Data, options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    let notes = ignored(data);
    if let Some((first, second)) = &options.compare {
        let pair = [named(data, first)?, named(data, second)?];
        if pair[0].name == pair[1].name {
            return Err(Failure::Said(format!(
                "`{}` cannot be compared with itself; name two experiments",
                pair[0].name
            )));
        }
        return Ok(vec![with(two(pair, options)?, notes)]);
    }
    let chosen: Vec<&Experiment> = match &options.experiment {
        Some(name) => vec![named(data, name)?],
        None => data.experiments.iter().collect(),
    };
    control.each(&chosen, |experiment, control| Ok(with(one(experiment, options, control)?, notes.clone())))
}

fn ignored(data: &Data) -> Vec<String> {
    match data.ignored.is_empty() {
        true => Vec::new(),
        false => vec![format!("columns not used: {}", data.ignored.join(", "))],
    }
}

fn with(mut answer: Answer, notes: Vec<String>) -> Answer {
    answer.notes.extend(notes);
    answer
}

/// The experiment of a name: `set/experiment`, or what follows the slash where it is the only one.
fn named<'a>(data: &'a Data, name: &str) -> Result<&'a Experiment, Failure> {
    if let Some(found) = data.experiments.iter().find(|e| e.name == name) {
        return Ok(found);
    }
    let like: Vec<&Experiment> =
        data.experiments.iter().filter(|e| e.name.split('/').any(|part| part == name)).collect();
    match like[..] {
        [only] => Ok(only),
        _ => {
            let all: Vec<&str> = data.experiments.iter().map(|e| e.name.as_str()).take(20).collect();
            let several = if like.is_empty() { "no experiment" } else { "more than one experiment" };
            Err(Failure::Said(format!("{several} is called `{name}`; allowed: {}", all.join(", "))))
        }
    }
}

const PROFILE: &str = "maximum likelihood, profile-likelihood interval";

fn estimate(name: &str, point: Point, unit: &str, times: f64) -> Estimate {
    let ci95 = Some((point.ci95.0 * times, point.ci95.1 * times));
    Estimate { name: name.into(), value: point.value * times, ci95, unit: unit.into(), how: PROFILE.into() }
}

/// Estimates of one fit; names carry `prefix`.
fn estimates(assay: &Assay, found: &Fit, prefix: &str) -> Vec<Estimate> {
    let mut out = vec![estimate(&format!("{prefix}mutations_per_culture"), found.m, "mutations", 1.0)];
    if let Some(per_mutation) = per_mutation(assay) {
        out.push(estimate(&format!("{prefix}mutation_rate"), found.m, "1/division", per_mutation));
    }
    if let Some(fitness) = found.fitness {
        out.push(estimate(&format!("{prefix}fitness"), fitness, "of the wild type's net growth", 1.0));
    }
    out
}

/// The rate that one mutation a culture stands for: divisions of the wild type are the cells gained over 1 - death share.
fn per_mutation(assay: &Assay) -> Option<f64> {
    let c = &assay.conditions;
    assay.cells.map(|cells| (1.0 - c.wild_type_death) / (cells * (1.0 - c.initial_share)))
}

/// m from the share of cultures without a mutant alone: -ln p0 over the chance that a mutation shows.
fn from_empty_cultures(assay: &Assay) -> Option<Estimate> {
    let [alike] = &assay.alike[..] else { return None };
    let w = assay.conditions.fitness.taken()?;
    let n = assay.cultures as f64;
    let empty = alike.counts.exact.iter().find(|c| c.0 == 0).map_or(0.0, |c| c.1);
    if empty == 0.0 || empty == n || assay.law(alike.plating, w).cv > 0.0 {
        return None;
    }
    let seen = 1.0 - assay.ready(w)[0].unseen();
    let m = |share: f64| -libm::log(share) / seen;
    // Wilson's interval of the share, turned round.
    let z2 = crate::special::CHI_SQUARE_95;
    let (p, middle) = (empty / n, (empty + z2 / 2.0) / (n + z2));
    let half = libm::sqrt(z2 * (p * (1.0 - p) / n + z2 / (4.0 * n * n))) / (1.0 + z2 / n);
    let how = "from the share of cultures without a mutant (p0 method), Wilson's interval";
    let ci95 = Some((m((middle + half).min(1.0)), m(middle - half)));
    let (name, unit) = ("mutations_per_culture_p0".to_string(), "mutations".to_string());
    Some(Estimate { name, value: m(p), ci95, unit, how: how.into() })
}

fn one(experiment: &Experiment, options: &Options, control: &Control) -> Result<Answer, Failure> {
    let assay = Assay::new(experiment, &options.conditions)?;
    let found = fit(&assay)?;
    let mut answer = Answer { assay: "fluctuation".into(), ..Answer::default() };
    answer.experiment = (!experiment.name.is_empty()).then(|| experiment.name.clone());
    answer.estimates = estimates(&assay, &found, "");
    answer.estimates.extend(from_empty_cultures(&assay));
    answer.words.push(words(&assay, &found));
    // Two readings of the same counts that exclude each other: the law of growing clones does not fit.
    let empty = answer.estimates.iter().find(|e| e.name == "mutations_per_culture_p0");
    if let Some((low, high)) = empty.and_then(|e| e.ci95)
        && (high < found.m.ci95.0 || low > found.m.ci95.1)
    {
        answer.words.push(
            "These counts are not those of mutants that arose while the cultures grew: the share of empty cultures alone gives a \
             number of mutations that the counts exclude, and neither is a mutation rate (--verdict weighs what else they may be)."
                .into(),
        );
    }
    answer.notes = assay.notes.clone();
    answer.notes.extend(assumed(&assay));
    answer.diagnostics = vec![
        ("log_likelihood".into(), Said::Number(found.log_likelihood)),
        ("likelihoods_computed".into(), Said::Number(found.evaluations as f64)),
        ("cultures".into(), Said::Number(assay.cultures as f64)),
    ];
    let w = found.fitness.map_or(options.conditions.fitness.taken().unwrap_or(1.0), |f| f.value);
    answer.figures = figures(&assay, &found, w);
    answer.tables = vec![fitted(&assay, &found, w)];
    if options.verdict {
        let verdict = control.part(0.0, 0.7, |control| verdict(&assay, options.seed, control))?;
        if !verdict.undetermined && verdict.best().is_some_and(|b| b.0 != crate::verdict::Origin::PreExisting) {
            let first = &mut answer.words[0];
            *first = format!(
                "If every mutant had arisen before plating, which these counts contradict: {}{}",
                first[..1].to_lowercase(),
                &first[1..]
            );
        }
        answer.words.push(said(&verdict));
        answer.verdict = Some(verdict);
        control.part(0.7, 1.0, |control| posterior::add(&assay, options.seed, control, &mut answer))?;
    }
    Ok(answer)
}

fn said(verdict: &crate::verdict::Verdict) -> String {
    let (origin, p) = verdict.best().unwrap_or((crate::verdict::Origin::None, 0.0));
    let mut text = match verdict.undetermined {
        true => format!("Where the mutants came from is undetermined: {}.", verdict.reason),
        false => {
            let what = match origin {
                crate::verdict::Origin::PreExisting => "The mutants were there before the drug",
                crate::verdict::Origin::DuringTreatment => "The mutants arose under the drug",
                _ => "Mutants arose both before and under the drug",
            };
            format!("{what} (probability {}): {}.", crate::words::probability(p), verdict.reason)
        }
    };
    if origin == crate::verdict::Origin::DuringTreatment && !verdict.undetermined {
        text.push_str(" Counts alone do not tell whether cycling cells, persisters or the drug itself made them.");
    }
    text
}

fn words(assay: &Assay, found: &Fit) -> String {
    let show = |x: f64| significant(x, 4);
    if assay.none() {
        return format!(
            "None of {} cultures has a mutant: at most {} mutations a culture (one-sided 95 %).",
            assay.cultures,
            show(found.m.ci95.1)
        );
    }
    if found.m.ci95.1 == f64::INFINITY {
        return format!(
            "{}: a culture of the mean size suffered {} mutations or more (95 %); nothing bounds them from above.",
            match assay.alike.iter().all(|a| a.counts.exact.is_empty()) {
                true => "Every count was cut off",
                false =>
                    "These counts agree with any larger number of mutations, since cultures differ so much in size",
            },
            show(found.m.ci95.0)
        );
    }
    let mut text = format!(
        "A culture of the mean size suffered {} mutations (95 % interval {} to {})",
        show(found.m.value),
        show(found.m.ci95.0),
        show(found.m.ci95.1)
    );
    if let Some(per) = per_mutation(assay) {
        text.push_str(&format!(
            ", which is a rate of {} per cell division ({} to {})",
            significant(found.m.value * per, 3),
            significant(found.m.ci95.0 * per, 3),
            significant(found.m.ci95.1 * per, 3)
        ));
    }
    if let Some(w) = found.fitness {
        text.push_str(&format!(
            "; mutants grow at {} of the wild type's net rate ({} to {})",
            show(w.value),
            show(w.ci95.0),
            show(w.ci95.1)
        ));
    }
    text + "."
}

fn assumed(assay: &Assay) -> Vec<String> {
    let c = &assay.conditions;
    let mut out = Vec::new();
    match c.fitness {
        Fitness::Known(w) => out.push(format!("mutants are taken to grow at {w} times the wild type's net rate")),
        Fitness::Usual => out.push(
            "mutants are taken to grow at the wild type's net rate; --fitness says otherwise (a verdict weighs both)"
                .into(),
        ),
        Fitness::Free => {}
    }
    if assay.cells.is_none() {
        out.push("final_cells is not known, so no rate per cell division is given".into());
    }
    if assay.none() {
        out.push("without mutants the interval ends where every culture would be empty with chance 0.05".into());
    }
    if let Some(limit) = c.censor_at {
        out.push(format!("counts of {limit} or more are taken as \"{limit} or more\""));
    }
    out
}

/// Shares of cultures with no more than so many mutants, seen and expected, at the counts seen.
fn fitted(assay: &Assay, found: &Fit, w: f64) -> Table {
    let ready = assay.ready(w);
    let mut counts: Vec<u64> = assay.alike.iter().flat_map(|a| a.counts.exact.iter().map(|c| c.0)).collect();
    counts.sort_unstable();
    counts.dedup();
    let n = assay.cultures as f64;
    let row = |x: &u64| {
        let mut seen = 0.0;
        let mut expected = 0.0;
        for (a, r) in assay.alike.iter().zip(&ready) {
            let all: f64 = a.counts.exact.iter().chain(&a.counts.at_least).map(|c| c.1).sum();
            seen += a.counts.exact.iter().filter(|c| c.0 <= *x).map(|c| c.1).sum::<f64>();
            expected += all * (1.0 - r.above(found.m.value * a.size, 0.0, *x));
        }
        vec![Value::Whole(*x as i64), Value::Real(seen / n), Value::Real(expected / n)]
    };
    Table {
        name: "cultures".into(),
        caption: "Share of cultures with no more than so many mutants, as seen and as expected from the fit".into(),
        columns: vec!["mutants".into(), "share_seen".into(), "share_expected".into()],
        rows: counts.iter().map(row).collect(),
    }
}

fn figures(assay: &Assay, found: &Fit, w: f64) -> Vec<Figure> {
    let mut out = Vec::new();
    let table = fitted(assay, found, w);
    let number = |v: &Value| match v {
        Value::Whole(n) => *n as f64,
        Value::Real(x) => *x,
        _ => f64::NAN,
    };
    let at = |k: usize| table.rows.iter().map(|r| (number(&r[0]) + 1.0, number(&r[k]))).collect::<Vec<_>>();
    out.push(Figure {
        id: "cultures".into(),
        title: "Mutants in a culture".into(),
        caption: "Share of cultures with no more than so many mutants. Where the points leave the line the law does not fit: \
                  fewer empty cultures than expected speak for mutants that arose after plating, a shorter tail for mutants \
                  that grow slower."
            .into(),
        x: Axis::log("mutants + 1"),
        y: Axis { range: Some((0.0, 1.0)), ..Axis::new("share of cultures") },
        layers: vec![
            Layer::Line { name: "expected".into(), at: at(2) },
            Layer::Points { name: "seen".into(), at: at(1) },
        ],
    });
    if !assay.none() && found.m.ci95.0 > 0.0 && found.m.ci95.1.is_finite() && found.fitness.is_none() {
        let mut surface = Surface::new(assay);
        let (low, high) = (libm::log(found.m.ci95.0) - 0.2, libm::log(found.m.ci95.1) + 0.2);
        let line = (0..=60).map(|k| low + (high - low) * f64::from(k) / 60.0);
        let line = line.map(|x| (libm::exp(x), surface.at(x, w) - found.log_likelihood)).collect();
        out.push(Figure {
            id: "profile".into(),
            title: "Likelihood of the number of mutations".into(),
            caption: "Log-likelihood below its maximum. The 95 % interval is where it lies above the level.".into(),
            x: Axis::new("mutations in a culture"),
            y: Axis::new("log-likelihood less its maximum"),
            layers: vec![
                Layer::Line { name: "log-likelihood".into(), at: line },
                Layer::Level { name: "95 %".into(), y: -0.5 * crate::special::CHI_SQUARE_95 },
                Layer::Moment { name: "estimate".into(), x: found.m.value },
            ],
        });
    }
    out
}

fn two(pair: [&Experiment; 2], options: &Options) -> Result<Answer, Failure> {
    let assays = [Assay::new(pair[0], &options.conditions)?, Assay::new(pair[1], &options.conditions)?];
    let found = compare(&assays[0], &assays[1])?;
    let mut answer = Answer { assay: "fluctuation".into(), ..Answer::default() };
    answer.experiment = Some(format!("{} against {}", pair[0].name, pair[1].name));
    for (assay, fit) in assays.iter().zip(&found.fits) {
        answer.estimates.extend(estimates(assay, fit, &format!("{}.", assay.name)));
        let mut notes = assay.notes.clone();
        notes.extend(assumed(assay));
        for note in notes {
            let note = format!("{}: {note}", assay.name);
            answer.notes.push(note);
        }
    }
    answer.estimates.push(Estimate {
        how: format!("rate of `{}` over that of `{}`; {PROFILE}", pair[1].name, pair[0].name),
        ..estimate("rate_ratio", found.ratio, "", 1.0)
    });
    answer.tests.push(Test {
        name: "equal mutation rates".into(),
        statistic: found.statistic,
        law: "chi-square, 1 degree of freedom (likelihood ratio)".into(),
        p: found.p,
    });
    if !found.cells_known {
        answer.notes.push("final_cells is not known; the cultures of both are taken to have had as many".into());
    }
    let differ = if found.p < 0.05 { "differ" } else { "are not told apart" };
    let show = |x: f64| significant(x, 3);
    answer.words.push(format!(
        "The mutation rates {differ}: `{}` has {} times the rate of `{}` (95 % interval {} to {}; p {}).",
        pair[1].name,
        show(found.ratio.value),
        pair[0].name,
        show(found.ratio.ci95.0),
        show(found.ratio.ci95.1),
        show(found.p)
    ));
    let log_likelihood = found.fits.iter().map(|f| f.log_likelihood).sum();
    answer.diagnostics.push(("log_likelihood".into(), Said::Number(log_likelihood)));
    Ok(answer)
}
