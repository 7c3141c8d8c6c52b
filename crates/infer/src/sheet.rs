//! A sheet: text of comma-, semicolon- or tab-separated lines made into fields, and fields into typed values, with
//! every fault of it told by line and column.
//!
//! The first line names the columns, in any order; `Mutants` is read where there is no `mutants`. Fields may stand in double
//! quotes on one line (RFC 4180), as R and spreadsheets write them; a byte-order mark and carriage returns are forgiven (they end lines where nothing else does),
//! blank lines skipped. The separator is the one of comma, semicolon and tab that the header has most of. Numbers have a
//! decimal point: a decimal comma is named as such and never guessed at, since `1,234` may be either. Left out: comments,
//! fields that span lines.

mod faults;
mod lines;

use crate::words::{counted, shortest};
use faults::{ALIKE, Faults};
pub use faults::{TableProblem, TableProblems};
use lines::{open_quote, separator, split, titled, with_line_feeds};
use remission_model::problem::near_names;
use std::collections::BTreeMap;

/// A line of fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line of the text, from 1.
    pub line: usize,
    fields: Vec<String>,
}

/// Where a column stands: from [`Sheet::needed`] or [`Sheet::optional`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column(usize);

/// Largest number of a table: more than a body has cells.
const LARGEST: f64 = 1e15;

/// Latest time of a table, days: a hundred years.
pub const LATEST: f64 = 36_500.0;

/// Days of a table that counts them from the beginning of treatment, and what they are.
pub const TREATMENT: ((f64, f64), &str) = ((-3650.0, LATEST), "days since treatment began");

/// Values that a number may have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Numbers {
    /// Any number, at most 1e15 either way.
    Any,
    /// Above 0, at most 1e15.
    AboveZero,
    /// 0 or more, at most 1e15.
    ZeroOrMore,
    /// Above 0, at most 1.
    Share,
    /// From 0 to 1.
    ZeroToOne,
    /// From 0 to 100.
    Percent,
    /// A whole number from 0 to the given one.
    Whole(u64),
}

impl Numbers {
    fn holds(self, x: f64) -> bool {
        x.abs() <= LARGEST
            && match self {
                Numbers::Any => true,
                Numbers::AboveZero => x > 0.0,
                Numbers::ZeroOrMore => x >= 0.0,
                Numbers::Share => x > 0.0 && x <= 1.0,
                Numbers::ZeroToOne => (0.0..=1.0).contains(&x),
                Numbers::Percent => (0.0..=100.0).contains(&x),
                Numbers::Whole(most) => x >= 0.0 && x <= most as f64 && x == libm::trunc(x),
            }
    }

    fn words(self) -> String {
        match self {
            Numbers::Any => "a number, at most 1e15 either way".into(),
            Numbers::AboveZero => "a number above 0, at most 1e15".into(),
            Numbers::ZeroOrMore => "a number, 0 or more, at most 1e15".into(),
            Numbers::Share => "a share above 0 and at most 1".into(),
            Numbers::ZeroToOne => "a share, 0 to 1".into(),
            Numbers::Percent => "a percentage, 0 to 100".into(),
            Numbers::Whole(most) => format!("a whole number, 0 to {most}"),
        }
    }
}

/// A table being read: its lines, the faults found so far and the columns used.
///
/// ```
/// use remission_infer::sheet::{Numbers, Sheet};
/// let mut sheet = Sheet::parse("culture,mutants,note\n1,33,a\n2,-18,b\n").unwrap();
/// let (mutants, _) = (sheet.needed("mutants"), sheet.optional("final_cells"));
/// let counts: Vec<_> = sheet.rows().iter().filter_map(|row| sheet.number(row, mutants?, Numbers::Whole(1 << 53))).collect();
/// assert_eq!(counts, [33.0]);
/// assert_eq!(sheet.unused(), ["culture", "note"]);
/// let fault = sheet.finish().unwrap_err().to_string();
/// assert_eq!(fault, "line 3, column 2 (mutants): found `-18`; allowed: a whole number, 0 to 9007199254740992");
/// ```
#[derive(Debug, Clone)]
pub struct Sheet {
    header: Row,
    rows: std::rc::Rc<Vec<Row>>,
    used: Vec<bool>,
    faults: std::cell::RefCell<Faults>,
}

impl Sheet {
    /// Splits a text into lines and fields. Columns at the end without a name and without a field are left out.
    ///
    /// Errs where it holds no header or no line, a title stands above the header, or a quote is not closed.
    pub fn parse(text: &str) -> Result<Sheet, TableProblems> {
        let one = |fault: TableProblem| Err(TableProblems(vec![fault]));
        let text = with_line_feeds(text.strip_prefix('\u{feff}').unwrap_or(text));
        if text.contains('\0') {
            let (found, allowed) =
                ("characters 0, as of a table in UTF-16", "text in UTF-8: save the table as CSV UTF-8");
            return one(TableProblem::of_line(1, found, allowed));
        }
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let nothing = |line: usize, found: &str| TableProblem::of_line(line, found, "a header and a line per reading");
        let Some((first, head)) = lines.next() else { return one(nothing(1, "no line")) };
        if let Some(title) = titled(first, head, lines.clone()) {
            return one(title);
        }
        let separator = separator(head);
        let mut header = match split(first + 1, head, separator) {
            Ok(header) => header,
            Err(opened) => return one(open_quote(first + 1, (head, opened), std::iter::empty(), (separator, 0)).0),
        };
        let width = header.fields.len();
        let (mut rows, mut faults) = (Vec::new(), Faults::default());
        while let Some((index, line)) = lines.next() {
            match split(index + 1, line, separator) {
                Err(opened) => {
                    let (fault, goes_on) = open_quote(index + 1, (line, opened), lines.clone(), (separator, width));
                    faults.push(fault, ALIKE);
                    while goes_on.is_some_and(|end| lines.next().is_some_and(|(index, _)| index + 1 < end)) {}
                }
                Ok(row) if row.fields.len() == width => rows.push(row),
                Ok(row) => {
                    let found = counted(row.fields.len(), "field", "fields");
                    let allowed =
                        format!("{}, as in the header; decimals with a point", counted(width, "field", "fields"));
                    faults.push(TableProblem::of_line(row.line, found, allowed), ALIKE);
                }
            }
        }
        if rows.is_empty() {
            match faults.count {
                0 => faults.push(nothing(first + 1, "a header alone"), ALIKE),
                _ => faults.first_alone(),
            }
        }
        let empty = |row: &Row| row.fields.last().is_some_and(String::is_empty);
        while header.fields.len() > 1 && empty(&header) && rows.iter().all(empty) {
            header.fields.pop();
            rows.iter_mut().for_each(|row| drop(row.fields.pop()));
        }
        let used = vec![false; header.fields.len()];
        Ok(Sheet { header, rows: rows.into(), used, faults: faults.into() })
    }

    /// Names of the columns, as written.
    pub fn names(&self) -> Vec<&str> {
        self.header.fields.iter().map(String::as_str).collect()
    }

    /// The lines below the header that have as many fields.
    pub fn rows(&self) -> std::rc::Rc<Vec<Row>> {
        self.rows.clone()
    }

    /// A column that must be there; its absence is a fault.
    pub fn needed(&mut self, name: &str) -> Option<Column> {
        let found = self.optional(name);
        if found.is_none() && !self.header.fields.iter().any(|f| f.eq_ignore_ascii_case(name)) {
            let names = self.names();
            let near = near_names(name, names.iter().copied()).into_iter().next();
            let near = near.map_or(String::new(), |n| format!("; rename `{n}`?"));
            let found = format!("no column `{name}` among `{}`", names.join("`, `"));
            self.fault(self.header.line, 0, name, found, format!("a header with `{name}`{near}"));
        }
        found
    }

    /// A column that may be there; one that stands twice is a fault.
    pub fn optional(&mut self, name: &str) -> Option<Column> {
        // As it is written; where no column is, whatever the case.
        let fields = &self.header.fields;
        let exact = fields.iter().any(|f| f == name);
        let is = |f: &str| if exact { f == name } else { f.eq_ignore_ascii_case(name) };
        let mut places = (0..fields.len()).filter(|&k| is(&fields[k]));
        match (places.next(), places.next()) {
            (Some(k), None) => {
                self.used[k] = true;
                Some(Column(k))
            }
            (Some(_), Some(k)) => {
                // Told once, however often it is asked for.
                if !std::mem::replace(&mut self.used[k], true) {
                    self.fault(self.header.line, k + 1, name, "the column a second time", "each column once");
                }
                None
            }
            (None, _) => None,
        }
    }

    /// Columns that nobody asked for, in their order. Of those without a name such as hold something.
    pub fn unused(&self) -> Vec<String> {
        let left = self.header.fields.iter().enumerate().filter(|(k, _)| !self.used[*k]);
        let named = left.filter_map(|(k, name)| match name.is_empty() {
            false => Some(name.clone()),
            true if self.rows.iter().all(|row| row.fields[k].is_empty()) => None,
            true => Some(format!("column {}, which has no name", k + 1)),
        });
        named.collect()
    }

    /// The text of a field, without surrounding blanks or quotes.
    pub fn text<'r>(&self, row: &'r Row, column: Column) -> &'r str {
        &row.fields[column.0]
    }

    /// A text that must not be empty.
    pub fn name<'r>(&self, row: &'r Row, column: Column, what: &str) -> Option<&'r str> {
        let text = self.text(row, column);
        if text.is_empty() {
            self.reject(row, column, "nothing", what);
            return None;
        }
        Some(text)
    }

    /// A number that must be there.
    pub fn number(&self, row: &Row, column: Column, numbers: Numbers) -> Option<f64> {
        let text = self.text(row, column);
        let value = text.parse::<f64>().ok().filter(|x| numbers.holds(*x));
        if value.is_none() {
            self.reject(row, column, &format!("`{text}`"), &format!("{}{}", numbers.words(), advice(text)));
        }
        // A zero written -0 is 0.
        value.map(|x| x + 0.0)
    }

    /// A number, or nothing where the field is empty, NA or `.`; what else is wrong is a fault.
    pub fn number_or_missing(&self, row: &Row, column: Column, numbers: Numbers) -> Option<f64> {
        match is_missing(self.text(row, column)) {
            true => None,
            false => self.number(row, column, numbers),
        }
    }

    /// A fault of one field.
    pub fn reject(&self, row: &Row, column: Column, found: &str, allowed: &str) {
        self.fault(row.line, column.0 + 1, &self.header.fields[column.0], found, allowed);
    }

    /// A number that was read must lie between two ends; `what` it is stands before them in the fault: `days since treatment began`.
    pub fn within(&self, row: &Row, column: Column, number: f64, (low, high): (f64, f64), what: &str) {
        if !(low..=high).contains(&number) {
            self.reject(row, column, &shortest(number, 10), &format!("{what}, {low} to {high}"));
        }
    }

    /// A fault of a line as a whole.
    pub fn reject_line(&self, row: &Row, found: &str, allowed: &str) {
        self.fault(row.line, 0, "", found, allowed);
    }

    /// A fault of the header as a whole.
    pub fn reject_header(&self, found: &str, allowed: &str) {
        self.fault(self.header.line, 0, "", found, allowed);
    }

    fn fault(&self, line: usize, column: usize, name: &str, found: impl Into<String>, allowed: impl Into<String>) {
        let (name, found, allowed) = (name.to_string(), shortened(found.into()), shortened(allowed.into()));
        // A decimal comma is a habit of the program that wrote the table: it is in every line.
        let alike = if allowed.ends_with(COMMA) { 1 } else { ALIKE };
        self.faults.borrow_mut().push(TableProblem { line, column, name, found, allowed, more: 0 }, alike);
    }

    /// How many faults were found so far.
    pub fn faults(&self) -> usize {
        self.faults.borrow().count
    }

    /// Errs with every fault found, in the order of the text.
    pub fn finish(&self) -> Result<(), TableProblems> {
        let faults = self.faults.borrow().sorted();
        if faults.is_empty() { Ok(()) } else { Err(TableProblems(faults)) }
    }
}

/// Rows that must differ in a key: tells the line at which the key stood before.
///
/// ```
/// let mut seen = remission_infer::sheet::Once::default();
/// assert_eq!((seen.again("a", 2), seen.again("b", 3), seen.again("a", 4)), (None, None, Some(2)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Once(BTreeMap<String, usize>);

impl Once {
    /// The line at which `key` stood before, if it did; remembers it otherwise.
    pub fn again(&mut self, key: impl Into<String>, line: usize) -> Option<usize> {
        let key = key.into();
        if let Some(earlier) = self.0.get(&key) {
            return Some(*earlier);
        }
        self.0.insert(key, line);
        None
    }
}

/// Whether a field says that nothing is known: empty, NA, NaN or a point.
pub fn is_missing(text: &str) -> bool {
    matches!(text, "" | "." | "NA" | "na" | "N/A" | "NaN" | "nan")
}

/// Whether a field says that there was too much to count.
pub fn is_too_many(text: &str) -> bool {
    ["TNTC", "too many to count"].iter().any(|words| text.eq_ignore_ascii_case(words))
}

/// A text of at most some hundred characters: what was found may be a megabyte long.
fn shortened(text: String) -> String {
    const MOST: usize = 300;
    match text.char_indices().nth(MOST) {
        None => text,
        Some((at, _)) => format!("{} ... ({} characters in all)", &text[..at], text.chars().count()),
    }
}

/// What to do about a decimal comma.
const COMMA: &str = "; write decimals with a point and thousands without a separator";

/// What to do about a text that is no number.
fn advice(text: &str) -> &'static str {
    if is_missing(text) {
        return "; where it is not known, leave the line out";
    }
    let comma = text.matches(',').count() == 1 && text.replace(',', ".").parse::<f64>().is_ok();
    if comma {
        return COMMA;
    }
    if text.starts_with(['>', '<', '\u{2265}', '\u{2264}']) {
        return "; values below or above a limit are not read in this column; the guide says how they are written";
    }
    if is_too_many(text) {
        return "; the guide says how a count above a limit is written";
    }
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    if begins && text.ends_with(|c: char| c.is_alphabetic() || c == '%') && text.parse::<f64>().is_err() {
        return " without a unit; one unit for the whole column, in its name or in a column `unit`";
    }
    ""
}
