//! The format as data says what the reader does: at every place of every valid case and of the catalogue, the reader is
//! asked which keys it takes, by a key that nobody has, and the page must list the same ones.

use remission_model::format::{MODEL, Object, REGIMENS, STUDY, Value};
use remission_model::{Beside, Code, Model, Problems, model_from_toml, study_with_files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value as Toml};

const STRANGE: &str = "zz_nobody_has_this_key";
const RECORDS: &str = "dosing.csv";

/// What the reader says of a study that is wrong.
fn refused(study: &str, regimens: &str, records: &str, model: &Model) -> Problems {
    let records = [(RECORDS, RECORDS, records)];
    let beside = Beside { regimens: Some(("r.toml", regimens)), records: &records };
    study_with_files("s.toml", study, &beside, "x", model).unwrap_err()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every valid case and every folder of the catalogue: model, study, regimens, dosing records (blank where there is none).
fn texts() -> Vec<[String; 4]> {
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root().join("spec/cases/valid")).unwrap() {
        let text = read(entry.unwrap().path());
        let (model, rest) = text.split_once("# --- study ---\n").unwrap_or((&text, ""));
        let (rest, records) = rest.split_once(&format!("# --- {RECORDS} ---\n")).unwrap_or((rest, ""));
        let (study, regimens) = rest.split_once("# --- regimen ---\n").unwrap_or((rest, ""));
        out.push([model, study, regimens, records].map(String::from));
    }
    let mut folders = vec![root().join("catalogue")];
    while let Some(folder) = folders.pop() {
        folders.extend(std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()));
        if folder.join("model.toml").is_file() {
            out.push(["model.toml", "study.toml", "regimen.toml", RECORDS].map(|f| read(folder.join(f))));
        }
    }
    assert!(out.len() > 10);
    out
}

/// Places of sections with fixed keys: path as the reader names it, object of the page, steps from the root.
type Place = (String, &'static Object, Vec<Step>);

#[derive(Clone)]
enum Step {
    Key(String),
    Item(usize),
}

fn object_of(value: Value, toml: &Toml) -> Option<&'static Object> {
    match value {
        Value::Object(o) | Value::Objects(o) | Value::Named(o) => Some(o),
        Value::Kinds(kinds) => {
            let kind = toml.get("kind")?.as_str()?;
            Some(kinds.iter().find(|k| k.0 == kind).unwrap_or_else(|| panic!("no page for the kind {kind}")).1)
        }
        _ => None,
    }
}

fn places(table: &Table, object: &'static Object, at: &str, steps: &[Step], out: &mut Vec<Place>) {
    out.push((at.to_string(), object, steps.to_vec()));
    for (name, value) in table {
        let key = object.key(name).unwrap_or_else(|| panic!("no `{name}` on the page for `{at}`"));
        let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
        let step = [steps, &[Step::Key(name.clone())]].concat();
        match key.value {
            Value::Object(o) | Value::ObjectOrObjects(o) if value.is_table() => {
                places(value.as_table().unwrap(), o, &path, &step, out);
            }
            Value::Objects(o) | Value::ObjectOrObjects(o) => {
                for (k, item) in value.as_array().unwrap().iter().enumerate() {
                    let step = [&step[..], &[Step::Item(k)]].concat();
                    places(item.as_table().unwrap(), o, &format!("{path}[{k}]"), &step, out);
                }
            }
            Value::Named(_) | Value::Kinds(_) => {
                for (name, item) in value.as_table().unwrap() {
                    let Some(o) = object_of(key.value, item) else { continue };
                    let step = [&step[..], &[Step::Key(name.clone())]].concat();
                    places(item.as_table().unwrap(), o, &format!("{path}.{name}"), &step, out);
                }
            }
            _ => {}
        }
    }
}

fn with_strange_key(table: &Table, steps: &[Step]) -> String {
    with(table, steps, STRANGE, Toml::Integer(1))
}

fn with(table: &Table, steps: &[Step], key: &str, value: Toml) -> String {
    let mut root = Toml::Table(table.clone());
    let mut at = &mut root;
    for step in steps {
        at = match step {
            Step::Key(name) => &mut at[name.as_str()],
            Step::Item(k) => &mut at[*k],
        };
    }
    at.as_table_mut().unwrap().insert(key.into(), value);
    toml::to_string(&root).unwrap()
}

/// The keys the reader takes there, in its own words.
fn taken(problems: &Problems) -> BTreeSet<String> {
    let p = problems.0.iter().find(|p| p.code == Code::UnknownKey && p.found.contains(STRANGE));
    let p = p.unwrap_or_else(|| panic!("the strange key was not refused:\n{problems}"));
    p.allowed.split(", ").map(String::from).collect()
}

fn each_object(object: &'static Object, out: &mut Vec<&'static Object>) {
    if out.iter().any(|o| std::ptr::eq(*o, object)) {
        return;
    }
    out.push(object);
    for key in object.keys {
        match key.value {
            Value::Object(o) | Value::Objects(o) | Value::ObjectOrObjects(o) | Value::Named(o) => each_object(o, out),
            Value::Kinds(kinds) => kinds.iter().for_each(|k| each_object(k.1, out)),
            _ => {}
        }
    }
}

#[test]
fn the_page_lists_the_keys_that_the_reader_takes() {
    let mut met: Vec<*const Object> = Vec::new();
    for [model, study, regimens, records] in texts() {
        let parsed = model_from_toml("m.toml", &model).unwrap();
        for (which, text, object) in [(0, &model, &MODEL), (1, &study, &STUDY), (2, &regimens, &REGIMENS)] {
            if text.is_empty() {
                continue;
            }
            let table: Table = text.parse().unwrap();
            let mut all = Vec::new();
            places(&table, object, "", &[], &mut all);
            for (path, object, steps) in all {
                let changed = with_strange_key(&table, &steps);
                let problems = match which {
                    0 => model_from_toml("m.toml", &changed).unwrap_err(),
                    1 => refused(&changed, &regimens, &records, &parsed),
                    _ => refused(&study, &changed, &records, &parsed),
                };
                let listed: BTreeSet<String> = object.keys.iter().map(|k| k.name.to_string()).collect();
                assert_eq!(
                    listed,
                    taken(&problems),
                    "left: crates/model/src/format.rs, right: the reader, at `{path}`"
                );
                met.push(object);
            }
        }
    }
    let mut all = Vec::new();
    [&MODEL, &STUDY, &REGIMENS].into_iter().for_each(|o| each_object(o, &mut all));
    for object in all {
        assert!(met.iter().any(|m| std::ptr::eq(*m, object)), "no valid case has a section \"{}\"", object.about);
        for key in object.one_of.iter().chain(object.some_of) {
            assert!(object.key(key).is_some(), "{key}");
        }
        for (a, b) in object.together {
            assert!(object.key(a).is_some() && object.key(b).is_some(), "{a}, {b}");
        }
    }
}

/// What the page calls required the reader calls missing.
#[test]
fn required_keys_are_those_that_the_reader_misses() {
    for (object, path) in [(&MODEL, "model"), (&STUDY, "study")] {
        let problems = match path {
            "model" => model_from_toml("m.toml", "").unwrap_err(),
            _ => {
                let model = std::fs::read_to_string(root().join("spec/cases/valid/logistic.toml")).unwrap();
                let model = model_from_toml("m.toml", &model).unwrap();
                remission_model::study_from_toml("s.toml", "", "x", &model).unwrap_err()
            }
        };
        for key in object.keys {
            let missed = problems.0.iter().any(|p| p.where_ == key.name);
            assert_eq!(missed, key.required, "{}: {problems}", key.name);
        }
    }
}

/// The words a key may hold are those that the reader names when it is given another.
#[test]
fn choices_are_those_that_the_reader_names() {
    let mut tried = BTreeSet::new();
    for [model, study, regimens, records] in texts() {
        let parsed = model_from_toml("m.toml", &model).unwrap();
        for (which, text, object) in [(0, &model, &MODEL), (1, &study, &STUDY)] {
            if text.is_empty() {
                continue;
            }
            let table: Table = text.parse().unwrap();
            let mut all = Vec::new();
            places(&table, object, "", &[], &mut all);
            for (path, object, steps) in all {
                for (key, words) in object.keys.iter().filter_map(|k| match k.value {
                    // The kind of a measurement decides which page is read, so it has one word a page.
                    Value::Choice(words) if words.len() > 1 => Some((k.name, words)),
                    _ => None,
                }) {
                    let changed = with(&table, &steps, key, Toml::String(STRANGE.into()));
                    let problems = match which {
                        0 => model_from_toml("m.toml", &changed).unwrap_err(),
                        _ => refused(&changed, &regimens, &records, &parsed),
                    };
                    let p = problems.0.iter().find(|p| p.code == Code::UnknownWord);
                    let p = p.unwrap_or_else(|| panic!("{path}.{key}: {problems}"));
                    // What stands in parentheses explains a word.
                    let bare: Vec<&str> = p.allowed.split('(').map(|t| t.rsplit(')').next().unwrap_or(t)).collect();
                    let bare = bare.join(" ");
                    let named: BTreeSet<&str> = bare
                        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                        .filter(|w| !["", "or", "and", "one", "of"].contains(w))
                        .collect();
                    assert_eq!(named, words.iter().copied().collect(), "{path}.{key}: {}", p.allowed);
                    tried.insert(key);
                }
            }
        }
    }
    assert_eq!(tried, BTreeSet::from(["kind", "route"]));
}
