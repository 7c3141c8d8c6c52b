//! What a visit sees of a tumour: the sum of lesion diameters, or a number of cells; and how likely a reading is. What it
//! sees at sites is in [`crate::lesions`], in blood in [`crate::ctdna`], in tissue in [`crate::sequencing`].
//!
//! A lesion is a sphere: with `n` cells at `rho` cells a litre its diameter is 100 (6 n / (pi rho))^(1/3) mm. A reader's
//! error multiplies each diameter by a log-normal factor with median 1. Sampling and density stand side by side
//! so that simulation and inference cannot drift apart.

use crate::ctdna::{Assay, Plasma};
use crate::lesions::{Lesions, recorded};
use crate::patient::mechanisms;
use crate::sequencing::Biopsy;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::draw;
use remission_engine::failure::Failure;
use remission_engine::stream::Stream;
use remission_model::resolved::{Measurement, MeasurementKind, Model, Regimen};

/// One column of readings. A measurement gives one or more; [`crate::outcome::Seen::readings`] is flat over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// As in tables.
    pub name: String,
    /// Unit of a reading.
    pub unit: &'static str,
    /// Index of the measurement in the model.
    pub measurement: usize,
}

/// Columns of readings of a model, in the order of its measurements.
///
/// ```
/// let text = std::fs::read_to_string("../../spec/cases/valid/logistic.toml").unwrap();
/// let model = remission_model::model_from_toml("logistic.toml", &text).unwrap();
/// let channels = remission_cohort::measure::channels(&model);
/// assert_eq!(channels.len(), model.measurements.len());
/// ```
pub fn channels(model: &Model) -> Vec<Channel> {
    let mut all = Vec::new();
    for (k, m) in model.measurements.iter().enumerate() {
        let mut put = |name: String, unit| all.push(Channel { name, unit, measurement: k });
        match &m.kind {
            MeasurementKind::SumOfDiameters { by_site, .. } => {
                put(m.name.clone(), "mm");
                let sites = by_site.iter().flat_map(|_| &model.sites);
                sites.for_each(|site| put(format!("{}_{}", m.name, site.name), "mm"));
            }
            MeasurementKind::CellCount { .. } => put(m.name.clone(), "cells"),
            // Shares of mutant reads are plain numbers.
            MeasurementKind::Ctdna(_) => {
                put(m.name.clone(), "1");
                put(format!("{}_ge", m.name), "GE/mL");
                mechanisms(model).iter().for_each(|mechanism| put(format!("{}_{mechanism}", m.name), "1"));
            }
            MeasurementKind::Sequencing(_) => {
                put(m.name.clone(), "1");
                mechanisms(model).iter().for_each(|mechanism| put(format!("{}_{mechanism}", m.name), "1"));
            }
        }
    }
    all
}

/// First column of a measurement.
pub fn first_channel(model: &Model, measurement: usize) -> usize {
    channels(model).iter().position(|c| c.measurement == measurement).unwrap_or(measurement)
}

/// What looks at one patient in one arm: meters of the number of cells and assays of the blood, in the order of the measurements.
#[derive(Debug, Clone)]
pub struct Instruments {
    all: Vec<Instrument>,
    /// None where nothing looks at blood.
    plasma: Option<Plasma>,
}

#[derive(Debug, Clone)]
enum Instrument {
    Meter(Meter),
    Lesions(Box<Lesions>),
    Assay(Box<Assay>),
    Biopsy(Box<Biopsy>),
}

/// The streams that measurements draw from: one for meters, and one for each measurement that is an assay of blood or of tissue
/// (see [`crate::ctdna::streams`]).
pub struct ReadingStreams {
    /// Of meters.
    pub meters: Stream,
    /// By measurement.
    pub blood: Vec<Stream>,
}

impl Instruments {
    /// For a patient with these parameters, before the first dose.
    ///
    /// # Errors
    /// A [`Failure`] where a value of this patient is impossible.
    pub fn new(compiled: &Compiled, parameters: &[f64]) -> Result<Instruments, Failure> {
        let one = |m: &Measurement| match (&m.kind, Meter::new(compiled, parameters, m)) {
            (kind @ MeasurementKind::SumOfDiameters { .. }, None) => {
                Ok(Lesions::new(compiled, parameters, kind).map(|l| Instrument::Lesions(Box::new(l))))
            }
            (_, Some(meter)) => Ok(Some(Instrument::Meter(meter))),
            (MeasurementKind::Ctdna(c), None) => {
                Ok(Some(Instrument::Assay(Box::new(Assay::new(compiled, parameters, &m.name, c)?))))
            }
            (MeasurementKind::Sequencing(s), None) => {
                Ok(Some(Instrument::Biopsy(Box::new(Biopsy::new(compiled, parameters, &m.name, s)?))))
            }
            _ => Ok(None),
        };
        let all = compiled.model.measurements.iter().map(one).collect::<Result<Vec<_>, Failure>>()?;
        let all: Vec<Instrument> = all.into_iter().flatten().collect();
        let bleeds = all.iter().any(|i| matches!(i, Instrument::Assay(_)));
        let plasma = if bleeds { Some(Plasma::new(compiled, parameters)?) } else { None };
        Ok(Instruments { all, plasma })
    }

    /// Follows `regimen` from now on, as the tumour does.
    pub fn follow(&mut self, regimen: &Regimen) {
        if let Some(plasma) = &mut self.plasma {
            plasma.follow(regimen);
        }
    }

    /// As of the tumour, before [`follow`](Self::follow).
    pub fn prepare_to_scale(&mut self) {
        if let Some(plasma) = &mut self.plasma {
            plasma.prepare_to_scale();
        }
    }

    /// Multiplies doses from the last look on, as of the tumour.
    pub fn scale_doses(&mut self, drug: usize, scale: f64) {
        if let Some(plasma) = &mut self.plasma {
            plasma.scale_doses(drug, scale);
        }
    }

    /// One reading for each of [`channels`], of a tumour with `by_type` cells and these levels on day `time`.
    ///
    /// # Errors
    /// A [`Failure`] where a death rate cannot be.
    pub fn read(
        &mut self,
        compiled: &Compiled,
        time: f64,
        by_type: &[f64],
        levels: &[f64],
        streams: &mut ReadingStreams,
    ) -> Result<Vec<f64>, Failure> {
        let deaths = self.deaths(compiled, time, by_type, levels)?;
        let total = compiled.total(by_type);
        let mut deaths = deaths.iter();
        let mut readings = Vec::with_capacity(self.all.len());
        for (k, instrument) in self.all.iter().enumerate() {
            match instrument {
                Instrument::Meter(meter) => readings.push(meter.read(total, &mut streams.meters)),
                Instrument::Lesions(lesions) => lesions.read(by_type, &mut streams.meters, &mut readings),
                Instrument::Assay(assay) => {
                    if let (Some(deaths), Some(blood)) = (deaths.next(), streams.blood.get_mut(k)) {
                        assay.read(deaths, blood, &mut readings);
                    }
                }
                Instrument::Biopsy(biopsy) => {
                    if let Some(own) = streams.blood.get_mut(k) {
                        biopsy.read(by_type, own, &mut readings);
                    }
                }
            }
        }
        Ok(readings)
    }
}

/// What a clinic wrote of one channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reported {
    /// A number; 0 as the model's own readings have it: gone, not detected.
    Value(f64),
    /// Below this limit.
    Below(f64),
}

impl Instruments {
    /// Deaths a day of all cells of each type, as plasma remembers them, for each assay of blood, at a look on day `time`. Looks come in
    /// the order of time, the first on day 0. Where cells do not act on each other, those of one cell of each type serve all tumours.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn deaths(
        &mut self,
        compiled: &Compiled,
        time: f64,
        by_type: &[f64],
        levels: &[f64],
    ) -> Result<Vec<Vec<f64>>, Failure> {
        let assays: Vec<&Assay> = self.all.iter().filter_map(Instrument::assay).collect();
        match &mut self.plasma {
            Some(plasma) => plasma.look(compiled, &assays, time, by_type, levels),
            None => Ok(Vec::new()),
        }
    }

    /// Logarithm of the density (of the probability, where nothing is seen) of what was reported in `channel`, one of [`channels`],
    /// given all cells and [`deaths`](Self::deaths). Shares of mutant reads as
    /// [`Assay::log_density_of_share`]; a channel that is not there has minus infinity.
    pub fn log_density(&self, channel: usize, reported: Reported, total: f64, deaths: &[Vec<f64>]) -> f64 {
        let (mut first, mut blood) = (0, 0);
        for instrument in &self.all {
            match instrument {
                Instrument::Meter(meter) if channel == first => {
                    return match reported {
                        Reported::Value(reading) => meter.log_density(reading, total),
                        Reported::Below(limit) => meter.log_below(limit, total),
                    };
                }
                Instrument::Meter(_) => first += 1,
                Instrument::Assay(assay) => {
                    let width = 2 + assay.carriers.len();
                    if (first..first + width).contains(&channel)
                        && let Some(deaths) = deaths.get(blood)
                    {
                        return assay.log_density_of_channel(channel - first, reported, deaths);
                    }
                    first += width;
                    blood += 1;
                }
                Instrument::Biopsy(_) | Instrument::Lesions(_) => first += instrument.width(),
            }
        }
        f64::NEG_INFINITY
    }

    /// Whether a report in `channel` is of blood, and goes by deaths of cells.
    pub fn is_of_blood(&self, channel: usize) -> bool {
        let mut first = 0;
        for instrument in &self.all {
            first += instrument.width();
            if channel < first {
                return instrument.assay().is_some();
            }
        }
        false
    }

    /// Nothing makes a report in `channel` likelier than this: logarithm of a density, or 0 where it is a probability.
    pub fn log_density_at_most(&self, channel: usize, reported: Reported) -> f64 {
        let Reported::Value(reading) = reported else { return 0.0 };
        if reading <= 0.0 {
            return 0.0;
        }
        let mut first = 0;
        for instrument in &self.all {
            match instrument {
                Instrument::Meter(meter) if channel == first => return meter.log_density_at_most(reading),
                Instrument::Meter(_) => first += 1,
                Instrument::Assay(assay) => {
                    let width = 2 + assay.carriers.len();
                    if (first..first + width).contains(&channel) {
                        return assay.log_density_at_most(channel - first, reading);
                    }
                    first += width;
                }
                Instrument::Biopsy(_) | Instrument::Lesions(_) => first += instrument.width(),
            }
        }
        f64::NEG_INFINITY
    }
}

impl Instrument {
    fn assay(&self) -> Option<&Assay> {
        match self {
            Instrument::Assay(assay) => Some(assay),
            Instrument::Meter(_) | Instrument::Biopsy(_) | Instrument::Lesions(_) => None,
        }
    }

    /// Columns that it gives.
    fn width(&self) -> usize {
        match self {
            Instrument::Meter(_) => 1,
            Instrument::Lesions(lesions) => lesions.width(),
            Instrument::Assay(assay) => 2 + assay.carriers.len(),
            Instrument::Biopsy(biopsy) => 1 + biopsy.carriers.len(),
        }
    }
}

/// A measurement of the number of cells made ready for one patient.
#[derive(Debug, Clone, PartialEq)]
pub enum Meter {
    /// Sum of diameters, mm.
    Diameters {
        /// Share of the tumour in each lesion.
        shares: Vec<f64>,
        /// Cells per litre.
        density: f64,
        /// Standard deviation of the logarithm of one reading.
        error: f64,
        /// Readings below are recorded as this, mm; below half of it as 0.
        too_small: f64,
        /// Sum of diameters of a tumour of one cell, mm: that of n cells is larger by the cube root of n.
        one: f64,
        /// Standard deviation of the logarithm of the sum: lesions keep their shares, so it does not move with the number of cells.
        spread: f64,
    },
    /// Number of cells.
    Cells {
        /// Standard deviation of the logarithm of a reading.
        error: f64,
        /// Readings below are recorded as 0.
        limit: f64,
    },
}

impl Meter {
    /// The measurement for a patient with these parameters; `None` where it is not one of the number of all cells.
    pub fn new(compiled: &Compiled, parameters: &[f64], measurement: &Measurement) -> Option<Meter> {
        match &measurement.kind {
            MeasurementKind::SumOfDiameters { by_site: Some(_), .. } => None,
            MeasurementKind::SumOfDiameters { shares, cells_per_litre, reader_error, too_small, .. } => {
                let density = over_parameters(compiled, parameters, cells_per_litre);
                let roots: Vec<f64> = shares.iter().map(|s| libm::cbrt(*s)).collect();
                let sum: f64 = roots.iter().sum();
                Some(Meter::Diameters {
                    shares: shares.clone(),
                    density,
                    error: *reader_error,
                    too_small: *too_small,
                    one: diameter(1.0, density) * sum,
                    spread: reader_error * libm::sqrt(roots.iter().map(|d| d * d).sum::<f64>()) / sum.max(1e-300),
                })
            }
            MeasurementKind::CellCount { error, detection_limit } => {
                Some(Meter::Cells { error: *error, limit: *detection_limit })
            }
            MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_) => None,
        }
    }

    /// A reading of `total` cells without error: mm or cells.
    pub fn expected(&self, total: f64) -> f64 {
        match self {
            Meter::Diameters { shares, density, .. } => shares.iter().map(|s| diameter(total * s, *density)).sum(),
            Meter::Cells { .. } => total,
        }
    }

    /// One reading of `total` cells.
    pub fn read(&self, total: f64, stream: &mut Stream) -> f64 {
        match self {
            Meter::Diameters { shares, density, error, too_small, .. } => {
                shares.iter().map(|s| recorded(diameter(total * s, *density), *error, *too_small, stream)).sum()
            }
            Meter::Cells { error, limit } => {
                let reading = total * libm::exp(error * draw::normal(stream));
                if reading < *limit { 0.0 } else { reading }
            }
        }
    }

    /// Logarithm of the density (of the probability, where a reading is recorded as 0) of `reading` given `total`
    /// cells. A sum of several lesions is taken as log-normal with the sum's own mean and variance.
    pub fn log_density(&self, reading: f64, total: f64) -> f64 {
        match self {
            Meter::Diameters { shares, density, error, too_small, one, spread } => {
                if reading <= 0.0 {
                    let gone = |s: &f64| log_below(0.5 * too_small, diameter(total * s, *density), *error);
                    return shares.iter().map(gone).sum();
                }
                log_normal(reading, one * libm::cbrt(total), *spread)
            }
            Meter::Cells { error, limit } => {
                if reading <= 0.0 {
                    log_below(*limit, total, *error)
                } else {
                    log_normal(reading, total, *error)
                }
            }
        }
    }

    /// Logarithm of the probability of a reading below `limit`, mm or cells, given `total` cells; of a sum of several lesions as in
    /// [`log_density`](Self::log_density).
    pub fn log_below(&self, limit: f64, total: f64) -> f64 {
        match self {
            Meter::Diameters { one, spread, .. } => log_below(limit, one * libm::cbrt(total), *spread),
            Meter::Cells { error, .. } => log_below(limit, total, *error),
        }
    }

    /// Standard deviation of the logarithm of a reading, whatever the number of cells.
    pub fn error(&self) -> f64 {
        match self {
            Meter::Diameters { spread, .. } => *spread,
            Meter::Cells { error, .. } => *error,
        }
    }

    /// No number of cells makes a reading above 0 likelier than this.
    fn log_density_at_most(&self, reading: f64) -> f64 {
        log_normal(reading, reading, self.error())
    }
}

/// Diameter in mm of a sphere of `cells` at `density` cells a litre.
///
/// ```
/// // 1e9 cells at 1e9 cells per cm^3 are 1 cm^3: 12.4 mm across.
/// let d = remission_cohort::measure::diameter(1e9, 1e12);
/// assert!((d - 12.407).abs() < 1e-3);
/// ```
pub fn diameter(cells: f64, density: f64) -> f64 {
    100.0 * libm::cbrt(6.0 * cells / (std::f64::consts::PI * density))
}

fn log_normal(x: f64, median: f64, sigma: f64) -> f64 {
    if median <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let z = libm::log(x / median) / sigma;
    -0.5 * z * z - libm::log(x * sigma) - 0.918_938_533_204_672_7
}

fn log_below(limit: f64, median: f64, sigma: f64) -> f64 {
    if median <= 0.0 {
        return 0.0;
    }
    if limit <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let z = libm::log(limit / median) / sigma;
    libm::log(0.5 * libm::erfc(-z / std::f64::consts::SQRT_2))
}
