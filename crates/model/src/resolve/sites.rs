//! `[sites]`: every type of the tumour lives at every site, with the drugs and the conditions of the place.
//!
//! A model is written once, for one place, and resolved into one cell type for each type and site ([`expand`]). While expressions are
//! read the counts of one site have slots of their own, behind those of the types ([`Local`]); none is left afterwards.

mod expand;

pub(super) use expand::{expand, explicit};

use super::Context;
use crate::expr::{Expr, Slot};
use crate::problem::Code;
use crate::scope::{Allowed, Meaning, Scope};
use crate::tree::{Text, short};
use crate::units::Dimension;
use crate::written;

/// Most cell types that sites make: counts of one site are sums over them in every rate.
const MOST: usize = 200;

/// A site as it is read.
pub(super) struct Site {
    pub(super) name: String,
    /// Drugs, and the share of each that cells feel.
    exposure: Vec<(usize, Expr)>,
    /// What stands for a parameter or a level there.
    values: Vec<(Slot, Expr)>,
    /// Sites that cells come from, and at which rate a cell.
    seeded_from: Vec<(usize, Expr)>,
}

/// Where counts of one site stand behind the `types` counts of the whole body: by site those of every type, then the totals by site.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local {
    pub(super) types: usize,
    pub(super) sites: usize,
}

/// A count, of a type or of all of the tumour, everywhere or at one site.
pub(super) enum Count {
    Everywhere(usize),
    At(usize, usize),
    TotalAt(usize),
}

impl Local {
    fn slot(self, site: usize, cell_type: usize) -> Slot {
        Slot::Cells(self.types * (1 + site) + cell_type)
    }

    fn total(self, site: usize) -> Slot {
        Slot::Cells(self.types * (1 + self.sites) + site)
    }

    pub(super) fn count(self, slot: usize) -> Count {
        let behind = self.types * (1 + self.sites);
        match slot {
            k if k < self.types => Count::Everywhere(k),
            k if k < behind => Count::At(k % self.types, k / self.types - 1),
            k => Count::TotalAt(k - behind),
        }
    }
}

/// Sites whose types are made here, which is where a site does not name its own.
pub(super) fn made(w: &written::Model) -> bool {
    w.sites.iter().any(|s| s.cells.is_none())
}

/// True for a type that is written as immune.
pub(super) fn immune(c: &written::CellType) -> bool {
    c.kind.as_ref().is_some_and(|k| k.text == "immune")
}

/// `sensitive_brain`
pub(super) fn at(name: &str, site: &str) -> String {
    format!("{name}_{site}")
}

/// Names that sites make, each with the place of what makes it: counts of a type and of all cells at one site.
pub(super) fn made_names(w: &written::Model) -> Vec<Text> {
    if !made(w) {
        return Vec::new();
    }
    let text = |name: &str, site: &written::Site| Text { text: at(name, &site.name.text), at: site.name.at.clone() };
    let types = w.cells.iter().filter(|c| !immune(c));
    let of_types = types.flat_map(|c| w.sites.iter().map(|s| text(&c.name.text, s)));
    of_types.chain(w.sites.iter().map(|s| text("total", s))).collect()
}

/// Names of the types that sites make, with the written type.
pub(super) fn made_types(w: &written::Model) -> Vec<(String, usize)> {
    let types = w.cells.iter().enumerate().filter(|(_, c)| made(w) && !immune(c));
    types.flat_map(|(k, c)| w.sites.iter().map(move |s| (at(&c.name.text, &s.name.text), k))).collect()
}

/// Puts the counts of one site into the scope.
pub(super) fn into_scope(w: &written::Model, scope: &mut Scope) {
    if !made(w) {
        return;
    }
    let local = Local { types: w.cells.len(), sites: w.sites.len() };
    let cells = |slot| Meaning::Slot(slot, Some(Dimension::CELLS));
    for (s, site) in w.sites.iter().enumerate() {
        for (k, c) in w.cells.iter().enumerate().filter(|(_, c)| !immune(c)) {
            scope.insert(&at(&c.name.text, &site.name.text), cells(local.slot(s, k)));
        }
        scope.insert(&at("total", &site.name.text), cells(local.total(s)));
    }
}

/// Every site with what it says, or a report.
pub(super) fn read(w: &written::Model, cx: &mut Context<'_>) -> Option<Vec<Site>> {
    if made(w) && w.cells.len() * w.sites.len() > MOST {
        let found = format!("{} cell types at {} sites", w.cells.len(), w.sites.len());
        let at = &w.sites[0].name.at;
        cx.report.add(
            Code::TooMany,
            at,
            found,
            format!("at most {MOST} types and sites together"),
            "merge types or sites that behave alike",
        );
        return None;
    }
    if let Some(odd) = w.sites.iter().find(|s| s.cells.is_some() != w.sites[0].cells.is_some()) {
        let found = format!("`cells` of one site and none of another (`{}`)", short(&odd.name.text));
        let allowed = "`cells` in every site, where each type is written for its site, or in none";
        cx.report.add(Code::Sites, &odd.name.at, found, allowed, "remove `cells`: every type then lives at every site");
        return None;
    }
    let sites: Vec<Option<Site>> = w.sites.iter().enumerate().map(|(k, s)| site(k, s, cx)).collect();
    super::all(sites)
}

fn site(own: usize, s: &written::Site, cx: &mut Context<'_>) -> Option<Site> {
    if s.cells.is_some() && !(s.exposure.is_empty() && s.values.is_empty() && s.seeded_from.is_empty()) {
        let allowed = "`cells` alone, where each type is written for its site, or the other keys without it";
        let found = format!("`cells` beside other keys of `{}`", short(&s.name.text));
        cx.report.add(Code::Sites, &s.name.at, found, allowed, "keep one of the two");
        return None;
    }
    let exposure: Vec<_> = s.exposure.iter().map(|(drug, share)| exposure(drug, share, cx)).collect();
    let values: Vec<_> = s.values.iter().map(|(name, value)| value_there(name, value, cx)).collect();
    let seeded: Vec<_> = s.seeded_from.iter().map(|(from, rate)| seeded(own, from, rate, cx)).collect();
    Some(Site {
        name: s.name.text.clone(),
        exposure: super::all(exposure)?,
        values: super::all(values)?,
        seeded_from: super::all(seeded)?,
    })
}

fn exposure(drug: &Text, share: &Option<Text>, cx: &mut Context<'_>) -> Option<(usize, Expr)> {
    let found = cx.find_drug(drug);
    let repair = "write 0 for a place that the drug does not reach, 1 for one like the rest of the body";
    let share = cx.rate(share, Dimension::PLAIN, Allowed::Parameters, repair);
    Some((found?, share?))
}

/// A parameter or level that is something else at a site.
fn value_there(name: &Text, value: &Option<Text>, cx: &mut Context<'_>) -> Option<(Slot, Expr)> {
    let known = cx.scope.slot(&name.text);
    let Some((slot @ (Slot::Parameter(_) | Slot::Level(_)), dimension)) = known else {
        let known: Vec<&str> = cx.scope.parameters_and_levels();
        let message = [
            format!("`{}`", short(&name.text)),
            "the name of a parameter, a covariate or a level, which stands for another value in the rates of cells at this site".into(),
            "correct the name; how much of a drug arrives is said under `exposure`".into(),
        ];
        cx.report.add_near(Code::Sites, &name.at, message, &name.text, known);
        return None;
    };
    let want = dimension?;
    Some((slot, cx.finite(value, want, Allowed::Everything)?))
}

fn seeded(own: usize, from: &Text, rate: &Option<Text>, cx: &mut Context<'_>) -> Option<(usize, Expr)> {
    let found = cx.find_site(from);
    if found == Some(own) {
        let found = format!("`{}` seeds itself", short(&from.text));
        cx.report.add(
            Code::Sites,
            &from.at,
            found,
            "another site",
            "name the site that cells leave; growth at a site is `birth`",
        );
    }
    let rate = cx.rate(rate, Dimension::RATE, Allowed::Everything, "write 0 or a positive rate");
    Some((found.filter(|k| *k != own)?, rate?))
}

impl Context<'_> {
    /// Index of a site, or a report.
    pub(super) fn find_site(&mut self, name: &Text) -> Option<usize> {
        let found = self.site_names.iter().position(|n| *n == name.text);
        if found.is_none() {
            let (allowed, repair) = match self.site_names.is_empty() {
                true => (
                    "a site, of which the model has none".to_string(),
                    "add a section [sites.<name>], or leave the site out",
                ),
                false => (
                    format!("a site of the model: {}", short(&self.site_names.join(", "))),
                    "correct the name, or add a section [sites.<name>]",
                ),
            };
            let message = [format!("`{}`", short(&name.text)), allowed, repair.to_string()];
            self.report.add_near(
                Code::Sites,
                &name.at,
                message,
                &name.text,
                self.site_names.iter().map(String::as_str),
            );
        }
        found
    }
}
