//! Named numbers: value, source, how patients differ, and the tables that numbers are read from.

use crate::units::Dimension;

/// A paper: DOI or address, and what was taken from it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Citation {
    /// DOI without a resolver's address; may be empty when `url` is given.
    pub doi: String,
    /// Address, where there is no DOI.
    pub url: String,
    /// Place in the paper: table, figure, sentence.
    pub place: String,
}

/// Where a number comes from. Every parameter has exactly one.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Printed in a publication.
    Cited(Citation),
    /// Estimated from data; the text names the data and the fit.
    Fitted(String),
    /// Not measured. The text says why this value; a prior says how far it may be off.
    Assumed {
        /// Why this value.
        why: String,
        /// What else it could be.
        prior: Variation,
    },
}

/// A law for a number that varies, in base units. `value` of the parameter is its centre where the
/// law has one (log-normal: the median; normal: the mean).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Variation {
    /// Median is the parameter's value; `sigma` is the standard deviation of the logarithm,
    /// `sqrt(ln(1 + cv^2))`.
    LogNormal {
        /// Standard deviation of ln(value).
        sigma: f64,
    },
    /// Mean is the parameter's value.
    Normal {
        /// Standard deviation, in base units.
        sd: f64,
    },
    /// Equal density between the ends.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Equal density of the logarithm between the ends; both above 0.
    LogUniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}

/// A named number.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// As used in expressions.
    pub name: String,
    /// In base units.
    pub value: f64,
    /// The unit as written, for printing ("/h").
    pub unit: String,
    /// What one written unit is in base units: written value = value / scale.
    pub unit_scale: f64,
    /// Where it comes from.
    pub source: Source,
    /// How patients differ in it; `None`: they do not.
    pub between_patients: Option<Variation>,
    /// A trait of the patient that is recorded with the results; `None`: an ordinary parameter.
    pub covariate: Option<Covariate>,
}

/// How a covariate varies between patients.
#[derive(Debug, Clone, PartialEq)]
pub enum Covariate {
    /// By the law `between_patients` around the parameter's value.
    Continuous,
    /// One of these, drawn by its share; the parameter's value is that of the most common one, and its prior, where it is
    /// assumed, spans the values.
    Categories(Vec<Category>),
}

/// A group of patients.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// As in tables.
    pub name: String,
    /// Share of the patients; shares add up to 1.
    pub share: f64,
    /// What the covariate's name stands for, base units.
    pub value: f64,
}

/// Correlations of the standard normal deviates that stand behind laws of variation: of the logarithm of a log-normal
/// value, of a normal value itself, of the normal score of a uniform or log-uniform one (a Gaussian copula). Values that
/// are in no pair, and pairs that are not named, are uncorrelated.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Correlations {
    /// As written.
    pub pairs: Vec<Correlation>,
    /// Parameters in any pair, ascending.
    pub members: Vec<usize>,
    /// Cholesky factor L of the members' correlation matrix L L', row-major, zero above the diagonal.
    pub factor: Vec<f64>,
}

/// One pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// Indices of the parameters.
    pub between: [usize; 2],
    /// Between -1 and 1, ends excluded.
    pub value: f64,
    /// Where it comes from.
    pub source: Source,
}

/// A tabulated law: piecewise linear between the points, constant outside them.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// As called in expressions.
    pub name: String,
    /// Arguments, strictly increasing, base units.
    pub x: Vec<f64>,
    /// The second argument of a surface.
    pub second: Option<Axis>,
    /// Values, base units: as many as `x` has, or of a surface as many for each of them as the second argument has.
    pub y: Vec<f64>,
    /// What the argument is, of a surface the first.
    pub of: Dimension,
    /// What the value is.
    pub gives: Dimension,
}

/// The second argument of a surface.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Arguments, strictly increasing, base units.
    pub at: Vec<f64>,
    /// What it is.
    pub of: Dimension,
}
