//! `remission diff`: how two studies, models or run directories differ, in words.
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
use std::path::Path;

struct Side {
    model: Model,
    tree: tree::Node,
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
    if args.json {
        let list: Vec<_> = changes.iter().map(|c| one(c, &units)).collect();
        sayln!("{:#}", json!({ "a": args.a, "b": args.b, "differences": list }));
    } else if changes.is_empty() {
        sayln!("no difference");
    } else {
        say!("{}", told(&changes, &units));
    }
    Ok(if args.exit_code && !changes.is_empty() { code::DIFFERS } else { code::DONE })
}

/// A model with its study as resolved; a run directory with the patients, seed and method of the run.
fn side(what: &str) -> Result<Side, Exit> {
    let loaded = load(what)?;
    let mut study = loaded.study;
    let mut method = None;
    let dir = Path::new(what);
    if dir.join(record::FILE).is_file() {
        let record = record::read(dir)?;
        if let Some(study) = &mut study {
            (study.patients, study.seed) = (record.patients, record.seed);
        }
        method = Some(record.method);
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
    Ok(Side { model: loaded.model, tree })
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
