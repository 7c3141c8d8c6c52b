//! Rules of dose modification as sentences: `"hold drug when neutrophils < 1e9 cells/L until neutrophils > 1.5e9 cells/L"`.
//!
//! ```text
//! rule      = "hold" drug "when" condition ["until" condition]
//!           | "reduce" drug "by" n "%" "when" condition [[","] "at most" n "times"]
//!           | "stop" drug "when" condition
//! condition = name ("<" | "<=" | ">" | ">=") (number [unit] | n "%" "of baseline")
//!           | name ("falls" | "rises") "by" n "%" "from baseline"
//!           | name ["is"] "back to baseline"                            (after "until" only)
//! ```
//! A name is that of a measurement (what is compared is its first reading, errors included) or of a level. When and how
//! rules act is said at [`crate::resolved::Modification`].

use crate::problem::{Code, Report};
use crate::resolved::{
    Action, AfterProgression, Condition, Limit, MeasurementKind, Model, Modification, Observed, Regimen,
};
use crate::sentence::{Piece, Sentence};
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, number, quantity, unit};

const GRAMMAR: &str = "a rule is `hold <drug> when <condition> until <condition>`, `reduce <drug> by 25 % when \
     <condition>, at most 2 times` or `stop <drug> when <condition>`; a condition is `<name> < 1e9 cells/L` (also <=, >, \
     >=), `<name> < 50 % of baseline`, `<name> falls by 50 % from baseline`, `<name> rises by 20 % from baseline` or, \
     after `until`, `<name> back to baseline`";

/// Unit of the first reading of a measurement.
fn reading_unit(kind: &MeasurementKind) -> &'static str {
    match kind {
        MeasurementKind::SumOfDiameters { .. } => "mm",
        MeasurementKind::CellCount { .. } => "cells",
        // A share of mutant reads.
        MeasurementKind::Ctdna(_) => "",
    }
}

/// Reads the rules of one arm.
pub(crate) fn modifications(sentences: &[Text], model: &Model, report: &mut Report) -> Option<Vec<Modification>> {
    let rules: Vec<Option<Modification>> = sentences.iter().map(|text| rule(text, model, report)).collect();
    rules.into_iter().collect()
}

/// Reports rules for drugs that are given neither at first nor after progression.
pub(crate) fn given(
    rules: &[Modification],
    sentences: &[Text],
    first: &Regimen,
    after: &AfterProgression,
    model: &Model,
    report: &mut Report,
) -> Option<()> {
    let next = match after {
        AfterProgression::Switch(next) => &next.rules[..],
        _ => &[],
    };
    let mut sound = Some(());
    for (rule, text) in rules.iter().zip(sentences) {
        if first.rules.iter().chain(next).any(|d| d.drug == rule.drug) {
            continue;
        }
        let name = &model.drugs[rule.drug].name;
        report.add(
            Code::RuleDrug,
            &text.at,
            format!("`{name}`, which no sentence of this arm gives"),
            "a drug of `regimen` or `after_progression` of the same arm",
            "correct the drug, or remove the rule from this arm",
        );
        sound = None;
    }
    sound
}

fn rule(text: &Text, model: &Model, report: &mut Report) -> Option<Modification> {
    let mut s = Sentence::new(text, Code::RuleSentence, GRAMMAR, report);
    let verb = match s.peek() {
        Some(Piece::Word(w @ ("hold" | "reduce" | "stop"))) => *w,
        _ => return s.wrong("`hold`, `reduce` or `stop`"),
    };
    s.skip();
    let (drug, name) = crate::regimen::drug(&mut s, model).map(|(k, d)| (k, d.name.as_str()))?;
    let share = if verb == "reduce" {
        word(&mut s, "by")?;
        let percent = percent(&mut s, |p| p > 0.0 && p < 100.0, "above 0 and below 100 %; to give none is `hold`")?;
        Some(percent)
    } else {
        None
    };
    word(&mut s, "when")?;
    let when = condition(&mut s, model, None)?;
    let mut sentence = match share {
        Some(p) => format!("{verb} {name} by {} % when {}", number(p), when.words),
        None => format!("{verb} {name} when {}", when.words),
    };
    let action = match verb {
        "hold" => {
            let until = if s.eat("until") { condition(&mut s, model, Some(&when))? } else { when.opposite() };
            sentence += &format!(" until {}", until.words);
            Action::Hold { until: until.condition }
        }
        "reduce" => {
            let comma = s.eat_comma();
            let mut most = None;
            if s.eat("at") {
                word(&mut s, "most")?;
                let span = s.span();
                let n = s.count("how often")?;
                if !(s.eat("times") || s.eat("time")) {
                    return s.wrong("`times`");
                }
                if !(1.0..=1e6).contains(&n) {
                    let repair = "write how often the dose may be reduced, or leave `at most` out";
                    return s.fail(Code::RuleNumber, span, format!("at most {n} times"), "1 or more", repair);
                }
                sentence += &format!(", at most {n} {}", if n == 1.0 { "time" } else { "times" });
                most = Some(n as u32);
            } else if comma {
                return s.wrong("`at most <n> times`");
            }
            Action::Reduce { factor: 1.0 - 0.01 * share?, most }
        }
        _ => Action::Stop,
    };
    if s.peek().is_some() {
        return s.wrong("nothing more");
    }
    Some(Modification { sentence, drug, when: when.condition, action })
}

fn word(s: &mut Sentence<'_, '_>, wanted: &'static str) -> Option<()> {
    if s.eat(wanted) { Some(()) } else { s.wrong(&format!("`{wanted}`")) }
}

/// `n %`, as the number of per cent.
fn percent(s: &mut Sentence<'_, '_>, good: impl Fn(f64) -> bool, allowed: &str) -> Option<f64> {
    let span = s.span();
    let Some(Piece::Number(n)) = s.peek().cloned() else {
        return s.wrong("a percentage such as 25 %");
    };
    s.skip();
    word(s, "%")?;
    if !good(n) {
        return s.fail(Code::RuleNumber, span, format!("{} %", number(n)), allowed, "correct the percentage");
    }
    Some(n)
}

/// A condition and its normal form.
struct Said {
    condition: Condition,
    name: String,
    words: String,
}

impl Said {
    fn new(of: Observed, name: &str, above: bool, or_equal: bool, limit: Limit, limit_words: &str) -> Said {
        let words = format!("{name} {} {limit_words}", comparison(above, or_equal));
        Said { condition: Condition { of, above, or_equal, limit }, name: name.to_string(), words }
    }

    /// What holds when this does not.
    fn opposite(&self) -> Said {
        let c = self.condition;
        let limit = self.words[self.name.len() + comparison(c.above, c.or_equal).len() + 2..].to_string();
        Said::new(c.of, &self.name, !c.above, !c.or_equal, c.limit, &limit)
    }
}

fn comparison(above: bool, or_equal: bool) -> &'static str {
    match (above, or_equal) {
        (false, false) => "<",
        (false, true) => "<=",
        (true, false) => ">",
        (true, true) => ">=",
    }
}

fn of_baseline(percent: f64) -> (Limit, String) {
    (Limit::OfBaseline(0.01 * percent), format!("{} % of baseline", number(percent)))
}

/// `when` is what came before `until`: it says from which side `back to baseline` is reached.
fn condition(s: &mut Sentence<'_, '_>, model: &Model, when: Option<&Said>) -> Option<Said> {
    let (of, name, unit) = observed(s, model)?;
    for (words, above) in [(["<", "<="], false), ([">", ">="], true)] {
        for (k, w) in words.into_iter().enumerate() {
            if s.eat(w) {
                let (limit, words) = limit(s, &name, unit)?;
                return Some(Said::new(of, &name, above, k == 1, limit, &words));
            }
        }
    }
    for (verbs, above) in [(["falls", "fall"], false), (["rises", "rise"], true)] {
        if verbs.into_iter().any(|v| s.eat(v)) {
            word(s, "by")?;
            let good = |p: f64| p > 0.0 && (above || p <= 100.0);
            let by = percent(s, good, "above 0, and at most 100 % where it falls")?;
            word(s, "from")?;
            word(s, "baseline")?;
            let (limit, words) = of_baseline(if above { 100.0 + by } else { 100.0 - by });
            return Some(Said::new(of, &name, above, true, limit, &words));
        }
    }
    if let Some(when) = when {
        let _ = s.eat("is") || s.eat("are");
        if s.eat("back") {
            word(s, "to")?;
            word(s, "baseline")?;
            let (limit, words) = of_baseline(100.0);
            return Some(Said::new(of, &name, !when.condition.above, true, limit, &words));
        }
    }
    s.wrong("a comparison (<, <=, >, >=, `falls by`, `rises by`)")
}

/// What is compared, its name, and the unit and dimension in which it is known.
fn observed(s: &mut Sentence<'_, '_>, model: &Model) -> Option<(Observed, String, Unit)> {
    let Some(Piece::Word(name)) = s.peek().cloned() else {
        return s.wrong("the name of a measurement or a level");
    };
    if let Some(k) = model.measurements.iter().position(|m| m.name == name) {
        s.skip();
        let unit = unit(reading_unit(&model.measurements[k].kind)).unwrap_or(Unit::PLAIN);
        return Some((Observed::Reading(k), name.to_string(), unit));
    }
    if let Some(k) = model.levels.iter().position(|l| l.name == name) {
        s.skip();
        let dimension = unit(&model.levels[k].unit).map_or(Dimension::PLAIN, |u| u.dimension);
        let base = unit(&dimension.base_unit()).unwrap_or(Unit::PLAIN);
        return Some((Observed::Level(k), name.to_string(), base));
    }
    let known: Vec<&str> = model
        .measurements
        .iter()
        .map(|m| m.name.as_str())
        .chain(model.levels.iter().map(|l| l.name.as_str()))
        .collect();
    let listed = if known.is_empty() { "this model has none".to_string() } else { short(&known.join(", ")) };
    let message = [
        format!("`{}`", short(name)),
        format!("a measurement or a level of the model: {listed}"),
        "name what a visit sees; for a number of cells add a measurement of kind cell_count".into(),
    ];
    let at = s.text.at.inside(s.span());
    s.report.add_near(Code::RuleQuantity, &at, message, name, known.iter().copied());
    None
}

/// `number [unit]`, or `n % of baseline`.
fn limit(s: &mut Sentence<'_, '_>, name: &str, want: Unit) -> Option<(Limit, String)> {
    let start = s.span();
    let Some(Piece::Number(n)) = s.peek().cloned() else {
        return s.wrong("a number with its unit, or a percentage of baseline");
    };
    s.skip();
    let mut end = start.end;
    while let Some(Piece::Word(w)) = s.peek().cloned() {
        if w == "until" || w == "at" || w == "of" {
            break;
        }
        end = s.span().end;
        s.skip();
    }
    let span = start.start..end;
    let text = &s.text.text[span.clone()];
    if s.eat("of") {
        word(s, "baseline")?;
        let percents = text.trim_end_matches('%').trim().parse::<f64>().ok().filter(|_| text.ends_with('%'));
        let Some(p) = percents.filter(|p| *p == n && *p > 0.0 && p.is_finite()) else {
            let found = format!("{} of baseline", short(text));
            return s.fail(
                Code::RuleNumber,
                span,
                found,
                "a percentage above 0",
                "write, for example, 50 % of baseline",
            );
        };
        return Some(of_baseline(p));
    }
    let found = short(text);
    let q = match quantity(text) {
        Ok(q) => q,
        Err(_) => {
            let repair = "correct the number or its unit";
            return s.fail(Code::RuleNumber, span, found, "a number with its unit, such as 1e9 cells/L", repair);
        }
    };
    if q.unit.dimension != want.dimension {
        let (left, right) = (want.dimension, q.unit.dimension);
        return s.fail(
            Code::Dimension,
            span,
            format!("left {left} (`{name}`), right {right} (`{found}`)"),
            "the same unit on both sides",
            format!("compare `{name}` with a number in {left}"),
        );
    }
    let x = q.in_unit(want);
    let unit = if q.unit_text.is_empty() { String::new() } else { format!(" {}", q.unit_text) };
    Some((Limit::Fixed(x), format!("{}{unit}", number(q.number))))
}
