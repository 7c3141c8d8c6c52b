//! The dose strip under a panel of burden: what is given in the first eight weeks, one row a drug, on an axis of its
//! own. Heights have one scale per drug in all arms, so that 50 mg beside 1,200 mg looks as small as it is.

use super::burden::LEFT;
use super::data::{ArmData, ReportData};
use super::svg::{Anchor, Scale, Svg, fit, px, tick, time_ticks};
use super::words;

/// Days of the dose strip.
const STRIP_DAYS: f64 = 56.0;
/// Height of one drug's strip with its label.
const STRIP: f64 = 52.0;

/// Days shown in the strip.
pub(super) fn days_shown(data: &ReportData) -> f64 {
    if data.horizon_days > 0.0 { data.horizon_days.min(STRIP_DAYS) } else { STRIP_DAYS }
}

/// The dose strip with its own axis in weeks; gives the height of the picture.
pub(super) fn strip(svg: &mut Svg, data: &ReportData, k: usize, top: f64, right: f64) -> f64 {
    let arm = &data.arms[k];
    let days = days_shown(data);
    let x = Scale { from: 0.0, to: days, start: LEFT, end: right };
    let drugs = drugs(arm, days);
    // Panels of one row line up: every arm leaves room for the arm with the most drugs.
    let rows = data.arms.iter().map(|a| self::drugs(a, days).len()).max().unwrap_or(0).max(1);
    let mut at = top;
    if drugs.is_empty() {
        svg.text(LEFT, at + 24.0, Anchor::Start, "t", "no drug given");
    }
    for (drug, unit) in &drugs {
        let given =
            arm.doses.iter().filter(|d| &d.1 == drug && &d.3 == unit && d.0 < days && d.2.is_finite() && d.2 > 0.0);
        let most = largest_dose(data, drug, unit, days);
        let mut amounts: Vec<f64> = given.clone().map(|d| d.2).collect();
        amounts.sort_by(|a, b| b.total_cmp(a));
        amounts.dedup();
        let kept = if is_concentration(unit) { ", held" } else { "" };
        let text = format!("{} {}{kept}", words::name(drug), amounts_in_words(&amounts, unit));
        svg.text(LEFT, at, Anchor::Start, "t", &fit(&text, right - LEFT, 11.5));
        let base = at + STRIP - 16.0;
        let height = |amount: f64| (28.0 * amount / most).max(1.5);
        if is_concentration(unit) {
            svg.path(&held(arm, drug, unit, &x, base, &height), "fill=\"#444\"");
        } else {
            let wide = ((right - LEFT) / days * 0.6).clamp(1.0, 6.0);
            let mut d = String::new();
            for dose in given {
                let centre = (x.at(dose.0) + wide / 2.0).min(right);
                d.push_str(&format!("M{} {}v-{}", px(centre), px(base), px(height(dose.2))));
            }
            svg.path(&d, &format!("stroke=\"#444\" stroke-width=\"{}\"", px(wide)));
        }
        svg.line(LEFT, base, right, base, "axis");
        at += STRIP;
    }
    let base = top + STRIP * rows as f64 - 16.0;
    if drugs.len() < rows {
        svg.line(LEFT, base, right, base, "axis");
    }
    let in_weeks = days >= 14.0;
    let (per, unit) = if in_weeks { (7.0, "weeks") } else { (1.0, "days") };
    for t in time_ticks(days / per, 8.0) {
        svg.line(x.at(t * per), base, x.at(t * per), base + 4.0, "axis");
        svg.text(x.at(t * per), base + 17.0, Anchor::Middle, "t", &tick(t));
    }
    svg.text((LEFT + right) / 2.0, base + 34.0, Anchor::Middle, "l", &format!("doses, {unit} since treatment began"));
    base + 42.0
}

/// True for the unit of a concentration (uM, ng/mL): such an amount is held until the next one, not given at once.
fn is_concentration(unit: &str) -> bool {
    unit.contains('/') || matches!(unit, "M" | "mM" | "uM" | "µM" | "nM" | "pM")
}

/// Concentrations held, each until the next or the end of the strip, as areas over the base.
fn held(arm: &ArmData, drug: &str, unit: &str, x: &Scale, base: f64, height: &dyn Fn(f64) -> f64) -> String {
    let mut changes: Vec<(f64, f64)> =
        arm.doses.iter().filter(|d| d.1 == drug && d.3 == unit && d.0.is_finite()).map(|d| (d.0, d.2)).collect();
    changes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut d = String::new();
    for (k, (day, amount)) in changes.iter().enumerate() {
        let until = changes.get(k + 1).map_or(x.to, |next| next.0);
        if *amount > 0.0 && amount.is_finite() {
            let (from, to, top) = (px(x.at(*day)), px(x.at(until)), px(base - height(*amount)));
            d.push_str(&format!("M{from} {base}V{top}H{to}V{base}Z", base = px(base)));
        }
    }
    d
}

/// True when some arm has a dose to draw.
pub(super) fn any(data: &ReportData) -> bool {
    data.arms.iter().any(|arm| !drugs(arm, days_shown(data)).is_empty())
}

/// Drugs given in an arm, with their units, in order of the first dose.
fn drugs(arm: &ArmData, days: f64) -> Vec<(String, String)> {
    let mut drugs: Vec<(String, String)> = Vec::new();
    for (day, drug, amount, unit) in &arm.doses {
        let drawn = *day < days && amount.is_finite() && *amount > 0.0;
        if drawn && !drugs.iter().any(|(d, u)| d == drug && u == unit) {
            drugs.push((drug.clone(), unit.clone()));
        }
    }
    drugs
}

/// Largest dose of a drug in any arm.
fn largest_dose(data: &ReportData, drug: &str, unit: &str, days: f64) -> f64 {
    let all = data.arms.iter().flat_map(|a| &a.doses);
    all.filter(|d| d.1 == drug && d.3 == unit && d.0 < days && d.2.is_finite())
        .map(|d| d.2)
        .fold(f64::MIN_POSITIVE, f64::max)
}

/// `1200 and 50 mg`, or a range when there are many.
fn amounts_in_words(amounts: &[f64], unit: &str) -> String {
    let print = |a: &f64| super::html::number(*a);
    match amounts {
        [] => String::new(),
        [one] => format!("{} {unit}", print(one)),
        [one, two] => format!("{} and {} {unit}", print(one), print(two)),
        [most, .., least] => format!("{} to {} {unit}", print(least), print(most)),
    }
}
