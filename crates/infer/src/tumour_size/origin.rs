//! What one lesion's sizes say of where its resistance came from, which is seldom much.
//!
//! V/V0 = (1-f-p) e^(-k t) + p e^(-kp t) + f e^(g t) under three explanations: no resistant part (f = 0); a resistant
//! fraction f at the start, all orders of magnitude from 1e-7 to 0.5 alike; one resistant cell that arises at a time t0
//! between the start and the last look, all times alike, among 1e6 cells per mm^3 of tumour at the start
//! (1e9 in a gram, the usual figure), so that f = e^(-g t0) / cells. All else has the same priors in
//! the three. Late resistance looks like a smaller f with a faster g: sizes tell the two apart only through how fast
//! growth may be, ln g being normal around ln 0.008 a day (doubling of the volume in 87 days) with deviation 0.8. Beyond
//! the curve, ln d wanders and is read with error, as in [`super::model`].

use super::model::{Below, Curve, Deviation, Lesion, Model};
use super::read::{Look, Seen};
use crate::figure::{Axis, Figure, Layer};
use crate::jobs::{Control, Interrupted};
use crate::population::Individual;
use crate::prior::{Parameter, Prior, Target};
use crate::smc::{Posterior, Settings, sample};
use crate::verdict::{Explanation, Origin, Verdict};

/// How resistance began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Not at all.
    Never,
    /// As a fraction at the start.
    AtStart,
    /// As one cell, later.
    Later,
}

/// Cells in a cubic millimetre of tumour.
const CELLS_PER_MM3: f64 = 1e6;

/// A lesion's looks under one beginning of resistance.
pub struct Question<'a> {
    beginning: Beginning,
    parameters: Vec<Parameter>,
    lesion: Lesion<'a>,
}

/// The law of the sizes.
pub const MODEL: Model = Model { curve: Curve::Regrowth, deviation: Deviation::Level };

impl<'a> Question<'a> {
    /// The looks of a lesion, in the order of time.
    pub fn new(beginning: Beginning, looks: &[Look], below: &'a Below) -> Question<'a> {
        let first = looks.iter().find_map(|l| match l.seen {
            Seen::Diameter(d) => Some(d),
            _ => None,
        });
        let last = looks.last().map_or(1.0, |l| l.days).max(1.0);
        let parameter = |name: &str, unit: &str, prior| Parameter::new(name, unit, prior);
        let mut parameters = vec![
            parameter("diameter_at_start", "mm", Prior::LogNormal(first.unwrap_or(below.limit), 0.3)),
            parameter("decay", "1/day", Prior::LogNormal(0.02, 0.8)),
            parameter("persister_share", "", Prior::LogitNormal(0.3, 1.5)),
            parameter("persister_decay", "1/day", Prior::LogNormal(0.001, 1.0)),
            parameter("proportional_error", "", Prior::LogNormal(0.06, 0.5)),
            parameter("wander", "1/sqrt(day)", Prior::LogNormal(0.01, 0.7)),
        ];
        if beginning != Beginning::Never {
            parameters.push(parameter("growth", "1/day", Prior::LogNormal(0.008, 0.8)));
        }
        match beginning {
            Beginning::Never => {}
            Beginning::AtStart => parameters.push(parameter("resistant_fraction", "", Prior::LogUniform(1e-7, 0.5))),
            Beginning::Later => parameters.push(parameter("arises", "day", Prior::Uniform(0.0, last))),
        }
        Question { beginning, parameters, lesion: Lesion { model: MODEL, looks: looks.to_vec(), below } }
    }

    /// Parameters of [`MODEL`] that a set of its own stands for.
    pub fn theta(&self, at: &[f64]) -> Vec<f64> {
        let f = match self.beginning {
            Beginning::Never => 0.0,
            Beginning::AtStart => at[7],
            Beginning::Later => {
                let volume = std::f64::consts::PI / 6.0 * at[0] * at[0] * at[0];
                libm::exp(-at[6] * at[7]) / (CELLS_PER_MM3 * volume).max(1.0)
            }
        };
        let f = f.min(0.999);
        let p = at[2] * (1.0 - f);
        let rest = ((1.0 - f) * (1.0 - at[2])).max(1e-12);
        let growth = if self.beginning == Beginning::Never { 1e-6 } else { at[6] };
        let ln = |x: f64| libm::log(x.max(1e-300));
        vec![
            ln(at[0]),
            ln(f / rest),
            ln(p / rest),
            ln(at[1]),
            ln(at[3]),
            ln(growth),
            ln(at[4]),
            0.0,
            -2.0,
            -2.8,
            ln(at[5]),
        ]
    }
}

impl Target for Question<'_> {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.lesion.log_likelihood(&self.theta(at))
    }
}

/// The verdict for one lesion, with the posterior of the explanation that resistance was there at the start, and the
/// ridge of its fraction against its growth.
pub fn verdict(
    looks: &[Look],
    below: &Below,
    seed: u64,
    control: &Control,
) -> Result<(Verdict, Posterior, Figure), Interrupted> {
    let settings = Settings { particles: 300, runs: 3, moves: 25, forgotten: 0.25, seed, ..Settings::default() };
    let all = [
        (Beginning::Never, "no_resistance", "nothing resistant grows", Origin::None),
        (Beginning::AtStart, "resistant_at_start", "a resistant fraction is there at the start", Origin::PreExisting),
        (Beginning::Later, "resistant_later", "one resistant cell arises under treatment", Origin::DuringTreatment),
    ];
    let mut explanations = Vec::new();
    let mut kept = None;
    for (k, (beginning, name, words, origin)) in all.into_iter().enumerate() {
        let question = Question::new(beginning, looks, below);
        let share = |k: usize| k as f64 / 3.0;
        let found = control.part(share(k), share(k + 1), |c| sample(&question, &settings, c))?;
        explanations.push(Explanation {
            name: name.into(),
            words: words.into(),
            origin,
            prior: 1.0 / 3.0,
            log_evidence: found.log_evidence,
            error: found.error,
        });
        if beginning == Beginning::AtStart {
            kept = Some(found);
        }
    }
    let Some(found) = kept else { return Err(Interrupted) };
    let mut verdict = Verdict::new(explanations);
    let (f, g) = (found.draws.values("resistant_fraction"), found.draws.values("growth"));
    verdict.reason = reason(&verdict, &f, &g);
    let at: Vec<(f64, f64)> = f.iter().copied().zip(g).step_by(3).collect();
    let figure = Figure {
        id: "ridge".into(),
        title: "Resistant fraction at the start against its growth".into(),
        caption:
            "Draws from the posterior. Points along the ridge fit the sizes alike: a larger fraction that grows slowly \
                  or a smaller one that grows fast."
                .into(),
        x: Axis::log("resistant fraction of the volume at the start"),
        y: Axis::log("growth of its volume, 1/day"),
        layers: vec![Layer::Points { name: "posterior".into(), at }],
    };
    Ok((verdict, found, figure))
}

/// Why the sizes do, or do not, tell.
fn reason(verdict: &Verdict, f: &[f64], g: &[f64]) -> String {
    let p = |origin| verdict.origin.iter().find(|o| o.0 == origin).map_or(0.0, |o| o.1);
    let shares = format!(
        "resistant at the start {:.2}, arisen under treatment {:.2}, no resistance {:.2}",
        p(Origin::PreExisting),
        p(Origin::DuringTreatment),
        p(Origin::None)
    );
    // Two ends of the ridge: the mean growth of the draws with the smallest and the largest tenth of fractions.
    let mut order: Vec<usize> = (0..f.len()).collect();
    order.sort_by(|a, b| f[*a].total_cmp(&f[*b]));
    let tenth = (order.len() / 10).max(1);
    let end = |some: &[usize]| {
        let n = some.len().max(1) as f64;
        let mean = |v: &[f64]| libm::exp(some.iter().map(|k| libm::log(v[*k])).sum::<f64>() / n);
        (mean(f), mean(g))
    };
    let (low, high) = (end(&order[..tenth]), end(&order[order.len() - tenth..]));
    let alike = format!(
        "the sizes fit a resistant fraction of {:.0e} growing {:.3} a day and {:.0e} growing {:.3} a day alike; nadir depth or \
         serial ctDNA separates them",
        high.0, high.1, low.0, low.1
    );
    match (verdict.undetermined, verdict.best()) {
        (false, Some((Origin::PreExisting, _))) => format!(
            "Probabilities: {shares}. Regrowth came too soon for a single cell at any growth that the prior thinks likely; one of the first \
             weeks that grows unusually fast looks so as well. Even so, {alike}."
        ),
        (false, _) => format!("Probabilities: {shares}. The sizes need no other explanation."),
        _ => format!("Undetermined ({shares}): {alike}."),
    }
}
