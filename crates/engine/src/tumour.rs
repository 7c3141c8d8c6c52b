//! One tumour under a known exposure: the driver of [`crate::leap`] and [`crate::exact`].
//!
//! The caller says what regimen to follow and until when; the tumour does not know that visits exist.

mod leaping;

use crate::compiled::Compiled;
use crate::exact::Exact;
use crate::exposure::Exposure;
use crate::failure::{Budget, Failure};
use crate::guided::Guided;
use crate::state::State;
use crate::step::Line;
use crate::stream::Stream;
use leaping::Leap;
use remission_model::program::Registers;
use remission_model::resolved::Regimen;

/// How a tumour is advanced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Event by event.
    Exact,
    /// Whole steps, any size.
    Leap,
}

/// Why [`Tumour::advance`] returned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stop {
    /// The time asked for is reached.
    Time,
    /// The total reached the size asked for, on this day.
    Size(f64),
}

/// What one cell of each type leaves over a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Left {
    /// Expected cells by ancestor (rows) and type.
    pub means: Vec<f64>,
    /// The law of those that a cell of a type leaves, where that type switches into no other and founds nobody.
    pub lines: Vec<Option<Line>>,
    /// Expected founders, by ancestor (rows) and channel of the model.
    pub founders: Vec<f64>,
}

/// How a tumour grows at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetGrowth {
    /// Growth a day of the total, relative.
    pub total: f64,
    /// Variance a day of the total that chance gives, relative to its square.
    pub noise: f64,
    /// Births less deaths a day of the type for which that is most, whether it has cells or not.
    pub fastest: f64,
}

/// A tumour, its drug, and the method that advances it.
pub struct Tumour<'a> {
    /// The cells.
    pub state: State,
    compiled: &'a Compiled,
    registers: Registers,
    /// Exposure when the regimen was last followed, for starting again.
    begun: Exposure,
    engine: Engine,
    budget: Budget,
}

enum Engine {
    Leap(Box<Leap>),
    Exact(Box<Exact>),
}

impl<'a> Tumour<'a> {
    /// `state` in a patient with these parameters and no drug.
    pub fn new(compiled: &'a Compiled, parameters: &[f64], state: State, method: Method) -> Result<Self, Failure> {
        let mut registers = compiled.registers(parameters);
        registers.limit(Budget::default().evaluations);
        let exposure = if state.before_treatment {
            Exposure::before_treatment(compiled, parameters)?
        } else {
            Exposure::new(compiled, parameters, state.time)?
        };
        let begun = exposure.clone();
        let engine = match method {
            Method::Exact => Engine::Exact(Box::new(Exact::new(compiled, exposure))),
            Method::Leap => Engine::Leap(Box::new(Leap::new(compiled, exposure))),
        };
        Ok(Tumour { state, compiled, registers, begun, engine, budget: Budget::default() })
    }

    /// Ends the run with [`Failure::Budget`] after this much work, counted from the tumour's beginning.
    pub fn limit(&mut self, budget: Budget) {
        self.budget = budget;
        self.registers.limit(budget.evaluations);
    }

    /// Multiplies all limits on the length of leaps by `factor` (1 at first). For showing what steps cost and what they err by
    /// (`examples/step_tolerance.rs`); the limits themselves were chosen there.
    pub fn tolerate(&mut self, factor: f64) {
        if let Engine::Leap(leap) = &mut self.engine {
            leap.tolerate(factor);
        }
    }

    /// Work done so far.
    pub fn spent(&self) -> Budget {
        let (events, steps) = match &self.engine {
            Engine::Exact(exact) => (exact.events(), 0),
            Engine::Leap(leap) => (0, leap.steps),
        };
        Budget { events, steps, evaluations: self.registers.evaluations(), clones: self.state.clones() }
    }

    /// Follows `regimen` from now on; its day 1 is now. What is in the body stays.
    pub fn follow(&mut self, regimen: &Regimen) {
        match &mut self.engine {
            Engine::Leap(leap) => {
                leap.exposure.follow(regimen);
                self.begun.clone_from(&leap.exposure);
                leap.forget();
            }
            Engine::Exact(exact) => {
                let exposure = exact.exposure(self.compiled, &mut self.state);
                exposure.follow(regimen);
                self.begun.clone_from(exposure);
            }
        }
    }

    /// The model.
    pub fn compiled(&self) -> &'a Compiled {
        self.compiled
    }

    /// As [`Exposure::prepare_to_scale`]; before [`follow`](Self::follow).
    pub fn prepare_to_scale(&mut self) {
        match &mut self.engine {
            Engine::Leap(leap) => leap.exposure.prepare_to_scale(),
            Engine::Exact(exact) => exact.exposure(self.compiled, &mut self.state).prepare_to_scale(),
        }
    }

    /// As [`Exposure::scale_doses`], now.
    pub fn scale_doses(&mut self, drug: usize, scale: f64) {
        match &mut self.engine {
            Engine::Leap(leap) => {
                leap.exposure.scale_doses(drug, scale);
                leap.forget_lengths();
            }
            Engine::Exact(exact) => exact.exposure(self.compiled, &mut self.state).scale_doses(drug, scale),
        }
    }

    /// Begins again with `state`, in the same patient at the moment the regimen was last followed (at the start without
    /// one), whose time `state` must have. Steps and memory are kept, so that replicates cost their draws alone.
    ///
    /// ```
    /// # use remission_engine::{compiled::Compiled, before, tumour::{Method, Tumour}, stream::{Purpose, Stream}};
    /// # let text = r#"
    /// # [model]
    /// # title = "Birth and death"
    /// # [cells.S]
    /// # birth = "1 /day"
    /// # death = "0.9 /day"
    /// # [before_treatment]
    /// # start = { S = "1000 cells" }
    /// # "#;
    /// # let model = remission_model::model_from_toml("model.toml", text).unwrap();
    /// # let compiled = Compiled::new(&model);
    /// # let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    /// let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
    /// let mut tumour = Tumour::new(&compiled, &[], start.clone(), Method::Leap).unwrap();
    /// for replicate in 0..10 {
    ///     tumour.restart(&start);
    ///     tumour.advance(30.0, f64::INFINITY, &mut Stream::new(1, 0, replicate, Purpose::Treatment)).unwrap();
    /// }
    /// ```
    pub fn restart(&mut self, state: &State) {
        self.state.clone_from(state);
        self.registers.restart();
        match &mut self.engine {
            Engine::Leap(leap) => {
                leap.exposure.clone_from(&self.begun);
                leap.steps = 0;
            }
            Engine::Exact(exact) => exact.restart(&self.begun),
        }
    }

    /// From now on [`restart`](Self::restart) begins on day `time`, which is not before the day it began on so far, under the
    /// regimen followed: tumours of one patient can then be carried one after the other from each look to the next.
    ///
    /// ```
    /// # use remission_engine::{compiled::Compiled, before, tumour::{Method, Tumour}, stream::{Purpose, Stream}};
    /// # let text = r#"
    /// # [model]
    /// # title = "Birth and death"
    /// # [cells.S]
    /// # birth = "1 /day"
    /// # death = "0.9 /day"
    /// # [before_treatment]
    /// # start = { S = "1000 cells" }
    /// # "#;
    /// # let model = remission_model::model_from_toml("model.toml", text).unwrap();
    /// # let compiled = Compiled::new(&model);
    /// # let mut stream = Stream::new(1, 0, 0, Purpose::BeforeTreatment);
    /// let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
    /// let mut tumour = Tumour::new(&compiled, &[], start.clone(), Method::Leap).unwrap();
    /// let mut particles = vec![start; 10];
    /// for look in [10.0, 20.0] {
    ///     for particle in &mut particles {
    ///         tumour.restart(particle);
    ///         tumour.advance(look, f64::INFINITY, &mut stream).unwrap();
    ///         particle.clone_from(&tumour.state);
    ///     }
    ///     tumour.restart_from(look);
    /// }
    /// assert!(particles.iter().all(|p| p.time == 20.0));
    /// ```
    pub fn restart_from(&mut self, time: f64) {
        self.begun.advance(time);
    }

    /// Advances to `until`, or to the first moment seen at which the total is at least `size`.
    ///
    /// # Errors
    /// A [`Failure`]; the state is then that of the last completed step.
    pub fn advance(&mut self, until: f64, size: f64, stream: &mut Stream) -> Result<Stop, Failure> {
        let Tumour { state, compiled, registers, engine, budget, .. } = self;
        match engine {
            Engine::Exact(exact) => {
                let reached = exact.advance(compiled, registers, state, until, size, *budget, stream)?;
                Ok(if reached { Stop::Size(state.time) } else { Stop::Time })
            }
            Engine::Leap(leap) => leap.advance(compiled, registers, state, until, size, *budget, stream),
        }
    }

    /// As [`advance`](Self::advance), with one more founder by a channel of the model with these probabilities (together below 1), and ln of the
    /// weight that takes that back: averages with weights are those of `advance` ([`crate::guided`]). Where that cannot be, event by event, of
    /// types that mutate in time, or where the first clone has fewer than a thousand cells, nobody is led.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    ///
    /// ```
    /// # use remission_engine::{compiled::Compiled, before, tumour::{Method, Tumour}, stream::{Purpose, Stream}};
    /// # let text = "[model]\ntitle = 'x'\n[cells.S]\nbirth = '0.2 /day'\ndeath = '0.2 /day'\n\
    /// #     mutates = [{ to = 'R', per_division = '1e-9' }]\n[cells.R]\nbirth = '0.3 /day'\ndeath = '0.1 /day'\n\
    /// #     [before_treatment]\nstart = { S = '1e6 cells' }";
    /// # let compiled = Compiled::new(&remission_model::model_from_toml("model.toml", text).unwrap());
    /// let mut stream = Stream::new(1, 0, 0, Purpose::Treatment);
    /// let start = before::start(&compiled, &[], Method::Leap, &mut stream).unwrap();
    /// let mut tumour = Tumour::new(&compiled, &[], start, Method::Leap).unwrap();
    /// // Some 0.006 resistant clones are founded in 30 days; here every other tumour has one.
    /// let (_, log_weight) = tumour.advance_led(30.0, f64::INFINITY, &[0.5], &mut stream).unwrap();
    /// assert!(log_weight < 0.7);
    /// ```
    pub fn advance_led(
        &mut self,
        until: f64,
        size: f64,
        odds: &[f64],
        stream: &mut Stream,
    ) -> Result<(Stop, f64), Failure> {
        let stretch = (self.state.time, until);
        let some = stretch.0 < until && odds.iter().any(|q| *q > 0.0);
        if let Some(place) = self.guided().filter(|_| some) {
            *place = Some(Box::new(Guided::on_the_way(stretch, odds, stream)));
        }
        let stop = self.advance(until, size, stream);
        // Taken out also where the step failed.
        let guided = self.guided().and_then(Option::take);
        Ok((stop?, guided.map_or(0.0, |g| g.log_weight())))
    }

    /// What one cell of each type leaves under the regimen, from the moment that [`restart`](Self::restart) begins at to the first of `times`, from
    /// there to the next, and so on. Those whom mutations found are counted, and left out of what is left. Steps are those of tumours like `state`. None where cells
    /// act on each other, or event by event.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn left(&mut self, state: &State, times: &[f64]) -> Result<Option<Vec<Left>>, Failure> {
        self.restart(state);
        let Tumour { compiled, registers, engine, .. } = self;
        let Engine::Leap(leap) = engine else { return Ok(None) };
        if compiled.interacting {
            return Ok(None);
        }
        let mut state = state.clone();
        let mut one = |until: &f64| leap.left(compiled, registers, &mut state, *until);
        times.iter().map(&mut one).collect::<Result<Vec<_>, Failure>>().map(Some)
    }

    /// Growth with one more founder, by leaps alone; [`crate::guided`].
    pub(crate) fn guided(&mut self) -> Option<&mut Option<Box<Guided>>> {
        match &mut self.engine {
            Engine::Leap(leap) => Some(leap.guided()),
            Engine::Exact(_) => None,
        }
    }

    /// How the total grows at the present rates; what a step toward a size is planned by.
    pub fn net_growth(&mut self) -> Result<NetGrowth, Failure> {
        match &mut self.engine {
            Engine::Leap(leap) => leap.net_growth(self.compiled, &mut self.registers, &self.state),
            Engine::Exact(_) => Ok(NetGrowth { total: 0.0, noise: 0.0, fastest: 0.0 }),
        }
    }
}
