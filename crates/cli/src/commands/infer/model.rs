//! `remission infer model`

use super::answered;
use crate::args::infer::{Followed, Model};
use crate::failure::{Exit, code};
use crate::load::load;
use remission_engine::compiled::Compiled;
use remission_infer::fit_model::{Method, Options, TEMPLATE, answer, read};
use remission_infer::words::typed;
use std::sync::atomic::AtomicBool;

/// `remission infer model`
pub fn model(args: &Model, stop: &AtomicBool) -> Result<u8, Exit> {
    let Some(name) = args.study.as_deref().filter(|_| !args.common.template) else {
        say!("{TEMPLATE}");
        return Ok(code::DONE);
    };
    if args.common.data.is_none() {
        let what = "a study and a table are needed, in this order: remission infer model STUDY TABLE";
        let found = format!("`{name}` alone was given");
        let how = "the study is a catalogue ID (`remission catalogue`) or a folder with model.toml and study.toml; --template prints a table";
        return Err(Exit::refused(format!("error: {what}\n  {found}; {how}")));
    }
    let loaded = load(name)?;
    let Some(study) = &loaded.study else {
        return Err(Exit::refused(format!(
            "error: there is no study.toml beside {}; it says which doses an arm gives, and the readings are those of a patient in an arm",
            loaded.sources[0].shown
        )));
    };
    let compiled = Compiled::new(&loaded.model);
    if compiled.has_immune {
        let immune = loaded.model.cells.iter().enumerate().filter(|(k, _)| !loaded.model.is_tumour(*k));
        let names: Vec<&str> = immune.map(|(_, c)| c.name.as_str()).collect();
        return Err(Exit::refused(format!(
            "error: the cell types {} are immune, and readings are weighed for tumours alone\n  write them as levels ([levels.<name>]), or fit another model",
            names.join(", ")
        )));
    }
    let mut options =
        Options { arm: args.arm.clone(), free: args.free.clone(), seed: args.common.seed, ..Options::default() };
    options.method = match args.method {
        Some(Followed::Mean) => Method::Mean,
        _ => Method::Particles,
    };
    options.particles = args.particles.map(|n| n as usize);
    options.burn_in = args.burn_in.map_or(options.burn_in, |n| n as usize);
    options.steps = args.steps.map_or(options.steps, |n| n as usize);
    if let Some(days) = args.forecast_days {
        if !(1.0..=3650.0).contains(&days) {
            return Err(Exit::refused(format!("error: --forecast-days is {}; allowed: 1 to 3650", typed(days))));
        }
        options.forecast_days = days;
    }
    answered(
        &args.common,
        TEMPLATE,
        stop,
        |text| read(text, &loaded.model),
        |data, control| answer(&compiled, study, data, &options, control),
    )
}
