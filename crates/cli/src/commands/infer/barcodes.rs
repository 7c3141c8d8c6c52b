//! `remission infer barcodes`

use super::answered;
use crate::args::infer::Barcodes;
use crate::failure::Exit;
use remission_infer::barcodes::assay::{Options, answer};
use remission_infer::barcodes::read::{TEMPLATE, read};
use std::sync::atomic::AtomicBool;

/// `remission infer barcodes`
pub fn barcodes(args: &Barcodes, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut options =
        Options { baseline: args.baseline.clone(), untreated: args.untreated.clone(), ..Options::default() };
    options.arm = args.arm.clone();
    options.fdr = args.fdr.unwrap_or(options.fdr);
    options.cells = args.cells;
    options.regrown = args.regrown;
    options.settings.seed = args.common.seed;
    answered(&args.common, TEMPLATE, stop, read, |data, control| answer(data, &options, control))
}
