//! `remission infer psa`

use super::{answered, text};
use crate::args::infer::Psa;
use crate::failure::Exit;
use remission_infer::psa::held_out::outcomes;
use remission_infer::psa::{Options, TEMPLATE, answer, read};
use std::sync::atomic::AtomicBool;

/// `remission infer psa`
pub fn psa(args: &Psa, stop: &AtomicBool) -> Result<u8, Exit> {
    let mut options = Options { patient: args.patient.clone(), seed: args.common.seed, ..Options::default() };
    options.limit = args.limit.unwrap_or(options.limit);
    if let Some(path) = args.outcomes.as_deref().filter(|_| !args.common.template) {
        options.outcomes = outcomes(&text(path)?);
        if options.outcomes.is_empty() {
            return Err(Exit::refused(format!(
                "error: {} names no outcome; allowed: a line `TRIAL_et_al:`, below it headings `Without relapse:`, `With metastasis:` and \
                 `With relapse:`, and below each the numbers of the men",
                path.display()
            )));
        }
    }
    answered(&args.common, TEMPLATE, stop, read, |data, control| answer(data, &options, control))
}
