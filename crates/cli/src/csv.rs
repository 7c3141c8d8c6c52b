//! Tables as CSV (RFC 4180: commas, quotes doubled, quoted where needed), one row a line, lines ended by a line feed.
//!
//! Numbers are written so that reading them gives the same bits; what is missing is empty. A text that a spreadsheet would
//! run as a formula gets an apostrophe in front, which can be told from one that was there ([`csv_text`]); numbers never do.

use crate::report::csv_text;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use remission_model::units::number;
use std::fmt::Write;
use std::fs::File;
use std::path::Path;

/// A value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Missing.
    Nothing,
    /// A word.
    Text(String),
    /// A whole number.
    Whole(i128),
    /// A number.
    Real(f64),
    /// Yes or no.
    Flag(bool),
}

/// Reads a Parquet table, a batch of rows at a time: `rows` gets the names of the columns and one row.
pub fn read(
    path: &Path,
    mut rows: impl FnMut(&[String], &[Value]) -> Result<(), String>,
) -> Result<Vec<String>, String> {
    let text = |e: &dyn std::fmt::Display| e.to_string();
    let file = File::open(path).map_err(|e| text(&e))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| text(&e))?;
    let names: Vec<String> = reader.schema().fields().iter().map(|f| f.name().clone()).collect();
    for batch in reader.build().map_err(|e| text(&e))? {
        let batch = batch.map_err(|e| text(&e))?;
        let columns: Vec<Vec<Value>> = (0..batch.num_columns()).map(|c| column(&batch, c)).collect::<Result<_, _>>()?;
        let mut row = Vec::with_capacity(columns.len());
        for r in 0..batch.num_rows() {
            row.clear();
            row.extend(columns.iter().map(|c| c[r].clone()));
            rows(&names, &row)?;
        }
    }
    Ok(names)
}

fn column(batch: &RecordBatch, c: usize) -> Result<Vec<Value>, String> {
    let array = batch.column(c);
    macro_rules! each {
        ($array:expr, $value:expr) => {
            $array.iter().map(|x| x.map_or(Value::Nothing, $value)).collect()
        };
    }
    Ok(match array.data_type() {
        DataType::Dictionary(..) => {
            let words = array.as_any_dictionary_opt().ok_or("a dictionary that is none")?;
            let (keys, values) = (words.normalized_keys(), words.values());
            let values = values.as_string_opt::<i32>().ok_or("a dictionary of other things than words")?;
            let one = |r: usize| match array.is_null(r) {
                true => Value::Nothing,
                false => Value::Text(values.value(keys[r]).to_string()),
            };
            (0..array.len()).map(one).collect()
        }
        DataType::Utf8 => each!(array.as_string::<i32>(), |x| Value::Text(x.to_string())),
        DataType::Boolean => each!(array.as_boolean(), Value::Flag),
        DataType::Float64 => each!(array.as_primitive::<Float64Type>(), Value::Real),
        DataType::UInt8 => each!(array.as_primitive::<UInt8Type>(), |x| Value::Whole(x.into())),
        DataType::UInt16 => each!(array.as_primitive::<UInt16Type>(), |x| Value::Whole(x.into())),
        DataType::UInt32 => each!(array.as_primitive::<UInt32Type>(), |x| Value::Whole(x.into())),
        DataType::UInt64 => each!(array.as_primitive::<UInt64Type>(), |x| Value::Whole(x.into())),
        DataType::Int32 => each!(array.as_primitive::<Int32Type>(), |x| Value::Whole(x.into())),
        DataType::Int64 => each!(array.as_primitive::<Int64Type>(), |x| Value::Whole(x.into())),
        other => {
            return Err(format!("column `{}` holds {other}, which has no form in CSV", batch.schema().field(c).name()));
        }
    })
}

/// A text so that no spreadsheet runs it and every reader reads it.
pub fn cell(text: &str) -> String {
    let safe = csv_text(text);
    if safe.contains([',', '"', '\n', '\r']) { format!("\"{}\"", safe.replace('"', "\"\"")) } else { safe }
}

/// One row with its line's end.
pub fn line(row: &[Value]) -> String {
    let mut out = String::new();
    for (k, value) in row.iter().enumerate() {
        out += if k > 0 { "," } else { "" };
        match value {
            Value::Nothing => {}
            Value::Text(text) => out += &cell(text),
            Value::Whole(n) => drop(write!(out, "{n}")),
            Value::Real(x) if x.is_finite() => out += &number(*x),
            Value::Real(x) if x.is_nan() => out += "NaN",
            Value::Real(x) => out += if *x > 0.0 { "Inf" } else { "-Inf" },
            Value::Flag(b) => out += if *b { "true" } else { "false" },
        }
    }
    out.push('\n');
    out
}

/// The names of the columns as a line.
pub fn head(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|n| cell(n)).collect();
    names.join(",") + "\n"
}

/// Writes a Parquet table as CSV; the number of rows.
pub fn convert(parquet: &Path, csv: &mut impl std::io::Write) -> Result<u64, String> {
    let mut rows = 0;
    let mut put = |text: &str| csv.write_all(text.as_bytes()).map_err(|e| e.to_string());
    let names = read(parquet, |names, row| {
        if rows == 0 {
            put(&head(names))?;
        }
        rows += 1;
        put(&line(row))
    })?;
    // A table without rows still says what its columns are.
    if rows == 0 {
        put(&head(&names))?;
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_words_and_numbers_stay_numbers() {
        let text = |t: &str| line(&[Value::Text(t.into())]);
        let cases = [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0\n"),
            ("+1", "'+1\n"),
            ("-x, y", "\"'-x, y\"\n"),
            ("@a", "'@a\n"),
            ("\ttab", "'\ttab\n"),
            ("\rback", "\"'\rback\"\n"),
            ("say \"a\"", "\"say \"\"a\"\"\"\n"),
            ("two\nlines", "\"two\nlines\"\n"),
            ("plain = text", "plain = text\n"),
        ];
        for (from, to) in cases {
            assert_eq!(text(from), to);
        }
        assert_eq!(
            line(&[Value::Whole(-3), Value::Real(-1.5e-7), Value::Nothing, Value::Flag(true)]),
            "-3,-1.5e-7,,true\n"
        );
        for x in [0.1, -0.0, 1.0 / 3.0, 5e-324, -1.7976931348623157e308, 1e13, 123456.789, 9007199254740993.0] {
            let written = line(&[Value::Real(x)]);
            assert_eq!(written.trim().parse::<f64>().unwrap().to_bits(), x.to_bits(), "{written}");
        }
    }
}
