//! What a number or a unit that cannot be read was meant to be.
//!
//! Units are never guessed by their letters alone: `mcg` is one letter from `mg` and a thousandth of it. A word is
//! taken for another spelling of a unit when it stands in a table of such spellings, when it differs in its capitals,
//! or when a spelled-out word (days, minutes) has a slip in it.

use crate::problem::near_names;
use crate::units::{number_length, quantity, unit, unit_names};

/// Other spellings, in small letters where capitals do not matter, and what they are.
const SPELLINGS: &[(&str, &str)] = &[
    ("mcg", "ug"),
    ("ugm", "ug"),
    ("ugr", "ug"),
    ("mgm", "mg"),
    ("mgr", "mg"),
    ("gm", "g"),
    ("gr", "g"),
    ("gram", "g"),
    ("grams", "g"),
    ("kilogram", "kg"),
    ("kilograms", "kg"),
    ("milligram", "mg"),
    ("milligrams", "mg"),
    ("microgram", "ug"),
    ("micrograms", "ug"),
    ("nanogram", "ng"),
    ("nanograms", "ng"),
    ("mcM", "uM"),
    ("microM", "uM"),
    ("micromolar", "uM"),
    ("nanomolar", "nM"),
    ("picomolar", "pM"),
    ("millimolar", "mM"),
    ("molar", "M"),
    ("mcmol", "umol"),
    ("micromol", "umol"),
    ("mole", "mol"),
    ("moles", "mol"),
    ("mols", "mol"),
    ("mcl", "uL"),
    ("lt", "L"),
    ("ltr", "L"),
    ("liter", "L"),
    ("liters", "L"),
    ("litre", "L"),
    ("litres", "L"),
    ("milliliter", "mL"),
    ("milliliters", "mL"),
    ("millilitre", "mL"),
    ("millilitres", "mL"),
    ("cc", "cm^3"),
    ("ccm", "cm^3"),
    ("da", "g/mol"),
    ("dalton", "g/mol"),
    ("daltons", "g/mol"),
    ("kda", "kg/mol"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("mins", "min"),
    ("hr", "h"),
    ("hrs", "h"),
    ("dy", "day"),
    ("dys", "days"),
    ("wk", "week"),
    ("wks", "weeks"),
    ("mo", "month"),
    ("mos", "months"),
    ("mth", "month"),
    ("mths", "months"),
    ("yr", "year"),
    ("yrs", "years"),
    ("gray", "Gy"),
    ("grays", "Gy"),
    ("percent", "%"),
];

/// Units that a word may stand for: the unit itself, or none, one or several that differ in capitals.
pub(super) fn units_meant(word: &str) -> Vec<&'static str> {
    let folded = word.replace(['µ', 'μ'], "u");
    if let Some(known) = unit_names().find(|u| *u == folded) {
        return vec![known];
    }
    let lower = folded.to_lowercase();
    if let Some((_, to)) = SPELLINGS.iter().find(|s| s.0 == folded || s.0 == lower) {
        return vec![to];
    }
    // A lone D is a drug or a dose as often as a day.
    let same: Vec<_> = unit_names().filter(|u| u.to_lowercase() == lower && folded != "D").collect();
    if !same.is_empty() {
        return same;
    }
    let spelled = || unit_names().filter(|u| u.len() >= 3 && !u.ends_with("mol"));
    let near = match lower.chars().count() {
        // Of three letters two may be swapped: a changed one is another word.
        3 => spelled().filter(|u| letters(u) == letters(&lower)).collect(),
        4.. => spelled().filter(|u| u.len() >= 4).collect::<Vec<_>>(),
        _ => return Vec::new(),
    };
    let first = near_names(&lower, near.iter().copied()).into_iter().next();
    near.into_iter().filter(|u| first.as_deref() == Some(*u)).collect()
}

fn letters(word: &str) -> Vec<char> {
    let mut letters: Vec<char> = word.chars().collect();
    letters.sort_unstable();
    letters
}

/// A number with its unit as it is to be written; `None` when nothing is known to be meant.
pub(super) fn quantity_meant(text: &str) -> Option<String> {
    if text.len() > 200 {
        return None;
    }
    let plain = plain_powers(text.trim());
    let (number, rest) = number_meant(&plain)?;
    let fixed = format!("{number} {}", unit_text(rest)?);
    let fixed = fixed.trim();
    (fixed != text.trim() && quantity(fixed).is_ok()).then(|| fixed.to_string())
}

/// A unit as it is to be written; `None` when nothing is known to be meant.
pub(super) fn unit_meant(text: &str) -> Option<String> {
    if text.len() > 200 {
        return None;
    }
    let fixed = unit_text(&plain_powers(text.trim()))?;
    (fixed != text.trim() && unit(&fixed).is_ok()).then_some(fixed)
}

/// Powers in raised digits as powers behind `^`.
fn plain_powers(text: &str) -> String {
    const RAISED: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let mut out = String::new();
    let mut raised = false;
    for c in text.chars() {
        let plain = match RAISED.chars().position(|r| r == c) {
            Some(digit) => Some((b'0' + digit as u8) as char),
            None if c == '⁻' => Some('-'),
            None => None,
        };
        if plain.is_some() && !raised {
            out.push('^');
        }
        raised = plain.is_some();
        out.push(plain.unwrap_or(c));
    }
    out
}

/// The number at the start of a text, powers of ten as `1e-8`, and what follows.
fn number_meant(text: &str) -> Option<(String, &str)> {
    let (number, rest) = text.split_at(number_length(text));
    if number.is_empty() {
        return None;
    }
    let whole_power = |rest: &str| {
        let marked = rest.starts_with(['^', '+', '-', '−']);
        let rest = rest.trim_start_matches('^').replace('−', "-");
        let sign = usize::from(rest.starts_with(['+', '-']));
        let end = sign + rest[sign..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - sign);
        (marked && end > sign && end < 6).then(|| (rest[..end].to_string(), rest.len() - end))
    };
    if number == "10" && rest.starts_with('^') {
        let (power, left) = whole_power(rest)?;
        return Some((format!("1e{power}"), &rest[rest.len() - left..]));
    }
    let ten = rest.trim_start().strip_prefix(['x', 'X', '×', '*', '·']).and_then(|r| r.trim_start().strip_prefix("10"));
    if let Some(after) = ten.filter(|_| !number.contains(['e', 'E']))
        && let Some((power, left)) = whole_power(after)
    {
        return Some((format!("{number}e{power}"), &after[after.len() - left..]));
    }
    Some((number.to_string(), rest))
}

/// A unit with every word, power and `per` as it is to be written.
fn unit_text(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        if !(c.is_alphabetic() || c == '%') {
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !(c.is_alphabetic() || c == '%')).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if word == "per" {
            out = format!("{}/", out.trim_end());
            rest = after.trim_start();
            continue;
        }
        if unit(word).is_ok() {
            out.push_str(word);
        } else {
            let [meant] = units_meant(word)[..] else { return None };
            if meant.contains('/') && !out.is_empty() {
                return None;
            }
            out.push_str(meant);
        }
        let mut next = after.chars();
        match (next.next(), next.next()) {
            (Some(d), _) if d.is_ascii_digit() => out.push('^'),
            (Some('-' | '−'), Some(d)) if d.is_ascii_digit() => {
                out.push_str("^-");
                rest = &after[after.len() - next.as_str().len() - 1..];
            }
            _ => {}
        }
    }
    match out.strip_suffix("^-1") {
        Some(word) if word.chars().all(char::is_alphabetic) => Some(format!("/{word}")),
        _ => Some(out),
    }
}

/// What to do about two numbers in one place: a spread, a range, or a comma that can be read two ways.
pub(super) fn one_number(text: &str) -> Option<String> {
    let text = text.trim();
    let (number, rest) = text.split_at(number_length(text));
    let rest = rest.trim_start();
    if number.is_empty() || text.len() > 200 {
        return None;
    }
    let spread = ["±", "+/-", "+-", "-", "–", "to "];
    if let Some(second) = spread.iter().find_map(|s| rest.strip_prefix(s))
        && number_length(second.trim_start()) > 0
    {
        return Some(
            "write one number; a spread between patients goes into `between_patients`, and what else an assumed \
             number could be into `prior`"
                .into(),
        );
    }
    let mut groups = text[number.len()..].split(',');
    if !groups.next()?.is_empty() || number.len() > 3 || number.contains('.') {
        return None;
    }
    let mut joined = number.to_string();
    let mut unit = "";
    let mut count = 0;
    for group in groups {
        let end = group.find(|c: char| !c.is_ascii_digit()).unwrap_or(group.len());
        if end != 3 || !unit.is_empty() {
            return None;
        }
        joined.push_str(&group[..end]);
        unit = &group[end..];
        count += 1;
    }
    let whole = format!("{joined}{unit}");
    quantity(&whole).ok()?;
    let decimal = match count {
        1 => format!("; if the comma is a decimal one, write \"{}\"", text.replacen(',', ".", 1)),
        _ => String::new(),
    };
    (count > 0).then(|| format!("write \"{whole}\" without thousands separators{decimal}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_never_change_a_prefix_or_a_dimension() {
        for (wrong, right) in [
            ("5 mcg", "5 ug"),
            ("5 µMol", "5 umol"),
            ("5 ugm/mL", "5 ug/mL"),
            ("2 hrs", "2 h"),
            ("0.05 per day", "0.05 /day"),
            ("0.05 /dya", "0.05 /day"),
            ("30 minutse", "30 minute"),
            ("1e9 cells/cm2", "1e9 cells/cm^2"),
            ("1e9 cells/cc", "1e9 cells/cm^3"),
            ("0.0367 h-1", "0.0367 /h"),
            ("0.0367 h⁻¹", "0.0367 /h"),
            ("150 kDa", "150 kg/mol"),
            ("10^-8", "1e-8"),
            ("1x10-8 /day", "1e-8 /day"),
            ("1.5 × 10⁻⁸", "1.5e-8"),
        ] {
            assert_eq!(quantity_meant(wrong).as_deref(), Some(right), "{wrong}");
        }
        for unclear in ["5 D", "5 UM", "5 dag", "5 mcs", "5 xg", "5 IU", "5", "5 mg"] {
            assert_eq!(quantity_meant(unclear), None, "{unclear}");
        }
        assert_eq!(units_meant("UM"), ["uM", "um"]);
    }

    #[test]
    fn commas_and_spreads() {
        let both = one_number("10,000 L").unwrap();
        assert!(both.contains("\"10000 L\"") && both.contains("\"10.000 L\""), "{both}");
        assert!(one_number("0.1 ± 0.02").unwrap().contains("between_patients"));
        assert!(one_number("0.1-0.2 /day").unwrap().contains("prior"));
        assert_eq!(one_number("3,95 L/h"), None);
        assert_eq!(one_number("5 mg"), None);
    }
}
