//! What further measurements would tell of the origin, in bits: nested Monte Carlo over the posterior.
//!
//! An explanation is drawn with its posterior probability and parameters from its draws; the measurement's outcome is
//! drawn from them; the chance of that outcome under every explanation is the mean over that explanation's draws (the
//! one it came from left out); Bayes' rule gives the origins' probabilities after it. The expected fall of their entropy
//! is the information (Lindley 1956). It is at most the entropy of the present verdict.
//!
//! Assumptions that belong to a measurement stand at its name below.

use super::Options;
use super::target::{Kind, Wells};
use crate::expected;
use crate::jobs::{Control, Interrupted, map};
use crate::special::{log_normal_density, log_sum};
use crate::verdict::{Next, Verdict};
use crate::words::counted;
use remission_engine::draw::{binomial, normal};
use remission_engine::stream::{Purpose, Stream};

/// A further measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measurement {
    /// As many wells again, treated and looked at alike.
    MoreWells,
    /// As many wells with a tenth of the cells: lines become rare, so that a well that regrows has one.
    FewerCells,
    /// As many wells, looked at every day.
    DailyLooks,
    /// The growth rate under the drug of cells from regrown wells, to within [`GROWTH_ERROR`].
    GrowthRate,
    /// A drug holiday for up to [`HOLIDAY_WELLS`] regrown wells, and the drug again: a state that is not a mutation is
    /// lost in [`LOST`] of them, a mutation seems lost in [`SEEMS_LOST`] (both assumed).
    Holiday,
    /// As many wells, each grown from one cell before the drug: resistant cells of before are then families of mutations in
    /// that well, in number as in the flask over ln(cells of the flask) (Luria and Delbrueck 1943).
    GrownFromOne,
    /// As many wells at a third of the dose: mutations that the drug makes are a third as many.
    LowerDose,
}

/// Standard deviation of the logarithm of a measured growth rate.
pub const GROWTH_ERROR: f64 = 0.1;
/// Most regrown wells given a holiday.
pub const HOLIDAY_WELLS: usize = 12;
/// Chance that cells without a resistance mutation respond to the drug again after the holiday. Assumed.
pub const LOST: f64 = 0.9;
/// Chance that cells with one seem to. Assumed.
pub const SEEMS_LOST: f64 = 0.05;

impl Measurement {
    /// All.
    pub const ALL: [Measurement; 7] = [
        Measurement::MoreWells,
        Measurement::FewerCells,
        Measurement::DailyLooks,
        Measurement::GrowthRate,
        Measurement::Holiday,
        Measurement::GrownFromOne,
        Measurement::LowerDose,
    ];

    /// Short name, with which the words of the measurement begin.
    pub fn name(self) -> &'static str {
        match self {
            Measurement::MoreWells => "more_wells",
            Measurement::FewerCells => "fewer_cells",
            Measurement::DailyLooks => "daily_looks",
            Measurement::GrowthRate => "growth_rate",
            Measurement::Holiday => "drug_holiday",
            Measurement::GrownFromOne => "grown_from_one_cell",
            Measurement::LowerDose => "lower_dose",
        }
    }

    /// What is measured, its name first: `more_wells: 24 more wells, treated alike`; a cost is given by a part of it.
    pub fn words(self, wells: usize, regrown: usize) -> String {
        let some = |n: usize| counted(n, "well", "wells");
        match self {
            Measurement::MoreWells => {
                format!("more_wells: {}, treated alike", counted(wells, "more well", "more wells"))
            }
            Measurement::FewerCells => format!("fewer_cells: {} with a tenth of the cells", some(wells)),
            Measurement::DailyLooks => {
                format!("daily_looks: {}, looked at every day", counted(wells, "more well", "more wells"))
            }
            Measurement::GrowthRate => "growth_rate: growth rate of regrown cells under the drug, to 10 %".into(),
            Measurement::Holiday => {
                let wells = counted(regrown.min(HOLIDAY_WELLS), "regrown well", "regrown wells");
                format!("drug_holiday: a drug holiday for {wells}, then the drug again")
            }
            Measurement::GrownFromOne => {
                format!("grown_from_one_cell: {}, each grown from one cell before the drug", some(wells))
            }
            Measurement::LowerDose => format!("lower_dose: {} at a third of the dose", some(wells)),
        }
    }
}

/// An explanation with draws of its parameters.
pub struct Drawn {
    /// Which.
    pub kind: Kind,
    /// Parameter sets, weighing alike; two or more.
    pub sets: Vec<Vec<f64>>,
}

/// The plate as it was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plate {
    /// Wells.
    pub wells: usize,
    /// Of which regrew.
    pub regrown: usize,
    /// Days between looks.
    pub looks_every_days: f64,
    /// Day of the last look.
    pub last_day: f64,
}

const OUTCOMES: usize = 400;

/// Expected bits of every measurement that makes sense for this plate; `drawn` stands in the verdict's order.
pub fn measurements(
    verdict: &Verdict,
    drawn: &[Drawn],
    plate: &Plate,
    options: &Options,
    control: &Control,
) -> Result<Vec<Next>, Interrupted> {
    let sensible = |m: &Measurement| match m {
        Measurement::DailyLooks => plate.looks_every_days > 1.5,
        Measurement::GrowthRate | Measurement::Holiday => plate.regrown > 0,
        Measurement::GrownFromOne => !options.grown,
        _ => true,
    };
    let chosen: Vec<Measurement> = Measurement::ALL.into_iter().filter(sensible).collect();
    map(chosen.len(), control, |k, control| {
        let m = chosen[k];
        let mut stream = Stream::new(options.settings.seed, 1000 + k as u64, 0, Purpose::Inference);
        let outcomes = Outcomes::new(m, drawn, plate, options);
        let mut falls = Vec::with_capacity(OUTCOMES);
        for outcome in 0..OUTCOMES {
            control.check()?;
            control.done(outcome as f64 / OUTCOMES as f64);
            let (mut u, mut e) = (stream.uniform(), 0);
            while e + 1 < drawn.len() && u > verdict.probability[e] {
                u -= verdict.probability[e];
                e += 1;
            }
            let from = ((stream.uniform() * drawn[e].sets.len() as f64) as usize).min(drawn[e].sets.len() - 1);
            let chances = outcomes.log_chances(e, from, &mut stream);
            falls.push(verdict.entropy() - verdict.after(&chances).entropy());
        }
        let (expected_bits, error) = expected::mean(&falls, verdict.entropy());
        let name = m.words(plate.wells, plate.regrown);
        Ok(Next { name, expected_bits, error, cost: None })
    })
}

/// What a measurement may give, for every draw of every explanation.
enum Outcomes {
    /// ln of the chances that a well falls between two looks, or after the last; and how many wells.
    Wells(Vec<Vec<Vec<f64>>>, usize),
    /// ln of the growth rate.
    Growth(Vec<Vec<f64>>),
    /// Chance that a holiday undoes resistance; and how many wells.
    Holiday(Vec<f64>, usize),
}

impl Outcomes {
    fn new(m: Measurement, drawn: &[Drawn], plate: &Plate, options: &Options) -> Outcomes {
        let mut options = options.clone();
        match m {
            Measurement::GrowthRate => {
                let of = |d: &Drawn| d.sets.iter().map(|s| libm::log(s[0])).collect();
                return Outcomes::Growth(drawn.iter().map(of).collect());
            }
            Measurement::Holiday => {
                let of = |d: &Drawn| if d.kind == Kind::NonGenetic { LOST } else { SEEMS_LOST };
                return Outcomes::Holiday(drawn.iter().map(of).collect(), plate.regrown.min(HOLIDAY_WELLS));
            }
            _ => {}
        }
        let every = if m == Measurement::DailyLooks { 1.0 } else { plate.looks_every_days };
        let every = every.max(plate.last_day / 100.0);
        let looks: Vec<f64> =
            (1..=100).map(|k| f64::from(k) * every).take_while(|d| *d < plate.last_day + every).collect();
        let cells = if m == Measurement::FewerCells { 0.1 } else { 1.0 };
        let dose = if m == Measurement::LowerDose { 1.0 / 3.0 } else { 1.0 };
        let fewer = if m == Measurement::GrownFromOne { 1.0 / libm::log(options.flask_cells) } else { 1.0 };
        options.grown |= m == Measurement::GrownFromOne;
        let of = |d: &Drawn| -> Vec<Vec<f64>> {
            let target = Wells::new(d.kind, &[], &options);
            d.sets
                .iter()
                .map(|set| match target.law(set, cells, dose) {
                    None => vec![0.0; looks.len() + 1],
                    Some((mut founders, clock)) => {
                        founders.present *= fewer;
                        let mut p = super::law::scored_by(&founders, &clock, &looks);
                        p.push(1.0);
                        let ln = |k: usize| libm::log((p[k] - if k > 0 { p[k - 1] } else { 0.0 }).max(1e-9));
                        (0..p.len()).map(ln).collect()
                    }
                })
                .collect()
        };
        Outcomes::Wells(drawn.iter().map(of).collect(), plate.wells)
    }

    /// ln of the chance under every explanation of an outcome drawn from one set of one of them.
    fn log_chances(&self, e: usize, from: usize, stream: &mut Stream) -> Vec<f64> {
        let mean = |all: &[Vec<f64>]| -> Vec<f64> {
            let of = |(k, each): (usize, &Vec<f64>)| {
                let others = each.iter().enumerate().filter(|(s, _)| k != e || *s != from);
                let others: Vec<f64> = others.map(|(_, l)| *l).collect();
                log_sum(&others) - libm::log(others.len() as f64)
            };
            all.iter().enumerate().map(of).collect()
        };
        match self {
            Outcomes::Wells(chances, wells) => {
                let law = &chances[e][from];
                let steps: Vec<f64> = law
                    .iter()
                    .scan(0.0, |sum, l| {
                        *sum += libm::exp(*l);
                        Some(*sum)
                    })
                    .collect();
                let total = steps[steps.len() - 1];
                let mut counts = vec![0.0; law.len()];
                for _ in 0..*wells {
                    let u = stream.uniform() * total;
                    counts[steps.partition_point(|s| *s < u).min(law.len() - 1)] += 1.0;
                }
                let seen: Vec<usize> = (0..counts.len()).filter(|k| counts[*k] > 0.0).collect();
                let sum = |l: &Vec<f64>| seen.iter().map(|k| counts[*k] * l[*k]).sum();
                let all: Vec<Vec<f64>> = chances.iter().map(|sets| sets.iter().map(sum).collect()).collect();
                mean(&all)
            }
            Outcomes::Growth(rates) => {
                let found = rates[e][from] + GROWTH_ERROR * normal(stream);
                let density = |r: &f64| log_normal_density(found, *r, GROWTH_ERROR);
                let all: Vec<Vec<f64>> = rates.iter().map(|sets| sets.iter().map(density).collect()).collect();
                mean(&all)
            }
            Outcomes::Holiday(lost, wells) => {
                let k = binomial(stream, *wells as u64, lost[e]) as f64;
                let n = *wells as f64;
                lost.iter().map(|p| k * libm::log(*p) + (n - k) * libm::log(1.0 - *p)).collect()
            }
        }
    }
}
