//! Sequencing of a piece of tissue: variant allele fractions of the truncal mutation and of every mechanism.
//!
//! # Law
//! The piece holds c tumour cells drawn from the tumour, so of a mechanism carried by a share f of its cells K ~ Binomial(c, f) carry it. With purity p,
//! m mutated of n copies of the locus in a tumour cell and 2 in a normal one, the share of mutant molecules is
//!
//! > v = p m (K / c) / (p n + 2 (1 - p)),
//!
//! the usual relation of purity, ploidy and allele fraction (Carter et al. 2012, Nat Biotechnol 30:413). Reads are N ~ Poisson(depth); a wild-type read is
//! read as mutant with probability a; so k ~ Binomial(N, v + (1 - v) a), and the reading is k / N, or 0 below the detection limit and without reads.
//!
//! Left out: mutant reads that are lost, duplicates of one molecule, contamination, and that a piece comes from one place of the tumour.

use crate::patient::mechanisms;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::draw;
use remission_engine::failure::Failure;
use remission_engine::stream::Stream;
use remission_model::resolved::Sequencing;

/// Copies of a locus in a normal cell.
const NORMAL: f64 = 2.0;

/// Sequencing made ready for one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Biopsy {
    /// Tumour cells in the piece.
    pub cells: u64,
    /// Share of mutant molecules where all tumour cells carry the mutation.
    pub clonal: f64,
    /// Reads expected at a locus.
    pub depth: f64,
    /// Probability that a wild-type read is read as mutant.
    pub artefacts: f64,
    /// Share of mutant reads below which 0 is reported.
    pub limit: f64,
    /// Cell types of the tumour where the piece is taken.
    pub types: Vec<usize>,
    /// Of them, those of each mechanism, in the order of [`mechanisms`].
    pub carriers: Vec<Vec<usize>>,
}

impl Biopsy {
    /// For a patient with these parameters.
    ///
    /// # Errors
    /// [`Failure::Parameter`] where a value of this patient is impossible.
    pub fn new(compiled: &Compiled, parameters: &[f64], name: &str, s: &Sequencing) -> Result<Biopsy, Failure> {
        let read = |key: &str, expr, good: &dyn Fn(f64) -> bool| {
            let value = over_parameters(compiled, parameters, expr);
            let name = || format!("measurements.{name}.{key}");
            if good(value) { Ok(value) } else { Err(Failure::Parameter { name: name(), value }) }
        };
        let share = |x: f64| (0.0..=1.0).contains(&x);
        let above = |x: f64| x > 0.0 && x < 1e15;
        let (purity, copies) = (read("purity", &s.purity, &share)?, read("copies", &s.copies, &above)?);
        let mutated = read("mutated_copies", &s.mutated_copies, &|x| x > 0.0 && x <= copies)?;
        let cells = &compiled.model.cells;
        let types: Vec<usize> = match s.site {
            Some(site) => compiled.model.sites[site].cells.clone(),
            None => (0..cells.len()).filter(|&i| compiled.model.is_tumour(i)).collect(),
        };
        let carries = |m: &String| types.iter().copied().filter(|&i| cells[i].mechanism.as_ref() == Some(m)).collect();
        Ok(Biopsy {
            cells: libm::round(read("cells", &s.cells, &|x| (0.5..1e15).contains(&x))?) as u64,
            clonal: purity * mutated / (purity * copies + NORMAL * (1.0 - purity)),
            depth: read("depth", &s.depth, &above)?,
            artefacts: read("artefacts", &s.artefacts, &share)?,
            limit: read("detection_limit", &s.detection_limit, &share)?,
            carriers: mechanisms(&compiled.model).iter().map(carries).collect(),
            types: types.clone(),
        })
    }

    /// Share of mutant reads of a mutation that a share `carrying` of the tumour's cells has, as reported.
    ///
    /// ```
    /// use remission_cohort::sequencing::Biopsy;
    /// use remission_engine::stream::{Purpose, Stream};
    /// // 60 % tumour cells, one of two copies: 0.3 of all molecules; half of the cells carry it.
    /// let biopsy = Biopsy { cells: 100_000, clonal: 0.3, depth: 1e6, artefacts: 0.0, limit: 0.01, types: vec![], carriers: vec![] };
    /// let read = biopsy.locus(0.5, &mut Stream::new(1, 0, 0, Purpose::Check));
    /// assert!((read - 0.15).abs() < 0.01);
    /// ```
    pub fn locus(&self, carrying: f64, stream: &mut Stream) -> f64 {
        let carriers = draw::binomial(stream, self.cells, carrying.clamp(0.0, 1.0));
        let share = self.clonal * (carriers as f64 / self.cells as f64);
        let reads = draw::poisson(stream, self.depth);
        let mutant = draw::binomial(stream, reads, share + (1.0 - share) * self.artefacts);
        let found = if reads > 0 { mutant as f64 / reads as f64 } else { 0.0 };
        if found < self.limit { 0.0 } else { found }
    }

    /// The truncal mutation and that of every mechanism, in a tumour of these cells by type; nothing of the tumour is found where there
    /// is none, and artefacts are.
    pub fn read(&self, by_type: &[f64], stream: &mut Stream, out: &mut Vec<f64>) {
        let total: f64 = self.types.iter().map(|&t| by_type[t]).sum();
        let share = |cells: f64| if total > 0.0 { cells / total } else { 0.0 };
        out.push(self.locus(share(total), stream));
        for carriers in &self.carriers {
            out.push(self.locus(share(carriers.iter().map(|&t| by_type[t]).sum()), stream));
        }
    }
}
