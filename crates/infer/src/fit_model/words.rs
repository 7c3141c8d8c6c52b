//! The answer to one patient: sentences, estimates, paths with bands, mechanisms over time, pictures.

use super::data::Readings;
use super::patient::{Class, Seen};
use super::target::Fit;
use super::{Fitted, Method, Options, next};
use crate::answer::{Answer, Estimate, Sampled, Table, Value};
use crate::figure::{Axis, Figure, Layer};
use crate::special::quantile;
use crate::verdict::{Explanation, Origin, Verdict};
use remission_cohort::ctdna;
use remission_cohort::measure::{Instruments, ReadingStreams, Reported, channels};
use remission_cohort::patient::mechanisms;
use remission_engine::state;
use remission_engine::stream::{Purpose, Stream};

/// Draws for which readings are simulated at most.
const SIMULATED: usize = 1000;

/// Readings simulated from posterior paths.
pub(super) struct Simulated {
    /// Names of the channels.
    pub(super) channels: Vec<String>,
    /// Days after the last reading.
    pub(super) ahead: Vec<f64>,
    /// `readings[draw][day ahead][channel]`.
    pub(super) readings: Vec<Vec<Vec<f64>>>,
    /// `at_visits[draw][visit][channel]`.
    at_visits: Vec<Vec<Vec<f64>>>,
}

/// Where resistance comes from on the last day followed.
fn origin(seen: Option<&Seen>) -> Origin {
    match seen.map(Seen::class) {
        Some(Class::Clone(_, origin)) => match origin {
            state::Origin::PreExisting => Origin::PreExisting,
            state::Origin::DrugInduced => Origin::DrugInduced,
            state::Origin::Persister => Origin::Persister,
            state::Origin::Cycling => Origin::Cycling,
        },
        Some(Class::Tolerant) => Origin::NonGenetic,
        _ => Origin::None,
    }
}

fn in_words(origin: Origin) -> &'static str {
    match origin {
        Origin::PreExisting => "a clone that was there before treatment",
        Origin::Cycling => "a clone founded by a dividing cell under treatment",
        Origin::Persister => "a clone founded by a drug-tolerant cell under treatment",
        Origin::DrugInduced => "a clone whose mutation the drug made",
        Origin::NonGenetic => "tolerance without a mutation",
        Origin::None => "no resistance that matters yet",
        Origin::DuringTreatment | Origin::Mixture => "several ways together",
    }
}

fn verdict(fitted: &Fitted) -> (Verdict, Vec<Origin>) {
    let posterior: Vec<Origin> = fitted.paths.iter().map(|p| origin(p.last())).collect();
    let prior: Vec<Origin> = fitted.prior_paths.iter().map(|p| origin(p.last())).collect();
    let kinds: Vec<Origin> = Origin::ALL.into_iter().filter(|o| posterior.contains(o) || prior.contains(o)).collect();
    // Half a path is added to each count: what no path among so many shows is improbable, not impossible.
    let share = |all: &[Origin], o: Origin| {
        let count = all.iter().filter(|x| **x == o).count() as f64;
        (count + 0.5) / (all.len() as f64 + 0.5 * kinds.len() as f64)
    };
    let explanation = |o: &Origin| {
        let (before, after) = (share(&prior, *o), share(&posterior, *o));
        Explanation {
            name: o.name().into(),
            words: in_words(*o).into(),
            origin: *o,
            prior: before,
            // By Bayes' theorem, up to a constant that all share.
            log_evidence: libm::log(after / before),
            error: libm::sqrt((1.0 - after) / (after * posterior.len() as f64).max(1e-300)),
        }
    };
    (Verdict::new(kinds.iter().map(explanation).collect()), posterior)
}

pub(super) fn answer(fit: &Fit, readings: &Readings, fitted: &Fitted, options: &Options) -> Answer {
    let mut out = Answer { assay: "model".into(), ..Answer::default() };
    out.experiment = (!readings.name.is_empty()).then(|| readings.name.clone());
    out.unconverged.clone_from(&fitted.unconverged);
    out.diagnostics.clone_from(&fitted.diagnostics);
    let fewer = format!("fewer free parameters (--free NAME, now {})", fit.free.len());
    out.remedy = match fit.filter.map(|f| f.particles).filter(|_| fitted.rough) {
        Some(now) => format!(
            "Few tumours that this model grows are like this one. Try {fewer}, or, where that is no choice, more particles (--particles {}, \
             now {now}), which take longer and may not be enough.",
            4 * now
        ),
        None => format!("Try more steps (--steps {}, now {}) or {fewer}.", 4 * options.steps, options.steps),
    };
    let simulated = simulate(fit, fitted, options.seed);
    let (mut verdict, origins) = verdict(fitted);
    let thinned: Vec<Origin> = places(origins.len()).map(|k| origins[k]).collect();
    verdict.rank(next::measurements(&simulated, &thinned));
    let end = fit.setting.ahead.last().copied().unwrap_or(0.0);
    if let Some((best, p)) = verdict.best() {
        let shares: Vec<String> = verdict
            .origin
            .iter()
            .filter(|o| o.1 >= 0.01)
            .map(|(o, p)| format!("{} {p:.2}", o.name().replace('_', "-")))
            .collect();
        out.words.push(match verdict.undetermined {
            false => {
                format!(
                    "On day {end:.0} what the drug does not hold is, with probability {}, {}.",
                    crate::words::probability(p),
                    in_words(best)
                )
            }
            true => format!(
                "What the drug will not hold on day {end:.0} is undetermined; most probable, with {p:.2}, is {}.",
                in_words(best)
            ),
        });
        verdict.reason = reason(&verdict, &shares);
        if verdict.undetermined {
            out.words.push(verdict.reason.clone());
        }
    }
    if let Some(n) = verdict.next.first().filter(|n| n.expected_bits > 2.0 * n.error && n.expected_bits > 0.01) {
        out.words.push(format!(
            "Most would be learned from {}: {:.2} bits expected of {:.2}.",
            n.name,
            n.expected_bits,
            verdict.entropy()
        ));
    }
    for (k, p) in fit.parameters.iter().enumerate() {
        let mut values: Vec<f64> = fitted.draws.all().map(|d| d[k]).collect();
        values.sort_by(f64::total_cmp);
        let q = |q| quantile(&values, q).unwrap_or(f64::NAN);
        let ci95 = Some((q(0.025), q(0.975)));
        let how = format!("posterior median, equal-tailed interval; prior {}", p.prior);
        out.estimates.push(Estimate { name: p.name.clone(), value: q(0.5), ci95, unit: p.unit.clone(), how });
    }
    let model = &fit.setting.compiled.model;
    let held: Vec<&str> = (0..model.parameters.len())
        .filter(|k| !fit.free.contains(k) && super::prior_of(&model.parameters[*k]).is_some())
        .map(|k| model.parameters[k].name.as_str())
        .collect();
    if !held.is_empty() {
        out.notes.push(format!("kept at the model's value, though they have a prior: {}", held.join(", ")));
    }
    out.notes.push("the doses are those of the arm throughout; the patient is taken as alive at every reading".into());
    if options.method == Method::Mean {
        out.notes.push(
            "along the mean: chance in the tumour itself is left out, so clones of few cells are known too well".into(),
        );
    }
    let (course, figures) = course(fit, readings, &simulated);
    out.tables.push(course);
    out.figures.extend(figures);
    let (table, figure) = mechanisms_over_time(fit, fitted);
    out.tables.push(table);
    out.figures.push(figure);
    let observed: Vec<(usize, usize, f64)> = observed(readings);
    let predictive: Vec<Vec<f64>> =
        simulated.at_visits.iter().map(|d| observed.iter().map(|(v, c, _)| d[*v][*c]).collect()).collect();
    out.sampled = Some(Sampled {
        posterior: fitted.draws.clone(),
        prior: fitted.prior.clone(),
        observed_name: "reading".into(),
        observed: observed.iter().map(|o| o.2).collect(),
        log_likelihood: Vec::new(),
        predictive: if predictive.len() == fitted.draws.len() {
            split(predictive, fitted.draws.chains.len())
        } else {
            Vec::new()
        },
    });
    out.verdict = Some(verdict);
    out
}

/// Draws in chains of one length.
fn split(all: Vec<Vec<f64>>, chains: usize) -> Vec<Vec<Vec<f64>>> {
    let length = (all.len() / chains.max(1)).max(1);
    all.chunks(length).map(<[Vec<f64>]>::to_vec).collect()
}

/// Visit, channel and value of every reading; a limit stands for what is below it.
fn observed(readings: &Readings) -> Vec<(usize, usize, f64)> {
    let value = |r: &Reported| match r {
        Reported::Value(x) | Reported::Below(x) => *x,
    };
    let of = |(v, visit): (usize, &super::Visit)| {
        visit.readings.iter().map(move |(c, r)| (v, *c, value(r))).collect::<Vec<_>>()
    };
    readings.visits.iter().enumerate().flat_map(of).collect()
}

fn reason(verdict: &Verdict, shares: &[String]) -> String {
    let prior =
        verdict.explanations.iter().zip(&verdict.probability).map(|(e, p)| (e.prior - p).abs()).fold(0.0, f64::max);
    let all = shares.join(", ");
    match (verdict.undetermined, prior < 0.1) {
        (true, true) => format!(
            "Probabilities are {all}; they are within 0.1 of what the model says without any reading, so the readings tell little of the origin: tumours of each origin give such a series."
        ),
        (true, false) => format!(
            "Probabilities are {all}; the readings moved them by up to {prior:.2} but tumours of more than one origin still give such a series."
        ),
        (false, _) => format!("Probabilities are {all}."),
    }
}

/// Draws that are simulated, evenly spread.
fn places(count: usize) -> impl Iterator<Item = usize> {
    let kept = count.min(SIMULATED);
    (0..kept).map(move |k| k * count / kept.max(1))
}

fn simulate(fit: &Fit, fitted: &Fitted, seed: u64) -> Simulated {
    let (setting, compiled) = (fit.setting, fit.setting.compiled);
    let last = setting.visits.last().map_or(0.0, |v| v.time);
    let all: Vec<&[f64]> = fitted.draws.all().collect();
    let (mut readings, mut at_visits) = (Vec::new(), Vec::new());
    for k in places(all.len()) {
        let parameters = fit.all(all[k]);
        let stream = |part| Stream::new(seed, k as u64, part, Purpose::Inference);
        let blood = ctdna::streams(&compiled.model, || stream(21));
        let mut streams = ReadingStreams { meters: stream(20), blood };
        let mut found = Vec::new();
        if let Ok(mut instruments) = Instruments::new(compiled, &parameters) {
            instruments.follow(setting.regimen);
            for seen in &fitted.paths[k] {
                let read = instruments.read(compiled, seen.time, &seen.by_type, &seen.levels, &mut streams);
                found.push(read.unwrap_or_default());
            }
        }
        let width = channels(&compiled.model).len();
        found.resize(setting.visits.len() + setting.ahead.len(), Vec::new());
        found.iter_mut().for_each(|r: &mut Vec<f64>| r.resize(width, f64::NAN));
        readings.push(found.split_off(setting.visits.len()));
        at_visits.push(found);
    }
    let names = channels(&compiled.model).into_iter().map(|c| c.name).collect();
    let ahead = setting.ahead.iter().map(|d| d - last).collect();
    Simulated { channels: names, ahead, readings, at_visits }
}

/// Readings expected at the visits and in the forecast, with those that were made.
fn course(fit: &Fit, readings: &Readings, simulated: &Simulated) -> (Table, Vec<Figure>) {
    let setting = fit.setting;
    let channels = channels(&setting.compiled.model);
    let columns = ["variable", "unit", "time_days", "reading", "low95", "median", "high95"].map(String::from).to_vec();
    let (mut rows, mut figures) = (Vec::new(), Vec::new());
    let last = setting.visits.last().map_or(0.0, |v| v.time);
    for (c, channel) in channels.iter().enumerate() {
        let made = readings.visits.iter().any(|v| v.readings.iter().any(|r| r.0 == c));
        let (mut band, mut line, mut points, mut limits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let times = setting.visits.iter().map(|v| v.time).chain(setting.ahead.iter().copied());
        for (t, time) in times.enumerate() {
            let visits = setting.visits.len();
            let of =
                |k: usize| if t < visits { simulated.at_visits[k][t][c] } else { simulated.readings[k][t - visits][c] };
            let mut values: Vec<f64> = (0..simulated.readings.len()).map(of).filter(|x| x.is_finite()).collect();
            values.sort_by(f64::total_cmp);
            let q = |q| quantile(&values, q).unwrap_or(f64::NAN);
            let (low, middle, high) = (q(0.025), q(0.5), q(0.975));
            band.push((time, low, high));
            line.push((time, middle));
            let reported = setting.visits.get(t).and_then(|v| v.readings.iter().find(|r| r.0 == c)).map(|r| r.1);
            let reading = match reported {
                Some(Reported::Value(x)) => {
                    points.push((time, x));
                    Value::Real(x)
                }
                Some(Reported::Below(x)) => {
                    limits.push((time, x));
                    Value::Text(format!("<{x}"))
                }
                None => Value::Nothing,
            };
            let mut row =
                vec![Value::Text(channel.name.clone()), Value::Text(channel.unit.into()), Value::Real(time), reading];
            row.extend([low, middle, high].map(Value::Real));
            rows.push(row);
        }
        if made {
            let mut layers = vec![
                Layer::Band { name: "95 % of what is expected".into(), at: band },
                Layer::Line { name: "median".into(), at: line },
                Layer::Points { name: "readings".into(), at: points },
            ];
            if !limits.is_empty() {
                layers.push(Layer::Points { name: "below this limit".into(), at: limits });
            }
            layers.push(Layer::Moment { name: "last reading".into(), x: last });
            figures.push(Figure {
                id: format!("course-{}", channel.name.replace('_', "-")),
                title: format!("{} over time, with forecast", channel.name),
                caption: "The band holds 95 % of readings drawn anew from the posterior; beyond the last reading it is a forecast.".into(),
                x: Axis::new("time, days"),
                y: Axis::new(format!("{}, {}", channel.name, channel.unit)),
                layers,
            });
        }
    }
    let caption = "Readings expected at each visit and in the forecast.";
    (Table { name: "course".into(), caption: caption.into(), columns, rows }, figures)
}

/// Which mechanism and origin hold the tumour, over time.
fn mechanisms_over_time(fit: &Fit, fitted: &Fitted) -> (Table, Figure) {
    let setting = fit.setting;
    let mut names = mechanisms(&setting.compiled.model);
    names.push("unnamed".into());
    let times: Vec<f64> = setting.visits.iter().map(|v| v.time).chain(setting.ahead.iter().copied()).collect();
    let n = fitted.paths.len().max(1) as f64;
    let share = |t: usize, class: Class| {
        fitted.paths.iter().filter(|p| p.get(t).is_some_and(|s| s.class() == class)).count() as f64 / n
    };
    let mut classes: Vec<(String, String, Class)> = Vec::new();
    for (m, name) in names.iter().enumerate() {
        for o in state::Origin::ALL {
            classes.push((name.clone(), o.name().into(), Class::Clone(m, o)));
        }
    }
    classes.push(("tolerance".into(), "non_genetic".into(), Class::Tolerant));
    classes.push(("none".into(), "none".into(), Class::None));
    let (mut rows, mut layers) = (Vec::new(), Vec::new());
    for (mechanism, origin, class) in classes {
        let line: Vec<(f64, f64)> = times.iter().enumerate().map(|(t, time)| (*time, share(t, class))).collect();
        if line.iter().all(|p| p.1 == 0.0) {
            continue;
        }
        for (time, p) in &line {
            let text = [mechanism.clone(), origin.clone()].map(Value::Text);
            rows.push([vec![Value::Real(*time)], text.to_vec(), vec![Value::Real(*p)]].concat());
        }
        let name = if mechanism == origin { mechanism } else { format!("{mechanism}, {origin}") };
        layers.push(Layer::Line { name, at: line });
    }
    let columns = ["time_days", "mechanism", "origin", "probability"].map(String::from).to_vec();
    let caption = "Probability that the largest resistant clone is of this mechanism and origin and has more than 1 % of the tumour; tolerance: none has, but drug-tolerant cells do.";
    let table = Table { name: "mechanisms".into(), caption: caption.into(), columns, rows };
    let last = setting.visits.last().map_or(0.0, |v| v.time);
    layers.push(Layer::Moment { name: "last reading".into(), x: last });
    let figure = Figure {
        id: "mechanisms".into(),
        title: "What the drug does not hold, over time".into(),
        caption: caption.into(),
        x: Axis::new("time, days"),
        y: Axis { range: Some((0.0, 1.0)), ..Axis::new("probability") },
        layers,
    };
    (table, figure)
}

/// The answer to which of several models made the readings.
pub(super) fn compared(mut verdict: Verdict, unconverged: Vec<String>, patient: &str) -> Answer {
    let mut order: Vec<usize> = (0..verdict.probability.len()).collect();
    order.sort_by(|a, b| verdict.probability[*b].total_cmp(&verdict.probability[*a]));
    let best = order.first().map_or(0.0, |k| verdict.probability[*k]);
    let name = order.first().map_or("none", |k| verdict.explanations[*k].name.as_str()).to_string();
    verdict.undetermined = best < crate::verdict::CERTAIN;
    let first = match verdict.undetermined {
        true => format!("The readings do not tell the models apart: the most probable, {name}, has {best:.2}."),
        false => format!(
            "The readings are those of {name} (probability {} among the models given).",
            crate::words::probability(best)
        ),
    };
    verdict.reason = "Evidence weighs each model with all that its prior allows; models that spread it over readings that were not made lose.".into();
    let experiment = (!patient.is_empty()).then(|| patient.to_string());
    Answer {
        assay: "model".into(),
        experiment,
        words: vec![first],
        unconverged,
        verdict: Some(verdict),
        ..Answer::default()
    }
}
