//! Series of lesion sizes from text: a row for every look at a lesion, with a number, a word, or nothing.
//!
//! Two forms. The one of public trial data: `study, patient, treatment_day, target_lesion_long_diam_mm, study_arm`. And
//! a general one: `patient, time_days`, one of `value` (with a column `unit`), `diameter_mm` and `volume_mm3`; `study`,
//! `arm` and `lesion` if there are any. A patient is (study, patient), a series is (study, patient, lesion). Volumes
//! become the diameter of the sphere that has them, d = (6 V / pi)^(1/3).

use super::slips::{self, Sized};
use crate::sheet::{Column, Numbers, Once, Row, Sheet, TREATMENT, TableProblems, is_missing};
use std::collections::BTreeMap;

/// A table that reads as it is.
pub const TEMPLATE: &str = "study,patient,arm,time_days,value,unit\n\
S1,001,A,-7,62,mm\n\
S1,001,A,42,41,mm\n\
S1,001,A,84,30,mm\n\
S1,001,A,126,NOT EVALUABLE,mm\n\
S1,001,A,168,33,mm\n\
S1,001,A,210,41,mm\n\
S1,002,A,-3,15,mm\n\
S1,002,A,45,8,mm\n\
S1,002,A,87,TOO SMALL TO MEASURE,mm\n\
S1,002,A,130,TOO SMALL TO MEASURE,mm\n";

/// What a look at a lesion gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Seen {
    /// A diameter above 0, mm.
    Diameter(f64),
    /// A diameter of 0: the lesion was gone.
    Gone,
    /// Too small to measure.
    TooSmall,
    /// Not evaluable, or nothing written.
    Nothing,
}

impl Seen {
    /// The number written, mm; none for words.
    pub fn number(self) -> Option<f64> {
        match self {
            Seen::Diameter(d) => Some(d),
            Seen::Gone => Some(0.0),
            Seen::TooSmall | Seen::Nothing => None,
        }
    }
}

/// One look at a lesion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// When, days; 0 is usually the first day of treatment.
    pub days: f64,
    /// What was seen.
    pub seen: Seen,
}

/// The series of one lesion of one patient.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Study; empty where the table names none.
    pub study: String,
    /// Patient.
    pub patient: String,
    /// Lesion; empty where the table names none.
    pub lesion: String,
    /// Arm; empty where the table names none.
    pub arm: String,
    /// Looks, in the order of time.
    pub looks: Vec<Look>,
    /// Rows without a day; they count as rows and say nothing else.
    pub undated: usize,
}

impl Series {
    /// `study/patient/lesion`, without what is not named.
    pub fn name(&self) -> String {
        let parts = [&self.study, &self.patient, &self.lesion];
        parts.into_iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join("/")
    }

    /// Looks that gave a number, 0 included.
    pub fn numbers(&self) -> usize {
        self.looks.iter().filter(|l| l.seen.number().is_some()).count()
    }
}

/// All series of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Data {
    /// In the order in which they begin in the table.
    pub series: Vec<Series>,
    /// What was ignored or decided while reading, a sentence each.
    pub notes: Vec<String>,
}

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Rows.
    pub rows: usize,
    /// Patients: pairs of study and patient.
    pub patients: usize,
    /// Patients with three rows or more, with or without a number.
    pub three_rows: usize,
    /// Patients with six rows or more, with or without a number.
    pub six_rows: usize,
    /// Patients with three numbers or more.
    pub three_numbers: usize,
    /// Patients with six numbers or more.
    pub six_numbers: usize,
    /// Rows with a number; zeros are numbers.
    pub numbers: usize,
    /// Of these: zero.
    pub zeros: usize,
    /// Rows with words for too small.
    pub too_small: usize,
    /// Rows with words for not evaluable, or nothing.
    pub nothing: usize,
    /// Rows without a day.
    pub undated: usize,
}

impl Data {
    /// Counts rows and patients.
    pub fn counts(&self) -> Counts {
        let mut patients: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
        let mut counts = Counts::default();
        for series in &self.series {
            let (rows, numbers) = patients.entry((&series.study, &series.patient)).or_default();
            *rows += series.looks.len() + series.undated;
            *numbers += series.numbers();
            counts.rows += series.looks.len() + series.undated;
            counts.undated += series.undated;
            for look in &series.looks {
                match look.seen {
                    Seen::Diameter(_) => counts.numbers += 1,
                    Seen::Gone => (counts.numbers, counts.zeros) = (counts.numbers + 1, counts.zeros + 1),
                    Seen::TooSmall => counts.too_small += 1,
                    Seen::Nothing => counts.nothing += 1,
                }
            }
        }
        counts.patients = patients.len();
        let with =
            |least: usize, pick: fn(&(usize, usize)) -> usize| patients.values().filter(|p| pick(p) >= least).count();
        (counts.three_rows, counts.six_rows) = (with(3, |p| p.0), with(6, |p| p.0));
        (counts.three_numbers, counts.six_numbers) = (with(3, |p| p.1), with(6, |p| p.1));
        counts
    }
}

/// Diameter of the sphere of a volume, both in units of the same length.
pub fn sphere(volume: f64) -> f64 {
    libm::cbrt(6.0 * volume / std::f64::consts::PI)
}

/// A length or a volume, with what makes it a diameter in mm.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Length(f64),
    Volume(f64),
}

fn unit_named(text: &str) -> Option<Unit> {
    match text {
        "mm" => Some(Unit::Length(1.0)),
        "cm" => Some(Unit::Length(10.0)),
        "mm3" | "mm^3" => Some(Unit::Volume(1.0)),
        "cm3" | "cm^3" | "mL" | "ml" => Some(Unit::Volume(1000.0)),
        _ => None,
    }
}

/// Where the size stands.
enum Size {
    Fixed(Column, Unit),
    ByUnit(Column, Column),
}

/// Reads a table of either form; every fault is named.
///
/// Words: `TOO SMALL TO MEASURE`, `TOO SMALL`, `TSTM`, `BELOW LIMIT`; `NOT EVALUABLE`, `NE`, `NOT DONE`, `NOT MEASURED`, in
/// any case. Two rows of one lesion on one day that say the same count as two rows and are read as one look, with a note.
/// Two sizes on one day are an error where no lesion is named, for they may be of two lesions; where the lesion is named, or
/// in public trial data, which hold one target lesion a patient, both are kept, with a note. Units of one lesion may not
/// change between length and volume. A size of about ten times its neighbours in time, or a tenth of them, is kept, with a note.
///
/// ```
/// use remission_infer::tumour_size::{TEMPLATE, read};
/// let data = read(TEMPLATE).unwrap();
/// assert_eq!((data.series.len(), data.series[0].numbers(), data.series[1].looks.len()), (2, 5, 4));
/// ```
pub fn read(text: &str) -> Result<Data, TableProblems> {
    let mut sheet = Sheet::parse(text)?;
    let names: Vec<String> = sheet.names().iter().map(|n| n.to_string()).collect();
    let has = |name: &str| names.iter().any(|n| n == name);
    let study = sheet.optional("study");
    let patient = sheet.needed("patient");
    let days = sheet.needed(if has("treatment_day") && !has("time_days") { "treatment_day" } else { "time_days" });
    let arm = sheet.optional(if has("study_arm") && !has("arm") { "study_arm" } else { "arm" });
    let lesion = sheet.optional("lesion");
    let named = [
        ("target_lesion_long_diam_mm", Unit::Length(1.0)),
        ("diameter_mm", Unit::Length(1.0)),
        ("volume_mm3", Unit::Volume(1.0)),
    ];
    let fixed = named.into_iter().find(|(name, _)| has(name));
    let size = match fixed {
        Some((name, unit)) => sheet.needed(name).map(|c| Size::Fixed(c, unit)),
        None => match (sheet.needed("value"), sheet.needed("unit")) {
            (Some(value), Some(unit)) => Some(Size::ByUnit(value, unit)),
            _ => None,
        },
    };
    let (Some(patient), Some(days), Some(size)) = (patient, days, size) else {
        return Err(sheet.finish().err().unwrap_or(TableProblems(Vec::new())));
    };
    let mut notes = Vec::new();
    let unused = sheet.unused();
    if !unused.is_empty() {
        notes.push(format!("Columns that were not used: {}.", unused.join(", ")));
    }
    let mut places: BTreeMap<[String; 3], usize> = BTreeMap::new();
    let mut series: Vec<Series> = Vec::new();
    let mut kinds: Vec<Unit> = Vec::new();
    let mut sizes: Vec<Vec<Sized>> = Vec::new();
    let (mut seen, mut again, mut no_day) = (Once::default(), Vec::new(), Vec::new());
    let one_target = matches!(fixed, Some(("target_lesion_long_diam_mm", _)));
    let (mut sized, mut twice) = (BTreeMap::<String, usize>::new(), Vec::new());
    for row in sheet.rows().iter() {
        let part = |column: Option<Column>| column.map_or("", |c| sheet.text(row, c)).to_string();
        let who = sheet.name(row, patient, "the name of a patient");
        let when = sheet.number_or_missing(row, days, Numbers::Any);
        if let Some(day) = when {
            sheet.within(row, days, day, TREATMENT.0, TREATMENT.1);
        }
        let undated = is_missing(sheet.text(row, days));
        let Some((what, unit)) = looked(&sheet, row, &size) else { continue };
        let Some(who) = who else { continue };
        if when.is_none() && !undated {
            continue;
        }
        let key = [part(study), who.to_string(), part(lesion)];
        let place = *places.entry(key.clone()).or_insert(series.len());
        if place == series.len() {
            let [study, patient, lesion] = key.clone();
            series.push(Series { study, patient, lesion, arm: part(arm), looks: Vec::new(), undated: 0 });
            kinds.push(unit);
            sizes.push(Vec::new());
        }
        let volume = |u: Unit| matches!(u, Unit::Volume(_));
        if volume(kinds[place]) != volume(unit) {
            let allowed = "one kind of size for a lesion, lengths or volumes";
            sheet.reject_line(row, "a length and a volume for the same lesion", allowed);
            continue;
        }
        let Some(when) = when else {
            series[place].undated += 1;
            no_day.push(row.line.to_string());
            continue;
        };
        if let Some(before) = seen.again(format!("{key:?} {when} {what:?}"), row.line) {
            again.push((before, row.line));
        } else if what != Seen::Nothing {
            let before = *sized.entry(format!("{key:?} {when}")).or_insert(row.line);
            if before < row.line && key[2].is_empty() && !one_target {
                let found = format!("another size for the patient and the day of line {before}, and no lesion named");
                let allowed = "one size a patient and day: add a column `lesion` if they are of different lesions, or give one sum a day";
                sheet.reject_line(row, &found, allowed);
            } else if before < row.line {
                twice.push(format!("{} (line {before})", row.line));
            }
        }
        if let Seen::Diameter(diameter) = what {
            sizes[place].push(Sized { days: when, diameter, line: row.line });
        }
        series[place].looks.push(Look { days: when, seen: what });
    }
    sheet.finish()?;
    for s in &mut series {
        s.looks.sort_by(|a, b| a.days.total_cmp(&b.days));
    }
    notes.extend(slips::note(&series, &mut sizes));
    if !again.is_empty() {
        let lines = again.iter().map(|(a, b)| format!("{b} (as line {a})")).collect::<Vec<_>>().join(", ");
        notes.push(format!(
            "Rows that say again what another says, same lesion, day and size: line {lines}. They count as rows and are \
             used once; delete them if they are copies."
        ));
    }
    if !twice.is_empty() {
        notes.push(format!(
            "Days with two sizes that differ, of one lesion: {}, line {}. Both sizes are used.",
            twice.len(),
            twice.join(", ")
        ));
    }
    if !no_day.is_empty() {
        notes.push(format!("Rows without a day: line {}. They count as rows and are not used.", no_day.join(", ")));
    }
    Ok(Data { series, notes })
}

/// What a row saw, and in which kind of unit; none after a fault.
fn looked(sheet: &Sheet, row: &Row, size: &Size) -> Option<(Seen, Unit)> {
    let (column, unit) = match size {
        Size::Fixed(column, unit) => (*column, *unit),
        Size::ByUnit(column, unit) => match unit_named(sheet.text(row, *unit)) {
            Some(found) => (*column, found),
            None => {
                let found = format!("`{}`", sheet.text(row, *unit));
                sheet.reject(row, *unit, &found, "mm, cm, mm3, cm3 or mL");
                return None;
            }
        },
    };
    let text = sheet.text(row, column);
    if is_missing(text) {
        return Some((Seen::Nothing, unit));
    }
    match text.to_uppercase().as_str() {
        "TOO SMALL TO MEASURE" | "TOO SMALL" | "TSTM" | "BELOW LIMIT" => return Some((Seen::TooSmall, unit)),
        "NOT EVALUABLE" | "NE" | "NOT DONE" | "NOT MEASURED" => return Some((Seen::Nothing, unit)),
        _ => {}
    }
    if text.parse::<f64>().is_err() && text.chars().all(|c| c.is_alphabetic() || c == ' ') {
        let allowed = "a number, TOO SMALL TO MEASURE, NOT EVALUABLE, or nothing";
        sheet.reject(row, column, &format!("`{text}`"), allowed);
        return None;
    }
    let value = sheet.number(row, column, Numbers::ZeroOrMore)?;
    let diameter = match unit {
        Unit::Length(mm) => value * mm,
        Unit::Volume(mm3) => sphere(value * mm3),
    };
    if diameter > 1000.0 {
        let found = format!("`{text}`, a lesion of {diameter:.0} mm across");
        sheet.reject(row, column, &found, "sizes up to 1000 mm across; check the unit");
        return None;
    }
    Some((if diameter > 0.0 { Seen::Diameter(diameter) } else { Seen::Gone }, unit))
}
