//! No leaf of what is resolved can change without being reported, and nothing is reported that did not change.

use super::tree::{from_table, tree};
use super::{Kind, compare, same_text, words};
use remission_model::{model_from_toml, resolved_to_toml};
use std::path::Path;
use toml::{Table, Value};

/// Resolved files of the valid cases: model and study in one table.
fn resolved() -> Vec<(String, Table)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/cases/valid");
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".resolved.toml") {
            out.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap().parse().unwrap()));
        }
    }
    assert!(out.len() >= 5);
    out
}

/// Calls `f` with the table after each leaf in turn was changed, and with the leaf's path.
fn each_changed(table: &Table, f: &mut impl FnMut(&str, &Table)) {
    let root = Value::Table(table.clone());
    let mut paths = Vec::new();
    leaves(&root, &mut Vec::new(), &mut paths);
    for path in paths {
        let mut changed = root.clone();
        let mut at = &mut changed;
        for step in &path {
            at = match step.parse::<usize>() {
                Ok(k) if at.is_array() => &mut at[k],
                _ => &mut at[step.as_str()],
            };
        }
        match at {
            Value::String(s) => s.push_str("_2"),
            Value::Integer(n) => *n += 1,
            Value::Float(x) => *x += 1.0,
            Value::Boolean(b) => *b = !*b,
            Value::Array(items) => items.push(Value::String("new".into())),
            other => panic!("{other}"),
        }
        f(&path.join("."), changed.as_table().unwrap());
    }
}

fn leaves(value: &Value, path: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    let mut inside = |key: String, value: &Value| {
        path.push(key);
        leaves(value, path, out);
        path.pop();
    };
    match value {
        Value::Table(table) => table.iter().for_each(|(k, v)| inside(k.clone(), v)),
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(k, v)| inside(k.to_string(), v));
        }
        _ => out.push(path.clone()),
    }
}

#[test]
fn every_leaf_counts() {
    let mut tried = 0;
    for (name, table) in resolved() {
        let before = from_table(&table);
        assert!(compare(&before, &before).is_empty());
        each_changed(&table, &mut |path, changed| {
            let found = compare(&before, &from_table(changed));
            assert!(!found.is_empty(), "{name}: a change of {path} is not reported");
            for change in &found {
                let said = words::words(change, &words::Units::new());
                assert!(!said.trim().is_empty() && said.len() > 4, "{name}: {path}: {said}");
            }
            let back = compare(&from_table(changed), &before);
            assert_eq!(found.len(), back.len(), "{name}: {path}");
            tried += 1;
        });
    }
    assert!(tried > 200, "{tried}");
}

/// A section and a key that no version has yet.
#[test]
fn what_is_not_known_is_compared() {
    let (_, table) = resolved().into_iter().find(|(n, _)| n.contains("erlotinib_study")).unwrap();
    let mut new = table.clone();
    new.insert(
        "correlations".into(),
        Value::Array(vec![Value::Table("between = ['a', 'b']\nis = '0.3'".parse().unwrap())]),
    );
    new["drugs"]["erlotinib"].as_table_mut().unwrap().insert("lag".into(), Value::String("0.1 day".into()));
    let (a, b) = (from_table(&table), from_table(&new));
    let found = compare(&a, &b);
    assert_eq!(found.iter().map(|c| c.kind).collect::<Vec<_>>(), [Kind::Added, Kind::Added]);
    let mut newer = new.clone();
    newer["correlations"][0]["is"] = Value::String("0.4".into());
    assert!(!compare(&b, &from_table(&newer)).is_empty());
}

fn model(text: &str) -> super::tree::Node {
    tree(&resolved_to_toml(&model_from_toml("m.toml", text).unwrap_or_else(|p| panic!("{p}"))), None).unwrap()
}

#[test]
fn units_order_and_space_do_not_count() {
    let a = model(
        "[model]\ntitle = 't'\n[parameters]\nb = { value = '0.0367 /h', fitted = 'x' }\nd = { value = '0.0085 /h', fitted = 'x' }\n\
         [cells.s]\nbirth = 'b'\ndeath = 'd*1'\nmutates = [{ to = 'r', per_division = '1e-8' }, { to = 'q', per_time = '0.1 /day' }]\n\
         [cells.r]\nbirth = 'b'\ndeath = 'd'\n[cells.q]\nbirth = 'b'\ndeath = 'd'\n[before_treatment]\ngrow = 's from 1 cell until 1e6 cells'",
    );
    let b = model(
        "[model]\ntitle = 't'\n[parameters]\nd = { value = '0.204 /day', fitted = 'x' }\nb = { value = '0.8808 /day', fitted = 'x' }\n\
         [cells.q]\nbirth = 'b'\ndeath = '( d )'\n[cells.s]\nbirth = 'b'\ndeath = 'd * 1'\n\
         mutates = [{ to = 'q', per_time = '0.1 /day' }, { to = 'r', per_division = '0.00000001' }]\n\
         [cells.r]\nbirth = 'b'\ndeath = 'd'\n[before_treatment]\ngrow = 's from 1 cells until 1000000 cells'",
    );
    assert_eq!(compare(&a, &b), []);
}

#[test]
fn numbers_are_compared_as_numbers_and_names_as_names() {
    assert!(same_text("0.20400000000000001 /day", "0.204 /day"));
    assert!(same_text("uniform(1e3 /L, 2)", "uniform(1000 /L, 2.0)"));
    assert!(!same_text("0.2041 /day", "0.204 /day"));
    assert!(!same_text("u_1 * 2", "u_1.0 * 2"));
    assert!(!same_text("a10 + 1", "a1e1 + 1"));
    assert!(!same_text("-1 /day", "1 /day"));
}
