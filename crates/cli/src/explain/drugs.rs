//! Drugs: how each enters and leaves, and the concentrations of every arm.

use super::page::Page;
use super::radiation;
use super::words::{day, figure, list, quantity, time};
use crate::treatment::{Shown, shown};
use remission_cohort::levels::{self, Levels, Span};
use remission_cohort::typical::half_life;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::failure::Failure;
use remission_model::expr::Expr;
use remission_model::expression_text;
use remission_model::resolved::{Drug, Regimen, Route, Study};
use serde::Serialize;

/// Patients from whom the spread of concentrations is taken.
const PEOPLE: u32 = 200;
/// Doses that are looked at where they do not repeat.
const MOST: usize = 10_000;

/// A drug.
#[derive(Debug, Serialize)]
pub struct DrugWords {
    /// As in the file.
    pub name: String,
    /// Unit of what cells feel.
    pub felt_as: String,
    /// How it enters and leaves, in words.
    pub kinetics: Vec<String>,
    /// Half-life of the last phase, days; null of a held drug.
    pub half_life_days: Option<f64>,
    /// By arm that gives it.
    pub arms: Vec<ArmLevels>,
}

/// Concentrations of a drug in an arm, in the unit that is felt.
#[derive(Debug, Serialize)]
pub struct ArmLevels {
    /// The arm.
    pub arm: String,
    /// First dosing cycle; null where doses do not repeat.
    pub first: Option<Figures>,
    /// At steady state, or in the last whole cycle; null where doses do not repeat.
    pub steady: Option<Figures>,
    /// False: the study or the treatment ends before levels are steady.
    pub reaches_steady: bool,
    /// Whose record of doses is shown; null where they are planned.
    pub of_record: Option<String>,
    /// What is said where doses do not repeat, or were recorded.
    pub note: Option<String>,
}

/// Concentrations over a cycle, typical patient, and the average's spread.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// Days since treatment began.
    pub from_day: f64,
    /// Days since treatment began.
    pub to_day: f64,
    /// Lowest; of the first cycle, lowest after its highest.
    pub cmin: f64,
    /// Average.
    pub cavg: f64,
    /// Highest.
    pub cmax: f64,
    /// At the end of the cycle, before the next dose.
    pub end: f64,
    /// 5th and 95th percentile of the average; null where patients do not differ.
    pub cavg_5_95: Option<(f64, f64)>,
}

fn figures(l: &Levels, span: Span, scale: f64, first: bool) -> Figures {
    let spread = (l.average.low / scale, l.average.high / scale);
    // The first cycle begins at 0; what is asked of it is how low it falls again.
    let peak = l.curve.iter().position(|s| s.typical >= l.highest.typical).unwrap_or(0);
    let after = l.curve[peak..].iter().map(|s| s.typical).fold(f64::INFINITY, f64::min);
    let lowest = if first { after } else { l.lowest.typical };
    Figures {
        from_day: span.from,
        to_day: span.to,
        cmin: lowest / scale,
        cavg: l.average.typical / scale,
        cmax: l.highest.typical / scale,
        end: l.curve.last().map_or(0.0, |s| s.typical) / scale,
        cavg_5_95: l.varies.then_some(spread),
    }
}

/// All drugs.
///
/// # Errors
/// A drug's constants cannot be used.
pub fn drugs(compiled: &Compiled, study: Option<&Study>) -> Result<Vec<DrugWords>, Failure> {
    let model = &compiled.model;
    let people = levels::people(model, study.map_or(0, |s| s.seed), PEOPLE);
    let mut out = Vec::new();
    for (k, drug) in model.drugs.iter().enumerate() {
        let mut arms = Vec::new();
        for (arm, horizon) in study.iter().flat_map(|s| s.arms.iter().map(|a| (a, s.horizon))) {
            let Shown { regimen, of } = shown(arm, Some(k));
            if !regimen.rules.iter().any(|r| r.drug == k && r.gives()) {
                continue;
            }
            let over = |span: Span, first: bool| -> Result<Figures, Failure> {
                let l = levels::levels(compiled, regimen, k, span, &people)?;
                Ok(figures(&l, span, drug.felt_scale, first))
            };
            let first = levels::first_cycle(regimen, k, horizon);
            let steady = levels::steady_cycle(compiled, regimen, k, horizon, &[])?;
            let note = match (first, steady, &of) {
                (_, _, Some(whose)) => Some(recorded(drug, regimen, k, horizon, whose, &over)?),
                (Some(_), Some(_), None) if !matches!(drug.route, Route::Radiation { .. }) => None,
                _ => Some(note(compiled, drug, regimen, k, horizon, &over)?),
            };
            arms.push(ArmLevels {
                arm: arm.name.clone(),
                first: first.filter(|_| note.is_none()).map(|s| over(s, true)).transpose()?,
                steady: steady.filter(|_| note.is_none()).map(|c| over(c.span, false)).transpose()?,
                reaches_steady: steady.is_some_and(|c| c.steady),
                of_record: of,
                note,
            });
        }
        out.push(DrugWords {
            name: drug.name.clone(),
            felt_as: drug.felt_unit.clone(),
            kinetics: kinetics(compiled, drug),
            half_life_days: half_life(compiled, drug),
            arms,
        });
    }
    Ok(out)
}

/// What is said of doses that do not repeat.
fn note(
    compiled: &Compiled,
    drug: &Drug,
    regimen: &Regimen,
    k: usize,
    horizon: f64,
    over: &dyn Fn(Span, bool) -> Result<Figures, Failure>,
) -> Result<String, Failure> {
    let doses = levels::doses(regimen, k, Span { from: 0.0, to: horizon }, MOST);
    let unit = &drug.felt_unit;
    if matches!(drug.route, Route::Radiation { .. }) {
        return Ok(radiation::note(compiled, regimen, k, horizon));
    }
    if matches!(drug.route, Route::Held) {
        let one = |d: &levels::Dose| {
            let until = if d.duration.is_finite() { format!(" for {}", time(d.duration)) } else { String::new() };
            format!("{} from {}{until}", quantity(d.amount / drug.felt_scale, unit), day(d.day))
        };
        let all: Vec<String> = doses.iter().take(4).map(one).collect();
        return Ok(format!("held at {}", list(&all)));
    }
    let from = doses.first().map_or(0.0, |d| d.day);
    let to = doses.last().map_or(from, |d| d.day + d.duration) + 1.0;
    let seen = over(Span { from, to: to.min(horizon).max(from + 1e-3) }, true)?;
    Ok(format!(
        "doses do not repeat; at most {}, a day after the last dose {}",
        quantity(seen.cmax, unit),
        quantity(seen.end, unit)
    ))
}

/// What is said of recorded doses: those of one patient.
fn recorded(
    drug: &Drug,
    regimen: &Regimen,
    k: usize,
    horizon: f64,
    whose: &str,
    over: &dyn Fn(Span, bool) -> Result<Figures, Failure>,
) -> Result<String, Failure> {
    let doses = levels::doses(regimen, k, Span { from: 0.0, to: horizon }, MOST);
    let given: Vec<_> = doses.iter().filter(|d| d.amount > 0.0).collect();
    let rows = regimen.rules.iter().filter(|r| r.drug == k && r.gives());
    let from = rows.map(|r| r.from + r.offsets.first().unwrap_or(&0.0)).fold(f64::INFINITY, f64::min);
    if from >= horizon {
        return Ok(format!("the record of {whose}: the first dose is after the end of the study"));
    }
    let last = given.last().map_or(from, |d| d.day + d.duration);
    let to = (last + 1.0).min(horizon);
    let seen = over(Span { from, to }, true)?;
    let unit = &drug.felt_unit;
    let when = if last + 1.0 <= horizon { "a day after the last dose" } else { "at the end of the study" };
    let number = match given.len() {
        0 => "no dose of its own, but a steady state".to_string(),
        MOST => format!("the first {}", super::words::many(MOST, "dose")),
        n => super::words::many(n, "dose"),
    };
    Ok(format!(
        "the record of {whose}, {number}: {} on average from {} to {}, at most {}, {when} {}",
        quantity(seen.cavg, unit),
        day(from),
        day(to),
        quantity(seen.cmax, unit),
        quantity(seen.end, unit)
    ))
}

fn kinetics(compiled: &Compiled, drug: &Drug) -> Vec<String> {
    let parameters = levels::typical(&compiled.model);
    let value = |e: &Expr| over_parameters(compiled, &parameters, e);
    let from = |e: &Expr| match e {
        Expr::Number(_) => String::new(),
        e => format!(" ({})", expression_text(e, &compiled.model)),
    };
    let mut out = Vec::new();
    let body = |how: String| {
        format!(
            "{how}; clearance {} L/h{}, volume {} L{}",
            figure(value(&drug.clearance) / 24.0),
            from(&drug.clearance),
            figure(value(&drug.volume)),
            from(&drug.volume)
        )
    };
    out.push(match &drug.route {
        Route::Oral { ka } => body(format!(
            "Swallowed, absorbed at {} /h{}, half of it in {}",
            figure(value(ka) / 24.0),
            from(ka),
            time(std::f64::consts::LN_2 / value(ka))
        )),
        Route::Bolus => body("Injected at once".into()),
        Route::Infusion => body("Infused over the time that the regimen says".into()),
        Route::Kpd { elimination } => format!(
            "No concentration is modelled (K-PD): a dose, given by whatever route, is put into a virtual compartment at once (a sentence may say bolus \
             or no route), and cells feel the rate at which that empties: {} /h{} of what is in it",
            figure(value(elimination) / 24.0),
            from(elimination)
        ),
        Route::Radiation { fraction } => format!(
            "Radiation: a dose is a fraction, given at an even rate over {}; cells feel the dose rate while the beam is on",
            time(*fraction)
        ),
        Route::Held => "Held: the regimen sets the concentration that cells feel, as in a dish".into(),
    });
    for ((flow, volume), word) in drug.peripheral.iter().zip(["second", "third"]) {
        out.push(format!(
            "A {word} compartment of {} L{}, reached at {} L/h{}",
            figure(value(volume)),
            from(volume),
            figure(value(flow) / 24.0),
            from(flow)
        ));
    }
    if let Some(lag) = &drug.lag {
        out.push(format!("A dose arrives {} after it is given{}", time(value(lag)), from(lag)));
    }
    if let Some(share) = &drug.bioavailability {
        out.push(format!("{} of a dose arrives{}", super::words::percent(value(share)), from(share)));
    }
    if drug.felt_per_mg_per_l != 1.0 {
        out.push(format!(
            "Molar mass {} g/mol, so 1 mg/L is {}",
            figure(1000.0 / drug.felt_per_mg_per_l),
            quantity(drug.felt_per_mg_per_l / drug.felt_scale, &drug.felt_unit)
        ));
    }
    if let Some(delay) = &drug.delay {
        out.push(format!(
            "delayed({}) lags behind: the concentration passed through {} transit states, {} in the mean{}",
            drug.name,
            delay.states,
            time(value(&delay.mean)),
            from(&delay.mean)
        ));
    }
    if let Some(ke0) = &drug.effect {
        out.push(format!(
            "effect({}) is the concentration in an effect compartment, which follows with a half-life of {}{}",
            drug.name,
            time(std::f64::consts::LN_2 / value(ke0)),
            from(ke0)
        ));
    }
    out
}

/// Prints the drugs.
pub fn print(page: &mut Page, drugs: &[DrugWords], study: Option<&Study>) {
    if drugs.is_empty() {
        page.text(0, "The model has no drug.");
    }
    let ruled = study.is_some_and(|s| s.arms.iter().any(|a| !a.rules.is_empty()));
    let planned = if ruled { " Doses are as planned, before any rule changes them." } else { "" };
    if drugs.iter().any(|d| d.arms.iter().any(|a| a.note.is_none())) {
        let differ = |a: &ArmLevels| a.steady.as_ref().is_some_and(|s| s.cavg_5_95.is_some());
        let spread = if drugs.iter().any(|d| d.arms.iter().any(differ)) {
            "; Cavg 5-95 % is the average in the 5th to the 95th of 100 patients"
        } else {
            ""
        };
        page.text(
            0,
            &format!(
                "Concentrations are those of the typical patient. Cmin of the first cycle is the lowest after its peak; steady is \
                 within 1 %{spread}.{planned}"
            ),
        );
    }
    for drug in drugs {
        page.gap();
        page.text(0, &format!("{}, felt in {}", drug.name, drug.felt_as));
        for line in &drug.kinetics {
            page.item(2, "", &format!("{line}."));
        }
        if let Some(days) = drug.half_life_days {
            page.text(2, &format!("Half-life {}.", time(days)));
        }
        let repeating: Vec<&ArmLevels> = drug.arms.iter().filter(|a| a.note.is_none()).collect();
        if !repeating.is_empty() {
            page.gap();
            let spread = repeating.iter().any(|a| a.steady.as_ref().is_some_and(|s| s.cavg_5_95.is_some()));
            let felt = format!("in {}", drug.felt_as);
            let last = if spread { "Cavg 5-95 %" } else { "" };
            let mut rows = vec![[&felt, "cycle", "Cmin", "Cavg", "Cmax", last].map(String::from).to_vec()];
            for arm in &repeating {
                let (Some(a), Some(z)) = (&arm.first, &arm.steady) else { continue };
                let length = time(a.to_day - a.from_day);
                let when = if arm.reaches_steady { "steady" } else { "last (not steady)" };
                for (name, cycle, f) in [
                    (arm.arm.as_str(), format!("first ({length})"), a),
                    ("", format!("{when}, from {}", day(z.from_day)), z),
                ] {
                    let range = f.cavg_5_95.map_or(String::new(), |(l, h)| format!("{} - {}", figure(l), figure(h)));
                    let numbers = [f.cmin, f.cavg, f.cmax].map(figure);
                    rows.push([vec![name.to_string(), cycle], numbers.to_vec(), vec![range]].concat());
                }
            }
            page.table(2, &rows, &[2, 3, 4]);
        }
        for arm in drug.arms.iter().filter(|a| a.note.is_some()) {
            page.item(2, "", &format!("{}: {}.", arm.arm, arm.note.as_deref().unwrap_or_default()));
        }
        if study.is_some() && drug.arms.is_empty() {
            page.text(2, "No arm begins with it.");
        }
    }
}
