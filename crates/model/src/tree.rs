//! Walking a TOML tree by hand, so that every value keeps its bytes and its dotted path.
//!
//! Faults are reported and the walk goes on: a missing or wrong value becomes `None`, which later steps pass over.

mod file;
mod shapes;

pub(crate) use file::{parse, short};

use crate::problem::{Code, Place, Report};
use file::{clamp, kind, place};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Largest file read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// Most entries in one section (cell types, parameters, switches of one type, ...).
pub const MAX_ENTRIES: usize = 2000;
/// Most points of a table.
const MAX_POINTS: usize = 10_000;

/// A value as written: the text, its kind and its place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Text {
    /// Content of the string, or the digits of a TOML number.
    pub text: String,
    /// Bytes and path.
    pub at: Place,
}

/// A section: a TOML table with its place.
pub(crate) struct Section<'a> {
    table: &'a DeTable<'a>,
    pub(crate) at: Place,
    whole: &'a str,
}

/// An entry of a section whose keys are names that the writer chose.
pub(crate) struct Entry<'a> {
    pub(crate) name: Text,
    value: &'a Spanned<DeValue<'a>>,
    whole: &'a str,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(crate) fn root(table: &'a Spanned<DeTable<'a>>, whole: &'a str) -> Self {
        let at = Place { span: 0..whole.find('\n').unwrap_or(whole.len()), ..Place::default() };
        Section { table: table.get_ref(), at, whole }
    }

    fn path(&self, key: &str) -> String {
        if self.at.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.at.path) }
    }

    /// Reports every key that is not in `known`.
    pub(crate) fn only(self, known: &[&'static str], report: &mut Report) -> Self {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let at = Place { span: clamp(key.span(), self.whole), path: self.path(name), content: None };
                let message = [format!("`{}`", short(name)), known.join(", ")];
                if let Some(key) = shapes::called(name, known) {
                    report.add_meant(Code::UnknownKey, &at, message, format!("write `{key}`"), key);
                    continue;
                }
                let repair = match name {
                    "half_life" | "t_half" if known.contains(&"clearance") => {
                        "write `clearance`, which is ln(2) * volume / half-life, and `volume`; of route kpd write \
                         `elimination`, which is ln(2) / half-life"
                    }
                    _ => "correct the spelling, or remove it",
                };
                let [found, allowed] = message;
                let message = [found, allowed, repair.into()];
                report.add_near(Code::UnknownKey, &at, message, name, known.iter().copied());
            }
        }
        self
    }

    /// Keys that are not in `known`, and the names that stand below them.
    pub(crate) fn strays(&self, known: &[&str]) -> Vec<String> {
        let stray = self.table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
        let mut out = Vec::new();
        for (key, value) in stray {
            out.push(key.get_ref().to_string());
            if let Some(table) = value.get_ref().as_table() {
                out.extend(table.iter().map(|(key, _)| key.get_ref().to_string()));
            }
        }
        out
    }

    /// True when the key is there, whatever its value.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    fn value(&self, key: &str) -> Option<(&'a Spanned<DeValue<'a>>, Place)> {
        let value = self.table.get(key)?;
        Some((value, place(value, self.path(key), self.whole)))
    }

    /// Reports a missing key when it is not there.
    fn need(&self, key: &str, example: &str, report: &mut Report) {
        if !self.has(key) {
            let here = if self.at.path.is_empty() { "the file".to_string() } else { format!("`{}`", self.at.path) };
            let at = Place { path: self.path(key), ..self.at.clone() };
            report.add(
                Code::MissingKey,
                &at,
                format!("no `{key}` in {here}"),
                format!("`{key}` is required"),
                format!("add {example}"),
            );
        }
    }

    fn wrong(&self, value: &DeValue<'_>, at: &Place, allowed: &str, report: &mut Report) {
        report.add(Code::WrongType, at, kind(value), allowed, format!("write {allowed}"));
    }

    /// A string, or a bare number as its digits.
    pub(crate) fn text(&self, key: &str, report: &mut Report) -> Option<Text> {
        let (value, at) = self.value(key)?;
        let text = match value.get_ref() {
            DeValue::String(s) => s.to_string(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str().replace('_', ""),
            DeValue::Float(x) => x.as_str().replace('_', ""),
            other => {
                self.wrong(other, &at, "a text in quotes", report);
                return None;
            }
        };
        Some(Text { text, at })
    }

    /// As `text`, reported when missing.
    pub(crate) fn need_text(&self, key: &str, example: &str, report: &mut Report) -> Option<Text> {
        self.need(key, example, report);
        self.text(key, report)
    }

    /// Words meant for people: a string and nothing else; a blank one counts as missing.
    pub(crate) fn words(&self, key: &str, report: &mut Report) -> Option<Text> {
        let (value, at) = self.value(key)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(value.get_ref(), &at, "a text in quotes", report);
            return None;
        };
        if text.trim().is_empty() {
            report.add(Code::MissingKey, &at, "an empty text", "some words", "write what it is, or remove the key");
            return None;
        }
        Some(Text { text: text.to_string(), at })
    }

    /// A whole number, not negative.
    pub(crate) fn whole(&self, key: &str, report: &mut Report) -> Option<(u64, Place)> {
        let (value, at) = self.value(key)?;
        let DeValue::Integer(i) = value.get_ref() else {
            self.wrong(value.get_ref(), &at, "a whole number, without quotes", report);
            return None;
        };
        let digits = i.as_str().replace('_', "");
        match u64::from_str_radix(&digits, i.radix()) {
            Ok(n) => Some((n, at)),
            Err(_) => {
                report.add(
                    Code::OutOfRange,
                    &at,
                    short(&i.to_string()),
                    "a whole number from 0 to 18446744073709551615",
                    "choose a number in this range",
                );
                None
            }
        }
    }

    /// As `whole`, reported when missing.
    pub(crate) fn need_whole(&self, key: &str, example: &str, report: &mut Report) -> Option<(u64, Place)> {
        self.need(key, example, report);
        self.whole(key, report)
    }

    /// A section inside this one.
    pub(crate) fn section(&self, key: &str, report: &mut Report) -> Option<Section<'a>> {
        let (value, at) = self.value(key)?;
        open(value.get_ref(), at, self.whole, report)
    }

    /// As `section`, reported when missing.
    pub(crate) fn need_section(&self, key: &str, example: &str, report: &mut Report) -> Option<Section<'a>> {
        self.need(key, example, report);
        self.section(key, report)
    }

    /// Entries with names of the writer's choice, in the order of the text.
    pub(crate) fn entries(&self, key: &str, report: &mut Report) -> Vec<Entry<'a>> {
        self.section(key, report).map_or(Vec::new(), |s| s.named(report))
    }

    /// The entries of this very section, in the order of the text.
    pub(crate) fn named(&self, report: &mut Report) -> Vec<Entry<'a>> {
        let mut entries: Vec<Entry<'a>> = self
            .table
            .iter()
            .map(|(key, value)| {
                let name = key.get_ref().to_string();
                let at = Place { span: clamp(key.span(), self.whole), path: self.path(&name), content: None };
                Entry { name: Text { text: name, at }, value, whole: self.whole }
            })
            .collect();
        // The parser sorts keys by name; people expect the order in which they wrote.
        entries.sort_by_key(|e| e.name.at.span.start);
        self.few(&mut entries, MAX_ENTRIES, report);
        entries
    }

    fn few<T>(&self, entries: &mut Vec<T>, most: usize, report: &mut Report) {
        if entries.len() > most {
            report.add(
                Code::TooMany,
                &self.at,
                format!("{} entries", entries.len()),
                format!("at most {most}"),
                "merge entries that behave alike",
            );
            entries.truncate(most);
        }
    }

    /// Items of a list with their places.
    fn items(&self, key: &str, report: &mut Report) -> Vec<(&'a DeValue<'a>, Place)> {
        self.items_within(key, MAX_ENTRIES, report)
    }

    /// At most so many items of a list with their places.
    fn items_within(&self, key: &str, most: usize, report: &mut Report) -> Vec<(&'a DeValue<'a>, Place)> {
        let Some((value, at)) = self.value(key) else {
            return Vec::new();
        };
        let Some(array) = value.get_ref().as_array() else {
            let one = !self.at.path.contains('.') && value.get_ref().is_table() && shapes::shape(&at.path).is_none();
            match shapes::shape(&at.path) {
                None if one => {
                    let repair = format!("write [[{}]], with two brackets, before each entry", at.path);
                    report.add(Code::WrongType, &at, kind(value.get_ref()), "a list in square brackets", repair);
                }
                Some(shape) => {
                    let repair = format!("write {key} = [{shape}]");
                    report.add(Code::WrongType, &at, kind(value.get_ref()), "a list in square brackets", repair);
                }
                None => self.wrong(value.get_ref(), &at, "a list in square brackets", report),
            }
            return Vec::new();
        };
        let path = self.path(key);
        let mut items: Vec<_> = array
            .iter()
            .enumerate()
            .map(|(k, v)| (v.get_ref(), place(v, format!("{path}[{k}]"), self.whole)))
            .collect();
        self.few(&mut items, most, report);
        items
    }

    /// A list of sections.
    pub(crate) fn sections(&self, key: &str, report: &mut Report) -> Vec<Section<'a>> {
        if let Some((DeValue::Table(_), at)) = self.value(key).map(|(v, at)| (v.get_ref(), at)) {
            let line = self.whole[at.span.start..].lines().next().map_or(at.span.end, |l| at.span.start + l.len());
            let at = Place { span: at.span.start..line.min(at.span.end), ..at };
            let path = self.path(key);
            let headed =
                self.whole[..at.span.end].trim_end().ends_with(']') || self.whole[at.span.start..].starts_with('[');
            let repair = match headed {
                true => format!("write [[{path}]], with two brackets"),
                false => format!("write {key} = [{{ ... }}], in square brackets"),
            };
            report.add(Code::WrongType, &at, "one section", "a list of sections", repair);
            return Vec::new();
        }
        let items = self.items(key, report);
        items.into_iter().filter_map(|(v, at)| open(v, at, self.whole, report)).collect()
    }

    /// A list of strings or, when `one` is allowed, a single string.
    pub(crate) fn texts(&self, key: &str, report: &mut Report) -> Option<Vec<Text>> {
        self.value(key)?;
        let mut out = Vec::new();
        for (value, at) in self.items(key, report) {
            match value.as_str() {
                Some(text) => out.push(Text { text: text.to_string(), at }),
                None => self.wrong(value, &at, "a sentence in quotes", report),
            }
        }
        Some(out)
    }

    /// True when the key holds a list.
    pub(crate) fn is_list(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|v| v.get_ref().is_array())
    }

    /// True when the key holds a section.
    pub(crate) fn is_section(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|v| v.get_ref().is_table())
    }

    /// Lists of plain numbers under names of the writer's choice, those that can be read.
    pub(crate) fn named_numbers(&self, report: &mut Report) -> Vec<(Text, Vec<(f64, Place)>)> {
        let names: Vec<Text> = self.named(report).into_iter().map(|e| e.name).collect();
        names.into_iter().filter_map(|name| Some((name.clone(), self.numbers(&name.text, report)?))).collect()
    }

    /// A list of plain numbers.
    pub(crate) fn numbers(&self, key: &str, report: &mut Report) -> Option<Vec<(f64, Place)>> {
        self.value(key)?;
        let items = self.items(key, report);
        // All first, so that the faults of each are seen.
        let numbers: Vec<_> = items.into_iter().map(|(v, at)| self.plain(v, at, report)).collect();
        numbers.into_iter().collect()
    }

    /// A list of points of `width` plain numbers each; `shape` is how one is written.
    pub(crate) fn points(
        &self,
        key: &str,
        width: usize,
        shape: &str,
        report: &mut Report,
    ) -> Option<Vec<(Vec<f64>, Place)>> {
        self.value(key)?;
        let mut out = Vec::new();
        let faults = report.len();
        for (value, at) in self.items_within(key, MAX_POINTS, report) {
            let inner: Vec<f64> = value.as_array().map_or(Vec::new(), |a| {
                let few = a.iter().take(width + 1);
                few.filter_map(|v| self.plain(v.get_ref(), at.clone(), report).map(|n| n.0)).collect()
            });
            let whole = value.as_array().is_some_and(|a| a.len() == width);
            match inner.len() == width && whole {
                true => out.push((inner, at)),
                // A number that cannot be read has been reported.
                false if whole => {}
                false => self.wrong(value, &at, shape, report),
            }
        }
        (report.len() == faults).then_some(out)
    }

    fn plain(&self, value: &DeValue<'_>, at: Place, report: &mut Report) -> Option<(f64, Place)> {
        let digits = match value {
            DeValue::Integer(i) if i.radix() == 10 => i.as_str(),
            DeValue::Float(x) => x.as_str(),
            other => {
                let allowed = "a plain number, without quotes";
                let meant = other.as_str().and_then(|s| crate::units::quantity(s).ok());
                match meant.filter(|q| q.unit.dimension == crate::units::Dimension::PLAIN) {
                    Some(q) => {
                        let repair = format!("write {}", crate::units::number(q.value));
                        report.add(Code::WrongType, &at, kind(other), allowed, repair);
                    }
                    None if at.path.contains(".points[") && other.is_str() => {
                        let repair = "write the number alone; the units of a table stand in `of` and `gives`";
                        report.add(Code::WrongType, &at, kind(other), allowed, repair);
                    }
                    None => self.wrong(other, &at, allowed, report),
                }
                return None;
            }
        };
        match digits.replace('_', "").parse::<f64>() {
            Ok(x) if x.is_finite() => Some((x, at)),
            _ => {
                report.add(Code::NotFinite, &at, short(digits), "a finite number", "write a number below 1e308");
                None
            }
        }
    }
}

impl<'a> Entry<'a> {
    /// The entry as a section.
    pub(crate) fn section(&self, report: &mut Report) -> Option<Section<'a>> {
        let at = Place { span: self.name.at.span.clone(), path: self.name.at.path.clone(), content: None };
        open(self.value.get_ref(), at, self.whole, report)
    }

    /// The entry as a text or a bare number.
    pub(crate) fn text(&self, report: &mut Report) -> Option<Text> {
        let at = place(self.value, self.name.at.path.clone(), self.whole);
        let text = match self.value.get_ref() {
            DeValue::String(s) => s.to_string(),
            DeValue::Integer(i) if i.radix() == 10 => i.as_str().replace('_', ""),
            DeValue::Float(x) => x.as_str().replace('_', ""),
            other => {
                report.add(Code::WrongType, &at, kind(other), "a text in quotes", "write a text in quotes");
                return None;
            }
        };
        Some(Text { text, at })
    }
}

fn open<'a>(value: &'a DeValue<'a>, at: Place, whole: &'a str, report: &mut Report) -> Option<Section<'a>> {
    match value.as_table() {
        Some(table) => Some(Section { table, at, whole }),
        None => {
            let bare = match value {
                DeValue::String(s) => Some(s.to_string()),
                DeValue::Integer(i) => Some(i.to_string()),
                DeValue::Float(x) => Some(x.as_str().to_string()),
                _ => None,
            };
            let allowed = "a section: { key = value, ... }";
            let key = at.path.rsplit('.').next().unwrap_or_default();
            let repair = match (shapes::shape(&at.path), bare.and_then(|b| shapes::parameter(&at.path, &b))) {
                (Some(shape), _) if key.ends_with(']') => format!("write {shape}"),
                (Some(shape), _) => format!("write {key} = {shape}"),
                (None, Some(parameter)) => format!("write {parameter}"),
                (None, None) => format!("write {allowed}"),
            };
            report.add(Code::WrongType, &at, kind(value), allowed, repair);
            None
        }
    }
}
