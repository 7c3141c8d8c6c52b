//! Regimens as sentences: `"erlotinib 1200 mg oral on days 1-2 and 50 mg on days 3-7, every 7 days"`.
//!
//! ```text
//! sentence = "no treatment" | drug part { "and" part } [","] when
//! part     = number unit ["x" n] [route] ["over" time] ["on" ("day" | "days") days]
//! route    = "oral" | "bolus" | "infusion" | "held" | "radiation"
//! days     = day ["-" day] { ("," | "and") day ["-" day] }
//! when     = { "once" | "daily" | "every" period | "for" (time | n "cycles") | "from day" n | "until day" n | "," }
//! ```
//! Day 1 is the day treatment begins, time 0. After `on days` a dose is given once a day, at the start of each
//! named day; `until day 28` includes day 28. A drug that is `held` (a dish) keeps the concentration during
//! the named days, or from its first day until the next change. Doses of radiation are fractions in Gy, and `8 Gy x 3` is one on each of
//! three days on end.

mod amounts;
mod refusals;
mod rules;
mod words;

pub(crate) use amounts::MOST_MG;
pub use words::in_words;
pub(crate) use words::time;

use crate::problem::{Code, Place, Problems, Report};
use crate::resolved::{DoseRule, Drug, Model, Regimen, Route};
use crate::sentence::{LAST_DAY, Piece, SHORTEST, Sentence};
use crate::tree::{Text, short};
use crate::units::{number, unit};
use std::ops::Range;

const GRAMMAR: &str = "a sentence is `<drug> <amount> [<route>] [over 1 h] <when>`; routes are oral, bolus, infusion \
     and held; <when> is `every day`, `every 12 hours`, `on days 1-5, every 7 days`, `on days 1-5` or `once`, and may \
     go on `for 28 days`, `for 4 cycles`, `from day 8` or `until day 28`";

/// Most dose times that the sentences of one study may list.
const MOST_TIMES: usize = 100_000;

/// Reads sentences that stand in no file, such as those of a command line.
///
/// Problems name `regimen` as their file and the number of the sentence as their place.
pub fn from_sentences(sentences: &[&str], model: &Model) -> Result<Regimen, Problems> {
    let text = |(k, s): (usize, &&str)| Text {
        text: s.to_string(),
        at: Place { span: 0..s.len(), path: format!("sentence[{k}]"), content: Some(0) },
    };
    let texts: Vec<Text> = sentences.iter().enumerate().map(text).collect();
    let mut report = Report::new("regimen");
    let regimen = regimen(&texts, model, &mut 0, &mut report);
    report.finish(regimen)
}

/// Reads sentences; `times` counts the dose times listed so far in the study.
pub(crate) fn regimen(sentences: &[Text], model: &Model, times: &mut usize, report: &mut Report) -> Option<Regimen> {
    let before = report.len();
    let mut out = Regimen::default();
    for text in sentences {
        let Some(rules) = sentence(text, model, times, report) else {
            if *times > MOST_TIMES {
                break;
            }
            continue;
        };
        if !rules.is_empty() {
            out.sentences.extend(in_words(&rules, model));
        }
        out.rules.extend(rules);
    }
    (report.len() == before).then_some(out)
}

/// One dose of a sentence and the days on which it is given.
struct Part {
    amount: f64,
    duration: Option<f64>,
    days: Option<Vec<f64>>,
    /// Where the days stand, or the amount when no days are named.
    last: Range<usize>,
}

fn sentence(text: &Text, model: &Model, times: &mut usize, report: &mut Report) -> Option<Vec<DoseRule>> {
    let mut s = Sentence::new(text, Code::Sentence, GRAMMAR, report);
    let beam = model.drugs.iter().find(|d| matches!(d.route, Route::Radiation { .. }));
    if beam.is_none() && ["Gy", "gy", "radiation", "radiotherapy"].iter().any(|w| s.has_word(w)) {
        return s.fail(
            Code::Radiation,
            0..text.text.len(),
            format!("\"{}\"", short(&text.text)),
            "doses of the drugs of the model, none of which is radiation",
            "add [drugs.beam] with route = \"radiation\" to the model, and linear_quadratic(beam, alpha, beta) to the death of its cells",
        );
    }
    if s.eat("no") && s.eat("treatment") {
        return if s.peek().is_none() { Some(Vec::new()) } else { s.wrong("nothing more") };
    }
    let none = ["none", "None", "nothing", "placebo", "untreated", "observation", "control"];
    let drug_named = |w: &str| model.drugs.iter().any(|d| d.name == w);
    if matches!(s.peek(), Some(Piece::Word(w)) if none.contains(w) && !drug_named(w)) {
        return s.wrong("the name of a drug, or `no treatment`,");
    }
    if let [(Piece::Word(name), _)] = s.pieces() {
        let found = format!("`{}` alone", short(name));
        let allowed = "a dose in every sentence; an arm names a regimen of the regimen file outside a list";
        let repair = format!("write a dose, such as `{}`; only an arm may say regimen = \"<name>\"", example(model));
        return s.fail(Code::Sentence, 0..text.text.len(), found, allowed, repair);
    }
    refusals::one_drug(&mut s, model)?;
    let (index, drug) = drug(&mut s, model)?;
    let mut route_said = false;
    let mut parts = vec![part(&mut s, drug, &mut route_said, None)?];
    while s.peek() == Some(&Piece::Word("and")) {
        if parts.iter().any(|p| p.days.is_none()) {
            return s.wrong("`on days ...` for each dose that is joined by `and`,");
        }
        s.skip();
        let over = parts[0].duration;
        parts.push(part(&mut s, drug, &mut route_said, over)?);
    }
    if parts.len() > 1 && parts.iter().any(|p| p.days.is_none()) {
        return s.wrong("`on days ...` for each dose that is joined by `and`,");
    }
    *times += parts.iter().filter_map(|p| p.days.as_ref()).map(Vec::len).sum::<usize>();
    if *times > MOST_TIMES {
        return s.fail(
            Code::TooMany,
            0..text.text.len(),
            format!("more than {MOST_TIMES} days listed"),
            format!("at most {MOST_TIMES} in the sentences of a study"),
            "use a cycle: `every 7 days`",
        );
    }
    let when = when(&mut s)?;
    rules::rules(&mut s, index, drug, parts, when)
}

/// A sentence that could stand in a regimen of this model, for messages.
pub(crate) fn example(model: &Model) -> String {
    let Some(drug) = model.drugs.first() else { return "no treatment".into() };
    let name = &drug.name;
    match &drug.route {
        Route::Oral { .. } => format!("{name} 150 mg oral every day"),
        Route::Bolus => format!("{name} 150 mg bolus every 3 weeks"),
        Route::Kpd { .. } => format!("{name} 150 mg every day"),
        Route::Infusion => format!("{name} 150 mg infusion over 1 h every 3 weeks"),
        Route::Held => format!("{name} 1 {} held from day 1", drug.felt_unit),
        Route::Radiation { .. } => format!("{name} 2 Gy on days 1-5, every 7 days for 6 cycles"),
    }
}

pub(crate) fn drug<'m>(s: &mut Sentence<'_, '_>, model: &'m Model) -> Option<(usize, &'m Drug)> {
    let Some(Piece::Word(name)) = s.peek().cloned() else {
        return s.wrong("the name of a drug");
    };
    match model.drugs.iter().position(|d| d.name == name) {
        Some(index) => {
            s.skip();
            Some((index, &model.drugs[index]))
        }
        None => {
            let names: Vec<&str> = model.drugs.iter().map(|d| d.name.as_str()).collect();
            let at = s.text.at.inside(s.span());
            let message = [
                format!("`{}`", short(name)),
                format!("a drug of the model: {}", short(&names.join(", "))),
                "correct the name, or add a section [drugs.<name>] to the model".into(),
            ];
            s.report.add_near(Code::UnknownDrug, &at, message, name, names.iter().copied());
            None
        }
    }
}

/// Route as a sentence says it; doses of a K-PD drug are given at once.
pub(crate) fn route_name(route: &Route) -> &'static str {
    match route {
        Route::Oral { .. } => "oral",
        Route::Bolus | Route::Kpd { .. } => "bolus",
        Route::Infusion => "infusion",
        Route::Held => "held",
        Route::Radiation { .. } => "radiation",
    }
}

/// Route as the drug's section says it.
pub(crate) fn route_key(route: &Route) -> &'static str {
    if matches!(route, Route::Kpd { .. }) { "kpd" } else { route_name(route) }
}

/// `150 mg oral over 1 h on days 1-5`
fn part(s: &mut Sentence<'_, '_>, drug: &Drug, route_said: &mut bool, over: Option<f64>) -> Option<Part> {
    let start = s.span();
    let amount = amounts::amount(s, drug)?;
    let own = route_name(&drug.route);
    let times = amounts::fractions(s, drug)?;
    refusals::other_route(s, drug)?;
    for word in ["oral", "bolus", "infusion", "held", "radiation"] {
        let span = s.span();
        if s.eat(word) {
            *route_said = true;
            if matches!(drug.route, Route::Kpd { .. }) && word != own {
                return refusals::at_once(s, drug, span, word);
            }
            if word != own {
                return s.fail(
                    Code::RouteMismatch,
                    span,
                    format!("`{word}` for `{}`", drug.name),
                    format!("`{own}`, the route of `{}` in the model", drug.name),
                    "leave the route out, or change `route` in the model",
                );
            }
            break;
        }
    }
    let span = s.span();
    let mut duration = match drug.route {
        Route::Radiation { fraction } => Some(fraction),
        _ => over,
    };
    if s.eat("over") {
        let time = s.time()?;
        if matches!(drug.route, Route::Kpd { .. }) {
            return refusals::at_once(s, drug, span, "over");
        }
        if let Route::Radiation { fraction } = drug.route {
            let found = format!("`over` for `{}`, whose fractions take {}", drug.name, words::time(fraction));
            let repair = "leave `over` out, or change `fraction` in the model";
            return s.fail(Code::RouteMismatch, span, found, "a dose of radiation in Gy and its days", repair);
        }
        if own != "infusion" {
            let allowed = "`over` for a drug whose route is infusion";
            let found = format!("`over` for `{}`, which is {own}", drug.name);
            let repair = "leave `over` out, or change `route` in the model";
            return s.fail(Code::RouteMismatch, span, found, allowed, repair);
        }
        if time <= 0.0 {
            let allowed = "a time above 0";
            return s.fail(Code::DoseTiming, span, "over 0", allowed, "give the length of the infusion");
        }
        duration = Some(time);
    }
    if own == "infusion" && duration.is_none() {
        return s.fail(
            Code::DoseTiming,
            start,
            format!("an infusion of `{}` without its length", drug.name),
            "`over <time>` after the amount",
            "write, for example, `over 1 h`",
        );
    }
    let on = s.span();
    let days = match times {
        Some(n) => Some((1..=n).map(f64::from).collect()),
        None if s.eat("on") => Some(days(s)?),
        None => None,
    };
    let last = if days.is_some() { on.start..s.end_of_last() } else { start };
    Some(Part { amount, duration, days, last })
}

/// `day 1`, `days 1-5, 8 and 15`
fn days(s: &mut Sentence<'_, '_>) -> Option<Vec<f64>> {
    if !s.eat("days") && !s.eat("day") {
        return s.wrong("`day` or `days`");
    }
    let mut out: Vec<f64> = Vec::new();
    loop {
        let span = s.span();
        let first = s.count("a day, counted from 1,")?;
        let mut last = first;
        if s.peek() == Some(&Piece::Dash) || s.peek() == Some(&Piece::Word("to")) {
            s.skip();
            last = s.count("the last day of the range")?;
        }
        if first < 1.0 || last < first || last > LAST_DAY {
            return s.fail(
                Code::DayBeyondCycle,
                span,
                format!("days {first}-{last}"),
                "days from 1, the lower first, at most 36525",
                match first >= 1.0 && last >= 1.0 && last < first && first <= LAST_DAY {
                    true => format!("write `{last}-{first}`"),
                    false => "count days from 1, the day treatment begins".to_string(),
                },
            );
        }
        for day in first as u32..=last as u32 {
            out.push(f64::from(day));
        }
        // `and 50 mg` begins another dose; `and 15` goes on with the days.
        let joined = matches!(s.peek(), Some(Piece::Comma | Piece::Word("and")));
        let more = matches!(s.ahead(1), Some(Piece::Number(_)))
            && !matches!(s.ahead(2), Some(Piece::Word(w)) if unit(w).is_ok());
        if !(joined && more) {
            break;
        }
        if out.len() > LAST_DAY as usize {
            return s.wrong("fewer days");
        }
        s.skip();
    }
    out.sort_by(f64::total_cmp);
    Some(out)
}

/// What follows the doses.
#[derive(Default)]
struct When {
    once: bool,
    every: Option<f64>,
    length: Option<f64>,
    cycles: Option<f64>,
    from: Option<f64>,
    until: Option<f64>,
}

fn when(s: &mut Sentence<'_, '_>) -> Option<When> {
    let mut w = When::default();
    while let Some(piece) = s.peek().cloned() {
        let Piece::Word(word) = piece else {
            if s.eat_comma() {
                continue;
            }
            return s.wrong("`every`, `once`, `for`, `from` or `until`");
        };
        let twice = match word {
            "once" => w.once,
            "daily" | "every" => w.every.is_some(),
            "for" => w.length.is_some() || w.cycles.is_some(),
            "from" => w.from.is_some(),
            "until" => w.until.is_some(),
            _ => return s.wrong("`every`, `once`, `for`, `from` or `until`"),
        };
        if twice {
            return s.wrong(&format!("`{word}` only once"));
        }
        let span = s.span();
        if word == "once"
            && matches!(s.ahead(1), Some(Piece::Word("daily" | "weekly" | "a" | "per" | "each" | "every")))
        {
            let repair = s.advice().unwrap_or_else(|| "remove `once`, or the rest".to_string());
            let found = "`once` together with `every`";
            return s.fail(Code::DoseTiming, span, found, "`once` (a single dose) or `every`", repair);
        }
        s.skip();
        match word {
            "once" => w.once = true,
            "daily" => w.every = Some(1.0),
            "every" => {
                let period = s.period()?;
                if !(SHORTEST..=LAST_DAY).contains(&period) {
                    let found = format!("every {} days", number(period));
                    let allowed = "a period from 1 minute to 100 years";
                    return s.fail(Code::DoseTiming, span, found, allowed, "correct the period");
                }
                w.every = Some(period);
            }
            "for" => {
                let cycles = matches!(s.ahead(1), Some(Piece::Word("cycles" | "cycle")));
                let length = if cycles { s.count("a number of cycles") } else { s.time() }?;
                if length <= 0.0 {
                    let repair = "leave the sentence out when nothing is given";
                    return s.fail(Code::DoseTiming, span, "for 0", "a time above 0", repair);
                }
                if cycles {
                    s.skip();
                    w.cycles = Some(length);
                } else {
                    w.length = Some(length);
                }
            }
            _ => {
                if !s.eat("day") {
                    return s.wrong("`day`");
                }
                let day = s.count("a day, counted from 1,")?;
                if day > LAST_DAY {
                    let found = format!("day {day}");
                    return s.fail(Code::DoseTiming, span, found, "a day up to 36525", "correct the day");
                }
                if word == "from" {
                    // A dish counts from day 0: both 0 and 1 are the start.
                    w.from = Some((day - 1.0).max(0.0));
                } else {
                    w.until = Some(day);
                }
            }
        }
    }
    Some(w)
}
