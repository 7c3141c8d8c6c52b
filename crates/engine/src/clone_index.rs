//! Which clone holds the n-th cell of a type: sums over groups of clones, for finding and counting in O(log clones).
//!
//! A tree of sums, `GROUP` children to a node, over the rows of a block; its leaves are the counts in the state itself. Up to
//! `SCANNED` clones there is no tree and the rows are looked through, which is quicker. Sums are integers, so nothing drifts.
//! Clones that lose their last cell keep their row until a quarter of the rows is empty; then all empty rows go at once and
//! the order of founding stays.

use crate::state::Clones;

/// Children of a node: two cache lines of counts.
const GROUP: usize = 16;
/// Clones up to which no tree is kept.
const SCANNED: usize = 32;
/// Empty rows that are always allowed.
const EMPTY: usize = 16;

/// Sums over the clones of one type.
#[derive(Debug, Clone, Default)]
pub struct CloneIndex {
    /// Lowest first; `levels[0][g]` is the sum of rows g·GROUP to (g + 1)·GROUP. Empty where rows are few.
    levels: Vec<Vec<u64>>,
}

impl CloneIndex {
    /// Sums up column `position` of rows `width` wide.
    pub fn build(&mut self, counts: &[u64], width: usize, position: usize) {
        self.levels.clear();
        if counts.len() / width <= SCANNED {
            return;
        }
        let group = |rows: &[u64]| rows.iter().skip(position).step_by(width).sum();
        self.levels.push(counts.chunks(GROUP * width).map(group).collect());
        self.raise();
    }

    /// Adds levels until the highest fits into one node.
    fn raise(&mut self) {
        while let Some(top) = self.levels.last()
            && top.len() > GROUP
        {
            let next = top.chunks(GROUP).map(|c| c.iter().sum()).collect();
            self.levels.push(next);
        }
    }

    /// The row of the cell that has `before` cells of its type before it. There must be one.
    #[inline]
    pub fn find(&self, counts: &[u64], width: usize, position: usize, mut before: u64) -> usize {
        if self.levels.is_empty() {
            let (mut at, mut place) = (0, position);
            while before >= counts[place] {
                before -= counts[place];
                place += width;
                at += 1;
            }
            return at;
        }
        let mut at = 0;
        for level in self.levels.iter().rev() {
            at *= GROUP;
            at += child(level[at..].iter().take(GROUP), &mut before);
        }
        at *= GROUP;
        at + child(counts[at * width..].iter().skip(position).step_by(width).take(GROUP), &mut before)
    }

    /// One cell more in `row`.
    #[inline]
    pub fn add(&mut self, row: usize) {
        let mut at = row;
        for level in &mut self.levels {
            at /= GROUP;
            level[at] += 1;
        }
    }

    /// One cell less in `row`.
    #[inline]
    pub fn take(&mut self, row: usize) {
        let mut at = row;
        for level in &mut self.levels {
            at /= GROUP;
            level[at] -= 1;
        }
    }

    /// Takes note of a row that was added at the end, whatever it holds.
    pub fn push(&mut self, counts: &[u64], width: usize, position: usize) {
        let rows = counts.len() / width;
        if self.levels.is_empty() {
            if rows > SCANNED {
                self.build(counts, width, position);
            }
            return;
        }
        let cells = counts[(rows - 1) * width + position];
        let mut at = rows - 1;
        for level in &mut self.levels {
            at /= GROUP;
            if at == level.len() {
                level.push(0);
            }
            level[at] += cells;
        }
        self.raise();
    }
}

/// Which of these holds the cell with `before` before it, and how many of them are then before it within. All are added up:
/// a branch that stopped the loop would be guessed wrong every time.
#[inline(always)]
fn child<'a>(sums: impl Iterator<Item = &'a u64>, before: &mut u64) -> usize {
    let (mut upto, mut passed, mut at) = (0, 0, 0);
    for &n in sums {
        upto += n;
        let beyond = upto <= *before;
        at += usize::from(beyond);
        passed = if beyond { upto } else { passed };
    }
    *before -= passed;
    at
}

/// Rows without cells, to be dropped together.
#[derive(Debug, Clone, Default)]
pub struct Emptied {
    rows: Vec<usize>,
}

impl Emptied {
    /// Takes note of one; true when it is time to [`drop_from`](Self::drop_from).
    pub fn push(&mut self, row: usize, clones: &Clones) -> bool {
        self.rows.push(row);
        self.rows.len() > EMPTY + clones.founders.len() / 4
    }

    /// Drops them; true if there were any.
    pub fn drop_from(&mut self, clones: &mut Clones, width: usize) -> bool {
        let Some(&first) = self.rows.iter().min() else { return false };
        self.rows.sort_unstable();
        let mut gone = self.rows.iter().copied().peekable();
        let mut kept = first;
        for row in first..clones.founders.len() {
            if gone.next_if_eq(&row).is_some() {
                continue;
            }
            clones.founders[kept] = clones.founders[row];
            clones.counts.copy_within(row * width..(row + 1) * width, kept * width);
            kept += 1;
        }
        clones.founders.truncate(kept);
        clones.counts.truncate(kept * width);
        self.rows.clear();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Cause, Founder, Origin};

    /// Pushes, births, deaths and drops at random against looking through all rows.
    #[test]
    fn the_tree_finds_what_a_scan_finds() {
        let (width, position) = (2, 1);
        let mut stream = crate::stream::Stream::new(3, 0, 0, crate::stream::Purpose::Check);
        let mut clones = Clones::default();
        let mut index = CloneIndex::default();
        let mut emptied = Emptied::default();
        let mut dropped = 0;
        for id in 0..6000u32 {
            clones.founders.push(Founder {
                id,
                parent: None,
                cell_type: 0,
                parent_type: None,
                founded: 0.0,
                cause: Cause::Start,
                origin: Origin::Cycling,
                barcode: None,
            });
            clones.counts.extend([7, 1 + stream.next_u64() % 3]);
            index.push(&clones.counts, width, position);
            for _ in 0..2 {
                let total: u64 = clones.counts.iter().skip(1).step_by(2).sum();
                let before = stream.next_u64() % total;
                let row = index.find(&clones.counts, width, position, before);
                let sum: u64 = clones.counts[..row * 2].iter().skip(1).step_by(2).sum();
                assert!(sum <= before && before < sum + clones.counts[2 * row + 1], "{id}: {row}");
                if stream.uniform() < 0.2 {
                    index.add(row);
                    clones.counts[2 * row + 1] += 1;
                } else if total > 1 {
                    index.take(row);
                    clones.counts[2 * row + 1] -= 1;
                    if clones.counts[2 * row + 1] == 0 && emptied.push(row, &clones) {
                        emptied.drop_from(&mut clones, width);
                        index.build(&clones.counts, width, position);
                        dropped += 1;
                    }
                }
            }
        }
        emptied.drop_from(&mut clones, width);
        assert!(clones.counts.iter().all(|&n| n > 0), "no empty row stays");
        assert!(dropped > 3, "{dropped} drops");
        assert!(clones.founders.windows(2).all(|w| w[0].id < w[1].id), "the order of founding stays");
        println!("{} clones, {dropped} drops, {} levels", clones.founders.len(), index.levels.len());
        assert!(index.levels.len() >= 2);
    }
}
