//! Sentences of regimens and visits as words, numbers, commas and dashes, each with its bytes.

use crate::advice::Stopped;
use crate::problem::{Code, Report};
use crate::tree::{Text, short};
use crate::units::{Dimension, number_length, quantity};
use std::ops::Range;

/// Shortest period of doses or visits: one minute. Shorter is a slip, and would take for ever to run.
pub(crate) const SHORTEST: f64 = 1.0 / 1440.0;
/// Last day that a sentence may name: 100 years.
pub(crate) const LAST_DAY: f64 = 36_525.0;

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Piece<'a> {
    Number(f64),
    Word(&'a str),
    Comma,
    Dash,
}

/// A sentence being read from left to right. `None` from a method means that the fault has been reported.
pub(crate) struct Sentence<'a, 'r> {
    pub(crate) text: &'a Text,
    pub(crate) report: &'r mut Report,
    /// What a sentence that cannot be read is reported as, and the grammar to show.
    code: Code,
    grammar: &'static str,
    pieces: Vec<(Piece<'a>, Range<usize>)>,
    at: usize,
}

impl<'a, 'r> Sentence<'a, 'r> {
    pub(crate) fn new(text: &'a Text, code: Code, grammar: &'static str, report: &'r mut Report) -> Self {
        Sentence { text, report, code, grammar, pieces: split(&text.text), at: 0 }
    }

    pub(crate) fn peek(&self) -> Option<&Piece<'a>> {
        self.pieces.get(self.at).map(|p| &p.0)
    }

    pub(crate) fn ahead(&self, steps: usize) -> Option<&Piece<'a>> {
        self.pieces.get(self.at + steps).map(|p| &p.0)
    }

    /// Bytes of the next piece; the end of the sentence when there is none.
    pub(crate) fn span(&self) -> Range<usize> {
        let end = self.text.text.len();
        self.pieces.get(self.at).map_or(end..end, |p| p.1.clone())
    }

    /// Byte after the piece that was taken last.
    pub(crate) fn end_of_last(&self) -> usize {
        self.pieces.get(self.at.wrapping_sub(1)).map_or(0, |p| p.1.end)
    }

    /// Every piece of the sentence with its bytes.
    pub(crate) fn pieces(&self) -> &[(Piece<'a>, Range<usize>)] {
        &self.pieces
    }

    pub(crate) fn skip(&mut self) {
        self.at += 1;
    }

    /// Takes the next piece when it is this word.
    pub(crate) fn eat(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(&Piece::Word(word));
        self.at += usize::from(found);
        found
    }

    pub(crate) fn eat_comma(&mut self) -> bool {
        let found = self.peek() == Some(&Piece::Comma);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.pieces.iter().any(|p| p.0 == Piece::Word(word))
    }

    /// Reports a fault of grammar at the next piece.
    pub(crate) fn wrong<T>(&mut self, expected: &str) -> Option<T> {
        let span = self.span();
        let found = match &self.text.text[span.clone()] {
            "" => "the end".to_string(),
            piece => format!("`{}`", short(piece)),
        };
        let repair = self.advice().unwrap_or_else(|| "rewrite the sentence in this form".to_string());
        self.report.add(
            self.code,
            &self.text.at.inside(span),
            format!("{found} in \"{}\"", short(&self.text.text)),
            format!("{expected} here; {}", self.grammar),
            repair,
        );
        None
    }

    /// What to write in place of the next words, where that is known.
    pub(crate) fn advice(&self) -> Option<String> {
        Stopped { code: self.code, text: &self.text.text, pieces: &self.pieces, at: self.at }.advice()
    }

    /// Reports another fault.
    pub(crate) fn fail<T>(
        &mut self,
        code: Code,
        span: Range<usize>,
        found: impl Into<String>,
        allowed: impl Into<String>,
        repair: impl Into<String>,
    ) -> Option<T> {
        self.report.add(code, &self.text.at.inside(span), found, allowed, repair);
        None
    }

    /// A whole number, 0 or more.
    pub(crate) fn count(&mut self, expected: &str) -> Option<f64> {
        match self.peek() {
            Some(Piece::Number(n)) if *n >= 0.0 && *n <= 1e9 && *n == n.trunc() => {
                let n = *n;
                self.skip();
                Some(n)
            }
            _ => self.wrong(expected),
        }
    }

    /// A number and a unit of time, in days.
    pub(crate) fn time(&mut self) -> Option<f64> {
        let expected = "a time such as 12 hours, 7 days, 6 weeks or 18 months";
        let Some(Piece::Number(n)) = self.peek().cloned() else {
            return self.wrong(expected);
        };
        let Some(Piece::Word(word)) = self.ahead(1).cloned() else {
            self.skip();
            return self.wrong(expected);
        };
        match quantity(&format!("{n} {word}")) {
            Ok(q) if q.unit.dimension == Dimension::TIME => {
                self.at += 2;
                Some(q.value)
            }
            _ => {
                self.skip();
                self.wrong(expected)
            }
        }
    }

    /// After `every`: `day`, `week`, or a time.
    pub(crate) fn period(&mut self) -> Option<f64> {
        for (word, days) in [("hour", 1.0 / 24.0), ("day", 1.0), ("week", 7.0), ("month", 30.4375)] {
            if self.eat(word) {
                return Some(days);
            }
        }
        self.time()
    }
}

fn split(text: &str) -> Vec<(Piece<'_>, Range<usize>)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (piece, length) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            ',' => (Piece::Comma, 1),
            '<' | '>' => {
                let length = if rest[1..].starts_with('=') { 2 } else { 1 };
                (Piece::Word(&rest[..length]), length)
            }
            '-' | '–' => (Piece::Dash, c.len_utf8()),
            c if c.is_ascii_digit() || c == '.' => {
                let length = number_length(rest);
                match rest[..length].parse::<f64>() {
                    Ok(x) if x.is_finite() => (Piece::Number(x), length),
                    _ => word(rest),
                }
            }
            _ => word(rest),
        };
        pieces.push((piece, at..at + length));
        at += length;
    }
    pieces
}

fn word(rest: &str) -> (Piece<'_>, usize) {
    let end = rest.find(|c: char| c.is_whitespace() || ",<>".contains(c)).unwrap_or(rest.len());
    (Piece::Word(&rest[..end]), end)
}
