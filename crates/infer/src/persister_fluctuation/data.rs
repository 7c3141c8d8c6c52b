//! The cultures of a persister fluctuation assay, read from a table.
//!
//! A row is a look at a culture: how many colonies it has shown so far (`colonies`, counted up to that week), how many
//! persisters were counted (`persisters`), either missing where it was not looked at. `final_cells` are the cells when the
//! drug was given; once a culture suffices.

use crate::sheet::{LATEST, Numbers, Once, Sheet, TableProblems};

/// Most colonies a culture may show: beyond, single colonies are not told apart.
pub const MOST_COLONIES: u64 = 1000;

/// One culture.
#[derive(Debug, Clone, PartialEq)]
pub struct Culture {
    /// Its name.
    pub name: String,
    /// Cells when the drug was given, above 0.
    pub final_cells: f64,
    /// Days under the drug (above 0, increasing) and colonies that were new then.
    pub looks: Vec<(f64, usize)>,
    /// Days under the drug and persisters counted.
    pub persisters: Vec<(f64, f64)>,
}

impl Culture {
    /// Colonies in all.
    pub fn colonies(&self) -> usize {
        self.looks.iter().map(|l| l.1).sum()
    }
}

/// The cultures of one experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its name; empty where the table has no such column.
    pub name: String,
    /// Its cultures, in the order of the table.
    pub cultures: Vec<Culture>,
}

/// A table of cultures.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Experiments, in the order in which they first stand in the table.
    pub experiments: Vec<Experiment>,
    /// What was read otherwise than might be thought, a sentence each.
    pub notes: Vec<String>,
}

/// A culture while its rows are gathered: looks as (week, colonies so far, line).
#[derive(Default)]
struct Gathered {
    final_cells: Option<(f64, usize)>,
    looks: Vec<(f64, u64, usize)>,
    persisters: Vec<(f64, f64)>,
}

/// Reads a table of cultures.
///
/// ```
/// use remission_infer::persister_fluctuation::{TEMPLATE, data::read};
/// let data = read(TEMPLATE).unwrap();
/// assert_eq!(data.experiments[0].cultures[0].looks, [(28.0, 0), (42.0, 0), (56.0, 1), (70.0, 0)]);
/// let fault = read("culture,week,colonies,final_cells\na,1,2,1e5\na,2,1,1e5\n").unwrap_err().to_string();
/// assert!(fault.contains("found 1 after 2 on line 2"), "{fault}");
/// ```
pub fn read(text: &str) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let experiment = sheet.optional("experiment");
    let (culture, week) = (sheet.needed("culture"), sheet.needed("week"));
    let (colonies, cells) = (sheet.needed("colonies"), sheet.needed("final_cells"));
    let persisters = sheet.optional("persisters");
    let (Some(culture), Some(week), Some(colonies), Some(cells)) = (culture, week, colonies, cells) else {
        sheet.finish()?;
        return Ok(Data { experiments: Vec::new(), notes: Vec::new() });
    };
    let mut once = Once::default();
    let mut all: Vec<(String, String, Gathered)> = Vec::new();
    let mut places = std::collections::BTreeMap::new();
    for row in sheet.rows().iter() {
        let in_experiment = experiment.map_or("", |c| sheet.text(row, c)).to_string();
        let Some(name) = sheet.name(row, culture, "the name of a culture") else { continue };
        let at = sheet.number(row, week, Numbers::ZeroOrMore);
        if let Some(at) = at {
            sheet.within(row, week, at, (0.0, libm::trunc(LATEST / 7.0)), "weeks under the drug");
        }
        let seen = sheet.number_or_missing(row, colonies, Numbers::Whole(MOST_COLONIES));
        let grown = sheet.number_or_missing(row, cells, Numbers::AboveZero);
        let tolerant = persisters.and_then(|c| sheet.number_or_missing(row, c, Numbers::ZeroOrMore));
        let Some(at) = at else { continue };
        if let Some(line) = once.again(format!("{in_experiment}\u{0}{name}\u{0}{at}"), row.line) {
            let found = format!("week {at} of culture `{name}` again, first on line {line}");
            sheet.reject(row, week, &found, "each week of a culture once");
            continue;
        }
        let k = *places.entry((in_experiment.clone(), name.to_string())).or_insert(all.len());
        if k == all.len() {
            all.push((in_experiment, name.to_string(), Gathered::default()));
        }
        let gathered = &mut all[k].2;
        match (grown, gathered.final_cells) {
            (Some(x), Some((y, line))) if x != y => {
                let found = format!("{x}, but {y} on line {line}");
                sheet.reject(row, cells, &found, "one number of cells when the drug was given, for each culture");
            }
            (Some(x), None) => gathered.final_cells = Some((x, row.line)),
            _ => {}
        }
        if let Some(seen) = seen {
            if at == 0.0 && seen > 0.0 {
                sheet.reject(
                    row,
                    colonies,
                    &format!("{seen} {} at week 0", if seen == 1.0 { "colony" } else { "colonies" }),
                    "0: colonies take time to be visible",
                );
            } else if at > 0.0 {
                gathered.looks.push((at, seen as u64, row.line));
            }
        }
        let cells = gathered.final_cells;
        if let (Some(t), Some((most, _)), Some(column)) = (tolerant, cells, persisters)
            && t > most
        {
            sheet.reject(
                row,
                column,
                &format!("{t} persisters of {most} cells"),
                "no more persisters than `final_cells`",
            );
        }
        gathered.persisters.extend(tolerant.map(|t| (7.0 * at, t)));
    }
    let mut experiments: Vec<Experiment> = Vec::new();
    let mut found = std::collections::BTreeMap::new();
    let rows = sheet.rows();
    for (in_experiment, name, mut g) in all {
        let row_of = |line: usize| rows.binary_search_by_key(&line, |r| r.line).ok().map(|k| rows[k].clone());
        let Some((final_cells, _)) = g.final_cells else {
            let line = g.looks.first().map_or(sheet.rows()[0].line, |l| l.2);
            if let Some(row) = row_of(line) {
                let found = format!("no number for culture `{name}`");
                sheet.reject(&row, cells, &found, "cells of the culture when the drug was given, on one of its rows");
            }
            continue;
        };
        g.looks.sort_by(|a, b| a.0.total_cmp(&b.0));
        for pair in g.looks.windows(2) {
            if pair[1].1 < pair[0].1
                && let Some(row) = row_of(pair[1].2)
            {
                let found = format!("{} after {} on line {}", pair[1].1, pair[0].1, pair[0].2);
                let allowed = "colonies counted so far, which do not become fewer";
                sheet.reject(&row, colonies, &found, allowed);
            }
        }
        let mut before = 0;
        let mut looks = Vec::new();
        for (week, seen, _) in &g.looks {
            looks.push((7.0 * week, seen.saturating_sub(before) as usize));
            before = *seen;
        }
        let culture = Culture { name, final_cells, looks, persisters: g.persisters };
        let known = *found.entry(in_experiment.clone()).or_insert(experiments.len());
        match experiments.get_mut(known) {
            Some(known) => known.cultures.push(culture),
            None => experiments.push(Experiment { name: in_experiment, cultures: vec![culture] }),
        }
    }
    sheet.finish()?;
    let mut notes = vec!["`colonies` are counted up to each week, earlier ones included".to_string()];
    let unused = sheet.unused();
    if !unused.is_empty() {
        notes.push(format!("columns not used: {}", unused.join(", ")));
    }
    Ok(Data { experiments, notes })
}

impl Experiment {
    /// Cultures of which colonies were counted.
    pub fn counted(&self) -> usize {
        self.cultures.iter().filter(|c| !c.looks.is_empty()).count()
    }

    /// Last day on which colonies were counted.
    pub fn last_day(&self) -> f64 {
        self.cultures.iter().filter_map(|c| c.looks.last()).map(|l| l.0).fold(0.0, f64::max)
    }

    /// Mean cells of a culture when the drug was given.
    pub fn mean_cells(&self) -> f64 {
        self.cultures.iter().map(|c| c.final_cells).sum::<f64>() / self.cultures.len() as f64
    }
}
