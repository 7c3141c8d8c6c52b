//! Radiation in words: fractions, biologically effective dose, and what a fraction leaves of each cell type.
//!
//! BED = sum over fractions of d (1 + d / (alpha / beta)) (Fowler 1989, Br J Radiol 62:679), so that what all fractions leave is
//! exp(-alpha BED), at the typical patient's alpha and beta. Left out here, and not in a run: what grows back between fractions.

use super::words::{figure, list, percent};
use remission_cohort::levels::{self, Span};
use remission_engine::before::over_parameters;
use remission_engine::compiled::Compiled;
use remission_model::expr::{Expr, Law, Slot};
use remission_model::resolved::{CellType, Regimen};

/// Fractions that are looked at.
const MOST: usize = 10_000;

/// What an arm's fractions of a beam (the index of a drug) come to.
pub fn note(compiled: &Compiled, regimen: &Regimen, beam: usize, horizon: f64) -> String {
    let doses = levels::doses(regimen, beam, Span { from: 0.0, to: horizon }, MOST);
    let total: f64 = doses.iter().map(|d| d.amount).sum();
    let mut sizes: Vec<(f64, usize)> = Vec::new();
    for dose in &doses {
        match sizes.iter_mut().find(|s| s.0 == dose.amount) {
            Some(size) => size.1 += 1,
            None => sizes.push((dose.amount, 1)),
        }
    }
    let parts: Vec<String> = sizes.iter().map(|(d, n)| format!("{n} x {} Gy", figure(*d))).collect();
    let mut out = format!("{} Gy in all, {}", figure(total), list(&parts));
    let parameters = levels::typical(&compiled.model);
    let value = |e: &Expr| over_parameters(compiled, &parameters, e);
    for cell in &compiled.model.cells {
        for (alpha, beta) in sensitivities(cell, beam) {
            let (alpha, beta) = (value(alpha), value(beta));
            let hit = |d: f64| alpha * d + beta * d * d;
            let all: f64 = doses.iter().map(|d| hit(d.amount)).sum();
            if alpha > 0.0 {
                let ratio =
                    if beta > 0.0 { format!("alpha/beta {} Gy, ", figure(alpha / beta)) } else { String::new() };
                out += &format!("; {}: {ratio}BED {} Gy", cell.name, figure(all / alpha));
            }
            if let [(d, _), ..] = sizes[..] {
                let each = percent(libm::exp(-hit(d)));
                out += &format!(
                    ", a fraction of {} Gy leaves {each}, all of them {}",
                    figure(d),
                    percent(libm::exp(-all))
                );
            }
        }
    }
    out
}

/// alpha and beta of every linear-quadratic law of this beam by which cells of a type are lost.
fn sensitivities(cell: &CellType, beam: usize) -> Vec<(&Expr, &Expr)> {
    let mut out = Vec::new();
    find(&cell.death, beam, &mut out);
    cell.switches.iter().for_each(|s| find(&s.rate, beam, &mut out));
    out
}

fn find<'e>(expr: &'e Expr, beam: usize, out: &mut Vec<(&'e Expr, &'e Expr)>) {
    match expr {
        Expr::Number(_) | Expr::Slot(_) => {}
        Expr::Neg(a) | Expr::Table(_, a) => find(a, beam, out),
        Expr::Binary(_, a, b) | Expr::Surface(_, a, b) => {
            find(a, beam, out);
            find(b, beam, out);
        }
        Expr::Call(law, args) => match (law, &args[..]) {
            (Law::LinearQuadratic, [Expr::Slot(Slot::Drug(k)), alpha, beta, _]) if *k == beam => {
                // What depends on more than the patient has no one value to be told.
                let fixed = |e: &Expr| e.free_of(|s| !matches!(s, Slot::Parameter(_)));
                if fixed(alpha) && fixed(beta) {
                    out.push((alpha, beta));
                }
            }
            _ => args.iter().for_each(|a| find(a, beam, out)),
        },
    }
}
