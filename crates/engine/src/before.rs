//! What exists when treatment begins: grown from a few cells by the process itself, or typed in.
//!
//! Growth is conditioned on survival by starting again whenever the founders die out, which is the conditional
//! law itself. Small targets are reached event by event; large ones by leaps whose last steps shrink toward the
//! target, so that the size at which treatment begins is overshot by some tens of cells at most.

use crate::barcodes::found_first;
use crate::compiled::Compiled;
use crate::failure::{Budget, Failure};
use crate::state::State;
use crate::stream::Stream;
use crate::tumour::{Method, Stop, Tumour};
use remission_model::expr::{Expr, Slot};
use remission_model::program::evaluate;
use remission_model::resolved::Start;

/// Targets up to this size are grown event by event whatever the method.
const EVENT_BY_EVENT: f64 = 20_000.0;
/// Founding attempts before giving up.
const ATTEMPTS: usize = 1_000_000;
/// What making an attempt ready costs, beside what happens in it.
const ATTEMPT: Budget = Budget { events: 20, steps: 2, evaluations: 10, clones: 0 };
/// Longest growth, days.
pub const LONGEST: f64 = 365_250.0;

/// The tumour at the start of treatment, day 0, in a patient with these parameters.
///
/// # Errors
/// A [`Failure`] when a size is impossible or is never reached.
pub fn start(compiled: &Compiled, parameters: &[f64], method: Method, stream: &mut Stream) -> Result<State, Failure> {
    start_within(compiled, parameters, method, Budget::default(), stream)
}

/// The same with at most this much work, all founding attempts together.
///
/// # Errors
/// As [`start`], or [`Failure::Budget`].
pub fn start_within(
    compiled: &Compiled,
    parameters: &[f64],
    method: Method,
    budget: Budget,
    stream: &mut Stream,
) -> Result<State, Failure> {
    match &compiled.model.start {
        Start::Given(parts) => {
            let mut state = fresh(compiled, parameters)?;
            let mut first = Vec::new();
            for (cell_type, cells) in parts {
                let name = &compiled.model.cells[*cell_type].name;
                first.push((*cell_type, count(compiled, parameters, name, cells, stream)?));
            }
            found_first(compiled, &mut state, &first, budget.clones, stream)?;
            state.begin_treatment();
            Ok(state)
        }
        Start::Grown { founder, from, until } => {
            let until = amount(compiled, parameters, "before_treatment", until)? as f64;
            grow(compiled, parameters, *founder, *from, until, method, budget, stream)
        }
    }
}

/// Size at which treatment begins, cells.
pub fn size_at_start(compiled: &Compiled, parameters: &[f64]) -> Result<f64, Failure> {
    match &compiled.model.start {
        Start::Grown { until, .. } => Ok(amount(compiled, parameters, "before_treatment", until)? as f64),
        Start::Given(parts) => {
            parts.iter().map(|(_, e)| amount(compiled, parameters, "before_treatment", e).map(|n| n as f64)).sum()
        }
    }
}

/// A number of cells from an expression over parameters, rounded.
pub fn amount(compiled: &Compiled, parameters: &[f64], name: &str, expr: &Expr) -> Result<u64, Failure> {
    let cells = over_parameters(compiled, parameters, expr);
    if cells.is_finite() && (-0.5..=9e15).contains(&cells) {
        Ok(libm::round(cells.max(0.0)) as u64)
    } else {
        Err(Failure::Parameter { name: name.to_string(), value: cells })
    }
}

/// The same, rounded at random so that its mean is kept: 0.4 cells are one cell in four patients of ten.
fn count(
    compiled: &Compiled,
    parameters: &[f64],
    name: &str,
    expr: &Expr,
    stream: &mut Stream,
) -> Result<u64, Failure> {
    amount(compiled, parameters, name, expr)?;
    let cells = over_parameters(compiled, parameters, expr).max(0.0);
    let whole = libm::floor(cells);
    let more = cells > whole && stream.uniform() < cells - whole;
    Ok(whole as u64 + u64::from(more))
}

/// Value of an expression over parameters, base units.
pub fn over_parameters(compiled: &Compiled, parameters: &[f64], expr: &Expr) -> f64 {
    evaluate(expr, &compiled.model.tables, &|slot| match slot {
        Slot::Parameter(i) => parameters[i],
        _ => f64::NAN,
    })
}

/// An empty tumour with its levels, before treatment.
pub fn fresh(compiled: &Compiled, parameters: &[f64]) -> Result<State, Failure> {
    let mut state = State::empty(compiled);
    state.before_treatment = true;
    for level in &compiled.model.levels {
        let value = over_parameters(compiled, parameters, &level.start);
        if !value.is_finite() {
            return Err(Failure::Parameter { name: format!("levels.{}.start", level.name), value });
        }
        state.levels.push(value);
    }
    Ok(state)
}

/// Standard deviations that a tumour may be ahead of what is expected when a step ends short of its size.
const CHANCE: f64 = 5.0;

fn grow(
    compiled: &Compiled,
    parameters: &[f64],
    founder: usize,
    from: u64,
    until: f64,
    method: Method,
    mut budget: Budget,
    stream: &mut Stream,
) -> Result<State, Failure> {
    let method = if until <= EVENT_BY_EVENT { Method::Exact } else { method };
    let mut seed = fresh(compiled, parameters)?;
    found_first(compiled, &mut seed, &[(founder, from)], budget.clones, stream)?;
    // Where cells arrive from outside no extinction is final, and none is started again.
    let closed = compiled.immigrants.is_empty();
    // Of one patient, so that steps are made once.
    let mut tumour = Tumour::new(compiled, parameters, seed.clone(), method)?;
    for _ in 0..ATTEMPTS {
        tumour.limit(budget);
        if reach(&mut tumour, closed, until, method, stream)? {
            let mut state = tumour.state;
            state.begin_treatment();
            return Ok(state);
        }
        if tumour.state.time >= LONGEST {
            let why = format!("it was still smaller after {:.0} years", LONGEST / 365.25);
            return Err(Failure::NeverDetected { until, why });
        }
        budget = budget.less(tumour.spent()).less(ATTEMPT);
        tumour.restart(&seed);
    }
    Err(Failure::NeverDetected { until, why: format!("the founding cells died out {ATTEMPTS} times") })
}

/// Grows until the size is reached (true), the cells have died out, or the time is up (false).
fn reach(tumour: &mut Tumour, closed: bool, until: f64, method: Method, stream: &mut Stream) -> Result<bool, Failure> {
    loop {
        let total = tumour.state.total();
        if total as f64 >= until {
            return Ok(true);
        }
        if (total == 0 && closed) || tumour.state.time >= LONGEST {
            return Ok(false);
        }
        let days = match method {
            // In pieces, so that extinction is noticed.
            Method::Exact => 100.0,
            Method::Leap => {
                let (growth, noise) = tumour.net_growth()?;
                let growth = growth.max(1e-12);
                let needed = if total > 0 { libm::log(until / total as f64) / growth } else { 1.0 };
                // Half the way each time, or all but what chance may add: a whole way would end beyond the target as often as
                // short of it.
                let chance = CHANCE * (noise * needed).sqrt() / growth;
                (0.5 * needed).max(needed - chance).clamp(1e-6, 28.0)
            }
        };
        let now = tumour.state.time;
        // The size is checked at step ends only: a crossing inside a long step would overshoot, so steps are planned.
        let limit = if method == Method::Exact { until } else { f64::INFINITY };
        if let Stop::Size(_) = tumour.advance(now + days, limit, stream)? {
            return Ok(true);
        }
    }
}
