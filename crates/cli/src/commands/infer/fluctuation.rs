//! `remission infer fluctuation`

use super::{answered, option};
use crate::args::infer::{self, Fluctuation};
use crate::failure::{Exit, code};
use remission_infer::fluctuation::answer::{Options, answer};
use remission_infer::fluctuation::conditions::{Conditions, Fitness, checked};
use remission_infer::fluctuation::law::Law;
use remission_infer::fluctuation::plan;
use remission_infer::fluctuation::read::{Data, TEMPLATE, read};
use remission_infer::jobs::Control;
use remission_infer::words::{significant, typed};
use serde_json::json;
use std::sync::atomic::AtomicBool;

/// `remission infer fluctuation`
pub fn fluctuation(args: &Fluctuation, stop: &AtomicBool) -> Result<u8, Exit> {
    let conditions = conditions(args)?;
    if !(args.common.cost.is_empty() || args.verdict) {
        return Err(Exit::refused(
            "error: --cost says what further measurements cost, and they are ranked with --verdict alone; give --verdict as well",
        ));
    }
    if args.common.out.is_some() && (args.tail.is_some() || args.precision.is_some()) {
        return Err(Exit::refused(
            "error: --out keeps the answer to a table, and --tail and --precision print a number; leave --out out",
        ));
    }
    match (args.tail, args.precision) {
        (Some(x), _) => return tail(args, &conditions, x),
        (_, Some(precision)) => return cultures(args, &conditions, precision),
        _ => {}
    }
    let compare = args.compare.as_ref().map(|names| (names[0].clone(), names[1].clone()));
    let (experiment, verdict, seed) = (args.experiment.clone(), args.verdict, args.common.seed);
    let options = Options { conditions, experiment, compare, verdict, seed };
    let work = |data: &Data, control: &Control| answer(data, &options, control);
    answered(&args.common, TEMPLATE, stop, read, work)
}

fn conditions(args: &Fluctuation) -> Result<Conditions, Exit> {
    let fitness = match args.fitness {
        Some(infer::Fitness::Known(w)) => Fitness::Known(w),
        Some(infer::Fitness::Free) => Fitness::Free,
        None => Fitness::Usual,
    };
    if let Some(phi) = args.phi.filter(|phi| !(0.01..=1.0).contains(phi)) {
        return Err(Exit::refused(format!("error: --phi is {}; allowed: a share from 0.01 to 1", typed(phi))));
    }
    let initial_share = args.phi.map_or(0.0, |phi| 1.0 - phi);
    let conditions = Conditions {
        fitness,
        final_cells: args.final_cells,
        final_cells_cv: args.final_cells_cv,
        plating: args.plating,
        censor_at: args.censor_at,
        initial_share,
        initial_cells: args.initial_cells,
        mutant_death: args.mutant_death,
        wild_type_death: args.wild_type_death,
    };
    checked(&conditions).map_err(|why| option(&why))?;
    Ok(conditions)
}

/// The law of a culture without data.
fn law(args: &Fluctuation, conditions: &Conditions) -> Result<(Law, f64), Exit> {
    let Some(fitness) = conditions.fitness.taken() else {
        return Err(Exit::refused(
            "error: without data there is nothing to estimate the fitness from; give --fitness a number",
        ));
    };
    let m = args.m.unwrap_or(0.0);
    if !(m > 0.0 && m <= 1e9) {
        return Err(Exit::refused(format!(
            "error: --m is {}; allowed: a number of mutations above 0 and at most 1e9",
            typed(m)
        )));
    }
    let cv = conditions.final_cells_cv.unwrap_or(0.0);
    let plating = conditions.plating.unwrap_or(1.0);
    let initial_share = conditions.began_with(conditions.final_cells).map_err(|why| option(&why))?;
    let mutant_death = conditions.mutant_death;
    Ok((Law { fitness, plating, mutant_death, cv, initial_share }, m))
}

fn tail(args: &Fluctuation, conditions: &Conditions, x: u64) -> Result<u8, Exit> {
    let (law, m) = law(args, conditions)?;
    let p = law.ready(x).above(m, 0.0, x);
    if args.common.json {
        sayln!("{:#}", json!({ "assay": "fluctuation", "m": m, "tail": { "x": x, "p": p } }));
    } else {
        sayln!("more than {x} mutants in a culture with {m} mutations: probability {}", significant(p, 6));
    }
    Ok(code::DONE)
}

fn cultures(args: &Fluctuation, conditions: &Conditions, precision: f64) -> Result<u8, Exit> {
    let (law, m) = law(args, conditions)?;
    if !(0.01..=1.0).contains(&precision) {
        return Err(Exit::refused(format!(
            "error: --precision is {}; allowed: a share of m, 0.01 to 1, such as 0.2 for 20 % to each side",
            typed(precision)
        )));
    }
    if m > plan::MOST {
        return Err(Exit::refused(format!(
            "error: --m is {}; allowed with --precision: at most {} mutations in a culture; smaller cultures tell as much",
            typed(m),
            plan::MOST
        )));
    }
    let cultures = plan::cultures(&law, m, precision);
    if args.common.json {
        let plan = json!({ "m": m, "precision": precision, "cultures": cultures });
        sayln!("{:#}", json!({ "assay": "fluctuation", "plan": plan }));
    } else {
        sayln!(
            "{cultures} cultures: with {m} mutations a culture the 95 % interval then reaches about {} % to each side",
            significant(100.0 * precision, 3)
        );
    }
    Ok(code::DONE)
}
