//! Tumour DNA in plasma: what is shed, cleared, drawn and read, and the names of the columns it gives.

use super::Context;
use crate::expr::Expr;
use crate::problem::{Code, Place, Report};
use crate::resolved::Ctdna;
use crate::scope::Allowed;
use crate::tree::{Text, short};
use crate::units::{Dimension, number};
use crate::written;
use std::collections::HashMap;

/// Most unique molecules read per site; a tube of blood holds some 10,000 genomes.
const DEEPEST: u64 = 1_000_000_000;
/// Most sites of one assay.
const MOST_SITES: u64 = 100_000;
/// Most copies of a locus in a cell.
const MOST_COPIES: u64 = 1000;

pub(super) fn ctdna(m: &written::Measurement, cx: &mut Context<'_>) -> Option<Ctdna> {
    let c = &m.ctdna;
    let shed = share(&c.shed, 0.0, cx);
    let repair = "write the half-life of DNA in plasma, such as \"30 min\"";
    let half_life = cx.above_zero(&c.half_life, Dimension::TIME, repair);
    let plasma = cx.above_zero(&c.plasma, Dimension::VOLUME, "write the plasma in the body, such as \"3 L\"");
    let blood = cx.above_zero(&c.blood, Dimension::VOLUME, "write the blood drawn, such as \"15 mL\"");
    let plasma_fraction = share(&c.plasma_fraction, 0.55, cx);
    let background = background(&c.background, cx);
    let recovery = share(&c.recovery, 1.0, cx);
    let artefacts = share(&c.artefacts, 0.0, cx);
    let detection_limit = share(&m.detection_limit, 0.0, cx);
    let copies = copies(c, m, cx);
    let depth = c.depth.as_ref().and_then(|d| whole(d, DEEPEST, "unique molecules read per site", cx));
    let sites = match &c.sites {
        Some(sites) => whole(sites, MOST_SITES, "sites at which the truncal mutation is tracked", cx),
        None => Some(1),
    };
    let (plasma, blood, plasma_fraction) = (plasma?, blood?, plasma_fraction?);
    draw(m, [&plasma, &blood, &plasma_fraction], cx)?;
    let (mutated_copies, copies) = copies?;
    Some(Ctdna {
        shed: shed?,
        half_life: half_life?,
        plasma,
        blood,
        plasma_fraction,
        background: background?,
        mutated_copies,
        copies,
        recovery: recovery?,
        depth: depth?,
        artefacts: artefacts?,
        detection_limit: detection_limit?,
        sites: sites?,
    })
}

/// A plain number from 0 to 1, over parameters; `default` where it is left out.
pub(super) fn share(text: &Option<Text>, default: f64, cx: &mut Context<'_>) -> Option<Expr> {
    let Some(written) = text else { return Some(Expr::Number(default)) };
    let expr = cx.finite(text, Dimension::PLAIN, Allowed::Parameters)?;
    if let Some(x) = cx.constant(&expr).filter(|x| !(0.0..=1.0).contains(x)) {
        cx.report.add(
            Code::Probability,
            &written.at,
            format!("`{}` = {}", short(&written.text), number(x)),
            "a share from 0 to 1",
            "write a share of the whole, such as \"0.5\" or \"50 %\"",
        );
        return None;
    }
    Some(expr)
}

fn background(text: &Option<Text>, cx: &mut Context<'_>) -> Option<Expr> {
    let expr = cx.finite(text, Dimension::MASS_CONCENTRATION, Allowed::Parameters)?;
    let written = text.as_ref()?;
    if let Some(x) = cx.constant(&expr).filter(|x| *x < 0.0) {
        let found = format!("`{}` = {} mg/L", written.at.path, number(x));
        let repair = "write the DNA of healthy cells per plasma, such as \"6 ng/mL\"";
        cx.report.add(Code::Measurement, &written.at, found, "0 or more", repair);
        return None;
    }
    Some(expr)
}

fn whole((x, at): &(u64, Place), most: u64, what: &str, cx: &mut Context<'_>) -> Option<u64> {
    if (1..=most).contains(x) {
        return Some(*x);
    }
    let allowed = format!("{what}: 1 to {most}");
    cx.report.add(Code::Sequencing, at, x.to_string(), allowed, "choose a number in this range");
    None
}

fn copies(c: &written::Ctdna, m: &written::Measurement, cx: &mut Context<'_>) -> Option<(u64, u64)> {
    let all = match &c.copies {
        Some(copies) => whole(copies, MOST_COPIES, "copies of the locus in a tumour cell", cx)?,
        None => 2,
    };
    let mutated = c.mutated_copies.as_ref().map_or(1, |c| c.0);
    if !(1..=all).contains(&mutated) {
        let at = c.mutated_copies.as_ref().map_or(&m.name.at, |c| &c.1);
        let found = format!("{mutated} mutated of {all} copies");
        let repair = "a mutation on one of two copies is `mutated_copies = 1`, `copies = 2`";
        cx.report.add(Code::Sequencing, at, found, "at least 1 mutated copy, and at most `copies`", repair);
        return None;
    }
    Some((mutated, all))
}

/// Less plasma is drawn than there is.
fn draw(m: &written::Measurement, [plasma, blood, fraction]: [&Expr; 3], cx: &mut Context<'_>) -> Option<()> {
    let (Some(plasma), Some(blood), Some(fraction)) = (cx.constant(plasma), cx.constant(blood), cx.constant(fraction))
    else {
        return Some(());
    };
    let at = m.ctdna.blood.as_ref().map_or(&m.name.at, |b| &b.at);
    if fraction > 0.0 && blood * fraction < plasma {
        return Some(());
    }
    let found = format!("{} L of plasma drawn, of {} L in the body", number(blood * fraction), number(plasma));
    let repair = "correct `blood`, `plasma_fraction` or `plasma`; usual are 10 to 30 mL of blood and 3 L of plasma";
    cx.report.add(Code::BloodDraw, at, found, "more than nothing, and less than the plasma in the body", repair);
    None
}

/// Columns of sequencing (`name`, `name_<mechanism>`, and `name_ge` of ctDNA) and of lesions by site (`name_<site>`) are unlike every other column of
/// the results.
pub(super) fn columns(w: &written::Model, report: &mut Report) {
    let mut mechanisms: Vec<&str> = Vec::new();
    for name in w.cells.iter().filter_map(|c| c.mechanism.as_ref()) {
        if !mechanisms.contains(&name.text.as_str()) {
            mechanisms.push(&name.text);
        }
    }
    let mut taken: HashMap<String, String> = HashMap::from([("total".to_string(), "the column of all cells".into())]);
    let others = w.cells.iter().map(|c| &c.name).chain(w.levels.iter().map(|l| &l.name));
    let others = others.chain(w.events.iter().map(|e| &e.name));
    for name in others.chain(w.measurements.iter().map(|m| &m.name)) {
        taken.insert(name.text.clone(), format!("`{}`", name.at.path));
    }
    let kind = |m: &written::Measurement, what: &str| m.kind.as_ref().is_some_and(|k| k.text == what);
    let sites: Vec<&str> = w.sites.iter().map(|s| s.name.text.as_str()).collect();
    for m in &w.measurements {
        let own: Vec<(&str, &str)> = match (kind(m, "ctdna"), kind(m, "sequencing"), &m.site_shares) {
            (false, false, None) => continue,
            (false, false, Some(_)) => sites.iter().map(|s| (*s, "site")).collect(),
            (blood, ..) => {
                let mutants = mechanisms.iter().map(|m| (*m, "mechanism"));
                blood.then_some(("ge", "")).into_iter().chain(mutants).collect()
            }
        };
        for (ending, what) in own {
            let column = format!("{}_{ending}", m.name.text);
            let said = if what.is_empty() { "genome equivalents".into() } else { format!("{what} `{ending}`") };
            let said = format!("the column of `{}` for {said}", m.name.at.path);
            if let Some(other) = taken.insert(column.clone(), said.clone()) {
                report.add(
                    Code::ColumnTwice,
                    &m.name.at,
                    format!("`{}` is {said}, and also {other}", short(&column)),
                    "every column of the results once",
                    "rename the measurement, the mechanism, the site or what bears the same name",
                );
            }
        }
    }
}
