//! The answers' tables as CSV (RFC 4180, [`crate::csv`]): one file a table. Where there are several answers, their rows stand in
//! one file, and the first column says whose they are.

use crate::csv;
use remission_infer::answer::{Answer, Value};

/// What an answer is called: its experiment, or its number.
pub fn experiment(answer: &Answer, k: usize) -> String {
    answer.experiment.clone().unwrap_or_else(|| (k + 1).to_string())
}

/// Names of files, each once and safe in any file system.
#[derive(Default)]
pub struct Names {
    taken: Vec<String>,
}

impl Names {
    /// None of these will be given.
    pub fn without(taken: &[&str]) -> Names {
        Names { taken: taken.iter().map(|t| t.to_ascii_lowercase()).collect() }
    }

    /// The name that this one gets.
    pub fn next(&mut self, name: &str) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
        let plain: String = name.chars().take(100).map(safe).collect();
        let plain = if plain.trim_matches('_').is_empty() { "table".to_owned() } else { plain };
        self.free(&plain)
    }

    /// This name, or the first of `name_2`, `name_3`, ... that is not taken; it is taken then. Some systems do not tell large
    /// letters from small ones.
    pub fn free(&mut self, plain: &str) -> String {
        let mut wanted = plain.to_owned();
        let mut number = 2;
        while self.taken.contains(&wanted.to_ascii_lowercase()) {
            wanted = format!("{plain}_{number}");
            number += 1;
        }
        self.taken.push(wanted.to_ascii_lowercase());
        wanted
    }
}

/// Rows of one file, with the columns of every answer that has such a table.
struct Merged<'a> {
    name: &'a str,
    /// How many tables of this name an answer had before this one.
    again: usize,
    columns: Vec<&'a str>,
    rows: Vec<(usize, Vec<csv::Value>)>,
}

/// Every table: name of the file without its ending, and its text.
pub fn all(answers: &[Answer]) -> Vec<(String, String)> {
    let mut merged: Vec<Merged> = Vec::new();
    for (k, answer) in answers.iter().enumerate() {
        for (t, table) in answer.tables.iter().enumerate() {
            let again = answer.tables[..t].iter().filter(|earlier| earlier.name == table.name).count();
            let place = merged.iter().position(|m| m.name == table.name && m.again == again).unwrap_or_else(|| {
                merged.push(Merged { name: &table.name, again, columns: Vec::new(), rows: Vec::new() });
                merged.len() - 1
            });
            let into = &mut merged[place];
            // Columns that two answers do not share stand side by side, empty where an answer has none.
            let mut places: Vec<usize> = Vec::with_capacity(table.columns.len());
            for column in &table.columns {
                let free = into.columns.iter().enumerate().position(|(c, name)| name == column && !places.contains(&c));
                places.push(free.unwrap_or_else(|| {
                    into.columns.push(column);
                    into.columns.len() - 1
                }));
            }
            for row in &table.rows {
                let mut values = vec![csv::Value::Nothing; into.columns.len()];
                for (place, value) in places.iter().zip(row) {
                    values[*place] = written(value);
                }
                into.rows.push((k, values));
            }
        }
    }
    let mut names = Names::default();
    merged.into_iter().map(|m| (names.next(m.name), text(m, answers))).collect()
}

fn written(value: &Value) -> csv::Value {
    match value {
        Value::Nothing => csv::Value::Nothing,
        Value::Text(text) => csv::Value::Text(text.clone()),
        Value::Whole(n) => csv::Value::Whole((*n).into()),
        Value::Real(x) => csv::Value::Real(*x),
    }
}

fn text(merged: Merged, answers: &[Answer]) -> String {
    let several = answers.len() > 1;
    let mut columns: Vec<String> = merged.columns.iter().map(|c| c.to_string()).collect();
    if several {
        columns.insert(0, "experiment".to_owned());
    }
    let mut out = csv::head(&columns);
    for (k, mut row) in merged.rows {
        row.resize(merged.columns.len(), csv::Value::Nothing);
        if several {
            row.insert(0, csv::Value::Text(experiment(&answers[k], k)));
        }
        out += &csv::line(&row);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::report::sample_edges;
    use super::*;
    use remission_infer::answer::Table;

    fn table(name: &str, columns: &[&str], row: Vec<Value>) -> Table {
        let columns = columns.iter().map(|c| c.to_string()).collect();
        Table { name: name.into(), caption: String::new(), columns, rows: vec![row] }
    }

    #[test]
    fn hostile_names_and_cells_are_words() {
        let all = all(&[sample_edges::hostile()]);
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["______x", "table", "CON___"]);
        assert_eq!(all[0].1, "'=cmd|' /C calc'!A0,<script>alert(1)</script>\n'=cmd|' /C calc'!A0,\nInf,NaN\n");
        assert_eq!(all[2].1, "a\n-3\n");
    }

    #[test]
    fn several_answers_share_a_file_and_keep_their_columns() {
        let one = |name: &str, tables| Answer { experiment: Some(name.into()), tables, ..Answer::default() };
        let answers = [
            one("x", vec![table("t", &["a", "b"], vec![Value::Whole(1), Value::Real(0.5)])]),
            one("=y", vec![table("t", &["b", "c"], vec![Value::Real(2.0), Value::Text("q,r".into())])]),
        ];
        assert_eq!(all(&answers), [("t".to_owned(), "experiment,a,b,c\nx,1,0.5,\n'=y,,2,\"q,r\"\n".to_owned())]);
    }
}
