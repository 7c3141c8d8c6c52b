//! The index of the pages: one row an entry, from the stamps of the pages that are there.

use super::markdown::{plain, table};
use super::stamp::Stamp;

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
        table(&["entry", "cancer", "question", "treatment", "answer", "published numbers"], &rows)
    )
}
