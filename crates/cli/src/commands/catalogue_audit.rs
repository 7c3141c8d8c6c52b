//! `remission catalogue audit`: where the numbers of entries come from.

use crate::args;
use crate::audit::{Audited, Marks, audit as audit_entry, table};
use crate::expected::entry::Entry;
use crate::failure::{Exit, code};

/// `remission catalogue audit`
pub fn audit(args: &args::EntryAudit) -> Result<u8, Exit> {
    let entries = match &args.entry {
        Some(what) => vec![Entry::find(what)?],
        None => Entry::all()?,
    };
    let all: Vec<Audited> = entries.iter().flat_map(audit_entry).collect();
    let mut sum = Marks::default();
    all.iter().for_each(|a| sum.add(a.marks));
    let (expected, unsourced) = all.iter().fold((0, 0), |s, a| (s.0 + a.expected, s.1 + a.unsourced.len()));
    let mut text: String = all.iter().map(table::text).collect();
    text += &format!(
        "in all {}; {}, {unsourced} without a citation",
        table::marks(sum),
        table::many(expected, "published number")
    );
    if args.json {
        warnln!("{text}");
        sayln!("{:#}", table::json(&all));
    } else {
        sayln!("{text}");
    }
    Ok(if all.iter().all(Audited::passes) { code::DONE } else { code::REFUSED })
}
