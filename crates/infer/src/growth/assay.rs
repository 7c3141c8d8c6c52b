//! The answer of the growth assay: net rates per dose and window, what windows disagree about, dose curves, the delay of
//! the kill, and what the survivors are.

use super::disagree::disagreement;
use super::dose::{Curve, Level, Shape, Slope};
use super::figures::{Seen, course_figure, interval, rates_figure, rates_table};
use super::late_kill::LateKill;
#[cfg(feature = "gradient")]
use super::posterior::DoseLines;
use super::read::Data;
use super::survivors_told;
use super::windows::{Window, usual};
use super::{Rate, death_rate, net_rate, window};
use crate::answer::{Answer, Estimate, Said, Table, Test, Value};
use crate::failure::{Failure, FitFailure};
use crate::jobs::Control;
use crate::smc::Settings;
use crate::table::Signal;

/// What a user may set.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The line to answer for; none: one answer for each.
    pub line: Option<String>,
    /// Windows, hours; empty: the whole course and its late part ([`usual`]). Dose curves are fitted in the last one.
    pub windows: Vec<Window>,
    /// A line that the drug only slows: it shares the capacity of the dish in the model of the delay.
    pub slowed: Option<String>,
    /// Death without drug of killed and of slowed cells in the model of the delay, per hour, 0 or more; default 0: birth
    /// is then net of it.
    pub deaths: (f64, f64),
    /// States of the delay, 1 or more; default 12.
    pub states: u32,
    /// Whether the signal is free of background, as where blanks were subtracted: a background looks like survivors that stay.
    /// Default false.
    pub blanked: bool,
    /// Particles, runs and seed of the verdict on survivors.
    pub settings: Settings,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            line: None,
            windows: Vec::new(),
            slowed: None,
            deaths: (0.0, 0.0),
            states: 12,
            blanked: false,
            settings: Settings::default(),
        }
    }
}

/// Answers for every line. `dead`: percentages of dead cells of the same lines, for rates of death and birth.
///
/// ```
/// use remission_infer::{growth::{assay, read}, jobs::Control};
/// let data = read::read(read::TEMPLATE, &read::Names::default()).unwrap();
/// let answers = assay::answer(&data, None, &assay::Options::default(), &Control::quiet()).unwrap();
/// let rate = answers[0].estimates.iter().find(|e| e.name == "net_rate_0_72h_at_1uM").unwrap();
/// assert!(rate.value > 0.015 && rate.ci95.unwrap().0 < rate.value);
/// ```
pub fn answer(data: &Data, dead: Option<&Data>, options: &Options, control: &Control) -> Result<Vec<Answer>, Failure> {
    let lines = data.lines();
    if let Some(line) = options.line.iter().chain(&options.slowed).find(|l| !lines.contains(l)) {
        let allowed = lines.clone();
        return Err(FitFailure::UnknownCellType { found: line.clone(), allowed }.into());
    }
    let chosen: Vec<&String> = lines.iter().filter(|l| options.line.as_ref().is_none_or(|o| o == *l)).collect();
    control.each(&chosen, |line, control| {
        let mut answer = match data.signal {
            Signal::Percent => super::dead::answer(data, line),
            Signal::AboveZero => of_line(data, dead, options, line, control)?,
        };
        answer.notes.extend(data.notes.iter().cloned());
        Ok(answer)
    })
}

fn of_line(
    data: &Data,
    dead: Option<&Data>,
    options: &Options,
    line: &str,
    control: &Control,
) -> Result<Answer, Failure> {
    let mut answer = Answer { assay: "growth".into(), experiment: Some(line.into()), ..Answer::default() };
    let doses = data.doses(line);
    let mut times: Vec<f64> = data.readings.iter().filter(|r| r.cell_type == line).map(|r| r.time).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let windows: Vec<Window> = match (options.windows.is_empty(), usual(&times)) {
        (false, _) => options.windows.clone(),
        (true, Some((whole, late))) => std::iter::once(whole).chain(late).collect(),
        (true, None) => Vec::new(),
    };
    let mut seen: Vec<Seen> = Vec::new();
    for &window in &windows {
        let mut rates = Vec::new();
        for &dose in &doses {
            match net_rate(&data.readings, line, dose, window.from, window.until) {
                Ok(rate) => rates.push(rate),
                Err(failure) => answer.notes.push(format!("left out: {failure}")),
            }
        }
        seen.push(Seen { window, rates });
    }
    if seen.iter().all(|s| s.rates.is_empty()) {
        let what = format!("net rates of `{line}`");
        return Err(FitFailure::TooFew { what, found: times.len().min(1), needed: 2 }.into());
    }
    // The last window comes first: it is what the drug does once it acts.
    for s in seen.iter().rev() {
        for rate in &s.rates {
            let name = format!("net_rate_{}_at_{}{}", s.window.name(), rate.concentration, data.unit);
            answer.estimates.push(estimate(name, rate, "least-squares slope of ln(signal), Student's t"));
        }
    }
    answer.tables.push(rates_table(data, line, &seen));
    let bend = disagreement(data, line, &doses, &seen, &mut answer);
    let last = &seen[seen.len() - 1];
    let shape = curves(data, line, last, &mut answer);
    if let Some(dead) = dead {
        deaths(dead, line, last, &data.unit, &mut answer);
    }
    let shrinks = seen.iter().any(|s| s.rates.iter().any(|r| r.concentration > 0.0 && r.per_hour < 0.0));
    let beyond = bend.iter().any(|b| b.beyond_untreated.is_some_and(|(value, _, p)| value < 0.0 && p < 0.05));
    if options.slowed.as_deref() != Some(line) {
        match shrinks || beyond {
            true => delay(data, line, options, &doses, &mut answer),
            false => answer.notes.push("no dose kills or slows late: a delay of the kill was not fitted".into()),
        }
    }
    control.part(0.0, 0.8, |c| survivors_told::add(data, line, options, &doses, &seen, &mut answer, c))?;
    answer.notes.push(
        "readings are taken as independent: where the same wells were read again and again, intervals are too narrow"
            .into(),
    );
    answer.figures.push(course_figure(data, line, &doses));
    answer.figures.push(rates_figure(data, line, &seen));
    control.part(0.8, 1.0, |c| draws(data, line, last, shape, options.settings.seed, &mut answer, c))?;
    Ok(answer)
}

fn estimate(name: String, rate: &Rate, how: &str) -> Estimate {
    Estimate { name, value: rate.per_hour, ci95: interval(rate), unit: "1/h".into(), how: how.into() }
}

/// Dose curves of the last window; the shape that is best supported.
fn curves(data: &Data, line: &str, last: &Seen, answer: &mut Answer) -> Option<Shape> {
    let slope = |r: &Rate| {
        let times: Vec<f64> = window(&data.readings, line, r.concentration, last.window.from, last.window.until)
            .into_iter()
            .map(|r| r.time)
            .collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let weight = times.iter().map(|t| (t - mean) * (t - mean)).sum();
        let (sum_of_squares, degrees_of_freedom) = (r.sum_of_squares, r.degrees_of_freedom);
        Slope { concentration: r.concentration, per_hour: r.per_hour, weight, sum_of_squares, degrees_of_freedom }
    };
    let slopes: Vec<Slope> = last.rates.iter().map(slope).collect();
    let fitted: Vec<Curve> =
        [Shape::Line, Shape::Exponential, Shape::Hill].into_iter().filter_map(|s| Curve::fit(s, &slopes)).collect();
    let Some(best) = fitted.iter().min_by(|a, b| a.aicc.total_cmp(&b.aicc)) else {
        answer.notes.push(format!(
            "{} with rates: a dose curve needs three or more",
            crate::words::counted(slopes.len(), "dose", "doses")
        ));
        return None;
    };
    let mut rows = Vec::new();
    for curve in &fitted {
        if !curve.reached {
            answer.notes.push(format!("the {} curve has no minimum that the search found", curve.shape.name()));
        }
        let value = |x: Option<f64>| x.map_or(Value::Nothing, Value::Real);
        rows.push(vec![
            Value::Text(curve.shape.name().into()),
            Value::Real(curve.top),
            Value::Real(curve.range),
            value((curve.shape != Shape::Line).then_some(curve.scale)),
            value((curve.shape == Shape::Hill).then_some(curve.hill)),
            Value::Real(curve.sum_of_squares),
            Value::Whole(curve.degrees_of_freedom as i64),
            Value::Real(curve.aicc),
        ]);
    }
    let columns =
        ["curve", "top_per_h", "range", "scale", "hill", "sum_of_squares", "freedom", "aicc"].map(String::from);
    let caption = format!("Curves of net rate against dose, {}-{} h", last.window.from, last.window.until);
    answer.tables.push(Table { name: "dose_curves".into(), caption, columns: columns.to_vec(), rows });
    let doses: Vec<f64> = slopes.iter().map(|s| s.concentration).collect();
    let (most, least) = (doses[doses.len() - 1], doses.iter().copied().find(|c| *c > 0.0).unwrap_or(0.0));
    for (level, name) in
        [(Level::Zero, "zero_growth_concentration"), (Level::Gr50, "gr50"), (Level::Half, "half_effect_concentration")]
    {
        let found = best.concentration(level);
        if let Some(value) = found.value {
            let how = format!("{} curve, profile likelihood", best.shape.name());
            let ci95 = (found.ci95.0 <= found.ci95.1).then_some(found.ci95);
            answer.estimates.push(Estimate { name: name.into(), value, ci95, unit: data.unit.clone(), how });
        }
        if level != Level::Zero {
            continue;
        }
        let unit = &data.unit;
        let (low, high) = found.ci95;
        answer.words.push(match found.value {
            Some(value) if value > most => format!(
                "Net growth would stop at about {value:.3} {unit} by extrapolation ({} curve, 95 % {low:.3} to {high:.3}), beyond \
                 {most} {unit}, the highest dose.",
                best.shape.name()
            ),
            Some(value) => format!(
                "Net growth stops at {value:.3} {unit} ({} curve, best by AICc; 95 % {low:.3} to {high:.3}){}.",
                best.shape.name(),
                if value < least {
                    format!("; no dose was read between 0 and {least} {unit}, so this rests on the shape of the curve")
                } else {
                    String::new()
                }
            ),
            None => match low <= high && low > 0.0 {
                true => format!("No dose stops net growth by the {} curve; if one does, it is above {low:.3} {unit} (95 %).", best.shape.name()),
                false => format!("The {} curve does not cross zero growth.", best.shape.name()),
            },
        });
    }
    Some(best.shape)
}

/// The posterior of net rates in the last window.
#[cfg(feature = "gradient")]
fn draws(
    data: &Data,
    line: &str,
    last: &Seen,
    shape: Option<Shape>,
    seed: u64,
    answer: &mut Answer,
    control: &Control,
) -> Result<(), Failure> {
    let doses: Vec<f64> = last.rates.iter().map(|r| r.concentration).collect();
    match DoseLines::new(&data.readings, line, &doses, last.window, shape, &data.unit) {
        Some(lines) => super::drawn::add(&lines, shape.map(Shape::name), last, &data.unit, seed, answer, control),
        None => Ok(()),
    }
}

#[cfg(not(feature = "gradient"))]
fn draws(
    _: &Data,
    _: &str,
    _: &Seen,
    _: Option<Shape>,
    _: u64,
    answer: &mut Answer,
    _: &Control,
) -> Result<(), Failure> {
    answer.notes.push("no draws of net rates: this program was built without the feature gradient".into());
    Ok(())
}

/// Rates of death and birth, from percentages of dead cells.
fn deaths(dead: &Data, line: &str, last: &Seen, unit: &str, answer: &mut Answer) {
    for net in &last.rates {
        match death_rate(&dead.readings, line, net, last.window.from, last.window.until) {
            Ok(rate) => {
                let dose = format!("{}_at_{}{unit}", last.window.name(), rate.concentration);
                answer.estimates.push(estimate(
                    format!("death_rate_{dose}"),
                    &rate,
                    "dead cells, net rate taken as known",
                ));
                let birth = net.per_hour + rate.per_hour;
                let (name, how) = (format!("birth_rate_{dose}"), "net rate and death".to_string());
                answer.estimates.push(Estimate { name, value: birth, ci95: None, unit: "1/h".into(), how });
                if birth < 0.0 {
                    answer.notes.push(format!(
                        "birth at {}{unit} comes out below 0: dead cells that were lost are not counted, so deaths are too low",
                        rate.concentration
                    ));
                }
            }
            Err(failure) => answer.notes.push(format!("left out: {failure}")),
        }
    }
}

fn delay(data: &Data, line: &str, options: &Options, doses: &[f64], answer: &mut Answer) {
    let found = match LateKill::fit(&data.readings, line, options.slowed.as_deref(), options.deaths, options.states) {
        Ok(found) => found,
        Err(failure) => {
            answer.words.push(format!("The delay of the kill is not identifiable: {failure}."));
            return;
        }
    };
    let (f, p) = found.against_none;
    let freedom = found.fit.fit.degrees_of_freedom;
    let law = format!("F, 1 and {freedom} degrees of freedom");
    answer.tests.push(Test { name: "no_delay_of_the_kill".into(), statistic: f, law, p });
    answer.diagnostics.push(("delay_search_reached_minimum".into(), Said::Flag(found.fit.fit.convergence.reached())));
    answer.diagnostics.push(("delay_sum_of_squares".into(), Said::Number(found.fit.fit.sum_of_squares)));
    answer.diagnostics.push(("no_delay_sum_of_squares".into(), Said::Number(found.without)));
    let held = found.fit.standard_error_of_log.mean < 0.5;
    if p >= 0.05 {
        answer
            .words
            .push(format!("The course does not ask for a delay between drug and death (F = {f:.1}, p = {p:.2})."));
        return;
    }
    let how = format!("chain of {} states, all readings, standard error of the logarithm", options.states);
    let mut push = |name: &str, (value, ci95): (f64, (f64, f64)), unit: &str| {
        if !value.is_finite() {
            return;
        }
        let ci95 = Some(ci95).filter(|c| c.0.is_finite() && !c.1.is_nan());
        answer.estimates.push(Estimate { name: name.into(), value, ci95, unit: unit.into(), how: how.clone() });
    };
    push("delay_mean", found.value(|v| v.mean), "h");
    push("delay_kill", found.value(|v| v.kill), "1/h");
    push("delay_birth", found.value(|v| v.birth), "1/h");
    push("delay_c0", found.value(|v| v.c0), &data.unit);
    push("delay_capacity", found.value(|v| v.capacity), "signal");
    let hours: Vec<String> = doses
        .iter()
        .filter(|c| **c > 0.0)
        .filter_map(|c| Some(format!("{:.0} h at {c} {}", found.half_kill(*c)?, data.unit)))
        .collect();
    answer.words.push(match held {
        true => format!(
            "A delay between drug and death explains the course far better than none (F = {f:.1}, {}): half of the kill is \
             reached after {}.",
            crate::words::p_value(p),
            hours.join(", ")
        ),
        false => format!(
            "A delay is needed (F = {f:.1}, {}), but its length is not held by these times and doses: read more times \
             between the drug and the turn, and a dose that kills in part.",
            crate::words::p_value(p)
        ),
    });
}
