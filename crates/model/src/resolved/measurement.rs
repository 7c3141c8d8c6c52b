//! What the clinic or the laboratory sees, and how badly.

use crate::expr::Expr;

/// What is seen at a visit.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// As named in tables.
    pub name: String,
    /// What is measured, and how badly.
    pub kind: MeasurementKind,
}

/// Kinds of measurement.
#[derive(Debug, Clone, PartialEq)]
pub enum MeasurementKind {
    /// Sum of the diameters of spherical target lesions, in mm.
    SumOfDiameters {
        /// Share of the tumour in each target lesion; adds up to at most 1. Empty where lesions are `by_site`.
        shares: Vec<f64>,
        /// Lesions by site.
        by_site: Option<SiteLesions>,
        /// Cells per litre of tumour (1e9 per cm^3 is 1e12).
        cells_per_litre: Expr,
        /// Standard deviation of the logarithm of a reading of one lesion.
        reader_error: f64,
        /// A lesion read below this diameter (mm) is recorded as this diameter, and as gone (0) below half of it;
        /// RECIST 1.1 assigns 5 mm to what is seen but too small to measure.
        too_small: f64,
    },
    /// Number of cells.
    CellCount {
        /// Standard deviation of the logarithm of a reading.
        error: f64,
        /// Below this count 0 is reported.
        detection_limit: f64,
    },
    /// Tumour DNA in plasma.
    Ctdna(Box<Ctdna>),
    /// A piece of tissue, sequenced.
    Sequencing(Box<Sequencing>),
}

/// Lesions at the sites of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteLesions {
    /// By site, the share of its cells in each target lesion; empty where none is a target, and the cells of the site are one lesion.
    pub shares: Vec<Vec<f64>>,
    /// Diameter (mm) from which a lesion is a new one, at a site where none was seen at the first visit.
    pub new_lesion: f64,
}

/// A piece of tissue and its sequencing at the loci of the truncal mutation and of every mechanism. Expressions are over parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Sequencing {
    /// Index of the site where the piece is taken; none: of the whole tumour.
    pub site: Option<usize>,
    /// Tumour cells in the piece.
    pub cells: Expr,
    /// Share of tumour cells among all cells of the piece.
    pub purity: Expr,
    /// Copies of the locus in a tumour cell: local ploidy.
    pub copies: Expr,
    /// Copies of the locus in a tumour cell that carry the mutation.
    pub mutated_copies: Expr,
    /// Reads expected at a locus.
    pub depth: Expr,
    /// Share of wild-type reads that are read as mutant.
    pub artefacts: Expr,
    /// Share of mutant reads below which 0 is reported.
    pub detection_limit: Expr,
}

/// Tumour DNA in plasma: shedding, clearance, the draw and its sequencing. Expressions are over parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Ctdna {
    /// Share of a cell's DNA that reaches the blood when it dies: genome equivalents a death.
    pub shed: Expr,
    /// Half-life of DNA in plasma, days.
    pub half_life: Expr,
    /// Plasma in the body, litres.
    pub plasma: Expr,
    /// Blood drawn, litres.
    pub blood: Expr,
    /// Share of blood that is plasma.
    pub plasma_fraction: Expr,
    /// DNA of healthy cells in plasma, mg a litre.
    pub background: Expr,
    /// Copies of the locus in a tumour cell that carry the mutation.
    pub mutated_copies: u64,
    /// Copies of the locus in a tumour cell.
    pub copies: u64,
    /// Share of the molecules in the tube that are recovered.
    pub recovery: Expr,
    /// Unique molecules that are read at most, per site.
    pub depth: u64,
    /// Share of wild-type molecules that are read as mutant.
    pub artefacts: Expr,
    /// Share of mutant reads below which 0 is reported.
    pub detection_limit: Expr,
    /// Sites at which the truncal mutation is tracked; their reads are added.
    pub sites: u64,
}
