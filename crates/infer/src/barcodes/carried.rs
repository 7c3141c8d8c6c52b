//! Reads that one sample has from another: by misread indices, carried cells or DNA.
//!
//! Samples that are sequenced together exchange up to some tenths of a per cent of their reads. A winner of half a sample so leaves tens of
//! reads in the others, which look like the survival of its lineage there. Counts that carry-over can explain are taken as
//! none; of winners that are truly shared few differ so much in size.

use super::read::Sample;

/// Largest part of a sample's reads that may be in another.
pub(super) const CARRIED: f64 = 0.003;

/// The samples without counts that are [`CARRIED`] or less of the shares that their barcodes have in the others, and how many such counts
/// there were.
pub(super) fn taken_out(samples: &[&Sample]) -> (Vec<Sample>, usize) {
    let barcodes = samples.first().map_or(0, |s| s.counts.len());
    let depth: Vec<f64> = samples.iter().map(|s| s.depth() as f64).collect();
    let share = |k: usize, b: usize| samples[k].counts[b] as f64 / depth[k].max(1.0);
    let all: Vec<f64> = (0..barcodes).map(|b| (0..samples.len()).map(|k| share(k, b)).sum()).collect();
    let mut taken = 0;
    let cleaned = (0..samples.len()).map(|k| {
        let mut sample = samples[k].clone();
        for (b, count) in sample.counts.iter_mut().enumerate() {
            if *count > 0 && *count as f64 <= CARRIED * (all[b] - share(k, b)) * depth[k] {
                *count = 0;
                taken += 1;
            }
        }
        sample
    });
    let cleaned: Vec<Sample> = cleaned.collect();
    (cleaned, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_of_another_samples_winner_is_none() {
        let sample = |counts: &[u64]| Sample { arm: "drug".into(), replicate: 1, time: 0.0, counts: counts.to_vec() };
        let (one, two) = (sample(&[6000, 12, 4000, 0, 30]), sample(&[15, 7000, 20, 2965, 30]));
        let (found, taken) = taken_out(&[&one, &two]);
        // Of 60 % of a sample 18 reads of 10,000 may be carried over, of 70 % 21, of 40 % 12; of what both share nothing is taken.
        assert_eq!(found[0].counts, [6000, 0, 4000, 0, 30]);
        assert_eq!(found[1].counts, [0, 7000, 20, 2965, 30]);
        assert_eq!(taken, 2);
    }
}
