//! What the first ctDNA measurement of a study says of a patient: tumour DNA at baseline, how far it fell, and how long before
//! imaging it rose again.
//!
//! A rise is a detected share of mutant reads of at least twice the smallest since baseline (the usual "molecular progression" has no
//! agreed rule; a return from not detected is a rise). The lead is the time from the first rise to the visit at which RECIST
//! called progression, and 0 where there was no earlier rise.

use crate::measure::{channels, first_channel};
use crate::outcome::{ArmOutcome, Seen};
use remission_model::resolved::{MeasurementKind, Model};

/// Rise over the smallest share since baseline that counts.
pub const RISE: f64 = 2.0;

/// Columns of the first ctDNA measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Share of mutant reads; the column of genome equivalents follows.
    share: usize,
}

/// One patient in one arm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Molecular {
    /// Cells at baseline.
    pub cells: f64,
    /// Genome equivalents per mL of plasma at baseline.
    pub ge: f64,
    /// Share of mutant reads at baseline.
    pub share: f64,
    /// Smallest share at a later visit over that at baseline; none without a share at baseline or a later visit.
    pub lowest: Option<f64>,
    /// Genome equivalents at the first visit after baseline over those at baseline, which no detection limit touches; none
    /// without any at baseline or a later visit.
    pub first: Option<f64>,
    /// Day of the first visit after baseline, and whether the mutation was detected no more; none without a share at baseline or a
    /// later visit.
    pub cleared: Option<(f64, bool)>,
    /// Days by which a rise came before progression on imaging; none without progression or without a share at baseline.
    pub lead: Option<f64>,
}

impl Columns {
    /// Those of a model; none where nothing looks at blood.
    pub fn of(model: &Model) -> Option<Columns> {
        let first = model.measurements.iter().position(|m| matches!(m.kind, MeasurementKind::Ctdna(_)))?;
        let share = first_channel(model, first);
        (share + 1 < channels(model).len()).then_some(Columns { share })
    }

    /// What an arm says of a patient; none without a look.
    pub fn read(self, arm: &ArmOutcome) -> Option<Molecular> {
        let share = |seen: &Seen| seen.readings[self.share];
        let ge = |seen: &Seen| seen.readings[self.share + 1];
        let (baseline, later) = arm.seen.split_first()?;
        let start = share(baseline);
        let relative = |s: f64| (start > 0.0).then(|| s / start);
        let lowest = later.iter().map(share).min_by(f64::total_cmp);
        let mut least = f64::INFINITY;
        let rise = later.iter().find(|seen| {
            let now = share(seen);
            let risen = now > 0.0 && now >= RISE * least;
            least = least.min(now);
            risen
        });
        let called = arm.time_to_progression;
        let lead = || rise.map_or(0.0, |seen| (called.time - seen.time).max(0.0));
        Some(Molecular {
            cells: baseline.total,
            ge: ge(baseline),
            share: start,
            lowest: lowest.and_then(relative),
            first: later.first().filter(|_| ge(baseline) > 0.0).map(|seen| ge(seen) / ge(baseline)),
            cleared: later.first().filter(|_| start > 0.0).map(|seen| (seen.time, share(seen) == 0.0)),
            lead: (called.event && start > 0.0).then(lead),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Ended, Waited};

    /// Looks every six weeks with these shares of mutant reads; progression called at the last.
    fn arm(shares: &[f64], called: bool) -> ArmOutcome {
        let look = |(k, &share): (usize, &f64)| Seen {
            time: 42.0 * k as f64,
            total: 4e9,
            by_type: vec![3e9, 1e9],
            levels: vec![],
            readings: vec![50.0, share, 1000.0 * share],
        };
        let end = 42.0 * (shares.len() - 1) as f64;
        let waited = Waited { time: end, event: called, after: end };
        ArmOutcome {
            seen: shares.iter().enumerate().map(look).collect(),
            progression: waited,
            time_to_progression: waited,
            survival: waited,
            best: None,
            best_change: None,
            rebiopsy: None,
            ended: Ended::Horizon,
            clones: vec![],
            dose_changes: vec![],
            barcodes: vec![],
            events: vec![],
            extinct_clones: 0,
        }
    }

    fn read(shares: &[f64], called: bool) -> Molecular {
        Columns { share: 1 }.read(&arm(shares, called)).unwrap()
    }

    #[test]
    fn falls_rises_and_leads_are_those_of_the_series() {
        let m = read(&[0.01, 0.004, 0.001, 0.0015, 0.002, 0.05], true);
        assert_eq!((m.cells, m.ge, m.share), (4e9, 10.0, 0.01));
        assert_eq!((m.lowest, m.first, m.cleared), (Some(0.1), Some(0.4), Some((42.0, false))));
        // Twice the smallest at the fourth visit, progression at the fifth.
        assert_eq!(m.lead, Some(42.0));
        // Back from not detected is a rise, whatever its size; the first visit has nothing before it to rise from.
        let m = read(&[0.01, 0.0, 0.0, 0.0001, 0.3, 0.3], true);
        assert_eq!((m.lowest, m.cleared, m.lead), (Some(0.0), Some((42.0, true)), Some(84.0)));
        assert_eq!(read(&[0.01, 0.02], true).lead, Some(0.0));
        // No rise before progression; no progression; nothing at baseline; no later visit.
        assert_eq!(read(&[0.01, 0.005, 0.006], true).lead, Some(0.0));
        assert_eq!(read(&[0.01, 0.005, 0.5], false).lead, None);
        let m = read(&[0.0, 0.005, 0.5], true);
        assert_eq!((m.lowest, m.first, m.cleared, m.lead), (None, None, None, None));
        let m = read(&[0.01], false);
        assert_eq!((m.lowest, m.first, m.cleared, m.lead), (None, None, None, None));
    }
}
