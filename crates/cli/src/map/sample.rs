//! Made-up maps for tests: a patient with two drugs, and names that try to break out. No figure here is a result.

use super::data::{Arrow, Map, Node, Number};

fn node(name: &str, kind: &str, is: &str, cell_kind: &str) -> Node {
    Node { name: name.into(), kind: kind.into(), is: is.into(), cell_kind: cell_kind.into(), more: String::new() }
}

fn arrow(from: Option<&str>, to: Option<&str>, kind: &str, rate: &str, mark: &str) -> Arrow {
    Arrow {
        from: from.map(String::from),
        to: to.map(String::from),
        kind: kind.into(),
        rate: rate.into(),
        parameters: vec!["kill".into()],
        mark: mark.into(),
        ..Arrow::default()
    }
}

fn influence(from: &str, to: &str, on: usize, acts_on: &str, sign: &str) -> Arrow {
    let acts =
        Arrow { on: Some(on), acts_on: acts_on.into(), sign: sign.into(), through: from.into(), ..Arrow::default() };
    Arrow { kind: "influence".into(), ..arrow(Some(from), Some(to), "", "kill * 2", "assumed") }.with(acts)
}

impl Arrow {
    /// Takes what only influences have from another.
    fn with(self, other: Arrow) -> Arrow {
        Arrow { on: other.on, acts_on: other.acts_on, sign: other.sign, through: other.through, ..self }
    }
}

/// Cells, an effector, a drug and its doses, with every kind of arrow and of head.
pub fn patient() -> Map {
    named("erlotinib", "persister")
}

/// The same with names that do not belong on a page, and one too long for any box.
pub fn hostile() -> Map {
    named("<script>alert(1)</script>", &"=a_name_too_long_for_a_box".repeat(4))
}

fn named(drug: &str, other: &str) -> Map {
    let cells = ["sensitive", other, "t790m", "met", "her2", "c797s"];
    let doses = format!("doses of {drug}");
    let mut nodes = vec![node(&doses, "doses", "doses, oral", ""), node(drug, "drug", "drug, 2 compartments", "")];
    let kinds = ["sensitive", "persister", "resistant", "resistant", "resistant", "immune"];
    nodes.extend(cells.iter().zip(kinds).map(|(c, k)| node(c, "cells", &format!("{k} cells"), k)));
    nodes.extend(["effector", "marker"].map(|l| node(l, "level", "level, cells/L", "")));
    nodes.extend([node("total", "total", "all cells counted", ""), node("time", "time", "days of treatment", "")]);
    let mut arrows = vec![
        arrow(Some(&doses), Some(drug), "dose", "", "cited"),
        arrow(Some(drug), None, "elimination", "", "fitted"),
    ];
    for cell in cells {
        arrows.push(arrow(Some(cell), Some(cell), "birth", "turnover + growth", "assumed"));
        arrows.push(arrow(Some(cell), None, "death", "turnover * (1 + kill) * (1 - exp(-x / c0))", "bare"));
    }
    arrows.push(arrow(None, Some("met"), "immigration", "3 cells/day", "bare"));
    arrows.push(arrow(Some("sensitive"), Some(other), "switching", "entry", "fitted"));
    arrows.push(arrow(Some(other), Some("sensitive"), "switching", "wake", "assumed"));
    for cell in &cells[2..] {
        arrows.push(arrow(Some("sensitive"), Some(cell), "mutation at division", "u", "assumed"));
        arrows.push(arrow(Some(other), Some(cell), "mutation in time", "10 * u", "bare"));
    }
    arrows.push(arrow(None, Some("effector"), "production", "recruit * total", "cited"));
    arrows.push(arrow(Some("effector"), None, "loss", "decay * effector", "cited"));
    arrows.push(arrow(None, Some("marker"), "change", "a - b", "cited"));
    for (cell, sign) in cells.iter().zip(["raises", "lowers", "both", "nothing", "unknown", "raises"]) {
        arrows.push(influence(drug, cell, 3, "death", sign));
        arrows.push(influence("total", cell, 2, "birth", "lowers"));
        arrows.push(influence("effector", cell, 3, "death", "raises"));
    }
    arrows.push(influence("met", "effector", 4, "production", "raises"));
    arrows.push(influence("t790m", "t790m", 4, "birth", "lowers"));
    arrows.push(influence("time", "marker", 4, "change", "both"));
    let source = "doi 10.1/x: Table 1 & \"note\"".to_string();
    let number = |name: &str| Number {
        name: name.into(),
        value: 0.1,
        unit: "/day".into(),
        mark: "assumed".into(),
        source: source.clone(),
        prior: Some("0.01 to 1 /day, log-uniform".into()),
    };
    Map { nodes, arrows, numbers: vec![number("kill"), number("burden")], on_no_arrow: vec!["burden".into()] }
}
