//! `remission infer persister_fluctuation`

use super::{answered, set_priors};
use crate::args::infer::PersisterFluctuation;
use crate::failure::Exit;
use remission_infer::persister_fluctuation::data::read;
use remission_infer::persister_fluctuation::{Options, TEMPLATE, answer};
use std::sync::atomic::AtomicBool;

/// `remission infer persister_fluctuation`
pub fn persister_fluctuation(args: &PersisterFluctuation, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut options = Options { experiment: args.experiment.clone(), ..Options::default() };
    options.visible_cells = args.visible_cells.unwrap_or(options.visible_cells);
    options.survival = args.survival.unwrap_or(options.survival);
    options.plating = args.plating.unwrap_or(options.plating);
    options.persister_births_per_day = args.persister_births.unwrap_or(options.persister_births_per_day);
    options.settings.seed = args.common.seed;
    options.settings.particles = args.effort.particles.map_or(options.settings.particles, |n| n as usize);
    let places = &mut [
        ("growth_per_day", &mut options.growth_per_day),
        ("growth_spread", &mut options.growth_spread),
        ("persister_share", &mut options.persister_share),
        ("persister_decay_per_day", &mut options.persister_decay_per_day),
        ("rate_before", &mut options.rate_before),
        ("rate_during", &mut options.rate_during),
    ];
    set_priors(&args.priors.prior, places)?;
    answered(&args.common, TEMPLATE, stop, read, |data, control| answer(data, &options, control))
}
