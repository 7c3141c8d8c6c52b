//! Rows of an event table to the doses of each ID.

use super::columns;
use super::doses::emptied;
use super::table::{Faults, Line, lines, quoted};
use super::{Asked, MAX_BYTES, MAX_COLUMNS, MAX_ROWS, MAX_ROWS_OF_ONE, Recorded};
use crate::problem::{Code, Place, Report};
use crate::resolved::{Body, DoseRule, Regimen};
use crate::sentence::LAST_DAY;
use crate::tree::short;
use crate::units::{digits, number, number_length};
use std::collections::HashMap;

/// Columns that mean something here, in the order of [`Columns`].
pub(super) const NAMES: [&str; 11] = ["ID", "TIME", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "EVID", "CMT", "DRUG"];
pub(super) const ID: usize = 0;
pub(super) const TIME: usize = 1;
pub(super) const AMT: usize = 2;
pub(super) const RATE: usize = 3;
pub(super) const DUR: usize = 4;
pub(super) const II: usize = 5;
pub(super) const ADDL: usize = 6;
pub(super) const SS: usize = 7;
pub(super) const EVID: usize = 8;
pub(super) const CMT: usize = 9;
pub(super) const DRUG: usize = 10;

/// The IDs of a table with their doses, in the order of the table.
pub(super) fn patients(text: &str, asked: &Asked<'_>, report: &mut Report) -> Option<Vec<Recorded>> {
    if text.len() > MAX_BYTES {
        let allowed = format!("at most {MAX_BYTES} bytes (32 MiB)");
        let repair = "keep the columns ID, TIME, AMT and so on, and the rows that are doses";
        report.add(Code::RecordsSize, &Place::default(), format!("{} bytes", text.len()), allowed, repair);
        return None;
    }
    let mut reader = Reader {
        text,
        asked,
        faults: Faults::new(report),
        at: [None; 11],
        width: 0,
        otherwise_separated: false,
        one_drug: None,
        one_compartment: None,
        patients: Vec::new(),
        seen: HashMap::new(),
        last_time: 0.0,
        rules: 0,
        open: Vec::new(),
    };
    reader.table();
    let Reader { faults, patients, .. } = reader;
    faults.finish().then_some(patients)
}

pub(super) struct Reader<'t, 'r> {
    text: &'t str,
    pub(super) asked: &'t Asked<'t>,
    pub(super) faults: Faults<'r>,
    /// Where each column of [`NAMES`] stands.
    pub(super) at: [Option<usize>; 11],
    width: usize,
    /// A row whose cells are not separated by commas has been met.
    otherwise_separated: bool,
    /// The drug of every dose, when the table does not have to say which.
    pub(super) one_drug: Option<usize>,
    /// CMT of the first dose, when compartments are not named.
    pub(super) one_compartment: Option<f64>,
    patients: Vec<Recorded>,
    /// Line on which an ID was met last.
    seen: HashMap<String, usize>,
    last_time: f64,
    rules: usize,
    /// Rules of the present ID that repeat.
    open: Vec<usize>,
}

impl Reader<'_, '_> {
    fn table(&mut self) {
        let mut lines = lines(self.text);
        let Some(header) = lines.next() else {
            let said = ["no row", "a header (ID, TIME, AMT, ...) and one row a dose", "export the table again"];
            if let Some(report) = self.faults.one_more() {
                report.add(Code::RecordsSize, &Place::default(), said[0], said[1], said[2]);
            }
            return;
        };
        if !self.header(&header) {
            return;
        }
        let (mut rows, mut of_one) = (0, 0);
        for line in lines {
            rows += 1;
            let known = self.patients.len();
            let most = if rows > MAX_ROWS || self.rules > MAX_ROWS {
                Some(format!("at most {MAX_ROWS} rows"))
            } else if of_one >= MAX_ROWS_OF_ONE {
                Some(format!("at most {MAX_ROWS_OF_ONE} rows an ID"))
            } else {
                None
            };
            if let Some(most) = most {
                let repair = "leave out rows without a dose, and write repeated doses as one row with II and ADDL";
                return self.fault(Code::RecordsSize, &line, None, ["more rows than that", &most, repair]);
            }
            if line.broken || line.cells.len() != self.width {
                self.ragged(&line);
            } else {
                self.row(&line);
            }
            of_one = if self.patients.len() > known { 1 } else { of_one + 1 };
        }
        if rows == 0 {
            let said = ["a header without rows", "one row a dose", "export the table again"];
            self.fault(Code::RecordsSize, &header, None, said);
        }
    }

    pub(super) fn fault(&mut self, code: Code, line: &Line, column: Option<usize>, said: [&str; 3]) {
        let cell = column.and_then(|c| Some((NAMES[c], line.cells.get(self.at[c]?)?.clone())));
        self.faults.add(code, line, cell, said.map(str::to_string));
    }

    /// True when the rows can be read.
    fn header(&mut self, line: &Line) -> bool {
        self.width = line.cells.len();
        if self.width > MAX_COLUMNS {
            let allowed = format!("at most {MAX_COLUMNS} columns");
            let repair = "keep the columns ID, TIME, AMT and so on, and those that you read yourself";
            self.fault(Code::RecordsSize, line, None, ["more columns than that", &allowed, repair]);
            return false;
        }
        let mut good = !line.broken;
        for (k, cell) in line.cells.iter().enumerate() {
            let name = self.text[cell.clone()].to_ascii_uppercase();
            let Some(column) = NAMES.iter().position(|n| *n == name) else { continue };
            if self.at[column].replace(k).is_some() {
                good = false;
                let found = format!("two columns {name}");
                let said =
                    [&found, "every column once (upper and lower case are one)", "rename or remove one of the two"];
                self.fault(Code::RecordsColumns, line, Some(column), said);
            }
        }
        let here = self.at;
        let mut near = Vec::new();
        for cell in &line.cells {
            let name = self.text[cell.clone()].to_ascii_uppercase();
            let Some(meant) =
                (!NAMES.contains(&name.as_str())).then(|| columns::meant(&name, |c| here[c].is_some())).flatten()
            else {
                continue;
            };
            good = false;
            near.push(meant);
            let said = [
                format!("column {}, which is not read", short(&name)),
                format!("the columns that are read: {}", NAMES.join(", ")),
                format!(
                    "did you mean {meant}? Rename the column to it; where it is something else, rename or remove it"
                ),
            ];
            self.faults.add(Code::RecordsColumns, line, Some((&short(&name), cell.clone())), said);
        }
        let whole = &self.text[line.span.clone()];
        let missing: Vec<&str> = [ID, TIME, AMT]
            .into_iter()
            .filter(|c| here[*c].is_none() && !near.contains(&NAMES[*c]))
            .map(|c| NAMES[c])
            .collect();
        if !missing.is_empty() {
            let numbers = line.cells.iter().filter(|c| self.text[(*c).clone()].parse::<f64>().is_ok()).count();
            let repair = if self.width == 1 && whole.contains([';', '\t']) {
                "separate cells by commas and write decimals with a point"
            } else if self.width == 1 && whole.trim().contains(' ') {
                "separate cells by commas"
            } else if 2 * numbers >= self.width {
                "put a line with the names of the columns above the first row; a line that begins with # is passed over"
            } else {
                "name the columns in the first line; a line that begins with # is passed over"
            };
            let found = match missing.len() {
                1 => format!("no column {} in \"{}\"", missing[0], short(whole)),
                _ => format!("no columns {} in \"{}\"", missing.join(", "), short(whole)),
            };
            let allowed = "ID, TIME and AMT, and, where needed, RATE or DUR, II, ADDL, SS, EVID, CMT or DRUG";
            self.fault(Code::RecordsColumns, line, None, [&found, allowed, repair]);
            return false;
        }
        // What is missing for the drugs may be what was misspelt.
        if near.contains(&"CMT") || near.contains(&"DRUG") {
            return false;
        }
        good & self.which_drug(line)
    }

    fn which_drug(&mut self, line: &Line) -> bool {
        let mapped = !self.asked.compartments.is_empty();
        let drugs = &self.asked.model.drugs;
        let dosed: Vec<usize> = (0..drugs.len()).filter(|k| !drugs[*k].route.is_set()).collect();
        let names: Vec<&str> = dosed.iter().map(|k| drugs[*k].name.as_str()).collect();
        let names = short(&names.join(", "));
        let said = match (self.at[DRUG].is_some(), mapped, &dosed[..]) {
            (_, _, []) => [
                "a model without a drug that is given by doses".to_string(),
                "a drug whose route is oral, bolus, infusion or kpd".into(),
                "add a section [drugs.<name>] to the model, or leave the arm out".into(),
            ],
            (true, true, _) => [
                "a column DRUG, and `compartments` in the study".to_string(),
                "one of the two".into(),
                "remove `compartments`, or rename the column".into(),
            ],
            (false, true, _) if self.at[CMT].is_none() => [
                "`compartments` in the study, and no column CMT".to_string(),
                "a column CMT".into(),
                "add the column, or remove `compartments`".into(),
            ],
            (false, false, [_, _, ..]) => [
                format!("no word on which of {names} a row gives"),
                "`compartments` in the study, or a column DRUG with names".into(),
                format!("write, for example, compartments = {{ 1 = \"{}\" }}", drugs[dosed[0]].name),
            ],
            (drug, _, [only, ..]) => {
                self.one_drug = (!drug && !mapped).then_some(*only);
                return true;
            }
        };
        self.faults.add(Code::RecordsColumns, line, None, said);
        false
    }

    fn ragged(&mut self, line: &Line) {
        if self.width > 1 && line.cells.len() == 1 {
            let text = &self.text[line.span.clone()];
            let separator = [';', '\t', ' '].into_iter().find(|c| text.matches(*c).count() + 1 >= self.width);
            if let Some(separator) = separator {
                // All rows of such a table have the same fault.
                if !std::mem::replace(&mut self.otherwise_separated, true) {
                    let found = format!("cells separated by {separator:?}");
                    let allowed = format!("{} cells, separated by commas as in the header", self.width);
                    let repair = "separate cells by commas and write decimals with a point";
                    self.fault(Code::RecordsRow, line, None, [&found, &allowed, repair]);
                }
                return;
            }
        }
        let found = match line.broken {
            true => "a quote that is not closed, or text beside quotes".to_string(),
            false if line.cells.len() > MAX_COLUMNS => format!("more than {MAX_COLUMNS} cells"),
            false => format!("{} cells", line.cells.len()),
        };
        let allowed = format!("{} cells, as in the header; quotes around whole cells", self.width);
        let repair = if line.cells.len() > self.width {
            "write decimals with a point, and text with a comma in quotes"
        } else {
            "write `.` for what is not given"
        };
        self.fault(Code::RecordsRow, line, None, [&found, &allowed, repair]);
    }

    pub(super) fn cell(&self, line: &Line, column: usize) -> &str {
        self.at[column].and_then(|k| line.cells.get(k)).map_or("", |c| &self.text[c.clone()])
    }

    /// The number of a cell; `.`, an empty cell and a missing column are 0.
    fn number(&mut self, line: &Line, column: usize) -> Option<f64> {
        let cell = self.cell(line, column);
        if cell.is_empty() || cell == "." {
            return Some(0.0);
        }
        let plain = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        match cell.parse::<f64>() {
            Ok(x) if x.is_finite() && cell.chars().all(plain) => return Some(x),
            _ => {}
        }
        let found = quoted(cell);
        let length = number_length(cell);
        let rest = cell[length..].trim();
        let unit = match column {
            AMT => "the unit is `amount_unit` in the study",
            RATE => "the unit is `amount_unit` per `time_unit` in the study",
            _ => "the unit is `time_unit` in the study",
        };
        let number_and_unit;
        let repair = if length > 0
            && rest.starts_with(|c: char| c.is_alphabetic())
            && [TIME, AMT, RATE, DUR, II].contains(&column)
        {
            number_and_unit = format!("write the number alone, {}; {unit}", &cell[..length]);
            &number_and_unit
        } else if length == 0 && column == CMT && cell.starts_with(|c: char| c.is_alphabetic()) {
            "write names of drugs into a column DRUG; CMT holds numbers"
        } else if cell.contains(',') {
            "write decimals with a point"
        } else if cell.contains(':') || cell.matches(['-', '/']).count() == 2 {
            "write the time since treatment began as a number, not as a clock time or a date"
        } else if cell.eq_ignore_ascii_case("na") || cell.eq_ignore_ascii_case("nan") {
            "write `.` for what is not given"
        } else {
            "write a number below 1e308, or `.` for 0"
        };
        self.fault(Code::RecordsNumber, line, Some(column), [&found, "a finite number with a decimal point", repair]);
        None
    }

    fn row(&mut self, line: &Line) {
        let patient = self.id(line);
        let mut x = [0.0; CMT + 1];
        let mut good = true;
        for column in TIME..=CMT {
            match self.number(line, column) {
                Some(value) => x[column] = value,
                None => good = false,
            }
        }
        if !good {
            return;
        }
        let time = patient.and_then(|_| self.time(line, x[TIME]));
        let evid = if self.at[EVID].is_some() {
            x[EVID]
        } else {
            // As NM-TRAN does: a row with something to give is a dose.
            f64::from(u8::from([AMT, RATE, II, ADDL, SS].iter().any(|c| x[*c] != 0.0)))
        };
        let made = match evid {
            0.0 | 2.0 | 3.0 => {
                let column = [AMT, RATE, II, ADDL, SS].into_iter().find(|c| x[*c] != 0.0);
                if let Some(column) = column {
                    let found = format!("{} {} at EVID {evid}", NAMES[column], number(x[column]));
                    let allowed = "0 or `.` in AMT, RATE, II, ADDL and SS where EVID is 0, 2 or 3, which give no dose";
                    let repair = match x[column] < 0.0 {
                        true => "write `.`: nothing is taken away at a row",
                        false => "write EVID 1 for a dose (4 for one into an emptied body), or remove the number",
                    };
                    return self.fault(Code::RecordsEvent, line, Some(column), [&found, allowed, repair]);
                }
                if evid == 3.0 { Some(emptied()) } else { return }
            }
            1.0 | 4.0 => self.dose(line, &x, evid == 4.0),
            _ => {
                let found = format!("EVID {}", number(evid));
                let allowed = "0 (observation), 1 (dose), 2 (other), 3 (reset) or 4 (reset and dose)";
                return self.fault(Code::RecordsEvent, line, Some(EVID), [&found, allowed, "correct the number"]);
            }
        };
        if let (Some(patient), Some(time), Some(made)) = (patient, time, made) {
            self.keep(line, patient, time, made);
        }
    }

    /// Index of the row's ID; the rows of one stand together.
    fn id(&mut self, line: &Line) -> Option<usize> {
        let cell = self.cell(line, ID);
        if cell.is_empty() || cell == "." || cell.chars().count() > 64 {
            let found = quoted(cell);
            let allowed = "a number or a name of at most 64 letters in every row";
            self.fault(Code::RecordsId, line, Some(ID), [&found, allowed, "write whose row it is"]);
            return None;
        }
        // 1, 1.0 and 01 are one.
        let key = cell.parse::<f64>().ok().filter(|x| x.is_finite()).map_or_else(|| cell.to_string(), number);
        if self.patients.last().is_some_and(|p| p.id == key) {
            self.seen.insert(key, line.number);
            return Some(self.patients.len() - 1);
        }
        self.last_time = 0.0;
        self.open.clear();
        let before = self.seen.insert(key.clone(), line.number);
        // A list of a million rows must not take twice its size.
        if let Some(last) = self.patients.last_mut() {
            last.regimen.rules.shrink_to_fit();
        }
        self.patients.push(Recorded { id: key.clone(), regimen: Regimen::default() });
        if let Some(before) = before {
            let found = format!("ID {} here and on line {before}, with others between", short(&key));
            let allowed = "the rows of an ID one after another (NONMEM would take two patients for this one)";
            let repair = "sort the table by ID, then TIME; give two courses of treatment two IDs";
            self.fault(Code::RecordsId, line, Some(ID), [&found, allowed, repair]);
        }
        Some(self.patients.len() - 1)
    }

    fn time(&mut self, line: &Line, written: f64) -> Option<f64> {
        let days = self.asked.time.to_base(written);
        let said = if !(0.0..=LAST_DAY).contains(&days) {
            let found = format!("TIME {}, day {}", number(written), digits(days));
            [found, "0, when treatment begins, to 36525 days, 100 years".into(), "count TIME from the first day".into()]
        } else if days < self.last_time {
            let found = format!("day {} after day {}", digits(days), digits(self.last_time));
            let repair = "sort the rows of the ID by TIME; after a reset TIME goes on, too";
            [found, "times that do not fall within an ID".into(), repair.into()]
        } else {
            self.last_time = days;
            return Some(days);
        };
        let [found, allowed, repair] = &said;
        self.fault(Code::RecordsTime, line, Some(TIME), [found, allowed, repair]);
        None
    }

    /// Adds the rules of a row to its ID; a row that empties the body ends those before it.
    fn keep(&mut self, line: &Line, patient: usize, time: f64, mut made: Vec<DoseRule>) {
        let rules = &mut self.patients[patient].regimen.rules;
        let body = made.first().and_then(|r| r.row).map_or(Body::Kept, |r| r.body);
        if body.empties() {
            let lost =
                |r: &DoseRule| r.from == time && r.row.is_some_and(|row| row.body != Body::Emptied || r.amount > 0.0);
            if rules.iter().rev().take_while(|r| r.from >= time).any(lost) {
                let found =
                    "a dose at the same TIME, which this row takes away again (SS 1, EVID 3 and 4 act on all drugs)";
                let allowed = "SS 1, EVID 3 and EVID 4 before the other rows of their time";
                let repair = "write SS 2 for a second steady state, or put the row first";
                return self.fault(Code::RecordsEvent, line, None, [found, allowed, repair]);
            }
            for k in self.open.drain(..) {
                rules[k].until = rules[k].until.min(time);
            }
        }
        for rule in &mut made {
            rule.from += time;
            rule.until += time;
            if rule.cycle.is_finite() {
                self.open.push(rules.len());
            }
            rules.push(rule.clone());
        }
        self.rules += made.len();
    }
}
