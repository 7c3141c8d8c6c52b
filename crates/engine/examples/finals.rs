//! What is left at the horizon, replicate by replicate, as CSV: the engine's side of `verify/reference/compare.py`.
//!
//! `cargo run --release -p remission-engine --example finals -- FOLDER exact|leap REPLICATES SEED`. The folder holds `model.toml`
//! and `study.toml`; the first arm is simulated in the patient with the central parameter values. The columns are those of
//! `verify/reference/simulate.py`: cells by type, living clones by origin, cells by origin, living clones by the type of their
//! parent, and the summed age in days of living clones that mutation founded under treatment.

use remission_engine::before;
use remission_engine::compiled::Compiled;
use remission_engine::state::{Cause, Origin, State};
use remission_engine::stream::{Purpose, Stream};
use remission_engine::tumour::{Method, Tumour};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, method, replicates, seed] = &arguments[..] else {
        return Err("usage: finals FOLDER exact|leap REPLICATES SEED".into());
    };
    let method = match method.as_str() {
        "exact" => Method::Exact,
        "leap" => Method::Leap,
        other => return Err(format!("no method {other}").into()),
    };
    let (replicates, seed): (u64, u64) = (replicates.parse()?, seed.parse()?);

    let read = |file: &str| std::fs::read_to_string(format!("{folder}/{file}"));
    let model = remission_model::model_from_toml("model.toml", &read("model.toml")?).map_err(|p| format!("{p:?}"))?;
    let study = remission_model::study_from_toml("study.toml", &read("study.toml")?, "finals", &model)
        .map_err(|p| format!("{p:?}"))?;
    let parameters: Vec<f64> = model.parameters.iter().map(|p| p.value).collect();
    let compiled = Compiled::new(&model);

    let types = || model.cells.iter().map(|c| c.name.clone());
    let origins = || Origin::ALL.iter().map(|o| o.name());
    let header: Vec<String> = types()
        .map(|t| format!("cells {t}"))
        .chain(origins().map(|o| format!("clones {o}")))
        .chain(origins().map(|o| format!("cells {o}")))
        .chain(types().map(|t| format!("clones from {t}")))
        .chain(["clone days".to_string()])
        .collect();
    println!("{}", header.join(","));

    for replicate in 0..replicates {
        let mut stream = Stream::new(seed, 0, replicate, Purpose::BeforeTreatment);
        let state = before::start(&compiled, &parameters, method, &mut stream)?;
        let mut stream = Stream::new(seed, 0, replicate, Purpose::Treatment);
        let mut tumour = Tumour::new(&compiled, &parameters, state, method)?;
        tumour.follow(&study.arms[0].regimen);
        tumour.advance(study.horizon, f64::INFINITY, &mut stream)?;
        println!("{}", row(&compiled, &tumour.state));
    }
    Ok(())
}

fn row(compiled: &Compiled, state: &State) -> String {
    let mut clones = vec![0u64; Origin::ALL.len()];
    let mut cells = vec![0u64; Origin::ALL.len()];
    let mut from = vec![0u64; compiled.types()];
    let mut days = 0.0;
    for (block, members) in compiled.blocks.iter().zip(&state.blocks) {
        for (founder, counts) in members.founders.iter().zip(members.counts.chunks_exact(block.types.len())) {
            let size: u64 = counts.iter().sum();
            if size == 0 {
                continue;
            }
            let origin = Origin::ALL.iter().position(|&o| o == founder.origin).unwrap_or(0);
            clones[origin] += 1;
            cells[origin] += size;
            if let Some(parent) = founder.parent_type {
                from[parent] += 1;
            }
            if founder.cause == Cause::Mutation && founder.founded >= 0.0 {
                days += state.time - founder.founded;
            }
        }
    }
    let numbers = state.by_type(compiled).into_iter().chain(clones).chain(cells).chain(from);
    let mut fields: Vec<String> = numbers.map(|n| n.to_string()).collect();
    fields.push(days.to_string());
    fields.join(",")
}
