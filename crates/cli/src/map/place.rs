//! Where boxes and lines of a map's picture stand: the order within columns (barycentres, back and forth, the order with fewest
//! crossings kept), then heights (each item as near to what it is connected to as its neighbours let it, by pooling adjacent
//! violators), then lanes between columns.

use super::columns::{Frame, Net};
use super::data::Map;
use super::lanes::{At, Gap, Pin};

/// Height between two branches that end at one box.
const PORT: f64 = 20.0;
/// Height above and below a box for arrows without another end.
pub const STUB: f64 = 25.0;
/// Height of the words in a box.
const WORDS: f64 = 40.0;
/// Free height between boxes, between a box and a line, between two lines.
const BETWEEN: [f64; 3] = [18.0, 12.0, 11.0];
/// How much it counts that a connection is level: between boxes, between a box and a line, within a line.
const STRAIGHT: [f64; 3] = [1.0, 2.0, 8.0];
/// Sweeps from one side to the other and back.
const SWEEPS: usize = 12;

/// Something that takes height in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The box of a node.
    Box(usize),
    /// A net that crosses the column.
    Pass(usize),
}

/// An item of a column.
#[derive(Debug, Clone)]
pub struct Item {
    /// What it is.
    pub what: What,
    /// Top, with the room for stubs.
    pub top: f64,
    /// Height, with the room for stubs.
    pub height: f64,
    /// Room above the box.
    pub above: f64,
    /// Room below it.
    pub below: f64,
}

impl Item {
    fn middle(&self) -> f64 {
        self.top + self.above + 0.5 * (self.height - self.above - self.below)
    }
}

/// Items, by column from top to bottom, and where branches end and lines begin.
pub struct Placed {
    /// By column.
    pub columns: Vec<Vec<Item>>,
    /// Of each net, the heights at which its branches end, as its `taps`.
    pub ports: Vec<Vec<f64>>,
    /// Of each net, the height at which it leaves its box.
    pub outs: Vec<f64>,
}

/// Places everything.
pub fn place(map: &Map, frame: &Frame) -> Placed {
    let mut placed = Placed {
        columns: vec![Vec::new(); frame.columns],
        ports: frame.nets.iter().map(|n| vec![0.0; n.taps.len()]).collect(),
        outs: vec![0.0; frame.nets.len()],
    };
    let ports = |node: usize| frame.nets.iter().flat_map(|n| &n.taps).filter(|t| t.to == node).count();
    let outs = |node: usize| frame.nets.iter().filter(|n| n.from == node).count();
    for node in 0..map.nodes.len() {
        let kind = |k: &usize| map.arrows[*k].kind.as_str();
        let (mut above, mut below) = (0.0, 0.0);
        for stub in &frame.stubs[node] {
            match super::boxes::is_above(kind(stub)) {
                true => above = STUB,
                false => below = STUB,
            }
        }
        let inner = WORDS.max(PORT * ports(node) as f64 + 6.0).max(PORT * outs(node) as f64 + 6.0);
        let item = Item { what: What::Box(node), top: 0.0, height: inner + above + below, above, below };
        placed.columns[frame.column[node]].push(item);
    }
    for (k, net) in frame.nets.iter().enumerate() {
        for &column in &net.passes {
            let item = Item { what: What::Pass(k), top: 0.0, height: 2.0, above: 0.0, below: 0.0 };
            placed.columns[column].push(item);
        }
    }
    placed.columns.iter_mut().for_each(|items| stack(items));
    order(frame, &mut placed);
    for _ in 0..3 {
        ports_of(frame, &mut placed);
        heights(frame, &mut placed);
    }
    ports_of(frame, &mut placed);
    straighten(frame, &mut placed);
    let top = placed.columns.iter().flatten().map(|i| i.top).fold(f64::INFINITY, f64::min);
    let shift = if top.is_finite() { -top } else { 0.0 };
    placed.columns.iter_mut().flatten().for_each(|i| i.top += shift);
    placed.ports.iter_mut().flatten().chain(&mut placed.outs).for_each(|y| *y += shift);
    placed
}

/// Free height between two neighbours.
fn between(a: &Item, b: &Item) -> f64 {
    let lines = [a, b].iter().filter(|i| matches!(i.what, What::Pass(_))).count();
    BETWEEN[lines]
}

/// One below the other, around height 0.
fn stack(items: &mut [Item]) {
    let mut at = 0.0;
    for k in 0..items.len() {
        at += if k > 0 { between(&items[k - 1], &items[k]) } else { 0.0 };
        items[k].top = at;
        at += items[k].height;
    }
    items.iter_mut().for_each(|i| i.top -= 0.5 * at);
}

impl Placed {
    /// Height of a net's place in a column that it crosses.
    pub fn pass(&self, column: usize, net: usize) -> f64 {
        let found = self.columns[column].iter().find(|i| i.what == What::Pass(net));
        found.map_or(0.0, Item::middle)
    }

    /// The gap before column `gap`: its nets with their pins on both sides.
    pub fn gap(&self, frame: &Frame, gap: usize) -> Gap {
        let mut nets = Vec::new();
        for (k, net) in frame.nets.iter().enumerate() {
            let mut pins = Vec::new();
            if frame.column[net.from] + 1 == gap {
                pins.push(Pin { left: true, y: self.outs[k], at: At::Out });
            }
            if gap > 0 && net.passes.contains(&(gap - 1)) {
                pins.push(Pin { left: true, y: self.pass(gap - 1, k), at: At::Pass });
            }
            if gap < frame.columns && net.passes.contains(&gap) {
                pins.push(Pin { left: false, y: self.pass(gap, k), at: At::Pass });
            }
            for (t, _) in net.taps.iter().enumerate().filter(|t| frame.column[t.1.to] == gap) {
                pins.push(Pin { left: false, y: self.ports[k][t], at: At::Tap(t) });
            }
            if !pins.is_empty() {
                nets.push((k, pins));
            }
        }
        Gap { nets }
    }
}

/// Pairs of items that a net connects across each gap: (column of the right one, left item, right item).
fn pairs(frame: &Frame) -> Vec<(usize, What, What)> {
    let mut out = Vec::new();
    for gap in 1..frame.columns {
        for (k, net) in frame.nets.iter().enumerate() {
            let (left, right) = sides(frame, k, net, gap);
            out.extend(left.iter().flat_map(|a| right.iter().map(|b| (gap, *a, *b))));
        }
    }
    out
}

/// Items of a net on both sides of a gap.
fn sides(frame: &Frame, k: usize, net: &Net, gap: usize) -> (Vec<What>, Vec<What>) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    if frame.column[net.from] + 1 == gap {
        left.push(What::Box(net.from));
    }
    if gap > 0 && net.passes.contains(&(gap - 1)) {
        left.push(What::Pass(k));
    }
    if net.passes.contains(&gap) {
        right.push(What::Pass(k));
    }
    for tap in net.taps.iter().filter(|t| frame.column[t.to] == gap) {
        if !right.contains(&What::Box(tap.to)) {
            right.push(What::Box(tap.to));
        }
    }
    (left, right)
}

/// Orders the columns.
fn order(frame: &Frame, placed: &mut Placed) {
    let pairs = pairs(frame);
    let mut best: Option<(usize, Vec<Vec<Item>>)> = None;
    for sweep in 0..2 * SWEEPS {
        let crossings = crossings(&placed.columns, &pairs);
        if best.as_ref().is_none_or(|b| crossings < b.0) {
            best = Some((crossings, placed.columns.clone()));
        }
        if crossings == 0 {
            break;
        }
        let forth = sweep % 2 == 0;
        let all: Vec<usize> =
            if forth { (1..frame.columns).collect() } else { (0..frame.columns.max(1) - 1).rev().collect() };
        for column in all {
            let middles: Vec<(What, f64)> = {
                let other = if forth { column - 1 } else { column + 1 };
                placed.columns[other].iter().map(|i| (i.what, i.middle())).collect()
            };
            let at = |what: &What| middles.iter().find(|m| m.0 == *what).map(|m| m.1);
            let wanted = |item: &Item| {
                let near = pairs.iter().filter_map(|(gap, a, b)| match forth {
                    true if *gap == column && *b == item.what => at(a),
                    false if *gap == column + 1 && *a == item.what => at(b),
                    _ => None,
                });
                let near: Vec<f64> = near.collect();
                if near.is_empty() { item.middle() } else { near.iter().sum::<f64>() / near.len() as f64 }
            };
            let mut keyed: Vec<(f64, Item)> = placed.columns[column].iter().map(|i| (wanted(i), i.clone())).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            placed.columns[column] = keyed.into_iter().map(|k| k.1).collect();
            stack(&mut placed.columns[column]);
        }
    }
    if let Some((_, columns)) = best {
        placed.columns = columns;
    }
}

/// More pairs than this are not counted against each other.
const COUNTED: usize = 3_000;

/// Pairs of connections that cross.
fn crossings(columns: &[Vec<Item>], pairs: &[(usize, What, What)]) -> usize {
    if pairs.len() > COUNTED {
        return usize::MAX;
    }
    let at = |column: usize, what: &What| columns[column].iter().position(|i| i.what == *what).unwrap_or(0);
    let ends: Vec<(usize, usize, usize)> =
        pairs.iter().map(|(gap, a, b)| (*gap, at(gap - 1, a), at(*gap, b))).collect();
    let cross = |(i, p): (usize, &(usize, usize, usize))| {
        ends[..i].iter().filter(|q| p.0 == q.0 && ((p.1 < q.1 && p.2 > q.2) || (p.1 > q.1 && p.2 < q.2))).count()
    };
    ends.iter().enumerate().map(cross).sum()
}

/// Where lines leave boxes and where branches end, from the order of what is on the other side.
fn ports_of(frame: &Frame, placed: &mut Placed) {
    let mean = |y: &[f64]| y.iter().sum::<f64>() / y.len().max(1) as f64;
    let middle = |placed: &Placed, column: usize, what: What| {
        placed.columns[column].iter().find(|i| i.what == what).map_or(0.0, Item::middle)
    };
    let boxes: Vec<(usize, Item)> = placed
        .columns
        .iter()
        .enumerate()
        .flat_map(|(c, items)| items.iter().filter(|i| matches!(i.what, What::Box(_))).map(move |i| (c, i.clone())))
        .collect();
    for (column, item) in boxes {
        let What::Box(node) = item.what else { continue };
        let inner = item.height - item.above - item.below;
        // Height of what feeds a branch: the net's place on the left of the gap, or where it comes back from.
        let feeds = |k: usize, net: &Net| {
            let (left, right) = sides(frame, k, net, column);
            let left: Vec<f64> = left.iter().filter(|_| column > 0).map(|w| middle(placed, column - 1, *w)).collect();
            let back = right.iter().filter(|w| matches!(w, What::Pass(_))).map(|w| middle(placed, column, *w));
            if left.is_empty() { mean(&back.collect::<Vec<_>>()) } else { mean(&left) }
        };
        let mut ends: Vec<(f64, usize, usize)> = Vec::new();
        for (k, net) in frame.nets.iter().enumerate() {
            let fed = feeds(k, net);
            ends.extend(net.taps.iter().enumerate().filter(|t| t.1.to == node).map(|(t, _)| (fed, k, t)));
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let first = item.top + item.above + 0.5 * inner - 0.5 * PORT * (ends.len().max(1) - 1) as f64;
        for (n, (_, k, t)) in ends.iter().enumerate() {
            placed.ports[*k][*t] = first + PORT * n as f64 + 3.0;
        }
        let mut begins: Vec<(f64, usize)> = Vec::new();
        for (k, net) in frame.nets.iter().enumerate().filter(|n| n.1.from == node) {
            let (left, right) = sides(frame, k, net, column + 1);
            let back = left.iter().filter(|w| matches!(w, What::Pass(_))).map(|w| middle(placed, column, *w));
            let on = right.iter().filter(|_| column + 1 < frame.columns).map(|w| middle(placed, column + 1, *w));
            begins.push((mean(&on.chain(back).collect::<Vec<_>>()), k));
        }
        begins.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let step = (inner / (begins.len() + 1) as f64).min(PORT);
        let first = item.top + item.above + 0.5 * inner - 0.5 * step * (begins.len().max(1) - 1) as f64;
        for (n, (_, k)) in begins.iter().enumerate() {
            placed.outs[*k] = first + step * n as f64;
        }
    }
}

/// Moves every item towards what it is connected to.
fn heights(frame: &Frame, placed: &mut Placed) {
    for sweep in 0..2 * SWEEPS {
        let all: Vec<usize> =
            if sweep % 2 == 0 { (0..frame.columns).collect() } else { (0..frame.columns).rev().collect() };
        for column in all {
            let (before, behind) = (placed.gap(frame, column), placed.gap(frame, column + 1));
            let wanted: Vec<(f64, f64)> = placed.columns[column]
                .iter()
                .map(|item| {
                    // Own height of each connection less that of what is on its other side; long lines are kept straight first.
                    let (mut sum, mut weight) = (0.0, 0.0);
                    for (gap, left) in [(&before, false), (&behind, true)] {
                        for (k, pins) in &gap.nets {
                            let mine = |p: &&Pin| p.left == left && belongs(frame, *k, item.what, p);
                            for pin in pins.iter().filter(mine) {
                                for other in pins.iter().filter(|p| p.left != left) {
                                    let both = [pin, other].iter().filter(|p| p.at == At::Pass).count();
                                    let number = pins.iter().filter(|p| p.left != left).count() as f64;
                                    let w = STRAIGHT[both] / number;
                                    sum += w * (other.y - pin.y);
                                    weight += w;
                                }
                            }
                        }
                    }
                    if weight == 0.0 { (item.top, 0.05) } else { (item.top + sum / weight, weight) }
                })
                .collect();
            let moved = settle(&mut placed.columns[column], &wanted);
            for (what, by) in moved {
                let What::Box(node) = what else { continue };
                for (k, net) in frame.nets.iter().enumerate() {
                    placed.outs[k] += if net.from == node { by } else { 0.0 };
                    for (t, tap) in net.taps.iter().enumerate() {
                        placed.ports[k][t] += if tap.to == node { by } else { 0.0 };
                    }
                }
            }
        }
    }
}

/// True when a pin of net `k` stands on this item.
fn belongs(frame: &Frame, k: usize, what: What, pin: &Pin) -> bool {
    let net = &frame.nets[k];
    match (what, pin.at) {
        (What::Box(node), At::Tap(tap)) => net.taps[tap].to == node,
        (What::Box(node), At::Out) => net.from == node,
        (What::Pass(n), At::Pass) => n == k,
        _ => false,
    }
}

/// The heights nearest to those wanted (squares, by weight) that keep order and free height: pooling adjacent violators. Gives
/// how far each item moved.
fn settle(items: &mut [Item], wanted: &[(f64, f64)]) -> Vec<(What, f64)> {
    let mut offset = 0.0;
    let mut offsets = Vec::with_capacity(items.len());
    for k in 0..items.len() {
        if k > 0 {
            offset += items[k - 1].height + between(&items[k - 1], &items[k]);
        }
        offsets.push(offset);
    }
    // (sum of weights, sum of weighted places, number)
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    for (k, (top, weight)) in wanted.iter().enumerate() {
        pools.push((*weight, weight * (top - offsets[k]), 1));
        while let [.., a, b] = pools[..]
            && a.1 / a.0 > b.1 / b.0
        {
            pools.truncate(pools.len() - 2);
            pools.push((a.0 + b.0, a.1 + b.1, a.2 + b.2));
        }
    }
    let places = pools.iter().flat_map(|p| std::iter::repeat_n(p.1 / p.0, p.2));
    let mut moved = Vec::new();
    for ((item, place), offset) in items.iter_mut().zip(places).zip(&offsets) {
        let top = (place + offset).round();
        moved.push((item.what, top - item.top));
        item.top = top;
    }
    moved
}

/// Branches that are all but level with where they come from are made level.
fn straighten(frame: &Frame, placed: &mut Placed) {
    for gap in 1..frame.columns {
        for (k, pins) in placed.gap(frame, gap).nets {
            if let [a, b] = pins[..]
                && a.left != b.left
                && (a.y - b.y).abs() <= 2.0
                && let (At::Tap(tap), y) = if a.left { (b.at, a.y) } else { (a.at, b.y) }
            {
                placed.ports[k][tap] = y;
            }
        }
    }
}
