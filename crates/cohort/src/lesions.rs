//! Lesions at the sites of a model: what a scan reads at each, their sum, and whether one of them is new.
//!
//! At a site with target lesions their shares are of the cells of the site; where none is a target, all cells of the site are one lesion. Each is a
//! sphere, read and recorded as in [`crate::measure`]: with a log-normal error, below the smallest size as that size, below half of it as gone.
//! The sum is that of the target lesions (RECIST 1.1, Eisenhauer et al. 2009, Eur J Cancer 45:228, 4.3.1). A lesion is new (4.3.5) at a site where
//! nothing was seen at the first visit and the sum of what is read reaches the size from which a lesion counts.
//!
//! Left out: unequivocal progression of lesions that were there at the start and are no target.

use crate::measure::diameter;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::draw;
use remission_engine::stream::Stream;
use remission_model::resolved::{MeasurementKind, Model, SiteLesions};

/// Lesions made ready for one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesions {
    sites: Vec<Place>,
    /// Cells per litre.
    density: f64,
    /// Standard deviation of the logarithm of one reading.
    error: f64,
    /// Readings below are recorded as this, mm; below half of it as 0.
    too_small: f64,
}

#[derive(Debug, Clone, PartialEq)]
struct Place {
    types: Vec<usize>,
    /// Shares of the target lesions; of a site without one, that of all its cells.
    shares: Vec<f64>,
    target: bool,
}

/// One reading of a lesion of so many mm, as it is recorded.
pub(crate) fn recorded(across: f64, error: f64, too_small: f64, stream: &mut Stream) -> f64 {
    let reading = across * libm::exp(error * draw::normal(stream));
    if reading >= too_small {
        reading
    } else if reading >= 0.5 * too_small {
        too_small
    } else {
        0.0
    }
}

impl Lesions {
    /// For a patient with these parameters; `None` where the measurement is not one of lesions by site.
    pub fn new(compiled: &Compiled, parameters: &[f64], kind: &MeasurementKind) -> Option<Lesions> {
        let MeasurementKind::SumOfDiameters {
            by_site: Some(by_site), cells_per_litre, reader_error, too_small, ..
        } = kind
        else {
            return None;
        };
        let place = |(site, shares): (&remission_model::resolved::Site, &Vec<f64>)| Place {
            types: site.cells.clone(),
            shares: if shares.is_empty() { vec![1.0] } else { shares.clone() },
            target: !shares.is_empty(),
        };
        Some(Lesions {
            sites: compiled.model.sites.iter().zip(&by_site.shares).map(place).collect(),
            density: over_parameters(compiled, parameters, cells_per_litre),
            error: *reader_error,
            too_small: *too_small,
        })
    }

    /// Columns that it gives: the sum, and every site.
    pub fn width(&self) -> usize {
        1 + self.sites.len()
    }

    /// The sum of the target lesions and what is read at every site, of a tumour with these cells by type, mm.
    pub fn read(&self, by_type: &[f64], stream: &mut Stream, out: &mut Vec<f64>) {
        let first = out.len();
        out.push(0.0);
        for site in &self.sites {
            let cells = site.cells(by_type);
            let each = site
                .shares
                .iter()
                .map(|s| recorded(diameter(cells * s, self.density), self.error, self.too_small, stream));
            let sum: f64 = each.sum();
            out[first] += if site.target { sum } else { 0.0 };
            out.push(sum);
        }
    }

    /// The sum of the target lesions without error, mm.
    pub fn expected(&self, by_type: &[f64]) -> f64 {
        let of =
            |site: &Place| site.shares.iter().map(|s| diameter(site.cells(by_type) * s, self.density)).sum::<f64>();
        self.sites.iter().filter(|s| s.target).map(of).sum()
    }
}

impl Place {
    fn cells(&self, by_type: &[f64]) -> f64 {
        self.types.iter().map(|&t| by_type[t]).sum()
    }
}

/// What tells new lesions in the readings of a measurement; `first` is its first column.
pub fn new_lesions(model: &Model, measurement: usize, first: usize) -> Option<NewLesions> {
    match &model.measurements.get(measurement)?.kind {
        MeasurementKind::SumOfDiameters { by_site: Some(SiteLesions { shares, new_lesion }), .. } => {
            Some(NewLesions { columns: first + 1..first + 1 + shares.len(), size: *new_lesion })
        }
        _ => None,
    }
}

/// Columns of the sites, and the size in mm from which a lesion counts.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLesions {
    columns: std::ops::Range<usize>,
    size: f64,
}

impl NewLesions {
    /// Whether these readings show a lesion where those of the first visit show none.
    ///
    /// ```
    /// let text = std::fs::read_to_string("../../spec/cases/valid/sites.toml").unwrap();
    /// let model = text.split("# --- study ---").next().unwrap();
    /// let model = remission_model::model_from_toml("sites.toml", model).unwrap();
    /// let new = remission_cohort::lesions::new_lesions(&model, 0, 0).unwrap();
    /// // The sum, the lung and the brain, in which a lesion counts from 8 mm on.
    /// assert!(!new.seen(&[40.0, 40.0, 0.0], &[30.0, 30.0, 6.0]));
    /// assert!(new.seen(&[40.0, 40.0, 0.0], &[30.0, 30.0, 9.0]));
    /// assert!(!new.seen(&[40.0, 40.0, 5.0], &[30.0, 30.0, 9.0]));
    /// ```
    pub fn seen(&self, baseline: &[f64], now: &[f64]) -> bool {
        self.columns.clone().any(|k| baseline[k] == 0.0 && now[k] >= self.size && now[k] > 0.0)
    }
}
