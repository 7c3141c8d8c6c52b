//! Measurements: what the clinic or the laboratory can see, and how badly.

use super::Context;
use crate::problem::{Code, Place};
use crate::resolved::{Measurement, MeasurementKind, SiteLesions};
use crate::scope::read_quantity;
use crate::tree::{Text, short};
use crate::units::{Dimension, Unit, number, unit};
use crate::written;

/// Target lesions of one patient; RECIST 1.1 measures at most five.
const MOST_LESIONS: usize = 100;
/// Diameter in mm of a lesion that RECIST 1.1 calls measurable, from which one that was not there is a new one unless the model says otherwise.
const NEW_LESION: f64 = 10.0;

pub(super) fn measurement(m: &written::Measurement, cx: &mut Context<'_>) -> Option<Measurement> {
    let kind = match m.kind.as_ref()?.text.as_str() {
        "sum_of_diameters" => {
            let shares = match (&m.site_shares, &m.shares) {
                (Some(by_site), _) => lesions(m, by_site, cx).map(|l| (Vec::new(), Some(l))),
                (None, list) => whole(m, list.as_ref(), cx).map(|s| (s, None)),
            };
            let repair = "write how many cells fill a volume of tumour, such as \"1e9 cells/cm^3\"";
            let cells_per_litre = cx.above_zero(&m.cells_per_volume, Dimension::CELLS_PER_VOLUME, repair);
            let reader_error = error(&m.reader_error, cx);
            let too_small = match &m.too_small {
                Some(text) => number_of(text, Dimension::LENGTH, "mm", cx),
                None => Some(5.0),
            };
            let (shares, by_site) = shares?;
            MeasurementKind::SumOfDiameters {
                shares,
                by_site,
                cells_per_litre: cells_per_litre?,
                reader_error: reader_error?,
                too_small: too_small?,
            }
        }
        "cell_count" => {
            // A count without an error is exact.
            let error = match &m.error {
                Some(_) => error(&m.error, cx),
                None => Some(0.0),
            };
            let detection_limit = match &m.detection_limit {
                Some(text) => number_of(text, Dimension::CELLS, "cells", cx),
                None => Some(0.0),
            };
            MeasurementKind::CellCount { error: error?, detection_limit: detection_limit? }
        }
        "ctdna" => MeasurementKind::Ctdna(Box::new(super::ctdna::ctdna(m, cx)?)),
        "sequencing" => MeasurementKind::Sequencing(Box::new(super::sequencing::sequencing(m, cx)?)),
        _ => return None,
    };
    Some(Measurement { name: m.name.text.clone(), kind })
}

fn wrong(cx: &mut Context<'_>, at: &Place, found: String, allowed: &str, repair: &str) {
    cx.report.add(Code::Measurement, at, found, allowed, repair);
}

type List = [(f64, Place)];

/// Shares of the whole tumour.
fn whole(m: &written::Measurement, list: Option<&Vec<(f64, Place)>>, cx: &mut Context<'_>) -> Option<Vec<f64>> {
    if let Some(text) = &m.new_lesion {
        let found = "`new_lesion` of a tumour in one place".to_string();
        let repair = "remove it, or give `shares` by site, such as shares = { lung = [1.0] }";
        wrong(cx, &text.at, found, "a new lesion at a site of the model", repair);
        return None;
    }
    shares(&m.name.at, list?, cx)
}

/// Target lesions by site, and from when on a lesion is a new one.
fn lesions(
    m: &written::Measurement,
    by_site: &[(Text, Vec<(f64, Place)>)],
    cx: &mut Context<'_>,
) -> Option<SiteLesions> {
    let mut out = vec![Vec::new(); cx.site_names.len()];
    let mut sound = Some(());
    for (name, list) in by_site {
        let site = cx.find_site(name);
        let own = shares(&name.at, list, cx);
        sound = sound.and(site.zip(own).map(|(k, own)| out[k] = own));
    }
    if by_site.is_empty() {
        let allowed = "the target lesions of at least one site, such as shares = { lung = [0.5, 0.3] }";
        wrong(cx, &m.name.at, "no site".into(), allowed, "name the sites whose lesions are measured");
        return None;
    }
    let new_lesion = match &m.new_lesion {
        Some(text) => number_of(text, Dimension::LENGTH, "mm", cx),
        None => Some(NEW_LESION),
    };
    sound.and(new_lesion).map(|new_lesion| SiteLesions { shares: out, new_lesion })
}

fn shares(at: &Place, list: &List, cx: &mut Context<'_>) -> Option<Vec<f64>> {
    let sum: f64 = list.iter().map(|s| s.0).sum();
    let allowed = "1 to 100 shares, each above 0, that add up to at most 1";
    let repair =
        "give the share of the tumour cells, or of those of the site, in each target lesion; the rest is not measured";
    if list.is_empty() || list.len() > MOST_LESIONS {
        wrong(cx, at, format!("{} shares", list.len()), allowed, repair);
        return None;
    }
    if let Some((s, at)) = list.iter().find(|s| s.0 <= 0.0) {
        wrong(cx, at, format!("a share of {}", number(*s)), allowed, repair);
        return None;
    }
    // Ten shares of 0.1 add up to a little more than 1 in binary.
    if sum > 1.0 + 1e-9 {
        wrong(cx, at, format!("shares that add up to {}", number(sum)), allowed, repair);
        return None;
    }
    Some(list.iter().map(|s| s.0).collect())
}

/// Standard deviation of the logarithm of a reading: a plain number from 0 to 1.
fn error(text: &Option<Text>, cx: &mut Context<'_>) -> Option<f64> {
    let text = text.as_ref()?;
    let x = number_of(text, Dimension::PLAIN, "", cx)?;
    if x > 1.0 {
        let allowed = "an error from 0 to 100 % of the reading";
        wrong(cx, &text.at, short(&text.text), allowed, "write a percentage, such as \"5 %\"");
        return None;
    }
    Some(x)
}

/// A quantity of the given dimension, 0 or more, in `unit_text`.
fn number_of(text: &Text, want: Dimension, unit_text: &str, cx: &mut Context<'_>) -> Option<f64> {
    let q = read_quantity(text, cx.report)?;
    if q.unit.dimension != want {
        crate::scope::mismatch(&text.at, &text.text, q.unit.dimension, want, cx.report);
        return None;
    }
    let x = q.in_unit(unit(unit_text).unwrap_or(Unit::PLAIN));
    if x < 0.0 {
        wrong(cx, &text.at, short(&text.text), "0 or more", "correct the sign");
        return None;
    }
    Some(x)
}
