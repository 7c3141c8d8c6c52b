//! `[measurements.*]` as written, by kind.

use crate::problem::{Code, Place, Report};
use crate::tree::Section;
use crate::written::{Ctdna, Measurement, Sequencing, Text};

pub(super) fn measurement(name: Text, s: Section<'_>, report: &mut Report) -> Measurement {
    const DIAMETERS: [&str; 8] =
        ["kind", "shares", "cells_per_volume", "reader_error", "too_small", "new_lesion", "source", "assumed"];
    const COUNT: [&str; 5] = ["kind", "error", "detection_limit", "source", "assumed"];
    const CTDNA: [&str; 16] = [
        "kind",
        "shed",
        "half_life",
        "plasma",
        "blood",
        "plasma_fraction",
        "background",
        "mutated_copies",
        "copies",
        "recovery",
        "depth",
        "artefacts",
        "detection_limit",
        "sites",
        "source",
        "assumed",
    ];
    const SEQUENCING: [&str; 11] = [
        "kind",
        "site",
        "cells",
        "purity",
        "copies",
        "mutated_copies",
        "depth",
        "artefacts",
        "detection_limit",
        "source",
        "assumed",
    ];
    let kind = s.need_text("kind", "kind = \"sum_of_diameters\", \"cell_count\", \"ctdna\" or \"sequencing\"", report);
    let mut out = Measurement { name, ..Measurement::default() };
    match kind.as_ref().map(|k| k.text.as_str()) {
        Some("sum_of_diameters") => {
            let s = s.only(&DIAMETERS, report);
            match s.is_section("shares") {
                true => {
                    let sites = s.section("shares", report);
                    let lists = sites.map_or(Vec::new(), |sites| sites.named_numbers(report));
                    out.site_shares = Some(lists);
                }
                false => out.shares = s.numbers("shares", report),
            }
            if !s.has("shares") {
                s.need_text("shares", "shares = [1.0], one share a target lesion", report);
            }
            let example = "cells_per_volume = \"1e9 cells/cm^3\"";
            out.cells_per_volume = s.need_text("cells_per_volume", example, report);
            out.reader_error = s.need_text("reader_error", "reader_error = \"5 %\"", report);
            out.too_small = s.text("too_small", report);
            out.new_lesion = s.text("new_lesion", report);
        }
        Some("cell_count") => {
            let s = s.only(&COUNT, report);
            out.error = s.text("error", report);
            out.detection_limit = s.text("detection_limit", report);
        }
        Some("ctdna") => {
            let s = s.only(&CTDNA, report);
            out.detection_limit = s.text("detection_limit", report);
            out.ctdna = ctdna(&s, report);
        }
        Some("sequencing") => {
            let s = s.only(&SEQUENCING, report);
            out.detection_limit = s.text("detection_limit", report);
            out.sequencing = sequencing(&s, report);
        }
        Some(other) => {
            let at = kind.as_ref().map_or(Place::default(), |k| k.at.clone());
            let known = ["sum_of_diameters", "cell_count", "ctdna", "sequencing"];
            report.add_near(
                Code::UnknownWord,
                &at,
                [format!("`{}`", crate::tree::short(other)), known.join(" or "), "choose one of these kinds".into()],
                other,
                known,
            );
        }
        None => {}
    }
    out.kind = kind;
    out
}

fn ctdna(s: &Section<'_>, report: &mut Report) -> Ctdna {
    Ctdna {
        shed: s.need_text("shed", "shed = \"1.4e-4\", genome equivalents a death", report),
        half_life: s.need_text("half_life", "half_life = \"30 min\"", report),
        plasma: s.need_text("plasma", "plasma = \"3 L\", the plasma in the body", report),
        blood: s.need_text("blood", "blood = \"15 mL\", the draw", report),
        plasma_fraction: s.text("plasma_fraction", report),
        background: s.need_text("background", "background = \"6 ng/mL\", DNA of healthy cells in plasma", report),
        mutated_copies: s.whole("mutated_copies", report),
        copies: s.whole("copies", report),
        recovery: s.text("recovery", report),
        depth: s.need_whole("depth", "depth = 10000, unique molecules read at most", report),
        artefacts: s.text("artefacts", report),
        sites: s.whole("sites", report),
    }
}

fn sequencing(s: &Section<'_>, report: &mut Report) -> Sequencing {
    Sequencing {
        cells: s.need_text("cells", "cells = \"1e5 cells\", tumour cells in the piece", report),
        purity: s.need_text("purity", "purity = \"60 %\", share of tumour cells in the piece", report),
        copies: s.text("copies", report),
        mutated_copies: s.text("mutated_copies", report),
        depth: s.need_text("depth", "depth = \"500\", reads expected at a locus", report),
        artefacts: s.text("artefacts", report),
        site: s.text("site", report),
    }
}
