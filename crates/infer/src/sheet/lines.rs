//! Lines of a text, and fields of a line.

use super::faults::TableProblem;
use super::{Row, shortened};
use std::borrow::Cow;

/// A text whose lines end in line feeds. Where it has none, carriage returns end its lines, as in files of old Mac programs.
pub(super) fn with_line_feeds(text: &str) -> Cow<'_, str> {
    match text.contains('\r') && !text.contains('\n') {
        true => text.replace('\r', "\n").into(),
        false => text.into(),
    }
}

/// What opens a quote that its line does not close: a field that goes on over lines, or one quote too many or too few.
///
/// `line` has the open quote at character `opened`; `below` are the lines after it. Gives the fault, and the last line of a
/// field that goes on, whose own quote is then no fault.
pub(super) fn open_quote<'t>(
    number: usize,
    (line, opened): (&str, usize),
    below: impl Iterator<Item = (usize, &'t str)>,
    (separator, width): (char, usize),
) -> (TableProblem, Option<usize>) {
    /// Lines below that are looked at: a field that goes on longer is none.
    const FAR: usize = 50;
    let mut joined = line.to_string();
    for (index, more) in below.take(FAR) {
        joined.push(' ');
        joined.push_str(more);
        match split(number, &joined, separator) {
            Err(_) => {}
            Ok(row) if row.fields.len() == width => {
                let end = index + 1;
                let found =
                    format!("a quote that opens at character {opened} of this line and closes on line {end} only");
                let allowed =
                    "fields in quotes that close on their line: put the field on one line, or close the quote";
                return (TableProblem::of_line(number, found, allowed), Some(end));
            }
            Ok(_) => break,
        }
    }
    let found = format!("a quote that opens at character {opened} of this line and is not closed on it");
    let allowed = "quotes in pairs: close it, or take it out";
    (TableProblem::of_line(number, found, allowed), None)
}

/// The separator that a header has most of; a comma where it has none.
pub(super) fn separator(header: &str) -> char {
    let count = |c: char| header.chars().filter(|x| *x == c).count();
    [',', ';', '\t'].into_iter().rev().max_by_key(|c| (count(*c), *c == ',')).unwrap_or(',')
}

/// The fault of a first line that is a title or a comment: it fills one field, and a line below it begins a table of more.
pub(super) fn titled<'t>(
    first: usize,
    head: &str,
    below: impl Iterator<Item = (usize, &'t str)> + Clone,
) -> Option<TableProblem> {
    let filled = |row: &Row| row.fields.iter().filter(|f| !f.is_empty()).count();
    let comment = |line: &str| line.trim_start().starts_with('#');
    if filled(&split(first + 1, head, separator(head)).ok()?) > 1 && !comment(head) {
        return None;
    }
    // Names of columns are words, and the lines below them are as wide.
    let header = |(place, (at, line)): (usize, (usize, &str))| {
        let separator = separator(line);
        let row = split(at + 1, line, separator).ok()?;
        let words = row.fields.iter().all(|f| f.parse::<f64>().is_err());
        let wide =
            |(at, line): (usize, &str)| split(at, line, separator).is_ok_and(|r| r.fields.len() == row.fields.len());
        let agree = below.clone().skip(place + 1).take(20).all(wide);
        (filled(&row) > 1 && words && agree && !comment(line)).then_some(row)
    };
    let row = below.clone().take(20).enumerate().find_map(header)?;
    let found = format!("`{}`, which looks like a title or a comment", shortened(head.trim().to_string()));
    let n = row.line;
    let allowed = format!("the header first; line {n} looks like it, so delete what stands above line {n}");
    Some(TableProblem::of_line(first + 1, found, allowed))
}

/// The fields of a line, without surrounding blanks or quotes. Errs with the place of a quote that is not closed.
pub(super) fn split(number: usize, line: &str, separator: char) -> Result<Row, usize> {
    let mut fields = Vec::new();
    let mut text = String::new();
    let (mut quoted, mut closed, mut opened) = (false, false, 1);
    for (k, letter) in line.chars().enumerate() {
        match letter {
            '"' => {
                // A doubled quote inside quotes closes and opens again at once: it stands for a quote.
                if !quoted && closed {
                    text.push('"');
                }
                closed = quoted;
                quoted = !quoted;
                opened = k + 1;
                continue;
            }
            c if c == separator && !quoted => {
                fields.push(text.trim().to_string());
                text.clear();
            }
            c => text.push(c),
        }
        closed = false;
    }
    if quoted {
        return Err(opened);
    }
    fields.push(text.trim().to_string());
    Ok(Row { line: number, fields })
}
