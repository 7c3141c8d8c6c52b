//! Sizes that look as if they were written in another unit: about ten times, or a tenth of, the sizes before and after
//! them, which agree with each other. They are named and used as they stand: a lesion may shrink and regrow.

use super::read::Series;
use crate::words::shortest;

/// A size with where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sized {
    /// When, days.
    pub days: f64,
    /// Diameter above 0, mm.
    pub diameter: f64,
    /// Line of the table.
    pub line: usize,
}

/// Sizes differ by this factor or less: they agree.
const AGREE: f64 = 1.5;

/// A factor between these is about ten.
const ABOUT_TEN: (f64, f64) = (7.0, 14.0);

/// Most sizes that are named.
const NAMED: usize = 10;

/// The note on such sizes of all series; none where there is none. `sizes` are those of each series, in any order.
pub(super) fn note(series: &[Series], sizes: &mut [Vec<Sized>]) -> Option<String> {
    let mut said = Vec::new();
    for (series, sizes) in series.iter().zip(sizes) {
        sizes.sort_by(|a, b| a.days.total_cmp(&b.days));
        said.extend(sizes.windows(3).filter_map(|w| slip(series, &w[0], &w[1], &w[2])));
    }
    let more = match said.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let named = said.iter().take(NAMED).cloned().collect::<Vec<_>>().join("; ");
    (!said.is_empty()).then(|| {
        format!(
            "Sizes that look as if they were written in another unit: {named}{more}. They are used as they stand: look whether mm \
             and cm were mixed up, and correct the row, or say its unit in a column `unit`."
        )
    })
}

fn slip(series: &Series, before: &Sized, size: &Sized, after: &Sized) -> Option<String> {
    let apart = (before.diameter / after.diameter).max(after.diameter / before.diameter);
    let factor = size.diameter / libm::sqrt(before.diameter * after.diameter);
    let about = |factor: f64| (ABOUT_TEN.0..=ABOUT_TEN.1).contains(&factor);
    let what = match (about(factor), about(1.0 / factor)) {
        (true, _) => "ten times",
        (_, true) => "a tenth of",
        _ => return None,
    };
    let mm = |s: &Sized| format!("{} mm", shortest(s.diameter, 3));
    (apart <= AGREE).then(|| {
        format!(
            "line {}, {} of {} on day {}, about {what} the {} before (line {}) and the {} after (line {})",
            size.line,
            mm(size),
            series.name(),
            size.days,
            mm(before),
            before.line,
            mm(after),
            after.line
        )
    })
}
