//! `remission infer tumour_size`

use super::answered;
use crate::args::infer::TumourSize;
use crate::failure::Exit;
use remission_infer::tumour_size::{Options, TEMPLATE, answer, read};
use std::sync::atomic::AtomicBool;

/// `remission infer tumour_size`
pub fn tumour_size(args: &TumourSize, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut options = Options { patient: args.patient.clone(), held_out: !args.no_held_out, ..Options::default() };
    options.limit = args.limit.unwrap_or(options.limit);
    options.every = args.every.unwrap_or(options.every);
    options.horizon = args.horizon.unwrap_or(options.horizon);
    options.seed = args.common.seed;
    answered(&args.common, TEMPLATE, stop, read, |data, control| answer(data, &options, control))
}
