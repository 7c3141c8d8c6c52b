//! The table that a run prints, and its JSON document.

use crate::figures::MONTH;
use crate::report::data::{ArmData, ReportData};
use crate::report::{answers, words};
use serde_json::{Map, Value, json};

/// The table, ready to print.
pub fn table(data: &ReportData) -> String {
    let mut out = format!(
        "{}: {} x {}, {}, seed {}\n",
        data.title,
        words::arms(data.arms.len()),
        words::patients(data.finished.into()),
        span(data.horizon_days),
        data.seed
    );
    if !data.question.trim().is_empty() {
        out += &format!("{}\n", data.question.trim());
    }
    for line in answered(data) {
        out += &format!("  {line}\n");
    }
    let mut rows: Vec<Vec<String>> = vec![if data.assesses_progression {
        ["arm", "median PFS", "response", "resistant clone at progression", "found at rebiopsy"]
            .map(String::from)
            .to_vec()
    } else {
        ["arm", "cells at the last visit: median (5-95 %)", "of which"].map(String::from).to_vec()
    }];
    for arm in &data.arms {
        rows.push(if data.assesses_progression { patient_row(arm) } else { dish_row(arm) });
    }
    let width: Vec<usize> =
        (0..rows[0].len()).map(|c| rows.iter().map(|r| r[c].chars().count()).max().unwrap_or(0)).collect();
    for row in &rows {
        let mut line = String::new();
        for (cell, w) in row.iter().zip(&width) {
            line += cell;
            line += &" ".repeat(w + 2 - cell.chars().count());
        }
        out += line.trim_end();
        out.push('\n');
    }
    for arm in data.arms.iter().filter(|_| !data.assesses_progression) {
        if let Some(early) = words::ended_early(data, arm) {
            out += &format!("{}: {early}\n", arm.name);
        }
    }
    let percents = |list: Vec<Option<f64>>| -> String {
        let all: Vec<String> = list.into_iter().map(|x| x.map_or("-".to_string(), percent)).collect();
        all.join(", ")
    };
    if data.arms.iter().any(|a| a.gone.is_some()) {
        let of = data.arms.iter().map(|a| a.gone.map(|g| g.0)).collect();
        out += &format!("no tumour cell at the last visit: {}\n", percents(of));
    }
    for (k, event) in data.arms.first().map_or(&[][..], |a| &a.events[..]).iter().enumerate() {
        let of = data.arms.iter().map(|a| a.events.get(k).map(|e| e.1)).collect();
        out += &format!("patients with {}: {}\n", words::name(&event.0), percents(of));
    }
    for c in &data.comparisons {
        if let (Some(hr), Some((low, high)), true) = (c.hazard_ratio, c.ci95, data.assesses_progression) {
            out += &format!("{} against {}: hazard ratio {hr:.2} ({low:.2}-{high:.2})\n", c.arm, c.against);
        }
    }
    if data.method == "mean" {
        out += "mean equations: each patient is one deterministic tumour, so times and shares are not those of cells\n";
    }
    if let Some(said) = words::misses(data) {
        let names: Vec<&str> = data.misses.iter().map(|m| m.name.as_str()).collect();
        out += &format!("{said} {} (why: in the report)\n", names.join("; "));
    }
    // A title may hold anything; a terminal must not obey it.
    out.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// What the study asks for and the table below does not hold, a line a figure.
fn answered(data: &ReportData) -> Vec<String> {
    let one = |answer: &crate::report::data::Answer| {
        let each: Vec<String> = match &answer.arms[..] {
            [only] if data.arms.len() == 1 => vec![answers::in_words(answer, only)],
            arms => arms.iter().map(|of| format!("{} {}", of.arm, answers::in_words(answer, of))).collect(),
        };
        format!("{}: {}", answers::name(answer), each.join("; ")).replace('\u{a0}', " ").replace('\u{2013}', "-")
    };
    data.answers.iter().filter(|a| !a.in_table).map(one).collect()
}

fn patient_row(arm: &ArmData) -> Vec<String> {
    let months = |d: f64| format!("{:.1}", d / MONTH);
    let median = match &arm.progression {
        None => "no patients".to_string(),
        Some(curve) => {
            let limit = |x: Option<f64>| x.map_or("?".to_string(), months);
            match curve.median_days {
                Some(m) => format!("{} mo ({}-{})", months(m), limit(curve.ci95_days.0), limit(curve.ci95_days.1)),
                None => "not reached".to_string(),
            }
        }
    };
    let response = arm.response.map_or("not assessed".to_string(), |(share, _, _)| percent(share));
    vec![arm.name.clone(), median, response, shares(arm.origins.as_deref(), 3), shares(arm.mechanisms.as_deref(), 4)]
}

fn dish_row(arm: &ArmData) -> Vec<String> {
    let total = arm.last.first().map_or("no patients".to_string(), |(_, low, middle, high)| {
        format!("{} ({} - {})", cells(*middle), cells(*low), cells(*high))
    });
    let parts: Vec<String> =
        arm.last.iter().skip(1).filter(|t| t.2 > 0.0 || t.3 > 0.0).map(|t| format!("{} {}", t.0, cells(t.2))).collect();
    vec![arm.name.clone(), total, parts.join("  ")]
}

/// The largest shares in words, those of at least 0.5 % only.
fn shares(named: Option<&[(String, f64)]>, most: usize) -> String {
    let Some(named) = named else { return "nobody progressed".to_string() };
    let mut sorted: Vec<&(String, f64)> = named.iter().filter(|s| s.1 >= 0.005).collect();
    sorted.sort_by(|a, b| b.1.total_cmp(&a.1));
    let parts: Vec<String> =
        sorted.iter().take(most).map(|(n, s)| format!("{} {}", words::name(n), percent(*s))).collect();
    if parts.is_empty() { "none".to_string() } else { parts.join("  ") }
}

fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

fn cells(n: f64) -> String {
    if n < 1e5 { format!("{n:.0}") } else { format!("{n:.2e}") }
}

/// A length of time in words.
pub fn span(days: f64) -> String {
    let years = days / 365.25;
    if (years - years.round()).abs() < 1e-9 && years >= 1.0 {
        return if years == 1.0 { "1 year".into() } else { format!("{years:.0} years") };
    }
    if days < 2.0 {
        return words::Clock::of(days).span(days);
    }
    let text = format!("{days:.2}");
    format!("{} days", text.trim_end_matches('0').trim_end_matches('.'))
}

/// The JSON document of `run --json`.
pub fn json(data: &ReportData, seconds: f64, run_dir: &str) -> Value {
    let named = |shares: &Option<Vec<(String, f64)>>, names: &[String]| -> Value {
        let mut map = Map::new();
        for name in names {
            let share = shares.as_ref().and_then(|s| s.iter().find(|(n, _)| n == name)).map(|s| s.1);
            map.insert(name.clone(), json!(share));
        }
        Value::Object(map)
    };
    let origins: Vec<String> =
        remission_cohort::outcome::OriginFound::ALL.iter().map(|o| o.name().to_string()).collect();
    let mechanisms: Vec<String> = data
        .arms
        .iter()
        .find_map(|a| a.mechanisms.as_ref())
        .map(|m| m.iter().map(|x| x.0.clone()).collect())
        .unwrap_or_default();
    let arms: Vec<Value> = data
        .arms
        .iter()
        .map(|arm| {
            let time = |curve: &Option<crate::report::data::Curve>| match curve {
                Some(c) => json!({ "median_days": c.median_days, "ci95_days": [c.ci95_days.0, c.ci95_days.1], "events": c.events }),
                None => json!({ "median_days": null, "ci95_days": [null, null], "events": null }),
            };
            json!({
                "arm": arm.name,
                "endpoints": {
                    "progression": time(&arm.progression),
                    "survival": time(&arm.survival),
                    "response": {
                        "rate": arm.response.map(|r| r.0),
                        "ci95": [arm.response.map(|r| r.1), arm.response.map(|r| r.2)],
                    },
                },
                "progressed": arm.progressed,
                "origin_at_progression": named(&arm.origins, &origins),
                "mechanism_at_progression": named(&arm.mechanisms, &mechanisms),
                "ended_early": arm.ended_early.iter().map(|(why, n)| (why.clone(), json!(n))).collect::<Map<_, _>>(),
                "no_cells_at_end": arm.gone.map(|(share, low, high)| json!({ "share": share, "ci95": [low, high] })),
                "events": arm.events.iter().map(|(n, share, low, high)| (n.clone(), json!({ "share": share, "ci95": [low, high] }))).collect::<Map<_, _>>(),
                "cells_at_end": arm.last.iter().map(|(n, low, middle, high)| (n.clone(), json!({"p5": low, "median": middle, "p95": high}))).collect::<Map<_, _>>(),
            })
        })
        .collect();
    let comparisons: Vec<Value> = data
        .comparisons
        .iter()
        .map(|c| {
            json!({
                "arm": c.arm, "against": c.against, "hazard_ratio": c.hazard_ratio,
                "ci95": [c.ci95.map(|i| i.0), c.ci95.map(|i| i.1)], "p_value": c.p_value,
            })
        })
        .collect();
    let answers: Vec<Value> = data
        .answers
        .iter()
        .map(|a| {
            let arm = |of: &crate::report::data::ArmAnswer| {
                json!({ "arm": of.arm, "value": of.value, "ci95": [of.low, of.high] })
            };
            let against = (!a.against.is_empty()).then_some(&a.against);
            json!({ "name": a.name, "unit": a.unit, "against": against, "arms": a.arms.iter().map(arm).collect::<Vec<_>>() })
        })
        .collect();
    json!({
        "study": data.study,
        "question": data.question,
        "answers": answers,
        "seed": data.seed,
        "method": data.method,
        "patients": { "asked": data.asked, "finished": data.finished, "failed": data.failed_count },
        "failures": data.failed.iter().map(|(n, arm, why)| json!({ "patient": n, "arm": arm, "reason": why })).collect::<Vec<_>>(),
        "seconds": seconds,
        "run_dir": run_dir,
        "arms": arms,
        "comparisons": comparisons,
    })
}
