//! DNA in plasma over the hours before a look: the death rate under the exposure as it changes, weighted by clearance.
//!
//! # Law
//! D(t) = e ∫ d(s) exp(-e (t - s)) ds is the death rate of a cell as plasma remembers it, for each type. It follows
//! D' = e (d - D), so it is carried from look to look: over the last [`REMEMBERED`] half-lives by quadrature along the
//! exposure, and before that by the value at the look before (or, where the look before is longer ago, by the rate at the
//! beginning of those half-lives, whose weight is 2^-10). On day 0 D is the rate without drug.
//!
//! # Method
//! Four Gauss-Legendre nodes in s on each stretch between doses, at most 3.4 half-lives long, with weights that add up to
//! the stretch's own share exp(-e (t - to)) - exp(-e (t - from)), so that a constant rate is kept. The error is below 1e-3 of
//! what the rate moves by (a test compares with a fine sum).
//!
//! # Approximations
//! Cells and levels are those of the look: a type that changes at net rate g a day is off by a relative g / e, which is
//! 0.3 % at 0.1 a day and a half-life of 30 minutes.

use super::Assay;
use remission_engine::compiled::Compiled;
use remission_engine::exposure::Exposure;
use remission_engine::failure::Failure;
use remission_engine::window::set_exposure;
use remission_model::expr::Slot;
use remission_model::program::{Depends, Registers};
use remission_model::resolved::Regimen;

/// Half-lives over which the exposure is followed; what is older has a weight of 2^-10.
const REMEMBERED: f64 = 10.0;
/// Longest stretch, half-lives.
const STRETCH: f64 = 3.4;
/// Gauss-Legendre on (0, 1): nodes and weights.
const NODES: [(f64, f64); 4] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_87, 0.326_072_577_431_273_07),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_07),
    (0.930_568_155_797_026_3, 0.173_927_422_568_726_93),
];

/// The plasma of one patient in one arm. It follows the regimen beside the tumour, so that looking moves no cell.
#[derive(Debug, Clone)]
pub struct Plasma {
    exposure: Exposure,
    registers: Registers,
    rates: Vec<f64>,
    deaths: Vec<f64>,
    /// By assay: D of each type at the look before; nothing before the first.
    remembered: Vec<Vec<f64>>,
    /// Without drug, for the first look.
    undrugged: Exposure,
}

impl Plasma {
    /// On day 0, before the first dose.
    ///
    /// # Errors
    /// As [`Exposure::new`].
    pub fn new(compiled: &Compiled, parameters: &[f64]) -> Result<Plasma, Failure> {
        let exposure = Exposure::new(compiled, parameters, 0.0)?;
        Ok(Plasma {
            undrugged: exposure.clone(),
            exposure,
            registers: compiled.registers(parameters),
            rates: vec![0.0; compiled.layout.len()],
            deaths: vec![0.0; compiled.types()],
            remembered: Vec::new(),
        })
    }

    /// Follows `regimen` from the last look on.
    pub fn follow(&mut self, regimen: &Regimen) {
        self.exposure.follow(regimen);
    }

    /// As [`Exposure::prepare_to_scale`]; before [`follow`](Self::follow).
    pub fn prepare_to_scale(&mut self) {
        self.exposure.prepare_to_scale();
    }

    /// As [`Exposure::scale_doses`], from the last look on.
    pub fn scale_doses(&mut self, drug: usize, scale: f64) {
        self.exposure.scale_doses(drug, scale);
    }

    /// Deaths a day of all cells of each type, as the plasma remembers them, for each assay. The first look is on day 0, the
    /// others in order of time; the assays are the same each time.
    ///
    /// # Errors
    /// A rate that cannot be is the [`Failure`] that names it.
    pub fn look(
        &mut self,
        compiled: &Compiled,
        assays: &[&Assay],
        time: f64,
        by_type: &[f64],
        levels: &[f64],
    ) -> Result<Vec<Vec<f64>>, Failure> {
        compiled.set_counts(&mut self.registers, by_type);
        for (k, &level) in levels.iter().enumerate() {
            self.registers.set(Slot::Level(k), level);
        }
        if self.remembered.is_empty() {
            let undrugged = self.undrugged.clone();
            self.remembered = vec![self.at(compiled, &undrugged)?; assays.len()];
        } else {
            for (k, assay) in assays.iter().enumerate() {
                self.remembered[k] = self.carried(compiled, assay.elimination, time, k)?;
            }
        }
        self.exposure.advance(time);
        // Immune cells carry no tumour DNA.
        let of = |(k, (d, n)): (usize, (&f64, &f64))| if compiled.model.is_tumour(k) { d * n } else { 0.0 };
        let deaths = |rates: &Vec<f64>| rates.iter().zip(by_type).enumerate().map(of).collect();
        Ok(self.remembered.iter().map(deaths).collect())
    }

    /// D at `time` for assay `k`.
    fn carried(&mut self, compiled: &Compiled, elimination: f64, time: f64, k: usize) -> Result<Vec<f64>, Failure> {
        let mut ahead = self.exposure.clone();
        if !compiled.varying {
            return self.at(compiled, &ahead);
        }
        let half_life = std::f64::consts::LN_2 / elimination;
        let start = (time - REMEMBERED * half_life).max(ahead.time());
        let mut average = if start > ahead.time() {
            ahead.advance(start);
            self.at(compiled, &ahead)?
        } else {
            self.remembered[k].clone()
        };
        let older = libm::exp(-elimination * (time - start));
        average.iter_mut().for_each(|d| *d *= older);
        while ahead.time() < time {
            let from = ahead.time();
            let mut to = ahead.next_event().min(time);
            let stretches = libm::ceil((to - from) / (STRETCH * half_life));
            if stretches > 1.0 {
                to = from + (to - from) / stretches;
            }
            let u = |s: f64| libm::exp(-elimination * (time - s));
            let (a, z) = (u(from), u(to));
            if ahead.is_constant() && !compiled.uses_time {
                let rate = self.at(compiled, &ahead)?;
                average.iter_mut().zip(&rate).for_each(|(d, r)| *d += (z - a) * r);
            } else {
                let nodes = NODES.map(|(node, weight)| {
                    let s = from + (to - from) * node;
                    (s, weight * u(s))
                });
                let scale = (z - a) / nodes.iter().map(|n| n.1).sum::<f64>();
                for (s, weight) in nodes {
                    ahead.drift((s - ahead.time()).max(0.0));
                    let rate = self.at(compiled, &ahead)?;
                    average.iter_mut().zip(&rate).for_each(|(d, r)| *d += scale * weight * r);
                }
            }
            // Doses are given at the end of the stretch, and no sooner.
            ahead.advance(to);
        }
        Ok(average)
    }

    /// Death rate of each type under an exposure.
    fn at(&mut self, compiled: &Compiled, exposure: &Exposure) -> Result<Vec<f64>, Failure> {
        set_exposure(compiled, &mut self.registers, exposure, exposure.time());
        compiled.rates(&mut self.registers, Depends::Exposure, &mut self.rates)?;
        compiled.death_rates(&self.registers, &mut self.deaths);
        Ok(self.deaths.clone())
    }
}
