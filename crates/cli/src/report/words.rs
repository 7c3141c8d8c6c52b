//! How figures are put into words: months, shares, counts of cells, names of origins and mechanisms, and the
//! sentences that answer the study's question.
//!
//! The sentences say what was seen in the simulated patients. They do not say why: an origin that is common at
//! progression is an association inside a model and not a proof of what caused it.

use super::data::{ArmData, ComparisonData, Curve, ReportData};

/// Days in a month, 365.25 / 12.
pub const MONTH: f64 = 30.4375;

/// What time is shown in: months, or days when the study is shorter than three months.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Days in a unit.
    pub days: f64,
    /// Name of the unit, in the plural.
    pub unit: &'static str,
    /// Short name.
    pub short: &'static str,
}

impl Clock {
    /// The clock for a study of this many days.
    pub fn of(horizon_days: f64) -> Self {
        const HOUR: f64 = 1.0 / 24.0;
        let clocks = [
            (3.0 * HOUR / 60.0, HOUR / 3600.0, "seconds", "s"),
            (3.0 * HOUR, HOUR / 60.0, "minutes", "min"),
            (2.0, HOUR, "hours", "h"),
            (3.0 * MONTH, 1.0, "days", "d"),
        ];
        let (_, days, unit, short) =
            clocks.into_iter().find(|c| horizon_days < c.0).unwrap_or((f64::INFINITY, MONTH, "months", "mo"));
        Clock { days, unit, short }
    }

    /// Days in this clock's unit, unrounded.
    pub fn at(&self, days: f64) -> f64 {
        days / self.days
    }

    /// Days in this clock's unit, one decimal.
    pub fn print(&self, days: f64) -> String {
        format!("{:.1}", self.at(days))
    }

    /// A span with its unit, whole where it is whole: `60 months`.
    pub fn span(&self, days: f64) -> String {
        format!("{} {}", super::svg::tick(self.at(days)), self.unit)
    }

    /// A possibly unreached time.
    pub fn maybe(&self, days: Option<f64>) -> String {
        match days {
            Some(d) if d.is_finite() => self.print(d),
            _ => "not reached".to_owned(),
        }
    }

    /// `10.3 months (95 % interval 9.9 to 10.8)`, or `not reached`.
    pub fn median(&self, curve: &Curve) -> String {
        let interval = match curve.ci95_days {
            (None, None) => String::new(),
            (low, high) => format!(" (95\u{a0}% interval {} to {})", self.maybe(low), self.maybe(high)),
        };
        match curve.median_days {
            Some(d) if d.is_finite() => format!("{} {}{interval}", self.print(d), self.unit),
            _ => format!("not reached{interval}"),
        }
    }

    /// `10.3 (9.9–10.8)` for a table.
    pub fn median_short(&self, curve: &Curve) -> String {
        let interval = match curve.ci95_days {
            (None, None) => String::new(),
            (low, high) => format!(" ({}–{})", self.maybe(low), self.maybe(high)),
        };
        format!("{}{interval}", self.maybe(curve.median_days))
    }
}

/// A share as a percentage; one decimal below ten and just below all.
pub fn percent(share: f64) -> String {
    let p = 100.0 * share;
    if !p.is_finite() {
        "not known".to_owned()
    } else if p == 0.0 {
        "0\u{a0}%".to_owned()
    } else if p < 9.95 || (p > 99.05 && p < 99.95) {
        format!("{p:.1}\u{a0}%")
    } else {
        format!("{p:.0}\u{a0}%")
    }
}

/// A share with its interval: `74 % (71–77 %)`.
pub fn percent_with(share: f64, low: f64, high: f64) -> String {
    if !share.is_finite() || !low.is_finite() || !high.is_finite() {
        return percent(share);
    }
    let bare = percent(low);
    format!("{} ({}–{})", percent(share), bare.trim_end_matches("\u{a0}%"), percent(high))
}

/// A whole number with commas.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `10⁹`.
pub fn power_of_ten(exponent: i32) -> String {
    if exponent == 0 {
        return "1".to_owned();
    }
    let digits: String = exponent.to_string().chars().map(superscript).collect();
    format!("10{digits}")
}

fn superscript(c: char) -> char {
    match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => c.to_digit(10).and_then(|d| char::from_u32(0x2070 + d)).unwrap_or(c),
    }
}

/// A number of cells: whole below 100,000, then `2.1 × 10⁹`.
pub fn cells(count: f64) -> String {
    if !count.is_finite() || count < 0.0 {
        return "not known".to_owned();
    }
    if count < 99_999.5 {
        return thousands(count.round() as u64);
    }
    let written = format!("{count:.1e}");
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let power = power_of_ten(exponent.parse().unwrap_or(0));
    if digits == "1.0" { power } else { format!("{digits}\u{a0}×\u{a0}{power}") }
}

/// Name of a cell type, origin or mechanism as a reader writes it: `t790m` is T790M, `met_bypass` is MET bypass.
pub fn name(id: &str) -> String {
    match id {
        "pre_existing" => return "pre-existing".to_owned(),
        "drug_induced" => return "drug-induced".to_owned(),
        "non_genetic" => return "non-genetic".to_owned(),
        _ => {}
    }
    id.split('_').map(gene).collect::<Vec<_>>().join(" ")
}

/// A name inside a sentence: one that names nothing is put in quotation marks.
fn quoted(id: &str) -> String {
    match id {
        "other" | "unknown" | "none" => format!("“{id}”"),
        _ => name(id),
    }
}

/// Upper case for what is written so: a substitution (t790m) or a gene named often.
fn gene(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let substitution = letters.len() > 2
        && letters[0].is_ascii_lowercase()
        && letters[letters.len() - 1].is_ascii_lowercase()
        && letters[1..letters.len() - 1].iter().all(char::is_ascii_digit);
    if substitution || matches!(word, "met" | "her2" | "egfr" | "kras" | "braf" | "alk" | "pik3ca" | "bcr" | "abl") {
        word.to_uppercase()
    } else {
        word.to_owned()
    }
}

/// What an origin means, in a few words.
pub fn origin_meaning(id: &str) -> Option<&'static str> {
    Some(match id {
        "pre_existing" => "founded before treatment began",
        "persister" => "mutated from a drug-tolerant cell during treatment",
        "cycling" => "mutated from a dividing cell during treatment",
        "drug_induced" => "owed to mutations that the drug itself added",
        "non_genetic" => "no resistant clone above 1\u{a0}% of cells",
        _ => return None,
    })
}

/// The largest share above zero.
pub fn largest(shares: &[(String, f64)]) -> Option<&(String, f64)> {
    shares.iter().filter(|(_, s)| *s > 0.0).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// `1 patient`, `2 patients`.
pub fn patients(n: u64) -> String {
    format!("{} {}", thousands(n), if n == 1 { "patient" } else { "patients" })
}

/// `1 arm`, `2 arms`.
pub fn arms(n: usize) -> String {
    format!("{n} {}", if n == 1 { "arm" } else { "arms" })
}

/// The answer of one arm as one sentence, without its name in front.
pub fn answer(data: &ReportData, arm: &ArmData) -> String {
    let clock = Clock::of(data.horizon_days);
    if !data.assesses_progression {
        return last_look(&clock, data, arm);
    }
    let mut parts = Vec::new();
    if let Some(curve) = &arm.progression {
        parts.push(match curve.median_days {
            Some(_) => format!(
                "median progression-free survival was {} in {}",
                clock.median(curve),
                patients(curve.patients as u64)
            ),
            None => format!(
                "median progression-free survival was not reached within {} ({} events in {})",
                clock.span(data.horizon_days),
                curve.events,
                patients(curve.patients as u64)
            ),
        });
    }
    if let Some((rate, low, high)) = arm.response {
        parts.push(format!("{} responded (95\u{a0}% interval {} to {})", percent(rate), percent(low), percent(high)));
    }
    let origin = arm.origins.as_deref().and_then(largest).map(|(id, share)| match id.as_str() {
        "non_genetic" => format!("most often no resistant clone exceeded 1\u{a0}% of cells ({})", percent(*share)),
        _ => {
            let meaning = origin_meaning(id).map(|m| format!(", {m}")).unwrap_or_default();
            format!("the largest resistant clone was most often {} ({}{meaning})", name(id), percent(*share))
        }
    });
    let mechanism = arm
        .mechanisms
        .as_deref()
        .and_then(largest)
        .map(|(id, share)| format!("the mechanism found most often was {} ({})", quoted(id), percent(*share)));
    let found: Vec<String> = origin.into_iter().chain(mechanism).collect();
    if arm.progressed == 0 {
        parts.push("no patient progressed".to_owned());
    } else if !found.is_empty() {
        parts.push(format!("at progression ({}) {}", patients(arm.progressed), found.join(" and ")));
    }
    if let Some((share, low, high)) = arm.gone {
        let (share, low, high) = (percent(share), percent(low), percent(high));
        parts.push(format!("{share} had no tumour cell at their last visit (95\u{a0}% interval {low} to {high})"));
    }
    for (event, share, low, high) in &arm.events {
        let (share, low, high) = (percent(*share), percent(*low), percent(*high));
        parts.push(format!("{share} had {} (95\u{a0}% interval {low} to {high})", name(event)));
    }
    if parts.is_empty() {
        return "nothing was measured in this arm.".to_owned();
    }
    format!("{}.", parts.join("; "))
}

/// Where nothing progresses: what was there at the last look.
fn last_look(clock: &Clock, data: &ReportData, arm: &ArmData) -> String {
    if arm.last.is_empty() {
        return "nothing was measured in this arm.".to_owned();
    }
    let types: Vec<String> = arm
        .last
        .iter()
        .map(|(id, low, middle, high)| {
            let (low, high) = (cells(*low), cells(*high));
            let range = if low == high { String::new() } else { format!(" (5 to 95\u{a0}%: {low} to {high})") };
            format!("{} {} cells{range}", cells(*middle), name(id))
        })
        .collect();
    let early = ended_early(data, arm).map_or(String::new(), |early| format!(" {early}."));
    format!("at the last look (after {}) the median was {}.{early}", clock.span(data.horizon_days), types.join(", "))
}

/// How many runs of an arm ended before the horizon, and why.
pub fn ended_early(data: &ReportData, arm: &ArmData) -> Option<String> {
    let number: u64 = arm.ended_early.iter().map(|e| e.1).sum();
    let why = |name: &str| match name {
        "ceiling" => "at the ceiling of cells",
        "death_tumour" => "by death of the tumour",
        "death_other_cause" => "by death of another cause",
        "death_event" => "by an event that killed",
        _ => "at progression",
    };
    let parts: Vec<String> = match &arm.ended_early[..] {
        [] => return None,
        [(only, _)] => vec![why(only).to_owned()],
        many => many.iter().map(|(name, n)| format!("{} {}", thousands(*n), why(name))).collect(),
    };
    let listed = match &parts[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => parts.concat(),
    };
    Some(format!(
        "{} of {} {} ended before {}, {listed}; their last visit counts",
        thousands(number),
        thousands(u64::from(data.finished)),
        if data.finished == 1 { subjects(data).trim_end_matches('s') } else { subjects(data) },
        Clock::of(data.horizon_days).span(data.horizon_days)
    ))
}

/// How many published numbers are known not to come out; nothing where there is none.
pub fn misses(data: &ReportData) -> Option<String> {
    Some(match data.misses.len() {
        0 => return None,
        1 => "1 published number of this entry is known not to come out:".to_owned(),
        n => format!("{n} published numbers of this entry are known not to come out:"),
    })
}

/// True when more than half of a curve's patients were censored before the study's end: their runs ended for
/// another reason, most often progression, and what the curve says of later times rests on those who were left.
pub fn left_early(data: &ReportData, curve: &Curve) -> bool {
    let early = curve.censored.iter().filter(|c| c.0 < 0.98 * data.horizon_days).map(|c| c.2).sum::<usize>();
    curve.patients > 0 && 2 * early > curve.patients
}

/// What an arm is filled with: patients, or in a dish runs of it.
pub fn subjects(data: &ReportData) -> &'static str {
    if data.assesses_progression { "patients" } else { "runs" }
}

/// One comparison as a sentence, or `None` without a hazard ratio.
pub fn comparison(c: &ComparisonData) -> Option<String> {
    let ratio = c.hazard_ratio.filter(|r| r.is_finite())?;
    let mut text =
        format!("The hazard of progression or death in {} was {ratio:.2} times that in {}", c.arm, c.against);
    if let Some((low, high)) = c.ci95.filter(|(l, h)| l.is_finite() && h.is_finite()) {
        text.push_str(&format!(" (95\u{a0}% interval {low:.2} to {high:.2})"));
        if low <= 1.0 && high >= 1.0 {
            text.push_str(", so these patients do not tell the two arms apart");
        }
    }
    text.push('.');
    Some(text)
}

/// A p-value: three decimals, or `< 0.001`.
pub fn p_value(p: Option<f64>) -> String {
    match p {
        Some(p) if p.is_finite() && p < 0.001 => "p < 0.001".to_owned(),
        Some(p) if p.is_finite() => format!("p = {p:.3}"),
        _ => "p not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_put_into_words() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(percent(0.743), "74\u{a0}%");
        assert_eq!([percent(0.998), percent(1.0)], ["99.8\u{a0}%", "100\u{a0}%"]);
        assert_eq!(percent(0.027), "2.7\u{a0}%");
        assert_eq!(cells(1e9), "10⁹");
        assert_eq!(cells(207_930.0), "2.1\u{a0}×\u{a0}10⁵");
        assert_eq!(cells(999.6), "1,000");
        assert_eq!(power_of_ten(-12), "10⁻¹²");
        assert_eq!(p_value(Some(1e-9)), "p < 0.001");
        assert_eq!(p_value(None), "p not known");
    }

    #[test]
    fn names_are_written_as_the_field_writes_them() {
        assert_eq!(name("t790m"), "T790M");
        assert_eq!(name("met_bypass"), "MET bypass");
        assert_eq!(name("small_cell"), "small cell");
        assert_eq!(name("pre_existing"), "pre-existing");
    }

    #[test]
    fn an_interval_says_percent_once() {
        assert_eq!(percent_with(0.76, 0.732, 0.785), "76\u{a0}% (73–78\u{a0}%)");
        assert_eq!(percent_with(f64::NAN, f64::NAN, f64::NAN), "not known");
    }

    #[test]
    fn a_median_that_is_null_is_not_reached() {
        let curve = Curve {
            median_days: None,
            ci95_days: (Some(600.0), None),
            events: 3,
            patients: 10,
            steps: vec![],
            censored: vec![],
            risk_table: vec![],
        };
        let clock = Clock::of(1826.0);
        assert_eq!(clock.median(&curve), "not reached (95\u{a0}% interval 19.7 to not reached)");
        assert_eq!(clock.median_short(&curve), "not reached (19.7–not reached)");
        assert_eq!(Clock::of(10.0).unit, "days");
    }
}
