//! The parts of an answer that are read and not looked at: estimates, tests, tables, how the computation went, notes. Each with
//! what a CSV of it holds.

use super::numbers::{interval, one_line, p_value, point, pretty, said, short};
use crate::report::html::{Cell, Table, behind, escape};
use remission_infer::answer::{Answer, Estimate, Value};
use remission_model::units::number as every_bit;

/// Rows of a table that a page holds; the folder's CSV holds all.
const ROWS: usize = 1000;

/// Rows from which on a table is folded away.
const LONG: usize = 40;

/// A cell with what it owns.
pub enum Held {
    /// Words.
    Text(String),
    /// As the page shows it and as the CSV has it.
    Exact(String, String),
}

impl Held {
    /// For [`Table::row`].
    pub fn cell(&self) -> Cell<'_> {
        match self {
            Held::Text(text) => Cell::Text(text),
            Held::Exact(shown, csv) => Cell::Exact(shown, csv),
        }
    }
}

/// Words.
pub fn text(text: &str) -> Held {
    Held::Text(text.to_owned())
}

/// A number: four digits on the page, every bit in the CSV.
pub fn number(x: f64) -> Held {
    let exact = match x {
        x if x.is_finite() => every_bit(x),
        x if x.is_nan() => "NaN".to_owned(),
        x => if x > 0.0 { "Inf" } else { "-Inf" }.to_owned(),
    };
    Held::Exact(pretty(&short(x, 4)), exact)
}

/// Missing.
pub fn nothing() -> Held {
    Held::Exact("\u{2013}".to_owned(), String::new())
}

/// Adds a row.
pub fn row(table: &mut Table, cells: &[Held]) {
    let cells: Vec<Cell> = cells.iter().map(Held::cell).collect();
    table.row(&cells);
}

/// A table to read: on a narrow page its cells stand under each other, each with its column's name.
pub fn wordy(heads: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = heads.iter().map(|h| format!("<th scope=col role=columnheader>{}</th>", escape(h))).collect();
    let cell = |(k, text): (usize, &String)| match k {
        0 => format!("<th scope=row role=rowheader>{}</th>", escape(text)),
        _ => format!("<td role=cell data-label=\"{}\">{}</td>", escape(heads[k]), escape(text)),
    };
    let rows: String = rows
        .iter()
        .map(|r| format!("<tr role=row>{}</tr>", r.iter().enumerate().map(cell).collect::<String>()))
        .collect();
    format!(
        "<table class=\"wordy stack\" role=table><thead role=rowgroup><tr role=row>{head}</tr></thead><tbody role=rowgroup>{rows}</tbody></table>"
    )
}

/// The estimates.
pub fn estimates(estimates: &[Estimate], prefix: &str) -> String {
    if estimates.is_empty() {
        return String::new();
    }
    let value = |e: &Estimate| {
        // What is not a number has no unit.
        let unit = if e.value.is_finite() { one_line(&e.unit) } else { String::new() };
        format!("{} {unit}", pretty(&point(e))).trim_end().to_owned()
    };
    // A way that all were found by is said once.
    let alike = estimates.len() > 1 && estimates.iter().all(|e| e.how == estimates[0].how);
    let shown = |e: &Estimate| {
        let mut cells = vec![one_line(&e.name), value(e), pretty(&interval(e))];
        if !alike {
            cells.push(one_line(&e.how));
        }
        cells
    };
    let columns = [
        ("Estimate", "estimate"),
        ("Value", "value"),
        ("From", "ci95_low"),
        ("To", "ci95_high"),
        ("Unit", "unit"),
        ("How", "how"),
    ];
    let mut table = Table::new(&format!("table-{prefix}estimates"), "Estimates with 95 % intervals", &columns);
    for e in estimates {
        let [low, high] = e.ci95.map_or([nothing(), nothing()], |(a, b)| [number(a), number(b)]);
        row(&mut table, &[text(&e.name), number(e.value), low, high, text(&e.unit), text(&e.how)]);
    }
    let rows: Vec<Vec<String>> = estimates.iter().map(shown).collect();
    let heads = ["Estimate", "Value", "95 % interval", "How it was found"];
    let how = match &estimates[0].how {
        how if alike && !how.is_empty() => format!("<p class=note>All by {}.</p>", escape(&one_line(how))),
        _ => String::new(),
    };
    wordy(&heads[..if alike { 3 } else { 4 }], &rows) + &how + &behind(&[table])
}

/// The tests.
pub fn tests(answer: &Answer, prefix: &str) -> String {
    if answer.tests.is_empty() {
        return String::new();
    }
    let columns = [("Tested", "tested"), ("Statistic", "statistic"), ("Law", "law"), ("p", "p")];
    let mut table = Table::new(&format!("table-{prefix}tests"), "Tests", &columns);
    let mut rows = Vec::new();
    for t in &answer.tests {
        row(&mut table, &[text(&t.name), number(t.statistic), text(&t.law), number(t.p)]);
        rows.push(vec![one_line(&t.name), pretty(&short(t.statistic, 4)), one_line(&t.law), pretty(&p_value(t.p))]);
    }
    wordy(&["Tested", "Statistic", "Its law if that is true", "p"], &rows) + &behind(&[table])
}

/// The tables, each as far as a page holds it.
pub fn tables(answer: &Answer, prefix: &str) -> String {
    let one = |(k, table): (usize, &remission_infer::answer::Table)| {
        let more = match table.rows.len() {
            n if n > ROWS => format!(". The first {ROWS} of {n} rows; the folder of this report holds all"),
            _ => String::new(),
        };
        let caption = if table.caption.is_empty() { &table.name } else { &table.caption };
        let columns: Vec<(&str, &str)> = table.columns.iter().map(|c| (c.as_str(), c.as_str())).collect();
        // A column's name is a text like any other where a spreadsheet reads it.
        let safe: Vec<String> = table.columns.iter().map(|c| crate::report::csv_text(c)).collect();
        let columns: Vec<(&str, &str)> = columns.iter().zip(&safe).map(|(c, s)| (c.0, s.as_str())).collect();
        let mut made = Table::new(
            &format!("table-{prefix}{}-{}", k + 1, slug(&table.name)),
            &format!("{caption}{more}"),
            &columns,
        );
        for values in table.rows.iter().take(ROWS) {
            let cells: Vec<Held> = values.iter().map(held).collect();
            row(&mut made, &cells);
        }
        match (table.columns.is_empty(), table.rows.len()) {
            (true, _) => String::new(),
            (_, n) if n > LONG => {
                let shown = escape(&one_line(caption));
                format!("<details><summary>{shown} ({n} rows)</summary>{}</details>", made.html())
            }
            _ => made.html(),
        }
    };
    answer.tables.iter().enumerate().map(one).collect()
}

fn held(value: &Value) -> Held {
    match value {
        Value::Nothing => nothing(),
        Value::Text(words) => text(words),
        Value::Whole(n) => Held::Exact(n.to_string(), n.to_string()),
        Value::Real(x) => number(*x),
    }
}

/// How the computation went.
pub fn diagnostics(answer: &Answer) -> String {
    if answer.diagnostics.is_empty() {
        return String::new();
    }
    let entry = |(name, s): &(String, remission_infer::answer::Said)| {
        format!("<dt>{}</dt><dd>{}</dd>", escape(&one_line(name)), escape(&pretty(&said(s))))
    };
    format!("<dl>{}</dl>", answer.diagnostics.iter().map(entry).collect::<String>())
}

/// Sentences, an item each.
pub fn list(sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    format!("<ul>{}</ul>", sentences.iter().map(|s| format!("<li>{}</li>", escape(s))).collect::<String>())
}

/// A name as part of an anchor: letters, digits and dashes.
pub fn slug(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let slug: String = name.chars().take(60).map(safe).collect();
    if slug.is_empty() { "x".to_owned() } else { slug }
}
