//! Tumour DNA in plasma: what a tube of blood holds and what its sequencing says.
//!
//! # Law
//! A dying cell leaves `shed` of its DNA in plasma (genome equivalents, GE, of one tumour cell: 1.4e-4 in Avanzini et al.,
//! *A mathematical model of ctDNA shedding predicts tumor detection size*, Science Advances 6:eabc4308, 2020), which is
//! cleared at rate e = ln 2 / half-life. With n cells that die at rate d the GE in plasma are Poisson with mean
//! shed ∫ d(s) n(s) exp(-e (t - s)) ds; [`Plasma`] does the integral. A draw takes each molecule with the drawn share of
//! the plasma, so the tube is Poisson again. DNA comes in fragments, so molecules of different loci are independent given the cells.
//!
//! At a locus the tube holds Poisson(M) mutant molecules (mutated copies x GE of the cells that carry the mutation) and
//! Poisson(W) others (the remaining copies of tumour cells, and healthy cells at one copy per 3.3 pg). Each is
//! recovered with probability `recovery`; of the N recovered at most `depth` are read, n = min(N, depth), without
//! replacement. Given n the mutant ones among them are Binomial(n, p), p = M / (M + W), exactly; a wild-type molecule is
//! read as mutant with probability `artefacts` = a. So the mutant reads k are Binomial(n, p + (1 - p) a), and the reading is
//! k / n, or 0 where that is below the detection limit or nothing was recovered.
//!
//! # Approximations
//! The number of molecules from given deaths is Poisson-binomial; its distance to Poisson is at most `shed` times its
//! mean (Le Cam), and the scatter of the deaths themselves adds a relative variance of `shed`: both 1e-4 here. Several `sites` are pooled: n = min(N, sites x depth).
//! Left out: mutant molecules read as wild type, loci with other copy numbers per mechanism, clonal haematopoiesis.

mod likelihood;
mod plasma;

pub use plasma::Plasma;

use crate::patient::mechanisms;
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_engine::draw;
use remission_engine::failure::Failure;
use remission_engine::stream::Stream;
use remission_model::resolved::{Ctdna, MeasurementKind, Model};

/// A haploid human genome, mg (3.3 pg; a nucleated cell yields 6.6 pg: settings of the authors' program,
/// <https://github.com/reiterlab/ctdna>, after Heitzer et al., Nature Reviews Genetics 2019).
pub const HAPLOID_GENOME: f64 = 3.3e-9;
/// Words between the streams of two ctDNA measurements of one patient.
const APART: u64 = 1 << 48;

/// A ctDNA measurement made ready for one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Assay {
    /// Genome equivalents a death.
    pub shed: f64,
    /// Clearance, 1/day.
    pub elimination: f64,
    /// Plasma in the body, litres.
    pub plasma: f64,
    /// Plasma drawn, litres.
    pub drawn: f64,
    /// DNA of healthy cells in plasma, mg a litre.
    pub background: f64,
    /// Copies of the locus in a tumour cell that carry the mutation, and all of them.
    pub copies: (f64, f64),
    /// Probability that a molecule of the tube is recovered.
    pub recovery: f64,
    /// Unique molecules read at most, per site.
    pub depth: u64,
    /// Probability that a wild-type molecule is read as mutant.
    pub artefacts: f64,
    /// Share of mutant reads below which 0 is reported.
    pub limit: f64,
    /// Sites of the truncal mutation.
    pub sites: u64,
    /// Cell types of each mechanism, in the order of [`mechanisms`].
    pub carriers: Vec<Vec<usize>>,
}

/// Expected molecules in the tube at one locus (or at all sites of one mutation), and how many are read at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Locus {
    /// Expected mutant molecules.
    pub mutant: f64,
    /// Expected wild-type molecules.
    pub wild: f64,
    /// Unique molecules read at most.
    pub depth: u64,
}

/// What a tube held and gave at one locus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tube {
    /// Mutant molecules in the tube.
    pub mutant: u64,
    /// Molecules read.
    pub reads: u64,
    /// Molecules read as mutant.
    pub mutant_reads: u64,
}

impl Assay {
    /// The assay for a patient with these parameters.
    ///
    /// # Errors
    /// [`Failure::Parameter`] where a value of this patient is impossible: a share outside 0 to 1, a half-life or volume not above 0, a
    /// draw of more plasma than there is.
    pub fn new(compiled: &Compiled, parameters: &[f64], name: &str, c: &Ctdna) -> Result<Assay, Failure> {
        let value = |expr| over_parameters(compiled, parameters, expr);
        let failed = |key: &str, value| Failure::Parameter { name: format!("measurements.{name}.{key}"), value };
        let share = |key: &str, expr| {
            let x = value(expr);
            if (0.0..=1.0).contains(&x) { Ok(x) } else { Err(failed(key, x)) }
        };
        let above_zero = |key: &str, expr| {
            let x = value(expr);
            if x > 0.0 && x.is_finite() { Ok(x) } else { Err(failed(key, x)) }
        };
        let background = value(&c.background);
        if !(background >= 0.0 && background.is_finite()) {
            return Err(failed("background", background));
        }
        let plasma = above_zero("plasma", &c.plasma)?;
        let drawn = above_zero("blood", &c.blood)? * share("plasma_fraction", &c.plasma_fraction)?;
        if !(drawn > 0.0 && drawn < plasma) {
            return Err(failed("blood", drawn));
        }
        let cells = &compiled.model.cells;
        let carries = |m: &String| (0..cells.len()).filter(|&i| cells[i].mechanism.as_ref() == Some(m)).collect();
        Ok(Assay {
            shed: share("shed", &c.shed)?,
            elimination: std::f64::consts::LN_2 / above_zero("half_life", &c.half_life)?,
            plasma,
            drawn,
            background,
            copies: (c.mutated_copies as f64, c.copies as f64),
            recovery: share("recovery", &c.recovery)?,
            depth: c.depth,
            artefacts: share("artefacts", &c.artefacts)?,
            limit: share("detection_limit", &c.detection_limit)?,
            sites: c.sites,
            carriers: mechanisms(&compiled.model).iter().map(carries).collect(),
        })
    }

    /// Expected GE in the tube of cells that die `deaths` times a day in all (averaged as [`Plasma`] does).
    ///
    /// ```
    /// # use remission_cohort::ctdna::Assay;
    /// # use remission_model::resolved::MeasurementKind;
    /// # let text = std::fs::read_to_string("../../spec/cases/valid/plasma.toml").unwrap();
    /// # let text = text.split("# --- study").next().unwrap();
    /// # let model = remission_model::model_from_toml("plasma.toml", text).unwrap();
    /// # let compiled = remission_engine::compiled::Compiled::new(&model);
    /// # let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    /// # let MeasurementKind::Ctdna(c) = &model.measurements[0].kind else { panic!() };
    /// let assay = Assay::new(&compiled, &parameters, "plasma", c).unwrap();
    /// // 1e9 cells (1 cm^3) that die at 0.13 a day, 15 mL of blood.
    /// assert!((assay.in_tube(0.13 * 1e9) - 1.504).abs() < 1e-3);
    /// ```
    pub fn in_tube(&self, deaths: f64) -> f64 {
        self.shed * deaths / self.elimination * (self.drawn / self.plasma)
    }

    /// The truncal mutation, carried by all cells, given deaths a day of each type.
    pub fn truncal(&self, deaths: &[f64]) -> Locus {
        let all = deaths.iter().sum();
        let one = self.locus(all, all);
        let sites = self.sites as f64;
        Locus { mutant: sites * one.mutant, wild: sites * one.wild, depth: self.depth.saturating_mul(self.sites) }
    }

    /// The mutation of mechanism number `mechanism`, given deaths a day of each type.
    pub fn mechanism(&self, mechanism: usize, deaths: &[f64]) -> Locus {
        self.locus(self.carriers[mechanism].iter().map(|&i| deaths[i]).sum(), deaths.iter().sum())
    }

    /// A locus mutated in cells that die `carrying` times a day, among `all` deaths.
    pub fn locus(&self, carrying: f64, all: f64) -> Locus {
        let healthy = self.background * self.drawn / HAPLOID_GENOME;
        let mutant = self.copies.0 * self.in_tube(carrying);
        let tumour = self.copies.1 * self.in_tube(all);
        Locus { mutant, wild: (tumour - mutant).max(0.0) + healthy, depth: self.depth }
    }

    /// Draws and reads one locus.
    ///
    /// What is recovered, which of it is read, and what stays behind are drawn apart, which is the same law as
    /// drawing the tube first and reading from it without replacement.
    pub fn draw(&self, locus: &Locus, stream: &mut Stream) -> Tube {
        let all = locus.mutant + locus.wild;
        let p = locus.share();
        let recovered = draw::poisson(stream, self.recovery * all);
        let reads = recovered.min(locus.depth);
        let read = draw::binomial(stream, reads, p);
        let unread = draw::binomial(stream, recovered - reads, p);
        let lost = draw::poisson(stream, (1.0 - self.recovery) * locus.mutant);
        let artefacts = draw::binomial(stream, reads - read, self.artefacts);
        let mutant = read.saturating_add(unread).saturating_add(lost);
        Tube { mutant, reads, mutant_reads: read + artefacts }
    }

    /// Share of mutant reads as reported.
    pub fn reported(&self, tube: &Tube) -> f64 {
        if tube.reads == 0 {
            return 0.0;
        }
        let share = tube.mutant_reads as f64 / tube.reads as f64;
        if share < self.limit { 0.0 } else { share }
    }

    /// One tube of blood, given deaths a day of each type: share of mutant reads of the truncal mutation, GE per mL of plasma
    /// that the tube held of it, and share of mutant reads of each mechanism.
    pub fn read(&self, deaths: &[f64], stream: &mut Stream, out: &mut Vec<f64>) {
        let tube = self.draw(&self.truncal(deaths), stream);
        out.push(self.reported(&tube));
        out.push(tube.mutant as f64 / self.molecules_per_ge_and_ml());
        for k in 0..self.carriers.len() {
            let tube = self.draw(&self.mechanism(k, deaths), stream);
            out.push(self.reported(&tube));
        }
    }

    /// Mutant molecules in the tube at one GE per mL of plasma, all sites together.
    fn molecules_per_ge_and_ml(&self) -> f64 {
        self.copies.0 * self.sites as f64 * 1000.0 * self.drawn
    }
}

impl Locus {
    /// Share of mutant molecules expected in the tube; 0 where nothing is expected.
    pub fn share(&self) -> f64 {
        let all = self.mutant + self.wild;
        if all > 0.0 { self.mutant / all } else { 0.0 }
    }
}

/// A stream for each measurement of the model, far apart on the patient's stream for blood, so that neither a reader of scans nor another assay
/// moves what a tube holds.
pub fn streams(model: &Model, stream: impl Fn() -> Stream) -> Vec<Stream> {
    let mut assays = 0;
    let one = |m: &remission_model::resolved::Measurement| {
        let mut own = stream();
        if matches!(m.kind, MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_)) {
            own.seek(assays * APART);
            assays += 1;
        }
        own
    };
    model.measurements.iter().map(one).collect()
}
