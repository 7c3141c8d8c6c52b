//! Problems of files as a person sees them: the line at fault, what was found, what is allowed, what to do.

use crate::load::Source;
use ariadne::{Color, Config, IndexType, Label, Report, ReportKind};
use remission_model::Problems;
use std::io::IsTerminal;
use std::ops::Range;

/// Longest excerpt that is shown, bytes.
const LONGEST: usize = 20_000;
/// Lines before an excerpt up to which the margin counts them.
const MOST_PADDED: usize = 10_000;

/// Renders all problems with the lines they are about, for stderr.
pub fn render(problems: &Problems, sources: &[Source]) -> String {
    let colour = std::io::stderr().is_terminal();
    let mut out = Vec::new();
    for problem in &problems.0 {
        let text = sources.iter().find(|s| s.shown == problem.file).map_or("", |s| s.text.as_str());
        let Some((lines, above, span)) = excerpt(text, problem.span.clone()) else {
            out.extend_from_slice(format!("{problem}\n").as_bytes());
            continue;
        };
        // Lines are numbered in the margin from the source's own first one.
        let padding = if above <= MOST_PADDED { above } else { 0 };
        let lines = "\n".repeat(padding) + lines;
        let span = (problem.file.as_str(), span.start + padding..span.end + padding);
        let title = match problem.where_.as_str() {
            "" => problem.code.title().to_string(),
            path => format!("{}: `{path}`", problem.code.title()),
        };
        let mut help = problem.repair.clone();
        if !problem.near.is_empty() && !problem.near.iter().any(|n| help.contains(n.as_str())) {
            help = format!("{help}; did you mean {}?", problem.near.join(" or "));
        }
        let report = Report::build(ReportKind::Error, span.clone())
            .with_config(Config::default().with_color(colour).with_index_type(IndexType::Byte))
            .with_code(problem.code.text())
            .with_message(title)
            .with_label(Label::new(span).with_message(&problem.found).with_color(Color::Red))
            .with_note(format!("allowed: {}", problem.allowed))
            .with_help(help)
            .finish();
        let cache = (problem.file.as_str(), ariadne::Source::from(lines).with_display_line_offset(above - padding));
        if report.write(cache, &mut out).is_err() {
            out.extend_from_slice(problem.to_string().as_bytes());
        }
    }
    let count = problems.0.len();
    let noun = if count == 1 { "problem" } else { "problems" };
    let count = match unsaid(problems) {
        0 => count.to_string(),
        more => format!("{count} of {}", count + more),
    };
    format!("{}{count} {noun}; nothing was run\n{}", String::from_utf8_lossy(&out), more(problems))
}

/// The lines that a problem is about, how many come before them, and its bytes within them; nothing where they are too long to
/// be shown. A picture of a large file would be made anew for each problem.
fn excerpt(text: &str, span: Range<usize>) -> Option<(&str, usize, Range<usize>)> {
    let (start, end) = (span.start.min(text.len()), span.end.min(text.len()));
    let (before, behind) = (text.as_bytes().get(..start)?, text.as_bytes().get(end..)?);
    let newline = |b: &u8| *b == b'\n';
    let from = before.iter().rposition(newline).map_or(0, |n| n + 1);
    let to = behind.iter().position(newline).map_or(text.len(), |n| end + n);
    let lines = text.get(from..to).filter(|l| l.len() <= LONGEST)?;
    Some((lines, before.iter().filter(|b| newline(b)).count(), start - from..end - from))
}

/// Problems of tables that were counted and not said: `... (and 20 more problems of this table)`.
fn unsaid(problems: &Problems) -> usize {
    let of_one = |repair: &str| {
        let (_, tail) = repair.strip_suffix(" of this table)")?.rsplit_once(" (and ")?;
        tail.split(' ').next()?.parse::<usize>().ok()
    };
    problems.0.iter().filter_map(|p| of_one(&p.repair)).sum()
}

/// Where the pages of the codes are.
fn more(problems: &Problems) -> String {
    let mut codes: Vec<&str> = problems.0.iter().map(|p| p.code.text()).collect();
    codes.sort_unstable();
    codes.dedup();
    let others = match codes.get(1..).unwrap_or_default() {
        [] => String::new(),
        [one] => format!(" (or {one})"),
        some => format!(" (or {}{})", some[..some.len().min(4)].join(", "), if some.len() > 4 { ", ..." } else { "" }),
    };
    codes.first().map_or(String::new(), |first| format!("`remission explain {first}`{others} says more"))
}
