//! The mean equations: counts as real numbers, for sanity, for fitting starts and for teaching.
//!
//! For cells that do not act on each other this is the exact expectation; otherwise it is the limit of large numbers.
//! Cells are kept by the origin label of their clone. It returns [`Means`] and never a state: a mean is not a patient.

use crate::before::{fresh, over_parameters};
use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::field::Field;
use crate::ode::Tolerance;
use crate::state::Origin;
use remission_model::program::Registers;
use remission_model::resolved::{Kind, Regimen, Start};

const TOLERANCE: Tolerance = Tolerance { relative: 1e-9, absolute: 1e-9 };
/// From this share of a size on every day is looked at.
const NEAR: f64 = 1e-3;
const LABELS: usize = Origin::ALL.len();

/// Expected counts at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Means {
    /// Days since treatment began.
    pub time: f64,
    /// Expected cells, `by_origin[label][type]`, labels in the order of [`Origin::ALL`].
    pub by_origin: Vec<Vec<f64>>,
    /// Levels, base units.
    pub levels: Vec<f64>,
}

impl Means {
    /// Expected cells of each type.
    pub fn by_type(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.by_origin[0].len()];
        for row in &self.by_origin {
            sums.iter_mut().zip(row).for_each(|(s, x)| *s += x);
        }
        sums
    }

    /// All expected cells.
    pub fn total(&self) -> f64 {
        self.by_type().iter().sum()
    }
}

/// The mean of a tumour under a regimen.
pub struct MeanTumour<'a> {
    compiled: &'a Compiled,
    registers: Registers,
    exposure: Exposure,
    field: Field,
    y: Vec<f64>,
    before_treatment: bool,
    scratch: Vec<f64>,
    tolerance: Tolerance,
}

impl<'a> MeanTumour<'a> {
    /// At the start of treatment. A grown tumour is grown along the mean.
    pub fn start(compiled: &'a Compiled, parameters: &[f64]) -> Result<Self, Failure> {
        MeanTumour::start_within(compiled, parameters, TOLERANCE.relative)
    }

    /// The same with errors of a step of at most this share (1e-9 in [`start`](Self::start)), for fits that ask for thousands of means.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_within(compiled: &'a Compiled, parameters: &[f64], relative: f64) -> Result<Self, Failure> {
        let n = compiled.types();
        let mut y = vec![0.0; LABELS * n];
        y.extend(fresh(compiled, parameters)?.levels);
        let mut tumour = MeanTumour {
            compiled,
            registers: compiled.registers(parameters),
            exposure: Exposure::before_treatment(compiled, parameters)?,
            field: Field::new(compiled, LABELS),
            scratch: vec![0.0; y.len()],
            y,
            before_treatment: true,
            tolerance: Tolerance { relative, ..TOLERANCE },
        };
        match &compiled.model.start {
            Start::Given(parts) => {
                for (t, cells) in parts {
                    tumour.y[*t] = over_parameters(compiled, parameters, cells);
                }
            }
            Start::Grown { founder, from, until } => {
                tumour.y[*founder] = *from as f64;
                tumour.grow(over_parameters(compiled, parameters, until))?;
            }
        }
        tumour.exposure = Exposure::new(compiled, parameters, 0.0)?;
        tumour.before_treatment = false;
        Ok(tumour)
    }

    /// Follows `regimen` from now on; its day 1 is now.
    pub fn follow(&mut self, regimen: &Regimen) {
        self.exposure.follow(regimen);
    }

    /// As [`Exposure::prepare_to_scale`]; before [`follow`](Self::follow).
    pub fn prepare_to_scale(&mut self) {
        self.exposure.prepare_to_scale();
    }

    /// As [`Exposure::scale_doses`], now.
    pub fn scale_doses(&mut self, drug: usize, scale: f64) {
        self.exposure.scale_doses(drug, scale);
    }

    /// Advances to `until`.
    pub fn advance(&mut self, until: f64) -> Result<(), Failure> {
        self.advance_below(until, f64::INFINITY).map(|_| ())
    }

    /// The same, or to the first moment seen at which `size` cells are expected, which is returned: near it every day is looked at.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn advance_below(&mut self, until: f64, size: f64) -> Result<Option<f64>, Failure> {
        let reached = |cells: f64| size < f64::INFINITY && cells >= size;
        let mut before = (self.exposure.time(), self.total());
        if reached(before.1) {
            return Ok(Some(before.0));
        }
        while before.0 < until {
            let now = before.0;
            let next = self.exposure.next_event().max(now);
            let to = if before.1 > NEAR * size { next.min(libm::floor(now + 1e-9) + 1.0) } else { next }.min(until);
            if to > now {
                self.carry(to - now)?;
            }
            self.exposure.advance(to);
            let after = (to, self.total());
            if reached(after.1) {
                let share =
                    if before.1 > 0.0 { libm::log(size / before.1) / libm::log(after.1 / before.1) } else { 1.0 };
                return Ok(Some(now + share.clamp(0.0, 1.0) * (to - now)));
            }
            before = after;
        }
        Ok(None)
    }

    /// All cells expected now.
    fn total(&self) -> f64 {
        let n = self.compiled.types();
        (0..LABELS).map(|k| self.compiled.total(&self.y[k * n..(k + 1) * n])).sum()
    }

    /// What is expected now.
    pub fn means(&self) -> Means {
        let n = self.compiled.types();
        Means {
            time: self.exposure.time(),
            by_origin: (0..LABELS).map(|k| self.y[k * n..(k + 1) * n].to_vec()).collect(),
            levels: self.y[LABELS * n..].to_vec(),
        }
    }

    fn carry(&mut self, days: f64) -> Result<(), Failure> {
        let (compiled, before) = (self.compiled, self.before_treatment);
        let mut shares = |channel: usize, excess: f64, shares: &mut [f64]| {
            shares.fill(0.0);
            if before {
                shares[0] = 1.0;
                return;
            }
            let from = compiled.channels[channel].from;
            let parent =
                if compiled.model.cells[from].kind == Kind::Persister { Origin::Persister } else { Origin::Cycling };
            for (k, origin) in Origin::ALL.iter().enumerate() {
                if *origin == Origin::DrugInduced {
                    shares[k] = excess;
                } else if *origin == parent {
                    shares[k] = 1.0 - excess;
                }
            }
        };
        self.field.carry(
            compiled,
            &mut self.registers,
            &mut self.exposure,
            &mut self.y,
            days,
            self.tolerance,
            &mut shares,
        )
    }

    fn grow(&mut self, until: f64) -> Result<(), Failure> {
        let cells = LABELS * self.compiled.types();
        loop {
            let total = self.total();
            if total >= until * (1.0 - 1e-9) {
                return Ok(());
            }
            let mut slope = std::mem::take(&mut self.scratch);
            self.field.slope(self.compiled, &mut self.registers, &self.y, &mut slope, &mut |_, _, s| {
                s.fill(0.0);
                s[0] = 1.0;
            })?;
            let by_label = slope[..cells].chunks_exact(self.compiled.types());
            let growth = by_label.map(|s| self.compiled.total(s)).sum::<f64>() / total;
            self.scratch = slope;
            if growth <= 0.0 || self.exposure.time() > 365_250.0 {
                let why = "its mean does not grow that far".to_string();
                return Err(Failure::NeverDetected { until, why });
            }
            self.carry((libm::log(until / total) / growth).min(28.0))?;
        }
    }
}
