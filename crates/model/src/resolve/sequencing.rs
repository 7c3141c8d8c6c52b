//! Sequencing of tissue: what is in the piece, how deep it is read and what is reported.

use super::Context;
use super::ctdna::share;
use crate::expr::Expr;
use crate::problem::Code;
use crate::resolved::Sequencing;
use crate::scope::Allowed;
use crate::tree::Text;
use crate::units::{Dimension, number};
use crate::written;

pub(super) fn sequencing(m: &written::Measurement, cx: &mut Context<'_>) -> Option<Sequencing> {
    let w = &m.sequencing;
    let cells = cx.above_zero(&w.cells, Dimension::CELLS, "write the tumour cells in the piece, such as \"1e5 cells\"");
    let purity = share(&w.purity, 1.0, cx);
    let copies = copies(&w.copies, 2.0, cx);
    let mutated_copies = self::copies(&w.mutated_copies, 1.0, cx);
    let depth = cx.above_zero(&w.depth, Dimension::PLAIN, "write the reads expected at a locus, such as \"500\"");
    let artefacts = share(&w.artefacts, 0.0, cx);
    let detection_limit = share(&m.detection_limit, 0.0, cx);
    let (copies, mutated_copies) = (copies?, mutated_copies?);
    if let (Some(all), Some(mutated)) = (cx.constant(&copies), cx.constant(&mutated_copies))
        && mutated > all
    {
        let at = w.mutated_copies.as_ref().or(w.copies.as_ref()).map_or(&m.name.at, |t| &t.at);
        let found = format!("{} mutated of {} copies", number(mutated), number(all));
        let repair = "a mutation on one of two copies is `mutated_copies = 1`, `copies = 2`";
        cx.report.add(Code::Sequencing, at, found, "at most as many mutated copies as copies", repair);
        return None;
    }
    let site = match &w.site {
        Some(name) => Some(cx.find_site(name)?),
        None => None,
    };
    Some(Sequencing {
        site,
        cells: cells?,
        purity: purity?,
        copies,
        mutated_copies,
        depth: depth?,
        artefacts: artefacts?,
        detection_limit: detection_limit?,
    })
}

/// Copies of a locus in a cell; of many cells they may be no whole number on average.
fn copies(text: &Option<Text>, default: f64, cx: &mut Context<'_>) -> Option<Expr> {
    if text.is_none() {
        return Some(Expr::Number(default));
    }
    cx.finite(text, Dimension::PLAIN, Allowed::Parameters)?;
    cx.above_zero(
        text,
        Dimension::PLAIN,
        "a locus that is not there has no mutation: write its copies in a tumour cell",
    )
}
