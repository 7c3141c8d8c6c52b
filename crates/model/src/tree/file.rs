//! The file as a whole: its size, its syntax, and where its values stand.

use super::MAX_BYTES;
use crate::problem::{Code, Place, Report};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Parses `text`; `None` when it is too large or its syntax is broken beyond a name used twice.
pub(crate) fn parse<'a>(text: &'a str, report: &mut Report) -> Option<Spanned<DeTable<'a>>> {
    if text.len() > MAX_BYTES {
        report.add(
            Code::TooLarge,
            &Place::default(),
            format!("{} bytes", text.len()),
            format!("at most {MAX_BYTES} bytes"),
            "keep data in tables beside the model, not in it",
        );
        return None;
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut fatal = false;
    for error in errors.iter().take(20) {
        let span = error.span().unwrap_or(0..0);
        let at = Place { span: clamp(span, text), ..Place::default() };
        if error.message().contains("duplicate key") {
            let name = text[at.span.clone()].to_string();
            report.add(
                Code::NameTwice,
                &at,
                format!("`{name}` is written twice"),
                "every key and section once",
                "remove one of the two, or give one another name",
            );
        } else if !fatal {
            // What follows a fault of syntax is read out of step: only the first is known to be one.
            fatal = true;
            let repair = repair(text, &at.span);
            report.add(Code::Syntax, &at, error.message(), "TOML (https://toml.io)", repair);
        }
    }
    (!fatal).then_some(table)
}

/// What to do about a fault of syntax, from the line in which it is.
fn repair(text: &str, span: &Range<usize>) -> String {
    let start = text[..span.start].rfind('\n').map_or(0, |n| n + 1);
    let line = text[start..].lines().next().unwrap_or_default().trim();
    if line.contains(['“', '”', '„', '‘', '’', '«', '»']) {
        return "write straight quotes: \"...\"".into();
    }
    let key_end = line.find(['=', ':', '"']).unwrap_or(line.len());
    let key = line[..key_end].trim();
    let is_key = |k: &str| !k.is_empty() && k.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if line[key_end..].starts_with(':') && is_key(key) {
        return format!("write `{} = ...`: `=` stands between a key and its value", short(key));
    }
    if line[key_end..].starts_with('=') && key.contains(' ') && key.split_whitespace().all(is_key) {
        let first = key.split_whitespace().next().unwrap_or_default();
        return format!("a key is one word: write `{}`, or join words by `_`", short(first));
    }
    if let Some((open, line)) = unclosed(&text[..span.start]) {
        let close = if open == '[' { ']' } else { '}' };
        return format!("close the `{open}` of line {line} by `{close}`, or put a comma between its items");
    }
    let value = line.split_once('=').map(|(_, v)| v.split(" #").next().unwrap_or_default().trim());
    match value {
        Some("") => "write a value after the `=`".into(),
        Some(v) if is_key(key) && !v.contains(['"', '\'', '[', '{', '#']) => {
            format!("texts stand in quotes: write {} = \"{}\"", short(key), short(v))
        }
        _ => "correct the text at this place; strings stand in quotes".into(),
    }
}

/// The innermost bracket that is open at the end of `text`, and its line, counted from 1.
fn unclosed(text: &str) -> Option<(char, usize)> {
    let mut open: Vec<(char, usize)> = Vec::new();
    for (k, line) in text.lines().enumerate() {
        let mut quote = None;
        for c in line.chars() {
            match (quote, c) {
                (Some(q), c) if q == c => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, '#') => break,
                (None, '[' | '{') => open.push((c, k + 1)),
                (None, ']' | '}') => drop(open.pop()),
                _ => {}
            }
            if open.len() > 1000 {
                return None;
            }
        }
    }
    open.pop()
}

/// A span that can be used to cut `text`.
pub(super) fn clamp(span: Range<usize>, text: &str) -> Range<usize> {
    let mut start = span.start.min(text.len());
    let mut end = span.end.clamp(start, text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// A value as it is named in messages.
pub(super) fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(s) => format!("the text \"{}\"", short(s)),
        DeValue::Integer(i) => format!("the number {}", short(&i.to_string())),
        DeValue::Float(x) => format!("the number {}", short(x.as_str())),
        DeValue::Boolean(b) => format!("{b}"),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a section".into(),
    }
}

/// A text cut to a length that a message can hold.
pub(crate) fn short(text: &str) -> String {
    // Looks at no more than it keeps: a hostile text may be long and quoted often.
    if text.char_indices().nth(80).is_none() {
        return text.to_string();
    }
    text.chars().take(77).chain("...".chars()).collect()
}

/// Where a value stands.
pub(super) fn place(value: &Spanned<DeValue<'_>>, path: String, whole: &str) -> Place {
    let span = clamp(value.span(), whole);
    let content = match value.get_ref() {
        DeValue::String(s) => {
            let written = &whole[span.clone()];
            [3, 1].into_iter().find_map(|quotes| {
                let inner = written.get(quotes..written.len().checked_sub(quotes)?)?;
                (inner == s.as_ref()).then_some(span.start + quotes)
            })
        }
        _ => None,
    };
    Place { span, path, content }
}
