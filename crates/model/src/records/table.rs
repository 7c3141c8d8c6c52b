//! Comma-separated text as lines of cells, each with its place; what belongs to the format and not yet to doses.
//!
//! Cells may stand in double quotes (RFC 4180, without line breaks inside). A byte order mark and CRLF are accepted, empty
//! lines and lines that begin with `#` are passed over, as by NONMEM's `IGNORE=#`.

use super::MAX_COLUMNS;
use crate::problem::{Code, Place, Report};
use crate::tree::short;
use std::ops::Range;

/// Most problems of one table that are said; the rest is counted.
const MOST_SAID: usize = 20;

/// A line with its cells: bytes within the file, spaces and quotes taken off.
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) span: Range<usize>,
    pub(super) cells: Vec<Range<usize>>,
    /// A quote that is not closed, or text beside quotes.
    pub(super) broken: bool,
}

/// Lines that hold something, the header among them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> + '_ {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut at = start;
    text[start..].split('\n').enumerate().filter_map(move |(k, whole)| {
        let from = at;
        at += whole.len() + 1;
        let content = whole.strip_suffix('\r').unwrap_or(whole);
        if content.trim().is_empty() || content.starts_with('#') {
            return None;
        }
        let (cells, broken) = cells(content, from);
        Some(Line { number: k + 1, span: from..from + content.len(), cells, broken })
    })
}

fn cells(content: &str, from: usize) -> (Vec<Range<usize>>, bool) {
    let (mut out, mut broken, mut start) = (Vec::new(), false, 0);
    loop {
        let rest = &content[start..];
        let lead = rest.len() - rest.trim_start().len();
        let quoted = rest[lead..].strip_prefix('"');
        // Where the cell's content ends, and where the comma behind it is.
        let (inner, end) = match quoted {
            Some(inside) => match inside.find('"') {
                Some(close) => {
                    let after = start + lead + 1 + close + 1;
                    let comma = content[after..].find(',').map_or(content.len(), |c| after + c);
                    broken |= !content[after..comma].trim().is_empty();
                    (start + lead + 1..start + lead + 1 + close, comma)
                }
                None => {
                    broken = true;
                    (start + lead..content.len(), content.len())
                }
            },
            None => {
                let comma = rest.find(',').map_or(content.len(), |c| start + c);
                (start..comma, comma)
            }
        };
        let cell = &content[inner.clone()];
        let trimmed = cell.trim();
        let first = inner.start + (cell.len() - cell.trim_start().len());
        out.push(from + first..from + first + trimmed.len());
        // What has more cells than a table may have is refused by whoever counts them.
        if end >= content.len() || out.len() > MAX_COLUMNS {
            return (out, broken);
        }
        start = end + 1;
    }
}

/// Problems of one table: the first twenty are said, the others counted.
pub(super) struct Faults<'r> {
    report: &'r mut Report,
    found: usize,
}

impl<'r> Faults<'r> {
    pub(super) fn new(report: &'r mut Report) -> Self {
        Faults { report, found: 0 }
    }

    /// Counts a problem, and gives where to say it while there are few.
    pub(super) fn one_more(&mut self) -> Option<&mut Report> {
        self.found += 1;
        (self.found <= MOST_SAID).then_some(&mut *self.report)
    }

    /// A problem of a line, and of a column where it is about one.
    pub(super) fn add(&mut self, code: Code, line: &Line, cell: Option<(&str, Range<usize>)>, said: [String; 3]) {
        let Some(report) = self.one_more() else { return };
        let at = match cell {
            Some((column, span)) => place(line, column, span),
            None => Place { span: line.span.clone(), path: format!("line {}", line.number), content: None },
        };
        let [found, allowed, repair] = said;
        report.add(code, &at, found, allowed, repair);
    }

    /// True when nothing was wrong; says how many problems were not said.
    pub(super) fn finish(self) -> bool {
        if self.found > MOST_SAID {
            let more = self.found - MOST_SAID;
            let noun = if more == 1 { "problem" } else { "problems" };
            self.report.add_to_last(&format!(" (and {more} more {noun} of this table)"));
        }
        self.found == 0
    }
}

/// A cell of a line; an empty one has no bytes to show.
pub(super) fn place(line: &Line, column: &str, cell: Range<usize>) -> Place {
    let span = if cell.is_empty() { line.span.clone() } else { cell };
    Place { span, path: format!("line {}, column {column}", line.number), content: None }
}

/// A cell as a message shows it.
pub(super) fn quoted(cell: &str) -> String {
    format!("\"{}\"", short(cell).escape_debug())
}
