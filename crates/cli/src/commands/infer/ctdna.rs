//! `remission infer ctdna`

use super::answered;
use crate::args::infer::Ctdna;
use crate::failure::Exit;
use remission_infer::ctdna::{Options, TEMPLATE, answer, read};
use remission_infer::words::typed;
use std::sync::atomic::AtomicBool;

/// `remission infer ctdna`
pub fn ctdna(args: &Ctdna, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut options = Options { seed: args.common.seed, ..Options::default() };
    options.particles = args.effort.particles.map_or(options.particles, |n| n as usize);
    let inside = |name: &str, value: f64, fits: bool, allowed: &str| match fits {
        true => Ok(value),
        false => Err(Exit::refused(format!("error: {name} is {}; allowed: {allowed}", typed(value)))),
    };
    if let Some(prior) = &args.prior {
        for p in prior {
            inside("--prior", *p, *p > 0.0 && p.is_finite(), "three numbers above 0; they need not sum to 1")?;
        }
        let sum: f64 = prior.iter().sum();
        options.prior = [prior[0] / sum, prior[1] / sum, prior[2] / sum];
    }
    if let Some(x) = args.artefacts {
        options.artefacts = inside("--artefacts", x, (0.0..=0.1).contains(&x), "a share from 0 to 0.1")?;
    }
    if let Some(x) = args.death {
        options.death_per_day = inside("--death", x, x > 0.0 && x <= 10.0, "deaths a day above 0 and at most 10")?;
    }
    if let Some(x) = args.forecast_days {
        options.forecast_days = inside("--forecast-days", x, (1.0..=3650.0).contains(&x), "1 to 3650 days")?;
    }
    answered(&args.common, TEMPLATE, stop, read, |data, control| answer(data, &options, control))
}
