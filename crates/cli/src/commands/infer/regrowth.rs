//! `remission infer regrowth`

use super::{answered, set_priors};
use crate::args::infer::Regrowth;
use crate::failure::Exit;
use remission_infer::regrowth::data::read;
use remission_infer::regrowth::{Options, TEMPLATE, answer};
use std::sync::atomic::AtomicBool;

/// `remission infer regrowth`
pub fn regrowth(args: &Regrowth, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut options =
        Options { experiment: args.experiment.clone(), grown: args.grown, next: !args.no_next, ..Options::default() };
    options.threshold_cells = args.threshold_cells.unwrap_or(options.threshold_cells);
    options.survival = args.survival.unwrap_or(options.survival);
    options.looks_every_days = args.looks_every_days.unwrap_or(options.looks_every_days);
    options.flask_cells = args.flask_cells.unwrap_or(options.flask_cells);
    options.settings.seed = args.common.seed;
    options.settings.particles = args.effort.particles.map_or(options.settings.particles, |n| n as usize);
    let places = &mut [
        ("growth_per_day", &mut options.growth_per_day),
        ("scatter", &mut options.scatter),
        ("sensitive_decay_per_day", &mut options.sensitive_decay_per_day),
        ("persister_decay_per_day", &mut options.persister_decay_per_day),
        ("lines_before", &mut options.lines_before),
        ("lines_during", &mut options.lines_during),
        ("lines_resuming", &mut options.lines_resuming),
        ("share_before", &mut options.share_before),
    ];
    set_priors(&args.priors.prior, places)?;
    let every = options.looks_every_days;
    answered(&args.common, TEMPLATE, stop, |text| read(text, every), |data, control| answer(data, &options, control))
}
