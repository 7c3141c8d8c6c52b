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
        } else {
            fatal = true;
            report.add(
                Code::Syntax,
                &at,
                error.message(),
                "TOML (https://toml.io)",
                "correct the text at this place; strings stand in quotes",
            );
        }
    }
    (!fatal).then_some(table)
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
