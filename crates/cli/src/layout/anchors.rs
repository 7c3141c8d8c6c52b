//! Which line a comment belongs to.
//!
//! Each comment goes to exactly one anchor: a header, a key, an item of a list, the bracket that ends a list, or the end of
//! the file. On the line of a value it stays beside it. On lines of its own it belongs to what follows, unless it hangs right
//! below a key and a blank line comes after it. A block at the top of the file that is set apart stays at the top.

use std::ops::Range;

/// What a line of the layout is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[section]`
    Header,
    /// `key = value`
    Key,
    /// Item of a list over several lines.
    Item,
    /// Its closing bracket.
    End,
}

/// Bytes of the source that a line is made of.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// From the first byte of the header, key or item to the end of its value.
    pub span: Range<usize>,
    /// What it is.
    pub kind: Kind,
}

/// Comments of one anchor; `None` is a blank line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Note {
    /// On lines before.
    pub above: Vec<Option<String>>,
    /// On its line.
    pub beside: Vec<String>,
    /// On lines right after.
    pub below: Vec<String>,
}

/// Where every comment goes.
#[derive(Debug, Default)]
pub struct Notes {
    /// At the top of the file, before a blank line.
    pub head: Vec<String>,
    /// One for each anchor.
    pub of: Vec<Note>,
    /// At the end of the file.
    pub end: Vec<Option<String>>,
}

/// Gives every comment a place.
pub fn attach(text: &str, comments: &[Range<usize>], anchors: &[Anchor]) -> Notes {
    let mut notes = Notes { of: vec![Note::default(); anchors.len()], ..Notes::default() };
    let mut order: Vec<usize> = (0..anchors.len()).collect();
    // A header comes before the keys that start where it does.
    order
        .sort_by_key(|k| (anchors[*k].span.start, anchors[*k].kind != Kind::Header, usize::MAX - anchors[*k].span.end));
    let source = Source { text };
    let mut loose: Vec<(usize, Option<usize>)> = Vec::new();
    for (n, c) in comments.iter().enumerate() {
        let words = text[c.clone()].trim_end().to_string();
        let line = source.line_start(c.start);
        if !source.own_line(c.start)
            && let Some(k) = beside(anchors, line, c.start)
        {
            notes.of[k].beside.push(words);
            continue;
        }
        if let Some(k) = hanging(&source, comments, n, anchors) {
            notes.of[k].below.push(words);
            continue;
        }
        let inside = innermost(anchors, c.start);
        // An item is one line: what stands inside it belongs to it.
        let within = |k: usize| {
            inside.is_none_or(|i| anchors[i].kind != Kind::Item && anchors[k].span.end <= anchors[i].span.end)
        };
        let next = order.iter().copied().find(|k| anchors[*k].span.start > c.start && within(*k));
        loose.push((n, next.or(inside)));
    }
    for (n, target) in &loose {
        let c = &comments[*n];
        let list = match target {
            Some(k) => &mut notes.of[*k].above,
            None => &mut notes.end,
        };
        if source.own_line(c.start) && source.blank_before(c.start) {
            list.push(None);
        }
        list.push(Some(text[c.clone()].trim_end().to_string()));
    }
    for (k, anchor) in anchors.iter().enumerate() {
        if source.blank_before(anchor.span.start) && matches!(anchor.kind, Kind::Header | Kind::Key) {
            notes.of[k].above.push(None);
        }
    }
    head(&mut notes, order.first().copied());
    notes
}

/// Moves a block at the top, set apart by a blank line, out of what comes first.
fn head(notes: &mut Notes, first: Option<usize>) {
    let Some(first) = first else { return };
    let above = &mut notes.of[first].above;
    let Some(cut) = above.iter().rposition(Option::is_none).filter(|cut| above[..*cut].iter().any(Option::is_some))
    else {
        return;
    };
    let block: Vec<Option<String>> = above.drain(..=cut).collect();
    let start = block.iter().position(Option::is_some).unwrap_or(0);
    let end = block.iter().rposition(Option::is_some).map_or(start, |e| e + 1);
    notes.head = block[start..end].iter().map(|l| l.clone().unwrap_or_default()).collect();
}

/// The anchor that ends on this line before the comment; the innermost where several do.
fn beside(anchors: &[Anchor], line: usize, at: usize) -> Option<usize> {
    let ends = |a: &Anchor| a.span.end > line && a.span.end <= at && a.span.end > a.span.start;
    let found = anchors.iter().enumerate().filter(|(_, a)| ends(a));
    // At a closing bracket the end of the list and its key end together: the bracket's line is where it stands.
    found.max_by_key(|(_, a)| (a.span.end, a.span.start)).map(|(k, _)| k)
}

/// The smallest anchor around a place.
fn innermost(anchors: &[Anchor], at: usize) -> Option<usize> {
    let around = anchors.iter().enumerate().filter(|(_, a)| a.span.start < at && at < a.span.end);
    around.min_by_key(|(_, a)| (a.span.end - a.span.start, a.kind != Kind::Item)).map(|(k, _)| k)
}

/// The key under which a block of comments hangs, with a blank line or the file's end after it.
fn hanging(source: &Source<'_>, comments: &[Range<usize>], n: usize, anchors: &[Anchor]) -> Option<usize> {
    if innermost(anchors, comments[n].start).is_some() || !source.own_line(comments[n].start) {
        return None;
    }
    let joined = |a: usize, b: usize| {
        source.own_line(comments[b].start) && source.text[comments[a].end..comments[b].start].matches('\n').count() == 1
    };
    let (mut first, mut last) = (n, n);
    while first > 0 && joined(first - 1, first) && source.own_line(comments[first - 1].start) {
        first -= 1;
    }
    while last + 1 < comments.len() && joined(last, last + 1) {
        last += 1;
    }
    let after = &source.text[comments[last].end..];
    let ends = after.trim_start_matches([' ', '\t', '\r']);
    let ends = ends.strip_prefix('\n').map(|rest| rest.trim_start_matches([' ', '\t', '\r']));
    if !ends.is_none_or(|rest| rest.is_empty() || rest.starts_with('\n')) {
        return None;
    }
    let start = source.line_start(comments[first].start);
    if start == 0 || source.blank_before(comments[first].start) {
        return None;
    }
    let above = source.line_start(start - 1);
    let key = |a: &Anchor| a.kind == Kind::Key && a.span.end > above && a.span.end <= start;
    let found = anchors.iter().enumerate().filter(|(_, a)| key(a)).max_by_key(|(_, a)| a.span.end)?.0;
    // Below a list over several lines it would land inside it.
    let closes = |a: &Anchor| a.kind == Kind::End && a.span.end == anchors[found].span.end;
    match anchors.iter().position(closes) {
        Some(end) => Some(end),
        None => Some(found),
    }
}

struct Source<'t> {
    text: &'t str,
}

impl Source<'_> {
    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |n| n + 1)
    }

    /// Nothing but space stands before it on its line.
    fn own_line(&self, at: usize) -> bool {
        self.text[self.line_start(at)..at].trim().is_empty()
    }

    /// The line before is blank.
    fn blank_before(&self, at: usize) -> bool {
        let start = self.line_start(at);
        start > 0 && self.own_line(at) && self.text[self.line_start(start - 1)..start].trim().is_empty()
    }
}
