//! The index of the pages: one row an entry, and one row an arm where progression is assessed, from the stamps of the pages that are there.

use super::markdown::{plain, table};
use super::stamp::{ArmStamp, Stamp};
use remission_cohort::outcome::OriginFound;

/// The index of these pages, in the order of the catalogue.
pub fn index(stamps: &[Stamp]) -> String {
    let rows: Vec<Vec<String>> = stamps
        .iter()
        .map(|s| {
            vec![
                format!("[{id}]({id}.md)", id = s.id),
                plain(&s.title),
                plain(&s.question),
                plain(&s.treatment),
                plain(&s.answer),
                plain(&s.published),
            ]
        })
        .collect();
    format!(
        "# The catalogue\n\nEvery entry with its pictures: what it asks, what simulated patients answer, which published numbers come out, \
         and what is assumed. An answer holds under the assumptions on its page; it is not a prediction for a patient.\n\n{}\
         The pages are made by `remission catalogue pages` from the entries in [catalogue](../../catalogue), and no line of them is written by \
         hand. How to add a model: [contributing a model](../contributing-a-model.md).\n",
        [table(&["entry", "cancer", "question", "treatment", "answer", "published numbers"], &rows), across(stamps)]
            .concat()
    )
}

/// When tumours progress and where their resistance came from, in all entries that assess progression.
fn across(stamps: &[Stamp]) -> String {
    let origins: Vec<&str> = OriginFound::ALL.iter().map(|o| o.name()).collect();
    let row = |s: &Stamp, arm: &ArmStamp| {
        let share = |origin: &&str| match arm.origins.iter().find(|o| o.0 == *origin) {
            Some((_, share)) if arm.progressed > 0 => plain(share),
            _ => "–".to_string(),
        };
        let mut cells = vec![format!("[{id}]({id}.md)", id = s.id), plain(&arm.name), plain(&arm.progression)];
        cells.extend(origins.iter().map(share));
        cells
    };
    let rows: Vec<Vec<String>> = stamps.iter().flat_map(|s| s.arms.iter().map(move |a| row(s, a))).collect();
    let named: Vec<String> = origins.iter().map(|o| o.replace('_', " ")).collect();
    let head: Vec<&str> =
        ["entry", "arm", "median PFS, months"].into_iter().chain(named.iter().map(String::as_str)).collect();
    format!(
        "\n## Progression and origin across the catalogue\n\nMedian progression-free survival with its 95 % interval, and of those who progressed the share of \
         each origin of the largest resistant clone: before treatment, from a cycling cell, from a persister, by a mutation that the drug made, or none of \
         more than 1 % of the tumour. Each entry with its own patients, horizon and definition of progression.\n\n{}\n",
        table(&head, &rows)
    )
}
