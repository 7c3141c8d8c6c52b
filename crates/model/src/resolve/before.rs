//! What exists when treatment begins: grown from a few cells, or typed in; and the barcodes of the first cells.

use super::Context;
use crate::expr::{Expr, Slot};
use crate::problem::Code;
use crate::resolved::{Barcodes, CellType, Start};
use crate::scope::Allowed;
use crate::tree::{Text, short};
use crate::units::{Dimension, number};
use crate::written;
use std::ops::Range;

/// Most founding cells: beyond this the start is not a few cells but a size, which is typed in.
const MOST_FOUNDERS: f64 = 1e6;
/// Most cells when treatment begins: counts beyond are not held exactly, and a ceiling lies above.
const MOST_CELLS: f64 = 9e15;
/// Most clones that barcodes make: a run follows five million, and mutants need some of them.
const MOST_BARCODED: f64 = 4e6;
/// Largest library.
const MOST_BARCODES: f64 = 1e9;

pub(super) fn start(b: &written::Before, cells: &[Option<CellType>], cx: &mut Context<'_>) -> Option<Start> {
    if cells.is_empty() {
        return None;
    }
    let grown = b.grow.as_ref().map(|text| grow(text, cells, cx));
    let given = b.start.as_ref().map(|list| given(b, list, cx));
    match (grown, given) {
        (Some(start), None) | (None, Some(start)) => start,
        _ => None,
    }
}

/// A word with its bytes.
fn words(text: &str) -> Vec<(&str, Range<usize>)> {
    let start = |w: &str| w.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|w| (w, start(w)..start(w) + w.len())).collect()
}

/// `<type> from <n> cells until <size>`
fn grow(text: &Text, cells: &[Option<CellType>], cx: &mut Context<'_>) -> Option<Start> {
    let words = words(&text.text);
    let form = match &words[..] {
        [t, from, n, cell, until, first, ..]
            if from.0 == "from"
                && n.0.parse::<f64>().is_ok()
                && ["cell", "cells"].contains(&cell.0)
                && until.0 == "until" =>
        {
            Some((t, n, first))
        }
        _ => None,
    };
    let Some((name, n, first)) = form else {
        cx.report.add(
            Code::GrowSentence,
            &text.at,
            format!("\"{}\"", short(&text.text)),
            "<type> from <n> cells until <size>",
            "write, for example, \"sensitive from 1 cell until 1e9 cells\"",
        );
        return None;
    };
    let part = |r: Range<usize>| Text { text: text.text[r.clone()].to_string(), at: text.at.inside(r) };
    let founder = cx.find_type(&part(name.1.clone()));
    let from = n.0.parse::<f64>().unwrap_or(f64::NAN);
    if !(1.0..=MOST_FOUNDERS).contains(&from) || from != libm::trunc(from) {
        cx.report.add(
            Code::StartSize,
            &text.at.inside(n.1.clone()),
            format!("from {} cells", n.0),
            "a whole number of founding cells, 1 to 1,000,000",
            "grow from few cells; a tumour that is already there is typed in with `start`",
        );
        return None;
    }
    let until = cx.finite(&Some(part(first.1.start..text.text.len())), Dimension::CELLS, Allowed::Parameters)?;
    if let Some(size) = cx.constant(&until).filter(|s| *s <= from || *s > MOST_CELLS) {
        cx.report.add(
            Code::StartSize,
            &text.at,
            format!("from {from} until {} cells", number(size)),
            "a size above the number of founding cells, at most 9e15 cells",
            "correct the size at which treatment begins",
        );
        return None;
    }
    let founder = founder?;
    if cx.immune[founder] {
        cx.report.add(
            Code::Immune,
            &text.at,
            format!("a tumour that grows from `{}`, whose cells are immune", name.0),
            "a type of the tumour",
            "name the first cell of the tumour; immune cells come by immigration",
        );
        return None;
    }
    can_grow(text, founder, from, cells[founder].as_ref()?, cx)?;
    Some(Start::Grown { founder, from: from as u64, until })
}

/// The founding type grows without drug, as far as its rates are known before the run.
fn can_grow(text: &Text, founder: usize, from: f64, cell: &CellType, cx: &mut Context<'_>) -> Option<()> {
    // Before treatment the date reads 0.
    let known = |s: Slot| !matches!(s, Slot::Level(_));
    let other = |s: Slot| match s {
        Slot::Total => from,
        Slot::Cells(k) if k == founder => from,
        _ => 0.0,
    };
    // A parameter at fault comes out as NaN, which compares as neither.
    let (Some(birth), Some(death)) = (cx.at(&cell.birth, &known, &other), cx.at(&cell.death, &known, &other)) else {
        return Some(());
    };
    if birth <= death {
        cx.report.add(
            Code::CannotGrow,
            &text.at,
            format!("`{}` without drug: birth {} /day, death {} /day", cell.name, number(birth), number(death)),
            "birth above death for the type that founds the tumour",
            "raise `birth`, lower `death`, or type the tumour in with `start`",
        );
        return None;
    }
    Some(())
}

fn given(b: &written::Before, list: &[(Text, Option<Text>)], cx: &mut Context<'_>) -> Option<Start> {
    let mut out: Vec<(usize, Expr)> = Vec::new();
    let mut sum = Some(0.0);
    let mut sound = true;
    for (name, text) in list {
        let index = cx.find_type(name);
        let expr = cx.finite(text, Dimension::CELLS, Allowed::Parameters);
        let (Some(index), Some(expr), Some(text)) = (index, expr, text) else {
            sound = false;
            continue;
        };
        let cells = cx.constant(&expr);
        if let Some(n) = cells.filter(|n| *n < 0.0) {
            cx.report.add(
                Code::StartSize,
                &text.at,
                format!("{} cells", number(n)),
                "0 cells or more",
                "correct the expression; fractions of a burden add up to at most 1",
            );
            sound = false;
        }
        if !cx.immune[index] {
            sum = sum.zip(cells).map(|(a, b)| a + b);
        }
        out.push((index, expr));
    }
    // Fractions of one cell may add up to a little less than 1 in binary.
    let possible = 1.0 - 1e-9..=MOST_CELLS;
    if let Some(n) = sum.filter(|n| sound && !possible.contains(n)) {
        cx.report.add(
            Code::StartSize,
            &b.at,
            format!("a start of {} cells in all", number(n)),
            "1 cell or more in all, at most 9e15",
            "give a type a number of cells, such as sensitive = \"1e9 cells\"",
        );
        sound = false;
    }
    sound.then_some(Start::Given(out))
}

/// `one per cell`, or `library of <n>`
pub(super) fn barcodes(text: &Text, start: Option<&Start>, cx: &mut Context<'_>) -> Option<Barcodes> {
    let words = words(&text.text);
    let size = match words.iter().map(|w| w.0).collect::<Vec<_>>()[..] {
        ["one", "per", "cell"] => None,
        ["library", "of", n] if n.parse::<f64>().is_ok() => Some(n.parse::<f64>().unwrap_or(f64::NAN)),
        _ => {
            cx.report.add(
                Code::Barcodes,
                &text.at,
                format!("\"{}\"", short(&text.text)),
                "\"one per cell\" (every first cell has a barcode of its own), or \"library of <n>\" (every first cell has one of n, \
                 each as likely)",
                "write, for example, barcodes = \"one per cell\" or barcodes = \"library of 100000\"",
            );
            return None;
        }
    };
    if let Some(n) = size.filter(|n| !(1.0..=MOST_BARCODES).contains(n) || *n != libm::trunc(*n)) {
        cx.report.add(
            Code::Barcodes,
            &text.at.inside(words[2].1.clone()),
            format!("a library of {} barcodes", number(n)),
            "a whole number of barcodes, 1 to 1e9",
            "write the number of different barcodes in the library, such as \"library of 100000\"",
        );
        return None;
    }
    let first = match start {
        Some(Start::Grown { from, .. }) => Some(*from as f64),
        Some(given) => cx.start_size(given),
        None => None,
    };
    let most = first.map(|cells| cells.min(size.unwrap_or(f64::INFINITY)));
    if let (Some(cells), Some(clones)) = (first, most.filter(|n| *n > MOST_BARCODED)) {
        cx.report.add(
            Code::Barcodes,
            &text.at,
            format!("up to {} different barcodes on {} first cells", number(clones), number(cells)),
            "at most 4e6 barcoded clones, each of which is followed by itself",
            "barcode fewer cells and let them grow, such as grow = \"<type> from 100000 cells until 1e9 cells\", or take a smaller \
             library",
        );
        return None;
    }
    Some(size.map_or(Barcodes::OnePerCell, |n| Barcodes::Library(n as u32)))
}

impl Context<'_> {
    /// Cells when treatment begins, at the parameters' central values.
    pub(super) fn start_size(&self, start: &Start) -> Option<f64> {
        match start {
            Start::Grown { until, .. } => self.constant(until),
            Start::Given(list) => {
                list.iter().filter(|(k, _)| !self.immune[*k]).map(|(_, cells)| self.constant(cells)).sum()
            }
        }
    }
}
