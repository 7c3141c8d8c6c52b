//! From a map to the frame of its picture: which column each node stands in, and which lines run between columns.
//!
//! A layered drawing (Sugiyama, Tagawa & Toda 1981, IEEE Trans Syst Man Cybern 11:109), from left to right: arrows that close a
//! circle are found by a walk from doses and drugs on and are passed over, then each node stands one column behind the last
//! that it follows from. All arrows of one kind that leave a node share one line, a *net*, which branches to the nodes where
//! they end; so a drug that acts on eight cell types is one line with eight branches and not eight lines. Where a net crosses a
//! column it has a place of its own there, between the boxes.

use super::data::Map;
use std::collections::BTreeSet;

/// What a net carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carries {
    /// Doses into a drug.
    Dose,
    /// Switching.
    Switching,
    /// Mutation.
    Mutation,
    /// Influence.
    Influence,
}

/// The branch of a net to one node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tap {
    /// The arrow, by its place in the map.
    pub arrow: usize,
    /// The node where it ends.
    pub to: usize,
}

/// Arrows of one kind from one node.
#[derive(Debug, Clone, PartialEq)]
pub struct Net {
    /// Where it begins.
    pub from: usize,
    /// What it carries.
    pub carries: Carries,
    /// Its branches.
    pub taps: Vec<Tap>,
    /// Columns that it crosses.
    pub passes: BTreeSet<usize>,
}

/// Nodes in columns, and nets.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Column of each node.
    pub column: Vec<usize>,
    /// Number of columns.
    pub columns: usize,
    /// Nets, by node and kind.
    pub nets: Vec<Net>,
    /// Of each node, the arrows that have no other end: birth, death, immigration, production, loss, change, elimination.
    pub stubs: Vec<Vec<usize>>,
}

/// The frame of a map.
pub fn frame(map: &Map) -> Frame {
    let place = |name: &Option<String>| map.nodes.iter().position(|n| Some(&n.name) == name.as_ref());
    let mut nets: Vec<Net> = Vec::new();
    let mut stubs = vec![Vec::new(); map.nodes.len()];
    for (k, arrow) in map.arrows.iter().enumerate() {
        let carries = match arrow.kind.as_str() {
            "dose" => Carries::Dose,
            "switching" => Carries::Switching,
            "mutation at division" | "mutation in time" => Carries::Mutation,
            "influence" => Carries::Influence,
            _ => {
                stubs
                    .iter_mut()
                    .skip(place(&arrow.from).or(place(&arrow.to)).unwrap_or(usize::MAX))
                    .take(1)
                    .for_each(|s: &mut Vec<usize>| s.push(k));
                continue;
            }
        };
        let (Some(from), Some(to)) = (place(&arrow.from), place(&arrow.to)) else { continue };
        let tap = Tap { arrow: k, to };
        match nets.iter_mut().find(|n| n.from == from && n.carries == carries) {
            Some(net) => net.taps.push(tap),
            None => nets.push(Net { from, carries, taps: vec![tap], passes: BTreeSet::new() }),
        }
    }
    let column = columns(map.nodes.len(), &nets);
    for net in &mut nets {
        let s = column[net.from];
        for t in net.taps.iter().map(|tap| column[tap.to]) {
            net.passes.extend(if t > s { s + 1..t } else { t..s + 1 });
        }
    }
    Frame { columns: column.iter().max().map_or(0, |c| c + 1), column, nets, stubs }
}

/// The column of each node.
fn columns(nodes: usize, nets: &[Net]) -> Vec<usize> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for net in nets {
        next[net.from].extend(net.taps.iter().map(|t| t.to).filter(|to| *to != net.from));
    }
    let onward = without_circles(&next);
    let mut column = vec![0; nodes];
    // Longest paths: as many rounds as columns, at most as many as nodes.
    for _ in 0..nodes {
        let mut moved = false;
        for (from, list) in onward.iter().enumerate() {
            for &to in list {
                if column[to] <= column[from] {
                    column[to] = column[from] + 1;
                    moved = true;
                }
            }
        }
        if !moved {
            break;
        }
    }
    // What nothing leads to stands right before what it leads to.
    let mut led = vec![false; nodes];
    onward.iter().flatten().for_each(|&to| led[to] = true);
    for _ in 0..2 {
        for from in (0..nodes).filter(|&n| !onward[n].is_empty()) {
            let nearest = onward[from].iter().map(|&to| column[to]).min().unwrap_or(1).max(1) - 1;
            let alone = !led[from] || onward.iter().enumerate().all(|(n, l)| !l.contains(&from) || !led[n]);
            if alone && nearest > column[from] {
                column[from] = nearest;
            }
        }
    }
    let first = column.iter().copied().min().unwrap_or(0);
    column.iter_mut().for_each(|c| *c -= first);
    column
}

/// The arrows without those that lead back to a node from which the walk came.
fn without_circles(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut onward = vec![Vec::new(); next.len()];
    // 0: not met, 1: on the way, 2: done.
    let mut met = vec![0u8; next.len()];
    for begin in 0..next.len() {
        if met[begin] != 0 {
            continue;
        }
        met[begin] = 1;
        let mut way = vec![(begin, 0)];
        while let Some((node, at)) = way.last_mut() {
            let Some(&to) = next[*node].get(*at) else {
                met[*node] = 2;
                way.pop();
                continue;
            };
            *at += 1;
            if met[to] != 1 {
                onward[*node].push(to);
            }
            if met[to] == 0 {
                met[to] = 1;
                way.push((to, 0));
            }
        }
    }
    onward
}
