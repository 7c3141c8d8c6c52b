//! Net rates, deaths and dose curves of one cell line from signals over time at several doses.
//!
//! [`net_rate`] is the slope of ln(signal) on time in a window. [`death_rate`] reads death from the share of dead
//! cells: living cells grow as N = e^(g t), die at rate a into dead cells that stay, so that the dead are
//! `100 a (e^(g t) - 1) / ((g + a) e^(g t) - a)` per cent at t (no dead at 0); birth is then g + a. [`dose_curve`]
//! is `floor + range e^(-C / scale)`. The procedure is that of the ACESO package
//! (<https://github.com/Michorlab/ACESO>), of which `catalogue/pc9-erlotinib/notes.md` tells the steps. Left out:
//! loss of dead cells, and any delay between drug and effect (for that see [`crate::delayed`]).
//!
//! The assay `growth` is built on them: [`read`] (the table), [`windows`] (where windows disagree), [`dose`] (dose
//! curves with profile intervals), [`posterior`] (the same by
//! draws), [`survivors`] (plateau against regrowth), [`assay`] (the answer).

pub mod assay;
mod dead;
mod disagree;
pub mod dose;
#[cfg(feature = "gradient")]
mod drawn;
mod figures;
pub mod late_kill;
pub mod posterior;
pub mod read;
pub mod survivors;
mod survivors_told;
pub mod windows;

use crate::failure::{FitFailure, above_zero};
use crate::least_squares::{Convergence, Fit, Search, line, minimise};
use crate::table::{Reading, concentrations};

/// A rate with its standard error.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    /// Concentration it holds at, unit of the table.
    pub concentration: f64,
    /// The rate, per hour.
    pub per_hour: f64,
    /// Its standard error, per hour; infinite with no degree of freedom.
    pub standard_error: f64,
    /// Residual sum of squares: of ln(signal) for net rates, of percentages for deaths.
    pub sum_of_squares: f64,
    /// Readings less free values.
    pub degrees_of_freedom: usize,
    /// How the search went; none where the estimate is a closed form.
    pub convergence: Option<Convergence>,
}

impl Rate {
    /// A rate taken as known, without error.
    pub fn known(concentration: f64, per_hour: f64) -> Rate {
        let (standard_error, sum_of_squares, degrees_of_freedom, convergence) = (0.0, 0.0, 0, None);
        Rate { concentration, per_hour, standard_error, sum_of_squares, degrees_of_freedom, convergence }
    }
}

/// Net rate (birth less death) of `cell_type` at `concentration` between `from` and `until` hours, both included:
/// the least-squares slope of ln(signal) on time.
///
/// Readings at 0 h, when the drug is added, belong to every concentration: where a concentration has none of its
/// own, those written with concentration 0 are taken. Errs when the window holds fewer than two times.
///
/// ```
/// use remission_infer::{growth::net_rate, table};
/// let text = "cell_type,concentration_uM,time_h,replicate,viable_signal\na,0,0,1,1\na,5,24,1,2\na,5,48,1,4\n";
/// let readings = table::read(text, &table::Columns::default()).unwrap();
/// let doubling = 2f64.ln() / net_rate(&readings, "a", 5.0, 0.0, 48.0).unwrap().per_hour;
/// assert!((doubling - 24.0).abs() < 1e-12);
/// assert!(net_rate(&readings, "a", 5.0, 40.0, 48.0).unwrap_err().to_string().contains("5, 40-48 h: 1 of the 2 readings"));
/// ```
pub fn net_rate(
    readings: &[Reading],
    cell_type: &str,
    concentration: f64,
    from: f64,
    until: f64,
) -> Result<Rate, FitFailure> {
    let chosen = window(readings, cell_type, concentration, from, until);
    let times: Vec<f64> = chosen.iter().map(|r| r.time).collect();
    let logs: Vec<f64> = chosen.iter().map(|r| libm::log(r.signal)).collect();
    let line = line(&name("net rate", cell_type, concentration, from, until), &times, &logs)?;
    Ok(Rate {
        concentration,
        per_hour: line.slope,
        standard_error: line.slope_error,
        sum_of_squares: line.sum_of_squares,
        degrees_of_freedom: line.degrees_of_freedom,
        convergence: None,
    })
}

/// [`net_rate`] at every concentration at which `cell_type` was read, ascending.
///
/// ```
/// use remission_infer::{growth::net_rates, table};
/// let text = "cell_type,concentration_uM,time_h,replicate,viable_signal\na,0,0,1,1\na,0,24,1,2\na,5,24,1,1\n";
/// let readings = table::read(text, &table::Columns::default()).unwrap();
/// let rates = net_rates(&readings, "a", 0.0, 24.0).unwrap();
/// assert_eq!((rates[1].concentration, rates[1].per_hour), (5.0, 0.0));
/// ```
pub fn net_rates(readings: &[Reading], cell_type: &str, from: f64, until: f64) -> Result<Vec<Rate>, FitFailure> {
    let doses = concentrations(readings, cell_type);
    doses.into_iter().map(|c| net_rate(readings, cell_type, c, from, until)).collect()
}

/// Percentage of dead cells `time` hours after there were none, at a net rate and a death rate per hour.
///
/// ```
/// use remission_infer::growth::dead_percent;
/// assert!((dead_percent(0.03, 0.005, 48.0) - 11.28).abs() < 0.01);
/// assert!((dead_percent(0.0, 0.005, 48.0) - dead_percent(1e-9, 0.005, 48.0)).abs() < 1e-6);
/// ```
pub fn dead_percent(net: f64, death: f64, time: f64) -> f64 {
    // Dead per living cell: the law divided through by g e^(g t), so that g = 0 is no exception.
    let per_living = death * if net == 0.0 { time } else { -libm::expm1(-net * time) / net };
    100.0 * per_living / (1.0 + per_living)
}

/// Death of `cell_type` at one concentration between `from` and `until` hours, from percentages of dead cells and
/// the net rate there: least squares in per cent on [`dead_percent`], started at 0.005 per hour.
///
/// Its standard error takes the net rate as known. Errs without readings in the window.
///
/// ```
/// use remission_infer::{growth, table};
/// let text = "cell_type,concentration_uM,time_h,replicate,dead\na,0,48,1,11.0\na,0,48,2,11.566\n";
/// let columns = table::Columns { signal: "dead", allowed: table::Signal::Percent, ..Default::default() };
/// let dead = table::read(text, &columns).unwrap();
/// let net = growth::Rate::known(0.0, 0.03);
/// assert!((growth::death_rate(&dead, "a", &net, 48.0, 72.0).unwrap().per_hour - 0.005).abs() < 1e-5);
/// ```
pub fn death_rate(dead: &[Reading], cell_type: &str, net: &Rate, from: f64, until: f64) -> Result<Rate, FitFailure> {
    const START: f64 = 0.005;
    let chosen = window(dead, cell_type, net.concentration, from, until);
    if chosen.is_empty() {
        let what = name("death", cell_type, net.concentration, from, until);
        return Err(FitFailure::TooFew { what, found: 0, needed: 1 });
    }
    let residuals = |x: &[f64], r: &mut [f64]| {
        for (out, seen) in r.iter_mut().zip(&chosen) {
            *out = dead_percent(net.per_hour, START * x[0], seen.time) - seen.signal;
        }
    };
    let fit = minimise(residuals, chosen.len(), &[1.0], &Search::default())?;
    Ok(Rate {
        concentration: net.concentration,
        per_hour: START * fit.estimate[0],
        standard_error: START * fit.standard_error[0],
        sum_of_squares: fit.sum_of_squares,
        degrees_of_freedom: fit.degrees_of_freedom,
        convergence: Some(fit.convergence),
    })
}

/// Birth and death at one concentration, per hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turnover {
    /// Concentration, unit of the table.
    pub concentration: f64,
    /// Birth, 0 or more.
    pub birth: f64,
    /// Death.
    pub death: f64,
}

/// Births and deaths of a line over its doses, and by how much per hour both were lifted.
///
/// Birth is net rate plus death. Where the smallest birth of the line would be negative its size is added to every
/// birth and death of the line, which leaves each net rate as it was. Errs when the two lists are not of one length.
///
/// ```
/// use remission_infer::growth::{Rate, turnover};
/// let (at_doses, lifted) = turnover(&[Rate::known(1.0, -0.003)], &[Rate::known(1.0, 0.002)]).unwrap();
/// assert!((lifted - 0.001).abs() < 1e-15 && (at_doses[0].death - 0.003).abs() < 1e-15 && at_doses[0].birth == 0.0);
/// ```
pub fn turnover(net: &[Rate], death: &[Rate]) -> Result<(Vec<Turnover>, f64), FitFailure> {
    if net.len() != death.len() {
        let what = "net rates and deaths of a line".to_string();
        return Err(FitFailure::Lengths { what, found: (net.len(), death.len()) });
    }
    let smallest = net.iter().zip(death).map(|(g, a)| g.per_hour + a.per_hour).fold(f64::INFINITY, f64::min);
    let lifted = f64::max(-smallest, 0.0);
    let at = |(g, a): (&Rate, &Rate)| {
        let death = a.per_hour + lifted;
        Turnover { concentration: g.concentration, birth: (g.per_hour + death).max(0.0), death }
    };
    Ok((net.iter().zip(death).map(at).collect(), lifted))
}

/// A rate that falls with the concentration C as `floor + range e^(-C / scale)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoseCurve {
    /// Rate under a very high concentration, per hour.
    pub floor: f64,
    /// What the drug can take away, per hour.
    pub range: f64,
    /// Concentration at which 1/e of the range is left, unit of the table.
    pub scale: f64,
}

impl DoseCurve {
    /// The rate at a concentration, per hour.
    ///
    /// ```
    /// let curve = remission_infer::growth::DoseCurve { floor: 0.002, range: 0.034, scale: 0.4 };
    /// assert!((curve.at(0.0) - 0.036).abs() < 1e-15);
    /// ```
    pub fn at(&self, concentration: f64) -> f64 {
        self.floor + self.range * libm::exp(-concentration / self.scale)
    }
}

/// A dose curve with its errors.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseCurveFit {
    /// The estimate.
    pub curve: DoseCurve,
    /// Standard error of each of its values.
    pub standard_error: DoseCurve,
    /// Residuals and convergence; its estimates are multiples of the starting values.
    pub fit: Fit,
}

/// Least squares with equal weights of `rates` on an exponential curve, from `start` (three positive values).
///
/// Errs with fewer than three points, with lengths that differ, or a starting value that is not above zero.
///
/// ```
/// use remission_infer::growth::{DoseCurve, dose_curve};
/// let truth = DoseCurve { floor: 0.002, range: 0.034, scale: 0.4 };
/// let doses = [0.0, 0.3, 1.0, 3.0];
/// let found = dose_curve(&doses, &doses.map(|c| truth.at(c)), &DoseCurve { floor: 0.001, range: 0.05, scale: 1.0 }).unwrap();
/// assert!((found.curve.scale - 0.4).abs() < 1e-6);
/// ```
pub fn dose_curve(doses: &[f64], rates: &[f64], start: &DoseCurve) -> Result<DoseCurveFit, FitFailure> {
    if doses.len() != rates.len() {
        let what = "doses and rates of a curve".to_string();
        return Err(FitFailure::Lengths { what, found: (doses.len(), rates.len()) });
    }
    above_zero("floor at the start", start.floor)?;
    above_zero("range at the start", start.range)?;
    above_zero("scale at the start", start.scale)?;
    let times =
        |x: &[f64]| DoseCurve { floor: start.floor * x[0], range: start.range * x[1], scale: start.scale * x[2] };
    let residuals = |x: &[f64], r: &mut [f64]| {
        let curve = times(x);
        for k in 0..r.len() {
            // A scale that is not positive is no curve: the step is refused.
            r[k] = if curve.scale > 0.0 { (curve.at(doses[k]) - rates[k]) / start.range } else { f64::NAN };
        }
    };
    let mut fit = minimise(residuals, doses.len(), &[1.0; 3], &Search::default())?;
    fit.residuals.iter_mut().for_each(|r| *r *= start.range);
    fit.sum_of_squares *= start.range * start.range;
    Ok(DoseCurveFit { curve: times(&fit.estimate), standard_error: times(&fit.standard_error), fit })
}

pub(crate) fn window<'a>(
    readings: &'a [Reading],
    cell_type: &str,
    concentration: f64,
    from: f64,
    until: f64,
) -> Vec<&'a Reading> {
    let of_line = |r: &&Reading| r.cell_type == cell_type && from <= r.time && r.time <= until;
    let own_start = readings.iter().filter(of_line).any(|r| r.time == 0.0 && r.concentration == concentration);
    let common = |r: &Reading| !own_start && r.time == 0.0 && r.concentration == 0.0;
    readings.iter().filter(of_line).filter(|r| r.concentration == concentration || common(r)).collect()
}

fn name(what: &str, cell_type: &str, concentration: f64, from: f64, until: f64) -> String {
    format!("{what} of `{cell_type}` at {concentration}, {from}-{until} h")
}
