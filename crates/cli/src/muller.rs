//! Clones of one patient in one arm as the two tables that R's `ggmuller` reads (`get_Muller_df(edges, populations)`):
//! who descends from whom, and how many cells of each there were at each look.
//!
//! ggmuller wants one ancestor of all, every identity at every time, and numbers identities by when they are first seen, taking
//! the ancestor for the first. Where there is no single founder that was there first, a common root is made up: identity
//! -1, one cell just before the first look and none after, as its author advises (ggmuller issue 16).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Identity of a root that is made up.
pub const ROOT: i64 = -1;

/// The tables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Muller {
    /// (Parent, Identity), parents before their children.
    pub edges: Vec<(i64, i64)>,
    /// (Identity, Population, Time), by time; every identity at every time.
    pub populations: Vec<(i64, u64, f64)>,
    /// Clones put under the root because their parent is below the threshold of the tables.
    pub orphans: usize,
    /// The root is made up.
    pub rooted: bool,
}

/// From the rows of `clones` (parent, identity), those of `clone_sizes` (identity, population, time), and the times of all
/// looks, days. Looks at which a clone is not listed count it as 0.
pub fn muller(clones: &[(Option<i64>, i64)], sizes: &[(i64, u64, f64)], looks: &[f64]) -> Muller {
    let listed: BTreeSet<i64> = clones.iter().map(|c| c.1).collect();
    // Times are 0 or more, so their bits are in order.
    let mut times: Vec<f64> = sizes.iter().map(|s| s.2).chain(looks.iter().copied()).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut counts: BTreeMap<(u64, i64), u64> = BTreeMap::new();
    for (id, cells, time) in sizes {
        *counts.entry((time.to_bits(), *id)).or_default() += cells;
    }
    let count = |time: f64, id: i64| counts.get(&(time.to_bits(), id)).copied().unwrap_or(0);
    let mut tops = Vec::new();
    let mut children: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    let mut orphans = 0;
    for (parent, id) in clones {
        match parent {
            Some(parent) if listed.contains(parent) && parent != id => children.entry(*parent).or_default().push(*id),
            _ => {
                orphans += usize::from(parent.is_some());
                tops.push(*id);
            }
        }
    }
    let first = times.first().copied();
    let natural = match (&tops[..], first) {
        ([top], Some(t)) => listed.len() > 1 && listed.first() == Some(top) && count(t, *top) > 0,
        _ => false,
    };
    let root = if natural { tops[0] } else { ROOT };
    let mut out = Muller { orphans, rooted: !natural, ..Muller::default() };
    let mut order = vec![root];
    let mut waiting = VecDeque::from([root]);
    if !natural {
        children.insert(ROOT, tops);
    }
    while let Some(parent) = waiting.pop_front() {
        for child in children.get(&parent).map_or(&[][..], |c| c) {
            out.edges.push((parent, *child));
            order.push(*child);
            waiting.push_back(*child);
        }
    }
    if let (Some(t), false) = (first, natural) {
        let gap = times.windows(2).map(|w| w[1] - w[0]).fold(1.0, f64::min);
        let before = t - 1e-3 * gap;
        out.populations.extend(order.iter().map(|id| (*id, u64::from(*id == ROOT), before)));
    }
    for time in times {
        out.populations.extend(order.iter().map(|id| (*id, if *id == ROOT { 0 } else { count(time, *id) }, time)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `get_Muller_df` (ggmuller 0.7.0) stops at, or gets wrong in silence.
    fn ggmuller_takes(m: &Muller) {
        let identities: BTreeSet<i64> = m.populations.iter().map(|p| p.0).collect();
        let children: BTreeSet<i64> = m.edges.iter().map(|e| e.1).collect();
        let parents: BTreeSet<i64> = m.edges.iter().map(|e| e.0).collect();
        assert_eq!(children.len(), m.edges.len(), "every identity has one parent");
        let roots: Vec<i64> = identities.difference(&children).copied().collect();
        assert_eq!(roots.len(), 1, "one identity without a parent");
        assert_eq!(parents.difference(&children).copied().collect::<Vec<_>>(), roots, "one parent without a parent");
        assert!(children.is_subset(&identities));
        // Parents before children: connected and without cycles.
        let mut known = BTreeSet::from([roots[0]]);
        for (parent, child) in &m.edges {
            assert!(known.contains(parent), "{parent} before {child}");
            assert!(known.insert(*child));
        }
        let times: BTreeSet<u64> = m.populations.iter().map(|p| p.2.to_bits()).collect();
        assert_eq!(m.populations.len(), identities.len() * times.len(), "every identity at every time, once");
        // The age of an identity is its rank by first sight, ties by identity; the root's must be 1.
        let last = m.populations.iter().map(|p| p.2).fold(f64::MIN, f64::max);
        let seen = |id: i64| {
            let of = m.populations.iter().filter(|p| p.0 == id && (p.1 > 0 || p.2 == last));
            of.map(|p| p.2).fold(f64::MAX, f64::min)
        };
        let youngest = identities.iter().min_by(|a, b| seen(**a).total_cmp(&seen(**b)).then(a.cmp(b))).unwrap();
        assert_eq!(*youngest, roots[0], "the root is seen first");
    }

    #[test]
    fn one_founder_is_the_root() {
        let m = muller(
            &[(None, 0), (Some(2), 5), (Some(0), 2)],
            &[(0, 9, 0.0), (2, 1, 0.0), (5, 4, 7.0)],
            &[0.0, 7.0, 14.0],
        );
        ggmuller_takes(&m);
        assert!(!m.rooted && m.orphans == 0);
        assert_eq!(m.edges, [(0, 2), (2, 5)]);
        assert_eq!(m.populations[6..], [(0, 0, 14.0), (2, 0, 14.0), (5, 0, 14.0)]);
    }

    #[test]
    fn several_founders_get_a_root_and_lost_parents_are_said() {
        let clones = [(None, 1), (None, 0), (Some(0), 4), (Some(99), 6), (Some(6), 7)];
        let m = muller(&clones, &[(0, 5, 0.0), (1, 5, 0.0), (4, 1, 3.5), (6, 2, 3.5), (7, 1, 3.5)], &[]);
        ggmuller_takes(&m);
        assert!(m.rooted && m.orphans == 1);
        assert!(m.edges.contains(&(ROOT, 6)) && m.edges.contains(&(6, 7)) && m.edges.contains(&(ROOT, 0)));
        assert_eq!(m.populations[0], (ROOT, 1, -0.001));
        assert!(m.populations.iter().filter(|p| p.0 == ROOT).skip(1).all(|p| p.1 == 0));
    }

    #[test]
    fn a_clone_alone_and_a_founder_seen_late_get_a_root() {
        ggmuller_takes(&muller(&[(None, 0)], &[(0, 5, 0.0)], &[0.0]));
        ggmuller_takes(&muller(&[(None, 0), (Some(0), 1)], &[(1, 5, 0.0), (0, 5, 1.0)], &[0.0, 1.0]));
        ggmuller_takes(&muller(&[(None, 3), (Some(3), 1)], &[(1, 5, 0.0), (3, 5, 0.0)], &[0.0]));
    }
}
