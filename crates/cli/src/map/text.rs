//! A map as lines: one a node and one an arrow, in the order of the model, for terminals and for comparing two versions.

use super::data::{Arrow, Map};
use std::fmt::Write;

/// Where an arrow begins and ends, in words.
pub fn ends(arrow: &Arrow) -> String {
    let from = arrow.from.as_deref().unwrap_or("(outside)");
    format!("{from} -> {}", arrow.to.as_deref().unwrap_or("(gone)"))
}

/// The whole map.
pub fn lines(map: &Map) -> String {
    let mut out = String::new();
    for node in &map.nodes {
        let more = if node.more.is_empty() { String::new() } else { format!("; {}", node.more) };
        let _ = writeln!(out, "{}  {}{more}", node.name, node.is);
    }
    for arrow in &map.arrows {
        let through = match &arrow.through {
            t if t.is_empty() || Some(t.as_str()) == arrow.from.as_deref() => String::new(),
            t => format!(" as {t}"),
        };
        let _ = writeln!(out, "{}  {}{through}  {}", ends(arrow), arrow.words(), map.stands_on(arrow));
    }
    if !map.on_no_arrow.is_empty() {
        let list: Vec<String> = map.on_no_arrow.iter().map(|n| map.marked(n)).collect();
        let _ = writeln!(out, "on no arrow  {}", list.join(", "));
    }
    out
}

/// What there is, counted: `8 cell types, 2 drugs; 40 arrows: 3 cited, 37 assumed`.
pub fn counted(map: &Map) -> String {
    let many = |n: usize, one: &str, more: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {more}")),
    };
    let of = |kind: &str| map.nodes.iter().filter(|n| n.kind == kind).count();
    let nodes = [
        many(of("cells"), "cell type", "cell types"),
        many(of("level"), "level", "levels"),
        many(of("event"), "event", "events"),
        many(of("drug"), "drug", "drugs"),
    ];
    let nodes: Vec<String> = nodes.into_iter().flatten().collect();
    let marks = super::data::MARKS.iter().filter_map(|mark| {
        let n = map.arrows.iter().filter(|a| a.mark == *mark).count();
        (n > 0).then(|| format!("{n} {mark}"))
    });
    let marks: Vec<String> = marks.collect();
    let arrows = many(map.arrows.len(), "arrow", "arrows").unwrap_or("no arrows".to_owned());
    match marks.is_empty() {
        true => format!("{}; {arrows}", nodes.join(", ")),
        false => format!("{}; {arrows}, by their weakest number {}", nodes.join(", "), marks.join(", ")),
    }
}
