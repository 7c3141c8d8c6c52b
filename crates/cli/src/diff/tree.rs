//! The tree that is compared, from the text as resolved.

use remission_model::units::{number, unit};
use std::collections::BTreeMap;
use toml::{Table, Value};

/// A value of the tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A text or a number, as text.
    Leaf(String),
    /// Values without names; sentences are sorted, since they run side by side.
    List(Vec<String>),
    /// Values under names, in the order of the text.
    Map(Vec<(String, Node)>),
}

/// The value under a name.
pub fn get<'n>(map: &'n [(String, Node)], name: &str) -> Option<&'n Node> {
    map.iter().find(|(n, _)| n == name).map(|(_, v)| v)
}

impl Node {
    /// The text of a leaf.
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::Leaf(text) => Some(text),
            _ => None,
        }
    }
}

/// Sections in the order of the format.
const SECTIONS: [&str; 9] =
    ["model", "parameters", "tables", "cells", "levels", "drugs", "before_treatment", "measurements", "death"];

/// The tree of a model's text as resolved, and of its study's.
pub fn tree(model: &str, study: Option<&str>) -> Result<Node, toml::de::Error> {
    let mut root: Table = model.parse()?;
    if let Some(study) = study {
        let study: Table = study.parse()?;
        root.extend(study);
    }
    Ok(from_table(&root))
}

/// The tree of a table as resolved.
pub fn from_table(root: &Table) -> Node {
    let Node::Map(mut map) = node("", "", &Value::Table(root.clone())) else { return Node::Map(Vec::new()) };
    let rank = |key: &str| SECTIONS.iter().position(|s| *s == key).unwrap_or(SECTIONS.len());
    map.sort_by_key(|(key, _)| rank(key));
    let first = root.get("arms").and_then(|a| a.get(0)).and_then(|a| a.get("name")).and_then(Value::as_str);
    if let Some(first) = first {
        map.push(("first arm".into(), Node::Leaf(first.into())));
    }
    Node::Map(map)
}

/// `section` is the section at the root, `key` the nearest key.
fn node(section: &str, key: &str, value: &Value) -> Node {
    match value {
        Value::Table(table) => {
            let inside = |k: &str| if section.is_empty() { k.to_string() } else { section.to_string() };
            let all = table.iter().map(|(k, v)| (k.clone(), node(&inside(k), k, v)));
            Node::Map(if section == "parameters" && table.contains_key("value") { basis(all) } else { all.collect() })
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_table) => {
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            let one = |(k, item): (usize, &Value)| {
                let name = identity(item, k + 1);
                let times = seen.entry(name.clone()).or_default();
                *times += 1;
                let name = if *times > 1 { format!("{name} ({times})") } else { name };
                (name, node(section, key, item))
            };
            Node::Map(items.iter().enumerate().map(one).collect())
        }
        // An empty list of sections is no section.
        Value::Array(items) if items.is_empty() && ["mutates", "switches", "citations"].contains(&key) => {
            Node::Map(Vec::new())
        }
        Value::Array(items) => {
            let mut list: Vec<String> = items.iter().map(text).collect();
            if section == "arms" || section == "regimens" {
                list.sort();
            }
            Node::List(list)
        }
        other if key == "unit" || key == "felt_as" => Node::Leaf(measures(&text(other))),
        other => Node::Leaf(text(other)),
    }
}

/// Source, fit and assumption are one thing: what the number rests on.
fn basis(all: impl Iterator<Item = (String, Node)>) -> Vec<(String, Node)> {
    let mut out = Vec::new();
    for (key, value) in all {
        match (key.as_str(), &value) {
            ("fitted" | "assumed", Node::Leaf(words)) => {
                out.push(("basis".into(), Node::Leaf(format!("{key}: {words}"))))
            }
            ("source", Node::Map(parts)) => {
                let part = |(k, v): &(String, Node)| format!("{k} {}", v.text().unwrap_or_default());
                let parts: Vec<String> = parts.iter().map(part).collect();
                out.push(("basis".into(), Node::Leaf(format!("source: {}", parts.join(", ")))));
            }
            _ => out.push((key, value)),
        }
    }
    out
}

/// A unit for printing stands for what it measures: micrograms and grams are the same quantity.
fn measures(unit_text: &str) -> String {
    unit(unit_text).map_or(unit_text.to_string(), |u| u.dimension.to_string())
}

/// What an item of a list is called: `name`, or where it leads to and how, or its place in the list.
fn identity(item: &Value, place: usize) -> String {
    let get = |key: &str| item.get(key).and_then(Value::as_str);
    if let Some(name) = get("name") {
        return name.to_string();
    }
    if let Some(to) = get("to") {
        let how = ["per_division", "per_time"].into_iter().find(|k| item.get(k).is_some());
        return how.map_or(to.to_string(), |how| format!("{to}, {}", how.replace('_', " ")));
    }
    ["doi", "url"].into_iter().find_map(get).map_or_else(|| place.to_string(), str::to_string)
}

fn text(value: &Value) -> String {
    match value {
        Value::String(s) => s.clone(),
        Value::Float(x) => number(*x),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
