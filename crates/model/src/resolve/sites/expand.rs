//! From one type for the whole body to one for every site, and back from a resolved file.
//!
//! In the rates of a type at site s a parameter or a level is what `values` of s says, a drug is its concentration times `exposure` of s, and
//! counts of tumour cells are those at s. In all other expressions counts are sums over sites. A cell of site s comes to site t at the
//! rate `seeded_from` of t gives for s, with the conditions of s; it is a switch, so a clone goes on and keeps its founder.

use super::{Count, Local, Site, at};
use crate::expr::{Expr, Op, Slot};
use crate::problem::Code;
use crate::resolve::Context;
use crate::resolved::{self, CellType, Kind, Level, Switch};
use crate::tree::short;
use crate::written;

/// Where the types of a model with sites are.
struct Places {
    local: Local,
    /// By written type: the index of its type at the first site; others follow it. Immune types have one.
    first: Vec<usize>,
    immune: Vec<bool>,
}

impl Places {
    fn at(&self, cell_type: usize, site: usize) -> usize {
        self.first[cell_type] + if self.immune[cell_type] { 0 } else { site }
    }

    fn tumour(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.immune.len()).filter(|k| !self.immune[*k])
    }

    /// A count as it is meant by cells at `here`, or by anything else.
    fn counted(&self, slot: Slot, here: Option<usize>) -> Option<Expr> {
        let sum = |all: &mut dyn Iterator<Item = usize>| {
            let cells = |k| Expr::Slot(Slot::Cells(k));
            let more = |sum: Expr, k| Expr::Binary(Op::Add, Box::new(sum), Box::new(cells(k)));
            match all.next() {
                Some(first) => all.fold(cells(first), more),
                None => Expr::Number(0.0),
            }
        };
        let everywhere = |k: usize| sum(&mut (0..self.local.sites).map(|s| self.at(k, s)));
        let total = |s: usize| sum(&mut self.tumour().map(|k| self.at(k, s)));
        match (slot, here) {
            (Slot::Total, Some(s)) => Some(total(s)),
            (Slot::Cells(k), _) => Some(match (self.local.count(k), here) {
                (Count::At(k, s), _) => Expr::Slot(Slot::Cells(self.at(k, s))),
                (Count::TotalAt(s), _) => total(s),
                (Count::Everywhere(k), _) if self.immune[k] => Expr::Slot(Slot::Cells(self.first[k])),
                (Count::Everywhere(k), Some(s)) => Expr::Slot(Slot::Cells(self.at(k, s))),
                (Count::Everywhere(k), None) => everywhere(k),
            }),
            _ => None,
        }
    }

    /// A rate of cells at a site.
    fn there(&self, expr: &Expr, site: &Site, index: usize) -> Expr {
        let value = |slot| site.values.iter().find(|v| v.0 == slot).map(|v| v.1.clone());
        let share = |drug: usize| site.exposure.iter().find(|e| e.0 == drug).map(|e| e.1.clone());
        let drug = |slot| match slot {
            Slot::Drug(d) | Slot::Delayed(d) | Slot::Effect(d) => {
                share(d).map(|share| Expr::Binary(Op::Mul, Box::new(share), Box::new(Expr::Slot(slot))))
            }
            _ => None,
        };
        expr.replaced(&value).replaced(&drug).replaced(&|slot| self.counted(slot, Some(index)))
    }

    fn elsewhere(&self, expr: &mut Expr) {
        *expr = expr.replaced(&|slot| self.counted(slot, None));
    }
}

/// One type for each type of the tumour and site, in the order of types and then of sites; levels count over sites.
pub(in crate::resolve) fn expand(
    cells: &[CellType],
    sites: &[Site],
    levels: &mut [Option<Level>],
) -> (Vec<CellType>, Vec<resolved::Site>) {
    let immune: Vec<bool> = cells.iter().map(|c| c.kind == Kind::Immune).collect();
    let width = |k: usize| if immune[k] { 1 } else { sites.len() };
    let first = (0..cells.len()).map(|k| (0..k).map(width).sum()).collect();
    let places = Places { local: Local { types: cells.len(), sites: sites.len() }, first, immune };
    levels.iter_mut().flatten().for_each(|l| places.elsewhere(&mut l.rate));
    let mut out = Vec::new();
    for (k, cell) in cells.iter().enumerate() {
        if places.immune[k] {
            let mut cell = cell.clone();
            each_rate(&mut cell, &mut |rate| places.elsewhere(rate));
            cell.switches.iter_mut().for_each(|s| s.to = places.first[s.to]);
            cell.mutations.iter_mut().for_each(|m| m.to = places.first[m.to]);
            out.push(cell);
            continue;
        }
        for (s, site) in sites.iter().enumerate() {
            let mut here = cell.clone();
            here.name = at(&cell.name, &site.name);
            each_rate(&mut here, &mut |rate| *rate = places.there(rate, site, s));
            here.switches.iter_mut().for_each(|w| w.to = places.at(w.to, s));
            here.mutations.iter_mut().for_each(|m| m.to = places.at(m.to, s));
            // What comes from outside arrives at the first site.
            here.immigration = here.immigration.filter(|_| s == 0);
            for (t, other) in sites.iter().enumerate() {
                for (_, rate) in other.seeded_from.iter().filter(|f| f.0 == s) {
                    here.switches.push(Switch { to: places.at(k, t), rate: places.there(rate, site, s) });
                }
            }
            out.push(here);
        }
    }
    let of = |s: usize| places.tumour().map(|k| places.at(k, s)).collect();
    let sites = sites.iter().enumerate().map(|(s, site)| resolved::Site { name: site.name.clone(), cells: of(s) });
    let sites = sites.collect();
    (out, sites)
}

fn each_rate(cell: &mut CellType, change: &mut dyn FnMut(&mut Expr)) {
    change(&mut cell.birth);
    change(&mut cell.death);
    cell.immigration.iter_mut().for_each(&mut *change);
    cell.switches.iter_mut().for_each(|s| change(&mut s.rate));
    for m in &mut cell.mutations {
        change(&mut m.rate);
        m.adds.iter_mut().for_each(&mut *change);
    }
}

/// Sites that name their types.
pub(in crate::resolve) fn explicit(
    w: &written::Model,
    cells: &[Option<CellType>],
    cx: &mut Context<'_>,
) -> Option<Vec<resolved::Site>> {
    let mut taken: Vec<Option<usize>> = vec![None; cells.len()];
    let mut out = Vec::new();
    let mut sound = true;
    for (s, site) in w.sites.iter().enumerate() {
        let mut own = Vec::new();
        for name in site.cells.iter().flatten() {
            let Some(k) = cx.find_type(name) else {
                sound = false;
                continue;
            };
            if cx.immune[k] || taken[k].is_some() {
                let what = if cx.immune[k] { "is immune and lives everywhere" } else { "has a site already" };
                let found = format!("`{}` {what}", short(&name.text));
                cx.report.add(Code::Sites, &name.at, found, "every type of the tumour at one site", "remove it here");
                sound = false;
            }
            taken[k] = Some(s);
            own.push(k);
        }
        out.push(resolved::Site { name: site.name.text.clone(), cells: own });
    }
    let homeless = (0..cells.len()).find(|k| taken[*k].is_none() && !cx.immune[*k]);
    if let (true, Some(k)) = (sound && !w.sites.is_empty(), homeless) {
        let found = format!("`{}` at no site", short(&w.cells[k].name.text));
        let repair = "name it under `cells` of its site, or remove `cells` from all sites";
        cx.report.add(Code::Sites, &w.cells[k].name.at, found, "every type of the tumour at one site", repair);
        sound = false;
    }
    sound.then_some(out)
}
