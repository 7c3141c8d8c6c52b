//! The words of the answer: what the wells say, and why they do not say more.

use super::Options;
use super::answer::Weighed;
use super::data::Experiment;
use super::next::Plate;
use super::target::{Grouped, Kind};
use crate::verdict::{CERTAIN, Origin, Verdict};
use crate::words::counted;

/// An origin in words.
fn of(origin: Origin) -> &'static str {
    match origin {
        Origin::PreExisting => "resistant cells that were there before the drug",
        Origin::Cycling => "mutations of dividing cells while the drug killed",
        Origin::DrugInduced => "mutations that the drug made",
        Origin::Persister => "mutations of drug-tolerant cells",
        Origin::NonGenetic => "tolerant cells that resumed growth without a mutation",
        Origin::Mixture => "both resistant cells of before and mutations of drug-tolerant cells",
        _ => "another origin",
    }
}

/// All paragraphs, the answer first.
pub(super) fn all(verdict: &Verdict, all: &[Weighed], e: &Experiment, plate: &Plate) -> Vec<String> {
    let mut out = Vec::new();
    let Some((best, p)) = verdict.best() else { return out };
    let (wells, regrown) = (e.wells.len(), e.regrown());
    let tied = verdict.ahead();
    let names = tied.iter().map(|o| of(*o)).collect::<Vec<_>>().join(" or ");
    out.push(match verdict.undetermined {
        true if tied.len() > 1 => format!(
            "Where resistance came from is undetermined: equally probable, and no other more, are {} ({} each).",
            tied.iter().map(|o| of(*o)).collect::<Vec<_>>().join(" and "),
            crate::words::probability(p)
        ),
        false => format!("Resistance came from {} (probability {}).", of(best), crate::words::probability(p)),
        true => format!(
            "Where resistance came from is undetermined: most probable are {} ({}).",
            of(best),
            crate::words::probability(p)
        ),
    });
    let mut saw = format!("{regrown} of {} regrew within {:.0} days", counted(wells, "well", "wells"), plate.last_day);
    let mut times: Vec<f64> = e.wells.iter().filter_map(|w| w.by_days).collect();
    times.sort_by(f64::total_cmp);
    if let (Some(first), Some(median)) = (times.first(), crate::special::quantile(&times, 0.5)) {
        saw += &match times.len() {
            1 => format!(", by day {first:.0}"),
            _ => format!(", the first by day {first:.0}, half of those by day {median:.0}"),
        };
    }
    out.push(saw + ".");
    out.push(verdict.reason.clone());
    if let Some(next) = verdict.next.first().filter(|_| verdict.undetermined) {
        let what = next.name.split_once(": ").map_or(&next.name[..], |(_, what)| what);
        let bits = next.expected_bits;
        out.push(format!("Most telling next: {what} ({bits:.2} of the {:.2} bits that are open).", verdict.entropy()));
    }
    if let Some(w) = all.iter().find(|w| w.kind.origin() == best)
        && let (Some(l), Some(g)) = (w.estimate("lines_per_well"), w.estimate("growth_per_day"))
    {
        out.push(format!(
            "If it came from {names}: {:.2} lines a well ({:.2} to {:.2}), growing {:.2} a day ({:.2} to {:.2}).",
            l.0, l.1, l.2, g.0, g.1, g.2
        ));
    }
    out
}

/// Why the verdict is as it is, in the numbers.
pub(super) fn reason(verdict: &Verdict, all: &[Weighed], e: &Experiment, doses_differ: bool) -> String {
    let probability = |kind: Kind| {
        let place = all.iter().position(|w| w.kind == kind);
        place.map_or(0.0, |k| verdict.probability[k])
    };
    let growth = |kind: Kind| all.iter().find(|w| w.kind == kind).and_then(|w| w.estimate("growth_per_day"));
    let lines = |kind: Kind| all.iter().find(|w| w.kind == kind).and_then(|w| w.estimate("lines_per_well"));
    if e.regrown() == 0 {
        return "No well regrew: the wells bound how many resistant lines there are and say nothing of when they would \
                have arisen; more cells a well or a longer watch is needed before an origin can be told."
            .into();
    }
    let mut open: Vec<Kind> = Kind::ALL.into_iter().filter(|k| probability(*k) > 1.0 - CERTAIN).collect();
    open.sort_by(|a, b| probability(*b).total_cmp(&probability(*a)));
    let tell = |kind: Kind| -> String {
        let (l, g) = (lines(kind).map_or(0.0, |x| x.0), growth(kind).map_or(0.0, |x| x.0));
        let what = match kind {
            Kind::PreExisting => "lines from before the drug",
            Kind::Cycling => "lines founded in the first days, while cells died",
            Kind::DrugInduced => "lines founded by the drug in the first days",
            Kind::Persister => "lines founded over weeks by tolerant cells",
            Kind::NonGenetic => "tolerant cells resuming growth",
            Kind::Mixture => "lines of both times",
        };
        format!("{what} ({l:.2} a well) growing {g:.2} a day")
    };
    if !verdict.undetermined {
        let Some(best) = open.first() else { return String::new() };
        let rest = 1.0 - probability(*best);
        return format!(
            "The times fit {}; every other explanation together has {}.",
            tell(*best),
            crate::words::probability(rest)
        );
    }
    let mut out = String::new();
    let distinct: Vec<Kind> = open
        .iter()
        .copied()
        .filter(|k| doses_differ || *k != Kind::DrugInduced || !open.contains(&Kind::Cycling))
        .collect();
    if let [first, second, ..] = distinct[..] {
        out = format!(
            "The times fit alike {} and {}: early founders that grow slowly and late founders that grow fast end on the \
             same days, and so do many slow lines and few fast ones. The growth rate of regrown cells under the drug, \
             measured by itself, breaks this tie as far as the rates differ; so do wells with fewer cells, where a well \
             that regrows has a single line, so that the spread of the times is that of founding.",
            tell(first),
            tell(second)
        );
    }
    if !doses_differ && open.contains(&Kind::Cycling) && open.contains(&Kind::DrugInduced) {
        if !out.is_empty() {
            out.push(' ');
        }
        out += "Mutations of dying cells and mutations that the drug makes are founded at the same times: wells at one dose \
                cannot tell them apart; wells at two doses can.";
    }
    if out.is_empty() {
        out = "No explanation is far enough ahead of the others taken together.".into();
    }
    out
}

/// What was assumed.
pub(super) fn notes(e: &Experiment, options: &Options, grouped: &Grouped) -> Vec<String> {
    let mut out = vec![
        format!(
            "a well is scored at {} resistant cells, and one resistant cell's line survives with chance {} (threshold_cells, \
             survival)",
            options.threshold_cells, options.survival
        ),
        format!(
            "growth of resistant cells is taken from its prior, {} a day: a measured one is worth giving (growth_per_day)",
            options.growth_per_day
        ),
        match options.grown {
            true => "each well was grown from few cells: resistant cells of before come in families".into(),
            false => {
                "wells were plated from one flask: resistant cells of before are single cells, shared out by chance"
                    .into()
            }
        },
    ];
    out.push(
        "all resistant lines grow at one rate but for the pace of their well: where lines differ much, late wells of lines from \
         before look like mutations of tolerant cells; so does tolerance that seldom resumes growth, without a mutation, and so do lines \
         of before that rest some days under the drug"
            .into(),
    );
    match grouped.reference_cells {
        Some(cells) => out.push(format!("lines_per_well is for a well of {cells} cells; others in proportion")),
        None => out.push("cells a well are not known: all wells count alike".into()),
    }
    if !e.wells.is_empty() && e.wells.iter().all(|w| w.dose == Some(0.0)) {
        out.push("every dose is 0: wells without a drug do not tell where resistance to it came from".into());
    }
    if grouped.doses_differ {
        out.push(
            "mutations that the drug makes are taken to be in proportion to the dose, all else not to depend on it"
                .into(),
        );
    }
    if e.wells.len() < 12 {
        let wells = counted(e.wells.len(), "well", "wells");
        out.push(format!("{wells}: few; intervals and probabilities lean on the priors"));
    }
    out
}
