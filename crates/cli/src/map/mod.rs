//! The map of a model: what there is, what becomes of it, what acts on which rate, and on which evidence each arrow stands.
//!
//! `crates/model/src/map.rs` reads a model as a graph; `explain/map.rs` puts it into words ([`data`]); here it is printed
//! ([`text`]) and drawn ([`draw`]).

mod boxes;
pub mod columns;
pub mod data;
pub mod draw;
mod lanes;
mod legend;
mod place;
#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod tests;
pub mod text;

use crate::report::html::{Cell, Table, behind};
use data::Map;

/// Width of a page's column; a wider picture takes the width of the window.
const PAGE: f64 = 960.0;

/// The section of a run's report; empty where the run kept no map.
pub fn section(map: &Map) -> String {
    if map.nodes.is_empty() {
        return String::new();
    }
    let columns = [
        ("From", "from"),
        ("To", "to"),
        ("Arrow", "arrow"),
        ("Rate", "rate"),
        ("Evidence", "evidence"),
        ("Numbers", "numbers"),
    ];
    let mut table = Table::new("table-map", "Arrows of the map", &columns);
    for arrow in &map.arrows {
        table.row(&[
            Cell::Text(arrow.from.as_deref().unwrap_or("")),
            Cell::Text(arrow.to.as_deref().unwrap_or("")),
            Cell::Text(&arrow.words()),
            Cell::Text(&arrow.rate),
            Cell::Text(&arrow.mark),
            Cell::Text(&map.stands_on(arrow)),
        ]);
    }
    if map.nodes.len() > draw::MOST {
        return format!(
            "<section id=map><h2>The model as a map</h2><p>{} nodes are too many to be drawn; the arrows are listed.</p>{}</section>",
            map.nodes.len(),
            behind(&[table]),
        );
    }
    let (picture, width) = draw::draw(map, None);
    let class = if width > PAGE { "\"scroll bleed\"" } else { "scroll" };
    format!(
        "<section id=map><h2>The model as a map</h2><figure><div class={class} tabindex=0 role=region aria-label=\"Map of the model\">{picture}</div>\
         <figcaption>What there is (boxes), what becomes of it and what acts on which rate (lines). The style of a line is that of \
         the weakest number it stands on; point at a line for its rate and its numbers with their sources. The end of a line says \
         whether a rate rises or falls with what acts on it, at the central values of all numbers.</figcaption>{}</figure></section>",
        behind(&[table]),
    )
}
