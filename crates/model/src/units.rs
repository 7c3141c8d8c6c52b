//! Units and quantities: `"0.0367 /h"`, `"150 mg"`, `"1e9 cells/cm^3"`, `"30 %"`, `"1e-8"`.
//!
//! A [`Dimension`] is a vector of exponents over the base units day, cell, mg, µmol, dm and Gy (a litre
//! is dm^3). The cell is a dimension of its own: a count is in cells, a rate per cell is 1/day, arrivals
//! are cells/day, so adding a count to a rate is caught. A month is 30.4375 days and a year 365.25 days.
//! `%` is 0.01 of a plain number. Left out: temperature, pressure, body surface.

use std::fmt;

/// Largest exponent of one base unit; more is a slip of the pen.
const MOST: i32 = 24;

/// What kind of quantity: exponents of day, cell, mg, µmol, dm, Gy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dimension([i32; 6]);

impl Dimension {
    /// A plain number.
    pub const PLAIN: Dimension = Dimension([0; 6]);
    /// Days.
    pub const TIME: Dimension = Dimension([1, 0, 0, 0, 0, 0]);
    /// Per day.
    pub const RATE: Dimension = Dimension([-1, 0, 0, 0, 0, 0]);
    /// Cells.
    pub const CELLS: Dimension = Dimension([0, 1, 0, 0, 0, 0]);
    /// Cells per day.
    pub const CELLS_RATE: Dimension = Dimension([-1, 1, 0, 0, 0, 0]);
    /// Cells per litre.
    pub const CELLS_PER_VOLUME: Dimension = Dimension([0, 1, 0, 0, -3, 0]);
    /// Milligrams.
    pub const MASS: Dimension = Dimension([0, 0, 1, 0, 0, 0]);
    /// mass/time
    pub const MASS_RATE: Dimension = Dimension([-1, 0, 1, 0, 0, 0]);
    /// Milligrams per µmol.
    pub const MOLAR_MASS: Dimension = Dimension([0, 0, 1, -1, 0, 0]);
    /// Milligrams per litre.
    pub const MASS_CONCENTRATION: Dimension = Dimension([0, 0, 1, 0, -3, 0]);
    /// µmol per litre.
    pub const MOLAR_CONCENTRATION: Dimension = Dimension([0, 0, 0, 1, -3, 0]);
    /// Decimetres.
    pub const LENGTH: Dimension = Dimension([0, 0, 0, 0, 1, 0]);
    /// Litres.
    pub const VOLUME: Dimension = Dimension([0, 0, 0, 0, 3, 0]);
    /// Litres per day.
    pub const FLOW: Dimension = Dimension([-1, 0, 0, 0, 3, 0]);
    /// Gray.
    pub const RADIATION: Dimension = Dimension([0, 0, 0, 0, 0, 1]);

    /// Product; `None` beyond any exponent that makes sense.
    pub fn times(self, other: Dimension) -> Option<Dimension> {
        self.combine(other, |a, b| a + b)
    }

    /// Quotient.
    pub fn over(self, other: Dimension) -> Option<Dimension> {
        self.combine(other, |a, b| a - b)
    }

    /// Power; `None` when an exponent would not be a whole number.
    pub fn power(self, exponent: f64) -> Option<Dimension> {
        let mut out = self.0;
        for e in &mut out {
            let p = f64::from(*e) * exponent;
            if p != p.trunc() || p.abs() > f64::from(MOST) {
                return None;
            }
            *e = p as i32;
        }
        Some(Dimension(out))
    }

    fn combine(self, other: Dimension, f: impl Fn(i32, i32) -> i32) -> Option<Dimension> {
        let mut out = self.0;
        for (a, b) in out.iter_mut().zip(other.0) {
            *a = f(*a, b);
        }
        out.iter().all(|e| e.abs() <= MOST).then_some(Dimension(out))
    }

    /// The base unit, as it may follow a number in a file: `/day`, `mg/L`; empty for a plain number.
    pub fn base_unit(self) -> String {
        let text = self.to_string();
        match text.strip_prefix("1/") {
            _ if self == Dimension::PLAIN => String::new(),
            Some(rest) => format!("/{rest}"),
            None => text,
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Dimension::PLAIN {
            return f.write_str("plain number");
        }
        let [time, cell, mass, amount, length, radiation] = self.0;
        let (length_name, length) = if length % 3 == 0 { ("L", length / 3) } else { ("dm", length) };
        let parts =
            [("mg", mass), ("umol", amount), ("cells", cell), ("Gy", radiation), (length_name, length), ("day", time)];
        let one = |(name, e): (&str, i32)| match e.abs() {
            1 => name.to_string(),
            e => format!("{name}^{e}"),
        };
        let above: Vec<String> = parts.into_iter().filter(|p| p.1 > 0).map(one).collect();
        let below: Vec<String> = parts.into_iter().filter(|p| p.1 < 0).map(one).collect();
        f.write_str(if above.is_empty() { "1" } else { "" })?;
        f.write_str(&above.join(" "))?;
        below.iter().try_for_each(|b| write!(f, "/{b}"))
    }
}

/// A unit: its dimension, and `above / below` base units (two exact numbers, so that 24 is 24).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// Kind of quantity.
    pub dimension: Dimension,
    above: f64,
    below: f64,
}

impl Unit {
    /// A plain number.
    pub const PLAIN: Unit = Unit { dimension: Dimension::PLAIN, above: 1.0, below: 1.0 };

    /// One of this unit in base units.
    pub fn scale(self) -> f64 {
        self.above / self.below
    }

    /// `number` of this unit in base units.
    pub fn to_base(self, number: f64) -> f64 {
        if self.below == 1.0 { number * self.above } else { number * self.above / self.below }
    }
}

/// Every unit symbol: name, exponents, base units above and below the line.
const SYMBOLS: &[(&str, Dimension, f64, f64)] = {
    const TIME: Dimension = Dimension::TIME;
    const CELLS: Dimension = Dimension::CELLS;
    const MASS: Dimension = Dimension::MASS;
    const AMOUNT: Dimension = Dimension([0, 0, 0, 1, 0, 0]);
    const MOLAR: Dimension = Dimension::MOLAR_CONCENTRATION;
    const LENGTH: Dimension = Dimension::LENGTH;
    const VOLUME: Dimension = Dimension::VOLUME;
    &[
        ("s", TIME, 1.0, 86_400.0),
        ("min", TIME, 1.0, 1440.0),
        ("minute", TIME, 1.0, 1440.0),
        ("minutes", TIME, 1.0, 1440.0),
        ("h", TIME, 1.0, 24.0),
        ("hour", TIME, 1.0, 24.0),
        ("hours", TIME, 1.0, 24.0),
        ("d", TIME, 1.0, 1.0),
        ("day", TIME, 1.0, 1.0),
        ("days", TIME, 1.0, 1.0),
        ("week", TIME, 7.0, 1.0),
        ("weeks", TIME, 7.0, 1.0),
        ("month", TIME, 30.4375, 1.0),
        ("months", TIME, 30.4375, 1.0),
        ("year", TIME, 365.25, 1.0),
        ("years", TIME, 365.25, 1.0),
        ("cell", CELLS, 1.0, 1.0),
        ("cells", CELLS, 1.0, 1.0),
        ("kg", MASS, 1e6, 1.0),
        ("g", MASS, 1000.0, 1.0),
        ("mg", MASS, 1.0, 1.0),
        ("ug", MASS, 1.0, 1000.0),
        ("ng", MASS, 1.0, 1e6),
        ("pg", MASS, 1.0, 1e9),
        ("mol", AMOUNT, 1e6, 1.0),
        ("mmol", AMOUNT, 1000.0, 1.0),
        ("umol", AMOUNT, 1.0, 1.0),
        ("nmol", AMOUNT, 1.0, 1000.0),
        ("pmol", AMOUNT, 1.0, 1e6),
        ("M", MOLAR, 1e6, 1.0),
        ("mM", MOLAR, 1000.0, 1.0),
        ("uM", MOLAR, 1.0, 1.0),
        ("nM", MOLAR, 1.0, 1000.0),
        ("pM", MOLAR, 1.0, 1e6),
        ("m", LENGTH, 10.0, 1.0),
        ("dm", LENGTH, 1.0, 1.0),
        ("cm", LENGTH, 1.0, 10.0),
        ("mm", LENGTH, 1.0, 100.0),
        ("um", LENGTH, 1.0, 1e5),
        ("L", VOLUME, 1.0, 1.0),
        ("dL", VOLUME, 1.0, 10.0),
        ("mL", VOLUME, 1.0, 1000.0),
        ("uL", VOLUME, 1.0, 1e6),
        ("Gy", Dimension::RADIATION, 1.0, 1.0),
        ("%", Dimension::PLAIN, 1.0, 100.0),
    ]
};

/// Names of every unit.
pub fn unit_names() -> impl Iterator<Item = &'static str> {
    SYMBOLS.iter().map(|s| s.0)
}

/// Why a quantity or a unit cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub enum UnitError {
    /// The text does not begin with a number.
    NoNumber,
    /// The number is infinite or not a number.
    NotFinite,
    /// No such unit.
    Unknown(String),
    /// The unit is not written as units are.
    Grammar(&'static str),
}

/// A number with its unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// As written.
    pub number: f64,
    /// In base units.
    pub value: f64,
    /// The unit.
    pub unit: Unit,
    /// The unit as written; empty for a plain number.
    pub unit_text: String,
}

impl Quantity {
    /// In another unit of the same dimension; exact when it is the unit written.
    pub fn in_unit(&self, other: Unit) -> f64 {
        self.number * (self.unit.above * other.below / (self.unit.below * other.above))
    }
}

/// Reads a number with its unit.
///
/// ```
/// use remission_model::units::{quantity, Dimension};
/// let rate = quantity("0.5 /h").unwrap();
/// assert_eq!((rate.value, rate.unit.dimension), (12.0, Dimension::RATE));
/// assert_eq!(quantity("1e9 cells/cm^3").unwrap().value, 1e12);
/// assert_eq!(quantity("30 %").unwrap().value, 0.3);
/// ```
pub fn quantity(text: &str) -> Result<Quantity, UnitError> {
    let text = text.trim();
    let bare = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if bare.starts_with("inf") || bare.starts_with("nan") {
        return Err(UnitError::NotFinite);
    }
    let end = number_length(text);
    let number: f64 = text[..end].parse().map_err(|_| UnitError::NoNumber)?;
    let unit_text = text[end..].trim();
    let one_over = unit_text.strip_prefix('1').is_some_and(|r| r.trim_start().starts_with('/'));
    if !one_over && unit_text.starts_with(|c: char| c.is_ascii_digit() || ".,_+-".contains(c)) {
        return Err(UnitError::Grammar("after the number comes the unit"));
    }
    let unit = if unit_text.is_empty() { Unit::PLAIN } else { unit(unit_text)? };
    let value = unit.to_base(number);
    if !value.is_finite() {
        return Err(UnitError::NotFinite);
    }
    Ok(Quantity { number, value, unit, unit_text: unit_text.to_string() })
}

/// Bytes of the decimal number at the start of `text`; 0 when there is none.
pub(crate) fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut i: usize| {
        while bytes.get(i).is_some_and(u8::is_ascii_digit) {
            i += 1;
        }
        i
    };
    let start = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut end = digits(start);
    let mut any = end > start;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        any |= fraction > end + 1;
        end = fraction;
    }
    if !any {
        return 0;
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(sign);
        if exponent > sign {
            end = exponent;
        }
    }
    end
}

/// Reads a unit: symbols with whole powers (`cm^3`), joined by `*` or a space, divided by `/`; `/h` and
/// `1/h` are the same. After a `/` a space may not join, since `mg/L day` can be read two ways.
pub fn unit(text: &str) -> Result<Unit, UnitError> {
    let mut out = Unit::PLAIN;
    let mut rest = text.trim();
    let mut below = false;
    let mut divided = false;
    if let Some(r) = rest.strip_prefix("1") {
        rest = r.trim_start();
        if rest.is_empty() {
            return Ok(out);
        }
        if !rest.starts_with('/') {
            return Err(UnitError::Grammar("`1` is followed by `/`"));
        }
    }
    if let Some(r) = rest.strip_prefix('/') {
        (below, divided, rest) = (true, true, r.trim_start());
    }
    for _ in 0..16 {
        let name_end = rest.find(|c: char| !(c.is_alphabetic() || c == '%')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let (_, dimension, above, under) = symbol(name)?;
        let (exponent, after) = exponent(after)?;
        let (above, under) = (above.powi(exponent.abs()), under.powi(exponent.abs()));
        let up = below == (exponent < 0);
        let power = dimension.power(f64::from(exponent)).ok_or(TOO_HIGH)?;
        let combined = if below { out.dimension.over(power) } else { out.dimension.times(power) };
        out.dimension = combined.ok_or(TOO_HIGH)?;
        out.above *= if up { above } else { under };
        out.below *= if up { under } else { above };
        let next = after.trim_start();
        if next.is_empty() {
            return Ok(out);
        }
        below = false;
        rest = if let Some(r) = next.strip_prefix('/') {
            (below, divided) = (true, true);
            r
        } else if let Some(r) = next.strip_prefix(['*', '·']) {
            r
        } else if after.len() > next.len() && !divided {
            next
        } else {
            return Err(UnitError::Grammar("join units by `*` or `/`"));
        }
        .trim_start();
    }
    Err(UnitError::Grammar("a unit has at most 16 factors"))
}

const TOO_HIGH: UnitError = UnitError::Grammar("a power is too high");

fn symbol(name: &str) -> Result<(&'static str, Dimension, f64, f64), UnitError> {
    if name.is_empty() {
        return Err(UnitError::Grammar("a unit is expected"));
    }
    // Both ways of writing micro, and the common lower-case litre.
    let plain = name.replace(['µ', 'μ'], "u");
    let plain = match plain.as_str() {
        "l" => "L",
        "dl" => "dL",
        "ml" => "mL",
        "ul" => "uL",
        other => other,
    };
    let found = SYMBOLS.iter().find(|s| s.0 == plain).copied();
    found.ok_or_else(|| UnitError::Unknown(name.to_string()))
}

/// A whole power at the start of `text`: `^3`, `^-1`, `²`, `³`.
fn exponent(text: &str) -> Result<(i32, &str), UnitError> {
    for (sign, power) in [('²', 2), ('³', 3)] {
        if let Some(rest) = text.strip_prefix(sign) {
            return Ok((power, rest));
        }
    }
    let Some(rest) = text.strip_prefix('^') else {
        return Ok((1, text));
    };
    let start = usize::from(rest.starts_with('-'));
    let end = start + rest[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - start);
    match rest[..end].parse::<i32>() {
        Ok(e) if e != 0 && e.abs() <= 9 => Ok((e, &rest[end..])),
        _ => Err(UnitError::Grammar("a power is a whole number from 1 to 9")),
    }
}

/// A number as the shortest text that reads back as the same number.
pub fn number(x: f64) -> String {
    if x == 0.0 || (1e-4..1e7).contains(&x.abs()) { format!("{x}") } else { format!("{x:e}") }
}

/// A number for a message: at most six digits that count.
pub(crate) fn digits(x: f64) -> String {
    format!("{x:.5e}").parse().map_or_else(|_| number(x), number)
}
