//! Cells that a drug leaves: one phase or two, plateau or regrowth, and what that says of them.
//!
//! From the mean signal's peak before its deepest fall on (so that a delay of the kill is left out), with t since then:
//!
//! ```text
//! one phase   N = N0 e^(-kill t)
//! two         N = N0 [(1 - share) e^(-kill t) + share e^(late t)]
//! ```
//!
//! `share` is the weight of the slow phase carried back to that time: the persister fraction if none was made by the
//! drug. One constant dose cannot tell cells that were there from cells that switched under it, for both give two
//! exponentials (Balaban et al. 2004, Science 305:1622, needed single cells); shares that differ between doses speak
//! for switching. The slow phase of persisters hardly grows; resistant cells grow. Bulk signals do not tell when
//! resistant cells arose: before and during treatment have one likelihood here. Readings scatter as independent
//! normal variables around ln N.

use super::window;
use crate::expected;
use crate::failure::Failure;
use crate::jobs::Control;
use crate::least_squares::{Search, minimise};
use crate::prior::{Parameter, Prior, Target};
use crate::smc::{Posterior, Settings, sample};
use crate::special::{log_normal_density, log_sum};
use crate::student::{f_above, t_95};
use crate::table::Reading;
use crate::verdict::{Explanation, Next, Origin, Verdict};
use remission_engine::draw::normal;
use remission_engine::stream::{Purpose, Stream};

/// What a simulated course follows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truth {
    /// Signal at 0 h, above 0.
    pub start: f64,
    /// Net rate without drug, per hour.
    pub growth: f64,
    /// Rate of the fast phase under much drug, per hour; half of it at [`half`](Truth::half).
    pub kill: f64,
    /// Dose with half of the kill, above 0.
    pub half: f64,
    /// Share of the slow phase, 0 to 1.
    pub share: f64,
    /// Net rate of the slow phase, per hour.
    pub late: f64,
    /// Standard deviation of ln(signal).
    pub scatter: f64,
}

/// Readings of one line, `wells` at each dose and time.
pub fn simulate(
    truth: &Truth,
    line: &str,
    doses: &[f64],
    times: &[f64],
    wells: u32,
    stream: &mut Stream,
) -> Vec<Reading> {
    let mut readings = Vec::new();
    for &concentration in doses {
        let kill = truth.kill * concentration / (concentration + truth.half);
        for &time in times {
            let mean = match concentration > 0.0 {
                true => log_two(libm::log(truth.start), truth.share, kill, truth.late, time),
                false => libm::log(truth.start) + truth.growth * time,
            };
            for replicate in 1..=wells {
                let signal = libm::exp(mean + truth.scatter * normal(stream));
                readings.push(Reading { cell_type: line.to_string(), concentration, time, replicate, signal });
            }
        }
    }
    readings
}

/// The course at one dose from its peak on.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    /// Dose.
    pub concentration: f64,
    /// When the mean signal was highest before its deepest fall, hours.
    pub peak: f64,
    /// Hours since the peak, ascending, and ln(signal).
    pub points: Vec<(f64, f64)>,
    /// Different times among them.
    pub times: usize,
    /// ln of the mean signal at the peak over the lowest after it.
    pub fall: f64,
}

/// Courses of a line at its doses above 0.
pub fn courses(readings: &[Reading], line: &str, doses: &[f64], from: f64, until: f64) -> Vec<Course> {
    let of = |&concentration: &f64| {
        let mut all: Vec<(f64, f64)> = window(readings, line, concentration, from, until)
            .into_iter()
            .map(|r| (r.time, libm::log(r.signal)))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let means: Vec<(f64, f64)> = all
            .chunk_by(|a, b| a.0 == b.0)
            .map(|same| (same[0].0, same.iter().map(|p| p.1).sum::<f64>() / same.len() as f64))
            .collect();
        // The deepest fall begins at the peak: regrowth may end higher than that.
        let (mut highest, mut peak, mut fall) = (*means.first()?, means[0].0, 0.0);
        for &mean in &means {
            if mean.1 > highest.1 {
                highest = mean;
            }
            if highest.1 - mean.1 > fall {
                (fall, peak) = (highest.1 - mean.1, highest.0);
            }
        }
        let peak = if fall > 0.0 { peak } else { highest.0 };
        let points: Vec<(f64, f64)> = all.iter().filter(|p| p.0 >= peak).map(|p| (p.0 - peak, p.1)).collect();
        let times = means.iter().filter(|m| m.0 >= peak).count();
        Some(Course { concentration, peak, points, times, fall })
    };
    doses.iter().filter(|c| **c > 0.0).filter_map(of).collect()
}

impl Course {
    /// Whether two phases can be asked for: five times or more from the peak on, and a fall to less than half.
    pub fn tells(&self) -> bool {
        self.times >= 5 && self.fall > std::f64::consts::LN_2 && self.points.len() >= 6
    }
}

/// Two phases fitted to a course, values with 95 % intervals.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoPhases {
    /// Weight of the slow phase at the peak, 0 to 1.
    pub share: (f64, (f64, f64)),
    /// Standard error of its log odds.
    pub share_error: f64,
    /// Rate of the fast phase, per hour.
    pub kill: (f64, (f64, f64)),
    /// Net rate of the slow phase, per hour.
    pub late: (f64, (f64, f64)),
    /// F and p of two phases against one.
    pub against_one: (f64, f64),
    /// Degrees of freedom of F.
    pub freedom: usize,
}

fn log_two(log_start: f64, share: f64, kill: f64, late: f64, t: f64) -> f64 {
    let (fast, slow) = (libm::log1p(-share) - kill * t, libm::log(share) + late * t);
    log_start + f64::max(fast, slow) + libm::log1p(libm::exp(-(fast - slow).abs()))
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Least squares of two phases; none where the search fails.
pub fn two_phases(course: &Course) -> Option<TwoPhases> {
    let points = &course.points;
    let x: Vec<f64> = points.iter().map(|p| p.0).collect();
    let y: Vec<f64> = points.iter().map(|p| p.1).collect();
    let one = crate::least_squares::line("one phase", &x, &y).ok()?;
    let length = x.last()?.max(1.0);
    // Late rates in units of one over the length of the course, so that values are about 1.
    let unpack = |v: &[f64]| (v[0], logistic(v[1]), libm::exp(v[2]) / length, v[3] / length);
    let mut best: Option<crate::least_squares::Fit> = None;
    for (odds, kill, late) in [(-2.0, 1.5, 0.0), (-4.0, 2.0, 1.0), (-7.0, 2.5, 3.0), (-3.0, 2.5, -0.5)] {
        let residuals = |v: &[f64], r: &mut [f64]| {
            let (start, share, kill, late) = unpack(v);
            for (out, p) in r.iter_mut().zip(points) {
                *out = log_two(start, share, kill, late, p.0) - p.1;
            }
        };
        let Ok(fit) = minimise(residuals, points.len(), &[y[0], odds, kill, late], &Search::default()) else {
            continue;
        };
        if best.as_ref().is_none_or(|b| fit.sum_of_squares < b.sum_of_squares) {
            best = Some(fit);
        }
    }
    let fit = best?;
    let t = t_95(fit.degrees_of_freedom as f64);
    let (v, e) = (&fit.estimate, &fit.standard_error);
    let (_, share, kill, late) = unpack(v);
    let f =
        (one.sum_of_squares - fit.sum_of_squares).max(0.0) / 2.0 / (fit.sum_of_squares / fit.degrees_of_freedom as f64);
    let f = if f.is_nan() { 0.0 } else { f };
    Some(TwoPhases {
        share: (share, (logistic(v[1] - t * e[1]), logistic(v[1] + t * e[1]))),
        share_error: e[1],
        kill: (kill, (libm::exp(v[2] - t * e[2]) / length, libm::exp(v[2] + t * e[2]) / length)),
        late: (late, ((v[3] - t * e[3]) / length, (v[3] + t * e[3]) / length)),
        against_one: (f, f_above(f, 2.0, fit.degrees_of_freedom as f64)),
        freedom: fit.degrees_of_freedom,
    })
}

/// What the slow phase is held to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All cells die at one rate.
    OnePhase,
    /// Survivors hardly grow.
    Persisters,
    /// Survivors grow.
    Resistant,
}

/// Courses under one kind; values of each course in turn: start, kill, scatter and, with two phases, share and late rate.
pub struct Courses {
    kind: Kind,
    groups: Vec<Vec<Group>>,
    parameters: Vec<Parameter>,
}

/// Readings of one time.
pub(super) struct Group {
    pub t: f64,
    n: f64,
    mean: f64,
    /// Sum of squares around the mean.
    squares: f64,
}

impl Group {
    /// Groups of readings (time, ln signal) in order of time.
    pub fn of(points: &[(f64, f64)]) -> Vec<Group> {
        let group = |same: &[(f64, f64)]| {
            let n = same.len() as f64;
            let mean = same.iter().map(|p| p.1).sum::<f64>() / n;
            Group { t: same[0].0, n, mean, squares: same.iter().map(|p| (p.1 - mean) * (p.1 - mean)).sum() }
        };
        points.chunk_by(|a, b| a.0 == b.0).map(group).collect()
    }

    /// ln of the density of the readings, which scatter around a mean.
    pub fn log_density(&self, mean: f64, scatter: f64) -> f64 {
        // Their density at their own mean, and how far that is off.
        let z = (self.mean - mean) / scatter;
        self.n * (log_normal_density(0.0, 0.0, scatter) - 0.5 * z * z) - 0.5 * self.squares / (scatter * scatter)
    }
}

impl Courses {
    /// The courses under a kind. `growth`: net rate without drug, per hour, above 0.
    pub fn new(kind: Kind, courses: &[&Course], growth: f64) -> Courses {
        let mut parameters = Vec::new();
        for course in courses {
            let at = |name: &str| format!("{name}_at_{}", course.concentration);
            // The start: within a factor of about 3 of the first reading, alike for all kinds.
            parameters.push(Parameter::new(at("log_start"), "", Prior::Normal(course.points[0].1, 0.5)));
            parameters.push(Parameter::new(at("kill"), "1/h", Prior::LogUniform(1e-3, 0.5)));
            parameters.push(Parameter::new(at("scatter"), "", Prior::LogUniform(0.01, 1.0)));
            let late = match kind {
                Kind::OnePhase => continue,
                Kind::Persisters => Prior::Uniform(-0.3 * growth, 0.1 * growth),
                Kind::Resistant => Prior::Uniform(0.1 * growth, 1.2 * growth),
            };
            parameters.push(Parameter::new(at("slow_share"), "", Prior::LogUniform(1e-6, 0.5)));
            parameters.push(Parameter::new(at("late_rate"), "1/h", late));
        }
        Courses { kind, groups: courses.iter().map(|c| Group::of(&c.points)).collect(), parameters }
    }

    /// Mean of ln N and its scatter for course `k`.
    pub fn mean(&self, at: &[f64], k: usize, t: f64) -> (f64, f64) {
        match self.kind {
            Kind::OnePhase => (at[3 * k] - at[3 * k + 1] * t, at[3 * k + 2]),
            _ => (log_two(at[5 * k], at[5 * k + 3], at[5 * k + 1], at[5 * k + 4], t), at[5 * k + 2]),
        }
    }
}

impl Target for Courses {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn log_likelihood(&self, at: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (k, groups) in self.groups.iter().enumerate() {
            for group in groups {
                let (mean, scatter) = self.mean(at, k, group.t);
                sum += group.log_density(mean, scatter);
            }
        }
        sum
    }
}

/// Weighs what the survivors are, from the course that falls deepest. `growth`: net rate without drug, per hour.
///
/// Gives the verdict with the posteriors by kind: one phase, persisters, resistant.
pub fn weigh(
    course: &Course,
    growth: f64,
    settings: &Settings,
    control: &Control,
) -> Result<(Verdict, Vec<Posterior>), Failure> {
    let kinds = [Kind::OnePhase, Kind::Persisters, Kind::Resistant];
    let targets: Vec<Courses> = kinds.iter().map(|k| Courses::new(*k, &[course], growth)).collect();
    let mut posteriors = Vec::new();
    for (k, target) in targets.iter().enumerate() {
        let found = control.part(0.3 * k as f64, 0.3 * (k + 1) as f64, |c| sample(target, settings, c))?;
        posteriors.push(found);
    }
    let explanation = |name: &str, words: &str, origin, k: usize| Explanation {
        name: name.into(),
        words: words.into(),
        origin,
        prior: 0.25,
        log_evidence: posteriors[k].log_evidence,
        error: posteriors[k].error,
    };
    let mut verdict = Verdict::new(vec![
        explanation("one_phase", "all cells die at one rate; no survivors of another kind are seen", Origin::None, 0),
        explanation("persisters", "survivors stay and hardly grow: persisters", Origin::NonGenetic, 1),
        explanation(
            "resistant_before",
            "survivors grow under drug; resistant cells from before",
            Origin::PreExisting,
            2,
        ),
        explanation(
            "resistant_during",
            "survivors grow under drug; resistant cells that arose during treatment",
            Origin::DuringTreatment,
            2,
        ),
    ]);
    let kind_of = [0, 1, 2, 2];
    let length = course.points.last().map_or(1.0, |p| p.0);
    let draws: Vec<Vec<&[f64]>> = posteriors.iter().map(|p| p.draws.all().collect()).collect();
    let mut next = Vec::new();
    let mut stream = Stream::new(settings.seed, 1, 0, Purpose::Inference);
    for further in [1.5, 2.5] {
        let t = further * length;
        let (bits, error) = expected::bits(
            &verdict,
            200,
            &mut stream,
            |k, stream| {
                let of = &draws[kind_of[k]];
                let chosen = of[((stream.uniform() * of.len() as f64) as usize).min(of.len() - 1)];
                let (mean, scatter) = targets[kind_of[k]].mean(chosen, 0, t);
                [0; 3].map(|_| mean + scatter * normal(stream))
            },
            |k, y| {
                let of = &draws[kind_of[k]];
                let few: Vec<f64> = of
                    .iter()
                    .step_by((of.len() / 400).max(1))
                    .map(|draw| {
                        let (mean, scatter) = targets[kind_of[k]].mean(draw, 0, t);
                        y.iter().map(|y| log_normal_density(*y, mean, scatter)).sum()
                    })
                    .collect();
                log_sum(&few) - libm::log(few.len() as f64)
            },
        );
        let name = format!("three wells at {} read at {:.0} h", course.concentration, course.peak + t);
        next.push(Next { name, expected_bits: bits, error, cost: None });
    }
    // A holiday: persisters become sensitive again, resistant cells stay so; told right in 19 cases of 20.
    let right = 0.95;
    let (bits, error) = expected::bits(
        &verdict,
        400,
        &mut stream,
        |k, stream| (kind_of[k] == 2) == (stream.uniform() < right),
        |k, y| libm::log(if (kind_of[k] == 2) == *y { right } else { 1.0 - right }),
    );
    let name = "survivors grown without drug and treated again (a holiday arm)".to_string();
    next.push(Next { name, expected_bits: bits, error, cost: None });
    // Winners shared between replicates of one barcoded pool, told right in 9 cases of 10 (see the barcodes assay).
    let (bits, error) = expected::bits(
        &verdict,
        400,
        &mut stream,
        |k, stream| match k {
            0 | 1 => stream.uniform() < 0.5,
            k => (k == 2) == (stream.uniform() < 0.9),
        },
        |k, y| match k {
            0 | 1 => libm::log(0.5),
            k => libm::log(if (k == 2) == *y { 0.9 } else { 0.1 }),
        },
    );
    let name = "a barcoded pool split into replicates before the drug".to_string();
    next.push(Next { name, expected_bits: bits, error, cost: None });
    verdict.rank(next);
    Ok((verdict, posteriors))
}
