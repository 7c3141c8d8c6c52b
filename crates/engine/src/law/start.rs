//! What is there when treatment begins, as a law: typed in, or grown from a few cells to a size.
//!
//! Growth without drug has constant rates. Conditioned on reaching a large size N, cells of the founding type f number
//!     x(s) = X e^(-lambda s)
//! s days before treatment, lambda being the growth rate of the tumour, and everything that leaves them (by switching or by
//! mutation) begins excursions at the times of a Poisson process of rate x(s) times the rate of leaving: the large-size
//! limit (Iwasa, Nowak & Michor 2006, Genetics 172:2557; Kessler & Levine 2013, PNAS 110:11682; Cheek & Antal 2018, Ann.
//! Appl. Probab. 28:3922). An excursion that comes back to type f ends, since x(s) counts it. So
//!     ln E(product of (1 - e)) = X ln(1 - e_f) - Int_0^G x(s) sum_j r_fj e_j(s) ds,
//! with e_j(s) the value of one cell of type j that still has s days to grow before treatment begins with the values e, f
//! absorbing, and G the time at which x(G) is the number of cells that the tumour grew from; X is such that all cells that have
//! not mutated together are N on average.
//!
//! The limit replaces a random path by its mean. How far that may be off has a bound where the founding type is the only one
//! that grows unmutated and nothing leads back to it ([`super::bound`]); where it switches before treatment there is an estimate:
//! what b / lambda cells found in 1 / lambda days, since the mean is right until about b / lambda cells are left. That mutated
//! cells are part of N is left out of both: [`Founders::mutated`] is their share (where none is there, it is right).

use super::bound::Growing;
use super::equations::{Equations, Kind, Link, Rate, Solver};
use super::scalar::Scalar;
use crate::before::{LONGEST, amount, over_parameters};
use crate::compiled::Compiled;
use crate::exposure::Exposure;
use crate::failure::Failure;
use crate::matrix::product;
use crate::window::set_exposure;
use remission_model::program::Depends;
use remission_model::resolved::Start;

/// Largest share of a grown tumour that mutated cells may be on average; above it the limit is no answer.
pub const MOST_MUTATED: f64 = 0.05;
const TOLERANCE: f64 = 1e-12;

/// How far ln P may be off by the founder law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Off {
    /// At most so far, for every probability; infinite where there is no bound.
    AtMost(f64),
    /// About so far.
    About(f64),
}

impl Off {
    /// The number, bound or not.
    pub fn value(self) -> f64 {
        match self {
            Off::AtMost(x) | Off::About(x) => x,
        }
    }
}

/// What is there when treatment begins.
#[derive(Debug, Clone)]
pub enum Beginning {
    /// (type, cells) as typed in; a fraction of a cell is a whole cell with that probability.
    Given(Vec<(usize, f64)>),
    /// The founder law of a tumour grown to a size.
    Grown(Founders),
}

/// The founder law of a grown tumour.
#[derive(Debug, Clone)]
pub struct Founders {
    /// Founding type.
    pub founder: usize,
    /// Cells of the founding type when treatment begins.
    pub cells: f64,
    /// Growth rate of the tumour, a day.
    pub growth: f64,
    /// Cells that the tumour grows from.
    pub from: f64,
    /// Days from these to treatment along the mean.
    pub days: f64,
    /// Expected share of cells that descend from a mutation.
    pub mutated: f64,
    /// Rates without drug, then `growth`.
    rates: Vec<f64>,
}

/// A system of equations before treatment: two kinds more, the path of the founding type and what leaves it.
pub struct Before {
    equations: Equations,
    founder: usize,
}

impl Beginning {
    /// The start of treatment of a patient with these parameters.
    ///
    /// # Errors
    /// A size that is impossible, a tumour that does not grow, or one in which mutated cells are more than
    /// [`MOST_MUTATED`].
    pub fn new(compiled: &Compiled, parameters: &[f64]) -> Result<Beginning, Failure> {
        match &compiled.model.start {
            Start::Given(parts) => {
                let mut given = Vec::new();
                for (t, cells) in parts {
                    amount(compiled, parameters, &compiled.model.cells[*t].name, cells)?;
                    given.push((*t, over_parameters(compiled, parameters, cells).max(0.0)));
                }
                Ok(Beginning::Given(given))
            }
            Start::Grown { founder, from, until } => {
                let size = amount(compiled, parameters, "before_treatment", until)? as f64;
                let from = *from as f64;
                if size <= from {
                    // Nothing has to grow.
                    return Ok(Beginning::Given(vec![(*founder, from)]));
                }
                Founders::new(compiled, parameters, *founder, from, size).map(Beginning::Grown)
            }
        }
    }

    /// ln of the probability that nothing at the start leaves what the values `e` (those of the system on day 0) count.
    /// `kind` is that of the cells which were there first, `arrivals` the kind that adds up arrivals.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn ln_none<T: Scalar>(
        &self,
        before: &Before,
        kind: impl Fn(usize) -> usize,
        arrivals: &[usize],
        e: &[T],
    ) -> Result<T, Failure> {
        let mut sum = T::default();
        match self {
            Beginning::Given(parts) => {
                for &(t, cells) in parts {
                    let (whole, one) = (libm::floor(cells), e[kind(t)]);
                    if whole > 0.0 {
                        sum += one.ln_without().times(whole);
                    }
                    if cells > whole {
                        sum += one.times(cells - whole).ln_without();
                    }
                }
            }
            Beginning::Grown(founders) => {
                sum = e[before.founder].ln_without().times(founders.cells) - founders.left(before, e)?;
            }
        }
        for &k in arrivals {
            sum = sum - e[k];
        }
        Ok(sum)
    }

    /// Expected value of everything at the start, for values that add up over cells; arrivals are not in it.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn expected(&self, before: &Before, kind: impl Fn(usize) -> usize, e: &[f64]) -> Result<f64, Failure> {
        match self {
            Beginning::Given(parts) => Ok(parts.iter().map(|&(t, cells)| cells * e[kind(t)]).sum()),
            Beginning::Grown(founders) => Ok(founders.cells * e[before.founder] + founders.left(before, e)?),
        }
    }
}

impl Before {
    /// From the system as it is before treatment; `founder` is the kind of the founding cells in it.
    pub fn new(compiled: &Compiled, equations: &Equations, founder: usize) -> Before {
        let mut equations = equations.clone();
        let n = equations.len();
        let links: Vec<Link> = equations.kinds[founder].links.iter().map(|l| Link { beside: false, ..*l }).collect();
        // Coming back is no news: the path of the founding type has counted it.
        equations.kinds[founder] = Kind::default();
        equations.kinds.push(Kind { own: vec![(compiled.layout.len(), -1.0)], ..Kind::default() });
        equations.kinds.push(Kind { links, along: Some(n), ..Kind::default() });
        Before { equations, founder }
    }
}

impl Founders {
    fn new(compiled: &Compiled, parameters: &[f64], founder: usize, from: f64, size: f64) -> Result<Founders, Failure> {
        let mut registers = compiled.registers(parameters);
        let exposure = Exposure::new(compiled, parameters, 0.0)?;
        let mut rates = vec![0.0; compiled.layout.len()];
        set_exposure(compiled, &mut registers, &exposure, 0.0);
        compiled.rates(&mut registers, Depends::Exposure, &mut rates)?;
        let growth = growth(compiled, &rates, founder);
        if growth <= 0.0 {
            let why = "without drug its cells do not outgrow their losses".to_string();
            return Err(Failure::NeverDetected { until: size, why });
        }
        rates.push(growth);
        let days = libm::log(size / from) / growth;
        if days > LONGEST {
            let why = format!(
                "it would need more than {:.0} years, since births hardly exceed losses without drug",
                LONGEST / 365.25
            );
            return Err(Failure::NeverDetected { until: size, why });
        }
        let mut founders = Founders { founder, cells: size, growth, from, days, mutated: 0.0, rates };
        // Expected cells for one of the founding type: all others, and those behind a mutation.
        let all = founders.others(compiled, false)?;
        let mutated = founders.others(compiled, true)?;
        founders.mutated = mutated / (1.0 + all);
        founders.cells = size / (1.0 + (all - mutated).max(0.0));
        founders.days = libm::log((founders.cells / from).max(1.0)) / growth;
        if founders.mutated > MOST_MUTATED {
            let why = format!(
                "mutated cells would be {:.0} % of the {size:.3e} cells at the start on average, and the founder law holds for small \
                 shares only (up to {:.0} %)",
                100.0 * founders.mutated.min(1.0),
                100.0 * MOST_MUTATED
            );
            return Err(Failure::NoLaw { why });
        }
        Ok(founders)
    }

    /// Rates without drug, then the growth rate.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// Expected cells that are not of the founding type for one that is; of these only those behind a mutation.
    fn others(&self, compiled: &Compiled, mutated: bool) -> Result<f64, Failure> {
        let n = compiled.types();
        let layout = compiled.layout;
        // Kinds n and up are cells behind a mutation.
        let mut kinds = Vec::new();
        for first in [0, n] {
            for i in 0..n {
                let mut kind = super::equations::clone_of(compiled, i, first, false);
                for (c, channel) in compiled.channels.iter().enumerate().filter(|(_, c)| c.from == i) {
                    kind.links.push(Link { to: n + channel.to, rate: Rate::at(layout.founding(c)), beside: false });
                }
                kinds.push(kind);
            }
        }
        let before = Before::new(compiled, &Equations { kinds }, self.founder);
        let mut e = vec![0.0; 2 * n];
        for i in 0..n {
            e[i] = f64::from(u8::from(!mutated && i != self.founder));
            e[n + i] = 1.0;
        }
        Ok(self.left(&before, &e)? / self.cells)
    }

    /// Integral of the path times what leaves it, valued by `e` when treatment begins.
    fn left<T: Scalar>(&self, before: &Before, e: &[T]) -> Result<T, Failure> {
        let (values, _) = self.excursions(before, e)?;
        Ok(values[values.len() - 1])
    }

    /// Values of the system at the beginning of the growth, path and integral last; and the coefficients.
    fn excursions<T: Scalar>(&self, before: &Before, e: &[T]) -> Result<(Vec<T>, Vec<f64>), Failure> {
        let equations = &before.equations;
        let mut y = e.to_vec();
        y[before.founder] = T::default();
        y.push(T::real(self.cells));
        y.push(T::default());
        let coefficients = equations.at(&self.rates);
        Solver::new(y.len(), TOLERANCE).carry(equations, &coefficients, &mut y, self.days)?;
        let rates = equations.kinds[y.len() - 1].links.iter().map(|l| self.rates[l.rate.plus]).collect();
        Ok((y, rates))
    }

    /// How far ln P may be off, since the path of the tumour is random. The bound holds for every probability; the estimate is
    /// that of the probability whose values when treatment begins are `e`.
    ///
    /// # Errors
    /// Rates that are too fast.
    pub fn off(&self, compiled: &Compiled, before: &Before, e: &[f64]) -> Result<Off, Failure> {
        if let Some(growing) = self.alone(compiled) {
            return Ok(Off::AtMost(growing.bound()));
        }
        let birth = self.rates[compiled.layout.birth(self.founder)];
        let (values, rates) = self.excursions(before, e)?;
        let links = &before.equations.kinds[values.len() - 1].links;
        let founded: f64 = links.iter().zip(rates).map(|(l, r)| r * values[l.to].abs()).sum();
        Ok(Off::About(birth / self.growth * founded / self.growth))
    }

    /// The growth of the founding type, where it does not switch and nothing leads back to it.
    fn alone(&self, compiled: &Compiled) -> Option<Growing> {
        let (layout, f) = (compiled.layout, self.founder);
        let a = flows(compiled, &self.rates);
        let n = compiled.types();
        let back = reached(&a, n, f, false);
        let switches = compiled.switches().iter().enumerate();
        if switches.filter(|(_, s)| s.0 == f).any(|(k, _)| self.rates[layout.switch(k)] > 0.0)
            || (0..n).any(|i| i != f && back[i] && reached(&a, n, f, true)[i])
        {
            return None;
        }
        let mutations = |beside: bool| -> f64 {
            let own = compiled.channels.iter().enumerate().filter(|(_, c)| c.from == f && c.per_division == beside);
            own.map(|(c, _)| self.rates[layout.founding(c)]).sum()
        };
        let (birth, loss) = (self.rates[layout.birth(f)], self.rates[layout.death(f)]);
        let (beside, turned) = (mutations(true), mutations(false));
        Some(Growing { cells: self.cells, from: self.from, birth, loss, beside, turned })
    }
}

/// The mean equations without drug: how fast a cell of one type (row) makes cells of another (column).
fn flows(compiled: &Compiled, rates: &[f64]) -> Vec<f64> {
    let n = compiled.types();
    let layout = compiled.layout;
    let mut a = vec![0.0; n * n];
    for i in 0..n {
        a[i * n + i] = rates[layout.birth(i)] - rates[layout.death(i)];
    }
    for (s, &(from, to)) in compiled.switches().iter().enumerate() {
        a[from * n + from] -= rates[layout.switch(s)];
        a[from * n + to] += rates[layout.switch(s)];
    }
    for (c, channel) in compiled.channels.iter().enumerate() {
        a[channel.from * n + channel.to] += rates[layout.founding(c)];
    }
    a
}

/// Types that `first` leads to, or (`forth` false) that lead to it; itself among them.
fn reached(a: &[f64], n: usize, first: usize, forth: bool) -> Vec<bool> {
    let mut seen = vec![false; n];
    seen[first] = true;
    for _ in 0..n {
        for i in 0..n {
            for j in 0..n {
                let (from, to) = if forth { (i, j) } else { (j, i) };
                if seen[i] && i != j && a[from * n + to] > 0.0 {
                    seen[j] = true;
                }
            }
        }
    }
    seen
}

/// Growth rate of the types that the founding type reaches and that lead back to it.
fn growth(compiled: &Compiled, rates: &[f64], founder: usize) -> f64 {
    let n = compiled.types();
    let a = flows(compiled, rates);
    let (forth, back) = (reached(&a, n, founder, true), reached(&a, n, founder, false));
    let class: Vec<usize> = (0..n).filter(|&i| forth[i] && back[i]).collect();
    let m = class.len();
    if m == 1 {
        return a[founder * n + founder];
    }
    // The largest eigenvalue of a matrix that is made non-negative by a shift, by squaring: (A + shift)^(2^60).
    let shift = class.iter().map(|&i| (-a[i * n + i]).max(0.0)).fold(0.0, f64::max) + 1e-3;
    let mut own = vec![0.0; m * m];
    for (p, &i) in class.iter().enumerate() {
        for (q, &j) in class.iter().enumerate() {
            own[p * m + q] = a[i * n + j] + if p == q { shift } else { 0.0 };
        }
    }
    let mut power = own.clone();
    for _ in 0..60 {
        let largest = power.iter().fold(0.0f64, |x, y| x.max(y.abs()));
        power.iter_mut().for_each(|x| *x /= largest);
        power = product(&power, &power, m);
    }
    let right: Vec<f64> = (0..m).map(|p| power[p * m..(p + 1) * m].iter().sum()).collect();
    let after: Vec<f64> = (0..m).map(|p| (0..m).map(|q| own[p * m + q] * right[q]).sum()).collect();
    after.iter().sum::<f64>() / right.iter().sum::<f64>() - shift
}
