//! `remission infer growth`

use super::{answered, faults, text};
use crate::args::infer::Growth;
use crate::failure::Exit;
use remission_infer::growth::assay::{Options, answer};
use remission_infer::growth::read::{Names, TEMPLATE, read};
use remission_infer::growth::windows::Window;
use remission_infer::table::Signal;
use std::sync::atomic::AtomicBool;

/// `remission infer growth`
pub fn growth(args: &Growth, stop: &AtomicBool) -> Result<u8, Exit> {
    let names = Names::default();
    let dead = match args.dead.as_deref().filter(|_| !args.common.template) {
        Some(path) => Some(read(&text(path)?, &names).map_err(|problems| faults(path, &problems))?),
        None => None,
    };
    if let (Some(dead), Some(path)) = (&dead, &args.dead)
        && dead.signal != Signal::Percent
    {
        return Err(Exit::refused(format!(
            "error: {}: --dead has no percentages of dead cells; allowed: a column apoptotic_percent or dead_percent, 0 to 100",
            path.display()
        )));
    }
    let windows = args.window.iter().map(|(from, until)| Window { from: *from, until: *until }).collect();
    let (line, slowed) = (args.line.clone(), args.slowed.clone());
    let mut options = Options { line, windows, slowed, blanked: args.blanked, ..Options::default() };
    options.settings.seed = args.common.seed;
    answered(
        &args.common,
        TEMPLATE,
        stop,
        |text| read(text, &names),
        |data, control| answer(data, dead.as_ref(), &options, control),
    )
}
