//! What to write in place of words that are said at the bedside but that sentences do not have.
//!
//! Advice is given only where it says the same as what was written: a regimen's shorthand is not the one of a rule, and
//! words without a counterpart get none.

mod rules;

use crate::problem::Code;
use crate::sentence::Piece;
use crate::units::{Dimension, number, quantity};
use std::ops::Range;

/// Shorthand of prescriptions, and the words for it here.
const SHORTHAND: [(&str, &str); 58] = [
    ("po", "oral"),
    ("p.o.", "oral"),
    ("orally", "oral"),
    ("infused", "infusion over <time>"),
    ("qd", "every day"),
    ("q.d.", "every day"),
    ("od", "every day"),
    ("each day", "every day"),
    ("a day", "every day"),
    ("per day", "every day"),
    ("nightly", "every day"),
    ("everyday", "every day"),
    ("mornings", "every day"),
    ("bid", "every 12 hours"),
    ("b.i.d.", "every 12 hours"),
    ("bd", "every 12 hours"),
    ("twice daily", "every 12 hours"),
    ("q12h", "every 12 hours"),
    ("tid", "every 8 hours"),
    ("t.i.d.", "every 8 hours"),
    ("tds", "every 8 hours"),
    ("q8h", "every 8 hours"),
    ("thrice daily", "every 8 hours"),
    ("qid", "every 6 hours"),
    ("q6h", "every 6 hours"),
    ("qod", "every 2 days"),
    ("q2d", "every 2 days"),
    ("weekly", "every week"),
    ("a week", "every week"),
    ("per week", "every week"),
    ("qw", "every week"),
    ("q1w", "every week"),
    ("q7d", "every week"),
    ("q2w", "every 2 weeks"),
    ("q14d", "every 2 weeks"),
    ("biweekly", "every 2 weeks"),
    ("fortnightly", "every 2 weeks"),
    ("q3w", "every 3 weeks"),
    ("q21d", "every 3 weeks"),
    ("q4w", "every 4 weeks"),
    ("q28d", "every 4 weeks"),
    ("monthly", "every month"),
    ("starting day", "from day"),
    ("starting on", "from"),
    ("starting from", "from"),
    ("starting", "from"),
    ("beginning day", "from day"),
    ("beginning", "from"),
    ("after day", "from day"),
    ("through day", "until day"),
    ("till day", "until day"),
    ("till", "until"),
    ("to day", "until day"),
    ("up to", "until"),
    ("both", "<drug>"),
    ("single", "once"),
    ("stat", "once"),
    ("infusion for", "infusion over"),
];

/// Shorthand that spans words of its own, such as `every other day`.
const OTHER_DAY: &str = "every 2 days";

/// A sentence that stopped being read at the piece `at`.
pub(crate) struct Stopped<'s, 'a> {
    pub(crate) code: Code,
    pub(crate) text: &'a str,
    pub(crate) pieces: &'s [(Piece<'a>, Range<usize>)],
    pub(crate) at: usize,
}

impl Stopped<'_, '_> {
    /// What to do, where that is known.
    pub(crate) fn advice(&self) -> Option<String> {
        match self.code {
            Code::RuleSentence => self.of_rule(),
            Code::Sentence => self.of_regimen(),
            _ => {
                let (said, meant) = self.shorthand().filter(|(_, meant)| meant.starts_with("every"))?;
                Some(format!("for `{said}` write `{meant}`"))
            }
        }
    }

    /// The word `k` pieces on, in small letters; empty where there is none.
    fn word(&self, k: isize) -> String {
        match self.at.checked_add_signed(k).and_then(|at| self.pieces.get(at)) {
            Some((Piece::Word(w), _)) => w.to_lowercase(),
            _ => String::new(),
        }
    }

    fn number(&self, k: isize) -> Option<f64> {
        match self.pieces.get(self.at.checked_add_signed(k)?)?.0 {
            Piece::Number(x) => Some(x),
            _ => None,
        }
    }

    /// As it stands there, from piece `a` to before piece `b` (counted from here).
    fn between(&self, a: usize, b: usize) -> &str {
        let span = |k: usize| self.pieces.get(self.at + k).map(|p| p.1.clone());
        match (span(a), b.checked_sub(1).and_then(span)) {
            (Some(first), Some(last)) if last.end >= first.start => &self.text[first.start..last.end],
            _ => "",
        }
    }

    fn shorthand(&self) -> Option<(String, &'static str)> {
        let (one, two) = (self.word(0), format!("{} {}", self.word(0), self.word(1)));
        let found = |text: &str| SHORTHAND.iter().find(|p| p.0 == text).map(|p| p.1);
        let both = found(&two).map(|meant| (self.between(0, 2).to_string(), meant));
        both.or_else(|| found(&one).map(|meant| (self.between(0, 1).to_string(), meant)))
    }

    fn of_regimen(&self) -> Option<String> {
        if let Some(cycle) = self.on_and_off() {
            return Some(cycle);
        }
        if let Some(doses) = self.times_a_day() {
            return Some(doses);
        }
        let (here, next) = (self.word(0), self.word(1));
        match (here.as_str(), next.as_str()) {
            ("" | ",", _) if self.pieces.is_empty() => return Some("write `no treatment`, or a dose".into()),
            ("none" | "nothing" | "placebo" | "untreated" | "observation" | "no" | "control", _) if self.at == 0 => {
                return Some("write `no treatment`".into());
            }
            ("day" | "days", _)
                if self.pieces[..self.at].iter().any(|p| matches!(p.0, Piece::Word("day" | "days"))) =>
            {
                return Some(format!("leave this `{here}` out: `on days 1 and 8`"));
            }
            ("day" | "days", _) => {
                let days: Vec<&Piece<'_>> = self.pieces[self.at + 1..]
                    .iter()
                    .map(|p| &p.0)
                    .take_while(|p| !matches!(p, Piece::Word(w) if *w != "and" && *w != "to"))
                    .collect();
                let days = if matches!(days.last(), Some(Piece::Comma)) { days.len() - 1 } else { days.len() };
                let plural = if days == 1 { "day" } else { "days" };
                if days > 0 {
                    let list = self.between(1, 1 + days);
                    let rest = self.every_later().map_or(String::new(), |e| format!(", {e}"));
                    return Some(format!("write `on {plural} {list}{rest}`"));
                }
            }
            ("progression" | "pd" | "disease" | "progress" | "relapse", _) if self.word(-1) == "until" => {
                return Some(format!(
                    "leave `until {here}` out: what is given after progression is said by `after_progression` of the arm"
                ));
            }
            ("toxicity" | "death" | "unacceptable", _) if self.word(-1) == "until" => {
                return Some(format!("leave `until {here}` out: a stop for toxicity is a rule of the arm"));
            }
            ("of" | "in" | "per" | "cycle" | "cycles", _) => {
                if let Some(every) = self.every_later().filter(|_| !here.starts_with("cycle")) {
                    return Some(format!("for `{}` write `, {every}`", self.between(0, self.pieces.len() - self.at)));
                }
                if here.starts_with("cycle") {
                    return Some(format!("leave `{here}` out: `every 21 days` is the cycle"));
                }
            }
            ("other", "day" | "days") => return Some(format!("for `every other day` write `{OTHER_DAY}`")),
            ("other", "week") => return Some("for `every other week` write `every 2 weeks`".into()),
            ("x" | "×", _) => {
                if let Some(n) = self.number(1) {
                    return Some(format!("for `{} {n}` write `for {n} cycles`", self.between(0, 1)));
                }
            }
            ("on", "day" | "days") if self.word(-1) == "and" || self.word(-1).is_empty() => {
                return Some("name all days of one dose together: `on days 1-4, 8-11`".into());
            }
            ("and", "day" | "days") => return Some("write the number alone: `on days 1 and 8`".into()),
            ("then", _) | ("followed", "by") => {
                return Some(
                    "write each dose as a sentence of its own: [\"... until day 28\", \"... from day 29\"]".into(),
                );
            }
            ("auc", _) => return Some("write the dose in mg that gives this AUC in the patient".into()),
            ("mondays" | "monday" | "tuesdays" | "wednesdays" | "thursdays" | "fridays" | "weekdays", _) => {
                return Some("days are counted from the first day of treatment: `on day 1, every 7 days`".into());
            }
            _ => {}
        }
        if let Some(n) = here.strip_prefix('x').and_then(|n| n.parse::<u32>().ok()) {
            return Some(format!("for `{here}` write `for {n} cycles`"));
        }
        if let Some((said, meant)) = self.shorthand() {
            return Some(format!("for `{said}` write `{meant}`"));
        }
        let n = self.number(0);
        // `every 21-day cycle`
        if let Some(n) = n.or(self.number(-1)).filter(|_| self.pieces.get(self.at.wrapping_sub(2)).is_some()) {
            let dash = matches!(self.pieces.get(self.at).map(|p| &p.0), Some(Piece::Dash));
            if dash && next.starts_with("day") {
                return Some(format!("write `every {} days`", number(n)));
            }
        }
        if self.at == 0 && n.is_some() {
            return Some("the name of the drug comes first: `<drug> <amount> <when>`".into());
        }
        let Some(n) = n else { return self.spelling(&here) };
        match next.as_str() {
            "cycle" | "cycles" if n != n.trunc() => Some("write a whole number of cycles, or `for <time>`".into()),
            "cycle" | "cycles" => Some(format!("write `for {} cycles`", number(n))),
            "dose" | "doses" => Some("say for how long: `for <time>`, or `for <n> cycles` beside `every`".into()),
            _ if self.word(-1) == "until" && quantity(&format!("{n} {next}")).is_ok_and(is_time) => {
                Some(format!("write `for {} {next}`, or `until day <n>`", number(n)))
            }
            _ if self.word(-1) == "until" && next.is_empty() => Some(format!("write `until day {}`", number(n))),
            _ if self.word(-1) == "from" && next.is_empty() => Some(format!("write `from day {}`", number(n))),
            _ if self.word(-1) == "every" && next.is_empty() => Some(format!("write `every {} days`", number(n))),
            _ => None,
        }
    }

    /// What is left to say of a word: a full stop, a slip of the pen, a sentence that ends too soon.
    fn spelling(&self, here: &str) -> Option<String> {
        if here.is_empty() {
            let when = |p: &(Piece<'_>, Range<usize>)| {
                matches!(p.0, Piece::Word("every" | "once" | "daily" | "on" | "for" | "from" | "until" | "over"))
            };
            let bare = self.at >= self.pieces.len() && self.at >= 3 && !self.pieces.iter().any(when);
            return bare.then(|| "say when: `every day`, `every 3 weeks`, `on days 1-5` or `once`".into());
        }
        if let Some(word) = here.strip_suffix('.').filter(|w| w.chars().all(char::is_alphabetic) && !w.is_empty()) {
            return Some(format!("leave the full stop out: `{word}`"));
        }
        if self.word(-2) == "over" && self.number(-1).is_some() {
            return Some("write the unit of the time: `over <n> minutes` or `over <n> h`".into());
        }
        let known = [
            "every", "daily", "once", "from", "until", "day", "days", "week", "weeks", "month", "months", "year",
            "years", "hour", "hours", "minute", "minutes", "cycles", "infusion", "bolus", "oral", "held", "over",
        ];
        let near = crate::problem::near_names(here, known);
        near.first().map(|word| format!("did you mean `{word}`?"))
    }

    /// `every 28 days`, where a number and days or weeks follow.
    fn every_later(&self) -> Option<String> {
        let rest = self.pieces.get(self.at..)?;
        let plain: Vec<&Piece<'_>> = rest.iter().map(|p| &p.0).filter(|p| **p != Piece::Dash).collect();
        plain.windows(2).find_map(|w| match w {
            [Piece::Number(n), Piece::Word("day" | "days" | "d")] => Some(format!("every {} days", number(*n))),
            [Piece::Number(n), Piece::Word("week" | "weeks")] => Some(format!("every {} weeks", number(*n))),
            [Piece::Word("every"), Piece::Word(unit @ ("day" | "week" | "month"))] => Some(format!("every {unit}")),
            [_, Piece::Word(short)] => {
                let short = short.to_lowercase();
                let found = SHORTHAND.iter().find(|p| p.0 == short && p.1.starts_with("every "));
                found.map(|p| p.1.to_string())
            }
            _ => None,
        })
    }

    /// `4 days on 3 days off`, `for 14 days then 7 days off`, as days of a cycle.
    fn on_and_off(&self) -> Option<String> {
        let rest = |p: &Piece<'_>| matches!(p, Piece::Word("off" | "rest" | "break" | "pause" | "off."));
        let end = self.pieces.iter().position(|p| rest(&p.0))?;
        let mut spans: Vec<f64> = Vec::new();
        for k in 1..end {
            let Piece::Number(n) = self.pieces[k].0 else { continue };
            // The number after the drug is its dose.
            if k == 1 {
                continue;
            }
            spans.push(match self.pieces.get(k + 1).map(|p| &p.0) {
                Some(Piece::Word("week" | "weeks")) => 7.0 * n,
                _ => n,
            });
        }
        let [.., on, off] = spans[..] else { return None };
        let whole = |x: f64| x >= 1.0 && x == x.trunc() && x < 1e4;
        if !(whole(on) && whole(off)) {
            return None;
        }
        let days = if on == 1.0 { "day 1".to_string() } else { format!("days 1-{on}") };
        Some(format!("give the dose `on {days}, every {} days`", on + off))
    }

    /// `3 times a day`, `3x daily`, `twice a week`.
    fn times_a_day(&self) -> Option<String> {
        let words: Vec<String> = (0..4).map(|k| self.word(k)).collect();
        let (n, mut k) = match (self.number(0), words[0].as_str()) {
            (Some(n), _) => (n, 1),
            (_, "once") => (1.0, 1),
            (_, "twice") => (2.0, 1),
            (_, "thrice") => (3.0, 1),
            (_, "three") => (3.0, 1),
            (_, "two") => (2.0, 1),
            (_, "four") => (4.0, 1),
            _ => return None,
        };
        let mut named = self.number(0).is_none() && words[0].ends_with("ce");
        if let Some("times" | "time" | "x" | "×") = words.get(k).map(String::as_str) {
            (named, k) = (true, k + 1);
        }
        let said = self.between(0, k + 1);
        match words.get(k).map(String::as_str) {
            Some("a" | "per" | "each" | "every") => {
                let said = self.between(0, k + 2);
                of_period(n, words.get(k + 1)?, said).filter(|_| named)
            }
            Some("daily") => of_period(n, "day", said).filter(|_| named),
            Some("weekly") => of_period(n, "week", said).filter(|_| named),
            Some("") | None if words[0] == "twice" || words[0] == "thrice" => of_period(n, "day", said),
            _ => None,
        }
    }
}

fn is_time(q: crate::units::Quantity) -> bool {
    q.unit.dimension == Dimension::TIME
}

/// `n` doses a day, or days a week, in the words of a regimen.
fn of_period(n: f64, period: &str, said: &str) -> Option<String> {
    let meant = match (period, n) {
        ("day", 1.0) => "daily".to_string(),
        ("day", _) if [2.0, 3.0, 4.0, 6.0, 8.0, 12.0].contains(&n) => format!("every {} hours", 24.0 / n),
        ("week", 1.0) => "every week".to_string(),
        ("week", 2.0) => "on days 1 and 4, every 7 days".to_string(),
        ("week", 3.0) => "on days 1, 3 and 5, every 7 days".to_string(),
        ("week", 5.0) => "on days 1-5, every 7 days".to_string(),
        ("month", 1.0) => "every month".to_string(),
        _ => return None,
    };
    Some(format!("for `{said}` write `{meant}`"))
}
