//! Answers: for many men, how good forecasts of the last cycle are and who is likely to fail; for one man, what the next
//! treatment is expected to do.

use super::held_out::{Held, Judged, Outcome, Plan, Ranked, area, held_out, ranked, start};
use super::model::{Course, PARAMETERS};
use super::read::{Data, Man, Visit};
use crate::answer::{Answer, Estimate, Table, Test, Value};
use crate::failure::{Failure, option};
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::Control;
use crate::population::{Population, Settings, draws, learn};
use crate::special::{middle, normal_below};
use crate::tumour_size::held_out::LEVELS;
use crate::words::counted;
use remission_engine::stream::{Purpose, Stream};

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Limit of the assay, ng/mL, above 0; readings at or below it are left-censored there. Default 0.1.
    pub limit: f64,
    /// One man (`trial/patient`, or the patient alone); default: all.
    pub patient: Option<String>,
    /// Outcomes (trial, patient, outcome), from [`super::held_out::outcomes`], against which the ranking is judged. They
    /// enter nothing else.
    pub outcomes: Vec<(String, String, Outcome)>,
    /// Seed of every random draw; default 2026.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { limit: 0.1, patient: None, outcomes: Vec::new(), seed: 2026 }
    }
}

/// Men from which a population is learned; with fewer the prior of [`PARAMETERS`] stands.
pub const ENOUGH: usize = 20;

/// One answer for the man asked for (or each of up to three in the table), or one for all.
///
/// ```
/// use remission_infer::{jobs::Control, psa::{Options, TEMPLATE, answer, read}};
/// let answers = answer(&read(TEMPLATE).unwrap(), &Options::default(), &Control::quiet()).unwrap();
/// assert!(answers[0].estimates.iter().any(|e| e.name == "failure_probability"));
/// ```
pub fn answer(data: &Data, options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    let limit = options.limit;
    option("limit", limit, limit > 0.0 && limit <= 100.0, "ng/mL above 0, at most 100")?;
    let named = |m: &Man| options.patient.as_ref().is_none_or(|n| m.name() == *n || m.patient == *n);
    let chosen: Vec<usize> = (0..data.men.len()).filter(|k| named(&data.men[*k])).collect();
    if chosen.is_empty() {
        let wanted = options.patient.as_deref().unwrap_or_default();
        return Err(Failure::unknown("patient", wanted, data.men.iter().map(Man::name)));
    }
    if data.men.iter().all(|m| m.visits.iter().all(|v| v.psa.is_none())) {
        return Err(Failure::Said("no row has a PSA; a fit needs readings".into()));
    }
    if options.patient.is_none() && data.men.len() > 3 {
        let ends = |m: &&Man| m.cycles() >= 2 && !m.readings(m.cycles()).is_empty();
        if data.men.iter().find(ends).is_none() {
            return Err(Failure::Said(format!(
                "none of the {} men has readings in a second cycle or a later one, so that no last cycle can be held out and \
                 forecast from those before; --patient NAME gives the course of one man, such as --patient {}",
                data.men.len(),
                data.men[0].name()
            )));
        }
        return Ok(vec![many(data, options, control)?]);
    }
    let settings = Settings { seed: options.seed, ..Plan::default().settings };
    let mut answers = Vec::new();
    for (index, k) in chosen.iter().enumerate() {
        let share = |part: f64| (index as f64 + part) / chosen.len() as f64;
        let (prior, narrow) = start();
        let others: Vec<Course> = (0..data.men.len())
            .filter(|j| j != k)
            .map(|j| Course { visits: data.men[j].visits.clone(), limit: options.limit })
            .collect();
        let (population, how) = match others.len() >= ENOUGH {
            true => {
                let learned =
                    control.part(share(0.0), share(0.9), |c| learn(&others, &prior, &narrow, &settings, c))?;
                (learned, format!("The population was learned from the {} other men.", others.len()))
            }
            false => (prior, format!("Fewer than {ENOUGH} other men: a wide prior stands in for a population.")),
        };
        let mut answer = one(&data.men[*k], options, &population, how);
        answer.notes.extend(data.notes.iter().cloned());
        answers.push(answer);
        control.done(share(1.0));
    }
    Ok(answers)
}

fn one(man: &Man, options: &Options, population: &Population, how: String) -> Answer {
    let course = Course { visits: man.visits.clone(), limit: options.limit };
    let mut stream = Stream::new(options.seed, 0, 0, Purpose::Inference);
    let sets = draws(&course, population, 1000, 4, 8, &mut stream);
    let rank = ranked(0, man.cycles() + 1, &course, &sets, &mut stream);
    let mut answer = Answer { assay: "psa".into(), experiment: Some(man.name()), ..Answer::default() };
    answer.words = vec![
        format!(
            "After 32 weeks of treatment from the last visit PSA is expected at {:.1} ng/mL, and treatment fails with \
             probability {} (PSA above 4 ng/mL after 24 and 32 weeks, or rising by half between them).",
            libm::exp(rank.log_psa),
            if rank.fails < 0.01 { "below 0.01".to_string() } else { format!("{:.2}", rank.fails) }
        ),
        "PSA alone does not say where resistance came from: cells resistant from the start and cells that became so \
         under treatment make the same PSA."
            .into(),
    ];
    let estimate = |name: &str, value: f64, ci95, unit: &str, how: &str| Estimate {
        name: name.into(),
        value,
        ci95,
        unit: unit.into(),
        how: how.into(),
    };
    answer.estimates.push(estimate("failure_probability", rank.fails, None, "", "posterior draws carried on"));
    for (k, (name, unit, ..)) in PARAMETERS.iter().enumerate() {
        let Some((value, low, high)) = middle(sets.iter().map(|s| s.0[k]).collect()) else { continue };
        // In its own unit: quantiles of a logarithm are logarithms of quantiles.
        let (name, unit, own): (&str, &str, fn(f64) -> f64) = match name.strip_prefix("ln_") {
            Some(plain) => (plain, unit.strip_prefix("ln ").unwrap_or(unit), libm::exp),
            None if *name == "resistant_log_odds" => ("resistant_share_at_start", "", |x| 1.0 / (1.0 + libm::exp(-x))),
            None => (*name, *unit, |x| x),
        };
        let how = "posterior median, equal-tailed interval";
        answer.estimates.push(estimate(name, own(value), Some((own(low), own(high))), unit, how));
    }
    let read = man.visits.iter().filter_map(|v| Some((v.days, v.psa?.max(options.limit))));
    let changes = man
        .visits
        .windows(2)
        .filter(|w| w[0].on != w[1].on)
        .map(|w| Layer::Moment { name: if w[1].on { "on" } else { "off" }.into(), x: w[1].days });
    // As it was, and from the last visit on with treatment on.
    let last = man.visits.last().map_or(0.0, |v| v.days);
    let ahead: Vec<Visit> = (1..=8)
        .map(|k| Visit { days: last + 28.0 * f64::from(k), psa: None, on: true, cycle: man.cycles() + 1 })
        .collect();
    let treated = course.treated();
    let paths: Vec<Vec<f64>> = sets
        .iter()
        .map(|(theta, _)| {
            let later = treated.ahead(theta, &ahead, &mut stream).into_iter().map(|a| a.1);
            course.along(theta).into_iter().chain(later).collect()
        })
        .collect();
    let (mut band, mut line) = (Vec::new(), Vec::new());
    for (k, day) in man.visits.iter().chain(&ahead).map(|v| v.days).enumerate() {
        if let Some((median, low, high)) = middle(paths.iter().map(|p| libm::exp(p[k])).collect()) {
            band.push((day, low.max(0.01), high.max(0.01)));
            line.push((day, median.max(0.01)));
        }
    }
    let readings = read.clone().count();
    let little = match readings {
        0..3 => Some(format!("{} of this man", counted(readings, "reading", "readings"))),
        _ if read.clone().all(|(_, psa)| psa <= options.limit) => {
            Some(format!("no reading of this man is above the limit of the assay (--limit {})", options.limit))
        }
        _ => None,
    };
    let believed = "what is forecast says little more than what is believed of any man";
    answer.notes.extend(little.map(|little| format!("{little}: {believed}")));
    let mut layers = vec![
        Layer::Band { name: "95 % of the PSA that cells make".into(), at: band },
        Layer::Line { name: "median".into(), at: line },
        Layer::Points { name: "PSA read".into(), at: read.collect() },
    ];
    layers.extend(changes);
    layers.push(Layer::Moment { name: "last visit".into(), x: last });
    answer.figures.push(Figure {
        id: "course".into(),
        title: "PSA over time, with forecast under treatment".into(),
        caption: "Lines: where treatment was started and stopped. From the last visit on treatment is taken to be on."
            .into(),
        x: Axis::new("time, days"),
        y: Axis::log("PSA, ng/mL"),
        layers,
    });
    answer.notes.push(how);
    answer
}

fn many(data: &Data, options: &Options, control: &Control) -> Result<Answer, Failure> {
    let settings = Settings { seed: options.seed, ..Plan::default().settings };
    let plan = Plan { limit: options.limit, settings };
    let Judged { held, ranked: ranks, blends } = held_out(data, &plan, control)?;
    let mut answer = Answer { assay: "psa".into(), notes: data.notes.clone(), ..Answer::default() };
    let n = held.len() as f64;
    let error = |f: fn(&Held) -> f64| held.iter().map(|h| (f(h) - h.read).abs()).sum::<f64>() / n;
    let (blended, alone, carried) = (error(|h| h.median), error(|h| h.alone), error(|h| h.carried));
    let mut words = vec![format!(
        "The last cycle of {} men ({} readings) is forecast with a mean absolute error of {blended:.3} in ln PSA; the cycle \
         before carried forward has {carried:.3}, the model of cells alone {alone:.3}.",
        ranks.len(),
        held.len()
    )];
    let covered = (0..4).map(|level| {
        let within = held.iter().filter(|h| h.intervals[level].0 <= h.read && h.read <= h.intervals[level].1).count();
        [LEVELS[level], within as f64 / n].map(Value::Real).to_vec()
    });
    answer.tables.push(Table {
        name: "coverage".into(),
        caption: "An interval: the share of held-out readings within it.".into(),
        columns: vec!["interval".into(), "covered".into()],
        rows: covered.collect(),
    });
    let mut order: Vec<&Ranked> = ranks.iter().collect();
    order.sort_by(|a, b| b.fails.total_cmp(&a.fails));
    let of = |r: &Ranked| {
        let man = &data.men[r.man];
        options.outcomes.iter().find(|o| o.0 == man.trial && o.1 == man.patient).map(|o| o.2)
    };
    let rows = order.iter().map(|r| {
        vec![
            Value::Text(data.men[r.man].name()),
            Value::Whole(r.cycle as i64),
            Value::Real(r.fails),
            Value::Real(libm::exp(r.log_psa)),
            of(r).map_or(Value::Nothing, |o| Value::Text(format!("{o:?}").to_lowercase())),
        ]
    });
    let columns = ["patient", "before_cycle", "failure_probability", "psa_after_32_weeks_ng_per_ml", "outcome"];
    answer.tables.push(Table {
        name: "ranking".into(),
        caption: "A man: the probability that treatment fails in his last cycle, from the cycles before it.".into(),
        columns: columns.iter().map(|c| c.to_string()).collect(),
        rows: rows.collect(),
    });
    let scores = |which: &[Outcome]| -> Vec<f64> {
        let some = ranks.iter().filter(|r| of(r).is_some_and(|o| which.contains(&o)));
        some.map(|r| r.fails).collect()
    };
    let none = scores(&[Outcome::None]);
    let judged = [
        ("auc.relapse_or_metastasis", "relapse or metastasis", scores(&[Outcome::Relapse, Outcome::Metastasis])),
        ("auc.relapse", "relapse alone", scores(&[Outcome::Relapse])),
    ];
    for (name, what, cases) in judged {
        let Some((value, error)) = area(&cases, &none) else { continue };
        let ci95 = ((value - 1.959964 * error).max(0.0), (value + 1.959964 * error).min(1.0));
        words.push(format!(
            "Ranked by the probability that treatment fails, {what} ({} men) against neither ({}) has an area under the curve of {value:.2} ({:.2} \
             to {:.2}).",
            cases.len(),
            none.len(),
            ci95.0,
            ci95.1
        ));
        let how = "score from the cycles before the last; interval by DeLong".to_string();
        answer.estimates.push(Estimate { name: name.into(), value, ci95: Some(ci95), unit: String::new(), how });
        let z = if error > 0.0 { (value - 0.5) / error } else { 0.0 };
        answer.tests.push(Test {
            name: format!("no better than chance: {what}"),
            statistic: z,
            law: "standard normal".into(),
            p: 2.0 * normal_below(-z.abs()),
        });
    }
    for (name, value) in
        [("forecast_error", blended), ("forecast_error.model", alone), ("forecast_error.carried", carried)]
    {
        let how = "mean absolute error over held-out readings".to_string();
        answer.estimates.push(Estimate { name: name.into(), value, ci95: None, unit: "ln PSA".into(), how });
    }
    let weights: Vec<String> = blends.iter().map(|b| format!("{:.1}", b.model)).collect();
    answer.notes.push(format!("Weight of the model in the forecast, by group of men: {}.", weights.join(", ")));
    answer.notes.push("When treatment is on and off in the forecast cycle is taken as given, for all methods.".into());
    answer.words = words;
    Ok(answer)
}
