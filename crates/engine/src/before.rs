//! What exists when treatment begins: grown from a few cells by the process itself, or typed in.
//!
//! Growth is conditioned on survival by starting again whenever the founders die out, which is the conditional
//! law itself. Small targets are reached event by event; large ones by leaps whose last steps shrink toward the
//! target, so that the size at which treatment begins is overshot by a hundred-thousandth at most, or by some tens of cells.

use crate::barcodes::found_first;
use crate::compiled::{Compiled, Untreated};
use crate::failure::{Budget, Failure};
use crate::guided::{self, Grown, Guide, Guided, Led};
use crate::state::State;
use crate::stream::Stream;
use crate::tumour::{Method, NetGrowth, Stop, Tumour};
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
    Starts::new(compiled, parameters, method)?.within(budget, stream)
}

/// Tumours of one patient, one after another: what their steps are made of is made once.
///
/// ```
/// # use remission_engine::{compiled::Compiled, before::Starts, tumour::Method, stream::{Purpose, Stream}};
/// # let text = "[model]\ntitle = 'x'\n[cells.S]\nbirth = '0.2 /day'\ndeath = '0.1 /day'\n\
/// #     [before_treatment]\ngrow = 'S from 1 cell until 1e6 cells'";
/// # let compiled = Compiled::new(&remission_model::model_from_toml("model.toml", text).unwrap());
/// let mut starts = Starts::new(&compiled, &[], Method::Leap).unwrap();
/// for replicate in 0..10 {
///     let mut stream = Stream::new(1, 0, replicate, Purpose::BeforeTreatment);
///     assert!(starts.one(&mut stream).unwrap().total() >= 1_000_000);
/// }
/// ```
pub struct Starts<'a> {
    compiled: &'a Compiled,
    parameters: &'a [f64],
    growing: Option<Growing<'a>>,
}

/// A tumour to be grown again and again.
struct Growing<'a> {
    founder: usize,
    from: u64,
    until: f64,
    method: Method,
    /// The model before treatment, where it is another.
    untreated: Option<&'a Untreated>,
    tumour: Tumour<'a>,
    /// Length of the first step, which is that of all attempts.
    first: Option<f64>,
}

impl<'a> Starts<'a> {
    /// In a patient with these parameters.
    ///
    /// # Errors
    /// A [`Failure`] when a size or a level is impossible.
    pub fn new(compiled: &'a Compiled, parameters: &'a [f64], method: Method) -> Result<Starts<'a>, Failure> {
        let growing = match &compiled.model.start {
            Start::Given(_) => None,
            Start::Grown { founder, from, until } => {
                let until = amount(compiled, parameters, "before_treatment", until)? as f64;
                let method = if until <= EVENT_BY_EVENT { Method::Exact } else { method };
                let untreated = (method == Method::Leap).then(|| compiled.untreated(parameters)).flatten();
                let followed = untreated.map_or(compiled, Untreated::compiled);
                let tumour = Tumour::new(followed, parameters, fresh(followed, parameters)?, method)?;
                Some(Growing { founder: *founder, from: *from, until, method, untreated, tumour, first: None })
            }
        };
        Ok(Starts { compiled, parameters, growing })
    }

    /// The next.
    ///
    /// # Errors
    /// As [`start`].
    pub fn one(&mut self, stream: &mut Stream) -> Result<State, Failure> {
        self.within(Budget::default(), stream)
    }

    /// The next, with at most this much work, all founding attempts together.
    ///
    /// # Errors
    /// As [`start_within`].
    pub fn within(&mut self, budget: Budget, stream: &mut Stream) -> Result<State, Failure> {
        let Starts { compiled, parameters, growing } = self;
        if let Some(growing) = growing {
            return growing.next(compiled, parameters, budget, stream);
        }
        let mut state = fresh(compiled, parameters)?;
        let mut first = Vec::new();
        if let Start::Given(parts) = &compiled.model.start {
            for (cell_type, cells) in parts {
                let name = &compiled.model.cells[*cell_type].name;
                first.push((*cell_type, count(compiled, parameters, name, cells, stream)?));
            }
        }
        found_first(compiled, &mut state, &first, budget.clones, stream)?;
        state.begin_treatment();
        Ok(state)
    }

    /// The next with a place for one more founder drawn by `guide`, its steps short enough for that, or with clones thinned, and ln of its weight:
    /// averages with weights are those of [`one`](Self::one) ([`crate::guided`], [`crate::fewer`]). A tumour that is typed in, or is grown
    /// event by event, is as it would be, of weight 1. With `steps`, they become those of its growth, day 0 being the start of treatment; none where there are none.
    ///
    /// # Errors
    /// As [`start`].
    ///
    /// ```
    /// # use remission_engine::{compiled::Compiled, before::Starts, guided::Guide, tumour::Method, stream::{Purpose, Stream}};
    /// # let text = "[model]\ntitle = 'x'\n[cells.S]\nbirth = '0.2 /day'\ndeath = '0.1 /day'\n\
    /// #     mutates = [{ to = 'R', per_division = '1e-7' }]\n[cells.R]\nbirth = '0.2 /day'\ndeath = '0.1 /day'\n\
    /// #     [before_treatment]\ngrow = 'S from 1 cell until 1e6 cells'";
    /// # let compiled = Compiled::new(&remission_model::model_from_toml("model.toml", text).unwrap());
    /// let mut starts = Starts::new(&compiled, &[], Method::Leap).unwrap();
    /// let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    /// let mut steps = Vec::new();
    /// starts.guided(&Guide::default(), Some(&mut steps), &mut stream).unwrap();
    /// assert!(steps.last().unwrap().founded[0].expected < 1.0);
    /// // A resistant cell in the third of these steps in half of the tumours.
    /// let guide = Guide { places: vec![vec![], vec![], vec![0.5]], ..Guide::default() };
    /// let led = starts.guided(&guide, None, &mut stream).unwrap();
    /// assert!(led.state.total() >= 1_000_000 && led.log_weight < 0.7);
    /// ```
    pub fn guided(
        &mut self,
        guide: &Guide,
        steps: Option<&mut Vec<Grown>>,
        stream: &mut Stream,
    ) -> Result<Led, Failure> {
        let Starts { compiled, parameters, growing } = self;
        let Some(growing) = growing.as_mut().filter(|g| g.method == Method::Leap) else {
            return self.one(stream).map(Led::free);
        };
        if let Some(place) = growing.tumour.guided() {
            *place = Some(Box::new(Guided::new(compiled, guide, steps.is_some(), stream)));
        }
        let state = growing.next(compiled, parameters, Budget::default(), stream);
        let now = growing.tumour.state.time;
        // Taken out also where growth failed.
        let guided = growing.tumour.guided().and_then(Option::take);
        let mut led = Led::free(state?);
        let Some(guided) = guided else { return Ok(led) };
        (led.log_weight, led.channel) = (guided.log_weight(), guided.channel);
        let mut grown = guided.seen.unwrap_or_default();
        grown.iter_mut().for_each(|s| s.start -= now);
        for fewer in &guide.fewer {
            let thinned = fewer.thin(compiled, &grown, &mut led.state, |chance| stream.uniform() < chance);
            led.log_weight += thinned.map_or(0.0, |t| t.log_weight());
            led.thinned.extend(thinned);
        }
        if let Some(steps) = steps {
            *steps = grown;
        }
        Ok(led)
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
/// Times that a line which survives may be larger than others of its age, in the same sense: sizes are exponential.
const LUCK: f64 = 20.0;
/// Share of the size by which it may be overshot.
const NEARLY: f64 = 1e-5;
/// Longest step of a tumour with a guide, as a number of e-folds.
const GUIDED: f64 = 1.0;
/// Longest stretch that needs no foresight, days.
const STRETCH: f64 = 28.0;

impl Growing<'_> {
    /// The next tumour when treatment begins.
    fn next(
        &mut self,
        compiled: &Compiled,
        parameters: &[f64],
        budget: Budget,
        stream: &mut Stream,
    ) -> Result<State, Failure> {
        let followed = self.untreated.map_or(compiled, Untreated::compiled);
        let mut seed = fresh(followed, parameters)?;
        found_first(followed, &mut seed, &[(self.founder, self.from)], budget.clones, stream)?;
        self.grow(&seed, compiled.immigrants.is_empty(), budget, stream)?;
        let grown = &self.tumour.state;
        let mut state = self.untreated.map_or_else(|| grown.clone(), |u| u.joined(compiled, grown));
        state.begin_treatment();
        Ok(state)
    }

    /// Grows the tumour from `seed`. Where cells arrive from outside (not `closed`) no extinction is final, and none is started again.
    fn grow(&mut self, seed: &State, closed: bool, mut budget: Budget, stream: &mut Stream) -> Result<(), Failure> {
        for _ in 0..ATTEMPTS {
            self.tumour.limit(budget);
            self.tumour.restart(seed);
            if self.reach(closed, stream)? {
                return Ok(());
            }
            let until = self.until;
            if self.tumour.state.time >= LONGEST {
                let why = format!("it was still smaller after {:.0} years", LONGEST / 365.25);
                return Err(Failure::NeverDetected { until, why });
            }
            budget = budget.less(self.tumour.spent()).less(ATTEMPT);
        }
        Err(Failure::NeverDetected { until: self.until, why: format!("the founding cells died out {ATTEMPTS} times") })
    }

    /// Grows until the size is reached (true), the cells have died out, or the time is up (false).
    fn reach(&mut self, closed: bool, stream: &mut Stream) -> Result<bool, Failure> {
        let Growing { until, method, tumour, first, .. } = self;
        let mut began = false;
        loop {
            let total = tumour.state.tumour(tumour.compiled());
            if total as f64 >= *until {
                return Ok(true);
            }
            let now = tumour.state.time;
            if (total == 0 && closed) || now >= LONGEST {
                return Ok(false);
            }
            let days = match (*method, *first) {
                // In pieces, so that extinction is noticed.
                (Method::Exact, _) => 100.0,
                (Method::Leap, Some(days)) if !began => days,
                (Method::Leap, _) => {
                    let net = tumour.net_growth()?;
                    let days = planned(total as f64, *until, &net);
                    let guided = total >= guided::LEAST && tumour.guided().is_some_and(|g| g.is_some());
                    let days = if guided { days.min(of_few(GUIDED / net.total.max(1e-12))) } else { days };
                    days.min(LONGEST - now)
                }
            };
            if !began {
                (began, *first) = (true, Some(days));
            }
            // The size is checked at step ends only: a crossing inside a long step would overshoot, so steps are planned.
            let limit = if *method == Method::Exact { *until } else { f64::INFINITY };
            if let Stop::Size(_) = tumour.advance(now + days, limit, stream)? {
                return Ok(true);
            }
        }
    }
}

/// Days in which `total` cells stay below `until`.
fn planned(total: f64, until: f64, net: &NetGrowth) -> f64 {
    let growth = net.total.max(1e-12);
    let needed = if total > 0.0 { libm::log(until / total) / growth } else { 1.0 };
    // Half the way each time, or all but what chance may add: a whole way would end beyond the target as often as short of it.
    let chance = CHANCE * (net.noise * needed).sqrt() / growth;
    if growth * (needed + chance) < NEARLY {
        return needed + chance;
    }
    let days = (0.5 * needed).max(needed - chance);
    // Beyond that no further than the fastest cells, and lines that have luck, need for the way. Those that survive are b / g times as
    // many as all are in the mean.
    let fastest = net.fastest.max(growth);
    let lucky = total + LUCK * 0.5 * net.noise * total / growth;
    let days = days.min((libm::log(until / lucky.max(1.0)) / fastest).max(STRETCH)).max(1e-6);
    of_few(days)
}

/// Of few lengths, so that steps are made once.
fn of_few(days: f64) -> f64 {
    libm::exp2(0.5 * libm::floor(2.0 * libm::log2(days)))
}
