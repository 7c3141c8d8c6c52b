//! `remission diff`: how two studies, models or run directories differ, in words.
//!
//! Of two run directories the tables are compared too, by their digests.
//!
//! The exit code says whether the question was answered, not what the answer is: 0 in both cases. With `--exit-code` a
//! difference gives 4, as in `verify`, since 1 means that an input was refused.

use crate::args;
use crate::diff::{self, Change, Kind, tree, words};
use crate::failure::{Exit, code};
use crate::load::load;
use crate::record;
use remission_model::records::{Recorded, Records, in_words};
use remission_model::resolved::{Model, Study};
use remission_model::{resolved_study_to_toml, resolved_to_toml};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

struct Side {
    model: Model,
    tree: tree::Node,
    /// Digests of the tables of a run directory.
    tables: Option<BTreeMap<String, String>>,
}

/// `remission diff`
pub fn diff(args: &args::Diff) -> Result<u8, Exit> {
    let (a, b) = (side(&args.a)?, side(&args.b)?);
    let changes = diff::compare(&a.tree, &b.tree);
    let mut units = words::Units::new();
    for (k, side) in [&a, &b].into_iter().enumerate() {
        for p in &side.model.parameters {
            units.entry(p.name.clone()).or_default()[k] = Some(p.unit.clone());
        }
    }
    let tables = a.tables.as_ref().zip(b.tables.as_ref()).map(|(a, b)| apart(a, b));
    if args.json {
        let list: Vec<_> = changes.iter().map(|c| one(c, &units)).collect();
        let mut document = json!({ "a": args.a, "b": args.b, "differences": list });
        if let Some((all, apart)) = &tables {
            document["tables"] = json!({ "compared": all, "differ": apart });
        }
        sayln!("{document:#}");
    } else {
        say!("{}", if changes.is_empty() { "no difference\n".to_string() } else { told(&changes, &units) });
        match &tables {
            Some((all, apart)) if apart.is_empty() => sayln!("the {all} tables hold the same bytes"),
            Some((all, apart)) => sayln!("{} of {all} tables differ: {}", apart.len(), apart.join(", ")),
            None => {}
        }
    }
    let differ = !changes.is_empty() || tables.is_some_and(|t| !t.1.is_empty());
    Ok(if args.exit_code && differ { code::DIFFERS } else { code::DONE })
}

/// How many tables two runs have between them, and which are in one alone or hold other bytes.
fn apart(a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> (usize, Vec<String>) {
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differ = names.iter().filter(|n| a.get(**n) != b.get(**n)).map(|n| n.to_string()).collect();
    (names.len(), differ)
}

/// A model with its study as resolved; a run directory with the patients, seed and method of the run.
fn side(what: &str) -> Result<Side, Exit> {
    let loaded = load(what)?;
    let mut study = loaded.study;
    let (mut method, mut tables) = (None, None);
    let dir = Path::new(what);
    if dir.join(record::FILE).is_file() {
        let record = record::read(dir)?;
        if let Some(study) = &mut study {
            (study.patients, study.seed) = (record.patients, record.seed);
        }
        for (table, what) in record::damaged(dir, &record.tables)? {
            warnln!("warning: {}: {what}; what the run wrote is compared", dir.join(table).display());
        }
        for (input, what) in record::damaged(dir, &record.inputs)? {
            warnln!(
                "warning: {}: {what}; what lies there now is compared, and not what was run",
                dir.join(input).display()
            );
        }
        for (file, what) in record::damaged(dir, &record.files)? {
            warnln!("warning: {}: {what}; it is not compared", dir.join(file).display());
        }
        (method, tables) = (Some(record.method), Some(record.tables));
    }
    let given = study.as_ref().map_or(Vec::new(), |s| recorded(s, &loaded.model));
    let study = study.map(|s| resolved_study_to_toml(&s, &loaded.model));
    let mut tree = tree::tree(&resolved_to_toml(&loaded.model), study.as_deref())
        .map_err(|e| Exit::refused(format!("error: {what} as resolved cannot be read: {e}")))?;
    if let (tree::Node::Map(map), Some(method)) = (&mut tree, method) {
        map.push(("run".into(), tree::Node::Map(vec![("method".into(), tree::Node::Leaf(method))])));
    }
    if let (tree::Node::Map(map), false) = (&mut tree, given.is_empty()) {
        map.push(("recorded".into(), tree::Node::Map(given)));
    }
    Ok(Side { model: loaded.model, tree, tables })
}

/// What the tables of doses say, arm by arm and ID by ID: the resolved study names their files alone.
fn recorded(study: &Study, model: &Model) -> Vec<(String, tree::Node)> {
    let ids = |records: &Records| {
        let one = |r: &Recorded| (format!("ID {}", r.id), tree::Node::List(in_words(&r.regimen, model)));
        tree::Node::Map(records.patients.iter().map(one).collect())
    };
    study.arms.iter().filter_map(|a| a.records.as_ref().map(|r| (a.name.clone(), ids(r)))).collect()
}

fn told(changes: &[Change], units: &words::Units) -> String {
    let mut out = String::new();
    let mut sections: Vec<&str> = Vec::new();
    for change in changes {
        if !sections.contains(&words::section(change)) {
            sections.push(words::section(change));
        }
    }
    for section in sections {
        out += &format!("{section}\n");
        for change in changes.iter().filter(|c| words::section(c) == section) {
            out += &format!("  {}\n", words::words(change, units));
        }
    }
    out += &format!("{} {}\n", changes.len(), if changes.len() == 1 { "difference" } else { "differences" });
    // A title may hold anything; a terminal must not obey it.
    out.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

fn one(change: &Change, units: &words::Units) -> serde_json::Value {
    let kind = match change.kind {
        Kind::Changed => "changed",
        Kind::Added => "added",
        Kind::Removed => "removed",
    };
    json!({
        "section": words::section(change),
        "path": change.path,
        "kind": kind,
        "from": change.from.as_ref().map(value),
        "to": change.to.as_ref().map(value),
        "factor": words::factor(change),
        "words": words::words(change, units),
    })
}

fn value(node: &tree::Node) -> serde_json::Value {
    match node {
        tree::Node::Leaf(text) => json!(text),
        tree::Node::List(list) => json!(list),
        tree::Node::Map(map) => {
            map.iter().map(|(k, v)| (k.clone(), value(v))).collect::<serde_json::Map<_, _>>().into()
        }
    }
}
