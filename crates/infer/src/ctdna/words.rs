//! The answer to one patient: sentences, estimates, tables, pictures.

use super::Options;
use super::data::{Patient, Role, Said, Series};
use super::fit::{Fitted, last_day, leading};
use super::law::Explanation;
use crate::answer::{Answer, Estimate, Said as Told, Sampled, Table, Value};
use crate::figure::{Axis, Figure, Layer};
use crate::special::quantile;
use crate::verdict::{Origin, Verdict};
use remission_engine::stream::{Purpose, Stream};

/// Middle and 95 % interval of some values; none without.
fn summary(mut values: Vec<f64>) -> Option<(f64, (f64, f64))> {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    Some((quantile(&values, 0.5)?, (quantile(&values, 0.025)?, quantile(&values, 0.975)?)))
}

fn probability(verdict: &Verdict, origin: Origin) -> f64 {
    verdict.origin.iter().filter(|o| o.0 == origin).map(|o| o.1).sum()
}

pub(super) fn answer(patient: &Patient, fitted: &[Fitted], options: &Options) -> Answer {
    let mut out = Answer { assay: "ctdna".into(), ..Answer::default() };
    out.experiment = (!patient.name.is_empty()).then(|| patient.name.clone());
    out.remedy = options.settings(0).remedy();
    let lead = leading(patient, fitted);
    // What the verdict is about comes first, truncal mutations last.
    let mut order: Vec<usize> = (0..fitted.len()).collect();
    order.sort_by_key(|k| (*k != lead, patient.series[fitted[*k].series].role == Role::Truncal));
    for k in order {
        let one = &fitted[k];
        let series = &patient.series[one.series];
        let founded = founded(one, options);
        estimates(series, one, &founded, &mut out);
        let scatter = out.estimates.iter().find(|e| e.name == format!("{}.scatter", series.mutation));
        if let Some(scatter) = scatter.filter(|s| s.value > MUCH_SCATTER) {
            out.notes.push(format!(
                "{} scatters by a factor of {:.1} from draw to draw about growth that slows steadily: if the clone grew at rates that changed otherwise, what is traced back to its founding is off",
                series.mutation,
                libm::exp(scatter.value)
            ));
        }
        let seen = seen(series);
        if seen < 2 && series.role == Role::Resistance {
            let often = if seen == 0 { "no draw" } else { "one draw alone" };
            out.notes.push(format!(
                "{} was seen in {often}: its growth, its doubling time and the scatter say little more than what was believed before any data; two draws that see it tell its growth",
                series.mutation
            ));
        }
        if k == lead {
            let mut verdict = one.verdict.clone();
            let scatter = scatter.map(|s| s.value).filter(|s| *s > TOO_MUCH_SCATTER && !verdict.undetermined);
            if let Some(scatter) = scatter {
                verdict = verdict.withheld(format!(
                    "its readings scatter by a factor of {:.1} about every course weighed here (none that grows and slows, none that \
                     stays), so that no course fits, and the evidence is withheld",
                    libm::exp(scatter)
                ));
            }
            let told = reason(series, &verdict, &founded);
            if scatter.is_none() {
                verdict.reason = told.1;
            }
            out.words.push(told.0);
            if verdict.undetermined {
                out.words.push(verdict.reason.clone());
            }
            if let Some(next) =
                verdict.next.first().filter(|n| n.expected_bits > 2.0 * n.error && n.expected_bits > 0.01)
            {
                out.words.push(format!(
                    "Most would be learned from {}: {:.2} bits expected of {:.2}.",
                    next.name,
                    next.expected_bits,
                    verdict.entropy()
                ));
            }
            out.figures.push(founding_figure(series, &founded));
            let likeliest =
                (0..one.all.len()).max_by(|a, b| verdict.probability[*a].total_cmp(&verdict.probability[*b]));
            if let Some(one) = likeliest.and_then(|k| one.all.get(k)) {
                out.sampled = Some(Sampled {
                    posterior: one.posterior.draws.clone(),
                    prior: one.posterior.prior.clone(),
                    observed_name: "level".into(),
                    observed: series.readings.iter().map(|r| r.1.level()).collect(),
                    ..Sampled::default()
                });
            }
            out.verdict = Some(verdict);
        }
        for (explanation, p) in one.verdict.explanations.iter().zip(&one.verdict.probability) {
            let fit = one.all.iter().zip(&one.verdict.explanations).find(|(_, e)| e.name == explanation.name);
            if let (Some((fit, _)), true) = (fit, *p > 0.05) {
                let complaints = fit.posterior.diagnosis.complaints();
                let complaints =
                    complaints.into_iter().map(|c| format!("{}, {}: {c}", series.mutation, explanation.name));
                if k == lead {
                    out.unconverged.extend(complaints);
                } else {
                    // Mutations are fitted each on its own: the verdict does not rest on this one.
                    out.notes
                        .extend(complaints.map(|c| format!("not converged, and the verdict does not rest on it: {c}")));
                }
            }
            out.diagnostics.push((
                format!("{}.{}.log_evidence_error", series.mutation, explanation.name),
                Told::Number(explanation.error),
            ));
        }
    }
    out.tables.push(origins(patient, fitted));
    let (table, figures) = course(patient, fitted, options);
    out.tables.push(table);
    out.figures.extend(figures);
    out.notes.push(
        "growth is taken to have slowed 1.07 to 35 times from day 0 to the last draw (95 %, before the data): a clone that did \
         not slow at all was founded earlier than is said here, and one that slowed much more later; one that stopped within weeks of being \
         founded may look as if it had been there, and one that woke under the drug as if it had been founded then"
            .into(),
    );
    out.notes.push(format!(
        "one copy per mL is taken to stand for {:.1e} cells, give or take a factor of {:.0} (95 %): 1.4e-4 of a dying cell's DNA, {} deaths a day, a half-life of 30 minutes",
        super::cells_per_level(false, options.death_per_day),
        libm::exp(1.96 * options.shedding_sigma),
        options.death_per_day
    ));
    out
}

/// Draws in which a mutation was seen.
fn seen(series: &Series) -> usize {
    series.readings.iter().filter(|r| r.1.seen()).count()
}

/// Scatter (a factor of 1.8) above which steady growth is doubted.
const MUCH_SCATTER: f64 = 0.6;
/// Scatter (a factor of 2.7) above which no verdict is given; before any data one in a hundred has so much.
const TOO_MUCH_SCATTER: f64 = 1.0;

/// Day on which the clone was one cell, of every draw that has one.
fn founded(one: &Fitted, options: &Options) -> Vec<f64> {
    let mut stream = Stream::new(options.seed, one.series as u64, 12, Purpose::Inference);
    one.draws.iter().filter_map(|(e, at)| one.all[*e].rise.founded(at, &mut stream)).collect()
}

fn estimates(series: &Series, one: &Fitted, founded: &[f64], out: &mut Answer) {
    let name = &series.mutation;
    let mut put = |what: &str, values: Vec<f64>, unit: &str, how: &str| {
        if let Some((value, ci95)) = summary(values) {
            let name = format!("{name}.{what}");
            out.estimates.push(Estimate { name, value, ci95: Some(ci95), unit: unit.into(), how: how.into() });
        }
    };
    let of = |what: &str| -> Vec<f64> {
        one.draws.iter().filter_map(|(e, at)| one.all[*e].rise.place(what).map(|k| at[k])).collect()
    };
    const HOW: &str = "posterior median over all explanations, equal-tailed interval";
    put(
        "founded_day",
        founded.to_vec(),
        "days",
        "day on which the clone was one cell; posterior median where there is a clone",
    );
    const LAST: &str = "on the day of the last draw; posterior median over all explanations, equal-tailed interval";
    put("growth", of("growth"), "1/day", LAST);
    let lineages = || one.draws.iter().filter_map(|(e, at)| one.all[*e].rise.clone_at(at));
    put("doubling_days", lineages().map(|l| core::f64::consts::LN_2 / l.growth).collect(), "days", LAST);
    put(
        "slowing",
        lineages().map(|l| libm::exp(l.slowing)).collect(),
        "",
        "growth on day 0 over growth on the day of the last draw; posterior median over all explanations",
    );
    put(
        "cells_on_day_0",
        lineages().map(|l| l.on_day_0).collect(),
        "cells",
        "traced back along the growth; below 1: not there",
    );
    if series.role == Role::Truncal {
        put("decline", of("decline"), "1/day", HOW);
        put("slow_share", of("slow_share"), "", HOW);
        put("slow_decline", of("slow_decline"), "1/day", HOW);
    }
    put("scatter", of("scatter"), "", "standard deviation of the log odds from draw to draw");
}

/// Whether a level that stays is the most probable of all.
fn stays(verdict: &Verdict) -> bool {
    let best = verdict.explanations.iter().zip(&verdict.probability).max_by(|a, b| a.1.total_cmp(b.1));
    best.is_some_and(|(e, _)| e.name == "steady")
}

/// The first sentence, and why.
fn reason(series: &Series, verdict: &Verdict, founded: &[f64]) -> (String, String) {
    let of = |origin| probability(verdict, origin);
    let (before, during, none) = (of(Origin::PreExisting), of(Origin::DuringTreatment), of(Origin::None));
    let name = match series.role {
        Role::Resistance => format!("The clone with {}", series.mutation),
        Role::Truncal => format!("The clone behind the rise of {}", series.mutation),
    };
    let first = match verdict.best() {
        Some((Origin::PreExisting, p)) if !verdict.undetermined => {
            format!("{name} was there before treatment began (probability {}).", crate::words::probability(p))
        }
        Some((Origin::DuringTreatment, p)) if !verdict.undetermined => {
            format!("{name} arose during treatment (probability {}).", crate::words::probability(p))
        }
        Some((Origin::None, p)) if !verdict.undetermined && stays(verdict) => {
            let p = crate::words::probability(p);
            format!("{} is there at a level that stays, and no clone with it grows (probability {p}).", series.mutation)
        }
        Some((Origin::None, p)) if !verdict.undetermined => {
            format!("No resistant clone shows in {} (probability {}).", series.mutation, crate::words::probability(p))
        }
        _ => format!(
            "Whether {}{} was there before treatment began is undetermined: probability {before:.2} before, {during:.2} during, {none:.2} that there is none.",
            name[..1].to_lowercase(),
            &name[1..]
        ),
    };
    let seen = seen(series);
    let why = match summary(founded.to_vec()) {
        _ if stays(verdict) && seen > 0 => format!(
            "It was seen in {seen} of {} draws without a rise: it may be of blood cells (clonal haematopoiesis), inherited, or of cells \
             that the drug lets be.",
            series.readings.len()
        ),
        Some((middle, (low, high))) if seen > 0 && low < 0.0 && high > 0.0 => format!(
            "Traced back along its growth the clone was one cell on day {middle:.0}, but anywhere from day {low:.0} to day {high:.0} (95 %), and day 0 lies in between: {}.",
            match seen {
                1 => "one draw in which it was seen gives no slope".to_string(),
                n => format!(
                    "{n} draws in which it was seen leave the slope too uncertain, and the cells behind a level are known to a factor only"
                ),
            }
        ),
        Some((middle, (low, high))) if seen > 0 => {
            format!(
                "Traced back along its growth the clone was one cell on day {middle:.0} (95 %: {low:.0} to {high:.0})."
            )
        }
        _ => "It was seen in no draw, so that a clone too small to be seen and none at all look alike.".to_string(),
    };
    (first, why)
}

fn origins(patient: &Patient, fitted: &[Fitted]) -> Table {
    let columns = ["mutation", "role", "draws", "seen", "before_treatment", "during_treatment", "no_clone", "steady"]
        .map(String::from)
        .to_vec();
    let rows = fitted.iter().map(|f| {
        let series = &patient.series[f.series];
        let seen = seen(series);
        let mut row = vec![
            Value::Text(series.mutation.clone()),
            Value::Text(if series.role == Role::Truncal { "truncal" } else { "resistance" }.into()),
            Value::Whole(series.readings.len() as i64),
            Value::Whole(seen as i64),
        ];
        row.extend(
            (0..Explanation::ALL.len())
                .map(|k| f.verdict.probability.get(k).map_or(Value::Nothing, |p| Value::Real(*p))),
        );
        row
    });
    let caption = "Probability of each explanation of the clone behind each mutation's rise.";
    Table { name: "origins".into(), caption: caption.into(), columns, rows: rows.collect() }
}

/// Levels over time and beyond, as a table and a picture for each kind of reading.
fn course(patient: &Patient, fitted: &[Fitted], options: &Options) -> (Table, Vec<Figure>) {
    let last = last_day(patient);
    let columns = ["mutation", "time_days", "level_median", "level_low95", "level_high95", "seen_probability"]
        .map(String::from)
        .to_vec();
    let mut rows = Vec::new();
    let mut figures = Vec::new();
    for share in [true, false] {
        let mut layers = Vec::new();
        for f in fitted.iter().filter(|f| patient.series[f.series].readings[0].1.is_share() == share) {
            let series = &patient.series[f.series];
            let first = series.readings.first().map_or(0.0, |r| r.0).min(0.0);
            let mut stream = Stream::new(options.seed, f.series as u64, 13, Purpose::Inference);
            let like = series.readings.last().map_or(Said::Copies { per_ml: 0.0, ml: super::PLASMA_ML }, |r| r.1);
            let (mut line, mut band) = (Vec::new(), Vec::new());
            let steps = 60;
            for k in 0..=steps {
                let day = first + (last + options.forecast_days - first) * f64::from(k) / f64::from(steps);
                // A share of molecules is at most all of them, however far a rise is drawn on.
                let most = if share { 1.0 } else { f64::INFINITY };
                let level = |(e, at): &(usize, Vec<f64>)| f.all[*e].rise.level(at, day).0.min(most);
                let levels: Vec<f64> = f.draws.iter().map(level).collect();
                let Some((middle, (low, high))) = summary(levels) else { continue };
                line.push((day, middle));
                band.push((day, low, high));
                if k % 6 == 0 {
                    let seen = f
                        .draws
                        .iter()
                        .filter(|(e, at)| f.all[*e].rise.simulate(at, day, like, &mut stream).seen())
                        .count();
                    let seen = seen as f64 / f.draws.len().max(1) as f64;
                    let numbers = [day, middle, low, high, seen].map(Value::Real);
                    rows.push([vec![Value::Text(series.mutation.clone())], numbers.to_vec()].concat());
                }
            }
            let at = series.readings.iter().filter(|r| r.1.seen()).map(|r| (r.0, r.1.level())).collect();
            let name = &series.mutation;
            layers.push(Layer::Band { name: format!("{name}, 95 % of the level"), at: band });
            layers.push(Layer::Line { name: format!("{name}, median"), at: line });
            layers.push(Layer::Points { name: name.clone(), at });
            // A draw in which it was not seen, at the lowest level that would have shown.
            let unseen = series.readings.iter().filter(|r| !r.1.seen()).map(|r| (r.0, r.1.least()));
            let unseen: Vec<(f64, f64)> = unseen.collect();
            if !unseen.is_empty() {
                layers.push(Layer::Points { name: format!("{name}, below this"), at: unseen });
            }
        }
        if layers.is_empty() {
            continue;
        }
        layers.push(Layer::Moment { name: "last draw".into(), x: last });
        let y = if share { "share of mutant molecules" } else { "copies per mL of plasma" };
        figures.push(Figure {
            id: if share { "levels-share" } else { "levels-copies" }.into(),
            title: "Mutations in blood over time, with forecast".into(),
            caption: "Points are draws in which the mutation was seen, or the limit below which it was where it was not; beyond the last draw is forecast. Readings scatter around the level.".into(),
            x: Axis::new("time, days"),
            y: Axis::log(y),
            layers,
        });
    }
    let caption = "Level of each mutation over time and in the forecast, with the probability that a tube like the last one shows it.";
    (Table { name: "course".into(), caption: caption.into(), columns, rows }, figures)
}

fn founding_figure(series: &Series, founded: &[f64]) -> Figure {
    let (low, high) = match summary(founded.to_vec()) {
        Some((_, (low, high))) => (low.min(0.0), high.max(1.0)),
        None => (0.0, 1.0),
    };
    let bins = 40;
    let width = (high - low) / f64::from(bins);
    let count = |k: i32| {
        let (from, to) = (low + width * f64::from(k), low + width * f64::from(k + 1));
        founded.iter().filter(|d| (from..to).contains(*d)).count() as f64 / founded.len().max(1) as f64
    };
    Figure {
        id: "founded".into(),
        title: format!("When the clone with {} was one cell", series.mutation),
        caption: "Left of day 0 it was there before treatment. Draws in which there is a clone.".into(),
        x: Axis::new("day of treatment"),
        y: Axis::new("probability"),
        layers: vec![
            Layer::Bars {
                name: String::new(),
                at: (0..bins).map(|k| (low + width * (f64::from(k) + 0.5), count(k))).collect(),
                width,
            },
            Layer::Moment { name: "treatment begins".into(), x: 0.0 },
        ],
    }
}
