//! What one pass of the particle filter costs, and how well it knows the likelihood: 20 visits of one patient of `nsclc-egfr-tki` and of
//! its rival, read every three weeks. From the root of the repository:
//!
//! `cargo run --release -p remission-infer --example filter_speed`

use remission_cohort::measure::Reported;
use remission_engine::compiled::Compiled;
use remission_engine::stream::{Purpose, Stream};
use remission_infer::filter::{Settings, pass};
use remission_infer::fit_model::mean::mean_path;
use remission_infer::fit_model::patient::{Patient, Setting, Visit};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let read = |path: &str| std::fs::read_to_string(format!("catalogue/nsclc-egfr-tki/{path}"));
    for (model, study) in [("model.toml", "study.toml"), ("variants/typed-in-fraction/model.toml", "study.toml")] {
        let (text, study) = (read(model)?, read(study)?);
        let resolved = remission_model::model_from_toml(model, &text)?;
        let study = remission_model::study_from_toml("study.toml", &study, "nsclc", &resolved)?;
        let compiled = Compiled::new(&resolved);
        let parameters: Vec<f64> = resolved.parameters.iter().map(|p| p.value).collect();
        let regimen = &study.arms[0].regimen;
        let look = |k: usize| Visit { time: 21.0 * k as f64, readings: Vec::new() };
        let mut visits: Vec<Visit> = (0..20).map(look).collect();
        let setting = Setting { compiled: &compiled, regimen, visits: &visits, ahead: &[] };
        let mut stream = Stream::new(2026, 0, 0, Purpose::Check);
        let mut patient = Patient::new(&setting, &parameters)?;
        // A patient whose readings are those of one particle.
        let free = Settings { particles: 2, ..Settings::default() };
        let seen = (0..50).find_map(|_| pass(&mut patient, &free, f64::NEG_INFINITY, &mut stream)).ok_or("no path")?;
        let meter = remission_cohort::measure::Meter::new(&compiled, &parameters, &resolved.measurements[0]);
        let meter = meter.ok_or("no meter")?;
        for (visit, seen) in visits.iter_mut().zip(&seen.path) {
            visit.readings = vec![(0, Reported::Value(meter.read(seen.total(), &mut stream)))];
        }
        let setting = Setting { compiled: &compiled, regimen, visits: &visits, ahead: &[] };
        let began = Instant::now();
        for _ in 0..20 {
            mean_path(&setting, &parameters)?;
        }
        println!("{model}: along the mean {:.2} ms", began.elapsed().as_secs_f64() * 50.0);
        for particles in [2, 10, 25, 50, 100, 200] {
            let settings = Settings { particles, ..Settings::default() };
            let began = Instant::now();
            let repeats = 20;
            let mut found = Vec::new();
            for _ in 0..repeats {
                let mut patient = Patient::new(&setting, &parameters)?;
                found.extend(pass(&mut patient, &settings, f64::NEG_INFINITY, &mut stream).map(|p| p.log_likelihood));
            }
            let mean = found.iter().sum::<f64>() / found.len() as f64;
            let variance = found.iter().map(|l| (l - mean) * (l - mean)).sum::<f64>() / (found.len() as f64 - 1.0);
            println!(
                "{model}: {particles} particles, {:.1} ms a pass, log-likelihood {mean:.2}, variance {variance:.2}",
                began.elapsed().as_secs_f64() * 1000.0 / f64::from(repeats)
            );
        }
    }
    Ok(())
}
