//! `remission infer ASSAY`: where the resistance came from, from one kind of data. One file per assay; what is common to
//! them is here: reading the table, its faults, and the command that would repeat the answer.

mod barcodes;
mod ctdna;
mod fluctuation;
mod growth;
mod model;
mod persister_fluctuation;
mod psa;
mod regrowth;
mod tumour_size;
mod working;

use crate::args;
use crate::args::infer::{Assay, Common};
use crate::bounded;
use crate::failure::{Exit, code};
use crate::inferred;
use remission_infer::Failure;
use remission_infer::answer::Answer;
use remission_infer::jobs::Control;
use remission_infer::prior::Prior;
use remission_infer::sheet::TableProblems;
use remission_infer::words::significant;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use working::working;

/// Largest table read, bytes.
const LARGEST: u64 = 256 << 20;

/// `remission infer`
pub fn infer(assay: &Assay, stop: &AtomicBool) -> Result<u8, Exit> {
    match assay {
        Assay::Fluctuation(args) => fluctuation::fluctuation(args, stop),
        Assay::PersisterFluctuation(args) => persister_fluctuation::persister_fluctuation(args, stop),
        Assay::Regrowth(args) => regrowth::regrowth(args, stop),
        Assay::Growth(args) => growth::growth(args, stop),
        Assay::Barcodes(args) => barcodes::barcodes(args, stop),
        Assay::TumourSize(args) => tumour_size::tumour_size(args, stop),
        Assay::Ctdna(args) => ctdna::ctdna(args, stop),
        Assay::Psa(args) => psa::psa(args, stop),
        Assay::Model(args) => model::model(args, stop),
    }
}

/// Whether nothing is where a path leads.
fn absent(path: &Path) -> bool {
    path.as_os_str() != "-" && !path.exists()
}

/// The text of a table.
fn text(path: &Path) -> Result<String, Exit> {
    if path.is_dir() {
        let found = format!("error: {} is a directory", path.display());
        return Err(Exit::refused(format!("{found}; a table of data is wanted, such as a CSV file in it")));
    }
    bounded::text_or_input(path, LARGEST, "a table of data").map_err(|mut exit| {
        if absent(path) {
            exit.message += "; check the path";
        }
        exit
    })
}

/// Every fault of a table.
fn faults(path: &Path, problems: &TableProblems) -> Exit {
    let mut message = String::new();
    for problem in &problems.0 {
        message.push_str(&format!("error: {}: {problem}\n", path.display()));
    }
    Exit::refused(message)
}

/// Reads the table that was named, works on it and prints or writes the answers; or prints the table to begin from.
fn answered<D, E: Into<Failure>>(
    common: &Common,
    template: &str,
    stop: &AtomicBool,
    read: impl FnOnce(&str) -> Result<D, TableProblems>,
    work: impl FnOnce(&D, &Control) -> Result<Vec<Answer>, E>,
) -> Result<u8, Exit> {
    if common.template {
        say!("{template}");
        return Ok(code::DONE);
    }
    let Some(path) = common.data.as_deref() else {
        return Err(Exit::refused("error: a table of data is required; --template prints one to begin from"));
    };
    inferred::refuse(common.out.as_deref())?;
    let text = text(path).map_err(|mut exit| {
        if absent(path) {
            exit.message += ", or begin from the table that --template prints";
        }
        exit
    })?;
    let data = read(&text).map_err(|problems| faults(path, &problems))?;
    let doing = format!("inferring from {}", path.display());
    let found = working(args::threads(common.threads), stop, &doing, |control| work(&data, control));
    let mut answers = found.map_err(|why| refused(path, stop, &why.into()))?;
    answers.iter_mut().for_each(withhold);
    answers.iter_mut().for_each(|answer| priced(answer, &common.cost));
    inferred::finish(&answers, common.json, common.out.as_deref(), &typed())
}

/// Ranks what to measure next by its cost, and names the costs that are nothing's.
fn priced(answer: &mut Answer, costs: &[(String, f64)]) {
    if costs.is_empty() {
        return;
    }
    let (mut names, mut used) = (Vec::new(), vec![false; costs.len()]);
    if let Some(verdict) = &mut answer.verdict {
        used = verdict.priced(costs);
        names = verdict.next.iter().map(|n| format!("`{}`", n.name)).collect();
    }
    let unknown = costs.iter().zip(used).filter(|(_, used)| !used).map(|(cost, _)| cost);
    let there = match names.is_empty() {
        true => "none is ranked here".to_string(),
        false => format!("they are {}", names.join(", ")),
    };
    let notes: Vec<String> = unknown
        .map(|(part, _)| {
            format!("the cost of `{part}` is not used: no further measurement's name contains it, or a longer text does; {there}")
        })
        .collect();
    // What was typed in vain stands first.
    answer.notes.splice(0..0, notes);
}

/// No origin is called from a computation that did not converge, and no probability of one is shown.
fn withhold(answer: &mut Answer) {
    if answer.unconverged.is_empty() || !answer.stands.is_empty() {
        return;
    }
    if let Some(verdict) = answer.verdict.as_mut().filter(|v| !v.withheld) {
        if !verdict.undetermined {
            let first = "No origin is called, since the computation did not converge; what follows is what it found all the same.";
            answer.words.insert(0, first.into());
        }
        *verdict = verdict.withheld("The computation did not converge, and its evidence is withheld.".into());
    }
}

/// Why there is no answer: Ctrl-C, an option, or the data under what was asked.
fn refused(path: &Path, stop: &AtomicBool, why: &Failure) -> Exit {
    match why {
        _ if stop.load(Ordering::Relaxed) => {
            Exit { message: "interrupted: nothing was printed or written".into(), code: code::INTERRUPTED }
        }
        Failure::Option { .. } => option(why),
        _ => Exit::refused(format!("error: {}: {why}", path.display())),
    }
}

/// An option outside its range, by the name that it is typed with.
fn option(why: &Failure) -> Exit {
    let Failure::Option { name, found, allowed } = why else { return Exit::refused(format!("error: {why}")) };
    let name = name.trim_end_matches("_per_day").replace('_', "-");
    Exit::refused(format!("error: --{name} is {found}; allowed: {allowed}"))
}

/// Standard deviations that a normal law, and the logarithm of a lognormal one, must keep from where a parameter cannot be.
const CLEAR: f64 = 4.0;

/// Largest value of a parameter: more than there are cells in a body.
const MOST: f64 = 1e15;

/// Largest rate of a parameter, 1/day: no cell divides a hundred times a day.
const FASTEST: f64 = 100.0;

/// Puts priors where their names say, or tells the names that there are. All parameters are above 0, and shares below 1.
fn set_priors(asked: &[(String, Prior)], places: &mut [(&str, &mut Prior)]) -> Result<(), Exit> {
    for (name, prior) in asked {
        let names: Vec<&str> = places.iter().map(|p| p.0).collect();
        let allowed = names.join(", ");
        let Some(place) = places.iter_mut().find(|p| p.0 == name) else {
            return Err(Exit::refused(format!("error: --prior {name}: no such parameter; allowed: {allowed}")));
        };
        let share = name.contains("share");
        let (low, high) = match *prior {
            Prior::Uniform(low, high) | Prior::LogUniform(low, high) => (low, high),
            Prior::Normal(mean, sd) => (mean - CLEAR * sd, mean + CLEAR * sd),
            Prior::LogNormal(median, sd) => (0.0, median * (CLEAR * sd).exp()),
            Prior::LogitNormal(..) => (0.0, 1.0),
        };
        let most = if name.ends_with("per_day") { FASTEST } else { MOST };
        if low < 0.0 || high > if share { 1.0 } else { most } {
            let allowed = if share { "a share, 0 to 1".into() } else { format!("0 to {}", significant(most, 3)) };
            return Err(Exit::refused(format!(
                "error: --prior {name}={prior}: reaches from {} to {}; allowed: {allowed}, with {CLEAR} standard deviations to each side of a normal or lognormal law",
                significant(low, 3),
                significant(high, 3)
            )));
        }
        *place.1 = *prior;
    }
    Ok(())
}

/// The command as it was typed, to repeat it.
fn typed() -> String {
    let quoted = |word: String| match word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c)) {
        true if !word.is_empty() => word,
        _ => format!("'{}'", word.replace('\'', "'\\''")),
    };
    let words = std::env::args_os().skip(1).map(|word| quoted(word.to_string_lossy().into_owned()));
    format!("remission {}", words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::withhold;
    use crate::inferred::report::sample;

    /// An undetermined verdict of chains that disagree had kept its bars.
    #[test]
    fn what_did_not_converge_has_no_probabilities() {
        let mut answer = sample::fluctuation();
        assert!(answer.verdict.as_ref().is_some_and(|v| v.undetermined));
        withhold(&mut answer);
        assert!(answer.verdict.as_ref().is_some_and(|v| !v.withheld), "it converged");
        answer.unconverged.push("chains disagree".into());
        let words = answer.words.len();
        withhold(&mut answer);
        let verdict = answer.verdict.as_ref();
        assert!(verdict.is_some_and(|v| v.withheld && v.reason.contains("did not converge")));
        assert_eq!(answer.words.len(), words, "no origin had been called");
    }
}
