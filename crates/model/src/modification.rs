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
    Action, AfterProgression, Called, Condition, Limit, MeasurementKind, Model, Modification, Observed, Regimen,
};
use crate::sentence::{Piece, Sentence};
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, number, quantity, unit};

const GRAMMAR: &str = "a rule is `hold <drug> when <condition> until <condition>`, `reduce <drug> by 25 % when \
     <condition>, at most 2 times` or `stop <drug> when <condition>`; a condition is `<name> < 1e9 cells/L` (also <=, >, \
     >=), `<name> < 50 % of baseline`, `<name> falls by 50 % from baseline`, `<name> rises by 20 % from baseline` or, \
     after `until`, `<name> back to baseline`";

const CONDITION: &str = "a condition is `<name> > 1e9 cells` (also <, <=, >=), `<name> > 120 % of baseline`, `<name> rises by 20 % from \
     baseline` or `<name> falls by 50 % from baseline`; the name is that of a measurement or a level";

/// Unit of the first reading of a measurement.
fn reading_unit(kind: &MeasurementKind) -> &'static str {
    match kind {
        MeasurementKind::SumOfDiameters { .. } => "mm",
        MeasurementKind::CellCount { .. } => "cells",
        // A share of mutant reads.
        MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_) => "",
    }
}

/// What a condition compares: the unit in which it is known, and what a limit of it is, for messages.
struct Compared {
    of: Observed,
    name: String,
    unit: Unit,
    /// `a length, such as 10 mm or 1 cm`
    usual: String,
    /// A share of mutant reads, from 0 to 1.
    share: bool,
}

fn usual(kind: &MeasurementKind) -> &'static str {
    match kind {
        MeasurementKind::SumOfDiameters { .. } => "a length, such as `10 mm` or `1 cm`",
        MeasurementKind::CellCount { .. } => "a number of cells, such as `1e9 cells`",
        MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_) => "a share from 0 to 1, such as `0.05` or `5 %`",
    }
}

/// Reads the rules of one arm.
pub(crate) fn modifications(sentences: &[Text], model: &Model, report: &mut Report) -> Option<Vec<Modification>> {
    let rules: Vec<Option<Modification>> = sentences.iter().map(|text| rule(text, model, report)).collect();
    rules.into_iter().collect()
}

/// Reads the condition by which progression is called.
pub(crate) fn called(text: &Text, model: &Model, report: &mut Report) -> Option<Called> {
    let mut s = Sentence::new(text, Code::RuleSentence, CONDITION, report);
    let said = condition(&mut s, model, None)?;
    if s.peek().is_some() {
        return s.wrong("nothing more");
    }
    Some(Called { sentence: said.words, condition: said.condition })
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
    if let Some(Piece::Word(w @ ("when" | "if" | "all" | "everything" | "both"))) = s.peek().cloned()
        && !model.drugs.iter().any(|d| d.name == w)
    {
        let by = if verb == "reduce" { " by 25 %" } else { "" };
        let names: Vec<String> = model.drugs.iter().map(|d| format!("`{verb} {}{by} when ...`", d.name)).collect();
        let span = s.span();
        let found = format!("`{w}` after `{verb}`, and no drug");
        let repair = match &names[..] {
            [] => "add a section [drugs.<name>] to the model".to_string(),
            [one] => format!("name the drug: {one}"),
            [one, ..] => format!("name the drug, such as {one}; two drugs are two rules"),
        };
        return s.fail(Code::RuleSentence, span, found, GRAMMAR, repair);
    }
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
            let until = match s.eat("until") {
                true => {
                    let start = s.span().start;
                    let until = condition(&mut s, model, Some(&when))?;
                    ends_at_once(&mut s, start, &when, &until)?;
                    until
                }
                false => when.opposite(),
            };
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
        Said::new(c.of, &self.name, !c.above, !c.or_equal, c.limit, self.limit_words())
    }

    fn limit_words(&self) -> &str {
        let c = self.condition;
        &self.words[self.name.len() + comparison(c.above, c.or_equal).len() + 2..]
    }
}

/// Refuses an `until` that is met where `when` is, so that the hold would end as it begins.
fn ends_at_once(s: &mut Sentence<'_, '_>, start: usize, when: &Said, until: &Said) -> Option<()> {
    let (w, u) = (when.condition, until.condition);
    let (a, b) = match (w.limit, u.limit) {
        (Limit::Fixed(a), Limit::Fixed(b)) | (Limit::OfBaseline(a), Limit::OfBaseline(b)) => (a, b),
        _ => return Some(()),
    };
    // How far `until` reaches beyond the limit of `when`, to the side on which the drug is held.
    let beyond = if w.above { b - a } else { a - b };
    let (met, better) = match w.above == u.above {
        true => (beyond <= 0.0, Said::new(u.of, &until.name, !u.above, !u.or_equal, u.limit, until.limit_words())),
        false => (beyond > 0.0, when.opposite()),
    };
    if w.of != u.of || !met {
        return Some(());
    }
    let found = format!("`until {}` is met where `when {}` is: the hold would end at once", until.words, when.words);
    let span = start..s.end_of_last();
    let allowed = "an `until` that is not yet met while `when` is";
    s.fail(Code::RuleNumber, span, found, allowed, format!("write `until {}`", better.words))
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
    let compared = observed(s, model)?;
    let (of, name) = (compared.of, compared.name.clone());
    for (words, above) in [(["<", "<="], false), ([">", ">="], true)] {
        for (k, w) in words.into_iter().enumerate() {
            if s.eat(w) {
                let (limit, words) = limit(s, &compared)?;
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
fn observed(s: &mut Sentence<'_, '_>, model: &Model) -> Option<Compared> {
    let Some(Piece::Word(name)) = s.peek().cloned() else {
        return s.wrong("the name of a measurement or a level");
    };
    if let Some(k) = model.measurements.iter().position(|m| m.name == name) {
        s.skip();
        let kind = &model.measurements[k].kind;
        return Some(Compared {
            of: Observed::Reading(k),
            name: name.to_string(),
            unit: unit(reading_unit(kind)).unwrap_or(Unit::PLAIN),
            usual: usual(kind).to_string(),
            share: matches!(kind, MeasurementKind::Ctdna(_) | MeasurementKind::Sequencing(_)),
        });
    }
    if let Some(k) = model.levels.iter().position(|l| l.name == name) {
        s.skip();
        let dimension = unit(&model.levels[k].unit).map_or(Dimension::PLAIN, |u| u.dimension);
        let base = unit(&dimension.base_unit()).unwrap_or(Unit::PLAIN);
        let usual = match model.levels[k].unit.trim() {
            "" => "a plain number, such as `0.5`".to_string(),
            unit => format!("a number in {unit}"),
        };
        return Some(Compared { of: Observed::Level(k), name: name.to_string(), unit: base, usual, share: false });
    }
    let known: Vec<&str> = model
        .measurements
        .iter()
        .map(|m| m.name.as_str())
        .chain(model.levels.iter().map(|l| l.name.as_str()))
        .collect();
    let listed = if known.is_empty() { "this model has none".to_string() } else { short(&known.join(", ")) };
    // Columns of the results are named after their measurement.
    let column = known.iter().find(|k| name.strip_prefix(**k).is_some_and(|rest| rest.starts_with('_')));
    if let Some(measurement) = column {
        let found = format!("`{}`, a column of results", short(name));
        let allowed = "a measurement (its first reading is compared) or a level of the model";
        let span = s.span();
        return s.fail(Code::RuleQuantity, span, found, allowed, format!("write `{measurement}`"));
    }
    if name.to_lowercase().starts_with("progress") {
        let allowed = format!("a measurement or a level of the model: {listed}");
        let repair = "leave the rule out: what is given after progression is said by `after_progression` of the arm";
        let span = s.span();
        return s.fail(Code::RuleQuantity, span, format!("`{}`", short(name)), allowed, repair);
    }
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
fn limit(s: &mut Sentence<'_, '_>, compared: &Compared) -> Option<(Limit, String)> {
    let (name, want) = (compared.name.as_str(), compared.unit);
    let start = s.span();
    let Some(Piece::Number(n)) = s.peek().cloned() else {
        return s.wrong("a number with its unit, or a percentage of baseline");
    };
    s.skip();
    let mut end = start.end;
    while let Some(Piece::Word(w)) = s.peek().cloned() {
        if ["until", "at", "of", "and", "or", "once", "by", "for"].contains(&w) {
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
    if text.ends_with("baseline") || (text.ends_with('%') && !compared.share && want.dimension != Dimension::PLAIN) {
        let repair = format!("write `{} % of baseline`", number(n));
        return s.fail(Code::RuleNumber, span, found, "a number with its unit, or a percentage of baseline", repair);
    }
    let q = match quantity(text) {
        Ok(q) => q,
        Err(_) => {
            let repair = format!("compare `{name}` with {}", compared.usual);
            return s.fail(Code::RuleNumber, span, found, "a number with its unit", repair);
        }
    };
    if q.unit.dimension != want.dimension {
        let right = match q.unit.dimension {
            Dimension::PLAIN => format!("no unit (`{found}`)"),
            other => format!("{other} (`{found}`)"),
        };
        // `1e9 /L` of what is counted in cells/L
        let cells = text.split_once('/').map_or(String::new(), |(_, below)| format!("{} cells/{below}", number(n)));
        let counted = quantity(&cells).is_ok_and(|q| q.unit.dimension == want.dimension);
        let repair = match counted {
            true => format!("write `{cells}`"),
            false => format!("compare `{name}` with {}", compared.usual),
        };
        return s.fail(
            Code::Dimension,
            span,
            format!("left `{name}`, {}, right {right}", compared.usual),
            "the same unit on both sides",
            repair,
        );
    }
    if compared.share && q.value > 1.0 {
        let allowed = "a share from 0 to 1; a percentage is written with its %";
        let repair = format!(
            "write a share, such as `{}`",
            match q.value {
                x if x <= 100.0 && q.unit_text.is_empty() => format!("{} %", number(x)),
                _ => "5 %".to_string(),
            }
        );
        return s.fail(Code::RuleNumber, span, found, allowed, repair);
    }
    let x = q.in_unit(want);
    let unit = if q.unit_text.is_empty() { String::new() } else { format!(" {}", q.unit_text) };
    Some((Limit::Fixed(x), format!("{}{unit}", number(q.number))))
}
