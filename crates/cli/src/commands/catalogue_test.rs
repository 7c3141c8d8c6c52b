//! `remission catalogue test`: entries against what is published of them.

use crate::args;
use crate::expected::entry::Entry;
use crate::expected::table::{self, Counts};
use crate::expected::test::{Choices, Tested, test as test_entry};
use crate::failure::{Exit, code};
use std::sync::atomic::AtomicBool;

/// `remission catalogue test`
pub fn test(args: &args::EntryTest, stop: &AtomicBool) -> Result<u8, Exit> {
    let entries = match &args.entry {
        Some(what) => vec![with_numbers(Entry::find(what)?)?],
        None => Entry::all()?,
    };
    let choices = Choices { patients: args.patients, seed: args.seed };
    let mut tested: Vec<Tested> = Vec::new();
    for entry in entries.iter().filter(|e| e.source.is_some()) {
        let found = test_entry(entry, choices, stop)?;
        let text = table::text(&found);
        if args.json {
            warnln!("{text}");
        } else {
            sayln!("{text}");
        }
        tested.push(found);
    }
    let counts = Counts::of(&tested);
    if args.json {
        warnln!("{}", counts.in_words());
        sayln!("{:#}", table::json(&tested));
    } else {
        sayln!("{}", counts.in_words());
    }
    Ok(if counts.failed > 0 { code::REFUSED } else { code::DONE })
}

/// An entry that was named has published numbers, or there is nothing to test.
fn with_numbers(entry: Entry) -> Result<Entry, Exit> {
    if entry.source.is_none() {
        return Err(Exit::refused(format!(
            "error: there is no expected.toml beside the model of `{}`; it holds the published numbers, their ranges and where they are printed",
            entry.id
        )));
    }
    Ok(entry)
}
