//! One patient's tumour in one arm as a hidden process: the engine carries it from visit to visit, the model's own
//! measurements say how likely each reading is.
//!
//! Particles of one patient share the steps of the engine and, where cells do not act on each other, the death rates that
//! plasma remembers. A particle whose tumour reaches the size that kills before a visit is impossible: the patient was seen
//! alive. Left out: what an arm does after progression, rules of dose modification; the doses are those of the regimen throughout.

use super::led::{Led, PILOTS};
use crate::filter::Process;
use remission_cohort::measure::{Instruments, Reported};
use remission_cohort::outcome::RESPONSIBLE;
use remission_cohort::patient::mechanisms;
use remission_engine::before::{self, Starts};
use remission_engine::compiled::Compiled;
use remission_engine::failure::Failure;
use remission_engine::guided::Guide;
use remission_engine::state::{Origin, State};
use remission_engine::stream::Stream;
use remission_engine::tumour::{Left, Method, Stop, Tumour};
use remission_model::resolved::{Kind, Regimen};

/// What was read at one visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Visit {
    /// Days since treatment began, 0 or more.
    pub time: f64,
    /// Channel of the model ([`remission_cohort::measure::channels`]) and what was written.
    pub readings: Vec<(usize, Reported)>,
}

/// What is to be known of a patient to follow the tumour.
pub struct Setting<'a> {
    /// The model.
    pub compiled: &'a Compiled,
    /// Doses from day 0 on.
    pub regimen: &'a Regimen,
    /// Visits in order of time.
    pub visits: &'a [Visit],
    /// Days after the last visit to which paths go on, in order.
    pub ahead: &'a [f64],
}

/// A tumour at a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Days since treatment began.
    pub time: f64,
    /// Cells of each type.
    pub by_type: Vec<f64>,
    /// Levels, base units.
    pub levels: Vec<f64>,
    /// Cells of resistant clones by mechanism (the last: without one) and origin, rows of four in the order of [`Origin::ALL`].
    pub resistant: Vec<f64>,
    /// Cells of drug-tolerant types.
    pub persisters: f64,
    /// Mechanism (as in `resistant`) and origin of the largest resistant clone, with its cells.
    pub largest: Option<(usize, Origin, f64)>,
}

/// Where resistance comes from, judged as a rebiopsy of the cohort judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The largest resistant clone has more than 1 % of the tumour.
    Clone(usize, Origin),
    /// None has, but persisters do.
    Tolerant,
    /// Neither.
    None,
}

impl Seen {
    /// All cells.
    pub fn total(&self) -> f64 {
        self.by_type.iter().sum()
    }

    /// Where resistance comes from at this visit.
    pub fn class(&self) -> Class {
        let enough = RESPONSIBLE * self.total();
        match self.largest {
            Some((mechanism, origin, cells)) if cells > enough => Class::Clone(mechanism, origin),
            _ if self.persisters > enough => Class::Tolerant,
            _ => Class::None,
        }
    }
}

/// A particle.
#[derive(Clone)]
pub struct Particle {
    cells: State,
    /// Its own memory of plasma, where cells act on each other.
    instruments: Option<Box<Instruments>>,
}

/// The tumour of a patient with these parameters.
pub struct Patient<'a> {
    pub(super) setting: &'a Setting<'a>,
    starts: Starts<'a>,
    tumour: Tumour<'a>,
    instruments: Instruments,
    /// Deaths a day of one cell of each type as plasma remembers them, for each assay of blood, by visit; where cells act on each other none.
    deaths: Vec<Vec<Vec<f64>>>,
    /// What one cell of each type is expected to leave from the visit before to each, by ancestor and type; made for the first guess.
    left: Option<Vec<Left>>,
    led: Led,
    /// Of each visit: ln of the highest density of what was read, and whether some of it is of blood.
    read: Vec<(f64, bool)>,
    lethal: f64,
    mechanism: Vec<usize>,
    mechanisms: usize,
}

impl<'a> Patient<'a> {
    /// # Errors
    /// A [`Failure`] where a value of this patient is impossible.
    pub fn new(setting: &'a Setting<'a>, parameters: &'a [f64]) -> Result<Patient<'a>, Failure> {
        let compiled = setting.compiled;
        let lethal = lethal(compiled, parameters);
        let mut tumour = Tumour::new(compiled, parameters, State::empty(compiled), Method::Leap)?;
        tumour.follow(setting.regimen);
        let names = mechanisms(&compiled.model);
        let number = |c: &remission_model::resolved::CellType| {
            c.mechanism.as_ref().and_then(|m| names.iter().position(|n| n == m)).unwrap_or(names.len())
        };
        let mechanism = compiled.model.cells.iter().map(number).collect();
        let mut instruments = Instruments::new(compiled, parameters)?;
        instruments.follow(setting.regimen);
        let mut deaths = Vec::new();
        if !compiled.interacting {
            let one = vec![1.0; compiled.types()];
            deaths.push(instruments.deaths(compiled, 0.0, &one, &[])?);
            for (k, visit) in setting.visits.iter().enumerate() {
                let anew = visit.time > 0.0 && !visit.readings.is_empty();
                let found = if anew { instruments.deaths(compiled, visit.time, &one, &[])? } else { deaths[k].clone() };
                deaths.push(found);
            }
            deaths.remove(0);
        }
        let mechanisms = names.len() + 1;
        let starts = Starts::new(compiled, parameters, Method::Leap)?;
        let highest = |v: &Visit| v.readings.iter().map(|(c, r)| instruments.log_density_at_most(*c, *r)).sum();
        let blood = |v: &Visit| v.readings.iter().any(|(c, _)| instruments.is_of_blood(*c));
        let read = setting.visits.iter().map(|v| (highest(v), blood(v))).collect();
        Ok(Patient {
            setting,
            starts,
            tumour,
            instruments,
            deaths,
            left: None,
            led: Led::default(),
            read,
            lethal,
            mechanism,
            mechanisms,
        })
    }

    /// Deaths a day of these cells at a visit.
    fn deaths_of(&self, look: usize, by_type: &[f64]) -> Vec<Vec<f64>> {
        let of = |rates: &Vec<f64>| rates.iter().zip(by_type).map(|(d, n)| d * n).collect();
        self.deaths.get(look).map_or_else(Vec::new, |all| all.iter().map(of).collect())
    }

    /// What one cell of each type leaves from each visit to the next; nothing before the first guess.
    pub(super) fn left(&self) -> &[Left] {
        self.left.as_deref().unwrap_or_default()
    }

    /// ln by which the density of what was read at a visit is below its highest.
    pub(super) fn below(&self, look: usize, by_type: &[f64]) -> f64 {
        let (highest, blood) = self.read[look];
        if self.setting.visits[look].readings.is_empty() {
            return 0.0;
        }
        let deaths = if blood { self.deaths_of(look, by_type) } else { Vec::new() };
        highest - self.log_density_of(look, by_type, &deaths)
    }

    /// Cells of each type.
    fn by_type(&self, particle: &Particle) -> Vec<f64> {
        particle.cells.by_type(self.setting.compiled).into_iter().map(|n| n as f64).collect()
    }

    /// ln of the density of what was read at a visit.
    fn log_density_of(&self, look: usize, by_type: &[f64], deaths: &[Vec<f64>]) -> f64 {
        let total = by_type.iter().sum();
        let readings = &self.setting.visits[look].readings;
        readings.iter().map(|(c, reported)| self.instruments.log_density(*c, *reported, total, deaths)).sum()
    }

    fn seen(&self, time: f64, state: &State) -> Seen {
        let compiled = self.setting.compiled;
        let cells = &compiled.model.cells;
        let by_type: Vec<f64> = state.by_type(compiled).into_iter().map(|n| n as f64).collect();
        let persisters = (0..cells.len()).filter(|&i| cells[i].kind == Kind::Persister).map(|i| by_type[i]).sum();
        let mut resistant = vec![0.0; 4 * self.mechanisms];
        let mut largest: Option<(usize, Origin, f64)> = None;
        for (block, clones) in compiled.blocks.iter().zip(&state.blocks) {
            let width = block.types.len();
            if !block.types.iter().any(|&t| compiled.is_resistant(t)) {
                continue;
            }
            for (founder, row) in clones.founders.iter().zip(clones.counts.chunks_exact(width)) {
                let origin = Origin::ALL.iter().position(|o| *o == founder.origin).unwrap_or(0);
                let mut all = 0.0;
                for (&t, &n) in block.types.iter().zip(row).filter(|(t, _)| compiled.is_resistant(**t)) {
                    resistant[4 * self.mechanism[t] + origin] += n as f64;
                    all += n as f64;
                }
                if all > largest.map_or(0.0, |l| l.2) {
                    largest = Some((self.mechanism[founder.cell_type], founder.origin, all));
                }
            }
        }
        Seen { time, by_type, levels: state.levels.clone(), resistant, persisters, largest }
    }

    /// Where a path goes on to after the last visit; a tumour that reaches the size that kills stays as it was then.
    pub fn onward(&mut self, last: Particle, stream: &mut Stream) -> Vec<Seen> {
        let mut state = last.cells;
        let mut dead = false;
        let mut seen = Vec::with_capacity(self.setting.ahead.len());
        for &time in self.setting.ahead {
            if !dead {
                self.tumour.restart(&state);
                dead = !matches!(self.tumour.advance(time, self.lethal, stream), Ok(Stop::Time));
                self.tumour.restart_from(time);
                state.clone_from(&self.tumour.state);
            }
            seen.push(self.seen(time, &state));
        }
        seen
    }
}

impl Process for Patient<'_> {
    type State = Particle;
    type Look = Seen;

    fn looks(&self) -> usize {
        self.setting.visits.len()
    }

    fn start(&mut self, stream: &mut Stream) -> Option<Particle> {
        let compiled = self.setting.compiled;
        let cells = self.starts.one(stream).ok()?;
        let instruments = compiled.interacting.then(|| {
            let mut own = self.instruments.clone();
            let counts: Vec<f64> = cells.by_type(compiled).into_iter().map(|n| n as f64).collect();
            own.deaths(compiled, 0.0, &counts, &cells.levels).ok().map(|_| Box::new(own))
        });
        match instruments {
            None => Some(Particle { cells, instruments: None }),
            Some(own) => own.map(|own| Particle { cells, instruments: Some(own) }),
        }
    }

    fn start_led(&mut self, stream: &mut Stream) -> Option<(Particle, f64)> {
        if self.led.pilots.is_empty() {
            for number in 0..PILOTS {
                let told = (number == 0).then_some(&mut self.led.steps);
                let found = self.starts.guided(&Guide::default(), told, stream);
                let particle = Particle { cells: found.ok()?.state, instruments: None };
                // What they leave is known from the first guess on.
                self.guess(0, &particle);
                self.led.pilots.push(self.by_type(&particle));
            }
            let mut led = std::mem::take(&mut self.led);
            led.learn(self);
            self.led = led;
        }
        let mut start = self.starts.guided(&self.led.guide, None, stream).ok()?;
        let more = self.led.resize(self, &mut start, stream);
        Some((Particle { cells: start.state, instruments: None }, start.log_weight + more))
    }

    fn prepare(&mut self, look: usize) {
        if look > 0 {
            self.tumour.restart_from(self.setting.visits[look - 1].time);
        }
    }

    fn advance(&mut self, look: usize, state: &mut Particle, stream: &mut Stream) -> bool {
        let time = self.setting.visits[look].time;
        self.tumour.restart(&state.cells);
        let stop = self.tumour.advance(time, self.lethal, stream);
        state.cells.clone_from(&self.tumour.state);
        matches!(stop, Ok(Stop::Time))
    }

    fn advance_led(&mut self, look: usize, state: &mut Particle, stream: &mut Stream) -> Option<f64> {
        let growing = self.led.growing(self, look, &state.cells);
        let odds = self.led.founding(self, look, &self.by_type(state)).unwrap_or_default();
        let time = self.setting.visits[look].time;
        self.tumour.restart(&state.cells);
        let found = self.tumour.advance_led(time, self.lethal, &odds, stream);
        state.cells.clone_from(&self.tumour.state);
        let weight = found.ok().filter(|(stop, _)| *stop == Stop::Time)?.1;
        Some(weight + growing.map_or(0.0, |growing| self.led.regrown(self, growing, &mut state.cells, stream)))
    }

    fn log_density(&mut self, look: usize, state: &mut Particle) -> f64 {
        let compiled = self.setting.compiled;
        let by_type: Vec<f64> = state.cells.by_type(compiled).into_iter().map(|n| n as f64).collect();
        let deaths = match &mut state.instruments {
            None => self.deaths_of(look, &by_type),
            Some(own) => match own.deaths(compiled, self.setting.visits[look].time, &by_type, &state.cells.levels) {
                Ok(deaths) => deaths,
                Err(_) => return f64::NEG_INFINITY,
            },
        };
        self.log_density_of(look, &by_type, &deaths)
    }

    /// The density of what was read if the cells leave what is expected of them, far below its highest taken for less telling: then
    /// chance may do what is not expected.
    fn guess(&mut self, look: usize, state: &Particle) -> f64 {
        if self.left.is_none() {
            let times: Vec<f64> = self.setting.visits.iter().map(|v| v.time).collect();
            self.left = self.tumour.left(&state.cells, &times).ok().flatten();
        }
        if self.left.is_some() { self.led.guess(self, look, &self.by_type(state)) } else { 0.0 }
    }

    fn guesses(&self) -> bool {
        !self.setting.compiled.interacting
    }

    fn log_density_at_most(&self, look: usize) -> f64 {
        self.read[look].0
    }

    fn keep(&self, look: usize, state: &Particle) -> Seen {
        self.seen(self.setting.visits[look].time, &state.cells)
    }
}

/// Cells of each type after a stretch with these means.
pub(super) fn times(cells: &[f64], means: &[f64]) -> Vec<f64> {
    let n = cells.len();
    (0..n).map(|j| (0..n).map(|i| cells[i] * means[i * n + j]).sum()).collect()
}

/// Cells that kill; infinite where the model has none.
pub fn lethal(compiled: &Compiled, parameters: &[f64]) -> f64 {
    let burden = compiled.model.death.as_ref().and_then(|d| d.burden.as_ref());
    burden.map_or(f64::INFINITY, |b| before::over_parameters(compiled, parameters, b))
}
