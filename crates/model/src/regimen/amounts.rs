//! The amount of a dose, and what is said of one that is not a number with a unit of mass.
//!
//! A repair never gives back another dose than the one that was meant: `1,000 mg` is not 1 mg, `200 mcg` is not 200 mg.
//! So the same number in mg is proposed only where no unit at all was written.

use crate::problem::Code;
use crate::resolved::{Drug, Route};
use crate::sentence::{Piece, Sentence};
use crate::tree::short;
use crate::units::{Dimension, number, number_length, quantity, unit};

/// Largest dose, mg: one kilogram. More is a slip of the number or of its unit.
pub(crate) const MOST_MG: f64 = 1e6;
/// Largest fraction of radiation, Gy.
const MOST_GY: f64 = 100.0;

/// Names of units of mass that prescriptions use, and the symbols for them.
const SPELT: [(&str, &str); 14] = [
    ("mcg", "ug"),
    ("mcgs", "ug"),
    ("microgram", "ug"),
    ("micrograms", "ug"),
    ("mgs", "mg"),
    ("mgr", "mg"),
    ("milligram", "mg"),
    ("milligrams", "mg"),
    ("gm", "g"),
    ("gr", "g"),
    ("gram", "g"),
    ("grams", "g"),
    ("nanogram", "ng"),
    ("kilogram", "kg"),
];

/// Words of a sentence that may stand where a unit is missing.
const NOT_UNITS: [&str; 22] = [
    "oral", "bolus", "infusion", "held", "over", "on", "once", "daily", "every", "for", "from", "until", "and", "po",
    "iv", "qd", "bid", "tid", "qid", "twice", "weekly", "orally",
];

pub(super) fn amount(s: &mut Sentence<'_, '_>, drug: &Drug) -> Option<f64> {
    let start = s.span();
    let negative = s.peek() == Some(&Piece::Dash);
    if negative {
        s.skip();
    }
    let number_span = s.span();
    let Some(Piece::Number(x)) = s.peek().cloned() else {
        return s.wrong("an amount such as 150 mg");
    };
    let held = drug.route.is_set();
    let beam = matches!(drug.route, Route::Radiation { .. });
    let want = match unit(&drug.felt_unit) {
        _ if beam => Dimension::RADIATION,
        Ok(felt) if held => felt.dimension,
        _ => Dimension::MASS,
    };
    let example = drug.dose_unit().0;
    let rest = s.text.text[number_span.end..].to_string();
    if let Some(repair) = not_one_number(&s.text.text[number_span.clone()], &rest, example) {
        let end = number_span.end + rest.find(char::is_whitespace).unwrap_or(rest.len());
        let found = format!("\"{}\"", short(&s.text.text[number_span.start..end.max(number_span.end)]));
        return s.fail(Code::DoseUnit, start, found, format!("one number and a unit, such as 150 {example}"), repair);
    }
    let word = match s.ahead(1) {
        Some(Piece::Word(word)) => word,
        _ => "",
    };
    s.skip();
    let unit_span = s.span();
    let allowed = match held {
        true if beam => "a dose of one fraction in Gy".to_string(),
        true => format!("a concentration in {example}"),
        false => "a dose in mg (or ng, ug, g, kg)".to_string(),
    };
    let per = rest.trim_start().strip_prefix(word).and_then(|r| per(word, r));
    if let Some(per) = per.filter(|_| !held) {
        let found = format!("left {want} (`{}`), right `{}`", drug.name, short(&unit_written(&rest)));
        return s.fail(Code::DoseUnit, unit_span, found, allowed, per_repair(x, word, &per));
    }
    let q = match quantity(&format!("{} {word}", number(x))) {
        Ok(q) if !word.is_empty() => q,
        _ => {
            let none = word.is_empty() || NOT_UNITS.contains(&word.to_lowercase().as_str());
            let found = if word.is_empty() { "no unit".to_string() } else { format!("`{}`", short(word)) };
            let lower = word.to_lowercase();
            let spelt = SPELT.iter().find(|u| u.0 == lower && !held).map(|u| u.1);
            let same = spelt.or_else(|| ["mg", "ug", "ng", "g", "kg"].into_iter().find(|u| *u == lower && !held));
            let repair = if none {
                format!("write `{} {example}`", number(x))
            } else if let Some(symbol) = same {
                format!("write `{} {symbol}`", number(x))
            } else {
                format!("convert the dose to {example}")
            };
            return s.fail(
                Code::DoseUnit,
                unit_span,
                format!("left {want} (`{}`), right {found}", drug.name),
                allowed,
                repair,
            );
        }
    };
    s.skip();
    if q.unit.dimension != want {
        return s.fail(
            Code::DoseUnit,
            unit_span,
            format!("left {want} (`{}`), right {} (`{} {word}`)", drug.name, q.unit.dimension, number(x)),
            allowed,
            format!("convert the dose to {example}"),
        );
    }
    if negative || q.value <= 0.0 {
        let found = format!("{}{} {word}", if negative { "-" } else { "" }, number(x));
        let repair = "leave the sentence out when nothing is given";
        return s.fail(Code::NoDose, start, found, "a dose above 0", repair);
    }
    if beam && q.value > MOST_GY {
        let found = format!("{} {word}", number(x));
        let repair = "correct the number; a dose that is given in fractions is written as that of one, `2 Gy x 30`";
        return s.fail(Code::DoseUnit, number_span, found, "a fraction of at most 100 Gy", repair);
    }
    if !held && q.value > MOST_MG {
        let found = format!("{} {word}", number(x));
        let repair = "correct the number or its unit";
        return s.fail(Code::DoseUnit, number_span, found, "a dose of at most 1 kg", repair);
    }
    Some(q.value)
}

/// `x 3` behind a dose of radiation: how many fractions, one a day.
pub(super) fn fractions(s: &mut Sentence<'_, '_>, drug: &Drug) -> Option<Option<u32>> {
    let span = s.span();
    let Some(Piece::Word(word)) = s.peek().cloned() else { return Some(None) };
    let Some(glued) = word.strip_prefix(['x', 'X', '×']).filter(|n| n.bytes().all(|b| b.is_ascii_digit())) else {
        return Some(None);
    };
    if !matches!(drug.route, Route::Radiation { .. }) {
        return Some(None);
    }
    let n = match glued.parse::<f64>() {
        Ok(n) => {
            s.skip();
            n
        }
        Err(_) => {
            s.skip();
            s.count("how many fractions")?
        }
    };
    if !(1.0..=100.0).contains(&n) {
        return s.fail(
            Code::DoseTiming,
            span,
            format!("{} fractions", number(n)),
            "1 to 100 fractions, one a day",
            "write `on days 1-5, every 7 days for 6 cycles` where days are left out",
        );
    }
    Some(Some(n as u32))
}

/// What to write for a number with separators, a decimal comma, or a product.
fn not_one_number(first: &str, rest: &str, example: &str) -> Option<String> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let with_unit = |number: &str, after: &str| {
        let word: String = after.trim_start().chars().take_while(|c| !c.is_whitespace() && *c != ',').collect();
        let lower = word.to_lowercase();
        let spelt = SPELT.iter().find(|u| u.0 == lower).map_or(word.as_str(), |u| u.1);
        let known = unit(spelt).is_ok() && !spelt.is_empty();
        format!("{number} {}", if known { spelt } else { example })
    };
    let separator = rest.chars().next()?;
    let tail = &rest[separator.len_utf8()..];
    let after_first = digits(tail);
    let spaced = separator.is_whitespace() && after_first == 3 && !first.contains('.') && first.len() <= 3;
    if (",'_’".contains(separator) || spaced) && after_first > 0 {
        if after_first != 3 && separator == ',' && !first.contains('.') {
            let decimal = format!("{first}.{}", &tail[..after_first]);
            let written = with_unit(&decimal, &tail[after_first..]);
            return Some(format!("decimals stand after a point: write `{written}`"));
        }
        // 1,000,000 and 1,000.5 as well.
        let mut whole = first.to_string();
        let mut left = rest;
        while let Some(c) = left.chars().next().filter(|c| *c == separator) {
            let next = &left[c.len_utf8()..];
            let n = digits(next);
            if n != 3 {
                break;
            }
            whole += &next[..n];
            left = &next[n..];
        }
        if left.starts_with('.') {
            let n = 1 + digits(&left[1..]);
            whole += &left[..n];
            left = &left[n..];
        }
        let written = with_unit(&whole, left);
        return Some(match spaced {
            true => format!("one dose has one amount: write `{written}` where that is one number"),
            false => format!("no thousands separators: write `{written}`"),
        });
    }
    let times = rest.trim_start().strip_prefix(['x', 'X', '*', '×'])?.trim_start();
    let length = number_length(times);
    let (a, b) = (first.parse::<f64>().ok()?, times[..length].parse::<f64>().ok()?);
    if example == "Gy" {
        return Some(format!("the dose of one fraction comes first: write `{} Gy x {}`", number(b), number(a)));
    }
    let product = a * b;
    let written = with_unit(&number(product), &times[length..]);
    product.is_finite().then(|| format!("one dose has one amount: write `{written}`"))
}

/// What a dose is counted per: `m2`, `kg`, `day`, `h`.
fn per(word: &str, after: &str) -> Option<String> {
    let below = match word.split_once('/') {
        Some((_, below)) if !below.is_empty() => below.to_string(),
        _ => {
            let after = after.trim_start();
            let word = word.to_lowercase();
            let below = match after.strip_prefix('/').or_else(|| after.strip_prefix("per ")) {
                Some(below) => below,
                None if word.ends_with('/') => after,
                None => return None,
            };
            below.trim_start().chars().take_while(|c| !c.is_whitespace() && *c != ',').collect()
        }
    };
    (!below.is_empty()).then_some(below)
}

/// `mg/m2`, `mg / m2`, `mg per m2` at the beginning of what follows a number.
fn unit_written(rest: &str) -> String {
    let words: Vec<&str> = rest.split_whitespace().take(3).collect();
    let many = match words[..] {
        [first, ..] if first.contains('/') && !first.ends_with('/') => 1,
        [first, ..] if first.ends_with('/') => 2,
        [_, second, _] if second == "/" || second == "per" => 3,
        _ => 2,
    };
    words.into_iter().take(many).collect::<Vec<_>>().join(" ")
}

fn per_repair(x: f64, word: &str, per: &str) -> String {
    let mass = word.split('/').next().unwrap_or("mg");
    let spelt = SPELT.iter().find(|u| u.0 == mass.to_lowercase()).map_or(mass, |u| u.1);
    let mass = if unit(spelt).is_ok_and(|u| u.dimension == Dimension::MASS) { spelt } else { "mg" };
    let amount = format!("{} {mass}", number(x));
    let lower = per.to_lowercase();
    let per = lower.split(['/', '*']).next().unwrap_or_default();
    match per {
        "m2" | "m^2" | "m²" | "m" | "bsa" => format!(
            "a dose per body surface is given as mg for the patient: {amount}/m2 at 1.8 m2 is {} {mass}",
            crate::units::digits(1.8 * x)
        ),
        "kg" => format!(
            "a dose per body weight is given as mg for the patient: {amount}/kg at 70 kg is {} {mass}",
            crate::units::digits(70.0 * x)
        ),
        "day" | "d" | "days" | "24h" => format!("write `{amount} every day`"),
        "week" | "w" | "wk" => format!("write `{amount} every week`"),
        "h" | "hr" | "hour" | "min" => {
            format!(
                "write the whole amount and its time: `<amount> over <time>` for an infusion, or `{amount} every hour`"
            )
        }
        "dose" | "tablet" | "cycle" => format!("write `{amount}` and when it is given"),
        _ => "write the amount of one dose in mg, and when it is given".to_string(),
    }
}
