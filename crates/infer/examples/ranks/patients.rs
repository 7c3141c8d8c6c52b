//! Cases of patients, and of the samplers for hidden processes: blood, sizes, PSA, a particle filter, a fitted model.

#[path = "../../tests/common/autoregression.rs"]
mod autoregression;
#[path = "../../tests/common/grown.rs"]
mod grown_model;

use crate::Fit;
use crate::cases::{Once, posterior, posterior_by, truth};
use autoregression::Walk;
use grown_model::{GROWN, TREATED};
use remission_cohort::measure::Reported;
use remission_engine::compiled::Compiled;
use remission_engine::draw::normal;
use remission_engine::stream::Stream;
use remission_infer::ctdna::{self, Explanation, Rise, Role, Said};
use remission_infer::emulator::Emulator;
use remission_infer::filter::{self, pass};
use remission_infer::fit_model::mean::mean_path;
use remission_infer::fit_model::patient::{Patient, Setting, Visit};
use remission_infer::fit_model::target::Fit as Fitted;
use remission_infer::fit_model::{Data, Options, Readings, answer};
use remission_infer::jobs::Control;
use remission_infer::pmmh::{self, Estimated};
use remission_infer::population::{Individual, Population, draws};
use remission_infer::prior::{Parameter, Prior};
use remission_infer::psa::{self, model as men};
use remission_infer::tumour_size::model::{Below, Lesion, Model};
use remission_infer::tumour_size::origin::{Beginning, MODEL, Question};
use remission_infer::tumour_size::{Look, Seen, reference};
use remission_model::draws::Draws;
use remission_model::resolved::Regimen;

/// Every case.
pub fn all() -> Vec<(&'static str, Once)> {
    vec![
        ("ctdna-before", |k, s| blood(k, s, Role::Resistance, Explanation::Before, READS)),
        ("ctdna-during", |k, s| blood(k, s, Role::Resistance, Explanation::During, READS)),
        ("ctdna-steady", |k, s| blood(k, s, Role::Resistance, Explanation::Steady, READS)),
        ("ctdna-none-truncal", |k, s| blood(k, s, Role::Truncal, Explanation::None, READS)),
        ("ctdna-before-truncal-copies", |k, s| blood(k, s, Role::Truncal, Explanation::Before, COPIES)),
        ("tumour-size-at-start", |k, s| size(k, s, Beginning::AtStart)),
        ("tumour-size-later", |k, s| size(k, s, Beginning::Later)),
        ("tumour-size-never", |k, s| size(k, s, Beginning::Never)),
        ("tumour-size-patient", |_, s| lesion(s)),
        ("psa-patient", |_, s| man(s)),
        ("pmmh", |k, s| walk(k, s, By::Itself)),
        ("pmmh-led", |k, s| walk(k, s, By::Steps)),
        ("pmmh-weighed", |k, s| walk(k, s, By::Weights)),
        ("fit-model-mean", |k, s| dish(k, s)),
        ("fit-model-particles", |k, s| grown(k, s)),
    ]
}

const READS: Said = Said::ShareBelow { limit: 0.001, depth: 5000 };
const COPIES: Said = Said::Copies { per_ml: 0.0, ml: 4.0 };

/// Seven draws of blood in nine months. More than 1e6 copies per mL are drawn anew, with their truth: no assay reads so many.
fn blood(k: u64, stream: &mut Stream, role: Role, explanation: Explanation, like: Said) -> Fit {
    let options = ctdna::Options::default();
    let days = [-3.0, 14.0, 42.0, 84.0, 140.0, 200.0, 270.0];
    let blank: Vec<(f64, Said)> = days.iter().map(|d| (*d, like)).collect();
    let rise = Rise::new(role, &blank, explanation, &options, 270.0);
    loop {
        let truth = truth(&rise, stream);
        let read: Vec<(f64, Said)> = days.iter().map(|d| (*d, rise.simulate(&truth, *d, like, stream))).collect();
        if read.iter().all(|r| r.1.is_share() || r.1.level() <= 1e6) {
            let rise = Rise::new(role, &read, explanation, &options, 270.0);
            if like.is_share() {
                return posterior(&rise, truth, k);
            }
            // Copies are read far more exactly: 100 or 200 particles lose the narrow peaks of small scatter (p 5e-5 of 500 fits).
            return posterior_by(&rise, truth, &options.settings(0), k);
        }
    }
}

const BELOW: Below = Below { limit: 5.0, zeros: 0.8, words: 0.0 };

/// Records in whole millimetres of a lesion of a model.
fn records(model: Model, theta: &[f64], days: &[f64], stream: &mut Stream) -> Vec<Look> {
    let blank = Lesion { model, looks: Vec::new(), below: &BELOW };
    let seen = |d: f64| if d < 0.5 { Seen::Gone } else { Seen::Diameter(libm::round(d)) };
    let drawn = blank.ahead(theta, days, stream);
    days.iter().zip(drawn).map(|(days, d)| Look { days: *days, seen: seen(d) }).collect()
}

/// Eight looks, six weeks apart. The prior of the size at the start is about the first record, which stands for one without
/// bounds: here the sizes are drawn from a law much wider than the error of a record, which comes to the same.
fn size(k: u64, stream: &mut Stream, beginning: Beginning) -> Fit {
    let days: Vec<f64> = (0..8).map(|k| 42.0 * f64::from(k)).collect();
    let about =
        |d: f64| -> Vec<Look> { days.iter().map(|days| Look { days: *days, seen: Seen::Diameter(d) }).collect() };
    let middle = 40.0 * libm::exp(0.4 * normal(stream));
    let question = Question::new(beginning, &about(middle), &BELOW);
    let truth = truth(&question, stream);
    let looks = records(MODEL, &question.theta(&truth), &days, stream);
    posterior(&Question::new(beginning, &looks, &BELOW), truth, k)
}

/// One lesion under the population that stands in for a learned one.
fn lesion(stream: &mut Stream) -> Fit {
    let (model, population) = reference::population(5.0).models.swap_remove(0);
    let days: Vec<f64> = (0..7).map(|k| 42.0 * f64::from(k)).collect();
    let truth = population.at(&model.parameters().iter().map(|_| normal(stream)).collect::<Vec<_>>());
    let looks = records(model, &truth, &days, stream);
    let names = model.parameters().iter().map(|p| p.0.to_string()).collect();
    individual(&Lesion { model, looks, below: &BELOW }, &population, truth, names, stream)
}

/// A man's draws from a population, as the commands take them, from one chain begun at one place or the best of five.
fn individual(of: &dyn Individual, by: &Population, truth: Vec<f64>, names: Vec<String>, stream: &mut Stream) -> Fit {
    let sets = draws(of, by, 400, 8, 5, stream).into_iter().map(|d| d.0).collect();
    let units = vec![String::new(); truth.len()];
    Fit { truth, draws: Draws { names, units, chains: vec![sets] } }
}

/// A man in his first two cycles, read every six weeks.
fn man(stream: &mut Stream) -> Fit {
    let of = |k: usize| men::PARAMETERS.map(|p| if k == 0 { p.2 } else { p.3 });
    let population = Population::independent(&of(0), &of(1));
    let truth = population.at(&men::PARAMETERS.map(|_| normal(stream)));
    let visit = |k: usize| psa::Visit { days: 42.0 * k as f64, psa: None, on: k % 14 < 7, cycle: 1 + k / 14 };
    let mut visits: Vec<psa::Visit> = (0..26).map(visit).collect();
    let limit = 0.1;
    let blank = men::Course { visits: Vec::new(), limit };
    let read = blank.ahead(&truth, &visits, stream);
    for (visit, (log, _)) in visits.iter_mut().zip(read) {
        visit.psa = Some(libm::exp(log).max(limit));
    }
    let names = men::PARAMETERS.iter().map(|p| p.0.to_string()).collect();
    individual(&men::Course { visits, limit }, &population, truth, names, stream)
}

/// An autoregression x' = a x + noise, read with error, by a filter of few particles.
struct Read {
    parameters: [Parameter; 2],
    readings: Vec<f64>,
}

impl Estimated for Read {
    type Path = ();

    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn estimate(&self, at: &[f64], least: f64, stream: &mut Stream) -> Option<(f64, ())> {
        let mut path = Walk { a: at[0], noise: at[1], readings: &self.readings };
        let settings = filter::Settings { particles: 30, ..filter::Settings::default() };
        pass(&mut path, &settings, least, stream).map(|p| (p.log_likelihood, ()))
    }
}

/// What a stand-in does in a chain.
#[derive(PartialEq)]
enum By {
    Itself,
    Steps,
    Weights,
}

/// Fifteen readings; a stand-in learns from 80 estimates at draws from the prior.
fn walk(k: u64, stream: &mut Stream, led: By) -> Fit {
    let parameters =
        [Parameter::new("a", "", Prior::Uniform(0.0, 1.0)), Parameter::new("noise", "", Prior::LogNormal(1.0, 0.5))];
    let truth: Vec<f64> = parameters.iter().map(|p| p.prior.at(normal(stream))).collect();
    let readings = autoregression::readings(truth[0], truth[1], 15, stream);
    let settings =
        pmmh::Settings { chains: 2, burn_in: 300, steps: 1500, thin: 5, seed: 1000 + k, ..pmmh::Settings::default() };
    let target = Read { parameters, readings };
    let by = (led != By::Itself).then(|| {
        let place =
            |stream: &mut Stream| target.parameters.iter().map(|p| p.prior.at(normal(stream))).collect::<Vec<_>>();
        let places: Vec<Vec<f64>> = (0..80).map(|_| place(stream)).collect();
        let mut seen = Vec::new();
        for at in &places {
            seen.extend(target.estimate(at, f64::NEG_INFINITY, stream).map(|e| (at.clone(), e.0)));
        }
        Emulator::new(&target.parameters, &seen)
    });
    let by = by.flatten();
    let curve = by.as_ref().map(|by| |z: &[f64]| by.log_likelihood(z));
    let curve = curve.as_ref().map(|c| c as &pmmh::Curve);
    let control = Control::quiet();
    let draws = match curve {
        Some(by) if led == By::Weights => {
            let settings = pmmh::Settings { steps: 500, ..settings };
            let place = |_| target.parameters.iter().map(|p| p.prior.at(normal(stream))).collect();
            let start: Vec<Vec<f64>> = (0..40).map(place).collect();
            pmmh::weighed(&target, &settings, &start, by, &control).map(|found| found.map(|w| w.posterior.draws))
        }
        curve => pmmh::sample(&target, &settings, &[], curve, &control).map(|found| found.map(|p| p.draws)),
    };
    Fit { truth, draws: draws.expect("nobody interrupts").expect("every walk is possible") }
}

const DISH: &str = r#"
[model]
title = "Cells that decline, and resistant ones that grow"
[parameters]
decline = { value = "0.1 /day", assumed = "test", prior = "lognormal(cv = 50 %)" }
regrowth = { value = "0.05 /day", assumed = "test", prior = "lognormal(cv = 30 %)" }
resistant = { value = "500 cells", assumed = "test", prior = "lognormal(cv = 80 %)" }
turnover = { value = "0.2 /day", assumed = "test", prior = "lognormal(cv = 1 %)" }
[cells.S]
birth = "turnover"
death = "turnover + decline"
[cells.R]
kind = "resistant"
mechanism = "m"
birth = "turnover + regrowth"
death = "turnover"
[before_treatment]
start = { S = "1e6 cells", R = "resistant" }
[measurements.count]
kind = "cell_count"
error = "20 %"
"#;

/// Ten readings of a dish along the mean of a model.
fn dish(k: u64, stream: &mut Stream) -> Fit {
    let model = remission_model::model_from_toml("dish.toml", DISH).expect("the model is sound");
    let compiled = Compiled::new(&model);
    let regimen = Regimen::default();
    let mut visits: Vec<Visit> = (0..10).map(|k| Visit { time: 15.0 * f64::from(k), readings: Vec::new() }).collect();
    let blank = Setting { compiled: &compiled, regimen: &regimen, visits: &visits, ahead: &[] };
    let fit = Fitted::new(&blank, vec![0, 1, 2], None, 1);
    let truth = truth(&fit, stream);
    let path = mean_path(&blank, &fit.all(&truth)).expect("the mean can be followed");
    for (visit, seen) in visits.iter_mut().zip(path) {
        visit.readings = vec![(0, Reported::Value(seen.total() * libm::exp(0.2 * normal(stream))))];
    }
    let setting = Setting { compiled: &compiled, regimen: &regimen, visits: &visits, ahead: &[] };
    posterior(&Fitted::new(&setting, vec![0, 1, 2], None, 1), truth, k)
}

/// Six readings of a grown tumour under a drug, fitted as `infer model` fits a patient: by led filters, a stand-in and weights.
fn grown(k: u64, stream: &mut Stream) -> Fit {
    let model = remission_model::model_from_toml("model.toml", GROWN).expect("the model is sound");
    let study = remission_model::study_from_toml("study.toml", TREATED, "grown", &model).expect("the study is sound");
    let compiled = Compiled::new(&model);
    let regimen = study.arms[0].regimen_of(0);
    let mut visits = [0.0, 15.0, 30.0, 50.0, 75.0, 100.0].map(|time| Visit { time, readings: Vec::new() }).to_vec();
    let blank = Setting { compiled: &compiled, regimen, visits: &visits, ahead: &[] };
    let fit = Fitted::new(&blank, vec![0, 1, 2, 3], None, 1);
    let truth = truth(&fit, stream);
    let all = fit.all(&truth);
    let mut patient = Patient::new(&blank, &all).expect("the patient is possible");
    let free = filter::Settings { particles: 2, ..filter::Settings::default() };
    let path = pass(&mut patient, &free, f64::NEG_INFINITY, stream).expect("nothing was read").path;
    for (visit, seen) in visits.iter_mut().zip(path) {
        let read = seen.total() * libm::exp(0.2 * normal(stream));
        visit.readings = vec![(0, Reported::Value(if read < 1.0 { 0.0 } else { read }))];
    }
    let data = Data { patients: vec![Readings { name: String::new(), visits }], notes: Vec::new() };
    let named = ["u", "burden", "kill", "regrowth"].map(String::from).to_vec();
    let options = Options { free: named, chains: 2, steps: 500, seed: 1000 + k, ..Options::default() };
    let found = answer(&compiled, &study, &data, &options, &Control::quiet()).expect("the readings are possible");
    let sampled = found.into_iter().next().and_then(|a| a.sampled).expect("there are draws");
    Fit { truth, draws: sampled.posterior }
}
