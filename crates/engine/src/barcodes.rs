//! Barcodes of the first cells: every one its own, or one of a library.
//!
//! The experiment: cells are infected with a library of barcodes so sparsely that the cells kept carry one each (one cell in ten
//! infected leaves 5 % of them with two), and all descendants inherit it (Bhang et al. 2015, Nat. Med. 21:440). A cell takes any of
//! the N barcodes of a library with the same chance 1/N, whatever the others took, so that counts by barcode are multinomial; two
//! cells may share one, n cells n (n - 1) / (2 N) times in the mean. Left out: cells with two barcodes, cells without one, and
//! libraries in which some barcodes are more frequent than others.

use crate::compiled::Compiled;
use crate::draw;
use crate::failure::Failure;
use crate::state::{Cause, Origin, State};
use crate::stream::Stream;
use remission_model::resolved::Barcodes;

/// Founds what is there at first: `cells` cells of each type, as one clone a type or one a barcode and type. Barcodes count from 0:
/// in the order of `parts` where every cell has its own, else the number in the library.
///
/// # Errors
/// [`Failure::Budget`] when more than `most` clones would be founded.
pub fn found_first(
    compiled: &Compiled,
    state: &mut State,
    parts: &[(usize, u64)],
    most: usize,
    stream: &mut Stream,
) -> Result<(), Failure> {
    let mut found = |cell_type, cells, barcode| {
        state.found(compiled, cell_type, cells, 0.0, Cause::Start, None, Origin::PreExisting, barcode);
    };
    let Some(barcodes) = compiled.model.barcodes else {
        parts.iter().for_each(|&(cell_type, cells)| found(cell_type, cells, None));
        return Ok(());
    };
    let clones: u64 = match barcodes {
        Barcodes::OnePerCell => parts.iter().map(|p| p.1).sum(),
        Barcodes::Library(size) => parts.iter().map(|p| p.1.min(u64::from(size))).sum(),
    };
    if clones > most as u64 {
        let what = format!("up to {clones} barcoded clones at the start, and {most} are followed; barcode fewer cells");
        return Err(Failure::Budget { what, time: 0.0 });
    }
    let mut next = 0;
    for &(cell_type, cells) in parts {
        match barcodes {
            Barcodes::OnePerCell => {
                for _ in 0..cells {
                    found(cell_type, 1, Some(next));
                    next += 1;
                }
            }
            Barcodes::Library(size) => {
                spread(cells, size, stream, |barcode, cells| found(cell_type, cells, Some(barcode)));
            }
        }
    }
    Ok(())
}

/// Gives each of `cells` cells one of `size` barcodes; those taken go to `take`, with their cells, in order of their number.
fn spread(cells: u64, size: u32, stream: &mut Stream, mut take: impl FnMut(u32, u64)) {
    if cells <= u64::from(size) {
        // Below 1, and so below `size` when multiplied, but for rounding.
        let mut taken: Vec<u32> =
            (0..cells).map(|_| ((stream.uniform() * f64::from(size)) as u32).min(size - 1)).collect();
        taken.sort_unstable();
        taken.chunk_by(|a, b| a == b).for_each(|same| take(same[0], same.len() as u64));
        return;
    }
    let mut left = cells;
    for barcode in 0..size {
        let here = draw::binomial(stream, left, 1.0 / f64::from(size - barcode));
        left -= here;
        if here > 0 {
            take(barcode, here);
        }
    }
}
