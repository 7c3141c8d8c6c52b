//! `remission law`: what the backward equations say of a study, without simulation.

use crate::args;
use crate::commands::run::progress;
use crate::extra_arms::with_arms;
use crate::failure::{Exit, code};
use crate::figures::title;
use crate::load::load;
use crate::print::span;
use crate::report::words::{self, thousands};
use remission_cohort::law::{ArmLaw, Refused, SHARES, StudyLaw, law as law_of};
use remission_engine::compiled::Compiled;
use remission_engine::law::arm::{FINE, MEDIUM};
use remission_engine::law::counts::ACCURACY;
use remission_engine::law::expressible::{HARDLY, Obstacle};
use remission_engine::law::start::Off;
use remission_engine::state::Origin;
use remission_model::resolved::Study;
use serde_json::{Map, Value, json};
use std::sync::atomic::AtomicBool;
use std::time::Instant;

/// `remission law`
pub fn law(args: &args::Law, stop: &AtomicBool) -> Result<u8, Exit> {
    let began = Instant::now();
    let loaded = with_arms(load(&args.study)?, &args.arm)?;
    let Some(mut study) = loaded.study.clone() else {
        return Err(Exit::refused(format!(
            "error: there is no study.toml beside {}; it says which visits and which arms, and the law is that of an arm",
            loaded.sources[0].shown
        )));
    };
    study.seed = args.seed.unwrap_or(study.seed);
    let compiled = Compiled::new(&loaded.model);
    let (arms, patients) = (study.arms.len() as u64, args.patients.map_or(1, u64::from));
    let doing = format!(
        "solving the law of {}{}",
        words::arms(study.arms.len()),
        args.patients.map_or(String::new(), |n| format!(" for {}", words::patients(n.into())))
    );
    let bar = progress(arms * patients, "laws", Some(&doing));
    let done = |n| bar.set_position(n);
    let found = law_of(&compiled, &study, args.patients, args::threads(args.threads), stop, done);
    bar.finish_and_clear();
    let found = found.map_err(refused)?;
    let failed: usize = found.arms.iter().map(|a| a.failed.len()).sum();
    let text = table(&found, &study, &title(&loaded.model, &study), args.patients);
    if args.json {
        warn!("{text}");
        sayln!("{:#}", document(&found, &study, args.patients, began.elapsed().as_secs_f64()));
    } else {
        say!("{text}");
    }
    Ok(if failed > 0 { code::FAILED_PATIENTS } else { code::DONE })
}

/// Why there is no law, every reason at once.
fn refused(why: Refused) -> Exit {
    match why {
        Refused::Interrupted => Exit { message: "interrupted: nothing was printed".into(), code: code::INTERRUPTED },
        Refused::Typical(failure) => Exit::refused(format!("error: the typical patient has no law: {failure}")),
        Refused::Acting(obstacles) => {
            let one = |o: &Obstacle| format!("  `{}` {}\n", o.term, o.why);
            let number = obstacles.len();
            Exit::refused(format!(
                "error: the law holds where cells do not act on each other; {}\n{}  {}remission run has no such limit",
                if number == 1 { "this keeps it from being one" } else { "these keep it from being one" },
                obstacles.iter().map(one).collect::<String>(),
                if obstacles.iter().all(|o| o.term.starts_with("rules of")) {
                    String::new()
                } else {
                    let hardly = 100.0 * HARDLY;
                    format!(
                        "a rate that counts change by less than {hardly:.0} % is taken as it is without cells; for the others: "
                    )
                }
            ))
        }
    }
}

fn probability(p: f64) -> String {
    match p {
        p if p == 0.0 || p == 1.0 => format!("{p:.0}"),
        p if p < 1e-3 => format!("{p:.2e}"),
        p if p > 0.9999 => format!("1 - {:.1e}", 1.0 - p),
        p => format!("{p:.4}"),
    }
}

fn cells(n: Option<f64>) -> String {
    let Some(n) = n else { return "more than 1e40".into() };
    if n < 1e5 { format!("{n:.0}") } else { format!("{n:.2e}") }
}

/// The table, ready to print.
fn table(found: &StudyLaw, study: &Study, title: &str, patients: Option<u32>) -> String {
    let who = match patients {
        None => "the typical patient".to_string(),
        Some(1) => format!("patient 0, seed {}", study.seed),
        Some(n) => format!("{} patients on average, seed {}", thousands(u64::from(n)), study.seed),
    };
    let mut out = format!("{title}: the law of {who}, {}\n", span(study.horizon));
    let head = [
        "arm",
        "cure",
        "no resistant cell",
        "median onset",
        "resistant cells: median (5-95 %)",
        "resistant clones alive",
    ];
    let mut rows: Vec<Vec<String>> = vec![head.map(String::from).to_vec()];
    for arm in &found.arms {
        if arm.patients == 0 {
            rows.push(vec![arm.name.clone(), "no patients".into()]);
            continue;
        }
        let onset = match arm.time[2] {
            Some(0.0) => "before treatment".to_string(),
            Some(day) => format!("day {day:.0}"),
            None => "not reached".to_string(),
        };
        // Without shares there are no clones, or more than a number can say.
        let without = if arm.resistant[4].is_none_or(|n| n > 0.0) { "too many to count" } else { "none" };
        let named = arm.clone_shares.map_or(without.to_string(), |shares| {
            let mut sorted: Vec<(usize, f64)> = shares.into_iter().enumerate().filter(|s| s.1 >= 0.005).collect();
            sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
            let one = |s: &(usize, f64)| format!("{} {:.0} %", words::name(Origin::ALL[s.0].name()), 100.0 * s.1);
            sorted.iter().map(one).collect::<Vec<_>>().join("  ")
        });
        rows.push(vec![
            arm.name.clone(),
            probability(arm.cure),
            arm.days.last().map_or(String::new(), |d| probability(d.no_resistant)),
            onset,
            format!("{} ({} - {})", cells(arm.resistant[2]), cells(arm.resistant[0]), cells(arm.resistant[4])),
            named,
        ]);
    }
    let width: Vec<usize> = (0..head.len())
        .map(|c| rows.iter().filter_map(|r| r.get(c)).map(|x| x.chars().count()).max().unwrap_or(0))
        .collect();
    for row in &rows {
        let line: String =
            row.iter().zip(&width).map(|(x, w)| format!("{x}{}", " ".repeat(w + 2 - x.chars().count()))).collect();
        out += line.trim_end();
        out.push('\n');
    }
    out += &tail(found);
    // A title may hold anything; a terminal must not obey it.
    out.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// What was left out, and how far off it may be.
fn tail(found: &StudyLaw) -> String {
    let mut out = String::new();
    let mut said: Vec<&String> = Vec::new();
    for note in found.arms.iter().flat_map(|a| &a.notes) {
        if !said.contains(&note) {
            said.push(note);
        }
    }
    if !said.is_empty() {
        out += &format!("the law: {}\n", said.iter().map(|s| s.as_str()).collect::<Vec<_>>().join("; "));
    }
    for d in &found.dropped {
        out += &format!(
            "`{}` is taken without {}, which changes it by at most {:.3} % ({:.1e} a day) along the mean path\n",
            d.term,
            d.through,
            100.0 * d.change,
            d.a_day
        );
    }
    let grown = |a: &&ArmLaw| a.mutated > 0.0 || a.founder_error.value() > 0.0;
    let first =
        found.arms.iter().filter(grown).max_by(|a, b| a.founder_error.value().total_cmp(&b.founder_error.value()));
    if let Some(arm) = first {
        let off = match arm.founder_error {
            Off::AtMost(x) if x.is_infinite() => "ln P off without a bound, since mutations are not rare".to_string(),
            Off::AtMost(x) => format!("ln P off by at most {x:.1e}"),
            Off::About(x) => format!("ln P off by about {x:.1e} (an estimate, since the founding type switches)"),
        };
        out += &format!(
            "the start is the founder law of a large tumour: {off}; mutated cells, {:.1e} of it, are not counted into its size\n",
            arm.mutated
        );
    }
    for arm in found.arms.iter().filter(|a| !a.failed.is_empty()) {
        let (number, why) = &arm.failed[0];
        out += &format!(
            "arm \"{}\": {} without a law, not counted; patient {number}: {why}\n",
            arm.name,
            words::patients(arm.failed.len() as u64)
        );
    }
    out
}

/// The JSON document.
fn document(found: &StudyLaw, study: &Study, patients: Option<u32>, seconds: f64) -> Value {
    let by_label = |values: Option<Vec<f64>>| -> Value {
        let value = |k: usize| values.as_ref().map(|v| v[k]);
        Value::Object(Origin::ALL.iter().enumerate().map(|(k, o)| (o.name().to_string(), json!(value(k)))).collect())
    };
    let by_share = |value: &dyn Fn(usize) -> Value| -> Value {
        Value::Object(SHARES.iter().enumerate().map(|(k, s)| (s.to_string(), value(k))).collect::<Map<_, _>>())
    };
    let arms: Vec<Value> = found
        .arms
        .iter()
        .map(|arm| {
            let sum: f64 = arm.origins.iter().map(|o| o.cells).sum();
            let of =
                |f: fn(&remission_engine::law::arm::OfOrigin) -> f64| arm.origins.iter().map(f).collect::<Vec<_>>();
            let some = arm.patients > 0;
            let (bound, estimate) = match arm.founder_error {
                Off::AtMost(x) => (some.then_some(x), None),
                Off::About(x) => (None, some.then_some(x)),
            };
            json!({
                "arm": arm.name,
                "cure": some.then_some(arm.cure),
                "no_resistant": arm.days.iter().filter(|_| some)
                    .map(|d| json!({ "day": d.day, "p": d.no_resistant })).collect::<Vec<_>>(),
                "origin": by_label(arm.clone_shares.map(|s| s.to_vec())),
                "origin_present": by_label(some.then(|| of(|o| o.present))),
                "origin_clones": by_label(some.then(|| of(|o| o.clones))),
                "origin_cells": by_label(arm.cell_shares.map(|s| s.to_vec())),
                "resistant_mean": some.then_some(sum),
                "resistant_quantiles": by_share(&|k| json!(arm.resistant[k])),
                "time_to_resistance": arm.days.iter().filter(|_| some)
                    .map(|d| json!({ "day": d.day, "p": d.lasting, "arrived": d.arrived })).collect::<Vec<_>>(),
                "time_to_resistance_quantiles": by_share(&|k| json!(arm.time[k])),
                "errors": {
                    "ln_p_at_horizon": FINE * study.horizon,
                    "ln_p_other": MEDIUM * study.horizon,
                    "founder_law": bound,
                    "founder_law_estimate": estimate,
                    "mutated_at_start": arm.mutated,
                    "quantile_probability": ACCURACY,
                },
                "patients": { "in": arm.patients, "failed": arm.failed.len() },
                "failures": arm.failed.iter().take(100)
                    .map(|(n, why)| json!({ "patient": n, "reason": why })).collect::<Vec<_>>(),
                "notes": arm.notes,
            })
        })
        .collect();
    json!({
        "study": study.name,
        "patients": patients.map_or(json!("typical"), |n| json!(n)),
        "seed": patients.map(|_| study.seed),
        "horizon_days": study.horizon,
        "seconds": seconds,
        "dropped": found.dropped.iter().map(|d| json!({
            "term": d.term, "through": d.through, "relative_change": d.change, "change_a_day": d.a_day,
        })).collect::<Vec<_>>(),
        "arms": arms,
    })
}
