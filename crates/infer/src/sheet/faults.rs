//! Faults of a table: where each stands, what was found and what is allowed; of many like ones the first, and how many more.

use crate::words::counted;
use std::collections::HashMap;
use std::fmt;

/// One fault of a table: where, what was found, what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// Line, from 1; the header is line 1.
    pub line: usize,
    /// Which column of the table, from 1; 0 for the line as a whole.
    pub column: usize,
    /// Name of the column; empty for the line as a whole.
    pub name: String,
    /// What was found.
    pub found: String,
    /// What is allowed, and what to do.
    pub allowed: String,
    /// Further lines with the same fault, which are not listed.
    pub more: usize,
}

impl TableProblem {
    /// A fault of a line as a whole.
    pub(super) fn of_line(line: usize, found: impl Into<String>, allowed: impl Into<String>) -> TableProblem {
        TableProblem { line, column: 0, name: String::new(), found: found.into(), allowed: allowed.into(), more: 0 }
    }
}

impl fmt::Display for TableProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if self.column > 0 {
            write!(f, ", column {} ({})", self.column, self.name)?;
        }
        write!(f, ": found {}; allowed: {}", self.found, self.allowed)?;
        if self.more > 0 {
            write!(f, "; and {} with the same fault", counted(self.more, "more line", "more lines"))?;
        }
        Ok(())
    }
}

/// Every fault found, in the order of the text; of one kind no more than 20 are listed, and 500 in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblems(pub Vec<TableProblem>);

impl fmt::Display for TableProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (k, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if k > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for TableProblems {}

/// Most faults that are listed.
const MOST: usize = 500;

/// Most faults of one kind that are listed.
pub(super) const ALIKE: usize = 20;

/// Most faults in which the same was found in one column that are listed.
const SAME: usize = 3;

/// Faults as they are found. Those of one column for which the same is allowed are of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    listed: Vec<TableProblem>,
    /// Of a column and what is allowed in it, and of these with what was found: how many are listed, and the place of the last of them.
    kinds: HashMap<(usize, String, Option<String>), (usize, usize)>,
    /// All of them, listed or not.
    pub count: usize,
}

impl Faults {
    /// Takes down a fault; lists it unless `alike` of its kind are, or 500 in all.
    pub fn push(&mut self, problem: TableProblem, alike: usize) {
        self.count += 1;
        let key = |found: Option<&String>| (problem.column, problem.allowed.clone(), found.cloned());
        let kinds = [(key(Some(&problem.found)), SAME.min(alike)), (key(None), alike)];
        for (kind, most) in &kinds {
            if let Some((_, last)) = self.kinds.get(kind).filter(|k| k.0 >= *most) {
                self.listed[*last].more += 1;
                return;
            }
        }
        if self.listed.len() >= MOST {
            return;
        }
        for (kind, _) in kinds {
            let known = self.kinds.entry(kind).or_default();
            *known = (known.0 + 1, self.listed.len());
        }
        self.listed.push(problem);
    }

    /// Lists the first alone of those that are one fault on every line.
    pub fn first_alone(&mut self) {
        let all = std::mem::take(&mut self.listed);
        for problem in all {
            let same = |p: &&mut TableProblem| {
                (p.column, &p.found, &p.allowed) == (problem.column, &problem.found, &problem.allowed)
            };
            match self.listed.iter_mut().find(same) {
                Some(first) => first.more += problem.more + 1,
                None => self.listed.push(problem),
            }
        }
        self.kinds.clear();
    }

    /// In the order of the text.
    pub fn sorted(&self) -> Vec<TableProblem> {
        let mut all = self.listed.clone();
        all.sort_by_key(|p| (p.line, p.column));
        all
    }
}
