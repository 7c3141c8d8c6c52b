//! The answer to a persister fluctuation assay.

use super::Options;
use super::data::{Data, Experiment};
use super::fit::{ENDLESS, Fit, Found, fit, number, said};
use super::model::{Explained, Kind, Model, Rates};
use super::next::measurements;
use super::simulate::{Design, assay};
use crate::answer::{Answer, Estimate, Said, Sampled, Table, Test, Value};
use crate::failure::{Failure, option};
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::Control;
use crate::smc::{Posterior, sample};
use crate::special::{middle, quantile};
use crate::verdict::{Explanation, Origin, Verdict};
use crate::words::counted;
use remission_engine::stream::{Purpose, Stream};

/// Answers for each experiment of a table.
///
/// # Errs
/// Options outside their ranges, an experiment that the table does not have or in which no colonies were counted, a stop.
///
/// ```
/// use remission_infer::{jobs::Control, persister_fluctuation::{Options, TEMPLATE, answer, data::read}};
/// let options = Options { next: false, ..Options::default() };
/// let found = answer(&read(TEMPLATE).unwrap(), &options, &Control::quiet()).unwrap();
/// let ratio = found[0].estimates.iter().find(|e| e.name == "rate_ratio").unwrap();
/// assert!(ratio.ci95.unwrap().0 < ratio.value);
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
        if e.counted() == 0 {
            let words = format!(
                "experiment `{}`: colonies were counted in no culture after week 0; at least one is needed",
                e.name
            );
            return Err(Failure::Said(words));
        }
        let mut answer = of_experiment(e, options, control)?;
        answer.notes.extend(data.notes.iter().cloned());
        Ok(answer)
    })
}

fn check(options: &Options) -> Result<(), Failure> {
    let share = |x: f64| x > 0.0 && x <= 1.0;
    let faults = [
        (
            "visible_cells",
            options.visible_cells,
            options.visible_cells > 1.0 && options.visible_cells <= 1e12,
            "a number above 1, at most 1e12",
        ),
        ("survival", options.survival, share(options.survival), "above 0 and at most 1"),
        ("plating", options.plating, share(options.plating), "above 0 and at most 1"),
        (
            "persister_births_per_day",
            options.persister_births_per_day,
            options.persister_births_per_day > 0.0 && options.persister_births_per_day <= 24.0,
            "above 0 and at most 24",
        ),
        ("persister_spread", options.persister_spread, options.persister_spread > 0.0, "a number above 0"),
    ];
    for (name, found, good, allowed) in faults {
        option(name, found, good, allowed)?;
    }
    if options.weights.iter().any(|w| !w.is_finite() || *w <= 0.0) {
        return Err(Failure::Said("weights of explanations; allowed: numbers above 0".into()));
    }
    Ok(())
}

/// An explanation with its posterior.
struct Weighed {
    kind: Kind,
    posterior: Posterior,
    /// The rates of each draw.
    rates: Vec<Rates>,
}

fn of_experiment(e: &Experiment, options: &Options, control: &Control) -> Result<Answer, Failure> {
    let model = Model::new(e, options);
    let mut all: Vec<Weighed> = Vec::new();
    for (k, kind) in Kind::ALL.into_iter().enumerate() {
        let target = Explained::new(kind, &model, options);
        let share = |k: usize| 0.7 * k as f64 / 3.0;
        let posterior = control.part(share(k), share(k + 1), |c| sample(&target, &options.settings, c))?;
        let rates = posterior.draws.all().map(|at| target.rates(at)).collect();
        all.push(Weighed { kind, posterior, rates });
    }
    let explanation = |(w, prior): (&Weighed, &f64)| Explanation {
        name: w.kind.name().into(),
        words: w.kind.words().into(),
        origin: w.kind.origin(),
        prior: *prior,
        log_evidence: w.posterior.log_evidence,
        error: w.posterior.error,
    };
    let mut verdict = Verdict::new(all.iter().zip(&options.weights).map(explanation).collect());
    if options.next {
        let drawn: Vec<&[Rates]> = all.iter().map(|w| w.rates.as_slice()).collect();
        let next = control.part(0.7, 0.95, |c| measurements(&verdict, &drawn, e, &model, options, c))?;
        verdict.rank(next);
    }
    control.check()?;
    // The best draws of each explanation are where the search for the maximum begins.
    let best = |w: &Weighed| {
        let value = |r: &Rates| model.log_likelihood(r);
        w.rates.iter().step_by(8).copied().max_by(|a, b| value(a).total_cmp(&value(b)))
    };
    let found = fit(&model, options, &all.iter().filter_map(best).collect::<Vec<_>>());
    let experiment = (!e.name.is_empty()).then(|| e.name.clone());
    let mut answer = Answer { assay: "persister_fluctuation".into(), experiment, ..Answer::default() };
    verdict.reason = reason(&verdict, e, &model, &found, options);
    answer.words = words(&verdict, e, &found);
    estimates(&mut answer, &found, &all, &model);
    answer.tests.push(Test {
        name: "equal mutation rates".into(),
        statistic: found.equal,
        law: "chi-square, 1 degree of freedom".into(),
        p: found.equal_p,
    });
    for (w, probability) in all.iter().zip(&verdict.probability) {
        if *probability > 0.01 {
            let complaints = w.posterior.diagnosis.complaints();
            answer.unconverged.extend(complaints.into_iter().map(|c| format!("{}: {c}", w.kind.name())));
        }
        let worst = w.posterior.diagnosis.r_hat.iter().copied().filter(|r| r.is_finite()).fold(0.0, f64::max);
        let least = w.posterior.diagnosis.bulk.iter().copied().fold(f64::INFINITY, f64::min);
        answer.diagnostics.push((format!("{}.r_hat", w.kind.name()), Said::Number(worst)));
        answer.diagnostics.push((format!("{}.effective_draws", w.kind.name()), Said::Number(least)));
        answer.diagnostics.push((format!("{}.evidence_error", w.kind.name()), Said::Number(w.posterior.error)));
    }
    answer.remedy = options.settings.remedy();
    answer.notes = notes(options, &model);
    let most = (0..all.len()).max_by(|a, b| verdict.probability[*a].total_cmp(&verdict.probability[*b])).unwrap_or(0);
    pictures(&mut answer, &all[most], e, options);
    answer.verdict = Some(verdict);
    Ok(answer)
}

fn estimates(answer: &mut Answer, found: &Fit, all: &[Weighed], model: &Model) {
    let how = "maximum likelihood (nuisances held by their priors), profile-likelihood interval";
    let mut push = |name: &str, f: &Found, factor: f64, unit: &str| {
        let ci95 = Some((f.ci95.0 * factor, f.ci95.1 * factor));
        let (value, how) = (f.value * factor, how.to_string());
        answer.estimates.push(Estimate { name: name.into(), value, ci95, unit: unit.into(), how });
    };
    // Where the rate before is 0 the ratio has no point: the middle of what both leave open stands for it.
    let mut ratio = found.ratio;
    if !ratio.value.is_finite() {
        let of = |w: &Weighed| middle(w.rates.iter().map(|r| r.during / r.before).collect());
        if let Some(m) = all.iter().find(|w| w.kind == Kind::Mixture).and_then(of) {
            ratio.value = m.0.clamp(ratio.ci95.0, ratio.ci95.1);
        }
    }
    push("rate_ratio", &ratio, 1.0, "");
    push("mutation_rate_before", &found.before, 1.0, "1/division");
    push("mutation_rate_during", &found.during, 1.0, "1/division");
    let unit = Rates { before: 1.0, during: 1.0, ..found.rates };
    let (before, during) = model.lines(&unit);
    push("mutations_per_culture_before", &found.before, before, "mutations");
    push("mutations_per_culture_during", &found.during, during, "mutations");
    for w in all {
        let draws = &w.posterior.draws;
        for (name, unit) in draws.names.iter().zip(&draws.units) {
            let Some((value, low, high)) = middle(draws.values(name)) else { continue };
            let how = "posterior median if this explanation is true".to_string();
            let name = format!("{}.{name}", w.kind.name());
            answer.estimates.push(Estimate { name, value, ci95: Some((low, high)), unit: unit.clone(), how });
        }
        if w.kind == Kind::Mixture
            && let Some((value, low, high)) = middle(w.rates.iter().map(|r| r.during / r.before).collect())
        {
            let how = "posterior median if this explanation is true".to_string();
            let (name, unit) = ("mixture.rate_ratio".to_string(), String::new());
            answer.estimates.push(Estimate { name, value, ci95: Some((low, high)), unit, how });
        }
    }
}

fn words(verdict: &Verdict, e: &Experiment, found: &Fit) -> Vec<String> {
    let Some((best, p)) = verdict.best() else { return Vec::new() };
    let origin = match best {
        Origin::PreExisting => "mutants that arose before the drug",
        Origin::Persister => "mutations of persisters under the drug",
        _ => "both mutants of before and mutations of persisters",
    };
    let percent = if p > 0.995 { "over 99 %".to_string() } else { format!("{:.0} %", 100.0 * p) };
    let mut out = vec![match verdict.undetermined {
        false => format!("The colonies came from {origin} (probability {percent})."),
        true => format!("Where the colonies came from is undetermined: most probable are {origin} ({percent})."),
    }];
    let colonies: usize = e.cultures.iter().map(|c| c.colonies()).sum();
    let without = e.cultures.iter().filter(|c| !c.looks.is_empty() && c.colonies() == 0).count();
    out.push(format!(
        "{} in {} within {:.0} weeks, none in {without} of them.",
        counted(colonies, "colony", "colonies"),
        counted(e.counted(), "culture", "cultures"),
        e.last_day() / 7.0
    ));
    out.push(format!(
        "Mutations before the drug: {} a division; of persisters: {} a division.",
        said(&found.before),
        said(&found.during)
    ));
    out.push(match (found.ratio.ci95, found.equal_p) {
        ((low, _), p) if low > 1.0 => {
            format!("Persisters mutate faster: {} times (equal rates: {}).", said(&found.ratio), crate::words::p_value(p))
        }
        ((_, high), p) if high < 1.0 => {
            format!("Persisters mutate more slowly: {} times (equal rates: {}).", said(&found.ratio), crate::words::p_value(p))
        }
        ((low, high), p) if high > ENDLESS => format!(
            "Whether persisters mutate faster is open: the ratio is {} or more (95 %, the data set no upper bound), equal rates have \
             p = {p:.2}.",
            number(low)
        ),
        ((low, high), p) => format!(
            "Whether persisters mutate faster is open: the ratio lies between {} and {} (95 %), equal rates have p = {p:.2}.",
            number(low),
            number(high)
        ),
    });
    out.push(verdict.reason.clone());
    if let Some(next) = verdict.next.first().filter(|_| verdict.undetermined) {
        let what = next.name.split_once(": ").map_or(next.name.as_str(), |n| n.1);
        let bits = next.expected_bits;
        out.push(format!("Most telling next: {what} ({bits:.2} of the {:.2} bits that are open).", verdict.entropy()));
    }
    out
}

fn reason(verdict: &Verdict, e: &Experiment, model: &Model, found: &Fit, options: &Options) -> String {
    let colonies: usize = e.cultures.iter().map(|c| c.colonies()).sum();
    let (before, during) = model.lines(&found.rates);
    let growth = found.rates.growth_per_day;
    let days = libm::log(options.visible_cells * options.survival) / growth;
    match (colonies, verdict.undetermined) {
        (0, _) => {
            "No colony was seen: both rates are bounded from above, and neither origin is told from the other.".into()
        }
        (_, false) => {
            format!("The best fit has {before:.2} mutations a culture before the drug and {during:.2} of persisters.")
        }
        (_, true) => format!(
            "The best fit has {before:.2} mutations a culture before the drug and {during:.2} of persisters, but colonies that \
             grow {growth:.2} a day are seen some {days:.0} days after their founding, with a spread of days: a mutant of before that \
             grows slowly and a mutant of a persister's first weeks are seen together. More cultures, a measured growth rate of \
             colonies, or later looks (only persisters still found lines then) tell them apart."
        ),
    }
}

fn notes(options: &Options, model: &Model) -> Vec<String> {
    let mut out = vec![
        format!(
            "a persister divides {} times a day (persister_births_per_day): the rate under the drug and the ratio are in \
             inverse proportion to it",
            options.persister_births_per_day
        ),
        format!(
            "a colony is seen from {} cells on, and grows {} a day before the data",
            options.visible_cells, options.growth_per_day
        ),
        "mutants grow as other cells do before the drug, and mutations in the first days of killing count as of before"
            .into(),
        format!(
            "colonies grow at rates that differ from one to the next (growth_spread, before the data {}), those of one family as \
             those of two: a family of which all grow slowly looks like mutations of persisters",
            options.growth_spread
        ),
    ];
    if !model.counted_persisters() {
        out.push(format!(
            "persisters were not counted: their share is taken from its prior, {}, and the rate under the drug leans on it",
            options.persister_share
        ));
    }
    out
}

/// Draws and pictures of the most probable explanation.
fn pictures(answer: &mut Answer, w: &Weighed, e: &Experiment, options: &Options) {
    let counted: Vec<_> = e.cultures.iter().filter(|c| !c.looks.is_empty()).collect();
    let single = |c: &super::data::Culture| {
        let culture = super::data::Culture { persisters: Vec::new(), ..c.clone() };
        Model::new(&Experiment { name: String::new(), cultures: vec![culture] }, options)
    };
    let models: Vec<Model> = counted.iter().map(|c| single(c)).collect();
    let mut days: Vec<f64> = counted.iter().flat_map(|c| c.looks.iter().map(|l| l.0)).collect();
    days.sort_by(f64::total_cmp);
    days.dedup();
    let weeks = days.iter().map(|d| d / 7.0).collect();
    let design = Design { cells: counted.iter().map(|c| c.final_cells).collect(), weeks, persister_weeks: Vec::new() };
    let mut stream = Stream::new(options.settings.seed, 2000, 0, Purpose::Inference);
    let mut sampled = Sampled {
        posterior: w.posterior.draws.clone(),
        prior: w.posterior.prior.clone(),
        observed_name: "colonies".into(),
        observed: counted.iter().map(|c| c.colonies() as f64).collect(),
        ..Sampled::default()
    };
    let mut totals: Vec<Vec<f64>> = vec![Vec::new(); days.len()];
    let per_chain = w.rates.len() / w.posterior.draws.chains.len().max(1);
    for chain in w.rates.chunks(per_chain.max(1)) {
        let (mut likelihoods, mut predictives) = (Vec::new(), Vec::new());
        for rates in chain {
            likelihoods.push(models.iter().map(|m| m.log_likelihood(rates)).collect());
            let drawn = assay(rates, &design, options, &mut stream);
            for (k, total) in totals.iter_mut().enumerate() {
                let seen: f64 =
                    drawn.cultures.iter().map(|c| c.looks[..=k].iter().map(|l| l.1 as f64).sum::<f64>()).sum();
                total.push(seen / counted.len() as f64);
            }
            let until = |(c, d): (&&super::data::Culture, &super::data::Culture)| {
                let last = c.looks.last().map_or(0.0, |l| l.0);
                d.looks.iter().filter(|l| l.0 <= last).map(|l| l.1 as f64).sum::<f64>()
            };
            predictives.push(counted.iter().zip(&drawn.cultures).map(until).collect());
        }
        sampled.log_likelihood.push(likelihoods);
        sampled.predictive.push(predictives);
    }
    let mut band = Vec::new();
    for (day, total) in days.iter().zip(&mut totals) {
        total.sort_by(f64::total_cmp);
        if let (Some(low), Some(high)) = (quantile(total, 0.05), quantile(total, 0.95)) {
            band.push((day / 7.0, low, high));
        }
    }
    let mut rows = Vec::new();
    let mut points = Vec::new();
    for day in &days {
        let until = |c: &&super::data::Culture| c.looks.iter().filter(|l| l.0 <= *day).map(|l| l.1).sum::<usize>();
        let seen: Vec<usize> = counted.iter().map(until).collect();
        let mean = seen.iter().sum::<usize>() as f64 / seen.len() as f64;
        points.push((day / 7.0, mean));
        let without = seen.iter().filter(|n| **n == 0).count();
        rows.push(vec![
            Value::Real(day / 7.0),
            Value::Real(mean),
            Value::Whole(without as i64),
            Value::Whole(seen.len() as i64),
        ]);
    }
    answer.tables.push(Table {
        name: "colonies_by_week".into(),
        caption: "Colonies a culture up to each week, and cultures without any".into(),
        columns: ["week", "colonies_per_culture", "cultures_without", "cultures"].map(String::from).to_vec(),
        rows,
    });
    answer.figures.push(Figure {
        id: "colonies".into(),
        title: "Colonies by week".into(),
        caption: format!("Mean colonies a culture, and what is expected where {}.", w.kind.words()),
        x: Axis::new("time under the drug, weeks"),
        y: Axis::new("colonies a culture"),
        layers: vec![
            Layer::Band { name: "90 % of assays like this one".into(), at: band },
            Layer::Points { name: "seen".into(), at: points },
        ],
    });
    let step = (w.rates.len() / 200).max(1);
    let clouds = w.rates.iter().step_by(step).filter(|r| r.before > 0.0 && r.during > 0.0);
    let at: Vec<(f64, f64)> = clouds.map(|r| (r.before, r.during)).collect();
    if !at.is_empty() {
        answer.figures.push(Figure {
            id: "rates".into(),
            title: "Both mutation rates".into(),
            caption:
                "Draws of both rates: where they fall along a falling line, colonies of one origin may be of the other."
                    .into(),
            x: Axis::log("mutations a division before the drug"),
            y: Axis::log("mutations a persister's division"),
            layers: vec![Layer::Points { name: "posterior".into(), at }],
        });
    }
    answer.sampled = Some(sampled);
}
