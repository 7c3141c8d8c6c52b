//! Cell types: what each does, per cell and day, without drug and in every arm.

use super::Arms;
use super::page::Page;
use super::words::{figure, formula, list, net};
use remission_engine::compiled::Compiled;
use remission_model::resolved::{Kind, Model};
use serde::Serialize;

/// A number in every condition, in the order of the conditions; one that is the same in all is written once.
#[derive(Debug, Serialize)]
pub struct Across {
    /// The expression; none where the file has a number.
    pub expression: Option<String>,
    /// By condition.
    pub values: Vec<f64>,
}

/// A cell type.
#[derive(Debug, Serialize)]
pub struct Cell {
    /// As in the file.
    pub name: String,
    /// `sensitive`, `persister` or `resistant`.
    pub kind: &'static str,
    /// What a rebiopsy would find.
    pub mechanism: Option<String>,
    /// Divisions per cell and day.
    pub divides: Across,
    /// Deaths per cell and day.
    pub dies: Across,
    /// Net growth per cell and day, switching left out.
    pub net: Vec<f64>,
    /// Cells a day that arrive from outside.
    pub arrives: Option<Across>,
    /// Reversible changes.
    pub switches: Vec<Change>,
    /// Inherited changes.
    pub mutates: Vec<Change>,
}

/// A switch or a mutation.
#[derive(Debug, Serialize)]
pub struct Change {
    /// Type entered or founded.
    pub to: String,
    /// `per division` (a probability) or `per day`.
    pub per: &'static str,
    /// How often.
    pub rate: Across,
}

/// The word of a kind.
pub(super) fn kind(k: Kind) -> &'static str {
    match k {
        Kind::Sensitive => "sensitive",
        Kind::Persister => "persister",
        Kind::Resistant => "resistant",
        Kind::Immune => "immune",
    }
}

/// All cell types; `arms.rates` holds a rate vector for every condition.
pub fn cells(compiled: &Compiled, arms: &Arms) -> Vec<Cell> {
    let (model, layout) = (&compiled.model, compiled.layout);
    let each = |f: &dyn Fn(&[f64]) -> f64| -> Vec<f64> { arms.rates.iter().map(|r| f(r)).collect() };
    let across = |expression, f: &dyn Fn(&[f64]) -> f64| Across { expression, values: each(f) };
    let channels = |i: usize, per_division: bool| {
        let of =
            move |c: &(usize, &remission_engine::compiled::Channel)| c.1.from == i && c.1.per_division == per_division;
        compiled.channels.iter().enumerate().filter(of).map(|c| c.0)
    };
    let founded = |i: usize, per_division: bool, r: &[f64]| -> f64 {
        channels(i, per_division).map(|c| r[layout.founding(c)]).sum()
    };
    let divisions = |i: usize, r: &[f64]| r[layout.birth(i)] + founded(i, true, r);
    let (mut channel, mut switch) = (0, 0);
    let mut out = Vec::new();
    for (i, cell) in model.cells.iter().enumerate() {
        let name = |k: usize| model.cells[k].name.clone();
        let mutates = cell.mutations.iter().map(|m| {
            let c = channel;
            channel += 1;
            let rate = |r: &[f64]| {
                let per_day = r[layout.founding(c)];
                if m.per_division { per_day / divisions(i, r) } else { per_day }
            };
            let per = if m.per_division { "per division" } else { "per day" };
            Change { to: name(m.to), per, rate: across(formula(&m.rate, model), &rate) }
        });
        let mutates = mutates.collect();
        let switches = cell.switches.iter().map(|s| {
            let k = switch;
            switch += 1;
            let rate = |r: &[f64]| r[layout.switch(k)];
            Change { to: name(s.to), per: "per day", rate: across(formula(&s.rate, model), &rate) }
        });
        let switches = switches.collect();
        out.push(Cell {
            name: cell.name.clone(),
            kind: kind(cell.kind),
            mechanism: cell.mechanism.clone(),
            divides: across(formula(&cell.birth, model), &|r| divisions(i, r)),
            dies: across(formula(&cell.death, model), &|r| r[layout.death(i)] - founded(i, false, r)),
            net: each(&|r| r[layout.birth(i)] - r[layout.death(i)]),
            arrives: cell.immigration.as_ref().map(|e| across(formula(e, model), &|r| r[layout.immigration(i)])),
            switches,
            mutates,
        });
    }
    out
}

/// Conditions with the same printed value, together, in the order in which they first come.
fn grouped<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<(T, Vec<usize>)> {
    let mut groups: Vec<(T, Vec<usize>)> = Vec::new();
    for (k, value) in values.enumerate() {
        match groups.iter_mut().find(|g| g.0 == value) {
            Some(group) => group.1.push(k),
            None => groups.push((value, vec![k])),
        }
    }
    groups
}

/// Some of the conditions, by name.
fn named(which: &[usize], arms: &Arms) -> String {
    let all = arms.names.len();
    match which {
        w if w.len() == all && all > 1 => "with and without drug".into(),
        w if all > 2 && w.len() == all - 1 && w[0] == 1 => {
            if arms.untreated {
                "in every arm with drug".into()
            } else {
                "in every arm".into()
            }
        }
        w => list(&w.iter().map(|&k| arms.names[k].clone()).collect::<Vec<_>>()),
    }
}

/// A number across conditions as a phrase: `0 /day without drug, 0.002 /day in every arm`.
fn phrase(values: &[f64], unit: &str, arms: &Arms) -> String {
    let largest = values.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
    let said = |v: &f64| match *v {
        v if !v.is_finite() => "no divisions".to_string(),
        v if v > 0.0 && v < 1e-6 * largest => format!("almost 0{unit}"),
        v => format!("{}{unit}", figure(v)),
    };
    let groups = grouped(values.iter().map(said));
    let one = |(value, which): &(String, Vec<usize>)| {
        let arm = if which[0] == 0 || which.len() == arms.names.len() - 1 && which.len() > 1 { "" } else { "in " };
        if groups.len() == 1 { value.clone() } else { format!("{value} {arm}{}", named(which, arms)) }
    };
    groups.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// Prints the types.
pub fn print(page: &mut Page, cells: &[Cell], arms: &Arms, model: &Model) {
    for cell in cells {
        page.gap();
        let what = match (cell.kind, &cell.mechanism) {
            (_, Some(m)) => format!("{}; a rebiopsy finds {}", cell.kind, crate::report::words::name(m)),
            ("sensitive", _) if !model.drugs.is_empty() => "sensitive: killed by treatment".into(),
            ("persister", _) => "persister: drug-tolerant, reversibly".into(),
            ("resistant", _) => "resistant, without a name at rebiopsy".into(),
            (kind, _) => kind.to_string(),
        };
        // A type that is called by its kind need not be told it.
        let same = what.strip_prefix(&format!("{}: ", cell.name)).or(what.strip_prefix(&format!("{}, ", cell.name)));
        page.text(0, &format!("{} ({})", cell.name, same.unwrap_or(&what)));
        for (word, expression) in [("divides at ", &cell.divides.expression), ("dies at    ", &cell.dies.expression)] {
            if let Some(e) = expression {
                page.item(2, word, e);
            }
        }
        let mut rows = vec![vec![String::new(), "divides".into(), "dies".into(), "net /day".into()]];
        let row = |k: usize| {
            let signed = format!("{}{}", if cell.net[k] > 0.0 { "+" } else { "" }, figure(cell.net[k]));
            [figure(cell.divides.values[k]), figure(cell.dies.values[k]), signed, net(cell.net[k])]
        };
        for (numbers, which) in grouped((0..arms.names.len()).map(row)) {
            rows.push([vec![named(&which, arms)], numbers.to_vec()].concat());
        }
        page.table(2, &rows, &[1, 2, 3]);
        if let Some(arrives) = &cell.arrives {
            let formula = arrives.expression.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
            page.item(
                2,
                "arrives from outside: ",
                &format!("{}{formula}", phrase(&arrives.values, " cells/day", arms)),
            );
        }
        let changes =
            cell.switches.iter().map(|c| (c, "switches to")).chain(cell.mutates.iter().map(|c| (c, "mutates to")));
        let rows: Vec<Vec<String>> = changes
            .map(|(change, word)| {
                let unit = if change.per == "per day" { " /day" } else { " per division" };
                let formula = change.rate.expression.as_ref().map(|e| format!(" ({e})")).unwrap_or_default();
                vec![format!("{word} {}", change.to), format!("{}{formula}", phrase(&change.rate.values, unit, arms))]
            })
            .collect();
        page.table(2, &rows, &[]);
    }
    if model.cells.iter().any(|c| !c.mutations.is_empty()) {
        page.gap();
        page.text(
            0,
            "A mutation is inherited and founds a clone, which is followed from its first cell on. A switch is reversible and founds \
             none. Net is division less death; switching is not in it.",
        );
    }
}
