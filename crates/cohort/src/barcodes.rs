//! What a barcode assay would count at a look: cells by barcode and cell type.
//!
//! A barcode is listed from [`LISTED`] of all cells, so a look lists at most 100,000 of them; the others are counted together by cell
//! type, so that nothing is missing from the sums. Counts are those in the tumour: that an assay draws a sample of cells, amplifies
//! and sequences it is not in them.

use crate::outcome::{BarcodeCount, BarcodeRest, BarcodesSeen};
use remission_engine::compiled::Compiled;
use remission_engine::state::State;

/// Barcodes are listed at a look from this share of the tumour: ten reads of a million.
pub const LISTED: f64 = 1e-5;

/// The barcodes of a tumour.
pub fn look(compiled: &Compiled, state: &State) -> BarcodesSeen {
    let least = (state.tumour(compiled) as f64 * LISTED).max(1.0);
    let mut counts = Vec::new();
    let mut rest: Vec<BarcodeRest> =
        (0..compiled.types()).map(|cell_type| BarcodeRest { cell_type, ..BarcodeRest::default() }).collect();
    for (block, clones) in compiled.blocks.iter().zip(&state.blocks) {
        for (founder, row) in clones.founders.iter().zip(clones.counts.chunks_exact(block.types.len())) {
            for (&cell_type, &cells) in block.types.iter().zip(row).filter(|(_, cells)| **cells > 0) {
                match founder.barcode {
                    Some(barcode) => counts.push(BarcodeCount { barcode, cell_type: cell_type as u32, cells }),
                    None => rest[cell_type].unmarked += cells,
                }
            }
        }
    }
    counts.sort_unstable_by_key(|c| (c.barcode, c.cell_type));
    counts.dedup_by(|next, kept| {
        let same = (next.barcode, next.cell_type) == (kept.barcode, kept.cell_type);
        kept.cells += if same { next.cells } else { 0 };
        same
    });
    let mut living = 0;
    let mut listed = Vec::new();
    for of_one in counts.chunk_by(|a, b| a.barcode == b.barcode) {
        living += 1;
        if of_one.iter().map(|c| c.cells).sum::<u64>() as f64 >= least {
            listed.extend_from_slice(of_one);
            continue;
        }
        for count in of_one {
            let rest = &mut rest[count.cell_type as usize];
            rest.cells += count.cells;
            rest.barcodes += 1;
        }
    }
    rest.retain(|r| r.cells + r.unmarked > 0);
    listed.shrink_to_fit();
    BarcodesSeen { time: state.time, living, listed, rest }
}
