//! Model, study and regimen files in one layout, with every comment and every number as it was written.
//!
//! Sections and their keys stand in the order of `spec/model.md` ([`remission_model::format`]); names that the writer chose keep
//! the writer's order, since cell types and parameters are numbered by it. One header a section, parameters one a line, one
//! space around `=`, a blank line between sections, and blank lines between keys where the writer left them. Values are
//! copied from the text, byte for byte. `=` is not aligned: one longer name would move every line.
//!
//! [`arrange`] checks its own work: the text it gives must hold the same values and the same comments, or there is none.

mod anchors;
mod comments;
#[cfg(test)]
mod tests;
mod value;

use anchors::{Anchor, Kind};
use remission_model::format::{Key, MODEL, Object, REGIMENS, STUDY, Value};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value with its place.
type Node<'a> = Spanned<DeValue<'a>>;

/// `text` in the layout, or why it was left alone. `text` must be TOML.
pub fn arrange(text: &str) -> Result<String, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table = DeTable::parse(text).map_err(|e| e.message().to_string())?;
    let table = table.get_ref();
    let mut plan = Plan { text, comments: comments::comments(text), anchors: Vec::new(), lines: Vec::new() };
    plan.file(table, object_of(table));
    let notes = anchors::attach(text, &plan.comments, &plan.anchors);
    let out = plan.write(&notes);
    check(text, &out)?;
    Ok(out)
}

/// Which file it is, by its sections.
fn object_of(table: &DeTable<'_>) -> &'static Object {
    if table.contains_key("study") || table.contains_key("arms") {
        &STUDY
    } else if table.contains_key("regimens") {
        &REGIMENS
    } else {
        &MODEL
    }
}

/// The same values and the same comments.
fn check(before: &str, after: &str) -> Result<(), String> {
    let values = |text: &str| text.parse::<toml::Table>().map(|t| format!("{t:?}")).map_err(|e| e.to_string());
    let words = |text: &str| {
        let mut all: Vec<String> =
            comments::comments(text).into_iter().map(|c| text[c].trim_end().to_string()).collect();
        all.sort();
        all
    };
    if values(before)? != values(after)? {
        return Err("its values would change".into());
    }
    if words(before) != words(after) {
        return Err("a comment would be lost".into());
    }
    Ok(())
}

/// What will be written, in order; each line is made of anchors of the source.
struct Plan<'a> {
    text: &'a str,
    comments: Vec<Range<usize>>,
    anchors: Vec<Anchor>,
    lines: Vec<Line>,
}

/// A line of the layout.
enum Line {
    /// `[path]` or `[[path]]`.
    Header { anchor: Option<usize>, text: String },
    /// `key = value`, or the first line of a list over several lines.
    Key { anchor: usize, text: String },
    /// One item of such a list.
    Item { anchor: usize, text: String },
    /// The bracket that ends it.
    End { anchor: usize },
}

impl<'a> Plan<'a> {
    fn anchor(&mut self, span: Range<usize>, kind: Kind) -> usize {
        self.anchors.push(Anchor { span, kind });
        self.anchors.len() - 1
    }

    fn file(&mut self, table: &DeTable<'a>, object: &'static Object) {
        let entries = value::entries(table, Some(object));
        // Keys outside of any section must come first.
        let is_section = |v: &Node<'_>| {
            v.get_ref().is_table()
                || v.get_ref().as_array().is_some_and(|a| !a.is_empty() && a.iter().all(|v| v.get_ref().is_table()))
        };
        let (sections, bare): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| is_section(e.node));
        for e in bare {
            self.key(&e, e.key.map(|k| k.value));
        }
        for e in sections {
            let path = value::key_text(e.name);
            let what = e.key.map(|k: &Key| k.value);
            match e.node.get_ref() {
                DeValue::Array(items) => {
                    let object = match what {
                        Some(Value::Objects(o)) => Some(o),
                        _ => None,
                    };
                    for item in items.iter() {
                        if let DeValue::Table(inner) = item.get_ref() {
                            self.section(format!("[[{path}]]"), item, inner, object, None);
                        }
                    }
                }
                DeValue::Table(inner) => self.named(&path, e.node, inner, what),
                _ => {}
            }
        }
    }

    /// A section of the root: one header, or one a name.
    fn named(&mut self, path: &str, node: &Node<'a>, inner: &DeTable<'a>, what: Option<Value>) {
        let kinds = |table: &DeTable<'_>| match what {
            Some(Value::Named(o) | Value::Object(o)) => Some(o),
            Some(Value::Kinds(all)) => {
                let kind = table.get("kind").and_then(|k| k.get_ref().as_str().map(str::to_string));
                all.iter().find(|k| Some(k.0) == kind.as_deref()).map(|k| k.1)
            }
            _ => None,
        };
        let one_a_line = path == "parameters";
        let by_name = matches!(what, Some(Value::Named(_) | Value::Kinds(_))) && !one_a_line;
        let all_tables = !inner.is_empty() && inner.values().all(|v| v.get_ref().is_table());
        if !by_name || !all_tables {
            let entry = if one_a_line { what } else { None };
            let object = if by_name || one_a_line { None } else { kinds(inner) };
            return self.section(format!("[{path}]"), node, inner, object, entry);
        }
        for e in value::entries(inner, None) {
            if let DeValue::Table(table) = e.node.get_ref() {
                self.section(format!("[{path}.{}]", value::key_text(e.name)), e.node, table, kinds(table), None);
            }
        }
    }

    /// A header and its keys; `entry` is what every key holds where keys are names.
    fn section(
        &mut self,
        header: String,
        node: &Node<'a>,
        table: &DeTable<'a>,
        object: Option<&'static Object>,
        entry: Option<Value>,
    ) {
        let span = node.span();
        // Only a table with a header of its own stands at one.
        let own = self.text.get(span.clone()).is_some_and(|t| t.starts_with('[') && t.ends_with(']'));
        let entries = value::entries(table, object);
        let start = entries.iter().map(|e| e.start()).min().unwrap_or(span.start);
        let span = if own { span } else { start..start };
        let anchor = self.anchor(span, Kind::Header);
        self.lines.push(Line::Header { anchor: Some(anchor), text: header });
        for e in entries {
            let what = e.key.map(|k| k.value).or(match entry {
                Some(Value::Named(o)) => Some(Value::Object(o)),
                other => other,
            });
            self.key(&e, what);
        }
    }

    fn key(&mut self, e: &value::Entry<'_, 'a>, what: Option<Value>) {
        let span = e.span();
        let commented = |r: &Range<usize>| self.comments.iter().any(|c| r.start < c.start && c.start < r.end);
        let name = value::key_text(e.name);
        let one = format!("{name} = {}", value::inline(self.text, e.node, what));
        let items = match e.node.get_ref() {
            DeValue::Array(items) if !items.is_empty() => items,
            _ => {
                let anchor = self.anchor(span, Kind::Key);
                return self.lines.push(Line::Key { anchor, text: one });
            }
        };
        let tables = items.iter().all(|i| i.get_ref().is_table());
        let wide = one.chars().count() > value::WIDTH;
        let list = value::extent(e.node);
        if !(commented(&list) || items.len() > 1 && (tables || wide)) {
            let anchor = self.anchor(span, Kind::Key);
            return self.lines.push(Line::Key { anchor, text: one });
        }
        let inner = match what {
            Some(Value::Objects(o) | Value::ObjectOrObjects(o)) => Some(Value::Object(o)),
            _ => None,
        };
        let anchor = self.anchor(span.clone(), Kind::Key);
        self.lines.push(Line::Key { anchor, text: format!("{name} = [") });
        for item in items.iter() {
            let anchor = self.anchor(value::extent(item), Kind::Item);
            self.lines.push(Line::Item { anchor, text: value::inline(self.text, item, inner) });
        }
        let anchor = self.anchor(span.end.saturating_sub(1)..span.end, Kind::End);
        self.lines.push(Line::End { anchor });
    }

    fn write(&self, notes: &anchors::Notes) -> String {
        let mut out = String::new();
        for line in &notes.head {
            out += line;
            out.push('\n');
        }
        if !notes.head.is_empty() {
            out.push('\n');
        }
        let mut after_header = true;
        for line in &self.lines {
            let (anchor, indent, text) = match line {
                Line::Header { anchor, text } => (*anchor, "", text.clone()),
                Line::Key { anchor, text } => (Some(*anchor), "", text.clone()),
                Line::Item { anchor, text } => (Some(*anchor), "    ", format!("{text},")),
                Line::End { anchor } => (Some(*anchor), "", "]".to_string()),
            };
            let note = anchor.map(|a| &notes.of[a]);
            let header = matches!(line, Line::Header { .. });
            // A blank line before every header, and where the writer left one between keys.
            if header && !out.is_empty() && !out.ends_with("\n\n") {
                out.push('\n');
            }
            let inside = if matches!(line, Line::End { .. }) { "    " } else { indent };
            let mut first = header || after_header || matches!(line, Line::Item { .. } | Line::End { .. });
            for above in note.map_or(&[][..], |n| &n.above) {
                match above {
                    None if first || out.ends_with("\n\n") => {}
                    None => out.push('\n'),
                    Some(comment) => out += &format!("{inside}{comment}\n"),
                }
                first = false;
            }
            out += indent;
            out += &text;
            let beside = note.map_or(&[][..], |n| &n.beside);
            if let Some(last) = beside.last() {
                out += "  ";
                out += last;
            }
            out.push('\n');
            // Only one comment fits beside a line.
            for more in beside.iter().rev().skip(1).rev() {
                out += &format!("{indent}{more}\n");
            }
            for below in note.map_or(&[][..], |n| &n.below) {
                out += &format!("{indent}{below}\n");
            }
            after_header = header;
        }
        for (k, line) in notes.end.iter().enumerate() {
            match line {
                None if k == 0 && out.is_empty() || out.ends_with("\n\n") => {}
                None => out.push('\n'),
                Some(comment) => out += &format!("{comment}\n"),
            }
        }
        let end = out.trim_end().len();
        out.truncate(end);
        out.push('\n');
        out
    }
}
