//! Published numbers of a catalogue entry (`expected.toml`) against what a run of it gives.
//!
//! A number passes when the run's own figure lies in the published range, or when it lies outside by no more than
//! the run's sampling error (its 95 % interval reaches the range); the two are told apart.

use crate::failure::Exit;
use crate::figures::MONTH;
use crate::load::Source;
use crate::report::data::{ArmData, ReportData};
use remission_cohort::statistics::proportion::wilson;
use serde::Deserialize;

/// The file.
#[derive(Debug, Clone, Deserialize)]
pub struct Expected {
    /// Numbers.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// One published number.
#[derive(Debug, Clone, Deserialize)]
pub struct Published {
    /// What: `median_pfs_months`, `response`, `hazard_ratio`, `mechanism.NAME`, `origin.NAME`, `cells_at_end.TYPE`, and of blood
    /// [`BLOOD`].
    pub quantity: String,
    /// Variant it belongs to; none: the entry itself.
    pub set: Option<String>,
    /// Arm.
    pub arm: Option<String>,
    /// As printed.
    pub value: Option<f64>,
    /// Lowest that agrees.
    pub low: f64,
    /// Highest that agrees.
    pub high: f64,
    /// `calibrated`, `predicted` or `shown_only`.
    pub kind: String,
    /// Where it is printed.
    pub citation: Option<Citation>,
}

/// Where a number is printed.
#[derive(Debug, Clone, Deserialize)]
pub struct Citation {
    /// DOI, or none.
    pub doi: Option<String>,
    /// Address, or none.
    pub url: Option<String>,
    /// Place in the paper.
    #[serde(rename = "where")]
    pub place: Option<String>,
}

impl Citation {
    /// Paper and place.
    pub fn in_words(&self) -> String {
        let doi = self.doi.as_ref().map(|d| format!("doi {d}"));
        let parts = [doi.or(self.url.clone()), self.place.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
    }
}

/// Figures of the first ctDNA measurement: genome equivalents in 15 mL of blood (55 % plasma) per 1e9 cells at baseline; share
/// of mutant reads per 1e10 cells at baseline; share of patients with it detected at baseline; its fall to the lowest in
/// patients with a response, and that of genome equivalents to the first visit; hazard ratio of progression or
/// death after that visit, no longer detected against still detected; days by which a rise came before progression on imaging.
const BLOOD: [&str; 7] = [
    "ctdna_ge_per_15_ml_and_cm3",
    "ctdna_share_of_10_cm3",
    "ctdna_detected",
    "ctdna_fall_of_responders",
    "ctdna_ge_fall_at_first_visit",
    "ctdna_cleared_hazard_ratio",
    "ctdna_lead_days",
];
/// mL of plasma in 15 mL of blood.
const TUBE: f64 = 15.0 * 0.55;

/// How a number came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What.
    pub quantity: String,
    /// Arm, where there is one.
    pub arm: String,
    /// `calibrated` or `predicted`.
    pub kind: String,
    /// As printed, where one figure is printed.
    pub value: Option<f64>,
    /// Published range.
    pub range: (f64, f64),
    /// The run's figure with its 95 % interval.
    pub found: Option<(f64, f64, f64)>,
    /// The verdict.
    pub verdict: Verdict,
}

/// Whether a number agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Within the published range.
    Within,
    /// Outside by less than the run's sampling error.
    WithinError,
    /// Outside.
    Outside,
    /// Shown for information; not judged.
    Shown,
}

impl Verdict {
    /// As printed.
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Within => "agrees",
            Verdict::WithinError => "agrees within sampling error",
            Verdict::Outside => "DIFFERS",
            Verdict::Shown => "shown",
        }
    }
}

/// Reads the file.
pub fn read(source: &Source) -> Result<Expected, Exit> {
    toml::from_str(&source.text).map_err(|e| Exit::refused(format!("error: {}: {e}", source.shown)))
}

/// Compares the numbers of `set` (`None`: the entry itself) that a run can give.
pub fn compare(expected: &Expected, set: Option<&str>, data: &ReportData) -> Vec<Row> {
    let mine = expected.published.iter().filter(|p| p.set.as_deref() == set);
    mine.filter_map(|p| {
        let arm = data.arms.iter().find(|a| Some(&a.name) == p.arm.as_ref());
        let found = match figure(p, arm, data) {
            Figure::NotOfARun => return None,
            Figure::Missing => None,
            Figure::Found(x) => Some(x),
        };
        let (low, high) = (p.low, p.high);
        let verdict = match found {
            _ if p.kind == "shown_only" => Verdict::Shown,
            Some((x, _, _)) if low <= x && x <= high => Verdict::Within,
            Some((_, from, to)) if from <= high && to >= low => Verdict::WithinError,
            _ => Verdict::Outside,
        };
        let arm = p.arm.clone().unwrap_or_default();
        Some(Row {
            quantity: p.quantity.clone(),
            arm,
            kind: p.kind.clone(),
            value: p.value,
            range: (low, high),
            found,
            verdict,
        })
    })
    .collect()
}

enum Figure {
    /// Something that other tests look at: fits, readings.
    NotOfARun,
    Missing,
    Found((f64, f64, f64)),
}

fn figure(p: &Published, arm: Option<&ArmData>, data: &ReportData) -> Figure {
    let (what, which) = p.quantity.split_once('.').unwrap_or((&p.quantity, ""));
    if !["median_pfs_months", "median_os_months", "response", "hazard_ratio", "mechanism", "origin", "cells_at_end"]
        .contains(&what)
        && !BLOOD.contains(&what)
    {
        return Figure::NotOfARun;
    }
    let Some(arm) = arm else { return Figure::Missing };
    let share = |named: &Option<Vec<(String, f64)>>| {
        let share = named.as_ref()?.iter().find(|(n, _)| n == which)?.1;
        let found = (share * arm.progressed as f64).round() as u64;
        let interval = wilson(found, arm.progressed, 0.95).ok()?.interval;
        Some((share, interval.lower, interval.upper))
    };
    let found = match what {
        "median_pfs_months" | "median_os_months" => {
            let curve = if what == "median_pfs_months" { &arm.progression } else { &arm.survival };
            curve.as_ref().and_then(|c| {
                let m = c.median_days?;
                let (low, high) = (c.ci95_days.0.unwrap_or(m), c.ci95_days.1.unwrap_or(m));
                Some((m / MONTH, low / MONTH, high / MONTH))
            })
        }
        "response" => arm.response,
        "mechanism" => share(&arm.mechanisms),
        "origin" => share(&arm.origins),
        "hazard_ratio" => data.comparisons.iter().find(|c| c.arm == arm.name).and_then(|c| {
            let (low, high) = c.ci95?;
            Some((c.hazard_ratio?, low, high))
        }),
        _ if BLOOD.contains(&what) => arm.blood.as_ref().and_then(|b| match what {
            "ctdna_ge_per_15_ml_and_cm3" => b.ge_per_ml_and_1e9_cells.map(|(x, a, z)| (TUBE * x, TUBE * a, TUBE * z)),
            "ctdna_share_of_10_cm3" => b.share_per_1e10_cells,
            "ctdna_detected" => b.detected,
            "ctdna_fall_of_responders" => b.fall_of_responders,
            "ctdna_ge_fall_at_first_visit" => b.first_fall_of_responders,
            "ctdna_cleared_hazard_ratio" => b.cleared_hazard_ratio,
            _ => b.lead_days,
        }),
        _ => arm.last.iter().find(|l| l.0 == which).map(|&(_, _, x, _)| (x, x, x)),
    };
    found.map_or(Figure::Missing, Figure::Found)
}

/// The comparison as a table.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    let width = rows.iter().map(|r| r.quantity.len() + r.arm.len()).max().unwrap_or(0) + 2;
    for r in rows {
        let name = if r.arm.is_empty() { r.quantity.clone() } else { format!("{}, {}", r.quantity, r.arm) };
        let found = r.found.map_or("not reached".to_string(), |(x, a, z)| {
            if a == z { short(x) } else { format!("{} ({} - {})", short(x), short(a), short(z)) }
        });
        out += &format!(
            "{name:width$}  {} {} ({} - {})  found {found}  {}\n",
            r.kind,
            r.value.map_or("-".to_string(), short),
            short(r.range.0),
            short(r.range.1),
            r.verdict.text()
        );
    }
    out
}

fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".into(),
        a if !(1e-3..1e5).contains(&a) => format!("{x:.3e}"),
        a if a < 1.0 => format!("{x:.3}"),
        _ => format!("{x:.2}"),
    }
}
