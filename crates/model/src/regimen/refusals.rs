//! What regimen sentences refuse before they are read on: a second drug, and routes that are not the drug's.

use super::route_key;
use crate::problem::Code;
use crate::resolved::{Drug, Model};
use crate::sentence::{Piece, Sentence};
use crate::tree::short;
use std::ops::Range;

/// Refuses a second drug, and splits the sentence where it begins.
pub(super) fn one_drug(s: &mut Sentence<'_, '_>, model: &Model) -> Option<()> {
    let grammar = ["on", "once", "daily", "every", "for", "from", "until"];
    let known =
        |p: &Piece<'_>| matches!(p, Piece::Word(w) if model.drugs.iter().any(|d| d.name == *w) && !grammar.contains(w));
    let pieces = s.pieces();
    let joins = |p: &Piece<'_>| matches!(p, Piece::Comma | Piece::Word("and" | "then" | "plus" | "+" | "with" | "&"));
    let later = pieces.iter().enumerate().skip(2).find(|(k, p)| known(&p.0) && joins(&pieces[k - 1].0));
    let (Some((k, (piece, span))), true) = (later, pieces.first().is_some_and(|p| known(&p.0))) else {
        return Some(());
    };
    let said =
        |p: &(Piece<'_>, Range<usize>)| matches!(p.0, Piece::Word("on" | "every" | "once" | "daily" | "held" | "from"));
    let end = pieces[..k].iter().rposition(|p| !joins(&p.0)).map_or(0, |j| pieces[j].1.end);
    let (mut first, second) = (s.text.text[..end].trim().to_string(), s.text.text[span.start..].trim().to_string());
    // `a 1 mg and b 2 mg every day`, `a 1 mg on days 1-2 and b 2 mg on days 1-3, every 7 days`
    let shared = match pieces[..k].iter().any(said) {
        false => pieces[k..].iter().find(|p| said(p)),
        true if !pieces[..k]
            .iter()
            .any(|p| matches!(p.0, Piece::Word("every" | "once" | "daily" | "held" | "from"))) =>
        {
            pieces[k..].iter().find(|p| p.0 == Piece::Word("every"))
        }
        true => None,
    };
    if let Some((_, span)) = shared {
        let comma = if pieces[..k].iter().any(said) { "," } else { "" };
        first += &format!("{comma} {}", s.text.text[span.start..].trim());
    }
    let found = format!("a second drug, `{}`", short(&s.text.text[span.clone()]));
    let repair = format!("write a list of two sentences: [\"{}\", \"{}\"]", short(&first), short(&second));
    let same = *piece == pieces[0].0 && pieces[k - 1].0 == Piece::Word("and");
    let repair = if same { format!("leave the second `{}` out, or {repair}", drug_word(piece)) } else { repair };
    let span = span.clone();
    s.fail(Code::Sentence, span, found, "one drug a sentence", repair)
}

fn drug_word<'a>(piece: &Piece<'a>) -> &'a str {
    match piece {
        Piece::Word(w) => w,
        _ => "",
    }
}

pub(super) fn at_once<T>(s: &mut Sentence<'_, '_>, drug: &Drug, span: Range<usize>, word: &str) -> Option<T> {
    let found = format!("`{word}` for `{}`, whose route is kpd", drug.name);
    let allowed = "an amount and when it is given: doses of a kpd drug are given at once";
    let out = if word == "over" { "`over` and its time" } else { &format!("`{word}`") };
    s.fail(Code::RouteMismatch, span, found, allowed, format!("leave {out} out"))
}

/// Words for routes that sentences do not have, against the route of the drug.
pub(super) fn other_route(s: &mut Sentence<'_, '_>, drug: &Drug) -> Option<()> {
    let Some(Piece::Word(word)) = s.peek().cloned() else { return Some(()) };
    let own = route_key(&drug.route);
    let meant = match word.to_lowercase().as_str() {
        "iv" | "i.v." | "intravenous" | "intravenously" | "infused" => ["bolus", "infusion"],
        "po" | "p.o." | "orally" | "tablet" | "tablets" | "capsule" => ["oral", "oral"],
        "sc" | "s.c." | "subcutaneous" | "im" | "intramuscular" => ["oral", "oral"],
        "kpd" => ["kpd", "kpd"],
        _ => return Some(()),
    };
    let span = s.span();
    let found = format!("`{word}` for `{}`", drug.name);
    let allowed = format!("`{}`, the route of `{}` in the model", own, drug.name);
    let repair = match own {
        "kpd" => format!("leave `{word}` out: doses of a kpd drug are given at once"),
        own if !meant.contains(&own) => {
            format!("leave `{word}` out, or change `route` of `{}` in the model", drug.name)
        }
        "infusion" => format!("for `{word}` write `infusion over <time>`"),
        own => format!("for `{word}` write `{own}`"),
    };
    let code = if meant.contains(&own) { Code::Sentence } else { Code::RouteMismatch };
    s.fail(code, span, found, allowed, repair)
}
