//! Visit times as a sentence: `"every 6 weeks until 18 months, then every 12 weeks, within 7 days"`.

use crate::problem::{Code, Report};
use crate::regimen::time;
use crate::resolved::Visits;
use crate::sentence::{Piece, SHORTEST, Sentence};
use crate::tree::{Text, short};
use crate::units::number;

const GRAMMAR: &str = "visits are `every 6 weeks [until 18 months, then every 12 weeks] [, within 7 days]`";

/// Most visits of one patient.
const MOST: f64 = 100_000.0;

/// Reads the sentence; `horizon` (days) bounds the number of visits.
pub(crate) fn visits(text: &Text, horizon: Option<f64>, report: &mut Report) -> Option<Visits> {
    let mut s = Sentence::new(text, Code::VisitsSentence, GRAMMAR, report);
    let mut spacing: Vec<(f64, f64)> = Vec::new();
    let mut from = Some(0.0);
    let mut window = None;
    while let Some(start) = from {
        if !s.eat("every") {
            return s.wrong("`every`");
        }
        let span = s.span();
        let every = s.period()?;
        if every < SHORTEST {
            return s.fail(
                Code::VisitsSentence,
                span,
                format!("every {} days", number(every)),
                "a spacing of at least 1 minute",
                "correct the spacing",
            );
        }
        spacing.push((start, every));
        from = None;
        let span = s.span();
        if s.eat("until") {
            let until = s.time()?;
            if until <= start {
                let found = format!("until {} days after {} days", number(until), number(start));
                let allowed = "times that grow from left to right";
                return s.fail(Code::VisitsSentence, span, found, allowed, "correct the times");
            }
            s.eat_comma();
            if !s.eat("then") {
                return s.wrong("`then every ...` after `until`");
            }
            from = Some(until);
        }
    }
    s.eat_comma();
    let window_span = s.span();
    if s.eat("within") {
        window = Some(s.time()?);
    }
    if s.peek().is_some_and(|p| *p != Piece::Comma) || s.eat_comma() {
        return s.wrong("`until`, `within` or the end");
    }
    let smallest = spacing.iter().map(|s| s.1).fold(f64::INFINITY, f64::min);
    let window = window.unwrap_or(0.0);
    if window != window.trunc() {
        return s.fail(
            Code::Window,
            window_span,
            format!("within {}", time(window)),
            "a whole number of days, since visits move by whole days",
            "write, for example, `within 7 days`, or leave the window out",
        );
    }
    if window >= smallest / 2.0 {
        return s.fail(
            Code::Window,
            window_span,
            format!("within {} of visits every {}", time(window), time(smallest)),
            "less than half the smallest spacing, so that visits keep their order",
            "narrow the window",
        );
    }
    let count = visits_until(&spacing, horizon.unwrap_or(0.0));
    if count > MOST {
        let found = format!("{} visits in \"{}\"", number(libm::round(count)), short(&text.text));
        let allowed = "at most 100,000 visits of a patient";
        return s.fail(Code::VisitsSentence, 0..text.text.len(), found, allowed, "space the visits");
    }
    Some(Visits { spacing, window })
}

/// Number of visits before the horizon, about.
fn visits_until(spacing: &[(f64, f64)], horizon: f64) -> f64 {
    let ends = spacing.iter().skip(1).map(|s| s.0).chain([f64::INFINITY]);
    spacing.iter().zip(ends).map(|(s, end)| (end.min(horizon) - s.0).max(0.0) / s.1).sum()
}

/// The visits as a sentence that reads back as the same visits.
pub fn visits_in_words(visits: &Visits) -> String {
    let mut out = String::new();
    for (k, (from, every)) in visits.spacing.iter().enumerate() {
        if k > 0 {
            out += &format!(" until {}, then ", time(*from));
        }
        out += &match time(*every).as_str() {
            "1 day" => "every day".to_string(),
            other => format!("every {other}"),
        };
    }
    if visits.window > 0.0 {
        out += &format!(", within {}", time(visits.window));
    }
    out
}
