//! The likelihood of a patient's readings as a target: which parameters of the model are free, and by the filter or the mean.
//!
//! A parameter that differs between patients is free within its law between patients; one that is assumed, within its
//! prior. Parameters are sampled in the unit in which the model writes them. Those that are not free keep the model's value.

use super::mean::{log_density_along, mean_path};
use super::patient::{Patient, Seen, Setting, Visit, lethal};
use crate::filter::{self, pass};
use crate::pmmh::Estimated;
use crate::prior::{self, Prior, Target};
use remission_cohort::ctdna;
use remission_cohort::measure::{Instruments, Meter, ReadingStreams, Reported, channels};
use remission_engine::stream::{Purpose, Stream};
use remission_model::resolved::{Measurement, MeasurementKind, Model, Source, Variation};

/// Smallest size of which a logarithm is taken, mm or cells.
const SMALLEST: f64 = 1e-3;

/// An estimate of the likelihood.
#[derive(Clone)]
pub(super) struct Estimate {
    /// Where.
    pub at: Vec<f64>,
    /// Its logarithm.
    pub log_likelihood: f64,
    /// ln of the size that each reading of one was of, along its path.
    pub sizes: Vec<f64>,
}

/// What is believed of a parameter of this patient before the readings; none where the model does not say.
pub fn prior_of(parameter: &remission_model::resolved::Parameter) -> Option<Prior> {
    let law = match (&parameter.between_patients, &parameter.source) {
        (Some(law), _) => *law,
        (None, Source::Assumed { prior, .. }) => *prior,
        _ => return None,
    };
    let s = parameter.unit_scale;
    let value = parameter.value / s;
    Some(match law {
        Variation::LogNormal { sigma } if value > 0.0 && sigma > 0.0 => Prior::LogNormal(value, sigma),
        Variation::Normal { sd } if sd > 0.0 => Prior::Normal(value, sd / s),
        Variation::Uniform { low, high } if low < high => Prior::Uniform(low / s, high / s),
        Variation::LogUniform { low, high } if 0.0 < low && low < high => Prior::LogUniform(low / s, high / s),
        _ => return None,
    })
}

/// A patient to be fitted: by the filter as [`Estimated`], by the mean or by the filter with draws that belong to the
/// parameters as [`Target`].
pub struct Fit<'a> {
    /// Model, doses, visits.
    pub setting: &'a Setting<'a>,
    /// Index in the model of each free parameter.
    pub free: Vec<usize>,
    /// The same, with priors.
    pub parameters: Vec<prior::Parameter>,
    /// How hard a pass of the filter works; none: the mean.
    pub filter: Option<filter::Settings>,
    /// Seed of passes that belong to parameters.
    pub seed: u64,
}

impl<'a> Fit<'a> {
    /// With these parameters of the model free, which must have a prior.
    pub fn new(setting: &'a Setting<'a>, free: Vec<usize>, filter: Option<filter::Settings>, seed: u64) -> Fit<'a> {
        let model = &setting.compiled.model;
        let free: Vec<usize> = free.into_iter().filter(|k| prior_of(&model.parameters[*k]).is_some()).collect();
        let one = |k: &usize| {
            let p = &model.parameters[*k];
            let unit = if p.unit == "1" { String::new() } else { p.unit.clone() };
            prior_of(p).map(|prior| prior::Parameter::new(p.name.clone(), unit, prior))
        };
        let parameters = free.iter().filter_map(one).collect();
        Fit { setting, free, parameters, filter, seed }
    }

    /// All parameters of the model, base units, with the free ones at `at`.
    pub fn all(&self, at: &[f64]) -> Vec<f64> {
        let model = &self.setting.compiled.model;
        let mut all: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
        for (k, x) in self.free.iter().zip(at) {
            all[*k] = x * model.parameters[*k].unit_scale;
        }
        all
    }

    /// The mean's ln density with its path; none where it cannot be followed.
    pub fn along_mean(&self, at: &[f64]) -> Option<(f64, Vec<Seen>)> {
        let all = self.all(at);
        let path = mean_path(self.setting, &all).ok()?;
        let density = log_density_along(self.setting, &all, &path).ok()?;
        Some((density, path))
    }
}

impl Fit<'_> {
    /// Meters of sizes with the readings of them, visit by visit, and the number of the visit.
    fn sizes(&self) -> impl Iterator<Item = (usize, &Measurement, Reported)> {
        let model = &self.setting.compiled.model;
        let channels = channels(model);
        let blood = |m: &Measurement| matches!(m.kind, MeasurementKind::Ctdna(_));
        let all = self.setting.visits.iter().enumerate().flat_map(|(k, v)| v.readings.iter().map(move |r| (k, *r)));
        all.filter_map(move |(k, (channel, reported))| {
            let measurement = &model.measurements[channels.get(channel)?.measurement];
            (!blood(measurement)).then_some((k, measurement, reported))
        })
    }

    /// Every reading of a size, with the standard deviation of its logarithm.
    pub(super) fn sizes_read(&self) -> Vec<(Reported, f64)> {
        let all = self.all(&self.parameters.iter().map(|p| p.prior.at(0.0)).collect::<Vec<_>>());
        let error = |m: &Measurement| Meter::new(self.setting.compiled, &all, m).map_or(1.0, |m| m.error());
        self.sizes().map(|(_, m, reported)| (reported, error(m).max(1e-3))).collect()
    }

    /// An estimate with the sizes along its path, and the path.
    pub(super) fn estimated(&self, at: &[f64], least: f64, stream: &mut Stream) -> Option<(Estimate, Vec<Seen>)> {
        let (log_likelihood, path) = self.estimate(at, least, stream)?;
        let all = self.all(at);
        let size = |(k, m, _): (usize, &Measurement, Reported)| {
            let expected = Meter::new(self.setting.compiled, &all, m).map_or(0.0, |m| m.expected(path[k].total()));
            libm::log(expected.max(SMALLEST))
        };
        let sizes = self.sizes().map(size).collect();
        Some((Estimate { at: at.to_vec(), log_likelihood, sizes }, path))
    }
}

impl Estimated for Fit<'_> {
    type Path = Vec<Seen>;

    fn parameters(&self) -> &[prior::Parameter] {
        &self.parameters
    }

    fn estimate(&self, at: &[f64], least: f64, stream: &mut Stream) -> Option<(f64, Vec<Seen>)> {
        let Some(settings) = &self.filter else {
            return self.along_mean(at).filter(|found| found.0 >= least && found.0 > f64::NEG_INFINITY);
        };
        let all = self.all(at);
        let mut patient = Patient::new(self.setting, &all).ok()?;
        let found = pass(&mut patient, settings, least, stream)?;
        let mut path = found.path;
        path.extend(patient.onward(found.last, stream));
        Some((found.log_likelihood, path))
    }
}

impl Target for Fit<'_> {
    fn parameters(&self) -> &[prior::Parameter] {
        &self.parameters
    }

    /// By the filter, an estimate whose draws are found by the parameters' own bits: the sampler sees one fixed rough
    /// function, whose average over any neighbourhood is the likelihood (Andrieu and Roberts 2009).
    fn log_likelihood(&self, at: &[f64]) -> f64 {
        self.log_likelihood_from(at, f64::NEG_INFINITY)
    }

    fn log_likelihood_from(&self, at: &[f64], least: f64) -> f64 {
        let key = at.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, x| {
            (h ^ x.to_bits()).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29)
        });
        let mut stream = Stream::new(self.seed, key, 4, Purpose::Inference);
        self.estimate(at, least, &mut stream).map_or(f64::NEG_INFINITY, |e| e.0)
    }
}

/// Part of the size that kills up to which visits are typical: few are read in the last weeks, when all rests on how fast the largest clone grows.
const READ: f64 = 0.1;

/// The visits with readings simulated along the mean of a patient with the model's own values, as long as that patient is well; none where
/// that is not at the first, or the mean cannot be followed.
fn typical(setting: &Setting) -> Option<Vec<Visit>> {
    let compiled = setting.compiled;
    let fit = Fit::new(setting, Vec::new(), None, 0);
    let (_, path) = fit.along_mean(&[])?;
    let lethal = lethal(compiled, &fit.all(&[]));
    let stream = |part| Stream::new(0, 0, part, Purpose::Inference);
    let mut streams = ReadingStreams { meters: stream(20), blood: ctdna::streams(&compiled.model, || stream(21)) };
    let mut instruments = Instruments::new(compiled, &fit.all(&[])).ok()?;
    instruments.follow(setting.regimen);
    let mut out = Vec::new();
    for (visit, seen) in setting.visits.iter().zip(&path).take_while(|(_, seen)| seen.total() < READ * lethal) {
        let read = instruments.read(compiled, seen.time, &seen.by_type, &seen.levels, &mut streams).ok()?;
        let of = |(c, reported): &(usize, Reported)| (*c, read.get(*c).map_or(*reported, |x| Reported::Value(*x)));
        out.push(Visit { time: visit.time, readings: visit.readings.iter().map(of).collect() });
    }
    (!out.is_empty()).then_some(out)
}

/// Parameters worth inferring, at most `most` of them, in the order of the model: those that move the density of such readings by more
/// than half a unit along the mean when they are moved by a standard deviation of their prior either way. What differs between patients
/// comes first, then what is assumed, each by how far it moves them.
///
/// The readings are simulated from the model's own values: where the patient's own are far from these, what moves their density most is
/// whatever is most certain of itself, not what could explain them.
pub fn chosen(setting: &Setting, most: usize) -> Vec<usize> {
    let model: &Model = &setting.compiled.model;
    let visits = typical(setting);
    let setting = &Setting { visits: visits.as_deref().unwrap_or(setting.visits), ..*setting };
    let candidates: Vec<usize> =
        (0..model.parameters.len()).filter(|&k| prior_of(&model.parameters[k]).is_some()).collect();
    let compiled = setting.compiled;
    // The density of the first `count` visits, with the number of those before death.
    let density = |free: &[usize], at: &[f64], count: usize| {
        let setting = Setting { visits: &setting.visits[..count], ahead: &[], ..*setting };
        let fit = Fit::new(&setting, free.to_vec(), None, 0);
        let (density, path) = fit.along_mean(at)?;
        let lethal = lethal(compiled, &fit.all(at));
        Some((density, path.iter().take_while(|s| s.total() < lethal).count()))
    };
    let all = setting.visits.len();
    let base = density(&[], &[], all);
    let mut moved: Vec<(bool, f64, usize)> = Vec::new();
    for &k in &candidates {
        let Some(prior) = prior_of(&model.parameters[k]) else { continue };
        let change = [-1.0, 1.0].into_iter().map(|z| {
            let at = [prior.at(z)];
            // Who would have died by then is compared as long as both live: a death moves no reading.
            let (mut both, alive) = ([base, density(&[k], &at, all)], |d: Option<(f64, usize)>| d.map_or(0, |d| d.1));
            let count = alive(both[0]).min(alive(both[1]));
            if count < all {
                both = [density(&[], &[], count), density(&[k], &at, count)];
            }
            match both.map(|d| d.map(|d| d.0)) {
                [Some(a), Some(b)] if a.is_finite() && b.is_finite() => (b - a).abs(),
                [a, b] if a == b => 0.0,
                _ => 1e6,
            }
        });
        moved.push((model.parameters[k].between_patients.is_some(), change.fold(0.0, f64::max), k));
    }
    moved.retain(|m| m.1 > 0.5);
    moved.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let mut out: Vec<usize> = moved.into_iter().take(most).map(|m| m.2).collect();
    out.sort_unstable();
    out
}
