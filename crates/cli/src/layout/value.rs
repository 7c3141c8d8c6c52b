//! Values on one line, and the order of keys.

use super::Node;
use remission_model::format::{Key, Object, Value};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Longest line on which a list of several items is kept, characters.
pub const WIDTH: usize = 120;

/// A key with its value.
pub struct Entry<'t, 'a> {
    /// Name.
    pub name: &'t str,
    /// Value.
    pub node: &'t Node<'a>,
    /// What the format says about it.
    pub key: Option<&'static Key>,
    at: Range<usize>,
}

impl Entry<'_, '_> {
    /// First byte of key or header.
    pub fn start(&self) -> usize {
        self.span().start
    }

    /// Bytes from the key, or the header, to the end of the value.
    pub fn span(&self) -> Range<usize> {
        let value = extent(self.node);
        self.at.start.min(value.start)..self.at.end.max(value.end)
    }
}

/// The entries in the order of the format, those it does not know and those with names of the writer's in the order of the text.
pub fn entries<'t, 'a>(table: &'t DeTable<'a>, object: Option<&'static Object>) -> Vec<Entry<'t, 'a>> {
    let mut out: Vec<(usize, Entry<'t, 'a>)> = table
        .iter()
        .map(|(key, node): (&Spanned<DeString<'a>>, _)| {
            let name: &str = key.get_ref().as_ref();
            let rank = object.and_then(|o| o.keys.iter().position(|k| k.name == name));
            let known = rank.and_then(|r| object.map(|o| &o.keys[r]));
            (rank.unwrap_or(usize::MAX), Entry { name, node, key: known, at: key.span() })
        })
        .collect();
    out.sort_by_key(|(rank, e)| (*rank, e.at.start));
    out.into_iter().map(|e| e.1).collect()
}

/// Bytes of a value with everything that belongs to it: a table may be written over several headers or dotted keys.
pub fn extent(node: &Node<'_>) -> Range<usize> {
    let mut all = node.span();
    let mut add = |r: Range<usize>| all = all.start.min(r.start)..all.end.max(r.end);
    match node.get_ref() {
        DeValue::Table(table) => {
            for (key, value) in table.iter() {
                add(key.span());
                add(extent(value));
            }
        }
        DeValue::Array(items) => items.iter().for_each(|i| add(extent(i))),
        _ => {}
    }
    all
}

/// A key as it must be written.
pub fn key_text(name: &str) -> String {
    let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare { name.to_string() } else { toml::Value::String(name.to_string()).to_string() }
}

/// A value on one line, its parts as written.
pub fn inline(text: &str, node: &Node<'_>, what: Option<Value>) -> String {
    match node.get_ref() {
        DeValue::Table(table) => {
            let object = match what {
                Some(Value::Object(o) | Value::ObjectOrObjects(o)) => Some(o),
                _ => None,
            };
            let parts: Vec<String> = entries(table, object)
                .iter()
                .map(|e| format!("{} = {}", key_text(e.name), inline(text, e.node, e.key.map(|k| k.value))))
                .collect();
            if parts.is_empty() { "{}".into() } else { format!("{{ {} }}", parts.join(", ")) }
        }
        DeValue::Array(items) => {
            let inner = match what {
                Some(Value::Objects(o) | Value::ObjectOrObjects(o)) => Some(Value::Object(o)),
                _ => None,
            };
            let parts: Vec<String> = items.iter().map(|i| inline(text, i, inner)).collect();
            format!("[{}]", parts.join(", "))
        }
        _ => text.get(node.span()).unwrap_or_default().to_string(),
    }
}
