//! The law of one patient under one treatment: what is asked of the backward equations, and how they are started.
//!
//! What can be asked: that no cell is left, or no resistant one; that none has ever been; that none lives which leaves
//! resistant cells to the end; living clones by label; the distribution of the resistant count.

use super::counts::Count;
use super::equations::{Equations, Solver, UNBOUNDED};
use super::lines::Lines;
use super::origins::{self, Places};
use super::scalar::{Complex, Scalar};
use super::start::{Before, Beginning, Off};
use super::timeline::{Prepared, Timeline};
use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::state::Origin;
use std::cell::OnceCell;

/// Relative error a day of the values behind probabilities at the horizon.
pub const FINE: f64 = 1e-9;
/// The same behind all days and labels.
pub const MEDIUM: f64 = 1e-8;
/// The same behind the distribution of a count.
const COARSE: f64 = 1e-6;

/// Lines in closed form are used where their ln P(0) is that of the equations, to this share of 1 - ln P(0).
const AGREED: f64 = 2e-4;

/// Living clones of one label at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfOrigin {
    /// P(at least one clone of the label has a resistant cell).
    pub present: f64,
    /// Expected number of such clones; infinite above 1e200.
    pub clones: f64,
    /// Expected resistant cells in them; infinite above 1e200.
    pub cells: f64,
}

/// One patient under one treatment.
pub struct Law<'a> {
    compiled: &'a Compiled,
    parameters: Vec<f64>,
    exposure: Exposure,
    days: Vec<f64>,
    /// What is there when treatment begins.
    pub beginning: Beginning,
    timeline: Timeline,
    plain: Equations,
    prepared: Prepared,
    before: Before,
    /// The treatment for many days and labels, made when it is asked for.
    medium: OnceCell<(Timeline, Prepared)>,
}

impl<'a> Law<'a> {
    /// For cells that do not act on each other (`!compiled.interacting`), under what `exposure` follows from day 0; `days`
    /// (ascending, above 0) are those that can be asked about, the last of them the horizon.
    ///
    /// # Errors
    /// A rate, a size or a parameter that cannot be.
    pub fn new(
        compiled: &'a Compiled,
        parameters: &[f64],
        exposure: &Exposure,
        days: &[f64],
    ) -> Result<Law<'a>, Failure> {
        let beginning = Beginning::new(compiled, parameters)?;
        let timeline = Timeline::new(compiled, parameters, exposure, days, FINE)?;
        let plain = Equations::plain(compiled);
        let prepared = timeline.prepare(&plain);
        let before = Before::new(compiled, &plain, founder(&beginning));
        Ok(Law {
            compiled,
            parameters: parameters.to_vec(),
            exposure: exposure.clone(),
            days: days.to_vec(),
            beginning,
            timeline,
            plain,
            prepared,
            before,
            medium: OnceCell::new(),
        })
    }

    fn medium(&self) -> Result<&(Timeline, Prepared), Failure> {
        if let Some(known) = self.medium.get() {
            return Ok(known);
        }
        let timeline = Timeline::new(self.compiled, &self.parameters, &self.exposure, &self.days, MEDIUM)?;
        let prepared = timeline.prepare(&self.plain);
        Ok(self.medium.get_or_init(|| (timeline, prepared)))
    }

    /// Number of constant intervals of the treatment.
    pub fn intervals(&self) -> usize {
        self.timeline.intervals()
    }

    fn n(&self) -> usize {
        self.compiled.types()
    }

    /// Values at the end: 1 for marked types.
    fn at_end(&self, marked: impl Fn(usize) -> bool) -> Vec<f64> {
        (0..=self.n()).map(|i| f64::from(u8::from(i < self.n() && marked(i)))).collect()
    }

    /// P(no cell of the marked types on day number `day` of those given); ln P is right to [`FINE`] of itself for every
    /// day of treatment.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn none(&self, marked: impl Fn(usize) -> bool, day: usize) -> Result<f64, Failure> {
        self.none_on(&self.timeline, &self.prepared, marked, day)
    }

    /// The same for every day of those given, ln P to [`MEDIUM`] of itself a day of treatment; the last as of
    /// [`none`](Self::none).
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn none_each(&self, marked: impl Fn(usize) -> bool) -> Result<Vec<f64>, Failure> {
        let (timeline, prepared) = self.medium()?;
        let last = self.days.len() - 1;
        let mut p = Vec::with_capacity(self.days.len());
        for day in 0..last {
            p.push(self.none_on(timeline, prepared, &marked, day)?);
        }
        p.push(self.none(&marked, last)?);
        Ok(p)
    }

    fn none_on(
        &self,
        timeline: &Timeline,
        prepared: &Prepared,
        marked: impl Fn(usize) -> bool,
        day: usize,
    ) -> Result<f64, Failure> {
        let mut e = self.at_end(marked);
        timeline.back(&self.plain, prepared, &mut timeline.solver(&self.plain), &mut e, day, None)?;
        Ok(libm::exp(self.ln_none(&e)?))
    }

    /// The same for day 0.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn none_at_start(&self, marked: impl Fn(usize) -> bool) -> Result<f64, Failure> {
        Ok(libm::exp(self.ln_none(&self.at_end(marked))?))
    }

    fn ln_none<T: Scalar>(&self, e: &[T]) -> Result<T, Failure> {
        self.beginning.ln_none(&self.before, |t| t, &[self.n()], e)
    }

    /// How far ln P may be off by the limit of the founder law, 0 where the start is typed in: a bound for every
    /// probability, or an estimate for no cell of the marked types at the horizon.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn founder_error(&self, marked: impl Fn(usize) -> bool) -> Result<Off, Failure> {
        let Beginning::Grown(founders) = &self.beginning else { return Ok(Off::AtMost(0.0)) };
        let (timeline, prepared) = self.medium()?;
        let mut e = self.at_end(marked);
        timeline.back(&self.plain, prepared, &mut timeline.solver(&self.plain), &mut e, self.days.len() - 1, None)?;
        founders.off(self.compiled, &self.before, &e)
    }

    /// P(no cell of the marked types has been there by each day, day 0 first).
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn never(&self, marked: impl Fn(usize) -> bool) -> Result<Vec<f64>, Failure> {
        let frozen = self.plain.frozen(|i| i < self.n() && marked(i));
        let (timeline, _) = self.medium()?;
        let prepared = timeline.prepare(&frozen);
        let before = Before::new(self.compiled, &frozen, founder(&self.beginning));
        let mut solver = timeline.solver(&frozen);
        let one = |day: Option<usize>, solver: &mut Solver<f64>| {
            let mut e = self.at_end(&marked);
            if let Some(day) = day {
                timeline.back(&frozen, &prepared, solver, &mut e, day, None)?;
            }
            Ok(libm::exp(self.beginning.ln_none(&before, |t| t, &[self.n()], &e)?))
        };
        let mut p = Vec::with_capacity(self.days.len() + 1);
        let mut least = 1.0f64;
        for day in std::iter::once(None).chain((0..self.days.len()).map(Some)) {
            // What has been there stays so; rounding must not say otherwise.
            least = least.min(one(day, &mut solver)?);
            p.push(least);
        }
        Ok(p)
    }

    /// P(no cell of the marked types that is alive on a day leaves cells of these types to the horizon), for each day, day
    /// 0 first.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn none_lasting(&self, marked: impl Fn(usize) -> bool) -> Result<Vec<f64>, Failure> {
        let last = self.days.len() - 1;
        let (timeline, prepared) = self.medium()?;
        let mut e = self.at_end(&marked);
        let mut solver = timeline.solver(&self.plain);
        let mut p = vec![0.0; self.days.len() + 1];
        for day in (0..=self.days.len()).rev() {
            if day < last + 1 {
                let to = day.checked_sub(1);
                timeline.back(&self.plain, prepared, &mut solver, &mut e, day, to)?;
            }
            // Only what is marked on that day counts, and no arrival after it.
            let mut own = e.clone();
            (0..=self.n()).filter(|&i| i == self.n() || !marked(i)).for_each(|i| own[i] = 0.0);
            if let Some(to) = day.checked_sub(1) {
                timeline.back(&self.plain, prepared, &mut solver, &mut own, to, None)?;
            }
            p[day] = libm::exp(self.ln_none(&own)?);
        }
        // At the horizon it is "none alive", which is known better; and what lasts from a day lasts from the next.
        p[last + 1] = self.none(&marked, last)?;
        for day in (0..=last).rev() {
            p[day] = p[day].max(p[day + 1]);
        }
        Ok(p)
    }

    /// Living clones at the horizon by label, in the order of [`Origin::ALL`].
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn origins(&self) -> Result<Vec<OfOrigin>, Failure> {
        let (compiled, n, last) = (self.compiled, self.n(), self.days.len() - 1);
        let founder = founder(&self.beginning);
        let places = Places::new(compiled);
        let treated = origins::numbers(compiled, true);
        let mut e = origins::numbers_at_end(compiled);
        let (timeline, _) = self.medium()?;
        let prepared = timeline.prepare(&treated);
        timeline.back(&treated, &prepared, &mut timeline.solver(&treated), &mut e, last, None)?;
        let untreated = origins::numbers(compiled, false);
        let mut out = Vec::new();
        for (k, &label) in Origin::ALL.iter().enumerate() {
            let mut expected = [0.0; 2];
            for (own, sum) in expected.iter_mut().enumerate() {
                let kind = |i: usize| if own == 0 { places.clones(k, i) } else { places.cells(k, i) };
                let itself = |i: usize| if own == 0 { places.alive(i) } else { places.size(i) };
                let before = Before::new(compiled, &untreated, kind(founder));
                *sum = self.beginning.expected(&before, kind, &e)? + e[places.arrived(k)[own]];
                if label == Origin::PreExisting {
                    *sum += self.first_clones(own == 0, |i| e[itself(i)]);
                    for i in 0..n {
                        let arrived = e[places.arrived_own(i)[own]];
                        *sum += if own == 0 { -libm::expm1(-arrived) } else { arrived };
                    }
                }
            }
            let system = origins::present(compiled, label, true);
            let prepared = timeline.prepare(&system);
            let mut values = origins::present_at_end(compiled);
            timeline.back(&system, &prepared, &mut timeline.solver(&system), &mut values, last, None)?;
            let first = if label == Origin::PreExisting { n } else { 0 };
            let before = Before::new(compiled, &origins::present(compiled, label, false), first + founder);
            let ln = self.beginning.ln_none(&before, |t| first + t, &[2 * n], &values)?;
            let [clones, cells] = expected.map(|x| if x < UNBOUNDED { x } else { f64::INFINITY });
            out.push(OfOrigin { present: 0.0 - libm::expm1(ln), clones, cells });
        }
        Ok(out)
    }

    /// The clones that were there first: chance that each lives, or cells, added up.
    fn first_clones(&self, clones: bool, value: impl Fn(usize) -> f64) -> f64 {
        let of = |t: usize, cells: f64| {
            if !clones {
                return cells * value(t);
            }
            let whole = libm::floor(cells);
            let ln = if whole > 0.0 { whole * value(t).ln_without() } else { 0.0 };
            -libm::expm1(ln + ((cells - whole) * value(t)).ln_without())
        };
        match &self.beginning {
            Beginning::Given(parts) => parts.iter().map(|&(t, cells)| of(t, cells)).sum(),
            Beginning::Grown(f) => of(f.founder, f.cells),
        }
    }

    /// The distribution of all cells of the marked types at the horizon, `mean` being their expected number.
    ///
    /// # Errors
    /// A rate that cannot be.
    pub fn count(&'a self, marked: impl Fn(usize) -> bool + 'a, mean: f64) -> Result<Counted<'a>, Failure> {
        let last = self.days.len() - 1;
        let timeline = Timeline::new(self.compiled, &self.parameters, &self.exposure, &self.days[last..], COARSE)?;
        let count = Count::new(self.none(&marked, last)?, mean);
        let prepared = timeline.prepare(&self.plain);
        let solver = timeline.solver(&self.plain);
        let marked: Vec<bool> = (0..=self.n()).map(|i| i < self.n() && marked(i)).collect();
        // Lines in closed form, where they give the P(0) of the equations.
        let ln = libm::log(count.none);
        let lines = Lines::new(self.compiled, &marked[..self.n()], &self.beginning, &timeline)?.filter(|lines| {
            let found = lines.ln(Complex::real(1.0)).re;
            found == ln || (found - ln).abs() <= AGREED * (1.0 - ln)
        });
        Ok(Counted { law: self, timeline, prepared, solver, count, marked, lines })
    }
}

/// Kind of the cells that a grown tumour began with; 0 where the start is typed in, and nothing grows.
fn founder(beginning: &Beginning) -> usize {
    match beginning {
        Beginning::Given(_) => 0,
        Beginning::Grown(founders) => founders.founder,
    }
}

/// The distribution of a count at the horizon.
pub struct Counted<'a> {
    law: &'a Law<'a>,
    timeline: Timeline,
    prepared: Prepared,
    solver: Solver<Complex>,
    /// The law of the count.
    pub count: Count,
    marked: Vec<bool>,
    lines: Option<Lines>,
}

impl Counted<'_> {
    /// P(count <= n), to [`super::counts::ACCURACY`].
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn up_to(&mut self, n: f64) -> Result<f64, Failure> {
        let Counted { law, timeline, prepared, solver, count, marked, lines } = self;
        count.up_to(n, &mut |t| {
            let one = Complex::one_without_turn(t);
            if let Some(lines) = lines {
                return Ok(lines.ln(one));
            }
            let mut e: Vec<Complex> = marked.iter().map(|&m| if m { one } else { Complex::default() }).collect();
            timeline.back(&law.plain, prepared, solver, &mut e, 0, None)?;
            law.ln_none(&e)
        })
    }

    /// From now on by the equations, even where lines have a closed form.
    pub fn by_equations(&mut self) {
        self.lines = None;
    }

    /// True where lines in closed form stand for the equations.
    pub fn in_closed_form(&self) -> bool {
        self.lines.is_some()
    }

    /// Constant intervals of its treatment.
    pub fn intervals(&self) -> usize {
        self.timeline.intervals()
    }
}
