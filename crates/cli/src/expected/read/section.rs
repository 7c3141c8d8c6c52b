//! A section of `expected.toml`: its keys with their lines, and what they must hold.

use super::Fault;
use crate::expected::Lines;
use remission_model::problem::near_names;
use remission_model::units::{Dimension, quantity};
use toml::de::{DeTable, DeValue};

/// A table of the file.
pub struct Section<'a> {
    table: &'a DeTable<'a>,
    /// Line on which it begins, from 1.
    pub line: usize,
    whole: &'a str,
}

/// The line of a byte, from 1.
pub fn line(text: &str, at: usize) -> usize {
    1 + text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count()
}

fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(s) => format!("the text \"{s}\""),
        DeValue::Integer(i) => format!("the number {i}"),
        DeValue::Float(x) => format!("the number {}", x.as_str()),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a section".into(),
    }
}

impl<'a> Section<'a> {
    /// The whole file.
    pub fn root(table: &'a DeTable<'a>, whole: &'a str) -> Section<'a> {
        Section { table, line: 1, whole }
    }

    /// The line of a key; of the section where it is not there.
    pub fn line_of(&self, key: &str) -> usize {
        let here = self.table.iter().find(|(k, _)| k.get_ref() == key);
        here.map_or(self.line, |(k, _)| line(self.whole, k.span().start))
    }

    /// The lines of all keys.
    pub fn lines(&self) -> Lines {
        let keys = self.table.iter().map(|(k, _)| (k.get_ref().to_string(), line(self.whole, k.span().start)));
        Lines { own: self.line, keys: keys.collect() }
    }

    /// True when the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.get(key).is_some()
    }

    /// True when the key holds this word.
    pub fn says(&self, key: &str, word: &str) -> bool {
        self.table.get(key).and_then(|v| v.get_ref().as_str()).is_some_and(|text| text.trim() == word)
    }

    /// Reports something about a key.
    pub fn fault(&self, key: &str, found: &str, allowed: &str, faults: &mut Vec<Fault>) {
        faults.push(Fault {
            line: self.line_of(key),
            at: key.to_string(),
            found: found.to_string(),
            allowed: allowed.to_string(),
            near: Vec::new(),
        });
    }

    /// Reports every key that is not in `known`.
    pub fn only(&self, known: &[&str], faults: &mut Vec<Fault>) {
        for (key, _) in self.table.iter() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                faults.push(Fault {
                    line: line(self.whole, key.span().start),
                    at: name.to_string(),
                    found: format!("the key `{name}`"),
                    allowed: known.join(", "),
                    near: near_names(name, known.iter().copied()),
                });
            }
        }
    }

    fn wrong(&self, key: &str, value: &DeValue<'_>, allowed: &str, faults: &mut Vec<Fault>) {
        self.fault(key, &found(value), allowed, faults);
    }

    /// A text that is not blank.
    pub fn text(&self, key: &str, faults: &mut Vec<Fault>) -> Option<String> {
        let value = self.table.get(key)?.get_ref();
        match value {
            DeValue::String(s) if !s.trim().is_empty() => Some(s.trim().to_string()),
            other => {
                self.wrong(key, other, "some words in quotes", faults);
                None
            }
        }
    }

    /// As [`text`](Self::text), reported when missing.
    pub fn need_text(&self, key: &str, what: &str, faults: &mut Vec<Fault>) -> Option<String> {
        if !self.has(key) {
            self.fault(key, &format!("no `{key}`"), &format!("{key} = \"...\": {what}"), faults);
        }
        self.text(key, faults)
    }

    /// A plain, finite number.
    pub fn number(&self, key: &str, faults: &mut Vec<Fault>) -> Option<f64> {
        let value = self.table.get(key)?.get_ref();
        let digits = match value {
            DeValue::Integer(i) if i.radix() == 10 => Some(i.as_str()),
            DeValue::Float(x) => Some(x.as_str()),
            _ => None,
        };
        let x = digits.and_then(|d| d.replace('_', "").parse::<f64>().ok()).filter(|x| x.is_finite());
        if x.is_none() {
            self.wrong(
                key,
                value,
                "a number without quotes; its unit is that of the quantity, or stands in `unit`",
                faults,
            );
        }
        x
    }

    /// One of several words; `default` where the key is left out, which is a fault when there is none.
    pub fn choice<T: Copy>(
        &self,
        key: &str,
        words: &[(&str, T)],
        default: Option<T>,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        let known: Vec<String> = words.iter().map(|w| w.0.to_string()).collect();
        if !self.has(key) {
            if default.is_none() {
                self.fault(key, &format!("no `{key}`"), &format!("{key} = one of {}", known.join(", ")), faults);
            }
            return default;
        }
        let text = self.text(key, faults)?;
        let word = words.iter().find(|w| w.0 == text).map(|w| w.1);
        if word.is_none() {
            let mut fault = Fault::of_name(self.line_of(key), key, "the word", &text, &known);
            if text == "shown_only" {
                fault.allowed += "; a number that does not come out says why in `reason`";
            }
            faults.push(fault);
        }
        word
    }

    /// A time in days.
    pub fn day(&self, key: &str, faults: &mut Vec<Fault>) -> Option<f64> {
        let value = self.table.get(key)?.get_ref();
        let day = value.as_str().and_then(time);
        if day.is_none() {
            self.wrong(key, value, "a time of 0 or more with its unit, such as \"365 days\"", faults);
        }
        day
    }

    /// Two times in days, the first before the second.
    pub fn days(&self, key: &str, faults: &mut Vec<Fault>) -> Option<(f64, f64)> {
        let value = self.table.get(key)?.get_ref();
        let times: Option<Vec<f64>> =
            value.as_array().and_then(|a| a.iter().map(|v| v.get_ref().as_str().and_then(time)).collect());
        match times.as_deref() {
            Some(&[from, to]) if from < to => Some((from, to)),
            Some(&[from, to]) => {
                let said = format!("from day {from} to day {to}");
                self.fault(key, &said, "the earlier time first", faults);
                None
            }
            _ => {
                self.wrong(key, value, "two times with their units: [\"0 days\", \"30 days\"]", faults);
                None
            }
        }
    }

    /// Two texts.
    pub fn pair(&self, key: &str, what: &str, faults: &mut Vec<Fault>) -> Option<[String; 2]> {
        let list = self.table.get(key).and_then(|v| v.get_ref().as_array());
        let texts: Vec<String> =
            list.into_iter().flat_map(|a| a.iter()).filter_map(|v| Some(v.get_ref().as_str()?.to_string())).collect();
        let pair = <[String; 2]>::try_from(texts).ok().filter(|_| list.is_some_and(|a| a.len() == 2));
        if pair.is_none() {
            self.fault(
                key,
                &format!("`{key}` that does not name two"),
                &format!("{key} = [\"a\", \"b\"]: {what}"),
                faults,
            );
        }
        pair
    }

    /// True where it says so; left out, false.
    pub fn yes(&self, key: &str, faults: &mut Vec<Fault>) -> bool {
        match self.table.get(key).map(|v| v.get_ref()) {
            None => false,
            Some(DeValue::Boolean(yes)) => *yes,
            Some(other) => {
                self.wrong(key, other, "true or false, without quotes", faults);
                false
            }
        }
    }

    /// Names, each with a number and its unit as text; a bare number is a plain one.
    pub fn quantities(&self, key: &str, faults: &mut Vec<Fault>) -> Vec<(String, String)> {
        let Some(section) = self.section(key, faults) else { return Vec::new() };
        let mut out = Vec::new();
        for (name, value) in section.table.iter() {
            let text = match value.get_ref() {
                DeValue::String(s) => Some(s.trim().to_string()),
                DeValue::Integer(i) if i.radix() == 10 => Some(i.as_str().to_string()),
                DeValue::Float(x) => Some(x.as_str().to_string()),
                _ => None,
            };
            match text.filter(|t| quantity(t).is_ok()) {
                Some(text) => out.push((name.get_ref().to_string(), text)),
                None => self.wrong(
                    key,
                    value.get_ref(),
                    "numbers with their units: { burden = \"2.6e11 cells\", n12 = 1 }",
                    faults,
                ),
            }
        }
        out.sort();
        out
    }

    /// A section inside this one.
    pub fn section(&self, key: &str, faults: &mut Vec<Fault>) -> Option<Section<'a>> {
        let value = self.table.get(key)?.get_ref();
        match value {
            DeValue::Table(table) => Some(Section { table, line: self.line_of(key), whole: self.whole }),
            other => {
                self.wrong(key, other, "a section: { key = value, ... }", faults);
                None
            }
        }
    }

    /// A list of sections.
    pub fn sections(&self, key: &str, faults: &mut Vec<Fault>) -> Vec<Section<'a>> {
        let Some(value) = self.table.get(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, value.get_ref(), &format!("a list of sections: [[{key}]] before each"), faults);
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in list.iter() {
            match item.get_ref() {
                DeValue::Table(table) => {
                    out.push(Section { table, line: line(self.whole, item.span().start), whole: self.whole });
                }
                other => self.wrong(key, other, &format!("a list of sections: [[{key}]] before each"), faults),
            }
        }
        out
    }
}

/// A time of 0 or more, days.
fn time(text: &str) -> Option<f64> {
    let q = quantity(text).ok().filter(|q| q.unit.dimension == Dimension::TIME)?;
    (q.value >= 0.0 && q.value.is_finite()).then_some(q.value)
}
