//! The table of a fluctuation assay: one line a culture.

use crate::sheet::{Column, Numbers, Once, Row, Sheet, TableProblems, is_missing, is_too_many};
use crate::words::typed;
use std::collections::BTreeMap;

/// A table to begin from.
pub const TEMPLATE: &str = "\
experiment,culture,mutants,final_cells,plating_efficiency
parental,1,3,1.9e8,1
parental,2,0,1.9e8,1
parental,3,41,1.9e8,1
parental,4,1,1.9e8,1
parental,5,7,1.9e8,1
parental,6,2,1.9e8,1
";

/// One culture.
#[derive(Debug, Clone, PartialEq)]
pub struct Culture {
    /// Mutants seen on the plate.
    pub mutants: u64,
    /// Cells in the culture when it was plated, where known.
    pub final_cells: Option<f64>,
    /// Share of the culture that was plated, where known.
    pub plating: Option<f64>,
}

/// Cultures that were grown alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// `experiment`, or `set/experiment` where the table has a column `set`.
    pub name: String,
    /// In the order of the table.
    pub cultures: Vec<Culture>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// In the order in which they first appear.
    pub experiments: Vec<Experiment>,
    /// Columns that were not asked for.
    pub ignored: Vec<String>,
}

/// Largest count that is read.
const MOST: u64 = 1_000_000_000_000;

/// Reads a table with the columns `mutants` and, where there are several, `experiment`, `set`, `culture`, `final_cells`,
/// `plating_efficiency`, in any order. Empty, `NA` and `.` mean not known.
///
/// ```
/// use remission_infer::fluctuation::read::{TEMPLATE, read};
/// let data = read(TEMPLATE).unwrap();
/// assert_eq!((data.experiments[0].name.as_str(), data.experiments[0].cultures.len()), ("parental", 6));
/// assert!(read("culture,mutants\n1,-3\n").unwrap_err().to_string().starts_with("line 2, column 2 (mutants): found `-3`"));
/// ```
pub fn read(text: &str) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let mutants = sheet.needed("mutants");
    let [set, experiment, culture, cells, plating] =
        ["set", "experiment", "culture", "final_cells", "plating_efficiency"].map(|name| sheet.optional(name));
    let Some(mutants) = mutants else {
        sheet.finish()?;
        return Ok(Data::default());
    };
    let mut order: Vec<String> = Vec::new();
    let mut found: BTreeMap<String, Vec<Culture>> = BTreeMap::new();
    let mut seen = Once::default();
    for row in sheet.rows().iter() {
        let part = |column| match column {
            Some(column) => sheet.name(row, column, "a name"),
            None => Some(""),
        };
        let (set, own) = (part(set), part(experiment));
        let count = counted(&sheet, row, mutants);
        let cells = cells.and_then(|c| sheet.number_or_missing(row, c, Numbers::AboveZero));
        let plating = plating.and_then(|c| sheet.number_or_missing(row, c, Numbers::Share));
        let (Some(set), Some(own), Some(count)) = (set, own, count) else { continue };
        let name = match (set, own) {
            ("", own) => own.to_string(),
            (set, "") => set.to_string(),
            (set, own) => format!("{set}/{own}"),
        };
        if let Some(plated) = cells.map(|cells| cells * plating.unwrap_or(1.0)).filter(|plated| count > *plated) {
            let found = format!("{count} mutants where final_cells times plating_efficiency is {}", typed(plated));
            sheet.reject_line(row, &found, "no more mutants than cells plated; final_cells is the whole culture");
            continue;
        }
        let culture = culture.map(|c| sheet.text(row, c)).filter(|c| !is_missing(c));
        let earlier = culture.and_then(|culture| seen.again(format!("{name}\n{culture}"), row.line));
        if let (Some(culture), Some(earlier)) = (culture, earlier) {
            let found = format!("culture {culture} of line {earlier} again");
            sheet.reject_line(row, &found, "one line a culture; leave the column `culture` out if it names none");
            continue;
        }
        if !found.contains_key(&name) {
            order.push(name.clone());
        }
        found.entry(name).or_default().push(Culture { mutants: count as u64, final_cells: cells, plating });
    }
    sheet.finish()?;
    let ignored = sheet.unused();
    let of = |name: String| Experiment { cultures: found.remove(&name).unwrap_or_default(), name };
    Ok(Data { experiments: order.into_iter().map(of).collect(), ignored })
}

/// Mutants of a line. A count that was not finished says how such counts are written.
fn counted(sheet: &Sheet, row: &Row, mutants: Column) -> Option<f64> {
    let text = sheet.text(row, mutants);
    let above = text.strip_prefix(['>', '\u{2265}']).map(|limit| limit.trim_start_matches('=').trim());
    if above.is_none() && !is_too_many(text) {
        return sheet.number(row, mutants, Numbers::Whole(MOST));
    }
    let limit = above.filter(|limit| limit.parse::<u64>().is_ok()).unwrap_or("N");
    let allowed = format!(
        "the number at which counting ended, such as {limit} with --censor-at {limit}: a count of {limit} is then {limit} or more"
    );
    sheet.reject(row, mutants, &format!("`{text}`"), &allowed);
    None
}
