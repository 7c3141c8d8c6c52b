//! Reads of one sample in another: index hopping between samples sequenced together, a contaminated well.
//!
//! A winner of one replicate is then seen in the next with some per cent of its share there, wins in both, and looks like a lineage
//! that was there before the split. Lineages that two replicates received as cells grow in both to numbers that differ less: with a
//! standard deviation of 1.5 between logarithms of sizes a share below [`FAINT`] of the other is one of ten, while of
//! winners that were carried over nearly all are so faint.

use super::read::Sample;
use crate::special::quantile;
use crate::words::significant;

/// Share of a barcode in one replicate over its share in another below which it may be carried over.
const FAINT: f64 = 0.03;
/// Shared winners from which the middle one says something.
const FEWEST: usize = 3;

/// Says so where the middle one of the winners that replicates share is faint in one of them.
pub(super) fn carried(replicates: &[&Sample], called: &[Vec<bool>]) -> Option<String> {
    let share = |r: usize, b: usize| replicates[r].counts[b] as f64 / replicates[r].depth().max(1) as f64;
    let barcodes = called.first().map_or(0, Vec::len);
    let faint = |b: usize| {
        let shares: Vec<f64> = (0..called.len()).filter(|&r| called[r][b]).map(|r| share(r, b)).collect();
        let most = shares.iter().copied().fold(0.0, f64::max);
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        (shares.len() > 1 && most > 0.0).then(|| least / most)
    };
    let shared: Vec<f64> = (0..barcodes).filter_map(faint).collect();
    let middle = quantile(&shared, 0.5).filter(|m| shared.len() >= FEWEST && *m < FAINT)?;
    Some(format!(
        "replicates share {} winners, and the middle one of these has in one replicate {} % of its share of reads in another: so it is \
         when reads of one sample get into another (index hopping, a contaminated well) and no sister cells were shared. The evidence \
         is withheld; leave such reads out (indices on both ends tell them), or sequence the replicates apart",
        shared.len(),
        significant(100.0 * middle, 2)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(replicate: u32, counts: &[u64]) -> Sample {
        Sample { arm: "drug".into(), replicate, time: 21.0, counts: counts.to_vec() }
    }

    #[test]
    fn one_per_cent_of_another_sample_is_no_sharing() {
        let called = vec![vec![true; 6]; 2];
        let one = sample(1, &[9000, 8000, 9500, 90, 80, 100]);
        let other = sample(2, &[95, 78, 99, 9100, 8800, 9900]);
        assert!(carried(&[&one, &other], &called).unwrap().starts_with("replicates share 6 winners"));
        // Sister cells: sizes differ by chance.
        let other = sample(2, &[3000, 12000, 700, 900, 50, 40]);
        assert_eq!(carried(&[&one, &other], &called), None);
        assert_eq!(carried(&[&one, &other], &[vec![false; 6], vec![true; 6]]), None);
    }
}
