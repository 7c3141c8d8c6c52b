//! Cox's partial likelihood with its gradient and information at any beta.
//!
//! Patients are visited from the last time to the first, so that the risk set only grows; its sums carry the factor
//! exp(-largest exponent so far), so that no exponential overflows or vanishes. Each covariate is brought to range 1
//! and mean 0, which changes no likelihood and lets one tolerance serve all.

use super::{Direction, Ties};
use crate::statistics::{Observation, StatisticsError, check_times};

/// log L, its gradient and minus its second derivatives (row-major), in scaled covariates.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) log_likelihood: f64,
    pub(super) gradient: Vec<f64>,
    pub(super) information: Vec<f64>,
}

/// Checked, scaled and sorted data.
pub(super) struct PartialLikelihood {
    size: usize,
    ties: Ties,
    /// From the last time to the first.
    patients: Vec<Observation>,
    /// Scaled covariates, one row a patient in the same order.
    rows: Vec<f64>,
    ranges: Vec<f64>,
    events: usize,
}

/// Sums over a set of patients: of w, w x and w x x', where w = exp(x beta - shift).
struct Sums {
    weight: f64,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn new(size: usize) -> Sums {
        Sums { weight: 0.0, first: vec![0.0; size], second: vec![0.0; size * size] }
    }

    fn add(&mut self, row: &[f64], weight: f64) {
        self.weight += weight;
        for j in 0..row.len() {
            self.first[j] += weight * row[j];
            for k in 0..=j {
                self.second[j * row.len() + k] += weight * row[j] * row[k];
            }
        }
    }

    fn scale(&mut self, factor: f64) {
        self.weight *= factor;
        self.first.iter_mut().chain(&mut self.second).for_each(|value| *value *= factor);
    }
}

impl PartialLikelihood {
    pub(super) fn new(
        observations: &[Observation],
        columns: &[&[f64]],
        ties: Ties,
    ) -> Result<PartialLikelihood, StatisticsError> {
        if observations.is_empty() {
            return Err(StatisticsError::Empty { what: "the list of patients" });
        }
        if columns.is_empty() {
            return Err(StatisticsError::Empty { what: "the list of covariates" });
        }
        check_times(0, observations)?;
        let events = observations.iter().filter(|o| o.event).count();
        if events == 0 {
            return Err(StatisticsError::NoEvents);
        }

        let (count, size) = (observations.len(), columns.len());
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by(|&a, &b| observations[b].time.total_cmp(&observations[a].time));
        let mut rows = vec![0.0; count * size];
        let mut ranges = Vec::with_capacity(size);
        for (j, column) in columns.iter().enumerate() {
            let range = checked_range(j, column, count)?;
            let least = column.iter().copied().fold(f64::INFINITY, f64::min);
            let mean = column.iter().map(|value| (value - least) / range).sum::<f64>() / count as f64;
            for (place, &i) in order.iter().enumerate() {
                rows[place * size + j] = (column[i] - least) / range - mean;
            }
            ranges.push(range);
        }
        let patients = order.iter().map(|&i| observations[i]).collect();
        Ok(PartialLikelihood { size, ties, patients, rows, ranges, events })
    }

    pub(super) fn events(&self) -> usize {
        self.events
    }

    /// Largest less smallest value of covariate j as given.
    pub(super) fn range(&self, j: usize) -> f64 {
        self.ranges[j]
    }

    fn row(&self, place: usize) -> &[f64] {
        &self.rows[place * self.size..(place + 1) * self.size]
    }

    /// log L and its derivatives at `beta` (for scaled covariates).
    pub(super) fn at(&self, beta: &[f64]) -> Point {
        let size = self.size;
        let mut log_likelihood = 0.0;
        let mut gradient = vec![0.0; size];
        let mut information = vec![0.0; size * size];
        let mut mean = vec![0.0; size];
        let mut at_risk = Sums::new(size);
        let mut shift = f64::NEG_INFINITY;
        let mut place = 0;
        for tied in self.patients.chunk_by(|a, b| a.time == b.time) {
            let exponents: Vec<f64> =
                (place..place + tied.len()).map(|i| self.row(i).iter().zip(beta).map(|(x, b)| x * b).sum()).collect();
            let largest = exponents.iter().copied().fold(shift, f64::max);
            if largest > shift {
                at_risk.scale(libm::exp(shift - largest));
                shift = largest;
            }
            let mut leaving = Sums::new(size);
            let mut events = 0_usize;
            for (i, patient) in tied.iter().enumerate() {
                let (row, weight) = (self.row(place + i), libm::exp(exponents[i] - shift));
                at_risk.add(row, weight);
                if patient.event {
                    leaving.add(row, weight);
                    events += 1;
                    log_likelihood += exponents[i];
                    gradient.iter_mut().zip(row).for_each(|(g, x)| *g += x);
                }
            }
            for l in 0..events {
                let gone = match self.ties {
                    Ties::Efron => l as f64 / events as f64,
                    Ties::Breslow => 0.0,
                };
                let weight = at_risk.weight - gone * leaving.weight;
                log_likelihood -= shift + libm::log(weight);
                for j in 0..size {
                    mean[j] = (at_risk.first[j] - gone * leaving.first[j]) / weight;
                    gradient[j] -= mean[j];
                    for k in 0..=j {
                        let square = (at_risk.second[j * size + k] - gone * leaving.second[j * size + k]) / weight;
                        information[j * size + k] += square - mean[j] * mean[k];
                    }
                }
            }
            place += tied.len();
        }
        for j in 0..size {
            for k in 0..j {
                information[k * size + j] = information[j * size + k];
            }
        }
        Point { log_likelihood, gradient, information }
    }

    /// Covariates along which the likelihood can only grow, whatever the others are: at every event the one who had
    /// it holds the largest (or the smallest) value of all at risk.
    pub(super) fn monotone_columns(&self) -> Vec<Option<Direction>> {
        (0..self.size)
            .map(|j| {
                let (mut largest, mut smallest) = (f64::NEG_INFINITY, f64::INFINITY);
                let (mut always_largest, mut always_smallest) = (true, true);
                let mut place = 0;
                for tied in self.patients.chunk_by(|a, b| a.time == b.time) {
                    let values = (place..place + tied.len()).map(|i| self.row(i)[j]);
                    (largest, smallest) =
                        values.clone().fold((largest, smallest), |(most, least), x| (most.max(x), least.min(x)));
                    for (x, _) in values.zip(tied).filter(|(_, patient)| patient.event) {
                        always_largest &= x == largest;
                        always_smallest &= x == smallest;
                    }
                    place += tied.len();
                }
                match (always_largest, always_smallest) {
                    (true, false) => Some(Direction::Infinity),
                    (false, true) => Some(Direction::Zero),
                    _ => None,
                }
            })
            .collect()
    }
}

/// The range of a covariate, after checking its length and values and that it varies.
fn checked_range(column: usize, values: &[f64], expected: usize) -> Result<f64, StatisticsError> {
    if values.len() != expected {
        return Err(StatisticsError::Length { column, found: values.len(), expected });
    }
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return Err(StatisticsError::Value { column, index, value: values[index] });
    }
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let range = most - least;
    if !range.is_finite() {
        let index = values.iter().position(|&value| value == most).unwrap_or(0);
        return Err(StatisticsError::Value { column, index, value: most });
    }
    // A range within rounding of the values is none.
    if range <= 1e-12 * most.abs().max(least.abs()) {
        return Err(StatisticsError::NotIdentifiable { column });
    }
    Ok(range)
}
