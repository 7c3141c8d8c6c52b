//! What an analysis is asked: arms, figures and inputs by name. Every name that is not known is said with those near to it.

use crate::args;
use crate::extra_arms::with_arms;
use crate::failure::Exit;
use crate::load::{Loaded, load};
use remission_cohort::sensitivity::evaluate::Task;
use remission_cohort::sensitivity::input::{Input, inputs};
use remission_cohort::sensitivity::output::Quantity;
use remission_model::problem::near_names;
use remission_model::resolved::{Model, Source, Study};
use std::path::Path;

/// A study with its task and inputs.
pub struct Asked {
    /// What was read.
    pub loaded: Loaded,
    /// What is evaluated.
    pub task: Task,
    /// What is varied.
    pub inputs: Vec<Input>,
}

/// Reads what is asked.
pub fn read(args: &args::Sensitivity) -> Result<Asked, Exit> {
    if (1..LEAST_ROWS).contains(&args.sobol) {
        return Err(Exit::refused(format!(
            "error: --sobol {} rows are too few for an interval\n  give at least {LEAST_ROWS}, or 0 for the screening alone",
            args.sobol
        )));
    }
    let loaded = load(&args.study)?;
    let (loaded, study) = arms(loaded, &args.arm)?;
    let study = Study { patients: args.patients, seed: args.seed.unwrap_or(study.seed), ..study };
    let quantities = quantities(&args.on, &loaded.model, &study)?;
    let outputs = (0..study.arms.len()).flat_map(|arm| quantities.iter().map(move |q| (arm, *q))).collect();
    let inputs = chosen(args, &loaded)?;
    Ok(Asked { task: Task { model: loaded.model.clone(), study, outputs }, inputs, loaded })
}

/// Rows of a design below which a bootstrap says nothing.
const LEAST_ROWS: u32 = 8;

/// `did you mean a or b?`, or all that is known.
fn hint(name: &str, known: &[String]) -> String {
    let near = near_names(name, known.iter().map(String::as_str));
    match near.is_empty() {
        true => format!("known are: {}", known.join(", ")),
        false => format!("did you mean {}?", near.join(" or ")),
    }
}

/// The study with the arms that are asked for: those named, and those written as a sentence.
fn arms(loaded: Loaded, asked: &[String]) -> Result<(Loaded, Study), Exit> {
    let Some(study) = loaded.study.clone() else {
        return Err(Exit::refused(format!(
            "error: there is no study.toml beside {}; it says which visits and which arms, and figures are those of an arm",
            loaded.sources[0].shown
        )));
    };
    if asked.is_empty() {
        return Ok((loaded, study));
    }
    let names: Vec<String> = study.arms.iter().map(|a| a.name.clone()).collect();
    let (named, written): (Vec<String>, Vec<String>) = asked.iter().cloned().partition(|a| names.contains(a));
    let own = study.arms.len();
    let loaded = with_arms(loaded, &written).map_err(|mut exit| {
        exit.message += &format!("\n  --arm takes the name of an arm of the study too: {}", names.join(", "));
        exit
    })?;
    let mut study = loaded.study.clone().unwrap_or(study);
    let mut place = 0;
    study.arms.retain(|arm| {
        place += 1;
        place > own || named.contains(&arm.name)
    });
    Ok((loaded, study))
}

/// The figures that are asked for, or the usual ones.
fn quantities(asked: &[String], model: &Model, study: &Study) -> Result<Vec<Quantity>, Exit> {
    if asked.is_empty() {
        return Ok(Quantity::usual(model, study));
    }
    let all = Quantity::all(model, study);
    let names: Vec<String> = all.iter().map(|q| q.name(model)).collect();
    let mut found = Vec::new();
    for name in asked {
        let Some(k) = names.iter().position(|n| n == name) else {
            return Err(Exit::refused(format!(
                "error: --on `{name}` is no figure of this study\n  {}",
                hint(name, &names)
            )));
        };
        if !found.contains(&all[k]) {
            found.push(all[k]);
        }
    }
    Ok(found)
}

/// The inputs: all that are uncertain, or those that are named.
fn chosen(args: &args::Sensitivity, loaded: &Loaded) -> Result<Vec<Input>, Exit> {
    let model = &loaded.model;
    let all = inputs(model, args.all);
    if all.is_empty() {
        return Err(Exit::refused(format!(
            "error: no number of {} is assumed, so none has a prior and none is uncertain\n  \
             --all varies the cited and fitted ones by 20 % up and down",
            loaded.sources[0].shown
        )));
    }
    if args.only.is_empty() {
        return Ok(all);
    }
    let name = |i: &Input| model.parameters[i.parameter].name.clone();
    let known: Vec<String> = all.iter().map(name).collect();
    let mut wrong = Vec::new();
    for asked in args.only.iter().map(|n| n.trim()) {
        if known.iter().any(|n| n == asked) {
            continue;
        }
        wrong.push(match model.parameters.iter().find(|p| p.name == asked) {
            Some(p) if matches!(p.source, Source::Assumed { .. }) => {
                format!("`{asked}` stands for categories of patients, whose values are not varied")
            }
            Some(_) if args.all => format!("`{asked}` is 0, of which 20 % is nothing"),
            Some(_) => format!("`{asked}` is cited or fitted and has no prior; --all varies it by 20 % up and down"),
            None => format!("there is no number `{asked}`; {}", hint(asked, &known)),
        });
    }
    if !wrong.is_empty() {
        return Err(Exit::refused(format!("error: --only names what cannot be varied\n  {}", wrong.join("\n  "))));
    }
    Ok(all.into_iter().filter(|i| args.only.iter().any(|n| n.trim() == name(i))).collect())
}

/// Rival models of what was asked for, by name: variants of a catalogue entry, or folders in `variants` of a folder.
pub fn rivals(what: &str) -> Vec<String> {
    if crate::catalogue::folder(what).is_some() {
        let of_entry = format!("{what}/");
        return crate::catalogue::ids().into_iter().filter(|id| id.starts_with(&of_entry)).collect();
    }
    let folder = Path::new(what).join("variants");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let mut names: Vec<String> =
        entries.filter(|p| p.join("model.toml").is_file()).map(|p| p.display().to_string()).collect();
    names.sort();
    names
}

/// The task of a rival: the same patients' seed, arms and figures by name. The figures that it has, by their place, or why it has none.
pub fn rival(name: &str, task: &Task) -> Result<(String, Task, Vec<Option<usize>>), String> {
    let loaded = load(name).map_err(|exit| exit.message.lines().next().unwrap_or("it cannot be read").to_string())?;
    let Some(study) = loaded.study else { return Err("it has no study.toml".into()) };
    let study = Study { patients: task.study.patients, seed: task.study.seed, ..study };
    let (model, mut outputs, mut places) = (loaded.model, Vec::new(), Vec::new());
    let known: Vec<(String, Quantity)> = Quantity::all(&model, &study).iter().map(|q| (q.name(&model), *q)).collect();
    for (arm, quantity) in &task.outputs {
        let own_arm = study.arms.iter().position(|a| a.name == task.study.arms[*arm].name);
        let own = known.iter().find(|k| k.0 == quantity.name(&task.model));
        places.push(own_arm.zip(own).map(|(arm, (_, quantity))| {
            outputs.push((arm, *quantity));
            outputs.len() - 1
        }));
    }
    match outputs.is_empty() {
        true => Err("it has none of the arms and figures".into()),
        false => Ok((model.title.clone(), Task { model, study, outputs }, places)),
    }
}
